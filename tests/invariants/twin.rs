//! The twin of every hostile case, which differs from it in the defect alone, is accepted.

use gatecrash::{
    Case,
    engine::{Engine, reference::Reference},
    oracle::Kind,
    strategy::benign_case,
    verdict::Verdict,
};
use proptest::prelude::*;

use crate::{config, is_known};

pub(crate) fn is_accepted(engine: &dyn Engine, case: &Case) -> Result<(), TestCaseError> {
    prop_assume!(!is_known(case, Kind::FalseReject));
    let observed = engine.observe(case).expect("the engine does not break");
    prop_assert_eq!(
        &observed.verdict,
        &Verdict::Accept,
        "{}: {}",
        case.id,
        observed.detail
    );
    Ok(())
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn a_twin_is_accepted(case in benign_case()) {
        is_accepted(&Reference::default(), &case)?;
    }
}
