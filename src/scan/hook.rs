//! The operator's own commands, by which a server is given a CRL and reads it.

use std::{
    fs::{self, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{ChildStderr, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{child::Group, der::pem};

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is asked whether it has ended.
const ASKED_EVERY: Duration = Duration::from_millis(10);
/// Octets of what a command says that are kept.
const MAX_WORDS: u64 = 4096;

/// How a server is given a CRL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The command that hands it over; `{crl}` is replaced by the file.
    pub publish: String,
    /// The command that has the server read its files again, where that is another.
    pub reload: Option<String>,
}

impl Hook {
    /// Hands over CRLs, as PEM blocks in one file that is gone afterwards.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub(super) fn publish(&self, crls: &[Vec<u8>]) -> Result<(), String> {
        let text: String = crls.iter().map(|crl| pem::write(pem::CRL, crl)).collect();
        let file = Passing::write(&text)?;
        let quoted = file.path().display().to_string().replace('\'', "'\\''");
        run(&self.publish.replace("{crl}", &format!("'{quoted}'")))
            .map_err(|problem| format!("--publish-crl: {problem}"))?;
        match &self.reload {
            Some(reload) => run(reload).map_err(|problem| format!("--reload: {problem}")),
            None => Ok(()),
        }
    }
}

/// A file that is removed with its value.
struct Passing(PathBuf);

impl Passing {
    fn write(text: &str) -> Result<Self, String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("gatecrash-{}-{number}.crl.pem", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_file(&path);
        // A file that somebody else put there is never written through.
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let passing = Self(path);
        file.write_all(text.as_bytes())
            .map_err(|error| format!("{}: {error}", passing.0.display()))?;
        Ok(passing)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Runs a command of the shell, and tells what went wrong.
fn run(command: &str) -> Result<(), String> {
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
    use super::*;

    #[test]
    fn the_file_is_there_for_the_commands_and_gone_afterwards() {
        let folder = tempfile::tempdir().expect("a folder");
        let (copy, order) = (folder.path().join("crl.pem"), folder.path().join("order"));
        let hook = Hook {
            publish: format!(
                "cp {{crl}} {} && echo {{crl}} >> {}",
                copy.display(),
                order.display()
            ),
            reload: Some(format!("echo reload >> {}", order.display())),
        };
        hook.publish(&[vec![0x30, 0]]).expect("runs");
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
            publish: "echo first >&2; echo no such server >&2; exit 3".to_owned(),
            reload: None,
        };
        let problem = hook.publish(&[]).expect_err("fails");
        assert!(
            problem.contains("--publish-crl") && problem.contains("no such server"),
            "{problem}"
        );
    }
}
