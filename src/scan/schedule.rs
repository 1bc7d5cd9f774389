//! Shows probes side by side, and never hides which one broke the server.
//!
//! After every probe the server is asked for what it gave at first. Where it
//! does not give it any more, everything stops; each probe that was under way
//! is shown again alone, once the server is back, and the one after which it
//! fails again is the one.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{probe::Probe, result::Record, scene::Scene};

/// How often a server that is down is asked whether it is back.
const ASKED_EVERY: Duration = Duration::from_millis(200);

/// What came of probes.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// One record a probe, in their order.
    pub(super) records: Vec<Record>,
    /// Probes that broke the server, by their ids.
    pub(super) breakers: Vec<String>,
    /// Probes of which one broke the server, where it did not come back to tell which.
    pub(super) suspects: Vec<String>,
    /// Whether it turns the good certificate away now and then, whatever was shown before.
    pub(super) unsteady: bool,
}

/// Shows all probes. `progress` hears of each that is done.
pub(super) fn show(
    scene: &Scene,
    probes: &[Probe],
    alone: bool,
    progress: &(dyn Fn() + Sync),
) -> Shown {
    let mut records: Vec<Option<Record>> = probes.iter().map(|_| None).collect();
    let mut shown = Shown::default();
    let mut from = 0;
    let stop = scene.client.pace().stop();
    while from < probes.len() && shown.suspects.is_empty() && !stop.is_set() {
        let round = round(scene, probes, from, alone, progress);
        let mut unwell = Vec::new();
        for (index, record) in round.records {
            if record.healthy == Some(false) {
                unwell.push(index);
            }
            records[index] = Some(record);
        }
        from = round.next;
        if unwell.is_empty() {
            continue;
        }
        unwell.sort_unstable();
        tell_apart(scene, probes, &unwell, &mut records, &mut shown);
    }
    shown.records = probes
        .iter()
        .zip(records)
        .map(|(probe, record)| {
            record.unwrap_or_else(|| {
                probe.not_shown(match stop.is_set() {
                    true => "not shown: the scan was ended early",
                    false => "not shown: the server was gone by then",
                })
            })
        })
        .collect();
    shown
}

/// What came of a round, which ends with the probes or with the first trouble.
struct Round {
    records: Vec<(usize, Record)>,
    next: usize,
}

fn round(
    scene: &Scene,
    probes: &[Probe],
    from: usize,
    alone: bool,
    progress: &(dyn Fn() + Sync),
) -> Round {
    let next = AtomicUsize::new(from);
    let trouble = AtomicBool::new(false);
    let records = Mutex::new(Vec::new());
    let work = || {
        while !trouble.load(Ordering::Relaxed) && !scene.client.pace().is_stopped() {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(probe) = probes.get(index) else {
                break;
            };
            let mut record = probe.record(scene);
            let healthy = scene.is_healthy();
            record.healthy = Some(healthy);
            if !healthy {
                trouble.store(true, Ordering::Relaxed);
            }
            progress();
            records
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((index, record));
        }
    };
    let jobs = if alone { 1 } else { scene.wishes.jobs.get() };
    thread::scope(|scope| {
        for _ in 0..jobs.min(probes.len() - from) {
            // Where no thread is to be had, this one does the work.
            if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                work();
            }
        }
    });
    Round {
        records: records.into_inner().unwrap_or_else(PoisonError::into_inner),
        next: next.into_inner().min(probes.len()),
    }
}

/// Shows each of the probes after which the server was not well again, alone.
fn tell_apart(
    scene: &Scene,
    probes: &[Probe],
    unwell: &[usize],
    records: &mut [Option<Record>],
    shown: &mut Shown,
) {
    let names = |indices: &[usize]| indices.iter().map(|i| probes[*i].id.clone()).collect();
    if !is_back(scene) {
        if let [one] = unwell {
            shown.breakers = names(&[*one]);
        }
        shown.suspects = names(unwell);
        return;
    }
    if !is_steady(scene) {
        shown.unsteady = true;
        return;
    }
    for (position, index) in unwell.iter().enumerate() {
        let mut record = probes[*index].record(scene);
        let healthy = scene.is_healthy();
        record.healthy = Some(healthy);
        records[*index] = Some(record);
        if healthy {
            continue;
        }
        shown.breakers.push(probes[*index].id.clone());
        if !is_back(scene) {
            shown.suspects = names(&unwell[position..=position]);
            return;
        }
    }
}

/// How often a server must let the good certificate in, alone, before a probe is blamed for what it did not.
const STEADY: usize = 6;

/// Whether the server lets the good certificate in whenever it is asked. Where it does not, from
/// then on nobody asks only once.
fn is_steady(scene: &Scene) -> bool {
    let is_steady = (0..STEADY).all(|_| scene.is_healthy());
    if !is_steady {
        scene.unsteady.store(true, Ordering::Relaxed);
    }
    is_steady
}

/// Waits for the server to be well again.
fn is_back(scene: &Scene) -> bool {
    let deadline = Instant::now() + scene.wishes.patience;
    loop {
        if scene.is_healthy() {
            return true;
        }
        if Instant::now() >= deadline || scene.client.pace().is_over() {
            return false;
        }
        scene.client.pace().stop().sleep(ASKED_EVERY);
    }
}
