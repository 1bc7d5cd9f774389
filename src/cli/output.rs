//! Where text goes: standard output or a file, with colours or without.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, IsTerminal, Write},
    path::PathBuf,
};

use super::CliError;
use crate::report::{Format, Paint};

/// The form and the place of a report.
#[derive(Debug, clap::Args)]
pub(super) struct Output {
    /// The form of the report.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// Writes the report to a file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

/// Text or JSON, for commands that list things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ListFormat {
    /// For people at a terminal.
    Text,
    /// For programs.
    Json,
}

/// The form and the place of a list.
#[derive(Debug, clap::Args)]
pub(super) struct ListOutput {
    /// The form of the list.
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(super) format: ListFormat,
    /// Writes the list to a file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

impl Output {
    /// Opens the place before long work, so that one that cannot be written is told at once.
    pub(super) fn open(&self) -> Result<Sink, CliError> {
        Sink::open(self.output.clone())
    }

    /// Colours on a terminal alone, and not against the user's wish.
    pub(super) fn paint(&self) -> Paint {
        paint(self.output.is_some())
    }
}

impl ListOutput {
    /// Opens the place.
    pub(super) fn open(&self) -> Result<Sink, CliError> {
        Sink::open(self.output.clone())
    }

    /// Colours on a terminal alone, and not against the user's wish.
    pub(super) fn paint(&self) -> Paint {
        paint(self.output.is_some())
    }
}

fn paint(to_file: bool) -> Paint {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    if !to_file && !unwanted && io::stdout().is_terminal() {
        Paint::Coloured
    } else {
        Paint::Plain
    }
}

/// Columns of the terminal; 100 where there is none.
pub(super) fn width() -> usize {
    terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0).max(40))
}

/// An open place for text.
#[derive(Debug)]
pub(super) enum Sink {
    /// Standard output.
    Standard,
    /// A file.
    File(PathBuf, File),
}

impl Sink {
    fn open(path: Option<PathBuf>) -> Result<Self, CliError> {
        let Some(path) = path else {
            return Ok(Self::Standard);
        };
        // What stands in the file is kept until there is something better.
        match OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(&path)
        {
            Ok(file) => Ok(Self::File(path, file)),
            Err(error) => Err(CliError::Write {
                to: path.display().to_string(),
                error,
            }),
        }
    }

    /// Writes all of the text.
    pub(super) fn write(self, text: &str) -> Result<(), CliError> {
        match self {
            Self::Standard => print(text),
            Self::File(path, mut file) => {
                let is_regular = file.metadata().is_ok_and(|metadata| metadata.is_file());
                let emptied = if is_regular { file.set_len(0) } else { Ok(()) };
                emptied
                    .and_then(|()| file.write_all(text.as_bytes()))
                    .map_err(|error| CliError::Write {
                        to: path.display().to_string(),
                        error,
                    })
            }
        }
    }
}

/// Writes to standard output. A reader that has gone away, such as `head`, is no error.
pub(super) fn print(text: &str) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(CliError::Write {
            to: "standard output".to_owned(),
            error,
        }),
        _ => Ok(()),
    }
}
