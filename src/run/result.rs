//! The result of a run: a value that every report is made of.

use std::collections::BTreeSet;

use super::Work;
use crate::{
    case::{Case, Expected, PairError, Role},
    corpus::known::{self, Entry, Known},
    defect::{DefectId, Position},
    engine::{Capability, Engine},
    oracle::{Answer, Finding, Kind, expected::Mark},
    verdict::Reason,
};

/// Everything that came of a run.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// What drew the settings, where they were drawn.
    pub rng_seed: Option<u64>,
    /// How many settings each defect was put into.
    pub variants: u32,
    /// The engines, in the order in which cases hold their answers.
    pub engines: Vec<EngineSummary>,
    /// The cases that were judged.
    pub cases: Vec<JudgedCase>,
    /// What the answers amount to: one row for each pair or single case.
    pub rows: Vec<Row>,
    /// What is not as it should be, in the order of the cases.
    pub findings: Vec<Finding>,
    /// Known discrepancies that were judged and did not show.
    pub stale: Vec<Entry>,
    /// Engines that broke, and defects that could not be minted.
    pub broken: Vec<Breakage>,
    /// How many cases there were to judge, at most.
    pub planned: usize,
    /// How often an engine was asked.
    pub judgements: usize,
    /// How many conclusive answers came after signatures were reached, of the engines that can tell.
    pub reached_signatures: Share,
    /// How many hostile cases an engine that states every reason refused for the intended ones alone.
    pub intended_alone: Share,
    /// The hostile cases of which it said more, or other things, in the order of the cases.
    pub beside_intended: Vec<Beside>,
    /// How many combinations of two defects there were that cannot stand in one chain.
    pub apart: usize,
    /// Whether the run was ended early.
    pub interrupted: bool,
}

/// A hostile case of which an engine that states every reason did not state the intended ones alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// The engine.
    pub engine: String,
    /// The case.
    pub case: String,
    /// The defect, where the case is from the catalogue.
    pub defect: Option<DefectId>,
    /// Reasons that are not of the defect; none when the case was accepted.
    pub reasons: Vec<Reason>,
}

/// A part of a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// The part.
    pub part: usize,
    /// The whole.
    pub whole: usize,
}

impl Share {
    /// Adds another part of another whole.
    pub(super) fn add(&mut self, other: Self) {
        self.part += other.part;
        self.whole += other.whole;
    }

    /// In per cent, rounded down; none of nothing.
    pub fn per_cent(self) -> Option<usize> {
        (self.part * 100).checked_div(self.whole)
    }
}

/// An engine, as reports name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineSummary {
    /// The name.
    pub name: String,
    /// The version of what is behind the adapter.
    pub version: String,
    /// What it supports.
    pub capabilities: Vec<Capability>,
}

/// A case without its bytes, with the answers.
#[derive(Clone, Debug)]
pub struct JudgedCase {
    /// The id.
    pub id: String,
    /// The defect, where the case is from the catalogue.
    pub defect: Option<DefectId>,
    /// Which of a pair it is.
    pub role: Role,
    /// Where the defect stands.
    pub position: Position,
    /// What a correct verifier says.
    pub expected: Expected,
    /// The answers, in the order of the engines; none from those that were not asked any more.
    pub answers: Vec<Option<Answer>>,
}

impl JudgedCase {
    pub(super) fn new(case: &Case, answers: Vec<Option<Answer>>) -> Self {
        Self {
            id: case.id.clone(),
            defect: case.defect,
            role: case.role,
            position: case.position,
            expected: case.expected.clone(),
            answers,
        }
    }
}

/// What all engines' answers to one pair, or to one case alone, amount to.
#[derive(Clone, Debug)]
pub struct Row {
    /// The family of the defect, or the first part of a suite's id.
    pub family: String,
    /// What is counted: the defect, or the case where there is none.
    pub subject: String,
    /// The id of the case; of a pair, that of the hostile one.
    pub case: String,
    /// Where the defect stands.
    pub position: Position,
    /// The marks, in the order of the engines; none where nothing was asked.
    pub marks: Vec<Option<Mark>>,
}

impl Row {
    pub(super) fn new(case: &Case, marks: Vec<Option<Mark>>) -> Self {
        let (family, subject) = match case.defect {
            Some(defect) => (defect.family(), defect.0),
            None => (
                case.id
                    .split_once("::")
                    .map_or("cases", |(family, _)| family),
                case.id.as_str(),
            ),
        };
        Self {
            family: family.to_owned(),
            subject: subject.to_owned(),
            case: case.id.clone(),
            position: case.position,
            marks,
        }
    }
}

impl Row {
    /// The row of two defects at once, which stands under the family of the first.
    pub(super) fn of_double(both: &Case, marks: Vec<Option<Mark>>) -> Self {
        let subject = both.id.split_once('@').map_or(&*both.id, |(ids, _)| ids);
        Self {
            family: subject
                .split_once('/')
                .map_or(subject, |(family, _)| family)
                .to_owned(),
            subject: subject.to_owned(),
            case: both.id.clone(),
            position: both.position,
            marks,
        }
    }
}

/// Something of our own that broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breakage {
    /// The engine; none when a defect could not be minted.
    pub engine: Option<String>,
    /// The case, or the defect.
    pub case: String,
    /// What happened.
    pub detail: String,
}

impl Breakage {
    pub(super) fn of_engine(engine: &str, case: &Case, detail: &str) -> Self {
        Self {
            engine: Some(engine.to_owned()),
            case: case.id.clone(),
            detail: detail.to_owned(),
        }
    }

    pub(super) fn of_catalogue(error: &PairError) -> Self {
        let (PairError::Unfit { defect, .. }
        | PairError::Mint { defect, .. }
        | PairError::Unchanged { defect, .. }) = error;
        Self {
            engine: None,
            case: (*defect).to_owned(),
            detail: error.to_string(),
        }
    }
}

/// The figures of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Cases that were judged, twins included.
    pub cases: usize,
    /// Defects among them.
    pub defects: usize,
    /// Findings, the known ones included.
    pub findings: usize,
    /// Findings that are known.
    pub known: usize,
    /// Answers that tell nothing.
    pub inconclusive: usize,
}

impl RunReport {
    pub(super) fn new(work: &Work, engines: &[&dyn Engine], interrupted: bool) -> Self {
        let summary = |engine: &&dyn Engine| EngineSummary {
            name: engine.name().to_owned(),
            version: engine.version(),
            capabilities: engine.capabilities().to_vec(),
        };
        Self {
            rng_seed: work.rng_seed(),
            variants: work.variants(),
            engines: engines.iter().map(summary).collect(),
            cases: Vec::new(),
            rows: Vec::new(),
            findings: Vec::new(),
            stale: Vec::new(),
            broken: Vec::new(),
            planned: work.cases(),
            judgements: 0,
            reached_signatures: Share::default(),
            intended_alone: Share::default(),
            beside_intended: Vec::new(),
            apart: 0,
            interrupted,
        }
    }

    /// Marks what is known. An interrupted run cannot tell what is stale.
    pub(super) fn apply_known(&mut self, known: &Known) {
        let (engines, rows) = (&self.engines, &self.rows);
        let judged = |engine: &str, defect: &str, position: Option<Position>| {
            let Some(column) = engines.iter().position(|summary| summary.name == engine) else {
                return false;
            };
            let same = |row: &&Row| {
                (row.subject == defect || known::is_same_combination(&row.subject, defect))
                    && position.is_none_or(|position| position == row.position)
            };
            rows.iter()
                .filter(same)
                .any(|row| row.marks[column].is_some_and(|mark| mark != Mark::CannotTell))
        };
        let same_settings =
            self.rng_seed == Some(known::RNG_SEED) && self.variants >= known::VARIANTS;
        let stale = known.apply(&mut self.findings, same_settings, judged);
        if !self.interrupted {
            self.stale = stale;
        }
    }

    /// The figures.
    pub fn summary(&self) -> Summary {
        let answers = self.cases.iter().flat_map(|case| &case.answers).flatten();
        Summary {
            cases: self.cases.len(),
            defects: self
                .cases
                .iter()
                .filter_map(|case| case.defect)
                .collect::<BTreeSet<_>>()
                .len(),
            findings: self.findings.len(),
            known: self
                .findings
                .iter()
                .filter(|finding| finding.known().is_some())
                .count(),
            inconclusive: answers
                .filter(|answer| answer.conclusive().is_none())
                .count(),
        }
    }

    /// Why it is accepted that a hostile case was not refused for its intended reasons alone.
    pub fn why_known(&self, beside: &Beside) -> Option<&str> {
        let of_case = |finding: &&Finding| finding.case() == beside.case;
        let let_in = |finding: &&Finding| finding.kind() == Kind::FalseAccept;
        let mut findings = self.findings.iter().filter(of_case).filter(let_in);
        findings.find_map(|finding| match finding.engine() == beside.engine {
            true => finding.known(),
            false => None,
        })
    }

    /// The share of the hostile cases that were refused for the intended reasons alone, of those
    /// that are not accepted to be let in.
    pub fn intended_but_for_known(&self) -> Share {
        let known = self.beside_intended.iter();
        let known = known.filter(|beside| self.why_known(beside).is_some());
        Share {
            part: self.intended_alone.part,
            whole: self.intended_alone.whole - known.count(),
        }
    }

    /// Whether there is anything that is not known: a finding, or a stale entry.
    pub fn has_news(&self) -> bool {
        !self.stale.is_empty()
            || self
                .findings
                .iter()
                .any(|finding| finding.known().is_none())
    }
}
