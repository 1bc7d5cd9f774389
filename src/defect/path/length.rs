//! Paths that are longer than a CA, an anchor or good sense allows.

use super::{defect, without_crls_or_limits};
use crate::{
    defect::{
        Class, Defect, Position, Severity, Unfit, certificate_at, change::intermediates, issuer_of,
        label_at,
    },
    der::oid,
    recipe::{Certificate, ExtensionValue, Key, KeyAlgorithm, Label, Name, Recipe},
    verdict::{Clause, Reason},
};

const PATH_LENGTH: Clause = "RFC 5280 sections 4.2.1.9 and 6.1.4 (l), (m)";

/// How many CAs the too deep chain has: more than any verifier's default but OpenSSL's of 100.
const MANY: u8 = 20;

/// Paths that are too long.
pub(super) const LENGTHS: &[Defect] = &[
    Defect {
        clause: PATH_LENGTH,
        positions: &[Position::Intermediate],
        ..defect(
            "path/length-exceeded",
            "one more CA follows than pathLenConstraint allows",
            "A CA that may issue end entities only has made a CA. Without this rule, whoever gets hold of any \
             intermediate can grow a tree below it that the root never allowed. The twin has exactly as many CAs as \
             the constraint says, the hostile chain one more.",
            &[Reason::PathLengthExceeded],
            |recipe, _| limit_highest_intermediate(recipe, 0),
            |recipe, _| limit_highest_intermediate(recipe, 1),
        )
    },
    Defect {
        clause: PATH_LENGTH,
        positions: &[Position::Intermediate],
        ..defect(
            "path/length-widened-below",
            "a CA below allows more than the CA above it left over",
            "A pathLenConstraint can only tighten what came from above. Here the upper CA allows too few, and the CA \
             below it, which it issued, says that ten may follow. A verifier that keeps the last number it has read \
             instead of the least lets a CA free itself.",
            &[Reason::PathLengthExceeded],
            |recipe, _| {
                widen_lower_intermediates(recipe)?;
                limit_highest_intermediate(recipe, 0)
            },
            |recipe, _| limit_highest_intermediate(recipe, 1),
        )
    },
    Defect {
        clause: PATH_LENGTH,
        positions: &[Position::Intermediate],
        ..defect(
            "path/length-exceeded-after-rollover",
            "a CA follows a pathLenConstraint of zero that is not self-issued",
            "Self-issued certificates, by which a CA passes from one key to the next, do not count for path length. In \
             the twin the certificate between has the CA's own name and is free; in the hostile chain it has another \
             name and is one too many. A verifier that counts both ways alike gets one of them wrong.",
            &[Reason::PathLengthExceeded],
            |recipe, position| {
                recipe.crls.clear();
                add_rollover(recipe, position)
            },
            |recipe, _| {
                recipe
                    .certificate_mut(&Label::from("stranger"))
                    .ok_or(Unfit("the certificate is not in the recipe"))?
                    .subject = Name::of("Gatecrash Example", "Sub CA");
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5937 section 3.2; RFC 5280 section 6.1.2 (k)",
        class: Class::Policy,
        positions: &[Position::Anchor],
        ..defect(
            "path/length-of-anchor-exceeded",
            "one more CA follows than the trust anchor's pathLenConstraint allows",
            "RFC 5280 starts counting below the anchor and does not read the anchor's own constraint; RFC 5937 does. \
             OpenSSL and Go count from the root, webpki does not. The owner of the root said it in the root.",
            &[Reason::PathLengthExceeded, Reason::BadAnchor],
            |recipe, position| limit_anchor(recipe, position, 0),
            |recipe, position| limit_anchor(recipe, position, 1),
        )
    },
    Defect {
        clause: "RFC 5280 section 8; verifier's budget",
        severity: Severity::Low,
        class: Class::Policy,
        vulnerabilities: &["CVE-2024-28835"],
        ..defect(
            "path/twenty-deep",
            "twenty CAs stand between the anchor and the end entity",
            "RFC 5280 sets no limit, and no PKI needs more than a handful. Every level costs a signature, and code that \
             reserves room for a fixed number of levels has to stop: certtool of GnuTLS crashed on chains of more than \
             sixteen certificates (CVE-2024-28835).",
            &[
                Reason::PathTooDeep,
                Reason::BudgetExceeded,
                Reason::UnknownIssuer,
            ],
            without_crls_or_limits,
            |recipe, _| deepen(recipe),
        )
    },
];

/// Lets the CA below the anchor have as many CAs below it as it has, less `fewer`.
fn limit_highest_intermediate(recipe: &mut Recipe, fewer: u64) -> Result<(), Unfit> {
    let authorities = intermediates(recipe);
    let [below @ .., highest] = authorities.as_slice() else {
        return Err(Unfit("the chain has no intermediate"));
    };
    let allowed = (below.len() as u64)
        .checked_sub(fewer)
        .filter(|_| !below.is_empty())
        .ok_or(Unfit("no CA stands below the highest intermediate"))?;
    set_path_length(recipe, highest, Some(allowed))
}

fn limit_anchor(recipe: &mut Recipe, position: Position, fewer: u64) -> Result<(), Unfit> {
    let below = intermediates(recipe).len() as u64;
    let allowed = below
        .checked_sub(1)
        .map(|allowed| allowed + 1 - fewer)
        .ok_or(Unfit("the chain has no intermediate"))?;
    let anchor = label_at(recipe, position)?;
    set_path_length(recipe, &anchor, Some(allowed))
}

fn widen_lower_intermediates(recipe: &mut Recipe) -> Result<(), Unfit> {
    let mut authorities = intermediates(recipe);
    authorities.pop();
    authorities
        .iter()
        .try_for_each(|label| set_path_length(recipe, label, Some(10)))
}

pub(super) fn lift_length_limits(recipe: &mut Recipe) {
    for certificate in &mut recipe.certificates {
        if let Some(extension) = certificate.extension_mut(&oid::BASIC_CONSTRAINTS)
            && let ExtensionValue::BasicConstraints { path_length, .. } = &mut extension.value
        {
            *path_length = None;
        }
    }
}

fn set_path_length(recipe: &mut Recipe, label: &Label, length: Option<u64>) -> Result<(), Unfit> {
    let constraints = recipe
        .certificate_mut(label)
        .and_then(|certificate| certificate.extension_mut(&oid::BASIC_CONSTRAINTS))
        .ok_or(Unfit("the CA has no basicConstraints"))?;
    constraints.value = ExtensionValue::BasicConstraints {
        ca: true,
        path_length: length,
    };
    Ok(())
}

/// Lets the issuing CA pass to a new key by a self-issued certificate, below a path length of zero.
///
/// Without key identifiers such a certificate is taken for a self-signed one by
/// verifiers that tell the two apart without checking the signature.
fn add_rollover(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    if intermediates(recipe).len() > 3 {
        return Err(Unfit("one more CA would be too deep for some profiles"));
    }
    let issuing = label_at(recipe, position)?;
    set_path_length(recipe, &issuing, Some(0))?;
    let old = certificate_at(recipe, position)?.clone();
    if old.extension(&oid::SUBJECT_KEY_IDENTIFIER).is_none() {
        return Err(Unfit("the CA has no key identifiers"));
    }
    let new = Label::from("stranger");
    let mut serial = old.serial.clone();
    if let Some(first) = serial.0.first_mut() {
        *first ^= 0x20;
    }
    recipe.certificates.push(
        Certificate {
            label: new.clone(),
            issuer: issuing,
            key: Key::new(old.key.algorithm, new.0.clone()),
            serial,
            ..old
        }
        .into(),
    );
    certificate_at(recipe, Position::EndEntity)?.issuer = new.clone();
    recipe.presented.insert(1, new);
    Ok(())
}

/// Puts many CAs between the end entity and its issuer.
fn deepen(recipe: &mut Recipe) -> Result<(), Unfit> {
    let mut above = issuer_of(recipe, Position::EndEntity)?;
    let model = recipe
        .certificate(&above)
        .cloned()
        .ok_or(Unfit("the issuer is not in the recipe"))?;
    for depth in 1..=MANY {
        let label = Label(format!("deep-{depth}"));
        recipe.certificates.push(
            Certificate {
                label: label.clone(),
                issuer: above,
                subject: Name::of("Gatecrash Example", &format!("Deep CA {depth}")),
                key: Key::new(KeyAlgorithm::P256, label.0.clone()),
                ..model.clone()
            }
            .into(),
        );
        recipe.presented.insert(1, label.clone());
        above = label;
    }
    certificate_at(recipe, Position::EndEntity)?.issuer = above;
    Ok(())
}
