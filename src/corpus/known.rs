//! Known discrepancies: findings that are accepted, each with the reason.
//!
//! The list is exact both ways. An entry that names no engine or defect is
//! refused when the list is read; an entry whose engine and defect were judged
//! without the finding is *stale* and fails the run. So the list cannot hide a
//! repair, nor outlive it.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::suite::{self, Exception, Vacuous};
use crate::{
    case::Exported,
    defect::{self, Position},
    oracle::{Finding, Kind},
};

/// The list that is part of the program.
pub const BUILT_IN: &str = include_str!("../../corpus/known.toml");

/// One known discrepancy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Entry {
    /// The engine.
    pub engine: String,
    /// The defect's id; of two defects in one chain both, as `a/b+c/d`. Of a suite
    /// without defects, the case's.
    pub defect: String,
    /// What is found.
    pub kind: Kind,
    /// Where the defect stands; anywhere when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// Whether it shows in some settings only. Such an entry is stale only
    /// after a run in the settings that the list was made in.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sometimes: bool,
    /// Why it is accepted.
    pub why: String,
}

/// Known discrepancies as the list writes them: of several engines and several defects at once.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Group {
    engine: OneOrMore,
    /// Ids; `*` stands for any text. Each defect that matches is an entry of its own,
    /// and as exact as one that is written out.
    defect: OneOrMore,
    kind: Kind,
    #[serde(default)]
    position: Option<Position>,
    #[serde(default)]
    sometimes: bool,
    why: String,
}

/// A text, or a list of texts.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::More(texts) => texts,
        }
    }
}

impl Group {
    /// The entries that it stands for.
    fn entries(&self) -> Vec<Entry> {
        let mut by_pattern = HashSet::new();
        let ids = self.defect.texts().iter().flat_map(|text| {
            let known = defect::matching(text).map(|defect| defect.id.to_string());
            let matched: Vec<String> = if text.contains('*') {
                known.collect()
            } else {
                Vec::new()
            };
            match matched.is_empty() {
                // What names nothing is told by its own text.
                true => vec![text.clone()],
                // What two patterns match is meant once.
                false => matched
                    .into_iter()
                    .filter(|id| by_pattern.insert(id.clone()))
                    .collect(),
            }
        });
        let of = |defect: String| {
            self.engine.texts().iter().map(move |engine| Entry {
                engine: engine.clone(),
                defect: defect.clone(),
                kind: self.kind,
                position: self.position,
                sometimes: self.sometimes,
                why: self.why.clone(),
            })
        };
        ids.flat_map(of).collect()
    }
}

/// The rng seed of the settings that the list was made in.
pub const RNG_SEED: u64 = 7;

/// The profile by which the reference judged when the list was made.
const PROFILE: &str = "strict-mtls";

/// The engine that judges by a profile.
const REFERENCE: &str = "reference";

/// How many variants of each defect the list was made from.
pub const VARIANTS: u32 = 4;

impl Entry {
    fn covers(&self, finding: &Finding) -> bool {
        self.kind == finding.kind()
            && self.engine == finding.engine()
            && self.speaks_of(finding)
            && self
                .position
                .is_none_or(|position| position == finding.position())
    }

    fn speaks_of(&self, finding: &Finding) -> bool {
        match finding.defect() {
            Some(id) => id.0 == self.defect,
            None => {
                let case = finding.case();
                let both = case.split_once('@').map_or(case, |(both, _)| both);
                self.defect == case || is_same_combination(&self.defect, both)
            }
        }
    }
}

/// A subject with the two of a combination in one order, so that either way round is the same.
fn in_order(subject: &str) -> String {
    match subject.split_once('+') {
        Some((one, other)) if other < one => format!("{other}+{one}"),
        _ => subject.to_owned(),
    }
}

/// Whether both are the same two defects in one chain. Which of them went in first is all one.
pub fn is_same_combination(one: &str, other: &str) -> bool {
    match (one.split_once('+'), other.split_once('+')) {
        (Some((a, b)), Some((c, d))) => (a, b) == (c, d) || (a, b) == (d, c),
        _ => false,
    }
}

/// A list of known discrepancies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    entries: Vec<Entry>,
    exceptions: Vec<Exception>,
    vacuous: Vec<Vacuous>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    known: Vec<Group>,
    #[serde(default)]
    suite: Vec<Exception>,
    #[serde(default)]
    vacuous: Vec<Vacuous>,
}

/// A list that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KnownError {
    /// The text is not a list of known discrepancies.
    #[error("not a list of known discrepancies: line {line}: {message}")]
    Text {
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// An entry names no defect of the catalogue.
    #[error(
        "known discrepancy {number} names the defect `{id}`, which the catalogue does not have"
    )]
    UnknownDefect {
        /// The entry, from 1.
        number: usize,
        /// The id.
        id: String,
    },
    /// An entry names no engine.
    #[error("known discrepancy {number} names the engine `{name}`, which does not exist")]
    UnknownEngine {
        /// The entry, from 1.
        number: usize,
        /// The name.
        name: String,
    },
    /// An entry names a position at which its defect cannot stand.
    #[error("known discrepancy {number}: `{id}` cannot stand at {position}")]
    UnknownPosition {
        /// The entry, from 1.
        number: usize,
        /// The defect's id.
        id: String,
        /// The position.
        position: Position,
    },
    /// An entry gives no reason.
    #[error("known discrepancy {number} does not say why it is accepted")]
    NoReason {
        /// The entry, from 1.
        number: usize,
    },
    /// A case of a suite is listed twice.
    #[error("the suite's case `{id}` is listed twice")]
    RepeatedCase {
        /// The case's id.
        id: String,
    },
    /// An exception to a suite does not name the clause that decides.
    #[error(
        "the suite's case `{id}` is listed without naming a clause, as in `RFC 5280 section 4.2.1.9`"
    )]
    NoClause {
        /// The case's id.
        id: String,
    },
    /// Two entries say the same.
    #[error("known discrepancies {first} and {second} are the same")]
    Repeated {
        /// The earlier entry, from 1.
        first: usize,
        /// The later entry, from 1.
        second: usize,
    },
}

impl Known {
    /// A list of nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads a list from TOML. `is_engine` tells whether there is an engine of that name.
    ///
    /// # Errors
    /// When the text is not such a list, or an entry names what does not exist.
    pub fn from_toml(text: &str, is_engine: impl Fn(&str) -> bool) -> Result<Self, KnownError> {
        let document: Document = toml::from_str(text).map_err(|error| KnownError::Text {
            line: error
                .span()
                .map_or(1, |span| crate::spelling::line_at(text, span.start)),
            message: error.message().to_owned(),
        })?;
        let mut entries = Vec::new();
        let mut seen = HashMap::new();
        for (number, group) in (1..).zip(&document.known) {
            for entry in group.entries() {
                check(number, &entry, &is_engine)?;
                let what = (
                    entry.engine.clone(),
                    in_order(&entry.defect),
                    entry.kind,
                    entry.position,
                );
                if let Some(first) = seen.insert(what, number) {
                    return Err(KnownError::Repeated {
                        first,
                        second: number,
                    });
                }
                entries.push(entry);
            }
        }
        suite::check(&document.suite, &document.vacuous)?;
        if let Some(index) = document
            .suite
            .iter()
            .position(|exception| !is_engine(&exception.engine))
        {
            return Err(KnownError::UnknownEngine {
                number: index + 1,
                name: document.suite[index].engine.clone(),
            });
        }
        Ok(Self {
            entries,
            exceptions: document.suite,
            vacuous: document.vacuous,
        })
    }

    /// The list for a suite, judged under the profiles that `judged_under` gives for a case's
    /// id: the exceptions, and for cases of the catalogue's own export what is known of their defects.
    #[must_use]
    pub fn for_suite<'c>(
        &self,
        cases: impl IntoIterator<Item = &'c str>,
        judged_under: impl Fn(&str) -> String,
    ) -> Self {
        let exceptions = self.exceptions.iter();
        let exceptions = exceptions
            .filter(|exception| judged_under(&exception.case) == exception.profile)
            .map(|exception| Entry {
                engine: exception.engine.clone(),
                defect: exception.case.clone(),
                kind: exception.kind,
                position: None,
                sometimes: false,
                why: exception.why.clone(),
            });
        let mut entries: Vec<Entry> = exceptions.collect();
        for id in cases {
            let Some(exported) = Exported::from_id(id) else {
                continue;
            };
            // No other engine judges by a profile that can be chosen.
            let is_usual = judged_under(id) == PROFILE;
            let of_case = self.entries.iter().filter(|entry| {
                entry.defect == exported.defect.id.0
                    && entry.position.is_none_or(|one| one == exported.position)
                    && (is_usual || entry.engine != REFERENCE)
            });
            entries.extend(of_case.map(|entry| Entry {
                defect: id.to_owned(),
                position: None,
                // A file holds what its maker chose.
                sometimes: true,
                ..entry.clone()
            }));
        }
        Self {
            entries,
            ..Self::default()
        }
    }

    /// The cases of suites that an engine answers otherwise.
    pub fn exceptions(&self) -> &[Exception] {
        &self.exceptions
    }

    /// The cases of suites that prove nothing.
    pub fn vacuous(&self) -> &[Vacuous] {
        &self.vacuous
    }

    /// The entries, in their order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Marks the findings that are known, and gives back the entries that are stale.
    ///
    /// `same_settings` tells that the run held all the settings that the list
    /// was made in, `judged` whether an engine gave a conclusive answer on a defect,
    /// at a position or at any.
    pub fn apply(
        &self,
        findings: &mut [Finding],
        same_settings: bool,
        judged: impl Fn(&str, &str, Option<Position>) -> bool,
    ) -> Vec<Entry> {
        let mut used = vec![false; self.entries.len()];
        for finding in findings {
            for (entry, used) in self.entries.iter().zip(&mut used) {
                if entry.covers(finding) {
                    finding.set_known(&entry.why);
                    *used = true;
                }
            }
        }
        let stale = |entry: &Entry| {
            judged(&entry.engine, &entry.defect, entry.position)
                && (!entry.sometimes || same_settings)
        };
        let unused = self.entries.iter().zip(used).filter(|(_, used)| !used);
        unused
            .map(|(entry, _)| entry)
            .filter(|entry| stale(entry))
            .cloned()
            .collect()
    }
}

fn check(
    number: usize,
    entry: &Entry,
    is_engine: &impl Fn(&str) -> bool,
) -> Result<(), KnownError> {
    let find = |id: &str| {
        defect::find(id).ok_or_else(|| KnownError::UnknownDefect {
            number,
            id: id.to_owned(),
        })
    };
    // Of two defects the first says where the case stands.
    let defect = match entry.defect.split_once('+') {
        Some((first, second)) => find(second).and(find(first))?,
        None => find(&entry.defect)?,
    };
    if !is_engine(&entry.engine) {
        return Err(KnownError::UnknownEngine {
            number,
            name: entry.engine.clone(),
        });
    }
    if let Some(position) = entry
        .position
        .filter(|position| !defect.positions.contains(position))
    {
        return Err(KnownError::UnknownPosition {
            number,
            id: entry.defect.clone(),
            position,
        });
    }
    if entry.why.trim().is_empty() {
        return Err(KnownError::NoReason { number });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{case::Role, oracle::sample};

    const ONE: &str = r#"
        [[known]]
        engine = "fake"
        defect = "validity/expired"
        kind = "false-accept"
        why = "by design"
    "#;

    const SUITE: &str = r#"
        [[suite]]
        case = "rfc5280::a-case"
        engine = "fake"
        profile = "webpki"
        kind = "false-reject"
        why = "RFC 5280 section 4.1"
    "#;

    fn read(text: &str) -> Result<Known, KnownError> {
        Known::from_toml(text, |engine| engine == "fake")
    }

    fn finding(kind: Kind) -> Finding {
        Finding::new(
            kind,
            "fake",
            &sample::case("validity/expired@end-entity#0", Role::Hostile),
            "",
        )
    }

    #[test]
    fn an_entry_marks_its_findings_and_no_others() {
        let mut findings = [finding(Kind::FalseAccept), finding(Kind::WrongReason)];
        let stale = read(ONE)
            .expect("reads")
            .apply(&mut findings, false, |_, _, _| true);
        assert_eq!(findings[0].known(), Some("by design"));
        assert_eq!(findings[1].known(), None);
        assert!(stale.is_empty());
    }

    #[test]
    fn an_entry_of_two_defects_marks_that_combination_alone_in_either_order() {
        let known = read(&ONE.replace(
            "validity/expired",
            "validity/expired+usage/no-digital-signature",
        ))
        .expect("reads");
        let of = |id: &str| {
            let mut case = sample::case(id, Role::Hostile);
            case.defect = None;
            Finding::new(Kind::FalseAccept, "fake", &case, "")
        };
        let mut findings = [
            of("validity/expired+usage/no-digital-signature@end-entity+end-entity"),
            of("usage/no-digital-signature+validity/expired@end-entity+end-entity"),
            of("validity/expired+usage/content-commitment-only@end-entity+end-entity"),
            finding(Kind::FalseAccept),
        ];
        known.apply(&mut findings, false, |_, _, _| true);
        let marked = findings.each_ref().map(|finding| finding.known().is_some());
        assert_eq!(marked, [true, true, false, false]);
    }

    #[test]
    fn an_entry_that_now_agrees_is_stale_only_where_it_was_judged() {
        let known = read(ONE).expect("reads");
        assert_eq!(known.apply(&mut [], false, |_, _, _| true), known.entries());
        assert!(known.apply(&mut [], false, |_, _, _| false).is_empty());

        let sometimes = read(&format!("{ONE}sometimes = true")).expect("reads");
        assert!(sometimes.apply(&mut [], false, |_, _, _| true).is_empty());
        assert_eq!(sometimes.apply(&mut [], true, |_, _, _| true).len(), 1);
    }

    #[test]
    fn exceptions_to_a_suite_count_under_their_profile_alone() {
        let known = read(&format!("{ONE}{SUITE}")).expect("reads");
        let mut case = sample::case("rfc5280::a-case", Role::Twin);
        case.defect = None;
        let mut findings = [Finding::new(Kind::FalseReject, "fake", &case, "")];
        let elsewhere = known.for_suite([], |_| "rfc5280".to_owned());
        assert!(elsewhere.entries().is_empty());
        let here = known.for_suite([], |_| "webpki".to_owned());
        assert!(here.apply(&mut findings, false, |_, _, _| true).is_empty());
        assert_eq!(findings[0].known(), Some("RFC 5280 section 4.1"));
    }

    #[test]
    fn a_group_is_as_exact_as_its_entries_written_out() {
        let known = read(
            &ONE.replace("validity/expired\"", "validity/expired*\"")
                .replace("\"fake\"", "[\"fake\"]"),
        )
        .expect("reads");
        let ids: Vec<&str> = known
            .entries()
            .iter()
            .map(|one| one.defect.as_str())
            .collect();
        assert!(
            ids.len() > 1 && ids.contains(&"validity/expired"),
            "{ids:?}"
        );
        let mut findings = [finding(Kind::FalseAccept)];
        let stale = known.apply(&mut findings, false, |_, _, _| true);
        assert!(findings[0].known().is_some());
        assert_eq!(stale.len(), ids.len() - 1);
    }

    #[test]
    fn what_is_known_of_a_defect_is_known_of_its_exported_case() {
        let known = read(ONE).expect("reads");
        let ids = [
            "validity::expired.end-entity.0",
            "validity::not-yet-valid.end-entity.0",
            "rfc5280::expired",
        ];
        let of_suite = known.for_suite(ids, |_| "webpki".to_owned());
        let subjects = of_suite.entries().iter().map(|entry| &*entry.defect);
        assert_eq!(subjects.collect::<Vec<_>>(), ids[..1]);

        let of_reference = ONE.replace("fake", "reference");
        let known = Known::from_toml(&of_reference, |_| true).expect("reads");
        for (profile, count) in [("strict-mtls", 1), ("webpki", 0)] {
            let of_suite = known.for_suite(ids, |_| profile.to_owned());
            assert_eq!(of_suite.entries().len(), count, "{profile}");
        }
    }

    #[test]
    fn what_names_nothing_is_refused() {
        let table = [
            (
                ONE.replace("validity/expired", "validity/expird"),
                "validity/expird",
            ),
            (
                ONE.replace("validity/expired", "validity/expired+usage/nothing"),
                "usage/nothing",
            ),
            (ONE.replace("validity/expired", "validty/*"), "validty/*"),
            (ONE.replace("\"fake\"", "\"fawke\""), "fawke"),
            (ONE.replace("by design", " "), "does not say why"),
            (ONE.replace("false-accept", "false-accent"), "line 5"),
            (format!("{ONE}position = \"crl\""), "cannot stand at crl"),
            (format!("{ONE}{ONE}"), "are the same"),
            (format!("{ONE}reason = \"x\""), "unknown field"),
            (
                SUITE.replace("RFC 5280 section 4.1", "by design"),
                "without naming a clause",
            ),
            (SUITE.replace("\"fake\"", "\"fawke\""), "fawke"),
            (format!("{SUITE}{SUITE}"), "listed twice"),
        ];
        for (text, expected) in table {
            let error = read(&text).expect_err(expected).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
