//! Verifications of client certificates beside rustls-webpki's, in one run.
//!
//! Criterion keeps the absolute times; the table of ratios printed first takes
//! turns between the two sides, so that a noisy machine slows both alike.
//! `cargo bench --bench verification` runs everything, `-- ratios` the table alone.
#![allow(clippy::print_stdout, reason = "the table of ratios is the output")]
#![allow(clippy::unwrap_used, reason = "a benchmark has nobody to report to")]
#![allow(
    missing_docs,
    reason = "criterion_group makes an undocumented function"
)]

mod pki;

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::Criterion;
use gatecrash::validator::{ParsedCrl, ReferenceClientVerifier, StrictClientVerifier};
use pki::{Pki, Traffic, revoked_serial};
use rustls::server::danger::ClientCertVerifier;

/// More end entities than the production verifier remembers, so that each one is new to it.
const END_ENTITIES: u64 = 20_000;

fn reference(pki: &Pki, crls: Option<u64>) -> Arc<dyn ClientCertVerifier> {
    Arc::new(ReferenceClientVerifier::new(pki.config(crls)))
}

/// The time of one call on each side, the sides taking turns in short rounds.
///
/// The lower quartile is told: other processes only ever add.
fn compare(rounds: usize, calls: [u32; 2], sides: [&mut dyn FnMut(); 2]) -> [Duration; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for side in 0..2 {
            let start = Instant::now();
            for _ in 0..calls[side] {
                sides[side]();
            }
            times[side].push(start.elapsed() / calls[side]);
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 4]
    })
}

fn line(what: &str, goal: &str, [ours, theirs]: [Duration; 2]) {
    let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
    println!("{what:<44} {ours:>11.1?} {theirs:>11.1?} {ratio:>8.2} x   goal {goal}");
}

fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| {
        text.split(' ')
            .nth(1)
            .and_then(|pages| pages.parse::<u64>().ok())
    });
    pages.unwrap_or(0) * 4_096
}

/// Prints what loading a CRL adds to this process, its own bytes excepted.
fn memory(who: &str, path: &str) {
    let der = std::fs::read(path).unwrap();
    let before = resident_bytes();
    if who == "ours" {
        let parsed = black_box(ParsedCrl::from_der(der).unwrap());
        println!("{}", resident_bytes().saturating_sub(before));
        drop(parsed);
    } else {
        let parsed = black_box(webpki::OwnedCertRevocationList::from_der(&der).unwrap());
        println!("{}", resident_bytes().saturating_sub(before));
        drop(parsed);
    }
}

fn ratios(pki: &Pki) {
    println!(
        "{:<44} {:>11} {:>11} {:>10}",
        "per verification", "ours", "webpki's", "ratio"
    );
    let mut webpki = Traffic::new(pki, pki.webpki(None));
    let mut strict = Traffic::new(pki, pki.strict(None));
    line(
        "strict, steady",
        "1.6",
        compare(100, [40, 40], [&mut || strict.one(), &mut || webpki.one()]),
    );
    let mut reference = Traffic::new(pki, reference(pki, None));
    line(
        "reference",
        "-",
        compare(
            15,
            [300, 300],
            [&mut || reference.one(), &mut || webpki.one()],
        ),
    );
    let config = pki.config(None);
    let mut cold = || {
        let verifier = Arc::new(StrictClientVerifier::new(config.clone()).unwrap());
        let mut traffic = Traffic {
            pki,
            verifier,
            next: 0,
        };
        traffic.one();
    };
    line(
        "strict, cold (verifier built each time)",
        "0.9",
        compare(100, [20, 20], [&mut cold, &mut || webpki.one()]),
    );
    for (entries, goal, calls, rounds) in [
        (1_000, "-", 20, 60),
        (100_000, "30", 2, 30),
        (1_000_000, "200", 1, 10),
    ] {
        let mut peer = Traffic::new(pki, pki.webpki(Some(entries)));
        let mut ours = Traffic::new(pki, pki.strict(Some(entries)));
        let what = format!("strict, CRL of {entries} entries");
        line(
            &what,
            goal,
            compare(
                rounds,
                [40, calls],
                [&mut || ours.one(), &mut || peer.one()],
            ),
        );
        drop(peer);
        let what = format!("strict, CRL of {entries}, beside without");
        line(
            &what,
            "0.95",
            compare(100, [40, 40], [&mut || ours.one(), &mut || strict.one()]),
        );
    }
    load(pki);
}

fn load(pki: &Pki) {
    let crl = Pki::crl(&pki.issuer, 1_000_000);
    let der = crl.as_ref();
    let mut ours = || {
        black_box(ParsedCrl::from_der(der.to_vec()).unwrap());
    };
    let mut peer = || {
        black_box(webpki::OwnedCertRevocationList::from_der(der).unwrap());
    };
    line(
        "loading a CRL of 1,000,000 entries",
        "2 (time)",
        compare(5, [1, 1], [&mut ours, &mut peer]),
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), der).unwrap();
    let [ours, peer] = ["ours", "webpki"].map(|who| {
        // Each in a fresh process: a heap that was used before hides what is needed.
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        let output = command
            .args(["memory", who])
            .arg(file.path())
            .output()
            .unwrap();
        String::from_utf8(output.stdout)
            .unwrap()
            .trim()
            .parse::<u64>()
            .unwrap()
    });
    println!(
        "memory beside the DER: {} MB, {} MB: {:.2}   goal 0.2",
        ours >> 20,
        peer >> 20,
        ours as f64 / peer as f64
    );
    let parsed = ParsedCrl::from_der(der.to_vec()).unwrap();
    let hits: Vec<_> = (0..100_000_u64)
        .map(|number| revoked_serial(number * 10))
        .collect();
    let start = Instant::now();
    let found = hits
        .iter()
        .filter(|serial| parsed.find(*serial).is_some())
        .count();
    let each = start.elapsed() / hits.len() as u32;
    let start = Instant::now();
    let missed = (0..100_000_u64)
        .filter(|number| parsed.find(&number.to_be_bytes()).is_none())
        .count();
    println!(
        "lookups: hit {each:.0?} ({found} found), miss {:.0?} ({missed} missed)",
        start.elapsed() / 100_000
    );
}

fn groups(criterion: &mut Criterion, pki: &Pki) {
    let mut group = criterion.benchmark_group("verify-client");
    group.sample_size(20);
    let mut bench = |name: &str, verifier: Arc<dyn ClientCertVerifier>| {
        let mut traffic = Traffic::new(pki, verifier);
        group.bench_function(name, |bencher| bencher.iter(|| traffic.one()));
    };
    for (suffix, crls) in [
        ("no-crl", None),
        ("crl-1k", Some(1_000)),
        ("crl-100k", Some(100_000)),
    ] {
        bench(&format!("strict/{suffix}"), pki.strict(crls));
        bench(&format!("reference/{suffix}"), reference(pki, crls));
        bench(&format!("webpki/{suffix}"), pki.webpki(crls));
    }
    group.finish();
    let crl = Pki::crl(&pki.issuer, 100_000);
    let mut group = criterion.benchmark_group("load-crl-100k");
    group.sample_size(10);
    group.bench_function("ours", |bencher| {
        bencher.iter(|| ParsedCrl::from_der(crl.as_ref().to_vec()).unwrap())
    });
    group.bench_function("webpki", |bencher| {
        bencher.iter(|| webpki::OwnedCertRevocationList::from_der(crl.as_ref()).unwrap());
    });
    group.finish();
}

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let [mode, who, path, ..] = &*arguments
        && mode == "memory"
    {
        return memory(who, path);
    }
    let pki = Pki::new(END_ENTITIES);
    let only_ratios = arguments.iter().any(|argument| argument == "ratios");
    if only_ratios
        || !arguments
            .iter()
            .any(|argument| argument == "--test" || argument == "--list")
    {
        ratios(&pki);
    }
    if !only_ratios {
        let mut criterion = Criterion::default().configure_from_args();
        groups(&mut criterion, &pki);
        criterion.final_summary();
    }
}
