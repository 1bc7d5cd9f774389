//! What engines are known to let in although RFC 5280 refuses it, each on its condition.
//!
//! Rows without a condition are of rules that an engine does not have. The rest is told: an expired
//! end entity, a revoked one, a chain that is too long, an issuer that is no CA, a forged signature.

use super::{
    lenient::{
        Answer, FIRST_LIST, Fault, Row,
        When::{self, Always, Fault as If, Recipe},
    },
    turns_away::{has_delta, has_several_lists},
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
        "webpki does not read numbers of lists, nor compare thisUpdate with the time",
        If(first_unread_list_is_silent),
    ),
    row(WEBPKI, &[Revoked], FIRST_LIST, If(first_list_is_silent)),
    row(
        WEBPKI,
        &[CrlExpired, CrlBadSignature],
        FIRST_LIST,
        If(has_list_of_a_part),
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
        Recipe(has_delta),
    ),
    row(
        AWS_LC,
        &[Revoked],
        "of several current CRLs that which fits best and is newest alone counts",
        If(silent_list_comes_first),
    ),
    row(
        AWS_LC,
        &[ExtendedKeyUsage],
        "a demand of the profile, not of the standard",
        If(is_of_profile),
    ),
    row(
        AWS_LC,
        &[CrlUnknownCriticalExtension],
        "of several CRLs one without critical extensions that AWS-LC does not know counts first",
        Recipe(has_several_lists),
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
    row(
        AWS_LC,
        &[CrlMalformed],
        "X509_verify_cert takes an empty name for an issuer's, and the first of its lists",
        If(first_list_of_nobody_is_silent),
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
    // id-on-SmtpUTF8Mailbox, RFC 9598 section 3
    const OTHER_NAME: &[u8] = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x09";
    let has_one = |one: &Certificate| {
        one.der()
            .windows(OTHER_NAME.len())
            .any(|part| part == OTHER_NAME)
    };
    let detail = fault.detail();
    detail.starts_with("UTF-8 mailbox")
        || detail.starts_with("mailbox") && fault.certificate().is_some_and(|one| has_one(&one))
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

/// The same of AWS-LC, to which what it cannot compare lies outside what is excluded: no host's name, an address in a URI.
fn is_of_name_that_aws_lc_leaves(fault: &Fault<'_>) -> bool {
    let detail = fault.detail();
    let is_address = || {
        let host = detail.split("://").nth(1).unwrap_or_default();
        host.starts_with('[') || host.starts_with(|first: char| first.is_ascii_digit())
    };
    let excludes = || {
        let recipe = fault.case.recipe.as_ref();
        recipe.is_some_and(|recipe| {
            recipe
                .name_constraints()
                .any(|[_, excluded]| !excluded.is_empty())
        })
    };
    let odd = match detail.split(' ').next() {
        Some("DNS") => true,
        Some("mailbox") => excludes(),
        // No URI holds a control character.
        Some("URI") => is_address() && excludes() || detail.contains("\\u{"),
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

/// Whether lists of the issuer name the certificate at fault, in their order, told by the octets of its
/// serial number: these lists cannot be read.
fn naming_lists(fault: &Fault<'_>) -> Option<Vec<bool>> {
    let certificate = fault.certificate()?;
    let serial = certificate.serial();
    let serial = [&[2, serial.len() as u8], serial].concat();
    let holds = |list: &[u8], part: &[u8]| list.windows(part.len()).any(|octets| octets == part);
    let lists = fault.case.crls.iter();
    let own = lists.filter(|list| holds(list, certificate.issuer_der()));
    Some(own.map(|list| holds(list, &serial)).collect())
}

/// Whether no list of the issuer names the certificate.
fn lists_are_silent(fault: &Fault<'_>) -> bool {
    naming_lists(fault).is_some_and(|naming| naming.iter().all(|names| !names))
}

/// Whether the first list of the issuer does not name the certificate.
fn first_unread_list_is_silent(fault: &Fault<'_>) -> bool {
    naming_lists(fault).is_some_and(|naming| naming.first().is_none_or(|names| !names))
}

/// The same where the issuer of the list has no name.
fn first_list_of_nobody_is_silent(fault: &Fault<'_>) -> bool {
    fault.detail().contains("issuer at byte") && first_unread_list_is_silent(fault)
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

/// Whether a list that does not name the certificate may be the one that counts, where this one is looked at first.
fn may_be_silent(
    certificate: &Certificate,
    lists: &[ParsedCrl],
    first: Option<&ParsedCrl>,
) -> bool {
    let silent = |list: &ParsedCrl| list.find(certificate.serial()).is_none();
    // A part may be passed over for a certificate that points elsewhere.
    first.is_some_and(|first| silent(first) || is_part(first)) && lists.iter().any(silent)
}

/// Whether a list is one of a part.
fn is_part(list: &ParsedCrl) -> bool {
    list.issuing_distribution_point().is_some()
}

/// Whether a list is for some reasons of revocation alone.
fn is_for_some_reasons(list: &ParsedCrl) -> bool {
    let scope = list.issuing_distribution_point();
    scope.is_some_and(|scope| scope.only_some_reasons.is_some())
}

/// Whether webpki can read every list, and the first of the issuer may not name the certificate.
fn first_list_is_silent(fault: &Fault<'_>) -> bool {
    let unread = |list: &ParsedCrl| {
        list.base_number().is_some() || list.is_indirect() || is_for_some_reasons(list)
    };
    lists_of_issuer(fault)
        .is_some_and(|(certificate, lists)| may_be_silent(&certificate, &lists, lists.first()))
        && !fault.lists().any(|list| unread(&list))
}

/// Whether a current list that does not name the certificate comes before all that do: it is of a part
/// and the certificate points to one, or the other is of a part; it is newer, or stands before.
fn silent_list_comes_first(fault: &Fault<'_>) -> bool {
    lists_of_issuer(fault).is_some_and(|(certificate, lists)| {
        let time = fault.case.time;
        let is_current = |list: &&ParsedCrl| list.next_update().is_none_or(|end| end >= time);
        let current = lists
            .iter()
            .enumerate()
            .filter(|(_, list)| is_current(list));
        // Whose entries have a critical extension counts for less to AWS-LC.
        let (naming, silent): (Vec<_>, Vec<_>) = current
            .filter(|(_, list)| !has_critical_entry(list))
            .partition(|(_, list)| list.find(certificate.serial()).is_some());
        let points = certificate.extensions().has(Known::CrlDistributionPoints);
        let comes_first = |(place, list): &(usize, &ParsedCrl)| {
            let mut naming = naming.iter();
            naming.all(
                |(other_place, other)| match (is_part(list), is_part(other)) {
                    (true, _) if points => true,
                    (false, true) => true,
                    (true, false) => false,
                    _ if list.this_update() != other.this_update() => {
                        list.this_update() > other.this_update()
                    }
                    _ => place < other_place,
                },
            )
        };
        silent.iter().any(comes_first) && !lists.iter().any(is_for_some_reasons)
    })
}

/// Whether an entry has a critical extension: a reason, an invalidity date or an issuer.
fn has_critical_entry(list: &ParsedCrl) -> bool {
    let of_entries = [0x15, 0x18, 0x1d];
    of_entries.iter().any(|last| {
        let start = [6, 3, 0x55, 0x1d, *last, 1, 1, 0xff];
        list.der().windows(start.len()).any(|part| part == start)
    })
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
