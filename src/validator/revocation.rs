//! Whether a certificate is revoked, by all the CRLs at hand together (RFC 5280 section 6.3).
//!
//! The rules, in an order that no list of CRLs can change:
//!
//! 1. **Revoked** if any authentic CRL of the issuer lists the certificate, be
//!    it stale, partial or a delta. Serial numbers are unique to an issuer
//!    (section 4.1.2.2), so a listing cannot be about something else. Only one
//!    thing lifts a listing: a current delta CRL of the same signer and scope,
//!    numbered after the listing, that removes a certificate *on hold* (5.2.4).
//! 2. **Unknown** if one that may be of the issuer cannot be read, or lists the certificate and cannot
//!    be used: what it says might be that it is revoked, and nobody can tell.
//! 3. **Good** if current, authentic, complete CRLs in scope cover every reason.
//! 4. Otherwise **unknown**, which is a refusal unless the options say otherwise.
//!
//! What lists the certificate is always looked at; of the rest, the freshest first,
//! until every reason is covered.
//!
//! So another CRL can turn unknown into good, and anything into revoked, but
//! revoked into good only as the delta that lifts a hold.

use std::{
    cell::OnceCell,
    cmp::{Ordering, Reverse},
};

use serde::{Deserialize, Serialize};

use super::{
    certificate::Certificate,
    crl::{ParsedCrl, RevocationReason, RevokedEntry, compare_crl_numbers},
    crl_scope::{names_crl_issuer, reasons_in_scope},
    crl_store::{CrlStore, MalformedCrl, StoredCrl},
    cursor::Cursor,
    distribution::{DistributionPoint, Reasons},
    key_usage::KeyUsageBits,
    name::same_name,
    obstacle::Obstacle,
};
use crate::{question::Time, verdict::Reason};

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
        Self {
            scope: RevocationScope::Chain,
            allow_unknown: false,
            maximum_age: None,
            require_crl_number: true,
        }
    }
}

impl RevocationOptions {
    /// The last moment at which something issued then, and to be replaced then,
    /// may be used. `None` when nothing bounds it.
    pub(crate) fn end_of_use(&self, this_update: Time, next_update: Option<Time>) -> Option<Time> {
        let age = self
            .maximum_age
            .map(|age| this_update.plus_seconds(i64::try_from(age).unwrap_or(i64::MAX)));
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

    /// Whether signatures of the key `key_info` count at all.
    fn admit_key(&self, key_info: &[u8]) -> Result<(), Reason>;

    /// Whether `key_info` signed `message` under the AlgorithmIdentifier `algorithm`.
    fn verify(
        &self,
        key_info: &[u8],
        algorithm: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Reason>;

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

/// One CRL that may speak of the certificate, and what it would say if an entitled key signed it.
struct Candidate<'a> {
    stored: &'a StoredCrl,
    /// Whether it is of the certificate's own issuer, rather than of one that stands in for it.
    from_issuer: bool,
    entry: Option<RevokedEntry>,
    current: Result<(), Obstacle>,
    /// The reasons that it covers for the certificate.
    reasons: Reasons,
}

impl Candidate<'_> {
    /// Whether it counts whatever else is known: it lists the certificate, or may lift a listing.
    fn must_be_heard(&self) -> bool {
        self.entry.is_some() || self.stored.crl.base_number().is_some()
    }

    /// The current before the stale, the fresher before the older; never the order of a store.
    fn precedence(&self, other: &Self) -> Ordering {
        let key = |candidate: &Self| {
            let crl = &candidate.stored.crl;
            (
                candidate.current.is_err(),
                Reverse(crl.this_update()),
                Reverse(crl.next_update()),
            )
        };
        let signed = |candidate: &Self| candidate.stored.crl.to_be_signed();
        key(self)
            .cmp(&key(other))
            .then_with(|| signed(self).cmp(signed(other)))
    }
}

/// One CRL that an entitled key signed, and what it says of the certificate.
struct Testimony<'a> {
    crl: &'a ParsedCrl,
    key_info: Box<[u8]>,
    entry: Option<RevokedEntry>,
    current: Result<(), Obstacle>,
    reasons: Reasons,
}

impl Testimony<'_> {
    /// RFC 5280 sections 5.2.4 and 6.3.3 (c): whether this delta continues a
    /// CRL of the same signer and scope, numbered between base and delta.
    fn continues(&self, earlier: &Self) -> bool {
        let Some((base, number)) = self.crl.base_number().zip(self.crl.number()) else {
            return false;
        };
        let Some(earlier_number) = earlier.crl.number() else {
            return false;
        };
        self.crl.base_is_critical()
            && self.key_info == earlier.key_info
            && same_name(self.crl.issuer(), earlier.crl.issuer())
            && self.crl.issuing_distribution_point() == earlier.crl.issuing_distribution_point()
            && compare_crl_numbers(base, earlier_number).is_le()
            && compare_crl_numbers(earlier_number, number).is_lt()
    }

    fn removes(&self) -> bool {
        self.crl.base_number().is_some()
            && self
                .entry
                .is_some_and(|entry| entry.reason == RevocationReason::RemoveFromCrl)
    }
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
    let inquiry = Inquiry {
        subject,
        options,
        time,
        source,
        points: OnceCell::new(),
    };
    // What of the lists at hand may say that the certificate is revoked, and cannot be told.
    let mut undetermined = inquiry.unreadable(store);
    let mut obstacle = match store.malformed().iter().map(ToString::to_string).max() {
        Some(error) => Obstacle::Malformed(error),
        None => Obstacle::NoCrl,
    };
    let mut candidates: Vec<_> = store
        .stored()
        .filter_map(|stored| inquiry.consider(stored))
        .collect();
    candidates.sort_by(Candidate::precedence);
    let mut testimonies = Vec::new();
    let mut covered = Reasons::NONE;
    for candidate in candidates {
        if !candidate.must_be_heard() {
            // A signature costs more than everything else, and what is out of scope, or says
            // again what a fresher CRL has said, is not worth one.
            if candidate.reasons == Reasons::NONE {
                obstacle = obstacle.max(Obstacle::OutOfScope);
                continue;
            }
            if covered.is_all() {
                continue;
            }
        }
        let listed = candidate.entry.is_some();
        match inquiry.hear(candidate) {
            Ok(testimony) => {
                if testimony.crl.base_number().is_none() && testimony.current.is_ok() {
                    covered = covered.union(testimony.reasons);
                }
                testimonies.push(testimony);
            }
            Err(found) => {
                if listed && matches!(found, Obstacle::UnknownCritical { .. }) {
                    undetermined.get_or_insert_with(|| found.clone());
                }
                obstacle = obstacle.max(found);
            }
        }
    }
    if let Some(entry) = standing_listing(&testimonies) {
        return Status::Revoked {
            since: entry.revocation_date,
            reason: entry.reason,
        };
    }
    match inquiry.coverage(&testimonies) {
        Ok(until) => undetermined.map_or(Status::Good { until }, Status::Unknown),
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
                || !testimonies.iter().any(|delta| {
                    delta.removes() && delta.current.is_ok() && delta.continues(listing)
                })
        })
        .map(|(_, entry)| entry)
        .min_by_key(RevokedEntry::gravity)
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
            let value = certificate
                .extensions()
                .crl_distribution_points
                .map(|place| place.of(certificate.der()));
            // A value that cannot be read is a flaw of the certificate, reported as such.
            value
                .and_then(|value| DistributionPoint::read_points(Cursor::new(value)).ok())
                .unwrap_or_default()
        })
    }

    /// What is wrong with a CRL that cannot be read and may be of an issuer whose word counts here.
    // RFC 5280 section 6.3.3 (a) and (b)(1)
    fn unreadable(&self, store: &CrlStore) -> Option<Obstacle> {
        let own = self.subject.certificate.issuer_der();
        let concerns = |crl: &&MalformedCrl| {
            let by_another = |issuer: &Vec<u8>| {
                let mut points = self.points().iter();
                points.any(|point| names_crl_issuer(point, issuer))
            };
            crl.may_be_of(own) || crl.issuer.as_ref().is_some_and(by_another)
        };
        let unreadable = store.malformed().iter().filter(concerns);
        let errors = unreadable.map(ToString::to_string).max();
        errors.map(Obstacle::Malformed)
    }

    /// What one CRL would say. `None` when it is of another issuer altogether.
    fn consider<'s>(&self, stored: &'s StoredCrl) -> Option<Candidate<'s>> {
        let crl = &stored.crl;
        let from_issuer = stored.is_from_issuer_of(self.subject.certificate);
        if !from_issuer && !self.is_delegated(crl) {
            return None;
        }
        Some(Candidate {
            stored,
            from_issuer,
            entry: self.listing(crl),
            current: self.is_current(crl),
            reasons: reasons_in_scope(self.subject.certificate, self.points(), crl, from_issuer),
        })
    }

    /// What it says, if it is to be believed.
    fn hear<'s>(&self, candidate: Candidate<'s>) -> Result<Testimony<'s>, Obstacle> {
        Ok(Testimony {
            crl: &candidate.stored.crl,
            key_info: self.believe(candidate.stored, candidate.from_issuer)?,
            entry: candidate.entry,
            current: candidate.current,
            reasons: candidate.reasons,
        })
    }

    /// RFC 5280 section 6.3.3 (b)(1): an indirect CRL of an issuer that a
    /// distribution point of the certificate names.
    fn is_delegated(&self, crl: &ParsedCrl) -> bool {
        crl.is_indirect()
            && self
                .points()
                .iter()
                .any(|point| names_crl_issuer(point, crl.issuer()))
    }

    /// The entitled key that signed the CRL, if the CRL may be used at all.
    fn believe(&self, stored: &StoredCrl, from_issuer: bool) -> Result<Box<[u8]>, Obstacle> {
        let crl = &stored.crl;
        self.source
            .admit(crl.algorithm())
            .map_err(Obstacle::BadSignature)?;
        let mut obstacle = Obstacle::BadSignature(Reason::BadSignature);
        let mut ask = |signer: CrlSigner<'_>| {
            let answer = stored.is_signed_by(signer.key_info, |crl| {
                self.source.verify(
                    signer.key_info,
                    crl.algorithm(),
                    crl.to_be_signed(),
                    crl.signature(),
                )
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
        let key_info = if from_issuer && ask(issuer) {
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
            Some(unknown) => Err(Obstacle::UnknownCritical {
                oid: unknown.oid.clone(),
                in_entry: unknown.in_entry,
            }),
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
        crl.find_for(certificate.serial(), |name| {
            name == issuer || same_name(name, issuer)
        })
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
        match self
            .options
            .end_of_use(crl.this_update(), crl.next_update())
        {
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
            if testimony.reasons == Reasons::NONE {
                obstacle = obstacle.max(Obstacle::OutOfScope);
                continue;
            }
            // RFC 5280 section 5.2.4: a stale complete CRL is current again under a delta that continues it.
            let continued = || {
                testimonies
                    .iter()
                    .find(|delta| delta.current.is_ok() && delta.continues(testimony))
            };
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
            covered = covered.union(testimony.reasons);
            let end = self
                .options
                .end_of_use(current.this_update(), current.next_update());
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
}

#[cfg(test)]
#[path = "revocation_tests.rs"]
mod tests;
