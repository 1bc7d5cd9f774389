//! Recipes as text: TOML, with an error that names line and nearest field.

use super::{Label, MAX_CERTIFICATES, Recipe};
use crate::{
    script::ScriptError,
    spelling::{did_you_mean, nearest, with_nearest},
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
    #[error("no certificate of the recipe is labelled `{label}`{}", did_you_mean(.nearest.as_ref().map(|label| label.0.as_str())))]
    UnknownLabel {
        /// The label.
        label: Label,
        /// The one that was probably meant.
        nearest: Option<Label>,
    },
    /// Two certificates have the same label.
    #[error("two certificates are labelled `{0}`")]
    RepeatedLabel(Label),
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
    /// The error of a recipe that was read from this text, with the line where a label is the cause.
    pub fn told(&self, text: &str) -> String {
        let label = match self {
            Self::UnknownLabel { label, .. } | Self::RepeatedLabel(label) => label,
            _ => return self.to_string(),
        };
        let quoted = format!("\"{label}\"");
        let is_it = |line: &&str| match self {
            Self::RepeatedLabel(_) => line.trim_start().starts_with("label"),
            _ => true,
        };
        let mut places = (1..)
            .zip(text.lines())
            .filter(|(_, line)| line.contains(&quoted) && is_it(line));
        // Of two certificates with one label the second is one too many.
        let place = match self {
            Self::RepeatedLabel(_) => places.nth(1),
            _ => places.next(),
        };
        match place {
            Some((line, _)) => format!("line {line}: {self}"),
            None => self.to_string(),
        }
    }
}

impl Recipe {
    /// The label of a certificate that is most like this one, for an error's hint.
    pub fn nearest_label(&self, label: &Label) -> Option<Label> {
        let labels = self
            .certificates
            .iter()
            .map(|certificate| certificate.label.0.as_str());
        nearest(&label.0, labels).map(Label::from)
    }

    /// Reads a recipe from TOML.
    ///
    /// # Errors
    /// When the text is not TOML, a field is unknown or missing, or the recipe does not hold together.
    pub fn from_toml(text: &str) -> Result<Self, RecipeError> {
        let recipe: Self = toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .map_or(1, |span| crate::spelling::line_at(text, span.start));
            RecipeError::Text(format!("line {line}: {}", with_nearest(error.message())))
        })?;
        recipe
            .check()
            .map_err(|error| RecipeError::Text(error.told(text)))?;
        Ok(recipe)
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
                good.replacen("issuer = \"anchor\"", "issuer = \"anchr\"", 1),
                "line 8: no certificate of the recipe is labelled `anchr`; did you mean `anchor`?",
            ),
            (
                good.replacen("label = \"end-entity\"", "label = \"anchor\"", 1),
                ": two certificates",
            ),
        ];
        for (text, expected) in table {
            let error = Recipe::from_toml(&text).expect_err(expected).to_string();
            assert!(error.contains(expected), "{error}");
        }
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
