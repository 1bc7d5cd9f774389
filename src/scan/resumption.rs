//! Sessions that are resumed: a ticket must not let in what a new handshake would not.
//!
//! What changes in between stands in [`change`](super::change). A change for which
//! the operator gave no command, and no further server, is not shown.

use std::sync::Arc;

use super::{
    answer::{Answer, End, Greeting, Response},
    change,
    client::{Client, Request},
    credentials::Credentials,
    operator::GoesTo,
    outcome::Outcome,
    place,
    probe::{Conclusion, Probe, Seen, Stage},
    refused_session,
    remedy::Remedy,
    result::{Finding, Record},
    scene::Scene,
    ticket,
};
use crate::{
    defect::Severity,
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
    about: "sessions resumed after a revocation, after a CA is trusted no longer, and under a stricter policy",
    alone: true,
    changes_server: true,
    probes: |scene| probes(scene, needs_operator),
    conclude,
};

/// The probe of early data, beside those of [`resume::PROBES`].
const EARLY_DATA: &str = "resumption/early-data";

fn needs_operator(change: Change) -> bool {
    use Change::{Demand, ReplaceAnchors, Revoke, Tighten};
    matches!(change, Revoke | ReplaceAnchors | Tighten | Demand)
}

fn probes(scene: &Scene, wanted: fn(Change) -> bool) -> Vec<Probe> {
    let mut probes = Vec::new();
    let wishes = &scene.wishes;
    for probe in resume::PROBES.iter().filter(|probe| wanted(probe.change)) {
        match probe.change {
            Change::Nothing => probes.push(plain(scene, probe)),
            Change::Expire => probes.push(of(probe, change::after_expiry)),
            Change::OtherName => probes.extend(of_names(scene, probe)),
            Change::OtherPlace => probes.extend(place::probes(scene, probe)),
            Change::Revoke => probes.extend(wishes.hook.clone().map(|hook| {
                of(probe, move |scene, probe| {
                    change::after_revocation(scene, probe, &hook)
                })
            })),
            Change::ReplaceAnchors => probes.extend(wishes.trust_hook.clone().map(|hook| {
                of(probe, move |scene, probe| {
                    change::after_another_ca(scene, probe, &hook)
                })
            })),
            Change::Tighten | Change::Demand => {
                probes.extend(wishes.policy.clone().map(|policy| {
                    of(probe, move |scene, probe| {
                        change::after_a_stricter_policy(scene, probe, &policy)
                    })
                }));
            }
        }
    }
    if wanted(Change::Nothing) {
        probes.push(Probe::hostile(
            EARLY_DATA,
            "the request as early data of a resumed session, which anybody may send again",
            early_data,
        ));
        probes.extend(ticket::probes());
        probes.push(refused_session::probe());
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

/// Runs a probe against the endpoint of the scan.
pub(super) fn run(
    scene: &Scene,
    probe: &resume::Probe,
    credentials: &Credentials,
    operator: &mut dyn Operator,
) -> Result<Seen, String> {
    let let_in = |response: &[u8]| lets_in(scene, probe.change, response);
    run_from(
        scene,
        &endpoint(scene)?,
        probe,
        credentials,
        operator,
        &let_in,
    )
}

/// Runs a probe whose session begins at an endpoint. `let_in` tells what an answer means where it is resumed.
pub(super) fn run_from(
    scene: &Scene,
    begin: &Endpoint,
    probe: &resume::Probe,
    credentials: &Credentials,
    operator: &mut dyn Operator,
    let_in: &dyn Fn(&[u8]) -> bool,
) -> Result<Seen, String> {
    let certified = credentials.certified()?;
    paced(scene, 3)?;
    let seen = probe.run(begin, &certified, operator, let_in);
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
    visited(&scene.client, &scene.wishes.request)
}

/// Where a client goes, with what it asks for there.
pub(super) fn visited(client: &Client, request: &Request) -> Result<Endpoint, String> {
    let name = client.endpoint().server_name();
    let (Some(address), Some(name)) = (client.address(), name) else {
        return Err("the endpoint has neither address nor name".to_owned());
    };
    let host = client.endpoint().host_header();
    Ok(Endpoint {
        request: request.to_bytes(&host),
        patience: client.timeout(),
        stop: client.pace().stop(),
        ..Endpoint::new(address, name, &request.path)
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
pub(super) fn lets_in(scene: &Scene, change: Change, response: &[u8]) -> bool {
    let Some(response) = Response::read(response, true) else {
        return false;
    };
    let status = response.status;
    if matches!(change, Change::OtherName | Change::Demand) {
        // Under another name another page may be served, and once a certificate is demanded
        // whoever is answered at all was let in.
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
    // Where a bare session is good for the same host, that it is from or for another tells nothing new.
    let is_new = |record: &&Record| {
        let (id, place) = record.id.split_once('@').unwrap_or((&record.id, ""));
        let bare = match id.replace("another-name", "without-certificate") {
            bare if place.starts_with("from-") => bare.replace("another-place-", ""),
            bare => bare,
        };
        bare == id || !broken(&bare)
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
    if let Some(found) = refused_session::finding(scene, record) {
        return Some(found);
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
        (Change::OtherPlace, Shows::Certificate) => {
            "A session of one server is good at another that refuses its certificate"
        }
        (Change::OtherPlace, Shows::Nothing) => {
            "A session without a certificate is good at another server that demands one"
        }
        (Change::Tighten, _) => "A session outlives the policy that it was begun under",
        (Change::Demand, _) => "A session without a certificate is good after one is demanded",
        (Change::Nothing, _) => "A resumed session stands for a certificate",
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
