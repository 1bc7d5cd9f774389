//! What is kept from one run to the next: reproducers and known discrepancies,
//! and the way from a finding to the smallest recipe that shows it.

pub mod handshake_script;
pub mod inputs;
pub mod known;
pub mod minimise;
pub mod reproducer;
pub mod suite;

pub use handshake_script::ScriptFileError;
pub use reproducer::{Reproducer, ReproducerError};
