//! How inputs are changed: moves on TLV trees, on text and on octets, and edits
//! as octets that keep their meaning.
//!
//! A move on a tree is drawn as an [`Edit`](crate::der::Edit), so that what a
//! fuzzer found is text in a recipe: before signing, which keeps the signature
//! true, or after it, which does not.

mod dice;
mod donor;
mod edit_code;
mod octets;
mod records;
mod text;
mod tree;

pub use dice::Dice;
pub use donor::donors;
pub use edit_code::{read_edit, write_edit};
pub use octets::OCTETS;
pub use records::{RECORDS, read_records, write_records};
pub use text::TEXT;
pub use tree::{TREE, draw, subtrees};

/// How inputs of one kind are changed and crossed.
#[derive(Clone, Copy)]
pub struct Moves {
    /// Changes an input in one place or a few. The result may be longer than allowed.
    pub change: fn(&mut Vec<u8>, &mut Dice),
    /// One input made of two.
    pub cross: fn(&[u8], &[u8], &mut Dice) -> Vec<u8>,
}

impl Moves {
    /// Changes an input; the same seed changes it in the same way. At most `limit` octets are left.
    pub fn change(&self, input: &mut Vec<u8>, limit: usize, seed: u64) {
        (self.change)(input, &mut Dice::new(seed));
        input.truncate(limit);
    }

    /// The same in the memory of libFuzzer's hook: the input is the first `size` octets, and may
    /// become `limit` long. The new length.
    pub fn change_in_place(
        &self,
        memory: &mut [u8],
        size: usize,
        limit: usize,
        seed: u32,
    ) -> usize {
        let mut input = memory[..size].to_vec();
        self.change(&mut input, limit, seed.into());
        memory[..input.len()].copy_from_slice(&input);
        input.len()
    }

    /// Crosses two inputs into the memory of libFuzzer's hook. The child's length.
    pub fn cross_into(&self, one: &[u8], other: &[u8], memory: &mut [u8], seed: u32) -> usize {
        let child = self.cross(one, other, memory.len(), seed.into());
        memory[..child.len()].copy_from_slice(&child);
        child.len()
    }

    /// Crosses two inputs; the same seed crosses them in the same way.
    pub fn cross(&self, one: &[u8], other: &[u8], limit: usize, seed: u64) -> Vec<u8> {
        let mut child = (self.cross)(one, other, &mut Dice::new(seed));
        child.truncate(limit);
        child
    }
}
