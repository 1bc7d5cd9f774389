//! *usage*: keys used for what their certificates do not allow: basicConstraints, key usage, extended key usage.

mod authority;
mod key;
mod purpose;

use super::{
    Class, Defect, DefectId, Position, Severity, Step, as_it_is,
    catalogue::{joined, total},
};
use crate::{
    question::Purpose,
    verdict::{Clause, Reason},
};

const BASIC_CONSTRAINTS: Clause = "RFC 5280 sections 4.2.1.9 and 6.1.4 (k)";
const KEY_USAGE: Clause = "RFC 5280 sections 4.2.1.3 and 6.1.4 (n)";
const EXTENDED_KEY_USAGE: Clause = "RFC 5280 section 4.2.1.12";

const END_ENTITY: &[Position] = &[Position::EndEntity];
const INTERMEDIATE: &[Position] = &[Position::Intermediate];

/// The family: who may issue, what a key may do, and for whom.
pub(super) const DEFECTS: &[Defect] = &joined::<{ total(PARTS) }>(PARTS);

const PARTS: &[&[Defect]] = &[authority::AUTHORITY, key::KEY_USAGES, purpose::PURPOSES];

/// Everything that the defects of this family share.
const fn defect(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    clause: Clause,
    positions: &'static [Position],
    reasons: &'static [Reason],
    spoil: Step,
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        clause,
        severity: Severity::High,
        class: Class::MustReject,
        positions,
        purposes: &Purpose::ALL,
        reasons,
        vulnerabilities: &[],
        prepare: as_it_is,
        spoil,
    }
}

/// A defect that a careful verifier refuses.
const fn policy(defect: Defect) -> Defect {
    Defect {
        severity: Severity::Medium,
        class: Class::Policy,
        ..defect
    }
}

/// A defect that only a profile refuses.
const fn lint(defect: Defect) -> Defect {
    Defect {
        severity: Severity::Low,
        class: Class::Lint,
        ..defect
    }
}
