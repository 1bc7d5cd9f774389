//! Bundles of CAs and CA paths: who is trusted, and whether that was meant.

use std::{collections::HashSet, path::Path, sync::LazyLock};

use x509_parser::certificate::X509Certificate;

use super::{
    Flaw, Look, Rule,
    certificate::is_authority,
    file::{Entry, Tree},
    shown,
};
use crate::{
    defect::Severity,
    question::Time,
    validator::{Certificate, RealSignatures, SignatureAlgorithm, SignatureScheme},
};

const NO_AUTHORITY: Rule = Rule {
    id: "files/anchor-that-is-no-ca",
    look: Look::Certificates,
    severity: Severity::High,
    title: "A bundle of CAs trusts a certificate that is none",
    why: "An end entity as an anchor is trusted for itself whatever else says no, and some verifiers let it issue.",
    remediation: "take it out of the bundle, and put its CA in if that is who is to be trusted",
    references: &["RFC 5280 section 6.1.1 (d)"],
};

const EXPIRED: Rule = Rule {
    id: "files/anchor-expired",
    look: Look::Certificates,
    severity: Severity::Medium,
    title: "A bundle of CAs holds one that has expired",
    why: "Verifiers disagree on whether an anchor can expire, and nobody watches a key that is out of use.",
    remediation: "take it out of the bundle",
    references: &["RFC 5280 section 6.1.1 (d)"],
};

const UNEXPECTED: Rule = Rule {
    id: "files/anchor-unexpected",
    look: Look::Certificates,
    severity: Severity::High,
    title: "A bundle of CAs trusts more than the CA that was given",
    why: "Every CA of the bundle can let in anybody. One that nobody expects is one that nobody watches.",
    remediation: "leave the CA of this service's clients in the bundle, and nothing else",
    references: &["CWE-295"],
};

const PUBLIC_ROOT: Rule = Rule {
    id: "files/public-root-beside-private",
    look: Look::Certificates,
    severity: Severity::Critical,
    title: "A bundle for clients trusts public roots beside a private one",
    why: "Anybody gets a certificate from a public CA within minutes. Where one is trusted for clients, everybody is let in.",
    remediation: "take the public roots out of the bundle that client certificates are judged with",
    references: &["CWE-295"],
};

/// Words in the names of bundles.
const BUNDLE_WORDS: &[&str] = &[
    "ca",
    "cas",
    "cacert",
    "cacerts",
    "bundle",
    "root",
    "roots",
    "trust",
    "trusted",
    "truststore",
    "anchor",
    "anchors",
];

pub(super) fn check(tree: &Tree, now: Time, expected: &[Vec<u8>], flaws: &mut Vec<Flaw>) {
    for entry in tree.files.iter().filter(|entry| is_bundle(tree, entry)) {
        let mut has_private = false;
        let mut public = Vec::new();
        for der in &entry.contents.certificates {
            let Ok((_, certificate)) = x509_parser::parse_x509_certificate(der) else {
                continue;
            };
            let mut flaw = |rule: &'static Rule, what: String| {
                flaws.push(Flaw {
                    rule,
                    paths: vec![entry.path.clone()],
                    evidence: format!("{}: {}{what}", shown(&entry.path), certificate.subject()),
                });
            };
            if !is_authority(&certificate) {
                flaw(&NO_AUTHORITY, String::new());
            }
            let end = certificate.validity().not_after.timestamp();
            if end < now.unix_seconds() {
                flaw(
                    &EXPIRED,
                    format!(", ended {}", Time::from_unix_seconds(end)),
                );
            }
            if is_public_root(&certificate) {
                public.push(certificate.subject().to_string());
                continue;
            }
            has_private = true;
            if !expected.is_empty() && !is_expected(der, expected) {
                flaw(&UNEXPECTED, String::new());
            }
        }
        let alone = expected.is_empty() && !has_private;
        if !public.is_empty() && !alone {
            let more = match public.len() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            flaws.push(Flaw {
                rule: &PUBLIC_ROOT,
                paths: vec![entry.path.clone()],
                evidence: format!("{}: {}{more}", shown(&entry.path), public[0]),
            });
        }
    }
}

/// Whether a file says who is trusted: by its name, by the CA path that it lies in, or by holding CAs alone.
fn is_bundle(tree: &Tree, entry: &Entry) -> bool {
    let certificates = &entry.contents.certificates;
    if certificates.is_empty() || super::log::is_log(&entry.path) {
        return false;
    }
    let name = entry
        .path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let named = words.any(|word| BUNDLE_WORDS.contains(&word));
    let roots = certificates.len() > 1
        && certificates.iter().all(|der| {
            x509_parser::parse_x509_certificate(der)
                .is_ok_and(|(_, certificate)| certificate.subject() == certificate.issuer())
        });
    named
        || roots
        || entry
            .path
            .parent()
            .is_some_and(|folder| is_ca_path(tree, folder))
}

/// Whether a folder is a CA path of OpenSSL: it has links or files that are named by the hash of a subject.
fn is_ca_path(tree: &Tree, folder: &Path) -> bool {
    tree.files
        .iter()
        .filter(|entry| entry.path.parent() == Some(folder))
        .any(|entry| is_hash_name(&entry.path))
}

/// `1a2b3c4d.0`
fn is_hash_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split_once('.').is_some_and(|(hash, number)| {
        hash.len() == 8
            && hash.bytes().all(|octet| octet.is_ascii_hexdigit())
            && !number.is_empty()
            && number.bytes().all(|octet| octet.is_ascii_digit())
    })
}

/// The CA itself, one that it issued, one that issued it, or one with its key.
fn is_expected(der: &[u8], expected: &[Vec<u8>]) -> bool {
    expected.iter().any(|anchor| {
        anchor == der || has_same_key(anchor, der) || issued(anchor, der) || issued(der, anchor)
    })
}

fn has_same_key(one: &[u8], other: &[u8]) -> bool {
    let keys =
        [one, other].map(|der| Certificate::parse(der).map(|parsed| parsed.key_info().to_vec()));
    matches!(keys, [Ok(one), Ok(other)] if one == other)
}

/// Whether the key of one certificate signed another that names it. A name alone is easily copied.
fn issued(issuer: &[u8], certificate: &[u8]) -> bool {
    let (Ok(issuer), Ok(certificate)) =
        (Certificate::parse(issuer), Certificate::parse(certificate))
    else {
        return false;
    };
    let Ok(algorithm) = SignatureAlgorithm::parse(certificate.signature_algorithm()) else {
        return false;
    };
    certificate.issuer_der() == issuer.subject_der()
        && RealSignatures
            .verify(
                &algorithm,
                issuer.key_info(),
                certificate.tbs(),
                certificate.signature(),
            )
            .is_ok()
}

/// Names and keys of the roots that Mozilla trusts.
static PUBLIC_ROOTS: LazyLock<HashSet<(&[u8], &[u8])>> = LazyLock::new(|| {
    let parse = |der: &'static [u8]| x509_parser::parse_x509_certificate(der).ok();
    webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .filter_map(|der| parse(der))
        .map(|(_, root)| {
            (
                root.tbs_certificate.subject.as_raw(),
                root.tbs_certificate.subject_pki.raw,
            )
        })
        .collect()
});

/// Whether Mozilla's list has a root of this name and key.
fn is_public_root(certificate: &X509Certificate<'_>) -> bool {
    PUBLIC_ROOTS.contains(&(certificate.subject().as_raw(), certificate.public_key().raw))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_ca_path_are_told() {
        for (name, is) in [
            ("1a2b3c4d.0", true),
            ("1a2b3c4d.pem", false),
            ("ca.0", false),
            ("1a2b3c4d.", false),
        ] {
            assert_eq!(is_hash_name(Path::new(name)), is, "{name}");
        }
    }
}
