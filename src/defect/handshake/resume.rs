//! Pre-shared keys and early data in the place of a certificate.

use super::{Defect, Reason, Recipe, Unfit, VIOLATION, change, critical, defect, of_clients};
use crate::script::{
    Binder, Epoch, Extension, ExtensionKind, HandshakeKind as Kind, Message, PskOffer, Sending,
    Step,
};

/// Somebody resumes what was never begun.
const UNKNOWN: &[Reason] = &[
    Reason::NoCertificate,
    Reason::HandshakeViolation,
    Reason::NoProofOfPossession,
];

/// What is resumed. The tickets of these scripts were never given by anybody.
pub(super) const RESUMED: &[Defect] = &[
    critical(of_clients(defect(
        "handshake/unknown-ticket",
        "a ticket that was never given stands in the place of certificate and proof",
        "A server that cannot open a ticket must go on with a full handshake, in which the certificate is demanded. \
         One that forgets to ask again has let a stranger skip it.",
        "RFC 8446 sections 4.2.11 and 4.6.1",
        UNKNOWN,
        |recipe, _| instead_of_certificate(recipe, offer(Binder::True, &[1])),
    ))),
    critical(of_clients(defect(
        "handshake/wrong-binder",
        "a ticket with a binder that does not verify stands in the place of the certificate",
        "The binder proves that the client knows the ticket's key. Without its check a ticket that was seen on the \
         line is enough, and with it comes the identity that the first connection proved.",
        "RFC 8446 section 4.2.11.2",
        UNKNOWN,
        |recipe, _| instead_of_certificate(recipe, offer(Binder::Wrong, &[1])),
    ))),
    of_clients(defect(
        "handshake/no-binder",
        "a ticket without a binder",
        "There must be as many binders as identities. A loop over binders that has nothing to do proves nothing: the \
         ticket alone went over the line in the open, and whoever saw it could come back with it.",
        "RFC 8446 section 4.2.11",
        UNKNOWN,
        |recipe, _| instead_of_certificate(recipe, offer(Binder::Absent, &[1])),
    )),
    of_clients(defect(
        "handshake/psk-only",
        "a ticket is offered without a key exchange, in the place of the certificate",
        "Such a connection has no forward secrecy, and servers that do not mean to allow the mode must not drift \
         into it. With it a ticket's key opens all that was said under it; GnuTLS wrapped tickets under a key of \
         zeros for two years (CVE-2020-13777).",
        "RFC 8446 section 4.2.9",
        UNKNOWN,
        |recipe, _| {
            instead_of_certificate(recipe, offer(Binder::True, &[0]))?;
            change(recipe, |script| script.hello.shares.clear())
        },
    )),
    of_clients(defect(
        "handshake/psk-without-modes",
        "pre_shared_key is sent without psk_key_exchange_modes",
        "The server must abort: nothing says whether the key may be used alone or with a key exchange. A default in \
         the place of the missing list is the server's wish and not the client's, and the weaker of the two modes \
         has no forward secrecy.",
        "RFC 8446 section 4.2.9",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                script.hello.last_extensions = vec![Extension {
                    kind: ExtensionKind::PRE_SHARED_KEY,
                    body: unbound().into(),
                }];
            })
        },
    )),
    of_clients(defect(
        "handshake/psk-not-last",
        "an extension follows pre_shared_key",
        "The binder covers what stands before it. An extension after it is not covered, so it must not be there: \
         whoever sits on the line could add one to the hello of a known client, and a server that reads it takes a \
         stranger's word under a friend's proof.",
        "RFC 8446 section 4.2.11",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                script.hello.psk = Some(offer(Binder::Absent, &[1]));
                script.hello.last_extensions = vec![Extension {
                    kind: ExtensionKind::EARLY_DATA,
                    body: Default::default(),
                }];
            })
        },
    )),
    critical(of_clients(defect(
        "handshake/early-data-before-authentication",
        "early data under a ticket that was never given, and no certificate after it",
        "Early data comes before anything was proven, and can be replayed. A server that did not accept it must throw \
         it away unread.",
        "RFC 8446 sections 2.3 and 4.2.10",
        UNKNOWN,
        |recipe, _| {
            let offer = PskOffer {
                early_data: true,
                ..offer(Binder::True, &[1])
            };
            instead_of_certificate(recipe, offer)?;
            change(recipe, |script| {
                let mut early = Sending::from(Message::request());
                early.epoch = Some(Epoch::Early);
                script.insert_after(Kind::CLIENT_HELLO, Step::Send(early));
            })
        },
    ))),
];

fn offer(binder: Binder, modes: &[u8]) -> PskOffer {
    PskOffer {
        binder,
        modes: modes.into(),
        early_data: false,
    }
}

/// One identity of eight octets, and one binder of 32.
fn unbound() -> Vec<u8> {
    let identity = [&[0, 14, 0, 8][..], &[0x67; 8], &[0; 4]].concat();
    [&identity[..], &[0, 33, 32], &[0; 32]].concat()
}

fn instead_of_certificate(recipe: &mut Recipe, offer: PskOffer) -> Result<(), Unfit> {
    change(recipe, |script| {
        script.hello.psk = Some(offer);
        script.omit(Kind::CERTIFICATE);
        script.omit(Kind::CERTIFICATE_VERIFY);
    })
}
