//! Live mTLS endpoints: shown a ladder of wrong certificates under the
//! operator's own staging CA, and told what they let in.
//!
//! A control comes first: what a good certificate gets, and what none gets.
//! Every probe is measured against it, a hostile certificate beside its twin,
//! and after each the server is asked whether it is still well. Nothing counts
//! as let in before application data came back.
//!
//! It meets [`run`](crate::run) in reports and on the command line alone: the
//! two main jobs share cases, not control flow.

mod amplification;
pub mod answer;
pub mod audit;
mod canary;
mod certificate;
mod change;
pub mod client;
mod command;
mod contract;
mod control;
mod credentials;
mod downgrade;
mod drift;
pub mod endpoint;
mod exhaustion;
mod facts;
mod handover;
mod handshake;
mod header;
mod health;
mod hook;
mod identity;
mod issuers;
mod kept;
mod kind;
mod last_word;
pub mod lure;
mod operator;
mod outcome;
mod pace;
mod pki;
mod place;
mod plan;
mod possession;
mod probe;
mod protocol;
mod refusal;
mod refused_session;
mod remedy;
mod result;
mod resumption;
mod revocation;
mod rule;
mod scene;
mod schedule;
mod suites;
mod ticket;
mod trace;
mod trust;

use std::sync::{Mutex, atomic::AtomicBool};

pub use client::{Client, Request, Versions, Visit};
pub use command::{Commands, word};
pub use credentials::Credentials;
pub use drift::{Changed, Drift, DriftError};
pub use endpoint::Endpoint;
pub use hook::{Handed, Hook, Policy};
pub use kept::{Kept, KeptError};
pub use kind::ServerKind;
pub use outcome::{Outcome, Word, Yardstick};
pub use pace::{Bounds, Pace};
pub use pki::{Pki, shown};
pub use place::Place;
pub use plan::{NotApplicable, Plan, Planned};
pub use probe::{Conclusion, Probe, Seen, Stage};
pub use remedy::Remedy;
pub use result::{Expected, Finding, Record, Route, RouteState, ScanReport, Server, Summary};
pub use scene::{Admits, Files, Scene, Wishes};

use crate::{defect::Severity, mint::MintError};

/// Every stage, in the order in which they run. A new one is one file and one line here.
pub const STAGES: &[Stage] = &[
    control::STAGE,
    protocol::STAGE,
    suites::STAGE,
    downgrade::STAGE,
    trust::STAGE,
    possession::STAGE,
    handshake::STAGE,
    certificate::STAGE,
    identity::STAGE,
    revocation::STAGE,
    resumption::STAGE,
    resumption::CHANGED,
    contract::STAGE,
    header::STAGE,
    canary::STAGE,
    trace::STAGE,
    exhaustion::STAGE,
];

/// A scan that cannot begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// The text is no endpoint.
    #[error("`{text}` is no endpoint: {problem}")]
    Endpoint {
        /// The text.
        text: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The name leads nowhere.
    #[error("`{host}` has no address: {problem}")]
    NoAddress {
        /// The name.
        host: String,
        /// What the resolver said.
        problem: String,
    },
    /// Nothing answers.
    #[error("{endpoint} cannot be reached: {problem}")]
    Unreachable {
        /// The endpoint.
        endpoint: String,
        /// What the system said.
        problem: String,
    },
    /// Something answers, and it is not TLS.
    #[error("{endpoint} does not speak TLS: its answer to a ClientHello is something else")]
    NotTls {
        /// The endpoint.
        endpoint: String,
    },
    /// Something answers, and no handshake comes about.
    #[error("no handshake comes about with {endpoint}: {problem}")]
    NoHandshake {
        /// The endpoint.
        endpoint: String,
        /// What went wrong.
        problem: String,
    },
    /// A certificate cannot be made.
    #[error(transparent)]
    Mint(#[from] MintError),
}

impl ScanError {
    /// Whether the endpoint is at fault, and not what was given.
    pub fn is_outside(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::NotTls { .. } | Self::NoHandshake { .. }
        )
    }

    /// What to do, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Endpoint { .. } => {
                Some("write it as localhost:8443 or https://localhost:8443/path")
            }
            Self::Unreachable { .. } => Some("start the server, or look at host and port"),
            Self::NotTls { .. } => Some(
                "give the port of HTTPS: this one may speak plain HTTP, as a server or as a proxy that wants CONNECT",
            ),
            Self::NoHandshake { .. } => Some(
                "a proxy or a firewall may stand in between; `openssl s_client -connect HOST:PORT` shows more of it",
            ),
            Self::NoAddress { .. } | Self::Mint(_) => None,
        }
    }
}

/// How far a scan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Probes that are done.
    pub done: usize,
    /// Probes that are planned.
    pub planned: usize,
}

/// A scene in which nothing was shown yet, for a plan alone.
///
/// # Errors
/// When the good certificate cannot be made.
pub fn unseen(client: Client, pki: Pki, wishes: Wishes) -> Result<Scene, ScanError> {
    let good = pki.good()?;
    let kind = wishes.kind.unwrap_or_default();
    Ok(Scene {
        client,
        pki,
        kind,
        wishes,
        good,
        yardstick: Yardstick::unseen(),
        of_ca: None,
        spoken: Vec::new(),
        deeper: scene::Deeper::default(),
        canary: canary::Canary::default(),
        unsteady: AtomicBool::default(),
        twins: Mutex::default(),
        taken: Mutex::default(),
        handing: Mutex::default(),
        shut_out: None,
    })
}

/// Sets the scene: shows a good certificate and none, and learns what there is to learn from that.
///
/// The `Ok` may be a scene in which the good certificate is refused:
/// [`Scene::refusal`] tells.
///
/// # Errors
/// When the endpoint cannot be reached, or does not speak TLS.
pub fn set_scene(client: Client, pki: Pki, wishes: Wishes) -> Result<Scene, ScanError> {
    let mut scene = unseen(client, pki, wishes)?;
    scene.yardstick = control::yardstick(&mut scene)?;
    place::look(&scene)?;
    scene.of_ca = trust::of_ca(&scene);
    let answers = [&scene.yardstick.good, &scene.yardstick.none];
    let guess = || ServerKind::guess(&answers);
    scene.kind = scene.wishes.kind.unwrap_or_else(guess);
    if scene.refusal().is_none() {
        scene.deeper = handover::deeper(&scene);
        scene.shut_out = handover::shut_out(&scene);
    }
    Ok(scene)
}

/// Shows everything of the plan, and concludes.
pub fn scan(scene: &Scene, plan: &Plan, progress: &(dyn Fn(Progress) + Sync)) -> ScanReport {
    let planned = plan.len();
    let done = std::sync::atomic::AtomicUsize::new(0);
    let mut report = ScanReport {
        schema: 1,
        endpoint: scene.client.endpoint().to_string(),
        server: facts::server(scene),
        broken: scene.refusal(),
        not_applicable: plan.not_applicable.clone(),
        ..ScanReport::default()
    };
    for (stage, probes) in &plan.stages {
        // What shows no certificate needs none that is let in.
        let shows_none = [&control::STAGE, &suites::STAGE, &downgrade::STAGE];
        let needs_none = shows_none.iter().any(|other| other.name == stage.name);
        let is_gone = report.broken != scene.refusal();
        let skip = report.broken.is_some() && (is_gone || !needs_none);
        let mut shown = schedule::Shown::default();
        if skip {
            let why = "not shown: the control failed, or the server was gone by then";
            shown.records = probes.iter().map(|probe| probe.not_shown(why)).collect();
        } else {
            shown = schedule::show(scene, probes, stage.alone, &|| {
                let done = 1 + done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                progress(Progress { done, planned });
            });
        }
        let Conclusion { findings, routes } = (stage.conclude)(scene, &shown.records);
        report.findings.extend(findings);
        report.routes.extend(routes);
        let breakage = health::breakage(scene, &shown, stage.changes_server);
        report.findings.extend(breakage);
        if !shown.suspects.is_empty() {
            report.broken = Some(format!(
                "the server did not come back after {}",
                shown.suspects.join(" or ")
            ));
        }
        report.probes.extend(shown.records);
    }
    report.findings.extend(handover::give_back(scene));
    report.findings.extend(health::unsteadiness(scene));
    let not_tested = handshake::not_tested(scene, plan, &report);
    report.findings.extend(not_tested);
    if report.broken.is_none() {
        report.broken = scene.hook_problem();
    }
    finish(scene, planned, &mut report);
    report
}

fn finish(scene: &Scene, planned: usize, report: &mut ScanReport) {
    facts::hear_suites(&mut report.server, scene);
    for record in &report.probes {
        facts::hear(&mut report.server, record);
    }
    report.findings.sort_by_key(|finding| finding.severity);
    for finding in &mut report.findings {
        let shown_by = match finding.probes.is_empty() {
            // What needs no probe is told by every scan.
            true => &[control::GOOD.to_owned()][..],
            false => &finding.probes,
        };
        if finding.again.is_none() {
            finding.again = Some(scene.commands().scan_only(shown_by));
        }
    }
    let inconclusive = report
        .probes
        .iter()
        .filter(|record| record.word() == Word::Inconclusive)
        .count();
    report.summary = Summary {
        planned,
        not_applicable: report.not_applicable.len(),
        answered: report.probes.len() - inconclusive,
        inconclusive,
        findings: report.findings.len(),
        visits: scene.client.pace().made(),
        seconds: scene.client.pace().elapsed(),
        healthy_throughout: report
            .probes
            .iter()
            .all(|record| record.healthy != Some(false)),
    };
    if report.broken.is_none() && scene.client.pace().is_over() {
        report.broken = Some(match scene.client.pace().is_stopped() {
            true => "the scan was ended early".to_owned(),
            false => "the bounds of the scan were used up before its end".to_owned(),
        });
    }
}

/// Whether any finding is at least as bad as this.
pub fn has_at_least(report: &ScanReport, severity: Severity) -> bool {
    report.worst().is_some_and(|worst| worst <= severity)
}
