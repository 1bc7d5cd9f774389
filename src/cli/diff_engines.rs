//! `gatecrash diff-engines`: what changed between two runs.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    CliError, Exit, input,
    output::{ListFormat, ListOutput},
};
use crate::report::layout::{columns, count};

/// Compares the JSON of two runs: engines, verdicts and findings that came, went or changed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatecrash run --format json --output old.json\n  gatecrash diff-engines old.json new.json"
)]
pub(super) struct Args {
    /// The earlier run.
    old: PathBuf,
    /// The later run.
    new: PathBuf,
    #[command(flatten)]
    output: ListOutput,
}

/// As much of a run's JSON as is compared.
#[derive(Deserialize)]
struct Run {
    schema: u32,
    engines: Vec<EngineLine>,
    cases: Vec<CaseLine>,
    findings: Vec<FindingLine>,
}

#[derive(Deserialize)]
struct EngineLine {
    name: String,
    version: String,
}

#[derive(Deserialize)]
struct CaseLine {
    id: String,
    observations: Vec<ObservationLine>,
}

#[derive(Deserialize)]
struct ObservationLine {
    engine: String,
    verdict: String,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct FindingLine {
    kind: String,
    engine: String,
    case: String,
}

/// One thing that is not as it was.
#[derive(Serialize)]
struct Change {
    what: &'static str,
    engine: String,
    case: Option<String>,
    old: Option<String>,
    new: Option<String>,
}

#[derive(Serialize)]
struct Document {
    schema: u32,
    changes: Vec<Change>,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let (old, new) = (read(&args.old)?, read(&args.new)?);
    let sink = args.output.open()?;
    let mut changes = compare("engine", engines(&old), engines(&new));
    changes.extend(compare("verdict", verdicts(&old), verdicts(&new)));
    changes.extend(compare("finding", findings(&old), findings(&new)));
    let exit = if changes.is_empty() {
        Exit::Clean
    } else {
        Exit::Findings
    };
    let text = match args.output.format {
        ListFormat::Json => {
            let document = Document { schema: 1, changes };
            serde_json::to_string_pretty(&document).map_err(crate::report::ReportError::from)?
                + "\n"
        }
        ListFormat::Text => text(&changes),
    };
    sink.write(&text)?;
    Ok(exit)
}

fn read(path: &Path) -> Result<Run, CliError> {
    let problem = |problem: String| CliError::Json {
        path: path.to_owned(),
        what: "a run",
        problem,
    };
    let run: Run =
        serde_json::from_slice(&input::text(path)?).map_err(|error| problem(error.to_string()))?;
    match run.schema {
        1 => Ok(run),
        other => Err(problem(format!("schema {other} is not known"))),
    }
}

/// What is compared: by engine and case, the words.
type Table = BTreeMap<(String, Option<String>), String>;

fn engines(run: &Run) -> Table {
    run.engines
        .iter()
        .map(|engine| ((engine.name.clone(), None), engine.version.clone()))
        .collect()
}

fn verdicts(run: &Run) -> Table {
    let cases = run.cases.iter().flat_map(|case| {
        case.observations
            .iter()
            .map(move |observation| (case, observation))
    });
    cases
        .map(|(case, observation)| {
            let words = match &observation.reason {
                Some(reason) => format!("{} ({reason})", observation.verdict),
                None => observation.verdict.clone(),
            };
            ((observation.engine.clone(), Some(case.id.clone())), words)
        })
        .collect()
}

fn findings(run: &Run) -> Table {
    let mut table = Table::new();
    for finding in &run.findings {
        let words = table
            .entry((finding.engine.clone(), Some(finding.case.clone())))
            .or_default();
        if !words.is_empty() {
            words.push_str(", ");
        }
        words.push_str(&finding.kind);
    }
    table
}

fn compare(what: &'static str, old: Table, mut new: Table) -> Vec<Change> {
    let mut changes = Vec::new();
    for ((engine, case), was) in old {
        let is = new.remove(&(engine.clone(), case.clone()));
        if is.as_ref() != Some(&was) {
            changes.push(Change {
                what,
                engine,
                case,
                old: Some(was),
                new: is,
            });
        }
    }
    changes.extend(new.into_iter().map(|((engine, case), is)| Change {
        what,
        engine,
        case,
        old: None,
        new: Some(is),
    }));
    changes
}

fn text(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "nothing changed\n".to_owned();
    }
    let word = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    let rows: Vec<Vec<String>> = changes
        .iter()
        .map(|change| {
            vec![
                change.what.to_owned(),
                change.engine.clone(),
                change.case.clone().unwrap_or_default(),
                format!("{} → {}", word(&change.old), word(&change.new)),
            ]
        })
        .collect();
    format!("{}\n{}\n", columns(&rows), count(changes.len(), "change"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_went_and_changed_is_told_and_what_stayed_is_not() {
        let run = |verdict: &str, version: &str, finding: &str| -> Run {
            let text = format!(
                r#"{{"schema": 1, "engines": [{{"name": "e", "version": "{version}"}}],
                    "cases": [{{"id": "a", "observations": [{{"engine": "e", "verdict": "{verdict}", "reason": null}}]}},
                              {{"id": "b", "observations": [{{"engine": "e", "verdict": "accept", "reason": null}}]}}],
                    "findings": [{finding}]}}"#
            );
            serde_json::from_str(&text).expect("a run")
        };
        let old = run(
            "accept",
            "1",
            r#"{"kind": "false-accept", "engine": "e", "case": "a"}"#,
        );
        let new = run("reject", "2", "");
        let mut changes = compare("engine", engines(&old), engines(&new));
        changes.extend(compare("verdict", verdicts(&old), verdicts(&new)));
        changes.extend(compare("finding", findings(&old), findings(&new)));
        let shown: Vec<(&str, Option<&str>)> = changes
            .iter()
            .map(|change| (change.what, change.new.as_deref()))
            .collect();
        assert_eq!(
            shown,
            [
                ("engine", Some("2")),
                ("verdict", Some("reject")),
                ("finding", None)
            ]
        );
        assert!(compare("verdict", verdicts(&old), verdicts(&old)).is_empty());
    }
}
