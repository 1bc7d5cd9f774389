//! Names of servers, as RFC 9525 compares them.

use super::{defect, named};
use crate::{defect::Defect, recipe::GeneralName::Dns};

pub(super) const DEFECTS: &[Defect] = &[defect(
    "names/other-host",
    "the certificate is for another host",
    "The chain is good and the name is not the one that was asked. Without this check any holder of any certificate of \
         the CA can stand in for any server; whole client libraries shipped without it.",
    |recipe, _| named(recipe, vec![Dns("other.gatecrash.example".into())]),
)];
