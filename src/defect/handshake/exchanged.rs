//! One client that proves who it is, and another that is shown beside it.
//!
//! The attacker is a client of the same CA: it has a certificate and its key, and shows somebody
//! else's. Whose identity the application sees decides.

use super::{Defect, UNPROVEN, Unfit, change, critical, defect, of_clients};
use crate::{
    recipe::Recipe,
    script::{Chain, HandshakeKind as Kind, Message, Proof, Signer, Step},
    verdict::Clause,
};

const SEQUENCE: Clause = "RFC 8446 sections 4.4.2 and 4.4.3";

/// Whose certificate, whose key.
pub(super) const EXCHANGED: &[Defect] = &[
    exchanged(
        "handshake/certificate-of-another-before",
        "the own certificate, then somebody else's, and a proof by the own key",
        "The proof is checked with the key of the first Certificate, and the application asks for the second: whoever has any \
         certificate of the CA is everybody.",
        |recipe, _| {
            shown(
                recipe,
                &[
                    Message::certificate_of(Chain::OtherClient),
                    Message::certificate(),
                    proof(),
                ],
            )
        },
    ),
    exchanged(
        "handshake/certificate-of-another-after",
        "somebody else's certificate, then the own one, and a proof by the own key",
        "The proof is checked with the key of the last Certificate, and the application asks for the first. Two \
         variables for one peer are enough for it, as when the chain is appended to and the key is overwritten.",
        |recipe, _| {
            shown(
                recipe,
                &[
                    Message::certificate(),
                    Message::certificate_of(Chain::OtherClient),
                    proof(),
                ],
            )
        },
    ),
    exchanged(
        "handshake/certificate-of-another-after-proof",
        "the own certificate and a proof by its key, and then somebody else's certificate",
        "A state machine that takes one more Certificate after the proof keeps that it was proven, and forgets of \
         whom. What it hands to the application is a certificate that the peer has copied from somewhere.",
        |recipe, _| {
            shown(
                recipe,
                &[
                    Message::certificate_of(Chain::OtherClient),
                    proof(),
                    Message::certificate(),
                ],
            )
        },
    ),
];

/// The chain of the case is the victim's; the attacker is the other client.
const fn exchanged(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: super::Step,
) -> Defect {
    critical(of_clients(defect(
        id, summary, page, SEQUENCE, UNPROVEN, spoil,
    )))
}

fn proof() -> Message {
    Message::CertificateVerify(Proof {
        signer: Signer::OtherClient,
        ..Proof::default()
    })
}

/// Puts these in the place of the honest Certificate and its proof.
fn shown(recipe: &mut Recipe, messages: &[Message]) -> Result<(), Unfit> {
    change(recipe, |script| {
        script.omit(Kind::CERTIFICATE);
        script.omit(Kind::CERTIFICATE_VERIFY);
        let place = script
            .place_of(Kind::FINISHED)
            .unwrap_or(script.steps.len());
        let steps = messages.iter().cloned().map(Step::from);
        script.steps.splice(place..place, steps);
    })
}
