//! A run as SARIF 2.1.0, which code hosts show beside the code.
//!
//! Defects are rules, findings are results, known findings are suppressed
//! results. A case has no file, so it is a logical location in the file that
//! says which engines are built in.

use serde_json::json;
use serde_sarif::sarif::{
    ReportingConfiguration, ReportingDescriptor, Result as SarifResult, Suppression,
};

use super::{
    ReportError,
    sarif_log::{bag, fingerprint, level, log, message, place, weight, words},
};
use crate::{
    defect::{self, Defect},
    oracle::Finding,
    run::RunReport,
};

/// The file that results are placed in: the one that says which versions of engines are built in.
const PLACE: &str = "Cargo.toml";

pub(super) fn render(report: &RunReport) -> Result<String, ReportError> {
    let ids = ids(report);
    let results = report
        .findings
        .iter()
        .map(|finding| result(&ids, finding))
        .collect();
    let successful = report.broken.is_empty() && !report.interrupted;
    log(rules(&ids), results, successful, notes(report))
}

/// The id of what a finding violates: the defect, or the kind where there is none.
fn rule_id(finding: &Finding) -> String {
    finding
        .defect()
        .map_or_else(|| finding.kind().to_string(), |id| id.to_string())
}

/// The ids of all rules that findings violate, each once.
fn ids(report: &RunReport) -> Vec<String> {
    let mut ids: Vec<String> = report.findings.iter().map(rule_id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn rules(ids: &[String]) -> Vec<ReportingDescriptor> {
    ids.iter()
        .map(|id| match defect::find(id) {
            Some(defect) => rule(defect),
            None => ReportingDescriptor::builder()
                .id(id)
                .short_description(words(&id.replace('-', " ")))
                .build(),
        })
        .collect()
}

fn rule(defect: &Defect) -> ReportingDescriptor {
    let configuration = ReportingConfiguration::builder()
        .level(json!(level(defect.severity)))
        .build();
    ReportingDescriptor::builder()
        .id(defect.id.0)
        .short_description(words(defect.summary))
        .full_description(words(defect.page))
        .help(words(&format!(
            "{}. {}",
            defect.clause,
            defect.all_vulnerabilities().join(", ")
        )))
        .default_configuration(configuration)
        .properties(weight(defect.severity))
        .build()
}

fn result(ids: &[String], finding: &Finding) -> SarifResult {
    let id = rule_id(finding);
    let index = ids.binary_search(&id).ok();
    let kind = finding.kind().to_string();
    let suppressions: Vec<Suppression> = finding
        .known()
        .map(|why| {
            Suppression::builder()
                .kind(json!("external"))
                .justification(why)
                .build()
        })
        .into_iter()
        .collect();
    let qualified = format!("{}/{}", finding.engine(), finding.case());
    SarifResult::builder()
        .rule_index(
            index
                .and_then(|index| i64::try_from(index).ok())
                .unwrap_or(-1),
        )
        .level(level(finding.severity()))
        .message(message(&format!(
            "{}: {}",
            finding.engine(),
            finding.detail()
        )))
        .locations(place(PLACE, finding.case(), &qualified, "member"))
        .partial_fingerprints(fingerprint(&[&id, &kind, &qualified]))
        .suppressions(suppressions)
        .properties(bag([
            ("kind", json!(kind)),
            ("engine", json!(finding.engine())),
        ]))
        .rule_id(id)
        .build()
}

fn notes(report: &RunReport) -> impl Iterator<Item = (&'static str, String)> {
    let broken = report.broken.iter().map(|broken| {
        let who = broken.engine.as_deref().unwrap_or("catalogue");
        let text = format!("{who} broke on {}: {}", broken.case, broken.detail);
        ("error", text)
    });
    let stale = report.stale.iter().map(|entry| {
        let text = format!(
            "known but not shown: {} {} {}",
            entry.engine, entry.kind, entry.defect
        );
        ("warning", text)
    });
    broken.chain(stale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn findings_are_results_of_rules_and_known_ones_are_suppressed() {
        let text = render(&sample::report()).expect("writes");
        let sarif: serde_json::Value = serde_json::from_str(&text).expect("reads");
        assert_eq!(sarif["version"], "2.1.0");
        let run = &sarif["runs"][0];
        assert_eq!(
            run["tool"]["driver"]["rules"].as_array().map(Vec::len),
            Some(2)
        );
        let results = run["results"].as_array().expect("results");
        assert_eq!(results.len(), 4);
        assert_eq!(results[0]["level"], "error");
        assert_eq!(results[0]["ruleId"], "validity/expired");
        for result in results {
            let index = result["ruleIndex"].as_u64().expect("an index") as usize;
            assert_eq!(
                run["tool"]["driver"]["rules"][index]["id"],
                result["ruleId"]
            );
        }
        assert_eq!(results[0]["suppressions"], json!([]));
        assert_eq!(results[0]["properties"]["engine"], "credulous");
        assert_eq!(results[2]["suppressions"][0]["justification"], "by design");
        assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    }
}
