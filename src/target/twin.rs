//! Twins that were judged before: most inputs differ in the defect alone, so the
//! benign half of the work is done once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use foldhash::fast::RandomState;

use super::{
    Session,
    chain::{ask_reference, confirmed},
    panel::{Panel, decision},
};
use crate::{
    case::{Case, Expected, Plan, Prepared},
    defect::Position,
    recipe::generate::Setting,
};

/// Forgotten all at once beyond this number, so that a long run does not grow: about 40 MB.
const MOST: usize = 256;

/// What was said of benign chains.
#[derive(Default)]
pub(super) struct Twins(Mutex<HashMap<Key, Arc<Twin>, RandomState>>);

/// All that a benign chain follows from.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    setting: Setting,
    preparations: Vec<(&'static str, Position)>,
}

/// A benign chain, and who accepts it: minted and asked once, and not before somebody wants to know.
pub(super) struct Twin {
    pub(super) prepared: Prepared,
    case: OnceLock<Option<Case>>,
    reference: OnceLock<Option<bool>>,
    peers: OnceLock<Vec<(String, Option<bool>)>>,
    /// Whether a refusal of it stands with real signatures: asked once, by engine.
    refused: Mutex<HashMap<String, Arc<OnceLock<bool>>>>,
}

impl Twin {
    /// The chain itself. Nothing when it cannot be minted.
    pub(super) fn case(&self, panel: &Panel) -> Option<&Case> {
        let mint = || {
            let (benign, id) = (self.prepared.benign.clone(), "plan~twin".to_owned());
            Case::from_recipe(&panel.minter, benign, id, Expected::Accept).ok()
        };
        self.case.get_or_init(mint).as_ref()
    }

    /// Whether the reference accepts it. Nothing when it cannot tell.
    pub(super) fn of_reference(&self, panel: &Panel, session: &mut Session) -> Option<bool> {
        *self
            .reference
            .get_or_init(|| ask_reference(panel, self.case(panel)?, session).accepted)
    }

    /// Whether the peer of this name accepts it. Nothing when it cannot tell or is not asked.
    pub(super) fn of(&self, panel: &Panel, engine: &str) -> Option<bool> {
        let peers = self.peers.get_or_init(|| {
            let Some(case) = self.case(panel) else {
                return Vec::new();
            };
            let answers = panel.peers(case).map(|engine| {
                let accepted = decision(engine, case).map(|(accepted, _)| accepted);
                (engine.name().to_owned(), accepted)
            });
            answers.collect()
        });
        let mut peers = peers.iter();
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
        *known.get_or_init(|| {
            self.case(panel)
                .is_some_and(|case| confirmed(panel, engine, case, true))
        })
    }
}

impl Twins {
    /// The benign chain of a plan, of now or of before.
    pub(super) fn of(&self, plan: &Plan) -> Arc<Twin> {
        let preparations = plan
            .preparations()
            .map(|placement| (placement.defect.id.0, placement.position));
        let key = Key {
            setting: plan.setting.clone(),
            preparations: preparations.collect(),
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(twin) = known.get(&key) {
            return Arc::clone(twin);
        }
        let twin = Arc::new(Twin {
            prepared: plan.prepare(),
            case: OnceLock::new(),
            reference: OnceLock::new(),
            peers: OnceLock::new(),
            refused: Mutex::default(),
        });
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, Arc::clone(&twin));
        twin
    }
}
