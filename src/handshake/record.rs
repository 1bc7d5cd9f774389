//! Records: written as told, and read from a peer (RFC 8446 section 5).

use aws_lc_rs::aead::{Aad, Algorithm, LessSafeKey, Nonce, UnboundKey};

use super::{
    keys::Suite,
    wire::{put_number, put_vector},
};
use crate::script::{ProtocolVersion, RecordKind};

/// Octets of a record's header.
pub const HEADER: usize = 5;

/// The most octets of plaintext in a record.
pub const MAX_PLAINTEXT: usize = 1 << 14;

/// The most octets of a record's body that are read: any length that a header can claim.
const MAX_BODY: usize = u16::MAX as usize;

/// A record, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What its header says that it is.
    pub kind: RecordKind,
    /// The version that its header claims.
    pub version: ProtocolVersion,
    /// Its body.
    pub body: Vec<u8>,
}

/// Appends a record without protection. A body that is too long for the header is cut.
pub fn put_record(out: &mut Vec<u8>, kind: RecordKind, version: ProtocolVersion, body: &[u8]) {
    out.push(kind.0);
    put_number(out, 2, version.0.into());
    put_vector(out, 2, |out| {
        out.extend_from_slice(&body[..body.len().min(MAX_BODY)])
    });
}

/// Octets of a peer, out of which records come.
#[derive(Debug, Default)]
pub struct Incoming {
    octets: Vec<u8>,
    read: usize,
}

impl Incoming {
    /// Room for more octets, at the end.
    pub(super) fn tail(&mut self) -> &mut Vec<u8> {
        if self.read > 0 {
            self.octets.drain(..self.read);
            self.read = 0;
        }
        &mut self.octets
    }

    /// More octets from the peer.
    pub fn push(&mut self, octets: &[u8]) {
        self.tail().extend_from_slice(octets);
    }

    /// Whether what comes next can be a record at all: it claims version 3 of something, or is an
    /// alert, in which OpenSSL repeats whatever version a hello named.
    pub fn is_plausible(&self) -> bool {
        match self.octets.get(self.read..) {
            Some([kind, major, ..]) => *major == 3 || RecordKind(*kind) == RecordKind::ALERT,
            _ => true,
        }
    }

    /// The next record, when all of it is there.
    pub fn record(&mut self) -> Option<Record> {
        let octets = &self.octets[self.read..];
        let (&[kind, major, minor, high, low], rest) = octets.split_first_chunk::<HEADER>()?;
        let body = rest
            .get(..usize::from(u16::from_be_bytes([high, low])))?
            .to_vec();
        self.read += HEADER + body.len();
        Some(Record {
            kind: RecordKind(kind),
            version: ProtocolVersion(u16::from_be_bytes([major, minor])),
            body,
        })
    }
}

/// The keys of one direction in one epoch, and the number of the next record.
pub struct Protection {
    key: LessSafeKey,
    iv: [u8; 12],
    number: u64,
    form: Form,
}

/// What a protected record looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Its kind is inside, and padding may follow it.
    Tls13,
    /// Its kind is outside, and so many octets of the nonce precede the content.
    Tls12 { told_nonce: usize },
}

impl std::fmt::Debug for Protection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Protection")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl Protection {
    /// The keys of a traffic secret (RFC 8446 section 7.3).
    pub(super) fn of(suite: Suite, secret: &[u8]) -> Self {
        let algorithm = suite.aead();
        let mut key = [0; 32];
        let key = &mut key[..algorithm.key_len()];
        suite.expand_label(secret, b"key", &[], key);
        let mut iv = [0; 12];
        suite.expand_label(secret, b"iv", &[], &mut iv);
        let key = UnboundKey::new(algorithm, key).expect("the key has the length of its algorithm");
        Self {
            key: LessSafeKey::new(key),
            iv,
            number: 0,
            form: Form::Tls13,
        }
    }

    /// Keys of TLS 1.2, and as much of its nonces as follows from the key exchange.
    pub(super) fn of_tls_1_2(algorithm: &'static Algorithm, key: &[u8], fixed: &[u8]) -> Self {
        let key = UnboundKey::new(algorithm, key).expect("the key has the length of its algorithm");
        let mut iv = [0; 12];
        iv[..fixed.len()].copy_from_slice(fixed);
        Self {
            key: LessSafeKey::new(key),
            iv,
            number: 0,
            form: Form::Tls12 {
                told_nonce: iv.len() - fixed.len(),
            },
        }
    }

    /// The nonce of the next record (RFC 8446 section 5.3). Where a part of it is told, that is
    /// the record's number too.
    fn nonce(&self) -> Nonce {
        let mut nonce = self.iv;
        for (octet, part) in nonce[4..].iter_mut().zip(self.number.to_be_bytes()) {
            *octet ^= part;
        }
        Nonce::assume_unique_for_key(nonce)
    }

    /// Appends a protected record with this content, its inner kind and so many octets of padding.
    pub fn seal(&mut self, out: &mut Vec<u8>, kind: RecordKind, content: &[u8], padding: usize) {
        if let Form::Tls12 { told_nonce } = self.form {
            return self.seal_tls_1_2(out, kind, content, told_nonce);
        }
        let tag = self.key.algorithm().tag_len();
        let room = MAX_BODY - tag - 1;
        let content = &content[..content.len().min(room)];
        let padding = padding.min(room - content.len());
        let length = content.len() + 1 + padding + tag;
        let start = out.len();
        out.push(RecordKind::APPLICATION_DATA.0);
        put_number(out, 2, ProtocolVersion::TLS_1_2.0.into());
        put_number(out, 2, length);
        let header: [u8; HEADER] = out[start..].try_into().expect("a header was written");
        out.extend_from_slice(content);
        out.push(kind.0);
        out.resize(out.len() + padding, 0);
        let nonce = self.nonce();
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce, Aad::from(header), &mut out[start + HEADER..])
            .expect("a record is far shorter than what a nonce may protect");
        out.extend_from_slice(tag.as_ref());
        self.number += 1;
    }

    /// RFC 5246 section 6.2.3.3
    fn seal_tls_1_2(
        &mut self,
        out: &mut Vec<u8>,
        kind: RecordKind,
        content: &[u8],
        told_nonce: usize,
    ) {
        let content = &content[..content.len().min(MAX_PLAINTEXT)];
        let sealed = told_nonce + content.len() + self.key.algorithm().tag_len();
        out.push(kind.0);
        put_number(out, 2, ProtocolVersion::TLS_1_2.0.into());
        put_number(out, 2, sealed);
        out.extend_from_slice(&self.number.to_be_bytes()[8 - told_nonce..]);
        let start = out.len();
        out.extend_from_slice(content);
        let (nonce, aad) = (self.nonce(), self.aad(kind, content.len()));
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce, aad, &mut out[start..])
            .expect("a record is far shorter than what a nonce may protect");
        out.extend_from_slice(tag.as_ref());
        self.number += 1;
    }

    /// What is authenticated beside the content in TLS 1.2.
    fn aad(&self, kind: RecordKind, length: usize) -> Aad<[u8; 13]> {
        let mut aad = [0; 13];
        aad[..8].copy_from_slice(&self.number.to_be_bytes());
        aad[8] = kind.0;
        aad[9..11].copy_from_slice(&ProtocolVersion::TLS_1_2.0.to_be_bytes());
        aad[11..].copy_from_slice(&(length as u16).to_be_bytes());
        Aad::from(aad)
    }

    fn open_tls_1_2(
        &mut self,
        record: &Record,
        told_nonce: usize,
    ) -> Option<(RecordKind, Vec<u8>)> {
        let (told, sealed) = record.body.split_at_checked(told_nonce)?;
        let length = sealed.len().checked_sub(self.key.algorithm().tag_len())?;
        let nonce = match told_nonce {
            0 => self.nonce(),
            _ => {
                let mut nonce = self.iv;
                nonce[12 - told_nonce..].copy_from_slice(told);
                Nonce::assume_unique_for_key(nonce)
            }
        };
        let mut content = sealed.to_vec();
        let aad = self.aad(record.kind, length);
        self.key.open_in_place(nonce, aad, &mut content).ok()?;
        content.truncate(length);
        self.number += 1;
        Some((record.kind, content))
    }

    /// Opens a protected record: its inner kind and content. `None` when it does not decrypt.
    pub fn open(&mut self, record: &Record) -> Option<(RecordKind, Vec<u8>)> {
        if let Form::Tls12 { told_nonce } = self.form {
            return self.open_tls_1_2(record, told_nonce);
        }
        let mut header = [record.kind.0, 0, 0, 0, 0];
        header[1..3].copy_from_slice(&record.version.0.to_be_bytes());
        header[3..].copy_from_slice(&(record.body.len() as u16).to_be_bytes());
        let nonce = self.nonce();
        let mut body = record.body.clone();
        let length = self
            .key
            .open_in_place(nonce, Aad::from(header), &mut body)
            .ok()?
            .len();
        body.truncate(length);
        self.number += 1;
        let kind = loop {
            match body.pop()? {
                0 => {}
                kind => break kind,
            }
        };
        Some((RecordKind(kind), body))
    }
}
