//! A run as JSON, exactly as the contract has it.

use serde::Serialize;

use super::ReportError;
use crate::{
    case::{Expected, Role, serialize_reasons},
    corpus::known::Entry,
    defect::{DefectId, Position, Severity},
    engine::Capability,
    oracle::{Answer, Kind},
    run::{RunReport, Summary},
    verdict::Reason,
};

/// The version of the form. It grows when a reader of the old one would stumble.
pub(crate) const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    rng_seed: Option<u64>,
    engines: Vec<EngineLine<'a>>,
    cases: Vec<CaseLine<'a>>,
    findings: Vec<FindingLine<'a>>,
    stale_known: &'a [Entry],
    broken: Vec<BrokenLine<'a>>,
    interrupted: bool,
    summary: Summary,
}

#[derive(Serialize)]
struct EngineLine<'a> {
    name: &'a str,
    version: &'a str,
    capabilities: &'a [Capability],
}

#[derive(Serialize)]
struct CaseLine<'a> {
    id: &'a str,
    defect: Option<DefectId>,
    role: Role,
    position: Position,
    expected: &'static str,
    /// Whether a refusal would be as right.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    either: bool,
    #[serde(serialize_with = "reasons")]
    expected_reasons: &'a Expected,
    observations: Vec<ObservationLine<'a>>,
}

#[derive(Serialize)]
struct ObservationLine<'a> {
    engine: &'a str,
    verdict: &'static str,
    reason: Option<Reason>,
    detail: String,
}

impl<'a> ObservationLine<'a> {
    fn new(engine: &'a str, answer: &Answer) -> Self {
        Self {
            engine,
            verdict: answer.word(),
            reason: answer
                .conclusive()
                .and_then(|observation| observation.verdict.reason()),
            detail: answer.detail(),
        }
    }
}

#[derive(Serialize)]
struct FindingLine<'a> {
    kind: Kind,
    engine: &'a str,
    case: &'a str,
    defect: Option<DefectId>,
    position: Position,
    severity: Severity,
    known: Option<&'a str>,
    detail: &'a str,
}

#[derive(Serialize)]
struct BrokenLine<'a> {
    engine: Option<&'a str>,
    case: &'a str,
    detail: &'a str,
}

fn reasons<S: serde::Serializer>(expected: &&Expected, serializer: S) -> Result<S::Ok, S::Error> {
    serialize_reasons(expected, serializer)
}

pub(super) fn render(report: &RunReport) -> Result<String, ReportError> {
    let document = Document {
        schema: SCHEMA,
        rng_seed: report.rng_seed,
        engines: report
            .engines
            .iter()
            .map(|engine| EngineLine {
                name: &engine.name,
                version: &engine.version,
                capabilities: &engine.capabilities,
            })
            .collect(),
        cases: report
            .cases
            .iter()
            .map(|case| CaseLine {
                id: &case.id,
                defect: case.defect,
                role: case.role,
                position: case.position,
                expected: case.expected.word(),
                either: case.expected == Expected::Either,
                expected_reasons: &case.expected,
                observations: report
                    .engines
                    .iter()
                    .zip(&case.answers)
                    .filter_map(|(engine, answer)| {
                        Some(ObservationLine::new(&engine.name, answer.as_ref()?))
                    })
                    .collect(),
            })
            .collect(),
        findings: report
            .findings
            .iter()
            .map(|finding| FindingLine {
                kind: finding.kind(),
                engine: finding.engine(),
                case: finding.case(),
                defect: finding.defect(),
                position: finding.position(),
                severity: finding.severity(),
                known: finding.known(),
                detail: finding.detail(),
            })
            .collect(),
        stale_known: &report.stale,
        broken: report
            .broken
            .iter()
            .map(|broken| BrokenLine {
                engine: broken.engine.as_deref(),
                case: &broken.case,
                detail: &broken.detail,
            })
            .collect(),
        interrupted: report.interrupted,
        summary: report.summary(),
    };
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_json_has_the_keys_of_the_contract() {
        let text = render(&sample::report()).expect("writes");
        let json: serde_json::Value = serde_json::from_str(&text).expect("reads");
        assert_eq!(json["schema"], 1);
        assert_eq!(json["rng_seed"], 7);
        assert_eq!(json["engines"][1]["name"], "credulous");
        assert_eq!(json["engines"][0]["capabilities"][2], "crl");
        let case = &json["cases"][0];
        assert_eq!(case["id"], "validity/expired@end-entity#0");
        assert_eq!(case["role"], "hostile");
        assert_eq!(case["expected"], "reject");
        assert_eq!(case["expected_reasons"][0], "expired");
        assert_eq!(case["observations"][0]["verdict"], "reject");
        assert_eq!(case["observations"][0]["reason"], "expired");
        assert_eq!(case["observations"][1]["verdict"], "accept");
        assert_eq!(json["cases"][1]["role"], "twin");
        assert_eq!(json["cases"][1]["expected_reasons"], serde_json::json!([]));
        let finding = &json["findings"][0];
        assert_eq!(finding["kind"], "false-accept");
        assert_eq!(finding["known"], serde_json::Value::Null);
        assert_eq!(json["findings"][2]["known"], "by design");
        let summary = serde_json::json!({"cases": 8, "defects": 2, "findings": 4, "known": 2, "inconclusive": 0});
        assert_eq!(json["summary"], summary);
    }

    #[test]
    fn the_same_run_gives_the_same_bytes() {
        assert_eq!(
            render(&sample::report()).expect("writes"),
            render(&sample::report()).expect("writes")
        );
    }
}
