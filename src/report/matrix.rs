//! The matrix: families down, engines across, and in each cell how many
//! defects were handled how.

use std::collections::BTreeMap;

use super::layout::{Paint, pad};
use crate::{oracle::expected::Mark, run::RunReport};

/// How many defects of one family one engine handled how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(super) struct Cell {
    /// Hostile refused, twin accepted.
    pub(super) correct: usize,
    /// Hostile let in.
    pub(super) let_in: usize,
    /// Refused for another reason.
    pub(super) wrong_reason: usize,
    /// Good one turned away.
    pub(super) turned_away: usize,
    /// Cannot tell.
    pub(super) cannot_tell: usize,
}

/// One line of the matrix.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// The family.
    pub(super) family: String,
    /// The cells, in the order of the engines.
    pub(super) cells: Vec<Cell>,
}

/// A sign and a count.
pub(super) const LEGEND: [(&str, &str); 5] = [
    ("✓", "hostile refused, twin accepted"),
    ("✗", "let in"),
    ("≈", "refused for another reason"),
    ("!", "good one turned away"),
    ("·", "cannot tell"),
];

impl Cell {
    fn add(&mut self, mark: Mark) {
        *match mark {
            Mark::Correct => &mut self.correct,
            Mark::LetIn => &mut self.let_in,
            Mark::WrongReason => &mut self.wrong_reason,
            Mark::TurnedAway => &mut self.turned_away,
            Mark::CannotTell => &mut self.cannot_tell,
        } += 1;
    }

    /// Whether something is not as it should be.
    pub(super) fn is_bad(self) -> bool {
        self.let_in + self.wrong_reason + self.turned_away > 0
    }

    /// The signs, the troubles alone where there are any; nothing where nothing was asked.
    pub(super) fn signs(self) -> String {
        let correct = if self.is_bad() { 0 } else { self.correct };
        let parts = [
            (LEGEND[0].0, correct),
            (LEGEND[1].0, self.let_in),
            (LEGEND[2].0, self.wrong_reason),
            (LEGEND[3].0, self.turned_away),
            (LEGEND[4].0, self.cannot_tell),
        ];
        let shown: Vec<String> = parts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(sign, count)| format!("{sign} {count}"))
            .collect();
        shown.join(" ")
    }
}

/// The matrix of a run. A defect counts once: its worst variant is what matters.
pub(super) fn lines(report: &RunReport) -> Vec<Line> {
    let mut families: Vec<&str> = Vec::new();
    let mut worst: BTreeMap<(&str, &str), Vec<Option<Mark>>> = BTreeMap::new();
    for row in &report.rows {
        if !families.contains(&row.family.as_str()) {
            families.push(&row.family);
        }
        let marks = worst
            .entry((&row.family, &row.subject))
            .or_insert_with(|| vec![None; report.engines.len()]);
        for (so_far, mark) in marks.iter_mut().zip(&row.marks) {
            *so_far = match (*so_far, *mark) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
    }
    families
        .into_iter()
        .map(|family| {
            let mut cells = vec![Cell::default(); report.engines.len()];
            for (_, marks) in worst.iter().filter(|((of, _), _)| *of == family) {
                for (cell, mark) in cells.iter_mut().zip(marks) {
                    if let Some(mark) = mark {
                        cell.add(*mark);
                    }
                }
            }
            Line {
                family: family.to_owned(),
                cells,
            }
        })
        .collect()
}

/// The matrix as text, in as many blocks of engines as the width demands.
pub(super) fn render(report: &RunReport, paint: Paint, width: usize) -> String {
    let lines = lines(report);
    let first = lines
        .iter()
        .map(|line| line.family.chars().count())
        .max()
        .unwrap_or(0)
        + 2;
    let widths: Vec<usize> = (0..report.engines.len())
        .map(|column| {
            let cells = lines
                .iter()
                .map(|line| line.cells[column].signs().chars().count())
                .max()
                .unwrap_or(0);
            cells.max(report.engines[column].name.chars().count()) + 2
        })
        .collect();
    let mut out = String::new();
    let mut start = 0;
    while start < widths.len() {
        let mut end = start + 1;
        while end < widths.len() && first + widths[start..=end].iter().sum::<usize>() <= width {
            end += 1;
        }
        if start > 0 {
            out.push('\n');
        }
        out.push_str(&" ".repeat(first));
        for (engine, width) in report.engines.iter().zip(&widths).take(end).skip(start) {
            out.push_str(&paint.strong(&pad(&engine.name, *width)));
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
        for line in &lines {
            let mut text = pad(&line.family, first);
            for (cell, width) in line.cells.iter().zip(&widths).take(end).skip(start) {
                let signs = pad(&cell.signs(), *width);
                text.push_str(&match (cell.let_in > 0, cell.is_bad(), cell.correct > 0) {
                    (true, ..) => paint.alarm(&signs),
                    (_, true, _) => paint.warning(&signs),
                    (.., true) => paint.good(&signs),
                    _ => paint.quiet(&signs),
                });
            }
            out.push_str(text.trim_end());
            out.push('\n');
        }
        start = end;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_defect_counts_once_however_many_variants_show_it() {
        let lines = lines(&sample::report());
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].family, "validity");
        assert_eq!(
            lines[0].cells[0],
            Cell {
                correct: 2,
                ..Cell::default()
            }
        );
        assert_eq!(
            lines[0].cells[1],
            Cell {
                let_in: 2,
                ..Cell::default()
            }
        );
    }

    #[test]
    fn a_narrow_terminal_gets_the_engines_in_blocks() {
        let report = sample::report();
        assert_eq!(render(&report, Paint::Plain, 100).lines().count(), 2);
        let narrow = render(&report, Paint::Plain, 24);
        assert!(
            narrow.lines().all(|line| line.chars().count() <= 24),
            "{narrow}"
        );
        assert_eq!(
            narrow
                .lines()
                .filter(|line| line.starts_with("validity"))
                .count(),
            2
        );
    }

    #[test]
    fn troubles_stand_alone_in_a_cell() {
        let cell = Cell {
            correct: 20,
            let_in: 2,
            wrong_reason: 3,
            ..Cell::default()
        };
        assert_eq!(cell.signs(), "✗ 2 ≈ 3");
        assert_eq!(
            Cell {
                correct: 35,
                cannot_tell: 3,
                ..Cell::default()
            }
            .signs(),
            "✓ 35 · 3"
        );
    }
}
