//! Name constraints and identities: what an issuer permits and excludes, what the
//! end entity is called, and under which name it is expected.

use std::net::IpAddr;

use super::{Alarm, Dictionary, Reach, Session, Target, chain_wild::compare, panel::STANDARD};
use crate::{
    case::{Case, Expected},
    der::{HexBytes, Writer, tag},
    mutate::{RECORDS, read_records, write_records},
    question::{PeerName, Purpose},
    recipe::{
        Attribute, AttributeKind, ExtensionValue, GeneralName, Label, Name, Recipe,
        generate::Setting,
    },
    verdict::{Reason, Verdict},
};

pub(super) const NAME: Target = Target {
    name: "name",
    summary: "name constraints and identities, on the reference, webpki and AWS-LC",
    run,
    seeds,
    moves: RECORDS,
    max_length: 512,
    by_rarity: true,
    dictionary: Some(Dictionary::X509),
    reach: Reach {
        stages: &["accepted", "permitted", "excluded", "expected name"],
        rules: |rule| matches!(rule, Reason::NameConstraint | Reason::NameMismatch),
    },
};

/// The kinds of records. A number is never given again.
mod kind {
    pub(super) const PERMITTED: u8 = 0;
    pub(super) const EXCLUDED: u8 = 1;
    pub(super) const ALTERNATIVE: u8 = 2;
    pub(super) const EXPECTED_DNS: u8 = 3;
    pub(super) const EXPECTED_ADDRESS: u8 = 4;
    pub(super) const EXPECTED_MAILBOX: u8 = 5;
    pub(super) const COMMON_NAME: u8 = 6;
    pub(super) const MAILBOX_IN_SUBJECT: u8 = 7;
    pub(super) const UPPER_PERMITTED: u8 = 8;
    pub(super) const UPPER_EXCLUDED: u8 = 9;
    pub(super) const CLIENT: u8 = 10;
}

/// Names and subtrees of one input, at most.
const MOST: usize = 12;

fn run(input: &[u8], session: &mut Session) {
    let recipe = recipe(input, usize::MAX);
    let Some(case) = minted(&recipe) else {
        session.health.reach("not minted");
        return;
    };
    for (stage, present) in [
        ("permitted", has(&recipe, |permitted, _| permitted)),
        ("excluded", has(&recipe, |_, excluded| excluded)),
        ("expected name", recipe.name.is_some()),
    ] {
        if present {
            session.health.reach(stage);
        }
    }
    compare(&STANDARD, &case, input, session);
    // What is refused for a constraint stays refused when more is excluded.
    let excluded = count_excluded(input);
    if excluded > 0
        && let Some(fewer) = minted(&self::recipe(input, excluded - 1))
        && violates(&fewer)
        && accepts(&case)
    {
        let detail = recipe.to_toml().unwrap_or_default();
        session.fail(
            input,
            &Alarm::new("one more excluded subtree let a chain in", detail),
        );
    }
}

fn minted(recipe: &Recipe) -> Option<Case> {
    let unknown = Expected::Reject(Vec::new());
    Case::from_recipe(&STANDARD.minter, recipe.clone(), "name".into(), unknown).ok()
}

fn violates(case: &Case) -> bool {
    STANDARD.reference(case).is_ok_and(|report| {
        let mut violations = report.violations.iter();
        violations.any(|found| found.reason == Reason::NameConstraint)
    })
}

fn accepts(case: &Case) -> bool {
    STANDARD
        .reference(case)
        .is_ok_and(|report| report.verdict == Verdict::Accept)
}

fn count_excluded(input: &[u8]) -> usize {
    read_records(input)
        .take(MOST)
        .filter(|(kind, _)| *kind == kind::EXCLUDED)
        .count()
}

fn has(recipe: &Recipe, wanted: impl Fn(bool, bool) -> bool) -> bool {
    recipe
        .name_constraints()
        .any(|[permitted, excluded]| wanted(!permitted.is_empty(), !excluded.is_empty()))
}

/// The plainest chain with two intermediates, with these names; of the subtrees
/// that the lower one excludes only so many.
fn recipe(input: &[u8], excluded_limit: usize) -> Recipe {
    let mut lists: [Vec<GeneralName>; 10] = Default::default();
    let mut purpose = Purpose::Server;
    let mut expected = None;
    let mut subject = Vec::new();
    for (kind, value) in read_records(input).take(MOST) {
        let text = || String::from_utf8_lossy(value).into_owned();
        match kind {
            kind::PERMITTED
            | kind::EXCLUDED
            | kind::ALTERNATIVE
            | kind::UPPER_PERMITTED
            | kind::UPPER_EXCLUDED => {
                lists[usize::from(kind)].push(general_name(value));
            }
            kind::EXPECTED_DNS => expected = Some(PeerName::Dns(text())),
            kind::EXPECTED_MAILBOX => expected = Some(PeerName::Email(text())),
            kind::EXPECTED_ADDRESS => {
                let four = <[u8; 4]>::try_from(value).map(IpAddr::from);
                let sixteen = <[u8; 16]>::try_from(value).map(IpAddr::from);
                expected = four.or(sixteen).ok().map(PeerName::Ip).or(expected);
            }
            kind::COMMON_NAME => subject.push(Attribute::new(AttributeKind::CN, text())),
            kind::MAILBOX_IN_SUBJECT => {
                subject.push(Attribute::new(AttributeKind::Email, text()));
            }
            kind::CLIENT => purpose = Purpose::Client,
            _ => {}
        }
    }
    lists[usize::from(kind::EXCLUDED)].truncate(excluded_limit);
    let mut recipe = Setting {
        purpose,
        intermediates: 2,
        ..Setting::default()
    }
    .recipe();
    recipe.name = expected;
    for (label, permitted, excluded) in [
        ("intermediate-2", kind::PERMITTED, kind::EXCLUDED),
        (
            "intermediate-1",
            kind::UPPER_PERMITTED,
            kind::UPPER_EXCLUDED,
        ),
    ] {
        let (permitted, excluded) = (
            std::mem::take(&mut lists[usize::from(permitted)]),
            std::mem::take(&mut lists[usize::from(excluded)]),
        );
        let constrained = !permitted.is_empty() || !excluded.is_empty();
        if let Some(one) = recipe.certificate_mut(&Label::from(label))
            && constrained
        {
            let constraints = ExtensionValue::NameConstraints {
                permitted,
                excluded,
            };
            one.set_extension(constraints.critical());
        }
    }
    if let Some(end_entity) = recipe.certificate_mut(&Label::from("end-entity")) {
        let names = std::mem::take(&mut lists[usize::from(kind::ALTERNATIVE)]);
        if !names.is_empty() {
            *end_entity.alternative_names_mut() = names;
        }
        if !subject.is_empty() {
            end_entity.subject = Name(subject);
        }
    }
    recipe
}

/// A name from a tag and its value: the tag's number chooses among the kinds there are.
fn general_name(octets: &[u8]) -> GeneralName {
    let (&first, value) = octets.split_first().unwrap_or((&0x82, &[]));
    let mut w = Writer::new();
    match first & 0x0f {
        4 => w.nest(tag::context_constructed(4), |w| w.raw(value)),
        0 | 3 | 5 => w.nest(tag::context_constructed(first & 0x0f), |w| w.raw(value)),
        number => w.element(tag::context(number % 9), value),
    }
    GeneralName::Raw(HexBytes(w.into_bytes()))
}

/// A form, a constraint of that form, and names to be judged under it.
type Pairs = (u8, &'static [u8], &'static [&'static [u8]]);

/// Every pair of a constraint and a name that is in it, beside it, or odd.
fn seeds() -> Vec<Vec<u8>> {
    const DNS: u8 = 0x82;
    const MAIL: u8 = 0x81;
    const URI: u8 = 0x86;
    const ADDRESS: u8 = 0x87;
    let pairs: &[Pairs] = &[
        (
            DNS,
            b"example.com",
            &[
                b"example.com",
                b"a.example.com",
                b"aexample.com",
                b"EXAMPLE.com",
                b"*.example.com",
                b"example.com.",
            ],
        ),
        (DNS, b".example.com", &[b"a.example.com", b"example.com"]),
        (DNS, b"", &[b"example.com"]),
        (
            MAIL,
            b"example.com",
            &[b"a@example.com", b"a@b.example.com", b"\"a@b\"@example.com"],
        ),
        (
            MAIL,
            b".example.com",
            &[b"a@b.example.com", b"a@example.com"],
        ),
        (
            MAIL,
            b"a@example.com",
            &[b"a@example.com", b"A@example.com", b"b@example.com"],
        ),
        (
            URI,
            b"example.com",
            &[
                b"https://example.com/x",
                b"https://a@example.com:1/",
                b"spiffe://example.com/a",
                b"urn:a",
            ],
        ),
        (
            URI,
            b".example.com",
            &[b"https://a.example.com/", b"https://example.com/"],
        ),
        (
            ADDRESS,
            &[10, 0, 0, 0, 255, 0, 0, 0],
            &[&[10, 1, 2, 3], &[11, 1, 2, 3], &[0; 16]],
        ),
        (ADDRESS, &[0; 8], &[&[10, 1, 2, 3]]),
        (ADDRESS, &[10, 0, 0, 0, 255, 0, 255, 0], &[&[10, 1, 2, 3]]),
    ];
    let mut seeds = Vec::new();
    for (form, constraint, names) in pairs {
        for name in *names {
            let (base, presented) = ([&[*form], *constraint].concat(), [&[*form], *name].concat());
            for side in [kind::PERMITTED, kind::EXCLUDED, kind::UPPER_PERMITTED] {
                seeds.push(write_records([
                    (side, base.as_slice()),
                    (kind::ALTERNATIVE, presented.as_slice()),
                ]));
            }
            let expected = match *form {
                DNS => kind::EXPECTED_DNS,
                MAIL => kind::EXPECTED_MAILBOX,
                ADDRESS => kind::EXPECTED_ADDRESS,
                _ => continue,
            };
            for asked in [*name, names[0]] {
                seeds.push(write_records([
                    (kind::ALTERNATIVE, presented.as_slice()),
                    (expected, asked),
                ]));
            }
        }
    }
    seeds.push(write_records([
        (kind::MAILBOX_IN_SUBJECT, b"a@example.com".as_slice()),
        (kind::COMMON_NAME, b"example.com"),
        (kind::EXCLUDED, b"\x81example.com"),
        (kind::CLIENT, b""),
    ]));
    seeds
}
