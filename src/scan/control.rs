//! The control: what a good certificate gets, and what none gets.
//!
//! Without it a server that refuses everybody would look like one that is
//! safe, and a page that is open to everybody like one that lets in anybody.

use std::sync::Arc;

use x509_parser::prelude::{FromDer, X509Certificate};

use super::{
    ScanError,
    answer::{Answer, End},
    client::{Versions, Visit},
    downgrade,
    outcome::{Outcome, Yardstick, is_refusal},
    probe::{Conclusion, Probe, Seen, Stage},
    remedy::Remedy,
    result::{Finding, Record, Server},
    scene::{Deeper, Scene},
    schedule::Shown,
    trust,
};
use crate::{defect::Severity, handshake::downgrade::suite_name, script::ProtocolVersion};

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
    reached(scene, &none)?;
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
        End::Status(_) | End::Alert(_) | End::Closed => Ok(()),
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

impl Scene {
    /// Why nothing can be tested, where the good certificate is refused.
    pub fn refusal(&self) -> Option<String> {
        let good = &self.yardstick.good;
        if good.end == End::OutOfBounds {
            return None;
        }
        if let Some(end) = &self.shut_out {
            return Some(format!(
                "the good certificate is refused since --publish-crl handed over CRLs of the scan: {end}"
            ));
        }
        if self.yardstick.measure(good).is_accepted() {
            return trust::stranger_to(self);
        }
        if self.speaks_old_alone() {
            let spoken: Vec<&str> = self.spoken.iter().map(|version| named(*version)).collect();
            return Some(format!(
                "the server speaks {} and nothing newer, over which no certificate can be shown here: {}",
                spoken.join(" and "),
                good.end
            ));
        }
        let mut why = match self.pki.given() {
            Some(_) => format!(
                "the client certificate that was given is refused: {}",
                good.end
            ),
            None => format!("a good certificate of the CA is refused: {}", good.end),
        };
        if let Some(Some(502..=504)) = good.response.as_ref().map(|response| Some(response.status))
        {
            why.push_str("; a proxy stands in between and does not reach the server behind it");
        } else if let Some(named) = trust::other_cas(self) {
            why.push_str(&format!("; the server asks for certificates of {named}"));
        } else if !good.greeting.asked {
            why.push_str("; the server never asked for one in the handshake, and may ask afterwards for this path alone, as Apache does where `SSLVerifyClient` stands in a <Location> or <Directory>: that cannot be scanned");
            if let Some(issuer) = good.greeting.chain.first().and_then(|der| issuer(der)) {
                why.push_str(&format!(
                    ". Or else whoever answers there, with a certificate of {issuer}, may be a proxy that ends TLS before the server"
                ));
            }
        }
        Some(why)
    }
}

impl Scene {
    /// Whether the server speaks versions that nobody should speak any more, and no other.
    fn speaks_old_alone(&self) -> bool {
        let is_old = |version: &ProtocolVersion| version.0 < ProtocolVersion::TLS_1_2.0;
        !self.spoken.is_empty() && self.spoken.iter().all(is_old)
    }

    /// What to do where the good certificate is refused.
    pub fn what_to_do(&self) -> &'static str {
        if self.shut_out.is_some() {
            return "does the command put the PEM file where the server reads it, and does the server take a CRL that is good for some days? Give your own with --crl, and it is handed over again at the end";
        }
        match self.speaks_old_alone() {
            true => {
                "turn TLS 1.3 or 1.2 on at the server, and scan again: what is reported now needs no certificate"
            }
            false if !self.yardstick.good.greeting.asked => {
                "demand the certificate in the handshake, for the whole server, and scan again; behind a proxy, scan the server itself"
            }
            false => {
                "is it the CA that this server trusts, and a client that it lets in? A CRL at the server that has ended turns everybody away too"
            }
        }
    }
}

/// The name of a version in reports.
pub(super) fn named(version: ProtocolVersion) -> &'static str {
    match version {
        ProtocolVersion::SSL_3_0 => "SSLv3",
        ProtocolVersion::TLS_1_0 => "TLSv1.0",
        ProtocolVersion::TLS_1_1 => "TLSv1.1",
        ProtocolVersion::TLS_1_2 => "TLSv1.2",
        ProtocolVersion::TLS_1_3 => "TLSv1.3",
        _ => "another version",
    }
}

/// The issuer of a certificate, as text.
fn issuer(der: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Some(certificate.issuer().to_string())
}

/// What the control told of the server.
pub(super) fn server(scene: &Scene) -> Server {
    let Yardstick { good, none } = &scene.yardstick;
    let mut server = Server {
        kind: scene.kind,
        accepted_cas: trust::names(&good.greeting.accepted_cas),
        asks_for_certificate: good.greeting.asked || none.greeting.asked,
        good: good.end.to_string(),
        none: none.end.to_string(),
        ..Server::default()
    };
    if scene.speaks_old_alone() {
        for version in ProtocolVersion::NAMED {
            let speaks = scene.spoken.contains(version);
            server.protocols.insert(named(*version).to_owned(), speaks);
        }
    }
    for answer in [good, none] {
        if let Some(version) = answer.greeting.version {
            server.protocols.insert(version.to_owned(), true);
        }
        if let Some(cipher) = &answer.greeting.cipher
            && !server.ciphers.contains(cipher)
        {
            server.ciphers.push(cipher.clone());
        }
    }
    server
}

/// What the server took of what it was offered, version by version.
pub(super) fn hear_suites(server: &mut Server, scene: &Scene) {
    for (version, taken) in scene.suites().iter() {
        let name = named(*version).to_owned();
        server.protocols.insert(name.clone(), !taken.is_empty());
        if taken.is_empty() {
            continue;
        }
        let names: Vec<String> = taken.iter().copied().map(suite_name).collect();
        for cipher in &names {
            if !server.ciphers.contains(cipher) {
                server.ciphers.push(cipher.clone());
            }
        }
        server.cipher_suites.insert(name, names);
    }
}

/// What a record tells of the server.
pub(super) fn hear(server: &mut Server, record: &Record) {
    let version = record.id.strip_prefix("protocol/");
    if let (Some(version), Some(speaks)) = (version, spoken(&record.outcome)) {
        server.protocols.entry(version.to_owned()).or_insert(speaks);
    }
}

/// Whether a version is spoken, by what came of the good certificate over it alone. None where that tells nothing.
fn spoken(outcome: &Outcome) -> Option<bool> {
    match outcome {
        Outcome::Silent | Outcome::Inconclusive(_) => None,
        Outcome::RefusedByStatus(_) => Some(true),
        outcome => Some(outcome.is_accepted()),
    }
}

fn probes(scene: &Scene) -> Vec<Probe> {
    let mut probes = vec![
        Probe::benign(GOOD, "the good certificate", |scene| {
            Seen::measured(scene, &scene.yardstick.good)
        }),
        Probe::hostile(NO_CERTIFICATE, "no certificate", |scene| {
            Seen::measured(scene, &scene.yardstick.none)
        })
        .again(scene.commands().curl(None)),
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
    let looks = |answer: &Answer| answer.response.as_ref().map(|response| response.looks());
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

/// What it amounts to that the good certificate is no longer let in after probes of a stage that
/// hands something over to the server. Then it may be that which keeps it out, and nothing broke.
fn kept_out(scene: &Scene, shown: &Shown) -> Option<Finding> {
    let probes = [&shown.breakers[..], &shown.suspects].concat();
    if probes.is_empty() || scene.wishes.hook.is_none() && scene.wishes.trust_hook.is_none() {
        return None;
    }
    let now = scene.show(Some(Arc::clone(&scene.good)));
    let is_turned_away = scene.yardstick.measure(&now).is_refused();
    (is_turned_away || now.end == scene.yardstick.good.end).then(|| Finding {
        id: "revocation/good-kept-out".to_owned(),
        severity: Severity::Info,
        title: "The good certificate was kept out by what the scan handed over".to_owned(),
        evidence: format!(
            "after {} the good certificate was refused for some time; it gets {} now",
            probes.join(" or "),
            now.end
        ),
        why: "The server took what --publish-crl or --trust-ca handed over, and was slow to take back what was there before. Probes that were shown meanwhile tell nothing.".to_owned(),
        remediation: "have --reload end only when the server has read its files; your own CRL, where you gave it with --crl, is handed over again at the end".to_owned(),
        references: Vec::new(),
        again: None,
        probes,
    })
}

/// What it amounts to that the server broke. `changes` is whether the probes hand something over to it.
pub(super) fn breakage(scene: &Scene, shown: &Shown, changes: bool) -> Vec<Finding> {
    if changes && let Some(finding) = kept_out(scene, shown) {
        return vec![finding];
    }
    let finding = |title: String, probes: &[String]| {
        let again = shown
            .records
            .iter()
            .find(|record| probes.contains(&record.id))
            .and_then(|record| record.again.clone());
        Finding {
            id: "health/broken".to_owned(),
            severity: Severity::High,
            evidence: format!(
                "after {} the good certificate no longer got {}",
                probes.join(" or "),
                scene.yardstick.good.end
            ),
            title,
            why: "Whoever may connect can take the service away from everybody else.".to_owned(),
            remediation: Remedy::Update.text(scene.kind),
            references: vec!["CWE-400".to_owned(), "CWE-617".to_owned()],
            again,
            probes: probes.to_vec(),
        }
    };
    let mut findings = Vec::new();
    if !shown.breakers.is_empty() {
        findings.push(finding(
            "The server breaks when it is shown this".to_owned(),
            &shown.breakers,
        ));
    } else if !shown.suspects.is_empty() {
        findings.push(finding(
            "The server broke when it was shown one of these".to_owned(),
            &shown.suspects,
        ));
    }
    findings
}

/// A visit with a good certificate in one protocol version.
pub(super) fn in_version(scene: &Scene, versions: Versions) -> Answer {
    let mut visit = Visit::new(Some(Arc::clone(&scene.good)), scene.wishes.request.clone());
    visit.versions = versions;
    scene.client.visit(&visit)
}
