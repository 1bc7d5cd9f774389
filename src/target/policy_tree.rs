//! Certificate policies along a path of up to six certificates, on the reference,
//! on AWS-LC, and on the tree of RFC 5280 section 6.1 as it is written there.

use super::{
    Alarm, Reach, Session, Target,
    chain_wild::compare,
    panel::STANDARD,
    policy_model::{Model, Policies},
};
use crate::{
    case::{Case, Expected},
    der::{Oid, oid},
    mutate::{RECORDS, read_records, write_records},
    recipe::{ExtensionValue, Label, generate::Setting},
    verdict::Reason,
};

pub(super) const POLICY_TREE: Target = Target {
    name: "policy_tree",
    summary: "certificate policies on the reference, on AWS-LC and on the tree of RFC 5280 section 6.1",
    run,
    seeds,
    moves: RECORDS,
    max_length: 256,
    by_rarity: true,
    dictionary: None,
    reach: Reach {
        stages: &["accepted", "mapped", "explicit policy", "the model refuses"],
        rules: |rule| matches!(rule, Reason::NoValidPolicy | Reason::BadPolicy),
    },
};

/// The kinds of records. The first octet of a value is the certificate, from
/// the one below the anchor; the others choose among five policies and anyPolicy.
mod kind {
    pub(super) const POLICIES: u8 = 0;
    pub(super) const MAPPINGS: u8 = 1;
    pub(super) const REQUIRE_EXPLICIT: u8 = 2;
    pub(super) const INHIBIT_MAPPING: u8 = 3;
    pub(super) const INHIBIT_ANY: u8 = 4;
    pub(super) const SELF_ISSUED: u8 = 5;
    pub(super) const INTERMEDIATES: u8 = 6;
}

/// Octet 0 is anyPolicy.
fn policy(octet: u8) -> u8 {
    octet % 6
}

fn identifier(policy: u8) -> Oid {
    match policy {
        0 => oid::ANY_POLICY,
        number => Oid::owned([0x2b, 6, 1, 4, 1, 0x83, 0xf5, 0x3d, 3, number]),
    }
}

/// What an input says: the certificates below the anchor, the end entity last.
fn read(input: &[u8]) -> Vec<Policies> {
    let records: Vec<(u8, &[u8])> = read_records(input).take(24).collect();
    let intermediates = records
        .iter()
        .filter(|(kind, value)| *kind == kind::INTERMEDIATES && !value.is_empty())
        .map(|(_, value)| usize::from(value[0] % 5))
        .next_back()
        .unwrap_or(2);
    let mut path = vec![Policies::default(); intermediates + 1];
    for (kind, value) in records {
        let Some((&at, values)) = value.split_first() else {
            continue;
        };
        let at = usize::from(at) % path.len();
        let is_last = at + 1 == path.len();
        let one = &mut path[at];
        let number = values.first().map_or(0, |octet| u64::from(octet % 5));
        match kind {
            kind::POLICIES => {
                let listed = one.policies.get_or_insert_default();
                // One that stands twice is a fault of its own, which the catalogue has.
                for octet in values.iter().take(6) {
                    if !listed.contains(&policy(*octet)) {
                        listed.push(policy(*octet));
                    }
                }
            }
            kind::MAPPINGS => one.mappings.extend(
                values
                    .chunks_exact(2)
                    .take(4)
                    .map(|pair| (policy(pair[0]), policy(pair[1]))),
            ),
            kind::REQUIRE_EXPLICIT => one.require_explicit = Some(number),
            kind::INHIBIT_MAPPING => one.inhibit_mapping = Some(number),
            kind::INHIBIT_ANY => one.inhibit_any = Some(number),
            // Two self-issued ones in a row could be taken for one another.
            kind::SELF_ISSUED if !is_last && at == 1 => one.self_issued = true,
            _ => {}
        }
    }
    for one in &mut path {
        if one.policies.as_ref().is_some_and(Vec::is_empty) {
            one.policies = None;
        }
    }
    // Mappings belong to CAs.
    if let Some(end_entity) = path.last_mut() {
        end_entity.mappings.clear();
    }
    path
}

fn run(input: &[u8], session: &mut Session) {
    let path = read(input);
    let Some(case) = mint(&path) else {
        session.health.reach("not minted");
        return;
    };
    if path.iter().any(|one| !one.mappings.is_empty()) {
        session.health.reach("mapped");
    }
    if path.iter().any(|one| one.require_explicit.is_some()) {
        session.health.reach("explicit policy");
    }
    compare(&STANDARD, &case, input, session);
    let model = Model::judge(&path);
    if !model {
        session.health.reach("the model refuses");
    }
    let Ok(report) = STANDARD.reference(&case) else {
        return;
    };
    let refused = report
        .violations
        .iter()
        .any(|found| matches!(found.reason, Reason::NoValidPolicy | Reason::BadPolicy));
    if refused == model {
        let words = if model { "accepts" } else { "refuses" };
        let detail = format!("{path:#?}\n{:?}", report.violations);
        let what = format!("the tree of RFC 5280 {words}, the reference does not");
        session.fail(input, &Alarm::new(what, detail));
    }
}

fn mint(path: &[Policies]) -> Option<Case> {
    let mut recipe = Setting {
        intermediates: path.len() as u8 - 1,
        ..Setting::default()
    }
    .recipe();
    for (index, policies) in path.iter().enumerate() {
        let label = match index + 1 == path.len() {
            true => Label::from("end-entity"),
            false => Label(format!("intermediate-{}", index + 1)),
        };
        let above = recipe.certificate(&Label(format!("intermediate-{index}")));
        let above = above.map(|issuer| issuer.subject.clone());
        let one = recipe.certificate_mut(&label)?;
        if let (true, Some(subject)) = (policies.self_issued, above) {
            one.subject = subject;
        }
        let mut add = |value: ExtensionValue, critical: bool| {
            one.set_extension(match critical {
                true => value.critical(),
                false => value.not_critical(),
            });
        };
        if let Some(listed) = &policies.policies {
            let listed = listed.iter().map(|policy| identifier(*policy)).collect();
            add(ExtensionValue::CertificatePolicies(listed), false);
        }
        if !policies.mappings.is_empty() {
            let pairs = policies.mappings.iter();
            let pairs = pairs.map(|(from, to)| (identifier(*from), identifier(*to)));
            add(ExtensionValue::PolicyMappings(pairs.collect()), true);
        }
        if policies.require_explicit.is_some() || policies.inhibit_mapping.is_some() {
            let constraints = ExtensionValue::PolicyConstraints {
                require_explicit: policies.require_explicit,
                inhibit_mapping: policies.inhibit_mapping,
            };
            add(constraints, true);
        }
        if let Some(number) = policies.inhibit_any {
            add(ExtensionValue::InhibitAnyPolicy(number), true);
        }
    }
    let unknown = Expected::Reject(Vec::new());
    Case::from_recipe(&STANDARD.minter, recipe, "policy".into(), unknown).ok()
}

fn seeds() -> Vec<Vec<u8>> {
    use kind::*;
    let table: &[&[(u8, &[u8])]] = &[
        &[],
        &[(REQUIRE_EXPLICIT, &[0, 0])],
        &[
            (REQUIRE_EXPLICIT, &[0, 0]),
            (POLICIES, &[0, 1]),
            (POLICIES, &[1, 1]),
            (POLICIES, &[2, 1]),
        ],
        &[
            (REQUIRE_EXPLICIT, &[0, 0]),
            (POLICIES, &[0, 1]),
            (POLICIES, &[1, 2]),
            (POLICIES, &[2, 1]),
        ],
        &[
            (REQUIRE_EXPLICIT, &[1, 0]),
            (POLICIES, &[0, 0]),
            (POLICIES, &[1, 0]),
            (POLICIES, &[2, 3]),
        ],
        &[
            (REQUIRE_EXPLICIT, &[0, 0]),
            (POLICIES, &[0, 1]),
            (MAPPINGS, &[0, 1, 2]),
            (POLICIES, &[1, 2]),
            (POLICIES, &[2, 2]),
        ],
        &[
            (REQUIRE_EXPLICIT, &[0, 0]),
            (POLICIES, &[0, 0]),
            (MAPPINGS, &[0, 1, 2]),
            (INHIBIT_MAPPING, &[0, 0]),
            (POLICIES, &[1, 0]),
            (POLICIES, &[2, 2]),
        ],
        &[
            (REQUIRE_EXPLICIT, &[0, 2]),
            (INHIBIT_ANY, &[0, 1]),
            (POLICIES, &[0, 0]),
            (POLICIES, &[1, 0]),
            (POLICIES, &[2, 0]),
        ],
        &[(MAPPINGS, &[0, 0, 1]), (POLICIES, &[0, 1])],
        &[
            (INTERMEDIATES, &[4]),
            (REQUIRE_EXPLICIT, &[4, 0]),
            (POLICIES, &[0, 0, 1]),
            (MAPPINGS, &[1, 1, 2, 1, 3]),
            (POLICIES, &[1, 0]),
            (POLICIES, &[2, 2, 3]),
            (POLICIES, &[3, 0]),
            (POLICIES, &[4, 3]),
        ],
        &[
            (SELF_ISSUED, &[1]),
            (REQUIRE_EXPLICIT, &[0, 1]),
            (INHIBIT_ANY, &[0, 0]),
            (POLICIES, &[0, 0]),
            (POLICIES, &[1, 0]),
            (POLICIES, &[2, 1]),
        ],
    ];
    table
        .iter()
        .map(|records| write_records(records.iter().copied()))
        .collect()
}
