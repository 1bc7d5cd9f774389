//! Files that a user names: read whole, within bounds, with an error that says
//! what is wrong with which file.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::CliError;
use crate::{
    bounded::{self, FileError, Size},
    der::pem,
    mint::GivenKey,
};

/// The most that a certificate may have: no honest one comes near.
const MAX_CERTIFICATE: u64 = 1 << 20;
/// The most that a file of certificates may have.
const MAX_CERTIFICATES: u64 = 16 << 20;
/// The most that a CRL may have: a million entries are 49 MB.
const MAX_CRL: u64 = 256 << 20;
/// The most that an OCSP response may have, with the certificates of its responder.
const MAX_OCSP: u64 = 1 << 20;
/// The most that a private key may have: one of RSA-16384 has 13 KB.
const MAX_KEY: u64 = 64 << 10;
/// The most that a suite or a report may have.
const MAX_TEXT: u64 = 1 << 30;
/// The most that a file of settings may have.
const MAX_SETTINGS: u64 = 1 << 20;

/// All of a file, which may not be empty.
pub(super) fn bytes(path: &Path, what: &'static str, limit: u64) -> Result<Vec<u8>, CliError> {
    let bytes = bounded::octets(path, limit).map_err(|error| match error {
        FileError::TooLong(_) => too_large(path, what, limit),
        error => CliError::unread(path, error),
    })?;
    match bytes.is_empty() {
        true => Err(CliError::unread(path, FileError::Empty)),
        false => Ok(bytes),
    }
}

fn too_large(path: &Path, what: &'static str, limit: u64) -> CliError {
    CliError::TooLarge {
        path: path.to_owned(),
        what,
        limit: Size(limit),
    }
}

/// All of a suite or a report.
pub(super) fn text(path: &Path) -> Result<Vec<u8>, CliError> {
    bytes(path, "a suite or a report", MAX_TEXT)
}

/// All of a file of settings, such as a profile.
pub(super) fn settings(path: &Path) -> Result<String, CliError> {
    let octets = bytes(path, "a file of settings", MAX_SETTINGS)?;
    String::from_utf8(octets).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        CliError::unread(path, FileError::NotText(good))
    })
}

/// The certificates of a file, as PEM blocks or as one in DER.
pub(super) fn certificates(path: &Path) -> Result<Vec<Vec<u8>>, CliError> {
    objects(
        path,
        &CERTIFICATE,
        // Nothing but the outer length: an engine, or whoever trusts it, judges the rest.
        |_| Ok(()),
    )
}

/// What a peer presents. In a PEM block it may be anything, since the bytes are there on purpose;
/// a file of DER that does not hold one whole object was cut, or is another file.
pub(super) fn presented(path: &Path) -> Result<Vec<Vec<u8>>, CliError> {
    let octets = bytes(path, CERTIFICATE.file, CERTIFICATE.file_limit)?;
    if !is_pem(&octets) {
        return certificates(path);
    }
    let found = pem::read_presented(&octets, CERTIFICATE.label).map_err(|error| CliError::Pem {
        path: path.to_owned(),
        error,
    })?;
    match found
        .iter()
        .all(|der| der.len() as u64 <= CERTIFICATE.limit)
    {
        true => Ok(found),
        false => Err(too_large(path, CERTIFICATE.one, CERTIFICATE.limit)),
    }
}

/// The CRLs of files, as PEM blocks or as one in DER each, with the file of each.
pub(super) fn crls(paths: &[PathBuf]) -> Result<Vec<(&Path, Vec<u8>)>, CliError> {
    let mut crls = Vec::new();
    for path in paths {
        let found = objects(path, &CRL, is_crl)?;
        crls.extend(found.into_iter().map(|der| (path.as_path(), der)));
    }
    Ok(crls)
}

/// An OCSP response, as a peer staples it: any bytes, but not the text form of something.
pub(super) fn ocsp_response(path: &Path) -> Result<Vec<u8>, CliError> {
    let octets = bytes(path, "an OCSP response", MAX_OCSP)?;
    match is_pem(&octets) {
        true => Err(CliError::arguments(
            format!(
                "{}: an OCSP response is read as DER, and this is PEM",
                path.display()
            ),
            "write it with `openssl ocsp -respout FILE`, or decode the base64 between its lines",
        )),
        false => Ok(octets),
    }
}

/// A private key in any of its forms. The text of it is wiped.
pub(super) fn private_key(path: &Path) -> Result<GivenKey, CliError> {
    let text = Zeroizing::new(bytes(path, "a private key", MAX_KEY)?);
    GivenKey::read(&text).map_err(|error| CliError::Key {
        path: path.to_owned(),
        error,
    })
}

/// What files are of.
struct Kind {
    name: &'static str,
    /// One, as a message says it.
    one: &'static str,
    /// A file of them.
    file: &'static str,
    label: &'static str,
    file_limit: u64,
    limit: u64,
}

const CERTIFICATE: Kind = Kind {
    name: "certificate",
    one: "a certificate",
    file: "a file of certificates",
    label: pem::CERTIFICATE,
    file_limit: MAX_CERTIFICATES,
    limit: MAX_CERTIFICATE,
};

const CRL: Kind = Kind {
    name: "CRL",
    one: "a CRL",
    file: "a file of CRLs",
    label: pem::CRL,
    file_limit: MAX_CRL,
    limit: MAX_CRL,
};

fn objects(
    path: &Path,
    kind: &Kind,
    has_shape: fn(&[u8]) -> Result<(), String>,
) -> Result<Vec<Vec<u8>>, CliError> {
    let bytes = bytes(path, kind.file, kind.file_limit)?;
    let found = match is_pem(&bytes) || bytes.first() != Some(&SEQUENCE) {
        true => pem::read_labelled(&bytes, kind.label).map_err(|error| CliError::Pem {
            path: path.to_owned(),
            error,
        })?,
        false => vec![bytes],
    };
    for (index, der) in found.iter().enumerate() {
        if der.len() as u64 > kind.limit {
            return Err(too_large(path, kind.one, kind.limit));
        }
        if let Err(problem) = is_whole(der).and_then(|()| has_shape(der)) {
            return Err(CliError::Der {
                path: path.to_owned(),
                what: kind.name,
                number: index + 1,
                problem,
            });
        }
    }
    Ok(found)
}

fn is_pem(octets: &[u8]) -> bool {
    octets.windows(10).any(|window| window == b"-----BEGIN")
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

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Whether these are the first fields of a CRL (RFC 5280 section 5.1): anything else is
/// another file, and no CRL that a service could have been given.
fn is_crl(der: &[u8]) -> Result<(), String> {
    let mut at = 0;
    enter(der, &mut at, SEQUENCE, "CertificateList")?;
    enter(der, &mut at, SEQUENCE, "tbsCertList")?;
    if der.get(at) == Some(&INTEGER) {
        pass(der, &mut at, &[INTEGER], "version")?;
    }
    pass(der, &mut at, &[SEQUENCE], "signature")?;
    pass(der, &mut at, &[SEQUENCE], "issuer")?;
    pass(der, &mut at, &[UTC_TIME, GENERALIZED_TIME], "thisUpdate")
}

/// Goes into an element: its tag and where its contents begin and how long they are said to be.
fn head(der: &[u8], at: usize, tags: &[u8], field: &str) -> Result<(usize, usize), String> {
    let cut = || format!("{field} at byte {at}: the bytes end there");
    match (
        der.get(at).ok_or_else(cut)?,
        der.get(at + 1).ok_or_else(cut)?,
    ) {
        (tag, _) if !tags.contains(tag) => Err(format!(
            "{field} at byte {at}: another element stands there (tag {tag:#04x})"
        )),
        (_, short @ 0..=0x7f) => Ok((at + 2, usize::from(*short))),
        (_, long) => {
            let octets = usize::from(long & 0x7f);
            let length = der.get(at + 2..at + 2 + octets).ok_or_else(cut)?;
            let length = length.iter().fold(0usize, |value, octet| {
                value
                    .saturating_mul(256)
                    .saturating_add(usize::from(*octet))
            });
            Ok((at + 2 + octets, length))
        }
    }
}

fn enter(der: &[u8], at: &mut usize, tag: u8, field: &str) -> Result<(), String> {
    *at = head(der, *at, &[tag], field)?.0;
    Ok(())
}

fn pass(der: &[u8], at: &mut usize, tags: &[u8], field: &str) -> Result<(), String> {
    let (start, length) = head(der, *at, tags, field)?;
    *at = start.saturating_add(length);
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
