//! Lists that the issuer of the certificate did not sign, or may not have signed.

use super::{Defect, Position, defect, list};
use crate::{
    defect::certificate_at,
    der::{Change, Edit, oid},
    recipe::{ExtensionValue, Key, KeyUsageBit, Name, Signing},
    verdict::Reason,
};

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
                let algorithm = signer_key(recipe)?.algorithm;
                let list = list(recipe)?;
                list.issuer_name = Some(Name::of("Somebody Else", "Another Issuing CA"));
                list.signing = Signing {
                    key: Some(Key::new(algorithm, "stranger")),
                    ..Signing::default()
                };
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
            &[Reason::CrlBadSignature, Reason::RevocationUnknown],
            |recipe, _| {
                let algorithm = signer_key(recipe)?.algorithm;
                list(recipe)?.signing = Signing {
                    key: Some(Key::new(algorithm, "stranger")),
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
            "A list whose signature does not verify proves nothing, however right the rest of it is.",
            &[Reason::CrlBadSignature, Reason::RevocationUnknown],
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
        clause: "RFC 5280 section 6.3.3 (g)",
        ..defect(
            "revocation/crl-tampered",
            "the list's number was changed after it was signed",
            "The signed part says something else than what was signed. A verifier that reads lists from a cache which \
             it trusts does not notice.",
            &[Reason::CrlBadSignature, Reason::RevocationUnknown],
            |recipe, _| {
                list(recipe)?.edits.push(Edit::at(
                    "0/[0]/0/{2.5.29.20}/-1/>/0",
                    Change::SetBody(vec![9].into()),
                ));
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
                    return Err(crate::defect::Unfit("the issuer has no key usage"));
                }
                issuer.set_extension(
                    ExtensionValue::KeyUsage(vec![KeyUsageBit::KeyCertSign]).critical(),
                );
                Ok(())
            },
        )
    },
];

/// The key of the CA that issues the end entity's list.
fn signer_key(recipe: &mut crate::recipe::Recipe) -> Result<Key, crate::defect::Unfit> {
    let issuer = crate::defect::issuer_of(recipe, Position::EndEntity)?;
    recipe
        .certificate(&issuer)
        .map(|issuer| issuer.key.clone())
        .ok_or(crate::defect::Unfit("the end entity has no issuer"))
}
