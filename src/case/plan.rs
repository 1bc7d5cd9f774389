//! A setting and up to four defects in it, as the bytes of a fuzzer.
//!
//! Any bytes are a plan, and a plan keeps its meaning when the catalogue
//! grows: a defect goes by a tag that follows from its id alone, and a tag that
//! no defect has is passed over.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use sha2::{Digest, Sha256};

use super::{Case, Expected};
use crate::{
    defect::{self, Defect, Position},
    mint::{MintError, Minter},
    question::Purpose,
    recipe::{
        Recipe,
        generate::{SETTING_OCTETS, Setting},
    },
};

/// A benign setting and what is put into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The setting.
    pub setting: Setting,
    /// The defects, in the order in which they are put in.
    pub placements: Vec<Placement>,
}

/// A defect and where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Placement {
    /// The defect.
    pub defect: &'static Defect,
    /// One of its positions.
    pub position: Position,
}

impl PartialEq for Placement {
    fn eq(&self, other: &Self) -> bool {
        (self.defect.id, self.position) == (other.defect.id, other.position)
    }
}

impl Eq for Placement {}

/// The first octet of every plan. Another one would be another encoding.
pub(super) const VERSION: u8 = 0;

/// Octets of a defect's tag: enough that no two of a thousand ids share one.
pub(super) const TAG_OCTETS: usize = 4;

/// Octets of a placement: the defect's tag and its position.
pub(super) const PLACEMENT_OCTETS: usize = TAG_OCTETS + 1;

/// The most defects of a plan.
pub const MAX_PLACEMENTS: usize = 4;

static BY_TAG: LazyLock<HashMap<[u8; TAG_OCTETS], &'static Defect>> = LazyLock::new(|| {
    Plan::defects()
        .map(|defect| (tag(defect), defect))
        .collect()
});

/// Octets that stand for a defect, from its id alone.
fn tag(defect: &Defect) -> [u8; TAG_OCTETS] {
    let digest = Sha256::digest(defect.id.0);
    [digest[0], digest[1], digest[2], digest[3]]
}

/// The tags of the defects that a plan for this purpose can name and a fuzzer tries.
pub(super) fn tags(purpose: Purpose) -> &'static [[u8; TAG_OCTETS]] {
    static TAGS: LazyLock<[Vec<[u8; TAG_OCTETS]>; Purpose::ALL.len()]> = LazyLock::new(|| {
        Purpose::ALL.map(|purpose| {
            Plan::defects()
                .filter(|defect| defect.purposes.contains(&purpose) && !is_costly(defect))
                .map(tag)
                .collect()
        })
    });
    &TAGS[purpose as usize]
}

/// Positions by the number that stands for them, which is never given to another.
const POSITIONS: [Position; 6] = [
    Position::EndEntity,
    Position::Intermediate,
    Position::Anchor,
    Position::Crl,
    Position::Chain,
    Position::Handshake,
];

/// The position that an octet says, or the defect's first where it cannot stand there.
fn position_of(defect: &Defect, octet: u8) -> Position {
    let said = POSITIONS.get(usize::from(octet)).copied();
    said.filter(|position| defect.positions.contains(position))
        .unwrap_or(defect.positions[0])
}

/// The most octets of certificates and CRLs that a fuzzer is given at once, in the plainest settings.
const LARGE: usize = 16 * 1024;

static COSTLY: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let minter = Minter::toy();
    let costly = Plan::defects().filter(|defect| {
        let purpose = defect.purposes[0];
        let plan = Plan::from_bytes(&Plan::to_bytes(&plainest(purpose), &[(defect, 0)]));
        let minted = plan.spoil().mint(&minter).ok().flatten();
        let octets = minted.map_or(0, |case| {
            let parts = [case.anchors, case.chain, case.crls];
            parts.iter().flatten().map(Vec::len).sum()
        });
        defect::bound(defect.id).is_some() || octets > LARGE
    });
    costly.map(|defect| defect.id.0).collect()
});

/// Whether a fuzzer leaves the defect out, as [`Plan::leave_out_costly`] does.
pub fn is_costly(defect: &Defect) -> bool {
    COSTLY.contains(defect.id.0)
}

/// The octets of the plainest setting for a purpose.
pub fn plainest(purpose: Purpose) -> [u8; SETTING_OCTETS] {
    let mut octets = [0; SETTING_OCTETS];
    octets[0] = u8::from(purpose == Purpose::Server);
    octets
}

impl Plan {
    /// What a plan can name: the defects of chains. Whoever asks about a chain
    /// alone finds nothing wrong with one whose handshake is hostile.
    pub fn defects() -> impl Iterator<Item = &'static Defect> {
        defect::all().filter(|defect| !defect.is_of_handshake())
    }

    /// The plan that these bytes say.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let rest = match bytes.split_first() {
            Some((&VERSION, rest)) => rest,
            _ => &[],
        };
        let setting = Setting::from_bytes(rest);
        let placements = rest
            .get(SETTING_OCTETS..)
            .unwrap_or_default()
            .chunks_exact(PLACEMENT_OCTETS)
            .take(MAX_PLACEMENTS)
            .filter_map(|record| {
                let defect = *BY_TAG.get(&record[..TAG_OCTETS])?;
                // What is a defect for one purpose only is none for the other.
                defect.purposes.contains(&setting.purpose).then_some(())?;
                let position = position_of(defect, record[TAG_OCTETS]);
                Some(Placement { defect, position })
            })
            .collect();
        Self {
            setting,
            placements,
        }
    }

    /// Leaves out the defects whose chains are large, or cost an engine far more to judge than
    /// to make: a fuzzer would spend its time on nothing else, and the catalogue asks them anyway.
    /// True when there were any.
    pub fn leave_out_costly(&mut self) -> bool {
        let before = self.placements.len();
        self.placements
            .retain(|placement| !is_costly(placement.defect));
        self.placements.len() < before
    }

    /// The bytes of a plan, for a seed: the setting's octets, and defects with the index of a position.
    pub fn to_bytes(setting: &[u8; SETTING_OCTETS], placements: &[(&Defect, u8)]) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(setting);
        for (defect, position) in placements {
            bytes.extend(tag(defect));
            let position = defect.positions[usize::from(*position) % defect.positions.len()];
            let number = POSITIONS.iter().position(|known| *known == position);
            bytes.push(number.unwrap_or_default() as u8);
        }
        bytes
    }

    /// The chain with every defect that fits.
    pub fn spoil(&self) -> Spoilt {
        self.prepare().spoil(self)
    }

    /// The placements that change the benign chain before they spoil it.
    pub fn preparations(&self) -> impl Iterator<Item = &Placement> {
        let untouched: defect::Step = defect::as_it_is;
        self.placements
            .iter()
            .filter(move |placement| !std::ptr::fn_addr_eq(placement.defect.prepare, untouched))
    }

    /// The benign chain, which follows from the setting and the preparations alone.
    pub fn prepare(&self) -> Prepared {
        let mut benign = self.setting.recipe();
        let fits = self.preparations().map(|placement| {
            let mut prepared = benign.clone();
            let fits = (placement.defect.prepare)(&mut prepared, placement.position).is_ok()
                && prepared.check_crl_labels().is_ok();
            if fits {
                benign = prepared;
            }
            fits
        });
        let fits = fits.collect();
        Prepared { benign, fits }
    }
}

/// The benign chain of a plan.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// With every preparation that fits.
    pub benign: Recipe,
    /// Which of the preparations fit.
    fits: Vec<bool>,
}

impl Prepared {
    /// Puts in every defect of a plan that fits: of the plan that was prepared,
    /// or of another with the same setting and preparations.
    pub fn spoil(&self, plan: &Plan) -> Spoilt {
        let mut preparations = plan.preparations().zip(&self.fits).peekable();
        let mut recipe = self.benign.clone();
        let mut placed = Vec::new();
        for placement in &plan.placements {
            let own = preparations.next_if(|(prepared, _)| std::ptr::eq(*prepared, placement));
            if own.is_some_and(|(_, fits)| !fits) {
                continue;
            }
            let mut next = recipe.clone();
            let fits = (placement.defect.spoil)(&mut next, placement.position).is_ok();
            // Two that add the same CRL cannot stand in one recipe, which tells CRLs by their labels.
            if fits && next.check_crl_labels().is_ok() {
                recipe = next;
                placed.push(*placement);
            }
        }
        Spoilt { recipe, placed }
    }
}

/// The hostile chain of a plan.
#[derive(Clone, Debug)]
pub struct Spoilt {
    /// With every defect that fits.
    pub recipe: Recipe,
    /// The defects that are in it.
    pub placed: Vec<Placement>,
}

impl Spoilt {
    /// The hostile case; nothing when no defect fits.
    ///
    /// # Errors
    /// When the recipe cannot be minted.
    pub fn mint(&self, minter: &Minter) -> Result<Option<Case>, MintError> {
        if self.placed.is_empty() {
            return Ok(None);
        }
        let reasons = self
            .placed
            .iter()
            .flat_map(|placement| placement.defect.reasons)
            .copied()
            .collect();
        let expected = Expected::Reject(reasons);
        Case::from_recipe(minter, self.recipe.clone(), "plan".into(), expected).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::twins::shown, *};
    use crate::recipe::{KeyAlgorithm, generate::NameShape};

    #[test]
    #[allow(
        clippy::needless_update,
        reason = "a field that is added reads octets of its own, which are zero here"
    )]
    fn octets_of_a_plan_keep_their_meaning() {
        // Written down once. A failure means that stored inputs changed their meaning.
        let mut bytes = vec![
            VERSION, 0, 1, 1, 2, 4, 0, 0, 2, 88, 0, 3, 1, 1, 2, 1, 1, 1, 1, 1, 5, 2, 1, 1, 3, 1, 1,
        ];
        bytes.resize(1 + SETTING_OCTETS, 0);
        let setting = Setting {
            purpose: Purpose::Client,
            intermediates: 2,
            keys: vec![
                KeyAlgorithm::P384,
                KeyAlgorithm::P521,
                KeyAlgorithm::Rsa3072,
            ],
            time: Setting::BASE_TIME.plus_seconds(600),
            names: NameShape::Printable,
            key_identifiers: false,
            path_length_slack: Some(2),
            end_entity_key_usage: false,
            critical_extended_key_usage: true,
            issuer_extended_key_usage: true,
            policies: true,
            crls: true,
            extension_rotation: 5,
            unrelated: 2,
            unrelated_anchor: true,
            reversed: true,
            serial_octets: 12,
            ..Setting::default()
        };
        bytes.extend([0x81, 0x13, 0x2c, 0xbf, 1]);
        bytes.extend([0xf4, 0x69, 0x92, 0x49, 0]);
        // No position of this defect has the number 200: its first then.
        bytes.extend([0xf4, 0x69, 0x92, 0x49, 200]);
        let placement = |id, position| Placement {
            defect: defect::find(id).expect(id),
            position,
        };
        let expected = Plan {
            setting,
            placements: vec![
                placement("validity/expired", Position::Intermediate),
                placement("signature/bit-flipped", Position::EndEntity),
                placement("signature/bit-flipped", Position::EndEntity),
            ],
        };
        assert_eq!(Plan::from_bytes(&bytes), expected);
    }

    #[test]
    fn what_a_plan_mints_can_be_kept() {
        let twice = defect::find("revocation/revoked-in-newer-crl").expect("a defect");
        let bytes = Plan::to_bytes(&plainest(Purpose::Client), &[(twice, 0), (twice, 0)]);
        let recipe = Plan::from_bytes(&bytes).spoil().recipe;
        let text = recipe.to_toml().expect("text");
        assert_eq!(Recipe::from_toml(&text).expect("reads back"), recipe);
    }

    #[test]
    fn tags_of_defects_are_distinct() {
        assert_eq!(BY_TAG.len(), Plan::defects().count());
    }

    #[test]
    fn a_seed_reads_back_as_it_was_written() {
        for defect in Plan::defects() {
            let purpose = defect.purposes[0];
            let plan = Plan::from_bytes(&Plan::to_bytes(&plainest(purpose), &[(defect, 0)]));
            let plain = Setting {
                purpose,
                ..Setting::default()
            };
            assert_eq!(plan.setting.recipe(), plain.recipe());
            assert_eq!(plan.placements[0].defect.id, defect.id);
            assert_eq!(plan.placements[0].position, defect.positions[0]);
        }
    }

    #[test]
    fn after_its_twin_a_hostile_case_is_minted_to_the_same_octets() {
        let remembering = Minter::toy();
        let crls = {
            let mut octets = plainest(Purpose::Client);
            octets[18] = 1;
            octets
        };
        for defect in Plan::defects() {
            for setting in [plainest(defect.purposes[0]), crls] {
                let plan = Plan::from_bytes(&Plan::to_bytes(&setting, &[(defect, 0)]));
                let prepared = plan.prepare();
                remembering.mint(&prepared.benign).expect("mints");
                let spoilt = prepared.spoil(&plan);
                match (spoilt.mint(&Minter::toy()), spoilt.mint(&remembering)) {
                    (Ok(alone), Ok(after)) => assert!(
                        alone.as_ref().map(shown) == after.as_ref().map(shown),
                        "{}",
                        defect.id
                    ),
                    // Some edits find nothing in some settings.
                    (alone, after) => assert_eq!(alone.err(), after.err(), "{}", defect.id),
                }
            }
        }
    }

    #[test]
    fn a_defect_of_the_handshake_is_passed_over() {
        for defect in defect::all().filter(|defect| defect.is_of_handshake()) {
            let bytes = Plan::to_bytes(&plainest(defect.purposes[0]), &[(defect, 0)]);
            assert!(Plan::from_bytes(&bytes).placements.is_empty());
        }
    }

    #[test]
    fn a_tag_that_no_defect_has_is_passed_over() {
        let unused = (0..=u32::MAX)
            .map(u32::to_be_bytes)
            .find(|tag| !BY_TAG.contains_key(tag));
        let unused = unused.expect("not every tag is taken");
        let known = Plan::defects().next().expect("the catalogue is not empty");
        let mut bytes = Plan::to_bytes(&[0; SETTING_OCTETS], &[]);
        bytes.extend(unused);
        bytes.push(0);
        bytes.extend(tag(known));
        bytes.push(0);
        assert_eq!(Plan::from_bytes(&bytes).placements.len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_plan_that_mints(bytes in prop::collection::vec(any::<u8>(), 0..48)) {
            let bytes = [vec![VERSION], bytes].concat();
            Plan::from_bytes(&bytes).spoil().mint(&Minter::toy()).expect("mints");
        }
    }
}
