//! One client: a handshake, one request, and how it ended.

use std::{
    future::poll_fn,
    io,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use rustls::{
    ClientConfig, HandshakeKind, RootCertStore,
    client::{ResolvesClientCert, Resumption},
    crypto::aws_lc_rs::{kx_group::X25519, sign::any_supported_type},
    sign::CertifiedKey,
};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf},
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{Credentials, LoadError};
use crate::server::{MinimumVersion, provider};

const REQUEST: &[u8] = b"GET /whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Octets of a status line that say enough: `HTTP/1.1 200`.
const STATUS: usize = 12;

/// Somebody who knocks at a server, again and again.
#[derive(Clone)]
pub struct Caller {
    pub(super) config: Arc<ClientConfig>,
    pub(super) server: SocketAddr,
    /// The address to call from. Loopback has many.
    pub(super) from: Ipv4Addr,
    /// Whether a request follows the handshake.
    asks: bool,
}

/// What a client agrees on with a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyExchange {
    /// X25519MLKEM768 where the server knows it, or X25519.
    Hybrid,
    /// X25519 alone, which every server knows, so that all do the same work.
    X25519,
}

/// How a visit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The request was answered with 200.
    Let {
        /// Whether a ticket stood for the certificate.
        resumed: bool,
    },
    /// The server said no: by an alert or another status.
    Refused,
    /// No answer: the connection failed, broke or stood still.
    Lost(io::ErrorKind),
}

impl Caller {
    /// A client that trusts this root and shows these credentials.
    ///
    /// # Errors
    /// When the credentials cannot be used by rustls.
    pub fn new(
        server: SocketAddr,
        root: CertificateDer<'static>,
        credentials: Option<&Credentials>,
    ) -> Result<Self, LoadError> {
        Self::agreeing_on(KeyExchange::Hybrid, server, root, credentials)
    }

    /// The same with the key exchange that it offers first.
    ///
    /// # Errors
    /// When the credentials cannot be used by rustls.
    pub fn agreeing_on(
        key_exchange: KeyExchange,
        server: SocketAddr,
        root: CertificateDer<'static>,
        credentials: Option<&Credentials>,
    ) -> Result<Self, LoadError> {
        let mut roots = RootCertStore::empty();
        roots.add(root)?;
        let shown = match credentials {
            None => None,
            Some(credentials) => Some(Arc::new(CertifiedKey::new(
                credentials.chain.clone(),
                any_supported_type(&credentials.key)?,
            ))),
        };
        let mut provider = provider(MinimumVersion::Tls13);
        if key_exchange == KeyExchange::X25519 {
            Arc::make_mut(&mut provider).kx_groups = vec![X25519];
        }
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_client_cert_resolver(Arc::new(Shows(shown)));
        config.resumption = Resumption::disabled();
        Ok(Self {
            config: Arc::new(config),
            server,
            from: Ipv4Addr::LOCALHOST,
            asks: true,
        })
    }

    /// The same, calling from another loopback address.
    #[must_use]
    pub fn calling_from(mut self, from: Ipv4Addr) -> Self {
        self.from = from;
        self
    }

    /// The same, leaving when the handshake is done: when a ticket shows that the server is through with it.
    #[must_use]
    pub fn without_request(mut self) -> Self {
        self.asks = false;
        self
    }

    /// The same, keeping tickets and using them.
    #[must_use]
    pub fn with_tickets(mut self) -> Self {
        let mut config = (*self.config).clone();
        config.resumption = Resumption::in_memory_sessions(4);
        self.config = Arc::new(config);
        self
    }

    pub(super) async fn connect(&self) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((self.from, 0).into())?;
        let stream = socket.connect(self.server).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// One handshake and one request, within this time.
    pub async fn visit(&self, patience: Duration) -> Answer {
        match timeout(patience, self.call()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => match error.get_ref().and_then(|inner| inner.downcast_ref()) {
                Some(rustls::Error::AlertReceived(_)) => Answer::Refused,
                _ => Answer::Lost(error.kind()),
            },
            Err(_) => Answer::Lost(io::ErrorKind::TimedOut),
        }
    }

    async fn call(&self) -> io::Result<Answer> {
        let stream = self.connect().await?;
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        let mut stream = connector.connect(name, stream).await?;
        if !self.asks {
            ticket(&mut stream).await?;
            stream.shutdown().await?;
            let resumed = stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
            return Ok(Answer::Let { resumed });
        }
        // A refusal may arrive while the request is being written. The alert then waits to be read.
        let written = stream.write_all(REQUEST).await;
        let mut status = [0; STATUS];
        match stream.read_exact(&mut status).await {
            Ok(_) => {}
            Err(error) => {
                let said = error
                    .get_ref()
                    .is_some_and(|inner| inner.is::<rustls::Error>());
                return Err(match written {
                    Err(first) if !said => first,
                    _ => error,
                });
            }
        }
        // The rest holds the tickets' last octets, and an orderly end.
        let _ = stream.read_to_end(&mut Vec::new()).await;
        let resumed = stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
        Ok(if status.ends_with(b"200") {
            Answer::Let { resumed }
        } else {
            Answer::Refused
        })
    }
}

/// Waits for a ticket: in TLS 1.3 a client is done before its server has judged it.
async fn ticket(stream: &mut TlsStream<TcpStream>) -> io::Result<()> {
    poll_fn(|context| {
        let mut octets = [0; 16];
        let read = Pin::new(&mut *stream).poll_read(context, &mut ReadBuf::new(&mut octets));
        match read {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ if stream.get_ref().1.tls13_tickets_received() > 0 => Poll::Ready(Ok(())),
            Poll::Ready(Ok(())) => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Shows one certificate to every server, even with a key that is not its own.
#[derive(Debug)]
struct Shows(Option<Arc<CertifiedKey>>);

impl ResolvesClientCert for Shows {
    fn resolve(&self, _: &[&[u8]], _: &[rustls::SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}
