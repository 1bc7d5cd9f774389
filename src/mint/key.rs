//! Keys from labels. The same label is the same key on every machine.
//!
//! Elliptic keys are derived from a hash of the label. RSA keys are looked up
//! among committed test keys, because to find primes takes too long.

use std::{
    collections::HashMap,
    fmt,
    sync::{LazyLock, OnceLock},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use num_bigint::BigUint;
use serde::Deserialize;
use sha2::{Digest, Sha256};

#[cfg(feature = "reference")]
use super::quick_rsa::QuickRsa;
use super::{
    MintError,
    given::{self, GivenKey},
    open::OpenSigner,
    sign::sign,
};
use crate::{
    der::{Writer, oid, tag},
    recipe::{Key, KeyAlgorithm, SignatureAlgorithm},
};

/// How labels of keys begin that somebody gives, and that no label makes.
pub(super) const GIVEN: &str = "given-";

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
    /// Where the label alone makes the key, so that it is no secret.
    open: Option<Open>,
    /// [`KeyPair::to_private`], once somebody asks.
    private: OnceLock<PrivateKey>,
    /// [`KeyPair::quick_rsa`], once somebody asks.
    #[cfg(feature = "reference")]
    quick_rsa: OnceLock<Option<QuickRsa>>,
}

/// A label that makes a key, and who signs for it once somebody asks.
struct Open {
    label: Key,
    signer: OnceLock<Option<OpenSigner>>,
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
    P521(p521::ecdsa::SigningKey),
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
    private_exponent: BigUint,
}

impl RsaSecret {
    /// The numbers of an RSAPrivateKey, in its order. `None` when they do not fit together.
    pub(super) fn from_numbers(numbers: [BigUint; 9]) -> Option<Self> {
        let [
            _,
            modulus,
            public_exponent,
            private_exponent,
            p,
            q,
            dp,
            dq,
            coefficient,
        ] = numbers;
        let one = BigUint::from(1u8);
        let fits = p > one
            && q > one
            && &p * &q == modulus
            && &coefficient * &q % &p == one
            && [(&dp, &p), (&dq, &q)]
                .iter()
                .all(|(exponent, prime)| *exponent * &public_exponent % (*prime - &one) == one);
        fits.then_some(Self {
            modulus,
            public_exponent,
            primes: [p, q],
            exponents: [dp, dq],
            coefficient,
            private_exponent,
        })
    }

    /// RSAPrivateKey (RFC 8017 appendix A.1.2).
    fn pkcs1(&self) -> Vec<u8> {
        let [p, q] = &self.primes;
        let [dp, dq] = &self.exponents;
        let mut w = Writer::new();
        w.sequence(|w| {
            w.unsigned(0);
            for number in [
                &self.modulus,
                &self.public_exponent,
                &self.private_exponent,
                p,
                q,
                dp,
                dq,
                &self.coefficient,
            ] {
                w.unsigned_bytes(&number.to_bytes_be());
            }
        });
        w.into_bytes()
    }
}

impl KeyPair {
    /// The key that a recipe names.
    ///
    /// # Errors
    /// When it names an RSA key that is not among the committed test keys.
    pub fn of(key: &Key) -> Result<Self, MintError> {
        let open = Open {
            label: key.clone(),
            signer: OnceLock::new(),
        };
        Ok(Self {
            open: Some(open),
            ..Self::salted(key, &[])?
        })
    }

    /// The key that a recipe names, for whoever knows the salt. RSA keys are the test keys all the same.
    ///
    /// # Errors
    /// As [`KeyPair::of`].
    pub(super) fn salted(key: &Key, salt: &[u8]) -> Result<Self, MintError> {
        if key.label.starts_with(GIVEN) {
            return Err(MintError::NotGiven(key.clone()));
        }
        let secret = match derive(key, Use::Secret, salt) {
            Some(secret) => secret,
            None => Secret::Rsa(rsa_test_key(key)?),
        };
        Ok(Self::from_secret(key.algorithm, secret))
    }

    /// The quick signer, where the key is no secret and has a nonce.
    pub(super) fn open_signer(&self) -> Option<&OpenSigner> {
        let open = self.open.as_ref()?;
        let signer = open.signer.get_or_init(|| OpenSigner::of(&open.label));
        signer.as_ref()
    }

    /// Who signs quickly, where the key is of RSA and AWS-LC takes it.
    #[cfg(feature = "reference")]
    pub(super) fn quick_rsa(&self) -> Option<&QuickRsa> {
        let Secret::Rsa(secret) = &self.secret else {
            return None;
        };
        let make = || QuickRsa::of(&secret.pkcs1());
        self.quick_rsa.get_or_init(make).as_ref()
    }

    /// The pair of a secret.
    pub(super) fn from_secret(algorithm: KeyAlgorithm, secret: Secret) -> Self {
        let public_key = match &secret {
            Secret::P256(secret) => secret
                .verifying_key()
                .to_sec1_point(false)
                .as_bytes()
                .to_vec(),
            Secret::P384(secret) => secret
                .verifying_key()
                .to_sec1_point(false)
                .as_bytes()
                .to_vec(),
            Secret::P521(secret) => secret
                .verifying_key()
                .to_sec1_point(false)
                .as_bytes()
                .to_vec(),
            Secret::Ed25519(secret) => secret.verifying_key().to_bytes().to_vec(),
            Secret::Rsa(secret) => {
                let mut w = Writer::new();
                w.sequence(|w| {
                    w.unsigned_bytes(&secret.modulus.to_bytes_be());
                    w.unsigned_bytes(&secret.public_exponent.to_bytes_be());
                });
                w.into_bytes()
            }
        };
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
            open: None,
            private: OnceLock::new(),
            #[cfg(feature = "reference")]
            quick_rsa: OnceLock::new(),
        }
    }

    /// The key in a PKCS #8 private key, and its kind, as [`GivenKey`] reads it.
    /// `None` when it is none that can sign here.
    pub fn from_pkcs8(der: &[u8]) -> Option<(KeyAlgorithm, Self)> {
        let key = GivenKey::read(der).ok()?;
        Some((key.algorithm, key.pair))
    }

    /// Signs a message. `None` when the algorithm does not fit the key.
    pub fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Option<Vec<u8>> {
        sign(self, algorithm, message)
    }

    /// The private key, remembered.
    pub(super) fn to_private(&self, algorithm: KeyAlgorithm) -> PrivateKey {
        let make = || PrivateKey::from_pkcs8(self.to_pkcs8(algorithm));
        self.private.get_or_init(make).clone()
    }

    /// The private key in PKCS #8 DER.
    pub fn to_pkcs8(&self, algorithm: KeyAlgorithm) -> Vec<u8> {
        let inner = match &self.secret {
            Secret::Rsa(secret) => secret.pkcs1(),
            Secret::P256(secret) => self.sec1(&secret.to_bytes()),
            Secret::P384(secret) => self.sec1(&secret.to_bytes()),
            Secret::P521(secret) => self.sec1(&secret.to_bytes()),
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
        KeyAlgorithm::P521 => {
            w.oid(&oid::EC_PUBLIC_KEY);
            w.oid(&oid::P521);
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

/// What is drawn from a label.
#[derive(Clone, Copy)]
pub(super) enum Use {
    /// The secret of the key.
    Secret,
    /// The one nonce of its quick signatures.
    Nonce,
}

/// What a label makes for this use: the first hash that is a secret of its kind. `None` for RSA.
pub(super) fn derive(key: &Key, of: Use, salt: &[u8]) -> Option<Secret> {
    match key.algorithm {
        KeyAlgorithm::P256 => Some(Secret::P256(first_hash(key, of, salt, 32, |bytes| {
            p256::ecdsa::SigningKey::from_slice(bytes).ok()
        }))),
        KeyAlgorithm::P384 => Some(Secret::P384(first_hash(key, of, salt, 48, |bytes| {
            p384::ecdsa::SigningKey::from_slice(bytes).ok()
        }))),
        KeyAlgorithm::P521 => Some(Secret::P521(first_hash(key, of, salt, 66, |bytes| {
            let mut bytes = bytes.to_vec();
            // 521 bits are 65 octets and one bit.
            bytes[0] &= 1;
            p521::ecdsa::SigningKey::from_slice(&bytes).ok()
        }))),
        KeyAlgorithm::Ed25519 => Some(Secret::Ed25519(first_hash(key, of, salt, 32, |bytes| {
            let seed = <[u8; 32]>::try_from(bytes).ok()?;
            Some(ed25519_dalek::SigningKey::from_bytes(&seed))
        }))),
        KeyAlgorithm::Rsa512
        | KeyAlgorithm::Rsa1024
        | KeyAlgorithm::Rsa2048
        | KeyAlgorithm::Rsa3072
        | KeyAlgorithm::Rsa16384 => None,
    }
}

fn first_hash<T>(
    key: &Key,
    of: Use,
    salt: &[u8],
    length: usize,
    accept: impl Fn(&[u8]) -> Option<T>,
) -> T {
    let of = match of {
        Use::Secret => "test key",
        Use::Nonce => "nonce of test key",
    };
    (0u32..)
        .find_map(|counter| {
            let bytes: Vec<u8> = (0u8..3)
                .flat_map(|block| {
                    Sha256::new()
                        .chain_update(salt)
                        .chain_update(format!("gatecrash {of} {key} {counter} {block}"))
                        .finalize()
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
    match given::secret(pkcs8) {
        Ok(Secret::Rsa(secret)) => Ok(secret),
        _ => unreachable!("the committed keys are RSA keys in PKCS #8"),
    }
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
