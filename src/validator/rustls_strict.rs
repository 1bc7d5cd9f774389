//! The verifier for production: in gets only what rustls-webpki and the reference validator both accept.
//!
//! Two verdicts cost little more than one. A signature is verified by webpki's
//! algorithms, once, and both remember it; the signatures of CRLs are verified
//! when the verifier is built, as far as the issuers are known, or else when a
//! CRL first matters, and never per handshake. Paths are judged twice,
//! revocation by the reference alone: webpki would keep a second index of each
//! CRL, and its choice of CRL depends on their order.

use std::sync::Arc;

use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, SignatureScheme as TlsScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{verify_tls12_signature, verify_tls13_signature},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use rustls_pki_types::{
    CertificateDer, Der, SignatureVerificationAlgorithm, TrustAnchor, UnixTime,
};

use super::{
    Inputs, Validator,
    anchor::Anchor,
    certificate_cache::CachingValidator,
    cryptography::RealSignatures,
    cursor::{Cursor, tag},
    report::{Report, Violation},
    rustls::{VerifierConfig, chain, revocation},
    signature_memory::{RememberingAlgorithm, SharedSignatures, SignatureMemory},
};
use crate::{
    question::{Purpose, Time},
    verdict::{Reason, Verdict},
};

/// How many good signatures are remembered unless the caller says otherwise: some 200 KB.
const REMEMBERED_SIGNATURES: usize = 8_192;

/// Why a verifier cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StrictVerifierError {
    /// webpki cannot use a trust anchor that the reference can.
    #[error("rustls-webpki cannot use trust anchor {index}: {error}")]
    Anchor {
        /// Its place among the anchors.
        index: usize,
        /// webpki's word for it.
        error: webpki::Error,
    },
}

/// Judges clients by rustls-webpki and the reference validator together.
#[derive(Debug)]
pub struct StrictClientVerifier {
    config: VerifierConfig,
    validator: CachingValidator,
    algorithms: Arc<[RememberingAlgorithm]>,
    trust_anchors: Vec<TrustAnchor<'static>>,
    hints: Vec<DistinguishedName>,
}

impl StrictClientVerifier {
    /// A verifier for this configuration, with a memory of its own.
    ///
    /// # Errors
    /// When webpki cannot use one of the trust anchors.
    pub fn new(config: VerifierConfig) -> Result<Self, StrictVerifierError> {
        Self::with_memory(config, SignatureMemory::new(REMEMBERED_SIGNATURES))
    }

    /// A verifier for another configuration that goes on with this one's memory:
    /// what was signed stays signed, whatever is trusted now.
    ///
    /// # Errors
    /// As [`StrictClientVerifier::new`].
    pub fn reconfigure(&self, config: VerifierConfig) -> Result<Self, StrictVerifierError> {
        Self::with_memory(
            config,
            self.algorithms.first().map_or_else(
                || SignatureMemory::new(REMEMBERED_SIGNATURES),
                |algorithm| algorithm.memory().clone(),
            ),
        )
    }

    fn with_memory(
        config: VerifierConfig,
        memory: SignatureMemory,
    ) -> Result<Self, StrictVerifierError> {
        let remembering = |inner: &&'static dyn SignatureVerificationAlgorithm| {
            RememberingAlgorithm::new(*inner, memory.clone())
        };
        let algorithms: Arc<[RememberingAlgorithm]> =
            config.algorithms.all.iter().map(remembering).collect();
        let scheme = SharedSignatures::new(Arc::clone(&algorithms), RealSignatures);
        config.verify_crls(&scheme);
        let trust_anchors = config
            .anchors
            .iter()
            .enumerate()
            .map(|(index, anchor)| {
                trust_anchor(anchor).map_err(|error| StrictVerifierError::Anchor { index, error })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            validator: CachingValidator::new(
                Validator::new(config.profile.clone()).with_signatures(scheme),
            ),
            hints: config.hints(),
            algorithms,
            trust_anchors,
            config,
        })
    }

    /// The reference's verdict first: it explains, and most refusals end there.
    fn judge(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        time: Time,
    ) -> Report {
        let mut report = self.validator.validate(&Inputs {
            chain: &chain(end_entity, intermediates),
            anchors: &self.config.anchors,
            purpose: Purpose::Client,
            name: None,
            time,
            revocation: revocation(self.config.evidence.as_ref()),
        });
        if report.is_accepted()
            && let Err(error) = self.ask_webpki(end_entity, intermediates, time)
        {
            let reason = reason_of(&error);
            let detail = format!("rustls-webpki refuses it: {error}");
            report.violations.push(Violation::new(reason, None, detail));
            report.verdict = Verdict::Reject(reason);
        }
        report
    }

    fn ask_webpki(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        time: Time,
    ) -> Result<(), webpki::Error> {
        let algorithms: Vec<&dyn SignatureVerificationAlgorithm> = self
            .algorithms
            .iter()
            .map(|algorithm| algorithm as &dyn SignatureVerificationAlgorithm)
            .collect();
        let seconds = u64::try_from(time.unix_seconds()).unwrap_or(0);
        webpki::EndEntityCert::try_from(end_entity)?
            .verify_for_usage(
                &algorithms,
                &self.trust_anchors,
                intermediates,
                UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)),
                webpki::KeyUsage::client_auth(),
                None,
                None,
            )
            .map(|_| ())
    }
}

impl ClientCertVerifier for StrictClientVerifier {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        !self.config.anonymous
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let report = self.judge(end_entity, intermediates, self.config.time(now));
        self.config.conclude(report, end_entity)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.config.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.config.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<TlsScheme> {
        self.config.algorithms.supported_schemes()
    }
}

/// The anchor as webpki takes it: contents without their headers.
fn trust_anchor(anchor: &Anchor) -> Result<TrustAnchor<'static>, webpki::Error> {
    if let Some(certificate) = anchor.certificate() {
        let der = CertificateDer::from(certificate.der());
        return webpki::anchor_from_trusted_cert(&der).map(|anchor| anchor.to_owned());
    }
    let contents = |der: &[u8]| {
        let element = Cursor::new(der)
            .expect(tag::SEQUENCE, "trust anchor")
            .map_err(|_| webpki::Error::BadDer)?;
        Ok::<_, webpki::Error>(Der::from(der[element.content].to_vec()))
    };
    Ok(TrustAnchor {
        subject: contents(anchor.name_der())?,
        subject_public_key_info: contents(anchor.key_info())?,
        name_constraints: anchor
            .name_constraints()
            .map(|(_, der)| contents(der))
            .transpose()?,
    })
}

/// The reason behind an error of webpki's.
fn reason_of(error: &webpki::Error) -> Reason {
    match error {
        webpki::Error::CertExpired { .. } => Reason::Expired,
        webpki::Error::CertNotValidYet { .. } => Reason::NotYetValid,
        webpki::Error::InvalidCertValidity => Reason::BadValidity,
        webpki::Error::UnknownIssuer => Reason::UnknownIssuer,
        webpki::Error::InvalidSignatureForPublicKey => Reason::BadSignature,
        webpki::Error::UnsupportedSignatureAlgorithmContext(_)
        | webpki::Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            Reason::UnsupportedSignatureAlgorithm
        }
        webpki::Error::RequiredEkuNotFoundContext(_) => Reason::ExtendedKeyUsage,
        webpki::Error::NameConstraintViolation => Reason::NameConstraint,
        webpki::Error::PathLenConstraintViolated => Reason::PathLengthExceeded,
        webpki::Error::EndEntityUsedAsCa => Reason::NotACa,
        webpki::Error::CaUsedAsEndEntity => Reason::CaAsEndEntity,
        webpki::Error::UnsupportedCriticalExtension => Reason::UnknownCriticalExtension,
        webpki::Error::UnsupportedCertVersion => Reason::BadVersion,
        webpki::Error::InvalidSerialNumber => Reason::BadSerial,
        webpki::Error::MalformedExtensions | webpki::Error::ExtensionValueInvalid => {
            Reason::MalformedExtension
        }
        webpki::Error::TrailingData(_) => Reason::TrailingData,
        webpki::Error::BadDer | webpki::Error::BadDerTime => Reason::MalformedDer,
        webpki::Error::MaximumPathBuildCallsExceeded
        | webpki::Error::MaximumSignatureChecksExceeded
        | webpki::Error::MaximumPathDepthExceeded
        | webpki::Error::MaximumNameConstraintComparisonsExceeded => Reason::BudgetExceeded,
        _ => Reason::Unstated,
    }
}
