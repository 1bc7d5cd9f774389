//! A client that shows a certificate of a development PKI and takes any server for good.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use gatecrash::handshake::AnyPeer;
use rustls::{ClientConfig, ClientConnection, StreamOwned, crypto::aws_lc_rs::default_provider};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};

/// What came back: an answer of HTTP, or nothing when the client was refused.
pub(crate) struct Answer(pub(crate) Vec<u8>);

impl Answer {
    pub(crate) fn is_served(&self) -> bool {
        self.0.get(8..12) == Some(b" 200")
    }
}

/// Asks for `/whoami`, with a chain and a key in PEM or with none.
pub(crate) fn ask(address: SocketAddr, shown: Option<(&str, &str)>) -> Answer {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyPeer));
    let config = match shown {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let chain = CertificateDer::pem_slice_iter(chain.as_bytes())
                .collect::<Result<_, _>>()
                .expect("a chain");
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
            builder.with_client_auth_cert(chain, key).expect("a pair")
        }
    };
    let stream = TcpStream::connect(address).expect("a server");
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a timeout");
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a client");
    let mut tls = StreamOwned::new(connection, stream);
    let mut response = Vec::new();
    let _: io::Result<()> = tls
        .write_all(b"GET /whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .and_then(|()| tls.read_to_end(&mut response).map(|_| ()));
    Answer(response)
}
