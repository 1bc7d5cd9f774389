//! `NAME=CMD`: an engine in another process, as the command line names it.
//!
//! The command is split as a shell would, and no shell runs it: nothing is
//! expanded, so a case's name can never become a command.

use std::{fmt, str::FromStr};

/// A name for an engine and the command that starts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedCommand {
    /// The engine's name in reports.
    pub name: String,
    /// The program.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// Text that is no `NAME=CMD`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCommand {
    /// There is no `=`.
    #[error("`{0}` is not NAME=CMD, as in pyca=\"python3 worker.py\"")]
    NoName(String),
    /// The name is empty, or has other characters than letters, digits, `-`, `_` and `.`.
    #[error("`{0}` is not a name for an engine: use letters, digits and hyphens")]
    BadName(String),
    /// There is nothing to run.
    #[error("the command for `{0}` is empty")]
    Empty(String),
    /// A quotation mark has no partner.
    #[error("the command for `{0}` has a quotation mark that is never closed")]
    Unclosed(String),
}

impl FromStr for NamedCommand {
    type Err = InvalidCommand;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, command) = text
            .split_once('=')
            .ok_or_else(|| InvalidCommand::NoName(text.to_owned()))?;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || !name.chars().all(fits) {
            return Err(InvalidCommand::BadName(name.to_owned()));
        }
        let name = name.to_owned();
        let Some(words) = shlex::split(command) else {
            return Err(InvalidCommand::Unclosed(name));
        };
        let mut words = words.into_iter();
        match words.next() {
            Some(program) if !program.is_empty() => Ok(Self {
                name,
                program,
                arguments: words.collect(),
            }),
            _ => Err(InvalidCommand::Empty(name)),
        }
    }
}

/// The command alone, quoted so that a shell would split it the same.
impl fmt::Display for NamedCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = std::iter::once(&self.program).chain(&self.arguments);
        // A NUL cannot come in by the command line, and could not be started.
        let joined = shlex::try_join(words.map(String::as_str)).map_err(|_| fmt::Error)?;
        f.write_str(&joined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_split_as_a_shell_splits_them() {
        let table: [(&str, &[&str]); 8] = [
            ("n=a b  c", &["a", "b", "c"]),
            ("n=a 'b c' \"d e\"", &["a", "b c", "d e"]),
            ("n=a b'c'\"d\"e", &["a", "bcde"]),
            (
                r#"n=a "\"x\" \n" '\y' z\ z"#,
                &["a", r#""x" \n"#, r"\y", "z z"],
            ),
            ("n=a ''", &["a", ""]),
            ("n=a x=y", &["a", "x=y"]),
            ("n=a $HOME `b` | c", &["a", "$HOME", "`b`", "|", "c"]),
            ("n=\ta\n", &["a"]),
        ];
        for (text, words) in table {
            let command: NamedCommand = text.parse().expect(text);
            assert_eq!(command.name, "n");
            assert_eq!(format!("n={command}").parse(), Ok(command.clone()));
            assert_eq!(
                (command.program.as_str(), &command.arguments[..]),
                (
                    words[0],
                    &words[1..]
                        .iter()
                        .map(|word| (*word).to_owned())
                        .collect::<Vec<_>>()[..]
                )
            );
        }
    }

    #[test]
    fn what_cannot_be_run_is_told_apart() {
        let table = [
            ("python3 x", InvalidCommand::NoName("python3 x".into())),
            ("=x", InvalidCommand::BadName(String::new())),
            ("a b=x", InvalidCommand::BadName("a b".into())),
            ("a=", InvalidCommand::Empty("a".into())),
            ("a=''", InvalidCommand::Empty("a".into())),
            ("a=b 'c", InvalidCommand::Unclosed("a".into())),
            ("a=b \"c", InvalidCommand::Unclosed("a".into())),
            ("a=b \\", InvalidCommand::Unclosed("a".into())),
        ];
        for (text, error) in table {
            assert_eq!(text.parse::<NamedCommand>(), Err(error));
        }
    }
}
