//! The engines that the targets of chains ask, with the minter whose signatures they take.
//!
//! Under toy signatures everything but signatures is judged, a hundred times
//! faster. What is found there is asked again of the panel with real ones
//! before it is told.

use std::{collections::HashMap, sync::LazyLock};

use super::twin::Twins;
use crate::{
    case::Case,
    corpus::known::{self, Entry, Known},
    defect::{Defect, Position},
    engine::{
        Capability, Engine, Observation,
        reference::{Reference, lenient_on_identity},
        toy::ToySignatures,
        webpki::Webpki,
    },
    mint::Minter,
    oracle::Kind,
    run::needs,
    validator::{AnchorError, Profile, Report},
    verdict::{Reason, Verdict},
};

/// A minter and the engines that take its signatures.
pub(super) struct Panel {
    pub(super) minter: Minter,
    report: Box<Judge>,
    peers: Vec<Peer>,
    pub(super) twins: Twins,
    /// The same with real signatures, which is asked before anything is told; none where they are real.
    pub(super) confirming: Option<&'static LazyLock<Panel>>,
}

/// The reference validator, whatever its signature scheme.
type Judge = dyn Fn(&Case) -> Result<Report, AnchorError> + Send + Sync;

struct Peer {
    engine: Box<dyn Engine>,
    /// It takes any signature for good, so it is not asked where one is at fault.
    ignores_signatures: bool,
}

/// Its chains are such as the catalogue has, of which `chain_real` asks both readers of the reference.
pub(super) static TOY: LazyLock<Panel> =
    LazyLock::new(|| Panel::toy(toys(quick()).reading_once(), &REAL));
pub(super) static REAL: LazyLock<Panel> = LazyLock::new(|| Panel::real(quick()));

/// Under RFC 5280 and nothing more: what any two implementations should agree on.
pub(super) static STANDARD: LazyLock<Panel> =
    LazyLock::new(|| Panel::toy(toys(Profile::rfc5280()).remembering(), &STANDARD_REAL));
static STANDARD_REAL: LazyLock<Panel> = LazyLock::new(|| Panel::real(Profile::rfc5280()));

/// What is known of engines, by defect.
static KNOWN: LazyLock<HashMap<String, Vec<Entry>>> = LazyLock::new(|| {
    let known = Known::from_toml(known::BUILT_IN, |_| true)
        .expect("the built-in list is checked by a test");
    let mut by_defect: HashMap<_, Vec<_>> = HashMap::new();
    for entry in known.entries() {
        let entries = by_defect.entry(entry.defect.clone()).or_default();
        entries.push(entry.clone());
    }
    by_defect
});

impl Panel {
    pub(super) fn toy(
        reference: Reference<ToySignatures>,
        confirming: &'static LazyLock<Self>,
    ) -> Self {
        Self {
            minter: Minter::toy(),
            report: Box::new(move |case| reference.report(case)),
            peers: vec![
                Peer {
                    engine: Box::new(Webpki::toy()),
                    ignores_signatures: false,
                },
                #[cfg(feature = "aws-lc")]
                Peer {
                    engine: Box::new(crate::engine::aws_lc::AwsLc::ignoring_signatures()),
                    ignores_signatures: true,
                },
            ],
            twins: Twins::default(),
            confirming: Some(confirming),
        }
    }

    pub(super) fn real(profile: Profile) -> Self {
        let reference = Reference::new(profile);
        Self {
            minter: Minter::new(),
            report: Box::new(move |case| reference.report(case)),
            peers: vec![
                Peer {
                    engine: Box::new(Webpki::default()),
                    ignores_signatures: false,
                },
                #[cfg(feature = "aws-lc")]
                Peer {
                    engine: Box::new(crate::engine::aws_lc::AwsLc::default()),
                    ignores_signatures: false,
                },
            ],
            twins: Twins::default(),
            confirming: None,
        }
    }

    /// One engine beside the reference under RFC 5280, with real signatures.
    #[cfg(test)]
    pub(super) fn of_one(engine: impl Engine + 'static) -> Self {
        let peer = Peer {
            engine: Box::new(engine),
            ignores_signatures: false,
        };
        Self {
            peers: vec![peer],
            ..Self::real(Profile::rfc5280())
        }
    }

    /// The engines as they are beside a reference that lets everybody in.
    #[cfg(test)]
    pub(super) fn of_open_reference() -> Self {
        let reference = Reference::new(Profile::rfc5280());
        let open = move |case: &Case| {
            let report = reference.report(case)?;
            Ok(Report {
                verdict: Verdict::Accept,
                violations: Vec::new(),
                ..report
            })
        };
        Self {
            report: Box::new(open),
            ..Self::real(Profile::rfc5280())
        }
    }

    /// What the reference validator says: every violated rule.
    pub(super) fn reference(&self, case: &Case) -> Result<Report, AnchorError> {
        (self.report)(case)
    }

    /// The other engines that can be asked about this case.
    pub(super) fn peers<'p>(&'p self, case: &'p Case) -> impl Iterator<Item = &'p dyn Engine> {
        self.peers_despite(case, case.expected.reasons())
    }

    /// The same for a case in which the reference found these faults.
    pub(super) fn peers_despite<'p>(
        &'p self,
        case: &Case,
        faults: &[Reason],
    ) -> impl Iterator<Item = &'p dyn Engine> + use<'p> {
        let needs: Vec<Capability> = needs(case);
        let signature = faults.iter().any(is_of_signatures);
        self.peers.iter().filter_map(move |peer| {
            let able = needs
                .iter()
                .all(|need| peer.engine.capabilities().contains(need));
            (able && !(signature && peer.ignores_signatures)).then_some(&*peer.engine)
        })
    }

    /// The peer of this name.
    pub(super) fn peer(&self, name: &str) -> Option<&dyn Engine> {
        let mut peers = self.peers.iter();
        peers
            .find(|peer| peer.engine.name() == name)
            .map(|peer| &*peer.engine)
    }
}

/// Whether a reason speaks of signatures or keys, which toy signatures do not have.
pub(super) fn is_of_signatures(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::BadSignature
            | Reason::CrlBadSignature
            | Reason::InvalidKey
            | Reason::UnsupportedKey
            | Reason::WeakKey
            | Reason::UnsupportedSignatureAlgorithm
            | Reason::WeakSignatureAlgorithm
            | Reason::AlgorithmMismatch
    )
}

fn toys(profile: Profile) -> Reference<ToySignatures> {
    Reference::with_signatures(profile, ToySignatures)
}

/// What the catalogue is judged under, without the rule that costs more than all others together.
fn quick() -> Profile {
    let mut profile = lenient_on_identity();
    profile.keys.refuse_guessable_rsa = false;
    profile
}

/// Defects that the panel's reference does not look for: those of the rule that [`quick`] leaves out.
const NOT_LOOKED_FOR: [&str; 3] = [
    "keys/rsa-shared-factor",
    "keys/rsa-close-primes",
    "keys/rsa-power-of-65537",
];

/// Whether the engine is known to err in this way on a defect.
pub(super) fn is_known(engine: &str, kind: Kind, defect: &Defect, position: Position) -> bool {
    if engine == "reference" && NOT_LOOKED_FOR.contains(&defect.id.0) {
        return true;
    }
    KNOWN.get(defect.id.0).is_some_and(|entries| {
        entries.iter().any(|entry| {
            entry.engine == engine
                && entry.kind == kind
                && entry.position.is_none_or(|at| at == position)
        })
    })
}

/// Whether an engine's answer is an acceptance, or a refusal with its words. Nothing when it cannot tell.
pub(super) fn decision(engine: &dyn Engine, case: &Case) -> Option<(bool, Observation)> {
    let observation = engine.observe(case).ok()?;
    let accepted = match observation.verdict {
        Verdict::Accept => true,
        Verdict::Reject(_) => false,
        Verdict::Inconclusive(_) => return None,
    };
    Some((accepted, observation))
}
