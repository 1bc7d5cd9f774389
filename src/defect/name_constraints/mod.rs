//! *name-constraints*: names outside what an issuer may vouch for.
//!
//! The family is a product: form of name × permitted or excluded × wildcard,
//! case, dots × where the constraint stands × where the name stands. So each
//! entry is a [`Row`] of names, and the rows' two steps are the same for all.

mod address;
mod carried;
mod directory;
mod dns;
mod form;
mod level;
mod mail;
mod met;
mod product;
#[cfg(test)]
mod product_tests;
mod three;
mod two_levels;
mod uri;

use super::{
    Class, Defect, DefectId, Position, Severity, Unfit,
    catalogue::{joined, total},
    certificate_at, label_at,
};
use crate::{
    der::{Oid, oid},
    question::Purpose,
    recipe::{
        Attribute, AttributeKind, Extension, ExtensionValue, GeneralName, Label, Name, Recipe,
    },
    verdict::{Clause, Reason},
};

/// The family.
pub(super) const DEFECTS: &[Defect] = &joined::<{ total(PARTS) }>(PARTS);

/// The tables of the family, in the order in which it is read.
const PARTS: &[&[Defect]] = &[
    dns::DEFECTS,
    address::DEFECTS,
    mail::DEFECTS,
    uri::DEFECTS,
    directory::DEFECTS,
    level::DEFECTS,
    carried::CARRIED,
    carried::EVERYWHERE,
    carried::AT_BOTH,
    two_levels::ROWS,
    two_levels::OF_ISSUER,
    met::MET,
    three::TOGETHER,
    three::DIRECTORIES,
    form::ROWS,
    form::MALFORMED,
    form::ADDRESSES,
    form::TWICE,
    carried::BROKEN_AT_ISSUER,
    carried::BROKEN,
];

/// A name as a table writes it: of the end entity, or the base of a subtree.
#[derive(Clone, Copy)]
enum Text {
    Dns(&'static str),
    Email(&'static str),
    Uri(&'static str),
    /// Octets of an iPAddress: 4 or 16 for a name, 8 or 32 for a subtree.
    Ip(&'static [u8]),
    /// organizationName and organizationalUnitName below the country CH.
    Directory(&'static [&'static str]),
    /// otherName of the type SmtpUTF8Mailbox (RFC 9598).
    Mailbox(&'static str),
    /// registeredID, the octets of an identifier.
    Registered(&'static [u8]),
    /// A GeneralName of another kind, as DER.
    Other(&'static [u8]),
}

/// Where the name stands that the constraint is about.
#[derive(Clone, Copy)]
enum Bearer {
    /// As further subject alternative names.
    Alternative(&'static [Text]),
    /// As the only subject alternative names. Such a row is for clients, who are asked for no name.
    OnlyAlternative(&'static [Text]),
    /// As the subject, and the subject alternative names stay.
    Subject(&'static [&'static str]),
    /// As the subject and as further subject alternative names.
    SubjectAndAlternative(&'static [&'static str], &'static [Text]),
    /// As an emailAddress attribute of the subject, without subject alternative names.
    SubjectEmail(&'static str),
    /// As the commonName alone, without subject alternative names.
    CommonName(&'static str),
    /// Nowhere: the subject is empty, and the subject alternative names stay.
    NoSubject,
}

/// Which certificate the constraint stands in.
#[derive(Clone, Copy)]
enum Place {
    /// The one at the defect's position.
    Position,
    /// The intermediate above the issuer of the end entity.
    UpperIntermediate,
}

/// One entry of the product.
#[derive(Clone, Copy)]
struct Row {
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    permitted: &'static [Text],
    excluded: &'static [Text],
    /// What the end entity of the twin bears.
    good: Bearer,
    /// What the hostile end entity bears in its place.
    bad: Bearer,
    place: Place,
    /// What the issuer of the end entity permits and excludes beside it, where the place is above it.
    issuer: Option<[&'static [Text]; 2]>,
    /// What the constraint permits and excludes in the hostile case, where the constraint itself is wrong.
    spoilt: Option<[&'static [Text]; 2]>,
    critical: bool,
    purposes: &'static [Purpose],
    positions: &'static [Position],
    class: Class,
    severity: Severity,
    clause: Clause,
    reasons: &'static [Reason],
    vulnerabilities: &'static [&'static str],
}

const AT_ISSUER: &[Position] = &[Position::Intermediate];
const CLIENT: &[Purpose] = &[Purpose::Client];
const VIOLATED: &[Reason] = &[Reason::NameConstraint, Reason::UnsupportedNameConstraint];

/// What most rows share: a critical constraint of the issuer, and two further names.
const ROW: Row = Row {
    id: "",
    summary: "",
    page: "",
    permitted: &[],
    excluded: &[],
    good: Bearer::Alternative(&[]),
    bad: Bearer::Alternative(&[]),
    place: Place::Position,
    issuer: None,
    spoilt: None,
    critical: true,
    purposes: &Purpose::ALL,
    positions: AT_ISSUER,
    class: Class::MustReject,
    severity: Severity::High,
    clause: "RFC 5280 sections 4.2.1.10 and 6.1.3 (b), (c)",
    reasons: VIOLATED,
    vulnerabilities: &[],
};

/// A row of one permitted subtree and two further names.
const fn permitted(
    id: &'static str,
    subtrees: &'static [Text],
    [good, bad]: [&'static [Text]; 2],
    summary: &'static str,
    page: &'static str,
) -> Row {
    Row {
        id,
        summary,
        page,
        permitted: subtrees,
        good: Bearer::Alternative(good),
        bad: Bearer::Alternative(bad),
        ..ROW
    }
}

/// A row of excluded subtrees and two further names.
const fn excluded(
    id: &'static str,
    subtrees: &'static [Text],
    names: [&'static [Text]; 2],
    summary: &'static str,
    page: &'static str,
) -> Row {
    Row {
        permitted: &[],
        excluded: subtrees,
        ..permitted(id, subtrees, names, summary, page)
    }
}

/// The defects of a table of rows.
macro_rules! defects {
    ($($row:expr,)*) => {
        &[$({
            const THIS: $crate::defect::name_constraints::Row = $row;
            $crate::defect::Defect {
                prepare: |recipe, position| THIS.prepare(recipe, position),
                spoil: |recipe, position| THIS.spoil(recipe, position),
                ..THIS.defect()
            }
        },)*]
    };
}
use defects;

impl Row {
    const fn defect(&self) -> Defect {
        Defect {
            id: DefectId(self.id),
            summary: self.summary,
            page: self.page,
            clause: self.clause,
            severity: self.severity,
            class: self.class,
            positions: self.positions,
            purposes: self.purposes,
            reasons: self.reasons,
            vulnerabilities: self.vulnerabilities,
            prepare: super::as_it_is,
            spoil: super::as_it_is,
        }
    }

    /// The certificate with the constraint.
    fn place(&self, recipe: &Recipe, position: Position) -> Result<Label, Unfit> {
        match self.place {
            Place::Position => label_at(recipe, position),
            Place::UpperIntermediate => upper_intermediate(recipe),
        }
    }

    fn spoil(&self, recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
        if let Some(subtrees) = self.spoilt {
            let label = self.place(recipe, position)?;
            constrain(recipe, &label, subtrees, self.critical)?;
        }
        self.bad.put_in_place_of(&self.good, recipe)
    }

    fn prepare(&self, recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
        let label = self.place(recipe, position)?;
        let subtrees = [self.permitted, self.excluded];
        constrain(recipe, &label, subtrees, self.critical)?;
        if let Some(subtrees) = self.issuer {
            let issuer = label_at(recipe, Position::Intermediate)?;
            constrain(recipe, &issuer, subtrees, self.critical)?;
        }
        self.good.put_on(recipe)
    }
}

/// Puts a constraint on a certificate: permitted subtrees, excluded ones. CAs below it
/// are named as it permits.
fn constrain(
    recipe: &mut Recipe,
    label: &Label,
    [permitted, excluded]: [&[Text]; 2],
    critical: bool,
) -> Result<(), Unfit> {
    let subtrees = |texts: &[Text]| texts.iter().map(Text::general_name).collect();
    let certificate = recipe
        .certificate_mut(label)
        .ok_or(Unfit("the certificate is not in the recipe"))?;
    certificate.set_extension(Extension {
        critical,
        value: ExtensionValue::NameConstraints {
            permitted: subtrees(permitted),
            excluded: subtrees(excluded),
        },
    });
    if let Some(Text::Directory(home)) = permitted.first() {
        let path = recipe.issuers_of_end_entity();
        let below = path.iter().skip(1).take_while(|ca| *ca != label);
        for ca in below {
            if let Some(certificate) = recipe.certificate_mut(ca) {
                certificate.subject = directory_name(&[home, &[ca.0.as_str()][..]].concat());
            }
        }
    }
    Ok(())
}

impl Text {
    fn general_name(&self) -> GeneralName {
        match *self {
            Self::Dns(text) => GeneralName::Dns(text.into()),
            Self::Email(text) => GeneralName::Email(text.into()),
            Self::Uri(text) => GeneralName::Uri(text.into()),
            Self::Ip(octets) => GeneralName::IpBytes(octets.into()),
            Self::Directory(parts) => GeneralName::Directory(directory_name(parts)),
            Self::Mailbox(text) => GeneralName::Other {
                kind: oid::SMTP_UTF8_MAILBOX,
                value: text.into(),
            },
            Self::Registered(octets) => GeneralName::RegisteredId(Oid::known(octets)),
            Self::Other(octets) => GeneralName::Raw(octets.into()),
        }
    }
}

/// `C=CH`, then organization, organizational units.
fn directory_name(parts: &[&str]) -> Name {
    let mut kinds = [AttributeKind::O, AttributeKind::OU, AttributeKind::CN].into_iter();
    let mut attributes = vec![Attribute::new(AttributeKind::C, "CH")];
    for part in parts {
        let kind = kinds.next().unwrap_or(AttributeKind::CN);
        attributes.push(Attribute::new(kind, *part));
    }
    Name(attributes)
}

impl Bearer {
    /// Gives the end entity these names and takes those of the other away.
    fn put_in_place_of(&self, other: &Self, recipe: &mut Recipe) -> Result<(), Unfit> {
        if let (
            Self::Alternative(_) | Self::SubjectAndAlternative(..),
            Self::Alternative(old) | Self::SubjectAndAlternative(_, old),
        ) = (self, other)
        {
            let old: Vec<GeneralName> = old.iter().map(Text::general_name).collect();
            let end_entity = certificate_at(recipe, Position::EndEntity)?;
            end_entity
                .alternative_names_mut()
                .retain(|name| !old.contains(name));
        }
        self.put_on(recipe)
    }

    /// Gives the end entity these names. Alternative names that it has already stay.
    fn put_on(&self, recipe: &mut Recipe) -> Result<(), Unfit> {
        let asked = recipe.name.is_some();
        let end_entity = certificate_at(recipe, Position::EndEntity)?;
        match *self {
            Self::Alternative(names) => {
                let others = end_entity.alternative_names_mut();
                for name in names.iter().map(Text::general_name) {
                    if !others.contains(&name) {
                        others.push(name);
                    }
                }
                if others.is_empty() {
                    // The list may not be empty (RFC 5280 section 4.2.1.6), which would be another defect.
                    end_entity.remove_extension(&oid::SUBJECT_ALTERNATIVE_NAME);
                }
            }
            Self::OnlyAlternative(_) | Self::SubjectEmail(_) | Self::CommonName(_) if asked => {
                return Err(Unfit(
                    "the peer is asked for a name, which stands in the alternative names",
                ));
            }
            Self::OnlyAlternative(names) => {
                *end_entity.alternative_names_mut() =
                    names.iter().map(Text::general_name).collect();
            }
            Self::Subject(parts) => end_entity.subject = directory_name(parts),
            Self::SubjectAndAlternative(parts, names) => {
                Self::Subject(parts).put_on(recipe)?;
                Self::Alternative(names).put_on(recipe)?;
            }
            Self::SubjectEmail(text) => {
                end_entity.remove_extension(&oid::SUBJECT_ALTERNATIVE_NAME);
                let mut subject = directory_name(&["Gatecrash Example", "Devices", "device-7"]);
                subject.0.push(Attribute::new(AttributeKind::Email, text));
                end_entity.subject = subject;
            }
            Self::NoSubject => {
                end_entity.subject = Name(Vec::new());
                // RFC 5280 section 4.2.1.6
                if let Some(names) = end_entity.extension_mut(&oid::SUBJECT_ALTERNATIVE_NAME) {
                    names.critical = true;
                }
            }
            Self::CommonName(text) => {
                end_entity.remove_extension(&oid::SUBJECT_ALTERNATIVE_NAME);
                end_entity.subject = Name::of("Gatecrash Example", text);
            }
        }
        Ok(())
    }
}

/// The label of the CA above the issuer of the end entity, where that is not the anchor.
fn upper_intermediate(recipe: &Recipe) -> Result<Label, Unfit> {
    let path = recipe.issuers_of_end_entity();
    if path.len() > 3 {
        Ok(path[2].clone())
    } else {
        Err(Unfit("the chain has no second intermediate"))
    }
}
