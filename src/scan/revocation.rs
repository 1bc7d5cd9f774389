//! Revoked certificates, under CRLs that the server is given through the operator's own commands.
//!
//! Without a way to hand the server a CRL, a certificate that its own CRL lists
//! already tells the same; without either, nobody can tell, and that is said.

use std::{sync::Arc, time::Instant};

use super::{
    credentials::Credentials,
    handover::{
        ASKED_EVERY, fresh, list, present, publish, restore, staged, until_accepted, until_refused,
        until_well,
    },
    hook::Hook,
    kind::ServerKind,
    outcome::Word,
    probe::{Conclusion, Probe, Seen, Stage},
    remedy::Remedy,
    result::{Finding, Record},
    scene::Scene,
};
use crate::{
    defect::Severity,
    question::Time,
    recipe::{Key, Recipe},
};

/// Revocation. Each probe changes what the server knows, so they run one after another.
pub(super) const STAGE: Stage = Stage {
    name: "revocation",
    about: "certificates that a CRL lists, and CRLs that prove nothing",
    alone: true,
    changes_server: true,
    probes,
    conclude,
};

/// What the CRLs of a probe say, and what a correct server makes of its certificate.
struct Trial {
    id: &'static str,
    shows: &'static str,
    intermediates: u8,
    /// Makes of fresh CRLs those that are published.
    spoil: fn(&mut Recipe) -> Option<()>,
    /// How it is shown that the server took them for good.
    course: Course,
    severity: Severity,
    title: &'static str,
    why: &'static str,
}

/// What is done with CRLs that are wrong.
///
/// A server may refuse to read them and go on with those that it has, and that is
/// right. So what it has must tell the two apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    /// They are handed over, and the certificate must be refused.
    HandOver,
    /// They are good when they are handed over, and end soon.
    LetEnd,
    /// True ones that list the certificate are in force before them, and it must stay refused.
    AfterListing,
}

/// How long a CRL is good that is to end, in seconds, where the server reads CRLs at once.
const SHORT_LIFE: i64 = 3;
/// How many times longer it is good than the server took for the CRL before.
const SLOWNESS: i64 = 3;

const TRIALS: &[Trial] = &[
    Trial {
        id: "revocation/end-entity",
        shows: "a certificate under a CRL that lists it",
        intermediates: 0,
        spoil: |recipe| list(recipe, &"end-entity".into()),
        course: Course::HandOver,
        severity: Severity::Critical,
        title: "A revoked certificate is admitted",
        why: "A key that was stolen stays good until its certificate ends: taking it back changes nothing.",
    },
    Trial {
        id: "revocation/intermediate",
        shows: "a certificate of an intermediate that the CRL of its CA lists",
        intermediates: 1,
        spoil: |recipe| list(recipe, &"intermediate-1".into()),
        course: Course::HandOver,
        severity: Severity::High,
        title: "A certificate of a revoked intermediate is admitted",
        why: "Whoever took the key of an issuing CA makes certificates that no CRL of that CA will ever list.",
    },
    Trial {
        id: "revocation/expired-crl",
        shows: "a certificate under a CRL that has ended",
        intermediates: 0,
        spoil: |_| Some(()),
        course: Course::LetEnd,
        severity: Severity::Medium,
        title: "A CRL that has ended is taken for a fresh one",
        why: "Whoever keeps new CRLs from the server keeps every certificate good that was revoked since. A server may allow for clocks that differ, as the JDK does for 15 minutes; this CRL had ended a few seconds before.",
    },
    Trial {
        id: "revocation/forged-crl",
        shows: "a certificate that the CRL lists, and then a CRL that another key signed, which does not",
        intermediates: 0,
        spoil: forge,
        course: Course::AfterListing,
        severity: Severity::High,
        title: "A CRL that the CA did not sign is believed",
        why: "CRLs travel over plain HTTP and shared folders; only the signature says whose they are.",
    },
];

fn end_at(recipe: &mut Recipe, end: Time) -> Option<()> {
    recipe.crls.first_mut()?.next_update = Some(end.into());
    Some(())
}

fn forge(recipe: &mut Recipe) -> Option<()> {
    let issuer = recipe.crls.first()?.issuer.clone();
    let kind = recipe.certificate(&issuer)?.key.algorithm;
    recipe.crls.first_mut()?.signing.key = Some(Key::new(kind, "stranger"));
    Some(())
}

fn probes(scene: &Scene) -> Vec<Probe> {
    let mut probes = Vec::new();
    if let Some(revoked) = scene.wishes.revoked.clone() {
        let probe = Probe::hostile(
            "revocation/given",
            "the certificate that your CRL lists, as you say",
            move |scene| given(scene, &revoked),
        );
        let files = &scene.wishes.files;
        probes.push(match (&files.revoked_cert, &files.revoked_key) {
            (Some(chain), Some(key)) => probe.again(scene.commands().curl(Some((chain, key)))),
            _ => probe,
        });
    }
    if let Some(hook) = scene.wishes.hook.clone() {
        // The CA may allow no intermediate below it.
        let fits = |trial: &&Trial| {
            let label = format!("intermediate-{}", trial.intermediates);
            let benign = scene.pki.benign(trial.intermediates);
            trial.intermediates == 0 || benign.certificate(&label.as_str().into()).is_some()
        };
        probes.extend(TRIALS.iter().filter(fits).map(|trial| {
            let hook = hook.clone();
            Probe::hostile(trial.id, trial.shows, move |scene| {
                let seen = try_out(scene, &hook, trial).unwrap_or_else(Seen::inconclusive);
                // Whatever happened, the server goes on with CRLs that list nothing.
                let restored = fresh(scene).and_then(|crls| restore(scene, &hook, &crls));
                match restored {
                    Ok(()) if until_well(scene) => seen,
                    Ok(()) => Seen::inconclusive(format!(
                        "{}; the good certificate is not let in under a fresh CRL again",
                        seen.evidence
                    )),
                    Err(problem) => Seen::inconclusive(format!(
                        "{}; the server was not given a fresh CRL again: {problem}",
                        seen.evidence
                    )),
                }
            })
        }));
    }
    probes
}

/// Shows the certificate that is revoked already. That it is refused tells something only
/// where another with its names is not.
fn given(scene: &Scene, revoked: &Arc<Credentials>) -> Seen {
    let answer = scene.show(Some(Arc::clone(revoked)));
    let seen = Seen::measured(scene, &answer);
    let Some(namesake) = scene.pki.namesake() else {
        return seen;
    };
    if !seen.outcome.is_refused() {
        return seen;
    }
    let twin = scene.twin(&Arc::new(namesake));
    match twin.is_accepted() {
        true => {
            scene.handing().checks = true;
            seen
        }
        false => Seen::inconclusive(format!(
            "{}; but one with the same names that no CRL lists is not let in either: {twin}",
            seen.evidence
        )),
    }
}

/// Shows a certificate under fresh CRLs, and again under those of the trial.
fn try_out(scene: &Scene, hook: &Hook, trial: &Trial) -> Result<Seen, String> {
    let serial = scene.pki.fresh_serial();
    let with = |spoil: &dyn Fn(&mut Recipe) -> Option<()>| {
        staged(scene, trial.intermediates, &serial, spoil)
    };
    let fresh = with(&|_| Some(()))?;
    let shown = &fresh.credentials;
    let start = Instant::now();
    publish(scene, hook, &fresh.crls)?;
    let (before, _) = until_accepted(scene, shown);
    if !before.is_accepted() {
        return Err(format!(
            "it is not let in under fresh CRLs that list nothing either: {before}"
        ));
    }
    // Where no CRL of the scan has changed anything yet, what one does not change tells nothing.
    let is_known = scene.handing().seen;
    if trial.course == Course::AfterListing || trial.course == Course::LetEnd && !is_known {
        let listing = with(&|recipe| list(recipe, &"end-entity".into()))?;
        publish(scene, hook, &listing.crls)?;
        let (listed, _) = until_refused(scene, shown);
        if !listed.is_refused() {
            return Err(format!("no CRL keeps it out: {listed}"));
        }
        scene.handing().seen = true;
    }
    if trial.course == Course::LetEnd {
        let took = i64::try_from(start.elapsed().as_secs()).unwrap_or(i64::MAX);
        let life = took.saturating_mul(SLOWNESS).saturating_add(SHORT_LIFE);
        let end = present().plus_seconds(life);
        publish(scene, hook, &with(&|recipe| end_at(recipe, end))?.crls)?;
        // A server may refuse to read what has ended already, and go on with what it has.
        if present() > end {
            return Err("the CRL had ended before it was handed over".to_owned());
        }
        while present() <= end && !scene.client.pace().is_over() {
            scene.client.pace().stop().sleep(ASKED_EVERY);
        }
    } else {
        publish(scene, hook, &with(&trial.spoil)?.crls)?;
    }
    let (outcome, answer) = match trial.course {
        Course::AfterListing => until_accepted(scene, shown),
        Course::HandOver | Course::LetEnd => until_refused(scene, shown),
    };
    let mut handing = scene.handing();
    handing.seen |= outcome.is_refused();
    let mut seen = Seen::measured(scene, &answer);
    match (handing.seen, handing.checks) {
        (true, _) => Ok(seen),
        (false, true) => Err(format!(
            "{}; but the server refuses who is revoked already, and no CRL of the scan changed anything: it does not reach the server",
            seen.evidence
        )),
        (false, false) => {
            seen.evidence.push_str(
                "; either no CRL is looked at, or --publish-crl and --reload do not reach the server",
            );
            Ok(seen)
        }
    }
}

fn conclude(scene: &Scene, records: &[Record]) -> Conclusion {
    let told = |record: &Record| record.word() != Word::Inconclusive;
    if !records.iter().any(told) {
        return vec![not_tested(scene, records)].into();
    }
    let mut findings = Vec::new();
    for record in records {
        if !scene.lets_in(&record.outcome) {
            continue;
        }
        let trial = TRIALS
            .iter()
            .find(|trial| trial.id == record.id)
            .unwrap_or(&TRIALS[0]);
        // The JDK allows for clocks that differ by a quarter of an hour.
        let is_tolerance = trial.course == Course::LetEnd && scene.kind == ServerKind::Java;
        findings.push(Finding {
            id: trial.id.to_owned(),
            severity: match is_tolerance {
                true => Severity::Info,
                false => trial.severity,
            },
            title: trial.title.to_owned(),
            evidence: record.evidence.clone(),
            why: trial.why.to_owned(),
            remediation: Remedy::Revocation.text(scene.kind),
            references: vec!["RFC 5280 section 6.3".to_owned(), "CWE-299".to_owned()],
            again: record.again.clone(),
            probes: vec![record.id.clone()],
        });
    }
    findings.into()
}

fn not_tested(scene: &Scene, records: &[Record]) -> Finding {
    let evidence = match records.first() {
        Some(record) => record.evidence.clone(),
        None => "the scan was given no way to hand the server a CRL, and no revoked certificate; so no ticket of a revoked certificate was shown either".to_owned(),
    };
    Finding {
        id: "revocation/not-tested".to_owned(),
        severity: Severity::Info,
        title: "Whether revocation is checked was not tested".to_owned(),
        evidence,
        why: "Most servers check no revocation unless they are told to.".to_owned(),
        remediation: format!(
            "give --publish-crl CMD (and --reload CMD, and your own CRL with --crl), such as `--publish-crl 'cp {{crl}} /etc/app/crl.pem' --reload 'systemctl reload app'`, or --revoked-cert with --revoked-key. {}",
            Remedy::Revocation.text(scene.kind)
        ),
        references: vec!["RFC 5280 section 6.3".to_owned()],
        again: None,
        probes: Vec::new(),
    }
}
