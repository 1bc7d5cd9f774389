//! A CA of somebody's own, a certificate of it, or both, and the benign chains
//! made of them.
//!
//! Defects go into such a chain as into any other. So everything that a service
//! checks beside the defect stays as its operator made it: names, purposes,
//! policies, and the CA that the service trusts.

use super::{
    Minter,
    given::GivenKey,
    key::GIVEN,
    read::{self, Fields, ReadError},
};
use crate::{
    der::{Oid, oid},
    question::{PeerName, Purpose, Time},
    recipe::{
        Certificate, ExtensionValue, GeneralName, Key, KeyAlgorithm, KeyIdentifier, KeyUsageBit,
        Label, Recipe, Signing, TimeField,
        generate::{AuthorityIdentifier, Setting, add_fresh_crls},
    },
};

/// What a chain is made of instead of what a setting would make.
#[derive(Debug)]
pub struct Template {
    minter: Minter,
    authority: Option<Authority>,
    end_entity: Option<Certificate>,
}

/// A CA of somebody's own, which signs what stands below it.
#[derive(Debug)]
struct Authority {
    certificate: Certificate,
    der: Vec<u8>,
    /// Certificates above it, presented as they are.
    above: Vec<Vec<u8>>,
    /// pathLenConstraint
    path_length: Option<u64>,
    signs_crls: bool,
    /// Whether it is a root. Another is presented, since a verifier may trust what is above it.
    self_issued: bool,
}

/// A CA or a certificate that no benign chain can be made of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// The bytes are not a certificate.
    #[error("{what}: {error}")]
    Read {
        /// Which certificate.
        what: Given,
        /// What is wrong.
        error: ReadError,
    },
    /// The certificate has ended.
    #[error("{what}: it expired at {end}")]
    Expired {
        /// Which certificate.
        what: Given,
        /// Its last second.
        end: Time,
    },
    /// The certificate has not begun.
    #[error("{what}: it is not valid before {start}")]
    NotYetValid {
        /// Which certificate.
        what: Given,
        /// Its first second.
        start: Time,
    },
    /// A time of the certificate is no time.
    #[error("{what}: its validity cannot be read")]
    Validity {
        /// Which certificate.
        what: Given,
    },
    /// The private key is of another certificate.
    #[error("{what}: the private key is not the key of this certificate")]
    KeyMismatch {
        /// Which certificate.
        what: Given,
    },
    /// The CA's certificate is no CA's.
    #[error("the CA: its basic constraints do not say that it is one")]
    NotAnAuthority,
    /// The CA may not sign certificates.
    #[error("the CA: its key usage has no keyCertSign, so nothing that it signs can be valid")]
    NoKeyCertSign,
    /// The template is a CA's certificate.
    #[error("the template: it is the certificate of a CA; give one of a client or a server")]
    TemplateIsAuthority,
    /// The template is for neither end of TLS.
    #[error("the template: its extended key usage allows neither TLS clients nor TLS servers")]
    NoPurpose,
}

/// Which of the given certificates an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// The CA.
    Authority,
    /// The end entity that serves as a template.
    Template,
}

impl std::fmt::Display for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Authority => "the CA",
            Self::Template => "the template",
        })
    }
}

impl Template {
    /// Nothing given yet: chains as the setting makes them.
    pub fn new() -> Self {
        Self {
            minter: Minter::new(),
            authority: None,
            end_entity: None,
        }
    }

    /// Draws the keys of everything that is minted from 32 octets that nobody can guess.
    ///
    /// Keys that follow from labels alone are known to everybody, and what a
    /// real CA signs must not be usable by everybody. RSA keys are the test keys all the same.
    #[must_use]
    pub fn salted(mut self, salt: [u8; 32]) -> Self {
        self.minter.salt(salt);
        self
    }

    /// Mints below this CA. `certificates` are DER, the CA first; those after it
    /// are presented as they are, below no defect.
    ///
    /// # Errors
    /// When the CA is none at this time, may not sign certificates, or has another key.
    pub fn with_authority(
        mut self,
        certificates: &[Vec<u8>],
        key: GivenKey,
        time: Time,
    ) -> Result<Self, TemplateError> {
        let what = Given::Authority;
        let (der, above) = certificates.split_first().ok_or(TemplateError::Read {
            what,
            error: ReadError::NotACertificate("there is none"),
        })?;
        let fields = read(what, der, time)?;
        let GivenKey {
            algorithm,
            mut pair,
        } = key;
        if pair.spki != fields.public_key {
            return Err(TemplateError::KeyMismatch { what });
        }
        let (ca, path_length) = basic_constraints(&fields);
        if !ca {
            return Err(TemplateError::NotAnAuthority);
        }
        if !may(&fields, KeyUsageBit::KeyCertSign) {
            return Err(TemplateError::NoKeyCertSign);
        }
        if let Some(identifier) = fields.identifier() {
            pair.identifier = identifier.to_vec();
        }
        let key = Key::new(algorithm, format!("{GIVEN}ca"));
        let signs_crls = may(&fields, KeyUsageBit::CrlSign);
        let self_issued = fields.self_issued;
        let label = Label::from("anchor");
        let mut certificate = certificate(label.clone(), label, key.clone(), fields);
        follow_key(&mut certificate, &pair.identifier);
        self.minter
            .give(key, pair, Some((certificate.clone(), der.clone())));
        self.authority = Some(Authority {
            certificate,
            der: der.clone(),
            above: above.to_vec(),
            path_length,
            signs_crls,
            self_issued,
        });
        Ok(self)
    }

    /// Puts defects into this end entity, given as DER. Without its key it gets
    /// one of the same kind.
    ///
    /// # Errors
    /// When it is no end entity's certificate at this time, or has another key.
    pub fn with_end_entity(
        mut self,
        der: &[u8],
        key: Option<GivenKey>,
        time: Time,
    ) -> Result<Self, TemplateError> {
        let what = Given::Template;
        let fields = read(what, der, time)?;
        if basic_constraints(&fields).0 {
            return Err(TemplateError::TemplateIsAuthority);
        }
        if purposes(&fields).is_empty() {
            return Err(TemplateError::NoPurpose);
        }
        let identifier = fields.identifier().map(<[u8]>::to_vec);
        let key = match key {
            Some(GivenKey {
                algorithm,
                mut pair,
            }) => {
                if pair.spki != fields.public_key {
                    return Err(TemplateError::KeyMismatch { what });
                }
                if let Some(identifier) = &identifier {
                    pair.identifier.clone_from(identifier);
                }
                let key = Key::new(algorithm, format!("{GIVEN}end-entity"));
                self.minter.give(key.clone(), pair, None);
                key
            }
            None => Key::new(kind_of(&fields.public_key), "end-entity"),
        };
        let label = Label::from("end-entity");
        let mut certificate = certificate(label, "anchor".into(), key, fields);
        follow_key(&mut certificate, identifier.as_deref().unwrap_or_default());
        // Another may have issued the template than will sign now: an upper CA, or a stand-in.
        set_issuer_identifier(&mut certificate);
        self.end_entity = Some(certificate);
        Ok(self)
    }

    /// What mints the chains: it knows the keys that were given.
    pub fn minter(&self) -> &Minter {
        &self.minter
    }

    /// What the end entity may be used for.
    pub fn purposes(&self) -> Vec<Purpose> {
        match &self.end_entity {
            Some(end_entity) => purposes_of(end_entity.extension(&oid::EXTENDED_KEY_USAGE)),
            None => Purpose::ALL.to_vec(),
        }
    }

    /// The end entity, where one was given.
    pub fn end_entity(&self) -> Option<&Certificate> {
        self.end_entity.as_ref()
    }

    /// The label of the CA in recipes, where one was given.
    pub fn authority(&self) -> Option<&Label> {
        self.authority
            .as_ref()
            .map(|authority| &authority.certificate.label)
    }

    /// The trust anchor of every chain, where a CA was given.
    pub fn anchor(&self) -> Option<&[u8]> {
        self.authority
            .as_ref()
            .map(|authority| authority.der.as_slice())
    }

    /// Certificates above the CA, which are presented after the chain.
    pub fn above(&self) -> &[Vec<u8>] {
        self.authority
            .as_ref()
            .map_or(&[], |authority| &authority.above)
    }

    /// Whether a chain with CRLs can be benign: the CA may sign them.
    pub fn signs_crls(&self) -> bool {
        self.authority
            .as_ref()
            .is_none_or(|authority| authority.signs_crls)
    }

    /// The benign chain of a setting, with what was given in its place.
    pub fn recipe(&self, setting: &Setting) -> Recipe {
        let mut setting = setting.clone();
        let with_crls = std::mem::take(&mut setting.crls) && self.signs_crls();
        // Who issued a CA that is no root is not in the recipe, so that nothing can name the CA by it.
        let below_a_root = self.authority.as_ref().is_none_or(|one| one.self_issued);
        if !below_a_root {
            setting.authority_identifier = AuthorityIdentifier::Key;
        }
        let most = self
            .authority
            .as_ref()
            .and_then(|authority| authority.path_length);
        if let Some(most) = most.and_then(|most| u8::try_from(most).ok()) {
            setting.intermediates = setting.intermediates.min(most);
        }
        let mut recipe = setting.recipe();
        if let Some(authority) = &self.authority {
            if let Some(place) = recipe.certificate_mut(&authority.certificate.label) {
                *place = authority.certificate.clone();
            }
            if !authority.self_issued {
                recipe.presented.push(authority.certificate.label.clone());
            }
        }
        if let Some(given) = &self.end_entity
            && let Some(place) = recipe.certificate_mut(&given.label)
        {
            *place = Certificate {
                issuer: place.issuer.clone(),
                ..given.clone()
            };
            if !below_a_root {
                name_issuer_by_key(place);
            }
            if setting.purpose == Purpose::Server {
                recipe.name = server_name(given);
            }
            if self.authority.is_none()
                && let Some(anchor) = recipe.certificate_mut(&"anchor".into())
            {
                // The stand-in outlives what it signs.
                anchor.not_after = given.not_after.clone();
                anchor.not_before = given.not_before.clone();
            }
        }
        if with_crls {
            add_fresh_crls(&mut recipe);
        }
        recipe
    }
}

impl Default for Template {
    fn default() -> Self {
        Self::new()
    }
}

/// Reads a certificate that is valid at a time.
fn read(what: Given, der: &[u8], time: Time) -> Result<Fields, TemplateError> {
    let fields = read::certificate(der).map_err(|error| TemplateError::Read { what, error })?;
    let moment = |field: &TimeField| match field {
        TimeField::Moment(time) => Some(*time),
        TimeField::Literal { tag, text } => read::moment(text, &[*tag]),
    };
    let (Some(start), Some(end)) = (moment(&fields.not_before), moment(&fields.not_after)) else {
        return Err(TemplateError::Validity { what });
    };
    if time > end {
        return Err(TemplateError::Expired { what, end });
    }
    if time < start {
        return Err(TemplateError::NotYetValid { what, start });
    }
    Ok(fields)
}

fn certificate(label: Label, issuer: Label, key: Key, fields: Fields) -> Certificate {
    Certificate {
        label,
        issuer,
        subject: fields.subject,
        key,
        serial: fields.serial,
        not_before: fields.not_before,
        not_after: fields.not_after,
        version: fields.version,
        issuer_name: None,
        public_key: None,
        private_key: None,
        public_key_form: None,
        unique_identifiers: fields.unique_identifiers,
        signing: Signing::default(),
        edits_before_signing: Vec::new(),
        edits: Vec::new(),
        extensions: fields.extensions,
    }
}

fn basic_constraints(fields: &Fields) -> (bool, Option<u64>) {
    fields
        .extensions
        .iter()
        .find_map(|extension| match extension.value {
            ExtensionValue::BasicConstraints { ca, path_length } => Some((ca, path_length)),
            _ => None,
        })
        .unwrap_or((false, None))
}

/// Whether key usage allows it: without the extension everything is allowed.
fn may(fields: &Fields, bit: KeyUsageBit) -> bool {
    fields
        .extensions
        .iter()
        .find_map(|extension| match &extension.value {
            ExtensionValue::KeyUsage(bits) => Some(bits.contains(&bit)),
            _ => None,
        })
        .unwrap_or(true)
}

fn purposes(fields: &Fields) -> Vec<Purpose> {
    let usage = fields
        .extensions
        .iter()
        .find(|extension| extension.value.oid() == oid::EXTENDED_KEY_USAGE);
    purposes_of(usage)
}

fn purposes_of(usage: Option<&crate::recipe::Extension>) -> Vec<Purpose> {
    let Some(ExtensionValue::ExtendedKeyUsage(oids)) = usage.map(|usage| &usage.value) else {
        return match usage {
            Some(_) => Vec::new(),
            None => Purpose::ALL.to_vec(),
        };
    };
    let allows = |oid: &Oid| oids.contains(oid);
    [
        (Purpose::Client, oid::CLIENT_AUTH),
        (Purpose::Server, oid::SERVER_AUTH),
    ]
    .into_iter()
    .filter(|(_, oid)| allows(oid))
    .map(|(purpose, _)| purpose)
    .collect()
}

/// Key identifiers that are those of this key follow the keys from now on, as
/// they do in a certificate that a CA issues anew.
fn follow_key(certificate: &mut Certificate, own: &[u8]) {
    for extension in &mut certificate.extensions {
        match &mut extension.value {
            ExtensionValue::SubjectKeyIdentifier(identifier)
                if *identifier == KeyIdentifier::Fixed(own.into()) =>
            {
                *identifier = KeyIdentifier::OfKey;
            }
            ExtensionValue::AuthorityKeyIdentifier(identifier)
                if *identifier == KeyIdentifier::Fixed(own.into()) =>
            {
                *identifier = KeyIdentifier::OfKey;
            }
            _ => {}
        }
    }
}

fn set_issuer_identifier(certificate: &mut Certificate) {
    if let Some(extension) = certificate.extension_mut(&oid::AUTHORITY_KEY_IDENTIFIER) {
        extension.value = read::authority_identifier(&extension.value);
    }
}

/// Names the issuer by its key alone, where its certificate was named.
fn name_issuer_by_key(certificate: &mut Certificate) {
    if let Some(extension) = certificate.extension_mut(&oid::AUTHORITY_KEY_IDENTIFIER)
        && let ExtensionValue::AuthorityCertificate { .. } = extension.value
    {
        extension.value = ExtensionValue::AuthorityKeyIdentifier(KeyIdentifier::OfKey);
    }
}

/// The kind of key that a SubjectPublicKeyInfo holds, or the most usual one.
fn kind_of(spki: &[u8]) -> KeyAlgorithm {
    let holds = |oid: &Oid| {
        let wanted = oid.as_bytes();
        spki.get(..32.min(spki.len()))
            .is_some_and(|head| head.windows(wanted.len()).any(|window| window == wanted))
    };
    if holds(&oid::RSA_ENCRYPTION) {
        match spki.len() {
            0..400 => KeyAlgorithm::Rsa2048,
            _ => KeyAlgorithm::Rsa3072,
        }
    } else if holds(&oid::P384) {
        KeyAlgorithm::P384
    } else if holds(&oid::P521) {
        KeyAlgorithm::P521
    } else if holds(&oid::ED25519) {
        KeyAlgorithm::Ed25519
    } else {
        KeyAlgorithm::P256
    }
}

/// The first name of a server's certificate that a client can ask for.
fn server_name(certificate: &Certificate) -> Option<PeerName> {
    let extension = certificate.extension(&oid::SUBJECT_ALTERNATIVE_NAME)?;
    let ExtensionValue::SubjectAlternativeName(names) = &extension.value else {
        return None;
    };
    names.iter().find_map(|name| match name {
        GeneralName::Dns(name) => Some(PeerName::Dns(name.replacen("*.", "template.", 1))),
        GeneralName::Ip(address) => Some(PeerName::Ip(*address)),
        _ => None,
    })
}
