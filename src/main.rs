//! The `gatecrash` command.

use std::process::ExitCode;

/// Minting, judging and serving allocate much that is small and short-lived: a tenth of the
/// CPU time of a handshake is the allocator's with the one of the system, half of that here.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    gatecrash::cli::main()
}
