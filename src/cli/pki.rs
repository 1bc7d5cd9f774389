//! `gatecrash pki`: a development PKI for `serve` and `scan`.

use std::path::PathBuf;

use super::{CliError, Exit, folder, output};
use crate::server::{Clock, pki::DevelopmentPki};

/// Writes a development PKI: CA, intermediate, server, client, a revoked client, and CRLs.
///
/// The server's certificate is for localhost, 127.0.0.1 and ::1. Keys are readable by
/// their owner only. Never use it for anything but trying things out. The last two lines that it
/// prints are commands: a server on these files, and a client of it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  gatecrash pki ./pki\n  gatecrash serve --cert pki/server.pem --key pki/server.key --client-ca pki/ca.pem --crl pki/crl.pem"
)]
pub(super) struct Args {
    /// The folder to write into. It is made if need be; nothing in it is overwritten.
    dir: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    folder::check(&args.dir)?;
    let pki = DevelopmentPki::generate(Clock::System.now())?;
    pki.write_to(&args.dir)?;
    let mut text = String::new();
    for name in pki.names() {
        text.push_str(&format!("{}\n", args.dir.join(name).display()));
    }
    let file = |name: &str| {
        shlex::try_quote(&args.dir.join(name).to_string_lossy())
            .map_or_else(|_| name.to_owned(), |quoted| quoted.into_owned())
    };
    text.push_str(&format!(
        "\ngatecrash serve --cert {} --key {} --client-ca {} --crl {}\n\
         curl --cacert {} --cert {} --key {} https://localhost:8443/whoami\n",
        file("server.pem"),
        file("server.key"),
        file("ca.pem"),
        file("crl.pem"),
        file("ca.pem"),
        file("client.pem"),
        file("client.key"),
    ));
    output::print(&text)?;
    Ok(Exit::Clean)
}
