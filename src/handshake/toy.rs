//! Cryptography that costs nothing, for both sides: key exchange and signatures
//! are toys, everything after them is real.
//!
//! It keeps no secret and proves nothing. It lets the state machine of a peer be
//! tried many times as often as with elliptic curves.

use std::sync::Arc;

use rustls::{
    Error, SignatureAlgorithm, SignatureScheme,
    crypto::{
        ActiveKeyExchange, CryptoProvider, GetRandomFailed, SecureRandom, SharedSecret,
        SupportedKxGroup, WebPkiSupportedAlgorithms, aws_lc_rs,
    },
    sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey},
};
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};

use super::exchange::toy_secret;
use crate::{mint::toy_signature, script::NamedGroup};

/// A provider for rustls with toy key exchange, toy signatures and fixed randoms.
pub fn provider() -> CryptoProvider {
    CryptoProvider {
        kx_groups: vec![&ToyGroup],
        signature_verification_algorithms: ALGORITHMS,
        secure_random: &FixedRandom,
        ..aws_lc_rs::default_provider()
    }
}

/// A chain and the toy key of its end entity, for a rustls that is to show it.
pub fn resolver(chain: Vec<CertificateDer<'static>>, public_key: Vec<u8>) -> SingleCertAndKey {
    CertifiedKey::new(chain, Arc::new(ToyKey(public_key))).into()
}

const ALGORITHMS: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: TOY_ALGORITHMS,
    mapping: &[(SignatureScheme::ECDSA_NISTP256_SHA256, &[P256])],
};

const P256: &dyn SignatureVerificationAlgorithm = &toy(alg_id::ECDSA_P256, alg_id::ECDSA_SHA256);

/// For webpki: every pair of algorithms that it takes truly, and the mint can write.
pub static TOY_ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    P256,
    &toy(alg_id::ECDSA_P256, alg_id::ECDSA_SHA384),
    &toy(alg_id::ECDSA_P256, alg_id::ECDSA_SHA512),
    &toy(alg_id::ECDSA_P384, alg_id::ECDSA_SHA256),
    &toy(alg_id::ECDSA_P384, alg_id::ECDSA_SHA384),
    &toy(alg_id::ECDSA_P384, alg_id::ECDSA_SHA512),
    &toy(alg_id::ECDSA_P521, alg_id::ECDSA_SHA256),
    &toy(alg_id::ECDSA_P521, alg_id::ECDSA_SHA384),
    &toy(alg_id::ECDSA_P521, alg_id::ECDSA_SHA512),
    &toy(alg_id::ED25519, alg_id::ED25519),
    &toy(alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA256),
    &toy(alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA384),
    &toy(alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA512),
    &toy(alg_id::RSA_ENCRYPTION, alg_id::RSA_PSS_SHA256),
];

const fn toy(key: AlgorithmIdentifier, signature: AlgorithmIdentifier) -> ToyAlgorithm {
    ToyAlgorithm { key, signature }
}

#[derive(Debug)]
struct ToyAlgorithm {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
}

impl SignatureVerificationAlgorithm for ToyAlgorithm {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        if toy_signature(public_key, message) == signature {
            Ok(())
        } else {
            Err(InvalidSignature)
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

#[derive(Debug)]
struct FixedRandom;

impl SecureRandom for FixedRandom {
    fn fill(&self, octets: &mut [u8]) -> Result<(), GetRandomFailed> {
        octets.fill(0x5a);
        Ok(())
    }
}

#[derive(Debug)]
struct ToyGroup;

/// The share of the side that is under test.
const SHARE: [u8; 32] = [7; 32];

impl SupportedKxGroup for ToyGroup {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        Ok(Box::new(ToyExchange))
    }

    fn ffdhe_group(&self) -> Option<rustls::ffdhe_groups::FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> rustls::NamedGroup {
        NamedGroup::TOY.0.into()
    }
}

struct ToyExchange;

impl ActiveKeyExchange for ToyExchange {
    fn complete(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, Error> {
        toy_secret(&SHARE, share)
            .map(|secret| SharedSecret::from(&secret[..]))
            .ok_or(Error::PeerMisbehaved(
                rustls::PeerMisbehaved::InvalidKeyShare,
            ))
    }

    fn ffdhe_group(&self) -> Option<rustls::ffdhe_groups::FfdheGroup<'static>> {
        None
    }

    fn pub_key(&self) -> &[u8] {
        &SHARE
    }

    fn group(&self) -> rustls::NamedGroup {
        NamedGroup::TOY.0.into()
    }
}

#[derive(Clone, Debug)]
struct ToyKey(Vec<u8>);

impl SigningKey for ToyKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered
            .contains(&SignatureScheme::ECDSA_NISTP256_SHA256)
            .then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for ToyKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(toy_signature(&self.0, message).to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP256_SHA256
    }
}
