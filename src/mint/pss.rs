//! RSASSA-PSS: parameters and the encoded block, with a salt that is a hash of the message.

use super::sign::Hash;
use crate::der::{Writer, oid, tag};

/// Hash of message and mask, and octets of salt.
#[derive(Clone, Copy)]
pub(super) struct Pss {
    hash: Hash,
    salt: usize,
}

impl Pss {
    pub(super) const SHA256: Self = Self {
        hash: Hash::Sha256,
        salt: 32,
    };
    pub(super) const SHA1: Self = Self {
        hash: Hash::Sha1,
        salt: 20,
    };
    pub(super) const UNSALTED: Self = Self {
        hash: Hash::Sha256,
        salt: 0,
    };

    /// RSASSA-PSS-params of RFC 4055 section 3.1; what equals its default is left out.
    pub(super) fn write(self, w: &mut Writer) {
        let hash = |w: &mut Writer| {
            w.sequence(|w| {
                w.oid(&self.hash.oid());
                w.element(tag::NULL, &[]);
            });
        };
        w.sequence(|w| {
            if self.hash != Hash::Sha1 {
                w.nest(tag::context_constructed(0), hash);
                w.nest(tag::context_constructed(1), |w| {
                    w.sequence(|w| {
                        w.oid(&oid::MGF1);
                        hash(w);
                    });
                });
            }
            if self.salt != 20 {
                w.nest(tag::context_constructed(2), |w| {
                    w.unsigned(self.salt as u64)
                });
            }
        });
    }

    /// EMSA-PSS-ENCODE of RFC 8017 section 9.1.1 for a block of so many bits. `None` when they are too few.
    pub(super) fn block(self, bits: usize, message: &[u8]) -> Option<Vec<u8>> {
        let digest = self.hash.digest(message);
        // Deterministic on purpose: the same recipe gives the same bytes.
        let salt = self
            .hash
            .digest(&[b"salt of ".as_slice(), &digest].concat())[..self.salt]
            .to_vec();
        let hash = self.hash.digest(&[&[0; 8], &digest[..], &salt].concat());
        let length = bits.div_ceil(8);
        let padding = vec![0; length.checked_sub(salt.len() + hash.len() + 2)?];
        let mut block = [&padding[..], &[1], &salt].concat();
        for (octet, mask) in block.iter_mut().zip(self.mask(&hash, length)) {
            *octet ^= mask;
        }
        block[0] &= 0xff >> (length * 8 - bits);
        Some([&block[..], &hash, &[0xbc]].concat())
    }

    /// MGF1 of RFC 8017 appendix B.2.1.
    fn mask(self, seed: &[u8], length: usize) -> impl Iterator<Item = u8> {
        let blocks = (length as u32).div_ceil(20);
        (0..blocks).flat_map(move |counter| {
            self.hash
                .digest(&[seed, counter.to_be_bytes().as_slice()].concat())
        })
    }
}
