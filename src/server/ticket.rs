//! Session tickets that cannot outlive what they were granted under.
//!
//! A ticket authenticates only under the configuration it was minted under: each
//! generation draws keys of its own, so a change of anchors, CRLs, keys or policy
//! makes every older ticket unreadable and the client shakes hands in full. Within
//! a generation a ticket carries the moment at which the verdict behind it ends
//! (certificate, CRL, longest resumption), and is unreadable afterwards. rustls
//! binds the server name itself.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    rand,
};
use rustls::server::ProducesTickets;
use zeroize::Zeroizing;

use crate::question::Time;

use super::{attempt::Attempt, clock::Clock};

const AAD: &[u8] = b"gatecrash session ticket 1";
const UNTIL_LENGTH: usize = 8;
const NONCE_LENGTH: usize = 12;

/// The system could not give a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no random bytes for a ticket key")]
pub(crate) struct NoTicketKey;

/// The keys of one generation: the one that seals, and the one before it, which only opens.
pub(crate) struct TicketKeys {
    keys: RwLock<Keys>,
    lifetime: Duration,
    clock: Clock,
}

struct Keys {
    current: RandomizedNonceKey,
    previous: Option<RandomizedNonceKey>,
    rotate_at: Time,
}

impl fmt::Debug for TicketKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TicketKeys")
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

impl TicketKeys {
    pub(crate) fn new(lifetime: Duration, clock: Clock) -> Result<Self, NoTicketKey> {
        let keys = Keys {
            current: draw_key()?,
            previous: None,
            rotate_at: after(clock.now(), lifetime),
        };
        Ok(Self {
            keys: RwLock::new(keys),
            lifetime,
            clock,
        })
    }

    /// The latest end of a session that begins now.
    pub(crate) fn latest_end(&self) -> Time {
        after(self.clock.now(), self.lifetime)
    }

    fn rotate_when_due(&self) {
        let now = self.clock.now();
        if now
            < self
                .keys
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .rotate_at
        {
            return;
        }
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if now < keys.rotate_at {
            return;
        }
        // Without fresh randomness the old key goes on: it is bound to this generation all the same.
        if let Ok(fresh) = draw_key() {
            keys.previous = Some(std::mem::replace(&mut keys.current, fresh));
            keys.rotate_at = after(now, self.lifetime);
        }
    }

    fn seal(&self, until: Time, session: &[u8]) -> Option<Vec<u8>> {
        if until <= self.clock.now() {
            return None;
        }
        self.rotate_when_due();
        let mut sealed = Zeroizing::new(Vec::with_capacity(UNTIL_LENGTH + session.len() + 16));
        sealed.extend_from_slice(&until.unix_seconds().to_be_bytes());
        sealed.extend_from_slice(session);
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let nonce = keys
            .current
            .seal_in_place_append_tag(Aad::from(AAD), &mut *sealed)
            .ok()?;
        let mut ticket = nonce.as_ref().to_vec();
        ticket.extend_from_slice(&sealed);
        Some(ticket)
    }

    fn open(&self, ticket: &[u8]) -> Option<(Time, Vec<u8>)> {
        self.rotate_when_due();
        let (nonce, sealed) = ticket.split_first_chunk::<NONCE_LENGTH>()?;
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        [Some(&keys.current), keys.previous.as_ref()]
            .into_iter()
            .flatten()
            .find_map(|key| {
                let mut opened = Zeroizing::new(sealed.to_vec());
                let plain = key
                    .open_in_place(Nonce::from(nonce), Aad::from(AAD), &mut opened)
                    .ok()?;
                let (until, session) = plain.split_first_chunk::<UNTIL_LENGTH>()?;
                let until = Time::from_unix_seconds(i64::from_be_bytes(*until));
                (self.clock.now() < until).then(|| (until, session.to_vec()))
            })
    }
}

fn draw_key() -> Result<RandomizedNonceKey, NoTicketKey> {
    let mut key = Zeroizing::new([0_u8; 32]);
    rand::fill(&mut *key).map_err(|_| NoTicketKey)?;
    RandomizedNonceKey::new(&AES_256_GCM, &*key).map_err(|_| NoTicketKey)
}

fn after(time: Time, span: Duration) -> Time {
    time.plus_seconds(i64::try_from(span.as_secs()).unwrap_or(i64::MAX))
}

/// The ticketer of one connection.
#[derive(Debug)]
pub(crate) struct ConnectionTickets {
    pub(crate) keys: Arc<TicketKeys>,
    pub(crate) attempt: Arc<Attempt>,
}

impl ProducesTickets for ConnectionTickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        u32::try_from(self.keys.lifetime.as_secs()).unwrap_or(u32::MAX)
    }

    fn encrypt(&self, session: &[u8]) -> Option<Vec<u8>> {
        self.keys.seal(self.attempt.until(), session)
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (until, session) = self.keys.open(ticket)?;
        self.attempt.admit_until(until);
        Some(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_unix_seconds(1_800_000_000);

    fn keys(clock: Time) -> TicketKeys {
        TicketKeys::new(Duration::from_secs(3600), Clock::Fixed(clock)).expect("random bytes")
    }

    #[test]
    fn a_ticket_opens_only_under_the_keys_that_sealed_it() {
        let ours = keys(NOW);
        let ticket = ours.seal(NOW.plus_seconds(60), b"session").expect("sealed");
        assert_eq!(
            ours.open(&ticket),
            Some((NOW.plus_seconds(60), b"session".to_vec()))
        );
        assert_eq!(keys(NOW).open(&ticket), None);
    }

    #[test]
    fn a_ticket_ends_when_the_verdict_behind_it_ends() {
        let mut ours = keys(NOW);
        assert_eq!(
            ours.seal(NOW, b"session"),
            None,
            "a verdict that has ended mints nothing"
        );
        let ticket = ours.seal(NOW.plus_seconds(60), b"session").expect("sealed");
        for (seconds, opens) in [(59, true), (60, false), (3_599, false)] {
            ours.clock = Clock::Fixed(NOW.plus_seconds(seconds));
            assert_eq!(ours.open(&ticket).is_some(), opens, "{seconds} s later");
        }
    }

    #[test]
    fn a_key_opens_for_one_lifetime_after_it_stopped_sealing() {
        let mut ours = keys(NOW);
        let ticket = ours.seal(NOW.plus_days(9), b"session").expect("sealed");
        for (seconds, opens) in [(3_600, true), (7_199, true), (7_200, false)] {
            ours.clock = Clock::Fixed(NOW.plus_seconds(seconds));
            assert_eq!(ours.open(&ticket).is_some(), opens, "{seconds} s later");
        }
    }

    #[test]
    fn whatever_is_not_a_ticket_is_refused_in_silence() {
        let ours = keys(NOW);
        let ticket = ours.seal(NOW.plus_seconds(60), b"session").expect("sealed");
        for length in 0..ticket.len() {
            assert_eq!(ours.open(&ticket[..length]), None);
        }
        for index in 0..ticket.len() {
            let mut flipped = ticket.clone();
            flipped[index] ^= 1;
            assert_eq!(ours.open(&flipped), None, "octet {index}");
        }
    }
}
