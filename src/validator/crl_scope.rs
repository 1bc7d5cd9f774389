//! Whether a CRL's scope holds a certificate: distribution points matched from both sides.

use std::iter;

use super::{
    certificate::Certificate,
    crl::ParsedCrl,
    distribution::{
        DistributionPoint, DistributionPointName, IssuingDistributionPoint, PointName, Reasons,
    },
    name::same_name,
};

/// The reasons that a complete CRL covers for a certificate with these distribution points.
///
/// `from_issuer` says that the CRL is of the certificate's own issuer.
// RFC 5280 section 6.3.3 (b)(1), (b)(2), (d)
pub(crate) fn reasons_in_scope(
    certificate: &Certificate,
    points: &[DistributionPoint],
    crl: &ParsedCrl,
    from_issuer: bool,
) -> Reasons {
    let Some(scope) = crl.issuing_distribution_point() else {
        return if from_issuer {
            Reasons::ALL
        } else {
            Reasons::NONE
        };
    };
    // RFC 5280 section 6.3.3 (b)(2)(ii) to (iv)
    let is_ca = certificate
        .extensions()
        .basic_constraints()
        .is_some_and(|constraints| constraints.ca);
    let excluded = (scope.only_user_certificates && is_ca)
        || (scope.only_ca_certificates && !is_ca)
        || scope.only_attribute_certificates;
    if excluded {
        return Reasons::NONE;
    }
    let reasons = scope.only_some_reasons.unwrap_or(Reasons::ALL);
    // RFC 5280 section 6.3.3, end: a CRL of the issuer itself may be used as
    // if a point named the issuer, without reasons.
    let implied = DistributionPoint {
        name: Some(DistributionPointName::Full(vec![PointName::directory(
            certificate.issuer_der(),
        )])),
        reasons: None,
        crl_issuer: None,
    };
    points
        .iter()
        .chain([&implied])
        .filter(|point| match &point.crl_issuer {
            Some(_) => scope.indirect && names_crl_issuer(point, crl.issuer()),
            None => from_issuer,
        })
        .filter(|point| names_meet(certificate, point, scope, crl))
        .fold(Reasons::NONE, |covered, point| {
            covered.union(point.reasons.unwrap_or(Reasons::ALL).intersection(reasons))
        })
}

/// RFC 5280 section 6.3.3 (b)(2)(i): one name of the CRL's point is one of the certificate's.
fn names_meet(
    certificate: &Certificate,
    point: &DistributionPoint,
    scope: &IssuingDistributionPoint,
    crl: &ParsedCrl,
) -> bool {
    let Some(scope_name) = &scope.name else {
        return true;
    };
    let ours = scope_name.resolve(iter::once(crl.issuer()));
    let crl_issuers = point.crl_issuer.as_deref().unwrap_or_default();
    let theirs = match &point.name {
        Some(name) if point.crl_issuer.is_some() => {
            name.resolve(crl_issuers.iter().filter_map(PointName::as_directory))
        }
        Some(name) => name.resolve(iter::once(certificate.issuer_der())),
        None => crl_issuers.to_vec(),
    };
    theirs
        .iter()
        .any(|their| ours.iter().any(|our| our.is(their)))
}

/// Whether a distribution point says that this issuer (the DER of its Name) signs its CRL.
pub(crate) fn names_crl_issuer(point: &DistributionPoint, issuer: &[u8]) -> bool {
    let names = point.crl_issuer.as_deref().unwrap_or_default();
    names
        .iter()
        .filter_map(PointName::as_directory)
        .any(|name| name == issuer || same_name(name, issuer))
}
