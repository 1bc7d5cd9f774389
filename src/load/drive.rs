//! Closed and open loops.
//!
//! In a closed loop each connection begins when the one before has ended: it finds out how
//! much a server can do. In an open loop connections begin at their time, whatever became of
//! the others, and latency counts from that time: a server that stalls cannot hide it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use hdrhistogram::Histogram;
use tokio::{
    task::{JoinError, JoinSet},
    time::{Instant, sleep_until},
};

use super::{Answer, Caller};

/// How long one visit may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Visits of an open loop in progress at once; beyond that they are counted as lost.
const IN_FLIGHT: usize = 2_048;
/// The longest latency that the histogram tells apart, in microseconds.
const LONGEST: u64 = 60_000_000;

/// How connections follow each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// So many at once, each followed by the next.
    Closed(usize),
    /// So many a second, come what may.
    Open(f64),
}

/// What came of a load.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Of visits that were let in, in microseconds.
    pub latency: Histogram<u64>,
    /// Visits let in.
    pub let_in: u64,
    /// Those among them for which a ticket stood.
    pub resumed: u64,
    /// Visits refused.
    pub refused: u64,
    /// Visits without an answer.
    pub lost: u64,
    /// How long it took; of an open loop, how long visits were due.
    pub elapsed: Duration,
}

impl Default for Measured {
    fn default() -> Self {
        Self {
            latency: empty_histogram(),
            let_in: 0,
            resumed: 0,
            refused: 0,
            lost: 0,
            elapsed: Duration::ZERO,
        }
    }
}

impl Measured {
    /// A task that panicked has no answer, and is lost.
    fn take(&mut self, done: Result<(Answer, Duration), JoinError>) {
        match done {
            Ok((answer, took)) => self.count(answer, took),
            Err(_) => self.lost += 1,
        }
    }

    pub(super) fn count(&mut self, answer: Answer, took: Duration) {
        match answer {
            Answer::Let { resumed } => {
                self.let_in += 1;
                self.resumed += u64::from(resumed);
                let micros = u64::try_from(took.as_micros()).unwrap_or(LONGEST);
                self.latency.saturating_record(micros.max(1));
            }
            Answer::Refused => self.refused += 1,
            Answer::Lost(_) => self.lost += 1,
        }
    }

    /// Adds what another load brought.
    pub fn add(&mut self, other: &Self) {
        // Both have the same bounds, so nothing is lost in adding.
        let _ = self.latency.add(&other.latency);
        self.let_in += other.let_in;
        self.resumed += other.resumed;
        self.refused += other.refused;
        self.lost += other.lost;
        self.elapsed += other.elapsed;
    }

    /// Visits let in a second.
    pub fn rate(&self) -> f64 {
        self.let_in as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

    /// The latency below which this share of visits stayed, in microseconds.
    pub fn quantile(&self, share: f64) -> u64 {
        self.latency.value_at_quantile(share)
    }
}

fn empty_histogram() -> Histogram<u64> {
    // Three figures up to a minute: some hundred kilobytes. The bounds are valid.
    Histogram::new_with_bounds(1, LONGEST, 3).unwrap_or_else(|_| unreachable!("valid bounds"))
}

/// Lets these clients call, one after the other, for this long.
pub async fn drive(callers: &Arc<[Caller]>, pace: Pace, duration: Duration) -> Measured {
    let started = Instant::now();
    let end = started + duration;
    let next = Arc::new(AtomicU64::new(0));
    let mut measured = match pace {
        Pace::Closed(connections) => closed(callers, &next, connections, end).await,
        Pace::Open(rate) => open(callers, &next, rate, started, end).await,
    };
    measured.elapsed = match pace {
        Pace::Closed(_) => started.elapsed(),
        // What was due in this time was asked for in this time. A late answer shows as latency.
        Pace::Open(_) => duration,
    };
    measured
}

fn pick(callers: &[Caller], next: &AtomicU64) -> Option<Caller> {
    let number = next.fetch_add(1, Relaxed) as usize;
    callers.get(number % callers.len().max(1)).cloned()
}

async fn closed(
    callers: &Arc<[Caller]>,
    next: &Arc<AtomicU64>,
    connections: usize,
    end: Instant,
) -> Measured {
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let (callers, next) = (Arc::clone(callers), Arc::clone(next));
        tasks.spawn(async move {
            let mut measured = Measured::default();
            while Instant::now() < end {
                let Some(caller) = pick(&callers, &next) else {
                    break;
                };
                let begun = Instant::now();
                measured.count(caller.visit(PATIENCE).await, begun.elapsed());
            }
            measured
        });
    }
    let mut all = Measured::default();
    while let Some(part) = tasks.join_next().await {
        if let Ok(part) = part {
            all.add(&part);
        }
    }
    all
}

async fn open(
    callers: &Arc<[Caller]>,
    next: &Arc<AtomicU64>,
    rate: f64,
    started: Instant,
    end: Instant,
) -> Measured {
    let mut tasks = JoinSet::new();
    let mut measured = Measured::default();
    for number in 0_u32.. {
        let due = started + Duration::from_secs_f64(f64::from(number) / rate.max(0.001));
        if due >= end {
            break;
        }
        sleep_until(due).await;
        while let Some(done) = tasks.try_join_next() {
            measured.take(done);
        }
        let Some(caller) = pick(callers, next) else {
            break;
        };
        if tasks.len() >= IN_FLIGHT {
            measured.lost += 1;
            continue;
        }
        tasks.spawn(async move {
            let answer = caller.visit(PATIENCE).await;
            (answer, due.elapsed())
        });
    }
    while let Some(done) = tasks.join_next().await {
        measured.take(done);
    }
    measured
}
