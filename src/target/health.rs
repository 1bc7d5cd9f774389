//! How far inputs get: which stages they reach, and which rules of the
//! reference validator they decide, both ways.
//!
//! A fuzzer that no longer gets past the parser looks as busy as a good one.
//! So each target says what it must reach, and a run that does not is a failure.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    hash::{BuildHasher as _, Hash},
};

use foldhash::quality::FixedState;

use crate::{
    case::Case,
    recipe::{Extension, ExtensionValue},
    validator::Report,
    verdict::{Reason, Verdict},
};

use super::{Session, Target, lenient};

/// What a target must reach.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// Stages by name, each noted by the body.
    pub stages: &'static [&'static str],
    /// The rules of the reference validator that must be decided both ways.
    pub rules: fn(Reason) -> bool,
}

impl Reach {
    /// These stages, and no rules.
    pub const fn stages(stages: &'static [&'static str]) -> Self {
        Self {
            stages,
            rules: |_| false,
        }
    }
}

/// Reasons that the reference validator never gives of a minted chain under the profile `strict-mtls`, each with why.
pub const OUT_OF_REACH: &[(Reason, &str)] = &[
    (Reason::LifetimeTooLong, "the profile sets no maximum"),
    (
        Reason::BadAnchor,
        "given without a report, when no anchor can be read",
    ),
    (Reason::NoCertificate, "a minted chain has an end entity"),
    (Reason::BudgetExceeded, "an input is too short for it"),
    (Reason::NoProofOfPossession, "a rule of the handshake"),
    (Reason::ProtocolTooOld, "a rule of the handshake"),
    (Reason::NoCommonCipherSuite, "a rule of the handshake"),
    (Reason::HandshakeViolation, "a rule of the handshake"),
    (Reason::Unstated, "the reference gives a reason"),
];

/// Whether a rule must be reached by the targets of whole chains.
pub(super) fn within_reach(rule: Reason) -> bool {
    OUT_OF_REACH.iter().all(|(other, _)| *other != rule)
}

/// Counts of what was reached.
#[derive(Clone, Debug, Default)]
pub struct Health {
    inputs: u64,
    stages: Stages,
    violated: Counts,
    held: Counts,
    differences: BTreeSet<usize>,
    marks: Vec<u64>,
}

/// A count for each stage that was reached.
#[derive(Clone, Debug, Default)]
struct Stages(Vec<(&'static str, u64)>);

impl Stages {
    fn add(&mut self, stage: &'static str) {
        // Nearly always the very words that were noted before, which are quicker to tell than alike ones.
        let mut known = self.0.iter_mut();
        if let Some((_, count)) = known.find(|(known, _)| std::ptr::eq(*known, stage)) {
            *count += 1;
        } else {
            self.0.push((stage, 1));
        }
    }

    fn has(&self, stage: &str) -> bool {
        self.0.iter().any(|(known, _)| *known == stage)
    }

    /// Each stage once, by name.
    fn sum(&self) -> BTreeMap<&'static str, u64> {
        let mut sum = BTreeMap::new();
        for (stage, count) in &self.0 {
            *sum.entry(*stage).or_default() += count;
        }
        sum
    }
}

/// A count for each reason, in the order of [`Reason::ALL`].
#[derive(Clone, Debug)]
struct Counts([u64; Reason::ALL.len()]);

impl Default for Counts {
    fn default() -> Self {
        Self([0; Reason::ALL.len()])
    }
}

impl Counts {
    fn add(&mut self, reason: Reason) {
        self.0[reason as usize] += 1;
    }

    fn of(&self, reason: Reason) -> u64 {
        self.0[reason as usize]
    }
}

impl Health {
    /// How many inputs were run.
    pub fn inputs(&self) -> u64 {
        self.inputs
    }

    pub(super) fn begin(&mut self) {
        self.inputs += 1;
        self.marks.clear();
    }

    /// What the last input reached, as numbers: its stages and the rules that it violated, each
    /// alone and with each other. A fuzzer that counts them keeps inputs which branches alone do not tell apart.
    pub fn marks(&self) -> &[u64] {
        &self.marks
    }

    /// Notes that an input came as far as this stage.
    pub fn reach(&mut self, stage: &'static str) {
        self.stages.add(stage);
        self.mark(stage);
    }

    /// Notes what tells inputs apart that go the same way.
    pub(super) fn mark(&mut self, what: impl Hash) {
        // The same in every run, so that a corpus that is merged is counted alike.
        self.marks.push(FixedState::default().hash_one(what));
    }

    /// Notes what the reference validator decided about a case.
    pub fn decided(&mut self, case: &Case, report: &Report) {
        let found = |reason| {
            report
                .violations
                .iter()
                .any(|violation| violation.reason == reason)
        };
        if !found(Reason::MalformedDer) && !found(Reason::TrailingData) {
            self.reach("parsed");
            if !found(Reason::UnknownIssuer) && !found(Reason::BadAnchor) {
                self.reach("issuer found");
                if report.spent.signatures > 0 {
                    self.reach("signature checked");
                }
            }
        }
        if report.verdict == Verdict::Accept {
            self.reach("accepted");
            for &reason in Reason::ALL {
                if applies(reason, case) {
                    self.held.add(reason);
                }
            }
        }
        for violation in &report.violations {
            self.violated.add(violation.reason);
            self.mark((violation.reason, violation.certificate));
        }
        for entry in &report.path {
            self.mark((entry.place, entry.checks));
        }
        // Two by two: sets of any size are too many, so that nearly every input would look new.
        let mut reasons: Vec<_> = report.violations.iter().map(|found| found.reason).collect();
        reasons.sort_unstable();
        reasons.dedup();
        for (number, one) in reasons.iter().enumerate() {
            for other in &reasons[number + 1..] {
                self.mark((one, other));
            }
        }
    }

    /// Notes rows of known differences between engines that showed.
    pub(super) fn differ(&mut self, rows: impl Iterator<Item = usize>) {
        self.differences.extend(rows);
    }

    /// The rows of known differences between engines that showed, in words.
    pub fn differences(&self) -> impl Iterator<Item = String> {
        let shown = lenient::all().enumerate();
        let shown = shown.filter(|(index, _)| self.differences.contains(index));
        shown.map(|(_, row)| row.to_string())
    }

    /// What of `reach` was not reached, in words.
    pub fn missing(&self, reach: &Reach) -> Vec<String> {
        let stages = reach
            .stages
            .iter()
            .filter(|stage| !self.stages.has(stage))
            .map(|stage| format!("never reached: {stage}"));
        let rules = Reason::ALL.iter().filter(|rule| (reach.rules)(**rule));
        let rules = rules.flat_map(|rule| {
            let violated = (self.violated.of(*rule) == 0)
                .then(|| format!("never violated: {rule}, {}", rule.clause()));
            let held = (self.held.of(*rule) == 0)
                .then(|| format!("never held: {rule}, {}", rule.clause()));
            violated.into_iter().chain(held)
        });
        stages.chain(rules).collect()
    }

    /// How often a rule was violated, and how often it was applied to a case that was accepted.
    pub fn rule(&self, reason: Reason) -> (u64, u64) {
        (self.violated.of(reason), self.held.of(reason))
    }
}

/// Whether a rule has something to judge in a case.
fn applies(reason: Reason, case: &Case) -> bool {
    let in_some_extension = |is: fn(&Extension) -> bool| {
        case.recipe.as_ref().is_none_or(|recipe| {
            let certificates = recipe.certificates.iter();
            certificates.flat_map(|one| &one.extensions).any(is)
        })
    };
    match reason {
        Reason::NameConstraint | Reason::UnsupportedNameConstraint => {
            in_some_extension(|extension| {
                matches!(extension.value, ExtensionValue::NameConstraints { .. })
            })
        }
        Reason::PathLengthExceeded => in_some_extension(|extension| {
            matches!(
                extension.value,
                ExtensionValue::BasicConstraints {
                    path_length: Some(_),
                    ..
                }
            )
        }),
        Reason::NoValidPolicy | Reason::BadPolicy => in_some_extension(|extension| {
            matches!(
                extension.value,
                ExtensionValue::CertificatePolicies(_)
                    | ExtensionValue::PolicyMappings(_)
                    | ExtensionValue::PolicyConstraints { .. }
            )
        }),
        Reason::KeyUsage => {
            in_some_extension(|extension| matches!(extension.value, ExtensionValue::KeyUsage(_)))
        }
        Reason::ExtendedKeyUsage => in_some_extension(|extension| {
            matches!(extension.value, ExtensionValue::ExtendedKeyUsage(_))
        }),
        Reason::UnknownCriticalExtension | Reason::WrongCriticality => {
            in_some_extension(|extension| extension.critical)
        }
        Reason::MalformedExtension
        | Reason::DuplicateExtension
        | Reason::ExtensionsInOldVersion => in_some_extension(|_| true),
        Reason::NotACa | Reason::PathTooDeep => case.chain.len() > 1,
        Reason::NameMismatch => case.name.is_some(),
        Reason::IdentityNotAllowed => !case.requirements.admitted.is_empty(),
        Reason::OcspInvalid => case.ocsp.is_some(),
        Reason::Revoked | Reason::RevocationUnknown => !case.crls.is_empty() || case.ocsp.is_some(),
        Reason::CrlExpired
        | Reason::CrlNotYetValid
        | Reason::CrlBadSignature
        | Reason::CrlKeyUsage
        | Reason::CrlUnknownCriticalExtension
        | Reason::CrlMalformed => !case.crls.is_empty(),
        // Of these every chain has what they judge: versions, serial numbers, dates, names, keys, signatures.
        _ => true,
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} inputs", self.inputs)?;
        for (stage, count) in self.stages.sum() {
            write!(f, ", {stage} {count}")?;
        }
        let violated = |reason: &&Reason| self.violated.of(**reason) > 0;
        let violated: Vec<_> = Reason::ALL.iter().filter(violated).collect();
        if !violated.is_empty() {
            let both = violated.iter().filter(|rule| self.held.of(***rule) > 0);
            let both = both.count();
            write!(f, ", {} rules violated, {both} both ways", violated.len())?;
        }
        Ok(())
    }
}

/// How many changes of its seeds a target may take to reach what it must.
const CHANGES: u64 = 4_000;

/// Runs a target on its seeds, and then on changes of them until all is reached.
///
/// Deterministic: the changes are those that libFuzzer makes through the same
/// moves, drawn from a fixed number.
pub fn from_seeds(target: &'static Target) -> Health {
    let mut session = Session::new(target);
    let seeds = (target.seeds)();
    for seed in &seeds {
        session.run(seed);
    }
    for number in 0..CHANGES {
        if session.health.missing(&target.reach).is_empty() || seeds.is_empty() {
            break;
        }
        let mut input = seeds[number as usize % seeds.len()].clone();
        target
            .moves
            .change(&mut input, target.max_length as usize, number);
        session.run(&input);
    }
    session.health
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::Expected,
        engine::{reference::Reference, toy::ToySignatures},
        mint::Minter,
        recipe::generate::Setting,
        target,
        validator::Profile,
    };

    #[test]
    fn the_plainest_chain_holds_no_rule_that_has_nothing_to_judge_in_it() {
        let recipe = Setting {
            intermediates: 0,
            path_length_slack: None,
            policies: false,
            ..Setting::default()
        };
        let recipe = recipe.recipe();
        let case = Case::from_recipe(&Minter::toy(), recipe, "plain".into(), Expected::Accept);
        let case = case.expect("mints");
        let reference = Reference::with_signatures(Profile::rfc5280(), ToySignatures);
        let mut health = Health::default();
        health.decided(&case, &reference.report(&case).expect("an anchor"));
        for rule in [
            Reason::NameConstraint,
            Reason::PathLengthExceeded,
            Reason::NoValidPolicy,
            Reason::NotACa,
            Reason::NameMismatch,
            Reason::Revoked,
            Reason::CrlExpired,
        ] {
            assert_eq!(health.rule(rule), (0, 0), "{rule}");
        }
        assert_eq!(health.rule(Reason::Expired), (0, 1));
    }

    #[test]
    fn what_is_not_reached_is_named() {
        let chain = target::find("chain").expect("a target");
        let mut session = Session::new(chain);
        // Good chains alone: nothing is violated, and a fuzzer that makes nothing else is found out.
        for _ in 0..3 {
            session.run(&[]);
        }
        let missing = session.health.missing(&chain.reach);
        for expected in [
            "never reached: hostile refused".to_owned(),
            format!(
                "never violated: {}, {}",
                Reason::Expired,
                Reason::Expired.clause()
            ),
        ] {
            assert!(missing.contains(&expected), "{missing:#?}");
        }
    }
}
