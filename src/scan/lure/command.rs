//! A client that is a command: run once for each server, bounded in time, and
//! ended by its own process id when it does not end by itself.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use super::{Reach, Visit};
use crate::{child::Group, der::pem, stop::Stop};

/// A command with placeholders.
#[derive(Clone, Debug)]
pub struct ClientCommand {
    words: Vec<String>,
    timeout: Duration,
    stop: Stop,
    /// Whether the anchors are put into the environment variables that clients read.
    environment: bool,
    /// Whether the server is put into the environment as an HTTPS proxy.
    proxy: bool,
}

/// A command that cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// There is no command.
    #[error("no command: give it after `--`")]
    Empty,
    /// Nothing in it says where to go.
    #[error(
        "the command has no `{{url}}` and no `{{port}}`, so it would never reach the rogue server"
    )]
    NoPlace,
    /// It does not start.
    #[error("`{program}` does not start: {error}")]
    Start {
        /// The first word.
        program: String,
        /// What the system says.
        error: io::Error,
    },
    /// Its files cannot be written.
    #[error("cannot write the files of a visit: {0}")]
    Files(io::Error),
}

/// How one run of the command ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CommandRun {
    /// Its exit status. `None` when it was ended because its time was up.
    pub status: Option<ExitStatus>,
    /// The last line that it wrote to standard error, or to standard output where there is none.
    pub last_words: Option<String>,
}

/// What the command reads from standard input, for clients that send what they read there.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// How much of the end of an output is looked at for its last line.
const TAIL: u64 = 4096;

/// The most characters of a last line.
const MAX_LINE: usize = 200;

impl ClientCommand {
    /// A command, its placeholders not yet replaced: `{url}`, `{host}`, `{port}`, `{ca}`, `{crl}`.
    ///
    /// # Errors
    /// When it is empty, or names no place of the server.
    pub fn new(words: Vec<String>, timeout: Duration) -> Result<Self, CommandError> {
        let command = Self {
            words,
            timeout,
            stop: Stop::NEVER,
            environment: true,
            proxy: false,
        };
        if command.words.is_empty() {
            return Err(CommandError::Empty);
        }
        if !command.mentions("{url}") && !command.mentions("{port}") {
            return Err(CommandError::NoPlace);
        }
        Ok(command)
    }

    /// Lets somebody end it before its time is up.
    #[must_use]
    pub fn stop(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Leaves alone the environment variables that say what is trusted: the client trusts the CA already.
    #[must_use]
    pub fn with_own_trust(mut self) -> Self {
        self.environment = false;
        self
    }

    /// Lets the client reach any name through an HTTPS proxy, which clients read from their environment.
    #[must_use]
    pub fn through_proxy(mut self) -> Self {
        self.proxy = true;
        self
    }

    /// Which names the client can be asked to go to.
    pub fn reach(&self) -> Reach {
        if self.proxy || self.mentions("{host}") {
            Reach::AnyName
        } else {
            Reach::Localhost
        }
    }

    /// Whether the client is given CRLs.
    pub fn reads_crls(&self) -> bool {
        self.mentions("{crl}")
    }

    fn mentions(&self, placeholder: &str) -> bool {
        self.words.iter().any(|word| word.contains(placeholder))
    }

    /// Runs it once. `folder` is for the files of this visit alone.
    ///
    /// # Errors
    /// When it does not start, or its files cannot be written.
    pub fn run(&self, visit: &Visit<'_>, folder: &Path) -> Result<CommandRun, CommandError> {
        let files = Files::write(visit, folder).map_err(CommandError::Files)?;
        let words: Vec<OsString> = self
            .words
            .iter()
            .map(|word| files.replaced(word, visit))
            .collect();
        let (mut output, mut errors) = files.outputs().map_err(CommandError::Files)?;
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .stdin(Stdio::piped())
            .stdout(output.try_clone().map_err(CommandError::Files)?)
            .stderr(errors.try_clone().map_err(CommandError::Files)?);
        self.set_environment(&mut command, visit, &files);
        let mut child = Group::spawn(&mut command).map_err(|error| CommandError::Start {
            program: self.words[0].clone(),
            error,
        })?;
        if let (Some(mut input), _, _) = child.take_pipes() {
            // A client that does not read has room for it in the pipe, or has ended.
            let _ = input.write_all(REQUEST);
        }
        let end = Instant::now() + self.timeout;
        let mut pause = Duration::from_micros(500);
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break Some(status),
                Ok(None) if Instant::now() < end && !self.stop.is_set() => {
                    self.stop.sleep(pause);
                    pause = (pause * 2).min(Duration::from_millis(10));
                }
                _ => {
                    child.end();
                    break None;
                }
            }
        };
        let last_words = last_line(&mut errors).or_else(|| last_line(&mut output));
        Ok(CommandRun { status, last_words })
    }

    fn set_environment(&self, command: &mut Command, visit: &Visit<'_>, files: &Files) {
        command
            .env("GATECRASH_URL", visit.url())
            .env("GATECRASH_CA", &files.ca);
        for proxy in [
            "http_proxy",
            "HTTP_PROXY",
            "https_proxy",
            "HTTPS_PROXY",
            "all_proxy",
            "ALL_PROXY",
        ] {
            command.env_remove(proxy);
        }
        if self.proxy {
            let proxy = format!("http://127.0.0.1:{}", visit.port());
            command
                .env("https_proxy", &proxy)
                .env("HTTPS_PROXY", &proxy);
            command.env_remove("no_proxy").env_remove("NO_PROXY");
        }
        if self.environment {
            for variable in [
                "SSL_CERT_FILE",
                "CURL_CA_BUNDLE",
                "REQUESTS_CA_BUNDLE",
                "NODE_EXTRA_CA_CERTS",
            ] {
                command.env(variable, &files.ca);
            }
            command.env_remove("SSL_CERT_DIR");
        }
    }
}

/// The files of one visit.
struct Files {
    folder: PathBuf,
    ca: PathBuf,
    crl: PathBuf,
}

impl Files {
    fn write(visit: &Visit<'_>, folder: &Path) -> io::Result<Self> {
        let text = |label: &str, list: &[Vec<u8>]| -> String {
            list.iter().map(|der| pem::write(label, der)).collect()
        };
        let files = Self {
            folder: folder.to_owned(),
            ca: folder.join("ca.pem"),
            crl: folder.join("crl.pem"),
        };
        fs::create_dir_all(folder)?;
        fs::write(&files.ca, text(pem::CERTIFICATE, visit.anchors()))?;
        fs::write(&files.crl, text(pem::CRL, visit.crls()))?;
        Ok(files)
    }

    /// Files and no pipes: a process that the client leaves behind cannot keep them waiting.
    fn outputs(&self) -> io::Result<(File, File)> {
        let open = |name: &str| {
            File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(true)
                .open(self.folder.join(name))
        };
        Ok((open("stdout")?, open("stderr")?))
    }

    fn replaced(&self, word: &str, visit: &Visit<'_>) -> OsString {
        let path = |path: &Path| path.to_string_lossy().into_owned();
        word.replace("{url}", &visit.url())
            .replace("{host}", visit.host())
            .replace("{port}", &visit.port().to_string())
            .replace("{ca}", &path(&self.ca))
            .replace("{crl}", &path(&self.crl))
            .into()
    }
}

/// The last line that says something, without control characters.
fn last_line(file: &mut File) -> Option<String> {
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))
        .ok()?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail).ok()?;
    let text = String::from_utf8_lossy(&tail);
    let line = text
        .lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty())?;
    Some(
        line.chars()
            .filter(|c| !c.is_control())
            .take(MAX_LINE)
            .collect(),
    )
}
