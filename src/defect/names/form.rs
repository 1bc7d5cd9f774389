//! Names that are malformed, whatever was asked.

use super::{AT_END_ENTITY, MISMATCH};
use crate::{
    defect::{Class, Defect, DefectId, Position, Severity, Step, Unfit, as_it_is, certificate_at},
    der::oid,
    question::Purpose,
    recipe::{ExtensionValue, GeneralName, Name, Recipe},
    verdict::Reason,
};

const MALFORMED: &[Reason] = &[
    Reason::MalformedName,
    Reason::MalformedExtension,
    Reason::MalformedDer,
    Reason::MissingExtension,
];

const fn malformed(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: Step,
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        clause: "RFC 5280 sections 4.1.2.6 and 4.2.1.6",
        severity: Severity::Low,
        class: Class::Lint,
        positions: AT_END_ENTITY,
        purposes: &Purpose::ALL,
        reasons: MALFORMED,
        vulnerabilities: &[],
        prepare: as_it_is,
        spoil,
    }
}

/// A further alternative name of the end entity.
fn further(recipe: &mut Recipe, name: GeneralName) -> Result<(), Unfit> {
    certificate_at(recipe, Position::EndEntity)?
        .alternative_names_mut()
        .push(name);
    Ok(())
}

fn host(recipe: &mut Recipe, text: &str) -> Result<(), Unfit> {
    further(recipe, GeneralName::Dns(text.into()))
}

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        class: Class::Policy,
        severity: Severity::Medium,
        reasons: &[
            Reason::MalformedExtension,
            Reason::MalformedName,
            Reason::NameMismatch,
            Reason::MalformedDer,
        ],
        ..malformed(
            "names/no-alternative-name",
            "an alternative name extension without any name",
            "The list must hold one name at least. Empty, it is neither an identity nor an absence: fallbacks that ask whether the \
             extension is there and ones that ask whether it has names go different ways.",
            |recipe, _| {
                certificate_at(recipe, Position::EndEntity)?
                    .alternative_names_mut()
                    .clear();
                Ok(())
            },
        )
    },
    Defect {
        class: Class::Policy,
        severity: Severity::Medium,
        purposes: &[Purpose::Client],
        ..malformed(
            "names/nobody",
            "an empty subject, and no alternative names",
            "A certificate for nobody. RFC 5280 wants a critical alternative name where the subject is empty; a service that logs \
             the subject or maps it to a user has the empty string in hand, which often is the default user.",
            |recipe, position| {
                let certificate = certificate_at(recipe, position)?;
                certificate.subject = Name(Vec::new());
                certificate.remove_extension(&oid::SUBJECT_ALTERNATIVE_NAME);
                Ok(())
            },
        )
    },
    malformed(
        "names/further-host-empty",
        "an empty dNSName beside a good one",
        "RFC 5280 forbids the empty name and a single space. Go 1.26 panicked on one below an excluded host (CVE-2026-27138).",
        |recipe, _| host(recipe, ""),
    ),
    malformed(
        "names/further-host-space",
        "a dNSName of one space beside a good one",
        "RFC 5280 section 4.2.1.6 names this case: the domain name of one space must not be used. \
         Code that trims names before it looks whether they are empty finds an empty one that it did not expect.",
        |recipe, _| host(recipe, " "),
    ),
    malformed(
        "names/further-host-label-too-long",
        "a dNSName with a label of 64 letters beside a good one",
        "Labels have at most 63 octets. Resolvers truncate or refuse, and the certificate then names something else. \
         What a resolver does with it is not what the verifier compared.",
        |recipe, _| host(recipe, &format!("{}.gatecrash.example", "a".repeat(64))),
    ),
    malformed(
        "names/further-host-too-long",
        "a dNSName of more than 255 octets beside a good one",
        "No host has such a name. Fixed buffers of 256 octets were made for those that have. \
         A name beside the good one is enough, since every name of the list is copied.",
        |recipe, _| {
            host(
                recipe,
                &format!("{}gatecrash.example", "abcdefghi.".repeat(30)),
            )
        },
    ),
    malformed(
        "names/further-host-empty-label",
        "a dNSName with two dots in a row beside a good one",
        "A label has one octet at least. Splitting at dots gives an empty part, which compares equal to others of its kind.",
        |recipe, _| host(recipe, "a..gatecrash.example"),
    ),
    malformed(
        "names/further-host-not-ascii",
        "a dNSName with an umlaut beside a good one",
        "An IA5String holds ASCII. Internationalized names go in as xn-- labels, so that two who compare octets see the same name.",
        |recipe, _| host(recipe, "prüfung.gatecrash.example"),
    ),
    malformed(
        "names/further-mailbox-without-host",
        "an rfc822Name without an at-sign beside a good name",
        "A mailbox has a local part and a host. Code that looks for the at-sign finds none and goes on from where \
         it is: at the start, at the end, or past it.",
        |recipe, _| further(recipe, GeneralName::Email("ann".into())),
    ),
    malformed(
        "names/further-uri-relative",
        "a URI without a scheme beside a good name",
        "RFC 5280 wants absolute URIs, with a scheme and something after it. A relative one has no host that could be constrained.",
        |recipe, _| further(recipe, GeneralName::Uri("/device/7".into())),
    ),
    malformed(
        "names/further-uri-without-host",
        "a URI whose authority has a port and no host beside a good name",
        "Where a URI has an authority, its host is a full name or an address. Without one a constraint has nothing to hold \
         on to, and a client that opens it goes to whatever host it takes for granted.",
        |recipe, _| further(recipe, GeneralName::Uri("https://:8443/device/7".into())),
    ),
    Defect {
        severity: Severity::Medium,
        class: Class::MustReject,
        ..malformed(
            "names/further-address-of-five-octets",
            "an iPAddress of five octets beside a good name",
            "An address has four octets or sixteen. Any other length is a mistake of the CA or a probe of the verifier. \
         Printers and matchers choose by the length and have to have an answer for the rest.",
            |recipe, _| further(recipe, GeneralName::IpBytes(vec![192, 0, 2, 7, 1].into())),
        )
    },
    Defect {
        severity: Severity::Medium,
        class: Class::MustReject,
        ..malformed(
            "names/further-kind-unknown",
            "an alternative name of a tag that no kind has beside a good name",
            "The choice ends at [8]; this is [9]. It is no GeneralName, and so the extension is malformed. \
         A verifier that skips what it does not know may skip a name that a constraint would have caught.",
            |recipe, _| further(recipe, GeneralName::Raw(vec![0x89, 1, 0x41].into())),
        )
    },
    Defect {
        severity: Severity::High,
        class: Class::MustReject,
        purposes: &[Purpose::Server],
        clause: "RFC 9525 section 6",
        reasons: MISMATCH,
        vulnerabilities: &["CVE-2026-42013"],
        ..malformed(
            "names/two-thousand-other-hosts",
            "two thousand alternative names, none of which was asked, and the host in the commonName",
            "GnuTLS had a buffer for alternative names, took an oversized list for none at all, and fell back to the commonName.",
            |recipe, position| {
                let certificate = certificate_at(recipe, position)?;
                certificate.subject = Name::common("service.gatecrash.example");
                certificate.set_extension(
                    ExtensionValue::SubjectAlternativeName(
                        (0..2000)
                            .map(|number| GeneralName::Dns(format!("host-{number}.evil.test")))
                            .collect(),
                    )
                    .not_critical(),
                );
                Ok(())
            },
        )
    },
];
