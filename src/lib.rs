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
pub mod der;
#[cfg(feature = "server")]
pub mod openapi;
pub mod recipe;
pub mod defect;
pub mod mint;
pub mod case;
#[cfg(feature = "server")]
pub mod server;
pub mod engine;
