//! What is fetched from URLs: those of the server's own configuration, never those of a certificate.
//!
//! A small HTTP client with limits on scheme, size and time. It follows no redirect,
//! so that a responder cannot send the server elsewhere. CRLs and OCSP responses are
//! signed, so plain HTTP is as good as HTTPS for them (RFC 5280 section 8).

use std::{
    collections::HashMap,
    fmt, io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use axum::body::{Body, to_bytes};
use hyper::{Request, StatusCode, Uri, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::{config::MinimumVersion, generation::provider};

/// A scheme that may be fetched from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UrlScheme {
    /// Plain HTTP.
    Http,
    /// HTTPS, to servers that `fetch.ca` vouches for.
    Https,
}

/// The limits of fetching.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct FetchLimits {
    /// The schemes that URLs may have.
    pub schemes: Vec<UrlScheme>,
    /// The CAs of HTTPS servers. PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<std::path::PathBuf>,
    /// How often everything is fetched again, in seconds.
    pub refresh_seconds: u64,
    /// How long one answer may take in all, in milliseconds.
    pub timeout_milliseconds: u64,
    /// The size of one answer.
    pub octets: usize,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            schemes: vec![UrlScheme::Http, UrlScheme::Https],
            ca: None,
            refresh_seconds: 900,
            timeout_milliseconds: 10_000,
            octets: 64 * 1024 * 1024,
        }
    }
}

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No URL of a host, or one with a password.
    #[error("it is not a URL of the form http://host/path")]
    NoUrl,
    /// A scheme that is not allowed.
    #[error("its scheme is not among fetch.schemes")]
    Scheme,
    /// HTTPS without CAs.
    #[error("fetch.ca names no CA for https")]
    NoCa,
    /// It took too long.
    #[error("no whole answer within {0} ms")]
    TooSlow(u64),
    /// More octets than allowed, or the answer broke off.
    #[error("the answer broke off, or has more than {0} octets")]
    TooLarge(usize),
    /// Not 200. Redirects are not followed.
    #[error("the answer is {0}")]
    Status(StatusCode),
    /// The connection failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The other side does not speak HTTP.
    #[error("no HTTP answer: {0}")]
    Http(#[from] hyper::Error),
}

impl FetchError {
    /// Whether the other side failed, rather than the configuration.
    pub fn is_outside(&self) -> bool {
        !matches!(self, Self::NoUrl | Self::Scheme | Self::NoCa)
    }
}

/// What came into force last from each URL: it stands in when a URL does not answer. Whether it
/// is fresh enough to prove anything is judged where it is used.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    /// What is in force.
    answers: Mutex<HashMap<String, Vec<u8>>>,
    /// What was fetched since, and is not in force yet.
    news: Mutex<HashMap<String, Vec<u8>>>,
    failures: AtomicU64,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

/// A memory is no part of what a configuration says.
impl PartialEq for Kept {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Kept {}

impl Kept {
    /// How often a URL did not answer.
    pub(crate) fn failures(&self) -> u64 {
        self.inner.failures.load(Ordering::Relaxed)
    }

    /// What was fetched so far came to nothing.
    pub(crate) fn begin_anew(&self) {
        locked(&self.inner.news).clear();
    }

    /// What was fetched is in force: from now on it stands in for a URL that does not answer.
    pub(crate) fn keep(&self) {
        let news = std::mem::take(&mut *locked(&self.inner.news));
        locked(&self.inner.answers).extend(news);
    }

    /// What a URL holds now or, if it does not answer, held when it came into force.
    pub(crate) fn fetch(
        &self,
        url: &str,
        limits: &FetchLimits,
        roots: &[CertificateDer<'static>],
    ) -> Result<Vec<u8>, FetchError> {
        match fetch(url, limits, roots) {
            Ok(octets) => {
                locked(&self.inner.news).insert(url.to_owned(), octets.clone());
                Ok(octets)
            }
            Err(error) => {
                self.inner.failures.fetch_add(1, Ordering::Relaxed);
                match locked(&self.inner.answers).get(url) {
                    Some(octets) => {
                        tracing::warn!(url, %error, "not fetched; what was fetched before stands while it is fresh");
                        Ok(octets.clone())
                    }
                    None => Err(error),
                }
            }
        }
    }
}

fn locked(answers: &Mutex<HashMap<String, Vec<u8>>>) -> MutexGuard<'_, HashMap<String, Vec<u8>>> {
    // A poisoned lock only means that another thread panicked; the map is whole.
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Fetches one URL on a thread of its own, so that it does not matter who waits.
fn fetch(
    url: &str,
    limits: &FetchLimits,
    roots: &[CertificateDer<'static>],
) -> Result<Vec<u8>, FetchError> {
    let target = Target::new(url, limits)?;
    let tls = match target.scheme {
        UrlScheme::Http => None,
        UrlScheme::Https => Some(tls(roots)?),
    };
    let work = || -> Result<Vec<u8>, FetchError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let patience = Duration::from_millis(limits.timeout_milliseconds);
        runtime.block_on(async {
            timeout(patience, target.get(tls, limits.octets))
                .await
                .map_err(|_| FetchError::TooSlow(limits.timeout_milliseconds))?
        })
    };
    thread::scope(|scope| scope.spawn(work).join())
        .unwrap_or_else(|_| Err(io::Error::other("the fetching thread panicked").into()))
}

fn tls(roots: &[CertificateDer<'static>]) -> Result<TlsConnector, FetchError> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots.iter().cloned());
    if store.is_empty() {
        return Err(FetchError::NoCa);
    }
    let config = ClientConfig::builder_with_provider(provider(MinimumVersion::Tls12))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// A URL that may be fetched.
struct Target {
    scheme: UrlScheme,
    host: String,
    port: u16,
    authority: String,
    path: String,
}

impl Target {
    fn new(url: &str, limits: &FetchLimits) -> Result<Self, FetchError> {
        let uri: Uri = url.parse().map_err(|_| FetchError::NoUrl)?;
        let scheme = match uri.scheme_str() {
            Some("http") => UrlScheme::Http,
            Some("https") => UrlScheme::Https,
            Some(_) => return Err(FetchError::Scheme),
            None => return Err(FetchError::NoUrl),
        };
        if !limits.schemes.contains(&scheme) {
            return Err(FetchError::Scheme);
        }
        let authority = uri.authority().ok_or(FetchError::NoUrl)?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(FetchError::NoUrl);
        }
        Ok(Self {
            scheme,
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(match scheme {
                UrlScheme::Http => 80,
                UrlScheme::Https => 443,
            }),
            authority: authority.to_string(),
            path: uri
                .path_and_query()
                .map_or_else(|| "/".to_owned(), ToString::to_string),
        })
    }

    async fn get(self, tls: Option<TlsConnector>, most: usize) -> Result<Vec<u8>, FetchError> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        match tls {
            None => self.ask(stream, most).await,
            Some(tls) => {
                let name =
                    ServerName::try_from(self.host.clone()).map_err(|_| FetchError::NoUrl)?;
                let stream = tls.connect(name, stream).await?;
                self.ask(stream, most).await
            }
        }
    }

    async fn ask<S>(self, stream: S, most: usize) -> Result<Vec<u8>, FetchError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(connection);
        let request = Request::get(&self.path)
            .header(header::HOST, &self.authority)
            .header(header::CONNECTION, "close")
            .header(
                header::USER_AGENT,
                concat!("gatecrash/", env!("CARGO_PKG_VERSION")),
            )
            .body(Body::empty())
            .map_err(|_| FetchError::NoUrl)?;
        let response = sender.send_request(request).await?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status()));
        }
        let octets = to_bytes(Body::new(response.into_body()), most)
            .await
            .map_err(|_| FetchError::TooLarge(most))?;
        driver.abort();
        Ok(octets.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_urls_of_allowed_schemes_are_targets() {
        let plain = FetchLimits {
            schemes: vec![UrlScheme::Http],
            ..FetchLimits::default()
        };
        let table = [
            ("http://crl.example/a.crl", Some(80)),
            ("http://crl.example:8080/a.crl?x=1", Some(8080)),
            ("http://[::1]:81/", Some(81)),
            ("https://crl.example/a.crl", None),
            ("file:///etc/passwd", None),
            ("ldap://crl.example/cn=x", None),
            ("http://user:password@crl.example/", None),
            ("/a.crl", None),
            ("crl.example", None),
            ("", None),
        ];
        for (url, port) in table {
            let target = Target::new(url, &plain).ok();
            assert_eq!(target.map(|target| target.port), port, "{url}");
        }
        assert!(Target::new("https://crl.example/", &FetchLimits::default()).is_ok());
    }
}
