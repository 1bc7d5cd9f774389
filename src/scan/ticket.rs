//! Tickets that the server gave, offered by somebody who does not know their keys.
//!
//! A ticket travels in the open. What proves that its holder began the session is
//! the binder (RFC 8446 section 4.2.11.2). The control is the true binder: where
//! that resumes nothing, a refusal of the false one proves nothing.

use super::{
    handshake::{Kept, Part, read},
    outcome::Outcome,
    probe::{Probe, Seen},
    scene::Scene,
};
use crate::{
    defect::Severity,
    handshake::Ticket,
    script::{Binder, Extension, ExtensionKind, HandshakeKind, PskOffer, Script},
};

/// An offer of a ticket.
pub(super) struct Offer {
    /// The id of its probe.
    pub(super) id: &'static str,
    summary: &'static str,
    binder: Binder,
    /// `psk_key_exchange_modes`: 0 is the pre-shared key alone, 1 with a key exchange.
    mode: u8,
    /// How bad it is when it is taken.
    pub(super) severity: Severity,
    /// That in one line.
    pub(super) title: &'static str,
    /// Why it matters.
    pub(super) why: &'static str,
    /// The clause.
    pub(super) clause: &'static str,
}

/// Every offer.
pub(super) const OFFERS: &[Offer] = &[
    Offer {
        id: "resumption/wrong-binder",
        summary: "a ticket that the server gave, with a binder that does not verify, and no certificate",
        binder: Binder::Wrong,
        mode: 1,
        severity: Severity::Critical,
        title: "A ticket is taken from somebody who does not know its key",
        why: "Tickets travel in the open: whoever saw one on the line enters as the client that it was given to.",
        clause: "RFC 8446 section 4.2.11.2",
    },
    Offer {
        id: "resumption/no-binder",
        summary: "a ticket that the server gave, without a binder, and no certificate",
        binder: Binder::Absent,
        mode: 1,
        severity: Severity::Critical,
        title: "A ticket is taken without the proof that its key is known",
        why: "Tickets travel in the open: whoever saw one on the line enters as the client that it was given to.",
        clause: "RFC 8446 section 4.2.11",
    },
    Offer {
        id: "resumption/without-key-exchange",
        summary: "a ticket that the server gave, to be used without a key exchange",
        binder: Binder::True,
        mode: 0,
        severity: Severity::Low,
        title: "Sessions are resumed without a key exchange",
        why: "Such a session has no forward secrecy: whoever gets the ticket key later reads it.",
        clause: "RFC 8446 section 4.2.9",
    },
];

/// A probe for each offer.
pub(super) fn probes() -> impl Iterator<Item = Probe> {
    OFFERS.iter().map(|offer| {
        let probe = Probe::hostile(offer.id, offer.summary, move |scene| {
            show(scene, offer).unwrap_or_else(Seen::inconclusive)
        });
        probe.beside(|scene| honest(scene).unwrap_or_else(Outcome::Inconclusive))
    })
}

/// What comes of a ticket that is used as it is meant.
fn honest(scene: &Scene) -> Result<Outcome, String> {
    let Some(ticket) = given(scene)? else {
        return Ok(Outcome::Held("no ticket was given".to_owned()));
    };
    let control = resumed(scene, Binder::True, 1, &ticket)?;
    match control.outcome.is_accepted() {
        true => Ok(control.outcome),
        false => {
            let words = format!("its own ticket resumes nothing: {}", control.evidence);
            Ok(Outcome::Held(words))
        }
    }
}

fn show(scene: &Scene, offer: &Offer) -> Result<Seen, String> {
    match honest(scene)? {
        outcome if outcome.is_accepted() => {}
        other => return Err(other.to_string()),
    }
    // Some take a ticket once.
    let ticket = given(scene)?.ok_or("no second ticket was given")?;
    resumed(scene, offer.binder, offer.mode, &ticket)
}

/// A ticket of a session that the good certificate began.
fn given(scene: &Scene) -> Result<Option<Ticket>, String> {
    let mut script = Script::client();
    // Servers give tickets to those alone who say that they could use them (RFC 8446 section 4.2.9).
    script.hello.extensions.push(Extension {
        kind: ExtensionKind::PSK_KEY_EXCHANGE_MODES,
        body: vec![1, 1].into(),
    });
    let part = Part::with_good(scene, script)
        .ok_or("the good certificate has a key that cannot sign here")?;
    let played = part.play(scene, Kept::Nothing)?;
    Ok(played.tickets.into_iter().next())
}

/// Offers a ticket in the place of a certificate.
fn resumed(scene: &Scene, binder: Binder, mode: u8, ticket: &Ticket) -> Result<Seen, String> {
    let mut script = Script::client();
    script.omit(HandshakeKind::CERTIFICATE);
    script.omit(HandshakeKind::CERTIFICATE_VERIFY);
    script.hello.psk = Some(PskOffer {
        binder,
        modes: vec![mode].into(),
        early_data: false,
    });
    if mode == 0 {
        script.hello.shares.clear();
    }
    let part = Part::with_good(scene, script).ok_or("a key that cannot sign here")?;
    Ok(read(scene, &part.play(scene, Kept::Ticket(ticket))?))
}
