//! Any bytes as an OCSP response: as they are, and once they are signed as the
//! issuer would. Nobody is let in by a response that does not say so.

use std::sync::LazyLock;

use super::{
    Alarm, Dictionary, Reach, Session, Target, chain::confirmed, chain_wild::tell, panel::STANDARD,
};
use crate::{
    case::{Case, Expected},
    defect,
    der::{Body, Change, Edit, Node, Tree, tag},
    mint::toy_signature,
    mutate::TREE,
    recipe::{
        OcspAnswer, OcspHash, OcspResponse, OcspStatus, Recipe, TimeField, generate::Setting,
    },
    validator::{CertificateStatus, OcspResponse as Parsed},
    verdict::{Reason, Verdict},
};

pub(super) const OCSP: Target = Target {
    name: "ocsp",
    summary: "bytes as an OCSP response, as they are and re-signed: it lets in only whom it calls good",
    run,
    seeds,
    moves: TREE,
    max_length: 2048,
    by_rarity: true,
    dictionary: Some(Dictionary::X509),
    reach: Reach {
        stages: &[
            "read",
            "refused",
            "signed by the issuer",
            "accepted",
            "revoked",
        ],
        rules: |rule| matches!(rule, Reason::OcspInvalid | Reason::Revoked),
    },
};

struct World {
    case: Case,
    serial: Vec<u8>,
    key: Vec<u8>,
}

/// The plainest chain, whose end entity has a response that calls it good.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    let mut recipe = Setting {
        intermediates: 0,
        ..Setting::default()
    }
    .recipe();
    let serial = recipe.certificates[1].serial.clone();
    let time = |days| TimeField::Moment(recipe.time.plus_days(days));
    let issuer = recipe.anchors[0].clone();
    recipe.ocsp = Some(OcspResponse {
        signer: issuer.clone(),
        status: 0,
        responder: None,
        produced_at: time(-1),
        certificates: Vec::new(),
        signing: Default::default(),
        edits_before_signing: Vec::new(),
        edits_of_basic: Vec::new(),
        edits: Vec::new(),
        answers: vec![OcspAnswer {
            issuer,
            serial: serial.clone(),
            hash: OcspHash::default(),
            name_hash: None,
            key_hash: None,
            status: OcspStatus::Good,
            this_update: time(-1),
            next_update: Some(time(3)),
            extensions: Vec::new(),
        }],
        extensions: Vec::new(),
    });
    let key = STANDARD.minter.key(&recipe.certificates[0].key);
    let key = key.expect("the plainest key exists").public_key.clone();
    let case = Case::from_recipe(&STANDARD.minter, recipe, "ocsp".into(), Expected::Accept);
    World {
        case: case.expect("the plainest chain mints"),
        serial: serial.0,
        key,
    }
});

fn run(input: &[u8], session: &mut Session) {
    match Parsed::from_der(input.to_vec()) {
        Ok(response) => {
            session.health.reach("read");
            let signed = response.to_be_signed();
            if !input
                .windows(signed.len().max(1))
                .any(|part| part == signed)
            {
                session.fail(
                    input,
                    &Alarm::new("the signed part is not of the input", ""),
                );
            }
        }
        Err(error) => {
            session.health.reach("refused");
            if error.to_string().is_empty() {
                session.fail(input, &Alarm::new("an error without words", ""));
            }
        }
    }
    judge(input, input.to_vec(), session);
    if let Some(signed) = signed(input, &WORLD.key) {
        session.health.reach("signed by the issuer");
        judge(input, signed, session);
    }
}

/// The reference lets nobody in unless the response, read another way, calls that serial number good.
fn judge(input: &[u8], response: Vec<u8>, session: &mut Session) {
    let world = &*WORLD;
    let mut case = world.case.clone();
    case.ocsp = Some(response);
    let Ok(report) = STANDARD.reference(&case) else {
        return;
    };
    session.health.decided(&case, &report);
    let response = case.ocsp.as_deref().unwrap_or_default();
    if report
        .violations
        .iter()
        .any(|found| found.reason == Reason::Revoked)
    {
        session.health.reach("revoked");
    }
    if report.verdict == Verdict::Accept && !says_good(response, &world.serial) {
        let parsed = Parsed::from_der(response.to_vec());
        let good = parsed.map(|parsed| {
            let mut singles = parsed.singles().iter();
            singles.any(|single| single.status == CertificateStatus::Good)
        });
        let detail = format!("good somewhere: {good:?}\n{response:02x?}");
        let recipe = recipe(response);
        let case = Case {
            recipe: Some(recipe),
            ..case
        };
        match confirmed(&STANDARD, "reference", &case, false) {
            true => {
                let what = "let in by a response that calls nobody good";
                tell(what, detail, &case, false, input, session)
            }
            false => session.health.reach("not so with real signatures"),
        }
    }
}

/// The chain with this response: signed anew where the recipe of a response can say so, as it is otherwise.
fn recipe(response: &[u8]) -> Recipe {
    let mut recipe = WORLD.recipe();
    let replace = |octets: Vec<u8>| vec![Edit::at("", Change::Replace(octets.into()))];
    if let (Some(parts), Some(ocsp)) = (parts(response), &mut recipe.ocsp) {
        let [data, algorithm, _, rest @ ..] = parts.as_slice() else {
            return recipe;
        };
        ocsp.edits_before_signing = replace(data.clone());
        ocsp.signing.outer_identifier = Some(algorithm.clone().into());
        if !rest.is_empty() {
            ocsp.edits_of_basic = vec![Edit::at("2", Change::InsertAfter(rest.concat().into()))];
        }
        let minted = STANDARD.minter.mint(&recipe);
        if minted.is_ok_and(|minted| minted.ocsp.as_deref() == Some(response)) {
            return recipe;
        }
    }
    let mut recipe = WORLD.recipe();
    if let Some(ocsp) = &mut recipe.ocsp {
        ocsp.edits = replace(response.to_vec());
    }
    recipe
}

/// The elements of a BasicOCSPResponse; nothing when it has fewer than three.
fn parts(response: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut tree = Tree::read(response);
    let basic = basic(&mut tree)?;
    (basic.len() >= 3).then(|| basic.iter().map(Node::to_bytes).collect())
}

/// The elements of the BasicOCSPResponse, opened: OCSPResponse, [0], ResponseBytes, response, BasicOCSPResponse.
fn basic(tree: &mut Tree) -> Option<&mut Vec<Node>> {
    let mut node = tree.nodes.first_mut()?;
    for step in [1, 0, 1, 0] {
        node.open();
        let Body::Constructed { nodes, .. } = &mut node.body else {
            return None;
        };
        node = nodes.get_mut(step)?;
        node.open();
    }
    match &mut node.body {
        Body::Constructed { nodes, .. } => Some(nodes),
        Body::Primitive(_) => None,
    }
}

/// Whether a SingleResponse for this serial number has the status `[0]`, found in the tree alone.
fn says_good(response: &[u8], serial: &[u8]) -> bool {
    fn search(node: &Node, serial: &[u8]) -> bool {
        let mut node = node.clone();
        if node.tag == [tag::OCTET_STRING] {
            node.open();
        }
        let children = node.children();
        let named = children.first().is_some_and(|id| {
            id.children()
                .last()
                .is_some_and(|last| last.tag == [tag::INTEGER] && last.body_bytes() == serial)
        });
        let good = children.get(1).is_some_and(|status| {
            status.tag == [0x80] && status.body == Body::Primitive(Vec::new())
        });
        named && good || children.iter().any(|child| search(child, serial))
    }
    let tree = Tree::read(response);
    tree.nodes.iter().any(|node| search(node, serial))
}

/// The response with a signature of this key in the place of its own.
fn signed(input: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    let mut tree = Tree::read(input);
    let nodes = basic(&mut tree)?;
    let signature = toy_signature(key, &nodes.first()?.to_bytes());
    let mut bits = vec![0];
    bits.extend(signature);
    *nodes.get_mut(2)? = Node::primitive(tag::BIT_STRING, bits);
    Some(tree.write())
}

/// The responses of the catalogue, and the good one.
fn seeds() -> Vec<Vec<u8>> {
    let minter = &STANDARD.minter;
    let mut seeds: Vec<Vec<u8>> = WORLD.case.ocsp.clone().into_iter().collect();
    if let Some(mut recipe) = WORLD.case.recipe.clone() {
        let since = TimeField::Moment(recipe.time.plus_days(-2));
        if let Some(response) = &mut recipe.ocsp {
            for status in [
                OcspStatus::Unknown,
                OcspStatus::Revoked {
                    since,
                    reason: Some(1),
                },
            ] {
                response.answers[0].status = status;
                let copy = response.clone();
                let minted = minter.ocsp_response(&WORLD.recipe(), &copy);
                seeds.extend(minted);
            }
        }
    }
    seeds.extend(
        defect::matching("revocation/*")
            .filter_map(|defect| {
                crate::case::pairs(minter, defect, 1, 7)
                    .into_iter()
                    .next()?
                    .ok()
            })
            .filter_map(|pair| pair.hostile.ocsp)
            .filter(|der| der.len() <= 2048),
    );
    seeds.sort();
    seeds.dedup();
    seeds
}

impl World {
    fn recipe(&self) -> Recipe {
        self.case
            .recipe
            .clone()
            .unwrap_or_else(|| Setting::default().recipe())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recipe_of_a_response_mints_the_response() {
        for input in seeds().iter().chain([&vec![], &vec![0x30, 0]]) {
            let signed = signed(input, &WORLD.key);
            for response in [input].into_iter().chain(&signed) {
                let minted = STANDARD.minter.mint(&recipe(response)).expect("mints");
                assert_eq!(minted.ocsp.as_ref(), Some(response));
            }
        }
    }
}
