//! What is special in a name or a constraint, at each level above the issuer: in a
//! CA two levels up, in the anchor, and in both anchor and issuer.
//!
//! RFC 5280 section 6.1.4 (g) hands what a CA says down to every certificate below
//! it. So whatever a verifier knows of wildcards, letter case, dots, empty bases and
//! several subtrees at one level, it has to know at each.

use super::{
    Bearer::{
        Alternative, CommonName, OnlyAlternative, Subject, SubjectAndAlternative, SubjectEmail,
    },
    CLIENT,
    Text::{Directory, Dns, Email, Ip, Uri},
    defects,
    product::{
        ADDRESS6_3, AWAY, AWAY6, DEVICE_URI, FAR, FAR6, HOSTS, MAILBOXES, NEAR, NEAR6, NET, NET6,
        NETS, NETS6, SUBJECTS, TEN, TEST, THIRD6, URIS, at_every_level, at_level, at_upper_levels,
        broken, cell, level,
    },
};
use crate::defect::{Class, Defect, Severity};

/// Each cell at three levels.
pub(super) const CARRIED: &[Defect] = at_upper_levels![cell:
    [permitted HOSTS "permitted-dns-wildcard", "a wildcard", "",
        "gatecrash.example, and the certificate is for *.evil.example",
        "A star is no letter of a host, and a verifier whose parser refuses it may pass over the whole name.",
        &[Dns("gatecrash.example")], Alternative(&[Dns("*.gatecrash.example")]), Alternative(&[Dns("*.evil.example")]), {}]
    [excluded HOSTS "excluded-dns-wildcard", "a wildcard", "",
        "evil.example, and the certificate is for *.evil.example",
        "The star stands for hosts that are all excluded, and it must not hide them from the comparison.",
        &[Dns("evil.example")], Alternative(&[Dns("*.gatecrash.example")]), Alternative(&[Dns("*.evil.example")]), {}]
    [excluded HOSTS "excluded-dns-name-case", "a dNSName in capitals", "",
        "evil.example, and the certificate is for HOST.Evil.EXAMPLE",
        "Hosts have no letter case, so an exclusion that compares octets is undone by whoever holds the shift key down.",
        &[Dns("evil.example")], Alternative(&[Dns("INSIDE.gatecrash.example")]), Alternative(&[Dns("HOST.Evil.EXAMPLE")]), {}]
    [excluded HOSTS "excluded-dns-wildcard-name-case", "a wildcard in capitals", "",
        "evil.example, and the certificate is for *.EVIL.example",
        "The way of the code that treats wildcards is not the way that folds case: Go 1.26 folded plain names and compared wildcards as they stood.",
        &[Dns("evil.example")], Alternative(&[Dns("*.GATECRASH.example")]), Alternative(&[Dns("*.EVIL.example")]), {}]
    [excluded HOSTS "excluded-dns-constraint-case", "a dNSName", ", in capitals there",
        "EVIL.Example, and the certificate is for host.evil.example",
        "A verifier that folds the name and not the constraint finds two different domains.",
        &[Dns("EVIL.Example")], Alternative(&[Dns("inside.gatecrash.example")]), Alternative(&[Dns("host.evil.example")]), {}]
    [permitted HOSTS "permitted-dns-of-several", "a dNSName", ", which are two domains",
        "gatecrash.example and corp.example, and the certificate is for host.evil.example",
        "The subtrees are alternatives, and the outcome of a loop over them starts from no.",
        &[Dns("gatecrash.example"), Dns("corp.example")], Alternative(&[Dns("inside.corp.example")]), Alternative(&[Dns("host.evil.example")]), {}]
    [excluded HOSTS "excluded-dns-second-subtree", "a dNSName", ", second of two domains",
        "lab.example and evil.example, and the certificate is for host.evil.example",
        "Each excluded subtree counts, and the first does not stand for all.",
        &[Dns("lab.example"), Dns("evil.example")], Alternative(&[Dns("inside.gatecrash.example")]), Alternative(&[Dns("host.evil.example")]), {}]
    [excluded HOSTS "excluded-dns-all", "a dNSName", ", which is all of them",
        "the empty name, and the certificate is for inside.gatecrash.example",
        "Every host comes of the empty one by adding labels, and an empty base is no reason to skip the constraint.",
        &[Dns("")], OnlyAlternative(&[DEVICE_URI]), OnlyAlternative(&[DEVICE_URI, Dns("inside.gatecrash.example")]), { purposes: CLIENT}]
    [permitted HOSTS "permitted-dns-common-name", "a host in the commonName alone", "",
        "gatecrash.example, and the commonName is host.evil.example without any dNSName",
        "A service that takes the commonName for a host has to constrain it as one.",
        &[Dns("gatecrash.example")], OnlyAlternative(&[DEVICE_URI, Dns("inside.gatecrash.example")]), CommonName("host.evil.example"), { purposes: CLIENT, class: Class::Policy, severity: Severity::Medium}]
    [excluded HOSTS "excluded-dns-common-name", "a host in the commonName alone", "",
        "evil.example, and the commonName is host.evil.example without any dNSName",
        "The exclusion speaks of dNSNames, and whoever reads hosts elsewhere has to apply it there.",
        &[Dns("evil.example")], CommonName("device-7.gatecrash.example"), CommonName("host.evil.example"), { purposes: CLIENT, class: Class::Policy}]
    [permitted NETS "permitted-ip-of-several", "an address", ", which are two networks",
        "192.0.2.0/24 and 10.0.0.0/8, and the certificate is for 198.51.100.7",
        "Neither network holds the address, whichever of them is looked at last.",
        &[NET, TEN], Alternative(&[Ip(&[10, 1, 2, 3])]), Alternative(FAR), {}]
    [excluded NETS "excluded-ip-second-subtree", "an address", ", second of two networks",
        "203.0.113.0/24 and 198.51.100.0/24, and the certificate is for 198.51.100.7",
        "Networks are compared one by one, and the second excludes as much as the first.",
        &[TEST, AWAY], Alternative(NEAR), Alternative(FAR), {}]
    [excluded NETS "excluded-ip-all", "an IPv4 address", ", which is all of them",
        "0.0.0.0/0, and the certificate is for 198.51.100.7",
        "A mask of zeros fits every address; code that takes it for nothing drops the prohibition.",
        &[Ip(&[0; 8])], Alternative(&[]), Alternative(FAR), {}]
    [permitted NETS6 "permitted-ipv6", "an IPv6 address", "",
        "2001:db8:1::/48, and the certificate is for 2001:db8:2::7",
        "The networks differ in the sixth octet, and a verifier made for four octets never looks there.",
        &[NET6], Alternative(NEAR6), Alternative(FAR6), {}]
    [excluded NETS6 "excluded-ipv6", "an IPv6 address", "",
        "2001:db8:2::/48, and the certificate is for 2001:db8:2::7",
        "Sixteen octets against thirty-two: what does not know the lengths excludes nothing.",
        &[AWAY6], Alternative(NEAR6), Alternative(FAR6), {}]
    [excluded NETS6 "excluded-ipv6-all", "an IPv6 address", ", which is all of them",
        "::/0, and the certificate is for 2001:db8:2::7",
        "Thirty-two octets of zero are a network that holds every IPv6 address.",
        &[Ip(&[0; 32])], Alternative(&[]), Alternative(FAR6), {}]
    [excluded MAILBOXES "excluded-email-name-case", "a mailbox with its host in capitals", "",
        "evil.example, and the certificate is for ann@EVIL.example",
        "Only the part before the at-sign may have a letter case of its own.",
        &[Email("evil.example")], Alternative(&[Email("ann@gatecrash.example")]), Alternative(&[Email("ann@EVIL.example")]), {}]
    [excluded MAILBOXES "excluded-email-constraint-case", "a mailbox", ", in capitals there",
        "EVIL.example, and the certificate is for ann@evil.example",
        "The capitals stand in the constraint, where a fold of the name alone does not reach.",
        &[Email("EVIL.example")], Alternative(&[Email("ann@gatecrash.example")]), Alternative(&[Email("ann@evil.example")]), {}]
    [permitted MAILBOXES "permitted-email-domain", "a mailbox", ", which is a domain with a leading dot",
        ".gatecrash.example, and the certificate is for ann@mail.evil.example",
        "The dot means every host below, and not that the comparison may be left out.",
        &[Email(".gatecrash.example")], Alternative(&[Email("ann@mail.gatecrash.example")]), Alternative(&[Email("ann@mail.evil.example")]), {}]
    [excluded MAILBOXES "excluded-email-domain", "a mailbox", ", which is a domain with a leading dot",
        ".evil.example, and the certificate is for ann@mail.evil.example",
        "No host is called .evil.example; the constraint is about those that end so.",
        &[Email(".evil.example")], Alternative(&[Email("ann@gatecrash.example")]), Alternative(&[Email("ann@mail.evil.example")]), {}]
    [permitted MAILBOXES "permitted-email-of-several", "a mailbox", ", which are two hosts",
        "gatecrash.example and corp.example, and the certificate is for ann@evil.example",
        "One of the two has to match, and neither does.",
        &[Email("gatecrash.example"), Email("corp.example")], Alternative(&[Email("ann@corp.example")]), Alternative(&[Email("ann@evil.example")]), {}]
    [excluded MAILBOXES "excluded-email-second-subtree", "a mailbox", ", second of two hosts",
        "lab.example and evil.example, and the certificate is for ann@evil.example",
        "The first exclusion does not match, and that is not the end of the list.",
        &[Email("lab.example"), Email("evil.example")], Alternative(&[Email("ann@gatecrash.example")]), Alternative(&[Email("ann@evil.example")]), {}]
    [excluded URIS "excluded-uri-name-case", "a URI with its host in capitals", "",
        "evil.example, and the certificate is for https://EVIL.example/",
        "Whoever follows the URI comes to the excluded host all the same.",
        &[Uri("evil.example")], Alternative(&[Uri("https://gatecrash.example/inside")]), Alternative(&[Uri("https://EVIL.example/")]), {}]
    [excluded URIS "excluded-uri-constraint-case", "a URI", ", in capitals there",
        "EVIL.example, and the certificate is for https://evil.example/",
        "An exclusion that was typed in capitals excludes no less.",
        &[Uri("EVIL.example")], Alternative(&[Uri("https://gatecrash.example/inside")]), Alternative(&[Uri("https://evil.example/")]), {}]
    [excluded URIS "excluded-uri-domain", "a URI", ", which has a leading dot",
        ".evil.example, and the certificate is for https://www.evil.example/",
        "An exact comparison never finds a host that begins with a dot.",
        &[Uri(".evil.example")], Alternative(&[Uri("https://gatecrash.example/inside")]), Alternative(&[Uri("https://www.evil.example/")]), {}]
    [permitted URIS "permitted-uri-of-several", "a URI", ", which are two hosts",
        "gatecrash.example and corp.example, and the certificate is for https://evil.example/",
        "In a mesh of two trust domains a third one is still a stranger.",
        &[Uri("gatecrash.example"), Uri("corp.example")], Alternative(&[Uri("https://corp.example/")]), Alternative(&[Uri("https://evil.example/")]), {}]
    [excluded URIS "excluded-uri-second-subtree", "a URI", ", second of two hosts",
        "lab.example and evil.example, and the certificate is for https://evil.example/",
        "A verifier that stops at the first trust domain of the list lets the second speak.",
        &[Uri("lab.example"), Uri("evil.example")], Alternative(&[Uri("https://gatecrash.example/inside")]), Alternative(&[Uri("https://evil.example/")]), {}]
    [excluded SUBJECTS "excluded-directory-name-case", "a subject in other case and spacing", "",
        "the branch Finance, and the subject is of the branch \"finance\"",
        "Names are compared after case and spaces are folded, and an exclusion is lost where they are not.",
        &[Directory(&["Gatecrash Example", "Finance"])], Subject(&["Gatecrash Example", "Devices", "device-7"]), Subject(&["GATECRASH  example", "finance", "device-7"]), {}]
    [permitted SUBJECTS "permitted-directory-constraint-case", "a subject", ", in capitals there",
        "the branch DEVICES, and the subject is of the branch Finance",
        "The constraint was typed in capitals, and every CA below it as well as the twin has to be found in it.",
        &[Directory(&["GATECRASH  example", "DEVICES"])], Subject(&["Gatecrash Example", "Devices", "device-7"]), Subject(&["Gatecrash Example", "Finance", "device-7"]), {}]
    [excluded SUBJECTS "excluded-directory-constraint-case", "a subject", ", in capitals there",
        "the branch FINANCE, and the subject is of the branch Finance",
        "A comparison of encoded names finds nothing in common.",
        &[Directory(&["GATECRASH  example", "FINANCE"])], Subject(&["Gatecrash Example", "Devices", "device-7"]), Subject(&["Gatecrash Example", "Finance", "device-7"]), {}]
    [permitted SUBJECTS "permitted-directory-of-several", "a subject", ", which are two branches",
        "the branches Devices and Laboratory, and the subject is of the branch Finance",
        "Two branches are permitted and a third one is not.",
        &[Directory(&["Gatecrash Example", "Devices"]), Directory(&["Gatecrash Example", "Laboratory"])], Subject(&["Gatecrash Example", "Laboratory", "device-7"]), Subject(&["Gatecrash Example", "Finance", "device-7"]), {}]
    [excluded SUBJECTS "excluded-directory-second-subtree", "a subject", ", second of two branches",
        "the branches Archive and Finance, and the subject is of the branch Finance",
        "The branch that comes second in the list is as excluded as the first.",
        &[Directory(&["Gatecrash Example", "Archive"]), Directory(&["Gatecrash Example", "Finance"])], Subject(&["Gatecrash Example", "Devices", "device-7"]), Subject(&["Gatecrash Example", "Finance", "device-7"]), {}]
    [permitted SUBJECTS "permitted-directory-alternative", "a directoryName among the alternative names", "",
        "the branch Devices, and beside a good subject stands a second name of the branch Finance",
        "A directoryName is one wherever it stands, and the constraint is about each.",
        &[Directory(&["Gatecrash Example", "Devices"])], SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["Gatecrash Example", "Devices", "device-8"])]), SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["Gatecrash Example", "Finance", "payer"])]), {}]
    [excluded SUBJECTS "excluded-directory-alternative", "a directoryName among the alternative names", "",
        "the branch Finance, and beside a good subject stands a second name of that branch",
        "The subject proves nothing of the names that stand beside it.",
        &[Directory(&["Gatecrash Example", "Finance"])], SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["Gatecrash Example", "Devices", "device-8"])]), SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["Gatecrash Example", "Finance", "payer"])]), {}]
];

/// What no table of one form has at the issuer.
pub(super) const EVERYWHERE: &[Defect] = at_every_level![cell:
    [permitted HOSTS "permitted-dns-constraint-case", "a dNSName", ", in capitals there",
        "GATECRASH.Example, and the certificate is for host.evil.example",
        "What was permitted in capitals permits the twin in small letters, and nobody else.",
        &[Dns("GATECRASH.Example")], Alternative(&[Dns("inside.gatecrash.example")]), Alternative(&[Dns("host.evil.example")]), {}]
    [permitted MAILBOXES "permitted-email-constraint-case", "a mailbox", ", in capitals there",
        "GATECRASH.example, and the certificate is for ann@evil.example",
        "Both sides are folded, so that the twin at gatecrash.example is let in and this one is not.",
        &[Email("GATECRASH.example")], Alternative(&[Email("ann@gatecrash.example")]), Alternative(&[Email("ann@evil.example")]), {}]
    [permitted URIS "permitted-uri-constraint-case", "a URI", ", in capitals there",
        "GATECRASH.example, and the certificate is for https://evil.example/",
        "The capitals permit one host in any spelling, and evil.example is none of its spellings.",
        &[Uri("GATECRASH.example")], Alternative(&[Uri("https://gatecrash.example/inside")]), Alternative(&[Uri("https://evil.example/")]), {}]
    [permitted URIS "permitted-uri-domain", "a URI", ", which has a leading dot",
        "gatecrash.example and .gatecrash.example, and the certificate is for https://www.evil.example/",
        "A dot in front makes hosts below a part of it, and hosts elsewhere not.",
        &[Uri("gatecrash.example"), Uri(".gatecrash.example")], Alternative(&[Uri("https://www.gatecrash.example/")]), Alternative(&[Uri("https://www.evil.example/")]), {}]
    [permitted HOSTS "permitted-dns-name-case", "a dNSName in capitals", "",
        "gatecrash.example, and the certificate is for HOST.EVIL.example",
        "The twin is a permitted host in capitals, and is let in.",
        &[Dns("gatecrash.example")], Alternative(&[Dns("INSIDE.Gatecrash.EXAMPLE")]), Alternative(&[Dns("HOST.EVIL.example")]), {}]
    [permitted NETS6 "permitted-ipv6-of-several", "an IPv6 address", ", which are two networks",
        "2001:db8:1::/48 and 2001:db8:3::/48, and the certificate is for 2001:db8:2::7",
        "The twin is in the second network, the hostile address in the gap between both.",
        &[NET6, THIRD6], Alternative(&[Ip(&ADDRESS6_3)]), Alternative(FAR6), {}]
    [excluded NETS6 "excluded-ipv6-second-subtree", "an IPv6 address", ", second of two networks",
        "2001:db8:3::/48 and 2001:db8:2::/48, and the certificate is for 2001:db8:2::7",
        "A verifier that keeps one network for each family forgets the other.",
        &[THIRD6, AWAY6], Alternative(NEAR6), Alternative(FAR6), {}]
    [permitted MAILBOXES "permitted-email-name-case", "a mailbox with its host in capitals", "",
        "gatecrash.example, and the certificate is for ann@EVIL.example",
        "The twin is ann@GATECRASH.example, and is let in.",
        &[Email("gatecrash.example")], Alternative(&[Email("ann@GATECRASH.example")]), Alternative(&[Email("ann@EVIL.example")]), {}]
    [permitted URIS "permitted-uri-name-case", "a URI with its host in capitals", "",
        "gatecrash.example, and the certificate is for https://EVIL.example/",
        "The twin has the permitted host in capitals, and is let in.",
        &[Uri("gatecrash.example")], Alternative(&[Uri("https://GATECRASH.example/")]), Alternative(&[Uri("https://EVIL.example/")]), {}]
    [permitted SUBJECTS "permitted-directory-name-case", "a subject in other case and spacing", "",
        "the branch Devices, and the subject is of the branch FINANCE",
        "The twin writes the permitted branch in small letters and with two spaces, and is let in.",
        &[Directory(&["Gatecrash Example", "Devices"])], Subject(&["GATECRASH  example", "devices", "device-7"]), Subject(&["GATECRASH  example", "FINANCE", "device-7"]), {}]
];

/// What other tables have in a CA two levels up and in the anchor.
pub(super) const AT_BOTH: &[Defect] = at_level![Both cell:
    [permitted MAILBOXES "permitted-email-in-subject", "a mailbox in the subject alone", "",
        "gatecrash.example, and the subject has the mailbox ann@evil.example",
        "Without alternative names the constraint is about the emailAddress of the subject.",
        &[Email("gatecrash.example")], SubjectEmail("ann@gatecrash.example"), SubjectEmail("ann@evil.example"), { purposes: CLIENT}]
    [excluded MAILBOXES "excluded-email-in-subject", "a mailbox in the subject alone", "",
        "evil.example, and the subject has the mailbox ann@evil.example",
        "The attribute of the subject is the only mailbox there is, and it is the excluded one.",
        &[Email("evil.example")], SubjectEmail("ann@gatecrash.example"), SubjectEmail("ann@evil.example"), { purposes: CLIENT}]
];

/// Bases that are none, in an excluded subtree of the issuer. In the twin they are as they should be.
pub(super) const BROKEN_AT_ISSUER: &[Defect] = at_level![Issuer broken:
    [HOSTS "excluded-dns-leading-dot", "an excluded dNSName with a leading dot",
        "Whoever wrote .evil.example meant to exclude something. A verifier that finds no host of that name excludes nothing, and one that strips the dot excludes more.",
        [&[], &[Dns("evil.example")]], [&[], &[Dns(".evil.example")]], Lint]
    [MAILBOXES "excluded-email-base-empty", "an excluded rfc822Name without any text",
        "Read as a domain it excludes every mailbox, read as a host none. The standard has no such base, and what cannot be understood must be refused.",
        [&[], &[Dns("evil.example")]], [&[], &[Dns("evil.example"), Email("")]], Policy]
    [URIS "excluded-uri-base-empty", "an excluded URI without any text",
        "Nobody can tell whether all URIs are excluded or none. A verifier that goes on has decided for the CA.",
        [&[], &[Dns("evil.example")]], [&[], &[Dns("evil.example"), Uri("")]], Policy]
];

/// Bases that are none, at three levels.
pub(super) const BROKEN: &[Defect] = at_upper_levels![broken:
    [HOSTS "permitted-dns-leading-dot", "a permitted dNSName with a leading dot",
        "RFC 5280 gives the dot to mailboxes and URIs. For a host it is a base that means the hosts below, or nothing, or an error, to one library each.",
        [&[Dns("gatecrash.example")], &[]], [&[Dns(".gatecrash.example")], &[]], Lint]
    [MAILBOXES "permitted-email-base-empty", "a permitted rfc822Name without any text",
        "A mailbox constraint is a mailbox, a host or a domain. The empty text is none of them, and a verifier has to refuse it rather than guess.",
        [&[Dns("gatecrash.example")], &[]], [&[Dns("gatecrash.example"), Email("")], &[]], Policy]
    [URIS "permitted-uri-base-empty", "a permitted URI without any text",
        "A URI constraint is a host or a domain with a dot in front. The empty text is neither: it fits no URI, or every one, as the code happens to go.",
        [&[Dns("gatecrash.example")], &[]], [&[Dns("gatecrash.example"), Uri("")], &[]], Policy]
    [HOSTS "excluded-dns-leading-dot", "an excluded dNSName with a leading dot",
        "Whoever wrote .evil.example meant to exclude something. A verifier that finds no host of that name excludes nothing, and one that strips the dot excludes more.",
        [&[], &[Dns("evil.example")]], [&[], &[Dns(".evil.example")]], Lint]
    [MAILBOXES "excluded-email-base-empty", "an excluded rfc822Name without any text",
        "Read as a domain it excludes every mailbox, read as a host none. The standard has no such base, and what cannot be understood must be refused.",
        [&[], &[Dns("evil.example")]], [&[], &[Dns("evil.example"), Email("")]], Policy]
    [URIS "excluded-uri-base-empty", "an excluded URI without any text",
        "Nobody can tell whether all URIs are excluded or none. A verifier that goes on has decided for the CA.",
        [&[], &[Dns("evil.example")]], [&[], &[Dns("evil.example"), Uri("")]], Policy]
];
