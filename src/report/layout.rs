//! Letters and columns: numbers with separators, wrapped lines, quiet colours.

use anstyle::{AnsiColor, Style};

/// Whether text is coloured. Whoever prints decides: only a terminal is, and `NO_COLOR` is honoured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Letters alone.
    Plain,
    /// With the colours of the terminal.
    Coloured,
}

impl Paint {
    /// Something that needs attention.
    pub fn alarm(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    /// Something to look at later.
    pub fn warning(self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default(), text)
    }

    /// Something that is as it should be.
    pub fn good(self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default(), text)
    }

    /// Something to read first.
    pub fn strong(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    /// Something to read last.
    pub fn quiet(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    fn with(self, style: Style, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Coloured => format!("{style}{text}{style:#}"),
        }
    }
}

/// A number with a comma between each three digits.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun, in the plural where that is due.
pub fn count(number: usize, noun: &str) -> String {
    format!(
        "{} {noun}{}",
        thousands(number),
        if number == 1 { "" } else { "s" }
    )
}

/// Breaks text into lines of at most `width` letters, each after so many blanks.
///
/// A word that is longer than a line stands on one of its own.
pub fn wrap(text: &str, indent: usize, width: usize) -> String {
    let room = width.saturating_sub(indent).max(20);
    let mut out = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let letters = word.chars().count();
        if used > 0 && used + 1 + letters > room {
            out.push('\n');
            used = 0;
        }
        if used == 0 {
            out.push_str(&" ".repeat(indent));
        } else {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += letters;
    }
    out.push('\n');
    out
}

/// Puts parts side by side, three blanks apart, and breaks lines between parts alone.
pub fn flow(parts: &[String], width: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for part in parts {
        let letters = part.chars().count();
        if used > 0 && used + 3 + letters > width {
            out.push('\n');
            used = 0;
        }
        if used > 0 {
            out.push_str("   ");
            used += 3;
        }
        out.push_str(part);
        used += letters;
    }
    out.push('\n');
    out
}

/// Fills text with blanks up to so many letters.
pub fn pad(text: &str, width: usize) -> String {
    let letters = text.chars().count();
    format!("{text}{}", " ".repeat(width.saturating_sub(letters)))
}

/// Rows of cells in columns that are as wide as their widest cell, two blanks apart. The last column is not filled.
pub fn columns(rows: &[Vec<String>]) -> String {
    let widest = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(column, cell)| match column + 1 == row.len() {
                true => cell.clone(),
                false => pad(cell, widest(column).unwrap_or(0)),
            })
            .collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_separated_and_nouns_agree() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(thousands(number), expected);
        }
        assert_eq!(
            (count(1, "case"), count(2, "case")),
            ("1 case".into(), "2 cases".into())
        );
    }

    #[test]
    fn lines_keep_to_the_width_and_lose_no_word() {
        let text = "one two three four five six seven eight nine ten eleven twelve";
        let wrapped = wrap(text, 2, 24);
        assert!(
            wrapped
                .lines()
                .all(|line| line.starts_with("  ") && line.chars().count() <= 24),
            "{wrapped}"
        );
        assert_eq!(
            wrapped.split_whitespace().collect::<Vec<_>>(),
            text.split_whitespace().collect::<Vec<_>>()
        );
    }

    #[test]
    fn plain_paint_adds_nothing() {
        assert_eq!(Paint::Plain.alarm("x"), "x");
        assert!(Paint::Coloured.alarm("x").contains("\u{1b}["));
    }
}
