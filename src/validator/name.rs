//! Distinguished names: reading them, and telling when two spellings are one name.
//!
//! Two names are equal when their bytes are, or when they are after the string
//! preparation that RFC 5280 section 7.1 asks for, the string type ignored. No
//! copy is made to compare.

use std::iter;

use crate::verdict::Reason;

use super::{
    attribute::{Attribute, AttributeValue, HASH_SEED, OF_STRINGS, attribute_name, hash_step},
    certificate::{Demand, Flaw},
    strict::{DerError, DerFault, Reader, Span, tag},
};

/// A distinguished name, as a place in the buffer that holds it.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    whole: Span,
    /// Of the prepared name: equal names have equal hashes. A hint, never a proof.
    hash: u64,
    empty: bool,
}

impl Name {
    /// Reads a Name and notes what is wrong with its values.
    // RFC 5280 section 4.1.2.4
    pub(crate) fn read(
        reader: &mut Reader<'_>,
        field: &str,
        flaws: &mut Vec<Flaw>,
    ) -> Result<Self, DerError> {
        let element = reader.expect(tag::SEQUENCE)?;
        let mut relative_names = reader.enter(element);
        let mut hash = HASH_SEED;
        while !relative_names.is_empty() {
            let set = relative_names.expect(tag::SET)?;
            hash = hash_step(
                hash,
                read_relative_name(relative_names.enter(set), field, flaws)?,
            );
        }
        Ok(Self {
            whole: element.whole,
            hash,
            empty: element.contents
                == Span::new(element.contents.start(), element.contents.start()),
        })
    }

    /// Reads a Name that fills a buffer.
    pub(crate) fn read_whole(der: &[u8]) -> Result<Self, DerError> {
        let mut reader = Reader::new(der)?;
        let name = Self::read(&mut reader, "name", &mut Vec::new())?;
        reader.finish()?;
        Ok(name)
    }

    /// The name's DER, given the buffer it was read from.
    pub fn der<'a>(&self, buffer: &'a (impl AsRef<[u8]> + ?Sized)) -> &'a [u8] {
        self.whole.of(buffer.as_ref())
    }

    /// Whether the name has no attribute at all.
    pub fn is_empty(&self) -> bool {
        self.empty
    }

    /// Whether two names are one, each given with the buffer it was read from.
    // RFC 5280 section 7.1
    pub fn equals(
        &self,
        buffer: &(impl AsRef<[u8]> + ?Sized),
        other: &Self,
        other_buffer: &(impl AsRef<[u8]> + ?Sized),
    ) -> bool {
        self.hash == other.hash && {
            let (left, right) = (self.der(buffer), other.der(other_buffer));
            left == right || same_name(left, right)
        }
    }

    /// How many octets must be prepared to tell whether two names are one.
    pub(crate) fn octets_to_compare(
        &self,
        buffer: &(impl AsRef<[u8]> + ?Sized),
        other: &Self,
        other_buffer: &(impl AsRef<[u8]> + ?Sized),
    ) -> usize {
        let (left, right) = (self.der(buffer), other.der(other_buffer));
        if self.hash == other.hash && left != right {
            left.len() + right.len()
        } else {
            0
        }
    }
}

fn read_relative_name(
    mut set: Reader<'_>,
    field: &str,
    flaws: &mut Vec<Flaw>,
) -> Result<u64, DerError> {
    // RFC 5280 section 4.1.2.4: RelativeDistinguishedName is SET SIZE (1..MAX)
    if set.is_empty() {
        flaws.push(malformed(field, "an empty relative name"));
    }
    let mut sum = 0u64;
    let mut previous: Option<&[u8]> = None;
    while !set.is_empty() {
        let pair = set.expect(tag::SEQUENCE)?;
        let bytes = set.bytes(pair.whole);
        if previous.is_some_and(|previous| previous > bytes) {
            flaws.push(Flaw {
                demand: Demand::StrictDer,
                reason: Reason::MalformedDer,
                clause: "X.690 section 11.6",
                detail: format!("a SET OF in {field} is out of order"),
            });
        }
        previous = Some(bytes);
        let mut inside = set.enter(pair);
        let kind = inside.oid()?;
        let value = inside.element()?;
        inside.finish()?;
        let value = AttributeValue {
            tag: value.tag,
            contents: inside.bytes(value.contents),
        };
        let (kind, name) = (inside.bytes(kind), || attribute_name(inside.bytes(kind)));
        if let Err(demand) = value.check() {
            let what = format!("{} holds characters outside its string type", name());
            flaws.push(Flaw {
                demand,
                ..malformed(field, &what)
            });
        } else if OF_STRINGS.contains(&kind) && (!value.is_string() || value.contents.is_empty()) {
            let what = match value.is_string() {
                true => "is an empty string",
                false => "is no string",
            };
            flaws.push(Flaw {
                demand: Demand::Conformance,
                clause: "RFC 5280 section 4.1.2.4 and appendix A.1",
                ..malformed(field, &format!("{} {what}", name()))
            });
        }
        // A sum, as the order inside a relative name means nothing.
        sum = sum.wrapping_add(value.hash(kind));
    }
    Ok(sum)
}

fn malformed(field: &str, what: &str) -> Flaw {
    Flaw {
        demand: Demand::Always,
        reason: Reason::MalformedName,
        clause: Reason::MalformedName.clause(),
        detail: format!("{what} in {field}"),
    }
}

/// The relative names of a name, each as its attributes. The name must have been read before.
pub(crate) fn relative_names(der: &[u8]) -> impl Iterator<Item = RelativeName<'_>> {
    let mut reader = Reader::new(der)
        .and_then(|mut outer| outer.open(tag::SEQUENCE))
        .ok();
    iter::from_fn(move || {
        let reader = reader.as_mut().filter(|reader| !reader.is_empty())?;
        let set = reader.expect(tag::SET).ok()?;
        Some(RelativeName {
            attributes: reader.enter(set),
        })
    })
}

/// A relative name: mostly one attribute, sometimes a set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RelativeName<'a> {
    attributes: Reader<'a>,
}

impl<'a> RelativeName<'a> {
    pub(crate) fn attributes(self) -> impl Iterator<Item = Attribute<'a>> {
        let mut reader = self.attributes;
        iter::from_fn(move || {
            if reader.is_empty() {
                return None;
            }
            let mut pair = reader.open(tag::SEQUENCE).ok()?;
            let kind = pair.oid().ok()?;
            let value = pair.element().ok()?;
            Some(Attribute {
                kind: pair.bytes(kind),
                value: AttributeValue {
                    tag: value.tag,
                    contents: pair.bytes(value.contents),
                },
            })
        })
    }

    fn only_attribute(self) -> Option<Attribute<'a>> {
        let mut attributes = self.attributes();
        attributes.next().filter(|_| attributes.next().is_none())
    }

    /// Sets of attributes, compared without regard to order.
    // RFC 5280 section 7.1: multi-valued relative names match when each attribute has a match
    fn equals(self, other: Self) -> bool {
        match (self.only_attribute(), other.only_attribute()) {
            (Some(left), Some(right)) => left.kind == right.kind && left.value.equals(right.value),
            (None, None) => {
                let (mut left, mut right) = (Vec::new(), Vec::new());
                self.prepare_into(&mut left);
                other.prepare_into(&mut right);
                left == right
            }
            _ => false,
        }
    }

    /// Appends the prepared attributes in ascending order, each part after its length.
    fn prepare_into(self, out: &mut Vec<u8>) {
        let mut attributes: Vec<Vec<u8>> = self.attributes().map(Attribute::prepared).collect();
        attributes.sort_unstable();
        let length: usize = attributes.iter().map(|found| found.len() + 8).sum();
        out.extend(length.to_be_bytes());
        for attribute in attributes {
            out.extend(attribute.len().to_be_bytes());
            out.extend(attribute);
        }
    }
}

/// A name after string preparation, for comparing with many.
///
/// Preparing costs far more than comparing, so each name is prepared once. Sets of attributes are
/// in one order: equal names have equal octets, however many attributes they have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PreparedName(Vec<u8>);

impl PreparedName {
    /// Prepares a Name that was read before.
    // RFC 5280 section 7.1
    pub(crate) fn of(der: &[u8]) -> Self {
        let mut octets = Vec::with_capacity(der.len() * 2);
        for relative_name in relative_names(der) {
            relative_name.prepare_into(&mut octets);
        }
        Self(octets)
    }

    /// How many octets it takes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the name lies under another: the other's relative names are its first ones.
    // RFC 5280 section 4.2.1.10, directoryName
    pub(crate) fn is_within(&self, subtree: &Self) -> bool {
        self.0.starts_with(&subtree.0)
    }
}

/// Whether two names in DER are one name.
pub(crate) fn same_name(left: &[u8], right: &[u8]) -> bool {
    let (mut left, mut right) = (relative_names(left), relative_names(right));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(left), Some(right)) if left.equals(right) => {}
            _ => return false,
        }
    }
}

/// Every attribute of a name, in order.
pub(crate) fn attributes(der: &[u8]) -> impl Iterator<Item = Attribute<'_>> {
    relative_names(der).flat_map(RelativeName::attributes)
}

/// Reads a Name that must fill the buffer, and reports faults in its values too.
pub(crate) fn check_name(der: &[u8]) -> Result<(), DerError> {
    let mut flaws = Vec::new();
    let mut reader = Reader::new(der)?;
    Name::read(&mut reader, "directoryName", &mut flaws)?;
    reader.finish()?;
    match flaws.iter().any(|flaw| flaw.demand == Demand::Always) {
        true => Err(DerError {
            fault: DerFault::Character,
            offset: 0,
        }),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validator::{assemble::organizations as name, name_text::display_name};

    #[test]
    fn spellings_of_one_name_are_equal_and_hash_alike() {
        let plain = name(&[(tag::PRINTABLE_STRING, b"Good CA")]);
        let same = [
            name(&[(tag::UTF8_STRING, b"Good CA")]),
            name(&[(tag::PRINTABLE_STRING, b"  good   ca ")]),
            name(&[(tag::BMP_STRING, b"\0G\0o\0o\0d\0 \0C\0A")]),
            name(&[(tag::UTF8_STRING, b"GOOD\tCA")]),
        ];
        let other = [
            name(&[(tag::PRINTABLE_STRING, b"GoodCA")]),
            name(&[(tag::PRINTABLE_STRING, b"Good CB")]),
            name(&[
                (tag::PRINTABLE_STRING, b"Good CA"),
                (tag::PRINTABLE_STRING, b"x"),
            ]),
            name(&[]),
        ];
        let read = |der: &[u8]| Name::read_whole(der).expect("a name");
        for der in &same {
            assert!(
                read(&plain).equals(&plain, &read(der), der),
                "{}",
                display_name(der)
            );
        }
        for der in &other {
            assert!(
                !read(&plain).equals(&plain, &read(der), der),
                "{}",
                display_name(der)
            );
            assert!(!same_name(&plain, der), "{}", display_name(der));
        }
    }

    #[test]
    fn a_name_lies_under_its_own_prefix() {
        let base = name(&[(tag::UTF8_STRING, b"a")]);
        let below = name(&[(tag::UTF8_STRING, b"A"), (tag::UTF8_STRING, b"b")]);
        let is_within =
            |name: &[u8], base: &[u8]| PreparedName::of(name).is_within(&PreparedName::of(base));
        assert!(is_within(&below, &base));
        assert!(is_within(&below, &name(&[])));
        assert!(!is_within(&base, &below));
        let longer = name(&[(tag::UTF8_STRING, b"ab")]);
        assert!(!is_within(&longer, &base));
    }

    #[test]
    fn a_relative_name_of_many_attributes_is_compared_as_a_set() {
        let pair = |value: u8| {
            vec![
                0x30,
                0x08,
                0x06,
                0x03,
                0x55,
                0x04,
                0x0a,
                0x0c,
                0x01,
                b'a' + value,
            ]
        };
        let name = |values: &[u8]| {
            let pairs: Vec<u8> = values.iter().flat_map(|&value| pair(value)).collect();
            let length = pairs.len() as u8;
            let mut der = vec![0x30, 0x81, length + 3, 0x31, 0x81, length];
            der.extend(pairs);
            der
        };
        let many: Vec<u8> = (0..20).collect();
        let reversed: Vec<u8> = (0..20).rev().collect();
        let other: Vec<u8> = (1..21).collect();
        for (right, same) in [(&many, true), (&reversed, true), (&other, false)] {
            let (left, right) = (name(&many), name(right));
            assert_eq!(same_name(&left, &right), same);
            assert_eq!(PreparedName::of(&left) == PreparedName::of(&right), same);
        }
    }
}
