//! Where a serial number stands in a CRL, without a copy of the CRL.
//!
//! One slot of eight bytes an entry: half a keyed hash and half the entry's
//! offset in the DER. The hash is keyed at random per process, so that whoever
//! fills the CRL cannot make lookups slow. Lookups allocate nothing.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    sync::LazyLock,
};

use siphasher::sip::SipHasher13;

/// The key of this process's indexes. `RandomState` is seeded by the system.
static KEY: LazyLock<[u8; 16]> = LazyLock::new(|| {
    let seed = RandomState::new();
    let mut key = [0; 16];
    key[..8].copy_from_slice(&seed.hash_one(0_u8).to_ne_bytes());
    key[8..].copy_from_slice(&seed.hash_one(1_u8).to_ne_bytes());
    key
});

/// The keyed hash of serials for indexes, with the key ready at hand.
#[derive(Clone, Copy)]
pub(crate) struct SerialHasher(SipHasher13);

impl SerialHasher {
    pub(crate) fn new() -> Self {
        Self(SipHasher13::new_with_key(&KEY))
    }

    /// Serials of different certificate issuers are different entries.
    #[inline]
    pub(crate) fn hash(&self, issuer: u32, serial: &[u8]) -> u32 {
        if issuer == 0 {
            return self.0.hash(serial) as u32;
        }
        let mut hasher = self.0;
        hasher.write_u32(issuer);
        hasher.write(serial);
        hasher.finish() as u32
    }
}

/// One slot: the hash above, the offset below. Zero is free, for no entry stands at offset 0.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Slot(u64);

impl Slot {
    fn new(hash: u32, offset: u32) -> Self {
        Self((u64::from(hash) << 32) | u64::from(offset))
    }

    fn hash(self) -> u32 {
        (self.0 >> 32) as u32
    }

    fn offset(self) -> u32 {
        self.0 as u32
    }
}

/// An open-addressing table from hashed serials to offsets of entries.
#[derive(Clone, Default)]
pub(crate) struct SerialIndex {
    slots: Box<[Slot]>,
}

impl SerialIndex {
    /// Builds the table. `merge(kept, new)` decides about two entries of equal hash:
    /// `None` when they are different serials, or else the offset that stays.
    pub(crate) fn build(
        entries: &[(u32, u32)],
        mut merge: impl FnMut(u32, u32) -> Option<u32>,
    ) -> Self {
        if entries.is_empty() {
            return Self::default();
        }
        // At most three quarters full, so that probes stay short.
        let capacity = (entries.len() + entries.len() / 3 + 1).next_power_of_two();
        let mask = capacity - 1;
        let mut slots = vec![Slot::default(); capacity].into_boxed_slice();
        for &(hash, offset) in entries {
            let mut position = hash as usize & mask;
            loop {
                let slot = slots[position];
                if slot == Slot::default() {
                    slots[position] = Slot::new(hash, offset);
                    break;
                }
                if slot.hash() == hash
                    && let Some(stays) = merge(slot.offset(), offset)
                {
                    slots[position] = Slot::new(hash, stays);
                    break;
                }
                position = (position + 1) & mask;
            }
        }
        Self { slots }
    }

    /// The offset of the first entry under this hash that `is_it` recognises.
    #[inline]
    pub(crate) fn find(&self, hash: u32, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut position = hash as usize & mask;
        loop {
            let slot = self.slots[position];
            if slot == Slot::default() {
                return None;
            }
            if slot.hash() == hash && is_it(slot.offset()) {
                return Some(slot.offset());
            }
            position = (position + 1) & mask;
        }
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        size_of_val(&*self.slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_hashes_are_told_apart_and_equal_serials_share_a_slot() {
        // Offsets 10 and 30 hold the same serial, 20 another one with the same hash.
        let same = |kept: u32, new: u32| (kept % 20 == new % 20).then(|| kept.min(new));
        let index = SerialIndex::build(&[(7, 30), (7, 20), (7, 10), (8, 40)], same);
        assert_eq!(index.find(7, |offset| offset % 20 == 10), Some(10));
        assert_eq!(index.find(7, |offset| offset == 20), Some(20));
        assert_eq!(index.find(7, |offset| offset == 30), None);
        assert_eq!(index.find(8, |_| true), Some(40));
        assert_eq!(index.find(9, |_| true), None);
        assert_eq!(SerialIndex::default().find(7, |_| true), None);
    }

    #[test]
    fn memory_stays_below_twenty_two_bytes_an_entry() {
        for count in [1_u32, 1_000, 1 << 16, 100_000] {
            let entries: Vec<_> = (1..=count)
                .map(|n| (n.wrapping_mul(0x9e37_79b9), n))
                .collect();
            let index = SerialIndex::build(&entries, |_, _| None);
            assert!(index.memory() <= 22 * count as usize + 16, "{count}");
        }
    }
}
