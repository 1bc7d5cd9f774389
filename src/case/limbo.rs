//! Cases to and from x509-limbo testcases, which is also how a worker process sees a case.
//!
//! The format has no place for a reason, so the description carries ours.

use super::{
    Case, Expected, PrivateKey, Requirements, Role, key_form,
    limbo_export::Exported,
    limbo_format::{
        ExpectedResult, Limbo, LimboError, LimboName, NameKind, Testcase, VERSION, ValidationKind,
        undetermined,
    },
};
use crate::{
    defect::Position,
    der::{
        Oid, oid,
        pem::{self, PemError},
    },
    question::{PeerName, Purpose, Time},
};

impl Limbo {
    /// A suite of these cases.
    pub fn of<'c>(cases: impl IntoIterator<Item = &'c Case>) -> Self {
        Self {
            version: VERSION,
            testcases: cases.into_iter().map(Case::to_limbo).collect(),
        }
    }
}

impl Case {
    /// A case from a suite. `now` is the validation time where the suite gives none.
    ///
    /// # Errors
    /// When a field does not hold what the format says.
    pub fn from_limbo(testcase: &Testcase, now: Time) -> Result<Self, LimboError> {
        let value = |field, value: &str| LimboError::Value {
            id: testcase.id.clone(),
            field,
            value: value.to_owned(),
        };
        let certificates = |field, texts: &[String]| -> Result<Vec<_>, _> {
            texts
                .iter()
                .map(|text| one_block(testcase, field, text, pem::CERTIFICATE))
                .collect()
        };
        let peer = one_block(
            testcase,
            "peer_certificate",
            &testcase.peer_certificate,
            pem::CERTIFICATE,
        )?;
        let mut chain = vec![peer];
        chain.extend(certificates(
            "untrusted_intermediates",
            &testcase.untrusted_intermediates,
        )?);

        if let Some(algorithm) = testcase.signature_algorithms.first() {
            return Err(value("signature_algorithms", algorithm));
        }
        let names: Vec<_> = testcase
            .expected_peer_name
            .iter()
            .chain(&testcase.expected_peer_names)
            .collect();
        let mut names = names
            .into_iter()
            .map(|name| {
                name.to_peer_name()
                    .ok_or_else(|| value("expected_peer_name", &name.value))
            })
            .collect::<Result<Vec<PeerName>, _>>()?
            .into_iter();
        let name = names.next();
        let time = match &testcase.validation_time {
            None => now,
            Some(text) => text.parse().map_err(|_| value("validation_time", text))?,
        };
        let extended_key_usage = testcase.extended_key_usage.iter().map(|usage| {
            let known = USAGES
                .iter()
                .find(|(known, _)| known == usage)
                .map(|(_, oid)| oid.clone());
            known
                .or_else(|| usage.parse().ok())
                .ok_or_else(|| value("extended_key_usage", usage))
        });
        Ok(Self {
            id: testcase.id.clone(),
            defect: None,
            role: match testcase.expected_result {
                ExpectedResult::Success => Role::Twin,
                ExpectedResult::Failure => Role::Hostile,
            },
            position: Position::Chain,
            expected: match testcase.expected_result {
                ExpectedResult::Success => Expected::Accept,
                ExpectedResult::Failure => Expected::Reject(
                    Exported::from_id(&testcase.id)
                        .map_or_else(Vec::new, |exported| exported.defect.reasons.to_vec()),
                ),
            },
            purpose: match testcase.validation_kind {
                ValidationKind::Client => Purpose::Client,
                ValidationKind::Server => Purpose::Server,
            },
            time,
            name,
            anchors: certificates("trusted_certs", &testcase.trusted_certs)?,
            chain,
            crls: testcase
                .crls
                .iter()
                .map(|text| one_block(testcase, "crls", text, pem::CRL))
                .collect::<Result<_, _>>()?,
            end_entity_key: testcase
                .peer_certificate_key
                .as_ref()
                .map(|text| key(testcase, text))
                .transpose()?,
            ocsp: None,
            handshake: None,
            requirements: Requirements {
                max_chain_depth: testcase.max_chain_depth,
                extended_key_usage: extended_key_usage.collect::<Result<_, _>>()?,
                key_usage: testcase.key_usage.clone(),
                other_names: names.collect(),
                ..Requirements::default()
            },
            recipe: None,
        })
    }

    /// The case as a suite has it. Id and description are made to fit the format.
    pub fn to_limbo(&self) -> Testcase {
        let name = self.name.as_ref().map(LimboName::from);
        let others = self.requirements.other_names.iter().map(LimboName::from);
        let (expected_peer_name, expected_peer_names) = match self.purpose {
            Purpose::Server => (name, others.collect()),
            Purpose::Client => (None, name.into_iter().chain(others).collect()),
        };
        let certificates = |list: &[Vec<u8>]| {
            list.iter()
                .map(|der| pem::write(pem::CERTIFICATE, der))
                .collect()
        };
        Testcase {
            id: limbo_id(&self.id),
            conflicts_with: Vec::new(),
            features: self.features(),
            importance: undetermined(),
            description: self.description(),
            validation_kind: match self.purpose {
                Purpose::Client => ValidationKind::Client,
                Purpose::Server => ValidationKind::Server,
            },
            trusted_certs: certificates(&self.anchors),
            untrusted_intermediates: certificates(self.chain.get(1..).unwrap_or_default()),
            peer_certificate: self
                .chain
                .first()
                .map(|der| pem::write(pem::CERTIFICATE, der))
                .unwrap_or_default(),
            peer_certificate_key: self
                .end_entity_key
                .as_ref()
                .map(|key| pem::write(pem::PRIVATE_KEY, key.secret_pkcs8_der())),
            validation_time: Some(self.time.to_string().replace('Z', "+00:00")),
            signature_algorithms: Vec::new(),
            key_usage: self.requirements.key_usage.clone(),
            extended_key_usage: self.usages().iter().map(limbo_usage).collect(),
            expected_result: match self.expected {
                Expected::Accept => ExpectedResult::Success,
                // The format has no word for what may be either, and no such case has a chain that is not good.
                Expected::Reject(_) | Expected::Either => ExpectedResult::Failure,
            },
            expected_peer_name,
            expected_peer_names,
            max_chain_depth: self.requirements.max_chain_depth,
            crls: self
                .crls
                .iter()
                .map(|der| pem::write(pem::CRL, der))
                .collect(),
        }
    }

    /// The case as a worker sees it: a testcase of the suite format on one line.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.to_limbo()).expect("strings and numbers always serialise")
    }

    /// The purposes that the end entity must have: those required, or the usual one.
    pub fn usages(&self) -> Vec<Oid> {
        if !self.requirements.extended_key_usage.is_empty() {
            return self.requirements.extended_key_usage.clone();
        }
        vec![match self.purpose {
            Purpose::Client => oid::CLIENT_AUTH,
            Purpose::Server => oid::SERVER_AUTH,
        }]
    }

    fn features(&self) -> Vec<String> {
        let present = [
            ("has-crl", !self.crls.is_empty()),
            (
                "max-chain-depth",
                self.requirements.max_chain_depth.is_some(),
            ),
        ];
        present
            .into_iter()
            .filter(|(_, present)| *present)
            .map(|(name, _)| name.to_owned())
            .collect()
    }

    fn description(&self) -> String {
        let id = &self.id;
        match &self.expected {
            Expected::Accept => format!("`{id}`: to be accepted."),
            Expected::Either => format!("`{id}`: to be accepted or refused."),
            Expected::Reject(reasons) if reasons.is_empty() => format!("`{id}`: to be refused."),
            Expected::Reject(reasons) => {
                let words: Vec<_> = reasons
                    .iter()
                    .map(|reason| format!("{reason} ({})", reason.clause()))
                    .collect();
                format!("`{id}`: to be refused. Reason: {}.", words.join("; or "))
            }
        }
    }
}

/// The purposes that the format has a word for.
const USAGES: &[(&str, Oid)] = &[
    ("anyExtendedKeyUsage", oid::ANY_EXTENDED_KEY_USAGE),
    ("serverAuth", oid::SERVER_AUTH),
    ("clientAuth", oid::CLIENT_AUTH),
    ("codeSigning", oid::CODE_SIGNING),
    ("emailProtection", oid::EMAIL_PROTECTION),
    ("timeStamping", oid::TIME_STAMPING),
    ("OCSPSigning", oid::OCSP_SIGNING),
];

fn limbo_usage(usage: &Oid) -> String {
    match USAGES.iter().find(|(_, known)| known == usage) {
        Some((word, _)) => (*word).to_owned(),
        None => usage.to_string(),
    }
}

/// The format allows `::` between parts of letters, digits, dots and hyphens, each of which
/// starts with a letter and has another character. An id that does fit stays as it is.
fn limbo_id(id: &str) -> String {
    let fits = |part: &str| {
        part.len() > 1
            && part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
    };
    if id.split("::").all(fits) {
        return id.to_owned();
    }
    let mut out = String::with_capacity(id.len() + 16);
    for part in id.split('/') {
        if !out.is_empty() {
            out.push_str("::");
        }
        let start = out.len();
        out.extend(part.chars().map(|c| match c {
            '@' | '#' | '~' => '.',
            _ if c.is_ascii_alphanumeric() || c == '-' || c == '.' => c,
            _ => '-',
        }));
        if !fits(&out[start..]) {
            out.insert_str(start, "x-");
        }
    }
    out
}

fn one_block(
    testcase: &Testcase,
    field: &'static str,
    text: &str,
    label: &str,
) -> Result<Vec<u8>, LimboError> {
    let blocks = match pem::read_labelled(text, label) {
        Ok(blocks) => blocks,
        // A certificate of no octets is one that a verifier may be shown.
        Err(PemError::Empty { label: own, .. }) if own == label => vec![Vec::new()],
        Err(problem) => {
            return Err(LimboError::Pem {
                id: testcase.id.clone(),
                field,
                problem,
            });
        }
    };
    let found = blocks.len();
    match <[_; 1]>::try_from(blocks) {
        Ok([block]) => Ok(block),
        Err(_) => Err(LimboError::Blocks {
            id: testcase.id.clone(),
            field,
            found,
        }),
    }
}

/// The key may follow a block of parameters, as `openssl ecparam -genkey` writes it.
fn key(testcase: &Testcase, text: &str) -> Result<PrivateKey, LimboError> {
    let field = "peer_certificate_key";
    let blocks = pem::read(text).map_err(|problem| LimboError::Pem {
        id: testcase.id.clone(),
        field,
        problem,
    })?;
    let labels: Vec<_> = blocks.iter().map(|block| block.label.clone()).collect();
    blocks
        .into_iter()
        .find_map(|block| key_form::to_pkcs8(&block.label, block.der))
        .map(PrivateKey::from_pkcs8)
        .ok_or_else(|| LimboError::Value {
            id: testcase.id.clone(),
            field,
            value: labels.join(", "),
        })
}

impl LimboName {
    fn to_peer_name(&self) -> Option<PeerName> {
        Some(match self.kind {
            NameKind::Rfc822 => PeerName::Email(self.value.clone()),
            NameKind::Dns => PeerName::Dns(self.value.clone()),
            NameKind::Ip => PeerName::Ip(self.value.parse().ok()?),
        })
    }
}

impl From<&PeerName> for LimboName {
    fn from(name: &PeerName) -> Self {
        let kind = match name {
            PeerName::Email(_) => NameKind::Rfc822,
            PeerName::Dns(_) => NameKind::Dns,
            PeerName::Ip(_) => NameKind::Ip,
        };
        Self {
            kind,
            value: name.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUITES: [&[u8]; 2] = [
        include_bytes!("../../corpus/limbo/limbo-public-core.json"),
        include_bytes!("../../corpus/limbo/pkits-public.json"),
    ];

    fn now() -> Time {
        Time::from_unix_seconds(1_750_000_000)
    }

    #[test]
    fn suites_are_read_and_written_without_loss() {
        for json in SUITES {
            let given: serde_json::Value = serde_json::from_slice(json).expect("JSON");
            let limbo = Limbo::read(json).expect("a suite");
            let written: serde_json::Value = serde_json::from_str(&limbo.write()).expect("JSON");
            assert_eq!(given, written);
        }
    }

    #[test]
    fn every_case_of_the_suites_says_the_same_after_a_journey() {
        for json in SUITES {
            for testcase in Limbo::read(json).expect("a suite").testcases {
                let case = Case::from_limbo(&testcase, now()).expect(&testcase.id);
                assert_eq!(case.anchors.len(), testcase.trusted_certs.len());
                assert_eq!(case.chain.len(), 1 + testcase.untrusted_intermediates.len());
                assert_eq!(case.crls.len(), testcase.crls.len());
                assert_eq!(
                    case.end_entity_key.is_some(),
                    testcase.peer_certificate_key.is_some()
                );
                assert_eq!(case.to_limbo().id, testcase.id);
                let again = Case::from_limbo(&case.to_limbo(), now()).expect(&testcase.id);
                assert_eq!(again.chain, case.chain);
                assert_eq!(
                    (again.anchors, again.crls),
                    (case.anchors.clone(), case.crls.clone())
                );
                assert_eq!(
                    (again.name, again.time, again.purpose),
                    (case.name.clone(), case.time, case.purpose)
                );
                assert_eq!(again.end_entity_key, case.end_entity_key);
                assert_eq!(
                    (again.expected, again.role),
                    (case.expected.clone(), case.role)
                );
                assert_eq!(
                    again.requirements.max_chain_depth,
                    case.requirements.max_chain_depth
                );
                assert_eq!(again.requirements.extended_key_usage, case.usages());
            }
        }
    }

    #[test]
    fn what_is_no_suite_is_told_with_the_place() {
        let table = [
            ("", "not JSON: EOF while parsing a value at line 1 column 0"),
            (
                "{",
                "not JSON: EOF while parsing an object at line 1 column 1",
            ),
            (
                "[]",
                "JSON, but not an x509-limbo file: no `version` at the top",
            ),
            (
                r#"{"version":2,"testcases":[]}"#,
                "x509-limbo version 2; only version 1 is known",
            ),
            (
                r#"{"version":"1"}"#,
                "JSON, but not an x509-limbo file: not a number at version",
            ),
            (
                r#"{"version":1}"#,
                "JSON, but not an x509-limbo file: no array `testcases` at the top",
            ),
            (
                r#"{"version":1,"testcases":[{"id":"a::b1"}]}"#,
                "JSON, but not an x509-limbo file: missing field `description` at testcases[0] (a::b1)",
            ),
            (
                r#"{"version":1,"testcases":[7]}"#,
                "JSON, but not an x509-limbo file: invalid type: integer `7`, expected struct Testcase at testcases[0]",
            ),
        ];
        for (json, message) in table {
            assert_eq!(
                Limbo::read(json.as_bytes()).map_err(|error| error.to_string()),
                Err(message.to_owned()),
                "{json}"
            );
        }
    }

    #[test]
    fn fields_that_are_wrong_are_named() {
        let good = Limbo::read(SUITES[0]).expect("a suite").testcases.remove(0);
        type Spoil = fn(&mut Testcase);
        let table: [(Spoil, &str); 6] = [
            (
                |t| t.peer_certificate.clear(),
                "peer_certificate: no PEM block",
            ),
            (
                |t| t.trusted_certs = vec![t.crls[0].clone()],
                "trusted_certs: no `CERTIFICATE` block, only `X509 CRL`",
            ),
            (
                |t| t.crls[0] = t.crls[0].repeat(2),
                "crls holds 2 PEM blocks instead of one",
            ),
            (
                |t| t.validation_time = Some("noon".into()),
                "validation_time: `noon`",
            ),
            (
                |t| t.extended_key_usage = vec!["fun".into()],
                "extended_key_usage: `fun`",
            ),
            (
                |t| t.peer_certificate_key = Some(t.peer_certificate.clone()),
                "peer_certificate_key: `CERTIFICATE`",
            ),
        ];
        for (spoil, message) in table {
            let mut testcase = good.clone();
            spoil(&mut testcase);
            let error = Case::from_limbo(&testcase, now())
                .expect_err(message)
                .to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn ids_fit_the_format() {
        let table = [
            ("rfc5280::san::exact", "rfc5280::san::exact"),
            (
                "validity/expired@end-entity#0",
                "validity::expired.end-entity.0",
            ),
            (
                "validity/expired@end-entity#0~twin",
                "validity::expired.end-entity.0.twin",
            ),
            ("a/7 up", "x-a::x-7-up"),
            ("", "x-"),
        ];
        for (id, fitting) in table {
            assert_eq!(limbo_id(id), fitting);
        }
    }
}
