//! Known findings for people: one entry for each cause, since one cause shows
//! in many defects and often in every engine that is built on the same library.

use crate::{
    defect::{DefectId, Severity},
    oracle::{Kind, triage::Group},
};

/// How many defects of a cause are named.
const NAMED: usize = 3;

/// All known findings of one kind that have the same reason.
pub(super) struct Cause<'g, 'f> {
    /// The reason, without the words that say which engine inherits it.
    pub(super) why: &'f str,
    /// The worst severity among its findings.
    pub(super) severity: Severity,
    /// What is not as it should be.
    pub(super) kind: Kind,
    /// Who errs, without repetition.
    pub(super) engines: Vec<&'f str>,
    /// Where it shows, without repetition.
    pub(super) defects: Vec<DefectId>,
    /// The groups that it holds, in the order they came.
    pub(super) groups: Vec<&'g Group<'f>>,
}

impl Cause<'_, '_> {
    /// The engines as the subject of a sentence.
    pub(super) fn engines(&self) -> String {
        match self.engines.as_slice() {
            [] => String::new(),
            [one] => (*one).to_owned(),
            [all @ .., last] => format!("{} and {last}", all.join(", ")),
        }
    }

    /// The first defects, and how many more there are.
    pub(super) fn defects(&self) -> String {
        let named: Vec<&str> = self.defects.iter().take(NAMED).map(|id| id.0).collect();
        let more = match self.defects.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{}{more}", named.join(", "))
    }
}

/// Folds the known ones among the groups into causes, the worst first.
pub(super) fn causes<'g, 'f>(groups: &'g [Group<'f>]) -> Vec<Cause<'g, 'f>> {
    let mut causes: Vec<Cause<'g, 'f>> = Vec::new();
    for group in groups {
        let Some(why) = group.known else { continue };
        let why = own_words(why);
        let found = causes
            .iter()
            .position(|cause| cause.why == why && cause.kind == group.kind);
        let cause = match found {
            Some(index) => &mut causes[index],
            None => {
                causes.push(Cause {
                    why,
                    severity: group.severity,
                    kind: group.kind,
                    engines: Vec::new(),
                    defects: Vec::new(),
                    groups: Vec::new(),
                });
                let last = causes.len() - 1;
                &mut causes[last]
            }
        };
        cause.severity = cause.severity.min(group.severity);
        if !cause.engines.contains(&group.engine) {
            cause.engines.push(group.engine);
        }
        cause.defects.extend(
            group
                .defect
                .filter(|defect| !cause.defects.contains(defect)),
        );
        cause.groups.push(group);
    }
    causes.sort_by_key(|cause| (cause.severity, std::cmp::Reverse(cause.groups.len())));
    causes
}

/// An engine that inherits a fault says whose it is before a colon: the cause is what follows.
fn own_words(why: &str) -> &str {
    const INHERITED: &str = "the server accepts only what rustls-webpki accepts as well: ";
    why.strip_prefix(INHERITED).unwrap_or(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        oracle::{Finding, triage},
        report::sample,
    };

    #[test]
    fn one_reason_is_one_cause_over_defects_and_engines_and_new_findings_are_none() {
        let report = sample::report();
        let mut findings: Vec<Finding> = report.findings;
        assert_eq!(causes(&triage::group(&findings)).len(), 1);
        for finding in &mut findings {
            finding.set_known("by design");
        }
        let groups = triage::group(&findings);
        let causes = causes(&groups);
        assert_eq!(causes.len(), 1);
        assert_eq!(causes[0].engines(), "credulous");
        assert_eq!(
            causes[0].defects(),
            "validity/expired, validity/not-yet-valid"
        );
    }
}
