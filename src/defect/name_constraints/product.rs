//! The product that the family is: form of name × permitted or excluded × what is
//! special in name or constraint × level.
//!
//! A table of cells says what is special, once, and a macro puts it at each level.
//! The test below walks the product and finds a defect for each cell, or the reason
//! for which there can be none.

use super::{
    Bearer, Row,
    Text::{self, Directory, Dns, Email, Ip, Uri},
    level::{above, anchored},
};
use crate::defect::{Class, Severity};

/// A form of name, and all subtrees of it that an issuer permits below an anchor that says otherwise.
pub(super) struct Form {
    beside: &'static [Text],
}

/// What a constraint does with its subtrees.
pub(super) enum Kind {
    Permitted,
    Excluded,
}

pub(super) const DEVICE_URI: Text = Uri("spiffe://gatecrash.example/device/7");

pub(super) const HOSTS: Form = Form {
    beside: &[
        Dns("gatecrash.example"),
        Dns("corp.example"),
        Dns("evil.example"),
    ],
};
pub(super) const MAILBOXES: Form = Form {
    beside: &[
        Email("gatecrash.example"),
        Email(".gatecrash.example"),
        Email("corp.example"),
        Email("evil.example"),
        Email(".evil.example"),
    ],
};
pub(super) const URIS: Form = Form {
    beside: &[
        Uri("gatecrash.example"),
        Uri(".gatecrash.example"),
        Uri("corp.example"),
        Uri("evil.example"),
        Uri(".evil.example"),
    ],
};
pub(super) const SUBJECTS: Form = Form {
    beside: &[
        Directory(&["Gatecrash Example", "Devices"]),
        Directory(&["Gatecrash Example", "Laboratory"]),
        Directory(&["Gatecrash Example", "Finance"]),
    ],
};

pub(super) const NET: Text = Ip(&[192, 0, 2, 0, 255, 255, 255, 0]);
pub(super) const AWAY: Text = Ip(&[198, 51, 100, 0, 255, 255, 255, 0]);
pub(super) const TEST: Text = Ip(&[203, 0, 113, 0, 255, 255, 255, 0]);
pub(super) const TEN: Text = Ip(&[10, 0, 0, 0, 255, 0, 0, 0]);
pub(super) const NEAR: &[Text] = &[Ip(&[192, 0, 2, 7])];
pub(super) const FAR: &[Text] = &[Ip(&[198, 51, 100, 7])];
pub(super) const NETS: Form = Form {
    beside: &[NET, AWAY, TEN],
};

/// 2001:db8:n::/48.
const fn network6(n: u8) -> [u8; 32] {
    let mut octets = [0; 32];
    let address = address6(n);
    let mut index = 0;
    while index < 6 {
        octets[index] = address[index];
        octets[16 + index] = 255;
        index += 1;
    }
    octets
}

/// 2001:db8:n::7.
const fn address6(n: u8) -> [u8; 16] {
    let mut octets = [0; 16];
    [octets[0], octets[1], octets[2], octets[3]] = [0x20, 1, 0x0d, 0xb8];
    octets[5] = n;
    octets[15] = 7;
    octets
}

const ADDRESS6_1: [u8; 16] = address6(1);
const ADDRESS6_2: [u8; 16] = address6(2);
pub(super) const ADDRESS6_3: [u8; 16] = address6(3);
const NETWORK6_1: [u8; 32] = network6(1);
const NETWORK6_2: [u8; 32] = network6(2);
const NETWORK6_3: [u8; 32] = network6(3);
pub(super) const NET6: Text = Ip(&NETWORK6_1);
pub(super) const AWAY6: Text = Ip(&NETWORK6_2);
pub(super) const THIRD6: Text = Ip(&NETWORK6_3);
pub(super) const NEAR6: &[Text] = &[Ip(&ADDRESS6_1)];
pub(super) const FAR6: &[Text] = &[Ip(&ADDRESS6_2)];
pub(super) const NETS6: Form = Form {
    beside: &[NET6, AWAY6, THIRD6],
};

/// Where a constraint stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// In the CA that issued the end entity.
    Issuer,
    /// In the CA above it.
    Upper,
    /// In the anchor.
    Anchor,
    /// In the anchor, below which the issuer permits everything of the form.
    Both,
}

impl Level {
    /// A row of the issuer, at this level.
    pub(super) const fn of(self, row: Row, form: &Form) -> Row {
        match self {
            Self::Issuer => row,
            Self::Upper => above(row),
            Self::Anchor => anchored(row),
            Self::Both => Row {
                issuer: Some([form.beside, &[]]),
                ..anchored(row)
            },
        }
    }
}

/// The row of a cell, at the issuer.
pub(super) const fn row(kind: Kind, subtrees: &'static [Text], [good, bad]: [Bearer; 2]) -> Row {
    let (permitted, excluded): (&[Text], &[Text]) = match kind {
        Kind::Permitted => (subtrees, &[]),
        Kind::Excluded => (&[], subtrees),
    };
    Row {
        permitted,
        excluded,
        good,
        bad,
        ..super::ROW
    }
}

/// The row of a base that is none, in the certificate that bears it.
pub(super) const fn broken_row(
    level: Level,
    form: &Form,
    [good, bad]: [[&'static [Text]; 2]; 2],
    class: Class,
) -> Row {
    let row = Row {
        permitted: good[0],
        excluded: good[1],
        spoilt: Some(bad),
        clause: "RFC 5280 section 4.2.1.10",
        reasons: super::form::REFUSED,
        ..super::ROW
    };
    let row = level.of(row, form);
    Row {
        positions: match level {
            Level::Issuer | Level::Upper => super::AT_ISSUER,
            Level::Anchor | Level::Both => row.positions,
        },
        class,
        severity: Severity::Low,
        ..row
    }
}

/// What a constraint does, as a value and in words.
macro_rules! kind {
    (permitted kind) => {
        $crate::defect::name_constraints::product::Kind::Permitted
    };
    (excluded kind) => {
        $crate::defect::name_constraints::product::Kind::Excluded
    };
    (permitted relation) => {
        " outside what "
    };
    (excluded relation) => {
        " inside what "
    };
    (permitted verb) => {
        " permits"
    };
    (excluded verb) => {
        " excludes"
    };
}
pub(super) use kind;

/// Where it stands, in words: the beginning of the id, who says it, the end of the summary, the end of the page.
macro_rules! level {
    (Issuer $then:ident! $rest:tt) => {
        $then!("" "the issuer" "" "" Issuer $rest)
    };
    (Upper $then:ident! $rest:tt) => {
        $then!("upper-" "a CA two levels up" ""
            " It holds for all that follows, however far below it stands." Upper $rest)
    };
    (Anchor $then:ident! $rest:tt) => {
        $then!("anchor-" "the trust anchor's certificate" ""
            " RFC 5280 takes name and key alone from an anchor and RFC 5937 its constraints too, as an operator expects \
             who wrote one there." Anchor $rest)
    };
    (Both $then:ident! $rest:tt) => {
        $then!("both-" "the trust anchor's certificate" ", below an issuer that permits it"
            " The issuer permits it all, which is not its to give: what is permitted is intersected on the way down, and \
             no permission undoes an exclusion." Both $rest)
    };
}
pub(super) use level;

/// A cell of the product at one level, as a row.
macro_rules! cell {
    ($prefix:literal $who:literal $below:literal $more:literal $level:ident
     [$kind:ident $form:ident $name:literal, $what:literal, $tail:literal, $fact:literal, $why:literal,
      $subtrees:expr, $good:expr, $bad:expr, { $($field:ident: $value:expr),* }]) => {{
        use $crate::defect::name_constraints::product::{self, kind};
        $crate::defect::name_constraints::Row {
            id: concat!("name-constraints/", $prefix, $name),
            summary: concat!($what, kind!($kind relation), $who, kind!($kind verb), $tail, $below),
            page: concat!("What ", $who, kind!($kind verb), " is ", $fact, ". ", $why, $more),
            $($field: $value,)*
            ..product::Level::$level.of(
                product::row(kind!($kind kind), $subtrees, [$good, $bad]),
                &$form,
            )
        }
    }};
}
pub(super) use cell;

/// A base that is none at one level, as a row: form, name, what it is, why it matters, what twin and
/// hostile case permit and exclude, class.
macro_rules! broken {
    ($prefix:literal $who:literal $below:literal $more:literal $level:ident
     [$form:ident $name:literal, $what:literal, $why:literal, $good:expr, $bad:expr, $class:ident]) => {{
        use $crate::defect::name_constraints::product;
        $crate::defect::name_constraints::Row {
            id: concat!("name-constraints/", $prefix, $name),
            summary: concat!($what, " in ", $who, $below),
            page: concat!("The constraint stands in ", $who, ". ", $why, $more),
            ..product::broken_row(
                product::Level::$level,
                &$form,
                [$good, $bad],
                $crate::defect::Class::$class,
            )
        }
    }};
}
pub(super) use broken;

/// The defects of a table of cells, at one level.
macro_rules! at_level {
    ($level:ident $then:ident: $($cell:tt)*) => {
        defects![$( level!($level $then! $cell), )*]
    };
}
pub(super) use at_level;

/// The defects of a table of cells, at each level but the issuer's own.
macro_rules! at_upper_levels {
    ($then:ident: $($cell:tt)*) => {
        defects![$(
            level!(Upper $then! $cell),
            level!(Anchor $then! $cell),
            level!(Both $then! $cell),
        )*]
    };
}
pub(super) use at_upper_levels;

#[cfg(test)]
mod tests {
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
                // A subject is where a directoryName stands in any case.
                _ if !alone && !(cell.form == Directory && is(Trait::SubjectOnly)) => {
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
                    (Trait::Several, of_form.len() > 1),
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

    /// The cells of the list that no defect fills although one could.
    fn unfilled(wanted: impl Iterator<Item = Cell>) -> Vec<Cell> {
        let filled: Vec<Cell> = DEFECTS.iter().flat_map(cells).collect();
        let is_filled = |cell: &Cell| {
            filled.iter().any(|other| {
                (other.form, other.kind, other.level) == (cell.form, cell.kind, cell.level)
                    && other.traits.is_superset(&cell.traits)
            })
        };
        let mut left = Vec::new();
        for cell in wanted {
            match (impossible(&cell), is_filled(&cell)) {
                (None, false) => left.push(cell),
                (Some(why), true) => {
                    panic!("{cell:?} is filled, and is said to be impossible: {why}")
                }
                _ => {}
            }
        }
        left
    }

    #[test]
    fn each_trait_of_each_form_stands_at_each_level() {
        let mut wanted = Vec::new();
        for form in FORMS {
            for kind in KINDS {
                for level in LEVELS {
                    let traits = TRAITS.map(|one| BTreeSet::from([one]));
                    let all = std::iter::once(BTreeSet::new()).chain(traits);
                    wanted.extend(all.map(|traits| Cell {
                        form,
                        kind,
                        level,
                        traits,
                    }));
                }
            }
        }
        assert_eq!(wanted.len(), 6 * 2 * 4 * 8);
        assert_eq!(unfilled(wanted.into_iter()), []);
    }

    #[test]
    fn any_two_traits_of_each_form_meet_at_the_issuer() {
        let mut wanted = Vec::new();
        for form in FORMS {
            for kind in KINDS {
                for (index, one) in TRAITS.into_iter().enumerate() {
                    for other in &TRAITS[index + 1..] {
                        wanted.push(Cell {
                            form,
                            kind,
                            level: Level::Issuer,
                            traits: BTreeSet::from([one, *other]),
                        });
                    }
                }
            }
        }
        assert_eq!(unfilled(wanted.into_iter()), []);
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
}
