//! Sessions that are resumed: a ticket must not let in what a new handshake would not.

use std::sync::Arc;

use super::{
    credentials::Credentials,
    hook::Hook,
    outcome::Outcome,
    probe::{Conclusion, Probe, Seen, Stage},
    remedy::Remedy,
    result::{Finding, Record},
    revocation::{self, Staged},
    scene::Scene,
};
use crate::handshake::{
    downgrade::Verdict,
    resume::{self, Change, Endpoint, Nobody, Operator},
};

/// Resumption without a certificate, and after a revocation where CRLs can be handed over.
pub(super) const STAGE: Stage = Stage {
    name: "resumption",
    about: "sessions resumed where a new handshake is refused",
    alone: true,
    probes,
    conclude,
};

fn probes(scene: &Scene) -> Vec<Probe> {
    let possible = |change: Change| match change {
        Change::Nothing => true,
        Change::Revoke => scene.wishes.hook.is_some(),
        _ => false,
    };
    resume::PROBES
        .iter()
        .filter(|probe| possible(probe.change))
        .map(|probe| Probe::hostile(probe.id, probe.summary, move |scene| show(scene, probe)))
        .collect()
}

fn show(scene: &Scene, probe: &resume::Probe) -> Seen {
    match probe.change {
        Change::Nothing => run(scene, probe, &scene.good, &mut Nobody),
        _ => after_revocation(scene, probe).unwrap_or_else(Seen::inconclusive),
    }
}

fn after_revocation(scene: &Scene, probe: &resume::Probe) -> Result<Seen, String> {
    let hook = scene
        .wishes
        .hook
        .clone()
        .ok_or("no CRL can be handed over")?;
    let fresh = revocation::benign(scene, 0)?;
    let revoked = revocation::of_revoked(scene)?;
    hook.publish(&fresh.crls)?;
    let (before, _) = revocation::until_accepted(scene, &revoked.credentials);
    if !before.is_accepted() {
        return Err(format!("it is not let in before it is revoked: {before}"));
    }
    let credentials = Arc::clone(&revoked.credentials);
    let mut operator = Revoking {
        scene,
        hook,
        fresh,
        revoked,
    };
    Ok(run(scene, probe, &credentials, &mut operator))
}

fn run(
    scene: &Scene,
    probe: &resume::Probe,
    credentials: &Credentials,
    operator: &mut dyn Operator,
) -> Seen {
    let client = &scene.client;
    let (Some(address), Some(name)) = (
        client.endpoint().addresses().first(),
        client.endpoint().server_name(),
    ) else {
        return Seen::inconclusive("the endpoint has neither address nor name");
    };
    let certified = match credentials.certified() {
        Ok(certified) => certified,
        Err(why) => return Seen::inconclusive(why),
    };
    // A probe makes three visits.
    if !(0..3).all(|_| client.pace().wait()) {
        return Seen::inconclusive("not shown: the bounds of the scan are reached");
    }
    let endpoint = Endpoint::new(*address, name, &scene.wishes.request.path);
    match probe.run(&endpoint, &certified, operator, &resume::is_success) {
        Err(error) => Seen::inconclusive(format!("nobody answers: {error}")),
        Ok(seen) => Seen {
            outcome: match seen.verdict {
                Verdict::Broken => Outcome::WentAlong(seen.evidence.clone()),
                Verdict::Held => Outcome::RefusedByClose,
                Verdict::Unclear => Outcome::Inconclusive(seen.evidence.clone()),
            },
            evidence: seen.evidence,
        },
    }
}

/// Revokes one certificate through the operator's own commands.
struct Revoking<'s> {
    scene: &'s Scene,
    hook: Hook,
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
        self.hook.publish(&self.fresh.crls)
    }
}

fn conclude(scene: &Scene, records: &[Record]) -> Conclusion {
    let broken = records.iter().filter(|record| record.outcome.is_accepted());
    let finding = |record: &Record| {
        let probe = resume::PROBES.iter().find(|probe| probe.id == record.id)?;
        let title = match probe.change {
            Change::Nothing => "A resumed session stands for a certificate",
            _ => "A revoked certificate is admitted with a ticket",
        };
        Some(Finding {
            id: probe.id.to_owned(),
            severity: probe.severity,
            title: title.to_owned(),
            evidence: record.evidence.clone(),
            why: probe.page.to_owned(),
            remediation: Remedy::Tickets.text(scene.kind),
            references: vec![probe.clause.to_owned()],
            again: None,
            probes: vec![record.id.clone()],
        })
    };
    broken.filter_map(finding).collect::<Vec<_>>().into()
}
