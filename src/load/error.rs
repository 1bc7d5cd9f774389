//! What keeps a load from being put on a server.

use std::{io, path::PathBuf};

use crate::bounded::FileError;

/// Why a load could not be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Certificates could not be made.
    #[error("no certificates for the load: {0}")]
    Pki(#[from] rcgen::Error),
    /// TLS could not be set up.
    #[error("no TLS for the load: {0}")]
    Tls(#[from] rustls::Error),
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: FileError,
    },
    /// A file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A server is not installed.
    #[error("{0} is not installed; `apt-get install {0}` brings it")]
    Missing(&'static str),
    /// A server did not start.
    #[error("{peer} did not start: {detail}")]
    Start {
        /// The server.
        peer: &'static str,
        /// What it said, on one line.
        detail: String,
    },
    /// Something of the system failed.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl LoadError {
    pub(crate) fn system(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { what, source }
    }
}
