//! A validator that reads each intermediate once.
//!
//! Every client of a service brings the same few intermediates. Kept is only
//! what stood in an accepted path, so a stranger cannot push anything out.

use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
};

use super::{Inputs, Validator, certificate::Certificate, report::Report};

/// How many intermediates are kept. A service seldom has more than a handful.
const KEPT: usize = 256;

/// A validator beside the intermediates that it has read.
pub(crate) struct CachingValidator {
    validator: Validator,
    // RandomState is keyed at random, so names of buckets cannot be guessed.
    kept: RwLock<HashMap<Box<[u8]>, Arc<Certificate>>>,
}

impl CachingValidator {
    pub(crate) fn new(validator: Validator) -> Self {
        Self {
            validator,
            kept: RwLock::default(),
        }
    }

    /// As [`Validator::validate`].
    pub(crate) fn validate(&self, inputs: &Inputs<'_>) -> Report {
        let Some((end_entity, intermediates)) = inputs.chain.split_first() else {
            return self.validator.validate(inputs);
        };
        if intermediates.len() >= self.validator.profile().budget.presented_certificates as usize {
            return self.validator.validate(inputs);
        }
        let Ok(end_entity) = Certificate::parse(end_entity) else {
            return self.validator.validate(inputs);
        };
        let mut fresh = false;
        let read: Result<Vec<_>, _> = {
            let kept = self
                .kept
                .read()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            let find = |der: &&[u8]| match kept.get(*der) {
                Some(known) => Ok(Arc::clone(known)),
                None => {
                    fresh = true;
                    Certificate::parse(der).map(Arc::new)
                }
            };
            intermediates.iter().map(find).collect()
        };
        // One that cannot be read is for the validator to explain.
        let Ok(read) = read else {
            return self.validator.validate(inputs);
        };
        let chain: Vec<&Certificate> = std::iter::once(&end_entity)
            .chain(read.iter().map(Arc::as_ref))
            .collect();
        let report = self.validator.validate_parsed(&chain, inputs);
        if fresh && report.is_accepted() {
            self.keep(read);
        }
        report
    }

    fn keep(&self, read: Vec<Arc<Certificate>>) {
        let mut kept = self
            .kept
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if kept.len() + read.len() > KEPT {
            kept.clear();
        }
        for certificate in read {
            kept.insert(certificate.der().into(), certificate);
        }
    }
}

impl std::fmt::Debug for CachingValidator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CachingValidator")
            .field("profile", &self.validator.profile().name)
            .finish_non_exhaustive()
    }
}
