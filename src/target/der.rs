//! Any bytes as DER: the tree loses nothing, and three readers agree on what is a certificate.

use std::sync::LazyLock;

use super::{Alarm, Dictionary, Reach, Session, Target};
use crate::{
    case::pairs,
    defect,
    der::Tree,
    engine::toy::ToySignatures,
    mint::Minter,
    mutate::{TREE, donors},
    question::Purpose,
    validator::{Certificate, Inputs, Profile, Revocation, Validator},
    verdict::Reason,
};

pub(super) const DER: Target = Target {
    name: "der",
    summary: "bytes as a tree that loses nothing; x509-parser, webpki and our reader agree on what is a certificate",
    run,
    seeds,
    moves: TREE,
    max_length: 4096,
    by_rarity: true,
    dictionary: Some(Dictionary::X509),
    reach: Reach::stages(&[
        "a tree",
        "a certificate to all",
        "a certificate to nobody",
        "strict reader alone refuses",
    ]),
};

fn run(input: &[u8], session: &mut Session) {
    let tree = Tree::read(input);
    let written = tree.write();
    if written != input {
        let detail = format!("read {input:02x?}\nwrote {written:02x?}");
        session.fail(input, &Alarm::new("a tree lost something", detail));
    }
    if !tree.nodes.is_empty() {
        session.health.reach("a tree");
    }
    let ours = strict(input);
    let parser = x509_parser::parse_x509_certificate(input).is_ok_and(|(rest, _)| rest.is_empty());
    let der = rustls_pki_types::CertificateDer::from(input);
    let webpki = ::webpki::EndEntityCert::try_from(&der).is_ok();
    session.health.reach(match (ours.is_ok(), parser, webpki) {
        (true, true, true) => "a certificate to all",
        (false, false, false) => "a certificate to nobody",
        (false, true, true) => "strict reader alone refuses",
        (false, true, false) => "x509-parser alone reads it",
        (false, false, true) => "webpki alone reads it",
        (true, true, false) => "webpki alone refuses",
        (true, false, _) => "x509-parser refuses what we read",
    });
    match &ours {
        // Either of the others may be stricter; both are only where we are too lenient.
        Ok(_) if !parser && !webpki => {
            let detail = format!("{input:02x?}");
            session.fail(
                input,
                &Alarm::new("our reader takes what two others refuse", detail),
            );
        }
        Ok(certificate) if certificate.der() != input => session.fail(
            input,
            &Alarm::new("our reader read something else", format!("{input:02x?}")),
        ),
        Ok(_) => {}
        Err(words) if words.is_empty() => {
            session.fail(
                input,
                &Alarm::new("an error without words", format!("{input:02x?}")),
            );
        }
        Err(_) => {}
    }
}

/// A certificate to the reference validator: read, and without a fault of its own.
fn strict(input: &[u8]) -> Result<Certificate, String> {
    static VALIDATOR: LazyLock<Validator> =
        LazyLock::new(|| Validator::new(Profile::rfc5280()).with_signatures(ToySignatures));
    let certificate = Certificate::parse(input).map_err(|error| error.to_string())?;
    let report = VALIDATOR.validate_parsed(
        &[&certificate],
        &Inputs {
            chain: &[],
            anchors: &[],
            purpose: Purpose::Client,
            name: None,
            time: certificate.not_before(),
            revocation: Revocation::Off,
        },
    );
    let of_the_path = [
        Reason::UnknownIssuer,
        Reason::BadSignature,
        Reason::KeyUsage,
        Reason::ExtendedKeyUsage,
    ];
    let fault = report
        .violations
        .into_iter()
        .find(|violation| !of_the_path.contains(&violation.reason));
    match fault {
        Some(fault) => Err(fault.detail),
        None => Ok(certificate),
    }
}

/// Certificates of the catalogue, roots of the real world, and pieces of both.
fn seeds() -> Vec<Vec<u8>> {
    let minter = Minter::new();
    let malformed = ["encoding/*", "extensions/*", "names/*", "keys/*"];
    let defects = malformed.iter().flat_map(|glob| defect::matching(glob));
    let mut seeds: Vec<Vec<u8>> = defects
        .filter_map(|defect| pairs(&minter, defect, 1, 7).into_iter().next()?.ok())
        .flat_map(|pair| pair.hostile.chain.into_iter().take(2))
        .filter(|der| der.len() <= 2048)
        .collect();
    seeds.extend(
        webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .step_by(6)
            .map(|der| der.to_vec())
            .filter(|der| der.len() <= 1500),
    );
    seeds.extend(donors().iter().step_by(8).cloned());
    seeds.sort();
    seeds.dedup();
    seeds
}
