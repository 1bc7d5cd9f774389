//! From findings to what a person reads: one group for all variants of the
//! same trouble, the worst first.

use std::collections::BTreeMap;

use super::{Finding, Kind};
use crate::defect::{DefectId, Position, Severity};

/// All findings that say the same thing of the same engine.
#[derive(Clone, Debug)]
pub struct Group<'f> {
    /// The engine.
    pub engine: &'f str,
    /// What is not as it should be.
    pub kind: Kind,
    /// The defect; without one, the group is of one case.
    pub defect: Option<DefectId>,
    /// Why it is accepted, where all of it is known.
    pub known: Option<&'f str>,
    /// The worst severity among the findings.
    pub severity: Severity,
    /// Where the defect stood, without repetition.
    pub positions: Vec<Position>,
    /// The findings, in the order of the run.
    pub findings: Vec<&'f Finding>,
    /// Other engines with a finding of this kind on this defect.
    pub others: Vec<&'f str>,
}

impl Group<'_> {
    /// Whether no other engine shows the same.
    pub fn stands_alone(&self) -> bool {
        self.others.is_empty()
    }
}

/// Groups findings, and ranks the groups: new before known, then by severity, kind, engine and defect.
pub fn group(findings: &[Finding]) -> Vec<Group<'_>> {
    // Without a defect, the case itself is the subject.
    type Subject<'f> = (Kind, Option<DefectId>, Option<&'f str>);
    fn subject(finding: &Finding) -> Subject<'_> {
        (
            finding.kind(),
            finding.defect(),
            finding.defect().is_none().then_some(finding.case()),
        )
    }
    let mut engines_of: BTreeMap<Subject<'_>, Vec<&str>> = BTreeMap::new();
    for finding in findings {
        let engines = engines_of.entry(subject(finding)).or_default();
        if !engines.contains(&finding.engine()) {
            engines.push(finding.engine());
        }
    }

    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut index: BTreeMap<(Subject<'_>, &str, Option<&str>), usize> = BTreeMap::new();
    for finding in findings {
        let key = (subject(finding), finding.engine(), finding.known());
        let place = *index.entry(key).or_insert_with(|| {
            let engines = &engines_of[&subject(finding)];
            groups.push(Group {
                engine: finding.engine(),
                kind: finding.kind(),
                defect: finding.defect(),
                known: finding.known(),
                severity: finding.severity(),
                positions: Vec::new(),
                findings: Vec::new(),
                others: engines
                    .iter()
                    .copied()
                    .filter(|engine| *engine != finding.engine())
                    .collect(),
            });
            groups.len() - 1
        });
        let group = &mut groups[place];
        group.severity = group.severity.min(finding.severity());
        if !group.positions.contains(&finding.position()) {
            group.positions.push(finding.position());
        }
        group.findings.push(finding);
    }
    groups.sort_by(|a, b| {
        let rank = |group: &Group<'_>| (group.known.is_some(), group.severity, group.kind);
        rank(a)
            .cmp(&rank(b))
            .then(a.defect.cmp(&b.defect))
            .then(a.engine.cmp(b.engine))
    });
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{case::Role, oracle::sample};

    fn finding(kind: Kind, engine: &str, defect: &'static str, variant: u32) -> Finding {
        let mut case = sample::case(&format!("{defect}@end-entity#{variant}"), Role::Hostile);
        case.defect = Some(DefectId(defect));
        Finding::new(kind, engine, &case, "")
    }

    #[test]
    fn variants_are_one_group_new_and_worse_come_first_and_company_is_named() {
        let mut known = finding(Kind::FalseAccept, "webpki", "a/known", 0);
        known.set_known("by design");
        let findings = vec![
            finding(Kind::WrongReason, "webpki", "a/b", 0),
            known,
            finding(Kind::FalseAccept, "webpki", "a/c", 0),
            finding(Kind::FalseAccept, "rustls", "a/c", 0),
            finding(Kind::FalseAccept, "webpki", "a/c", 1),
        ];
        let groups = group(&findings);
        let shown: Vec<(&str, &str, usize, bool)> = groups
            .iter()
            .map(|group| {
                (
                    group.engine,
                    group.defect.expect("a defect").0,
                    group.findings.len(),
                    group.stands_alone(),
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("rustls", "a/c", 1, false),
                ("webpki", "a/c", 2, false),
                ("webpki", "a/b", 1, true),
                ("webpki", "a/known", 1, true),
            ]
        );
        assert_eq!(groups[1].others, ["rustls"]);
    }
}
