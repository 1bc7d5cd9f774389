//! *path*: chains whose certificates do not make a path, or one that is longer than a CA allowed.

use super::{
    Class, Defect, DefectId, Position, Severity, Step, Unfit, as_it_is, change::intermediates,
};
use crate::{
    der::oid,
    question::Purpose,
    recipe::{ExtensionValue, Label, Recipe},
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
        severity: Severity::Critical,
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
pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        severity: Severity::High,
        ..defect(
            "path/missing-intermediate",
            "the CA that issued the end entity is not presented",
            "Without the certificate between, nothing connects the end entity to the anchor. A verifier that knows the \
             issuer's name from elsewhere, or fetches whatever a URI in the certificate names, decides on what it was \
             not shown.",
            &[Reason::UnknownIssuer],
            as_it_is,
            |recipe, _| {
                let authorities = intermediates(recipe);
                let issuing = authorities
                    .first()
                    .ok_or(Unfit("the chain has no intermediate"))?;
                recipe.presented.retain(|label| label != issuing);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 sections 4.2.1.9 and 6.1.4 (l), (m)",
        positions: &[Position::Intermediate],
        ..defect(
            "path/length-exceeded",
            "one more CA follows than pathLenConstraint allows",
            "A CA that may issue end entities only has made a CA. Without this rule, whoever gets hold of any \
             intermediate can grow a tree below it that the root never allowed. The twin has exactly as many CAs as \
             the constraint says, the hostile chain one more.",
            &[Reason::PathLengthExceeded],
            |recipe, _| limit_highest_intermediate(recipe, 0),
            |recipe, _| limit_highest_intermediate(recipe, 1),
        )
    },
];

/// Lets the CA below the anchor have as many CAs below it as it has, less `fewer`.
fn limit_highest_intermediate(recipe: &mut Recipe, fewer: u64) -> Result<(), Unfit> {
    let authorities = intermediates(recipe);
    let [below @ .., highest] = authorities.as_slice() else {
        return Err(Unfit("the chain has no intermediate"));
    };
    let allowed = (below.len() as u64)
        .checked_sub(fewer)
        .filter(|_| !below.is_empty())
        .ok_or(Unfit("no CA stands below the highest intermediate"))?;
    set_path_length(recipe, highest, Some(allowed))
}

fn set_path_length(recipe: &mut Recipe, label: &Label, length: Option<u64>) -> Result<(), Unfit> {
    let constraints = recipe
        .certificate_mut(label)
        .and_then(|certificate| certificate.extension_mut(&oid::BASIC_CONSTRAINTS))
        .ok_or(Unfit("the CA has no basicConstraints"))?;
    constraints.value = ExtensionValue::BasicConstraints {
        ca: true,
        path_length: length,
    };
    Ok(())
}
