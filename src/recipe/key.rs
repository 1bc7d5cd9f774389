//! Keys by label, and the algorithms they sign with.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A key, named by its algorithm and a label, as text `p256:end-entity`.
///
/// The same name is the same key on every machine. RSA keys come from the
/// committed test keys, whose labels are fixed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Kind and size.
    pub algorithm: KeyAlgorithm,
    /// What tells it from others of its kind.
    pub label: String,
}

impl Key {
    /// The key of this kind with this label.
    pub fn new(algorithm: KeyAlgorithm, label: impl Into<String>) -> Self {
        Self {
            algorithm,
            label: label.into(),
        }
    }
}

macro_rules! key_algorithms {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// Kind and size of a key.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        #[non_exhaustive]
        pub enum KeyAlgorithm { $($(#[$doc])* $variant,)* }

        impl KeyAlgorithm {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in a recipe's text.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

key_algorithms! {
    /// ECDSA over P-256.
    P256 = "p256";
    /// ECDSA over P-384.
    P384 = "p384";
    /// ECDSA over P-521.
    P521 = "p521";
    /// Ed25519.
    Ed25519 = "ed25519";
    /// RSA, 2048 bits.
    Rsa2048 = "rsa2048";
    /// RSA, 3072 bits.
    Rsa3072 = "rsa3072";
    /// RSA, 1024 bits: too small for anything but a defect.
    Rsa1024 = "rsa1024";
    /// RSA, 512 bits: broken.
    Rsa512 = "rsa512";
    /// RSA, 16384 bits: too slow.
    Rsa16384 = "rsa16384";
}

impl KeyAlgorithm {
    /// The kinds that a benign chain uses.
    pub const SOUND: &'static [Self] = &[
        Self::P256,
        Self::P384,
        Self::P521,
        Self::Ed25519,
        Self::Rsa2048,
        Self::Rsa3072,
    ];

    /// Whether it is RSA of any size.
    pub const fn is_rsa(self) -> bool {
        matches!(
            self,
            Self::Rsa512 | Self::Rsa1024 | Self::Rsa2048 | Self::Rsa3072 | Self::Rsa16384
        )
    }

    /// The algorithm that such a key signs with unless told otherwise.
    pub const fn usual_signature(self) -> SignatureAlgorithm {
        match self {
            Self::P256 => SignatureAlgorithm::EcdsaSha256,
            Self::P384 => SignatureAlgorithm::EcdsaSha384,
            Self::P521 => SignatureAlgorithm::EcdsaSha512,
            Self::Ed25519 => SignatureAlgorithm::Ed25519,
            Self::Rsa512 | Self::Rsa1024 | Self::Rsa2048 | Self::Rsa3072 | Self::Rsa16384 => {
                SignatureAlgorithm::RsaSha256
            }
        }
    }
}

/// How a certificate or CRL is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// ecdsa-with-SHA256 (RFC 5758).
    EcdsaSha256,
    /// ecdsa-with-SHA384 (RFC 5758).
    EcdsaSha384,
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// sha256WithRSAEncryption (RFC 4055).
    RsaSha256,
    /// sha384WithRSAEncryption (RFC 4055).
    RsaSha384,
    /// sha512WithRSAEncryption (RFC 4055).
    RsaSha512,
    /// sha1WithRSAEncryption: broken.
    RsaSha1,
    /// ecdsa-with-SHA1: broken.
    EcdsaSha1,
    /// md5WithRSAEncryption: broken.
    RsaMd5,
    /// ecdsa-with-SHA512 (RFC 5758).
    EcdsaSha512,
    /// RSASSA-PSS (RFC 4055) with SHA-256 for message and mask, and a salt of 32 octets.
    RsaPssSha256,
    /// RSASSA-PSS with SHA-1 for message and mask, and a salt of 20 octets: broken.
    RsaPssSha1,
    /// RSASSA-PSS with SHA-256 for message and mask, and no salt.
    RsaPssUnsalted,
}

/// Text that names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no key: write it as p256:label, with one of p256, p384, p521, ed25519, rsa2048, rsa3072, rsa1024, rsa512, rsa16384"
)]
pub struct InvalidKey(String);

impl FromStr for Key {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split_once(':')
            .and_then(|(name, label)| {
                let algorithm = KeyAlgorithm::ALL
                    .iter()
                    .copied()
                    .find(|kind| kind.name() == name)?;
                (!label.is_empty()).then(|| Self::new(algorithm, label))
            })
            .ok_or_else(|| InvalidKey(text.to_owned()))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.label)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
