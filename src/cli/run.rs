//! `gatecrash run`: the main job.

use super::{
    CliError, Exit,
    judge::judge,
    output::Output,
    select::{self, EngineArgs},
};
use crate::{
    corpus::known::{BUILT_IN, Known},
    run::Work,
};

/// Shows every defect and its twin to every engine; prints the matrix and the findings.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatecrash run\n  gatecrash run --engine webpki --defect 'usage/*' --variants 8\n  \
                        gatecrash run --worker mine='python3 worker.py' --format json --output run.json"
)]
pub(super) struct Args {
    #[command(flatten)]
    engines: EngineArgs,
    /// Only defects whose ids match; `*` stands for any text. Give it again for more.
    #[arg(long, value_name = "GLOB")]
    defect: Vec<String>,
    /// Settings that each defect is put into.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    variants: u32,
    /// Draws the settings.
    #[arg(long, value_name = "N", default_value_t = 7)]
    rng_seed: u64,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let known = Known::from_toml(BUILT_IN, select::is_engine)?;
    let defects = select::defects(&args.defect)?;
    let engines = args.engines.open()?;
    let mut command = "gatecrash run".to_owned();
    if args.variants != 4 {
        command.push_str(&format!(" --variants {}", args.variants));
    }
    if args.rng_seed != 7 {
        command.push_str(&format!(" --rng-seed {}", args.rng_seed));
    }
    command.push_str(&args.engines.again());
    let work = Work::catalogue(defects, args.variants, args.rng_seed);
    judge(
        &work,
        &engines,
        &known,
        args.engines.jobs(),
        &args.output,
        command,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_list_names_only_what_exists() {
        Known::from_toml(BUILT_IN, select::is_engine).expect("the list is exact");
    }
}
