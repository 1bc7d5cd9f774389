//! *validity*: certificates outside their time, and times that are not written as they must be.

use super::{Class, Defect, DefectId, Position, Severity, Step, as_it_is, certificate_at};
use crate::{question::Purpose, recipe::TimeField, verdict::Reason};

const CERTIFICATES: &[Position] = &[Position::EndEntity, Position::Intermediate];

/// Everything that the defects of this family share.
const fn defect(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    reasons: &'static [Reason],
    spoil: Step,
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        clause: "RFC 5280 sections 4.1.2.5 and 6.1.3 (a)(2)",
        severity: Severity::High,
        class: Class::MustReject,
        positions: CERTIFICATES,
        purposes: &Purpose::ALL,
        reasons,
        vulnerabilities: &[],
        prepare: as_it_is,
        spoil,
    }
}

/// The family.
pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        vulnerabilities: &[],
        ..defect(
            "validity/expired",
            "the certificate ended before the validation time",
            "A certificate past its notAfter proves nothing any more: its key may have been sold with the disk it \
             lay on, and no CRL lists it any longer. A verifier that reads only the end entity's dates lets an \
             expired intermediate pass, which is why both are tried.",
            &[Reason::Expired],
            |recipe, position| {
                let time = recipe.time;
                certificate_at(recipe, position)?.not_after = TimeField::Moment(time.plus_days(-1));
                Ok(())
            },
        )
    },
    defect(
        "validity/not-yet-valid",
        "the certificate starts after the validation time",
        "A certificate from the future was made for another time, or by somebody whose clock or intent is wrong. \
         A verifier that checks only the end of validity accepts it.",
        &[Reason::NotYetValid],
        |recipe, position| {
            let time = recipe.time;
            certificate_at(recipe, position)?.not_before = TimeField::Moment(time.plus_days(1));
            Ok(())
        },
    ),
];
