//! What changed since an earlier scan: findings that are new or gone, and routes that opened.

use serde::{Deserialize, Serialize};

use super::{
    outcome::Word,
    result::{Finding, RouteState, ScanReport},
};
use crate::defect::Severity;

/// What changed between two scans.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Drift {
    /// The endpoint of the earlier scan, where it is another one.
    pub other_endpoint: Option<String>,
    /// Findings that the earlier scan has not.
    pub new: Vec<Changed>,
    /// Findings that are worse than they were.
    pub worse: Vec<Changed>,
    /// Findings that are as bad as they were, and that a probe shows now which was refused then.
    pub grown: Vec<Changed>,
    /// Findings that the earlier scan alone has.
    pub gone: Vec<Changed>,
    /// Findings of the earlier scan of which this one cannot tell, since it did not show their probes or got no answer.
    pub unanswered: Vec<Changed>,
    /// Routes that are open and were not.
    pub opened: Vec<String>,
    /// Routes that were open and are not.
    pub closed: Vec<String>,
}

/// A finding that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Its id.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub title: String,
}

/// A report that cannot be compared with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriftError {
    /// Not the JSON of a scan.
    #[error("it is no report of a scan in JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Of another version of the form.
    #[error("it is a report of form {0}, and this is form 1")]
    Schema(u64),
}

/// As much of an earlier report as is compared.
#[derive(Deserialize)]
struct Earlier {
    schema: u64,
    endpoint: String,
    findings: Vec<EarlierFinding>,
    #[serde(default)]
    probes: Vec<EarlierProbe>,
    #[serde(default)]
    routes: Vec<EarlierRoute>,
}

#[derive(Deserialize)]
struct EarlierFinding {
    #[serde(flatten)]
    told: Changed,
    /// The probes that showed it.
    #[serde(default)]
    probes: Vec<String>,
}

#[derive(Deserialize)]
struct EarlierProbe {
    id: String,
    outcome: Word,
}

#[derive(Deserialize)]
struct EarlierRoute {
    method: String,
    path: String,
    #[serde(default)]
    state: RouteState,
}

impl Drift {
    /// What changed from an earlier report, in JSON, to this one.
    ///
    /// # Errors
    /// When the text is no such report.
    pub fn between(earlier: &str, now: &ScanReport) -> Result<Self, DriftError> {
        let earlier: Earlier = serde_json::from_str(earlier)?;
        if earlier.schema != 1 {
            return Err(DriftError::Schema(earlier.schema));
        }
        let of = |finding: &Finding| Changed {
            id: finding.id.clone(),
            severity: finding.severity,
            title: finding.title.clone(),
        };
        let before = |id: &str| {
            earlier
                .findings
                .iter()
                .map(|finding| &finding.told)
                .find(|told| told.id == id)
        };
        let mut drift = Self {
            other_endpoint: (earlier.endpoint != now.endpoint).then(|| earlier.endpoint.clone()),
            ..Self::default()
        };
        let was_refused = |id: &String| {
            let mut probes = earlier.probes.iter();
            probes.any(|probe| probe.id == *id && probe.outcome == Word::Rejected)
        };
        for finding in &now.findings {
            match before(&finding.id) {
                None => drift.new.push(of(finding)),
                // The order is from worst to least.
                Some(old) if finding.severity < old.severity => drift.worse.push(of(finding)),
                Some(_) if finding.probes.iter().any(was_refused) => drift.grown.push(of(finding)),
                Some(_) => {}
            }
        }
        let is_left = |old: &&EarlierFinding| {
            let mut left = now.findings.iter();
            !left.any(|finding| finding.id == old.told.id)
        };
        // What was not looked for again, or without an answer, may be there still.
        let is_answered = |old: &EarlierFinding| {
            let answered = |id: &String| {
                let mut records = now.probes.iter();
                records.any(|record| record.id == *id && record.word() != Word::Inconclusive)
            };
            old.probes.is_empty() || old.probes.iter().any(answered)
        };
        for old in earlier.findings.iter().filter(is_left) {
            match is_answered(old) {
                true => drift.gone.push(old.told.clone()),
                false => drift.unanswered.push(old.told.clone()),
            }
        }
        for route in &now.routes {
            let old = earlier
                .routes
                .iter()
                .find(|old| old.method == route.method && old.path == route.path)
                .map(|old| old.state);
            let label = format!("{} {}", route.method, route.path);
            let is_open = route.state == RouteState::Open;
            match old {
                Some(RouteState::Open) if !is_open => drift.closed.push(label),
                Some(state) if is_open && state != RouteState::Open => drift.opened.push(label),
                _ => {}
            }
        }
        Ok(drift)
    }

    /// Whether anything is worse than it was, at least as bad as this.
    pub fn is_worse(&self, severity: Severity) -> bool {
        let bad = |changed: &Changed| changed.severity <= severity;
        let lists = [&self.new, &self.worse, &self.grown];
        lists.into_iter().flatten().any(bad) || !self.opened.is_empty()
    }

    /// Whether nothing changed.
    pub fn is_none(&self) -> bool {
        let lists = [&self.new, &self.worse, &self.grown, &self.gone];
        lists.iter().all(|list| list.is_empty()) && self.opened.is_empty() && self.closed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_report_of_a_scan_is_refused() {
        let report = ScanReport::default();
        for (text, part) in [
            ("", "no report of a scan"),
            ("{\"schema\": 1}", "no report of a scan"),
            (
                "{\"schema\": 2, \"endpoint\": \"x\", \"findings\": []}",
                "form 2",
            ),
        ] {
            let error = Drift::between(text, &report).expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_finding_that_more_probes_show_than_before_has_grown() {
        let earlier = r#"{"schema": 1, "endpoint": "",
            "probes": [{"id": "a/1", "outcome": "accepted"}, {"id": "a/2", "outcome": "rejected"}],
            "findings": [{"id": "a", "severity": "high", "title": "a", "probes": ["a/1"]}]}"#;
        let finding = |probes: &[&str]| Finding {
            id: "a".to_owned(),
            severity: Severity::High,
            title: String::new(),
            evidence: String::new(),
            why: String::new(),
            remediation: String::new(),
            references: Vec::new(),
            again: None,
            probes: probes.iter().map(|id| (*id).to_owned()).collect(),
        };
        for (probes, grown) in [
            (&["a/1"][..], 0),
            (&["a/1", "a/2"], 1),
            (&["a/1", "a/3"], 0),
        ] {
            let now = ScanReport {
                findings: vec![finding(probes)],
                ..ScanReport::default()
            };
            let drift = Drift::between(earlier, &now).expect("a report");
            assert_eq!(drift.grown.len(), grown, "{probes:?}");
            assert_eq!(drift.is_worse(Severity::High), grown > 0, "{probes:?}");
        }
    }

    #[test]
    fn what_was_not_looked_for_again_is_not_gone() {
        let earlier = r#"{"schema": 1, "endpoint": "", "findings": [
            {"id": "a/shown", "severity": "high", "title": "a", "probes": ["a/1"]},
            {"id": "a/hidden", "severity": "high", "title": "b", "probes": ["a/2"]}
        ]}"#;
        let refused = crate::scan::Outcome::RefusedByClose;
        let record = crate::scan::Record {
            id: "a/1".to_owned(),
            defect: None,
            expected: crate::scan::Expected::Reject,
            reason: refused.to_string(),
            outcome: refused,
            evidence: String::new(),
            again: None,
            healthy: Some(true),
        };
        let now = ScanReport {
            probes: vec![record],
            ..ScanReport::default()
        };
        let drift = Drift::between(earlier, &now).expect("a report");
        let ids = |list: &[Changed]| list.iter().map(|one| one.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&drift.gone), ["a/shown"]);
        assert_eq!(ids(&drift.unanswered), ["a/hidden"]);
    }

    #[test]
    fn new_gone_and_opened_are_told_apart() {
        let finding = |id: &str, severity| Finding {
            id: id.to_owned(),
            severity,
            title: String::new(),
            evidence: String::new(),
            why: String::new(),
            remediation: String::new(),
            references: Vec::new(),
            again: None,
            probes: Vec::new(),
        };
        let route = |path: &str, state| super::super::result::Route {
            method: "GET".to_owned(),
            path: path.to_owned(),
            declared: None,
            tokens: Vec::new(),
            observed: String::new(),
            state,
        };
        let report = |findings, routes| ScanReport {
            schema: 1,
            endpoint: "https://localhost:1/".to_owned(),
            findings,
            routes,
            ..ScanReport::default()
        };
        let old = report(
            vec![
                finding("a", Severity::Low),
                finding("b", Severity::Low),
                finding("c", Severity::Low),
            ],
            vec![
                route("/x", RouteState::Guarded),
                route("/y", RouteState::Open),
            ],
        );
        let now = report(
            vec![
                finding("b", Severity::High),
                finding("c", Severity::Low),
                finding("d", Severity::Info),
            ],
            vec![
                route("/x", RouteState::Open),
                route("/y", RouteState::Guarded),
                route("/z", RouteState::Open),
            ],
        );
        let text = serde_json::to_string(&old).expect("JSON");
        let drift = Drift::between(&text, &now).expect("compares");
        let ids = |list: &[Changed]| {
            list.iter()
                .map(|changed| changed.id.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            (ids(&drift.new), ids(&drift.worse), ids(&drift.gone)),
            (vec!["d".into()], vec!["b".into()], vec!["a".into()])
        );
        assert_eq!(
            (drift.opened.as_slice(), drift.closed.as_slice()),
            (&["GET /x".to_owned()][..], &["GET /y".to_owned()][..])
        );
        assert!(drift.is_worse(Severity::High) && !drift.is_none());
        assert!(Drift::between(&text, &old).expect("compares").is_none());
    }
}
