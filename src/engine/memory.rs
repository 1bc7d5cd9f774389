//! What engines have read once and need not read again: most chains that a
//! fuzzer shows share their authorities.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use foldhash::fast::RandomState;

/// Forgotten all at once beyond this number, so that a long run does not grow.
const MOST: usize = 256;

/// Parsed forms by the octets that they were read from. `T` is cheap to clone.
#[derive(Debug)]
pub(super) struct Memory<T>(Mutex<HashMap<Box<[u8]>, T, RandomState>>);

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Memory<T> {
    /// What these octets were read as, or are read as now. Failures are not kept.
    pub(super) fn recall<E>(
        &self,
        octets: &[u8],
        read: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Result<T, E> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(octets) {
            return Ok(known.clone());
        }
        drop(known);
        let fresh = read(octets)?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(octets.into(), fresh.clone());
        Ok(fresh)
    }
}
