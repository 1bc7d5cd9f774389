//! The composer, with engines that behave as told.

use std::sync::{Mutex, MutexGuard};

use super::*;
use crate::{
    defect,
    engine::{EngineError, Observation},
};

/// Says what its function says.
struct Fake {
    name: &'static str,
    says: fn(&Case) -> Result<Verdict, EngineError>,
}

impl Engine for Fake {
    fn name(&self) -> &str {
        self.name
    }

    fn judge(&self, case: &Case) -> Result<Verdict, EngineError> {
        (self.says)(case)
    }
}

/// Looks at the expectation, as only a fake can.
fn correct(case: &Case) -> Result<Verdict, EngineError> {
    Ok(match case.expected.reasons() {
        [] => Verdict::Accept,
        [reason, ..] => Verdict::Reject(*reason),
    })
}

fn expired(variants: u32) -> Work {
    Work::catalogue(
        vec![defect::find("validity/expired").expect("in the catalogue")],
        variants,
        7,
    )
}

fn kinds(report: &RunReport) -> Vec<Kind> {
    report.findings.iter().map(Finding::kind).collect()
}

fn judged(says: fn(&Case) -> Result<Verdict, EngineError>) -> RunReport {
    let known = Known::none();
    run(
        &expired(2),
        &[&Fake { name: "fake", says }],
        &Options {
            orders: false,
            ..Options::new(&known)
        },
    )
}

#[test]
fn a_correct_engine_has_no_finding_and_a_credulous_one_has_one_for_each_hostile_case() {
    let report = judged(correct);
    assert!(report.findings.is_empty() && !report.has_news());
    assert_eq!(
        report.summary(),
        Summary {
            cases: 4,
            defects: 1,
            ..Summary::default()
        }
    );
    assert_eq!(report.judgements, 4);

    let report = judged(|_| Ok(Verdict::Accept));
    assert_eq!(kinds(&report), [Kind::FalseAccept, Kind::FalseAccept]);
    assert!(report.has_news());
}

#[test]
fn a_panic_and_a_crash_are_findings_and_the_run_goes_on() {
    for says in [
        (|case: &Case| {
            if case.expected.reasons().is_empty() {
                correct(case)
            } else {
                panic!("boom")
            }
        }) as fn(&Case) -> _,
        |case| {
            if case.expected.reasons().is_empty() {
                correct(case)
            } else {
                Err(EngineError::Crashed("boom".into()))
            }
        },
    ] {
        let report = judged(says);
        assert_eq!(kinds(&report), [Kind::Crash, Kind::Crash]);
        assert!(report.findings[0].detail().contains("boom"));
        assert_eq!(report.cases.len(), 4);
    }
}

#[test]
fn an_engine_that_breaks_loses_nothing_of_the_others() {
    let known = Known::none();
    let broken = Fake {
        name: "broken",
        says: |_| Err(EngineError::Broke("no socket".into())),
    };
    let credulous = Fake {
        name: "credulous",
        says: |_| Ok(Verdict::Accept),
    };
    let report = run(&expired(1), &[&broken, &credulous], &Options::new(&known));
    assert_eq!(report.broken.len(), 2);
    assert_eq!(report.broken[0].engine.as_deref(), Some("broken"));
    assert_eq!(kinds(&report), [Kind::FalseAccept]);
}

#[test]
fn a_run_that_is_stopped_reports_what_it_judged() {
    static STOP: AtomicBool = AtomicBool::new(false);
    let known = Known::none();
    let stops = Fake {
        name: "stops",
        says: |case| {
            STOP.store(true, Ordering::Relaxed);
            correct(case)
        },
    };
    let options = Options {
        stop: Some(&STOP),
        orders: false,
        ..Options::new(&known)
    };
    let report = run(&expired(3), &[&stops], &options);
    assert!(report.interrupted);
    assert_eq!((report.planned, report.judgements), (6, 1));
    let answered = report
        .cases
        .iter()
        .flat_map(|case| &case.answers)
        .flatten()
        .count();
    assert_eq!(answered, 1);
}

#[test]
fn an_answer_that_depends_on_order_is_found_without_any_expectation() {
    let known = Known::none();
    let ordered = Fake {
        name: "ordered",
        says: |case| {
            Ok(if case.anchors.is_sorted() {
                Verdict::Accept
            } else {
                Verdict::Reject(Reason::UnknownIssuer)
            })
        },
    };
    let mut case = crate::oracle::sample::case("wild", crate::case::Role::Hostile);
    case.anchors = vec![vec![1], vec![2]];
    let work = Work::Trials(vec![Trial::Unlabelled(Box::new(case))]);
    assert_eq!(
        kinds(&run(&work, &[&ordered], &Options::new(&known))),
        [Kind::Metamorphic]
    );
}

#[test]
fn cost_is_judged_by_the_stopwatch_that_is_handed_in() {
    static MINUTES: AtomicUsize = AtomicUsize::new(0);
    let stopwatch = || Duration::from_secs(60 * MINUTES.fetch_add(1, Ordering::Relaxed) as u64);
    let known = Known::none();
    let fake = Fake {
        name: "slow",
        says: correct,
    };
    let options = Options {
        stopwatch: Some(&stopwatch),
        orders: false,
        ..Options::new(&known)
    };
    assert_eq!(
        kinds(&run(&expired(1), &[&fake], &options)),
        [Kind::Resource, Kind::Resource]
    );
}

#[test]
fn waiting_for_the_turn_of_another_case_is_not_charged() {
    /// Answers one question at a time. Whoever has not waited for the turn is slow.
    #[derive(Default)]
    struct Serial(Mutex<()>);
    impl Engine for Serial {
        fn name(&self) -> &str {
            "serial"
        }
        fn turn(&self) -> Option<MutexGuard<'_, ()>> {
            let turn = self.0.lock().expect("no test panics with it");
            CLOCK.fetch_add(60, Ordering::Relaxed);
            Some(turn)
        }
        fn judge(&self, case: &Case) -> Result<Verdict, EngineError> {
            assert!(self.0.try_lock().is_err(), "asked out of turn");
            correct(case)
        }
    }
    static CLOCK: AtomicUsize = AtomicUsize::new(0);
    let stopwatch = || Duration::from_secs(CLOCK.load(Ordering::Relaxed) as u64);
    let known = Known::none();
    let options = Options {
        stopwatch: Some(&stopwatch),
        orders: false,
        ..Options::new(&known)
    };
    let found = run(&expired(1), &[&Serial::default()], &options);
    assert_eq!(kinds(&found), []);
    assert!(CLOCK.load(Ordering::Relaxed) >= 120);
}

#[test]
fn what_an_engine_does_not_support_is_not_shown_to_it() {
    struct ServerOnly;
    impl Engine for ServerOnly {
        fn name(&self) -> &str {
            "server-only"
        }
        fn capabilities(&self) -> &[Capability] {
            &[Capability::Server]
        }
        fn judge(&self, _: &Case) -> Result<Verdict, EngineError> {
            panic!("it must not be asked")
        }
    }
    let known = Known::none();
    let case = crate::oracle::sample::case("client", crate::case::Role::Hostile);
    let report = run(
        &Work::Trials(vec![Trial::Single(Box::new(case))]),
        &[&ServerOnly],
        &Options::new(&known),
    );
    assert_eq!(report.judgements, 0);
    let unsupported = Observation::from(Verdict::Inconclusive(Why::Unsupported("client".into())));
    assert_eq!(
        report.cases[0].answers,
        [Some(Answer::Observed(unsupported))]
    );
}

#[test]
fn the_order_of_the_report_does_not_depend_on_the_number_of_threads() {
    let known = Known::none();
    let ids = |jobs| {
        let fake = Fake {
            name: "fake",
            says: correct,
        };
        let work = Work::catalogue(defect::all().collect(), 2, 7);
        let options = Options {
            jobs: NonZeroUsize::new(jobs).expect("not zero"),
            orders: false,
            ..Options::new(&known)
        };
        run(&work, &[&fake], &options)
            .cases
            .into_iter()
            .map(|case| case.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(1), ids(4));
}

/// An OCSP response that one defect has stapled is no evidence once the other has changed the
/// issuer: then the chain without either defect is refused, and shows nothing.
#[cfg(feature = "reference")]
#[test]
fn the_twin_of_two_defects_is_benign_or_the_two_do_not_go_together() {
    let reference = crate::engine::reference::Reference::default();
    let ids = [
        "revocation/ocsp-revoked",
        "trust/unknown-issuer",
        "identity/mailbox-quoted",
        "name-constraints/twice",
        "name-constraints/permitted-directory-alternative",
        "names/wildcard-of-top-level",
    ];
    let defects: Vec<_> = ids
        .into_iter()
        .map(|id| defect::find(id).expect(id))
        .collect();
    let known = Known::none();
    let options = Options {
        orders: false,
        ..Options::new(&known)
    };
    let report = run(&Work::doubles(&defects, 7), &[&reference], &options);
    assert!(
        report.apart > 0 && report.cases.len() > 4,
        "{}",
        report.apart
    );
    for case in &report.cases {
        let accepted = matches!(
            &case.answers[0],
            Some(Answer::Observed(observation)) if observation.verdict == Verdict::Accept
        );
        assert_eq!(
            accepted,
            case.role == crate::case::Role::Twin,
            "{}",
            case.id
        );
    }
}
