//! Times that are wrongly written where few look: at the start of the period, and in the anchor.

use super::form::{
    as_nothing, at_hour_24, digits, end_of, far_utc_end, in_month_0, in_month_13, in_second_60,
    late_end, malformed, old_start, on_thirtieth_of_february, respell_generalized, respell_start,
    respell_utc, with_fraction, with_letters, with_offset, without_seconds, write_end,
};
use crate::{
    defect::{Class, Defect, Position, Severity, Step},
    der::tag,
    verdict::Reason,
};

/// A notBefore that is no time of RFC 5280, long past in any reading.
const fn start(id: &'static str, summary: &'static str, page: &'static str, spoil: Step) -> Defect {
    malformed(id, summary, page, old_start, spoil)
}

/// A time of the anchor's certificate, which RFC 5280 section 6.1.1 (d) leaves to the operator.
const fn anchored(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    prepare: Step,
    spoil: Step,
) -> Defect {
    Defect {
        class: Class::Policy,
        severity: Severity::Low,
        positions: &[Position::Anchor],
        // An anchor that cannot be read is none.
        reasons: &[
            Reason::BadValidity,
            Reason::MalformedDer,
            Reason::UnknownIssuer,
        ],
        ..malformed(id, summary, page, prepare, spoil)
    }
}

/// How a notBefore is written.
pub(super) const STARTS: &[Defect] = &[
    start(
        "validity/start-without-zone",
        "notBefore is a UTCTime without Z",
        "Without a zone the start moves by half a day with the reader's clock. The moment is long past for all of them, so that only the form can be refused.",
        |recipe, position| respell_start(recipe, position, tag::UTC_TIME, str::to_owned),
    ),
    start(
        "validity/start-in-month-0",
        "notBefore is in the month 00",
        "Month tables start at one, and the start of the period is often read by a function of its own. What cannot be computed must not count as past.",
        |recipe, position| respell_start(recipe, position, tag::UTC_TIME, in_month_0),
    ),
    start(
        "validity/start-on-thirtieth-of-february",
        "notBefore is on the thirtieth of February",
        "No calendar has this day. A reader that normalises it starts the certificate in March, and one that refuses it never does.",
        |recipe, position| respell_start(recipe, position, tag::UTC_TIME, on_thirtieth_of_february),
    ),
    start(
        "validity/start-at-hour-24",
        "notBefore is at 24 o'clock",
        "DER has no hour 24. Two readers that disagree about it disagree by a day about when a certificate may first be used.",
        |recipe, position| respell_start(recipe, position, tag::UTC_TIME, at_hour_24),
    ),
    start(
        "validity/start-in-second-60",
        "notBefore is in the second 60",
        "Leap seconds have no place in UTCTime, at the start of the period as little as at its end. A library that \
         carries the second over takes the certificate, one that asks for a number below 60 refuses it, and no two \
         hosts of a fleet need agree.",
        |recipe, position| respell_start(recipe, position, tag::UTC_TIME, in_second_60),
    ),
    start(
        "validity/start-of-letters",
        "notBefore has letters where digits must stand",
        "A reader that computes with characters finds a moment in any text. If that comes out early enough, the check of the start is passed by a start that nobody wrote.",
        |recipe, position| respell_start(recipe, position, tag::UTC_TIME, with_letters),
    ),
    start(
        "validity/start-empty",
        "notBefore is a UTCTime of no characters",
        "A result that is initialised with zero and never filled in is the year 1970: long past, and accepted. The twin has a true start.",
        |recipe, position| respell_start(recipe, position, tag::UTC_TIME, as_nothing),
    ),
    start(
        "validity/start-with-four-digit-year-in-utc-time",
        "notBefore is a UTCTime with a year of four digits",
        "The text of a GeneralizedTime under the tag of a UTCTime: by its tag it begins with the year 20, which is past, whatever comes after.",
        |recipe, position| {
            respell_start(recipe, position, tag::UTC_TIME, |digits| {
                format!("20{digits}Z")
            })
        },
    ),
    start(
        "validity/start-with-two-digit-year-in-generalized-time",
        "notBefore is a GeneralizedTime with a year of two digits",
        "The text of a UTCTime under the other tag. Read as the tag says the year has four digits, two of which are the month.",
        |recipe, position| {
            respell_start(recipe, position, tag::GENERALIZED_TIME, |digits| {
                format!("{digits}Z")
            })
        },
    ),
    Defect {
        reasons: &[
            Reason::BadValidity,
            Reason::MalformedDer,
            Reason::TrailingData,
        ],
        ..start(
            "validity/start-of-another-type",
            "notBefore is an INTEGER",
            "A number where a time must stand. A reader that takes it for seconds since 1970 finds the first second of that year, and the certificate valid.",
            |recipe, position| {
                respell_start(recipe, position, tag::INTEGER, |_| "\u{1}".to_owned())
            },
        )
    },
    start(
        "validity/start-without-zone-in-generalized-time",
        "notBefore is a GeneralizedTime without Z",
        "RFC 5280 demands Greenwich Mean Time, written Z, in both forms of time and at both ends. The year belongs into a UTCTime besides, as the twin has it.",
        |recipe, position| {
            respell_start(recipe, position, tag::GENERALIZED_TIME, |digits| {
                format!("20{digits}")
            })
        },
    ),
    start(
        "validity/start-with-offset-in-generalized-time",
        "notBefore is a GeneralizedTime with an offset",
        "An offset moves the start by hours for whoever reads it, and by nothing for whoever stops at the seconds. The form allows no offset at all.",
        |recipe, position| {
            respell_start(recipe, position, tag::GENERALIZED_TIME, |digits| {
                format!("20{digits}+0200")
            })
        },
    ),
    start(
        "validity/start-without-seconds-in-generalized-time",
        "notBefore is a GeneralizedTime without seconds",
        "BER allows it, and a reader that counts on fifteen characters reads the Z as a digit of the seconds. \
         Whatever number comes of that, the certificate starts at a time that its CA has not said.",
        |recipe, position| {
            respell_start(recipe, position, tag::GENERALIZED_TIME, |digits| {
                format!("20{}Z", &digits[..10])
            })
        },
    ),
    start(
        "validity/start-with-zero-fraction",
        "notBefore is a GeneralizedTime with a fraction of nothing",
        "The fraction says nothing and stands there: two encodings of one moment, which is one too many for DER. \
         Whoever compares times as text, which is right for the one form that is allowed, puts this one before the \
         same second without a fraction.",
        |recipe, position| {
            respell_start(recipe, position, tag::GENERALIZED_TIME, |digits| {
                format!("20{digits}.0Z")
            })
        },
    ),
    start(
        "validity/start-with-comma",
        "notBefore is a GeneralizedTime with a fraction after a comma",
        "A reader that splits at the point does not see that this is a fraction. RFC 5280 allows neither mark, before or after the date.",
        |recipe, position| {
            respell_start(recipe, position, tag::GENERALIZED_TIME, |digits| {
                format!("20{digits},5Z")
            })
        },
    ),
    Defect {
        severity: Severity::Low,
        class: Class::Lint,
        ..start(
            "validity/start-before-2050-in-generalized-time",
            "notBefore is a GeneralizedTime although its year is below 2050",
            "One moment has one encoding, and years through 2049 are written as UTCTime. Every reader can read this; strict ones refuse it.",
            |recipe, position| {
                respell_start(recipe, position, tag::GENERALIZED_TIME, |digits| {
                    format!("20{digits}Z")
                })
            },
        )
    },
];

/// How the times of an anchor are written.
pub(super) const ANCHORS: &[Defect] = &[
    anchored(
        "validity/anchor-end-without-seconds",
        "the notAfter of the trust anchor's certificate is a UTCTime without seconds",
        "An anchor is a name and a key, and what else its certificate says is read by few. A store that reads it must refuse what is no time, or an operator never learns when his root ends.",
        far_utc_end,
        |recipe, position| respell_utc(recipe, position, without_seconds),
    ),
    anchored(
        "validity/anchor-end-in-month-13",
        "the notAfter of the trust anchor's certificate is in the thirteenth month",
        "The end of a root is a moment that no calendar has. A verifier that normalises it, and one that takes it for no end at all, trust this root for different times.",
        far_utc_end,
        |recipe, position| respell_utc(recipe, position, in_month_13),
    ),
    anchored(
        "validity/anchor-end-empty",
        "the notAfter of the trust anchor's certificate has no characters",
        "A root without an end that anybody could read. It is in the store because somebody put it there, and not because it was looked at.",
        far_utc_end,
        |recipe, position| respell_utc(recipe, position, as_nothing),
    ),
    anchored(
        "validity/anchor-start-with-offset",
        "the notBefore of the trust anchor's certificate has an offset",
        "The form of a time does not depend on whose certificate it stands in. Whoever holds anchors to their dates must hold them to the form of their dates.",
        old_start,
        |recipe, position| respell_start(recipe, position, tag::UTC_TIME, with_offset),
    ),
    anchored(
        "validity/anchor-end-with-fraction",
        "the notAfter of the trust anchor's certificate has half a second",
        "Roots are the certificates that live beyond 2050, and so the ones in which GeneralizedTime stands. Its fractions are forbidden in them as elsewhere.",
        late_end,
        |recipe, position| respell_generalized(recipe, position, with_fraction),
    ),
    Defect {
        class: Class::Lint,
        severity: Severity::Low,
        ..anchored(
            "validity/anchor-end-before-2050-in-generalized-time",
            "the notAfter of the trust anchor's certificate is a GeneralizedTime although its year is below 2050",
            "Old roots were made by tools that knew the date rule from hearsay. It is read without trouble, and refused by whoever is strict with his own store.",
            far_utc_end,
            |recipe, position| {
                let end = end_of(recipe, position)?;
                write_end(
                    recipe,
                    position,
                    tag::GENERALIZED_TIME,
                    format!("{}Z", digits(end)),
                )
            },
        )
    },
];
