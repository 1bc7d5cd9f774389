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
    #[error("the command for `{name}` has a {mark} that is never closed")]
    Unclosed {
        /// The engine's name.
        name: String,
        /// The mark.
        mark: char,
    },
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
        let words = match split(command) {
            Ok(words) => words,
            Err(mark) => return Err(InvalidCommand::Unclosed { name, mark }),
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

impl fmt::Display for NamedCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.program)?;
        self.arguments
            .iter()
            .try_for_each(|argument| write!(f, " {argument}"))
    }
}

/// Words between white space; quotation marks hold words together and a backslash
/// takes the next character as it is, save between single ones (POSIX shell section 2.2).
fn split(command: &str) -> Result<Vec<String>, char> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = command.chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(mark), _) if c == mark => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, _) if c.is_whitespace() => words.extend(word.take()),
            (None, '\\') => word
                .get_or_insert_default()
                .push(characters.next().ok_or('\\')?),
            (Some('"'), '\\') => {
                let next = characters.next().ok_or('"')?;
                let word = word.get_or_insert_default();
                if !matches!(next, '"' | '\\' | '$' | '`') {
                    word.push('\\');
                }
                word.push(next);
            }
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.map_or(Ok(words), Err)
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
            (
                "a=b 'c",
                InvalidCommand::Unclosed {
                    name: "a".into(),
                    mark: '\'',
                },
            ),
            (
                "a=b \"c",
                InvalidCommand::Unclosed {
                    name: "a".into(),
                    mark: '"',
                },
            ),
            (
                "a=b \\",
                InvalidCommand::Unclosed {
                    name: "a".into(),
                    mark: '\\',
                },
            ),
        ];
        for (text, error) in table {
            assert_eq!(text.parse::<NamedCommand>(), Err(error));
        }
    }
}
