//! How the playing of a script ends, whatever the other side does.

use std::fmt;

use super::Alert;

/// How it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum End {
    /// All steps were taken, and nothing more came of it.
    #[default]
    Done,
    /// The other side closed without an alert.
    Closed,
    /// The other side sent this alert.
    Alert(Alert),
    /// The other side neither said anything more nor closed.
    TimedOut,
    /// The other side's octets are no TLS.
    Malformed,
    /// The other side said more than is listened to.
    TooMuch,
}

/// What a stranger may get for nothing, and how many times what it sends on top: a chain of
/// large keys in answer to a short hello is usual.
const FREE_OCTETS: u64 = 32 * 1024;
const TIMES: u64 = 16;

/// Whether far more octets came back than were sent, to somebody whom nobody knows.
pub const fn is_lavish(sent: u64, received: u64) -> bool {
    received > FREE_OCTETS + TIMES * sent
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Closed => f.write_str("closed"),
            Self::Alert(alert) => write!(f, "alert {} ({alert})", alert.0),
            Self::TimedOut => f.write_str("timeout"),
            Self::Malformed => f.write_str("malformed"),
            Self::TooMuch => f.write_str("too much"),
        }
    }
}
