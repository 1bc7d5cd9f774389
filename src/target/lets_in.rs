//! What engines are known to let in although RFC 5280 refuses it, each on its condition.
//!
//! Rows without a condition are of rules that an engine does not have. The rest is told: an expired
//! end entity, a revoked one, a chain that is too long, an issuer that is no CA, a forged signature.

use super::{
    lenient::{
        Answer, Fault, Row,
        When::{self, Always, Fault as If},
    },
    list_reading::SeenList,
    name_reading::{Found, Kind, Side, bases, has_utf8_mailbox, mailbox_to_aws_lc, uri_to_aws_lc},
};
use crate::{
    der::Tree,
    question::PeerName,
    recipe::{AttributeKind, ExtensionValue, Name},
    validator::{Certificate, Known, ParsedCrl, display_name},
    verdict::Reason::{self, *},
};

const fn row(
    engine: &'static str,
    reasons: &'static [Reason],
    why: &'static str,
    when: When,
) -> Row {
    Row {
        engine,
        answer: Answer::Takes,
        reasons,
        why,
        when,
    }
}

const WEBPKI: &str = "webpki";
const AWS_LC: &str = "aws-lc";

/// Every row.
pub(super) const ROWS: &[Row] = &[
    row(
        WEBPKI,
        &[
            Expired,
            NotYetValid,
            BadValidity,
            NotACa,
            ExtendedKeyUsage,
            UnknownCriticalExtension,
            MalformedExtension,
            DuplicateExtension,
            BadVersion,
            ExtensionsInOldVersion,
            AlgorithmMismatch,
        ],
        "webpki takes a name, a key and name constraints from an anchor's certificate and nothing else",
        If(|fault| fault.is_of_anchor()),
    ),
    row(
        WEBPKI,
        &[BadSignature, UnknownIssuer],
        "webpki reads of an anchor's certificate what it takes of it, and not what else the reference cannot read",
        If(has_an_anchor_that_cannot_be_read),
    ),
    row(
        WEBPKI,
        &[KeyUsage],
        "webpki 0.103 does not enforce key usage, and reads it of the signer of a CRL alone",
        Always,
    ),
    row(
        WEBPKI,
        &[BadSerial],
        "webpki does not look into serial numbers",
        Always,
    ),
    row(
        WEBPKI,
        &[WrongCriticality],
        "webpki does not judge the criticality of what it processes",
        Always,
    ),
    row(
        WEBPKI,
        &[MissingExtension],
        "webpki asks for no extension",
        Always,
    ),
    row(
        WEBPKI,
        &[NoValidPolicy, BadPolicy],
        "webpki does not process policies",
        Always,
    ),
    row(
        WEBPKI,
        &[MalformedName],
        "webpki compares distinguished names as octets, and reads alternative names only where it compares them",
        Always,
    ),
    row(
        WEBPKI,
        &[UnsupportedNameConstraint],
        "webpki reads a constraint only where a name of its form is there to be compared",
        Always,
    ),
    row(
        WEBPKI,
        &[MalformedDer],
        "webpki does not read what it does not use: names, serial numbers, the end entity's key, most extensions",
        Always,
    ),
    row(
        WEBPKI,
        &[TrailingData],
        "webpki does not read the end entity's key",
        If(is_inside_of_one_element),
    ),
    row(
        WEBPKI,
        &[DuplicateExtension],
        "webpki looks for repetitions among the extensions that it uses",
        If(repeats_what_webpki_leaves),
    ),
    row(
        WEBPKI,
        &[MalformedExtension],
        "webpki passes over extensions that it does not use",
        If(is_of_unused_extension),
    ),
    row(
        WEBPKI,
        &[NameConstraint],
        "webpki applies no constraints to mailboxes in UTF-8, nor to those in the subject",
        If(is_of_name_that_webpki_leaves),
    ),
    row(
        WEBPKI,
        &[InvalidKey, UnsupportedKey],
        "webpki does not look at a key that verifies no signature",
        If(|fault| fault.is_of_end_entity()),
    ),
    row(
        WEBPKI,
        &[WeakKey],
        "webpki has no floor of its own for keys",
        Always,
    ),
    row(
        WEBPKI,
        &[UnsupportedSignatureAlgorithm],
        "RFC 4055 asks verifiers to take absent parameters",
        If(is_of_parameters),
    ),
    row(
        WEBPKI,
        &[BadValidity],
        "webpki reads GeneralizedTime for any year",
        If(begins_before_it_ends),
    ),
    row(
        WEBPKI,
        &[PathLengthExceeded],
        "webpki takes no path length from an anchor",
        If(is_limited_by_anchor),
    ),
    row(
        WEBPKI,
        &[CrlMalformed, CrlNotYetValid],
        "webpki does not read numbers of lists, compares serial numbers as octets, and thisUpdate with nothing",
        If(lists_are_silent_in_octets),
    ),
    row(
        WEBPKI,
        &[RevocationUnknown],
        "webpki takes a list with an issuing distribution point for a fit where the certificate names none",
        If(has_list_of_a_part),
    ),
    row(
        WEBPKI,
        &[ExtendedKeyUsage, WeakSignatureAlgorithm],
        "a demand of the profile, not of the standard",
        If(is_of_profile),
    ),
    row(
        AWS_LC,
        &[BadSerial],
        "AWS-LC takes any INTEGER for a serial number",
        Always,
    ),
    row(
        AWS_LC,
        &[WrongCriticality, MissingExtension],
        "rules for CAs that X509_verify_cert does not check",
        Always,
    ),
    row(
        AWS_LC,
        &[CaAsEndEntity],
        "X509_verify_cert lets a CA's certificate stand as end entity, as RFC 5280 does",
        Always,
    ),
    row(
        AWS_LC,
        &[MalformedName],
        "AWS-LC does not check the form of names that were not asked for",
        Always,
    ),
    row(
        AWS_LC,
        &[UnsupportedNameConstraint],
        "AWS-LC reads a constraint only where a name of its form is there to be compared",
        Always,
    ),
    row(
        AWS_LC,
        &[MalformedDer, MalformedExtension],
        "AWS-LC reads BER, and no value of an extension that it does not use",
        Always,
    ),
    row(
        AWS_LC,
        &[DuplicateExtension],
        "AWS-LC looks for repetitions among the extensions that it uses",
        If(repeats_what_aws_lc_leaves),
    ),
    row(
        AWS_LC,
        &[NameConstraint],
        "AWS-LC applies no constraints to mailboxes in UTF-8, and compares the octets of what is no host's name",
        If(is_of_name_that_aws_lc_leaves),
    ),
    row(
        AWS_LC,
        &[BadVersion],
        "X509_verify_cert takes an end entity of any version",
        If(|fault| fault.is_of_end_entity()),
    ),
    row(
        AWS_LC,
        &[BadValidity],
        "AWS-LC reads GeneralizedTime for any year, and times as BER",
        If(begins_before_it_ends),
    ),
    row(
        AWS_LC,
        &[KeyUsage],
        "X509_verify_cert takes keyAgreement of clients and keyEncipherment of servers for enough",
        If(is_for_key_exchange),
    ),
    row(
        AWS_LC,
        &[UnknownCriticalExtension],
        "AWS-LC reads no qualifiers of policies, whatever the mark",
        If(|fault| fault.clause() == Known::CertificatePolicies.clause()),
    ),
    row(
        AWS_LC,
        &[PathLengthExceeded],
        "X509_verify_cert leaves the anchor's own pathLenConstraint aside",
        If(is_limited_by_anchor),
    ),
    row(
        AWS_LC,
        &[PathTooDeep],
        "X509_verify_cert sets no bound of this kind; RFC 5280 has none",
        Always,
    ),
    row(
        AWS_LC,
        &[WeakKey, UnsupportedKey],
        "X509_verify_cert decodes keys and does not judge their strength",
        Always,
    ),
    row(
        AWS_LC,
        &[InvalidKey],
        "points of Edwards curves are decoded when used",
        If(|fault| fault.is_of_end_entity()),
    ),
    row(
        AWS_LC,
        &[WeakSignatureAlgorithm],
        "AWS-LC verifies SHA-1 signatures; the floor is the application's",
        Always,
    ),
    row(
        AWS_LC,
        &[CrlBadSignature],
        "AWS-LC verifies SHA-1 signatures of lists too",
        If(|fault| fault.detail().contains("(weak-signature-algorithm)")),
    ),
    row(
        AWS_LC,
        &[UnsupportedSignatureAlgorithm],
        "AWS-LC takes absent parameters, and salts of any length",
        If(is_of_parameters),
    ),
    row(
        AWS_LC,
        &[CrlMalformed],
        "AWS-LC reads lists as BER, and does not hold their numbers to a form",
        If(lists_are_silent),
    ),
    row(
        AWS_LC,
        &[CrlExpired],
        "a CRL without nextUpdate never expires",
        If(has_endless_list),
    ),
    row(
        AWS_LC,
        &[Revoked],
        "deltas are used only with a flag that the adapter does not set",
        If(deltas_alone_list_it),
    ),
    row(
        AWS_LC,
        &[RevocationUnknown],
        "a delta whose indicator is not critical is taken for a complete list",
        If(has_quiet_delta),
    ),
    row(
        AWS_LC,
        &[ExtendedKeyUsage],
        "a demand of the profile, not of the standard",
        If(is_of_profile),
    ),
    row(
        AWS_LC,
        &[NameMismatch],
        "AWS-LC compares as octets what is no host's name, and takes a first dot for all below",
        If(asks_for_no_host),
    ),
    row(
        AWS_LC,
        &[NameMismatch],
        "AWS-LC looks for a mailbox in the subject where no alternative name is one",
        If(asks_for_mailbox_of_subject),
    ),
    row(
        WEBPKI,
        &[CrlKeyUsage],
        "webpki takes no key usage from an anchor",
        If(is_issued_by_anchor),
    ),
];

/// A rule of a profile of this project, which no other engine has.
fn is_of_profile(fault: &Fault<'_>) -> bool {
    fault.clause().starts_with("profile:")
}

/// Whether the certificate is one element and nothing after it, so that what follows follows inside.
fn is_inside_of_one_element(fault: &Fault<'_>) -> bool {
    let index = fault.violation.and_then(|found| found.certificate);
    let der = index.and_then(|index| fault.case.chain.get(index));
    der.is_some_and(|der| Tree::read(der).nodes.len() == 1)
}

/// Whether the extension at fault is none that webpki always reads.
fn is_of_unused_extension(fault: &Fault<'_>) -> bool {
    let read = [Known::BasicConstraints, Known::ExtendedKeyUsage];
    // A path length of who is no CA is read, and judged by the reference alone.
    read.iter().all(|known| known.clause() != fault.clause())
        || fault.detail().starts_with("a path length although")
}

/// Whether none of these extensions stands twice in the certificate.
fn repeats_none_of(fault: &Fault<'_>, used: &[Known]) -> bool {
    let Some(certificate) = fault.certificate() else {
        return false;
    };
    used.iter().all(|used| {
        let entries = certificate.extensions().entries.iter();
        entries.filter(|entry| entry.known == Some(*used)).count() < 2
    })
}

fn repeats_what_webpki_leaves(fault: &Fault<'_>) -> bool {
    let used = [
        Known::KeyUsage,
        Known::SubjectAltName,
        Known::BasicConstraints,
        Known::NameConstraints,
        Known::CrlDistributionPoints,
        Known::ExtendedKeyUsage,
    ];
    repeats_none_of(fault, &used)
}

fn repeats_what_aws_lc_leaves(fault: &Fault<'_>) -> bool {
    let used = [
        Known::KeyUsage,
        Known::SubjectAltName,
        Known::BasicConstraints,
        Known::NameConstraints,
        Known::CrlDistributionPoints,
        Known::ExtendedKeyUsage,
        Known::SubjectKeyIdentifier,
        Known::AuthorityKeyIdentifier,
    ];
    repeats_none_of(fault, &used)
}

/// Whether the name outside the constraints is an internationalized mailbox, which is told as the
/// mailbox that it spells otherwise.
fn is_of_utf8_mailbox(fault: &Fault<'_>) -> bool {
    let detail = fault.detail();
    detail.starts_with("UTF-8 mailbox")
        || detail.starts_with("mailbox")
            && fault
                .certificate()
                .is_some_and(|one| has_utf8_mailbox(&one))
}

/// Whether the name outside the constraints is a mailbox that webpki does not know: an
/// internationalized one, or one that stands in the subject for want of alternative names.
fn is_of_name_that_webpki_leaves(fault: &Fault<'_>) -> bool {
    let of_subject = || {
        let certificate = fault.certificate();
        certificate.is_some_and(|one| one.extensions().subject_alt_name.is_none())
    };
    is_of_utf8_mailbox(fault) || fault.detail().starts_with("mailbox") && of_subject()
}

/// The same of AWS-LC, which finds what it compares in some names that are none of their kind.
fn is_of_name_that_aws_lc_leaves(fault: &Fault<'_>) -> bool {
    let detail = fault.detail();
    let name = detail.split('`').nth(1).unwrap_or_default().as_bytes();
    let passes = |kind: Kind, found: Option<Found<'_>>| {
        let Some(found) = found else {
            return false;
        };
        let lies_in_one = |bases: &[Vec<u8>]| bases.iter().any(|base| found.lies_in(base));
        fault.presented().all(|one| {
            let permitted = bases(&one, kind, Side::Permitted);
            let excluded = bases(&one, kind, Side::Excluded);
            (permitted.is_empty() || lies_in_one(&permitted)) && !lies_in_one(&excluded)
        })
    };
    let odd = match detail.split(' ').next() {
        Some("DNS") => true,
        Some("mailbox") => passes(Kind::Mailbox, mailbox_to_aws_lc(name)),
        Some("URI") => passes(Kind::Uri, uri_to_aws_lc(name)),
        _ => false,
    };
    is_of_utf8_mailbox(fault) || odd && detail.contains("cannot be compared")
}

/// Whether the name that is asked for is no host's, or begins or ends with a dot.
fn asks_for_no_host(fault: &Fault<'_>) -> bool {
    let is_of_host =
        |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.');
    matches!(&fault.case.name, Some(PeerName::Dns(name)) if name.ends_with('.') || name.starts_with('.') || !name.bytes().all(is_of_host))
}

/// Whether a mailbox is asked for, and the subject of a certificate has one.
fn asks_for_mailbox_of_subject(fault: &Fault<'_>) -> bool {
    let has_one = |name: &Name| name.0.iter().any(|one| one.kind == AttributeKind::Email);
    let recipe = fault.case.recipe.as_ref();
    let in_subject =
        recipe.is_some_and(|recipe| recipe.certificates.iter().any(|one| has_one(&one.subject)));
    in_subject && matches!(fault.case.name, Some(PeerName::Email(_)))
}

/// Whether the parameters of an algorithm are at fault, rather than the algorithm.
fn is_of_parameters(fault: &Fault<'_>) -> bool {
    fault.clause() == "RFC 5280 section 4.1.1.2"
}

/// Whether the dates can be read and are in order.
fn begins_before_it_ends(fault: &Fault<'_>) -> bool {
    let in_order = |one: &Certificate| one.not_before() <= one.not_after();
    fault.certificate().is_some_and(|one| in_order(&one))
}

/// Whether the path length that is exceeded is the anchor's: the fault names who set it.
fn is_limited_by_anchor(fault: &Fault<'_>) -> bool {
    let sets = |one: &Certificate| {
        let constraints = one.extensions().basic_constraints();
        let limits = constraints.is_some_and(|found| found.path_length.is_some());
        limits
            && fault
                .detail()
                .contains(&format!("`{}`", display_name(one.subject_der())))
    };
    fault.anchors().any(|anchor| sets(&anchor)) && !fault.presented().any(|one| sets(&one))
}

/// Whether no list of the issuer names the certificate at fault, be it read or not.
fn lists_are_silent(fault: &Fault<'_>) -> bool {
    no_list(fault, SeenList::names)
}

/// The same where a serial number counts as it is spelled.
fn lists_are_silent_in_octets(fault: &Fault<'_>) -> bool {
    no_list(fault, SeenList::spells)
}

fn no_list(fault: &Fault<'_>, names: fn(&SeenList, &[u8]) -> bool) -> bool {
    fault.certificate().is_some_and(|certificate| {
        let lists = fault.case.crls.iter().map(|list| SeenList::of(list));
        let mut own = lists.filter(|list| list.is_of(certificate.issuer_der()));
        own.all(|list| !names(&list, certificate.serial()))
    })
}

/// Whether there is an anchor that is passed over because it cannot be read.
fn has_an_anchor_that_cannot_be_read(fault: &Fault<'_>) -> bool {
    fault.anchors().count() < fault.case.anchors.len()
}

/// Whether the certificate at fault is issued by an anchor.
fn is_issued_by_anchor(fault: &Fault<'_>) -> bool {
    let certificate = fault.certificate();
    certificate.is_some_and(|certificate| {
        let mut anchors = fault.anchors();
        anchors.any(|anchor| anchor.subject_der() == certificate.issuer_der())
    })
}

/// The lists of whoever issued the certificate at fault, in their order, with that certificate.
fn lists_of_issuer(fault: &Fault<'_>) -> Option<(Certificate, Vec<ParsedCrl>)> {
    let certificate = fault.certificate()?;
    let lists = fault.lists();
    let own = lists.filter(|list| list.is_issued_by(certificate.issuer_der()));
    let own = own.collect();
    Some((certificate, own))
}

/// Whether a list is one of a part.
fn is_part(list: &ParsedCrl) -> bool {
    list.issuing_distribution_point().is_some()
}

/// Whether no complete list of the issuer names the certificate.
fn deltas_alone_list_it(fault: &Fault<'_>) -> bool {
    lists_of_issuer(fault).is_some_and(|(certificate, lists)| {
        let mut naming = lists
            .iter()
            .filter(|list| list.find(certificate.serial()).is_some())
            .peekable();
        naming.peek().is_some() && naming.all(|list| list.base_number().is_some())
    })
}

/// Whether a list is one of a part, readable or not.
fn has_list_of_a_part(fault: &Fault<'_>) -> bool {
    let is_scope =
        |value: &ExtensionValue| matches!(value, ExtensionValue::IssuingDistributionPoint { .. });
    let made = fault.case.recipe.as_ref().is_some_and(|recipe| {
        let mut extensions = recipe.crls.iter().flat_map(|list| &list.extensions);
        extensions.any(|extension| is_scope(&extension.value))
    });
    made || fault.lists().any(|list| is_part(&list))
}

/// Whether a list is a delta by an extension that is not critical.
fn has_quiet_delta(fault: &Fault<'_>) -> bool {
    let mut lists = fault.lists();
    lists.any(|list| list.base_number().is_some() && !list.base_is_critical())
}

fn has_endless_list(fault: &Fault<'_>) -> bool {
    fault.lists().any(|list| list.next_update().is_none())
}

/// Whether an end entity may exchange keys, though not sign.
fn is_for_key_exchange(fault: &Fault<'_>) -> bool {
    let exchanges = |one: &Certificate| {
        let bits = one.extensions().key_usage();
        bits.is_some_and(|bits| bits.key_agreement() || bits.key_encipherment())
    };
    fault.is_of_end_entity() && fault.certificate().is_some_and(|one| exchanges(&one))
        || fault.detail().contains("keyCertSign")
            && fault.clause() == Known::BasicConstraints.clause()
}
