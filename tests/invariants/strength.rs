//! Each invariant finds the bug that it is there for: a validator with the bug planted fails it.

use gatecrash::{
    Case,
    engine::{Engine, EngineError, Observation, reference::Reference},
    strategy::{benign_case, case, hostile_case},
    verdict::{Reason, Verdict},
};
use proptest::{
    prelude::*,
    test_runner::{TestError, TestRunner},
};

use crate::{config, hostile, irrelevant, monotony, twin};

/// The reference, but for what a bug makes of its observation.
struct Planted {
    reference: Reference,
    bug: fn(&Case, Observation) -> Observation,
}

impl Engine for Planted {
    fn name(&self) -> &str {
        "planted"
    }

    fn judge(&self, case: &Case) -> Result<Verdict, EngineError> {
        Ok(self.observe(case)?.verdict)
    }

    fn observe(&self, case: &Case) -> Result<Observation, EngineError> {
        Ok((self.bug)(case, self.reference.observe(case)?))
    }
}

type Property = fn(&dyn Engine, &Case) -> Result<(), TestCaseError>;

/// Whether some case of the strategy shows that the property does not hold.
fn is_found(
    cases: impl Strategy<Value = Case>,
    property: Property,
    bug: fn(&Case, Observation) -> Observation,
) -> bool {
    let planted = Planted {
        reference: Reference::default(),
        bug,
    };
    let mut config = config(600);
    // A failure that is wanted is no regression.
    config.failure_persistence = None;
    config.max_shrink_iters = 0;
    let outcome = TestRunner::new(config).run(&cases, |case| property(&planted, &case));
    matches!(outcome, Err(TestError::Fail(..)))
}

fn when(holds: bool, verdict: Verdict, observation: Observation) -> Observation {
    match holds {
        true => verdict.into(),
        false => observation,
    }
}

fn accept(holds: bool, observation: Observation) -> Observation {
    when(holds, Verdict::Accept, observation)
}

#[test]
fn a_missing_check_is_found() {
    assert!(is_found(
        hostile_case(),
        hostile::is_rejected_for_its_reason,
        |_, said| accept(said.reasons.contains(&Reason::Expired), said)
    ));
}

#[test]
fn a_refusal_for_another_reason_is_found() {
    assert!(is_found(
        hostile_case(),
        hostile::is_rejected_for_its_reason,
        |_, said| when(
            said.reasons.contains(&Reason::KeyUsage),
            Verdict::Reject(Reason::Expired),
            said
        )
    ));
}

#[test]
fn a_refusal_of_what_is_good_is_found() {
    assert!(is_found(benign_case(), twin::is_accepted, |case, said| {
        when(
            case.crls.len() > 1,
            Verdict::Reject(Reason::CrlExpired),
            said,
        )
    }));
}

#[test]
fn a_verdict_by_order_is_found() {
    assert!(is_found(
        case(),
        irrelevant::keeps_in_any_order,
        |case, said| {
            let sorted = case.crls.is_sorted() && case.chain.is_sorted();
            when(sorted, Verdict::Reject(Reason::UnknownIssuer), said)
        }
    ));
}

#[test]
fn a_verdict_by_strangers_is_found() {
    assert!(is_found(
        case(),
        |engine, case| irrelevant::keeps_beside_strangers(engine, case, 1),
        |case, said| when(
            case.chain.len() > 5,
            Verdict::Reject(Reason::PathTooDeep),
            said
        )
    ));
}

#[test]
fn a_verdict_by_an_unknown_extension_is_found() {
    assert!(is_found(
        case(),
        irrelevant::keeps_with_an_unknown_extension,
        |case, said| {
            // The last arcs of the identifier that the property adds.
            let there = case.chain[0]
                .windows(4)
                .any(|four| four == [0xf5, 0x3d, 1, 98]);
            when(
                there,
                Verdict::Reject(Reason::UnknownCriticalExtension),
                said,
            )
        }
    ));
}

#[test]
fn a_list_that_overrides_is_found() {
    assert!(is_found(
        hostile_case(),
        |engine, case| monotony::keeps_with_a_crl(engine, case, 1),
        |case, said| accept(case.crls.len() > 2, said)
    ));
}

#[test]
fn an_anchor_whose_absence_opens_is_found() {
    assert!(is_found(
        hostile_case(),
        monotony::keeps_without_an_anchor,
        |case, said| accept(case.anchors.is_empty(), said)
    ));
}

#[test]
fn a_constraint_that_lifts_another_is_found() {
    assert!(is_found(
        hostile_case(),
        monotony::keeps_under_tighter_constraints,
        |case, said| {
            let nobody = b"nobody.invalid";
            let mut chain = case.chain.iter();
            let there = chain.any(|der| der.windows(nobody.len()).any(|part| part == nobody));
            accept(
                there && said.reasons.contains(&Reason::NameConstraint),
                said,
            )
        }
    ));
}

#[test]
fn a_shorter_time_that_opens_is_found() {
    assert!(is_found(
        hostile_case(),
        |engine, case| monotony::keeps_in_a_shorter_time(engine, case, 0),
        // Whoever subtracts the two and takes nothing left for no end.
        |case, said| {
            let recipe = case.recipe.as_ref().expect("minted here");
            let mut certificates = recipe.certificates.iter();
            let ends_now = certificates.any(|one| one.not_after.moment() == Some(case.time));
            accept(ends_now, said)
        }
    ));
}
