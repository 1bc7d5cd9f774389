//! Every engine of the table on the whole catalogue, one variant of each defect.

#![cfg(feature = "cli")]

use gatecrash::{
    case::pairs,
    defect,
    engine::{ENGINES, EngineOptions},
    mint::Minter,
    verdict::Verdict,
};

#[test]
fn no_engine_breaks_or_crashes_on_a_case_of_the_catalogue() {
    let minter = Minter::new();
    let pairs: Vec<_> = defect::all()
        .flat_map(|defect| pairs(&minter, defect, 2, 7))
        .filter_map(Result::ok)
        .collect();
    assert!(pairs.len() > 100, "{} pairs", pairs.len());
    for adapter in ENGINES.iter().filter(|adapter| adapter.by_default) {
        let engine = (adapter.open)(&EngineOptions::default()).expect("a build with every feature");
        let (mut let_in, mut turned_away, mut unable) = (0, 0, 0);
        for pair in &pairs {
            for case in [&pair.hostile, &pair.twin] {
                let seen = engine.observe(case);
                let seen =
                    seen.unwrap_or_else(|error| panic!("{} on {}: {error}", adapter.name, case.id));
                assert_eq!(
                    seen.verdict.reason(),
                    seen.reasons.first().copied(),
                    "{}",
                    case.id
                );
                match (&seen.verdict, case.expected.word()) {
                    (Verdict::Accept, "reject") => let_in += 1,
                    (Verdict::Reject(_), "accept") => turned_away += 1,
                    (Verdict::Inconclusive(_), _) => unable += 1,
                    _ => {}
                }
            }
        }
        println!(
            "{}: {let_in} let in, {turned_away} turned away, {unable} inconclusive",
            adapter.name
        );
    }
}
