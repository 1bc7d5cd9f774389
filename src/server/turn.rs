//! Places that unfinished handshakes hold, and how they become free again.
//!
//! Whoever begins a handshake and then stands still would keep its place until the
//! deadline. When all places are taken, the one who has been unfinished longest, and
//! longer than patience lasts, is told to leave. An honest client is done by then,
//! so the honest wait for a place and lose none.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

/// So many places.
#[derive(Debug)]
pub(crate) struct Turns {
    places: Arc<Semaphore>,
    unfinished: Mutex<Unfinished>,
}

#[derive(Debug, Default)]
struct Unfinished {
    next: u64,
    /// By number, and so the longest unfinished first.
    holders: BTreeMap<u64, Holder>,
}

#[derive(Debug)]
struct Holder {
    since: Instant,
    leave: Arc<Notify>,
}

/// One place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Arc<Turns>,
    number: u64,
    leave: Arc<Notify>,
    _place: OwnedSemaphorePermit,
}

impl Turns {
    pub(crate) fn new(places: usize) -> Arc<Self> {
        Arc::new(Self {
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            unfinished: Mutex::default(),
        })
    }

    /// Waits for a place. `None` only if places were abolished, which nobody does.
    pub(crate) async fn take(self: &Arc<Self>, patience: Duration) -> Option<Turn> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(self.seat(place));
        }
        let mut place = pin!(Arc::clone(&self.places).acquire_owned());
        loop {
            let look_again = self.make_room(patience);
            if let Ok(place) = timeout(look_again, place.as_mut()).await {
                return Some(self.seat(place.ok()?));
            }
        }
    }

    fn seat(self: &Arc<Self>, place: OwnedSemaphorePermit) -> Turn {
        let leave = Arc::new(Notify::new());
        let mut unfinished = self.unfinished();
        let number = unfinished.next;
        unfinished.next += 1;
        unfinished.holders.insert(
            number,
            Holder {
                since: Instant::now(),
                leave: Arc::clone(&leave),
            },
        );
        Turn {
            turns: Arc::clone(self),
            number,
            leave,
            _place: place,
        }
    }

    /// Tells the longest unfinished to leave if patience with it is over; gives the time
    /// until it is worth looking again.
    fn make_room(&self, patience: Duration) -> Duration {
        let mut unfinished = self.unfinished();
        let Some(oldest) = unfinished.holders.first_entry() else {
            return patience;
        };
        let left = patience.saturating_sub(oldest.get().since.elapsed());
        if left.is_zero() {
            oldest.remove().leave.notify_one();
            return patience;
        }
        left
    }

    fn unfinished(&self) -> MutexGuard<'_, Unfinished> {
        // A poisoned lock only means that another thread panicked; the map is whole.
        self.unfinished
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// The handshake is done: from now on nobody is told to leave this place.
    pub(crate) fn finished(&self) {
        self.turns.unfinished().holders.remove(&self.number);
    }

    /// Ends when the place is needed by somebody else.
    pub(crate) fn told_to_leave(&self) -> impl Future<Output = ()> {
        let leave = Arc::clone(&self.leave);
        async move { leave.notified().await }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.finished();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn who_is_unfinished_longest_makes_room_and_who_is_done_stays() {
        let turns = Turns::new(2);
        let done = turns.take(PATIENCE).await.expect("a place");
        done.finished();
        let stalled = turns.take(PATIENCE).await.expect("a place");
        let next = {
            let turns = Arc::clone(&turns);
            tokio::spawn(async move { turns.take(PATIENCE).await })
        };
        stalled.told_to_leave().await;
        drop(stalled);
        assert!(next.await.expect("no panic").is_some());
        assert!(
            timeout(PATIENCE * 3, done.told_to_leave()).await.is_err(),
            "a finished handshake keeps its place"
        );
    }

    #[tokio::test]
    async fn nobody_is_told_to_leave_while_there_is_room() {
        let turns = Turns::new(2);
        let first = turns.take(PATIENCE).await.expect("a place");
        let _second = turns.take(PATIENCE).await.expect("a place");
        assert!(timeout(PATIENCE * 3, first.told_to_leave()).await.is_err());
    }
}
