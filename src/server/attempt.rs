//! One attempt to get in: what was judged about the peer of one connection.
//!
//! rustls turns a verifier's answer into an alert and forgets it. Each connection
//! therefore carries an [`Attempt`], into which the [`Witness`](super::witness::Witness) writes.

use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use crate::question::Time;

use super::{identity::PeerIdentity, refusal::Refusal};

/// What one connection's handshake showed. Shared by verifier, ticketer and acceptor.
#[derive(Debug)]
pub(crate) struct Attempt {
    refusal: Mutex<Option<Refusal>>,
    /// Whose certificate was judged good.
    identity: OnceLock<Arc<PeerIdentity>>,
    /// Unix seconds at which what was judged stops holding.
    until: AtomicI64,
}

impl Attempt {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            refusal: Mutex::new(None),
            identity: OnceLock::new(),
            until: AtomicI64::new(i64::MIN),
        })
    }

    pub(crate) fn refuse(&self, refusal: Refusal) {
        // A poisoned lock only means that another thread panicked; the value is whole.
        self.refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(refusal);
    }

    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn identify(&self, identity: Arc<PeerIdentity>) {
        // One certificate is judged in a handshake.
        let _ = self.identity.set(identity);
    }

    /// Whose certificate was judged good in this handshake; `None` where a ticket stood for it,
    /// or its names cannot be read.
    pub(crate) fn identity(&self) -> Option<Arc<PeerIdentity>> {
        self.identity.get().cloned()
    }

    /// Until when the peer may stay without being judged again.
    pub(crate) fn until(&self) -> Time {
        Time::from_unix_seconds(self.until.load(Ordering::Acquire))
    }

    pub(crate) fn admit_until(&self, until: Time) {
        self.until.store(until.unix_seconds(), Ordering::Release);
    }
}
