//! One shrinker: ways to make a value simpler, and the loop that takes every
//! way that keeps what matters.
//!
//! Property tests simplify a [`Setting`] with it, `minimise` a [`Recipe`]. What is
//! left out of a recipe is any part of its text, so that no field has to be
//! thought of twice.

use serde::Deserialize;
use serde_json::Value;

use super::{
    Key, KeyAlgorithm, Name, Recipe,
    generate::{NameShape, Setting},
};

/// Something that can be made simpler, step by step, until nothing is left to drop.
pub trait Simplify: Sized {
    /// One way to make it simpler.
    type Step;

    /// Every way, the boldest first.
    fn steps(&self) -> Vec<Self::Step>;

    /// What is left after a step, strictly simpler, so that no loop is endless. None where the
    /// step leads to nothing that holds together.
    fn after(&self, step: &Self::Step) -> Option<Self>;
}

/// The simplest value that still shows what `shows` looks for: after no single step does it still.
pub fn minimise<T: Simplify>(start: T, mut shows: impl FnMut(&T) -> bool) -> T {
    let (mut best, mut first) = (start, 0);
    loop {
        let steps = best.steps();
        // What was tried in vain a moment ago is tried again last.
        let turned = (first..steps.len()).chain(0..first.min(steps.len()));
        let found = turned.into_iter().find_map(|index| {
            let simpler = best.after(&steps[index]).filter(|simpler| shows(simpler))?;
            Some((index, simpler))
        });
        match found {
            Some((index, simpler)) => (first, best) = (index, simpler),
            None => return best,
        }
    }
}

impl Simplify for Setting {
    type Step = Self;

    fn after(&self, step: &Self) -> Option<Self> {
        Some(step.clone())
    }

    fn steps(&self) -> Vec<Self> {
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

/// One way to make a recipe simpler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// A certificate that is presented goes, and what it issued is issued by its own issuer.
    Bypass(usize),
    /// A certificate's key becomes one of the usual kind.
    Rekey(usize),
    /// A certificate's subject becomes one commonName.
    Rename(usize),
    /// A step of the handshake is repeated half as often.
    Halve(usize),
    /// A part of the text goes.
    Remove(Place),
}

/// Where a part stands in the text: what it is in, from the outside in, and what goes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    inside: Vec<Hop>,
    part: Part,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hop {
    Field(String),
    Item(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Field(String),
    /// So many items from this one on.
    Items(usize, usize),
}

impl Simplify for Recipe {
    type Step = Cut;

    fn steps(&self) -> Vec<Cut> {
        let mut steps: Vec<Kind> = (1..self.presented.len()).map(Kind::Bypass).collect();
        for (index, certificate) in self.certificates.iter().enumerate() {
            if certificate.key.algorithm != KeyAlgorithm::P256 {
                steps.push(Kind::Rekey(index));
            }
            if certificate.subject.0.len() > 1 {
                steps.push(Kind::Rename(index));
            }
        }
        if let Some(script) = &self.handshake {
            steps.extend((0..script.steps.len()).map(Kind::Halve));
        }
        // What no text can say has no parts.
        if let Ok(Value::Object(fields)) = serde_json::to_value(self) {
            for (field, value) in &fields {
                // Another certificate in the place of the end entity's would be another case.
                let kept = usize::from(field == "presented");
                let part = Part::Field(field.clone());
                let inside = Vec::new();
                steps.push(Kind::Remove(Place { inside, part }));
                parts(
                    value,
                    &mut vec![Hop::Field(field.clone())],
                    kept,
                    &mut steps,
                );
            }
        }
        steps.into_iter().map(Cut).collect()
    }

    fn after(&self, step: &Cut) -> Option<Self> {
        let mut simpler = self.clone();
        match &step.0 {
            Kind::Bypass(index) => {
                let label = simpler.presented.get(*index)?.clone();
                simpler.presented.remove(*index);
                if !simpler.presented.contains(&label) && !simpler.anchors.contains(&label) {
                    bypass(&mut simpler, &label);
                }
            }
            Kind::Rekey(index) => {
                let key = &mut simpler.certificates.get_mut(*index)?.key;
                *key = Key::new(KeyAlgorithm::P256, key.label.clone());
            }
            Kind::Rename(index) => {
                let certificate = simpler.certificates.get_mut(*index)?;
                certificate.subject = Name::common(&certificate.label.0);
            }
            Kind::Halve(index) => {
                simpler.handshake = Some(simpler.handshake.as_ref()?.halved(*index)?);
            }
            Kind::Remove(place) => {
                let mut text = serde_json::to_value(self).ok()?;
                remove(&mut text, place)?;
                simpler = Self::deserialize(text).ok()?;
            }
        }
        (simpler != *self && simpler.check().is_ok()).then_some(simpler)
    }
}

/// Every part of a value that can go: of a list halves first, then quarters, down to single items.
/// The first `kept` items stay.
fn parts(value: &Value, inside: &mut Vec<Hop>, kept: usize, steps: &mut Vec<Kind>) {
    let mut offer = |part, inside: &[Hop]| {
        let inside = inside.to_vec();
        steps.push(Kind::Remove(Place { inside, part }));
    };
    match value {
        Value::Object(fields) => {
            for field in fields.keys() {
                offer(Part::Field(field.clone()), inside);
            }
            for (field, value) in fields {
                inside.push(Hop::Field(field.clone()));
                parts(value, inside, 0, steps);
                inside.pop();
            }
        }
        Value::Array(items) => {
            let mut count = items.len().saturating_sub(kept);
            while count > 0 {
                for first in (kept..items.len()).step_by(count) {
                    offer(Part::Items(first, count), inside);
                }
                count /= 2;
            }
            for (index, item) in items.iter().enumerate() {
                inside.push(Hop::Item(index));
                parts(item, inside, 0, steps);
                inside.pop();
            }
        }
        _ => {}
    }
}

fn remove(text: &mut Value, place: &Place) -> Option<()> {
    let mut value = text;
    for hop in &place.inside {
        value = match hop {
            Hop::Field(field) => value.get_mut(field)?,
            Hop::Item(index) => value.get_mut(index)?,
        };
    }
    match &place.part {
        Part::Field(field) => drop(value.as_object_mut()?.remove(field)?),
        Part::Items(first, count) => {
            let items = value.as_array_mut()?;
            let end = items.len().min(first.saturating_add(*count));
            items.drain(*first..end);
        }
    }
    Some(())
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

    /// A recipe with every kind of part: lists and tables in one another, edits, a handshake.
    fn busy() -> Recipe {
        Setting {
            intermediates: 4,
            crls: true,
            unrelated: 2,
            ..Setting::numbered(3, 11)
        }
        .recipe()
    }

    #[test]
    fn every_step_leads_to_something_simpler_that_holds_together() {
        let recipe = busy();
        let size = |recipe: &Recipe| {
            let text = serde_json::to_string(recipe).expect("serialises");
            text.len()
        };
        let (mut led, mut removed) = (0, 0);
        for step in recipe.steps() {
            let Some(simpler) = recipe.after(&step) else {
                continue;
            };
            led += 1;
            assert!(simpler.check().is_ok(), "{step:?}");
            assert_ne!(simpler, recipe, "{step:?}");
            if matches!(step.0, Kind::Remove(_)) {
                removed += 1;
                assert!(size(&simpler) < size(&recipe), "{step:?}");
            }
        }
        assert!(led > 50 && removed > 40, "{led} {removed}");
    }

    #[test]
    fn a_list_is_halved_before_its_items_go_one_by_one() {
        let names = (0..1000).map(|number| format!("host-{number}.example"));
        let mut recipe = Setting::default().recipe();
        let label = recipe.presented[0].clone();
        let certificate = recipe.certificate_mut(&label).expect("the end entity");
        *certificate.alternative_names_mut() = names.map(crate::recipe::GeneralName::Dns).collect();
        let mut tried = 0;
        let least = minimise(recipe, |recipe| {
            tried += 1;
            let text = serde_json::to_string(recipe).expect("serialises");
            text.contains("host-617.example")
        });
        let mut end_entity = least.certificate(&label).expect("the end entity").clone();
        assert_eq!(
            *end_entity.alternative_names_mut(),
            [crate::recipe::GeneralName::Dns("host-617.example".into())]
        );
        assert!(tried < 300, "{tried}");
    }

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

        let least = minimise(busy(), |recipe| {
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
