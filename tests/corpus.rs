//! The corpus still means what it meant: each reproducer mints the bytes that
//! are kept beside it, and the reference validator judges it as expected, or
//! rustls where it is a handshake.

use std::path::Path;

use gatecrash::{
    corpus::{Reproducer, reproducer},
    mint::Minter,
};

fn reproducers() -> Vec<(std::path::PathBuf, Reproducer)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/reproducers");
    let paths = reproducer::list(&corpus).expect("the corpus is readable");
    paths
        .into_iter()
        .map(|path| {
            (
                path.clone(),
                Reproducer::read(&path).unwrap_or_else(|error| panic!("{error}")),
            )
        })
        .collect()
}

#[test]
fn every_reproducer_mints_the_bytes_that_are_kept() {
    let minter = Minter::new();
    let all = reproducers();
    assert!(all.len() >= 12, "{} reproducers", all.len());
    for (path, reproducer) in all {
        reproducer
            .check(&path, &minter)
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(
            reproducer.why.len() > 20,
            "{}: why is it kept?",
            path.display()
        );
    }
}

#[test]
#[cfg(feature = "rustls")]
fn the_reference_validator_or_rustls_judges_every_reproducer_as_expected() {
    use gatecrash::{
        engine::{Engine, reference::Reference, rustls},
        oracle::{
            Answer, Asked,
            expected::{self, Mark},
        },
    };

    let minter = Minter::new();
    let (reference, rustls) = (Reference::default(), rustls::engine());
    for (path, reproducer) in reproducers() {
        let (hostile, twin) = reproducer
            .mint(&path, &minter)
            .unwrap_or_else(|error| panic!("{error}"));
        let engine: &dyn Engine = match &hostile.handshake {
            None => &reference,
            Some(_) => &rustls,
        };
        let asked = Asked {
            engine: engine.name(),
            states_reasons: true,
        };
        let to_hostile = Answer::of(engine.observe(&hostile)).expect("an answer");
        let (mark, findings) = match &twin {
            Some(twin) => {
                let to_twin = Answer::of(engine.observe(twin)).expect("an answer");
                expected::pair(asked, (&hostile, Some(&to_hostile)), (twin, Some(&to_twin)))
            }
            None => expected::alone(asked, &hostile, Some(&to_hostile)),
        };
        assert_eq!(mark, Mark::Correct, "{}: {findings:?}", path.display());
    }
}
