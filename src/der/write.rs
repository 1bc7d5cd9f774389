//! Writes DER forward into one buffer; a length that needs more than one octet
//! shifts what it covers once it is known.

use super::{Oid, tag};

/// A buffer of DER under construction.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
}

impl Writer {
    /// An empty buffer with room for a usual certificate, and below the size from
    /// which usual allocators tidy up first.
    pub fn new() -> Self {
        Self::with_room(960)
    }

    /// An empty buffer with room for so many octets.
    pub fn with_room(octets: usize) -> Self {
        Self {
            out: Vec::with_capacity(octets),
        }
    }

    /// Everything written so far.
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Bytes that are DER already, or are meant not to be.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// One element whose body `body` writes.
    pub fn nest(&mut self, tag: u8, body: impl FnOnce(&mut Self)) {
        self.out.push(tag);
        let length_at = self.out.len();
        self.out.push(0);
        body(self);
        let end = self.out.len();
        let length = end - length_at - 1;
        if length < 0x80 {
            self.out[length_at] = length as u8;
            return;
        }
        let (octets, used) = long_length(length);
        self.out.resize(end + used, 0);
        let body_at = length_at + 1;
        self.out.copy_within(body_at..end, body_at + used);
        self.out[length_at] = 0x80 | used as u8;
        self.out[body_at..body_at + used].copy_from_slice(&octets[8 - used..]);
    }

    /// One primitive element.
    pub fn element(&mut self, tag: u8, body: &[u8]) {
        self.head(tag, body.len());
        self.out.extend_from_slice(body);
    }

    /// Tag and length.
    fn head(&mut self, tag: u8, length: usize) {
        self.out.push(tag);
        if length < 0x80 {
            self.out.push(length as u8);
        } else {
            let (octets, used) = long_length(length);
            self.out.push(0x80 | used as u8);
            self.out.extend_from_slice(&octets[8 - used..]);
        }
    }

    /// `SEQUENCE { … }`
    pub fn sequence(&mut self, body: impl FnOnce(&mut Self)) {
        self.nest(tag::SEQUENCE, body);
    }

    /// `TRUE`, or nothing: DER leaves out `DEFAULT FALSE`.
    pub fn true_or_absent(&mut self, value: bool) {
        if value {
            self.element(tag::BOOLEAN, &[0xff]);
        }
    }

    /// A non-negative INTEGER.
    pub fn unsigned(&mut self, value: u64) {
        let bytes = value.to_be_bytes();
        self.unsigned_bytes(&bytes);
    }

    /// A non-negative INTEGER from big-endian bytes, made minimal.
    pub fn unsigned_bytes(&mut self, bytes: &[u8]) {
        let significant = significant(bytes);
        let sign = usize::from(significant.first().is_none_or(|first| first & 0x80 != 0));
        self.head(tag::INTEGER, sign + significant.len());
        self.out.extend_from_slice(&[0][..sign]);
        self.out.extend_from_slice(significant);
    }

    /// An OBJECT IDENTIFIER.
    pub fn oid(&mut self, oid: &Oid) {
        self.element(tag::OID, oid.as_bytes());
    }

    /// A BIT STRING of whole octets.
    pub fn bit_string(&mut self, bytes: &[u8]) {
        self.head(tag::BIT_STRING, bytes.len() + 1);
        self.out.push(0);
        self.out.extend_from_slice(bytes);
    }

    /// A named bit list: bit 0 is the most significant; trailing zeros are dropped (X.690 section 11.2.2).
    pub fn named_bits(&mut self, bits: impl IntoIterator<Item = u8>) {
        let mut octets = Vec::new();
        for bit in bits {
            let index = usize::from(bit / 8);
            if octets.len() <= index {
                octets.resize(index + 1, 0u8);
            }
            octets[index] |= 0x80 >> (bit % 8);
        }
        let unused = octets.last().map_or(0, |last| last.trailing_zeros() as u8);
        self.nest(tag::BIT_STRING, |w| {
            w.out.push(unused);
            w.raw(&octets);
        });
    }
}

/// The body of a non-negative INTEGER: no needless leading zero, one where the sign bit needs it.
pub fn minimal_unsigned(bytes: &[u8]) -> Vec<u8> {
    let significant = significant(bytes);
    match significant.first() {
        None => vec![0],
        Some(first) if first & 0x80 != 0 => [&[0], significant].concat(),
        Some(_) => significant.to_vec(),
    }
}

/// What follows the leading zeros.
fn significant(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|&b| b != 0).unwrap_or(bytes.len());
    &bytes[start..]
}

/// A length in big-endian octets, and how many of the last ones it needs: one at least.
fn long_length(length: usize) -> ([u8; 8], usize) {
    let octets = (length as u64).to_be_bytes();
    (octets, significant(&octets).len().max(1))
}

/// The length octets that DER demands.
pub(super) fn length_octets(length: usize) -> Vec<u8> {
    if length < 0x80 {
        return vec![length as u8];
    }
    let (octets, used) = long_length(length);
    [&[0x80 | used as u8], &octets[8 - used..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_minimal_at_every_boundary() {
        let table: [(usize, &[u8]); 5] = [
            (0, &[0x04, 0x00]),
            (127, &[0x04, 0x7f]),
            (128, &[0x04, 0x81, 0x80]),
            (256, &[0x04, 0x82, 0x01, 0x00]),
            (65_536, &[0x04, 0x83, 0x01, 0x00, 0x00]),
        ];
        for (length, header) in table {
            let body = vec![7; length];
            let mut flat = Writer::new();
            flat.element(tag::OCTET_STRING, &body);
            let mut nested = Writer::new();
            nested.nest(tag::OCTET_STRING, |w| w.raw(&body));
            let expected = [header, &body].concat();
            assert_eq!(flat.into_bytes(), expected);
            assert_eq!(nested.into_bytes(), expected);
        }
    }

    #[test]
    fn integers_and_bit_lists_are_minimal() {
        let mut w = Writer::new();
        w.unsigned(0);
        w.unsigned(127);
        w.unsigned(128);
        w.named_bits([0]);
        w.named_bits([5, 6]);
        w.named_bits([8]);
        w.named_bits([]);
        assert_eq!(
            w.into_bytes(),
            [
                2, 1, 0, 2, 1, 127, 2, 2, 0, 128, 3, 2, 7, 0x80, 3, 2, 1, 6, 3, 3, 7, 0, 0x80, 3,
                1, 0
            ]
        );
    }
}
