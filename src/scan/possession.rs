//! Certificates without their keys: what a thief of a certificate has.

use std::sync::Arc;

use super::{
    client::{Versions, Visit},
    credentials::Credentials,
    probe::{Conclusion, Probe, Seen, Stage},
    remedy::Remedy,
    result::{Finding, Record},
    scene::Scene,
};
use crate::defect::Severity;

/// The good certificate, with a handshake that another key signed.
pub(super) const STAGE: Stage = Stage {
    name: "possession",
    about: "the good certificate with a key that is not its own",
    alone: false,
    changes_server: false,
    probes,
    conclude,
};

fn probes(scene: &Scene) -> Vec<Probe> {
    let Some(stolen) = stolen(scene) else {
        return Vec::new();
    };
    let stolen = Arc::new(stolen);
    [("TLSv1.3", Versions::Tls13), ("TLSv1.2", Versions::Tls12)]
        .into_iter()
        .map(|(name, versions)| {
            let stolen = Arc::clone(&stolen);
            Probe::hostile(
                format!("possession/stolen-certificate@{name}"),
                format!("the good certificate, and a handshake signed by another key, over {name}"),
                move |scene| {
                    let mut visit =
                        Visit::new(Some(Arc::clone(&stolen)), scene.wishes.request.clone());
                    visit.versions = versions;
                    Seen::measured(scene, &scene.client.visit(&visit))
                },
            )
        })
        .collect()
}

/// The good chain with a key of the same kind that is not its own.
fn stolen(scene: &Scene) -> Option<Credentials> {
    let mut recipe = scene.pki.benign(0);
    let label = recipe.end_entity().ok()?.clone();
    let certificate = recipe.certificate_mut(&label)?;
    // The committed RSA keys have fixed labels, of which this is one.
    certificate.key.label = "stranger".to_owned();
    let other = scene.pki.mint(&recipe).ok()?;
    Some(Credentials {
        chain: scene.good.chain.clone(),
        key: other.key,
    })
}

fn conclude(scene: &Scene, records: &[Record]) -> Conclusion {
    let let_in: Vec<&Record> = records
        .iter()
        .filter(|record| scene.lets_in(&record.outcome))
        .collect();
    let Some(first) = let_in.first() else {
        return Conclusion::default();
    };
    vec![Finding {
        id: "possession/stolen-certificate".to_owned(),
        severity: Severity::Critical,
        title: "A stolen certificate is admitted without its key".to_owned(),
        evidence: first.evidence.clone(),
        why: "Certificates are public. Only the signature of the handshake proves that somebody holds the key.".to_owned(),
        remediation: Remedy::Verify.text(scene.kind),
        references: vec!["RFC 8446 section 4.4.3".to_owned(), "RFC 5246 section 7.4.8".to_owned()],
        again: None,
        probes: let_in.iter().map(|record| record.id.clone()).collect(),
    }]
    .into()
}
