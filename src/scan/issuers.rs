//! CRLs of the CAs in chains that are shown. A server that asks for the CRL of each
//! CA would otherwise refuse such a chain for its unknown status, and never come
//! to what is wrong with it.

use std::collections::HashMap;

use super::{pki::Pki, revocation::renewed, scene::Scene};
use crate::{
    question::Time,
    recipe::{Certificate, Key, Name, Recipe, generate::add_fresh_crls},
};

/// CRLs by their issuers. Those of the operator's CA and of its plain intermediates are not among them.
pub(super) struct Issuers<'s> {
    scene: &'s Scene,
    /// All are of one moment, so that the same issuer has the same CRL.
    now: Time,
    known: HashMap<(Name, Key), Vec<u8>>,
    plain: Vec<(Name, Key)>,
}

fn issuer(certificate: &Certificate) -> (Name, Key) {
    (certificate.subject.clone(), certificate.key.clone())
}

/// The CAs of the chains of a scan as they are where no defect changes them.
fn plain(pki: &Pki) -> Vec<(Name, Key)> {
    let recipe = pki.benign(2);
    let authorities = recipe.certificates.iter().filter(|one| one.is_ca());
    authorities.map(issuer).collect()
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
    pub(super) fn new(scene: &'s Scene, now: Time) -> Self {
        Self {
            scene,
            now,
            known: HashMap::new(),
            plain: plain(&scene.pki),
        }
    }

    /// The CRLs of the further CAs in a chain. What cannot be minted has none.
    pub(super) fn of(&mut self, recipe: &Recipe) -> Vec<Vec<u8>> {
        let mut with_crls = recipe.clone();
        with_crls.crls.clear();
        add_fresh_crls(&mut with_crls);
        let of = |label: &_| with_crls.certificate(label).map(issuer);
        let wanted: Vec<(Name, Key)> = with_crls
            .crls
            .iter()
            .filter_map(|crl| of(&crl.issuer))
            .filter(|issuer| !self.plain.contains(issuer))
            .collect();
        let crls = with_crls.crls.clone();
        for (crl, wanted) in crls
            .iter()
            .filter_map(|crl| Some((crl, of(&crl.issuer)?)))
            .filter(|(_, issuer)| wanted.contains(issuer))
        {
            if self.known.contains_key(&wanted) {
                continue;
            }
            let mut one = recipe.clone();
            one.crls = vec![crl.clone()];
            renewed(self.scene, &mut one, self.now);
            if let Ok((_, mut minted)) = self.scene.pki.mint_with_crls(&one) {
                self.known.insert(wanted, minted.pop().unwrap_or_default());
            }
        }
        let known = wanted.iter().filter_map(|issuer| self.known.get(issuer));
        known.filter(|der| !der.is_empty()).cloned().collect()
    }
}
