//! Cases for property tests: proptest strategies whose values shrink through
//! the one shrinker, so that a failing test ends at the plainest setting.
//!
//! ```
//! use gatecrash::strategy::hostile_case;
//! use proptest::{strategy::{Strategy, ValueTree}, test_runner::TestRunner};
//!
//! let tree = hostile_case().new_tree(&mut TestRunner::deterministic())?;
//! assert_eq!(tree.current().expected.word(), "reject");
//! # Ok::<(), proptest::test_runner::Reason>(())
//! ```

use std::sync::{Arc, LazyLock};

use arbitrary::{Arbitrary, Unstructured};
use proptest::{
    prelude::Rng,
    strategy::{NewTree, Strategy, ValueTree},
    test_runner::TestRunner,
};

use crate::{
    case::{Case, Expected, Pair, pair},
    defect::{self, Defect, Position},
    mint::Minter,
    recipe::{Recipe, generate::Setting, shrink::Simplify},
};

/// Keys and signatures are remembered over all strategies of a process.
static MINTER: LazyLock<Minter> = LazyLock::new(Minter::new);

/// Settings that are tried before a defect is given up for another one.
const ATTEMPTS: usize = 64;

/// Cases of both kinds: half of them hostile, half of them benign.
pub fn case() -> Cases {
    Cases {
        defects: of_chains(),
        shows: Shows::Either,
    }
}

/// Cases that a correct verifier accepts.
pub fn benign_case() -> Cases {
    Cases {
        defects: of_chains(),
        shows: Shows::Twin,
    }
}

/// Cases that a correct verifier refuses.
pub fn hostile_case() -> Cases {
    Cases {
        defects: of_chains(),
        shows: Shows::Hostile,
    }
}

/// Who judges a case here is given a chain, and a good one would be the wrong question.
fn of_chains() -> Arc<[&'static Defect]> {
    defect::all()
        .filter(|defect| !defect.is_of_handshake())
        .collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shows {
    Hostile,
    Twin,
    Either,
}

/// A strategy of cases of the catalogue.
#[derive(Clone, Debug)]
pub struct Cases {
    defects: Arc<[&'static Defect]>,
    shows: Shows,
}

impl Cases {
    /// The same with those defects alone whose ids match a glob, in which `*` stands for any text.
    #[must_use]
    pub fn of(mut self, glob: &str) -> Self {
        let matching: Vec<_> = defect::matching(glob).map(|defect| defect.id).collect();
        self.defects = self
            .defects
            .iter()
            .copied()
            .filter(|defect| matching.contains(&defect.id))
            .collect();
        self
    }
}

impl Strategy for Cases {
    type Tree = CaseTree;
    type Value = Case;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        if self.defects.is_empty() {
            return Err("no defect matches".into());
        }
        for _ in 0..ATTEMPTS {
            let mut octets = [0; 64];
            runner.rng().fill_bytes(&mut octets);
            let (choice, setting) = octets.split_at(8);
            let number = u32::from_le_bytes([choice[0], choice[1], choice[2], choice[3]]) as usize;
            let defect = self.defects[number % self.defects.len()];
            let position = defect.positions[usize::from(choice[4]) % defect.positions.len()];
            let purpose = defect.purposes[usize::from(choice[5]) % defect.purposes.len()];
            let hostile = match self.shows {
                Shows::Hostile => true,
                Shows::Twin => false,
                Shows::Either => choice[6] & 1 == 0,
            };
            let setting = Setting {
                purpose,
                ..Setting::from_bytes(setting)
            };
            let make = move |setting: &Setting| mint(defect, position, hostile, setting);
            if let Some(tree) = CaseTree::new(setting, make) {
                return Ok(tree);
            }
        }
        Err("no setting fits the defects".into())
    }
}

/// Cases whose right answer nobody knows: a benign chain and a few twists of it.
///
/// What a case says it expects is not to be read. They are for engines against
/// one another, and for what must hold of any input.
pub fn wild_case() -> WildCases {
    WildCases
}

/// The strategy of [`wild_case`].
#[derive(Clone, Copy, Debug)]
pub struct WildCases;

impl Strategy for WildCases {
    type Tree = CaseTree<Recipe>;
    type Value = Case;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        for _ in 0..ATTEMPTS {
            let mut octets = [0; 256];
            runner.rng().fill_bytes(&mut octets);
            let recipe = Recipe::arbitrary(&mut Unstructured::new(&octets));
            let tree = recipe.ok().and_then(|recipe| CaseTree::new(recipe, wild));
            if let Some(tree) = tree {
                return Ok(tree);
            }
        }
        Err("no wild recipe could be minted".into())
    }
}

fn wild(recipe: &Recipe) -> Option<Case> {
    let expected = Expected::Reject(Vec::new());
    Case::from_recipe(&MINTER, recipe.clone(), "wild".into(), expected).ok()
}

/// The case of a value. None where there can be none.
type Mint<T> = Arc<dyn Fn(&T) -> Option<Case> + Send + Sync>;

/// A case, what it was made of, and the simpler ones that are left to try.
#[derive(Clone)]
pub struct CaseTree<T: Simplify = Setting> {
    /// The simplest that is known to fail the test, with its case.
    best: (T, Case),
    /// What is being tried.
    current: (T, Case),
    /// Ways to make the best simpler that are left to try, the boldest last.
    left: Vec<T::Step>,
    mint: Mint<T>,
}

impl<T: Simplify> std::fmt::Debug for CaseTree<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CaseTree").field(&self.current.1.id).finish()
    }
}

impl<T: Simplify<Step: Clone> + Clone> CaseTree<T> {
    fn new(start: T, mint: impl Fn(&T) -> Option<Case> + Send + Sync + 'static) -> Option<Self> {
        let case = mint(&start)?;
        let best = (start, case);
        let left = steps(&best.0);
        Some(Self {
            current: best.clone(),
            best,
            left,
            mint: Arc::new(mint),
        })
    }

    /// The next simpler one that can be minted.
    fn advance(&mut self) -> bool {
        while let Some(step) = self.left.pop() {
            let Some(next) = self.best.0.after(&step) else {
                continue;
            };
            if let Some(case) = (self.mint)(&next) {
                self.current = (next, case);
                return true;
            }
        }
        false
    }
}

impl<T: Simplify<Step: Clone> + Clone> ValueTree for CaseTree<T> {
    type Value = Case;

    fn current(&self) -> Case {
        self.current.1.clone()
    }

    /// The current case fails the test: look for a simpler one.
    fn simplify(&mut self) -> bool {
        self.best = self.current.clone();
        self.left = steps(&self.best.0);
        self.advance()
    }

    /// The current case passes the test: go back, and try the next.
    fn complicate(&mut self) -> bool {
        let more = self.advance();
        if !more {
            self.current = self.best.clone();
        }
        more
    }
}

fn steps<T: Simplify>(value: &T) -> Vec<T::Step> {
    let mut steps = value.steps();
    steps.reverse();
    steps
}

fn mint(
    defect: &'static Defect,
    position: Position,
    hostile: bool,
    setting: &Setting,
) -> Option<Case> {
    let Pair {
        hostile: with,
        twin,
    } = pair(&MINTER, defect, position, setting, 0).ok()?;
    Some(if hostile { with } else { twin })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trees(cases: &Cases) -> Vec<CaseTree> {
        let mut runner = TestRunner::deterministic();
        (0..24)
            .map(|_| cases.new_tree(&mut runner).expect("a case"))
            .collect()
    }

    #[test]
    fn each_strategy_gives_what_its_name_says() {
        let words = |cases: Cases| -> Vec<&str> {
            trees(&cases)
                .iter()
                .map(|tree| tree.current().expected.word())
                .collect()
        };
        assert!(words(hostile_case()).iter().all(|word| *word == "reject"));
        assert!(words(benign_case()).iter().all(|word| *word == "accept"));
        let both = words(case());
        assert!(both.contains(&"accept") && both.contains(&"reject"));
        for tree in trees(&hostile_case().of("validity/*")) {
            assert_eq!(
                tree.current().defect.map(|id| id.family()),
                Some("validity")
            );
        }
    }

    #[test]
    fn a_failing_case_shrinks_to_the_plainest_setting_of_its_purpose() {
        for mut tree in trees(&hostile_case().of("validity/expired")) {
            while tree.simplify() {}
            let plain = Setting {
                purpose: tree.current().purpose,
                ..Setting::default()
            };
            assert_eq!(tree.current.0, plain);
        }
    }

    #[test]
    fn a_wild_case_shrinks_to_a_chain_of_one() {
        let mut runner = TestRunner::deterministic();
        for _ in 0..8 {
            let mut tree = wild_case().new_tree(&mut runner).expect("a case");
            while tree.simplify() {}
            assert_eq!(tree.current().chain.len(), 1);
        }
    }

    #[test]
    fn a_case_that_stops_failing_is_given_back() {
        for mut tree in trees(&hostile_case().of("validity/expired")) {
            let first = tree.current().chain;
            if tree.simplify() {
                while tree.complicate() {}
            }
            assert_eq!(tree.current().chain, first);
        }
    }
}
