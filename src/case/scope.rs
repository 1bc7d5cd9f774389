//! Scopes: every chain that a few dials can make, each turned to every notch.
//!
//! The catalogue samples a wide space; a scope is a small one that is looked at
//! whole, so that "they do not differ" is a statement about all of it. Nobody
//! knows the right answer to most of these chains, so none is expected.

use super::{Case, Expected};
use crate::{
    der::{Oid, oid},
    mint::{MintError, Minter},
    question::Purpose,
    recipe::{
        Certificate, ExtensionValue, GeneralName, KeyUsageBit, Label, Recipe, Revoked,
        generate::{Setting, fresh_crl},
    },
};

/// A bounded set of chains.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// Its name.
    pub name: &'static str,
    /// What is varied, in one line.
    pub summary: &'static str,
    /// How many intermediates the chain has.
    intermediates: u8,
    dials: &'static [Dial],
}

/// One thing that is varied.
#[derive(Clone, Copy, Debug)]
struct Dial {
    name: &'static str,
    notches: &'static [Notch],
}

/// A word for the id, and the change of the recipe.
type Notch = (&'static str, fn(&mut Recipe));

/// Every scope.
pub const SCOPES: &[Scope] = &[
    Scope {
        name: "usage",
        summary: "basic constraints, key usage and extended key usage of issuer and end entity",
        intermediates: 1,
        dials: &[
            Dial {
                name: "issuer-ca",
                notches: &[
                    ("true", keep),
                    ("zero", |r| basic(r, ISSUER, true, Some(0))),
                    ("false", |r| basic(r, ISSUER, false, None)),
                    ("absent", |r| without(r, ISSUER, &oid::BASIC_CONSTRAINTS)),
                ],
            },
            Dial {
                name: "issuer-usage",
                notches: &[
                    ("sign", |r| usage(r, ISSUER, &[KeyUsageBit::KeyCertSign])),
                    ("other", |r| {
                        usage(r, ISSUER, &[KeyUsageBit::DigitalSignature])
                    }),
                    ("absent", |r| without(r, ISSUER, &oid::KEY_USAGE)),
                ],
            },
            Dial {
                name: "issuer-purpose",
                notches: &[
                    ("absent", keep),
                    ("right", |r| purposes(r, ISSUER, &[oid::CLIENT_AUTH])),
                    ("any", |r| {
                        purposes(r, ISSUER, &[oid::ANY_EXTENDED_KEY_USAGE])
                    }),
                    ("other", |r| purposes(r, ISSUER, &[oid::CODE_SIGNING])),
                ],
            },
            Dial {
                name: "ca",
                notches: &[
                    ("absent", |r| {
                        without(r, END_ENTITY, &oid::BASIC_CONSTRAINTS)
                    }),
                    ("false", |r| basic(r, END_ENTITY, false, None)),
                    ("true", |r| basic(r, END_ENTITY, true, None)),
                ],
            },
            Dial {
                name: "usage",
                notches: &[
                    ("signature", |r| {
                        usage(r, END_ENTITY, &[KeyUsageBit::DigitalSignature])
                    }),
                    ("agreement", |r| {
                        usage(r, END_ENTITY, &[KeyUsageBit::KeyAgreement])
                    }),
                    ("sign", |r| {
                        usage(r, END_ENTITY, &[KeyUsageBit::KeyCertSign])
                    }),
                    ("absent", |r| without(r, END_ENTITY, &oid::KEY_USAGE)),
                ],
            },
            Dial {
                name: "purpose",
                notches: &[
                    ("right", |r| purposes(r, END_ENTITY, &[oid::CLIENT_AUTH])),
                    ("any", |r| {
                        purposes(r, END_ENTITY, &[oid::ANY_EXTENDED_KEY_USAGE])
                    }),
                    ("other", |r| purposes(r, END_ENTITY, &[oid::SERVER_AUTH])),
                    ("absent", |r| {
                        without(r, END_ENTITY, &oid::EXTENDED_KEY_USAGE)
                    }),
                ],
            },
        ],
    },
    Scope {
        name: "validity",
        summary: "the period of validity of anchor, issuer and end entity against now",
        intermediates: 1,
        dials: &[
            Dial {
                name: "end-entity",
                notches: &[
                    ("around", keep),
                    ("past", |r| period(r, END_ENTITY, -20, -10)),
                    ("future", |r| period(r, END_ENTITY, 10, 20)),
                    ("reversed", |r| period(r, END_ENTITY, 10, -10)),
                    ("ends-now", |r| period(r, END_ENTITY, -10, 0)),
                    ("starts-now", |r| period(r, END_ENTITY, 0, 10)),
                ],
            },
            Dial {
                name: "issuer",
                notches: &[
                    ("around", keep),
                    ("past", |r| period(r, ISSUER, -20, -10)),
                    ("future", |r| period(r, ISSUER, 10, 20)),
                    ("reversed", |r| period(r, ISSUER, 10, -10)),
                    ("ends-now", |r| period(r, ISSUER, -10, 0)),
                    ("starts-now", |r| period(r, ISSUER, 0, 10)),
                ],
            },
            Dial {
                name: "anchor",
                notches: &[
                    ("around", keep),
                    ("past", |r| period(r, ANCHOR, -20, -10)),
                    ("future", |r| period(r, ANCHOR, 10, 20)),
                    ("reversed", |r| period(r, ANCHOR, 10, -10)),
                ],
            },
        ],
    },
    Scope {
        name: "length",
        summary: "path length constraints at three levels, with and without a self-issued CA",
        intermediates: 2,
        dials: &[
            Dial {
                name: "anchor",
                notches: &[
                    ("none", keep),
                    ("0", |r| basic(r, ANCHOR, true, Some(0))),
                    ("1", |r| basic(r, ANCHOR, true, Some(1))),
                    ("2", |r| basic(r, ANCHOR, true, Some(2))),
                ],
            },
            Dial {
                name: "upper",
                notches: &[
                    ("none", keep),
                    ("0", |r| basic(r, ISSUER, true, Some(0))),
                    ("1", |r| basic(r, ISSUER, true, Some(1))),
                    ("2", |r| basic(r, ISSUER, true, Some(2))),
                ],
            },
            Dial {
                name: "lower",
                notches: &[
                    ("none", keep),
                    ("0", |r| basic(r, SECOND, true, Some(0))),
                    ("1", |r| basic(r, SECOND, true, Some(1))),
                ],
            },
            Dial {
                name: "lower-self-issued",
                notches: &[("no", keep), ("yes", self_issued)],
            },
        ],
    },
    Scope {
        name: "names",
        summary: "permitted and excluded DNS subtrees against one DNS name",
        intermediates: 1,
        dials: &[
            Dial {
                name: "permitted",
                notches: &[
                    ("none", keep),
                    ("a.example", |r| permit(r, "a.example")),
                    ("A.EXAMPLE", |r| permit(r, "A.EXAMPLE")),
                    (".a.example", |r| permit(r, ".a.example")),
                    ("b.a.example", |r| permit(r, "b.a.example")),
                    ("example", |r| permit(r, "example")),
                    ("empty", |r| permit(r, "")),
                ],
            },
            Dial {
                name: "excluded",
                notches: &[
                    ("none", keep),
                    ("a.example", |r| exclude(r, "a.example")),
                    ("A.EXAMPLE", |r| exclude(r, "A.EXAMPLE")),
                    (".a.example", |r| exclude(r, ".a.example")),
                    ("b.a.example", |r| exclude(r, "b.a.example")),
                    ("example", |r| exclude(r, "example")),
                    ("empty", |r| exclude(r, "")),
                ],
            },
            Dial {
                name: "name",
                notches: &[
                    ("a.example", |r| name(r, "a.example")),
                    ("b.a.example", |r| name(r, "b.a.example")),
                    ("B.A.EXAMPLE", |r| name(r, "B.A.EXAMPLE")),
                    ("xa.example", |r| name(r, "xa.example")),
                    ("*.a.example", |r| name(r, "*.a.example")),
                    ("*.example", |r| name(r, "*.example")),
                    ("example", |r| name(r, "example")),
                ],
            },
        ],
    },
    Scope {
        name: "graph",
        summary: "who issued whom among two CAs and an anchor, and which of them is presented",
        intermediates: 2,
        dials: &[
            Dial {
                name: "end-entity-by",
                notches: &[
                    ("second", keep),
                    ("first", |r| issued(r, END_ENTITY, ISSUER)),
                    ("anchor", |r| issued(r, END_ENTITY, ANCHOR)),
                    ("itself", |r| issued(r, END_ENTITY, END_ENTITY)),
                ],
            },
            Dial {
                name: "second-by",
                notches: &[
                    ("first", keep),
                    ("anchor", |r| issued(r, SECOND, ANCHOR)),
                    ("itself", |r| issued(r, SECOND, SECOND)),
                    ("end-entity", |r| issued(r, SECOND, END_ENTITY)),
                ],
            },
            Dial {
                name: "first-by",
                notches: &[
                    ("anchor", keep),
                    ("second", |r| issued(r, ISSUER, SECOND)),
                    ("itself", |r| issued(r, ISSUER, ISSUER)),
                    ("end-entity", |r| issued(r, ISSUER, END_ENTITY)),
                ],
            },
            Dial {
                name: "presented",
                notches: &[
                    ("both", keep),
                    ("reversed", |r| r.presented[1..].reverse()),
                    ("first", |r| {
                        r.presented.retain(|label| *label != Label::from(SECOND))
                    }),
                    ("second", |r| {
                        r.presented.retain(|label| *label != Label::from(ISSUER))
                    }),
                    ("none", |r| r.presented.truncate(1)),
                ],
            },
        ],
    },
    Scope {
        name: "revocation",
        summary: "two revocation lists of the issuer in either order, and where the certificate points",
        intermediates: 1,
        dials: &[
            Dial {
                name: "first",
                notches: &[
                    ("clean", |r| list(r, &[])),
                    ("names", |r| list(r, &[List::Names])),
                    ("expired", |r| list(r, &[List::Expired])),
                    ("names-expired", |r| list(r, &[List::Names, List::Expired])),
                    ("part", |r| list(r, &[List::Part])),
                    ("names-part", |r| list(r, &[List::Names, List::Part])),
                    ("forged", |r| list(r, &[List::Forged])),
                ],
            },
            Dial {
                name: "second",
                notches: &[
                    ("none", keep),
                    ("clean", |r| list(r, &[])),
                    ("names", |r| list(r, &[List::Names])),
                    ("expired", |r| list(r, &[List::Expired])),
                    ("names-expired", |r| list(r, &[List::Names, List::Expired])),
                    ("part", |r| list(r, &[List::Part])),
                    ("names-part", |r| list(r, &[List::Names, List::Part])),
                    ("forged", |r| list(r, &[List::Forged])),
                ],
            },
            Dial {
                name: "points-to",
                notches: &[
                    ("nothing", keep),
                    ("part", |r| point(r, PART)),
                    ("another", |r| {
                        point(r, "http://crl.gatecrash.example/other.crl")
                    }),
                ],
            },
        ],
    },
];

/// The scope of this name.
pub fn scope(name: &str) -> Option<&'static Scope> {
    SCOPES.iter().find(|scope| scope.name == name)
}

impl Scope {
    /// How many chains it holds.
    pub fn size(&self) -> usize {
        self.dials.iter().map(|dial| dial.notches.len()).product()
    }

    /// Every chain, minted. The id of each says where its dials stand: `scope/dial=notch,…`.
    pub fn cases<'m>(
        &'m self,
        minter: &'m Minter,
    ) -> impl Iterator<Item = Result<Case, MintError>> + 'm {
        (0..self.size()).map(|number| {
            let (recipe, id) = self.chain(number);
            // What is expected is not looked at.
            Case::from_recipe(minter, recipe, id, Expected::Accept)
        })
    }

    fn chain(&self, mut number: usize) -> (Recipe, String) {
        let setting = Setting {
            purpose: Purpose::Client,
            intermediates: self.intermediates,
            ..Setting::default()
        };
        let mut recipe = setting.recipe();
        let mut words = Vec::new();
        for dial in self.dials {
            let (word, turn) = dial.notches[number % dial.notches.len()];
            number /= dial.notches.len();
            turn(&mut recipe);
            words.push(format!("{}={word}", dial.name));
        }
        (recipe, format!("{}/{}", self.name, words.join(",")))
    }
}

const END_ENTITY: &str = "end-entity";
/// The CA below the anchor, which is the end entity's issuer where there is one CA.
const ISSUER: &str = "intermediate-1";
const SECOND: &str = "intermediate-2";
const ANCHOR: &str = "anchor";
const PART: &str = "http://crl.gatecrash.example/part.crl";

fn keep(_: &mut Recipe) {}

fn with(recipe: &mut Recipe, label: &str, change: impl FnOnce(&mut Certificate)) {
    if let Some(certificate) = recipe.certificate_mut(&Label::from(label)) {
        change(certificate);
    }
}

fn basic(recipe: &mut Recipe, label: &str, ca: bool, path_length: Option<u64>) {
    let value = ExtensionValue::BasicConstraints { ca, path_length };
    with(recipe, label, |certificate| {
        certificate.set_extension(value.critical());
    });
}

fn usage(recipe: &mut Recipe, label: &str, bits: &[KeyUsageBit]) {
    let value = ExtensionValue::KeyUsage(bits.to_vec());
    with(recipe, label, |certificate| {
        certificate.set_extension(value.critical());
    });
}

fn purposes(recipe: &mut Recipe, label: &str, purposes: &[Oid]) {
    let value = ExtensionValue::ExtendedKeyUsage(purposes.to_vec());
    with(recipe, label, |certificate| {
        certificate.set_extension(value.not_critical());
    });
}

fn without(recipe: &mut Recipe, label: &str, oid: &Oid) {
    with(recipe, label, |certificate| {
        certificate.remove_extension(oid);
    });
}

/// Days from now, negative in the past.
fn period(recipe: &mut Recipe, label: &str, start: i64, end: i64) {
    let now = recipe.time;
    with(recipe, label, |certificate| {
        certificate.not_before = now.plus_days(start).into();
        certificate.not_after = now.plus_days(end).into();
    });
}

fn issued(recipe: &mut Recipe, label: &str, issuer: &str) {
    with(recipe, label, |certificate| {
        certificate.issuer = Label::from(issuer);
    });
}

fn self_issued(recipe: &mut Recipe) {
    let upper = recipe.certificate(&Label::from(ISSUER));
    if let Some(subject) = upper.map(|upper| upper.subject.clone()) {
        with(recipe, SECOND, |certificate| certificate.subject = subject);
    }
}

fn permit(recipe: &mut Recipe, base: &str) {
    constrain(recipe, |permitted, _| {
        permitted.push(GeneralName::Dns(base.to_owned()))
    });
}

fn exclude(recipe: &mut Recipe, base: &str) {
    constrain(recipe, |_, excluded| {
        excluded.push(GeneralName::Dns(base.to_owned()))
    });
}

fn constrain(recipe: &mut Recipe, add: impl FnOnce(&mut Vec<GeneralName>, &mut Vec<GeneralName>)) {
    with(recipe, ISSUER, |certificate| {
        let there = certificate.extension_mut(&oid::NAME_CONSTRAINTS);
        if let Some(ExtensionValue::NameConstraints {
            permitted,
            excluded,
        }) = there.map(|extension| &mut extension.value)
        {
            add(permitted, excluded);
            return;
        }
        let (mut permitted, mut excluded) = (Vec::new(), Vec::new());
        add(&mut permitted, &mut excluded);
        let value = ExtensionValue::NameConstraints {
            permitted,
            excluded,
        };
        certificate.set_extension(value.critical());
    });
}

fn name(recipe: &mut Recipe, name: &str) {
    let value = ExtensionValue::SubjectAlternativeName(vec![GeneralName::Dns(name.to_owned())]);
    with(recipe, END_ENTITY, |certificate| {
        certificate.set_extension(value.not_critical());
    });
}

/// What a revocation list of the issuer is, beside fresh and complete.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Names,
    Expired,
    Part,
    Forged,
}

fn list(recipe: &mut Recipe, traits: &[List]) {
    let issuer = Label::from(ISSUER);
    let mut crl = fresh_crl(recipe, &issuer);
    crl.label = Label(format!("crl-{}", recipe.crls.len()));
    let serial = recipe
        .certificate(&Label::from(END_ENTITY))
        .map(|certificate| certificate.serial.clone());
    for kind in traits {
        match kind {
            List::Names => {
                crl.revoked.extend(serial.clone().map(|serial| Revoked {
                    serial,
                    date: recipe.time.plus_days(-3).into(),
                    extensions: Vec::new(),
                }));
            }
            List::Expired => crl.next_update = Some(recipe.time.plus_days(-1).into()),
            List::Part => crl.extensions.push(
                ExtensionValue::IssuingDistributionPoint {
                    uri: Some(PART.to_owned()),
                    only_user: false,
                    only_ca: false,
                    only_attribute: false,
                    only_some_reasons: Vec::new(),
                    indirect: false,
                }
                .critical(),
            ),
            List::Forged => {
                crl.signing.key = recipe
                    .certificate(&Label::from(END_ENTITY))
                    .map(|certificate| certificate.key.clone());
            }
        }
    }
    if !recipe
        .crls
        .iter()
        .any(|crl| crl.issuer == Label::from(ANCHOR))
    {
        let above = fresh_crl(recipe, &Label::from(ANCHOR));
        recipe.crls.push(above.into());
    }
    recipe.crls.push(crl.into());
}

fn point(recipe: &mut Recipe, uri: &str) {
    let points = ExtensionValue::CrlDistributionPoints(vec![uri.to_owned()]);
    with(recipe, END_ENTITY, |certificate| {
        certificate.set_extension(points.not_critical());
    });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_chain_of_every_scope_can_be_minted_and_has_an_id_of_its_own() {
        let minter = Minter::toy();
        for scope in SCOPES {
            let ids: BTreeSet<String> = scope
                .cases(&minter)
                .map(|case| case.expect(scope.name).id)
                .collect();
            assert_eq!(ids.len(), scope.size(), "{}", scope.name);
        }
    }

    #[test]
    fn a_dial_changes_the_chain_at_every_notch() {
        for scope in SCOPES {
            let recipes: BTreeSet<String> = (0..scope.dials[0].notches.len())
                .map(|number| format!("{:?}", scope.chain(number).0))
                .collect();
            assert_eq!(
                recipes.len(),
                scope.dials[0].notches.len(),
                "{}",
                scope.name
            );
        }
    }
}
