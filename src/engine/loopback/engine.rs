//! A server on the loopback as an engine: it is started with the anchors and CRLs
//! of a case, at the time of the case, and visited with the case's certificate.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::{
    prepare::Prepared,
    running::{Files, Running, StartError, faketime_library},
    table,
};
use crate::{
    case::Case,
    der::pem,
    engine::{
        Capability, Engine, EngineError, Observation, Unavailable,
        demand::{accepted, unsupported},
        handshake, server,
        visit::{self, Answer, Visit},
    },
    handshake::Tcp,
    mint::Minter,
    question::{Purpose, Time},
    recipe::generate::Setting,
    script::{End, Script},
    stop::Stop,
    verdict::{Reason, Verdict},
};

/// A server that waits for more is asked again after this part of the time for a case, with all of it.
const PATIENCE_PARTS: u32 = 5;

/// Servers that are kept running for the next case with the same anchors and CRLs.
const MAX_IDLE: usize = 4;

/// So much of an answer is read, in octets: status pages are long.
const MAX_ANSWER: usize = 64 * 1024;

/// A server of the table, as an engine.
pub struct LoopbackEngine {
    prepared: Prepared,
    certificate: String,
    key: String,
    timeout: Duration,
    stop: Stop,
    idle: Mutex<Vec<(Time, Running)>>,
}

impl LoopbackEngine {
    /// The server of this name, once it has let in a client that it must let in. `stop` ends every wait.
    ///
    /// # Errors
    /// When something is missing, or the server does not work.
    pub fn open(name: &str, timeout: Duration, stop: Stop) -> Result<Self, Unavailable> {
        let broken = |why: String| Unavailable::new(why, "gatecrash engines");
        let configuration = table::find(name).map_err(|unknown| broken(unknown.to_string()))?;
        let prepared = configuration.prepare_until(stop)?;
        if configuration.kind.with_time.is_none() && faketime_library().is_none() {
            return Err(Unavailable::new(
                "there is no libfaketime, by which it judges at the time of a case",
                "apt-get install libfaketime",
            ));
        }
        // Its clients take any server certificate, so one from the mint will do.
        let setting = Setting {
            purpose: Purpose::Server,
            ..Setting::default()
        };
        let minted = Minter::new()
            .mint(&setting.recipe())
            .map_err(|error| broken(error.to_string()))?;
        Ok(Self {
            prepared,
            certificate: certificates(&minted.chain),
            key: pem::write("PRIVATE KEY", minted.end_entity_key.secret_pkcs8_der()),
            timeout,
            stop,
            idle: Mutex::default(),
        })
    }

    fn files(&self, case: &Case) -> Files {
        let crls = case.crls.iter().map(|der| pem::write("X509 CRL", der));
        Files {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            anchors: certificates(&case.anchors),
            crls: (!case.crls.is_empty()).then(|| crls.collect()),
        }
    }

    /// A server with these files at this time, one that runs already if there is one.
    fn server(&self, files: &Files, time: Time) -> Result<Running, StartError> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |(at, running): &(Time, Running)| *at == time && running.files() == files;
        let found = idle.iter().position(fits).map(|index| idle.remove(index).1);
        drop(idle);
        match found {
            Some(running) => Ok(running),
            None => self.prepared.start_at(files, Some(time)),
        }
    }

    fn put_back(&self, time: Time, running: Running) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push((time, running));
        let oldest = (idle.len() > MAX_IDLE).then(|| idle.remove(0));
        drop(idle);
        // It ends outside of the lock.
        drop(oldest);
    }
}

fn certificates(chain: &[Vec<u8>]) -> String {
    chain
        .iter()
        .map(|der| pem::write("CERTIFICATE", der))
        .collect()
}

impl Engine for LoopbackEngine {
    fn name(&self) -> &str {
        self.prepared.configuration.name()
    }

    fn version(&self) -> String {
        self.prepared.version().to_owned()
    }

    fn capabilities(&self) -> &[Capability] {
        if self.prepared.configuration.takes_crls() {
            &[Capability::Client, Capability::Crl, Capability::Handshake]
        } else {
            &[Capability::Client, Capability::Handshake]
        }
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
        let visit = match &case.handshake {
            Some(_) => None,
            None => match Visit::of(case) {
                Ok(visit) => Some(visit),
                Err(why) => return Ok(unsupported(why)),
            },
        };
        let first = self.asked(case, visit.as_ref(), self.timeout / PATIENCE_PARTS);
        match first {
            // On a busy machine an honest server is late. One that is late twice, and then for long, hangs.
            Ok(first) if hangs(&first) => self.asked(case, visit.as_ref(), self.timeout),
            Err(EngineError::Broke(_)) => {
                self.asked(case, visit.as_ref(), self.timeout / PATIENCE_PARTS)
            }
            first => first,
        }
    }
}

/// Whether the server neither went on nor refused.
fn hangs(observation: &Observation) -> bool {
    let seen = observation.handshake.as_ref();
    seen.is_some_and(|seen| seen.end == End::TimedOut)
}

impl LoopbackEngine {
    /// Asks a server about a case. `patience` bounds each wait of a script.
    fn asked(
        &self,
        case: &Case,
        visit: Option<&Visit>,
        patience: Duration,
    ) -> Result<Observation, EngineError> {
        let mut server = match self.server(&self.files(case), case.time) {
            Ok(server) => server,
            // A server that does not start with the anchors and CRLs of a case lets nobody in by them.
            Err(StartError::Ended { complaint, .. }) => {
                return Ok(Observation::rejected(Reason::Unstated, complaint));
            }
            Err(StartError::Stopped) => return Err(EngineError::Interrupted),
            Err(error) => return Err(EngineError::Broke(error.to_string())),
        };
        let observation = match (visit, &case.handshake) {
            (Some(visit), _) => self.visited(case, visit, &server),
            (None, Some(script)) => self.played(case, script, &server, patience),
            (None, None) => Ok(unsupported("a case that shows nothing")),
        }?;
        if !server.is_running() {
            return Err(EngineError::Crashed("the server has ended".to_owned()));
        }
        // One that is still busy with this case would be late for the next.
        if !hangs(&observation) {
            self.put_back(case.time, server);
        }
        Ok(observation)
    }

    /// Shows the certificate of a case, in an honest handshake.
    fn visited(
        &self,
        case: &Case,
        visit: &Visit,
        server: &Running,
    ) -> Result<Observation, EngineError> {
        let call = visit.pay(server.address(), self.timeout, self.stop, MAX_ANSWER)?;
        Ok(match call.answer {
            Answer::Let if self.prepared.configuration.authenticates(&call.response) => {
                accepted(case, &[])
            }
            Answer::Let => Observation::rejected(Reason::Unstated, "served as nobody"),
            Answer::Alert(alert) => {
                Observation::rejected(visit::reason_of_alert(alert), call.answer.to_string())
            }
            Answer::Status(_) | Answer::Closed => {
                Observation::rejected(Reason::Unstated, call.answer.to_string())
            }
        })
    }

    /// Plays the script of a case.
    fn played(
        &self,
        case: &Case,
        script: &Script,
        server: &Running,
        patience: Duration,
    ) -> Result<Observation, EngineError> {
        let mut tcp = Tcp::connect_until(server.address(), patience, self.stop)
            .map_err(|error| EngineError::Broke(error.to_string()))?;
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
        let seen = Some(handshake::seen(case, &outcome, false));
        let observation = if handshake::let_in(case, &outcome) {
            accepted(case, &[])
        } else {
            match outcome.end {
                End::Alert(alert) => {
                    Observation::rejected(server::reason_of_alert(alert), outcome.to_string())
                }
                _ => Observation::rejected(Reason::HandshakeViolation, outcome.to_string()),
            }
        };
        Ok(Observation {
            handshake: seen,
            ..observation
        })
    }
}
