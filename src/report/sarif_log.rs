//! What every SARIF 2.1.0 log of this project shares: the envelope, and what
//! code hosts ask for beyond the standard.
//!
//! GitHub shows no result without a file and an index of its rule, and tells
//! results of one upload from those of another by a fingerprint.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Location, LogicalLocation, Message, MultiformatMessageString,
    Notification, PhysicalLocation, PropertyBag, Region, ReportingDescriptor,
    Result as SarifResult, ResultLevel, Run, SCHEMA_URL, Sarif, Tool, ToolComponent,
};
use sha2::{Digest, Sha256};

use super::ReportError;
use crate::defect::Severity;

/// A log of one run, with a line feed at the end. Notes are of a level and a text.
pub(super) fn log(
    rules: Vec<ReportingDescriptor>,
    results: Vec<SarifResult>,
    successful: bool,
    notes: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<String, ReportError> {
    let driver = ToolComponent::builder()
        .name("gatecrash")
        .version(env!("CARGO_PKG_VERSION"))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(rules)
        .build();
    let notes: Vec<Notification> = notes
        .into_iter()
        .map(|(level, text)| {
            Notification::builder()
                .level(json!(level))
                .message(message(&text))
                .build()
        })
        .collect();
    let invocation = Invocation::builder()
        .execution_successful(successful)
        .tool_execution_notifications(notes)
        .build();
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

pub(super) fn message(text: &str) -> Message {
    Message::builder().text(text).build()
}

pub(super) fn words(text: &str) -> MultiformatMessageString {
    MultiformatMessageString::builder().text(text).build()
}

pub(super) fn level(severity: Severity) -> ResultLevel {
    match severity {
        Severity::Critical | Severity::High => ResultLevel::Error,
        Severity::Medium => ResultLevel::Warning,
        Severity::Low | Severity::Info => ResultLevel::Note,
    }
}

/// What a rule says of its weight: the first is what GitHub reads as CVSS.
pub(super) fn weight(severity: Severity) -> PropertyBag {
    let score = match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.0",
    };
    bag([
        ("security-severity", json!(score)),
        ("tags", json!(["security", "mtls"])),
    ])
}

pub(super) fn bag<const N: usize>(properties: [(&str, Value); N]) -> PropertyBag {
    PropertyBag::builder()
        .additional_properties(
            properties
                .map(|(key, value)| (key.to_owned(), value))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
        )
        .build()
}

/// A place in a file, which is what hosts show, and the thing itself, which is no file.
pub(super) fn place(file: &str, name: &str, qualified: &str, kind: &str) -> Vec<Location> {
    let logical = LogicalLocation::builder()
        .name(name)
        .fully_qualified_name(qualified)
        .kind(kind)
        .build();
    let physical = PhysicalLocation::builder()
        .artifact_location(ArtifactLocation::builder().uri(file).build())
        .region(Region::builder().start_line(1).build())
        .build();
    vec![
        Location::builder()
            .physical_location(physical)
            .logical_locations(vec![logical])
            .build(),
    ]
}

/// What tells a result from others, and is the same in the next log.
pub(super) fn fingerprint(parts: &[&str]) -> BTreeMap<String, String> {
    let digest = Sha256::digest(parts.join("\n"));
    let text = digest.iter().take(16).map(|octet| format!("{octet:02x}"));
    BTreeMap::from([("gatecrash/v1".to_owned(), text.collect())])
}
