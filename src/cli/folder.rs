//! A folder of one's own for as long as a command runs: nobody else may look into it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tempfile::TempDir;

use super::CliError;

/// The folders that there are.
static THERE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A fresh folder, which goes when this is dropped.
#[derive(Debug)]
pub(super) struct PrivateFolder(TempDir);

impl PrivateFolder {
    pub(super) fn new() -> Result<Self, CliError> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("gatecrash-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = builder.tempdir().map_err(|error| CliError::Write {
            to: std::env::temp_dir().display().to_string(),
            error,
        })?;
        there().push(folder.path().to_owned());
        Ok(Self(folder))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        there().retain(|path| path != self.path());
    }
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

/// Removes the folders of a process that ends without dropping them.
pub(super) fn remove_all() {
    for folder in there().drain(..) {
        let _ = fs::remove_dir_all(folder);
    }
}

fn there() -> MutexGuard<'static, Vec<PathBuf>> {
    THERE.lock().unwrap_or_else(PoisonError::into_inner)
}
