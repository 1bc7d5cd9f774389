//! A probe: one thing that is shown, and what a correct server makes of it.
//!
//! A stage is a file with probes and what is concluded from them, and one line
//! in [`STAGES`](super::STAGES).

use super::{
    answer::Answer,
    outcome::Outcome,
    result::{Expected, Finding, Record, Route},
    scene::Scene,
};
use crate::defect::DefectId;

/// Probes of one kind, and what is concluded from them.
pub struct Stage {
    /// The part of the probes' ids before the first slash.
    pub name: &'static str,
    /// What it is about, for the plan.
    pub about: &'static str,
    /// Whether its probes must run one after another, since each changes what the next one meets.
    pub alone: bool,
    /// Whether its probes hand CRLs or a CA over to the server, which may keep out the good certificate for a while.
    pub changes_server: bool,
    /// The probes that fit the endpoint. Nothing is sent yet.
    pub probes: fn(&Scene) -> Vec<Probe>,
    /// What the records of its probes, and what it looks at itself, amount to.
    pub conclude: fn(&Scene, &[Record]) -> Conclusion,
}

/// What a stage concludes.
#[derive(Debug, Default)]
pub struct Conclusion {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What routes demand.
    pub routes: Vec<Route>,
}

impl From<Vec<Finding>> for Conclusion {
    fn from(findings: Vec<Finding>) -> Self {
        Self {
            findings,
            routes: Vec::new(),
        }
    }
}

/// What a probe does.
type Act = dyn Fn(&Scene) -> Seen + Send + Sync;

/// Shows the good twin of a probe.
type Twin = dyn Fn(&Scene) -> Outcome + Send + Sync;

/// One thing that is shown.
pub struct Probe {
    /// `stage/what@where`.
    pub id: String,
    /// The defect, where it is of the catalogue.
    pub defect: Option<DefectId>,
    /// What a correct server makes of it.
    pub expected: Expected,
    /// What is shown, in one line.
    pub shows: String,
    /// A command that shows it again, where one does.
    pub again: Option<String>,
    /// What its good twin comes to, where it has one. The same twin is shown once.
    pub(super) twin: Option<Box<Twin>>,
    /// CRLs without which a server that asks for them would refuse it whatever it is.
    pub(super) crls: Vec<Vec<u8>>,
    act: Box<Act>,
}

/// What came of a probe.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What the answer means.
    pub outcome: Outcome,
    /// What came back, in words.
    pub evidence: String,
    /// The command that shows just this again, where the probe's own would show less.
    pub again: Option<String>,
}

impl Seen {
    /// An outcome whose words say everything.
    pub fn of(outcome: Outcome) -> Self {
        Self {
            evidence: outcome.to_string(),
            outcome,
            again: None,
        }
    }

    /// The same, with the command that shows just this again, where there is one.
    #[must_use]
    pub fn again(mut self, command: impl Into<Option<String>>) -> Self {
        self.again = command.into().or(self.again);
        self
    }

    /// Nobody can tell, and why.
    pub fn inconclusive(why: impl Into<String>) -> Self {
        Self::of(Outcome::Inconclusive(why.into()))
    }

    /// What an answer to the scene's own request means, and what it says.
    pub fn measured(scene: &Scene, answer: &Answer) -> Self {
        let outcome = scene.yardstick.measure(answer);
        let mut evidence = outcome.to_string();
        if let Some(version) = answer.greeting.version {
            evidence.push_str(&format!(" over {version}"));
        }
        Self {
            outcome,
            evidence,
            again: None,
        }
    }
}

impl Probe {
    /// A probe that a correct server refuses.
    pub fn hostile(
        id: impl Into<String>,
        shows: impl Into<String>,
        act: impl Fn(&Scene) -> Seen + Send + Sync + 'static,
    ) -> Self {
        Self {
            id: id.into(),
            defect: None,
            expected: Expected::Reject,
            shows: shows.into(),
            again: None,
            twin: None,
            crls: Vec::new(),
            act: Box::new(act),
        }
    }

    /// A probe that a correct server lets in.
    pub fn benign(
        id: impl Into<String>,
        shows: impl Into<String>,
        act: impl Fn(&Scene) -> Seen + Send + Sync + 'static,
    ) -> Self {
        Self {
            expected: Expected::Accept,
            ..Self::hostile(id, shows, act)
        }
    }

    /// The same, of a defect of the catalogue.
    #[must_use]
    pub fn of_defect(mut self, defect: DefectId) -> Self {
        self.defect = Some(defect);
        self
    }

    /// The same, with a twin that must be let in, or the probe tells nothing.
    #[must_use]
    pub(super) fn beside(
        mut self,
        twin: impl Fn(&Scene) -> Outcome + Send + Sync + 'static,
    ) -> Self {
        self.twin = Some(Box::new(twin));
        self
    }

    /// The same, with a command that shows it again.
    #[must_use]
    pub fn again(mut self, command: impl Into<String>) -> Self {
        self.again = Some(command.into());
        self
    }

    /// Shows it, and records what came of it.
    pub(super) fn record(&self, scene: &Scene) -> Record {
        let seen = (self.act)(scene);
        self.to_record(seen)
    }

    /// The record of a probe that was not shown.
    pub(super) fn not_shown(&self, why: &str) -> Record {
        self.to_record(Seen::inconclusive(why))
    }

    fn to_record(&self, seen: Seen) -> Record {
        Record {
            id: self.id.clone(),
            defect: self.defect,
            expected: self.expected,
            reason: seen.outcome.to_string(),
            evidence: format!("{}: {}", self.shows, seen.evidence),
            again: seen.again.or_else(|| self.again.clone()),
            outcome: seen.outcome,
            healthy: None,
        }
    }
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Probe").field(&self.id).finish()
    }
}
