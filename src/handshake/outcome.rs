//! What came of playing a script: data, whatever the other side did.

use std::fmt;

use super::{keys::Suite, keys_tls12::Master};
use crate::script::{CipherSuite, End, HandshakeKind, NamedGroup, ProtocolVersion};

/// What came of playing a script.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// What the server chose, once it had; of a script's own server, what it chose itself.
    pub negotiated: Option<Negotiated>,
    /// The kinds of the handshake messages that came, in their order.
    pub received: Vec<HandshakeKind>,
    /// The last ServerHello of the other side asked for another ClientHello so often.
    pub retries: u32,
    /// Whether one of them came with a cookie.
    pub cookie: bool,
    /// Whether a CertificateRequest came.
    pub certificate_requested: bool,
    /// The algorithms by which the other side takes compressed certificates (RFC 8879 section 3).
    pub compressions: Vec<u16>,
    /// The chain that the other side showed, as DER.
    pub chain: Vec<Vec<u8>>,
    /// Whether the other side's Finished was right, once it had come.
    pub finished: Option<bool>,
    /// The application data that came, as far as it is kept.
    pub application_data: Vec<u8>,
    /// Tickets that came.
    pub tickets: Vec<Ticket>,
    /// The session of TLS 1.2 that its server gave an id, once its secret is known.
    pub session: Option<Session>,
    /// Protected records that no key of the connection opened.
    pub unreadable: u32,
    /// Whether application data came after an alert.
    pub after_alert: bool,
    /// Whether the connection broke while octets were under way, so that some may be lost.
    pub cut_off: bool,
    /// Octets sent.
    pub sent: u64,
    /// Octets received.
    pub octets: u64,
}

/// What the server chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// The version.
    pub version: ProtocolVersion,
    /// The cipher suite.
    pub suite: CipherSuite,
    /// The group, where the ServerHello names one.
    pub group: Option<NamedGroup>,
    /// The last eight octets of the server's random, where a downgrade shows (RFC 8446 section 4.1.3).
    pub random_end: [u8; 8],
    /// The compression method.
    pub compression: u8,
}

impl Negotiated {
    /// What the random of a server ends with that chose TLS 1.2 and speaks TLS 1.3 (RFC 8446 section 4.1.3).
    pub const SENTINEL: [u8; 8] = *b"DOWNGRD\x01";

    /// Whether the choice is of TLS 1.3 or newer, and under keys that no script has.
    pub(super) fn is_beyond_us(&self) -> bool {
        self.version > ProtocolVersion::TLS_1_2
            && (self.version != ProtocolVersion::TLS_1_3 || Suite::of(self.suite).is_none())
    }
}

/// A session of TLS 1.2: its id, and the secret that it stands for (RFC 5246 section F.1.4).
#[derive(Clone)]
pub struct Session {
    pub(super) id: Vec<u8>,
    pub(super) master: Master,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("octets", &self.id.len())
            .finish_non_exhaustive()
    }
}

/// A ticket, and the key that it stands for (RFC 8446 section 4.6.1).
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The suite under which it was given.
    pub suite: Suite,
    /// The ticket.
    pub ticket: Vec<u8>,
    /// The pre-shared key. Never shown.
    pub key: Vec<u8>,
    /// `ticket_age_add`.
    pub age_add: u32,
    /// `ticket_lifetime`, in seconds.
    pub lifetime: u32,
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("suite", &self.suite)
            .field("octets", &self.ticket.len())
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

impl Outcome {
    /// The status of the HTTP answer, if one came.
    pub fn status(&self) -> Option<u16> {
        let digits = self.application_data.strip_prefix(b"HTTP/1.")?.get(2..5)?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    /// Whether the request was answered with 2xx.
    pub fn is_let_in(&self) -> bool {
        matches!(self.status(), Some(200..=299))
    }

    /// The body of the first HTTP answer, as far as it came. Another answer may follow it.
    pub fn body(&self) -> &[u8] {
        match self.answer() {
            Some((body, Some(length))) => &body[..length.min(body.len())],
            Some((body, None)) => body,
            None => &[],
        }
    }

    /// Whether the HTTP answer is whole, as far as its header tells.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.answer(), Some((body, Some(length))) if body.len() >= length)
    }

    /// What follows the header of the first HTTP answer, and how much of it the header calls its body.
    fn answer(&self) -> Option<(&[u8], Option<usize>)> {
        let data = &self.application_data;
        let end = data.windows(4).position(|window| window == b"\r\n\r\n")?;
        let header = String::from_utf8_lossy(&data[..end]).to_ascii_lowercase();
        let length = header
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .and_then(|length| length.trim().parse().ok());
        Some((&data[end + 4..], length))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status() {
            Some(status) => write!(f, "HTTP status {status}, {}", self.end),
            None if self.application_data.is_empty() => self.end.fmt(f),
            None => write!(f, "application data, {}", self.end),
        }
    }
}
