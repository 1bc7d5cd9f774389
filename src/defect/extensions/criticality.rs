//! Extensions that are critical where they must not be, or the reverse.
//!
//! The rules bind CAs. A verifier that knows the extension can go on, one that
//! does not know it must refuse it when it is critical.

use super::{
    END_ENTITY, INTERMEDIATE, defect,
    value::{directory_attributes, ensure, freshest_crl, subject_information_access},
};
use crate::{
    defect::{
        Class, Defect, Position, Severity, Step, Unfit, as_it_is, certificate_at,
        change::set_critical,
    },
    der::oid,
    recipe::{ExtensionValue, GeneralName, KeyIdentifier, Name, Recipe},
    verdict::{Clause, Reason},
};

const fn criticality(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    clause: Clause,
    positions: &'static [Position],
    prepare: Step,
    spoil: Step,
) -> Defect {
    Defect {
        severity: Severity::Info,
        class: Class::Lint,
        positions,
        prepare,
        ..defect(
            id,
            summary,
            page,
            clause,
            &[Reason::WrongCriticality, Reason::UnknownCriticalExtension],
            spoil,
        )
    }
}

/// Defects of criticality.
pub(super) const CRITICALITIES: &[Defect] = &[
    criticality(
        "extensions/critical-authority-key-identifier",
        "authorityKeyIdentifier is critical",
        "It helps to find the issuer and decides nothing, so CAs must not mark it critical. Verifiers that find issuers \
         by name alone do not process it and refuse the certificate, which makes one chain good here and bad there.",
        "RFC 5280 section 4.2.1.1",
        END_ENTITY,
        |recipe, position| {
            let identifier = ExtensionValue::AuthorityKeyIdentifier(KeyIdentifier::OfKey);
            certificate_at(recipe, position)?.set_extension(identifier.not_critical());
            Ok(())
        },
        |recipe, position| set_critical(recipe, position, &oid::AUTHORITY_KEY_IDENTIFIER, true),
    ),
    criticality(
        "extensions/critical-subject-key-identifier",
        "subjectKeyIdentifier is critical",
        "It helps to find the certificate for a key and decides nothing, so CAs must not mark it critical. \
         A verifier that tells known from unknown extensions has nothing against it; a strict one tells the CA's software by it.",
        "RFC 5280 section 4.2.1.2",
        END_ENTITY,
        |recipe, position| {
            let identifier = ExtensionValue::SubjectKeyIdentifier(KeyIdentifier::OfKey);
            certificate_at(recipe, position)?.set_extension(identifier.not_critical());
            Ok(())
        },
        |recipe, position| set_critical(recipe, position, &oid::SUBJECT_KEY_IDENTIFIER, true),
    ),
    criticality(
        "extensions/critical-information-access",
        "authorityInfoAccess is critical",
        "It says where to ask for status and where to fetch issuers, and CAs must not mark it critical. A verifier \
         without a network cannot follow it, and should not have to.",
        "RFC 5280 section 4.2.2.1",
        END_ENTITY,
        |recipe, position| {
            let access = ExtensionValue::AuthorityInformationAccess {
                ocsp: vec!["http://ocsp.gatecrash.example".to_owned()],
                ca_issuers: Vec::new(),
            };
            ensure(recipe, position, access.not_critical())
        },
        |recipe, position| set_critical(recipe, position, &oid::AUTHORITY_INFORMATION_ACCESS, true),
    ),
    criticality(
        "extensions/critical-subject-information-access",
        "subjectInfoAccess is critical",
        "It says what the subject offers, and CAs must not mark it critical: no verifier needs it to judge a path. \
         Small devices that do not know the extension refuse the certificate, and large ones take it: the fleet is split.",
        "RFC 5280 section 4.2.2.2",
        END_ENTITY,
        |recipe, position| ensure(recipe, position, subject_information_access()),
        |recipe, position| set_critical(recipe, position, &oid::SUBJECT_INFORMATION_ACCESS, true),
    ),
    criticality(
        "extensions/critical-freshest-crl",
        "freshestCRL is critical",
        "Deltas are an offer to those who can use them, so CAs must not mark their place critical. Critical, it locks out \
         every verifier that knows complete lists alone.",
        "RFC 5280 section 4.2.1.15",
        END_ENTITY,
        |recipe, position| {
            recipe.crls.clear();
            ensure(recipe, position, freshest_crl())
        },
        |recipe, position| set_critical(recipe, position, &oid::FRESHEST_CRL, true),
    ),
    criticality(
        "extensions/critical-directory-attributes",
        "subjectDirectoryAttributes are critical",
        "They describe the subject and decide nothing about the path, so CAs must not mark them critical. \
         A device that does not know them refuses the certificate for something that was to inform people.",
        "RFC 5280 section 4.2.1.8",
        END_ENTITY,
        |recipe, position| ensure(recipe, position, directory_attributes()),
        |recipe, position| set_critical(recipe, position, &oid::SUBJECT_DIRECTORY_ATTRIBUTES, true),
    ),
    criticality(
        "extensions/basic-constraints-not-critical",
        "the issuer's basicConstraints are not critical",
        "CAs must mark them critical in CA certificates, so that software which does not know them refuses rather than \
         ignores them. Every verifier of today knows them.",
        "RFC 5280 section 4.2.1.9",
        INTERMEDIATE,
        as_it_is,
        |recipe, position| set_critical(recipe, position, &oid::BASIC_CONSTRAINTS, false),
    ),
    criticality(
        "extensions/name-constraints-not-critical",
        "the issuer's name constraints are not critical",
        "CAs must mark them critical, because a verifier that ignores them sets the CA free. For years CAs left them not \
         critical so that software which did not know them would still connect.",
        "RFC 5280 section 4.2.1.10",
        INTERMEDIATE,
        |recipe, position| {
            let constraints = ExtensionValue::NameConstraints {
                permitted: Vec::new(),
                excluded: vec![GeneralName::Dns("excluded.example".to_owned())],
            };
            ensure(recipe, position, constraints.critical())
        },
        |recipe, position| set_critical(recipe, position, &oid::NAME_CONSTRAINTS, false),
    ),
    criticality(
        "extensions/only-names-not-critical",
        "subject alternative name is not critical although the subject is empty",
        "If all names stand in the extension, it must be critical: software that does not know it would else have a \
         certificate of nobody.",
        "RFC 5280 section 4.2.1.6",
        END_ENTITY,
        |recipe, position| {
            empty_subject(recipe, position)?;
            set_critical(recipe, position, &oid::SUBJECT_ALTERNATIVE_NAME, true)
        },
        |recipe, position| set_critical(recipe, position, &oid::SUBJECT_ALTERNATIVE_NAME, false),
    ),
];

fn empty_subject(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    certificate_at(recipe, position)?.subject = Name::default();
    Ok(())
}
