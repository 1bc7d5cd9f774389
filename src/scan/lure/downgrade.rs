//! Servers of another age: an old protocol, a weak cipher suite, or a new
//! server that pretends to be old.
//!
//! Nothing of their first flight is encrypted or signed: with the key exchange
//! of RSA a certificate is all that a server shows. A client that goes on with
//! its own key exchange has taken the version, the suite and the certificate;
//! one that does not take them sends an alert here.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
};

use rustls::AlertDescription;

use super::host::{Alert, Sight};
use crate::{
    handshake::{
        message::{ClientHello, ServerHello, extension, handshake},
        record::{Incoming, Record, put_record},
        wire::put_vector,
    },
    script::{CipherSuite, ExtensionKind, HandshakeKind, ProtocolVersion, RecordKind},
};

/// What a server of another age answers to a ClientHello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flight {
    pub(super) version: u16,
    pub(super) suite: u16,
    /// Whether it says that it could speak TLS 1.3 (RFC 8446 section 4.1.3), and answers with less all the same.
    pub(super) is_downgrade: bool,
}

/// The end of the random of a server that could speak TLS 1.3 and chose TLS 1.2.
const SENTINEL: [u8; 8] = *b"DOWNGRD\x01";

/// TLS 1.3
const TLS_1_3: u16 = 0x0304;

/// Answers a client, and says how far it went.
pub(super) fn serve(stream: &mut TcpStream, flight: Flight, chain: &[Vec<u8>]) -> Sight {
    let mut incoming = Incoming::default();
    let Ok(Some(hello)) = next(stream, &mut incoming).map(|record| client_hello(&record)) else {
        return Sight::Silent;
    };
    if flight.is_downgrade && !offers(&hello, TLS_1_3) {
        return Sight::Incompatible("the client does not offer TLS 1.3".to_owned());
    }
    if stream.write_all(&answer(&hello, flight, chain)).is_err() {
        return Sight::Left;
    }
    match next(stream, &mut incoming) {
        Ok(record) if record.kind == RecordKind::HANDSHAKE => Sight::WentOn,
        Ok(record) if record.kind == RecordKind::ALERT => match record.body[..] {
            [_, number] => Sight::Refused(Alert(AlertDescription::from(number))),
            _ => Sight::Left,
        },
        _ => Sight::Left,
    }
}

fn next(stream: &mut TcpStream, incoming: &mut Incoming) -> io::Result<Record> {
    let mut buffer = [0; 4096];
    loop {
        if let Some(record) = incoming.record() {
            return Ok(record);
        }
        match stream.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => incoming.push(&buffer[..count]),
        }
    }
}

fn client_hello(record: &Record) -> Option<ClientHello> {
    let (header, body) = record.body.split_at_checked(4)?;
    (header[0] == HandshakeKind::CLIENT_HELLO.0).then(|| ClientHello::read(body).ok())?
}

fn offers(hello: &ClientHello, version: u16) -> bool {
    let versions = hello
        .extension(ExtensionKind::SUPPORTED_VERSIONS)
        .unwrap_or_default();
    let list = versions.get(1..).unwrap_or_default();
    list.chunks_exact(2)
        .any(|pair| pair == version.to_be_bytes())
}

/// ServerHello, Certificate and ServerHelloDone (RFC 5246 section 7.3).
fn answer(hello: &ClientHello, flight: Flight, chain: &[Vec<u8>]) -> Vec<u8> {
    let mut random = hello.random;
    // Any octets will do, but the client's own.
    random.iter_mut().for_each(|octet| *octet ^= 0x5a);
    if flight.is_downgrade {
        random[24..].copy_from_slice(&SENTINEL);
    }
    let version = ProtocolVersion(flight.version);
    let server_hello = ServerHello {
        legacy_version: version,
        random,
        session_id: Vec::new(),
        suite: CipherSuite(flight.suite),
        compression: 0,
        // Clients refuse servers that cannot renegotiate safely (RFC 5746).
        extensions: Some(vec![extension(ExtensionKind(0xff01), |out| out.push(0))]),
    };
    let certificate = handshake(HandshakeKind::CERTIFICATE, |out| {
        put_vector(out, 3, |out| {
            for der in chain {
                put_vector(out, 3, |out| out.extend_from_slice(der));
            }
        });
    });
    let done = handshake(HandshakeKind(14), |_| {});
    let mut out = Vec::new();
    for message in [server_hello.write(), certificate, done] {
        put_record(&mut out, RecordKind::HANDSHAKE, version, &message);
    }
    out
}
