//! Certificates on disk: how strong, how long, and how soon to renew.

use x509_parser::{certificate::X509Certificate, public_key::PublicKey};

use super::{
    Flaw, Look, Rule,
    file::{Entry, Tree},
    shown,
};
use crate::{defect::Severity, question::Time};

const EXPIRED: Rule = Rule {
    id: "files/certificate-expired",
    look: Look::Certificates,
    severity: Severity::High,
    title: "A certificate has expired",
    why: "Strict peers refuse it, and people who are refused turn checks off.",
    remediation: "renew it, and have it renewed by a machine from now on",
    references: &["RFC 5280 section 4.1.2.5"],
};

const NEAR_ITS_END: Rule = Rule {
    id: "files/renewal-near",
    look: Look::Certificates,
    severity: Severity::Medium,
    title: "A certificate ends soon",
    why: "Less than a tenth of its life is left. What is not renewed in time is an outage, or an exception that stays.",
    remediation: "renew it now; automated renewal should act when a third of the life is left",
    references: &["RFC 5280 section 4.1.2.5"],
};

const NOT_YET_VALID: Rule = Rule {
    id: "files/certificate-not-yet-valid",
    look: Look::Certificates,
    severity: Severity::Medium,
    title: "A certificate is not valid yet",
    why: "Strict peers refuse it until then. A clock may be wrong, here or at the CA.",
    remediation: "compare the clocks, and issue it anew",
    references: &["RFC 5280 section 4.1.2.5"],
};

const LONG_LIVED: Rule = Rule {
    id: "files/certificate-long-lived",
    look: Look::Certificates,
    severity: Severity::Low,
    title: "An end entity's certificate lives for more than 398 days",
    why: "A key that leaks is good for as long as its certificate, wherever revocation is not checked.",
    remediation: "issue certificates for days or weeks, and renew them by a machine",
    references: &[
        "CA/Browser Forum Baseline Requirements section 6.3.2",
        "NIST SP 800-57 part 1 section 5.3",
    ],
};

const WEAK_KEY: Rule = Rule {
    id: "files/weak-key",
    look: Look::Certificates,
    severity: Severity::High,
    title: "A certificate's key is weak",
    why: "Keys of this size have been broken, or are within reach of those who can pay.",
    remediation: "make a new key pair: P-256, Ed25519, or RSA of 3072 bits",
    references: &["NIST SP 800-131A revision 2", "CWE-326"],
};

const WEAK_SIGNATURE: Rule = Rule {
    id: "files/weak-signature",
    look: Look::Certificates,
    severity: Severity::High,
    title: "A certificate is signed with a broken hash",
    why: "Collisions of MD5 and SHA-1 can be computed: somebody may hold another certificate with the same signature.",
    remediation: "issue it anew, signed with SHA-256 or better",
    references: &["RFC 6194", "RFC 6151", "NIST SP 800-131A revision 2"],
};

/// The most days of an end entity's certificate.
const MAX_DAYS: i64 = 398;

const DAY: i64 = 86_400;

pub(super) fn check(tree: &Tree, now: Time, flaws: &mut Vec<Flaw>) {
    for entry in tree
        .files
        .iter()
        .filter(|entry| !super::log::is_log(&entry.path))
    {
        for der in &entry.contents.certificates {
            if let Ok((_, certificate)) = x509_parser::parse_x509_certificate(der) {
                one(entry, &certificate, now, flaws);
            }
        }
    }
}

fn one(entry: &Entry, certificate: &X509Certificate<'_>, now: Time, flaws: &mut Vec<Flaw>) {
    let mut flaw = |rule: &'static Rule, what: String| {
        let evidence = format!("{}: {}, {what}", shown(&entry.path), certificate.subject());
        flaws.push(Flaw {
            rule,
            paths: vec![entry.path.clone()],
            evidence,
        });
    };
    let validity = certificate.validity();
    let (from, until) = (
        validity.not_before.timestamp(),
        validity.not_after.timestamp(),
    );
    let (life, left) = (until - from, until - now.unix_seconds());
    let end = Time::from_unix_seconds(until);
    // A CA's end is the concern of those who trust it.
    if !is_authority(certificate) {
        if left < 0 {
            flaw(&EXPIRED, format!("ended {end}"));
        } else if now.unix_seconds() < from {
            flaw(
                &NOT_YET_VALID,
                format!("begins {}", Time::from_unix_seconds(from)),
            );
        } else if left < life / 10 {
            flaw(&NEAR_ITS_END, format!("ends {end}, in {} days", left / DAY));
        }
        if life > MAX_DAYS * DAY {
            flaw(&LONG_LIVED, format!("lives for {} days", life / DAY));
        }
    }
    if let Some(weakness) = weak_key(certificate) {
        flaw(&WEAK_KEY, weakness);
    }
    // Whoever trusts a root trusts its key, and not the signature that it made on itself.
    let is_root = certificate.subject() == certificate.issuer();
    if let Some(hash) = weak_hash(certificate).filter(|_| !is_root) {
        flaw(&WEAK_SIGNATURE, format!("signed with {hash}"));
    }
}

/// Whether basicConstraints call it a CA.
pub(super) fn is_authority(certificate: &X509Certificate<'_>) -> bool {
    let constraints = certificate.basic_constraints();
    constraints.is_ok_and(|extension| extension.is_some_and(|extension| extension.value.ca))
}

fn weak_key(certificate: &X509Certificate<'_>) -> Option<String> {
    match certificate.public_key().parsed().ok()? {
        PublicKey::RSA(key) => {
            let bits = key.modulus.iter().skip_while(|octet| **octet == 0).count() * 8;
            let exponent = key.try_exponent().unwrap_or(u64::MAX);
            match (bits, exponent) {
                (bits, _) if bits < 2040 => Some(format!("RSA of {bits} bits")),
                (_, exponent) if exponent < 3 || exponent % 2 == 0 => {
                    Some(format!("RSA with the exponent {exponent}"))
                }
                _ => None,
            }
        }
        PublicKey::EC(point) if point.key_size() > 0 && point.key_size() < 224 => {
            Some(format!("a curve of {} bits", point.key_size()))
        }
        PublicKey::DSA(_) => Some("DSA".to_owned()),
        _ => None,
    }
}

fn weak_hash(certificate: &X509Certificate<'_>) -> Option<&'static str> {
    // md2, md4 and md5WithRSAEncryption, sha1WithRSAEncryption, ecdsa-with-SHA1, dsa-with-SHA1
    let broken = [
        ("1.2.840.113549.1.1.2", "MD2"),
        ("1.2.840.113549.1.1.3", "MD4"),
        ("1.2.840.113549.1.1.4", "MD5"),
        ("1.2.840.113549.1.1.5", "SHA-1"),
        ("1.2.840.10045.4.1", "SHA-1"),
        ("1.2.840.10040.4.3", "SHA-1"),
    ];
    let stated = certificate.signature_algorithm.algorithm.to_id_string();
    broken
        .iter()
        .find(|(oid, _)| *oid == stated)
        .map(|(_, hash)| *hash)
}
