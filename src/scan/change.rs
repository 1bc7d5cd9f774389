//! Sessions around a change: a certificate ends, it is revoked, its CA is trusted no longer, the
//! policy is tightened. Who makes each change stands in [`operator`](super::operator).
//!
//! What the operator's own commands change is put back afterwards.

use std::sync::Arc;

use super::{
    handover::{self, present},
    hook::{Hook, Policy},
    operator::{Distrusting, Revoking, Tightening, Waiting},
    probe::Seen,
    resumption::run,
    scene::Scene,
};
use crate::{der::HexBytes, handshake::resume};

/// How long a certificate is good that is to end between two visits, in seconds. The longer
/// ones are for servers that take long to answer.
const SHORT_LIVES: &[i64] = &[3, 20];

pub(super) fn after_expiry(scene: &Scene, probe: &resume::Probe) -> Result<Seen, String> {
    for life in SHORT_LIVES {
        if let Some(seen) = after_a_life_of(*life, scene, probe)? {
            return Ok(seen);
        }
    }
    Err("a certificate has expired before the server lets it in".to_owned())
}

/// None where the certificate has expired before its session could begin.
fn after_a_life_of(
    life: i64,
    scene: &Scene,
    probe: &resume::Probe,
) -> Result<Option<Seen>, String> {
    let end = present().plus_seconds(life);
    let mut recipe = scene.pki.benign(0);
    let label = recipe
        .end_entity()
        .map_err(|error| error.to_string())?
        .clone();
    let certificate = recipe
        .certificate_mut(&label)
        .ok_or("there is no end entity")?;
    certificate.not_after = end.into();
    certificate.serial = HexBytes(scene.pki.fresh_serial());
    let minted = scene.pki.mint(&recipe);
    let shown = Arc::new(minted.map_err(|error| error.to_string())?);
    let mut operator = Waiting {
        scene,
        end,
        shown: Arc::clone(&shown),
        has_waited: false,
    };
    let seen = run(scene, probe, &shown, &mut operator)?;
    let was_late = !operator.has_waited && present() > end;
    Ok((!was_late).then_some(seen))
}

pub(super) fn after_revocation(
    scene: &Scene,
    probe: &resume::Probe,
    hook: &Hook,
) -> Result<Seen, String> {
    let fresh = handover::benign(scene, 0)?;
    let revoked = handover::of_revoked(scene)?;
    handover::publish(scene, hook, &fresh.crls)?;
    let (before, _) = handover::until_accepted(scene, &revoked.credentials);
    if !before.is_accepted() {
        return Err(format!("it is not let in before it is revoked: {before}"));
    }
    let shown = Arc::clone(&revoked.credentials);
    let mut operator = Revoking {
        scene,
        hook,
        fresh,
        revoked,
    };
    run(scene, probe, &shown, &mut operator)
}

pub(super) fn after_another_ca(
    scene: &Scene,
    probe: &resume::Probe,
    hook: &Hook,
) -> Result<Seen, String> {
    let other = scene
        .pki
        .under_another_ca()
        .map_err(|error| error.to_string())?;
    let shown = Arc::new(other.credentials);
    let fresh = handover::benign(scene, 0).map_or_else(|_| Vec::new(), |fresh| fresh.crls);
    // Handed over first, and read together with the CA.
    let crls = |of_other: &[Vec<u8>]| match &scene.wishes.hook {
        Some(hook) => hook.hand_over(&[&fresh, of_other].concat(), &|| false),
        None => Ok(()),
    };
    let mut operator = Distrusting {
        scene,
        hook,
        shown: Arc::clone(&shown),
    };
    let trusted = crls(&other.crls).and_then(|()| handover::publish(scene, hook, &other.anchors));
    let seen = trusted.and_then(|()| {
        let (before, _) = handover::until_accepted(scene, &shown);
        match before.is_accepted() {
            true => run(scene, probe, &shown, &mut operator),
            false => Err(format!(
                "it is not let in while its CA is trusted: {before}"
            )),
        }
    });
    // Whatever happened, the server trusts what it trusted before.
    let restored = crls(&[]).and_then(|()| handover::restore(scene, hook, &[]));
    restored.map_err(|problem| format!("what was changed was not put back: {problem}"))?;
    handover::until_well(scene);
    seen
}

/// The operator's own command makes the server ask more of clients, and another takes that back.
pub(super) fn after_a_stricter_policy(
    scene: &Scene,
    probe: &resume::Probe,
    policy: &Policy,
) -> Result<Seen, String> {
    run(
        scene,
        probe,
        &scene.good,
        &mut Tightening {
            scene,
            policy,
            probe,
        },
    )
}
