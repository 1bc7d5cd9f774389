//! A running `gatecrash serve`: how tests start it, hear of its address, and end it.
#![allow(dead_code, reason = "no test needs all of it")]

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

/// On a free port, with the files of a development PKI.
pub(crate) const ON_PKI: [&str; 10] = [
    "--listen",
    "127.0.0.1:0",
    "--cert",
    "server.pem",
    "--key",
    "server.key",
    "--client-ca",
    "ca.pem",
    "--crl",
    "crl.pem",
];

/// A server in a process of its own, ended when dropped.
pub(crate) struct Serving {
    pub(crate) child: Child,
    output: BufReader<ChildStdout>,
    log: PathBuf,
}

impl Serving {
    /// With these arguments, and with this folder to work in. Its log is a file there.
    pub(crate) fn start(folder: &Path, args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatecrash"));
        command.arg("serve").args(args).current_dir(folder);
        Self::run(command, folder)
    }

    /// A command that becomes the server.
    pub(crate) fn run(mut command: Command, folder: &Path) -> Self {
        let log = folder.join("log");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).expect("a log"))
            .spawn()
            .expect("the program starts");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        Self { child, output, log }
    }

    /// What it says next on standard output.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    /// Where it listens. The first line tells.
    pub(crate) fn address(&mut self) -> SocketAddr {
        let line = self.line();
        let address = line.strip_prefix("listening on ");
        address
            .and_then(|address| address.parse().ok())
            .unwrap_or_else(|| panic!("{line}: {}", self.log()))
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .arg(name)
            .arg(self.child.id().to_string())
            .status();
        assert!(status.expect("kill").success());
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).expect("a log")
    }

    /// Waits for so many lines with these words.
    pub(crate) fn wait_for(&self, words: &str, count: usize) {
        let has = |log: &str| log.lines().filter(|line| line.contains(words)).count() >= count;
        for _ in 0..400 {
            if has(&self.log()) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("{count} times `{words}` is not in the log: {}", self.log());
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
