//! Scripts as text: TOML, with an error that names line and field.

use super::{Chain, Edit, Extension, Hello, Message, Script, Sending, Step};

/// Text that is no script, or a script that is out of bounds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
    /// The text is not a script; the message names line and field.
    #[error("{0}")]
    Text(String),
    /// More steps than a script may have.
    #[error("{0} steps are more than the {MAX_STEPS} that a script may have")]
    TooManySteps(usize),
    /// More messages than a script may send.
    #[error("{0} messages are more than the {MAX_MESSAGES} that a script may send")]
    TooManyMessages(u64),
    /// More octets than a script may send.
    #[error("{0} octets are more than the {MAX_OCTETS} that a script may send")]
    TooManyOctets(u64),
    /// The script cannot be written as TOML.
    #[error("the script cannot be written: {0}")]
    Unwritable(String),
}

/// How many steps a script may have.
pub const MAX_STEPS: usize = 256;

/// How many messages a script may send, repetitions counted.
const MAX_MESSAGES: u64 = 100_000;

/// How many octets a script may send, as far as it tells: eight of the longest messages there are.
const MAX_OCTETS: u64 = 8 << 24;

/// What a certificate of a chain is taken for.
const CERTIFICATE: u64 = 1024;

fn extensions(extensions: &[Extension]) -> usize {
    let octets = extensions.iter().map(|extension| extension.body.0.len());
    octets.sum()
}

impl Sending {
    /// How many octets it sends, repetitions counted, as far as it tells.
    fn octets(&self, hello: &Hello) -> u64 {
        let told = match &self.message {
            Message::ClientHello | Message::Renegotiation { .. } | Message::ServerHello { .. } => {
                let shares = hello
                    .shares
                    .iter()
                    .filter_map(|share| share.octets.as_ref());
                let shares: usize = shares.map(|octets| octets.0.len()).sum();
                (extensions(&hello.extensions) + extensions(&hello.last_extensions) + shares) as u64
            }
            Message::Certificate {
                chain,
                extensions: of_entry,
                ..
            } => {
                let more = match chain {
                    Chain::Repeating(times) => u64::from(*times) * CERTIFICATE,
                    _ => 0,
                };
                extensions(of_entry) as u64 + more
            }
            Message::EncryptedExtensions { extensions: of } => extensions(of) as u64,
            Message::CertificateRequest {
                context,
                extensions: of,
            } => (context.0.len() + extensions(of)) as u64,
            Message::CompressedCertificate { octets, .. } | Message::Octets(octets) => {
                octets.0.len() as u64
            }
            Message::NewSessionTicket { ticket, .. } => ticket.0.len() as u64,
            Message::ApplicationData { text } => text.len() as u64,
            Message::Handshake { body, .. } | Message::Record { body, .. } => body.0.len() as u64,
            Message::Protected { body, padding, .. } => body.0.len() as u64 + u64::from(*padding),
            _ => 0,
        };
        let edits = self.edits.iter().map(|edit| match edit {
            Edit::Append(octets) => octets.0.len() as u64,
            Edit::Pad(octets) => u64::from(*octets),
            _ => 0,
        });
        u64::from(self.times).saturating_mul(edits.fold(told, u64::saturating_add))
    }
}

impl Script {
    /// Reads a script from TOML.
    ///
    /// # Errors
    /// When the text is not TOML, a field is unknown or missing, or the script is out of bounds.
    pub fn from_toml(text: &str) -> Result<Self, ScriptError> {
        let script: Self = toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .map_or(1, |span| crate::spelling::line_at(text, span.start));
            ScriptError::Text(format!("line {line}: {}", error.message()))
        })?;
        script.check()?;
        Ok(script)
    }

    /// Writes the script as TOML that reads back the same.
    ///
    /// # Errors
    /// When a value has no form in TOML.
    pub fn to_toml(&self) -> Result<String, ScriptError> {
        toml::to_string(self).map_err(|error| ScriptError::Unwritable(error.to_string()))
    }

    /// Whether the script is within bounds, so that any script is played quickly.
    ///
    /// # Errors
    /// When it has too many steps or messages.
    pub fn check(&self) -> Result<(), ScriptError> {
        if self.steps.len() > MAX_STEPS {
            return Err(ScriptError::TooManySteps(self.steps.len()));
        }
        let messages = self.steps.iter().map(|step| match step {
            Step::Send(sending) => u64::from(sending.times),
            _ => 0,
        });
        let octets = self.steps.iter().map(|step| match step {
            Step::Send(sending) => sending.octets(&self.hello),
            _ => 0,
        });
        match (messages.sum(), octets.fold(0, u64::saturating_add)) {
            (messages, _) if messages > MAX_MESSAGES => Err(ScriptError::TooManyMessages(messages)),
            (_, octets) if octets > MAX_OCTETS => Err(ScriptError::TooManyOctets(octets)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::script::{HandshakeKind, Side};

    #[test]
    fn wrong_text_is_refused_with_its_line() {
        let good = Script::client().to_toml().expect("writes");
        let mut flooding = Script::client();
        for step in &mut flooding.steps {
            if let Step::Send(sending) = step {
                sending.times = 60_000;
            }
        }
        let flood = flooding.to_toml().expect("writes");
        let repeated = |message: Message| {
            let mut script = Script::client();
            let mut sending = Sending::from(message);
            sending.times = u16::MAX;
            script.steps.push(Step::Send(sending));
            script.to_toml().expect("writes")
        };
        let mut padded = Script::client();
        for _ in 0..100 {
            padded.edit(HandshakeKind::CLIENT_HELLO, Edit::Pad(1 << 24));
        }
        let padded = padded.to_toml().expect("writes");
        let table = [
            (String::new(), "line 1"),
            (good.replace("side", "sight"), "sight"),
            (
                good.replace("\"client-hello\"", "\"client-hallo\""),
                "client-hallo",
            ),
            (
                good.replacen("tls-1.3", "tls-1.4", 1),
                "is no protocol version",
            ),
            (
                good.clone() + &"[[step]]\nclose = {}\n".repeat(MAX_STEPS),
                "more than the 256",
            ),
            (flood, "more than the 100000"),
            (
                repeated(Message::certificate_of(Chain::Repeating(65535))),
                "octets are more than",
            ),
            (
                repeated(Message::ApplicationData {
                    text: "x".repeat(100_000),
                }),
                "octets are more than",
            ),
            (padded, "octets are more than"),
        ];
        for (text, expected) in table {
            let error = Script::from_toml(&text).expect_err(expected).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn honest_scripts_read_back() {
        for side in [Side::Client, Side::Server] {
            let script = Script::honest(side);
            let text = script.to_toml().expect("writes");
            assert_eq!(Script::from_toml(&text), Ok(script), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_script_that_reads_back(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let script = Script::from_bytes(&bytes);
            prop_assert_eq!(script.check(), Ok(()));
            let text = script.to_toml().expect("writes");
            prop_assert_eq!(Script::from_toml(&text).expect("reads"), script);
        }
    }
}
