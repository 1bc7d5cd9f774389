//! Twins that were judged before: most inputs differ in the defect alone, so the
//! benign half of the work is done once.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    Session,
    chain::ask_reference,
    panel::{Panel, decision},
};
use crate::{
    case::{Case, Expected},
    mint::MintError,
    recipe::Recipe,
};

/// Forgotten all at once beyond this number, so that a long run does not grow: about 20 MB.
const MOST: usize = 2048;

/// What was said of benign chains.
#[derive(Default)]
pub(super) struct Twins(Mutex<HashMap<u64, Arc<Twin>>>);

/// A benign chain, and who accepts it.
pub(super) struct Twin {
    pub(super) case: Case,
    pub(super) reference: Option<bool>,
    peers: Vec<(String, Option<bool>)>,
}

impl Twin {
    /// Whether the engine of this name accepts it. Nothing when it cannot tell or was not asked.
    pub(super) fn of(&self, engine: &str) -> Option<bool> {
        let mut peers = self.peers.iter();
        peers
            .find(|(name, _)| name == engine)
            .and_then(|(_, accepted)| *accepted)
    }
}

impl Twins {
    /// Judges a benign chain, or remembers what was said of it.
    pub(super) fn judge(
        &self,
        panel: &Panel,
        recipe: &Recipe,
        session: &mut Session,
    ) -> Result<Arc<Twin>, MintError> {
        let mut hasher = DefaultHasher::new();
        recipe.hash(&mut hasher);
        let key = hasher.finish();
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(twin) = known.get(&key) {
            return Ok(Arc::clone(twin));
        }
        drop(known);
        let case = Case::from_recipe(
            &panel.minter,
            recipe.clone(),
            "plan~twin".into(),
            Expected::Accept,
        )?;
        let twin = Arc::new(Twin {
            reference: ask_reference(panel, &case, session).accepted,
            peers: panel
                .peers(&case)
                .map(|engine| {
                    let accepted = decision(engine, &case).map(|(accepted, _)| accepted);
                    (engine.name().to_owned(), accepted)
                })
                .collect(),
            case,
        });
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, Arc::clone(&twin));
        Ok(twin)
    }
}
