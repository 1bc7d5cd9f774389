//! OCSP responses that the wrong one signed: RFC 6960 lets the issuer sign, and whom the issuer appoints.

use super::{
    Class, Defect, FIRST_POINT, Position, SECOND_POINT, Severity, entry, issuer_key, list,
    ocsp::{ocsp, response, with_response},
    published_at, set,
};
use crate::{
    defect::{Unfit, certificate_at},
    der::{Change, Edit, Writer, oid},
    recipe::{
        Certificate, ExtensionValue, Key, KeyAlgorithm, KeyIdentifier, KeyUsageBit, Label, Name,
        Recipe, Responder, SignatureAlgorithm, Signing, TimeField, generate::add_fresh_crls,
    },
    verdict::Reason,
};

const NO_PROOF: &[Reason] = &[Reason::OcspInvalid, Reason::RevocationUnknown];
const APPOINTED: &str = "RFC 6960 section 4.2.2.2";

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        clause: "RFC 6960 section 3.2 (2)",
        ..response(
            "revocation/ocsp-forged",
            "the response bears the issuer's name and a stranger's signature",
            "Whoever staples his own response vouches for himself. Only the signature of the issuer, or of its \
             appointed responder, makes it more; Tomcat's native OCSP support left it unverified (CVE-2026-24734).",
            NO_PROOF,
            |recipe, _| {
                let algorithm = issuer_key(recipe)?.algorithm;
                ocsp(recipe)?.signing = Signing {
                    key: Some(Key::new(algorithm, "stranger")),
                    ..Signing::default()
                };
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 section 3.2 (2)",
        ..response(
            "revocation/ocsp-signature-flipped",
            "one bit of the response's signature is flipped",
            "A response whose signature does not verify proves nothing, however right the rest of it is. It is what \
             a check for the mere presence of a staple lets pass.",
            NO_PROOF,
            |recipe, _| {
                // Octet 50 lies in the value of every algorithm's signature and not in its framing.
                ocsp(recipe)?
                    .edits_of_basic
                    .push(Edit::at("2", Change::FlipBit(400)));
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 section 4.2.1",
        ..response(
            "revocation/ocsp-signature-empty",
            "the response's signature has no octets",
            "An empty signature is what is left where something dropped it. Code that verifies as many octets as there \
             are verifies none.",
            NO_PROOF,
            |recipe, _| {
                ocsp(recipe)?.signing.signature = Some(Vec::new().into());
                Ok(())
            },
        )
    },
    Defect {
        clause: APPOINTED,
        ..response(
            "revocation/ocsp-signed-by-end-entity",
            "the end entity's own key signed the response about it, and its certificate is attached",
            "The end entity was issued by the right CA, so that a verifier which asks only whether the responder's \
             certificate has a path lets everybody vouch for himself. Its extended key usage does not hold OCSPSigning.",
            NO_PROOF,
            |recipe, _| {
                let label = recipe
                    .presented
                    .first()
                    .cloned()
                    .ok_or(Unfit("nothing is presented"))?;
                let response = ocsp(recipe)?;
                response.signer = label.clone();
                response.certificates = vec![label];
                Ok(())
            },
        )
    },
    Defect {
        clause: APPOINTED,
        prepare: with_delegate,
        ..response(
            "revocation/ocsp-delegate-without-purpose",
            "the responder's certificate, of the right issuer, has no extended key usage",
            "A CA appoints a responder by putting OCSPSigning into its certificate. Without it the certificate is one \
             like all others that the CA issues, and any of its customers could answer.",
            NO_PROOF,
            |recipe, _| {
                delegate(recipe)?.remove_extension(&oid::EXTENDED_KEY_USAGE);
                Ok(())
            },
        )
    },
    Defect {
        clause: APPOINTED,
        prepare: with_delegate,
        ..response(
            "revocation/ocsp-delegate-with-any-purpose",
            "the responder's certificate has anyExtendedKeyUsage instead of OCSPSigning",
            "The appointment must be explicit: OCSPSigning itself has to be there. A certificate for any purpose \
             appoints nobody.",
            NO_PROOF,
            |recipe, _| {
                let usage = ExtensionValue::ExtendedKeyUsage(vec![oid::ANY_EXTENDED_KEY_USAGE]);
                delegate(recipe)?.set_extension(usage.not_critical());
                Ok(())
            },
        )
    },
    Defect {
        clause: APPOINTED,
        prepare: with_delegate,
        ..response(
            "revocation/ocsp-delegate-self-signed",
            "the responder appointed itself: its certificate bears the issuer's name and its own signature",
            "Name and OCSPSigning are there, the issuer's signature is not. Whoever checks the purpose of the attached \
             certificate but not its path believes anybody; OpenSSL 3.0 did with one flag (CVE-2022-1343).",
            NO_PROOF,
            |recipe, _| {
                let delegate = delegate(recipe)?;
                let key = delegate.key.clone();
                delegate.signing = Signing {
                    key: Some(key),
                    ..Signing::default()
                };
                Ok(())
            },
        )
    },
    Defect {
        clause: APPOINTED,
        prepare: with_delegate,
        ..response(
            "revocation/ocsp-delegate-of-another-ca",
            "the responder was appointed by the CA above, not by the one that issued the certificate",
            "The right to answer comes from the certificate's own issuer and from nobody else. A responder of a \
             neighbouring CA, or of one above, has a valid path and no say.",
            NO_PROOF,
            |recipe, _| {
                let path = recipe.issuers_of_end_entity();
                let above = path
                    .get(2)
                    .cloned()
                    .ok_or(Unfit("there is no CA above the issuer"))?;
                delegate(recipe)?.issuer = above;
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 sections 3.2 (4) and 4.2.2.2.1",
        prepare: with_delegate,
        ..response(
            "revocation/ocsp-delegate-expired",
            "the responder's certificate has ended",
            "Responders carry nocheck, so that nobody asks whether they were revoked; their certificates are short \
             instead. If the end is not looked at, a stolen responder's key is good for ever.",
            NO_PROOF,
            |recipe, _| {
                let end = recipe.time.plus_days(-2);
                delegate(recipe)?.not_after = TimeField::Moment(end);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 section 4.2.2.2.1",
        prepare: with_listed_delegate,
        ..response(
            "revocation/ocsp-delegate-revoked",
            "the responder's certificate has no nocheck, and a list of its issuer names it",
            "A responder without nocheck has a status of its own, and whoever stole its key clears every certificate of the \
             CA until somebody looks. The list at hand says so; only a verifier that asks for the responder's status as it \
             asks for the end entity's finds out.",
            NO_PROOF,
            |recipe, _| {
                let serial = delegate(recipe)?.serial.clone();
                let entry = entry(recipe, serial);
                list(recipe)?.revoked.push(entry);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 4.2.1.3",
        class: Class::Policy,
        severity: Severity::Medium,
        prepare: with_delegate,
        ..response(
            "revocation/ocsp-delegate-that-may-not-sign",
            "the responder's key usage holds keyEncipherment alone",
            "A response is a signature. A key that the CA allowed for encryption only must not make one. \
         Delegates are end entities of the CA, and the key usage is what tells them from the servers beside them.",
            NO_PROOF,
            |recipe, _| {
                let usage = ExtensionValue::KeyUsage(vec![KeyUsageBit::KeyEncipherment]);
                delegate(recipe)?.set_extension(usage.critical());
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 sections 3.2 (3) and 4.2.2.3",
        ..response(
            "revocation/ocsp-of-another-responder",
            "the issuer signed the response, but it names another responder",
            "The name of the responder says whose key to try. One that does not match the signer means that the \
             response was made for another place.",
            NO_PROOF,
            |recipe, _| {
                ocsp(recipe)?.responder =
                    Some(Responder::Name(Name::of("Somebody Else", "OCSP Responder")));
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 sections 3.2 (3) and 4.2.2.3",
        prepare: |recipe, position| {
            with_response(recipe, position)?;
            ocsp(recipe)?.responder = Some(Responder::KeyOfSigner);
            Ok(())
        },
        ..response(
            "revocation/ocsp-of-another-key",
            "the issuer signed the response, but it names the hash of another key",
            "Responders may be named by the SHA-1 hash of their key. The twin is named so rightly. \
         A verifier that finds the signer by name alone must still see that the response names somebody else.",
            NO_PROOF,
            |recipe, _| {
                ocsp(recipe)?.responder = Some(Responder::Key(vec![0x5a; 20].into()));
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 section 4.3",
        class: Class::Policy,
        severity: Severity::Medium,
        ..response(
            "revocation/ocsp-signed-with-sha1",
            "the response is signed over a SHA-1 hash",
            "Collisions of SHA-1 can be bought. That certificates are identified by SHA-1 hashes in a response is \
             harmless; that it is signed so is not.",
            &[
                Reason::OcspInvalid,
                Reason::WeakSignatureAlgorithm,
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
                ocsp(recipe)?.signing.algorithm = Some(algorithm);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 section 4.2.1",
        ..response(
            "revocation/ocsp-algorithm-of-another-key",
            "the response names a signature algorithm that does not fit the issuer's key",
            "The algorithm is not under the signature. Whoever lets it choose how the key is used can be led to another \
             kind of verification.",
            NO_PROOF,
            |recipe, _| {
                let other = match issuer_key(recipe)?.algorithm {
                    KeyAlgorithm::Ed25519 => oid::ECDSA_WITH_SHA256,
                    _ => oid::ED25519,
                };
                let mut w = Writer::new();
                w.sequence(|w| w.oid(&other));
                ocsp(recipe)?.signing.outer_identifier = Some(w.into_bytes().into());
                Ok(())
            },
        )
    },
];

/// The responder's certificate, to change.
fn delegate(recipe: &mut Recipe) -> Result<&mut Certificate, Unfit> {
    recipe
        .certificate_mut(&Label::from("responder"))
        .ok_or(Unfit("there is no responder"))
}

/// As [`with_delegate`], without nocheck: a list of the issuer tells the responder's status, and
/// is for another place than that to which the end entity points.
fn with_listed_delegate(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    with_delegate(recipe, position)?;
    let at = |uri: &str| ExtensionValue::CrlDistributionPoints(vec![uri.to_owned()]).not_critical();
    certificate_at(recipe, Position::EndEntity)?.set_extension(at(FIRST_POINT));
    let responder = delegate(recipe)?;
    responder.remove_extension(&oid::OCSP_NO_CHECK);
    responder.set_extension(at(SECOND_POINT));
    add_fresh_crls(recipe);
    set(list(recipe)?, published_at(SECOND_POINT).critical());
    Ok(())
}

/// As [`with_response`], signed by a responder that the issuer appointed.
fn with_delegate(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    with_response(recipe, position)?;
    let mut responder = certificate_at(recipe, Position::EndEntity)?.clone();
    responder.label = Label::from("responder");
    responder.subject = Name::of("Gatecrash Example", "OCSP Responder");
    responder.key = Key::new(KeyAlgorithm::P256, "responder");
    responder.serial = vec![0x4f, 0x43].into();
    responder.extensions = vec![
        ExtensionValue::KeyUsage(vec![KeyUsageBit::DigitalSignature]).critical(),
        ExtensionValue::ExtendedKeyUsage(vec![oid::OCSP_SIGNING]).not_critical(),
        ExtensionValue::AuthorityKeyIdentifier(KeyIdentifier::OfKey).not_critical(),
        ExtensionValue::Raw {
            oid: oid::OCSP_NO_CHECK,
            value: vec![5, 0].into(),
        }
        .not_critical(),
    ];
    recipe.certificates.push(responder.into());
    let response = ocsp(recipe)?;
    response.signer = Label::from("responder");
    response.certificates = vec![Label::from("responder")];
    Ok(())
}
