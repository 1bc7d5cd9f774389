//! *complexity*: chains that cost far more to judge than to make.
//!
//! Every hostile case is to be refused, and within a [`Bound`]: a verifier that
//! thinks for a minute has let the attacker in, though not through the gate.

use std::fmt;

use super::{
    Class, Defect, DefectId, Position, Severity, Step, Unfit, certificate_at, crl_of, issuer_of,
    label_at,
};
use crate::{
    der::{Oid, oid},
    question::{PeerName, Purpose},
    recipe::{
        Certificate, ExtensionValue, GeneralName, Key, KeyAlgorithm, KeyUsageBit, Label, Name,
        Recipe, Signing,
        generate::{POLICY, add_fresh_crls},
    },
    verdict::{Clause, Reason},
};

/// What a verifier may spend on one hostile case of this family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Signatures verified.
    pub signatures: u32,
    /// Time on one core of a usual machine, in milliseconds.
    pub milliseconds: u32,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} signatures, {} ms",
            self.signatures, self.milliseconds
        )
    }
}

/// A hundred signatures is what rustls-webpki allows since RUSTSEC-2023-0053;
/// a hundred milliseconds is a thousand times what a usual chain costs.
const USUAL: Bound = Bound {
    signatures: 100,
    milliseconds: 100,
};

/// Bounds that are not the usual one.
const BOUNDS: &[(&str, Bound)] = &[
    (
        "complexity/long-chain",
        Bound {
            signatures: 130,
            milliseconds: 200,
        },
    ),
    (
        "complexity/name-constraint-product",
        Bound {
            signatures: 100,
            milliseconds: 500,
        },
    ),
    (
        "complexity/policy-tree",
        Bound {
            signatures: 100,
            milliseconds: 500,
        },
    ),
];

/// What may be spent on a hostile case of this defect. `None` outside the family.
pub fn bound(id: DefectId) -> Option<Bound> {
    let own = BOUNDS
        .iter()
        .find(|(of, _)| *of == id.0)
        .map(|(_, bound)| *bound);
    (id.family() == "complexity").then(|| own.unwrap_or(USUAL))
}

const NO_PATH: &[Reason] = &[
    Reason::UnknownIssuer,
    Reason::BudgetExceeded,
    Reason::BadSignature,
    Reason::PathTooDeep,
];

const fn defect(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    clause: Clause,
    reasons: &'static [Reason],
    prepare: Step,
    spoil: Step,
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        clause,
        severity: Severity::Medium,
        class: Class::MustReject,
        positions: &[Position::Chain],
        purposes: &Purpose::ALL,
        reasons,
        vulnerabilities: &[],
        prepare,
        spoil,
    }
}

/// The family.
pub(super) const DEFECTS: &[Defect] = &[
    defect(
        "complexity/same-name-fan",
        "forty CAs of one name and one key, each of which may have issued every other, and no way to the anchor",
        "Every certificate fits above every other, so that a search without memory tries them in every order: forty \
         factorial paths, each of good signatures. webpki and rustls-webpki before 0.101.4 did; a hundred signatures \
         must do (RUSTSEC-2023-0053).",
        "RFC 5280 section 6.1.3 (a)(4); RFC 4158 section 2.4.2",
        NO_PATH,
        has_intermediate,
        |recipe, _| fan(recipe, |_, _| ()),
    ),
    defect(
        "complexity/same-name-fan-of-keys",
        "forty CAs of one name, each with a key of its own, none of which signed the end entity",
        "The name fits forty times and the signature never. Each trial costs one verification, which is bounded only \
         if somebody counts.",
        "RFC 5280 section 6.1.3 (a)(1); RFC 4158 section 2.4.2",
        NO_PATH,
        has_intermediate,
        |recipe, _| {
            fan(recipe, |number, certificate| {
                certificate.key = Key::new(KeyAlgorithm::P256, format!("fan-{number}"));
                certificate.remove_extension(&oid::SUBJECT_KEY_IDENTIFIER);
            })
        },
    ),
    defect(
        "complexity/cross-signed-mesh",
        "seven CAs, each certified by the six others, and no way to the anchor",
        "Forty-two certificates and thousands of paths without a loop, all of good signatures. Bridges of real \
         federations look so, with a way out. Go's verifier was bounded twice for it, in 2018 and in 2026.",
        "RFC 5280 section 6.1.3 (a)(4); RFC 4158 section 2.4.2",
        NO_PATH,
        has_intermediate,
        |recipe, _| mesh(recipe),
    ),
    Defect {
        class: Class::Policy,
        ..defect(
            "complexity/long-chain",
            "a hundred and five intermediates, each rightly issued by the one before",
            "Nothing is wrong with it but its length. A verifier without a limit does a hundred signatures for every \
             connection, and one with an array of sixteen places writes past its end: GnuTLS before 3.8.4 stopped the \
             program (CVE-2024-28835).",
            "RFC 5280 section 6.1.3 (a)(1); RFC 4158 section 2.4.2",
            &[
                Reason::PathTooDeep,
                Reason::BudgetExceeded,
                Reason::UnknownIssuer,
                Reason::PathLengthExceeded,
            ],
            has_intermediate,
            |recipe, _| lengthen(recipe),
        )
    },
    defect(
        "complexity/anchors-of-one-name",
        "sixty trust anchors have the true one's name and other keys, and the true one is not among them",
        "Stores that have grown for years hold several anchors of one name. Each fits by name and costs a signature. \
         A verifier with a budget for signatures gives up after some of them, and one without pays for all, for every visitor.",
        "RFC 5280 section 6.1.3 (a)(1)",
        &[
            Reason::BadSignature,
            Reason::UnknownIssuer,
            Reason::BudgetExceeded,
        ],
        |recipe, _| {
            let anchor = label_at(recipe, Position::Anchor)?;
            let true_one = recipe
                .certificate(&anchor)
                .cloned()
                .ok_or(Unfit("there is no anchor"))?;
            if true_one.extension(&oid::SUBJECT_KEY_IDENTIFIER).is_none() {
                return Err(Unfit("only key identifiers tell the anchors apart"));
            }
            for number in 0..60 {
                let mut namesake = true_one.clone();
                namesake.label = Label(format!("namesake-{number}"));
                namesake.issuer = namesake.label.clone();
                namesake.key = Key::new(KeyAlgorithm::P256, format!("namesake-{number}"));
                namesake.serial = vec![0x31, number].into();
                recipe.anchors.push(namesake.label.clone());
                recipe.certificates.push(namesake.into());
            }
            Ok(())
        },
        |recipe, _| {
            let anchor = label_at(recipe, Position::Anchor)?;
            recipe.anchors.retain(|label| *label != anchor);
            Ok(())
        },
    ),
    defect(
        "complexity/name-constraint-product",
        "seven hundred names, and a CA that permits seven hundred others",
        "Every name is compared with every constraint: half a million comparisons for forty kilobytes. Go \
         (CVE-2025-58187) and GnuTLS (CVE-2025-14831) took minutes for larger ones; rustls-webpki counts to 250,000.",
        "RFC 5280 sections 4.2.1.10 and 6.1.3 (b), (c)",
        &[Reason::NameConstraint, Reason::BudgetExceeded],
        |recipe, _| {
            has_intermediate(recipe, Position::Chain)?;
            let names = certificate_at(recipe, Position::EndEntity)?.alternative_names_mut();
            let mut permitted = vec![GeneralName::Dns("gatecrash.example".into())];
            permitted.extend(names.iter().filter(|name| is_elsewhere(name)).cloned());
            names.extend(
                (0..700).map(|number| GeneralName::Dns(format!("n{number}.gatecrash.example"))),
            );
            constrain(recipe, permitted, Vec::new())
        },
        |recipe, _| {
            let permitted =
                (0..700).map(|number| GeneralName::Dns(format!("n{number}.elsewhere.example")));
            constrain(recipe, permitted.collect(), Vec::new())
        },
    ),
    defect(
        "complexity/excluded-last-of-many",
        "the CA excludes two thousand names, the last of which is the end entity's",
        "A verifier that stops at a limit has to refuse there. One that goes on as if the rest did not exist accepts \
         what the CA above had ruled out.",
        "RFC 5280 sections 4.2.1.10 and 6.1.3 (c)",
        &[Reason::NameConstraint, Reason::BudgetExceeded],
        |recipe, _| {
            has_intermediate(recipe, Position::Chain)?;
            let names = certificate_at(recipe, Position::EndEntity)?.alternative_names_mut();
            if !names.iter().any(|name| matches!(name, GeneralName::Dns(_))) {
                return Err(Unfit("the end entity has no DNS name"));
            }
            constrain(recipe, Vec::new(), two_thousand())
        },
        |recipe, _| {
            let excluded = GeneralName::Dns("gatecrash.example".into());
            constrain(
                recipe,
                Vec::new(),
                [two_thousand(), vec![excluded]].concat(),
            )
        },
    ),
    Defect {
        purposes: &[Purpose::Server],
        ..defect(
            "complexity/giant-alternative-names",
            "two thousand alternative names, none of them the one that is asked for",
            "The names have to be read one after the other, once. Go built its message about the mismatch in quadratic \
             time (CVE-2025-61729), and matched long names before it had looked at any signature (CVE-2026-27145).",
            "RFC 9525 section 6.3",
            &[Reason::NameMismatch, Reason::BudgetExceeded],
            |recipe, _| {
                let names = certificate_at(recipe, Position::EndEntity)?.alternative_names_mut();
                names.splice(0..0, two_thousand());
                Ok(())
            },
            |recipe, _| {
                let names = certificate_at(recipe, Position::EndEntity)?.alternative_names_mut();
                names.truncate(2000);
                Ok(())
            },
        )
    },
    Defect {
        purposes: &[Purpose::Server],
        vulnerabilities: &["CVE-2026-27145"],
        ..defect(
            "complexity/many-names-of-many-labels",
            "a stranger's certificate with two hundred names of a hundred labels, asked for under such a name",
            "Nobody trusts it, and that is the first thing to find out. Go compared every name with the one that was asked for, \
             label by label, before it looked for an issuer, so that anybody could have the work done.",
            "RFC 9525 section 6.3",
            &[
                Reason::BadSignature,
                Reason::UnknownIssuer,
                Reason::BudgetExceeded,
            ],
            |recipe, _| {
                recipe.name = Some(PeerName::Dns(many_labels("host")));
                let names = (0..200).map(|number| many_labels(&format!("n{number}")));
                let names = names.chain([many_labels("host")]).map(GeneralName::Dns);
                *certificate_at(recipe, Position::EndEntity)?.alternative_names_mut() =
                    names.collect();
                Ok(())
            },
            |recipe, _| {
                let issuer = issuer_of(recipe, Position::EndEntity)?;
                let kind = recipe
                    .certificate(&issuer)
                    .map_or(KeyAlgorithm::P256, |issuer| issuer.key.algorithm);
                certificate_at(recipe, Position::EndEntity)?.signing.key =
                    Some(Key::new(kind, "stranger"));
                Ok(())
            },
        )
    },
    Defect {
        purposes: &[Purpose::Server],
        ..defect(
            "complexity/common-name-behind-giant-names",
            "two thousand alternative names of others, and the name that is asked for as the common name",
            "The list of alternative names is too large for a fixed buffer. A verifier that then takes it for absent falls \
             back to the common name, which nobody constrains: GnuTLS before 3.8.13 (CVE-2026-42013).",
            "RFC 9525 sections 2 and 6.3",
            &[Reason::NameMismatch, Reason::BudgetExceeded],
            |recipe, _| {
                let names = certificate_at(recipe, Position::EndEntity)?.alternative_names_mut();
                names.splice(0..0, two_thousand());
                certificate_at(recipe, Position::EndEntity)?.subject =
                    Name::common("service.gatecrash.example");
                Ok(())
            },
            |recipe, _| {
                let names = certificate_at(recipe, Position::EndEntity)?.alternative_names_mut();
                names.truncate(2000);
                Ok(())
            },
        )
    },
    defect(
        "complexity/policy-tree",
        "every CA maps twelve policies to all twelve, and the end entity asserts none of them",
        "The tree of RFC 5280 has twelve times as many nodes at each level. RFC 9618 replaces it by a graph that grows \
         with the product instead. OpenSSL before 2023 built the tree (CVE-2023-0464).",
        "RFC 5280 section 6.1.5 (g); RFC 9618 section 5",
        &[
            Reason::NoValidPolicy,
            Reason::BudgetExceeded,
            Reason::BadPolicy,
        ],
        |recipe, _| {
            let authorities = intermediates(recipe);
            if authorities.len() < 3 {
                return Err(Unfit("the tree needs three CAs to grow"));
            }
            for label in recipe.issuers_of_end_entity() {
                if let Some(certificate) = recipe.certificate_mut(&label) {
                    certificate.set_extension(
                        ExtensionValue::CertificatePolicies(vec![POLICY]).not_critical(),
                    );
                }
            }
            let top = authorities
                .last()
                .and_then(|label| recipe.certificate_mut(label))
                .ok_or(Unfit("there is no CA"))?;
            let constraints = ExtensionValue::PolicyConstraints {
                require_explicit: Some(0),
                inhibit_mapping: None,
            };
            top.set_extension(constraints.critical());
            Ok(())
        },
        |recipe, _| {
            let policies: Vec<Oid> = (0..12).map(numbered_policy).collect();
            let mappings = policies
                .iter()
                .flat_map(|from| policies.iter().map(move |to| (from.clone(), to.clone())));
            let mappings: Vec<_> = mappings.collect();
            for label in intermediates(recipe) {
                if let Some(certificate) = recipe.certificate_mut(&label) {
                    certificate.set_extension(
                        ExtensionValue::CertificatePolicies(policies.clone()).not_critical(),
                    );
                    certificate
                        .set_extension(ExtensionValue::PolicyMappings(mappings.clone()).critical());
                }
            }
            Ok(())
        },
    ),
    defect(
        "complexity/many-extensions",
        "a thousand unknown extensions, the last of them critical",
        "To find an extension twice each is compared with all before it: half a million comparisons, done before any \
         signature. The last one decides, because it is critical.",
        "RFC 5280 section 4.2",
        &[
            Reason::UnknownCriticalExtension,
            Reason::BudgetExceeded,
            Reason::MalformedExtension,
        ],
        |recipe, _| {
            let extensions = (0..999).map(|number| unknown(number).not_critical());
            certificate_at(recipe, Position::EndEntity)?
                .extensions
                .extend(extensions);
            Ok(())
        },
        |recipe, _| {
            certificate_at(recipe, Position::EndEntity)?
                .extensions
                .push(unknown(999).critical());
            Ok(())
        },
    ),
    defect(
        "complexity/many-key-purposes",
        "two thousand purposes, and the one that is asked for is not among them",
        "The list has to be read to its end. A verifier that gives up early and takes what it has not read for \
         permitted lets any certificate be used for anything.",
        "RFC 5280 section 4.2.1.12",
        &[Reason::ExtendedKeyUsage, Reason::BudgetExceeded],
        |recipe, _| purposes(recipe, true),
        |recipe, _| purposes(recipe, false),
    ),
    defect(
        "complexity/many-forged-crls",
        "sixty lists of the issuer's name, none of them signed by it",
        "Lists are fetched from places that others may write to. Each bears the right name and costs a signature to \
         refuse; together they keep the true one from being found.",
        "RFC 5280 section 6.3.3 (g)",
        &[
            Reason::CrlBadSignature,
            Reason::RevocationUnknown,
            Reason::BudgetExceeded,
        ],
        |recipe, _| {
            add_fresh_crls(recipe);
            Ok(())
        },
        |recipe, _| {
            let issuer = issuer_of(recipe, Position::EndEntity)?;
            let mut forged = crl_of(recipe, &issuer)?.clone();
            forged.signing = Signing {
                key: Some(Key::new(KeyAlgorithm::P256, "stranger")),
                ..Signing::default()
            };
            recipe.crls.retain(|list| list.issuer != issuer);
            for number in 0..60_u64 {
                let mut list = forged.clone();
                list.label = Label(format!("crl-forged-{number}"));
                for extension in &mut list.extensions {
                    if let ExtensionValue::CrlNumber(present) = &mut extension.value {
                        *present = number;
                    }
                }
                recipe.crls.push(list.into());
            }
            Ok(())
        },
    ),
];

fn has_intermediate(recipe: &mut Recipe, _: Position) -> Result<(), Unfit> {
    certificate_at(recipe, Position::Intermediate).map(|_| ())
}

/// The CAs between end entity and anchor, from below.
fn intermediates(recipe: &Recipe) -> Vec<Label> {
    let path = recipe.issuers_of_end_entity();
    path.get(1..path.len().saturating_sub(1))
        .unwrap_or_default()
        .to_vec()
}

/// Presents forty certificates in the place of the issuing CA's, self-issued and alike but for what `vary` does.
fn fan(recipe: &mut Recipe, vary: impl Fn(usize, &mut Certificate)) -> Result<(), Unfit> {
    let issuing = certificate_at(recipe, Position::Intermediate)?.clone();
    recipe.presented.retain(|label| *label != issuing.label);
    for number in 0..40 {
        let mut certificate = issuing.clone();
        certificate.label = Label(format!("fan-{number}"));
        certificate.issuer = certificate.label.clone();
        certificate.serial = vec![0x32, number].into();
        certificate.set_extension(
            ExtensionValue::BasicConstraints {
                ca: true,
                path_length: None,
            }
            .critical(),
        );
        vary(usize::from(number), &mut certificate);
        recipe.presented.push(certificate.label.clone());
        recipe.certificates.push(certificate.into());
    }
    Ok(())
}

/// Lets the end entity be issued by the first of seven CAs that certify one another.
fn mesh(recipe: &mut Recipe) -> Result<(), Unfit> {
    const SIZE: u8 = 7;
    let issuing = certificate_at(recipe, Position::Intermediate)?.clone();
    recipe.presented.retain(|label| *label != issuing.label);
    let authority = |of: u8, by: u8| {
        let mut certificate = issuing.clone();
        certificate.label = Label(format!("mesh-{of}-by-{by}"));
        certificate.issuer = Label(format!("mesh-{by}-by-{}", (by + 1) % SIZE));
        certificate.subject = Name::of("Gatecrash Example", &format!("Mesh CA {of}"));
        certificate.key = Key::new(KeyAlgorithm::P256, format!("mesh-{of}"));
        certificate.serial = vec![0x33, of, by].into();
        certificate.set_extension(
            ExtensionValue::BasicConstraints {
                ca: true,
                path_length: None,
            }
            .critical(),
        );
        certificate
    };
    for of in 0..SIZE {
        for by in (0..SIZE).filter(|by| *by != of) {
            let certificate = authority(of, by);
            recipe.presented.push(certificate.label.clone());
            recipe.certificates.push(certificate.into());
        }
    }
    certificate_at(recipe, Position::EndEntity)?.issuer = Label::from("mesh-0-by-1");
    Ok(())
}

/// Puts a hundred and five CAs between the end entity and its issuer.
fn lengthen(recipe: &mut Recipe) -> Result<(), Unfit> {
    let issuing = certificate_at(recipe, Position::Intermediate)?.clone();
    for label in recipe.issuers_of_end_entity().iter().skip(1) {
        // A limit on the length of the path would be a second thing that is wrong.
        if let Some(certificate) = recipe.certificate_mut(label) {
            let unlimited = ExtensionValue::BasicConstraints {
                ca: true,
                path_length: None,
            };
            certificate.set_extension(unlimited.critical());
        }
    }
    let mut issuer = issuing.label.clone();
    for number in 0..105_u8 {
        let mut certificate = issuing.clone();
        certificate.label = Label(format!("link-{number}"));
        certificate.issuer = issuer;
        certificate.subject = Name::common(&format!("Link {number}"));
        certificate.key = Key::new(KeyAlgorithm::P256, format!("link-{number}"));
        certificate.serial = vec![0x34, number].into();
        certificate.extensions = vec![
            ExtensionValue::BasicConstraints {
                ca: true,
                path_length: None,
            }
            .critical(),
            ExtensionValue::KeyUsage(vec![KeyUsageBit::KeyCertSign, KeyUsageBit::CrlSign])
                .critical(),
        ];
        issuer = certificate.label.clone();
        recipe.presented.insert(1, certificate.label.clone());
        recipe.certificates.push(certificate.into());
    }
    recipe.crls.clear();
    certificate_at(recipe, Position::EndEntity)?.issuer = issuer;
    Ok(())
}

/// Whether it is a DNS name of somebody's own, in a chain that is made of a template.
fn is_elsewhere(name: &GeneralName) -> bool {
    matches!(name, GeneralName::Dns(name) if !name.ends_with("gatecrash.example"))
}

/// Constrains the names below the issuing CA.
fn constrain(
    recipe: &mut Recipe,
    permitted: Vec<GeneralName>,
    excluded: Vec<GeneralName>,
) -> Result<(), Unfit> {
    let constraints = ExtensionValue::NameConstraints {
        permitted,
        excluded,
    };
    certificate_at(recipe, Position::Intermediate)?.set_extension(constraints.critical());
    Ok(())
}

fn two_thousand() -> Vec<GeneralName> {
    (0..2000)
        .map(|number| GeneralName::Dns(format!("n{number}.elsewhere.example")))
        .collect()
}

/// A host name of a hundred labels and more, as long as one may be.
fn many_labels(first: &str) -> String {
    format!("{first}.{}gatecrash.example", "a.".repeat(110))
}

/// Two thousand purposes that nobody asks for, and the one that is asked for if `with_own`.
fn purposes(recipe: &mut Recipe, with_own: bool) -> Result<(), Unfit> {
    let own = match recipe.purpose {
        Purpose::Client => oid::CLIENT_AUTH,
        Purpose::Server => oid::SERVER_AUTH,
    };
    let mut purposes: Vec<Oid> = (0..2000).map(private_arc).collect();
    purposes.extend(with_own.then_some(own));
    let usage = ExtensionValue::ExtendedKeyUsage(purposes);
    certificate_at(recipe, Position::EndEntity)?.set_extension(usage.not_critical());
    Ok(())
}

fn unknown(number: u64) -> ExtensionValue {
    ExtensionValue::Raw {
        oid: private_arc(number),
        value: vec![5, 0].into(),
    }
}

/// One of the identifiers below this project's private arc.
fn private_arc(number: u64) -> Oid {
    Oid::from_arcs(&[1, 3, 6, 1, 4, 1, 64_189, 7, number]).expect("the first two arcs are 1.3")
}

fn numbered_policy(number: u64) -> Oid {
    Oid::from_arcs(&[1, 3, 6, 1, 4, 1, 64_189, 8, number]).expect("the first two arcs are 1.3")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bound_is_of_a_defect_of_the_family() {
        for (id, _) in BOUNDS {
            assert!(DEFECTS.iter().any(|defect| defect.id.0 == *id), "{id}");
        }
        assert_eq!(bound(DefectId("validity/expired")), None);
        assert!(DEFECTS.iter().all(|defect| bound(defect.id).is_some()));
    }
}
