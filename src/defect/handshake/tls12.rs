//! Handshakes of TLS 1.2: what is left out or comes too early, and handshakes inside a connection.
//!
//! Most libraries that speak both versions have a state machine for each. The twin is an honest
//! handshake of TLS 1.2; whoever speaks TLS 1.3 alone is not asked.

use super::{
    Defect, Severity, UNPROVEN, Unfit, VIOLATION, change, critical, defect, of_clients, policy,
};
use crate::{
    defect::Position,
    recipe::Recipe,
    script::{
        Awaited, Binding, Chain, Edit, Epoch, ExtensionKind, HandshakeKind as Kind, Message, Proof,
        Script, Sending, Signer, Step,
    },
    verdict::{Clause, Reason},
};

const SEQUENCE: Clause = "RFC 5246 section 7.3";
const PROOF: Clause = "RFC 5246 section 7.4.8";
const KEYS: Clause = "RFC 5246 section 7.1";
const BINDING: Clause = "RFC 5746 section 3.7";

/// Nobody is shown, or nobody who is meant.
const UNSHOWN: &[Reason] = &[Reason::NoCertificate, Reason::HandshakeViolation];

macro_rules! old {
    ($id:literal, $summary:literal, $page:literal, $clause:expr, $reasons:expr, $spoil:expr $(,)?) => {
        old($id, $summary, $page, $clause, $reasons, |recipe, _| {
            change(recipe, $spoil)
        })
    };
}

/// One handshake of TLS 1.2, or one more inside it.
pub(super) const OLD: &[Defect] = &[
    critical(old!(
        "handshake/tls-1-2-no-certificate",
        "in TLS 1.2 neither Certificate nor CertificateVerify is sent",
        "A client that is asked must answer, with an empty Certificate if it has none. State machines that took the \
         ClientKeyExchange in its place let in whoever left it out (SMACK).",
        SEQUENCE,
        UNSHOWN,
        |script| {
            script.omit(Kind::CERTIFICATE);
            script.omit(Kind::CERTIFICATE_VERIFY);
        },
    )),
    critical(old!(
        "handshake/tls-1-2-empty-certificate",
        "in TLS 1.2 the Certificate message holds no certificate",
        "A server that demands one must end the handshake here. One that only asks goes on, and its application must \
         look. Services that set the flag to ask, and not the one to demand, serve everybody: `requestCert` without \
         `rejectUnauthorized` in Node is the usual form.",
        "RFC 5246 section 7.4.6",
        UNSHOWN,
        |script| {
            script.replace(Kind::CERTIFICATE, Message::certificate_of(Chain::Empty));
            script.omit(Kind::CERTIFICATE_VERIFY);
        },
    )),
    critical(old!(
        "handshake/tls-1-2-certificate-without-proof",
        "in TLS 1.2 a Certificate is shown and no CertificateVerify follows",
        "The certificate was copied from somewhere, and nothing says that its key is held. OpenSSL passed over the \
         missing message for Diffie-Hellman certificates (CVE-2015-0205), and pion/dtls for all (CVE-2022-29222).",
        PROOF,
        UNPROVEN,
        |script| script.omit(Kind::CERTIFICATE_VERIFY),
    )),
    critical(old!(
        "handshake/tls-1-2-stolen-certificate",
        "in TLS 1.2 the CertificateVerify is made with another key than the certificate's",
        "A copied certificate and a key of one's own: the simplest impersonation there is. Go's server let it in \
         when session tickets were disabled, because the branch that verified the proof was never reached \
         (CVE-2014-7189).",
        PROOF,
        UNPROVEN,
        |script| prove(script, Signer::Another),
    )),
    critical(old!(
        "handshake/tls-1-2-empty-signature",
        "in TLS 1.2 the signature of the CertificateVerify has no octets",
        "An error that is read as a number may look like success, and a comparison of no octets finds no difference. \
         OpenSSL took an error in a signature for a yes until 2009 (CVE-2008-5077), and so did BIND and NTP, which \
         asked in the same way (CVE-2009-0025, CVE-2009-0021).",
        PROOF,
        UNPROVEN,
        |script| prove(script, Signer::Nobody),
    )),
    critical(old!(
        "handshake/tls-1-2-proof-before-key-exchange",
        "in TLS 1.2 the CertificateVerify comes before the ClientKeyExchange",
        "It does not cover the share then, so that the proof fits a handshake of other keys, and somebody between \
         the two can bring his own. wolfSSL's server up to 5.8.2 accepted the order (CVE-2026-2645).",
        SEQUENCE,
        UNPROVEN,
        |script| script.swap(Kind::CLIENT_KEY_EXCHANGE, Kind::CERTIFICATE_VERIFY),
    )),
    critical(old!(
        "handshake/tls-1-2-corrupt-finished",
        "in TLS 1.2 one bit of the Finished is wrong",
        "The Finished is the only check of everything that was said without keys, the offer of suites among it. \
         Without it whoever stands on the line has taken all but the weakest suite out of the hello, and neither end \
         can tell: FREAK and Logjam needed just that moment (CVE-2015-0204, CVE-2015-4000).",
        "RFC 5246 section 7.4.9",
        VIOLATION,
        |script| script.edit(Kind::FINISHED, Edit::FlipBit(7)),
    )),
    critical(old!(
        "handshake/tls-1-2-no-finished",
        "in TLS 1.2 no Finished is sent, and the request follows the change of keys at once",
        "Java took the change of keys for the end of the handshake, and spoke in the open to whoever left the rest \
         out (CVE-2014-6593). Nothing was authenticated then, neither side nor suite, and no error was seen by \
         anybody.",
        SEQUENCE,
        VIOLATION,
        |script| {
            script.omit(Kind::FINISHED);
            let waits = script.steps.iter().rposition(is_wait_for_finished);
            if let Some(place) = waits {
                script.steps.remove(place);
            }
        },
    )),
    critical(old!(
        "handshake/tls-1-2-finished-without-keys",
        "in TLS 1.2 the ChangeCipherSpec is left out, and the rest is sent in the open",
        "The Finished is right and under no keys. Whoever takes it goes on without encryption, for everybody on the \
         line. Java's client did: a server that sent no ChangeCipherSpec got the whole session in the open \
         (CVE-2014-6593).",
        KEYS,
        VIOLATION,
        |script| script.steps.retain(|step| !is_change_of_keys(step)),
    )),
    critical(old!(
        "handshake/tls-1-2-early-change-of-keys",
        "in TLS 1.2 a ChangeCipherSpec comes before the ClientKeyExchange, and keys of no secret after it",
        "OpenSSL before 1.0.1h changed to keys that follow from an empty secret, which everybody on the line can \
         have (CVE-2014-0224). Two such ends could be read and written to by whoever stood between, although each \
         had checked the other's certificate.",
        KEYS,
        VIOLATION,
        |script| {
            script.steps.retain(|step| !is_change_of_keys(step));
            script.insert_before(Kind::CLIENT_KEY_EXCHANGE, Message::ChangeCipherSpec);
        },
    )),
    critical(old!(
        "handshake/tls-1-2-data-before-finished",
        "in TLS 1.2 the request is sent under keys before the Finished",
        "The peer is not authenticated before its Finished is checked, and the request is answered before that. Java \
         11 and 14 handed such data on (CVE-2020-2816).",
        SEQUENCE,
        VIOLATION,
        |script| {
            let mut early = Sending::from(Message::request());
            early.epoch = Some(Epoch::Application);
            script.insert_before(Kind::FINISHED, Step::Send(early));
        },
    )),
    policy(old!(
        "handshake/tls-1-2-no-extended-master-secret",
        "a client of TLS 1.2 does not support the extended master secret",
        "Without it two connections can be made to share one secret, and a certificate shown in one counts in the other \
         (triple handshake). A server that has no old clients need not serve one.",
        "RFC 7627 section 5.2",
        VIOLATION,
        |script| {
            let kind = ExtensionKind::EXTENDED_MASTER_SECRET;
            script
                .hello
                .extensions
                .retain(|extension| extension.kind != kind);
        },
    )),
    policy(old!(
        "handshake/renegotiation-by-client",
        "a client of TLS 1.2 shakes hands again inside the connection, tied to the handshake before",
        "Each time costs the server far more than the client, and nothing asks a client to. Servers turn it off, or \
         count. A tool of 2011 kept servers down from one laptop by it (CVE-2011-1473), and each round made OpenSSL \
         keep more memory for a status request (CVE-2016-6304).",
        "RFC 5246 section 7.4.1.1; RFC 9325 section 3.5",
        VIOLATION,
        |script| renegotiate(script, Binding::True, |_| {}),
    )),
    severe(old!(
        "handshake/renegotiation-not-bound",
        "a client of TLS 1.2 shakes hands again without renegotiation_info",
        "Somebody in between sends a request of their own first, and the client's handshake after it in the same \
         connection: the server joins the two (CVE-2009-3555).",
        BINDING,
        VIOLATION,
        |script| renegotiate(script, Binding::Absent, |_| {}),
    )),
    severe(old!(
        "handshake/renegotiation-bound-to-nothing",
        "a client of TLS 1.2 shakes hands again with an empty renegotiation_info",
        "It is what the first hello of a connection says: a server that takes it here has not compared. The attack \
         of 2009 (CVE-2009-3555) is back then: somebody sends a request of his own, lets the victim shake hands \
         after it, and the server takes both for one client.",
        BINDING,
        VIOLATION,
        |script| renegotiate(script, Binding::Empty, |_| {}),
    )),
    severe(old!(
        "handshake/renegotiation-bound-to-another",
        "a client of TLS 1.2 shakes hands again with the Finished of another handshake in renegotiation_info",
        "The field is there and of the right length. Whoever does not compare it lets an attacker put his own request before that of his victim, on one connection.",
        BINDING,
        VIOLATION,
        |script| renegotiate(script, Binding::Wrong, |_| {}),
    )),
    old!(
        "handshake/renegotiation-to-nobody",
        "a client of TLS 1.2 shakes hands again and shows no certificate this time",
        "Who answers as before has kept the identity of the first handshake for whoever made the second. TLS ties the two \
         together, and nothing tells an application that looks but once.",
        "RFC 5246 section 7.4.6; RFC 5746 section 5",
        UNSHOWN,
        |script| {
            renegotiate(script, Binding::True, |flight| {
                flight.replace(Kind::CERTIFICATE, Message::certificate_of(Chain::Empty));
                flight.omit(Kind::CERTIFICATE_VERIFY);
            });
        },
    ),
    policy(old!(
        "handshake/renegotiation-as-another-client",
        "a client of TLS 1.2 shakes hands again as another client of the same CA, whose key it has",
        "Nothing is forged. But an application that looks at the certificate once, as the connection begins, and a proxy that \
         looks with each request now speak of two clients.",
        "RFC 5246 section 7.4.1.1; RFC 5746 section 5",
        UNPROVEN,
        |script| renegotiate(script, Binding::True, |flight| {
            flight.replace(
                Kind::CERTIFICATE,
                Message::certificate_of(Chain::OtherClient),
            );
            prove(flight, Signer::OtherClient);
        }),
    )),
    critical(old!(
        "handshake/renegotiation-with-stolen-certificate",
        "a client of TLS 1.2 shakes hands again and cannot prove the certificate this time",
        "A state machine that remembers that a proof was verified must forget it with each new hello. Apple's \
         library let the certificate change between two handshakes of one connection without asking again \
         (CVE-2014-1295).",
        PROOF,
        UNPROVEN,
        |script| renegotiate(script, Binding::True, |flight| prove(
            flight,
            Signer::Another
        )),
    )),
];

/// A defect of a client of TLS 1.2.
const fn old(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    clause: Clause,
    reasons: &'static [Reason],
    spoil: super::Step,
) -> Defect {
    Defect {
        prepare: honest,
        ..of_clients(defect(id, summary, page, clause, reasons, spoil))
    }
}

const fn severe(defect: Defect) -> Defect {
    Defect {
        severity: Severity::High,
        ..defect
    }
}

fn honest(recipe: &mut Recipe, _: Position) -> Result<(), Unfit> {
    recipe.handshake = Some(Script::client_of_tls_1_2());
    Ok(())
}

fn prove(script: &mut Script, signer: Signer) {
    let proof = Proof {
        signer,
        ..Proof::default()
    };
    script.replace(Kind::CERTIFICATE_VERIFY, Message::CertificateVerify(proof));
}

/// Puts a second handshake before the request.
fn renegotiate(script: &mut Script, binding: Binding, spoil: impl FnOnce(&mut Script)) {
    let hello = Step::from(Message::Renegotiation { binding });
    let flight = Script::flight_of_tls_1_2().into_iter();
    let mut again = Script {
        steps: [hello].into_iter().chain(flight).collect(),
        ..script.clone()
    };
    spoil(&mut again);
    let is_request = |step: &Step| *step == Message::request().into();
    let place = script.steps.iter().position(is_request);
    let place = place.unwrap_or(script.steps.len());
    script.steps.splice(place..place, again.steps);
}

fn is_change_of_keys(step: &Step) -> bool {
    matches!(step, Step::Send(sending) if sending.message == Message::ChangeCipherSpec)
}

fn is_wait_for_finished(step: &Step) -> bool {
    *step == Step::Expect(Awaited::Message(Kind::FINISHED))
}
