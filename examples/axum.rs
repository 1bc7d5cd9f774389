//! An axum application behind the reference server's guard: every request that reaches
//! a handler is from a client judged good, and carries who it is.
//!
//! `gatecrash pki ./pki && cargo run --example axum -- ./pki`, then
//! `curl --cacert pki/ca.pem --cert pki/client.pem --key pki/client.key https://localhost:8443/hello`
#![allow(clippy::print_stdout, reason = "an example talks to whoever tries it")]

use std::{error::Error, path::PathBuf, sync::Arc};

use axum::{Extension, Router, routing::get};
use gatecrash::server::{Clock, PeerIdentity, Server, Settings};

async fn hello(Extension(peer): Extension<PeerIdentity>) -> String {
    format!("hello, {}\n", peer.subject)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("give the folder of a PKI")?);
    let file = |name: &str| folder.join(name);
    let mut settings = Settings::new(file("server.pem"), file("server.key"), vec![file("ca.pem")]);
    settings.crl = vec![file("crl.pem")];

    let mut config = Arc::new(settings).load(Clock::System)?;
    config.application = Some(Router::new().route("/hello", get(hello)));
    let running = Server::bind(config).await?;
    let _watch = running.handle().watch()?;
    println!("listening on {}", running.local_addr());
    running.wait().await;
    Ok(())
}
