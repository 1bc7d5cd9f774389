//! The peer of an open connection, who is judged again when the rules change under it.
//!
//! A connection can outlive the certificate that opened it, the CRL that cleared
//! it and the CA that vouched for it. Each request therefore asks whether the
//! verdict still stands; asking costs two loads unless something has changed.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use rustls_pki_types::CertificateDer;

use crate::verdict::Reason;

use super::{
    attempt::Attempt, generation::Generation, identity::PeerIdentity, refusal::Refusal,
    trust::ClientAuth,
};

/// Who is at the other end of one connection.
#[derive(Debug)]
pub(crate) struct Session {
    chain: Vec<CertificateDer<'static>>,
    identity: Option<Arc<PeerIdentity>>,
    generation: AtomicU64,
    until: AtomicI64,
}

impl Session {
    /// The peer of a finished handshake. An empty chain is an anonymous client.
    pub(crate) fn new(
        chain: Vec<CertificateDer<'static>>,
        generation: &Generation,
        attempt: &Attempt,
    ) -> Result<Self, Refusal> {
        let identity = match (chain.first(), attempt.identity()) {
            (None, _) => None,
            (Some(_), Some(identity)) => Some(identity),
            (Some(end_entity), None) => {
                let read = PeerIdentity::from_der(end_entity).ok_or_else(|| {
                    Refusal::new(
                        Reason::MalformedDer,
                        "the names of the certificate cannot be read",
                    )
                })?;
                Some(Arc::new(read))
            }
        };
        Ok(Self {
            chain,
            identity,
            generation: AtomicU64::new(generation.number),
            until: AtomicI64::new(attempt.until().unix_seconds()),
        })
    }

    pub(crate) fn identity(&self) -> Option<&PeerIdentity> {
        self.identity.as_deref()
    }

    /// Whether the peer may still be here, under the configuration of now.
    pub(crate) fn check(&self, current: &Generation) -> Result<(), Refusal> {
        let same = self.generation.load(Ordering::Acquire) == current.number;
        if self.chain.is_empty() {
            return match current.config.policy.client_auth {
                ClientAuth::Optional => Ok(()),
                ClientAuth::Required => Err(Refusal::new(
                    Reason::NoCertificate,
                    "a certificate is required by now",
                )),
            };
        }
        if same && current.clock().now().unix_seconds() < self.until.load(Ordering::Acquire) {
            return Ok(());
        }
        let until = current.judge(&self.chain)?;
        self.until.store(until.unix_seconds(), Ordering::Release);
        self.generation.store(current.number, Ordering::Release);
        Ok(())
    }
}
