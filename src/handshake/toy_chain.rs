//! Toy signatures of certificates, for the reference validator.

use crate::{
    mint::toy_signature,
    validator::{SignatureAlgorithm, SignatureError, SignatureScheme},
};

/// For the reference validator.
#[derive(Clone, Copy, Debug, Default)]
pub struct ToySignatures;

impl SignatureScheme for ToySignatures {
    fn verify(
        &self,
        _: &SignatureAlgorithm<'_>,
        key_info: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let key = subject_public_key(key_info).ok_or(SignatureError::InvalidKey)?;
        if toy_signature(key, message) == signature {
            Ok(())
        } else {
            Err(SignatureError::Bad)
        }
    }

    fn check_key(&self, _: &[u8]) -> Result<(), SignatureError> {
        Ok(())
    }
}

/// The subjectPublicKey of a SubjectPublicKeyInfo (RFC 5280 section 4.1), without the unused-bits octet.
fn subject_public_key(key_info: &[u8]) -> Option<&[u8]> {
    let (fields, _) = element(key_info)?;
    let (_algorithm, rest) = element(fields)?;
    let (bits, _) = element(rest)?;
    bits.get(1..)
}

/// The body of the first element, and what follows it.
fn element(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let first = usize::from(*der.get(1)?);
    let octets = if first < 0x80 { 0 } else { first & 0x7f };
    let length = match octets {
        0 => first,
        1..=4 => der
            .get(2..2 + octets)?
            .iter()
            .fold(0, |length, octet| length << 8 | usize::from(*octet)),
        _ => return None,
    };
    der.get(2 + octets..)?.split_at_checked(length)
}
