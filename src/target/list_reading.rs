//! What can be seen of a revocation list that the reference does not read, told by its elements.
//!
//! Engines that take BER, or pass over fields, read such a list. What it says then is a matter of
//! its elements, not of octets that happen to stand somewhere in it.

use crate::{
    der::{Node, Tree, tag},
    validator::ParsedCrl,
};

/// A list, read or not.
pub(super) enum SeenList {
    /// As the reference reads it.
    Read(ParsedCrl),
    /// The elements of what is to be signed.
    Elements(Vec<Node>),
    /// No elements: octets.
    Octets(Vec<u8>),
}

impl SeenList {
    pub(super) fn of(der: &[u8]) -> Self {
        if let Ok(list) = ParsedCrl::from_der(der.to_vec()) {
            return Self::Read(list);
        }
        let tree = Tree::read(der);
        let signed = tree.nodes.first().and_then(|root| root.children().first());
        match signed.map(Node::children) {
            Some(fields) if !fields.is_empty() => Self::Elements(fields.to_vec()),
            _ => Self::Octets(der.to_vec()),
        }
    }

    /// Whether an entry has this serial number, whatever zeros stand before it.
    pub(super) fn names(&self, serial: &[u8]) -> bool {
        self.has_entry(serial, |number| trimmed(number) == trimmed(serial))
    }

    /// Whether an entry has just these octets for a serial number.
    pub(super) fn spells(&self, serial: &[u8]) -> bool {
        self.has_entry(serial, |number| number == serial)
    }

    /// Octets that are no list have it wherever it stands in them.
    fn has_entry(&self, serial: &[u8], is_it: impl Fn(&[u8]) -> bool) -> bool {
        match self {
            Self::Read(list) => list.find(serial).is_some(),
            Self::Elements(fields) => {
                let mut entries = fields.iter().flat_map(Node::children);
                entries.any(|entry| {
                    let number = entry.children().first();
                    number.is_some_and(|number| {
                        number.tag == [tag::INTEGER] && is_it(&number.body_bytes())
                    })
                })
            }
            Self::Octets(octets) => holds(octets, serial),
        }
    }

    /// Whether this is, or may be, a list of the issuer of this name.
    pub(super) fn is_of(&self, issuer: &[u8]) -> bool {
        match self {
            Self::Read(list) => list.is_issued_by(issuer),
            Self::Elements(fields) => fields.iter().any(|field| field.to_bytes() == issuer),
            Self::Octets(octets) => holds(octets, issuer),
        }
    }
}

/// The value of a list's authorityKeyIdentifier, where it has one.
pub(super) fn authority_key_identifier(list: &[u8]) -> Option<Node> {
    const IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x23];
    let tree = Tree::read(list);
    let fields = tree.nodes.first()?.children().first()?.children();
    let extensions = fields.iter().find(|field| field.tag == [0xa0])?;
    let mut extensions = extensions.children().first()?.children().iter();
    let found = extensions.find(|extension| {
        let identifier = extension.children().first();
        identifier.is_some_and(|identifier| identifier.body_bytes() == IDENTIFIER)
    });
    let value = found?.children().last()?.body_bytes();
    Tree::read(&value).nodes.into_iter().next()
}

/// A number without the octets that BER lets stand before it.
fn trimmed(number: &[u8]) -> &[u8] {
    let first = number.iter().position(|octet| *octet != 0);
    first.map_or(&[], |first| &number[first..])
}

fn holds(octets: &[u8], part: &[u8]) -> bool {
    octets
        .windows(part.len().max(1))
        .any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        der::{Change, Edit},
        mint::Minter,
        recipe::{Revoked, TimeField, generate::Setting},
        validator::Certificate,
    };

    #[test]
    fn a_list_is_seen_whether_or_not_it_can_be_read() {
        let setting = Setting {
            crls: true,
            intermediates: 0,
            ..Setting::default()
        };
        let mut recipe = setting.recipe();
        let serial = recipe.certificates[1].serial.0.clone();
        recipe.crls[0].revoked = vec![Revoked {
            serial: serial.clone().into(),
            date: TimeField::Moment(recipe.time.plus_days(-3)),
            extensions: Vec::new(),
        }];
        let minted = Minter::toy().mint(&recipe).expect("mints");
        let issuer = Certificate::parse(&minted.anchors[0]).expect("an anchor");
        let whole = &minted.crls[0];
        let edited = |at: &str, change: Change| {
            Edit::apply_all(&[Edit::at(at, change)], whole.clone()).expect("applies")
        };
        let padded = [&[0], serial.as_slice()].concat();
        let table = [
            (whole.clone(), "read", true, true),
            // A time that is none: elements all the same.
            (
                edited("0/3", Change::SetTag(tag::IA5_STRING)),
                "elements",
                true,
                true,
            ),
            (
                edited("0/5/0/0", Change::SetBody(padded.into())),
                "elements",
                true,
                false,
            ),
            (edited("0/5/0", Change::Remove), "elements", false, false),
            (
                edited("", Change::SetTag(tag::OCTET_STRING)),
                "octets",
                true,
                true,
            ),
        ];
        for (der, kind, names, spells) in table {
            let seen = SeenList::of(&der);
            let is = match &seen {
                SeenList::Read(_) => "read",
                SeenList::Elements(_) => "elements",
                SeenList::Octets(_) => "octets",
            };
            let found = (is, seen.names(&serial), seen.spells(&serial));
            assert!(seen.is_of(issuer.subject_der()), "{kind}");
            assert_eq!(found, (kind, names, spells), "{der:02x?}");
        }
        let identifier = authority_key_identifier(whole).expect("an identifier");
        let key = issuer.extensions().subject_key_identifier;
        let key = key.expect("a key").of(issuer.der());
        assert_eq!(identifier.children()[0].body_bytes(), key);
    }
}
