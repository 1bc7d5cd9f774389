//! How people name things: globs, and the name that was probably meant.

/// The candidate that is most like this text. `None` when none is like it: more than a
/// third of the letters are others.
pub fn nearest<'c>(text: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let length = text.chars().count();
    // What is much longer or shorter is not alike, and a text may be of any length.
    let may_be_alike = |candidate: &&str| {
        let other = candidate.chars().count();
        length.abs_diff(other) * 3 <= length.max(other)
    };
    let (distance, nearest) = candidates
        .into_iter()
        .filter(may_be_alike)
        .map(|candidate| (strsim::damerau_levenshtein(candidate, text), candidate))
        .min_by_key(|(distance, _)| *distance)?;
    let letters = length.max(nearest.chars().count());
    (distance * 3 <= letters).then_some(nearest)
}

/// What an error says further of a name that nothing has: the name that was probably meant, if any.
pub fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// What a TOML reader says of a name that it does not know, with the name that was
/// probably meant in the place of all that there are. Other messages stay as they are.
pub fn with_nearest(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let what = ["unknown field", "unknown variant", "unknown reason"]
        .into_iter()
        .find(|what| message.starts_with(what));
    match (what, quoted.next()) {
        (Some(what), Some(name)) => match nearest(name, quoted) {
            Some(meant) => format!("{what} `{name}`, did you mean `{meant}`?"),
            None => message.to_owned(),
        },
        _ => message.to_owned(),
    }
}

/// What a TOML reader says, for somebody who wrote TOML and no Rust: the name that was probably
/// meant, and types as TOML has them.
pub fn in_words_of_toml(message: &str) -> String {
    let told = with_nearest(message).replace("unknown variant", "unknown name");
    for (what, verb) in [
        ("invalid type: ", "stands where"),
        ("invalid value: ", "is not"),
    ] {
        if let Some((found, wanted)) = told
            .strip_prefix(what)
            .and_then(|rest| rest.split_once(", expected "))
        {
            let needed = match verb {
                "stands where" => " is needed",
                _ => "",
            };
            return format!("{found} {verb} {}{needed}", type_of_toml(wanted));
        }
    }
    told
}

/// A type of Rust, as TOML calls it.
fn type_of_toml(wanted: &str) -> &str {
    match wanted {
        "u8" => "a whole number from 0 to 255",
        "u16" | "u32" | "u64" | "usize" => "a whole number from 0 on",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "string or map" => "a name, or a table of one field",
        _ if wanted.starts_with("struct ") => "a table",
        _ if wanted.starts_with("enum ") => "a name, or a table of one field",
        _ => wanted,
    }
}

/// The line of a text, from 1, in which this stands between quotation marks, or stands at all;
/// the first when it does not.
pub fn line_naming(text: &str, name: &str) -> usize {
    let quoted = [format!("\"{name}\""), format!("'{name}'")];
    let at = quoted.iter().find_map(|quoted| text.find(quoted.as_str()));
    at.or_else(|| text.find(name))
        .map_or(1, |octet| line_at(text, octet))
}

/// The line of a text, from 1, in which this octet stands.
pub fn line_at(text: &str, octet: usize) -> usize {
    let before = &text.as_bytes()[..octet.min(text.len())];
    before.iter().filter(|&&octet| octet == b'\n').count() + 1
}

/// Whether a glob, in which `*` stands for any text, matches all of a text.
///
/// Matches in time proportional to the product of the lengths: the last `*` alone is tried again.
pub fn glob_matches(glob: &str, text: &str) -> bool {
    let (glob, text) = (glob.as_bytes(), text.as_bytes());
    let (mut g, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match glob.get(g) {
            Some(b'*') => {
                star = Some((g, t));
                g += 1;
            }
            Some(&byte) if byte == text[t] => {
                g += 1;
                t += 1;
            }
            _ => match &mut star {
                Some((at, from)) => {
                    *from += 1;
                    (g, t) = (*at + 1, *from);
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_find_what_was_meant() {
        let names = ["webpki", "aws-lc", "rustls", "reference"];
        for (slip, meant) in [
            ("webpik", "webpki"),
            ("awslc", "aws-lc"),
            ("refrence", "reference"),
            ("rustl", "rustls"),
        ] {
            assert_eq!(nearest(slip, names), Some(meant));
        }
        assert_eq!(nearest("x", []), None);
        let endless = "*".repeat(1_000_000);
        for far in ["", "zzz", "openssl-nothing", "web", &endless] {
            assert_eq!(nearest(far, names), None);
        }
    }

    #[test]
    fn unknown_names_in_text_are_told_with_the_nearest() {
        let table = [
            (
                "unknown field `porpoise`, expected one of `purpose`, `time`",
                "unknown field `porpoise`, did you mean `purpose`?",
            ),
            (
                "unknown variant `key-usge`, expected one of `key-usage`, `raw`",
                "unknown variant `key-usge`, did you mean `key-usage`?",
            ),
            ("missing field `time`", "missing field `time`"),
        ];
        for (message, told) in table {
            assert_eq!(with_nearest(message), told);
        }
    }

    #[test]
    fn types_are_told_in_the_words_of_toml() {
        let table = [
            (
                "invalid type: string \"x\", expected u64",
                "string \"x\" stands where a whole number from 0 on is needed",
            ),
            (
                "invalid value: integer `300`, expected u8",
                "integer `300` is not a whole number from 0 to 255",
            ),
            (
                "invalid type: integer `5`, expected a sequence",
                "integer `5` stands where a list is needed",
            ),
            (
                "invalid type: string \"x\", expected struct Extension",
                "string \"x\" stands where a table is needed",
            ),
            (
                "unknown variant `key-usge`, expected one of `key-usage`, `raw`",
                "unknown name `key-usge`, did you mean `key-usage`?",
            ),
            (
                "unknown reason `expird`, expected one of `expired`, `revoked`",
                "unknown reason `expird`, did you mean `expired`?",
            ),
            ("missing field `time`", "missing field `time`"),
        ];
        for (message, told) in table {
            assert_eq!(in_words_of_toml(message), told);
        }
    }

    #[test]
    fn a_name_is_found_where_it_is_quoted_first_of_all() {
        let text = "anchor\nissuer = \"anchor\"\nother = 'x'\n";
        for (name, line) in [("anchor", 2), ("x", 3), ("other", 3), ("nothing", 1)] {
            assert_eq!(line_naming(text, name), line, "{name}");
        }
    }

    #[test]
    fn globs_match_as_people_expect() {
        let table = [
            ("validity/expired", "validity/expired", true),
            ("validity/*", "validity/expired", true),
            ("*/expired", "validity/expired", true),
            ("*", "validity/expired", true),
            ("*a*y/*p*d", "validity/expired", true),
            ("validity", "validity/expired", false),
            ("usage/*", "validity/expired", false),
            ("", "validity/expired", false),
        ];
        for (glob, id, matches) in table {
            assert_eq!(glob_matches(glob, id), matches, "{glob}");
        }
    }
}
