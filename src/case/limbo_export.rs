//! The catalogue as an x509-limbo suite, and its cases known again in a file.
//!
//! The format has words for a case and none for the catalogue. What a harness
//! must know to judge fairly, such as that no standard demands a refusal, is
//! said here with the words that there are; and an id leads back to the defect.

use super::{
    Case, Pair,
    limbo_format::{Limbo, VERSION},
};
use crate::{
    defect::{self, Class, Defect, Position, Severity},
    der::{Oid, oid},
    recipe::{GeneralName, Recipe},
    verdict::Reason,
};

/// What follows the id of a hostile case in that of its twin.
const OF_TWIN: &str = ".twin";

impl Limbo {
    /// The suite of the catalogue: of each pair both cases, with how much it matters.
    pub fn of_pairs<'c>(pairs: impl IntoIterator<Item = &'c Pair>) -> Self {
        let testcases = pairs.into_iter().flat_map(|pair| {
            let mut testcases = [&pair.hostile, &pair.twin].map(Case::to_limbo);
            if let Some(defect) = pair.hostile.defect.and_then(|id| defect::find(id.0)) {
                let marks = marks(defect, pair);
                // A twin that needs no more is within what its hostile case exceeds.
                let depth = testcases[1].untrusted_intermediates.len();
                let is_too_deep = defect.reasons.first() == Some(&Reason::PathTooDeep);
                for testcase in &mut testcases {
                    testcase.importance = importance(defect).to_owned();
                    testcase
                        .features
                        .extend(marks.iter().map(|&mark| mark.to_owned()));
                    if is_too_deep {
                        testcase.max_chain_depth = u32::try_from(depth).ok();
                    }
                }
                if let Some(words) = reservation(defect.class) {
                    testcases[0].description.push_str(words);
                }
            }
            testcases
        });
        Self {
            version: VERSION,
            testcases: testcases.collect(),
        }
    }
}

/// Tags of the format for what a verifier may leave out, or must know of.
fn marks(defect: &Defect, pair: &Pair) -> Vec<&'static str> {
    let recipes = [&pair.hostile, &pair.twin].map(|case| case.recipe.as_ref());
    let any = |has: &dyn Fn(&Recipe) -> bool| recipes.into_iter().flatten().any(has);
    let with = |oid: Oid| any(&|recipe| has_extension(recipe, &oid));
    let of_serials = defect.reasons.first() == Some(&Reason::BadSerial);
    let of_suffixes = defect.id.0 == "names/wildcard-of-top-level";
    let table = [
        // Whatever no standard demands: a verifier may let it in and be right.
        ("pedantic-rfc5280", defect.class != Class::MustReject),
        ("pedantic-serial-number", of_serials),
        ("pedantic-public-suffix-wildcard", of_suffixes),
        ("denial-of-service", defect::bound(defect.id).is_some()),
        ("name-constraint-dn", any(&constrains_directory_names)),
        ("has-cert-policies", with(oid::CERTIFICATE_POLICIES)),
        ("has-policy-constraints", with(oid::POLICY_CONSTRAINTS)),
        (
            "max-chain-depth",
            defect.reasons.first() == Some(&Reason::PathTooDeep),
        ),
    ];
    let marks = table.into_iter().filter(|(_, marked)| *marked);
    marks.map(|(mark, _)| mark).collect()
}

fn has_extension(recipe: &Recipe, oid: &Oid) -> bool {
    let certificates = recipe.certificates.iter();
    certificates
        .into_iter()
        .any(|one| one.extension(oid).is_some())
}

fn constrains_directory_names(recipe: &Recipe) -> bool {
    let mut bases = recipe.name_constraints().flatten().flatten();
    bases.any(|base| matches!(base, GeneralName::Directory(_)))
}

/// What the description says of a refusal that no standard demands.
fn reservation(class: Class) -> Option<&'static str> {
    match class {
        Class::MustReject => None,
        Class::Policy => {
            Some(" Class: policy. No standard demands it, a careful verifier refuses.")
        }
        Class::Lint => Some(" Class: lint. Strict DER or a profile refuses it, others need not."),
    }
}

/// The word of the format for how bad it is to let a defect in.
fn importance(defect: &Defect) -> &'static str {
    match (defect.class, defect.severity) {
        (Class::Lint, _) | (_, Severity::Low | Severity::Info) => "low",
        (_, Severity::Critical) => "critical",
        (_, Severity::High) => "high",
        (_, Severity::Medium) => "medium",
    }
}

impl Pair {
    /// What it is about that the format has no place for. None when it can be told.
    pub fn beyond_limbo(&self) -> Option<&'static str> {
        let cases = [&self.hostile, &self.twin];
        let any = |has: fn(&Case) -> bool| cases.into_iter().any(has);
        if any(|case| case.handshake.is_some()) {
            Some("handshakes")
        } else if any(|case| case.ocsp.is_some()) {
            Some("OCSP responses")
        } else if any(|case| !case.requirements.admitted.is_empty()) {
            Some("who is let in")
        } else if any(|case| case.crls.is_empty()) && any(|case| !case.crls.is_empty()) {
            // Without a CRL no harness asks for the status.
            Some("the absence of CRLs")
        } else {
            None
        }
    }
}

/// A case of the catalogue, as an id of an exported suite names it.
#[derive(Clone, Copy, Debug)]
pub struct Exported {
    /// The defect.
    pub defect: &'static Defect,
    /// Where it stands.
    pub position: Position,
}

impl Exported {
    /// What `family::name.position.variant` names, with `.twin` at the end or without.
    /// None where the id is of another suite.
    pub fn from_id(id: &str) -> Option<Self> {
        let (family, rest) = id.split_once("::")?;
        let rest = rest.strip_suffix(OF_TWIN).unwrap_or(rest);
        let mut parts = rest.split('.');
        let (name, place, variant) = (parts.next()?, parts.next()?, parts.next()?);
        variant.parse::<u32>().ok()?;
        let defect = match parts.next() {
            None => {
                let find = |name: &str| defect::find(&format!("{family}/{name}"));
                // A name that starts with a digit has something before it, as the format wants.
                find(name).or_else(|| find(name.strip_prefix("x-")?))?
            }
            Some(_) => return None,
        };
        let positions = defect.positions.iter().copied();
        let position = positions
            .into_iter()
            .find(|position| position.to_string() == place)?;
        Some(Self { defect, position })
    }
}

impl Case {
    /// Whether it is the twin of a hostile case, both as an exported suite has them.
    pub fn is_exported_twin_of(&self, hostile: &Self) -> bool {
        self.id.strip_suffix(OF_TWIN) == Some(hostile.id.as_str())
            && Exported::from_id(&hostile.id).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{case::pairs, mint::Minter, question::Time};

    fn exported(id: &str) -> [super::super::Testcase; 2] {
        let defect = defect::find(id).expect(id);
        let pair = pairs(&Minter::new(), defect, 1, 7).remove(0).expect(id);
        let testcases = Limbo::of_pairs([&pair]).testcases;
        testcases.try_into().expect("hostile and twin")
    }

    #[test]
    fn every_id_that_is_exported_leads_back_to_its_defect() {
        let minter = Minter::new();
        for defect in defect::all() {
            let pair = pairs(&minter, defect, 1, 7).remove(0).expect("fits");
            for case in [&pair.hostile, &pair.twin] {
                let id = case.to_limbo().id;
                let found = Exported::from_id(&id).unwrap_or_else(|| panic!("{id}"));
                assert_eq!(
                    (found.defect.id, found.position),
                    (defect.id, pair.hostile.position)
                );
            }
        }
        for other in [
            "rfc5280::nc::permitted-dns-match",
            "validity::expired",
            "validity::expired.elsewhere.0",
            "validity::expired.end-entity.0.twin.more",
            "pkits::4.1.1",
        ] {
            assert!(Exported::from_id(other).is_none(), "{other}");
        }
    }

    #[test]
    fn what_is_no_must_says_so_and_what_a_harness_has_to_know_is_marked() {
        let table: [(&str, &[&str], &str, &str); 7] = [
            ("validity/expired", &[], "high", "expired"),
            (
                "keys/ml-dsa-44",
                &["pedantic-rfc5280"],
                "low",
                "Class: policy.",
            ),
            (
                "encoding/zero-serial",
                &["pedantic-rfc5280", "pedantic-serial-number"],
                "low",
                "Class: lint.",
            ),
            (
                "path/twenty-deep",
                &["pedantic-rfc5280", "max-chain-depth"],
                "low",
                "path-too-deep",
            ),
            (
                "names/wildcard-of-top-level",
                &["pedantic-rfc5280", "pedantic-public-suffix-wildcard"],
                "medium",
                "Class: policy.",
            ),
            (
                "name-constraints/excluded-directory",
                &["name-constraint-dn"],
                "high",
                "name-constraint",
            ),
            (
                "policies/none-where-explicit",
                &["has-cert-policies", "has-policy-constraints"],
                "medium",
                "no-valid-policy",
            ),
        ];
        for (id, features, importance, words) in table {
            let [hostile, twin] = exported(id);
            assert_eq!(hostile.features, features, "{id}");
            assert_eq!(twin.features, features, "{id}");
            assert_eq!(hostile.importance, importance, "{id}");
            assert!(
                hostile.description.contains(words),
                "{}",
                hostile.description
            );
        }
    }

    #[test]
    fn a_case_read_back_knows_why_it_is_refused_and_whose_twin_it_is() {
        let [hostile, twin] = exported("path/twenty-deep")
            .map(|one| Case::from_limbo(&one, Time::from_unix_seconds(0)).expect("reads"));
        let defect = defect::find("path/twenty-deep").expect("exists");
        assert_eq!(hostile.expected.reasons(), defect.reasons);
        assert!(twin.is_exported_twin_of(&hostile) && !hostile.is_exported_twin_of(&twin));
        let allowed = twin.requirements.max_chain_depth.expect("a bound") as usize;
        assert_eq!(
            hostile.requirements.max_chain_depth,
            twin.requirements.max_chain_depth
        );
        assert!(twin.chain.len() <= allowed + 1 && hostile.chain.len() > allowed + 1);
    }
}
