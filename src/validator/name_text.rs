//! Distinguished names as people write them.
//!
//! Apart from comparison, which never goes by what is shown.

use super::{attribute::attribute_name, name::relative_names, visible::is_unseen};

/// A name as people write it: `CN=device-7, O=Example`. Control characters are escaped.
///
/// The order is that of the certificate, not RFC 4514's reverse. What is long is cut short, so
/// this is to be read and not to be compared.
pub fn display_name(der: &[u8]) -> String {
    written(der, MAX_SHOWN)
}

/// The same in full, for comparison.
pub(crate) fn whole_name(der: &[u8]) -> String {
    written(der, usize::MAX)
}

fn written(der: &[u8], most: usize) -> String {
    let mut text = String::new();
    'name: for relative_name in relative_names(der) {
        for (index, attribute) in relative_name.attributes().enumerate() {
            if text.len() > most.saturating_mul(4) {
                text.push('…');
                break 'name;
            }
            if !text.is_empty() {
                text.push_str(if index == 0 { ", " } else { " + " });
            }
            text.push_str(&attribute_name(attribute.kind));
            text.push('=');
            let mut characters = attribute.value.characters();
            for character in characters.by_ref().take(most) {
                if matches!(character, ',' | '+' | '\\') {
                    text.extend(['\\', character]);
                } else if is_unseen(character) {
                    text.extend(character.escape_default());
                } else {
                    text.push(character);
                }
            }
            if characters.next().is_some() {
                text.push('…');
            }
        }
    }
    if text.is_empty() {
        "(empty name)".to_owned()
    } else {
        text
    }
}

/// The most characters of one value that are shown.
const MAX_SHOWN: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validator::{assemble::organizations as name, strict::tag};

    #[test]
    fn shown_names_hold_no_control_character() {
        let shown = display_name(&name(&[(tag::UTF8_STRING, b"a\0b\r\n")]));
        assert_eq!(shown, "O=a\\u{0}b\\r\\n");
        let turned = "a\u{202e}b\u{2028}c\u{200b}";
        let shown = display_name(&name(&[(tag::UTF8_STRING, turned.as_bytes())]));
        assert_eq!(shown, "O=a\\u{202e}b\\u{2028}c\\u{200b}");
    }

    #[test]
    fn a_long_name_is_cut_short_where_it_is_shown() {
        let mut pairs = Vec::new();
        for _ in 0..5_000 {
            pairs.extend([0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x0a, 0x0c, 0x01, b'a']);
        }
        let mut der = vec![0x30, 0x82, 0xc3, 0x54, 0x31, 0x82, 0xc3, 0x50];
        der.extend(pairs);
        let shown = display_name(&der);
        assert!(shown.len() < 600 && shown.ends_with('…'), "{shown}");
        let long = name(&[(tag::UTF8_STRING, &[b'x'; 100]), (tag::UTF8_STRING, b"y")]);
        assert!(!display_name(&long).contains('…'));
    }

    #[test]
    fn separators_inside_a_value_are_escaped() {
        let shown = display_name(&name(&[(tag::UTF8_STRING, b"a, CN=b+c\\")]));
        assert_eq!(shown, "O=a\\, CN=b\\+c\\\\");
    }
}
