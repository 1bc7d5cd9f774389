//! RSA: padding that is nearly right, numbers out of range, PSS with odd parameters.

use super::{
    BAD, WEAK, defect, edited, flawed, identifier, issuer_has_rsa, named, signed_with, signing,
};
use crate::{
    defect::{
        Class, Defect, Position, Severity, Unfit, certificate_at, change::without_crls, issuer_of,
        label_at,
    },
    der::{Change, oid},
    recipe::{Key, KeyAlgorithm, Recipe, SignatureAlgorithm, SignatureFlaw},
    verdict::Reason,
};

/// Padding that must be compared whole (RFC 8017 section 8.2.2).
const fn padding(defect: Defect) -> Defect {
    Defect {
        clause: "RFC 8017 section 8.2.2",
        prepare: issuer_has_rsa,
        ..defect
    }
}

/// PSS in the twin, and something odd about its parameters.
const fn pss(defect: Defect) -> Defect {
    Defect {
        clause: "RFC 4055 section 3.1; RFC 8017 section 9.1.2",
        reasons: &[
            Reason::UnsupportedSignatureAlgorithm,
            Reason::BadSignature,
            Reason::WeakSignatureAlgorithm,
            Reason::AlgorithmMismatch,
            Reason::MalformedDer,
        ],
        prepare: |recipe, position| {
            issuer_has_rsa(recipe, position)?;
            signed_with(recipe, position, SignatureAlgorithm::RsaPssSha256)
        },
        ..defect
    }
}

/// RSASSA-PSS-params with SHA-256 for the message, and these elements after it.
fn pss_identifier(rest: &[u8]) -> Vec<u8> {
    let hash = identifier(&oid::SHA256, &[5, 0]);
    let hash = [&[0xa0, hash.len() as u8], &hash[..]].concat();
    let body = [&hash[..], rest].concat();
    identifier(
        &oid::RSA_PSS,
        &[&[0x30, body.len() as u8], &body[..]].concat(),
    )
}

/// `[1]` MGF1 with this hash.
fn mask(hash: &crate::der::Oid) -> Vec<u8> {
    let mask = identifier(&oid::MGF1, &identifier(hash, &[5, 0]));
    [&[0xa1, mask.len() as u8], &mask[..]].concat()
}

const SALT_32: &[u8] = &[0xa2, 3, 2, 1, 32];

fn with_parameters(recipe: &mut Recipe, position: Position, rest: &[u8]) -> Result<(), Unfit> {
    named(recipe, position, pss_identifier(rest))
}

pub(super) const DEFECTS: &[Defect] = &[
    padding(Defect {
        vulnerabilities: &[],
        ..defect(
            "signature/rsa-garbage-after-digest",
            "the padding is short and garbage follows the digest",
            "Bleichenbacher showed in 2006 that a verifier which parses the padded block from the left, and does not look at \
             what follows the digest, can be given forgeries when the exponent is 3. OpenSSL, NSS and GnuTLS were all such. \
             Here the true key signs the block, so that any exponent shows the laxity.",
            |recipe, position| flawed(recipe, position, SignatureFlaw::PaddingThenGarbage),
        )
    }),
    Defect {
        clause: "RFC 8017 section 8.2.2",
        // An anchor may have the exponent 3, as many old roots do; of any other key it is a defect.
        prepare: |recipe, position| {
            let label = issuer_of(recipe, position)?;
            if label != label_at(recipe, Position::Anchor)? {
                return Err(Unfit("the issuer is not the anchor"));
            }
            certificate_at(recipe, Position::Anchor)?.key =
                Key::new(KeyAlgorithm::Rsa2048, "small-exponent");
            signing(recipe, position)?.rsa_pss = false;
            Ok(())
        },
        ..defect(
            "signature/rsa-cube-root",
            "a signature that was forged without the key, by a cube root",
            "The attack itself: with exponent 3 a verifier cubes the signature, so whoever finds a number whose cube begins like a \
             padded digest has a signature. One needs no key, only a verifier that does not look at the end of the block.",
            |recipe, position| flawed(recipe, position, SignatureFlaw::CubeRoot),
        )
    },
    padding(defect(
        "signature/rsa-garbage-in-parameters",
        "the padding is short and the hash's parameters fill the block",
        "The garbage hides inside the DigestInfo, where the parameters of the hash should be NULL. A verifier that parses \
         the DigestInfo and skips parameters is as open as one that ignores what follows.",
        |recipe, position| flawed(recipe, position, SignatureFlaw::PaddingWithParameters),
    )),
    padding(Defect {
        class: Class::Policy,
        severity: Severity::Low,
        ..defect(
            "signature/rsa-digest-without-null",
            "the DigestInfo has no NULL after the hash's identifier",
            "RFC 8017 lets verifiers take this old form, and its own method, which is to build the block and compare, does \
             not. One encoding is better than two.",
            |recipe, position| flawed(recipe, position, SignatureFlaw::PaddingWithoutNull),
        )
    }),
    padding(defect(
        "signature/rsa-block-type-two",
        "the padded block is of type 2, which is for encryption",
        "The octet after the zero says what the block is for. A verifier that does not look at it takes a decrypted secret \
         for a signature.",
        |recipe, position| flawed(recipe, position, SignatureFlaw::PaddingOfTypeTwo),
    )),
    padding(defect(
        "signature/rsa-padding-gap",
        "one octet of the padding is not FF",
        "Each octet of the padding is fixed. A verifier that searches for the next zero octet and skips what lies between \
         leaves hundreds of octets to the forger.",
        |recipe, position| flawed(recipe, position, SignatureFlaw::PaddingWithGap),
    )),
    padding(defect(
        "signature/rsa-digest-names-other-hash",
        "the DigestInfo names SHA-1 and holds a SHA-256 digest",
        "The hash is named twice, in the certificate and in the block, and the two must agree. A verifier that compares \
         only the octets of the digest does not see which hash the signer meant.",
        |recipe, position| flawed(recipe, position, SignatureFlaw::PaddingNamesOtherHash),
    )),
    padding(defect(
        "signature/rsa-digest-long-length",
        "a length in the DigestInfo is in long form",
        "BER allows what DER does not, and each freedom in the block is one for a forger: in 2014 the parsing of long \
         lengths let NSS be given forgeries with exponent 3.",
        |recipe, position| flawed(recipe, position, SignatureFlaw::PaddingWithLongLength),
    )),
    padding(defect(
        "signature/rsa-bare-digest",
        "the block holds the digest alone, without DigestInfo",
        "As TLS 1.0 signed its handshakes. A signature that was made for one protocol must not serve in a certificate, and \
         the DigestInfo is what tells them apart.",
        |recipe, position| flawed(recipe, position, SignatureFlaw::PaddingAroundBareDigest),
    )),
    padding(Defect {
        clause: "RFC 8017 section 5.2.2",
        ..defect(
            "signature/rsa-plus-modulus",
            "the signature number is a true one plus the modulus",
            "Modulo the modulus it is the same. RFC 8017 demands a number below it; without that check a signature has more \
             than one encoding.",
            |recipe, position| flawed(recipe, position, SignatureFlaw::RsaPlusModulus),
        )
    }),
    padding(Defect {
        ..defect(
            "signature/rsa-leading-zero",
            "a zero octet stands before a true signature",
            "The length of a signature is that of the modulus. A number with a zero in front is the same number and not the \
             same signature.",
            |recipe, position| flawed(recipe, position, SignatureFlaw::RsaWithLeadingZero),
        )
    }),
    padding(defect(
        "signature/rsa-zero",
        "the signature is the number zero",
        "Zero to any power is zero, so the block is all zeros whatever the key. A verifier that finds no padding to check in \
         it may find no fault either.",
        |recipe, position| flawed(recipe, position, SignatureFlaw::RsaZero),
    )),
    padding(defect(
        "signature/rsa-one",
        "the signature is the number one",
        "One to any power is one: a block of zeros that ends in 01. It needs no key, and it should never come near to being \
         accepted.",
        |recipe, position| flawed(recipe, position, SignatureFlaw::RsaOne),
    )),
    pss(Defect {
        class: Class::Policy,
        severity: Severity::High,
        reasons: WEAK,
        ..defect(
            "signature/pss-sha1",
            "RSASSA-PSS with its default parameters, which are SHA-1",
            "Parameters that are left out mean SHA-1 for message and mask. Whoever allows RSASSA-PSS by its identifier alone \
             allows SHA-1 with it.",
            |recipe, position| signed_with(recipe, position, SignatureAlgorithm::RsaPssSha1),
        )
    }),
    pss(Defect {
        class: Class::Policy,
        severity: Severity::Low,
        ..defect(
            "signature/pss-without-salt",
            "RSASSA-PSS with SHA-256 and a salt of no octets",
            "The proof of RSASSA-PSS rests on a salt as long as the hash; without one it is a fixed padding. TLS 1.3 and the \
             Web PKI allow only salts of the hash's length.",
            |recipe, position| signed_with(recipe, position, SignatureAlgorithm::RsaPssUnsalted),
        )
    }),
    pss(defect(
        "signature/pss-salt-length-wrong",
        "the parameters say a salt of 20 octets, and it has 32",
        "The length of the salt is part of what is agreed. A verifier that reads it from the block instead of the parameters \
         is told by the attacker where the padding ends.",
        |recipe, position| with_parameters(recipe, position, &mask(&oid::SHA256)),
    )),
    pss(Defect {
        vulnerabilities: &["CVE-2018-0487"],
        ..defect(
            "signature/pss-salt-too-long",
            "the parameters say a salt that is longer than the key",
            "A salt of 65,535 octets does not fit into any block. Subtracting it from the length of the key without a check \
             wraps around: Mbed TLS wrote past its buffer on a related confusion of sizes.",
            |recipe, position| {
                let rest = [&mask(&oid::SHA256)[..], &[0xa2, 5, 2, 3, 0, 0xff, 0xff]].concat();
                with_parameters(recipe, position, &rest)
            },
        )
    }),
    Defect {
        positions: &[Position::EndEntity],
        reasons: &[
            Reason::UnsupportedSignatureAlgorithm,
            Reason::BadSignature,
            Reason::WeakKey,
            Reason::WeakSignatureAlgorithm,
            Reason::MalformedDer,
        ],
        vulnerabilities: &["CVE-2018-0487"],
        prepare: |recipe, position| {
            issuer_has_rsa(recipe, position)?;
            without_crls(recipe, position)?;
            signed_with(recipe, position, SignatureAlgorithm::RsaPssSha256)
        },
        ..pss(defect(
            "signature/pss-hash-too-long",
            "RSASSA-PSS with hash and salt that have no room in the issuer's key",
            "A key of 512 bits, and SHA-512 with a salt as long: 130 octets that must fit into 64. Nothing can be signed so, and \
             a verifier that subtracts before it compares writes past its buffer, as Mbed TLS did. The key alone is reason \
             enough to refuse.",
            |recipe, position| {
                let label = issuer_of(recipe, position)?;
                if label == label_at(recipe, Position::Anchor)? {
                    return Err(Unfit("an anchor's key is what the verifier chose"));
                }
                if let Some(issuer) = recipe.certificate_mut(&label) {
                    issuer.key = Key::new(KeyAlgorithm::Rsa512, "small");
                }
                let hash = identifier(&oid::SHA512, &[5, 0]);
                let body = [
                    &[0xa0, hash.len() as u8],
                    &hash[..],
                    &mask(&oid::SHA512),
                    &[0xa2, 3, 2, 1, 64],
                ]
                .concat();
                let parameters = [&[0x30, body.len() as u8], &body[..]].concat();
                named(recipe, position, identifier(&oid::RSA_PSS, &parameters))?;
                // Below the modulus, whose first bit is set.
                signing(recipe, position)?.signature = Some(vec![0x5a; 64].into());
                Ok(())
            },
        ))
    },
    pss(defect(
        "signature/pss-salt-negative",
        "the parameters say a salt of minus one octets",
        "The length is an INTEGER and can be negative. OpenSSL's own interface uses negative numbers for special meanings, \
         such as to take any length, and none of that may be reached from a certificate.",
        |recipe, position| {
            let rest = [&mask(&oid::SHA256)[..], &[0xa2, 3, 2, 1, 0xff]].concat();
            with_parameters(recipe, position, &rest)
        },
    )),
    pss(defect(
        "signature/pss-mask-names-other-hash",
        "the parameters say SHA-1 for the mask, which was made with SHA-256",
        "Message and mask each have a hash. A verifier that reads one of the two and uses it for both accepts parameters \
         that say something else than what was done.",
        |recipe, position| {
            let rest = [&mask(&oid::SHA1)[..], SALT_32].concat();
            with_parameters(recipe, position, &rest)
        },
    )),
    pss(Defect {
        class: Class::Policy,
        severity: Severity::Low,
        ..defect(
            "signature/pss-trailer-two",
            "the parameters say the trailer field 2",
            "RFC 4055 knows the trailer field 1 alone, which is the octet BC. The other value once meant a hash identifier in \
             the block; whoever does not check it accepts parameters that it cannot apply.",
            |recipe, position| {
                let rest = [&mask(&oid::SHA256)[..], SALT_32, &[0xa3, 3, 2, 1, 2]].concat();
                with_parameters(recipe, position, &rest)
            },
        )
    }),
    pss(Defect {
        reasons: &[
            Reason::UnsupportedSignatureAlgorithm,
            Reason::BadSignature,
            Reason::MalformedDer,
        ],
        ..defect(
            "signature/pss-parameters-absent",
            "RSASSA-PSS without parameters",
            "In a signature the parameters must be there, since the defaults are the broken SHA-1. Absent they may be taken \
             for the defaults, for the key's, or for whatever fits.",
            |recipe, position| named(recipe, position, identifier(&oid::RSA_PSS, &[])),
        )
    }),
    pss(Defect {
        reasons: &[
            Reason::UnsupportedSignatureAlgorithm,
            Reason::BadSignature,
            Reason::MalformedDer,
        ],
        ..defect(
            "signature/pss-parameters-null",
            "RSASSA-PSS with NULL for parameters",
            "NULL as for the older RSA algorithms. It is no RSASSA-PSS-params, and code that decodes a structure from it may \
             come away with one of zeros.",
            |recipe, position| named(recipe, position, identifier(&oid::RSA_PSS, &[5, 0])),
        )
    }),
    pss(Defect {
        reasons: BAD,
        ..defect(
            "signature/pss-last-octet",
            "the last octet of an RSASSA-PSS signature is changed",
            "A true signature with another end. PSS is randomized padding and any change must destroy the block; a verifier \
             that recovers the salt and skips the comparison of the hash sees a good shape only.",
            |recipe, position| edited(recipe, position, "2", Change::FlipBit(8 * 200)),
        )
    }),
];
