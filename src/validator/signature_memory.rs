//! Signatures that have been verified, remembered so that nobody verifies them again.
//!
//! Two validators ask about the same signatures, and every client of a service
//! brings the same intermediates. What is remembered is a keyed digest of the
//! algorithm, the issuer's key, the message and the signature: all that the
//! answer depends on. Only good signatures are kept, so nobody without a CA's
//! key can fill the memory, and it never holds more than it was made for.

use std::{
    cell::RefCell,
    collections::{HashSet, VecDeque, hash_map::RandomState},
    hash::BuildHasher,
    mem,
    sync::{Arc, Mutex, MutexGuard},
};

use aws_lc_rs::digest::{Context, Digest, SHA256, digest};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

use super::{
    algorithm::SignatureAlgorithm,
    cursor::{Cursor, tag},
    key::{Curve, PublicKey, parse_key},
    signature::{SignatureError, SignatureScheme},
};

/// What is kept of a signature. Half a SHA-256: nobody can look for collisions without the key.
type Fingerprint = [u8; 16];

/// How many independent parts there are, so that threads seldom wait for each other.
const SHARDS: usize = 16;

/// Messages longer than this are CRLs, whose store remembers them: a digest here would hash them twice.
const REMEMBERED_MESSAGE: usize = 64 << 10;

/// The most bytes that are gathered on the stack to be digested: a certificate, not a CRL.
const GATHERED: usize = 2_048;

fn truncated(digest: &Digest) -> Fingerprint {
    let mut fingerprint = [0; 16];
    fingerprint.copy_from_slice(&digest.as_ref()[..16]);
    fingerprint
}

/// A bounded set of good signatures. Clones share it.
#[derive(Clone)]
pub(crate) struct SignatureMemory(Arc<Shards>);

struct Shards {
    key: [u8; 32],
    generation_size: usize,
    shards: [Mutex<Generations>; SHARDS],
}

/// The newer half and the older half: when the newer one is full, the older one is forgotten.
#[derive(Default)]
struct Generations {
    newer: HashSet<Fingerprint>,
    older: HashSet<Fingerprint>,
}

impl SignatureMemory {
    /// A memory of at most so many signatures, some twenty bytes each.
    pub(crate) fn new(capacity: usize) -> Self {
        let mut key = [0; 32];
        for (part, octets) in key.chunks_exact_mut(8).enumerate() {
            // Each RandomState is keyed by the system, and its hashes tell nothing of its key.
            octets.copy_from_slice(&RandomState::new().hash_one(part).to_ne_bytes());
        }
        Self(Arc::new(Shards {
            key,
            generation_size: (capacity / SHARDS / 2).max(1),
            shards: Default::default(),
        }))
    }

    /// Gathers the parts, told apart by their lengths, behind the key. `None` when they are too long.
    fn gather<'g>(&self, parts: &[&[u8]], gathered: &'g mut [u8; GATHERED]) -> Option<&'g [u8]> {
        let length = self.0.key.len()
            + parts
                .iter()
                .map(|part| part.len() + size_of::<u64>())
                .sum::<usize>();
        if length > GATHERED {
            return None;
        }
        let mut end = 0;
        self.feed(parts, |bytes| {
            gathered[end..end + bytes.len()].copy_from_slice(bytes);
            end += bytes.len();
        });
        Some(&gathered[..end])
    }

    /// The digest of the parts: in one call when they are gathered, which costs half as much.
    fn fingerprint(&self, parts: &[&[u8]], gathered: Option<&[u8]>) -> Fingerprint {
        match gathered {
            Some(gathered) => truncated(&digest(&SHA256, gathered)),
            None => {
                let mut context = Context::new(&SHA256);
                self.feed(parts, |bytes| context.update(bytes));
                truncated(&context.finish())
            }
        }
    }

    fn feed(&self, parts: &[&[u8]], mut take: impl FnMut(&[u8])) {
        take(&self.0.key);
        for part in parts {
            take(&(part.len() as u64).to_le_bytes());
            take(part);
        }
    }

    fn shard(&self, fingerprint: &Fingerprint) -> MutexGuard<'_, Generations> {
        let shard = &self.0.shards[usize::from(fingerprint[0]) % SHARDS];
        // A set is whole whatever thread panicked beside it.
        shard
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Runs `verify` unless these parts are known to be good already.
    pub(crate) fn once<E>(
        &self,
        parts: &[&[u8]],
        verify: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let mut buffer = [0; GATHERED];
        let gathered = self.gather(parts, &mut buffer);
        if gathered.is_some_and(Recent::holds) {
            return Ok(());
        }
        self.once_by_fingerprint(&self.fingerprint(parts, gathered), verify)?;
        gathered.into_iter().for_each(Recent::keep);
        Ok(())
    }

    fn once_by_fingerprint<E>(
        &self,
        fingerprint: &Fingerprint,
        verify: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        {
            let mut generations = self.shard(fingerprint);
            if generations.newer.contains(fingerprint) {
                return Ok(());
            }
            if generations.older.contains(fingerprint) {
                generations.keep(*fingerprint, self.0.generation_size);
                return Ok(());
            }
        }
        verify()?;
        self.shard(fingerprint)
            .keep(*fingerprint, self.0.generation_size);
        Ok(())
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        let shards = self
            .0
            .shards
            .iter()
            .map(|shard| shard.lock().expect("no thread panicked"));
        shards
            .map(|generations| generations.newer.len() + generations.older.len())
            .sum()
    }
}

/// The last few good signatures of this thread, whole.
///
/// The second validator asks what the first has just asked, and the
/// intermediate is the one of the handshake before: comparing costs less than
/// a digest. The memory's key stands in front, so no memory answers for another.
#[derive(Default)]
struct Recent(VecDeque<Vec<u8>>);

thread_local! {
    static RECENT: RefCell<Recent> = RefCell::default();
}

impl Recent {
    const KEPT: usize = 4;

    fn holds(gathered: &[u8]) -> bool {
        RECENT.with_borrow_mut(|Self(recent)| {
            let found = recent.iter().position(|known| known == gathered);
            // What is used comes to the front, so that new end entities push out each other.
            found.is_some_and(|position| {
                recent.swap(0, position);
                true
            })
        })
    }

    fn keep(gathered: &[u8]) {
        RECENT.with_borrow_mut(|Self(recent)| {
            let mut oldest = if recent.len() == Self::KEPT {
                recent.pop_back()
            } else {
                None
            }
            .unwrap_or_default();
            oldest.clear();
            oldest.extend_from_slice(gathered);
            recent.push_front(oldest);
        });
    }
}

impl Generations {
    fn keep(&mut self, fingerprint: Fingerprint, size: usize) {
        if self.newer.len() >= size {
            mem::swap(&mut self.newer, &mut self.older);
            self.newer.clear();
        }
        self.newer.insert(fingerprint);
    }
}

impl std::fmt::Debug for SignatureMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignatureMemory").finish_non_exhaustive()
    }
}

/// An algorithm of webpki that asks the memory first.
#[derive(Debug)]
pub(crate) struct RememberingAlgorithm {
    inner: &'static dyn SignatureVerificationAlgorithm,
    memory: SignatureMemory,
}

impl RememberingAlgorithm {
    pub(crate) fn new(
        inner: &'static dyn SignatureVerificationAlgorithm,
        memory: SignatureMemory,
    ) -> Self {
        Self { inner, memory }
    }

    pub(crate) fn memory(&self) -> &SignatureMemory {
        &self.memory
    }
}

impl SignatureVerificationAlgorithm for RememberingAlgorithm {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        if message.len() > REMEMBERED_MESSAGE {
            return self.inner.verify_signature(public_key, message, signature);
        }
        let (key_id, signature_id) = (
            self.inner.public_key_alg_id(),
            self.inner.signature_alg_id(),
        );
        let parts = [
            key_id.as_ref(),
            signature_id.as_ref(),
            public_key,
            message,
            signature,
        ];
        self.memory.once(&parts, || {
            self.inner.verify_signature(public_key, message, signature)
        })
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.inner.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.inner.signature_alg_id()
    }

    fn fips(&self) -> bool {
        self.inner.fips()
    }
}

/// How many good keys are remembered: those of intermediates come again and again.
const REMEMBERED_KEYS: usize = 1_024;

/// The reference validator's view of the same algorithms and the same memory.
///
/// It verifies through webpki's algorithms and not its own: an answer in the
/// memory then means the same to both, limits on key sizes included.
pub(crate) struct SharedSignatures<S> {
    algorithms: Arc<[RememberingAlgorithm]>,
    /// Apart from the signatures', as anybody can present a valid key.
    good_keys: SignatureMemory,
    keys: S,
}

impl<S: SignatureScheme> SharedSignatures<S> {
    /// `keys` judges keys by themselves.
    pub(crate) fn new(algorithms: Arc<[RememberingAlgorithm]>, keys: S) -> Self {
        Self {
            algorithms,
            good_keys: SignatureMemory::new(REMEMBERED_KEYS),
            keys,
        }
    }
}

impl<S: SignatureScheme> SignatureScheme for SharedSignatures<S> {
    fn verify(
        &self,
        algorithm: &SignatureAlgorithm<'_>,
        key_info: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let (key_id, key) = split_key(key_info).ok_or(SignatureError::InvalidKey)?;
        let signature_id = inside_sequence(algorithm.der()).ok_or(SignatureError::BadParameters)?;
        let same_signature =
            |known: &&RememberingAlgorithm| known.signature_alg_id().as_ref() == signature_id;
        if !self.algorithms.iter().any(|known| same_signature(&known)) {
            return Err(SignatureError::UnsupportedAlgorithm);
        }
        self.algorithms
            .iter()
            .filter(same_signature)
            .find(|known| known.public_key_alg_id().as_ref() == key_id)
            .ok_or(SignatureError::WrongKey)?
            .verify_signature(key, message, signature)
            .map_err(|InvalidSignature| SignatureError::Bad)
    }

    fn check_key(&self, key_info: &[u8]) -> Result<(), SignatureError> {
        // SEC 1 section 3.2.2.1: for the commonest curve the check costs less than remembering it.
        if let Ok(PublicKey::Ec {
            curve: Curve::P256,
            point: point @ [0x04, ..],
        }) = parse_key(key_info)
        {
            let valid = p256::PublicKey::from_sec1_bytes(point).is_ok();
            return if valid {
                Ok(())
            } else {
                Err(SignatureError::InvalidKey)
            };
        }
        self.good_keys
            .once(&[key_info], || self.keys.check_key(key_info))
    }
}

/// The content of the AlgorithmIdentifier and the key's octets.
fn split_key(key_info: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut outer = Cursor::new(key_info);
    let mut fields = outer.enter(tag::SEQUENCE, "subjectPublicKeyInfo").ok()?;
    let algorithm = fields.expect(tag::SEQUENCE, "algorithm").ok()?;
    let key = fields.octet_aligned_bits("subjectPublicKey").ok()?;
    Some((&key_info[algorithm.content], &key_info[key]))
}

fn inside_sequence(der: &[u8]) -> Option<&[u8]> {
    let element = Cursor::new(der)
        .expect(tag::SEQUENCE, "AlgorithmIdentifier")
        .ok()?;
    Some(&der[element.content])
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_good_signature_is_verified_once_and_a_bad_one_every_time() {
        let memory = SignatureMemory::new(64);
        let calls = Cell::new(0);
        let ask = |parts: &[&[u8]], good: bool| {
            memory.once(parts, || {
                calls.set(calls.get() + 1);
                if good { Ok(()) } else { Err(()) }
            })
        };
        let table: [(&[&[u8]], bool, u32); 7] = [
            (&[b"key", b"message", b"signature"], true, 1),
            (&[b"key", b"message", b"signature"], true, 1),
            (&[b"other", b"message", b"signature"], false, 2),
            (&[b"other", b"message", b"signature"], false, 3),
            (&[b"key", b"messages", b"ignature"], false, 4),
            (&[b"keym", b"essage", b"signature"], false, 5),
            (&[b"key", b"message", b"signature"], true, 5),
        ];
        for (parts, good, expected) in table {
            assert_eq!(ask(parts, good).is_ok(), good);
            assert_eq!(calls.get(), expected, "{parts:?}");
        }
    }

    #[test]
    fn the_memory_is_bounded_and_keeps_what_is_used() {
        let memory = SignatureMemory::new(256);
        let favourite: &[&[u8]] = &[b"favourite"];
        let verified = Cell::new(0);
        for number in 0..10_000_u32 {
            memory
                .once::<()>(&[&number.to_le_bytes()], || Ok(()))
                .expect("good");
            if number % 4 == 0 {
                memory
                    .once::<()>(favourite, || {
                        verified.set(verified.get() + 1);
                        Ok(())
                    })
                    .expect("good");
            }
        }
        assert!(memory.len() <= 256, "{}", memory.len());
        assert_eq!(verified.get(), 1);
    }
}
