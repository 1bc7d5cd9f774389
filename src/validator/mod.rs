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
mod attribute;
mod budget;
mod build;
mod certificate;
mod conformance;
mod constraint;
mod cryptography;
mod dsa;
mod edge;
mod explain;
mod extension;
mod extension_value;
mod general_name;
mod guessable_rsa;
mod identity;
mod judge;
mod key;
mod key_rule;
mod key_usage;
mod name;
mod name_form;
mod name_text;
mod path;
#[cfg(test)]
mod path_tests;
mod peer_name;
mod policy;
#[cfg(test)]
mod policy_tests;
mod prepare;
mod profile;
mod remedy;
mod report;
mod revocation_source;
mod signature;
mod strict;
mod subtree;
mod time;
mod usage;
mod visible;
mod web;

pub use algorithm::{AlgorithmError, Hash, SignatureAlgorithm, SignatureName};
pub use anchor::{Anchor, AnchorError};
pub use budget::{Budget, Limits, OverBudget, Spent};
pub use certificate::{Certificate, CertificateError};
pub use cryptography::RealSignatures;
pub use explain::{Explanation, Line, display_key, display_serial, display_time};
pub use extension::{
    AuthorityKeyIdentifier, BasicConstraints, Extensions, Known, NameConstraints, PolicyConstraints,
};
pub use general_name::GeneralName;
pub use identity::{IdentityRule, IdentityRules};
pub use key::{Curve, PublicKey, parse_key};
pub use key_usage::{KeyUsage, KeyUsageBits};
pub use name::Name;
#[cfg(feature = "server")]
pub(crate) use name::same_name;
pub use name_text::display_name;
pub use profile::{EndEntityRules, KeyRules, PolicyInputs, Profile, ProfileError};
pub use report::{PathEntry, Place, Report, Violation};
pub use revocation_source::{
    Issuer, Revocation, RevocationAnswer, RevocationQuery, RevocationSource,
};
pub use signature::{SignatureError, SignatureScheme};
pub use strict::{DerError, DerFault, Span};

// Revocation.
#[cfg(test)]
mod assemble;
mod crl;
mod crl_index;
mod crl_read;
mod crl_scope;
mod crl_store;
mod cursor;
mod distribution;
mod evidence;
mod obstacle;
mod ocsp;
mod ocsp_check;
mod ocsp_id;
mod revocation;
#[cfg(feature = "rustls")]
mod certificate_cache;
#[cfg(feature = "rustls")]
mod rustls;
#[cfg(feature = "rustls")]
mod rustls_refusal;
#[cfg(feature = "rustls")]
mod rustls_strict;
#[cfg(feature = "rustls")]
mod signature_memory;

#[cfg(feature = "rustls")]
pub use self::rustls::{
    Clock, Observer, ReferenceClientVerifier, ReferenceServerVerifier, VerifierConfig,
};
#[cfg(feature = "rustls")]
pub use self::rustls_refusal::Refusal;
#[cfg(feature = "rustls")]
pub use self::rustls_strict::{StrictClientVerifier, StrictVerifierError};
pub use crl::{
    LoadProgress, ParsedCrl, RevocationReason, RevokedEntry, UnknownCritical, compare_crl_numbers,
};
#[cfg(feature = "server")]
pub(crate) use crl_store::StoredCrl;
pub use crl_store::{CrlStore, MalformedCrl};
pub use cursor::{ParseError, Problem};
pub use distribution::{
    DistributionPoint, DistributionPointName, IssuingDistributionPoint, PointName, Reasons,
};
pub use evidence::RevocationEvidence;
pub use obstacle::Obstacle;
pub use ocsp::{CertificateStatus, OcspError, OcspResponse, SingleResponse};
pub use revocation::{RevocationOptions, RevocationScope, Status};

use crate::{
    question::{PeerName, Purpose, Time},
    verdict::{Reason, Verdict, Why},
};

use build::Search;
use judge::Role;
use path::{Outcome, Session};
use report::rank;

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
    /// A validator that verifies real signatures.
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            scheme: Box::new(RealSignatures),
        }
    }

    /// The same validator with another signature scheme, such as a toy one.
    #[must_use]
    pub fn with_signatures(mut self, scheme: impl SignatureScheme + 'static) -> Self {
        self.scheme = Box::new(scheme);
        self
    }

    /// The profile.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The signature scheme.
    pub fn scheme(&self) -> &dyn SignatureScheme {
        &*self.scheme
    }

    /// Judges a chain. Any bytes will do.
    pub fn validate(&self, inputs: &Inputs<'_>) -> Report {
        let limit = self.profile.budget.presented_certificates;
        if inputs.chain.len() > limit as usize {
            return over_budget(
                OverBudget {
                    what: "presented certificates",
                    limit,
                },
                Vec::new(),
                Spent::default(),
            );
        }
        let parsed: Vec<_> = inputs
            .chain
            .iter()
            .map(|der| Certificate::parse(der))
            .collect();
        let presented: Vec<Option<&Certificate>> =
            parsed.iter().map(|found| found.as_ref().ok()).collect();
        let malformed = parsed.iter().enumerate().filter_map(|(index, found)| {
            found
                .as_ref()
                .err()
                .map(|error| Violation::new(error.reason(), Some(index), error.to_string()))
        });
        self.judge(&presented, malformed, inputs)
    }

    /// Judges a chain whose certificates were parsed before, as a server keeps
    /// its intermediates. The first is the end entity; `inputs.chain` is not read.
    pub fn validate_parsed(&self, chain: &[&Certificate], inputs: &Inputs<'_>) -> Report {
        let presented: Vec<Option<&Certificate>> = chain.iter().copied().map(Some).collect();
        self.judge(&presented, std::iter::empty(), inputs)
    }

    fn judge(
        &self,
        presented: &[Option<&Certificate>],
        malformed: impl Iterator<Item = Violation>,
        inputs: &Inputs<'_>,
    ) -> Report {
        match presented.first() {
            None => {
                let nothing =
                    Violation::new(Reason::NoCertificate, None, "no certificate was presented");
                return refuse(
                    Outcome {
                        violations: vec![nothing],
                        entries: Vec::new(),
                    },
                    Spent::default(),
                );
            }
            Some(None) => {
                let violations = malformed.take(1).collect();
                return refuse(
                    Outcome {
                        violations,
                        entries: Vec::new(),
                    },
                    Spent::default(),
                );
            }
            Some(Some(_)) => {}
        }
        let mut budget = Budget::new(self.profile.budget);
        let session = Session {
            validator: self,
            inputs,
            subject: Role::EndEntity,
            presented,
            anchors: inputs.anchors,
        };
        match Search::run(&session, &mut budget) {
            Ok(mut outcome) => {
                // An issuer that cannot be read is why there is no path.
                if outcome
                    .violations
                    .iter()
                    .any(|found| found.reason == Reason::UnknownIssuer)
                {
                    let mut malformed = malformed.peekable();
                    if malformed.peek().is_some() {
                        outcome
                            .violations
                            .retain(|found| found.reason != Reason::UnknownIssuer);
                        outcome.violations.extend(malformed);
                    }
                }
                refuse(outcome, budget.spent())
            }
            Err(unfinished) => over_budget(unfinished.over, unfinished.found, budget.spent()),
        }
    }
}

/// The report of an outcome: an acceptance when nothing is violated.
fn refuse(outcome: Outcome, spent: Spent) -> Report {
    // The first of the highest rank.
    let told = outcome
        .violations
        .iter()
        .rev()
        .max_by_key(|found| rank(found.reason));
    let verdict = told.map_or(Verdict::Accept, |found| Verdict::Reject(found.reason));
    Report {
        verdict,
        violations: outcome.violations,
        path: outcome.entries,
        spent,
    }
}

/// The report of a judgement that was not finished: that first, and then what it had found.
fn over_budget(over: OverBudget, mut found: Vec<Violation>, spent: Spent) -> Report {
    let budget = Violation::new(Reason::BudgetExceeded, None, over.to_string());
    found.insert(0, budget);
    Report {
        verdict: Verdict::Inconclusive(Why::OverBudget),
        violations: found,
        path: Vec::new(),
        spent,
    }
}
