//! Subtrees of real certificates, to be put where a minted one has its own.
//!
//! The donors are the roots that Mozilla trusts: thirty years of authorities,
//! each with habits of its own.

use std::sync::LazyLock;

use crate::der::Node;
#[cfg(feature = "fuzz")]
use crate::der::Tree;

/// Every distinct extension, name, validity, algorithm and key of the donors, as DER.
pub fn donors() -> &'static [Vec<u8>] {
    static DONORS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
        let mut found = std::collections::BTreeSet::new();
        for certificate in roots() {
            let fields = certificate.first().map(Node::children).unwrap_or_default();
            for field in fields.first().map(Node::children).unwrap_or_default() {
                found.insert(field.to_bytes());
                let extensions = field.tag == [0xa3];
                for inner in field.children().iter().flat_map(Node::children) {
                    if extensions {
                        found.insert(inner.to_bytes());
                    }
                }
            }
        }
        // A modulus of 4,096 bits crowds out everything else.
        found
            .into_iter()
            .filter(|donor| donor.len() < 400)
            .collect()
    });
    &DONORS
}

#[cfg(feature = "fuzz")]
fn roots() -> impl Iterator<Item = Vec<Node>> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .map(|der| Tree::read(der).nodes)
}

#[cfg(not(feature = "fuzz"))]
fn roots() -> impl Iterator<Item = Vec<Node>> {
    std::iter::empty()
}

#[cfg(all(test, feature = "fuzz"))]
mod tests {
    use super::*;

    #[test]
    fn donors_are_many_and_each_is_one_element() {
        assert!(donors().len() > 300, "{}", donors().len());
        for donor in donors() {
            let tree = Tree::read(donor);
            assert_eq!((tree.nodes.len(), tree.rest.len()), (1, 0), "{donor:02x?}");
        }
    }
}
