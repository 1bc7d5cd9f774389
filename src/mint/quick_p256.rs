//! ECDSA on P-256 over SHA-256, the same octets as `p256` gives in a fraction of the time.
//!
//! The nonce is that of RFC 6979, so signatures stay deterministic. The one
//! multiplication of the base point, which is nearly all of the work, is AWS-LC's:
//! it makes a public key of the nonce. Where AWS-LC is not built in, `p256` signs alone.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use p256::{
    FieldBytes, Scalar,
    ecdsa::{Signature, SigningKey},
    elliptic_curve::{PrimeField, ops::Reduce},
};
use sha2::{Digest, Sha256};

/// Signs a digest of 32 octets. `None` when AWS-LC refuses, which it never should.
pub(super) fn sign(secret: &SigningKey, digest: &[u8]) -> Option<Vec<u8>> {
    let digest = FieldBytes::try_from(digest).ok()?;
    let hashed = Scalar::reduce(&digest);
    let own = secret.as_nonzero_scalar();
    let mut nonces = Nonces::new(&secret.to_bytes(), &hashed.to_repr());
    loop {
        let octets = nonces.next();
        let Some(nonce) = Option::<Scalar>::from(Scalar::from_repr(octets)) else {
            continue;
        };
        let key = PrivateKey::from_private_key(&ECDH_P256, &octets).ok()?;
        let point = key.compute_public_key().ok()?;
        let x = FieldBytes::try_from(point.as_ref().get(1..33)?).ok()?;
        let r = Scalar::reduce(&x);
        let inverse = Option::<Scalar>::from(nonce.invert_vartime())?;
        let s = inverse * (hashed + r * own.as_ref());
        if let Ok(signature) = Signature::from_scalars(r.to_repr(), s.to_repr()) {
            return Some(signature.to_der().as_bytes().to_vec());
        }
    }
}

/// The candidates for a nonce, one after another.
// RFC 6979 section 3.2
struct Nonces {
    key: [u8; 32],
    value: [u8; 32],
    first: bool,
}

impl Nonces {
    fn new(secret: &[u8], hashed: &[u8]) -> Self {
        let mut nonces = Self {
            key: [0; 32],
            value: [1; 32],
            first: true,
        };
        for separator in [0, 1] {
            nonces.key = hmac(&nonces.key, &[&nonces.value, &[separator], secret, hashed]);
            nonces.value = hmac(&nonces.key, &[&nonces.value]);
        }
        nonces
    }

    fn next(&mut self) -> FieldBytes {
        if !self.first {
            self.key = hmac(&self.key, &[&self.value, &[0]]);
            self.value = hmac(&self.key, &[&self.value]);
        }
        self.first = false;
        self.value = hmac(&self.key, &[&self.value]);
        self.value.into()
    }
}

/// HMAC with SHA-256 under a key of 32 octets.
// RFC 2104 section 2
fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let padded = |pad: u8| {
        let mut block = [pad; 64];
        for (octet, own) in block.iter_mut().zip(key) {
            *octet ^= own;
        }
        block
    };
    let mut inner = Sha256::new_with_prefix(padded(0x36));
    parts.iter().for_each(|part| inner.update(part));
    Sha256::new_with_prefix(padded(0x5c))
        .chain_update(inner.finalize())
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::{DerSignature, signature::hazmat::PrehashSigner};

    use super::*;

    #[test]
    fn the_octets_are_those_of_p256() {
        for number in 0u8..50 {
            let secret = SigningKey::from_slice(&Sha256::digest([number])).expect("a scalar");
            // All ones is above the order of the group, and is reduced.
            for digest in [Sha256::digest([number, 1]).into(), [0u8; 32], [0xff; 32]] {
                let plain: DerSignature = secret.sign_prehash(&digest).expect("signs");
                assert_eq!(
                    sign(&secret, &digest).as_deref(),
                    Some(plain.as_bytes()),
                    "{number} {digest:?}"
                );
            }
        }
    }
}
