//! The files below a folder, and what PEM and DER hold of keys and certificates.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{AuditError, store::Store};
use crate::{der::pem, mint::GivenKey};

/// The most files that are read.
const MAX_FILES: usize = 20_000;

/// The deepest folder that is entered, below the first.
const MAX_DEPTH: usize = 16;

/// The most octets of a file that are read, logs aside.
const MAX_OCTETS: u64 = 4 << 20;

/// Folders that hold other people's software and nothing of a configuration.
const PASSED_OVER: &[&str] = &[".git", "node_modules", "target", "site-packages"];

/// Everything that was read.
pub(super) struct Tree {
    pub(super) files: Vec<Entry>,
    pub(super) folders: Vec<Folder>,
    pub(super) is_partial: bool,
}

/// A folder.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    /// Permission bits, where the system has them.
    pub(super) mode: Option<u32>,
}

/// A file.
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) mode: Option<u32>,
    pub(super) contents: Contents,
}

/// What a file holds.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Certificates, as DER.
    pub certificates: Vec<Vec<u8>>,
    /// Public keys (subjectPublicKey) of the private keys that can be read.
    pub(super) keys: Vec<Vec<u8>>,
    /// How many private keys there are, those that cannot be read included.
    pub private_keys: usize,
    /// Whether all of them are encrypted.
    pub encrypted: bool,
    /// The key store that it is, where it is one.
    pub(super) store: Option<Store>,
}

impl Tree {
    pub(super) fn read(folder: &Path) -> Result<Self, AuditError> {
        let metadata = readable(folder)?;
        let mut tree = Self {
            files: Vec::new(),
            folders: Vec::new(),
            is_partial: false,
        };
        tree.enter(folder, mode(&metadata), 0)
            .map_err(|error| AuditError::Read {
                path: folder.to_owned(),
                error,
            })?;
        Ok(tree)
    }

    /// Folders below the first that cannot be read make the audit partial, and end nothing.
    fn enter(&mut self, folder: &Path, bits: Option<u32>, depth: usize) -> std::io::Result<()> {
        let mut entries: Vec<_> = fs::read_dir(folder)?.flatten().collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        self.folders.push(Folder {
            path: folder.to_owned(),
            mode: bits,
        });
        for entry in entries {
            // The kind of the entry itself: a link is neither file nor folder.
            let (Ok(kind), Ok(metadata)) = (entry.file_type(), entry.metadata()) else {
                self.is_partial = true;
                continue;
            };
            let path = entry.path();
            if kind.is_dir() {
                let passed_over = PASSED_OVER.iter().any(|name| entry.file_name() == *name);
                if depth == MAX_DEPTH
                    || !passed_over && self.enter(&path, mode(&metadata), depth + 1).is_err()
                {
                    self.is_partial = true;
                }
            } else if kind.is_file() {
                if self.files.len() == MAX_FILES {
                    self.is_partial = true;
                    return Ok(());
                }
                let contents = contents(&path).unwrap_or_else(|| {
                    self.is_partial = true;
                    Contents::default()
                });
                self.files.push(Entry {
                    path,
                    mode: mode(&metadata),
                    contents,
                });
            }
        }
        Ok(())
    }
}

/// What the system says of a folder that can be read.
pub(super) fn readable(folder: &Path) -> Result<fs::Metadata, AuditError> {
    let read = |error| AuditError::Read {
        path: folder.to_owned(),
        error,
    };
    let metadata = fs::metadata(folder).map_err(read)?;
    if !metadata.is_dir() {
        return Err(AuditError::NoFolder(folder.to_owned()));
    }
    fs::read_dir(folder).map_err(read)?;
    Ok(metadata)
}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(metadata.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> Option<u32> {
    None
}

fn contents(path: &Path) -> Option<Contents> {
    let mut bytes = Vec::new();
    File::open(path)
        .ok()?
        .take(MAX_OCTETS)
        .read_to_end(&mut bytes)
        .ok()?;
    Some(Contents::of(&bytes))
}

impl Contents {
    /// What these octets hold.
    pub fn of(bytes: &[u8]) -> Self {
        if let Some(store) = Store::read(bytes) {
            return Self::of_store(store);
        }
        let mut contents = Self::default();
        let mut encrypted = 0;
        for block in blocks(&undressed(bytes)) {
            match block {
                Block::Certificate(der) => contents.certificates.push(der),
                Block::Key(der) => {
                    contents.private_keys += 1;
                    if let Ok(key) = GivenKey::read(&der) {
                        contents.keys.push(key.public_key().to_vec());
                    }
                }
                Block::EncryptedKey => {
                    contents.private_keys += 1;
                    encrypted += 1;
                }
            }
        }
        contents.encrypted = encrypted > 0 && encrypted == contents.private_keys;
        contents
    }

    /// What a key store holds, as far as that can be told without its password.
    fn of_store(store: Store) -> Self {
        Self {
            certificates: store.certificates.clone(),
            keys: store.keys.clone(),
            private_keys: store.private_keys(),
            encrypted: store.private_keys() > 0 && store.is_closed(),
            store: Some(store),
        }
    }

    /// Whether it holds anything of a PKI.
    pub(super) fn is_of_a_pki(&self) -> bool {
        self.private_keys > 0 || !self.certificates.is_empty()
    }
}

enum Block {
    Certificate(Vec<u8>),
    Key(Vec<u8>),
    EncryptedKey,
}

/// Where PEM begins.
const BEGIN: &[u8] = b"-----BEGIN ";

/// The same in base64, as secrets of Kubernetes and variables of pipelines hold it.
const BEGIN_IN_BASE64: &[u8] = b"LS0tLS1CRUdJTi";

/// PEM as it stands in files of other formats: with the line ends of a JSON text, and in base64.
fn undressed(bytes: &[u8]) -> Vec<u8> {
    let at = |text: &[u8], wanted: &[u8]| {
        text.windows(wanted.len())
            .position(|window| window == wanted)
    };
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(start) = at(rest, BEGIN_IN_BASE64) {
        let (before, from) = rest.split_at(start);
        let is_of_base64 = |octet: &u8| octet.is_ascii_alphanumeric() || b"+/=".contains(octet);
        let end = from.iter().position(|octet| !is_of_base64(octet));
        let (text, after) = from.split_at(end.unwrap_or(from.len()));
        plain.extend_from_slice(before);
        match BASE64_STANDARD.decode(text) {
            Ok(pem) => plain.extend(pem),
            Err(_) => plain.extend_from_slice(text),
        }
        rest = after;
    }
    plain.extend_from_slice(rest);
    if at(&plain, BEGIN).is_none() || at(&plain, b"\\n").is_none() {
        return plain;
    }
    let text = String::from_utf8_lossy(&plain);
    text.replace("\\r", "").replace("\\n", "\n").into_bytes()
}

/// Blocks one by one, so that one that is broken does not hide the others.
fn blocks(bytes: &[u8]) -> Vec<Block> {
    let starts: Vec<usize> = bytes
        .windows(BEGIN.len())
        .enumerate()
        .filter(|(_, window)| *window == BEGIN)
        .map(|(at, _)| at)
        .collect();
    if starts.is_empty() {
        let is_certificate = x509_parser::parse_x509_certificate(bytes).is_ok();
        let is_key = || bytes.first() == Some(&0x30) && GivenKey::read(bytes).is_ok();
        return match is_certificate {
            true => vec![Block::Certificate(bytes.to_vec())],
            false if is_key() => vec![Block::Key(bytes.to_vec())],
            false => Vec::new(),
        };
    }
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    starts
        .iter()
        .zip(ends)
        .filter_map(|(&start, end)| block(&bytes[start..end]))
        .collect()
}

fn block(bytes: &[u8]) -> Option<Block> {
    let first = bytes.split(|&octet| octet == b'\n').next()?;
    let label = String::from_utf8_lossy(first);
    let label = label
        .trim()
        .strip_prefix("-----BEGIN ")?
        .strip_suffix("-----")?
        .to_owned();
    let der = || {
        pem::read(bytes)
            .ok()?
            .into_iter()
            .next()
            .map(|block| block.der)
    };
    match label.as_str() {
        "CERTIFICATE" | "TRUSTED CERTIFICATE" | "X509 CERTIFICATE" => der().map(Block::Certificate),
        "ENCRYPTED PRIVATE KEY" => Some(Block::EncryptedKey),
        label if label.ends_with("PRIVATE KEY") => Some(match der() {
            Some(der) => Block::Key(der),
            // Old encrypted keys have headers.
            None if bytes.windows(9).any(|window| window == b"ENCRYPTED") => Block::EncryptedKey,
            None => Block::Key(Vec::new()),
        }),
        _ => None,
    }
}

/// The public key (subjectPublicKey) of a certificate.
pub(super) fn public_key(certificate: &[u8]) -> Option<Vec<u8>> {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).ok()?;
    Some(certificate.public_key().subject_public_key.data.to_vec())
}
