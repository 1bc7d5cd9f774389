//! What a stranger gets for a hello: the octets that come back before anybody is known.
//!
//! A ClientHello is all that is sent. A server answers with its chain, and with the names of
//! the CAs that it trusts; who has put a whole trust store there pays for it with every
//! connection that anybody begins.

use super::{
    handshake::{Kept, Part},
    outcome::Outcome,
    probe::{Probe, Seen},
    result::{Finding, Record},
};
use crate::{
    defect::Severity,
    script::{Awaited, HandshakeKind, Message, Script, Step, is_lavish},
};

const ID: &str = "handshake/amplification";

pub(super) fn probe() -> Probe {
    Probe::hostile(
        ID,
        "a ClientHello and nothing more: how much comes back for it",
        |scene| {
            let plays = [
                (Script::client(), HandshakeKind::FINISHED),
                (
                    Script::client_of_tls_1_2(),
                    HandshakeKind::SERVER_HELLO_DONE,
                ),
            ];
            let mut last = Outcome::Inconclusive("no version was agreed on".to_owned());
            for (mut script, end) in plays {
                script.steps = vec![
                    Message::ClientHello.into(),
                    Step::Expect(Awaited::Message(end)),
                    Step::Close {},
                ];
                let played = match Part::of_nobody(script).play(scene, Kept::Nothing) {
                    Ok(played) => played,
                    Err(why) => return Seen::inconclusive(why),
                };
                if played.negotiated.is_none() {
                    continue;
                }
                let words = format!("{} octets came back for {}", played.octets, played.sent);
                if is_lavish(played.sent, played.octets) {
                    return Seen::of(Outcome::WentAlong(words));
                }
                last = Outcome::Held(words);
            }
            Seen::of(last)
        },
    )
}

/// The finding, where more came back than a server needs to say.
pub(super) fn finding(records: &[Record]) -> Option<Finding> {
    let is_broken = |record: &&Record| record.id == ID && record.outcome.is_accepted();
    let record = records.iter().find(is_broken)?;
    Some(Finding {
        id: ID.to_owned(),
        severity: Severity::Low,
        title: "A stranger's hello is answered with far more than it cost".to_owned(),
        evidence: record.evidence.clone(),
        why: "Whoever can connect has the server send so much again and again, before anybody has proved anything.".to_owned(),
        remediation: "serve the end entity and its intermediates alone, and name as accepted CAs those that clients have".to_owned(),
        references: vec!["RFC 8446 sections 4.2.4 and 4.4.2".to_owned(), "CWE-405".to_owned()],
        again: None,
        probes: vec![record.id.clone()],
    })
}
