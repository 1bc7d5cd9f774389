//! *path*: certificates that make no path, or one that is longer than a CA allowed.
//!
//! Where a verifier must find its way (shuffled, repeated, unrelated and
//! cross-signed certificates), finding it is the twin, and the hostile chain
//! lacks the one good way.

mod building;
mod length;

use building::BUILDING;
use length::LENGTHS;

use super::{
    Class, Defect, DefectId, Position, Severity, Step, Unfit, as_it_is,
    catalogue::{joined, total},
    certificate_at,
    change::{add_authority, intermediates, without_crls},
    issuer_of, label_at,
};
use crate::{
    question::Purpose,
    recipe::{Certificate, Key, Label, Name, Recipe},
    verdict::Reason,
};

/// Everything that the defects of this family share.
const fn defect(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    reasons: &'static [Reason],
    prepare: Step,
    spoil: Step,
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        clause: "RFC 5280 sections 6.1 and 6.1.3 (a)(4)",
        severity: Severity::High,
        class: Class::MustReject,
        positions: &[Position::Chain],
        purposes: &Purpose::ALL,
        reasons,
        vulnerabilities: &[],
        prepare,
        spoil,
    }
}

/// The family.
pub(super) const DEFECTS: &[Defect] = &joined::<{ total(PARTS) }>(PARTS);

const PARTS: &[&[Defect]] = &[BROKEN, LENGTHS, BUILDING];

const BROKEN: &[Defect] = &[
    defect(
        "path/missing-intermediate",
        "the CA that issued the end entity is not presented",
        "Without the certificate between, nothing connects the end entity to the anchor. A verifier that knows the \
         issuer's name from elsewhere, or fetches whatever a URI in the certificate names, decides on what it was \
         not shown.",
        &[Reason::UnknownIssuer],
        as_it_is,
        remove_issuing,
    ),
    defect(
        "path/missing-upper-intermediate",
        "the CA between the issuing CA and the anchor is not presented",
        "The chain starts well and stops short of the anchor. A verifier that is content with a path to any CA \
         certificate it was shown accepts it.",
        &[Reason::UnknownIssuer],
        as_it_is,
        |recipe, _| {
            let authorities = intermediates(recipe);
            match authorities.as_slice() {
                [_, .., highest] => recipe.presented.retain(|label| label != highest),
                _ => return Err(Unfit("the chain has one intermediate at most")),
            }
            Ok(())
        },
    ),
    Defect {
        severity: Severity::Critical,
        vulnerabilities: &["CVE-2011-0228", "CVE-2015-1793"],
        ..defect(
            "path/end-entity-as-issuer",
            "an end entity's certificate, good in itself, issued another",
            "Any employee's or device's certificate would be a CA. iOS accepted such chains because it did not look at \
             basicConstraints (CVE-2011-0228); OpenSSL accepted them when a first path had failed and it tried \
             another (CVE-2015-1793).",
            &[Reason::NotACa, Reason::KeyUsage, Reason::UnknownIssuer],
            without_crls_or_limits,
            |recipe, _| {
                if intermediates(recipe).len() > 3 {
                    return Err(Unfit("one more CA would be too deep for some profiles"));
                }
                let own = certificate_at(recipe, Position::EndEntity)?.clone();
                let middle = Label::from("stranger");
                recipe.certificates.push(
                    Certificate {
                        label: middle.clone(),
                        subject: Name::of("Gatecrash Example", "device-8"),
                        key: Key::new(own.key.algorithm, middle.0.clone()),
                        ..own
                    }
                    .into(),
                );
                certificate_at(recipe, Position::EndEntity)?.issuer = middle.clone();
                recipe.presented.insert(1, middle);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 6.1.3 (a)(4)",
        severity: Severity::Medium,
        positions: &[Position::EndEntity, Position::Intermediate],
        ..defect(
            "path/issuer-name-of-another",
            "the issuer's key signed the certificate, but its issuer field has another name",
            "Names chain: the issuer field is the subject of the certificate above. A verifier that finds the issuer by \
             key identifier and checks the signature only, takes a certificate of one CA for that of another that \
             shares the key, and with it the other's constraints and revocation lists.",
            &[Reason::UnknownIssuer],
            without_crls,
            |recipe, position| {
                certificate_at(recipe, position)?.issuer_name =
                    Some(Name::of("Gatecrash Example", "Another CA of the same key"));
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 sections 4.1.2.4 and 4.1.2.6",
        severity: Severity::Medium,
        positions: &[Position::Intermediate],
        ..defect(
            "path/authority-without-name",
            "the issuing CA's subject, and so the end entity's issuer, is empty",
            "A CA must have a name, because names are how issuers, revocation lists and logs refer to it. An empty name \
             matches every other empty name.",
            &[Reason::MalformedName, Reason::UnknownIssuer],
            without_crls,
            |recipe, position| {
                certificate_at(recipe, position)?.subject = Name::default();
                Ok(())
            },
        )
    },
    defect(
        "path/cycle",
        "two CAs that issued each other and that no anchor issued",
        "Each certificate has an issuer and the signatures are true, but the way goes in a circle. A verifier must stop, \
         and must not take having seen the issuer before for having trusted it.",
        &[Reason::UnknownIssuer, Reason::BudgetExceeded],
        without_crls_or_limits,
        |recipe, _| {
            let issuer = issuer_of(recipe, Position::EndEntity)?;
            let one = add_authority(recipe, &issuer, "stranger", Name::common("Circle One"))?;
            let two = add_authority(recipe, &issuer, "other-anchor", Name::common("Circle Two"))?;
            for (label, issuer) in [(&one, &two), (&two, &one)] {
                if let Some(authority) = recipe.certificate_mut(label) {
                    authority.issuer = issuer.clone();
                }
            }
            certificate_at(recipe, Position::EndEntity)?.issuer = one.clone();
            recipe.presented.truncate(1);
            recipe.presented.extend([one, two]);
            Ok(())
        },
    ),
];

/// Neither a CRL nor a length of path that would be a second thing that is wrong.
fn without_crls_or_limits(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    length::lift_length_limits(recipe);
    without_crls(recipe, position)
}

/// Takes every copy of the issuing CA out of what is presented.
fn remove_issuing(recipe: &mut Recipe, _: Position) -> Result<(), Unfit> {
    let issuing = label_at(recipe, Position::Intermediate)?;
    recipe.presented.retain(|label| *label != issuing);
    Ok(())
}
