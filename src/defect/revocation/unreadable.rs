//! Lists that name the end entity and cannot be used, beside an older one that can.
//!
//! Apart from `form`, where the list that cannot be read is the only one: there nothing tells the
//! status, here something tells it wrongly.

use super::{
    Class, Defect, Severity, UNKNOWN_EXTENSION, defect,
    delta::{revoke_in_second, second, with_newer},
    form::MALFORMED,
};
use crate::{
    der::{Change, Edit},
    recipe::ExtensionValue,
    verdict::Reason,
};

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        clause: "RFC 5280 sections 5.1 and 6.3.3 (a)",
        prepare: with_newer,
        ..defect(
            "revocation/revoked-in-newer-crl-with-trailing-data",
            "of two complete lists the newer names the end entity, and bytes follow it",
            "A list that cannot be read is passed over, an older one is at hand, and a revoked certificate is let in. \
             Nobody needs the CA for it: a few octets appended to the file on the way are enough.",
            MALFORMED,
            |recipe, _| {
                revoke_in_second(recipe)?;
                let appended = Change::InsertAfter(vec![5, 0].into());
                second(recipe)?.edits.push(Edit::at("", appended));
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 sections 5.2 and 6.3.3 (a)",
        prepare: with_newer,
        ..defect(
            "revocation/revoked-in-newer-crl-with-nameless-extension",
            "of two complete lists the newer names the end entity, and one of its extensions has no identifier",
            "The list is signed by its issuer as it stands, so that the fault is the CA's. Whoever goes back to the list of \
             the day before, because he can read that one, lets in whom the CA has revoked since.",
            MALFORMED,
            |recipe, _| {
                revoke_in_second(recipe)?;
                let identifier = Edit::at("6/0/0/0", Change::Remove);
                second(recipe)?.edits_before_signing.push(identifier);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.2",
        class: Class::Policy,
        severity: Severity::Medium,
        prepare: with_newer,
        ..defect(
            "revocation/revoked-in-newer-crl-with-unknown-critical-extension",
            "of two complete lists the newer names the end entity, and holds a critical extension that nobody knows",
            "Such a list must not be used to tell that a certificate is good. Whoever uses the older one instead tells just \
             that of a certificate which its issuer has named as stolen.",
            &[
                Reason::CrlUnknownCriticalExtension,
                Reason::CrlMalformed,
                Reason::Revoked,
                Reason::RevocationUnknown,
            ],
            |recipe, _| {
                revoke_in_second(recipe)?;
                let unknown = ExtensionValue::Raw {
                    oid: UNKNOWN_EXTENSION,
                    value: vec![5, 0].into(),
                };
                second(recipe)?.extensions.push(unknown.critical());
                Ok(())
            },
        )
    },
];
