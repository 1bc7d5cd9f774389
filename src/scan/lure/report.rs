//! What a lure amounts to: the report of a scan, with a client in the place of the endpoint.

use std::collections::{BTreeMap, BTreeSet};

use super::{Catch, Caught, Lie, Sight};
use crate::{
    defect::{Class, Severity},
    scan::{Expected, Finding, Outcome, Record, ScanReport, Summary, Word},
    spelling::glob_matches,
};

/// How many ids one finding shows as evidence.
const MAX_EVIDENCE: usize = 8;

impl Caught {
    /// The report, with the client's command in the place of the endpoint. `again` is the command of a lure
    /// up to its defects, for the line that shows a finding again.
    pub fn report(&self, client: &str, again: impl Fn(&str) -> String) -> ScanReport {
        let records: Vec<Record> = self
            .catches
            .iter()
            .map(|catch| record(catch, &again))
            .collect();
        let findings = self.findings(&again);
        let count = |word: Word| {
            records
                .iter()
                .filter(|record| record.word() == word)
                .count()
        };
        let inconclusive = count(Word::Inconclusive);
        let summary = Summary {
            planned: records.len(),
            answered: records.len() - inconclusive,
            inconclusive,
            findings: findings.len(),
            healthy_throughout: true,
            ..Summary::default()
        };
        // Whoever was tested with nothing has passed nothing.
        let first = records.first().filter(|_| summary.answered == 0);
        let untested = first.map(|record| {
            format!(
                "none of {} hostile servers told anything; the first: {}",
                records.len(),
                record.reason
            )
        });
        let ended = || "the lure was ended before everything was shown".to_owned();
        ScanReport {
            schema: 1,
            endpoint: client.to_owned(),
            broken: self.interrupted.then(ended).or(untested),
            probes: records,
            findings,
            summary,
            ..ScanReport::default()
        }
    }

    /// One finding for each lie that was believed, the worst first.
    fn findings(&self, again: &impl Fn(&str) -> String) -> Vec<Finding> {
        let ids: BTreeSet<&str> = self.trusted().map(|catch| catch.lie.id()).collect();
        let mut by_id: BTreeMap<String, Vec<&Catch>> = BTreeMap::new();
        for catch in self.trusted() {
            by_id
                .entry(cause(&catch.lie, &ids))
                .or_default()
                .push(catch);
        }
        let mut findings: Vec<Finding> = by_id
            .into_iter()
            .map(|(id, shown)| finding(&id, shown, again))
            .collect();
        findings.sort_by_key(|finding| finding.severity);
        findings
    }
}

fn record(catch: &Catch, again: &impl Fn(&str) -> String) -> Record {
    let outcome = match &catch.hostile {
        None => Outcome::Inconclusive(format!("its twin is not trusted either: {}", catch.twin)),
        Some(sight @ (Sight::Asked | Sight::WentOn)) => Outcome::WentAlong(sight.to_string()),
        Some(Sight::Refused(alert)) => Outcome::RefusedByAlert(alert.number()),
        Some(Sight::Left | Sight::Finished) => Outcome::RefusedByClose,
        Some(other) => Outcome::Inconclusive(other.to_string()),
    };
    let defect = match catch.lie {
        Lie::Certificate(defect) => Some(defect.id),
        Lie::Handshake(_) => None,
    };
    let saw = catch.hostile.as_ref().unwrap_or(&catch.twin);
    Record {
        id: catch.id.clone(),
        defect,
        expected: Expected::Reject,
        reason: outcome.to_string(),
        evidence: format!("{}: {saw}", catch.lie.summary()),
        again: Some(again(catch.lie.id())),
        healthy: None,
        outcome,
    }
}

/// Lies that show what is missing, and those that are believed for no other cause then.
const CAUSES: &[(&str, &[&str])] = &[
    ("names/other-host", &["names/*"]),
    ("revocation/ocsp-revoked", &["revocation/ocsp-*"]),
    ("revocation/end-entity-revoked", &["revocation/*"]),
    // Without a verified chain nothing that stands in it means anything.
    (
        "trust/unknown-issuer",
        &[
            "trust/*",
            "signature/*",
            "path/*",
            "validity/*",
            "usage/*",
            "extensions/*",
            "encoding/*",
            "keys/*",
            "name-constraints/*",
            "policies/*",
            "complexity/*",
            "identity/*",
        ],
    ),
];

/// The id under which a lie is told: its own, that of its cause, or that of its family for what is lenient alone.
fn cause(lie: &Lie, believed: &BTreeSet<&str>) -> String {
    let id = lie.id();
    for (cause, ids) in CAUSES {
        if believed.contains(cause) && ids.iter().any(|glob| glob_matches(glob, id)) {
            return (*cause).to_owned();
        }
    }
    match lie {
        Lie::Certificate(defect) if defect.class == Class::Lint => {
            format!("{}/lenient", defect.id.family())
        }
        _ => id.to_owned(),
    }
}

fn finding(id: &str, mut shown: Vec<&Catch>, again: &impl Fn(&str) -> String) -> Finding {
    // The cause itself first.
    shown.sort_by_key(|catch| catch.lie.id() != id);
    let lie = shown[0].lie;
    let is_lenient = lie.id() != id;
    let more = match shown.len().saturating_sub(MAX_EVIDENCE) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let ids: Vec<&str> = shown
        .iter()
        .map(|catch| catch.id.as_str())
        .take(MAX_EVIDENCE)
        .collect();
    let (severity, clause, why, vulnerabilities) = match lie {
        Lie::Certificate(defect) => (
            severity(defect.class, defect.severity),
            defect.clause,
            defect.page,
            defect.vulnerabilities,
        ),
        Lie::Handshake(lie) => (lie.severity, lie.clause, lie.why, &[][..]),
    };
    let mut references = vec![clause.to_owned()];
    references.extend(vulnerabilities.iter().map(|id| (*id).to_owned()));
    Finding {
        id: format!("lure/{id}"),
        severity,
        title: match is_lenient {
            true => format!("Deviations of the family {} are trusted", lie.id().split('/').next().unwrap_or_default()),
            false => format!("A server is trusted: {}", lie.summary()),
        },
        evidence: format!(
            "{}, after its request to the benign twin: {}{more}",
            lie_sight(shown[0]),
            ids.join(", ")
        ),
        why: match is_lenient {
            true => "Strict DER or a profile refuses these. They let nobody in by themselves, and show how much a parser forgives.".to_owned(),
            false => why.to_owned(),
        },
        remediation: remediation(id).to_owned(),
        references,
        again: Some(again(lie.id())),
        probes: shown.iter().map(|catch| catch.id.clone()).collect(),
    }
}

/// What the hostile server saw.
fn lie_sight(catch: &Catch) -> &Sight {
    catch.hostile.as_ref().unwrap_or(&catch.twin)
}

/// What strict DER or a profile alone refuses says little about who gets in.
fn severity(class: Class, severity: Severity) -> Severity {
    match class {
        Class::MustReject => severity,
        Class::Policy => severity.max(Severity::Medium),
        Class::Lint => Severity::Info,
    }
}

fn remediation(id: &str) -> &'static str {
    match id.split('/').next().unwrap_or_default() {
        "names" if id.contains("common-name") => {
            "have the library ask alternative names alone (Python: `context.hostname_checks_common_name = False`; OpenSSL: X509_CHECK_FLAG_NEVER_CHECK_SUBJECT), where it can be told"
        }
        "names" => {
            "turn the check of the host name on: no `verify_hostname=False`, no `checkServerIdentity` of your own, no `-k`"
        }
        "revocation" => {
            "ask for a stapled response and refuse without a good one (curl --cert-status), or give the client CRLs"
        }
        "handshake" if id.contains("sign") || id.contains("stolen") => {
            "verify the signature of the handshake: a verifier of your own must call that of the library"
        }
        "handshake" => {
            "set the least version to TLS 1.2 or 1.3, and leave the library's own list of cipher suites as it is"
        }
        "trust" | "signature" | "path" => {
            "verify the chain: no `rejectUnauthorized: false`, no `verify=False`, no `InsecureSkipVerify`, no `-k`"
        }
        "keys" if id.contains("exponent") => {
            "update the TLS library, or keep the CA from signing such a key: no level of security looks at the exponent"
        }
        "keys" => {
            "raise the security level of the library, such as `@SECLEVEL=2` of OpenSSL, where a key is short; what is weak in another way the CA must not sign"
        }
        _ => {
            "where the client is told to verify nothing (`-k`, `verify=False`, `rejectUnauthorized: false`), have it verify; otherwise update its TLS library, and if that is current, report this to its maintainers with the files of `gatecrash mint`"
        }
    }
}
