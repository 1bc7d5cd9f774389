//! The right CA, and somebody else.

use std::sync::Arc;

use super::{
    kind::ServerKind,
    probe::{Conclusion, Probe, Seen, Stage},
    remedy::Remedy,
    result::{Finding, Record},
    scene::{Admits, Scene},
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
    let (severity, why) = weight(scene);
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

/// How bad it is that another subject comes in. From outside nobody can tell
/// whether the CA issues for this service alone, so it is told for information,
/// unless the operator says who may come in, or the server has a known trap.
fn weight(scene: &Scene) -> (Severity, &'static str) {
    let has_right_name = scene.pki.given().is_some();
    match (scene.wishes.admits, scene.kind) {
        (Some(Admits::Anybody), _) => (Severity::Info, "As you say it should be."),
        (Some(Admits::Template), _) => (
            Severity::High,
            "Every client of the CA can be every other, and whoever gets one certificate of it gets in.",
        ),
        (None, ServerKind::Node) if has_right_name => (
            Severity::High,
            "Every client of the CA can be every other. In Node this is often not meant: a `verify` callback among the options looks like a check and never runs.",
        ),
        (None, _) => (
            Severity::Info,
            "This is right where the CA issues for this service alone. Say who may come in with --admits, and it is judged.",
        ),
    }
}
