//! `gatecrash pki`: a development PKI for `serve` and `scan`.

use std::path::PathBuf;

use super::{CliError, Exit, output};
use crate::server::{Clock, pki::DevelopmentPki};

/// Writes a development PKI: CA, intermediate, server, client, a revoked client, and CRLs.
///
/// The server's certificate is for localhost, 127.0.0.1 and ::1. Keys are readable by
/// their owner only. Never use it for anything but trying things out.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  gatecrash pki ./pki\n  gatecrash serve --cert pki/server.pem --key pki/server.key --client-ca pki/ca.pem --crl pki/crl.pem"
)]
pub(super) struct Args {
    /// The folder to write into. It is made if need be; nothing in it is overwritten.
    dir: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let pki = DevelopmentPki::generate(Clock::System.now())?;
    pki.write_to(&args.dir)?;
    let mut text = String::new();
    for name in pki.names() {
        text.push_str(&format!("{}\n", args.dir.join(name).display()));
    }
    output::print(&text)?;
    Ok(Exit::Clean)
}
