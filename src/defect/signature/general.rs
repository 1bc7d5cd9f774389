//! Signatures that are not the issuer's over these octets, whatever the algorithm.

use super::{BAD, MISMATCH, WEAK, defect, edited, identifier, issuer_kind, signed_with, signing};
use crate::{
    defect::{
        Class, Defect, Position, Severity, Unfit, certificate_at, issuer_of, keys::one_on_p256,
        label_at,
    },
    der::{Change, oid},
    recipe::{ExtensionValue, Key, KeyAlgorithm, SignatureAlgorithm},
    verdict::Reason,
};

/// The subjectPublicKeyInfo of the P-256 key whose private key is one: the generator itself.
const KEY_OF_ONE: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1,
    0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d,
    0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe,
    0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b,
    0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
];

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        reasons: &[Reason::BadSignature],
        vulnerabilities: &["CVE-2008-5077"],
        ..defect(
            "signature/bit-flipped",
            "one bit of the signature is flipped",
            "The signature is well formed and wrong. A verifier that takes an error of its cryptographic library for \
             success, as OpenSSL did with malformed ones in 2008, or that verifies only some of the chain, does not notice.",
            |recipe, position| edited(recipe, position, "2", Change::FlipBit(167)),
        )
    },
    Defect {
        reasons: &[Reason::BadSignature],
        ..defect(
            "signature/tbs-bit-flipped",
            "one bit of the signed serial number is flipped",
            "The smallest change of what was signed. Whoever lets this in does not verify at all, or verifies other \
             octets than those it reads.",
            |recipe, position| edited(recipe, position, "0/1", Change::FlipBit(7)),
        )
    },
    Defect {
        reasons: &[Reason::BadSignature],
        ..defect(
            "signature/key-replaced",
            "the key in a signed certificate is replaced by one that everybody has",
            "An attacker takes a true certificate and puts a key into it whose private part is known. Everything else \
             stays right: names, dates, issuer. Only the signature tells.",
            |recipe, position| {
                certificate_at(recipe, position)?.private_key = Some(one_on_p256().into());
                edited(recipe, position, "0/6", Change::Replace(KEY_OF_ONE.into()))
            },
        )
    },
    Defect {
        // A renamed issuer issues nothing any more.
        positions: &[Position::EndEntity],
        reasons: &[Reason::BadSignature],
        ..defect(
            "signature/name-replaced",
            "the subject in a signed certificate is replaced",
            "The holder of a true certificate writes another name into it. A cache of verified certificates that is \
             keyed by serial number or by signature alone takes it for the one it has seen.",
            |recipe, position| {
                let mallory = [
                    &[
                        0x30, 0x12, 0x31, 0x10, 0x30, 0x0e, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c,
                        0x07,
                    ][..],
                    b"mallory",
                ]
                .concat();
                edited(recipe, position, "0/5", Change::Replace(mallory.into()))
            },
        )
    },
    Defect {
        reasons: &[Reason::BadSignature],
        ..defect(
            "signature/lifetime-extended",
            "notAfter of a signed certificate is moved to the end of 2049",
            "The holder of a certificate that ends soon writes a later date into it. The chain is right in all but the \
             signature, and the twin is good today as well.",
            |recipe, position| {
                if recipe.time.to_calendar().year() > 2040 {
                    return Err(Unfit("2049 is no later date"));
                }
                edited(
                    recipe,
                    position,
                    "0/4/1",
                    Change::Replace([&[0x17, 0x0d][..], b"491231235959Z"].concat().into()),
                )
            },
        )
    },
    Defect {
        reasons: &[Reason::BadSignature, Reason::UnknownIssuer],
        vulnerabilities: &["CVE-2026-5501"],
        ..defect(
            "signature/other-key",
            "the certificate is signed by a key that is not the issuer's",
            "Names and key identifiers say that the issuer signed it, and somebody else did. A verifier that follows \
             names and forgets to verify one link of the chain, as wolfSSL did behind an issuer that was no CA, accepts \
             any forgery.",
            |recipe, position| {
                let kind = issuer_kind(recipe, position)?;
                signing(recipe, position)?.key = Some(Key::new(kind, "stranger"));
                Ok(())
            },
        )
    },
    Defect {
        positions: &[Position::EndEntity],
        reasons: &[Reason::BadSignature, Reason::NotACa, Reason::UnknownIssuer],
        vulnerabilities: &["CVE-2026-5501"],
        ..defect(
            "signature/below-no-authority",
            "the issuer is no CA, and the certificate is signed by a key that is not the issuer's",
            "Two faults, of which the first hid the second: wolfSSL took a certificate that is no CA out of the path without \
             looking at what it was said to have signed, so that anybody could write the name of any certificate of the \
             CA over a forgery.",
            |recipe, position| {
                let label = issuer_of(recipe, position)?;
                if label == label_at(recipe, Position::Anchor)? {
                    return Err(Unfit("the issuer is the anchor"));
                }
                let kind = issuer_kind(recipe, position)?;
                signing(recipe, position)?.key = Some(Key::new(kind, "stranger"));
                let constraints = ExtensionValue::BasicConstraints {
                    ca: false,
                    path_length: None,
                };
                if let Some(issuer) = recipe.certificate_mut(&label) {
                    issuer.set_extension(constraints.critical());
                }
                Ok(())
            },
        )
    },
    Defect {
        reasons: &[
            Reason::BadSignature,
            Reason::UnknownIssuer,
            Reason::UnsupportedKey,
            Reason::UnsupportedSignatureAlgorithm,
        ],
        ..defect(
            "signature/own-key",
            "the certificate names an issuer and is signed by its own key",
            "Self-signed in all but the issuer's name. Code that verifies a certificate under its own key when that \
             works, and takes it for an anchor, is turned into accepting everybody.",
            |recipe, position| {
                let certificate = certificate_at(recipe, position)?;
                certificate.signing.key = Some(certificate.key.clone());
                Ok(())
            },
        )
    },
    defect(
        "signature/empty",
        "the signature has no octets",
        "The BIT STRING is there and empty. Comparisons of length nought are true, and a library that is handed no \
         octets may say that nothing was wrong with them.",
        |recipe, position| {
            signing(recipe, position)?.signature = Some(Vec::new().into());
            Ok(())
        },
    ),
    defect(
        "signature/truncated",
        "the signature ends after 32 octets",
        "The head of a true signature. A verifier that compares as many octets as it was given, or pads with what lay in \
         its buffer, can be brought to accept a part.",
        |recipe, position| edited(recipe, position, "2", Change::Truncate(33)),
    ),
    defect(
        "signature/trailing-octet",
        "one octet follows the signature inside its BIT STRING",
        "The signature is true and one octet too long. If it is accepted, one certificate has many encodings, and lists \
         of hashes of bad certificates are walked around.",
        |recipe, position| edited(recipe, position, "2", Change::Append(vec![0].into())),
    ),
    Defect {
        reasons: &[Reason::MalformedDer, Reason::BadSignature],
        ..defect(
            "signature/unused-bits",
            "the BIT STRING of the signature says that seven bits are unused",
            "A signature is whole octets. A parser that drops the count reads the true signature; one that obeys it reads \
         another. DER moreover wants unused bits to be zero.",
            |recipe, position| {
                edited(recipe, position, "2", Change::FlipBit(5))?;
                edited(recipe, position, "2", Change::FlipBit(6))?;
                edited(recipe, position, "2", Change::FlipBit(7))
            },
        )
    },
    Defect {
        reasons: &[
            Reason::MalformedDer,
            Reason::BadSignature,
            Reason::TrailingData,
        ],
        ..defect(
            "signature/absent",
            "the certificate ends before the signature",
            "To be signed and algorithm, and nothing after. A parser whose last field is optional by mistake has nothing \
             to verify, and a caller that verifies what there is finds no fault.",
            |recipe, position| edited(recipe, position, "2", Change::Remove),
        )
    },
    Defect {
        clause: "RFC 5280 sections 4.1.1.2 and 4.1.2.3",
        severity: Severity::High,
        reasons: MISMATCH,
        ..defect(
            "signature/algorithms-differ",
            "the signed algorithm and the one beside the signature differ",
            "The inner identifier is signed and the outer is not, so they must be the same. A verifier that takes the outer \
             one lets an attacker choose the algorithm; one that takes the inner one reads it before it is authentic.",
            |recipe, position| {
                let other = match issuer_kind(recipe, position)? {
                    KeyAlgorithm::P256 => identifier(&oid::ECDSA_WITH_SHA384, &[]),
                    KeyAlgorithm::P384 | KeyAlgorithm::P521 | KeyAlgorithm::Ed25519 => {
                        identifier(&oid::ECDSA_WITH_SHA256, &[])
                    }
                    _ => identifier(&oid::SHA384_WITH_RSA, &[5, 0]),
                };
                signing(recipe, position)?.inner_identifier = Some(other.into());
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 9155 section 2; NIST SP 800-131A section 3",
        severity: Severity::High,
        class: Class::Policy,
        reasons: WEAK,
        vulnerabilities: &["CVE-2026-5194"],
        prepare: |recipe, position| match issuer_kind(recipe, position)? {
            KeyAlgorithm::Ed25519 => Err(Unfit("Ed25519 has a hash of its own")),
            _ => Ok(()),
        },
        ..defect(
            "signature/sha1",
            "the certificate is signed with SHA-1",
            "Chosen-prefix collisions of SHA-1 cost a few weeks on rented graphics cards, so a CA that still signs with it \
             can be made to sign a certificate it never saw. wolfSSL accepted hashes smaller than the key allows.",
            |recipe, position| {
                let algorithm = match issuer_kind(recipe, position)? {
                    KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::P521 => {
                        SignatureAlgorithm::EcdsaSha1
                    }
                    KeyAlgorithm::Ed25519 => return Err(Unfit("Ed25519 has a hash of its own")),
                    _ => SignatureAlgorithm::RsaSha1,
                };
                signed_with(recipe, position, algorithm)
            },
        )
    },
    Defect {
        reasons: BAD,
        ..defect(
            "signature/of-zeros",
            "the signature is 64 octets of zero",
            "What a buffer holds that was never written. A library that fails before it verifies, and a caller that looks \
             at the output and not at the outcome, agree that nothing differs.",
            |recipe, position| {
                signing(recipe, position)?.signature = Some(vec![0; 64].into());
                Ok(())
            },
        )
    },
];
