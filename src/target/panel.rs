//! The engines that the targets of chains ask, with the minter whose signatures they take.
//!
//! Under toy signatures everything but signatures is judged, a hundred times
//! faster. What is found there is asked again of the panel with real ones
//! before it is told.

use std::sync::LazyLock;

use crate::{
    case::Case,
    corpus::known::{self, Known},
    defect::{Defect, Position},
    engine::{
        Capability, Engine, Observation, reference::Reference, toy::ToySignatures, webpki::Webpki,
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
    /// Whether the signatures are real.
    pub(super) real: bool,
}

/// The reference validator, whatever its signature scheme.
type Judge = dyn Fn(&Case) -> Result<Report, AnchorError> + Send + Sync;

struct Peer {
    engine: Box<dyn Engine>,
    /// It takes any signature for good, so it is not asked where one is at fault.
    ignores_signatures: bool,
}

pub(super) static TOY: LazyLock<Panel> = LazyLock::new(Panel::toy);
pub(super) static REAL: LazyLock<Panel> = LazyLock::new(Panel::real);

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    Known::from_toml(known::BUILT_IN, |_| true).expect("the built-in list is checked by a test")
});

impl Panel {
    pub(super) fn toy() -> Self {
        let reference = Reference::with_signatures(profile(), ToySignatures);
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
            real: false,
        }
    }

    pub(super) fn real() -> Self {
        let reference = Reference::new(profile());
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
            real: true,
        }
    }

    /// What the reference validator says: every violated rule.
    pub(super) fn reference(&self, case: &Case) -> Result<Report, AnchorError> {
        (self.report)(case)
    }

    /// The other engines that can be asked about this case.
    pub(super) fn peers(&self, case: &Case) -> impl Iterator<Item = &dyn Engine> {
        let needs: Vec<Capability> = needs(case);
        let signature = case.expected.reasons().iter().any(is_of_signatures);
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

/// `strict-mtls` without its rules on who is let in: what the catalogue is made for.
fn profile() -> Profile {
    Profile {
        identity: Profile::rfc5280().identity,
        ..Profile::strict_mtls()
    }
}

/// Whether a reason speaks of signatures or keys, which toy signatures do not have.
fn is_of_signatures(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::BadSignature
            | Reason::CrlBadSignature
            | Reason::InvalidKey
            | Reason::UnsupportedKey
            | Reason::UnsupportedSignatureAlgorithm
            | Reason::WeakSignatureAlgorithm
            | Reason::AlgorithmMismatch
    )
}

/// Whether the engine is known to err in this way on a defect.
pub(super) fn is_known(engine: &str, kind: Kind, defect: &Defect, position: Position) -> bool {
    KNOWN.entries().iter().any(|entry| {
        entry.engine == engine
            && entry.kind == kind
            && entry.defect == defect.id.0
            && entry.position.is_none_or(|at| at == position)
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
