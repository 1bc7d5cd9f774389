//! *policies*: paths without the policy that is required, and policy extensions that break their rules.
//!
//! A CA that demands an explicit policy makes the check mandatory, whatever the
//! verifier was configured for (RFC 5280 section 6.1.5 (g)).

use super::{Class, Defect, DefectId, Position, Severity, Step, Unfit, certificate_at, label_at};
use crate::{
    der::{Oid, Writer, oid, tag},
    question::Purpose,
    recipe::{Certificate, Extension, ExtensionValue, Label, Recipe},
    verdict::Reason,
};

/// Two policies of the company's own.
const ONE: Oid = Oid::known(&[0x2b, 6, 1, 4, 1, 0x83, 0xfb, 0x3d, 2, 1]);
const TWO: Oid = Oid::known(&[0x2b, 6, 1, 4, 1, 0x83, 0xfb, 0x3d, 2, 2]);

const NONE_VALID: &[Reason] = &[Reason::NoValidPolicy, Reason::BadPolicy];
const BAD: &[Reason] = &[
    Reason::BadPolicy,
    Reason::MalformedExtension,
    Reason::NoValidPolicy,
];

const fn defect(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    [prepare, spoil]: [Step; 2],
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        clause: "RFC 5280 sections 6.1.3 to 6.1.5; RFC 9618 section 5",
        severity: Severity::Medium,
        class: Class::MustReject,
        positions: &[Position::EndEntity],
        purposes: &Purpose::ALL,
        reasons: NONE_VALID,
        vulnerabilities: &[],
        prepare,
        spoil,
    }
}

/// Every certificate below the anchor has the first policy, and the issuer demands an explicit one.
const DEMANDED: Step = |recipe, _| {
    demanded(recipe)?;
    Ok(())
};

fn demanded(recipe: &mut Recipe) -> Result<Label, Unfit> {
    let issuer = label_at(recipe, Position::Intermediate)?;
    let mut path = recipe.issuers_of_end_entity();
    path.pop();
    for label in &path {
        policies(of(recipe, label)?, &[ONE]);
    }
    of(recipe, &issuer)?.set_extension(
        ExtensionValue::PolicyConstraints {
            require_explicit: Some(0),
            inhibit_mapping: None,
        }
        .critical(),
    );
    Ok(issuer)
}

fn of<'r>(recipe: &'r mut Recipe, label: &Label) -> Result<&'r mut Certificate, Unfit> {
    recipe
        .certificate_mut(label)
        .ok_or(Unfit("the certificate is not in the recipe"))
}

fn policies(certificate: &mut Certificate, policies: &[Oid]) {
    certificate
        .set_extension(ExtensionValue::CertificatePolicies(policies.to_vec()).not_critical());
}

fn issuer(recipe: &mut Recipe) -> Result<&mut Certificate, Unfit> {
    certificate_at(recipe, Position::Intermediate)
}

fn end_entity(recipe: &mut Recipe) -> Result<&mut Certificate, Unfit> {
    certificate_at(recipe, Position::EndEntity)
}

/// The CA above the issuer, below the anchor.
fn upper(recipe: &mut Recipe) -> Result<&mut Certificate, Unfit> {
    let path = recipe.issuers_of_end_entity();
    if path.len() < 4 {
        return Err(Unfit("the chain has no second intermediate"));
    }
    let label = path[2].clone();
    of(recipe, &label)
}

/// One policy, with a qualifier of 1.3.6.1.4.1.64957.4 whose value is NULL.
fn qualified(policy: &Oid) -> ExtensionValue {
    const QUALIFIER: Oid = Oid::known(&[0x2b, 6, 1, 4, 1, 0x83, 0xfb, 0x3d, 4]);
    let mut w = Writer::new();
    w.sequence(|w| {
        w.sequence(|w| {
            w.oid(policy);
            w.sequence(|w| {
                w.sequence(|w| {
                    w.oid(&QUALIFIER);
                    w.element(tag::NULL, &[]);
                });
            });
        });
    });
    ExtensionValue::Raw {
        oid: oid::CERTIFICATE_POLICIES,
        value: w.into_bytes().into(),
    }
}

fn mapped(from: Oid, to: Oid) -> Extension {
    ExtensionValue::PolicyMappings(vec![(from, to)]).critical()
}

/// The family.
pub(super) const DEFECTS: &[Defect] = &[
    defect(
        "policies/none-where-explicit",
        "an end entity without policies below a CA that demands one",
        "The CA says that from here on each certificate must have a policy that is valid for the whole path. A verifier that \
         ignores policies, as rustls-webpki does on purpose, must at least know that it does.",
        [DEMANDED, |recipe, _| {
            end_entity(recipe)?.remove_extension(&oid::CERTIFICATE_POLICIES);
            Ok(())
        }],
    ),
    defect(
        "policies/other-where-explicit",
        "an end entity with another policy than its issuer has",
        "Policies are intersected along the path. The end entity's is not among those of its issuer, so none is valid. \
         An issuer with one policy cannot give its end entities another, or every policy would be in everybody's gift.",
        [DEMANDED, |recipe, _| {
            policies(end_entity(recipe)?, &[TWO]);
            Ok(())
        }],
    ),
    Defect {
        positions: &[Position::Intermediate],
        ..defect(
            "policies/issuer-without-policy",
            "an issuer without policies above an end entity that has one",
            "The issuer has none, so nothing below it has a valid one, whatever it asserts. A verifier that looks at the end entity \
             alone is told what it likes to hear.",
            [DEMANDED, |recipe, _| {
                issuer(recipe)?.remove_extension(&oid::CERTIFICATE_POLICIES);
                Ok(())
            }],
        )
    },
    defect(
        "policies/any-inhibited",
        "anyPolicy in an end entity where it is inhibited",
        "inhibitAnyPolicy takes from anyPolicy its power to stand for all. A verifier that does not know the extension, though it \
         is critical, takes it for a valid policy.",
        [
            |recipe, _| {
                demanded(recipe)?;
                issuer(recipe)?.set_extension(ExtensionValue::InhibitAnyPolicy(0).critical());
                Ok(())
            },
            |recipe, _| {
                policies(end_entity(recipe)?, &[oid::ANY_POLICY]);
                Ok(())
            },
        ],
    ),
    defect(
        "policies/explicit-after-one",
        "an end entity without policies, one certificate after the demand comes into force",
        "requireExplicitPolicy counts certificates down to zero. Here the demand comes from two levels up with a count of one, and \
         it is in force at the end entity.",
        [
            |recipe, _| {
                demanded(recipe)?;
                issuer(recipe)?.remove_extension(&oid::POLICY_CONSTRAINTS);
                upper(recipe)?.set_extension(
                    ExtensionValue::PolicyConstraints {
                        require_explicit: Some(1),
                        inhibit_mapping: None,
                    }
                    .critical(),
                );
                Ok(())
            },
            |recipe, _| {
                end_entity(recipe)?.remove_extension(&oid::CERTIFICATE_POLICIES);
                Ok(())
            },
        ],
    ),
    defect(
        "policies/mapping-inhibited",
        "a policy that comes of a mapping which a CA above has inhibited",
        "The issuer maps its policy to another, and the CA above it has forbidden mappings. Only a verifier that carries the \
         inhibition down the path sees it.",
        [
            |recipe, _| {
                demanded(recipe)?;
                upper(recipe)?;
                issuer(recipe)?.set_extension(mapped(ONE, TWO));
                policies(end_entity(recipe)?, &[TWO]);
                Ok(())
            },
            |recipe, _| {
                upper(recipe)?.set_extension(
                    ExtensionValue::PolicyConstraints {
                        require_explicit: Some(0),
                        inhibit_mapping: Some(0),
                    }
                    .critical(),
                );
                Ok(())
            },
        ],
    ),
    defect(
        "policies/unmapped-policy",
        "the policy from which the issuer has mapped away",
        "After a mapping the old policy counts no more below: the issuer says which of its policies the subject's stand for. A \
         verifier that adds mappings instead of replacing leaves both valid.",
        [
            |recipe, _| {
                demanded(recipe)?;
                issuer(recipe)?.set_extension(mapped(ONE, TWO));
                policies(end_entity(recipe)?, &[TWO]);
                Ok(())
            },
            |recipe, _| {
                policies(end_entity(recipe)?, &[ONE]);
                Ok(())
            },
        ],
    ),
    Defect {
        clause: "RFC 5280 sections 4.2.1.5 and 6.1.4 (a)",
        positions: &[Position::Intermediate],
        reasons: BAD,
        ..defect(
            "policies/mapping-from-any",
            "a mapping from anyPolicy",
            "Mapping from anyPolicy would make every policy into one of the issuer's choice. RFC 5280 has the verifier look for it \
             and refuse.",
            [DEMANDED, |recipe, _| {
                issuer(recipe)?.set_extension(mapped(oid::ANY_POLICY, ONE));
                Ok(())
            }],
        )
    },
    Defect {
        clause: "RFC 5280 sections 4.2.1.5 and 6.1.4 (a)",
        positions: &[Position::Intermediate],
        reasons: BAD,
        ..defect(
            "policies/mapping-to-any",
            "a mapping to anyPolicy",
            "The subject could assert any policy at all and it would stand for the issuer's. RFC 5280 forbids both \
             directions. A verifier that maps as it is told lets a CA below sell the strictest policy of the CA \
             above.",
            [DEMANDED, |recipe, _| {
                issuer(recipe)?.set_extension(mapped(ONE, oid::ANY_POLICY));
                Ok(())
            }],
        )
    },
    Defect {
        clause: "RFC 5280 section 4.2.1.4",
        reasons: BAD,
        vulnerabilities: &["CVE-2023-0465"],
        ..defect(
            "policies/twice",
            "one policy twice in the end entity",
            "A policy must not stand twice. OpenSSL noticed, called the extension invalid, and then skipped the whole policy check \
             for the end entity.",
            [DEMANDED, |recipe, _| {
                policies(end_entity(recipe)?, &[ONE, ONE]);
                Ok(())
            }],
        )
    },
    Defect {
        clause: "RFC 5280 section 4.2.1.4",
        reasons: &[
            Reason::MalformedExtension,
            Reason::BadPolicy,
            Reason::NoValidPolicy,
            Reason::MalformedDer,
        ],
        ..defect(
            "policies/empty",
            "a list of policies that is empty",
            "The sequence must have one member. Empty, it is either no policy or no extension, and the two differ. \
         Under a requirement of explicit policies one reading is refused and the other is not.",
            [DEMANDED, |recipe, _| {
                policies(end_entity(recipe)?, &[]);
                Ok(())
            }],
        )
    },
    Defect {
        clause: "RFC 5280 section 4.2.1.11",
        class: Class::Lint,
        severity: Severity::Low,
        positions: &[Position::Intermediate],
        reasons: &[
            Reason::MalformedExtension,
            Reason::BadPolicy,
            Reason::MalformedDer,
        ],
        ..defect(
            "policies/constraints-empty",
            "policy constraints without any field",
            "An empty sequence constrains nothing and looks as if it did. CAs must not issue it. \
         An auditor reads that policies are constrained, and a verifier does nothing.",
            [
                |recipe, _| {
                    demanded(recipe)?;
                    Ok(())
                },
                |recipe, _| {
                    issuer(recipe)?.set_extension(
                        ExtensionValue::PolicyConstraints {
                            require_explicit: None,
                            inhibit_mapping: None,
                        }
                        .critical(),
                    );
                    Ok(())
                },
            ],
        )
    },
    Defect {
        clause: "RFC 5280 section 4.2.1.11",
        class: Class::Lint,
        severity: Severity::Low,
        positions: &[Position::Intermediate],
        reasons: &[Reason::WrongCriticality],
        ..defect(
            "policies/constraints-not-critical",
            "policy constraints that are not critical",
            "A verifier that does not know them may skip what is not critical, and the demand is void. RFC 5280 has CAs mark them.",
            [DEMANDED, |recipe, _| {
                let constraints = issuer(recipe)?
                    .extension_mut(&oid::POLICY_CONSTRAINTS)
                    .ok_or(Unfit("the issuer has no policy constraints"))?;
                constraints.critical = false;
                Ok(())
            }],
        )
    },
    Defect {
        clause: "RFC 5280 section 4.2.1.14",
        class: Class::Lint,
        severity: Severity::Low,
        positions: &[Position::Intermediate],
        reasons: &[Reason::WrongCriticality],
        ..defect(
            "policies/inhibit-any-not-critical",
            "inhibitAnyPolicy that is not critical",
            "CAs must mark inhibitAnyPolicy critical. Skipped by a verifier that does not know it, it leaves anyPolicy its full power.",
            [
                |recipe, _| {
                    issuer(recipe)?.set_extension(ExtensionValue::InhibitAnyPolicy(0).critical());
                    Ok(())
                },
                |recipe, _| {
                    issuer(recipe)?
                        .set_extension(ExtensionValue::InhibitAnyPolicy(0).not_critical());
                    Ok(())
                },
            ],
        )
    },
    Defect {
        clause: "RFC 5280 section 4.2.1.4",
        positions: &[Position::EndEntity, Position::Intermediate],
        reasons: &[
            Reason::UnknownCriticalExtension,
            Reason::BadPolicy,
            Reason::MalformedExtension,
        ],
        ..defect(
            "policies/unknown-qualifier-critical",
            "policies that are critical, with a qualifier that nobody knows",
            "Critical policies must be understood with their qualifiers, or the certificate refused: a qualifier may say for \
             what amount or in which court the policy holds. A verifier that reads the identifiers and steps over the \
             rest has not read what was marked. In the twin the same policies are not critical.",
            [
                |recipe, position| {
                    let policies = qualified(&ONE).not_critical();
                    certificate_at(recipe, position)?.set_extension(policies);
                    Ok(())
                },
                |recipe, position| {
                    let policies = qualified(&ONE).critical();
                    certificate_at(recipe, position)?.set_extension(policies);
                    Ok(())
                },
            ],
        )
    },
    Defect {
        clause: "RFC 5280 section 4.2.1.4",
        class: Class::Lint,
        severity: Severity::Low,
        reasons: &[Reason::BadPolicy, Reason::MalformedExtension],
        ..defect(
            "policies/unknown-qualifier-of-any",
            "anyPolicy with a qualifier that nobody knows",
            "A qualifier of anyPolicy is one of every policy that it stands for. RFC 5280 allows it the two that it defines, \
             a pointer and a notice, since no other could hold for policies of which its author knew nothing.",
            [
                |recipe, _| {
                    end_entity(recipe)?.set_extension(qualified(&ONE).not_critical());
                    Ok(())
                },
                |recipe, _| {
                    end_entity(recipe)?.set_extension(qualified(&oid::ANY_POLICY).not_critical());
                    Ok(())
                },
            ],
        )
    },
    Defect {
        severity: Severity::High,
        reasons: &[
            Reason::NoValidPolicy,
            Reason::BudgetExceeded,
            Reason::BadPolicy,
        ],
        vulnerabilities: &["CVE-2023-0464"],
        ..defect(
            "policies/exponential",
            "forty policies, each mapped to all of them, at two levels, and a foreign one at the end",
            "Kept as a tree, as RFC 5280 describes it, the policies of each level multiply: OpenSSL's tree grew until memory or \
             patience ended. RFC 9618 keeps a graph. The answer must be no, and must come soon.",
            [
                |recipe, _| {
                    demanded(recipe)?;
                    upper(recipe)?;
                    Ok(())
                },
                |recipe, _| {
                    let many: Vec<Oid> = (1..=40).filter_map(numbered).collect();
                    let all_to_all = many
                        .iter()
                        .flat_map(|from| many.iter().map(|to| (from.clone(), to.clone())))
                        .collect();
                    let mappings = ExtensionValue::PolicyMappings(all_to_all).critical();
                    for certificate in [upper, issuer] {
                        let certificate = certificate(recipe)?;
                        policies(certificate, &many);
                        certificate.set_extension(mappings.clone());
                    }
                    policies(end_entity(recipe)?, &[TWO]);
                    Ok(())
                },
            ],
        )
    },
];

fn numbered(number: u64) -> Option<Oid> {
    Oid::from_arcs(&[1, 3, 6, 1, 4, 1, 64_957, 3, number])
}
