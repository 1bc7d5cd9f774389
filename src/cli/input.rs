//! Files that a user names: read whole, within bounds, with an error that says
//! what is wrong with which file.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::CliError;
use crate::{der::pem, mint::GivenKey};

/// The most that a certificate may have: no honest one comes near.
const MAX_CERTIFICATE: u64 = 1 << 20;
/// The most that a file of certificates may have.
const MAX_CERTIFICATES: u64 = 16 << 20;
/// The most that a CRL may have: a million entries are 49 MB.
const MAX_CRL: u64 = 256 << 20;
/// The most that a private key may have: one of RSA-16384 has 13 KB.
const MAX_KEY: u64 = 64 << 10;
/// The most that a suite or a report may have.
const MAX_TEXT: u64 = 1 << 30;

/// All of a file, which may not be empty.
pub(super) fn bytes(path: &Path, what: &'static str, limit: u64) -> Result<Vec<u8>, CliError> {
    let read_error = |error| CliError::Read {
        path: path.to_owned(),
        error,
    };
    let file = File::open(path).map_err(read_error)?;
    let mut bytes = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(read_error)?;
    let size = bytes.len() as u64;
    if size > limit {
        return Err(CliError::TooLarge {
            path: path.to_owned(),
            what,
            bytes: size,
            limit,
        });
    }
    if bytes.is_empty() {
        return Err(CliError::Empty(path.to_owned()));
    }
    Ok(bytes)
}

/// All of a suite or a report.
pub(super) fn text(path: &Path) -> Result<Vec<u8>, CliError> {
    bytes(path, "such a file", MAX_TEXT)
}

/// The certificates of a file, as PEM blocks or as one in DER.
pub(super) fn certificates(path: &Path) -> Result<Vec<Vec<u8>>, CliError> {
    objects(
        path,
        "certificate",
        pem::CERTIFICATE,
        MAX_CERTIFICATES,
        MAX_CERTIFICATE,
    )
}

/// The CRLs of files, as PEM blocks or as one in DER each, with the file of each.
pub(super) fn crls(paths: &[PathBuf]) -> Result<Vec<(&Path, Vec<u8>)>, CliError> {
    let mut crls = Vec::new();
    for path in paths {
        let found = objects(path, "CRL", pem::CRL, MAX_CRL, MAX_CRL)?;
        crls.extend(found.into_iter().map(|der| (path.as_path(), der)));
    }
    Ok(crls)
}

/// A private key in any of its forms. The text of it is wiped.
pub(super) fn private_key(path: &Path) -> Result<GivenKey, CliError> {
    let text = Zeroizing::new(bytes(path, "private key", MAX_KEY)?);
    GivenKey::read(&text).map_err(|error| CliError::Key {
        path: path.to_owned(),
        error,
    })
}

fn objects(
    path: &Path,
    what: &'static str,
    label: &str,
    file_limit: u64,
    limit: u64,
) -> Result<Vec<Vec<u8>>, CliError> {
    let bytes = bytes(path, what, file_limit)?;
    let is_pem = bytes.windows(10).any(|window| window == b"-----BEGIN");
    let found = match is_pem || bytes.first() != Some(&SEQUENCE) {
        true => pem::read_labelled(&bytes, label).map_err(|error| CliError::Pem {
            path: path.to_owned(),
            error,
        })?,
        false => vec![bytes],
    };
    for (index, der) in found.iter().enumerate() {
        if der.len() as u64 > limit {
            let bytes = der.len() as u64;
            return Err(CliError::TooLarge {
                path: path.to_owned(),
                what,
                bytes,
                limit,
            });
        }
        if let Err(problem) = is_whole(der) {
            return Err(CliError::Der {
                path: path.to_owned(),
                what,
                number: index + 1,
                problem,
            });
        }
    }
    Ok(found)
}

const SEQUENCE: u8 = 0x30;

/// Whether the bytes are at least a whole SEQUENCE. What is wrong inside it is for an engine to judge.
fn is_whole(der: &[u8]) -> Result<(), String> {
    let [SEQUENCE, length, rest @ ..] = der else {
        return Err("it does not begin with a SEQUENCE".to_owned());
    };
    let (needed, got) = match *length {
        short @ 0..=0x7f => (u64::from(short), rest.len()),
        long => {
            let octets = usize::from(long & 0x7f);
            if octets > rest.len() {
                return Err("it is cut short inside its length".to_owned());
            }
            let (head, body) = rest.split_at(octets);
            let needed = head.iter().fold(0u64, |value, octet| {
                value.saturating_mul(256).saturating_add(u64::from(*octet))
            });
            (needed, body.len())
        }
    };
    if needed > got as u64 {
        return Err(format!(
            "it is cut short: {needed} bytes are announced, {got} are there"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{mint::Minter, recipe::generate::Setting};

    #[test]
    fn a_certificate_cut_anywhere_is_not_whole() {
        let minted = Minter::new()
            .mint(&Setting::default().recipe())
            .expect("mints");
        let der = &minted.chain[0];
        assert_eq!(is_whole(der), Ok(()));
        for length in 0..der.len() {
            assert!(is_whole(&der[..length]).is_err(), "{length}");
        }
    }
}
