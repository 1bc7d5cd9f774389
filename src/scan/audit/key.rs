//! Keys and the certificates that should be theirs.

use std::{collections::HashSet, path::Path};

use super::{
    Flaw, Look, Rule,
    file::{Entry, Tree, public_key},
    shown,
};
use crate::defect::Severity;

const MISMATCH: Rule = Rule {
    id: "files/key-of-another-certificate",
    look: Look::PublicKeys,
    severity: Severity::High,
    title: "A key and the certificate beside it are of two pairs",
    why: "The server does not start with them, or goes on with an older pair that nobody watches any more.",
    remediation: "put the key beside the certificate that was made for it; `openssl pkey -pubout` and `openssl x509 -pubkey` show which belong together",
    references: &[],
};

/// What stands in file names for the half of a pair that the file holds.
const HALVES: &[&str] = &[
    "privkey",
    "fullchain",
    "private",
    "cert",
    "crt",
    "chain",
    "key",
    "pem",
];

pub(super) fn check(tree: &Tree, flaws: &mut Vec<Flaw>) {
    for entry in tree
        .files
        .iter()
        .filter(|entry| !entry.contents.keys.is_empty())
    {
        let own: HashSet<&[u8]> = entry.contents.keys.iter().map(Vec::as_slice).collect();
        let mut beside = partners(tree, entry).peekable();
        if beside.peek().is_none() {
            continue;
        }
        let partners: Vec<&Entry> = beside.collect();
        // Any certificate of a chain may be the key's: some put the end entity last.
        let fits = |partner: &Entry| {
            let keys = partner
                .contents
                .certificates
                .iter()
                .filter_map(|der| public_key(der));
            keys.into_iter().any(|key| own.contains(key.as_slice()))
        };
        if !partners.iter().any(|partner| fits(partner)) {
            let names: Vec<String> = partners
                .iter()
                .map(|partner| shown(&partner.path))
                .collect();
            flaws.push(Flaw {
                rule: &MISMATCH,
                paths: [entry]
                    .iter()
                    .chain(&partners)
                    .map(|entry| entry.path.clone())
                    .collect(),
                evidence: format!(
                    "{} does not belong to {}",
                    shown(&entry.path),
                    names.join(" or ")
                ),
            });
        }
    }
}

/// The files with certificates that go by the same name in the same folder, the file itself among them.
fn partners<'t>(tree: &'t Tree, entry: &'t Entry) -> impl Iterator<Item = &'t Entry> {
    let stem = stem(&entry.path);
    tree.files.iter().filter(move |other| {
        !other.contents.certificates.is_empty()
            && other.path.parent() == entry.path.parent()
            && self::stem(&other.path) == stem
    })
}

/// A file's name without what tells key and certificate apart: `server-key.pem` and `server.crt` are both `server`.
fn stem(path: &Path) -> String {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let rest: Vec<&str> = words.filter(|word| !HALVES.contains(word)).collect();
    rest.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_pair_have_one_stem() {
        for (key, certificate) in [
            ("server.key", "server.pem"),
            ("server-key.pem", "server-cert.pem"),
            ("privkey.pem", "fullchain.pem"),
            ("api.example.org.key", "api.example.org.crt"),
            ("client_key.pem", "client.crt"),
        ] {
            assert_eq!(stem(Path::new(key)), stem(Path::new(certificate)), "{key}");
        }
        assert_ne!(stem(Path::new("a.key")), stem(Path::new("b.pem")));
    }
}
