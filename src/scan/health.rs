//! What it amounts to that the server is not well: that it broke, that it is not steady, or that
//! what the scan handed over keeps the good certificate out.

use std::sync::{Arc, atomic::Ordering};

use super::{remedy::Remedy, result::Finding, scene::Scene, schedule::Shown};
use crate::defect::Severity;

/// What it amounts to that the server turns the good certificate away now and then.
pub(super) fn unsteadiness(scene: &Scene) -> Option<Finding> {
    let is_unsteady = scene.unsteady.load(Ordering::Relaxed);
    is_unsteady.then(|| Finding {
        id: "health/unsteady".to_owned(),
        severity: Severity::Low,
        title: "The server turns the good certificate away now and then".to_owned(),
        evidence: format!(
            "shown again and again by itself, the good certificate did not always get {}",
            scene.yardstick.good.end
        ),
        why: "No probe is to blame. One of several servers behind a balancer may be down, or connections are limited; and a probe that such a one refused tells nothing of the others.".to_owned(),
        remediation: "scan each server by itself, or raise its limits for the scan: --rate and --jobs lower what the scan asks of it".to_owned(),
        references: Vec::new(),
        again: None,
        probes: Vec::new(),
    })
}

/// What it amounts to that the good certificate is no longer let in after probes of a stage that
/// hands something over to the server. Then it may be that which keeps it out, and nothing broke.
fn kept_out(scene: &Scene, shown: &Shown) -> Option<Finding> {
    let probes = [&shown.breakers[..], &shown.suspects].concat();
    if probes.is_empty() || scene.wishes.hook.is_none() && scene.wishes.trust_hook.is_none() {
        return None;
    }
    let now = scene.show(Some(Arc::clone(&scene.good)));
    let is_turned_away = scene.yardstick.measure(&now).is_refused();
    (is_turned_away || now.end == scene.yardstick.good.end).then(|| Finding {
        id: "revocation/good-kept-out".to_owned(),
        severity: Severity::Info,
        title: "The good certificate was kept out by what the scan handed over".to_owned(),
        evidence: format!(
            "after {} the good certificate was refused for some time; it gets {} now",
            probes.join(" or "),
            now.end
        ),
        why: "The server took what --publish-crl or --trust-ca handed over, and was slow to take back what was there before. Probes that were shown meanwhile tell nothing.".to_owned(),
        remediation: "have --reload end only when the server has read its files; your own CRL, where you gave it with --crl, is handed over again at the end".to_owned(),
        references: Vec::new(),
        again: None,
        probes,
    })
}

/// What it amounts to that the server broke. `changes` is whether the probes hand something over to it.
pub(super) fn breakage(scene: &Scene, shown: &Shown, changes: bool) -> Vec<Finding> {
    if changes && let Some(finding) = kept_out(scene, shown) {
        return vec![finding];
    }
    let finding = |title: String, probes: &[String]| {
        let again = shown
            .records
            .iter()
            .find(|record| probes.contains(&record.id))
            .and_then(|record| record.again.clone());
        Finding {
            id: "health/broken".to_owned(),
            severity: Severity::High,
            evidence: format!(
                "after {} the good certificate no longer got {}",
                probes.join(" or "),
                scene.yardstick.good.end
            ),
            title,
            why: "Whoever may connect can take the service away from everybody else.".to_owned(),
            remediation: Remedy::Update.text(scene.kind),
            references: vec!["CWE-400".to_owned(), "CWE-617".to_owned()],
            again,
            probes: probes.to_vec(),
        }
    };
    let mut findings = Vec::new();
    if !shown.breakers.is_empty() {
        findings.push(finding(
            "The server breaks when it is shown this".to_owned(),
            &shown.breakers,
        ));
    } else if !shown.suspects.is_empty() {
        findings.push(finding(
            "The server broke when it was shown one of these".to_owned(),
            &shown.suspects,
        ));
    }
    findings
}
