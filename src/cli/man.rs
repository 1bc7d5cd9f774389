//! `gatecrash man`: the manual page.

use super::{CliError, Exit, command, output};

/// Prints the manual page, one section a command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  gatecrash man | man -l -")]
pub(super) struct Args {}

pub(super) fn run(_: &Args) -> Result<Exit, CliError> {
    let failed = |error| CliError::Write {
        to: "the manual page".to_owned(),
        error,
    };
    let mut command = command();
    command.build();
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut text)
        .map_err(failed)?;
    for sub in command.get_subcommands() {
        clap_mangen::Man::new(sub.clone())
            .render(&mut text)
            .map_err(failed)?;
    }
    output::print(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Clean)
}
