//! Which finding a defect that was let in amounts to.
//!
//! A finding above info is one that settings of the server prevent. What every
//! current library lets in when the CA signs it says something about the
//! library, and is told once a family, for information.

use super::{
    remedy::Remedy,
    result::{Expected, Finding, Record},
    scene::Scene,
};
use crate::defect::{self, Defect, Severity};

/// What defects amount to when they are let in.
struct Rule {
    id: &'static str,
    severity: Severity,
    title: &'static str,
    why: &'static str,
    remedy: Remedy,
    /// Ids, in which a `*` at the end stands for any text.
    defects: &'static [&'static str],
}

/// The first rule that names a defect counts.
const RULES: &[Rule] = &[
    Rule {
        id: "trust/self-signed",
        severity: Severity::Critical,
        title: "A self-signed certificate is admitted",
        why: "Anybody can make one in a second, with any name in it.",
        remedy: Remedy::Verify,
        defects: &["trust/self-signed", "trust/copy-of-a-trusted-end-entity"],
    },
    Rule {
        id: "trust/unknown-ca",
        severity: Severity::Critical,
        title: "A certificate of a CA that nobody trusts is admitted",
        why: "Anybody can make a CA. What it signs says what its maker likes.",
        remedy: Remedy::Verify,
        defects: &[
            "trust/unknown-issuer",
            "trust/own-root-presented",
            "trust/trusted-root-appended",
            "path/cross-signed-without-trust",
            "path/cycle",
            "path/missing-*",
        ],
    },
    Rule {
        id: "trust/look-alike-ca",
        severity: Severity::Critical,
        title: "A CA that only looks like yours is trusted",
        why: "A name can be copied by anybody; it is the key that tells one CA from another.",
        remedy: Remedy::Verify,
        defects: &["trust/same-*", "trust/name-*"],
    },
    Rule {
        id: "trust/not-a-ca",
        severity: Severity::Critical,
        title: "A certificate issued by one that is no CA is admitted",
        why: "Every client of yours could issue certificates for every other.",
        remedy: Remedy::Verify,
        defects: &[
            "usage/ca-false-*",
            "usage/issuer-without-basic-constraints",
            "path/end-entity-as-issuer",
            "path/every-way-through-no-ca",
            "encoding/version-1-issuer",
            "encoding/version-2-issuer",
        ],
    },
    Rule {
        id: "trust/forged-signature",
        severity: Severity::Critical,
        title: "A certificate with a wrong signature is admitted",
        why: "Nobody vouches for what it says.",
        remedy: Remedy::Verify,
        defects: &[
            "signature/bit-flipped",
            "signature/tbs-bit-flipped",
            "signature/key-replaced",
            "signature/name-replaced",
            "signature/lifetime-extended",
            "signature/other-key",
            "signature/own-key",
            "signature/empty",
            "signature/truncated",
            "signature/absent",
            "signature/of-zeros",
            "signature/unknown-algorithm",
            "signature/algorithm-of-another-key",
            "signature/rsa-garbage-*",
            "signature/rsa-cube-root",
            "signature/rsa-bare-digest",
            "signature/rsa-zero",
            "signature/rsa-one",
            "signature/ecdsa-zeros",
            "signature/ecdsa-r-zero",
            "signature/ecdsa-s-zero",
            "signature/ecdsa-order",
            "signature/ecdsa-ones",
            "signature/ed25519-zeros",
            "keys/chosen-generator",
        ],
    },
    Rule {
        id: "validity/expired",
        severity: Severity::High,
        title: "An expired certificate is admitted",
        why: "A key that was given up, sold or lost stays good for ever, and no CRL lists it any longer.",
        remedy: Remedy::Verify,
        defects: &[
            "validity/expired",
            "validity/expired-before-1970",
            "validity/expired-in-1950",
            "validity/reversed-*",
            "path/every-way-expired",
        ],
    },
    Rule {
        id: "validity/not-yet-valid",
        severity: Severity::High,
        title: "A certificate from the future is admitted",
        why: "It was made for another time, or by somebody whose clock or intent is wrong.",
        remedy: Remedy::Verify,
        defects: &["validity/not-yet-valid", "validity/starts-in-year-9999"],
    },
    Rule {
        id: "usage/other-purpose",
        severity: Severity::High,
        title: "A certificate for another purpose is admitted as a client's",
        why: "Web servers, mail users and signers of code hold certificates of the same CA, and were never meant to be clients.",
        remedy: Remedy::Verify,
        defects: &[
            "usage/other-side-only",
            "usage/code-signing-only",
            "usage/email-protection-only",
            "usage/time-stamping-only",
            "usage/ocsp-signing-only",
            "usage/unknown-purpose-only",
        ],
    },
    Rule {
        id: "path/length",
        severity: Severity::High,
        title: "A chain longer than its CA allows is admitted",
        why: "A CA that may issue end entities only can make CAs of its own.",
        remedy: Remedy::Verify,
        defects: &["path/length-exceeded", "path/length-widened-below"],
    },
    Rule {
        id: "name-constraints/violated",
        severity: Severity::High,
        title: "A name outside what its CA may vouch for is admitted",
        why: "The fence around a delegated CA does not stand: it can name anybody.",
        remedy: Remedy::Verify,
        defects: &[
            "name-constraints/permitted-dns",
            "name-constraints/excluded-dns",
            "name-constraints/permitted-ip",
            "name-constraints/excluded-ip",
            "name-constraints/permitted-email",
            "name-constraints/excluded-email",
            "name-constraints/permitted-directory",
            "name-constraints/excluded-directory",
            "name-constraints/upper-permitted-dns",
            "name-constraints/upper-excluded-dns",
        ],
    },
    Rule {
        id: "extensions/unknown-critical",
        severity: Severity::High,
        title: "A certificate with a critical extension that the server does not know is admitted",
        why: "Critical means that whoever does not understand it must refuse: it may take away what the rest allows.",
        remedy: Remedy::Verify,
        defects: &["extensions/unknown-critical"],
    },
    Rule {
        id: "keys/broken",
        severity: Severity::High,
        title: "A key that anybody can break is admitted",
        why: "RSA of 512 bits is factored in an afternoon on rented machines, and MD5 collides in seconds.",
        remedy: Remedy::Strength,
        defects: &["keys/rsa-512", "signature/md5", "signature/md2"],
    },
    Rule {
        id: "keys/weak",
        severity: Severity::Medium,
        title: "A weak key is admitted",
        why: "RSA of 1024 bits and curves of 192 bits are within reach of an attacker with a budget, and disallowed since 2013.",
        remedy: Remedy::Strength,
        // SHA-1 is not among them: the CA chooses the digest, and JDKs take it from private CAs.
        defects: &["keys/rsa-1024", "keys/p192"],
    },
];

impl Rule {
    fn names(&self, id: &str) -> bool {
        self.defects
            .iter()
            .any(|known| match known.strip_suffix('*') {
                Some(start) => id.starts_with(start),
                None => *known == id,
            })
    }
}

/// The findings of hostile certificates that were let in: one a rule, and one a family for the rest.
pub(super) fn findings(scene: &Scene, records: &[Record]) -> Vec<Finding> {
    // An endpoint that is open lets nobody in as somebody. That is one finding, of the control.
    // Where those who show nothing are refused, any certificate that opens the door counts.
    let let_in: Vec<&Record> = records
        .iter()
        .filter(|record| record.expected == Expected::Reject)
        .filter(|record| scene.lets_in(&record.outcome))
        .collect();
    let id_of = |record: &Record| record.defect.map_or("", |id| id.0);
    let mut findings = Vec::new();
    for rule in RULES {
        let shown: Vec<&Record> = let_in
            .iter()
            .filter(|record| rule_of(id_of(record)).is_some_and(|found| found.id == rule.id))
            .copied()
            .collect();
        if !shown.is_empty() {
            findings.push(finding(scene, rule, &shown));
        }
    }
    let verifies_chains = !let_in
        .iter()
        .any(|record| id_of(record).starts_with("trust/self-signed"));
    for family in defect::CATALOGUE {
        let shown: Vec<&Record> = let_in
            .iter()
            .filter(|record| id_of(record).split('/').next() == Some(family.name))
            .filter(|record| rule_of(id_of(record)).is_none())
            .copied()
            .collect();
        if !shown.is_empty() {
            findings.push(leniency(scene, family.name, &shown, verifies_chains));
        }
    }
    findings
}

fn rule_of(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.names(id))
}

fn finding(scene: &Scene, rule: &Rule, shown: &[&Record]) -> Finding {
    Finding {
        id: rule.id.to_owned(),
        severity: rule.severity,
        title: rule.title.to_owned(),
        evidence: evidence(shown),
        why: rule.why.to_owned(),
        remediation: rule.remedy.text(scene.kind),
        references: references(shown),
        again: shown.first().and_then(|record| record.again.clone()),
        probes: shown.iter().map(|record| record.id.clone()).collect(),
    }
}

fn leniency(scene: &Scene, family: &str, shown: &[&Record], verifies_chains: bool) -> Finding {
    Finding {
        id: format!("leniency/{family}"),
        severity: Severity::Info,
        title: format!(
            "The TLS library is lenient about {}",
            family.replace('-', " ")
        ),
        evidence: evidence(shown),
        why: match verifies_chains {
            true => "Nobody but your CA can make such a certificate, so it is a second line of defence that is missing.",
            false => "This server takes certificates of anybody, so anybody can make such a one, too.",
        }
        .to_owned(),
        remediation: Remedy::Authority.text(scene.kind),
        references: references(shown),
        again: shown.first().and_then(|record| record.again.clone()),
        probes: shown.iter().map(|record| record.id.clone()).collect(),
    }
}

/// The first record whole, and the others by what they show.
fn evidence(shown: &[&Record]) -> String {
    let Some((first, rest)) = shown.split_first() else {
        return String::new();
    };
    let mut text = first.evidence.clone();
    if !rest.is_empty() {
        let others: Vec<&str> = rest
            .iter()
            .take(5)
            .map(|record| record.id.split_once('/').map_or("", |(_, id)| id))
            .collect();
        text.push_str(&format!("; likewise {}", others.join(", ")));
        if rest.len() > others.len() {
            text.push_str(&format!(" and {} more", rest.len() - others.len()));
        }
    }
    text
}

fn references(shown: &[&Record]) -> Vec<String> {
    let mut references = Vec::new();
    let defects = shown.iter().filter_map(|record| record.defect);
    for defect in defects.filter_map(|id| defect::find(id.0)) {
        references.extend(of_defect(defect));
    }
    references.sort_unstable();
    references.dedup();
    references.truncate(12);
    references
}

fn of_defect(defect: &Defect) -> impl Iterator<Item = String> {
    [defect.clause.to_owned()]
        .into_iter()
        .chain(defect.all_vulnerabilities().into_iter().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_names_defects_that_exist() {
        for rule in RULES {
            for glob in rule.defects {
                assert!(
                    defect::matching(glob).next().is_some(),
                    "{}: {glob}",
                    rule.id
                );
            }
        }
    }

    #[test]
    fn ids_of_rules_are_distinct() {
        let mut ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), RULES.len());
    }
}
