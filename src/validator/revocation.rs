//! Whether a certificate is revoked, by all the CRLs at hand together (RFC 5280 section 6.3).
//!
//! The rules, in an order that no list of CRLs can change:
//!
//! 1. **Revoked** if any authentic CRL of the issuer lists the certificate, be
//!    it stale, partial or a delta. Serial numbers are unique to an issuer
//!    (section 4.1.2.2), so a listing cannot be about something else. Only one
//!    thing lifts a listing: a current delta CRL of the same signer and scope,
//!    numbered after the listing, that removes a certificate *on hold* (5.2.4).
//! 2. **Good** if current, authentic, complete CRLs in scope cover every reason.
//! 3. Otherwise **unknown**, which is a refusal unless the options say otherwise.
//!
//! So another CRL can turn unknown into good, and anything into revoked, but
//! revoked into good only as the delta that lifts a hold.

use std::{cell::OnceCell, cmp::Ordering};

use serde::{Deserialize, Serialize};

use super::{
    certificate::Certificate,
    crl::{ParsedCrl, RevocationReason, RevokedEntry},
    crl_store::{CrlStore, StoredCrl},
    cursor::Cursor,
    distribution::{DistributionPoint, DistributionPointName, PointName, IssuingDistributionPoint, Reasons},
    extension::KeyUsageBits,
    name::same_name,
};
use crate::{
    question::Time,
    verdict::{Clause, Reason},
};

/// Which certificates of a path have their status checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationScope {
    /// Every certificate below the anchor.
    #[default]
    Chain,
    /// The end entity alone.
    EndEntity,
}

/// How revocation is judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct RevocationOptions {
    /// Which certificates are checked.
    pub scope: RevocationScope,
    /// Whether a certificate of unknown status is let in. `false` is the safe answer.
    pub allow_unknown: bool,
    /// The greatest age of a CRL or OCSP response, in seconds after `thisUpdate`.
    pub maximum_age: Option<u64>,
    /// Whether a version 2 CRL must carry a CRL number, not critical (RFC 5280 section 5.2.3).
    pub require_crl_number: bool,
}

impl Default for RevocationOptions {
    fn default() -> Self {
        Self { scope: RevocationScope::Chain, allow_unknown: false, maximum_age: None, require_crl_number: true }
    }
}

impl RevocationOptions {
    /// The last moment at which something issued then, and to be replaced then,
    /// may be used. `None` when nothing bounds it.
    pub(crate) fn end_of_use(&self, this_update: Time, next_update: Option<Time>) -> Option<Time> {
        let age = self.maximum_age.map(|age| this_update.plus_seconds(i64::try_from(age).unwrap_or(i64::MAX)));
        match (age, next_update) {
            (Some(age), Some(next)) => Some(age.min(next)),
            (age, next) => age.or(next),
        }
    }
}

/// A key that may have signed a CRL: the issuer of a path, or another one of the right name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CrlSigner<'a> {
    /// Its SubjectPublicKeyInfo, header included.
    pub(crate) key_info: &'a [u8],
    /// Its key usage; `None` when the extension is absent, as with bare anchors.
    pub(crate) key_usage: Option<KeyUsageBits>,
}

impl CrlSigner<'_> {
    /// RFC 5280 section 6.3.3 (f): when key usage is present, cRLSign must be set.
    fn may_sign(&self) -> bool {
        self.key_usage.is_none_or(KeyUsageBits::crl_sign)
    }
}

/// What the rules need of the validator that asks.
pub(crate) trait SignerSource {
    /// Further keys under this name (DER) whose own path leads to the anchor of
    /// the path in question, as RFC 5280 section 6.3.3 (f) demands.
    fn signers(&self, name: &[u8]) -> Vec<CrlSigner<'_>>;

    /// Whether signatures of the AlgorithmIdentifier `algorithm` count at all.
    fn admit(&self, algorithm: &[u8]) -> Result<(), Reason>;

    /// Whether `key_info` signed `message` under the AlgorithmIdentifier `algorithm`.
    fn verify(&self, key_info: &[u8], algorithm: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Reason>;

    /// Whether a certificate that this issuer signed is itself not revoked.
    fn is_in_good_standing(&self, certificate: &Certificate, issuer: CrlSigner<'_>) -> bool;
}

/// A certificate whose status is asked for, with the key that issued it.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) certificate: &'a Certificate,
    pub(crate) issuer: CrlSigner<'a>,
}

/// What is known of a certificate's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not revoked, by evidence that is current until then.
    Good {
        /// When the evidence runs out, if it says so.
        until: Option<Time>,
    },
    /// Revoked.
    Revoked {
        /// When.
        since: Time,
        /// Why.
        reason: RevocationReason,
    },
    /// Not to be told, and what came closest to telling it.
    Unknown(Obstacle),
}

/// What kept a CRL from telling a status. Later ones came closer, and are what a person wants to hear.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Obstacle {
    /// No CRL of the issuer is at hand.
    NoCrl,
    /// Something at hand is not a CRL.
    Malformed(String),
    /// An OCSP response was given and proves nothing.
    Ocsp(String),
    /// The issuer's CRLs are for other certificates.
    OutOfScope,
    /// A delta CRL, and no complete CRL that it continues.
    DeltaOnly,
    /// The CRLs cover some reasons only.
    SomeReasons,
    /// No entitled key signed the CRL.
    BadSignature(Reason),
    /// The key that signed it may not sign CRLs.
    KeyUsage,
    /// It holds a critical extension that nobody here knows.
    UnknownCritical {
        /// The extension's OID.
        oid: String,
        /// Whether it stands in an entry.
        in_entry: bool,
    },
    /// It lacks a CRL number, or has it marked critical.
    Number,
    /// It is not valid before then.
    NotYetValid(Time),
    /// It ran out then; or has no end, where one is needed.
    Expired(Option<Time>),
}

impl Obstacle {
    /// The reason of the refusal.
    pub fn reason(&self) -> Reason {
        match self {
            Self::NoCrl | Self::OutOfScope | Self::DeltaOnly | Self::SomeReasons => Reason::RevocationUnknown,
            Self::Malformed(_) | Self::Number => Reason::CrlMalformed,
            Self::Ocsp(_) => Reason::OcspInvalid,
            Self::BadSignature(_) => Reason::CrlBadSignature,
            Self::KeyUsage => Reason::CrlKeyUsage,
            Self::UnknownCritical { .. } => Reason::CrlUnknownCriticalExtension,
            Self::NotYetValid(_) => Reason::CrlNotYetValid,
            Self::Expired(_) => Reason::CrlExpired,
        }
    }

    /// The clause that asks for it.
    pub fn clause(&self) -> Clause {
        match self {
            Self::OutOfScope => "RFC 5280 section 6.3.3 (b)",
            Self::DeltaOnly => "RFC 5280 sections 5.2.4 and 6.3.3 (c)",
            Self::SomeReasons => "RFC 5280 section 6.3.3 (d), (e)",
            Self::Number => "RFC 5280 section 5.2.3",
            other => other.reason().clause(),
        }
    }

    /// What happened, in plain words.
    pub fn detail(&self) -> String {
        match self {
            Self::NoCrl => "no CRL of its issuer is at hand".to_owned(),
            Self::Malformed(error) => format!("a CRL cannot be read: {error}"),
            Self::Ocsp(error) => format!("the OCSP response proves nothing: {error}"),
            Self::OutOfScope => "its issuer's CRLs are for other certificates or distribution points".to_owned(),
            Self::DeltaOnly => "only a delta CRL is at hand, without the complete CRL that it continues".to_owned(),
            Self::BadSignature(reason) => format!("no entitled key signed its issuer's CRL ({reason})"),
            Self::KeyUsage => "the key that signed the CRL lacks cRLSign".to_owned(),
            Self::UnknownCritical { oid, in_entry } => {
                format!("{} holds the unknown critical extension {oid}", if *in_entry { "an entry of the CRL" } else { "the CRL" })
            }
            Self::Number => "the CRL's number is absent, or marked critical".to_owned(),
            Self::NotYetValid(time) => format!("the CRL is not valid before {time}"),
            Self::Expired(Some(time)) => format!("the CRL ran out at {time}"),
            Self::Expired(None) => "the CRL has no nextUpdate, so nobody can tell whether it is current".to_owned(),
            Self::SomeReasons => "the CRLs at hand do not cover every reason for revocation".to_owned(),
        }
    }
}

/// One CRL that an entitled key signed, and what it says of the certificate.
struct Testimony<'a> {
    crl: &'a ParsedCrl,
    key_info: Box<[u8]>,
    entry: Option<RevokedEntry>,
    current: Result<(), Obstacle>,
}

impl Testimony<'_> {
    /// RFC 5280 sections 5.2.4 and 6.3.3 (c): whether this delta continues a
    /// CRL of the same signer and scope, numbered between base and delta.
    fn continues(&self, earlier: &Self) -> bool {
        let Some((base, number)) = self.crl.base_number().zip(self.crl.number()) else { return false };
        let Some(earlier_number) = earlier.crl.number() else { return false };
        self.key_info == earlier.key_info
            && same_name(self.crl.issuer(), earlier.crl.issuer())
            && self.crl.issuing_distribution_point() == earlier.crl.issuing_distribution_point()
            && compare_numbers(base, earlier_number).is_le()
            && compare_numbers(earlier_number, number).is_lt()
    }

    fn removes(&self) -> bool {
        self.crl.base_number().is_some()
            && self.entry.is_some_and(|entry| entry.reason == RevocationReason::RemoveFromCrl)
    }
}

/// Big-endian magnitudes without leading zeros.
fn compare_numbers(left: &[u8], right: &[u8]) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// The status of one certificate by the CRLs of a store.
// RFC 5280 section 6.3.3
pub(crate) fn check(
    subject: Subject<'_>,
    store: &CrlStore,
    options: &RevocationOptions,
    time: Time,
    source: &dyn SignerSource,
) -> Status {
    let mut obstacle = match store.malformed().iter().map(ToString::to_string).max() {
        Some(error) => Obstacle::Malformed(error),
        None => Obstacle::NoCrl,
    };
    let inquiry = Inquiry { subject, options, time, source, points: OnceCell::new() };
    let mut testimonies = Vec::new();
    for stored in store.stored() {
        match inquiry.hear(stored) {
            Some(Ok(testimony)) => testimonies.push(testimony),
            Some(Err(found)) => obstacle = obstacle.max(found),
            None => {}
        }
    }
    if let Some(entry) = standing_listing(&testimonies) {
        return Status::Revoked { since: entry.revocation_date, reason: entry.reason };
    }
    match inquiry.coverage(&testimonies) {
        Ok(until) => Status::Good { until },
        Err(found) => Status::Unknown(obstacle.max(found)),
    }
}

/// The earliest listing that no delta lifts.
fn standing_listing(testimonies: &[Testimony<'_>]) -> Option<RevokedEntry> {
    let listings = testimonies.iter().filter(|testimony| !testimony.removes());
    listings
        .filter_map(|listing| listing.entry.map(|entry| (listing, entry)))
        .filter(|(listing, entry)| {
            // RFC 5280 section 5.3.1: removal is for certificates on hold.
            entry.reason != RevocationReason::CertificateHold
                || !testimonies
                    .iter()
                    .any(|delta| delta.removes() && delta.current.is_ok() && delta.continues(listing))
        })
        .map(|(_, entry)| entry)
        .min_by_key(|entry| (entry.reason == RevocationReason::CertificateHold, entry.revocation_date, entry.reason))
}

/// One certificate's question to all CRLs.
struct Inquiry<'a> {
    subject: Subject<'a>,
    options: &'a RevocationOptions,
    time: Time,
    source: &'a dyn SignerSource,
    points: OnceCell<Vec<DistributionPoint>>,
}

impl<'a> Inquiry<'a> {
    /// The certificate's distribution points, read when a CRL first makes them matter.
    fn points(&self) -> &[DistributionPoint] {
        self.points.get_or_init(|| {
            let certificate = self.subject.certificate;
            let value = certificate.extensions().crl_distribution_points.map(|place| place.of(certificate.der()));
            // A value that cannot be read is a flaw of the certificate, reported as such.
            value.and_then(|value| DistributionPoint::read_points(Cursor::new(value)).ok()).unwrap_or_default()
        })
    }

    /// What one CRL says. `None` when it is of another issuer altogether.
    fn hear<'s>(&self, stored: &'s StoredCrl) -> Option<Result<Testimony<'s>, Obstacle>>
    where
        'a: 's,
    {
        let crl = &stored.crl;
        if !self.is_from_issuer(crl) && !self.is_delegated(crl) {
            return None;
        }
        Some(self.believe(stored).map(|key_info| Testimony {
            crl,
            key_info,
            entry: self.listing(crl),
            current: self.is_current(crl),
        }))
    }

    fn is_from_issuer(&self, crl: &ParsedCrl) -> bool {
        let issuer = self.subject.certificate.issuer_der();
        crl.issuer() == issuer || same_name(crl.issuer(), issuer)
    }

    /// RFC 5280 section 6.3.3 (b)(1): an indirect CRL of an issuer that a
    /// distribution point of the certificate names.
    fn is_delegated(&self, crl: &ParsedCrl) -> bool {
        crl.is_indirect() && self.points().iter().any(|point| names_crl_issuer(point, crl.issuer()))
    }

    /// The entitled key that signed the CRL, if the CRL may be used at all.
    fn believe(&self, stored: &StoredCrl) -> Result<Box<[u8]>, Obstacle> {
        let crl = &stored.crl;
        self.source.admit(crl.algorithm()).map_err(Obstacle::BadSignature)?;
        let mut obstacle = Obstacle::BadSignature(Reason::BadSignature);
        let mut ask = |signer: CrlSigner<'_>| {
            let answer = stored.is_signed_by(signer.key_info, |crl| {
                self.source.verify(signer.key_info, crl.algorithm(), crl.to_be_signed(), crl.signature())
            });
            match answer {
                Ok(()) if signer.may_sign() => true,
                Ok(()) => {
                    obstacle = Obstacle::KeyUsage;
                    false
                }
                Err(reason) => {
                    obstacle = obstacle.clone().max(Obstacle::BadSignature(reason));
                    false
                }
            }
        };
        let issuer = self.subject.issuer;
        let key_info = if self.is_from_issuer(crl) && ask(issuer) {
            issuer.key_info.into()
        } else {
            let others = self.source.signers(crl.issuer());
            match others.into_iter().find(|signer| ask(*signer)) {
                Some(signer) => signer.key_info.into(),
                None => return Err(obstacle),
            }
        };
        match crl.unknown_critical() {
            // RFC 5280 sections 5.2 and 5.3: such a CRL must not be used.
            Some(unknown) => {
                Err(Obstacle::UnknownCritical { oid: unknown.oid.clone(), in_entry: unknown.in_entry })
            }
            None => Ok(key_info),
        }
    }

    /// RFC 5280 sections 5.3.3 and 6.3.3 (i), (j).
    fn listing(&self, crl: &ParsedCrl) -> Option<RevokedEntry> {
        let certificate = self.subject.certificate;
        if !crl.is_indirect() {
            return crl.find(certificate.serial());
        }
        let issuer = certificate.issuer_der();
        crl.find_for(certificate.serial(), |name| name == issuer || same_name(name, issuer))
    }

    /// RFC 5280 sections 5.1.2.4, 5.1.2.5, 5.2.3 and 6.3.3 (a), and the options' greatest age.
    fn is_current(&self, crl: &ParsedCrl) -> Result<(), Obstacle> {
        let numbered = crl.number().is_some() && !crl.number_is_critical();
        if self.options.require_crl_number && crl.is_version_2() && !numbered {
            return Err(Obstacle::Number);
        }
        if self.time < crl.this_update() {
            return Err(Obstacle::NotYetValid(crl.this_update()));
        }
        match self.options.end_of_use(crl.this_update(), crl.next_update()) {
            Some(end) if self.time <= end => Ok(()),
            end => Err(Obstacle::Expired(end)),
        }
    }

    /// Until when complete, current CRLs cover every reason.
    // RFC 5280 section 6.3.3 (b), (d), (e)
    fn coverage(&self, testimonies: &[Testimony<'_>]) -> Result<Option<Time>, Obstacle> {
        let mut obstacle = Obstacle::NoCrl;
        let mut covered = Reasons::NONE;
        let mut until: Option<Time> = None;
        for testimony in testimonies {
            let crl = testimony.crl;
            if crl.base_number().is_some() {
                obstacle = obstacle.max(Obstacle::DeltaOnly);
                continue;
            }
            let reasons = self.reasons_in_scope(crl);
            if reasons == Reasons::NONE {
                obstacle = obstacle.max(Obstacle::OutOfScope);
                continue;
            }
            // RFC 5280 section 5.2.4: a stale complete CRL is current again under a delta that continues it.
            let continued = || testimonies.iter().find(|delta| delta.current.is_ok() && delta.continues(testimony));
            let current = match &testimony.current {
                Ok(()) => crl,
                Err(Obstacle::Expired(end)) => match continued() {
                    Some(delta) => delta.crl,
                    None => {
                        obstacle = obstacle.max(Obstacle::Expired(*end));
                        continue;
                    }
                },
                Err(found) => {
                    obstacle = obstacle.max(found.clone());
                    continue;
                }
            };
            covered = covered.union(reasons);
            let end = self.options.end_of_use(current.this_update(), current.next_update());
            until = match (until, end) {
                (Some(first), Some(second)) => Some(first.min(second)),
                (first, second) => first.or(second),
            };
        }
        if covered.is_all() {
            Ok(until)
        } else if covered == Reasons::NONE {
            Err(obstacle)
        } else {
            Err(obstacle.max(Obstacle::SomeReasons))
        }
    }

    /// The reasons that a complete CRL covers for this certificate.
    // RFC 5280 section 6.3.3 (b)(1), (b)(2), (d)
    fn reasons_in_scope(&self, crl: &ParsedCrl) -> Reasons {
        let from_issuer = self.is_from_issuer(crl);
        let Some(scope) = crl.issuing_distribution_point() else {
            return if from_issuer { Reasons::ALL } else { Reasons::NONE };
        };
        // RFC 5280 section 6.3.3 (b)(2)(ii) to (iv)
        let is_ca = self.subject.certificate.extensions().basic_constraints().is_some_and(|constraints| constraints.ca);
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
            name: Some(DistributionPointName::Full(vec![PointName::directory(self.subject.certificate.issuer_der())])),
            reasons: None,
            crl_issuer: None,
        };
        self.points()
            .iter()
            .chain([&implied])
            .filter(|point| match &point.crl_issuer {
                Some(_) => scope.indirect && names_crl_issuer(point, crl.issuer()),
                None => from_issuer,
            })
            .filter(|point| self.names_meet(point, scope, crl))
            .fold(Reasons::NONE, |covered, point| {
                covered.union(point.reasons.unwrap_or(Reasons::ALL).intersection(reasons))
            })
    }

    /// RFC 5280 section 6.3.3 (b)(2)(i): one name of the CRL's point is one of the certificate's.
    fn names_meet(&self, point: &DistributionPoint, scope: &IssuingDistributionPoint, crl: &ParsedCrl) -> bool {
        let Some(scope_name) = &scope.name else { return true };
        let ours = scope_name.resolve(std::iter::once(crl.issuer()));
        let crl_issuers = point.crl_issuer.as_deref().unwrap_or_default();
        let theirs = match &point.name {
            Some(name) if point.crl_issuer.is_some() => {
                name.resolve(crl_issuers.iter().filter_map(PointName::as_directory))
            }
            Some(name) => name.resolve(std::iter::once(self.subject.certificate.issuer_der())),
            None => crl_issuers.to_vec(),
        };
        theirs.iter().any(|their| ours.iter().any(|our| our.is(their)))
    }
}

/// Whether a distribution point says that this issuer (the DER of its Name) signs its CRL.
fn names_crl_issuer(point: &DistributionPoint, issuer: &[u8]) -> bool {
    let names = point.crl_issuer.as_deref().unwrap_or_default();
    names.iter().filter_map(PointName::as_directory).any(|name| name == issuer || same_name(name, issuer))
}

#[cfg(test)]
#[path = "revocation_tests.rs"]
mod tests;
