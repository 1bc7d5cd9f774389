//! Any bytes as a CRL: three readers find the same serial numbers in it, and a
//! chain is judged by it once it is signed as its issuer would.

use std::sync::LazyLock;

use super::{
    Alarm, Dictionary, Reach, Session, Target,
    chain::confirmed,
    chain_wild::{compare, tell},
    panel::STANDARD,
};
use crate::{
    case::{Case, Expected, pairs},
    defect,
    der::{Change, Edit, Tree, Writer},
    mint::{Minter, toy_signature},
    mutate::TREE,
    recipe::{Key, Recipe, generate::Setting},
    validator::ParsedCrl,
    verdict::{Reason, Verdict},
};

pub(super) const CRL: Target = Target {
    name: "crl",
    summary: "bytes as a CRL: three readers find the same entries; judged by it, nobody revoked is let in by the reference, webpki and AWS-LC",
    run,
    seeds,
    moves: TREE,
    max_length: 4096,
    by_rarity: true,
    dictionary: Some(Dictionary::X509),
    reach: Reach {
        stages: &[
            "read",
            "read by webpki too",
            "an entry",
            "refused",
            "accepted",
            "the end entity is listed",
        ],
        rules: |rule| {
            matches!(
                rule,
                Reason::Revoked
                    | Reason::RevocationUnknown
                    | Reason::CrlMalformed
                    | Reason::CrlExpired
                    | Reason::CrlNotYetValid
                    | Reason::CrlUnknownCriticalExtension
            )
        },
    },
};

/// The plainest chain whose CA has a CRL, and that CA's key.
struct World {
    case: Case,
    serial: Vec<u8>,
    key: Vec<u8>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let recipe = Setting {
        intermediates: 0,
        crls: true,
        ..Setting::default()
    }
    .recipe();
    let key: &Key = &recipe.certificates[0].key;
    let key = STANDARD.minter.key(key).expect("the plainest key exists");
    let serial = recipe.certificates[1].serial.0.clone();
    let case = Case::from_recipe(&STANDARD.minter, recipe, "crl".into(), Expected::Accept);
    World {
        case: case.expect("the plainest chain mints"),
        serial,
        key: key.public_key.clone(),
    }
});

fn run(input: &[u8], session: &mut Session) {
    let ours = ParsedCrl::from_der(input.to_vec());
    let parser = x509_parser::parse_x509_crl(input)
        .ok()
        .filter(|(rest, _)| rest.is_empty());
    let webpki = ::webpki::BorrowedCertRevocationList::from_der(input)
        .map(::webpki::CertRevocationList::from);
    match (&ours, &parser) {
        (Ok(_), None) => session.health.reach("x509-parser refuses what we read"),
        (Err(_), _) => session.health.reach("refused"),
        (Ok(ours), Some((_, parser))) => {
            session.health.reach("read");
            if ours.der() != input {
                session.fail(input, &Alarm::new("our reader read something else", ""));
            }
            let serials = parser
                .iter_revoked_certificates()
                .map(|entry| entry.raw_serial());
            let mut count = 0;
            for serial in serials.take(64) {
                count += 1;
                session.health.reach("an entry");
                // Entries of an indirect CRL may belong to another issuer.
                if ours.find(serial).is_none() && !ours.is_indirect() {
                    let detail = format!("serial {serial:02x?} of {input:02x?}");
                    session.fail(input, &Alarm::new("an entry is not found", detail));
                }
                if let Ok(webpki) = &webpki
                    && matches!(webpki.find_serial(serial), Ok(None))
                {
                    let detail = format!("serial {serial:02x?} of {input:02x?}");
                    session.fail(input, &Alarm::new("webpki does not find an entry", detail));
                }
            }
            if count < 64 && ours.entry_count() != count {
                let detail = format!("{} and {count} in {input:02x?}", ours.entry_count());
                session.fail(input, &Alarm::new("entries are counted otherwise", detail));
            }
        }
    }
    if let (Ok(ours), Ok(entries)) = (&ours, entries_of_webpki(input)) {
        session.health.reach("read by webpki too");
        for serial in entries {
            if ours.find(&serial).is_none() && !ours.is_indirect() {
                let detail = format!("serial {serial:02x?} of {input:02x?}");
                session.fail(input, &Alarm::new("webpki alone finds an entry", detail));
            }
        }
    }
    judge(input, ours.is_ok(), session);
}

/// The serial numbers that webpki reads in a list, the first of a great many.
fn entries_of_webpki(input: &[u8]) -> Result<Vec<Vec<u8>>, ::webpki::Error> {
    let list = ::webpki::BorrowedCertRevocationList::from_der(input)?;
    let entries = (&list).into_iter().take(64);
    entries
        .map(|entry| entry.map(|entry| entry.serial_number.to_vec()))
        .collect()
}

/// The chain, judged by the CRL as its issuer would have signed it.
fn judge(input: &[u8], read: bool, session: &mut Session) {
    let world = &*WORLD;
    let mut case = world.case.clone();
    case.crls = vec![signed(input, &world.key).unwrap_or_else(|| input.to_vec())];
    case.expected = Expected::Reject(Vec::new());
    let Ok(report) = STANDARD.reference(&case) else {
        return;
    };
    // A list that nobody can read proves nothing, so nobody is let in by it.
    let listed = ParsedCrl::from_der(case.crls[0].clone())
        .ok()
        .map(|crl| crl.find(&world.serial).is_some() && !crl.is_indirect());
    if listed == Some(true) {
        session.health.reach("the end entity is listed");
    }
    if report.verdict == Verdict::Accept && (listed.is_none() || listed == Some(true)) {
        let detail = format!("read: {read}, listed: {listed:?}, {:02x?}", case.crls[0]);
        tell_of("reference", detail, &case, input, session);
    }
    // Others take lists that the strict reader refuses; what they read they must obey.
    let case = Case {
        recipe: recipe(input),
        ..case
    };
    compare(&STANDARD, &case, input, session);
}

/// Tells of an engine that let in what the list revokes, if it does so with real signatures too.
fn tell_of(engine: &str, detail: String, case: &Case, input: &[u8], session: &mut Session) {
    let case = Case {
        recipe: recipe(input),
        ..case.clone()
    };
    match confirmed(&STANDARD, engine, &case, false) {
        true => {
            let what = format!("{engine} let in what the CRL lists");
            tell(&what, detail, &case, false, input, session)
        }
        false => session.health.reach("not so with real signatures"),
    }
}

/// The chain with this list, as its CA would sign it, or as it is where nothing of it can be signed.
fn recipe(input: &[u8]) -> Option<Recipe> {
    let mut recipe = WORLD.case.recipe.clone()?;
    let crl = recipe.crls.first_mut()?;
    let replace = |octets: Vec<u8>| vec![Edit::at("", Change::Replace(octets.into()))];
    match parts(input) {
        Some((list, algorithm)) => {
            crl.edits_before_signing = replace(list);
            crl.signing.outer_identifier = Some(algorithm.into());
        }
        None => crl.edits = replace(input.to_vec()),
    }
    Some(recipe)
}

/// What is signed of a list, and the AlgorithmIdentifier after it.
fn parts(input: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let tree = Tree::read(input);
    let fields = tree.nodes.first()?.children();
    Some((fields.first()?.to_bytes(), fields.get(1)?.to_bytes()))
}

/// The list with a signature of this key in the place of its own.
fn signed(input: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    let (list, algorithm) = parts(input)?;
    let signature = toy_signature(key, &list);
    let mut w = Writer::new();
    w.sequence(|w| {
        w.raw(&list);
        w.raw(&algorithm);
        w.bit_string(&signature);
    });
    Some(w.into_bytes())
}

/// The lists of the catalogue's family *revocation*, and those of the plain chain.
fn seeds() -> Vec<Vec<u8>> {
    let minter = Minter::toy();
    let mut seeds = WORLD.case.crls.clone();
    let serial = HexSerial(&WORLD.serial);
    for change in serial.lists() {
        seeds.push(change);
    }
    seeds.extend(
        defect::matching("revocation/*")
            .filter_map(|defect| pairs(&minter, defect, 1, 7).into_iter().next()?.ok())
            .flat_map(|pair| pair.hostile.crls)
            .filter(|der| der.len() <= 2048),
    );
    seeds.sort();
    seeds.dedup();
    seeds
}

/// Lists of the plain chain's CA that say something of its end entity.
struct HexSerial<'s>(&'s [u8]);

impl HexSerial<'_> {
    fn lists(&self) -> Vec<Vec<u8>> {
        use crate::recipe::{ExtensionValue, Revoked, TimeField};
        let recipe = WORLD
            .case
            .recipe
            .clone()
            .unwrap_or_else(|| Setting::default().recipe());
        let entry = |extensions| Revoked {
            serial: self.0.to_vec().into(),
            date: TimeField::Moment(recipe.time.plus_days(-3)),
            extensions,
        };
        let unknown = ExtensionValue::Raw {
            oid: crate::der::oid::ISSUER_ALTERNATIVE_NAME,
            value: vec![0x30, 0].into(),
        };
        let mut variants = Vec::new();
        for number in 0..6 {
            let mut recipe = recipe.clone();
            let time = recipe.time;
            let Some(crl) = recipe.crls.first_mut() else {
                break;
            };
            match number {
                0 => crl.revoked.push(entry(Vec::new())),
                1 => crl
                    .revoked
                    .push(entry(vec![ExtensionValue::ReasonCode(1).not_critical()])),
                2 => crl.next_update = Some(TimeField::Moment(time.plus_days(-1))),
                3 => crl.this_update = TimeField::Moment(time.plus_days(1)),
                4 => crl.extensions.push(unknown.clone().critical()),
                _ => crl.revoked.push(entry(vec![unknown.clone().critical()])),
            }
            let minted = STANDARD.minter.mint(&recipe).map(|minted| minted.crls);
            variants.extend(minted.into_iter().flatten());
        }
        variants
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recipe_of_an_input_mints_the_list_that_was_judged() {
        for input in seeds().iter().chain([&vec![], &vec![0x30, 0]]) {
            let judged = signed(input, &WORLD.key).unwrap_or_else(|| input.clone());
            let minted = STANDARD.minter.mint(&recipe(input).expect("a recipe"));
            assert_eq!(minted.expect("mints").crls, [judged]);
        }
    }
}
