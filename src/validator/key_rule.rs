//! Rules for public keys: size, exponent, curve, validity.

use crate::verdict::Reason;

use super::{
    guessable_rsa,
    key::{PublicKey, bit_length, parse_key},
    profile::KeyRules,
    report::Violation,
    signature::{SignatureError, SignatureScheme},
};

/// Judges one key. At most one violation, the gravest, as one key is one defect.
// RFC 5280 section 4.1.2.7; profile: keys
pub(crate) fn check_key(
    key_info: &[u8],
    rules: &KeyRules,
    scheme: &dyn SignatureScheme,
    place: Option<usize>,
) -> Option<Violation> {
    let violation = |reason, detail: String| Some(Violation::new(reason, place, detail));
    let key = match parse_key(key_info) {
        Ok(key) => key,
        Err(error) => {
            return violation(Reason::InvalidKey, format!("the key is malformed: {error}"));
        }
    };
    match &key {
        PublicKey::Rsa {
            modulus, exponent, ..
        } => {
            return check_rsa(modulus, exponent, rules, place);
        }
        PublicKey::Ec { curve, point } => {
            // RFC 5480 section 2.2: uncompressed points must be supported, compressed ones may be.
            let uncompressed =
                point.first() == Some(&4) && point.len() == 1 + 2 * curve.coordinate_length();
            if !uncompressed {
                return violation(
                    Reason::InvalidKey,
                    format!("the {curve} point is not an uncompressed point"),
                );
            }
            if !rules.curves.contains(curve) {
                return violation(
                    Reason::WeakKey,
                    format!("{curve} is not among the curves allowed"),
                )
                .map(|found| found.under("profile: keys.curves"));
            }
        }
        PublicKey::Ed25519(point) => {
            if point.len() != 32 {
                return violation(
                    Reason::InvalidKey,
                    format!("an Ed25519 key of {} octets", point.len()),
                );
            }
            if !rules.ed25519 {
                return violation(
                    Reason::UnsupportedKey,
                    "Ed25519 keys are not allowed".to_owned(),
                )
                .map(|found| found.under("profile: keys.ed25519"));
            }
        }
        PublicKey::Dsa { .. } => {
            if !rules.dsa {
                return violation(
                    Reason::UnsupportedKey,
                    "DSA keys are not allowed".to_owned(),
                )
                .map(|found| found.under("profile: keys.dsa"));
            }
        }
        PublicKey::Other(kind) => {
            return violation(
                Reason::UnsupportedKey,
                format!("the key is of an unknown kind: {kind}"),
            );
        }
    }
    match scheme.check_key(key_info) {
        Err(SignatureError::InvalidKey) => {
            let found = violation(Reason::InvalidKey, format!("no valid point: {key}"));
            match key {
                PublicKey::Ed25519(_) => {
                    found.map(|found| found.under("RFC 8410 section 4; RFC 8032 section 5.1.3"))
                }
                _ => found,
            }
        }
        _ => None,
    }
}

/// The least that standards allow an RSA key to have, in bits (NIST SP 800-131A section 2).
const STANDARD_RSA_BITS: usize = 2048;

// RFC 8017 section 3.1; CA/B Baseline Requirements sections 6.1.5 and 6.1.6
fn check_rsa(
    modulus: &[u8],
    exponent: &[u8],
    rules: &KeyRules,
    place: Option<usize>,
) -> Option<Violation> {
    let violation = |reason, detail: String| Some(Violation::new(reason, place, detail));
    let invalid = |detail: &str| violation(Reason::InvalidKey, detail.to_owned());
    let weak = |detail| violation(Reason::WeakKey, detail);
    // A key that standards allow, and a profile or another rule does not.
    let weak_by = |clause, detail| weak(detail).map(|found| found.under(clause));
    let bits = bit_length(modulus);
    if modulus.last().is_none_or(|last| last & 1 == 0) {
        return invalid("the RSA modulus is even or not positive");
    }
    let value = match exponent.len() {
        0 => return invalid("the RSA exponent is not positive"),
        1..=8 => exponent
            .iter()
            .fold(0u64, |value, &octet| value << 8 | u64::from(octet)),
        _ => {
            let detail = format!("an RSA exponent of {} bits", bit_length(exponent));
            return weak(detail);
        }
    };
    if value & 1 == 0 || value < 3 {
        return invalid(&format!("the RSA exponent {value} is even or below 3"));
    }
    let least = rules.minimum_rsa_exponent;
    if value < least {
        return weak_by(
            "CA/B Baseline Requirements section 6.1.6; profile: keys.minimum-rsa-exponent",
            format!("the RSA exponent {value} is below {least}"),
        );
    }
    if rules.forbidden_rsa_exponents.contains(&value) {
        return weak_by(
            "profile: keys.forbidden-rsa-exponents",
            format!("the RSA exponent {value} is forbidden"),
        );
    }
    let (minimum, maximum) = (
        rules.minimum_rsa_bits as usize,
        rules.maximum_rsa_bits as usize,
    );
    let detail = format!("RSA of {bits} bits, where {minimum} to {maximum} are allowed");
    if bits > maximum {
        return weak_by("profile: keys.maximum-rsa-bits", detail);
    }
    if bits < minimum {
        return match bits {
            STANDARD_RSA_BITS.. => weak_by("profile: keys.minimum-rsa-bits", detail),
            _ => weak(detail),
        };
    }
    if rules.whole_octet_rsa && !bits.is_multiple_of(8) {
        return weak_by(
            "CA/B Baseline Requirements section 6.1.5; profile: keys.whole-octet-rsa",
            format!("RSA of {bits} bits, which is not a multiple of 8"),
        );
    }
    if rules.refuse_guessable_rsa
        && let Some(why) = guessable_rsa::weakness(modulus)
    {
        return weak(why.to_owned());
    }
    None
}

/// Judges the keys of a path beside each other, from the end entity up. At most one violation.
// NIST FIPS 186-5 appendix A.1.3: the primes of each key are drawn anew
pub(crate) fn check_common_primes(keys: &[(&[u8], Option<usize>)]) -> Option<Violation> {
    let moduli: Vec<_> = keys
        .iter()
        .filter_map(|(key_info, place)| match parse_key(key_info) {
            Ok(PublicKey::Rsa { modulus, .. }) => Some((modulus, *place)),
            _ => None,
        })
        .collect();
    let (_, place) = moduli
        .iter()
        .enumerate()
        .find_map(|(index, (modulus, place))| {
            let mut above = moduli[index + 1..].iter();
            above
                .any(|(other, _)| guessable_rsa::share_a_prime(modulus, other))
                .then_some((modulus, *place))
        })?;
    Some(Violation::new(
        Reason::WeakKey,
        place,
        "the modulus has a prime in common with that of another key of the path",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rsa_keys_are_judged_by_modulus_and_exponent() {
        let rules = KeyRules {
            minimum_rsa_bits: 2048,
            whole_octet_rsa: true,
            ..KeyRules::default()
        };
        let modulus = |bits: usize, last: u8| {
            let mut modulus = vec![0xff; bits.div_ceil(8)];
            modulus[0] = if bits.is_multiple_of(8) {
                0x80
            } else {
                1 << (bits % 8 - 1)
            };
            *modulus.last_mut().expect("not empty") = last;
            modulus
        };
        let table: [(Vec<u8>, &[u8], Option<Reason>); 8] = [
            (modulus(2048, 1), &[1, 0, 1], None),
            (modulus(2048, 2), &[1, 0, 1], Some(Reason::InvalidKey)),
            (modulus(2048, 1), &[1], Some(Reason::InvalidKey)),
            (modulus(2048, 1), &[2], Some(Reason::InvalidKey)),
            (modulus(2048, 1), &[], Some(Reason::InvalidKey)),
            (modulus(1024, 1), &[1, 0, 1], Some(Reason::WeakKey)),
            (modulus(2052, 1), &[1, 0, 1], Some(Reason::WeakKey)),
            (modulus(2048, 1), &[1; 9], Some(Reason::WeakKey)),
        ];
        for (modulus, exponent, wanted) in table {
            let found = check_rsa(&modulus, exponent, &rules, None).map(|found| found.reason);
            assert_eq!(
                found,
                wanted,
                "{} bits, exponent {exponent:02x?}",
                bit_length(&modulus)
            );
        }
    }

    #[test]
    fn an_rsa_size_that_standards_allow_is_refused_in_the_name_of_the_profile() {
        let rules = KeyRules {
            minimum_rsa_bits: 3072,
            maximum_rsa_bits: 4096,
            ..KeyRules::default()
        };
        let table = [
            (1024, Reason::WeakKey.clause()),
            (2048, "profile: keys.minimum-rsa-bits"),
            (8192, "profile: keys.maximum-rsa-bits"),
        ];
        for (bits, clause) in table {
            let modulus = [&[0x80], vec![0xff; bits / 8 - 1].as_slice()].concat();
            let flaw = check_rsa(&modulus, &[1, 0, 1], &rules, None).expect("refused");
            assert_eq!(
                (flaw.reason, flaw.clause),
                (Reason::WeakKey, clause),
                "{bits}"
            );
        }
    }

    #[test]
    fn a_curve_that_the_profile_leaves_out_is_refused_in_the_name_of_the_profile() {
        let rules = KeyRules {
            curves: Vec::new(),
            ..KeyRules::default()
        };
        let key = crate::validator::assemble::key(1);
        let found = check_key(&key, &rules, &crate::validator::RealSignatures, Some(0))
            .expect("a violation");
        assert_eq!(
            (found.reason, found.clause),
            (Reason::WeakKey, "profile: keys.curves")
        );
    }
}
