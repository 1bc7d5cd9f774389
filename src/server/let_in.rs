//! Chains that were let in, so that a client that comes again is not judged from the beginning.
//!
//! The same holds as for an open connection and for a ticket: a verdict stands under the
//! configuration that gave it, until the first certificate or the evidence behind it ends.
//! Each generation has a memory of its own. Who shows a chain proves in every handshake that it
//! holds the key, remembered or not. Only good chains are kept, so nobody without a CA's key
//! can fill the memory, and it never holds more than it was made for.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::digest::{Context, SHA256};
use rustls_pki_types::CertificateDer;

use crate::question::Time;

use super::identity::PeerIdentity;

/// Chains remembered at the most, some hundred octets each with the names.
const CAPACITY: usize = 8_192;

/// The digest of a chain: what was judged is what is shown, octet for octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ChainDigest([u8; 32]);

impl ChainDigest {
    pub(crate) fn of(
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
    ) -> Self {
        let mut context = Context::new(&SHA256);
        for certificate in std::iter::once(end_entity).chain(intermediates) {
            // Two chains must not be one because their certificates are cut elsewhere.
            context.update(&(certificate.len() as u64).to_be_bytes());
            context.update(certificate);
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        Self(digest)
    }
}

/// A good verdict, and of whom.
#[derive(Clone, Debug)]
struct Entry {
    since: Time,
    until: Time,
    identity: Arc<PeerIdentity>,
}

/// The newer half and the older half: when the newer one is full, the older one is forgotten.
#[derive(Debug, Default)]
struct Halves {
    newer: HashMap<ChainDigest, Entry>,
    older: HashMap<ChainDigest, Entry>,
}

/// The good verdicts of one generation.
#[derive(Debug, Default)]
pub(crate) struct LetIn(Mutex<Halves>);

impl LetIn {
    /// Until when the verdict on this chain stands and who it is, if one stands now.
    pub(crate) fn recall(
        &self,
        chain: &ChainDigest,
        now: Time,
    ) -> Option<(Time, Arc<PeerIdentity>)> {
        // A poisoned lock only means that another thread panicked; the maps are whole.
        let halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = halves
            .newer
            .get(chain)
            .or_else(|| halves.older.get(chain))?;
        // A clock that was set back asks about a time that nobody judged.
        let stands = entry.since <= now && now < entry.until;
        stands.then(|| (entry.until, Arc::clone(&entry.identity)))
    }

    /// This chain was judged good now, which holds until then.
    pub(crate) fn remember(
        &self,
        chain: ChainDigest,
        identity: Arc<PeerIdentity>,
        now: Time,
        until: Time,
    ) {
        if until <= now {
            return;
        }
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if halves.newer.len() >= CAPACITY / 2 {
            halves.older = mem::take(&mut halves.newer);
        }
        let entry = Entry {
            since: now,
            until,
            identity,
        };
        halves.newer.insert(chain, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_unix_seconds(1_800_000_000);

    fn somebody() -> Arc<PeerIdentity> {
        let key = rcgen::KeyPair::generate().expect("a key");
        let certificate = rcgen::CertificateParams::default().self_signed(&key);
        PeerIdentity::from_der(certificate.expect("a certificate").der())
            .expect("an identity")
            .into()
    }

    fn digest(parts: &[&[u8]]) -> ChainDigest {
        let parts: Vec<_> = parts
            .iter()
            .map(|part| CertificateDer::from(*part))
            .collect();
        ChainDigest::of(&parts[0], &parts[1..])
    }

    #[test]
    fn a_verdict_stands_from_when_it_was_given_to_its_end_for_this_chain_alone() {
        let let_in = LetIn::default();
        let (who, end) = (somebody(), NOW.plus_seconds(60));
        let_in.remember(digest(&[b"ab", b"c"]), Arc::clone(&who), NOW, end);
        for (seconds, stands) in [(-1, false), (0, true), (59, true), (60, false)] {
            let found = let_in.recall(&digest(&[b"ab", b"c"]), NOW.plus_seconds(seconds));
            assert_eq!(
                found,
                stands.then(|| (end, Arc::clone(&who))),
                "{seconds} s later"
            );
        }
        for other in [
            &[&b"a"[..], b"bc"][..],
            &[b"abc"],
            &[b"ab"],
            &[b"ab", b"c", b""],
        ] {
            assert_eq!(let_in.recall(&digest(other), NOW), None, "{other:?}");
        }
        let_in.remember(digest(&[b"x"]), who, NOW, NOW);
        assert!(
            let_in.0.lock().expect("no panic").newer.len() == 1,
            "nothing to keep"
        );
    }

    #[test]
    fn the_memory_is_bounded_and_the_last_are_kept() {
        let let_in = LetIn::default();
        let who = somebody();
        let number = |number: usize| digest(&[&number.to_be_bytes()]);
        for chain in 0..CAPACITY * 2 {
            let_in.remember(number(chain), Arc::clone(&who), NOW, NOW.plus_seconds(1));
        }
        let halves = let_in.0.lock().expect("no panic");
        assert!(halves.newer.len() + halves.older.len() <= CAPACITY);
        drop(halves);
        assert!(let_in.recall(&number(CAPACITY * 2 - 1), NOW).is_some());
        assert!(let_in.recall(&number(0), NOW).is_none());
    }
}
