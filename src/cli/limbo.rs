//! `gatecrash limbo`: suites that no one here wrote.

use std::path::PathBuf;

use super::{
    CliError, Exit, input,
    judge::{Judging, judge},
    mint::now,
    output::Output,
    select::EngineArgs,
};
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
    let case = |testcase| Case::from_limbo(testcase, now).map_err(limbo_error);
    let cases = suite
        .testcases
        .iter()
        .map(case)
        .collect::<Result<Vec<_>, CliError>>()?;
    let mut engines = args.engines.open()?;
    engines.extend(args.engines.open_harnesses(cases.iter())?);
    let judging = Judging {
        engines,
        known: &Known::none(),
        jobs: args.engines.jobs(),
        orders: args.engines.limbo_harness.is_empty(),
        command: format!(
            "gatecrash limbo {}{}",
            args.file.display(),
            args.engines.again()
        ),
    };
    let trials = cases
        .into_iter()
        .map(|case| Trial::Single(Box::new(case)))
        .collect();
    judge(&Work::Trials(trials), judging, &args.output)
}
