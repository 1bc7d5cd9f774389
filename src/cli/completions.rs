//! `gatecrash completions`: for the shell.

use clap_complete::Shell;

use super::{CliError, Exit, command, output};

/// Prints completions for a shell.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  gatecrash completions bash > ~/.local/share/bash-completion/completions/gatecrash"
)]
pub(super) struct Args {
    /// The shell.
    shell: Shell,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "gatecrash", &mut text);
    output::print(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Clean)
}
