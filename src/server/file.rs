//! Files of certificates, keys and CRLs, and what each must be before it is believed.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer,
    pem::{self, PemObject},
};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};
use zeroize::Zeroizing;

use crate::{
    bounded::Size,
    validator::{OcspResponse, ParsedCrl},
};

use super::{
    error::{Numbered, ServerError},
    key::{ServerCredentials, ServerKey},
};

/// How DER of anything that is read here begins.
const SEQUENCE: u8 = 0x30;
/// The most octets of a file of CRLs: a million entries are 66 MB of PEM.
const LARGEST: u64 = 256 << 20;
/// The most octets of a bundle of certificates.
pub(crate) const LARGEST_BUNDLE: u64 = 16 << 20;
/// The most octets of a server's own chain, or of one certificate: no honest one comes near.
pub(crate) const LARGEST_CHAIN: u64 = 1 << 20;
/// The most octets of a private key: one of RSA-16384 has 13 KB.
const LARGEST_KEY: u64 = 64 << 10;
/// The most octets of an OCSP response.
const LARGEST_RESPONSE: u64 = 1 << 20;

fn read(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, ServerError> {
    let file = open(path)?;
    read_open(path, file, limit)
}

/// Nothing but a file of a disk: a pipe would hold up a reload until somebody writes into it.
fn open(path: &Path) -> Result<File, ServerError> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    let unreadable = |source| unreadable(path, source);
    let file = options.open(path).map_err(unreadable)?;
    match file.metadata().map_err(unreadable)?.is_file() {
        true => Ok(file),
        false => Err(ServerError::NoFile {
            path: path.to_owned(),
        }),
    }
}

fn unreadable(path: &Path, source: io::Error) -> ServerError {
    ServerError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

fn read_open(path: &Path, file: File, limit: u64) -> Result<Zeroizing<Vec<u8>>, ServerError> {
    let unreadable = |source| unreadable(path, source);
    let too_long = || ServerError::TooLong {
        path: path.to_owned(),
        limit: Size(limit),
    };
    let size = file.metadata().map_err(unreadable)?.len();
    if size > limit {
        return Err(too_long());
    }
    // The buffer has its size from the start, so that growing leaves no copy of a key behind.
    let capacity = usize::try_from(size).unwrap_or(0) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    match bytes.len() as u64 > limit {
        true => Err(too_long()),
        false => Ok(bytes),
    }
}

/// The text of a file, some at least.
pub(crate) fn read_text(path: &Path, limit: u64) -> Result<String, ServerError> {
    let bytes = read(path, limit)?;
    if bytes.is_empty() {
        return Err(nothing(path, "text", &bytes));
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(ServerError::Nothing {
            path: path.to_owned(),
            wanted: "text in UTF-8",
            hint: "",
        }),
    }
}

/// The certificates of a PEM file of at most so many octets, at least one, each of them well-formed.
pub(crate) fn read_certificates(
    path: &Path,
    limit: u64,
) -> Result<Vec<CertificateDer<'static>>, ServerError> {
    let bytes = read(path, limit)?;
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|error| pem_error(path, &error))?;
    if certificates.is_empty() {
        return Err(nothing(path, "certificate in PEM", &bytes));
    }
    for certificate in &certificates {
        if certificate.len() as u64 > LARGEST_CHAIN {
            return Err(ServerError::TooLong {
                path: path.to_owned(),
                limit: Size(LARGEST_CHAIN),
            });
        }
        if !matches!(X509Certificate::from_der(certificate), Ok((rest, _)) if rest.is_empty()) {
            return Err(ServerError::Pem {
                path: path.to_owned(),
                detail: "a CERTIFICATE block holds no X.509 certificate".to_owned(),
            });
        }
    }
    Ok(certificates)
}

/// The CRLs of a file: PEM, several if need be, or one in DER.
pub(crate) fn read_crls(path: &Path) -> Result<Vec<ParsedCrl>, ServerError> {
    parse_crls(path, &read(path, LARGEST)?)
}

/// The same of octets that came from this place.
pub(crate) fn parse_crls(path: &Path, bytes: &[u8]) -> Result<Vec<ParsedCrl>, ServerError> {
    let ders: Vec<Vec<u8>> = if bytes.first() == Some(&SEQUENCE) {
        vec![bytes.to_vec()]
    } else {
        CertificateRevocationListDer::pem_slice_iter(bytes)
            .map(|crl| crl.map(|crl| crl.to_vec()))
            .collect::<Result<_, _>>()
            .map_err(|error| pem_error(path, &error))?
    };
    if ders.is_empty() {
        return Err(nothing(path, "CRL in PEM or DER", bytes));
    }
    let count = ders.len();
    ders.into_iter()
        .zip(1..)
        .map(|(der, number)| {
            // Here the file is known, so that the error can name it.
            ParsedCrl::from_der(der).map_err(|error| ServerError::Crl {
                path: path.to_owned(),
                number: Numbered((count > 1).then_some(number)),
                error,
            })
        })
        .collect()
}

/// An OCSP response in DER.
pub(crate) fn read_ocsp(path: &Path) -> Result<Vec<u8>, ServerError> {
    parse_ocsp(path, &read(path, LARGEST_RESPONSE)?)
}

/// The same of octets that came from this place.
pub(crate) fn parse_ocsp(path: &Path, bytes: &[u8]) -> Result<Vec<u8>, ServerError> {
    if bytes.first() != Some(&SEQUENCE) {
        return Err(nothing(path, "OCSP response in DER", bytes));
    }
    match OcspResponse::from_der(bytes.to_vec()) {
        Ok(_) => Ok(bytes.to_vec()),
        Err(error) => Err(ServerError::Ocsp {
            path: path.to_owned(),
            error,
        }),
    }
}

/// A certificate chain and its key. The key must be its owner's alone.
pub(crate) fn read_credentials(
    certificate: &Path,
    path: &Path,
) -> Result<ServerCredentials, ServerError> {
    let chain = read_certificates(certificate, LARGEST_CHAIN)?;
    let file = open(path)?;
    // Asked of the open file, so that what is judged is what is read.
    check_permissions(path, &file)?;
    let bytes = read_open(path, file, LARGEST_KEY)?;
    let key = match PrivateKeyDer::from_pem_slice(&bytes) {
        Ok(found) => ServerKey::new(found),
        Err(pem::Error::NoItemsFound) => return Err(nothing(path, "private key in PEM", &bytes)),
        Err(error) => return Err(pem_error(path, &error)),
    };
    let credentials = ServerCredentials { chain, key };
    match credentials.resolver() {
        // Here the files are known, so that the error can name them.
        Err(ServerError::KeyMismatch) => Err(ServerError::KeysDiffer {
            key: path.to_owned(),
            certificate: certificate.to_owned(),
        }),
        // Whatever else there is to say is said when they are used.
        _ => Ok(credentials),
    }
}

#[cfg(unix)]
fn check_permissions(path: &Path, file: &File) -> Result<(), ServerError> {
    use std::os::unix::fs::PermissionsExt;
    let found = file.metadata().map_err(|source| unreadable(path, source))?;
    let mode = found.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(ServerError::KeyPermissions {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

/// Warns once of a key's folder that others can look into or write to.
#[cfg(unix)]
pub(crate) fn warn_of_folder(key: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let folder = match key.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // One that cannot be looked at is told of when the key is read.
    let Ok(found) = fs::metadata(folder) else {
        return;
    };
    let mode = found.permissions().mode();
    if mode & 0o022 != 0 {
        tracing::warn!(folder = %folder.display(), "others can replace files in the private key's folder");
    } else if mode & 0o004 != 0 {
        tracing::warn!(folder = %folder.display(), "the private key's folder is world-readable");
    }
}

#[cfg(not(unix))]
pub(crate) fn warn_of_folder(_: &Path) {}

#[cfg(not(unix))]
fn check_permissions(_: &Path, _: &File) -> Result<(), ServerError> {
    Ok(())
}

fn nothing(path: &Path, wanted: &'static str, bytes: &[u8]) -> ServerError {
    let hint = if bytes.is_empty() {
        ": the file is empty"
    } else if bytes.first() == Some(&SEQUENCE) {
        ": it looks like DER; convert it with openssl"
    } else if bytes.windows(11).any(|window| window == b"PRIVATE KEY") {
        ": it holds a private key"
    } else {
        ""
    };
    ServerError::Nothing {
        path: path.to_owned(),
        wanted,
        hint,
    }
}

/// What is wrong with the PEM, without quoting any of it.
fn pem_error(path: &Path, error: &pem::Error) -> ServerError {
    let detail = match error {
        pem::Error::MissingSectionEnd { .. } => "a block has no end line",
        pem::Error::IllegalSectionStart { .. } => "a begin line is malformed",
        pem::Error::Base64Decode(_) => "a block is not base64",
        pem::Error::SectionTooLarge => "a block is too large",
        _ => "it cannot be read",
    };
    ServerError::Pem {
        path: path.to_owned(),
        detail: detail.to_owned(),
    }
}
