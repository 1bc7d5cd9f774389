//! How many scripts are played in a second: in memory with toy cryptography, as the
//! fuzz target plays them, and over TCP to the reference server, as a run does.
//!
//! Each line is the median of short rounds on one thread. `cargo bench --bench script`.
#![allow(clippy::print_stdout, reason = "the table is the output")]

use std::time::{Duration, Instant};

use gatecrash::{
    case::pairs,
    defect,
    engine::{EngineOptions, find},
    handshake::{Rival, ToyWorld},
    mint::Minter,
    script::{Script, Side, Start},
};

/// Rounds, and how long one is.
const ROUNDS: usize = 21;
const ROUND: Duration = Duration::from_millis(100);

fn report(name: &str, mut play: impl FnMut()) {
    play();
    let mut rates: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            let mut plays = 0;
            while start.elapsed() < ROUND {
                play();
                plays += 1;
            }
            f64::from(plays) / start.elapsed().as_secs_f64()
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    println!("{name:<58} {:>9.0} a second", rates[ROUNDS / 2]);
}

fn main() {
    let world = ToyWorld::new();
    for side in [Side::Client, Side::Server] {
        let honest = Script::honest(side);
        for rival in Rival::of(side) {
            report(&format!("honest, in memory, {rival:?}"), || {
                assert!(!world.play(&honest, *rival).application_data.is_empty());
            });
        }
    }
    // What the fuzz target makes of one input: a script, and a play to each rival.
    let mut number = 0_u32;
    report("input of the fuzz target, one change", || {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [kind, step, one, other] = number.to_be_bytes();
        let kind = kind % Script::KINDS_OF_CHANGE;
        let start = Start::ALL[usize::from(other) % Start::ALL.len()];
        let script = Script::from_bytes(&Script::seed(start, &[[kind, step, one, other]]));
        for rival in Rival::of(script.side) {
            world.play(&script, *rival);
        }
    });
    let server = find("server").map(|adapter| (adapter.open)(&EngineOptions::default()));
    let Ok(Ok(server)) = server else { return };
    let stolen = defect::find("handshake/stolen-certificate").expect("it is in the catalogue");
    let pair = pairs(&Minter::new(), stolen, 1, 7)
        .remove(0)
        .expect("it fits");
    for (name, case) in [
        ("honest", &pair.twin),
        ("stolen certificate", &pair.hostile),
    ] {
        report(&format!("{name}, over TCP, reference server"), || {
            server.judge(case).expect("the server answers");
        });
    }
}
