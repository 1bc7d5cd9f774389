//! Lists that are not the DER of a list.

use super::{super::extensions::freshest_crl, Class, Defect, Severity, defect, entry, list, set};
use crate::{
    der::{Change, Edit, tag},
    recipe::{ExtensionValue, Recipe, TimeField, Version},
    verdict::Reason,
};

pub(super) const MALFORMED: &[Reason] = &[
    Reason::CrlMalformed,
    Reason::RevocationUnknown,
    Reason::MalformedDer,
];

/// A list whose encoding a lenient reader would let pass.
const fn lenient(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: super::Step,
) -> Defect {
    Defect {
        clause: "RFC 5280 section 5.1; X.690 section 10",
        class: Class::Lint,
        severity: Severity::Low,
        ..defect(id, summary, page, MALFORMED, spoil)
    }
}

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        clause: "RFC 5280 section 5.1",
        ..defect(
            "revocation/crl-garbage",
            "what stands in the place of the list is no list",
            "An error page, an empty file, a certificate: what arrives in the place of a list is often something else. \
             Whoever skips what he cannot read and goes on without it has no revocation.",
            MALFORMED,
            |recipe, _| {
                edit(
                    recipe,
                    "",
                    Change::Replace(b"<html>404</html>".as_slice().into()),
                )
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.1.1.3",
        ..defect(
            "revocation/crl-without-signature",
            "the list ends before its signature",
            "A list that was cut off while it was fetched has lost its proof, and perhaps its last entries. \
         Whoever loads lists from a cache that is written while it is read meets it by accident.",
            MALFORMED,
            |recipe, _| edit(recipe, "2", Change::Remove),
        )
    },
    lenient(
        "revocation/crl-trailing-data",
        "bytes follow the list",
        "What follows the signed list is not signed. A reader that takes several lists from one buffer goes on to read \
         what somebody has appended.",
        |recipe, _| edit(recipe, "", Change::InsertAfter(vec![5, 0].into())),
    ),
    Defect {
        clause: "RFC 5280 section 5.2.7",
        reasons: &[
            Reason::CrlUnknownCriticalExtension,
            Reason::CrlMalformed,
            Reason::WrongCriticality,
            Reason::RevocationUnknown,
        ],
        ..lenient(
            "revocation/crl-critical-information-access",
            "the list's authorityInfoAccess is critical",
            "It tells where the certificate of the list's issuer is to be had, and must not be critical: whoever does not \
             fetch certificates could not use the list.",
            |recipe, _| {
                let access = ExtensionValue::AuthorityInformationAccess {
                    ocsp: Vec::new(),
                    ca_issuers: vec!["http://gatecrash.example/issuer.cer".to_owned()],
                };
                set(list(recipe)?, access.critical());
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.2.6",
        reasons: &[
            Reason::CrlUnknownCriticalExtension,
            Reason::CrlMalformed,
            Reason::WrongCriticality,
            Reason::RevocationUnknown,
        ],
        ..lenient(
            "revocation/crl-critical-freshest-crl",
            "the list's freshestCRL is critical",
            "It tells where deltas to the list are to be had, and must not be critical. Whoever fetches no deltas does not \
             process it, and may use no list with a critical extension that he does not process.",
            |recipe, _| {
                let mut freshest = freshest_crl();
                freshest.critical = true;
                set(list(recipe)?, freshest);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 sections 4.1.2.5.2 and 5.3.2",
        ..lenient(
            "revocation/invalidity-date-in-utc-time",
            "the entry of another certificate has an invalidityDate in UTCTime",
            "The date is a GeneralizedTime, whatever its year. A reader that knows one form alone reads the year 26 here, or \
             gives up in the middle of the list.",
            |recipe, _| {
                let mut other = entry(recipe, vec![0x7d, 3]);
                let date = TimeField::Literal {
                    tag: tag::UTC_TIME,
                    text: "260101000000Z".to_owned(),
                };
                other
                    .extensions
                    .push(ExtensionValue::InvalidityDate(date).not_critical());
                list(recipe)?.revoked.push(other);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.1.2.6",
        ..lenient(
            "revocation/entry-date-in-the-wrong-form",
            "the entry of another certificate was revoked at a GeneralizedTime before 2050",
            "The dates of entries are written as those of the list: until 2049 as UTCTime. A reader that steps from entry to \
             entry by the length of the one form loses its place, and with it all entries that follow.",
            |recipe, _| {
                let mut other = entry(recipe, vec![0x7d, 4]);
                other.date = TimeField::Literal {
                    tag: tag::GENERALIZED_TIME,
                    text: "20260101000000Z".to_owned(),
                };
                list(recipe)?.revoked.push(other);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.1.2.6",
        ..lenient(
            "revocation/crl-with-empty-entries",
            "the list of entries is there, but has no entry",
            "When nobody is revoked, the list of entries must be absent. Readers that expect at least one entry read \
             what comes after it as one.",
            |recipe, _| edit_before(recipe, "4", Change::InsertAfter(vec![0x30, 0].into())),
        )
    },
    Defect {
        clause: "RFC 5280 section 5.1.2.1",
        ..lenient(
            "revocation/crl-extensions-in-version-1",
            "the list has extensions, but says that it is of version 1",
            "Extensions make a list version 2. A reader of version 1 stops before them, and with them before the scope \
             that may exclude the certificate.",
            |recipe, _| {
                list(recipe)?.version = Version::V1;
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.1.2.1",
        class: Class::MustReject,
        severity: Severity::Medium,
        ..lenient(
            "revocation/crl-version-unknown",
            "the list is of version 3, which does not exist",
            "Nobody knows what a list of version 3 means. It must not be read as if it were version 2. \
         The number is checked by few, since there has never been another.",
            |recipe, _| {
                list(recipe)?.version = Version::Number(2);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.2; RFC 5280 section 4.2",
        class: Class::Policy,
        severity: Severity::Medium,
        ..defect(
            "revocation/crl-duplicate-extension",
            "the list has its number twice",
            "Which of two extensions counts is for each program to say, hence two programs read two lists. What is \
             harmless for the number is not for the scope.",
            &[
                Reason::CrlMalformed,
                Reason::DuplicateExtension,
                Reason::RevocationUnknown,
            ],
            |recipe, _| edit_before(recipe, "[0]/0/{2.5.29.20}", Change::Duplicate),
        )
    },
];

fn edit(recipe: &mut Recipe, path: &str, change: Change) -> Result<(), crate::defect::Unfit> {
    list(recipe)?.edits.push(Edit::at(path, change));
    Ok(())
}

fn edit_before(
    recipe: &mut Recipe,
    path: &str,
    change: Change,
) -> Result<(), crate::defect::Unfit> {
    list(recipe)?
        .edits_before_signing
        .push(Edit::at(path, change));
    Ok(())
}
