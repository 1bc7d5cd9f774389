//! The reference mTLS server: strict, reloadable, hard to exhaust.
//!
//! ```text
//! Settings ──▶ ServerConfig ──▶ Generation ──▶ accept ──▶ Session ──▶ routes
//! paths        DER              checked whole   handshake   the peer    HTTP
//! ```
//!
//! It shows what guarding a service with certificates takes, and is the server
//! that everything else in the house is tried on. It knows nothing of how
//! hostile certificates are made. It never fetches what a certificate names.

mod accept;
mod acceptor;
mod activity;
mod admit;
mod allowance;
mod answer;
mod attempt;
mod board;
mod budget;
mod client_gate;
mod clock;
mod config;
mod descriptor;
mod error;
mod fetch;
mod file;
mod form;
mod forwarded;
mod gate;
mod generation;
mod guard;
mod identity;
mod key;
mod let_in;
mod limit;
mod metrics;
mod operations;
mod pages;
mod patience;
#[cfg(feature = "cli")]
pub mod pki;
mod rate;
mod prompt;
mod refusal;
mod reload;
mod responses;
mod roles;
mod routes;
mod scrutiny;
mod session;
mod settings;
mod shared;
mod silence;
mod stamp;
mod status;
mod succession;
mod ticket;
mod trust;
mod turn;
mod unread;
mod witness;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, task::JoinHandle};

pub use acceptor::{Acceptor, Admitted};
pub use board::{Decision, Outcome};
pub use clock::Clock;
pub use config::{MinimumVersion, Scrutiny, ServerConfig};
pub use descriptor::ask_for_descriptors;
pub use error::{Numbered, ServerError, TrustError};
pub use fetch::{FetchError, FetchLimits, UrlScheme};
pub use generation::provider;
pub use guard::GuardedStream;
pub use identity::{PeerIdentity, fingerprint};
pub use key::{ServerCredentials, ServerKey};
pub use limit::Limits;
pub use metrics::MetricsSnapshot;
pub use refusal::Refusal;
pub use reload::Watch;
pub use responses::OcspFault;
pub use roles::{RoleRule, Roles};
pub use scrutiny::{Fault, Objection};
pub use settings::Settings;
pub use trust::{
    ClientAuth, ClientJudge, Policy, RevocationRule, Trust, VerifierFactory, build_client_verifier,
};

use shared::Shared;

/// The reference server.
#[derive(Debug)]
pub struct Server;

/// A server that listens. Dropping it leaves it running until the runtime ends;
/// [`Handle::shutdown`] ends it.
pub struct Running {
    address: SocketAddr,
    status_address: Option<SocketAddr>,
    handle: Handle,
    accepting: JoinHandle<()>,
}

/// A way to change and to watch a running server. Clones mean the same server.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

impl Server {
    /// Checks a configuration, binds its addresses and serves.
    ///
    /// # Errors
    /// When the configuration cannot be used, or an address cannot be bound.
    pub async fn bind(config: ServerConfig) -> Result<Running, ServerError> {
        let (listen, status_listen) = (config.listen, config.status_listen);
        let shared = Shared::new(config)?;
        let listener = bind(listen).await?;
        let address = local_address(&listener, listen)?;
        let mut status_address = None;
        if let Some(wanted) = status_listen {
            let status = bind(wanted).await?;
            status_address = Some(local_address(&status, wanted)?);
            tokio::spawn(status::run(Arc::clone(&shared), status));
        }
        tokio::spawn(reload::look_out(Arc::clone(&shared)));
        tokio::spawn(reload::refresh(Arc::clone(&shared)));
        let accepting = tokio::spawn(accept::run(Arc::clone(&shared), listener));
        Ok(Running {
            address,
            status_address,
            handle: Handle { shared },
            accepting,
        })
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, ServerError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| ServerError::Bind { address, source })
}

fn local_address(listener: &TcpListener, address: SocketAddr) -> Result<SocketAddr, ServerError> {
    listener
        .local_addr()
        .map_err(|source| ServerError::Bind { address, source })
}

impl Running {
    /// The address that clients connect to.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The address of `/healthz` and `/metrics`, when there is one.
    pub fn status_addr(&self) -> Option<SocketAddr> {
        self.status_address
    }

    /// A way to change and to watch it.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Waits until the server has stopped, which takes a [`Handle::shutdown`].
    pub async fn wait(self) {
        // An error means that the task panicked, and then it has stopped too.
        let _ = self.accepting.await;
    }
}

impl Handle {
    /// Judges by other anchors, CRLs and time from now on. No ticket from before is taken
    /// afterwards, and open connections are judged again at their next request.
    /// Gives the number of the new generation.
    ///
    /// # Errors
    /// When no verifier can be made of it; then nothing changes.
    pub fn replace_trust(&self, trust: Trust) -> Result<u64, ServerError> {
        self.shared.replace_trust(trust)
    }

    /// Takes over another configuration but for addresses and the limits `connections` and `handshakes`.
    ///
    /// # Errors
    /// When it cannot be used; then nothing changes.
    pub fn replace(&self, config: ServerConfig) -> Result<u64, ServerError> {
        self.shared.replace_config(config)
    }

    /// Reads the files again and takes them over, whole or not at all. It blocks.
    ///
    /// # Errors
    /// When one of them cannot be used; then nothing changes.
    pub fn reload(&self) -> Result<u64, ServerError> {
        self.shared.reload()
    }

    /// Watches the files and reloads when they change, until the watch is dropped.
    /// Needs a runtime to run on.
    ///
    /// # Errors
    /// When the server was not made from files, or they cannot be watched.
    pub fn watch(&self) -> Result<Watch, ServerError> {
        reload::watch(&self.shared)
    }

    /// Reloads and logs one line on what came of it, as a signal handler wants it. It blocks.
    pub fn reload_and_log(&self) {
        reload::reload_and_tell(&self.shared);
    }

    /// Stops accepting, lets requests in progress finish, and closes the rest.
    pub fn shutdown(&self) {
        self.shared.stopping.send_replace(true);
    }

    /// The counters of now.
    pub fn metrics(&self) -> MetricsSnapshot {
        self.shared.snapshot()
    }

    /// Takes what became of the newest handshake from this peer, waiting at most so long.
    /// Each outcome is given once.
    pub async fn outcome(&self, peer: SocketAddr, wait: Duration) -> Option<Outcome> {
        self.shared.board.take(peer, wait).await
    }
}
