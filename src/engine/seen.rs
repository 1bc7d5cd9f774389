//! What was seen of a handshake, beside the verdict.

use crate::script::{End, ProtocolVersion};

/// What was seen of a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How it ended.
    pub end: End,
    /// The version that the server chose, if it came to that.
    pub version: Option<ProtocolVersion>,
    /// Whether the identity that the engine tells is the one whose key was proven; where it tells one.
    pub own_identity: Option<bool>,
    /// Whether data was answered after an alert.
    pub after_alert: bool,
    /// Whether octets may have been lost on the way, an alert among them.
    pub cut_off: bool,
    /// Whether a refusal came as an answer inside the connection, so that no alert is due.
    pub answered: bool,
    /// Octets sent to the engine.
    pub sent: u64,
    /// Octets that came back.
    pub received: u64,
}
