//! The one composer: cases × engines → observations → findings.
//!
//! It reads no clock and prints nothing. What it needs of the world, a
//! stopwatch, a flag to stop at, somebody to tell about progress, is handed in.

mod result;
#[cfg(test)]
mod tests;
mod work;

use std::{
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

pub use result::{Beside, Breakage, EngineSummary, JudgedCase, Row, RunReport, Share, Summary};
pub use work::{Trial, Work};

use crate::{
    case::{Case, Double, Pair, PairError},
    corpus::known::Known,
    engine::{Capability, Engine},
    oracle::{
        Answer, Asked, Finding, Kind, differential,
        expected::{self, Mark},
        handshake, hidden,
        metamorphic::{self, Change},
        resource::{self, Budget},
    },
    question::Purpose,
    verdict::{Reason, Verdict, Why},
};

/// The name of the threads that judge, so that a panic of an engine can be told from one of our own.
pub const JUDGE_THREAD: &str = "judge";

/// How a run goes about its work.
pub struct Options<'a> {
    /// How many threads judge.
    pub jobs: NonZeroUsize,
    /// Known discrepancies.
    pub known: &'a Known,
    /// Whether each case is judged again under irrelevant changes of order.
    pub orders: bool,
    /// Ends the run early once it is set. What was judged until then is reported.
    pub stop: Option<&'a AtomicBool>,
    /// Called after each batch with the number of cases judged so far.
    pub progress: Option<&'a (dyn Fn(usize) + Sync)>,
    /// Gives the time since any fixed moment. Without it, cost is not judged.
    pub stopwatch: Option<&'a (dyn Fn() -> Duration + Sync)>,
    /// What an answer may cost.
    pub budget: Budget,
}

impl<'a> Options<'a> {
    /// One thread, orders tried, nothing else.
    pub fn new(known: &'a Known) -> Self {
        Self {
            jobs: NonZeroUsize::MIN,
            known,
            orders: true,
            stop: None,
            progress: None,
            stopwatch: None,
            budget: Budget::default(),
        }
    }
}

/// Asks every engine about every case of the work.
pub fn run(work: &Work, engines: &[&dyn Engine], options: &Options<'_>) -> RunReport {
    let next = AtomicUsize::new(0);
    let cases_done = AtomicUsize::new(0);
    let batches: Mutex<Vec<(usize, Batch)>> = Mutex::new(Vec::new());
    let judge = Judge { engines, options };
    let work_off = || {
        while !judge.stopped() {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= work.batches() {
                break;
            }
            let of_doubles = matches!(work, Work::Doubles { .. });
            let batch = judge.batch(work.batch(index), of_doubles);
            let done =
                cases_done.fetch_add(batch.cases.len(), Ordering::Relaxed) + batch.cases.len();
            if let Some(progress) = options.progress {
                progress(done);
            }
            batches
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((index, batch));
        }
    };
    thread::scope(|scope| {
        for _ in 0..options.jobs.get().min(work.batches().max(1)) {
            let thread = thread::Builder::new().name(JUDGE_THREAD.to_owned());
            // Where no thread is to be had, this one does the work.
            if thread.spawn_scoped(scope, work_off).is_err() {
                work_off();
            }
        }
    });
    let mut batches = batches.into_inner().unwrap_or_else(PoisonError::into_inner);
    batches.sort_by_key(|(index, _)| *index);

    let mut report = RunReport::new(work, engines, judge.stopped());
    for (_, batch) in batches {
        report.cases.extend(batch.cases);
        report.rows.extend(batch.rows);
        report.findings.extend(batch.findings);
        report.broken.extend(batch.broken);
        report.judgements += batch.judgements;
        report.reached_signatures.add(batch.reached_signatures);
        report.intended_alone.add(batch.intended_alone);
        report.beside_intended.extend(batch.beside_intended);
        report.apart += batch.apart;
    }
    report.apply_known(options.known);
    report
}

/// What came of one batch of trials.
#[derive(Default)]
struct Batch {
    cases: Vec<JudgedCase>,
    rows: Vec<Row>,
    findings: Vec<Finding>,
    broken: Vec<Breakage>,
    judgements: usize,
    reached_signatures: Share,
    intended_alone: Share,
    beside_intended: Vec<Beside>,
    apart: usize,
}

impl Batch {
    /// Keeps what answers amount to, where there were any.
    fn row(&mut self, row: Row) {
        if row.marks.iter().any(Option::is_some) || row.marks.is_empty() {
            self.rows.push(row);
        }
    }

    /// Keeps the answers to a case. One that nobody answered has not been judged.
    fn add(&mut self, case: &Case, answers: Vec<Option<Answer>>) {
        if answers.iter().any(Option::is_some) || answers.is_empty() {
            self.cases.push(JudgedCase::new(case, answers));
        }
    }
}

struct Judge<'a> {
    engines: &'a [&'a dyn Engine],
    options: &'a Options<'a>,
}

impl Judge<'_> {
    fn stopped(&self) -> bool {
        self.options
            .stop
            .is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    /// What there is to say of two defects in one chain.
    fn double(&self, double: &Double, batch: &mut Batch) {
        let Double {
            both, alone, twin, ..
        } = double;
        let needs = needs(both);
        let to_both = self.answers(both, &needs, batch);
        let to_twin = self.answers(twin, &needs, batch);
        let mut marks = Vec::new();
        for (index, engine) in self.engines.iter().enumerate() {
            let answers = [&to_both[index], &to_twin[index]].map(Option::as_ref);
            let (mark, finding) = hidden::double(engine.name(), double, answers, || {
                alone.each_ref().map(|case| self.ask(*engine, case, batch))
            });
            batch.findings.extend(finding);
            marks.push(to_both[index].is_some().then_some(mark));
        }
        batch.row(Row::of_double(both, marks));
        batch.add(both, to_both);
        batch.add(twin, to_twin);
    }

    fn batch(&self, trials: Vec<Result<Trial, PairError>>, of_doubles: bool) -> Batch {
        let mut batch = Batch::default();
        for trial in trials {
            if self.stopped() {
                break;
            }
            match trial {
                Ok(Trial::Pair(pair)) => self.pair(&pair, &mut batch),
                Ok(Trial::Double(double)) => self.double(&double, &mut batch),
                Ok(Trial::Single(case)) => self.single(&case, &mut batch),
                Ok(Trial::Unlabelled(case)) => self.unlabelled(&case, &mut batch),
                // Two defects that cannot stand together are counted, and no fault of the catalogue.
                Err(PairError::Unfit { .. }) if of_doubles => batch.apart += 1,
                Err(error) => batch.broken.push(Breakage::of_catalogue(&error)),
            }
        }
        batch
    }

    fn pair(&self, Pair { hostile, twin }: &Pair, batch: &mut Batch) {
        let needs = needs(hostile);
        let to_hostile = self.answers(hostile, &needs, batch);
        let to_twin = self.answers(twin, &needs, batch);
        let marks = self
            .engines
            .iter()
            .zip(to_hostile.iter().zip(&to_twin))
            .map(|(engine, (h, t))| {
                if engine.states_every_reason()
                    && let Some(observation) = h.as_ref().and_then(Answer::conclusive)
                {
                    let beside = expected::beside(hostile, observation);
                    batch.intended_alone.add(Share {
                        part: usize::from(beside.is_none()),
                        whole: 1,
                    });
                    batch.beside_intended.extend(beside.map(|reasons| Beside {
                        engine: engine.name().to_owned(),
                        case: hostile.id.clone(),
                        defect: hostile.defect,
                        reasons,
                    }));
                }
                let (h, t) = (h.as_ref(), t.as_ref());
                let name = engine.name();
                let in_handshake = handshake::check(name, hostile, h, t);
                batch.findings.extend(in_handshake);
                batch.findings.extend(handshake::check(name, twin, t, None));
                let (mark, findings) = expected::pair(asked(*engine), (hostile, h), (twin, t));
                batch.findings.extend(findings);
                (h.is_some() || t.is_some()).then_some(mark)
            });
        let marks: Vec<Option<Mark>> = marks.collect();
        batch.row(Row::new(hostile, marks));
        batch.add(hostile, to_hostile);
        batch.add(twin, to_twin);
    }

    fn single(&self, case: &Case, batch: &mut Batch) {
        let answers = self.answers(case, &needs(case), batch);
        let marks = self.engines.iter().zip(&answers).map(|(engine, answer)| {
            let answer = answer.as_ref();
            let in_handshake = handshake::check(engine.name(), case, answer, None);
            batch.findings.extend(in_handshake);
            let (mark, findings) = expected::alone(asked(*engine), case, answer);
            batch.findings.extend(findings);
            answer.is_some().then_some(mark)
        });
        let marks: Vec<Option<Mark>> = marks.collect();
        batch.row(Row::new(case, marks));
        batch.add(case, answers);
    }

    fn unlabelled(&self, case: &Case, batch: &mut Batch) {
        let answers = self.answers(case, &needs(case), batch);
        let said: Vec<(&str, Option<&Answer>)> = self
            .engines
            .iter()
            .map(|engine| engine.name())
            .zip(answers.iter().map(Option::as_ref))
            .collect();
        batch
            .findings
            .extend(differential::discrepancies(case, &said));
        batch.add(case, answers);
    }

    /// Every engine's answer to a case; none from those that were not asked any more.
    fn answers(&self, case: &Case, needs: &[Capability], batch: &mut Batch) -> Vec<Option<Answer>> {
        // The order of certificates is tried where they are what is judged.
        let orders = self.options.orders && case.handshake.is_none();
        let changed: Vec<(Change, Case)> = match orders {
            true => Change::ALL
                .iter()
                .filter_map(|change| Some((*change, change.apply(case)?)))
                .collect(),
            false => Vec::new(),
        };
        let answers = self.engines.iter().map(|engine| {
            if let Some(lacking) = needs
                .iter()
                .find(|need| !engine.capabilities().contains(need))
                && !self.stopped()
            {
                return Some(Answer::Observed(
                    Verdict::Inconclusive(Why::Unsupported(lacking.to_string())).into(),
                ));
            }
            let answer = self.ask(*engine, case, batch)?;
            let reached = answer
                .conclusive()
                .and_then(|observation| engine.reached_signatures(observation));
            if let Some(reached) = reached {
                batch.reached_signatures.add(Share {
                    part: usize::from(reached),
                    whole: 1,
                });
            }
            for (change, changed) in &changed {
                if answer.conclusive().is_none() {
                    break;
                }
                let Some(after) = self.ask(*engine, changed, batch) else {
                    break;
                };
                batch.findings.extend(metamorphic::compare(
                    engine.name(),
                    case,
                    &answer,
                    *change,
                    &after,
                ));
            }
            Some(answer)
        });
        answers.collect()
    }

    /// One judgement; none once the run has been ended. A panic of the engine is an answer like any other.
    fn ask(&self, engine: &dyn Engine, case: &Case, batch: &mut Batch) -> Option<Answer> {
        let _turn = engine.turn();
        if self.stopped() {
            return None;
        }
        let start = self.options.stopwatch.map(|stopwatch| stopwatch());
        let answer = match catch_unwind(AssertUnwindSafe(|| engine.observe(case))) {
            Ok(result) => Answer::of(result)?,
            Err(payload) => Answer::Crashed(format!("panicked: {}", message(payload.as_ref()))),
        };
        batch.judgements += 1;
        match &answer {
            Answer::Observed(_) => {
                // Who hung until it was ended has a finding already.
                if let (Some(start), Some(stopwatch)) = (start, self.options.stopwatch) {
                    let taken = stopwatch().saturating_sub(start);
                    batch.findings.extend(resource::check(
                        engine.name(),
                        case,
                        taken,
                        &self.options.budget,
                    ));
                }
            }
            Answer::Crashed(what) => {
                batch
                    .findings
                    .push(Finding::new(Kind::Crash, engine.name(), case, what.clone()))
            }
            Answer::Broke(what) => {
                batch
                    .broken
                    .push(Breakage::of_engine(engine.name(), case, what))
            }
        }
        Some(answer)
    }
}

fn asked(engine: &dyn Engine) -> Asked<'_> {
    Asked {
        engine: engine.name(),
        states_reasons: engine.capabilities().contains(&Capability::Reason),
    }
}

/// What an engine must support to be shown a case.
///
/// Names, policies and identities count only where the expected reason is about
/// them: elsewhere they are part of the setting, and an engine may ignore them.
pub fn needs(case: &Case) -> Vec<Capability> {
    let mut needs = vec![match case.purpose {
        Purpose::Client => Capability::Client,
        Purpose::Server => Capability::Server,
    }];
    if !case.crls.is_empty() {
        needs.push(Capability::Crl);
    }
    let about = |reasons: &[Reason]| {
        case.expected
            .reasons()
            .iter()
            .any(|reason| reasons.contains(reason))
    };
    if about(&[Reason::NameMismatch]) {
        needs.push(Capability::Name);
    }
    if about(&[Reason::NoValidPolicy, Reason::BadPolicy]) {
        needs.push(Capability::Policies);
    }
    if about(&[Reason::IdentityNotAllowed]) {
        needs.push(Capability::Identity);
    }
    if case.ocsp.is_some() {
        needs.push(Capability::Ocsp);
    }
    if !case.requirements.admitted.is_empty() {
        needs.push(Capability::Identity);
    }
    if case.handshake.is_some() {
        needs.push(Capability::Handshake);
    }
    needs
}

fn message(payload: &(dyn std::any::Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
