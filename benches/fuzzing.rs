//! What one input of the target `chain` costs with toy signatures and with real
//! ones, taking turns in one run, without libFuzzer.
//!
//! `cargo bench --bench fuzzing` prints the table. libFuzzer's own figures come
//! with `just fuzz-speed`.
#![allow(clippy::print_stdout, reason = "the table is the output")]
#![allow(clippy::unwrap_used, reason = "a benchmark has nobody to report to")]

use std::time::{Duration, Instant};

use gatecrash::target::{self, Session};

/// Inputs of one round.
const INPUTS: usize = 400;
const ROUNDS: usize = 9;

/// Changes of the seeds, the same for both targets.
fn inputs() -> Vec<Vec<u8>> {
    let chain = target::find("chain").unwrap();
    let seeds = (chain.seeds)();
    (0..INPUTS)
        .map(|number| {
            let mut input = seeds[number * 7 % seeds.len()].clone();
            chain.moves.change(&mut input, 53, number as u64);
            input
        })
        .collect()
}

fn round(session: &mut Session, inputs: &[Vec<u8>]) -> Duration {
    let start = Instant::now();
    for input in inputs {
        session.run(input);
    }
    start.elapsed()
}

fn main() {
    let inputs = inputs();
    let mut rows: Vec<(&str, Session, Vec<Duration>)> = ["chain", "chain_real"]
        .into_iter()
        .map(|name| (name, Session::new(target::find(name).unwrap()), Vec::new()))
        .collect();
    for number in 0..=ROUNDS {
        for (_, session, times) in &mut rows {
            let taken = round(session, &inputs);
            // The first round fills what is remembered.
            if number > 0 {
                times.push(taken);
            }
        }
    }
    println!("target       inputs/s  (lower quartile of {ROUNDS} rounds of {INPUTS})");
    let rates: Vec<f64> = rows
        .iter_mut()
        .map(|(name, _, times)| {
            times.sort();
            let rate = INPUTS as f64 / times[ROUNDS / 4].as_secs_f64();
            println!("{name:<12} {rate:>8.0}");
            rate
        })
        .collect();
    println!("toy signatures: {:.1} times as many", rates[0] / rates[1]);
}
