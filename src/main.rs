//! The `gatecrash` command.

fn main() {}
