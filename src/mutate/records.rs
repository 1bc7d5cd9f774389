//! Inputs that are a list of records: an octet that says what it is, one with
//! the length, and the value.
//!
//! A kind of record keeps its number for ever, and one that nobody knows is
//! passed over, so that an input keeps its meaning when kinds are added.

use super::{Dice, Moves, OCTETS};

/// Moves on lists of records, and on the octets inside one.
pub const RECORDS: Moves = Moves { change, cross };

/// The kind and the value of each record. What is cut off at the end is none.
pub fn read_records(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (&[kind, length], rest) = bytes.split_first_chunk::<2>()?;
        let (value, after) = rest.split_at_checked(usize::from(length))?;
        bytes = after;
        Some((kind, value))
    })
}

/// Writes records so that they read back. Values end after 255 octets.
pub fn write_records<'v>(records: impl IntoIterator<Item = (u8, &'v [u8])>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, value) in records {
        let value = &value[..value.len().min(255)];
        bytes.extend([kind, value.len() as u8]);
        bytes.extend(value);
    }
    bytes
}

/// Kinds of records that a move may choose.
const KINDS: usize = 24;

fn change(input: &mut Vec<u8>, dice: &mut Dice) {
    let mut records: Vec<(u8, Vec<u8>)> = read_records(input)
        .map(|(kind, value)| (kind, value.to_vec()))
        .collect();
    let count = records.len();
    let at = dice.below(count);
    match dice.below(10) {
        0 if count > 0 => {
            records.remove(at);
        }
        1 if count > 0 => records.insert(dice.below(count), records[at].clone()),
        2 if count > 1 => records.swap(at, dice.below(count)),
        3 if count > 0 => records[at].0 = dice.below(KINDS) as u8,
        4..=7 if count > 0 => (OCTETS.change)(&mut records[at].1, dice),
        // The value of one in the place of another's, or a piece of it behind.
        8 if count > 1 => {
            let other = records[dice.below(count)].1.clone();
            if dice.once_in(2) {
                records[at].1 = other;
            } else {
                let from = dice.below(other.len() + 1);
                records[at].1.extend(&other[from..]);
            }
        }
        _ => records.push((dice.below(KINDS) as u8, vec![dice.octet() % 8])),
    }
    let records = records
        .iter()
        .map(|(kind, value)| (*kind, value.as_slice()));
    *input = write_records(records);
}

fn cross(one: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut records: Vec<(u8, &[u8])> = read_records(one).collect();
    for record in read_records(other) {
        if dice.once_in(2) {
            records.insert(dice.below(records.len() + 1), record);
        }
    }
    write_records(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_read_back_and_what_is_cut_off_is_none() {
        let records: [(u8, &[u8]); 3] = [(1, b"ab"), (7, b""), (2, b"c")];
        let mut bytes = write_records(records);
        assert_eq!(bytes, b"\x01\x02ab\x07\x00\x02\x01c");
        bytes.extend([3, 9, 0]);
        assert_eq!(read_records(&bytes).collect::<Vec<_>>(), records);
    }
}
