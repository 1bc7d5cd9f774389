//! `gatecrash limbo`: suites that no one here wrote.

use std::path::PathBuf;

use super::{CliError, Exit, input, judge::judge, mint::now, output::Output, select::EngineArgs};
use crate::{
    case::{Case, Limbo},
    corpus::known::Known,
    question::Time,
    run::{Trial, Work},
};

/// Runs an x509-limbo file (version 1) on the engines.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatecrash limbo limbo.json\n  gatecrash limbo limbo.json --engine webpki --format json --output limbo-run.json"
)]
pub(super) struct Args {
    /// The suite.
    file: PathBuf,
    #[command(flatten)]
    engines: EngineArgs,
    /// The validation time of cases that give none. Without it, now.
    #[arg(long, value_name = "T")]
    time: Option<Time>,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let limbo_error = |error| CliError::Limbo {
        path: args.file.clone(),
        error,
    };
    let suite = Limbo::read(&input::text(&args.file)?).map_err(limbo_error)?;
    let now = args.time.unwrap_or_else(now);
    let trial = |testcase| {
        Ok(Trial::Single(Box::new(
            Case::from_limbo(testcase, now).map_err(limbo_error)?,
        )))
    };
    let trials = suite
        .testcases
        .iter()
        .map(trial)
        .collect::<Result<Vec<_>, CliError>>()?;
    let engines = args.engines.open()?;
    let command = format!("gatecrash limbo {}", args.file.display());
    judge(
        &Work::Trials(trials),
        &engines,
        &Known::none(),
        args.engines.jobs(),
        &args.output,
        command,
    )
}
