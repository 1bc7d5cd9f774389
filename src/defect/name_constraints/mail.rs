//! rfc822Name constraints: a mailbox, a host, or all below a domain.

use super::{
    Bearer, CLIENT, Row,
    Text::{Email, Mailbox},
    defects, excluded, permitted,
};
use crate::{
    defect::{Class, Defect, Severity},
    verdict::Reason,
};

const HOST: &[super::Text] = &[Email("gatecrash.example")];
const GOOD: &[super::Text] = &[Email("ann@gatecrash.example")];

/// A label that decodes to 512 letters and one beyond ASCII.
const LONG_LABEL: &str = {
    macro_rules! letters {
        () => {
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        };
    }
    concat!(
        "xn--",
        letters!(),
        letters!(),
        letters!(),
        letters!(),
        letters!(),
        letters!(),
        letters!(),
        letters!(),
        "-kva"
    )
};

pub(super) const DEFECTS: &[Defect] = defects![
    permitted(
        "name-constraints/permitted-email",
        HOST,
        [GOOD, &[Email("ann@evil.example")]],
        "a mailbox at another host than the permitted one",
        "A CA for one company's people vouches for somebody else's mailbox. Services that take the mailbox as the \
         user's name give that user's rights to whoever the CA likes.",
    ),
    excluded(
        "name-constraints/excluded-email",
        &[Email("evil.example")],
        [GOOD, &[Email("ann@evil.example")]],
        "a mailbox at the excluded host",
        "The host is excluded and the mailbox is there. A verifier without support for mailboxes must refuse the \
         certificate, because the constraint is critical, and not pass over it.",
    ),
    permitted(
        "name-constraints/permitted-email-mailbox",
        &[Email("ann@gatecrash.example")],
        [GOOD, &[Email("bob@gatecrash.example")]],
        "another mailbox than the one that is permitted",
        "A constraint with an at-sign is a single mailbox. A verifier that compares the hosts alone gives the CA of \
         one person the whole company.",
    ),
    excluded(
        "name-constraints/excluded-email-mailbox",
        &[Email("root@gatecrash.example")],
        [GOOD, &[Email("root@gatecrash.example")]],
        "the one mailbox that is excluded",
        "A single mailbox is excluded. A verifier that knows hosts but not mailboxes as constraints looks for a host \
         called root@gatecrash.example and finds none.",
    ),
    excluded(
        "name-constraints/excluded-email-host-case",
        &[Email("evil.example")],
        [GOOD, &[Email("ann@EVIL.example")]],
        "a mailbox at the excluded host in other letter case",
        "The host part of a mailbox is a DNS name and has no case; the local part has. A comparison of octets lets \
         the excluded host back in with a capital letter.",
    ),
    permitted(
        "name-constraints/permitted-email-host-case",
        &[Email("Gatecrash.EXAMPLE")],
        [GOOD, &[Email("ann@EVIL.example")]],
        "a mailbox outside a permitted host that is written in capitals",
        "The twin's mailbox is at the permitted host, which the constraint writes in other letter case, and must be let \
         in; the hostile one is elsewhere. Verifiers that mend the first by ignoring the constraint let in both.",
    ),
    permitted(
        "name-constraints/permitted-email-host-below",
        HOST,
        [GOOD, &[Email("ann@mail.gatecrash.example")]],
        "a mailbox at a host below the one that is permitted",
        "For mailboxes a constraint without a leading dot is that one host, unlike for DNS names. A verifier that \
         uses its DNS comparison for both is wider than the standard.",
    ),
    permitted(
        "name-constraints/permitted-email-domain-itself",
        &[Email(".gatecrash.example")],
        [
            &[Email("ann@mail.gatecrash.example")],
            &[Email("ann@gatecrash.example")]
        ],
        "a mailbox at the domain itself, where only hosts below it are permitted",
        "With a leading dot the constraint is all hosts below, and not the domain. The difference keeps a branch from \
         speaking for the head office.",
    ),
    excluded(
        "name-constraints/excluded-email-domain",
        &[Email(".evil.example")],
        [GOOD, &[Email("ann@mail.evil.example")]],
        "a mailbox at a host below the excluded domain",
        "A leading dot excludes all hosts below a domain. A verifier that compares hosts for equality finds no host \
         with a dot in front, and the exclusion does nothing.",
    ),
    permitted(
        "name-constraints/permitted-email-partial-label",
        &[Email(".gatecrash.example")],
        [
            &[Email("ann@mail.gatecrash.example")],
            &[Email("ann@evilgatecrash.example")]
        ],
        "a mailbox at a host that ends like the permitted domain, but not at a label",
        "The dot of the constraint is the label boundary. Code that strips it and compares endings permits every \
         host whose registered name ends with the same letters.",
    ),
    Row {
        vulnerabilities: &["CVE-2026-27137"],
        ..excluded(
            "name-constraints/excluded-email-same-local-part",
            &[Email("root@corp.example"), Email("root@gatecrash.example")],
            [GOOD, &[Email("root@corp.example")]],
            "the first of two excluded mailboxes with the same local part",
            "Go 1.26 kept constraints of mailboxes in a map by local part, so of two with the same local part only \
             the last was left. The first is tried here.",
        )
    },
    Row {
        vulnerabilities: &["CVE-2026-27137"],
        ..excluded(
            "name-constraints/excluded-email-same-local-part-last",
            &[Email("root@corp.example"), Email("root@gatecrash.example")],
            [GOOD, &[Email("root@gatecrash.example")]],
            "the last of two excluded mailboxes with the same local part",
            "The mirror: a verifier that keeps the first entry of a map by local part forgets the last. Both must \
             hold. \
         Which of the two is forgotten depends on how a map is filled.",
        )
    },
    Row {
        good: Bearer::SubjectEmail("ann@gatecrash.example"),
        bad: Bearer::SubjectEmail("ann@evil.example"),
        purposes: CLIENT,
        ..permitted(
            "name-constraints/permitted-email-in-subject",
            HOST,
            [&[], &[]],
            "a mailbox outside the permitted host, in the subject's emailAddress alone",
            "Old certificates carry the mailbox as an attribute of the subject. RFC 5280 section 4.2.1.10 applies the \
             constraint to it when there are no alternative names, and a verifier that reads only the alternative names does \
             not see it.",
        )
    },
    Row {
        good: Bearer::SubjectEmail("ann@gatecrash.example"),
        bad: Bearer::SubjectEmail("ann@evil.example"),
        purposes: CLIENT,
        ..excluded(
            "name-constraints/excluded-email-in-subject",
            &[Email("evil.example")],
            [&[], &[]],
            "a mailbox at the excluded host, in the subject's emailAddress alone",
            "The excluded host stands in the subject's emailAddress attribute. The standard says that the constraint \
             must be applied there too when there are no alternative names.",
        )
    },
    Row {
        class: Class::Policy,
        severity: Severity::Medium,
        reasons: &[
            Reason::MalformedName,
            Reason::NameConstraint,
            Reason::UnsupportedNameConstraint
        ],
        ..permitted(
            "name-constraints/permitted-email-two-at-signs",
            HOST,
            [GOOD, &[Email("ann@evil.example@gatecrash.example")]],
            "a mailbox with two at-signs, the last before the permitted host",
            "Split at the last at-sign the host is permitted, split at the first it is not, and it is no mailbox at \
             all. Two parsers that disagree make a name constraint worthless, so it must be refused as malformed.",
        )
    },
    Row {
        class: Class::Policy,
        severity: Severity::Medium,
        reasons: &[
            Reason::NameConstraint,
            Reason::UnsupportedNameConstraint,
            Reason::MalformedName
        ],
        clause: "RFC 9598 section 6",
        vulnerabilities: &["CVE-2022-3602"],
        ..permitted(
            "name-constraints/permitted-email-smtp-utf8-encoded-host",
            &[Email("xn--bcher-kva.example")],
            [&[], &[Mailbox("änn@evil.example")]],
            "an internationalized mailbox outside a permitted host that is written in Punycode",
            "To compare the two, one of the hosts has to be put into the form of the other. OpenSSL 3.0 decoded the label of such \
             a constraint, and a label of 513 letters went four octets over the end of its buffer. The label here is short: it \
             leads into the same decoder and tells who compares, and does no harm to who miscounts.",
        )
    },
    Row {
        class: Class::Policy,
        severity: Severity::Medium,
        reasons: &[
            Reason::NameConstraint,
            Reason::UnsupportedNameConstraint,
            Reason::MalformedName,
            Reason::MalformedExtension,
        ],
        clause: "RFC 9598 section 6; RFC 1035 section 2.3.4",
        spoilt: Some([&[Email(LONG_LABEL)], &[]]),
        vulnerabilities: &["CVE-2022-3602"],
        ..permitted(
            "name-constraints/permitted-email-smtp-utf8-long-label",
            &[Email("xn--bcher-kva.example")],
            [&[], &[Mailbox("änn@evil.example")]],
            "an internationalized mailbox, and a permitted host whose Punycode label comes out as 513 letters",
            "A label has 63 octets at most (RFC 1035 section 2.3.4), and a constraint is written by a CA and seldom looked at. \
             OpenSSL 3.0 before 3.0.7 decoded this one into a buffer for 512 letters as soon as there was a mailbox to compare \
             it with, and wrote the last over the end (CVE-2022-3602).",
        )
    },
    Row {
        class: Class::Policy,
        severity: Severity::Medium,
        reasons: &[
            Reason::NameConstraint,
            Reason::UnsupportedNameConstraint,
            Reason::MalformedName
        ],
        clause: "RFC 9598 section 6",
        ..permitted(
            "name-constraints/permitted-email-smtp-utf8",
            HOST,
            [GOOD, &[Mailbox("änn@evil.example")]],
            "an internationalized mailbox outside the permitted host",
            "RFC 9598 carries mailboxes with letters beyond ASCII as an otherName and applies rfc822Name constraints \
             to them. A verifier that constrains rfc822Name alone is walked around with one umlaut.",
        )
    },
    excluded(
        "name-constraints/excluded-email-constraint-case",
        &[Email("EVIL.example")],
        [GOOD, &[Email("ann@evil.example")]],
        "a mailbox at an excluded host that the constraint writes in capitals",
        "The host is in capitals in the constraint and not in the mailbox. A verifier that lowers the case of the name alone \
         never finds it.",
    ),
    permitted(
        "name-constraints/permitted-email-of-several",
        &[Email("gatecrash.example"), Email("corp.example")],
        [&[Email("ann@corp.example")], &[Email("ann@evil.example")]],
        "a mailbox outside both of two permitted hosts",
        "Several permitted hosts are alternatives and one must hold the mailbox. Whoever starts from true, or takes the first \
         subtree for the only one, is wrong about one of the two certificates.",
    ),
    excluded(
        "name-constraints/excluded-email-second-subtree",
        &[Email("corp.example"), Email("evil.example")],
        [GOOD, &[Email("ann@evil.example")]],
        "a mailbox at the second of two excluded hosts",
        "Each excluded host counts. A verifier that keeps one constraint for each form of name forgets one of the two. \
         Departments that share a CA are excluded one by one, and the second of them is not.",
    ),
    permitted(
        "name-constraints/permitted-email-second-name",
        HOST,
        [
            &[
                Email("ann@gatecrash.example"),
                Email("bob@gatecrash.example")
            ],
            &[Email("ann@gatecrash.example"), Email("bob@evil.example")],
        ],
        "the second of two mailboxes lies outside the permitted host",
        "The constraint is about every mailbox of the certificate. One good mailbox in front must not vouch for the \
         next, or a constrained CA issues for anybody who has a good mailbox as well.",
    ),
    excluded(
        "name-constraints/excluded-email-second-name",
        &[Email("evil.example")],
        [
            &[
                Email("ann@gatecrash.example"),
                Email("bob@gatecrash.example")
            ],
            &[Email("ann@gatecrash.example"), Email("bob@evil.example")],
        ],
        "the second of two mailboxes is at the excluded host",
        "A verifier that stops at the first mailbox, which is good, never compares the one that the exclusion is \
         about. The service behind it may well take the last mailbox, or any, for the name of its user.",
    ),
];
