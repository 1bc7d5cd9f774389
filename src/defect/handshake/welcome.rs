//! ClientHellos that contradict themselves.

use super::{Defect, Recipe, Unfit, VIOLATION, change, defect, of_clients, policy};
use crate::{
    script::{Extension, ExtensionKind, Hello, NamedGroup, Share},
    verdict::{Clause, Reason},
};

const SHARES: Clause = "RFC 8446 sections 4.2.8 and 7.4.2";

/// Nothing in common, or nothing that may be used.
const UNUSABLE: &[Reason] = &[Reason::HandshakeViolation, Reason::ProtocolTooOld];

/// What is offered.
pub(super) const HELLOS: &[Defect] = &[
    hello(
        "handshake/repeated-extension",
        "an extension stands twice in the ClientHello",
        "One reader takes the first and another the last: a proxy that routes by the server name and the server behind \
         it then speak of two names.",
        "RFC 8446 section 4.2",
        VIOLATION,
        |recipe, _| {
            offer(recipe, |hello| {
                let twice = Extension {
                    kind: ExtensionKind::SUPPORTED_VERSIONS,
                    body: vec![2, 3, 4].into(),
                };
                hello.extensions.push(twice);
            })
        },
    ),
    hello(
        "handshake/two-server-names",
        "server_name holds two host names",
        "Only one name of a kind may be there. Virtual hosts with different rules for client certificates make the \
         difference between the first and the last one a way in.",
        "RFC 6066 section 3",
        VIOLATION,
        |recipe, _| {
            server_name(
                recipe,
                &[&b"a.gatecrash.example"[..], b"b.gatecrash.example"],
            )
        },
    ),
    hello(
        "handshake/empty-server-name",
        "server_name holds a host name of no octets",
        "A look-up for the empty name finds the default, whose rules may be laxer than those of any name.",
        "RFC 6066 section 3",
        VIOLATION,
        |recipe, _| server_name(recipe, &[&b""[..]]),
    ),
    hello(
        "handshake/compression-offered",
        "the ClientHello offers a compression method",
        "Compression before encryption tells secrets by their length; TLS 1.3 allows the null method alone, and the \
         server must abort.",
        "RFC 8446 section 4.1.2",
        VIOLATION,
        |recipe, _| offer(recipe, |hello| hello.compression = vec![1, 0].into()),
    ),
    hello(
        "handshake/no-compression-method",
        "the ClientHello has no compression method, not even the null one",
        "The list has at least one entry. Code that looks at the first without asking reads beyond it.",
        "RFC 8446 section 4.1.2",
        VIOLATION,
        |recipe, _| offer(recipe, |hello| hello.compression = Default::default()),
    ),
    hello(
        "handshake/session-id-too-long",
        "the session id has 33 octets",
        "It has at most 32, and it is copied into the answer: a buffer of the usual size is one octet too small.",
        "RFC 8446 section 4.1.2",
        VIOLATION,
        |recipe, _| offer(recipe, |hello| hello.session_id_octets = 33),
    ),
    hello(
        "handshake/no-signature-algorithms",
        "signature_algorithms is missing",
        "A server that is to authenticate itself by a certificate must abort with missing_extension, and not guess.",
        "RFC 8446 section 9.2",
        VIOLATION,
        |recipe, _| offer(recipe, |hello| hello.schemes.clear()),
    ),
    hello(
        "handshake/share-without-groups",
        "key_share is sent without supported_groups",
        "One is meaningless without the other, and the server must abort with missing_extension.",
        "RFC 8446 section 9.2",
        VIOLATION,
        |recipe, _| offer(recipe, |hello| hello.groups.clear()),
    ),
    hello(
        "handshake/groups-without-share",
        "supported_groups is sent without key_share",
        "An empty key_share asks for a HelloRetryRequest; no key_share at all is a hello of no version.",
        "RFC 8446 section 9.2",
        VIOLATION,
        |recipe, _| offer(recipe, |hello| hello.shares.clear()),
    ),
    policy(hello(
        "handshake/same-share-twice",
        "two shares of the same group",
        "The server would choose one, and the client might have meant the other. A server may check, and need not.",
        SHARES,
        VIOLATION,
        |recipe, _| {
            offer(recipe, |hello| {
                hello.shares.push(Share::of(NamedGroup::X25519))
            })
        },
    )),
    hello(
        "handshake/share-of-zeros",
        "the X25519 share is the point of order one",
        "The shared secret is zero whatever the other key is: everybody knows it. The result must be checked.",
        SHARES,
        VIOLATION,
        |recipe, _| share(recipe, NamedGroup::X25519, vec![0; 32]),
    ),
    hello(
        "handshake/share-of-low-order",
        "the X25519 share is a point of order eight",
        "The shared secret is zero here as well. A check that knows the point of order one alone does not find the others.",
        SHARES,
        VIOLATION,
        |recipe, _| share(recipe, NamedGroup::X25519, LOW_ORDER.to_vec()),
    ),
    hello(
        "handshake/share-off-the-curve",
        "the P-256 share is no point of the curve",
        "Points of weaker curves give the secret key away, a few bits with each. The coordinates must be checked.",
        SHARES,
        VIOLATION,
        |recipe, _| {
            let point = [&[4][..], &[0x67; 64]].concat();
            share(recipe, NamedGroup::SECP256R1, point)
        },
    ),
    hello(
        "handshake/compressed-share",
        "the P-256 share is in compressed form",
        "TLS 1.3 has the uncompressed form alone. Reading another takes code that nobody has asked to run on a stranger's octets.",
        SHARES,
        VIOLATION,
        |recipe, _| {
            let point = [&[2][..], &[0x67; 32]].concat();
            share(recipe, NamedGroup::SECP256R1, point)
        },
    ),
    hello(
        "handshake/empty-share",
        "the X25519 share has no octets",
        "A key exchange with nothing must not come to an agreement, least of all to one on a secret of no octets.",
        SHARES,
        VIOLATION,
        |recipe, _| share(recipe, NamedGroup::X25519, Vec::new()),
    ),
    hello(
        "handshake/short-share",
        "the X25519 share lacks an octet",
        "A copy of the usual length reads what lies behind it, which may be another connection's.",
        SHARES,
        VIOLATION,
        |recipe, _| share(recipe, NamedGroup::X25519, vec![9; 31]),
    ),
    hello(
        "handshake/no-usable-group",
        "the one group offered is a binary curve of 163 bits",
        "Such curves are deprecated long since; a server that still has them compiled in must not choose one.",
        "RFC 8446 section 4.2.7; RFC 8422 section 5.1.1",
        UNUSABLE,
        |recipe, _| {
            offer(recipe, |hello| {
                hello.groups = vec![NamedGroup::SECT163K1];
                hello.shares = vec![Share::of(NamedGroup::SECT163K1)];
            })
        },
    ),
];

/// A point of order eight of Curve25519, little endian.
const LOW_ORDER: [u8; 32] = [
    0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
    0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
];

const fn hello(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    clause: Clause,
    reasons: &'static [Reason],
    spoil: super::Step,
) -> Defect {
    of_clients(defect(id, summary, page, clause, reasons, spoil))
}

fn offer(recipe: &mut Recipe, with: impl FnOnce(&mut Hello)) -> Result<(), Unfit> {
    change(recipe, |script| with(&mut script.hello))
}

fn share(recipe: &mut Recipe, group: NamedGroup, octets: Vec<u8>) -> Result<(), Unfit> {
    offer(recipe, |hello| {
        hello.groups = vec![group];
        hello.shares = vec![Share {
            group,
            octets: Some(octets.into()),
        }];
    })
}

fn server_name(recipe: &mut Recipe, names: &[&[u8]]) -> Result<(), Unfit> {
    let entries: Vec<u8> = names
        .iter()
        .flat_map(|name| [&[0, 0, name.len() as u8][..], name].concat())
        .collect();
    let body = [&[0, entries.len() as u8][..], &entries].concat();
    offer(recipe, |hello| {
        hello.extensions.push(Extension {
            kind: ExtensionKind::SERVER_NAME,
            body: body.into(),
        });
    })
}
