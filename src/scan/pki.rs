//! What is minted for a scan: good certificates of the operator's staging CA, and hostile ones.

use std::sync::Arc;

use super::{ScanError, credentials::Credentials, issuers::name_apart};
use crate::{
    case::{Case, Pair, PairError, PrivateKey, pair_with},
    defect::{Defect, Position},
    der::HexBytes,
    mint::Template,
    question::{Purpose, Time},
    recipe::{Name, Recipe, generate::Setting},
};

/// The operator's CA, and what is made of it.
pub struct Pki {
    template: Template,
    /// The same without the client's key, for defects that need a key of another kind.
    keyless: Option<Template>,
    /// The same for the names of the client that is revoked already.
    namesake: Option<Template>,
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
            keyless: None,
            namesake: None,
            given: given.map(Arc::new),
            now,
        }
    }

    /// Mints what needs a key of another kind than the client's from a template without that key.
    #[must_use]
    pub fn with_keyless(mut self, template: Template) -> Self {
        self.keyless = Some(template);
        self
    }

    /// Mints a twin of the certificate that is revoked already from a template of it without its key.
    #[must_use]
    pub fn with_namesake(mut self, template: Template) -> Self {
        self.namesake = Some(template);
        self
    }

    /// A certificate with the names of the one that is revoked already, which no CRL lists.
    pub(super) fn namesake(&self) -> Option<Credentials> {
        let template = self.namesake.as_ref()?;
        let mut recipe = template.recipe(&self.setting(0));
        let label = recipe.end_entity().ok()?.clone();
        recipe.certificate_mut(&label)?.serial = HexBytes(self.fresh_serial());
        let minted = template.minter().mint(&recipe).ok()?;
        Some(Credentials {
            chain: [minted.chain, template.above().to_vec()].concat(),
            key: minted.end_entity_key,
        })
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

    /// The same with a fresh CRL of every CA in it, where the CA may sign CRLs.
    pub(super) fn benign_with_crls(&self, intermediates: u8) -> Recipe {
        self.template.recipe(&Setting {
            crls: true,
            ..self.setting(intermediates)
        })
    }

    /// 16 octets of a serial number that nobody has: positive, without a leading zero.
    pub(super) fn fresh_serial(&self) -> Vec<u8> {
        let mut octets = vec![0; 16];
        // Where there is no randomness, the time has to do.
        if aws_lc_rs::rand::fill(&mut octets).is_err() {
            octets[8..].copy_from_slice(&self.now.unix_seconds().to_be_bytes());
        }
        octets[0] = octets[0] & 0x7f | 0x40;
        octets
    }

    /// Mints a chain with its key, and its CRLs.
    ///
    /// # Errors
    /// When the recipe cannot be minted.
    pub(super) fn mint_with_crls(
        &self,
        recipe: &Recipe,
    ) -> Result<(Credentials, Vec<Vec<u8>>), ScanError> {
        let minted = self.template.minter().mint(recipe)?;
        let mut chain = minted.chain;
        chain.extend_from_slice(self.template.above());
        let credentials = Credentials {
            chain,
            key: minted.end_entity_key,
        };
        Ok((credentials, minted.crls))
    }

    /// A client of a CA that nobody knows yet, which may be trusted for a while.
    ///
    /// # Errors
    /// When it cannot be minted.
    pub(super) fn under_another_ca(&self) -> Result<OtherCa, ScanError> {
        let mut salt = [0; 32];
        let fresh = self.fresh_serial();
        salt[..fresh.len()].copy_from_slice(&fresh);
        let template = Template::new().salted(salt);
        let mut recipe = template.recipe(&Setting {
            crls: true,
            ..self.setting(0)
        });
        if let Some(anchor) = recipe.certificate_mut(&"anchor".into()) {
            anchor.subject = Name::common("gatecrash CA for a while");
        }
        let minted = template.minter().mint(&recipe)?;
        Ok(OtherCa {
            anchors: minted.anchors,
            crls: minted.crls,
            credentials: Credentials {
                chain: minted.chain,
                key: minted.end_entity_key,
            },
        })
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
        self.mint_with_crls(recipe)
            .map(|(credentials, _)| credentials)
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
        for template in [Some(&self.template), self.keyless.as_ref()]
            .into_iter()
            .flatten()
        {
            for intermediates in 0..3 {
                let setting = self.setting(intermediates);
                match pair_with(template, defect, position, &setting, &|recipe| {
                    name_apart(self, recipe);
                }) {
                    Ok(pair) => return Ok(pair),
                    Err(error) => misfit.get_or_insert(error),
                };
            }
        }
        Err(misfit.unwrap_or(PairError::Unchanged {
            defect: defect.id.0,
            position,
        }))
    }
}

/// A client of another CA than the operator's.
pub(super) struct OtherCa {
    /// The CA.
    pub(super) anchors: Vec<Vec<u8>>,
    /// Its fresh CRL.
    pub(super) crls: Vec<Vec<u8>>,
    /// The client.
    pub(super) credentials: Credentials,
}

/// What a case shows. None when it has no key of its own.
pub fn shown(case: &Case) -> Option<Credentials> {
    case.end_entity_key.as_ref().map(|key| Credentials {
        chain: case.chain.clone(),
        key: PrivateKey::from_pkcs8(key.secret_pkcs8_der().to_vec()),
    })
}
