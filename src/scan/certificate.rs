//! Certificates that are wrong in exactly one known way, each beside its twin.

use std::sync::Arc;

use super::{
    issuers::Issuers,
    pki::shown,
    probe::{Conclusion, Probe, Seen, Stage},
    result::Record,
    rule,
    scene::{Deeper, Scene},
};
use crate::{
    case::Pair,
    defect::{self, Defect, Position},
    question::Purpose,
};

/// The catalogue, as far as it can be shown to a server.
pub(super) const STAGE: Stage = Stage {
    name: "certificate",
    about: "certificates of your CA that are wrong in exactly one way, each beside its twin",
    alone: false,
    changes_server: false,
    probes,
    conclude,
};

/// Places whose defects are in what a client shows.
const SHOWN: &[Position] = &[Position::EndEntity, Position::Intermediate, Position::Chain];

/// Families that other stages are about: they need more than a certificate.
const ELSEWHERE: &[&str] = &["revocation", "identity"];

/// CAs that are to be taken for others. A server might believe their CRLs in the place of those.
const LOOK_ALIKES: &str = "trust";

/// Chains that cost far more to judge than to make.
const COSTLY: &str = "complexity";

/// Whether a second of the clock decides: then it is another case by the time that it is shown.
pub(super) fn is_fleeting(defect: &Defect) -> bool {
    defect.id.0.ends_with("-by-one-second") || defect.id.0.ends_with("-by-a-second")
}

fn probes(scene: &Scene) -> Vec<Probe> {
    let mut probes = Vec::new();
    let mut issuers = Issuers::new(scene);
    for defect in defect::all().filter(|defect| fits(defect, scene.wishes.exhaustion)) {
        let positions = defect.positions.iter().filter(|at| SHOWN.contains(at));
        probes
            .extend(positions.filter_map(|position| probe(scene, &mut issuers, defect, *position)));
    }
    probes
}

fn fits(defect: &Defect, exhaustion: bool) -> bool {
    let family = defect.id.family();
    defect.purposes.contains(&Purpose::Client)
        && !ELSEWHERE.contains(&family)
        && !is_fleeting(defect)
        && (exhaustion || family != COSTLY)
}

fn probe(
    scene: &Scene,
    issuers: &mut Issuers<'_>,
    defect: &'static Defect,
    position: Position,
) -> Option<Probe> {
    let pair = scene.pki.pair(defect, position).ok()?;
    if !differs_in_chain_alone(&pair) {
        return None;
    }
    let hostile = Arc::new(shown(&pair.hostile)?);
    let twin = Arc::new(shown(&pair.twin)?);
    let shows = match position {
        Position::EndEntity => defect.summary.to_owned(),
        position => format!("{} ({position})", defect.summary),
    };
    let crls = match (&scene.deeper, &pair.twin.recipe, &pair.hostile.recipe) {
        (Deeper::WithCrls, Some(twin), Some(hostile)) if defect.id.family() != LOOK_ALIKES => {
            issuers.of_pair(twin, hostile)
        }
        _ => Vec::new(),
    };
    let good = Arc::clone(&twin);
    let mut probe = Probe::hostile(
        format!("certificate/{}@{position}", defect.id),
        shows,
        move |scene| {
            let twin = scene.twin(&twin);
            if !twin.is_accepted() {
                return Seen::inconclusive(format!("its twin is not let in either: {twin}"));
            }
            let answer = scene.show(Some(Arc::clone(&hostile)));
            let mut seen = Seen::measured(scene, &answer);
            if !hostile.fits() && seen.outcome.is_refused() {
                seen.evidence
                    .push_str("; nobody holds a key for it, so another one signed");
            }
            seen
        },
    );
    probe.crls = crls;
    Some(
        probe
            .of_defect(defect.id)
            .beside(move |scene| scene.twin(&good))
            .again(scene.commands().mint_and_curl(defect, position)),
    )
}

/// Whether what a client shows differs, and nothing that it has no say in.
fn differs_in_chain_alone(pair: &Pair) -> bool {
    let (hostile, twin) = (&pair.hostile, &pair.twin);
    hostile.chain != twin.chain
        && hostile.ocsp.is_none()
        && twin.ocsp.is_none()
        && twin.crls.is_empty()
        && hostile.time == twin.time
        && hostile.name == twin.name
        && hostile.requirements == twin.requirements
        && twin.requirements.admitted.is_empty()
}

fn conclude(scene: &Scene, records: &[Record]) -> Conclusion {
    rule::findings(scene, records).into()
}
