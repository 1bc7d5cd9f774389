//! How long a handshake has been waiting for its peer.
//!
//! A server that is busy makes everybody slow. Whoever has said what was its turn to say is
//! not to blame for that: only the time in which there was nothing to read counts, all
//! silences together, so that an octet now and then does not begin them anew.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::Instant;

/// The silences of one peer, written by its stream and read by whoever wants its place.
#[derive(Debug)]
pub(crate) struct Silence {
    begun: Instant,
    /// All that are over, in microseconds.
    over: AtomicU64,
    /// When the one that lasts began, in microseconds after the beginning; 0 when none does.
    since: AtomicU64,
}

impl Silence {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            begun: Instant::now(),
            over: AtomicU64::new(0),
            since: AtomicU64::new(0),
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros())
            .unwrap_or(u64::MAX)
            .max(1)
    }

    /// There is nothing to read, or the peer does not read.
    pub(crate) fn waits(&self) {
        self.waits_at(self.now());
    }

    fn waits_at(&self, now: u64) {
        if self.since.load(Relaxed) == 0 {
            self.since.store(now, Relaxed);
        }
    }

    /// The peer did something.
    pub(crate) fn ends(&self) {
        if self.since.load(Relaxed) > 0 {
            self.ends_at(self.now());
        }
    }

    fn ends_at(&self, now: u64) {
        let since = self.since.swap(0, Relaxed);
        if since > 0 {
            self.over.fetch_add(now.saturating_sub(since), Relaxed);
        }
    }

    /// All silences so far.
    pub(crate) fn total(&self) -> Duration {
        Duration::from_micros(self.total_at(self.now()))
    }

    fn total_at(&self, now: u64) -> u64 {
        let lasts = match self.since.load(Relaxed) {
            0 => 0,
            since => now.saturating_sub(since),
        };
        self.over.load(Relaxed).saturating_add(lasts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_time_without_a_word_counts_and_all_of_it() {
        let silence = Silence::new();
        assert_eq!(silence.total_at(1_000), 0, "the server is busy");
        for round in 1..=3 {
            let begin = round * 1_000;
            silence.waits_at(begin);
            silence.waits_at(begin + 50);
            assert_eq!(silence.total_at(begin + 100), round * 100, "it lasts");
            silence.ends_at(begin + 100);
            assert_eq!(silence.total_at(begin + 900), round * 100, "it is over");
        }
    }
}
