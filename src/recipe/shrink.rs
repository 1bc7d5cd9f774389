//! One shrinker: ways to make a value simpler, and the loop that takes every
//! way that keeps what matters.
//!
//! Property tests simplify a [`Setting`] with it, `minimise` a [`Recipe`].

use super::{
    Key, KeyAlgorithm, Name, Recipe, Signing,
    generate::{NameShape, Setting},
};
use crate::script::Script;

/// Something that can be made simpler, step by step, until nothing is left to drop.
pub trait Simplify: Sized {
    /// Simpler values, the boldest first. Each is strictly simpler, so that no loop is endless.
    fn simpler(&self) -> Vec<Self>;
}

/// The simplest value that still shows what `shows` looks for.
pub fn minimise<T: Simplify>(start: T, mut shows: impl FnMut(&T) -> bool) -> T {
    let mut best = start;
    loop {
        match best
            .simpler()
            .into_iter()
            .find(|candidate| shows(candidate))
        {
            Some(simpler) => best = simpler,
            None => return best,
        }
    }
}

impl Simplify for Setting {
    fn simpler(&self) -> Vec<Self> {
        let plain = Self {
            purpose: self.purpose,
            time: self.time,
            ..Self::default()
        };
        let mut out = Vec::new();
        let mut offer = |candidate: Self| {
            if candidate != *self && !out.contains(&candidate) {
                out.push(candidate);
            }
        };
        offer(Self {
            time: Self::BASE_TIME,
            ..plain.clone()
        });
        offer(Self {
            intermediates: self.intermediates,
            ..plain.clone()
        });
        offer(Self {
            keys: plain.keys.clone(),
            ..self.clone()
        });
        offer(Self {
            crls: false,
            ..self.clone()
        });
        offer(Self {
            unrelated: 0,
            unrelated_anchor: false,
            reversed: false,
            ..self.clone()
        });
        if self.intermediates > 1 {
            offer(Self {
                intermediates: self.intermediates - 1,
                ..self.clone()
            });
        }
        offer(Self {
            names: NameShape::Organization,
            ..self.clone()
        });
        offer(Self {
            policies: false,
            ..self.clone()
        });
        offer(Self {
            issuer_extended_key_usage: false,
            critical_extended_key_usage: false,
            ..self.clone()
        });
        offer(Self {
            path_length_slack: None,
            ..self.clone()
        });
        offer(Self {
            key_identifiers: true,
            end_entity_key_usage: true,
            ..self.clone()
        });
        offer(Self {
            authority_identifier: plain.authority_identifier,
            ..self.clone()
        });
        offer(Self {
            extension_rotation: 0,
            ..self.clone()
        });
        offer(Self {
            rsa_pss: false,
            key_usage_not_critical: false,
            critical_alternative_name: false,
            ..self.clone()
        });
        offer(Self {
            lifetime: plain.lifetime,
            endless_authorities: false,
            ..self.clone()
        });
        offer(Self {
            serial_octets: plain.serial_octets,
            ..self.clone()
        });
        offer(Self {
            time: Self::BASE_TIME,
            ..self.clone()
        });
        out
    }
}

impl Simplify for Recipe {
    fn simpler(&self) -> Vec<Self> {
        let mut out = Vec::new();
        let mut offer = |candidate: Self| {
            if candidate != *self && candidate.check().is_ok() {
                out.push(candidate);
            }
        };
        for index in 1..self.presented.len() {
            let mut simpler = self.clone();
            let label = simpler.presented.remove(index);
            if !simpler.presented.contains(&label) && !simpler.anchors.contains(&label) {
                bypass(&mut simpler, &label);
            }
            offer(simpler);
        }
        for index in 0..self.anchors.len() {
            let mut simpler = self.clone();
            simpler.anchors.remove(index);
            offer(simpler);
        }
        for index in 0..self.crls.len() {
            let mut simpler = self.clone();
            simpler.crls.remove(index);
            offer(simpler);
        }
        for (index, certificate) in self.certificates.iter().enumerate() {
            for extension in 0..certificate.extensions.len() {
                let mut simpler = self.clone();
                simpler.certificates[index].extensions.remove(extension);
                offer(simpler);
            }
            let mut simpler = self.clone();
            let place = &mut simpler.certificates[index];
            if place.key.algorithm != KeyAlgorithm::P256 {
                place.key = Key::new(KeyAlgorithm::P256, place.key.label.clone());
                offer(simpler);
            }
            if certificate.subject.0.len() > 1 {
                let mut simpler = self.clone();
                simpler.certificates[index].subject = Name::common(&certificate.label.0);
                offer(simpler);
            }
            if certificate.signing != Signing::default() {
                let mut simpler = self.clone();
                simpler.certificates[index].signing = Signing::default();
                offer(simpler);
            }
            for edit in 0..certificate.edits.len() {
                let mut simpler = self.clone();
                simpler.certificates[index].edits.remove(edit);
                offer(simpler);
            }
            for edit in 0..certificate.edits_before_signing.len() {
                let mut simpler = self.clone();
                simpler.certificates[index]
                    .edits_before_signing
                    .remove(edit);
                offer(simpler);
            }
        }
        if self.ocsp.is_some() {
            offer(Self {
                ocsp: None,
                ..self.clone()
            });
        }
        for simpler in self.handshake.iter().flat_map(Script::simpler) {
            offer(Self {
                handshake: Some(simpler),
                ..self.clone()
            });
        }
        for index in 0..self.admitted.len() {
            let mut simpler = self.clone();
            simpler.admitted.remove(index);
            offer(simpler);
        }
        for (index, crl) in self.crls.iter().enumerate() {
            for entry in 0..crl.revoked.len() {
                let mut simpler = self.clone();
                simpler.crls[index].revoked.remove(entry);
                offer(simpler);
            }
            for extension in 0..crl.extensions.len() {
                let mut simpler = self.clone();
                simpler.crls[index].extensions.remove(extension);
                offer(simpler);
            }
        }
        out
    }
}

/// Takes a certificate out: what it issued is issued by its own issuer.
fn bypass(recipe: &mut Recipe, label: &super::Label) {
    let Some(issuer) = recipe
        .certificate(label)
        .map(|certificate| certificate.issuer.clone())
    else {
        return;
    };
    if issuer == *label {
        if !recipe
            .certificates
            .iter()
            .any(|other| other.issuer == *label && other.label != *label)
        {
            recipe
                .certificates
                .retain(|certificate| certificate.label != *label);
            recipe.crls.retain(|crl| crl.issuer != *label);
        }
        return;
    }
    for certificate in &mut recipe.certificates {
        if certificate.issuer == *label {
            certificate.issuer = issuer.clone();
        }
    }
    recipe
        .certificates
        .retain(|certificate| certificate.label != *label);
    recipe.crls.retain(|crl| crl.issuer != *label);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minimise_ends_at_the_plainest_value_that_still_shows() {
        let start = Setting::numbered(3, 11);
        let purpose = start.purpose;
        let least = minimise(start, |_| true);
        assert_eq!(
            least,
            Setting {
                purpose,
                ..Setting::default()
            }
        );

        let busy = Setting {
            intermediates: 4,
            crls: true,
            unrelated: 2,
            ..Setting::default()
        }
        .recipe();
        let least = minimise(busy, |recipe| {
            recipe.crls.iter().any(|crl| crl.issuer.0 == "anchor")
        });
        assert_eq!(least.presented.len(), 1);
        assert_eq!(least.crls.len(), 1);
        assert!(
            least
                .certificates
                .iter()
                .all(|certificate| certificate.extensions.is_empty())
        );
    }
}
