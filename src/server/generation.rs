//! One state of the server's configuration, whole and unchangeable.
//!
//! A change builds the next generation beside the current one and swaps them at
//! once. Nothing is shared that could carry a verdict over: each generation has
//! its own verifier, its own memory of whom it let in, and its own ticket keys.

use std::sync::Arc;

use rustls::{
    crypto::{
        CryptoProvider,
        aws_lc_rs::{cipher_suite, default_provider, kx_group},
    },
    server::{NoServerSessionStorage, ResolvesServerCert},
};
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::{question::Time, validator::CrlStore, verdict::Reason};

use super::{
    attempt::Attempt,
    clock::Clock,
    config::{MinimumVersion, Scrutiny, ServerConfig},
    error::ServerError,
    identity,
    let_in::LetIn,
    refusal::Refusal,
    responses::{self, ResponseMark},
    scrutiny::{self, Origins},
    succession::{self, CrlMark},
    ticket::{ConnectionTickets, TicketKeys},
    trust::{ClientJudge, RevocationRule, Trust, judge, read_crls, with_report},
    witness::Witness,
};

/// The suites and groups of the reference server.
///
/// TLS 1.3: AES-128-GCM, AES-256-GCM, ChaCha20-Poly1305, in this order. Where TLS 1.2
/// is chosen: ECDHE with the same ciphers. Groups: X25519MLKEM768, then X25519.
///
/// AES-128 is as strong as X25519 and P-256, and its hash is SHA-256, which processors
/// compute by themselves; SHA-384 is a fifteenth of the cost of a handshake. Who wants
/// AES-256 offers nothing else.
pub fn provider(minimum: MinimumVersion) -> Arc<CryptoProvider> {
    let mut cipher_suites = vec![
        cipher_suite::TLS13_AES_128_GCM_SHA256,
        cipher_suite::TLS13_AES_256_GCM_SHA384,
        cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    ];
    if minimum == MinimumVersion::Tls12 {
        cipher_suites.extend([
            cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ]);
    }
    Arc::new(CryptoProvider {
        cipher_suites,
        kx_groups: vec![kx_group::X25519MLKEM768, kx_group::X25519],
        ..default_provider()
    })
}

const TLS13_ONLY: &[&rustls::SupportedProtocolVersion] = &[&rustls::version::TLS13];
const TLS12_TOO: &[&rustls::SupportedProtocolVersion] =
    &[&rustls::version::TLS13, &rustls::version::TLS12];

/// Looks at everything by itself and beside what is in force.
fn look_at(
    config: &ServerConfig,
    trust: &Trust,
    crls: &CrlStore,
    origins: &Origins,
    in_force: Option<&Generation>,
) -> Result<Marks, ServerError> {
    if config.scrutiny == Scrutiny::Waived {
        return Ok(Marks::default());
    }
    let sighting = scrutiny::look_at(config, trust, crls, origins)?;
    if let Some(in_force) = in_force
        && config.policy.revocation != RevocationRule::Off
    {
        succession::check_evidence(&in_force.trust, trust, config.policy.revocation)?;
        succession::check_crls(&in_force.marks.crls, &sighting, &origins.crls)?;
        responses::check(
            &in_force.marks.responses,
            &sighting.responses,
            &sighting.issuers,
            &origins.ocsp,
        )?;
    }
    for concern in &sighting.concerns {
        tracing::warn!("{concern}");
    }
    Ok(Marks {
        crls: sighting.marks,
        responses: sighting.responses.into(),
    })
}

/// The CRLs and OCSP responses that were looked at.
#[derive(Default)]
struct Marks {
    crls: Vec<CrlMark>,
    responses: Arc<[ResponseMark]>,
}

/// One state of the configuration.
pub(crate) struct Generation {
    pub(crate) number: u64,
    /// Everything but the trust, which stands below.
    pub(crate) config: Arc<ServerConfig>,
    trust: Trust,
    provider: Arc<CryptoProvider>,
    judge: ClientJudge,
    resolver: Arc<dyn ResolvesServerCert>,
    tickets: Option<Arc<TicketKeys>>,
    let_in: Arc<LetIn>,
    /// When the anchors and known issuers end.
    above: Arc<[Time]>,
    marks: Marks,
}

impl Generation {
    /// Checks a configuration whole and makes it the first generation.
    pub(crate) fn first(config: ServerConfig) -> Result<Self, ServerError> {
        Self::new(0, config, None)
    }

    /// The next generation with another configuration.
    pub(crate) fn with_config(&self, config: ServerConfig) -> Result<Self, ServerError> {
        Self::new(self.number + 1, config, Some(self))
    }

    fn new(
        number: u64,
        mut config: ServerConfig,
        in_force: Option<&Self>,
    ) -> Result<Self, ServerError> {
        config.check()?;
        let resolver: Arc<dyn ResolvesServerCert> = config.credentials.resolver()?;
        let provider = provider(config.minimum_version);
        let trust = std::mem::take(&mut config.trust);
        let origins = std::mem::take(&mut config.origins);
        let crls = read_crls(&trust, &config.policy, &std::mem::take(&mut config.read))?;
        let marks = look_at(&config, &trust, &crls, &origins, in_force)?;
        let trust = (trust, crls);
        Self::assemble(number, Arc::new(config), trust, provider, resolver, marks)
    }

    /// The next generation with other trust, everything else unchanged.
    pub(crate) fn with_trust(&self, trust: Trust) -> Result<Self, ServerError> {
        let crls = read_crls(&trust, &self.config.policy, &[])?;
        let marks = look_at(&self.config, &trust, &crls, &Origins::default(), Some(self))?;
        Self::assemble(
            self.number + 1,
            Arc::clone(&self.config),
            (trust, crls),
            Arc::clone(&self.provider),
            Arc::clone(&self.resolver),
            marks,
        )
    }

    fn assemble(
        number: u64,
        config: Arc<ServerConfig>,
        (trust, crls): (Trust, CrlStore),
        provider: Arc<CryptoProvider>,
        resolver: Arc<dyn ResolvesServerCert>,
        marks: Marks,
    ) -> Result<Self, ServerError> {
        let judge = match &config.verifier {
            Some(make) => make(&trust, &config.policy, &provider)?,
            None => judge(&trust, &config.policy, &provider, crls)?,
        };
        let tickets = match config.resumption {
            Some(lifetime) => Some(Arc::new(
                TicketKeys::new(lifetime, trust.time)
                    .map_err(|error| ServerError::Tls(error.to_string()))?,
            )),
            None => None,
        };
        let above = identity::ends(trust.anchors.iter().chain(&trust.intermediates));
        let generation = Self {
            number,
            config,
            trust,
            provider,
            judge,
            resolver,
            tickets,
            let_in: Arc::default(),
            above,
            marks,
        };
        // What rustls would refuse at the first connection is refused here.
        generation
            .connection_config(&Attempt::new())
            .map_err(|error| ServerError::Tls(error.to_string()))?;
        Ok(generation)
    }

    pub(crate) fn trust(&self) -> &Trust {
        &self.trust
    }

    pub(crate) fn clock(&self) -> Clock {
        self.trust.time
    }

    /// The rustls configuration of one connection, writing into its attempt.
    pub(crate) fn connection_config(
        &self,
        attempt: &Arc<Attempt>,
    ) -> Result<Arc<rustls::ServerConfig>, rustls::Error> {
        let versions = match self.config.minimum_version {
            MinimumVersion::Tls13 => TLS13_ONLY,
            MinimumVersion::Tls12 => TLS12_TOO,
        };
        let witness = Witness {
            inner: Arc::clone(&self.judge.verifier),
            attempt: Arc::clone(attempt),
            let_in: Arc::clone(&self.let_in),
            above: Arc::clone(&self.above),
            evidence_end: self.judge.evidence_end,
            latest: self.latest_end(),
            most: self.config.limits.certificate_octets,
            responses: Arc::clone(&self.marks.responses),
        };
        let mut config = rustls::ServerConfig::builder_with_details(
            Arc::clone(&self.provider),
            Arc::new(self.clock()),
        )
        .with_protocol_versions(versions)?
        .with_client_cert_verifier(Arc::new(witness))
        .with_cert_resolver(Arc::clone(&self.resolver));
        config.ignore_client_order = true;
        config.max_early_data_size = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        match &self.tickets {
            Some(keys) => {
                config.ticketer = Arc::new(ConnectionTickets {
                    keys: Arc::clone(keys),
                    attempt: Arc::clone(attempt),
                });
                config.send_tls13_tickets = 1;
            }
            None => config.send_tls13_tickets = 0,
        }
        Ok(Arc::new(config))
    }

    /// What was fetched for it is worth keeping.
    pub(crate) fn keep_fetched(&self) {
        if let Some(settings) = &self.config.settings {
            settings.kept().keep();
        }
    }

    /// When the first certificate of the server's own chain ends.
    pub(crate) fn own_end(&self) -> Time {
        identity::earliest_end(&self.config.credentials.chain)
    }

    /// When the evidence behind verdicts ends, if any bounds them.
    pub(crate) fn evidence_end(&self) -> Option<Time> {
        self.judge.evidence_end
    }

    /// Until when a verdict of now may stand at the longest.
    fn latest_end(&self) -> Time {
        let by_tickets = self
            .tickets
            .as_ref()
            .map_or(Time::from_unix_seconds(i64::MAX), |keys| keys.latest_end());
        self.judge
            .evidence_end
            .map_or(by_tickets, |end| end.min(by_tickets))
    }

    /// Judges a chain outside a handshake, and says until when the verdict may stand.
    pub(crate) fn judge(&self, chain: &[CertificateDer<'static>]) -> Result<Time, Refusal> {
        let Some((end_entity, intermediates)) = chain.split_first() else {
            return Err(Refusal::new(
                Reason::NoCertificate,
                "no certificate was shown",
            ));
        };
        let now = rustls::time_provider::TimeProvider::current_time(&self.clock())
            .unwrap_or(UnixTime::since_unix_epoch(std::time::Duration::ZERO));
        let verify = || {
            self.judge
                .verifier
                .verify_client_cert(end_entity, intermediates, now)
        };
        let (verified, report) = with_report(verify);
        verified.map_err(|error| {
            Refusal::of(&error, report).naming_responses(&self.marks.responses, chain)
        })?;
        let moment = Time::from_seconds_since_1970(now.as_secs());
        Ok(identity::stands_until(chain, &self.above, moment).min(self.latest_end()))
    }
}
