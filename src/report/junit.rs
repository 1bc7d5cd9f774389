//! A run as JUnit XML: one suite an engine, one test a defect and position.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::ReportError;
use crate::{
    oracle::{Finding, expected::Mark},
    run::RunReport,
};

pub(super) fn render(report: &RunReport) -> Result<String, ReportError> {
    let mut document = Report::new("gatecrash");
    for (column, engine) in report.engines.iter().enumerate() {
        let mut suite = TestSuite::new(&engine.name);
        for (name, marks) in tests(report, column) {
            suite.add_test_case(test(report, &engine.name, name, &marks));
        }
        let broken: Vec<_> = report
            .broken
            .iter()
            .filter(|broken| broken.engine.as_deref() == Some(&engine.name))
            .collect();
        for broken in broken {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(&broken.detail);
            suite.add_test_case(TestCase::new(format!("{} (broke)", broken.case), status));
        }
        document.add_test_suite(suite);
    }
    document.add_test_suite(own(report));
    let mut text = document.to_string()?;
    text.push('\n');
    Ok(text)
}

type Test<'a> = ((&'a str, String), Vec<Mark>);

/// The marks of one engine, by what was tested and where the defect stood.
fn tests(report: &RunReport, column: usize) -> Vec<Test<'_>> {
    let mut tests: BTreeMap<(&str, String), Vec<Mark>> = BTreeMap::new();
    for row in &report.rows {
        if let Some(mark) = row.marks[column] {
            tests
                .entry((&row.subject, row.position.to_string()))
                .or_default()
                .push(mark);
        }
    }
    tests.into_iter().collect()
}

fn test(
    report: &RunReport,
    engine: &str,
    (subject, position): (&str, String),
    marks: &[Mark],
) -> TestCase {
    let of_test = |finding: &&Finding| {
        let about = finding.defect().map_or(finding.case(), |id| id.0);
        finding.engine() == engine && about == subject && finding.position().to_string() == position
    };
    let (known, new): (Vec<&Finding>, Vec<&Finding>) = report
        .findings
        .iter()
        .filter(of_test)
        .partition(|finding| finding.known().is_some());
    let lines = |findings: &[&Finding]| {
        findings
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let status = if let Some(first) = new.first() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status
            .set_type(first.kind().name())
            .set_message(first.detail())
            .set_description(lines(&new));
        status
    } else if marks.iter().all(|mark| *mark == Mark::CannotTell) {
        let mut status = TestCaseStatus::skipped();
        status.set_message("nothing could be told");
        status
    } else {
        TestCaseStatus::success()
    };
    let mut test = TestCase::new(format!("{subject}@{position}"), status);
    test.set_classname(engine);
    if !known.is_empty() {
        test.set_system_out(lines(&known));
    }
    test
}

/// What is wrong with the run itself.
fn own(report: &RunReport) -> TestSuite {
    let mut suite = TestSuite::new("gatecrash");
    let mut add = |name: String, message: String| {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(message);
        suite.add_test_case(TestCase::new(name, status));
    };
    for entry in &report.stale {
        let name = format!("known: {} {} {}", entry.engine, entry.kind, entry.defect);
        add(name, "listed as known but did not show".to_owned());
    }
    for broken in report
        .broken
        .iter()
        .filter(|broken| broken.engine.is_none())
    {
        add(broken.case.clone(), broken.detail.clone());
    }
    if report.interrupted {
        add(
            "interrupted".to_owned(),
            format!("{} of {} cases judged", report.cases.len(), report.planned),
        );
    }
    suite
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_new_finding_fails_its_test_and_a_known_one_is_noted() {
        let text = render(&sample::report()).expect("writes");
        let report = Report::deserialize_from_str(&text).expect("reads");
        let suite = report
            .test_suites
            .iter()
            .find(|suite| suite.name.as_str() == "credulous")
            .expect("a suite");
        assert_eq!((suite.tests, suite.failures, suite.errors), (4, 2, 0));
        let known = suite
            .test_cases
            .iter()
            .find(|test| test.name.as_str().starts_with("validity/not-yet-valid"));
        let noted = known
            .and_then(|test| test.system_out.as_ref())
            .expect("a note");
        assert!(noted.as_str().contains("by design"));
        assert!(
            !report
                .test_suites
                .iter()
                .any(|suite| suite.name.as_str() == "correct" && suite.failures > 0)
        );
    }
}
