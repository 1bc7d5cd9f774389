//! Lists that the issuer of the certificate did not sign, or may not have signed.

use super::{Class, Defect, Position, Severity, defect, issuer_key, list};
use crate::{
    defect::{Unfit, certificate_at, issuer_of},
    der::{Change, Edit, Writer, oid},
    recipe::{
        ExtensionValue, Key, KeyAlgorithm, KeyUsageBit, Label, Name, Recipe, SignatureAlgorithm,
        Signing, generate::add_fresh_crls,
    },
    verdict::Reason,
};

const UNSIGNED: &[Reason] = &[Reason::CrlBadSignature, Reason::RevocationUnknown];

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        clause: "RFC 5280 section 6.3.3 (b)(1)",
        ..defect(
            "revocation/crl-of-another-issuer",
            "the only list at hand is that of another CA",
            "A list speaks for the certificates of its own issuer. Where a list of another name is taken because it \
             is there, a certificate is good as long as a stranger does not list its number.",
            &[Reason::RevocationUnknown, Reason::CrlBadSignature],
            |recipe, _| {
                sign_as_stranger(recipe)?;
                list(recipe)?.issuer_name = Some(Name::of("Somebody Else", "Another Issuing CA"));
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 6.3.3 (g)",
        ..defect(
            "revocation/crl-forged",
            "the list bears the issuer's name but a stranger's signature",
            "Lists travel over plain HTTP, so that anybody on the way may offer one that revokes nobody. Nothing but \
             the signature tells it from the true one.",
            UNSIGNED,
            |recipe, _| sign_as_stranger(recipe),
        )
    },
    Defect {
        clause: "RFC 5280 section 6.3.3 (g)",
        ..defect(
            "revocation/crl-signed-by-end-entity",
            "the list bears the issuer's name and the end entity's signature",
            "The one who is to be revoked signs that he is not. Verifiers that look for a signer among all the \
             certificates at hand find him there, because he has just presented his own.",
            UNSIGNED,
            |recipe, _| {
                let key = certificate_at(recipe, Position::EndEntity)?.key.clone();
                list(recipe)?.signing = Signing {
                    key: Some(key),
                    ..Signing::default()
                };
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 6.3.3 (f)",
        prepare: |recipe, _| {
            add_fresh_crls(recipe);
            add_namesake(recipe)
        },
        ..defect(
            "revocation/crl-of-namesake",
            "the list is signed by another trusted CA of the same name",
            "Two CAs may have the same name, and both may be trusted. The path of the list's signer must end at the \
             same anchor as that of the certificate; where any trusted CA of that name will do, one revokes, and \
             absolves, for the other.",
            &[
                Reason::CrlBadSignature,
                Reason::RevocationUnknown,
                Reason::BadSignature,
            ],
            |recipe, _| {
                let key = recipe
                    .certificate(&Label::from("namesake"))
                    .map(|namesake| namesake.key.clone());
                list(recipe)?.signing = Signing {
                    key,
                    ..Signing::default()
                };
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 6.3.3 (g)",
        ..defect(
            "revocation/crl-signature-flipped",
            "one bit of the list's signature is flipped",
            "A list whose signature does not verify proves nothing, however right the rest of it is. \
         It is the control of the family: whoever takes this list takes any.",
            UNSIGNED,
            |recipe, _| {
                // Octet 50 lies in the value of every algorithm's signature and not in its framing.
                list(recipe)?
                    .edits
                    .push(Edit::at("2", Change::FlipBit(400)));
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.1.1.3",
        ..defect(
            "revocation/crl-signature-empty",
            "the list's signature has no octets",
            "An empty signature is what is left where a proxy or a broken export dropped it. Code that verifies as \
             many octets as there are verifies none.",
            &[
                Reason::CrlBadSignature,
                Reason::CrlMalformed,
                Reason::RevocationUnknown,
            ],
            |recipe, _| {
                list(recipe)?.signing.signature = Some(Vec::new().into());
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 6.3.3 (g)",
        ..defect(
            "revocation/crl-tampered",
            "the list's number was changed after it was signed",
            "The signed part says something else than what was signed. A verifier that reads lists from a cache which \
             it trusts does not notice.",
            UNSIGNED,
            |recipe, _| {
                let number = Edit::at(
                    "0/[0]/0/{2.5.29.20}/-1/>/0",
                    Change::SetBody(vec![9].into()),
                );
                list(recipe)?.edits.push(number);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 sections 5.1.1.2 and 5.1.2.2",
        ..defect(
            "revocation/crl-algorithm-mismatch",
            "the algorithm inside the list is not the one beside its signature",
            "The algorithm stands twice, once under the signature and once beside it, and both must be the same. The \
             one outside is not protected, and a verifier that believes it lets others choose how to verify.",
            &[
                Reason::CrlMalformed,
                Reason::AlgorithmMismatch,
                Reason::CrlBadSignature,
                Reason::RevocationUnknown,
            ],
            |recipe, _| {
                let other = match issuer_key(recipe)?.algorithm {
                    KeyAlgorithm::P384 => oid::ECDSA_WITH_SHA256,
                    _ => oid::ECDSA_WITH_SHA384,
                };
                let mut w = Writer::new();
                w.sequence(|w| w.oid(&other));
                list(recipe)?.signing.inner_identifier = Some(w.into_bytes().into());
                Ok(())
            },
        )
    },
    Defect {
        clause: "NIST SP 800-131A section 3",
        class: Class::Policy,
        severity: Severity::Medium,
        ..defect(
            "revocation/crl-signed-with-sha1",
            "the list is signed over a SHA-1 hash",
            "Collisions of SHA-1 can be bought. A list with chosen entries is a good place for one, because whoever \
             asks for certificates chooses some of what is in it.",
            &[
                Reason::CrlBadSignature,
                Reason::WeakSignatureAlgorithm,
                Reason::UnsupportedSignatureAlgorithm,
                Reason::RevocationUnknown,
            ],
            |recipe, _| {
                let algorithm = match issuer_key(recipe)?.algorithm {
                    KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::P521 => {
                        SignatureAlgorithm::EcdsaSha1
                    }
                    key if key.is_rsa() => SignatureAlgorithm::RsaSha1,
                    _ => return Err(Unfit("the issuer's key does not sign over SHA-1")),
                };
                list(recipe)?.signing.algorithm = Some(algorithm);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.1.2.3",
        ..defect(
            "revocation/crl-issuer-empty",
            "the list names no issuer",
            "The issuer of a list must be named. A comparison that takes nothing for a match lets such a list speak \
             for every CA, and its signature is true.",
            &[Reason::CrlMalformed, Reason::RevocationUnknown],
            |recipe, _| {
                list(recipe)?.issuer_name = Some(Name::default());
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 sections 4.2.1.3 and 6.3.3 (f)",
        positions: &[Position::Intermediate],
        ..defect(
            "revocation/crl-signer-without-crl-sign",
            "the CA that signed the list has a key usage without cRLSign",
            "The CA above gave this one the right to sign certificates but not lists. A list that it signs all the \
             same is not to be used: whoever holds a key of limited use would else extend it by himself.",
            &[
                Reason::CrlKeyUsage,
                Reason::CrlBadSignature,
                Reason::RevocationUnknown,
            ],
            |recipe, position| {
                let issuer = certificate_at(recipe, position)?;
                if issuer.extension(&oid::KEY_USAGE).is_none() {
                    return Err(Unfit("the issuer has no key usage"));
                }
                issuer.set_extension(
                    ExtensionValue::KeyUsage(vec![KeyUsageBit::KeyCertSign]).critical(),
                );
                Ok(())
            },
        )
    },
];

/// Signs the end entity's list with a key that nobody knows, of the issuer's kind.
fn sign_as_stranger(recipe: &mut Recipe) -> Result<(), Unfit> {
    let algorithm = issuer_key(recipe)?.algorithm;
    list(recipe)?.signing = Signing {
        key: Some(Key::new(algorithm, "stranger")),
        ..Signing::default()
    };
    Ok(())
}

/// Trusts a second CA with the name of the end entity's issuer and a key of its own.
fn add_namesake(recipe: &mut Recipe) -> Result<(), Unfit> {
    let issuer = issuer_of(recipe, Position::EndEntity)?;
    let mut namesake = recipe
        .certificate(&issuer)
        .cloned()
        .ok_or(Unfit("the end entity has no issuer"))?;
    if namesake.extension(&oid::SUBJECT_KEY_IDENTIFIER).is_none() {
        return Err(Unfit("only key identifiers tell the two CAs apart"));
    }
    namesake.remove_extension(&oid::AUTHORITY_KEY_IDENTIFIER);
    namesake.label = Label::from("namesake");
    namesake.issuer = namesake.label.clone();
    namesake.key = Key::new(namesake.key.algorithm, "other-anchor");
    namesake.serial = vec![0x4e, 0x21].into();
    recipe.anchors.push(namesake.label.clone());
    recipe.certificates.push(namesake.into());
    Ok(())
}
