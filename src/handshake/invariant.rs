//! What must hold of every script that is played, honest or not.
//!
//! Most changes of an honest script break it, and some do not: a message may be
//! split, a ChangeCipherSpec may be added. So this does not ask whether a script
//! is honest, but what its author has proven.

use super::Outcome;
use crate::script::{ProtocolVersion, Script, Side, is_lavish};

/// Something that must not have come of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Broken {
    /// Data was answered, or asked of a server, though the script proves nothing.
    Unproven,
    /// Data was answered under another identity than the one that was proven.
    OtherIdentity,
    /// A version below TLS 1.2 was agreed on.
    BelowFloor(ProtocolVersion),
    /// Data was answered after an alert.
    AfterAlert,
    /// Far more came back than was sent.
    Amplification,
}

/// What must not have come of this script and did. `identity` is what the other side
/// names the peer, if it lets it in: a client names nobody.
pub fn broken(script: &Script, outcome: &Outcome, identity: Option<&[u8]>) -> Option<Broken> {
    let proven = script.proves();
    let named = identity.is_none_or(|identity| outcome.body() == identity);
    let version = outcome.negotiated.map(|negotiated| negotiated.version);
    match version {
        Some(version) if version < ProtocolVersion::TLS_1_2 && script.side == Side::Client => {
            return Some(Broken::BelowFloor(version));
        }
        _ => {}
    }
    if outcome.after_alert {
        return Some(Broken::AfterAlert);
    }
    if is_lavish(outcome.sent, outcome.octets) {
        return Some(Broken::Amplification);
    }
    match (outcome.application_data.is_empty(), proven, named) {
        (true, ..) | (false, true, true) => None,
        (false, false, _) => Some(Broken::Unproven),
        (false, true, false) => Some(Broken::OtherIdentity),
    }
}
