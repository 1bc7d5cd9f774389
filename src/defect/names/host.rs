//! Hosts: another name, a wildcard in the wrong place, a string that only begins well.

use super::{ROW, Row, Text::Dns, defects, named};
use crate::defect::{Class, Defect, Severity};

pub(super) const DEFECTS: &[Defect] = defects![
    named(
        "names/other-host",
        &[Dns("other.gatecrash.example")],
        "the certificate is for another host",
        "The chain is good and the name is not the one that was asked. Without this check any holder of any certificate of \
         the CA can stand in for any server; whole client libraries shipped without it.",
    ),
    named(
        "names/parent-of-host",
        &[Dns("gatecrash.example")],
        "the certificate is for the parent of the host",
        "A host name matches itself and not what lies below it. Code that was written for name constraints, where a parent does \
         match, is wrong here.",
    ),
    named(
        "names/child-of-host",
        &[Dns("a.service.gatecrash.example")],
        "the certificate is for a host below the one that was asked",
        "A comparison of endings, the wrong way round, takes the child for the parent. The holder of one device's name gets the service's.",
    ),
    named(
        "names/host-is-prefix",
        &[Dns("service.gatecrash.example.evil.test")],
        "the certificate is for a longer name that begins with the host",
        "A comparison that stops at the end of the shorter string accepts a name in somebody else's domain. \
         It is `startsWith` in the place of equality, and anybody can buy the longer name.",
    ),
    Row {
        vulnerabilities: &["CVE-2009-2408", "CVE-2013-4238", "CVE-2026-47778"],
        ..named(
            "names/nul-in-host",
            &[Dns("service.gatecrash.example\0.evil.test")],
            "a NUL octet follows the host, and then another domain",
            "C strings end at NUL and ASN.1 strings do not. In 2009 a CA signed for the whole name and browsers compared the part \
             before the NUL; Envoy did so again in 2026.",
        )
    },
    named(
        "names/line-break-in-host",
        &[Dns("evil.test\r\nDNS:service.gatecrash.example")],
        "a line break in a dNSName, and the host on the next line",
        "Printed for a log or for a comparison line by line, the name becomes two. Names must be compared as octets, before they \
         are printed.",
    ),
    Row {
        vulnerabilities: &["CVE-2021-44532"],
        ..named(
            "names/separator-in-host",
            &[Dns("evil.test, DNS:service.gatecrash.example")],
            "a dNSName that holds a comma and what looks like the next name",
            "Node.js printed alternative names separated by commas and then split the text again to compare it, so that one name \
             could pretend to be two.",
        )
    },
    named(
        "names/space-after-host",
        &[Dns("service.gatecrash.example ")],
        "a space follows the host",
        "The name is not a host name. Trimming before comparing makes a name out of what a CA's check did not see \
         as one, and the check is what the whole trust in the name rests on.",
    ),
    Row {
        class: Class::Policy,
        severity: Severity::Low,
        ..named(
            "names/trailing-dot",
            &[Dns("service.gatecrash.example.")],
            "the host with a dot at the end",
            "An absolute name, which certificates do not hold. Whoever strips the dot on one side only compares apples and pears.",
        )
    },
    named(
        "names/leading-dot",
        &[Dns(".gatecrash.example")],
        "a dot and the parent domain",
        "The form of a constraint in the place of a name. It must not match everything below. \
         Whoever shares one function for constraints and names gives it the meaning of a constraint.",
    ),
    Row {
        asked: "a.b.gatecrash.example",
        good: &[Dns("a.b.gatecrash.example")],
        ..named(
            "names/wildcard-two-levels",
            &[Dns("*.gatecrash.example")],
            "a wildcard that would have to stand for two labels",
            "The star stands for one label (RFC 9525 section 6.3). A pattern language in which it stands for any text gives a \
             department's host to the whole company.",
        )
    },
    named(
        "names/wildcard-no-level",
        &[Dns("*.service.gatecrash.example")],
        "a wildcard below the host that was asked",
        "The star stands for one label and not for none. The domain itself is not covered, though pattern languages often say so.",
    ),
    named(
        "names/wildcard-before-text",
        &[Dns("*ice.gatecrash.example")],
        "a star and letters in one label",
        "RFC 9525 takes a star only as the whole leftmost label. Older rules allowed a part, and pattern matching with parts has \
         been wrong in many ways.",
    ),
    named(
        "names/wildcard-after-text",
        &[Dns("serv*.gatecrash.example")],
        "letters and a star in one label",
        "A star at the end of the label, after letters. A prefix that a customer may choose freely then covers the host of another one.",
    ),
    named(
        "names/wildcard-inside-text",
        &[Dns("se*ce.gatecrash.example")],
        "a star between letters of one label",
        "The star splits the label in two parts that must not overlap: code that matches head and tail must also \
         count. Where it does not, a short label is covered by two parts that together are longer than it is.",
    ),
    named(
        "names/wildcard-in-second-label",
        &[Dns("service.*.example")],
        "a star in the second label",
        "A star anywhere but on the left would make one certificate good for a host of every domain. \
         RFC 9525 takes the leftmost label alone, and libraries that build a pattern out of the name take any.",
    ),
    named(
        "names/wildcard-twice",
        &[Dns("*.*.example")],
        "two labels that are stars",
        "One star too many. Recursion over labels that treats each in the same way accepts it. \
         One star is all that RFC 9525 knows.",
    ),
    named(
        "names/wildcard-alone",
        &[Dns("*")],
        "a star and nothing else",
        "It would stand for every host there is, if stars stood for any text. One such certificate opens all services at once.",
    ),
    Row {
        class: Class::Policy,
        severity: Severity::Medium,
        asked: "gatecrash.example",
        good: &[Dns("gatecrash.example")],
        ..named(
            "names/wildcard-of-top-level",
            &[Dns("*.example")],
            "a wildcard of a top-level domain",
            "It covers every company of the domain. No CA should issue it and a careful client asks for two labels after the star.",
        )
    },
    Row {
        vulnerabilities: &["CVE-2023-28321"],
        asked: "xn--caf-dma.gatecrash.example",
        good: &[Dns("xn--caf-dma.gatecrash.example")],
        ..named(
            "names/wildcard-in-international-label",
            &[Dns("x*.gatecrash.example")],
            "a star after the first letter, where the host has an internationalized label",
            "The letters after xn-- are a code and not text, so that a part of them means nothing. curl matched x* with every \
             internationalized name.",
        )
    },
    Row {
        common_names: &["service.gatecrash.example"],
        ..named(
            "names/common-name-only",
            &[],
            "the host stands in the commonName, and there are no alternative names",
            "RFC 9525 took the commonName out: it is text, without type, and constraints do not apply to it. Libraries keep it as a \
             fallback.",
        )
    },
    Row {
        common_names: &["service.gatecrash.example"],
        ..named(
            "names/common-name-beside-names",
            &[Dns("other.gatecrash.example")],
            "the host stands in the commonName, and another in the alternative names",
            "Where there are alternative names the commonName counts for nothing, even for those who still read it. \
         The fallback exists in clients for old servers, and it must not run beside names that were checked.",
        )
    },
    Row {
        common_names: &["service.gatecrash.example", "server 7"],
        ..named(
            "names/two-common-names",
            &[],
            "two commonNames, the first of which is the host",
            "Of several commonNames one library takes the first, another the last. Both are wrong, and two that disagree can be \
             played against each other.",
        )
    },
    Row {
        common_names: &["server 7"],
        organization: "Evil, CN=service.gatecrash.example",
        vulnerabilities: &["CVE-2014-3577"],
        ..named(
            "names/common-name-in-organization",
            &[],
            "an organization whose text looks like a commonName of the host",
            "Printed and split again at the commas, the organization becomes two attributes. Apache HttpClient read the commonName in \
             this way.",
        )
    },
    Row {
        severity: Severity::High,
        ..Row {
            id: "names/letters-beyond-ascii",
            summary: "the host with one letter that only looks like ASCII",
            page: "The letter i is U+0456 in UTF-8, where an IA5String has ASCII only. A comparison after some normalization, or by \
                   looks, takes the one for the other.",
            bad: &[Dns("serv\u{456}ce.gatecrash.example")],
            ..ROW
        }
    },
];
