//! What is minted for a scan: good certificates of the operator's staging CA, and hostile ones.

use std::sync::Arc;

use super::{ScanError, credentials::Credentials};
use crate::{
    case::{Case, Pair, PairError, PrivateKey, pair_of},
    defect::{Defect, Position},
    mint::Template,
    question::{Purpose, Time},
    recipe::{Recipe, generate::Setting},
};

/// The operator's CA, and what is made of it.
pub struct Pki {
    template: Template,
    given: Option<Arc<Credentials>>,
    now: Time,
}

impl Pki {
    /// A CA, and perhaps a client's certificate that is used as it is.
    ///
    /// Nothing of it leaves memory.
    pub fn new(template: Template, given: Option<Credentials>, now: Time) -> Self {
        Self {
            template,
            given: given.map(Arc::new),
            now,
        }
    }

    /// The moment that certificates are made for.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The CA certificate, as DER.
    pub fn authority(&self) -> &[u8] {
        self.template.anchor().unwrap_or_default()
    }

    /// The client's certificate that was given, with its key.
    pub fn given(&self) -> Option<&Arc<Credentials>> {
        self.given.as_ref()
    }

    /// A benign client's chain with so many intermediates below the CA.
    pub fn benign(&self, intermediates: u8) -> Recipe {
        self.template.recipe(&self.setting(intermediates))
    }

    fn setting(&self, intermediates: u8) -> Setting {
        Setting {
            purpose: Purpose::Client,
            time: self.now,
            intermediates,
            ..Setting::default()
        }
    }

    /// Mints a chain with its key.
    ///
    /// # Errors
    /// When the recipe cannot be minted.
    pub fn mint(&self, recipe: &Recipe) -> Result<Credentials, ScanError> {
        let minted = self.template.minter().mint(recipe)?;
        let mut chain = minted.chain;
        chain.extend_from_slice(self.template.above());
        Ok(Credentials {
            chain,
            key: minted.end_entity_key,
        })
    }

    /// What must be let in: the certificate that was given, or one made for the scan.
    ///
    /// # Errors
    /// When it cannot be minted.
    pub fn good(&self) -> Result<Arc<Credentials>, ScanError> {
        match &self.given {
            Some(given) => Ok(Arc::clone(given)),
            None => self.mint(&self.benign(0)).map(Arc::new),
        }
    }

    /// A defect and its twin below the CA, in the shortest chain that it fits into.
    ///
    /// # Errors
    /// When it fits into none.
    pub fn pair(&self, defect: &'static Defect, position: Position) -> Result<Pair, PairError> {
        let mut misfit = None;
        for intermediates in 0..3 {
            let setting = self.setting(intermediates);
            match pair_of(&self.template, defect, position, &setting, 0) {
                Ok(pair) => return Ok(pair),
                Err(error) => misfit.get_or_insert(error),
            };
        }
        Err(misfit.unwrap_or(PairError::Unchanged {
            defect: defect.id.0,
            position,
        }))
    }
}

/// What a case shows. None when it has no key of its own.
pub fn shown(case: &Case) -> Option<Credentials> {
    case.end_entity_key.as_ref().map(|key| Credentials {
        chain: case.chain.clone(),
        key: PrivateKey::from_pkcs8(key.secret_pkcs8_der().to_vec()),
    })
}
