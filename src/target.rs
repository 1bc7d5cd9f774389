//! The bodies of the fuzz targets, one function each, and the list of them.
//!
//! libFuzzer calls these functions, and so does `cargo test` on stable, with
//! every stored input. A body panics when an oracle finds something: that is
//! how libFuzzer is told. The panic carries a report that a person can read.

use std::sync::LazyLock;

use crate::{
    case::{Case, Plan, plainest},
    corpus::known::{self, Known},
    defect::Defect,
    engine::{Engine, reference::Reference, webpki::Webpki},
    mint::Minter,
    oracle::Kind,
    run::needs,
    verdict::Verdict,
};

/// One fuzz target.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, also that of its file under `fuzz/fuzz_targets/`.
    pub name: &'static str,
    /// What it looks for, in one line.
    pub summary: &'static str,
    /// Its body.
    pub run: fn(&[u8]),
    /// Inputs to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub const ALL: &[Target] = &[Target {
    name: "chain",
    summary: "benign chains with up to four defects, on the reference and on webpki",
    run: chain,
    seeds: chain_seeds,
}];

static MINTER: LazyLock<Minter> = LazyLock::new(Minter::new);
static REFERENCE: LazyLock<Reference> = LazyLock::new(Reference::default);
static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    Known::from_toml(known::BUILT_IN, |_| true).expect("the built-in list is checked by a test")
});

/// Defects in a benign chain: the twin is accepted, the hostile chain is not.
///
/// # Panics
/// When an engine errs and no entry of the known list says so.
pub fn chain(bytes: &[u8]) {
    let plan = Plan::from_bytes(bytes);
    let Ok((twin, hostile)) = plan.mint(&MINTER) else {
        return;
    };
    let engines: [&dyn Engine; 2] = [&*REFERENCE, &Webpki::default()];
    for engine in engines {
        let needs = needs(hostile.as_ref().unwrap_or(&twin));
        if needs
            .iter()
            .any(|need| !engine.capabilities().contains(need))
        {
            continue;
        }
        if let Ok(Verdict::Reject(reason)) = engine.judge(&twin) {
            // Two preparations may spoil each other; one alone must leave a twin that is accepted.
            if plan.placements.len() > 1 || is_known(engine, &plan, Kind::FalseReject) {
                continue;
            }
            fail(engine, &twin, &format!("turned the twin away: {reason}"));
        }
        let Some(hostile) = &hostile else { continue };
        if engine.judge(hostile) == Ok(Verdict::Accept)
            && !is_known(engine, &plan, Kind::FalseAccept)
        {
            fail(engine, hostile, "let it in");
        }
    }
}

/// One seed for each defect in the plainest setting of each of its purposes.
fn chain_seeds() -> Vec<Vec<u8>> {
    let seeds = |defect: &'static Defect| {
        let purposes = defect.purposes.iter();
        purposes.map(move |purpose| Plan::to_bytes(&plainest(*purpose), &[(defect, 0)]))
    };
    crate::defect::all().flat_map(seeds).collect()
}

/// Whether the engine is known to err in this way on every defect of the plan.
fn is_known(engine: &dyn Engine, plan: &Plan, kind: Kind) -> bool {
    plan.placements.iter().all(|placement| {
        KNOWN.entries().iter().any(|entry| {
            entry.engine == engine.name()
                && entry.kind == kind
                && entry.defect == placement.defect.id.0
                && entry
                    .position
                    .is_none_or(|position| position == placement.position)
        })
    })
}

fn fail(engine: &dyn Engine, case: &Case, what: &str) -> ! {
    let recipe = case
        .recipe
        .as_ref()
        .and_then(|recipe| recipe.to_toml().ok());
    panic!(
        "{} {what}\nexpected: {:?}\nrecipe:\n{}",
        engine.name(),
        case.expected,
        recipe.unwrap_or_else(|| "none".into())
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_runs_on_its_seeds_and_on_nothing() {
        for target in ALL {
            (target.run)(&[]);
            for seed in (target.seeds)() {
                (target.run)(&seed);
            }
        }
    }
}
