//! What is handed over to the server through the operator's own commands: CRLs that let in every
//! good chain of the scan, CRLs that list one, and at the end the operator's own.
//!
//! It stands apart because revocation, resumption and the plan all hand over, and wait until the
//! server knows it.

use std::{
    sync::{Arc, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    ScanError,
    answer::{Answer, End},
    credentials::Credentials,
    hook::Hook,
    outcome::Outcome,
    result::Finding,
    scene::{Deeper, Scene},
};
use crate::{
    defect::Severity,
    der::{HexBytes, oid},
    question::Time,
    recipe::{Crl, ExtensionValue, Label, Recipe, Revoked},
    server::Clock,
};

/// How long a server may take to know a CRL that it was given, at least.
const KNOWN_WITHIN: Duration = Duration::from_secs(5);
/// How often it is asked meanwhile.
pub(super) const ASKED_EVERY: Duration = Duration::from_millis(250);
/// How many times it is asked, at least: on a busy machine answers take long, and so does reading.
const ASKED: usize = 20;

/// How often in a row the good certificate must be let in before the server is taken for well.
const IN_A_ROW: usize = 3;

/// What came of handing over.
#[derive(Debug, Default)]
pub(super) struct Handing {
    /// Whether the commands ran through at least once.
    pub(super) done: bool,
    /// Whether anything that was handed over changed an answer of the server.
    pub(super) seen: bool,
    /// Whether the server is known to look at CRLs: it refuses who is revoked already.
    pub(super) checks: bool,
    /// What went wrong first.
    problem: Option<String>,
}

impl Scene {
    /// What came of handing over so far.
    pub(super) fn handing(&self) -> MutexGuard<'_, Handing> {
        self.handing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why nothing could be learned of what is handed over: the commands fail, or do not reach the server.
    pub fn hook_problem(&self) -> Option<String> {
        let handing = self.handing();
        if let Some(problem) = &handing.problem {
            return Some(format!("{problem}; what needs it was not tested"));
        }
        (handing.done && handing.checks && !handing.seen).then(|| {
            "the CRLs that --publish-crl hands over do not reach the server: it judges by those that it had before, so revocation was not tested with them".to_owned()
        })
    }
}

/// Hands over these as long as the scan may go on, and remembers what came of it.
pub(super) fn publish(scene: &Scene, hook: &Hook, ders: &[Vec<u8>]) -> Result<(), String> {
    let is_over = || scene.client.pace().is_over();
    // What has failed from the start is not tried again and again.
    if let Handing {
        done: false,
        problem: Some(problem),
        ..
    } = &*scene.handing()
    {
        return Err(problem.clone());
    }
    let outcome = hook.publish(ders, &is_over);
    if !is_over() {
        remember(scene, &outcome);
    }
    outcome
}

/// Hands over what must be there afterwards, even where the scan is over.
pub(super) fn restore(scene: &Scene, hook: &Hook, ders: &[Vec<u8>]) -> Result<(), String> {
    if !scene.handing().done {
        // Nothing was changed.
        return Ok(());
    }
    let outcome = hook.publish(ders, &|| false);
    remember(scene, &outcome);
    outcome
}

fn remember(scene: &Scene, outcome: &Result<(), String>) {
    let mut handing = scene.handing();
    match outcome {
        Ok(()) => handing.done = true,
        Err(problem) => {
            handing.problem.get_or_insert_with(|| problem.clone());
        }
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
pub(super) fn fresh(scene: &Scene) -> Result<Vec<Vec<u8>>, String> {
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
pub(super) fn staged(
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
    Clock::System.now()
}

/// Lists the certificate with this label in its issuer's CRL.
pub(super) fn list(recipe: &mut Recipe, label: &Label) -> Option<()> {
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

fn crl_of<'r>(recipe: &'r mut Recipe, issuer: &Label) -> Option<&'r mut Crl> {
    let mut crls = recipe.crls.iter_mut();
    crls.find(|crl| crl.issuer == *issuer).map(|crl| &mut **crl)
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
    if publish(scene, hook, &crls).is_err() {
        return Deeper::WithoutCrls;
    }
    match until_accepted(scene, &credentials).0.is_accepted() {
        true => {
            scene.handing().seen = true;
            Deeper::WithCrls
        }
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
        && publish(scene, hook, &fresh.crls).is_ok()
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
        publish(scene, hook, crls).is_ok() && until_accepted(scene, &scene.good).0.is_accepted()
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

pub(super) fn measured(scene: &Scene, shown: &Arc<Credentials>) -> (Outcome, Answer) {
    let answer = scene.show(Some(Arc::clone(shown)));
    (scene.yardstick.measure(&answer), answer)
}

/// Asks until the answer is as wanted, or a server had time enough to know.
pub(super) fn until<T>(scene: &Scene, ask: impl Fn() -> T, wanted: impl Fn(&T) -> bool) -> T {
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
    if !scene.handing().done {
        return None;
    }
    let own = scene.wishes.kept.crls();
    let problem = match own.is_empty() {
        true => "the scan was not given the CRL that was there before".to_owned(),
        false => restore(scene, hook, own).err()?,
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
