//! Somebody else's verifier of client certificates as the body of a fuzz target.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fmt,
    io::Write as _,
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use rustls::server::danger::ClientCertVerifier;

use crate::{
    case::{Case, Expected, PLAN_MOVES, Plan, is_costly, plainest},
    corpus::{Reproducer, inputs},
    defect::{self, Class, Position},
    engine::{
        Engine,
        verifier::{Trust, VerifierEngine},
    },
    mint::Minter,
    mutate::Moves,
    oracle::Kind,
    question::Purpose,
    recipe::Recipe,
    verdict::Verdict,
};

use super::{
    Alarm, Artifacts, arguments,
    judged::{Watched, watch_panics},
    panel::is_known,
};

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
    artifacts: OnceLock<Artifacts>,
    seen: Mutex<Seen>,
}

/// How far inputs got: a verifier that is shown good chains alone looks as good as any.
#[derive(Debug, Default)]
struct Seen {
    inputs: u64,
    told: u64,
    let_in: u64,
    turned_away: BTreeMap<&'static str, u64>,
    refused: u64,
    defects: BTreeSet<&'static str>,
}

impl Seen {
    /// The defects whose good chain was turned away most often: what the verifier does not take.
    fn most_turned_away(&self) -> Option<String> {
        let mut defects: Vec<_> = self.turned_away.iter().collect();
        defects.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let words: Vec<String> = defects
            .iter()
            .take(5)
            .map(|(defect, count)| format!("{defect} {count}"))
            .collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            inputs,
            let_in,
            turned_away,
            refused,
            defects,
            ..
        } = self;
        write!(
            f,
            "{inputs} inputs, good let in {let_in}, good turned away {}, hostile refused {refused}, {} defects",
            turned_away.values().sum::<u64>(),
            defects.len()
        )
    }
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
            artifacts: OnceLock::new(),
            seen: Mutex::default(),
        }
    }

    /// Before the first input: takes from libFuzzer's arguments where findings are left, and
    /// writes the seeds into its corpus while that is empty. What is merged gets none: its first
    /// folder is empty because it is to hold what is worth keeping.
    pub fn start(&self) {
        watch_panics();
        let _ = self.artifacts.set(Artifacts::from_arguments(arguments()));
        if arguments().any(|word| word.starts_with("-merge")) {
            return;
        }
        let corpus = arguments().skip(1).find(|word| !word.starts_with('-'));
        let Some(corpus) = corpus.as_deref().map(Path::new) else {
            return;
        };
        if std::fs::read_dir(corpus).is_ok_and(|mut files| files.next().is_none())
            && let Err(error) = inputs::scatter(corpus, &Self::seeds())
        {
            let _ = writeln!(std::io::stderr(), "no seeds: {error}");
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
    /// When the benign chain is refused or the hostile one let in, with a reproducer beside
    /// libFuzzer's own file.
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
        let benign = prepared.benign.clone();
        let twin = Case::from_recipe(&self.minter, benign, "twin".into(), Expected::Accept);
        let (Ok(twin), Ok(hostile)) = (twin, hostile) else {
            return self.note(None, None, None);
        };
        let to_twin = self.judge(input, &twin, None);
        let placed = plan.placements.first().zip(hostile.as_ref());
        // A hostile chain whose twin is refused proves nothing.
        let placed = placed.filter(|_| to_twin == Some(true));
        let to_hostile = placed.and_then(|(placement, hostile)| {
            let known = (
                placement.defect.id.0,
                placement.position,
                prepared.benign.clone(),
            );
            let accepted = self.judge(input, hostile, Some(known))?;
            Some((placement, hostile, accepted))
        });
        if to_twin == Some(false) && plan.placements.is_empty() {
            self.tell(input, "turned away a good chain", &twin, None);
        }
        if let Some((placement, hostile, true)) = to_hostile {
            let what = format!("let in {}", placement.defect.id);
            let known = (placement.defect.id.0, placement.position, prepared.benign);
            self.tell(input, &what, hostile, Some(known));
        }
        self.note(
            plan.placements
                .first()
                .map(|placement| placement.defect.id.0),
            to_twin,
            to_hostile.map(|(placement, ..)| placement.defect.id.0),
        );
    }

    /// Counts an input, and tells how far they got each time that their number has doubled.
    fn note(
        &self,
        defect: Option<&'static str>,
        to_twin: Option<bool>,
        refused: Option<&'static str>,
    ) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.inputs += 1;
        seen.let_in += u64::from(to_twin == Some(true));
        if let (Some(defect), Some(false)) = (defect, to_twin) {
            *seen.turned_away.entry(defect).or_default() += 1;
        }
        seen.refused += u64::from(refused.is_some());
        seen.defects.extend(refused);
        if seen.inputs >= 256.max(2 * seen.told) {
            seen.told = seen.inputs;
            let name = self.engine.name();
            let mut told = std::io::stderr().lock();
            let _ = writeln!(told, "health of {name}: {seen}");
            if let Some(most) = seen.most_turned_away() {
                let _ = writeln!(told, "health of {name}: good turned away beside {most}");
            }
            for (never, what) in [
                (seen.let_in == 0, "lets in a good chain"),
                (seen.refused == 0, "refuses a hostile one"),
            ] {
                if never {
                    let _ = writeln!(told, "health of {name}: never {what}, so nothing is tested");
                }
            }
        }
    }

    /// Seeds: a plan for each defect that counts.
    pub fn seeds() -> Vec<Vec<u8>> {
        let counts = |defect: &&defect::Defect| {
            defect.class == Class::MustReject
                && defect.purposes.contains(&Purpose::Client)
                && !is_costly(defect)
        };
        Plan::defects()
            .filter(counts)
            .map(|defect| Plan::to_bytes(&plainest(Purpose::Client), &[(defect, 0)]))
            .collect()
    }

    fn judge(
        &self,
        input: &[u8],
        case: &Case,
        defect: Option<(&str, Position, Recipe)>,
    ) -> Option<bool> {
        let artifacts = self.artifacts.get();
        let _watched = artifacts
            .map(|artifacts| Watched::new(artifacts, input, self.alarm("panicked", case, defect)));
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

    /// What is wrong with a case; `defect` is that of a hostile one, with its twin.
    fn alarm(&self, what: &str, case: &Case, defect: Option<(&str, Position, Recipe)>) -> Alarm {
        let what = format!("{} {what}", self.engine.name());
        let (id, position, twin) = match defect {
            Some((id, position, twin)) => (Some(id.to_owned()), position, Some(twin)),
            None => (None, Position::Chain, None),
        };
        let reproducer = case.recipe.clone().map(|recipe| {
            Box::new(Reproducer {
                why: format!("{what}, found by fuzzing"),
                defect: id,
                position,
                reasons: case.expected.reasons().to_vec(),
                good: twin.is_none(),
                profile: None,
                recipe,
                twin,
            })
        });
        Alarm {
            reproducer,
            ..Alarm::new(what, "")
        }
    }

    fn tell(
        &self,
        input: &[u8],
        what: &str,
        case: &Case,
        defect: Option<(&str, Position, Recipe)>,
    ) -> ! {
        let alarm = self.alarm(what, case, defect);
        let recipe = alarm.reproducer.as_ref();
        let text = recipe.and_then(|it| it.recipe.to_toml().ok());
        let mut text = format!("{}\n{}", alarm.what, text.unwrap_or_default());
        if let Some(artifacts) = self.artifacts.get() {
            let words = artifacts.keep(input, &alarm, &text);
            text.push_str(
                &words.unwrap_or_else(|error| format!("no reproducer was written: {error}")),
            );
        }
        panic!("{text}");
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use rustls::{RootCertStore, server::WebPkiClientVerifier};

    use super::*;
    use crate::handshake::AnyPeer;

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
    fn moves_from_nothing_find_out_whoever_lets_everybody_in() {
        let target = VerifierTarget::new(
            "open",
            |_| -> Result<Arc<dyn ClientCertVerifier>, rustls::Error> { Ok(Arc::new(AnyPeer)) },
        );
        let folder = tempfile::tempdir().expect("a folder");
        let prefix = format!("-artifact_prefix={}/", folder.path().display());
        let artifacts = Artifacts::from_arguments([prefix].into_iter());
        target.artifacts.set(artifacts).expect("the first");
        let mut input = Vec::new();
        let found = (0..40).find(|seed| {
            VerifierTarget::MOVES.change(&mut input, 64, *seed);
            catch_unwind(AssertUnwindSafe(|| target.run(&input))).is_err()
        });
        assert!(found.is_some(), "{:?}", target.seen);
        let case = folder
            .path()
            .join(format!("crash-{}.case", inputs::sha1_name(&input)));
        let kept = Reproducer::read(&case).expect("a reproducer");
        kept.check(&case, &Minter::new()).expect("the same bytes");
        assert!(kept.defect.is_some() && kept.twin.is_some());
    }

    #[test]
    fn a_verifier_that_panics_leaves_what_it_was_shown() {
        let target = VerifierTarget::new(
            "fragile",
            |_| -> Result<Arc<dyn ClientCertVerifier>, rustls::Error> { panic!("ouch") },
        );
        let folder = tempfile::tempdir().expect("a folder");
        let prefix = format!("-artifact_prefix={}/", folder.path().display());
        let artifacts = Artifacts::from_arguments([prefix].into_iter());
        target.artifacts.set(artifacts).expect("the first");
        watch_panics();
        let input = seed("validity/expired");
        let _ = catch_unwind(AssertUnwindSafe(|| target.run(&input)));
        let case = folder
            .path()
            .join(format!("crash-{}.case", inputs::sha1_name(&input)));
        let kept = Reproducer::read(&case).expect("a reproducer");
        assert!(kept.why.contains("fragile panicked"), "{}", kept.why);
        kept.check(&case, &Minter::new()).expect("the same bytes");
    }

    #[test]
    fn a_seed_shows_its_defect() {
        let target = without_crls().knowing(&["revocation/*"]).built_on("rustls");
        for id in ["validity/expired", "signature/bit-flipped"] {
            target.run(&seed(id));
        }
        let seen = target.seen.lock().expect("whole");
        assert_eq!((seen.let_in, seen.refused), (2, 2), "{seen}");
        assert_eq!(seen.most_turned_away(), None);
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
