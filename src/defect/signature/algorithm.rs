//! Algorithms that are broken, unknown or of another key, and their parameters.

use super::{
    MISMATCH, WEAK, defect, edited, identifier, issuer_has_curve, issuer_has_edwards,
    issuer_has_rsa, named, signed_with, signing,
};
use crate::{
    defect::{Class, Defect, Severity},
    der::{Change, Oid, oid},
    recipe::SignatureAlgorithm,
    verdict::Reason,
};

/// What engines say of an AlgorithmIdentifier that they cannot use.
const UNUSABLE: &[Reason] = &[
    Reason::UnsupportedSignatureAlgorithm,
    Reason::BadSignature,
    Reason::AlgorithmMismatch,
    Reason::WeakSignatureAlgorithm,
    Reason::UnsupportedKey,
    Reason::MalformedDer,
];
/// What engines say of an algorithm that is good and not that of the signature.
const DISAGREEING: &[Reason] = &[
    Reason::BadSignature,
    Reason::UnsupportedSignatureAlgorithm,
    Reason::UnsupportedKey,
    Reason::AlgorithmMismatch,
];
const NULL: &[u8] = &[5, 0];
/// 1.3.6.1.4.1.64957.9, which nobody has defined.
const UNKNOWN: Oid = Oid::known(&[0x2b, 6, 1, 4, 1, 0x83, 0xfb, 0x3d, 9]);
const CLAUSE: &str = "RFC 4055 sections 1.2 and 5; RFC 5758 section 3; RFC 8410 section 3";

const fn parameters(defect: Defect) -> Defect {
    Defect {
        clause: CLAUSE,
        severity: Severity::Low,
        class: Class::Lint,
        reasons: UNUSABLE,
        ..defect
    }
}

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        clause: "RFC 8446 section 4.4.2.4; RFC 6151",
        severity: Severity::Critical,
        reasons: WEAK,
        prepare: issuer_has_rsa,
        ..defect(
            "signature/md5",
            "the certificate is signed with MD5",
            "In 2008 researchers made a CA sign one certificate and used the signature for another with the same MD5, a CA \
             of their own. A verifier that still knows MD5 lets anybody with a laptop repeat it.",
            |recipe, position| signed_with(recipe, position, SignatureAlgorithm::RsaMd5),
        )
    },
    Defect {
        clause: "RFC 6149",
        reasons: UNUSABLE,
        prepare: issuer_has_rsa,
        ..defect(
            "signature/md2",
            "the certificate says that it is signed with MD2",
            "MD2 was in public roots until 2009 and its preimages are within reach. The identifier says MD2 and the octets \
             are a signature of another hash: nobody should come so far as to find out.",
            |recipe, position| named(recipe, position, identifier(&oid::MD2_WITH_RSA, NULL)),
        )
    },
    Defect {
        reasons: UNUSABLE,
        ..defect(
            "signature/unknown-algorithm",
            "the signature algorithm is one that nobody has defined",
            "An algorithm without a name in any list. A table of algorithms with a default entry, or an error that is taken \
             for success, turns it into no check at all.",
            |recipe, position| named(recipe, position, identifier(&UNKNOWN, &[])),
        )
    },
    Defect {
        reasons: UNUSABLE,
        ..defect(
            "signature/identifier-of-a-key",
            "the algorithm is that of a key and not of a signature",
            "rsaEncryption or id-ecPublicKey in the place of a signature algorithm names no hash. Some libraries take the \
             hash from the signature then, which is to let the attacker choose it.",
            |recipe, position| {
                let kind = super::issuer_kind(recipe, position)?;
                let identifier = if kind.is_rsa() {
                    identifier(&oid::RSA_ENCRYPTION, NULL)
                } else {
                    identifier(&oid::EC_PUBLIC_KEY, &[])
                };
                named(recipe, position, identifier)
            },
        )
    },
    Defect {
        reasons: DISAGREEING,
        ..defect(
            "signature/algorithm-of-another-key",
            "the algorithm is one that the issuer's key cannot have",
            "RSA over a curve's key, or the reverse. A library that looks up the algorithm and casts the key to its type \
             reads one structure as another.",
            |recipe, position| {
                let kind = super::issuer_kind(recipe, position)?;
                let identifier = if kind.is_rsa() {
                    identifier(&oid::ECDSA_WITH_SHA256, &[])
                } else {
                    identifier(&oid::SHA256_WITH_RSA, NULL)
                };
                named(recipe, position, identifier)
            },
        )
    },
    Defect {
        reasons: DISAGREEING,
        prepare: issuer_has_rsa,
        ..defect(
            "signature/algorithm-names-other-hash",
            "both identifiers say SHA-384, and the signature is over SHA-256",
            "Two things agree and the third does not. A verifier that takes the hash from inside the signature finds a \
             consistent one there, of an attacker's choice.",
            |recipe, position| named(recipe, position, identifier(&oid::SHA384_WITH_RSA, NULL)),
        )
    },
    Defect {
        clause: "RFC 5280 section 4.1.1.2",
        severity: Severity::Medium,
        reasons: MISMATCH,
        vulnerabilities: &[],
        prepare: issuer_has_rsa,
        ..defect(
            "signature/unsigned-parameters-differ",
            "the outer identifier lacks the NULL that the signed one has",
            "The same algorithm, spelt in two ways. The outer identifier is not signed, so anybody can respell it, and the \
             certificate gets a new fingerprint with the same signature: lists of known bad fingerprints miss it. OpenSSL \
             closed this in 2015 (CVE-2014-8275).",
            |recipe, position| {
                signing(recipe, position)?.outer_identifier =
                    Some(identifier(&oid::SHA256_WITH_RSA, &[]).into());
                Ok(())
            },
        )
    },
    parameters(Defect {
        prepare: issuer_has_rsa,
        ..defect(
            "signature/rsa-parameters-absent",
            "sha256WithRSAEncryption without the NULL, in both places",
            "RFC 4055 demands NULL of whoever signs and asks verifiers to take its absence as well, so this is a lint: a \
             strict profile refuses it, most verifiers accept it.",
            |recipe, position| named(recipe, position, identifier(&oid::SHA256_WITH_RSA, &[])),
        )
    }),
    parameters(Defect {
        class: Class::Policy,
        severity: Severity::Medium,
        prepare: issuer_has_rsa,
        ..defect(
            "signature/rsa-parameters-wrong",
            "sha256WithRSAEncryption with an OCTET STRING for parameters",
            "The parameters are neither NULL nor absent. What a verifier does not read, an attacker can write: room for \
             octets that make two certificates collide.",
            |recipe, position| {
                named(
                    recipe,
                    position,
                    identifier(&oid::SHA256_WITH_RSA, &[4, 4, 1, 2, 3, 4]),
                )
            },
        )
    }),
    parameters(Defect {
        prepare: issuer_has_curve,
        ..defect(
            "signature/ecdsa-parameters-null",
            "an ECDSA algorithm with NULL for parameters",
            "RFC 5758 wants the parameters of ecdsa-with-SHA absent. NULL is what software writes that was made for RSA. \
         Libraries that compare the two AlgorithmIdentifiers with each other and not with the standard take both.",
            |recipe, position| {
                let oid = curve_algorithm(recipe, position)?;
                named(recipe, position, identifier(&oid, NULL))
            },
        )
    }),
    parameters(Defect {
        class: Class::Policy,
        severity: Severity::Medium,
        prepare: issuer_has_curve,
        ..defect(
            "signature/ecdsa-parameters-name-a-curve",
            "an ECDSA algorithm with the name of another curve for parameters",
            "The curve is the key's and no one else's. A verifier that takes it from here calculates with the public key as \
             a point of another curve.",
            |recipe, position| {
                let oid = curve_algorithm(recipe, position)?;
                let curve = [&[6, 5][..], oid::SECP256K1.as_bytes()].concat();
                named(recipe, position, identifier(&oid, &curve))
            },
        )
    }),
    parameters(Defect {
        class: Class::Policy,
        prepare: issuer_has_edwards,
        ..defect(
            "signature/ed25519-parameters-null",
            "Ed25519 with NULL for parameters",
            "RFC 8410 says that the parameters must be absent in all encodings, in clear words and capitals. \
         It is the first algorithm in years that was young enough to be strict from the beginning.",
            |recipe, position| named(recipe, position, identifier(&oid::ED25519, NULL)),
        )
    }),
    parameters(Defect {
        class: Class::Policy,
        reasons: &[
            Reason::AlgorithmMismatch,
            Reason::MalformedDer,
            Reason::UnsupportedSignatureAlgorithm,
            Reason::BadSignature,
        ],
        ..defect(
            "signature/identifier-with-trailing-element",
            "a third element after the parameters of the outer identifier",
            "An AlgorithmIdentifier has two elements. A third one beside the signature is not signed, and a parser that \
             ignores it lets anybody give the certificate a new hash.",
            |recipe, position| edited(recipe, position, "1", Change::Append(vec![2, 1, 0].into())),
        )
    }),
];

/// The identifier that the issuer signs with.
fn curve_algorithm(
    recipe: &mut crate::recipe::Recipe,
    position: crate::defect::Position,
) -> Result<Oid, crate::defect::Unfit> {
    Ok(match super::issuer_kind(recipe, position)? {
        crate::recipe::KeyAlgorithm::P384 => oid::ECDSA_WITH_SHA384,
        crate::recipe::KeyAlgorithm::P521 => oid::ECDSA_WITH_SHA512,
        _ => oid::ECDSA_WITH_SHA256,
    })
}
