//! What a case demands beyond path validation, and what becomes of an
//! acceptance by an engine that cannot check all of it.
//!
//! A refusal counts whatever the engine left out: each demand only narrows what
//! may be accepted.

use std::fmt;

use super::Observation;
use crate::{
    case::Case,
    der::{Oid, oid},
    question::{PeerName, Purpose},
    verdict::{Verdict, Why},
};

/// A demand of a case that not every engine can check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    /// No more than so many intermediates.
    Depth,
    /// Key usage bits of the end entity.
    KeyUsage,
    /// Extended key usages other than the usual one of the purpose.
    ExtendedKeyUsage,
    /// The peer's name is a DNS name.
    DnsName,
    /// The peer's name is an IP address.
    IpName,
    /// The peer's name is a mailbox.
    EmailName,
    /// The peer has further names.
    OtherNames,
    /// The end entity's status is told by a stapled OCSP response.
    Ocsp,
    /// Only some identities are let in.
    Identity,
}

impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Depth => "a maximum depth",
            Self::KeyUsage => "a required key usage",
            Self::ExtendedKeyUsage => "a required extended key usage",
            Self::DnsName => "a DNS name of the peer",
            Self::IpName => "an IP address of the peer",
            Self::EmailName => "a mailbox of the peer",
            Self::OtherNames => "several names of the peer",
            Self::Ocsp => "a stapled OCSP response",
            Self::Identity => "identities that are let in",
        })
    }
}

/// What this case demands.
pub(super) fn demands(case: &Case) -> impl Iterator<Item = Demand> + '_ {
    let name = case.name.as_ref().map(|name| match name {
        PeerName::Dns(_) => Demand::DnsName,
        PeerName::Ip(_) => Demand::IpName,
        PeerName::Email(_) => Demand::EmailName,
    });
    let required = &case.requirements;
    let unusual = case.usages() != [usual_usage(case.purpose)];
    [
        required.max_chain_depth.map(|_| Demand::Depth),
        (!required.key_usage.is_empty()).then_some(Demand::KeyUsage),
        unusual.then_some(Demand::ExtendedKeyUsage),
        name,
        (!required.other_names.is_empty()).then_some(Demand::OtherNames),
        case.ocsp.as_ref().map(|_| Demand::Ocsp),
        (!required.admitted.is_empty()).then_some(Demand::Identity),
    ]
    .into_iter()
    .flatten()
}

/// The acceptance of an engine that has checked these demands and no others.
pub(super) fn accepted(case: &Case, checked: &[Demand]) -> Observation {
    match demands(case).find(|demand| !checked.contains(demand)) {
        None => Verdict::Accept.into(),
        Some(demand) => unsupported(demand),
    }
}

/// An engine that cannot be asked this.
pub(super) fn unsupported(what: impl fmt::Display) -> Observation {
    Verdict::Inconclusive(Why::Unsupported(what.to_string())).into()
}

/// The purpose that a certificate of this side must have (RFC 5280 section 4.2.1.12).
pub(super) fn usual_usage(purpose: Purpose) -> Oid {
    match purpose {
        Purpose::Client => oid::CLIENT_AUTH,
        Purpose::Server => oid::SERVER_AUTH,
    }
}
