//! Hostile cases are rejected for their reason, twins are accepted.

use gatecrash::{
    engine::{Engine, reference::Reference},
    oracle::Kind,
    strategy::{benign_case, hostile_case},
    verdict::Verdict,
};
use proptest::prelude::*;

use crate::{config, is_known};

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn hostile_is_rejected_for_its_reason(case in hostile_case()) {
        // Where the twin is refused as well, the reason says nothing of the defect.
        prop_assume!(!is_known(&case, Kind::FalseAccept) && !is_known(&case, Kind::FalseReject));
        let observed = Reference::default().observe(&case).expect("the reference does not break");
        let reasons = case.expected.reasons();
        prop_assert!(
            observed.reasons.iter().any(|reason| reasons.contains(reason)),
            "{}: {:?}, expected one of {reasons:?}: {}", case.id, observed.verdict, observed.detail
        );
    }

    #[test]
    fn a_twin_is_accepted(case in benign_case()) {
        prop_assume!(!is_known(&case, Kind::FalseReject));
        let observed = Reference::default().observe(&case).expect("the reference does not break");
        prop_assert_eq!(&observed.verdict, &Verdict::Accept, "{}: {}", case.id, observed.detail);
    }
}
