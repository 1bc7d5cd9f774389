//! Path validation: every rule along one candidate path, from the anchor to the end entity.
//!
//! Nothing stops at the first violation. The rules run in the order of RFC 5280
//! section 6.1, and the report turns them round: people read from the end entity up.

use std::borrow::Cow;

use crate::verdict::Reason;

use super::{
    Inputs, Validator,
    anchor::Anchor,
    budget::{Budget, OverBudget},
    certificate::Certificate,
    constraint::ConstraintState,
    dsa,
    edge::VerifiedEdges,
    judge::{Judge, Role},
    key::parse_key,
    key_rule,
    name_text::display_name,
    peer_name::check_peer_name,
    policy::{PolicyFault, PolicyState},
    profile::parse_pin,
    report::{PathEntry, Place, Violation},
    revocation_source::{Issuer, Revocation, RevocationQuery},
    signature::SignatureError,
};

/// A path to judge. Without an anchor it is what could be found of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'c> {
    /// Indices in the presented chain, end entity first.
    pub(crate) path: &'c [usize],
    /// Index of the anchor.
    pub(crate) anchor: Option<usize>,
}

/// What judging a path found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) violations: Vec<Violation>,
    pub(crate) entries: Vec<PathEntry>,
}

/// A judgement that ran out of budget, with what it had found by then.
pub(crate) struct Unfinished {
    pub(crate) over: OverBudget,
    pub(crate) found: Vec<Violation>,
}

/// One question, with everything presented already parsed.
pub(crate) struct Session<'a> {
    pub(crate) validator: &'a Validator,
    pub(crate) inputs: &'a Inputs<'a>,
    /// What the first certificate presented is.
    pub(crate) subject: Role,
    /// By index in the presented chain. What could not be read is missing.
    pub(crate) presented: &'a [Option<&'a Certificate>],
    pub(crate) anchors: &'a [Anchor],
}

/// A path with what judging it found out.
#[derive(Clone, Copy)]
struct Steps<'s, 'a> {
    path: &'s [&'a Certificate],
    indices: &'s [usize],
    /// For each certificate the key that it was verified with, inherited parameters included.
    issuer_keys: &'s [Cow<'a, [u8]>],
    anchor: &'a Anchor,
}

/// What is known of a path while it is judged.
#[derive(Default)]
struct Progress<'a> {
    /// From the end that was judged first.
    judges: Vec<Judge<'a>>,
    /// Of the anchor.
    above: Vec<Violation>,
    anchor_checks: u32,
    /// For each judge what is told of its status.
    notes: Vec<Option<String>>,
}

/// The counters of section 6.1.2 that run down the path.
struct State<'a> {
    constraints: ConstraintState<'a>,
    policies: PolicyState<'a>,
    // RFC 5280 section 6.1.2 (k)
    maximum_path_length: Option<u32>,
    /// Whose path length that is, as the DER of its name, and the number that it states.
    path_length_of: Option<(&'a [u8], u32)>,
}

impl<'a> Session<'a> {
    /// Judges one path by every rule.
    // RFC 5280 section 6.1
    pub(crate) fn check_path(
        &self,
        candidate: Candidate<'_>,
        budget: &mut Budget,
        signatures: &mut VerifiedEdges,
    ) -> Result<Outcome, Unfinished> {
        let mut progress = Progress::default();
        let judged = self.judge_path(candidate, budget, signatures, &mut progress);
        let (path, anchor) = judged.map_err(|over| {
            let found = progress.judges.drain(..).flat_map(|judge| judge.violations);
            let mut found: Vec<Violation> = found.collect();
            found.append(&mut progress.above);
            // From the end entity up, whichever end was judged first.
            found.sort_by_key(|violation| violation.certificate.unwrap_or(usize::MAX));
            Unfinished { over, found }
        })?;
        let mut outcome = Outcome::default();
        let judged = progress.judges.into_iter().zip(candidate.path);
        for ((judge, &index), note) in judged.zip(progress.notes) {
            outcome.violations.extend(judge.violations);
            let notes = note.into_iter().collect();
            outcome.entries.push(PathEntry {
                place: Place::Presented(index),
                checks: judge.checks,
                notes,
            });
        }
        outcome.violations.append(&mut progress.above);
        if let Some(index) = candidate.anchor {
            outcome.entries.push(PathEntry {
                place: Place::Anchor(index),
                checks: progress.anchor_checks,
                notes: Vec::new(),
            });
        }
        if self.subject == Role::EndEntity {
            outcome.violations.extend(self.check_depth(&path));
            outcome
                .violations
                .extend(anchor.and_then(|anchor| self.check_pins(&path, anchor)));
        }
        outcome
            .violations
            .extend(self.check_common_primes(&path, candidate.path, anchor));
        Ok(outcome)
    }

    /// Every rule that costs something, from the anchor down. Gives the path and its anchor.
    // RFC 5280 section 6.1
    fn judge_path(
        &self,
        candidate: Candidate<'_>,
        budget: &mut Budget,
        signatures: &mut VerifiedEdges,
        progress: &mut Progress<'a>,
    ) -> Result<(Vec<&'a Certificate>, Option<&'a Anchor>), OverBudget> {
        let profile = &self.validator.profile;
        let path: Vec<&'a Certificate> = candidate
            .path
            .iter()
            .filter_map(|&index| self.presented.get(index).copied().flatten())
            .collect();
        let anchor = candidate.anchor.and_then(|index| self.anchors.get(index));
        let mut state = State {
            constraints: ConstraintState::default(),
            policies: PolicyState::new(&profile.policies, path.len()),
            maximum_path_length: None,
            path_length_of: None,
        };
        if let Some(anchor) = anchor {
            (progress.above, progress.anchor_checks) =
                self.check_anchor(anchor, &mut state, budget)?;
        }

        // From the anchor down; the judges are turned round at the end.
        progress.judges.reserve(path.len());
        let mut key: Option<Cow<'a, [u8]>> = anchor.map(|anchor| Cow::Borrowed(anchor.key_info()));
        let mut issuer_keys = Vec::with_capacity(path.len());
        let mut key_is_flawed = progress
            .above
            .iter()
            .any(|violation| is_key_flaw(violation.reason));
        for (depth, (&certificate, &index)) in path.iter().zip(candidate.path).enumerate().rev() {
            let role = if depth == 0 {
                self.subject
            } else {
                Role::Intermediate
            };
            // Where it ends early, what it has found by then is told.
            progress
                .judges
                .push(Judge::new(certificate, profile, role, Some(index)));
            let Some(judge) = progress.judges.last_mut() else {
                continue;
            };
            judge.check_fields(self.inputs.time, &*self.validator.scheme);
            if let Some(key) = &key {
                let issuer = match candidate.path.get(depth + 1) {
                    Some(&issuer) => Place::Presented(issuer),
                    None => Place::Anchor(candidate.anchor.unwrap_or_default()),
                };
                self.check_signature(judge, key, key_is_flawed, issuer, budget, signatures)?;
            }
            self.check_names(judge, &mut state, budget)?;
            self.check_policies(judge, &mut state, depth, budget)?;
            match role {
                Role::EndEntity => self.check_end_entity(judge),
                Role::CrlSigner => {}
                Role::Intermediate | Role::Anchor => self.check_issuer(judge, &mut state),
            }
            if role != Role::CrlSigner {
                judge.check_conformance(self.inputs.purpose);
            }
            key_is_flawed = judge
                .violations
                .iter()
                .any(|violation| is_key_flaw(violation.reason));
            let own = working_key(certificate.key_info(), key.as_deref());
            issuer_keys.extend(key.replace(own));
        }
        progress.judges.reverse();
        issuer_keys.reverse();
        progress.notes = vec![None; progress.judges.len()];
        if let Some(anchor) = anchor {
            let steps = Steps {
                path: &path,
                indices: candidate.path,
                issuer_keys: &issuer_keys,
                anchor,
            };
            self.check_revocation(steps, &mut progress.judges, &mut progress.notes, budget)?;
        }
        Ok((path, anchor))
    }

    // RFC 5280 section 6.1.1 (d); RFC 5937 section 3.2; profile: check-anchors
    fn check_anchor(
        &self,
        anchor: &'a Anchor,
        state: &mut State<'a>,
        budget: &mut Budget,
    ) -> Result<(Vec<Violation>, u32), OverBudget> {
        state.maximum_path_length = anchor.path_length();
        state.path_length_of = anchor
            .path_length()
            .map(|length| (anchor.name_der(), length));
        if let Some((constraints, buffer)) = anchor.name_constraints() {
            state.constraints.narrow(constraints, buffer, budget)?;
        }
        let profile = &self.validator.profile;
        if let (true, Some(certificate)) = (profile.check_anchors, anchor.certificate()) {
            let mut judge = Judge::new(certificate, profile, Role::Anchor, None);
            judge.check_fields(self.inputs.time, &*self.validator.scheme);
            judge.check_issuer_usage();
            judge.check_issuer_extended_key_usage(self.inputs.purpose);
            judge.check_conformance(self.inputs.purpose);
            return Ok((judge.violations, judge.checks));
        }
        if anchor.has_unreadable_constraints() {
            let detail = "the trust anchor's name constraints cannot be read";
            let violation = Violation::new(Reason::UnsupportedNameConstraint, None, detail);
            return Ok((vec![violation], 1));
        }
        Ok((Vec::new(), 1))
    }

    // RFC 5280 section 6.1.3 (a)(1)
    fn check_signature(
        &self,
        judge: &mut Judge<'a>,
        key: &[u8],
        key_is_flawed: bool,
        issuer: Place,
        budget: &mut Budget,
        signatures: &mut VerifiedEdges,
    ) -> Result<(), OverBudget> {
        let algorithm_is_flawed = judge.violations.iter().any(|violation| {
            matches!(
                violation.reason,
                Reason::AlgorithmMismatch
                    | Reason::WeakSignatureAlgorithm
                    | Reason::UnsupportedSignatureAlgorithm
            )
        });
        if algorithm_is_flawed {
            return Ok(());
        }
        let place = Place::Presented(judge.place.unwrap_or_default());
        let result = signatures.verify(
            self.validator,
            judge.certificate,
            place,
            key,
            issuer,
            budget,
        )?;
        judge.checks += 1;
        let Err(error) = result else { return Ok(()) };
        if key_is_flawed {
            // The issuer's key is reported; that nothing verifies under it follows.
            return Ok(());
        }
        let reason = match error {
            SignatureError::UnsupportedAlgorithm | SignatureError::BadParameters => {
                Reason::UnsupportedSignatureAlgorithm
            }
            SignatureError::InvalidKey => Reason::InvalidKey,
            SignatureError::Bad | SignatureError::WrongKey => Reason::BadSignature,
        };
        let kind = parse_key(key).map_or_else(|_| "malformed".to_owned(), |key| key.to_string());
        let namesake = if self.is_of_another_key(judge.certificate, issuer) {
            "; the certificate names another key of this issuer's name"
        } else {
            ""
        };
        let detail = format!("{error} (issuer's key: {kind}{namesake})");
        judge
            .violations
            .push(Violation::new(reason, judge.place, detail));
        Ok(())
    }

    /// Whether the key identifiers say that another key signed the certificate.
    // RFC 5280 section 4.2.1.1
    fn is_of_another_key(&self, certificate: &Certificate, issuer: Place) -> bool {
        let issuer = match issuer {
            Place::Presented(index) => self.presented.get(index).copied().flatten(),
            Place::Anchor(index) => self.anchors.get(index).and_then(Anchor::certificate),
        };
        let named = certificate.extensions().authority_key_identifier;
        let Some((named, issuer)) = named.and_then(|named| named.key).zip(issuer) else {
            return false;
        };
        issuer
            .extensions()
            .subject_key_identifier
            .is_some_and(|own| own.of(issuer.der()) != named.of(certificate.der()))
    }

    // RFC 5280 sections 6.1.3 (b), (c) and 6.1.4 (g)
    fn check_names(
        &self,
        judge: &mut Judge<'a>,
        state: &mut State<'a>,
        budget: &mut Budget,
    ) -> Result<(), OverBudget> {
        let certificate = judge.certificate;
        if judge.role != Role::Intermediate || !certificate.is_self_issued() {
            judge.checks += 1;
            let refusals = state.constraints.check_names(certificate, budget)?;
            let place = judge.place;
            judge
                .violations
                .extend(refusals.into_iter().map(|refusal| Violation {
                    reason: refusal.reason,
                    clause: refusal.clause,
                    certificate: place,
                    detail: refusal.detail,
                }));
        }
        if let (Role::Intermediate, Some(constraints)) =
            (judge.role, certificate.extensions().name_constraints)
        {
            state
                .constraints
                .narrow(constraints, certificate.der(), budget)?;
        }
        Ok(())
    }

    // RFC 5280 sections 6.1.3 (d) to (f), 6.1.4 (a), (b), (h) to (j) and 6.1.5 (a), (b), (g)
    fn check_policies(
        &self,
        judge: &mut Judge<'a>,
        state: &mut State<'a>,
        depth: usize,
        budget: &mut Budget,
    ) -> Result<(), OverBudget> {
        let mut report = |fault: Option<PolicyFault>| {
            judge.checks += 1;
            judge.violations.extend(fault.map(|fault| Violation {
                reason: fault.reason,
                clause: fault.clause,
                certificate: judge.place,
                detail: fault.detail,
            }));
        };
        report(
            state
                .policies
                .check_policies(judge.certificate, depth == 0, budget)?,
        );
        report(if depth == 0 {
            state
                .policies
                .check_outcome(judge.certificate, &self.validator.profile.policies)
        } else {
            state.policies.prepare_next(judge.certificate, budget)?
        });
        Ok(())
    }

    // RFC 5280 section 6.1.4 (k) to (n)
    fn check_issuer(&self, judge: &mut Judge<'a>, state: &mut State<'a>) {
        judge.check_issuer_usage();
        judge.check_issuer_extended_key_usage(self.inputs.purpose);
        if !judge.certificate.is_self_issued() {
            let remaining = state.maximum_path_length;
            judge.check(
                remaining != Some(0),
                Reason::PathLengthExceeded,
                Reason::PathLengthExceeded.clause(),
                || match state.path_length_of {
                    Some((name, length)) => format!(
                        "one intermediate more than the path length of `{}`, which is {length}",
                        display_name(name)
                    ),
                    None => "one intermediate more than the path length above".to_owned(),
                },
            );
            state.maximum_path_length = remaining.map(|remaining| remaining.saturating_sub(1));
        }
        let own = judge
            .certificate
            .extensions()
            .basic_constraints
            .and_then(|found| found.path_length);
        if let Some(own) = own
            && state
                .maximum_path_length
                .is_none_or(|remaining| own < remaining)
        {
            state.maximum_path_length = Some(own);
            state.path_length_of = Some((judge.certificate.subject_der(), own));
        }
    }

    // RFC 5280 section 6.1.5; RFC 9525 section 6; profile: identity
    fn check_end_entity(&self, judge: &mut Judge<'a>) {
        judge.check_end_entity_usage(self.inputs.purpose);
        let index = judge.place.unwrap_or_default();
        if let Some(name) = self.inputs.name {
            judge.checks += 1;
            let unnamed = self.validator.profile.end_entity.require_subject_alt_name
                && !judge
                    .certificate
                    .extensions()
                    .has(super::extension::Known::SubjectAltName);
            // Without a subject alternative name that is required, that is the defect.
            if !unnamed {
                judge
                    .violations
                    .extend(check_peer_name(judge.certificate, name, index));
            }
        }
        let identity = &self.validator.profile.identity;
        judge.checks += 1;
        identity.check_identity(
            judge.certificate,
            judge.certificate.issuer_der(),
            index,
            &mut judge.violations,
        );
    }

    // RFC 5280 sections 6.1.3 (a)(3) and 6.3
    fn check_revocation(
        &self,
        steps: Steps<'_, 'a>,
        judges: &mut [Judge<'a>],
        notes: &mut [Option<String>],
        budget: &mut Budget,
    ) -> Result<(), OverBudget> {
        let Revocation::Check(source) = self.inputs.revocation else {
            return Ok(());
        };
        // A status signed by an issuer who did not sign the certificate says nothing of it, nor
        // does one of an issuer whom nobody vouches for. What stands above is another matter.
        let foreign = |judge: &Judge<'_>| {
            judge
                .violations
                .iter()
                .any(|found| found.reason == Reason::BadSignature)
        };
        let unproven = judges.iter().rposition(foreign).map_or(0, |last| last + 1);
        let Steps {
            path,
            indices,
            issuer_keys,
            anchor,
        } = steps;
        let pool: Vec<&Certificate> = self.presented.iter().copied().flatten().collect();
        for (depth, ((&certificate, &index), key_info)) in path
            .iter()
            .zip(indices)
            .zip(issuer_keys)
            .enumerate()
            .skip(unproven)
        {
            let issuer = match path.get(depth + 1) {
                Some(issuer) => Issuer {
                    name_der: issuer.subject_der(),
                    key_info,
                    certificate: Some(issuer),
                    is_anchor: false,
                },
                None => Issuer {
                    name_der: anchor.name_der(),
                    key_info,
                    certificate: anchor.certificate(),
                    is_anchor: true,
                },
            };
            let query = RevocationQuery {
                validator: self.validator,
                certificate,
                index,
                depth,
                issuer,
                path,
                anchor,
                pool: &pool,
                purpose: self.inputs.purpose,
                time: self.inputs.time,
            };
            let answer = source.judge(&query, budget)?;
            if let Some(judge) = judges.get_mut(depth) {
                judge.checks += 1;
                judge.violations.extend(answer.violations);
            }
            if let Some(note) = notes.get_mut(depth) {
                *note = answer.note;
            }
        }
        Ok(())
    }

    // profile: maximum depth
    fn check_depth(&self, path: &[&Certificate]) -> Option<Violation> {
        let allowed = self.validator.profile.maximum_depth?;
        let intermediates = path
            .iter()
            .skip(1)
            .filter(|certificate| !certificate.is_self_issued())
            .count();
        (intermediates > allowed as usize).then(|| {
            let intermediates = match intermediates {
                1 => "1 intermediate".to_owned(),
                count => format!("{count} intermediates"),
            };
            let detail = match allowed {
                0 => format!("{intermediates}, where none is allowed"),
                1 => format!("{intermediates}, where 1 is allowed"),
                _ => format!("{intermediates}, where {allowed} are allowed"),
            };
            Violation::new(Reason::PathTooDeep, None, detail)
        })
    }

    // NIST FIPS 186-5 appendix A.1.3; profile: keys.refuse-guessable-rsa
    fn check_common_primes(
        &self,
        path: &[&Certificate],
        indices: &[usize],
        anchor: Option<&Anchor>,
    ) -> Option<Violation> {
        if !self.validator.profile.keys.refuse_guessable_rsa {
            return None;
        }
        let presented = path.iter().zip(indices);
        let keys = presented.map(|(certificate, &index)| (certificate.key_info(), Some(index)));
        let anchor = anchor.map(|anchor| (anchor.key_info(), None));
        key_rule::check_common_primes(&keys.chain(anchor).collect::<Vec<_>>())
    }

    // RFC 7469 section 2.6; profile: keys.pins
    fn check_pins(&self, path: &[&Certificate], anchor: &Anchor) -> Option<Violation> {
        let rules = &self.validator.profile.keys;
        if rules.pins.is_empty() {
            return None;
        }
        let pins: Vec<[u8; 32]> = rules
            .pins
            .iter()
            .chain(&rules.backup_pins)
            .filter_map(|pin| parse_pin(pin))
            .collect();
        let keys = path
            .iter()
            .map(|certificate| certificate.key_info())
            .chain([anchor.key_info()]);
        let pinned = keys
            .map(|key| aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key))
            .any(|hash| pins.iter().any(|pin| pin == hash.as_ref()));
        (!pinned).then(|| {
            Violation::new(
                Reason::IdentityNotAllowed,
                None,
                "no key of the path is pinned",
            )
            .under("RFC 7469 section 2.6; profile: pins")
        })
    }
}

fn is_key_flaw(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::InvalidKey | Reason::WeakKey | Reason::UnsupportedKey
    )
}

/// The key with which the next certificate is verified.
// RFC 5280 section 6.1.4 (d) to (f): DSA parameters may be inherited
fn working_key<'a>(key: &'a [u8], above: Option<&[u8]>) -> Cow<'a, [u8]> {
    match above.and_then(|above| dsa::inherit(key, above)) {
        Some(inherited) => Cow::Owned(inherited),
        None => Cow::Borrowed(key),
    }
}
