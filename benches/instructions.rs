//! Instructions that a verification takes, beside rustls-webpki's, in one run.
//!
//! Counts do not drift with the load of the machine as times do, so a change of
//! one per cent is a change of the code. They come from callgrind, which runs
//! this program again and counts between two marks. Without valgrind the
//! benchmark says what brings it and measures nothing.
//!
//! `cargo bench --bench instructions` prints the table.
#![allow(clippy::print_stdout, reason = "the table is the output")]
#![allow(clippy::unwrap_used, reason = "a benchmark has nobody to report to")]

mod pki;

use std::{
    env,
    hash::Hasher as _,
    hint::black_box,
    process::{Command, Stdio},
};

use gatecrash::{
    question::{Purpose, Time},
    validator::{
        Anchor, Certificate, Inputs, ParsedCrl, Profile, Revocation, SignatureAlgorithm,
        SignatureError, SignatureScheme, Validator,
    },
};
use pki::{Pki, Traffic, revoked_serial};
use siphasher::sip::SipHasher13;

/// Calls that are counted together; the table tells one.
const CALLS: u64 = 16;

/// Sets one side up.
type Side = fn() -> Box<dyn FnMut()>;

/// What is measured: its name, and how to set up each side. `None` is a side that does not exist.
struct Scenario {
    name: &'static str,
    /// Makes what is called [`CALLS`] times after some calls to warm up.
    sides: [Option<Side>; 2],
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "client certificate, known intermediate",
        sides: [Some(|| traffic(false, None)), Some(|| traffic(true, None))],
    },
    Scenario {
        name: "the same with a CRL of 10,000 entries",
        sides: [
            Some(|| traffic(false, Some(10_000))),
            Some(|| traffic(true, Some(10_000))),
        ],
    },
    Scenario {
        name: "path of three, toy signatures, issuers read",
        sides: [Some(toy_path), None],
    },
    Scenario {
        name: "reading a certificate",
        sides: [Some(|| reading(false)), Some(|| reading(true))],
    },
    Scenario {
        name: "loading a CRL of 10,000 entries",
        sides: [Some(|| loading(false)), Some(|| loading(true))],
    },
    Scenario {
        name: "looking a serial number up in it",
        sides: [Some(|| lookup(false)), Some(|| lookup(true))],
    },
];

fn pki() -> &'static Pki {
    Box::leak(Box::new(Pki::new(64)))
}

fn traffic(peer: bool, crl: Option<u64>) -> Box<dyn FnMut()> {
    let pki = pki();
    let verifier = if peer {
        pki.webpki(crl)
    } else {
        pki.strict(crl)
    };
    let mut traffic = Traffic::new(pki, verifier);
    Box::new(move || traffic.one())
}

/// A keyed hash of key and message that takes every signature.
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

fn toy_path() -> Box<dyn FnMut()> {
    let pki = pki();
    let anchors = [Anchor::from_certificate(&pki.root).unwrap()];
    let intermediate = Certificate::parse(&pki.intermediates[0]).unwrap();
    let validator = Validator::new(Profile::rfc5280()).with_signatures(Toy);
    let mut next = 0;
    Box::new(move || {
        let der = &pki.end_entities[next % pki.end_entities.len()];
        next += 1;
        let end_entity = Certificate::parse(black_box(der)).unwrap();
        let report = validator.validate_parsed(
            &[&end_entity, &intermediate],
            &Inputs {
                chain: &[],
                anchors: &anchors,
                purpose: Purpose::Client,
                name: None,
                time: Time::from_unix_seconds(pki::NOW.unix_timestamp()),
                revocation: Revocation::Off,
            },
        );
        assert!(report.is_accepted());
    })
}

fn reading(peer: bool) -> Box<dyn FnMut()> {
    let der = &pki().end_entities[0];
    if peer {
        Box::new(move || {
            black_box(webpki::EndEntityCert::try_from(black_box(der)).unwrap());
        })
    } else {
        Box::new(move || {
            black_box(Certificate::parse(black_box(der)).unwrap());
        })
    }
}

fn loading(peer: bool) -> Box<dyn FnMut()> {
    let crl = Pki::crl(&pki().issuer, 10_000);
    if peer {
        Box::new(move || {
            black_box(webpki::OwnedCertRevocationList::from_der(crl.as_ref()).unwrap());
        })
    } else {
        Box::new(move || {
            black_box(ParsedCrl::from_der(crl.as_ref().to_vec()).unwrap());
        })
    }
}

fn lookup(peer: bool) -> Box<dyn FnMut()> {
    let crl = Pki::crl(&pki().issuer, 10_000);
    let mut next = 0;
    let mut serial = move || {
        next += 1;
        revoked_serial(next)
    };
    if peer {
        let crl = webpki::CertRevocationList::from(
            webpki::OwnedCertRevocationList::from_der(crl.as_ref()).unwrap(),
        );
        Box::new(move || assert!(crl.find_serial(&serial()).unwrap().is_some()))
    } else {
        let crl = ParsedCrl::from_der(crl.as_ref().to_vec()).unwrap();
        Box::new(move || assert!(crl.find(&serial()).is_some()))
    }
}

/// Callgrind collects from the entry to the exit of this function.
#[inline(never)]
fn between_the_marks(call: &mut dyn FnMut()) {
    for _ in 0..CALLS {
        call();
    }
}

fn measure(scenario: usize, side: usize) {
    let mut call = SCENARIOS[scenario].sides[side].unwrap()();
    for _ in 0..4 {
        call();
    }
    between_the_marks(&mut call);
}

/// The instructions of one call, or what callgrind said instead.
fn count(scenario: usize, side: usize) -> Result<u64, String> {
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--collect-atstart=no",
            "--toggle-collect=*between_the_marks*",
            "--callgrind-out-file=/dev/null",
        ])
        .arg(env::current_exe().unwrap())
        .args(["measure", &scenario.to_string(), &side.to_string()])
        .stdout(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said
        .lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse::<u64>().ok());
    match collected {
        Some(total) if output.status.success() && total > 0 => Ok(total / CALLS),
        _ => Err(said.lines().rev().take(5).collect::<Vec<_>>().join("\n")),
    }
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [mode, scenario, side] = &*arguments
        && mode == "measure"
    {
        return measure(scenario.parse().unwrap(), side.parse().unwrap());
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("no instructions counted: valgrind is missing (apt-get install valgrind)");
        return;
    }
    println!(
        "{:<46} {:>12} {:>12} {:>8}",
        "instructions of one call", "ours", "webpki's", "ratio"
    );
    for (index, scenario) in SCENARIOS.iter().enumerate() {
        let counted = [0, 1].map(|side| {
            scenario.sides[side].map(|_| match count(index, side) {
                Ok(count) => count,
                Err(said) => panic!("{}: {said}", scenario.name),
            })
        });
        let shown = |count: Option<u64>| count.map_or_else(String::new, |count| count.to_string());
        let ratio = match counted {
            [Some(ours), Some(theirs)] => format!("{:.2} x", theirs as f64 / ours as f64),
            _ => String::new(),
        };
        println!(
            "{:<46} {:>12} {:>12} {ratio:>8}",
            scenario.name,
            shown(counted[0]),
            shown(counted[1])
        );
    }
}
