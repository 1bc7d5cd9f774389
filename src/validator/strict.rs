//! A strict DER walker: definite, minimal lengths and low tag numbers, or an error with its offset.
//!
//! It is the validator's own and shares nothing with the side that writes
//! certificates, so that one bug cannot hide on both sides. It never recurses
//! and never allocates. Each reader knows its place in the whole certificate,
//! so that an error names the offset a person can find in a dump.

use std::fmt;

/// Universal and context tags, as the identifier octet that DER writes.
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const NULL: u8 = 0x05;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const UTF8_STRING: u8 = 0x0c;
    pub(crate) const NUMERIC_STRING: u8 = 0x12;
    pub(crate) const PRINTABLE_STRING: u8 = 0x13;
    pub(crate) const TELETEX_STRING: u8 = 0x14;
    pub(crate) const IA5_STRING: u8 = 0x16;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const VISIBLE_STRING: u8 = 0x1a;
    pub(crate) const UNIVERSAL_STRING: u8 = 0x1c;
    pub(crate) const BMP_STRING: u8 = 0x1e;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;

    /// `[n]`, primitive (implicit).
    pub(crate) const fn context(number: u8) -> u8 {
        0x80 | number
    }

    /// `[n]`, constructed (explicit, or implicit of a constructed type).
    pub(crate) const fn context_constructed(number: u8) -> u8 {
        0xa0 | number
    }
}

/// A place in a buffer that somebody else owns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(crate) const fn new(start: usize, end: usize) -> Self {
        // Reader::new refuses buffers past MAX_INPUT, so the casts lose nothing.
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    /// The bytes of the place. Empty when the buffer is another, shorter one.
    pub fn of<'a>(&self, buffer: &'a [u8]) -> &'a [u8] {
        buffer
            .get(self.start as usize..self.end as usize)
            .unwrap_or(&[])
    }

    /// The offset of the first byte.
    pub const fn start(&self) -> usize {
        self.start as usize
    }
}

/// The largest buffer read, in octets. No certificate comes near it; a reader
/// that counts in 32 bits must stop somewhere.
pub(crate) const MAX_INPUT: usize = 64 << 20;

/// What is wrong with an encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DerFault {
    /// The bytes end inside an element.
    Truncated,
    /// BER's indefinite length.
    IndefiniteLength,
    /// A length written in more octets than it needs.
    LongLength,
    /// A tag number above 30, which X.509 never uses.
    HighTag,
    /// Another element than the one that must stand here.
    UnexpectedTag {
        /// The identifier octet that must stand here.
        expected: u8,
        /// The identifier octet that stands here.
        found: u8,
    },
    /// Bytes follow the last element.
    Trailing,
    /// A BOOLEAN that is neither 00 nor FF, or not one octet.
    Boolean,
    /// An INTEGER that is empty, or padded.
    Integer,
    /// An INTEGER beyond what the field can hold.
    IntegerRange,
    /// A BIT STRING with a bad count of unused bits, or unused bits set.
    BitString,
    /// An OBJECT IDENTIFIER that is empty, truncated or padded.
    ObjectIdentifier,
    /// A time that is not of the form that DER wants, or names no moment.
    Time,
    /// A sequence that must hold at least one element holds none.
    Empty,
    /// A value that is the default is written out.
    DefaultWritten,
    /// The elements of a SET OF are not in ascending order.
    SetOrder,
    /// A character that the string type does not allow.
    Character,
    /// More than the reader can hold.
    TooLarge,
    /// The element is well formed but not what its definition allows.
    Value,
}

impl fmt::Display for DerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the bytes end inside an element",
            Self::IndefiniteLength => "indefinite length",
            Self::LongLength => "a length in more octets than it needs",
            Self::HighTag => "a tag number above 30",
            Self::UnexpectedTag { expected, found } => {
                return write!(f, "tag {found:02x} where {expected:02x} must stand");
            }
            Self::Trailing => "bytes after the last element",
            Self::Boolean => "a BOOLEAN that is neither 00 nor FF",
            Self::Integer => "an INTEGER that is empty or padded",
            Self::IntegerRange => "an INTEGER out of range",
            Self::BitString => "a BIT STRING with bad unused bits",
            Self::ObjectIdentifier => "a malformed OBJECT IDENTIFIER",
            Self::Time => "a malformed time",
            Self::Empty => "an empty sequence where elements must stand",
            Self::DefaultWritten => "a default value written out",
            Self::SetOrder => "a SET OF out of order",
            Self::Character => "a character outside the string type",
            Self::TooLarge => "more than can be read",
            Self::Value => "a value outside its definition",
        })
    }
}

/// An encoding fault, with the offset at which it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault} at offset {offset}")]
pub struct DerError {
    /// What is wrong.
    pub fault: DerFault,
    /// Where, in octets from the start of the buffer.
    pub offset: usize,
}

/// One element: its identifier octet, and the places of the whole and of its contents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element {
    pub(crate) tag: u8,
    pub(crate) whole: Span,
    pub(crate) contents: Span,
}

/// Reads one element after another from a part of a buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    buffer: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    /// A reader of a whole buffer.
    pub(crate) fn new(buffer: &'a [u8]) -> Result<Self, DerError> {
        if buffer.len() > MAX_INPUT {
            return Err(DerError {
                fault: DerFault::TooLarge,
                offset: MAX_INPUT,
            });
        }
        Ok(Self {
            buffer,
            at: 0,
            end: buffer.len(),
        })
    }

    /// A reader of a part of the buffer, which the caller got from a reader of the same buffer.
    pub(crate) fn inside(buffer: &'a [u8], part: Span) -> Self {
        let end = (part.end as usize).min(buffer.len());
        Self {
            buffer,
            at: (part.start as usize).min(end),
            end,
        }
    }

    /// A reader of the contents of an element of this reader's buffer.
    pub(crate) fn enter(&self, element: Element) -> Self {
        Self::inside(self.buffer, element.contents)
    }

    /// A reader of a part of this reader's buffer.
    pub(crate) fn reader_of(&self, part: Span) -> Self {
        Self::inside(self.buffer, part)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.at >= self.end
    }

    pub(crate) fn bytes(&self, span: Span) -> &'a [u8] {
        span.of(self.buffer)
    }

    /// Where it stands, in octets from the start of the buffer.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    pub(crate) fn fault(&self, fault: DerFault) -> DerError {
        DerError {
            fault,
            offset: self.at,
        }
    }

    /// The identifier octet that comes next.
    pub(crate) fn peek(&self) -> Option<u8> {
        if self.is_empty() {
            None
        } else {
            self.buffer.get(self.at).copied()
        }
    }

    /// The next element, whatever it is.
    // X.690 sections 8.1 and 10.1
    pub(crate) fn element(&mut self) -> Result<Element, DerError> {
        let start = self.at;
        let rest = self.buffer.get(start..self.end).unwrap_or(&[]);
        let (&tag, after_tag) = rest.split_first().ok_or(self.fault(DerFault::Truncated))?;
        if tag & 0x1f == 0x1f {
            return Err(self.fault(DerFault::HighTag));
        }
        let (&first, after_first) = after_tag
            .split_first()
            .ok_or(self.fault(DerFault::Truncated))?;
        let (header, length) = match first {
            0..=0x7f => (2, usize::from(first)),
            0x80 => return Err(self.fault(DerFault::IndefiniteLength)),
            _ => {
                let count = usize::from(first & 0x7f);
                let digits = after_first
                    .get(..count)
                    .ok_or(self.fault(DerFault::Truncated))?;
                if digits[0] == 0 {
                    return Err(self.fault(DerFault::LongLength));
                }
                if count > 4 {
                    return Err(self.fault(DerFault::Truncated));
                }
                let length = digits
                    .iter()
                    .fold(0usize, |sum, &digit| sum << 8 | usize::from(digit));
                if length < 0x80 {
                    return Err(self.fault(DerFault::LongLength));
                }
                (2 + count, length)
            }
        };
        let contents_start = start + header;
        let contents_end = contents_start
            .checked_add(length)
            .filter(|&end| end <= self.end)
            .ok_or(self.fault(DerFault::Truncated))?;
        self.at = contents_end;
        Ok(Element {
            tag,
            whole: Span::new(start, contents_end),
            contents: Span::new(contents_start, contents_end),
        })
    }

    /// The next element, which must have this tag.
    pub(crate) fn expect(&mut self, expected: u8) -> Result<Element, DerError> {
        let before = *self;
        let element = self.element()?;
        if element.tag != expected {
            return Err(before.fault(DerFault::UnexpectedTag {
                expected,
                found: element.tag,
            }));
        }
        Ok(element)
    }

    /// The next element if it has this tag.
    pub(crate) fn optional(&mut self, wanted: u8) -> Result<Option<Element>, DerError> {
        if self.peek() == Some(wanted) {
            self.element().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Enters the next element, which must have this tag.
    pub(crate) fn open(&mut self, expected: u8) -> Result<Self, DerError> {
        let element = self.expect(expected)?;
        Ok(self.enter(element))
    }

    /// Nothing may follow.
    pub(crate) fn finish(&self) -> Result<(), DerError> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(self.fault(DerFault::Trailing))
        }
    }

    /// A BOOLEAN of DER: 00 or FF.
    // X.690 section 11.1
    pub(crate) fn boolean(&mut self) -> Result<bool, DerError> {
        let before = *self;
        let element = self.expect(tag::BOOLEAN)?;
        match self.bytes(element.contents) {
            [0x00] => Ok(false),
            [0xff] => Ok(true),
            _ => Err(before.fault(DerFault::Boolean)),
        }
    }

    /// A minimal INTEGER of any size, as its contents.
    // X.690 section 8.3.2
    pub(crate) fn integer(&mut self) -> Result<Span, DerError> {
        let before = *self;
        let element = self.expect(tag::INTEGER)?;
        check_integer(self.bytes(element.contents)).map_err(|fault| before.fault(fault))?;
        Ok(element.contents)
    }

    /// A BIT STRING of whole octets, as the octets.
    pub(crate) fn octet_aligned_bits(&mut self) -> Result<Span, DerError> {
        let before = *self;
        let element = self.expect(tag::BIT_STRING)?;
        match self.bytes(element.contents) {
            [0, ..] => Ok(Span {
                start: element.contents.start + 1,
                end: element.contents.end,
            }),
            _ => Err(before.fault(DerFault::BitString)),
        }
    }

    /// An OBJECT IDENTIFIER, as its contents.
    pub(crate) fn oid(&mut self) -> Result<Span, DerError> {
        let before = *self;
        let element = self.expect(tag::OID)?;
        check_oid(self.bytes(element.contents)).map_err(|fault| before.fault(fault))?;
        Ok(element.contents)
    }
}

/// The number of unused bits, which the last octet has and fewer than eight are, before the bits.
// X.690 section 8.6.2
pub(crate) fn check_bits(contents: &[u8]) -> Result<(), DerFault> {
    match contents {
        [0] | [0..=7, _, ..] => Ok(()),
        _ => Err(DerFault::BitString),
    }
}

/// Minimal two's complement.
// X.690 section 8.3.2
pub(crate) fn check_integer(contents: &[u8]) -> Result<(), DerFault> {
    match contents {
        [] => Err(DerFault::Integer),
        [0x00, next, ..] if *next < 0x80 => Err(DerFault::Integer),
        [0xff, next, ..] if *next >= 0x80 => Err(DerFault::Integer),
        _ => Ok(()),
    }
}

/// A non-negative INTEGER of at most 32 bits. Larger ones read as `u32::MAX`.
pub(crate) fn small_integer(contents: &[u8]) -> Result<u32, DerFault> {
    check_integer(contents)?;
    if contents[0] >= 0x80 {
        return Err(DerFault::IntegerRange);
    }
    let digits = if contents[0] == 0 {
        &contents[1..]
    } else {
        contents
    };
    if digits.len() > 4 {
        return Ok(u32::MAX);
    }
    Ok(digits
        .iter()
        .fold(0, |sum, &digit| sum << 8 | u32::from(digit)))
}

/// Base-128 groups, none padded, the last one complete.
// X.690 section 8.19.2
pub(crate) fn check_oid(contents: &[u8]) -> Result<(), DerFault> {
    let mut start_of_group = true;
    for &octet in contents {
        if start_of_group && octet == 0x80 {
            return Err(DerFault::ObjectIdentifier);
        }
        start_of_group = octet & 0x80 == 0;
    }
    if contents.is_empty() || !start_of_group {
        Err(DerFault::ObjectIdentifier)
    } else {
        Ok(())
    }
}

/// An object identifier's contents in dotted decimal. Arcs beyond 64 bits read as `?`.
pub(crate) fn dotted(contents: &[u8]) -> String {
    let mut text = String::new();
    let mut arc: Option<u64> = Some(0);
    let mut first = true;
    for &octet in contents {
        arc = arc
            .filter(|value| value >> 57 == 0)
            .map(|value| value << 7 | u64::from(octet & 0x7f));
        if octet & 0x80 != 0 {
            continue;
        }
        let push = |text: &mut String, value: &dyn fmt::Display| {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(&value.to_string());
        };
        match arc {
            Some(value) if first => {
                let root = (value / 40).min(2);
                push(&mut text, &root);
                push(&mut text, &(value - root * 40));
            }
            Some(value) => push(&mut text, &value),
            None => push(&mut text, &"?"),
        }
        first = false;
        arc = Some(0);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_der_forbids_are_refused_with_their_offset() {
        let table: [(&[u8], DerFault); 8] = [
            (&[0x30], DerFault::Truncated),
            (&[0x30, 0x80, 0, 0], DerFault::IndefiniteLength),
            (&[0x30, 0x81, 0x01, 0x00], DerFault::LongLength),
            (&[0x30, 0x82, 0x00, 0x80], DerFault::LongLength),
            (&[0x30, 0x02, 0x00], DerFault::Truncated),
            (&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], DerFault::Truncated),
            (
                &[0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1],
                DerFault::Truncated,
            ),
            (&[0x3f, 0x81, 0x01, 0x00], DerFault::HighTag),
        ];
        for (bytes, fault) in table {
            let error = Reader::new(bytes)
                .and_then(|mut reader| reader.element())
                .expect_err("a fault");
            assert_eq!((error.fault, error.offset), (fault, 0), "{bytes:02x?}");
        }
    }

    #[test]
    fn fewer_than_eight_bits_are_unused_and_none_where_there_are_none() {
        let table: [(&[u8], bool); 6] = [
            (&[0], true),
            (&[0, 1], true),
            (&[7, 0x80], true),
            (&[8, 0], false),
            (&[1], false),
            (&[], false),
        ];
        for (contents, good) in table {
            assert_eq!(check_bits(contents).is_ok(), good, "{contents:02x?}");
        }
    }

    #[test]
    fn integers_must_be_minimal() {
        for good in [&[0u8][..], &[0x7f], &[0x00, 0x80], &[0xff], &[0xff, 0x7f]] {
            assert_eq!(check_integer(good), Ok(()), "{good:02x?}");
        }
        for bad in [&[][..], &[0x00, 0x7f], &[0xff, 0x80], &[0x00, 0x00]] {
            assert_eq!(check_integer(bad), Err(DerFault::Integer), "{bad:02x?}");
        }
        assert_eq!(small_integer(&[0xff]), Err(DerFault::IntegerRange));
        assert_eq!(small_integer(&[0x01, 0, 0, 0, 0]), Ok(u32::MAX));
    }

    #[test]
    fn object_identifiers_read_as_people_write_them() {
        assert_eq!(
            dotted(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d]),
            "1.2.840.113549"
        );
        assert_eq!(dotted(&[0x55, 0x1d, 0x0f]), "2.5.29.15");
        assert_eq!(dotted(&[0x88, 0x37, 0x03]), "2.999.3");
        assert_eq!(check_oid(&[0x80, 0x01]), Err(DerFault::ObjectIdentifier));
        assert_eq!(check_oid(&[0x55, 0x9d]), Err(DerFault::ObjectIdentifier));
    }
}
