//! Attributes of distinguished names: their types, and when two values are one.
//!
//! Apart from names, because alternative names and identity rules hold attributes too.

use super::{
    certificate::Demand,
    prepare::prepared,
    strict::{dotted, tag},
};

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

/// A type's short name, or its dotted decimal.
pub(crate) fn attribute_name(kind: &[u8]) -> String {
    SHORT_NAMES
        .iter()
        .find(|(oid, _)| *oid == kind)
        .map_or_else(|| dotted(kind), |(_, short)| (*short).to_owned())
}

pub(super) const HASH_SEED: u64 = 0xcbf2_9ce4_8422_2325;

pub(super) fn hash_step(hash: u64, value: u64) -> u64 {
    (hash ^ value)
        .wrapping_mul(0x0000_0100_0000_01b3)
        .rotate_left(23)
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
    pub(super) fn prepared(self) -> Vec<u8> {
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
    pub(super) fn check(self) -> Result<(), Demand> {
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

    pub(super) fn equals(self, other: Self) -> bool {
        if self.is_string() && other.is_string() {
            self.contents == other.contents && self.tag == other.tag
                || self.prepared().eq(other.prepared())
        } else {
            self.tag == other.tag && self.contents == other.contents
        }
    }

    pub(super) fn hash(self, kind: &[u8]) -> u64 {
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
