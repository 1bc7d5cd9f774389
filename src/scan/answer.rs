//! What came back: how a visit ended, what the handshake told, and the response.

use std::fmt;

/// What came of one visit.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How it ended.
    pub end: End,
    /// What the handshake told, as far as it went.
    pub greeting: Greeting,
    /// The response, where one came.
    pub response: Option<Response>,
}

/// How a visit ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// A response with this status came back over the finished handshake.
    Status(u16),
    /// The server sent this alert.
    Alert(u8),
    /// The server closed the connection, or reset it, without a word.
    Closed,
    /// No answer came in time.
    TimedOut,
    /// No connection came about.
    Unreachable(String),
    /// What came back is not TLS.
    NotTls,
    /// The two ends have no protocol version, cipher suite or group in common.
    NothingInCommon(String),
    /// The server broke the protocol, or did not speak HTTP inside it.
    Protocol(String),
    /// What was to be shown cannot be shown, and was not.
    Unshowable(&'static str),
    /// The bounds of the scan are used up, and nothing was sent.
    OutOfBounds,
}

/// What a handshake told, as far as it went.
#[derive(Clone, Debug, Default)]
pub struct Greeting {
    /// The protocol version, as `TLSv1.3`.
    pub version: Option<&'static str>,
    /// The cipher suite, by its IANA name.
    pub cipher: Option<String>,
    /// Whether the server asked for a certificate.
    pub asked: bool,
    /// The CAs that its CertificateRequest named, as DER names.
    pub accepted_cas: Vec<Vec<u8>>,
    /// The server's own chain, as DER.
    pub chain: Vec<Vec<u8>>,
}

/// An HTTP response, as much of it as was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields in their order, names as they were written.
    pub headers: Vec<(String, String)>,
    /// The body, up to a bound.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of this name, in whatever letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text, with what is no text replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Status and body without what differs from one moment to the next: runs of digits count as one.
    pub(super) fn looks(&self) -> (u16, Vec<u8>) {
        let mut looks: Vec<u8> = Vec::with_capacity(self.body.len());
        for byte in &self.body {
            if byte.is_ascii_digit() {
                if looks.last() != Some(&b'0') {
                    looks.push(b'0');
                }
            } else {
                looks.push(*byte);
            }
        }
        (self.status, looks)
    }

    /// Reads status line and headers, and the body as its framing says. None while they are not whole.
    pub(super) fn read(mut bytes: &[u8], at_end: bool) -> Option<Self> {
        loop {
            let (response, rest) = Self::read_first(bytes, at_end)?;
            match response.status / 100 {
                // What comes before the answer may come as often as the server likes.
                1 => bytes = rest,
                _ => return Some(response),
            }
        }
    }

    /// The first response, interim or not, and what follows an interim one.
    fn read_first(bytes: &[u8], at_end: bool) -> Option<(Self, &[u8])> {
        let head_end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let (head, body) = match head_end {
            Some(at) => (&bytes[..at], &bytes[at + 4..]),
            None if at_end => (bytes, &[][..]),
            None => return None,
        };
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split("\r\n");
        let mut words = lines.next()?.split(' ');
        if !words.next()?.starts_with("HTTP/") {
            return None;
        }
        let status = words.next()?.parse().ok()?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect();
        let mut response = Self {
            status,
            headers,
            body: Vec::new(),
        };
        if status / 100 == 1 {
            return Some((response, body));
        }
        let chunked = response
            .header("transfer-encoding")
            .is_some_and(|coding| coding.to_ascii_lowercase().contains("chunked"));
        let length = response
            .header("content-length")
            .and_then(|length| length.parse::<usize>().ok());
        let whole = match (chunked, length) {
            (true, _) => {
                let (decoded, whole) = dechunked(body);
                response.body = decoded;
                whole
            }
            (false, Some(length)) => {
                response.body = body[..body.len().min(length)].to_vec();
                body.len() >= length
            }
            (false, None) => {
                response.body = body.to_vec();
                status == 204 || status == 304
            }
        };
        (whole || at_end).then_some((response, &[]))
    }
}

/// The content of chunks (RFC 9112 section 7.1), and whether the last one has come.
fn dechunked(mut body: &[u8]) -> (Vec<u8>, bool) {
    let mut content = Vec::new();
    while let Some(at) = body.windows(2).position(|window| window == b"\r\n") {
        let size = String::from_utf8_lossy(&body[..at]);
        let size = size.split(';').next().unwrap_or_default().trim();
        let Ok(size) = usize::from_str_radix(size, 16) else {
            return (content, true);
        };
        body = &body[at + 2..];
        if size == 0 {
            return (content, true);
        }
        let here = size.min(body.len());
        content.extend_from_slice(&body[..here]);
        body = body.get(size.saturating_add(2)..).unwrap_or_default();
    }
    (content, false)
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "HTTP status {status}"),
            Self::Alert(number) => write!(f, "alert {number} ({})", alert_name(*number)),
            Self::Closed => f.write_str("closed without an alert"),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Unreachable(problem) => write!(f, "no connection: {problem}"),
            Self::NotTls => f.write_str("the answer is not TLS"),
            Self::NothingInCommon(what) => write!(f, "no handshake: {what}"),
            Self::Protocol(problem) => write!(f, "the server broke the protocol: {problem}"),
            Self::Unshowable(why) => write!(f, "not shown: {why}"),
            Self::OutOfBounds => f.write_str("not sent: the bounds of the scan are used up"),
        }
    }
}

/// The name of an alert (RFC 8446 section 6.2, RFC 5246 section 7.2).
pub fn alert_name(number: u8) -> &'static str {
    match number {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => "no known alert",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interim_responses_may_be_as_many_as_they_like() {
        let interim = "HTTP/1.1 100 \r\n\r\n".repeat(200_000);
        assert!(Response::read(interim.as_bytes(), true).is_none());
        let answered = interim + "HTTP/1.1 204 No Content\r\n\r\n";
        let response = Response::read(answered.as_bytes(), false).expect("a response");
        assert_eq!(response.status, 204);
    }

    #[test]
    fn responses_are_read_as_their_framing_says() {
        /// What is read, whether that is all, and what it means.
        type Row = (&'static [u8], bool, Option<(u16, &'static [u8])>);
        let table: [Row; 9] = [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false, Some((200, b"ok"))),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", false, None),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", true, Some((200, b"ok"))),
            (b"HTTP/1.1 204 No\r\n\r\n", false, Some((204, b""))),
            (b"HTTP/1.0 400 Bad\r\n\r\nbye", false, None),
            (b"HTTP/1.0 400 Bad\r\n\r\nbye", true, Some((400, b"bye"))),
            (
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n1;x\r\n!\r\n0\r\n\r\n",
                false,
                Some((200, b"ok!")),
            ),
            (b"SSH-2.0-x\r\n\r\n", true, None),
            (b"", true, None),
        ];
        for (bytes, at_end, expected) in table {
            let read = Response::read(bytes, at_end).map(|read| (read.status, read.body));
            let expected = expected.map(|(status, body)| (status, body.to_vec()));
            assert_eq!(read, expected, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn an_interim_response_is_not_the_answer() {
        let bytes = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(
            Response::read(bytes, false).map(|read| read.status),
            Some(200)
        );
    }

    #[test]
    fn digits_do_not_make_responses_look_different() {
        let looks = |body: &str| {
            Response {
                status: 200,
                body: body.into(),
                ..Response::default()
            }
            .looks()
        };
        assert_eq!(looks("at 12:34 request 99"), looks("at 1:2 request 7"));
        assert_ne!(looks("alice"), looks("bob"));
    }
}
