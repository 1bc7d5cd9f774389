//! Paths of operations, with parameters in braces, and which request paths they mean.

use std::fmt;

/// A path such as `/orders/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PathTemplate {
    text: String,
}

impl PathTemplate {
    /// A template; `None` unless it begins with a slash.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        text.starts_with('/').then_some(Self { text })
    }

    /// The template as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names of the parameters, from the left.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.text
            .split('{')
            .skip(1)
            .filter_map(|rest| Some(rest.split_once('}')?.0))
    }

    /// Whether a request's path, without query, is meant.
    ///
    /// Comparison is octet by octet: case, a trailing slash and percent-encoding
    /// all make another path, so that two spellings never share one guard.
    pub fn matches(&self, path: &str) -> bool {
        let mut given = path.split('/');
        let mut wanted = self.text.split('/');
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return true,
                (Some(wanted), Some(given)) if segment_matches(wanted, given) => {}
                _ => return false,
            }
        }
    }

    /// Whether somebody less exact might take a request's path for one of these: without case,
    /// a trailing slash, and what follows a semicolon in a segment.
    pub fn resembles(&self, path: &str) -> bool {
        let path: Vec<&str> = path
            .split('/')
            .map(|segment| segment.split(';').next().unwrap_or_default())
            .collect();
        let path = path.join("/").to_lowercase();
        let text = self.text.to_lowercase();
        Self {
            text: without_last_slash(&text).to_owned(),
        }
        .matches(without_last_slash(&path))
    }

    /// Greater means that more of the path is literal, from the left.
    pub(crate) fn specificity(&self) -> Vec<bool> {
        self.text
            .split('/')
            .map(|segment| !segment.contains('{'))
            .collect()
    }

    /// The path with every parameter replaced by what `value` gives for its name.
    pub fn fill(&self, value: impl Fn(&str) -> String) -> String {
        let mut filled = String::with_capacity(self.text.len());
        let mut rest = self.text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            match after.split_once('}') {
                Some((name, after)) => {
                    filled.push_str(&value(name));
                    rest = after;
                }
                None => return filled,
            }
        }
        filled + rest
    }
}

fn without_last_slash(path: &str) -> &str {
    match path.strip_suffix('/') {
        None | Some("") => path,
        Some(rest) => rest,
    }
}

/// A parameter stands for at least one octet and never for a whole `.` or `..`.
fn segment_matches(wanted: &str, given: &str) -> bool {
    match wanted
        .split_once('{')
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?.1)))
    {
        None => wanted == given,
        Some((before, after)) => {
            let inside = given
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after));
            inside.is_some_and(|inside| !inside.is_empty()) && !matches!(given, "." | "..")
        }
    }
}

impl fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_means_exactly_its_paths() {
        let table = [
            ("/a/{id}", "/a/7", true),
            ("/a/{id}", "/a/", false),
            ("/a/{id}", "/a/7/", false),
            ("/a/{id}", "/a/..", false),
            ("/a/{id}.json", "/a/7.json", true),
            ("/a/{id}.json", "/a/.json", false),
            ("/a", "/A", false),
            ("/a", "//a", false),
            ("/a", "/%61", false),
            ("/", "/", true),
        ];
        for (template, path, means) in table {
            let template = PathTemplate::new(template).expect("a slash in front");
            assert_eq!(template.matches(path), means, "{template} and {path}");
        }
        assert_eq!(PathTemplate::new("a"), None);
    }

    #[test]
    fn a_path_resembles_what_a_careless_reader_takes_it_for() {
        let table = [
            ("/admin", "/Admin", true),
            ("/admin", "/admin/", true),
            ("/Admin/", "/admin", true),
            ("/admin", "/admin;x=1", true),
            ("/a/{id}", "/A/7/", true),
            ("/", "/", true),
            ("/admin", "/administrator", false),
            ("/a/{id}", "/a", false),
        ];
        for (template, path, resembles) in table {
            let template = PathTemplate::new(template).expect("a slash in front");
            assert_eq!(template.resembles(path), resembles, "{template} and {path}");
        }
    }

    #[test]
    fn filling_a_template_gives_a_path_that_it_means() {
        for text in ["/", "/a/{id}", "/a/{id}/b/{other}.json"] {
            let template = PathTemplate::new(text).expect("a slash in front");
            assert!(
                template.matches(&template.fill(|_| "7".to_owned())),
                "{text}"
            );
        }
    }
}
