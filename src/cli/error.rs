//! What goes wrong between a person and the tool: one clear line, what to do,
//! and the exit code of the contract.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::error::ErrorKind;

use super::output;
use crate::{
    bounded::{FileError, Size},
    case::{LimboError, PairError},
    corpus::{
        ReproducerError, ScriptFileError, inputs::InputsError, known::KnownError,
        minimise::MinimiseError,
    },
    der::pem::PemError,
    engine::{EngineError, InvalidCommand, Unavailable},
    load::LoadError,
    mint::{GivenKeyError, TemplateError},
    recipe::RecipeError,
    report::ReportError,
    scan::{
        ScanError,
        audit::{AuditError, LogError},
        lure::{CommandError, LureError},
    },
    server::{ServerError, pki::PkiError},
};

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Nothing found, or only what is known.
    Clean = 0,
    /// Something was found.
    Findings = 1,
    /// The arguments or the input are wrong.
    Usage = 2,
    /// An engine or an endpoint broke or could not be reached.
    Broken = 3,
    /// Ctrl-C or SIGTERM ended it early; the number is what shells report of that.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CliError {
    /// Ctrl-C ended it before there was anything to report.
    #[error("interrupted before {0}")]
    Interrupted(&'static str),
    /// The arguments do not fit the command.
    #[error("{message}")]
    Arguments {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// A file could not be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
    /// What a scan is given beside the endpoint cannot be used.
    #[error("{}: {problem}", path.display())]
    Evidence {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A folder that cannot be audited.
    #[error(transparent)]
    Audit(AuditError),
    /// A log that cannot be read.
    #[error(transparent)]
    Log(LogError),
    /// A lure could not be laid out.
    #[error(transparent)]
    Lure(#[from] LureError),
    /// The client of a lure cannot be run.
    #[error(transparent)]
    Client(CommandError),
    /// The client of a lure came to no server.
    #[error("the command ended without connecting to the benign server: {said}")]
    NeverConnected {
        /// What the client said.
        said: String,
    },
    /// The client trusts nobody, so that a refusal would prove nothing.
    #[error("the client does not trust the benign server either: {saw}; {said}")]
    LuredNobody {
        /// What the server saw.
        saw: String,
        /// What the client said.
        said: String,
    },
    /// A file is empty, or no text, or a device that never ends.
    #[error("{}: {error}", path.display())]
    Unread {
        /// The file.
        path: PathBuf,
        /// Why.
        error: FileError,
    },
    /// Something other than a folder stands where one is needed.
    #[error("{}: it is a file, and a folder is needed", .0.display())]
    NotAFolder(PathBuf),
    /// An engine that was asked for gave no answer.
    #[error("engine `{name}` gave no answer: {what}")]
    NoAnswer {
        /// The engine.
        name: String,
        /// What it did instead.
        what: String,
    },
    /// A file is larger than what it should be can be.
    #[error("{}: longer than {limit}, the most that {what} may have", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// The most that is read.
        limit: Size,
    },
    /// A file is not the PEM that it should be.
    #[error("{}: {error}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: PemError,
    },
    /// A file is not the DER that it should be.
    #[error("{}: {what} {number} is not DER: {problem}", path.display())]
    Der {
        /// The file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// Which one of the file, from 1.
        number: usize,
        /// What is wrong.
        problem: String,
    },
    /// A file is not JSON of the kind that it should be.
    #[error("{}: not the JSON of {what}: {problem}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// A file is not an x509-limbo file.
    #[error("{}: {error}", path.display())]
    Limbo {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: LimboError,
    },
    /// A file is not a recipe.
    #[error("{}: {error}", path.display())]
    Recipe {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: RecipeError,
    },
    /// A file is not a private key that can sign here.
    #[error("{}: {error}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: GivenKeyError,
    },
    /// A CA or a certificate that no case can be made of.
    #[error("{}: {error}", path.display())]
    Template {
        /// The certificate's file.
        path: PathBuf,
        /// What is wrong.
        error: TemplateError,
    },
    /// A file or standard output could not be written.
    #[error("{to}: {error}")]
    Write {
        /// Where to.
        to: String,
        /// What went wrong.
        error: io::Error,
    },
    /// A name that nothing has.
    #[error("no {what} is called `{name}`")]
    Unknown {
        /// What was looked for.
        what: &'static str,
        /// The command, or the page, that lists all of them.
        list: &'static str,
        /// The name.
        name: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// A file is not a profile.
    #[error("`{}` is no profile: {problem}", path.display())]
    Profile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// An engine that was asked for by name cannot be asked.
    #[error("engine `{name}` is not available: {}", .unavailable.why)]
    Unavailable {
        /// The engine.
        name: String,
        /// Why, and what would help.
        unavailable: Unavailable,
    },
    /// A harness did not answer.
    #[error("harness `{name}`: {error}")]
    Harness {
        /// The name.
        name: String,
        /// What went wrong.
        error: EngineError,
    },
    /// A command of a worker cannot be understood.
    #[error(transparent)]
    Command(#[from] InvalidCommand),
    /// The list of known discrepancies cannot be used.
    #[error(transparent)]
    Known(#[from] KnownError),
    /// A reproducer cannot be used.
    #[error(transparent)]
    Reproducer(#[from] ReproducerError),
    /// A script of a handshake cannot be read.
    #[error(transparent)]
    Script(#[from] ScriptFileError),
    /// Inputs of a fuzz target cannot be read or written.
    #[error(transparent)]
    Inputs(#[from] InputsError),
    /// A defect cannot be minted.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// A finding cannot be made smaller.
    #[error(transparent)]
    Minimise(#[from] MinimiseError),
    /// The server does not start.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// A development PKI cannot be made or written.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// A load cannot be put on a server.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The endpoint cannot be scanned.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// The scan is not whole.
    #[error("{0}")]
    ScanBroken(String),
    /// The report has no form.
    #[error(transparent)]
    Report(#[from] ReportError),
}

impl CliError {
    /// Arguments that do not fit, and what to do.
    pub(super) fn arguments(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Arguments {
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// A file of the user's that is not read.
    pub(super) fn unread(path: &Path, error: FileError) -> Self {
        Self::Unread {
            path: path.to_owned(),
            error,
        }
    }

    /// A document or report of the user's that cannot be used.
    pub(super) fn evidence(path: &Path, problem: &dyn std::fmt::Display) -> Self {
        Self::Evidence {
            path: path.to_owned(),
            problem: problem.to_string(),
        }
    }

    /// A CA or a certificate of the user's that cannot be used.
    pub(super) fn template(path: &Path, error: TemplateError) -> Self {
        Self::Template {
            path: path.to_owned(),
            error,
        }
    }

    /// What clap says, on one line; help and version are no errors.
    pub(super) fn of_arguments(error: &clap::Error) -> Result<Exit, Self> {
        if !error.use_stderr() {
            output::print(&error.to_string())?;
            return Ok(Exit::Clean);
        }
        let text = error.to_string();
        if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            return Err(Self::of_missing_command(&text));
        }
        let (first, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
        let message: Vec<&str> = first
            .trim_start_matches("error: ")
            .split_whitespace()
            .collect();
        let tip = rest
            .lines()
            .find_map(|line| line.trim().strip_prefix("tip: "));
        let hint = tip.map_or_else(
            || "`gatecrash --help` and `gatecrash COMMAND --help` show what there is".to_owned(),
            str::to_owned,
        );
        Err(Self::arguments(message.join(" "), hint))
    }

    /// A command whose own commands are named in its help.
    fn of_missing_command(help: &str) -> Self {
        let usage = help.lines().find_map(|line| line.strip_prefix("Usage: "));
        let command = usage.unwrap_or("gatecrash").trim_end_matches(" <COMMAND>");
        let names: Vec<&str> = help
            .lines()
            .skip_while(|line| !line.starts_with("Commands:"))
            .skip(1)
            .take_while(|line| line.starts_with("  "))
            // Deeper lines go on with a description.
            .filter(|line| !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        Self::arguments(
            format!("`{command}` needs a command of its own"),
            format!("one of {}", names.join(", ")),
        )
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Interrupted(_) => Exit::Interrupted,
            Self::Load(LoadError::Read { .. }) => Exit::Usage,
            Self::Unavailable { .. } | Self::Harness { .. } | Self::Load(_) => Exit::Broken,
            Self::NoAnswer { .. } => Exit::Broken,
            Self::Minimise(MinimiseError::Engine(_)) => Exit::Broken,
            Self::ScanBroken(_) | Self::NeverConnected { .. } | Self::LuredNobody { .. } => {
                Exit::Broken
            }
            Self::Lure(LureError::Listen(_)) | Self::Client(CommandError::Files(_)) => Exit::Broken,
            Self::Scan(error) if error.is_outside() => Exit::Broken,
            Self::Server(error) if error.is_outside() => Exit::Broken,
            _ => Exit::Usage,
        }
    }

    /// What to do, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Arguments { hint, .. } => Some(hint.clone()),
            Self::Unknown {
                nearest: Some(nearest),
                ..
            } => Some(format!("did you mean `{nearest}`?")),
            Self::Unknown { list, .. } => Some(format!("{list} lists what there is")),
            Self::Unavailable { unavailable, .. } => Some(unavailable.remedy.clone()),
            Self::Reproducer(ReproducerError::Rotten { .. }) => Some(
                "the recipe or the mint has changed: `gatecrash corpus add` writes the DER anew"
                    .to_owned(),
            ),
            Self::NeverConnected { .. } => Some(
                "it must go to {url}, or to 127.0.0.1 at {port}: run it against a server of your own first".to_owned(),
            ),
            Self::LuredNobody { .. } => Some(
                "let it trust {ca}: --cacert {ca} for curl, --ca-certificate={ca} for wget, -CAfile {ca} for openssl".to_owned(),
            ),
            Self::Client(CommandError::NoPlace) => Some("for example: gatecrash lure -- curl --cacert {ca} {url}".to_owned()),
            Self::Lure(LureError::NoDefect(_)) => Some("`gatecrash lure --dry-run -- CMD {url}` lists all of them".to_owned()),
            Self::Scan(error) => error.hint().map(str::to_owned),
            Self::Profile { .. } => Some(format!(
                "a profile is one of {}, or a TOML file with the same keys as docs/profiles.md",
                crate::validator::Profile::NAMES.join(", ")
            )),
            Self::Limbo { .. } => Some("an x509-limbo file of version 1 is expected".to_owned()),
            _ => None,
        }
    }
}

/// The most letters of a line: what somebody else's file or program says may have no end.
const MAX_LINE: usize = 1000;

/// Tells on standard error what is about to happen.
pub(super) fn note(text: &str) {
    // Where standard error is closed, there is nobody left to tell.
    let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
}

/// Prints an error as the contract has it: one line, and one more with what to do.
pub(super) fn tell(message: &str, hint: Option<&str>) {
    let one_line = |text: &str| {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(MAX_LINE) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    };
    let mut text = format!("error: {}\n", one_line(message));
    if let Some(hint) = hint {
        text.push_str(&format!("hint: {}\n", one_line(hint)));
    }
    // Where standard error is closed, there is nobody left to tell.
    let _ = io::stderr().write_all(text.as_bytes());
}
