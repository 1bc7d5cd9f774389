//! What a lure amounts to: the report of a scan, with a client in the place of the endpoint.

use std::collections::BTreeMap;

use super::{Catch, Caught, Lie, Sight};
use crate::{
    defect::{Class, Severity},
    scan::{Expected, Finding, Outcome, Record, ScanReport, Summary, Word},
};

/// HTTP status of the rogue server's answer.
const ANSWERED: u16 = 200;

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
        ScanReport {
            schema: 1,
            endpoint: client.to_owned(),
            probes: records,
            findings,
            summary,
            broken: self
                .interrupted
                .then(|| "the lure was ended early".to_owned()),
            ..ScanReport::default()
        }
    }

    /// One finding for each lie that was believed, the worst first.
    fn findings(&self, again: &impl Fn(&str) -> String) -> Vec<Finding> {
        let mut by_id: BTreeMap<&str, Vec<&Catch>> = BTreeMap::new();
        for catch in self.trusted() {
            by_id.entry(catch.lie.id()).or_default().push(catch);
        }
        let mut findings: Vec<Finding> = by_id
            .into_iter()
            .map(|(id, shown)| finding(id, &shown, again))
            .collect();
        findings.sort_by_key(|finding| finding.severity);
        findings
    }
}

fn record(catch: &Catch, again: &impl Fn(&str) -> String) -> Record {
    let outcome = match &catch.hostile {
        None => Outcome::Inconclusive(format!("its twin is not trusted either: {}", catch.twin)),
        Some(Sight::Asked) => Outcome::Accepted(ANSWERED),
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

fn finding(id: &str, shown: &[&Catch], again: &impl Fn(&str) -> String) -> Finding {
    let lie = shown[0].lie;
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
        Lie::Handshake(lie) => (
            lie.severity,
            lie.clause,
            "A certificate is public, and the signature of the handshake is the proof that its holder has the key. Whoever takes another one talks to anybody.",
            &[][..],
        ),
    };
    let mut references = vec![clause.to_owned()];
    references.extend(vulnerabilities.iter().map(|id| (*id).to_owned()));
    Finding {
        id: format!("lure/{id}"),
        severity,
        title: format!("It trusts a server although {}", lie.summary()),
        evidence: format!(
            "it sent its request to the hostile server, and to its benign twin: {}",
            ids.join(", ")
        ),
        why: why.to_owned(),
        remediation: remediation(id).to_owned(),
        references,
        again: Some(again(id)),
        probes: shown.iter().map(|catch| catch.id.clone()).collect(),
    }
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
        "names" => {
            "turn the check of the host name on: no `verify_hostname=False`, no `checkServerIdentity` of your own, no `-k`"
        }
        "revocation" => {
            "ask for a stapled response and refuse without a good one (curl --cert-status), or give the client CRLs"
        }
        "trust" | "signature" | "path" | "handshake" => {
            "verify the chain: no `rejectUnauthorized: false`, no `verify=False`, no `InsecureSkipVerify`, no `-k`"
        }
        "keys" => "raise the security level of the library, such as `@SECLEVEL=2` of OpenSSL",
        _ => {
            "update the client's TLS library; if it is current, report this to its maintainers with the files of `gatecrash mint`"
        }
    }
}
