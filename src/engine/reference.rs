//! The reference validator, under a profile.

use std::sync::Arc;

use super::{
    Capability, Engine, EngineError, Observation,
    demand::{Demand, accepted, usual_usage},
    memory::Memory,
};
use crate::{
    case::Case,
    question::Identity,
    validator::{
        Anchor, AnchorError, Certificate, CrlStore, IdentityRule, Inputs, KeyUsage, Profile,
        RealSignatures, Report, Revocation, RevocationEvidence, RevocationOptions, SignatureScheme,
        Validator,
    },
    verdict::{Reason, Verdict},
};

/// The reference validator.
pub struct Reference<S = RealSignatures> {
    validator: Validator,
    scheme: S,
    read: Option<Read>,
}

/// What was read before.
#[derive(Default)]
struct Read {
    anchors: Memory<Anchor>,
    authorities: Memory<Arc<Certificate>>,
    /// Certificates of chains are read by the strict walker alone.
    once: bool,
}

impl Default for Reference {
    /// The strictest profile that is shipped, and anybody let in whose chain is good:
    /// whom a service knows is not a property of a chain.
    fn default() -> Self {
        Self::new(lenient_on_identity())
    }
}

/// The profile `strict-mtls` without its rules on who is let in.
pub(crate) fn lenient_on_identity() -> Profile {
    letting_anybody_in(Profile::strict_mtls())
}

/// A profile without its rules on who is let in.
fn letting_anybody_in(mut profile: Profile) -> Profile {
    profile.identity = Profile::rfc5280().identity;
    profile
}

impl Reference {
    /// The validator under this profile.
    pub fn new(profile: Profile) -> Self {
        Self::with_signatures(profile, RealSignatures)
    }
}

impl<S: SignatureScheme + Clone + 'static> Reference<S> {
    /// The validator under this profile, with another signature scheme.
    pub fn with_signatures(profile: Profile, scheme: S) -> Self {
        Self {
            validator: Validator::new(profile).with_signatures(scheme.clone()),
            scheme,
            read: None,
        }
    }

    /// Reads each anchor and each authority once: for a great many chains that share them.
    #[must_use]
    pub fn remembering(mut self) -> Self {
        self.read = Some(Read::default());
        self
    }

    /// The same, and nothing that a chain presents is read a second time by x509-parser: for chains
    /// in which somebody else sees to it that the two readers agree.
    #[must_use]
    pub fn reading_once(mut self) -> Self {
        self.read = Some(Read {
            once: true,
            ..Read::default()
        });
        self
    }

    /// What the validator reports, every violated rule with its clause.
    ///
    /// # Errors
    /// The reason when no trust anchor can be read.
    pub fn report(&self, case: &Case) -> Result<Report, AnchorError> {
        // An anchor that cannot be read is passed over, as trust stores do, unless nothing is left.
        let (read, unread): (Vec<_>, Vec<_>) = case
            .anchors
            .iter()
            .map(|der| match &self.read {
                Some(read) => read.anchors.recall(der, Anchor::from_certificate),
                None => Anchor::from_certificate(der),
            })
            .partition(Result::is_ok);
        let anchors: Vec<Anchor> = read.into_iter().flatten().collect();
        if let (true, Some(Err(error))) = (anchors.is_empty(), unread.into_iter().next()) {
            return Err(error);
        }
        let chain: Vec<&[u8]> = case.chain.iter().map(Vec::as_slice).collect();
        let mut evidence = RevocationEvidence::new(
            CrlStore::from_der_lossy(case.crls.iter().cloned()),
            RevocationOptions::default(),
        );
        if let Some(response) = &case.ocsp {
            evidence = evidence.with_ocsp_response(response);
        }
        let inputs = Inputs {
            chain: &chain,
            anchors: &anchors,
            purpose: case.purpose,
            name: case.name.as_ref(),
            time: case.time,
            revocation: if case.crls.is_empty() && case.ocsp.is_none() {
                Revocation::Off
            } else {
                Revocation::Check(&evidence)
            },
        };
        let demanding = self.demanding(case);
        let validator = demanding.as_ref().unwrap_or(&self.validator);
        let mut report = self.validate(validator, &inputs);
        for name in &case.requirements.other_names {
            if report.is_accepted() {
                let name = Some(name);
                report = self.validate(validator, &Inputs { name, ..inputs });
            }
        }
        Ok(report)
    }

    fn validate(&self, validator: &Validator, inputs: &Inputs<'_>) -> Report {
        let known = self
            .read
            .as_ref()
            .and_then(|read| read.chain(validator, inputs));
        match known {
            Some(chain) => {
                let chain: Vec<&Certificate> = chain.iter().map(|one| &**one).collect();
                validator.validate_parsed(&chain, inputs)
            }
            None => validator.validate(inputs),
        }
    }

    /// The validator under the profile with what a case demands beyond it, if it does.
    fn demanding(&self, case: &Case) -> Option<Validator> {
        let required = &case.requirements;
        let about = required.profile.as_deref().and_then(Profile::named);
        let about = about.map(letting_anybody_in);
        let nothing = about.is_none()
            && required.max_chain_depth.is_none()
            && required.admitted.is_empty()
            && required.key_usage.is_empty()
            && required.extended_key_usage.len() < 2;
        if nothing {
            return None;
        }
        let mut profile = about.unwrap_or_else(|| self.validator.profile().clone());
        if let Some(depth) = required.max_chain_depth {
            profile.maximum_depth = Some(depth);
        }
        if !required.admitted.is_empty() {
            profile.identity.allow = required.admitted.iter().map(rule).collect();
            profile.identity.refuse_ambiguous_subjects = true;
        }
        let usages = required.key_usage.iter();
        profile
            .end_entity
            .key_usage
            .extend(usages.filter_map(|name| KeyUsage::named(name)));
        if required.extended_key_usage.len() > 1 {
            let usages = required.extended_key_usage.iter().map(ToString::to_string);
            profile.end_entity.extended_key_usage.extend(usages);
        }
        Some(Validator::new(profile).with_signatures(self.scheme.clone()))
    }
}

impl Read {
    /// The chain, read. Nothing where it is longer than the validator reads, or one
    /// of it cannot be read: that is for the validator to explain.
    fn chain(&self, validator: &Validator, inputs: &Inputs<'_>) -> Option<Vec<Arc<Certificate>>> {
        if inputs.chain.len() > validator.profile().budget.presented_certificates as usize {
            return None;
        }
        let (end_entity, authorities) = inputs.chain.split_first()?;
        let fresh = |der: &[u8]| match self.once {
            true => Certificate::parse_once(der).map(Arc::new),
            false => Certificate::parse(der).map(Arc::new),
        };
        let authorities = authorities
            .iter()
            .map(|der| self.authorities.recall(der, fresh));
        std::iter::once(fresh(end_entity))
            .chain(authorities)
            .collect::<Result<_, _>>()
            .ok()
    }
}

impl<S: SignatureScheme + Clone + 'static> Engine for Reference<S> {
    fn name(&self) -> &str {
        "reference"
    }

    fn version(&self) -> String {
        format!(
            "{} ({})",
            env!("CARGO_PKG_VERSION"),
            self.validator.profile().name
        )
    }

    fn capabilities(&self) -> &[Capability] {
        Capability::OF_CHAINS
    }

    fn judge(&self, case: &Case) -> Result<Verdict, EngineError> {
        self.observe(case).map(|observation| observation.verdict)
    }

    fn states_every_reason(&self) -> bool {
        true
    }

    fn reached_signatures(&self, observation: &Observation) -> Option<bool> {
        // Every rule is checked on a path that was found; these leave no path.
        let no_path = |reason: &Reason| {
            matches!(
                reason,
                Reason::MalformedDer
                    | Reason::TrailingData
                    | Reason::NoCertificate
                    | Reason::UnknownIssuer
                    | Reason::BadAnchor
            )
        };
        Some(!observation.reasons.iter().any(no_path))
    }

    fn observe(&self, case: &Case) -> Result<Observation, EngineError> {
        Ok(match self.report(case) {
            Ok(report) => observation(case, report),
            Err(error) => {
                let reason = match error {
                    AnchorError::Certificate(error) => error.reason(),
                    _ => Reason::BadAnchor,
                };
                Observation::rejected_for(&[reason, Reason::BadAnchor], error.to_string())
            }
        })
    }
}

/// The rule that lets this identity in.
fn rule(identity: &Identity) -> IdentityRule {
    match identity.clone() {
        Identity::Uri(text) => IdentityRule::Uri(text),
        Identity::Dns(text) => IdentityRule::Dns(text),
        Identity::Email(text) => IdentityRule::Email(text),
        Identity::Subject(text) => IdentityRule::Subject(text),
    }
}

fn observation(case: &Case, report: Report) -> Observation {
    if report.verdict == Verdict::Accept {
        let mut checked = vec![
            Demand::Depth,
            Demand::DnsName,
            Demand::IpName,
            Demand::EmailName,
            Demand::OtherNames,
            Demand::Ocsp,
            Demand::Identity,
        ];
        let required = &case.requirements;
        if required
            .key_usage
            .iter()
            .all(|name| KeyUsage::named(name).is_some())
        {
            checked.push(Demand::KeyUsage);
        }
        // A usage beside the purpose's own is asked for, one in its place is not.
        if case.usages().contains(&usual_usage(case.purpose)) {
            checked.push(Demand::ExtendedKeyUsage);
        }
        return accepted(case, &checked);
    }
    let words: Vec<_> = report
        .violations
        .iter()
        .map(|violation| violation.detail.as_str())
        .collect();
    let detail = words.join("; ");
    Observation {
        reasons: reasons_of(&report),
        // A budget that ran out is a refusal to the outside.
        verdict: match report.to_decision() {
            Ok(()) => Verdict::Accept,
            Err(reason) => Verdict::Reject(reason),
        },
        detail,
        handshake: None,
    }
}

/// Every reason of a report once, the verdict's first.
pub(super) fn reasons_of(report: &Report) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = report.verdict.reason().into_iter().collect();
    for violation in &report.violations {
        if !reasons.contains(&violation.reason) {
            reasons.push(violation.reason);
        }
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::{Limbo, double, pairs},
        defect,
        mint::Minter,
        question::Time,
    };

    #[test]
    fn defects_of_time_are_told_from_their_twins_with_the_reason() {
        let minter = Minter::new();
        let engine = Reference::default();
        for defect in ["validity/expired", "validity/not-yet-valid"] {
            let defect = defect::find(defect).expect(defect);
            for pair in pairs(&minter, defect, 4, 7) {
                let pair = pair.expect("a pair");
                let (hostile, twin) = (engine.observe(&pair.hostile), engine.observe(&pair.twin));
                assert_eq!(
                    twin.expect("an answer"),
                    Verdict::Accept.into(),
                    "{}",
                    pair.twin.id
                );
                let hostile = hostile.expect("an answer");
                assert_eq!(
                    hostile.verdict.reason(),
                    defect.reasons.first().copied(),
                    "{hostile:?}"
                );
            }
        }
    }

    #[test]
    fn what_was_read_before_gets_the_same_answer() {
        let minter = Minter::new();
        let (fresh, remembering) = (Reference::default(), Reference::default().remembering());
        for defect in defect::all().filter(|defect| !defect.is_of_handshake()) {
            for pair in pairs(&minter, defect, 1, 7).into_iter().flatten() {
                for case in [&pair.twin, &pair.hostile, &pair.hostile] {
                    assert_eq!(
                        remembering.observe(case),
                        fresh.observe(case),
                        "{}",
                        case.id
                    );
                }
            }
        }
    }

    #[test]
    fn every_violated_rule_is_among_the_reasons() {
        let suite =
            Limbo::read(include_bytes!("../../corpus/limbo/pkits-public.json")).expect("a suite");
        let mut case =
            Case::from_limbo(&suite.testcases[0], Time::from_unix_seconds(0)).expect("a case");
        case.time = case.time.plus_days(20_000);
        let seen = Reference::new(Profile::rfc5280())
            .observe(&case)
            .expect("an answer");
        assert!(
            seen.reasons.contains(&Reason::Expired) && seen.reasons.contains(&Reason::CrlExpired),
            "{seen:?}"
        );
    }

    #[test]
    fn anchors_that_are_none_are_refused() {
        let suite =
            Limbo::read(include_bytes!("../../corpus/limbo/pkits-public.json")).expect("a suite");
        let mut case =
            Case::from_limbo(&suite.testcases[0], Time::from_unix_seconds(0)).expect("a case");
        case.anchors = vec![vec![0x30]];
        let seen = Reference::default().observe(&case).expect("an answer");
        assert!(seen.reasons.contains(&Reason::BadAnchor), "{seen:?}");
    }

    #[test]
    fn a_revoked_issuer_is_told_beside_the_end_entitys_bad_signature() {
        let find = |id| defect::find(id).expect(id);
        let defects = [
            find("signature/bit-flipped"),
            find("revocation/intermediate-revoked"),
        ];
        let double = double(&Minter::new(), defects, 7, &|_| true).expect("fits");
        let report = Reference::default()
            .report(&double.both)
            .expect("an anchor");
        let mut reasons: Vec<_> = report.violations.iter().map(|one| one.reason).collect();
        reasons.sort();
        assert_eq!(reasons, [Reason::BadSignature, Reason::Revoked]);
    }
}
