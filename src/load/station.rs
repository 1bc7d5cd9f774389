//! A server under load: a process of its own, whose cost the system tells.

use std::{
    fs,
    io::{BufRead, BufReader, Read as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use super::LoadError;
use crate::child::Group;

/// Where Debian keeps what is not in a user's path.
const NGINX: [&str; 2] = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"];
/// The unit of CPU time under /proc, the same on every Linux.
const TICK: Duration = Duration::from_millis(10);
/// Attempts at reaching a server that has just been started, a tenth of a second apart.
const ATTEMPTS: usize = 100;

/// A server that a load can be put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// The reference server, strict in everything.
    Reference,
    /// axum on tokio-rustls with rustls's own client verifier: what one would write without us.
    Plain,
    /// nginx, one worker.
    Nginx,
}

impl Peer {
    /// Every server.
    pub const ALL: [Self; 3] = [Self::Reference, Self::Plain, Self::Nginx];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Plain => "plain",
            Self::Nginx => "nginx",
        }
    }

    /// Whether it can be started here.
    ///
    /// # Errors
    /// When it is not installed.
    pub fn check(self) -> Result<(), LoadError> {
        match self {
            Self::Nginx => nginx().map(|_| ()),
            Self::Reference | Self::Plain => Ok(()),
        }
    }
}

fn nginx() -> Result<&'static Path, LoadError> {
    NGINX
        .iter()
        .map(Path::new)
        .find(|path| path.is_file())
        .ok_or(LoadError::Missing("nginx"))
}

/// A running server. Dropping it ends its process.
pub struct Station {
    child: Group,
    /// Where it listens.
    pub address: SocketAddr,
    /// Where it tells its metrics, if it does.
    pub status: Option<SocketAddr>,
    /// What it says on standard error.
    pub log: PathBuf,
}

impl Station {
    /// Starts a server on the files in this folder: ca.pem, server.pem, server.key, and
    /// crl.pem where lists are wanted. `settings` are more lines for the reference's configuration.
    ///
    /// # Errors
    /// When it is missing or does not start.
    pub fn start(
        peer: Peer,
        folder: &Path,
        with_crl: bool,
        settings: &str,
    ) -> Result<Self, LoadError> {
        let log = folder.join(format!("{}.log", peer.name()));
        let errors = fs::File::create(&log).map_err(LoadError::system("no log"))?;
        let own = std::env::current_exe().map_err(LoadError::system("no program"))?;
        let (address, status) = (free_address()?, free_address()?);
        let mut command = match peer {
            Peer::Reference => {
                let config = folder.join("reference.toml");
                put(&config, &reference(address, status, with_crl, settings))?;
                let mut command = Command::new(own);
                command.arg("serve").arg("--config").arg(config);
                command.args(["--log-level", "warn"]);
                command
            }
            Peer::Plain => {
                let mut command = Command::new(own);
                command.args(["bench", "plain-server"]).arg(folder);
                command.args(["--listen", &address.to_string()]);
                if with_crl {
                    command.arg("--crl");
                }
                command
            }
            Peer::Nginx => {
                let config = folder.join("nginx.conf");
                put(&config, &nginx_config(folder, address, with_crl))?;
                let mut command = Command::new(nginx()?);
                command.arg("-p").arg(folder).arg("-c").arg(config);
                command
            }
        };
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors);
        let child =
            Group::spawn(&mut command).map_err(LoadError::system("a server did not start"))?;
        let mut station = Self {
            child,
            address,
            status: (peer == Peer::Reference).then_some(status),
            log,
        };
        station.wait_until_ready(peer)?;
        Ok(station)
    }

    fn wait_until_ready(&mut self, peer: Peer) -> Result<(), LoadError> {
        if peer != Peer::Nginx {
            let mut line = String::new();
            if let (_, Some(output), _) = self.child.take_pipes() {
                let mut output = BufReader::new(output);
                // Without a line the process has ended, which is found out below.
                let _ = output.read_line(&mut line);
                // Whatever else it says must not fill the pipe.
                thread::spawn(move || output.read_to_end(&mut Vec::new()));
            }
        }
        for _ in 0..ATTEMPTS {
            if TcpStream::connect(self.address).is_ok() {
                return Ok(());
            }
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            thread::sleep(Duration::from_millis(100));
        }
        let said = fs::read_to_string(&self.log).unwrap_or_default();
        Err(LoadError::Start {
            peer: peer.name(),
            detail: said.lines().next().unwrap_or("it said nothing").to_owned(),
        })
    }

    /// The CPU time that the process has spent so far, all its threads together.
    ///
    /// # Errors
    /// When the system does not tell, as outside Linux.
    pub fn cpu(&self) -> Result<Duration, LoadError> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))
            .map_err(LoadError::system("no CPU time under /proc"))?;
        // proc(5): after the name in parentheses, utime and stime are the 12th and 13th.
        let numbers = stat.rsplit(')').next().unwrap_or_default();
        let ticks: u64 = numbers
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|ticks| ticks.parse::<u64>().ok())
            .sum();
        Ok(TICK * u32::try_from(ticks).unwrap_or(u32::MAX))
    }

    /// The memory that the process holds, in KiB.
    ///
    /// # Errors
    /// When the system does not tell, as outside Linux.
    pub fn memory(&self) -> Result<u64, LoadError> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .map_err(LoadError::system("no memory under /proc"))?;
        let held = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|held| held.split_whitespace().next()?.parse().ok());
        Ok(held.unwrap_or(0))
    }

    /// Whether the process is still there.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

/// An address that nobody listens on at this moment.
fn free_address() -> Result<SocketAddr, LoadError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(LoadError::system("no free port"))
}

fn put(path: &Path, text: &str) -> Result<(), LoadError> {
    fs::write(path, text).map_err(|source| LoadError::Write {
        path: path.to_owned(),
        source,
    })
}

fn reference(address: SocketAddr, status: SocketAddr, with_crl: bool, settings: &str) -> String {
    let revocation = if with_crl {
        "crl = [\"crl.pem\"]"
    } else {
        "revocation = \"off\""
    };
    format!(
        "listen = \"{address}\"\nstatus-listen = \"{status}\"\ncertificate = \"server.pem\"\n\
         key = \"server.key\"\nclient-ca = [\"ca.pem\"]\n{revocation}\n{settings}\n"
    )
}

/// nginx as strict as it can be told to be, with the same suites and one worker.
fn nginx_config(folder: &Path, address: SocketAddr, with_crl: bool) -> String {
    let at = |name: &str| folder.join(name).display().to_string();
    let crl = if with_crl {
        format!("ssl_crl {};", at("crl.pem"))
    } else {
        String::new()
    };
    format!(
        "daemon off; master_process off; worker_processes 1; error_log stderr crit; pid {pid};\n\
         events {{ worker_connections 4096; }}\n\
         http {{ access_log off; client_body_temp_path {tmp}; proxy_temp_path {tmp}; fastcgi_temp_path {tmp};\n\
         uwsgi_temp_path {tmp}; scgi_temp_path {tmp};\n\
         server {{ listen {address} ssl; ssl_protocols TLSv1.3; ssl_ecdh_curve X25519;\n\
         ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_client_certificate {ca};\n\
         ssl_verify_client on; ssl_verify_depth 4; {crl} ssl_session_tickets on;\n\
         location / {{ return 200 ok; }} }} }}\n",
        pid = at("nginx.pid"),
        tmp = at("nginx-tmp"),
        certificate = at("server.pem"),
        key = at("server.key"),
        ca = at("ca.pem"),
    )
}
