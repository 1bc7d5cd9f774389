//! What keeps a server from starting, or a change from being taken over.

use std::{fmt, io, net::SocketAddr, path::PathBuf};

use crate::{bounded::Size, verdict::Reason};

use super::{fetch::FetchError, scrutiny::Objection};

/// Which of several things in one file, from 1. Written as nothing where there is only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbered(pub Option<usize>);

impl fmt::Display for Numbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(number) => write!(f, " (number {number})"),
            None => Ok(()),
        }
    }
}

/// Why a server does not start, or keeps the state it had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder, a pipe or a device stands where a file should.
    #[error("{} is no regular file: give a file, not a folder, pipe or device", path.display())]
    NoFile {
        /// What stands there.
        path: PathBuf,
    },
    /// A file, or a certificate in it, is longer than anything of its kind.
    #[error("{}: longer than {limit}, the most that is read here", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        limit: Size,
    },
    /// A file holds nothing of the kind that is needed.
    #[error("{} holds no {wanted}{hint}", path.display())]
    Nothing {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        wanted: &'static str,
        /// What is there instead, when that helps.
        hint: &'static str,
    },
    /// A file is not well-formed PEM.
    #[error("{} is not well-formed PEM: {detail}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong, without contents.
        detail: String,
    },
    /// A file, or a part of it, is not a CRL.
    #[error("{}{number}: {error}", path.display())]
    Crl {
        /// The file.
        path: PathBuf,
        /// Which of its CRLs.
        number: Numbered,
        /// The field, the byte and the problem.
        error: crate::validator::ParseError,
    },
    /// A file is not an OCSP response that tells anything.
    #[error("{} is no usable OCSP response: {error}", path.display())]
    Ocsp {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: crate::validator::OcspError,
    },
    /// Others can read the private key.
    #[error("the private key {0} can be read by others (mode {1:04o}); run: chmod 600 {0}", path.display(), mode)]
    KeyPermissions {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The private key is of no kind that can sign a TLS handshake.
    #[error("the private key cannot be used: {0}")]
    UnusableKey(String),
    /// The private key is not the certificate's.
    #[error(
        "the private key does not belong to the server's certificate: give the key that the certificate was issued for"
    )]
    KeyMismatch,
    /// The same of files.
    #[error(
        "{} does not belong to {}: give the key that the certificate was issued for",
        key.display(),
        certificate.display()
    )]
    KeysDiffer {
        /// The file of the key.
        key: PathBuf,
        /// The file of the certificate.
        certificate: PathBuf,
    },
    /// The server's own certificate is no certificate.
    #[error("the server's certificate cannot be read: it is not the DER of an X.509 certificate")]
    BadCertificate,
    /// Anchors or CRLs from which no verifier can be built.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// Something that is well-formed and must not come into force.
    #[error(transparent)]
    Objection(#[from] Objection),
    /// Settings that cannot be read or contradict each other.
    #[error("{0}")]
    Settings(String),
    /// A profile that does not exist.
    #[error("there is no profile `{0}`; the profiles are {1}")]
    UnknownProfile(String, String),
    /// An OpenAPI document that cannot be served.
    #[error("{}: {detail}", path.display())]
    OpenApi {
        /// The document.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A URL of the configuration could not be fetched, and nothing was fetched from it before.
    #[error("cannot fetch {url}: {source}")]
    Fetch {
        /// The URL.
        url: String,
        /// What went wrong.
        source: FetchError,
    },
    /// The address could not be bound.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The server was not made from files, so there is nothing to read again.
    #[error("nothing to reload: the server was not started from files")]
    NoFiles,
    /// Files cannot be watched.
    #[error("cannot watch files for changes: {0}")]
    Watch(String),
    /// The cryptographic provider refused the configuration, or had no random bytes.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

impl ServerError {
    /// Whether something outside broke (exit code 3), rather than the input (exit code 2).
    pub fn is_outside(&self) -> bool {
        match self {
            Self::Bind { .. } | Self::Watch(_) | Self::Tls(_) => true,
            Self::Fetch { source, .. } => source.is_outside(),
            _ => false,
        }
    }
}

/// Anchors or CRLs from which no verifier can be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// No trust anchor: nobody could ever be let in.
    #[error("no trust anchor: give the client CA's certificate")]
    NoAnchor,
    /// A trust anchor that cannot be used.
    #[error("trust anchor {index} cannot be used: {detail}")]
    Anchor {
        /// Its place among the anchors, from 0.
        index: usize,
        /// What is wrong.
        detail: String,
    },
    /// A CRL that cannot be used.
    #[error("CRL {index} cannot be used: {detail}")]
    Crl {
        /// Its place among the CRLs, from 0.
        index: usize,
        /// What is wrong.
        detail: String,
    },
    /// An OCSP response that cannot be used.
    #[error("OCSP response {index} cannot be used: {detail}")]
    Ocsp {
        /// Its place among the responses, from 0.
        index: usize,
        /// What is wrong.
        detail: String,
    },
    /// The verifier could not be built for another cause.
    #[error("no verifier: {0}")]
    Verifier(String),
}

impl TrustError {
    /// The reason for which everybody would be refused under such trust.
    pub fn reason(&self) -> Reason {
        match self {
            Self::NoAnchor => Reason::UnknownIssuer,
            Self::Anchor { .. } => Reason::BadAnchor,
            Self::Crl { .. } => Reason::CrlMalformed,
            Self::Ocsp { .. } => Reason::OcspInvalid,
            Self::Verifier(_) => Reason::Unstated,
        }
    }
}
