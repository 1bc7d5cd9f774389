//! A finding: one engine, one case, one thing that is not as it should be.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    case::{Case, Exported},
    defect::{self, DefectId, Position, Severity},
};

/// What is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// A hostile chain was accepted: the check is missing.
    FalseAccept,
    /// A good chain was refused.
    FalseReject,
    /// A hostile chain was refused for an unrelated reason: right by luck.
    WrongReason,
    /// Engines differ on a case whose right answer nobody knows.
    Discrepancy,
    /// An irrelevant change of the case changed the verdict.
    Metamorphic,
    /// The answer took more time than the input justifies.
    Resource,
    /// The engine died, hung or panicked.
    Crash,
}

impl Kind {
    /// Every kind, in the order of the contract.
    pub const ALL: &'static [Self] = &[
        Self::FalseAccept,
        Self::FalseReject,
        Self::WrongReason,
        Self::Discrepancy,
        Self::Metamorphic,
        Self::Resource,
        Self::Crash,
    ];

    /// The word of the JSON contract.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FalseAccept => "false-accept",
            Self::FalseReject => "false-reject",
            Self::WrongReason => "wrong-reason",
            Self::Discrepancy => "discrepancy",
            Self::Metamorphic => "metamorphic",
            Self::Resource => "resource",
            Self::Crash => "crash",
        }
    }

    /// How bad such a finding is, where the defect itself is as bad as given.
    ///
    /// Only a hostile chain let in, or one whose order decides, is as bad as its defect.
    fn severity(self, of_defect: Option<Severity>) -> Severity {
        match self {
            Self::FalseAccept => of_defect.unwrap_or(Severity::High),
            Self::Metamorphic => of_defect.unwrap_or(Severity::Medium),
            Self::Crash | Self::Resource => Severity::High,
            Self::FalseReject | Self::Discrepancy => Severity::Medium,
            Self::WrongReason => Severity::Low,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    kind: Kind,
    engine: String,
    case: String,
    defect: Option<DefectId>,
    position: Position,
    severity: Severity,
    known: Option<String>,
    detail: String,
}

impl Finding {
    /// A finding about what an engine said of a case.
    pub fn new(kind: Kind, engine: &str, case: &Case, detail: impl Into<String>) -> Self {
        let of_catalogue = case.defect.and_then(|id| defect::find(id.0));
        let of_defect = of_catalogue
            .or_else(|| Exported::from_id(&case.id).map(|exported| exported.defect))
            .map(|defect| defect.severity);
        Self {
            kind,
            engine: engine.to_owned(),
            case: case.id.clone(),
            defect: case.defect,
            position: case.position,
            severity: kind.severity(of_defect),
            known: None,
            detail: detail.into(),
        }
    }

    /// The same, as bad as given: where no one defect says how bad it is.
    #[must_use]
    pub fn with_severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// What is not as it should be.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The name of the engine that it speaks of.
    pub fn engine(&self) -> &str {
        &self.engine
    }

    /// The defect of the case, where the case is from the catalogue.
    pub fn defect(&self) -> Option<DefectId> {
        self.defect
    }

    /// Where the defect stands.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The id of the case.
    pub fn case(&self) -> &str {
        &self.case
    }

    /// What happened, in the words of the engine where it has some.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Why it is accepted, where it is a known discrepancy.
    pub fn known(&self) -> Option<&str> {
        self.known.as_deref()
    }

    /// Marks it as a known discrepancy, with the reason.
    pub fn set_known(&mut self, why: impl Into<String>) {
        self.known = Some(why.into());
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}: {} on {}",
            self.severity, self.kind, self.engine, self.case
        )?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        match &self.known {
            Some(why) => write!(f, " (known: {why})"),
            None => Ok(()),
        }
    }
}
