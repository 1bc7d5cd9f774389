//! Signatures with a flaw: by the true key in a wrong way, or without any key.

use num_bigint::BigUint;

use super::{
    MintError,
    key::{KeyPair, RsaSecret, Secret},
    sign::{Hash, Prehash, octets_of, pkcs1_block, sign},
};
use crate::{
    der::{Tree, Writer, tag, write::minimal_unsigned},
    recipe::{Key, KeyAlgorithm, SignatureAlgorithm, SignatureFlaw as Flaw},
};

/// Signs `message` with a flaw.
///
/// # Errors
/// When the flaw or the algorithm does not fit the key.
pub(super) fn sign_with(
    key: &Key,
    pair: &KeyPair,
    (algorithm, flaw): (SignatureAlgorithm, Flaw),
    message: &[u8],
) -> Result<Vec<u8>, MintError> {
    let misfit = || MintError::FlawMisfit {
        key: key.clone(),
        flaw,
    };
    let truth = || {
        sign(pair, algorithm, message).ok_or_else(|| MintError::AlgorithmMisfit {
            key: key.clone(),
            algorithm,
        })
    };
    match (&pair.secret, Prehash::of(algorithm)) {
        (Secret::Rsa(secret), Prehash::Rsa(hash)) => {
            rsa(secret, hash, flaw, message).ok_or_else(misfit)
        }
        (Secret::P256(_) | Secret::P384(_), Prehash::Ecdsa(hash)) => {
            let order = order(key.algorithm).ok_or_else(misfit)?;
            if flaw == Flaw::EcdsaChosenGenerator {
                return Ok(chosen_generator(
                    &pair.public_key,
                    &hash.digest(message),
                    &order,
                ));
            }
            ecdsa(&truth()?, flaw, &order).ok_or_else(misfit)
        }
        (Secret::Ed25519(_), Prehash::None) if flaw == Flaw::EddsaPlusOrder => {
            let mut signature = truth()?;
            let scalar = BigUint::from_bytes_le(&signature[32..]) + edwards_order();
            let mut octets = scalar.to_bytes_le();
            octets.resize(32, 0);
            signature[32..].copy_from_slice(&octets);
            Ok(signature)
        }
        _ => Err(misfit()),
    }
}

fn rsa(secret: &RsaSecret, hash: Hash, flaw: Flaw, message: &[u8]) -> Option<Vec<u8>> {
    let length = secret.octets();
    let info = hash.digest_info(message);
    let digest = hash.digest(message);
    let true_block = || pkcs1_block(length, &info);
    let short_padding = [&[0, 1][..], &[0xff; 8], &[0]].concat();
    let block = match flaw {
        Flaw::PaddingWithoutNull => pkcs1_block(length, &digest_info(&[], hash, &digest)),
        Flaw::PaddingThenGarbage => {
            let mut block = [&short_padding[..], &info].concat();
            block.resize(length, 0);
            block
        }
        Flaw::PaddingWithParameters => {
            let room = length - short_padding.len();
            let info = (0..room).rev().find_map(|octets| {
                let mut parameters = Writer::new();
                parameters.element(tag::OCTET_STRING, &vec![0x5a; octets]);
                let info = digest_info(&parameters.into_bytes(), hash, &digest);
                (info.len() <= room).then_some(info)
            })?;
            pkcs1_block(length, &info)
        }
        Flaw::PaddingOfTypeTwo => {
            let mut block = true_block();
            block[1] = 2;
            block
        }
        Flaw::PaddingWithGap => {
            let mut block = true_block();
            block[5] = 0x7f;
            block
        }
        Flaw::PaddingNamesOtherHash => {
            pkcs1_block(length, &digest_info(&[5, 0], Hash::Sha1, &digest))
        }
        Flaw::PaddingWithLongLength => {
            let body = &info[2..];
            let long = [&[0x30, 0x81, body.len() as u8], body].concat();
            pkcs1_block(length, &long)
        }
        Flaw::PaddingAroundBareDigest => pkcs1_block(length, &digest),
        Flaw::RsaPlusModulus => {
            let signature = BigUint::from_bytes_be(&secret.raise(&true_block()));
            return Some(octets_of(&(signature + &secret.modulus), length));
        }
        Flaw::RsaWithLeadingZero => {
            return Some([vec![0], secret.raise(&true_block())].concat());
        }
        Flaw::RsaZero => return Some(vec![0; length]),
        Flaw::RsaOne => return Some(octets_of(&BigUint::from(1u8), length)),
        Flaw::UnraisedBlock => return Some(true_block()),
        Flaw::CubeRoot => {
            let mut wanted = [&short_padding[..], &info].concat();
            wanted.resize(length, 0xff);
            // The floor of the root of the largest block that begins as wanted: its cube begins so too,
            // because the free octets are more than two thirds of the block.
            return Some(octets_of(&BigUint::from_bytes_be(&wanted).cbrt(), length));
        }
        _ => return None,
    };
    Some(secret.raise(&block))
}

fn digest_info(parameters: &[u8], hash: Hash, digest: &[u8]) -> Vec<u8> {
    let mut w = Writer::new();
    w.sequence(|w| {
        w.sequence(|w| {
            w.oid(&hash.oid());
            w.raw(parameters);
        });
        w.element(tag::OCTET_STRING, digest);
    });
    w.into_bytes()
}

fn ecdsa(truth: &[u8], flaw: Flaw, order: &BigUint) -> Option<Vec<u8>> {
    let tree = Tree::read(truth);
    let numbers = tree.nodes.first()?.children();
    let [r, s] = [0, 1].map(|index| {
        numbers
            .get(index)
            .map(|number| BigUint::from_bytes_be(&number.body_bytes()))
    });
    let (r, s) = (r?, s?);
    let mut w = Writer::new();
    match flaw {
        Flaw::EcdsaFlat => {
            let length = order.bits().div_ceil(8) as usize;
            return Some([octets_of(&r, length), octets_of(&s, length)].concat());
        }
        Flaw::EcdsaNegative => {
            // Both s and its negative verify; the larger one has the first bit set.
            let s = std::cmp::max(order - &s, s);
            w.sequence(|w| {
                w.unsigned_bytes(&r.to_bytes_be());
                w.element(tag::INTEGER, &s.to_bytes_be());
            });
        }
        Flaw::EcdsaPadded => w.sequence(|w| {
            let padded = [vec![0], minimal_unsigned(&r.to_bytes_be())].concat();
            w.element(tag::INTEGER, &padded);
            w.unsigned_bytes(&s.to_bytes_be());
        }),
        Flaw::EcdsaRPlusOrder => write_pair(&mut w, &(r + order), &s),
        Flaw::EcdsaSPlusOrder => write_pair(&mut w, &r, &(s + order)),
        _ => return None,
    }
    Some(w.into_bytes())
}

fn write_pair(w: &mut Writer, r: &BigUint, s: &BigUint) {
    w.sequence(|w| {
        w.unsigned_bytes(&r.to_bytes_be());
        w.unsigned_bytes(&s.to_bytes_be());
    });
}

/// With the public key Q for a generator the private key is one. With the nonce
/// one, r is the x of Q, and s is digest plus r.
fn chosen_generator(point: &[u8], digest: &[u8], order: &BigUint) -> Vec<u8> {
    let length = (point.len() - 1) / 2;
    let r = BigUint::from_bytes_be(&point[1..=length]) % order;
    // FIPS 186-5 section 6.4.1: as many bits of the digest as the order has.
    let digest = BigUint::from_bytes_be(&digest[..digest.len().min(length)]);
    let s = (digest + &r) % order;
    let mut w = Writer::new();
    write_pair(&mut w, &r, &s);
    w.into_bytes()
}

/// The order of the group of a curve (SEC 2 sections 2.4.2 and 2.5.1).
fn order(algorithm: KeyAlgorithm) -> Option<BigUint> {
    let digits: &[u8] = match algorithm {
        KeyAlgorithm::P256 => {
            b"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
        }
        KeyAlgorithm::P384 => {
            b"ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
        }
        _ => return None,
    };
    BigUint::parse_bytes(digits, 16)
}

/// The order of the prime group of edwards25519 (RFC 8032 section 5.1).
fn edwards_order() -> BigUint {
    (BigUint::from(1u8) << 252)
        + BigUint::parse_bytes(b"27742317777372353535851937790883648493", 10)
            .expect("the constant is decimal")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[u8] = b"to be signed";

    fn flawed(key: &Key, algorithm: SignatureAlgorithm, flaw: Flaw) -> Vec<u8> {
        let pair = KeyPair::of(key).expect("a test key");
        sign_with(key, &pair, (algorithm, flaw), MESSAGE).expect("fits")
    }

    #[test]
    fn the_cube_of_the_forged_root_begins_like_a_true_block() {
        let key = Key::new(KeyAlgorithm::Rsa2048, "anchor");
        let root = flawed(&key, SignatureAlgorithm::RsaSha256, Flaw::CubeRoot);
        let cube = octets_of(&BigUint::from_bytes_be(&root).pow(3), 256);
        let head = [
            &[0, 1][..],
            &[0xff; 8],
            &[0],
            &Hash::Sha256.digest_info(MESSAGE),
        ]
        .concat();
        assert_eq!(cube[..head.len()], head);
    }

    #[test]
    fn padded_blocks_fill_the_modulus_and_are_not_the_true_one() {
        let key = Key::new(KeyAlgorithm::Rsa2048, "anchor");
        let pair = KeyPair::of(&key).expect("a test key");
        let Secret::Rsa(secret) = &pair.secret else {
            panic!("an RSA key")
        };
        let truth = sign(&pair, SignatureAlgorithm::RsaSha256, MESSAGE).expect("signs");
        for flaw in [
            Flaw::PaddingWithoutNull,
            Flaw::PaddingThenGarbage,
            Flaw::PaddingWithParameters,
            Flaw::PaddingOfTypeTwo,
            Flaw::PaddingWithGap,
            Flaw::PaddingNamesOtherHash,
            Flaw::PaddingWithLongLength,
            Flaw::PaddingAroundBareDigest,
        ] {
            let signature = flawed(&key, SignatureAlgorithm::RsaSha256, flaw);
            assert_eq!(signature.len(), 256, "{flaw:?}");
            assert_ne!(signature, truth, "{flaw:?}");
            let block = BigUint::from_bytes_be(&signature)
                .modpow(&BigUint::from(65_537u32), &secret.modulus);
            assert_eq!(octets_of(&block, 256)[0], 0, "{flaw:?}");
        }
    }

    #[test]
    fn numbers_of_elliptic_flaws_leave_their_range() {
        let key = Key::new(KeyAlgorithm::P256, "anchor");
        let algorithm = SignatureAlgorithm::EcdsaSha256;
        assert_eq!(flawed(&key, algorithm, Flaw::EcdsaFlat).len(), 64);
        for flaw in [Flaw::EcdsaRPlusOrder, Flaw::EcdsaSPlusOrder] {
            assert!(flawed(&key, algorithm, flaw).len() > 70, "{flaw:?}");
        }
        let negative = flawed(&key, algorithm, Flaw::EcdsaNegative);
        let s = Tree::read(&negative).nodes[0].children()[1].body_bytes();
        assert!(s[0] & 0x80 != 0);
        let pair = KeyPair::of(&key).expect("a test key");
        assert!(sign_with(&key, &pair, (algorithm, Flaw::RsaOne), MESSAGE).is_err());
    }
}
