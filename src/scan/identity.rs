//! The right CA, and somebody else.

use std::sync::Arc;

use super::{
    probe::{Conclusion, Probe, Seen, Stage},
    remedy::Remedy,
    result::{Finding, Record},
    scene::Scene,
};
use crate::{
    defect::Severity,
    der::oid,
    recipe::{ExtensionValue, GeneralName, Name, Recipe},
};

/// Other subjects of the operator's CA.
pub(super) const STAGE: Stage = Stage {
    name: "identity",
    about: "valid certificates of your CA with another name than the good one",
    alone: false,
    probes,
    conclude,
};

/// A name that no client has.
const STRANGER: &str = "gatecrash-7f3a";

fn probes(scene: &Scene) -> Vec<Probe> {
    let named = stranger(scene).and_then(|recipe| scene.pki.mint(&recipe).ok());
    let Some(credentials) = named.map(Arc::new) else {
        return Vec::new();
    };
    vec![Probe::hostile(
        "identity/other-subject",
        format!("a valid certificate of the CA for CN={STRANGER}"),
        move |scene| {
            let answer = scene.show(Some(Arc::clone(&credentials)));
            Seen::measured(scene, &answer)
        },
    )]
}

/// The benign chain for somebody else.
pub(super) fn stranger(scene: &Scene) -> Option<Recipe> {
    let mut recipe = scene.pki.benign(0);
    let label = recipe.end_entity().ok()?.clone();
    let certificate = recipe.certificate_mut(&label)?;
    certificate.subject = Name::common(STRANGER);
    certificate.remove_extension(&oid::SUBJECT_ALTERNATIVE_NAME);
    let name = GeneralName::Dns(format!("{STRANGER}.gatecrash.example"));
    certificate.set_extension(ExtensionValue::SubjectAlternativeName(vec![name]).not_critical());
    Some(recipe)
}

fn conclude(scene: &Scene, records: &[Record]) -> Conclusion {
    let let_in = records
        .iter()
        .find(|record| matches!(record.outcome, super::Outcome::Accepted(_)));
    let Some(record) = let_in else {
        return Conclusion::default();
    };
    // Without a certificate of the operator's there is no right name to compare with.
    let has_right_name = scene.pki.given().is_some() && !scene.wishes.any_subject;
    let (severity, why) = match has_right_name {
        true => (
            Severity::High,
            "Every client of the CA can be every other, and whoever gets one certificate of it gets in.",
        ),
        false => (
            Severity::Info,
            "This is right where the CA issues for this service alone. With --template the scan knows which name is the right one.",
        ),
    };
    vec![Finding {
        id: "identity/other-subject".to_owned(),
        severity,
        title: "Any certificate of this CA is admitted, whatever its name".to_owned(),
        evidence: record.evidence.clone(),
        why: why.to_owned(),
        remediation: Remedy::Identity.text(scene.kind),
        references: vec![
            "RFC 9525 section 6".to_owned(),
            "CWE-295".to_owned(),
            "CWE-863".to_owned(),
        ],
        again: record.again.clone(),
        probes: vec![record.id.clone()],
    }]
    .into()
}
