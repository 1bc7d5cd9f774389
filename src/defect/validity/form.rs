//! Times that are not written in the one form that RFC 5280 section 4.1.2.5 allows.
//!
//! Each says the same moment as its twin, as far as it says one at all, so that
//! the form alone is wrong.

use super::{defect, set_end};
use crate::{
    defect::{
        Class, Defect, Position, Severity, Step, Unfit, certificate_at, change::edit_signed_part,
    },
    der::{Change, tag},
    question::Time,
    recipe::{Recipe, TimeField},
    verdict::Reason,
};

/// A time that is no time of RFC 5280.
pub(super) const fn malformed(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    prepare: Step,
    spoil: Step,
) -> Defect {
    Defect {
        clause: "RFC 5280 sections 4.1.2.5.1 and 4.1.2.5.2; X.690 sections 11.7 and 11.8",
        severity: Severity::Medium,
        prepare,
        ..defect(
            id,
            summary,
            page,
            &[Reason::BadValidity, Reason::MalformedDer],
            spoil,
        )
    }
}

/// How a notAfter is written.
pub(super) const FORMS: &[Defect] = &[
    malformed(
        "validity/utc-time-without-seconds",
        "notAfter is a UTCTime without seconds",
        "BER lets a UTCTime leave its seconds out, DER does not. Readers that count on thirteen characters read the Z as \
         a digit or run past the end.",
        far_utc_end,
        |recipe, position| respell_utc(recipe, position, without_seconds),
    ),
    malformed(
        "validity/utc-time-without-zone",
        "notAfter is a UTCTime without Z",
        "Without a zone the moment depends on where the reader stands. Two verifiers a continent apart would differ by \
         half a day about the same certificate.",
        far_utc_end,
        |recipe, position| respell_utc(recipe, position, str::to_owned),
    ),
    malformed(
        "validity/utc-time-with-offset",
        "notAfter is a UTCTime with the offset +0000",
        "BER allows an offset in place of Z. DER and RFC 5280 do not, because a reader that skips it is wrong by \
         hours: an expired certificate of a stolen key is good for that much longer.",
        far_utc_end,
        |recipe, position| respell_utc(recipe, position, |digits| format!("{digits}+0000")),
    ),
    Defect {
        severity: Severity::High,
        ..defect(
            "validity/expired-by-its-offset",
            "notAfter looks an hour away and is an hour past by its offset",
            "The digits name a moment an hour from now, the offset +0200 moves it an hour into the past. A reader that \
             takes the digits and skips the offset accepts an expired certificate.",
            &[Reason::BadValidity, Reason::MalformedDer, Reason::Expired],
            |recipe, position| {
                let local = recipe.time.plus_seconds(3_600);
                set_end(recipe, position, local)?;
                respell_utc(recipe, position, with_offset)
            },
        )
    },
    malformed(
        "validity/month-13",
        "notAfter is in the thirteenth month",
        "A reader that computes with a month of 13 lands in the year after, or beyond the end of a table of month \
         lengths. It must find that this is no moment.",
        far_utc_end,
        |recipe, position| respell_utc(recipe, position, in_month_13),
    ),
    malformed(
        "validity/month-0",
        "notAfter is in the month 00",
        "Month tables start at one. A reader that subtracts one and does not look first reads in front of its table. \
         Perl, JavaScript and C count months from zero, which is where the subtraction comes from.",
        far_utc_end,
        |recipe, position| respell_utc(recipe, position, in_month_0),
    ),
    malformed(
        "validity/thirtieth-of-february",
        "notAfter is on the thirtieth of February",
        "A date that no calendar has. Readers that normalise it to March disagree with those that refuse it about when \
         the certificate ends.",
        far_utc_end,
        |recipe, position| respell_utc(recipe, position, on_thirtieth_of_february),
    ),
    malformed(
        "validity/hour-24",
        "notAfter is at 24 o'clock",
        "DER writes midnight as hour 00 of the next day and has no hour 24. A reader that accepts both reads one moment \
         from two encodings.",
        far_utc_end,
        |recipe, position| respell_utc(recipe, position, at_hour_24),
    ),
    malformed(
        "validity/second-60",
        "notAfter is in the second 60",
        "Leap seconds are not in UTCTime. Readers differ on whether 60 is the next minute or an error, and X.690 says \
         that it is an error.",
        far_utc_end,
        |recipe, position| respell_utc(recipe, position, in_second_60),
    ),
    malformed(
        "validity/letters-for-digits",
        "notAfter has letters where digits must stand",
        "A reader that subtracts the character 0 without asking whether it has a digit computes a moment from any \
         text, and the issuer of the text chooses which.",
        far_utc_end,
        |recipe, position| respell_utc(recipe, position, with_letters),
    ),
    malformed(
        "validity/empty-time",
        "notAfter is a UTCTime of no characters",
        "An empty string is no moment. A reader that initialises its result and finds nothing to fill in may end at the \
         epoch, or at no end at all.",
        far_utc_end,
        |recipe, position| respell_utc(recipe, position, as_nothing),
    ),
    malformed(
        "validity/four-digit-year-in-utc-time",
        "notAfter is a UTCTime with a year of four digits",
        "The text is that of GeneralizedTime under the tag of UTCTime. Read by its tag, 2027 becomes the year 20 and \
         the month 27.",
        far_utc_end,
        |recipe, position| {
            let end = end_of(recipe, position)?;
            write_end(recipe, position, tag::UTC_TIME, format!("{}Z", digits(end)))
        },
    ),
    malformed(
        "validity/two-digit-year-in-generalized-time",
        "notAfter is a GeneralizedTime with a year of two digits",
        "The text is that of UTCTime under the tag of GeneralizedTime. Read by its tag, the year 27 and the month 06 \
         become the year 2706.",
        far_utc_end,
        |recipe, position| {
            let end = end_of(recipe, position)?;
            write_end(
                recipe,
                position,
                tag::GENERALIZED_TIME,
                format!("{}Z", &digits(end)[2..]),
            )
        },
    ),
    Defect {
        reasons: &[
            Reason::BadValidity,
            Reason::MalformedDer,
            Reason::TrailingData,
        ],
        ..malformed(
            "validity/time-of-another-type",
            "notAfter is an INTEGER",
            "Only UTCTime and GeneralizedTime may stand here. A reader that takes any element and looks at its octets reads \
         a number of the issuer's choice as a date.",
            far_utc_end,
            |recipe, position| write_end(recipe, position, tag::INTEGER, "\u{7f}".to_owned()),
        )
    },
    malformed(
        "validity/generalized-time-with-fraction",
        "notAfter is a GeneralizedTime with half a second",
        "X.690 allows fractions in DER, RFC 5280 forbids them, because two readers that round differently disagree \
         about the last second.",
        late_end,
        |recipe, position| respell_generalized(recipe, position, with_fraction),
    ),
    malformed(
        "validity/generalized-time-without-zone",
        "notAfter is a GeneralizedTime without Z",
        "Without a zone the moment depends on where the reader stands. RFC 5280 demands Greenwich Mean Time, \
         written Z. A certificate that is over for a server in Europe goes on for half a day on one in Hawaii.",
        late_end,
        |recipe, position| respell_generalized(recipe, position, str::to_owned),
    ),
    malformed(
        "validity/generalized-time-with-offset",
        "notAfter is a GeneralizedTime with an offset",
        "BER allows an offset in place of Z. DER and RFC 5280 do not, because a reader that skips it is wrong by hours. \
         In a GeneralizedTime the offset has four digits too, and the year before it has four where the other form has two.",
        late_end,
        |recipe, position| respell_generalized(recipe, position, |digits| format!("{digits}+0000")),
    ),
    malformed(
        "validity/generalized-time-without-seconds",
        "notAfter is a GeneralizedTime without seconds",
        "BER lets a GeneralizedTime leave its seconds out, and even its minutes. RFC 5280 demands them even when they \
         are zero.",
        late_end,
        |recipe, position| respell_generalized(recipe, position, without_seconds),
    ),
    malformed(
        "validity/generalized-time-with-zero-fraction",
        "notAfter is a GeneralizedTime with a fraction of nothing",
        "Half a second more says another moment, .0 says the same one in two more characters. DER leaves out fractions that \
         are zero, and RFC 5280 all of them.",
        late_end,
        |recipe, position| respell_generalized(recipe, position, |digits| format!("{digits}.0Z")),
    ),
    malformed(
        "validity/generalized-time-with-comma",
        "notAfter is a GeneralizedTime with a fraction after a comma",
        "ISO 8601 prefers the comma, ASN.1 allows it in BER. A reader that splits at the point takes all of it for whole \
         seconds.",
        late_end,
        |recipe, position| respell_generalized(recipe, position, |digits| format!("{digits},5Z")),
    ),
    malformed(
        "validity/utc-time-in-pieces",
        "notAfter is a constructed UTCTime of two pieces",
        "In BER a string may come in pieces, and a time is a string. A reader that takes the body for digits finds the \
         headers of the pieces among them.",
        far_utc_end,
        |recipe, position| {
            respell_utc(recipe, position, |digits| {
                let (date, hour) = digits.split_at(6);
                format!("\u{17}\u{6}{date}\u{17}\u{7}{hour}Z")
            })?;
            edit_signed_part(
                recipe,
                position,
                "4/1",
                Change::SetTag(tag::UTC_TIME | 0x20),
            )
        },
    ),
    malformed(
        "validity/start-without-seconds",
        "notBefore is a UTCTime without seconds",
        "Readers that hold notAfter to its form may have another function for notBefore, or none. The moment is long past \
         in any reading.",
        old_start,
        |recipe, position| respell_start(recipe, position, tag::UTC_TIME, without_seconds),
    ),
    malformed(
        "validity/start-with-offset",
        "notBefore is a UTCTime with an offset",
        "An offset in place of Z at the other end of the period. A reader that skips it starts a certificate hours \
         early, before the CA had said that the key may be used.",
        old_start,
        |recipe, position| respell_start(recipe, position, tag::UTC_TIME, with_offset),
    ),
    malformed(
        "validity/start-in-month-13",
        "notBefore is in the thirteenth month",
        "No such moment exists. A reader that only asks whether now is later than notBefore may get yes from one that \
         cannot be computed.",
        old_start,
        |recipe, position| respell_start(recipe, position, tag::UTC_TIME, in_month_13),
    ),
    malformed(
        "validity/start-with-fraction",
        "notBefore is a GeneralizedTime with half a second",
        "Fractions are forbidden at both ends of the period. Here the year also belongs into a UTCTime, as the twin's does.",
        old_start,
        |recipe, position| {
            respell_start(recipe, position, tag::GENERALIZED_TIME, |digits| {
                format!("20{digits}.5Z")
            })
        },
    ),
    Defect {
        severity: Severity::Low,
        class: Class::Lint,
        ..malformed(
            "validity/generalized-time-before-2050",
            "notAfter is a GeneralizedTime although its year is below 2050",
            "CAs must write years through 2049 as UTCTime, so that one moment has one encoding. Every reader can read \
             this; strict ones refuse it.",
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

/// An end in UTCTime, a year and more away, so that no misreading of it is in the past.
pub(super) fn far_utc_end(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    let end = recipe.time.plus_days(400);
    if end.to_calendar().year() > 2049 {
        return Err(Unfit("the end of validity is not in UTCTime"));
    }
    set_end(recipe, position, end)
}

/// An end in GeneralizedTime.
pub(super) fn late_end(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    let end = recipe.time.plus_days(35 * 365);
    set_end(recipe, position, end)
}

/// A start in UTCTime, of which no misreading is in the future.
pub(super) fn old_start(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    let start = recipe.time.plus_days(-400);
    if start.to_calendar().year() > 2049 {
        return Err(Unfit("the start of validity is not in UTCTime"));
    }
    certificate_at(recipe, position)?.not_before = TimeField::Moment(start);
    Ok(())
}

/// `YYMMDDHHMMSS` goes through `spell`.
pub(super) fn respell_start(
    recipe: &mut Recipe,
    position: Position,
    tag: u8,
    spell: fn(&str) -> String,
) -> Result<(), Unfit> {
    let certificate = certificate_at(recipe, position)?;
    let start = certificate.not_before.moment();
    let start = start.ok_or(Unfit("the start of validity is no moment"))?;
    let text = spell(&digits(start)[2..]);
    certificate.not_before = TimeField::Literal { tag, text };
    Ok(())
}

pub(super) fn end_of(recipe: &mut Recipe, position: Position) -> Result<Time, Unfit> {
    certificate_at(recipe, position)?
        .not_after
        .moment()
        .ok_or(Unfit("the end of validity is no moment"))
}

pub(super) fn write_end(
    recipe: &mut Recipe,
    position: Position,
    tag: u8,
    text: String,
) -> Result<(), Unfit> {
    certificate_at(recipe, position)?.not_after = TimeField::Literal { tag, text };
    Ok(())
}

/// `YYMMDDHHMMSS` goes through `spell`.
pub(super) fn respell_utc(
    recipe: &mut Recipe,
    position: Position,
    spell: fn(&str) -> String,
) -> Result<(), Unfit> {
    let end = end_of(recipe, position)?;
    if end.to_calendar().year() > 2049 {
        return Err(Unfit("the end of validity is not in UTCTime"));
    }
    write_end(recipe, position, tag::UTC_TIME, spell(&digits(end)[2..]))
}

/// `YYYYMMDDHHMMSS` goes through `spell`.
pub(super) fn respell_generalized(
    recipe: &mut Recipe,
    position: Position,
    spell: fn(&str) -> String,
) -> Result<(), Unfit> {
    let end = end_of(recipe, position)?;
    write_end(recipe, position, tag::GENERALIZED_TIME, spell(&digits(end)))
}

/// The digits of either form, the seconds not.
pub(super) fn without_seconds(digits: &str) -> String {
    format!("{}Z", &digits[..digits.len() - 2])
}

/// The digits of a UTCTime in a month that no calendar has; so the next ones.
pub(super) fn in_month_13(digits: &str) -> String {
    over(digits, 2, "13")
}

pub(super) fn in_month_0(digits: &str) -> String {
    over(digits, 2, "00")
}

pub(super) fn on_thirtieth_of_february(digits: &str) -> String {
    over(digits, 2, "0230")
}

pub(super) fn at_hour_24(digits: &str) -> String {
    over(digits, 6, "240000")
}

pub(super) fn in_second_60(digits: &str) -> String {
    over(digits, 10, "60")
}

pub(super) fn with_letters(digits: &str) -> String {
    over(digits, 4, "1A")
}

pub(super) fn as_nothing(_: &str) -> String {
    String::new()
}

/// The digits of either form, two hours east.
pub(super) fn with_offset(digits: &str) -> String {
    format!("{digits}+0200")
}

/// The digits of a GeneralizedTime, and half a second.
pub(super) fn with_fraction(digits: &str) -> String {
    format!("{digits}.5Z")
}

/// `digits` with others from `at` on, and Z.
fn over(digits: &str, at: usize, others: &str) -> String {
    let after = at + others.len();
    format!("{}{others}{}Z", &digits[..at], &digits[after..])
}

/// `YYYYMMDDHHMMSS`
pub(super) fn digits(time: Time) -> String {
    let c = time.to_calendar();
    let date = format!("{:04}{:02}{:02}", c.year(), u8::from(c.month()), c.day());
    format!("{date}{:02}{:02}{:02}", c.hour(), c.minute(), c.second())
}
