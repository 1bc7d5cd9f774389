//! Constraints of forms that nobody can apply, and constraints that are malformed.

use super::{
    AT_ISSUER, Bearer, ROW, Row,
    Text::{Directory, Dns, Email, Ip, Other, Registered, Uri},
    constrain, defects, excluded, permitted,
};
use crate::{
    defect::{Class, Defect, DefectId, Position, Severity, Step, Unfit, certificate_at, label_at},
    der::{Change, Edit, oid},
    recipe::{ExtensionValue, Recipe},
    verdict::Reason,
};

const UNSUPPORTED: &[Reason] = &[
    Reason::UnsupportedNameConstraint,
    Reason::NameConstraint,
    Reason::MalformedExtension,
];
pub(super) const REFUSED: &[Reason] = &[
    Reason::UnsupportedNameConstraint,
    Reason::MalformedExtension,
    Reason::MalformedDer,
    Reason::MalformedName,
    Reason::NameConstraint,
    Reason::TrailingData,
];
const HOME: &[super::Text] = &[Dns("gatecrash.example")];
const INSIDE: &[super::Text] = &[Dns("inside.gatecrash.example")];

/// What is to be said of forms that nobody compares.
macro_rules! page {
    (SKIPPED_EXCLUSION $form:literal) => {
        concat!($form, " ", "The excluded name itself, octet for octet, in a form that verifiers skip because it hardly ever occurs. To \
     skip an exclusion is to lift it.")
    };
    (NO_COMPARISON $form:literal) => {
        concat!($form, " ", "RFC 5280 defines no comparison for this form, so a verifier that meets a constraint of it and a name of it \
     cannot apply the one to the other, and must refuse.")
    };
}

/// otherName of the type 1.3.6.1.4.1 with these three letters for a UTF8String.
macro_rules! other_name {
    ($($letter:literal)*) => {
        &[Other(&[
            0xa0, 14, 6, 5, 0x2b, 6, 1, 4, 1, 0xa0, 5, 0x0c, 3, $($letter,)*
        ])]
    };
}
/// x400Address with this private domain and nothing else (RFC 5280 appendix A.1).
macro_rules! x400_address {
    ($($letter:literal)*) => {
        &[Other(&[0xa3, 9, 0x30, 7, 0xa2, 5, 0x13, 3, $($letter,)*])]
    };
}
/// ediPartyName with this partyName.
macro_rules! edi_party {
    ($($letter:literal)*) => {
        &[Other(&[0xa5, 7, 0xa1, 5, 0x0c, 3, $($letter,)*])]
    };
}

/// Constraints that are well formed.
pub(super) const ROWS: &[Defect] = defects![
    Row {
        reasons: UNSUPPORTED,
        ..permitted(
            "name-constraints/permitted-registered-id",
            &[Registered(&[0x2b, 6, 1, 4, 1])],
            [&[], &[Registered(&[0x2a, 3, 4])]],
            "a registeredID outside the permitted one, which hardly any verifier can apply",
            "RFC 5280 asks a verifier to apply a critical constraint of any form or to refuse the certificate. To skip \
             forms that one does not know is the one thing that it must not do.",
        )
    },
    Row {
        reasons: UNSUPPORTED,
        ..excluded(
            "name-constraints/excluded-registered-id",
            &[Registered(&[0x2b, 6, 1, 4, 1])],
            [&[], &[Registered(&[0x2b, 6, 1, 4, 1, 1])]],
            "a registeredID below the excluded one, which hardly any verifier can apply",
            "An exclusion of an exotic form of name, and a name of that form. Whoever cannot apply it must refuse; \
             falling through to accept is a silent hole.",
        )
    },
    Row {
        reasons: UNSUPPORTED,
        ..permitted(
            "name-constraints/permitted-other-name",
            other_name!(b'a' b'b' b'c'),
            [&[], other_name!(b'x' b'y' b'z')],
            "an otherName other than the permitted one",
            page!(NO_COMPARISON "User principal names of directory services are otherNames, and a form that anybody may extend has no rule of its own."),
        )
    },
    Row {
        reasons: UNSUPPORTED,
        ..excluded(
            "name-constraints/excluded-other-name",
            other_name!(b'x' b'y' b'z'),
            [&[], other_name!(b'x' b'y' b'z')],
            "an otherName that is the excluded one",
            page!(SKIPPED_EXCLUSION "Accounts of a directory service stand in otherNames."),
        )
    },
    Row {
        reasons: UNSUPPORTED,
        ..permitted(
            "name-constraints/permitted-x400-address",
            x400_address!(b'a' b'b' b'c'),
            [&[], x400_address!(b'x' b'y' b'z')],
            "an x400Address other than the permitted one",
            page!(NO_COMPARISON "Addresses of X.400, the mail system that lost to the one we have, are still a form of name."),
        )
    },
    Row {
        reasons: UNSUPPORTED,
        ..excluded(
            "name-constraints/excluded-x400-address",
            x400_address!(b'x' b'y' b'z'),
            [&[], x400_address!(b'x' b'y' b'z')],
            "an x400Address that is the excluded one",
            page!(SKIPPED_EXCLUSION "No mail goes to an x400Address any more, and its tag is still taken."),
        )
    },
    Row {
        reasons: UNSUPPORTED,
        ..permitted(
            "name-constraints/permitted-edi-party-name",
            edi_party!(b'a' b'b' b'c'),
            [&[], edi_party!(b'x' b'y' b'z')],
            "an ediPartyName other than the permitted one",
            page!(NO_COMPARISON "Companies that trade by EDI messages have a form of name of their own."),
        )
    },
    Row {
        reasons: UNSUPPORTED,
        ..excluded(
            "name-constraints/excluded-edi-party-name",
            edi_party!(b'x' b'y' b'z'),
            [&[], edi_party!(b'x' b'y' b'z')],
            "an ediPartyName that is the excluded one",
            page!(SKIPPED_EXCLUSION "A party of EDI is a company, and an exclusion of it means that company."),
        )
    },
    Row {
        good: Bearer::Subject(&["Gatecrash Example", "Devices", "device-7"]),
        bad: Bearer::Alternative(&[Directory(&["Gatecrash Example", "Finance"])]),
        purposes: super::CLIENT,
        ..permitted(
            "name-constraints/permitted-directory-in-other-form",
            &[Directory(&["Gatecrash Example", "Devices"])],
            [&[], &[]],
            "a subject inside the permitted subtree, and a directoryName outside among the alternative names",
            "The subject is as it should be, and a second name of the same form stands beside it. A verifier that takes \
             the constraint for satisfied after the subject leaves the other name to whoever reads it.",
        )
    },
];

/// Makes the issuer's constraint well formed in the twin, and wrong in one place in the hostile case.
const fn malformed(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    class: Class,
    spoil: Step,
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        class,
        severity: Severity::Low,
        positions: AT_ISSUER,
        clause: "RFC 5280 section 4.2.1.10",
        reasons: REFUSED,
        prepare: |recipe, position| {
            constrain_at(recipe, position, [HOME, &[]], true)?;
            Bearer::Alternative(INSIDE).put_on(recipe)
        },
        spoil,
        ..ROW.defect()
    }
}

/// The first permitted subtree, from the TBSCertificate.
const FIRST_SUBTREE: &str = "[3]/0/{2.5.29.30}/-1/>/0/[0]/0";
/// The NameConstraints value, from the TBSCertificate.
const VALUE: &str = "[3]/0/{2.5.29.30}/-1/>/0";

fn edited(path: &str, change: Change) -> impl FnOnce(&mut crate::recipe::Certificate) {
    let edit = Edit::at(path, change);
    move |certificate| certificate.edits_before_signing.push(edit)
}

/// Constraints that break their definition.
pub(super) const MALFORMED: &[Defect] = &[
    Defect {
        severity: Severity::High,
        clause: "RFC 5280 sections 4.2 and 6.1.3 (b), (c)",
        reasons: &[
            Reason::NameConstraint,
            Reason::UnsupportedNameConstraint,
            Reason::WrongCriticality,
        ],
        ..malformed(
            "name-constraints/not-critical",
            "a dNSName outside the permitted subtree of a constraint that is not critical",
            "Conforming CAs mark the constraint critical and public ones often do not, for the sake of old software. A \
             verifier that knows the extension must apply it either way; to apply it only when critical is to let the CA \
             choose. The twin's is critical, since a strict verifier refuses the other for that alone.",
            Class::MustReject,
            |recipe, position| {
                constrain_at(recipe, position, [HOME, &[]], false)?;
                Bearer::Alternative(&[Dns("host.evil.example")])
                    .put_in_place_of(&Bearer::Alternative(INSIDE), recipe)
            },
        )
    },
    malformed(
        "name-constraints/minimum-of-one",
        "a subtree with a minimum distance of one",
        "minimum would exempt the base itself. RFC 5280 forbids any but zero, and a verifier that ignores the field \
         applies another constraint than the CA wrote; it must apply it or refuse.",
        Class::MustReject,
        |recipe, position| {
            edited(FIRST_SUBTREE, Change::Append(vec![0x80, 1, 1].into()))(certificate_at(
                recipe, position,
            )?);
            Ok(())
        },
    ),
    malformed(
        "name-constraints/maximum-present",
        "a subtree with a maximum distance",
        "maximum would end the subtree after some levels. RFC 5280 demands that it be absent, because nobody applies \
         it; read past, it turns a narrow permission into a wide one.",
        Class::MustReject,
        |recipe, position| {
            edited(FIRST_SUBTREE, Change::Append(vec![0x81, 1, 0].into()))(certificate_at(
                recipe, position,
            )?);
            Ok(())
        },
    ),
    malformed(
        "name-constraints/empty",
        "a constraint without any subtree",
        "An empty sequence constrains nothing, though its presence looks like a constraint to whoever audits the CA. \
         RFC 5280 forbids CAs to issue it.",
        Class::Lint,
        |recipe, position| {
            edited(VALUE, Change::SetBody(Vec::new().into()))(certificate_at(recipe, position)?);
            Ok(())
        },
    ),
    malformed(
        "name-constraints/empty-permitted",
        "permittedSubtrees without any subtree",
        "The list must hold at least one subtree. Read as a list of nothing permitted it forbids all, read as no list \
         it permits all: the two readings are opposite, so it must be refused as malformed.",
        Class::Policy,
        |recipe, position| {
            edited(
                "[3]/0/{2.5.29.30}/-1/>/0/[0]",
                Change::SetBody(Vec::new().into()),
            )(certificate_at(recipe, position)?);
            Ok(())
        },
    ),
    malformed(
        "name-constraints/trailing-data",
        "bytes after the constraint inside the extension",
        "The extension's octets go on after the value. A parser that stops when it has what it wants accepts two \
         encodings for one meaning, which is how two verifiers come to read two constraints.",
        Class::Policy,
        |recipe, position| {
            edited(VALUE, Change::InsertAfter(vec![5, 0].into()))(certificate_at(
                recipe, position,
            )?);
            Ok(())
        },
    ),
    malformed(
        "name-constraints/excluded-before-permitted",
        "excluded subtrees encoded before the permitted ones",
        "A SEQUENCE has an order. A parser that looks for the permitted subtrees first and then for the excluded, each \
         optional, may read neither and report no error.",
        Class::Policy,
        |recipe, position| {
            let excluded = [&[0xa1, 0x10, 0x30, 0x0e, 0x82, 0x0c][..], b"evil.example"].concat();
            edited(
                "[3]/0/{2.5.29.30}/-1/>/0/[0]",
                Change::InsertBefore(excluded.into()),
            )(certificate_at(recipe, position)?);
            Ok(())
        },
    ),
    malformed(
        "name-constraints/subtree-without-base",
        "a subtree that has no base",
        "The subtree is an empty sequence. Code that reads an optional base takes the absence for the empty name, which \
         every name lies below.",
        Class::Policy,
        |recipe, position| {
            edited(FIRST_SUBTREE, Change::SetBody(Vec::new().into()))(certificate_at(
                recipe, position,
            )?);
            Ok(())
        },
    ),
    malformed(
        "name-constraints/unknown-tag",
        "a subtree whose base has a tag that no GeneralName has",
        "The base is tagged [9]. A verifier that skips bases it does not know drops a constraint of a critical \
         extension, and what the CA above wanted to forbid is allowed to whoever needs an exotic form to say it.",
        Class::Policy,
        |recipe, position| {
            edited("[3]/0/{2.5.29.30}/-1/>/0/[0]/0/0", Change::SetTag(0x89))(certificate_at(
                recipe, position,
            )?);
            Ok(())
        },
    ),
    malformed(
        "name-constraints/email-base-empty",
        "an rfc822Name constraint without any text",
        "The base of mailboxes is a mailbox, a host or a domain, and the empty text is none of them. Code that shares the \
         rule of DNS names, for which it is everything, permits every mailbox.",
        Class::Policy,
        |recipe, position| {
            constrain_at(
                recipe,
                position,
                [&[Dns("gatecrash.example"), Email("")], &[]],
                true,
            )
        },
    ),
    malformed(
        "name-constraints/uri-base-empty",
        "a URI constraint without any text",
        "The base of URIs is a host or a domain. Read as a host it matches no URI and read as a domain every one; which it \
         is depends on the code, so it must be refused.",
        Class::Policy,
        |recipe, position| {
            constrain_at(
                recipe,
                position,
                [&[Dns("gatecrash.example"), Uri("")], &[]],
                true,
            )
        },
    ),
    Defect {
        positions: &[Position::EndEntity],
        prepare: crate::defect::as_it_is,
        ..malformed(
            "name-constraints/in-end-entity",
            "a name constraint in the end entity",
            "The extension is for CAs only (RFC 5280 section 4.2.1.10). In an end entity it says nothing; a certificate \
         that carries it was made by a template for something else.",
            Class::Lint,
            |recipe, _| {
                certificate_at(recipe, Position::EndEntity)?.set_extension(
                    ExtensionValue::NameConstraints {
                        permitted: vec![Dns("gatecrash.example").general_name()],
                        excluded: Vec::new(),
                    }
                    .critical(),
                );
                Ok(())
            },
        )
    },
];

const fn wrong_address(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: Step,
) -> Defect {
    Defect {
        class: Class::MustReject,
        severity: Severity::Medium,
        prepare: |recipe, position| {
            constrain_at(
                recipe,
                position,
                [&[Ip(&[192, 0, 2, 0, 255, 255, 255, 0])], &[]],
                true,
            )?;
            Bearer::Alternative(&[Ip(&[192, 0, 2, 7])]).put_on(recipe)
        },
        ..malformed(id, summary, page, Class::MustReject, spoil)
    }
}

/// Networks that are none.
pub(super) const ADDRESSES: &[Defect] = &[
    wrong_address(
        "name-constraints/ip-without-mask",
        "an iPAddress constraint of four octets, without a mask",
        "A network needs address and mask, eight octets. A CA's software that writes the address alone makes a \
         constraint that some verifiers take for the one host and others skip.",
        |recipe, position| constrain_at(recipe, position, [&[Ip(&[192, 0, 2, 7])], &[]], true),
    ),
    wrong_address(
        "name-constraints/ip-of-five-octets",
        "an iPAddress constraint of five octets, with a prefix length for a mask",
        "Address and prefix length, as people write networks, but RFC 5280 wants a mask. The length is one that no \
         family has, so no comparison fits and the constraint must be refused rather than skipped.",
        |recipe, position| constrain_at(recipe, position, [&[Ip(&[192, 0, 2, 0, 24])], &[]], true),
    ),
    wrong_address(
        "name-constraints/ip-empty",
        "an iPAddress constraint without any octet",
        "An empty address is no network. For DNS the empty base is everything, and code that shares the rule permits \
         every address.",
        |recipe, position| constrain_at(recipe, position, [&[Ip(&[])], &[]], true),
    ),
    Defect {
        class: Class::Policy,
        ..wrong_address(
            "name-constraints/ip-mask-with-holes",
            "an iPAddress constraint whose mask has ones after zeros",
            "RFC 5280 writes networks in the style of CIDR, which has no masks with holes. Code that applies the mask bit by \
             bit permits hosts of 256 networks that nobody meant, and code that counts ones computes another prefix.",
            |recipe, position| {
                constrain_at(
                    recipe,
                    position,
                    [&[Ip(&[192, 0, 2, 0, 255, 0, 255, 0])], &[]],
                    true,
                )
            },
        )
    },
    malformed(
        "name-constraints/dns-leading-dot",
        "a dNSName constraint with a leading dot",
        "RFC 5280 gives the leading dot to URIs and mailboxes, but some CAs write it for hosts too. Libraries differ on whether \
         it permits the domain itself, means nothing, or is malformed; a constraint that means three things is none.",
        Class::Lint,
        |recipe, position| {
            constrain_at(recipe, position, [&[Dns(".gatecrash.example")], &[]], true)
        },
    ),
];

/// Two constraints in one certificate.
pub(super) const TWICE: &[Defect] = &[Defect {
    clause: "RFC 5280 section 4.2",
    severity: Severity::High,
    reasons: &[
        Reason::DuplicateExtension,
        Reason::MalformedExtension,
        Reason::MalformedDer,
        Reason::NameConstraint,
    ],
    ..malformed(
        "name-constraints/twice",
        "two name constraint extensions, the second of which permits everything",
        "One certificate must not hold an extension twice. A verifier that lets the second replace the first applies \
         whichever the attacker put last.",
        Class::MustReject,
        |recipe, position| {
            let certificate = certificate_at(recipe, position)?;
            certificate
                .extensions
                .retain(|extension| extension.value.oid() != oid::NAME_CONSTRAINTS);
            for base in ["gatecrash.example", ""] {
                certificate.extensions.push(
                    ExtensionValue::NameConstraints {
                        permitted: vec![Dns(base).general_name()],
                        excluded: Vec::new(),
                    }
                    .critical(),
                );
            }
            Ok(())
        },
    )
}];

/// Sets the constraints of the certificate at a position.
fn constrain_at(
    recipe: &mut Recipe,
    position: Position,
    subtrees: [&[super::Text]; 2],
    critical: bool,
) -> Result<(), Unfit> {
    let label = label_at(recipe, position)?;
    constrain(recipe, &label, subtrees, critical)
}
