//! What a stapled OCSP response says of the end entity, and whether it says it of the end entity at all.

use super::{Class, Defect, Position, Severity, certificate_at, issuer_of, serial_of};
use crate::{
    defect::{DefectId, Step, Unfit},
    der::{Change, Edit, tag},
    question::Purpose,
    recipe::{
        ExtensionValue, OcspAnswer, OcspHash, OcspResponse, OcspStatus, Recipe, Signing, TimeField,
        generate::add_fresh_crls,
    },
    verdict::Reason,
};

pub(super) const NO_PROOF: &[Reason] = &[Reason::OcspInvalid, Reason::RevocationUnknown];
/// The response may be a good one; it is just not about this certificate.
const OF_ANOTHER: &[Reason] = &[Reason::RevocationUnknown, Reason::OcspInvalid];

/// Everything that the defects of responses share.
pub(super) const fn response(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    reasons: &'static [Reason],
    spoil: Step,
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        clause: "RFC 6960 section 3.2",
        severity: Severity::High,
        class: Class::MustReject,
        positions: &[Position::EndEntity],
        purposes: &Purpose::ALL,
        reasons,
        vulnerabilities: &[],
        prepare: with_response,
        spoil,
    }
}

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        severity: Severity::Critical,
        clause: "RFC 6960 sections 2.2 and 3.2",
        ..response(
            "revocation/ocsp-revoked",
            "the issuer's own fresh response says that the certificate is revoked",
            "The staple is the one piece of evidence that the peer brings along, and it speaks against him. Whoever \
             accepts looks whether there is a staple and not what it says.",
            &[Reason::Revoked],
            |recipe, _| {
                let since = TimeField::Moment(recipe.time.plus_days(-3));
                answer(recipe)?.status = OcspStatus::Revoked {
                    since,
                    reason: Some(1),
                };
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 section 2.2",
        ..response(
            "revocation/ocsp-on-hold",
            "the response says that the certificate is on hold",
            "A hold is a revocation that may be lifted. Until it is, the answer is revoked, and a verifier that reads \
             the reason before the status lets the suspended one in.",
            &[Reason::Revoked],
            |recipe, _| {
                let since = TimeField::Moment(recipe.time.plus_days(-3));
                answer(recipe)?.status = OcspStatus::Revoked {
                    since,
                    reason: Some(6),
                };
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 section 2.2",
        ..response(
            "revocation/ocsp-unknown",
            "the responder does not know the certificate",
            "Unknown means that the issuer has no record of it: it was made by somebody who has the CA's key but not \
             its books. Verifiers that ask whether a certificate is revoked, instead of whether it is good, accept it.",
            NO_PROOF,
            |recipe, _| {
                answer(recipe)?.status = OcspStatus::Unknown;
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 sections 3.2 (6) and 4.2.2.1",
        ..response(
            "revocation/ocsp-expired",
            "the response's nextUpdate has passed",
            "The peer chooses which response he staples. If old ones are taken, he staples the last one from before he \
             was revoked, for ever.",
            NO_PROOF,
            |recipe, _| {
                let time = recipe.time;
                let answer = answer(recipe)?;
                answer.this_update = TimeField::Moment(time.plus_days(-9));
                answer.next_update = Some(TimeField::Moment(time.plus_days(-2)));
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 sections 3.2 (5) and 4.2.2.1",
        ..response(
            "revocation/ocsp-not-yet-valid",
            "the response's thisUpdate is in the future",
            "A response from tomorrow does not tell what is true today. Responses that are made in advance must not be \
             used before their time.",
            NO_PROOF,
            |recipe, _| {
                let time = recipe.time;
                answer(recipe)?.this_update = TimeField::Moment(time.plus_days(1));
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 section 4.2.2.1",
        class: Class::Policy,
        severity: Severity::Medium,
        ..response(
            "revocation/ocsp-without-next-update",
            "the response has no nextUpdate and was made months ago",
            "Without nextUpdate the responder says that newer information is there at any time, so that a response is \
             current only when it was just made. One that was made months ago is not.",
            NO_PROOF,
            |recipe, _| {
                let time = recipe.time;
                let answer = answer(recipe)?;
                answer.this_update = TimeField::Moment(time.plus_days(-100));
                answer.next_update = None;
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 section 3.2 (1)",
        ..response(
            "revocation/ocsp-for-another-certificate",
            "the response is about another certificate of the same issuer",
            "A good answer about a neighbour. The peer fetches it like anybody else and staples it; curl with OpenSSL \
             did not compare (CVE-2020-8286).",
            OF_ANOTHER,
            |recipe, _| {
                answer(recipe)?.serial = vec![0x7d, 3].into();
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 section 3.2 (1)",
        ..response(
            "revocation/ocsp-serial-prefix",
            "the response is about a certificate whose number begins as this one's does",
            "Numbers differ in length. Where only as many octets are compared as the shorter has, a response about \
             0x42 speaks for every number that begins so: GnuTLS in 2016 and wolfSSL in 2026.",
            OF_ANOTHER,
            |recipe, _| {
                let answer = answer(recipe)?;
                match answer.serial.0.len() {
                    2.. => answer.serial.0.truncate(1),
                    _ => return Err(Unfit("a number of one octet has no shorter prefix")),
                }
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 sections 3.2 (1) and 4.1.1",
        ..response(
            "revocation/ocsp-for-another-issuer-name",
            "the response is about the same number of an issuer with another name",
            "Numbers are unique to an issuer only. Small CAs all begin at one, so that somewhere a good certificate \
             has the revoked one's number.",
            OF_ANOTHER,
            |recipe, _| {
                answer(recipe)?.name_hash = Some(vec![0x5a; 20].into());
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 sections 3.2 (1) and 4.1.1",
        ..response(
            "revocation/ocsp-for-another-issuer-key",
            "the response is about the same number of an issuer with the same name and another key",
            "The key is hashed beside the name because two CAs may have one name. A verifier that compares name and \
             number alone takes the answer of the namesake.",
            OF_ANOTHER,
            |recipe, _| {
                answer(recipe)?.key_hash = Some(vec![0x5a; 20].into());
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 section 3.2 (1)",
        prepare: |recipe, position| {
            with_response(recipe, position)?;
            // The first answer is about somebody else, in twin and hostile alike.
            let mut other = answer(recipe)?.clone();
            other.serial = vec![0x7d, 4].into();
            ocsp(recipe)?.answers.insert(0, other);
            Ok(())
        },
        ..response(
            "revocation/ocsp-second-answer-revoked",
            "of two answers the first is good and about another certificate, the second revokes this one",
            "A response may answer for several certificates. Whoever reads the first answer without asking whose it is \
             takes the neighbour's good for his own: GnuTLS before 3.8.13 (CVE-2026-3832).",
            &[Reason::Revoked],
            |recipe, _| {
                let since = TimeField::Moment(recipe.time.plus_days(-3));
                let last = ocsp(recipe)?
                    .answers
                    .last_mut()
                    .ok_or(Unfit("the response has no answer"))?;
                last.status = OcspStatus::Revoked {
                    since,
                    reason: Some(1),
                };
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 section 4.2.2.3",
        ..response(
            "revocation/ocsp-without-answers",
            "the response is true, signed, and about nobody",
            "An empty list of answers holds no bad one. A loop that looks for a reason to refuse finds none. \
         A client that asks for one certificate has to find an answer for that one, and no answer is none.",
            OF_ANOTHER,
            |recipe, _| {
                ocsp(recipe)?.answers.clear();
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 sections 2.3 and 4.2.1",
        ..response(
            "revocation/ocsp-unauthorized",
            "the responder answers with the error unauthorized",
            "Errors are not signed, so that anybody can send one. They say nothing of the certificate; curl with \
             GnuTLS took this one for an answer without complaint (CVE-2024-8096).",
            NO_PROOF,
            |recipe, _| {
                ocsp(recipe)?.status = 6;
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 sections 2.3 and 4.2.1",
        ..response(
            "revocation/ocsp-try-later",
            "the responder answers with the error tryLater",
            "An attacker who cannot forge a response can always staple one that asks to come back later. It proves \
             nothing, and a verifier that goes on without proof has no revocation.",
            NO_PROOF,
            |recipe, _| {
                ocsp(recipe)?.status = 3;
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 section 4.2.1",
        ..response(
            "revocation/ocsp-of-unknown-type",
            "the response is of a type that nobody knows",
            "Only the basic type is defined. What another type says cannot be read, however much it looks alike. \
         Clients that parse the content without a look at the type take it for a basic response.",
            NO_PROOF,
            |recipe, _| {
                edit(
                    recipe,
                    "1/0/0",
                    Change::SetBody(vec![0x2b, 6, 1, 5, 5, 7, 0x30, 1, 0x63].into()),
                )
            },
        )
    },
    Defect {
        clause: "RFC 6960 section 4.2.1",
        ..response(
            "revocation/ocsp-garbage",
            "what is stapled is no response",
            "An error page of a proxy, stapled as it came. Whoever skips what he cannot read goes on without proof. \
         With soft failure it is as good as no revocation at all, which an attacker on the line can arrange.",
            NO_PROOF,
            |recipe, _| {
                edit(
                    recipe,
                    "",
                    Change::Replace(b"<html>502</html>".as_slice().into()),
                )
            },
        )
    },
    Defect {
        clause: "RFC 6960 section 4.2.1; X.690 section 10",
        class: Class::Lint,
        severity: Severity::Low,
        ..response(
            "revocation/ocsp-trailing-data",
            "bytes follow the response",
            "What follows is not signed. A reader that does not ask whether the response is all there is invites \
             others to append.",
            NO_PROOF,
            |recipe, _| edit(recipe, "", Change::InsertAfter(vec![5, 0].into())),
        )
    },
    Defect {
        clause: "RFC 6960 section 4.2.1; X.690 section 11.5",
        class: Class::Lint,
        severity: Severity::Low,
        ..response(
            "revocation/ocsp-version-unknown",
            "the response says that it is of version 2",
            "Nobody knows what a response of version 2 means, so that it must not be read as if it were of the one \
             version there is.",
            NO_PROOF,
            |recipe, _| {
                let version = Change::InsertBefore(vec![0xa0, 3, tag::INTEGER, 1, 1].into());
                ocsp(recipe)?
                    .edits_before_signing
                    .push(Edit::at("0", version));
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 section 4.2.2.1",
        class: Class::Lint,
        severity: Severity::Low,
        ..response(
            "revocation/ocsp-time-in-the-wrong-form",
            "the answer's thisUpdate is a UTCTime",
            "Times in responses are GeneralizedTime in every year. A UTCTime has two digits of the year less, and a \
             reader that counts octets reads a month as a year.",
            NO_PROOF,
            |recipe, _| {
                let answer = answer(recipe)?;
                let time = answer
                    .this_update
                    .moment()
                    .ok_or(Unfit("the time is a literal"))?;
                let c = time.to_calendar();
                let text = format!(
                    "{:02}{:02}{:02}{:02}{:02}{:02}Z",
                    c.year() % 100,
                    u8::from(c.month()),
                    c.day(),
                    c.hour(),
                    c.minute(),
                    c.second()
                );
                answer.this_update = TimeField::Literal {
                    tag: tag::UTC_TIME,
                    text,
                };
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 section 4.4; RFC 5280 section 4.2",
        ..response(
            "revocation/ocsp-unknown-critical-extension",
            "the response holds a critical extension that nobody knows",
            "A critical extension may change what the response means. Whoever does not know it cannot use the response. \
         The rule is the one of certificates, and is easily left out where a library has a parser of its own for responses.",
            NO_PROOF,
            |recipe, _| {
                ocsp(recipe)?.extensions.push(unknown_critical());
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 6960 section 4.4; RFC 5280 section 4.2",
        ..response(
            "revocation/ocsp-answer-unknown-critical-extension",
            "the answer holds a critical extension that nobody knows",
            "The same inside one answer, where it may limit for what the answer holds: for a time, for a purpose, for \
             somebody else.",
            NO_PROOF,
            |recipe, _| {
                answer(recipe)?.extensions.push(unknown_critical());
                Ok(())
            },
        )
    },
];

fn unknown_critical() -> crate::recipe::Extension {
    ExtensionValue::Raw {
        oid: super::UNKNOWN_EXTENSION,
        value: vec![5, 0].into(),
    }
    .critical()
}

/// The response of the recipe, to change.
pub(super) fn ocsp(recipe: &mut Recipe) -> Result<&mut OcspResponse, Unfit> {
    recipe.ocsp.as_mut().ok_or(Unfit("nothing is stapled"))
}

/// The first answer of the response, to change.
fn answer(recipe: &mut Recipe) -> Result<&mut OcspAnswer, Unfit> {
    ocsp(recipe)?
        .answers
        .first_mut()
        .ok_or(Unfit("the response has no answer"))
}

fn edit(recipe: &mut Recipe, path: &str, change: Change) -> Result<(), Unfit> {
    ocsp(recipe)?.edits.push(Edit::at(path, change));
    Ok(())
}

/// The end entity's status is told by a good response of its issuer, that of the CAs by lists.
pub(super) fn with_response(recipe: &mut Recipe, _: Position) -> Result<(), Unfit> {
    add_fresh_crls(recipe);
    let issuer = issuer_of(recipe, Position::EndEntity)?;
    if certificate_at(recipe, Position::EndEntity)?.is_self_signed() {
        return Err(Unfit("the end entity has no issuer"));
    }
    recipe.crls.retain(|list| list.issuer != issuer);
    let serial = serial_of(recipe, Position::EndEntity)?.into();
    let time = recipe.time;
    recipe.ocsp = Some(OcspResponse {
        signer: issuer.clone(),
        status: 0,
        responder: None,
        produced_at: time.plus_days(-1).into(),
        certificates: Vec::new(),
        signing: Signing::default(),
        edits_before_signing: Vec::new(),
        edits_of_basic: Vec::new(),
        edits: Vec::new(),
        answers: vec![OcspAnswer {
            issuer,
            serial,
            hash: OcspHash::Sha1,
            name_hash: None,
            key_hash: None,
            status: OcspStatus::Good,
            this_update: time.plus_days(-1).into(),
            next_update: Some(time.plus_days(3).into()),
            extensions: Vec::new(),
        }],
        extensions: Vec::new(),
    });
    Ok(())
}
