//! The name that was probably meant, for the hint of an error.

/// The candidate that is most like this text. `None` without candidates.
pub fn nearest<'c>(text: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    candidates
        .into_iter()
        .min_by_key(|candidate| edit_distance(candidate, text))
}

/// Characters to insert, delete or replace (Levenshtein). Only the first hundred of `other` count.
fn edit_distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(100).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &b) in other.iter().enumerate() {
            let substituted = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
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
