//! Signatures and groups below the floor.

use super::{Defect, Severity, defect, of_tls_1_2, offer};
use crate::{
    der::HexBytes,
    script::{Extension, ExtensionKind, Hello, NamedGroup, Share, SignatureScheme},
};

/// Signatures and groups.
pub(super) const PARAMETERS: &[Defect] = &[
    defect(
        "downgrade/sha-1-alone",
        "signature_algorithms of a TLS 1.3 hello lists SHA-1 alone",
        "A server that signs with it lets a collision be put in the place of its handshake: SLOTH showed that for \
         TLS 1.2 and drafts of 1.3, and chosen-prefix collisions of SHA-1 have been made since 2019. TLS 1.3 allows \
         SHA-1 in certificates alone, and never in the handshake.",
        "RFC 8446 section 4.2.3; RFC 9155 section 3",
        Severity::High,
        |recipe, _| offer(recipe, |hello| hello.schemes = sha_1()),
    ),
    of_tls_1_2(defect(
        "downgrade/sha-1-alone-in-tls-1-2",
        "signature_algorithms of a TLS 1.2 hello lists SHA-1 alone",
        "TLS 1.2 without the extension means SHA-1, and here it is asked for. RFC 9155 took it away in 2021; a server that \
         still signs with it trusts a hash whose collisions cost some thousand hours of a graphics card.",
        "RFC 9155 sections 2 and 4",
        Severity::Medium,
        |recipe, _| {
            offer(recipe, |hello| {
                hello.schemes = sha_1();
            })
        },
    )),
    of_tls_1_2(defect(
        "downgrade/md5-alone-in-tls-1-2",
        "signature_algorithms of a TLS 1.2 hello lists MD5 alone",
        "Collisions of MD5 take seconds: a server that signs with it lets somebody else's handshake stand in the \
         place of its own. NSS, Java and GnuTLS did, long after they had stopped to offer it (SLOTH, CVE-2015-7575).",
        "RFC 9155 sections 2 and 4",
        Severity::High,
        |recipe, _| {
            offer(recipe, |hello| {
                hello.schemes = vec![SignatureScheme(0x0101), SignatureScheme(0x0103)];
            })
        },
    )),
    defect(
        "downgrade/pkcs1-alone",
        "signature_algorithms of a TLS 1.3 hello lists PKCS #1 v1.5 alone",
        "These schemes may sign certificates and not handshakes of TLS 1.3, where RSA is PSS alone: forgeries of the older padding have come back every few years.",
        "RFC 8446 section 4.2.3",
        Severity::Medium,
        |recipe, _| {
            offer(recipe, |hello| {
                hello.schemes = vec![
                    SignatureScheme::RSA_PKCS1_SHA256,
                    SignatureScheme::RSA_PKCS1_SHA384,
                ];
            })
        },
    ),
    defect(
        "downgrade/empty-signature-algorithms",
        "signature_algorithms is there and lists nothing",
        "The list has at least one entry. A default that is taken in its place is SHA-1, as it was before the \
         extension existed; and lists of signature algorithms that lack what was expected have stopped OpenSSL twice \
         (CVE-2015-0291, CVE-2021-3449).",
        "RFC 8446 section 4.2.3",
        Severity::Medium,
        |recipe, _| {
            offer(recipe, |hello| {
                hello.schemes.clear();
                hello.extensions.push(Extension {
                    kind: ExtensionKind::SIGNATURE_ALGORITHMS,
                    body: HexBytes(vec![0, 0]),
                });
            })
        },
    ),
    defect(
        "downgrade/weak-curves-alone",
        "supported_groups lists curves of 160 to 192 bits alone, with shares",
        "TLS 1.3 has none of them, and some are within reach of who can rent enough machines. There is no group in common, and the handshake must end.",
        "RFC 8446 section 4.2.7; RFC 8422 section 5.1.1",
        Severity::High,
        |recipe, _| {
            offer(recipe, |hello| {
                weak_groups(hello);
                hello.shares = WEAK_CURVES
                    .iter()
                    .map(|(group, octets)| Share {
                        group: NamedGroup(*group),
                        octets: Some(HexBytes([&[4][..], &vec![0x67; 2 * octets]].concat())),
                    })
                    .collect();
            })
        },
    ),
    of_tls_1_2(defect(
        "downgrade/weak-curves-alone-in-tls-1-2",
        "a TLS 1.2 hello lists curves of 160 to 192 bits alone",
        "Weak curves for the key exchange are weak whatever suite stands beside them, and a list of suites in a configuration says nothing about curves.",
        "RFC 8422 section 5.1.1; RFC 9325 section 4.2.1",
        Severity::High,
        |recipe, _| {
            offer(recipe, |hello| {
                weak_groups(hello);
            })
        },
    )),
    defect(
        "downgrade/unassigned-groups-alone",
        "supported_groups lists groups of GREASE alone",
        "There is no group in common, and the server may not choose one that was not offered. RFC 8701 reserved \
         these numbers because servers failed on whatever they did not know; one that picks its favourite in their \
         place uses a group that the client has no key for.",
        "RFC 8446 section 4.1.1; RFC 8701 section 3",
        Severity::Medium,
        |recipe, _| {
            offer(recipe, |hello| {
                hello.groups = vec![NamedGroup(0x0a0a), NamedGroup(0x1a1a)];
                hello.shares = vec![Share {
                    group: NamedGroup(0x0a0a),
                    octets: Some(HexBytes(vec![0])),
                }];
            })
        },
    ),
];

fn sha_1() -> Vec<SignatureScheme> {
    vec![
        SignatureScheme::RSA_PKCS1_SHA1,
        SignatureScheme::ECDSA_SHA1,
        // DSA.
        SignatureScheme(0x0202),
    ]
}

/// Curves that RFC 8422 took out of use, and octets of a coordinate: sect163k1, sect163r2,
/// secp160k1, secp160r1, secp160r2, secp192k1, secp192r1.
const WEAK_CURVES: [(u16, usize); 7] = [
    (0x0001, 21),
    (0x0003, 21),
    (0x000f, 20),
    (0x0010, 20),
    (0x0011, 20),
    (0x0012, 24),
    (0x0013, 24),
];

fn weak_groups(hello: &mut Hello) {
    hello.groups = WEAK_CURVES
        .iter()
        .map(|(group, _)| NamedGroup(*group))
        .collect();
}
