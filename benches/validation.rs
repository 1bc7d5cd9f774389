//! The reference validator alone: a root, an intermediate and an end entity of x509-limbo.
//!
//! With toy signatures it shows what path validation itself costs, with real
//! ones what a cold verification does.
#![allow(clippy::unwrap_used, reason = "a benchmark has nobody to report to")]
#![allow(
    missing_docs,
    reason = "criterion_group makes an undocumented function"
)]

use std::{hash::Hasher, hint::black_box};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gatecrash::{
    question::{PeerName, Purpose, Time},
    validator::{
        Anchor, Certificate, Inputs, Profile, Revocation, SignatureAlgorithm, SignatureError,
        SignatureScheme, Validator,
    },
};
use siphasher::sip::SipHasher13;

const CASE: &str = "pathlen::ee-with-intermediate-pathlen-0";

/// A keyed hash of key and message, as toy signatures cost, that takes every signature.
struct Toy;

impl SignatureScheme for Toy {
    fn verify(
        &self,
        _algorithm: &SignatureAlgorithm<'_>,
        key_info: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let mut hasher = SipHasher13::new();
        hasher.write(key_info);
        hasher.write(message);
        black_box((hasher.finish(), signature));
        Ok(())
    }

    fn check_key(&self, _key_info: &[u8]) -> Result<(), SignatureError> {
        Ok(())
    }
}

fn pem(value: &serde_json::Value) -> Vec<u8> {
    let lines = value
        .as_str()
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with("-----"));
    STANDARD.decode(lines.collect::<String>()).unwrap()
}

fn validation(criterion: &mut Criterion) {
    let suite: serde_json::Value =
        serde_json::from_slice(&std::fs::read("corpus/limbo/limbo-public-core.json").unwrap())
            .unwrap();
    let case = suite["testcases"]
        .as_array()
        .unwrap()
        .iter()
        .find(|case| case["id"] == CASE)
        .unwrap();
    let anchors = [Anchor::from_certificate(&pem(&case["trusted_certs"][0])).unwrap()];
    let end_entity = pem(&case["peer_certificate"]);
    let intermediate = pem(&case["untrusted_intermediates"][0]);
    let known = Certificate::parse(&intermediate).unwrap();
    let chain: [&[u8]; 2] = [&end_entity, &intermediate];
    let name = PeerName::Dns("example.com".to_owned());
    let inputs = Inputs {
        chain: &chain,
        anchors: &anchors,
        purpose: Purpose::Server,
        name: Some(&name),
        time: Time::from_unix_seconds(1_700_000_000),
        revocation: Revocation::Off,
    };
    let toy = Validator::new(Profile::rfc5280()).with_signatures(Toy);
    let real = Validator::new(Profile::rfc5280());
    assert!(toy.validate(&inputs).is_accepted() && real.validate(&inputs).is_accepted());

    let mut group = criterion.benchmark_group("three certificates");
    group.throughput(Throughput::Elements(1));
    group.bench_function("parse the end entity", |bench| {
        bench.iter(|| Certificate::parse(black_box(&end_entity)).unwrap());
    });
    group.bench_function("toy signatures, issuers parsed once", |bench| {
        bench.iter(|| {
            let end_entity = Certificate::parse(black_box(&end_entity)).unwrap();
            toy.validate_parsed(&[&end_entity, &known], &inputs)
        });
    });
    group.bench_function("toy signatures, everything parsed", |bench| {
        bench.iter(|| toy.validate(black_box(&inputs)));
    });
    group.bench_function("real signatures, everything parsed", |bench| {
        bench.iter(|| real.validate(black_box(&inputs)));
    });
    group.finish();
}

criterion_group!(benches, validation);
criterion_main!(benches);
