//! Typed moves on the bytes of a [`Plan`](super::Plan): another setting, another
//! defect, one more, one less, another position.

use super::plan::{PLACEMENT_OCTETS, Plan, TAG_OCTETS, VERSION, tags};
use crate::{
    mutate::{Dice, Moves},
    question::Purpose,
    recipe::generate::SETTING_OCTETS,
};

/// Moves that keep a plan a plan.
pub const PLAN_MOVES: Moves = Moves { change, cross };

/// Where the placements begin.
const HEAD: usize = 1 + SETTING_OCTETS;

/// How often another move is drawn when one meant nothing.
const ATTEMPTS: usize = 8;

/// One move that the plan shows: another octet may choose the same as before.
pub(super) fn change(input: &mut Vec<u8>, dice: &mut Dice) {
    complete(input);
    let before = Plan::from_bytes(input);
    for _ in 0..ATTEMPTS {
        let mut changed = input.clone();
        move_once(&mut changed, &before, dice);
        if Plan::from_bytes(&changed) != before {
            *input = changed;
            return;
        }
    }
}

fn move_once(input: &mut Vec<u8>, plan: &Plan, dice: &mut Dice) {
    let placements = (input.len() - HEAD) / PLACEMENT_OCTETS;
    let at = HEAD + dice.below(placements) * PLACEMENT_OCTETS;
    let purpose = plan.setting.purpose;
    match dice.below(8) {
        // Octets of the setting: small numbers choose among few, so most of them mean something.
        // Seldom, since another setting costs another twin.
        0 => {
            let at = 1 + dice.below(SETTING_OCTETS);
            input[at] = if dice.once_in(4) {
                dice.octet()
            } else {
                dice.below(8) as u8
            };
        }
        1 | 2 => add(input, purpose, dice),
        3..=5 if placements > 0 => {
            input[at..at + TAG_OCTETS].copy_from_slice(&any_tag(purpose, dice));
        }
        6 if placements > 0 => input[at + TAG_OCTETS] = dice.below(4) as u8,
        7 if placements > 1 => {
            input.drain(at..at + PLACEMENT_OCTETS);
        }
        _ => add(input, purpose, dice),
    }
}

/// Makes any bytes as long as a plan, and of whole placements.
fn complete(input: &mut Vec<u8>) {
    if input.first() != Some(&VERSION) {
        input.insert(0, VERSION);
    }
    if input.len() < HEAD {
        input.resize(HEAD, 0);
    }
    let whole = (input.len() - HEAD) / PLACEMENT_OCTETS;
    input.truncate(HEAD + whole.min(super::MAX_PLACEMENTS) * PLACEMENT_OCTETS);
}

fn add(input: &mut Vec<u8>, purpose: Purpose, dice: &mut Dice) {
    if input.len() < HEAD + super::MAX_PLACEMENTS * PLACEMENT_OCTETS {
        input.extend(any_tag(purpose, dice));
        input.push(dice.below(4) as u8);
    }
}

/// The tag of a defect that a plan for this purpose takes.
fn any_tag(purpose: Purpose, dice: &mut Dice) -> [u8; TAG_OCTETS] {
    dice.pick(tags(purpose)).copied().unwrap_or_default()
}

/// The setting of one, octet by octet of the other's too, and placements of both.
pub(super) fn cross(one: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let (mut child, mut donor) = (one.to_vec(), other.to_vec());
    complete(&mut child);
    complete(&mut donor);
    for at in 1..HEAD {
        if dice.once_in(4) {
            child[at] = donor[at];
        }
    }
    for placement in donor[HEAD..].chunks_exact(PLACEMENT_OCTETS) {
        if child.len() < HEAD + super::MAX_PLACEMENTS * PLACEMENT_OCTETS && dice.once_in(2) {
            child.extend(placement);
        }
    }
    child
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::defect::Defect;

    #[test]
    fn a_move_changes_what_is_tried() {
        let plans = [
            Vec::new(),
            Plan::to_bytes(&[0; SETTING_OCTETS], &[]),
            Plan::to_bytes(&[0; SETTING_OCTETS], &[(defect("validity/expired"), 0)]),
        ];
        for bytes in plans {
            let before = Plan::from_bytes(&bytes);
            let same = (0..500).filter(|&seed| {
                let mut input = bytes.clone();
                PLAN_MOVES.change(&mut input, 64, seed);
                Plan::from_bytes(&input) == before
            });
            assert_eq!(same.count(), 0, "of 500 moves on {before:?}");
        }
    }

    fn defect(id: &str) -> &'static Defect {
        crate::defect::find(id).expect(id)
    }

    #[test]
    fn moves_lead_from_nothing_to_plans_with_defects() {
        let mut input = Vec::new();
        let mut most = 0;
        for seed in 0..300 {
            PLAN_MOVES.change(&mut input, 64, seed);
            let plan = Plan::from_bytes(&input);
            most = most.max(plan.placements.len());
        }
        assert!(most >= 3, "{most}");
    }

    #[test]
    fn a_child_has_defects_of_both_parents() {
        let mut defects = Plan::defects();
        let (a, b) = (defects.next().expect("one"), defects.next().expect("two"));
        let parent = |defect| Plan::to_bytes(&[0; SETTING_OCTETS], &[(defect, 0)]);
        let both = (0..20).any(|seed| {
            let child = PLAN_MOVES.cross(&parent(a), &parent(b), 64, seed);
            let ids: Vec<_> = Plan::from_bytes(&child).placements;
            ids.iter().any(|p| p.defect.id == a.id) && ids.iter().any(|p| p.defect.id == b.id)
        });
        assert!(both);
    }
}
