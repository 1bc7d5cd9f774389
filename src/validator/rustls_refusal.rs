//! A refusal in rustls's words, so that the peer gets the right alert.

use std::{fmt, sync::Arc};

use rustls::{CertificateError, Error, OtherError};

use super::report::Report;
use crate::verdict::Reason;

/// A refusal that rustls has no word for, with all that was found.
///
/// It is inside [`CertificateError::Other`]; `downcast_ref` gets it out.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The foremost reason.
    pub reason: Reason,
    /// Everything that is wrong.
    pub report: Arc<Report>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)?;
        let mut own = self
            .report
            .violations
            .iter()
            .filter(|violation| violation.reason == self.reason);
        match own.next() {
            Some(violation) => write!(f, ": {} ({})", violation.detail, violation.clause),
            None => write!(f, " ({})", self.reason.clause()),
        }
    }
}

impl std::error::Error for Refusal {}

/// The rustls error for a refusal. RFC 8446 section 6.2 names the alerts.
pub(crate) fn refusal(reason: Reason, report: &Arc<Report>) -> Error {
    certificate_error(reason)
        .unwrap_or_else(|| {
            CertificateError::Other(OtherError(Arc::new(Refusal {
                reason,
                report: Arc::clone(report),
            })))
        })
        .into()
}

/// rustls's own word for a reason, where it has one that fits. What it has none for becomes
/// `certificate_unknown`.
///
/// An unknown revocation status is among those. rustls would say `unknown_ca`, which blames
/// the client's CA; `certificate_revoked` would be untrue, and `bad_certificate_status_response`
/// is a client's word about a stapled response. `certificate_unknown` is for "some other
/// (unspecified) issue ... rendering it unacceptable".
// RFC 8446 section 6.2
fn certificate_error(reason: Reason) -> Option<CertificateError> {
    Some(match reason {
        Reason::Expired => CertificateError::Expired,
        Reason::NotYetValid => CertificateError::NotValidYet,
        Reason::Revoked => CertificateError::Revoked,
        Reason::OcspInvalid => CertificateError::InvalidOcspResponse,
        Reason::UnknownIssuer => CertificateError::UnknownIssuer,
        Reason::BadSignature | Reason::InvalidKey => CertificateError::BadSignature,
        Reason::UnknownCriticalExtension => CertificateError::UnhandledCriticalExtension,
        Reason::ExtendedKeyUsage | Reason::KeyUsage => CertificateError::InvalidPurpose,
        Reason::NameMismatch => CertificateError::NotValidForName,
        Reason::IdentityNotAllowed => CertificateError::ApplicationVerificationFailure,
        Reason::MalformedDer
        | Reason::TrailingData
        | Reason::MalformedExtension
        | Reason::MalformedName
        | Reason::DuplicateExtension
        | Reason::BadVersion
        | Reason::BadSerial
        | Reason::BadValidity
        | Reason::ExtensionsInOldVersion => CertificateError::BadEncoding,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use rustls::AlertDescription;

    use super::*;
    use crate::verdict::Verdict;

    #[test]
    fn refusals_send_the_alert_that_the_standard_has_for_them() {
        let table = [
            (Reason::Expired, Some(AlertDescription::CertificateExpired)),
            (
                Reason::NotYetValid,
                Some(AlertDescription::CertificateExpired),
            ),
            (Reason::Revoked, Some(AlertDescription::CertificateRevoked)),
            (Reason::UnknownIssuer, Some(AlertDescription::UnknownCA)),
            (
                Reason::OcspInvalid,
                Some(AlertDescription::BadCertificateStatusResponse),
            ),
            (Reason::BadSignature, Some(AlertDescription::DecryptError)),
            (
                Reason::ExtendedKeyUsage,
                Some(AlertDescription::UnsupportedCertificate),
            ),
            (Reason::NameMismatch, Some(AlertDescription::BadCertificate)),
            (
                Reason::IdentityNotAllowed,
                Some(AlertDescription::AccessDenied),
            ),
            (Reason::MalformedDer, Some(AlertDescription::BadCertificate)),
        ];
        for (reason, alert) in table {
            assert_eq!(
                certificate_error(reason).map(AlertDescription::from),
                alert,
                "{reason}"
            );
        }
        for reason in [
            Reason::RevocationUnknown,
            Reason::CrlExpired,
            Reason::CrlBadSignature,
            Reason::NameConstraint,
        ] {
            let report = Arc::new(Report {
                verdict: Verdict::Reject(reason),
                violations: Vec::new(),
                path: Vec::new(),
                spent: Default::default(),
            });
            let Error::InvalidCertificate(error) = refusal(reason, &report) else {
                panic!("{reason}");
            };
            assert_eq!(
                AlertDescription::from(error),
                AlertDescription::CertificateUnknown,
                "{reason}"
            );
        }
    }
}
