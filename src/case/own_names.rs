//! The names of a template in the place of the catalogue's own.
//!
//! Defects of names and constraints are written about one made-up organization. In a template
//! they must be about whom the certificate names, or a service that knows its peers refuses the
//! twin too.

use super::constraints;
use crate::{
    der::oid,
    question::{Identity, PeerName},
    recipe::{
        AttributeKind, Certificate, ExtensionValue, GeneralName, Label, Name, Recipe, StringForm,
    },
};

/// The domain, identities and names that the catalogue speaks of.
const DOMAIN: &str = "gatecrash.example";
/// A second organization, of which some defects of constraints speak beside the first.
const NEIGHBOUR: &str = "corp.example";
const URI: &str = "spiffe://gatecrash.example/device/7";
const EMAIL: &str = "device-7@gatecrash.example";
const HOSTS: [&str; 2] = ["device-7.gatecrash.example", "service.gatecrash.example"];
const ORGANIZATION: &str = "Gatecrash Example";
const COUNTRY: &str = "CH";
const COMMON_NAMES: [&str; 2] = ["device-7", "server 7"];

/// What stands for what.
#[derive(Clone, Debug, Default)]
pub(super) struct OwnNames {
    /// In alternative names and constraints, the longest first.
    parts: Vec<(&'static str, String)>,
    country: Option<String>,
    organization: Option<String>,
    common_name: Option<String>,
    subject: Name,
    alternative_names: Vec<GeneralName>,
}

impl OwnNames {
    /// Those of a certificate. Without a domain in it nothing is exchanged.
    pub(super) fn of(certificate: &Certificate) -> Self {
        let names: Vec<&GeneralName> = alternative_names(certificate)
            .into_iter()
            .flatten()
            .collect();
        let host = names.iter().find_map(|name| match name {
            GeneralName::Dns(host) if !host.contains('*') => Some(host.as_str()),
            _ => None,
        });
        let uri = names.iter().find_map(|name| match name {
            GeneralName::Uri(uri) => Some((uri.as_str(), host_of(uri)?)),
            _ => None,
        });
        let mailbox = names.iter().find_map(|name| match name {
            GeneralName::Email(mailbox) => Some((mailbox.as_str(), mailbox.rsplit_once('@')?.1)),
            _ => None,
        });
        let domain = match (host, uri, mailbox) {
            (Some(host), ..) => Some(domain_of(host)),
            (None, Some((_, host)), _) | (None, None, Some((_, host))) => Some(host),
            (None, None, None) => None,
        };
        let Some(domain) = domain else {
            return Self::default();
        };
        let mut parts = Vec::new();
        // What is in another domain would lie outside the constraints that are made of this one.
        if let Some((uri, _)) = uri.filter(|(_, host)| *host == domain) {
            parts.push((URI, uri.to_owned()));
        }
        if let Some((mailbox, _)) = mailbox.filter(|(_, host)| *host == domain) {
            parts.push((EMAIL, mailbox.to_owned()));
        }
        if let Some(host) = host {
            parts.extend(HOSTS.map(|own| (own, host.to_owned())));
        }
        parts.push((DOMAIN, domain.to_owned()));
        let attribute = |kind: &AttributeKind| {
            let mut all = certificate.subject.0.iter();
            all.find(|attribute| attribute.kind == *kind)
                .map(|attribute| attribute.value.clone())
        };
        Self {
            country: attribute(&AttributeKind::C),
            organization: attribute(&AttributeKind::O),
            common_name: attribute(&AttributeKind::CN),
            subject: certificate.subject.clone(),
            alternative_names: names.into_iter().cloned().collect(),
            parts,
        }
    }

    /// Exchanges the names of a twin and of what became of it. Where the twin has some of the
    /// template's names in the end, it has all of them; so has the other, where the defect left
    /// them alone.
    pub(super) fn put_into(&self, twin: &mut Recipe, hostile: &mut Recipe, given: Option<&Label>) {
        match self.with_neighbour() {
            _ if self.parts.is_empty() => {}
            Some(own) if bears_neighbour(twin) && !own.takes_in(twin, hostile) => {
                own.put_all_into(twin, hostile, given);
            }
            _ => self.put_all_into(twin, hostile, given),
        }
    }

    /// The same where the twin bears a name of the second organization: that is theirs then, and the
    /// first a house of it. Their CA may be for their domain alone, and the twin must stay good.
    fn with_neighbour(&self) -> Option<Self> {
        let mut own = self.clone();
        let (_, domain) = own.parts.pop()?;
        own.parts.push((DOMAIN, format!("home.{domain}")));
        own.parts.push((NEIGHBOUR, domain));
        Some(own)
    }

    /// Whether a name that the hostile case alone has would lie in what their names make room for.
    fn takes_in(&self, twin: &Recipe, hostile: &Recipe) -> bool {
        let [good, bad] =
            [twin, hostile].map(|recipe| end_entity(recipe).and_then(alternative_names));
        let good = good.unwrap_or_default();
        let bad = bad.unwrap_or_default().iter();
        let mut bad: Vec<_> = bad.filter(|name| !good.contains(name)).cloned().collect();
        self.names(&mut bad);
        let own = &self.alternative_names;
        bad.iter().any(|name| constraints::have_room_for(own, name))
    }

    fn put_all_into(&self, twin: &mut Recipe, hostile: &mut Recipe, given: Option<&Label>) {
        let (subject, names) = match (end_entity(twin), end_entity(hostile)) {
            (Some(one), Some(other)) => (
                one.subject == other.subject,
                alternative_names(one) == alternative_names(other),
            ),
            _ => (false, false),
        };
        self.exchange(twin, given);
        self.exchange(hostile, given);
        let Some(certificate) = end_entity(twin) else {
            return;
        };
        if is_part(&certificate.subject.0, &self.subject.0) {
            for (recipe, wanted) in [(&mut *twin, true), (&mut *hostile, subject)] {
                if wanted && let Some(certificate) = end_entity_mut(recipe) {
                    certificate.subject = self.subject.clone();
                }
            }
        }
        let all = &self.alternative_names;
        if constraints::are_stated(twin, given) {
            constraints::make_room(all, twin, hostile, given);
            return;
        }
        let stated = end_entity(twin).and_then(alternative_names);
        if stated.is_some_and(|stated| is_part(stated, all)) {
            for (recipe, wanted) in [(twin, true), (hostile, names)] {
                let certificate = end_entity_mut(recipe).filter(|_| wanted);
                let extension = certificate.and_then(|certificate| {
                    certificate.extension_mut(&oid::SUBJECT_ALTERNATIVE_NAME)
                });
                if let Some(extension) = extension {
                    extension.value = ExtensionValue::SubjectAlternativeName(all.clone());
                }
            }
        }
    }

    /// Exchanges the names of a recipe, those of the certificate `given` excepted.
    fn exchange(&self, recipe: &mut Recipe, given: Option<&Label>) {
        let end_entity = recipe.presented.first().cloned();
        // A CRL may name its issuer too; constraints alone are about the names of CAs.
        let of_directory = constraints::are_of_directory_names(recipe);
        for certificate in &mut recipe.certificates {
            if given == Some(&certificate.label) {
                continue;
            }
            if of_directory || end_entity.as_ref() == Some(&certificate.label) {
                self.subject(&mut certificate.subject);
            }
            for extension in &mut certificate.extensions {
                match &mut extension.value {
                    ExtensionValue::SubjectAlternativeName(names) => self.names(names),
                    ExtensionValue::NameConstraints {
                        permitted,
                        excluded,
                    } => {
                        self.names(permitted);
                        self.names(excluded);
                    }
                    _ => {}
                }
            }
        }
        if let Some(PeerName::Dns(text) | PeerName::Email(text)) = &mut recipe.name {
            self.text(text);
        }
        for identity in &mut recipe.admitted {
            match identity {
                Identity::Uri(text) | Identity::Dns(text) | Identity::Email(text) => {
                    self.text(text);
                }
                Identity::Subject(text) => self.subject_text(text),
            }
        }
    }

    fn names(&self, names: &mut [GeneralName]) {
        for name in names {
            match name {
                GeneralName::Dns(text)
                | GeneralName::Email(text)
                | GeneralName::Uri(text)
                | GeneralName::Other { value: text, .. } => self.text(text),
                GeneralName::Directory(name) => self.subject(name),
                _ => {}
            }
        }
    }

    fn text(&self, text: &mut String) {
        if let Some(theirs) = self.exchanged(text) {
            *text = theirs;
        }
    }

    /// The text with their names in it. `None` where it has none of ours.
    fn exchanged(&self, text: &str) -> Option<String> {
        let mut parts = self.parts.iter();
        if let Some((own, theirs)) = parts.find(|(own, _)| text.contains(own)) {
            return Some(text.replace(own, theirs));
        }
        // Defects of letter case write the domain in capitals, or with some.
        let small = text.is_ascii().then(|| text.to_ascii_lowercase())?;
        let mut domains = self.parts.iter().filter(|(own, _)| is_domain(own));
        let (at, (own, theirs)) = domains.find_map(|part| Some((small.find(part.0)?, part)))?;
        let mut exchanged = text.to_owned();
        exchanged.replace_range(at..at + own.len(), &theirs.to_ascii_uppercase());
        Some(exchanged)
    }

    fn subject(&self, name: &mut Name) {
        for attribute in &mut name.0 {
            let before = attribute.value.clone();
            match attribute.kind {
                AttributeKind::C if attribute.value == COUNTRY => {
                    if let Some(theirs) = &self.country {
                        attribute.value.clone_from(theirs);
                    }
                }
                AttributeKind::O => self.organization_in(&mut attribute.value),
                AttributeKind::CN => self.common_name_in(&mut attribute.value),
                AttributeKind::Email => self.text(&mut attribute.value),
                _ => {}
            }
            // Theirs may have letters that the string type of ours has not.
            if attribute.value != before && attribute.form == StringForm::Printable {
                attribute.form = StringForm::Utf8;
            }
        }
    }

    fn subject_text(&self, text: &mut String) {
        self.organization_in(text);
        self.common_name_in(text);
    }

    fn organization_in(&self, text: &mut String) {
        let Some(theirs) = &self.organization else {
            return;
        };
        if folded(text) == folded(ORGANIZATION) && text != ORGANIZATION {
            // Defects of case and spacing write it as nobody does.
            let capitals = text.chars().nth(1).is_some_and(char::is_uppercase);
            let spaces = if text.contains("  ") { "  " } else { " " };
            let spelt = match capitals {
                true => theirs.to_ascii_uppercase(),
                false => theirs.to_ascii_lowercase(),
            };
            *text = spelt.replacen(' ', spaces, 1);
        } else {
            *text = text.replace(ORGANIZATION, theirs);
        }
    }

    fn common_name_in(&self, text: &mut String) {
        if let Some(exchanged) = self.exchanged(text) {
            *text = exchanged;
        } else if let Some(theirs) = &self.common_name {
            for own in COMMON_NAMES {
                *text = text.replace(own, theirs);
            }
        }
    }
}

fn is_domain(own: &str) -> bool {
    [DOMAIN, NEIGHBOUR].contains(&own)
}

/// Whether the end entity has a name of the second organization.
fn bears_neighbour(recipe: &Recipe) -> bool {
    let Some(certificate) = end_entity(recipe) else {
        return false;
    };
    let names = alternative_names(certificate).unwrap_or_default();
    let alternatives = names.iter().filter_map(|name| match name {
        GeneralName::Dns(text) | GeneralName::Email(text) | GeneralName::Uri(text) => Some(text),
        _ => None,
    });
    let attributes = certificate.subject.0.iter().map(|one| &one.value);
    let mut texts = alternatives.chain(attributes);
    texts.any(|text| text.to_ascii_lowercase().contains(NEIGHBOUR))
}

/// A value as directory names are compared: without letter case, one space for several.
fn folded(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_ascii_lowercase()
}

/// Whether these are some of all, each once.
fn is_part<T: PartialEq>(some: &[T], all: &[T]) -> bool {
    let once = |index: usize| !some[..index].contains(&some[index]);
    !some.is_empty() && (0..some.len()).all(|index| once(index) && all.contains(&some[index]))
}

pub(super) fn end_entity(recipe: &Recipe) -> Option<&Certificate> {
    recipe.certificate(recipe.presented.first()?)
}

pub(super) fn end_entity_mut(recipe: &mut Recipe) -> Option<&mut Certificate> {
    let label = recipe.presented.first()?.clone();
    recipe.certificate_mut(&label)
}

pub(super) fn alternative_names(certificate: &Certificate) -> Option<&[GeneralName]> {
    match &certificate.extension(&oid::SUBJECT_ALTERNATIVE_NAME)?.value {
        ExtensionValue::SubjectAlternativeName(names) => Some(names),
        _ => None,
    }
}

/// The domain that a host stands in: itself where it has two labels or one.
fn domain_of(host: &str) -> &str {
    match host.split_once('.') {
        Some((_, domain)) if domain.contains('.') => domain,
        _ => host,
    }
}

/// The host of a URI with an authority.
pub(super) fn host_of(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    (!host.is_empty()).then_some(host)
}
