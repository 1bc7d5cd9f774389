//! Puts a defect into benign settings and mints both, hostile and twin.

use sha2::{Digest, Sha256};

use super::{Case, Expected, Requirements, Role};
use crate::{
    defect::{Defect, Position, Unfit},
    mint::{MintError, Minter},
    question::Purpose,
    recipe::{Recipe, generate::Setting},
    verdict::Reason,
};

/// A hostile case and its twin.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The one with the defect.
    pub hostile: Case,
    /// The one without.
    pub twin: Case,
}

/// A defect that could not be put into a setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PairError {
    /// The defect cannot exist in the setting.
    #[error("{defect} at {position}: {unfit}")]
    Unfit {
        /// The defect's id.
        defect: &'static str,
        /// The position that was tried.
        position: Position,
        /// Why it cannot.
        unfit: Unfit,
    },
    /// The recipe could not be minted: a defect of the catalogue itself.
    #[error("{defect} at {position}: {error}")]
    Mint {
        /// The defect's id.
        defect: &'static str,
        /// The position that was tried.
        position: Position,
        /// What was wrong.
        error: MintError,
    },
    /// The defect left the case as it was.
    #[error("{defect} at {position} does not change the case")]
    Unchanged {
        /// The defect's id.
        defect: &'static str,
        /// The position that was tried.
        position: Position,
    },
}

/// Settings that are tried for a variant before the defect is said not to fit.
const ATTEMPTS: u64 = 64;

/// Puts `defect` at `position` into `setting`.
///
/// # Errors
/// When it cannot exist there, cannot be minted, or changes nothing.
pub fn pair(
    minter: &Minter,
    defect: &'static Defect,
    position: Position,
    setting: &Setting,
    variant: u32,
) -> Result<Pair, PairError> {
    let recipe = setting.recipe();
    pair_in(
        minter,
        defect,
        position,
        recipe,
        variant,
        &|_| {},
        &|_, _| {},
    )
}

/// Puts `defect` at `position` into a benign chain. `adjust` has a word before the defect goes in,
/// and `finish` the last word on both.
pub(super) fn pair_in(
    minter: &Minter,
    defect: &'static Defect,
    position: Position,
    mut benign: Recipe,
    variant: u32,
    adjust: &dyn Fn(&mut Recipe),
    finish: &dyn Fn(&mut Recipe, &mut Recipe),
) -> Result<Pair, PairError> {
    let id = defect.id.0;
    let unfit = |unfit| PairError::Unfit {
        defect: id,
        position,
        unfit,
    };
    (defect.prepare)(&mut benign, position).map_err(unfit)?;
    adjust(&mut benign);
    let mut spoilt = benign.clone();
    (defect.spoil)(&mut spoilt, position).map_err(unfit)?;
    finish(&mut benign, &mut spoilt);

    let reasons = reasons_between(defect, &benign, &spoilt);
    let name = format!("{id}@{position}#{variant}");
    let case = |id: String, role, recipe: Recipe| {
        let expected = match role {
            Role::Hostile => Expected::Reject(reasons.clone()),
            Role::Twin => Expected::Accept,
        };
        minted(minter, recipe, id, expected, role)
            .map(|case| Case {
                defect: Some(defect.id),
                position,
                ..case
            })
            .map_err(|error| match error {
                MintError::NotGiven(_) => unfit(Unfit("it would need a key that was not given")),
                error => PairError::Mint {
                    defect: defect.id.0,
                    position,
                    error,
                },
            })
    };
    let twin = case(format!("{name}~twin"), Role::Twin, benign)?;
    let hostile = case(name, Role::Hostile, spoilt)?;
    if shown(&hostile) == shown(&twin) {
        return Err(PairError::Unchanged {
            defect: id,
            position,
        });
    }
    Ok(Pair { hostile, twin })
}

/// What is wrong with the certificate of a CA, and as what it shows in a CRL that the CA signed.
const IN_ITS_CRL: &[(Reason, Reason)] = &[
    (Reason::KeyUsage, Reason::CrlKeyUsage),
    (Reason::BadSignature, Reason::CrlBadSignature),
    (Reason::WeakKey, Reason::CrlBadSignature),
    (Reason::InvalidKey, Reason::CrlBadSignature),
    (Reason::UnsupportedKey, Reason::CrlBadSignature),
    (Reason::MalformedName, Reason::CrlMalformed),
];

/// The reasons for which the spoilt chain may rightly be refused, the best first.
///
/// Whoever looks at the status before the certificate meets what is wrong with a CA
/// in the CRL that the CA signed.
fn reasons_between(defect: &Defect, benign: &Recipe, spoilt: &Recipe) -> Vec<Reason> {
    let mut reasons = defect.reasons.to_vec();
    let signer_is_spoilt = spoilt
        .crls
        .iter()
        .any(|crl| spoilt.certificate(&crl.issuer) != benign.certificate(&crl.issuer));
    if signer_is_spoilt {
        for (of_certificate, of_crl) in IN_ITS_CRL {
            if defect.reasons.contains(of_certificate) && !reasons.contains(of_crl) {
                reasons.push(*of_crl);
            }
        }
    }
    reasons
}

/// Everything that an engine sees of a case.
pub(super) fn shown(case: &Case) -> impl PartialEq + '_ {
    (
        &case.chain,
        &case.anchors,
        &case.crls,
        &case.name,
        case.time,
        case.purpose,
        &case.ocsp,
        &case.requirements,
        &case.handshake,
    )
}

/// A case from a recipe alone.
pub(super) fn minted(
    minter: &Minter,
    recipe: Recipe,
    id: String,
    expected: Expected,
    role: Role,
) -> Result<Case, MintError> {
    let minted = minter.mint(&recipe)?;
    Ok(Case {
        id,
        defect: None,
        role,
        position: Position::Chain,
        expected,
        purpose: recipe.purpose,
        time: recipe.time,
        name: recipe.name.clone(),
        anchors: minted.anchors,
        chain: minted.chain,
        crls: minted.crls,
        ocsp: minted.ocsp,
        handshake: recipe.handshake.clone(),
        end_entity_key: Some(minted.end_entity_key),
        requirements: Requirements {
            admitted: recipe.admitted.clone(),
            ..Requirements::default()
        },
        recipe: Some(recipe),
    })
}

impl Case {
    /// A case from a recipe that is of no defect of the catalogue.
    ///
    /// # Errors
    /// When the recipe cannot be minted.
    pub fn from_recipe(
        minter: &Minter,
        recipe: Recipe,
        id: String,
        expected: Expected,
    ) -> Result<Self, MintError> {
        let role = match expected {
            Expected::Accept | Expected::Either => Role::Twin,
            Expected::Reject(_) => Role::Hostile,
        };
        minted(minter, recipe, id, expected, role)
    }
}

/// So many variants of a defect, over its positions and purposes, each in a setting of its own.
///
/// Variant 0 is the plainest setting that fits; the others are drawn by `rng_seed`.
/// A variant for which no setting fits is left out; when none fits at all, the
/// last misfit is the one item.
pub fn pairs(
    minter: &Minter,
    defect: &'static Defect,
    variants: u32,
    rng_seed: u64,
) -> Vec<Result<Pair, PairError>> {
    fitting(
        defect,
        defect.purposes,
        (variants, rng_seed),
        |position, setting, variant| pair(minter, defect, position, setting, variant),
    )
}

/// The variants of a defect for some of its purposes, each in the first setting that `make` finds to fit.
pub(super) fn fitting(
    defect: &'static Defect,
    purposes: &[Purpose],
    (variants, rng_seed): (u32, u64),
    make: impl Fn(Position, &Setting, u32) -> Result<Pair, PairError>,
) -> Vec<Result<Pair, PairError>> {
    let mut found = Vec::new();
    let mut misfit = None;
    for number in 0..variants {
        match variant(defect, purposes, number, rng_seed, &make) {
            Some(Err(error @ PairError::Unfit { .. })) => misfit = Some(error),
            outcome => found.extend(outcome),
        }
    }
    if found.is_empty() {
        found.extend(misfit.map(Err));
    }
    found
}

/// One variant of those that [`pairs`] gives, by its number.
///
/// # Errors
/// [`PairError::Unfit`] where no setting fits there; or the pair cannot be minted.
pub fn numbered_pair(
    minter: &Minter,
    defect: &'static Defect,
    number: u32,
    rng_seed: u64,
) -> Result<Pair, PairError> {
    let make = |position: Position, setting: &Setting, variant: u32| {
        pair(minter, defect, position, setting, variant)
    };
    variant(defect, defect.purposes, number, rng_seed, &make)
        .unwrap_or_else(|| make(defect.positions[0], &Setting::default(), number))
}

/// The outcome in the first setting that fits, or else the last misfit; none only if nothing was tried.
fn variant(
    defect: &'static Defect,
    purposes: &[Purpose],
    variant: u32,
    rng_seed: u64,
    make: &impl Fn(Position, &Setting, u32) -> Result<Pair, PairError>,
) -> Option<Result<Pair, PairError>> {
    let position = defect.positions[variant as usize % defect.positions.len()];
    let purpose = purposes[(variant as usize / defect.positions.len()) % purposes.len()];
    let mut misfit = None;
    for attempt in 0..ATTEMPTS {
        let setting = match (variant, attempt) {
            (0, 0) => Setting::default(),
            _ => Setting::numbered(rng_seed, number(defect, variant, attempt)),
        };
        match make(position, &Setting { purpose, ..setting }, variant) {
            Err(error @ PairError::Unfit { .. }) => misfit = Some(Err(error)),
            outcome => return Some(outcome),
        }
    }
    misfit
}

/// A setting drawn for a defect, the same whatever else the catalogue holds.
pub(super) fn numbered_setting(defect: &Defect, rng_seed: u64, attempt: u64) -> Setting {
    Setting::numbered(rng_seed, number(defect, 0, attempt))
}

/// A setting's number that depends on the defect's name and not on its place in
/// the catalogue, so that a new defect changes no case of the others.
fn number(defect: &Defect, variant: u32, attempt: u64) -> u64 {
    let digest = Sha256::digest(format!("{} {variant} {attempt}", defect.id));
    u64::from_be_bytes(digest[..8].try_into().expect("a digest has eight octets"))
}
