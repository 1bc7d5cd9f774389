//! The control: what a good certificate gets, and what none gets.
//!
//! Without it a server that refuses everybody would look like one that is
//! safe, and a page that is open to everybody like one that lets in anybody.

use std::sync::Arc;

use super::{
    ScanError,
    answer::{Answer, End, Response},
    client::{Versions, Visit},
    downgrade,
    outcome::{Outcome, Yardstick, is_refusal},
    probe::{Conclusion, Probe, Seen, Stage},
    refusal::issuer,
    remedy::Remedy,
    result::{Finding, Record},
    scene::{Deeper, Scene},
};
use crate::defect::Severity;

/// Good certificates in every form that a client may have them.
pub(super) const STAGE: Stage = Stage {
    name: "control",
    about: "good certificates, which must be let in, and none",
    alone: true,
    changes_server: false,
    probes,
    conclude,
};

/// The probe that shows the good certificate.
pub(super) const GOOD: &str = "control/good";

/// The probe that shows nothing.
const NO_CERTIFICATE: &str = "control/no-certificate";

/// The deepest benign chain that is tried.
const DEEPEST: u8 = 2;

/// Asks with the good certificate and with none.
///
/// # Errors
/// When no handshake comes about.
pub(super) fn yardstick(scene: &mut Scene) -> Result<Yardstick, ScanError> {
    let good = scene.show(Some(Arc::clone(&scene.good)));
    if has_nothing_newer(&good) {
        scene.spoken = downgrade::spoken(&scene.client);
    }
    reached(scene, &good)?;
    let none = scene.show(None);
    // Where the good certificate is answered, whatever becomes of nobody is what it is.
    match (&good.response, &none.end) {
        (Some(_), End::Unreachable(_)) | (None, _) => reached(scene, &none)?,
        (Some(_), _) => {}
    }
    Ok(Yardstick { good, none })
}

/// Whether the server ended the handshake before it chose a version that the client speaks.
fn has_nothing_newer(answer: &Answer) -> bool {
    answer.greeting.version.is_none()
        && answer.response.is_none()
        && matches!(
            answer.end,
            End::Alert(_) | End::Closed | End::NothingInCommon(_)
        )
}

fn reached(scene: &Scene, answer: &Answer) -> Result<(), ScanError> {
    let endpoint = scene.client.endpoint().to_string();
    match &answer.end {
        // It cannot be entered, and what it goes along with can be seen all the same.
        End::Alert(_) | End::Closed | End::NothingInCommon(_) if scene.speaks_old_alone() => Ok(()),
        // Nobody refuses a certificate that was never asked for: something on the way gave up.
        End::Closed if !answer.greeting.asked && answer.response.is_none() => {
            Err(ScanError::NoHandshake {
                endpoint,
                problem: match answer.greeting.version {
                    None => "the connection was closed before the server had said anything",
                    Some(_) => {
                        "the connection was closed half way, before a certificate was asked for"
                    }
                }
                .to_owned(),
            })
        }
        // Too few visits are allowed: that is told at the end.
        End::Status(_) | End::Alert(_) | End::Closed | End::OutOfBounds => Ok(()),
        End::Unreachable(problem) => Err(ScanError::Unreachable {
            endpoint,
            problem: problem.clone(),
        }),
        End::NotTls => Err(ScanError::NotTls { endpoint }),
        other => Err(ScanError::NoHandshake {
            endpoint,
            problem: other.to_string(),
        }),
    }
}

fn probes(scene: &Scene) -> Vec<Probe> {
    let mut probes = vec![
        Probe::benign(GOOD, "the good certificate", |scene| {
            Seen::measured(scene, &scene.yardstick.good)
        }),
        Probe::hostile(NO_CERTIFICATE, "no certificate", nobody).again(scene.commands().curl(None)),
    ];
    if scene.refusal().is_some() {
        return probes;
    }
    let mut last = None;
    for intermediates in 0..=DEEPEST {
        // The CA may allow fewer, and then the chain is one that was tried already.
        let Ok(credentials) = scene.pki.mint(&scene.pki.benign(intermediates)) else {
            continue;
        };
        let length = credentials.chain.len();
        if last.replace(length) == Some(length) {
            continue;
        }
        let credentials = Arc::new(credentials);
        let shows = match intermediates {
            0 => "a good certificate, issued by the CA itself".to_owned(),
            1 => "a good certificate with an intermediate below the CA".to_owned(),
            more => format!("a good certificate with {more} intermediates below the CA"),
        };
        probes.push(Probe::benign(
            format!("control/good-below-{intermediates}-intermediates"),
            shows,
            move |scene| {
                let answer = scene.show(Some(Arc::clone(&credentials)));
                Seen::measured(scene, &answer)
            },
        ));
    }
    for path in scene.wishes.paths.clone() {
        probes.push(of_path(scene, path));
    }
    for name in scene.wishes.server_names.clone() {
        probes.push(of_name(scene, name));
    }
    probes
}

/// What those get who show nothing, beside what the good certificate gets.
fn nobody(scene: &Scene) -> Seen {
    let Yardstick { good, none } = &scene.yardstick;
    let mut seen = Seen::measured(scene, none);
    if let Outcome::AcceptedUnverified(status) = seen.outcome {
        let page = match looks(good) == looks(none) {
            true => "the very page that the good certificate gets",
            false => {
                "another page than the good certificate gets: look whether it tells or does anything"
            }
        };
        seen.evidence = format!("HTTP {status}, {page}");
    }
    seen
}

/// What a response looks like, where one came.
fn looks(answer: &Answer) -> Option<(u16, Vec<u8>)> {
    answer.response.as_ref().map(Response::looks)
}

/// Nobody without a certificate may be let in on a further path.
fn of_path(scene: &Scene, path: String) -> Probe {
    let again = scene.commands().curl_path("GET", &path);
    Probe::hostile(
        format!("control/no-certificate{path}"),
        format!("no certificate on {path}"),
        move |scene| {
            let mut request = scene.wishes.request.clone();
            request.path.clone_from(&path);
            of_visit(scene, &Visit::new(None, request))
        },
    )
    .again(again)
}

/// Nobody without a certificate may be let in under a further name.
fn of_name(scene: &Scene, name: String) -> Probe {
    let again = scene.commands().curl_as(&name);
    Probe::hostile(
        format!("control/no-certificate@{name}"),
        format!("no certificate, asking for {name}"),
        move |scene| {
            let mut visit = Visit::new(None, scene.wishes.request.clone());
            visit.server_name = Some(name.clone());
            // Whoever asks for a name asks for its pages, too.
            let host = scene.client.endpoint().host_header_of(&name);
            visit
                .request
                .headers
                .retain(|(name, _)| !name.eq_ignore_ascii_case("host"));
            visit.request.headers.push(("Host".to_owned(), host));
            of_visit(scene, &visit)
        },
    )
    .again(again)
}

/// A visit without a certificate, measured against the same with the good one.
fn of_visit(scene: &Scene, none: &Visit) -> Seen {
    let good = Visit {
        credentials: Some(Arc::clone(&scene.good)),
        ..none.clone()
    };
    let yardstick = Yardstick {
        good: scene.client.visit(&good),
        none: scene.client.visit(none),
    };
    let asked = yardstick.none.greeting.asked || yardstick.good.greeting.asked;
    let is_served = match yardstick.none.end {
        // Whoever asks for no certificate and turns nobody away serves what he has.
        End::Status(status) if !asked => !is_refusal(status),
        End::Status(status) => (200..300).contains(&status),
        _ => false,
    };
    if !is_served && !yardstick.measure(&yardstick.good).is_accepted() {
        return Seen::inconclusive(format!(
            "the good certificate gets nothing there either: {}",
            yardstick.good.end
        ));
    }
    match yardstick.none.end {
        End::Status(status) if is_served || yardstick.is_open() => {
            let mut seen = Seen::of(Outcome::Accepted(status));
            if !asked {
                seen.evidence.push_str(NOT_ASKED);
            }
            seen
        }
        _ => Seen::of(yardstick.measure(&yardstick.none)),
    }
}

/// What is said of a handshake that asks nobody for a certificate.
const NOT_ASKED: &str = "; the handshake had no CertificateRequest";

fn conclude(scene: &Scene, records: &[Record]) -> Conclusion {
    let mut findings = Vec::new();
    let open: Vec<&Record> = records
        .iter()
        .filter(|record| record.id.starts_with("control/no-certificate") && record.is_let_in())
        .collect();
    if let Some(first) = open.first() {
        findings.push(open_to_anybody(scene, first, &open));
    }
    let refused = records
        .iter()
        .find(|record| record.id.starts_with("control/good-below") && record.outcome.is_refused());
    if let Some(record) = refused {
        findings.push(valid_and_refused(scene, record));
    }
    if scene.deeper == Deeper::WithCrls {
        findings.push(crl_of_each_ca(scene));
    }
    findings.into()
}

/// Why a valid chain may be refused. Where nobody could hand over CRLs, both causes look alike.
fn valid_and_refused(scene: &Scene, record: &Record) -> Finding {
    let (id, title, more, fix) = match scene.deeper {
        Deeper::WithoutCrls => (
            "control/status-unknown",
            "A valid chain is refused, and nobody can tell its revocation status",
            "; the server may ask for a CRL of the new intermediate, which it has not, so that the revocation status of what the scan minted is unknown to it; or it limits the depth of chains",
            format!(
                "give --publish-crl CMD (and --reload CMD): the scan then hands the server the CRLs of its intermediates, tells which of the two it is, and its probes with longer chains tell something. Or scan with the issuing CA itself as --ca-cert. Where it is depth: {}",
                Remedy::Depth.text(scene.kind)
            ),
        ),
        _ => (
            "control/depth",
            "A valid chain is refused",
            match scene.deeper {
                Deeper::Refused => {
                    "; so it is with the CRL of its intermediate handed over: a server that reads one CRL of a file refuses it too"
                }
                _ => "",
            },
            Remedy::Depth.text(scene.kind),
        ),
    };
    Finding {
        id: id.to_owned(),
        severity: Severity::Info,
        title: title.to_owned(),
        evidence: format!("{}{more}", record.evidence),
        why: "A new issuing CA below yours would lock its clients out. Probes that need such a chain tell nothing here.".to_owned(),
        remediation: fix,
        references: vec!["RFC 5280 sections 6.1 and 6.3".to_owned()],
        again: Some(scene.commands().deeper_with_curl()),
        probes: vec![record.id.clone()],
    }
}

fn crl_of_each_ca(scene: &Scene) -> Finding {
    Finding {
        id: "control/crl-of-each-ca".to_owned(),
        severity: Severity::Info,
        title: "A new issuing CA needs its CRL at the server first".to_owned(),
        evidence: "a good chain with a new intermediate was refused until --publish-crl handed over the intermediate's CRL".to_owned(),
        why: "That is right. Whoever adds an issuing CA hands out its CRL before its first certificate, or locks its clients out.".to_owned(),
        remediation: Remedy::Revocation.text(scene.kind),
        references: vec!["RFC 5280 section 6.3".to_owned()],
        again: Some(scene.commands().deeper_with_curl()),
        probes: Vec::new(),
    }
}

fn open_to_anybody(scene: &Scene, first: &Record, open: &[&Record]) -> Finding {
    let asked = scene.yardstick.none.greeting.asked || scene.yardstick.good.greeting.asked;
    let alike = looks(&scene.yardstick.good) == looks(&scene.yardstick.none);
    let (id, title, severity) = match (asked, alike) {
        (false, _) => (
            "control/not-asked",
            "No client certificate is asked for",
            Severity::Critical,
        ),
        (true, true) => (
            "control/no-certificate",
            "Those who show no certificate are admitted",
            Severity::Critical,
        ),
        (true, false) => (
            "control/no-certificate",
            "Those who show no certificate are answered too",
            Severity::High,
        ),
    };
    let each: Vec<&str> = open.iter().map(|record| record.evidence.as_str()).collect();
    let mut evidence = each.join("; ");
    if !asked {
        if !evidence.contains(NOT_ASKED) {
            evidence.push_str(NOT_ASKED);
        }
        let response = scene.yardstick.none.response.as_ref();
        if let Some(via) = response.and_then(|response| response.header("via")) {
            evidence.push_str(&format!("; a proxy stands in between (Via: {via})"));
        }
        let shown = scene.yardstick.none.greeting.chain.first();
        if let Some(issuer) = shown.and_then(|der| issuer(der)) {
            evidence.push_str(&format!("; it showed a certificate of {issuer}"));
        }
    }
    Finding {
        id: id.to_owned(),
        severity,
        title: title.to_owned(),
        evidence,
        why: match first.id == NO_CERTIFICATE {
            true => "Whoever reaches the port is let in. Probes with hostile certificates prove nothing on such a page.",
            false => "Whoever reaches the port is let in there.",
        }
        .to_owned(),
        remediation: Remedy::Demand.text(scene.kind),
        references: vec!["RFC 8446 section 4.3.2".to_owned(), "CWE-306".to_owned()],
        again: first.again.clone(),
        probes: open.iter().map(|record| record.id.clone()).collect(),
    }
}

/// A visit with a good certificate in one protocol version.
pub(super) fn in_version(scene: &Scene, versions: Versions) -> Answer {
    let mut visit = Visit::new(Some(Arc::clone(&scene.good)), scene.wishes.request.clone());
    visit.versions = versions;
    scene.client.visit(&visit)
}
