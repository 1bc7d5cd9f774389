//! How fast chains are minted, beside rcgen and pyca/cryptography in the same run.
//!
//! Each iteration gives three certificates of which only the end entity is new.
//! gatecrash remembers keys, signatures and what stands above. rcgen and
//! cryptography remember nothing, so `three` makes all three anew with them, as
//! whoever calls them in a loop does, and `one` the end entity alone.
//! At the end the ratios are told, taken in turns, and that to cryptography when
//! a `python3` that has it is found.

// A benchmark tells its figures.
#![allow(clippy::print_stdout)]

use std::{
    hint::black_box,
    process::Command,
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group};
use gatecrash::{
    der::HexBytes,
    mint::{Minted, Minter},
    recipe::{KeyAlgorithm, Label, Recipe, generate::Setting},
};

/// gatecrash's side: the next chain of the plainest setting with this kind of key.
struct Chains {
    minter: Minter,
    recipe: Recipe,
    serial: u64,
}

impl Chains {
    fn new(minter: Minter, algorithm: KeyAlgorithm) -> Self {
        let setting = Setting {
            keys: vec![algorithm],
            ..Setting::default()
        };
        Self {
            minter,
            recipe: setting.recipe(),
            serial: 0,
        }
    }

    fn next(&mut self) -> Minted {
        self.serial += 1;
        let label = Label::from("end-entity");
        let end_entity = self.recipe.certificate_mut(&label);
        end_entity.expect("every setting has one").serial =
            HexBytes(self.serial.to_be_bytes().to_vec());
        self.minter.mint(&self.recipe).expect("mints")
    }
}

/// The same three certificates with rcgen.
struct Rcgen {
    anchor: rcgen::KeyPair,
    intermediate: rcgen::KeyPair,
    end_entity: rcgen::KeyPair,
    params: rcgen::CertificateParams,
    serial: u64,
}

impl Rcgen {
    fn new(algorithm: &'static rcgen::SignatureAlgorithm) -> Self {
        let [anchor, intermediate, end_entity] =
            [(); 3].map(|()| rcgen::KeyPair::generate_for(algorithm).expect("generates"));
        let mut params = rcgen::CertificateParams::new(vec!["device-7.gatecrash.example".into()])
            .expect("valid");
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        Self {
            anchor,
            intermediate,
            end_entity,
            params,
            serial: 0,
        }
    }

    fn authority() -> rcgen::CertificateParams {
        let mut params = rcgen::CertificateParams::new(Vec::new()).expect("valid");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params
    }

    fn one(&mut self) -> rcgen::Certificate {
        self.serial += 1;
        self.params.serial_number = Some(self.serial.into());
        let issuer = rcgen::Issuer::new(Self::authority(), &self.intermediate);
        let signed = self.params.signed_by(&self.end_entity, &issuer);
        signed.expect("signs")
    }

    fn three(&mut self) -> [rcgen::Certificate; 3] {
        let issuer = rcgen::Issuer::new(Self::authority(), &self.anchor);
        let intermediate = Self::authority().signed_by(&self.intermediate, &issuer);
        [
            Self::authority().self_signed(&self.anchor).expect("signs"),
            intermediate.expect("signs"),
            self.one(),
        ]
    }
}

const ALGORITHMS: [(KeyAlgorithm, &rcgen::SignatureAlgorithm); 2] = [
    (KeyAlgorithm::P256, &rcgen::PKCS_ECDSA_P256_SHA256),
    (KeyAlgorithm::Ed25519, &rcgen::PKCS_ED25519),
];

fn minting(c: &mut Criterion) {
    let mut group = c.benchmark_group("mint-end-entity");
    for (algorithm, of_rcgen) in ALGORITHMS {
        for (name, minter) in [("real", Minter::new()), ("toy", Minter::toy())] {
            let mut chains = Chains::new(minter, algorithm);
            group.bench_function(format!("gatecrash-{name}/{}", algorithm.name()), |b| {
                b.iter(|| chains.next());
            });
        }
        let mut rcgen = Rcgen::new(of_rcgen);
        group.bench_function(format!("rcgen-three/{}", algorithm.name()), |b| {
            b.iter(|| rcgen.three());
        });
        group.bench_function(format!("rcgen-one/{}", algorithm.name()), |b| {
            b.iter(|| rcgen.one());
        });
    }
    group.finish();
}

/// Three certificates and one with cryptography: microseconds of each, the least of some rounds.
const PYTHON: &str = r#"
import datetime, time
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)]) for n in ("root", "issuing", "device-7")]
start, end = datetime.datetime(2026, 1, 1), datetime.datetime(2027, 1, 1)
def make(own, issuer, ca, serial):
    builder = (x509.CertificateBuilder().subject_name(names[own]).issuer_name(names[issuer])
        .public_key(keys[own].public_key()).serial_number(serial).not_valid_before(start).not_valid_after(end))
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(True, None), True)
    else:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("device-7.gatecrash.example")]), False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
    return builder.sign(keys[issuer], hashes.SHA256())
def micros(work):
    best = float("inf")
    for _ in range(12):
        begin = time.perf_counter()
        for serial in range(1, 101):
            work(serial)
        best = min(best, time.perf_counter() - begin)
    return best * 1e4
print(micros(lambda s: (make(0, 0, True, 1), make(1, 0, True, 2), make(2, 1, False, s))), micros(lambda s: make(2, 1, False, s)))
"#;

/// The least time of one call in many short rounds: others on the machine only ever add to it.
struct Least(Duration);

impl Least {
    fn round<T>(&mut self, mut work: impl FnMut() -> T) {
        const CALLS: u32 = 200;
        let start = Instant::now();
        for _ in 0..CALLS {
            black_box(work());
        }
        self.0 = self.0.min(start.elapsed() / CALLS);
    }

    fn micros(&self) -> f64 {
        self.0.as_secs_f64() * 1e6
    }
}

fn ratios() {
    let mut real = Chains::new(Minter::new(), KeyAlgorithm::P256);
    let mut toy = Chains::new(Minter::toy(), KeyAlgorithm::P256);
    let mut rcgen = Rcgen::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let [mut ours, mut fast, mut three, mut one] = [(); 4].map(|()| Least(Duration::MAX));
    for _ in 0..150 {
        ours.round(|| real.next());
        fast.round(|| toy.next());
        three.round(|| rcgen.three());
        one.round(|| rcgen.one());
    }
    let mine = ours.micros();
    println!("P-256, three certificates of which the end entity is new: {mine:.1} µs");
    for (name, other) in [
        ("three anew", three.micros()),
        ("the end entity alone", one.micros()),
    ] {
        println!(
            "rcgen, {name}: {other:.1} µs, {:.1} times as long",
            other / mine
        );
    }
    println!(
        "toy signatures: {:.0} chains a second on one core",
        1e6 / fast.micros()
    );
    let python = Command::new("python3").args(["-c", PYTHON]).output();
    let said = python.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let said = said.unwrap_or_default();
    let micros: Vec<f64> = said
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    match micros.as_slice() {
        [three, one] => {
            for (name, other) in [("three anew", three), ("the end entity alone", one)] {
                println!(
                    "cryptography, {name}: {other:.1} µs, {:.1} times as long",
                    other / mine
                );
            }
        }
        _ => println!("cryptography: not found by python3, and so not measured"),
    }
}

criterion_group!(benches, minting);

fn main() {
    benches();
    // `--test` and `--list` of cargo are not for figures.
    if !std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        ratios();
    }
}
