//! What a ClientHello offers, or what a server chooses.

use serde::{Deserialize, Serialize};

use super::{CipherSuite, ExtensionKind, NamedGroup, ProtocolVersion, SignatureScheme};
use crate::der::HexBytes;

/// The contents of the first message. A server reads its choice from the same
/// fields: the first suite and the first group are what it chooses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Hello {
    /// `legacy_version`.
    pub legacy_version: ProtocolVersion,
    /// The version that records with the hello claim.
    pub record_version: ProtocolVersion,
    /// `supported_versions`; absent when empty.
    pub versions: Vec<ProtocolVersion>,
    /// Cipher suites.
    pub suites: Vec<CipherSuite>,
    /// Compression methods (for a server: the method).
    pub compression: HexBytes,
    /// Octets of the session id.
    pub session_id_octets: u8,
    /// `supported_groups`; absent when empty.
    pub groups: Vec<NamedGroup>,
    /// `key_share`; absent when empty.
    pub shares: Vec<Share>,
    /// `signature_algorithms`; absent when empty.
    pub schemes: Vec<SignatureScheme>,
    /// `server_name`, as it is written; absent when empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub server_name: String,
    /// A pre-shared key; none when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psk: Option<PskOffer>,
    /// Extensions beyond these, before `pre_shared_key`, as they are written.
    #[serde(skip_serializing_if = "Vec::is_empty", rename = "extension")]
    pub extensions: Vec<Extension>,
    /// Extensions that end the list.
    #[serde(skip_serializing_if = "Vec::is_empty", rename = "last-extension")]
    pub last_extensions: Vec<Extension>,
}

/// An offer to resume. Without a ticket at hand, it names one that was never given.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PskOffer {
    /// The proof that the key of the ticket is known.
    #[serde(default)]
    pub binder: Binder,
    /// `psk_key_exchange_modes`: 0 is the pre-shared key alone, 1 with a key exchange.
    pub modes: HexBytes,
    /// Whether early data is announced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub early_data: bool,
}

/// The proof that the key of a ticket is known (RFC 8446 section 4.2.11.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binder {
    /// A true one.
    #[default]
    True,
    /// One that does not verify.
    Wrong,
    /// None at all.
    Absent,
}

/// A share of a key exchange.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Share {
    /// The group.
    pub group: NamedGroup,
    /// The octets, where they are not those of a true share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub octets: Option<HexBytes>,
}

/// An extension, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Extension {
    /// Its kind.
    pub kind: ExtensionKind,
    /// Its body.
    #[serde(default)]
    pub body: HexBytes,
}

impl Share {
    /// A true share.
    pub const fn of(group: NamedGroup) -> Self {
        Self {
            group,
            octets: None,
        }
    }
}

impl Default for Hello {
    /// TLS 1.3 with its three usual suites over X25519 and P-256.
    fn default() -> Self {
        Self {
            legacy_version: ProtocolVersion::TLS_1_2,
            record_version: ProtocolVersion::TLS_1_2,
            versions: vec![ProtocolVersion::TLS_1_3],
            suites: vec![
                CipherSuite::AES_128_GCM_SHA256,
                CipherSuite::AES_256_GCM_SHA384,
                CipherSuite::CHACHA20_POLY1305_SHA256,
            ],
            compression: HexBytes(vec![0]),
            session_id_octets: 32,
            groups: vec![NamedGroup::X25519, NamedGroup::SECP256R1],
            shares: vec![Share::of(NamedGroup::X25519)],
            schemes: vec![
                SignatureScheme::ECDSA_SECP256R1_SHA256,
                SignatureScheme::ECDSA_SECP384R1_SHA384,
                SignatureScheme::ED25519,
                SignatureScheme::RSA_PSS_RSAE_SHA256,
                SignatureScheme::RSA_PSS_RSAE_SHA384,
                SignatureScheme::RSA_PSS_RSAE_SHA512,
            ],
            server_name: String::new(),
            psk: None,
            extensions: Vec::new(),
            last_extensions: Vec::new(),
        }
    }
}
