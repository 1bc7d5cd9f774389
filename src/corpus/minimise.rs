//! From a case that shows something to the smallest recipe that still shows it.
//!
//! A second engine, the control, keeps the meaning: a chain that is simpler only
//! because it has become another one is no reproducer of the first.

use std::collections::BTreeSet;

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
    let found = match finding(minter, &start, engine, control)? {
        Shown::Finding(found) => found,
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
        // A candidate that cannot be minted or judged shows nothing.
        matches!(finding(minter, candidate, engine, control), Ok(Shown::Finding(shown)) if shown == found)
    });
    Ok(Minimised {
        recipe,
        symptom: found.symptom,
        tried,
    })
}

/// A symptom, with every reason that the two give. Without those a recipe could slide from what
/// is wrong with it to something else that is refused for the same reason first.
#[derive(PartialEq, Eq)]
struct Found {
    symptom: Symptom,
    given: BTreeSet<Reason>,
    right: BTreeSet<Reason>,
}

enum Shown {
    Finding(Found),
    Nothing(Verdict),
}

fn finding(
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
        Ok(given) => Some(given),
        Err(EngineError::Crashed(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let symptom = match given.as_ref().map(|given| &given.verdict) {
        None => Symptom::Crashes,
        Some(verdict) => match (verdict, &right.verdict) {
            (Verdict::Accept, Verdict::Reject(reason)) => Symptom::LetsIn(*reason),
            (Verdict::Reject(reason), Verdict::Accept) => Symptom::TurnsAway(*reason),
            (Verdict::Reject(one), Verdict::Reject(other)) if is_other(*one, &right) => {
                Symptom::OtherReason(*one, *other)
            }
            (verdict, _) => return Ok(Shown::Nothing(verdict.clone())),
        },
    };
    let set = |reasons: Vec<Reason>| reasons.into_iter().collect();
    Ok(Shown::Finding(Found {
        symptom,
        given: set(given.map(|given| given.reasons).unwrap_or_default()),
        right: set(right.reasons),
    }))
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

    /// What some engine of the house does wrong, at each kind of place.
    #[cfg(feature = "rustls")]
    const LET_IN: &[&str] = &[
        "usage/no-digital-signature",
        "usage/issuer-without-key-cert-sign",
        "names/wildcard-of-top-level",
        "names/two-common-names",
        "policies/none-where-explicit",
        "encoding/zero-serial",
        "extensions/path-length-without-ca",
        "revocation/partition-for-certificate-without-point",
        "name-constraints/in-end-entity",
        "validity/generalized-time-before-2050",
    ];

    /// Of what is left nothing can go: not by the steps of the shrinker, and not by taking any
    /// line out of the text, which knows nothing of those.
    #[cfg(feature = "rustls")]
    #[test]
    fn nothing_of_the_least_recipe_can_go() {
        use crate::{
            case::pairs,
            defect,
            engine::{reference::Reference, webpki::Webpki},
        };

        let (minter, control, engine) = (Minter::new(), Reference::default(), Webpki::default());
        let mut shown = 0;
        for id in LET_IN {
            let defect = defect::find(id).unwrap_or_else(|| panic!("{id} is no defect"));
            let last = pairs(&minter, defect, 4, 7).pop().expect("a variant");
            let hostile = last.unwrap_or_else(|error| panic!("{error}")).hostile;
            let start = hostile.recipe.expect("minted here");
            let least = |start| minimise(&minter, start, &engine, &control, Stop::NEVER);
            let Ok(first) = least(start) else { continue };
            shown += 1;
            let again = least(first.recipe.clone()).expect("shows");
            assert_eq!(again.recipe, first.recipe, "{id}");
            let find = |recipe: &Recipe| finding(&minter, recipe, &engine, &control);
            let Ok(Shown::Finding(found)) = find(&first.recipe) else {
                panic!("{id}: the finding is gone");
            };
            let text = first.recipe.to_toml().expect("a text");
            for line in 0..text.lines().count() {
                let kept = text.lines().enumerate().filter(|(index, _)| *index != line);
                let shorter: String = kept.map(|(_, line)| format!("{line}\n")).collect();
                let Ok(shorter) = Recipe::from_toml(&shorter) else {
                    continue;
                };
                if shorter == first.recipe {
                    continue;
                }
                let same = matches!(find(&shorter), Ok(Shown::Finding(shown)) if shown == found);
                assert!(!same, "{id}: line {} can go\n{text}", line + 1);
            }
        }
        assert!(shown > 5, "{shown}");
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
