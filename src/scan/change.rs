//! What changes between the visits of a session: an [`Operator`] each, and how each is brought about.
//!
//! What the operator's own commands change is put back afterwards.

use std::{sync::Arc, thread, time::Duration};

use rustls_pki_types::ServerName;

use super::{
    credentials::Credentials,
    hook::{Hook, Policy},
    probe::Seen,
    resumption::{run, visited},
    revocation::{self, Staged, present},
    scene::Scene,
};
use crate::{
    der::HexBytes,
    handshake::resume::{self, Change, Endpoint, Operator, Shows},
    question::Time,
};

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
    let fresh = revocation::benign(scene, 0)?;
    let revoked = revocation::of_revoked(scene)?;
    hook.publish(&fresh.crls)?;
    let (before, _) = revocation::until_accepted(scene, &revoked.credentials);
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
    let fresh = revocation::benign(scene, 0).map_or_else(|_| Vec::new(), |fresh| fresh.crls);
    // Handed over first, and read together with the CA.
    let crls = |of_other: &[Vec<u8>]| match &scene.wishes.hook {
        Some(hook) => hook.hand_over(&[&fresh, of_other].concat()),
        None => Ok(()),
    };
    let mut operator = Distrusting {
        scene,
        hook,
        shown: Arc::clone(&shown),
    };
    let trusted = crls(&other.crls).and_then(|()| hook.publish(&other.anchors));
    let seen = trusted.and_then(|()| {
        let (before, _) = revocation::until_accepted(scene, &shown);
        match before.is_accepted() {
            true => run(scene, probe, &shown, &mut operator),
            false => Err(format!(
                "it is not let in while its CA is trusted: {before}"
            )),
        }
    });
    // Whatever happened, the server trusts what it trusted before.
    let restored = crls(&[]).and_then(|()| hook.publish(&[]));
    restored.map_err(|problem| format!("what was changed was not put back: {problem}"))?;
    revocation::until_well(scene);
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

/// Revokes one certificate through the operator's own commands.
struct Revoking<'s> {
    scene: &'s Scene,
    hook: &'s Hook,
    fresh: Staged,
    revoked: Staged,
}

impl Operator for Revoking<'_> {
    fn make(&mut self, _: Change) -> Result<Option<Endpoint>, String> {
        self.hook.publish(&self.revoked.crls)?;
        revocation::until_refused(self.scene, &self.revoked.credentials);
        Ok(None)
    }

    fn undo(&mut self, _: Change) -> Result<(), String> {
        self.hook.publish(&self.fresh.crls)?;
        revocation::until_well(self.scene);
        Ok(())
    }
}

/// Takes a CA away again that the server was made to trust.
struct Distrusting<'s> {
    scene: &'s Scene,
    hook: &'s Hook,
    shown: Arc<Credentials>,
}

impl Operator for Distrusting<'_> {
    fn make(&mut self, _: Change) -> Result<Option<Endpoint>, String> {
        self.hook.publish(&[])?;
        revocation::until_refused(self.scene, &self.shown);
        Ok(None)
    }

    fn undo(&mut self, _: Change) -> Result<(), String> {
        Ok(())
    }
}

/// Lets a certificate end.
struct Waiting<'s> {
    scene: &'s Scene,
    end: Time,
    shown: Arc<Credentials>,
    has_waited: bool,
}

impl Operator for Waiting<'_> {
    fn make(&mut self, _: Change) -> Result<Option<Endpoint>, String> {
        self.has_waited = true;
        while present() <= self.end {
            thread::sleep(Duration::from_millis(100));
        }
        // The server's clock may be a little behind.
        revocation::until_refused(self.scene, &self.shown);
        Ok(None)
    }

    fn undo(&mut self, _: Change) -> Result<(), String> {
        Ok(())
    }
}

/// Asks more of clients through the operator's own commands.
struct Tightening<'s> {
    scene: &'s Scene,
    policy: &'s Policy,
    probe: &'s resume::Probe,
}

impl Operator for Tightening<'_> {
    fn make(&mut self, _: Change) -> Result<Option<Endpoint>, String> {
        self.policy.tighten()?;
        let shown = match self.probe.shows {
            Shows::Nothing => None,
            Shows::Certificate => Some(&self.scene.good),
        };
        revocation::until(
            self.scene,
            || Seen::measured(self.scene, &self.scene.show(shown.cloned())).outcome,
            |outcome| outcome.is_refused(),
        );
        Ok(None)
    }

    fn undo(&mut self, _: Change) -> Result<(), String> {
        self.policy.relax()?;
        revocation::until_well(self.scene);
        Ok(())
    }
}

/// Goes to the same server under another name.
pub(super) struct GoesTo<'s> {
    pub(super) scene: &'s Scene,
    pub(super) name: &'s str,
}

impl Operator for GoesTo<'_> {
    fn make(&mut self, _: Change) -> Result<Option<Endpoint>, String> {
        let name = ServerName::try_from(self.name.to_owned());
        let name = name.map_err(|_| format!("`{}` is no server name", self.name))?;
        let mut endpoint = visited(&self.scene.client, &self.scene.wishes.request)?;
        endpoint.request = self.scene.wishes.request.to_bytes(self.name);
        endpoint.name = name;
        Ok(Some(endpoint))
    }

    fn undo(&mut self, _: Change) -> Result<(), String> {
        Ok(())
    }
}
