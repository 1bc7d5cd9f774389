//! A scan as SARIF 2.1.0, which code hosts show beside the code.
//!
//! A finding's id is a rule, and a finding a result. A live endpoint is no
//! file; code hosts show no result without one, so the place is the file that
//! the operator names with his endpoint, and the endpoint itself is told as a
//! logical location.

use serde_json::json;
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Location, LogicalLocation, Message, MultiformatMessageString,
    Notification, PhysicalLocation, PropertyBag, Region, ReportingConfiguration,
    ReportingDescriptor, Result as SarifResult, ResultLevel, Run, SCHEMA_URL, Sarif, Tool,
    ToolComponent,
};

use super::super::ReportError;
use crate::{
    defect::Severity,
    scan::{Finding, ScanReport},
};

/// The file that results are placed in: the configuration of a scan, as it is usually called.
const PLACE: &str = "scan.toml";

pub(super) fn render(report: &ScanReport) -> Result<String, ReportError> {
    let driver = ToolComponent::builder()
        .name("gatecrash")
        .version(env!("CARGO_PKG_VERSION"))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(report.findings.iter().map(rule).collect::<Vec<_>>())
        .build();
    let notifications: Vec<Notification> = report
        .broken
        .iter()
        .map(|broken| {
            Notification::builder()
                .level(json!("error"))
                .message(message(broken))
                .build()
        })
        .collect();
    let invocation = Invocation::builder()
        .execution_successful(report.broken.is_none())
        .tool_execution_notifications(notifications)
        .build();
    let results: Vec<SarifResult> = report
        .findings
        .iter()
        .enumerate()
        .map(|(index, finding)| result(report, index, finding))
        .collect();
    let run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .invocations(vec![invocation])
        .results(results)
        .build();
    let sarif = Sarif::builder()
        .version(json!("2.1.0"))
        .schema(SCHEMA_URL)
        .runs(vec![run])
        .build();
    let mut text = serde_json::to_string_pretty(&sarif)?;
    text.push('\n');
    Ok(text)
}

fn message(text: &str) -> Message {
    Message::builder().text(text).build()
}

fn text(text: &str) -> MultiformatMessageString {
    MultiformatMessageString::builder().text(text).build()
}

fn level(severity: Severity) -> ResultLevel {
    match severity {
        Severity::Critical | Severity::High => ResultLevel::Error,
        Severity::Medium => ResultLevel::Warning,
        Severity::Low | Severity::Info => ResultLevel::Note,
    }
}

/// What GitHub's code scanning reads as CVSS.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.0",
    }
}

fn rule(finding: &Finding) -> ReportingDescriptor {
    let properties = [
        (
            "security-severity",
            json!(security_severity(finding.severity)),
        ),
        ("tags", json!(["security", "mtls"])),
    ];
    ReportingDescriptor::builder()
        .id(&finding.id)
        .short_description(text(&finding.title))
        .full_description(text(&finding.why))
        .help(text(&format!(
            "{}. {}",
            finding.remediation,
            finding.references.join(", ")
        )))
        .default_configuration(
            ReportingConfiguration::builder()
                .level(json!(level(finding.severity)))
                .build(),
        )
        .properties(bag(&properties))
        .build()
}

fn bag(properties: &[(&str, serde_json::Value)]) -> PropertyBag {
    PropertyBag::builder()
        .additional_properties(
            properties
                .iter()
                .map(|(key, value)| ((*key).to_owned(), value.clone()))
                .collect::<std::collections::BTreeMap<_, _>>(),
        )
        .build()
}

fn result(report: &ScanReport, index: usize, finding: &Finding) -> SarifResult {
    let logical = LogicalLocation::builder()
        .name(&report.endpoint)
        .fully_qualified_name(&report.endpoint)
        .kind("resource")
        .build();
    let physical = PhysicalLocation::builder()
        .artifact_location(ArtifactLocation::builder().uri(PLACE).build())
        .region(Region::builder().start_line(1).build())
        .build();
    let mut words = format!("{}. {}", finding.title, finding.evidence);
    if let Some(again) = &finding.again {
        words.push_str(&format!("\nagain: {again}"));
    }
    let properties = [
        ("severity", json!(finding.severity.to_string())),
        ("probes", json!(finding.probes)),
        ("remediation", json!(finding.remediation)),
    ];
    SarifResult::builder()
        .rule_id(&finding.id)
        .rule_index(i64::try_from(index).unwrap_or(i64::MAX))
        .level(level(finding.severity))
        .message(message(&words))
        .locations(vec![
            Location::builder()
                .physical_location(physical)
                .logical_locations(vec![logical])
                .build(),
        ])
        .properties(bag(&properties))
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
