//! A strict DER cursor over borrowed bytes, for what certificates do not cover: CRLs and OCSP.
//!
//! It stands apart from `der`, the writer's side of the house, so that one bug
//! cannot hide on both sides. It never allocates, never recurses, and every
//! error names the field and the absolute byte offset.

use std::ops::Range;

use crate::question::Time;

/// Identifier octets that the parsers meet.
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
    pub(crate) const ENUMERATED: u8 = 0x0a;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const SEQUENCE: u8 = 0x30;

    /// A constructed, context-specific tag.
    pub(crate) const fn constructed(number: u8) -> u8 {
        0xa0 | number
    }

    /// A primitive, context-specific tag.
    pub(crate) const fn primitive(number: u8) -> u8 {
        0x80 | number
    }
}

/// What is wrong with the bytes at an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The bytes end inside an element.
    #[error("the data ends too early")]
    Truncated,
    /// Another element stands where this one must.
    #[error("found tag {found:#04x} where {expected:#04x} belongs")]
    UnexpectedTag {
        /// The identifier octet that is needed.
        expected: u8,
        /// The identifier octet that stands there.
        found: u8,
    },
    /// A length that DER forbids: indefinite, not minimal, or past four octets.
    #[error("the length is not DER")]
    BadLength,
    /// Bytes follow where none may.
    #[error("bytes follow where none may")]
    TrailingData,
    /// An INTEGER or ENUMERATED that is empty, not minimal, or out of range.
    #[error("the integer is not DER, or out of range")]
    BadInteger,
    /// A BOOLEAN other than 00 and FF, or the default value written out.
    #[error("the boolean is not DER")]
    BadBoolean,
    /// A BIT STRING with bad padding.
    #[error("the bit string is not DER")]
    BadBitString,
    /// A time that is not in the form that RFC 5280 demands.
    #[error("the time is not of the form YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ")]
    BadTime,
    /// An empty list or string where something must stand.
    #[error("it is empty")]
    Empty,
    /// The same extension twice.
    #[error("it stands twice")]
    Duplicate,
    /// An extension that must be critical, and is not.
    #[error("it is not critical")]
    NotCritical,
    /// The field is not allowed in this version, or not beside another field.
    #[error("it may not stand here")]
    NotAllowedHere,
    /// What stands in the place of a Name is none.
    #[error("it is no distinguished name")]
    BadName,
    /// Two fields that must be equal differ.
    #[error("it differs from its counterpart")]
    Differs,
    /// More bytes than this parser takes.
    #[error("it is larger than 4 GiB")]
    TooLarge,
}

/// Bytes that are not what they claim to be: the field, the offset, the problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {offset}: {problem}")]
pub struct ParseError {
    /// The field, in the words of the standard.
    pub what: &'static str,
    /// Offset from the first byte of the input.
    pub offset: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// One element: its tag, where it starts, where its content lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) tag: u8,
    pub(crate) start: usize,
    pub(crate) content: Range<usize>,
}

impl Element {
    /// The element with its header.
    pub(crate) fn whole(&self) -> Range<usize> {
        self.start..self.content.end
    }
}

/// A position inside the whole input, bounded by the element that it reads.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
    end: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor over all of `bytes`.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            position: 0,
            end: bytes.len(),
        }
    }

    /// A cursor over a range of the same input; offsets stay absolute.
    pub(crate) fn within(bytes: &'a [u8], range: Range<usize>) -> Self {
        Self {
            bytes,
            position: range.start,
            end: range.end.min(bytes.len()),
        }
    }

    /// The offset of the next byte.
    pub(crate) fn offset(&self) -> usize {
        self.position
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.position >= self.end
    }

    /// How many bytes are left.
    pub(crate) fn remaining(&self) -> usize {
        self.end.saturating_sub(self.position)
    }

    /// The error for the next byte.
    pub(crate) fn error(&self, what: &'static str, problem: Problem) -> ParseError {
        ParseError {
            what,
            offset: self.position,
            problem,
        }
    }

    /// Whether the next element has this tag.
    pub(crate) fn peek(&self, tag: u8) -> bool {
        self.position < self.end && self.bytes[self.position] == tag
    }

    /// The next element, whatever it is.
    ///
    /// X.690 sections 8.1.3 and 10.1: definite and minimal lengths; tags above 30 do not occur here.
    #[inline]
    pub(crate) fn element(&mut self, what: &'static str) -> Result<Element, ParseError> {
        let start = self.position;
        let fail = |problem| ParseError {
            what,
            offset: start,
            problem,
        };
        let header = &self.bytes[start.min(self.end)..self.end];
        let [tag, first, rest @ ..] = header else {
            return Err(fail(Problem::Truncated));
        };
        if tag & 0x1f == 0x1f {
            return Err(fail(Problem::UnexpectedTag {
                expected: tag::SEQUENCE,
                found: *tag,
            }));
        }
        let (length, header_length) = match *first {
            short @ 0..=0x7f => (usize::from(short), 2),
            long @ 0x81..=0x84 => {
                let octets = usize::from(long & 0x7f);
                let digits = rest.get(..octets).ok_or(fail(Problem::Truncated))?;
                let length = digits
                    .iter()
                    .fold(0_u64, |sum, digit| (sum << 8) | u64::from(*digit));
                let minimal = digits[0] != 0 && (octets > 1 || length > 0x7f);
                if !minimal {
                    return Err(fail(Problem::BadLength));
                }
                (
                    usize::try_from(length).map_err(|_| fail(Problem::BadLength))?,
                    2 + octets,
                )
            }
            _ => return Err(fail(Problem::BadLength)),
        };
        if length > header.len() - header_length {
            return Err(fail(Problem::Truncated));
        }
        let content = start + header_length..start + header_length + length;
        self.position = content.end;
        Ok(Element {
            tag: *tag,
            start,
            content,
        })
    }

    /// The next element, which must have this tag.
    #[inline]
    pub(crate) fn expect(&mut self, tag: u8, what: &'static str) -> Result<Element, ParseError> {
        match self.bytes.get(self.position) {
            Some(&found) if found != tag && self.position < self.end => Err(self.error(
                what,
                Problem::UnexpectedTag {
                    expected: tag,
                    found,
                },
            )),
            _ => self.element(what),
        }
    }

    /// The next element if it has this tag.
    pub(crate) fn optional(
        &mut self,
        tag: u8,
        what: &'static str,
    ) -> Result<Option<Element>, ParseError> {
        if self.peek(tag) {
            self.element(what).map(Some)
        } else {
            Ok(None)
        }
    }

    /// A cursor over the content of the next element, which must have this tag.
    pub(crate) fn enter(&mut self, tag: u8, what: &'static str) -> Result<Self, ParseError> {
        let element = self.expect(tag, what)?;
        Ok(self.inside(&element))
    }

    /// A cursor over the content of an element already read.
    pub(crate) fn inside(&self, element: &Element) -> Self {
        Self {
            bytes: self.bytes,
            position: element.content.start,
            end: element.content.end,
        }
    }

    /// The bytes of a range of the input.
    pub(crate) fn slice(&self, range: &Range<usize>) -> &'a [u8] {
        &self.bytes[range.clone()]
    }

    /// Nothing may be left.
    pub(crate) fn finish(&self, what: &'static str) -> Result<(), ParseError> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(self.error(what, Problem::TrailingData))
        }
    }

    /// An INTEGER's content range: minimal, of any sign and size.
    ///
    /// X.690 section 8.3.2.
    #[inline]
    pub(crate) fn integer(&mut self, what: &'static str) -> Result<Range<usize>, ParseError> {
        let element = self.expect(tag::INTEGER, what)?;
        let problem = ParseError {
            what,
            offset: element.start,
            problem: Problem::BadInteger,
        };
        match self.slice(&element.content) {
            [] => Err(problem),
            [0x00, second, ..] if second & 0x80 == 0 => Err(problem),
            [0xff, second, ..] if second & 0x80 != 0 => Err(problem),
            _ => Ok(element.content),
        }
    }

    /// The magnitude of an INTEGER that must not be negative, without leading zeros.
    pub(crate) fn unsigned(&mut self, what: &'static str) -> Result<Range<usize>, ParseError> {
        let offset = self.position;
        let content = self.integer(what)?;
        match self.slice(&content) {
            [first, ..] if first & 0x80 != 0 => Err(ParseError {
                what,
                offset,
                problem: Problem::BadInteger,
            }),
            [0, _, ..] => Ok(content.start + 1..content.end),
            _ => Ok(content),
        }
    }

    /// A value of at most 127 in an ENUMERATED.
    pub(crate) fn enumerated(&mut self, what: &'static str) -> Result<u8, ParseError> {
        let element = self.expect(tag::ENUMERATED, what)?;
        match self.slice(&element.content) {
            [value] if *value < 0x80 => Ok(*value),
            _ => Err(ParseError {
                what,
                offset: element.start,
                problem: Problem::BadInteger,
            }),
        }
    }

    /// A `BOOLEAN DEFAULT FALSE` under this tag. DER leaves the default out (X.690 section 11.5).
    pub(crate) fn default_false(
        &mut self,
        tag: u8,
        what: &'static str,
    ) -> Result<bool, ParseError> {
        let Some(element) = self.optional(tag, what)? else {
            return Ok(false);
        };
        match self.slice(&element.content) {
            [0xff] => Ok(true),
            _ => Err(ParseError {
                what,
                offset: element.start,
                problem: Problem::BadBoolean,
            }),
        }
    }

    /// A BIT STRING of whole octets, as signatures are.
    pub(crate) fn octet_aligned_bits(
        &mut self,
        what: &'static str,
    ) -> Result<Range<usize>, ParseError> {
        let element = self.expect(tag::BIT_STRING, what)?;
        match self.slice(&element.content) {
            [0, ..] => Ok(element.content.start + 1..element.content.end),
            _ => Err(ParseError {
                what,
                offset: element.start,
                problem: Problem::BadBitString,
            }),
        }
    }

    /// A UTCTime or GeneralizedTime in the form of RFC 5280 section 4.1.2.5.
    #[inline]
    pub(crate) fn time(&mut self, what: &'static str) -> Result<Time, ParseError> {
        let offset = self.position;
        let element = self.element(what)?;
        let digits = self.slice(&element.content);
        match element.tag {
            tag::UTC_TIME => utc_time(digits),
            tag::GENERALIZED_TIME => generalized_time(digits),
            found => {
                let problem = Problem::UnexpectedTag {
                    expected: tag::UTC_TIME,
                    found,
                };
                return Err(ParseError {
                    what,
                    offset,
                    problem,
                });
            }
        }
        .ok_or(ParseError {
            what,
            offset,
            problem: Problem::BadTime,
        })
    }
}

fn two_digits(digits: &[u8], at: usize) -> Option<i64> {
    let (tens, ones) = (
        digits[at].wrapping_sub(b'0'),
        digits[at + 1].wrapping_sub(b'0'),
    );
    (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
}

/// RFC 5280 section 4.1.2.5.1: years 50 to 99 are of the twentieth century.
fn utc_time(digits: &[u8]) -> Option<Time> {
    if digits.len() != 13 {
        return None;
    }
    let year = two_digits(digits, 0)?;
    moment(
        if year >= 50 { 1900 + year } else { 2000 + year },
        &digits[2..],
    )
}

/// RFC 5280 section 4.1.2.5.2: seconds present, no fraction, Zulu.
pub(crate) fn generalized_time(digits: &[u8]) -> Option<Time> {
    if digits.len() != 15 {
        return None;
    }
    moment(
        two_digits(digits, 0)? * 100 + two_digits(digits, 2)?,
        &digits[4..],
    )
}

/// `MMDDHHMMSSZ` of a year of the Gregorian calendar.
fn moment(year: i64, rest: &[u8]) -> Option<Time> {
    let [month, day, hour, minute, second] = [
        two_digits(rest, 0)?,
        two_digits(rest, 2)?,
        two_digits(rest, 4)?,
        two_digits(rest, 6)?,
        two_digits(rest, 8)?,
    ];
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_of_month = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let fits = (1..=days_of_month).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60
        && rest[10] == b'Z';
    if !fits {
        return None;
    }
    // Days since 1970 by the civil-from-days method: years begin in March.
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    Some(Time::from_unix_seconds(
        days * 86_400 + hour * 3_600 + minute * 60 + second,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_form_of_the_profile_only() {
        let table: &[(&[u8], Option<&str>)] = &[
            (b"\x17\x0d261123210700Z", Some("2026-11-23T21:07:00Z")),
            (b"\x17\x0d500101000000Z", Some("1950-01-01T00:00:00Z")),
            (b"\x17\x0d491231235959Z", Some("2049-12-31T23:59:59Z")),
            (b"\x18\x0f20500101000000Z", Some("2050-01-01T00:00:00Z")),
            (b"\x18\x0f00000101000000Z", Some("0000-01-01T00:00:00Z")),
            (b"\x18\x0f20240229000000Z", Some("2024-02-29T00:00:00Z")),
            (b"\x18\x0f19000229000000Z", None),
            (b"\x17\x0b2611232107Z", None),
            (b"\x17\x0d261323210700Z", None),
            (b"\x17\x0d261123240000Z", None),
            (b"\x17\x0d261123210760Z", None),
            (b"\x17\x0d2611232107 0Z", None),
            (b"\x18\x1120500101000000.5Z", None),
            (b"\x17\x112611232107+0100", None),
        ];
        for (bytes, expected) in table {
            let read = Cursor::new(bytes)
                .time("time")
                .ok()
                .map(|time| time.to_string());
            assert_eq!(
                read.as_deref(),
                *expected,
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
    }

    #[test]
    fn lengths_that_der_forbids_are_refused_where_they_stand() {
        let table: &[(&[u8], Problem)] = &[
            (b"", Problem::Truncated),
            (b"\x30", Problem::Truncated),
            (b"\x30\x80\x00\x00", Problem::BadLength),
            (b"\x30\x81\x05aaaaa", Problem::BadLength),
            (b"\x30\x82\x00\x85", Problem::BadLength),
            (b"\x30\x85\x01\x00\x00\x00\x00", Problem::BadLength),
            (b"\x30\x84\xff\xff\xff\xff", Problem::Truncated),
            (b"\x30\x03\x00", Problem::Truncated),
            (
                b"\x1f\x81\x01\x00",
                Problem::UnexpectedTag {
                    expected: 0x30,
                    found: 0x1f,
                },
            ),
        ];
        for (bytes, problem) in table {
            let error = Cursor::new(bytes).element("field").expect_err("not DER");
            assert_eq!((error.problem, error.offset), (*problem, 0), "{bytes:02x?}");
        }
    }

    #[test]
    fn integers_must_be_minimal() {
        let table: &[(&[u8], bool)] = &[
            (b"\x02\x01\x00", true),
            (b"\x02\x02\x00\x80", true),
            (b"\x02\x02\xff\x7f", true),
            (b"\x02\x00", false),
            (b"\x02\x02\x00\x7f", false),
            (b"\x02\x02\xff\x80", false),
        ];
        for (bytes, good) in table {
            assert_eq!(
                Cursor::new(bytes).integer("number").is_ok(),
                *good,
                "{bytes:02x?}"
            );
        }
    }
}
