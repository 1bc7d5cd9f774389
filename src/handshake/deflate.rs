//! The zlib format as far as compressed certificates need it (RFC 1950, RFC 1951): octets that
//! are stored as they are, and very many zeros in few octets.
//!
//! Written here since no library makes a stream on purpose that is far larger than it looks.

/// Octets that are stored and not made smaller.
pub(super) fn stored(octets: &[u8]) -> Vec<u8> {
    let mut out = HEADER.to_vec();
    let mut blocks = octets.chunks(usize::from(u16::MAX)).peekable();
    if blocks.peek().is_none() {
        out.extend_from_slice(&[1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        out.push(u8::from(blocks.peek().is_none()));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    out.extend_from_slice(&checksum(octets).to_be_bytes());
    out
}

/// So many zeros, about a hundred and sixty in each octet.
pub(super) fn zeros(number: u32) -> Vec<u8> {
    /// The longest repetition.
    const LONGEST: u32 = 258;
    let mut bits = Bits {
        out: HEADER.to_vec(),
        filled: 8,
    };
    // The last block, with the codes of RFC 1951 section 3.2.6.
    bits.put(0b1, 1);
    bits.put(0b01, 2);
    let mut left = number;
    let literal = |bits: &mut Bits| bits.put_code(0b0011_0000, 8);
    if left > 0 {
        literal(&mut bits);
        left -= 1;
    }
    while left >= LONGEST {
        bits.put_code(0b1100_0101, 8);
        bits.put_code(0, 5);
        left -= LONGEST;
    }
    for _ in 0..left {
        literal(&mut bits);
    }
    bits.put_code(0, 7);
    let mut out = bits.out;
    // The sum of zeros stays one, and is added once for each.
    let checksum = (number % MODULUS) << 16 | 1;
    out.extend_from_slice(&checksum.to_be_bytes());
    out
}

/// What was [`stored`], if it has this length. Other streams are not read.
pub(super) fn restore(stream: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut rest = stream.strip_prefix(&HEADER)?;
    let mut out = Vec::new();
    loop {
        let (&[last, low, high, not_low, not_high], after) = rest.split_first_chunk::<5>()?;
        let told = u16::from_le_bytes([low, high]);
        if last > 1 || told != !u16::from_le_bytes([not_low, not_high]) {
            return None;
        }
        let (block, after) = after.split_at_checked(told.into())?;
        out.extend_from_slice(block);
        rest = after;
        if last == 1 {
            break;
        }
    }
    let fits = rest == checksum(&out).to_be_bytes() && out.len() == length;
    fits.then_some(out)
}

/// A window of 32 kB, and no dictionary.
const HEADER: [u8; 2] = [0x78, 0x01];

/// Of the checksum: the largest prime of sixteen bits.
const MODULUS: u32 = 65521;

/// RFC 1950 section 8.2: Adler-32
fn checksum(octets: &[u8]) -> u32 {
    let (low, high) = octets
        .iter()
        .fold((1, 0), |(low, high): (u32, u32), octet| {
            let low = (low + u32::from(*octet)) % MODULUS;
            (low, (high + low) % MODULUS)
        });
    high << 16 | low
}

/// Bits, the first of each octet the lowest.
struct Bits {
    out: Vec<u8>,
    /// Bits of the last octet that are taken.
    filled: u32,
}

impl Bits {
    /// A number, its lowest bit first.
    fn put(&mut self, number: u32, bits: u32) {
        for place in 0..bits {
            self.bit(number >> place);
        }
    }

    /// A code, its highest bit first.
    fn put_code(&mut self, code: u32, bits: u32) {
        for place in (0..bits).rev() {
            self.bit(code >> place);
        }
    }

    fn bit(&mut self, bit: u32) {
        if self.filled == 8 {
            self.out.push(0);
            self.filled = 0;
        }
        if let Some(last) = self.out.last_mut() {
            *last |= ((bit & 1) as u8) << self.filled;
        }
        self.filled += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_restored_and_nothing_else_is() {
        for length in [0, 1, 1000, 65535, 65536, 200_000] {
            let octets: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
            let stream = stored(&octets);
            assert_eq!(restore(&stream, octets.len()), Some(octets.clone()));
            assert_eq!(restore(&stream, octets.len() + 1), None);
            assert_eq!(restore(&stream[..stream.len() - 1], octets.len()), None);
        }
    }

    #[test]
    fn zeros_are_as_other_writers_of_the_format_have_them() {
        // zlib's own streams of no octets and of one zero, with these codes.
        assert_eq!(zeros(0), [0x78, 0x01, 0x03, 0, 0, 0, 0, 1]);
        assert_eq!(zeros(1), [0x78, 0x01, 0x63, 0, 0, 0, 1, 0, 1]);
        let bomb = zeros(1 << 24);
        assert!(bomb.len() * 150 < 1 << 24, "{}", bomb.len());
    }
}
