//! Handshakes that are wrong in exactly one way around a good certificate, each beside its honest twin.
//!
//! Only an answer to the request counts: in TLS 1.3 a client is done before the
//! server has judged it.

use std::{sync::Arc, time::Duration};

use super::{
    amplification,
    answer::{Answer, End, Greeting, Response},
    last_word,
    outcome::Outcome,
    plan::Plan,
    probe::{Conclusion, Probe, Seen, Stage},
    remedy::Remedy,
    result::{Finding, Record, ScanReport},
    scene::Scene,
};
use crate::{
    case::Case,
    defect::{self, Defect, Position, Severity},
    handshake::{Credentials, Outcome as Played, Play, Session, Tcp, Ticket, play},
    question::Purpose,
    script::{
        self, Alert, Chain, ExtensionKind, HandshakeKind, Hello, Message, NamedGroup, Proof,
        Script, Signer, Step,
    },
};

/// The family `handshake`, as far as a client can play it.
pub(super) const STAGE: Stage = Stage {
    name: "handshake",
    about: "the good certificate in handshakes that leave out, repeat or change one step",
    alone: false,
    changes_server: false,
    probes,
    conclude,
};

/// How long one wait may be at first. Who is silent for longer is asked again, with all patience.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Scripts that cost the server far more than the client.
const COSTLY: &[&str] = &[
    "handshake/key-update-flood",
    "handshake/certificate-of-sixteen-megabytes",
    "handshake/hundred-certificates",
];

fn probes(scene: &Scene) -> Vec<Probe> {
    defect::matching("handshake/*")
        .filter(|defect| defect.purposes.contains(&Purpose::Client))
        .filter(|defect| scene.wishes.exhaustion || !COSTLY.contains(&defect.id.0))
        .filter_map(|defect| probe(scene, defect))
        .chain([amplification::probe()])
        .collect()
}

fn probe(scene: &Scene, defect: &'static Defect) -> Option<Probe> {
    let pair = scene.pki.pair(defect, Position::Handshake).ok()?;
    let hostile = Part::of(scene, &pair.hostile)?;
    let twin = Arc::new(Part::of(scene, &pair.twin)?);
    let good = Arc::clone(&twin);
    let probe = Probe::hostile(defect.id.0, defect.summary, move |scene| {
        match twin.honest(scene) {
            Ok(Seen { outcome, .. }) if outcome.is_accepted() => {}
            // Whoever does not speak the version cannot go wrong in it.
            Ok(Seen {
                outcome: outcome @ Outcome::RefusedByAlert(70),
                ..
            }) if twin.script.goes_on_with_tls_1_2() => {
                return Seen::of(outcome);
            }
            Ok(seen) => {
                return Seen::inconclusive(format!("its twin is not let in: {}", seen.evidence));
            }
            Err(why) => return Seen::inconclusive(why),
        }
        match hostile.play_out(scene) {
            Ok(played) if hostile.script.needs_a_cookie() && !played.cookie => {
                Seen::inconclusive("the server gives no cookie")
            }
            Ok(played) => hostile.named(scene, &played),
            Err(why) => Seen::inconclusive(why),
        }
    });
    let probe = probe
        .of_defect(defect.id)
        .beside(move |scene| match good.honest(scene) {
            Ok(seen) => seen.outcome,
            Err(why) => Outcome::Inconclusive(why),
        });
    Some(probe)
}

/// What a client has of an earlier connection.
#[derive(Clone, Copy)]
pub(super) enum Kept<'k> {
    Nothing,
    Ticket(&'k Ticket),
    Session(&'k Session),
}

/// One side of a pair, ready to be played.
pub(super) struct Part {
    script: Script,
    credentials: Option<Arc<Credentials>>,
}

impl Part {
    /// The script of a case with its chain and key. None where it has none, or one that cannot sign.
    fn of(scene: &Scene, case: &Case) -> Option<Self> {
        let script = case.handshake.clone()?;
        let credentials = match &case.end_entity_key {
            Some(key) if !case.chain.is_empty() => {
                Some(Credentials::new(case.chain.clone(), key).ok()?)
            }
            _ => None,
        };
        let credentials = match credentials {
            Some(own) if script.has_another_client() => {
                Some(own.beside(other_client(scene, case)?))
            }
            own => own,
        };
        Some(Self {
            script,
            credentials: credentials.map(Arc::new),
        })
    }

    /// What came of a play; where another client was shown beside, as whom it was let in.
    fn named(&self, scene: &Scene, played: &Played) -> Seen {
        let seen = read(scene, played);
        // Where everybody is answered, an answer to nobody is none to somebody, whatever its page.
        if let Outcome::Accepted(status) = seen.outcome
            && scene.yardstick.is_open()
            && self.script.shows_nobody()
        {
            return Seen::of(Outcome::AcceptedUnverified(status));
        }
        if !self.script.has_another_client() || !seen.outcome.is_accepted() {
            return seen;
        }
        let honest = Self {
            script: as_the_other(&self.script),
            credentials: self.credentials.clone(),
        };
        let looks = |played: &Played| {
            let response = Response::read(&played.application_data, true);
            response.map(|response| response.looks())
        };
        match honest.play_out(scene) {
            Ok(proven) if looks(&proven) == looks(played) => Seen::of(Outcome::Held(format!(
                "answered as the client whose key was proven: {}",
                seen.evidence
            ))),
            _ => seen,
        }
    }

    /// A script with the scene's good certificate. None where its key cannot sign here.
    pub(super) fn with_good(scene: &Scene, script: Script) -> Option<Self> {
        let good = &scene.good;
        let credentials = Credentials::new(good.chain.clone(), &good.key).ok()?;
        Some(Self {
            script,
            credentials: Some(Arc::new(credentials)),
        })
    }

    /// A script without a certificate.
    pub(super) fn of_nobody(script: Script) -> Self {
        Self {
            script,
            credentials: None,
        }
    }

    /// What tells it from other parts.
    fn digest(&self) -> Vec<Vec<u8>> {
        let text = self.script.to_toml().unwrap_or_default();
        let chain = self
            .credentials
            .iter()
            .flat_map(|shown| shown.chain.clone());
        [text.into_bytes()].into_iter().chain(chain).collect()
    }

    /// Plays it to the endpoint until that answers or the scan's own patience is at its end.
    ///
    /// # Errors
    /// Why nothing could be played.
    fn play_out(&self, scene: &Scene) -> Result<Played, String> {
        let played = self.play(scene, Kept::Nothing)?;
        match played.end {
            script::End::TimedOut => self.play_within(scene.client.timeout(), scene, Kept::Nothing),
            _ => Ok(played),
        }
    }

    /// What it comes to as somebody's twin. The same is played once.
    fn honest(&self, scene: &Scene) -> Result<Seen, String> {
        scene.twin_of(&self.digest(), || {
            self.play(scene, Kept::Nothing)
                .map(|played| read(scene, &played))
        })
    }

    /// Plays it to the endpoint.
    ///
    /// # Errors
    /// Why nothing could be played.
    pub(super) fn play(&self, scene: &Scene, kept: Kept<'_>) -> Result<Played, String> {
        self.play_within(PATIENCE.min(scene.client.timeout()), scene, kept)
    }

    fn play_within(
        &self,
        patience: Duration,
        scene: &Scene,
        kept: Kept<'_>,
    ) -> Result<Played, String> {
        let address = scene
            .client
            .address()
            .ok_or("the endpoint has no address")?;
        if !scene.client.pace().wait() {
            return Err("not shown: the bounds of the scan are reached".to_owned());
        }
        let mut with = match &self.credentials {
            Some(credentials) => Play::with(credentials),
            None => Play::default(),
        };
        with = match kept {
            Kept::Nothing => with,
            Kept::Ticket(ticket) => with.ticket(ticket),
            Kept::Session(session) => with.session(session),
        };
        let mut tcp =
            Tcp::connect(address, patience).map_err(|error| format!("nobody answers: {error}"))?;
        Ok(play(&addressed(scene, &self.script), &with, &mut tcp))
    }
}

/// Another client of the scan's CA.
fn other_client(scene: &Scene, case: &Case) -> Option<Credentials> {
    let recipe = case.recipe.as_ref()?.of_another_client()?;
    let minted = scene.pki.mint(&recipe).ok()?;
    Credentials::new(minted.chain, &minted.key).ok()
}

/// The honest handshake of the other client, in the version of a script.
fn as_the_other(script: &Script) -> Script {
    let mut honest = match script.goes_on_with_tls_1_2() {
        true => Script::client_of_tls_1_2(),
        false => Script::client(),
    };
    honest.replace(
        HandshakeKind::CERTIFICATE,
        Message::certificate_of(Chain::OtherClient),
    );
    let proof = Proof {
        signer: Signer::OtherClient,
        ..Proof::default()
    };
    honest.replace(
        HandshakeKind::CERTIFICATE_VERIFY,
        Message::CertificateVerify(proof),
    );
    honest
}

/// The script with the endpoint's name, and the operator's request in the place of its own.
fn addressed(scene: &Scene, script: &Script) -> Script {
    let mut script = script.clone();
    let endpoint = scene.client.endpoint();
    let hello = &mut script.hello;
    if hello.groups == Hello::default().groups {
        // A server may take larger curves alone, and asks for a share then.
        hello.groups.push(NamedGroup::SECP384R1);
    }
    let mut further = hello.extensions.iter().chain(&hello.last_extensions);
    let names_itself = further.any(|extension| extension.kind == ExtensionKind::SERVER_NAME);
    if let Some(name) = endpoint.dns_name()
        && hello.server_name.is_empty()
        && !names_itself
    {
        name.clone_into(&mut hello.server_name);
    }
    let request = scene.wishes.request.to_bytes(&endpoint.host_header());
    let request = String::from_utf8_lossy(&request).into_owned();
    for step in &mut script.steps {
        if let Step::Send(sending) = step
            && sending.message == Message::request()
        {
            sending.message = Message::ApplicationData {
                text: request.clone(),
            };
        }
    }
    script
}

/// What came of a play, measured by the same yardstick as everything else.
pub(super) fn read(scene: &Scene, played: &Played) -> Seen {
    let response = Response::read(&played.application_data, true);
    let outcome = match (response, played.end) {
        (Some(response), _) => scene.yardstick.measure(&Answer {
            end: End::Status(response.status),
            greeting: Greeting::default(),
            response: Some(response),
        }),
        (None, script::End::Alert(Alert(number))) => Outcome::RefusedByAlert(number),
        // An alert before it may have been lost.
        (None, script::End::Closed) if played.cut_off => {
            Outcome::Held("the connection was reset".to_owned())
        }
        (None, script::End::Closed) => Outcome::RefusedByClose,
        (None, script::End::Done) => Outcome::Held("no answer".to_owned()),
        (None, script::End::TimedOut) => Outcome::Silent,
        (None, end) => Outcome::Inconclusive(format!("no answer: {end}")),
    };
    Seen::of(outcome)
}

fn conclude(scene: &Scene, records: &[Record]) -> Conclusion {
    let let_in = |of: &dyn Fn(Severity) -> bool| -> Vec<&Record> {
        let severity = |record: &Record| Some(defect::find(record.defect?.0)?.severity);
        records
            .iter()
            .filter(|record| scene.lets_in(&record.outcome))
            .filter(|record| severity(record).is_some_and(of))
            .collect()
    };
    let unproven = told(
        scene,
        &let_in(&|severity| severity == Severity::Critical),
        "handshake/unproven",
        Severity::Critical,
        "Somebody who proves nothing is admitted",
        "The certificate is public. What ties it to a connection is the signature of the handshake and its Finished: whoever can leave them out enters as anybody.",
    );
    let unsafely = told(
        scene,
        &let_in(&|severity| severity == Severity::High),
        "handshake/unsafe",
        Severity::High,
        "A handshake is completed that must be refused",
        "A renegotiation that is not tied to the handshake before it joins what two clients said, and a certificate that is larger than it looks takes as much memory as a stranger likes.",
    );
    let lenient = told(
        scene,
        &let_in(&|severity| severity > Severity::High),
        "leniency/handshake",
        Severity::Info,
        "The TLS library is lenient about the form of a handshake",
        "Who is let in so has proven the key all the same. But a state that should not exist is where the next bypass begins.",
    );
    let is_silent = |record: &&Record| record.outcome == Outcome::Silent;
    let silent = told(
        scene,
        &records.iter().filter(is_silent).collect::<Vec<_>>(),
        "handshake/silence",
        Severity::Info,
        "Some handshakes are neither answered nor ended",
        "A connection that is left hanging holds its place for as long as somebody likes, and whether it would be let in at last is not known. A longer --timeout may tell.",
    );
    [unproven, unsafely, lenient, silent]
        .into_iter()
        .flatten()
        .chain(last_word::findings(scene, records))
        .chain(amplification::finding(records))
        .collect::<Vec<_>>()
        .into()
}

/// The finding that no handshake could be tested, since the server takes none of the honest ones.
pub(super) fn not_tested(scene: &Scene, plan: &Plan, report: &ScanReport) -> Option<Finding> {
    let is_own = |id: &str| id.starts_with("handshake/");
    let passed_over: Vec<_> = plan
        .not_applicable()
        .iter()
        .filter(|probe| is_own(&probe.id))
        .collect();
    let first = passed_over.first()?;
    if report.probes.iter().any(|record| is_own(&record.id)) {
        return None;
    }
    Some(Finding {
        id: "handshake/not-tested".to_owned(),
        severity: Severity::Info,
        title: "No handshake that leaves out or changes a step could be shown".to_owned(),
        evidence: format!("{} of them, such as {}: {}", passed_over.len(), first.id, first.why),
        why: "The server refuses the honest handshakes beside them as well, so what it would make of the others is not known. A server that takes neither X25519 nor P-256 nor P-384, and a proxy that counts hellos, do so.".to_owned(),
        remediation: Remedy::Verify.text(scene.kind),
        references: vec!["RFC 8446 section 9.1".to_owned()],
        again: None,
        probes: Vec::new(),
    })
}

fn told(
    scene: &Scene,
    shown: &[&Record],
    id: &str,
    severity: Severity,
    title: &str,
    why: &str,
) -> Option<Finding> {
    let (first, rest) = shown.split_first()?;
    let mut evidence = first.evidence.clone();
    if !rest.is_empty() {
        let others: Vec<&str> = rest.iter().map(|record| record.id.as_str()).collect();
        evidence.push_str(&format!("; likewise {}", others.join(", ")));
    }
    let clauses = shown
        .iter()
        .filter_map(|record| Some(defect::find(record.defect?.0)?.clause.to_owned()));
    Some(Finding {
        id: id.to_owned(),
        severity,
        title: title.to_owned(),
        evidence,
        why: why.to_owned(),
        remediation: Remedy::Update.text(scene.kind),
        references: clauses
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect(),
        again: None,
        probes: shown.iter().map(|record| record.id.clone()).collect(),
    })
}
