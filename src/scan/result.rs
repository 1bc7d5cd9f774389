//! What a scan gives: the contract's JSON, and all that reports show.

use std::time::Duration;

use serde::{Deserialize, Serialize, ser::Serializer};

use super::{
    drift::Drift,
    kind::ServerKind,
    outcome::{Outcome, Word},
    plan::NotApplicable,
};
use crate::defect::{DefectId, Severity};

/// What a scan found.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct ScanReport {
    /// The version of this form.
    pub schema: u32,
    /// The endpoint, as a URL.
    pub endpoint: String,
    /// What the server told of itself.
    pub server: Server,
    /// What was shown, and what came of it, in the order of the plan.
    pub probes: Vec<Record>,
    /// What was not shown, since it would tell nothing of this server.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_applicable: Vec<NotApplicable>,
    /// What each route demands.
    pub routes: Vec<Route>,
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
    /// What changed since an earlier scan, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// Counts.
    pub summary: Summary,
    /// Why the scan is not whole, where it is not.
    pub broken: Option<String>,
}

/// What the server told of itself.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Server {
    /// What it is taken for.
    pub kind: ServerKind,
    /// Protocol versions by name, and whether it speaks them.
    pub protocols: std::collections::BTreeMap<String, bool>,
    /// Cipher suites that it takes, by their IANA names: each once, in its own order of preference where it has one.
    pub ciphers: Vec<String>,
    /// The same by protocol version, for those versions of which every suite was offered.
    pub cipher_suites: std::collections::BTreeMap<String, Vec<String>>,
    /// The CAs that it says it accepts, as text.
    pub accepted_cas: Vec<String>,
    /// Whether it asked for a certificate.
    pub asks_for_certificate: bool,
    /// The answer to a good certificate.
    pub good: String,
    /// The answer to no certificate.
    pub none: String,
}

/// What a correct server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expected {
    /// It lets in.
    Accept,
    /// It refuses.
    Reject,
}

/// One probe and what came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// `stage/what@where`.
    pub id: String,
    /// The defect, where it is of the catalogue.
    pub defect: Option<DefectId>,
    /// What a correct server answers.
    pub expected: Expected,
    /// The word of the contract.
    #[serde(serialize_with = "word")]
    pub outcome: Outcome,
    /// The outcome in words.
    pub reason: String,
    /// What was shown and what came back.
    pub evidence: String,
    /// A command that shows it again, where one does.
    pub again: Option<String>,
    /// Whether the server was well after it. None where nobody could ask.
    pub healthy: Option<bool>,
}

fn word<S: Serializer>(outcome: &Outcome, serializer: S) -> Result<S::Ok, S::Error> {
    outcome.word().serialize(serializer)
}

impl Record {
    /// The word of the contract.
    pub fn word(&self) -> Word {
        self.outcome.word()
    }

    /// Whether something hostile was let in.
    pub fn is_let_in(&self) -> bool {
        self.expected == Expected::Reject && self.outcome.is_accepted()
    }
}

/// What a route demands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Route {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// What is declared of it, where anything is: `mutualTLS`, `none` or `optional`.
    pub declared: Option<String>,
    /// Schemes that are demanded beside the certificate, or in its place, by their names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<String>,
    /// What was observed.
    pub observed: String,
    /// The same in one word.
    pub state: RouteState,
}

impl Route {
    /// What is declared of it, tokens included, in words.
    pub fn demand(&self) -> String {
        let declared = match (self.declared.as_deref(), self.tokens.is_empty()) {
            (None, _) => return "undeclared".to_owned(),
            // Nothing of a certificate is not nothing.
            (Some("none"), false) => None,
            (declared, _) => declared,
        };
        let tokens = self.tokens.iter().map(String::as_str);
        let words: Vec<&str> = declared.into_iter().chain(tokens).collect();
        words.join(" + ")
    }
}

/// What a route is to those who show no certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteState {
    /// They are let in.
    Open,
    /// They are refused, and the good certificate is let in.
    Guarded,
    /// They are refused, and so is the good certificate.
    Closed,
    /// Nobody can tell.
    #[default]
    Unclear,
    /// It was not asked.
    NotAsked,
}

impl RouteState {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Guarded => "guarded",
            Self::Closed => "closed",
            Self::Unclear => "unclear",
            Self::NotAsked => "not asked",
        }
    }
}

/// Something that is wrong with the server.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// `family/name`.
    pub id: String,
    /// How bad it is.
    #[serde(serialize_with = "severity")]
    pub severity: Severity,
    /// What is wrong, in one line.
    pub title: String,
    /// What was shown, what came back, and how to see it again.
    pub evidence: String,
    /// Why it matters.
    pub why: String,
    /// What to do, for the server at hand.
    pub remediation: String,
    /// Clauses, vulnerabilities and documents.
    pub references: Vec<String>,
    /// A command that shows it again, where one does.
    pub again: Option<String>,
    /// The probes that show it.
    pub probes: Vec<String>,
}

fn severity<S: Serializer>(severity: &Severity, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(severity)
}

/// Counts of a scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Probes that were planned.
    pub planned: usize,
    /// Probes that do not apply to this server, and are not among the planned.
    pub not_applicable: usize,
    /// Probes that came to an answer.
    pub answered: usize,
    /// Probes of which nobody can tell.
    pub inconclusive: usize,
    /// Findings.
    pub findings: usize,
    /// Visits, those of controls and health checks included.
    pub visits: u32,
    /// How long it took.
    #[serde(serialize_with = "seconds")]
    pub seconds: Duration,
    /// Whether the server was well after every probe.
    pub healthy_throughout: bool,
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((duration.as_secs_f64() * 1000.0).round() / 1000.0)
}

impl ScanReport {
    /// A report of folders alone, where nothing is asked of any server.
    pub fn of_files(folders: String) -> Self {
        Self {
            schema: 1,
            endpoint: folders,
            ..Self::default()
        }
    }

    /// Adds findings from elsewhere.
    pub fn add(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            match self
                .findings
                .iter_mut()
                .find(|other| other.id == finding.id)
            {
                Some(other) => other.evidence.push_str(&format!("\n{}", finding.evidence)),
                None => self.findings.push(finding),
            }
        }
        self.findings.sort_by_key(|finding| finding.severity);
        self.summary.findings = self.findings.len();
    }

    /// The worst severity of the findings.
    pub fn worst(&self) -> Option<Severity> {
        // The order is from worst to least.
        self.findings.iter().map(|finding| finding.severity).min()
    }
}
