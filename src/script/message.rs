//! The messages of a script, and what of each can be wrong.

use serde::{Deserialize, Serialize};

use super::{
    Alert, Binding, CipherSuite, Extension, HandshakeKind, NamedGroup, ProtocolVersion, RecordKind,
    SignatureScheme,
};
use crate::der::HexBytes;

/// A message, described. What is not said is as an honest peer has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Message {
    /// The script's hello. After a HelloRetryRequest, with the share and the cookie that it asks for.
    ClientHello,
    /// The script's hello again, inside a connection of TLS 1.2, for another handshake.
    Renegotiation {
        /// What ties it to the handshake before.
        #[serde(default, skip_serializing_if = "is_usual")]
        binding: Binding,
    },
    /// The client's share, in TLS 1.2 (RFC 8422 section 5.7).
    ClientKeyExchange {
        /// The octets, where they are not those of a true share.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        share: Option<HexBytes>,
    },
    /// The choice among what the client offered.
    ServerHello {
        /// Another suite than one that was offered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        suite: Option<CipherSuite>,
        /// Whether the client's session id comes back changed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        other_session_id: bool,
        /// The last octets of the random.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        random_ends_with: Option<HexBytes>,
    },
    /// A wish for another ClientHello.
    HelloRetryRequest {
        /// The group that is asked for.
        group: NamedGroup,
        /// A cookie.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cookie: Option<HexBytes>,
    },
    /// Extensions under keys.
    EncryptedExtensions {
        /// They.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        extensions: Vec<Extension>,
    },
    /// A demand for the client's chain.
    CertificateRequest {
        /// `certificate_request_context`.
        #[serde(default, skip_serializing_if = "is_empty")]
        context: HexBytes,
        /// Extensions beside the hello's `signature_algorithms`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        extensions: Vec<Extension>,
    },
    /// A chain. In TLS 1.2 an honest one, and an honest proof, only where the server asks.
    Certificate {
        /// What it holds.
        #[serde(default, skip_serializing_if = "Chain::is_own")]
        chain: Chain,
        /// `certificate_request_context`, where it is not the one that was asked with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        context: Option<HexBytes>,
        /// Extensions of the end entity's entry.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        extensions: Vec<Extension>,
    },
    /// A chain said to be compressed (RFC 8879 section 4). The own chain, unless told otherwise.
    CompressedCertificate {
        /// 1 is zlib, 2 brotli, 3 zstd. The own chain is written in the format of zlib.
        algorithm: u16,
        /// `uncompressed_length`, where that is not the true one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        claims: Option<u32>,
        /// So many zeros in the place of the chain, in few octets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zeros: Option<u32>,
        /// Octets in the place of a compressed chain.
        #[serde(default, skip_serializing_if = "is_empty")]
        octets: HexBytes,
    },
    /// The proof that the key is held.
    CertificateVerify(Proof),
    /// The last of a handshake.
    Finished,
    /// The last of early data.
    EndOfEarlyData,
    /// New keys for what follows.
    KeyUpdate {
        /// `request_update`: 0 or 1.
        #[serde(default)]
        request: u8,
    },
    /// A ticket.
    NewSessionTicket {
        /// `ticket_lifetime` in seconds.
        lifetime: u32,
        /// The ticket.
        ticket: HexBytes,
    },
    /// One octet: for middleboxes (RFC 8446 appendix D.4), and in TLS 1.2 the change of keys.
    ChangeCipherSpec,
    /// An alert.
    Alert {
        /// 1 is a warning, 2 is fatal.
        level: u8,
        /// What it says.
        description: Alert,
    },
    /// Application data.
    ApplicationData {
        /// The octets, as text.
        text: String,
    },
    /// A handshake message, as it is written.
    Handshake {
        /// Its kind.
        kind: HandshakeKind,
        /// Its body.
        #[serde(default)]
        body: HexBytes,
    },
    /// A record without protection, as it is written.
    Record {
        /// Its kind.
        kind: RecordKind,
        /// The version that it claims.
        version: ProtocolVersion,
        /// The length that it claims, where that is not the body's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        claims: Option<u16>,
        /// Its body.
        #[serde(default)]
        body: HexBytes,
    },
    /// A record under the keys in force, its inner content as it is written.
    Protected {
        /// Its inner kind.
        kind: RecordKind,
        /// Its inner content.
        #[serde(default)]
        body: HexBytes,
        /// Octets of padding after that.
        #[serde(default, skip_serializing_if = "is_zero")]
        padding: u16,
    },
    /// Octets outside any record.
    Octets(HexBytes),
}

fn is_empty(octets: &HexBytes) -> bool {
    octets.0.is_empty()
}

fn is_zero(number: &u16) -> bool {
    *number == 0
}

/// What a Certificate message holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Chain {
    /// The own chain.
    #[default]
    Own,
    /// Nothing.
    Empty,
    /// The own chain, then its last certificate so many times.
    Repeating(u16),
    /// One entry of no octets, and the own chain after it.
    EmptyEntryFirst,
    /// The own chain, each certificate without its last octet.
    Truncated,
    /// The chain of another client of the same CA.
    OtherClient,
    /// The own chain, with the certificate of whom it is about last.
    SenderLast,
}

impl Chain {
    fn is_own(&self) -> bool {
        *self == Self::Own
    }
}

/// A CertificateVerify.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Proof {
    /// Whose key signs.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub signer: Signer,
    /// The scheme that is claimed and, where the key can, signed with; the key's usual one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<SignatureScheme>,
    /// The transcript that is signed.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub transcript: Transcript,
    /// The context string before it.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub context: Context,
}

fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Whose key signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signer {
    /// The key of the certificate.
    #[default]
    Own,
    /// Another key of the same kind: the certificate is stolen.
    Another,
    /// Nobody: the signature has no octets.
    Nobody,
    /// Nobody: the signature is zeros, as many as one of its scheme has.
    Zeros,
    /// Another client of the same CA, with the key of its own certificate.
    OtherClient,
}

/// What is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transcript {
    /// All messages so far.
    #[default]
    SoFar,
    /// No message.
    Empty,
    /// All but the Certificate before it.
    WithoutCertificate,
    /// That of another connection.
    AnotherConnection,
}

/// The context string of a CertificateVerify (RFC 8446 section 4.4.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Context {
    /// That of the own side.
    #[default]
    Own,
    /// That of the other side.
    OtherSide,
    /// None, nor the octets before it: the bare transcript.
    Absent,
}

impl Message {
    /// The request that an honest client makes.
    pub fn request() -> Self {
        Self::ApplicationData {
            text: "GET /whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned(),
        }
    }

    /// The answer that an honest server gives.
    pub fn response() -> Self {
        Self::ApplicationData {
            text: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned(),
        }
    }

    /// The own chain.
    pub const fn certificate() -> Self {
        Self::certificate_of(Chain::Own)
    }

    /// A chain.
    pub const fn certificate_of(chain: Chain) -> Self {
        Self::Certificate {
            chain,
            context: None,
            extensions: Vec::new(),
        }
    }

    /// The own chain, compressed.
    pub fn compressed_certificate() -> Self {
        Self::CompressedCertificate {
            algorithm: 1,
            claims: None,
            zeros: None,
            octets: HexBytes::default(),
        }
    }

    /// A true proof.
    pub fn proof() -> Self {
        Self::CertificateVerify(Proof::default())
    }

    /// The honest choice of a server.
    pub const fn server_hello() -> Self {
        Self::ServerHello {
            suite: None,
            other_session_id: false,
            random_ends_with: None,
        }
    }

    /// The kind of the handshake message that it is, if it is one.
    pub const fn kind(&self) -> Option<HandshakeKind> {
        Some(match self {
            Self::ClientHello | Self::Renegotiation { .. } => HandshakeKind::CLIENT_HELLO,
            Self::ClientKeyExchange { .. } => HandshakeKind::CLIENT_KEY_EXCHANGE,
            Self::ServerHello { .. } | Self::HelloRetryRequest { .. } => {
                HandshakeKind::SERVER_HELLO
            }
            Self::EncryptedExtensions { .. } => HandshakeKind::ENCRYPTED_EXTENSIONS,
            Self::CertificateRequest { .. } => HandshakeKind::CERTIFICATE_REQUEST,
            Self::Certificate { .. } => HandshakeKind::CERTIFICATE,
            Self::CompressedCertificate { .. } => HandshakeKind::COMPRESSED_CERTIFICATE,
            Self::CertificateVerify(_) => HandshakeKind::CERTIFICATE_VERIFY,
            Self::Finished => HandshakeKind::FINISHED,
            Self::EndOfEarlyData => HandshakeKind::END_OF_EARLY_DATA,
            Self::KeyUpdate { .. } => HandshakeKind::KEY_UPDATE,
            Self::NewSessionTicket { .. } => HandshakeKind::NEW_SESSION_TICKET,
            Self::Handshake { kind, .. } => *kind,
            Self::ChangeCipherSpec
            | Self::Alert { .. }
            | Self::ApplicationData { .. }
            | Self::Record { .. }
            | Self::Protected { .. }
            | Self::Octets(_) => return None,
        })
    }
}
