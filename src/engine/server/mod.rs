//! The reference mTLS server, asked as a client asks it: a real TLS 1.3 handshake over loopback TCP.
//!
//! In TLS 1.3 the client is done before the server has judged its certificate,
//! so only a byte of the answer to a request counts as being let in.

mod client;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Duration,
};

use ::rustls::{crypto::CryptoProvider, server::danger::ClientCertVerifier};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::runtime::{self, Runtime};

use self::client::{Answer, Visit};
use super::{
    Capability, Engine, EngineError, Observation, Unavailable,
    demand::{accepted, unsupported},
    reference::{lenient_on_identity, reasons_of},
};
use crate::{
    case::Case,
    mint::Minter,
    question::Purpose,
    recipe::generate::Setting,
    server::{
        Clock, Decision, Handle, Policy, RevocationRule, Server, ServerConfig, ServerCredentials,
        ServerKey, Trust, TrustError,
    },
    validator::{
        Anchor, CrlStore, ParsedCrl, ReferenceClientVerifier, Report, RevocationEvidence,
        RevocationOptions, VerifierConfig,
    },
    verdict::{Reason, Verdict},
};

/// Reference servers, as many as cases are judged side by side.
pub struct ServerEngine {
    /// Taken out only when the engine is dropped.
    runtime: Option<Runtime>,
    credentials: ServerCredentials,
    timeout: Duration,
    idle: Mutex<Vec<Station>>,
}

/// One server, and what its verifier last found.
struct Station {
    address: SocketAddr,
    handle: Handle,
    found: Arc<Mutex<Option<Report>>>,
}

impl ServerEngine {
    /// Makes ready to start servers. `timeout` bounds every wait.
    ///
    /// # Errors
    /// When there are no threads for them, or no certificate can be made for them.
    pub fn open(timeout: Duration) -> Result<Self, Unavailable> {
        let unavailable = |why: String| Unavailable::new(why, "free some memory and try again");
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| unavailable(format!("no threads for the server: {error}")))?;
        // Its clients take any server certificate, so one from the mint will do.
        let setting = Setting {
            purpose: Purpose::Server,
            ..Setting::default()
        };
        let minted = Minter::new()
            .mint(&setting.recipe())
            .map_err(|error| unavailable(format!("no certificate for the server: {error}")))?;
        let key = PrivatePkcs8KeyDer::from(minted.end_entity_key.secret_pkcs8_der().to_vec());
        let credentials = ServerCredentials {
            chain: minted.chain.into_iter().map(CertificateDer::from).collect(),
            key: ServerKey::new(PrivateKeyDer::from(key)),
        };
        Ok(Self {
            runtime: Some(runtime),
            credentials,
            timeout,
            idle: Mutex::default(),
        })
    }

    /// Runs a future on the runtime's own threads, so that the caller may itself be inside a runtime.
    fn wait_for<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, EngineError> {
        let (answer, answered) = mpsc::sync_channel(1);
        let runtime = self
            .runtime
            .as_ref()
            .ok_or_else(|| broke("the server has stopped"))?;
        runtime.spawn(async move {
            // The receiver is gone only when time is up.
            let _ = answer.send(future.await);
        });
        answered
            .recv_timeout(self.timeout)
            .map_err(|_| broke("the server does not answer in time"))
    }

    fn station(&self, trust: Trust) -> Result<Result<Station, TrustError>, EngineError> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        if let Some(station) = idle {
            return match station.handle.replace_trust(trust) {
                Ok(_) => Ok(Ok(station)),
                Err(error) => {
                    self.put_back(station);
                    refused_trust(error).map(Err)
                }
            };
        }
        let found = Arc::<Mutex<Option<Report>>>::default();
        let seen = Arc::clone(&found);
        let mut config =
            ServerConfig::new(self.credentials.clone(), trust).with_verifier(Arc::new(
                move |trust: &Trust, _: &Policy, provider: &Arc<CryptoProvider>| {
                    verifier(trust, provider, Arc::clone(&seen))
                },
            ));
        config.policy.revocation = RevocationRule::IfPresent;
        config.resumption = None;
        match self.wait_for(Server::bind(config))? {
            Ok(running) => Ok(Ok(Station {
                address: running.local_addr(),
                handle: running.handle(),
                found,
            })),
            Err(error) => refused_trust(error).map(Err),
        }
    }

    fn put_back(&self, station: Station) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(station);
    }

    fn knock(
        &self,
        case: &Case,
        visit: &Visit,
        station: &Station,
    ) -> Result<Observation, EngineError> {
        *station.found.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let call = visit
            .pay(station.address, self.timeout)
            .map_err(EngineError::Broke)?;
        if let Answer::Let = call.answer {
            return Ok(accepted(case, &[]));
        }
        let (handle, peer, patience) = (station.handle.clone(), call.from, self.timeout / 2);
        let outcome = self.wait_for(async move { handle.outcome(peer, patience).await })?;
        let report = station
            .found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match (outcome.map(|outcome| outcome.decision), call.answer) {
            (Some(Decision::Refused(refusal)), answer) => {
                let detail = format!("{answer}: {}", refusal.detail);
                Ok(match report.filter(|report| !report.is_accepted()) {
                    // The alert says little; the verifier knows more.
                    Some(report) => Observation::rejected_for(&reasons_of(&report), detail),
                    None => Observation::rejected_for(&refusal.reasons, detail),
                })
            }
            (_, Answer::Status(status)) => Ok(Observation::rejected(
                Reason::IdentityNotAllowed,
                format!("HTTP status {status}"),
            )),
            (_, Answer::Alert(alert)) => Ok(Observation::rejected(
                client::reason_of_alert(alert),
                format!("{alert:?}"),
            )),
            (_, answer) => Err(EngineError::Broke(format!(
                "the server neither let in nor refused: {answer}"
            ))),
        }
    }
}

impl Drop for ServerEngine {
    fn drop(&mut self) {
        for station in self.idle.get_mut().unwrap_or_else(PoisonError::into_inner) {
            station.handle.shutdown();
        }
        if let Some(runtime) = self.runtime.take() {
            // Waiting here would panic inside somebody else's runtime.
            runtime.shutdown_background();
        }
    }
}

impl Engine for ServerEngine {
    fn name(&self) -> &str {
        "server"
    }

    fn version(&self) -> String {
        env!("CARGO_PKG_VERSION").to_owned()
    }

    fn capabilities(&self) -> &[Capability] {
        &[
            Capability::Client,
            Capability::Crl,
            Capability::Policies,
            Capability::Reason,
        ]
    }

    fn judge(&self, case: &Case) -> Result<Verdict, EngineError> {
        self.observe(case).map(|observation| observation.verdict)
    }

    fn observe(&self, case: &Case) -> Result<Observation, EngineError> {
        if case.purpose == Purpose::Server {
            return Ok(unsupported("certificates of a server"));
        }
        if case.time.unix_seconds() < 0 {
            return Ok(unsupported("a time before 1970"));
        }
        let visit = match Visit::of(case) {
            Ok(visit) => visit,
            Err(why) => return Ok(unsupported(why)),
        };
        let trust = Trust {
            anchors: case.anchors.clone(),
            crls: case.crls.clone(),
            time: Clock::Fixed(case.time),
        };
        match self.station(trust)? {
            Ok(station) => {
                let observation = self.knock(case, &visit, &station);
                // A server that broke is not asked again.
                match &observation {
                    Ok(_) => self.put_back(station),
                    Err(_) => station.handle.shutdown(),
                }
                observation
            }
            Err(error) => Ok(Observation::rejected(error.reason(), error.to_string())),
        }
    }
}

fn broke(what: &str) -> EngineError {
    EngineError::Broke(what.to_owned())
}

/// A server that cannot take over the anchors and CRLs of a case lets nobody in by them.
fn refused_trust(error: crate::server::ServerError) -> Result<TrustError, EngineError> {
    match error {
        crate::server::ServerError::Trust(error) => Ok(error),
        other => Err(EngineError::Broke(other.to_string())),
    }
}

/// The reference validator as the server's verifier, which tells what it found.
fn verifier(
    trust: &Trust,
    provider: &Arc<CryptoProvider>,
    found: Arc<Mutex<Option<Report>>>,
) -> Result<Arc<dyn ClientCertVerifier>, TrustError> {
    let anchors = trust.anchors.iter().enumerate().map(|(index, der)| {
        Anchor::from_certificate(der).map_err(|error| TrustError::Anchor {
            index,
            detail: error.to_string(),
        })
    });
    let anchors: Vec<_> = anchors.collect::<Result<_, _>>()?;
    let crls = trust.crls.iter().enumerate().map(|(index, der)| {
        ParsedCrl::from_der(der.clone()).map_err(|error| TrustError::Crl {
            index,
            detail: error.to_string(),
        })
    });
    let crls: Vec<_> = crls.collect::<Result<_, _>>()?;
    let clock = trust.time;
    let mut config = VerifierConfig::new(anchors, lenient_on_identity())
        .algorithms(provider.signature_verification_algorithms)
        .clock(move || clock.now())
        .on_verdict(move |report, _| {
            *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(report.clone());
        });
    if !crls.is_empty() {
        config = config.revocation(RevocationEvidence::new(
            CrlStore::new(crls),
            RevocationOptions::default(),
        ));
    }
    Ok(Arc::new(ReferenceClientVerifier::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{case::pairs, defect};

    fn engine() -> ServerEngine {
        ServerEngine::open(Duration::from_secs(10)).expect("a server")
    }

    fn clients(id: &str) -> Vec<crate::case::Pair> {
        let defect = defect::find(id).expect(id);
        let pairs = pairs(&Minter::new(), defect, 6, 7)
            .into_iter()
            .map(|pair| pair.expect("a pair"));
        pairs
            .filter(|pair| pair.hostile.purpose == Purpose::Client && pair.hostile.name.is_none())
            .collect()
    }

    #[test]
    fn hostile_clients_are_refused_with_the_reason_and_twins_let_in() {
        let engine = engine();
        for id in ["validity/expired", "validity/not-yet-valid"] {
            let reason = defect::find(id).expect(id).reasons[0];
            let pairs = clients(id);
            assert!(!pairs.is_empty());
            for pair in pairs {
                assert_eq!(
                    engine.judge(&pair.twin),
                    Ok(Verdict::Accept),
                    "{}",
                    pair.twin.id
                );
                assert_eq!(
                    engine.judge(&pair.hostile),
                    Ok(Verdict::Reject(reason)),
                    "{}",
                    pair.hostile.id
                );
            }
        }
    }

    #[test]
    fn a_stolen_certificate_and_no_certificate_are_told_apart() {
        let engine = engine();
        let pairs = clients("validity/expired");
        let mut stolen = pairs[0].twin.clone();
        stolen.end_entity_key = Some(other_key());
        assert_eq!(
            engine.judge(&stolen),
            Ok(Verdict::Reject(Reason::NoProofOfPossession))
        );
        let mut nothing = pairs[0].twin.clone();
        nothing.chain.clear();
        assert_eq!(
            engine.judge(&nothing),
            Ok(Verdict::Reject(Reason::NoCertificate))
        );
    }

    fn other_key() -> crate::case::PrivateKey {
        let setting = Setting {
            purpose: Purpose::Server,
            ..Setting::default()
        };
        let mut recipe = setting.recipe();
        let end_entity = recipe.presented[0].clone();
        if let Some(certificate) = recipe.certificate_mut(&end_entity) {
            certificate.key.label = "somebody else".to_owned();
        }
        Minter::new().mint(&recipe).expect("a key").end_entity_key
    }

    #[test]
    fn what_cannot_be_asked_is_inconclusive() {
        let engine = engine();
        let pairs = clients("validity/expired");
        let case = &pairs[0].twin;
        let server = Case {
            purpose: Purpose::Server,
            ..case.clone()
        };
        let keyless = Case {
            end_entity_key: None,
            ..case.clone()
        };
        for case in [server, keyless] {
            assert!(matches!(engine.judge(&case), Ok(Verdict::Inconclusive(_))));
        }
    }

    #[test]
    fn anchors_and_crls_that_are_none_refuse_everybody() {
        let engine = engine();
        let pairs = clients("validity/expired");
        let case = &pairs[0].twin;
        let anchors = Case {
            anchors: vec![vec![0x30]],
            ..case.clone()
        };
        let crls = Case {
            crls: vec![vec![0x30]],
            ..case.clone()
        };
        assert_eq!(
            engine.judge(&anchors),
            Ok(Verdict::Reject(Reason::BadAnchor))
        );
        assert_eq!(
            engine.judge(&crls),
            Ok(Verdict::Reject(Reason::CrlMalformed))
        );
        assert_eq!(engine.judge(case), Ok(Verdict::Accept));
    }
}
