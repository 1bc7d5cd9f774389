//! The walk of the product: each cell is a defect, or there is a reason why none can be.

use std::collections::BTreeSet;

use crate::{
    defect::{Defect, Position, label_at, name_constraints::DEFECTS},
    der::oid,
    recipe::{
        AttributeKind, Certificate, ExtensionValue, GeneralName, Label, Name, Recipe,
        generate::Setting,
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Dns,
    Ipv4,
    Ipv6,
    Email,
    Uri,
    Directory,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Permitted,
    Excluded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trait {
    Wildcard,
    NameCase,
    ConstraintCase,
    LeadingDot,
    Empty,
    Several,
    SubjectOnly,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Issuer,
    Upper,
    Anchor,
    Both,
}

const FORMS: [Form; 6] = [
    Form::Dns,
    Form::Ipv4,
    Form::Ipv6,
    Form::Email,
    Form::Uri,
    Form::Directory,
];
const KINDS: [Kind; 2] = [Kind::Permitted, Kind::Excluded];
const TRAITS: [Trait; 7] = [
    Trait::Wildcard,
    Trait::NameCase,
    Trait::ConstraintCase,
    Trait::LeadingDot,
    Trait::Empty,
    Trait::Several,
    Trait::SubjectOnly,
];
const LEVELS: [Level; 4] = [Level::Issuer, Level::Upper, Level::Anchor, Level::Both];

/// A place of the product.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    form: Form,
    kind: Kind,
    level: Level,
    traits: BTreeSet<Trait>,
}

/// Why no chain has such a constraint and such a name and is wrong in that alone.
fn impossible(cell: &Cell) -> Option<&'static str> {
    use Form::{Directory, Dns, Email, Ipv4, Ipv6, Uri};
    let is = |one| cell.traits.contains(&one);
    let of_address = matches!(cell.form, Ipv4 | Ipv6);
    let alone = cell.traits.len() == 1;
    // A subject is where a directoryName stands in any case.
    let mut besides = cell.traits.iter().filter(|one| {
        !(**one == Trait::Empty || cell.form == Directory && **one == Trait::SubjectOnly)
    });
    if is(Trait::Wildcard) && cell.form != Dns {
        return Some("a star means something in a dNSName alone (RFC 9525 section 6.3)");
    }
    if (is(Trait::NameCase) || is(Trait::ConstraintCase)) && of_address {
        return Some("octets have no letter case");
    }
    if is(Trait::LeadingDot) && (of_address || cell.form == Directory) {
        return Some("no dot is part of an address or of a directoryName");
    }
    if is(Trait::SubjectOnly) && matches!(cell.form, Ipv4 | Ipv6 | Uri) {
        return Some("no attribute of a subject holds an address or a URI");
    }
    if is(Trait::Empty) {
        return match (cell.form, cell.kind) {
            _ if besides.next().is_some() => {
                Some("an empty base has no letters, no dot and no second half")
            }
            (Email | Uri, _) => None,
            (_, Kind::Permitted) => Some("what permits every name has nobody outside"),
            (Directory, _) if cell.level != Level::Issuer => Some(
                "the CAs in between would have no name, and they must have one (RFC 5280 section 4.1.2.6)",
            ),
            _ => None,
        };
    }
    if is(Trait::LeadingDot) && cell.form == Dns && !alone {
        return Some(
            "a dNSName with a leading dot is refused for the dot (RFC 5280 section 4.2.1.10)",
        );
    }
    if is(Trait::SubjectOnly) && cell.form == Dns && !alone {
        return Some("a commonName is a host by custom, and no rule says how to compare it");
    }
    None
}

/// The two recipes of a defect, in the first setting in which it can exist.
fn recipes(defect: &Defect) -> Option<[Recipe; 2]> {
    let purposes = defect.purposes.iter().copied();
    let settings = purposes.flat_map(|purpose| {
        [1, 2].map(|intermediates| Setting {
            purpose,
            intermediates,
            ..Setting::default()
        })
    });
    settings.into_iter().find_map(|setting| {
        let mut twin = setting.recipe();
        (defect.prepare)(&mut twin, defect.positions[0]).ok()?;
        let mut hostile = twin.clone();
        (defect.spoil)(&mut hostile, defect.positions[0]).ok()?;
        Some([twin, hostile])
    })
}

type Subtrees = [Vec<GeneralName>; 2];

fn constraints(recipe: &Recipe, label: &Label) -> Option<Subtrees> {
    match &recipe
        .certificate(label)?
        .extension(&oid::NAME_CONSTRAINTS)?
        .value
    {
        ExtensionValue::NameConstraints {
            permitted,
            excluded,
        } => Some([permitted.clone(), excluded.clone()]),
        _ => None,
    }
}

fn alternative_names(certificate: &Certificate) -> Option<&[GeneralName]> {
    match &certificate.extension(&oid::SUBJECT_ALTERNATIVE_NAME)?.value {
        ExtensionValue::SubjectAlternativeName(names) => Some(names),
        _ => None,
    }
}

/// The form and the text of a name or of a base.
fn text_of(name: &GeneralName) -> Option<(Form, String)> {
    Some(match name {
        GeneralName::Dns(text) => (Form::Dns, text.clone()),
        GeneralName::Email(text) => (Form::Email, text.clone()),
        // The host alone has a letter case that means nothing.
        GeneralName::Uri(text) => (Form::Uri, text.clone()),
        GeneralName::IpBytes(octets) if matches!(octets.0.len(), 4 | 8) => {
            (Form::Ipv4, octets.to_string())
        }
        GeneralName::IpBytes(octets) if matches!(octets.0.len(), 16 | 32) => {
            (Form::Ipv6, octets.to_string())
        }
        GeneralName::Directory(name) => (Form::Directory, directory_text(name)),
        GeneralName::Raw(octets) if octets.0 == [0xa4, 2, 0x30, 0] => {
            (Form::Directory, String::new())
        }
        _ => return None,
    })
}

fn directory_text(name: &Name) -> String {
    let values = name.0.iter().filter(|part| part.kind != AttributeKind::C);
    let values: Vec<&str> = values.map(|part| part.value.as_str()).collect();
    values.join(",")
}

/// The names that only the hostile end entity has, and whether they stand in its subject alone.
fn hostile_names([twin, hostile]: &[Recipe; 2]) -> Vec<(Form, String, bool)> {
    let end_entity = Label::from("end-entity");
    let [Some(twin), Some(hostile)] = [twin, hostile].map(|one| one.certificate(&end_entity))
    else {
        return Vec::new();
    };
    let before = alternative_names(twin).unwrap_or_default();
    let after = alternative_names(hostile).unwrap_or_default();
    let mut found: Vec<(Form, String, bool)> = after
        .iter()
        .filter(|name| !before.contains(name))
        .filter_map(text_of)
        .map(|(form, text)| (form, text, false))
        .collect();
    if twin.subject != hostile.subject {
        let has = |kind: AttributeKind| {
            let mut all = hostile.subject.0.iter();
            all.find(|part| part.kind == kind)
                .map(|part| part.value.clone())
        };
        let common = has(AttributeKind::CN).filter(|text| text.contains('.'));
        found.push(match (has(AttributeKind::Email), common) {
            (Some(mailbox), _) => (Form::Email, mailbox, true),
            (None, Some(host)) => (Form::Dns, host, true),
            (None, None) => (Form::Directory, directory_text(&hostile.subject), true),
        });
    }
    found
}

/// The cells that a defect fills: one for each form that its names or broken bases are of.
fn cells(defect: &Defect) -> Vec<Cell> {
    let Some(both) = recipes(defect) else {
        return Vec::new();
    };
    let path = both[1].issuers_of_end_entity();
    let at = |label: &Label| constraints(&both[1], label);
    let issuer = label_at(&both[1], Position::Intermediate).ok();
    let constrained: Vec<&Label> = path
        .iter()
        .skip(1)
        .filter(|one| at(one).is_some())
        .collect();
    let anchor = path.last();
    let (level, top) = match constrained.as_slice() {
        [one] if Some(*one) == anchor => (Level::Anchor, *one),
        [one] if Some(*one) == issuer.as_ref() => (Level::Issuer, *one),
        [one] => (Level::Upper, *one),
        [_, other] if Some(*other) == anchor => (Level::Both, *other),
        _ => return Vec::new(),
    };
    let subtrees = at(top).unwrap_or_default();
    let before = constraints(&both[0], top).unwrap_or_default();
    let names = hostile_names(&both);
    let mut found = Vec::new();
    for (kind, bases) in KINDS.into_iter().zip(&subtrees) {
        let broken = bases
            .iter()
            .filter(|base| !before.iter().flatten().any(|old| old == *base))
            .filter_map(text_of)
            .map(|(form, _)| (form, String::new(), false));
        for (form, name, in_subject) in names.iter().cloned().chain(broken) {
            let of_form: Vec<String> = bases
                .iter()
                .filter_map(text_of)
                .filter(|(of, _)| *of == form)
                .map(|(_, text)| text)
                .collect();
            if of_form.is_empty() {
                continue;
            }
            // A host and what lies below it are one domain.
            let domains: BTreeSet<String> = of_form
                .iter()
                .map(|base| base.trim_start_matches('.').to_lowercase())
                .collect();
            let is_empty = |text: &String| text.chars().all(|letter| letter == '0');
            let has_capitals = |text: &str| match form {
                Form::Ipv4 | Form::Ipv6 => false,
                // The settings' own names have capitals at the beginning of words.
                Form::Directory => {
                    text.split(',')
                        .any(|part| part.to_uppercase() == part || part.to_lowercase() == part)
                        && !text.is_empty()
                }
                _ => text.chars().any(char::is_uppercase),
            };
            let has = [
                (Trait::Wildcard, name.contains('*')),
                (
                    Trait::NameCase,
                    has_capitals(
                        name.trim_end_matches(",device-7")
                            .trim_end_matches(",payer"),
                    ),
                ),
                (
                    Trait::ConstraintCase,
                    of_form.iter().any(|base| has_capitals(base)),
                ),
                (
                    Trait::LeadingDot,
                    of_form.iter().any(|base| base.starts_with('.')),
                ),
                (Trait::Empty, of_form.iter().any(is_empty)),
                (Trait::Several, domains.len() > 1),
                (Trait::SubjectOnly, in_subject),
            ];
            found.push(Cell {
                form,
                kind,
                level,
                traits: has
                    .into_iter()
                    .filter(|(_, has)| *has)
                    .map(|(one, _)| one)
                    .collect(),
            });
        }
    }
    found
}

/// Every set of traits.
fn sets() -> impl Iterator<Item = BTreeSet<Trait>> {
    (0..1_u32 << TRAITS.len()).map(|bits| {
        let has = |&(place, _): &(usize, Trait)| bits >> place & 1 == 1;
        let chosen = TRAITS.into_iter().enumerate().filter(has);
        chosen.map(|(_, one)| one).collect()
    })
}

#[test]
fn each_set_of_traits_of_each_form_stands_at_each_level() {
    let filled: BTreeSet<Cell> = DEFECTS.iter().flat_map(cells).collect();
    let (mut left, mut possible) = (Vec::new(), 0);
    for form in FORMS {
        for (kind, level) in KINDS
            .into_iter()
            .flat_map(|kind| LEVELS.map(|level| (kind, level)))
        {
            for traits in sets() {
                let cell = Cell {
                    form,
                    kind,
                    level,
                    traits,
                };
                possible += usize::from(impossible(&cell).is_none());
                match (impossible(&cell), filled.contains(&cell)) {
                    (None, false) => left.push(cell),
                    (Some(why), true) => {
                        panic!("{cell:?} is filled, and is said to be impossible: {why}")
                    }
                    _ => {}
                }
            }
        }
    }
    assert_eq!(left, []);
    assert!(possible > 600, "{possible} cells");
}

#[test]
fn the_walk_sees_what_a_defect_is_about() {
    let find = |id: &str| {
        let id = format!("name-constraints/{id}");
        DEFECTS.iter().find(|one| one.id.0 == id).expect("a defect")
    };
    let table: &[(&str, Form, Kind, Level, &[Trait])] = &[
        (
            "permitted-dns",
            Form::Dns,
            Kind::Permitted,
            Level::Issuer,
            &[],
        ),
        (
            "upper-excluded-dns-wildcard",
            Form::Dns,
            Kind::Excluded,
            Level::Upper,
            &[Trait::Wildcard],
        ),
        (
            "anchor-excluded-directory-name-case",
            Form::Directory,
            Kind::Excluded,
            Level::Anchor,
            &[Trait::NameCase, Trait::SubjectOnly],
        ),
        (
            "both-permitted-email-in-subject",
            Form::Email,
            Kind::Permitted,
            Level::Both,
            &[Trait::SubjectOnly],
        ),
    ];
    for &(id, form, kind, level, traits) in table {
        let expected = Cell {
            form,
            kind,
            level,
            traits: traits.iter().copied().collect(),
        };
        assert_eq!(cells(find(id)), [expected], "{id}");
    }
}
