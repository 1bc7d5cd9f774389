//! Where an engine is known to be more lenient or stricter than RFC 5280, told
//! by the reason: what a comparison of wild chains must expect.
//!
//! Most of it follows from the list of known discrepancies. The table below
//! holds what only wild chains show.

use std::{collections::BTreeSet, fmt, sync::LazyLock};

use self::Answer::{Refuses, Takes};

use crate::{
    case::Case,
    corpus::known::{self, Known},
    defect,
    der::oid,
    oracle::Kind,
    recipe::{ExtensionValue, GeneralName, Recipe},
    verdict::Reason,
};

/// A difference between an engine and the reference that is no news.
#[derive(Debug)]
pub(super) struct Row {
    engine: &'static str,
    answer: Answer,
    reason: Reason,
    why: &'static str,
    /// In which recipes it holds.
    holds: fn(&Recipe) -> bool,
}

/// What the engine says where the reference says the contrary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// It lets a chain in although the reference finds the reason.
    Takes,
    /// It refuses a chain for the reason although the reference finds nothing.
    Refuses,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.answer {
            Takes => "takes",
            Refuses => "refuses for",
        };
        write!(f, "{} {word} {}: {}", self.engine, self.reason, self.why)
    }
}

const fn row(
    engine: &'static str,
    answer: Answer,
    reason: Reason,
    why: &'static str,
    holds: fn(&Recipe) -> bool,
) -> Row {
    Row {
        engine,
        answer,
        reason,
        why,
        holds,
    }
}

const FIRST_LIST: &str = "webpki judges by the first list of the issuer that seems to fit, a part among them, and looks at no other";

const WILDCARD: &str = "a wildcard right below a top-level domain is taken for no name, which RFC 9525 section 6.3 leaves open";

/// Every row. A test runs what is kept, and fails on a row that no longer shows.
pub(super) const ROWS: &[Row] = &[
    row(
        "webpki",
        Takes,
        Reason::CrlExpired,
        FIRST_LIST,
        has_several_lists,
    ),
    row(
        "webpki",
        Takes,
        Reason::CrlBadSignature,
        FIRST_LIST,
        has_several_lists,
    ),
    row(
        "webpki",
        Refuses,
        Reason::UnknownCriticalExtension,
        "webpki refuses critical extensions that it does not process, those of policies among them",
        |_| true,
    ),
    row(
        "webpki",
        Refuses,
        Reason::CaAsEndEntity,
        "webpki takes no CA for an end entity, by design",
        |_| true,
    ),
    row(
        "webpki",
        Refuses,
        Reason::ExtendedKeyUsage,
        "webpki does not take anyExtendedKeyUsage for a purpose, which RFC 5280 section 4.2.1.12 leaves open",
        |_| true,
    ),
    row(
        "webpki",
        Refuses,
        Reason::NameConstraint,
        "webpki fails closed on constraints of mailboxes, URIs and directory names",
        constrains_other_forms,
    ),
    row(
        "webpki",
        Refuses,
        Reason::CrlExpired,
        FIRST_LIST,
        has_several_lists,
    ),
    row(
        "webpki",
        Refuses,
        Reason::CrlBadSignature,
        FIRST_LIST,
        has_several_lists,
    ),
    row(
        "aws-lc",
        Refuses,
        Reason::CrlBadSignature,
        "X509_verify_cert chooses one list of the issuer before it verifies any",
        has_several_lists,
    ),
    row(
        "webpki",
        Refuses,
        Reason::BadSignature,
        "webpki counts self-issued CAs against a path length, and then tells of the other way that it tried",
        has_self_issued_authority,
    ),
    row(
        "webpki",
        Refuses,
        Reason::MalformedName,
        "webpki takes a wildcard right below a top-level domain for no name",
        has_wildcard,
    ),
    row(
        "webpki",
        Refuses,
        Reason::NameMismatch,
        WILDCARD,
        has_wildcard,
    ),
    row(
        "aws-lc",
        Refuses,
        Reason::NameMismatch,
        WILDCARD,
        has_wildcard,
    ),
    row(
        "webpki",
        Refuses,
        Reason::CrlMalformed,
        "webpki reads no delta lists",
        has_delta,
    ),
    row(
        "aws-lc",
        Refuses,
        Reason::CrlMalformed,
        "X509_verify_cert reads no delta lists",
        has_delta,
    ),
    row(
        "aws-lc",
        Refuses,
        Reason::ExtendedKeyUsage,
        "X509_verify_cert does not take anyExtendedKeyUsage for a purpose, which RFC 5280 section 4.2.1.12 leaves open",
        has_any_purpose,
    ),
    row(
        "aws-lc",
        Refuses,
        Reason::ExtendedKeyUsage,
        "X509_verify_cert holds a CA that stands as end entity to the key usage of one",
        ends_in_authority,
    ),
    row(
        "aws-lc",
        Refuses,
        Reason::NotYetValid,
        "X509_verify_cert holds an anchor to the dates of its certificate",
        has_dated_anchor,
    ),
    row(
        "aws-lc",
        Refuses,
        Reason::Expired,
        "X509_verify_cert holds an anchor to its dates, and takes the second of notAfter for over",
        |recipe| has_dated_anchor(recipe) || ends_now(recipe),
    ),
    row(
        "aws-lc",
        Refuses,
        Reason::UnknownIssuer,
        "a CA with an extension that AWS-LC cannot read, critical or not, is no issuer to it",
        |_| true,
    ),
];

/// Whether a name constraint is of another form than DNS names and addresses.
fn constrains_other_forms(recipe: &Recipe) -> bool {
    let mut bases = recipe.name_constraints().flatten().flatten();
    bases.any(|name| match name {
        GeneralName::Dns(_) | GeneralName::Ip(_) | GeneralName::IpBytes(_) => false,
        GeneralName::Raw(bytes) => !matches!(bytes.0.first(), Some(0x82 | 0x87)),
        _ => true,
    })
}

/// Whether an issuer has more than one revocation list.
fn has_several_lists(recipe: &Recipe) -> bool {
    let issuers: Vec<_> = recipe.crls.iter().map(|crl| &crl.issuer).collect();
    (1..issuers.len()).any(|index| issuers[..index].contains(&issuers[index]))
}

/// Whether a CA below the anchor bears its issuer's name.
fn has_self_issued_authority(recipe: &Recipe) -> bool {
    recipe.certificates.iter().any(|certificate| {
        let issuer = recipe.certificate(&certificate.issuer);
        certificate.issuer != certificate.label
            && issuer.is_some_and(|issuer| issuer.subject == certificate.subject)
    })
}

/// Whether a certificate has a wildcard right below a top-level domain among its names.
fn has_wildcard(recipe: &Recipe) -> bool {
    let extensions = recipe.certificates.iter().flat_map(|one| &one.extensions);
    extensions
        .into_iter()
        .any(|extension| match &extension.value {
            ExtensionValue::SubjectAlternativeName(names) => names.iter().any(|name| match name {
                GeneralName::Dns(text) => text.starts_with("*.") && text.matches('.').count() == 1,
                _ => false,
            }),
            _ => false,
        })
}

/// Whether there is a delta list.
fn has_delta(recipe: &Recipe) -> bool {
    let mut extensions = recipe.crls.iter().flat_map(|crl| &crl.extensions);
    extensions.any(|extension| extension.value.oid() == oid::DELTA_CRL_INDICATOR)
}

/// Whether a certificate is for any purpose.
fn has_any_purpose(recipe: &Recipe) -> bool {
    let mut extensions = recipe.certificates.iter().flat_map(|one| &one.extensions);
    extensions.any(|extension| match &extension.value {
        ExtensionValue::ExtendedKeyUsage(purposes) => {
            purposes.contains(&oid::ANY_EXTENDED_KEY_USAGE)
        }
        _ => false,
    })
}

/// Whether a CA stands as end entity.
fn ends_in_authority(recipe: &Recipe) -> bool {
    let end_entity = recipe.presented.first();
    let end_entity = end_entity.and_then(|label| recipe.certificate(label));
    let extensions = end_entity.into_iter().flat_map(|one| &one.extensions);
    extensions.into_iter().any(|extension| {
        matches!(
            extension.value,
            ExtensionValue::BasicConstraints { ca: true, .. }
        )
    })
}

/// Whether now lies outside the dates of an anchor.
fn has_dated_anchor(recipe: &Recipe) -> bool {
    let anchors = recipe.anchors.iter();
    let mut anchors = anchors.filter_map(|label| recipe.certificate(label));
    anchors.any(|anchor| {
        let starts = anchor.not_before.moment();
        let ends = anchor.not_after.moment();
        starts.is_some_and(|starts| starts > recipe.time)
            || ends.is_some_and(|ends| ends < recipe.time)
    })
}

/// Whether a certificate ends in the very second of validation.
fn ends_now(recipe: &Recipe) -> bool {
    let mut ends = recipe.certificates.iter().map(|one| one.not_after.moment());
    ends.any(|end| end == Some(recipe.time))
}

static FROM_KNOWN: LazyLock<BTreeSet<(String, Reason)>> = LazyLock::new(|| {
    let known = Known::from_toml(known::BUILT_IN, |_| true).unwrap_or_default();
    let let_in = known
        .entries()
        .iter()
        .filter(|entry| entry.kind == Kind::FalseAccept);
    // What the reference lets in as well explains no difference from it.
    let by_reference: BTreeSet<_> = let_in
        .clone()
        .filter(|entry| entry.engine == "reference")
        .map(|entry| &entry.defect)
        .collect();
    let differing = let_in.filter(|entry| !by_reference.contains(&entry.defect));
    let reasons = differing.flat_map(|entry| {
        let reasons = defect::find(&entry.defect).map_or(&[][..], |defect| defect.reasons);
        reasons.iter().map(|reason| (entry.engine.clone(), *reason))
    });
    reasons.collect()
});

/// The rows that an answer of the engine is an instance of: an acceptance of what the
/// reference refuses for these reasons, or a refusal for these reasons of what it accepts.
fn rows<'c>(
    engine: &'c str,
    answer: Answer,
    reasons: &'c [Reason],
    case: &'c Case,
) -> impl Iterator<Item = (usize, &'static Row)> + 'c {
    ROWS.iter().enumerate().filter(move |(_, row)| {
        row.engine == engine
            && row.answer == answer
            && reasons.contains(&row.reason)
            && case.recipe.as_ref().is_some_and(row.holds)
    })
}

/// Whether an engine may let a chain in that the reference refuses for these reasons alone.
pub fn takes(engine: &str, reasons: &[Reason], case: &Case) -> bool {
    reasons.iter().all(|reason| {
        rows(engine, Takes, &[*reason], case).next().is_some()
            || FROM_KNOWN
                .iter()
                .any(|(name, known)| name == engine && known == reason)
    })
}

/// Whether an engine may refuse a chain that the reference accepts, for one of these reasons.
pub fn refuses(engine: &str, reasons: &[Reason], case: &Case) -> bool {
    rows(engine, Refuses, reasons, case).next().is_some()
}

/// By their places in the table, the rows that show in an engine's answer which differs from
/// the reference's. The reasons are those of whoever refuses.
pub(super) fn shown<'c>(
    engine: &'c str,
    accepted: bool,
    reasons: &'c [Reason],
    case: &'c Case,
) -> impl Iterator<Item = usize> + 'c {
    let answer = match accepted {
        true => Takes,
        false => Refuses,
    };
    rows(engine, answer, reasons, case).map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        case::SCOPES,
        corpus::inputs,
        target::{
            self, Session,
            chain_wild::compare,
            panel::{REAL, STANDARD},
        },
    };

    #[test]
    fn every_row_still_shows_in_what_is_kept() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(inputs::FOLDER);
        let mut shown = BTreeSet::new();
        for name in ["chain_wild", "name", "policy_tree"] {
            let target = target::find(name).expect(name);
            let mut session = Session::new(target);
            let kept = inputs::read(&folder, name).expect("what is kept can be read");
            for input in (target.seeds)().iter().chain(&kept) {
                session.run(input);
            }
            shown.extend(session.health.differences());
        }
        let mut session = Session::new(target::find("chain_wild").expect("a target"));
        for scope in SCOPES {
            for case in scope.cases(&STANDARD.minter) {
                compare(&STANDARD, &case.expect("mints"), &[], &mut session);
            }
            // Toys never tell a forged list from a true one.
            for case in scope.cases(&REAL.minter) {
                compare(&REAL, &case.expect("mints"), &[], &mut session);
            }
        }
        shown.extend(session.health.differences());
        let rows = ROWS.iter().map(ToString::to_string);
        let stale: Vec<_> = rows.filter(|row| !shown.contains(row)).collect();
        assert!(stale.is_empty(), "no longer so: {stale:#?}");
    }
}
