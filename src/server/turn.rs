//! Places that unfinished handshakes hold, and how they become free again.
//!
//! Whoever begins a handshake and then stands still would keep its place until the
//! deadline. When all places are taken, one whose silences have lasted longer than patience
//! does is told to leave, and of those the one who began first. An honest client is done by
//! then, however busy the server is, so the honest wait for a place and lose none.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::silence::Silence;

/// Looking is work, so it is not done more often.
const SHORTEST: Duration = Duration::from_millis(1);

/// So many places.
#[derive(Debug)]
pub(crate) struct Turns {
    places: Arc<Semaphore>,
    unfinished: Mutex<Unfinished>,
}

#[derive(Debug, Default)]
struct Unfinished {
    next: u64,
    /// By number, and so who began first is first.
    holders: BTreeMap<u64, Holder>,
}

#[derive(Debug)]
struct Holder {
    silence: Arc<Silence>,
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

    /// Waits for a place for a peer of these silences. `None` only if places were abolished, which nobody does.
    pub(crate) async fn take(
        self: &Arc<Self>,
        patience: Duration,
        silence: &Arc<Silence>,
    ) -> Option<Turn> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(self.seat(place, silence));
        }
        let mut place = pin!(Arc::clone(&self.places).acquire_owned());
        loop {
            let look_again = self.make_room(patience);
            if let Ok(place) = timeout(look_again, place.as_mut()).await {
                return Some(self.seat(place.ok()?, silence));
            }
        }
    }

    fn seat(self: &Arc<Self>, place: OwnedSemaphorePermit, silence: &Arc<Silence>) -> Turn {
        let leave = Arc::new(Notify::new());
        let mut unfinished = self.unfinished();
        let number = unfinished.next;
        unfinished.next += 1;
        unfinished.holders.insert(
            number,
            Holder {
                silence: Arc::clone(silence),
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

    /// Tells the first to leave with whom patience is over; gives the time until it is worth
    /// looking again.
    fn make_room(&self, patience: Duration) -> Duration {
        let mut unfinished = self.unfinished();
        let mut look_again = patience;
        for (number, holder) in &unfinished.holders {
            let left = patience.saturating_sub(holder.silence.total());
            if left.is_zero() {
                let number = *number;
                if let Some(holder) = unfinished.holders.remove(&number) {
                    holder.leave.notify_one();
                }
                return patience;
            }
            look_again = look_again.min(left);
        }
        look_again.max(SHORTEST)
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
    async fn who_is_silent_makes_room_and_who_has_spoken_or_is_done_stays() {
        let turns = Turns::new(3);
        let (silent, heard) = (Silence::new(), Silence::new());
        silent.waits();
        let done = turns.take(PATIENCE, &silent).await.expect("a place");
        done.finished();
        let slow_is_the_server = turns.take(PATIENCE, &heard).await.expect("a place");
        let stalled = turns.take(PATIENCE, &silent).await.expect("a place");
        let next = {
            let turns = Arc::clone(&turns);
            tokio::spawn(async move { turns.take(PATIENCE, &Silence::new()).await })
        };
        stalled.told_to_leave().await;
        drop(stalled);
        assert!(next.await.expect("no panic").is_some());
        assert!(
            timeout(PATIENCE * 3, done.told_to_leave()).await.is_err(),
            "a finished handshake keeps its place"
        );
        assert!(
            timeout(PATIENCE * 3, slow_is_the_server.told_to_leave())
                .await
                .is_err(),
            "who has said its part keeps its place"
        );
    }

    #[tokio::test]
    async fn nobody_is_told_to_leave_while_there_is_room() {
        let turns = Turns::new(2);
        let silent = Silence::new();
        silent.waits();
        let first = turns.take(PATIENCE, &silent).await.expect("a place");
        let _second = turns.take(PATIENCE, &silent).await.expect("a place");
        assert!(timeout(PATIENCE * 3, first.told_to_leave()).await.is_err());
    }
}
