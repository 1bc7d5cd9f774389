//! RSA signatures by AWS-LC, where it is there for the validator anyway.
//!
//! PKCS #1 v1.5 has nothing to draw, so the octets are those that the numbers
//! of [`RsaSecret`](super::key::RsaSecret) give, some ten times sooner. What
//! AWS-LC does not sign, such as SHA-1 or a small key, is left to the numbers.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair},
};

use super::sign::{Hash, Prehash};

/// Signs with one RSA key.
pub(super) struct QuickRsa(RsaKeyPair);

impl QuickRsa {
    /// The signer of an RSAPrivateKey. `None` when AWS-LC refuses the key.
    pub(super) fn of(pkcs1: &[u8]) -> Option<Self> {
        RsaKeyPair::from_der(pkcs1).ok().map(Self)
    }

    /// Signs a message. `None` when that is left to the numbers.
    pub(super) fn sign(&self, prehash: &Prehash, message: &[u8]) -> Option<Vec<u8>> {
        let encoding: &'static dyn RsaEncoding = match prehash {
            Prehash::Rsa(Hash::Sha256) => &RSA_PKCS1_SHA256,
            Prehash::Rsa(Hash::Sha384) => &RSA_PKCS1_SHA384,
            Prehash::Rsa(Hash::Sha512) => &RSA_PKCS1_SHA512,
            _ => return None,
        };
        let mut signature = vec![0; self.0.public_modulus_len()];
        let signed = self
            .0
            .sign(encoding, &SystemRandom::new(), message, &mut signature);
        signed.ok().map(|()| signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        mint::{
            key::{KeyPair, Secret},
            sign::pkcs1_block,
        },
        recipe::{Key, KeyAlgorithm},
    };

    #[test]
    fn a_quick_signature_is_what_the_numbers_give() {
        for algorithm in [KeyAlgorithm::Rsa2048, KeyAlgorithm::Rsa3072] {
            let pair = KeyPair::of(&Key::new(algorithm, "end-entity")).expect("a test key");
            let Secret::Rsa(secret) = &pair.secret else {
                panic!("an RSA key");
            };
            let quick = pair.quick_rsa().expect("AWS-LC takes the key");
            for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
                let block = pkcs1_block(secret.octets(), &hash.digest_info(b"message"));
                assert_eq!(
                    quick.sign(&Prehash::Rsa(hash), b"message"),
                    Some(secret.raise(&block))
                );
            }
            assert_eq!(quick.sign(&Prehash::Rsa(Hash::Sha1), b"message"), None);
        }
    }
}
