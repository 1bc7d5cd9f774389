//! A verifier that judges whom it has not judged before, and writes down what came of it.

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::{question::Time, verdict::Reason};

use super::{
    attempt::Attempt,
    identity::{self, PeerIdentity},
    let_in::{ChainDigest, LetIn},
    refusal::Refusal,
    responses::ResponseMark,
    trust::with_report,
};

/// A verifier that writes what it hears into the attempt.
#[derive(Debug)]
pub(crate) struct Witness {
    pub(crate) inner: Arc<dyn ClientCertVerifier>,
    pub(crate) attempt: Arc<Attempt>,
    /// The chains that this generation has judged good.
    pub(crate) let_in: Arc<LetIn>,
    /// When the anchors and known issuers end.
    pub(crate) above: Arc<[Time]>,
    /// When the evidence behind verdicts ends.
    pub(crate) evidence_end: Option<Time>,
    /// The latest moment to which evidence and resumption rules let anybody stay.
    pub(crate) latest: Time,
    /// How many octets of certificates may be shown.
    pub(crate) most: usize,
    /// The OCSP responses in force.
    pub(crate) responses: Arc<[ResponseMark]>,
}

impl ClientCertVerifier for Witness {
    fn offer_client_auth(&self) -> bool {
        self.inner.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.inner.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let shown = intermediates.iter().map(|certificate| certificate.len());
        if end_entity.len() + shown.sum::<usize>() > self.most {
            self.attempt.refuse(Refusal::new(
                Reason::BudgetExceeded,
                "more octets of certificates than allowed",
            ));
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        let chain = ChainDigest::of(end_entity, intermediates);
        let moment = Time::from_seconds_since_1970(now.as_secs());
        if let Some((until, identity)) = self.let_in.recall(&chain, moment) {
            self.attempt.identify(identity);
            self.attempt.admit_until(until.min(self.latest));
            return Ok(ClientCertVerified::assertion());
        }
        let (verified, report) = with_report(|| {
            self.inner
                .verify_client_cert(end_entity, intermediates, now)
        });
        match &verified {
            Ok(_) => {
                let shown = std::iter::once(end_entity).chain(intermediates);
                let end = identity::stands_until(shown, &self.above, moment);
                let until = self.evidence_end.map_or(end, |evidence| evidence.min(end));
                if let Some(identity) = PeerIdentity::from_der(end_entity).map(Arc::new) {
                    self.attempt.identify(Arc::clone(&identity));
                    self.let_in.remember(chain, identity, moment, until);
                }
                self.attempt.admit_until(until.min(self.latest));
            }
            Err(error) => {
                let chain: Vec<_> = std::iter::once(end_entity).chain(intermediates).collect();
                let refusal = Refusal::of(error, report).naming_responses(&self.responses, &chain);
                self.attempt.refuse(refusal.of_certificate(end_entity));
            }
        }
        verified
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let valid = self
            .inner
            .verify_tls12_signature(message, certificate, signature);
        self.note_proof(&valid, certificate);
        valid
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let valid = self
            .inner
            .verify_tls13_signature(message, certificate, signature);
        self.note_proof(&valid, certificate);
        valid
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

impl Witness {
    // RFC 8446 section 4.4.3
    fn note_proof(
        &self,
        valid: &Result<HandshakeSignatureValid, Error>,
        certificate: &CertificateDer<'_>,
    ) {
        if valid.is_err() {
            let refusal = Refusal::new(
                Reason::NoProofOfPossession,
                "the handshake signature does not verify under the certificate's key",
            );
            self.attempt.refuse(refusal.of_certificate(certificate));
        }
    }
}
