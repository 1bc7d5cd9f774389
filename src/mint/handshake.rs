//! Signatures of handshakes, for keys that TLS libraries refuse to sign with.

use super::{GivenKey, PrivateKey, key::Secret, read, sign};
use crate::recipe::SignatureAlgorithm;

impl GivenKey {
    /// The key in PKCS #8.
    pub fn to_private(&self) -> PrivateKey {
        PrivateKey::from_pkcs8(self.pair.to_pkcs8(self.algorithm))
    }

    /// The octets of subjectPublicKey, without the unused-bits octet.
    pub fn public_key(&self) -> &[u8] {
        &self.pair.public_key
    }

    /// Octets of the modulus, where it is an RSA key.
    pub fn modulus_octets(&self) -> Option<usize> {
        match &self.pair.secret {
            Secret::Rsa(secret) => Some(secret.octets()),
            _ => None,
        }
    }

    /// Signs a message. None when the algorithm is of another kind of key, or has no room in this one.
    pub fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Option<Vec<u8>> {
        if self
            .modulus_octets()
            .is_some_and(|octets| octets < needed(algorithm))
        {
            return None;
        }
        sign::sign(&self.pair, algorithm, message)
    }
}

/// Whether a key belongs to a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinship {
    /// It is the private half of the certificate's key.
    Belongs,
    /// It is not, and in what the two differ.
    Differs(&'static str),
}

/// Whether a key belongs to a certificate, given as DER. None when that is no certificate.
pub fn kinship(certificate: &[u8], key: &GivenKey) -> Option<Kinship> {
    let stated = read::certificate(certificate).ok()?.public_key;
    let own = &key.pair.spki;
    if stated == *own {
        return Some(Kinship::Belongs);
    }
    let alike = stated.len() == own.len();
    Some(Kinship::Differs(match (&key.pair.secret, alike) {
        (Secret::P256(_), true) => "P-256 point differs",
        (Secret::P384(_), true) => "P-384 point differs",
        (Secret::P521(_), true) => "P-521 point differs",
        (Secret::Ed25519(_), true) => "Ed25519 point differs",
        (Secret::Rsa(_), true) => "RSA modulus differs",
        (_, false) => "they are of different kinds or sizes",
    }))
}

/// What an RSA key of so many octets signs, before it is raised to the private exponent.
///
/// Under the public exponent one this is the signature. None when the
/// algorithm is of another kind of key, or has no room.
pub fn unraised_block(
    octets: usize,
    algorithm: SignatureAlgorithm,
    message: &[u8],
) -> Option<Vec<u8>> {
    (octets >= needed(algorithm))
        .then(|| sign::block(octets, algorithm, message))
        .flatten()
}

/// Octets of a modulus that a padded digest of this algorithm needs.
fn needed(algorithm: SignatureAlgorithm) -> usize {
    match algorithm {
        SignatureAlgorithm::RsaSha256 => 62,
        SignatureAlgorithm::RsaPssSha256 => 66,
        // With SHA-512: 64 of digest, as many of salt, and what stands around them.
        _ => 150,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{mint::KeyPair, recipe::Key};

    fn given(text: &str) -> GivenKey {
        let key: Key = text.parse().expect(text);
        let pair = KeyPair::of(&key).expect("a test key");
        GivenKey::read(&pair.to_pkcs8(key.algorithm)).expect("reads")
    }

    #[test]
    fn a_small_key_signs_what_has_room_in_it_and_nothing_else() {
        let small = given("rsa512:small");
        let weak = given("rsa1024:end-entity");
        let message = b"CertificateVerify";
        for (key, algorithm, length) in [
            (&small, SignatureAlgorithm::RsaSha256, Some(64)),
            (&small, SignatureAlgorithm::RsaPssSha256, None),
            (&weak, SignatureAlgorithm::RsaPssSha256, Some(128)),
            (&weak, SignatureAlgorithm::EcdsaSha256, None),
        ] {
            let signature = key.sign(algorithm, message);
            assert_eq!(
                signature.map(|octets| octets.len()),
                length,
                "{algorithm:?}"
            );
        }
    }

    #[test]
    fn an_unraised_block_is_as_long_as_the_modulus() {
        let block = unraised_block(256, SignatureAlgorithm::RsaPssSha256, b"x").expect("has room");
        assert_eq!((block.len(), block[255]), (256, 0xbc));
        assert_eq!(
            unraised_block(64, SignatureAlgorithm::RsaPssSha256, b"x"),
            None
        );
        assert_eq!(unraised_block(256, SignatureAlgorithm::Ed25519, b"x"), None);
    }
}
