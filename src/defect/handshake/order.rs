//! The end of the handshake: Finished early, twice, wrong or not at all, and
//! messages that have no place where they stand.

use super::{Class, Defect, VIOLATION, change, critical, defect, of_clients, of_servers};
use crate::{
    script::{Awaited, Chain, Edit, Epoch, HandshakeKind as Kind, Message, Sending, Side, Step},
    verdict::{Clause, Reason},
};

const FINISHED: Clause = "RFC 8446 section 4.4.4";
const SEQUENCE: Clause = "RFC 8446 section 4 and appendix A";

/// The Finished does not fit.
const UNFINISHED: &[Reason] = &[Reason::HandshakeViolation, Reason::NoProofOfPossession];

/// What comes when.
pub(super) const ORDER: &[Defect] = &[
    critical(defect(
        "handshake/corrupt-finished",
        "one bit of the Finished is wrong",
        "The Finished is the proof that both sides saw the same messages. Without its check whoever sits on the line \
         may have changed any of them.",
        FINISHED,
        UNFINISHED,
        |recipe, _| {
            change(recipe, |script| {
                script.edit(Kind::FINISHED, Edit::FlipBit(7))
            })
        },
    )),
    critical(defect(
        "handshake/empty-finished",
        "the Finished has no octets",
        "A comparison of as many octets as there are finds no difference. The length of a hash is known, and must be \
         asked for before anything is compared; the loop that takes its length from the peer is an old mistake of \
         MAC checks in every language.",
        FINISHED,
        UNFINISHED,
        |recipe, _| change(recipe, |script| script.edit(Kind::FINISHED, Edit::Cut(255))),
    )),
    critical(defect(
        "handshake/short-finished",
        "the Finished lacks all but its first octets",
        "A comparison of the shorter length has fewer octets to guess: with one octet, one attempt in 256 succeeds, \
         and nothing in the protocol counts the attempts. The length of a hash is known, and must be asked for.",
        FINISHED,
        UNFINISHED,
        |recipe, _| {
            change(recipe, |script| {
                // A hash of 32 or of 48 octets: what remains is one of them, or none.
                script.edit(Kind::FINISHED, Edit::Cut(31));
            })
        },
    )),
    defect(
        "handshake/early-finished",
        "the Finished comes before the Certificate",
        "It is right for the messages before it, and there are too few of them. What comes after is not covered, and \
         a state machine that is done at the Finished never asks for it. SMACK called it skipping, and Java's client \
         and server both did it (CVE-2014-6593).",
        SEQUENCE,
        &[
            Reason::HandshakeViolation,
            Reason::NoCertificate,
            Reason::NoProofOfPossession,
        ],
        |recipe, _| {
            change(recipe, |script| {
                script.omit(Kind::FINISHED);
                let mut early = Sending::from(Message::Finished);
                early.joined = false;
                script.insert_before(Kind::CERTIFICATE, Step::Send(early));
            })
        },
    ),
    critical(defect(
        "handshake/no-finished",
        "no Finished is sent, and application data follows at once",
        "Certificate and proof are good, and nothing says that both sides agree on what was said: the offer may have \
         been edited on the way. Java took data in its place, in TLS 1.2 (CVE-2014-6593) and again in its first TLS \
         1.3 (CVE-2020-2816).",
        SEQUENCE,
        UNFINISHED,
        |recipe, _| {
            change(recipe, |script| {
                script.omit(Kind::FINISHED);
                data_under(script, Epoch::Application);
            })
        },
    )),
    defect(
        "handshake/finished-twice",
        "two Finished are sent",
        "The second arrives under keys that were replaced by the first, or in a state that has none. wolfSSL took a \
         second Finished for an answer to a request for a certificate (CVE-2026-55962): a message that means \
         something in another state must mean nothing in this one.",
        SEQUENCE,
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                script.insert_after(Kind::FINISHED, Message::Finished)
            })
        },
    ),
    critical(of_clients(defect(
        "handshake/data-before-certificate",
        "application data is sent after the hellos, before anything else",
        "A request before anybody is authenticated, under keys that anybody can have agreed on. Whoever hands it to \
         the application has answered a stranger.",
        SEQUENCE,
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                let mut data = Sending::from(Message::request());
                data.epoch = Some(Epoch::Handshake);
                script.insert_before(Kind::CERTIFICATE, Step::Send(data));
            })
        },
    ))),
    of_clients(defect(
        "handshake/data-before-finished",
        "application data under the keys of application data is sent before the Finished",
        "The client can have these keys before it is authenticated. A server that accepts them early answers before \
         it has judged. Java 11 and 14 took application data before the handshake was over (CVE-2020-2816).",
        SEQUENCE,
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                let mut data = Sending::from(Message::request());
                data.epoch = Some(Epoch::Application);
                script.insert_before(Kind::FINISHED, Step::Send(data));
            })
        },
    )),
    critical(of_clients(defect(
        "handshake/data-in-the-open",
        "the request is sent without protection after the handshake",
        "A record without protection could be anybody's on the line. It must not be read as the client's. It is the \
         end of the attacks that skip the change of keys: Java went on in the open with whoever left it out \
         (CVE-2014-6593).",
        "RFC 8446 section 5",
        VIOLATION,
        |recipe, _| change(recipe, |script| data_under(script, Epoch::Plain)),
    ))),
    of_clients(defect(
        "handshake/data-under-handshake-keys",
        "the request is sent under the keys of the handshake after the Finished",
        "Keys are for one part of the connection. Who tries several has let the peer choose which, and a request \
         under the keys of the handshake is one that came before anybody was known. Go's server read messages across \
         that border until 2026 (CVE-2025-61730).",
        "RFC 8446 section 5.2",
        VIOLATION,
        |recipe, _| change(recipe, |script| data_under(script, Epoch::Handshake)),
    )),
    of_clients(defect(
        "handshake/certificate-after-handshake",
        "a finished client sends Certificate, CertificateVerify and Finished again without being asked",
        "Post-handshake authentication answers a request; here there is none. State that is meant for it must not be \
         reachable otherwise: wolfSSL's server took half of such an answer for all of it (CVE-2026-55962).",
        "RFC 8446 section 4.6.2",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                let place = script.place_of(Kind::FINISHED).map_or(0, |place| place + 1);
                let again = [Message::certificate(), Message::proof(), Message::Finished];
                script.steps.splice(place..place, again.map(Step::from));
            })
        },
    )),
    critical(of_clients(defect(
        "handshake/finished-in-place-of-authentication",
        "an anonymous client sends a second Finished, as if asked for its certificate again",
        "wolfSSL from 5.5.4 to 5.9.1 took a Finished for the whole answer to its request after the handshake \
         (CVE-2026-55962): a client without any certificate counted as authenticated. A state machine has to demand \
         each message of the answer, and not only its last.",
        "RFC 8446 section 4.6.2",
        &[Reason::NoCertificate, Reason::HandshakeViolation],
        |recipe, _| {
            change(recipe, |script| {
                script.replace(Kind::CERTIFICATE, Message::certificate_of(Chain::Empty));
                script.omit(Kind::CERTIFICATE_VERIFY);
                script.insert_after(Kind::FINISHED, Message::Finished);
            })
        },
    ))),
    of_servers(defect(
        "handshake/request-after-handshake",
        "a server asks for a certificate after the handshake, and the client has not offered to give one",
        "A client that has not sent post_handshake_auth must end the connection. Who answers shows its identity \
         outside the rules that it was configured with.",
        "RFC 8446 section 4.6.2",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                let request = Message::CertificateRequest {
                    context: vec![1].into(),
                    extensions: Vec::new(),
                };
                script.insert_after(Kind::FINISHED, request);
            })
        },
    )),
    defect(
        "handshake/key-update-in-handshake",
        "a KeyUpdate is sent before the Finished",
        "There are no keys yet that it could replace. It must end the handshake, whatever state it finds: whoever \
         replaces keys that are not in force derives the next ones from zeros, and zeros are known to all.",
        "RFC 8446 section 4.6.3",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                script.insert_before(Kind::FINISHED, Message::KeyUpdate { request: 0 })
            })
        },
    ),
    defect(
        "handshake/key-update-with-other-value",
        "a KeyUpdate has the value 2",
        "The field has two values. Another must end the connection with illegal_parameter, and not be taken for one \
         of them: 'not zero' and 'equal to one' are two readings, and peers of different libraries then disagree on \
         which keys are in force.",
        "RFC 8446 section 4.6.3",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                script.insert_after(Kind::FINISHED, Message::KeyUpdate { request: 2 })
            })
        },
    ),
    Defect {
        class: Class::Policy,
        ..of_clients(defect(
            "handshake/key-update-flood",
            "a thousand KeyUpdates that each ask for one back",
            "Each costs the client a hash and the server two and an answer. Libraries that count them not at all can be \
             kept busy by one connection.",
            "RFC 8446 sections 4.6.3 and 5.5",
            VIOLATION,
            |recipe, _| {
                change(recipe, |script| {
                    let mut flood = Sending::from(Message::KeyUpdate { request: 1 });
                    flood.times = 1000;
                    script.insert_after(Kind::FINISHED, Step::Send(flood));
                })
            },
        ))
    },
    defect(
        "handshake/hello-after-hello",
        "the first hello is sent twice",
        "A second ClientHello is legal after a HelloRetryRequest alone; a second ServerHello never is. State that \
         was built from the first is built again or kept in part, and the two sides remember different hellos. Which \
         of them the transcript holds decides what the Finished proves.",
        "RFC 8446 section 4.1.2",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| match script.side {
                Side::Client => {
                    let mut second = Sending::from(Message::ClientHello);
                    second.epoch = Some(Epoch::Plain);
                    script.insert_after(Kind::CLIENT_HELLO, Step::Send(second));
                    let answered = Step::Expect(Awaited::Message(Kind::SERVER_HELLO));
                    script.insert_after(Kind::CLIENT_HELLO, answered);
                }
                Side::Server => {
                    script.insert_after(Kind::SERVER_HELLO, Message::server_hello());
                }
            })
        },
    ),
    defect(
        "handshake/hello-request",
        "a HelloRequest of old versions is sent before the Finished",
        "It asks for a renegotiation, which TLS 1.3 does not have. Code that is shared with old versions may still \
         answer it, and a client that begins anew inside a connection is what CVE-2009-3555 was made of.",
        "RFC 8446 section 4.1.2",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                let request = Message::Handshake {
                    kind: Kind(0),
                    body: Default::default(),
                };
                script.insert_before(Kind::FINISHED, request);
            })
        },
    ),
    of_clients(defect(
        "handshake/renegotiation",
        "a ClientHello is sent after the handshake",
        "TLS 1.3 has no renegotiation. A server that begins a new handshake inside the old one joins what two \
         clients said (CVE-2009-3555). One whose code for old versions still looks at such a hello may fall over it, \
         as OpenSSL did at a hello without signature_algorithms (CVE-2021-3449).",
        "RFC 8446 section 4.1.2",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                script.insert_after(Kind::FINISHED, Message::ClientHello)
            })
        },
    )),
    of_clients(defect(
        "handshake/end-of-early-data-unasked",
        "an EndOfEarlyData is sent although no early data was accepted",
        "It changes keys where there are none to change from. A state machine that follows has left the state in which the certificate is demanded.",
        "RFC 8446 section 4.5",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                script.insert_before(Kind::CERTIFICATE, Message::EndOfEarlyData)
            })
        },
    )),
];

/// Sends the request under other keys than its place has.
fn data_under(script: &mut crate::script::Script, epoch: Epoch) {
    for step in &mut script.steps {
        if let Step::Send(sending) = step
            && let Message::ApplicationData { .. } = sending.message
        {
            sending.epoch = Some(epoch);
        }
    }
}
