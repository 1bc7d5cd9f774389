//! Whatever a script does, nobody is let in who has proven nothing.

use std::sync::LazyLock;

use gatecrash::{
    handshake::{Broken, Rival, ToyWorld, broken},
    script::{ProtocolVersion, Script, Start},
};
use proptest::prelude::*;

use crate::config;

static WORLD: LazyLock<ToyWorld> = LazyLock::new(ToyWorld::new);

fn script() -> impl Strategy<Value = Script> {
    let change = (0..Script::KINDS_OF_CHANGE, any::<[u8; 3]>())
        .prop_map(|(kind, [step, one, other])| [kind, step, one, other]);
    (
        prop::sample::select(&Start::ALL),
        prop::collection::vec(change, 1..=8),
    )
        .prop_map(|(start, changes)| Script::from_bytes(&Script::seed(start, &changes)))
}

fn check(script: &Script, allowed: impl Fn(Broken) -> bool) -> Result<(), TestCaseError> {
    for rival in Rival::of(script.side) {
        let outcome = WORLD.play(script, *rival);
        let broken =
            broken(script, &outcome, WORLD.identity(*rival)).filter(|broken| !allowed(*broken));
        let text = script.to_toml().unwrap_or_default();
        prop_assert_eq!(broken, None, "{:?}: {}\n{}", rival, outcome, text);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn no_script_gets_an_answer_under_an_identity_that_it_has_not_proven(script in script()) {
        check(&script, |_| false)?;
    }

    #[test]
    fn no_protocol_below_the_floor_is_negotiated(mut script in script(), version in 0x0300_u16..=0x0303) {
        // Old versions alone, by the old field.
        script.hello.versions.clear();
        script.hello.legacy_version = ProtocolVersion(version);
        check(&script, |_| false)?;
    }
}
