//! Cases without bytes, for tests of whatever stands above the engines.

use crate::{
    case::{Case, Expected, Role},
    defect::{DefectId, Position},
    question::{Purpose, Time},
    verdict::Reason,
};

/// A case of `validity/expired` with this id.
pub(crate) fn case(id: &str, role: Role) -> Case {
    Case {
        id: id.to_owned(),
        defect: Some(DefectId("validity/expired")),
        role,
        position: Position::EndEntity,
        expected: match role {
            Role::Hostile => Expected::Reject(vec![Reason::Expired]),
            Role::Twin => Expected::Accept,
        },
        purpose: Purpose::Client,
        time: Time::from_unix_seconds(0),
        name: None,
        anchors: vec![vec![1]],
        chain: vec![vec![1], vec![2], vec![3]],
        crls: vec![vec![4], vec![5]],
        end_entity_key: None,
        ocsp: None,
        handshake: None,
        requirements: Default::default(),
        recipe: None,
    }
}
