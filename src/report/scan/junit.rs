//! A scan as JUnit XML: one suite a stage, one test a probe, and one suite for what has no probe.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::super::ReportError;
use crate::{
    defect::Severity,
    scan::{Finding, Record, ScanReport, Word},
};

pub(super) fn render(report: &ScanReport) -> Result<String, ReportError> {
    let mut document = Report::new(format!("gatecrash scan {}", report.endpoint));
    let mut stages: Vec<&str> = report.probes.iter().map(stage).collect();
    stages.dedup();
    for name in stages {
        let mut suite = TestSuite::new(name);
        for record in report.probes.iter().filter(|record| stage(record) == name) {
            suite.add_test_case(test(report, record));
        }
        document.add_test_suite(suite);
    }
    document.add_test_suite(others(report));
    let mut text = document.to_string()?;
    text.push('\n');
    Ok(text)
}

fn stage(record: &Record) -> &str {
    record.id.split('/').next().unwrap_or_default()
}

/// A probe fails when a finding above info names it.
fn test(report: &ScanReport, record: &Record) -> TestCase {
    let finding = report
        .findings
        .iter()
        .filter(|finding| finding.severity < Severity::Info)
        .find(|finding| finding.probes.contains(&record.id));
    let status = match (finding, record.word()) {
        (Some(finding), _) => failure(finding, &record.evidence),
        (None, Word::Inconclusive) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(&record.reason);
            status
        }
        (None, _) => TestCaseStatus::success(),
    };
    let mut case = TestCase::new(&record.id, status);
    case.set_classname(stage(record));
    case
}

fn failure(finding: &Finding, evidence: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status
        .set_type(&finding.id)
        .set_message(format!("{}: {}", finding.severity, finding.title))
        .set_description(format!("{evidence}\n{}", finding.remediation));
    status
}

/// Findings that no probe stands for, and what broke.
fn others(report: &ScanReport) -> TestSuite {
    let mut suite = TestSuite::new("endpoint");
    let known = |finding: &Finding| {
        let mut ids = report.probes.iter().map(|record| &record.id);
        ids.any(|id| finding.probes.contains(id))
    };
    for finding in report.findings.iter().filter(|finding| !known(finding)) {
        let status = match finding.severity {
            Severity::Info => TestCaseStatus::success(),
            _ => failure(finding, &finding.evidence),
        };
        suite.add_test_case(TestCase::new(&finding.id, status));
    }
    let mut whole = TestCaseStatus::success();
    if let Some(broken) = &report.broken {
        whole = TestCaseStatus::non_success(NonSuccessKind::Error);
        whole.set_message(broken);
    }
    suite.add_test_case(TestCase::new("the scan is whole", whole));
    suite
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::scan::sample;

    #[test]
    fn probes_fail_with_their_finding_and_the_undecided_are_skipped() {
        let text = render(&sample::report()).expect("writes");
        assert!(
            text.contains("tests=\"7\" skipped=\"1\" failures=\"2\""),
            "{text}"
        );
        assert!(text.contains("type=\"revocation/end-entity\""));
        assert!(text.contains("<skipped"));
        assert!(
            text.contains("&lt;script&gt;"),
            "what servers say is escaped"
        );
    }
}
