//! Twins that were judged before: most inputs differ in the defect alone, so the
//! benign half of the work is done once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use super::{
    Session,
    chain::{ask_reference, confirmed},
    panel::{Panel, decision},
};
use crate::{
    case::{Case, Expected, Plan, Prepared},
    defect::Position,
    mint::MintError,
    recipe::generate::Setting,
};

/// Forgotten all at once beyond this number, so that a long run does not grow: about 40 MB.
const MOST: usize = 4096;

/// What was said of benign chains.
#[derive(Default)]
pub(super) struct Twins(Mutex<HashMap<Key, Arc<Twin>>>);

/// All that a benign chain follows from.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    setting: Setting,
    preparations: Vec<(&'static str, Position)>,
}

/// A benign chain, and who accepts it.
pub(super) struct Twin {
    pub(super) prepared: Prepared,
    pub(super) case: Case,
    pub(super) reference: Option<bool>,
    peers: Vec<(String, Option<bool>)>,
    /// Whether a refusal of it stands with real signatures: asked once, by engine.
    refused: Mutex<HashMap<String, Arc<OnceLock<bool>>>>,
}

impl Twin {
    /// Whether the engine of this name accepts it. Nothing when it cannot tell or was not asked.
    pub(super) fn of(&self, engine: &str) -> Option<bool> {
        let mut peers = self.peers.iter();
        peers
            .find(|(name, _)| name == engine)
            .and_then(|(_, accepted)| *accepted)
    }

    /// Whether the engine refuses it with real signatures too.
    pub(super) fn is_refused(&self, panel: &Panel, engine: &str) -> bool {
        let refused = self.refused.lock();
        let mut refused = refused.unwrap_or_else(PoisonError::into_inner);
        let known = Arc::clone(refused.entry(engine.to_owned()).or_default());
        drop(refused);
        *known.get_or_init(|| confirmed(panel, engine, &self.case, true))
    }
}

impl Twins {
    /// Judges the benign chain of a plan, or remembers what was said of it.
    pub(super) fn judge(
        &self,
        panel: &Panel,
        plan: &Plan,
        session: &mut Session,
    ) -> Result<Arc<Twin>, MintError> {
        let preparations = plan
            .preparations()
            .map(|placement| (placement.defect.id.0, placement.position));
        let key = Key {
            setting: plan.setting.clone(),
            preparations: preparations.collect(),
        };
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(twin) = known.get(&key) {
            return Ok(Arc::clone(twin));
        }
        drop(known);
        let prepared = plan.prepare();
        let case = Case::from_recipe(
            &panel.minter,
            prepared.benign.clone(),
            "plan~twin".into(),
            Expected::Accept,
        )?;
        let twin = Arc::new(Twin {
            prepared,
            reference: ask_reference(panel, &case, session).accepted,
            peers: panel
                .peers(&case)
                .map(|engine| {
                    let accepted = decision(engine, &case).map(|(accepted, _)| accepted);
                    (engine.name().to_owned(), accepted)
                })
                .collect(),
            case,
            refused: Mutex::default(),
        });
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, Arc::clone(&twin));
        Ok(twin)
    }
}
