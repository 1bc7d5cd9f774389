//! What people and machines see of a scan: verdict first, worst finding next,
//! evidence one step away.

#[cfg(feature = "cli")]
mod html;
#[cfg(feature = "cli")]
mod junit;
#[cfg(feature = "cli")]
mod sarif;
mod text;

use super::{Context, Format, ReportError};
use crate::scan::ScanReport;

/// Writes a scan in this form, with a line feed at the end.
///
/// # Errors
/// When the writer of the form fails, which no scan is known to cause.
pub fn render(
    report: &ScanReport,
    format: Format,
    context: &Context,
) -> Result<String, ReportError> {
    match format {
        Format::Text => Ok(text::render(report, context)),
        Format::Json => {
            let mut text = serde_json::to_string_pretty(report)?;
            text.push('\n');
            Ok(text)
        }
        #[cfg(feature = "cli")]
        Format::Sarif => sarif::render(report),
        #[cfg(feature = "cli")]
        Format::Junit => junit::render(report),
        #[cfg(feature = "cli")]
        Format::Html => html::render(report),
    }
}

/// A small scan with something of everything, for tests of every form.
#[cfg(test)]
pub(crate) mod sample {
    use crate::{
        defect::{self, Severity},
        scan::{
            Expected, Finding, Outcome, Record, Route, RouteState, ScanReport, Server, Summary,
        },
    };

    fn record(id: &str, expected: Expected, outcome: Outcome) -> Record {
        let defect = id
            .strip_prefix("certificate/")
            .and_then(|rest| rest.split('@').next())
            .and_then(defect::find);
        Record {
            id: id.to_owned(),
            defect: defect.map(|defect| defect.id),
            expected,
            reason: outcome.to_string(),
            evidence: format!("<script> said the server: {outcome}"),
            again: None,
            outcome,
            healthy: Some(true),
        }
    }

    fn finding(id: &str, severity: Severity, title: &str, probe: &str) -> Finding {
        Finding {
            id: id.to_owned(),
            severity,
            title: title.to_owned(),
            evidence: "200 for serial 02 under a CRL that lists it".to_owned(),
            why: "A key that was stolen stays good.".to_owned(),
            remediation: "Node: pass `crl` to createServer".to_owned(),
            references: vec!["RFC 5280 section 6.3".to_owned()],
            again: Some("curl -ski https://localhost:8443/".to_owned()),
            probes: vec![probe.to_owned()],
        }
    }

    /// Five probes, and a critical, a medium and an informational finding.
    pub(crate) fn report() -> ScanReport {
        let (let_in, refused) = (Outcome::Accepted(200), Outcome::RefusedByAlert(48));
        ScanReport {
            not_applicable: Vec::new(),
            schema: 1,
            endpoint: "https://localhost:8443".to_owned(),
            server: Server {
                protocols: [("TLSv1.3".to_owned(), true)].into(),
                good: "HTTP status 200".to_owned(),
                none: "alert 116 (certificate_required)".to_owned(),
                ..Server::default()
            },
            probes: vec![
                record("control/good", Expected::Accept, let_in.clone()),
                record(
                    "certificate/trust/self-signed@end-entity",
                    Expected::Reject,
                    refused,
                ),
                record(
                    "certificate/keys/rsa-1024@end-entity",
                    Expected::Reject,
                    let_in.clone(),
                ),
                record(
                    "certificate/keys/p192@end-entity",
                    Expected::Reject,
                    Outcome::Inconclusive("no answer in time".to_owned()),
                ),
                record("revocation/end-entity", Expected::Reject, let_in),
            ],
            routes: vec![Route {
                method: "GET".to_owned(),
                path: "/orders".to_owned(),
                declared: Some("mutualTLS".to_owned()),
                tokens: Vec::new(),
                observed: "certificate demanded".to_owned(),
                state: RouteState::Guarded,
            }],
            findings: vec![
                finding(
                    "revocation/end-entity",
                    Severity::Critical,
                    "A revoked certificate is admitted",
                    "revocation/end-entity",
                ),
                finding(
                    "keys/weak",
                    Severity::Medium,
                    "A weak key or digest is admitted",
                    "certificate/keys/rsa-1024@end-entity",
                ),
                finding(
                    "identity/other-subject",
                    Severity::Info,
                    "Any certificate of this CA is admitted, whatever its name",
                    "",
                ),
            ],
            summary: Summary {
                planned: 5,
                answered: 4,
                inconclusive: 1,
                findings: 3,
                visits: 12,
                healthy_throughout: true,
                ..Summary::default()
            },
            broken: None,
            drift: None,
        }
    }
}
