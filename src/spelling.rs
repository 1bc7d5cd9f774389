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
    let what = ["unknown field", "unknown variant"]
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
