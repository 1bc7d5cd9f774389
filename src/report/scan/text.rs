//! A scan for people at a terminal.

use super::super::{
    Context,
    layout::{Paint, columns, count, flow, pad, wrap},
};
use crate::{
    defect::Severity,
    scan::{Changed, Drift, Finding, Record, ScanReport, Word},
};

/// Letters of the first column.
const MARGIN: usize = 10;

pub(super) fn render(report: &ScanReport, context: &Context) -> String {
    let paint = context.paint;
    let mut out = format!("{}\n", paint.strong(&report.endpoint));
    // A lure has a client in the place of a server.
    let has_server = !report.server.good.is_empty();
    if has_server {
        out.push_str(&headed("control", &control(report, paint), context.width));
    }
    match has_server || !report.probes.is_empty() {
        true => out.push_str(&headed("probes", &probes(report, paint), context.width)),
        false => out.push_str("files     looked at; no server was asked for anything\n"),
    }
    if let Some(broken) = &report.broken {
        let line = wrap(broken, MARGIN, context.width);
        out.push_str(&paint.alarm(&format!("{}{}", pad("broken", MARGIN), line.trim_start())));
    }
    out.push('\n');
    let (info, bad): (Vec<_>, Vec<_>) = report
        .findings
        .iter()
        .partition(|finding| finding.severity == Severity::Info);
    for finding in bad {
        out.push_str(&of_finding(finding, context));
        out.push('\n');
    }
    for finding in &info {
        out.push_str(&head(finding, context));
    }
    if !info.is_empty() {
        let more = "the evidence of these is in the other forms, such as --format html";
        out.push_str(&paint.quiet(&format!("{}{more}", " ".repeat(MARGIN))));
        out.push_str("\n\n");
    }
    if report.findings.is_empty() && report.broken.is_none() {
        out.push_str(&format!("{}\n\n", paint.good("nothing found")));
    }
    if !report.routes.is_empty() {
        out.push_str(&routes(report));
        out.push('\n');
    }
    if let Some(drift) = &report.drift {
        out.push_str(&drifted(drift, paint));
        out.push('\n');
    }
    out.push_str(&verdict(report, paint));
    out
}

fn headed(head: &str, parts: &[String], width: usize) -> String {
    let flowed = flow(parts, width.saturating_sub(MARGIN));
    let mut out = String::new();
    for (number, line) in flowed.lines().enumerate() {
        let head = if number == 0 { head } else { "" };
        out.push_str(&format!("{}{line}\n", pad(head, MARGIN)));
    }
    out
}

fn control(report: &ScanReport, paint: Paint) -> Vec<String> {
    let server = &report.server;
    let is_open = report
        .probes
        .iter()
        .any(|probe| probe.id == "control/no-certificate" && probe.is_let_in());
    let none = format!(
        "no certificate {} ({})",
        if is_open { "accepted" } else { "refused" },
        server.none
    );
    let is_good = |probe: &Record| probe.id == "control/good" && probe.word() == Word::Accepted;
    let good = match report.broken.is_none() || report.probes.iter().any(is_good) {
        true => format!("good certificate accepted ({})", server.good),
        false => format!("good certificate: {}", server.good),
    };
    let versions: Vec<&str> = server
        .protocols
        .iter()
        .filter(|(_, speaks)| **speaks)
        .map(|(name, _)| name.as_str())
        .collect();
    vec![
        good,
        if is_open { paint.alarm(&none) } else { none },
        versions.join(" and "),
        match server.kind {
            crate::scan::ServerKind::Unknown => "server of unknown kind".to_owned(),
            kind => format!("server looks like {kind}"),
        },
    ]
}

fn probes(report: &ScanReport, paint: Paint) -> Vec<String> {
    let summary = &report.summary;
    let mut parts = vec![
        format!(
            "{} of {} answered",
            summary.answered,
            count(summary.planned, "probe")
        ),
        format!(
            "{} visits in {:.1} s",
            summary.visits,
            summary.seconds.as_secs_f64()
        ),
    ];
    if summary.inconclusive > 0 {
        parts.push(format!("{} tell nothing", summary.inconclusive));
    }
    if summary.not_applicable > 0 {
        parts.push(format!(
            "{} do not apply: their good twins are refused too",
            summary.not_applicable
        ));
    }
    if !report.server.good.is_empty() {
        parts.push(match summary.healthy_throughout {
            true => "server healthy after each".to_owned(),
            false => paint.alarm("server broke on the way"),
        });
    }
    parts
}

/// Severity, title and id, on one line where they have room.
fn head(finding: &Finding, context: &Context) -> String {
    let paint = context.paint;
    let word = pad(&finding.severity.to_string().to_uppercase(), MARGIN);
    let word = match finding.severity {
        Severity::Critical | Severity::High => paint.alarm(&word),
        Severity::Medium | Severity::Low => paint.warning(&word),
        Severity::Info => paint.quiet(&word),
    };
    let room = context
        .width
        .saturating_sub(MARGIN + finding.id.chars().count() + 2);
    let title = match finding.title.chars().count() <= room {
        true => format!(
            "{}  {}",
            pad(&finding.title, room),
            paint.quiet(&finding.id)
        ),
        false => format!(
            "{}\n{}{}",
            finding.title,
            " ".repeat(MARGIN),
            paint.quiet(&finding.id)
        ),
    };
    format!("{word}{title}\n")
}

fn of_finding(finding: &Finding, context: &Context) -> String {
    let mut out = head(finding, context);
    for line in finding.evidence.lines() {
        out.push_str(&wrap(line, MARGIN, context.width));
    }
    out.push_str(&wrap(&finding.why, MARGIN, context.width));
    out.push_str(&labelled("fix", &finding.remediation, context.width));
    if let Some(again) = &finding.again {
        // A command is never broken, so that it can be copied.
        out.push_str(&format!(
            "{}{}{again}\n",
            " ".repeat(MARGIN),
            pad("again", 8)
        ));
    }
    out
}

fn labelled(label: &str, text: &str, width: usize) -> String {
    let wrapped = wrap(text, MARGIN + 8, width);
    format!(
        "{}{}{}",
        " ".repeat(MARGIN),
        pad(label, 8),
        wrapped.trim_start()
    )
}

fn routes(report: &ScanReport) -> String {
    let rows: Vec<Vec<String>> = report
        .routes
        .iter()
        .map(|route| {
            vec![
                format!("{} {}", route.method, route.path),
                route.demand(),
                route.observed.clone(),
            ]
        })
        .collect();
    let lines = columns(&rows);
    let mut out = String::new();
    for (number, line) in lines.lines().enumerate() {
        let head = if number == 0 { "routes" } else { "" };
        out.push_str(&format!("{}{line}\n", pad(head, MARGIN)));
    }
    out
}

/// What changed since an earlier scan.
fn drifted(drift: &Drift, paint: Paint) -> String {
    let changed = |word: &'static str, list: &[Changed]| -> Vec<Vec<String>> {
        let row = |changed: &Changed| {
            vec![
                word.to_owned(),
                changed.severity.to_string(),
                changed.title.clone(),
                changed.id.clone(),
            ]
        };
        list.iter().map(row).collect()
    };
    let routes = |word: &'static str, list: &[String]| -> Vec<Vec<String>> {
        list.iter()
            .map(|route| {
                vec![
                    word.to_owned(),
                    "route".to_owned(),
                    route.clone(),
                    String::new(),
                ]
            })
            .collect()
    };
    let rows = [
        changed("new", &drift.new),
        changed("worse", &drift.worse),
        changed("more of", &drift.grown),
        routes("opened", &drift.opened),
        changed("gone", &drift.gone),
        changed("not told", &drift.unanswered),
        routes("closed", &drift.closed),
    ]
    .concat();
    let mut lines: Vec<String> = columns(&rows).lines().map(str::to_owned).collect();
    if let Some(endpoint) = &drift.other_endpoint {
        lines.insert(0, format!("the earlier scan was of {endpoint}"));
    }
    if drift.is_none() {
        lines.push(paint.good("nothing changed since the earlier scan"));
    }
    let head = |number: usize| if number == 0 { "since" } else { "" };
    let lines = lines.iter().enumerate();
    lines
        .map(|(number, line)| format!("{}{line}\n", pad(head(number), MARGIN)))
        .collect()
}

fn verdict(report: &ScanReport, paint: Paint) -> String {
    let of = |severity: Severity| {
        let findings = report.findings.iter();
        findings
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let counts: Vec<String> = [
        Severity::Critical,
        Severity::High,
        Severity::Medium,
        Severity::Low,
        Severity::Info,
    ]
    .into_iter()
    .filter(|severity| of(*severity) > 0)
    .map(|severity| format!("{} {severity}", of(severity)))
    .collect();
    let text = match counts.is_empty() {
        true => "0 findings".to_owned(),
        false => format!(
            "{}: {}",
            count(report.findings.len(), "finding"),
            counts.join(", ")
        ),
    };
    format!("{}\n", paint.strong(&text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::scan::sample;

    #[test]
    fn the_worst_comes_first_with_evidence_remedy_and_command() {
        let text = render(&sample::report(), &Context::default());
        let place = |words: &str| text.find(words).expect(words);
        assert!(text.starts_with("https://localhost:8443\ncontrol   good certificate accepted"));
        assert!(place("CRITICAL  A revoked") < place("200 for serial 02"));
        assert!(place("fix     Node: pass") < place("again   curl"));
        assert!(place("MEDIUM") < place("INFO      Any certificate"));
        assert!(text.contains("routes    GET /orders  mutualTLS  certificate demanded"));
        assert!(text.ends_with("3 findings: 1 critical, 1 medium, 1 info\n"));
    }

    #[test]
    fn a_scan_that_is_not_whole_says_so_and_finds_nothing_good_in_that() {
        let mut report = sample::report();
        report.findings.clear();
        report.broken = Some("the server did not come back after a probe".to_owned());
        let text = render(&report, &Context::default());
        assert!(
            text.contains("broken    the server did not come back"),
            "{text}"
        );
        assert!(!text.contains("nothing found"), "{text}");
    }
}
