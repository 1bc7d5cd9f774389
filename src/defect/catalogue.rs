//! The table of families. A new family is one file and one line here.

use super::{
    Defect, complexity, downgrade, encoding, extensions, handshake, identity, keys,
    name_constraints, names, path, policies, revocation, signature, trust, usage, validity,
};
use crate::spelling;

/// One file of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// The part of the ids before the slash.
    pub name: &'static str,
    /// What its defects have in common.
    pub summary: &'static str,
    /// Its defects.
    pub defects: &'static [Defect],
}

/// Every family, in the order in which the matrix shows them.
pub const CATALOGUE: &[Family] = &[
    Family {
        name: "validity",
        summary: "certificates outside their time, and times that are not written as they must be",
        defects: validity::DEFECTS,
    },
    Family {
        name: "trust",
        summary: "chains that end at nothing that is trusted",
        defects: trust::DEFECTS,
    },
    Family {
        name: "path",
        summary: "certificates that make no path, or one that is too long",
        defects: path::DEFECTS,
    },
    Family {
        name: "usage",
        summary: "keys used for what their certificates do not allow",
        defects: usage::DEFECTS,
    },
    Family {
        name: "name-constraints",
        summary: "names outside what an issuer may vouch for",
        defects: name_constraints::DEFECTS,
    },
    Family {
        name: "names",
        summary: "certificates that are not for the name that was asked, or whose names are malformed",
        defects: names::DEFECTS,
    },
    Family {
        name: "policies",
        summary: "paths without the policy that is required, and policy extensions that break their rules",
        defects: policies::DEFECTS,
    },
    Family {
        name: "signature",
        summary: "signatures that prove nothing, and ones that only a lax verifier takes for a proof",
        defects: signature::DEFECTS,
    },
    Family {
        name: "keys",
        summary: "public keys that are too small, no keys at all, or of kinds that nobody asked for",
        defects: keys::DEFECTS,
    },
    Family {
        name: "extensions",
        summary: "extensions that are unknown, repeated, malformed, or where none may be",
        defects: extensions::DEFECTS,
    },
    Family {
        name: "encoding",
        summary: "bytes that are not the DER of a certificate",
        defects: encoding::DEFECTS,
    },
    Family {
        name: "revocation",
        summary: "certificates that were taken back, and lists or responses that do not prove the contrary",
        defects: revocation::DEFECTS,
    },
    Family {
        name: "identity",
        summary: "the right CA, and somebody else",
        defects: identity::DEFECTS,
    },
    Family {
        name: "handshake",
        summary: "good chains, and peers that break the protocol around them",
        defects: handshake::DEFECTS,
    },
    Family {
        name: "downgrade",
        summary: "versions, suites, groups and signatures below the floor, and falling back to them",
        defects: downgrade::DEFECTS,
    },
    Family {
        name: "complexity",
        summary: "chains that cost far more to judge than to make",
        defects: complexity::DEFECTS,
    },
];

/// How many defects several tables hold.
pub(super) const fn total(parts: &[&[Defect]]) -> usize {
    let (mut part, mut sum) = (0, 0);
    while part < parts.len() {
        sum += parts[part].len();
        part += 1;
    }
    sum
}

/// The defects of a family that fills several files, as one table.
pub(super) const fn joined<const N: usize>(parts: &[&[Defect]]) -> [Defect; N] {
    let mut all = [parts[0][0]; N];
    let (mut part, mut next) = (0, 0);
    while part < parts.len() {
        let mut index = 0;
        while index < parts[part].len() {
            all[next] = parts[part][index];
            next += 1;
            index += 1;
        }
        part += 1;
    }
    assert!(next == N, "every place of the table is filled");
    all
}

/// Every defect, family by family.
pub fn all() -> impl Iterator<Item = &'static Defect> {
    CATALOGUE.iter().flat_map(|family| family.defects)
}

/// The defect with this id.
pub fn find(id: &str) -> Option<&'static Defect> {
    all().find(|defect| defect.id.0 == id)
}

/// The defects whose ids match a glob, in which `*` stands for any text.
pub fn matching(glob: &str) -> impl Iterator<Item = &'static Defect> {
    all().filter(move |defect| spelling::glob_matches(glob, defect.id.0))
}

/// The id that is most like this text, for an error's hint: with its family, or without.
pub fn nearest(text: &str) -> Option<&'static str> {
    let ids = || all().map(|defect| defect.id.0);
    let name = |id: &'static str| id.split_once('/').map_or(id, |(_, name)| name);
    spelling::nearest(text, ids()).or_else(|| {
        let nearest = spelling::nearest(text, ids().map(name))?;
        ids().find(|id| name(id) == nearest)
    })
}
