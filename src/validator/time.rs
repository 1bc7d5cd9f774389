//! The times of a certificate or CRL: UTCTime and GeneralizedTime in the one form that RFC 5280 allows.
//!
//! It stands apart because the calendar is arithmetic, not structure.

use crate::{question::Time, verdict::Reason};

use super::{
    certificate::{Demand, Flaw},
    strict::{DerError, DerFault, Reader, tag},
};

/// Reads a time. A GeneralizedTime before 2050 is a flaw, as a conforming CA writes UTCTime there.
// RFC 5280 sections 4.1.2.5.1 and 4.1.2.5.2
pub(crate) fn read_time(
    reader: &mut Reader<'_>,
    field: &str,
    flaws: &mut Vec<Flaw>,
) -> Result<Time, DerError> {
    let before = *reader;
    let element = reader.element()?;
    let text = reader.bytes(element.contents);
    let time = match element.tag {
        tag::UTC_TIME => parse_utc_time(text),
        tag::GENERALIZED_TIME => parse_generalized_time(text),
        found => {
            return Err(before.fault(DerFault::UnexpectedTag {
                expected: tag::UTC_TIME,
                found,
            }));
        }
    };
    let Some(time) = time else {
        flaws.push(Flaw {
            demand: Demand::Always,
            reason: Reason::BadValidity,
            clause: "RFC 5280 section 4.1.2.5",
            detail: format!(
                "{field} is `{}`, which is no moment in the required form",
                text.escape_ascii()
            ),
        });
        return Ok(Time::from_unix_seconds(0));
    };
    if element.tag == tag::GENERALIZED_TIME && time.to_calendar().year() < 2050 {
        flaws.push(Flaw {
            demand: Demand::Conformance,
            reason: Reason::BadValidity,
            clause: "RFC 5280 section 4.1.2.5",
            detail: format!("{field} is a GeneralizedTime before 2050"),
        });
    }
    Ok(time)
}

/// `YYMMDDHHMMSSZ`, from 1950 to 2049.
// RFC 5280 section 4.1.2.5.1
pub(crate) fn parse_utc_time(text: &[u8]) -> Option<Time> {
    let digits = text
        .strip_suffix(b"Z")
        .filter(|digits| digits.len() == 12)?;
    let year = pair(digits, 0)?;
    parse_moment(
        if year < 50 { 2000 + year } else { 1900 + year },
        &digits[2..],
    )
}

/// `YYYYMMDDHHMMSSZ`, without a fraction.
// RFC 5280 section 4.1.2.5.2
pub(crate) fn parse_generalized_time(text: &[u8]) -> Option<Time> {
    let digits = text
        .strip_suffix(b"Z")
        .filter(|digits| digits.len() == 14)?;
    parse_moment(pair(digits, 0)? * 100 + pair(digits, 2)?, &digits[4..])
}

fn parse_moment(year: i64, rest: &[u8]) -> Option<Time> {
    let [month, day, hour, minute, second] = [
        pair(rest, 0)?,
        pair(rest, 2)?,
        pair(rest, 4)?,
        pair(rest, 6)?,
        pair(rest, 8)?,
    ];
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=days_in_month).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(Time::from_unix_seconds(seconds))
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, counted in eras of 400 years that begin in March.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn pair(digits: &[u8], at: usize) -> Option<i64> {
    match digits.get(at..at + 2)? {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            Some(i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_one_allowed_form_only() {
        let good = [
            ("500101000000Z", "1950-01-01T00:00:00Z"),
            ("491231235959Z", "2049-12-31T23:59:59Z"),
            ("240229120000Z", "2024-02-29T12:00:00Z"),
        ];
        for (text, shown) in good {
            assert_eq!(
                parse_utc_time(text.as_bytes()).expect(text).to_string(),
                shown
            );
        }
        for text in [
            "2401010000Z",
            "240101000000",
            "230229000000Z",
            "241301000000Z",
            "240101240000Z",
            "240101000060Z",
            "24010100000+Z",
            "240101000000+0000",
        ] {
            assert_eq!(parse_utc_time(text.as_bytes()), None, "{text}");
        }
        let shown = parse_generalized_time(b"99991231235959Z")
            .expect("a time")
            .to_string();
        assert_eq!(shown, "9999-12-31T23:59:59Z");
        assert_eq!(parse_generalized_time(b"20500101000000.5Z"), None);
    }
}
