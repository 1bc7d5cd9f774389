//! The table of engines. A new engine is one file and one line here.

use std::{num::NonZeroUsize, time::Duration};

use super::{Engine, python};
use crate::{spelling, stop::Stop};

/// One engine that gatecrash knows how to ask.
#[derive(Clone, Copy, Debug)]
pub struct Adapter {
    /// Its name, as `--engine` takes it.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Whether a run asks it without being told to.
    pub by_default: bool,
    /// Starts it.
    pub open: fn(&EngineOptions) -> Result<Box<dyn Engine>, Unavailable>,
}

/// What the user may set for engines.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EngineOptions {
    /// How long a process or an endpoint may think about one case.
    pub timeout: Duration,
    /// How many cases may be judged side by side.
    pub jobs: NonZeroUsize,
    /// Ends waits for an answer once it is set.
    pub stop: Stop,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            jobs: NonZeroUsize::MIN,
            stop: Stop::NEVER,
        }
    }
}

impl EngineOptions {
    /// Another time allowed for one case.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Another number of cases side by side.
    #[must_use]
    pub fn jobs(mut self, jobs: NonZeroUsize) -> Self {
        self.jobs = jobs;
        self
    }

    /// Lets somebody end waits for an answer.
    #[must_use]
    pub fn stop(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }
}

/// An engine that cannot be asked here, and what would change that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}; {remedy}")]
pub struct Unavailable {
    /// What is missing.
    pub why: String,
    /// The command or the step that brings it.
    pub remedy: String,
}

impl Unavailable {
    /// Something is missing, and this brings it.
    pub fn new(why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            remedy: remedy.into(),
        }
    }
}

/// A name that no engine has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no engine is called `{name}`{}", spelling::did_you_mean(*.nearest))]
pub struct UnknownEngine {
    /// The name that was given.
    pub name: String,
    /// The name that was probably meant.
    pub nearest: Option<&'static str>,
}

/// A server of other people. Like pyca it may be missing, and a process a case makes it slow.
macro_rules! loopback {
    ($name:literal, $summary:literal) => {
        Adapter {
            name: $name,
            summary: $summary,
            by_default: false,
            open: |options| on_loopback($name, options),
        }
    };
}

/// Every engine, in the order in which reports show them.
pub const ENGINES: &[Adapter] = &[
    Adapter {
        name: "reference",
        summary: "the reference validator: RFC 5280, every violated rule with its clause",
        by_default: true,
        open: reference,
    },
    Adapter {
        name: "webpki",
        summary: "rustls-webpki, called as rustls calls it",
        by_default: true,
        open: webpki,
    },
    Adapter {
        name: "rustls",
        summary: "rustls: WebPkiClientVerifier and WebPkiServerVerifier",
        by_default: true,
        open: rustls,
    },
    Adapter {
        name: "aws-lc",
        summary: "AWS-LC: X509_verify_cert, every check on",
        by_default: true,
        open: aws_lc,
    },
    Adapter {
        name: "server",
        summary: "the reference mTLS server, over a handshake on the loopback",
        by_default: true,
        open: server,
    },
    Adapter {
        name: "pyca",
        summary: "pyca/cryptography, as a worker in Python",
        // Whether it is there depends on the machine, and the findings of a run must not.
        by_default: false,
        open: |options| python::PYCA.open(options),
    },
    loopback!(
        "koa",
        "Koa on Node's https, over a handshake on the loopback"
    ),
    loopback!("go", "Go's crypto/tls, over a handshake on the loopback"),
    loopback!("java", "the JDK's JSSE, over a handshake on the loopback"),
    loopback!(
        "openssl",
        "OpenSSL's s_server, over a handshake on the loopback"
    ),
    loopback!("gnutls", "GnuTLS, over a handshake on the loopback"),
    loopback!("nginx", "nginx, over a handshake on the loopback"),
    loopback!("apache", "Apache httpd, over a handshake on the loopback"),
    loopback!("haproxy", "HAProxy, over a handshake on the loopback"),
];

/// The engine of this name.
///
/// # Errors
/// When there is none: the error suggests one.
pub fn find(name: &str) -> Result<&'static Adapter, UnknownEngine> {
    ENGINES
        .iter()
        .find(|adapter| adapter.name == name)
        .ok_or_else(|| UnknownEngine {
            name: name.to_owned(),
            nearest: spelling::nearest(name, ENGINES.iter().map(|adapter| adapter.name)),
        })
}

/// Opens the engine of this name: one of [`ENGINES`], or a server of `engines/servers` in a
/// configuration of its own, such as `nginx-session-cache`.
///
/// # Errors
/// When there is none of this name, or when it cannot be asked here.
pub fn open(name: &str, options: &EngineOptions) -> Result<Box<dyn Engine>, OpenError> {
    let opened = match find(name) {
        Ok(adapter) => (adapter.open)(options),
        Err(_) if configurations().any(|known| known == name) => on_loopback(name, options),
        Err(unknown) => {
            return Err(OpenError::Unknown(UnknownEngine {
                nearest: unknown
                    .nearest
                    .or_else(|| spelling::nearest(name, configurations())),
                ..unknown
            }));
        }
    };
    opened.map_err(OpenError::Unavailable)
}

/// An engine that is not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// There is none of this name.
    #[error(transparent)]
    Unknown(#[from] UnknownEngine),
    /// It cannot be asked here.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The names of the servers' configurations.
#[cfg(feature = "server")]
fn configurations() -> impl Iterator<Item = &'static str> {
    super::loopback::configurations().map(|known| known.name())
}

#[cfg(not(feature = "server"))]
fn configurations() -> impl Iterator<Item = &'static str> {
    std::iter::empty()
}

/// The early `Err` of an engine whose Cargo feature is off.
#[allow(dead_code, reason = "a build with every engine lacks none")]
fn built_without(feature: &str) -> Unavailable {
    Unavailable::new(
        format!("this build lacks the Cargo feature `{feature}`"),
        format!("cargo build --release --features {feature}"),
    )
}

/// An opener that answers with [`built_without`] when its feature is off.
macro_rules! openers {
    ($($name:ident($options:ident) if $feature:literal => $open:expr;)*) => {
        $(
            #[cfg(feature = $feature)]
            fn $name($options: &EngineOptions) -> Result<Box<dyn Engine>, Unavailable> {
                $open
            }
            #[cfg(not(feature = $feature))]
            fn $name(_: &EngineOptions) -> Result<Box<dyn Engine>, Unavailable> {
                Err(built_without($feature))
            }
        )*
    };
}

#[cfg(feature = "server")]
fn on_loopback(name: &str, options: &EngineOptions) -> Result<Box<dyn Engine>, Unavailable> {
    let engine = super::loopback::LoopbackEngine::open(name, options.timeout, options.stop)?;
    Ok(Box::new(engine))
}

#[cfg(not(feature = "server"))]
fn on_loopback(_: &str, _: &EngineOptions) -> Result<Box<dyn Engine>, Unavailable> {
    Err(built_without("server"))
}

openers! {
    server(options) if "server" => Ok(Box::new(super::server::ServerEngine::open(options.timeout)?.stop(options.stop)));
    reference(_options) if "reference" => Ok(Box::new(super::reference::Reference::default()));
    webpki(_options) if "rustls" => Ok(Box::new(super::webpki::Webpki::default()));
    aws_lc(_options) if "aws-lc" => Ok(Box::new(super::aws_lc::AwsLc::default()));
    rustls(_options) if "rustls" => Ok(Box::new(super::rustls::engine()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_an_engine_answers_to_its_name() {
        for (index, adapter) in ENGINES.iter().enumerate() {
            assert!(
                ENGINES[..index]
                    .iter()
                    .all(|other| other.name != adapter.name),
                "{}",
                adapter.name
            );
            match (adapter.open)(&EngineOptions::default()) {
                Ok(engine) => {
                    assert_eq!(engine.name(), adapter.name);
                    assert!(!engine.version().is_empty(), "{}", adapter.name);
                }
                Err(unavailable) => assert!(!unavailable.remedy.is_empty(), "{}", adapter.name),
            }
        }
    }

    #[test]
    fn a_name_that_no_engine_has_gets_a_suggestion() {
        let error = find("webpik").expect_err("no such engine");
        assert_eq!(
            error.to_string(),
            "no engine is called `webpik`; did you mean `webpki`?"
        );
        assert_eq!(find("rustls").map(|adapter| adapter.name), Ok("rustls"));
    }
}
