//! Whether a CRL's scope holds a certificate: distribution points matched from both sides.

use std::{borrow::Cow, collections::HashSet, iter};

use super::{
    certificate::Certificate,
    crl::ParsedCrl,
    distribution::{
        DistributionPoint, DistributionPointName, IssuingDistributionPoint, PointName, Reasons,
    },
    name::{PreparedName, same_name},
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
    let names = ScopeNames::of(scope, crl.issuer());
    points
        .iter()
        .chain([&implied])
        .filter(|point| match &point.crl_issuer {
            Some(_) => scope.indirect && names_crl_issuer(point, crl.issuer()),
            None => from_issuer,
        })
        .filter(|point| names.meet(certificate, point))
        .fold(Reasons::NONE, |covered, point| {
            covered.union(point.reasons.unwrap_or(Reasons::ALL).intersection(reasons))
        })
}

/// The names of a CRL's point, each in a form that is equal where the names are: one look-up
/// for each name of a certificate keeps a long list from being multiplied by another.
struct ScopeNames<'a> {
    /// `None` when the CRL has no point.
    names: Option<HashSet<ScopeName<'a>>>,
}

/// Octet by octet by tag, but Names by RFC 5280 section 7.1.
#[derive(PartialEq, Eq, Hash)]
enum ScopeName<'a> {
    Directory(PreparedName),
    Other(u8, Cow<'a, [u8]>),
}

impl<'a> ScopeName<'a> {
    fn of(name: &'a PointName) -> Self {
        match name.as_directory() {
            Some(der) => Self::Directory(PreparedName::of(der)),
            None => Self::Other(name.tag, Cow::Borrowed(&name.content)),
        }
    }
}

impl<'a> ScopeNames<'a> {
    fn of(scope: &'a IssuingDistributionPoint, crl_issuer: &[u8]) -> Self {
        let names = scope.name.as_ref().map(|name| match name {
            DistributionPointName::Full(names) => names.iter().map(ScopeName::of).collect(),
            DistributionPointName::RelativeToIssuer(_) => name
                .resolve(iter::once(crl_issuer))
                .iter()
                .filter_map(PointName::as_directory)
                .map(|der| ScopeName::Directory(PreparedName::of(der)))
                .collect(),
        });
        Self { names }
    }

    /// RFC 5280 section 6.3.3 (b)(2)(i): one name of the CRL's point is one of the certificate's.
    fn meet(&self, certificate: &Certificate, point: &DistributionPoint) -> bool {
        let Some(ours) = &self.names else {
            return true;
        };
        let is_ours = |their: &PointName| ours.contains(&ScopeName::of(their));
        let crl_issuers = point.crl_issuer.as_deref().unwrap_or_default();
        match &point.name {
            None => crl_issuers.iter().any(is_ours),
            Some(DistributionPointName::Full(names)) => names.iter().any(is_ours),
            Some(name) if point.crl_issuer.is_none() => name
                .resolve(iter::once(certificate.issuer_der()))
                .iter()
                .any(is_ours),
            // RFC 5280 section 4.2.1.13: not relative to more than one name.
            Some(name) => {
                let mut issuers = crl_issuers.iter().filter_map(PointName::as_directory);
                match (issuers.next(), issuers.next()) {
                    (Some(issuer), None) => name.resolve(iter::once(issuer)).iter().any(is_ours),
                    _ => false,
                }
            }
        }
    }
}

/// Whether a distribution point says that this issuer (the DER of its Name) signs its CRL.
pub(crate) fn names_crl_issuer(point: &DistributionPoint, issuer: &[u8]) -> bool {
    let names = point.crl_issuer.as_deref().unwrap_or_default();
    names
        .iter()
        .filter_map(PointName::as_directory)
        .any(|name| name == issuer || same_name(name, issuer))
}
