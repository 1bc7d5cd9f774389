//! What CRLs may come after those in force: newer ones of the same issuers, and none fewer.
//!
//! A CRL is signed and public, so an old one is a weapon: put back, it lets in whoever was
//! revoked since. Its number and its date tell (RFC 5280 sections 5.1.2.4 and 5.2.3).
//! A change of the CA's key begins anew: what the new configuration would not believe any
//! more is nothing to compare with.

use std::cmp::Ordering;

use crate::{
    question::Time,
    validator::{IssuingDistributionPoint, ParsedCrl},
};

use super::{
    scrutiny::{CrlIssuer, Fault, Objection, Origin, Sighting},
    trust::{RevocationRule, Trust},
};

/// What is remembered of a CRL in force.
#[derive(Clone, Debug)]
pub(crate) struct CrlMark {
    issuer: Vec<u8>,
    key_info: Vec<u8>,
    scope: Option<IssuingDistributionPoint>,
    is_delta: bool,
    /// Big-endian, without leading zeros.
    number: Option<Vec<u8>>,
    this_update: Time,
    /// The fault of a CRL at another time than its own.
    pub(crate) outdated: Option<Fault>,
    origin: Option<Origin>,
}

impl CrlMark {
    pub(crate) fn new(
        crl: &ParsedCrl,
        signer: &CrlIssuer,
        outdated: Option<Fault>,
        origin: Option<&Origin>,
    ) -> Self {
        Self {
            // As the CA's certificate writes it: a CRL may write the same name in other octets.
            issuer: signer.name.clone(),
            key_info: signer.key_info.clone(),
            scope: crl.issuing_distribution_point().cloned(),
            is_delta: crl.base_number().is_some(),
            number: crl.number().map(<[u8]>::to_vec),
            this_update: crl.this_update(),
            outdated,
            origin: origin.cloned(),
        }
    }

    /// Whether it speaks of the same certificates.
    fn is_of_the_line_of(&self, other: &Self) -> bool {
        self.issuer == other.issuer && self.scope == other.scope && self.is_delta == other.is_delta
    }

    /// Whether it is the same CRL, as far as its issuer tells CRLs apart.
    fn is_as(&self, other: &Self) -> bool {
        self.is_of_the_line_of(other)
            && self.number == other.number
            && self.this_update == other.this_update
    }

    fn place(&self) -> String {
        match &self.origin {
            Some(origin) => origin.to_string(),
            None => "one of the CRLs".to_owned(),
        }
    }

    // RFC 5280 section 5.2.3: numbers only rise
    fn is_older_than(&self, other: &Self) -> bool {
        let by_number = match (&self.number, &other.number) {
            (Some(ours), Some(theirs)) => compare_numbers(ours, theirs) == Ordering::Less,
            (None, Some(_)) => true,
            _ => false,
        };
        by_number || self.this_update < other.this_update
    }
}

fn compare_numbers(left: &[u8], right: &[u8]) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// Whether the CRLs of `next` may follow those in force. `named` is where the next
/// configuration looks for CRLs.
pub(crate) fn check_crls(
    in_force: &[CrlMark],
    next: &Sighting,
    named: &[Origin],
) -> Result<(), Objection> {
    for mark in &next.marks {
        // What runs out while it is in force stays, so that everything else can change.
        if let Some(fault) = mark.outdated
            && !in_force.iter().any(|old| old.is_as(mark))
        {
            return Err(fault.at(mark.place()));
        }
    }
    for old in in_force {
        let believed = next
            .issuers
            .iter()
            .any(|issuer| issuer.key_info == old.key_info && issuer.name == old.issuer);
        if !believed {
            continue;
        }
        let mut successors = next
            .marks
            .iter()
            .filter(|mark| mark.is_of_the_line_of(old))
            .peekable();
        if let Some(first) = successors.peek() {
            let place = first.place();
            if successors.all(|mark| mark.is_older_than(old)) {
                return Err(Fault::OlderThanInForce.at(place));
            }
        } else if let Some(origin) = &old.origin
            && !old.is_delta
            && named.iter().any(|named| named.source == origin.source)
        {
            return Err(Fault::CrlGone.at(&origin.source));
        }
    }
    Ok(())
}

/// Whether some evidence is left where there was some and it is needed.
pub(crate) fn check_evidence(
    in_force: &Trust,
    next: &Trust,
    rule: RevocationRule,
) -> Result<(), Objection> {
    if rule == RevocationRule::Required && in_force.has_evidence() && !next.has_evidence() {
        return Err(Fault::NoEvidence.at("the configuration"));
    }
    Ok(())
}
