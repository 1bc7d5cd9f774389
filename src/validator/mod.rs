//! The reference validator: RFC 5280 path validation that reports every violated rule.
//!
//! ```text
//! bytes ──▶ strict ──▶ certificate ──▶ build ──▶ path ──▶ report ──▶ explain
//!                                      paths to  rules    every
//!                                      anchors            violation
//! ```
//!
//! Each rule is a function `check_<field>` under the clause that demands it.
//! What section 6 leaves to the relying party is a [`Profile`]. Nothing here
//! reads the clock, and nothing here knows how a certificate was made.

mod algorithm;
mod anchor;
mod budget;
mod certificate;
mod constraint;
mod extension;
mod general_name;
mod identity;
mod key;
mod name;
mod profile;
mod report;
mod revocation_source;
mod signature;
mod strict;
mod time;

pub use algorithm::{AlgorithmError, Hash, SignatureAlgorithm, SignatureName};
pub use anchor::{Anchor, AnchorError};
pub use budget::{Budget, Limits, OverBudget, Spent};
pub use certificate::{Certificate, CertificateError};
pub use extension::{
    AuthorityKeyIdentifier, BasicConstraints, Extensions, KeyUsageBits, Known, NameConstraints, PolicyConstraints,
};
pub use general_name::GeneralName;
pub use identity::{IdentityRule, IdentityRules};
pub use key::{Curve, PublicKey, parse_key};
pub use name::{Name, display_name};
pub use profile::{EndEntityRules, KeyRules, PolicyInputs, Profile, ProfileError};
pub use report::{PathEntry, Place, Report, Violation};
pub use revocation_source::{Issuer, Revocation, RevocationAnswer, RevocationQuery, RevocationSource};
pub use signature::{SignatureError, SignatureScheme};
pub use strict::{DerError, DerFault, Span};

// Revocation.
#[cfg(test)]
mod assemble;
mod crl;
mod crl_index;
mod crl_store;
mod cursor;
mod distribution;
mod evidence;
mod ocsp;
mod ocsp_check;
mod ocsp_id;
mod revocation;

pub use crl::{LoadProgress, ParsedCrl, RevocationReason, RevokedEntry, UnknownCritical};
pub use crl_store::CrlStore;
pub use cursor::{ParseError, Problem};
pub use distribution::{DistributionPoint, DistributionPointName, IssuingDistributionPoint, PointName, Reasons};
pub use evidence::RevocationEvidence;
pub use ocsp::{CertificateStatus, OcspError, OcspResponse, SingleResponse};
pub use revocation::{Obstacle, RevocationOptions, RevocationScope, Status};

use crate::question::{PeerName, Purpose, Time};

/// One question to the validator.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// What the peer presented, in DER: the end entity first, the rest in any order.
    pub chain: &'a [&'a [u8]],
    /// What is trusted.
    pub anchors: &'a [Anchor],
    /// Which end of a connection the end entity is.
    pub purpose: Purpose,
    /// The name under which the peer is expected, if any.
    pub name: Option<&'a PeerName>,
    /// The validation time.
    pub time: Time,
    /// Whether and how revocation is checked.
    pub revocation: Revocation<'a>,
}

/// Judges chains under a profile.
pub struct Validator {
    profile: Profile,
    scheme: Box<dyn SignatureScheme>,
}

impl Validator {
    /// The profile under which chains are judged.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// How signatures are verified.
    pub fn scheme(&self) -> &dyn SignatureScheme {
        &*self.scheme
    }
}
