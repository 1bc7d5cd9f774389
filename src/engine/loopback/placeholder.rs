//! Placeholders in descriptions: `{port}`, lower-case letters and underscores.
//!
//! Braces around anything else, a space for one, are text.

use std::collections::BTreeMap;

/// How deep values may hold placeholders themselves.
const MAX_DEPTH: usize = 4;

/// A placeholder that nothing stands for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing stands for `{{{0}}}`")]
pub(super) struct UnknownPlaceholder(pub(super) String);

/// What stands for placeholders.
#[derive(Clone, Debug, Default)]
pub(super) struct Values(BTreeMap<String, String>);

impl Values {
    /// One more value, in place of an earlier one.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// More values, in place of earlier ones.
    pub(super) fn set_all(&mut self, values: &BTreeMap<String, String>) {
        for (name, value) in values {
            self.set(name, value);
        }
    }

    /// The text with every placeholder replaced.
    pub(super) fn fill(&self, text: &str) -> Result<String, UnknownPlaceholder> {
        self.fill_to(text, MAX_DEPTH)
    }

    fn fill_to(&self, text: &str, depth: usize) -> Result<String, UnknownPlaceholder> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find('{') {
            filled.push_str(&rest[..start]);
            rest = &rest[start..];
            let Some(name) = name_of(rest) else {
                filled.push('{');
                rest = &rest[1..];
                continue;
            };
            let unknown = || UnknownPlaceholder(name.to_owned());
            let value = self.0.get(name).ok_or_else(unknown)?;
            let deeper = depth.checked_sub(1).ok_or_else(unknown)?;
            filled.push_str(&self.fill_to(value, deeper)?);
            rest = &rest[name.len() + 2..];
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// Each of the texts filled.
    pub(super) fn fill_all(&self, texts: &[String]) -> Result<Vec<String>, UnknownPlaceholder> {
        texts.iter().map(|text| self.fill(text)).collect()
    }
}

/// The name of the placeholder that a text begins with.
fn name_of(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix('{')?.split_once('}')?;
    let fits = |octet: u8| octet.is_ascii_lowercase() || octet == b'_';
    (!name.is_empty() && name.bytes().all(fits)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_braces_are_replaced_and_other_braces_stay() {
        let mut values = Values::default();
        values.set("port", "8443");
        values.set("line", "listen {port};");
        values.set("self", "{self}");
        let table = [
            ("{line}", Ok("listen 8443;".to_owned())),
            ("events { x {port} }", Ok("events { x 8443 }".to_owned())),
            ("{\"verified\":{port}", Ok("{\"verified\":8443".to_owned())),
            ("{", Ok("{".to_owned())),
            ("{nobody}", Err(UnknownPlaceholder("nobody".to_owned()))),
            ("{self}", Err(UnknownPlaceholder("self".to_owned()))),
        ];
        for (text, expected) in table {
            assert_eq!(values.fill(text), expected, "{text}");
        }
    }
}
