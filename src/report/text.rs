//! A run for people at a terminal: what was done, the matrix, the findings with
//! the worst first and the command that shows each again.

use std::collections::BTreeSet;

use super::{
    Context,
    known::{self, Cause},
    layout::{count, flow, thousands, wrap},
    matrix,
};
use crate::{
    defect::{self, Defect, Severity},
    engine::Observation,
    oracle::{
        Answer, Finding, Kind,
        expected::Mark,
        triage::{self, Group},
    },
    run::{JudgedCase, Row, RunReport},
    script::ProtocolVersion,
    verdict::{Verdict, Why},
};

/// Who speaks.
const NAME: &str = concat!("gatecrash ", env!("CARGO_PKG_VERSION"));

/// How many new findings are told in full. The rest get their first lines: JSON and HTML have all of it.
const IN_FULL: usize = 20;

/// How many causes of known findings are told. JSON, HTML and `corpus/known.toml` have all of them.
const CAUSES: usize = 12;

/// Columns before the text of a finding: the longest severity and two blanks.
const INDENT: usize = 10;

pub(super) fn render(report: &RunReport, context: &Context) -> String {
    let mut out = head(report, context);
    if !report.rows.is_empty() {
        out.push('\n');
        out.push_str(&matrix::render(report, context.paint, context.width));
        let legend = matrix::LEGEND.map(|(sign, meaning)| format!("{sign} {meaning}"));
        out.push_str(&context.paint.quiet(flow(&legend, context.width).trim_end()));
        out.push('\n');
    }
    out.push('\n');
    out.push_str(&figures(report, context));

    let groups = triage::group(&report.findings);
    let known = groups.iter().filter(|group| group.known.is_some()).count();
    match groups.len() {
        0 => out.push_str(&context.paint.good("no findings")),
        total => out.push_str(&format!(
            "{}: {} new, {} known",
            count(total, "finding"),
            total - known,
            known
        )),
    }
    out.push('\n');
    let new = groups.iter().filter(|group| group.known.is_none());
    for (index, group) in new.enumerate() {
        if index < IN_FULL {
            let told = match (group.defect, two_defects(group)) {
                (Some(_), _) => Some(news(report, group, context)),
                (None, Some(two)) => Some(news_of_two(group, two, context)),
                (None, None) => None,
            };
            if let Some(told) = told {
                out.push('\n');
                out.push_str(&told);
                continue;
            }
        }
        if index == 0 || index == IN_FULL {
            out.push('\n');
        }
        out.push_str(&headline(group, context));
        if group.kind != Kind::FalseAccept {
            out.push_str(&wrap(group.findings[0].detail(), INDENT, context.width));
        }
    }
    out.push_str(&old(&known::causes(&groups), context));
    out.push_str(&not_alone(report, context));
    out.push_str(&trouble(report, context));
    out
}

/// The defects of which the reference does not state the intended reason alone, each once, by cause.
fn not_alone(report: &RunReport, context: &Context) -> String {
    let mut causes: Vec<(String, Vec<&str>)> = Vec::new();
    for beside in &report.beside_intended {
        let cause = match report.why_known(beside) {
            Some(why) => why.to_owned(),
            None if beside.reasons.is_empty() => "let in, and nobody knows why".to_owned(),
            None => {
                let reasons: Vec<&str> = beside.reasons.iter().map(|one| one.name()).collect();
                format!("refused for {} as well", reasons.join(", "))
            }
        };
        let name = beside.defect.map_or(&*beside.case, |defect| defect.0);
        let place = causes.iter().position(|(known, _)| *known == cause);
        let place = place.unwrap_or_else(|| {
            causes.push((cause, Vec::new()));
            causes.len() - 1
        });
        let names = &mut causes[place].1;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if causes.is_empty() {
        return String::new();
    }
    let mut out = "\nnot refused for the intended reason alone\n".to_owned();
    for (cause, names) in causes {
        let text = format!("{}: {cause}", names.join(", "));
        out.push_str(&wrap(&text, INDENT, context.width));
    }
    out
}

fn head(report: &RunReport, context: &Context) -> String {
    let summary = report.summary();
    let mut parts = vec![NAME.to_owned()];
    match report.rng_seed {
        // A double is of no one defect.
        Some(_) if summary.defects == 0 && !report.rows.is_empty() => parts.push(format!(
            "{} of two defects, each beside its twin",
            count(report.rows.len(), "combination")
        )),
        Some(_) => parts.push(format!(
            "{} × {}, each beside its twin",
            count(summary.defects, "defect"),
            count(report.variants as usize, "variant")
        )),
        None => parts.push(count(summary.cases, "case")),
    }
    parts.push(count(report.engines.len(), "engine"));
    parts.extend(report.rng_seed.map(|seed| format!("rng seed {seed}")));
    flow(&parts, context.width).replacen(NAME, &context.paint.strong(NAME), 1)
}

fn figures(report: &RunReport, context: &Context) -> String {
    let summary = report.summary();
    let mut line = format!(
        "{}, {}",
        count(summary.cases, "case"),
        count(report.judgements, "judgement")
    );
    if let Some(elapsed) = context.elapsed {
        line.push_str(&format!(" in {:.1} s", elapsed.as_secs_f64()));
    }
    if let Some(per_cent) = report.reached_signatures.per_cent() {
        line.push_str(&format!("   {per_cent} % reached signature checking"));
    }
    if summary.inconclusive > 0 {
        line.push_str(&format!(
            "   {} inconclusive",
            thousands(summary.inconclusive)
        ));
    }
    line.push('\n');
    if let Some(per_cent) = report.intended_alone.per_cent() {
        line.push_str(&format!(
            "{per_cent} % of {} refused by the reference for the intended reason and no other",
            count(report.intended_alone.whole, "hostile case"),
        ));
        match report.intended_but_for_known().per_cent() {
            Some(but_for_known) if but_for_known > per_cent => line.push_str(&format!(
                "; {but_for_known} % but for what is named below\n"
            )),
            _ => line.push('\n'),
        }
    }
    if report.apart > 0 {
        line.push_str(&format!(
            "{} cannot stand in one chain\n",
            count(report.apart, "more combination")
        ));
    }
    line.push_str(&beyond(report, context));
    if report.interrupted {
        let text = format!(
            "interrupted: {} of {} cases judged",
            thousands(summary.cases),
            thousands(report.planned)
        );
        line.push_str(&format!("{}\n", context.paint.warning(&text)));
    }
    line
}

/// The versions of TLS that engines do not speak. A refusal of everything in a version says nothing
/// of what is wrong in it.
fn beyond(report: &RunReport, context: &Context) -> String {
    let mut out = String::new();
    for (column, engine) in report.engines.iter().enumerate() {
        for version in ProtocolVersion::NAMED {
            let name = version.to_string();
            let is_beyond = |case: &&JudgedCase| match &case.answers.get(column) {
                Some(Some(Answer::Observed(Observation {
                    verdict: Verdict::Inconclusive(Why::Unsupported(what)),
                    ..
                }))) => *what == name,
                _ => false,
            };
            let beyond = report.cases.iter().filter(is_beyond);
            let pairs = beyond.map(|case| case.id.trim_end_matches("~twin"));
            let number = pairs.collect::<BTreeSet<_>>().len();
            if number > 0 {
                let text = format!(
                    "{} does not speak {name}: nothing is said of {} of it",
                    engine.name,
                    count(number, "case")
                );
                out.push_str(&format!("{}\n", context.paint.quiet(&text)));
            }
        }
    }
    out
}

/// What happened, in a few words, with the engine as the subject of the sentence.
pub(super) fn title(group: &Group<'_>) -> String {
    let does = predicate(group.kind, false);
    match defect_of(group) {
        Some(defect) => format!("{} {does}: {}", group.engine, defect.summary),
        None => {
            let does = if group.kind == Kind::FalseReject {
                "turns away"
            } else {
                does
            };
            format!("{} {does}: {}", group.engine, group.findings[0].case())
        }
    }
}

/// What an engine does, or several do.
fn predicate(kind: Kind, several: bool) -> &'static str {
    match (kind, several) {
        (Kind::FalseAccept, false) => "lets in",
        (Kind::FalseAccept, true) => "let in",
        (Kind::FalseReject, false) => "turns away the twin of",
        (Kind::FalseReject, true) => "turn away the twin of",
        (Kind::WrongReason, false) => "refuses for another reason",
        (Kind::WrongReason, true) => "refuse for another reason",
        (Kind::Discrepancy, false) => "differs from the others on",
        (Kind::Discrepancy, true) => "differ from the others on",
        (Kind::Metamorphic, false) => "changes its verdict with the order",
        (Kind::Metamorphic, true) => "change their verdict with the order",
        (Kind::Resource, false) => "takes too long on",
        (Kind::Resource, true) => "take too long on",
        (Kind::Crash, false) => "crashes on",
        (Kind::Crash, true) => "crash on",
    }
}

fn defect_of(group: &Group<'_>) -> Option<&'static Defect> {
    group.defect.and_then(|id| defect::find(id.0))
}

fn label(severity: Severity, context: &Context) -> String {
    let text = format!(
        "{:<width$}",
        severity.to_string().to_uppercase(),
        width = INDENT
    );
    match severity {
        Severity::Critical | Severity::High => context.paint.alarm(&text),
        Severity::Medium => context.paint.warning(&text),
        Severity::Low | Severity::Info => context.paint.quiet(&text),
    }
}

/// The first line of a group.
fn headline(group: &Group<'_>, context: &Context) -> String {
    let id = group.defect.map_or("", |id| id.0);
    first_line(group.severity, &title(group), id, context)
}

/// Severity, title, and the id at the right where there is room.
fn first_line(severity: Severity, title: &str, id: &str, context: &Context) -> String {
    let wrapped = wrap(title, INDENT, context.width);
    let lines: Vec<&str> = wrapped.lines().map(str::trim_start).collect();
    let mut out = label(severity, context);
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            out.push_str(&format!("\n{}", " ".repeat(INDENT)));
        }
        out.push_str(&context.paint.strong(line));
    }
    if !id.is_empty() {
        let used = INDENT + lines.last().map_or(0, |line| line.chars().count());
        match context.width.checked_sub(used + id.len() + 2) {
            Some(room) => out.push_str(&format!("{}  {id}", " ".repeat(room))),
            None => out.push_str(&format!("\n{}{id}", " ".repeat(INDENT))),
        }
    }
    out.push('\n');
    out
}

fn news(report: &RunReport, group: &Group<'_>, context: &Context) -> String {
    let mut out = headline(group, context);
    let mut line = |text: &str| out.push_str(&wrap(text, INDENT, context.width));
    let first = group.findings[0];
    let Some(defect) = defect_of(group) else {
        return out;
    };
    line(&format!(
        "{}: {}",
        defect.clause,
        first_sentence(defect.page)
    ));
    if group.kind != Kind::FalseAccept {
        line(first.detail());
    }
    line(&spread(report, group));
    let again = format!(
        "{} --engine {} --defect {}",
        context.command, group.engine, defect.id
    );
    let files = format!("gatecrash mint {} --out ./here", defect.id);
    for (word, command) in [("again", again), ("files", files)] {
        out.push_str(&format!(
            "{}{}   {command}\n",
            " ".repeat(INDENT),
            context.paint.quiet(word)
        ));
    }
    out
}

/// The defects of a group that is of two in one chain.
fn two_defects(group: &Group<'_>) -> Option<[&'static Defect; 2]> {
    let (ids, _) = group.findings[0].case().split_once('@')?;
    let (first, second) = ids.split_once('+')?;
    Some([defect::find(first)?, defect::find(second)?])
}

fn news_of_two(group: &Group<'_>, two: [&Defect; 2], context: &Context) -> String {
    let mut out = headline(group, context);
    let mut line = |text: &str| out.push_str(&wrap(text, INDENT, context.width));
    line(group.findings[0].detail());
    for defect in two {
        line(&format!(
            "{}: {}: {}",
            defect.id,
            defect.clause,
            first_sentence(defect.page)
        ));
    }
    let [first, second] = two.map(|defect| defect.id);
    out.push_str(&format!(
        "{}{}   {} --engine {} --defect {first} --defect {second}\n",
        " ".repeat(INDENT),
        context.paint.quiet("again"),
        context.command,
        group.engine
    ));
    out
}

/// How far it reaches: variants, positions, other engines.
fn spread(report: &RunReport, group: &Group<'_>) -> String {
    let column = report
        .engines
        .iter()
        .position(|engine| engine.name == group.engine);
    let subject = group.defect.map(|id| id.0);
    // A finding may be about the twin, and a pair of which nothing else can be told.
    let shows = |row: &Row| {
        let variant = |finding: &&Finding| finding.case().split('~').next() == Some(&row.case);
        group.findings.iter().any(variant)
    };
    let told = |row: &&Row| {
        let mark = column.and_then(|column| row.marks[column]);
        Some(row.subject.as_str()) == subject
            && (mark.is_some_and(|mark| mark != Mark::CannotTell) || shows(row))
    };
    let variants: Vec<&Row> = report.rows.iter().filter(told).collect();
    let showing = variants.iter().filter(|row| shows(row)).count();
    let positions: Vec<String> = group.positions.iter().map(ToString::to_string).collect();
    let mut text = format!(
        "{} of {} at {}",
        showing,
        count(variants.len(), "variant"),
        positions.join(", ")
    );
    if group.kind == Kind::FalseAccept
        && group
            .findings
            .iter()
            .all(|finding| finding.detail().ends_with("as well"))
    {
        text.push_str(", twin accepted each time");
    }
    text.push_str(". Stands alone: ");
    match group.stands_alone() {
        true => text.push_str("yes."),
        false => text.push_str(&format!("no ({} too).", group.others.join(", "))),
    }
    text
}

/// The known findings, by cause.
fn old(causes: &[Cause<'_, '_>], context: &Context) -> String {
    if causes.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{}\n", context.paint.strong("known"));
    for cause in causes.iter().take(CAUSES) {
        out.push_str(&cause_lines(cause, context));
    }
    if let Some(more @ 1..) = causes.len().checked_sub(CAUSES) {
        let text = format!(
            "… and {} of known findings: each is in --format html and --format json, with its reason",
            count(more, "more cause")
        );
        out.push_str(&context.paint.quiet(&wrap(&text, 0, context.width)));
    }
    out
}

/// A cause: who errs, on what, and why.
fn cause_lines(cause: &Cause<'_, '_>, context: &Context) -> String {
    let does = predicate(cause.kind, cause.engines.len() > 1);
    let several = cause.defects.len() > 1;
    let (what, id) = match cause.defects.first().and_then(|id| defect::find(id.0)) {
        Some(defect) if !several => (format!(": {}", defect.summary), defect.id.0),
        Some(_) => {
            let on = match cause.kind {
                Kind::Metamorphic | Kind::WrongReason => " on",
                _ => "",
            };
            (format!("{on} {}", count(cause.defects.len(), "defect")), "")
        }
        None => (format!(": {}", cause.groups[0].findings[0].case()), ""),
    };
    let title = format!("{} {does}{what}", cause.engines());
    let mut out = first_line(cause.severity, &title, id, context);
    out.push_str(&wrap(cause.why, INDENT, context.width));
    if several {
        let text = wrap(&cause.defects(), INDENT, context.width);
        out.push_str(&context.paint.quiet(&text));
    }
    out
}

/// What is wrong with the run itself.
fn trouble(report: &RunReport, context: &Context) -> String {
    let mut out = String::new();
    for entry in &report.stale {
        let text = format!(
            "stale     {} {} {} is listed as known but did not show: take it out of the list",
            entry.engine, entry.kind, entry.defect
        );
        out.push_str(&format!("\n{}", context.paint.warning(&text)));
    }
    let mut told: Vec<&Option<String>> = Vec::new();
    for breakage in &report.broken {
        if told.contains(&&breakage.engine) && breakage.engine.is_some() {
            continue;
        }
        told.push(&breakage.engine);
        let times = report
            .broken
            .iter()
            .filter(|other| other.engine == breakage.engine)
            .count();
        let who = breakage.engine.as_deref().unwrap_or("catalogue");
        let text = format!("broke     {who} on {}: {}", breakage.case, breakage.detail);
        let more = if times > 1 && breakage.engine.is_some() {
            format!(" ({times} times)")
        } else {
            String::new()
        };
        out.push_str(&format!(
            "\n{}",
            context.paint.alarm(&format!("{text}{more}"))
        ));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

fn first_sentence(page: &str) -> &str {
    page.find(". ").map_or(page, |end| &page[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn new_findings_come_first_with_clause_and_command_and_known_ones_with_their_reason() {
        let text = render(&sample::report(), &Context::default());
        let order = [
            "2 defects × 2 variants",
            "✗ 2",
            "2 findings: 1 new, 1 known",
            "HIGH      credulous lets in: the certificate ended before the validation time",
            "RFC 5280",
            "2 of 2 variants at end-entity, intermediate, twin accepted each time. Stands alone: yes.",
            "again   gatecrash run --engine credulous --defect validity/expired",
            "files   gatecrash mint validity/expired --out ./here",
            "known",
            "validity/not-yet-valid",
            "by design",
        ];
        let mut from = 0;
        for expected in order {
            let at = text[from..]
                .find(expected)
                .unwrap_or_else(|| panic!("{expected} after {from} in\n{text}"));
            from += at;
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_unless_a_word_is_and_plain_text_has_no_escapes() {
        let text = render(
            &sample::report(),
            &Context {
                width: 80,
                ..Context::default()
            },
        );
        assert!(!text.contains('\u{1b}'));
        for line in text.lines().filter(|line| !line.contains("again ")) {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}
