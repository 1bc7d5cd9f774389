//! What people see of a scope that was looked at whole: how many chains all
//! engines judge alike, and the ways in which they differ on the others.

use std::collections::BTreeMap;

use super::{
    Context,
    layout::{count, thousands, wrap},
};
use crate::run::{JudgedCase, RunReport};

/// How far details stand in.
const INDENT: usize = 10;

/// Chains on which the engines differ in the same way.
struct Pattern<'r> {
    cases: Vec<&'r JudgedCase>,
    /// Why it is accepted, where all of it is.
    known: Option<&'r str>,
}

/// The report for people, scope by scope.
pub fn render(report: &RunReport, context: &Context) -> String {
    let mut out = String::new();
    let engines: Vec<&str> = report.engines.iter().map(|one| one.name.as_str()).collect();
    out.push_str(&format!("{}\n", engines.join("   ")));
    let scopes: Vec<&[JudgedCase]> = report
        .cases
        .chunk_by(|one, other| scope_of(one) == scope_of(other))
        .collect();
    for cases in scopes {
        out.push_str(&scope(report, &engines, cases, context));
    }
    let summary = report.summary();
    let mut line = format!(
        "\n{}, {}",
        count(summary.cases, "chain"),
        count(report.judgements, "judgement")
    );
    if let Some(elapsed) = context.elapsed {
        line.push_str(&format!(" in {:.1} s", elapsed.as_secs_f64()));
    }
    if report.interrupted {
        line.push_str(&format!(
            "   interrupted: {} of {} judged",
            thousands(summary.cases),
            thousands(report.planned)
        ));
    }
    line.push_str(&format!(
        "\n{}: {} new, {} known\n",
        count(summary.findings, "finding"),
        thousands(summary.findings - summary.known),
        thousands(summary.known)
    ));
    out.push_str(&line);
    for breakage in &report.broken {
        let who = breakage.engine.as_deref().unwrap_or("the mint");
        let text = format!("broke     {who} on {}: {}", breakage.case, breakage.detail);
        out.push_str(&format!("{}\n", context.paint.alarm(&text)));
    }
    out
}

fn scope_of(case: &JudgedCase) -> &str {
    case.id
        .split_once('/')
        .map_or(&*case.id, |(scope, _)| scope)
}

/// Where the dials stand, in the order of the scope.
fn notches(case: &JudgedCase) -> Vec<&str> {
    let dials = case.id.split_once('/').map_or("", |(_, dials)| dials);
    dials.split(',').collect()
}

fn scope(report: &RunReport, engines: &[&str], cases: &[JudgedCase], context: &Context) -> String {
    let known: BTreeMap<&str, Option<&str>> =
        report
            .findings
            .iter()
            .fold(BTreeMap::new(), |mut known, finding| {
                let entry = known.entry(finding.case()).or_insert(finding.known());
                // One side that is news makes the chain news.
                *entry = entry.and(finding.known());
                known
            });
    let mut patterns: Vec<(String, Pattern<'_>)> = Vec::new();
    for case in cases {
        let Some(why) = known.get(case.id.as_str()) else {
            continue;
        };
        let sides = sides(engines, case);
        let same =
            |(other, pattern): &(String, Pattern<'_>)| *other == sides && pattern.known == *why;
        match patterns.iter_mut().find(|pattern| same(pattern)) {
            Some((_, pattern)) => pattern.cases.push(case),
            None => patterns.push((
                sides,
                Pattern {
                    cases: vec![case],
                    known: *why,
                },
            )),
        }
    }
    patterns
        .sort_by_key(|(_, pattern)| (pattern.known.is_some(), usize::MAX - pattern.cases.len()));
    let differing: usize = patterns
        .iter()
        .map(|(_, pattern)| pattern.cases.len())
        .sum();
    let verdict = match differing {
        0 => "all judged alike".to_owned(),
        _ => format!(
            "{} judged alike, {} differently in {}",
            thousands(cases.len() - differing),
            thousands(differing),
            count(patterns.len(), "way")
        ),
    };
    let name = cases.first().map_or("", scope_of);
    let mut out = format!(
        "\n{}   {}, {verdict}\n",
        context.paint.strong(name),
        count(cases.len(), "chain")
    );
    for (sides, pattern) in &patterns {
        let heading = format!("{}   {sides}", count(pattern.cases.len(), "chain"));
        let mark = match pattern.known {
            Some(_) => context.paint.quiet("known"),
            None => context.paint.warning("new  "),
        };
        let heading = wrap(&heading, INDENT, context.width);
        out.push_str(&format!("  {mark}   {}", heading.trim_start()));
        let shared = shared(&pattern.cases);
        if !shared.is_empty() {
            let text = format!("each with {}", shared.join(", "));
            out.push_str(&wrap(&text, INDENT, context.width));
        }
        if let Some(case) = pattern.cases.first() {
            let text = format!("such as {}", case.id);
            out.push_str(&wrap(&text, INDENT, context.width));
        }
        if let Some(why) = pattern.known {
            out.push_str(&wrap(why, INDENT, context.width));
        }
    }
    out
}

/// Who accepts, and who refuses for what.
fn sides(engines: &[&str], case: &JudgedCase) -> String {
    let mut accepting = Vec::new();
    let mut refusing = Vec::new();
    for (engine, answer) in engines.iter().zip(&case.answers) {
        let Some(observation) = answer.as_ref().and_then(|answer| answer.conclusive()) else {
            continue;
        };
        match observation.verdict.reason() {
            None => accepting.push((*engine).to_owned()),
            Some(reason) => refusing.push(format!("{engine} ({reason})")),
        }
    }
    format!(
        "accepted by {}, refused by {}",
        accepting.join(", "),
        refusing.join(", ")
    )
}

/// The notches at which a dial stands in every one of the chains.
fn shared<'r>(cases: &[&'r JudgedCase]) -> Vec<&'r str> {
    let Some((first, others)) = cases.split_first() else {
        return Vec::new();
    };
    let mut shared = notches(first);
    for case in others {
        let theirs = notches(case);
        shared.retain(|notch| theirs.contains(notch));
    }
    shared
}
