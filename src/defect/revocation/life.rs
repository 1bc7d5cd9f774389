//! Lists outside their time, and lists that hold what the verifier does not know.

use super::{Class, Defect, Position, Severity, UNKNOWN_EXTENSION, defect, list};
use crate::{
    recipe::{ExtensionValue, TimeField},
    verdict::Reason,
};

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        clause: "RFC 5280 sections 5.1.2.5 and 6.3.3 (a)",
        ..defect(
            "revocation/crl-expired",
            "the list's nextUpdate has passed",
            "Somebody who can hold back a newer list can let a revoked certificate live for as long as old lists are \
             believed. rustls-webpki ignores nextUpdate unless an ExpirationPolicy is asked for, and so does every \
             verifier that treats a list as a set of serials.",
            &[Reason::CrlExpired, Reason::RevocationUnknown],
            |recipe, _| {
                let time = recipe.time;
                let list = list(recipe)?;
                list.this_update = TimeField::Moment(time.plus_days(-9));
                list.next_update = Some(TimeField::Moment(time.plus_days(-2)));
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.1.2.4",
        class: Class::Policy,
        severity: Severity::Medium,
        ..defect(
            "revocation/crl-not-yet-valid",
            "the list's thisUpdate is in the future",
            "A list that was issued tomorrow was made by a clock that is wrong or by somebody who prepares. It says \
             nothing of the status today. OpenSSL refuses it; verifiers that look at nextUpdate alone do not.",
            &[Reason::CrlNotYetValid, Reason::RevocationUnknown],
            |recipe, _| {
                let time = recipe.time;
                list(recipe)?.this_update = TimeField::Moment(time.plus_days(1));
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.2",
        positions: &[Position::Crl],
        ..defect(
            "revocation/crl-unknown-critical-extension",
            "the list holds a critical extension that nobody knows",
            "A critical extension may change what the list says: its scope, or how entries are to be read. Whoever \
             does not know it must not use the list to determine the status of a certificate, so the status stays \
             unknown.",
            &[
                Reason::CrlUnknownCriticalExtension,
                Reason::RevocationUnknown,
                Reason::CrlMalformed,
            ],
            |recipe, _| {
                let value = ExtensionValue::Raw {
                    oid: UNKNOWN_EXTENSION,
                    value: vec![5, 0].into(),
                };
                list(recipe)?.extensions.push(value.critical());
                Ok(())
            },
        )
    },
];
