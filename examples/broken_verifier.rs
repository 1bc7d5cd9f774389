//! A rustls client verifier with three mistakes that real ones have had, and
//! what gatecrash finds in it.
//!
//! ```text
//! cargo run --release --example broken_verifier
//! ```
//!
//! It checks the chain with rustls and then overrules the answer: an expired
//! certificate is let in ("the devices in the field cannot be renewed"), the
//! CRLs are never looked at, and extended key usage is somebody else's concern.

use std::sync::Arc;

use gatecrash::{Gauntlet, Trust};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, UnixTime},
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};

#[derive(Debug)]
struct Lenient(Arc<dyn ClientCertVerifier>);

impl Lenient {
    fn build(
        trust: &Trust<'_>,
    ) -> Result<Arc<dyn ClientCertVerifier>, Box<dyn std::error::Error + Send + Sync>> {
        let mut roots = RootCertStore::empty();
        for anchor in trust.anchors() {
            roots.add(CertificateDer::from(anchor.clone()))?;
        }
        // The first mistake: `trust.crls()` is not handed on.
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        Ok(Arc::new(Self(
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?,
        )))
    }
}

impl ClientCertVerifier for Lenient {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match self.0.verify_client_cert(end_entity, intermediates, now) {
            // The second and the third: an error is taken for a warning.
            Err(Error::InvalidCertificate(
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::InvalidPurpose
                | CertificateError::InvalidPurposeContext { .. },
            )) => Ok(ClientCertVerified::assertion()),
            answer => answer,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

#[allow(clippy::print_stdout, reason = "an example shows what it found")]
fn main() {
    let report = Gauntlet::new()
        .variants(2)
        .client_verifier("lenient", Lenient::build)
        .run();
    println!("{report}");
    for mistake in [
        "validity/expired",
        "usage/other-side-only",
        "revocation/end-entity-revoked",
    ] {
        let found = report
            .findings()
            .iter()
            .any(|finding| finding.defect().is_some_and(|id| id.0 == mistake));
        println!("{mistake}: {}", if found { "found" } else { "not found" });
    }
}
