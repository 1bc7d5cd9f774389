//! Moves on text of lines: TOML, JSON, YAML.

use super::{Dice, Moves, OCTETS};

/// Lines that move, stand twice, go, or come from another text; words in place of words.
pub const TEXT: Moves = Moves { change, cross };

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|octet| *octet == b'\n').collect()
}

fn change(input: &mut Vec<u8>, dice: &mut Dice) {
    let kept = std::mem::take(input);
    let mut parts = lines(&kept);
    if parts.is_empty() || dice.once_in(3) {
        *input = kept;
        word(input, dice);
        return;
    }
    let at = dice.below(parts.len());
    match dice.below(4) {
        0 => {
            parts.remove(at);
        }
        1 => parts.insert(at, parts[dice.below(parts.len())]),
        2 => {
            let other = dice.below(parts.len());
            parts.swap(at, other);
        }
        _ => {
            let end = (at + 1 + dice.below(12)).min(parts.len());
            let block = parts[at..end].to_vec();
            let to = dice.below(parts.len() + 1);
            parts.splice(to..to, block);
        }
    }
    *input = parts.concat();
}

/// Puts one word in the place of another, or changes octets.
fn word(input: &mut Vec<u8>, dice: &mut Dice) {
    let is_word = |octet: &u8| octet.is_ascii_alphanumeric() || b"-._".contains(octet);
    let words = |text: &[u8]| -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut start = 0;
        for piece in text.split(|octet| !is_word(octet)) {
            if !piece.is_empty() {
                found.push((start, start + piece.len()));
            }
            start += piece.len() + 1;
        }
        found
    };
    let found = words(input);
    let from = dice.pick(&found).copied();
    let to = dice.pick(&found).copied();
    match (from, to) {
        (Some(from), Some(to)) if !dice.once_in(3) => {
            let extremes: [&[u8]; 7] = [
                b"0",
                b"-1",
                b"18446744073709551616",
                b"null",
                b"true",
                b"{}",
                b"[]",
            ];
            let new = match dice.pick(&extremes) {
                Some(extreme) if dice.once_in(3) => extreme.to_vec(),
                _ => input[from.0..from.1].to_vec(),
            };
            input.splice(to.0..to.1, new);
        }
        _ => (OCTETS.change)(input, dice),
    }
}

fn cross(one: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let (mut parts, others) = (lines(one), lines(other));
    let from = dice.below(others.len());
    let until = (from + 1 + dice.below(16)).min(others.len());
    let at = dice.below(parts.len() + 1);
    let over = (at + dice.below(8)).min(parts.len());
    parts.splice(at..over, others[from.min(until)..until].iter().copied());
    parts.concat()
}
