//! Lists that speak for other certificates, other reasons, or other issuers than the one in question.

use super::{
    Class, Defect, FIRST_POINT, Position, SECOND_POINT, Severity, add_list, defect, entry, list,
    published_at, revoke_end_entity, serial_of, set,
};
use crate::{
    defect::{Unfit, certificate_at, crl_of, issuer_of},
    der::oid,
    recipe::{
        DistributionPoint, ExtensionValue, GeneralName, Label, Recipe, generate::add_fresh_crls,
    },
    verdict::Reason,
};

/// A verifier may rightly call a list malformed whose form it does not take.
const OUT_OF_SCOPE: &[Reason] = &[Reason::RevocationUnknown, Reason::CrlMalformed];
const BAD_SCOPE: &[Reason] = &[Reason::CrlMalformed, Reason::RevocationUnknown];
const CLAUSE: &str = "RFC 5280 sections 5.2.5 and 6.3.3 (b)(2)";

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        clause: CLAUSE,
        prepare: with_partition,
        ..defect(
            "revocation/crl-of-another-partition",
            "the list is that of another distribution point than the certificate names",
            "Large CAs divide their list into parts, each for the certificates that point to it. The wrong part names \
             nobody who points elsewhere, so that it clears everybody. The part's own name, inside the list, is what \
             tells; AWS-LC before 2026 compared it wrongly and accepted revoked certificates.",
            OUT_OF_SCOPE,
            |recipe, _| {
                set(list(recipe)?, published_at(SECOND_POINT).critical());
                Ok(())
            },
        )
    },
    Defect {
        clause: CLAUSE,
        prepare: with_partition,
        ..defect(
            "revocation/revoked-in-partition",
            "the part of the list that the certificate points to names it",
            "The same as a plain revocation, with the list divided: certificate and list name the same distribution \
             point. Verifiers that do not know divided lists must not fall back to accepting.",
            &[Reason::Revoked],
            revoke_end_entity,
        )
    },
    Defect {
        clause: CLAUSE,
        ..defect(
            "revocation/partition-for-certificate-without-point",
            "the only list is one part of several, and the certificate points to none",
            "A certificate without distribution points is covered by the issuer's complete list, not by whichever part \
             is at hand. rustls-webpki 0.103 takes any list with a distribution point as fit for a certificate without \
             one.",
            OUT_OF_SCOPE,
            |recipe, _| {
                set(list(recipe)?, published_at(FIRST_POINT).critical());
                Ok(())
            },
        )
    },
    Defect {
        clause: CLAUSE,
        severity: Severity::Critical,
        prepare: |recipe, position| {
            with_partition_beside(recipe, position)?;
            move_to_front(recipe, "crl-part");
            Ok(())
        },
        ..defect(
            "revocation/revoked-behind-partition",
            "the complete list names the certificate, but one part of it, listed before, does not",
            "The verifier has two lists of the issuer: a part, for certificates that point to it, and the complete \
             list, which revokes. rustls-webpki 0.103.17 picks the first list that seems to fit, takes a part for a fit \
             where the certificate names no point, and accepts; with the two lists the other way round it refuses. No \
             verdict may depend on the order of lists.",
            &[Reason::Revoked],
            revoke_end_entity,
        )
    },
    Defect {
        clause: CLAUSE,
        prepare: with_partition_beside,
        ..defect(
            "revocation/revoked-before-partition",
            "the complete list names the certificate, and a part of it that does not is listed after",
            "The same two lists as in revoked-behind-partition, the complete one first. A verifier that lets the last \
             list win accepts here what it refuses there.",
            &[Reason::Revoked],
            revoke_end_entity,
        )
    },
    Defect {
        clause: CLAUSE,
        severity: Severity::Critical,
        prepare: |recipe, _| {
            anchor_above(recipe)?;
            add_fresh_crls(recipe);
            let points = vec![FIRST_POINT.to_owned(), SECOND_POINT.to_owned()];
            let points = ExtensionValue::CrlDistributionPoints(points).not_critical();
            certificate_at(recipe, Position::EndEntity)?.set_extension(points);
            set(list(recipe)?, published_at(SECOND_POINT).critical());
            Ok(())
        },
        ..defect(
            "revocation/revoked-at-second-point",
            "the certificate has two distribution points, and the list of the second names it",
            "Every distribution point of a certificate leads to lists that count. rustls-webpki before 0.103.10 \
             compared a list with the first point alone: it passed over the list that revokes, and where unknown \
             status was allowed the certificate went free.",
            &[Reason::Revoked],
            revoke_end_entity,
        )
    },
    Defect {
        clause: CLAUSE,
        prepare: |recipe, _| {
            anchor_above(recipe)?;
            add_fresh_crls(recipe);
            let issuer_points = vec![
                point(FIRST_POINT, &[1, 2]),
                point(SECOND_POINT, &[3, 4, 5, 6, 7, 8]),
            ];
            let points = ExtensionValue::DistributionPoints(issuer_points).not_critical();
            certificate_at(recipe, Position::EndEntity)?.set_extension(points);
            add_list(recipe, "crl-part", 7)?;
            set(
                part(recipe)?,
                for_reasons(SECOND_POINT, &[3, 4, 5, 6, 7, 8]).critical(),
            );
            set(list(recipe)?, for_reasons(FIRST_POINT, &[1, 2]).critical());
            Ok(())
        },
        ..defect(
            "revocation/revoked-in-second-reason-partition",
            "two lists divide the reasons between them, and the second names the certificate",
            "Lists may be divided by reason: one for stolen keys, one for the rest. Both are needed, and the status is \
             good only when neither names the certificate.",
            &[Reason::Revoked],
            |recipe, _| {
                let serial = serial_of(recipe, Position::EndEntity)?;
                let mut entry = entry(recipe, serial);
                entry.extensions = vec![ExtensionValue::ReasonCode(4).not_critical()];
                part(recipe)?.revoked.push(entry);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 sections 5.2.5 and 6.3.3 (d), (e)",
        ..defect(
            "revocation/crl-for-some-reasons",
            "the only list covers two of the reasons for revocation",
            "A list for stolen keys says nothing of employees who left. As long as some reason is not covered, the \
             status is not known.",
            OUT_OF_SCOPE,
            |recipe, _| {
                set(list(recipe)?, limited(Limit::Reasons).critical());
                Ok(())
            },
        )
    },
    Defect {
        clause: CLAUSE,
        ..defect(
            "revocation/crl-for-authorities-only",
            "the end entity's list is for CA certificates only",
            "A list that holds only CA certificates names no end entity, ever. Used for one, it clears everybody. \
         CAs that publish two lists send the wrong one sooner or later.",
            OUT_OF_SCOPE,
            |recipe, _| {
                set(list(recipe)?, limited(Limit::Authorities).critical());
                Ok(())
            },
        )
    },
    Defect {
        clause: CLAUSE,
        ..defect(
            "revocation/crl-for-attribute-certificates-only",
            "the end entity's list is for attribute certificates only",
            "Attribute certificates are another kind of thing, numbered apart. A list of them says nothing of a public \
             key certificate.",
            OUT_OF_SCOPE,
            |recipe, _| {
                set(list(recipe)?, limited(Limit::Attributes).critical());
                Ok(())
            },
        )
    },
    Defect {
        clause: CLAUSE,
        positions: &[Position::Intermediate],
        ..defect(
            "revocation/crl-for-users-only",
            "the intermediate's list is for end entities only",
            "A list that holds only end entities cannot tell whether a CA was revoked. The revocation of a CA is the \
             one that matters most.",
            OUT_OF_SCOPE,
            |recipe, position| {
                let issuer = issuer_of(recipe, position)?;
                set(crl_of(recipe, &issuer)?, limited(Limit::Users).critical());
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.2.5",
        ..defect(
            "revocation/scope-not-critical",
            "the list is for CA certificates only, and says so in an extension that is not critical",
            "The scope of a list is critical by definition, so that nobody uses a list whose scope he cannot read. A \
             list that marks it otherwise is wrong, and its scope is what it says all the same.",
            &[
                Reason::RevocationUnknown,
                Reason::CrlMalformed,
                Reason::WrongCriticality,
            ],
            |recipe, _| {
                set(list(recipe)?, limited(Limit::Authorities).not_critical());
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.2.5",
        ..defect(
            "revocation/scope-contradicts-itself",
            "the list is for end entities only and for CA certificates only",
            "At most one of the limits may be set. A list that holds only what is both holds nothing, whichever of the \
             two a verifier tests first.",
            BAD_SCOPE,
            |recipe, _| {
                set(
                    list(recipe)?,
                    limited(Limit::UsersAndAuthorities).critical(),
                );
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.2.5",
        class: Class::Lint,
        severity: Severity::Low,
        ..defect(
            "revocation/scope-empty",
            "the list's scope is an empty sequence",
            "A scope that says nothing must be left out: it is critical, so that it only stops those who do not know \
             the extension.",
            BAD_SCOPE,
            |recipe, _| set_raw_scope(recipe, &[0x30, 0]),
        )
    },
    Defect {
        clause: "RFC 5280 section 5.2.5; X.690 section 11.2.2",
        ..defect(
            "revocation/scope-with-empty-reasons",
            "the list's onlySomeReasons is a bit string without bits",
            "No bit is set, so that the list covers no reason at all. rustls-webpki before 0.103.13 panicked on it \
             before it had verified any signature: whoever could offer a list could stop the service.",
            OUT_OF_SCOPE,
            |recipe, _| set_raw_scope(recipe, &[0x30, 3, 0x83, 1, 0]),
        )
    },
    Defect {
        clause: "RFC 5280 sections 4.2.1.13 and 5.2.5",
        prepare: with_partition,
        ..defect(
            "revocation/scope-with-x400-address",
            "certificate and list name their distribution points by X.400 addresses that differ",
            "Nobody publishes lists under X.400 addresses, so the code that compares them is never run. In OpenSSL it \
             compared them as another type and read memory where the attacker pointed (CVE-2023-0286). The two \
             addresses differ, hence the list is not the certificate's.",
            &[
                Reason::RevocationUnknown,
                Reason::CrlMalformed,
                Reason::MalformedExtension,
            ],
            |recipe, _| {
                // [0] DistributionPointName { [0] fullName { [3] x400Address { countryName } } }
                let named = |letter| {
                    vec![
                        0xa0, 0x0c, 0xa0, 0x0a, 0xa3, 8, 0x30, 6, 0x61, 4, 0x13, 2, b'C', letter,
                    ]
                };
                let certificate_points = [&[0x30, 0x10, 0x30, 0x0e][..], &named(b'H')].concat();
                let value = ExtensionValue::Raw {
                    oid: oid::CRL_DISTRIBUTION_POINTS,
                    value: certificate_points.into(),
                };
                certificate_at(recipe, Position::EndEntity)?.set_extension(value.not_critical());
                set_raw_scope(recipe, &[&[0x30, 0x0e][..], &named(b'X')].concat())
            },
        )
    },
];

/// What a list is limited to.
pub(super) enum Limit {
    Users,
    Authorities,
    UsersAndAuthorities,
    Attributes,
    Reasons,
    Indirect,
}

/// A scope with one limit and no distribution point.
pub(super) fn limited(limit: Limit) -> ExtensionValue {
    ExtensionValue::IssuingDistributionPoint {
        uri: None,
        only_user: matches!(limit, Limit::Users | Limit::UsersAndAuthorities),
        only_ca: matches!(limit, Limit::Authorities | Limit::UsersAndAuthorities),
        only_attribute: matches!(limit, Limit::Attributes),
        only_some_reasons: if matches!(limit, Limit::Reasons) {
            vec![1, 2]
        } else {
            Vec::new()
        },
        indirect: matches!(limit, Limit::Indirect),
    }
}

/// The scope of a list that is published in one place and covers some reasons.
fn for_reasons(uri: &str, reasons: &[u8]) -> ExtensionValue {
    ExtensionValue::IssuingDistributionPoint {
        uri: Some(uri.to_owned()),
        only_user: false,
        only_ca: false,
        only_attribute: false,
        only_some_reasons: reasons.to_vec(),
        indirect: false,
    }
}

fn point(uri: &str, reasons: &[u8]) -> DistributionPoint {
    let names = vec![GeneralName::Uri(uri.to_owned())];
    DistributionPoint {
        names,
        reasons: reasons.to_vec(),
        crl_issuer: Vec::new(),
    }
}

fn set_raw_scope(recipe: &mut Recipe, value: &[u8]) -> Result<(), Unfit> {
    let scope = ExtensionValue::Raw {
        oid: oid::ISSUING_DISTRIBUTION_POINT,
        value: value.into(),
    };
    set(list(recipe)?, scope.critical());
    Ok(())
}

/// The end entity points to the place where its issuer's list is published, and the list says so too.
pub(super) fn with_partition(recipe: &mut Recipe, _: Position) -> Result<(), Unfit> {
    // Some verifiers ask for the anchor's own status too, which a part of its list cannot tell.
    anchor_above(recipe)?;
    add_fresh_crls(recipe);
    let points = ExtensionValue::CrlDistributionPoints(vec![FIRST_POINT.to_owned()]).not_critical();
    certificate_at(recipe, Position::EndEntity)?.set_extension(points);
    set(list(recipe)?, published_at(FIRST_POINT).critical());
    Ok(())
}

/// A complete list, and after it a part of it that the end entity does not point to.
fn with_partition_beside(recipe: &mut Recipe, _: Position) -> Result<(), Unfit> {
    add_fresh_crls(recipe);
    add_list(recipe, "crl-part", 7)?;
    set(part(recipe)?, published_at(FIRST_POINT).critical());
    Ok(())
}

fn part(recipe: &mut Recipe) -> Result<&mut crate::recipe::Crl, Unfit> {
    labelled(recipe, "crl-part")
}

pub(super) fn labelled<'r>(
    recipe: &'r mut Recipe,
    label: &str,
) -> Result<&'r mut crate::recipe::Crl, Unfit> {
    recipe
        .crls
        .iter_mut()
        .find(|list| list.label.0 == label)
        .map(|list| &mut **list)
        .ok_or(Unfit("there is no such list"))
}

fn move_to_front(recipe: &mut Recipe, label: &str) {
    recipe.crls.sort_by_key(|list| list.label.0 != label);
}

/// The anchor, where it is not the end entity's issuer itself.
pub(super) fn anchor_above(recipe: &mut Recipe) -> Result<Label, Unfit> {
    let path = recipe.issuers_of_end_entity();
    match path.len() {
        3.. => Ok(path[path.len() - 1].clone()),
        _ => Err(Unfit("the anchor issued the end entity itself")),
    }
}
