//! Rules along a path, one defect at a time, on chains put together by hand.
//!
//! The suites of `tests/` show that whole chains are judged rightly; here each
//! rule is alone, with toy signatures.

use super::{
    Anchor, Certificate, Inputs, KeyUsage, Profile, Report, Revocation, RevocationEvidence,
    SignatureAlgorithm, SignatureError, SignatureScheme, Validator,
    assemble::{extension, key, name, sequence, signed_certificate, tlv, uri_point},
};
use crate::{
    question::{Purpose, Time},
    verdict::Reason,
};

/// A signature is the octet that fills the issuer's key.
struct Toy;

impl SignatureScheme for Toy {
    fn verify(
        &self,
        _algorithm: &SignatureAlgorithm<'_>,
        key_info: &[u8],
        _message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        if key_info.last() == signature.first() {
            Ok(())
        } else {
            Err(SignatureError::Bad)
        }
    }

    fn check_key(&self, _key_info: &[u8]) -> Result<(), SignatureError> {
        Ok(())
    }
}

const BASIC_CONSTRAINTS: u8 = 0x13;
const KEY_USAGE: u8 = 0x0f;
const EXTENDED_KEY_USAGE: u8 = 0x25;
const SERVER_AUTH: &[u8] = b"\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01";
const CLIENT_AUTH: &[u8] = b"\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02";
const CA: &[u8] = b"\x30\x03\x01\x01\xff";

fn key_usage(bits: u8) -> Vec<u8> {
    extension(KEY_USAGE, true, &[3, 2, bits.trailing_zeros() as u8, bits])
}

fn ca(extra: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut extensions = vec![
        extension(BASIC_CONSTRAINTS, true, CA),
        key_usage(0b0000_0110),
    ];
    extensions.extend_from_slice(extra);
    extensions
}

fn intermediate(extensions: &[Vec<u8>]) -> Vec<u8> {
    signed_certificate(2, "root", "intermediate", extensions, &[1])
}

fn end_entity(extensions: &[Vec<u8>]) -> Vec<u8> {
    signed_certificate(3, "intermediate", "end entity", extensions, &[2])
}

fn judge(profile: Profile, chain: &[Vec<u8>]) -> Report {
    judge_with(profile, chain, Revocation::Off)
}

fn judge_with(profile: Profile, chain: &[Vec<u8>], revocation: Revocation<'_>) -> Report {
    let anchors = [Anchor::from_parts(&name("root"), &key(1), None).expect("an anchor")];
    let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
    Validator::new(profile)
        .with_signatures(Toy)
        .validate(&Inputs {
            chain: &chain,
            anchors: &anchors,
            purpose: Purpose::Server,
            name: None,
            time: "2026-07-01T00:00:00Z".parse::<Time>().expect("a time"),
            revocation,
        })
}

fn found(report: &Report) -> Vec<(Option<usize>, Reason)> {
    report
        .violations
        .iter()
        .map(|found| (found.certificate, found.reason))
        .collect()
}

fn conforming() -> Profile {
    Profile {
        conforming_certificates: true,
        ..Profile::rfc5280()
    }
}

/// The certificate with this version octet, where v3 stood.
fn of_version(mut der: Vec<u8>, version: u8) -> Vec<u8> {
    let at = der
        .windows(5)
        .position(|window| window == b"\xa0\x03\x02\x01\x02")
        .expect("a version")
        + 4;
    der[at] = version;
    der
}

#[test]
fn a_chain_without_defect_is_accepted() {
    let report = judge(
        conforming(),
        &[
            end_entity(&[key_usage(0b1000_0000)]),
            intermediate(&ca(&[])),
        ],
    );
    assert_eq!(found(&report), []);
    assert_eq!(report.path.len(), 3);
    assert!(report.path.iter().all(|entry| entry.checks > 0));
}

#[test]
fn every_version_rule_is_reported() {
    let good = intermediate(&ca(&[]));
    let table = [
        (
            vec![of_version(end_entity(&[]), 5), good.clone()],
            (Some(0), Reason::BadVersion),
        ),
        (
            vec![of_version(end_entity(&[key_usage(0b1000_0000)]), 1), good],
            (Some(0), Reason::ExtensionsInOldVersion),
        ),
        (
            vec![end_entity(&[]), of_version(intermediate(&[]), 1)],
            (Some(1), Reason::BadVersion),
        ),
        (
            vec![end_entity(&[]), of_version(intermediate(&ca(&[])), 1)],
            (Some(1), Reason::ExtensionsInOldVersion),
        ),
        (
            vec![of_version(end_entity(&[]), 0), intermediate(&ca(&[]))],
            (Some(0), Reason::MalformedDer),
        ),
    ];
    for (chain, wanted) in table {
        assert_eq!(found(&judge(Profile::rfc5280(), &chain)), [wanted]);
    }
}

#[test]
fn a_signature_that_does_not_verify_is_the_one_violation() {
    let forged = signed_certificate(3, "intermediate", "end entity", &[], &[9]);
    let report = judge(Profile::rfc5280(), &[forged, intermediate(&ca(&[]))]);
    assert_eq!(found(&report), [(Some(0), Reason::BadSignature)]);
    let forged = signed_certificate(2, "root", "intermediate", &ca(&[]), &[9]);
    let report = judge(Profile::rfc5280(), &[end_entity(&[]), forged]);
    assert_eq!(found(&report), [(Some(1), Reason::BadSignature)]);
}

#[test]
fn a_ca_of_the_anchors_name_and_another_key_is_a_bad_signature() {
    let impostor = signed_certificate(7, "root", "root", &ca(&[]), &[7]);
    let issued = signed_certificate(3, "root", "end entity", &[], &[7]);
    let report = judge(Profile::rfc5280(), &[issued, impostor]);
    assert_eq!(found(&report), [(Some(1), Reason::BadSignature)]);
}

#[test]
fn the_search_backtracks_from_an_issuer_that_leads_nowhere() {
    // Two certificates of one CA: one expired branch below an unknown root, one below the anchor.
    let stray = signed_certificate(2, "other root", "intermediate", &ca(&[]), &[8]);
    let looped = signed_certificate(2, "intermediate", "intermediate", &ca(&[]), &[2]);
    let good = intermediate(&ca(&[]));
    for order in [
        [&stray, &looped, &good],
        [&good, &stray, &looped],
        [&looped, &good, &stray],
    ] {
        let mut chain = vec![end_entity(&[])];
        chain.extend(order.into_iter().cloned());
        assert_eq!(found(&judge(Profile::rfc5280(), &chain)), []);
    }
}

#[test]
fn an_issuer_that_cannot_be_read_is_why_there_is_no_path() {
    let mut broken = intermediate(&ca(&[]));
    broken.truncate(40);
    let report = judge(Profile::rfc5280(), &[end_entity(&[]), broken]);
    assert_eq!(found(&report), [(Some(1), Reason::MalformedDer)]);
    let mut trailing = intermediate(&ca(&[]));
    trailing.push(0);
    let report = judge(Profile::rfc5280(), &[end_entity(&[]), trailing]);
    assert_eq!(found(&report), [(Some(1), Reason::TrailingData)]);
}

#[test]
fn basic_constraints_of_a_ca_are_critical() {
    let lax = intermediate(&[
        extension(BASIC_CONSTRAINTS, false, CA),
        key_usage(0b0000_0110),
    ]);
    assert_eq!(
        found(&judge(Profile::rfc5280(), &[end_entity(&[]), lax.clone()])),
        []
    );
    assert_eq!(
        found(&judge(conforming(), &[end_entity(&[]), lax])),
        [(Some(1), Reason::WrongCriticality)]
    );
}

#[test]
fn an_issuer_without_key_cert_sign_is_refused() {
    let issuer = intermediate(&[
        extension(BASIC_CONSTRAINTS, true, CA),
        key_usage(0b0000_0010),
    ]);
    let report = judge(Profile::rfc5280(), &[end_entity(&[]), issuer]);
    assert_eq!(found(&report), [(Some(1), Reason::KeyUsage)]);
    assert_eq!(
        report.violations[0].detail,
        "has cRLSign, needs keyCertSign"
    );
}

#[test]
fn an_issuer_may_be_bound_to_other_purposes() {
    for (usage, wanted) in [
        (SERVER_AUTH, &[][..]),
        (CLIENT_AUTH, &[(Some(1), Reason::ExtendedKeyUsage)]),
    ] {
        let issuer = intermediate(&ca(&[extension(EXTENDED_KEY_USAGE, false, usage)]));
        let subject = end_entity(&[extension(EXTENDED_KEY_USAGE, false, SERVER_AUTH)]);
        assert_eq!(
            found(&judge(Profile::rfc5280(), &[subject, issuer])),
            wanted
        );
    }
}

#[test]
fn a_key_usage_that_does_not_fit_tls_is_refused() {
    // digitalSignature, keyEncipherment, keyAgreement, and the same for a profile that wants to sign.
    for (bits, fits, signs) in [
        (0b1000_0000, true, true),
        (0b0010_0000, false, false),
        (0b0000_1000, true, false),
    ] {
        let mut strict = Profile::rfc5280();
        strict.end_entity.require_digital_signature = true;
        for (profile, fits) in [(Profile::rfc5280(), fits), (strict, signs)] {
            let report = judge(
                profile,
                &[end_entity(&[key_usage(bits)]), intermediate(&ca(&[]))],
            );
            let wanted: &[_] = if fits {
                &[]
            } else {
                &[(Some(0), Reason::KeyUsage)]
            };
            assert_eq!(found(&report), wanted, "{bits:08b}");
        }
    }
}

#[test]
fn a_ca_without_key_usage_conforms_to_nothing() {
    let silent = intermediate(&[extension(BASIC_CONSTRAINTS, true, CA)]);
    let chain = [end_entity(&[]), silent];
    assert_eq!(found(&judge(Profile::rfc5280(), &chain)), []);
    assert_eq!(
        found(&judge(conforming(), &chain)),
        [(Some(1), Reason::MissingExtension)]
    );
}

#[test]
fn an_end_entity_may_not_sign_certificates() {
    let signs_too = end_entity(&[key_usage(0b1000_0100)]);
    let chain = [signs_too, intermediate(&ca(&[]))];
    assert_eq!(found(&judge(Profile::rfc5280(), &chain)), []);
    assert_eq!(
        found(&judge(conforming(), &chain)),
        [(Some(0), Reason::KeyUsage)]
    );
}

const CODE_SIGNING: &[u8] = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x03";

#[test]
fn certificates_of_the_web_have_no_usage_that_the_requirements_forbid() {
    let web = || Profile {
        web_certificates: true,
        ..Profile::rfc5280()
    };
    let server_auth = &SERVER_AUTH[2..];
    let purposes = |list: &[&[u8]]| extension(EXTENDED_KEY_USAGE, false, &sequence(list));
    let table = [
        (vec![purposes(&[server_auth])], None),
        (vec![purposes(&[server_auth, &CLIENT_AUTH[2..]])], None),
        (
            vec![purposes(&[server_auth, CODE_SIGNING])],
            Some(Reason::ExtendedKeyUsage),
        ),
        (
            vec![purposes(&[CODE_SIGNING])],
            Some(Reason::ExtendedKeyUsage),
        ),
        (vec![key_usage(0b1000_1000)], None),
        (vec![key_usage(0b1010_0000)], Some(Reason::KeyUsage)),
        (vec![key_usage(0b1100_0000)], Some(Reason::KeyUsage)),
        (vec![key_usage(0b0000_1000)], Some(Reason::KeyUsage)),
    ];
    for (extensions, wanted) in table {
        let report = judge(web(), &[end_entity(&extensions), intermediate(&ca(&[]))]);
        let wanted: Vec<_> = wanted.map(|reason| (Some(0), reason)).into_iter().collect();
        assert_eq!(found(&report), wanted, "{extensions:02x?}");
    }
}

#[test]
fn usages_that_a_profile_names_are_required() {
    let mut profile = Profile::rfc5280();
    profile.end_entity.key_usage = vec![KeyUsage::DigitalSignature, KeyUsage::KeyAgreement];
    profile.end_entity.extended_key_usage = vec!["1.3.6.1.5.5.7.3.2".to_owned()];
    let server_auth = &SERVER_AUTH[2..];
    let both = sequence(&[server_auth, &CLIENT_AUTH[2..]]);
    let both = extension(EXTENDED_KEY_USAGE, false, &both);
    let one = extension(EXTENDED_KEY_USAGE, false, SERVER_AUTH);
    let table = [
        (vec![both.clone(), key_usage(0b1000_1000)], None),
        // Without the extension a key is for everything.
        (vec![both.clone()], None),
        (vec![both, key_usage(0b1000_0000)], Some(Reason::KeyUsage)),
        (
            vec![one, key_usage(0b1000_1000)],
            Some(Reason::ExtendedKeyUsage),
        ),
        (vec![key_usage(0b1000_1000)], Some(Reason::ExtendedKeyUsage)),
    ];
    for (extensions, wanted) in table {
        let report = judge(
            profile.clone(),
            &[end_entity(&extensions), intermediate(&ca(&[]))],
        );
        let wanted: Vec<_> = wanted.map(|reason| (Some(0), reason)).into_iter().collect();
        assert_eq!(found(&report), wanted, "{extensions:02x?}");
    }
}

#[test]
fn extension_values_are_read_strictly() {
    let policy = sequence(&[b"\x06\x01\x2a"]);
    let reasons_only = sequence(&[&sequence(&[b"\x81\x02\x01\x02"])]);
    let table: [(u8, Vec<u8>); 13] = [
        (0x20, sequence(&[])),
        (
            0x20,
            sequence(&[&sequence(&[b"\x06\x01\x2a", b"\x30\x00"])]),
        ),
        (0x20, [sequence(&[&policy]), vec![5, 0]].concat()),
        (0x21, sequence(&[])),
        (0x21, sequence(&[&sequence(&[b"\x06\x01\x2a"])])),
        (0x1f, sequence(&[])),
        (0x1f, reasons_only),
        (
            BASIC_CONSTRAINTS,
            b"\x30\x06\x01\x01\xff\x02\x01\xff".to_vec(),
        ),
        (BASIC_CONSTRAINTS, b"\x30\x03\x01\x01\x01".to_vec()),
        (KEY_USAGE, vec![3, 2, 7, 0]),
        (KEY_USAGE, vec![3, 1, 0]),
        (0x0e, vec![5, 0]),
        (0x11, sequence(&[&tlv(0x87, &[192, 0, 2])])),
    ];
    for (arc, value) in table {
        let subject = end_entity(&[extension(arc, false, &value)]);
        let report = judge(Profile::rfc5280(), &[subject, intermediate(&ca(&[]))]);
        assert_eq!(
            found(&report),
            [(Some(0), Reason::MalformedExtension)],
            "{arc:02x} {value:02x?}"
        );
    }
}

#[test]
fn a_policy_that_stands_twice_is_refused() {
    let policy = sequence(&[b"\x06\x01\x2a"]);
    let subject = end_entity(&[extension(0x20, false, &sequence(&[&policy, &policy]))]);
    let issuer = intermediate(&ca(&[extension(0x20, false, &sequence(&[&policy]))]));
    assert_eq!(
        found(&judge(Profile::rfc5280(), &[subject, issuer])),
        [(Some(0), Reason::BadPolicy)]
    );
}

#[test]
fn qualifiers_of_critical_policies_are_known_and_those_of_any_are_a_pointer_or_a_notice() {
    let any = tlv(0x06, &[0x55, 0x1d, 0x20, 0x00]);
    let own = tlv(0x06, &[0x2b, 0x06, 0x01]);
    let pointer = tlv(0x06, &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x01]);
    let unknown = tlv(0x06, &[0x2b, 0x06, 0x02]);
    let is_found = |policy: &[u8], qualifier: &[u8], critical, profile| {
        let qualifiers = sequence(&[&sequence(&[qualifier, &[5, 0]])]);
        let policies = sequence(&[&sequence(&[policy, &qualifiers])]);
        let subject = end_entity(&[extension(0x20, critical, &policies)]);
        let issuer = intermediate(&ca(&[]));
        found(&judge(profile, &[subject, issuer])).first().copied()
    };
    let lenient = Profile::rfc5280;
    let critical = Some((Some(0), Reason::UnknownCriticalExtension));
    let of_any = Some((Some(0), Reason::BadPolicy));
    for (policy, qualifier, is_critical, profile, expected) in [
        (&own, &pointer, true, lenient(), None),
        (&own, &unknown, true, lenient(), critical),
        (&own, &unknown, false, conforming(), None),
        (&any, &pointer, false, conforming(), None),
        (&any, &unknown, false, lenient(), None),
        (&any, &unknown, false, conforming(), of_any),
    ] {
        let name = &profile.name.clone();
        let seen = is_found(policy, qualifier, is_critical, profile);
        assert_eq!(
            seen, expected,
            "{policy:?} {qualifier:?} {is_critical} {name}"
        );
    }
}

#[test]
fn an_end_entity_of_an_old_version_is_for_the_profile_to_refuse() {
    let old = of_version(
        signed_certificate(3, "intermediate", "end entity", &[], &[2]),
        1,
    );
    let chain = [old, intermediate(&ca(&[]))];
    let accepted = judge(Profile::rfc5280(), &chain);
    assert_eq!(found(&accepted), []);
    let mut profile = Profile::rfc5280();
    profile.end_entity.require_version_3 = true;
    // What an old version has no place for is not asked for besides.
    profile.end_entity.require_extended_key_usage = true;
    let refused = judge(profile, &chain);
    assert_eq!(found(&refused), [(Some(0), Reason::BadVersion)]);
    assert_eq!(
        refused.violations[0].clause,
        "RFC 8446 sections 4.4.2.2 and 4.4.2.3"
    );
}

#[test]
fn where_a_missing_issuer_and_its_crl_are_to_be_had_is_told() {
    let uri = |text: &str| tlv(0x86, text.as_bytes());
    let issuers = sequence(&[
        b"\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x02",
        &uri("http://a/ca"),
    ]);
    let access = sequence(&[
        b"\x06\x08\x2b\x06\x01\x05\x05\x07\x01\x01",
        &tlv(4, &sequence(&[&issuers])),
    ]);
    let points = sequence(&[&sequence(&[&uri_point("http://a/crl")])]);
    let subject = end_entity(&[access, extension(0x1f, false, &points)]);
    let report = judge(Profile::rfc5280(), std::slice::from_ref(&subject));
    assert!(
        report.violations[0].detail.ends_with("http://a/ca"),
        "{report:?}"
    );

    let evidence = RevocationEvidence::default();
    let report = judge_with(
        Profile::rfc5280(),
        &[subject, intermediate(&ca(&[]))],
        Revocation::Check(&evidence),
    );
    assert_eq!(found(&report)[0], (Some(0), Reason::RevocationUnknown));
    assert!(
        report.violations[0].detail.ends_with("http://a/crl"),
        "{report:?}"
    );
}

#[test]
fn too_little_budget_is_no_answer_and_a_refusal() {
    let mut profile = Profile::rfc5280();
    profile.budget.signatures = 1;
    let report = judge(profile, &[end_entity(&[]), intermediate(&ca(&[]))]);
    assert_eq!(report.verdict.word(), "inconclusive");
    assert_eq!(report.to_decision(), Err(Reason::BudgetExceeded));
}

#[test]
fn what_was_found_before_the_budget_ran_out_is_told() {
    let mut profile = Profile::rfc5280();
    profile.budget.signatures = 1;
    let unknown = extension(0x7f, true, b"\x05\x00");
    let chain = [end_entity(&[unknown]), intermediate(&ca(&[]))];
    let report = judge(profile, &chain);
    assert_eq!(report.verdict.word(), "inconclusive");
    assert_eq!(
        found(&report),
        [
            (None, Reason::BudgetExceeded),
            (Some(0), Reason::UnknownCriticalExtension)
        ]
    );
}

#[test]
fn a_certificate_reads_as_it_was_put_together() {
    let certificate = Certificate::parse(&intermediate(&ca(&[]))).expect("a certificate");
    assert_eq!(certificate.subject_der(), name("intermediate"));
    assert_eq!(certificate.key_info(), key(2));
    assert_eq!(certificate.serial(), [2]);
    assert!(!certificate.is_self_issued());
}

#[test]
fn a_path_that_is_too_long_names_the_ca_that_says_so() {
    let bounded = [
        extension(BASIC_CONSTRAINTS, true, b"\x30\x06\x01\x01\xff\x02\x01\x00"),
        key_usage(0b0000_0110),
    ];
    let lower = signed_certificate(4, "intermediate", "lower", &ca(&[]), &[2]);
    let leaf = signed_certificate(3, "lower", "end entity", &[], &[4]);
    let report = judge(Profile::rfc5280(), &[leaf, lower, intermediate(&bounded)]);
    assert_eq!(found(&report), [(Some(1), Reason::PathLengthExceeded)]);
    assert_eq!(
        report.violations[0].detail,
        "one intermediate more than the path length of `CN=intermediate`, which is 0"
    );
}
