//! Where an engine is known to be more lenient or stricter than RFC 5280: what a comparison of
//! chains that no catalogue lists must expect.
//!
//! A row excuses a difference on a condition: which certificate is at fault, or what is in the
//! chain. What an engine passes over in an anchor it must still see in an end entity.

use std::fmt;

use super::{
    lets_in,
    list_reading::{SeenList, authority_key_identifier},
    turns_away,
};
use crate::{
    case::Case,
    der::{Node, tag},
    recipe::Recipe,
    validator::{Certificate, ParsedCrl, Report, Violation},
    verdict::Reason,
};

/// A difference between an engine and the reference that is no news.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) engine: &'static str,
    pub(super) answer: Answer,
    /// The reasons of whoever refuses.
    pub(super) reasons: &'static [Reason],
    pub(super) why: &'static str,
    pub(super) when: When,
}

/// What the engine says where the reference says the contrary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It lets a chain in although the reference finds the reason.
    Takes,
    /// It refuses a chain for the reason although the reference finds nothing.
    Refuses,
}

/// When a row holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    /// Wherever the reason is found: the engine has no such rule, or one of its own in its place.
    Always,
    /// In some recipes.
    Recipe(fn(&Recipe) -> bool),
    /// For some faults.
    Fault(fn(&Fault<'_>) -> bool),
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.answer {
            Answer::Takes => "takes",
            Answer::Refuses => "refuses for",
        };
        let reasons: Vec<_> = self.reasons.iter().map(Reason::to_string).collect();
        let reasons = reasons.join(", ");
        write!(f, "{} {word} {reasons}: {}", self.engine, self.why)
    }
}

/// What the reference found, where it found something, and the case that it was found in.
pub(super) struct Fault<'a> {
    pub(super) case: &'a Case,
    pub(super) violation: Option<&'a Violation>,
}

impl Fault<'_> {
    /// Whether it lies in the trust anchor.
    pub(super) fn is_of_anchor(&self) -> bool {
        self.violation
            .is_some_and(|found| found.certificate.is_none())
    }

    /// Whether it lies in the end entity.
    pub(super) fn is_of_end_entity(&self) -> bool {
        self.violation
            .is_some_and(|found| found.certificate == Some(0))
    }

    /// The clause that is violated.
    pub(super) fn clause(&self) -> &'static str {
        self.violation.map_or("", |found| found.clause)
    }

    /// The validator's words.
    pub(super) fn detail(&self) -> &str {
        self.violation.map_or("", |found| &found.detail)
    }

    /// The certificate at fault, when it is a presented one that can be read.
    pub(super) fn certificate(&self) -> Option<Certificate> {
        let der = self.case.chain.get(self.violation?.certificate?)?;
        Certificate::parse(der).ok()
    }

    /// The anchors that can be read.
    pub(super) fn anchors(&self) -> impl Iterator<Item = Certificate> {
        let anchors = self.case.anchors.iter();
        anchors.filter_map(|der| Certificate::parse(der).ok())
    }

    /// The presented certificates that can be read.
    pub(super) fn presented(&self) -> impl Iterator<Item = Certificate> {
        let presented = self.case.chain.iter();
        presented.filter_map(|der| Certificate::parse(der).ok())
    }

    /// The revocation lists that can be read, in their order.
    pub(super) fn lists(&self) -> impl Iterator<Item = ParsedCrl> {
        let lists = self.case.crls.iter();
        lists.filter_map(|der| ParsedCrl::from_der(der.clone()).ok())
    }

    /// Whether the issuer of some list is spelled as no issuer of a presented certificate is.
    pub(super) fn has_list_in_other_spelling(&self) -> bool {
        let presented: Vec<Certificate> = self.presented().collect();
        let spelled = |list: &ParsedCrl| {
            let mut presented = presented.iter();
            presented.any(|one| one.issuer_der() == list.issuer())
        };
        self.lists().any(|list| !spelled(&list))
    }

    /// Whether some list, read or not, is of nobody who issued a presented certificate.
    pub(super) fn has_list_of_a_stranger(&self) -> bool {
        let presented: Vec<Certificate> = self.presented().collect();
        self.case
            .crls
            .iter()
            .map(|list| SeenList::of(list))
            .any(|list| {
                let mut presented = presented.iter();
                !presented.any(|one| list.is_of(one.issuer_der()))
            })
    }

    /// Whether some list names as its issuer's a key that is nobody's here.
    pub(super) fn has_list_of_another_key(&self) -> bool {
        let bears = |one: &Certificate, key: &[u8]| {
            let own = one.extensions().subject_key_identifier;
            own.is_some_and(|own| own.of(one.der()) == key)
        };
        let mut lists = self.case.crls.iter();
        lists.any(|list| {
            authority_key_identifier(list).is_some_and(|identifier| {
                let mut fields = identifier.children().iter();
                let key = fields.find(|field| field.tag == [tag::context(0)]);
                let key = key.map(Node::body_bytes);
                let mut known = self.presented().chain(self.anchors());
                key.is_none_or(|key| !known.any(|one| bears(&one, &key)))
            })
        })
    }

    /// Whether some list is an indirect one.
    pub(super) fn has_indirect_list(&self) -> bool {
        self.lists().any(|list| list.is_indirect())
    }
}

/// What webpki makes of several lists.
pub(super) const FIRST_LIST: &str = "webpki judges by the first list of the issuer that seems to fit, a part among them, and looks at no other";

/// Every row. A test runs what is kept, and fails on a row that no longer shows.
pub(super) fn all() -> impl Iterator<Item = &'static Row> {
    lets_in::ROWS.iter().chain(turns_away::ROWS)
}

impl Row {
    fn holds(&self, engine: &str, answer: Answer, reason: Reason, fault: &Fault<'_>) -> bool {
        self.engine == engine
            && self.answer == answer
            && self.reasons.contains(&reason)
            && match self.when {
                When::Always => true,
                When::Recipe(holds) => fault.case.recipe.as_ref().is_some_and(holds),
                When::Fault(holds) => holds(fault),
            }
    }
}

/// By their places, the rows that an acceptance of what the reference finds this fault in is an instance of.
fn taking<'c>(
    engine: &'c str,
    violation: &'c Violation,
    case: &'c Case,
) -> impl Iterator<Item = usize> + 'c {
    let violation_of = Fault {
        case,
        violation: Some(violation),
    };
    let rows = all().enumerate();
    let rows = rows
        .filter(move |(_, row)| row.holds(engine, Answer::Takes, violation.reason, &violation_of));
    rows.map(|(index, _)| index)
}

/// The same of a refusal for one of these reasons where the reference finds nothing.
fn refusing<'c>(
    engine: &'c str,
    reasons: &'c [Reason],
    case: &'c Case,
) -> impl Iterator<Item = usize> + 'c {
    let nothing = Fault {
        case,
        violation: None,
    };
    let rows = all().enumerate();
    let rows = rows.filter(move |(_, row)| {
        let mut reasons = reasons.iter();
        reasons.any(|reason| row.holds(engine, Answer::Refuses, *reason, &nothing))
    });
    rows.map(|(index, _)| index)
}

/// Who is asked again, with fewer lists.
pub struct Again<'a> {
    /// What the reference finds. Nothing where it cannot tell.
    pub reference: &'a dyn Fn(&Case) -> Option<Report>,
    /// Whether the engine accepts. Nothing where it cannot tell.
    pub engine: &'a dyn Fn(&Case) -> Option<bool>,
}

/// Whether an engine may let a chain in in which the reference finds these faults and no others.
pub fn takes(engine: &str, violations: &[Violation], case: &Case, again: &Again<'_>) -> bool {
    passes_over(engine, violations, case) || chooses_a_list(engine, violations, case, again)
}

/// Whether each of these faults is one that the engine is known to pass over.
fn passes_over(engine: &str, violations: &[Violation], case: &Case) -> bool {
    let mut violations = violations.iter();
    violations.all(|found| taking(engine, found, case).next().is_some())
}

/// The most lists of one case whose combinations are tried.
const MOST_LISTS: usize = 8;

/// Whether it comes of the engine's choice among several lists: both judge a certificate by one list
/// of its issuer, webpki by the first and AWS-LC by that which fits best, and look at no other.
///
/// With some of the lists, then, the reference finds nothing more than what the engine passes over;
/// and with others, by which the reference refuses the chain, the engine refuses it too.
fn chooses_a_list(engine: &str, violations: &[Violation], case: &Case, again: &Again<'_>) -> bool {
    let count = case.crls.len();
    if !(2..=MOST_LISTS).contains(&count) || violations.is_empty() {
        return false;
    }
    let (mut let_in, mut refused) = (false, false);
    for chosen in 1..(1_usize << count) - 1 {
        let lists = case.crls.iter().enumerate();
        let lists = lists.filter(|(place, _)| chosen >> place & 1 == 1);
        let fewer = Case {
            crls: lists.map(|(_, list)| list.clone()).collect(),
            ..case.clone()
        };
        let Some(report) = (again.reference)(&fewer) else {
            continue;
        };
        if passes_over(engine, &report.violations, &fewer) {
            let_in = true;
        } else if !lacks_a_list(&report.violations) {
            refused = refused || (again.engine)(&fewer) == Some(false);
        }
        if let_in && refused {
            return true;
        }
    }
    false
}

/// Whether the status of a certificate is unknown for want of a list, rather than for what is in one.
fn lacks_a_list(violations: &[Violation]) -> bool {
    let has_fault = |certificate| {
        let mut violations = violations.iter();
        violations.any(|found| found.certificate == certificate && is_of_lists(found.reason))
    };
    let mut violations = violations.iter();
    violations
        .any(|found| found.reason == Reason::RevocationUnknown && !has_fault(found.certificate))
}

/// Whether a fault is one of the lists that a certificate is judged by.
fn is_of_lists(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::Revoked
            | Reason::CrlMalformed
            | Reason::CrlExpired
            | Reason::CrlNotYetValid
            | Reason::CrlBadSignature
            | Reason::CrlKeyUsage
            | Reason::CrlUnknownCriticalExtension
    )
}

/// Whether an engine may refuse a chain that the reference accepts, for one of these reasons.
pub fn refuses(engine: &str, reasons: &[Reason], case: &Case) -> bool {
    refusing(engine, reasons, case).next().is_some()
}

/// By their places, the rows that show where an engine lets in what the reference finds these faults in.
pub(super) fn shown_taking<'c>(
    engine: &'c str,
    violations: &'c [Violation],
    case: &'c Case,
) -> impl Iterator<Item = usize> + 'c {
    let violations = violations.iter();
    violations.flat_map(move |found| taking(engine, found, case))
}

/// The same where an engine refuses what the reference accepts.
pub(super) fn shown_refusing<'c>(
    engine: &'c str,
    reasons: &'c [Reason],
    case: &'c Case,
) -> impl Iterator<Item = usize> + 'c {
    refusing(engine, reasons, case)
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        panic::{AssertUnwindSafe, catch_unwind},
        path::Path,
    };

    use super::*;
    use crate::{
        case::{Role, SCOPES, pairs},
        corpus::inputs,
        defect,
        engine::{Capability, Engine, EngineError},
        oracle::Kind,
        target::{
            self, Session,
            chain_wild::compare,
            panel::{Panel, REAL, STANDARD, decision, is_known},
        },
        verdict::Verdict,
    };

    #[test]
    fn every_row_still_shows_in_what_is_kept() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(inputs::FOLDER);
        let (mut shown, mut alarms) = (BTreeSet::new(), BTreeSet::new());
        for name in ["chain_wild", "name", "policy_tree"] {
            let target = target::find(name).expect(name);
            let mut session = Session::new(target);
            let kept = inputs::read(&folder, name).expect("what is kept can be read");
            for input in (target.seeds)().iter().chain(&kept) {
                alarms.extend(alarm_of(|| session.run(input)));
            }
            shown.extend(session.health.differences());
        }
        let mut session = Session::new(target::find("chain_wild").expect("a target"));
        for scope in SCOPES {
            for case in scope.cases(&STANDARD.minter) {
                let case = case.expect("mints");
                alarms.extend(alarm_of(|| compare(&STANDARD, &case, &[], &mut session)));
            }
            // Toys never tell a forged list from a true one.
            for case in scope.cases(&REAL.minter) {
                let case = case.expect("mints");
                alarms.extend(alarm_of(|| compare(&REAL, &case, &[], &mut session)));
            }
        }
        shown.extend(session.health.differences());
        // And where a defect alone shows it, or the twin without it, as the catalogue is judged.
        for case in catalogue() {
            let report = REAL.reference(&case).expect("an anchor");
            for engine in ["webpki", "aws-lc"] {
                let seen = REAL.peer(engine).and_then(|engine| decision(engine, &case));
                let rows: Vec<usize> = match seen {
                    Some((true, _)) => shown_taking(engine, &report.violations, &case).collect(),
                    Some((false, seen)) if report.is_accepted() => {
                        shown_refusing(engine, &seen.reasons, &case).collect()
                    }
                    _ => Vec::new(),
                };
                let rows = rows.into_iter().filter_map(|row| all().nth(row));
                shown.extend(rows.map(ToString::to_string));
            }
        }
        assert!(alarms.is_empty(), "{alarms:#?}");
        let rows = all().map(ToString::to_string);
        let stale: Vec<_> = rows.filter(|row| !shown.contains(row)).collect();
        assert!(stale.is_empty(), "no longer so: {stale:#?}");
    }

    /// The first words of the alarm, if one is raised.
    fn alarm_of(run: impl FnOnce()) -> Option<String> {
        let caught = catch_unwind(AssertUnwindSafe(run)).err()?;
        let words = caught.downcast_ref::<String>()?;
        Some(words.lines().take(4).collect::<Vec<_>>().join(" | "))
    }

    fn catalogue() -> impl Iterator<Item = Case> {
        let all = defect::all().flat_map(|defect| pairs(&REAL.minter, defect, 1, 7));
        let cases = all.flat_map(|pair| pair.map(|pair| [pair.hostile, pair.twin]));
        cases.flatten().filter(|case| case.handshake.is_none())
    }

    /// Rules that no engine may pass over for a reason at all, wherever it is known to for another.
    const ALWAYS_TOLD: &[Reason] = &[
        Reason::UnknownIssuer,
        Reason::BadSignature,
        Reason::AlgorithmMismatch,
        Reason::NameMismatch,
        Reason::NotACa,
        Reason::Expired,
        Reason::NotYetValid,
        Reason::PathLengthExceeded,
        Reason::UnknownCriticalExtension,
        Reason::ExtendedKeyUsage,
        Reason::NameConstraint,
        Reason::Revoked,
        Reason::CrlExpired,
        Reason::CrlBadSignature,
    ];

    /// An engine of a name that lets everybody in.
    struct LetsIn(&'static str);

    impl Engine for LetsIn {
        fn name(&self) -> &str {
            self.0
        }

        fn version(&self) -> String {
            "0".to_owned()
        }

        fn capabilities(&self) -> &[Capability] {
            Capability::USUAL
        }

        fn judge(&self, _: &Case) -> Result<Verdict, EngineError> {
            Ok(Verdict::Accept)
        }
    }

    #[test]
    fn an_engine_that_ignores_a_rule_is_told() {
        let mut untold = Vec::new();
        for engine in ["webpki", "aws-lc"] {
            let panel = Panel::of_one(LetsIn(engine));
            let mut told: BTreeMap<Reason, usize> = BTreeMap::new();
            for case in catalogue().filter(|case| case.role == Role::Hostile) {
                let violations = panel.reference(&case).expect("an anchor").violations;
                let defect = case.defect.expect("a defect");
                let defect = defect::find(&defect.to_string()).expect("in the catalogue");
                let known = is_known(engine, Kind::FalseAccept, defect, case.position);
                let grave = violations
                    .iter()
                    .find(|found| ALWAYS_TOLD.contains(&found.reason));
                let Some(grave) = grave.filter(|_| !known) else {
                    continue;
                };
                // The whole way for the first of each rule, and the table alone for the rest.
                let alarms = match told.contains_key(&grave.reason) {
                    true => {
                        let again = Again {
                            reference: &|case| panel.reference(case).ok(),
                            engine: &|_| Some(true),
                        };
                        !takes(engine, &violations, &case, &again)
                    }
                    false => alarm_of(|| {
                        let target = target::find("chain_wild").expect("a target");
                        compare(&panel, &case, &[], &mut Session::new(target));
                    })
                    .is_some(),
                };
                match alarms {
                    true => *told.entry(grave.reason).or_default() += 1,
                    false => untold.push(format!("{engine}, {}: {violations:?}", case.id)),
                }
            }
            let never = ALWAYS_TOLD.iter().filter(|rule| !told.contains_key(rule));
            untold.extend(never.map(|rule| format!("{engine}, {rule}: never")));
        }
        assert!(untold.is_empty(), "{untold:#?}");
    }

    #[test]
    fn a_rule_that_the_reference_ignores_is_told() {
        let panel = Panel::of_open_reference();
        let mut told: BTreeSet<Reason> = BTreeSet::new();
        for case in catalogue().filter(|case| case.role == Role::Hostile) {
            let report = REAL.reference(&case).expect("an anchor");
            let mut violations = report.violations.iter();
            let grave = violations.find(|found| ALWAYS_TOLD.contains(&found.reason));
            let Some(grave) = grave.filter(|found| !told.contains(&found.reason)) else {
                continue;
            };
            let alarm = alarm_of(|| {
                let target = target::find("chain_wild").expect("a target");
                compare(&panel, &case, &[], &mut Session::new(target));
            });
            if alarm.is_some_and(|words| words.contains("the reference alone let it in")) {
                told.insert(grave.reason);
            }
        }
        let never = ALWAYS_TOLD.iter().filter(|rule| !told.contains(rule));
        let never: Vec<_> = never.collect();
        assert!(never.is_empty(), "{never:#?}");
    }

    #[test]
    fn the_choice_of_a_list_is_told_from_no_look_at_lists() {
        let reference = |case: &Case| STANDARD.reference(case).ok();
        let hostile = |id: &str| {
            let defect = defect::find(id).expect("in the catalogue");
            let pairs = pairs(&STANDARD.minter, defect, 1, 7).into_iter();
            pairs.flatten().map(|pair| pair.hostile).collect::<Vec<_>>()
        };
        // Two lists, of which one names the certificate; and one list, where there is no choice.
        let several = hostile("revocation/revoked-in-newer-crl");
        let alone = hostile("revocation/end-entity-revoked");
        for name in ["webpki", "aws-lc"] {
            let Some(engine) = STANDARD.peer(name) else {
                continue;
            };
            let chosen = |case: &Case, answer: &dyn Fn(&Case) -> Option<bool>| {
                let again = Again {
                    reference: &reference,
                    engine: answer,
                };
                let found = reference(case).expect("an anchor").violations;
                !found.is_empty() && chooses_a_list(name, &found, case, &again)
            };
            let as_it_is = |case: &Case| Some(decision(engine, case)?.0);
            assert!(several.iter().any(|case| chosen(case, &as_it_is)), "{name}");
            // Whoever accepts whatever the list says chooses none.
            let open = |_: &Case| Some(true);
            assert!(!several.iter().any(|case| chosen(case, &open)), "{name}");
            assert!(!alone.is_empty() && !alone.iter().any(|case| chosen(case, &as_it_is)));
        }
    }

    #[test]
    fn no_grave_rule_is_excused_without_a_condition() {
        let without = all().filter(|row| matches!(row.when, When::Always));
        let without = without.filter(|row| row.answer == Answer::Takes);
        let (mut count, mut grave) = (BTreeMap::<_, usize>::new(), Vec::new());
        for row in without {
            for reason in row.reasons {
                *count.entry(row.engine).or_default() += 1;
                grave.extend(ALWAYS_TOLD.contains(reason).then(|| row.to_string()));
            }
        }
        assert!(grave.is_empty(), "{grave:#?}");
        // Rules that the engine does not have; each row says so. More of them would be a loss.
        let expected = BTreeMap::from([("webpki", 10), ("aws-lc", 12)]);
        assert_eq!(count, expected);
    }
}
