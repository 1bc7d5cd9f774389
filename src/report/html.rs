//! A run as one self-contained page, readable in the dark and without scripts.

use minijinja::{AutoEscape, Environment, value::Serde};
use serde::Serialize;

use super::{Context, ReportError, matrix, text};
use crate::{
    defect,
    oracle::triage::{self, Group},
    run::{RunReport, Summary},
};

const TEMPLATE: &str = include_str!("report.html");

#[derive(Serialize)]
struct Page<'a> {
    version: &'static str,
    summary: Summary,
    judgements: usize,
    planned: usize,
    interrupted: bool,
    rng_seed: Option<u64>,
    variants: u32,
    elapsed: Option<String>,
    engines: Vec<Column<'a>>,
    lines: Vec<Line>,
    legend: Vec<String>,
    new: Vec<Trouble<'a>>,
    known: Vec<Trouble<'a>>,
    broken: Vec<String>,
    stale: Vec<String>,
}

#[derive(Serialize)]
struct Column<'a> {
    name: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
struct Line {
    family: String,
    cells: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    signs: String,
    class: &'static str,
}

#[derive(Serialize)]
struct Trouble<'a> {
    severity: String,
    title: String,
    defect: Option<&'static str>,
    clause: Option<&'static str>,
    page: Option<&'static str>,
    kind: &'static str,
    known: Option<&'a str>,
    alone: bool,
    others: String,
    again: String,
    cases: Vec<Evidence<'a>>,
}

#[derive(Serialize)]
struct Evidence<'a> {
    case: &'a str,
    detail: &'a str,
}

pub(super) fn render(report: &RunReport, shown: &Context) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let groups = triage::group(&report.findings);
    let troubles: Vec<Trouble<'_>> = groups.iter().map(|group| trouble(group, shown)).collect();
    let (known, new): (Vec<_>, Vec<_>) = troubles
        .into_iter()
        .partition(|trouble| trouble.known.is_some());
    let engines: Vec<Column<'_>> = report
        .engines
        .iter()
        .map(|engine| Column {
            name: &engine.name,
            version: &engine.version,
        })
        .collect();
    let broken: Vec<String> = report
        .broken
        .iter()
        .map(|broken| {
            let who = broken.engine.as_deref().unwrap_or("catalogue");
            format!("{who} broke on {}: {}", broken.case, broken.detail)
        })
        .collect();
    let stale: Vec<String> = report
        .stale
        .iter()
        .map(|entry| format!("{} {} {}", entry.engine, entry.kind, entry.defect))
        .collect();
    let page = Page {
        version: env!("CARGO_PKG_VERSION"),
        summary: report.summary(),
        judgements: report.judgements,
        planned: report.planned,
        interrupted: report.interrupted,
        rng_seed: report.rng_seed,
        variants: report.variants,
        elapsed: shown
            .elapsed
            .map(|elapsed| format!("{:.1}", elapsed.as_secs_f64())),
        engines,
        lines: lines(report),
        legend: matrix::LEGEND
            .iter()
            .map(|(sign, meaning)| format!("{sign} {meaning}"))
            .collect(),
        new,
        known,
        broken,
        stale,
    };
    let mut text = environment.render_str(TEMPLATE, Serde(&page))?;
    text.push('\n');
    Ok(text)
}

fn lines(report: &RunReport) -> Vec<Line> {
    let shown = |cell: matrix::Cell| Shown {
        signs: cell.signs(),
        class: match (cell.let_in > 0, cell.is_bad(), cell.correct > 0) {
            (true, ..) => "alarm",
            (_, true, _) => "warning",
            (.., true) => "good",
            _ => "quiet",
        },
    };
    matrix::lines(report)
        .into_iter()
        .map(|line| Line {
            family: line.family,
            cells: line.cells.into_iter().map(shown).collect(),
        })
        .collect()
}

fn trouble<'a>(group: &'a Group<'a>, shown: &Context) -> Trouble<'a> {
    let defect = group.defect.and_then(|id| defect::find(id.0));
    Trouble {
        severity: group.severity.to_string(),
        title: text::title(group),
        defect: defect.map(|defect| defect.id.0),
        clause: defect.map(|defect| defect.clause),
        page: defect.map(|defect| defect.page),
        kind: group.kind.name(),
        known: group.known,
        alone: group.stands_alone(),
        others: group.others.join(", "),
        again: match defect {
            Some(defect) => format!(
                "{} --engine {} --defect {}",
                shown.command, group.engine, defect.id
            ),
            None => format!("{} --engine {}", shown.command, group.engine),
        },
        cases: group
            .findings
            .iter()
            .map(|finding| Evidence {
                case: finding.case(),
                detail: finding.detail(),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_page_stands_alone_escapes_what_it_shows_and_puts_new_findings_first() {
        let page = render(&sample::report(), &Context::default()).expect("writes");
        assert!(page.starts_with("<!doctype html>"));
        for outside in ["<script", "http://", "https://", "url(", "@import"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(
            page.contains("1 &lt;beta&gt; &amp; &quot;more&quot;"),
            "versions are escaped"
        );
        let new = page
            .find("validity&#x2f;expired@")
            .expect("the new finding's case");
        let known = page.find("by design").expect("the known finding's reason");
        assert!(new < known);
        assert!(page.contains("prefers-color-scheme: dark"));
    }
}
