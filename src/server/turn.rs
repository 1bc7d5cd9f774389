//! Places that unfinished handshakes hold, and who gives way when all are taken.
//!
//! Whoever begins a handshake and then stands still would keep its place until the deadline,
//! and whoever comes from many addresses would take all of them. So places are shared out by
//! address: a free one goes to the address that holds the fewest. When none is free, a peer
//! that has been silent is told to leave, of the address that holds the most. Where that
//! address holds more than the one that waits, a tenth of patience is silence enough; among
//! equals it takes all of it, and less the more of them wait. An honest client is done by then,
//! however busy the server is, and one who comes alone hardly waits for anybody.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    future::Future,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, oneshot},
    time::timeout,
};

use super::{patience, silence::Silence};

/// Looking is work, so it is not done more often.
const SHORTEST: Duration = Duration::from_millis(1);

/// Who asks for a place, and on what terms.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    /// What counts as one peer.
    pub(crate) address: IpAddr,
    /// How many unfinished places it may hold.
    pub(crate) most: usize,
    /// How long a peer may have been silent that gives way to its equals.
    pub(crate) patience: Duration,
    pub(crate) silence: Arc<Silence>,
}

/// So many places.
#[derive(Debug)]
pub(crate) struct Turns {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    free: usize,
    next: u64,
    /// How many wait, all together.
    waiting: usize,
    /// Who was told to leave and is not gone.
    told: BTreeSet<u64>,
    crowds: HashMap<IpAddr, Crowd>,
}

/// Those of one address, by number, and so who began first is first.
#[derive(Debug, Default)]
struct Crowd {
    unfinished: BTreeMap<u64, Holder>,
    waiting: BTreeMap<u64, Waiter>,
}

#[derive(Debug)]
struct Holder {
    silence: Arc<Silence>,
    /// The silences before it had a place, for which it is not to blame.
    before: Duration,
    leave: Arc<Notify>,
}

#[derive(Debug)]
struct Waiter {
    most: usize,
    silence: Arc<Silence>,
    seat: oneshot::Sender<Turn>,
}

/// One place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Arc<Turns>,
    address: IpAddr,
    number: u64,
    leave: Arc<Notify>,
}

impl Turns {
    pub(crate) fn new(places: usize) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                free: places,
                ..State::default()
            }),
        })
    }

    /// Waits for a place. `None` only if places were abolished, which nobody does.
    pub(crate) async fn take(self: &Arc<Self>, claim: &Claim) -> Option<Turn> {
        let (mut seat, _queued) = match self.ask(claim) {
            Ok(turn) => return Some(turn),
            Err(queued) => queued,
        };
        loop {
            let look_again = self.make_room(claim).max(SHORTEST);
            if let Ok(turn) = timeout(look_again, &mut seat).await {
                return turn.ok();
            }
        }
    }

    /// A place, if there is one, or else one in the queue.
    fn ask(self: &Arc<Self>, claim: &Claim) -> Result<Turn, (oneshot::Receiver<Turn>, Queued<'_>)> {
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        let has_room = state.free > 0;
        let crowd = state.crowds.entry(claim.address).or_default();
        // Who waits while there is room waits for its own address.
        if has_room && crowd.unfinished.len() < claim.most {
            let turn = self.seat(claim.address, number, &claim.silence, crowd);
            state.free -= 1;
            return Ok(turn);
        }
        let (seat, given) = oneshot::channel();
        crowd.waiting.insert(
            number,
            Waiter {
                most: claim.most,
                silence: Arc::clone(&claim.silence),
                seat,
            },
        );
        state.waiting += 1;
        let queued = Queued {
            turns: self,
            address: claim.address,
            number,
        };
        Err((given, queued))
    }

    fn seat(
        self: &Arc<Self>,
        address: IpAddr,
        number: u64,
        silence: &Arc<Silence>,
        crowd: &mut Crowd,
    ) -> Turn {
        silence.ends();
        let leave = Arc::new(Notify::new());
        let holder = Holder {
            silence: Arc::clone(silence),
            before: silence.total(),
            leave: Arc::clone(&leave),
        };
        crowd.unfinished.insert(number, holder);
        Turn {
            turns: Arc::clone(self),
            address,
            number,
            leave,
        }
    }

    /// Gives free places to those who wait and hold the fewest. What it returns nobody wants
    /// any more; it is to be dropped when the state is free again.
    #[must_use]
    fn share_out(self: &Arc<Self>, state: &mut State) -> Vec<Turn> {
        let mut unwanted = Vec::new();
        while state.free > 0 && state.waiting > 0 {
            let next = state
                .crowds
                .iter()
                .filter_map(|(address, crowd)| {
                    let (number, waiter) = crowd.waiting.first_key_value()?;
                    let held = crowd.unfinished.len();
                    (held < waiter.most).then_some((held, *number, *address))
                })
                .min();
            let Some((_, number, address)) = next else {
                break;
            };
            let Some(crowd) = state.crowds.get_mut(&address) else {
                break;
            };
            let Some(waiter) = crowd.waiting.remove(&number) else {
                break;
            };
            let turn = self.seat(address, number, &waiter.silence, crowd);
            state.waiting -= 1;
            state.free -= 1;
            unwanted.extend(waiter.seat.send(turn).err());
        }
        unwanted
    }

    /// Tells the one of this address to leave that has been silent the longest, a tenth of
    /// patience at the least; says whether there is one.
    pub(crate) fn make_way(&self, address: IpAddr, patience: Duration) -> bool {
        let mut state = self.state();
        let silent = state.crowds.get(&address).and_then(|crowd| {
            crowd
                .unfinished
                .iter()
                .map(|(number, holder)| (holder.silence_so_far(), *number))
                .max_by_key(|(silence, number)| (*silence, Reverse(*number)))
        });
        match silent {
            Some((silence, number)) if silence >= patience::least(patience) => {
                state.tell(address, number);
                true
            }
            _ => false,
        }
    }

    /// Tells somebody to leave whose silence has lasted too long; gives the time until it is
    /// worth looking again.
    fn make_room(self: &Arc<Self>, claim: &Claim) -> Duration {
        let mut state = self.state();
        let short = patience::least(claim.patience);
        let own = state.unfinished_of(claim.address);
        let only_own = own >= claim.most;
        if !only_own && state.told.len() >= state.waiting {
            return short;
        }
        let among_equals = state.patience_of(claim, only_own);
        let mut look_again = among_equals;
        let mut chosen: Option<(usize, Reverse<u64>, IpAddr)> = None;
        for (address, crowd) in &state.crowds {
            let held = crowd.unfinished.len();
            if only_own && *address != claim.address {
                continue;
            }
            let patience = if held > own + 1 {
                short.min(among_equals)
            } else {
                among_equals
            };
            for (number, holder) in &crowd.unfinished {
                let left = patience.saturating_sub(holder.silence_so_far());
                if left.is_zero() {
                    chosen = chosen.max(Some((held, Reverse(*number), *address)));
                    break;
                }
                look_again = look_again.min(left);
            }
        }
        let Some((_, Reverse(number), address)) = chosen else {
            return look_again;
        };
        state.tell(address, number);
        // Its address may have another one there now.
        let unwanted = self.share_out(&mut state);
        drop(state);
        drop(unwanted);
        short
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A poisoned lock only means that another thread panicked; the state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Holder {
    fn silence_so_far(&self) -> Duration {
        self.silence.total().saturating_sub(self.before)
    }
}

impl State {
    fn unfinished_of(&self, address: IpAddr) -> usize {
        self.crowds
            .get(&address)
            .map_or(0, |crowd| crowd.unfinished.len())
    }

    fn tell(&mut self, address: IpAddr, number: u64) {
        let crowd = self.crowds.get_mut(&address);
        if let Some(holder) = crowd.and_then(|crowd| crowd.unfinished.remove(&number)) {
            holder.leave.notify_one();
            self.told.insert(number);
        }
    }

    /// How long one may have been silent that gives way to its equals, of this address alone or
    /// of all: the less, the more of them wait for each place that is held.
    fn patience_of(&self, claim: &Claim, only_own: bool) -> Duration {
        let (mut waiting, mut held) = (0, 0);
        for (address, crowd) in &self.crowds {
            if *address != claim.address && only_own {
                continue;
            }
            held += crowd.unfinished.len();
            let next = crowd.waiting.first_key_value();
            // Where an address has its most, they wait for each other.
            if only_own || next.is_some_and(|(_, next)| crowd.unfinished.len() < next.most) {
                waiting += crowd.waiting.len();
            }
        }
        patience::shared(claim.patience, waiting.saturating_sub(1), held.max(1))
    }

    /// Changes those of an address, and forgets them when nobody is left.
    fn change(&mut self, address: IpAddr, change: impl FnOnce(&mut Crowd)) {
        if let Some(crowd) = self.crowds.get_mut(&address) {
            change(crowd);
            if crowd.unfinished.is_empty() && crowd.waiting.is_empty() {
                self.crowds.remove(&address);
            }
        }
    }

    fn finish(&mut self, address: IpAddr, number: u64) {
        self.told.remove(&number);
        self.change(address, |crowd| {
            crowd.unfinished.remove(&number);
        });
    }
}

impl Turn {
    /// The handshake is done: from now on nobody is told to leave this place.
    pub(crate) fn finished(&self) {
        self.turns.state().finish(self.address, self.number);
    }

    /// Ends when the place is needed by somebody else.
    pub(crate) fn told_to_leave(&self) -> impl Future<Output = ()> {
        let leave = Arc::clone(&self.leave);
        async move { leave.notified().await }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.turns.state();
        state.finish(self.address, self.number);
        state.free += 1;
        let unwanted = self.turns.share_out(&mut state);
        drop(state);
        drop(unwanted);
    }
}

/// A place in the queue, given up when dropped.
struct Queued<'t> {
    turns: &'t Turns,
    address: IpAddr,
    number: u64,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        let mut state = self.turns.state();
        let mut left = false;
        state.change(self.address, |crowd| {
            left = crowd.waiting.remove(&self.number).is_some();
        });
        state.waiting -= usize::from(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(200);

    fn claim(host: u8, silence: &Arc<Silence>) -> Claim {
        Claim {
            address: IpAddr::from([127, 0, 0, host]),
            most: 64,
            patience: PATIENCE,
            silence: Arc::clone(silence),
        }
    }

    /// One who has a place and says nothing.
    async fn silent(turns: &Arc<Turns>, host: u8) -> Turn {
        let silence = Silence::new();
        let turn = turns.take(&claim(host, &silence)).await.expect("a place");
        silence.waits();
        turn
    }

    async fn is_told(turn: &Turn, wait: Duration) -> bool {
        timeout(wait, turn.told_to_leave()).await.is_ok()
    }

    #[tokio::test]
    async fn who_is_silent_makes_room_and_who_has_spoken_or_is_done_stays() {
        let turns = Turns::new(3);
        let done = silent(&turns, 1).await;
        done.finished();
        let slow_is_the_server = turns
            .take(&claim(1, &Silence::new()))
            .await
            .expect("a place");
        let stalled = silent(&turns, 1).await;
        let next = {
            let turns = Arc::clone(&turns);
            tokio::spawn(async move { turns.take(&claim(1, &Silence::new())).await })
        };
        stalled.told_to_leave().await;
        drop(stalled);
        assert!(next.await.expect("no panic").is_some());
        assert!(!is_told(&done, PATIENCE).await, "it is done");
        assert!(
            !is_told(&slow_is_the_server, PATIENCE).await,
            "who has said its part keeps its place"
        );
    }

    #[tokio::test]
    async fn nobody_is_told_to_leave_while_there_is_room() {
        let turns = Turns::new(2);
        let first = silent(&turns, 1).await;
        let _second = silent(&turns, 2).await;
        assert!(!is_told(&first, PATIENCE * 2).await);
    }

    #[tokio::test]
    async fn whose_address_holds_the_most_makes_room_and_whose_holds_the_fewest_gets_it() {
        let turns = Turns::new(4);
        let mut crowd = Vec::new();
        for host in [1, 2, 1, 1] {
            crowd.push((host, silent(&turns, host).await));
        }
        let ask = |host: u8| {
            let (turns, silence) = (Arc::clone(&turns), Silence::new());
            tokio::spawn(async move { turns.take(&claim(host, &silence)).await })
        };
        // It was there first, and its address has three already.
        let mut greedy = ask(1);
        while turns.state().waiting == 0 {
            tokio::task::yield_now().await;
        }
        let alone = ask(3);
        let (mut told, mut stay) = (Vec::new(), Vec::new());
        for (host, turn) in crowd {
            if is_told(&turn, PATIENCE / 4).await {
                told.push(host);
            } else {
                stay.push(turn);
            }
        }
        assert!(told.contains(&1) && !told.contains(&2), "{told:?}");
        let alone = alone.await.expect("no panic").expect("a place");
        assert_eq!(alone.address, IpAddr::from([127, 0, 0, 3]));
        greedy.abort();
        // What it may have been given is given back.
        let _ = (&mut greedy).await;
        assert_eq!(turns.state().waiting, 0);
    }

    #[tokio::test]
    async fn who_has_been_silent_the_longest_makes_way_for_its_own_address() {
        let turns = Turns::new(4);
        let patient = PATIENCE * 100;
        let talks = turns
            .take(&claim(1, &Silence::new()))
            .await
            .expect("a place");
        let first = silent(&turns, 1).await;
        let other = silent(&turns, 2).await;
        let ours = IpAddr::from([127, 0, 0, 1]);
        assert!(
            !turns.make_way(ours, patient),
            "nobody has been silent for long"
        );
        tokio::time::sleep(PATIENCE / 2).await;
        let _second = silent(&turns, 1).await;
        assert!(turns.make_way(ours, PATIENCE));
        assert!(is_told(&first, PATIENCE).await);
        drop(first);
        assert!(!turns.make_way(ours, patient));
        assert!(!is_told(&talks, PATIENCE / 4).await && !is_told(&other, PATIENCE / 4).await);
        assert!(turns.state().told.is_empty());
    }

    #[tokio::test]
    async fn an_address_at_its_most_waits_for_itself_alone() {
        let turns = Turns::new(8);
        let few = |silence| Claim {
            most: 1,
            ..claim(1, silence)
        };
        let silence = Silence::new();
        let first = turns.take(&few(&silence)).await.expect("a place");
        silence.waits();
        let second = {
            let (turns, claim) = (Arc::clone(&turns), few(&Silence::new()));
            tokio::spawn(async move { turns.take(&claim).await })
        };
        first.told_to_leave().await;
        assert!(second.await.expect("no panic").is_some());
        drop(first);
        assert_eq!(turns.state().free, 8);
        assert!(turns.state().crowds.is_empty() && turns.state().told.is_empty());
    }
}
