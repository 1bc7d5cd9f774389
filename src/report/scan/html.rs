//! A scan as one self-contained page: verdict, findings, matrix, probes.
//!
//! It needs no script: filters are check boxes that style sheets see, evidence
//! is one click away in `details`, and a cell of the matrix leads to its probes.

use minijinja::{AutoEscape, Environment, value::Serde};
use serde::Serialize;

use super::super::ReportError;
use crate::{
    defect::Severity,
    scan::{Finding, Outcome, Record, Route, ScanReport, Server, Summary, Word},
};

const TEMPLATE: &str = include_str!("scan.html");

#[derive(Serialize)]
struct Page<'a> {
    version: &'static str,
    endpoint: &'a str,
    server: &'a Server,
    kind: String,
    protocols: String,
    summary: Summary,
    broken: Option<&'a str>,
    worst: Option<String>,
    counts: Vec<Count>,
    findings: Vec<Shown<'a>>,
    groups: Vec<Group<'a>>,
    routes: &'a [Route],
}

#[derive(Serialize)]
struct Count {
    severity: String,
    number: usize,
}

#[derive(Serialize)]
struct Shown<'a> {
    severity: String,
    anchor: String,
    #[serde(flatten)]
    finding: &'a Finding,
    records: Vec<Line<'a>>,
}

/// Probes of one kind: a line of the matrix, and a table further down.
#[derive(Serialize)]
struct Group<'a> {
    name: String,
    anchor: String,
    refused: usize,
    let_in: usize,
    alarming: bool,
    unverified: usize,
    undecided: usize,
    records: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    class: &'static str,
    word: &'static str,
    finding: Option<String>,
    #[serde(flatten)]
    record: &'a Record,
}

pub(super) fn render(report: &ScanReport) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let protocols: Vec<&str> = report
        .server
        .protocols
        .iter()
        .filter(|(_, speaks)| **speaks)
        .map(|(name, _)| name.as_str())
        .collect();
    let page = Page {
        version: env!("CARGO_PKG_VERSION"),
        endpoint: &report.endpoint,
        server: &report.server,
        kind: report.server.kind.to_string(),
        protocols: protocols.join(" and "),
        summary: report.summary,
        broken: report.broken.as_deref(),
        worst: report.worst().map(|severity| severity.to_string()),
        counts: counts(report),
        findings: report
            .findings
            .iter()
            .map(|finding| shown(report, finding))
            .collect(),
        groups: groups(report),
        routes: &report.routes,
    };
    let mut text = environment.render_str(TEMPLATE, Serde(&page))?;
    text.push('\n');
    Ok(text)
}

fn counts(report: &ScanReport) -> Vec<Count> {
    [
        Severity::Critical,
        Severity::High,
        Severity::Medium,
        Severity::Low,
        Severity::Info,
    ]
    .into_iter()
    .map(|severity| Count {
        severity: severity.to_string(),
        number: report
            .findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count(),
    })
    .filter(|count| count.number > 0)
    .collect()
}

/// An id as the target of a link.
fn anchor(kind: &str, id: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '.'
        }
    };
    format!("{kind}-{}", id.chars().map(plain).collect::<String>())
}

fn shown<'a>(report: &'a ScanReport, finding: &'a Finding) -> Shown<'a> {
    let records = report.probes.iter();
    Shown {
        severity: finding.severity.to_string(),
        anchor: anchor("finding", &finding.id),
        finding,
        records: records
            .filter(|record| finding.probes.contains(&record.id))
            .map(|record| line(report, record))
            .collect(),
    }
}

fn groups(report: &ScanReport) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for record in &report.probes {
        let name = group_of(record);
        if groups.last().is_none_or(|group| group.name != name) {
            groups.push(Group {
                anchor: anchor("probes", &name),
                name,
                refused: 0,
                let_in: 0,
                alarming: false,
                unverified: 0,
                undecided: 0,
                records: Vec::new(),
            });
        }
        let Some(group) = groups.last_mut() else {
            continue;
        };
        match (&record.outcome, record.word()) {
            (Outcome::AcceptedUnverified(_), _) => group.unverified += 1,
            (_, Word::Accepted) => group.let_in += 1,
            (_, Word::Rejected) => group.refused += 1,
            (_, Word::Inconclusive) => group.undecided += 1,
        }
        let line = line(report, record);
        group.alarming |= line.class == "alarm";
        group.records.push(line);
    }
    groups
}

/// The stage, and the family where the stage is about the catalogue.
fn group_of(record: &Record) -> String {
    match record.defect {
        Some(defect) => defect.family().replace('-', " "),
        None => record.id.split('/').next().unwrap_or_default().to_owned(),
    }
}

fn line<'a>(report: &'a ScanReport, record: &'a Record) -> Line<'a> {
    let finding = report
        .findings
        .iter()
        .find(|finding| finding.probes.contains(&record.id));
    let bad = finding.is_some_and(|finding| finding.severity < Severity::Low);
    let class = match () {
        () if bad => "alarm",
        () if finding.is_some() => "warning",
        () if record.word() == Word::Inconclusive => "quiet",
        () => "good",
    };
    Line {
        class,
        word: record.word().name(),
        finding: finding.map(|finding| anchor("finding", &finding.id)),
        record,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::scan::sample;

    #[test]
    fn the_page_stands_alone_escapes_what_it_shows_and_puts_the_worst_first() {
        let page = render(&sample::report()).expect("writes");
        assert!(page.starts_with("<!doctype html>"));
        for outside in ["<script", "src=", "url(", "@import", "<link"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(
            page.contains("&lt;script&gt;"),
            "what servers say is escaped"
        );
        let place = |text: &str| page.find(text).expect(text);
        assert!(place("A revoked certificate is admitted") < place("Any certificate of this CA"));
        assert!(page.contains("prefers-color-scheme: dark"));
    }

    #[test]
    fn every_link_leads_somewhere_on_the_page() {
        let page = render(&sample::report()).expect("writes");
        let links = page.split("href=\"#").skip(1);
        let targets: Vec<&str> = links.filter_map(|rest| rest.split('"').next()).collect();
        assert!(targets.len() > 3);
        for target in targets {
            assert!(page.contains(&format!("id=\"{target}\"")), "{target}");
        }
    }
}
