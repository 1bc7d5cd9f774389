//! The key that a rogue server signs its handshake with: that of its certificate, or one that lies.

use std::sync::Arc;

use rustls::{
    Error, SignatureAlgorithm, SignatureScheme,
    crypto::aws_lc_rs::sign::any_supported_type,
    sign::{Signer, SigningKey},
};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::bait::Trick;
use crate::{
    case::Case,
    mint::KeyPair,
    recipe::{Key, KeyAlgorithm},
};

/// The key for a case's chain. `None` for a kind of key that TLS has no signature of.
pub(super) fn signing_key(case: &Case, trick: Trick) -> Option<Arc<dyn SigningKey>> {
    let own = case.end_entity_key.as_ref()?.secret_pkcs8_der();
    let other;
    let pkcs8 = if trick == Trick::AnotherKey {
        let key = Key::new(KeyAlgorithm::P256, "somebody else");
        other = KeyPair::of(&key).ok()?.to_pkcs8(key.algorithm);
        &other
    } else {
        own
    };
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(pkcs8.to_vec()));
    let key = any_supported_type(&key).ok()?;
    Some(match trick {
        Trick::None | Trick::AnotherKey => key,
        Trick::FlippedSignature | Trick::OldSignature => Arc::new(LyingKey { key, trick }),
    })
}

/// Signs as its key does, and then changes what came of it.
#[derive(Debug)]
struct LyingKey {
    key: Arc<dyn SigningKey>,
    trick: Trick,
}

impl SigningKey for LyingKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        Some(Box::new(LyingSigner {
            signer: self.key.choose_scheme(offered)?,
            trick: self.trick,
        }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.key.algorithm()
    }
}

#[derive(Debug)]
struct LyingSigner {
    signer: Box<dyn Signer>,
    trick: Trick,
}

impl Signer for LyingSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        if self.trick == Trick::OldSignature {
            // What is signed ends with the hash of the handshake, or begins with the randoms of TLS 1.2.
            let mut earlier = message.to_vec();
            let ends = [0, earlier.len().saturating_sub(1)];
            ends.iter().for_each(|&end| earlier[end] ^= 1);
            return self.signer.sign(&earlier);
        }
        let mut signature = self.signer.sign(message)?;
        if let Some(last) = signature.last_mut() {
            *last ^= 1;
        }
        Ok(signature)
    }

    fn scheme(&self) -> SignatureScheme {
        self.signer.scheme()
    }
}
