//! Logs: keys and certificates in them, and tokens of probe certificates that turn up there.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use super::{Flaw, Look, Rule, file::Tree, shown};
use crate::defect::Severity;

pub(super) const KEY_IN_LOG: Rule = Rule {
    id: "logs/private-key",
    look: Look::Labels,
    severity: Severity::Critical,
    title: "A private key stands in a log",
    why: "Logs are copied, shipped and kept. Whoever reads one has the key.",
    remediation: "replace the key, take it out of every copy of the log, and find what writes it: a dump of options or of a request, as a rule",
    references: &["CWE-532"],
};

pub(super) const CERTIFICATE_IN_LOG: Rule = Rule {
    id: "logs/certificate",
    look: Look::Labels,
    severity: Severity::Medium,
    title: "Whole certificates stand in a log",
    why: "A certificate names people and devices, and helps whoever wants to stand in for them.",
    remediation: "log the fingerprint or the serial number, and nothing else of a certificate",
    references: &["CWE-532"],
};

/// The most octets of a log that are read, from its end.
const MAX_OCTETS: u64 = 64 << 20;

pub(super) fn check(tree: &Tree, flaws: &mut Vec<Flaw>) {
    for entry in tree.files.iter().filter(|entry| is_log(&entry.path)) {
        let contents = &entry.contents;
        let mut flaw = |rule, count: usize, what: &str| {
            if count > 0 {
                flaws.push(Flaw {
                    rule,
                    paths: vec![entry.path.clone()],
                    evidence: format!("{}: {count} {what}", shown(&entry.path)),
                });
            }
        };
        flaw(&KEY_IN_LOG, contents.private_keys, "private keys");
        flaw(
            &CERTIFICATE_IN_LOG,
            contents.certificates.len(),
            "certificates",
        );
    }
}

/// Whether a file is a log: by its extension, one that was rotated included, or by its folder.
pub(super) fn is_log(path: &Path) -> bool {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    let folder = path.parent().and_then(Path::file_name);
    name.ends_with(".log")
        || name.contains(".log.")
        || folder.is_some_and(|folder| {
            folder.eq_ignore_ascii_case("log") || folder.eq_ignore_ascii_case("logs")
        })
}

/// A log that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the log {}: {error}", path.display())]
pub struct LogError {
    path: PathBuf,
    error: io::Error,
}

/// How long a log was before anything was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogMark {
    path: PathBuf,
    length: u64,
}

/// A log that can be read again later.
fn readable(path: &Path, metadata: fs::Metadata) -> io::Result<fs::Metadata> {
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        return Err(io::Error::other(
            "a pipe or a device, of which nobody can tell afterwards what was written: have the log written to a file",
        ));
    }
    File::open(path).map(|_| metadata)
}

impl LogMark {
    /// Marks the end of a log as it is now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn set(path: impl Into<PathBuf>) -> Result<Self, LogError> {
        let path = path.into();
        // Looked at before it is opened, which for a pipe may take for ever.
        let metadata = fs::metadata(&path);
        match metadata.and_then(|metadata| readable(&path, metadata)) {
            Ok(metadata) => Ok(Self {
                length: metadata.len(),
                path,
            }),
            Err(error) => Err(LogError { path, error }),
        }
    }

    /// Which log it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether anything was written since, or it was begun anew.
    pub fn has_grown(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|metadata| metadata.len() != self.length)
    }

    /// What was written since. All of it when the log was begun anew.
    fn grown(&self) -> io::Result<Vec<u8>> {
        let mut file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        let start = if length < self.length { 0 } else { self.length };
        file.seek(SeekFrom::Start(
            start.max(length.saturating_sub(MAX_OCTETS)),
        ))?;
        let mut text = Vec::new();
        file.take(MAX_OCTETS).read_to_end(&mut text)?;
        Ok(text)
    }
}

/// Something of a probe's certificate that stands nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planted {
    /// The text.
    pub text: String,
    /// What it tells when it turns up.
    pub telltale: Telltale,
}

/// What of a certificate was logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Telltale {
    /// The whole certificate.
    Certificate,
    /// A name of the subject alternative name.
    AlternativeName,
    /// The subject.
    Subject,
}

/// Which of these turned up in which logs since they were marked.
///
/// # Errors
/// When a log cannot be read.
pub fn search(
    marks: &[LogMark],
    planted: &[Planted],
) -> Result<Vec<(PathBuf, Telltale)>, LogError> {
    let mut found = Vec::new();
    for mark in marks {
        let text = mark.grown().map_err(|error| LogError {
            path: mark.path.clone(),
            error,
        })?;
        let text = String::from_utf8_lossy(&text);
        for planted in planted {
            if text.contains(&planted.text) {
                found.push((mark.path.clone(), planted.telltale));
            }
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_told_by_name_and_by_folder() {
        for (path, is) in [
            ("/srv/access.log", true),
            ("/srv/access.log.1", true),
            ("/srv/logs/out", true),
            ("/srv/catalog.pem", false),
            ("/srv/login.key", false),
        ] {
            assert_eq!(is_log(Path::new(path)), is, "{path}");
        }
    }
}
