//! A server's first flight, read as far as it comes without keys.

use std::{fmt, io};

use crate::{
    handshake::{
        Tcp, Transport,
        message::ServerHello,
        offer,
        outcome::Ticket,
        record::{Incoming, put_record},
        wire::{Malformed, Reader},
    },
    script::{
        Alert, CipherSuite, End, HandshakeKind, Hello, NamedGroup, ProtocolVersion, RecordKind,
        SignatureScheme,
    },
};

/// The most octets of an answer that are read.
const MAX_OCTETS: usize = 256 * 1024;

/// Randoms and shares of probes follow from it.
const SEED: u64 = 7;

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How it ended. `Done` when the choice and what belongs to it have come.
    pub end: End,
    /// The server's choice.
    pub hello: Option<ServerHello>,
    /// The parameters of its key exchange, of TLS 1.2 and older.
    pub key_exchange: Option<KeyExchange>,
    /// Whether it asks for a certificate; told in the clear up to TLS 1.2.
    pub certificate_requested: bool,
}

/// A ServerKeyExchange (RFC 5246 section 7.4.3, RFC 8422 section 5.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyExchange {
    /// A finite field.
    FiniteField {
        /// Bits of the prime.
        bits: usize,
        /// Whether the share is 0, 1 or one less than the prime, so that everybody knows the secret.
        is_trivial: bool,
        /// How it is signed, in TLS 1.2.
        scheme: Option<SignatureScheme>,
    },
    /// A curve.
    Curve {
        /// Which.
        group: NamedGroup,
        /// How it is signed, in TLS 1.2.
        scheme: Option<SignatureScheme>,
    },
}

impl KeyExchange {
    /// How it is signed, in TLS 1.2.
    pub fn scheme(&self) -> Option<SignatureScheme> {
        match self {
            Self::FiniteField { scheme, .. } | Self::Curve { scheme, .. } => *scheme,
        }
    }

    /// Reads one whose kind the suite tells.
    fn read(body: &[u8], version: ProtocolVersion, suite: CipherSuite) -> Result<Self, Malformed> {
        /// `named_curve` (RFC 8422 section 5.4).
        const NAMED_CURVE: u8 = 3;
        let mut body = Reader::new(body);
        let scheme = |body: &mut Reader<'_>| match version {
            ProtocolVersion::TLS_1_2 => body.u16().ok().map(SignatureScheme),
            _ => None,
        };
        if is_finite_field(suite) {
            let prime = body.vector(2)?;
            body.vector(2)?;
            let share = body.vector(2)?;
            let leading = prime.iter().take_while(|octet| **octet == 0).count();
            let significant = &prime[leading..];
            let spare = significant.first().map_or(0, |octet| octet.leading_zeros());
            return Ok(Self::FiniteField {
                bits: significant.len() * 8 - spare as usize,
                is_trivial: is_trivial(share, significant),
                scheme: scheme(&mut body),
            });
        }
        if body.u8()? != NAMED_CURVE {
            return Err(Malformed);
        }
        let group = NamedGroup(body.u16()?);
        body.vector(1)?;
        Ok(Self::Curve {
            group,
            scheme: scheme(&mut body),
        })
    }
}

impl Answer {
    /// The version that was chosen.
    pub fn version(&self) -> Option<ProtocolVersion> {
        self.hello.as_ref().map(ServerHello::version)
    }

    /// Whether the server said no, by an alert or by closing.
    pub fn is_refusal(&self) -> bool {
        self.hello.is_none() && matches!(self.end, End::Alert(_) | End::Closed)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(hello) = &self.hello else {
            return self.end.fmt(f);
        };
        write!(f, "chose {} with {}", hello.version(), hello.suite)?;
        match &self.key_exchange {
            Some(KeyExchange::FiniteField { bits, .. }) => write!(f, ", a prime of {bits} bits")?,
            Some(KeyExchange::Curve { group, .. }) => write!(f, ", {group}")?,
            None => {
                if let Some((group, _)) = hello.share() {
                    write!(f, ", {group}")?;
                }
            }
        }
        if let Some(scheme) = self.key_exchange.as_ref().and_then(KeyExchange::scheme) {
            write!(f, ", signed by {scheme}")?;
        }
        Ok(())
    }
}

/// Sends a hello and reads the answer.
pub(super) fn greet(mut tcp: Tcp, hello: &Hello) -> io::Result<Answer> {
    let exchanges = offer::exchanges(hello, None, SEED);
    let ticket: Ticket = offer::invented_ticket();
    let message = offer::client_hello(hello, &exchanges, None, &ticket, SEED).write();
    let mut octets = Vec::with_capacity(message.len() + 5);
    put_record(
        &mut octets,
        RecordKind::HANDSHAKE,
        hello.record_version,
        &message,
    );
    let mut reading = Reading::default();
    let end = match tcp.send(&octets) {
        Ok(()) => reading.read(&mut tcp),
        Err(_) => End::Closed,
    };
    Ok(Answer {
        end,
        ..reading.into()
    })
}

/// The state of a flight that comes in.
#[derive(Default)]
struct Reading {
    incoming: Incoming,
    messages: Vec<u8>,
    hello: Option<ServerHello>,
    key_exchange: Option<KeyExchange>,
    certificate_requested: bool,
}

impl From<Reading> for Answer {
    fn from(reading: Reading) -> Self {
        Self {
            end: End::Done,
            hello: reading.hello,
            key_exchange: reading.key_exchange,
            certificate_requested: reading.certificate_requested,
        }
    }
}

impl Reading {
    fn read(&mut self, tcp: &mut Tcp) -> End {
        let mut received = 0;
        loop {
            let mut octets = Vec::new();
            match tcp.receive(&mut octets) {
                Ok(0) => return End::Closed,
                Ok(more) => received += more,
                Err(error) => {
                    return match error.kind() {
                        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => End::TimedOut,
                        _ => End::Closed,
                    };
                }
            }
            if received > MAX_OCTETS {
                return End::TooMuch;
            }
            self.incoming.push(&octets);
            if !self.incoming.is_plausible() {
                return End::Malformed;
            }
            while let Some(record) = self.incoming.record() {
                let taken = match record.kind {
                    RecordKind::ALERT => match record.body[..] {
                        // A warning before a choice is no refusal (RFC 6066 section 3).
                        [1, alert] if Alert(alert) == Alert::UNRECOGNIZED_NAME => Ok(()),
                        [_, alert] if Alert(alert) == Alert::CLOSE_NOTIFY => Err(End::Closed),
                        [_, alert] => Err(End::Alert(Alert(alert))),
                        _ => Err(End::Malformed),
                    },
                    RecordKind::HANDSHAKE => {
                        self.messages.extend_from_slice(&record.body);
                        self.take_messages()
                    }
                    // Under keys: the choice has been made.
                    RecordKind::CHANGE_CIPHER_SPEC | RecordKind::APPLICATION_DATA
                        if self.hello.is_some() =>
                    {
                        Err(End::Done)
                    }
                    _ => Err(End::Malformed),
                };
                if let Err(end) = taken {
                    return end;
                }
                if !self.incoming.is_plausible() {
                    return End::Malformed;
                }
            }
        }
    }

    fn take_messages(&mut self) -> Result<(), End> {
        loop {
            let mut reader = Reader::new(&self.messages);
            let (Ok(kind), Ok(body)) = (reader.u8(), reader.vector(3)) else {
                return Ok(());
            };
            let (kind, body) = (HandshakeKind(kind), body.to_vec());
            self.messages.drain(..4 + body.len());
            self.take(kind, &body)?;
        }
    }

    fn take(&mut self, kind: HandshakeKind, body: &[u8]) -> Result<(), End> {
        match (kind, &self.hello) {
            (HandshakeKind::SERVER_HELLO, None) => {
                let hello = ServerHello::read(body).map_err(|Malformed| End::Malformed)?;
                let is_last = hello.version() >= ProtocolVersion::TLS_1_3;
                self.hello = Some(hello);
                if is_last { Err(End::Done) } else { Ok(()) }
            }
            (HandshakeKind::SERVER_KEY_EXCHANGE, Some(hello)) => {
                // What cannot be read tells nothing, and the choice stands.
                self.key_exchange = KeyExchange::read(body, hello.version(), hello.suite).ok();
                Ok(())
            }
            (HandshakeKind::CERTIFICATE_REQUEST, Some(_)) => {
                self.certificate_requested = true;
                Ok(())
            }
            (HandshakeKind::SERVER_HELLO_DONE, Some(_)) => Err(End::Done),
            (_, Some(_)) => Ok(()),
            (_, None) => Err(End::Malformed),
        }
    }
}

/// Whether a share of a finite field leaves nothing secret (RFC 7919 section 5.1).
fn is_trivial(share: &[u8], prime: &[u8]) -> bool {
    let leading = share.iter().take_while(|octet| **octet == 0).count();
    match &share[leading..] {
        [] | [1] => true,
        // The prime is odd, so one less changes its last bit alone.
        share => prime
            .split_last()
            .is_some_and(|(last, rest)| share.split_last() == Some((&(last & 0xfe), rest))),
    }
}

/// Whether a suite exchanges keys over a finite field, ephemeral or anonymous.
fn is_finite_field(suite: CipherSuite) -> bool {
    matches!(
        suite.0,
        0x0011..=0x001b
            | 0x0032..=0x0034
            | 0x0038..=0x003a
            | 0x0040
            | 0x0044..=0x0046
            | 0x0067
            | 0x006a..=0x006d
            | 0x0087..=0x0089
            | 0x0099..=0x009b
            | 0x009e
            | 0x009f
            | 0x00a2
            | 0x00a3
            | 0x00a6
            | 0x00a7
            | 0xc09e
            | 0xc09f
            | 0xccaa
    )
}
