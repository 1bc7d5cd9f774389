//! AlgorithmIdentifiers of signatures: which algorithm, and whether the parameters are right.
//!
//! Both copies in a certificate are read here, and those of CRLs and OCSP
//! responses too. What an algorithm is worth is for the profile.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::strict::{DerError, Reader, dotted, small_integer, tag};

/// A hash function that signatures use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hash {
    /// Broken: collisions since 2004.
    Md5,
    /// Broken: collisions since 2017.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// A signature algorithm by name, as profiles list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[allow(missing_docs)] // The names say it.
pub enum SignatureName {
    RsaPkcs1Md5,
    RsaPkcs1Sha1,
    RsaPkcs1Sha224,
    RsaPkcs1Sha256,
    RsaPkcs1Sha384,
    RsaPkcs1Sha512,
    RsaPssSha1,
    RsaPssSha256,
    RsaPssSha384,
    RsaPssSha512,
    EcdsaSha1,
    EcdsaSha224,
    EcdsaSha256,
    EcdsaSha384,
    EcdsaSha512,
    Ed25519,
    Ed448,
    DsaSha1,
    DsaSha224,
    DsaSha256,
}

impl SignatureName {
    /// The name as people write it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::RsaPkcs1Md5 => "RSA with MD5",
            Self::RsaPkcs1Sha1 => "RSA with SHA-1",
            Self::RsaPkcs1Sha224 => "RSA with SHA-224",
            Self::RsaPkcs1Sha256 => "RSA with SHA-256",
            Self::RsaPkcs1Sha384 => "RSA with SHA-384",
            Self::RsaPkcs1Sha512 => "RSA with SHA-512",
            Self::RsaPssSha1 => "RSA-PSS with SHA-1",
            Self::RsaPssSha256 => "RSA-PSS with SHA-256",
            Self::RsaPssSha384 => "RSA-PSS with SHA-384",
            Self::RsaPssSha512 => "RSA-PSS with SHA-512",
            Self::EcdsaSha1 => "ECDSA with SHA-1",
            Self::EcdsaSha224 => "ECDSA with SHA-224",
            Self::EcdsaSha256 => "ECDSA with SHA-256",
            Self::EcdsaSha384 => "ECDSA with SHA-384",
            Self::EcdsaSha512 => "ECDSA with SHA-512",
            Self::Ed25519 => "Ed25519",
            Self::Ed448 => "Ed448",
            Self::DsaSha1 => "DSA with SHA-1",
            Self::DsaSha224 => "DSA with SHA-224",
            Self::DsaSha256 => "DSA with SHA-256",
        }
    }

    /// The hash function, where the algorithm has one of its own.
    pub const fn hash(self) -> Option<Hash> {
        Some(match self {
            Self::RsaPkcs1Md5 => Hash::Md5,
            Self::RsaPkcs1Sha1 | Self::RsaPssSha1 | Self::EcdsaSha1 | Self::DsaSha1 => Hash::Sha1,
            Self::RsaPkcs1Sha224 | Self::EcdsaSha224 | Self::DsaSha224 => Hash::Sha224,
            Self::RsaPkcs1Sha256 | Self::RsaPssSha256 | Self::EcdsaSha256 | Self::DsaSha256 => {
                Hash::Sha256
            }
            Self::RsaPkcs1Sha384 | Self::RsaPssSha384 | Self::EcdsaSha384 => Hash::Sha384,
            Self::RsaPkcs1Sha512 | Self::RsaPssSha512 | Self::EcdsaSha512 => Hash::Sha512,
            Self::Ed25519 | Self::Ed448 => return None,
        })
    }
}

impl fmt::Display for SignatureName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// What parameters an algorithm must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parameters {
    Null,
    Absent,
}

const PKCS1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
const RSA_PSS: u8 = 0x0a;
const MGF1: u8 = 0x08;

/// Contents of the object identifier, algorithm, parameters.
// RFC 8017 appendix A.2.4; RFC 5758 section 3.2; RFC 8410 section 3; RFC 3279 sections 2.2.2 and 2.2.3
const TABLE: &[(&[u8], SignatureName, Parameters)] = &[
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b],
        SignatureName::RsaPkcs1Sha256,
        Parameters::Null,
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
        SignatureName::EcdsaSha256,
        Parameters::Absent,
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03],
        SignatureName::EcdsaSha384,
        Parameters::Absent,
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04],
        SignatureName::EcdsaSha512,
        Parameters::Absent,
    ),
    (
        &[0x2b, 0x65, 0x70],
        SignatureName::Ed25519,
        Parameters::Absent,
    ),
    (
        &[0x2b, 0x65, 0x71],
        SignatureName::Ed448,
        Parameters::Absent,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c],
        SignatureName::RsaPkcs1Sha384,
        Parameters::Null,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d],
        SignatureName::RsaPkcs1Sha512,
        Parameters::Null,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0e],
        SignatureName::RsaPkcs1Sha224,
        Parameters::Null,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05],
        SignatureName::RsaPkcs1Sha1,
        Parameters::Null,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04],
        SignatureName::RsaPkcs1Md5,
        Parameters::Null,
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01],
        SignatureName::EcdsaSha1,
        Parameters::Absent,
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x01],
        SignatureName::EcdsaSha224,
        Parameters::Absent,
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x03],
        SignatureName::DsaSha1,
        Parameters::Absent,
    ),
    (
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x01],
        SignatureName::DsaSha224,
        Parameters::Absent,
    ),
    (
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x02],
        SignatureName::DsaSha256,
        Parameters::Absent,
    ),
];

/// An AlgorithmIdentifier of a signature that was understood.
#[derive(Clone, Copy, Debug)]
pub struct SignatureAlgorithm<'a> {
    der: &'a [u8],
    name: SignatureName,
    salt_length: u32,
}

/// An AlgorithmIdentifier that names no usable signature algorithm.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AlgorithmError {
    /// Not the DER of an AlgorithmIdentifier.
    #[error("malformed algorithm identifier: {0}")]
    Der(#[from] DerError),
    /// An algorithm that the validator does not know.
    #[error("signature algorithm {0} is not known")]
    Unknown(String),
    /// A known algorithm with parameters that it does not have.
    #[error("{0} with wrong parameters")]
    Parameters(&'static str),
}

impl<'a> SignatureAlgorithm<'a> {
    /// Reads an AlgorithmIdentifier, header included.
    // RFC 5280 section 4.1.1.2
    pub fn parse(der: &'a [u8]) -> Result<Self, AlgorithmError> {
        let mut outer = Reader::new(der)?;
        let mut inside = outer.open(tag::SEQUENCE)?;
        outer.finish()?;
        let oid = inside.oid()?;
        let oid = inside.bytes(oid);
        if let Some((_, name, parameters)) = TABLE.iter().find(|(known, ..)| *known == oid) {
            let fits = match parameters {
                Parameters::Absent => inside.is_empty(),
                // RFC 4055 section 2.1: NULL, and absent must be accepted too by some readings;
                // RFC 8017 appendix A.2.4 says the parameters shall be NULL.
                Parameters::Null => inside.element().is_ok_and(|element| {
                    element.tag == tag::NULL
                        && inside.bytes(element.contents).is_empty()
                        && inside.is_empty()
                }),
            };
            if !fits {
                return Err(AlgorithmError::Parameters(name.text()));
            }
            return Ok(Self {
                der,
                name: *name,
                salt_length: 0,
            });
        }
        match oid.strip_prefix(PKCS1) {
            Some([RSA_PSS]) => {
                let (name, salt_length) =
                    read_pss(inside).ok_or(AlgorithmError::Parameters("RSA-PSS"))?;
                Ok(Self {
                    der,
                    name,
                    salt_length,
                })
            }
            _ => Err(AlgorithmError::Unknown(dotted(oid))),
        }
    }

    /// The AlgorithmIdentifier, header included.
    pub fn der(&self) -> &'a [u8] {
        self.der
    }

    /// Which algorithm it is.
    pub fn name(&self) -> SignatureName {
        self.name
    }

    /// The salt's octets. 0 unless the algorithm is RSA-PSS.
    pub fn salt_length(&self) -> u32 {
        self.salt_length
    }
}

const SHA_2: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];
const SHA_1: &[u8] = &[0x2b, 0x0e, 0x03, 0x02, 0x1a];

/// RSASSA-PSS-params: the hash, the same hash in MGF1, the salt length, trailer 1.
// RFC 4055 section 3.1
fn read_pss(mut inside: Reader<'_>) -> Option<(SignatureName, u32)> {
    let mut parameters = inside.open(tag::SEQUENCE).ok()?;
    inside.finish().ok()?;
    let mut field = |number: u8| -> Option<Option<Reader<'_>>> {
        let element = parameters.optional(tag::context_constructed(number)).ok()?;
        Some(element.map(|element| parameters.enter(element)))
    };
    let hash = match field(0)? {
        Some(mut wrapper) => read_hash(&mut wrapper)?,
        None => Hash::Sha1,
    };
    let mask_hash = match field(1)? {
        Some(mut wrapper) => {
            let mut generator = wrapper.open(tag::SEQUENCE).ok()?;
            wrapper.finish().ok()?;
            let oid = generator.oid().ok()?;
            if generator.bytes(oid).strip_prefix(PKCS1) != Some(&[MGF1]) {
                return None;
            }
            read_hash(&mut generator)?
        }
        None => Hash::Sha1,
    };
    let mut number = |number: u8, default: u32| -> Option<u32> {
        match field(number)? {
            Some(mut wrapper) => {
                let contents = wrapper.integer().ok()?;
                wrapper.finish().ok()?;
                small_integer(wrapper.bytes(contents)).ok()
            }
            None => Some(default),
        }
    };
    let salt_length = number(2, 20)?;
    let trailer = number(3, 1)?;
    parameters.finish().ok()?;
    let name = match hash {
        Hash::Sha1 => SignatureName::RsaPssSha1,
        Hash::Sha256 => SignatureName::RsaPssSha256,
        Hash::Sha384 => SignatureName::RsaPssSha384,
        Hash::Sha512 => SignatureName::RsaPssSha512,
        Hash::Md5 | Hash::Sha224 => return None,
    };
    (hash == mask_hash && trailer == 1).then_some((name, salt_length))
}

fn read_hash(reader: &mut Reader<'_>) -> Option<Hash> {
    let mut inside = reader.open(tag::SEQUENCE).ok()?;
    reader.finish().ok()?;
    let oid = inside.oid().ok()?;
    let oid = inside.bytes(oid);
    if let Some(null) = inside.optional(tag::NULL).ok()?
        && !inside.bytes(null.contents).is_empty()
    {
        return None;
    }
    inside.finish().ok()?;
    if oid == SHA_1 {
        return Some(Hash::Sha1);
    }
    match oid.strip_prefix(SHA_2)? {
        [1] => Some(Hash::Sha256),
        [2] => Some(Hash::Sha384),
        [3] => Some(Hash::Sha512),
        [4] => Some(Hash::Sha224),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_must_be_what_the_algorithm_defines() {
        let rsa = [
            0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b,
        ];
        let ecdsa = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
        let wrap = |parts: &[&[u8]]| {
            let body = parts.concat();
            [&[0x30, body.len() as u8][..], &body].concat()
        };
        let name = |der: &[u8]| SignatureAlgorithm::parse(der).map(|algorithm| algorithm.name());
        assert_eq!(
            name(&wrap(&[&rsa, &[5, 0]])),
            Ok(SignatureName::RsaPkcs1Sha256)
        );
        assert_eq!(name(&wrap(&[&ecdsa])), Ok(SignatureName::EcdsaSha256));
        for wrong in [
            wrap(&[&rsa]),
            wrap(&[&rsa, &[5, 0, 5, 0]]),
            wrap(&[&rsa, &[4, 0]]),
            wrap(&[&ecdsa, &[5, 0]]),
        ] {
            assert!(
                matches!(name(&wrong), Err(AlgorithmError::Parameters(_))),
                "{wrong:02x?}"
            );
        }
        assert_eq!(
            name(&wrap(&[&[6, 1, 0x2a]])),
            Err(AlgorithmError::Unknown("1.2".to_owned()))
        );
    }
}
