//! The guard without the HTTP server: for programs that have a protocol of their own.

use std::{net::SocketAddr, sync::Arc};

use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::{
    Handle, admit, attempt::Attempt, config::ServerConfig, error::ServerError,
    guard::GuardedStream, identity::PeerIdentity, session::Session, shared::Shared,
    silence::Silence,
};

/// Shakes hands on connections that somebody else accepts. Clones mean the same guard.
#[derive(Clone)]
pub struct Acceptor {
    shared: Arc<Shared>,
}

/// A client that was let in.
#[derive(Debug)]
pub struct Admitted {
    /// The connection.
    pub stream: TlsStream<GuardedStream>,
    session: Session,
    shared: Arc<Shared>,
}

impl Acceptor {
    /// Checks a configuration. Its addresses are not used.
    ///
    /// # Errors
    /// When the configuration cannot be used.
    pub fn new(config: ServerConfig) -> Result<Self, ServerError> {
        Ok(Self {
            shared: Shared::new(config)?,
        })
    }

    /// A way to change and to watch it.
    pub fn handle(&self) -> Handle {
        Handle {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Shakes hands within the limits. `None` when the client was refused or went away;
    /// [`Handle::outcome`] tells which and why.
    pub async fn accept(&self, stream: TcpStream, peer: SocketAddr) -> Option<Admitted> {
        // Whoever accepts counts addresses, or does not.
        let (stream, session) =
            admit::admit(&self.shared, stream, peer, usize::MAX, Silence::new()).await?;
        Some(Admitted {
            stream,
            session,
            shared: Arc::clone(&self.shared),
        })
    }

    /// The rustls configuration for one connection. It belongs to the generation in
    /// force: take a new one for each connection.
    ///
    /// # Errors
    /// When rustls refuses the configuration, which [`Acceptor::new`] has tried already.
    pub fn rustls_config(&self) -> Result<Arc<rustls::ServerConfig>, ServerError> {
        self.shared
            .current()
            .connection_config(&Attempt::new())
            .map_err(|error| ServerError::Tls(error.to_string()))
    }
}

impl Admitted {
    /// Who it is; `None` for an anonymous client.
    pub fn identity(&self) -> Option<&PeerIdentity> {
        self.session.identity()
    }

    /// Whether the client may still be here under the configuration of now. Ask before
    /// each request on a connection that lasts.
    ///
    /// # Errors
    /// The refusal, when it may not.
    pub fn check(&self) -> Result<(), super::Refusal> {
        self.session.check(&self.shared.current())
    }
}
