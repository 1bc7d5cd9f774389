//! Memory for one body.
//!
//! What is large has pages of its own, which go back to the system with it. On the heap they
//! would stay: small things that live longer lie between them.

use std::io;

use axum::body::Bytes;
use memmap2::MmapMut;

/// From here on, in octets.
const LARGE: usize = 64 * 1024;

/// So much memory, which fills. Pages that nothing was put on cost nothing.
#[derive(Debug)]
pub(crate) enum BodyMemory {
    Heap { heap: Vec<u8>, most: usize },
    Pages { pages: MmapMut, filled: usize },
}

impl BodyMemory {
    /// For at most so many octets.
    ///
    /// # Errors
    /// When the system has no room for them.
    pub(crate) fn new(most: usize) -> io::Result<Self> {
        Ok(if most < LARGE {
            let heap = Vec::with_capacity(most);
            Self::Heap { heap, most }
        } else {
            let pages = MmapMut::map_anon(most)?;
            Self::Pages { pages, filled: 0 }
        })
    }

    /// Puts octets behind what is there; whether there is room for them.
    pub(crate) fn push(&mut self, octets: &[u8]) -> bool {
        match self {
            Self::Heap { heap, most } => {
                let has_room = *most - heap.len() >= octets.len();
                if has_room {
                    heap.extend_from_slice(octets);
                }
                has_room
            }
            Self::Pages { pages, filled } => {
                let Some(free) = pages.get_mut(*filled..*filled + octets.len()) else {
                    return false;
                };
                free.copy_from_slice(octets);
                *filled += octets.len();
                true
            }
        }
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        match self {
            Self::Heap { heap, .. } => heap.into(),
            Self::Pages { pages, filled } => Bytes::from_owner(pages).slice(..filled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_comes_out_and_no_more_than_there_is_room_for() {
        for most in [100, LARGE] {
            let mut memory = BodyMemory::new(most).expect("room");
            assert!(memory.push(b"a body"));
            assert!(memory.push(&vec![b'x'; most - 6]));
            assert!(!memory.push(b"!"), "{most}");
            let octets = memory.into_bytes();
            assert_eq!(octets.len(), most);
            assert!(octets.starts_with(b"a bodyxx"));
        }
        let mut part = BodyMemory::new(LARGE).expect("room");
        assert!(part.push(b"part"));
        assert_eq!(&part.into_bytes()[..], b"part");
    }
}
