//! The answer in full: the verdict, every violated rule in path order, and the path.

use crate::verdict::{Clause, Reason, Verdict};

/// One violated rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What kind of violation it is.
    pub reason: Reason,
    /// The clause that is violated, which may be narrower than the reason's own.
    pub clause: Clause,
    /// The certificate, as its index in the presented chain. `None` is the
    /// anchor, or the chain as a whole.
    pub certificate: Option<usize>,
    /// The values in plain words.
    pub detail: String,
}

impl Violation {
    /// A violation under the reason's own clause.
    pub fn new(reason: Reason, certificate: Option<usize>, detail: impl Into<String>) -> Self {
        Self {
            reason,
            clause: reason.clause(),
            certificate,
            detail: detail.into(),
        }
    }

    /// The same violation under a narrower clause.
    #[must_use]
    pub fn under(mut self, clause: Clause) -> Self {
        self.clause = clause;
        self
    }
}

/// One step of the path, from the end entity to the anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathEntry {
    /// Which certificate or anchor stands here.
    pub place: Place,
    /// How many rules were checked on it.
    pub checks: u32,
    /// What the checks found that is worth telling, such as a fresh CRL.
    pub notes: Vec<String>,
}

/// Where a step of a path comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The presented chain, by index.
    Presented(usize),
    /// The trust anchors, by index.
    Anchor(usize),
}

/// What the validator found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Accept, the most useful reason to refuse, or inconclusive when a budget ran out.
    pub verdict: Verdict,
    /// Every violated rule, in path order.
    pub violations: Vec<Violation>,
    /// The accepted path or the best one found, end entity first. It ends with
    /// an anchor when one was reached.
    pub path: Vec<PathEntry>,
    /// What the answer cost.
    pub spent: super::budget::Spent,
}

impl Report {
    /// Whether the chain is good.
    pub fn is_accepted(&self) -> bool {
        self.verdict == Verdict::Accept
    }

    /// What a server must act on: `Ok` only for an acceptance. A budget that
    /// ran out refuses.
    pub fn to_decision(&self) -> Result<(), Reason> {
        match &self.verdict {
            Verdict::Accept => Ok(()),
            Verdict::Reject(reason) => Err(*reason),
            Verdict::Inconclusive(_) => Err(Reason::BudgetExceeded),
        }
    }
}

/// How much worse one violation makes a path that was not accepted.
///
/// A bad signature or a name that the issuer could not have is most often the
/// wrong candidate; the rest are faults of the right one.
pub(crate) fn weight(reason: Reason) -> u32 {
    match reason {
        Reason::UnknownIssuer => 10_000,
        Reason::BadSignature | Reason::InvalidKey => 1_000,
        Reason::NotACa | Reason::MalformedDer | Reason::TrailingData => 100,
        Reason::Expired | Reason::NotYetValid | Reason::KeyUsage => 50,
        _ => 30,
    }
}

/// How well a reason explains a refusal, when there are several. Higher is told first.
pub(crate) fn rank(reason: Reason) -> u32 {
    match reason {
        Reason::BudgetExceeded => 100,
        Reason::MalformedDer | Reason::TrailingData => 95,
        Reason::UnknownIssuer => 90,
        Reason::BadSignature | Reason::AlgorithmMismatch => 85,
        Reason::Revoked => 80,
        Reason::NotACa | Reason::BadVersion | Reason::BadAnchor => 75,
        Reason::Expired | Reason::NotYetValid | Reason::BadValidity => 70,
        Reason::NameConstraint | Reason::UnsupportedNameConstraint | Reason::PathLengthExceeded => {
            65
        }
        Reason::UnknownCriticalExtension
        | Reason::DuplicateExtension
        | Reason::MalformedExtension => 60,
        Reason::KeyUsage | Reason::ExtendedKeyUsage | Reason::CaAsEndEntity => 55,
        Reason::NameMismatch | Reason::IdentityNotAllowed => 50,
        Reason::InvalidKey | Reason::UnsupportedKey | Reason::UnsupportedSignatureAlgorithm => 45,
        Reason::WeakKey | Reason::WeakSignatureAlgorithm => 40,
        Reason::NoValidPolicy | Reason::BadPolicy => 35,
        Reason::RevocationUnknown => 20,
        Reason::WrongCriticality | Reason::MissingExtension | Reason::BadSerial => 10,
        _ => 30,
    }
}
