//! Manners: how fast, how often and how long an endpoint is visited.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use crate::stop::Stop;

/// Bounds of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Visits a second, at most.
    pub per_second: u32,
    /// Visits altogether, at most.
    pub visits: u32,
    /// How long it may take.
    pub time: Duration,
}

/// Lets visits through one after another, until the bounds are reached.
pub struct Pace {
    bounds: Bounds,
    start: Instant,
    next: Mutex<Instant>,
    made: AtomicU32,
    exhausted: AtomicBool,
    stop: Stop,
}

impl Pace {
    /// A pace whose time begins now. A flag that is set ends it early.
    pub fn start(bounds: Bounds, stop: Option<&'static AtomicBool>) -> Self {
        let start = Instant::now();
        Self {
            bounds,
            start,
            next: Mutex::new(start),
            made: AtomicU32::new(0),
            exhausted: AtomicBool::new(false),
            stop: stop.map_or(Stop::NEVER, Stop::at),
        }
    }

    /// Waits for its turn. False when there is none any more.
    pub(super) fn wait(&self) -> bool {
        if self.is_over() {
            return false;
        }
        if self.made.fetch_add(1, Ordering::Relaxed) >= self.bounds.visits {
            self.made.fetch_sub(1, Ordering::Relaxed);
            self.exhausted.store(true, Ordering::Relaxed);
            return false;
        }
        let step = Duration::from_secs(1) / self.bounds.per_second.max(1);
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = (*next).max(Instant::now());
            *next = turn + step;
            turn
        };
        self.stop
            .sleep(turn.saturating_duration_since(Instant::now()));
        !self.is_stopped()
    }

    /// Whether no visit may be made any more.
    pub fn is_over(&self) -> bool {
        if self.start.elapsed() >= self.bounds.time {
            self.exhausted.store(true, Ordering::Relaxed);
        }
        self.exhausted.load(Ordering::Relaxed) || self.is_stopped()
    }

    /// When its time is up.
    pub(super) fn end(&self) -> Instant {
        self.start + self.bounds.time
    }

    /// Whether somebody ended it early.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_set()
    }

    /// What ends every wait early.
    pub fn stop(&self) -> Stop {
        self.stop
    }

    /// How many visits there were.
    pub fn made(&self) -> u32 {
        self.made.load(Ordering::Relaxed)
    }

    /// How long it has been going on.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(per_second: u32, visits: u32) -> Bounds {
        Bounds {
            per_second,
            visits,
            time: Duration::from_secs(60),
        }
    }

    #[test]
    fn visits_end_at_their_number_and_keep_their_distance() {
        let pace = Pace::start(bounds(100, 4), None);
        let turns: Vec<bool> = (0..6).map(|_| pace.wait()).collect();
        assert_eq!(turns, [true, true, true, true, false, false]);
        assert_eq!(pace.made(), 4);
        assert!(pace.elapsed() >= Duration::from_millis(30));
        assert!(pace.is_over());
    }

    #[test]
    fn time_that_is_up_ends_it() {
        let pace = Pace::start(
            Bounds {
                time: Duration::ZERO,
                ..bounds(100, 4)
            },
            None,
        );
        assert!(!pace.wait());
        assert_eq!(pace.made(), 0);
    }
}
