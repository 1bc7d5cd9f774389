//! Text from certificates made fit to be shown: nothing in it that hides, turns or breaks a line.
//!
//! Apart from names, because every kind of name and every message needs it.

/// Whether a character has no shape of its own: it controls, breaks a line, or turns or hides
/// what stands beside it.
// Unicode general categories Cc, Cf, Zl and Zp; Cf as of version 16
pub(super) fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{890}'..='\u{891}'
                | '\u{8e2}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{110bd}'
                | '\u{110cd}'
                | '\u{13430}'..='\u{1343f}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0001}'
                | '\u{e0020}'..='\u{e007f}'
        )
}

/// The most characters of a text that are shown.
const MAX_SHOWN: usize = 256;

/// A text with what is not seen escaped, and cut short when it is long.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::new();
    for (index, character) in text.chars().enumerate() {
        if index == MAX_SHOWN {
            shown.push('…');
            break;
        }
        if is_unseen(character) || character == '\\' {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_escaped_and_what_is_long_is_cut() {
        for (text, shown) in [
            ("a.example", "a.example"),
            ("müller", "müller"),
            ("a\0b\r\n", "a\\u{0}b\\r\\n"),
            ("a\u{202e}b\u{2028}c", "a\\u{202e}b\\u{2028}c"),
            ("a\\b", "a\\\\b"),
        ] {
            assert_eq!(visible(text), shown);
        }
        assert_eq!(visible(&"x".repeat(300)).chars().count(), MAX_SHOWN + 1);
        assert_eq!(visible(&"x".repeat(256)), "x".repeat(256));
    }
}
