//! Strangers whose names look like that of the real CA.
//!
//! RFC 5280 section 7.1 has names compared without regard to case, spaces and
//! string type, so some of these names are equal to the real one and others are
//! not. Either way the key is another, and nothing that it signs may pass.

use super::{add_stranger, defect, issuer_name};
use crate::{
    defect::{Defect, Position, Severity, Unfit, change::without_crls, issuer_of},
    recipe::{Attribute, AttributeKind, Name, Recipe, StringForm},
};

const fn look_alike(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: super::Step,
) -> Defect {
    Defect {
        severity: Severity::High,
        positions: &[Position::EndEntity, Position::Intermediate],
        ..defect(id, summary, page, spoil)
    }
}

/// Names that look like another.
pub(super) const LOOK_ALIKES: &[Defect] = &[
    look_alike(
        "trust/name-in-another-case",
        "the issuer has the name of the real CA in capitals and another key",
        "Names are equal whatever their case, so a verifier that folds case finds the real CA as a candidate and must \
         then find that its key did not sign. One that keeps a list of trusted names compares them somehow, and an \
         attacker tries every how.",
        |recipe, position| rewrite(recipe, position, |text| text.to_uppercase()),
    ),
    look_alike(
        "trust/name-with-more-spaces",
        "the issuer has the name of the real CA with doubled and trailing spaces, and another key",
        "Runs of spaces count as one when names are compared, and those at the ends as none. A name that is equal by \
         this rule still proves nothing about the key.",
        |recipe, position| rewrite(recipe, position, |text| text.replace(' ', "  ") + " "),
    ),
    look_alike(
        "trust/name-in-another-string-type",
        "the issuer has the name of the real CA in BMPStrings and another key",
        "The same text can be written in five string types. A verifier that compares what it shows to people takes the \
         stranger for the real CA.",
        |recipe, position| {
            let mut name = issuer_name(recipe, position)?;
            name.0
                .iter_mut()
                .filter(|attribute| attribute.kind == AttributeKind::CN)
                .for_each(|attribute| attribute.form = StringForm::Bmp);
            present_stranger(recipe, position, name)
        },
    ),
    Defect {
        prepare: |recipe, position| {
            without_crls(recipe, position)?;
            add_unit(recipe, position, "Z\u{fc}rich")
        },
        ..look_alike(
            "trust/name-in-another-unicode-form",
            "the issuer has the name of the real CA with a letter decomposed, and another key",
            "A letter with an accent is one code point or two, and looks the same. Normalising before comparing makes \
             them equal, comparing octets does not; the key decides in either case.",
            |recipe, position| rewrite(recipe, position, |text| text.replace('\u{fc}', "u\u{308}")),
        )
    },
    look_alike(
        "trust/name-with-confusable-letters",
        "the issuer's name has Cyrillic letters that look like those of the real CA",
        "A person who approves a CA by the name on the screen sees no difference. The name is another, the key is \
         another, and only a verifier that folds look-alike letters would even find the real CA.",
        |recipe, position| {
            rewrite(recipe, position, |text| {
                text.replace('e', "\u{435}").replace('A', "\u{410}")
            })
        },
    ),
    look_alike(
        "trust/name-with-invisible-characters",
        "the issuer's name is that of the real CA with characters that do not show",
        "A zero-width space and a soft hyphen are dropped when names are prepared for comparison, and never show. What \
         is equal on the screen is not the same CA.",
        |recipe, position| rewrite(recipe, position, |text| format!("\u{200b}{text}\u{ad}")),
    ),
    look_alike(
        "trust/name-with-a-nul",
        "the issuer's name is that of the real CA with a NUL and more behind",
        "Software that treats names as C strings sees the real CA's name and not what follows. It was the end entity's \
         name that was forged in this way in 2009; an issuer's name goes through the same functions.",
        |recipe, position| {
            rewrite(recipe, position, |text| {
                format!("{text}\0.attacker.example")
            })
        },
    ),
    look_alike(
        "trust/same-attributes-in-another-order",
        "the issuer has the attributes of the real CA in another order, and another key",
        "A distinguished name is a sequence, and its order counts. A verifier that turns names into maps of attributes \
         takes the stranger for the real CA.",
        |recipe, position| {
            let mut name = issuer_name(recipe, position)?;
            name.0.reverse();
            present_other(recipe, position, name)
        },
    ),
    look_alike(
        "trust/same-attributes-in-one-set",
        "the issuer has the attributes of the real CA in one relative name, and another key",
        "Three relative names of one attribute each are not one relative name of three. Text forms show them with \
         commas and plus signs, and a verifier that compares such texts loosely takes one for the other.",
        |recipe, position| {
            let mut name = issuer_name(recipe, position)?;
            name.0
                .iter_mut()
                .skip(1)
                .for_each(|attribute| attribute.joined = true);
            present_other(recipe, position, name)
        },
    ),
    look_alike(
        "trust/name-with-one-more-attribute",
        "the issuer's name is that of the real CA with an organizational unit more",
        "The real CA's name is a prefix of the stranger's. A verifier that compares as many attributes as the shorter \
         name has, finds them equal.",
        |recipe, position| {
            let mut name = issuer_name(recipe, position)?;
            name.0
                .push(Attribute::new(AttributeKind::OU, "Branch Office"));
            present_stranger(recipe, position, name)
        },
    ),
];

/// Has the certificate issued by a stranger whose name is the issuer's with every text rewritten.
fn rewrite(
    recipe: &mut Recipe,
    position: Position,
    change: fn(&str) -> String,
) -> Result<(), Unfit> {
    let mut name = issuer_name(recipe, position)?;
    for attribute in &mut name.0 {
        // A country has two letters and a domain component none beyond ASCII.
        if !matches!(attribute.kind, AttributeKind::C | AttributeKind::DC) {
            attribute.value = change(&attribute.value);
            attribute.form = StringForm::Utf8;
        }
    }
    present_stranger(recipe, position, name)
}

fn present_other(recipe: &mut Recipe, position: Position, name: Name) -> Result<(), Unfit> {
    if name == issuer_name(recipe, position)? {
        return Err(Unfit("a name of one attribute cannot be rearranged"));
    }
    present_stranger(recipe, position, name)
}

fn present_stranger(recipe: &mut Recipe, position: Position, name: Name) -> Result<(), Unfit> {
    let stranger = add_stranger(recipe, position, name)?;
    recipe.presented.push(stranger);
    Ok(())
}

/// Gives the issuer's name an organizational unit.
fn add_unit(recipe: &mut Recipe, position: Position, unit: &str) -> Result<(), Unfit> {
    let issuer = issuer_of(recipe, position)?;
    recipe
        .certificate_mut(&issuer)
        .ok_or(Unfit("the issuer is not in the recipe"))?
        .subject
        .0
        .push(Attribute::new(AttributeKind::OU, unit));
    Ok(())
}
