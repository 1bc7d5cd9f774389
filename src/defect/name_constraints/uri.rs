//! uniformResourceIdentifier constraints: the host part, and what has none.

use super::{Row, Text::Uri, defects, excluded, permitted};
use crate::{
    defect::{Class, Defect, Severity},
    verdict::Reason,
};

/// The hosts of the setting's own URI and of a second company.
const HOSTS: &[super::Text] = &[Uri("gatecrash.example")];
const GOOD: &[super::Text] = &[Uri("https://gatecrash.example/inside")];
const EVIL: &[super::Text] = &[Uri("evil.example")];

const NO_HOST: &[Reason] = &[
    Reason::NameConstraint,
    Reason::UnsupportedNameConstraint,
    Reason::MalformedName,
];

pub(super) const DEFECTS: &[Defect] = defects![
    Row {
        vulnerabilities: &["RUSTSEC-2026-0098"],
        ..permitted(
            "name-constraints/permitted-uri",
            HOSTS,
            [GOOD, &[Uri("spiffe://evil.example/device/7")]],
            "a URI with a host outside the permitted one",
            "SPIFFE identities are URIs, and the trust domain is their host. A CA of one trust domain that vouches for \
             another is what URI constraints stop. rustls-webpki before 0.103.12 ignored them.",
        )
    },
    Row {
        vulnerabilities: &["RUSTSEC-2026-0098"],
        ..excluded(
            "name-constraints/excluded-uri",
            EVIL,
            [GOOD, &[Uri("spiffe://evil.example/device/7")]],
            "a URI with the excluded host",
            "The trust domain is excluded and the identity is of it. rustls-webpki before 0.103.12 ignored both kinds \
             of URI subtree.",
        )
    },
    permitted(
        "name-constraints/permitted-uri-host-below",
        HOSTS,
        [GOOD, &[Uri("https://www.gatecrash.example/")]],
        "a URI with a host below the one that is permitted",
        "Without a leading dot a URI constraint is one host, unlike a DNS constraint. A verifier that shares its DNS \
         comparison permits every host below.",
    ),
    excluded(
        "name-constraints/excluded-uri-domain",
        &[Uri(".evil.example")],
        [GOOD, &[Uri("https://www.evil.example/")]],
        "a URI with a host below the excluded domain",
        "With a leading dot the constraint is every host below the domain. An exact comparison finds no such host, and \
         the exclusion is void.",
    ),
    excluded(
        "name-constraints/excluded-uri-case",
        EVIL,
        [GOOD, &[Uri("https://EVIL.example/")]],
        "a URI with the excluded host in other letter case",
        "The host of a URI has no case. An exclusion that compares octets is undone by the shift key. \
         Resolvers, browsers and proxies all fold it, so that the URI leads to the excluded host.",
    ),
    permitted(
        "name-constraints/permitted-uri-case",
        &[Uri("GATECRASH.example"), Uri(".GATECRASH.example")],
        [GOOD, &[Uri("https://EVIL.example/")]],
        "a URI outside a permitted host that is written in capitals",
        "The twin's host is the permitted one but for its letter case and must be let in, the hostile one is another. \
         Both sides of the comparison have to be folded.",
    ),
    excluded(
        "name-constraints/excluded-uri-port",
        EVIL,
        [GOOD, &[Uri("https://evil.example:8443/")]],
        "a URI with the excluded host and a port",
        "The constraint is about the host, and a port follows it. A verifier that takes all between the slashes for \
         the host looks for a host with a colon.",
    ),
    Row {
        reasons: NO_HOST,
        ..excluded(
            "name-constraints/excluded-uri-user",
            EVIL,
            [GOOD, &[Uri("https://gatecrash.example@evil.example/")]],
            "a URI with the excluded host behind a user name",
            "What stands before the at-sign is a user, who may be called like a good host. A verifier that reads the host \
         from the first slash to the first delimiter takes the user for it.",
        )
    },
    Row {
        reasons: NO_HOST,
        ..permitted(
            "name-constraints/permitted-uri-user",
            HOSTS,
            [GOOD, &[Uri("https://gatecrash.example:x@evil.example/")]],
            "a URI whose user name is the permitted host",
            "User and password look like the permitted host and a port. The host comes after the at-sign, and it is not \
         permitted.",
        )
    },
    permitted(
        "name-constraints/permitted-uri-path",
        HOSTS,
        [GOOD, &[Uri("https://evil.example/gatecrash.example")]],
        "a URI with the permitted host in its path",
        "A verifier that searches the text of the URI for the constraint, or compares its end, finds it in the path. \
         The path is chosen by whoever wrote the URI.",
    ),
    Row {
        reasons: NO_HOST,
        ..permitted(
            "name-constraints/permitted-uri-without-authority",
            HOSTS,
            [GOOD, &[Uri("urn:evil:device:7")]],
            "a URI that has no host at all, under a URI constraint",
            "RFC 5280 demands that a URI without an authority be refused when a URI constraint applies. A verifier \
             whose host is then the empty string may find that nothing excludes it.",
        )
    },
    Row {
        reasons: NO_HOST,
        ..excluded(
            "name-constraints/excluded-uri-without-authority",
            EVIL,
            [GOOD, &[Uri("urn:evil:device:7")]],
            "a URI that has no host at all, under an exclusion",
            "An exclusion cannot be shown to hold where there is no host, so the standard says to refuse. An empty host \
             that matches nothing passes an exclusion by default.",
        )
    },
    Row {
        reasons: NO_HOST,
        ..permitted(
            "name-constraints/permitted-uri-address",
            HOSTS,
            [GOOD, &[Uri("https://192.0.2.7/")]],
            "a URI with an IPv4 address for its host, under a URI constraint",
            "URI constraints are about domain names; a URI with an address must be refused when one applies. A verifier \
             that compares texts goes on as if the address were a name.",
        )
    },
    Row {
        reasons: NO_HOST,
        ..excluded(
            "name-constraints/excluded-uri-address",
            EVIL,
            [GOOD, &[Uri("https://192.0.2.7/")]],
            "a URI with an IPv4 address for its host, under an exclusion",
            "The excluded host may well be at that address, and nobody can tell. RFC 5280 says to refuse it; a \
             comparison of texts finds no match and lets it in.",
        )
    },
    Row {
        reasons: NO_HOST,
        vulnerabilities: &["CVE-2024-45341"],
        ..permitted(
            "name-constraints/permitted-uri-zone",
            &[Uri("gatecrash.example"), Uri(".corp.example")],
            [
                &[Uri("https://www.corp.example/")],
                &[Uri("https://[fe80::1%25.corp.example]/")]
            ],
            "a URI with an IPv6 address whose zone ends like the permitted domain",
            "The zone identifier behind the percent sign is free text. Go compared the host as text, zone included, so \
             an address in brackets passed for a host below the permitted domain.",
        )
    },
    Row {
        class: Class::Policy,
        severity: Severity::Medium,
        reasons: NO_HOST,
        ..excluded(
            "name-constraints/excluded-uri-escaped",
            EVIL,
            [GOOD, &[Uri("https://evil%2Eexample/")]],
            "a URI with the excluded host in percent escapes",
            "Whoever follows the URI decodes the escape, and the constraint that compared before decoding saw another \
             host. A host with escapes is refused by a careful verifier.",
        )
    },
    excluded(
        "name-constraints/excluded-uri-constraint-case",
        &[Uri("EVIL.example")],
        [GOOD, &[Uri("https://evil.example/")]],
        "a URI with an excluded host that the constraint writes in capitals",
        "The host is in capitals in the constraint and not in the URI. A comparison that folds one side alone passes the \
         usual test and fails this one.",
    ),
    permitted(
        "name-constraints/permitted-uri-of-several",
        &[Uri("gatecrash.example"), Uri("corp.example")],
        [
            &[Uri("https://corp.example/")],
            &[Uri("https://evil.example/")]
        ],
        "a URI with a host outside both of two permitted ones",
        "Two hosts are permitted and the URI has neither. Each subtree is tried in turn and the outcome must start from no.",
    ),
    excluded(
        "name-constraints/excluded-uri-second-subtree",
        &[Uri("corp.example"), Uri("evil.example")],
        [GOOD, &[Uri("https://evil.example/")]],
        "a URI with the second of two excluded hosts",
        "Each excluded host counts. A verifier that keeps one constraint for each form of name forgets one of the two. \
         For URIs the two hosts are two trust domains, of which the second is let in.",
    ),
    permitted(
        "name-constraints/permitted-uri-second-name",
        HOSTS,
        [
            &[
                Uri("https://gatecrash.example/inside"),
                Uri("https://gatecrash.example/other")
            ],
            &[
                Uri("https://gatecrash.example/inside"),
                Uri("https://evil.example/other")
            ]
        ],
        "the second of two URIs lies outside the permitted host",
        "SPIFFE allows one URI and other schemes allow many, and the constraint is about each of them. A verifier that reads \
         the first lets the second ride along.",
    ),
    excluded(
        "name-constraints/excluded-uri-second-name",
        EVIL,
        [
            &[
                Uri("https://gatecrash.example/inside"),
                Uri("https://gatecrash.example/other")
            ],
            &[
                Uri("https://gatecrash.example/inside"),
                Uri("https://evil.example/other")
            ]
        ],
        "the second of two URIs has the excluded host",
        "A verifier that stops at the first URI, which is good, never compares the one that the exclusion is about. \
         Names are a list, and the exclusion holds for each member.",
    ),
    permitted(
        "name-constraints/permitted-uri-domain-itself",
        &[Uri("gatecrash.example"), Uri(".corp.example")],
        [
            &[Uri("https://www.corp.example/")],
            &[Uri("https://corp.example/")]
        ],
        "a URI with the domain itself for its host, where only hosts below it are permitted",
        "With a leading dot the constraint is all hosts below the domain and not the domain. A verifier that strips the dot \
         permits one host too many.",
    ),
];
