//! Whom the server trusts, as its own CertificateRequest says.

use std::sync::Arc;

use x509_parser::{
    certificate::X509Certificate,
    extensions::{ParsedExtension, X509Extension},
    oid_registry::{OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER, OID_X509_EXT_SUBJECT_KEY_IDENTIFIER},
    prelude::FromDer,
    x509::X509Name,
};

use super::{
    answer::Answer,
    outcome::Outcome,
    probe::{Conclusion, Stage},
    remedy::Remedy,
    result::{Finding, Record},
    scene::Scene,
};
use crate::defect::Severity;

/// The list of accepted CAs. It sends nothing of its own.
pub(super) const STAGE: Stage = Stage {
    name: "trust",
    about: "the CAs that the server says it accepts",
    alone: false,
    changes_server: false,
    probes: |_| Vec::new(),
    conclude,
};

/// Words in the names of CAs of the public Web PKI.
const PUBLIC: &[&str] = &[
    "DigiCert",
    "GlobalSign",
    "ISRG",
    "Let's Encrypt",
    "Sectigo",
    "USERTrust",
    "COMODO",
    "Entrust",
    "GoDaddy",
    "Go Daddy",
    "Starfield",
    "Amazon Root",
    "Baltimore CyberTrust",
    "QuoVadis",
    "SwissSign",
    "Certum",
    "IdenTrust",
    "Google Trust Services",
    "GTS Root",
    "Microsoft RSA Root",
    "Microsoft ECC Root",
    "VeriSign",
    "Thawte",
    "GeoTrust",
    "Buypass",
    "Actalis",
    "SSL.com",
    "TrustCor",
    "HARICA",
    "Izenpe",
    "D-TRUST",
    "T-TeleSec",
];

/// Names as text, as far as they are names.
pub(super) fn names(ders: &[Vec<u8>]) -> Vec<String> {
    ders.iter().map(|der| text(der)).collect()
}

fn text(der: &[u8]) -> String {
    X509Name::from_der(der).map_or_else(
        |_| format!("{} octets that are no name", der.len()),
        |(_, name)| name.to_string(),
    )
}

/// Subject and issuer of the operator's CA.
fn own(scene: &Scene) -> Option<[Vec<u8>; 2]> {
    let (_, certificate) = X509Certificate::from_der(scene.pki.authority()).ok()?;
    let raw = |name: &X509Name<'_>| name.as_raw().to_vec();
    Some([raw(certificate.subject()), raw(certificate.issuer())])
}

/// The answer to a certificate of the CA with the names of the client that was given. Where none
/// was given, the good certificate itself is of the CA.
pub(super) fn of_ca(scene: &Scene) -> Option<Answer> {
    scene.pki.given()?;
    let credentials = scene.pki.mint(&scene.pki.benign(0)).ok()?;
    Some(scene.show(Some(Arc::new(credentials))))
}

/// Why the CA cannot be one of which the server takes certificates, although the client that was
/// given is let in: one of it is refused, and the server names others or the client is of another.
pub(super) fn stranger_to(scene: &Scene) -> Option<String> {
    let answer = scene.of_ca.as_ref()?;
    // Another status may be that of an application that knows the client itself.
    let is_refused = matches!(
        scene.yardstick.measure(answer),
        Outcome::RefusedByAlert(_)
            | Outcome::RefusedByClose
            | Outcome::RefusedByStatus(400 | 495 | 496)
    );
    if !is_refused {
        return None;
    }
    let others = other_cas(scene);
    let of_another = || {
        let given = scene.pki.given()?;
        let own = own(scene)?;
        let (_, authority) = X509Certificate::from_der(scene.pki.authority()).ok()?;
        let key = authority.get_extension_unique(&OID_X509_EXT_SUBJECT_KEY_IDENTIFIER);
        let key = key.ok().flatten().map(X509Extension::parsed_extension);
        let is_own = |der: &Vec<u8>| {
            let certificate = X509Certificate::from_der(der);
            certificate.is_ok_and(|(_, certificate)| {
                own[0] == certificate.issuer().as_raw() && !names_other_key(&certificate, key)
            })
        };
        (!given.chain.iter().any(is_own)).then_some(())
    };
    if others.is_none() {
        of_another()?;
    }
    // One below a CA that the server names is no stranger: what is known of it is not enough.
    if others.is_none() && names_issuer(scene) {
        return Some(format!(
            "a good certificate of the CA that was given is refused: {}; the server names the CA above it, and may lack its CRL: give --publish-crl, or the CA above as --ca-cert",
            answer.end
        ));
    }
    let mut why = format!(
        "the CA that was given is not the one of the client that is let in: a good certificate of that CA is refused: {}",
        answer.end
    );
    if let Some(others) = others {
        why.push_str(&format!("; the server asks for certificates of {others}"));
    }
    Some(why)
}

/// Whether the server asks for certificates of the CA above the one that was given.
fn names_issuer(scene: &Scene) -> bool {
    let accepted = &scene.yardstick.good.greeting.accepted_cas;
    own(scene).is_some_and(|[subject, issuer]| subject != issuer && accepted.contains(&issuer))
}

/// Whether a certificate names another key of its issuer than this one.
fn names_other_key(certificate: &X509Certificate<'_>, key: Option<&ParsedExtension<'_>>) -> bool {
    let named = certificate.get_extension_unique(&OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER);
    let named = named.ok().flatten().map(X509Extension::parsed_extension);
    match (named, key) {
        (
            Some(ParsedExtension::AuthorityKeyIdentifier(named)),
            Some(ParsedExtension::SubjectKeyIdentifier(key)),
        ) => named
            .key_identifier
            .as_ref()
            .is_some_and(|named| named != key),
        _ => false,
    }
}

/// The CAs that the server asks for, where the operator's is not among them.
pub(super) fn other_cas(scene: &Scene) -> Option<String> {
    let accepted = &scene.yardstick.good.greeting.accepted_cas;
    let own = own(scene)?;
    if accepted.is_empty() || accepted.iter().any(|name| own.contains(name)) {
        return None;
    }
    let mut names = names(accepted);
    let more = names.len().saturating_sub(3);
    names.truncate(3);
    let mut text = names.join("; ");
    if more > 0 {
        text.push_str(&format!("; and {more} more"));
    }
    Some(text)
}

fn conclude(scene: &Scene, _: &[Record]) -> Conclusion {
    // Which are the operator's own nobody can tell where his CA is none of them.
    if scene.refusal().is_some() {
        return Conclusion::default();
    }
    let accepted = &scene.yardstick.good.greeting.accepted_cas;
    let own = own(scene).unwrap_or_default();
    let others: Vec<String> = accepted
        .iter()
        .filter(|name| !own.contains(name))
        .map(|name| text(name))
        .collect();
    if others.is_empty() {
        return Conclusion::default();
    }
    let public = others
        .iter()
        .filter(|name| PUBLIC.iter().any(|word| name.contains(word)))
        .count();
    let shown: Vec<&str> = others.iter().take(5).map(String::as_str).collect();
    let mut evidence = format!(
        "CAs that CertificateRequest names: {}; those that are neither yours nor above it: {}: {}",
        accepted.len(),
        others.len(),
        shown.join("; ")
    );
    if others.len() > shown.len() {
        evidence.push_str("; …");
    }
    let (id, severity, title, why, remedy) = match public {
        0 => (
            "trust/other-cas-named",
            Severity::Low,
            "The server trusts, and tells everybody of, CAs beside yours",
            "Each of them can let in whom it likes. The list is sent before anybody has shown a certificate, so it also tells strangers of your partners and projects.",
            Remedy::CaList,
        ),
        _ => (
            "trust/public-cas",
            Severity::High,
            "Public CAs are trusted for client certificates",
            "Anybody who owns a domain gets a certificate of a public CA.",
            Remedy::Trust,
        ),
    };
    vec![Finding {
        id: id.to_owned(),
        severity,
        title: title.to_owned(),
        evidence,
        why: why.to_owned(),
        remediation: remedy.text(scene.kind),
        references: vec![
            "RFC 8446 section 4.2.4".to_owned(),
            "RFC 5246 section 7.4.4".to_owned(),
        ],
        again: Some(scene.commands().s_client("")),
        probes: Vec::new(),
    }]
    .into()
}
