//! Public keys: which kind, how large, and whether their shape is right.
//!
//! Whether a point lies on its curve is for the signature scheme, since a toy
//! scheme has toy points. What a key must measure is for the profile.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::strict::{DerError, DerFault, Reader, Span, dotted, tag};

/// An elliptic curve that X.509 names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Curve {
    /// P-256.
    P256,
    /// P-384.
    P384,
    /// P-521.
    P521,
}

impl Curve {
    /// The octets of one coordinate.
    pub const fn coordinate_length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        })
    }
}

/// A key, borrowed from its SubjectPublicKeyInfo.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicKey<'a> {
    /// RSA.
    Rsa {
        /// RSAPublicKey, in DER.
        der: &'a [u8],
        /// The modulus, without leading zeros.
        modulus: &'a [u8],
        /// The public exponent, without leading zeros.
        exponent: &'a [u8],
        /// Whether the algorithm says that the key is for PSS alone.
        only_pss: bool,
    },
    /// An elliptic curve that is known.
    Ec {
        /// The curve.
        curve: Curve,
        /// The point as encoded.
        point: &'a [u8],
    },
    /// Ed25519.
    Ed25519(&'a [u8]),
    /// DSA.
    Dsa {
        /// p, q and g in order, or nothing when they are inherited from the issuer.
        domain: Option<[&'a [u8]; 3]>,
        /// y.
        value: &'a [u8],
    },
    /// Something else: the algorithm in dotted decimal, and the curve's when there is one.
    Other(String),
}

impl PublicKey<'_> {
    /// The bits of an RSA modulus or a DSA prime; for curves, of the field.
    pub fn bits(&self) -> Option<usize> {
        Some(match self {
            Self::Rsa { modulus, .. } => bit_length(modulus),
            Self::Dsa { domain, .. } => bit_length(domain.as_ref()?[0]),
            Self::Ec {
                curve: Curve::P256, ..
            } => 256,
            Self::Ec {
                curve: Curve::P384, ..
            } => 384,
            Self::Ec {
                curve: Curve::P521, ..
            } => 521,
            Self::Ed25519(_) => 255,
            Self::Other(_) => return None,
        })
    }
}

impl fmt::Display for PublicKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa {
                modulus, only_pss, ..
            } => {
                let alone = if *only_pss { " for PSS alone" } else { "" };
                write!(f, "RSA {}{alone}", bit_length(modulus))
            }
            Self::Ec { curve, .. } => curve.fmt(f),
            Self::Ed25519(_) => f.write_str("Ed25519"),
            Self::Dsa { .. } => f.write_str("DSA"),
            Self::Other(kind) => write!(f, "key of kind {kind}"),
        }
    }
}

/// The bits of an unsigned big-endian number without leading zeros.
pub(crate) fn bit_length(number: &[u8]) -> usize {
    match number.first() {
        Some(first) => number.len() * 8 - first.leading_zeros() as usize,
        None => 0,
    }
}

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01];
const CURVES: &[(&[u8], Curve)] = &[
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        Curve::P256,
    ),
    (&[0x2b, 0x81, 0x04, 0x00, 0x22], Curve::P384),
    (&[0x2b, 0x81, 0x04, 0x00, 0x23], Curve::P521),
];

/// Reads a SubjectPublicKeyInfo, header included.
// RFC 5280 section 4.1.2.7; RFC 3279 section 2.3; RFC 5480 section 2; RFC 8410 section 4
pub fn parse_key(der: &[u8]) -> Result<PublicKey<'_>, DerError> {
    let mut outer = Reader::new(der)?;
    let mut info = outer.open(tag::SEQUENCE)?;
    outer.finish()?;
    let mut algorithm = info.open(tag::SEQUENCE)?;
    let bits = info.octet_aligned_bits()?;
    info.finish()?;
    let oid = algorithm.oid()?;
    let oid = algorithm.bytes(oid);
    let key = info.bytes(bits);
    match oid {
        RSA => {
            // RFC 3279 section 2.3.1: the parameters must be NULL.
            let before = algorithm;
            let null = algorithm.expect(tag::NULL)?;
            if !algorithm.bytes(null.contents).is_empty() {
                return Err(before.fault(DerFault::Value));
            }
            algorithm.finish()?;
            read_rsa(info, bits, false)
        }
        RSA_PSS => read_rsa(info, bits, true),
        EC => {
            let Ok(curve) = algorithm.oid() else {
                return Ok(PublicKey::Other("EC with explicit parameters".to_owned()));
            };
            algorithm.finish()?;
            let curve = algorithm.bytes(curve);
            Ok(match CURVES.iter().find(|(known, _)| *known == curve) {
                Some((_, curve)) => PublicKey::Ec {
                    curve: *curve,
                    point: key,
                },
                None => PublicKey::Other(format!("EC on curve {}", dotted(curve))),
            })
        }
        ED25519 => {
            algorithm.finish()?;
            Ok(PublicKey::Ed25519(key))
        }
        DSA => read_dsa(algorithm, info, bits),
        _ => Ok(PublicKey::Other(dotted(oid))),
    }
}

// RFC 8017 appendix A.1.1
fn read_rsa<'a>(info: Reader<'a>, bits: Span, only_pss: bool) -> Result<PublicKey<'a>, DerError> {
    let mut reader = info.reader_of(bits);
    let mut key = reader.open(tag::SEQUENCE)?;
    reader.finish()?;
    let modulus = key.integer()?;
    let exponent = key.integer()?;
    key.finish()?;
    Ok(PublicKey::Rsa {
        der: info.bytes(bits),
        modulus: unsigned(key.bytes(modulus)),
        exponent: unsigned(key.bytes(exponent)),
        only_pss,
    })
}

// RFC 3279 section 2.3.2
fn read_dsa<'a>(
    mut algorithm: Reader<'a>,
    info: Reader<'a>,
    bits: Span,
) -> Result<PublicKey<'a>, DerError> {
    let domain = if algorithm.is_empty() {
        None
    } else {
        let mut parameters = algorithm.open(tag::SEQUENCE)?;
        algorithm.finish()?;
        let mut numbers: [&[u8]; 3] = [&[]; 3];
        for number in &mut numbers {
            let place = parameters.integer()?;
            *number = unsigned(parameters.bytes(place));
        }
        parameters.finish()?;
        Some(numbers)
    };
    let mut reader = info.reader_of(bits);
    let value = reader.integer()?;
    reader.finish()?;
    Ok(PublicKey::Dsa {
        domain,
        value: unsigned(reader.bytes(value)),
    })
}

/// A positive number without its sign octet. A negative one reads as nothing, which no rule accepts.
fn unsigned(contents: &[u8]) -> &[u8] {
    match contents {
        [0x00, rest @ ..] => rest,
        [first, ..] if *first >= 0x80 => &[],
        _ => contents,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_an_rsa_key_are_null_and_hold_nothing() {
        // SEQUENCE { SEQUENCE { rsaEncryption, parameters }, BIT STRING { SEQUENCE { 3, 3 } } }
        let key = |parameters: &[u8]| {
            let algorithm = [&[0x06, RSA.len() as u8], RSA, parameters].concat();
            let key = b"\x03\x09\x00\x30\x06\x02\x01\x03\x02\x01\x03";
            let info = [&[0x30, algorithm.len() as u8], &algorithm[..], key].concat();
            [&[0x30, info.len() as u8], &info[..]].concat()
        };
        for (parameters, good) in [
            (&[0x05, 0x00][..], true),
            (&[], false),
            (&[0x05, 0x01, 0x00], false),
            (&[0x05, 0x00, 0x05, 0x00], false),
        ] {
            let der = key(parameters);
            let read = parse_key(&der);
            assert_eq!(read.is_ok(), good, "{parameters:02x?}: {read:?}");
        }
    }
}
