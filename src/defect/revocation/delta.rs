//! Several lists of one issuer: older and newer ones, and deltas that continue a base.

use super::{
    Class, Defect, Position, Severity, add_list, defect, entry, issuer_key, list, revoke_as,
    revoke_end_entity, serial_of, set,
};
use crate::{
    defect::Unfit,
    recipe::{Crl, ExtensionValue, Key, Recipe, generate::add_fresh_crls},
    verdict::Reason,
};

const CLAUSE: &str = "RFC 5280 section 5.2.4";

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        // A verifier need not read deltas at all (RFC 5280 section 5).
        class: Class::Policy,
        clause: CLAUSE,
        prepare: with_delta,
        ..defect(
            "revocation/revoked-in-delta",
            "the complete list is clean, and the newer delta that continues it names the end entity",
            "A delta holds what has changed since the complete list. Whoever is given one and leaves it aside knows \
             less than he was told, and accepts whoever was revoked since.",
            &[Reason::Revoked],
            |recipe, _| {
                let serial = serial_of(recipe, Position::EndEntity)?;
                let entry = entry(recipe, serial);
                second(recipe)?.revoked.push(entry);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 sections 5.2.4 and 6.3.3 (c)",
        ..defect(
            "revocation/delta-without-base",
            "the only list is a delta",
            "A delta names the changes and nothing else. Without the complete list that it continues, who is not named \
             may have been revoked long before.",
            &[
                Reason::RevocationUnknown,
                Reason::CrlUnknownCriticalExtension,
                Reason::CrlMalformed,
            ],
            |recipe, _| {
                set(
                    list(recipe)?,
                    ExtensionValue::DeltaCrlIndicator(5).critical(),
                );
                Ok(())
            },
        )
    },
    Defect {
        clause: CLAUSE,
        ..defect(
            "revocation/delta-not-critical",
            "the only list is a delta whose indicator is not critical",
            "The indicator is critical by definition, so that nobody takes a delta for a complete list. Marked \
             otherwise, it invites exactly that; a verifier that knows the extension reads it whatever the mark.",
            &[
                Reason::RevocationUnknown,
                Reason::CrlMalformed,
                Reason::WrongCriticality,
                Reason::CrlUnknownCriticalExtension,
            ],
            |recipe, _| {
                set(
                    list(recipe)?,
                    ExtensionValue::DeltaCrlIndicator(5).not_critical(),
                );
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 sections 5.2.4 and 6.3.3 (c)",
        prepare: |recipe, position| {
            with_delta(recipe, position)?;
            remove_in_delta(recipe)?;
            // The base, number 7, is newer than the delta.
            set(second(recipe)?, ExtensionValue::CrlNumber(6).not_critical());
            set(
                second(recipe)?,
                ExtensionValue::DeltaCrlIndicator(5).critical(),
            );
            Ok(())
        },
        ..defect(
            "revocation/hold-not-lifted-by-older-delta",
            "the complete list holds the certificate, and a delta that is older lifts the hold",
            "A delta continues lists with lower numbers. One that is older than the complete list tells of a hold \
             before this one; to apply it sets the clock back.",
            &[Reason::Revoked],
            |recipe, _| {
                revoke_as(recipe, Position::EndEntity, |entry| {
                    entry.extensions = vec![ExtensionValue::ReasonCode(6).not_critical()];
                })
            },
        )
    },
    Defect {
        clause: "RFC 5280 sections 5.2.4 and 6.3.3 (h)",
        prepare: |recipe, position| {
            with_delta(recipe, position)?;
            remove_in_delta(recipe)?;
            let algorithm = issuer_key(recipe)?.algorithm;
            second(recipe)?.signing.key = Some(Key::new(algorithm, "stranger"));
            Ok(())
        },
        ..defect(
            "revocation/hold-not-lifted-by-forged-delta",
            "the complete list holds the certificate, and a delta that a stranger signed lifts the hold",
            "A delta is signed with the key of the list that it continues. It is small and comes often, so that a reader which \
             trusts what it has merged before, and looks at the signature of complete lists alone, lets anybody on the line \
             give back what was taken away.",
            &[
                Reason::Revoked,
                Reason::CrlBadSignature,
                Reason::RevocationUnknown,
            ],
            |recipe, _| {
                revoke_as(recipe, Position::EndEntity, |entry| {
                    entry.extensions = vec![ExtensionValue::ReasonCode(6).not_critical()];
                })
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.3.1",
        class: Class::Policy,
        prepare: |recipe, position| {
            with_delta(recipe, position)?;
            remove_in_delta(recipe)
        },
        ..defect(
            "revocation/delta-removes-stolen-key",
            "the complete list names the certificate as stolen, and a newer delta removes it",
            "removeFromCRL lifts a hold, or follows the end of the certificate. A stolen key does not become safe \
             again, so that a delta which says so is wrong or made by the thief.",
            &[Reason::Revoked],
            revoke_end_entity,
        )
    },
    Defect {
        clause: "RFC 5280 sections 5.2.3 and 6.3.3",
        prepare: with_newer,
        ..defect(
            "revocation/revoked-in-newer-crl",
            "of two complete lists the newer, which comes second, names the end entity",
            "Both lists are inside their time, because lists overlap. The higher number is the newer, and what it says \
             counts; a verifier that takes the first that fits goes by the order in which files were read.",
            &[Reason::Revoked],
            |recipe, _| revoke_in_second(recipe),
        )
    },
    Defect {
        clause: "RFC 5280 sections 5.2.3 and 6.3.3",
        prepare: |recipe, position| {
            with_newer(recipe, position)?;
            let last = recipe.crls.pop().ok_or(Unfit("a list was just added"))?;
            recipe.crls.insert(0, last);
            Ok(())
        },
        ..defect(
            "revocation/revoked-in-newer-crl-listed-first",
            "of two complete lists the newer, which comes first, names the end entity",
            "The same two lists the other way round: a verifier that lets the last list win accepts here what it \
             refuses there.",
            &[Reason::Revoked],
            |recipe, _| revoke_in_second(recipe),
        )
    },
    Defect {
        clause: "RFC 5280 sections 3.3 and 5.2.3",
        class: Class::Policy,
        severity: Severity::Medium,
        prepare: with_newer,
        ..defect(
            "revocation/revoked-in-older-crl-only",
            "of two complete lists the older names the end entity as stolen, and the newer does not",
            "An entry stays on the lists until the certificate has ended. One that vanishes before, for a stolen key, \
             is a mistake of the CA or the work of whoever holds its key; a careful verifier remembers.",
            &[Reason::Revoked],
            revoke_end_entity,
        )
    },
];

/// A complete list of number 7 and a delta of number 9 that continues it.
fn with_delta(recipe: &mut Recipe, _: Position) -> Result<(), Unfit> {
    add_fresh_crls(recipe);
    let delta = add_list(recipe, "crl-second", 9)?;
    set(delta, ExtensionValue::DeltaCrlIndicator(7).critical());
    Ok(())
}

/// Two complete lists, the second a day newer.
pub(super) fn with_newer(recipe: &mut Recipe, _: Position) -> Result<(), Unfit> {
    add_fresh_crls(recipe);
    let time = recipe.time;
    let newer = add_list(recipe, "crl-second", 8)?;
    newer.this_update = time.plus_days(-1).into();
    newer.next_update = Some(time.plus_days(6).into());
    Ok(())
}

pub(super) fn second(recipe: &mut Recipe) -> Result<&mut Crl, Unfit> {
    recipe
        .crls
        .iter_mut()
        .find(|list| list.label.0 == "crl-second")
        .map(|list| &mut **list)
        .ok_or(Unfit("there is no second list"))
}

pub(super) fn revoke_in_second(recipe: &mut Recipe) -> Result<(), Unfit> {
    let serial = serial_of(recipe, Position::EndEntity)?;
    let entry = entry(recipe, serial);
    second(recipe)?.revoked.push(entry);
    Ok(())
}

/// The delta says that the end entity is no longer revoked.
fn remove_in_delta(recipe: &mut Recipe) -> Result<(), Unfit> {
    let serial = serial_of(recipe, Position::EndEntity)?;
    let mut entry = entry(recipe, serial);
    entry.extensions = vec![ExtensionValue::ReasonCode(8).not_critical()];
    second(recipe)?.revoked.push(entry);
    Ok(())
}
