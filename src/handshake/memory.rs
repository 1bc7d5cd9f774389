//! rustls on the other side, in memory: no socket, no thread, no waiting.

use std::io::{self, Read, Write};

use rustls::{
    CertificateCompressionAlgorithm, ClientConnection, Connection, Error, ServerConnection,
    compress::{CertDecompressor, DecompressionFailed},
};

use super::{deflate, transport::Transport};

/// A rustls connection as the other side of a script.
///
/// As a server it answers each request with 200 and the SHA-256 of the end entity
/// that it has authenticated, in hexadecimal. As a client it makes the request once
/// it is done, which tells that it has taken the server for good.
pub struct Memory {
    connection: Connection,
    error: Option<Error>,
    requested: bool,
    answered: bool,
    peer_closed: bool,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory")
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

impl From<ServerConnection> for Memory {
    fn from(connection: ServerConnection) -> Self {
        Self::new(connection.into())
    }
}

impl From<ClientConnection> for Memory {
    fn from(connection: ClientConnection) -> Self {
        Self::new(connection.into())
    }
}

impl Memory {
    fn new(connection: Connection) -> Self {
        Self {
            connection,
            error: None,
            requested: false,
            answered: false,
            peer_closed: false,
        }
    }

    /// Why rustls gave up, if it has.
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// The connection as it is.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Whether a server under test has seen the request of an authenticated or anonymous client.
    pub fn answered(&self) -> bool {
        self.answered
    }

    /// Lets the application on the other side do its part.
    fn serve(&mut self) {
        let mut request = [0; 1024];
        let asked = matches!(self.connection.reader().read(&mut request), Ok(1..));
        match &self.connection {
            Connection::Server(_) if asked => {
                let identity = self
                    .connection
                    .peer_certificates()
                    .and_then(|chain| chain.first())
                    .map(|der| {
                        hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der).as_ref())
                    })
                    .unwrap_or_default();
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{identity}",
                    identity.len()
                );
                // rustls keeps what is written until it is fetched.
                let _ = self.connection.writer().write_all(answer.as_bytes());
                self.answered = true;
            }
            Connection::Client(_) if !self.requested && !self.connection.is_handshaking() => {
                let _ = self
                    .connection
                    .writer()
                    .write_all(b"GET / HTTP/1.1\r\n\r\n");
                self.requested = true;
            }
            _ => {}
        }
    }
}

/// Takes compressed certificates for rustls, as far as their streams only store.
#[derive(Clone, Copy, Debug)]
pub struct Restore;

impl CertDecompressor for Restore {
    fn decompress(&self, input: &[u8], output: &mut [u8]) -> Result<(), DecompressionFailed> {
        let restored = deflate::restore(input, output.len()).ok_or(DecompressionFailed)?;
        output.copy_from_slice(&restored);
        Ok(())
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        CertificateCompressionAlgorithm::Zlib
    }
}

impl Transport for Memory {
    fn send(&mut self, mut octets: &[u8]) -> io::Result<()> {
        while !octets.is_empty() {
            if self.error.is_some() {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            // Its buffer is full at times, and empties as it is processed.
            let taken = self.connection.read_tls(&mut octets);
            if let Err(error) = self.connection.process_new_packets() {
                self.error = Some(error);
            }
            self.serve();
            if matches!(taken, Ok(0) | Err(_)) && !octets.is_empty() && self.error.is_none() {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
        }
        Ok(())
    }

    fn receive(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        let before = into.len();
        while self.connection.wants_write() {
            self.connection.write_tls(into)?;
        }
        match into.len() - before {
            0 if self.error.is_some() || self.peer_closed => Ok(0),
            0 => Err(io::ErrorKind::WouldBlock.into()),
            received => Ok(received),
        }
    }

    fn close(&mut self) {
        self.peer_closed = true;
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
