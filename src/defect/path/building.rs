//! Chains among which a verifier must find its way, and in which there is none.

use super::{defect, remove_issuing};
use crate::{
    defect::{Defect, Position, Severity, Unfit, certificate_at, change::add_authority, label_at},
    question::Time,
    recipe::{
        Certificate, ExtensionValue, Key, KeyAlgorithm, KeyUsageBit, Label, Name, Recipe, TimeField,
    },
    verdict::{Clause, Reason},
};

const CLAUSE: Clause = "RFC 5280 section 6.1; RFC 4158 section 2; RFC 8446 section 4.4.2";

/// How many certificates without relation are presented as well.
const MANY: u8 = 100;

/// A change for the worse of one certificate.
type Fault = fn(&mut Certificate, Time);

/// Defects of path building.
pub(super) const BUILDING: &[Defect] = &[
    Defect {
        clause: CLAUSE,
        ..defect(
            "path/missing-among-shuffled",
            "certificates in reverse order, the issuing CA not among them",
            "TLS 1.3 asks verifiers to take certificates in any order, so the twin, whose intermediates stand upside \
             down, is good. The hostile chain lacks the one that matters. A verifier that takes the next in line for \
             the issuer gets both wrong.",
            &[Reason::UnknownIssuer],
            |recipe, _| {
                let [_, rest @ ..] = recipe.presented.as_mut_slice() else {
                    return Err(Unfit("nothing is presented"));
                };
                if rest.len() < 2 {
                    return Err(Unfit("one certificate has one order"));
                }
                rest.reverse();
                Ok(())
            },
            remove_issuing,
        )
    },
    Defect {
        clause: CLAUSE,
        ..defect(
            "path/missing-among-duplicates",
            "every certificate twice, the issuing CA not among them",
            "Peers repeat certificates when a bundle and a chain are pasted together. The twin does so and is good. A \
             verifier must neither stumble over copies nor count them for what is missing.",
            &[Reason::UnknownIssuer],
            |recipe, _| {
                recipe.presented = recipe
                    .presented
                    .iter()
                    .flat_map(|label| [label.clone(), label.clone()])
                    .collect();
                Ok(())
            },
            remove_issuing,
        )
    },
    Defect {
        clause: CLAUSE,
        ..defect(
            "path/missing-among-a-hundred",
            "a hundred certificates without relation, the issuing CA not among them",
            "Extra certificates must be ignored, and a hundred of them must not cost more than a look at each. The twin \
             has its issuing CA last, behind all of them.",
            &[Reason::UnknownIssuer, Reason::BudgetExceeded],
            |recipe, _| add_crowd(recipe),
            remove_issuing,
        )
    },
    Defect {
        clause: CLAUSE,
        ..defect(
            "path/cross-signed-without-trust",
            "the issuing CA is presented in the certificate of a CA that nobody trusts alone",
            "Cross-signing gives one CA two certificates by two issuers. The twin shows both and one leads to the \
             anchor, behind the dead end; the hostile chain has only the dead end. A verifier that gives up at the \
             first dead end refuses the twin.",
            &[Reason::UnknownIssuer],
            |recipe, _| {
                recipe.crls.clear();
                add_dead_end(recipe)
            },
            remove_issuing,
        )
    },
    Defect {
        clause: "RFC 5280 sections 6.1 and 6.1.3 (a)(2)",
        ..defect(
            "path/every-way-expired",
            "two certificates of the issuing CA, both expired",
            "A CA was renewed under the same key, and peers present the old and the new certificate. The twin has one \
             good way past the expired one. In the hostile chain neither is good, and no mixture of two bad ways makes \
             a good one.",
            &[Reason::Expired],
            |recipe, _| add_second_way(recipe, expire),
            |recipe, _| spoil_first_way(recipe, expire),
        )
    },
    Defect {
        clause: "RFC 5280 sections 4.2.1.9 and 6.1.4 (k)",
        severity: Severity::Critical,
        vulnerabilities: &["CVE-2015-1793"],
        ..defect(
            "path/every-way-through-no-ca",
            "two certificates of the issuing key, neither of them a CA's",
            "The same key has two certificates: one says CA, the other does not. The twin has a good way; in the hostile \
             chain both say that the key is no CA's. OpenSSL, trying a second path after a first had failed, did not \
             check it again (CVE-2015-1793).",
            &[Reason::NotACa],
            |recipe, _| add_second_way(recipe, demote),
            |recipe, _| spoil_first_way(recipe, demote),
        )
    },
    Defect {
        clause: "RFC 5280 sections 4.2.1.3 and 6.1.4 (n)",
        ..defect(
            "path/every-way-without-key-cert-sign",
            "two certificates of the issuing CA, neither with keyCertSign",
            "The twin has one good way past a certificate whose key usage forbids it to sign certificates. In the \
             hostile chain both forbid it.",
            &[Reason::KeyUsage, Reason::UnknownIssuer],
            |recipe, _| add_second_way(recipe, forbid_signing),
            |recipe, _| spoil_first_way(recipe, forbid_signing),
        )
    },
];

/// Presents a hundred certificates without relation before the others.
fn add_crowd(recipe: &mut Recipe) -> Result<(), Unfit> {
    let issuing = label_at(recipe, Position::Intermediate)?;
    let model = certificate_at(recipe, Position::EndEntity)?.clone();
    let crowd: Vec<Certificate> = (0..MANY)
        .map(|number| {
            let label = Label(format!("crowd-{number}"));
            Certificate {
                issuer: label.clone(),
                subject: Name::common(&format!("Passer-by {number}")),
                key: Key::new(KeyAlgorithm::P256, label.0.clone()),
                label,
                ..model.clone()
            }
        })
        .collect();
    let labels = crowd.iter().map(|certificate| certificate.label.clone());
    recipe.presented.retain(|label| *label != issuing);
    recipe.presented.splice(1..1, labels);
    recipe.presented.push(issuing);
    recipe
        .certificates
        .extend(crowd.into_iter().map(Into::into));
    Ok(())
}

/// Presents, before the others, a certificate of the issuing CA by an unknown root.
fn add_dead_end(recipe: &mut Recipe) -> Result<(), Unfit> {
    let anchor = label_at(recipe, Position::Anchor)?;
    let stranger = add_authority(recipe, &anchor, "stranger", Name::common("Unknown Root"))?;
    let cross = Certificate {
        label: Label::from("cross-signed"),
        issuer: stranger,
        ..certificate_at(recipe, Position::Intermediate)?.clone()
    };
    recipe.presented.insert(1, cross.label.clone());
    recipe.certificates.push(cross.into());
    Ok(())
}

/// Presents, before the true one, another certificate of the issuing CA that has the fault.
fn add_second_way(recipe: &mut Recipe, fault: Fault) -> Result<(), Unfit> {
    let time = recipe.time;
    let mut other = certificate_at(recipe, Position::Intermediate)?.clone();
    other.label = Label::from("second-way");
    if let Some(first) = other.serial.0.first_mut() {
        *first ^= 0x20;
    }
    fault(&mut other, time);
    recipe.presented.insert(1, other.label.clone());
    recipe.certificates.push(other.into());
    Ok(())
}

fn spoil_first_way(recipe: &mut Recipe, fault: Fault) -> Result<(), Unfit> {
    let time = recipe.time;
    fault(certificate_at(recipe, Position::Intermediate)?, time);
    Ok(())
}

fn expire(certificate: &mut Certificate, time: Time) {
    certificate.not_after = TimeField::Moment(time.plus_days(-1));
}

fn demote(certificate: &mut Certificate, _: Time) {
    let constraints = ExtensionValue::BasicConstraints {
        ca: false,
        path_length: None,
    };
    certificate.set_extension(constraints.critical());
}

fn forbid_signing(certificate: &mut Certificate, _: Time) {
    certificate.set_extension(ExtensionValue::KeyUsage(vec![KeyUsageBit::CrlSign]).critical());
}
