//! What a run is to judge: the catalogue, minted when its turn comes, or cases
//! from elsewhere.

#[cfg(feature = "reference")]
use crate::engine::reference::Reference;
use crate::{
    case::{Case, Double, Pair, PairError, covering, double, pairs},
    defect::Defect,
    mint::Minter,
};

/// One thing to judge.
#[derive(Clone, Debug)]
pub enum Trial {
    /// A hostile case beside its twin.
    Pair(Box<Pair>),
    /// Two defects in one chain.
    Double(Box<Double>),
    /// A case with an expectation and no twin.
    Single(Box<Case>),
    /// A case whose right answer nobody knows.
    Unlabelled(Box<Case>),
}

impl Trial {
    /// The cases of it: the hostile one before its twin.
    pub fn cases(&self) -> impl Iterator<Item = &Case> + Clone {
        let (first, second) = match self {
            Self::Pair(pair) => (&pair.hostile, Some(&pair.twin)),
            Self::Double(double) => (&double.both, Some(&double.twin)),
            Self::Single(case) | Self::Unlabelled(case) => (&**case, None),
        };
        std::iter::once(first).chain(second)
    }
}

/// What a run is to judge.
#[derive(Debug)]
pub enum Work {
    /// Defects, each in so many settings beside its twin.
    Catalogue {
        /// The defects, in the order of the report.
        defects: Vec<&'static Defect>,
        /// How many settings each defect is put into.
        variants: u32,
        /// Draws the settings.
        rng_seed: u64,
        /// Mints and remembers.
        minter: Box<Minter>,
    },
    /// Two defects at once.
    Doubles {
        /// The combinations.
        combinations: Vec<[&'static Defect; 2]>,
        /// Draws the settings.
        rng_seed: u64,
        /// Mints and remembers.
        minter: Box<Minter>,
    },
    /// Cases from elsewhere: a suite, a corpus.
    Trials(Vec<Trial>),
}

impl Work {
    /// Defects, each in so many settings beside its twin.
    pub fn catalogue(defects: Vec<&'static Defect>, variants: u32, rng_seed: u64) -> Self {
        Self::Catalogue {
            defects,
            variants,
            rng_seed,
            minter: Box::default(),
        }
    }

    /// Two defects at once, each defect with one of every other family.
    pub fn doubles(defects: &[&'static Defect], rng_seed: u64) -> Self {
        Self::Doubles {
            combinations: covering(defects),
            rng_seed,
            minter: Box::default(),
        }
    }

    /// How many cases there are at most.
    pub fn cases(&self) -> usize {
        match self {
            Self::Catalogue {
                defects, variants, ..
            } => 2 * defects.len() * *variants as usize,
            Self::Doubles { combinations, .. } => 2 * combinations.len(),
            Self::Trials(trials) => trials.iter().flat_map(Trial::cases).count(),
        }
    }

    /// How many settings each defect is put into; 1 where the work is not of the catalogue.
    pub fn variants(&self) -> u32 {
        match self {
            Self::Catalogue { variants, .. } => *variants,
            Self::Doubles { .. } | Self::Trials(_) => 1,
        }
    }

    /// What draws the settings.
    pub fn rng_seed(&self) -> Option<u64> {
        match self {
            Self::Catalogue { rng_seed, .. } | Self::Doubles { rng_seed, .. } => Some(*rng_seed),
            Self::Trials(_) => None,
        }
    }

    /// How many parts the work falls into, each of which one thread does.
    pub(super) fn batches(&self) -> usize {
        match self {
            Self::Catalogue { defects, .. } => defects.len(),
            Self::Doubles { combinations, .. } => combinations.len(),
            Self::Trials(trials) => trials.len(),
        }
    }

    /// One part of the work, minted where that is needed.
    pub(super) fn batch(&self, index: usize) -> Vec<Result<Trial, PairError>> {
        match self {
            Self::Catalogue {
                defects,
                variants,
                rng_seed,
                minter,
            } => {
                let pairs = pairs(minter, defects[index], *variants, *rng_seed);
                pairs
                    .into_iter()
                    .map(|pair| pair.map(|pair| Trial::Pair(Box::new(pair))))
                    .collect()
            }
            Self::Doubles {
                combinations,
                rng_seed,
                minter,
            } => {
                let double = double(minter, combinations[index], *rng_seed, &*is_benign());
                vec![double.map(|double| Trial::Double(Box::new(double)))]
            }
            Self::Trials(trials) => vec![Ok(trials[index].clone())],
        }
    }
}

/// Whether the reference accepts a twin. Without it every twin counts.
#[cfg(feature = "reference")]
fn is_benign() -> Box<dyn Fn(&Case) -> bool> {
    let reference = Reference::default();
    Box::new(move |twin| {
        reference
            .report(twin)
            .is_ok_and(|report| report.is_accepted())
    })
}

#[cfg(not(feature = "reference"))]
fn is_benign() -> Box<dyn Fn(&Case) -> bool> {
    Box::new(|_| true)
}

#[cfg(all(test, feature = "reference"))]
mod tests {
    use super::*;
    use crate::defect;

    #[test]
    fn names_in_the_subject_alone_do_not_meet_alternative_names() {
        let find = |id| defect::find(id).expect(id);
        for names in [
            "complexity/name-constraint-product",
            "complexity/excluded-last-of-many",
        ] {
            let two = ["name-constraints/excluded-email-in-subject", names].map(find);
            let work = Work::doubles(&two, 7);
            for order in 0..work.batches() {
                let met = work.batch(order);
                let is_unfit =
                    |one: &Result<Trial, PairError>| matches!(one, Err(PairError::Unfit { .. }));
                assert!(met.iter().all(is_unfit), "{names}, order {order}");
            }
        }
    }
}
