//! Where an engine is known to be more lenient or stricter than RFC 5280, told
//! by the reason: what a comparison of wild chains must expect.
//!
//! Most of it follows from the list of known discrepancies. The table below
//! holds what only wild chains show.

use std::{collections::BTreeSet, sync::LazyLock};

use crate::{
    case::Case,
    corpus::known::{self, Known},
    defect,
    oracle::Kind,
    recipe::{ExtensionValue, GeneralName, Recipe},
    verdict::Reason,
};

/// An engine, a reason, and why a difference for it is no news.
type Row = (&'static str, Reason, &'static str);

/// In which recipes a row holds.
type Condition = fn(&Recipe) -> bool;

/// Chains are let in although the reference finds this.
const TAKES: &[Row] = &[
    ("webpki", Reason::NoValidPolicy, POLICIES),
    ("webpki", Reason::BadPolicy, POLICIES),
];

const POLICIES: &str = "webpki does not process certificate policies";

/// Chains are refused for this although the reference finds nothing, where the condition holds.
const REFUSES: &[(Row, Condition)] = &[
    (
        (
            "webpki",
            Reason::UnknownCriticalExtension,
            "webpki refuses critical extensions that it does not process, those of policies among them",
        ),
        |_| true,
    ),
    (
        (
            "webpki",
            Reason::CaAsEndEntity,
            "webpki takes no CA for an end entity, by design",
        ),
        |_| true,
    ),
    (
        (
            "webpki",
            Reason::ExtendedKeyUsage,
            "webpki does not take anyExtendedKeyUsage for a purpose, which RFC 5280 section 4.2.1.12 leaves open",
        ),
        |_| true,
    ),
    (
        (
            "webpki",
            Reason::NameConstraint,
            "webpki fails closed on constraints of mailboxes, URIs and directory names",
        ),
        constrains_other_forms,
    ),
    (
        (
            "aws-lc",
            Reason::UnknownIssuer,
            "a CA with an extension that AWS-LC cannot read, critical or not, is no issuer to it",
        ),
        |_| true,
    ),
];

/// Whether a name constraint is of another form than DNS names and addresses.
fn constrains_other_forms(recipe: &Recipe) -> bool {
    let extensions = recipe.certificates.iter().flat_map(|one| &one.extensions);
    let mut names = extensions.flat_map(|extension| match &extension.value {
        ExtensionValue::NameConstraints {
            permitted,
            excluded,
        } => [permitted.as_slice(), excluded.as_slice()].concat(),
        _ => Vec::new(),
    });
    names.any(|name| match name {
        GeneralName::Dns(_) | GeneralName::Ip(_) | GeneralName::IpBytes(_) => false,
        GeneralName::Raw(bytes) => !matches!(bytes.0.first(), Some(0x82 | 0x87)),
        _ => true,
    })
}

static FROM_KNOWN: LazyLock<BTreeSet<(String, Reason)>> = LazyLock::new(|| {
    let known = Known::from_toml(known::BUILT_IN, |_| true).unwrap_or_default();
    let let_in = known
        .entries()
        .iter()
        .filter(|entry| entry.kind == Kind::FalseAccept);
    let reasons = let_in.flat_map(|entry| {
        let reasons = defect::find(&entry.defect).map_or(&[][..], |defect| defect.reasons);
        reasons.iter().map(|reason| (entry.engine.clone(), *reason))
    });
    reasons.collect()
});

/// Whether an engine may let a chain in that the reference refuses for these reasons alone.
pub(super) fn takes(engine: &str, reasons: &[Reason]) -> bool {
    reasons.iter().all(|reason| {
        TAKES
            .iter()
            .any(|(name, listed, _)| *name == engine && listed == reason)
            || FROM_KNOWN
                .iter()
                .any(|(name, known)| name == engine && known == reason)
    })
}

/// Whether an engine may refuse a chain that the reference accepts, for one of these reasons.
pub(super) fn refuses(engine: &str, reasons: &[Reason], case: &Case) -> bool {
    let Some(recipe) = &case.recipe else {
        return false;
    };
    REFUSES.iter().any(|((name, reason, _), holds)| {
        *name == engine && reasons.contains(reason) && holds(recipe)
    })
}
