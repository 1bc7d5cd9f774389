//! What engines are known to refuse although RFC 5280 does not ask for it.

use super::{
    lenient::{
        Answer, FIRST_LIST, Fault as At, Row,
        When::{self, Always, Fault, Recipe as Made},
    },
    name_reading::{
        Kind, Side, alternative_names, bases, is_base_to_aws_lc, is_dns_to_webpki,
        mailbox_to_aws_lc, uri_to_aws_lc,
    },
};
use crate::{
    der::{Tree, oid},
    recipe::{ExtensionValue, GeneralName, Recipe},
    validator::Certificate,
    verdict::Reason,
};

const fn row(
    engine: &'static str,
    reasons: &'static [Reason],
    why: &'static str,
    when: When,
) -> Row {
    Row {
        engine,
        answer: Answer::Refuses,
        reasons,
        why,
        when,
    }
}

const WILDCARD: &str = "a wildcard right below a top-level domain is taken for no name, which RFC 9525 section 6.3 leaves open";

/// Every row.
pub(super) const ROWS: &[Row] = &[
    row(
        "webpki",
        &[Reason::UnknownCriticalExtension],
        "webpki refuses critical extensions that it does not process, those of policies among them",
        Always,
    ),
    row(
        "webpki",
        &[Reason::CaAsEndEntity],
        "webpki takes no CA for an end entity, by design",
        Always,
    ),
    row(
        "webpki",
        &[Reason::ExtendedKeyUsage],
        "webpki does not take anyExtendedKeyUsage for a purpose, which RFC 5280 section 4.2.1.12 leaves open",
        Fault(is_for_any_purpose),
    ),
    row(
        "webpki",
        &[Reason::NameConstraint],
        "webpki fails closed on constraints of mailboxes, URIs and directory names",
        Made(constrains_other_forms),
    ),
    row(
        "webpki",
        &[Reason::CrlExpired],
        FIRST_LIST,
        Made(has_several_lists),
    ),
    row(
        "webpki",
        &[Reason::CrlBadSignature],
        FIRST_LIST,
        Made(has_several_lists),
    ),
    row(
        "aws-lc",
        &[Reason::CrlBadSignature],
        "X509_verify_cert chooses one list of the issuer before it verifies any",
        Made(has_several_lists),
    ),
    row(
        "webpki",
        &[Reason::BadSignature],
        "webpki counts self-issued CAs against a path length, and then tells of the other way that it tried",
        Made(has_self_issued_authority),
    ),
    row(
        "webpki",
        &[Reason::MalformedName],
        "webpki takes a wildcard right below a top-level domain for no name",
        Made(has_wildcard),
    ),
    row(
        "webpki",
        &[Reason::NameMismatch],
        WILDCARD,
        Made(has_wildcard),
    ),
    row(
        "aws-lc",
        &[Reason::NameMismatch],
        WILDCARD,
        Made(has_wildcard),
    ),
    row(
        "webpki",
        &[Reason::CrlMalformed],
        "webpki reads no delta lists",
        Made(has_delta),
    ),
    row(
        "aws-lc",
        &[Reason::ExtendedKeyUsage],
        "X509_verify_cert does not take anyExtendedKeyUsage for a purpose, which RFC 5280 section 4.2.1.12 leaves open",
        Fault(is_for_any_purpose),
    ),
    row(
        "aws-lc",
        &[Reason::ExtendedKeyUsage],
        "X509_verify_cert holds a CA that stands as end entity to the key usage of one",
        Made(ends_in_authority),
    ),
    row(
        "aws-lc",
        &[Reason::NotYetValid],
        "X509_verify_cert holds an anchor to the dates of its certificate",
        Made(has_dated_anchor),
    ),
    row(
        "aws-lc",
        &[Reason::Expired],
        "X509_verify_cert holds an anchor to its dates, and takes the second of notAfter for over",
        Made(|recipe| has_dated_anchor(recipe) || ends_now(recipe)),
    ),
    row(
        "aws-lc",
        &[Reason::UnknownIssuer],
        "a CA with an extension that AWS-LC cannot read, critical or not, is no issuer to it",
        Made(has_odd_authority),
    ),
    row(
        "webpki",
        &[Reason::CrlMalformed],
        "webpki reads no indirect lists",
        Fault(|fault| fault.has_indirect_list()),
    ),
    row(
        "aws-lc",
        &[Reason::RevocationUnknown],
        "X509_verify_cert finds no indirect list of another issuer",
        Fault(|fault| fault.has_indirect_list()),
    ),
    row(
        "webpki",
        &[Reason::TrailingData],
        "webpki reads no unique identifiers",
        Made(has_unique_identifiers),
    ),
    row(
        "webpki",
        &[Reason::PathTooDeep],
        "webpki takes six intermediates and no more",
        Always,
    ),
    row(
        "webpki",
        &[Reason::RevocationUnknown],
        "webpki compares the names of issuers as octets",
        Fault(|fault| fault.has_list_in_other_spelling()),
    ),
    row(
        "webpki",
        &[Reason::MalformedName, Reason::UnsupportedNameConstraint],
        "webpki takes no label that begins or ends with a hyphen, and no number for the last",
        Fault(has_no_dns_to_webpki),
    ),
    row(
        "aws-lc",
        &[Reason::RevocationUnknown],
        "X509_verify_cert finds lists by their authority key identifier",
        Fault(|fault| fault.has_list_of_another_key()),
    ),
    row(
        "webpki",
        &[Reason::CrlMalformed, Reason::CrlUnknownCriticalExtension],
        "webpki refuses whatever list it cannot read, those of strangers too",
        Fault(|fault| fault.has_list_of_a_stranger()),
    ),
    row(
        "webpki",
        &[Reason::CrlMalformed],
        "webpki reads no list of a part that has no name, such as that of all end entities",
        Fault(has_list_of_a_nameless_part),
    ),
    row(
        "aws-lc",
        &[Reason::MalformedName],
        "AWS-LC reads no quoted mailbox, no user in a URI and no underscore under constraints",
        Fault(has_no_name_to_aws_lc),
    ),
    row(
        "aws-lc",
        &[Reason::Revoked],
        "toys do not tell AWS-LC that a list is forged",
        Made(has_list_of_another_signer),
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
                GeneralName::Raw(bytes) => {
                    let text = bytes.0.get(2..).unwrap_or_default();
                    let dots = text.iter().filter(|octet| **octet == b'.').count();
                    bytes.0.first() == Some(&0x82) && text.starts_with(b"*.") && dots == 1
                }
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
fn is_for_any_purpose(fault: &At<'_>) -> bool {
    let any = oid::ANY_EXTENDED_KEY_USAGE;
    fault.presented().any(|one| {
        let purposes = one.extensions().extended_key_usage;
        let purposes = purposes.map(|place| Tree::read(place.of(one.der())).nodes);
        let purposes = purposes.unwrap_or_default();
        let mut all = purposes
            .iter()
            .flat_map(|node| [std::slice::from_ref(node), node.children()].concat());
        all.any(|node| node.body_bytes() == any.as_bytes())
    })
}

/// Whether a CA is edited, or has an extension whose value is octets.
fn has_odd_authority(recipe: &Recipe) -> bool {
    let end_entity = recipe.presented.first();
    let mut authorities = recipe.certificates.iter();
    authorities.any(|one| {
        let mut extensions = one.extensions.iter();
        Some(&one.label) != end_entity
            && (!one.edits.is_empty()
                || !one.edits_before_signing.is_empty()
                || extensions.any(|one| matches!(one.value, ExtensionValue::Raw { .. })))
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

/// Whether a certificate has a unique identifier.
fn has_unique_identifiers(recipe: &Recipe) -> bool {
    let mut certificates = recipe.certificates.iter();
    certificates.any(|one| !one.unique_identifiers.is_empty())
}

/// The bases of a certificate's constraints of one kind, on both sides.
fn all_bases(one: &Certificate, kind: Kind) -> Vec<Vec<u8>> {
    [Side::Permitted, Side::Excluded]
        .map(|side| bases(one, kind, side))
        .concat()
}

/// Whether a DNS name of the chain or of its constraints is none to webpki.
fn has_no_dns_to_webpki(fault: &At<'_>) -> bool {
    fault.presented().any(|one| {
        let names = [
            alternative_names(&one, Kind::Dns),
            all_bases(&one, Kind::Dns),
        ]
        .concat();
        !names.iter().all(|name| is_dns_to_webpki(name))
    })
}

/// Whether a mailbox or a URI of the chain is none to AWS-LC, nor a constraint of mailboxes.
fn has_no_name_to_aws_lc(fault: &At<'_>) -> bool {
    fault.presented().any(|one| {
        let mailboxes = alternative_names(&one, Kind::Mailbox);
        let uris = alternative_names(&one, Kind::Uri);
        let bases = all_bases(&one, Kind::Mailbox);
        !mailboxes
            .iter()
            .all(|name| mailbox_to_aws_lc(name).is_some())
            || !uris.iter().all(|name| uri_to_aws_lc(name).is_some())
            || !bases.iter().all(|base| is_base_to_aws_lc(base))
    })
}

/// Whether a list is of some certificates alone, and names no distribution point.
fn has_list_of_a_nameless_part(fault: &At<'_>) -> bool {
    let mut lists = fault.lists();
    lists.any(|list| {
        let scope = list.issuing_distribution_point();
        scope.is_some_and(|scope| scope.name.is_none())
    })
}

/// Whether a list is signed with a key that is not its issuer's.
fn has_list_of_another_signer(recipe: &Recipe) -> bool {
    recipe.crls.iter().any(|list| list.signing.key.is_some())
}
