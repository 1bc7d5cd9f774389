//! A hostile case is rejected, for its reason.

use gatecrash::{
    Case,
    engine::{Engine, reference::Reference},
    oracle::Kind,
    strategy::hostile_case,
};
use proptest::prelude::*;

use crate::{config, is_known};

pub(crate) fn is_rejected_for_its_reason(
    engine: &dyn Engine,
    case: &Case,
) -> Result<(), TestCaseError> {
    // Where the twin is refused as well, the reason says nothing of the defect.
    prop_assume!(!is_known(case, Kind::FalseAccept) && !is_known(case, Kind::FalseReject));
    let observed = engine.observe(case).expect("the engine does not break");
    let reasons = case.expected.reasons();
    prop_assert!(
        observed
            .reasons
            .iter()
            .any(|reason| reasons.contains(reason)),
        "{}: {:?}, expected one of {reasons:?}: {}",
        case.id,
        observed.verdict,
        observed.detail
    );
    Ok(())
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn hostile_is_rejected_for_its_reason(case in hostile_case()) {
        is_rejected_for_its_reason(&Reference::default(), &case)?;
    }
}
