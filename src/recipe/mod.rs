//! The typed description of a case: who issues whom, what is presented and
//! trusted, which CRLs there are, and what is asked.
//!
//! A recipe is text (TOML) and says everything: the same recipe gives the same
//! bytes on every machine. It can say wrong things on purpose.

mod certificate;
mod extension;
mod flaw;
mod key;
mod name;
mod ocsp;
mod shared;
mod text;
mod wild;

pub mod generate;
pub mod shrink;

use serde::{Deserialize, Serialize};

pub use certificate::{
    Certificate, Crl, Label, Revoked, Signing, TimeField, UniqueIdentifier, Version,
};
pub use extension::{DistributionPoint, Extension, ExtensionValue, KeyIdentifier, KeyUsageBit};
pub use flaw::{PublicKeyForm, SignatureFlaw};
pub use key::{InvalidKey, Key, KeyAlgorithm, SignatureAlgorithm};
pub use name::{Attribute, AttributeKind, GeneralName, Name, StringForm};
pub use ocsp::{OcspAnswer, OcspHash, OcspResponse, OcspStatus, Responder};
pub use shared::Shared;
pub use text::RecipeError;
pub(crate) use text::stray_table;

use crate::{
    question::{Identity, PeerName, Purpose, Time},
    script::Script,
};

/// How many certificates a recipe may hold, so that any recipe is minted quickly.
pub const MAX_CERTIFICATES: usize = 256;

/// A case, described.
///
/// Labels are unique, and every label that is named exists: [`Recipe::check`]
/// tells, and minting asks it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Recipe {
    /// What the end entity is to be used for.
    pub purpose: Purpose,
    /// The validation time.
    pub time: Time,
    /// The name under which the peer is expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<PeerName>,
    /// Who is let in: one of these must be the end entity's identity. Empty means anybody who is trusted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub admitted: Vec<Identity>,
    /// What is trusted.
    pub anchors: Vec<Label>,
    /// What the peer presents: the end entity, then other certificates.
    pub presented: Vec<Label>,
    /// The certificates.
    #[serde(rename = "certificate")]
    pub certificates: Vec<Shared<Certificate>>,
    /// The CRLs. When there are any, the status of the whole chain is checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty", rename = "crl")]
    pub crls: Vec<Shared<Crl>>,
    /// The OCSP response that the peer staples. When there is one, the status
    /// of the whole chain is checked, and it is the end entity's evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ocsp: Option<OcspResponse>,
    /// How the peer shakes hands. When it is told, the case is about that, and only
    /// engines that shake hands are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handshake: Option<Script>,
}

impl Recipe {
    /// The certificate with this label.
    pub fn certificate(&self, label: &Label) -> Option<&Certificate> {
        self.certificates
            .iter()
            .find(|certificate| certificate.label == *label)
            .map(|certificate| &**certificate)
    }

    /// The certificate with this label, to change.
    pub fn certificate_mut(&mut self, label: &Label) -> Option<&mut Certificate> {
        self.certificates
            .iter_mut()
            .find(|certificate| certificate.label == *label)
            .map(|certificate| &mut **certificate)
    }

    /// What each nameConstraints of the recipe permits, and what it excludes.
    pub fn name_constraints(&self) -> impl Iterator<Item = [&[GeneralName]; 2]> {
        let extensions = self.certificates.iter().flat_map(|one| &one.extensions);
        extensions.filter_map(|extension| match &extension.value {
            ExtensionValue::NameConstraints {
                permitted,
                excluded,
            } => Some([permitted.as_slice(), excluded]),
            _ => None,
        })
    }

    /// The label of the end entity.
    ///
    /// # Errors
    /// When nothing is presented.
    pub fn end_entity(&self) -> Result<&Label, RecipeError> {
        self.presented.first().ok_or(RecipeError::NothingPresented)
    }

    /// Labels of the true path from the end entity up to a trust anchor, both included.
    ///
    /// It follows issuers' labels, and ends early at a certificate that issues itself.
    pub fn issuers_of_end_entity(&self) -> Vec<Label> {
        self.true_path().into_iter().cloned().collect()
    }

    /// The same, borrowed.
    pub(crate) fn true_path(&self) -> Vec<&Label> {
        let mut path = Vec::with_capacity(8);
        let mut next = self.presented.first();
        while let Some(certificate) = next.and_then(|label| self.certificate(label)) {
            if path.contains(&&certificate.label) {
                break;
            }
            path.push(&certificate.label);
            next = (!certificate.is_self_signed()).then_some(&certificate.issuer);
        }
        path
    }

    /// The same for another client of the same issuer: another name, serial number and key.
    pub fn of_another_client(&self) -> Option<Self> {
        let mut recipe = self.clone();
        let label = recipe.end_entity().ok()?.clone();
        let certificate = recipe.certificate_mut(&label)?;
        // The committed RSA keys have fixed labels, of which this is one.
        certificate.key.label = "stranger".to_owned();
        certificate.subject = Name::common("another client");
        if let Some(last) = certificate.serial.0.last_mut() {
            *last ^= 0x55;
        }
        for extension in &mut certificate.extensions {
            if let ExtensionValue::SubjectAlternativeName(names) = &mut extension.value {
                *names = vec![GeneralName::Dns(
                    "another-client.gatecrash.example".to_owned(),
                )];
            }
        }
        recipe.handshake = None;
        Some(recipe)
    }

    /// Whether the recipe holds together.
    ///
    /// # Errors
    /// Names the first label that is missing, repeated or out of bounds.
    pub fn check(&self) -> Result<(), RecipeError> {
        self.end_entity()?;
        if self.certificates.len() > MAX_CERTIFICATES {
            return Err(RecipeError::TooManyCertificates(self.certificates.len()));
        }
        for (index, certificate) in self.certificates.iter().enumerate() {
            if self.certificates[..index]
                .iter()
                .any(|earlier| earlier.label == certificate.label)
            {
                return Err(RecipeError::RepeatedLabel(certificate.label.clone()));
            }
        }
        let issuers = self
            .certificates
            .iter()
            .map(|certificate| &certificate.issuer);
        let crl_issuers = self.crls.iter().map(|crl| &crl.issuer);
        let responders = self.ocsp.iter().flat_map(|response| {
            let issuers = response.answers.iter().map(|answer| &answer.issuer);
            [&response.signer]
                .into_iter()
                .chain(&response.certificates)
                .chain(issuers)
        });
        for label in self
            .anchors
            .iter()
            .chain(&self.presented)
            .chain(issuers)
            .chain(crl_issuers)
            .chain(responders)
        {
            if self.certificate(label).is_none() {
                return Err(RecipeError::UnknownLabel(label.clone()));
            }
        }
        self.handshake.as_ref().map_or(Ok(()), Script::check)?;
        Ok(())
    }
}
