//! Certificates that a good list revokes.

use super::{Class, Defect, Position, Severity, defect, revoke, revoke_as, serial_of};
use crate::{
    defect::{Unfit, crl_of, issuer_of},
    recipe::{ExtensionValue, TimeField, Version, generate::add_fresh_crls},
    verdict::Reason,
};

const CLAUSE: &str = "RFC 5280 sections 6.1.3 (a)(3) and 6.3.3 (i)";
const END_ENTITY: &[Position] = &[Position::EndEntity];
const CERTIFICATES: &[Position] = &[Position::EndEntity, Position::Intermediate];

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        positions: END_ENTITY,
        severity: Severity::Critical,
        clause: CLAUSE,
        ..defect(
            "revocation/end-entity-revoked",
            "the issuer's fresh list names the end entity",
            "The key was stolen, the device was sold, the employee left: the CA has taken the certificate back and \
             says so in a list that is complete, fresh and truly signed. A verifier that accepts it does not look at \
             the list at all. Services fall for it by configuration more often than by code: Apache with a CRL file \
             but no SSLCARevocationCheck, Node with a changed file that nobody reads again.",
            &[Reason::Revoked],
            revoke,
        )
    },
    Defect {
        positions: &[Position::Intermediate],
        severity: Severity::Critical,
        clause: CLAUSE,
        ..defect(
            "revocation/intermediate-revoked",
            "an upper CA's fresh list names the CA that issued the end entity",
            "When a CA is broken into, its own certificate is revoked by the CA above; everything that it ever issued \
             falls with it. A verifier that asks for the status of the end entity alone, as Python's \
             VERIFY_CRL_CHECK_LEAF does, accepts what the thief issues.",
            &[Reason::Revoked],
            revoke,
        )
    },
    Defect {
        positions: CERTIFICATES,
        clause: "RFC 5280 section 5.3.1",
        ..defect(
            "revocation/on-hold",
            "the list names the certificate with the reason certificateHold",
            "A hold is a revocation that may be lifted later. Until it is, the certificate is not valid; a verifier \
             that waits for a final reason lets a suspended employee in.",
            &[Reason::Revoked],
            |recipe, position| {
                revoke_as(recipe, position, |entry| {
                    entry.extensions = vec![ExtensionValue::ReasonCode(6).not_critical()];
                })
            },
        )
    },
    Defect {
        positions: CERTIFICATES,
        clause: "RFC 5280 section 5.3.1",
        ..defect(
            "revocation/revoked-without-reason",
            "the entry carries no reason code",
            "Most CAs give no reason at all, which means unspecified. An entry without extensions is as good as any \
             other; a verifier that looks for the reason before it looks for the number misses it.",
            &[Reason::Revoked],
            |recipe, position| revoke_as(recipe, position, |entry| entry.extensions.clear()),
        )
    },
    Defect {
        positions: END_ENTITY,
        clause: "RFC 5280 section 5.3.1",
        ..defect(
            "revocation/revoked-with-unassigned-reason",
            "the entry's reason code is 7, which is not assigned",
            "The reason is nonsense, the revocation is not. Whoever refuses the list as malformed is right, whoever \
             reads the entry as revoked is right; whoever drops the entry that he cannot read is not.",
            &[
                Reason::CrlMalformed,
                Reason::Revoked,
                Reason::RevocationUnknown,
            ],
            |recipe, position| {
                revoke_as(recipe, position, |entry| {
                    entry.extensions = vec![ExtensionValue::ReasonCode(7).not_critical()];
                })
            },
        )
    },
    Defect {
        positions: END_ENTITY,
        class: Class::Policy,
        clause: CLAUSE,
        ..defect(
            "revocation/revoked-as-of-tomorrow",
            "the entry's revocation date is after the validation time",
            "The algorithm of RFC 5280 asks whether the number is on the list, not since when. A CA that lists a \
             certificate no longer vouches for it; a date in the future is a wrong clock at best.",
            &[Reason::Revoked, Reason::CrlMalformed],
            |recipe, position| {
                let tomorrow = recipe.time.plus_days(1);
                revoke_as(recipe, position, |entry| {
                    entry.date = TimeField::Moment(tomorrow)
                })
            },
        )
    },
    Defect {
        positions: END_ENTITY,
        clause: "RFC 5280 section 5.3.2",
        ..defect(
            "revocation/revoked-with-later-invalidity-date",
            "the entry says that the key became invalid after the validation time",
            "invalidityDate tells when the harm is thought to have begun; it is advice for old signatures. It does not \
             postpone the revocation, and a verifier that compares it with the clock lets a revoked certificate in.",
            &[Reason::Revoked],
            |recipe, position| {
                let tomorrow = recipe.time.plus_days(1);
                revoke_as(recipe, position, |entry| {
                    let date = ExtensionValue::InvalidityDate(TimeField::Moment(tomorrow));
                    entry.extensions.push(date.not_critical());
                })
            },
        )
    },
    Defect {
        positions: END_ENTITY,
        clause: "RFC 5280 section 5.1.2.1",
        prepare: |recipe, _| {
            add_fresh_crls(recipe);
            let list = super::list(recipe)?;
            list.version = Version::V1;
            list.extensions.clear();
            Ok(())
        },
        ..defect(
            "revocation/revoked-in-version-1-crl",
            "the list is of version 1, without any extension, and names the end entity",
            "Lists of version 1 are older than extensions, and small CAs still issue them. A verifier may refuse to \
             use them, in which case the status is unknown; it may not use them and overlook what they say.",
            &[
                Reason::Revoked,
                Reason::RevocationUnknown,
                Reason::CrlMalformed,
            ],
            |recipe, position| revoke_as(recipe, position, |entry| entry.extensions.clear()),
        )
    },
    Defect {
        positions: END_ENTITY,
        clause: "RFC 5280 section 5.3.1",
        ..defect(
            "revocation/listed-twice",
            "the list names the end entity twice: first as removed, then as stolen",
            "Whoever searches a list may stop at the first entry with the number. If that one says removeFromCRL, the \
             second, which says keyCompromise, is never seen.",
            &[
                Reason::Revoked,
                Reason::CrlMalformed,
                Reason::RevocationUnknown,
            ],
            |recipe, position| {
                revoke_as(recipe, position, |entry| {
                    entry.extensions = vec![ExtensionValue::ReasonCode(8).not_critical()];
                })?;
                revoke(recipe, position)
            },
        )
    },
    Defect {
        positions: END_ENTITY,
        class: Class::Policy,
        severity: Severity::Medium,
        clause: "RFC 5280 section 5.3.1",
        ..defect(
            "revocation/removed-in-complete-crl",
            "a complete list names the end entity with the reason removeFromCRL",
            "removeFromCRL may stand in a delta list only. In a complete one it is a contradiction: a certificate that \
             is not revoked is simply not there. OpenSSL reads the entry as not revoked; a careful verifier does not \
             build on a list that breaks its own rules.",
            &[
                Reason::Revoked,
                Reason::CrlMalformed,
                Reason::RevocationUnknown,
            ],
            |recipe, position| {
                revoke_as(recipe, position, |entry| {
                    entry.extensions = vec![ExtensionValue::ReasonCode(8).not_critical()];
                })
            },
        )
    },
    Defect {
        positions: CERTIFICATES,
        clause: "RFC 5280 sections 6.1.3 (a)(3) and 6.3.3",
        ..defect(
            "revocation/no-crl",
            "there are lists for the rest of the path, but none of this certificate's issuer",
            "An attacker who can keep one list from arriving turns revocation off wherever a missing list counts as a \
             clean one. Lists of the other CAs show that revocation is in use here, so the gap is no accident.",
            &[Reason::RevocationUnknown],
            |recipe, position| {
                serial_of(recipe, position)?;
                let issuer = issuer_of(recipe, position)?;
                crl_of(recipe, &issuer)?;
                recipe.crls.retain(|list| list.issuer != issuer);
                match recipe.crls.is_empty() {
                    true => Err(Unfit("no list is left, so that revocation is not in use")),
                    false => Ok(()),
                }
            },
        )
    },
];
