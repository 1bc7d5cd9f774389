//! Object identifiers, and the table of those that X.509 knows.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The content octets of an OBJECT IDENTIFIER. As text it is dotted decimal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Oid(Cow<'static, [u8]>);

impl Oid {
    /// An identifier from its content octets.
    pub const fn known(octets: &'static [u8]) -> Self {
        Self(Cow::Borrowed(octets))
    }

    /// An identifier from its content octets, whatever they are.
    pub fn owned(octets: impl Into<Vec<u8>>) -> Self {
        Self(Cow::Owned(octets.into()))
    }

    /// The content octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// An identifier from content octets that were read. `None` when an arc does not end.
    pub fn from_octets(octets: Vec<u8>) -> Option<Self> {
        octets
            .last()
            .is_some_and(|last| last & 0x80 == 0)
            .then_some(Self(Cow::Owned(octets)))
    }

    /// Arcs to content octets. `None` when the first two arcs do not fit together.
    pub fn from_arcs(arcs: &[u64]) -> Option<Self> {
        let (&first, &second) = (arcs.first()?, arcs.get(1)?);
        if first > 2 || (first < 2 && second > 39) {
            return None;
        }
        let mut octets = Vec::new();
        push_base128(&mut octets, (first * 40).checked_add(second)?);
        for &arc in &arcs[2..] {
            push_base128(&mut octets, arc);
        }
        Some(Self(Cow::Owned(octets)))
    }
}

fn push_base128(out: &mut Vec<u8>, value: u64) {
    let groups = (64 - value.max(1).leading_zeros()).div_ceil(7);
    for group in (0..groups).rev() {
        let bits = (value >> (group * 7)) as u8 & 0x7f;
        out.push(if group == 0 { bits } else { bits | 0x80 });
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut value = 0u64;
        let mut first = true;
        for &octet in self.0.iter() {
            value = value << 7 | u64::from(octet & 0x7f);
            if octet & 0x80 != 0 {
                continue;
            }
            if first {
                let root = (value / 40).min(2);
                write!(f, "{root}.{}", value - root * 40)?;
                first = false;
            } else {
                write!(f, ".{value}")?;
            }
            value = 0;
        }
        Ok(())
    }
}

/// Text that is no dotted object identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an object identifier: write it as 2.5.29.19")]
pub struct InvalidOid(String);

impl FromStr for Oid {
    type Err = InvalidOid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let arcs: Option<Vec<u64>> = text.split('.').map(|arc| arc.parse().ok()).collect();
        arcs.and_then(|arcs| Self::from_arcs(&arcs))
            .ok_or_else(|| InvalidOid(text.to_owned()))
    }
}

impl Serialize for Oid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Oid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

macro_rules! oids {
    ($($name:ident = $dotted:literal $octets:expr;)*) => {
        $(#[doc = $dotted] pub const $name: Oid = Oid::known(&$octets);)*

        /// Every identifier of this table with its dotted form.
        pub const KNOWN: &[(&str, Oid)] = &[$(($dotted, $name),)*];
    };
}

oids! {
    // Attribute types
    COMMON_NAME = "2.5.4.3" [0x55, 4, 3];
    SERIAL_NUMBER = "2.5.4.5" [0x55, 4, 5];
    COUNTRY = "2.5.4.6" [0x55, 4, 6];
    LOCALITY = "2.5.4.7" [0x55, 4, 7];
    STATE = "2.5.4.8" [0x55, 4, 8];
    ORGANIZATION = "2.5.4.10" [0x55, 4, 10];
    ORGANIZATIONAL_UNIT = "2.5.4.11" [0x55, 4, 11];
    EMAIL_ADDRESS = "1.2.840.113549.1.9.1" [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];
    DOMAIN_COMPONENT = "0.9.2342.19200300.100.1.25" [9, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 0x19];
    // Extensions
    SUBJECT_DIRECTORY_ATTRIBUTES = "2.5.29.9" [0x55, 0x1d, 9];
    SUBJECT_KEY_IDENTIFIER = "2.5.29.14" [0x55, 0x1d, 14];
    KEY_USAGE = "2.5.29.15" [0x55, 0x1d, 15];
    SUBJECT_ALTERNATIVE_NAME = "2.5.29.17" [0x55, 0x1d, 17];
    ISSUER_ALTERNATIVE_NAME = "2.5.29.18" [0x55, 0x1d, 18];
    BASIC_CONSTRAINTS = "2.5.29.19" [0x55, 0x1d, 19];
    CRL_NUMBER = "2.5.29.20" [0x55, 0x1d, 20];
    REASON_CODE = "2.5.29.21" [0x55, 0x1d, 21];
    INVALIDITY_DATE = "2.5.29.24" [0x55, 0x1d, 24];
    DELTA_CRL_INDICATOR = "2.5.29.27" [0x55, 0x1d, 27];
    ISSUING_DISTRIBUTION_POINT = "2.5.29.28" [0x55, 0x1d, 28];
    CERTIFICATE_ISSUER = "2.5.29.29" [0x55, 0x1d, 29];
    NAME_CONSTRAINTS = "2.5.29.30" [0x55, 0x1d, 30];
    CRL_DISTRIBUTION_POINTS = "2.5.29.31" [0x55, 0x1d, 31];
    CERTIFICATE_POLICIES = "2.5.29.32" [0x55, 0x1d, 32];
    ANY_POLICY = "2.5.29.32.0" [0x55, 0x1d, 32, 0];
    POLICY_MAPPINGS = "2.5.29.33" [0x55, 0x1d, 33];
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35" [0x55, 0x1d, 35];
    POLICY_CONSTRAINTS = "2.5.29.36" [0x55, 0x1d, 36];
    EXTENDED_KEY_USAGE = "2.5.29.37" [0x55, 0x1d, 37];
    ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0" [0x55, 0x1d, 37, 0];
    FRESHEST_CRL = "2.5.29.46" [0x55, 0x1d, 46];
    INHIBIT_ANY_POLICY = "2.5.29.54" [0x55, 0x1d, 54];
    AUTHORITY_INFORMATION_ACCESS = "1.3.6.1.5.5.7.1.1" [0x2b, 6, 1, 5, 5, 7, 1, 1];
    SUBJECT_INFORMATION_ACCESS = "1.3.6.1.5.5.7.1.11" [0x2b, 6, 1, 5, 5, 7, 1, 11];
    TLS_FEATURE = "1.3.6.1.5.5.7.1.24" [0x2b, 6, 1, 5, 5, 7, 1, 24];
    OCSP_NO_CHECK = "1.3.6.1.5.5.7.48.1.5" [0x2b, 6, 1, 5, 5, 7, 0x30, 1, 5];
    OCSP_BASIC = "1.3.6.1.5.5.7.48.1.1" [0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];
    OCSP_NONCE = "1.3.6.1.5.5.7.48.1.2" [0x2b, 6, 1, 5, 5, 7, 0x30, 1, 2];
    OCSP_ACCESS = "1.3.6.1.5.5.7.48.1" [0x2b, 6, 1, 5, 5, 7, 0x30, 1];
    CA_ISSUERS_ACCESS = "1.3.6.1.5.5.7.48.2" [0x2b, 6, 1, 5, 5, 7, 0x30, 2];
    SMTP_UTF8_MAILBOX = "1.3.6.1.5.5.7.8.9" [0x2b, 6, 1, 5, 5, 7, 8, 9];
    // Purposes
    SERVER_AUTH = "1.3.6.1.5.5.7.3.1" [0x2b, 6, 1, 5, 5, 7, 3, 1];
    CLIENT_AUTH = "1.3.6.1.5.5.7.3.2" [0x2b, 6, 1, 5, 5, 7, 3, 2];
    CODE_SIGNING = "1.3.6.1.5.5.7.3.3" [0x2b, 6, 1, 5, 5, 7, 3, 3];
    EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4" [0x2b, 6, 1, 5, 5, 7, 3, 4];
    TIME_STAMPING = "1.3.6.1.5.5.7.3.8" [0x2b, 6, 1, 5, 5, 7, 3, 8];
    OCSP_SIGNING = "1.3.6.1.5.5.7.3.9" [0x2b, 6, 1, 5, 5, 7, 3, 9];
    // Keys and curves
    RSA_ENCRYPTION = "1.2.840.113549.1.1.1" [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    EC_PUBLIC_KEY = "1.2.840.10045.2.1" [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    DSA = "1.2.840.10040.4.1" [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1];
    P192 = "1.2.840.10045.3.1.1" [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 1];
    P224 = "1.3.132.0.33" [0x2b, 0x81, 4, 0, 0x21];
    BRAINPOOL_P256 = "1.3.36.3.3.2.8.1.1.7" [0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7];
    P256 = "1.2.840.10045.3.1.7" [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    P384 = "1.3.132.0.34" [0x2b, 0x81, 4, 0, 0x22];
    P521 = "1.3.132.0.35" [0x2b, 0x81, 4, 0, 0x23];
    SECP256K1 = "1.3.132.0.10" [0x2b, 0x81, 4, 0, 10];
    ED25519 = "1.3.101.112" [0x2b, 0x65, 0x70];
    ED448 = "1.3.101.113" [0x2b, 0x65, 0x71];
    ML_DSA_44 = "2.16.840.1.101.3.4.3.17" [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 17];
    ML_DSA_65 = "2.16.840.1.101.3.4.3.18" [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 18];
    ML_DSA_87 = "2.16.840.1.101.3.4.3.19" [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 19];
    // Signatures
    MD2_WITH_RSA = "1.2.840.113549.1.1.2" [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 2];
    MD5_WITH_RSA = "1.2.840.113549.1.1.4" [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4];
    SHA1_WITH_RSA = "1.2.840.113549.1.1.5" [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5];
    MGF1 = "1.2.840.113549.1.1.8" [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8];
    RSA_PSS = "1.2.840.113549.1.1.10" [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
    SHA256_WITH_RSA = "1.2.840.113549.1.1.11" [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
    SHA384_WITH_RSA = "1.2.840.113549.1.1.12" [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12];
    SHA512_WITH_RSA = "1.2.840.113549.1.1.13" [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13];
    ECDSA_WITH_SHA1 = "1.2.840.10045.4.1" [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1];
    ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2" [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    ECDSA_WITH_SHA384 = "1.2.840.10045.4.3.3" [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3];
    ECDSA_WITH_SHA512 = "1.2.840.10045.4.3.4" [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4];
    MD5 = "1.2.840.113549.2.5" [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 5];
    SHA1 = "1.3.14.3.2.26" [0x2b, 14, 3, 2, 26];
    SHA256 = "2.16.840.1.101.3.4.2.1" [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
    SHA384 = "2.16.840.1.101.3.4.2.2" [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2];
    SHA512 = "2.16.840.1.101.3.4.2.3" [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_octets_of_every_known_identifier_are_its_dotted_form() {
        for (dotted, oid) in KNOWN {
            assert_eq!(dotted.parse::<Oid>().expect(dotted), *oid);
            assert_eq!(oid.to_string(), *dotted);
        }
    }

    #[test]
    fn text_that_is_no_identifier_is_refused() {
        for bad in [
            "",
            "1",
            "3.1",
            "1.40",
            "1.2.x",
            "1..2",
            "2.18446744073709551615",
        ] {
            assert!(bad.parse::<Oid>().is_err(), "{bad}");
        }
    }
}
