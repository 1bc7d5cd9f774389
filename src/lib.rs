//! Chains that are wrong in exactly one known way, each beside its benign twin,
//! for whatever is supposed to refuse them.
//!
//! ```text
//! recipe ──▶ mint ──▶ mutate ──▶ engine ──▶ oracle ──▶ report
//! typed      DER      bytes      verdicts   findings   corpus
//! ```
//!
//! A module uses only modules above it in the list below.

pub mod case;
pub mod defect;
pub mod der;
pub mod engine;
pub mod mint;
pub mod question;
pub mod recipe;
pub mod spelling;
pub mod verdict;

#[cfg(feature = "rustls")]
pub use engine::verifier::Trust;
