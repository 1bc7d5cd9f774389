//! Signatures: true ones, all of them deterministic, and toy ones for speed.

use std::hash::{BuildHasher as _, Hasher};

use foldhash::quality::FixedState;
use num_bigint::BigUint;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::{
    key::{KeyPair, RsaSecret, Secret},
    pss::Pss,
};
use crate::{
    der::{Oid, Writer, oid, tag},
    recipe::SignatureAlgorithm,
};

/// A toy signature: a short keyed hash of the issuer's public key and the signed part.
///
/// It stands under the AlgorithmIdentifier of a true algorithm, and only a
/// verifier that was told to takes it. It proves nothing; it lets rules be
/// tested a hundred times faster than elliptic curves allow.
/// `public_key` is the subjectPublicKey without the unused-bits octet.
pub fn toy_signature(public_key: &[u8], message: &[u8]) -> [u8; 16] {
    let half = |seed| {
        let mut hasher = FixedState::with_seed(seed).build_hasher();
        hasher.write(public_key);
        hasher.write(message);
        hasher.finish().to_be_bytes()
    };
    let mut signature = [0; 16];
    signature[..8].copy_from_slice(&half(0x6761_7465));
    signature[8..].copy_from_slice(&half(0x0063_7261_7368));
    signature
}

/// Signs `message` truly. `None` when the algorithm does not fit the key.
pub(super) fn sign(
    pair: &KeyPair,
    algorithm: SignatureAlgorithm,
    message: &[u8],
) -> Option<Vec<u8>> {
    let prehash = Prehash::of(algorithm);
    if let Some(signature) = pair
        .open_signer()
        .and_then(|signer| signer.sign(&prehash, message))
    {
        return Some(signature);
    }
    #[cfg(feature = "reference")]
    if let Some(signature) = pair
        .quick_rsa()
        .and_then(|signer| signer.sign(&prehash, message))
    {
        return Some(signature);
    }
    match (&pair.secret, prehash) {
        (Secret::Ed25519(secret), Prehash::None) => Some(
            ed25519_dalek::Signer::sign(secret, message)
                .to_bytes()
                .to_vec(),
        ),
        (Secret::P256(secret), Prehash::Ecdsa(hash)) => {
            let signature: p256::ecdsa::DerSignature =
                secret.sign_prehash(&hash.digest(message)).ok()?;
            Some(signature.as_bytes().to_vec())
        }
        (Secret::P384(secret), Prehash::Ecdsa(hash)) => {
            let signature: p384::ecdsa::DerSignature =
                secret.sign_prehash(&hash.digest(message)).ok()?;
            Some(signature.as_bytes().to_vec())
        }
        (Secret::P521(secret), Prehash::Ecdsa(hash)) => {
            let signature: p521::ecdsa::DerSignature =
                secret.sign_prehash(&hash.digest(message)).ok()?;
            Some(signature.as_bytes().to_vec())
        }
        (Secret::Rsa(secret), Prehash::Rsa(hash)) => {
            let info = hash.digest_info(message);
            let fits = info.len() + PADDING <= secret.octets();
            fits.then(|| secret.raise(&pkcs1_block(secret.octets(), &info)))
        }
        (Secret::Rsa(secret), Prehash::Pss(pss)) => {
            let bits = secret.modulus.bits() as usize - 1;
            Some(secret.raise(&pss.block(bits, message)?))
        }
        _ => None,
    }
}

/// The padded digest that an RSA key of so many octets raises. None when the algorithm is of another kind of key.
pub(super) fn block(
    octets: usize,
    algorithm: SignatureAlgorithm,
    message: &[u8],
) -> Option<Vec<u8>> {
    match Prehash::of(algorithm) {
        Prehash::Rsa(hash) => Some(pkcs1_block(octets, &hash.digest_info(message))),
        // The modulus has all its bits, so the block has one less.
        Prehash::Pss(pss) => pss.block(octets * 8 - 1, message),
        Prehash::None | Prehash::Ecdsa(_) => None,
    }
}

/// Writes the AlgorithmIdentifier of a signature (RFC 4055, RFC 5758, RFC 8410).
pub(super) fn write_identifier(w: &mut Writer, algorithm: SignatureAlgorithm) {
    let (oid, parameters) = identifier(algorithm);
    w.sequence(|w| {
        w.oid(&oid);
        match parameters {
            Parameters::Absent => {}
            Parameters::Null => w.element(tag::NULL, &[]),
            Parameters::Pss(pss) => pss.write(w),
        }
    });
}

/// The AlgorithmIdentifier of a signature, as DER.
pub fn algorithm_identifier(algorithm: SignatureAlgorithm) -> Vec<u8> {
    let mut w = Writer::new();
    write_identifier(&mut w, algorithm);
    w.into_bytes()
}

/// The parameters of an AlgorithmIdentifier.
enum Parameters {
    Absent,
    Null,
    Pss(Pss),
}

fn identifier(algorithm: SignatureAlgorithm) -> (Oid, Parameters) {
    use Parameters::{Absent, Null};
    match algorithm {
        SignatureAlgorithm::EcdsaSha256 => (oid::ECDSA_WITH_SHA256, Absent),
        SignatureAlgorithm::EcdsaSha384 => (oid::ECDSA_WITH_SHA384, Absent),
        SignatureAlgorithm::EcdsaSha512 => (oid::ECDSA_WITH_SHA512, Absent),
        SignatureAlgorithm::EcdsaSha1 => (oid::ECDSA_WITH_SHA1, Absent),
        SignatureAlgorithm::Ed25519 => (oid::ED25519, Absent),
        SignatureAlgorithm::RsaSha256 => (oid::SHA256_WITH_RSA, Null),
        SignatureAlgorithm::RsaSha384 => (oid::SHA384_WITH_RSA, Null),
        SignatureAlgorithm::RsaSha512 => (oid::SHA512_WITH_RSA, Null),
        SignatureAlgorithm::RsaSha1 => (oid::SHA1_WITH_RSA, Null),
        SignatureAlgorithm::RsaMd5 => (oid::MD5_WITH_RSA, Null),
        SignatureAlgorithm::RsaPssSha256 => (oid::RSA_PSS, Parameters::Pss(Pss::SHA256)),
        SignatureAlgorithm::RsaPssSha1 => (oid::RSA_PSS, Parameters::Pss(Pss::SHA1)),
        SignatureAlgorithm::RsaPssUnsalted => (oid::RSA_PSS, Parameters::Pss(Pss::UNSALTED)),
    }
}

/// How a message is hashed before a key of one kind signs it.
pub(super) enum Prehash {
    None,
    Ecdsa(Hash),
    Rsa(Hash),
    Pss(Pss),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Prehash {
    pub(super) fn of(algorithm: SignatureAlgorithm) -> Self {
        match algorithm {
            SignatureAlgorithm::Ed25519 => Self::None,
            SignatureAlgorithm::EcdsaSha512 => Self::Ecdsa(Hash::Sha512),
            SignatureAlgorithm::RsaPssSha256 => Self::Pss(Pss::SHA256),
            SignatureAlgorithm::RsaPssSha1 => Self::Pss(Pss::SHA1),
            SignatureAlgorithm::RsaPssUnsalted => Self::Pss(Pss::UNSALTED),
            SignatureAlgorithm::EcdsaSha1 => Self::Ecdsa(Hash::Sha1),
            SignatureAlgorithm::EcdsaSha256 => Self::Ecdsa(Hash::Sha256),
            SignatureAlgorithm::EcdsaSha384 => Self::Ecdsa(Hash::Sha384),
            SignatureAlgorithm::RsaMd5 => Self::Rsa(Hash::Md5),
            SignatureAlgorithm::RsaSha1 => Self::Rsa(Hash::Sha1),
            SignatureAlgorithm::RsaSha256 => Self::Rsa(Hash::Sha256),
            SignatureAlgorithm::RsaSha384 => Self::Rsa(Hash::Sha384),
            SignatureAlgorithm::RsaSha512 => Self::Rsa(Hash::Sha512),
        }
    }
}

impl Hash {
    pub(super) fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Md5 => md5::Md5::digest(message).to_vec(),
            Self::Sha1 => sha1::Sha1::digest(message).to_vec(),
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }

    pub(super) fn oid(self) -> Oid {
        match self {
            Self::Md5 => oid::MD5,
            Self::Sha1 => oid::SHA1,
            Self::Sha256 => oid::SHA256,
            Self::Sha384 => oid::SHA384,
            Self::Sha512 => oid::SHA512,
        }
    }

    /// DigestInfo of RFC 8017 section 9.2.
    pub(super) fn digest_info(self, message: &[u8]) -> Vec<u8> {
        let mut w = Writer::new();
        w.sequence(|w| {
            w.sequence(|w| {
                w.oid(&self.oid());
                w.element(tag::NULL, &[]);
            });
            w.element(tag::OCTET_STRING, &self.digest(message));
        });
        w.into_bytes()
    }
}

/// The octets of a padded block beside its DigestInfo, at least (RFC 8017 section 9.2).
const PADDING: usize = 11;

/// `00 01 FF … FF 00` and the DigestInfo (RFC 8017 section 9.2).
pub(super) fn pkcs1_block(length: usize, info: &[u8]) -> Vec<u8> {
    let mut block = vec![0xff; length];
    block[0] = 0;
    block[1] = 1;
    block[length - info.len() - 1] = 0;
    block[length - info.len()..].copy_from_slice(info);
    block
}

impl RsaSecret {
    /// How many octets a signature has.
    pub(super) fn octets(&self) -> usize {
        self.modulus.bits().div_ceil(8) as usize
    }

    /// RSASP1 (RFC 8017 section 5.2.1) with the Chinese remainder theorem, as octets.
    pub(super) fn raise(&self, block: &[u8]) -> Vec<u8> {
        let block = BigUint::from_bytes_be(block);
        let [p, q] = &self.primes;
        let [one, two] =
            [0, 1].map(|i| (&block % &self.primes[i]).modpow(&self.exponents[i], &self.primes[i]));
        let difference = (&one + p - (&two % p)) % p;
        octets_of(
            &(two + (&self.coefficient * difference % p) * q),
            self.octets(),
        )
    }
}

/// A number as so many octets, or as many as it needs if that is more.
pub(super) fn octets_of(number: &BigUint, length: usize) -> Vec<u8> {
    let octets = number.to_bytes_be();
    [vec![0; length.saturating_sub(octets.len())], octets].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{Key, KeyAlgorithm};

    #[test]
    fn a_key_that_is_too_small_for_an_algorithm_does_not_sign() {
        let key = Key::new(KeyAlgorithm::Rsa512, "small");
        let pair = KeyPair::of(&key).expect("exists");
        let table = [
            (SignatureAlgorithm::RsaSha256, true),
            (SignatureAlgorithm::RsaSha512, false),
            (SignatureAlgorithm::RsaPssSha256, false),
            (SignatureAlgorithm::RsaPssUnsalted, true),
        ];
        for (algorithm, signs) in table {
            assert_eq!(
                sign(&pair, algorithm, b"x").is_some(),
                signs,
                "{algorithm:?}"
            );
        }
    }
}
