//! Distinguished names: reading them, and telling when two spellings are one name.
//!
//! Two names are equal when their bytes are, or when they are after the string
//! preparation that RFC 5280 section 7.1 asks for, the string type ignored. No
//! copy is made to compare.

use std::iter;

use crate::verdict::Reason;

use super::{
    certificate::{Demand, Flaw},
    prepare::prepared,
    strict::{DerError, DerFault, Reader, Span, dotted, tag},
    visible::is_unseen,
};

/// The contents of the object identifiers of attributes that rules ask about.
pub(crate) mod attribute {
    pub(crate) const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
    /// PKCS #9 emailAddress.
    pub(crate) const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01];
    /// Types whose values are DirectoryStrings of one character at least.
    // RFC 5280 appendix A.1
    pub(crate) const OF_STRINGS: &[&[u8]] = &[
        COMMON_NAME,
        &[0x55, 0x04, 0x04],
        &[0x55, 0x04, 0x07],
        &[0x55, 0x04, 0x08],
        &[0x55, 0x04, 0x0a],
        &[0x55, 0x04, 0x0b],
        &[0x55, 0x04, 0x0c],
        &[0x55, 0x04, 0x2a],
    ];
    /// How RFC 4514 abbreviates types.
    pub(crate) const SHORT_NAMES: &[(&[u8], &str)] = &[
        (COMMON_NAME, "CN"),
        (&[0x55, 0x04, 0x04], "SN"),
        (&[0x55, 0x04, 0x05], "serialNumber"),
        (&[0x55, 0x04, 0x06], "C"),
        (&[0x55, 0x04, 0x07], "L"),
        (&[0x55, 0x04, 0x08], "ST"),
        (&[0x55, 0x04, 0x09], "STREET"),
        (&[0x55, 0x04, 0x0a], "O"),
        (&[0x55, 0x04, 0x0b], "OU"),
        (&[0x55, 0x04, 0x2a], "GN"),
        (
            &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19],
            "DC",
        ),
        (
            &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x01],
            "UID",
        ),
        (EMAIL_ADDRESS, "emailAddress"),
    ];
}

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

const HASH_SEED: u64 = 0xcbf2_9ce4_8422_2325;

fn hash_step(hash: u64, value: u64) -> u64 {
    (hash ^ value)
        .wrapping_mul(0x0000_0100_0000_01b3)
        .rotate_left(23)
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
        } else if attribute::OF_STRINGS.contains(&kind)
            && (!value.is_string() || value.contents.is_empty())
        {
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

/// One attribute of a name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attribute<'a> {
    /// The type, as the contents of its object identifier.
    pub(crate) kind: &'a [u8],
    pub(crate) value: AttributeValue<'a>,
}

impl Attribute<'_> {
    /// Type and prepared value: the same octets for every spelling.
    fn prepared(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.kind.len() + self.value.contents.len() + 9);
        out.extend(self.kind.len().to_be_bytes());
        out.extend(self.kind);
        if self.value.is_string() {
            // No string has the tag of the end of contents.
            out.push(0);
            let mut buffer = [0; 4];
            for character in self.value.prepared() {
                out.extend(character.encode_utf8(&mut buffer).as_bytes());
            }
        } else {
            out.push(self.value.tag);
            out.extend(self.value.contents);
        }
        out
    }
}

/// A value, most often a string of some type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttributeValue<'a> {
    pub(crate) tag: u8,
    pub(crate) contents: &'a [u8],
}

impl<'a> AttributeValue<'a> {
    pub(crate) fn is_string(self) -> bool {
        matches!(
            self.tag,
            tag::UTF8_STRING
                | tag::PRINTABLE_STRING
                | tag::IA5_STRING
                | tag::NUMERIC_STRING
                | tag::VISIBLE_STRING
                | tag::TELETEX_STRING
                | tag::BMP_STRING
                | tag::UNIVERSAL_STRING
        )
    }

    // X.680 section 41; RFC 5280 section 4.1.2.4
    fn check(self) -> Result<(), Demand> {
        let fits = match self.tag {
            tag::UTF8_STRING => std::str::from_utf8(self.contents).is_ok(),
            tag::BMP_STRING => self.contents.len().is_multiple_of(2),
            tag::UNIVERSAL_STRING => self.contents.len().is_multiple_of(4),
            tag::IA5_STRING | tag::VISIBLE_STRING => self.contents.is_ascii(),
            tag::PRINTABLE_STRING => {
                let printable = |b: &u8| b.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(b);
                return if self.contents.iter().all(printable) {
                    Ok(())
                } else {
                    Err(Demand::StrictDer)
                };
            }
            _ => true,
        };
        if fits { Ok(()) } else { Err(Demand::Always) }
    }

    /// The characters after string preparation.
    pub(crate) fn prepared(self) -> impl Iterator<Item = char> + 'a {
        prepared(
            self.characters(),
            self.is_narrow() && self.contents.is_ascii(),
        )
    }

    fn is_narrow(self) -> bool {
        !matches!(self.tag, tag::BMP_STRING | tag::UNIVERSAL_STRING)
    }

    /// The characters as written. Bytes that the string type does not allow read as Latin-1.
    pub(crate) fn characters(self) -> impl Iterator<Item = char> + 'a {
        let wide = match self.tag {
            tag::BMP_STRING => 2,
            tag::UNIVERSAL_STRING => 4,
            _ => 1,
        };
        let text = if self.tag == tag::UTF8_STRING {
            std::str::from_utf8(self.contents).ok()
        } else {
            None
        };
        let narrow = if text.is_none() { self.contents } else { &[] };
        text.unwrap_or("")
            .chars()
            .chain(narrow.chunks(wide).map(|chunk| {
                let code = chunk
                    .iter()
                    .fold(0u32, |code, &octet| code << 8 | u32::from(octet));
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }))
    }

    /// Whether preparation changes nothing but case: visible ASCII and single spaces inside.
    fn is_plain(self) -> bool {
        let mut previous = b' ';
        let inside = self.contents.iter().all(|&octet| {
            let fits = octet.is_ascii_graphic() || octet == b' ' && previous != b' ';
            previous = octet;
            fits
        });
        inside && (self.contents.is_empty() || previous != b' ')
    }

    fn equals(self, other: Self) -> bool {
        if self.is_string() && other.is_string() {
            self.contents == other.contents && self.tag == other.tag
                || self.prepared().eq(other.prepared())
        } else {
            self.tag == other.tag && self.contents == other.contents
        }
    }

    fn hash(self, kind: &[u8]) -> u64 {
        let mut hash = kind
            .iter()
            .fold(HASH_SEED, |hash, &octet| hash_step(hash, u64::from(octet)));
        if !self.is_string() {
            return self
                .contents
                .iter()
                .fold(hash, |hash, &octet| hash_step(hash, u64::from(octet)));
        }
        if self.is_narrow() && self.is_plain() {
            for octet in self.contents {
                hash = hash_step(hash, u64::from(octet.to_ascii_lowercase()));
            }
            return hash;
        }
        self.prepared().fold(hash, |hash, character| {
            hash_step(hash, u64::from(u32::from(character)))
        })
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

/// A type's short name, or its dotted decimal.
pub(crate) fn attribute_name(kind: &[u8]) -> String {
    attribute::SHORT_NAMES
        .iter()
        .find(|(oid, _)| *oid == kind)
        .map_or_else(|| dotted(kind), |(_, short)| (*short).to_owned())
}

/// A name as people write it: `CN=device-7, O=Example`. Control characters are escaped.
///
/// The order is that of the certificate, not RFC 4514's reverse. What is long is cut short, so
/// this is to be read and not to be compared.
pub fn display_name(der: &[u8]) -> String {
    written(der, MAX_SHOWN)
}

/// The same in full, for comparison.
pub(crate) fn whole_name(der: &[u8]) -> String {
    written(der, usize::MAX)
}

fn written(der: &[u8], most: usize) -> String {
    let mut text = String::new();
    'name: for relative_name in relative_names(der) {
        for (index, attribute) in relative_name.attributes().enumerate() {
            if text.len() > most.saturating_mul(4) {
                text.push('…');
                break 'name;
            }
            if !text.is_empty() {
                text.push_str(if index == 0 { ", " } else { " + " });
            }
            text.push_str(&attribute_name(attribute.kind));
            text.push('=');
            let mut characters = attribute.value.characters();
            for character in characters.by_ref().take(most) {
                if matches!(character, ',' | '+' | '\\') {
                    text.extend(['\\', character]);
                } else if is_unseen(character) {
                    text.extend(character.escape_default());
                } else {
                    text.push(character);
                }
            }
            if characters.next().is_some() {
                text.push('…');
            }
        }
    }
    if text.is_empty() {
        "(empty name)".to_owned()
    } else {
        text
    }
}

/// The most characters of one value that are shown.
const MAX_SHOWN: usize = 128;

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

    fn name(parts: &[(u8, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (string_tag, value) in parts {
            let mut pair = vec![0x06, 0x03, 0x55, 0x04, 0x0a, *string_tag, value.len() as u8];
            pair.extend_from_slice(value);
            body.extend([0x31, pair.len() as u8 + 2, 0x30, pair.len() as u8]);
            body.extend(pair);
        }
        let mut der = vec![0x30, body.len() as u8];
        der.extend(body);
        der
    }

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

    #[test]
    fn shown_names_hold_no_control_character() {
        let shown = display_name(&name(&[(tag::UTF8_STRING, b"a\0b\r\n")]));
        assert_eq!(shown, "O=a\\u{0}b\\r\\n");
        let turned = "a\u{202e}b\u{2028}c\u{200b}";
        let shown = display_name(&name(&[(tag::UTF8_STRING, turned.as_bytes())]));
        assert_eq!(shown, "O=a\\u{202e}b\\u{2028}c\\u{200b}");
    }

    #[test]
    fn a_long_name_is_cut_short_where_it_is_shown() {
        let mut pairs = Vec::new();
        for _ in 0..5_000 {
            pairs.extend([0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x0a, 0x0c, 0x01, b'a']);
        }
        let mut der = vec![0x30, 0x82, 0xc3, 0x54, 0x31, 0x82, 0xc3, 0x50];
        der.extend(pairs);
        let shown = display_name(&der);
        assert!(shown.len() < 600 && shown.ends_with('…'), "{shown}");
        let long = name(&[(tag::UTF8_STRING, &[b'x'; 100]), (tag::UTF8_STRING, b"y")]);
        assert!(!display_name(&long).contains('…'));
    }

    #[test]
    fn separators_inside_a_value_are_escaped() {
        let shown = display_name(&name(&[(tag::UTF8_STRING, b"a, CN=b+c\\")]));
        assert_eq!(shown, "O=a\\, CN=b\\+c\\\\");
    }
}
