//! The seam behind which revocation is judged.
//!
//! The path validator knows when to ask and what a certificate and its issuer
//! are. CRLs and OCSP responses, and what unknown means, are for whoever
//! implements [`RevocationSource`].

use crate::question::{Purpose, Time};

use super::{
    Validator,
    anchor::Anchor,
    budget::{Budget, OverBudget},
    certificate::Certificate,
    report::Violation,
};

/// Whether and how revocation is checked.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub enum Revocation<'a> {
    /// Revocation is not looked at.
    #[default]
    Off,
    /// This source is asked for every certificate of the path, the anchor excepted.
    Check(&'a dyn RevocationSource),
}

impl std::fmt::Debug for Revocation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Off => "Off",
            Self::Check(_) => "Check(..)",
        })
    }
}

/// Whoever signed a certificate: a name and a key, with its certificate unless it is a bare anchor.
#[derive(Clone, Copy, Debug)]
pub struct Issuer<'a> {
    /// The subject's name, as DER.
    pub name_der: &'a [u8],
    /// The SubjectPublicKeyInfo, as DER.
    pub key_info: &'a [u8],
    /// The certificate. `None` when the anchor was given as name and key.
    pub certificate: Option<&'a Certificate>,
    /// Whether the issuer is the trust anchor of the path.
    pub is_anchor: bool,
}

/// A certificate of a path, about to be judged for revocation.
pub struct RevocationQuery<'a> {
    /// The validator that asks: its profile, its signature scheme.
    pub validator: &'a Validator,
    /// The certificate.
    pub certificate: &'a Certificate,
    /// Its index in the presented chain.
    pub index: usize,
    /// 0 is the end entity, 1 the certificate of its issuer, and so on.
    pub depth: usize,
    /// Who signed it.
    pub issuer: Issuer<'a>,
    /// The path, end entity first, the anchor not included.
    pub path: &'a [&'a Certificate],
    /// The anchor at which the path ends.
    pub anchor: &'a Anchor,
    /// Everything presented that could be read: CRL issuers may be among it.
    pub pool: &'a [&'a Certificate],
    /// Which end of a connection the end entity is.
    pub purpose: Purpose,
    /// The validation time.
    pub time: Time,
}

/// What a source says of one certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevocationAnswer {
    /// What is wrong. Empty when the certificate is good.
    pub violations: Vec<Violation>,
    /// What a person may want to know of a good one: `not listed in issuing.crl (fresh until 2026-11-30)`.
    pub note: Option<String>,
}

/// Judges revocation.
pub trait RevocationSource: Sync {
    /// Judges one certificate. Signatures verified are to be counted against the budget.
    fn judge(
        &self,
        query: &RevocationQuery<'_>,
        budget: &mut Budget,
    ) -> Result<RevocationAnswer, OverBudget>;
}
