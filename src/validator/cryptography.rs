//! Real signatures, by AWS-LC, and DSA for the old certificates that still have it.

use aws_lc_rs::{digest, signature as aws};

use super::{
    algorithm::{Hash, SignatureAlgorithm, SignatureName},
    dsa,
    key::{Curve, PublicKey, parse_key},
    signature::{SignatureError, SignatureScheme},
};

/// The scheme that a validator uses unless it is given another.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealSignatures;

impl SignatureScheme for RealSignatures {
    fn verify(
        &self,
        algorithm: &SignatureAlgorithm<'_>,
        key_info: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let key = parse_key(key_info).map_err(|_| SignatureError::InvalidKey)?;
        match &key {
            PublicKey::Rsa { der, only_pss, .. } => {
                let verifier = rsa_verifier(algorithm, *only_pss)?;
                verify(verifier, der, message, signature)
            }
            PublicKey::Ec { curve, point } => {
                let verifier = ecdsa_verifier(algorithm.name(), *curve)?;
                self.check_key(key_info)?;
                verify(verifier, point, message, signature)
            }
            PublicKey::Ed25519(point) if algorithm.name() == SignatureName::Ed25519 => {
                verify(&aws::ED25519, point, message, signature)
            }
            PublicKey::Dsa { domain, value } => {
                let hash = match algorithm.name() {
                    SignatureName::DsaSha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
                    SignatureName::DsaSha224 => &digest::SHA224,
                    SignatureName::DsaSha256 => &digest::SHA256,
                    _ => return Err(SignatureError::WrongKey),
                };
                let domain = domain.as_ref().ok_or(SignatureError::InvalidKey)?;
                let hash = digest::digest(hash, message);
                match dsa::verify(domain, value, hash.as_ref(), signature) {
                    true => Ok(()),
                    false => Err(SignatureError::Bad),
                }
            }
            PublicKey::Ed25519(_) => Err(SignatureError::WrongKey),
            PublicKey::Other(_) => Err(SignatureError::UnsupportedAlgorithm),
        }
    }

    // SEC 1 section 3.2.2.1; RFC 8032 section 5.1.3
    fn check_key(&self, key_info: &[u8]) -> Result<(), SignatureError> {
        let valid = match parse_key(key_info).map_err(|_| SignatureError::InvalidKey)? {
            PublicKey::Ec { curve, point } => {
                let algorithm: &'static dyn aws::VerificationAlgorithm = match curve {
                    Curve::P256 => &aws::ECDSA_P256_SHA256_ASN1,
                    Curve::P384 => &aws::ECDSA_P384_SHA384_ASN1,
                    Curve::P521 => &aws::ECDSA_P521_SHA512_ASN1,
                };
                aws::ParsedPublicKey::new(algorithm, point).is_ok()
            }
            PublicKey::Ed25519(point) => <&[u8; 32]>::try_from(point)
                .ok()
                .filter(|point| is_reduced(point))
                .and_then(|point| ed25519_dalek::VerifyingKey::from_bytes(point).ok())
                .is_some_and(|key| !key.is_weak()),
            _ => true,
        };
        if valid {
            Ok(())
        } else {
            Err(SignatureError::InvalidKey)
        }
    }
}

/// Whether y, the low 255 bits in little-endian order, is below the prime 2^255 - 19.
// RFC 8032 section 5.1.3, step 1
fn is_reduced(point: &[u8; 32]) -> bool {
    let high = point[1..31].iter().all(|octet| *octet == 0xff) && point[31] & 0x7f == 0x7f;
    !(high && point[0] >= 0xed)
}

fn verify(
    verifier: &'static dyn aws::VerificationAlgorithm,
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), SignatureError> {
    aws::UnparsedPublicKey::new(verifier, key)
        .verify(message, signature)
        .map_err(|_| SignatureError::Bad)
}

fn rsa_verifier(
    algorithm: &SignatureAlgorithm<'_>,
    only_pss: bool,
) -> Result<&'static dyn aws::VerificationAlgorithm, SignatureError> {
    let name = algorithm.name();
    let is_pss = matches!(
        name,
        SignatureName::RsaPssSha1
            | SignatureName::RsaPssSha256
            | SignatureName::RsaPssSha384
            | SignatureName::RsaPssSha512
    );
    // RFC 4055 section 1.2: a key that is for PSS alone makes no PKCS #1 v1.5 signature.
    if only_pss && !is_pss {
        return Err(SignatureError::WrongKey);
    }
    if is_pss {
        // AWS-LC, as TLS does, takes a salt as long as the hash and no other.
        let hash_length = match name.hash() {
            Some(Hash::Sha256) => 32,
            Some(Hash::Sha384) => 48,
            Some(Hash::Sha512) => 64,
            _ => return Err(SignatureError::UnsupportedAlgorithm),
        };
        if algorithm.salt_length() != hash_length {
            return Err(SignatureError::BadParameters);
        }
    }
    Ok(match name {
        SignatureName::RsaPkcs1Sha1 => &aws::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        SignatureName::RsaPkcs1Sha256 => &aws::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        SignatureName::RsaPkcs1Sha384 => &aws::RSA_PKCS1_2048_8192_SHA384,
        SignatureName::RsaPkcs1Sha512 => &aws::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        SignatureName::RsaPssSha256 => &aws::RSA_PSS_2048_8192_SHA256,
        SignatureName::RsaPssSha384 => &aws::RSA_PSS_2048_8192_SHA384,
        SignatureName::RsaPssSha512 => &aws::RSA_PSS_2048_8192_SHA512,
        SignatureName::RsaPkcs1Md5 | SignatureName::RsaPkcs1Sha224 => {
            return Err(SignatureError::UnsupportedAlgorithm);
        }
        _ => return Err(SignatureError::WrongKey),
    })
}

// RFC 5480 section 4: any hash with any curve
fn ecdsa_verifier(
    name: SignatureName,
    curve: Curve,
) -> Result<&'static dyn aws::VerificationAlgorithm, SignatureError> {
    Ok(match (curve, name) {
        (Curve::P256, SignatureName::EcdsaSha256) => &aws::ECDSA_P256_SHA256_ASN1,
        (Curve::P256, SignatureName::EcdsaSha384) => &aws::ECDSA_P256_SHA384_ASN1,
        (Curve::P256, SignatureName::EcdsaSha512) => &aws::ECDSA_P256_SHA512_ASN1,
        (Curve::P384, SignatureName::EcdsaSha256) => &aws::ECDSA_P384_SHA256_ASN1,
        (Curve::P384, SignatureName::EcdsaSha384) => &aws::ECDSA_P384_SHA384_ASN1,
        (Curve::P384, SignatureName::EcdsaSha512) => &aws::ECDSA_P384_SHA512_ASN1,
        (Curve::P521, SignatureName::EcdsaSha256) => &aws::ECDSA_P521_SHA256_ASN1,
        (Curve::P521, SignatureName::EcdsaSha384) => &aws::ECDSA_P521_SHA384_ASN1,
        (Curve::P521, SignatureName::EcdsaSha512) => &aws::ECDSA_P521_SHA512_ASN1,
        (_, SignatureName::EcdsaSha1 | SignatureName::EcdsaSha224) => {
            return Err(SignatureError::UnsupportedAlgorithm);
        }
        _ => return Err(SignatureError::WrongKey),
    })
}
