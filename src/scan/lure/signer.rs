//! The key that a rogue server signs its handshake with: that of its certificate, or one that lies.

use std::sync::Arc;

use rustls::{
    Error, SignatureAlgorithm, SignatureScheme,
    sign::{CertifiedKey, Signer, SigningKey},
};

use super::bait::Trick;
use crate::{
    case::{Case, PrivateKey},
    mint::KeyPair,
    recipe::{Key, KeyAlgorithm},
    scan::{Credentials, shown},
};

/// A case's chain, its staple, and what signs for it. `None` where nothing here signs with such a key.
pub(super) fn certified(case: &Case, trick: Trick) -> Option<CertifiedKey> {
    let mut credentials: Credentials = shown(case)?;
    if trick == Trick::AnotherKey {
        let key = Key::new(KeyAlgorithm::P256, "somebody else");
        credentials.key = PrivateKey::from_pkcs8(KeyPair::of(&key).ok()?.to_pkcs8(key.algorithm));
    }
    let mut certified = Arc::unwrap_or_clone(credentials.certified().ok()?);
    if matches!(trick, Trick::FlippedSignature | Trick::OldSignature) {
        let key = Arc::clone(&certified.key);
        certified.key = Arc::new(LyingKey { key, trick });
    }
    certified.ocsp.clone_from(&case.ocsp);
    Some(certified)
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
