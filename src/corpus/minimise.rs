//! From a case that shows something to the smallest recipe that still shows it.
//!
//! A second engine, the control, keeps the meaning: a chain that is simpler only
//! because it has become another one is no reproducer of the first.

use crate::{
    case::{Case, Expected},
    engine::{Engine, EngineError, Observation},
    mint::{MintError, Minter},
    recipe::{Recipe, shrink},
    stop::Stop,
    verdict::{Reason, Verdict},
};

/// What an engine shows on a case, held against the control.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Symptom {
    /// It accepts what the control refuses for this reason.
    LetsIn(Reason),
    /// It refuses, for this reason, what the control accepts.
    TurnsAway(Reason),
    /// Both refuse: it for the first reason, the control for the second and not for the first.
    OtherReason(Reason, Reason),
    /// It dies.
    Crashes,
}

impl std::fmt::Display for Symptom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::LetsIn(reason) => write!(f, "accepts what is refused for {reason}"),
            Self::TurnsAway(reason) => write!(f, "refuses what is good, for {reason}"),
            Self::OtherReason(given, right) => {
                write!(f, "refuses for {given} what is refused for {right}")
            }
            Self::Crashes => f.write_str("crashes"),
        }
    }
}

/// The smallest recipe that was found, and how it was reached.
#[derive(Clone, Debug)]
pub struct Minimised {
    /// The recipe.
    pub recipe: Recipe,
    /// What it shows.
    pub symptom: Symptom,
    /// How many candidates were tried.
    pub tried: usize,
}

/// A recipe that cannot be minimised.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MinimiseError {
    /// The recipe cannot be minted.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// An adapter broke.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// There is nothing to keep.
    #[error("nothing to minimise: {engine} and {control} agree ({verdict})")]
    NoSymptom {
        /// The engine.
        engine: String,
        /// The control.
        control: String,
        /// What both say.
        verdict: Verdict,
    },
}

/// Makes the recipe as small as it gets while `engine` shows the same, held against `control`.
/// `stop` ends it early, with the smallest until then.
///
/// # Errors
/// When the recipe cannot be minted, an adapter breaks on it, or nothing shows.
pub fn minimise(
    minter: &Minter,
    start: Recipe,
    engine: &dyn Engine,
    control: &dyn Engine,
    stop: Stop,
) -> Result<Minimised, MinimiseError> {
    let symptom = match symptom(minter, &start, engine, control)? {
        Shown::Symptom(symptom) => symptom,
        Shown::Nothing(verdict) => {
            return Err(MinimiseError::NoSymptom {
                engine: engine.name().to_owned(),
                control: control.name().to_owned(),
                verdict,
            });
        }
    };
    let mut tried = 0;
    let recipe = shrink::minimise(start, |candidate| {
        if stop.is_set() {
            return false;
        }
        tried += 1;
        matches!(symptom_of(minter, candidate, engine, control), Some(shown) if shown == symptom)
    });
    Ok(Minimised {
        recipe,
        symptom,
        tried,
    })
}

enum Shown {
    Symptom(Symptom),
    Nothing(Verdict),
}

/// A candidate that cannot be minted or judged shows nothing.
fn symptom_of(
    minter: &Minter,
    recipe: &Recipe,
    engine: &dyn Engine,
    control: &dyn Engine,
) -> Option<Symptom> {
    match symptom(minter, recipe, engine, control) {
        Ok(Shown::Symptom(symptom)) => Some(symptom),
        Ok(Shown::Nothing(_)) | Err(_) => None,
    }
}

fn symptom(
    minter: &Minter,
    recipe: &Recipe,
    engine: &dyn Engine,
    control: &dyn Engine,
) -> Result<Shown, MinimiseError> {
    let case = Case::from_recipe(
        minter,
        recipe.clone(),
        "minimise".to_owned(),
        Expected::Accept,
    )?;
    let right = control.observe(&case)?;
    let given = match engine.observe(&case) {
        Ok(given) => given,
        Err(EngineError::Crashed(_)) => return Ok(Shown::Symptom(Symptom::Crashes)),
        Err(error) => return Err(error.into()),
    };
    Ok(match (given.verdict.clone(), right.verdict.clone()) {
        (Verdict::Accept, Verdict::Reject(reason)) => Shown::Symptom(Symptom::LetsIn(reason)),
        (Verdict::Reject(reason), Verdict::Accept) => Shown::Symptom(Symptom::TurnsAway(reason)),
        (Verdict::Reject(one), Verdict::Reject(other)) if is_other(one, &right) => {
            Shown::Symptom(Symptom::OtherReason(one, other))
        }
        (verdict, _) => Shown::Nothing(verdict),
    })
}

fn is_other(reason: Reason, control: &Observation) -> bool {
    reason != Reason::Unstated
        && control.verdict.reason() != Some(reason)
        && !control.reasons.contains(&reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    use crate::recipe::generate::Setting;

    struct Fake(&'static str, fn(&Case) -> Verdict);

    impl Engine for Fake {
        fn name(&self) -> &str {
            self.0
        }
        fn judge(&self, case: &Case) -> Result<Verdict, EngineError> {
            Ok((self.1)(case))
        }
    }

    const CREDULOUS: Fake = Fake("credulous", |_| Verdict::Accept);
    const NO_CRLS: Fake = Fake("no-crls", |case| match case.crls.len() {
        0 => Verdict::Accept,
        _ => Verdict::Reject(Reason::Revoked),
    });

    fn with_crls() -> Recipe {
        Setting {
            intermediates: 3,
            crls: true,
            unrelated: 2,
            ..Setting::default()
        }
        .recipe()
    }

    #[test]
    fn everything_goes_that_the_symptom_does_not_need() {
        let start = with_crls();
        let least = minimise(
            &Minter::new(),
            start.clone(),
            &CREDULOUS,
            &NO_CRLS,
            Stop::NEVER,
        )
        .expect("shows");
        assert_eq!(least.symptom, Symptom::LetsIn(Reason::Revoked));
        assert_eq!(least.recipe.crls.len(), 1);
        assert_eq!(least.recipe.presented.len(), 1);
        let turned =
            minimise(&Minter::new(), start, &NO_CRLS, &CREDULOUS, Stop::NEVER).expect("shows");
        assert_eq!(turned.symptom, Symptom::TurnsAway(Reason::Revoked));
    }

    #[test]
    fn whoever_stops_it_gets_the_smallest_until_then() {
        static STOPPED: AtomicBool = AtomicBool::new(true);
        let start = with_crls();
        let least = minimise(
            &Minter::new(),
            start.clone(),
            &CREDULOUS,
            &NO_CRLS,
            Stop::at(&STOPPED),
        )
        .expect("shows");
        assert_eq!((least.recipe, least.tried), (start, 0));
    }

    #[test]
    fn engines_that_agree_show_nothing() {
        let error = minimise(
            &Minter::new(),
            Setting::default().recipe(),
            &CREDULOUS,
            &NO_CRLS,
            Stop::NEVER,
        )
        .expect_err("agree");
        assert_eq!(
            error.to_string(),
            "nothing to minimise: credulous and no-crls agree (accept)"
        );
    }
}
