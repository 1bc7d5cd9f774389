//! What every probe is given: the endpoint, the CA, the yardstick, the wishes of the operator.

use std::{
    collections::{BTreeMap, HashMap},
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::{
    answer::{Answer, End},
    audit::LogMark,
    canary::Canary,
    client::{Client, Request, Versions, Visit},
    credentials::{Credentials, needs_tls12},
    handover::Handing,
    hook::Hook,
    kept::Kept,
    kind::ServerKind,
    outcome::{Outcome, Yardstick},
    pki::Pki,
    probe::Seen,
};
use crate::{
    openapi::Document,
    script::{CipherSuite, ProtocolVersion},
};

/// What the operator wishes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Wishes {
    /// The request whose answer decides.
    pub request: Request,
    /// Further paths that must demand a certificate.
    pub paths: Vec<String>,
    /// Further names to ask for in the handshake.
    pub server_names: Vec<String>,
    /// Only probes whose ids match one of these globs; all when there are none.
    pub only: Vec<String>,
    /// What the server is, where the operator says it.
    pub kind: Option<ServerKind>,
    /// Who may come in, where the operator says it.
    pub admits: Option<Admits>,
    /// Whether probes may cost the server dear.
    pub exhaustion: bool,
    /// Probes side by side.
    pub jobs: NonZeroUsize,
    /// How long a server that is down is waited for.
    pub patience: Duration,
    /// How the operator's files are called, for commands that show something again.
    pub files: Files,
    /// How the server is given a CRL.
    pub hook: Option<Hook>,
    /// Whom the CA has revoked already.
    pub kept: Kept,
    /// How the server is made to trust one CA more.
    pub trust_hook: Option<Hook>,
    /// A certificate that the server's own CRL lists, with its key.
    pub revoked: Option<Arc<Credentials>>,
    /// What is declared of the routes.
    pub document: Option<Arc<Document>>,
    /// Why what is declared cannot be read, where a document was given and cannot be.
    pub unread_document: Option<String>,
    /// Whether operations are asked that may change something.
    pub unsafe_methods: bool,
    /// Tokens by the names of their schemes in the document.
    pub tokens: Vec<(String, String)>,
    /// The server's logs, as they were before anything was shown.
    pub logs: Vec<LogMark>,
}

/// Who may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Admits {
    /// Nobody but the client whose certificate was given.
    Template,
    /// Anybody to whom the CA gave a certificate.
    Anybody,
}

/// How the operator's files are called.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The CA certificate.
    pub ca_cert: String,
    /// The CA's key.
    pub ca_key: String,
    /// The client's certificate.
    pub template: Option<String>,
    /// The client's key.
    pub template_key: Option<String>,
    /// The certificate that the server's own CRL lists.
    pub revoked_cert: Option<String>,
    /// Its key.
    pub revoked_key: Option<String>,
    /// The CA's own CRLs.
    pub crls: Vec<String>,
    /// Further options of `gatecrash scan`, as words of a shell.
    pub options: Vec<String>,
}

impl Wishes {
    /// A request, and nothing further.
    pub fn new(request: Request) -> Self {
        Self {
            request,
            paths: Vec::new(),
            server_names: Vec::new(),
            only: Vec::new(),
            kind: None,
            admits: None,
            exhaustion: false,
            jobs: NonZeroUsize::new(8).unwrap_or(NonZeroUsize::MIN),
            patience: Duration::from_secs(10),
            files: Files::default(),
            hook: None,
            kept: Kept::default(),
            trust_hook: None,
            revoked: None,
            document: None,
            unread_document: None,
            unsafe_methods: false,
            tokens: Vec::new(),
            logs: Vec::new(),
        }
    }
}

/// What the server makes of a good chain with an intermediate of which it has never heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Deeper {
    /// It takes it, or nobody has shown it one.
    #[default]
    Taken,
    /// It takes it now that it was handed a CRL of the intermediate.
    WithCrls,
    /// It refuses it, with its CRL too, or as one that needs none.
    Refused,
    /// It refuses it, and nobody could hand it the CRL that may be all it lacks.
    WithoutCrls,
}

/// How often a server that turns the good certificate away now and then is asked whether it is well.
const MOST_TRIES: usize = 5;

/// What every probe is given.
pub struct Scene {
    /// Makes visits.
    pub client: Client,
    /// Makes certificates.
    pub pki: Pki,
    /// What the operator wishes.
    pub wishes: Wishes,
    /// What is let in.
    pub good: Arc<Credentials>,
    /// What the request is answered with, when the certificate is good and when there is none.
    pub yardstick: Yardstick,
    /// The answer to a certificate of the CA with the names of the client that was given, where one was.
    pub(super) of_ca: Option<Answer>,
    /// Versions that it speaks, where it ended the handshake before it chose one of today's.
    pub(super) spoken: Vec<ProtocolVersion>,
    /// What the server is taken for.
    pub kind: ServerKind,
    /// What the server makes of intermediates below the CA.
    pub(super) deeper: Deeper,
    /// What the good certificate gets since the operator's command handed over CRLs, where that keeps it out.
    pub(super) shut_out: Option<End>,
    /// Where the URLs of probes' certificates lead.
    pub(super) canary: Canary,
    /// Whether the server turns the good certificate away now and then.
    pub(super) unsteady: AtomicBool,
    /// What twins came to, by what they show.
    pub(super) twins: Mutex<HashMap<Vec<Vec<u8>>, Seen>>,
    /// What came of handing something over to the server.
    pub(super) handing: Mutex<Handing>,
    /// The cipher suites that the server takes, by version, where all were offered.
    pub(super) taken: Mutex<BTreeMap<ProtocolVersion, Vec<CipherSuite>>>,
}

impl Scene {
    /// Shows credentials with the scene's request.
    pub fn show(&self, credentials: Option<Arc<Credentials>>) -> Answer {
        let mut visit = Visit::new(credentials, self.wishes.request.clone());
        if visit.credentials.as_deref().is_some_and(needs_tls12) {
            visit.versions = Versions::Tls12;
        }
        self.client.visit(&visit)
    }

    /// What a benign chain comes to. The same chain is shown once.
    pub fn twin(&self, credentials: &Arc<Credentials>) -> Outcome {
        let shown = || {
            Ok(Seen::measured(
                self,
                &self.show(Some(Arc::clone(credentials))),
            ))
        };
        match self.twin_of(&credentials.chain, shown) {
            Ok(seen) => seen.outcome,
            Err(why) => Outcome::Inconclusive(why),
        }
    }

    /// What a twin comes to, by what it shows. The same is shown once.
    pub(super) fn twin_of(
        &self,
        shows: &[Vec<u8>],
        show: impl FnOnce() -> Result<Seen, String>,
    ) -> Result<Seen, String> {
        let twins = || self.twins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = twins().get(shows).cloned() {
            return Ok(seen);
        }
        let seen = show()?;
        twins().insert(shows.to_vec(), seen.clone());
        Ok(seen)
    }

    /// The cipher suites that the server takes, by version.
    pub(super) fn suites(&self) -> MutexGuard<'_, BTreeMap<ProtocolVersion, Vec<CipherSuite>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an outcome is that of somebody who was let in for what he showed.
    ///
    /// Where those who show nothing are refused, whatever opens the door counts, verified or not.
    pub fn lets_in(&self, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Accepted(_) => true,
            Outcome::AcceptedUnverified(_) => !self.yardstick.is_open(),
            _ => false,
        }
    }

    /// Whether the server still lets the good certificate in, as it did at first.
    pub fn is_healthy(&self) -> bool {
        let tries = match self.unsteady.load(Ordering::Relaxed) {
            true => MOST_TRIES,
            false => 1,
        };
        (0..tries).any(|_| {
            let answer = self.show(Some(Arc::clone(&self.good)));
            // Nothing was sent, so nothing was learned.
            answer.end == End::OutOfBounds || answer.end == self.yardstick.good.end
        })
    }
}
