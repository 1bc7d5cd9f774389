//! With which alert the server refused a handshake, and whether that is the one of the standard.
//!
//! Nobody comes in by a wrong alert. But peers and operators go by it, and a state machine that
//! ends with another one has not seen what was wrong.

use std::collections::BTreeMap;

use super::{
    outcome::Outcome,
    remedy::Remedy,
    result::{Finding, Record},
    scene::Scene,
};
use crate::{
    defect::{self, Severity},
    oracle::handshake::{Violation, last_word},
    script::{Alert, End},
};

/// So many handshakes are named for each wrong end.
const NAMED: usize = 4;

/// The findings about alerts, one for those that are missing and one for those that say something else.
pub(super) fn findings(scene: &Scene, records: &[Record]) -> impl Iterator<Item = Finding> {
    let mut missing = Vec::new();
    let mut unfit: BTreeMap<u8, Vec<&Record>> = BTreeMap::new();
    for record in records {
        match violation(record) {
            Some(Violation::AlertMissing) => missing.push(record),
            Some(Violation::AlertUnfit(alert)) => unfit.entry(alert.0).or_default().push(record),
            _ => {}
        }
    }
    let closed = (!missing.is_empty()).then(|| {
        told(
            scene,
            "handshake/alert-missing",
            "Handshakes are refused without an alert",
            "A peer that is closed on cannot tell a refusal from a broken line, and tries again, some of them with an older version.",
            format!("closed without an alert: {}", named(&missing)),
            &missing,
        )
    });
    let all: Vec<&Record> = unfit.values().flatten().copied().collect();
    let other = (!unfit.is_empty()).then(|| {
        let evidence: Vec<String> = unfit
            .iter()
            .map(|(number, records)| {
                format!("alert {number} ({}): {}", Alert(*number), named(records))
            })
            .collect();
        told(
            scene,
            "handshake/alert-unfit",
            "Handshakes are refused with an alert that says something else",
            "Whoever reads logs looks in the wrong place, and a library that is refused for another cause than the one that is there may not have looked at it.",
            evidence.join("; "),
            &all,
        )
    });
    closed.into_iter().chain(other)
}

fn violation(record: &Record) -> Option<Violation> {
    let end = match record.outcome {
        Outcome::RefusedByAlert(number) => End::Alert(Alert(number)),
        Outcome::RefusedByClose => End::Closed,
        _ => return None,
    };
    last_word(defect::find(record.defect?.0)?.reasons, end)
}

fn named(records: &[&Record]) -> String {
    let ids: Vec<&str> = records.iter().map(|record| record.id.as_str()).collect();
    match ids.len().saturating_sub(NAMED) {
        0 => ids.join(", "),
        more => format!("{} and {more} more", ids[..NAMED].join(", ")),
    }
}

fn told(
    scene: &Scene,
    id: &str,
    title: &str,
    why: &str,
    evidence: String,
    records: &[&Record],
) -> Finding {
    Finding {
        id: id.to_owned(),
        severity: Severity::Info,
        title: title.to_owned(),
        evidence,
        why: why.to_owned(),
        remediation: Remedy::Update.text(scene.kind),
        references: vec!["RFC 8446 section 6.2".to_owned()],
        again: None,
        probes: records.iter().map(|record| record.id.clone()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{defect::DefectId, scan::Expected};

    #[test]
    fn the_last_word_fits_the_defect_or_it_does_not() {
        let record = |outcome: Outcome| Record {
            id: "handshake/corrupt-finished".to_owned(),
            defect: Some(DefectId("handshake/corrupt-finished")),
            expected: Expected::Reject,
            reason: outcome.to_string(),
            evidence: String::new(),
            again: None,
            outcome,
            healthy: None,
        };
        let table = [
            (Outcome::RefusedByAlert(51), None),
            (
                Outcome::RefusedByAlert(80),
                Some(Violation::AlertUnfit(Alert(80))),
            ),
            (Outcome::RefusedByClose, Some(Violation::AlertMissing)),
            (Outcome::Accepted(200), None),
        ];
        for (outcome, expected) in table {
            assert_eq!(violation(&record(outcome.clone())), expected, "{outcome:?}");
        }
    }

    #[test]
    fn the_first_few_are_named_and_the_rest_is_counted() {
        let records: Vec<Record> = (0..6)
            .map(|number| Record {
                id: format!("handshake/{number}"),
                defect: None,
                expected: Expected::Reject,
                reason: String::new(),
                evidence: String::new(),
                again: None,
                outcome: Outcome::RefusedByClose,
                healthy: None,
            })
            .collect();
        let records: Vec<&Record> = records.iter().collect();
        assert_eq!(named(&records[..1]), "handshake/0");
        assert!(named(&records).ends_with("handshake/3 and 2 more"));
    }
}
