//! Decides whether what engines said reveals a bug.
//!
//! Each oracle is a function from answers to [`Finding`]s. A finding is data,
//! never a panic: it can be counted, grouped, known beforehand and reported.
//!
//! | oracle | asks |
//! |---|---|
//! | [`expected`] | is the answer the one that holds by construction? |
//! | [`differential`] | do engines differ where nobody knows the right answer? |
//! | [`metamorphic`] | does an irrelevant change change the answer? |
//! | [`handshake`] | did something happen in a handshake that must not? |
//! | [`resource`] | did the answer cost more than the input justifies? |

pub mod differential;
pub mod expected;
pub mod hidden;
mod finding;
pub mod handshake;
pub mod metamorphic;
pub mod resource;
#[cfg(test)]
pub(crate) mod sample;
pub mod triage;

pub use finding::{Finding, Kind};

use crate::{
    engine::{EngineError, Observation},
    verdict::Verdict,
};

/// What came of asking one engine about one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The engine said something.
    Observed(Observation),
    /// The engine died, hung or panicked.
    Crashed(String),
    /// The adapter could not do its work.
    Broke(String),
}

impl Answer {
    /// The verdict, where it is one that can be held against the engine.
    pub fn conclusive(&self) -> Option<&Observation> {
        match self {
            Self::Observed(observation)
                if !matches!(observation.verdict, Verdict::Inconclusive(_)) =>
            {
                Some(observation)
            }
            Self::Observed(_) | Self::Crashed(_) | Self::Broke(_) => None,
        }
    }

    /// The word of the JSON contract: `accept`, `reject` or `inconclusive`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Observed(observation) => observation.verdict.word(),
            Self::Crashed(_) | Self::Broke(_) => "inconclusive",
        }
    }

    /// The engine's own words, or why there are none.
    pub fn detail(&self) -> String {
        match self {
            Self::Observed(Observation {
                verdict: Verdict::Inconclusive(why),
                detail,
                ..
            }) if detail.is_empty() => why.to_string(),
            Self::Observed(observation) => observation.detail.clone(),
            Self::Crashed(what) => format!("crashed: {what}"),
            Self::Broke(what) => format!("broke: {what}"),
        }
    }
}

impl Answer {
    /// The answer; none where the wait for it was ended.
    pub fn of(result: Result<Observation, EngineError>) -> Option<Self> {
        match result {
            Ok(observation) => Some(Self::Observed(observation)),
            Err(EngineError::Crashed(what)) => Some(Self::Crashed(what)),
            Err(EngineError::Broke(what)) => Some(Self::Broke(what)),
            Err(EngineError::Interrupted) => None,
        }
    }
}

/// One question put to one engine, as every oracle sees it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The engine's name.
    pub engine: &'a str,
    /// Whether the engine claims to say why it refuses.
    pub states_reasons: bool,
}
