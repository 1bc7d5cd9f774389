//! `gatecrash run`: the main job.

use super::{
    CliError, Exit,
    judge::{Judging, judge},
    output::Output,
    select::{self, EngineArgs},
};
use crate::{
    case::pairs,
    corpus::known::{BUILT_IN, Known, RNG_SEED, VARIANTS},
    mint::Minter,
    oracle::resource::Budget,
    run::Work,
};

/// Shows every defect and its twin to every engine; prints the matrix and the findings.
#[derive(Debug, clap::Args)]
#[command(after_help = after_help())]
pub(super) struct Args {
    #[command(flatten)]
    engines: EngineArgs,
    /// Only defects whose ids match; `*` stands for any text. Give it again for more.
    #[arg(long, value_name = "GLOB")]
    defect: Vec<String>,
    /// Settings that each defect is put into.
    #[arg(long, value_name = "N", default_value_t = VARIANTS, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    variants: u32,
    /// Draws the settings.
    #[arg(long, value_name = "N", default_value_t = RNG_SEED)]
    rng_seed: u64,
    /// Shows two defects at once instead, each with one of every other family: the first may not hide the second.
    #[arg(long, conflicts_with_all = ["variants", "limbo_harness"])]
    pairs: bool,
    #[command(flatten)]
    output: Output,
}

fn after_help() -> String {
    format!(
        "An answer that takes longer than {} is a finding of kind resource.\n\n\
         Examples:\n  gatecrash run\n  gatecrash run --engine webpki --defect 'usage/*' --variants 8\n  \
         gatecrash run --pairs --engine webpki\n  gatecrash run --worker mine='python3 worker.py' --format json --output run.json",
        Budget::default()
    )
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let known = Known::from_toml(BUILT_IN, select::is_engine)?;
    let defects = select::defects(&args.defect)?;
    if args.pairs && defects.len() < 2 {
        return Err(CliError::arguments(
            "--pairs needs two defects or more".to_owned(),
            "name several with --defect, or none for the whole catalogue".to_owned(),
        ));
    }
    let mut engines = args.engines.open()?;
    if !args.engines.limbo_harness.is_empty() {
        let minter = Minter::new();
        let minted = defects
            .iter()
            .flat_map(|defect| pairs(&minter, defect, args.variants, args.rng_seed));
        let minted = minted.collect::<Result<Vec<_>, _>>()?;
        let cases = minted.iter().flat_map(|pair| [&pair.hostile, &pair.twin]);
        engines.extend(args.engines.open_harnesses(cases)?);
    }
    let mut command = "gatecrash run".to_owned();
    if args.variants != VARIANTS {
        command.push_str(&format!(" --variants {}", args.variants));
    }
    if args.rng_seed != RNG_SEED {
        command.push_str(&format!(" --rng-seed {}", args.rng_seed));
    }
    if args.pairs {
        command.push_str(" --pairs");
    }
    command.push_str(&args.engines.again());
    let judging = Judging {
        engines,
        known: &known,
        jobs: args.engines.jobs(),
        orders: args.engines.limbo_harness.is_empty() && !args.pairs,
        command,
    };
    let work = match args.pairs {
        true => Work::doubles(&defects, args.rng_seed),
        false => Work::catalogue(defects, args.variants, args.rng_seed),
    };
    if work.cases() == 0 {
        return Err(CliError::arguments(
            "no two of these defects make a pair",
            "choose more than one with --defect, of chains and not of handshakes",
        ));
    }
    judge(&work, judging, &args.output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_list_names_only_what_exists() {
        Known::from_toml(BUILT_IN, select::is_engine).expect("the list is exact");
    }
}
