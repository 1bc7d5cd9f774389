//! String preparation: when two spellings of an attribute are one value (RFC 4518).
//!
//! It stands apart from names because it knows characters and no structure.
//! Nothing is collected: comparing two prepared strings walks both in step.

use std::iter;

use unicode_normalization::UnicodeNormalization as _;

/// The characters of a string after mapping, case folding, normalisation and
/// the handling of insignificant space. `ascii` says that all of them are ASCII.
// RFC 4518 section 2; RFC 5280 section 7.1
pub(crate) fn prepared(
    characters: impl Iterator<Item = char>,
    ascii: bool,
) -> impl Iterator<Item = char> {
    let mapped = characters.filter_map(mapped);
    let folded = if ascii {
        Folded::Ascii(mapped.map(|character| character.to_ascii_lowercase()))
    } else {
        Folded::Wide(mapped.nfkc().flat_map(folded).nfkc())
    };
    without_insignificant_space(folded)
}

/// Case folding needs a table only beyond ASCII.
enum Folded<A, W> {
    Ascii(A),
    Wide(W),
}

impl<A: Iterator<Item = char>, W: Iterator<Item = char>> Iterator for Folded<A, W> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self {
            Self::Ascii(characters) => characters.next(),
            Self::Wide(characters) => characters.next(),
        }
    }
}

/// Up and down again, so that `ß` meets `SS` and both small sigmas meet.
// RFC 4518 section 2.2, with RFC 3454 appendix B.2
fn folded(character: char) -> impl Iterator<Item = char> {
    character.to_uppercase().flat_map(char::to_lowercase)
}

/// What is white becomes a space, what is invisible becomes nothing.
// RFC 4518 section 2.2
fn mapped(character: char) -> Option<char> {
    match character {
        '\u{9}'..='\u{d}' | '\u{85}' => Some(' '),
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => None,
        ' '..='~' => Some(character),
        '\u{ad}'
        | '\u{34f}'
        | '\u{6dd}'
        | '\u{70f}'
        | '\u{1806}'
        | '\u{180b}'..='\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2063}'
        | '\u{206a}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffc}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0001}'
        | '\u{e0020}'..='\u{e007f}' => None,
        _ if character.is_whitespace() => Some(' '),
        _ => Some(character),
    }
}

/// None at the ends, one where there were several.
// RFC 4518 section 2.6.1
fn without_insignificant_space(
    mut characters: impl Iterator<Item = char>,
) -> impl Iterator<Item = char> {
    let mut started = false;
    let mut held: Option<char> = None;
    iter::from_fn(move || {
        if let Some(character) = held.take() {
            return Some(character);
        }
        let mut space = false;
        for character in characters.by_ref() {
            if character == ' ' {
                space = true;
            } else if space && started {
                held = Some(character);
                return Some(' ');
            } else {
                started = true;
                return Some(character);
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_value_prepare_alike() {
        let prepare = |text: &str| prepared(text.chars(), text.is_ascii()).collect::<String>();
        let table = [
            ("Good CA", "  good\t ca ", true),
            ("Good CA", "GoodCA", false),
            ("Straße", "STRASSE", true),
            ("σίσυφος", "ΣΊΣΥΦΟΣ", true),
            ("Ａｃｍｅ", "acme", true),
            ("caf\u{e9}", "CAFE\u{301}", true),
            ("cafe", "caf\u{e9}", false),
            ("soft\u{ad}hyphen", "softhyphen", true),
            ("zero\u{200b}width", "zerowidth", true),
            ("a\u{a0}\u{3000}b", "a b", true),
            ("ﬁne", "fine", true),
        ];
        for (left, right, same) in table {
            assert_eq!(prepare(left) == prepare(right), same, "{left} {right}");
        }
    }
}
