//! Benign chains with up to four defects, on the reference, webpki and AWS-LC.
//!
//! The twin is accepted and the hostile chain is not: that holds by
//! construction, so every engine can be told that it is wrong.

use super::{
    Alarm, Reach, Session, Target,
    health::within_reach,
    lenient::{self, Again},
    panel::{Panel, REAL, TOY, decision, is_known, is_of_signatures},
    twin::Twin,
};
use crate::{
    case::{Case, Expected, PLAN_MOVES, Placement, Plan, is_costly, plainest},
    corpus::Reproducer,
    defect::{Defect, Position},
    oracle::Kind,
    validator::Violation,
    verdict::Verdict,
};

/// With toy signatures: every rule but the signature's own, fast.
pub(super) const CHAIN: Target = Target {
    name: "chain",
    summary: "benign chains with up to four defects, toy signatures, on the reference, webpki and AWS-LC",
    run: |input, session| judge(&TOY, input, session),
    seeds,
    moves: PLAN_MOVES,
    max_length: 53,
    by_rarity: false,
    dictionary: None,
    reach: Reach {
        stages: STAGES,
        rules: within_reach,
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

fn judge(panel: &Panel, input: &[u8], session: &mut Session) {
    let mut plan = Plan::from_bytes(input);
    if plan.leave_out_costly() {
        session.health.reach("costly defects left out");
    }
    let twin = panel.twins.of(&plan);
    let spoilt = twin.prepared.spoil(&plan);
    let Ok(hostile) = spoilt.mint(&panel.minter) else {
        session.health.reach("not minted");
        return;
    };
    for placement in &spoilt.placed {
        session
            .health
            .mark((placement.defect.id.0, placement.position));
    }
    let to_hostile = hostile
        .as_ref()
        .map(|hostile| ask_reference(panel, hostile, session));
    let question = Question {
        input,
        plan: &plan,
        placed: &spoilt.placed,
        twin: &twin,
        hostile: hostile.as_ref(),
        violations: to_hostile
            .as_ref()
            .map_or(&[][..], |answer| answer.violations.as_slice()),
    };
    let to_hostile = to_hostile.as_ref().and_then(|answer| answer.accepted);
    if to_hostile == Some(false) {
        session.health.reach("hostile refused");
    }
    // Two preparations may spoil each other, so that nothing is told of a twin that several share:
    // it counts only where somebody lets its hostile chain in.
    let alone = plan.placements.len() <= 1;
    let to_twin = match alone || to_hostile == Some(true) {
        true => twin.of_reference(panel, session),
        false => None,
    };
    question.check(panel, "reference", to_twin, to_hostile, session);
    let Some(asked) = hostile.as_ref().or_else(|| twin.case(panel)) else {
        session.health.reach("not minted");
        return;
    };
    for engine in panel.peers(asked) {
        let name = engine.name();
        let ask = || Some(decision(engine, hostile.as_ref()?)?.0);
        // A hostile chain whose twin is refused proves nothing.
        let (to_twin, to_hostile) = if alone {
            let to_twin = twin.of(panel, name);
            (to_twin, ask().filter(|_| to_twin == Some(true)))
        } else {
            let to_hostile =
                ask().filter(|accepted| *accepted && twin.of(panel, name) == Some(true));
            (to_hostile, to_hostile)
        };
        question.check(panel, name, to_twin, to_hostile, session);
    }
}

/// What the reference says of a case.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) accepted: Option<bool>,
    violations: Vec<Violation>,
}

pub(super) fn ask_reference(panel: &Panel, case: &Case, session: &mut Session) -> Answer {
    let Ok(report) = panel.reference(case) else {
        return Answer {
            accepted: Some(false),
            violations: Vec::new(),
        };
    };
    session.health.decided(case, &report);
    Answer {
        accepted: match report.verdict {
            Verdict::Accept => Some(true),
            Verdict::Reject(_) => Some(false),
            Verdict::Inconclusive(_) => None,
        },
        violations: report.violations,
    }
}

/// One plan, minted and judged by the reference.
struct Question<'a> {
    input: &'a [u8],
    plan: &'a Plan,
    /// The defects of the plan that are in the hostile chain.
    placed: &'a [Placement],
    twin: &'a Twin,
    hostile: Option<&'a Case>,
    /// What the reference finds in the hostile chain.
    violations: &'a [Violation],
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
            let alone = self.plan.placements.len() <= 1;
            if alone && !self.is_known(engine, Kind::FalseReject) {
                match self.twin.case(panel) {
                    Some(twin) if self.twin.is_refused(panel, engine) => {
                        self.tell(engine, twin, session);
                    }
                    _ => session.health.reach("a twin that only toys refuse"),
                }
            }
            return;
        }
        if let (Some(true), Some(hostile)) = (to_hostile, self.hostile)
            && !self.is_known(engine, Kind::FalseAccept)
        {
            if panel.confirming.is_some() && self.is_of_signatures() {
                session.health.reach("left to real signatures");
            } else if self.is_hidden(panel, engine) {
                session.health.reach("defects hide each other");
            } else if self.is_lenient(panel, engine, hostile) {
                session.health.reach("an engine is lenient");
            } else if confirmed(panel, engine, hostile, false) {
                self.tell(engine, hostile, session);
            } else {
                session.health.reach("not so with real signatures");
            }
        }
    }

    /// Whether the engine is known to pass over all that the reference finds in several defects together.
    fn is_lenient(&self, panel: &Panel, engine: &str, hostile: &Case) -> bool {
        let again = Again {
            reference: &|case| panel.reference(case).ok(),
            engine: &|case| Some(decision(panel.peer(engine)?, case)?.0),
        };
        self.placed.len() > 1 && lenient::takes(engine, self.violations, hostile, &again)
    }

    /// Whether the engine is known to err in this way on every defect of the chain.
    fn is_known(&self, engine: &str, kind: Kind) -> bool {
        let placed = self.placed;
        !placed.is_empty()
            && placed
                .iter()
                .all(|placement| is_known(engine, kind, placement.defect, placement.position))
    }

    /// Whether of several defects it cannot be said that the engine should have seen one.
    ///
    /// A defect may undo another, as an extension that is taken away undoes its fault, and one that
    /// the engine is known to let in may take away what another would have been seen by. So all
    /// must be such as the engine sees alone, and of each the reference must say in this chain
    /// what it says of that defect alone. The preparation for a defect that then did not fit
    /// hides as well as a defect does.
    fn is_hidden(&self, panel: &Panel, engine: &str) -> bool {
        let placed = self.placed;
        if self.plan.placements.len() < 2 {
            return false;
        }
        let known = |placement: &Placement| {
            is_known(
                engine,
                Kind::FalseAccept,
                placement.defect,
                placement.position,
            )
        };
        let left = |placement: &Placement| {
            let alone = Plan {
                setting: self.plan.setting.clone(),
                placements: vec![*placement],
            };
            let minted = alone.spoil().mint(&panel.minter).ok().flatten();
            let report = minted.and_then(|case| panel.reference(&case).ok());
            report.is_some_and(|report| {
                report.violations.iter().any(|found| {
                    self.violations
                        .iter()
                        .any(|here| (here.reason, &here.detail) == (found.reason, &found.detail))
                })
            })
        };
        placed.iter().any(known) || !placed.iter().all(left)
    }

    /// Whether a defect is one of keys and signatures, which the toys do not have. To ask
    /// again with real ones costs a thousand times as much, and is what `chain_real` does.
    fn is_of_signatures(&self) -> bool {
        let mut reasons = self
            .placed
            .iter()
            .flat_map(|placement| placement.defect.reasons);
        reasons.any(is_of_signatures)
    }

    fn tell(&self, engine: &str, case: &Case, session: &Session) -> ! {
        let wrong = case.expected == Expected::Accept;
        let placed = self.placed;
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
            with_real_signatures(&REAL, case)
                .map_or_else(String::new, |real| words(engine, &real, &REAL)),
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
                profile: None,
                recipe,
                twin: (!wrong).then(|| self.twin.prepared.benign.clone()),
            })
        });
        session.fail(
            self.input,
            &Alarm {
                reproducer,
                ..Alarm::new(what, detail)
            },
        )
    }
}

/// The same recipe, minted with the true signatures of a panel.
fn with_real_signatures(real: &Panel, case: &Case) -> Option<Case> {
    let recipe = case.recipe.clone()?;
    Case::from_recipe(&real.minter, recipe, case.id.clone(), case.expected.clone()).ok()
}

/// Whether an engine gives the same wrong answer to the same recipe with real signatures.
pub(super) fn confirmed(panel: &Panel, engine: &str, case: &Case, refused: bool) -> bool {
    let Some(confirming) = panel.confirming else {
        return true;
    };
    let Some(real) = with_real_signatures(confirming, case) else {
        return false;
    };
    let accepted = match confirming.peer(engine) {
        Some(peer) => decision(peer, &real).map(|(accepted, _)| accepted),
        None => confirming
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
    Plan::defects()
        .filter(|defect| !is_costly(defect))
        .flat_map(seeds)
        .collect()
}
