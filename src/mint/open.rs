//! Quick signatures of keys that are no secret.
//!
//! Whoever knows the label of a key derives its secret, so a nonce of such a
//! key has nothing left to hide. Each key has one nonce, drawn from its label
//! as its secret is, and what follows from the nonce alone is remembered: a
//! signature is then a hash and one multiplication. It is a true signature, and
//! the same on every machine.
//!
//! Two signatures with one nonce give their key away. For a key that somebody
//! keeps that would be the end, so an [`OpenSigner`] is made of a label and of
//! nothing else, and draws its own secret from it: given and salted keys cannot
//! get here.

use curve25519_dalek::{EdwardsPoint, Scalar as EdwardsScalar};
use p256::elliptic_curve::{
    Curve, CurveArithmetic, Field, FieldBytes, NonZeroScalar, PrimeField, ProjectivePoint, Scalar,
    bigint::{BitOps, Encoding},
    group::Curve as _,
    ops::{MulByGeneratorVartime, Reduce},
    point::AffineCoordinates,
};
use sha2::{Digest, Sha512};

use super::{
    key::{Secret, Use, derive},
    sign::Prehash,
};
use crate::{der::Writer, recipe::Key};

/// Signs for one key that a label makes.
pub(super) enum OpenSigner {
    P256(Ecdsa<p256::NistP256>),
    P384(Ecdsa<p384::NistP384>),
    P521(Ecdsa<p521::NistP521>),
    Ed25519(Eddsa),
}

impl OpenSigner {
    /// The signer of this label. `None` for RSA, which has no nonce.
    pub(super) fn of(key: &Key) -> Option<Self> {
        let nonce = derive(key, Use::Nonce, &[])?;
        match (derive(key, Use::Secret, &[])?, nonce) {
            (Secret::P256(own), Secret::P256(nonce)) => Some(Self::P256(Ecdsa::new(
                own.as_nonzero_scalar(),
                nonce.as_nonzero_scalar(),
            )?)),
            (Secret::P384(own), Secret::P384(nonce)) => Some(Self::P384(Ecdsa::new(
                own.as_nonzero_scalar(),
                nonce.as_nonzero_scalar(),
            )?)),
            (Secret::P521(own), Secret::P521(nonce)) => Some(Self::P521(Ecdsa::new(
                own.as_nonzero_scalar(),
                nonce.as_nonzero_scalar(),
            )?)),
            (Secret::Ed25519(own), Secret::Ed25519(nonce)) => {
                Some(Self::Ed25519(Eddsa::new(&own, nonce.to_scalar())))
            }
            _ => None,
        }
    }

    /// Signs a message. `None` when the algorithm does not fit the key, or the
    /// one nonce does not fit the message, which no message is known to show.
    pub(super) fn sign(&self, prehash: &Prehash, message: &[u8]) -> Option<Vec<u8>> {
        match (self, prehash) {
            (Self::P256(signer), Prehash::Ecdsa(hash)) => signer.sign(&hash.digest(message)),
            (Self::P384(signer), Prehash::Ecdsa(hash)) => signer.sign(&hash.digest(message)),
            (Self::P521(signer), Prehash::Ecdsa(hash)) => signer.sign(&hash.digest(message)),
            (Self::Ed25519(signer), Prehash::None) => Some(signer.sign(message)),
            _ => None,
        }
    }
}

/// What an ECDSA signature is made of beside the message.
pub(super) struct Ecdsa<C: CurveArithmetic> {
    /// r, as the octets of an INTEGER's element.
    r: Vec<u8>,
    /// The inverse of the nonce.
    inverse: Scalar<C>,
    /// The inverse of the nonce, times r, times the secret.
    rest: Scalar<C>,
}

impl<C: CurveArithmetic> Ecdsa<C> {
    // FIPS 186-5 section 6.4.1, steps 4 to 8
    fn new(own: &NonZeroScalar<C>, nonce: &NonZeroScalar<C>) -> Option<Self> {
        let point = ProjectivePoint::<C>::mul_by_generator_vartime(nonce).to_affine();
        let r = reduced::<C>(&point.x());
        let inverse: Scalar<C> = Option::from(Field::invert(nonce.as_ref()))?;
        let mut w = Writer::new();
        w.unsigned_bytes(&r.to_repr());
        (!bool::from(r.is_zero())).then(|| Self {
            r: w.into_bytes(),
            inverse,
            rest: inverse * r * own.as_ref(),
        })
    }

    // FIPS 186-5 section 6.4.1, steps 2, 3, 9 and 11
    fn sign(&self, digest: &[u8]) -> Option<Vec<u8>> {
        let s = self.inverse * reduced::<C>(digest) + self.rest;
        if bool::from(s.is_zero()) {
            return None;
        }
        let mut w = Writer::with_room(2 * self.r.len() + 8);
        w.sequence(|w| {
            w.raw(&self.r);
            w.unsigned_bytes(&s.to_repr());
        });
        Some(w.into_bytes())
    }
}

/// The leftmost bits of these octets, as many as the order has, as a scalar.
fn reduced<C: CurveArithmetic>(octets: &[u8]) -> Scalar<C> {
    let bits = C::ORDER.bit_width();
    let length = octets.len().min(FieldBytes::<C>::default().len());
    let number = <C as Curve>::Uint::from_be_slice_truncated(&octets[..length], bits);
    <Scalar<C> as Reduce<C::Uint>>::reduce(&number)
}

/// What an Ed25519 signature is made of beside the message.
pub(super) struct Eddsa {
    nonce: EdwardsScalar,
    secret: EdwardsScalar,
    /// R, then the public key: what is hashed before the message.
    head: [u8; 64],
}

impl Eddsa {
    fn new(own: &ed25519_dalek::SigningKey, nonce: EdwardsScalar) -> Self {
        let mut head = [0; 64];
        head[..32].copy_from_slice(EdwardsPoint::mul_base(&nonce).compress().as_bytes());
        head[32..].copy_from_slice(own.verifying_key().as_bytes());
        Self {
            nonce,
            secret: own.to_scalar(),
            head,
        }
    }

    // RFC 8032 section 5.1.6, steps 4 to 6
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let challenge = Sha512::new_with_prefix(self.head).chain_update(message);
        let challenge = EdwardsScalar::from_bytes_mod_order_wide(&challenge.finalize().into());
        let s = self.nonce + challenge * self.secret;
        [&self.head[..32], s.as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::signature::hazmat::PrehashVerifier;

    use super::*;
    use crate::{
        mint::{KeyPair, sign::Hash},
        recipe::{KeyAlgorithm, SignatureAlgorithm},
    };

    const MESSAGES: [&[u8]; 3] = [b"", b"one", &[0xff; 700]];
    const HASHES: [Hash; 4] = [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512];

    fn key(algorithm: KeyAlgorithm, number: u8) -> Key {
        Key::new(algorithm, format!("open-{number}"))
    }

    /// Whether each signature verifies under the key of the pair, by the code of another.
    fn verifies(pair: &KeyPair, hash: Hash, message: &[u8], signature: &[u8]) -> bool {
        let digest = hash.digest(message);
        macro_rules! on {
            ($curve:ident, $secret:expr) => {{
                let signature = $curve::ecdsa::DerSignature::from_bytes(signature).expect("DER");
                let key = $secret.verifying_key();
                key.verify_prehash(&digest, &signature).is_ok()
            }};
        }
        match &pair.secret {
            Secret::P256(secret) => on!(p256, secret),
            Secret::P384(secret) => on!(p384, secret),
            Secret::P521(secret) => on!(p521, secret),
            Secret::Ed25519(secret) => secret
                .verifying_key()
                .verify_strict(message, &signature.try_into().expect("64 octets"))
                .is_ok(),
            Secret::Rsa(_) => false,
        }
    }

    #[test]
    fn signatures_verify_with_every_curve_hash_and_message() {
        use KeyAlgorithm::{Ed25519, P256, P384, P521};
        for algorithm in [P256, P384, P521, Ed25519] {
            for number in 0..4 {
                let key = key(algorithm, number);
                let (pair, signer) = (KeyPair::of(&key), OpenSigner::of(&key));
                let (pair, signer) = (pair.expect("a key"), signer.expect("has a nonce"));
                for (hash, message) in HASHES
                    .iter()
                    .flat_map(|hash| MESSAGES.map(|message| (*hash, message)))
                {
                    let prehash = match algorithm {
                        Ed25519 => Prehash::None,
                        _ => Prehash::Ecdsa(hash),
                    };
                    let signature = signer.sign(&prehash, message).expect("fits");
                    assert!(verifies(&pair, hash, message, &signature), "{key}");
                    assert!(!verifies(&pair, hash, b"another", &signature), "{key}");
                }
            }
        }
    }

    #[test]
    fn digests_outside_the_range_of_scalars_are_reduced_as_the_standard_says() {
        let key = key(KeyAlgorithm::P256, 9);
        let Some(OpenSigner::P256(signer)) = OpenSigner::of(&key) else {
            panic!("a key on P-256");
        };
        let pair = KeyPair::of(&key).expect("a key");
        let Secret::P256(secret) = &pair.secret else {
            panic!("a key on P-256");
        };
        for digest in [[0u8; 32].as_slice(), &[0xff; 32], &[0xff; 64], &[1; 20]] {
            let signature = signer.sign(digest).expect("fits");
            let signature = p256::ecdsa::DerSignature::from_bytes(&signature).expect("DER");
            let verified = secret.verifying_key().verify_prehash(digest, &signature);
            assert!(verified.is_ok(), "{digest:?}");
        }
    }

    /// The x of the nonce's point stands first in a signature: alike in two means one nonce.
    #[test]
    fn keys_that_a_label_does_not_make_never_share_a_nonce() {
        for (algorithm, signs_with) in [
            (KeyAlgorithm::P256, SignatureAlgorithm::EcdsaSha256),
            (KeyAlgorithm::P384, SignatureAlgorithm::EcdsaSha384),
            (KeyAlgorithm::P521, SignatureAlgorithm::EcdsaSha512),
            (KeyAlgorithm::Ed25519, SignatureAlgorithm::Ed25519),
        ] {
            let key = key(algorithm, 0);
            let open = KeyPair::of(&key).expect("a key");
            let salted = KeyPair::salted(&key, &[7; 32]).expect("a key");
            let given = KeyPair::from_pkcs8(&open.to_pkcs8(algorithm))
                .expect("a key")
                .1;
            assert_eq!(given.spki, open.spki);
            for (pair, shares) in [(&open, true), (&salted, false), (&given, false)] {
                let [one, two] = [b"one", b"two"]
                    .map(|message| pair.sign(signs_with, message).expect("signs")[3..24].to_vec());
                assert_eq!(one == two, shares, "{algorithm:?}");
            }
        }
    }
}
