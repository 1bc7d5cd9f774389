//! What one attacker does on one connection, octet by octet.

use std::{
    io::{self, Read as _, Write as _},
    sync::{Arc, LazyLock},
    time::Duration,
};

use rustls::{ClientConnection, pki_types::ServerName};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};
use tokio_rustls::TlsConnector;

use super::Caller;

/// The longest that one attempt holds on.
pub(super) const HOLD: Duration = Duration::from_secs(30);
/// Between the octets of those who are slow.
const DRIP: Duration = Duration::from_millis(250);

/// The beginning of a ClientHello of 16 MiB less one octet, the longest that RFC 8446 section 4 can write.
pub(super) static ENDLESS_HELLO: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut message = vec![1, 0xff, 0xff, 0xff];
    message.resize(20_000, 0);
    one_octet_records(&record(&message))
});

/// Reads whatever comes, until the server has had enough.
pub(super) async fn until_closed(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1_024];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

pub(super) async fn stalled(caller: &Caller) -> io::Result<()> {
    let mut stream = caller.connect().await?;
    stream.write_all(&hello(caller)?).await?;
    until_closed(stream).await
}

pub(super) async fn drip(mut stream: TcpStream, octets: &[u8]) -> io::Result<()> {
    for octet in octets {
        stream.write_all(&[*octet]).await?;
        sleep(DRIP).await;
    }
    until_closed(stream).await
}

fn connection(caller: &Caller) -> io::Result<ClientConnection> {
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    ClientConnection::new(Arc::clone(&caller.config), name).map_err(io::Error::other)
}

pub(super) fn hello(caller: &Caller) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    connection(caller)?.write_tls(&mut octets)?;
    Ok(octets)
}

/// A handshake record (RFC 8446 section 5.1) with these contents, as far as one record holds them.
fn record(contents: &[u8]) -> Vec<u8> {
    let mut octets = vec![22, 3, 1];
    let length = u16::try_from(contents.len()).unwrap_or(u16::MAX);
    octets.extend(length.to_be_bytes());
    octets.extend(&contents[..usize::from(length)]);
    octets
}

pub(super) fn one_octet_records(octets: &[u8]) -> Vec<u8> {
    let contents = octets.get(5..).unwrap_or_default();
    contents
        .iter()
        .flat_map(|octet| record(&[*octet]))
        .collect()
}

/// Shakes hands up to the client's last flight, and drips that.
pub(super) async fn slow_certificate(caller: &Caller) -> io::Result<()> {
    let mut stream = caller.connect().await?;
    let mut tls = connection(caller)?;
    let mut octets = Vec::new();
    tls.write_tls(&mut octets)?;
    stream.write_all(&octets).await?;
    let mut buffer = vec![0; 16_384];
    while tls.is_handshaking() {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        let mut unread = &buffer[..read];
        while !unread.is_empty() {
            tls.read_tls(&mut unread)?;
            tls.process_new_packets().map_err(io::Error::other)?;
        }
    }
    octets.clear();
    while tls.wants_write() {
        tls.write_tls(&mut octets)?;
    }
    drip(stream, &octets).await
}

pub(super) async fn slow_request(caller: &Caller, at_once: &[u8], slowly: &[u8]) -> io::Result<()> {
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    let connector = TlsConnector::from(Arc::clone(&caller.config));
    let mut stream = connector.connect(name, caller.connect().await?).await?;
    stream.write_all(at_once).await?;
    stream.flush().await?;
    for octet in slowly {
        stream.write_all(&[*octet]).await?;
        stream.flush().await?;
        sleep(DRIP).await;
    }
    stream.read_to_end(&mut Vec::new()).await.map(|_| ())
}

pub(super) async fn slow_reader(caller: &Caller, unread: usize) -> io::Result<()> {
    let mut stream = caller.connect().await?;
    let mut tls = connection(caller)?;
    tls.set_buffer_limit(None);
    for _ in 0..unread {
        tls.writer()
            .write_all(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    }
    let mut octets = Vec::new();
    let mut buffer = vec![0; 16_384];
    while tls.is_handshaking() {
        octets.clear();
        while tls.wants_write() {
            tls.write_tls(&mut octets)?;
        }
        stream.write_all(&octets).await?;
        if tls.is_handshaking() {
            let read = stream.read(&mut buffer).await?;
            if read == 0 {
                return Ok(());
            }
            tls.read_tls(&mut &buffer[..read])?;
            tls.process_new_packets().map_err(io::Error::other)?;
            // Whatever was said early is not of interest.
            let _ = tls.reader().read(&mut [0; 16]);
        }
    }
    octets.clear();
    while tls.wants_write() {
        tls.write_tls(&mut octets)?;
    }
    stream.write_all(&octets).await?;
    sleep(HOLD).await;
    Ok(())
}
