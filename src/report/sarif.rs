//! A run as SARIF 2.1.0, which code hosts show beside the code.
//!
//! Defects are rules, findings are results, known findings are suppressed
//! results. A case has no file, so its place is a logical location.

use serde_json::json;
use serde_sarif::sarif::{
    Invocation, Location, LogicalLocation, Message, MultiformatMessageString, Notification,
    PropertyBag, ReportingDescriptor, Result as SarifResult, ResultLevel, Run, SCHEMA_URL, Sarif,
    Suppression, Tool, ToolComponent,
};

use super::ReportError;
use crate::{
    defect::{self, Defect, Severity},
    oracle::Finding,
    run::RunReport,
};

pub(super) fn render(report: &RunReport) -> Result<String, ReportError> {
    let driver = ToolComponent::builder()
        .name("gatecrash")
        .version(env!("CARGO_PKG_VERSION"))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(rules(report))
        .build();
    let invocation = Invocation::builder()
        .execution_successful(report.broken.is_empty() && !report.interrupted)
        .tool_execution_notifications(notifications(report))
        .build();
    let run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .invocations(vec![invocation])
        .results(report.findings.iter().map(result).collect::<Vec<_>>())
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

/// The id of what a finding violates: the defect, or the kind where there is none.
fn rule_id(finding: &Finding) -> String {
    finding
        .defect()
        .map_or_else(|| finding.kind().to_string(), |id| id.to_string())
}

fn rules(report: &RunReport) -> Vec<ReportingDescriptor> {
    let mut ids: Vec<String> = report.findings.iter().map(rule_id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter()
        .map(|id| match defect::find(&id) {
            Some(defect) => rule(defect),
            None => ReportingDescriptor::builder().id(id).build(),
        })
        .collect()
}

fn rule(defect: &Defect) -> ReportingDescriptor {
    let text = |text: &str| MultiformatMessageString::builder().text(text).build();
    ReportingDescriptor::builder()
        .id(defect.id.0)
        .short_description(text(defect.summary))
        .full_description(text(defect.page))
        .help(text(&format!(
            "{}. {}",
            defect.clause,
            defect.all_vulnerabilities().join(", ")
        )))
        .build()
}

fn result(finding: &Finding) -> SarifResult {
    let level = match finding.severity() {
        Severity::Critical | Severity::High => ResultLevel::Error,
        Severity::Medium => ResultLevel::Warning,
        Severity::Low | Severity::Info => ResultLevel::Note,
    };
    let place = LogicalLocation::builder()
        .name(finding.case())
        .fully_qualified_name(format!("{}/{}", finding.engine(), finding.case()))
        .kind("member")
        .build();
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
    let properties = PropertyBag::builder()
        .additional_properties(
            [
                ("kind", finding.kind().to_string()),
                ("engine", finding.engine().to_owned()),
            ]
            .map(|(key, value)| (key.to_owned(), json!(value))),
        )
        .build();
    SarifResult::builder()
        .rule_id(rule_id(finding))
        .level(level)
        .message(
            Message::builder()
                .text(format!("{}: {}", finding.engine(), finding.detail()))
                .build(),
        )
        .locations(vec![
            Location::builder().logical_locations(vec![place]).build(),
        ])
        .suppressions(suppressions)
        .properties(properties)
        .build()
}

fn notifications(report: &RunReport) -> Vec<Notification> {
    let broken = report.broken.iter().map(|broken| {
        let who = broken.engine.as_deref().unwrap_or("catalogue");
        (
            "error",
            format!("{who} broke on {}: {}", broken.case, broken.detail),
        )
    });
    let stale = report.stale.iter().map(|entry| {
        let text = format!(
            "known but not shown: {} {} {}",
            entry.engine, entry.kind, entry.defect
        );
        ("warning", text)
    });
    broken
        .chain(stale)
        .map(|(level, text)| {
            Notification::builder()
                .level(json!(level))
                .message(Message::builder().text(text).build())
                .build()
        })
        .collect()
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
        assert_eq!(results[0]["suppressions"], json!([]));
        assert_eq!(results[0]["properties"]["engine"], "credulous");
        assert_eq!(results[2]["suppressions"][0]["justification"], "by design");
        assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    }
}
