//! Which certificate signed which, verified once for each question.
//!
//! Path building and path validation ask for the same edges of the graph of
//! certificates, some of them for several paths.

use super::{
    Validator,
    algorithm::SignatureAlgorithm,
    budget::{Budget, OverBudget},
    certificate::Certificate,
    dsa,
    report::Place,
    signature::SignatureError,
};

/// Which signatures were verified already for this question.
///
/// Path building asks for an edge more than once; the answer does not change.
#[derive(Debug, Default)]
pub(crate) struct VerifiedEdges {
    known: Vec<(Place, Place, Result<(), SignatureError>)>,
}

impl VerifiedEdges {
    pub(crate) fn verify(
        &mut self,
        validator: &Validator,
        certificate: &Certificate,
        place: Place,
        issuer_key: &[u8],
        issuer: Place,
        budget: &mut Budget,
    ) -> Result<Result<(), SignatureError>, OverBudget> {
        let inherits = dsa::inherits(issuer_key);
        if let Some((.., result)) = self
            .known
            .iter()
            .find(|(child, parent, _)| *child == place && *parent == issuer)
        {
            return Ok(*result);
        }
        budget.spend_signature()?;
        let result = match SignatureAlgorithm::parse(certificate.signature_algorithm()) {
            Ok(algorithm) => validator.scheme.verify(
                &algorithm,
                issuer_key,
                certificate.tbs(),
                certificate.signature(),
            ),
            Err(_) => Err(SignatureError::UnsupportedAlgorithm),
        };
        // Without its parameters a key answers nothing for good.
        if !inherits {
            self.known.push((place, issuer, result));
        }
        Ok(result)
    }
}
