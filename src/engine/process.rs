//! A child process that is spoken to in lines, and that can hang, die or babble
//! without taking anything else along.
//!
//! One thread writes, one reads, one keeps the end of what it complains about.
//! All of them end when their pipe or their channel does.

use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, Read, Write},
    process::{ChildStdin, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, Sender, SyncSender},
    },
    thread,
    time::{Duration, Instant},
};

use super::command::NamedCommand;
use crate::{
    child::Group,
    stop::{Missing, Stop},
};

/// Lines that wait to be read; beyond these the child waits.
const MAX_WAITING: usize = 64;

/// So much of the end of standard error is kept for messages, in octets.
const MAX_COMPLAINT: usize = 2_000;

/// How long a child may take to end by itself once its input has ended.
const FAREWELL: Duration = Duration::from_millis(300);

/// A child process that is running, as far as anybody knows.
pub(super) struct Process {
    child: Group,
    input: Option<Sender<Vec<u8>>>,
    output: Receiver<Line>,
    complaints: Arc<Mutex<VecDeque<u8>>>,
    /// Hangs up when there will be no more complaints.
    complaining: Receiver<()>,
}

enum Line {
    Text(String),
    TooLong,
    NotUtf8,
}

/// Why no line came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoLine {
    /// Time is up.
    TimedOut,
    /// Somebody ended the wait.
    Stopped,
    /// The child has closed its output.
    Ended,
    /// A line came that is none.
    Nonsense(&'static str),
}

impl Process {
    /// Starts the command, with its standard streams in our hands. A line of
    /// more than `max_line` octets is nonsense.
    pub(super) fn start(command: &NamedCommand, max_line: u64) -> io::Result<Self> {
        let mut words = Command::new(&command.program);
        words
            .args(&command.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = Group::spawn(&mut words)?;
        let (Some(stdin), Some(stdout), Some(stderr)) = child.take_pipes() else {
            return Err(io::Error::other("the pipes to the process are missing"));
        };
        let (input, lines_in) = mpsc::channel();
        thread::spawn(move || write_lines(stdin, &lines_in));
        let (lines_out, output) = mpsc::sync_channel(MAX_WAITING);
        thread::spawn(move || read_lines(stdout, &lines_out, max_line));
        let complaints = Arc::default();
        let kept = Arc::clone(&complaints);
        let (still_complaining, complaining) = mpsc::channel();
        thread::spawn(move || {
            let _hangs_up_at_the_end: Sender<()> = still_complaining;
            keep_end(stderr, &kept);
        });
        Ok(Self {
            child,
            input: Some(input),
            output,
            complaints,
            complaining,
        })
    }

    /// Hands over bytes to be written, and does not wait for it.
    pub(super) fn send(&self, bytes: Vec<u8>) {
        if let Some(input) = &self.input {
            // A child that no longer reads is found out by its silence.
            let _ = input.send(bytes);
        }
    }

    /// Ends the child's input once all that was sent is written.
    pub(super) fn end_input(&mut self) {
        self.input = None;
    }

    /// The next line.
    pub(super) fn line(&self, timeout: Duration, stop: Stop) -> Result<String, NoLine> {
        match stop.receive(&self.output, timeout) {
            Ok(Line::Text(text)) => Ok(text),
            Ok(Line::TooLong) => Err(NoLine::Nonsense("a line that is too long")),
            Ok(Line::NotUtf8) => Err(NoLine::Nonsense("a line that is not UTF-8")),
            Err(Missing::TimedOut) => Err(NoLine::TimedOut),
            Err(Missing::Stopped) => Err(NoLine::Stopped),
            Err(Missing::HungUp) => Err(NoLine::Ended),
        }
    }

    /// Ends the child without waiting for it to do so by itself.
    pub(super) fn end(&mut self) {
        self.child.end();
    }

    /// How the child ended, when it has, waiting a little for it.
    pub(super) fn exit_status(&mut self) -> Option<ExitStatus> {
        let until = Instant::now() + FAREWELL;
        loop {
            match self.child.try_wait() {
                Ok(None) if Instant::now() < until => thread::sleep(Duration::from_millis(2)),
                Ok(status) => return status,
                Err(_) => return None,
            }
        }
    }

    /// The last line that it wrote to standard error, if any.
    pub(super) fn last_complaint(&self) -> Option<String> {
        // A child that has just ended may have left words in the pipe.
        let _ = self.complaining.recv_timeout(FAREWELL);
        let bytes: Vec<u8> = self
            .complaints
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .copied()
            .collect();
        let text = String::from_utf8_lossy(&bytes);
        text.lines()
            .rfind(|line| !line.trim().is_empty())
            .map(|line| line.trim().to_owned())
    }
}

impl Drop for Process {
    /// Lets the child end by itself, and ends it when it does not.
    fn drop(&mut self) {
        self.end_input();
        if self.exit_status().is_none() {
            self.child.end();
        }
    }
}

fn write_lines(mut stdin: ChildStdin, lines: &Receiver<Vec<u8>>) {
    for line in lines {
        if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

fn read_lines(stdout: impl Read, lines: &SyncSender<Line>, max_line: u64) {
    let mut stdout = BufReader::new(stdout);
    loop {
        let mut bytes = Vec::new();
        let line = match (&mut stdout).take(max_line).read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => return,
            Ok(_) if bytes.last() != Some(&b'\n') && bytes.len() as u64 == max_line => {
                Line::TooLong
            }
            Ok(_) => match String::from_utf8(bytes) {
                Ok(text) if text.trim().is_empty() => continue,
                Ok(text) => Line::Text(text),
                Err(_) => Line::NotUtf8,
            },
        };
        let ends = matches!(line, Line::TooLong);
        if lines.send(line).is_err() || ends {
            return;
        }
    }
}

fn keep_end(mut stderr: impl Read, kept: &Mutex<VecDeque<u8>>) {
    let mut buffer = [0; 1024];
    while let Ok(length @ 1..) = stderr.read(&mut buffer) {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(&buffer[..length]);
        let excess = kept.len().saturating_sub(MAX_COMPLAINT);
        kept.drain(..excess);
    }
}
