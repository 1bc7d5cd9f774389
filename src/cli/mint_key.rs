//! The private key that is written beside a minted chain: one that fits it, where anybody knows one.
//!
//! Some defects put a key into the end entity that is not the recipe's. A tool
//! that holds a certificate and a key together compares the two before it
//! connects, and its refusal says nothing of any server.

use crate::{
    case::Case,
    mint::{KeyPair, PrivateKey},
};

/// What is said of an end entity whose public key nobody has the private key of.
pub(super) const NO_KEY: &str =
    "No private key is known for the public key as it stands in chain.pem";

/// The private key that belongs to an end entity.
pub(super) enum Fitting {
    /// It is known.
    Known(PrivateKey),
    /// The public key is none, or nobody has the private one.
    Unknown,
}

impl Fitting {
    /// The key, or the one that the twin has in its place: tools want some.
    pub(super) fn or_twins(self, case: &Case) -> Option<PrivateKey> {
        match self {
            Self::Known(key) => Some(key),
            Self::Unknown => case.end_entity_key.clone(),
        }
    }
}

/// The private key of what stands in a minted end entity, which need not be that of the recipe.
pub(super) fn fitting_key(case: &Case) -> Fitting {
    let recipe = case.recipe.as_ref();
    let end_entity = recipe.and_then(|recipe| recipe.certificate(recipe.presented.first()?));
    if let Some(private) = end_entity.and_then(|end_entity| end_entity.private_key.as_ref()) {
        return Fitting::Known(PrivateKey::from_pkcs8(private.0.clone()));
    }
    let Some(key) = &case.end_entity_key else {
        return Fitting::Unknown;
    };
    let is_another = end_entity.is_some_and(|end_entity| end_entity.public_key.is_some());
    let octets = KeyPair::from_pkcs8(key.secret_pkcs8_der()).map(|(_, pair)| pair.public_key);
    let stands = |octets: Vec<u8>| {
        let der = case.chain.first().map_or(&[][..], Vec::as_slice);
        der.windows(octets.len()).any(|window| window == octets)
    };
    match is_another || !octets.is_none_or(stands) {
        true => Fitting::Unknown,
        false => Fitting::Known(key.clone()),
    }
}
