//! The yardstick: axum on tokio-rustls with rustls's own client verifier, and nothing more.

use std::{net::SocketAddr, path::Path, sync::Arc};

use axum::{Router, routing::get};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use rustls::{
    RootCertStore,
    server::{NoServerSessionStorage, WebPkiClientVerifier},
};
use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, pem::PemObject,
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::LoadError;
use crate::{
    bounded,
    server::{MinimumVersion, provider},
};

/// The most octets of a file: a CRL of a million entries is 66 MB of PEM.
const LARGEST: u64 = 256 << 20;

/// Serves the files of a folder until the process ends; calls `ready` when it listens.
///
/// # Errors
/// When the files cannot be used or the address is taken.
pub async fn serve_plain(
    folder: &Path,
    address: SocketAddr,
    with_crl: bool,
    ready: impl FnOnce(),
) -> Result<(), LoadError> {
    let acceptor = TlsAcceptor::from(Arc::new(config(folder, with_crl)?));
    let listener = TcpListener::bind(address)
        .await
        .map_err(LoadError::system("cannot listen"))?;
    ready();
    let router = TowerToHyperService::new(Router::new().route("/whoami", get(async || "ok\n")));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let (acceptor, router) = (acceptor.clone(), router.clone());
        tokio::spawn(async move {
            // As the reference has it: small records must not wait for more of them.
            let _ = stream.set_nodelay(true);
            if let Ok(stream) = acceptor.accept(stream).await {
                let builder = auto::Builder::new(TokioExecutor::new());
                // Whatever ends it, the next connection is what counts.
                let _ = builder.serve_connection(TokioIo::new(stream), router).await;
            }
        });
    }
}

fn config(folder: &Path, with_crl: bool) -> Result<rustls::ServerConfig, LoadError> {
    let read = |name: &str| {
        let path = folder.join(name);
        bounded::octets(&path, LARGEST).map_err(|source| LoadError::Read { path, source })
    };
    let unusable = |what: &'static str| {
        move |error: rustls_pki_types::pem::Error| LoadError::System {
            what,
            source: std::io::Error::other(error),
        }
    };
    let certificates = |name: &str| -> Result<Vec<CertificateDer<'static>>, LoadError> {
        CertificateDer::pem_slice_iter(&read(name)?)
            .collect::<Result<_, _>>()
            .map_err(unusable("no certificates"))
    };
    let mut roots = RootCertStore::empty();
    for root in certificates("ca.pem")? {
        roots.add(root)?;
    }
    let provider = provider(MinimumVersion::Tls13);
    let mut verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    if with_crl {
        let crls: Vec<CertificateRevocationListDer<'static>> =
            CertificateRevocationListDer::pem_slice_iter(&read("crl.pem")?)
                .collect::<Result<_, _>>()
                .map_err(unusable("no CRLs"))?;
        verifier = verifier.with_crls(crls).enforce_revocation_expiration();
    }
    let verifier = verifier
        .build()
        .map_err(|error| rustls::Error::General(error.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(&read("server.key")?).map_err(unusable("no key"))?;
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(certificates("server.pem")?, key)?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new()?;
    config.send_tls13_tickets = 1;
    Ok(config)
}
