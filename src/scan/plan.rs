//! What a scan would show, and what does not apply to this server.
//!
//! A probe tells something only where its good twin is let in. So the twins come
//! first: a probe whose twin this server refuses is no probe of this server, and
//! is told before the start with the reason.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde::Serialize;

use super::{
    STAGES, handover,
    probe::{Probe, Stage},
    result::Expected,
    scene::Scene,
};
use crate::spelling::glob_matches;

/// A probe of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its id.
    pub id: String,
    /// What it shows.
    pub shows: String,
    /// What a correct server makes of it.
    pub expected: Expected,
}

/// A probe that would tell nothing of this server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotApplicable {
    /// Its id.
    pub id: String,
    /// Why.
    pub why: String,
}

/// A plan: what a scan would show.
pub struct Plan {
    pub(super) stages: Vec<(&'static Stage, Vec<Probe>)>,
    pub(super) not_applicable: Vec<NotApplicable>,
}

impl Plan {
    /// Everything that fits the scene and that the operator wishes for.
    pub fn of(scene: &Scene) -> Self {
        let only = &scene.wishes.only;
        let wanted = |id: &str| only.is_empty() || only.iter().any(|glob| glob_matches(glob, id));
        let stages = STAGES.iter().map(|stage| {
            let mut probes = (stage.probes)(scene);
            probes.retain(|probe| wanted(&probe.id));
            (stage, probes)
        });
        Self {
            stages: stages.collect(),
            not_applicable: Vec::new(),
        }
    }

    /// Shows the good twins, and takes out every probe whose twin the server refuses.
    ///
    /// Where the server asks for the CRL of each CA and can be handed them, it has those of
    /// all these chains from then on.
    pub fn settle(&mut self, scene: &Scene) {
        if scene.refusal().is_some() {
            return;
        }
        let probes = || self.stages.iter().flat_map(|(_, probes)| probes);
        handover::hand_over_all(scene, probes().flat_map(|probe| &probe.crls));
        let with_twins: Vec<&Probe> = probes().filter(|probe| probe.twin.is_some()).collect();
        let misfits = misfits(scene, &with_twins);
        for (_, probes) in &mut self.stages {
            probes.retain(|probe| misfits.iter().all(|misfit| misfit.id != probe.id));
        }
        self.not_applicable.extend(misfits);
    }

    /// The probes, in their order.
    pub fn probes(&self) -> impl Iterator<Item = Planned> {
        let probes = self.stages.iter().flat_map(|(_, probes)| probes);
        probes.map(|probe| Planned {
            id: probe.id.clone(),
            shows: probe.shows.clone(),
            expected: probe.expected,
        })
    }

    /// What would tell nothing of this server, once it is settled.
    pub fn not_applicable(&self) -> &[NotApplicable] {
        &self.not_applicable
    }

    /// How many probes there are.
    pub fn len(&self) -> usize {
        self.stages.iter().map(|(_, probes)| probes.len()).sum()
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Those of the probes whose twins are refused, in their order. Twins are shown side by side.
fn misfits(scene: &Scene, probes: &[&Probe]) -> Vec<NotApplicable> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    let work = || {
        while let Some(probe) = probes.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Some(twin) = &probe.twin else { continue };
            let outcome = twin(scene);
            if outcome.is_refused() {
                let why = format!("the server refuses its good twin too: {outcome}");
                let id = probe.id.clone();
                let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                found.push(NotApplicable { id, why });
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..scene.wishes.jobs.get().min(probes.len()) {
            // Where no thread is to be had, this one does the work.
            if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                work();
            }
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let place = |misfit: &NotApplicable| probes.iter().position(|probe| probe.id == misfit.id);
    found.sort_by_key(place);
    found
}
