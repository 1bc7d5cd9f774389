//! Benign chains with up to four defects, on the reference, webpki and AWS-LC.
//!
//! The twin is accepted and the hostile chain is not: that holds by
//! construction, so every engine can be told that it is wrong.

use super::{
    Alarm, Reach, Session, Target,
    panel::{Panel, REAL, TOY, decision, is_known},
};
use crate::{
    case::{Case, Expected, PLAN_MOVES, Placement, Plan, Planned, plainest},
    corpus::Reproducer,
    defect::{Defect, Position},
    oracle::Kind,
    verdict::{Reason, Verdict},
};

/// With toy signatures: every rule but the signature's own, fast.
pub(super) const CHAIN: Target = Target {
    name: "chain",
    summary: "benign chains with up to four defects, toy signatures, on the reference, webpki and AWS-LC",
    run: |input, session| judge(&TOY, input, session),
    seeds,
    moves: PLAN_MOVES,
    max_length: 53,
    dictionary: None,
    reach: Reach {
        stages: STAGES,
        rules: RULES,
    },
};

/// With real signatures: slower, and signatures are judged too.
pub(super) const CHAIN_REAL: Target = Target {
    name: "chain_real",
    summary: "the same with real signatures",
    run: |input, session| judge(&REAL, input, session),
    ..CHAIN
};

const STAGES: &[&str] = &[
    "parsed",
    "issuer found",
    "signature checked",
    "accepted",
    "hostile refused",
];

const RULES: &[Reason] = &[];

fn judge(panel: &Panel, input: &[u8], session: &mut Session) {
    let plan = Plan::from_bytes(input);
    let Ok(planned) = plan.mint(&panel.minter) else {
        session.health.reach("not minted");
        return;
    };
    let to_twin = ask_reference(panel, &planned.twin, session);
    let to_hostile = planned
        .hostile
        .as_ref()
        .map(|hostile| ask_reference(panel, hostile, session));
    let question = Question {
        input,
        prepared: plan.placements.len(),
        planned: &planned,
        violated: to_hostile
            .iter()
            .flat_map(|answer| answer.violated.iter().copied())
            .collect(),
    };
    let to_hostile = to_hostile.and_then(|answer| answer.accepted);
    if to_hostile == Some(false) {
        session.health.reach("hostile refused");
    }
    question.check(panel, "reference", to_twin.accepted, to_hostile, session);
    for engine in panel.peers(planned.hostile.as_ref().unwrap_or(&planned.twin)) {
        let accepts = |case: &Case| Some(decision(engine, case)?.0);
        let to_twin = accepts(&planned.twin);
        // A hostile chain whose twin is refused proves nothing.
        let to_hostile = match to_twin {
            Some(true) => planned.hostile.as_ref().and_then(accepts),
            _ => None,
        };
        question.check(panel, engine.name(), to_twin, to_hostile, session);
    }
}

/// What the reference says of a case.
#[derive(Default)]
struct Answer {
    accepted: Option<bool>,
    violated: Vec<Reason>,
}

fn ask_reference(panel: &Panel, case: &Case, session: &mut Session) -> Answer {
    let Ok(report) = panel.reference(case) else {
        return Answer {
            accepted: Some(false),
            violated: vec![Reason::BadAnchor],
        };
    };
    session.health.decided(case, &report);
    Answer {
        accepted: match report.verdict {
            Verdict::Accept => Some(true),
            Verdict::Reject(_) => Some(false),
            Verdict::Inconclusive(_) => None,
        },
        violated: report
            .violations
            .iter()
            .map(|violation| violation.reason)
            .collect(),
    }
}

/// One plan, minted and judged by the reference.
struct Question<'a> {
    input: &'a [u8],
    /// How many defects prepared the twin, whether they fitted or not.
    prepared: usize,
    planned: &'a Planned,
    /// The rules that the hostile chain violates, as the reference sees it.
    violated: Vec<Reason>,
}

impl Question<'_> {
    /// The oracle of twins on one engine's answers.
    fn check(
        &self,
        panel: &Panel,
        engine: &str,
        to_twin: Option<bool>,
        to_hostile: Option<bool>,
        session: &mut Session,
    ) {
        if to_twin == Some(false) {
            // Two preparations may spoil each other; one alone must leave a twin that is accepted.
            if self.prepared <= 1 && !self.is_known(engine, Kind::FalseReject) {
                self.tell(panel, engine, &self.planned.twin, session);
            }
            return;
        }
        if let (Some(true), Some(hostile)) = (to_hostile, &self.planned.hostile)
            && !self.is_known(engine, Kind::FalseAccept)
        {
            self.tell(panel, engine, hostile, session);
        }
    }

    /// Whether the engine is known to err in this way on every defect that counts.
    ///
    /// A defect may undo another. Of several, those count of which the reference speaks.
    fn is_known(&self, engine: &str, kind: Kind) -> bool {
        let placed = &self.planned.placed;
        let counts = |placement: &&Placement| {
            placed.len() == 1
                || engine == "reference"
                || placement
                    .defect
                    .reasons
                    .iter()
                    .any(|reason| self.violated.contains(reason))
        };
        !placed.is_empty()
            && placed
                .iter()
                .filter(counts)
                .all(|placement| is_known(engine, kind, placement.defect, placement.position))
    }

    fn tell(&self, panel: &Panel, engine: &str, case: &Case, session: &mut Session) {
        let wrong = case.expected == Expected::Accept;
        if !panel.real && !confirmed(engine, case, wrong) {
            session.health.reach("not so with real signatures");
            return;
        }
        let placed = &self.planned.placed;
        let defects: Vec<&str> = placed
            .iter()
            .map(|placement| placement.defect.id.0)
            .collect();
        let what = match wrong {
            true => format!("{engine} turned away a good chain"),
            false => format!("{engine} let in {}", defects.join(", ")),
        };
        let detail = format!(
            "expected: {}{}\nengine: {}",
            case.expected.word(),
            case.expected
                .reasons()
                .iter()
                .map(|reason| format!(" {reason}"))
                .collect::<String>(),
            words(engine, case, &REAL),
        );
        let reproducer = case.recipe.clone().map(|recipe| {
            Box::new(Reproducer {
                why: format!("{what}, found by the fuzz target {}", session.target().name),
                defect: match defects.as_slice() {
                    [one] if !wrong => Some((*one).to_owned()),
                    _ => None,
                },
                position: placed
                    .first()
                    .map_or(Position::Chain, |placement| placement.position),
                reasons: case.expected.reasons().to_vec(),
                good: wrong,
                recipe,
                twin: self.planned.twin.recipe.clone().filter(|_| !wrong),
            })
        });
        session.fail(
            self.input,
            &Alarm {
                reproducer,
                ..Alarm::new(what, detail)
            },
        );
    }
}

/// Whether an engine gives the same wrong answer to the same recipe with real signatures.
pub(super) fn confirmed(engine: &str, case: &Case, refused: bool) -> bool {
    let Some(recipe) = case.recipe.clone() else {
        return true;
    };
    let real = Case::from_recipe(&REAL.minter, recipe, case.id.clone(), case.expected.clone());
    let Ok(real) = real else {
        return false;
    };
    let accepted = match REAL.peer(engine) {
        Some(peer) => decision(peer, &real).map(|(accepted, _)| accepted),
        None => REAL
            .reference(&real)
            .ok()
            .map(|report| report.is_accepted()),
    };
    accepted == Some(!refused)
}

/// What an engine says of a case, for the report.
pub(super) fn words(engine: &str, case: &Case, panel: &Panel) -> String {
    match panel.peer(engine) {
        Some(peer) => decision(peer, case).map_or_else(
            || "no answer".to_owned(),
            |(accepted, observation)| match accepted {
                true => "accepted".to_owned(),
                false => format!("{} ({})", observation.verdict, observation.detail),
            },
        ),
        None => panel.reference(case).map_or_else(
            |error| error.to_string(),
            |report| report.verdict.to_string(),
        ),
    }
}

/// One seed for each defect in the plainest setting of each of its purposes.
fn seeds() -> Vec<Vec<u8>> {
    let seeds = |defect: &'static Defect| {
        let purposes = defect.purposes.iter();
        purposes.flat_map(move |purpose| {
            let positions = 0..defect.positions.len().min(2) as u8;
            positions
                .map(move |position| Plan::to_bytes(&plainest(*purpose), &[(defect, position)]))
        })
    };
    // A chain says nothing of the handshake around it.
    let of_chains = crate::defect::all().filter(|defect| !defect.is_of_handshake());
    of_chains.flat_map(seeds).collect()
}
