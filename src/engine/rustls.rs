//! rustls's own verifiers, `WebPkiClientVerifier` and `WebPkiServerVerifier`, set as strictly as they can be.

use std::sync::Arc;

use ::rustls::{
    Error, RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};

use super::verifier::{Trust, VerifierEngine};

/// The version that this crate is locked to.
const VERSION: &str = "0.23.46";

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An engine over both verifiers, with the cryptography of AWS-LC.
pub fn engine() -> VerifierEngine {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let for_servers = Arc::clone(&provider);
    VerifierEngine::new("rustls")
        .version(VERSION)
        .client(move |trust| client_verifier(trust, &provider))
        .server(move |trust| server_verifier(trust, &for_servers))
}

fn client_verifier(
    trust: &Trust<'_>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, BoxError> {
    let builder =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots(trust)?), Arc::clone(provider));
    Ok(builder
        .with_crls(crls(trust))
        .enforce_revocation_expiration()
        .build()?)
}

fn server_verifier(
    trust: &Trust<'_>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, BoxError> {
    let builder =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots(trust)?), Arc::clone(provider));
    Ok(builder
        .with_crls(crls(trust))
        .enforce_revocation_expiration()
        .build()?)
}

/// An anchor that cannot be read is passed over, as `add_parsable_certificates` does, unless nothing is left.
fn roots(trust: &Trust<'_>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    let mut unread = None;
    for der in trust.anchors() {
        if let Err(error) = roots.add(CertificateDer::from(der.clone())) {
            unread.get_or_insert(error);
        }
    }
    match unread {
        Some(error) if roots.is_empty() => Err(error),
        _ => Ok(roots),
    }
}

fn crls(trust: &Trust<'_>) -> Vec<CertificateRevocationListDer<'static>> {
    trust.crls().iter().map(|der| der.clone().into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::{Case, Limbo},
        engine::{Engine, webpki::Webpki},
        question::Time,
        verdict::Verdict,
    };

    const SUITES: [&[u8]; 2] = [
        include_bytes!("../../corpus/limbo/limbo-public-core.json"),
        include_bytes!("../../corpus/limbo/pkits-public.json"),
    ];

    #[test]
    fn where_both_answer_rustls_says_what_webpki_says() {
        let rustls = engine();
        let mut compared = 0;
        for testcase in SUITES
            .iter()
            .flat_map(|json| Limbo::read(json).expect("a suite").testcases)
        {
            let case = Case::from_limbo(&testcase, Time::from_unix_seconds(1_750_000_000))
                .expect(&testcase.id);
            let (one, other) = (rustls.judge(&case), Webpki::default().judge(&case));
            match (one.expect("rustls answers"), other.expect("webpki answers")) {
                (Verdict::Inconclusive(_), _) | (_, Verdict::Inconclusive(_)) => {}
                (one, other) => {
                    assert_eq!(one.word(), other.word(), "{}", testcase.id);
                    compared += 1;
                }
            }
        }
        assert_eq!(compared, 198);
    }

    #[test]
    fn the_version_is_the_locked_one() {
        assert!(
            include_str!("../../Cargo.lock")
                .contains(&format!("name = \"rustls\"\nversion = \"{VERSION}\""))
        );
    }
}
