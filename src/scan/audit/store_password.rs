//! The integrity of a PKCS #12 file hangs on its password (RFC 7292 section 4), so a password
//! can be tried without opening anything.

use aws_lc_rs::{
    digest::{self, Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512},
    hmac,
};

use super::store::number;
use crate::der::Node;

/// What everybody tries first: nothing, and what tools and tutorials write.
const TRIED: &[&str] = &[
    "", "changeit", "password", "changeme", "secret", "123456", "test", "admin",
];

/// Rounds beyond which nobody waits for a guess here.
const MOST_ROUNDS: u64 = 20_000;

/// MacData (RFC 7292 section 4).
pub(super) struct Mac {
    digest: &'static Algorithm,
    hmac: hmac::Algorithm,
    code: Vec<u8>,
    salt: Vec<u8>,
    rounds: u64,
}

impl Mac {
    /// None where it is of a kind that is not known here.
    pub(super) fn read(node: &Node) -> Option<Self> {
        let [info, salt, rest @ ..] = node.children() else {
            return None;
        };
        let [algorithm, code] = info.children() else {
            return None;
        };
        let (digest, hmac) = of(&algorithm.children().first()?.body_bytes())?;
        Some(Self {
            digest,
            hmac,
            code: code.body_bytes(),
            salt: salt.body_bytes(),
            // The default of 1 is historical and its use is deprecated, says the RFC.
            rounds: rest.first().map_or(1, number),
        })
    }

    pub(super) fn rounds(&self) -> u64 {
        self.rounds
    }

    /// The first of the passwords that everybody tries under which the code is right.
    pub(super) fn guess(&self, content: &[u8]) -> Option<&'static str> {
        if !(1..=MOST_ROUNDS).contains(&self.rounds) {
            return None;
        }
        let fits = |password: &[u8]| {
            let key = hmac::Key::new(self.hmac, &self.key(password));
            hmac::verify(&key, content, &self.code).is_ok()
        };
        // No password is either no octets or an empty text with its end.
        if fits(&[]) {
            return Some("");
        }
        let mut tried = TRIED.iter().copied();
        tried.find(|password| fits(&with_end(password)))
    }

    /// Derives the key of the code (RFC 7292 appendix B.2, with the diversifier 3 of B.3).
    fn key(&self, password: &[u8]) -> Vec<u8> {
        let block = self.digest.block_len();
        let filled = |text: &[u8]| -> Vec<u8> {
            let length = text.len().div_ceil(block) * block;
            text.iter().copied().cycle().take(length).collect()
        };
        let mut hash = digest::Context::new(self.digest);
        hash.update(&vec![3; block]);
        hash.update(&filled(&self.salt));
        hash.update(&filled(password));
        let mut derived = hash.finish();
        for _ in 1..self.rounds {
            derived = digest::digest(self.digest, derived.as_ref());
        }
        derived.as_ref().to_vec()
    }
}

/// The digest of an object identifier, and the code made with it.
fn of(id: &[u8]) -> Option<(&'static Algorithm, hmac::Algorithm)> {
    Some(match id {
        [0x2b, 0x0e, 3, 2, 0x1a] => (
            &SHA1_FOR_LEGACY_USE_ONLY,
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        ),
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1] => (&SHA256, hmac::HMAC_SHA256),
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2] => (&SHA384, hmac::HMAC_SHA384),
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3] => (&SHA512, hmac::HMAC_SHA512),
        _ => return None,
    })
}

/// A password as BMPString with two zero octets at its end (RFC 7292 appendix B.1).
fn with_end(password: &str) -> Vec<u8> {
    let units = password.encode_utf16().chain([0]);
    units.flat_map(u16::to_be_bytes).collect()
}
