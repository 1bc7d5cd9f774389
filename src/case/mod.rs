//! One complete judged input: bytes, question and expectation.
//!
//! A case is what engines see. It does not say how it was made; a recipe may
//! come with it, so that a finding can be reproduced and made smaller.

mod constraints;
mod double;
mod key_form;
mod limbo;
mod limbo_export;
mod limbo_format;
mod own_names;
mod plan;
mod plan_moves;
mod scope;
mod template;
mod twins;
mod wild;

use serde::{Serialize, Serializer, ser::SerializeSeq};

use crate::{
    defect::{DefectId, Position},
    der::Oid,
    question::{Identity, PeerName, Purpose, Time},
    recipe::Recipe,
    script::Script,
    verdict::Reason,
};

pub use crate::mint::PrivateKey;
pub use double::{Double, covering, double};
pub use limbo_export::Exported;
pub use limbo_format::{
    ExpectedResult, Limbo, LimboError, LimboName, NameKind, Testcase, ValidationKind,
};
pub use plan::{MAX_PLACEMENTS, Placement, Plan, Prepared, Spoilt, is_costly, plainest};
pub use plan_moves::PLAN_MOVES;
pub use scope::{SCOPES, Scope, scope};
pub use template::{pair_of, pair_with, pairs_of};
pub use twins::{Pair, PairError, numbered_pair, pair, pairs};
pub use wild::{WILD_MOVES, Wild};

/// One complete judged input.
#[derive(Clone, Debug)]
pub struct Case {
    /// `family/name@position#variant`, with `~twin` at the end for a twin; or the id that a suite gave it.
    pub id: String,
    /// The defect, where the case is from the catalogue. A twin has that of its hostile.
    pub defect: Option<DefectId>,
    /// Which of the pair it is.
    pub role: Role,
    /// Where the defect stands.
    pub position: Position,
    /// What a correct verifier says.
    pub expected: Expected,
    /// What the end entity is to be used for.
    pub purpose: Purpose,
    /// The validation time.
    pub time: Time,
    /// The name under which the peer is expected.
    pub name: Option<PeerName>,
    /// Trust anchors, as DER certificates.
    pub anchors: Vec<Vec<u8>>,
    /// What the peer presents, as DER: the end entity, then others in any order.
    pub chain: Vec<Vec<u8>>,
    /// CRLs, as DER. When there are any, the status of the whole chain is to be checked.
    pub crls: Vec<Vec<u8>>,
    /// The OCSP response that the peer staples, as DER. When there is one, the
    /// status of the whole chain is to be checked, and it is the end entity's evidence.
    pub ocsp: Option<Vec<u8>>,
    /// How the peer shakes hands. When it is told, the case is about that.
    pub handshake: Option<Script>,
    /// The end entity's private key.
    pub end_entity_key: Option<PrivateKey>,
    /// What a suite asks for beyond this.
    pub requirements: Requirements,
    /// Where the case was minted here: what it was minted from.
    pub recipe: Option<Recipe>,
}

/// Which of a pair a case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The one with the defect.
    Hostile,
    /// The one without.
    Twin,
}

/// What a correct verifier says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It accepts.
    Accept,
    /// It rejects for one of these reasons; for any when there are none.
    Reject(Vec<Reason>),
    /// It may do either: only what must never happen counts.
    Either,
}

impl Expected {
    /// The word of the JSON contract: `accept` or `reject`. Where both are right, `accept`: to be let
    /// in is no hole.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Accept | Self::Either => "accept",
            Self::Reject(_) => "reject",
        }
    }

    /// The reasons that are expected.
    pub fn reasons(&self) -> &[Reason] {
        match self {
            Self::Accept | Self::Either => &[],
            Self::Reject(reasons) => reasons,
        }
    }
}

/// What a suite asks for beyond the usual question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// The most non-self-issued intermediates that a path may have.
    pub max_chain_depth: Option<u32>,
    /// Purposes that the end entity must have; the usual one when empty.
    pub extended_key_usage: Vec<Oid>,
    /// Key usage bits that the end entity must have, by their limbo names.
    pub key_usage: Vec<String>,
    /// Who is let in: one of these must be the end entity's identity. Empty means anybody.
    pub admitted: Vec<Identity>,
    /// Names that the end entity must have beside the expected one.
    pub other_names: Vec<PeerName>,
    /// The shipped profile that the case is about, by its name. The reference's own where there is none.
    pub profile: Option<String>,
}

/// Serialises reasons as a sequence of their names.
pub fn serialize_reasons<S: Serializer>(
    expected: &Expected,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let reasons = expected.reasons();
    let mut sequence = serializer.serialize_seq(Some(reasons.len()))?;
    for reason in reasons {
        sequence.serialize_element(reason)?;
    }
    sequence.end()
}
