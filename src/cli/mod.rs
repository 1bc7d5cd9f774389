//! The command line: one file a subcommand.
//!
//! Nothing else in the house prints, reads the clock or looks at the terminal.

mod bench;
mod completions;
mod corpus;
mod defects;
mod diff_engines;
mod engines;
mod error;
mod exhaust;
mod folder;
mod input;
mod interrupt;
mod judge;
mod key_pair;
mod limbo;
mod limbo_export;
mod load;
mod lure;
mod man;
mod minimise;
mod mint;
mod mint_commands;
mod mint_key;
mod output;
mod pki;
mod profile;
mod replay;
mod run;
mod scan;
mod scan_again;
mod scan_config;
mod scan_evidence;
mod select;
mod serve;
mod siege;
mod soak;
mod validate;

use std::{
    panic::{self, AssertUnwindSafe},
    process::ExitCode,
    thread,
};

use clap::{CommandFactory, Parser, Subcommand};

pub use error::{CliError, Exit};

use crate::run::JUDGE_THREAD;

/// Chains that are wrong in exactly one known way, for whatever is supposed to refuse them.
///
/// Without a subcommand it does the main job: every defect of the catalogue and
/// its benign twin, against every engine that is available.
#[derive(Debug, Parser)]
#[command(
    name = "gatecrash",
    version,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = "Examples:\n  gatecrash\n  gatecrash --engine webpki --defect 'revocation/*'\n  gatecrash mint validity/expired --out ./here\n\n\
                  Exit codes: 0 nothing new, 1 findings, 2 wrong input, 3 an engine broke, 130 interrupted."
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: run::Args,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Defects(defects::Args),
    Engines(engines::Args),
    Mint(mint::Args),
    Serve(serve::Args),
    Pki(pki::Args),
    Lure(lure::Args),
    Scan(Box<scan::Args>),
    Validate(validate::Args),
    Limbo(limbo::Args),
    LimboExport(limbo_export::Args),
    Replay(replay::Args),
    Minimise(minimise::Args),
    Corpus(corpus::Args),
    Exhaust(exhaust::Args),
    DiffEngines(diff_engines::Args),
    Bench(bench::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// All of the command line, for completions, the manual and the documentation.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Does what the arguments of the process say.
pub fn main() -> ExitCode {
    panic::set_hook(Box::new(|info| {
        // A panic of an engine is a finding, and is told as one.
        if thread::current().name() != Some(JUDGE_THREAD) {
            let line = format!("this is a fault of gatecrash itself: {info}");
            error::tell(
                &line,
                Some("please report it with the command that you gave"),
            );
        }
    }));
    let result = panic::catch_unwind(AssertUnwindSafe(|| match Cli::try_parse() {
        Ok(cli) => dispatch(cli),
        Err(error) => CliError::of_arguments(&error),
    }));
    match result {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(error)) => {
            error::tell(&error.to_string(), error.hint().as_deref());
            error.exit().into()
        }
        Err(_) => Exit::Broken.into(),
    }
}

fn dispatch(cli: Cli) -> Result<Exit, CliError> {
    match cli.command {
        None => run::run(&cli.run),
        Some(Command::Run(args)) => run::run(&args),
        Some(Command::Defects(args)) => defects::run(&args),
        Some(Command::Engines(args)) => engines::run(&args),
        Some(Command::Mint(args)) => mint::run(&args),
        Some(Command::Serve(args)) => serve::run(&args),
        Some(Command::Pki(args)) => pki::run(&args),
        Some(Command::Lure(args)) => lure::run(&args),
        Some(Command::Scan(args)) => scan::run(&args),
        Some(Command::Validate(args)) => validate::run(&args),
        Some(Command::Limbo(args)) => limbo::run(&args),
        Some(Command::LimboExport(args)) => limbo_export::run(&args),
        Some(Command::Replay(args)) => replay::run(&args),
        Some(Command::Minimise(args)) => minimise::run(&args),
        Some(Command::Corpus(args)) => corpus::run(&args),
        Some(Command::Exhaust(args)) => exhaust::run(&args),
        Some(Command::DiffEngines(args)) => diff_engines::run(&args),
        Some(Command::Bench(args)) => bench::run(&args),
        Some(Command::Completions(args)) => completions::run(&args),
        Some(Command::Man(args)) => man::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_together_and_every_command_has_an_example() {
        let mut command = command();
        command.build();
        command.clone().debug_assert();
        for sub in command.get_subcommands() {
            let examples = sub
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(
                examples.contains("gatecrash "),
                "{} has no example",
                sub.get_name()
            );
            assert!(
                sub.get_about().is_some(),
                "{} does not say what it does",
                sub.get_name()
            );
        }
    }
}
