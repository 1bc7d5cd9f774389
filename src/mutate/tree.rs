//! Moves on the TLV tree of a certificate, a CRL, or whatever else is DER.

use std::sync::LazyLock;

use super::{Dice, Moves, OCTETS, donors};
use crate::der::{Body, Change, Edit, HexBytes, Node, Path, Tree, edit::Step, oid, tag};

/// Moves on bytes that are read as a tree.
pub const TREE: Moves = Moves { change, cross };

/// Elements that are looked at in one tree: a CRL of a million entries is not walked for one move.
const MAX_PLACES: usize = 512;

/// Deep enough for every field of a certificate, inside extensions too.
const MAX_DEPTH: usize = 24;

/// An element and the way to it.
struct PlaceIn {
    path: Vec<Step>,
    node: Node,
    siblings: usize,
}

/// Draws a move on `tree`: one edit, or two that belong together.
///
/// Subtrees come from the same tree, from whatever `others` draws, or from real certificates.
pub fn draw(
    tree: &Tree,
    others: &dyn Fn(&mut Dice) -> Option<Vec<u8>>,
    dice: &mut Dice,
) -> Vec<Edit> {
    let mut places = Vec::new();
    for (index, node) in tree.nodes.iter().take(1).enumerate() {
        debug_assert_eq!(index, 0);
        walk(node, &mut Vec::new(), tree.nodes.len(), &mut places);
    }
    let Some(place) = dice.pick(&places) else {
        return Vec::new();
    };
    let at = || Path(place.path.clone());
    let one = |change| vec![Edit { at: at(), change }];
    let hex = |bytes: Vec<u8>| HexBytes(bytes);
    match dice.below(16) {
        // Two subtrees trade places. Neither may hold the other.
        0 => match dice.pick(&places) {
            Some(other)
                if !other.path.starts_with(&place.path) && !place.path.starts_with(&other.path) =>
            {
                vec![
                    Edit {
                        at: at(),
                        change: Change::Replace(hex(other.node.to_bytes())),
                    },
                    Edit {
                        at: Path(other.path.clone()),
                        change: Change::Replace(hex(place.node.to_bytes())),
                    },
                ]
            }
            _ => one(Change::Duplicate),
        },
        1 => match dice.pick(&places) {
            Some(other) => one(Change::InsertAfter(hex(other.node.to_bytes()))),
            None => Vec::new(),
        },
        2 => match others(dice) {
            Some(other) => one(Change::Replace(hex(other))),
            None => one(Change::Duplicate),
        },
        3 | 4 => match like(&place.node, dice) {
            Some(donor) if place.path.is_empty() => one(Change::Append(hex(donor.clone()))),
            Some(donor) if dice.once_in(3) => one(Change::InsertAfter(hex(donor.clone()))),
            Some(donor) => one(Change::Replace(hex(donor.clone()))),
            None => one(Change::Remove),
        },
        5 => one(Change::Duplicate),
        6 => one(Change::Remove),
        7 if place.siblings > 1 => one(Change::SwapWithNext),
        8 => criticality(&places, dice),
        9 => one(Change::SetTag(*dice.pick(TAGS).unwrap_or(&tag::NULL))),
        10 => match dice.below(4) {
            0 => one(Change::PadLength(1 + dice.below(3) as u8)),
            1 => one(Change::IndefiniteLength),
            2 => one(Change::ClaimLength(hex(vec![dice.octet()]))),
            _ => one(Change::Truncate(
                dice.below(place.node.body_bytes().len().max(1)) as u32,
            )),
        },
        11 => match dice.pick(oid::KNOWN) {
            Some((_, known)) => {
                let identifiers: Vec<_> = places
                    .iter()
                    .filter(|place| place.node.tag == [tag::OID])
                    .collect();
                match dice.pick(&identifiers) {
                    Some(identifier) => vec![Edit {
                        at: Path(identifier.path.clone()),
                        change: Change::SetBody(hex(known.as_bytes().to_vec())),
                    }],
                    None => Vec::new(),
                }
            }
            None => Vec::new(),
        },
        12 => one(Change::FlipBit(u32::from(dice.octet()))),
        13 => one(Change::Append(hex(vec![dice.octet()]))),
        _ => {
            let mut body = place.node.body_bytes();
            (OCTETS.change)(&mut body, dice);
            one(Change::SetBody(hex(body)))
        }
    }
}

/// Tags that stand somewhere in X.509, and two that do not.
const TAGS: &[u8] = &[
    tag::BOOLEAN,
    tag::INTEGER,
    tag::BIT_STRING,
    tag::OCTET_STRING,
    tag::NULL,
    tag::OID,
    tag::ENUMERATED,
    tag::UTF8_STRING,
    tag::PRINTABLE_STRING,
    tag::TELETEX_STRING,
    tag::IA5_STRING,
    tag::UTC_TIME,
    tag::GENERALIZED_TIME,
    tag::BMP_STRING,
    tag::SEQUENCE,
    tag::SET,
    0x80,
    0x81,
    0x82,
    0x86,
    0x87,
    0xa0,
    0xa1,
    0xa3,
    0xa4,
    0x1f,
    0x24,
];

/// Marks an extension critical that is not, or the reverse.
fn criticality(places: &[PlaceIn], dice: &mut Dice) -> Vec<Edit> {
    let is_extension = |place: &&PlaceIn| {
        let children = place.node.children();
        matches!(children.len(), 2 | 3)
            && children[0].tag == [tag::OID]
            && children[children.len() - 1].tag == [tag::OCTET_STRING]
    };
    let extensions: Vec<&PlaceIn> = places.iter().filter(is_extension).collect();
    let Some(extension) = dice.pick(&extensions) else {
        return Vec::new();
    };
    let mut path = extension.path.clone();
    let change = if extension.node.children().len() == 3 {
        path.push(Step::Child(1));
        Change::Remove
    } else {
        path.push(Step::Child(0));
        Change::InsertAfter(HexBytes(vec![tag::BOOLEAN, 1, 0xff]))
    };
    vec![Edit {
        at: Path(path),
        change,
    }]
}

/// A donor that begins as the node does, two times in three.
fn like(node: &Node, dice: &mut Dice) -> Option<&'static Vec<u8>> {
    static BY_TAG: LazyLock<[Vec<usize>; 256]> = LazyLock::new(|| {
        let mut lists = std::array::from_fn(|_| Vec::new());
        for (index, donor) in donors().iter().enumerate() {
            if let Some(&first) = donor.first() {
                lists[usize::from(first)].push(index);
            }
        }
        lists
    });
    let first = node.tag.first().copied().unwrap_or_default();
    if dice.once_in(3) {
        return dice.pick(donors());
    }
    let index = dice.pick(&BY_TAG[usize::from(first)])?;
    donors().get(*index)
}

fn walk(node: &Node, path: &mut Vec<Step>, siblings: usize, places: &mut Vec<PlaceIn>) {
    if places.len() >= MAX_PLACES || path.len() > MAX_DEPTH {
        return;
    }
    places.push(PlaceIn {
        path: path.clone(),
        node: node.clone(),
        siblings,
    });
    let mut inside;
    let (children, open) = match &node.body {
        Body::Constructed { nodes, .. } => (nodes.as_slice(), false),
        Body::Primitive(_) if node.tag == [tag::OCTET_STRING] || node.tag == [tag::BIT_STRING] => {
            inside = node.clone();
            if !inside.open() {
                return;
            }
            (inside.children(), true)
        }
        Body::Primitive(_) => return,
    };
    if open {
        path.push(Step::Inside);
    }
    // A step is one octet in a stored input.
    for (index, child) in children.iter().enumerate().take(127) {
        path.push(Step::Child(index as i32));
        walk(child, path, children.len() - index, places);
        path.pop();
    }
    if open {
        path.pop();
    }
}

fn change(input: &mut Vec<u8>, dice: &mut Dice) {
    if input.is_empty() || dice.once_in(12) {
        (OCTETS.change)(input, dice);
        return;
    }
    let tree = Tree::read(input);
    let edits = draw(&tree, &|dice| dice.pick(donors()).cloned(), dice);
    if let Ok(changed) = Edit::apply_all(&edits, std::mem::take(input)) {
        *input = changed;
    } else {
        *input = tree.write();
    }
}

/// Every element of these octets, to be put elsewhere: the whole first, then what is in it.
pub fn subtrees(der: &[u8]) -> Vec<Vec<u8>> {
    let mut places = Vec::new();
    if let Some(root) = Tree::read(der).nodes.first() {
        walk(root, &mut Vec::new(), 1, &mut places);
    }
    places.iter().map(|place| place.node.to_bytes()).collect()
}

fn cross(one: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let (tree, subtrees) = (Tree::read(one), subtrees(other));
    let mut targets = Vec::new();
    if let Some(root) = tree.nodes.first() {
        walk(root, &mut Vec::new(), 1, &mut targets);
    }
    let (Some(target), Some(subtree)) = (dice.pick(&targets), dice.pick(&subtrees)) else {
        return (OCTETS.cross)(one, other, dice);
    };
    let change = if dice.once_in(3) && !target.path.is_empty() {
        Change::InsertAfter(HexBytes(subtree.clone()))
    } else {
        Change::Replace(HexBytes(subtree.clone()))
    };
    let edit = Edit {
        at: Path(target.path.clone()),
        change,
    };
    Edit::apply_all(&[edit], one.to_vec()).unwrap_or_else(|_| one.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{mint::Minter, recipe::generate::Setting};

    fn certificate() -> Vec<u8> {
        let minted = Minter::toy().mint(&Setting::default().recipe());
        minted.expect("mints").chain.remove(0)
    }

    #[test]
    fn nearly_every_move_that_is_drawn_applies_and_changes_something() {
        let der = certificate();
        let tree = Tree::read(&der);
        let (mut applied, mut kinds) = (0, std::collections::BTreeSet::new());
        for seed in 0..2000 {
            let edits = draw(&tree, &|_| None, &mut Dice::new(seed));
            if let Ok(changed) = Edit::apply_all(&edits, der.clone()) {
                applied += usize::from(changed != der);
                kinds.extend(
                    edits
                        .iter()
                        .map(|edit| std::mem::discriminant(&edit.change))
                        .map(|d| format!("{d:?}")),
                );
            }
        }
        assert!(applied > 1700, "{applied}");
        assert_eq!(kinds.len(), 13, "all but InsertBefore: {kinds:?}");
    }

    #[test]
    fn the_same_seed_makes_the_same_child() {
        let der = certificate();
        let root = donors().first().cloned().unwrap_or_default();
        for seed in 0..50 {
            let child = |seed| TREE.cross(&der, &root, 4096, seed);
            assert_eq!(child(seed), child(seed));
            let mut changed = [der.clone(), der.clone()];
            changed
                .iter_mut()
                .for_each(|input| TREE.change(input, 4096, seed));
            assert_eq!(changed[0], changed[1]);
        }
    }
}
