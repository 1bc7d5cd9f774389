//! Servers that choose what was not offered.

use super::{Defect, Recipe, Unfit, VIOLATION, change, defect, of_servers};
use crate::{
    script::{
        CipherSuite, Extension, ExtensionKind, HandshakeKind as Kind, Message, NamedGroup,
        ProtocolVersion, Share,
    },
    verdict::{Clause, Reason},
};

const CHOICE: Clause = "RFC 8446 section 4.1.3";
const RETRY: Clause = "RFC 8446 section 4.1.4";

/// What is chosen.
pub(super) const CHOICES: &[Defect] = &[
    server(
        "handshake/suite-not-offered",
        "the server chooses a cipher suite that the client has not offered",
        "A client that accepts it can be talked into what it was configured not to use. wolfSSL's before 5.7.2 did \
         (CVE-2024-5814); so did OpenSSL's servers with suites that were switched off (CVE-2015-3197), which was one \
         half of DROWN.",
        CHOICE,
        VIOLATION,
        |recipe, _| suite(recipe, CipherSuite::AES_128_CCM_8_SHA256),
    ),
    server(
        "handshake/suite-without-encryption",
        "the server chooses a cipher suite that does not encrypt",
        "RFC 9150 has such suites for special networks. A client that has not asked for one must not be led into it: \
         what it sends is then in the open, with a tag. A client that only asks whether its library knows the suite \
         takes it, as wolfSSL's took suites that it had not offered (CVE-2024-5814).",
        CHOICE,
        VIOLATION,
        |recipe, _| suite(recipe, CipherSuite::SHA256_SHA256),
    ),
    server(
        "handshake/group-not-offered",
        "the server's share is of a group for which the client has sent none",
        "The client has no key for it. Looking for one finds another group's, or nothing, and neither may be used. A \
         client that makes one up on the spot lets the server pick a group that it was configured not to use, which \
         is how FREAK and Logjam began.",
        "RFC 8446 section 4.2.8",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                script.hello.shares = vec![Share {
                    group: NamedGroup::SECT163K1,
                    octets: Some(vec![4; 43].into()),
                }];
            })
        },
    ),
    server(
        "handshake/server-share-of-zeros",
        "the server's X25519 share is the point of order one",
        "The shared secret is then zero whatever the client's key is, and known to everybody on the line. The result \
         must be checked: RFC 7748 leaves that to the protocol, and RFC 8446 demands it.",
        "RFC 8446 section 7.4.2",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                script.hello.shares = vec![Share {
                    group: NamedGroup::X25519,
                    octets: Some(vec![0; 32].into()),
                }];
            })
        },
    ),
    server(
        "handshake/no-server-share",
        "the ServerHello has no key_share and no pre_shared_key",
        "Then there is no secret at all, and keys that follow from constants are known to everybody. The client must \
         abort. wolfSSL's went on with a buffer that anybody can predict (CVE-2023-3724), and did so once more after \
         a HelloRetryRequest (CVE-2026-3230).",
        "RFC 8446 section 4.2.8",
        VIOLATION,
        |recipe, _| change(recipe, |script| script.hello.shares.clear()),
    ),
    server(
        "handshake/other-session-id",
        "the ServerHello does not echo the client's session id",
        "The echo is for middleboxes, and the client must check it: an answer to another hello is not for it. In old \
         versions the same field meant that a session is resumed without a certificate, and code that is shared with \
         them may still read it so.",
        CHOICE,
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                script.replace(
                    Kind::SERVER_HELLO,
                    Message::ServerHello {
                        suite: None,
                        other_session_id: true,
                        random_ends_with: None,
                    },
                );
            })
        },
    ),
    server(
        "handshake/compression-chosen",
        "the server chooses a compression method",
        "The field must be zero. Compression before encryption tells secrets by their length, which read cookies out \
         of TLS in 2012 (CRIME, CVE-2012-4929), and TLS 1.3 has none. A client that looks at no field of which it \
         knows the value believes the rest of the hello too.",
        CHOICE,
        VIOLATION,
        |recipe, _| change(recipe, |script| script.hello.compression = vec![1].into()),
    ),
    server(
        "handshake/old-version-by-extension",
        "supported_versions of the ServerHello says TLS 1.2",
        "The extension may say TLS 1.3 or later alone. A client that believes it skips the check of the server's random \
         against downgrades.",
        "RFC 8446 section 4.2.1",
        &[Reason::HandshakeViolation, Reason::ProtocolTooOld],
        |recipe, _| {
            change(recipe, |script| {
                script.hello.versions = vec![ProtocolVersion::TLS_1_2];
            })
        },
    ),
    server(
        "handshake/resumption-not-offered",
        "the server resumes by a pre-shared key that the client has not offered",
        "Then no certificate is shown, and the client has let an unknown server choose not to show one. The key that \
         both would use is one that the client does not have; a library that takes zeros for it has agreed with \
         everybody.",
        "RFC 8446 section 4.2.11",
        &[
            Reason::HandshakeViolation,
            Reason::NoCertificate,
            Reason::NoProofOfPossession,
        ],
        |recipe, _| {
            change(recipe, |script| {
                script.hello.extensions.push(Extension {
                    kind: ExtensionKind::PRE_SHARED_KEY,
                    body: vec![0, 0].into(),
                });
                script.omit(Kind::CERTIFICATE);
                script.omit(Kind::CERTIFICATE_VERIFY);
            })
        },
    ),
    server(
        "handshake/unsolicited-hello-extension",
        "the ServerHello has an extension that the client has not sent",
        "Extensions of a server answer the client's. Another must end the handshake with unsupported_extension. The \
         ServerHello is read before anything is protected, so that whoever stands on the line can add one; a client \
         that reads it runs code that its settings had switched off.",
        "RFC 8446 section 4.2",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                script.hello.extensions.push(Extension {
                    kind: ExtensionKind(0xfe67),
                    body: vec![1].into(),
                });
            })
        },
    ),
    server(
        "handshake/unsolicited-encrypted-extension",
        "EncryptedExtensions has an extension that the client has not sent",
        "Here it says that client and server have agreed on a protocol of which the client knows nothing. What the \
         client has not asked for it cannot have checked; a library that stores it hands an application a choice \
         that nobody made.",
        "RFC 8446 sections 4.2 and 4.3.1",
        VIOLATION,
        |recipe, _| {
            encrypted(
                recipe,
                Extension {
                    kind: ExtensionKind::APPLICATION_LAYER_PROTOCOL_NEGOTIATION,
                    body: vec![0, 3, 2, 0x68, 0x32].into(),
                },
            )
        },
    ),
    server(
        "handshake/key-share-in-encrypted-extensions",
        "EncryptedExtensions has an extension that belongs into the ServerHello",
        "Each extension has its messages. In another it must not be read, or two places decide about one thing: the \
         share that made the keys and the one that is remembered for the record then differ, and only one of them \
         was checked.",
        "RFC 8446 section 4.2",
        VIOLATION,
        |recipe, _| {
            encrypted(
                recipe,
                Extension {
                    kind: ExtensionKind::KEY_SHARE,
                    body: vec![0, 0x1d, 0, 0].into(),
                },
            )
        },
    ),
    server(
        "handshake/no-encrypted-extensions",
        "EncryptedExtensions is left out",
        "The message is sent even when it is empty. Who does without it can be made to do without others, and it is \
         where a server says which protocol and which limits hold: left out, the client falls back on its own \
         defaults, at the wish of whoever stands between.",
        "RFC 8446 section 4.3.1",
        VIOLATION,
        |recipe, _| change(recipe, |script| script.omit(Kind::ENCRYPTED_EXTENSIONS)),
    ),
    server(
        "handshake/late-certificate-request",
        "the CertificateRequest comes after the Certificate",
        "It must stand before. A client that answers it late has shown its identity to a server that it was about to \
         authenticate, and its proof covers a transcript of another order than the standard's.",
        "RFC 8446 section 4.3.2",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                let request = Message::CertificateRequest {
                    context: Default::default(),
                    extensions: Vec::new(),
                };
                script.insert_after(Kind::CERTIFICATE, request);
            })
        },
    ),
    server(
        "handshake/early-ticket",
        "a NewSessionTicket comes before the Finished",
        "The key of a ticket follows from the whole handshake, which is not over: the server is not authenticated \
         yet. A client that stores it will come back to whoever sent it, and will not ask for a certificate then.",
        "RFC 8446 section 4.6.1",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                let ticket = Message::NewSessionTicket {
                    lifetime: 7200,
                    ticket: vec![0x67; 32].into(),
                };
                script.insert_before(Kind::FINISHED, ticket);
            })
        },
    ),
    server(
        "handshake/endless-retry",
        "HelloRetryRequest is sent again and again",
        "A second one must end the handshake. Who answers each can be kept shaking hands for ever, and makes a fresh \
         key each time for a server that pays nothing. A client has to remember that it was asked once.",
        RETRY,
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                let group = NamedGroup::SECP256R1;
                for _ in 0..8 {
                    let retry = Message::HelloRetryRequest {
                        group,
                        cookie: None,
                    };
                    script.insert_before(Kind::SERVER_HELLO, retry);
                }
                script.hello.shares = vec![Share::of(group)];
            })
        },
    ),
    server(
        "handshake/retry-without-change",
        "a HelloRetryRequest asks for the share that the client has sent",
        "It must ask for something new, or the second hello would be the first, and the two could go on so for ever. \
         A client that obeys without comparing spends a key exchange on each turn, at the word of somebody who is \
         not authenticated yet.",
        RETRY,
        VIOLATION,
        |recipe, _| retry(recipe, NamedGroup::X25519),
    ),
    server(
        "handshake/retry-for-group-not-offered",
        "a HelloRetryRequest asks for a group that the client has not offered",
        "A client that follows uses a group that it was configured not to use, because somebody on the line has \
         asked it to. The retry is not signed until much later; a weak group that is agreed on first makes that \
         signature worthless, as Logjam showed (CVE-2015-4000).",
        RETRY,
        VIOLATION,
        |recipe, _| retry(recipe, NamedGroup::SECT163K1),
    ),
];

const fn server(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    clause: Clause,
    reasons: &'static [Reason],
    spoil: super::Step,
) -> Defect {
    of_servers(defect(id, summary, page, clause, reasons, spoil))
}

fn suite(recipe: &mut Recipe, suite: CipherSuite) -> Result<(), Unfit> {
    change(recipe, |script| {
        script.replace(
            Kind::SERVER_HELLO,
            Message::ServerHello {
                suite: Some(suite),
                other_session_id: false,
                random_ends_with: None,
            },
        );
    })
}

fn encrypted(recipe: &mut Recipe, extension: Extension) -> Result<(), Unfit> {
    change(recipe, |script| {
        script.replace(
            Kind::ENCRYPTED_EXTENSIONS,
            Message::EncryptedExtensions {
                extensions: vec![extension],
            },
        );
    })
}

fn retry(recipe: &mut Recipe, group: NamedGroup) -> Result<(), Unfit> {
    change(recipe, |script| script.ask_again(group))
}
