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
        "A look-up for the empty name finds the default, whose rules may be laxer than those of any name. A name of \
         no octets is also where code that looks at the last letter, for a trailing dot, reads before the first.",
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
        "The list has at least one entry. Code that looks at the first without asking reads beyond it, into the \
         extensions: an octet there decides whether the connection is compressed, which is what CRIME needed \
         (CVE-2012-4929).",
        "RFC 8446 section 4.1.2",
        VIOLATION,
        |recipe, _| offer(recipe, |hello| hello.compression = Default::default()),
    ),
    hello(
        "handshake/session-id-too-long",
        "the session id has 33 octets",
        "It has at most 32 octets, and it is copied: a buffer of the usual size is one octet too small. GnuTLS \
         before 3.3.4 copied whatever length the other side gave, and let a server run code in its clients \
         (CVE-2014-3466).",
        "RFC 8446 section 4.1.2",
        VIOLATION,
        |recipe, _| offer(recipe, |hello| hello.session_id_octets = 33),
    ),
    hello(
        "handshake/no-signature-algorithms",
        "signature_algorithms is missing",
        "A server that is to authenticate itself by a certificate must abort with missing_extension, and not guess. \
         OpenSSL 1.1.1 read the list of an earlier hello where the second one had none, and fell over \
         (CVE-2021-3449).",
        "RFC 8446 section 9.2",
        VIOLATION,
        |recipe, _| offer(recipe, |hello| hello.schemes.clear()),
    ),
    hello(
        "handshake/share-without-groups",
        "key_share is sent without supported_groups",
        "One is meaningless without the other, and the server must abort with missing_extension. A server that takes \
         the share for an offer of its group has made up what the client supports; the list is what the choice is \
         checked against.",
        "RFC 8446 section 9.2",
        VIOLATION,
        |recipe, _| offer(recipe, |hello| hello.groups.clear()),
    ),
    hello(
        "handshake/groups-without-share",
        "supported_groups is sent without key_share",
        "An empty key_share asks for a HelloRetryRequest; no key_share at all is a hello of no version. Without a \
         share there must be no secret: wolfSSL's client, on its side, derived keys from a buffer that everybody \
         knows when no share came (CVE-2023-3724).",
        "RFC 8446 section 9.2",
        VIOLATION,
        |recipe, _| offer(recipe, |hello| hello.shares.clear()),
    ),
    policy(hello(
        "handshake/same-share-twice",
        "two shares of the same group",
        "The server would choose one, and the client might have meant the other. A server may check, and need not. \
         Where shares are kept in a list and dropped by group, the second may drop what the first still uses; GnuTLS \
         had a use after free in this very extension (CVE-2021-20231).",
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
        "The shared secret is zero whatever the other key is: everybody knows it. The result must be checked, says \
         RFC 8446; libraries left it out because RFC 7748 leaves it to the protocol, and a connection under known \
         keys shows no fault to either end.",
        SHARES,
        VIOLATION,
        |recipe, _| share(recipe, NamedGroup::X25519, vec![0; 32]),
    ),
    hello(
        "handshake/share-of-low-order",
        "the X25519 share is a point of order eight",
        "The shared secret is zero here as well. A check that knows the point of order one alone does not find the \
         others: there are a dozen spellings of such points, and the one sure check is of the result.",
        SHARES,
        VIOLATION,
        |recipe, _| share(recipe, NamedGroup::X25519, LOW_ORDER.to_vec()),
    ),
    hello(
        "handshake/share-off-the-curve",
        "the P-256 share is no point of the curve",
        "Points of weaker curves give the secret key away, a few bits with each, wherever a key is used twice. The \
         coordinates must be checked. Java and Bouncy Castle did not, and servers gave up their private keys after \
         some thousand handshakes (CVE-2015-2613, CVE-2015-7940).",
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
        "TLS 1.3 has the uncompressed form alone. Reading another takes code that nobody has asked to run on a \
         stranger's octets: to unpack a point is to take a square root, and OpenSSL's looped for ever on numbers \
         that have none (CVE-2022-0778).",
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
        "A key exchange with nothing must not come to an agreement, least of all to one on a secret of no octets. \
         OpenSSL 1.0.2 fell over an empty ClientKeyExchange of a client with a certificate (CVE-2015-1787).",
        SHARES,
        VIOLATION,
        |recipe, _| share(recipe, NamedGroup::X25519, Vec::new()),
    ),
    hello(
        "handshake/short-share",
        "the X25519 share lacks an octet",
        "A copy of the usual length reads what lies behind it, which may be another connection's. The length of each \
         group's share is fixed by RFC 8446 4.2.8.1 and 4.2.8.2, and has to be compared with before anything is \
         copied.",
        SHARES,
        VIOLATION,
        |recipe, _| share(recipe, NamedGroup::X25519, vec![9; 31]),
    ),
    hello(
        "handshake/no-usable-group",
        "the one group offered is a binary curve of 163 bits",
        "Such curves are deprecated long since; a server that still has them compiled in must not choose one. Code \
         for binary fields is seldom run and seldom looked at, and OpenSSL's looped for ever on malformed curves of \
         that kind (CVE-2015-1788).",
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
