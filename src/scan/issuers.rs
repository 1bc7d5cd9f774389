//! CRLs of the CAs in chains that are shown. A server that asks for the CRL of each
//! CA would otherwise refuse such a chain for its unknown status, and never come
//! to what is wrong with it.

use std::collections::HashMap;

use super::{
    handover::{present, renewed},
    pki::Pki,
    scene::Scene,
};
use crate::{
    question::Time,
    recipe::{Certificate, Key, Name, Recipe, generate::add_fresh_crls},
};

/// CRLs by their issuers. Those of the operator's CA and of its plain intermediates are not among them.
pub(super) struct Issuers<'s> {
    scene: &'s Scene,
    /// All are of one moment, so that the same issuer has the same CRL.
    now: Time,
    known: HashMap<(Name, Key), Option<Vec<u8>>>,
    plain: Vec<(Name, Key)>,
}

fn issuer(certificate: &Certificate) -> (Name, Key) {
    (certificate.subject.clone(), certificate.key.clone())
}

/// The CAs of the chains of a scan as they are where no defect changes them.
fn plain(pki: &Pki) -> Vec<(Name, Key)> {
    let recipe = pki.benign(2);
    let authorities = recipe.certificates.iter().filter(|one| one.is_ca());
    authorities.map(|one| issuer(one)).collect()
}

/// Gives each intermediate with a key of its own a name of its own: some servers look for a CRL
/// by the issuer's name alone.
pub(super) fn name_apart(pki: &Pki, recipe: &mut Recipe) {
    let plain = plain(pki);
    for certificate in &mut recipe.certificates {
        let (name, key) = issuer(certificate);
        let is_other = |(other, plain_key): &(Name, Key)| *other == name && *plain_key != key;
        if certificate.is_ca() && plain.iter().any(is_other) {
            let number = certificate.label.0.clone();
            certificate.subject =
                Name::common(&format!("{number} with {:?} {}", key.algorithm, key.label));
        }
    }
}

impl<'s> Issuers<'s> {
    pub(super) fn new(scene: &'s Scene) -> Self {
        Self {
            scene,
            now: present(),
            known: HashMap::new(),
            plain: plain(&scene.pki),
        }
    }

    /// The CRLs of the further CAs of a twin, and after them those of the hostile chain's CAs that
    /// go by the same names with other keys. Some servers look no further than at the first of a name.
    pub(super) fn of_pair(&mut self, twin: &Recipe, hostile: &Recipe) -> Vec<Vec<u8>> {
        let names = |recipe: &Recipe| -> Vec<Name> {
            let of_cas = recipe.certificates.iter().filter(|one| one.is_ca());
            of_cas.map(|one| one.subject.clone()).collect()
        };
        let mut crls = self.of(twin);
        if names(twin) == names(hostile) {
            crls.extend(self.of(hostile));
        }
        crls
    }

    /// The CRLs of the further CAs in a chain. What cannot be minted has none, and nor has what
    /// goes by the name of a plain one: a server might believe it in that one's place.
    fn of(&mut self, recipe: &Recipe) -> Vec<Vec<u8>> {
        let mut with_crls = recipe.clone();
        with_crls.crls.clear();
        add_fresh_crls(&mut with_crls);
        let mut found = Vec::new();
        for crl in std::mem::take(&mut with_crls.crls) {
            let Some(issuer) = with_crls.certificate(&crl.issuer).map(issuer) else {
                continue;
            };
            if self.plain.iter().any(|(name, _)| *name == issuer.0) {
                continue;
            }
            let minted = self.known.entry(issuer).or_insert_with(|| {
                let mut one = Recipe {
                    crls: vec![crl],
                    ..recipe.clone()
                };
                renewed(self.scene, &mut one, self.now);
                let minted = self.scene.pki.mint_with_crls(&one);
                minted.ok().and_then(|(_, mut crls)| crls.pop())
            });
            found.extend(minted.clone());
        }
        found
    }
}
