//! A scan as SARIF 2.1.0, which code hosts show beside the code.
//!
//! A finding's id is a rule, and a finding a result. A live endpoint is no
//! file; code hosts show no result without one, so the place is the file that
//! the operator names with his endpoint, and the endpoint itself is told as a
//! logical location.

use serde_json::json;
use serde_sarif::sarif::{ReportingConfiguration, ReportingDescriptor, Result as SarifResult};

use super::super::{
    ReportError,
    sarif_log::{bag, fingerprint, level, log, message, place, weight, words},
};
use crate::scan::{Finding, ScanReport};

/// The file that results are placed in: the configuration of a scan, as it is usually called.
const PLACE: &str = "scan.toml";

pub(super) fn render(report: &ScanReport) -> Result<String, ReportError> {
    let rules = report.findings.iter().map(rule).collect();
    let results = report
        .findings
        .iter()
        .enumerate()
        .map(|(index, finding)| result(report, index, finding))
        .collect();
    let broken = report.broken.iter().map(|why| ("error", why.clone()));
    log(rules, results, report.broken.is_none(), broken)
}

fn rule(finding: &Finding) -> ReportingDescriptor {
    let configuration = ReportingConfiguration::builder()
        .level(json!(level(finding.severity)))
        .build();
    ReportingDescriptor::builder()
        .id(&finding.id)
        .short_description(words(&finding.title))
        .full_description(words(&finding.why))
        .help(words(&format!(
            "{}. {}",
            finding.remediation,
            finding.references.join(", ")
        )))
        .default_configuration(configuration)
        .properties(weight(finding.severity))
        .build()
}

fn result(report: &ScanReport, index: usize, finding: &Finding) -> SarifResult {
    let mut said = format!("{}. {}", finding.title, finding.evidence);
    if let Some(again) = &finding.again {
        said.push_str(&format!("\nagain: {again}"));
    }
    let endpoint = &report.endpoint;
    SarifResult::builder()
        .rule_id(&finding.id)
        .rule_index(i64::try_from(index).unwrap_or(i64::MAX))
        .level(level(finding.severity))
        .message(message(&said))
        .locations(place(PLACE, endpoint, endpoint, "resource"))
        .partial_fingerprints(fingerprint(&[&finding.id, endpoint]))
        .properties(bag([
            ("severity", json!(finding.severity.to_string())),
            ("probes", json!(finding.probes)),
            ("remediation", json!(finding.remediation)),
        ]))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::scan::sample;

    #[test]
    fn findings_are_results_with_a_place_and_a_level() {
        let text = render(&sample::report()).expect("writes");
        let sarif: serde_json::Value = serde_json::from_str(&text).expect("reads");
        assert_eq!(sarif["version"], "2.1.0");
        let run = &sarif["runs"][0];
        let results = run["results"].as_array().expect("results");
        assert_eq!(results.len(), 3);
        assert_eq!(results[0]["ruleId"], "revocation/end-entity");
        assert_eq!(results[0]["level"], "error");
        assert_eq!(results[2]["level"], "note");
        for (index, result) in results.iter().enumerate() {
            assert_eq!(result["ruleIndex"], index);
            assert_eq!(
                run["tool"]["driver"]["rules"][index]["id"],
                result["ruleId"]
            );
            let place = &result["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uri"], "scan.toml");
        }
        assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    }
}
