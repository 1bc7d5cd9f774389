//! Revocation judged from what is at hand: CRLs and OCSP responses behind the validator's seam.
//!
//! `revocation` and `ocsp_check` know the rules; here the rest comes together:
//! which other keys may have signed a CRL. Their own paths are judged as any other.

use std::{
    cell::{Cell, RefCell},
    iter, slice,
};

use super::{
    Inputs,
    algorithm::SignatureAlgorithm,
    budget::{Budget, OverBudget},
    build::Search,
    certificate::Certificate,
    crl_store::CrlStore,
    cursor::Cursor,
    distribution::{DistributionPoint, DistributionPointName, PointName},
    explain::display_time,
    judge::Role,
    key_rule,
    name::same_name,
    obstacle::Obstacle,
    ocsp::{CertificateStatus, OcspError, OcspResponse},
    ocsp_check::OcspInquiry,
    path::Session,
    report::Violation,
    revocation::{
        CrlSigner, RevocationOptions, RevocationScope, SignerSource, Status, Subject, check,
    },
    revocation_source::{Revocation, RevocationAnswer, RevocationQuery, RevocationSource},
};
use crate::verdict::Reason;

/// How many signers of CRLs may depend on one another: the CRL that tells the status of a signer
/// may itself be signed by another one.
const SIGNER_DEPTH: usize = 4;

/// CRLs, OCSP responses and the options by which they are judged.
#[derive(Clone, Debug, Default)]
pub struct RevocationEvidence {
    crls: CrlStore,
    responses: Vec<Result<OcspResponse, OcspError>>,
    nonce: Option<Vec<u8>>,
    options: RevocationOptions,
}

impl RevocationEvidence {
    /// These CRLs, judged by these options.
    pub fn new(crls: CrlStore, options: RevocationOptions) -> Self {
        Self {
            crls,
            options,
            ..Self::default()
        }
    }

    /// No evidence but what a peer staples: only a proven revocation counts.
    #[cfg(feature = "rustls")]
    pub(crate) fn only_stapled() -> Self {
        let options = RevocationOptions {
            scope: RevocationScope::EndEntity,
            allow_unknown: true,
            ..RevocationOptions::default()
        };
        Self::new(CrlStore::default(), options)
    }

    /// The same with one more OCSP response, such as the one stapled to a
    /// handshake. One that cannot be read proves nothing.
    #[must_use]
    pub fn with_ocsp_response(mut self, der: &[u8]) -> Self {
        self.responses.push(OcspResponse::from_der(der.to_vec()));
        self
    }

    /// The same with one more OCSP response, which has been read already.
    #[must_use]
    pub fn with_read_ocsp_response(mut self, response: OcspResponse) -> Self {
        self.responses.push(Ok(response));
        self
    }

    /// The same, demanding this nonce of OCSP responses.
    #[must_use]
    pub fn with_nonce(mut self, nonce: impl Into<Vec<u8>>) -> Self {
        self.nonce = Some(nonce.into());
        self
    }

    /// The CRLs.
    pub fn crls(&self) -> &CrlStore {
        &self.crls
    }

    /// The options.
    pub fn options(&self) -> &RevocationOptions {
        &self.options
    }
}

impl RevocationSource for RevocationEvidence {
    // RFC 5280 section 6.1.3 (a)(3)
    fn judge(
        &self,
        query: &RevocationQuery<'_>,
        budget: &mut Budget,
    ) -> Result<RevocationAnswer, OverBudget> {
        if self.options.scope == RevocationScope::EndEntity && query.depth > 0 {
            return Ok(RevocationAnswer::default());
        }
        self.judge_for(&[], query, budget)
    }
}

impl RevocationEvidence {
    /// The same while the paths of these signers are being judged.
    fn judge_for(
        &self,
        in_progress: &[&Certificate],
        query: &RevocationQuery<'_>,
        budget: &mut Budget,
    ) -> Result<RevocationAnswer, OverBudget> {
        let bench = Bench {
            evidence: self,
            query,
            budget: RefCell::new(budget),
            over_budget: Cell::new(None),
            in_progress,
            refused_signer: RefCell::new(None),
        };
        let usage = query
            .issuer
            .certificate
            .and_then(|issuer| issuer.extensions().key_usage());
        let signer = CrlSigner {
            key_info: query.issuer.key_info,
            key_usage: usage,
        };
        let subject = Subject {
            certificate: query.certificate,
            issuer: signer,
        };
        let by_crl = check(subject, &self.crls, &self.options, query.time, &bench);
        let by_crl = match (by_crl, bench.refused_signer.take()) {
            (Status::Unknown(Obstacle::BadSignature(_)), Some(why)) => {
                Status::Unknown(Obstacle::SignerRefused(why))
            }
            (status, _) => status,
        };
        let status = bench.with_ocsp(subject, by_crl);
        match bench.over_budget.get() {
            Some(over) => Err(over),
            None => Ok(self.answer(status, query)),
        }
    }

    fn answer(&self, status: Status, query: &RevocationQuery<'_>) -> RevocationAnswer {
        let index = query.index;
        match status {
            Status::Good { until } => RevocationAnswer {
                violations: Vec::new(),
                note: Some(match until {
                    Some(until) => format!("not revoked, known until {}", display_time(until)),
                    None => "not revoked".to_owned(),
                }),
            },
            Status::Revoked { since, reason } => {
                let detail = format!("since {}, reason: {reason}", display_time(since));
                RevocationAnswer {
                    violations: vec![Violation::new(Reason::Revoked, Some(index), detail)],
                    note: None,
                }
            }
            Status::Unknown(obstacle) if self.options.allow_unknown => RevocationAnswer {
                violations: Vec::new(),
                note: Some(format!(
                    "status unknown, which is allowed ({})",
                    obstacle.detail()
                )),
            },
            Status::Unknown(obstacle) => {
                let mut detail = obstacle.detail();
                if obstacle == Obstacle::NoCrl
                    && let Some(url) = crl_url(query.certificate)
                {
                    detail.push_str(&format!("; it is said to be at {url}"));
                }
                let violation = Violation::new(obstacle.reason(), Some(index), detail);
                RevocationAnswer {
                    violations: vec![violation.under(obstacle.clause())],
                    note: None,
                }
            }
        }
    }
}

/// Where the CRL is to be had, in the words of the certificate.
// RFC 5280 section 4.2.1.13
fn crl_url(certificate: &Certificate) -> Option<String> {
    let value = certificate.extensions().crl_distribution_points?;
    let points = Cursor::new(value.of(certificate.der()));
    let points = DistributionPoint::read_points(points).ok()?;
    points.into_iter().find_map(|point| match point.name? {
        DistributionPointName::Full(names) => names.iter().find_map(PointName::as_uri),
        DistributionPointName::RelativeToIssuer(_) => None,
    })
}

/// One question with what it has cost, and whose status is being asked right now.
struct Bench<'a, 'b> {
    evidence: &'a RevocationEvidence,
    query: &'a RevocationQuery<'a>,
    budget: RefCell<&'b mut Budget>,
    over_budget: Cell<Option<OverBudget>>,
    /// The signers whose paths are being judged, for CRLs that tell their own signer's status.
    in_progress: &'a [&'a Certificate],
    /// Why the path of a certificate of a CRL's issuer was refused.
    refused_signer: RefCell<Option<String>>,
}

impl Bench<'_, '_> {
    /// The status by CRLs, with what the OCSP responses add: revoked outweighs
    /// everything, good outweighs unknown.
    fn with_ocsp(&self, subject: Subject<'_>, by_crl: Status) -> Status {
        let mut status = by_crl;
        for response in &self.evidence.responses {
            let proof = match response {
                Ok(response) => self.ocsp_inquiry(subject).ask(response),
                Err(error) => Err(error.to_string()),
            };
            status = match (status, proof) {
                (revoked @ Status::Revoked { .. }, _) => revoked,
                (_, Ok(Some((CertificateStatus::Revoked { since, reason }, _)))) => {
                    Status::Revoked { since, reason }
                }
                (Status::Unknown(_), Ok(Some((CertificateStatus::Good, until)))) => {
                    Status::Good { until }
                }
                (Status::Unknown(obstacle), Err(error)) => {
                    Status::Unknown(obstacle.max(Obstacle::Ocsp(error)))
                }
                (status, _) => status,
            };
        }
        status
    }

    fn ocsp_inquiry<'i>(&'i self, subject: Subject<'i>) -> OcspInquiry<'i> {
        OcspInquiry {
            certificate: subject.certificate,
            issuer_name: self.query.issuer.name_der,
            issuer: subject.issuer,
            pool: self.query.pool,
            options: &self.evidence.options,
            nonce: self.evidence.nonce.as_deref(),
            time: self.query.time,
            source: self,
        }
    }

    /// Whether a certificate outside the path in question has a valid path to
    /// the same anchor, so that its key may sign CRLs.
    // RFC 5280 section 6.3.3 (f)
    fn is_trusted(&self, certificate: &Certificate) -> bool {
        let query = self.query;
        let is_it = |other: &&Certificate| std::ptr::eq(*other, certificate);
        if query.path.iter().any(is_it) {
            // The path is judged as a whole, this certificate included.
            return true;
        }
        if self.in_progress.iter().any(is_it) {
            // A CA may point a CRL signer's certificate to the CRL that it signs. Its path is
            // being judged further up, and a listing of it in any CRL still counts.
            return true;
        }
        if self.in_progress.len() == SIGNER_DEPTH {
            return false;
        }
        let in_progress = [self.in_progress, &[certificate]].concat();
        let revocation = OfSigner {
            evidence: self.evidence,
            in_progress: &in_progress,
        };
        let others = query.pool.iter().copied().filter(|other| !is_it(other));
        let presented: Vec<_> = iter::once(certificate).chain(others).map(Some).collect();
        let session = Session {
            validator: query.validator,
            inputs: &Inputs {
                chain: &[],
                anchors: slice::from_ref(query.anchor),
                purpose: query.purpose,
                name: None,
                time: query.time,
                revocation: Revocation::Check(&revocation),
            },
            subject: Role::CrlSigner,
            presented: &presented,
            anchors: slice::from_ref(query.anchor),
        };
        match Search::run(&session, *self.budget.borrow_mut()) {
            Ok(outcome) => match outcome.violations.first() {
                None => true,
                Some(first) => {
                    let why = format!("{}: {}", first.reason, first.detail);
                    self.refused_signer.borrow_mut().get_or_insert(why);
                    false
                }
            },
            Err(unfinished) => {
                self.over_budget.set(Some(unfinished.over));
                false
            }
        }
    }
}

/// Revocation along the path of a CRL's signer.
struct OfSigner<'a> {
    evidence: &'a RevocationEvidence,
    in_progress: &'a [&'a Certificate],
}

impl RevocationSource for OfSigner<'_> {
    fn judge(
        &self,
        query: &RevocationQuery<'_>,
        budget: &mut Budget,
    ) -> Result<RevocationAnswer, OverBudget> {
        if self.evidence.options.scope == RevocationScope::EndEntity {
            return Ok(RevocationAnswer::default());
        }
        self.evidence.judge_for(self.in_progress, query, budget)
    }
}

impl SignerSource for Bench<'_, '_> {
    fn signers(&self, name: &[u8]) -> Vec<CrlSigner<'_>> {
        let query = self.query;
        let mut signers = Vec::new();
        if same_name(query.anchor.name_der(), name) {
            let key_usage = query
                .anchor
                .certificate()
                .and_then(|anchor| anchor.extensions().key_usage());
            signers.push(CrlSigner {
                key_info: query.anchor.key_info(),
                key_usage,
            });
        }
        for &certificate in query.path.iter().chain(query.pool) {
            let signer = CrlSigner {
                key_info: certificate.key_info(),
                key_usage: certificate.extensions().key_usage(),
            };
            let known = signers.iter().any(|known: &CrlSigner<'_>| {
                known.key_info == signer.key_info && known.key_usage == signer.key_usage
            });
            if !known && same_name(certificate.subject_der(), name) && self.is_trusted(certificate)
            {
                signers.push(signer);
            }
        }
        signers
    }

    fn admit(&self, algorithm: &[u8]) -> Result<(), Reason> {
        let algorithm = SignatureAlgorithm::parse(algorithm)
            .map_err(|_| Reason::UnsupportedSignatureAlgorithm)?;
        let admitted = self
            .query
            .validator
            .profile()
            .signatures
            .contains(&algorithm.name());
        if admitted {
            Ok(())
        } else {
            Err(Reason::WeakSignatureAlgorithm)
        }
    }

    fn admit_key(&self, key_info: &[u8]) -> Result<(), Reason> {
        let validator = self.query.validator;
        let rules = &validator.profile().keys;
        match key_rule::check_key(key_info, rules, validator.scheme(), None) {
            Some(violation) => Err(violation.reason),
            None => Ok(()),
        }
    }

    fn verify(
        &self,
        key_info: &[u8],
        algorithm: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Reason> {
        if let Err(over) = self.budget.borrow_mut().spend_signature() {
            self.over_budget.set(Some(over));
            return Err(Reason::BudgetExceeded);
        }
        let algorithm = SignatureAlgorithm::parse(algorithm)
            .map_err(|_| Reason::UnsupportedSignatureAlgorithm)?;
        self.query
            .validator
            .scheme()
            .verify(&algorithm, key_info, message, signature)
            .map_err(|_| Reason::BadSignature)
    }

    fn is_in_good_standing(&self, certificate: &Certificate, issuer: CrlSigner<'_>) -> bool {
        let options = &self.evidence.options;
        if options.scope == RevocationScope::EndEntity {
            return true;
        }
        let subject = Subject {
            certificate,
            issuer,
        };
        match check(subject, &self.evidence.crls, options, self.query.time, self) {
            Status::Good { .. } => true,
            Status::Revoked { .. } => false,
            Status::Unknown(_) => options.allow_unknown,
        }
    }
}
