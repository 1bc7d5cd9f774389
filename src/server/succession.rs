//! What CRLs may come after those in force: newer ones of the same issuers, and none fewer.
//!
//! A CRL is signed and public, so an old one is a weapon: put back, it lets in whoever was
//! revoked since. Its number and its date tell (RFC 5280 sections 5.1.2.4 and 5.2.3).
//! A change of the CA's key begins anew: what the new configuration would not believe any
//! more is nothing to compare with.

use std::cmp::Ordering;

use crate::{
    question::Time,
    validator::{IssuingDistributionPoint, ParsedCrl, compare_crl_numbers},
};

use super::{
    scrutiny::{CrlIssuer, Fault, Objection, Origin, Sighting},
    trust::{RevocationRule, Trust},
};

/// What is remembered of a CRL in force.
#[derive(Clone, Debug)]
pub(crate) struct CrlMark {
    issuer: Vec<u8>,
    /// The key that signed it. `None` when its CA is not configured, so that nobody can tell.
    key_info: Option<Vec<u8>>,
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
        signer: Option<&CrlIssuer>,
        outdated: Option<Fault>,
        origin: Option<&Origin>,
    ) -> Self {
        Self {
            // As the CA's certificate writes it: a CRL may write the same name in other octets.
            issuer: signer.map_or(crl.issuer(), |signer| &signer.name).to_vec(),
            key_info: signer.map(|signer| signer.key_info.clone()),
            scope: crl.issuing_distribution_point().cloned(),
            is_delta: crl.base_number().is_some(),
            number: crl.number().map(<[u8]>::to_vec),
            this_update: crl.this_update(),
            outdated,
            origin: origin.cloned(),
        }
    }

    /// Whether its signature is yet to be verified, by the CA that a client shows.
    pub(crate) fn is_unverified(&self) -> bool {
        self.key_info.is_none()
    }

    /// Whether it is a complete CRL that says all that a delta CRL said.
    // RFC 5280 section 5.2.4
    fn absorbs(&self, delta: &Self) -> bool {
        !self.is_delta
            && delta.is_delta
            && self.issuer == delta.issuer
            && self.scope == delta.scope
            && !self.is_older_than(delta)
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
            (Some(ours), Some(theirs)) => compare_crl_numbers(ours, theirs) == Ordering::Less,
            (None, Some(_)) => true,
            _ => false,
        };
        by_number || self.this_update < other.this_update
    }
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
        let mut successors = next
            .marks
            .iter()
            .filter(|mark| mark.is_of_the_line_of(old))
            .peekable();
        let issuer = next.issuers.iter().find(|issuer| {
            Some(&issuer.key_info) == old.key_info.as_ref() && issuer.name == old.issuer
        });
        let believed = issuer.is_some_and(|issuer| issuer.is_under_anchor);
        if let Some(first) = successors.peek() {
            // A CA with a new key counts anew. Of one that is not configured nobody can tell.
            let comparable = match issuer {
                Some(issuer) => issuer.is_under_anchor,
                None => old.is_unverified() || first.is_unverified(),
            };
            let place = first.place();
            if comparable && successors.all(|mark| mark.is_older_than(old)) {
                return Err(Fault::OlderThanInForce.at(place));
            }
        } else if let Some(origin) = &old.origin
            && believed
            && !next.marks.iter().any(|mark| mark.absorbs(old))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(key: Option<&[u8]>, is_delta: bool, number: u8) -> CrlMark {
        CrlMark {
            issuer: b"CA".to_vec(),
            key_info: key.map(<[u8]>::to_vec),
            scope: None,
            is_delta,
            number: Some(vec![number]),
            this_update: Time::from_unix_seconds(0),
            outdated: None,
            origin: Origin::of(&"crl.pem", 1).next(),
        }
    }

    #[test]
    fn what_a_crl_in_force_said_is_not_forgotten() {
        let (key, old_key): (Option<&[u8]>, Option<&[u8]>) = (Some(b"key"), Some(b"old"));
        let complete = |number| mark(key, false, number);
        let delta = |number| mark(key, true, number);
        let unverified = |number| mark(None, false, number);
        let table = [
            ("newer", vec![complete(5)], vec![complete(6)], true),
            ("older", vec![complete(5)], vec![complete(4)], false),
            ("gone", vec![complete(5)], vec![], false),
            (
                "another key",
                vec![mark(old_key, false, 5)],
                vec![complete(1)],
                true,
            ),
            (
                "delta gone",
                vec![complete(5), delta(6)],
                vec![complete(5)],
                false,
            ),
            (
                "delta absorbed",
                vec![complete(5), delta(6)],
                vec![complete(6)],
                true,
            ),
            (
                "of nobody, older",
                vec![unverified(5)],
                vec![unverified(4)],
                false,
            ),
            (
                "of nobody, newer",
                vec![unverified(5)],
                vec![unverified(6)],
                true,
            ),
            ("of nobody, gone", vec![unverified(5)], vec![], true),
            (
                "of nobody any more, older",
                vec![complete(5)],
                vec![unverified(4)],
                false,
            ),
        ];
        let named: Vec<Origin> = Origin::of(&"crl.pem", 1).collect();
        for (case, in_force, marks, may_follow) in table {
            let next = Sighting {
                marks,
                issuers: vec![CrlIssuer {
                    name: b"CA".to_vec(),
                    key_info: b"key".to_vec(),
                    may_sign_crls: true,
                    is_under_anchor: true,
                }],
                ..Sighting::default()
            };
            let answer = check_crls(&in_force, &next, &named);
            assert_eq!(answer.is_ok(), may_follow, "{case}: {answer:?}");
        }
    }
}
