//! Changes of a message's octets, after it is made and before it is sent.

use serde::{Deserialize, Serialize};

use crate::der::HexBytes;

/// One change. Positions count from the first octet of the message's body,
/// modulo its length, so that every edit applies to every message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Edit {
    /// One bit is flipped; counted from the first.
    FlipBit(u32),
    /// These octets take the place of those from here on.
    Overwrite {
        /// Where.
        at: u32,
        /// With what.
        octets: HexBytes,
    },
    /// The body ends so many octets earlier, and the header says so.
    Cut(u32),
    /// These octets end the body, and the header says so.
    Append(HexBytes),
    /// So many zero octets end the body, and the header says so.
    Pad(u32),
    /// The header says this length, whatever the body's.
    ClaimLength(u32),
    /// The header says this kind.
    ClaimKind(u8),
}

/// The most octets that [`Edit::Pad`] adds: more than any limit that a peer keeps.
const MAX_PADDING: u32 = 1 << 24;

impl Edit {
    /// Changes a handshake message: header of four octets and body (RFC 8446 section 4).
    pub fn apply(&self, message: &mut Vec<u8>) {
        const HEADER: usize = 4;
        let body = message.len().saturating_sub(HEADER);
        match self {
            Self::FlipBit(bit) => {
                if body > 0 {
                    let bit = *bit as usize % (8 * body);
                    message[HEADER + bit / 8] ^= 0x80 >> (bit % 8);
                }
                return;
            }
            Self::Overwrite { at, octets } => {
                if body > 0 {
                    let start = HEADER + *at as usize % body;
                    for (place, octet) in message[start..].iter_mut().zip(&octets.0) {
                        *place = *octet;
                    }
                }
                return;
            }
            Self::ClaimLength(length) => {
                if message.len() >= HEADER {
                    message[1..HEADER].copy_from_slice(&length.to_be_bytes()[1..]);
                }
                return;
            }
            Self::ClaimKind(kind) => {
                if let Some(first) = message.first_mut() {
                    *first = *kind;
                }
                return;
            }
            Self::Cut(octets) => {
                message.truncate(HEADER + body.saturating_sub(*octets as usize));
            }
            Self::Append(octets) => message.extend_from_slice(&octets.0),
            Self::Pad(octets) => {
                message.resize(message.len() + (*octets).min(MAX_PADDING) as usize, 0);
            }
        }
        let length = message.len().saturating_sub(HEADER) as u32;
        Self::ClaimLength(length.min(0x00ff_ffff)).apply(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_edit_does_what_it_says_to_any_message() {
        let table: [(Edit, &[u8]); 7] = [
            (Edit::FlipBit(0), &[1, 0, 0, 2, 0x80, 0xbb]),
            (
                Edit::Overwrite {
                    at: 3,
                    octets: HexBytes(vec![7, 8]),
                },
                &[1, 0, 0, 2, 0, 7],
            ),
            (Edit::Cut(1), &[1, 0, 0, 1, 0]),
            (Edit::Append(HexBytes(vec![9])), &[1, 0, 0, 3, 0, 0xbb, 9]),
            (Edit::Pad(2), &[1, 0, 0, 4, 0, 0xbb, 0, 0]),
            (Edit::ClaimLength(0x0102_0304), &[1, 2, 3, 4, 0, 0xbb]),
            (Edit::ClaimKind(20), &[20, 0, 0, 2, 0, 0xbb]),
        ];
        for (edit, expected) in table {
            let mut message = vec![1, 0, 0, 2, 0, 0xbb];
            edit.apply(&mut message);
            assert_eq!(message, expected, "{edit:?}");
            for mut short in [vec![], vec![1], vec![1, 0, 0, 0]] {
                edit.apply(&mut short);
            }
        }
    }
}
