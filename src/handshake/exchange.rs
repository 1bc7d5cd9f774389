//! Key exchange: X25519, P-256, P-384, and a toy that costs nothing.

use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey, agree};

use crate::script::NamedGroup;

/// A key pair of an exchange.
pub struct Exchange {
    group: NamedGroup,
    secret: Kind,
    share: Vec<u8>,
}

enum Kind {
    Curve(&'static agreement::Algorithm, PrivateKey),
    Toy,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Exchange").field(&self.group).finish()
    }
}

impl Exchange {
    /// A key pair from these octets. `None` for a group that is only a name here.
    pub fn new(group: NamedGroup, seed: &[u8; 32]) -> Option<Self> {
        let algorithm = match group {
            NamedGroup::X25519 => &agreement::X25519,
            NamedGroup::SECP256R1 => &agreement::ECDH_P256,
            NamedGroup::SECP384R1 => &agreement::ECDH_P384,
            NamedGroup::TOY => {
                return Some(Self {
                    group,
                    secret: Kind::Toy,
                    share: seed.to_vec(),
                });
            }
            _ => return None,
        };
        let mut scalar = seed.to_vec();
        if group == NamedGroup::SECP384R1 {
            scalar.extend_from_slice(&seed[..16]);
        }
        // Below the order of the curve, and not zero.
        scalar[0] &= 0x7f;
        scalar[31] |= 1;
        let secret = PrivateKey::from_private_key(algorithm, &scalar).ok()?;
        let share = secret.compute_public_key().ok()?.as_ref().to_vec();
        Some(Self {
            group,
            secret: Kind::Curve(algorithm, secret),
            share,
        })
    }

    /// Its group.
    pub const fn group(&self) -> NamedGroup {
        self.group
    }

    /// What is sent to the other side.
    pub fn share(&self) -> &[u8] {
        &self.share
    }

    /// The shared secret. `None` when the other side's share is no point of the group.
    pub fn complete(&self, share: &[u8]) -> Option<Vec<u8>> {
        match &self.secret {
            Kind::Toy => toy_secret(&self.share, share),
            Kind::Curve(algorithm, secret) => {
                let share = UnparsedPublicKey::new(algorithm, share);
                agree(secret, share, (), |shared| Ok(shared.to_vec())).ok()
            }
        }
    }
}

/// The shared "secret" of two toy shares: their sum, octet by octet. Whoever listens knows it.
pub fn toy_secret(one: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    (one.len() == other.len()).then(|| {
        let pairs = one.iter().zip(other);
        pairs.map(|(one, other)| one.wrapping_add(*other)).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_get_the_same_secret_and_a_bad_share_gives_none() {
        for group in [NamedGroup::X25519, NamedGroup::SECP256R1, NamedGroup::TOY] {
            let one = Exchange::new(group, &[0xff; 32]).expect("a key");
            let other = Exchange::new(group, &[0; 32]).expect("a key");
            let secret = one.complete(other.share()).expect("a secret");
            assert_eq!(other.complete(one.share()), Some(secret), "{group}");
            assert_eq!(one.complete(&[1, 2, 3]), None, "{group}");
        }
        assert!(Exchange::new(NamedGroup::SECT163K1, &[1; 32]).is_none());
    }
}
