//! A server's configuration once everything is at hand: DER instead of paths.
//!
//! [`Settings`](super::Settings) is what a person writes; this is what comes of
//! reading the files, and what a program that embeds the server builds directly.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use crate::{openapi::Document, validator::ParsedCrl};

use super::{
    error::ServerError,
    key::ServerCredentials,
    limit::Limits,
    roles::Roles,
    scrutiny::Origins,
    settings::Settings,
    stamp::Stamp,
    trust::{Policy, Trust, VerifierFactory},
};

/// Seven days, the longest that a ticket may live.
// RFC 8446 section 4.6.1
const LONGEST_RESUMPTION: Duration = Duration::from_secs(604_800);

/// The lowest protocol version that is spoken.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
)]
pub enum MinimumVersion {
    /// TLS 1.2 with ECDHE and an AEAD, beside TLS 1.3.
    #[serde(rename = "1.2")]
    Tls12,
    /// TLS 1.3 only.
    #[default]
    #[serde(rename = "1.3")]
    Tls13,
}

/// Whether credentials, anchors and CRLs are looked at before they come into force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scrutiny {
    /// What is out of date, falsely signed, of the wrong kind, or older than what is in force is
    /// refused, and the state before it stays.
    #[default]
    Full,
    /// All that can be read is taken, and refused client by client. For trying how a server
    /// bears bad evidence.
    Waived,
}

/// Everything a [`Server`](super::Server) needs.
#[derive(Clone)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Where to listen. Port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where to answer `/healthz` and `/metrics` in plain HTTP, if anywhere.
    pub status_listen: Option<SocketAddr>,
    /// Whether that may be another address than one of the loopback.
    pub status_beyond_loopback: bool,
    /// What the server shows of itself.
    pub credentials: ServerCredentials,
    /// What clients are judged against.
    pub trust: Trust,
    /// What is asked of clients.
    pub policy: Policy,
    /// Whether all this is looked at before it comes into force.
    pub scrutiny: Scrutiny,
    /// The lowest protocol version.
    pub minimum_version: MinimumVersion,
    /// What clients may cost.
    pub limits: Limits,
    /// How long a ticket may stand for a full handshake, at most seven days. `None` mints no tickets.
    pub resumption: Option<Duration>,
    /// The operations to serve and to guard.
    pub document: Option<Arc<Document>>,
    /// Which identities hold which roles of the document.
    pub roles: Roles,
    /// Routes of a program's own, in place of `/whoami` and the document. Each request that
    /// reaches them is from a client judged good, and carries its
    /// [`PeerIdentity`](super::PeerIdentity) as an extension.
    pub application: Option<axum::Router>,
    /// Where all this was read from, to read it again.
    pub(crate) settings: Option<Arc<Settings>>,
    pub(crate) origins: Origins,
    /// The files as they were before they were read.
    pub(crate) stamps: Vec<Option<Stamp>>,
    /// The CRLs of the trust as they were read from their files.
    pub(crate) read: Vec<ParsedCrl>,
    /// Another way of making verifiers than the server's own.
    pub(crate) verifier: Option<VerifierFactory>,
}

impl ServerConfig {
    /// A server on a free port of the loopback, strict in everything.
    pub fn new(credentials: ServerCredentials, trust: Trust) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            status_listen: None,
            status_beyond_loopback: false,
            credentials,
            trust,
            policy: Policy::default(),
            scrutiny: Scrutiny::default(),
            minimum_version: MinimumVersion::default(),
            limits: Limits::default(),
            resumption: Some(Duration::from_secs(3600)),
            document: None,
            roles: Roles::default(),
            application: None,
            settings: None,
            origins: Origins::default(),
            stamps: Vec::new(),
            read: Vec::new(),
            verifier: None,
        }
    }

    /// The same with another way of making verifiers.
    #[must_use]
    pub fn with_verifier(mut self, verifier: VerifierFactory) -> Self {
        self.verifier = Some(verifier);
        self
    }

    /// The keys whose change another configuration would bring, and a running server cannot make.
    pub(crate) fn needs_restart_for(&self, next: &Self) -> impl Iterator<Item = &'static str> {
        let changes = [
            ("listen", self.listen != next.listen),
            ("status-listen", self.status_listen != next.status_listen),
            (
                "limits.connections",
                self.limits.connections != next.limits.connections,
            ),
            (
                "limits.handshakes",
                self.limits.handshakes != next.limits.handshakes,
            ),
        ];
        changes
            .into_iter()
            .filter_map(|(key, changed)| changed.then_some(key))
    }

    /// Whether the parts fit each other.
    ///
    /// # Errors
    /// A sentence that says what to change.
    pub fn check(&self) -> Result<(), ServerError> {
        self.limits.check().map_err(ServerError::Settings)?;
        if self.resumption > Some(LONGEST_RESUMPTION) {
            return Err(ServerError::Settings(format!(
                "resumption-seconds = {} is too long; at most {} (RFC 8446 section 4.6.1)",
                self.resumption.unwrap_or_default().as_secs(),
                LONGEST_RESUMPTION.as_secs(),
            )));
        }
        if let Some(address) = self.status_listen
            && !address.ip().is_loopback()
            && !self.status_beyond_loopback
        {
            return Err(ServerError::Settings(format!(
                "status-listen = {address} is not a loopback address, and health and metrics are plain HTTP; say status-beyond-loopback if that is meant"
            )));
        }
        if let Some(document) = &self.document {
            super::operations::check_document(document, self).map_err(ServerError::Settings)?;
        }
        Ok(())
    }
}

impl fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerConfig")
            .field("listen", &self.listen)
            .field("policy", &self.policy)
            .field("minimum_version", &self.minimum_version)
            .field("limits", &self.limits)
            .field("resumption", &self.resumption)
            .finish_non_exhaustive()
    }
}
