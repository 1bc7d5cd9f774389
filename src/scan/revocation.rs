//! Revoked certificates, under CRLs that the server is given through the operator's own commands.
//!
//! Without a way to hand the server a CRL, a certificate that its own CRL lists
//! already tells the same; without either, nobody can tell, and that is said.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{
    ScanError,
    answer::{Answer, End},
    credentials::Credentials,
    hook::Hook,
    kind::ServerKind,
    outcome::{Outcome, Word},
    probe::{Conclusion, Probe, Seen, Stage},
    remedy::Remedy,
    result::{Finding, Record},
    scene::{Deeper, Scene},
};
use crate::{
    defect::Severity,
    der::{HexBytes, oid},
    question::Time,
    recipe::{Crl, ExtensionValue, Key, Label, Recipe, Revoked},
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

/// How long a server may take to know a CRL that it was given, at least.
const KNOWN_WITHIN: Duration = Duration::from_secs(5);
/// How often it is asked meanwhile.
const ASKED_EVERY: Duration = Duration::from_millis(250);
/// How many times it is asked, at least: on a busy machine answers take long, and so does reading.
const ASKED: usize = 20;

/// How often in a row the good certificate must be let in before the server is taken for well.
const IN_A_ROW: usize = 3;

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

/// Lists the certificate with this label in its issuer's CRL.
fn list(recipe: &mut Recipe, label: &Label) -> Option<()> {
    let certificate = recipe.certificate(label)?;
    let entry = Revoked {
        serial: certificate.serial.clone(),
        date: recipe.time.plus_seconds(-3600).into(),
        extensions: Vec::new(),
    };
    let issuer = certificate.issuer.clone();
    crl_of(recipe, &issuer)?.revoked.push(entry);
    Some(())
}

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

fn crl_of<'r>(recipe: &'r mut Recipe, issuer: &Label) -> Option<&'r mut Crl> {
    let mut crls = recipe.crls.iter_mut();
    crls.find(|crl| crl.issuer == *issuer).map(|crl| &mut **crl)
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
                let restored = fresh(scene).and_then(|crls| hook.publish(&crls));
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
        true => seen,
        false => Seen::inconclusive(format!(
            "{}; but one with the same names that no CRL lists is not let in either: {twin}",
            seen.evidence
        )),
    }
}

/// A certificate, and the CRLs that it is judged under.
pub(super) struct Staged {
    pub(super) credentials: Arc<Credentials>,
    pub(super) crls: Vec<Vec<u8>>,
}

/// A certificate, and CRLs that list it.
pub(super) fn of_revoked(scene: &Scene) -> Result<Staged, String> {
    staged(scene, 0, &scene.pki.fresh_serial(), |recipe| {
        list(recipe, &"end-entity".into())
    })
}

/// CRLs with which every good chain of this scan is let in.
fn fresh(scene: &Scene) -> Result<Vec<Vec<u8>>, String> {
    match scene.deeper {
        Deeper::WithCrls => of_intermediates(scene),
        _ => benign(scene, 0).map(|fresh| fresh.crls),
    }
}

/// A certificate, and fresh CRLs that list nothing.
pub(super) fn benign(scene: &Scene, intermediates: u8) -> Result<Staged, String> {
    staged(
        scene,
        intermediates,
        &scene.pki.fresh_serial(),
        |_| Some(()),
    )
}

/// A certificate with this serial number, and CRLs that are newer than any before.
fn staged(
    scene: &Scene,
    intermediates: u8,
    serial: &[u8],
    spoil: impl Fn(&mut Recipe) -> Option<()>,
) -> Result<Staged, String> {
    let mut recipe = with_crls(scene, intermediates);
    if recipe.crls.is_empty() {
        return Err("the CA may not sign CRLs".to_owned());
    }
    // Serial numbers of their own, so that no certificate of the operator's is listed.
    for (offset, certificate) in recipe.certificates.iter_mut().enumerate() {
        if !certificate.is_ca() || certificate.label.0.starts_with("intermediate") {
            let mut serial = serial.to_vec();
            serial[15] = serial[15].wrapping_add(offset as u8);
            certificate.serial = HexBytes(serial);
        }
    }
    renew(scene, &mut recipe);
    spoil(&mut recipe).ok_or("the CRL cannot be made")?;
    let (credentials, crls) = scene
        .pki
        .mint_with_crls(&recipe)
        .map_err(|error: ScanError| error.to_string())?;
    Ok(Staged {
        credentials: Arc::new(credentials),
        crls,
    })
}

/// A good chain with the CRLs of its CAs, first that of the operator's: some servers read one CRL
/// of a file, and would let nobody in.
fn with_crls(scene: &Scene, intermediates: u8) -> Recipe {
    let mut recipe = scene.pki.benign_with_crls(intermediates);
    recipe.crls.sort_by_key(|crl| crl.issuer.0 != "anchor");
    recipe
}

/// Makes CRLs newer than any that the CA gave: servers may refuse to go back. Who was
/// revoked before the scan stays so.
fn renew(scene: &Scene, recipe: &mut Recipe) {
    renewed(scene, recipe, present());
}

/// The same, of one moment.
pub(super) fn renewed(scene: &Scene, recipe: &mut Recipe, now: Time) {
    let crl_number = u64::try_from(now.unix_seconds()).unwrap_or(1);
    for crl in &mut recipe.crls {
        if crl.issuer.0 == "anchor" {
            scene.wishes.kept.list_in(crl);
        }
        crl.this_update = now.into();
        for extension in &mut crl.extensions {
            if extension.value.oid() == oid::CRL_NUMBER {
                extension.value = ExtensionValue::CrlNumber(crl_number);
            }
        }
    }
}

/// The present, in whole seconds.
pub(super) fn present() -> Time {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Time::from_unix_seconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
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
    hook.publish(&fresh.crls)?;
    let (before, _) = until_accepted(scene, shown);
    if !before.is_accepted() {
        return Err(format!(
            "it is not let in under fresh CRLs that list nothing either: {before}"
        ));
    }
    if trial.course == Course::AfterListing {
        hook.publish(&with(&|recipe| list(recipe, &"end-entity".into()))?.crls)?;
        let (listed, _) = until_refused(scene, shown);
        if !listed.is_refused() {
            return Err(format!("no CRL keeps it out: {listed}"));
        }
    }
    if trial.course == Course::LetEnd {
        let took = i64::try_from(start.elapsed().as_secs()).unwrap_or(i64::MAX);
        let life = took.saturating_mul(SLOWNESS).saturating_add(SHORT_LIFE);
        let end = present().plus_seconds(life);
        hook.publish(&with(&|recipe| end_at(recipe, end))?.crls)?;
        // A server may refuse to read what has ended already, and go on with what it has.
        if present() > end {
            return Err("the CRL had ended before it was handed over".to_owned());
        }
        while present() <= end && !scene.client.pace().is_over() {
            scene.client.pace().stop().sleep(ASKED_EVERY);
        }
    } else {
        hook.publish(&with(&trial.spoil)?.crls)?;
    }
    let (_, answer) = match trial.course {
        Course::AfterListing => until_accepted(scene, shown),
        Course::HandOver | Course::LetEnd => until_refused(scene, shown),
    };
    Ok(Seen::measured(scene, &answer))
}

/// Shows a certificate until it is let in, or the server had time enough to know the CRL.
pub(super) fn until_accepted(scene: &Scene, shown: &Arc<Credentials>) -> (Outcome, Answer) {
    until(
        scene,
        || measured(scene, shown),
        |(outcome, _)| outcome.is_accepted(),
    )
}

/// Shows a certificate until it is refused, or the server had time enough to know the CRL.
pub(super) fn until_refused(scene: &Scene, shown: &Arc<Credentials>) -> (Outcome, Answer) {
    until(
        scene,
        || measured(scene, shown),
        |(outcome, _)| outcome.is_refused(),
    )
}

/// Waits until the good certificate is let in again and again: right after a reload a worker of
/// before may still answer. Whether it is.
pub(super) fn until_well(scene: &Scene) -> bool {
    let row = std::cell::Cell::new(0);
    let ask = || match scene.is_healthy() {
        true => row.set(row.get() + 1),
        false => row.set(0),
    };
    until(scene, ask, |()| row.get() >= IN_A_ROW);
    row.get() > 0
}

/// What the server makes of a new intermediate. Where it asks for its CRL and there is a way to
/// hand it one, it has it from then on, so that every chain with such intermediates tells something.
pub(super) fn deeper(scene: &Scene) -> Deeper {
    let Ok(credentials) = scene.pki.mint(&scene.pki.benign(1)) else {
        return Deeper::Taken;
    };
    let credentials = Arc::new(credentials);
    let (outcome, _) = measured(scene, &credentials);
    if !outcome.is_refused() {
        return Deeper::Taken;
    }
    let (Some(hook), Ok(crls)) = (&scene.wishes.hook, of_intermediates(scene)) else {
        return match scene.wishes.hook {
            Some(_) => Deeper::Refused,
            None => Deeper::WithoutCrls,
        };
    };
    if hook.publish(&crls).is_err() {
        return Deeper::WithoutCrls;
    }
    match until_accepted(scene, &credentials).0.is_accepted() {
        true => Deeper::WithCrls,
        false => Deeper::Refused,
    }
}

/// What the good certificate gets where CRLs of the scan keep it out. The operator's own are
/// handed over again at the end.
pub(super) fn shut_out(scene: &Scene) -> Option<End> {
    let hook = scene.wishes.hook.as_ref()?;
    if scene.deeper != Deeper::Refused || scene.is_healthy() {
        return None;
    }
    // A server that reads one CRL of a file has read another than its CA's.
    if let Ok(fresh) = benign(scene, 0)
        && hook.publish(&fresh.crls).is_ok()
    {
        until_well(scene);
    }
    match scene.show(Some(Arc::clone(&scene.good))).end {
        end if end == scene.yardstick.good.end => None,
        End::OutOfBounds => None,
        end => Some(end),
    }
}

/// Hands over these CRLs of further CAs beside those of the plain ones, where the server asks for
/// them. A server that lets nobody in with them goes on without.
pub(super) fn hand_over_all<'c>(scene: &Scene, further: impl Iterator<Item = &'c Vec<u8>>) {
    let (Deeper::WithCrls, Some(hook)) = (&scene.deeper, &scene.wishes.hook) else {
        return;
    };
    let Ok(mut crls) = of_intermediates(scene) else {
        return;
    };
    let plain = crls.len();
    for crl in further {
        if !crls.contains(crl) {
            crls.push(crl.clone());
        }
    }
    let is_well = |crls: &[Vec<u8>]| {
        hook.publish(crls).is_ok() && until_accepted(scene, &scene.good).0.is_accepted()
    };
    if crls.len() > plain && !is_well(&crls) {
        // Those of before are older by now, and may be refused for that.
        if let Ok(fresh) = of_intermediates(scene) {
            is_well(&fresh);
        }
    }
}

/// Fresh CRLs of every CA that a chain of this scan may have. They list nothing.
fn of_intermediates(scene: &Scene) -> Result<Vec<Vec<u8>>, String> {
    let mut recipe = with_crls(scene, 2);
    renew(scene, &mut recipe);
    let minted = scene.pki.mint_with_crls(&recipe);
    let (_, crls) = minted.map_err(|error| error.to_string())?;
    match crls.is_empty() {
        true => Err("the CA may not sign CRLs".to_owned()),
        false => Ok(crls),
    }
}

fn measured(scene: &Scene, shown: &Arc<Credentials>) -> (Outcome, Answer) {
    let answer = scene.show(Some(Arc::clone(shown)));
    (scene.yardstick.measure(&answer), answer)
}

/// Asks until the answer is as wanted, or a server had time enough to know.
fn until<T>(scene: &Scene, ask: impl Fn() -> T, wanted: impl Fn(&T) -> bool) -> T {
    let deadline = Instant::now() + KNOWN_WITHIN;
    let mut asked = 0;
    loop {
        let answer = ask();
        asked += 1;
        let is_late = asked >= ASKED && Instant::now() >= deadline;
        if wanted(&answer) || is_late || scene.client.pace().is_over() {
            return answer;
        }
        scene.client.pace().stop().sleep(ASKED_EVERY);
    }
}

/// Hands over the operator's own CRLs at the end, or tells that the server is left with others.
pub(super) fn give_back(scene: &Scene) -> Option<Finding> {
    let hook = scene.wishes.hook.as_ref()?;
    let own = scene.wishes.kept.crls();
    let problem = match own.is_empty() {
        true => "the scan was not given the CRL that was there before".to_owned(),
        false => hook.publish(own).err()?,
    };
    Some(Finding {
        id: "revocation/crl-left".to_owned(),
        severity: Severity::Info,
        title: "The server is left with a CRL of the scan".to_owned(),
        evidence: format!(
            "--publish-crl handed over CRLs in the name of your CA, the last of which lists nobody of the scan; {problem}"
        ),
        why: "Whoever your CA has revoked and the scan was not told of is let in until the server has your own CRL again.".to_owned(),
        remediation: format!(
            "hand out your own CRL again now, with `{}`, and give it to the next scan with --crl: then those whom it lists stay revoked, and it is handed over at the end",
            hook.by_hand()
        ),
        references: Vec::new(),
        again: None,
        probes: Vec::new(),
    })
}

fn conclude(scene: &Scene, records: &[Record]) -> Conclusion {
    let told = |record: &Record| record.word() != Word::Inconclusive;
    if scene.wishes.hook.is_none() && !records.iter().any(told) {
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
