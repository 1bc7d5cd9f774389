//! Numbers and vectors as TLS writes them (RFC 8446 section 3).

/// Octets that end before what they promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the octets end early, or late")]
pub struct Malformed;

/// Reads numbers and vectors from the front.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A reader of all of these octets.
    pub const fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// So many octets.
    ///
    /// # Errors
    /// When there are fewer.
    pub fn take(&mut self, octets: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(octets).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    /// A number of so many octets, at most four.
    ///
    /// # Errors
    /// When there are fewer.
    pub fn number(&mut self, octets: usize) -> Result<u32, Malformed> {
        let taken = self.take(octets)?.iter();
        Ok(taken.fold(0, |number, octet| number << 8 | u32::from(*octet)))
    }

    /// One octet.
    ///
    /// # Errors
    /// When there is none.
    pub fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(self.take(1)?[0])
    }

    /// A number of two octets.
    ///
    /// # Errors
    /// When there are fewer.
    pub fn u16(&mut self) -> Result<u16, Malformed> {
        let taken = self.take(2)?;
        Ok(u16::from_be_bytes([taken[0], taken[1]]))
    }

    /// A vector whose length is written in so many octets.
    ///
    /// # Errors
    /// When it is longer than what is left.
    pub fn vector(&mut self, length_octets: usize) -> Result<&'a [u8], Malformed> {
        let length = self.number(length_octets)?;
        self.take(length as usize)
    }

    /// Everything that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// Whether nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// That nothing is left.
    ///
    /// # Errors
    /// When something is.
    pub const fn end(&self) -> Result<(), Malformed> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Malformed)
        }
    }
}

/// Appends a number in so many octets. Higher octets are lost.
pub fn put_number(out: &mut Vec<u8>, octets: usize, number: usize) {
    let bytes = (number as u64).to_be_bytes();
    out.extend_from_slice(&bytes[8 - octets..]);
}

/// Appends what `write` appends, behind its length in so many octets.
pub fn put_vector(out: &mut Vec<u8>, length_octets: usize, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.resize(start + length_octets, 0);
    write(out);
    let length = (out.len() - start - length_octets) as u64;
    out[start..start + length_octets].copy_from_slice(&length.to_be_bytes()[8 - length_octets..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_read_back_and_short_ones_do_not() {
        for length_octets in 1..=3 {
            let mut out = vec![9];
            put_vector(&mut out, length_octets, |out| out.extend([1, 2, 3]));
            let mut reader = Reader::new(&out[1..]);
            assert_eq!(reader.vector(length_octets), Ok(&[1, 2, 3][..]));
            assert_eq!(reader.end(), Ok(()));
            for end in 1..out.len() {
                assert_eq!(
                    Reader::new(&out[1..end]).vector(length_octets),
                    Err(Malformed)
                );
            }
        }
    }
}
