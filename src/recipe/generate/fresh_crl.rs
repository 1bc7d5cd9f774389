//! The CRLs of a benign chain: complete, fresh, empty.

use crate::{
    der::oid,
    recipe::{
        Crl, Extension, ExtensionValue, KeyIdentifier, Label, Recipe, Signing, TimeField, Version,
    },
};

/// Gives every CA of the true path a complete, fresh, empty CRL, unless it has one.
pub fn add_fresh_crls(recipe: &mut Recipe) {
    let issuers: Vec<Label> = recipe.issuers_of_end_entity().into_iter().skip(1).collect();
    for issuer in issuers {
        if recipe.crls.iter().any(|crl| crl.issuer == issuer) {
            continue;
        }
        let crl = fresh_crl(recipe, &issuer);
        recipe.crls.push(crl.into());
    }
}

/// A complete, fresh, empty CRL of this issuer, which goes by the label `crl-ISSUER`.
pub fn fresh_crl(recipe: &Recipe, issuer: &Label) -> Crl {
    let identified = recipe
        .certificate(issuer)
        .is_some_and(|issuer| issuer.extension(&oid::SUBJECT_KEY_IDENTIFIER).is_some());
    let key_identifier = identified.then_some(KeyIdentifier::OfKey);
    let value = match named_by_certificate(recipe) {
        // As the certificates of this PKI do it.
        Some(beside_key) => Some(ExtensionValue::AuthorityCertificate {
            key_identifier: key_identifier.filter(|_| beside_key),
        }),
        None => key_identifier.map(ExtensionValue::AuthorityKeyIdentifier),
    };
    let mut extensions: Vec<Extension> = value
        .map(ExtensionValue::not_critical)
        .into_iter()
        .collect();
    extensions.push(ExtensionValue::CrlNumber(7).not_critical());
    Crl {
        label: Label(format!("crl-{issuer}")),
        issuer: issuer.clone(),
        this_update: TimeField::Moment(recipe.time.plus_days(-2)),
        next_update: Some(TimeField::Moment(recipe.time.plus_days(5))),
        version: Version::Usual,
        issuer_name: None,
        signing: Signing {
            rsa_pss: recipe
                .certificate(issuer)
                .is_some_and(|issuer| issuer.signing.rsa_pss),
            ..Signing::default()
        },
        edits_before_signing: Vec::new(),
        edits: Vec::new(),
        revoked: Vec::new(),
        extensions,
    }
}

/// Whether the end entity names its issuer's certificate, and if so whether its key as well.
fn named_by_certificate(recipe: &Recipe) -> Option<bool> {
    let end_entity = recipe.certificate(recipe.end_entity().ok()?)?;
    match &end_entity.extension(&oid::AUTHORITY_KEY_IDENTIFIER)?.value {
        ExtensionValue::AuthorityCertificate { key_identifier } => Some(key_identifier.is_some()),
        _ => None,
    }
}
