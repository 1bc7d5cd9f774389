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
        parts(&self.text).filter_map(|part| match part {
            Part::Parameter(name) => Some(name),
            Part::Literal(_) => None,
        })
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
            .map(|segment| !has_parameter(segment))
            .collect()
    }

    /// The path with every parameter replaced by what `value` gives for its name.
    pub fn fill(&self, value: impl Fn(&str) -> String) -> String {
        let filled = parts(&self.text).map(|part| match part {
            Part::Parameter(name) => value(name),
            Part::Literal(text) => text.to_owned(),
        });
        filled.collect()
    }
}

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part<'t> {
    /// As it is written. So is a brace that its segment does not close.
    Literal(&'t str),
    /// The name of a parameter.
    Parameter(&'t str),
}

fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let name = |after: &str| {
            after
                .find(['{', '}', '/'])
                .filter(|&end| after[end..].starts_with('}'))
        };
        let opened = rest
            .match_indices('{')
            .find_map(|(at, _)| Some((at, name(&rest[at + 1..])?)));
        let (part, after) = match opened {
            Some((0, length)) => (Part::Parameter(&rest[1..=length]), &rest[length + 2..]),
            Some((at, _)) => (Part::Literal(&rest[..at]), &rest[at..]),
            None if rest.is_empty() => return None,
            None => (Part::Literal(rest), ""),
        };
        rest = after;
        Some(part)
    })
}

fn has_parameter(segment: &str) -> bool {
    parts(segment).any(|part| matches!(part, Part::Parameter(_)))
}

fn without_last_slash(path: &str) -> &str {
    match path.strip_suffix('/') {
        None | Some("") => path,
        Some(rest) => rest,
    }
}

/// A parameter stands for at least one letter and never for a whole `.` or `..`.
fn segment_matches(wanted: &str, given: &str) -> bool {
    if !has_parameter(wanted) {
        return wanted == given;
    }
    if matches!(given, "." | "..") {
        return false;
    }
    let mut rest = given;
    // Whether a parameter came before, which may stand for more letters than the one that it took.
    let mut open = false;
    let mut parts = parts(wanted).peekable();
    while let Some(part) = parts.next() {
        let after = match part {
            Part::Parameter(_) => rest.chars().next().map(|first| &rest[first.len_utf8()..]),
            Part::Literal(text) if !open => rest.strip_prefix(text),
            Part::Literal(text) if parts.peek().is_none() => rest.strip_suffix(text).map(|_| ""),
            // The first place will do: what follows has the more left to match.
            Part::Literal(text) => rest.split_once(text).map(|(_, after)| after),
        };
        let Some(after) = after else { return false };
        rest = after;
        open = matches!(part, Part::Parameter(_));
    }
    open || rest.is_empty()
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
            ("/a/{x}-{y}", "/a/1-2-3", true),
            ("/a/{x}-{y}", "/a/1-", false),
            ("/a/{x}{y}", "/a/1", false),
            ("/a/{x}{y}.json", "/a/12.json", true),
            ("/a/{x}-{y}.json", "/a/1-.json", false),
            ("/a/{x/y}", "/a/{x/y}", true),
            ("/a/{x/y}", "/a/7", false),
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
        let texts = [
            "/",
            "/a/{id}",
            "/a/{id}/b/{other}.json",
            "/a/{x}-{y}",
            "/a/{x}{y}.json",
            "/a/{/id}",
            "/a/{x/{y}",
            "/a/{",
            "/a/{x{y}",
        ];
        for text in texts {
            let template = PathTemplate::new(text).expect("a slash in front");
            assert!(
                template.matches(&template.fill(|_| "7".to_owned())),
                "{text}"
            );
        }
    }
}
