//! Public keys on P-256 whose curve is written out instead of named.

use super::{MintError, key::KeyPair};
use crate::{
    der::{Oid, Writer, oid, tag},
    recipe::{Key, KeyAlgorithm, PublicKeyForm},
};

/// prime-field of X9.62.
const PRIME_FIELD: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 1, 1]);

/// The numbers of P-256 (SEC 2 section 2.4.2).
const FIELD: &str = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
const A: &str = "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc";
const B: &str = "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b";
const GENERATOR: &str = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
    4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/// The subjectPublicKeyInfo of `pair` in a form (RFC 3279 section 2.3.5).
///
/// # Errors
/// When the key is not on P-256.
pub(super) fn written(
    key: &Key,
    pair: &KeyPair,
    form: PublicKeyForm,
) -> Result<Vec<u8>, MintError> {
    if key.algorithm != KeyAlgorithm::P256 {
        return Err(MintError::FormMisfit {
            key: key.clone(),
            form,
        });
    }
    let generator = match form {
        PublicKeyForm::WrittenOutCurve => octets(GENERATOR),
        PublicKeyForm::ChosenGenerator => pair.public_key.clone(),
    };
    let mut w = Writer::new();
    w.sequence(|w| {
        w.sequence(|w| {
            w.oid(&oid::EC_PUBLIC_KEY);
            w.sequence(|w| {
                w.unsigned(1);
                w.sequence(|w| {
                    w.oid(&PRIME_FIELD);
                    w.unsigned_bytes(&octets(FIELD));
                });
                w.sequence(|w| {
                    w.element(tag::OCTET_STRING, &octets(A));
                    w.element(tag::OCTET_STRING, &octets(B));
                });
                w.element(tag::OCTET_STRING, &generator);
                w.unsigned_bytes(&octets(ORDER));
                w.unsigned(1);
            });
        });
        w.bit_string(&pair.public_key);
    });
    Ok(w.into_bytes())
}

fn octets(digits: &str) -> Vec<u8> {
    num_bigint::BigUint::parse_bytes(digits.as_bytes(), 16)
        .expect("the constants are hexadecimal")
        .to_bytes_be()
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::{
        der::Tree,
        mint::flaw,
        recipe::{SignatureAlgorithm, SignatureFlaw},
    };

    /// Generator and public key are one point Q, so the equation of ECDSA adds up
    /// multiples of Q, and their sum must be Q itself, whose x is r.
    #[test]
    fn a_signature_for_the_chosen_generator_verifies_under_it() {
        let key = Key::new(KeyAlgorithm::P256, "anchor");
        let pair = KeyPair::of(&key).expect("a test key");
        let how = (
            SignatureAlgorithm::EcdsaSha256,
            SignatureFlaw::EcdsaChosenGenerator,
        );
        let signature = flaw::sign_with(&key, &pair, how, b"to be signed").expect("fits");
        let tree = Tree::read(&signature);
        let [r, s] = [0, 1]
            .map(|index| BigUint::from_bytes_be(&tree.nodes[0].children()[index].body_bytes()));
        let order = BigUint::from_bytes_be(&octets(ORDER));
        let digest = BigUint::from_bytes_be(&Sha256::digest(b"to be signed"));
        let inverse = s.modpow(&(&order - 2u8), &order);
        assert_eq!((digest + &r) * inverse % &order, BigUint::from(1u8));
        assert_eq!(r, BigUint::from_bytes_be(&pair.public_key[1..33]) % order);
    }

    #[test]
    fn a_key_of_another_curve_has_no_such_form() {
        let key = Key::new(KeyAlgorithm::P384, "anchor");
        let pair = KeyPair::of(&key).expect("a test key");
        assert!(written(&key, &pair, PublicKeyForm::WrittenOutCurve).is_err());
    }
}
