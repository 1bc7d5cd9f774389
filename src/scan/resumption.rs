//! Sessions that are resumed: a ticket must not let in what a new handshake would not.
//!
//! What the operator's own commands change is put back afterwards. A change that
//! nobody here can make (a stricter policy, another process) is not shown.

use std::sync::Arc;

use super::{
    answer::{Answer, End, Greeting, Response},
    credentials::Credentials,
    handover::{self, present},
    hook::Hook,
    operator::{Distrusting, GoesTo, Revoking, Waiting},
    outcome::Outcome,
    probe::{Conclusion, Probe, Seen, Stage},
    remedy::Remedy,
    result::{Finding, Record},
    scene::Scene,
    ticket,
};
use crate::{
    defect::Severity,
    der::HexBytes,
    handshake::{
        downgrade::Verdict,
        resume::{self, Change, Endpoint, Nobody, Operator, Shows, Version},
    },
};

/// What can be shown without changing the server.
pub(super) const STAGE: Stage = Stage {
    name: "resumption",
    about: "sessions resumed where a new handshake is refused",
    alone: false,
    changes_server: false,
    probes: |scene| probes(scene, |change| !needs_operator(change)),
    conclude,
};

/// What the operator's commands change in between. Each probe changes what the next would meet.
pub(super) const CHANGED: Stage = Stage {
    name: "resumption",
    about: "sessions resumed after a revocation, and after a CA is trusted no longer",
    alone: true,
    changes_server: true,
    probes: |scene| probes(scene, needs_operator),
    conclude,
};

/// How long a certificate is good that is to end between two visits, in seconds. The longer
/// ones are for servers that take long to answer.
const SHORT_LIVES: &[i64] = &[3, 20];

/// The probe of early data, beside those of [`resume::PROBES`].
const EARLY_DATA: &str = "resumption/early-data";

fn needs_operator(change: Change) -> bool {
    matches!(change, Change::Revoke | Change::ReplaceAnchors)
}

fn probes(scene: &Scene, wanted: fn(Change) -> bool) -> Vec<Probe> {
    let mut probes = Vec::new();
    for probe in resume::PROBES.iter().filter(|probe| wanted(probe.change)) {
        match probe.change {
            Change::Nothing => probes.push(plain(scene, probe)),
            Change::Expire => probes.push(of(probe, after_expiry)),
            Change::OtherName => probes.extend(of_names(scene, probe)),
            Change::Revoke => probes.extend(scene.wishes.hook.clone().map(|hook| {
                of(probe, move |scene, probe| {
                    after_revocation(scene, probe, &hook)
                })
            })),
            Change::ReplaceAnchors => probes.extend(scene.wishes.trust_hook.clone().map(|hook| {
                of(probe, move |scene, probe| {
                    after_another_ca(scene, probe, &hook)
                })
            })),
            // Nobody but the server's operator can make these, and no command of a scan does.
            _ => {}
        }
    }
    if wanted(Change::Nothing) {
        probes.push(Probe::hostile(
            EARLY_DATA,
            "the request as early data of a resumed session, which anybody may send again",
            early_data,
        ));
        probes.extend(ticket::probes());
    }
    probes
}

/// A probe of the table, shown so.
fn of(
    probe: &'static resume::Probe,
    show: impl Fn(&Scene, &resume::Probe) -> Result<Seen, String> + Send + Sync + 'static,
) -> Probe {
    Probe::hostile(probe.id, probe.summary, move |scene| {
        show(scene, probe).unwrap_or_else(Seen::inconclusive)
    })
}

/// Without any change. What is found is looked at twice: an open page may differ by chance.
fn plain(scene: &Scene, probe: &'static resume::Probe) -> Probe {
    let version = match probe.version {
        Version::Tls13 => "-tls1_3",
        Version::Tls12 => "-tls1_2",
    };
    of(probe, |scene, probe| {
        let good = Arc::clone(&scene.good);
        let seen = run(scene, probe, &good, &mut Nobody)?;
        match seen.outcome.is_accepted() {
            true => run(scene, probe, &good, &mut Nobody),
            false => Ok(seen),
        }
    })
    .again(scene.commands().resume_with_openssl(version))
}

/// One for each further name of the server.
fn of_names(scene: &Scene, probe: &'static resume::Probe) -> Vec<Probe> {
    let of_name = |name: &String| {
        let id = format!("{}@{name}", probe.id);
        let summary = format!("{}, {name}", probe.summary);
        let name = name.clone();
        Probe::hostile(id, summary, move |scene| {
            let mut operator = GoesTo { scene, name: &name };
            run(scene, probe, &scene.good, &mut operator).unwrap_or_else(Seen::inconclusive)
        })
    };
    scene.wishes.server_names.iter().map(of_name).collect()
}

fn after_expiry(scene: &Scene, probe: &resume::Probe) -> Result<Seen, String> {
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

fn after_revocation(scene: &Scene, probe: &resume::Probe, hook: &Hook) -> Result<Seen, String> {
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

fn after_another_ca(scene: &Scene, probe: &resume::Probe, hook: &Hook) -> Result<Seen, String> {
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

fn early_data(scene: &Scene) -> Seen {
    let shown = || -> Result<Seen, String> {
        let certified = scene.good.certified()?;
        let endpoint = endpoint(scene)?;
        paced(scene, resume::EARLY_DATA_VISITS)?;
        let let_in = |response: &[u8]| lets_in(scene, Change::Nothing, response);
        let seen = resume::early_data(&endpoint, &certified, &let_in);
        seen.map(read)
            .map_err(|error| format!("nobody answers: {error}"))
    };
    shown().unwrap_or_else(Seen::inconclusive)
}

fn run(
    scene: &Scene,
    probe: &resume::Probe,
    credentials: &Credentials,
    operator: &mut dyn Operator,
) -> Result<Seen, String> {
    let certified = credentials.certified()?;
    let endpoint = endpoint(scene)?;
    paced(scene, 3)?;
    let let_in = |response: &[u8]| lets_in(scene, probe.change, response);
    let seen = probe.run(&endpoint, &certified, operator, &let_in);
    if scene.client.pace().is_stopped() {
        return Err("not shown: the scan was ended early".to_owned());
    }
    seen.map(read)
        .map_err(|error| format!("nobody answers: {error}"))
}

/// Waits for the turns of so many visits.
fn paced(scene: &Scene, visits: usize) -> Result<(), String> {
    match (0..visits).all(|_| scene.client.pace().wait()) {
        true => Ok(()),
        false => Err("not shown: the bounds of the scan are reached".to_owned()),
    }
}

pub(super) fn endpoint(scene: &Scene) -> Result<Endpoint, String> {
    let client = &scene.client;
    let name = client.endpoint().server_name();
    let (Some(address), Some(name)) = (client.address(), name) else {
        return Err("the endpoint has neither address nor name".to_owned());
    };
    let host = client.endpoint().host_header();
    Ok(Endpoint {
        request: scene.wishes.request.to_bytes(&host),
        patience: client.timeout(),
        stop: client.pace().stop(),
        ..Endpoint::new(address, name, &scene.wishes.request.path)
    })
}

fn read(seen: resume::Seen) -> Seen {
    let words = seen.evidence;
    Seen::of(match seen.verdict {
        Verdict::Broken => Outcome::WentAlong(words),
        Verdict::Held => Outcome::Held(words),
        Verdict::Unclear => Outcome::Inconclusive(words),
    })
}

/// Whether a response is that of somebody who was let in. Where everybody is answered, only who is
/// answered otherwise than a stranger was taken for somebody.
fn lets_in(scene: &Scene, change: Change, response: &[u8]) -> bool {
    let Some(response) = Response::read(response, true) else {
        return false;
    };
    let status = response.status;
    if change == Change::OtherName {
        // Under another name another page may be served.
        return scene.yardstick.admits(status);
    }
    let answer = Answer {
        end: End::Status(status),
        greeting: Greeting::default(),
        response: Some(response),
    };
    scene.lets_in(&scene.yardstick.measure(&answer))
}

fn conclude(scene: &Scene, records: &[Record]) -> Conclusion {
    let broken = |id: &str| {
        let mut broken = records.iter().filter(|record| record.outcome.is_accepted());
        broken.any(|record| record.id == id)
    };
    // Where a bare session is good for the same host, that it is for another tells nothing new.
    let is_new = |record: &&Record| {
        let id = record.id.split('@').next().unwrap_or_default();
        !broken(&id.replace("another-name", "without-certificate")) || !id.contains("another-name")
    };
    let shown = records.iter().filter(|record| record.outcome.is_accepted());
    shown
        .filter(is_new)
        .filter_map(|record| finding(scene, record))
        .collect::<Vec<_>>()
        .into()
}

fn finding(scene: &Scene, record: &Record) -> Option<Finding> {
    let id = record.id.split('@').next().unwrap_or_default();
    let told = Finding {
        id: id.to_owned(),
        severity: Severity::Medium,
        title: "Early data is acted on".to_owned(),
        evidence: record.evidence.clone(),
        why: "Early data has no protection against being sent again: whoever saw it on the line repeats the request in the name of the client.".to_owned(),
        remediation: Remedy::EarlyData.text(scene.kind),
        references: vec!["RFC 8446 section 8".to_owned(), "RFC 8470".to_owned(), "CWE-294".to_owned()],
        again: record.again.clone(),
        probes: vec![record.id.clone()],
    };
    if id == EARLY_DATA {
        return Some(told);
    }
    if let Some(offer) = ticket::OFFERS.iter().find(|offer| offer.id == id) {
        return Some(Finding {
            severity: offer.severity,
            title: offer.title.to_owned(),
            why: offer.why.to_owned(),
            remediation: Remedy::Tickets.text(scene.kind),
            references: vec![offer.clause.to_owned()],
            ..told
        });
    }
    let probe = resume::PROBES.iter().find(|probe| probe.id == id)?;
    let title = match (probe.change, probe.shows) {
        (Change::Revoke, _) => "A revoked certificate is admitted in a resumed session",
        (Change::ReplaceAnchors, _) => {
            "A certificate of a CA that is trusted no longer is admitted in a resumed session"
        }
        (Change::Expire, _) => "A session outlives the certificate that it was begun with",
        (Change::OtherName, _) => {
            "A session of one host is good for another that demands a certificate"
        }
        (_, Shows::Nothing) => "A resumed session stands for a certificate",
        (_, Shows::Certificate) => "A session outlives what it was begun under",
    };
    Some(Finding {
        severity: probe.severity,
        title: title.to_owned(),
        why: probe.page.to_owned(),
        remediation: Remedy::Tickets.text(scene.kind),
        references: vec![probe.clause.to_owned(), "CWE-613".to_owned()],
        ..told
    })
}
