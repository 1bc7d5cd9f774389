//! Messages that are too short, too long, or not as long as they say.
//!
//! The same four ways to be wrong for each message, and then sizes that are far
//! from any honest message's.

use super::{Class, Defect, Severity, Unfit, VIOLATION, change, defect, of_clients, of_servers};
use crate::{
    recipe::Recipe,
    script::{Chain, Edit, Extension, ExtensionKind, HandshakeKind as Kind, Message, Step},
    verdict::Reason,
};

/// A message that cannot be read may fail in whatever is read first.
const UNREADABLE: &[Reason] = &[
    Reason::HandshakeViolation,
    Reason::NoProofOfPossession,
    Reason::BadSignature,
    Reason::NoCertificate,
    Reason::MalformedDer,
];

/// Four defects of one message: an octet less, an octet more, and a header that says so.
macro_rules! forms {
    ($kind:ident, $name:literal, $what:literal, $wrap:path) => {
        [
            $wrap(defect(
                concat!("handshake/", $name, "-cut"),
                concat!("the ", $what, " lacks its last octet, and its header says so"),
                concat!(
                    "A vector inside the ", $what, " promises an octet that is not there. Reading it anyway reads the next \
                     message, or whatever lies in memory."
                ),
                "RFC 8446 sections 3.4 and 6.2",
                UNREADABLE,
                |recipe, _| edit(recipe, Kind::$kind, Edit::Cut(1)),
            )),
            $wrap(defect(
                concat!("handshake/", $name, "-with-octet-after"),
                concat!("an octet follows the ", $what, ", and its header counts it"),
                concat!(
                    "Octets at the end of a ", $what, " are read by one implementation and passed over by another. What both \
                     sign is then not what both have read."
                ),
                "RFC 8446 sections 3.4 and 6.2",
                UNREADABLE,
                |recipe, _| edit(recipe, Kind::$kind, Edit::Append(crate::der::HexBytes(vec![0]))),
            )),
            $wrap(defect(
                concat!("handshake/", $name, "-claiming-less"),
                concat!("the header of the ", $what, " claims no octets"),
                concat!(
                    "The body of the ", $what, " becomes the next message, whose kind and length the peer chooses by the \
                     contents of this one."
                ),
                "RFC 8446 sections 4 and 6.2",
                UNREADABLE,
                |recipe, _| edit(recipe, Kind::$kind, Edit::ClaimLength(0)),
            )),
            $wrap(defect(
                concat!("handshake/", $name, "-claiming-more"),
                concat!("the header of the ", $what, " claims the longest length there is"),
                concat!(
                    "A ", $what, " of sixteen megabytes that will never come. Who reserves them at once, for each connection, \
                     has none left soon; who waits for them without a limit waits for ever."
                ),
                "RFC 8446 sections 4 and 6.2",
                UNREADABLE,
                |recipe, _| claim_most(recipe, Kind::$kind),
            )),
        ]
    };
}

const fn both(defect: Defect) -> Defect {
    defect
}

const CERTIFICATE: [Defect; 4] = forms!(CERTIFICATE, "certificate", "Certificate", both);
const PROOF: [Defect; 4] = forms!(CERTIFICATE_VERIFY, "proof", "CertificateVerify", both);
const FINISHED: [Defect; 4] = forms!(FINISHED, "finished", "Finished", both);
const CLIENT_HELLO: [Defect; 4] = forms!(CLIENT_HELLO, "client-hello", "ClientHello", of_clients);
const SERVER_HELLO: [Defect; 4] = forms!(SERVER_HELLO, "server-hello", "ServerHello", of_servers);
const EXTENSIONS: [Defect; 4] = forms!(
    ENCRYPTED_EXTENSIONS,
    "encrypted-extensions",
    "EncryptedExtensions",
    of_servers
);

/// Every form.
pub(super) const FORMS: &[Defect] = &super::joined::<
    {
        super::total(&[
            &CERTIFICATE,
            &PROOF,
            &FINISHED,
            &CLIENT_HELLO,
            &SERVER_HELLO,
            &EXTENSIONS,
            SIZES,
        ])
    },
>(&[
    &CERTIFICATE,
    &PROOF,
    &FINISHED,
    &CLIENT_HELLO,
    &SERVER_HELLO,
    &EXTENSIONS,
    SIZES,
]);

const SIZES: &[Defect] = &[
    Defect {
        class: Class::Policy,
        severity: Severity::Low,
        ..defect(
            "handshake/hundred-certificates",
            "the Certificate holds the chain and its last certificate a hundred times more",
            "Each is parsed, and each may be tried as an issuer of each. A limit on what is looked at costs honest \
             peers nothing.",
            "RFC 8446 section 4.4.2; profile: maximum number of certificates",
            &[
                Reason::BudgetExceeded,
                Reason::HandshakeViolation,
                Reason::PathTooDeep,
                Reason::UnknownIssuer,
            ],
            |recipe, _| {
                change(recipe, |script| {
                    let message = Message::certificate_of(Chain::Repeating(100));
                    script.replace(Kind::CERTIFICATE, message);
                })
            },
        )
    },
    defect(
        "handshake/certificate-of-sixteen-megabytes",
        "the Certificate is as long as its header can say",
        "Zeros follow the chain up to 2^24 octets. No honest chain is a hundredth as long, and whoever is not known \
         yet should not be given so much memory.",
        "RFC 8446 section 4; profile: maximum length of a message",
        &[
            Reason::HandshakeViolation,
            Reason::BudgetExceeded,
            Reason::MalformedDer,
        ],
        |recipe, _| {
            change(recipe, |script| {
                script.edit(Kind::CERTIFICATE, Edit::Pad(0x00ff_0000));
            })
        },
    ),
    defect(
        "handshake/unsolicited-certificate-extension",
        "the end entity's entry has an extension that was not asked for",
        "Extensions answer those of the request or of the hello. Others must end the handshake: they are read by \
         code that nobody expected to run.",
        "RFC 8446 sections 4.2 and 4.4.2",
        &[Reason::HandshakeViolation],
        |recipe, _| {
            with_extension(
                recipe,
                ExtensionKind::SIGNED_CERTIFICATE_TIMESTAMP,
                vec![0, 4, 0, 2, 0x67, 0x63],
            )
        },
    ),
    defect(
        "handshake/status-in-the-older-form",
        "the end entity's entry has a status_request_v2, which TLS 1.3 does not use",
        "The extension of TLS 1.2 that stapled several responses at once must not stand in a Certificate. A reader that knows \
         it from there takes a status from a place that nobody checks any more.",
        "RFC 8446 section 4.4.2.1",
        &[Reason::HandshakeViolation],
        |recipe, _| {
            // ocsp_multi, with a list of no responses
            with_extension(recipe, ExtensionKind::STATUS_REQUEST_V2, vec![2, 0, 0, 0])
        },
    ),
    defect(
        "handshake/unknown-message",
        "a handshake message of a kind that does not exist comes before the Finished",
        "It must end the handshake. Who skips what it does not know can be made to skip what it should not: a \
         message that one side hashes and the other passes over leaves two transcripts, and a loop that waits for a \
         known one waits for ever.",
        "RFC 8446 section 4",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                let message = Message::Handshake {
                    kind: Kind(0x63),
                    body: vec![0; 4].into(),
                };
                script.insert_before(Kind::FINISHED, message);
            })
        },
    ),
];

fn edit(recipe: &mut Recipe, kind: Kind, edit: Edit) -> Result<(), Unfit> {
    // A hello that is cut short is waited on for the rest.
    change(recipe, |script| script.edit(kind, edit))
}

/// The rest never comes: what follows is a closed connection.
fn claim_most(recipe: &mut Recipe, kind: Kind) -> Result<(), Unfit> {
    change(recipe, |script| {
        script.edit(kind, Edit::ClaimLength(0x00ff_ffff));
        if kind == Kind::CLIENT_HELLO || kind == Kind::SERVER_HELLO {
            script.insert_after(kind, Step::Close {});
        }
    })
}

/// The sender's own certificate, with an extension in its entry.
fn with_extension(recipe: &mut Recipe, kind: ExtensionKind, body: Vec<u8>) -> Result<(), Unfit> {
    change(recipe, |script| {
        let message = Message::Certificate {
            chain: Chain::Own,
            context: None,
            extensions: vec![Extension {
                kind,
                body: body.into(),
            }],
        };
        script.replace(Kind::CERTIFICATE, message);
    })
}
