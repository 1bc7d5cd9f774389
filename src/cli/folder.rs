//! Folders that a command writes to: one of its own while it runs, and those of the operator.

use std::path::Path;

use super::CliError;
use crate::scratch::Scratch;

/// A fresh folder, which goes when the value is dropped.
pub(super) fn private(purpose: &str) -> Result<Scratch, CliError> {
    Scratch::new(purpose).map_err(|error| CliError::Write {
        to: std::env::temp_dir().display().to_string(),
        error,
    })
}

/// Whether a folder can stand here, told before anything is made that goes into it.
pub(super) fn check(path: &Path) -> Result<(), CliError> {
    // The part of the path that is there already.
    let there = path
        .ancestors()
        .find(|part| part.symlink_metadata().is_ok());
    match there {
        Some(there) if !there.is_dir() => Err(CliError::NotAFolder(there.to_owned())),
        _ => Ok(()),
    }
}
