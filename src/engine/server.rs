//! The reference mTLS server, asked as a client asks it: a real handshake over loopback TCP.
//!
//! In TLS 1.3 the client is done before the server has judged its certificate,
//! so only a byte of the answer to a request counts as being let in.

use std::{
    io,
    net::SocketAddr,
    sync::{Mutex, PoisonError, mpsc},
    time::Duration,
};

use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::runtime::{self, Runtime};

use super::{
    Capability, Engine, EngineError, Observation, Unavailable,
    demand::{accepted, unsupported},
    handshake,
    reference::lenient_on_identity,
    visit::{self, Answer, Visit},
};
use crate::{
    case::Case,
    handshake::Tcp,
    mint::Minter,
    question::Purpose,
    recipe::generate::Setting,
    script::{Alert, End, Script},
    server::{
        Clock, Decision, Handle, MinimumVersion, Policy, RevocationRule, Scrutiny, Server,
        ServerConfig, ServerCredentials, ServerKey, Trust, TrustError,
    },
    stop::{Missing, Stop},
    verdict::{Reason, Verdict},
};

/// Reference servers, as many as cases are judged side by side.
pub struct ServerEngine {
    /// Taken out only when the engine is dropped.
    runtime: Option<Runtime>,
    credentials: ServerCredentials,
    timeout: Duration,
    stop: Stop,
    idle: Mutex<Vec<Station>>,
}

/// How a client comes.
enum Approach<'c> {
    /// As any client does.
    Visit(Visit),
    /// As a script says.
    Script(&'c Script),
}

/// One server.
struct Station {
    address: SocketAddr,
    handle: Handle,
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
            stop: Stop::NEVER,
            idle: Mutex::default(),
        })
    }

    /// Lets somebody end every wait.
    #[must_use]
    pub fn stop(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
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
        self.stop
            .receive(&answered, self.timeout)
            .map_err(|missing| match missing {
                Missing::Stopped => EngineError::Interrupted,
                Missing::TimedOut | Missing::HungUp => broke("the server does not answer in time"),
            })
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
        let mut config = ServerConfig::new(self.credentials.clone(), trust);
        config.policy = Policy::new(lenient_on_identity());
        config.policy.revocation = RevocationRule::IfPresent;
        // The rules of TLS 1.2 are asked as well, of who says that nothing newer is spoken.
        config.minimum_version = MinimumVersion::Tls12;
        config.resumption = None;
        // Bad evidence is what it is to refuse, client by client.
        config.scrutiny = Scrutiny::Waived;
        // Twins of large chains are good ones: the rules are asked here, and not the size.
        config.limits.certificate_octets = config.limits.handshake_octets;
        match self.wait_for(Server::bind(config))? {
            Ok(running) => Ok(Ok(Station {
                address: running.local_addr(),
                handle: running.handle(),
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
        let call = visit.pay(station.address, self.timeout, self.stop, visit::STATUS)?;
        if let Answer::Let = call.answer {
            return Ok(accepted(case, &[]));
        }
        match (self.decision(station, call.from)?, call.answer) {
            // The alert says little; the server knows more.
            (Some(Decision::Refused(refusal)), answer) => {
                let detail = format!("{answer}: {}", refusal.detail);
                Ok(Observation::rejected_for(&refusal.reasons, detail))
            }
            (_, Answer::Status(status)) => Ok(Observation::rejected(
                Reason::IdentityNotAllowed,
                format!("HTTP status {status}"),
            )),
            (_, Answer::Alert(alert)) => Ok(Observation::rejected(
                visit::reason_of_alert(alert),
                format!("{alert:?}"),
            )),
            (_, answer) => Err(EngineError::Broke(format!(
                "the server neither let in nor refused: {answer}"
            ))),
        }
    }
}

impl ServerEngine {
    /// What the server says that it has decided about the client at this address.
    fn decision(
        &self,
        station: &Station,
        peer: SocketAddr,
    ) -> Result<Option<Decision>, EngineError> {
        let (handle, patience) = (station.handle.clone(), self.timeout / 2);
        let outcome = self.wait_for(async move { handle.outcome(peer, patience).await })?;
        Ok(outcome.map(|outcome| outcome.decision))
    }

    fn shake_hands(
        &self,
        case: &Case,
        script: &Script,
        station: &Station,
    ) -> Result<Observation, EngineError> {
        let unreachable =
            |error: io::Error| EngineError::Broke(format!("the server cannot be reached: {error}"));
        let mut tcp =
            Tcp::connect_until(station.address, self.timeout, self.stop).map_err(unreachable)?;
        let from = tcp.local_addr().map_err(unreachable)?;
        let outcome = match handshake::played(case, script, &mut tcp) {
            Ok(outcome) => outcome,
            Err(why) => return Ok(unsupported(why)),
        };
        if self.stop.is_set() {
            return Err(EngineError::Interrupted);
        }
        if let Some(unspoken) = handshake::not_spoken(case, script, &outcome) {
            return Ok(unspoken);
        }
        // The server takes note of a client that is gone only when it is.
        drop(tcp);
        let mut seen = handshake::seen(case, &outcome, true);
        // A reset of the connection can overtake the alert before it.
        seen.cut_off |= seen.end == End::Closed;
        let observation = if handshake::let_in(case, &outcome) {
            accepted(case, &[])
        } else if outcome.end == End::Alert(Alert::NO_RENEGOTIATION) {
            // The client was let in before, and the server has refused nobody.
            Observation::rejected(Reason::HandshakeViolation, outcome.to_string())
        } else {
            match (self.decision(station, from)?, outcome.end) {
                (Some(Decision::Refused(refusal)), _) => Observation::rejected_for(
                    &refusal.reasons,
                    format!("{outcome}: {}", refusal.detail),
                ),
                (_, End::Alert(alert)) => {
                    Observation::rejected(reason_of_alert(alert), outcome.to_string())
                }
                _ => Observation::rejected(Reason::HandshakeViolation, outcome.to_string()),
            }
        };
        Ok(Observation {
            handshake: Some(seen),
            ..observation
        })
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
            Capability::Handshake,
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
        let approach = match &case.handshake {
            Some(script) => Approach::Script(script),
            None => match Visit::of(case) {
                Ok(visit) => Approach::Visit(visit),
                Err(why) => return Ok(unsupported(why)),
            },
        };
        let trust = Trust {
            anchors: case.anchors.clone(),
            crls: case.crls.clone(),
            time: Clock::Fixed(case.time),
            ..Trust::default()
        };
        match self.station(trust)? {
            Ok(station) => {
                let observation = match &approach {
                    Approach::Script(script) => self.shake_hands(case, script, &station),
                    Approach::Visit(visit) => self.knock(case, visit, &station),
                };
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

/// What an alert says of a handshake (RFC 8446 section 6.2).
pub(super) fn reason_of_alert(alert: Alert) -> Reason {
    match alert {
        Alert::CERTIFICATE_EXPIRED => Reason::Expired,
        Alert::CERTIFICATE_REVOKED => Reason::Revoked,
        Alert::UNKNOWN_CA => Reason::UnknownIssuer,
        Alert::CERTIFICATE_REQUIRED => Reason::NoCertificate,
        Alert::ACCESS_DENIED => Reason::IdentityNotAllowed,
        Alert::DECRYPT_ERROR => Reason::NoProofOfPossession,
        Alert::PROTOCOL_VERSION | Alert::INSUFFICIENT_SECURITY | Alert::INAPPROPRIATE_FALLBACK => {
            Reason::ProtocolTooOld
        }
        Alert::UNEXPECTED_MESSAGE
        | Alert::BAD_RECORD_MAC
        | Alert::RECORD_OVERFLOW
        | Alert::ILLEGAL_PARAMETER
        | Alert::DECODE_ERROR
        | Alert::MISSING_EXTENSION
        | Alert::UNSUPPORTED_EXTENSION
        | Alert::HANDSHAKE_FAILURE => Reason::HandshakeViolation,
        _ => Reason::Unstated,
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
