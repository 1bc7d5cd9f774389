//! Offers below the floor: what the server chooses when a client offers what
//! nobody should take any more.
//!
//! No probe shows a certificate or finishes a handshake, so none can be let in:
//! what counts is that the server goes along at all.

use std::collections::BTreeMap;

use super::{
    client::Client,
    outcome::Outcome,
    probe::{Conclusion, Probe, Seen, Stage},
    remedy::Remedy,
    result::{Finding, Record},
    scene::Scene,
};
use crate::{
    defect::{self, Severity},
    handshake::downgrade::{self, Answer, Target, Verdict},
    script::{Alert, CipherSuite, End, ProtocolVersion},
};

/// Every offer of the family `downgrade`, and the safeguards of old versions.
pub(super) const STAGE: Stage = Stage {
    name: "downgrade",
    about: "old versions, weak suites, groups and signatures, offered one by one",
    alone: false,
    changes_server: false,
    probes,
    conclude,
};

fn probes(_: &Scene) -> Vec<Probe> {
    downgrade::probes().into_iter().map(probe).collect()
}

fn probe(offer: downgrade::Probe) -> Probe {
    let (id, summary) = (offer.id, offer.summary);
    let probe = Probe::hostile(id, summary, move |scene| show(scene, &offer));
    match defect::find(id) {
        Some(defect) => probe.of_defect(defect.id),
        None => probe,
    }
}

fn show(scene: &Scene, offer: &downgrade::Probe) -> Seen {
    let Some(target) = target(&scene.client) else {
        return Seen::inconclusive("the endpoint has no address");
    };
    if !scene.client.pace().wait() {
        return Seen::inconclusive("not shown: the bounds of the scan are reached");
    }
    match offer.run(&target) {
        _ if scene.client.pace().is_stopped() => {
            Seen::inconclusive("not shown: the scan was ended early")
        }
        Err(error) => Seen::inconclusive(format!("nobody answers: {error}")),
        Ok(seen) => {
            let outcome = match seen.verdict {
                Verdict::Broken => Outcome::WentAlong(seen.evidence.clone()),
                Verdict::Held => refusal(&seen.answer),
                Verdict::Unclear if seen.answer.end == End::TimedOut => Outcome::Silent,
                Verdict::Unclear => Outcome::Inconclusive(seen.evidence.clone()),
            };
            Seen {
                evidence: seen.evidence,
                ..Seen::of(outcome)
            }
        }
    }
}

/// The versions that the server chooses when each is offered alone. None where that is not known.
pub(super) fn spoken(client: &Client) -> Vec<ProtocolVersion> {
    // Each version is a visit.
    let may = ProtocolVersion::NAMED.iter().all(|_| client.pace().wait());
    let target = may.then(|| target(client)).flatten();
    target
        .and_then(|target| downgrade::versions(&target).ok())
        .unwrap_or_default()
}

pub(super) fn target(client: &Client) -> Option<Target> {
    let target = Target::new(client.address()?)
        .patience(client.timeout())
        .stop(client.pace().stop());
    Some(match client.endpoint().dns_name() {
        Some(name) => target.server_name(name),
        None => target,
    })
}

/// How a server that held said no; a sound choice is none either.
pub(super) fn refusal(answer: &Answer) -> Outcome {
    match &answer.end {
        End::Alert(Alert(number)) => Outcome::RefusedByAlert(*number),
        _ => Outcome::RefusedByClose,
    }
}

/// One finding for each severity: what can be turned off together is told together.
fn conclude(scene: &Scene, records: &[Record]) -> Conclusion {
    let mut taken: BTreeMap<Severity, Vec<&Record>> = BTreeMap::new();
    for record in records.iter().filter(|record| record.outcome.is_accepted()) {
        let together = match told_as(&record.id) {
            Severity::Critical => Severity::High,
            severity => severity,
        };
        taken.entry(together).or_default().push(record);
    }
    let finding = |(together, mut records): (Severity, Vec<&Record>)| {
        // The worst first.
        records.sort_by_key(|record| told_as(&record.id));
        let worst = records.first().map(|record| told_as(&record.id));
        let severity = worst.unwrap_or(together);
        let (id, title) = match severity {
            Severity::Info => (
                "downgrade/tolerated",
                "Offers that are discouraged are taken",
            ),
            Severity::Medium | Severity::Low => (
                "downgrade/weak",
                "Old versions or weak suites of TLS are taken",
            ),
            Severity::High | Severity::Critical => (
                "downgrade/broken",
                "Broken versions or suites of TLS are taken",
            ),
        };
        let evidence: Vec<&str> = records
            .iter()
            .take(3)
            .map(|record| record.evidence.as_str())
            .collect();
        let more = match records.len().saturating_sub(evidence.len()) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        Finding {
            id: id.to_owned(),
            severity,
            title: title.to_owned(),
            evidence: format!("{}{more}", evidence.join("; ")),
            why: "Who stands between client and server can have them choose the weakest that both still speak."
                .to_owned(),
            remediation: Remedy::Protocol.text(scene.kind),
            references: records
                .iter()
                .filter_map(|record| defect::find(record.defect?.0))
                .map(|defect| defect.clause.to_owned())
                .collect::<std::collections::BTreeSet<_>>()
                .into_iter()
                .collect(),
            again: None,
            probes: records.iter().map(|record| record.id.clone()).collect(),
        }
    };
    taken.into_iter().map(finding).collect::<Vec<_>>().into()
}

/// How bad it is to go along. What only strict profiles forbid is told and not held against a server.
fn told_as(id: &str) -> Severity {
    let probes = downgrade::probes();
    let probe = probes.iter().find(|probe| probe.id == id);
    let falls_back_to_1_2 = |probe: &&downgrade::Probe| {
        let hello = probe.hello();
        hello.suites.contains(&CipherSuite::FALLBACK_SCSV)
            && hello.legacy_version == ProtocolVersion::TLS_1_2
    };
    // Nothing weak is to be had by that, and the sentinel of TLS 1.3 tells the client (RFC 8446
    // section 4.1.3). Some libraries know no such suite, and no setting makes them.
    if probe.filter(falls_back_to_1_2).is_some() {
        return Severity::Info;
    }
    match probe.map_or(Severity::Info, |probe| probe.severity) {
        Severity::Low => Severity::Info,
        other => other,
    }
}
