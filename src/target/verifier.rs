//! Somebody else's verifier of client certificates as the body of a fuzz target.

use std::{collections::BTreeSet, error::Error, sync::Arc};

use rustls::server::danger::ClientCertVerifier;

use crate::{
    case::{Case, Expected, PLAN_MOVES, Plan},
    defect::{self, Class},
    engine::{
        Engine,
        verifier::{Trust, VerifierEngine},
    },
    mint::Minter,
    mutate::Moves,
    oracle::Kind,
    verdict::Verdict,
};

use super::panel::is_known;

/// Fuzzes a verifier with chains of the catalogue, really signed: it must let
/// the benign one in, and none with a defect that a standard forbids.
///
/// ```
/// # use std::sync::Arc;
/// # use gatecrash::target::VerifierTarget;
/// # use rustls::server::{WebPkiClientVerifier, danger::ClientCertVerifier};
/// let target = VerifierTarget::new("mine", |trust| -> Result<Arc<dyn ClientCertVerifier>, rustls::Error> {
///     let mut roots = rustls::RootCertStore::empty();
///     for anchor in trust.anchors() {
///         roots.add(anchor.clone().into())?;
///     }
///     let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
///     let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
///     Ok(builder.build().expect("there are roots"))
/// });
/// target.run(b"any octets, such as those of libFuzzer");
/// ```
pub struct VerifierTarget {
    engine: VerifierEngine,
    minter: Minter,
    left_out: BTreeSet<&'static str>,
    built_on: Option<String>,
}

impl VerifierTarget {
    /// How inputs are changed and crossed, for libFuzzer's hooks.
    pub const MOVES: Moves = PLAN_MOVES;

    /// A verifier, built anew for what each case trusts.
    pub fn new<F, E>(name: &str, build: F) -> Self
    where
        F: Fn(&Trust<'_>) -> Result<Arc<dyn ClientCertVerifier>, E> + Send + Sync + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        Self {
            engine: VerifierEngine::new(name).client(build),
            minter: Minter::new(),
            left_out: BTreeSet::new(),
            built_on: None,
        }
    }

    /// Leaves out the defects that match these globs: what the verifier is known to let in.
    #[must_use]
    pub fn knowing(mut self, defects: &[&str]) -> Self {
        let found = defects.iter().flat_map(|glob| defect::matching(glob));
        self.left_out.extend(found.map(|defect| defect.id.0));
        self
    }

    /// Leaves out what is known of the engine that the verifier is built on, such as `rustls`.
    #[must_use]
    pub fn built_on(mut self, engine: &str) -> Self {
        self.built_on = Some(engine.to_owned());
        self
    }

    /// Judges what these octets say. One defect an input: two may hide each other.
    ///
    /// # Panics
    /// When the benign chain is refused or the hostile one let in, with the recipe.
    pub fn run(&self, input: &[u8]) {
        let mut plan = Plan::from_bytes(input);
        plan.placements.retain(|placement| {
            let known = self.built_on.as_deref().is_some_and(|engine| {
                is_known(
                    engine,
                    Kind::FalseAccept,
                    placement.defect,
                    placement.position,
                )
            });
            placement.defect.class == Class::MustReject
                && !known
                && !self.left_out.contains(placement.defect.id.0)
        });
        plan.placements.truncate(1);
        let prepared = plan.prepare();
        let hostile = prepared.spoil(&plan).mint(&self.minter);
        let twin = Case::from_recipe(
            &self.minter,
            prepared.benign,
            "twin".into(),
            Expected::Accept,
        );
        let (Ok(twin), Ok(hostile)) = (twin, hostile) else {
            return;
        };
        let judged = self.judge(&twin);
        match (judged, hostile) {
            (Some(false), _) if plan.placements.is_empty() => {
                self.tell("turned away a good chain", &twin);
            }
            (Some(true), Some(hostile)) if self.judge(&hostile) == Some(true) => {
                let id = plan.placements.first().map(|placement| placement.defect.id);
                let what = id.map_or_else(String::new, |id| format!("let in {id}"));
                self.tell(&what, &hostile);
            }
            _ => {}
        }
    }

    /// Seeds: a plan for each defect that counts.
    pub fn seeds() -> Vec<Vec<u8>> {
        (super::chain::CHAIN.seeds)()
    }

    fn judge(&self, case: &Case) -> Option<bool> {
        let needed = crate::run::needs(case);
        let able = needed
            .iter()
            .all(|need| self.engine.capabilities().contains(need));
        match able.then(|| self.engine.judge(case)) {
            Some(Ok(Verdict::Accept)) => Some(true),
            Some(Ok(Verdict::Reject(_))) => Some(false),
            Some(Ok(Verdict::Inconclusive(_)) | Err(_)) | None => None,
        }
    }

    fn tell(&self, what: &str, case: &Case) -> ! {
        let recipe = case
            .recipe
            .as_ref()
            .and_then(|recipe| recipe.to_toml().ok());
        panic!(
            "{} {what}\n{}",
            self.engine.name(),
            recipe.unwrap_or_default()
        );
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use rustls::{RootCertStore, server::WebPkiClientVerifier};

    use super::*;
    use crate::{case::plainest, defect, question::Purpose};

    fn without_crls() -> VerifierTarget {
        VerifierTarget::new("mine", |trust| {
            let mut roots = RootCertStore::empty();
            for anchor in trust.anchors() {
                roots.add(anchor.clone().into())?;
            }
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder
                .build()
                .map_err(|error| rustls::Error::General(error.to_string()))
        })
    }

    fn seed(id: &str) -> Vec<u8> {
        let defect = defect::find(id).expect(id);
        Plan::to_bytes(&plainest(Purpose::Client), &[(defect, 0)])
    }

    #[test]
    fn a_missing_check_is_told_and_a_known_one_is_not() {
        let revoked = seed("revocation/end-entity-revoked");
        let told = catch_unwind(AssertUnwindSafe(|| without_crls().run(&revoked)));
        let words = told.expect_err("it is let in");
        let words = words.downcast_ref::<String>().expect("words");
        assert!(
            words.contains("let in revocation/end-entity-revoked"),
            "{words}"
        );
        without_crls().knowing(&["revocation/*"]).run(&revoked);
        without_crls().run(&seed("validity/expired"));
    }
}
