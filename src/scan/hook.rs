//! The operator's own commands, by which a server is given a CRL or a CA, and reads it.

#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::{
    fs,
    io::{self, Read},
    process::{ChildStderr, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{child::Group, der::pem, scratch::Scratch};

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a server is left alone afterwards: one that is told again while it reads may end.
const SETTLES: Duration = Duration::from_millis(200);
/// How often it is asked whether it has ended.
const ASKED_EVERY: Duration = Duration::from_millis(10);
/// Octets of what a command says that are kept.
const MAX_WORDS: u64 = 4096;

/// What a command hands over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handed {
    /// CRLs, all that the server is to know.
    Crls,
    /// A CA that the server is to trust beside its own; none when it is to be trusted no longer.
    Authority,
}

impl Handed {
    /// The option that gives the command.
    pub fn option(self) -> &'static str {
        match self {
            Self::Crls => "--publish-crl",
            Self::Authority => "--trust-ca",
        }
    }

    /// What the file's name replaces in the command.
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::Crls => "{crl}",
            Self::Authority => "{ca}",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Crls => pem::CRL,
            Self::Authority => pem::CERTIFICATE,
        }
    }
}

/// How a server is given something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// What is handed over.
    pub handed: Handed,
    /// The command that does it; the placeholder is replaced by the file.
    pub publish: String,
    /// The command that has the server read its files again, where that is another.
    pub reload: Option<String>,
}

impl Hook {
    /// Hands over these, and has the server read its files again. Commands are ended when `is_over` says so.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub(super) fn publish(
        &self,
        ders: &[Vec<u8>],
        is_over: &dyn Fn() -> bool,
    ) -> Result<(), String> {
        self.hand_over(ders, is_over)?;
        if let Some(reload) = &self.reload {
            run(reload, is_over).map_err(|problem| format!("--reload: {problem}"))?;
        }
        thread::sleep(SETTLES);
        Ok(())
    }

    /// The commands with the operator's own file in the place of the scan's.
    pub(super) fn by_hand(&self) -> String {
        let placeholder = self.handed.placeholder();
        let publish = self.publish.replace(placeholder, "./your-own.pem");
        match &self.reload {
            Some(reload) => format!("{publish} && {reload}"),
            None => publish,
        }
    }

    /// Hands over these, as PEM blocks in one file that is gone afterwards. Nobody is told to read it yet.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub(super) fn hand_over(
        &self,
        ders: &[Vec<u8>],
        is_over: &dyn Fn() -> bool,
    ) -> Result<(), String> {
        let label = self.handed.label();
        let text: String = ders.iter().map(|der| pem::write(label, der)).collect();
        let problem = |error: io::Error| format!("{}: {error}", std::env::temp_dir().display());
        let folder = Scratch::new("hook").map_err(problem)?;
        let file = folder.path().join("handed.pem");
        fs::write(&file, text).map_err(problem)?;
        // The command may give it to another account, and nothing in it is secret.
        #[cfg(unix)]
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).map_err(problem)?;
        let quoted = file.display().to_string().replace('\'', "'\\''");
        let placeholder = self.handed.placeholder();
        let command = self.publish.replace(placeholder, &format!("'{quoted}'"));
        run(&command, is_over).map_err(|problem| format!("{}: {problem}", self.handed.option()))
    }
}

/// Runs a command of the shell, and tells what went wrong.
fn run(command: &str, is_over: &dyn Fn() -> bool) -> Result<(), String> {
    let mut words = Command::new("sh");
    words
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = Group::spawn(&mut words).map_err(|error| format!("no shell: {error}"))?;
    let (_, _, complaints) = child.take_pipes();
    let deadline = Instant::now() + PATIENCE;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => {
                return Err(match last_words(complaints) {
                    words if words.is_empty() => status.to_string(),
                    words => format!("{status}: {words}"),
                });
            }
            Ok(None) if Instant::now() >= deadline => {
                child.end();
                return Err(format!("it took longer than {} s", PATIENCE.as_secs()));
            }
            Ok(None) if is_over() => {
                child.end();
                return Err("it was ended with the scan".to_owned());
            }
            Ok(None) => thread::sleep(ASKED_EVERY),
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// The last line on standard error. Whatever a child of the command still says is not waited for.
fn last_words(complaints: Option<ChildStderr>) -> String {
    let mut words = Vec::new();
    if let Some(complaints) = complaints {
        let _ = complaints.take(MAX_WORDS).read_to_end(&mut words);
    }
    let words = String::from_utf8_lossy(&words).into_owned();
    words.lines().last().unwrap_or_default().trim().to_owned()
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_file_is_there_for_the_commands_and_gone_afterwards() {
        let folder = tempfile::tempdir().expect("a folder");
        let (copy, order) = (folder.path().join("crl.pem"), folder.path().join("order"));
        let hook = Hook {
            handed: Handed::Crls,
            publish: format!(
                "cp {{crl}} {} && echo {{crl}} >> {}",
                copy.display(),
                order.display()
            ),
            reload: Some(format!("echo reload >> {}", order.display())),
        };
        hook.publish(&[vec![0x30, 0]], &|| false).expect("runs");
        let text = fs::read_to_string(&copy).expect("was copied");
        assert_eq!(text, pem::write(pem::CRL, &[0x30, 0]));
        let order = fs::read_to_string(&order).expect("was written");
        let lines: Vec<&str> = order.lines().collect();
        assert_eq!(lines[1], "reload");
        assert!(!Path::new(lines[0]).exists(), "{}", lines[0]);
    }

    #[test]
    fn a_command_that_fails_is_told_with_its_last_words() {
        let hook = Hook {
            handed: Handed::Crls,
            publish: "echo first >&2; echo no such server >&2; exit 3".to_owned(),
            reload: None,
        };
        let problem = hook.publish(&[], &|| false).expect_err("fails");
        assert!(
            problem.contains("--publish-crl") && problem.contains("no such server"),
            "{problem}"
        );
    }
}
