//! The library in five lines: everything that is wrong with a verifier, from a test.
//!
//! ```
//! # use gatecrash::{Case, Gauntlet, engine::{Engine, EngineError}, verdict::Verdict};
//! # struct Mine;
//! # impl Engine for Mine {
//! #     fn name(&self) -> &str { "mine" }
//! #     fn judge(&self, case: &Case) -> Result<Verdict, EngineError> {
//! #         Ok(case.expected.reasons().first().map_or(Verdict::Accept, |reason| Verdict::Reject(*reason)))
//! #     }
//! # }
//! Gauntlet::new().defects("validity/*").variants(2).engine(Mine).run().assert_clean();
//! ```

use std::{fmt, num::NonZeroUsize};

use crate::{
    corpus::known::Known,
    defect::{self, Defect},
    engine::Engine,
    oracle::Finding,
    report::{self, Context, Format},
    run::{self, Options, RunReport, Work},
    spelling::did_you_mean,
};

#[cfg(feature = "rustls")]
use std::{error::Error, sync::Arc};

#[cfg(feature = "rustls")]
use crate::engine::verifier::{Trust, VerifierEngine};

/// Shows the catalogue to whatever it is given, and to nothing else.
#[must_use = "a gauntlet does nothing until it is run"]
pub struct Gauntlet {
    engines: Vec<Box<dyn Engine>>,
    #[cfg(feature = "rustls")]
    verifiers: Vec<(String, VerifierEngine)>,
    globs: Vec<String>,
    variants: u32,
    rng_seed: u64,
    jobs: NonZeroUsize,
}

impl Default for Gauntlet {
    fn default() -> Self {
        Self::new()
    }
}

impl Gauntlet {
    /// All defects, four variants of each, rng seed 7, one thread, and nobody to judge yet.
    pub fn new() -> Self {
        Self {
            engines: Vec::new(),
            #[cfg(feature = "rustls")]
            verifiers: Vec::new(),
            globs: Vec::new(),
            variants: 4,
            rng_seed: 7,
            jobs: NonZeroUsize::MIN,
        }
    }

    /// So many settings for each defect; at least one.
    pub fn variants(mut self, variants: u32) -> Self {
        self.variants = variants.max(1);
        self
    }

    /// Draws the settings from this.
    pub fn rng_seed(mut self, rng_seed: u64) -> Self {
        self.rng_seed = rng_seed;
        self
    }

    /// So many threads; at least one.
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = NonZeroUsize::new(jobs).unwrap_or(NonZeroUsize::MIN);
        self
    }

    /// Only defects whose ids match the glob, in which `*` stands for any text. Call it again for more.
    pub fn defects(mut self, glob: &str) -> Self {
        self.globs.push(glob.to_owned());
        self
    }

    /// Judges an engine.
    pub fn engine(mut self, engine: impl Engine + 'static) -> Self {
        self.engines.push(Box::new(engine));
        self
    }

    /// Judges a verifier of client certificates, built anew for what each case trusts.
    ///
    /// A refusal to build from what a case trusts counts as a refusal of the case.
    #[cfg(feature = "rustls")]
    pub fn client_verifier<F, E>(self, name: &str, build: F) -> Self
    where
        F: Fn(&Trust<'_>) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>, E>
            + Send
            + Sync
            + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.verifier(name, |engine| engine.client(build))
    }

    /// Judges a verifier of server certificates, built anew for what each case trusts.
    ///
    /// With the name of a client verifier, both are one engine.
    #[cfg(feature = "rustls")]
    pub fn server_verifier<F, E>(self, name: &str, build: F) -> Self
    where
        F: Fn(&Trust<'_>) -> Result<Arc<dyn rustls::client::danger::ServerCertVerifier>, E>
            + Send
            + Sync
            + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.verifier(name, |engine| engine.server(build))
    }

    #[cfg(feature = "rustls")]
    fn verifier(mut self, name: &str, add: impl FnOnce(VerifierEngine) -> VerifierEngine) -> Self {
        let engine = match self.verifiers.iter().position(|(known, _)| known == name) {
            Some(index) => self.verifiers.remove(index).1,
            None => VerifierEngine::new(name),
        };
        self.verifiers.push((name.to_owned(), add(engine)));
        self
    }

    /// Judges.
    ///
    /// # Panics
    /// When there is nobody to judge, two engines share a name, or a glob
    /// matches no defect: a test that judges nothing must not pass.
    #[track_caller]
    pub fn run(self) -> Report {
        let engines = self.engines.iter().map(Box::as_ref);
        #[cfg(feature = "rustls")]
        let engines = engines.chain(
            self.verifiers
                .iter()
                .map(|(_, engine)| engine as &dyn Engine),
        );
        let engines: Vec<&dyn Engine> = engines.collect();
        assert!(
            !engines.is_empty(),
            "the gauntlet was given nobody to judge"
        );
        for (index, engine) in engines.iter().enumerate() {
            let repeated = engines[..index]
                .iter()
                .any(|other| other.name() == engine.name());
            assert!(!repeated, "two engines are called `{}`", engine.name());
        }
        let known = Known::none();
        let options = Options {
            jobs: self.jobs,
            ..Options::new(&known)
        };
        Report(run::run(
            &Work::catalogue(selected(&self.globs), self.variants, self.rng_seed),
            &engines,
            &options,
        ))
    }
}

impl fmt::Debug for Gauntlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gauntlet")
            .field("globs", &self.globs)
            .field("variants", &self.variants)
            .finish_non_exhaustive()
    }
}

#[track_caller]
fn selected(globs: &[String]) -> Vec<&'static Defect> {
    if globs.is_empty() {
        return defect::all().collect();
    }
    for glob in globs {
        let hint = did_you_mean(defect::nearest(glob));
        assert!(
            defect::matching(glob).next().is_some(),
            "no defect matches `{glob}`{hint}"
        );
    }
    let chosen = |defect: &&'static Defect| {
        globs
            .iter()
            .any(|glob| defect::matching(glob).any(|matching| matching.id == defect.id))
    };
    defect::all().filter(chosen).collect()
}

/// What came of it. Displays as the text report.
#[derive(Clone, Debug)]
pub struct Report(RunReport);

impl Report {
    /// Everything that is not as it should be, in the order of the catalogue.
    pub fn findings(&self) -> &[Finding] {
        &self.0.findings
    }

    /// All of the run, with every case and answer.
    pub fn as_run(&self) -> &RunReport {
        &self.0
    }

    /// Demands that there is nothing to report.
    ///
    /// # Panics
    /// With the text report, when there are findings, an engine broke, or no
    /// answer told anything.
    #[track_caller]
    pub fn assert_clean(&self) {
        let told = self
            .0
            .cases
            .iter()
            .flat_map(|case| &case.answers)
            .flatten()
            .any(|answer| answer.conclusive().is_some());
        let clean = self.0.findings.is_empty() && self.0.broken.is_empty() && told;
        assert!(
            clean,
            "{}\n\n{self}",
            if told {
                "not clean"
            } else {
                "no answer told anything"
            }
        );
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text =
            report::render(&self.0, Format::Text, &Context::default()).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::Case,
        engine::EngineError,
        oracle::Kind,
        verdict::{Verdict, Why},
    };

    struct Says(&'static str, fn(&Case) -> Verdict);

    impl Engine for Says {
        fn name(&self) -> &str {
            self.0
        }
        fn judge(&self, case: &Case) -> Result<Verdict, EngineError> {
            Ok((self.1)(case))
        }
    }

    const CREDULOUS: Says = Says("credulous", |_| Verdict::Accept);

    fn message(body: impl FnOnce() + std::panic::UnwindSafe) -> String {
        let payload = std::panic::catch_unwind(body).expect_err("it must panic");
        payload
            .downcast_ref::<String>()
            .cloned()
            .unwrap_or_default()
    }

    #[test]
    fn findings_carry_kind_defect_and_case() {
        let report = Gauntlet::new()
            .variants(1)
            .defects("validity/expired")
            .engine(CREDULOUS)
            .run();
        let [finding] = report.findings() else {
            panic!("{report}")
        };
        assert_eq!(
            (finding.kind(), finding.engine()),
            (Kind::FalseAccept, "credulous")
        );
        assert_eq!(
            finding.defect().map(|id| id.to_string()).as_deref(),
            Some("validity/expired")
        );
        assert_eq!(finding.case(), "validity/expired@end-entity#0");
        let text = message(move || report.assert_clean());
        assert!(text.contains("credulous lets in"), "{text}");
    }

    #[test]
    fn a_test_that_would_judge_nothing_does_not_pass() {
        let text = message(|| drop(Gauntlet::new().run()));
        assert!(text.is_empty() || text.contains("nobody"), "{text}");
        let text = message(|| {
            drop(
                Gauntlet::new()
                    .engine(CREDULOUS)
                    .defects("validty/expired")
                    .run(),
            )
        });
        assert!(text.contains("`validity/expired`"), "{text}");
        let text = message(|| drop(Gauntlet::new().engine(CREDULOUS).engine(CREDULOUS).run()));
        assert!(text.contains("two engines"), "{text}");
        let silent = Says("silent", |_| Verdict::Inconclusive(Why::OverBudget));
        let report = Gauntlet::new()
            .variants(1)
            .defects("validity/*")
            .engine(silent)
            .run();
        assert!(message(move || report.assert_clean()).contains("no answer told anything"));
    }
}
