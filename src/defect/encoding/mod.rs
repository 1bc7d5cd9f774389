//! *encoding*: bytes that are not the DER of a certificate.
//!
//! What BER allows and DER does not is for strict readers to refuse; what is no
//! encoding at all, or says something else to another reader, for all.

mod element;
mod length;
mod number;
mod size;
mod text;
mod version;

use super::{
    Class, Defect, Position, Severity,
    catalogue::{joined, total},
    malformed as defect,
};
use crate::verdict::Clause;

const END_ENTITY: &[Position] = &[Position::EndEntity];
const DER: Clause = "X.690 section 10; RFC 5280 section 4.1";

/// The family: lengths, elements, numbers, texts, versions, sizes.
pub(super) const DEFECTS: &[Defect] = &joined::<{ total(PARTS) }>(PARTS);

const PARTS: &[&[Defect]] = &[
    length::LENGTHS,
    element::TRAILING,
    element::WRONG_TAGS,
    element::BER,
    number::NUMBERS,
    text::TEXTS,
    version::VERSIONS,
    size::SIZES,
];

/// A defect that only strict DER or a profile refuses.
const fn lint(defect: Defect) -> Defect {
    Defect {
        severity: Severity::Low,
        class: Class::Lint,
        ..defect
    }
}
