//! What `gatecrash validate` prints: the explanation for people, or one document for programs.

use serde::Serialize;

use super::{CliError, REFERENCE};
use crate::{
    engine::Observation,
    oracle::Answer,
    report::{
        Paint, ReportError,
        layout::{pad, wrap},
    },
    validator::{Explanation, Line, Report},
    verdict::Reason,
};

#[derive(Serialize)]
struct Document {
    schema: u32,
    engines: Vec<EngineLine>,
}

#[derive(Serialize)]
struct EngineLine {
    engine: String,
    verdict: &'static str,
    violations: Vec<ViolationLine>,
    detail: String,
}

#[derive(Serialize)]
struct ViolationLine {
    reason: Reason,
    clause: &'static str,
    certificate: Option<usize>,
    detail: String,
}

pub(super) fn json(report: &Report, answers: &[(String, Answer)]) -> Result<String, CliError> {
    let violations = report.violations.iter().map(|violation| ViolationLine {
        reason: violation.reason,
        clause: violation.clause,
        certificate: violation.certificate,
        detail: violation.detail.clone(),
    });
    let reference = EngineLine {
        engine: REFERENCE.to_owned(),
        // A budget that ran out refuses.
        verdict: match report.is_accepted() {
            true => "accept",
            false => "reject",
        },
        violations: violations.collect(),
        detail: String::new(),
    };
    let other = |(engine, answer): &(String, Answer)| EngineLine {
        engine: engine.clone(),
        verdict: answer.word(),
        violations: answer.conclusive().map(of_observation).unwrap_or_default(),
        detail: answer.detail(),
    };
    let document = Document {
        schema: 1,
        engines: std::iter::once(reference)
            .chain(answers.iter().map(other))
            .collect(),
    };
    Ok(serde_json::to_string_pretty(&document).map_err(ReportError::from)? + "\n")
}

/// What an engine without an explanation gave as its reasons.
fn of_observation(observation: &Observation) -> Vec<ViolationLine> {
    let line = |reason: &Reason| ViolationLine {
        reason: *reason,
        clause: reason.clause(),
        certificate: None,
        detail: observation.detail.clone(),
    };
    observation.reasons.iter().map(line).collect()
}

/// Letters of a violation's title.
const TITLE: usize = 26;

/// The detail beside the title, and the clause beside it where there is room, below it where not.
fn violation(title: &str, detail: &str, clause: &str, paint: Paint, width: usize) -> String {
    let indent = 6 + TITLE + 1;
    let head = format!("    {} {}", paint.alarm("✗"), pad(title, TITLE));
    let letters = indent + detail.chars().count() + 2 + clause.chars().count();
    if letters <= width {
        // Clauses stand in one column where that fits.
        let column = if indent + 47 + clause.chars().count() <= width {
            45
        } else {
            0
        };
        return format!("{head} {}  {}", pad(detail, column), paint.quiet(clause));
    }
    let detail = wrap(detail, indent, width);
    let clause = wrap(clause, indent, width);
    let clause = paint.quiet(clause.trim());
    format!("{head} {}\n{:indent$}{clause}", detail.trim(), "")
}

pub(super) fn text(
    explanation: &Explanation,
    report: &Report,
    answers: &[(String, Answer)],
    paint: Paint,
    width: usize,
) -> String {
    let headline = pad(&explanation.headline, 60);
    let headline = if report.is_accepted() {
        paint.good(&headline)
    } else {
        paint.alarm(&headline)
    };
    let mut out = format!("{headline} {}\n\n", paint.quiet(&explanation.context));
    for line in &explanation.lines {
        out.push_str(&match line {
            Line::Certificate { role, what } => {
                format!("  {} {}", paint.strong(&pad(role, 13)), what.trim_end())
            }
            Line::Violation {
                title,
                detail,
                clause,
            } => violation(title, detail, clause, paint, width),
            Line::Passed { checks, note } => {
                let checks = pad(&format!("{checks} checks"), TITLE);
                format!("    {} {checks} {}", paint.good("✓"), paint.quiet(note))
            }
        });
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    for (index, remedy) in explanation.remedies.iter().enumerate() {
        let label = if index == 0 {
            "\n  to do   "
        } else {
            "          "
        };
        let text = wrap(remedy, 10, width);
        out.push_str(&format!("{label}{}\n", text.trim()));
    }
    if !answers.is_empty() {
        let said = answers
            .iter()
            .map(|(engine, answer)| match answer.detail() {
                detail if detail.is_empty() => format!("{engine}: {}", answer.word()),
                detail if answer.word() == "reject" => format!("{engine}: {detail}"),
                detail => format!("{engine}: {} ({detail})", answer.word()),
            });
        out.push_str(&format!(
            "\n  also    {}\n",
            said.collect::<Vec<_>>().join("    ")
        ));
    }
    out
}
