//! The catalogue: every way a chain can be wrong, each entry one [`Defect`].
//!
//! A defect is put into a benign recipe in two steps. `prepare` makes the
//! setting one in which the defect can exist at all, such as a CRL that does
//! not list the certificate; the result is the *twin*. `spoil` makes the one
//! change that is the defect. So hostile and twin differ in that and nothing else.

mod catalogue;
mod change;
mod complexity;
mod downgrade;
mod encoding;
mod extensions;
mod handshake;
mod identity;
mod keys;
mod name_constraints;
mod names;
mod normative;
mod path;
mod policies;
mod revocation;
mod signature;
mod trust;
mod usage;
mod validity;
mod vulnerability;

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

pub use catalogue::{CATALOGUE, Family, all, find, matching, nearest};
pub use complexity::{Bound, bound};
pub use normative::{Statement, statements};
pub use vulnerability::{Vulnerability, by_vulnerability, vulnerabilities};

use crate::{
    question::Purpose,
    recipe::{Certificate, Crl, Label, Recipe},
    verdict::{Clause, Reason},
};

/// One intended violation.
#[derive(Clone, Copy)]
pub struct Defect {
    /// `family/name`, in kebab case.
    pub id: DefectId,
    /// What it is, in one line.
    pub summary: &'static str,
    /// What it is, why it matters and who fell for it, in one paragraph.
    pub page: &'static str,
    /// The clause that it violates.
    pub clause: Clause,
    /// How bad it is to let it in.
    pub severity: Severity,
    /// How sure it is that it must be refused.
    pub class: Class,
    /// Where it can be placed.
    pub positions: &'static [Position],
    /// For which purposes it is a defect.
    pub purposes: &'static [Purpose],
    /// The reasons for which it may rightly be refused, the best first.
    pub reasons: &'static [Reason],
    /// Identifiers of vulnerabilities of this shape: CVE, RUSTSEC, GHSA.
    pub vulnerabilities: &'static [&'static str],
    /// Makes the setting fit. What it leaves is the twin.
    pub prepare: Step,
    /// Puts the defect in.
    pub spoil: Step,
}

/// A change of a recipe at a position.
pub type Step = fn(&mut Recipe, Position) -> Result<(), Unfit>;

/// A step that changes nothing, for defects that need no preparation.
///
/// # Errors
/// Never.
pub fn as_it_is(_: &mut Recipe, _: Position) -> Result<(), Unfit> {
    Ok(())
}

impl Defect {
    /// Whether it is one of the handshake alone: the chain is as good as its twin's.
    pub fn is_of_handshake(&self) -> bool {
        self.positions == [Position::Handshake]
    }
}

/// What the defects of certificates that no standard lets be written so share.
const fn malformed(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    clause: Clause,
    reasons: &'static [Reason],
    spoil: Step,
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        clause,
        severity: Severity::Medium,
        class: Class::MustReject,
        positions: &[Position::EndEntity, Position::Intermediate],
        purposes: &Purpose::ALL,
        reasons,
        vulnerabilities: &[],
        prepare: as_it_is,
        spoil,
    }
}

/// The identifier of a defect.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DefectId(pub &'static str);

impl DefectId {
    /// The part before the slash.
    pub fn family(self) -> &'static str {
        self.0.split_once('/').map_or(self.0, |(family, _)| family)
    }
}

impl fmt::Display for DefectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for DefectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for DefectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl fmt::Debug for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Defect").field(&self.id).finish()
    }
}

/// Where a defect stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Position {
    /// The end entity.
    EndEntity,
    /// The CA that issued the end entity, where that is not the anchor.
    Intermediate,
    /// The trust anchor.
    Anchor,
    /// A CRL.
    Crl,
    /// The chain as a whole.
    Chain,
    /// The handshake around the chain.
    Handshake,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EndEntity => "end-entity",
            Self::Intermediate => "intermediate",
            Self::Anchor => "anchor",
            Self::Crl => "crl",
            Self::Chain => "chain",
            Self::Handshake => "handshake",
        })
    }
}

/// How bad it is to let a defect in. The order is from worst to least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Anybody gets in.
    Critical,
    /// Somebody who should not gets in.
    High,
    /// A safeguard is missing.
    Medium,
    /// A deviation that helps an attacker little.
    Low,
    /// Good to know.
    Info,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        })
    }
}

/// How sure it is that a defect must be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A standard forbids it, or there is no proof of identity.
    MustReject,
    /// A careful verifier refuses it.
    Policy,
    /// Strict DER or a profile refuses it.
    Lint,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MustReject => "must-reject",
            Self::Policy => "policy",
            Self::Lint => "lint",
        })
    }
}

/// A setting in which the defect cannot exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the defect cannot exist here: {0}")]
pub struct Unfit(pub &'static str);

/// The certificate at a position of a recipe, to change.
///
/// # Errors
/// When the chain has none there.
pub fn certificate_at(recipe: &mut Recipe, position: Position) -> Result<&mut Certificate, Unfit> {
    let label = label_at(recipe, position)?;
    recipe
        .certificate_mut(&label)
        .ok_or(Unfit("the certificate is not in the recipe"))
}

/// The label of the certificate at a position.
///
/// # Errors
/// When the chain has none there.
pub fn label_at(recipe: &Recipe, position: Position) -> Result<Label, Unfit> {
    let path = recipe.true_path();
    match position {
        Position::EndEntity => path
            .first()
            .map(|label| (*label).clone())
            .ok_or(Unfit("nothing is presented")),
        Position::Intermediate if path.len() > 2 => Ok(path[1].clone()),
        Position::Intermediate => Err(Unfit("the chain has no intermediate")),
        Position::Anchor if path.len() > 1 => Ok(path[path.len() - 1].clone()),
        Position::Anchor => Err(Unfit("the end entity is its own anchor")),
        Position::Crl | Position::Chain | Position::Handshake => {
            Err(Unfit("the position is not a certificate"))
        }
    }
}

/// The label of the issuer of the certificate at a position.
///
/// # Errors
/// When the chain has no certificate there.
pub fn issuer_of(recipe: &mut Recipe, position: Position) -> Result<Label, Unfit> {
    certificate_at(recipe, position).map(|certificate| certificate.issuer.clone())
}

/// The CRL of this issuer, to change.
///
/// # Errors
/// When the recipe has none.
pub fn crl_of<'r>(recipe: &'r mut Recipe, issuer: &Label) -> Result<&'r mut Crl, Unfit> {
    recipe
        .crls
        .iter_mut()
        .find(|crl| crl.issuer == *issuer)
        .map(|crl| &mut **crl)
        .ok_or(Unfit("the issuer has no CRL"))
}
