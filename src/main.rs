//! The `gatecrash` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatecrash::cli::main()
}
