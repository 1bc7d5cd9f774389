//! OCSP responses (RFC 6960 section 4.2.1).

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{
    MintError, Minter,
    certificate::{signer, write_given_identifier},
    encode::{Identifiers, generalized_time, write_extensions},
    unknown,
};
use crate::{
    der::{Edit, Writer, oid, tag},
    recipe::{Label, OcspAnswer, OcspHash, OcspResponse, OcspStatus, Recipe, Responder, TimeField},
};

impl Minter {
    /// The OCSP response of a recipe, as DER.
    ///
    /// # Errors
    /// When a label is unknown, or it cannot be written as the recipe says.
    pub fn ocsp_response(
        &self,
        recipe: &Recipe,
        response: &OcspResponse,
    ) -> Result<Vec<u8>, MintError> {
        let label = Label::from("ocsp");
        let failed = |error| MintError::Edit {
            label: label.clone(),
            error,
        };
        let mut w = Writer::new();
        if response.status != 0 {
            w.sequence(|w| w.element(tag::ENUMERATED, &[response.status]));
            return Edit::apply_all(&response.edits, w.into_bytes()).map_err(failed);
        }
        let signer_certificate = recipe
            .certificate(&response.signer)
            .ok_or_else(|| unknown(&response.signer))?;
        let (key, algorithm) = signer(&response.signing, signer_certificate);
        let data = Edit::apply_all(
            &response.edits_before_signing,
            self.response_data(recipe, response)?,
        )
        .map_err(failed)?;
        let signature = match &response.signing.signature {
            Some(octets) => octets.0.as_slice().into(),
            None => self.sign(key, (algorithm, None), &data)?,
        };
        let certificates: Vec<Vec<u8>> = response
            .certificates
            .iter()
            .map(|label| self.certificate(recipe, label))
            .collect::<Result<_, _>>()?;
        let mut basic = Writer::new();
        basic.sequence(|w| {
            w.raw(&data);
            write_given_identifier(w, response.signing.outer_identifier.as_ref(), algorithm);
            w.bit_string(&signature);
            if !certificates.is_empty() {
                w.nest(tag::context_constructed(0), |w| {
                    w.sequence(|w| {
                        certificates
                            .iter()
                            .for_each(|certificate| w.raw(certificate))
                    });
                });
            }
        });
        let basic =
            Edit::apply_all(&response.edits_of_basic, basic.into_bytes()).map_err(failed)?;
        w.sequence(|w| {
            w.element(tag::ENUMERATED, &[0]);
            w.nest(tag::context_constructed(0), |w| {
                w.sequence(|w| {
                    w.oid(&oid::OCSP_BASIC);
                    w.element(tag::OCTET_STRING, &basic);
                });
            });
        });
        Edit::apply_all(&response.edits, w.into_bytes()).map_err(failed)
    }

    /// `ResponseData`
    fn response_data(
        &self,
        recipe: &Recipe,
        response: &OcspResponse,
    ) -> Result<Vec<u8>, MintError> {
        let signer_certificate = recipe
            .certificate(&response.signer)
            .ok_or_else(|| unknown(&response.signer))?;
        let signer_key = self.key(&signer_certificate.key)?;
        let name = match &response.responder {
            Some(Responder::Name(name)) => self.name(name)?,
            _ => self.name(&signer_certificate.subject)?,
        };
        let answers = response
            .answers
            .iter()
            .map(|answer| self.answer(recipe, answer))
            .collect::<Result<Vec<_>, _>>()?;
        let identifiers = Identifiers {
            subject: &signer_key.identifier,
            issuer: &signer_key.identifier,
            issuer_certificate: None,
        };
        let mut result = Ok(());
        let mut w = Writer::new();
        w.sequence(|w| {
            match &response.responder {
                None | Some(Responder::Name(_)) => {
                    w.nest(tag::context_constructed(1), |w| w.raw(&name))
                }
                Some(Responder::KeyOfSigner) => w.nest(tag::context_constructed(2), |w| {
                    w.element(tag::OCTET_STRING, &Sha1::digest(&signer_key.public_key));
                }),
                Some(Responder::Key(octets)) => {
                    w.nest(tag::context_constructed(2), |w| {
                        w.element(tag::OCTET_STRING, &octets.0)
                    });
                }
            }
            write_generalized(w, &response.produced_at);
            w.sequence(|w| answers.iter().for_each(|answer| w.raw(answer)));
            if !response.extensions.is_empty() {
                w.nest(tag::context_constructed(1), |w| {
                    result = write_extensions(w, &response.extensions, &identifiers);
                });
            }
        });
        result.map(|()| w.into_bytes())
    }

    /// `SingleResponse`
    fn answer(&self, recipe: &Recipe, answer: &OcspAnswer) -> Result<Vec<u8>, MintError> {
        let issuer = recipe
            .certificate(&answer.issuer)
            .ok_or_else(|| unknown(&answer.issuer))?;
        let issuer_key = self.key(&issuer.key)?;
        let issuer_name = self.name(&issuer.subject)?;
        let digest = |bytes: &[u8]| match answer.hash {
            OcspHash::Sha1 => Sha1::digest(bytes).to_vec(),
            OcspHash::Sha256 => Sha256::digest(bytes).to_vec(),
        };
        let name_hash = answer
            .name_hash
            .as_ref()
            .map_or_else(|| digest(&issuer_name), |hash| hash.0.clone());
        let key_hash = answer
            .key_hash
            .as_ref()
            .map_or_else(|| digest(&issuer_key.public_key), |hash| hash.0.clone());
        let identifiers = Identifiers {
            subject: &issuer_key.identifier,
            issuer: &issuer_key.identifier,
            issuer_certificate: None,
        };
        let mut result = Ok(());
        let mut w = Writer::new();
        w.sequence(|w| {
            w.sequence(|w| {
                w.sequence(|w| {
                    w.oid(&match answer.hash {
                        OcspHash::Sha1 => oid::SHA1,
                        OcspHash::Sha256 => oid::SHA256,
                    });
                    w.element(tag::NULL, &[]);
                });
                w.element(tag::OCTET_STRING, &name_hash);
                w.element(tag::OCTET_STRING, &key_hash);
                w.element(tag::INTEGER, &answer.serial.0);
            });
            match &answer.status {
                OcspStatus::Good => w.element(tag::context(0), &[]),
                OcspStatus::Unknown => w.element(tag::context(2), &[]),
                OcspStatus::Revoked { since, reason } => w.nest(tag::context_constructed(1), |w| {
                    write_generalized(w, since);
                    if let Some(reason) = reason {
                        w.nest(tag::context_constructed(0), |w| {
                            w.element(tag::ENUMERATED, &[*reason])
                        });
                    }
                }),
            }
            write_generalized(w, &answer.this_update);
            if let Some(next_update) = &answer.next_update {
                w.nest(tag::context_constructed(0), |w| {
                    write_generalized(w, next_update)
                });
            }
            if !answer.extensions.is_empty() {
                w.nest(tag::context_constructed(1), |w| {
                    result = write_extensions(w, &answer.extensions, &identifiers);
                });
            }
        });
        result.map(|()| w.into_bytes())
    }
}

/// Times of OCSP are GeneralizedTime in every year (RFC 6960 section 4.2.2.1).
fn write_generalized(w: &mut Writer, field: &TimeField) {
    match field {
        TimeField::Moment(time) => {
            w.element(tag::GENERALIZED_TIME, generalized_time(*time).as_bytes())
        }
        TimeField::Literal { tag, text } => w.element(*tag, text.as_bytes()),
    }
}
