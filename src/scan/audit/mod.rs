//! An audit of the files that a server is configured with: keys, certificates,
//! bundles of CAs, and logs that hold what no log should.
//!
//! Nothing is changed, no link is followed, and no key is ever shown: evidence is
//! paths and figures.

mod authority;
mod certificate;
mod file;
mod key;
mod log;
mod place;
mod store;
mod store_password;

use std::{
    io,
    path::{Path, PathBuf},
};

pub use file::Contents;
pub use log::{LogError, LogMark, Planted, Telltale, search};

use super::{command::word, result::Finding};
use crate::{defect::Severity, question::Time};

/// What is looked at, and against what.
#[derive(Clone, Debug)]
pub struct Audit {
    folder: PathBuf,
    now: Time,
    /// CAs that may be trusted, as DER. Any may where there are none.
    expected: Vec<Vec<u8>>,
}

/// A folder that cannot be audited.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// It cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is no folder.
    #[error("{} is not a folder", .0.display())]
    NoFolder(PathBuf),
}

/// What an audit gives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Audited {
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
    /// How many files were read.
    pub files: usize,
    /// Whether there was more than is read.
    pub is_partial: bool,
}

/// Something that is wrong with one file or folder.
struct Flaw {
    rule: &'static Rule,
    /// What is to be looked at again.
    paths: Vec<PathBuf>,
    /// The path and what is wrong with it.
    evidence: String,
}

/// What can be wrong with a file.
pub(super) struct Rule {
    id: &'static str,
    look: Look,
    severity: Severity,
    title: &'static str,
    why: &'static str,
    remediation: &'static str,
    references: &'static [&'static str],
}

/// By which command somebody sees for himself. None of them shows a private key.
#[derive(Clone, Copy)]
enum Look {
    /// Owner and permissions.
    Mode,
    /// The labels of PEM blocks.
    Labels,
    /// Certificates as text.
    Certificates,
    /// The public key of a private key, and of the certificates beside it.
    PublicKeys,
    /// What a key store shows of itself to those who have not its password.
    KeyStore,
}

impl Look {
    fn command(self, paths: &[PathBuf], tree: &file::Tree) -> String {
        let words: Vec<String> = paths.iter().map(|path| word(&shown(path))).collect();
        let all = words.join(" ");
        match self {
            Self::Mode => format!("ls -ld {all}"),
            Self::Labels => format!("grep -ac -e -----BEGIN {all}"),
            Self::Certificates => {
                let each = |file: &String| format!("openssl storeutl -certs -noout -text {file}");
                words.iter().map(each).collect::<Vec<_>>().join("; ")
            }
            Self::PublicKeys => {
                let mut files = words.iter();
                let key = files
                    .next()
                    .map(|file| format!("openssl pkey -pubout -in {file}"));
                let others = files.map(|file| format!("openssl x509 -noout -pubkey -in {file}"));
                key.into_iter().chain(others).collect::<Vec<_>>().join("; ")
            }
            Self::KeyStore => {
                let each = |path: &PathBuf| {
                    let entry = tree.files.iter().find(|entry| entry.path == *path);
                    store::look(path, entry.and_then(|entry| entry.contents.store.as_ref()))
                };
                paths.iter().map(each).collect::<Vec<_>>().join("; ")
            }
        }
    }
}

/// The most files that one command looks at.
const MAX_LOOKED_AT: usize = 3;

/// The most lines of evidence of one finding.
const MAX_EVIDENCE: usize = 12;

impl Audit {
    /// An audit of everything below a folder.
    pub fn new(folder: impl Into<PathBuf>, now: Time) -> Self {
        Self {
            folder: folder.into(),
            now,
            expected: Vec::new(),
        }
    }

    /// Names the CAs that may be trusted, as DER certificates. Others are findings then.
    #[must_use]
    pub fn expecting(mut self, anchors: Vec<Vec<u8>>) -> Self {
        self.expected = anchors;
        self
    }

    /// Whether the folder can be audited at all.
    ///
    /// # Errors
    /// When it is none, or cannot be read.
    pub fn check(&self) -> Result<(), AuditError> {
        file::readable(&self.folder).map(|_| ())
    }

    /// Reads everything, and says what is wrong.
    ///
    /// # Errors
    /// When the folder is none, or cannot be read.
    pub fn run(&self) -> Result<Audited, AuditError> {
        let tree = file::Tree::read(&self.folder)?;
        let mut flaws = Vec::new();
        place::check(&tree, &mut flaws);
        key::check(&tree, &mut flaws);
        certificate::check(&tree, self.now, &mut flaws);
        authority::check(&tree, self.now, &self.expected, &mut flaws);
        store::check(&tree, &mut flaws);
        log::check(&tree, &mut flaws);
        Ok(Audited {
            findings: findings(flaws, &tree),
            files: tree.files.len(),
            is_partial: tree.is_partial,
        })
    }
}

/// One finding for each rule, the worst first.
fn findings(flaws: Vec<Flaw>, tree: &file::Tree) -> Vec<Finding> {
    let mut rules: Vec<&'static Rule> = Vec::new();
    for flaw in &flaws {
        if !rules.iter().any(|rule| rule.id == flaw.rule.id) {
            rules.push(flaw.rule);
        }
    }
    rules.sort_by_key(|rule| (rule.severity, rule.id));
    let finding = |rule: &'static Rule| {
        let mut lines: Vec<&str> = flaws
            .iter()
            .filter(|flaw| flaw.rule.id == rule.id)
            .map(|flaw| flaw.evidence.as_str())
            .collect();
        lines.sort_unstable();
        lines.dedup();
        let more = lines.len().saturating_sub(MAX_EVIDENCE);
        lines.truncate(MAX_EVIDENCE);
        let mut evidence = lines.join("\n");
        if more > 0 {
            evidence.push_str(&format!("\nand {more} more"));
        }
        let mut paths: Vec<PathBuf> = flaws
            .iter()
            .filter(|flaw| flaw.rule.id == rule.id)
            .flat_map(|flaw| flaw.paths.iter().cloned())
            .collect();
        paths.dedup();
        paths.truncate(MAX_LOOKED_AT);
        Finding {
            id: rule.id.to_owned(),
            severity: rule.severity,
            title: rule.title.to_owned(),
            evidence,
            why: rule.why.to_owned(),
            remediation: rule.remediation.to_owned(),
            references: rule
                .references
                .iter()
                .map(|text| (*text).to_owned())
                .collect(),
            again: Some(rule.look.command(&paths, tree)),
            probes: Vec::new(),
        }
    };
    rules.into_iter().map(finding).collect()
}

/// A path as evidence shows it.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
