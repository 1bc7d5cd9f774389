//! What a verifier asks beyond RFC 5280 section 6, as data that people can write in TOML.
//!
//! Three profiles are shipped. `rfc5280` asks what section 6 asks of a relying
//! party and no more. `webpki` adds what the CA/B Baseline Requirements and
//! section 4 ask of conforming CAs. `strict-mtls` is for client certificates
//! of one's own CA, where nothing old need be let in.

use serde::{Deserialize, Serialize};

use crate::spelling::{line_at, with_nearest};

use super::{
    algorithm::SignatureName, budget::Limits, identity::IdentityRules, key::Curve,
    key_usage::KeyUsage,
};

/// A policy on top of path validation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Profile {
    /// What reports call it.
    pub name: String,
    /// Refuse encodings that are BER but not DER, such as a default written out.
    pub strict_der: bool,
    /// Hold certificates to what RFC 5280 section 4 asks of conforming CAs:
    /// criticality, key usage of CAs, consistent usages, UTCTime until 2049.
    pub conforming_certificates: bool,
    /// Refuse name constraints that are not critical (RFC 5280 section 4.2.1.10;
    /// the CA/B Baseline Requirements section 7.1.2.10.8 allow them).
    pub critical_name_constraints: bool,
    /// Refuse certificates without an authority key identifier, and CAs without
    /// a subject key identifier (RFC 5280 sections 4.2.1.1 and 4.2.1.2).
    pub key_identifiers: bool,
    /// Refuse serial numbers that are zero, negative or longer than 20 octets.
    pub positive_serials: bool,
    /// Hold an anchor given as a certificate to the rules of a CA certificate,
    /// its validity included.
    pub check_anchors: bool,
    /// The rules of the CA/B Baseline Requirements on subscriber and root certificates.
    pub web_certificates: bool,
    /// The most days an end entity may be valid.
    pub maximum_lifetime_days: Option<u32>,
    /// The most intermediates in a path, self-issued ones not counted.
    pub maximum_depth: Option<u32>,
    /// Rules for keys.
    pub keys: KeyRules,
    /// The signature algorithms allowed, on every certificate of the path.
    pub signatures: Vec<SignatureName>,
    /// Rules for end entities.
    pub end_entity: EndEntityRules,
    /// The inputs of policy processing.
    pub policies: PolicyInputs,
    /// Who is let in.
    pub identity: IdentityRules,
    /// The most work one validation may cost.
    pub budget: Limits,
}

/// What keys must measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct KeyRules {
    /// The fewest bits of an RSA modulus.
    pub minimum_rsa_bits: u32,
    /// The most bits of an RSA modulus.
    pub maximum_rsa_bits: u32,
    /// Refuse RSA moduli whose bits are not a multiple of 8 (CA/B section 6.1.5).
    pub whole_octet_rsa: bool,
    /// The smallest RSA exponent of a key that is not a trust anchor's, which may have 3.
    pub minimum_rsa_exponent: u64,
    /// RSA exponents that are refused whatever their size.
    pub forbidden_rsa_exponents: Vec<u64>,
    /// Refuse RSA moduli whose factors anybody can find: close primes, primes of the form
    /// of CVE-2017-15361, and a prime in common with another key of the path. It costs
    /// several times the verification of a signature.
    pub refuse_guessable_rsa: bool,
    /// The curves allowed.
    pub curves: Vec<Curve>,
    /// Whether Ed25519 keys are allowed.
    pub ed25519: bool,
    /// Whether DSA keys are allowed.
    pub dsa: bool,
    /// Hexadecimal SHA-256 hashes of SubjectPublicKeyInfos, one of which must be
    /// in the path. Empty means no pinning.
    pub pins: Vec<String>,
    /// Pins of keys that are kept in reserve. Pinning without one is refused
    /// as a configuration (RFC 7469 section 4.3).
    pub backup_pins: Vec<String>,
}

/// What an end entity must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct EndEntityRules {
    /// Let a CA certificate stand as end entity.
    pub allow_ca: bool,
    /// Refuse an end entity that is not of version 3 (RFC 8446 sections 4.4.2.2 and 4.4.2.3;
    /// RFC 5280 section 6 takes one of any version).
    pub require_version_3: bool,
    /// Refuse an end entity without extended key usage.
    pub require_extended_key_usage: bool,
    /// Let anyExtendedKeyUsage stand for the purpose.
    pub allow_any_extended_key_usage: bool,
    /// Refuse an end entity without key usage.
    pub require_key_usage: bool,
    /// Refuse an end entity whose key usage lacks digitalSignature, as TLS 1.3 needs it.
    pub require_digital_signature: bool,
    /// Key usages that an end entity must have. One without the extension has them all
    /// (RFC 5280 section 4.2.1.3).
    pub key_usage: Vec<KeyUsage>,
    /// Extended key usages that an end entity must have beside that of its purpose, in
    /// dotted decimal.
    pub extended_key_usage: Vec<String>,
    /// Refuse an end entity without a subject alternative name.
    pub require_subject_alt_name: bool,
}

/// The inputs (c) to (g) of RFC 5280 section 6.1.1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct PolicyInputs {
    /// user-initial-policy-set, in dotted decimal. Empty means any-policy.
    pub initial: Vec<String>,
    /// initial-explicit-policy.
    pub require_explicit: bool,
    /// initial-policy-mapping-inhibit.
    pub inhibit_mapping: bool,
    /// initial-any-policy-inhibit.
    pub inhibit_any: bool,
}

/// A profile that contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// Not TOML, or not of a profile's shape.
    #[error("the profile cannot be read: {0}")]
    Toml(String),
    /// A pin that is not 64 hexadecimal digits.
    #[error(
        "`{0}` is not a pin: write the SHA-256 of the SubjectPublicKeyInfo as 64 hexadecimal digits"
    )]
    Pin(String),
    /// Pins without a backup pin.
    #[error(
        "pins without a backup pin would lock everybody out when the key changes: add backup-pins"
    )]
    NoBackupPin,
    /// Backup pins without a pin.
    #[error("backup-pins alone pin nothing: add pins")]
    NoPin,
    /// A policy or usage that is not an object identifier in dotted decimal.
    #[error("`{0}` is not an object identifier: write it as 1.3.6.1.4.1.5")]
    ObjectIdentifier(String),
    /// An identity rule that can match nothing.
    #[error("the identity rule `{0}` can match nothing")]
    Identity(String),
}

const SHA_2: [SignatureName; 10] = [
    SignatureName::EcdsaSha256,
    SignatureName::EcdsaSha384,
    SignatureName::EcdsaSha512,
    SignatureName::Ed25519,
    SignatureName::RsaPkcs1Sha256,
    SignatureName::RsaPkcs1Sha384,
    SignatureName::RsaPkcs1Sha512,
    SignatureName::RsaPssSha256,
    SignatureName::RsaPssSha384,
    SignatureName::RsaPssSha512,
];

impl Default for Profile {
    fn default() -> Self {
        Self::rfc5280()
    }
}

impl Default for KeyRules {
    fn default() -> Self {
        Self {
            minimum_rsa_bits: 1024,
            maximum_rsa_bits: 8192,
            whole_octet_rsa: false,
            minimum_rsa_exponent: 3,
            forbidden_rsa_exponents: Vec::new(),
            refuse_guessable_rsa: false,
            curves: vec![Curve::P256, Curve::P384, Curve::P521],
            ed25519: true,
            dsa: true,
            pins: Vec::new(),
            backup_pins: Vec::new(),
        }
    }
}

impl Default for EndEntityRules {
    fn default() -> Self {
        Self {
            allow_ca: true,
            require_version_3: false,
            require_extended_key_usage: false,
            allow_any_extended_key_usage: true,
            require_key_usage: false,
            require_digital_signature: false,
            key_usage: Vec::new(),
            extended_key_usage: Vec::new(),
            require_subject_alt_name: false,
        }
    }
}

/// The line at fault and what is wrong there, on one line.
fn told(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map_or(1, |span| line_at(text, span.start));
    format!("line {line}: {}", with_nearest(error.message()))
}

impl Profile {
    /// RFC 5280 section 6 for a relying party: what the standard itself asks.
    pub fn rfc5280() -> Self {
        let mut signatures = SHA_2.to_vec();
        signatures.extend([
            SignatureName::RsaPkcs1Sha1,
            SignatureName::DsaSha1,
            SignatureName::DsaSha224,
            SignatureName::DsaSha256,
        ]);
        Self {
            name: "rfc5280".to_owned(),
            strict_der: true,
            conforming_certificates: false,
            critical_name_constraints: false,
            key_identifiers: false,
            positive_serials: false,
            check_anchors: false,
            web_certificates: false,
            maximum_lifetime_days: None,
            maximum_depth: None,
            keys: KeyRules::default(),
            signatures,
            end_entity: EndEntityRules::default(),
            policies: PolicyInputs::default(),
            identity: IdentityRules::default(),
            budget: Limits::default(),
        }
    }

    /// What the CA/B Baseline Requirements ask of a TLS certificate, for comparing with x509-limbo.
    pub fn webpki() -> Self {
        Self {
            name: "webpki".to_owned(),
            conforming_certificates: true,
            key_identifiers: true,
            positive_serials: true,
            check_anchors: true,
            web_certificates: true,
            maximum_depth: Some(8),
            keys: KeyRules {
                minimum_rsa_bits: 2048,
                whole_octet_rsa: true,
                ed25519: false,
                dsa: false,
                ..KeyRules::default()
            },
            signatures: SHA_2.to_vec(),
            end_entity: EndEntityRules {
                allow_ca: false,
                require_version_3: true,
                require_extended_key_usage: true,
                allow_any_extended_key_usage: false,
                require_subject_alt_name: true,
                ..EndEntityRules::default()
            },
            ..Self::rfc5280()
        }
    }

    /// For client certificates of one's own CA: the default of the reference server.
    pub fn strict_mtls() -> Self {
        Self {
            name: "strict-mtls".to_owned(),
            conforming_certificates: true,
            critical_name_constraints: true,
            positive_serials: true,
            check_anchors: true,
            maximum_depth: Some(4),
            keys: KeyRules {
                minimum_rsa_bits: 2048,
                whole_octet_rsa: true,
                // NIST SP 800-56B section 6.4.1.1: 65537 at least
                minimum_rsa_exponent: 65_537,
                refuse_guessable_rsa: true,
                dsa: false,
                ..KeyRules::default()
            },
            signatures: SHA_2.to_vec(),
            end_entity: EndEntityRules {
                allow_ca: false,
                require_version_3: true,
                require_extended_key_usage: true,
                allow_any_extended_key_usage: false,
                require_digital_signature: true,
                ..EndEntityRules::default()
            },
            identity: IdentityRules {
                refuse_ambiguous_subjects: true,
                ..IdentityRules::default()
            },
            ..Self::rfc5280()
        }
    }

    /// The names of the shipped profiles.
    pub const NAMES: [&'static str; 3] = ["rfc5280", "webpki", "strict-mtls"];

    /// The shipped profile of this name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "rfc5280" => Some(Self::rfc5280()),
            "webpki" => Some(Self::webpki()),
            "strict-mtls" => Some(Self::strict_mtls()),
            _ => None,
        }
    }

    /// Reads a profile from TOML. What is not written is as in `rfc5280`.
    pub fn from_toml(text: &str) -> Result<Self, ProfileError> {
        let profile: Self =
            toml::from_str(text).map_err(|error| ProfileError::Toml(told(text, &error)))?;
        profile.check()?;
        Ok(profile)
    }

    /// The profile as TOML.
    pub fn to_toml(&self) -> Result<String, ProfileError> {
        toml::to_string(self).map_err(|error| ProfileError::Toml(error.to_string()))
    }

    /// Whether the profile makes sense.
    pub fn check(&self) -> Result<(), ProfileError> {
        for pin in self.keys.pins.iter().chain(&self.keys.backup_pins) {
            if parse_pin(pin).is_none() {
                return Err(ProfileError::Pin(pin.clone()));
            }
        }
        if !self.keys.pins.is_empty() && self.keys.backup_pins.is_empty() {
            return Err(ProfileError::NoBackupPin);
        }
        if self.keys.pins.is_empty() && !self.keys.backup_pins.is_empty() {
            return Err(ProfileError::NoPin);
        }
        let identifiers = self.policies.initial.iter();
        if let Some(text) = identifiers
            .chain(&self.end_entity.extended_key_usage)
            .find(|text| encode_oid(text).is_none())
        {
            return Err(ProfileError::ObjectIdentifier(text.clone()));
        }
        self.identity.check().map_err(ProfileError::Identity)
    }
}

/// 64 hexadecimal digits as 32 octets.
pub(crate) fn parse_pin(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let mut pin = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (octet, pair) in pin.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
        *octet = u8::try_from(high? << 4 | low?).ok()?;
    }
    Some(pin)
}

/// Dotted decimal as the contents of an object identifier.
pub(crate) fn encode_oid(text: &str) -> Option<Vec<u8>> {
    let arcs: Option<Vec<u64>> = text
        .split('.')
        .map(|arc| {
            arc.parse()
                .ok()
                .filter(|_| arc.bytes().all(|digit| digit.is_ascii_digit()))
        })
        .collect();
    let (first, rest) = match arcs.as_deref()? {
        [root, second, rest @ ..] if *root < 2 && *second < 40 || *root == 2 => {
            ((root * 40).checked_add(*second)?, rest.to_vec())
        }
        _ => return None,
    };
    let mut contents = Vec::new();
    for arc in std::iter::once(first).chain(rest) {
        let groups = (64 - arc.max(1).leading_zeros()).div_ceil(7);
        for group in (0..groups).rev() {
            let more = if group == 0 { 0 } else { 0x80 };
            contents.push((arc >> (7 * group)) as u8 & 0x7f | more);
        }
    }
    Some(contents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validator::strict::dotted;

    #[test]
    fn shipped_profiles_read_back_from_their_toml() {
        for name in Profile::NAMES {
            let profile = Profile::named(name).expect("a shipped profile");
            let text = profile.to_toml().expect("TOML");
            assert_eq!(Profile::from_toml(&text), Ok(profile), "{text}");
        }
        assert_eq!(Profile::named("lax"), None);
    }

    #[test]
    fn profiles_that_contradict_themselves_are_refused() {
        let pin = "00".repeat(32);
        let table = [
            (
                format!("keys.pins = [\"{pin}\"]"),
                ProfileError::NoBackupPin,
            ),
            (
                format!("keys.backup-pins = [\"{pin}\"]"),
                ProfileError::NoPin,
            ),
            (
                "keys.backup-pins = [\"xyz\"]".to_owned(),
                ProfileError::Pin("xyz".to_owned()),
            ),
            (
                "policies.initial = [\"1.99\"]".to_owned(),
                ProfileError::ObjectIdentifier("1.99".to_owned()),
            ),
        ];
        for (text, error) in table {
            assert_eq!(Profile::from_toml(&text), Err(error), "{text}");
        }
        assert!(matches!(
            Profile::from_toml("strict-dre = true"),
            Err(ProfileError::Toml(_))
        ));
    }

    #[test]
    fn object_identifiers_encode_to_what_they_read_as() {
        for text in [
            "1.3.6.1.4.1.5",
            "2.5.29.32.0",
            "2.999.1",
            "0.9.2342.19200300.100.1.25",
        ] {
            assert_eq!(dotted(&encode_oid(text).expect(text)), text);
        }
        for text in ["", "1", "3.1", "1.40", "1.-2", "1.2.", "1.+2"] {
            assert_eq!(encode_oid(text), None, "{text}");
        }
    }
}
