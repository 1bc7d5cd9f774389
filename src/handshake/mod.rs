//! A TLS peer that does what a script says, right or wrong.
//!
//! ```text
//! script ──▶ play ──▶ transport ──▶ whoever is under test
//!              │
//!              ▼
//!           outcome: closed, alert N, timeout, application data
//! ```
//!
//! TLS 1.3 is spoken in full, as client and as server, and TLS 1.2 as client. Of older
//! versions only the first flight is: what a server chooses can be read, and that is all.
//! `wire`, `message`, `record` and `keys` can be used alone.

mod any_peer;
mod credential;
mod cutting;
mod deflate;
pub mod downgrade;
mod exchange;
mod flight;
mod invariant;
pub mod keys;
mod keys_tls12;
mod memory;
pub mod message;
mod offer;
mod outcome;
mod peer;
mod reading;
pub mod record;
pub mod resume;
#[cfg(test)]
mod tests;
mod tls12;
mod toy;
mod toy_chain;
mod toy_world;
mod transport;
pub mod wire;

pub use any_peer::AnyPeer;
pub use credential::{Credentials, UnusableKey};
pub use exchange::{Exchange, toy_secret};
pub use invariant::{Broken, broken};
pub use memory::{Memory, Restore};
pub use outcome::{Negotiated, Outcome, Session, Ticket};
pub use peer::{Play, play};
pub use toy::{TOY_ALGORITHMS, provider as toy_provider, resolver as toy_resolver};
pub use toy_chain::ToySignatures;
pub use toy_world::{Rival, ToyWorld};
pub use transport::{Recorder, Tcp, Transport};

pub use crate::script::End;
