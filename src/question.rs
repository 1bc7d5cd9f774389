//! What a verifier is asked: the purpose, the time, the name of the peer.
//!
//! Both sides of the house need these words, the side that makes cases and the
//! side that judges them, and neither may see the other. So they stand here.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// Which end of a TLS connection the certificate is for.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    arbitrary::Arbitrary,
)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A client's certificate, judged by a server.
    Client,
    /// A server's certificate, judged by a client.
    Server,
}

impl Purpose {
    /// Both purposes.
    pub const ALL: [Self; 2] = [Self::Client, Self::Server];
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

impl FromStr for Purpose {
    type Err = InvalidQuestion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "client" => Ok(Self::Client),
            "server" => Ok(Self::Server),
            _ => Err(InvalidQuestion::Purpose(text.to_owned())),
        }
    }
}

/// A moment, in seconds since 1970-01-01 00:00:00 UTC. May be negative.
///
/// As text it is RFC 3339 in UTC: `2026-11-23T21:07:00Z`. The range is that of
/// the years 0 to 9999, which is all that X.509 can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time(i64);

impl Time {
    const MIN: i64 = -62_167_219_200;
    const MAX: i64 = 253_402_300_799;

    /// 9999-12-31 23:59:59 UTC, which a certificate without a known end has for one (RFC 5280
    /// section 4.1.2.5).
    pub const END: Self = Self::from_unix_seconds(Self::MAX);

    /// The moment so many seconds after 1970, held inside the years 0 to 9999.
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(if seconds < Self::MIN {
            Self::MIN
        } else if seconds > Self::MAX {
            Self::MAX
        } else {
            seconds
        })
    }

    /// The same for seconds that cannot be negative, as clocks and TLS libraries count them.
    pub fn from_seconds_since_1970(seconds: u64) -> Self {
        Self::from_unix_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
    }

    /// Seconds since 1970.
    pub const fn unix_seconds(self) -> i64 {
        self.0
    }

    /// The moment so many seconds later, or earlier when negative.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_unix_seconds(self.0.saturating_add(seconds))
    }

    /// The moment so many days later, or earlier when negative.
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        self.plus_seconds(days.saturating_mul(86_400))
    }

    /// The same moment as a calendar date.
    pub fn to_calendar(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self
            .to_calendar()
            .format(&Rfc3339)
            .map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

impl FromStr for Time {
    type Err = InvalidQuestion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        OffsetDateTime::parse(text, &Rfc3339)
            .map(|moment| {
                Self::from_unix_seconds(moment.to_offset(UtcOffset::UTC).unix_timestamp())
            })
            .map_err(|_| InvalidQuestion::Time(text.to_owned()))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// The name under which the peer is expected, as RFC 9525 calls a reference identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PeerName {
    /// A DNS name, in letters, digits and hyphens.
    Dns(String),
    /// An IP address.
    Ip(IpAddr),
    /// A mailbox (RFC 822).
    Email(String),
}

impl FromStr for PeerName {
    type Err = InvalidQuestion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Ip(address));
        }
        if text.contains('@') {
            return Ok(Self::Email(text.to_owned()));
        }
        let labels_fit = text
            .strip_suffix('.')
            .unwrap_or(text)
            .split('.')
            .all(|label| {
                (1..=63).contains(&label.len())
                    && label
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            });
        if text.len() <= 253 && labels_fit {
            Ok(Self::Dns(text.to_owned()))
        } else {
            Err(InvalidQuestion::Name(text.to_owned()))
        }
    }
}

impl fmt::Display for PeerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) | Self::Email(name) => f.write_str(name),
            Self::Ip(address) => write!(f, "{address}"),
        }
    }
}

/// An identity that a service lets in, compared with what the certificate states, whole and exactly.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Identity {
    /// A URI of the subject alternative name, such as `spiffe://example.org/billing`.
    Uri(String),
    /// A DNS name of the subject alternative name. Letters have no case; a wildcard stands for itself.
    Dns(String),
    /// A mailbox of the subject alternative name. The domain's letters have no case.
    Email(String),
    /// The whole subject, from the root down: `O=Example, CN=device-7`. What
    /// would end a value is escaped, as Rust escapes it.
    Subject(String),
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uri(text) | Self::Dns(text) | Self::Email(text) | Self::Subject(text) => {
                f.write_str(text)
            }
        }
    }
}

/// A question that cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidQuestion {
    /// Neither client nor server.
    #[error("`{0}` is not a purpose: use `client` or `server`")]
    Purpose(String),
    /// Not an RFC 3339 time.
    #[error("`{0}` is not a time: write it as 2026-11-23T21:07:00Z")]
    Time(String),
    /// Not a name of a peer.
    #[error("`{0}` is not a DNS name, an IP address or a mailbox")]
    Name(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_back_and_fold_offsets_and_fractions_into_utc() {
        let table = [
            ("2024-01-01T00:00:00+00:00", "2024-01-01T00:00:00Z"),
            ("2024-01-01T02:00:00.250+02:00", "2024-01-01T00:00:00Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ];
        for (given, shown) in table {
            assert_eq!(given.parse::<Time>().expect(given).to_string(), shown);
        }
        assert!("yesterday".parse::<Time>().is_err());
        assert_eq!(
            Time::from_unix_seconds(i64::MAX).to_string(),
            "9999-12-31T23:59:59Z"
        );
    }

    #[test]
    fn peer_names_are_told_apart() {
        assert_eq!(
            "::1".parse(),
            Ok(PeerName::Ip("::1".parse().expect("an address")))
        );
        assert_eq!(
            "a@b.example".parse(),
            Ok(PeerName::Email("a@b.example".into()))
        );
        assert_eq!("b.example".parse(), Ok(PeerName::Dns("b.example".into())));
        for bad in ["", "a..b", "a b", "*.example", &"x".repeat(300)] {
            assert!(bad.parse::<PeerName>().is_err(), "{bad}");
        }
    }
}
