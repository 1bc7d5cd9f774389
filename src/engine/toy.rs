//! Toy signatures for those engines that can be told to verify them.
//!
//! What they judge otherwise is all of their rules, a hundred times faster than
//! with elliptic curves. Whether a true signature is bad must be asked with true ones.

pub use crate::handshake::{TOY_ALGORITHMS, ToySignatures};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::pairs,
        defect,
        engine::{Engine, reference::Reference, webpki::Webpki},
        mint::Minter,
        validator::Profile,
        verdict::Verdict,
    };

    #[test]
    fn engines_that_are_told_to_take_toy_signatures_and_no_others_do() {
        let (toy, real) = (Minter::toy(), Minter::new());
        let reference = Reference::with_signatures(Profile::rfc5280(), ToySignatures);
        let engines: [&dyn Engine; 2] = [&reference, &Webpki::toy()];
        let defect = defect::find("validity/expired").expect("a defect");
        let minted = |minter| {
            pairs(minter, defect, 2, 7)
                .into_iter()
                .map(|pair| pair.expect("a pair"))
        };
        for (toy, real) in minted(&toy).zip(minted(&real)) {
            for engine in engines {
                assert_eq!(
                    engine.judge(&toy.twin),
                    Ok(Verdict::Accept),
                    "{} {}",
                    engine.name(),
                    toy.twin.id
                );
                let hostile = engine.judge(&toy.hostile).expect("an answer");
                assert_eq!(hostile.reason(), defect.reasons.first().copied());
                assert!(
                    matches!(engine.judge(&real.twin), Ok(Verdict::Reject(_))),
                    "{}",
                    engine.name()
                );
            }
        }
    }
}
