//! PEM, the text form of DER (RFC 7468): strict inside a block, and blind to
//! what stands outside one, as section 2 of that document asks.
//!
//! It stands beside DER and not in a crate, because cases must be read and
//! written by those who take this library without TLS.

use std::fmt::Write as _;

use base64::{DecodeError, Engine as _, engine::general_purpose::STANDARD};

/// The label of a certificate.
pub const CERTIFICATE: &str = "CERTIFICATE";
/// The label of a CRL.
pub const CRL: &str = "X509 CRL";
/// The label of a private key in PKCS #8.
pub const PRIVATE_KEY: &str = "PRIVATE KEY";

/// One block.
#[derive(Clone, PartialEq, Eq)]
pub struct Block {
    /// What stands between `-----BEGIN ` and `-----`.
    pub label: String,
    /// What the base64 holds.
    pub der: Vec<u8>,
}

// A block may hold a private key, which no log may show.
impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Block({}, {} bytes)", self.label, self.der.len())
    }
}

/// Text that is not PEM, or not the PEM that was wanted. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PemError {
    /// Nothing in the text starts a block.
    #[error("no PEM block: no line starts with `-----BEGIN `")]
    NoBlock,
    /// There are blocks, and none has the label wanted.
    #[error("no `{wanted}` block, only {}", quoted(found))]
    NoneWanted {
        /// The label that was looked for.
        wanted: String,
        /// The labels there are.
        found: Vec<String>,
    },
    /// The text ends inside a block.
    #[error("truncated: the `{label}` block that begins in line {line} never ends")]
    Truncated {
        /// The block's label.
        label: String,
        /// Where it begins.
        line: usize,
    },
    /// A block ends with another label than it began with, or another begins inside it.
    #[error("line {line} does not end the `{label}` block")]
    WrongEnd {
        /// The block's label.
        label: String,
        /// The line that should end it.
        line: usize,
    },
    /// A `-----BEGIN` or its label is not well formed.
    #[error("line {line} begins no PEM block properly")]
    BadBegin {
        /// The line.
        line: usize,
    },
    /// The block has headers, as old encrypted keys do.
    #[error("the `{label}` block has headers (line {line}); encrypted keys are not read")]
    Headers {
        /// The block's label.
        label: String,
        /// The first header.
        line: usize,
    },
    /// What stands in the block is not base64.
    #[error("the `{label}` block that begins in line {line} is not base64: {problem}")]
    BadBase64 {
        /// The block's label.
        label: String,
        /// Where it begins.
        line: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// The block holds nothing.
    #[error("the `{label}` block that begins in line {line} is empty")]
    Empty {
        /// The block's label.
        label: String,
        /// Where it begins.
        line: usize,
    },
}

fn quoted(labels: &[String]) -> String {
    labels
        .iter()
        .map(|label| format!("`{label}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Reads every block.
///
/// # Errors
/// When there is none, or one is broken.
pub fn read(text: impl AsRef<[u8]>) -> Result<Vec<Block>, PemError> {
    blocks(text.as_ref(), Empty::Refused)
}

/// What a block that holds nothing is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Empty {
    /// A mistake.
    Refused,
    /// An object of no octets, such as a peer can send.
    Kept,
}

fn blocks(text: &[u8], empty: Empty) -> Result<Vec<Block>, PemError> {
    let mut blocks = Vec::new();
    // The label, the line it began in and the base64 so far.
    let mut open: Option<(String, usize, Vec<u8>)> = None;
    for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let (line, number) = (line.trim_ascii(), index + 1);
        match &mut open {
            None if line.starts_with(b"-----BEGIN") => {
                let label =
                    boundary(line, b"-----BEGIN ").ok_or(PemError::BadBegin { line: number })?;
                open = Some((label, number, Vec::new()));
            }
            None => {}
            Some((label, _, _)) if line.starts_with(b"-----") => {
                if boundary(line, b"-----END ").as_ref() != Some(label) {
                    return Err(PemError::WrongEnd {
                        label: label.clone(),
                        line: number,
                    });
                }
                let closed = open.take().map(|block| close(block, empty));
                blocks.extend(closed.transpose()?);
            }
            Some((label, _, body)) if body.is_empty() && line.contains(&b':') => {
                return Err(PemError::Headers {
                    label: label.clone(),
                    line: number,
                });
            }
            Some((_, _, body)) => body.extend_from_slice(line),
        }
    }
    match open {
        Some((label, line, _)) => Err(PemError::Truncated { label, line }),
        None if blocks.is_empty() => Err(PemError::NoBlock),
        None => Ok(blocks),
    }
}

/// Reads every block with this label, and passes over others.
///
/// # Errors
/// When there is none, or any block is broken.
pub fn read_labelled(text: impl AsRef<[u8]>, wanted: &str) -> Result<Vec<Vec<u8>>, PemError> {
    labelled(read(text)?, wanted)
}

/// The same of what a peer presents, which is to be judged whatever it is: a block may hold nothing.
///
/// # Errors
/// When there is none, or any block is broken.
pub fn read_presented(text: impl AsRef<[u8]>, wanted: &str) -> Result<Vec<Vec<u8>>, PemError> {
    labelled(blocks(text.as_ref(), Empty::Kept)?, wanted)
}

fn labelled(blocks: Vec<Block>, wanted: &str) -> Result<Vec<Vec<u8>>, PemError> {
    if !blocks.iter().any(|block| block.label == wanted) {
        let found = blocks.into_iter().map(|block| block.label).collect();
        return Err(PemError::NoneWanted {
            wanted: wanted.to_owned(),
            found,
        });
    }
    Ok(blocks
        .into_iter()
        .filter(|block| block.label == wanted)
        .map(|block| block.der)
        .collect())
}

/// One block, with lines of 64 characters and a line feed at the end (RFC 7468 section 2).
pub fn write(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut out = String::with_capacity(body.len() + body.len() / 64 + 2 * label.len() + 40);
    let _ = writeln!(out, "-----BEGIN {label}-----");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    let _ = writeln!(out, "-----END {label}-----");
    out
}

fn boundary(line: &[u8], start: &[u8]) -> Option<String> {
    let label = std::str::from_utf8(line.strip_prefix(start)?.strip_suffix(b"-----")?).ok()?;
    let plain = label
        .bytes()
        .all(|byte| byte.is_ascii_graphic() || byte == b' ');
    (plain && !label.is_empty()).then(|| label.to_owned())
}

fn close((label, line, body): (String, usize, Vec<u8>), empty: Empty) -> Result<Block, PemError> {
    if body.is_empty() && empty == Empty::Refused {
        return Err(PemError::Empty { label, line });
    }
    match STANDARD.decode(&body) {
        Ok(der) => Ok(Block { label, der }),
        // The decoder's own words would show a character of what may be a key.
        Err(problem) => Err(PemError::BadBase64 {
            label,
            line,
            problem: match problem {
                DecodeError::InvalidByte(..) => "a character that base64 does not have",
                DecodeError::InvalidLength(_) | DecodeError::InvalidPadding => {
                    "its length does not fit, or padding is missing"
                }
                DecodeError::InvalidLastSymbol { .. } => "bits are left over at the end",
            },
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_around_blocks_is_passed_over() {
        let text = format!(
            "Certificate:\n  Serial: 1\r\n{}\nbye\n{}",
            write(CERTIFICATE, b"one"),
            write(CRL, b"two")
        );
        assert_eq!(read(&text).map(|blocks| blocks.len()), Ok(2));
        assert_eq!(read_labelled(&text, CRL), Ok(vec![b"two".to_vec()]));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let table = [
            ("", "no PEM block: no line starts with `-----BEGIN `"),
            (
                "garbage\u{0}\n",
                "no PEM block: no line starts with `-----BEGIN `",
            ),
            (
                "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
                "no `CERTIFICATE` block, only `X509 CRL`",
            ),
            (
                "\n-----BEGIN CERTIFICATE-----\nAAAA\n",
                "truncated: the `CERTIFICATE` block that begins in line 2 never ends",
            ),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CRL-----\n",
                "line 3 does not end the `CERTIFICATE` block",
            ),
            (
                "-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n",
                "line 2 does not end the `CERTIFICATE` block",
            ),
            (
                "-----BEGIN CERTIFICATE----\nAAAA\n",
                "line 1 begins no PEM block properly",
            ),
            (
                "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n",
                "the `A` block has headers (line 2); encrypted keys are not read",
            ),
            (
                "-----BEGIN A-----\n-----END A-----\n",
                "the `A` block that begins in line 1 is empty",
            ),
        ];
        for (text, message) in table {
            assert_eq!(
                read_labelled(text, CERTIFICATE).map_err(|error| error.to_string()),
                Err(message.to_owned()),
                "{text}"
            );
        }
        for body in ["A", "AAA", "AA=A", "AA!A", "AAB="] {
            let text = format!("-----BEGIN A-----\n{body}\n-----END A-----\n");
            assert!(
                matches!(read(&text), Err(PemError::BadBase64 { line: 1, .. })),
                "{body}"
            );
        }
    }

    proptest! {
        #[test]
        fn blocks_read_back(der in prop::collection::vec(any::<u8>(), 1..300)) {
            let text = write(CERTIFICATE, &der);
            prop_assert!(text.lines().all(|line| line.len() <= 64));
            prop_assert_eq!(read_labelled(&text, CERTIFICATE), Ok(vec![der]));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}
