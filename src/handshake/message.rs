//! Handshake messages: written as told, whatever is told, and read from a peer (RFC 8446 section 4).

use super::wire::{Malformed, Reader, put_number, put_vector};
use crate::{
    der::HexBytes,
    script::{CipherSuite, Extension, ExtensionKind, HandshakeKind, NamedGroup, ProtocolVersion},
};

/// A handshake message: the header that its body needs, and the body.
pub fn handshake(kind: HandshakeKind, body: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = vec![kind.0];
    put_vector(&mut out, 3, body);
    out
}

/// The first message of a client, of any version (RFC 8446 section 4.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientHello {
    /// `legacy_version`.
    pub legacy_version: ProtocolVersion,
    /// `random`.
    pub random: [u8; 32],
    /// `legacy_session_id`.
    pub session_id: Vec<u8>,
    /// `cipher_suites`.
    pub suites: Vec<CipherSuite>,
    /// `legacy_compression_methods`.
    pub compression: Vec<u8>,
    /// The extensions, in their order; without the block of them when `None`.
    pub extensions: Option<Vec<Extension>>,
}

impl ClientHello {
    /// The message.
    pub fn write(&self) -> Vec<u8> {
        handshake(HandshakeKind::CLIENT_HELLO, |out| {
            put_number(out, 2, self.legacy_version.0.into());
            out.extend_from_slice(&self.random);
            put_vector(out, 1, |out| out.extend_from_slice(&self.session_id));
            put_vector(out, 2, |out| {
                self.suites
                    .iter()
                    .for_each(|suite| put_number(out, 2, suite.0.into()));
            });
            put_vector(out, 1, |out| out.extend_from_slice(&self.compression));
            if let Some(extensions) = &self.extensions {
                put_extensions(out, extensions);
            }
        })
    }

    /// Reads the body of the message.
    ///
    /// # Errors
    /// When it is not one.
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut body = Reader::new(body);
        let legacy_version = ProtocolVersion(body.u16()?);
        let random = body.take(32)?.try_into().map_err(|_| Malformed)?;
        let session_id = body.vector(1)?.to_vec();
        let suites = numbers(body.vector(2)?)?.map(CipherSuite).collect();
        let compression = body.vector(1)?.to_vec();
        let extensions = if body.is_empty() {
            None
        } else {
            Some(extensions(body.vector(2)?)?)
        };
        body.end()?;
        Ok(Self {
            legacy_version,
            random,
            session_id,
            suites,
            compression,
            extensions,
        })
    }

    /// The body of the first extension of a kind.
    pub fn extension(&self, kind: ExtensionKind) -> Option<&[u8]> {
        find(self.extensions.as_deref().unwrap_or_default(), kind)
    }

    /// The shares of `key_share` (RFC 8446 section 4.2.8).
    pub fn shares(&self) -> Vec<(NamedGroup, &[u8])> {
        let read = |body| {
            let mut shares = Vec::new();
            let mut list = Reader::new(Reader::new(body).vector(2)?);
            while !list.is_empty() {
                shares.push((NamedGroup(list.u16()?), list.vector(2)?));
            }
            Ok::<_, Malformed>(shares)
        };
        self.extension(ExtensionKind::KEY_SHARE)
            .and_then(|body| read(body).ok())
            .unwrap_or_default()
    }
}

/// The server's choice, of any version (RFC 8446 section 4.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHello {
    /// `legacy_version`.
    pub legacy_version: ProtocolVersion,
    /// `random`.
    pub random: [u8; 32],
    /// `legacy_session_id_echo`.
    pub session_id: Vec<u8>,
    /// `cipher_suite`.
    pub suite: CipherSuite,
    /// `legacy_compression_method`.
    pub compression: u8,
    /// The extensions; without the block of them when `None`, as in old versions.
    pub extensions: Option<Vec<Extension>>,
}

/// The random of a HelloRetryRequest: SHA-256 of its name (RFC 8446 section 4.1.3).
pub const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

impl ServerHello {
    /// The message.
    pub fn write(&self) -> Vec<u8> {
        handshake(HandshakeKind::SERVER_HELLO, |out| {
            put_number(out, 2, self.legacy_version.0.into());
            out.extend_from_slice(&self.random);
            put_vector(out, 1, |out| out.extend_from_slice(&self.session_id));
            put_number(out, 2, self.suite.0.into());
            out.push(self.compression);
            if let Some(extensions) = &self.extensions {
                put_extensions(out, extensions);
            }
        })
    }

    /// Reads the body of the message.
    ///
    /// # Errors
    /// When it is not one.
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut body = Reader::new(body);
        let legacy_version = ProtocolVersion(body.u16()?);
        let random = body.take(32)?.try_into().map_err(|_| Malformed)?;
        let session_id = body.vector(1)?.to_vec();
        let suite = CipherSuite(body.u16()?);
        let compression = body.u8()?;
        let extensions = if body.is_empty() {
            None
        } else {
            Some(extensions(body.vector(2)?)?)
        };
        body.end()?;
        Ok(Self {
            legacy_version,
            random,
            session_id,
            suite,
            compression,
            extensions,
        })
    }

    /// The body of the first extension of a kind.
    pub fn extension(&self, kind: ExtensionKind) -> Option<&[u8]> {
        find(self.extensions.as_deref().unwrap_or_default(), kind)
    }

    /// The version that was chosen (RFC 8446 section 4.2.1).
    pub fn version(&self) -> ProtocolVersion {
        match self.extension(ExtensionKind::SUPPORTED_VERSIONS) {
            Some(&[high, low]) => ProtocolVersion(u16::from_be_bytes([high, low])),
            _ => self.legacy_version,
        }
    }

    /// Whether it asks for another ClientHello.
    pub fn is_retry(&self) -> bool {
        self.random == RETRY_RANDOM
    }

    /// The server's share, or without octets the group that a retry asks for.
    pub fn share(&self) -> Option<(NamedGroup, &[u8])> {
        let mut body = Reader::new(self.extension(ExtensionKind::KEY_SHARE)?);
        let group = NamedGroup(body.u16().ok()?);
        let share = if self.is_retry() {
            &[][..]
        } else {
            body.vector(2).ok()?
        };
        Some((group, share))
    }
}

/// A demand for the client's chain (RFC 8446 section 4.3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest {
    /// `certificate_request_context`.
    pub context: Vec<u8>,
    /// The extensions, in their order.
    pub extensions: Vec<Extension>,
}

impl CertificateRequest {
    /// Reads the body of the message.
    ///
    /// # Errors
    /// When it is not one.
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut body = Reader::new(body);
        let context = body.vector(1)?.to_vec();
        let extensions = extensions(body.vector(2)?)?;
        body.end()?;
        Ok(Self {
            context,
            extensions,
        })
    }

    /// The body of the first extension of a kind.
    pub fn extension(&self, kind: ExtensionKind) -> Option<&[u8]> {
        find(&self.extensions, kind)
    }
}

/// The algorithms of a `compress_certificate` (RFC 8879 section 3); none where there is none.
pub(super) fn compressions(body: Option<&[u8]>) -> Vec<u16> {
    let list = body.and_then(|body| Reader::new(body).vector(1).ok());
    list.and_then(|list| numbers(list).ok())
        .map_or_else(Vec::new, Iterator::collect)
}

/// The certificates of a Certificate's body, as DER (RFC 8446 section 4.4.2).
///
/// # Errors
/// When it is not one.
pub fn certificates(body: &[u8]) -> Result<Vec<&[u8]>, Malformed> {
    let mut body = Reader::new(body);
    body.vector(1)?;
    let mut entries = Reader::new(body.vector(3)?);
    let mut found = Vec::new();
    while !entries.is_empty() {
        found.push(entries.vector(3)?);
        entries.vector(2)?;
    }
    body.end()?;
    Ok(found)
}

/// The certificates of a Certificate's body of TLS 1.2, as DER (RFC 5246 section 7.4.2).
///
/// # Errors
/// When it is not one.
pub fn certificates_tls_1_2(body: &[u8]) -> Result<Vec<&[u8]>, Malformed> {
    let mut body = Reader::new(body);
    let mut entries = Reader::new(body.vector(3)?);
    body.end()?;
    let mut found = Vec::new();
    while !entries.is_empty() {
        found.push(entries.vector(3)?);
    }
    Ok(found)
}

/// The share of a ServerKeyExchange over a named curve (RFC 8422 section 5.4).
///
/// # Errors
/// When it is not one.
pub fn share_of_key_exchange(body: &[u8]) -> Result<(NamedGroup, &[u8]), Malformed> {
    const NAMED_CURVE: u8 = 3;
    let mut body = Reader::new(body);
    match body.u8()? {
        NAMED_CURVE => Ok((NamedGroup(body.u16()?), body.vector(1)?)),
        _ => Err(Malformed),
    }
}

/// A Certificate message. Extensions go into the first entry.
pub fn certificate(context: &[u8], chain: &[&[u8]], extensions: &[Extension]) -> Vec<u8> {
    handshake(HandshakeKind::CERTIFICATE, |out| {
        put_vector(out, 1, |out| out.extend_from_slice(context));
        put_vector(out, 3, |out| {
            for (index, der) in chain.iter().enumerate() {
                put_vector(out, 3, |out| out.extend_from_slice(der));
                put_extensions(out, if index == 0 { extensions } else { &[] });
            }
        });
    })
}

/// An extension whose body is what `write` appends.
pub fn extension(kind: ExtensionKind, write: impl FnOnce(&mut Vec<u8>)) -> Extension {
    let mut body = Vec::new();
    write(&mut body);
    Extension {
        kind,
        body: HexBytes(body),
    }
}

/// An extension that is a list of numbers of two octets, behind a length in so many.
pub fn number_list(
    kind: ExtensionKind,
    length_octets: usize,
    numbers: impl Iterator<Item = u16>,
) -> Extension {
    extension(kind, |out| {
        put_vector(out, length_octets, |out| {
            numbers.for_each(|number| put_number(out, 2, number.into()));
        });
    })
}

/// The `server_name` extension of a ClientHello (RFC 6066 section 3).
pub fn server_name(name: &str) -> Extension {
    extension(ExtensionKind::SERVER_NAME, |out| {
        put_vector(out, 2, |out| {
            out.push(0);
            put_vector(out, 2, |out| out.extend_from_slice(name.as_bytes()));
        });
    })
}

/// Appends a block of extensions.
pub(super) fn put_extensions(out: &mut Vec<u8>, extensions: &[Extension]) {
    put_vector(out, 2, |out| {
        for extension in extensions {
            put_number(out, 2, extension.kind.0.into());
            put_vector(out, 2, |out| out.extend_from_slice(&extension.body.0));
        }
    });
}

fn find(extensions: &[Extension], kind: ExtensionKind) -> Option<&[u8]> {
    let found = extensions.iter().find(|extension| extension.kind == kind);
    found.map(|extension| &extension.body.0[..])
}

fn extensions(block: &[u8]) -> Result<Vec<Extension>, Malformed> {
    let mut block = Reader::new(block);
    let mut found = Vec::new();
    while !block.is_empty() {
        found.push(Extension {
            kind: ExtensionKind(block.u16()?),
            body: HexBytes(block.vector(2)?.to_vec()),
        });
    }
    Ok(found)
}

/// A list of numbers of two octets.
pub(super) fn numbers(list: &[u8]) -> Result<impl Iterator<Item = u16> + '_, Malformed> {
    match list.as_chunks::<2>() {
        (pairs, []) => Ok(pairs.iter().map(|pair| u16::from_be_bytes(*pair))),
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hellos_read_back_and_no_prefix_of_one_is_read() {
        let client = ClientHello {
            legacy_version: ProtocolVersion::SSL_3_0,
            random: [7; 32],
            session_id: vec![1, 2],
            suites: vec![CipherSuite(0x0a0a), CipherSuite::AES_128_GCM_SHA256],
            compression: vec![1, 0],
            extensions: Some(vec![server_name("a.example")]),
        };
        let server = ServerHello {
            legacy_version: ProtocolVersion::TLS_1_2,
            random: RETRY_RANDOM,
            session_id: vec![],
            suite: CipherSuite::AES_256_GCM_SHA384,
            compression: 0,
            extensions: Some(vec![number_list(
                ExtensionKind::KEY_SHARE,
                0,
                [0x17].into_iter(),
            )]),
        };
        let (client_octets, server_octets) = (client.write(), server.write());
        assert_eq!(ClientHello::read(&client_octets[4..]), Ok(client));
        for end in 4..server_octets.len() {
            let read = ServerHello::read(&server_octets[4..end]);
            // Without its extensions a hello is one of an old version.
            assert!(read.is_err() || read.is_ok_and(|hello| hello.extensions.is_none()));
        }
        let read = ServerHello::read(&server_octets[4..]).expect("reads");
        assert_eq!(read.share(), Some((NamedGroup::SECP256R1, &[][..])));
        assert_eq!(
            (read.is_retry(), read.version()),
            (true, ProtocolVersion::TLS_1_2)
        );
    }

    #[test]
    fn a_chain_reads_back() {
        let message = certificate(&[5], &[b"one", b"two"], &[server_name("x")]);
        assert_eq!(certificates(&message[4..]), Ok(vec![&b"one"[..], b"two"]));
        assert_eq!(certificates(&message[4..message.len() - 1]), Err(Malformed));
    }
}
