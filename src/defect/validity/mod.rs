//! *validity*: certificates outside their time, and times that are not written as they must be.

mod form;
mod place;

use form::FORMS;
use place::{ANCHORS, STARTS};

use super::{
    Class, Defect, DefectId, Position, Severity, Step, Unfit, as_it_is,
    catalogue::{joined, total},
    certificate_at,
};
use crate::{
    der::tag,
    question::{Purpose, Time},
    recipe::{Recipe, TimeField},
    verdict::Reason,
};

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

/// The family: wrong moments, then moments wrongly written.
pub(super) const DEFECTS: &[Defect] = &joined::<{ total(PARTS) }>(PARTS);

const PARTS: &[&[Defect]] = &[MOMENTS, FORMS, STARTS, ANCHORS];

const MOMENTS: &[Defect] = &[
    defect(
        "validity/expired",
        "the certificate ended before the validation time",
        "A certificate past its notAfter proves nothing any more: its key may have been sold with the disk it \
         lay on, and no CRL lists it any longer. A verifier that reads only the end entity's dates lets an \
         expired intermediate pass, which is why both are tried.",
        &[Reason::Expired],
        |recipe, position| end_at(recipe, position, -86_400),
    ),
    defect(
        "validity/not-yet-valid",
        "the certificate starts after the validation time",
        "A certificate from the future was made for another time, or by somebody whose clock or intent is wrong. \
         A verifier that checks only the end of validity accepts it.",
        &[Reason::NotYetValid],
        |recipe, position| start_at(recipe, position, 86_400),
    ),
    Defect {
        severity: Severity::Low,
        prepare: |recipe, position| end_at(recipe, position, 0),
        ..defect(
            "validity/expired-by-one-second",
            "the certificate ended one second before the validation time",
            "Both bounds belong to the period of validity. The twin ends in the very second of validation and is good, \
             the hostile certificate a second earlier and is not. Only exact comparison tells them apart.",
            &[Reason::Expired],
            |recipe, position| end_at(recipe, position, -1),
        )
    },
    Defect {
        severity: Severity::Low,
        prepare: |recipe, position| start_at(recipe, position, 0),
        ..defect(
            "validity/not-yet-valid-by-one-second",
            "the certificate starts one second after the validation time",
            "Both bounds belong to the period of validity. The twin starts in the very second of validation and is \
             good, the hostile certificate a second later and is not.",
            &[Reason::NotYetValid],
            |recipe, position| start_at(recipe, position, 1),
        )
    },
    defect(
        "validity/reversed-around-now",
        "notBefore is in the future and notAfter in the past",
        "A period that ends before it starts holds no moment at all. A verifier that sorts the two times, or takes \
         the distance between them for the period, finds the present inside.",
        &[Reason::BadValidity, Reason::Expired, Reason::NotYetValid],
        |recipe, position| {
            start_at(recipe, position, 86_400)?;
            end_at(recipe, position, -86_400)
        },
    ),
    defect(
        "validity/reversed-in-the-past",
        "notAfter lies before notBefore, both in the past",
        "A period that ends before it starts holds no moment at all. Here notBefore alone would be satisfied, so a \
         verifier that forgets the end accepts a certificate that was never valid.",
        &[Reason::BadValidity, Reason::Expired],
        |recipe, position| {
            start_at(recipe, position, -86_400)?;
            end_at(recipe, position, -2 * 86_400)
        },
    ),
    defect(
        "validity/reversed-in-the-future",
        "notAfter lies before notBefore, both in the future",
        "A period that ends before it starts holds no moment at all. Here notAfter alone would be satisfied, so a \
         verifier that forgets the start accepts a certificate that will never be valid.",
        &[Reason::BadValidity, Reason::NotYetValid],
        |recipe, position| {
            start_at(recipe, position, 2 * 86_400)?;
            end_at(recipe, position, 86_400)
        },
    ),
    Defect {
        prepare: |recipe, position| set_end(recipe, position, END_OF_TIME),
        ..defect(
            "validity/starts-in-year-9999",
            "the certificate starts in the year 9999",
            "99991231235959Z says that a certificate has no well-defined end, and is good: the twin has it. The hostile \
             certificate starts in that year too. A verifier whose times overflow 32 bits, or that stops at the word \
             for \"no end\", takes it for valid now.",
            &[Reason::NotYetValid],
            |recipe, position| {
                let start = Time::from_unix_seconds(END_OF_TIME.unix_seconds() - 86_400);
                certificate_at(recipe, position)?.not_before = TimeField::Moment(start);
                Ok(())
            },
        )
    },
    Defect {
        prepare: |recipe, position| {
            certificate_at(recipe, position)?.not_before = TimeField::Moment(YEAR_1955);
            Ok(())
        },
        ..defect(
            "validity/expired-before-1970",
            "the certificate ended in 1965",
            "UTCTime reaches back to 1950, so there are moments before the epoch from which most software counts. \
             A verifier that keeps such a moment in an unsigned number puts it far into the future. The twin starts \
             in 1955 and is good.",
            &[Reason::Expired],
            |recipe, position| set_end(recipe, position, YEAR_1965),
        )
    },
    defect(
        "validity/expired-in-1950",
        "notAfter is 500101000000Z, which means 1950 and not 2050",
        "RFC 5280 draws the line of two-digit years between 49 and 50. A verifier that draws it elsewhere reads an end \
         in 1950 as one in 2050, and a certificate that never was valid lasts for decades.",
        &[Reason::BadValidity, Reason::Expired],
        |recipe, position| {
            certificate_at(recipe, position)?.not_after = TimeField::Literal {
                tag: tag::UTC_TIME,
                text: "500101000000Z".to_owned(),
            };
            Ok(())
        },
    ),
    Defect {
        severity: Severity::Medium,
        class: Class::Policy,
        positions: &[Position::Anchor],
        ..defect(
            "validity/expired-anchor",
            "the trust anchor's certificate has ended",
            "RFC 5280 takes a trust anchor for a name and a key and does not look at its dates, so whether an expired \
             root still counts is a choice. A service that keeps a root of ten years ago in its store has usually \
             forgotten it rather than chosen.",
            &[Reason::Expired, Reason::BadAnchor],
            |recipe, position| end_at(recipe, position, -86_400),
        )
    },
    Defect {
        severity: Severity::Medium,
        class: Class::Policy,
        positions: &[Position::Anchor],
        ..defect(
            "validity/not-yet-valid-anchor",
            "the trust anchor's certificate has not started",
            "A root that was made for next year is in the store already. RFC 5280 does not look at an anchor's dates; \
             a careful verifier waits for the date that the root itself names.",
            &[Reason::NotYetValid, Reason::BadAnchor],
            |recipe, position| start_at(recipe, position, 86_400),
        )
    },
    Defect {
        severity: Severity::Low,
        class: Class::Policy,
        positions: &[Position::Anchor],
        prepare: |recipe, position| end_at(recipe, position, 0),
        ..defect(
            "validity/expired-anchor-by-one-second",
            "the trust anchor's certificate ended one second before the validation time",
            "Whoever holds an anchor to its dates must hold it to them exactly. The twin ends in the very second of \
             validation and is good.",
            &[Reason::Expired, Reason::BadAnchor],
            |recipe, position| end_at(recipe, position, -1),
        )
    },
    Defect {
        severity: Severity::Medium,
        class: Class::Policy,
        positions: &[Position::Anchor],
        ..defect(
            "validity/reversed-anchor",
            "the trust anchor's notAfter lies before its notBefore, with now between them",
            "No moment is inside such a period. A verifier that reads the dates of its anchors one at a time may find \
             each of them good.",
            &[
                Reason::BadValidity,
                Reason::Expired,
                Reason::NotYetValid,
                Reason::BadAnchor,
            ],
            |recipe, position| {
                start_at(recipe, position, 86_400)?;
                end_at(recipe, position, -86_400)
            },
        )
    },
    Defect {
        severity: Severity::Info,
        class: Class::Lint,
        clause: "CA/B Baseline Requirements section 6.3.2",
        positions: &[Position::EndEntity],
        ..defect(
            "validity/lifetime-of-a-century",
            "the end entity is valid for a hundred years",
            "Nothing in RFC 5280 forbids it, but a key that nobody ever has to renew outlives the people who know where \
             it lies. Profiles set a maximum: 398 days and falling on the public web, hours in a service mesh.",
            &[Reason::LifetimeTooLong],
            |recipe, position| end_at(recipe, position, 36_525 * 86_400),
        )
    },
];

/// 9999-12-31 23:59:59, the end that RFC 5280 section 4.1.2.5 gives to certificates without one.
const END_OF_TIME: Time = Time::from_unix_seconds(253_402_300_799);
/// 1955-01-01
const YEAR_1955: Time = Time::from_unix_seconds(-473_385_600);
/// 1965-01-01
const YEAR_1965: Time = Time::from_unix_seconds(-157_766_400);

/// Ends validity so many seconds after the validation time.
fn end_at(recipe: &mut Recipe, position: Position, seconds: i64) -> Result<(), Unfit> {
    let end = recipe.time.plus_seconds(seconds);
    set_end(recipe, position, end)
}

fn set_end(recipe: &mut Recipe, position: Position, end: Time) -> Result<(), Unfit> {
    certificate_at(recipe, position)?.not_after = TimeField::Moment(end);
    Ok(())
}

/// Starts validity so many seconds after the validation time.
fn start_at(recipe: &mut Recipe, position: Position, seconds: i64) -> Result<(), Unfit> {
    let start = recipe.time.plus_seconds(seconds);
    certificate_at(recipe, position)?.not_before = TimeField::Moment(start);
    Ok(())
}
