//! The server's own certificate and private key, bound together and kept from view.

use std::{fmt, sync::Arc};

use rustls::{
    crypto::aws_lc_rs::sign::any_supported_type,
    sign::{CertifiedKey, SingleCertAndKey},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroize;

use super::error::ServerError;

/// A private key that is wiped when dropped and never shown.
pub struct ServerKey(PrivateKeyDer<'static>);

impl ServerKey {
    /// Takes over a key in PKCS#8, PKCS#1 or SEC 1.
    pub fn new(key: PrivateKeyDer<'static>) -> Self {
        Self(key)
    }
}

impl Drop for ServerKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Clone for ServerKey {
    fn clone(&self) -> Self {
        Self(self.0.clone_key())
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerKey(redacted)")
    }
}

/// What the server shows of itself: its chain, end entity first, and its key.
#[derive(Clone, Debug)]
pub struct ServerCredentials {
    /// The certificate chain in DER, the server's own first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key of the first.
    pub key: ServerKey,
}

impl ServerCredentials {
    pub(crate) fn resolver(&self) -> Result<Arc<SingleCertAndKey>, ServerError> {
        let signer = any_supported_type(&self.key.0)
            .map_err(|error| ServerError::UnusableKey(error.to_string()))?;
        let certified = CertifiedKey::new(self.chain.clone(), signer);
        match certified.keys_match() {
            Ok(()) => Ok(Arc::new(SingleCertAndKey::from(certified))),
            Err(rustls::Error::InconsistentKeys(_)) => Err(ServerError::KeyMismatch),
            Err(_) => Err(ServerError::BadCertificate),
        }
    }
}
