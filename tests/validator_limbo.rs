//! The reference validator against suites that no one here wrote: x509-limbo and NIST PKITS.
//!
//! The exceptions stand in `corpus/known.toml`, each with the clause because of
//! which the profile answers otherwise. One that no longer applies fails the test.
#![cfg(feature = "reference")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use gatecrash::{
    corpus::known::{BUILT_IN, Known},
    question::{PeerName, Purpose, Time},
    validator::{
        Anchor, Certificate, CrlStore, Inputs, Profile, Report, Revocation, RevocationEvidence,
        RevocationOptions, Validator,
    },
    verdict::Verdict,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Suite {
    testcases: Vec<Testcase>,
}

#[derive(Deserialize)]
struct Testcase {
    id: String,
    validation_kind: String,
    trusted_certs: Vec<String>,
    untrusted_intermediates: Vec<String>,
    peer_certificate: String,
    validation_time: Option<String>,
    extended_key_usage: Vec<String>,
    expected_result: String,
    expected_peer_name: Option<Name>,
    max_chain_depth: Option<u32>,
    crls: Vec<String>,
}

#[derive(Deserialize)]
struct Name {
    kind: String,
    value: String,
}

/// What stands in for "now" where a case gives no time.
const NOW: &str = "2026-11-24T00:00:00Z";

fn pem(text: &str) -> Vec<u8> {
    let body: String = text
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .map(str::trim)
        .collect();
    STANDARD.decode(body).expect("base64")
}

fn read(path: impl AsRef<Path>) -> Vec<Testcase> {
    let text = fs::read_to_string(path).expect("the suite");
    serde_json::from_str::<Suite>(&text)
        .expect("limbo JSON")
        .testcases
}

fn judge(case: &Testcase, profile: &Profile) -> Report {
    let mut profile = profile.clone();
    if case.max_chain_depth.is_some() {
        profile.maximum_depth = case.max_chain_depth;
    }
    let validator = Validator::new(profile);
    let anchors: Vec<Anchor> = case
        .trusted_certs
        .iter()
        .filter_map(|text| Anchor::from_certificate(&pem(text)).ok())
        .collect();
    let chain: Vec<Vec<u8>> = std::iter::once(&case.peer_certificate)
        .chain(&case.untrusted_intermediates)
        .map(|text| pem(text))
        .collect();
    let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
    let name = case
        .expected_peer_name
        .as_ref()
        .map(|name| match name.kind.as_str() {
            "DNS" => PeerName::Dns(name.value.clone()),
            "IP" => PeerName::Ip(name.value.parse().expect("an address")),
            _ => PeerName::Email(name.value.clone()),
        });
    let client = case.validation_kind == "CLIENT"
        || case
            .extended_key_usage
            .iter()
            .any(|usage| usage == "clientAuth");
    // Whatever is malformed counts as absent, and absent CRLs as an unknown status.
    let crls = CrlStore::from_der_lossy(case.crls.iter().map(|text| pem(text)));
    let evidence = RevocationEvidence::new(crls, RevocationOptions::default());
    let revocation = if case.crls.is_empty() {
        Revocation::Off
    } else {
        Revocation::Check(&evidence)
    };
    validator.validate(&Inputs {
        chain: &chain,
        anchors: &anchors,
        purpose: if client {
            Purpose::Client
        } else {
            Purpose::Server
        },
        name: name.as_ref(),
        time: case
            .validation_time
            .as_deref()
            .unwrap_or(NOW)
            .parse::<Time>()
            .expect("a time"),
        revocation,
    })
}

/// The exceptions and the vacuous cases, which are part of the program.
fn known() -> Known {
    Known::from_toml(BUILT_IN, |_| true).expect("the list is exact")
}

/// Runs a suite and returns the wrong answers with what was said.
fn wrong_answers(cases: &[Testcase], profile: &Profile) -> BTreeMap<String, String> {
    let mut wrong = BTreeMap::new();
    let (mut false_accepts, mut false_rejects) = (0, 0);
    for case in cases {
        let report = judge(case, profile);
        let accepted = report.verdict == Verdict::Accept;
        if accepted == (case.expected_result == "SUCCESS") {
            continue;
        }
        if accepted {
            false_accepts += 1;
        } else {
            false_rejects += 1;
        }
        let told: Vec<_> = report
            .violations
            .iter()
            .map(|found| format!("{}: {}", found.reason, found.detail))
            .collect();
        wrong.insert(
            case.id.clone(),
            format!(
                "{}, expected {} {told:?}",
                report.verdict, case.expected_result
            ),
        );
    }
    #[expect(
        clippy::print_stdout,
        reason = "the figures are what this test is run for"
    )]
    {
        println!(
            "{} cases: {} right, {false_accepts} false accepts, {false_rejects} false rejects",
            cases.len(),
            cases.len() - wrong.len()
        );
    }
    wrong
}

/// Nothing is wrong but what is listed, and everything listed that the suite holds is wrong.
fn assert_exactly(cases: &[Testcase], profile: &Profile) {
    let wrong = wrong_answers(cases, profile);
    let known = known();
    let listed: BTreeSet<&str> = known
        .exceptions()
        .iter()
        .filter(|exception| exception.engine == "reference" && exception.profile == profile.name)
        .map(|exception| exception.case.as_str())
        .filter(|id| cases.iter().any(|case| case.id == *id))
        .collect();
    let unexpected: Vec<_> = wrong
        .iter()
        .filter(|(id, _)| !listed.contains(id.as_str()))
        .collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    let unused: Vec<_> = listed
        .iter()
        .filter(|id| !wrong.contains_key(**id))
        .collect();
    assert!(
        unused.is_empty(),
        "exceptions that no longer apply: {unused:?}"
    );
}

#[test]
fn limbo_core_is_right_under_the_webpki_profile() {
    let cases = read("corpus/limbo/limbo-public-core.json");
    assert_exactly(&cases, &Profile::webpki());
}

#[test]
fn pkits_is_right_under_the_rfc5280_profile() {
    let cases = read("corpus/limbo/pkits-public.json");
    assert_exactly(&cases, &Profile::rfc5280());
}

#[test]
#[ignore = "needs the whole suite: set GATECRASH_LIMBO to its file"]
fn whole_limbo_is_right_under_the_webpki_profile() {
    let cases = read(std::env::var_os("GATECRASH_LIMBO").expect("GATECRASH_LIMBO"));
    assert_exactly(&cases, &Profile::webpki());
}

#[test]
fn vacuous_cases_are_refused_for_the_cause_that_is_listed_and_for_no_other() {
    let cases = read("corpus/limbo/limbo-public-core.json");
    for vacuous in known().vacuous() {
        let case = cases
            .iter()
            .find(|case| case.id == vacuous.case)
            .expect("a listed case is one of the suite");
        // With no bound on the work, so that the cause shows and not the bound.
        let mut profile = Profile::webpki();
        profile.budget.name_comparisons = u32::MAX;
        let report = judge(case, &profile);
        let reasons: BTreeSet<_> = report.violations.iter().map(|found| found.reason).collect();
        assert_eq!(
            (case.expected_result.as_str(), reasons),
            ("FAILURE", BTreeSet::from([vacuous.reason])),
            "{}",
            case.id
        );
    }
}

#[test]
fn every_certificate_of_the_suites_reads_back_as_it_was_written() {
    for file in [
        "corpus/limbo/limbo-public-core.json",
        "corpus/limbo/pkits-public.json",
    ] {
        for case in read(file) {
            for text in case
                .trusted_certs
                .iter()
                .chain(&case.untrusted_intermediates)
                .chain([&case.peer_certificate])
            {
                let der = pem(text);
                if let Ok(certificate) = Certificate::parse(&der) {
                    assert_eq!(certificate.der(), der, "{}", case.id);
                }
            }
            assert!(
                case.crls.iter().all(|crl| !pem(crl).is_empty()),
                "{}",
                case.id
            );
        }
    }
}
