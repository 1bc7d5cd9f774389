//! Lists that speak for other CAs, and lists or entries with what nobody knows: who and what an entry is about.

use super::{
    Defect, FIRST_POINT, Position, UNKNOWN_EXTENSION, defect, entry, list, published_at, revoke_as,
    scope::{Limit, anchor_above, labelled, limited},
    serial_of, set,
};
use crate::{
    defect::{Class, Severity, Unfit, certificate_at, issuer_of},
    recipe::{
        Crl, DistributionPoint, ExtensionValue, GeneralName, Label, Name, Recipe, Revoked,
        generate::{add_fresh_crls, fresh_crl},
    },
    verdict::Reason,
};

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        clause: "RFC 5280 sections 4.2.1.13 and 6.3.3 (b)(1)",
        ..defect(
            "revocation/indirect-crl-unannounced",
            "the only list is an indirect one of the anchor, which the certificate does not name",
            "An indirect list speaks for other CAs, but only for certificates that name its issuer. Otherwise any CA \
             under the same anchor could clear, or revoke, the certificates of all others.",
            &[Reason::RevocationUnknown, Reason::CrlMalformed],
            |recipe, _| {
                let anchor = anchor_above(recipe)?;
                let list = list(recipe)?;
                list.issuer = anchor;
                set(list, limited(Limit::Indirect).critical());
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 sections 5.3.3 and 6.3.3 (i)",
        prepare: with_indirect_list,
        ..defect(
            "revocation/indirect-crl-revokes",
            "an indirect list names the certificate in an entry that inherits its issuer from the entry before",
            "In an indirect list an entry without an issuer belongs to the issuer of the entry before it. A reader that \
             takes each entry by itself ascribes it to the list's own issuer and never finds the certificate; one that \
             looks at numbers alone revokes another CA's certificate, which is what the twin holds.",
            &[Reason::Revoked],
            |recipe, _| {
                let issuer = issuer_of(recipe, Position::EndEntity)?;
                let subject = recipe
                    .certificate(&issuer)
                    .map(|issuer| issuer.subject.clone());
                let of_issuer = entry_of(recipe, vec![0x7d, 1], subject.unwrap_or_default());
                let serial = serial_of(recipe, Position::EndEntity)?;
                let inherited = entry(recipe, serial);
                let list = indirect(recipe)?;
                list.revoked.extend([of_issuer, inherited]);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 sections 4.2.1.13 and 6.3.3 (b)(1)",
        prepare: with_indirect_list,
        ..defect(
            "revocation/indirect-crl-of-another-than-announced",
            "the certificate names the issuer of its list, and the only list is an indirect one of somebody else",
            "cRLIssuer holds the name that stands in the list, octet for octet. A verifier that sees a cRLIssuer and an \
             indirect list, and does not compare the names, lets every issuer of lists under the anchor speak for all.",
            &[Reason::RevocationUnknown, Reason::CrlMalformed],
            |recipe, _| {
                let other = Name::of("Somebody Else", "Issuer of Lists");
                let point = DistributionPoint {
                    crl_issuer: vec![GeneralName::Directory(other)],
                    ..DistributionPoint::default()
                };
                let points = ExtensionValue::DistributionPoints(vec![point]).not_critical();
                certificate_at(recipe, Position::EndEntity)?.set_extension(points);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 sections 5.2.5 and 6.3.3 (b)(1)",
        prepare: |recipe, position| {
            with_indirect_list(recipe, position)?;
            // Only a list that is marked has entries of other issuers.
            indirect(recipe)?.revoked.clear();
            Ok(())
        },
        ..defect(
            "revocation/indirect-crl-not-marked",
            "the list of another CA that the certificate names does not say that it is indirect",
            "A list that speaks for other CAs says so in its scope. Without that it is the list of its own issuer's \
             certificates, of which the end entity is none, and it names nobody who is not its own.",
            &[Reason::RevocationUnknown, Reason::CrlMalformed],
            |recipe, _| {
                let list = indirect(recipe)?;
                let own = published_at(FIRST_POINT);
                list.extensions
                    .retain(|present| present.value.oid() != own.oid());
                Ok(())
            },
        )
    },
    Defect {
        class: Class::Lint,
        severity: Severity::Medium,
        clause: "RFC 5280 section 5.3.3",
        prepare: with_indirect_list,
        ..defect(
            "revocation/indirect-crl-issuer-not-critical",
            "an indirect list has an entry whose issuer stands in an extension that is not critical",
            "Who does not know the extension takes the entry, and all that follow, for those of the list's own issuer: numbers \
             are revoked that nobody revoked, and revoked ones are missed. So it has to be critical, and a list in which it is \
             not was written against its own readers.",
            &[Reason::CrlMalformed, Reason::RevocationUnknown],
            |recipe, _| {
                let issuer = issuer_of(recipe, Position::EndEntity)?;
                let subject = recipe
                    .certificate(&issuer)
                    .map(|issuer| issuer.subject.clone());
                let mut of_issuer = entry_of(recipe, vec![0x7d, 1], subject.unwrap_or_default());
                for extension in &mut of_issuer.extensions {
                    extension.critical = false;
                }
                indirect(recipe)?.revoked.push(of_issuer);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.3",
        ..defect(
            "revocation/entry-unknown-critical-extension",
            "the entry of another certificate holds a critical extension that nobody knows",
            "A critical extension of an entry may change what the entries mean, as certificateIssuer does for all that \
             follow. Whoever does not know it must not use the list for any certificate, not only for that entry's.",
            &[
                Reason::CrlUnknownCriticalExtension,
                Reason::RevocationUnknown,
                Reason::CrlMalformed,
            ],
            |recipe, _| {
                let mut other = entry(recipe, vec![0x7d, 2]);
                let value = ExtensionValue::Raw {
                    oid: UNKNOWN_EXTENSION,
                    value: vec![5, 0].into(),
                };
                other.extensions.push(value.critical());
                list(recipe)?.revoked.push(other);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 sections 5.3 and 5.3.3",
        ..defect(
            "revocation/revoked-with-unknown-critical-entry-extension",
            "the end entity's own entry holds a critical extension that nobody knows",
            "The list may not be used, so the status is unknown at best; and the number is on it. To drop the entry \
             because it cannot be understood is the worst of the answers.",
            &[
                Reason::CrlUnknownCriticalExtension,
                Reason::Revoked,
                Reason::RevocationUnknown,
                Reason::CrlMalformed,
            ],
            |recipe, _| {
                revoke_as(recipe, Position::EndEntity, |entry| {
                    let value = ExtensionValue::Raw {
                        oid: UNKNOWN_EXTENSION,
                        value: vec![5, 0].into(),
                    };
                    entry.extensions.push(value.critical());
                })
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.2",
        ..defect(
            "revocation/crl-unknown-critical-extension",
            "the list holds a critical extension that nobody knows",
            "A critical extension may change what the list says: its scope, or how entries are to be read. Whoever \
             does not know it must not use the list to determine the status of a certificate, so the status stays \
             unknown.",
            &[
                Reason::CrlUnknownCriticalExtension,
                Reason::RevocationUnknown,
                Reason::CrlMalformed,
            ],
            |recipe, _| {
                let value = ExtensionValue::Raw {
                    oid: UNKNOWN_EXTENSION,
                    value: vec![5, 0].into(),
                };
                list(recipe)?.extensions.push(value.critical());
                Ok(())
            },
        )
    },
];

fn indirect(recipe: &mut Recipe) -> Result<&mut Crl, Unfit> {
    labelled(recipe, "crl-indirect")
}

/// An entry that says whose certificate it is about.
fn entry_of(recipe: &Recipe, serial: Vec<u8>, issuer: Name) -> Revoked {
    let mut entry = entry(recipe, serial);
    let names = ExtensionValue::CertificateIssuer(vec![GeneralName::Directory(issuer)]);
    entry.extensions.push(names.critical());
    entry
}

/// The end entity names the anchor as issuer of its list, which is indirect and
/// revokes the same number of another CA.
fn with_indirect_list(recipe: &mut Recipe, _: Position) -> Result<(), Unfit> {
    let anchor = anchor_above(recipe)?;
    add_fresh_crls(recipe);
    let issuer = issuer_of(recipe, Position::EndEntity)?;
    recipe.crls.retain(|list| list.issuer != issuer);
    let subject = recipe
        .certificate(&anchor)
        .map(|anchor| anchor.subject.clone())
        .unwrap_or_default();
    let point = DistributionPoint {
        crl_issuer: vec![GeneralName::Directory(subject)],
        ..DistributionPoint::default()
    };
    let points = ExtensionValue::DistributionPoints(vec![point]).not_critical();
    certificate_at(recipe, Position::EndEntity)?.set_extension(points);
    let serial = serial_of(recipe, Position::EndEntity)?;
    let of_another = entry_of(
        recipe,
        serial,
        Name::of("Somebody Else", "Another Issuing CA"),
    );
    let mut list = fresh_crl(recipe, &anchor);
    list.label = Label::from("crl-indirect");
    set(&mut list, limited(Limit::Indirect).critical());
    list.revoked.push(of_another);
    recipe.crls.push(list.into());
    Ok(())
}
