//! Recipes as text: TOML, with an error that names line and nearest field.

use super::{Label, MAX_CERTIFICATES, Recipe};
use crate::{
    script::ScriptError,
    spelling::{did_you_mean, in_words_of_toml, line_at, line_naming, nearest},
};

/// A recipe that does not hold together, or text that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// The text is not a recipe; the message names line and field.
    #[error("{0}")]
    Text(String),
    /// Nothing is presented.
    #[error("the recipe presents no certificate: `presented` needs the end entity's label")]
    NothingPresented,
    /// A label is named that no certificate has.
    #[error("no certificate of the recipe is labelled `{0}`")]
    UnknownLabel(Label),
    /// Two certificates have the same label.
    #[error("two certificates are labelled `{0}`")]
    RepeatedLabel(Label),
    /// Two CRLs have the same label.
    #[error("two CRLs are labelled `{0}`")]
    RepeatedCrlLabel(Label),
    /// More certificates than a recipe may hold.
    #[error("{0} certificates are more than the {MAX_CERTIFICATES} that a recipe may hold")]
    TooManyCertificates(usize),
    /// The handshake is out of bounds.
    #[error("the handshake: {0}")]
    Handshake(#[from] ScriptError),
    /// The recipe cannot be written as TOML.
    #[error("the recipe cannot be written: {0}")]
    Unwritable(String),
}

impl RecipeError {
    /// What does not hold together in a recipe that was read from this text, with the line to
    /// mend and the name that was probably meant.
    #[must_use]
    pub fn in_text(self, recipe: &Recipe, text: &str) -> Self {
        let (line, meant) = match &self {
            Self::UnknownLabel(label) => {
                let labels = recipe.certificates.iter().map(|one| &*one.label.0);
                (line_naming(text, &label.0), nearest(&label.0, labels))
            }
            // The first of the two is good.
            Self::RepeatedLabel(label) | Self::RepeatedCrlLabel(label) => {
                let label = format!("label = \"{label}\"");
                let second = text.match_indices(&label).nth(1);
                (second.map_or(1, |(octet, _)| line_at(text, octet)), None)
            }
            Self::NothingPresented => (
                text.find("presented")
                    .map_or(1, |octet| line_at(text, octet)),
                None,
            ),
            _ => return self,
        };
        Self::Text(format!("line {line}: {self}{}", did_you_mean(meant)))
    }
}

/// The tables of a recipe.
const TABLES: [&str; 4] = ["certificate", "crl", "ocsp", "handshake"];

/// A table that no recipe has, with its line. Where one header of several is misspelt, the tables
/// below it fall to the one before, and a reader of TOML complains of what stands there twice.
pub(crate) fn stray_table(text: &str) -> Option<(usize, String)> {
    let lines = text.lines().zip(1..);
    let headers = lines.filter_map(|(line, number)| {
        let header = line.trim().strip_prefix('[')?.trim_start_matches('[');
        let header = header
            .trim_start_matches("recipe.")
            .trim_start_matches("twin.");
        let name = header.split(['.', ']']).next()?;
        let own = ["recipe", "twin"];
        (!TABLES.contains(&name) && !own.contains(&name)).then_some((number, name))
    });
    headers.into_iter().next().map(|(number, name)| {
        let meant = nearest(name, TABLES.iter().copied());
        (
            number,
            format!("unknown field `{name}`{}", did_you_mean(meant)),
        )
    })
}

impl Recipe {
    /// Reads a recipe from TOML.
    ///
    /// # Errors
    /// When the text is not TOML, a field is unknown or missing, or the recipe does not hold together.
    pub fn from_toml(text: &str) -> Result<Self, RecipeError> {
        let recipe: Self = toml::from_str(text).map_err(|error| {
            if let (true, Some((line, told))) =
                (error.message().contains("duplicate key"), stray_table(text))
            {
                return RecipeError::Text(format!("line {line}: {told}"));
            }
            let line = error.span().map_or(1, |span| line_at(text, span.start));
            RecipeError::Text(format!(
                "line {line}: {}",
                in_words_of_toml(error.message())
            ))
        })?;
        recipe
            .check()
            .and_then(|()| recipe.check_crl_labels())
            .map_err(|error| error.in_text(&recipe, text))?;
        Ok(recipe)
    }

    /// Whoever writes two CRLs of one label has copied one and forgotten to name it. Minting
    /// needs no labels of CRLs, so that only what people write is held to it.
    pub(crate) fn check_crl_labels(&self) -> Result<(), RecipeError> {
        for (index, crl) in self.crls.iter().enumerate() {
            if self.crls[..index].iter().any(|one| one.label == crl.label) {
                return Err(RecipeError::RepeatedCrlLabel(crl.label.clone()));
            }
        }
        Ok(())
    }

    /// Writes the recipe as TOML that reads back the same.
    ///
    /// # Errors
    /// When a value has no form in TOML, such as an integer above 2^63.
    pub fn to_toml(&self) -> Result<String, RecipeError> {
        toml::to_string(self).map_err(|error| RecipeError::Unwritable(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::recipe::generate::Setting;

    #[test]
    fn wrong_text_is_refused_with_its_line() {
        let good = Setting::default().recipe().to_toml().expect("writes");
        let table = [
            (String::new(), "line 1"),
            ("purpose = ".into(), "line 1"),
            (
                good.replace("purpose", "porpoise"),
                "line 1: unknown field `porpoise`, did you mean `purpose`?",
            ),
            (
                good.replacen("time = ", "tme = ", 1),
                "line 2: unknown field `tme`, did you mean `time`?",
            ),
            (
                good.replacen("issuer = \"anchor\"", "issuer = \"nobody\"", 1),
                "no certificate of the recipe is labelled `nobody`",
            ),
            (
                good.replacen("anchors = [\"anchor\"]", "anchors = [\"anchr\"]", 1),
                "line 3: no certificate of the recipe is labelled `anchr`; did you mean `anchor`?",
            ),
            (
                good.replacen("label = \"end-entity\"", "label = \"anchor\"", 1),
                "two certificates are labelled `anchor`",
            ),
            (
                good.replacen("key-usage", "key-usge", 1),
                "unknown name `key-usge`, did you mean `key-usage`?",
            ),
            (
                good.replacen("key = \"p256:", "key = \"p257:", 1),
                "names no key",
            ),
            (good.replacen("ca = true", "ca = 1", 1), "true or false"),
        ];
        for (text, expected) in table {
            let error = Recipe::from_toml(&text).expect_err(expected).to_string();
            assert!(error.starts_with("line "), "{error}");
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn times_are_told_as_times() {
        let good = Setting::default().recipe().to_toml().expect("writes");
        let line = good
            .lines()
            .position(|line| line.starts_with("not-before"))
            .expect("a start");
        let start = good.lines().nth(line).expect("a start");
        let table = [
            ("not-before = \"2026-13-17T10:06:39Z\"", "2026-13-17"),
            ("not-before = 2026-06-01T12:00:00Z", "quotation marks"),
            ("not-before = 7", "integer `7` stands where a time as in"),
            ("not-before = { tag = 23 }", "missing field `text`"),
            (
                "not-before = { tag = 23, txt = \"x\" }",
                "unknown field `txt`, did you mean `text`?",
            ),
            ("not-before = { tag = 300, text = \"x\" }", "from 0 to 255"),
        ];
        for (other, expected) in table {
            let text = good.replacen(start, other, 1);
            let error = Recipe::from_toml(&text).expect_err(expected).to_string();
            assert!(
                error.starts_with(&format!("line {}: ", line + 1)) && error.contains(expected),
                "{error}"
            );
        }
        let literal = "not-before = { tag = 23, text = \"x\" }";
        let recipe = Recipe::from_toml(&good.replacen(start, literal, 1)).expect("reads");
        let again = Recipe::from_toml(&recipe.to_toml().expect("writes"));
        assert_eq!(again, Ok(recipe));
    }

    #[test]
    fn two_crls_of_one_label_are_refused() {
        let setting = Setting {
            crls: true,
            ..Setting::default()
        };
        let good = setting.recipe().to_toml().expect("writes");
        let text = good.replacen(
            "label = \"crl-anchor\"",
            "label = \"crl-intermediate-1\"",
            1,
        );
        assert_ne!(text, good);
        let error = Recipe::from_toml(&text).expect_err("refused").to_string();
        assert!(
            error.starts_with("line ")
                && error.ends_with("two CRLs are labelled `crl-intermediate-1`"),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn any_generated_recipe_reads_back(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let setting = Setting::from_bytes(&bytes);
            let recipe = setting.recipe();
            let text = recipe.to_toml().expect("writes");
            prop_assert_eq!(Recipe::from_toml(&text).expect("reads"), recipe);
        }
    }
}
