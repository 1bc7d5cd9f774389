//! An edit of a TLV tree, as data: where, and what.
//!
//! The catalogue and the fuzzers say with it what the typed recipe cannot: a
//! length that lies, a boolean of 01, bytes after the end. It is text, so that
//! a reproducer stays readable and replays exactly.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Body, Length, Node, Oid, Tree, tag, tree::MAX_DEPTH};

/// One edit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The element that is changed.
    pub at: Path,
    /// What happens to it.
    pub change: Change,
}

/// The way from the root to one element, as text `0/[3]/{2.5.29.19}/-1/>`.
///
/// The empty path is the root itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Path(pub Vec<Step>);

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The n-th child, from 0; from the end when negative.
    Child(i32),
    /// `[n]`: the first child with this context-specific tag.
    Context(u8),
    /// `{oid}`: the first child that begins with this OBJECT IDENTIFIER.
    Starting(Oid),
    /// `>`: the elements that a string holds. The step after it picks one.
    Inside,
}

/// What happens to the element.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// The value octets become these.
    SetBody(HexBytes),
    /// The whole element becomes these bytes.
    Replace(HexBytes),
    /// These bytes come before the element.
    InsertBefore(HexBytes),
    /// These bytes come after the element, inside its parent.
    InsertAfter(HexBytes),
    /// These bytes end the value.
    Append(HexBytes),
    /// These bytes begin the value.
    Prepend(HexBytes),
    /// The element goes away.
    Remove,
    /// The element stands twice.
    Duplicate,
    /// The element trades places with the one after it.
    SwapWithNext,
    /// Another identifier octet.
    SetTag(u8),
    /// The length in long form with this many more octets than needed.
    PadLength(u8),
    /// Indefinite length with end-of-contents octets.
    IndefiniteLength,
    /// These length octets, whatever the value's length.
    ClaimLength(HexBytes),
    /// The value ends after this many octets.
    Truncate(u32),
    /// One bit of the value is flipped; counted from its first, modulo its length.
    FlipBit(u32),
    /// A string comes in pieces, as BER allows: constructed, of one piece that is the whole.
    InPieces,
}

/// The bit of an identifier octet that says that elements are inside.
const CONSTRUCTED: u8 = 0x20;

/// Bytes, as text in hexadecimal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HexBytes(pub Vec<u8>);

/// An edit that finds nothing to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// The path leads nowhere.
    #[error("no element at `{0}`")]
    NoSuchElement(Path),
    /// The element has nothing after it, or no bit to flip.
    #[error("the element at `{0}` cannot be changed in this way")]
    NotApplicable(Path),
}

impl Edit {
    /// An edit at a path that is written in the program.
    ///
    /// # Panics
    /// When the path does not parse.
    #[track_caller]
    pub fn at(path: &str, change: Change) -> Self {
        Self {
            at: path.parse().expect("a path written in the program parses"),
            change,
        }
    }

    /// Changes the tree.
    ///
    /// # Errors
    /// When the path leads nowhere, or the change does not fit the element.
    pub fn apply(&self, tree: &mut Tree) -> Result<(), EditError> {
        self.apply_by(&mut |_, _| {}, tree)
    }

    fn apply_by(&self, enter: Enter<'_>, tree: &mut Tree) -> Result<(), EditError> {
        let missing = || EditError::NoSuchElement(self.at.clone());
        let misfit = || EditError::NotApplicable(self.at.clone());
        let found = locate(&mut tree.nodes, 0, &self.at.0, MAX_DEPTH, enter);
        let (nodes, index) = found.ok_or_else(missing)?;
        match &self.change {
            Change::SetBody(bytes) => nodes[index].body = Body::Primitive(bytes.0.clone()),
            Change::Replace(bytes) => {
                nodes.splice(index..=index, verbatim(&bytes.0));
            }
            Change::InsertBefore(bytes) => {
                nodes.splice(index..index, verbatim(&bytes.0));
            }
            Change::InsertAfter(bytes) => {
                nodes.splice(index + 1..index + 1, verbatim(&bytes.0));
            }
            Change::Append(bytes) => {
                let body = [nodes[index].body_bytes(), bytes.0.clone()].concat();
                nodes[index].body = Body::Primitive(body);
            }
            Change::Prepend(bytes) => {
                let body = [bytes.0.clone(), nodes[index].body_bytes()].concat();
                nodes[index].body = Body::Primitive(body);
            }
            Change::Remove => {
                nodes.remove(index);
            }
            Change::Duplicate => nodes.insert(index, nodes[index].clone()),
            Change::SwapWithNext => {
                if index + 1 >= nodes.len()
                    || nodes[index].to_bytes() == nodes[index + 1].to_bytes()
                {
                    return Err(misfit());
                }
                nodes.swap(index, index + 1);
            }
            Change::SetTag(tag) => nodes[index].tag = vec![*tag],
            Change::PadLength(extra) => {
                let needed = nodes[index].body_bytes().len();
                let octets = super::write::length_octets(needed).len() as u8;
                let width = if octets == 1 {
                    *extra
                } else {
                    octets - 1 + extra
                };
                nodes[index].length = Length::Padded(width.clamp(1, 126));
            }
            Change::IndefiniteLength => nodes[index].length = Length::Indefinite,
            Change::ClaimLength(octets) => nodes[index].length = Length::Claimed(octets.0.clone()),
            Change::Truncate(length) => {
                let mut body = nodes[index].body_bytes();
                if body.len() <= *length as usize {
                    return Err(misfit());
                }
                body.truncate(*length as usize);
                nodes[index].body = Body::Primitive(body);
            }
            Change::FlipBit(bit) => {
                let mut body = nodes[index].body_bytes();
                if body.is_empty() {
                    return Err(misfit());
                }
                let bit = *bit as usize % (body.len() * 8);
                body[bit / 8] ^= 0x80 >> (bit % 8);
                nodes[index].body = Body::Primitive(body);
            }
            Change::InPieces => {
                let piece = Tree {
                    nodes: vec![nodes[index].clone()],
                    rest: Vec::new(),
                };
                let whole = &mut nodes[index];
                *whole.tag.first_mut().ok_or_else(misfit)? |= CONSTRUCTED;
                whole.length = Length::Minimal;
                whole.body = Body::Primitive(piece.write());
            }
        }
        Ok(())
    }

    /// Changes the bytes of one element and whatever follows it.
    ///
    /// # Errors
    /// As [`Edit::apply`].
    pub fn apply_all(edits: &[Self], bytes: Vec<u8>) -> Result<Vec<u8>, EditError> {
        let tree = match edits {
            [] => return Ok(bytes),
            // One edit sees the tree as it was read, and needs no more of it than lies on its way.
            [edit] => {
                let mut tree = Tree::read_outline(&bytes);
                edit.apply_by(&mut Node::unfold, &mut tree)?;
                tree
            }
            edits => {
                let mut tree = Tree::read(&bytes);
                for edit in edits {
                    edit.apply(&mut tree)?;
                }
                tree
            }
        };
        Ok(tree.write())
    }
}

/// Bytes that may be no element: read as a tree, with the rest in a node of no header.
fn verbatim(bytes: &[u8]) -> Vec<Node> {
    let tree = Tree::read(bytes);
    let mut nodes = tree.nodes;
    if !tree.rest.is_empty() {
        nodes.push(Node {
            tag: Vec::new(),
            length: Length::Claimed(Vec::new()),
            body: Body::Primitive(tree.rest),
        });
    }
    nodes
}

/// What happens to an element before its children are looked at, and how far they are followed.
type Enter<'e> = &'e mut dyn FnMut(&mut Node, usize);

/// The list that holds the element, and its place in it.
fn locate<'t>(
    nodes: &'t mut Vec<Node>,
    index: usize,
    steps: &[Step],
    depth: usize,
    enter: Enter<'_>,
) -> Option<(&'t mut Vec<Node>, usize)> {
    if index >= nodes.len() {
        return None;
    }
    let Some((step, further)) = steps.split_first() else {
        return Some((nodes, index));
    };
    enter(&mut nodes[index], depth);
    // `>` only opens the string; it is the next step that goes down.
    if *step == Step::Inside && !nodes[index].open() {
        return None;
    }
    if *step == Step::Inside {
        // The elements of a string are followed as far as those of a tree: one more for the string.
        return locate(nodes, index, further, MAX_DEPTH + 1, enter);
    }
    let Body::Constructed {
        nodes: children, ..
    } = &mut nodes[index].body
    else {
        return None;
    };
    let below = depth.saturating_sub(1);
    let child = match step {
        Step::Child(n) if *n >= 0 => usize::try_from(*n).ok()?,
        Step::Child(n) => children.len().checked_sub(n.unsigned_abs() as usize)?,
        Step::Context(number) => {
            let wanted = [tag::context(*number), tag::context_constructed(*number)];
            children
                .iter()
                .position(|child| child.tag.len() == 1 && wanted.contains(&child.tag[0]))?
        }
        Step::Starting(oid) => children.iter_mut().position(|child| {
            enter(child, below);
            child.children().first().is_some_and(|first| {
                first.tag == [tag::OID]
                    && matches!(&first.body, Body::Primitive(bytes) if bytes == oid.as_bytes())
            })
        })?,
        Step::Inside => return None,
    };
    locate(children, child, further, below, enter)
}

/// Text that is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a step of a path: use a number, [n], {{oid}} or >")]
pub struct InvalidPath(String);

impl FromStr for Path {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let steps: Vec<_> = text.split('/').filter(|step| !step.is_empty()).collect();
        // No tree is as deep as this; a longer path could only exhaust the stack.
        if steps.len() > 256 {
            return Err(InvalidPath(format!("{}…", &steps[0])));
        }
        steps
            .into_iter()
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl FromStr for Step {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidPath(text.to_owned());
        if text == ">" {
            Ok(Self::Inside)
        } else if let Some(number) = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
        {
            number
                .parse()
                .ok()
                .filter(|number| *number < 31)
                .map(Self::Context)
                .ok_or_else(invalid)
        } else if let Some(oid) = text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'))
        {
            oid.parse().map(Self::Starting).map_err(|_| invalid())
        } else {
            text.parse().map(Self::Child).map_err(|_| invalid())
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("/")?;
            }
            match step {
                Step::Child(n) => write!(f, "{n}")?,
                Step::Context(n) => write!(f, "[{n}]")?,
                Step::Starting(oid) => write!(f, "{{{oid}}}")?,
                Step::Inside => f.write_str(">")?,
            }
        }
        Ok(())
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl From<&[u8]> for HexBytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<Vec<u8>> for HexBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl Serialize for HexBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HexBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let invalid = || {
            serde::de::Error::custom(format!(
                "`{text}` is not hexadecimal: write two digits an octet"
            ))
        };
        if text.len() % 2 != 0 || !text.is_ascii() {
            return Err(invalid());
        }
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16))
            .collect::<Result<_, _>>()
            .map(Self)
            .map_err(|_| invalid())
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;

    /// Octets of which most are elements, some with lengths that lie.
    fn element_like() -> impl Strategy<Value = Vec<u8>> {
        let leaf = prop::collection::vec(any::<u8>(), 0..4).prop_map(|body| {
            let mut w = crate::der::Writer::new();
            w.element(tag::OID, &body);
            w.into_bytes()
        });
        let tag = select(vec![0x30u8, 0x31, 0xa0, 0x04, 0x03, 0x24]);
        let length = select(vec![None, None, None, Some(0x80u8), Some(0x03), Some(0x82)]);
        leaf.prop_recursive(5, 40, 4, move |inner| {
            let parts = prop::collection::vec(inner, 0..4);
            (tag.clone(), length.clone(), parts).prop_map(|(tag, length, parts)| {
                let mut w = crate::der::Writer::new();
                w.element(tag, &parts.concat());
                let mut bytes = w.into_bytes();
                if let Some(length) = length {
                    bytes[1] = length;
                    bytes.extend([0, 0]);
                }
                bytes
            })
        })
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (-2i32..4).prop_map(Step::Child),
            Just(Step::Context(0)),
            Just(Step::Inside),
            prop::collection::vec(any::<u8>(), 0..2)
                .prop_map(|oid| Step::Starting(Oid::owned(oid))),
        ];
        prop::collection::vec(step, 0..6)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2048, ..ProptestConfig::default() })]

        #[test]
        fn an_edit_finds_in_an_outline_what_it_finds_in_the_whole_tree(
            bytes in element_like(),
            steps in steps(),
            change in select(vec![
                Change::SetBody(vec![1].into()), Change::Append(vec![5, 0].into()),
                Change::Remove, Change::Duplicate, Change::SwapWithNext, Change::PadLength(1),
                Change::IndefiniteLength, Change::Truncate(1), Change::FlipBit(9),
            ]),
        ) {
            let edit = Edit { at: Path(steps), change };
            let mut whole = Tree::read(&bytes);
            let applied = edit.apply(&mut whole).map(|()| whole.write());
            prop_assert_eq!(Edit::apply_all(&[edit], bytes), applied);
        }
    }

    /// `SEQUENCE { INTEGER 7, [0] { NULL }, SEQUENCE { OID 2.5.29.19, OCTET STRING { INTEGER 9 } } }`
    const SAMPLE: &[u8] = &[
        0x30, 0x13, 2, 1, 7, 0xa0, 2, 5, 0, 0x30, 0x0a, 6, 3, 0x55, 0x1d, 0x13, 4, 3, 2, 1, 9,
    ];

    #[test]
    fn every_kind_of_step_finds_its_element() {
        let table = [("0", 7), ("{2.5.29.19}/1/>/0", 9), ("-1/-1/>/0", 9)];
        for (path, old) in table {
            let edited = Edit::apply_all(
                &[Edit::at(path, Change::SetBody(vec![0x42].into()))],
                SAMPLE.to_vec(),
            );
            let expected: Vec<u8> = SAMPLE
                .iter()
                .map(|&b| if b == old { 0x42 } else { b })
                .collect();
            assert_eq!(edited.expect(path), expected, "{path}");
        }
        let edit = Edit::at("[0]/0", Change::SetTag(0x13));
        assert_eq!(
            Edit::apply_all(&[edit], SAMPLE.to_vec()).expect("applies")[7],
            0x13
        );
    }

    #[test]
    fn lengths_of_the_parents_follow_a_change() {
        let table: [(Change, &[u8]); 11] = [
            (Change::Remove, &[0x30, 0]),
            (Change::Duplicate, &[0x30, 6, 2, 1, 7, 2, 1, 7]),
            (Change::Append(vec![8].into()), &[0x30, 4, 2, 2, 7, 8]),
            (Change::Prepend(vec![0].into()), &[0x30, 4, 2, 2, 0, 7]),
            (
                Change::InsertAfter(vec![0xff].into()),
                &[0x30, 4, 2, 1, 7, 0xff],
            ),
            (Change::PadLength(1), &[0x30, 4, 2, 0x81, 1, 7]),
            (Change::IndefiniteLength, &[0x30, 5, 2, 0x80, 7, 0, 0]),
            (Change::ClaimLength(vec![9].into()), &[0x30, 3, 2, 9, 7]),
            (Change::FlipBit(0), &[0x30, 3, 2, 1, 0x87]),
            (Change::InPieces, &[0x30, 5, 0x22, 3, 2, 1, 7]),
            (Change::Truncate(0), &[0x30, 2, 2, 0]),
        ];
        for (change, expected) in table {
            let edited = Edit::apply_all(&[Edit::at("0", change.clone())], vec![0x30, 3, 2, 1, 7]);
            assert_eq!(edited.expect("applies"), expected, "{change:?}");
        }
    }

    #[test]
    fn an_edit_that_finds_nothing_says_so() {
        for path in ["9", "[5]", "{2.5.29.15}", "0/>/0", "0/0"] {
            let edit = Edit::at(path, Change::Remove);
            assert!(Edit::apply_all(&[edit], SAMPLE.to_vec()).is_err(), "{path}");
        }
    }

    #[test]
    fn text_of_a_path_reads_back() {
        for text in ["", "0/[3]/{2.5.29.19}/-1/>/0"] {
            assert_eq!(text.parse::<Path>().expect(text).to_string(), text);
        }
        for bad in ["x", "[31]", "{2}", "[", "0/?"] {
            assert!(bad.parse::<Path>().is_err(), "{bad}");
        }
    }
}
