//! A folder of one's own for as long as a command runs: nobody else may look into it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::CliError;
use crate::server::ServerError;

/// A fresh folder, which goes when this is dropped.
#[derive(Debug)]
pub(super) struct PrivateFolder(PathBuf);

impl PrivateFolder {
    pub(super) fn new() -> Result<Self, CliError> {
        let mut random = [0_u8; 8];
        aws_lc_rs::rand::fill(&mut random)
            .map_err(|_| ServerError::Tls("no random bytes".to_owned()))?;
        let name: String = random.iter().map(|octet| format!("{octet:02x}")).collect();
        let path = std::env::temp_dir().join(format!("gatecrash-{name}"));
        make(&path).map_err(|error| CliError::Write {
            to: path.display().to_string(),
            error,
        })?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

fn make(path: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "a folder could not be removed");
        }
    }
}
