//! Any bytes: the validator never panics, answers within its budget, and does
//! not care for the order in which certificates and anchors are given.
#![cfg(feature = "reference")]

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use gatecrash::{
    question::{PeerName, Purpose, Time},
    validator::{
        Anchor, Certificate, Inputs, Profile, Report, Revocation, SignatureAlgorithm,
        SignatureError, SignatureScheme, Validator, parse_key,
    },
    verdict::{Reason, Verdict},
};
use proptest::{prelude::*, sample::Index, test_runner::FileFailurePersistence};

/// Takes every signature, so that mutations reach the rules behind it.
struct TakeAll;

impl SignatureScheme for TakeAll {
    fn verify(
        &self,
        _algorithm: &SignatureAlgorithm<'_>,
        _key_info: &[u8],
        _message: &[u8],
        _signature: &[u8],
    ) -> Result<(), SignatureError> {
        Ok(())
    }

    fn check_key(&self, _key_info: &[u8]) -> Result<(), SignatureError> {
        Ok(())
    }
}

#[derive(Clone, Debug)]
struct Chain {
    id: String,
    anchors: Vec<Vec<u8>>,
    presented: Vec<Vec<u8>>,
    name: Option<PeerName>,
    time: Time,
}

fn chains() -> Vec<Chain> {
    let mut chains = Vec::new();
    for file in [
        "corpus/limbo/limbo-public-core.json",
        "corpus/limbo/pkits-public.json",
    ] {
        let suite: serde_json::Value =
            serde_json::from_slice(&fs::read(file).expect("the suite")).expect("JSON");
        for case in suite["testcases"].as_array().expect("cases") {
            let pem = |value: &serde_json::Value| {
                let text = value.as_str().unwrap_or_default();
                let body: String = text
                    .lines()
                    .filter(|line| !line.starts_with("-----"))
                    .map(str::trim)
                    .collect();
                STANDARD.decode(body).expect("base64")
            };
            let list = |key: &str| {
                case[key]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(pem)
                    .collect::<Vec<_>>()
            };
            let mut presented = vec![pem(&case["peer_certificate"])];
            presented.extend(list("untrusted_intermediates"));
            chains.push(Chain {
                id: case["id"].as_str().unwrap_or_default().to_owned(),
                anchors: list("trusted_certs"),
                presented,
                name: case["expected_peer_name"]["value"]
                    .as_str()
                    .and_then(|text| text.parse().ok()),
                time: case["validation_time"]
                    .as_str()
                    .unwrap_or("2026-11-24T00:00:00Z")
                    .parse()
                    .expect("a time"),
            });
        }
    }
    chains
}

fn judge(validator: &Validator, chain: &Chain) -> Report {
    let anchors: Vec<Anchor> = chain
        .anchors
        .iter()
        .filter_map(|der| Anchor::from_certificate(der).ok())
        .collect();
    let presented: Vec<&[u8]> = chain.presented.iter().map(Vec::as_slice).collect();
    let inputs = Inputs {
        chain: &presented,
        anchors: &anchors,
        purpose: Purpose::Server,
        name: chain.name.as_ref(),
        time: chain.time,
        revocation: Revocation::Off,
    };
    let report = validator.validate(&inputs);
    let words = report
        .explain(&inputs, &validator.profile().name)
        .to_string();
    assert!(!words.is_empty());
    assert_eq!(
        report.is_accepted(),
        report.violations.is_empty(),
        "{report:?}"
    );
    assert_eq!(report.to_decision().is_ok(), report.is_accepted());
    report
}

fn configuration(name: &str) -> ProptestConfig {
    ProptestConfig {
        cases: 2_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(match name {
            "bytes" => "tests/proptest-regressions/validator-bytes.txt",
            _ => "tests/proptest-regressions/validator-mutations.txt",
        }))),
        ..ProptestConfig::default()
    }
}

#[test]
fn arbitrary_bytes_are_refused_without_a_panic() {
    let validator = Validator::new(Profile::strict_mtls());
    proptest!(configuration("bytes"), |(bytes in prop::collection::vec(any::<u8>(), 0..400), header in any::<bool>())| {
        // Half of the inputs look like a SEQUENCE, to get past the first octet.
        let mut der = bytes;
        if header && der.len() > 4 {
            let length = (der.len() - 4) as u16;
            der[..4].copy_from_slice(&[0x30, 0x82, (length >> 8) as u8, length as u8]);
        }
        let chain: [&[u8]; 2] = [&der, &der];
        let inputs = Inputs {
            chain: &chain,
            anchors: &[],
            purpose: Purpose::Client,
            name: None,
            time: Time::from_unix_seconds(0),
            revocation: Revocation::Off,
        };
        prop_assert!(!validator.validate(&inputs).is_accepted());
        prop_assert!(Anchor::from_certificate(&der).is_err());
        let _ = Anchor::from_parts(&der, &der, Some(&der));
        let _ = parse_key(&der);
        let _ = SignatureAlgorithm::parse(&der);
    });
}

#[test]
fn mutated_certificates_are_judged_without_a_panic() {
    let chains = chains();
    let validators: Vec<Validator> = Profile::NAMES
        .iter()
        .map(|name| {
            Validator::new(Profile::named(name).expect("a profile")).with_signatures(TakeAll)
        })
        .collect();
    let edits = prop::collection::vec((any::<Index>(), any::<Index>(), any::<u8>(), 0..3u8), 1..4);
    proptest!(configuration("mutations"), |(pick in any::<Index>(), edits in edits, profile in any::<Index>())| {
        let mut chain = pick.get(&chains).clone();
        // The largest cases say the same at a hundred times the cost.
        prop_assume!(chain.presented.iter().map(Vec::len).sum::<usize>() < 8_000);
        for (which, at, octet, kind) in edits {
            let count = chain.presented.len() + chain.anchors.len();
            let which = which.index(count);
            let presented = chain.presented.len();
            let der = if which < presented { &mut chain.presented[which] } else { &mut chain.anchors[which - presented] };
            if der.is_empty() {
                continue;
            }
            let at = at.index(der.len());
            match kind {
                0 => der[at] = octet,
                1 => der.insert(at, octet),
                _ => { der.remove(at); }
            }
        }
        judge(profile.get(&validators), &chain);
    });
}

#[test]
fn the_verdict_does_not_depend_on_the_order_of_certificates_and_anchors() {
    let validator = Validator::new(Profile::rfc5280());
    for chain in chains() {
        let straight = judge(&validator, &chain);
        let mut turned = chain.clone();
        turned.anchors.reverse();
        turned.presented[1..].reverse();
        let turned_report = judge(&validator, &turned);
        assert_eq!(turned_report.verdict, straight.verdict, "{}", chain.id);
        // What leads nowhere changes nothing.
        let mut padded = chain.clone();
        padded
            .presented
            .extend(chain.presented.iter().skip(1).cloned());
        padded.anchors.extend(chain.anchors.iter().cloned());
        assert_eq!(
            judge(&validator, &padded).verdict,
            straight.verdict,
            "{} doubled",
            chain.id
        );
    }
}

#[test]
fn hostile_piles_of_certificates_stay_within_the_budget() {
    let validator = Validator::new(Profile::webpki());
    for chain in chains()
        .iter()
        .filter(|chain| chain.id.starts_with("pathological::"))
    {
        let report = judge(&validator, chain);
        let limits = validator.profile().budget;
        assert!(
            report.spent.signatures <= limits.signatures + 1,
            "{}: {:?}",
            chain.id,
            report.spent
        );
        assert!(
            report.spent.candidates <= limits.candidates * 2,
            "{}: {:?}",
            chain.id,
            report.spent
        );
        assert!(!report.is_accepted(), "{}", chain.id);
    }
}

/// Each case breaks one rule, and that rule alone is reported.
#[test]
fn a_single_defect_is_a_single_violation() {
    let table = [
        (
            "pathlen::intermediate-violates-pathlen-0",
            Some(2),
            Reason::PathLengthExceeded,
        ),
        (
            "rfc5280::eku::ee-wrong-eku",
            Some(0),
            Reason::ExtendedKeyUsage,
        ),
        (
            "rfc5280::eku::ee-eku-empty",
            Some(0),
            Reason::MalformedExtension,
        ),
        (
            "rfc5280::nc::excluded-dns-match",
            Some(0),
            Reason::NameConstraint,
        ),
        (
            "rfc5280::nc::excluded-dns-match-second",
            Some(0),
            Reason::NameConstraint,
        ),
        (
            "rfc5280::nc::excluded-ipv4-match",
            Some(0),
            Reason::NameConstraint,
        ),
        (
            "rfc5280::nc::intermediate-with-san-rejected-by-intermediate-nc",
            Some(2),
            Reason::NameConstraint,
        ),
        (
            "rfc5280::nc::invalid-email-address",
            None,
            Reason::UnsupportedNameConstraint,
        ),
        (
            "rfc5280::nc::nc-permits-invalid-dns-san",
            Some(0),
            Reason::NameConstraint,
        ),
        (
            "rfc5280::nc::nc-permits-invalid-ip-san",
            Some(0),
            Reason::MalformedExtension,
        ),
        (
            "rfc5280::san::malformed",
            Some(0),
            Reason::MalformedExtension,
        ),
        ("rfc5280::validity::expired-leaf", Some(0), Reason::Expired),
        (
            "rfc5280::chain-untrusted-root",
            Some(1),
            Reason::UnknownIssuer,
        ),
        (
            "rfc5280::intermediate-ca-without-ca-bit",
            Some(1),
            Reason::NotACa,
        ),
        (
            "rfc5280::duplicate-extensions",
            Some(0),
            Reason::DuplicateExtension,
        ),
        (
            "rfc5280::mismatching-signature-algorithm",
            Some(0),
            Reason::AlgorithmMismatch,
        ),
        ("webpki::malformed-aia", Some(0), Reason::MalformedExtension),
        ("pkits::s4-2-1", Some(1), Reason::NotYetValid),
        ("pkits::s4-3-1", Some(0), Reason::UnknownIssuer),
        ("pkits::s4-6-1", Some(1), Reason::NotACa),
        ("pkits::s4-6-6", Some(2), Reason::PathLengthExceeded),
        ("pkits::s4-8-5", Some(0), Reason::NoValidPolicy),
        ("pkits::s4-10-7", Some(1), Reason::BadPolicy),
        ("pkits::s4-12-1", Some(0), Reason::NoValidPolicy),
        ("pkits::s4-13-8", Some(0), Reason::NameConstraint),
        ("pkits::s4-13-22", Some(0), Reason::NameConstraint),
        ("pkits::s4-13-31", Some(0), Reason::NameConstraint),
        ("pkits::s4-13-37", Some(0), Reason::NameConstraint),
        ("pkits::s4-16-2", Some(0), Reason::UnknownCriticalExtension),
    ];
    let validator = Validator::new(Profile::rfc5280());
    let chains = chains();
    for (id, certificate, reason) in table {
        let mut chain = chains
            .iter()
            .find(|chain| chain.id == id)
            .expect(id)
            .clone();
        if id.starts_with("rfc5280::nc::invalid-email") || id.starts_with("pkits") {
            chain.name = None;
        }
        let purpose_is_client = id.starts_with("rfc5280::nc::invalid-email");
        let report = if purpose_is_client {
            judge_client(&validator, &chain)
        } else {
            judge(&validator, &chain)
        };
        let found: Vec<_> = report
            .violations
            .iter()
            .map(|found| (found.certificate, found.reason))
            .collect();
        assert_eq!(found, [(certificate, reason)], "{id}: {report:#?}");
        assert_eq!(report.verdict, Verdict::Reject(reason), "{id}");
    }
}

fn judge_client(validator: &Validator, chain: &Chain) -> Report {
    let anchors: Vec<Anchor> = chain
        .anchors
        .iter()
        .filter_map(|der| Anchor::from_certificate(der).ok())
        .collect();
    let presented: Vec<&[u8]> = chain.presented.iter().map(Vec::as_slice).collect();
    validator.validate(&Inputs {
        chain: &presented,
        anchors: &anchors,
        purpose: Purpose::Client,
        name: None,
        time: chain.time,
        revocation: Revocation::Off,
    })
}

#[test]
fn a_parsed_chain_is_judged_as_its_bytes_are() {
    let validator = Validator::new(Profile::webpki());
    for chain in chains() {
        let parsed: Result<Vec<Certificate>, _> = chain
            .presented
            .iter()
            .map(|der| Certificate::parse(der))
            .collect();
        let Ok(parsed) = parsed else { continue };
        let anchors: Vec<Anchor> = chain
            .anchors
            .iter()
            .filter_map(|der| Anchor::from_certificate(der).ok())
            .collect();
        let presented: Vec<&[u8]> = chain.presented.iter().map(Vec::as_slice).collect();
        let inputs = Inputs {
            chain: &presented,
            anchors: &anchors,
            purpose: Purpose::Server,
            name: chain.name.as_ref(),
            time: chain.time,
            revocation: Revocation::Off,
        };
        let references: Vec<&Certificate> = parsed.iter().collect();
        assert_eq!(
            validator.validate_parsed(&references, &inputs),
            validator.validate(&inputs),
            "{}",
            chain.id
        );
    }
}

#[test]
fn an_explanation_reads_as_people_expect() {
    let chain = chains()
        .into_iter()
        .find(|chain| chain.id == "rfc5280::validity::expired-leaf")
        .expect("the case");
    let anchors: Vec<Anchor> = chain
        .anchors
        .iter()
        .filter_map(|der| Anchor::from_certificate(der).ok())
        .collect();
    let presented: Vec<&[u8]> = chain.presented.iter().map(Vec::as_slice).collect();
    let inputs = Inputs {
        chain: &presented,
        anchors: &anchors,
        purpose: Purpose::Server,
        name: None,
        time: chain.time,
        revocation: Revocation::Off,
    };
    let words = Validator::new(Profile::rfc5280())
        .validate(&inputs)
        .explain(&inputs, "rfc5280")
        .to_string();
    let lines: Vec<&str> = words.lines().collect();
    let wanted = [
        (
            "refused: 1 violation   profile rfc5280, 2022-01-01 00:00 UTC",
            "",
        ),
        (
            "  end entity    CN=example.com   P-256   serial ",
            "   until 2021-01-01",
        ),
        (
            "    ✗ expired: ended 2021-01-01 00:00 UTC, 365 days before the validation time (RFC 5280",
            "(a)(2))",
        ),
        ("  intermediate  OU=", "   until 2026-01-01"),
        ("    ✓ ", " checks"),
        (
            "  anchor        CN=x509-limbo-root   P-256   serial ",
            "   until 2026-01-01",
        ),
        ("  to do         renew it", ""),
    ];
    assert_eq!(lines.len(), wanted.len(), "{words}");
    for (line, (start, end)) in lines.iter().zip(wanted) {
        assert!(line.starts_with(start) && line.ends_with(end), "{line}");
    }
}
