//! dNSName constraints: whole labels, any case, wildcards that reach in or out.

use super::{
    Bearer, CLIENT, Row,
    Text::{Dns, Uri},
    defects, excluded, permitted,
};
use crate::{
    defect::{Class, Defect, Severity},
    verdict::Reason,
};

const HOME: &[super::Text] = &[Dns("gatecrash.example")];
const GOOD: &[super::Text] = &[Dns("inside.gatecrash.example")];
const APART: &[super::Text] = &[Dns("inside.corp.example")];

pub(super) const DEFECTS: &[Defect] = defects![
    permitted(
        "name-constraints/permitted-dns",
        HOME,
        [GOOD, &[Dns("host.evil.example")]],
        "a dNSName outside the permitted subtree",
        "The issuer may vouch for one domain and vouches for another. A name constraint is all that keeps a \
         department's CA from speaking for the whole world, so a verifier that skips it gives every constrained CA \
         the power of the root.",
    ),
    permitted(
        "name-constraints/permitted-dns-partial-label",
        HOME,
        [GOOD, &[Dns("notgatecrash.example")]],
        "a dNSName that ends like the permitted one, but not at a label",
        "RFC 5280 lets whole labels be added on the left. A comparison of string endings takes notgatecrash.example \
         for a part of gatecrash.example, and anybody can register such a name.",
    ),
    permitted(
        "name-constraints/permitted-dns-prefix",
        HOME,
        [GOOD, &[Dns("gatecrash.example.evil.test")]],
        "a dNSName that begins with the permitted one",
        "The permitted domain stands at the wrong end. A verifier that searches for the text anywhere in the name, \
         or compares from the left, accepts a host of somebody else's domain.",
    ),
    permitted(
        "name-constraints/permitted-dns-parent",
        &[Dns("gatecrash.example"), Dns("lab.corp.example")],
        [&[Dns("inside.lab.corp.example")], &[Dns("corp.example")]],
        "the parent of a permitted domain",
        "Only names below the permitted domain are permitted; its parent belongs to somebody more powerful. A \
         comparison that swaps its two sides accepts exactly the parents and refuses the children.",
    ),
    permitted(
        "name-constraints/permitted-dns-sibling",
        &[Dns("gatecrash.example"), Dns("lab.corp.example")],
        [
            &[Dns("inside.lab.corp.example")],
            &[Dns("pay.corp.example")]
        ],
        "a sibling of a permitted domain",
        "Two hosts of one company under one parent, of which only one is permitted. A verifier that compares the \
         registered domain and not the whole constraint lets the laboratory's CA speak for the pay office.",
    ),
    permitted(
        "name-constraints/permitted-dns-top-level",
        HOME,
        [GOOD, &[Dns("example")]],
        "the top-level domain above the permitted one",
        "A name of a single label, shorter than the constraint. Code that indexes from the end of both strings \
         without a look at their lengths goes wrong here first.",
    ),
    Row {
        vulnerabilities: &["RUSTSEC-2026-0099"],
        ..permitted(
            "name-constraints/permitted-dns-wildcard-wider",
            &[Dns("gatecrash.example"), Dns("lab.corp.example")],
            [&[Dns("*.lab.corp.example")], &[Dns("*.corp.example")]],
            "a wildcard that is wider than the permitted host",
            "The constraint permits lab.corp.example; the wildcard *.corp.example covers that host and all its \
             siblings. It must be refused, because most of what it stands for is not permitted. rustls-webpki before \
             0.103.12 let the star match the constraint's first label.",
        )
    },
    permitted(
        "name-constraints/permitted-dns-wildcard-outside",
        HOME,
        [&[Dns("*.gatecrash.example")], &[Dns("*.evil.example")]],
        "a wildcard outside the permitted subtree",
        "Every host that the wildcard stands for lies outside. A verifier that skips names it cannot parse as a host \
         name, because of the star, never compares it at all.",
    ),
    permitted(
        "name-constraints/permitted-dns-second-name",
        HOME,
        [
            &[Dns("a.gatecrash.example"), Dns("b.gatecrash.example")],
            &[Dns("a.gatecrash.example"), Dns("b.evil.example")]
        ],
        "the last of several dNSNames lies outside",
        "The constraint holds for each name, not for one of them. A verifier that stops at the first name which is \
         permitted, or judges only the name it was asked for, hands the others out for free.",
    ),
    permitted(
        "name-constraints/permitted-dns-of-several",
        &[
            Dns("gatecrash.example"),
            Dns("corp.example"),
            Dns("lab.example")
        ],
        [APART, &[Dns("inside.evil.example")]],
        "a dNSName outside each of several permitted subtrees",
        "Several permitted subtrees are alternatives, yet one must match. A loop that keeps only the outcome of some \
         other form, or starts from true, accepts a name that none of them holds.",
    ),
    excluded(
        "name-constraints/excluded-dns",
        &[Dns("evil.example")],
        [GOOD, &[Dns("evil.example")]],
        "a dNSName that is the excluded one",
        "The issuer may vouch for all but one domain, and vouches for that. A verifier that implements permitted \
         subtrees and forgets the excluded ones accepts it.",
    ),
    excluded(
        "name-constraints/excluded-dns-below",
        &[Dns("evil.example")],
        [GOOD, &[Dns("deep.host.evil.example")]],
        "a dNSName below the excluded one",
        "What is excluded is a subtree and not a name: hosts any number of labels below it are excluded too. An exact \
         comparison lets them pass.",
    ),
    Row {
        vulnerabilities: &["CVE-2026-3833"],
        ..excluded(
            "name-constraints/excluded-dns-case",
            &[Dns("evil.example")],
            [GOOD, &[Dns("EVIL.Example")]],
            "a dNSName of the excluded domain in other letter case",
            "DNS names are equal whatever their case. A comparison of octets misses the exclusion, and whoever asks \
             for the name later compares without case and is served. GnuTLS before 3.8.13 compared octets.",
        )
    },
    excluded(
        "name-constraints/excluded-dns-constraint-case",
        &[Dns("EVIL.Example")],
        [GOOD, &[Dns("host.evil.example")]],
        "an excluded domain that the constraint writes in capitals",
        "The same blindness from the other side: the constraint is in capitals and the name is not. A verifier that \
         lowers the case of one side alone passes the usual test and fails this one.",
    ),
    Row {
        // The standard knows no wildcards.
        class: Class::Policy,
        vulnerabilities: &["CVE-2025-61727", "CVE-2026-34073"],
        ..excluded(
            "name-constraints/excluded-dns-wildcard-covers",
            &[Dns("bar.corp.example")],
            [&[Dns("foo.corp.example")], &[Dns("*.corp.example")]],
            "a wildcard that covers the excluded host",
            "The constraint excludes one host; the wildcard of its parent stands for that host among others. Go and \
             pyca/cryptography compared the star as a letter, so bar.corp.example was served by a CA that must not \
             name it.",
        )
    },
    Row {
        vulnerabilities: &["CVE-2026-33810"],
        ..excluded(
            "name-constraints/excluded-dns-wildcard-case",
            &[Dns("evil.corp.example")],
            [&[Dns("*.good.corp.example")], &[Dns("*.EVIL.corp.example")]],
            "a wildcard below the excluded domain in other letter case",
            "Star and capitals together: the path that treats wildcards is not the path that folds case. Go 1.26 \
             folded the case of plain names and compared wildcards as they stood.",
        )
    },
    excluded(
        "name-constraints/excluded-dns-wildcard-below",
        &[Dns("evil.example")],
        [&[Dns("*.gatecrash.example")], &[Dns("*.evil.example")]],
        "a wildcard below the excluded domain",
        "All that the wildcard stands for is excluded. A verifier that leaves wildcards out of its constraint check, \
         because they are no host names, accepts it.",
    ),
    excluded(
        "name-constraints/excluded-dns-second-subtree",
        &[Dns("first.example"), Dns("evil.example")],
        [GOOD, &[Dns("host.evil.example")]],
        "a dNSName inside the second of two excluded subtrees",
        "Each excluded subtree counts. A verifier that keeps one constraint for each form of name, the first or the \
         last, forgets the others.",
    ),
    excluded(
        "name-constraints/excluded-dns-first-subtree",
        &[Dns("evil.example"), Dns("last.example")],
        [GOOD, &[Dns("host.evil.example")]],
        "a dNSName inside the first of two excluded subtrees",
        "The mirror of the second subtree: a map from form of name to constraint that is overwritten keeps the last \
         alone, and this name falls to the first.",
    ),
    Row {
        permitted: &[Dns("gatecrash.example"), Dns("corp.example")],
        excluded: &[Dns("pay.corp.example")],
        ..permitted(
            "name-constraints/excluded-dns-inside-permitted",
            &[],
            [APART, &[Dns("a.pay.corp.example")]],
            "a dNSName that is permitted and excluded at once",
            "An exclusion holds whatever is permitted (RFC 5280 section 4.2.1.10). A verifier that stops at the \
             permitted subtree, or takes the longest match, lets in what was carved out.",
        )
    },
    Row {
        good: Bearer::OnlyAlternative(&[Uri("spiffe://gatecrash.example/device/7")]),
        bad: Bearer::OnlyAlternative(&[
            Uri("spiffe://gatecrash.example/device/7"),
            Dns("host.corp.example")
        ]),
        purposes: CLIENT,
        ..excluded(
            "name-constraints/excluded-dns-all",
            &[Dns("")],
            [&[], &[]],
            "a dNSName although the empty subtree excludes all of them",
            "Any name comes of the empty one by adding labels, so to exclude the empty name is to exclude every host. \
             It is the usual way to make a CA for people only. Code that skips empty constraints opens it to servers.",
        )
    },
    Row {
        class: Class::Policy,
        severity: Severity::Medium,
        good: Bearer::OnlyAlternative(&[
            Uri("spiffe://gatecrash.example/device/7"),
            Dns("host.gatecrash.example")
        ]),
        bad: Bearer::CommonName("host.evil.example"),
        purposes: CLIENT,
        ..permitted(
            "name-constraints/permitted-dns-common-name",
            HOME,
            [&[], &[]],
            "a host name outside the permitted subtree, in the commonName alone",
            "RFC 5280 constrains dNSNames; a host name in the commonName slips past, and a service that reads the \
             commonName as a name is fooled. OpenSSL applies DNS constraints to a commonName that looks like a host \
             when there is no dNSName.",
        )
    },
    Row {
        class: Class::Policy,
        good: Bearer::CommonName("device-7.gatecrash.example"),
        bad: Bearer::CommonName("host.evil.example"),
        purposes: CLIENT,
        ..excluded(
            "name-constraints/excluded-dns-common-name",
            &[Dns("evil.example")],
            [&[], &[]],
            "an excluded host name in the commonName alone",
            "The same hole as with a permitted subtree: the exclusion speaks of dNSNames and the certificate has none. \
             Whoever reads host names from the commonName must apply the constraint to it.",
        )
    },
    permitted(
        "name-constraints/permitted-dns-case",
        &[Dns("Gatecrash.EXAMPLE")],
        [
            &[Dns("inside.gatecrash.example")],
            &[Dns("INSIDE.evil.example")],
        ],
        "a dNSName outside a permitted subtree that is written in capitals",
        "The twin's names lie inside the subtree, which the constraint writes in other letter case, and must be let in. \
         The hostile name lies outside in any case.",
    ),
    excluded(
        "name-constraints/excluded-dns-second-name",
        &[Dns("evil.example")],
        [
            &[Dns("a.gatecrash.example"), Dns("b.gatecrash.example")],
            &[
                Dns("a.gatecrash.example"),
                Dns("evil.example"),
                Dns("b.gatecrash.example")
            ]
        ],
        "an excluded dNSName between two good ones",
        "One excluded name among many must be enough. A verifier that breaks out of its loop at the first good name, or \
         keeps the outcome of the last, never sees the one in the middle.",
    ),
    Row {
        class: Class::Policy,
        severity: Severity::Medium,
        reasons: &[
            Reason::MalformedName,
            Reason::NameConstraint,
            Reason::UnsupportedNameConstraint,
            Reason::MalformedExtension,
        ],
        vulnerabilities: &["CVE-2026-27138"],
        ..excluded(
            "name-constraints/excluded-dns-empty-name",
            &[Dns("evil.example")],
            [GOOD, &[Dns("")]],
            "an empty dNSName, under an exclusion of hosts",
            "The empty name is no host and RFC 5280 forbids it. Go 1.26 looked at its first letter when a constraint of hosts \
             was applied, and panicked.",
        )
    },
];
