//! Whom the server believes, and the verifier that comes of it.

use std::sync::Arc;

use rustls::{
    RootCertStore,
    crypto::CryptoProvider,
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use serde::{Deserialize, Serialize};
use x509_parser::{prelude::FromDer, revocation_list::CertificateRevocationList};

use crate::question::Time;

use super::{clock::Clock, error::TrustError};

/// What clients are judged against. Replaced as a whole.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Trust anchors, as certificates in DER.
    pub anchors: Vec<Vec<u8>>,
    /// CRLs in DER. Their order means nothing.
    pub crls: Vec<Vec<u8>>,
    /// Where the validation time comes from.
    pub time: Clock,
}

/// What is asked of clients beside a path to an anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// The name of the validation profile.
    pub profile: String,
    /// Whether revocation must be known.
    pub revocation: RevocationRule,
    /// Whether a certificate must be shown.
    pub client_auth: ClientAuth,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            profile: "strict-mtls".to_owned(),
            revocation: RevocationRule::Required,
            client_auth: ClientAuth::Required,
        }
    }
}

/// Whether revocation must be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationRule {
    /// The status of the whole chain must be known from fresh CRLs. Unknown is refused.
    #[default]
    Required,
    /// As `Required` when any CRL is given; without one, revocation is not checked.
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

/// Makes the verifier for some trust. `build_client_verifier` is the default.
pub type VerifierFactory =
    Arc<dyn Fn(&Trust, &Policy, &Arc<CryptoProvider>) -> Result<Arc<dyn ClientCertVerifier>, TrustError> + Send + Sync>;

/// The verifier of client certificates for this trust under this policy.
///
/// # Errors
/// When an anchor or a CRL cannot be read, or revocation is required without a CRL.
pub fn build_client_verifier(
    trust: &Trust,
    policy: &Policy,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TrustError> {
    let mut roots = RootCertStore::empty();
    for (index, anchor) in trust.anchors.iter().enumerate() {
        roots
            .add(CertificateDer::from(anchor.as_slice()))
            .map_err(|error| TrustError::Anchor { index, detail: error.to_string() })?;
    }
    if roots.is_empty() {
        return Err(TrustError::NoAnchor);
    }
    let crls = match policy.revocation {
        RevocationRule::Off => &[],
        RevocationRule::Required if trust.crls.is_empty() => return Err(TrustError::NoCrl),
        RevocationRule::Required | RevocationRule::IfPresent => trust.crls.as_slice(),
    };
    for (index, crl) in crls.iter().enumerate() {
        if let Err(error) = webpki::BorrowedCertRevocationList::from_der(crl) {
            return Err(TrustError::Crl { index, detail: error.to_string() });
        }
    }
    let crls = crls.iter().map(|crl| CertificateRevocationListDer::from(crl.clone()));
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .with_crls(crls)
        .enforce_revocation_expiration();
    if policy.client_auth == ClientAuth::Optional {
        builder = builder.allow_unauthenticated();
    }
    builder.build().map_err(|error| TrustError::Verifier(error.to_string()))
}

/// The first moment at which a CRL of the set is stale; `None` without CRLs.
/// A CRL that cannot be read or names no next update is stale already.
pub(crate) fn evidence_end(trust: &Trust, policy: &Policy) -> Option<Time> {
    if policy.revocation == RevocationRule::Off {
        return None;
    }
    let end = |crl: &Vec<u8>| {
        let (_, parsed) = CertificateRevocationList::from_der(crl).ok()?;
        Some(Time::from_unix_seconds(parsed.next_update()?.timestamp()))
    };
    trust.crls.iter().map(|crl| end(crl).unwrap_or(Time::from_unix_seconds(i64::MIN))).min()
}
