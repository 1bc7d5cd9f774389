//! Load: many clients at once against a server, honest and hostile, and what came of it.
//!
//! ```text
//! LoadPki ──▶ Station ──▶ drive ──▶ Measured
//! files       a server    visits    latency, outcomes, CPU, memory
//!                ▲
//!             attack, rotation
//! ```
//!
//! Servers run as processes of their own, so that what they cost can be read from the
//! system. Everything stays on loopback, bounded in number and time.

mod assault;
mod attack;
mod client;
mod drive;
mod error;
mod pki;
mod plain;
mod siege;
mod soak;
mod station;

pub use attack::{ATTACKS, Attack, Attackers, Manner, Pressure};
pub use client::{Answer, Caller, KeyExchange};
pub use drive::{Measured, Pace, drive};
pub use error::LoadError;
pub use pki::{Credentials, Kind, LoadPki};
pub use plain::serve_plain;
pub use siege::{Phase, Siege, Withstood};
pub use soak::{Hostile, Soak, SoakReport};
pub use station::{Peer, Station};
