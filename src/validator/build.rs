//! Path building: from the end entity to an anchor through whatever was presented.
//!
//! A depth-first search with backtracking (RFC 4158). Only certificates from
//! which an anchor can be reached by names are looked at, so a pile of
//! certificates that leads nowhere costs no signature. Where a certificate has
//! several possible issuers the signature decides before the search descends;
//! where it has one, the path is judged whole and a bad signature is one
//! violation among others. The first path without a violation wins.

use std::ops::ControlFlow;

use crate::verdict::Reason;

use super::{
    budget::{Budget, OverBudget},
    certificate::Certificate,
    edge::VerifiedEdges,
    general_name::GeneralName,
    name::Name,
    name_text::display_name,
    path::{Candidate, Outcome, Session, Unfinished},
    report::{Place, Violation, weight},
    strict::{Reader, tag},
};

/// Of issuers whose signatures all fail, how many are followed to explain the refusal.
const FAILED_ISSUERS_FOLLOWED: usize = 2;

/// What judging one complete path costs in steps of the search.
const STEPS_PER_JUDGEMENT: usize = 64;

/// A search for the best path.
pub(crate) struct Search<'s, 'a> {
    session: &'s Session<'a>,
    budget: &'s mut Budget,
    signatures: VerifiedEdges,
    /// By presented index: whether an anchor can be reached by names.
    reaches_anchor: Vec<bool>,
    /// By presented index: possible issuers in order of preference.
    issuers: Vec<Option<Vec<Place>>>,
    best: Option<(u32, Outcome)>,
    /// What the path showed on which the budget ran out.
    unfinished: Vec<Violation>,
    too_long: bool,
}

impl<'s, 'a> Search<'s, 'a> {
    /// The outcome of the best path. No violation means that it is accepted.
    pub(crate) fn run(
        session: &'s Session<'a>,
        budget: &'s mut Budget,
    ) -> Result<Outcome, Unfinished> {
        let count = session.presented.len();
        let mut search = Self {
            session,
            budget,
            signatures: VerifiedEdges::default(),
            reaches_anchor: vec![false; count],
            issuers: vec![None; count],
            best: None,
            unfinished: Vec::new(),
            too_long: false,
        };
        search.search().map_err(|over| Unfinished {
            over,
            // A path that was judged whole tells more than the one that was not.
            found: match search.best.take() {
                Some((_, outcome)) => outcome.violations,
                None => search.unfinished,
            },
        })
    }

    fn search(&mut self) -> Result<Outcome, OverBudget> {
        self.find_reachable()?;
        if self.reaches_anchor.first() == Some(&true) {
            let _: ControlFlow<()> = self.explore(&mut vec![0])?;
        }
        match self.best.take() {
            Some((_, outcome)) => Ok(outcome),
            None => self.explain_missing_path(),
        }
    }

    /// Judges a path, and keeps what was found of one that costs too much.
    fn check_path(&mut self, candidate: Candidate<'_>) -> Result<Outcome, OverBudget> {
        let session = self.session;
        session
            .check_path(candidate, self.budget, &mut self.signatures)
            .map_err(|unfinished| {
                self.unfinished = unfinished.found;
                unfinished.over
            })
    }

    fn certificate(&self, index: usize) -> Option<&'a Certificate> {
        self.session.presented.get(index).copied().flatten()
    }

    /// Marks what reaches an anchor, from the anchors outwards.
    fn find_reachable(&mut self) -> Result<(), OverBudget> {
        let session = self.session;
        let count = session.presented.len();
        let mut frontier: Vec<Named<'_>> =
            session.anchors.iter().map(|anchor| anchor.name()).collect();
        while !frontier.is_empty() {
            let mut next = Vec::new();
            self.budget
                .spend_candidates(count.saturating_mul(frontier.len()))?;
            for index in 0..count {
                let Some(certificate) = self
                    .certificate(index)
                    .filter(|_| !self.reaches_anchor[index])
                else {
                    continue;
                };
                let issuer = (certificate.issuer(), certificate.der());
                for &name in &frontier {
                    if is_one_name(issuer, name, self.budget)? {
                        self.reaches_anchor[index] = true;
                        next.push((certificate.subject(), certificate.der()));
                        break;
                    }
                }
            }
            frontier = next;
        }
        Ok(())
    }

    /// The anchors and certificates that may have issued a certificate, likeliest first.
    // RFC 4158 section 3.5; RFC 5280 section 6.1.3 (a)(4)
    fn possible_issuers(&mut self, index: usize) -> Result<Vec<Place>, OverBudget> {
        if let Some(Some(known)) = self.issuers.get(index) {
            return Ok(known.clone());
        }
        let session = self.session;
        let Some(certificate) = self.certificate(index) else {
            return Ok(Vec::new());
        };
        self.budget
            .spend_candidates(session.anchors.len() + session.presented.len())?;
        let wanted = (certificate.issuer(), certificate.der());
        let mut places = Vec::new();
        for (anchor, found) in session.anchors.iter().enumerate() {
            if is_one_name(wanted, found.name(), self.budget)? {
                places.push(Place::Anchor(anchor));
            }
        }
        for candidate in (0..session.presented.len()).filter(|&candidate| candidate != index) {
            if let (true, Some(issuer)) =
                (self.reaches_anchor[candidate], self.certificate(candidate))
                && is_one_name(wanted, (issuer.subject(), issuer.der()), self.budget)?
            {
                places.push(Place::Presented(candidate));
            }
        }
        if places.len() > 1 {
            // By hint, then by bytes: the order of presentation must not show.
            places.sort_by_cached_key(|&place| {
                let (fits, der) = match place {
                    Place::Anchor(anchor) => {
                        let anchor = &session.anchors[anchor];
                        (hint(certificate, anchor.certificate()), anchor.key_info())
                    }
                    Place::Presented(index) => match self.certificate(index) {
                        Some(issuer) => (hint(certificate, Some(issuer)), issuer.der()),
                        None => (u8::MAX, &[][..]),
                    },
                };
                (fits, matches!(place, Place::Presented(_)), der)
            });
            places.dedup_by(|left, right| match (*left, *right) {
                (Place::Presented(left), Place::Presented(right)) => {
                    self.certificate(left).map(Certificate::der)
                        == self.certificate(right).map(Certificate::der)
                }
                _ => false,
            });
        }
        self.issuers[index] = Some(places.clone());
        Ok(places)
    }

    /// Follows every possible issuer of the path's last certificate.
    fn explore(&mut self, path: &mut Vec<usize>) -> Result<ControlFlow<()>, OverBudget> {
        let Some(&last) = path.last() else {
            return Ok(ControlFlow::Continue(()));
        };
        let mut places = Vec::new();
        for place in self.possible_issuers(last)? {
            if !self.repeats(path, place)? {
                places.push(place);
            }
        }
        self.budget.spend_candidates(places.len())?;
        let mut failed = Vec::new();
        let mut followed = false;
        let only = places.len() == 1;
        for place in places {
            if !only && !self.signs(place, last)? {
                failed.push(place);
                continue;
            }
            followed = true;
            if self.follow(path, place)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        if !followed {
            for place in failed.into_iter().take(FAILED_ISSUERS_FOLLOWED) {
                if self.follow(path, place)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn follow(
        &mut self,
        path: &mut Vec<usize>,
        place: Place,
    ) -> Result<ControlFlow<()>, OverBudget> {
        match place {
            Place::Anchor(anchor) => self.judge(Candidate {
                path,
                anchor: Some(anchor),
            }),
            Place::Presented(index) => {
                if path.len() >= self.budget.limits().path_certificates as usize {
                    self.too_long = true;
                    return Ok(ControlFlow::Continue(()));
                }
                path.push(index);
                let flow = self.explore(path);
                path.pop();
                flow
            }
        }
    }

    /// Judges a complete path and keeps it if it is the best so far.
    fn judge(&mut self, candidate: Candidate<'_>) -> Result<ControlFlow<()>, OverBudget> {
        self.budget
            .spend_candidates(candidate.path.len() + STEPS_PER_JUDGEMENT)?;
        let outcome = self.check_path(candidate)?;
        let total = outcome
            .violations
            .iter()
            .fold(0u32, |sum, found| sum.saturating_add(weight(found.reason)));
        let accepted = outcome.violations.is_empty();
        if self.best.as_ref().is_none_or(|(best, _)| total < *best) {
            self.best = Some((total, outcome));
        }
        Ok(if accepted {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }

    /// Whether a place signed the certificate at an index.
    fn signs(&mut self, place: Place, index: usize) -> Result<bool, OverBudget> {
        let key = match place {
            Place::Anchor(anchor) => self.session.anchors[anchor].key_info(),
            Place::Presented(issuer) => match self.certificate(issuer) {
                Some(issuer) => issuer.key_info(),
                None => return Ok(false),
            },
        };
        let Some(certificate) = self.certificate(index) else {
            return Ok(false);
        };
        let validator = self.session.validator;
        let result = self.signatures.verify(
            validator,
            certificate,
            Place::Presented(index),
            key,
            place,
            self.budget,
        )?;
        Ok(result.is_ok())
    }

    /// A path never needs the same name and key twice.
    // RFC 4158 section 2.4.2
    fn repeats(&mut self, path: &[usize], place: Place) -> Result<bool, OverBudget> {
        let Place::Presented(index) = place else {
            return Ok(false);
        };
        let Some(candidate) = self.certificate(index) else {
            return Ok(true);
        };
        if path.contains(&index) {
            return Ok(true);
        }
        let name = (candidate.subject(), candidate.der());
        for &step in path.iter().skip(1) {
            if let Some(step) = self.certificate(step)
                && step.key_info() == candidate.key_info()
                && is_one_name((step.subject(), step.der()), name, self.budget)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// No path: what is known of the certificates up to the gap, and the gap.
    fn explain_missing_path(&mut self) -> Result<Outcome, OverBudget> {
        let mut path = vec![0];
        self.reaches_anchor.fill(true);
        self.issuers.fill(None);
        let mut missing = 0;
        while let Some(&last) = path.last() {
            missing = last;
            if path.len() >= self.budget.limits().path_certificates as usize {
                break;
            }
            let issuers = self.possible_issuers(last)?;
            let mut next = None;
            for place in issuers {
                if let Place::Presented(index) = place
                    && !self.repeats(&path, place)?
                {
                    next = Some(index);
                    break;
                }
            }
            match next {
                Some(index) => path.push(index),
                None => break,
            }
        }
        let candidate = Candidate {
            path: &path,
            anchor: None,
        };
        let mut outcome = self.check_path(candidate)?;
        outcome.violations.push(if self.too_long {
            let detail = format!(
                "no path of at most {} certificates",
                self.budget.limits().path_certificates
            );
            Violation::new(Reason::PathTooDeep, None, detail)
                .under("RFC 5280 section 8; verifier's budget")
        } else {
            let issuer = self
                .certificate(missing)
                .map_or_else(String::new, |last| display_name(last.issuer_der()));
            let mut detail =
                format!("issued by `{issuer}`, which is neither presented nor trusted");
            if let Some(url) = self.certificate(missing).and_then(issuer_url) {
                detail.push_str(&format!("; it is said to be at {url}"));
            }
            Violation::new(Reason::UnknownIssuer, Some(missing), detail)
        });
        Ok(outcome)
    }
}

/// A name, and the buffer that it was read from.
type Named<'n> = (&'n Name, &'n [u8]);

/// Whether two names are one, paid for when they are spelled differently.
fn is_one_name(
    (left, left_buffer): Named<'_>,
    (right, right_buffer): Named<'_>,
    budget: &mut Budget,
) -> Result<bool, OverBudget> {
    budget.spend_name_octets(left.octets_to_compare(left_buffer, right, right_buffer))?;
    Ok(left.equals(left_buffer, right, right_buffer))
}

/// Where the issuer's certificate is to be had, in the words of the certificate.
// RFC 5280 section 4.2.2.1
fn issuer_url(certificate: &Certificate) -> Option<String> {
    const CA_ISSUERS: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02];
    let der = certificate.der();
    let mut list = Reader::inside(der, certificate.extensions().authority_info_access?);
    while let Ok(mut description) = list.open(tag::SEQUENCE) {
        let method = description.oid().ok()?;
        if let (CA_ISSUERS, Ok(name @ GeneralName::Uri(_))) = (
            description.bytes(method),
            GeneralName::read(&mut description),
        ) {
            return Some(name.display());
        }
    }
    None
}

/// How well the key identifiers fit: 0 they are the same, 1 one is absent, 2 they differ.
// RFC 4158 section 3.5.12
fn hint(certificate: &Certificate, issuer: Option<&Certificate>) -> u8 {
    let wanted = certificate
        .extensions()
        .authority_key_identifier
        .and_then(|found| found.key);
    match (
        wanted,
        issuer.and_then(|issuer| Some((issuer, issuer.extensions().subject_key_identifier?))),
    ) {
        (Some(wanted), Some((issuer, found)))
            if wanted.of(certificate.der()) == found.of(issuer.der()) =>
        {
            0
        }
        (Some(_), Some(_)) => 2,
        _ => 1,
    }
}
