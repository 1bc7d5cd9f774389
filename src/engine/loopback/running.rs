//! A server that is running, and how it is started, made to reload, and ended.
//!
//! A shell stands between: it leads a process group of its own, and it ends the
//! server when the pipe to it closes. So no server outlives gatecrash, however that ends.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{
    description::{Ready, Reload},
    placeholder::{UnknownPlaceholder, Values},
    prepare::Prepared,
};
use crate::{child::Group, question::Time, scratch::Scratch, stop::Stop};

/// How long a server may take until it is ready, or has reloaded.
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two looks at whether it is.
const PAUSE: Duration = Duration::from_millis(5);

/// How long it may take to end before it is killed.
const FAREWELL: Duration = Duration::from_secs(4);

/// Ports that are tried: another program may take one before the server does.
const ATTEMPTS: usize = 3;

/// Starts the server, tells its process id, ends it when standard input ends, and its whole
/// group when it does not end by itself.
const GUARD: &str = r#"
"$@" 3<&- </dev/null &
server=$!
echo $server >"$0"
{
    read -r _
    kill -TERM $server 2>/dev/null
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        kill -0 $server 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL 0
} <&3 3<&- >/dev/null 2>&1 &
exec 3<&-
wait $server
"#;

/// What a server is given, as PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Files {
    /// Its own chain, the end entity first.
    pub certificate: String,
    /// Its own key, as PKCS #8.
    pub key: String,
    /// The trust anchors for clients.
    pub anchors: String,
    /// CRLs. A server that takes none ignores them.
    pub crls: Option<String>,
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files").finish_non_exhaustive()
    }
}

/// A server that did not start, or did not reload.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Its files cannot be written, or it cannot be started at all.
    #[error("{server} cannot be started: {source}")]
    Io {
        /// The configuration's name.
        server: &'static str,
        /// Why.
        source: io::Error,
    },
    /// Its description names something that is not known.
    #[error("the description of {server}: {error}")]
    Description {
        /// The configuration's name.
        server: &'static str,
        /// What is wrong with it.
        error: String,
    },
    /// It ended before it was ready.
    #[error("{server} ended at once: {complaint}")]
    Ended {
        /// The configuration's name.
        server: &'static str,
        /// The last line that it wrote.
        complaint: String,
    },
    /// It was not ready in time.
    #[error("{server} is not ready after {} seconds: {complaint}", PATIENCE.as_secs())]
    Slow {
        /// The configuration's name.
        server: &'static str,
        /// The last line that it wrote.
        complaint: String,
    },
    /// Somebody ended the wait for it.
    #[error("the wait for the server was ended")]
    Stopped,
}

/// A server that is running on the loopback. It ends when this is dropped.
pub struct Running {
    prepared: Prepared,
    files: Files,
    time: Option<Time>,
    folder: Scratch,
    port: u16,
    process: Guarded,
}

/// The shell that holds the server, and the pipe that holds the shell.
struct Guarded {
    shell: Group,
    pipe: Option<ChildStdin>,
    stop: Stop,
}

impl Prepared {
    /// Starts the server with these files, judging certificates by the system's clock.
    ///
    /// # Errors
    /// When it does not start, the last line that it wrote is in the error.
    pub fn start(&self, files: &Files) -> Result<Running, StartError> {
        self.start_at(files, None)
    }

    /// Starts the server with these files, judging certificates at a moment if one is given.
    ///
    /// # Errors
    /// As [`Prepared::start`].
    pub fn start_at(&self, files: &Files, time: Option<Time>) -> Result<Running, StartError> {
        let mut attempt = 1;
        loop {
            let port = free_port().map_err(|source| self.io(source))?;
            match self.start_on(port, files, time) {
                Err(StartError::Ended { .. } | StartError::Slow { .. })
                    if attempt < ATTEMPTS && is_taken(port) =>
                {
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// Starts the server on this port of the loopback.
    ///
    /// # Errors
    /// As [`Prepared::start`].
    pub fn start_on(
        &self,
        port: u16,
        files: &Files,
        time: Option<Time>,
    ) -> Result<Running, StartError> {
        let folder = Scratch::new("server").map_err(|error| self.io(error))?;
        let process = self.launch(folder.path(), port, files, time)?;
        let mut running = Running {
            prepared: self.clone(),
            files: files.clone(),
            time,
            folder,
            port,
            process,
        };
        running.wait_until_ready(0)?;
        Ok(running)
    }

    fn launch(
        &self,
        folder: &Path,
        port: u16,
        files: &Files,
        time: Option<Time>,
    ) -> Result<Guarded, StartError> {
        let (kind, variation) = (self.configuration.kind, self.configuration.variation);
        let values = self.values(folder, port, files, time);
        write_files(folder, files).map_err(|error| self.io(error))?;
        let unknown = |error: UnknownPlaceholder| StartError::Description {
            server: self.configuration.name(),
            error: error.to_string(),
        };
        for (name, text) in &kind.files {
            let path = folder.join(name);
            let text = values.fill(text).map_err(unknown)?;
            write(&path, &text).map_err(|error| self.io(error))?;
        }
        let mut words = kind.command.clone();
        words.extend(variation.arguments.iter().cloned());
        let additions = [
            kind.with_crl.as_ref().filter(|_| files.crls.is_some()),
            kind.with_time.as_ref().filter(|_| time.is_some()),
        ];
        for addition in additions.into_iter().flatten() {
            words.extend(addition.arguments.iter().cloned());
        }
        let words = values.fill_all(&words).map_err(unknown)?;
        let output = || {
            fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(folder.join(OUTPUT))
        };
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("exec 3<&0\n{GUARD}")])
            .arg(folder.join(PROCESS_ID));
        if let (Some(time), None) = (time, &kind.with_time) {
            command
                .arg("env")
                .args(faked_clock(time).map_err(|error| self.io(error))?);
        }
        command
            .args(words)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(output().map_err(|error| self.io(error))?)
            .stderr(output().map_err(|error| self.io(error))?);
        for (name, text) in &kind.environment {
            command.env(name, values.fill(text).map_err(unknown)?);
        }
        let mut shell = Group::spawn(&mut command).map_err(|error| self.io(error))?;
        let (pipe, _, _) = shell.take_pipes();
        Ok(Guarded {
            shell,
            pipe,
            stop: self.stop,
        })
    }

    /// What placeholders stand for at this start.
    fn values(&self, folder: &Path, port: u16, files: &Files, time: Option<Time>) -> Values {
        let (kind, variation) = (self.configuration.kind, self.configuration.variation);
        let mut values = self.values.clone();
        values.set("dir", folder.display().to_string());
        values.set("port", port.to_string());
        for (name, file) in [
            ("cert_file", CERTIFICATE),
            ("key_file", KEY),
            ("ca_file", ANCHORS),
            ("crl_file", CRLS),
        ] {
            values.set(name, folder.join(file).display().to_string());
        }
        values.set(
            "cert_and_key",
            format!("{}{}", files.certificate, files.key),
        );
        values.set(
            "anchors_and_crls",
            files.anchors.clone() + files.crls.as_deref().unwrap_or_default(),
        );
        if let Some(time) = time {
            values.set("time", time.unix_seconds().to_string());
        }
        values.set_all(&kind.set);
        for (addition, applies) in [
            (&kind.with_crl, files.crls.is_some()),
            (&kind.with_time, time.is_some()),
        ] {
            if let (Some(addition), true) = (addition, applies) {
                values.set_all(&addition.set);
            }
        }
        values.set_all(&variation.set);
        values
    }

    fn io(&self, source: io::Error) -> StartError {
        StartError::Io {
            server: self.configuration.name(),
            source,
        }
    }
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// What was started.
    pub fn prepared(&self) -> &Prepared {
        &self.prepared
    }

    /// The folder with all its files, configuration, keys and logs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The files that it has.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Its logs, standard output and error first.
    pub fn logs(&self) -> Vec<PathBuf> {
        let mut logs: Vec<PathBuf> = fs::read_dir(self.folder())
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
            .collect();
        logs.sort_by_key(|path| (path.file_name() != Some(OUTPUT.as_ref()), path.clone()));
        logs
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.process.shell.try_wait(), Ok(None))
    }

    /// Gives it other files, and makes it read them the way its operators do.
    ///
    /// # Errors
    /// When they cannot be written, or it does not come back with them.
    pub fn replace(&mut self, files: &Files) -> Result<(), StartError> {
        self.files = files.clone();
        match &self.prepared.configuration.kind.reload {
            Reload::Hangup(line) => {
                write_files(self.folder.path(), files).map_err(|error| self.prepared.io(error))?;
                let before = self.count(line);
                self.hang_up().map_err(|error| self.prepared.io(error))?;
                self.wait_until(|running| running.count(line) > before)
            }
            Reload::Restart => self.restart(),
        }
    }

    /// Ends it and starts it anew on the same port, whatever its way to reload.
    ///
    /// # Errors
    /// When it does not come back.
    pub fn restart(&mut self) -> Result<(), StartError> {
        self.process.end();
        let before = match &self.prepared.configuration.kind.ready {
            Ready::Line(line) => self.count(line),
            Ready::Port => 0,
        };
        self.process =
            self.prepared
                .launch(self.folder.path(), self.port, &self.files, self.time)?;
        self.wait_until_ready(before)
    }

    fn hang_up(&self) -> io::Result<()> {
        let id = fs::read_to_string(self.folder.path().join(PROCESS_ID))?;
        let status = Command::new("sh")
            .args(["-c", "kill -HUP \"$0\"", id.trim()])
            .stdin(Stdio::null())
            .status()?;
        if status.success() {
            Ok(())
        } else {
            Err(io::Error::other("it has ended"))
        }
    }

    /// How often its logs hold a text.
    fn count(&self, text: &str) -> usize {
        self.logs()
            .iter()
            .filter_map(|path| fs::read(path).ok())
            .map(|bytes| String::from_utf8_lossy(&bytes).matches(text).count())
            .sum()
    }

    /// Waits until it is ready. Its logs may hold the line from earlier starts.
    fn wait_until_ready(&mut self, before: usize) -> Result<(), StartError> {
        match &self.prepared.configuration.kind.ready {
            Ready::Port => {
                let address = self.address();
                self.wait_until(|_| TcpStream::connect_timeout(&address, PATIENCE).is_ok())
            }
            Ready::Line(line) => self.wait_until(|running| running.count(line) > before),
        }
    }

    fn wait_until(&mut self, holds: impl Fn(&Self) -> bool) -> Result<(), StartError> {
        let until = Instant::now() + PATIENCE;
        let server = self.prepared.configuration.name();
        loop {
            if !self.is_running() {
                let complaint = self.complaint();
                return Err(StartError::Ended { server, complaint });
            }
            if holds(self) {
                return Ok(());
            }
            if self.prepared.stop.is_set() {
                return Err(StartError::Stopped);
            }
            if Instant::now() > until {
                let complaint = self.complaint();
                return Err(StartError::Slow { server, complaint });
            }
            thread::sleep(PAUSE);
        }
    }

    /// The line of its logs that seems to say what is wrong, or the last one.
    fn complaint(&self) -> String {
        let logs: Vec<String> = self
            .logs()
            .iter()
            .filter_map(|path| fs::read(path).ok())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect();
        let lines = || logs.iter().flat_map(|log| log.lines()).map(str::trim);
        let names_it = |line: &&str| {
            let line = line.to_ascii_lowercase();
            ["error:", "exception", "could not", "fatal"]
                .iter()
                .any(|word| line.contains(word))
        };
        lines()
            .find(names_it)
            .or_else(|| lines().rfind(|line| !line.is_empty()))
            .unwrap_or("it wrote nothing")
            .to_owned()
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} on {}",
            self.prepared.configuration.name(),
            self.address()
        )
    }
}

impl Guarded {
    /// Ends the server, and whatever it started.
    fn end(&mut self) {
        self.pipe = None;
        let until = Instant::now() + FAREWELL;
        while Instant::now() < until && !self.stop.is_set() {
            match self.shell.try_wait() {
                Ok(None) => thread::sleep(PAUSE),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        self.shell.end();
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.end();
    }
}

const CERTIFICATE: &str = "server.pem.crt";
const KEY: &str = "server.key";
const ANCHORS: &str = "anchors.pem";
const CRLS: &str = "crls.pem";
const OUTPUT: &str = "output.log";
const PROCESS_ID: &str = "server.pid";

fn write_files(folder: &Path, files: &Files) -> io::Result<()> {
    // A server that gives up its rights must reach what it serves; keys keep a mode of their own.
    set_mode(folder, 0o711)?;
    write(&folder.join(CERTIFICATE), &files.certificate)?;
    write(&folder.join(ANCHORS), &files.anchors)?;
    write(&folder.join(KEY), &files.key)?;
    set_mode(&folder.join(KEY), 0o600)?;
    match &files.crls {
        Some(crls) => write(&folder.join(CRLS), crls),
        None => Ok(()),
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
    fs::set_permissions(path, mode)
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

fn is_taken(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err()
}

/// Variables that give a program another time of day, which stands still, by libfaketime.
fn faked_clock(time: Time) -> io::Result<Vec<String>> {
    let library = faketime_library()
        .ok_or_else(|| io::Error::other("libfaketime is missing; apt-get install libfaketime"))?;
    let moment = time.to_calendar();
    Ok(vec![
        format!("LD_PRELOAD={}", library.display()),
        format!("FAKETIME={} {}", moment.date(), moment.time()),
        "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
        // Whoever has emptied its environment by the time it is read again would have the true time.
        "FAKETIME_CACHE_DURATION=1000000000".to_owned(),
        "TZ=UTC".to_owned(),
    ])
}

/// Where Debian puts libfaketime.
pub(super) fn faketime_library() -> Option<PathBuf> {
    fs::read_dir("/usr/lib")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("faketime/libfaketime.so.1")))
        .find(|path| path.is_file())
}
