//! Other people's servers on the loopback: nginx, Apache, HAProxy, Node, Go, Java, OpenSSL, GnuTLS.
//!
//! What is known of a server is data, `engines/servers/*.toml`: one file a kind,
//! in it one right configuration and several wrong ones. Here is the one adapter
//! that starts a server from its description and ends it, and the engine that
//! asks it about a case.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let files: gatecrash::engine::loopback::Files = unimplemented!();
//! use gatecrash::engine::loopback::find;
//!
//! let mut server = find("nginx-no-crl")?.prepare()?.start(&files)?;
//! println!("{}", server.address());
//! // The server ends when `server` is dropped.
//! # Ok(())
//! # }
//! ```

mod description;
mod engine;
mod placeholder;
mod prepare;
mod running;
mod table;

pub use description::{Configuration, Fault};
pub use engine::LoopbackEngine;
pub use prepare::Prepared;
pub use running::{Files, Running, StartError};
pub use table::{UnknownServer, configurations, find};
