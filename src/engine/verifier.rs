//! An engine around somebody's own rustls verifier.
//!
//! The verifier is built anew for each case, because each case has its own trust
//! anchors, CRLs and time. Whatever goes wrong in their code is theirs: a panic is
//! a crash, and a refusal to build from what a case trusts is a refusal of the case.

use std::{
    error::Error as StdError,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use ::rustls::{client::danger::ServerCertVerifier, server::danger::ClientCertVerifier};
use rustls_pki_types::CertificateDer;

use super::{
    Capability, Engine, EngineError, Observation,
    demand::{Demand, accepted, unsupported},
    in_memory, rustls_reason,
    webpki::{server_name, unix_time},
};
use crate::{
    case::Case,
    question::{Purpose, Time},
    verdict::{Reason, Verdict},
};

/// What a verifier under test is told before it judges a case.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'c> {
    anchors: &'c [Vec<u8>],
    crls: &'c [Vec<u8>],
    time: Time,
}

impl<'c> Trust<'c> {
    /// What this case trusts.
    pub fn of(case: &'c Case) -> Self {
        Self {
            anchors: &case.anchors,
            crls: &case.crls,
            time: case.time,
        }
    }

    /// The trust anchors, as DER certificates. They may be hostile.
    pub fn anchors(&self) -> &'c [Vec<u8>] {
        self.anchors
    }

    /// The CRLs, as DER. When there are any, the status of the whole chain is to be checked.
    pub fn crls(&self) -> &'c [Vec<u8>] {
        self.crls
    }

    /// The validation time. It is also the `now` that the verifier is called with.
    pub fn time(&self) -> Time {
        self.time
    }
}

type BoxError = Box<dyn StdError + Send + Sync>;
type BuildClient =
    dyn Fn(&Trust<'_>) -> Result<Arc<dyn ClientCertVerifier>, BoxError> + Send + Sync;
type BuildServer =
    dyn Fn(&Trust<'_>) -> Result<Arc<dyn ServerCertVerifier>, BoxError> + Send + Sync;

/// A verifier of client certificates, of server certificates, or of both.
pub struct VerifierEngine {
    name: String,
    version: String,
    client: Option<Box<BuildClient>>,
    server: Option<Box<BuildServer>>,
    capabilities: Vec<Capability>,
}

impl VerifierEngine {
    /// An engine of this name that judges nothing yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: String::new(),
            client: None,
            server: None,
            capabilities: vec![Capability::Crl, Capability::Reason],
        }
    }

    /// The version to report.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// Judges the certificates of clients with what `build` returns.
    #[must_use]
    pub fn client<F, E>(mut self, build: F) -> Self
    where
        F: Fn(&Trust<'_>) -> Result<Arc<dyn ClientCertVerifier>, E> + Send + Sync + 'static,
        E: Into<BoxError>,
    {
        self.client = Some(Box::new(move |trust| build(trust).map_err(Into::into)));
        self.capabilities.push(Capability::Client);
        self.shakes_hands()
    }

    /// Judges the certificates of servers with what `build` returns.
    #[must_use]
    pub fn server<F, E>(mut self, build: F) -> Self
    where
        F: Fn(&Trust<'_>) -> Result<Arc<dyn ServerCertVerifier>, E> + Send + Sync + 'static,
        E: Into<BoxError>,
    {
        self.server = Some(Box::new(move |trust| build(trust).map_err(Into::into)));
        self.capabilities
            .extend([Capability::Server, Capability::Name]);
        self.shakes_hands()
    }

    /// What shakes hands is rustls, around the verifier.
    fn shakes_hands(mut self) -> Self {
        if !self.capabilities.contains(&Capability::Handshake) {
            self.capabilities.push(Capability::Handshake);
        }
        self
    }

    fn ask(&self, case: &Case) -> Observation {
        match (case.purpose, &self.client, &self.server) {
            (Purpose::Client, Some(build), _) => ask_client(case, build),
            (Purpose::Server, _, Some(build)) => ask_server(case, build),
            (purpose, ..) => Err(unsupported(format_args!("certificates of a {purpose}"))),
        }
        .unwrap_or_else(|other| other)
    }
}

impl fmt::Debug for VerifierEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifierEngine")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Engine for VerifierEngine {
    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> String {
        self.version.clone()
    }

    fn capabilities(&self) -> &[Capability] {
        &self.capabilities
    }

    fn judge(&self, case: &Case) -> Result<Verdict, EngineError> {
        self.observe(case).map(|observation| observation.verdict)
    }

    fn observe(&self, case: &Case) -> Result<Observation, EngineError> {
        // Nothing of ours is shared with their code, so nothing of ours can be left half changed.
        catch_unwind(AssertUnwindSafe(|| self.ask(case)))
            .map_err(|panic| EngineError::Crashed(panic_message(&*panic)))
    }
}

fn ask_client(case: &Case, build: &BuildClient) -> Observed {
    let verifier = build(&Trust::of(case)).map_err(not_built)?;
    if let Some(script) = &case.handshake {
        return in_memory::against_server(case, script, verifier);
    }
    let now = unix_time(case.time).ok_or_else(|| unsupported("a time before 1970"))?;
    let Some((end_entity, intermediates)) = split(case) else {
        // RFC 8446 section 4.4.2.4: without a certificate a server may go on or refuse.
        return Err(
            match verifier.offer_client_auth() && verifier.client_auth_mandatory() {
                true => Observation::rejected(Reason::NoCertificate, "client_auth_mandatory"),
                false => Verdict::Accept.into(),
            },
        );
    };
    verifier
        .verify_client_cert(&end_entity, &intermediates, now)
        .map_err(|error| rustls_reason::refused(&error))?;
    Ok(accepted(case, &[]))
}

fn ask_server(case: &Case, build: &BuildServer) -> Observed {
    let verifier = build(&Trust::of(case)).map_err(not_built)?;
    if let Some(script) = &case.handshake {
        return in_memory::against_client(case, script, verifier);
    }
    let now = unix_time(case.time).ok_or_else(|| unsupported("a time before 1970"))?;
    let Some((end_entity, intermediates)) = split(case) else {
        return Err(Observation::rejected(Reason::NoCertificate, ""));
    };
    let name = case
        .name
        .as_ref()
        .ok_or_else(|| unsupported("a server without an expected name"))?;
    let name =
        server_name(name).ok_or_else(|| unsupported("a name that rustls has no type for"))?;
    verifier
        .verify_server_cert(
            &end_entity,
            &intermediates,
            &name,
            case.ocsp.as_deref().unwrap_or_default(),
            now,
        )
        .map_err(|error| rustls_reason::refused(&error))?;
    Ok(accepted(case, &[Demand::DnsName, Demand::IpName]))
}

/// The early way out is any observation that is not an acceptance.
type Observed = Result<Observation, Observation>;

fn split(case: &Case) -> Option<(CertificateDer<'_>, Vec<CertificateDer<'_>>)> {
    let (end_entity, intermediates) = case.chain.split_first()?;
    Some((
        end_entity.as_slice().into(),
        intermediates
            .iter()
            .map(|der| der.as_slice().into())
            .collect(),
    ))
}

/// A verifier that cannot be built from the anchors and CRLs of a case lets nobody in.
fn not_built(error: BoxError) -> Observation {
    Observation::rejected_for(
        rustls_reason::of_builder(&*error),
        format!("no verifier: {error}"),
    )
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without words"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::case::Limbo;

    fn client_case() -> Case {
        let suite =
            Limbo::read(include_bytes!("../../corpus/limbo/pkits-public.json")).expect("a suite");
        let testcase = suite
            .testcases
            .iter()
            .find(|testcase| testcase.id == "pkits::s4-1-1")
            .expect("a case");
        Case::from_limbo(testcase, Time::from_unix_seconds(0)).expect("a case")
    }

    type NoVerifier = Result<Arc<dyn ClientCertVerifier>, String>;

    #[test]
    fn a_panic_of_theirs_is_a_crash() {
        let engine =
            VerifierEngine::new("mine").client(|_| -> NoVerifier { panic!("oh {}", "no") });
        assert_eq!(
            engine.judge(&client_case()),
            Err(EngineError::Crashed("panicked: oh no".into()))
        );
    }

    #[test]
    fn a_verifier_that_is_not_built_refuses() {
        let engine =
            VerifierEngine::new("mine").client(|_| -> NoVerifier { Err("bad anchor".into()) });
        let seen = engine.observe(&client_case()).expect("an observation");
        assert_eq!(
            seen,
            Observation::rejected(Reason::Unstated, "no verifier: bad anchor")
        );
    }

    #[test]
    fn the_other_side_is_not_judged() {
        let engine =
            VerifierEngine::new("mine").client(|_| -> NoVerifier { Err("never asked".into()) });
        let case = Case {
            purpose: Purpose::Server,
            ..client_case()
        };
        assert!(matches!(engine.judge(&case), Ok(Verdict::Inconclusive(_))));
    }

    #[test]
    fn a_case_tells_what_it_trusts() {
        let case = client_case();
        let trust = Trust::of(&case);
        assert_eq!(
            (trust.anchors(), trust.crls(), trust.time()),
            (&case.anchors[..], &case.crls[..], case.time)
        );
        assert_eq!(trust.crls().len(), 2);
    }
}
