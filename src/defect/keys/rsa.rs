//! RSA keys: sizes, exponents, moduli.

use super::{defect, has_key};
use crate::{defect::Defect, recipe::KeyAlgorithm};

pub(super) const DEFECTS: &[Defect] = &[Defect {
    prepare: |recipe, position| has_key(recipe, position, KeyAlgorithm::Rsa2048),
    ..defect(
        "keys/rsa-1024",
        "an RSA key of 1024 bits",
        "NIST disallowed 1024 bits after 2013, and an attacker with a budget can factor such a modulus. Whoever holds the \
             factors of an issuer's key issues what he likes.",
        |recipe, position| has_key(recipe, position, KeyAlgorithm::Rsa1024),
    )
}];
