//! Any text as a recipe: it is refused with one line, or it reads back as it was written.

use super::{Alarm, Reach, Session, Target};
use crate::{
    case::pairs, defect, mint::Minter, mutate::TEXT, recipe::Recipe, recipe::generate::Setting,
};

pub(super) const RECIPE_TEXT: Target = Target {
    name: "recipe_text",
    summary: "text as a recipe: refused with a line, or it reads back and mints the same bytes again",
    run,
    seeds,
    moves: TEXT,
    max_length: 8192,
    by_rarity: true,
    dictionary: None,
    reach: Reach::stages(&["refused", "a recipe", "minted", "not minted"]),
};

fn run(input: &[u8], session: &mut Session) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let recipe = match Recipe::from_toml(text) {
        Ok(recipe) => recipe,
        Err(error) => {
            session.health.reach("refused");
            if error.to_string().trim().is_empty() {
                session.fail(input, &Alarm::new("an error without words", text));
            }
            return;
        }
    };
    session.health.reach("a recipe");
    let Ok(written) = recipe.to_toml() else {
        session.health.reach("no form in TOML");
        return;
    };
    if Recipe::from_toml(&written).as_ref() != Ok(&recipe) {
        let detail = format!("{text}\nwas written as\n{written}");
        session.fail(input, &Alarm::new("a recipe does not read back", detail));
    }
    let minter = Minter::toy();
    match (minter.mint(&recipe), Minter::toy().mint(&recipe)) {
        (Ok(once), Ok(again)) => {
            session.health.reach("minted");
            let der = |minted: crate::mint::Minted| {
                (minted.anchors, minted.chain, minted.crls, minted.ocsp)
            };
            if der(once) != der(again) {
                session.fail(input, &Alarm::new("the same recipe gave other bytes", text));
            }
        }
        (Err(once), Err(again)) if once == again => session.health.reach("not minted"),
        _ => session.fail(input, &Alarm::new("minted once, and not again", text)),
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let minter = Minter::new();
    let hostile = defect::all()
        .step_by(9)
        .filter_map(|defect| pairs(&minter, defect, 1, 7).into_iter().next()?.ok())
        .filter_map(|pair| pair.hostile.recipe);
    let benign = (0..8).map(|number| Setting::numbered(7, number).recipe());
    let mut seeds: Vec<Vec<u8>> = hostile
        .chain(benign)
        .filter_map(|recipe| recipe.to_toml().ok())
        .map(String::into_bytes)
        .filter(|text| text.len() <= 8192)
        .collect();
    // A key that no test key is.
    let unmintable = "algorithm = \"rsa-2048\"";
    if let Some(text) = seeds
        .first()
        .and_then(|text| String::from_utf8(text.clone()).ok())
    {
        seeds.push(
            text.replace("p256", "rsa2048")
                .replace("anchor", unmintable)
                .into_bytes(),
        );
    }
    seeds
}
