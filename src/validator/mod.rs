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
