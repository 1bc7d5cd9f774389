//! Everything that can be asked for a verdict, each behind the trait [`Engine`].
//!
//! One file an adapter, one line in the table of engines.

mod answer;
mod check;
mod command;
#[cfg(any(feature = "reference", feature = "aws-lc"))]
mod demand;
#[cfg(feature = "rustls")]
mod handshake;
#[cfg(feature = "rustls")]
mod in_memory;
#[cfg(any(feature = "reference", feature = "aws-lc"))]
mod memory;
mod process;
mod python;
#[cfg(feature = "rustls")]
mod rustls_reason;
mod seen;
mod table;
#[cfg(feature = "server")]
mod visit;
#[cfg(feature = "rustls")]
mod webpki_reason;

#[cfg(feature = "aws-lc")]
pub mod aws_lc;
pub mod harness;
#[cfg(feature = "server")]
pub mod loopback;
#[cfg(feature = "reference")]
pub mod reference;
#[cfg(feature = "rustls")]
pub mod rustls;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "rustls")]
pub mod toy;
#[cfg(feature = "rustls")]
pub mod verifier;
#[cfg(feature = "rustls")]
pub mod webpki;
pub mod worker;

use std::{fmt, sync::MutexGuard};

use serde::Serialize;

pub use check::{Step, check_worker};
pub use command::{InvalidCommand, NamedCommand};
pub use seen::Seen;
pub use table::{
    Adapter, ENGINES, EngineOptions, OpenError, Unavailable, UnknownEngine, find, open,
};

use crate::{
    case::Case,
    verdict::{Reason, Verdict},
};

/// An implementation under test.
///
/// Only `name` and `judge` are needed. An adapter that can tell more than the
/// verdict overrides [`Engine::observe`].
pub trait Engine: Send + Sync {
    /// A short name in kebab case, distinct within a run.
    fn name(&self) -> &str;

    /// The version of what is behind the adapter, for the report.
    fn version(&self) -> String {
        String::new()
    }

    /// What it supports. A case that needs more is not shown to it.
    fn capabilities(&self) -> &[Capability] {
        Capability::USUAL
    }

    /// Judges one case.
    ///
    /// # Errors
    /// When the adapter broke. A rejection is a value.
    fn judge(&self, case: &Case) -> Result<Verdict, EngineError>;

    /// Judges one case and tells what it knows beside the verdict.
    ///
    /// # Errors
    /// As [`Engine::judge`].
    fn observe(&self, case: &Case) -> Result<Observation, EngineError> {
        self.judge(case).map(Observation::from)
    }

    /// The turn to ask an engine that answers one question at a time. Whoever measures waits
    /// for it before the clock starts, so that no answer is charged with those before it.
    fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        None
    }

    /// Whether it came as far as signatures before it gave this answer, where it
    /// can tell: a case that fails before proves little about what comes after.
    fn reached_signatures(&self, _: &Observation) -> Option<bool> {
        None
    }

    /// Whether it goes on after the first violated rule and states every reason,
    /// so that it shows whether a case is wrong in one way alone.
    fn states_every_reason(&self) -> bool {
        false
    }
}

/// A verdict with the engine's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The verdict.
    pub verdict: Verdict,
    /// Every reason that the engine gave, the verdict's first. Most engines stop at one.
    pub reasons: Vec<Reason>,
    /// The engine's own words, such as the name of its error.
    pub detail: String,
    /// What was seen of the handshake, where there was one.
    pub handshake: Option<Seen>,
}

impl From<Verdict> for Observation {
    fn from(verdict: Verdict) -> Self {
        Self {
            reasons: verdict.reason().into_iter().collect(),
            verdict,
            detail: String::new(),
            handshake: None,
        }
    }
}

impl Observation {
    /// A rejection for several reasons, the most usual first, with the engine's own words.
    pub fn rejected_for(reasons: &[Reason], detail: impl Into<String>) -> Self {
        let first = reasons.first().copied().unwrap_or(Reason::Unstated);
        Self {
            verdict: Verdict::Reject(first),
            reasons: reasons.to_vec(),
            detail: detail.into(),
            handshake: None,
        }
    }

    /// A rejection with the engine's own words.
    pub fn rejected(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            ..Verdict::Reject(reason).into()
        }
    }
}

/// What an engine supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Capability {
    /// It judges certificates of TLS clients.
    Client,
    /// It judges certificates of TLS servers.
    Server,
    /// It checks revocation by CRL.
    Crl,
    /// It checks the peer's name.
    Name,
    /// It checks certificate policies.
    Policies,
    /// It says why it refuses.
    Reason,
    /// It checks revocation by a stapled OCSP response.
    Ocsp,
    /// It compares the peer's identity with those that are let in.
    Identity,
    /// It shakes hands, so that a peer can be wrong in more than its certificates.
    Handshake,
}

impl Capability {
    /// What an engine has that does not say otherwise: all but stapled OCSP
    /// responses, identities and handshakes, which few verifiers can be given.
    pub const USUAL: &'static [Self] = &[
        Self::Client,
        Self::Server,
        Self::Crl,
        Self::Name,
        Self::Policies,
        Self::Reason,
    ];

    /// All that a chain and a question can ask for: all of them but handshakes.
    pub const OF_CHAINS: &'static [Self] = &[
        Self::Client,
        Self::Server,
        Self::Crl,
        Self::Name,
        Self::Policies,
        Self::Reason,
        Self::Ocsp,
        Self::Identity,
    ];
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Crl => "crl",
            Self::Name => "name",
            Self::Policies => "policies",
            Self::Reason => "reason",
            Self::Ocsp => "ocsp",
            Self::Identity => "identity",
            Self::Handshake => "handshake",
        })
    }
}

/// An adapter that broke, or an engine that died on a case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The engine died, hung or panicked on this case: a `crash` finding.
    #[error("crashed: {0}")]
    Crashed(String),
    /// The adapter could not do its work, and the case is not to blame.
    #[error("broke: {0}")]
    Broke(String),
    /// Somebody ended the wait for the answer: there is none, and nobody is to blame.
    #[error("the wait for the answer was ended")]
    Interrupted,
}
