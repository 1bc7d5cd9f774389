//! Where keys lie, and who may read and replace what.

use std::path::Path;

use super::{
    Flaw, Look, Rule,
    file::{Entry, Tree},
    shown,
};
use crate::defect::Severity;

const READABLE_BY_ALL: Rule = Rule {
    id: "files/key-readable-by-all",
    look: Look::Mode,
    severity: Severity::Critical,
    title: "A private key can be read by every account of the machine",
    why: "Whoever reads the key is the server, or the client: a stolen key passes every check of a certificate until it is revoked.",
    remediation: "chmod 600 the file and give it to the account that the server runs as; then replace the key, because it may have been read",
    references: &["CWE-732", "NIST SP 800-57 part 1 section 6.2.2"],
};

const READABLE_BY_GROUP: Rule = Rule {
    id: "files/key-readable-by-group",
    look: Look::Mode,
    severity: Severity::Medium,
    title: "A private key can be read by a group",
    why: "Every account of the group, and every service that runs as one of them, can take the key.",
    remediation: "chmod 600, or make sure that the group has the server's account alone",
    references: &["CWE-732"],
};

const WRITABLE: Rule = Rule {
    id: "files/writable-by-others",
    look: Look::Mode,
    severity: Severity::High,
    title: "Others can replace a key, a certificate or a CA",
    why: "Whoever can write a CA bundle, or put a file into the folder of one, decides whose clients are trusted.",
    remediation: "chmod go-w the file and its folder",
    references: &["CWE-732"],
};

const IN_WEB_ROOT: Rule = Rule {
    id: "files/key-in-web-root",
    look: Look::Mode,
    severity: Severity::Critical,
    title: "A private key lies where files are served from",
    why: "A server of static files hands it to whoever guesses its name, and the names of keys are easily guessed.",
    remediation: "move keys and certificates out of the folder; then replace the key",
    references: &["CWE-552"],
};

const OPEN_KEY_ON_ITS_CERTIFICATE: Rule = Rule {
    id: "files/key-and-chain-in-one-file",
    look: Look::Labels,
    severity: Severity::Info,
    title: "A private key and a certificate are in one file",
    why: "A certificate is handed on freely, and the key goes with it.",
    remediation: "keep the key in a file of its own, unless the server wants them together as HAProxy does",
    references: &[],
};

/// Names of folders that files are served from.
const WEB_ROOTS: &[&str] = &[
    "public",
    "public_html",
    "static",
    "www",
    "wwwroot",
    "htdocs",
    "html",
    "webroot",
    "web-root",
    "assets",
    "dist",
];

pub(super) fn check(tree: &Tree, flaws: &mut Vec<Flaw>) {
    for entry in &tree.files {
        if entry.contents.private_keys > 0 && !super::log::is_log(&entry.path) {
            key(tree, entry, flaws);
        }
        if entry.contents.is_of_a_pki() {
            writable(&entry.path, entry.mode, flaws);
        }
    }
    for folder in &tree.folders {
        let holds = tree.files.iter().any(|entry| {
            entry.path.parent() == Some(folder.path.as_path()) && entry.contents.is_of_a_pki()
        });
        // With the sticky bit others may add files, and a CA path takes any file.
        if holds {
            writable(&folder.path, folder.mode, flaws);
        }
    }
}

fn key(tree: &Tree, entry: &Entry, flaws: &mut Vec<Flaw>) {
    let path = shown(&entry.path);
    if let Some(mode) = entry.mode.filter(|_| !entry.contents.encrypted) {
        let rule = match mode {
            mode if mode & 0o004 != 0 => Some(&READABLE_BY_ALL),
            mode if mode & 0o040 != 0 => Some(&READABLE_BY_GROUP),
            _ => None,
        };
        if let Some(rule) = rule {
            flaws.push(Flaw {
                rule,
                paths: vec![entry.path.clone()],
                evidence: format!("{path}: mode {mode:04o}"),
            });
        }
    }
    if let Some(root) = web_root(tree, &entry.path) {
        flaws.push(Flaw {
            rule: &IN_WEB_ROOT,
            paths: vec![entry.path.clone()],
            evidence: format!("{path}: below {root}"),
        });
    }
    // A key store is made to hold both.
    if !entry.contents.certificates.is_empty() && entry.contents.store.is_none() {
        flaws.push(Flaw {
            rule: &OPEN_KEY_ON_ITS_CERTIFICATE,
            paths: vec![entry.path.clone()],
            evidence: path,
        });
    }
}

/// The folder that makes a path one of a web root: by its name, or by a page in it.
fn web_root(tree: &Tree, path: &Path) -> Option<String> {
    let top = tree.folders.first()?.path.as_path();
    let within = path
        .parent()?
        .ancestors()
        .take_while(|folder| folder.starts_with(top));
    let mut found = None;
    for folder in within {
        let named = folder
            .file_name()
            .is_some_and(|name| WEB_ROOTS.iter().any(|root| name.eq_ignore_ascii_case(root)));
        let page = ["index.html", "index.htm"].iter().any(|page| {
            tree.files
                .iter()
                .any(|entry| entry.path == folder.join(page))
        });
        if named || page {
            found = Some(shown(folder));
        }
    }
    found
}

fn writable(path: &Path, mode: Option<u32>, flaws: &mut Vec<Flaw>) {
    if let Some(mode) = mode.filter(|mode| mode & 0o022 != 0) {
        let who = if mode & 0o002 != 0 {
            "everybody"
        } else {
            "its group"
        };
        flaws.push(Flaw {
            rule: &WRITABLE,
            paths: vec![path.to_owned()],
            evidence: format!("{}: {who} can write (mode {mode:04o})", shown(path)),
        });
    }
}
