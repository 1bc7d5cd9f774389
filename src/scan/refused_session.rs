//! The session of a handshake that was refused.
//!
//! A server of TLS 1.2 gives a session its id before it knows the client. One that keeps it
//! before it has looked at the proof lets in whoever comes again with it: the client made
//! the secret, and no certificate is shown any more.

use super::{
    handshake::{Kept, Part, read},
    outcome::Outcome,
    probe::{Probe, Seen},
    remedy::Remedy,
    result::{Finding, Record},
    scene::Scene,
};
use crate::{
    defect::Severity,
    handshake::Session,
    script::{HandshakeKind, Message, Proof, Script, Signer},
};

const ID: &str = "resumption/of-a-refused-proof-in-tls-1-2";

pub(super) fn probe() -> Probe {
    let probe = Probe::hostile(
        ID,
        "the good certificate with a proof by another key; and then the TLS 1.2 session of that is resumed",
        |scene| show(scene).unwrap_or_else(Seen::inconclusive),
    );
    probe.beside(|scene| honest(scene).unwrap_or_else(Outcome::Inconclusive))
}

/// What the session of an honest handshake comes to.
fn honest(scene: &Scene) -> Result<Outcome, String> {
    let (begun, session) = begun(scene, Script::client_of_tls_1_2())?;
    match (begun.outcome.is_accepted(), session) {
        (false, _) => Ok(Outcome::Held(format!(
            "no handshake of TLS 1.2 comes about: {}",
            begun.evidence
        ))),
        (true, None) => Ok(Outcome::Held("no session was given an id".to_owned())),
        (true, Some(session)) => Ok(resumed(scene, &session)?.outcome),
    }
}

fn show(scene: &Scene) -> Result<Seen, String> {
    let mut stolen = Script::client_of_tls_1_2();
    let proof = Proof {
        signer: Signer::Another,
        ..Proof::default()
    };
    stolen.replace(
        HandshakeKind::CERTIFICATE_VERIFY,
        Message::CertificateVerify(proof),
    );
    let (begun, session) = begun(scene, stolen)?;
    // That it is let in at once is another finding.
    match session {
        Some(session) if !begun.outcome.is_accepted() => resumed(scene, &session),
        Some(_) => Err(format!("the proof is not refused: {}", begun.evidence)),
        None => Ok(Seen::of(Outcome::Held(
            "no session was given an id".to_owned(),
        ))),
    }
}

/// What a handshake comes to, and the session that it leaves.
fn begun(scene: &Scene, script: Script) -> Result<(Seen, Option<Session>), String> {
    let part = with_good(scene, script)?;
    let played = part.play(scene, Kept::Nothing)?;
    Ok((read(scene, &played), played.session))
}

fn resumed(scene: &Scene, session: &Session) -> Result<Seen, String> {
    let part = with_good(scene, Script::resumption_of_tls_1_2())?;
    Ok(read(scene, &part.play(scene, Kept::Session(session))?))
}

fn with_good(scene: &Scene, script: Script) -> Result<Part, String> {
    let part = Part::with_good(scene, script);
    part.ok_or_else(|| "the good certificate has a key that cannot sign here".to_owned())
}

/// The finding, where such a session lets somebody in.
pub(super) fn finding(scene: &Scene, record: &Record) -> Option<Finding> {
    (record.id == ID).then(|| Finding {
        id: ID.to_owned(),
        severity: Severity::Critical,
        title: "The session of a handshake that was refused lets in whoever began it".to_owned(),
        evidence: record.evidence.clone(),
        why: "The certificate is anybody's to show. The server refuses the proof, and keeps the session in which it was to be made: whoever comes again with its id is taken for the client.".to_owned(),
        remediation: Remedy::Tickets.text(scene.kind),
        references: vec!["RFC 5246 sections 7.2.2 and F.1.4".to_owned(), "CWE-613".to_owned()],
        again: None,
        probes: vec![record.id.clone()],
    })
}
