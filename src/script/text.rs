//! Scripts as text: TOML, with an error that names line and field.

use super::{Script, Step};

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
    /// The script cannot be written as TOML.
    #[error("the script cannot be written: {0}")]
    Unwritable(String),
}

/// How many steps a script may have.
pub const MAX_STEPS: usize = 256;

/// How many messages a script may send, repetitions counted.
const MAX_MESSAGES: u64 = 100_000;

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
        match messages.sum() {
            messages if messages > MAX_MESSAGES => Err(ScriptError::TooManyMessages(messages)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::script::Side;

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
