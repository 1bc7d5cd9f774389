//! Any text as a suite of x509-limbo: refused with words, or every case of it can be judged.

use super::{Alarm, Reach, Session, Target, panel::TOY};
use crate::{
    case::{Case, Limbo, pairs},
    defect,
    mint::Minter,
    mutate::TEXT,
    question::Time,
};

pub(super) const LIMBO_JSON: Target = Target {
    name: "limbo_json",
    summary: "text as an x509-limbo suite: refused with words, or its cases are judged and written again",
    run,
    seeds,
    moves: TEXT,
    max_length: 16_384,
    by_rarity: true,
    dictionary: None,
    reach: Reach::stages(&["refused", "a suite", "a case", "no case", "judged"]),
};

/// The time of cases that have none: 2026-06-01 12:00 UTC.
const NOW: Time = Time::from_unix_seconds(1_780_315_200);

fn run(input: &[u8], session: &mut Session) {
    let suite = match Limbo::read(input) {
        Ok(suite) => suite,
        Err(error) => {
            session.health.reach("refused");
            if error.to_string().trim().is_empty() {
                session.fail(input, &Alarm::new("an error without words", ""));
            }
            return;
        }
    };
    session.health.reach("a suite");
    let written = suite.write();
    match Limbo::read(written.as_bytes()) {
        Ok(again) if again.write() == written => {}
        _ => session.fail(input, &Alarm::new("a suite does not read back", written)),
    }
    for testcase in suite.testcases.iter().take(4) {
        let Ok(case) = Case::from_limbo(testcase, NOW) else {
            session.health.reach("no case");
            continue;
        };
        session.health.reach("a case");
        if case.chain.len() < 16 && TOY.reference(&case).is_ok() {
            session.health.reach("judged");
        }
        for engine in TOY.peers(&case) {
            // Whatever it says: it must come back.
            let _ = engine.observe(&case);
        }
        let exported = case.to_limbo();
        let again = Case::from_limbo(&exported, NOW).map(|case| case.chain);
        if again.as_ref().ok() != Some(&case.chain) {
            let detail = format!("{again:?}\n{}", case.to_json());
            session.fail(input, &Alarm::new("a case does not read back", detail));
        }
    }
}

/// Suites of one case of the catalogue each, as `limbo-export` writes them.
fn seeds() -> Vec<Vec<u8>> {
    let minter = Minter::toy();
    defect::all()
        .step_by(12)
        .filter_map(|defect| pairs(&minter, defect, 1, 7).into_iter().next()?.ok())
        .map(|pair| Limbo::of([&pair.hostile]).write().into_bytes())
        .filter(|text| text.len() <= 16_384)
        .collect()
}
