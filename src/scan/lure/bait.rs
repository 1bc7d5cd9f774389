//! What a client is shown: every hostile certificate that a server can have,
//! beside its twin, under a name that the client can reach.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use super::{Lie, LureError, Reach};
use crate::{
    case::{Case, Expected, Pair, Role, pair_of},
    defect::{self, Defect, Position, Severity},
    engine::{Engine, reference::Reference},
    mint::Template,
    question::{PeerName, Purpose, Time},
    recipe::{Recipe, generate::Setting},
    spelling::glob_matches,
    verdict::{Clause, Verdict},
};

/// The name that most of the catalogue asks for.
const SERVICE: &str = "service.gatecrash.example";

/// The name that every client reaches.
const LOCALHOST: &str = "localhost";

/// A server that is wrong in its handshake, around a certificate that is as it should be.
#[derive(Debug)]
pub struct HandshakeLie {
    /// `handshake/name`.
    pub id: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// The clause that it violates.
    pub clause: Clause,
    /// How bad it is to trust it.
    pub severity: Severity,
    trick: Trick,
}

/// What a server does beside showing its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trick {
    /// Nothing.
    None,
    /// It signs with a key that is not the certificate's: the certificate is stolen.
    AnotherKey,
    /// Its signature is flipped in one bit.
    FlippedSignature,
    /// Its signature is that of an earlier handshake.
    OldSignature,
}

/// Lies of the handshake.
pub(super) const HANDSHAKE_LIES: &[HandshakeLie] = &[
    HandshakeLie {
        id: "handshake/stolen-certificate",
        summary: "the server signs with a key that is not its certificate's",
        clause: "RFC 8446 section 4.4.3",
        severity: Severity::Critical,
        trick: Trick::AnotherKey,
    },
    HandshakeLie {
        id: "handshake/signature-flipped",
        summary: "one bit of the server's signature is flipped",
        clause: "RFC 8446 section 4.4.3",
        severity: Severity::Critical,
        trick: Trick::FlippedSignature,
    },
    HandshakeLie {
        id: "handshake/signature-of-another-handshake",
        summary: "the server's signature is over another handshake",
        clause: "RFC 8446 section 4.4.3",
        severity: Severity::Critical,
        trick: Trick::OldSignature,
    },
];

/// A hostile server and its twin.
#[derive(Debug)]
pub(super) struct Bait {
    pub(super) id: String,
    pub(super) lie: Lie,
    pub(super) position: Position,
    pub(super) trick: Trick,
    pub(super) hostile: Case,
    pub(super) twin: Case,
    /// The same for twins that a client cannot tell apart.
    pub(super) twin_digest: [u8; 32],
}

/// Everything to show.
#[derive(Debug)]
pub(super) struct Basket {
    /// The plainest benign server.
    pub(super) control: Case,
    pub(super) baits: Vec<Bait>,
    /// Defects that cannot be shown, and why.
    pub(super) passed_over: Vec<(String, String)>,
}

/// Whether a defect can be in a server's certificate.
pub(super) fn is_of_servers(defect: &Defect) -> bool {
    defect.purposes.contains(&Purpose::Server)
}

/// Whether anything that can be shown matches.
pub(super) fn matches_any(glob: &str) -> bool {
    super::ids().any(|id| glob_matches(glob, id))
}

impl Basket {
    /// Mints what is wanted.
    ///
    /// A pair is kept when the reference validator accepts the twin and refuses the hostile chain under the
    /// name that the client will ask for, so that a name that was exchanged never makes a case that lies.
    pub(super) fn fill(
        template: &Template,
        time: Time,
        reach: Reach,
        crls: bool,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Self, LureError> {
        let plain = Setting {
            purpose: Purpose::Server,
            time,
            ..Setting::default()
        };
        let benign = template.recipe(&plain);
        let control = Case::from_recipe(
            template.minter(),
            renamed(&benign, reach),
            "control~twin".into(),
            Expected::Accept,
        )?;
        let judge = Reference::default();
        let shown = |defect, position| {
            let mut problem = String::new();
            for setting in settings(&plain, crls) {
                let shown = pair_of(template, defect, position, &setting, 0)
                    .map_err(|error| error.to_string())
                    .and_then(|pair| reachable(template, pair, reach))
                    .and_then(|pair| fitting(&judge, pair, reach, crls));
                match shown {
                    Ok(pair) => return Ok(pair),
                    Err(why) => problem = why,
                }
            }
            Err(problem)
        };
        let mut baits = Vec::new();
        let mut passed_over = Vec::new();
        for defect in defect::all().filter(|defect| is_of_servers(defect) && wanted(defect.id.0)) {
            for &position in defect.positions {
                match shown(defect, position) {
                    Ok(pair) => baits.push(Bait {
                        id: pair.hostile.id.clone(),
                        lie: Lie::Certificate(defect),
                        position,
                        trick: Trick::None,
                        twin_digest: digest(&pair.twin),
                        hostile: pair.hostile,
                        twin: pair.twin,
                    }),
                    Err(why) => passed_over.push((format!("{}@{position}", defect.id), why)),
                }
            }
        }
        for lie in HANDSHAKE_LIES.iter().filter(|lie| wanted(lie.id)) {
            baits.push(Bait {
                id: format!("{}@{}#0", lie.id, Position::Handshake),
                lie: Lie::Handshake(lie),
                position: Position::Handshake,
                trick: lie.trick,
                hostile: control.clone(),
                twin: control.clone(),
                twin_digest: digest(&control),
            });
        }
        Ok(Self {
            control,
            baits,
            passed_over,
        })
    }

    /// One bait for each twin that a client can tell from the others.
    pub(super) fn twins(&self) -> Vec<&Bait> {
        let mut known = HashSet::new();
        self.baits
            .iter()
            .filter(|bait| known.insert(bait.twin_digest))
            .collect()
    }
}

/// Settings to try, from the plainest on. Without an intermediate a stapled response is all the status that there is.
fn settings(plain: &Setting, crls: bool) -> impl Iterator<Item = Setting> {
    let of = |intermediates, crls| Setting {
        intermediates,
        crls,
        ..plain.clone()
    };
    let first = [of(1, false), of(0, false), of(2, false)];
    let with_crls = [of(1, true), of(2, true)];
    let (purpose, time) = (plain.purpose, plain.time);
    let drawn = (0..16).map(move |number| Setting {
        purpose,
        time,
        ..Setting::numbered(7, number)
    });
    let with_crls = with_crls.into_iter().filter(move |_| crls);
    first.into_iter().chain(with_crls).chain(drawn)
}

/// The pair under a name that the client reaches.
fn reachable(template: &Template, pair: Pair, reach: Reach) -> Result<Pair, String> {
    if reach == Reach::AnyName {
        return Ok(pair);
    }
    let rename = |case: Case| -> Result<Case, String> {
        let recipe = case.recipe.as_ref().ok_or("it has no recipe")?;
        let recipe = renamed(recipe, reach);
        if recipe.name != Some(PeerName::Dns(LOCALHOST.to_owned())) {
            return Err(format!(
                "the name under test is {}, not localhost",
                case.name
                    .as_ref()
                    .map_or_else(|| "none".to_owned(), ToString::to_string)
            ));
        }
        let minted = Case::from_recipe(
            template.minter(),
            recipe,
            case.id.clone(),
            case.expected.clone(),
        )
        .map_err(|error| error.to_string())?;
        Ok(Case {
            defect: case.defect,
            position: case.position,
            ..minted
        })
    };
    Ok(Pair {
        hostile: rename(pair.hostile)?,
        twin: rename(pair.twin)?,
    })
}

/// The recipe with `localhost` in the place of the catalogue's service.
fn renamed(recipe: &Recipe, reach: Reach) -> Recipe {
    if reach == Reach::AnyName {
        return recipe.clone();
    }
    let exchanged = toml::to_string(recipe)
        .ok()
        .and_then(|text| toml::from_str(&text.replace(SERVICE, LOCALHOST)).ok());
    exchanged.unwrap_or_else(|| recipe.clone())
}

/// The pair, where it is one under this name and with what the client is given.
fn fitting(judge: &Reference, pair: Pair, reach: Reach, crls: bool) -> Result<Pair, String> {
    let has_crls = !pair.hostile.crls.is_empty() || !pair.twin.crls.is_empty();
    if has_crls && !crls {
        return Err("the client is given no CRLs".to_owned());
    }
    let verdict = |case: &Case| judge.judge(case).map_err(|error| error.to_string());
    if verdict(&pair.twin)? != Verdict::Accept {
        return Err("its twin cannot go by the name localhost".to_owned());
    }
    if reach == Reach::Localhost && verdict(&pair.hostile)? == Verdict::Accept {
        return Err("it is no defect under the name localhost".to_owned());
    }
    debug_assert_eq!(
        (pair.hostile.role, pair.twin.role),
        (Role::Hostile, Role::Twin)
    );
    Ok(pair)
}

/// A digest of everything that a client sees and is given.
fn digest(case: &Case) -> [u8; 32] {
    let mut digest = Sha256::new();
    let lists = [&case.chain, &case.anchors, &case.crls];
    for der in lists
        .into_iter()
        .flat_map(|list| list.iter().map(Some).chain([None]))
    {
        digest.update(der.map_or(&[][..], |der| der.as_slice()));
        digest.update([u8::from(der.is_some())]);
    }
    digest.update(case.ocsp.as_deref().unwrap_or_default());
    digest.update(format!("{:?}", case.name));
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basket(reach: Reach, glob: &str) -> Basket {
        let now = Time::from_unix_seconds(1_800_000_000);
        Basket::fill(&Template::new(), now, reach, false, |id| {
            glob_matches(glob, id)
        })
        .expect("a basket")
    }

    #[test]
    fn every_bait_for_any_client_is_for_localhost_and_wrong_hosts_are_among_them() {
        let basket = basket(Reach::Localhost, "names/*");
        assert!(
            basket.baits.len() > 20,
            "{} baits: {:?}",
            basket.baits.len(),
            basket.passed_over
        );
        for bait in &basket.baits {
            assert_eq!(
                bait.twin.name,
                Some(PeerName::Dns("localhost".into())),
                "{}",
                bait.id
            );
        }
        assert!(
            basket
                .baits
                .iter()
                .any(|bait| bait.id.starts_with("names/other-host")),
            "{:?}",
            basket.baits.iter().map(|bait| &bait.id).collect::<Vec<_>>()
        );
    }

    #[test]
    fn what_cannot_be_shown_is_named_with_the_reason() {
        let without_crls = basket(Reach::AnyName, "revocation/*");
        assert!(
            without_crls
                .passed_over
                .iter()
                .any(|(id, why)| id.contains("crl") && why.contains("no CRLs"))
        );
        assert!(
            without_crls
                .baits
                .iter()
                .any(|bait| bait.id.starts_with("revocation/ocsp-revoked"))
        );
    }
}
