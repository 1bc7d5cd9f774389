//! The name that was probably meant, for the hint of an error.

/// The candidate that is most like this text. `None` without candidates.
pub fn nearest<'c>(text: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    candidates
        .into_iter()
        .min_by_key(|candidate| strsim::damerau_levenshtein(candidate, text))
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
    }
}
