//! RSA moduli of the right size whose factors anybody can find.
//!
//! Three mistakes of key generators that were found in the wild, each told by
//! arithmetic on the modulus alone. This stands apart from the rules on size and
//! exponent because it costs more than a signature, so that a profile says whether it is asked.

use num_bigint::BigUint;
use num_integer::Integer as _;

/// Steps of Fermat's method. Primes that far apart are not found by chance.
const STEPS: u32 = 4;

/// Modulo each of these primes the powers of 65537 are a part of all residues.
const TELLING: [u32; 19] = [
    11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157, 181, 191,
];

/// How the factors of a modulus can be found, when they can.
// NIST FIPS 186-5 appendix A.1.3; CVE-2022-26320, CVE-2017-15361
pub(crate) fn weakness(modulus: &[u8]) -> Option<&'static str> {
    let modulus = BigUint::from_bytes_be(modulus);
    if has_close_primes(&modulus) {
        Some("the two primes of the modulus lie next to each other")
    } else if is_power_of_65537(&modulus) {
        Some("the primes of the modulus have the form of CVE-2017-15361")
    } else {
        None
    }
}

/// Whether two different moduli have a prime in common.
pub(crate) fn share_a_prime(one: &[u8], other: &[u8]) -> bool {
    let [one, other] = [one, other].map(BigUint::from_bytes_be);
    one != other && one.gcd(&other) > BigUint::from(1u8)
}

/// Fermat: n = a² − b² with a little above the square root of n.
fn has_close_primes(modulus: &BigUint) -> bool {
    let mut middle = modulus.sqrt();
    if &middle * &middle == *modulus {
        return true;
    }
    (0..STEPS).any(|_| {
        middle += 1u8;
        let square = &middle * &middle - modulus;
        // Of sixteen numbers four can be squares, and the low digits tell.
        let low = low_octets(&square)[7] & 15;
        matches!(low, 0 | 1 | 4 | 9) && {
            let root = square.sqrt();
            &root * &root == square
        }
    })
}

/// A modulus that is no such passes one time in two thousand million.
fn is_power_of_65537(modulus: &BigUint) -> bool {
    TELLING.iter().all(|&prime| {
        let residue = u64::from_be_bytes(low_octets(&(modulus % prime)));
        let mut power = 1u64;
        for _ in 0..prime {
            if power == residue {
                return true;
            }
            power = power * 65_537 % u64::from(prime);
        }
        false
    })
}

fn low_octets(number: &BigUint) -> [u8; 8] {
    let octets = number.to_bytes_be();
    let mut low = [0; 8];
    let length = octets.len().min(8);
    low[8 - length..].copy_from_slice(&octets[octets.len() - length..]);
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Any number will do for a prime: none of the methods asks.
    fn number(base: u32, power: u32) -> BigUint {
        BigUint::from(base).pow(power) + 2u8
    }

    #[test]
    fn bad_generators_are_told_from_good_ones() {
        let [one, other] = [number(3, 640), number(7, 360)];
        let next = &one + 1_000_000u32;
        let table = [
            (&one * &other, false),
            (&one * &next, true),
            (&one * &one, true),
            (BigUint::from(65_537u32).pow(120), true),
        ];
        for (index, (modulus, weak)) in table.iter().enumerate() {
            let found = weakness(&modulus.to_bytes_be());
            assert_eq!(found.is_some(), *weak, "row {index}: {found:?}");
        }
    }

    #[test]
    fn a_common_factor_is_found_and_the_same_key_is_no_pair() {
        let [shared, one, other] = [number(3, 640), number(7, 360), number(11, 290)];
        let [first, second, apart] = [
            &shared * &one,
            &shared * &other,
            BigUint::from(2u8).pow(2_000),
        ]
        .map(|n| n.to_bytes_be());
        assert!(share_a_prime(&first, &second));
        assert!(!share_a_prime(&first, &first));
        assert!(!share_a_prime(&first, &apart));
    }
}
