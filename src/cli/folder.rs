//! A folder of one's own for as long as a command runs: nobody else may look into it.

use std::path::Path;

use tempfile::TempDir;

use super::CliError;

/// A fresh folder, which goes when this is dropped.
#[derive(Debug)]
pub(super) struct PrivateFolder(TempDir);

impl PrivateFolder {
    pub(super) fn new() -> Result<Self, CliError> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("gatecrash-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        builder
            .tempdir()
            .map(Self)
            .map_err(|error| CliError::Write {
                to: std::env::temp_dir().display().to_string(),
                error,
            })
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }
}
