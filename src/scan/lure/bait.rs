//! What a client is shown: every hostile certificate that a server can have,
//! beside its twin, under a name that the client can reach.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use super::{super::certificate::is_fleeting, Lie, LureError, Reach, downgrade::Flight};
use crate::{
    case::{Case, Expected, Pair, Role, pair_of},
    defect::{self, Defect, Position, Severity},
    engine::{Engine, reference::Reference},
    mint::Template,
    question::{PeerName, Purpose, Time},
    recipe::{KeyAlgorithm, Recipe, generate::Setting},
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
    /// Why it matters.
    pub why: &'static str,
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
    /// It is of another age.
    Flight(Flight),
}

const PROOF: &str = "A certificate is public, and the signature of the handshake is the proof that its holder has the key. Whoever takes another one talks to anybody.";

const OLD: &str = "Old versions stand on MD5 and SHA-1 and on padding that leaks. Whoever can push a client down to one reads what it sends.";

/// A server of another age.
const fn of_old(
    id: &'static str,
    summary: &'static str,
    clause: Clause,
    severity: Severity,
    (version, suite, is_downgrade): (u16, u16, bool),
    why: &'static str,
) -> HandshakeLie {
    HandshakeLie {
        id,
        summary,
        clause,
        severity,
        why,
        trick: Trick::Flight(Flight {
            version,
            suite,
            is_downgrade,
        }),
    }
}

/// TLS_RSA_WITH_AES_128_CBC_SHA, the one suite that every version before TLS 1.3 has.
const EVERY_AGE: u16 = 0x002f;

/// TLS_RSA_WITH_AES_128_GCM_SHA256
const SOUND_CIPHER: u16 = 0x009c;

/// Lies of the handshake.
pub(super) const HANDSHAKE_LIES: &[HandshakeLie] = &[
    HandshakeLie {
        id: "handshake/stolen-certificate",
        summary: "the server signs with a key that is not its certificate's",
        clause: "RFC 8446 section 4.4.3",
        severity: Severity::Critical,
        why: PROOF,
        trick: Trick::AnotherKey,
    },
    HandshakeLie {
        id: "handshake/signature-flipped",
        summary: "one bit of the server's signature is flipped",
        clause: "RFC 8446 section 4.4.3",
        severity: Severity::Critical,
        why: PROOF,
        trick: Trick::FlippedSignature,
    },
    HandshakeLie {
        id: "handshake/signature-of-another-handshake",
        summary: "the server's signature is over another handshake",
        clause: "RFC 8446 section 4.4.3",
        severity: Severity::Critical,
        why: PROOF,
        trick: Trick::OldSignature,
    },
    of_old(
        "handshake/ssl-3.0",
        "the server speaks SSL 3.0 and nothing newer",
        "RFC 7568",
        Severity::High,
        (0x0300, EVERY_AGE, false),
        OLD,
    ),
    of_old(
        "handshake/tls-1.0",
        "the server speaks TLS 1.0 and nothing newer",
        "RFC 8996",
        Severity::High,
        (0x0301, EVERY_AGE, false),
        OLD,
    ),
    of_old(
        "handshake/tls-1.1",
        "the server speaks TLS 1.1 and nothing newer",
        "RFC 8996",
        Severity::High,
        (0x0302, EVERY_AGE, false),
        OLD,
    ),
    of_old(
        "handshake/downgrade",
        "a server that speaks TLS 1.3 answers with TLS 1.2, as after somebody changed the ClientHello on the way",
        "RFC 8446 section 4.1.3",
        Severity::High,
        (0x0303, SOUND_CIPHER, true),
        "The end of the server's random tells a client that it was talked down. A client that does not look can be talked down by anybody on the way.",
    ),
    of_old(
        "handshake/null-cipher",
        "the server chooses TLS_RSA_WITH_NULL_SHA256, which encrypts nothing",
        "RFC 9325 section 4.1",
        Severity::Critical,
        (0x0303, 0x003b, false),
        "Everybody on the way reads everything.",
    ),
    of_old(
        "handshake/rc4",
        "the server chooses TLS_RSA_WITH_RC4_128_SHA",
        "RFC 7465",
        Severity::High,
        (0x0303, 0x0005, false),
        "RC4 leaks what is sent often, such as cookies.",
    ),
    of_old(
        "handshake/triple-des",
        "the server chooses TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        "RFC 9325 section 4.1",
        Severity::Medium,
        (0x0303, 0x000a, false),
        "Blocks of 64 bits repeat after some gigabytes, and then leak (Sweet32).",
    ),
    of_old(
        "handshake/rsa-key-exchange",
        "the server chooses a key exchange of RSA, without forward secrecy",
        "RFC 9325 section 4.1",
        Severity::Low,
        (0x0303, SOUND_CIPHER, false),
        "Whoever gets the server's key later reads what was recorded before.",
    ),
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
    pub(super) baits: Vec<Bait>,
    /// Defects that cannot be shown, and why.
    pub(super) passed_over: Vec<(String, String)>,
}

/// Whether a defect can be in a server's certificate.
pub(super) fn is_of_servers(defect: &Defect) -> bool {
    // A handshake that is wrong is shown by lies of another kind.
    defect.purposes.contains(&Purpose::Server) && !defect.is_of_handshake()
}

/// Whether anything that can be shown matches.
pub(super) fn matches_any(glob: &str) -> bool {
    super::ids().any(|id| glob_matches(glob, id))
}

/// The plainest setting of a server's certificate.
fn plain(time: Time) -> Setting {
    Setting {
        purpose: Purpose::Server,
        time,
        ..Setting::default()
    }
}

fn benign(template: &Template, setting: &Setting, reach: Reach) -> Result<Case, LureError> {
    let recipe = renamed(&template.recipe(setting), reach);
    let id = "control~twin".to_owned();
    Ok(Case::from_recipe(
        template.minter(),
        recipe,
        id,
        Expected::Accept,
    )?)
}

/// The plainest benign server.
pub(super) fn control(template: &Template, time: Time, reach: Reach) -> Result<Case, LureError> {
    benign(template, &plain(time), reach)
}

/// The plainest benign server that staples a good response, for clients that demand one.
pub(super) fn stapled(template: &Template, time: Time, reach: Reach) -> Option<Case> {
    let defect = defect::find("revocation/ocsp-revoked")?;
    settings(&plain(time), false).take(3).find_map(|setting| {
        let pair = pair_of(template, defect, Position::EndEntity, &setting, 0).ok()?;
        Some(reachable(template, pair, reach).ok()?.twin)
    })
}

impl Basket {
    /// Mints what is wanted, as far as it comes before `stop` says so.
    ///
    /// A pair is kept when the reference validator accepts the twin and refuses the hostile chain under the
    /// name that the client will ask for, so that a name that was exchanged never makes a case that lies.
    pub(super) fn fill(
        template: &Template,
        time: Time,
        reach: Reach,
        crls: bool,
        wanted: impl Fn(&str) -> bool,
        stop: impl Fn() -> bool,
    ) -> Result<Self, LureError> {
        let plain = plain(time);
        let control = benign(template, &plain, reach)?;
        // A key exchange of RSA needs a key of RSA that may do more than sign.
        let with_rsa = Setting {
            keys: vec![
                KeyAlgorithm::P256,
                KeyAlgorithm::P256,
                KeyAlgorithm::Rsa2048,
            ],
            end_entity_key_usage: false,
            ..plain.clone()
        };
        let with_rsa = benign(template, &with_rsa, reach)?;
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
            if stop() {
                break;
            }
            for &position in defect.positions {
                if is_fleeting(defect) {
                    let why = "one second decides, and the client's clock goes on".to_owned();
                    passed_over.push((format!("{}@{position}", defect.id), why));
                    continue;
                }
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
            let twin = match lie.trick {
                Trick::Flight(_) => &with_rsa,
                _ => &control,
            };
            baits.push(Bait {
                id: format!("{}@{}#0", lie.id, Position::Handshake),
                lie: Lie::Handshake(lie),
                position: Position::Handshake,
                trick: lie.trick,
                hostile: twin.clone(),
                twin: twin.clone(),
                twin_digest: digest(twin),
            });
        }
        Ok(Self { baits, passed_over })
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
    named_for(template, pair, reach).map(presenting_its_responder)
}

/// Where the root itself answers for a certificate, it is presented too: clients look for who
/// signed a stapled response among what is presented.
fn presenting_its_responder(mut pair: Pair) -> Pair {
    let is_stapled = pair.hostile.ocsp.is_some() || pair.twin.ocsp.is_some();
    for case in [&mut pair.hostile, &mut pair.twin] {
        if is_stapled && case.chain.len() == 1 {
            case.chain.extend(case.anchors.first().cloned());
        }
    }
    pair
}

fn named_for(template: &Template, pair: Pair, reach: Reach) -> Result<Pair, String> {
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
        let wanted = |id: &str| glob_matches(glob, id);
        Basket::fill(&Template::new(), now, reach, false, wanted, || false).expect("a basket")
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
