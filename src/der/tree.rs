//! A tree of tag, length and value that gives back every byte it was read from.
//!
//! Reading never fails. What does not parse stays as it is: a constructed body
//! of nonsense becomes primitive, a length that claims too much is kept as a
//! claim, and bytes that start no element are the rest of the tree.

use super::write::length_octets;

/// Elements inside elements are followed to this depth. Deeper ones stay bytes,
/// so that hostile nesting cannot exhaust the stack.
pub(super) const MAX_DEPTH: usize = 64;

/// How much is read at once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// All that is inside.
    Whole,
    /// One level. What an indefinite length covers is read whole, to find its end.
    Outline,
}

/// Any bytes at all, as far as they are elements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// The elements from the start.
    pub nodes: Vec<Node>,
    /// What follows the last element and starts none.
    pub rest: Vec<u8>,
}

/// One element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Identifier octets: one, or several for tag numbers above 30.
    pub tag: Vec<u8>,
    /// How the length is written.
    pub length: Length,
    /// What the length covers.
    pub body: Body,
}

/// How a length is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Length {
    /// As DER demands.
    Minimal,
    /// Definite long form in this many octets after the first, more than needed.
    Padded(u8),
    /// `80`, with two zero octets at the end of the body.
    Indefinite,
    /// These octets, whatever the body's length.
    Claimed(Vec<u8>),
}

/// The value of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Bytes.
    Primitive(Vec<u8>),
    /// Elements. A primitive string that holds DER keeps the octets before it
    /// in `prefix`: none for OCTET STRING, the unused-bits octet for BIT STRING.
    Constructed {
        /// Octets before the first element.
        prefix: Vec<u8>,
        /// The elements.
        nodes: Vec<Node>,
    },
}

impl Tree {
    /// Reads any bytes.
    pub fn read(bytes: &[u8]) -> Self {
        Self::read_as_far(bytes, Extent::Whole)
    }

    /// Reads the outermost elements alone. Those inside are read by [`Node::unfold`], so that
    /// who goes one way through the tree need not read the rest of it.
    pub(super) fn read_outline(bytes: &[u8]) -> Self {
        Self::read_as_far(bytes, Extent::Outline)
    }

    fn read_as_far(bytes: &[u8], extent: Extent) -> Self {
        let mut nodes = Vec::new();
        let mut rest = bytes;
        while let Some((node, after)) = Node::read(rest, MAX_DEPTH, extent) {
            nodes.push(node);
            rest = after;
        }
        Self {
            nodes,
            rest: rest.to_vec(),
        }
    }

    /// The same bytes again, when nothing was changed.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for node in &self.nodes {
            node.write_into(&mut out);
        }
        out.extend_from_slice(&self.rest);
        out
    }
}

impl Node {
    /// A primitive element with a DER length.
    pub fn primitive(tag: u8, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            tag: vec![tag],
            length: Length::Minimal,
            body: Body::Primitive(bytes.into()),
        }
    }

    /// The elements of a constructed body.
    pub fn children(&self) -> &[Self] {
        match &self.body {
            Body::Constructed { nodes, .. } => nodes,
            Body::Primitive(_) => &[],
        }
    }

    /// Turns a primitive OCTET STRING or BIT STRING that holds DER into a
    /// constructed body. False when it holds something else.
    pub fn open(&mut self) -> bool {
        let Body::Primitive(bytes) = &self.body else {
            return true;
        };
        let prefix = usize::from(self.tag == [super::tag::BIT_STRING]).min(bytes.len());
        match read_all(&bytes[prefix..], MAX_DEPTH, Extent::Whole) {
            Some(nodes) if !nodes.is_empty() => {
                self.body = Body::Constructed {
                    prefix: bytes[..prefix].to_vec(),
                    nodes,
                };
                true
            }
            _ => false,
        }
    }

    /// Reads the elements inside a body that an outline left as bytes. `depth` is how far
    /// elements are followed from here.
    pub(super) fn unfold(&mut self, depth: usize) {
        let constructed = self.tag.first().is_some_and(|first| first & 0x20 != 0);
        let covers_its_body = matches!(self.length, Length::Minimal | Length::Padded(_));
        if let (true, true, Some(depth)) = (constructed, covers_its_body, depth.checked_sub(1))
            && let Body::Primitive(bytes) = &self.body
            && let Some(nodes) = read_all(bytes, depth, Extent::Outline)
        {
            self.body = Body::Constructed {
                prefix: Vec::new(),
                nodes,
            };
        }
    }

    /// The value octets.
    pub fn body_bytes(&self) -> Vec<u8> {
        match &self.body {
            Body::Primitive(bytes) => bytes.clone(),
            Body::Constructed { prefix, nodes } => {
                let mut out = prefix.clone();
                for node in nodes {
                    node.write_into(&mut out);
                }
                out
            }
        }
    }

    /// The whole element.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_into(&mut out);
        out
    }

    fn write_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.tag);
        let body = self.body_bytes();
        match &self.length {
            Length::Minimal => out.extend(length_octets(body.len())),
            Length::Padded(octets) => {
                let bytes = body.len().to_be_bytes();
                let width = usize::from(*octets).clamp(1, 127);
                out.push(0x80 | width as u8);
                out.extend(std::iter::repeat_n(0, width.saturating_sub(bytes.len())));
                out.extend_from_slice(&bytes[bytes.len().saturating_sub(width)..]);
            }
            Length::Indefinite => out.push(0x80),
            Length::Claimed(octets) => out.extend_from_slice(octets),
        }
        out.extend_from_slice(&body);
        if self.length == Length::Indefinite {
            out.extend_from_slice(&[0, 0]);
        }
    }

    fn read(bytes: &[u8], depth: usize, extent: Extent) -> Option<(Self, &[u8])> {
        let tag_length = tag_length(bytes)?;
        let (tag, after_tag) = bytes.split_at(tag_length);
        let constructed = tag[0] & 0x20 != 0;
        let (&first, _) = after_tag.split_first()?;

        if first == 0x80
            && constructed
            && depth > 0
            && let Some((nodes, after)) = read_until_end_of_contents(&after_tag[1..], depth - 1)
        {
            let body = Body::Constructed {
                prefix: Vec::new(),
                nodes,
            };
            return Some((
                Self {
                    tag: tag.to_vec(),
                    length: Length::Indefinite,
                    body,
                },
                after,
            ));
        }

        let octets = if first < 0x80 {
            1
        } else {
            1 + usize::from(first & 0x7f)
        };
        let claimed = after_tag.get(..octets)?;
        let value = claimed[1..].iter().try_fold(0usize, |value, &octet| {
            (value >> (usize::BITS - 8) == 0).then_some(value << 8 | usize::from(octet))
        });
        let length = if first < 0x80 {
            Some(usize::from(first))
        } else {
            value
        };
        let content = &after_tag[octets..];
        let (form, body, after) = match length {
            // A claim beyond the end covers the rest, which stays bytes: to read
            // it again at every level would take exponential time.
            Some(length) if length <= content.len() && first != 0x80 => {
                let (body, after) = content.split_at(length);
                let form = if claimed == length_octets(length) {
                    Length::Minimal
                } else {
                    Length::Padded(first & 0x7f)
                };
                (form, body, after)
            }
            _ => {
                let form = Length::Claimed(claimed.to_vec());
                return Some((
                    Self {
                        tag: tag.to_vec(),
                        length: form,
                        body: Body::Primitive(content.to_vec()),
                    },
                    &[],
                ));
            }
        };
        let body = match (constructed && depth > 0 && extent == Extent::Whole)
            .then(|| read_all(body, depth - 1, extent))
            .flatten()
        {
            Some(nodes) => Body::Constructed {
                prefix: Vec::new(),
                nodes,
            },
            None => Body::Primitive(body.to_vec()),
        };
        Some((
            Self {
                tag: tag.to_vec(),
                length: form,
                body,
            },
            after,
        ))
    }
}

/// Octets of the identifier at the start, or `None` when it does not end.
fn tag_length(bytes: &[u8]) -> Option<usize> {
    let (&first, more) = bytes.split_first()?;
    if first & 0x1f != 0x1f {
        return Some(1);
    }
    // More than four octets of tag number are not read as a tag.
    let last = more.iter().take(4).position(|octet| octet & 0x80 == 0)?;
    Some(last + 2)
}

fn read_all(mut bytes: &[u8], depth: usize, extent: Extent) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    while !bytes.is_empty() {
        let (node, after) = Node::read(bytes, depth, extent)?;
        // A claim that overruns its parent is the parent's nonsense.
        if matches!(node.length, Length::Claimed(_)) {
            return None;
        }
        nodes.push(node);
        bytes = after;
    }
    Some(nodes)
}

fn read_until_end_of_contents(mut bytes: &[u8], depth: usize) -> Option<(Vec<Node>, &[u8])> {
    let mut nodes = Vec::new();
    loop {
        if let Some(after) = bytes.strip_prefix(&[0, 0]) {
            return Some((nodes, after));
        }
        let (node, after) = Node::read(bytes, depth, Extent::Whole)?;
        if matches!(node.length, Length::Claimed(_)) {
            return None;
        }
        nodes.push(node);
        bytes = after;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms_that_der_forbids_are_kept_apart() {
        let table: [(&[u8], Length); 5] = [
            (&[0x04, 0x01, 0x07], Length::Minimal),
            (&[0x04, 0x81, 0x01, 0x07], Length::Padded(1)),
            (&[0x04, 0x82, 0x00, 0x01, 0x07], Length::Padded(2)),
            (
                &[0x30, 0x80, 0x02, 0x01, 0x07, 0x00, 0x00],
                Length::Indefinite,
            ),
            (&[0x04, 0x05, 0x07], Length::Claimed(vec![0x05])),
        ];
        for (bytes, length) in table {
            let tree = Tree::read(bytes);
            assert_eq!(tree.nodes[0].length, length, "{bytes:02x?}");
            assert_eq!(tree.write(), bytes);
        }
    }

    #[test]
    fn nesting_of_any_depth_is_read_without_exhausting_the_stack() {
        let mut bytes = [0x30, 0x80].repeat(100_000);
        assert_eq!(Tree::read(&bytes).write(), bytes);
        bytes.extend([0, 0].repeat(100_000));
        assert_eq!(Tree::read(&bytes).write(), bytes);
    }

    #[test]
    fn a_string_that_holds_der_opens_and_closes_again() {
        let bytes = [0x03, 0x04, 0x00, 0x02, 0x01, 0x07];
        let mut tree = Tree::read(&bytes);
        assert!(tree.nodes[0].open());
        assert_eq!(tree.nodes[0].children().len(), 1);
        assert_eq!(tree.write(), bytes);
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(Tree::read(&bytes).write(), bytes);
        }

        #[test]
        fn element_like_bytes_come_back(bytes in prop::collection::vec(
            prop::sample::select(vec![0x30u8, 0xa0, 0x04, 0x03, 0x02, 0x80, 0x81, 0x82, 0x00, 0x01, 0x02, 0x05, 0x1f, 0x3f, 0xff]),
            0..120,
        )) {
            prop_assert_eq!(Tree::read(&bytes).write(), bytes);
        }
    }
}
