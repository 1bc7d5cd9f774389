//! Whom the server believes, and the verifier that comes of it.

use std::{cell::RefCell, sync::Arc};

use rustls::{crypto::CryptoProvider, server::danger::ClientCertVerifier};
use serde::{Deserialize, Serialize};

use crate::{
    question::Time,
    validator::{
        Anchor, Certificate, CrlStore, OcspResponse, ParsedCrl, Profile, Report,
        RevocationEvidence, RevocationOptions, StrictClientVerifier, VerifierConfig,
    },
};

use super::{clock::Clock, error::TrustError};

/// What clients are judged against. Replaced as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// Trust anchors, as certificates in DER.
    pub anchors: Vec<Vec<u8>>,
    /// CRLs in DER. Their order means nothing.
    pub crls: Vec<Vec<u8>>,
    /// OCSP responses in DER. Their order means nothing.
    pub ocsp: Vec<Vec<u8>>,
    /// Intermediates in DER that clients may show: what they signed is verified
    /// when the verifier is built. They are not trusted for it.
    pub intermediates: Vec<Vec<u8>>,
    /// Where the validation time comes from.
    pub time: Clock,
}

impl Trust {
    /// Whether there is any CRL or OCSP response.
    pub fn has_evidence(&self) -> bool {
        !self.crls.is_empty() || !self.ocsp.is_empty()
    }
}

/// What is asked of clients beside a path to an anchor.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Policy {
    /// The rules beyond RFC 5280 section 6, who is let in among them.
    pub profile: Profile,
    /// Whether revocation must be known.
    pub revocation: RevocationRule,
    /// Whether a certificate must be shown.
    pub client_auth: ClientAuth,
}

impl Policy {
    /// A certificate of known status is required, and judged by this profile.
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            revocation: RevocationRule::default(),
            client_auth: ClientAuth::default(),
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new(Profile::strict_mtls())
    }
}

/// Whether revocation must be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationRule {
    /// The status of the whole chain must be known from fresh CRLs or OCSP responses. Unknown is
    /// refused, so without any of them everybody is.
    #[default]
    Required,
    /// As `Required` when any evidence is given; without it, revocation is not checked.
    IfPresent,
    /// Never checked.
    Off,
}

/// Whether a client must show a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAuth {
    /// No handshake without a certificate that is judged good.
    #[default]
    Required,
    /// A handshake without a certificate is anonymous; with a bad one it fails.
    Optional,
}

/// A verifier, and how long its verdicts may be remembered.
#[derive(Clone, Debug)]
pub struct ClientJudge {
    /// What judges clients.
    pub verifier: Arc<dyn ClientCertVerifier>,
    /// The end of the evidence behind its verdicts, such as the first CRL's next update.
    /// `None` when only the certificates themselves bound them.
    pub evidence_end: Option<Time>,
}

impl From<Arc<dyn ClientCertVerifier>> for ClientJudge {
    /// Nothing is known of the evidence, so no verdict is remembered: no resumption.
    fn from(verifier: Arc<dyn ClientCertVerifier>) -> Self {
        Self {
            verifier,
            evidence_end: Some(Time::from_unix_seconds(i64::MIN)),
        }
    }
}

/// Makes the judge for some trust. [`build_client_verifier`] is the default.
pub type VerifierFactory = Arc<
    dyn Fn(&Trust, &Policy, &Arc<CryptoProvider>) -> Result<ClientJudge, TrustError> + Send + Sync,
>;

/// The judge of client certificates for this trust under this policy: what both
/// rustls-webpki and the reference validator accept.
///
/// # Errors
/// When an anchor, a CRL or an OCSP response cannot be read.
pub fn build_client_verifier(
    trust: &Trust,
    policy: &Policy,
    provider: &Arc<CryptoProvider>,
) -> Result<ClientJudge, TrustError> {
    judge(trust, policy, provider, read_crls(trust, policy, &[])?)
}

/// The same with CRLs that were read before, and whose signatures may have been verified.
pub(crate) fn judge(
    trust: &Trust,
    policy: &Policy,
    provider: &Arc<CryptoProvider>,
    crls: CrlStore,
) -> Result<ClientJudge, TrustError> {
    let mut anchors = Vec::with_capacity(trust.anchors.len());
    for (index, anchor) in trust.anchors.iter().enumerate() {
        anchors.push(
            Anchor::from_certificate(anchor).map_err(|error| TrustError::Anchor {
                index,
                detail: error.to_string(),
            })?,
        );
    }
    if anchors.is_empty() {
        return Err(TrustError::NoAnchor);
    }
    let mut config = VerifierConfig::new(anchors, policy.profile.clone())
        .algorithms(provider.signature_verification_algorithms)
        .known_issuers(
            trust
                .intermediates
                .iter()
                .filter_map(|der| Certificate::parse(der).ok()),
        )
        .on_verdict(|report, _| LAST_REPORT.set(Some(report.clone())));
    let mut evidence_end = None;
    if evidence_counts(trust, policy) {
        // What names no next update proves nothing for longer than this moment.
        let end = |next: Option<Time>| next.unwrap_or(Time::from_unix_seconds(i64::MIN));
        let mut ends: Vec<Time> = crls.crls().map(|crl| end(crl.next_update())).collect();
        let mut evidence = RevocationEvidence::new(crls, RevocationOptions::default());
        for (index, der) in trust.ocsp.iter().enumerate() {
            let response =
                OcspResponse::from_der(der.clone()).map_err(|error| TrustError::Ocsp {
                    index,
                    detail: error.to_string(),
                })?;
            ends.extend(
                response
                    .singles()
                    .iter()
                    .map(|single| end(single.next_update)),
            );
            evidence = evidence.with_read_ocsp_response(response);
        }
        evidence_end = ends.into_iter().min();
        config = config.revocation(evidence);
    }
    if policy.client_auth == ClientAuth::Optional {
        config = config.allow_anonymous();
    }
    let verifier = StrictClientVerifier::new(config)
        .map_err(|error| TrustError::Verifier(error.to_string()))?;
    Ok(ClientJudge {
        verifier: Arc::new(verifier),
        evidence_end,
    })
}

fn evidence_counts(trust: &Trust, policy: &Policy) -> bool {
    match policy.revocation {
        RevocationRule::Required => true,
        RevocationRule::IfPresent => trust.has_evidence(),
        RevocationRule::Off => false,
    }
}

/// The CRLs of this trust, if the policy asks for any. Those that somebody has read before are not read again.
pub(crate) fn read_crls(
    trust: &Trust,
    policy: &Policy,
    before: &[ParsedCrl],
) -> Result<CrlStore, TrustError> {
    let mut crls = CrlStore::default();
    if !evidence_counts(trust, policy) {
        return Ok(crls);
    }
    for (index, crl) in trust.crls.iter().enumerate() {
        let known = before.get(index).filter(|known| known.der() == crl);
        let parsed = match known {
            Some(known) => Ok(known.clone()),
            None => ParsedCrl::from_der(crl.clone()),
        };
        crls.add(parsed.map_err(|error| TrustError::Crl {
            index,
            detail: error.to_string(),
        })?);
    }
    Ok(crls)
}

thread_local! {
    /// What the verifier on this thread found last. rustls's error has room for one
    /// word of it; verification is synchronous, so whoever called can take the rest.
    static LAST_REPORT: RefCell<Option<Report>> = const { RefCell::new(None) };
}

/// Runs a verification and takes the report that it left, if its verifier leaves any.
pub(crate) fn with_report<T>(verify: impl FnOnce() -> T) -> (T, Option<Report>) {
    LAST_REPORT.take();
    let verified = verify();
    (verified, LAST_REPORT.take())
}
