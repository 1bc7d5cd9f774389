//! iPAddress constraints: networks of both families, and masks that are none.

use super::{Row, Text::Ip, defects, excluded, permitted};
use crate::defect::Defect;

/// 192.0.2.0/24, an address inside, and one outside.
const NET: &[super::Text] = &[Ip(&[192, 0, 2, 0, 255, 255, 255, 0])];
const INSIDE: &[super::Text] = &[Ip(&[192, 0, 2, 7])];
const OUTSIDE: &[super::Text] = &[Ip(&[198, 51, 100, 7])];

/// 2001:db8:1::/48, an address inside, and one outside.
const NET6: &[super::Text] = &[Ip(&[
    0x20, 1, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0,
])];
const INSIDE6: &[super::Text] = &[Ip(&[
    0x20, 1, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7,
])];
const OUTSIDE6: &[super::Text] = &[Ip(&[
    0x20, 1, 0x0d, 0xb8, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7,
])];

pub(super) const DEFECTS: &[Defect] = defects![
    Row {
        vulnerabilities: &["CVE-2026-7532"],
        ..permitted(
            "name-constraints/permitted-ip",
            NET,
            [INSIDE, OUTSIDE],
            "an IPv4 address outside the permitted network",
            "A CA for one network vouches for a host of another. wolfSSL 5.9.1, built without its option for IP \
             names, parsed the address, had nothing to compare it with, and accepted it.",
        )
    },
    excluded(
        "name-constraints/excluded-ip",
        NET,
        [OUTSIDE, INSIDE],
        "an IPv4 address inside the excluded network",
        "The operator carves one network out, and the CA vouches for a host of it. A verifier that knows constraints \
         of DNS names alone lets every address pass.",
    ),
    permitted(
        "name-constraints/permitted-ipv6",
        NET6,
        [INSIDE6, OUTSIDE6],
        "an IPv6 address outside the permitted network",
        "The two addresses differ in their sixth octet only, inside the mask. Code that compares the first four octets, \
         as for IPv4, takes them for one network.",
    ),
    excluded(
        "name-constraints/excluded-ipv6",
        NET6,
        [OUTSIDE6, INSIDE6],
        "an IPv6 address inside the excluded network",
        "The exclusion of an IPv6 network must hold as that of an IPv4 network does. A verifier whose address check \
         returns early on sixteen octets never excludes anything.",
    ),
    Row {
        permitted: &[Ip(&[192, 0, 2, 0, 255, 255, 255, 0]),],
        ..permitted(
            "name-constraints/permitted-ip-other-family",
            &[],
            [INSIDE, INSIDE6],
            "an IPv6 address where only an IPv4 network is permitted",
            "Both are the one form iPAddress, so a permitted IPv4 network leaves no IPv6 address permitted. A verifier \
             that skips constraints whose length does not fit finds none left, and accepts every IPv6 host.",
        )
    },
    permitted(
        "name-constraints/permitted-ip-second-address",
        NET,
        [
            &[Ip(&[192, 0, 2, 7]), Ip(&[192, 0, 2, 8])],
            &[Ip(&[192, 0, 2, 7]), Ip(&[198, 51, 100, 7])]
        ],
        "the second of two addresses lies outside the permitted network",
        "The constraint holds for every address of the certificate. One good address in front must not open the door \
         for the next.",
    ),
    permitted(
        "name-constraints/permitted-ip-last-bit",
        &[Ip(&[192, 0, 2, 64, 255, 255, 255, 192])],
        [&[Ip(&[192, 0, 2, 127])], &[Ip(&[192, 0, 2, 128])]],
        "the first address after a permitted network of 64",
        "The mask ends inside an octet. Code that compares whole octets, or rounds the prefix down to a multiple of \
         eight, takes the neighbouring network for its own.",
    ),
    excluded(
        "name-constraints/excluded-ip-last-bit",
        &[Ip(&[192, 0, 2, 64, 255, 255, 255, 192])],
        [&[Ip(&[192, 0, 2, 128])], &[Ip(&[192, 0, 2, 127])]],
        "the last address of an excluded network of 64",
        "The mirror of the permitted boundary: rounding the prefix up to whole octets lets the last addresses of an \
         excluded network escape.",
    ),
    excluded(
        "name-constraints/excluded-ip-all",
        &[Ip(&[0, 0, 0, 0, 0, 0, 0, 0])],
        [&[], &[Ip(&[203, 0, 113, 9])]],
        "an IPv4 address although the mask of zeros excludes all of them",
        "0.0.0.0 with mask 0.0.0.0 is the usual way to forbid a CA any IPv4 address; public technically constrained \
         CAs carry it. A verifier that skips an all-zero constraint as empty drops the prohibition.",
    ),
    Row {
        permitted: &[Ip(&[192, 0, 2, 0, 255, 255, 255, 0])],
        excluded: &[Ip(&[192, 0, 2, 128, 255, 255, 255, 128])],
        ..permitted(
            "name-constraints/excluded-ip-inside-permitted",
            &[],
            [INSIDE, &[Ip(&[192, 0, 2, 200])]],
            "an address of an excluded half of the permitted network",
            "The exclusion wins inside what is permitted. A verifier that returns at the first subtree of the right \
             form returns too early.",
        )
    },
    permitted(
        "name-constraints/permitted-ip-of-several",
        &[
            Ip(&[192, 0, 2, 0, 255, 255, 255, 0]),
            Ip(&[10, 0, 0, 0, 255, 0, 0, 0])
        ],
        [&[Ip(&[10, 1, 2, 3])], &[Ip(&[11, 1, 2, 3])]],
        "an address outside both of two permitted networks",
        "Two networks are permitted and the address is of neither. Each subtree is tried in turn and the outcome must \
         start from no.",
    ),
    excluded(
        "name-constraints/excluded-ipv6-all",
        &[Ip(&[0; 32])],
        [&[], INSIDE6],
        "an IPv6 address although the mask of zeros excludes all of them",
        "::/0 beside 0.0.0.0/0 is how a CA is forbidden any address. The two are different constraints, and a verifier that \
         drops an all-zero one as empty, or knows it for IPv4 alone, lets every IPv6 address in.",
    ),
    excluded(
        "name-constraints/excluded-ip-second-subtree",
        &[
            Ip(&[203, 0, 113, 0, 255, 255, 255, 0]),
            Ip(&[192, 0, 2, 0, 255, 255, 255, 0])
        ],
        [OUTSIDE, INSIDE],
        "an address inside the second of two excluded networks",
        "Each excluded network counts. A verifier that looks at the first subtree of a form and at no other forgets the rest.",
    ),
    excluded(
        "name-constraints/excluded-ip-second-address",
        NET,
        [
            &[Ip(&[198, 51, 100, 7]), Ip(&[203, 0, 113, 9])],
            &[Ip(&[198, 51, 100, 7]), Ip(&[192, 0, 2, 7])]
        ],
        "the second of two addresses lies inside the excluded network",
        "Every address is compared. A verifier that is content with the first one which no constraint excludes lets the \
         others in unseen.",
    ),
];
