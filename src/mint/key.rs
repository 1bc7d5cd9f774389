//! Keys from labels. The same label is the same key on every machine.
//!
//! Elliptic keys are derived from a hash of the label. RSA keys are looked up
//! among committed test keys, because to find primes takes too long.

use std::{collections::HashMap, fmt, sync::LazyLock};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use num_bigint::BigUint;
use p256::pkcs8::DecodePrivateKey as _;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::MintError;
use crate::{
    der::{Body, Node, Tree, Writer, oid, tag},
    recipe::{Key, KeyAlgorithm, SignatureAlgorithm},
};

/// A key pair, ready to sign and to be written into certificates.
pub struct KeyPair {
    /// SubjectPublicKeyInfo, as DER.
    pub spki: Vec<u8>,
    /// The octets of subjectPublicKey, without the unused-bits octet.
    pub public_key: Vec<u8>,
    /// The leftmost 160 bits of SHA-256 over `public_key` (RFC 7093 section 2, method 1).
    pub identifier: Vec<u8>,
    /// The secret part.
    pub(super) secret: Secret,
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair")
            .field("identifier", &self.identifier)
            .finish_non_exhaustive()
    }
}

/// The secret part of a key pair.
pub(super) enum Secret {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
    Rsa(RsaSecret),
}

/// The numbers of an RSA private key (RFC 8017 section 3.2).
pub(super) struct RsaSecret {
    pub(super) modulus: BigUint,
    public_exponent: BigUint,
    pub(super) primes: [BigUint; 2],
    pub(super) exponents: [BigUint; 2],
    pub(super) coefficient: BigUint,
    pkcs8: Vec<u8>,
}

impl KeyPair {
    /// The key that a recipe names.
    ///
    /// # Errors
    /// When it names an RSA key that is not among the committed test keys.
    pub fn of(key: &Key) -> Result<Self, MintError> {
        let (public_key, secret) = match key.algorithm {
            KeyAlgorithm::P256 => {
                let secret = derive(key, 32, |bytes| {
                    p256::ecdsa::SigningKey::from_slice(bytes).ok()
                });
                (
                    secret
                        .verifying_key()
                        .to_sec1_point(false)
                        .as_bytes()
                        .to_vec(),
                    Secret::P256(secret),
                )
            }
            KeyAlgorithm::P384 => {
                let secret = derive(key, 48, |bytes| {
                    p384::ecdsa::SigningKey::from_slice(bytes).ok()
                });
                (
                    secret
                        .verifying_key()
                        .to_sec1_point(false)
                        .as_bytes()
                        .to_vec(),
                    Secret::P384(secret),
                )
            }
            KeyAlgorithm::Ed25519 => {
                let seed = derive(key, 32, |bytes| <[u8; 32]>::try_from(bytes).ok());
                let secret = ed25519_dalek::SigningKey::from_bytes(&seed);
                (
                    secret.verifying_key().to_bytes().to_vec(),
                    Secret::Ed25519(secret),
                )
            }
            KeyAlgorithm::Rsa512
            | KeyAlgorithm::Rsa1024
            | KeyAlgorithm::Rsa2048
            | KeyAlgorithm::Rsa3072
            | KeyAlgorithm::Rsa16384 => {
                let secret = rsa_test_key(key)?;
                (secret.public_key(), Secret::Rsa(secret))
            }
        };
        Ok(Self::assembled(key.algorithm, public_key, secret))
    }

    fn assembled(algorithm: KeyAlgorithm, public_key: Vec<u8>, secret: Secret) -> Self {
        let mut w = Writer::new();
        w.sequence(|w| {
            write_key_algorithm(w, algorithm);
            w.bit_string(&public_key);
        });
        let identifier = Sha256::digest(&public_key)[..20].to_vec();
        Self {
            spki: w.into_bytes(),
            public_key,
            identifier,
            secret,
        }
    }

    /// The key in a PKCS #8 private key, and its kind. Sizes of RSA that have no kind of
    /// their own count as [`KeyAlgorithm::Rsa2048`]. `None` when it is none that can sign here.
    pub fn from_pkcs8(der: &[u8]) -> Option<(KeyAlgorithm, Self)> {
        let (algorithm, public_key, secret) =
            if let Ok(secret) = p256::SecretKey::from_pkcs8_der(der) {
                let secret = p256::ecdsa::SigningKey::from(secret);
                (
                    KeyAlgorithm::P256,
                    sec1_point(&secret.verifying_key().to_sec1_point(false)),
                    Secret::P256(secret),
                )
            } else if let Ok(secret) = p384::SecretKey::from_pkcs8_der(der) {
                let secret = p384::ecdsa::SigningKey::from(secret);
                (
                    KeyAlgorithm::P384,
                    sec1_point(&secret.verifying_key().to_sec1_point(false)),
                    Secret::P384(secret),
                )
            } else if let Some(secret) = ed25519_from_pkcs8(der) {
                (
                    KeyAlgorithm::Ed25519,
                    secret.verifying_key().to_bytes().to_vec(),
                    Secret::Ed25519(secret),
                )
            } else {
                let secret = RsaSecret::from_pkcs8(der)?;
                (
                    KeyAlgorithm::Rsa2048,
                    secret.public_key(),
                    Secret::Rsa(secret),
                )
            };
        Some((algorithm, Self::assembled(algorithm, public_key, secret)))
    }

    /// Signs a message. `None` when the algorithm does not fit the key.
    pub fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Option<Vec<u8>> {
        super::sign::sign(self, algorithm, message)
    }

    /// The private key in PKCS #8 DER.
    pub fn to_pkcs8(&self, algorithm: KeyAlgorithm) -> Vec<u8> {
        let inner = match &self.secret {
            Secret::Rsa(rsa) => return rsa.pkcs8.clone(),
            Secret::P256(secret) => self.sec1(&secret.to_bytes()),
            Secret::P384(secret) => self.sec1(&secret.to_bytes()),
            Secret::Ed25519(secret) => {
                let mut w = Writer::new();
                w.element(tag::OCTET_STRING, secret.as_bytes());
                w.into_bytes()
            }
        };
        let mut w = Writer::new();
        w.sequence(|w| {
            w.unsigned(0);
            write_key_algorithm(w, algorithm);
            w.element(tag::OCTET_STRING, &inner);
        });
        w.into_bytes()
    }

    /// ECPrivateKey of RFC 5915, with the public key.
    fn sec1(&self, scalar: &[u8]) -> Vec<u8> {
        let mut w = Writer::new();
        w.sequence(|w| {
            w.unsigned(1);
            w.element(tag::OCTET_STRING, scalar);
            w.nest(tag::context_constructed(1), |w| {
                w.bit_string(&self.public_key)
            });
        });
        w.into_bytes()
    }
}

/// The AlgorithmIdentifier of a key (RFC 3279 section 2.3, RFC 5480, RFC 8410).
fn write_key_algorithm(w: &mut Writer, algorithm: KeyAlgorithm) {
    w.sequence(|w| match algorithm {
        KeyAlgorithm::P256 => {
            w.oid(&oid::EC_PUBLIC_KEY);
            w.oid(&oid::P256);
        }
        KeyAlgorithm::P384 => {
            w.oid(&oid::EC_PUBLIC_KEY);
            w.oid(&oid::P384);
        }
        KeyAlgorithm::Ed25519 => w.oid(&oid::ED25519),
        KeyAlgorithm::Rsa512
        | KeyAlgorithm::Rsa1024
        | KeyAlgorithm::Rsa2048
        | KeyAlgorithm::Rsa3072
        | KeyAlgorithm::Rsa16384 => {
            w.oid(&oid::RSA_ENCRYPTION);
            w.element(tag::NULL, &[]);
        }
    });
}

/// The first hash of the label that is a secret of its kind.
fn derive<T>(key: &Key, length: usize, accept: impl Fn(&[u8]) -> Option<T>) -> T {
    (0u32..)
        .find_map(|counter| {
            let bytes: Vec<u8> = (0u8..2)
                .flat_map(|block| {
                    Sha256::digest(format!("gatecrash test key {key} {counter} {block}"))
                })
                .take(length)
                .collect();
            accept(&bytes)
        })
        .expect("nearly every hash is a valid scalar")
}

#[derive(Deserialize)]
struct TestKeys {
    key: Vec<TestKey>,
}

#[derive(Deserialize)]
struct TestKey {
    name: String,
    pkcs8: String,
}

static RSA_TEST_KEYS: LazyLock<HashMap<String, Vec<u8>>> = LazyLock::new(|| {
    let keys: TestKeys =
        toml::from_str(include_str!("rsa_test_keys.toml")).expect("the committed file is TOML");
    let decode = |text: &str| {
        BASE64_STANDARD
            .decode(text)
            .expect("the committed keys are base64")
    };
    keys.key
        .into_iter()
        .map(|key| (key.name, decode(&key.pkcs8)))
        .collect()
});

fn rsa_test_key(key: &Key) -> Result<RsaSecret, MintError> {
    let pkcs8 = RSA_TEST_KEYS
        .get(&key.to_string())
        .ok_or_else(|| MintError::NoSuchRsaKey(key.clone()))?;
    Ok(RsaSecret::from_pkcs8(pkcs8).expect("the committed keys are PKCS #8"))
}

impl RsaSecret {
    /// A private key of two primes, odd and of the same size.
    fn from_pkcs8(der: &[u8]) -> Option<Self> {
        let mut tree = Tree::read(der);
        let numbers = private_numbers(tree.nodes.first_mut()?)?;
        let [_, modulus, public_exponent, _, p, q, dp, dq, coefficient] =
            <[BigUint; 9]>::try_from(numbers).ok()?;
        let fits = modulus.bits() >= 512 && p.bit(0) && q.bit(0) && &p * &q == modulus;
        fits.then(|| Self {
            modulus,
            public_exponent,
            primes: [p, q],
            exponents: [dp, dq],
            coefficient,
            pkcs8: der.to_vec(),
        })
    }

    /// RSAPublicKey (RFC 8017 appendix A.1.1).
    fn public_key(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.sequence(|w| {
            w.unsigned_bytes(&self.modulus.to_bytes_be());
            w.unsigned_bytes(&self.public_exponent.to_bytes_be());
        });
        w.into_bytes()
    }
}

fn sec1_point(point: &impl AsRef<[u8]>) -> Vec<u8> {
    point.as_ref().to_vec()
}

/// OneAsymmetricKey of RFC 8410 section 7: the seed in two octet strings.
fn ed25519_from_pkcs8(der: &[u8]) -> Option<ed25519_dalek::SigningKey> {
    let tree = Tree::read(der);
    let [_version, algorithm, key, ..] = tree.nodes.first()?.children() else {
        return None;
    };
    let named = algorithm.children().first()?.body_bytes();
    let body = key.body_bytes();
    let seed = body.strip_prefix(&[tag::OCTET_STRING, 32])?;
    (named == oid::ED25519.as_bytes()).then_some(())?;
    Some(ed25519_dalek::SigningKey::from_bytes(seed.try_into().ok()?))
}

/// RSAPrivateKey inside PrivateKeyInfo (RFC 5958 section 2): its numbers.
fn private_numbers(info: &mut Node) -> Option<Vec<BigUint>> {
    let Body::Constructed { nodes, .. } = &mut info.body else {
        return None;
    };
    let string = nodes.get_mut(2)?;
    string.open().then_some(())?;
    let private = string.children().first()?;
    Some(
        private
            .children()
            .iter()
            .map(|number| BigUint::from_bytes_be(&number.body_bytes()))
            .collect(),
    )
}

/// A private key in PKCS #8 DER. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKey(Vec<u8>);

impl PrivateKey {
    /// A key from its PKCS #8 DER.
    pub fn from_pkcs8(der: Vec<u8>) -> Self {
        Self(der)
    }

    /// The PKCS #8 DER.
    pub fn secret_pkcs8_der(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}
