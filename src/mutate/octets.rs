//! Moves on octets of no known structure.

use super::{Dice, Moves};

/// Single octets, pieces that move, pieces that go.
pub const OCTETS: Moves = Moves { change, cross };

fn change(input: &mut Vec<u8>, dice: &mut Dice) {
    if input.is_empty() {
        input.push(dice.octet());
        return;
    }
    let at = dice.below(input.len());
    match dice.below(6) {
        0 => input[at] = dice.octet(),
        1 => input[at] ^= 1 << dice.below(8),
        2 => input.insert(at, dice.octet()),
        3 => {
            let end = (at + 1 + dice.below(8)).min(input.len());
            input.drain(at..end);
        }
        4 => {
            let end = (at + 1 + dice.below(16)).min(input.len());
            let piece = input[at..end].to_vec();
            let to = dice.below(input.len() + 1);
            input.splice(to..to, piece);
        }
        _ => input[at] = *dice.pick(&[0, 1, 0x7f, 0x80, 0xff]).unwrap_or(&0),
    }
}

fn cross(one: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let head = dice.below(one.len() + 1);
    let tail = dice.below(other.len() + 1);
    [&one[..head], &other[tail..]].concat()
}
