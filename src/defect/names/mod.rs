//! *names*: certificates that are not for the name that was asked, or whose names are malformed.

mod server;

use super::{Class, Defect, DefectId, Position, Severity, Step, Unfit, as_it_is, certificate_at};
use crate::{
    question::Purpose,
    recipe::{GeneralName, Recipe},
    verdict::Reason,
};

/// The tables of the family.
pub(super) const PARTS: &[&[Defect]] = &[server::DEFECTS];

const AT_END_ENTITY: &[Position] = &[Position::EndEntity];

/// Everything that the defects of this family share.
const fn defect(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: Step,
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        clause: "RFC 9525 section 6",
        severity: Severity::Critical,
        class: Class::MustReject,
        positions: AT_END_ENTITY,
        purposes: &[Purpose::Server],
        reasons: &[Reason::NameMismatch, Reason::MalformedName],
        vulnerabilities: &[],
        prepare: as_it_is,
        spoil,
    }
}

/// Gives the end entity these alternative names and no other.
fn named(recipe: &mut Recipe, names: Vec<GeneralName>) -> Result<(), Unfit> {
    *certificate_at(recipe, Position::EndEntity)?.alternative_names_mut() = names;
    Ok(())
}
