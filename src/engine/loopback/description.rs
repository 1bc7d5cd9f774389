//! What a description of a server says.
//!
//! A text may hold placeholders, `{port}` or a name of `set`. A configuration is
//! the description of its kind with some of `set` replaced.

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;

/// The description of one kind of server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kind {
    /// Its name, such as `nginx`.
    pub(super) kind: String,
    /// The program that must be there.
    pub(super) program: String,
    /// The command that brings what is missing.
    pub(super) remedy: String,
    /// The command that tells its version.
    pub(super) version: Vec<String>,
    /// The folder of this repository that holds its sources.
    pub(super) folder: Option<String>,
    /// What must be in that folder beside them.
    pub(super) needs: Option<String>,
    /// The command that builds it, run in that folder.
    #[serde(default)]
    pub(super) build: Vec<String>,
    /// The command that starts it and stays in the foreground.
    pub(super) command: Vec<String>,
    /// When it is ready.
    pub(super) ready: Ready,
    /// How it is made to read its files anew.
    pub(super) reload: Reload,
    /// Values of placeholders.
    #[serde(default)]
    pub(super) set: BTreeMap<String, String>,
    /// What changes when CRLs are given. Without it the server takes none.
    pub(super) with_crl: Option<Addition>,
    /// How it is told the validation time. Without it the system's clock is faked.
    pub(super) with_time: Option<Addition>,
    /// Variables of its environment.
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
    /// Files that are written before it starts, by their path in its own folder.
    #[serde(default)]
    pub(super) files: BTreeMap<String, String>,
    /// How its answer tells who was authenticated.
    #[serde(default)]
    pub(super) authenticated: Authenticated,
    /// Its configurations.
    pub(super) configuration: Vec<Variation>,
}

/// What is added under a condition.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Addition {
    /// Values of placeholders.
    #[serde(default)]
    pub(super) set: BTreeMap<String, String>,
    /// Arguments at the end of the command.
    #[serde(default)]
    pub(super) arguments: Vec<String>,
}

/// One configuration of a kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Variation {
    pub(super) name: String,
    pub(super) summary: String,
    #[serde(default)]
    pub(super) faults: Vec<Fault>,
    #[serde(default)]
    pub(super) set: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) arguments: Vec<String>,
}

/// When a server is ready.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(super) enum Ready {
    /// Its port takes a connection.
    Port,
    /// It has written this.
    Line(String),
}

impl From<String> for Ready {
    fn from(text: String) -> Self {
        if text == "port" {
            Self::Port
        } else {
            Self::Line(text)
        }
    }
}

/// How a server reads its files anew.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Reload {
    /// SIGHUP, and then it writes this once more.
    Hangup(String),
    /// It is ended, and started again on the same port.
    Restart,
}

/// How an answer tells who was authenticated: a header `X-Client-Verify: SUCCESS`
/// where nothing else is said.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Authenticated {
    /// What the body holds when the client is authenticated.
    pub(super) body: Option<String>,
    /// What it holds although it seems so, when there was no certificate.
    pub(super) anonymous: Option<String>,
}

/// A server in one configuration, known but not started.
#[derive(Clone, Copy)]
pub struct Configuration {
    pub(super) kind: &'static Kind,
    pub(super) variation: &'static Variation,
}

impl Configuration {
    /// Its name, such as `nginx-no-crl`.
    pub fn name(&self) -> &'static str {
        &self.variation.name
    }

    /// What the server is, such as `nginx`.
    pub fn kind(&self) -> &'static str {
        &self.kind.kind
    }

    /// What is special about it, in one line.
    pub fn summary(&self) -> &'static str {
        &self.variation.summary
    }

    /// What is wrong with it, known by construction. Nothing in a right configuration.
    pub fn faults(&self) -> &'static [Fault] {
        &self.variation.faults
    }

    /// Whether it takes CRLs.
    pub fn takes_crls(&self) -> bool {
        self.kind.with_crl.is_some()
    }

    /// Whether an answer of HTTP says that the client was authenticated. Status and header lines come first.
    pub fn authenticates(&self, response: &[u8]) -> bool {
        let text = String::from_utf8_lossy(response);
        let Authenticated { body, anonymous } = &self.kind.authenticated;
        match body {
            None => text
                .lines()
                .take_while(|line| !line.is_empty())
                .any(|line| line.eq_ignore_ascii_case("x-client-verify: success")),
            Some(body) => {
                let anonymous = anonymous.as_ref();
                text.contains(body) && !anonymous.is_some_and(|words| text.contains(words))
            }
        }
    }

    /// Whether a reload keeps the process, so that it may keep sessions too.
    pub fn reloads_in_place(&self) -> bool {
        matches!(self.kind.reload, Reload::Hangup(_))
    }
}

impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Configuration").field(&self.name()).finish()
    }
}

/// What is wrong with a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Fault {
    /// A client without a certificate is served.
    NoCertificate,
    /// A client with any certificate whatever is served.
    AnyCertificate,
    /// A revoked certificate is let in.
    RevocationUnchecked,
    /// A certificate of the right CA is let in whoever it names.
    AnyIdentity,
    /// Keys of less than 112 bits of strength are let in.
    WeakKeys,
    /// TLS 1.1 or older is spoken.
    OldProtocols,
    /// A suite is taken that has no authentication, no encryption, or a broken one.
    WeakSuites,
    /// A ticket of before a revocation still authenticates after it.
    TicketOutlivesRevocation,
    /// A ticket of a CA that is trusted no longer still authenticates.
    TicketOutlivesAuthority,
    /// A session without a certificate is authenticated once it is resumed.
    ResumptionAuthenticates,
    /// The name of the handshake and the Host of the request may disagree.
    NameBypass,
    /// Early data is acted on, which anybody may replay.
    EarlyData,
}
