//! A handshake as a script: typed steps that can be left out, repeated, moved,
//! altered, split over records and delayed.
//!
//! A script is data and text. It says what one peer does, and nothing of how the
//! bytes come about: that is for whoever plays it.

mod code_point;
mod edit;
mod end;
mod generate;
mod hello;
mod honest;
mod meaning;
mod message;
mod text;

use serde::{Deserialize, Serialize};

pub use code_point::{
    Alert, CipherSuite, ExtensionKind, HandshakeKind, InvalidCodePoint, NamedGroup,
    ProtocolVersion, RecordKind, SignatureScheme,
};
pub use edit::Edit;
pub use end::{End, is_lavish};
pub use generate::{MAX_CHANGES, Start};
pub use hello::{Binder, Binding, Extension, Hello, PskOffer, Second, Share};
pub use message::{Chain, Context, Message, Proof, Signer, Transcript};
pub use text::{MAX_STEPS, ScriptError};

/// What one peer does, from its first octet to its last.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Script {
    /// Which peer it is.
    pub side: Side,
    /// What its first message says.
    pub hello: Hello,
    /// What it does.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// One of two peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// It speaks first.
    Client,
    /// It answers.
    Server,
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Step {
    /// Sends a message.
    Send(Sending),
    /// Reads until a message of this kind has come.
    Expect(Awaited),
    /// Does nothing for so many milliseconds, over a network. In memory no time passes.
    Delay {
        /// How long.
        milliseconds: u16,
    },
    /// Closes its direction without a word.
    Close {},
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Awaited {
    /// A handshake message of this kind.
    Message(HandshakeKind),
    /// Application data.
    ApplicationData,
}

/// A message and how it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sending {
    /// What is sent.
    pub message: Message,
    /// How often, one after the other.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub times: u16,
    /// What is changed in its octets, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edit>,
    /// The keys under which it is sent; those of its place in a handshake when absent.
    /// Where they do not exist yet, the latest that do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    /// The most octets of it in one record; as many as fit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fragment: Option<u16>,
    /// Whether it shares its records with what is sent next.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joined: bool,
}

fn one() -> u16 {
    1
}

fn is_one(times: &u16) -> bool {
    *times == 1
}

/// The keys of one part of a connection (RFC 8446 section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Epoch {
    /// No keys.
    Plain,
    /// Of early data.
    Early,
    /// Of the handshake after the hellos.
    Handshake,
    /// Of application data.
    Application,
}

impl From<Message> for Step {
    fn from(message: Message) -> Self {
        Self::Send(message.into())
    }
}

impl From<Message> for Sending {
    fn from(message: Message) -> Self {
        Self {
            message,
            times: 1,
            edits: Vec::new(),
            epoch: None,
            fragment: None,
            joined: false,
        }
    }
}
