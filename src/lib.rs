//! Chains that are wrong in exactly one known way, each beside its benign twin,
//! for whatever is supposed to refuse them.
//!
//! ```text
//! recipe ──▶ mint ──▶ mutate ──▶ engine ──▶ oracle ──▶ report
//! typed      DER      bytes      verdicts   findings   corpus
//! ```
//!
//! A module uses only modules above it in the list below.

pub mod verdict;
pub mod question;
pub mod spelling;
pub mod bounded;
pub mod replace;
pub mod stop;
pub mod child;
#[cfg(feature = "server")]
pub mod scratch;
pub mod der;
pub mod script;
#[cfg(feature = "server")]
pub mod openapi;
pub mod recipe;
pub mod defect;
pub mod mint;
pub mod mutate;
pub mod case;
#[cfg(feature = "reference")]
pub mod validator;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "rustls")]
pub mod handshake;
pub mod engine;
pub mod oracle;
pub mod corpus;
pub mod run;
#[cfg(feature = "scan")]
pub mod scan;
pub mod report;
pub mod strategy;
pub mod gauntlet;
#[cfg(feature = "fuzz")]
pub mod target;
#[cfg(feature = "cli")]
pub mod load;
#[cfg(feature = "cli")]
pub mod cli;

pub use case::Case;
#[cfg(feature = "rustls")]
pub use engine::verifier::Trust;
pub use gauntlet::Gauntlet;
pub use oracle::Finding;
