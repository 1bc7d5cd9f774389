//! Toy signatures for those engines that can be told to verify them.
//!
//! What they judge otherwise is all of their rules, a hundred times faster than
//! with elliptic curves. Whether a true signature is bad must be asked with true ones.

pub use crate::handshake::TOY_ALGORITHMS;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::pairs,
        defect,
        engine::{Engine, reference::Reference, webpki::Webpki},
        mint::Minter,
        validator::Profile,
        verdict::Verdict,
    };

    #[test]
    fn engines_that_are_told_to_take_toy_signatures_and_no_others_do() {
        let (toy, real) = (Minter::toy(), Minter::new());
        let reference = Reference::with_signatures(Profile::rfc5280(), ToySignatures);
        let engines: [&dyn Engine; 2] = [&reference, &Webpki::toy()];
        let defect = defect::find("validity/expired").expect("a defect");
        let minted = |minter| {
            pairs(minter, defect, 2, 7)
                .into_iter()
                .map(|pair| pair.expect("a pair"))
        };
        for (toy, real) in minted(&toy).zip(minted(&real)) {
            for engine in engines {
                assert_eq!(
                    engine.judge(&toy.twin),
                    Ok(Verdict::Accept),
                    "{} {}",
                    engine.name(),
                    toy.twin.id
                );
                let hostile = engine.judge(&toy.hostile).expect("an answer");
                assert_eq!(hostile.reason(), defect.reasons.first().copied());
                assert!(
                    matches!(engine.judge(&real.twin), Ok(Verdict::Reject(_))),
                    "{}",
                    engine.name()
                );
            }
        }
    }
}
