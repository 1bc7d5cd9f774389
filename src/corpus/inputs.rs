//! Inputs of fuzz targets that are kept: one file of text a target, one input a line.
//!
//! libFuzzer wants a file an input, ten thousand of them; a repository wants
//! few, that show in a change what came and what went. A line is base64.

use std::{fs, io, path::Path};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha1::{Digest, Sha1};

use crate::{
    bounded::{self, FileError},
    replace::replace,
};

/// Where they lie in a clone of the repository.
pub const FOLDER: &str = "corpus/fuzz";

/// What all of them may weigh together, in octets.
pub const LIMIT: u64 = 5_000_000;

/// The most octets of one input.
const MAX_INPUT: u64 = 16 << 20;

/// Inputs that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputsError {
    /// A file could not be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// What went wrong.
        error: io::Error,
    },
    /// A file is not read.
    #[error("{path}: {error}")]
    Unread {
        /// The file.
        path: String,
        /// Why.
        error: FileError,
    },
    /// All that is kept would weigh more than it may.
    #[error(
        "{path}: it would make {octets} octets of what is kept, and {LIMIT} are the most: `just corpus-min` keeps what is needed"
    )]
    TooMuch {
        /// The file that would be written.
        path: String,
        /// What all files would weigh together.
        octets: u64,
    },
    /// A folder holds no input.
    #[error("{path}: there is no file in this folder")]
    None {
        /// The folder.
        path: String,
    },
    /// A line is not base64.
    #[error("{path}: line {line} is not base64")]
    Line {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
    },
}

fn of_file(path: &Path) -> impl Fn(io::Error) -> InputsError + use<> {
    let path = path.display().to_string();
    move |error| InputsError::File {
        path: path.clone(),
        error,
    }
}

fn octets(path: &Path, limit: u64) -> Result<Vec<u8>, InputsError> {
    bounded::octets(path, limit).map_err(|error| InputsError::Unread {
        path: path.display().to_string(),
        error,
    })
}

/// The inputs kept for a target; none when it has no file.
///
/// # Errors
/// When the file cannot be read, or a line is not base64.
pub fn read(folder: &Path, target: &str) -> Result<Vec<Vec<u8>>, InputsError> {
    let path = folder.join(format!("{target}.txt"));
    if !path.exists() {
        return Ok(Vec::new());
    }
    let octets = octets(&path, LIMIT)?;
    let text = String::from_utf8_lossy(&octets);
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(index, line)| {
            BASE64_STANDARD.decode(line).map_err(|_| InputsError::Line {
                path: path.display().to_string(),
                line: index + 1,
            })
        })
        .collect()
}

/// Writes the file of a target: each input once, in an order that follows from the inputs.
///
/// # Errors
/// When the file cannot be written, or all files of the folder would weigh more than [`LIMIT`].
/// What was kept then still is.
pub fn write(folder: &Path, target: &str, mut inputs: Vec<Vec<u8>>) -> Result<(), InputsError> {
    inputs.sort_by_cached_key(|input| (input.len(), input.clone()));
    inputs.dedup();
    let mut text = String::new();
    for input in inputs {
        text.push_str(&BASE64_STANDARD.encode(input));
        text.push('\n');
    }
    let path = folder.join(format!("{target}.txt"));
    fs::create_dir_all(folder).map_err(of_file(folder))?;
    let others = fs::read_dir(folder).map_err(of_file(folder))?.flatten();
    let others = others.filter(|entry| entry.path() != path);
    let others = others.filter_map(|entry| entry.metadata().ok());
    let octets = text.len() as u64 + others.map(|file| file.len()).sum::<u64>();
    if octets > LIMIT {
        return Err(InputsError::TooMuch {
            path: path.display().to_string(),
            octets,
        });
    }
    replace(&path, text.as_bytes()).map_err(of_file(&path))
}

/// The files of a folder of libFuzzer, without those that begin with a dot.
///
/// # Errors
/// When the folder or a file cannot be read, or there is none.
pub fn gather(folder: &Path) -> Result<Vec<Vec<u8>>, InputsError> {
    let mut inputs = Vec::new();
    for entry in fs::read_dir(folder).map_err(of_file(folder))?.flatten() {
        let path = entry.path();
        if path.is_file() && !entry.file_name().to_string_lossy().starts_with('.') {
            inputs.push(octets(&path, MAX_INPUT)?);
        }
    }
    match inputs.is_empty() {
        true => Err(InputsError::None {
            path: folder.display().to_string(),
        }),
        false => Ok(inputs),
    }
}

/// Writes each input into a file of its own, under the name that libFuzzer gives it.
///
/// # Errors
/// When a file cannot be written.
pub fn scatter(folder: &Path, inputs: &[Vec<u8>]) -> Result<(), InputsError> {
    fs::create_dir_all(folder).map_err(of_file(folder))?;
    for input in inputs {
        let path = folder.join(sha1_name(input));
        fs::write(&path, input).map_err(of_file(&path))?;
    }
    Ok(())
}

/// The name that libFuzzer gives to an input: its SHA-1 in hexadecimal.
pub fn sha1_name(input: &[u8]) -> String {
    let digest = Sha1::digest(input);
    digest.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_once_each() {
        let root = tempfile::tempdir().expect("a folder");
        let inputs = vec![vec![2, 3], vec![1], vec![2, 3], Vec::new()];
        write(root.path(), "chain", inputs).expect("writes");
        // An empty input is an empty line, which stands for nothing.
        assert_eq!(
            read(root.path(), "chain").expect("reads"),
            [vec![1], vec![2, 3]]
        );
        assert!(read(root.path(), "none").expect("no file").is_empty());
        let files = root.path().join("files");
        scatter(&files, &[vec![1], vec![9]]).expect("writes");
        let mut again = gather(&files).expect("reads");
        again.sort();
        assert_eq!(again, [vec![1], vec![9]]);
    }

    #[test]
    fn more_than_may_be_kept_is_refused_and_loses_nothing() {
        let root = tempfile::tempdir().expect("a folder");
        write(root.path(), "der", vec![vec![1]]).expect("writes");
        let error = write(root.path(), "der", vec![vec![7; LIMIT as usize]]).expect_err("much");
        assert!(matches!(error, InputsError::TooMuch { .. }), "{error}");
        assert_eq!(read(root.path(), "der").expect("reads"), [vec![1]]);
    }

    #[test]
    fn a_line_that_is_not_base64_is_named() {
        let root = tempfile::tempdir().expect("a folder");
        fs::write(root.path().join("der.txt"), "# kept\nAQ==\n?\n").expect("writes");
        let error = read(root.path(), "der").expect_err("no base64");
        assert!(
            error.to_string().ends_with("line 3 is not base64"),
            "{error}"
        );
    }
}
