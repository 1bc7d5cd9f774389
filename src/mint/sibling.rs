//! What was minted from a recipe, for one that shares parts with it: a hostile
//! recipe is a clone of its twin's, and most of it stands minted already.

use super::PrivateKey;
use crate::recipe::{Certificate, Crl, Key, Label, Recipe, Shared};

/// A recipe and what the same minter made of it.
#[derive(Clone, Copy, Debug)]
pub struct Sibling<'a> {
    /// The recipe.
    pub recipe: &'a Recipe,
    /// Its anchors as DER, in the order of its labels.
    pub anchors: &'a [Vec<u8>],
    /// What it presents, as DER, in the order of its labels.
    pub chain: &'a [Vec<u8>],
    /// Its CRLs, as DER.
    pub crls: &'a [Vec<u8>],
    /// Its end entity's private key.
    pub end_entity_key: &'a PrivateKey,
}

impl<'a> Sibling<'a> {
    /// The certificate of this label, if both recipes share it and its issuer.
    pub(super) fn certificate(&self, recipe: &Recipe, label: &Label) -> Option<&'a [u8]> {
        let own = shared(recipe, label)?;
        let theirs = shared(self.recipe, label)?;
        if !own.is_same(theirs) || !self.shares_issuer(recipe, &own.issuer) {
            return None;
        }
        let at = |labels: &[Label]| labels.iter().position(|other| other == label);
        let minted = match at(&self.recipe.presented) {
            Some(index) => self.chain.get(index),
            None => self.anchors.get(at(&self.recipe.anchors)?),
        };
        minted.map(Vec::as_slice)
    }

    /// The CRL, if both recipes share it and its issuer.
    pub(super) fn crl(&self, recipe: &Recipe, crl: &Shared<Crl>) -> Option<&'a [u8]> {
        let mut theirs = self.recipe.crls.iter();
        let index = theirs.position(|other| other.is_same(crl))?;
        if !self.shares_issuer(recipe, &crl.issuer) {
            return None;
        }
        self.crls.get(index).map(Vec::as_slice)
    }

    /// The end entity's key, if it is this one.
    pub(super) fn end_entity_key(&self, key: &Key) -> Option<&'a PrivateKey> {
        let end_entity = self.recipe.end_entity().ok()?;
        let same = self.recipe.certificate(end_entity)?.key == *key;
        same.then_some(self.end_entity_key)
    }

    fn shares_issuer(&self, recipe: &Recipe, issuer: &Label) -> bool {
        match (shared(recipe, issuer), shared(self.recipe, issuer)) {
            (Some(own), Some(theirs)) => own.is_same(theirs),
            _ => false,
        }
    }
}

fn shared<'r>(recipe: &'r Recipe, label: &Label) -> Option<&'r Shared<Certificate>> {
    let mut certificates = recipe.certificates.iter();
    certificates.find(|certificate| certificate.label == *label)
}
