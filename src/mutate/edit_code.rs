//! An edit as octets, for inputs of fuzzers.
//!
//! Every kind of step and of change has a number that is never given again, so
//! a stored input keeps its meaning when kinds are added. A number that nothing
//! has ends the reading.

use crate::der::{Change, Edit, HexBytes, Oid, Path, edit::Step};

/// Reads one edit, and what follows it.
pub fn read_edit(octets: &[u8]) -> Option<(Edit, &[u8])> {
    let mut rest = octets;
    let count = take(&mut rest, 1)?[0];
    let mut steps = Vec::new();
    for _ in 0..count {
        steps.push(match take(&mut rest, 1)?[0] {
            0 => Step::Child(i32::from(take(&mut rest, 1)?[0] as i8)),
            1 => Step::Inside,
            2 => Step::Context(take(&mut rest, 1)?[0] & 0x1f),
            3 => {
                let length = take(&mut rest, 1)?[0];
                Step::Starting(Oid::owned(take(&mut rest, usize::from(length))?))
            }
            _ => return None,
        });
    }
    let kind = take(&mut rest, 1)?[0];
    let length = take(&mut rest, 2)?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    let bytes = take(&mut rest, length)?;
    let number = bytes
        .iter()
        .take(4)
        .fold(0, |number, octet| number << 8 | u32::from(*octet));
    let hex = || HexBytes(bytes.to_vec());
    let change = match kind {
        0 => Change::SetBody(hex()),
        1 => Change::Replace(hex()),
        2 => Change::InsertBefore(hex()),
        3 => Change::InsertAfter(hex()),
        4 => Change::Append(hex()),
        5 => Change::Remove,
        6 => Change::Duplicate,
        7 => Change::SwapWithNext,
        8 => Change::SetTag(number as u8),
        9 => Change::PadLength(number as u8),
        10 => Change::IndefiniteLength,
        11 => Change::ClaimLength(hex()),
        12 => Change::Truncate(number),
        13 => Change::FlipBit(number),
        14 => Change::InPieces,
        15 => Change::Prepend(hex()),
        _ => return None,
    };
    let at = Path(steps);
    Some((Edit { at, change }, rest))
}

/// Writes an edit so that it reads back.
pub fn write_edit(out: &mut Vec<u8>, edit: &Edit) {
    let steps = &edit.at.0[..edit.at.0.len().min(255)];
    out.push(steps.len() as u8);
    for step in steps {
        match step {
            Step::Child(number) => out.extend([0, *number as u8]),
            Step::Inside => out.push(1),
            Step::Context(number) => out.extend([2, *number]),
            Step::Starting(oid) => {
                let octets = oid.as_bytes();
                out.extend([3, octets.len() as u8]);
                out.extend(&octets[..octets.len().min(255)]);
            }
        }
    }
    let number = |number: u32| number.to_be_bytes().to_vec();
    let (kind, bytes) = match &edit.change {
        Change::SetBody(bytes) => (0, bytes.0.clone()),
        Change::Replace(bytes) => (1, bytes.0.clone()),
        Change::InsertBefore(bytes) => (2, bytes.0.clone()),
        Change::InsertAfter(bytes) => (3, bytes.0.clone()),
        Change::Append(bytes) => (4, bytes.0.clone()),
        Change::Remove => (5, Vec::new()),
        Change::Duplicate => (6, Vec::new()),
        Change::SwapWithNext => (7, Vec::new()),
        Change::SetTag(tag) => (8, vec![*tag]),
        Change::PadLength(extra) => (9, vec![*extra]),
        Change::IndefiniteLength => (10, Vec::new()),
        Change::ClaimLength(bytes) => (11, bytes.0.clone()),
        Change::Truncate(length) => (12, number(*length)),
        Change::FlipBit(bit) => (13, number(*bit)),
        Change::InPieces => (14, Vec::new()),
        Change::Prepend(bytes) => (15, bytes.0.clone()),
    };
    let bytes = &bytes[..bytes.len().min(usize::from(u16::MAX))];
    out.push(kind);
    out.extend((bytes.len() as u16).to_be_bytes());
    out.extend(bytes);
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_of_every_kind_of_edit_keep_their_meaning() {
        // Written down once. A line that fails means that stored inputs changed their meaning.
        let table: [(&str, Change, &str); 16] = [
            ("0", Change::SetBody(vec![7].into()), "0100000000 0107"),
            (
                "-1",
                Change::Replace(vec![5, 0].into()),
                "0100ff01 00020500",
            ),
            ("[3]", Change::InsertBefore(vec![].into()), "010203020000"),
            (
                "0/>",
                Change::InsertAfter(vec![1].into()),
                "020000010300 0101",
            ),
            (
                "{2.5.29.19}",
                Change::Append(vec![1].into()),
                "010303551d13 04000101",
            ),
            ("", Change::Remove, "00050000"),
            ("", Change::Duplicate, "00060000"),
            ("", Change::SwapWithNext, "00070000"),
            ("", Change::SetTag(0x31), "0008000131"),
            ("", Change::PadLength(2), "0009000102"),
            ("", Change::IndefiniteLength, "000a0000"),
            ("", Change::ClaimLength(vec![0x84].into()), "000b000184"),
            ("", Change::Truncate(3), "000c000400000003"),
            ("", Change::FlipBit(9), "000d000400000009"),
            ("", Change::InPieces, "000e0000"),
            ("", Change::Prepend(vec![0].into()), "000f000100"),
        ];
        for (path, change, expected) in table {
            let edit = Edit::at(path, change);
            let mut octets = Vec::new();
            write_edit(&mut octets, &edit);
            let expected = expected.replace(' ', "");
            assert_eq!(HexBytes(octets.clone()).to_string(), expected, "{edit:?}");
            octets.push(0xaa);
            let (read, rest) = read_edit(&octets).expect("reads");
            assert_eq!((&read, rest), (&edit, &[0xaa][..]));
        }
    }
}
