//! Plain rustls around a verifier, in memory, for the script of a case.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use ::rustls::{
    ClientConfig, ClientConnection, Error, ServerConfig, ServerConnection,
    client::{Resumption, danger::ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs},
    server::danger::ClientCertVerifier,
    sign::{CertifiedKey, SingleCertAndKey},
    time_provider::TimeProvider,
    version::{TLS12, TLS13},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};

use super::{
    Observation,
    demand::unsupported,
    handshake::{in_memory, played},
    webpki::server_name,
};
use crate::{
    case::Case,
    handshake::{Memory, Restore},
    mint::Minter,
    question::Purpose,
    recipe::generate::Setting,
    script::Script,
};

static PROVIDER: LazyLock<Arc<CryptoProvider>> =
    LazyLock::new(|| Arc::new(aws_lc_rs::default_provider()));

/// What servers under test show. Scripts take any server for good.
static OWN: LazyLock<Arc<SingleCertAndKey>> = LazyLock::new(|| {
    let setting = Setting {
        purpose: Purpose::Server,
        ..Setting::default()
    };
    let minted = Minter::new()
        .mint(&setting.recipe())
        .expect("the plainest setting mints");
    let key = PrivatePkcs8KeyDer::from(minted.end_entity_key.secret_pkcs8_der().to_vec());
    let key = aws_lc_rs::sign::any_supported_type(&PrivateKeyDer::from(key))
        .expect("the plainest key is P-256");
    let chain = minted.chain.into_iter().map(CertificateDer::from).collect();
    Arc::new(CertifiedKey::new(chain, key).into())
});

/// A clock that stands still.
#[derive(Debug)]
struct Standing(UnixTime);

impl TimeProvider for Standing {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.0)
    }
}

fn clock(case: &Case) -> Result<Arc<Standing>, Observation> {
    let seconds = u64::try_from(case.time.unix_seconds());
    let seconds = seconds.map_err(|_| unsupported("a time before 1970"))?;
    Ok(Arc::new(Standing(UnixTime::since_unix_epoch(
        Duration::from_secs(seconds),
    ))))
}

/// Plays a client to a rustls server that judges clients with this verifier.
pub(super) fn against_server(
    case: &Case,
    script: &Script,
    verifier: Arc<dyn ClientCertVerifier>,
) -> Result<Observation, Observation> {
    let mut config = ServerConfig::builder_with_details(Arc::clone(&PROVIDER), clock(case)?)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(not_begun)?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::clone(&OWN) as Arc<_>);
    config.cert_decompressors = vec![&Restore];
    let connection = ServerConnection::new(Arc::new(config)).map_err(not_begun)?;
    judged(case, script, connection.into())
}

/// Plays a server to a rustls client that judges servers with this verifier.
pub(super) fn against_client(
    case: &Case,
    script: &Script,
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<Observation, Observation> {
    let name = case
        .name
        .as_ref()
        .ok_or_else(|| unsupported("a server without an expected name"))?;
    let name =
        server_name(name).ok_or_else(|| unsupported("a name that rustls has no type for"))?;
    let mut config = ClientConfig::builder_with_details(Arc::clone(&PROVIDER), clock(case)?)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(not_begun)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    config.cert_decompressors = vec![&Restore];
    let name = name.to_owned();
    let connection = ClientConnection::new(Arc::new(config), name).map_err(not_begun)?;
    judged(case, script, connection.into())
}

fn judged(case: &Case, script: &Script, mut memory: Memory) -> Result<Observation, Observation> {
    let outcome = played(case, script, &mut memory).map_err(unsupported)?;
    Ok(in_memory(case, &outcome, &memory))
}

fn not_begun(error: Error) -> Observation {
    unsupported(format_args!(
        "a handshake that rustls does not begin: {error}"
    ))
}
