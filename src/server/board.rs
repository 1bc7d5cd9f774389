//! What became of recent connections, for whoever needs the reason and not only the alert.
//!
//! The last few hundred outcomes are kept, by the peer's address and port. A client
//! on the same machine knows its own port, and so finds its own outcome.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};

use super::refusal::Refusal;

/// How many outcomes are kept.
const KEPT: usize = 512;

/// What became of one connection's handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// The peer.
    pub peer: SocketAddr,
    /// The generation of the configuration that judged.
    pub generation: u64,
    /// What was decided.
    pub decision: Decision,
}

/// What was decided about a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// Let in.
    Admitted {
        /// SHA-256 of the end entity; `None` for an anonymous client.
        fingerprint: Option<String>,
        /// Whether a ticket stood for the certificate.
        resumed: bool,
    },
    /// Turned away.
    Refused(Refusal),
    /// The peer went away, or stood still past the deadline, before anything could be decided.
    Abandoned,
}

#[derive(Debug, Default)]
pub(crate) struct Board {
    outcomes: Mutex<VecDeque<Outcome>>,
    news: Notify,
}

impl Board {
    pub(crate) fn post(&self, outcome: Outcome) {
        // A poisoned lock only means that another thread panicked; the list is whole.
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        if outcomes.len() == KEPT {
            outcomes.pop_front();
        }
        outcomes.push_back(outcome);
        drop(outcomes);
        self.news.notify_waiters();
    }

    /// Takes the newest outcome of a peer, waiting for it if need be.
    pub(crate) async fn take(&self, peer: SocketAddr, wait: Duration) -> Option<Outcome> {
        let found = async {
            loop {
                let news = self.news.notified();
                tokio::pin!(news);
                news.as_mut().enable();
                if let Some(outcome) = self.take_now(peer) {
                    return outcome;
                }
                news.await;
            }
        };
        timeout(wait, found).await.ok()
    }

    fn take_now(&self, peer: SocketAddr) -> Option<Outcome> {
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = outcomes.iter().rposition(|outcome| outcome.peer == peer)?;
        outcomes.remove(newest)
    }
}
