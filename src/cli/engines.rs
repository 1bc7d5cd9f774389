//! `gatecrash engines`: what can be asked, and what is missing; and the check
//! of a worker for its author.

use serde::Serialize;

use super::{
    CliError, Exit, interrupt,
    output::{ListFormat, ListOutput},
    select::EngineArgs,
};
use crate::{
    engine::{Capability, ENGINES, EngineOptions},
    report::layout::columns,
};

/// Lists engines with version and capabilities, and says how to get those that are missing.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  gatecrash engines\n  gatecrash engines --format json\n  gatecrash engines check --worker mine='python3 worker.py'"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    output: ListOutput,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Tells the author of a worker whether it speaks the protocol.
    #[command(after_help = "Example:\n  gatecrash engines check --worker mine='python3 worker.py'")]
    Check(CheckArgs),
}

#[derive(Debug, clap::Args)]
struct CheckArgs {
    #[command(flatten)]
    engines: EngineArgs,
}

#[derive(Serialize)]
struct Document {
    schema: u32,
    engines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    name: &'static str,
    summary: &'static str,
    by_default: bool,
    available: bool,
    version: Option<String>,
    capabilities: Vec<Capability>,
    why: Option<String>,
    remedy: Option<String>,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    match &args.command {
        Some(Command::Check(check)) => worker_check::run(&check.engines),
        None => list(args),
    }
}

fn list(args: &Args) -> Result<Exit, CliError> {
    let sink = args.output.open()?;
    let stop = interrupt::stop();
    let options = EngineOptions::default().stop(stop);
    let lines: Vec<Line> = ENGINES
        .iter()
        .map(|adapter| {
            let opened = (adapter.open)(&options);
            let line = |available| Line {
                name: adapter.name,
                summary: adapter.summary,
                by_default: adapter.by_default,
                available,
                version: None,
                capabilities: Vec::new(),
                why: None,
                remedy: None,
            };
            match opened {
                Ok(engine) => Line {
                    version: Some(engine.version()),
                    capabilities: engine.capabilities().to_vec(),
                    ..line(true)
                },
                Err(missing) => Line {
                    why: Some(missing.why),
                    remedy: Some(missing.remedy),
                    ..line(false)
                },
            }
        })
        .collect();
    if stop.is_set() {
        return Err(CliError::Interrupted("every engine had been asked"));
    }
    let text = match args.output.format {
        ListFormat::Json => {
            let document = Document {
                schema: 1,
                engines: lines,
            };
            serde_json::to_string_pretty(&document).map_err(crate::report::ReportError::from)?
                + "\n"
        }
        ListFormat::Text => text(&lines),
    };
    sink.write(&text)?;
    Ok(Exit::Clean)
}

fn text(lines: &[Line]) -> String {
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| match line.available {
            true => {
                let capabilities: Vec<String> =
                    line.capabilities.iter().map(ToString::to_string).collect();
                let version = line.version.clone().unwrap_or_default();
                vec![
                    format!("✓ {}", line.name),
                    version,
                    capabilities.join(" "),
                    line.summary.to_owned(),
                ]
            }
            false => {
                let why = line.why.clone().unwrap_or_default();
                let remedy = line.remedy.clone().unwrap_or_default();
                vec![
                    format!("· {}", line.name),
                    "missing".to_owned(),
                    format!("{why}; {remedy}"),
                ]
            }
        })
        .collect();
    columns(&rows)
}

mod worker_check {
    //! A few cases whose answers are beyond doubt, put to a worker one by one.

    use super::{CliError, EngineArgs, Exit};
    use crate::{
        case::{Case, pairs},
        cli::{interrupt, output},
        defect,
        engine::Engine,
        mint::Minter,
        report::layout::columns,
        verdict::Verdict,
    };

    /// Put to every worker: what no verifier may get wrong.
    const PLAIN: &[&str] = &["validity/expired", "validity/not-yet-valid"];

    pub(super) fn run(args: &EngineArgs) -> Result<Exit, CliError> {
        if args.worker.is_empty() {
            return Err(CliError::arguments(
                "no worker to check",
                "gatecrash engines check --worker NAME=CMD",
            ));
        }
        let minter = Minter::new();
        let defects = PLAIN.iter().filter_map(|id| defect::find(id));
        let pairs = defects
            .flat_map(|defect| pairs(&minter, defect, 2, 7))
            .collect::<Result<Vec<_>, _>>()?;
        let cases: Vec<&Case> = pairs
            .iter()
            .flat_map(|pair| [&pair.twin, &pair.hostile])
            .collect();
        let mut fine = true;
        let stop = interrupt::stop();
        for engine in args.open_workers()? {
            let (text, good) = check(engine.as_ref(), &cases);
            if stop.is_set() {
                return Err(CliError::Interrupted("the worker answered"));
            }
            output::print(&text)?;
            fine &= good;
        }
        Ok(if fine { Exit::Clean } else { Exit::Broken })
    }

    fn check(engine: &dyn Engine, cases: &[&Case]) -> (String, bool) {
        let mut rows = Vec::new();
        let (mut broken, mut right) = (0, 0);
        for case in cases {
            let (sign, said) = match engine.observe(case) {
                Ok(observation) => {
                    let agrees = match observation.verdict {
                        Verdict::Accept => case.expected.reasons().is_empty(),
                        Verdict::Reject(_) => !case.expected.reasons().is_empty(),
                        Verdict::Inconclusive(_) => false,
                    };
                    right += usize::from(agrees);
                    let detail = observation
                        .detail
                        .lines()
                        .next()
                        .unwrap_or_default()
                        .to_owned();
                    (
                        if agrees { "✓" } else { "≈" },
                        format!("{}  {detail}", observation.verdict),
                    )
                }
                Err(error) => {
                    broken += 1;
                    ("✗", error.to_string())
                }
            };
            rows.push(vec![
                format!("{sign} {}", case.id),
                format!("expected {}", case.expected.word()),
                said,
            ]);
        }
        let mut text = format!("{}\n{}", engine.name(), columns(&rows));
        text.push_str(&match (broken, cases.len() - right) {
            (0, 0) => "speaks the protocol, and every answer is right\n".to_owned(),
            (0, wrong) => format!(
                "speaks the protocol; {wrong} of {} answers are not as expected\n",
                cases.len()
            ),
            (broken, _) => format!(
                "does not speak the protocol: {broken} of {} cases got no answer\n",
                cases.len()
            ),
        });
        (text, broken == 0)
    }
}
