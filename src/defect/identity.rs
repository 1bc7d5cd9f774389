//! *identity*: the right CA, and somebody else.
//!
//! Path validation says that a name was certified, not that its bearer may
//! enter. The twin of every case is the one identity that the service lets in;
//! the hostile case has another, written so that a careless comparison takes
//! it for the first.

use super::{Class, Defect, DefectId, Position, Severity, Step, Unfit, certificate_at};
use crate::{
    der::oid,
    question::{Identity, Purpose},
    recipe::{Attribute, AttributeKind, GeneralName, Name, Recipe},
    verdict::Reason,
};

const ADMITTED_URI: &str = "spiffe://gatecrash.example/device/7";
const ADMITTED_DNS: &str = "device-7.gatecrash.example";
const ADMITTED_EMAIL: &str = "device-7@gatecrash.example";

const REFUSED: &[Reason] = &[Reason::IdentityNotAllowed, Reason::NameMismatch];
/// The name is malformed as well, and that may be what is seen.
const MALFORMED: &[Reason] = &[
    Reason::IdentityNotAllowed,
    Reason::MalformedName,
    Reason::NameMismatch,
];

const fn defect(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    prepare: Step,
    spoil: Step,
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        // No standard says whom a service lets in: RFC 9525 leaves identities of clients out of its scope.
        clause: "profile: identity rules",
        severity: Severity::Critical,
        class: Class::Policy,
        positions: &[Position::EndEntity],
        purposes: &[Purpose::Client],
        reasons: REFUSED,
        vulnerabilities: &[],
        prepare,
        spoil,
    }
}

/// The family.
pub(super) const DEFECTS: &[Defect] = &[
    defect(
        "identity/another-uri",
        "the certificate states another URI than the one let in",
        "Device 8 at the door of device 7, with a certificate of the same CA. A service that asks only whether the chain \
         is good lets every customer of the CA be every other; the Koa server that this project starts from does.",
        admit_uri,
        |recipe, _| state_uri(recipe, "spiffe://gatecrash.example/device/8"),
    ),
    defect(
        "identity/uri-longer",
        "the URI continues the one let in with another digit",
        "Device 70 begins as device 7 does. Rules that compare beginnings let ten devices in for one. \
         The mistake is an `startsWith` in a route, and no test with one device ever finds it.",
        admit_uri,
        |recipe, _| state_uri(recipe, "spiffe://gatecrash.example/device/70"),
    ),
    defect(
        "identity/uri-below",
        "the URI continues the one let in with a further segment",
        "What stands below a path is another identity, often one that a tenant may name himself. \
         In a cluster it is the difference between a namespace and every workload that is let into it.",
        admit_uri,
        |recipe, _| state_uri(recipe, "spiffe://gatecrash.example/device/7/guest"),
    ),
    defect(
        "identity/uri-of-look-alike-domain",
        "the URI's trust domain begins with the one let in",
        "Anybody may register the rest of the name. Rules that look for the trust domain somewhere in the text, or \
         with a regular expression whose dots match anything, do not see that it goes on.",
        admit_uri,
        |recipe, _| state_uri(recipe, "spiffe://gatecrash.example.evil.example/device/7"),
    ),
    defect(
        "identity/uri-with-user-information",
        "the trust domain let in stands before an at sign, as user information of another host",
        "What stands before the at sign is a user, not a host. Readers that end the host at the first dot, slash or \
         colon of their choice disagree on whose URI it is.",
        admit_uri,
        |recipe, _| state_uri(recipe, "spiffe://gatecrash.example@evil.example/device/7"),
    ),
    defect(
        "identity/uri-inside-another",
        "the whole URI let in stands in the query of another",
        "A search for the text finds it. Where it stands decides what it means, and here it is a parameter of \
         somebody else's name.",
        admit_uri,
        |recipe, _| {
            state_uri(
                recipe,
                "spiffe://evil.example/?spiffe://gatecrash.example/device/7",
            )
        },
    ),
    defect(
        "identity/uri-letter-case",
        "the URI's path is that let in, in capital letters",
        "Paths have letter case, and a CA may well have issued both. Comparison without case is for hosts. \
         A framework that lowers every header and path has decided that two identities are one.",
        admit_uri,
        |recipe, _| state_uri(recipe, "spiffe://gatecrash.example/DEVICE/7"),
    ),
    defect(
        "identity/uri-percent-encoded",
        "the URI spells the last digit of the one let in as %37",
        "Decoded it is the same, and it is not to be decoded: what a CA wrote is what was certified. A proxy that \
         decodes before it compares and a service that does not are two services.",
        admit_uri,
        |recipe, _| state_uri(recipe, "spiffe://gatecrash.example/device/%37"),
    ),
    defect(
        "identity/uri-dot-segments",
        "the URI leads to the one let in by way of `..`",
        "Normalised it is the same. Whoever normalises lets those in whose URI merely leads there. \
         Web frameworks normalise paths before a handler sees them, and the same function is at hand for identities.",
        admit_uri,
        |recipe, _| state_uri(recipe, "spiffe://gatecrash.example/device/8/../7"),
    ),
    Defect {
        reasons: MALFORMED,
        ..defect(
            "identity/uri-as-dns-name",
            "the URI let in stands in a dNSName",
            "The kind of a name is part of it. A service that joins all alternative names into one list of texts lets \
             any of them speak for any kind.",
            admit_uri,
            |recipe, _| state(recipe, GeneralName::Dns(ADMITTED_URI.into())),
        )
    },
    defect(
        "identity/uri-as-other-name",
        "the URI let in stands in an otherName",
        "An otherName may hold any text at all, under a type that its maker chooses; name constraints on URIs do not \
             apply to it.",
        admit_uri,
        |recipe, _| {
            let kind = crate::der::Oid::known(&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 20, 2, 3]);
            state(
                recipe,
                GeneralName::Other {
                    kind,
                    value: ADMITTED_URI.into(),
                },
            )
        },
    ),
    defect(
        "identity/uri-in-common-name",
        "the URI let in stands in the common name",
        "CAs check what they write into alternative names; common names are often what the customer typed. \
         Proxies that pass on the subject as one header make the common name the first thing that a service reads.",
        admit_uri,
        |recipe, _| {
            certificate_at(recipe, Position::EndEntity)?.subject = Name::common(ADMITTED_URI);
            state(
                recipe,
                GeneralName::Dns("device-8.gatecrash.example".into()),
            )
        },
    ),
    defect(
        "identity/another-dns-name",
        "the certificate states another DNS name than the one let in",
        "The neighbour's certificate, of the same CA and in the same domain: good for the chain, and for nothing \
         that is the first one's.",
        admit_dns,
        |recipe, _| state_dns(recipe, "device-8.gatecrash.example"),
    ),
    defect(
        "identity/dns-name-continued",
        "the DNS name begins with the one let in and ends in another domain",
        "A comparison of beginnings, or a regular expression without an end, takes it. Whoever owns the other \
         domain gets such a certificate from any CA.",
        admit_dns,
        |recipe, _| state_dns(recipe, "device-7.gatecrash.example.evil.example"),
    ),
    defect(
        "identity/dns-name-within-another",
        "the DNS name ends with the one let in, without a dot between",
        "A comparison of endings takes it; anybody may register such a name in the domain above. \
         Rules that are regular expressions without an anchor in front are of this kind.",
        admit_dns,
        |recipe, _| state_dns(recipe, "evil-device-7.gatecrash.example"),
    ),
    defect(
        "identity/dns-wildcard",
        "the certificate states a wildcard that covers the name let in",
        "Wildcards are for servers with many names. A client that may be anybody is nobody in particular, and a \
         service that matches clients as browsers match servers lets it be everybody.",
        admit_dns,
        |recipe, _| state_dns(recipe, "*.gatecrash.example"),
    ),
    Defect {
        reasons: MALFORMED,
        ..defect(
            "identity/dns-name-with-nul",
            "the DNS name let in, then a NUL, then another domain",
            "Code that hands the name to a function of C compares what stands before the NUL; Envoy before 1.38.1 did \
             (CVE-2026-47778), and so did most browsers in 2009.",
            admit_dns,
            |recipe, _| state_dns(recipe, "device-7.gatecrash.example\0.evil.example"),
        )
    },
    Defect {
        reasons: MALFORMED,
        ..defect(
            "identity/dns-name-with-line-feed",
            "the DNS name let in, then a line break, then another name",
            "Names travel on in headers and in logs. A line break inside one begins a header of the client's choice, \
             and a regular expression with `$` takes the first line for the whole.",
            admit_dns,
            |recipe, _| state_dns(recipe, "device-7.gatecrash.example\nevil.example"),
        )
    },
    Defect {
        reasons: MALFORMED,
        ..defect(
            "identity/dns-name-in-uri",
            "the DNS name let in stands in a uniformResourceIdentifier",
            "A URI may hold any text, and constraints on DNS names do not apply to it. Envoy before 1.20.2 let a URI \
             or a mailbox count as a DNS name (CVE-2022-21656).",
            admit_dns,
            |recipe, _| state(recipe, GeneralName::Uri(ADMITTED_DNS.into())),
        )
    },
    Defect {
        reasons: MALFORMED,
        ..defect(
            "identity/dns-name-in-mailbox",
            "the DNS name let in stands in an rfc822Name",
            "The other half of the same mistake: a mailbox without an at sign reads as a host. \
         Lists of all alternative names, as many libraries return them, have lost the kind of each.",
            admit_dns,
            |recipe, _| state(recipe, GeneralName::Email(ADMITTED_DNS.into())),
        )
    },
    Defect {
        reasons: MALFORMED,
        ..defect(
            "identity/dns-name-injected",
            "a URI holds the text `, DNS:` and the DNS name let in",
            "Programs that turn alternative names into one line of text and split it again read a name that nobody \
         certified; Node.js did until 2022 (CVE-2021-44532), and whatever parses `openssl x509 -text` does.",
            admit_dns,
            |recipe, _| {
                state(
                    recipe,
                    GeneralName::Uri(
                        "spiffe://evil.example/x, DNS:device-7.gatecrash.example".into(),
                    ),
                )
            },
        )
    },
    defect(
        "identity/dns-name-in-common-name",
        "the DNS name let in stands in the common name, and the alternative names hold another",
        "Where alternative names are present, the common name does not count. Whoever accepts either lets a client \
         have two identities at once.",
        admit_dns,
        |recipe, _| {
            certificate_at(recipe, Position::EndEntity)?.subject = Name::common(ADMITTED_DNS);
            state_dns(recipe, "device-8.gatecrash.example")
        },
    ),
    Defect {
        reasons: MALFORMED,
        ..defect(
            "identity/dns-name-in-punycode",
            "the DNS name's first label is Punycode for the plain label let in",
            "A label that begins with xn-- and decodes to plain letters is not a valid name. Software that decodes before it \
             compares takes it for the plain one, which another customer owns (CVE-2024-12224 in the idna crate).",
            admit_dns,
            |recipe, _| state_dns(recipe, "xn--device-7-.gatecrash.example"),
        )
    },
    defect(
        "identity/another-mailbox-domain",
        "the mailbox has the user let in, in another domain",
        "A service that compares what stands before the at sign takes everybody of that name in the world. \
         The user part is what fits into a column called `login`.",
        admit_email,
        |recipe, _| state(recipe, GeneralName::Email("device-7@evil.example".into())),
    ),
    Defect {
        reasons: MALFORMED,
        ..defect(
            "identity/mailbox-quoted",
            "the whole mailbox let in stands quoted before the at sign of another domain",
            "A quoted user may hold an at sign. Readers that split at the first one read the domain let in. \
         Libraries split mailboxes in more ways than one.",
            admit_email,
            |recipe, _| {
                state(
                    recipe,
                    GeneralName::Email("\"device-7@gatecrash.example\"@evil.example".into()),
                )
            },
        )
    },
    Defect {
        class: Class::Policy,
        severity: Severity::Medium,
        ..defect(
            "identity/mailbox-letter-case",
            "the mailbox is that let in with the user in capital letters",
            "The user of a mailbox has letter case; only the domain has none (RFC 5280 section 7.5). \
         Mail systems ignore the case of users nearly everywhere, and nothing obliges a CA to.",
            admit_email,
            |recipe, _| {
                state(
                    recipe,
                    GeneralName::Email("DEVICE-7@gatecrash.example".into()),
                )
            },
        )
    },
    defect(
        "identity/mailbox-in-subject",
        "the mailbox let in stands in the subject, and the alternative names hold another",
        "emailAddress in the subject is older than alternative names, and what it says need not have been checked. \
         RFC 5280 keeps the attribute for old certificates alone, and software that reads it is still about.",
        admit_email,
        |recipe, _| {
            let certificate = certificate_at(recipe, Position::EndEntity)?;
            certificate
                .subject
                .0
                .push(Attribute::new(AttributeKind::Email, ADMITTED_EMAIL));
            state(
                recipe,
                GeneralName::Email("device-8@gatecrash.example".into()),
            )
        },
    ),
    defect(
        "identity/another-subject",
        "the certificate has another common name than the subject let in",
        "Another subject of the right CA: the commonest test of an mTLS service, and the one that is forgotten. \
         A service that logs the subject and does not compare it learns afterwards who was there.",
        admit_subject,
        |recipe, _| rename(recipe, |common_name| *common_name = "device-8".into()),
    ),
    defect(
        "identity/subject-with-second-common-name",
        "a common name that is not let in stands before the one that is",
        "Some programs read the first common name and some the last. A proxy that lets one in and a service that logs \
         the other have two clients for one certificate.",
        admit_subject,
        |recipe, _| {
            let subject = &mut certificate_at(recipe, Position::EndEntity)?.subject;
            // Another defect may have emptied it.
            let place = subject.0.len().checked_sub(1);
            let place = place.ok_or(Unfit("the subject is empty"))?;
            subject
                .0
                .insert(place, Attribute::new(AttributeKind::CN, "device-8"));
            Ok(())
        },
    ),
    defect(
        "identity/subject-with-separator-in-value",
        "the common name let in stands, with its separator, inside the value before it",
        "Written out as text the two subjects are the same, unless the comma is escaped. Rules that compare text made \
         by a careless printer let whoever may choose his organization's name be anybody.",
        admit_subject,
        |recipe, _| swallow(recipe, ", CN="),
    ),
    defect(
        "identity/subject-with-slash-in-value",
        "the common name let in stands, after a slash, inside the value before it",
        "The one-line form of OpenSSL separates by slashes and does not escape them. Apache and nginx offered it to \
         their configurations for years.",
        admit_subject,
        |recipe, _| swallow(recipe, "/CN="),
    ),
    defect(
        "identity/subject-with-nul",
        "the common name let in, then a NUL, then other text",
        "Functions of C read as far as the NUL. In 2009 certificates for www.bank.example\\0.evil.example were issued \
         to the owner of evil.example and taken by nearly every program.",
        admit_subject,
        |recipe, _| {
            rename(recipe, |common_name| {
                common_name.push_str("\0.evil.example")
            })
        },
    ),
    defect(
        "identity/subject-with-line-feed",
        "the common name let in, then a line break, then a header",
        "Proxies hand the subject to the service in a header. A line break inside it begins the next header, in \
         which the client states what he likes.",
        admit_subject,
        |recipe, _| {
            rename(recipe, |common_name| {
                common_name.push_str("\r\nX-Client-Role: admin")
            })
        },
    ),
    defect(
        "identity/subject-reordered",
        "the subject has the attributes let in, in another order",
        "A name is a path from the root down; the same attributes in another order are another name, which another \
         customer may have.",
        admit_subject,
        |recipe, _| {
            let subject = &mut certificate_at(recipe, Position::EndEntity)?.subject;
            match subject.0.len() {
                2.. => subject.0.reverse(),
                _ => return Err(Unfit("one attribute has one order")),
            }
            Ok(())
        },
    ),
    defect(
        "identity/subject-joined",
        "the last two attributes of the subject let in stand in one set",
        "A set of two attributes is one step of the path, not two. Printers that write both alike make them equal. \
         OpenSSL prints a plus sign between them, and a rule that splits at commas sees one value.",
        admit_subject,
        |recipe, _| {
            let subject = &mut certificate_at(recipe, Position::EndEntity)?.subject;
            match subject.0.len() {
                2.. => {
                    subject
                        .0
                        .last_mut()
                        .ok_or(Unfit("the subject is empty"))?
                        .joined = true
                }
                _ => return Err(Unfit("one attribute cannot be joined")),
            }
            Ok(())
        },
    ),
];

fn admit_uri(recipe: &mut Recipe, _: Position) -> Result<(), Unfit> {
    recipe.admitted = vec![Identity::Uri(ADMITTED_URI.into())];
    state_uri(recipe, ADMITTED_URI)
}

fn admit_dns(recipe: &mut Recipe, _: Position) -> Result<(), Unfit> {
    recipe.admitted = vec![Identity::Dns(ADMITTED_DNS.into())];
    state_dns(recipe, ADMITTED_DNS)
}

fn admit_email(recipe: &mut Recipe, _: Position) -> Result<(), Unfit> {
    recipe.admitted = vec![Identity::Email(ADMITTED_EMAIL.into())];
    state(recipe, GeneralName::Email(ADMITTED_EMAIL.into()))
}

fn admit_subject(recipe: &mut Recipe, _: Position) -> Result<(), Unfit> {
    let certificate = certificate_at(recipe, Position::EndEntity)?;
    let shown = shown(&certificate.subject)
        .ok_or(Unfit("the subject has an attribute without a short name"))?;
    recipe.admitted = vec![Identity::Subject(shown)];
    Ok(())
}

/// Makes this the end entity's one alternative name.
fn state(recipe: &mut Recipe, name: GeneralName) -> Result<(), Unfit> {
    let certificate = certificate_at(recipe, Position::EndEntity)?;
    if certificate
        .extension(&oid::SUBJECT_ALTERNATIVE_NAME)
        .is_none()
    {
        return Err(Unfit("the end entity has no alternative names"));
    }
    *certificate.alternative_names_mut() = vec![name];
    Ok(())
}

fn state_uri(recipe: &mut Recipe, uri: &str) -> Result<(), Unfit> {
    state(recipe, GeneralName::Uri(uri.into()))
}

fn state_dns(recipe: &mut Recipe, name: &str) -> Result<(), Unfit> {
    state(recipe, GeneralName::Dns(name.into()))
}

/// Changes the last attribute, which is the common name.
fn rename(recipe: &mut Recipe, change: impl FnOnce(&mut String)) -> Result<(), Unfit> {
    let subject = &mut certificate_at(recipe, Position::EndEntity)?.subject;
    let last = subject.0.last_mut().ok_or(Unfit("the subject is empty"))?;
    if last.form == crate::recipe::StringForm::Printable {
        return Err(Unfit("a PrintableString has no such letters"));
    }
    change(&mut last.value);
    Ok(())
}

/// Moves the common name into the value before it, behind this text.
fn swallow(recipe: &mut Recipe, between: &str) -> Result<(), Unfit> {
    let subject = &mut certificate_at(recipe, Position::EndEntity)?.subject;
    if subject.0.len() < 2 {
        return Err(Unfit("no value stands before the common name"));
    }
    let last = subject.0.pop().ok_or(Unfit("the subject is empty"))?;
    let before = subject.0.last_mut().ok_or(Unfit("the subject is empty"))?;
    // Only organizationName holds a text of the customer's own.
    if before.kind != AttributeKind::O || before.form != crate::recipe::StringForm::Usual {
        return Err(Unfit("the value before the common name is not free text"));
    }
    before.value.push_str(between);
    before.value.push_str(&last.value);
    Ok(())
}

/// The subject from the root down, as [`Identity::Subject`] has it. The values of settings need no escapes.
fn shown(name: &Name) -> Option<String> {
    let parts: Option<Vec<_>> = name
        .0
        .iter()
        .map(|attribute| {
            let kind = match attribute.kind {
                AttributeKind::CN => "CN",
                AttributeKind::C => "C",
                AttributeKind::O => "O",
                AttributeKind::DC => "DC",
                AttributeKind::OU => "OU",
                AttributeKind::ST => "ST",
                AttributeKind::L => "L",
                AttributeKind::SerialNumber => "serialNumber",
                AttributeKind::Email => "emailAddress",
                AttributeKind::Oid(_) => return None,
            };
            Some(format!("{kind}={}", attribute.value))
        })
        .collect();
    parts.map(|parts| parts.join(", "))
}
