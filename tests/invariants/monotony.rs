//! Less trust, more constraints and more revocation never turn a refusal into an acceptance.

use gatecrash::{
    Case,
    engine::{Engine, reference::Reference},
    mint::Minter,
    question::Time,
    recipe::{
        Certificate, ExtensionValue, GeneralName, Label, Recipe, TimeField,
        generate::{Setting, fresh_crl},
    },
    strategy::hostile_case,
};
use proptest::prelude::*;

use crate::config;

fn is_refused(engine: &dyn Engine, case: &Case) -> bool {
    let verdict = engine.judge(case).expect("the engine does not break");
    verdict.reason().is_some()
}

/// The case with another recipe. None when the change leaves nothing that the defect's edits find.
fn with(case: &Case, recipe: Recipe) -> Option<Case> {
    Case::from_recipe(
        &Minter::new(),
        recipe,
        case.id.clone(),
        case.expected.clone(),
    )
    .ok()
}

fn end(certificate: &Certificate) -> Option<Time> {
    match certificate.not_after {
        TimeField::Moment(time) => Some(time),
        TimeField::Literal { .. } => None,
    }
}

fn issuer(recipe: &mut Recipe) -> Option<&mut Certificate> {
    let label = recipe.issuers_of_end_entity().get(1)?.clone();
    recipe.certificate_mut(&label)
}

/// Excludes a name that nobody bears, or adds it to what is excluded.
fn exclude_nobody(recipe: &mut Recipe) -> bool {
    let Some(certificate) = issuer(recipe) else {
        return false;
    };
    let nobody = GeneralName::Dns("nobody.invalid".into());
    let oid = gatecrash::der::oid::NAME_CONSTRAINTS;
    match certificate
        .extension_mut(&oid)
        .map(|extension| &mut extension.value)
    {
        Some(ExtensionValue::NameConstraints {
            permitted,
            excluded,
        }) => {
            // To fill an empty constraint would mend it.
            let some = !permitted.is_empty() || !excluded.is_empty();
            excluded.push(nobody);
            some
        }
        Some(_) => false,
        None => {
            let value = ExtensionValue::NameConstraints {
                permitted: Vec::new(),
                excluded: vec![nobody],
            };
            certificate.extensions.push(value.critical());
            true
        }
    }
}

/// Lets no CA follow the issuer of the end entity, which none does.
fn forbid_more_authorities(recipe: &mut Recipe) -> bool {
    let extensions = issuer(recipe).map(|certificate| &mut certificate.extensions);
    let limit = extensions
        .into_iter()
        .flatten()
        .find_map(|extension| match &mut extension.value {
            ExtensionValue::BasicConstraints {
                ca: true,
                path_length,
            } => Some(path_length),
            _ => None,
        });
    limit.is_some_and(|limit| limit.replace(0) != Some(0))
}

pub(crate) fn keeps_with_a_crl(
    engine: &dyn Engine,
    case: &Case,
    number: u64,
) -> Result<(), TestCaseError> {
    prop_assume!(is_refused(engine, case));
    let stranger = Setting::numbered(98, number).recipe();
    let crl = fresh_crl(&stranger, &Label::from("anchor"));
    let mut more = case.clone();
    more.crls
        .push(Minter::new().crl(&stranger, &crl).expect("mints"));
    prop_assert!(is_refused(engine, &more), "{}", case.id);
    Ok(())
}

pub(crate) fn keeps_without_an_anchor(
    engine: &dyn Engine,
    case: &Case,
) -> Result<(), TestCaseError> {
    prop_assume!(is_refused(engine, case));
    for index in 0..case.anchors.len() {
        let mut fewer = case.clone();
        fewer.anchors.remove(index);
        prop_assert!(is_refused(engine, &fewer), "{}: anchor {index}", case.id);
    }
    Ok(())
}

pub(crate) fn keeps_under_tighter_constraints(
    engine: &dyn Engine,
    case: &Case,
) -> Result<(), TestCaseError> {
    prop_assume!(is_refused(engine, case));
    for tighten in [exclude_nobody, forbid_more_authorities] {
        let mut recipe = case.recipe.clone().expect("minted here");
        if tighten(&mut recipe)
            && let Some(tighter) = with(case, recipe)
        {
            prop_assert!(is_refused(engine, &tighter), "{}", case.id);
        }
    }
    Ok(())
}

pub(crate) fn keeps_in_a_shorter_time(
    engine: &dyn Engine,
    case: &Case,
    days: i64,
) -> Result<(), TestCaseError> {
    prop_assume!(is_refused(engine, case));
    let mut recipe = case.recipe.clone().expect("minted here");
    let latest = recipe.time.plus_days(days);
    for certificate in &mut recipe.certificates {
        if end(certificate).is_some_and(|end| end > latest) {
            certificate.not_after = latest.into();
        }
    }
    if let Some(shorter) = with(case, recipe) {
        prop_assert!(is_refused(engine, &shorter), "{}", case.id);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn a_crl_of_a_stranger_lets_nobody_in(case in hostile_case(), number in 0u64..100) {
        keeps_with_a_crl(&Reference::default(), &case, number)?;
    }

    #[test]
    fn an_anchor_less_lets_nobody_in(case in hostile_case()) {
        keeps_without_an_anchor(&Reference::default(), &case)?;
    }

    #[test]
    fn a_tighter_constraint_lets_nobody_in(case in hostile_case()) {
        keeps_under_tighter_constraints(&Reference::default(), &case)?;
    }

    #[test]
    fn a_shorter_validity_lets_nobody_in(case in hostile_case(), days in 0i64..40) {
        keeps_in_a_shorter_time(&Reference::default(), &case, days)?;
    }

    #[test]
    fn an_earlier_end_of_a_crl_lets_nobody_in(case in hostile_case().of("revocation/*"), seconds in 0i64..400_000) {
        let engine = Reference::default();
        prop_assume!(is_refused(&engine, &case));
        let mut recipe = case.recipe.clone().expect("minted here");
        let latest = recipe.time.plus_seconds(seconds);
        for crl in &mut recipe.crls {
            if let Some(TimeField::Moment(end)) = crl.next_update
                && end > latest
            {
                crl.next_update = Some(latest.into());
            }
        }
        if let Some(shorter) = with(&case, recipe) {
            prop_assert!(is_refused(&engine, &shorter), "{}", case.id);
        }
    }
}
