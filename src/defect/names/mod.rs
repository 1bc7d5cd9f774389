//! *names*: certificates that are not for the name that was asked, or whose names are malformed.

mod address;
mod form;
mod host;
mod other_kind;

use super::{
    Class, Defect, DefectId, Position, Severity, Unfit, as_it_is,
    catalogue::{joined, total},
    certificate_at,
};
use crate::{
    der::oid,
    question::Purpose,
    recipe::{Attribute, AttributeKind, GeneralName, Name, Recipe},
    verdict::Reason,
};

/// The family.
pub(super) const DEFECTS: &[Defect] = &joined::<{ total(PARTS) }>(PARTS);

const PARTS: &[&[Defect]] = &[
    host::DEFECTS,
    address::DEFECTS,
    other_kind::DEFECTS,
    form::DEFECTS,
];

const AT_END_ENTITY: &[Position] = &[Position::EndEntity];
const MISMATCH: &[Reason] = &[
    Reason::NameMismatch,
    Reason::MalformedName,
    Reason::MalformedExtension,
];

/// An alternative name as a table writes it.
#[derive(Clone, Copy)]
enum Text {
    Dns(&'static str),
    Email(&'static str),
    Uri(&'static str),
    Ip(&'static [u8]),
    /// A directoryName of this commonName.
    Directory(&'static str),
    /// otherName of the type SmtpUTF8Mailbox, which is no host.
    Other(&'static str),
}

/// One server name that was asked, and two certificates.
#[derive(Clone, Copy)]
struct Row {
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    /// What the client asks for: a host or an address.
    asked: &'static str,
    /// The alternative names of the twin.
    good: &'static [Text],
    /// The alternative names of the hostile certificate; none means no extension.
    bad: &'static [Text],
    /// The commonNames of both.
    common_names: &'static [&'static str],
    /// The organization of both, where a string may pretend to be more than one attribute.
    organization: &'static str,
    class: Class,
    severity: Severity,
    vulnerabilities: &'static [&'static str],
}

/// The name that most rows ask for.
const SERVICE: &str = "service.gatecrash.example";

/// What most rows share.
const ROW: Row = Row {
    id: "",
    summary: "",
    page: "",
    asked: SERVICE,
    good: &[Text::Dns(SERVICE)],
    bad: &[],
    common_names: &["server 7"],
    organization: "Gatecrash Example",
    class: Class::MustReject,
    severity: Severity::Critical,
    vulnerabilities: &[],
};

/// A certificate for these names where [`SERVICE`] was asked.
const fn named(
    id: &'static str,
    bad: &'static [Text],
    summary: &'static str,
    page: &'static str,
) -> Row {
    Row {
        id,
        summary,
        page,
        bad,
        ..ROW
    }
}

/// The defects of a table of rows.
macro_rules! defects {
    ($($row:expr,)*) => {
        &[$({
            const THIS: $crate::defect::names::Row = $row;
            $crate::defect::Defect {
                prepare: |recipe, _| THIS.prepare(recipe),
                spoil: |recipe, _| THIS.spoil(recipe),
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
            clause: "RFC 9525 section 6",
            severity: self.severity,
            class: self.class,
            positions: AT_END_ENTITY,
            purposes: &[Purpose::Server],
            reasons: MISMATCH,
            vulnerabilities: self.vulnerabilities,
            prepare: as_it_is,
            spoil: as_it_is,
        }
    }

    fn prepare(&self, recipe: &mut Recipe) -> Result<(), Unfit> {
        let asked = self
            .asked
            .parse()
            .map_err(|_| Unfit("the name cannot be asked for"))?;
        recipe.name = Some(asked);
        let mut subject = vec![Attribute::new(AttributeKind::O, self.organization)];
        for common_name in self.common_names {
            subject.push(Attribute::new(AttributeKind::CN, *common_name));
        }
        certificate_at(recipe, Position::EndEntity)?.subject = Name(subject);
        let end_entity = certificate_at(recipe, Position::EndEntity)?;
        *end_entity.alternative_names_mut() = general_names(self.good);
        Ok(())
    }

    /// Puts the bad names in the place of the good ones. What another defect has put beside them
    /// stays: a constraint may be about it.
    fn spoil(&self, recipe: &mut Recipe) -> Result<(), Unfit> {
        let end_entity = certificate_at(recipe, Position::EndEntity)?;
        if self.bad.is_empty() {
            end_entity.remove_extension(&oid::SUBJECT_ALTERNATIVE_NAME);
            return Ok(());
        }
        let good = general_names(self.good);
        let names = end_entity.alternative_names_mut();
        names.retain(|name| !good.contains(name));
        let others = std::mem::replace(names, general_names(self.bad));
        names.extend(others);
        Ok(())
    }
}

fn general_names(names: &[Text]) -> Vec<GeneralName> {
    names.iter().map(Text::general_name).collect()
}

impl Text {
    fn general_name(&self) -> GeneralName {
        match *self {
            Self::Dns(text) => GeneralName::Dns(text.into()),
            Self::Email(text) => GeneralName::Email(text.into()),
            Self::Uri(text) => GeneralName::Uri(text.into()),
            Self::Ip(octets) => GeneralName::IpBytes(octets.into()),
            Self::Directory(text) => GeneralName::Directory(Name::common(text)),
            Self::Other(text) => GeneralName::Other {
                kind: oid::SMTP_UTF8_MAILBOX,
                value: text.into(),
            },
        }
    }
}
