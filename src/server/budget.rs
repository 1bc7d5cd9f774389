//! What the bodies of all requests together hold in memory, and which gives way when it is too much.
//!
//! A body counts for what has arrived of it. When the budget is spent, the one that has been
//! on its way the longest gives way, once it has been for as long as patience: so bodies that
//! never end keep out none that do.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};

/// Looking is work, so it is not done more often.
const SHORTEST: Duration = Duration::from_millis(1);

/// The memory of all bodies.
#[derive(Debug, Default)]
pub(crate) struct BodyBudget {
    state: Mutex<State>,
    given_back: Notify,
}

#[derive(Debug, Default)]
struct State {
    spent: usize,
    next: u64,
    /// By number, and so the one that began first is first.
    arriving: BTreeMap<u64, Arriving>,
}

#[derive(Debug)]
struct Arriving {
    since: Instant,
    leave: Arc<Notify>,
}

/// What one body holds of it, given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<BodyBudget>,
    number: u64,
    octets: usize,
    leave: Arc<Notify>,
}

impl BodyBudget {
    /// The share of a body of which nothing has arrived.
    pub(crate) fn begin(self: &Arc<Self>) -> Share {
        let leave = Arc::new(Notify::new());
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        let arriving = Arriving {
            since: Instant::now(),
            leave: Arc::clone(&leave),
        };
        state.arriving.insert(number, arriving);
        Share {
            budget: Arc::clone(self),
            number,
            octets: 0,
            leave,
        }
    }

    /// Takes so many octets if there are as many; if not, tells another body than this one to
    /// give way, and gives the time until it is worth looking again.
    fn take(
        &self,
        octets: usize,
        number: u64,
        budget: usize,
        patience: Duration,
    ) -> Result<(), Duration> {
        let mut state = self.state();
        if state.spent.saturating_add(octets) <= budget {
            state.spent += octets;
            return Ok(());
        }
        let first = state.arriving.iter().find(|(other, _)| **other != number);
        let Some((first, arriving)) = first else {
            return Err(patience);
        };
        let (first, left) = (*first, patience.saturating_sub(arriving.since.elapsed()));
        if !left.is_zero() {
            return Err(left);
        }
        if let Some(arriving) = state.arriving.remove(&first) {
            arriving.leave.notify_one();
        }
        Err(patience)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A poisoned lock only means that another thread panicked; the state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// Waits until all bodies together may hold so many octets more, of a budget.
    pub(crate) async fn grow(&mut self, octets: usize, budget: usize, patience: Duration) {
        loop {
            let mut given_back = pin!(self.budget.given_back.notified());
            // What is given back while one looks is not to be missed.
            given_back.as_mut().enable();
            match self.budget.take(octets, self.number, budget, patience) {
                Ok(()) => {
                    self.octets += octets;
                    return;
                }
                Err(look_again) => {
                    // Either way it is time to look.
                    let _ = timeout(look_again.max(SHORTEST), given_back).await;
                }
            }
        }
    }

    /// The body is whole: from now on it does not give way.
    pub(crate) fn arrived(&self) {
        self.budget.state().arriving.remove(&self.number);
    }

    /// Ends when the body is to give way.
    pub(crate) fn told_to_leave(&self) -> impl Future<Output = ()> + use<> {
        let leave = Arc::clone(&self.leave);
        async move { leave.notified().await }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut state = self.budget.state();
        state.arriving.remove(&self.number);
        state.spent -= self.octets;
        drop(state);
        self.budget.given_back.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn a_body_that_does_not_end_gives_way_and_one_that_is_whole_stays() {
        let budget = Arc::new(BodyBudget::default());
        let mut whole = budget.begin();
        whole.grow(40, 100, PATIENCE).await;
        whole.arrived();
        let mut endless = budget.begin();
        endless.grow(60, 100, PATIENCE).await;
        let mut next = budget.begin();
        {
            let growing = next.grow(60, 100, PATIENCE);
            tokio::pin!(growing);
            tokio::select! {
                () = endless.told_to_leave() => {}
                () = growing.as_mut() => panic!("there is no room yet"),
            }
            drop(endless);
            growing.await;
        }
        let told = timeout(PATIENCE * 3, whole.told_to_leave()).await;
        assert!(told.is_err(), "it is whole");
        drop((whole, next));
        assert_eq!(budget.state().spent, 0);
    }
}
