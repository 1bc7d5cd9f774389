//! A plan and edits of what it mints, as the bytes of a fuzzer: chains that no
//! catalogue lists, so nobody knows the right answer beforehand.
//!
//! An edit comes before signing, and the signature stays true, or after it.

use super::{Case, Expected, PLAN_MOVES, Plan};
use crate::{
    der::{Edit, Tree},
    mint::{MintError, Minter},
    mutate::{Dice, Moves, draw, read_edit, subtrees, write_edit},
    recipe::Recipe,
};

/// A plan, and edits of the certificates and CRLs that it mints.
#[derive(Clone, Debug)]
pub struct Wild {
    plan: Vec<u8>,
    alterations: Vec<Alteration>,
}

/// One edit, where it goes, and whether the signature is made after it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Alteration {
    item: u8,
    resigned: bool,
    edit: Edit,
}

/// Moves on the bytes of a [`Wild`]: on the plan, on the list of edits, and new edits drawn on the tree.
pub const WILD_MOVES: Moves = Moves { change, cross };

/// The first octet. Another one would be another encoding.
const VERSION: u8 = 1;

/// The most edits of one input.
const MAX_ALTERATIONS: usize = 8;

/// Items from here on are trust anchors, below it what is presented.
const ANCHORS: u8 = 0x60;

/// Items from here on are CRLs.
const CRLS: u8 = 0x80;

impl Wild {
    /// What these bytes say. What cannot be read ends the list of edits.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let nothing = Self {
            plan: Vec::new(),
            alterations: Vec::new(),
        };
        let Some((&[VERSION, length], rest)) = bytes.split_first_chunk::<2>() else {
            return nothing;
        };
        let Some((plan, mut rest)) = rest.split_at_checked(usize::from(length)) else {
            return nothing;
        };
        let mut alterations = Vec::new();
        while let Some((&[item, flags], edit)) = rest.split_first_chunk::<2>() {
            let Some((edit, after)) = read_edit(edit) else {
                break;
            };
            if alterations.len() == MAX_ALTERATIONS {
                break;
            }
            alterations.push(Alteration {
                item,
                resigned: flags & 1 == 1,
                edit,
            });
            rest = after;
        }
        Self {
            plan: plan.to_vec(),
            alterations,
        }
    }

    /// The bytes that say this.
    pub fn to_bytes(&self) -> Vec<u8> {
        let plan = &self.plan[..self.plan.len().min(255)];
        let mut bytes = vec![VERSION, plan.len() as u8];
        bytes.extend(plan);
        for alteration in &self.alterations {
            bytes.extend([alteration.item, u8::from(alteration.resigned)]);
            write_edit(&mut bytes, &alteration.edit);
        }
        bytes
    }

    /// A plan without edits.
    pub fn of_plan(plan: Vec<u8>) -> Self {
        Self {
            plan,
            alterations: Vec::new(),
        }
    }

    /// The recipe: that of the plan with its defects, with the edits in their places.
    pub fn recipe(&self) -> Recipe {
        let mut plan = Plan::from_bytes(&self.plan);
        plan.leave_out_costly();
        let mut recipe = plan.spoil().recipe;
        for alteration in &self.alterations {
            alteration.add_to(&mut recipe);
        }
        recipe
    }

    /// The case, whose right answer nobody knows.
    ///
    /// # Errors
    /// When an edit finds nothing to change.
    pub fn mint(&self, minter: &Minter) -> Result<Case, MintError> {
        let unknown = Expected::Reject(Vec::new());
        Case::from_recipe(minter, self.recipe(), "wild".into(), unknown)
    }
}

impl Alteration {
    fn add_to(&self, recipe: &mut Recipe) {
        let edits = if self.item >= CRLS {
            let count = recipe.crls.len();
            let index = usize::from(self.item - CRLS) % count.max(1);
            let crl = recipe.crls.get_mut(index).map(|crl| &mut **crl);
            crl.map(|crl| (&mut crl.edits_before_signing, &mut crl.edits))
        } else {
            let (labels, index) = match self.item {
                ANCHORS.. => (&recipe.anchors, self.item - ANCHORS),
                _ => (&recipe.presented, self.item),
            };
            let label = labels
                .get(usize::from(index) % labels.len().max(1))
                .cloned();
            label
                .and_then(|label| recipe.certificate_mut(&label))
                .map(|one| (&mut one.edits_before_signing, &mut one.edits))
        };
        if let Some((before, after)) = edits {
            let list = if self.resigned { before } else { after };
            list.push(self.edit.clone());
        }
    }
}

fn change(input: &mut Vec<u8>, dice: &mut Dice) {
    let mut wild = Wild::from_bytes(input);
    let count = wild.alterations.len();
    match dice.below(10) {
        0 | 1 => (PLAN_MOVES.change)(&mut wild.plan, dice),
        2 if count > 0 => {
            wild.alterations.remove(dice.below(count));
        }
        3 if count > 1 => wild.alterations.swap(0, count - 1),
        4 if count > 0 => {
            let index = dice.below(count);
            let alteration = &mut wild.alterations[index];
            if dice.once_in(2) {
                alteration.item = any_item(dice);
            } else {
                alteration.resigned = !alteration.resigned;
            }
        }
        _ => add(&mut wild, dice),
    }
    *input = wild.to_bytes();
}

fn any_item(dice: &mut Dice) -> u8 {
    match dice.below(8) {
        0 => ANCHORS,
        1 | 2 => CRLS + dice.below(3) as u8,
        3..=5 => 0,
        _ => dice.below(4) as u8,
    }
}

/// A new edit, drawn on the tree of what it will change.
fn add(wild: &mut Wild, dice: &mut Dice) {
    static MINTER: std::sync::LazyLock<Minter> = std::sync::LazyLock::new(Minter::toy);
    let item = any_item(dice);
    // One in four breaks the signature, which hides all that comes after it.
    let resigned = !dice.once_in(4);
    let Ok(case) = wild.mint(&MINTER) else {
        wild.alterations.clear();
        return;
    };
    let (list, index) = match item {
        CRLS.. => (&case.crls, item - CRLS),
        ANCHORS.. => (&case.anchors, item - ANCHORS),
        _ => (&case.chain, item),
    };
    let Some(der) = list.get(usize::from(index) % list.len().max(1)) else {
        return;
    };
    let mut tree = Tree::read(der);
    if resigned {
        // The root of an edit before signing is the signed part.
        let signed = tree.nodes.first().map(|node| node.children().to_vec());
        tree.nodes = signed.unwrap_or_default();
        tree.nodes.truncate(1);
    }
    // What is spliced comes from whatever else is in the case: the input alone decides.
    let others = |dice: &mut Dice| {
        let items = [&case.chain, &case.crls, &case.anchors].into_iter();
        let items: Vec<&Vec<u8>> = items.flatten().filter(|other| *other != der).collect();
        let other = dice.pick(&items)?;
        dice.pick(&subtrees(other)).cloned()
    };
    for edit in draw(&tree, &others, dice) {
        if wild.alterations.len() < MAX_ALTERATIONS {
            wild.alterations.push(Alteration {
                item,
                resigned,
                edit,
            });
        }
    }
}

/// The plan of one crossed with the other's, and edits of both.
fn cross(one: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let (mut child, donor) = (Wild::from_bytes(one), Wild::from_bytes(other));
    if dice.once_in(2) {
        child.plan = (PLAN_MOVES.cross)(&child.plan, &donor.plan, dice);
    }
    for alteration in donor.alterations {
        if child.alterations.len() < MAX_ALTERATIONS && !dice.once_in(3) {
            child.alterations.push(alteration);
        }
    }
    child.to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{case::plainest, defect, question::Purpose};

    #[test]
    fn octets_of_a_wild_chain_keep_their_meaning() {
        // Written down once. A failure means that stored inputs changed their meaning.
        let defect = defect::find("validity/expired").expect("a defect");
        let plan = Plan::to_bytes(&plainest(Purpose::Client), &[(defect, 0)]);
        let mut bytes = vec![1, plan.len() as u8];
        bytes.extend(&plan);
        // The end entity, re-signed: the first child of the signed part goes. Then the anchor as it is: one bit.
        bytes.extend([0, 1, 1, 0, 0, 5, 0, 0]);
        bytes.extend([0x60, 0, 0, 13, 0, 4, 0, 0, 0, 9]);
        let wild = Wild::from_bytes(&bytes);
        assert_eq!(wild.to_bytes(), bytes);
        let recipe = wild.recipe();
        let (end_entity, anchor) = (&recipe.presented[0], &recipe.anchors[0]);
        let text = |edits: &[Edit]| format!("{edits:?}");
        let end_entity = recipe.certificate(end_entity).expect("an end entity");
        assert!(text(&end_entity.edits_before_signing).contains("Remove"));
        let anchor = recipe.certificate(anchor).expect("an anchor");
        assert!(text(&anchor.edits).contains("FlipBit(9)"));
        assert!(end_entity.edits.is_empty() && anchor.edits_before_signing.is_empty());
        // What no reader knows ends the list, and the rest stands.
        bytes.extend([0, 1, 0, 0xee, 0, 0]);
        assert_eq!(Wild::from_bytes(&bytes).to_bytes(), wild.to_bytes());
    }

    #[test]
    fn most_of_what_the_moves_make_can_be_minted() {
        let minter = Minter::toy();
        let (mut minted, mut edited) = (0, 0);
        for start in 0..20 {
            let mut input = Vec::new();
            for step in 0..20 {
                WILD_MOVES.change(&mut input, 4096, start * 100 + step);
                let wild = Wild::from_bytes(&input);
                minted += usize::from(wild.mint(&minter).is_ok());
                edited += usize::from(!wild.alterations.is_empty());
            }
        }
        assert!(minted > 300 && edited > 300, "{minted} {edited} of 400");
    }
}
