//! DSA verification, for the old paths that RFC 5280 still describes and PKITS still tests.
//!
//! No library of the house verifies DSA. The arithmetic is public, so constant
//! time does not matter.

use num_bigint::BigUint;

use super::strict::{Reader, tag};

/// The most bits of p: larger numbers only cost time.
const MAXIMUM_BITS: u64 = 3_072;

/// Whether (r, s) is y's signature over a hash.
// FIPS 186-4 section 4.7
pub(crate) fn verify(domain: &[&[u8]; 3], value: &[u8], hash: &[u8], signature: &[u8]) -> bool {
    let Some((r, s)) = read_signature(signature) else {
        return false;
    };
    let [p, q, g] = domain.map(BigUint::from_bytes_be);
    let y = BigUint::from_bytes_be(value);
    let (zero, one) = (BigUint::from(0u8), BigUint::from(1u8));
    let sound = p.bits() <= MAXIMUM_BITS
        && q.bits() >= 160
        && q < p
        && p.bit(0)
        && q.bit(0)
        && g > one
        && g < p
        && y > one
        && y < p
        && r > zero
        && r < q
        && s > zero
        && s < q;
    if !sound {
        return false;
    }
    // q is prime in a sound key, so s^(q-2) is its inverse; in an unsound one the signature fails.
    let w = s.modpow(&(&q - 2u8), &q);
    let octets = hash
        .len()
        .min(usize::try_from(q.bits().div_ceil(8)).unwrap_or(0));
    let mut z = BigUint::from_bytes_be(&hash[..octets]);
    let excess = (octets as u64 * 8).saturating_sub(q.bits());
    z >>= excess;
    let u1 = z * &w % &q;
    let u2 = &r * &w % &q;
    let v = g.modpow(&u1, &p) * y.modpow(&u2, &p) % &p % &q;
    v == r
}

// RFC 3279 section 2.2.2
fn read_signature(signature: &[u8]) -> Option<(BigUint, BigUint)> {
    let mut outer = Reader::new(signature).ok()?;
    let mut pair = outer.open(tag::SEQUENCE).ok()?;
    outer.finish().ok()?;
    let mut number = || {
        let place = pair.integer().ok()?;
        let contents = pair.bytes(place);
        (contents[0] < 0x80).then(|| BigUint::from_bytes_be(contents))
    };
    let numbers = (number()?, number()?);
    pair.finish().ok()?;
    Some(numbers)
}

/// Whether a key is DSA without parameters of its own.
pub(crate) fn inherits(key_info: &[u8]) -> bool {
    // Cheaper than parsing: the algorithm is SEQUENCE { id-dsa } and nothing else.
    key_info
        .windows(INHERITING.len())
        .take(8)
        .any(|window| window == INHERITING)
}

/// SEQUENCE { id-dsa }: an algorithm without parameters.
const INHERITING: &[u8] = &[
    0x30, 0x09, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01,
];

/// A key with the parameters of the key above, if it has none and the other does.
// RFC 5280 section 6.1.4 (d) to (f)
pub(crate) fn inherit(key_info: &[u8], above: &[u8]) -> Option<Vec<u8>> {
    if !inherits(key_info) {
        return None;
    }
    let parts = |der: &[u8]| -> Option<(Vec<u8>, Vec<u8>)> {
        let mut outer = Reader::new(der).ok()?;
        let mut info = outer.open(tag::SEQUENCE).ok()?;
        let algorithm = info.element().ok()?;
        let key = info.element().ok()?;
        Some((
            info.bytes(algorithm.whole).to_vec(),
            info.bytes(key.whole).to_vec(),
        ))
    };
    let (algorithm, _) = parts(above)?;
    let (_, key) = parts(key_info)?;
    let body = [algorithm, key].concat();
    let length = u16::try_from(body.len())
        .ok()
        .filter(|length| *length > 0xff)?;
    let [high, low] = length.to_be_bytes();
    let joined = [&[tag::SEQUENCE, 0x82, high, low][..], &body].concat();
    matches!(
        super::key::parse_key(&joined),
        Ok(super::key::PublicKey::Dsa {
            domain: Some(_),
            ..
        })
    )
    .then_some(joined)
}
