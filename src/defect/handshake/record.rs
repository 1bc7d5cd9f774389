//! Records that are none, and messages that are split where they may not be.
//!
//! How messages are cut into records is the sender's choice, so the twins here
//! are cut too: what is refused must be the defect and not the cut.

use super::{
    Defect, Position, Recipe, Unfit, VIOLATION, change, critical, defect, honest, of_clients,
    of_servers,
};
use crate::{
    script::{
        Alert, Chain, HandshakeKind as Kind, Message, ProtocolVersion, RecordKind, Script, Sending,
        Step,
    },
    verdict::{Clause, Reason},
};

const RECORDS_CLAUSE: Clause = "RFC 8446 section 5.1";

/// Under keys.
const PROTECTED: Clause = "RFC 8446 sections 5.2 and 5.4";

/// How messages travel.
pub(super) const RECORDS: &[Defect] = &[
    Defect {
        prepare: fragmented,
        ..of_clients(defect(
            "handshake/interleaved-client-hello",
            "an alert stands between two parts of the ClientHello",
            "The parts of one message must follow each other. Proxies that read the server name from the first record \
             and hand on the rest read another hello than the server behind them.",
            RECORDS_CLAUSE,
            VIOLATION,
            |recipe, _| {
                interleave(
                    recipe,
                    Kind::CLIENT_HELLO,
                    &[Alert::USER_CANCELED.0, 0, 0, 0],
                )
            },
        ))
    },
    Defect {
        prepare: fragmented,
        ..of_clients(defect(
            "handshake/empty-record-in-client-hello",
            "a handshake record of no octets stands before the ClientHello",
            "Such records cost the receiver and not the sender; an endless run of them kept servers busy for ever. They \
             are forbidden.",
            RECORDS_CLAUSE,
            VIOLATION,
            |recipe, _| {
                change(recipe, |script| {
                    let mut empty = Sending::from(record(RecordKind::HANDSHAKE, &[]));
                    empty.times = 200;
                    script.insert_before(Kind::CLIENT_HELLO, Step::Send(empty));
                })
            },
        ))
    },
    Defect {
        prepare: in_small_records,
        ..critical(of_clients(defect(
            "handshake/empty-certificate-after-split-hello",
            "a ClientHello in records of five octets, and then no certificate",
            "Cutting it is the sender's right, and the twin does so too. Whoever reads the server name from the first record \
             alone routes this client elsewhere than others, where nobody may ask for a certificate.",
            RECORDS_CLAUSE,
            &[Reason::NoCertificate, Reason::HandshakeViolation],
            |recipe, _| {
                change(recipe, |script| {
                    script.replace(Kind::CERTIFICATE, Message::certificate_of(Chain::Empty));
                    script.omit(Kind::CERTIFICATE_VERIFY);
                })
            },
        )))
    },
    Defect {
        prepare: fragmented,
        ..defect(
            "handshake/message-across-keys",
            "a part of a message begins in the record of the Finished and ends under other keys",
            "A message must not span a change of keys: whose keys would it have been under? Attacks on TLS 1.2 and \
             on QUIC joined what two senders had said in this way, and Go and rustls let messages of one record pass \
             such a change as late as 2026 (CVE-2025-61730, RUSTSEC-2026-0285).",
            RECORDS_CLAUSE,
            VIOLATION,
            |recipe, _| {
                change(recipe, |script| {
                    // The header of a message and none of its body.
                    let begun = Message::Protected {
                        kind: RecordKind::HANDSHAKE,
                        body: vec![Kind::KEY_UPDATE.0, 0, 0].into(),
                        padding: 0,
                    };
                    script.insert_before(Kind::FINISHED, begun);
                })
            },
        )
    },
    of_clients(defect(
        "handshake/message-after-client-hello",
        "a second message shares the record of the ClientHello",
        "After the ClientHello the client must wait. Whatever it has said under no keys must not be read under the \
         state that comes after. Go (CVE-2025-61730) and rustls from 0.23.13 to 0.23.44 (RUSTSEC-2026-0285) read \
         such messages as if they had come under the keys of the handshake.",
        RECORDS_CLAUSE,
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                if let Some(sending) = script.sending_mut(Kind::CLIENT_HELLO) {
                    sending.joined = true;
                }
                script.insert_after(Kind::CLIENT_HELLO, Message::EndOfEarlyData);
            })
        },
    )),
    of_clients(defect(
        "handshake/record-too-long",
        "the ClientHello is followed by a record of more than 2^14 octets",
        "The limit is there so that a receiver can set its buffer. A longer record ends the connection with \
         record_overflow, before its octets are read.",
        RECORDS_CLAUSE,
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                let long = Message::Record {
                    kind: RecordKind::HANDSHAKE,
                    version: ProtocolVersion::TLS_1_2,
                    claims: None,
                    body: vec![0; 0x4001 + 256].into(),
                };
                script.insert_before(Kind::CLIENT_HELLO, long);
            })
        },
    )),
    of_clients(defect(
        "handshake/unknown-record",
        "a record of the kind of heartbeats comes first",
        "A kind that was not agreed on must end the connection. The heartbeat that was read all the same gave away \
         the memory of half the web's servers in 2014.",
        RECORDS_CLAUSE,
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                let heartbeat = record(RecordKind::HEARTBEAT, &[1, 0x40, 0]);
                script.insert_before(Kind::CLIENT_HELLO, heartbeat);
            })
        },
    )),
    defect(
        "handshake/change-cipher-spec-of-two",
        "a ChangeCipherSpec has the value 2",
        "The record is kept for middleboxes, and only with the one octet 1. Any other is an unexpected message. A \
         reader that passes over whatever has this type lets octets through that no transcript covers and no key \
         protects.",
        "RFC 8446 section 5",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                let spec = record(RecordKind::CHANGE_CIPHER_SPEC, &[2]);
                script.insert_before(Kind::CERTIFICATE, spec);
            })
        },
    ),
    of_clients(defect(
        "handshake/change-cipher-spec-first",
        "a ChangeCipherSpec comes before the ClientHello",
        "It may be passed over during a handshake, and this is none yet. OpenSSL's DTLS fell over one before the \
         ClientHello (CVE-2009-1386), and in 2014 one at the wrong time made OpenSSL use keys that the attacker knew \
         (CVE-2014-0224).",
        "RFC 8446 section 5",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                script.insert_before(Kind::CLIENT_HELLO, Message::ChangeCipherSpec)
            })
        },
    )),
    defect(
        "handshake/change-cipher-spec-after-finished",
        "a ChangeCipherSpec comes after the Finished",
        "After the peer's Finished the record must not be passed over any more, but end the connection. Records that \
         cost nothing and say nothing can be sent for ever: NSS and wolfSSL were kept busy with runs of them \
         (CVE-2020-25648, CVE-2020-12457).",
        "RFC 8446 section 5",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                script.insert_after(Kind::FINISHED, Message::ChangeCipherSpec)
            })
        },
    ),
    defect(
        "handshake/protected-change-cipher-spec",
        "a ChangeCipherSpec is sent under keys",
        "Passing the record over is allowed without keys alone. Under keys it is an unexpected message like any \
         other. NSS before 3.58 and wolfSSL before 4.5.0 took as many of these records as came, and did nothing else \
         meanwhile (CVE-2020-25648, CVE-2020-12457).",
        "RFC 8446 section 5",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                let spec = Message::Protected {
                    kind: RecordKind::CHANGE_CIPHER_SPEC,
                    body: vec![1].into(),
                    padding: 0,
                };
                script.insert_before(Kind::CERTIFICATE, spec);
            })
        },
    ),
    defect(
        "handshake/record-without-kind",
        "a protected record is all padding",
        "The kind of a protected record is its last octet that is not zero. Where there is none the record is \
         malformed, and a search for it that does not stop reads before the buffer.",
        PROTECTED,
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                let padding = Message::Protected {
                    kind: RecordKind(0),
                    body: Default::default(),
                    padding: 64,
                };
                script.insert_before(Kind::CERTIFICATE, padding);
            })
        },
    ),
    defect(
        "handshake/empty-protected-message",
        "a protected handshake record has no octets",
        "Records of handshake messages must not be empty, with keys or without: they cost the receiver a decryption \
         and say nothing. An endless run of them costs the sender little and keeps one core of the server busy for \
         each connection.",
        PROTECTED,
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                let mut empty = Sending::from(Message::Protected {
                    kind: RecordKind::HANDSHAKE,
                    body: Default::default(),
                    padding: 0,
                });
                empty.times = 200;
                script.insert_before(Kind::CERTIFICATE, Step::Send(empty));
            })
        },
    ),
    defect(
        "handshake/undecryptable-record",
        "a record that is under no keys of this connection comes before the Certificate",
        "A record that does not decrypt ends the connection. Who passes it over, other than rejected early data, lets \
         records be tried until one fits.",
        "RFC 8446 section 5.2",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                let garbage = record(RecordKind::APPLICATION_DATA, &[0x67; 40]);
                script.insert_before(Kind::CERTIFICATE, garbage);
            })
        },
    ),
    Defect {
        prepare: fragmented,
        ..of_servers(defect(
            "handshake/interleaved-certificate",
            "application data stands between two parts of the Certificate",
            "The parts of one message must follow each other; and application data has no place before the Finished. \
             A reader that keeps the parts of a message in one buffer and hands on what comes between has answered \
             before it knows to whom.",
            RECORDS_CLAUSE,
            &[Reason::HandshakeViolation],
            |recipe, _| {
                change(recipe, |script| {
                    let begun = Message::Protected {
                        kind: RecordKind::HANDSHAKE,
                        body: vec![Kind::CERTIFICATE.0, 0, 1].into(),
                        padding: 0,
                    };
                    script.insert_before(Kind::CERTIFICATE, begun);
                    script.insert_before(Kind::CERTIFICATE, Message::response());
                })
            },
        ))
    },
];

fn record(kind: RecordKind, body: &[u8]) -> Message {
    Message::Record {
        kind,
        version: ProtocolVersion::TLS_1_2,
        claims: None,
        body: body.into(),
    }
}

/// An honest peer whose messages are cut into records of few octets.
fn fragmented(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    honest(recipe, position)?;
    change(recipe, |script| {
        for kind in [Kind::CLIENT_HELLO, Kind::SERVER_HELLO, Kind::CERTIFICATE] {
            if let Some(sending) = script.sending_mut(kind) {
                sending.fragment = Some(100);
            }
        }
    })
}

/// An honest client whose hello is cut into records of five octets.
fn in_small_records(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    honest(recipe, position)?;
    change(recipe, |script| {
        if let Some(sending) = script.sending_mut(Kind::CLIENT_HELLO) {
            sending.fragment = Some(5);
        }
    })
}

/// Puts an alert after the first octets of a message.
fn interleave(recipe: &mut Recipe, kind: Kind, begun: &[u8]) -> Result<(), Unfit> {
    change(recipe, |script: &mut Script| {
        let alert = Message::Record {
            kind: RecordKind::ALERT,
            version: ProtocolVersion::TLS_1_2,
            claims: None,
            body: vec![1, Alert::USER_CANCELED.0].into(),
        };
        script.insert_before(kind, record(RecordKind::HANDSHAKE, begun));
        script.insert_before(kind, alert);
    })
}
