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
    /// What is wrong with the hello that answers a HelloRetryRequest; nothing when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<Second>,
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

/// How the answer to a HelloRetryRequest differs from what it must be: the first hello with the
/// share and the cookie that were asked for (RFC 8446 section 4.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Second {
    /// It has the shares of the first.
    SameShares,
    /// Its share is of another group than was asked for.
    OtherGroup,
    /// It has a share of another group beside the one that was asked for.
    FurtherShare,
    /// It offers every suite but the one that the server has chosen.
    OtherSuites,
    /// It does not offer TLS 1.3 any more.
    WithoutVersions,
    /// It does not give the cookie back.
    WithoutCookie,
    /// It gives another cookie back.
    OtherCookie,
    /// It has a cookie although the server gave none.
    InventedCookie,
    /// Its random is another.
    OtherRandom,
    /// Its session id is another.
    OtherSessionId,
    /// It asks for another host.
    OtherServerName,
    /// It has an extension that the first did not have.
    FurtherExtension,
}

impl Second {
    /// Each of them.
    pub const ALL: &'static [Self] = &[
        Self::SameShares,
        Self::OtherGroup,
        Self::FurtherShare,
        Self::OtherSuites,
        Self::WithoutVersions,
        Self::WithoutCookie,
        Self::OtherCookie,
        Self::InventedCookie,
        Self::OtherRandom,
        Self::OtherSessionId,
        Self::OtherServerName,
        Self::FurtherExtension,
    ];
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

/// What ties a renegotiation to the handshake before it (RFC 5746 section 3.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    /// The client's Finished of that handshake, in `renegotiation_info`.
    #[default]
    True,
    /// Another Finished.
    Wrong,
    /// An empty `renegotiation_info`, as in a first handshake.
    Empty,
    /// No `renegotiation_info`, as clients had it before 2010.
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

impl Hello {
    /// Shares a group that RFC 8701 reserves and nobody has, so that the server asks for another one.
    pub fn ask_for_retry(&mut self) {
        const NOBODYS: NamedGroup = NamedGroup(0x1a1a);
        self.groups.insert(0, NOBODYS);
        self.shares = vec![Share {
            group: NOBODYS,
            octets: Some(HexBytes(vec![0])),
        }];
    }

    /// Suites of TLS 1.2 that are as good as such suites get (RFC 9325 section 4.2).
    pub const SOUND_SUITES: &[CipherSuite] = &[
        CipherSuite::ECDHE_ECDSA_AES_128_GCM,
        CipherSuite::ECDHE_ECDSA_AES_256_GCM,
        CipherSuite::ECDHE_RSA_AES_128_GCM,
        CipherSuite::ECDHE_RSA_AES_256_GCM,
        CipherSuite::ECDHE_RSA_CHACHA20,
        CipherSuite::ECDHE_ECDSA_CHACHA20,
    ];

    /// Whether nothing in it is good enough: whoever chooses from it has gone below the floor
    /// (RFC 9325 sections 3.1.1, 4.1 and 4.2).
    pub fn offers_nothing_sound(&self) -> bool {
        const SOUND_OF_TLS_1_3: &[CipherSuite] = &[
            CipherSuite::AES_128_GCM_SHA256,
            CipherSuite::AES_256_GCM_SHA384,
            CipherSuite::CHACHA20_POLY1305_SHA256,
            // TLS_AES_128_CCM_SHA256
            CipherSuite(0x1304),
        ];
        let versions = match &self.versions[..] {
            [] => &[self.legacy_version][..],
            listed => listed,
        };
        let suites = |version: &ProtocolVersion| match *version {
            ProtocolVersion::TLS_1_3 => SOUND_OF_TLS_1_3,
            ProtocolVersion::TLS_1_2 => Self::SOUND_SUITES,
            _ => &[],
        };
        let mut sound = versions.iter().flat_map(suites);
        let is_weak = |scheme: &SignatureScheme| scheme.is_over_broken_hash();
        !sound.any(|suite| self.suites.contains(suite))
            || !self.schemes.is_empty() && self.schemes.iter().all(is_weak)
            || !self.groups.is_empty() && self.groups.iter().all(|group| group.is_weak())
    }

    /// What a good client of TLS 1.2 says.
    pub fn of_tls_1_2() -> Self {
        Self::old(ProtocolVersion::TLS_1_2, Self::SOUND_SUITES)
    }

    /// What clients of this version said in its time, with these suites and nothing newer.
    pub fn old(version: ProtocolVersion, suites: &[CipherSuite]) -> Self {
        /// Stands for an empty `renegotiation_info` (RFC 5746 section 3.3).
        const RENEGOTIATION_SUITE: CipherSuite = CipherSuite(0x00ff);
        let mut hello = Self {
            legacy_version: version,
            record_version: version.min(ProtocolVersion::TLS_1_0),
            versions: Vec::new(),
            shares: Vec::new(),
            session_id_octets: 0,
            suites: suites.to_vec(),
            ..Self::default()
        };
        if version == ProtocolVersion::SSL_3_0 {
            // It has no extensions.
            hello.groups.clear();
            hello.schemes.clear();
            hello.suites.push(RENEGOTIATION_SUITE);
            return hello;
        }
        hello.groups.push(NamedGroup::SECP384R1);
        match version {
            ProtocolVersion::TLS_1_2 => hello.schemes.extend([
                SignatureScheme::RSA_PKCS1_SHA256,
                SignatureScheme::RSA_PKCS1_SHA384,
                SignatureScheme::RSA_PKCS1_SHA512,
            ]),
            _ => hello.schemes.clear(),
        }
        let extensions = [
            (ExtensionKind::EC_POINT_FORMATS, vec![1, 0]),
            (ExtensionKind::EXTENDED_MASTER_SECRET, Vec::new()),
            (ExtensionKind::RENEGOTIATION_INFO, vec![0]),
        ];
        let extensions = extensions.into_iter();
        hello.extensions = extensions
            .map(|(kind, body)| Extension {
                kind,
                body: HexBytes(body),
            })
            .collect();
        hello
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
            second: None,
            last_extensions: Vec::new(),
        }
    }
}
