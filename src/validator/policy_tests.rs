//! Certificate policies along whole paths: the situations that sections 4.8 to 4.12 of PKITS arrange, and some between.
//!
//! A path is written from the top CA down, each certificate as words: `P1` and
//! `any` are policies, `P1>P2` is a mapping, `explicit:0`, `no-mapping:0` and
//! `no-any:0` are the counters, `self` makes the certificate self-issued.

use super::{
    Anchor, Inputs, PolicyInputs, Profile, Revocation, SignatureAlgorithm, SignatureError,
    SignatureScheme, Validator,
    assemble::{extension, key, name, sequence, signed_certificate, tlv},
};
use crate::{
    question::{Purpose, Time},
    verdict::Reason,
};

/// Every signature is good: nothing but policies is judged here.
struct Good;

impl SignatureScheme for Good {
    fn verify(
        &self,
        _algorithm: &SignatureAlgorithm<'_>,
        _key_info: &[u8],
        _message: &[u8],
        _signature: &[u8],
    ) -> Result<(), SignatureError> {
        Ok(())
    }

    fn check_key(&self, _key_info: &[u8]) -> Result<(), SignatureError> {
        Ok(())
    }
}

/// `P3` is 1.2.3.3.
fn policy(word: &str) -> Vec<u8> {
    match word.strip_prefix('P') {
        Some(number) => tlv(6, &[0x2a, 3, number.parse().expect("a number")]),
        None => b"\x06\x04\x55\x1d\x20\x00".to_vec(),
    }
}

fn certificate(words: &str, serial: u8, issuer: &str, subject: &str, is_ca: bool) -> Vec<u8> {
    let (mut policies, mut mappings, mut constraints) = (Vec::new(), Vec::new(), Vec::new());
    let mut extensions = Vec::new();
    if is_ca {
        extensions.push(extension(0x13, true, b"\x30\x03\x01\x01\xff"));
    }
    let mut no_any = None;
    for word in words.split_whitespace().filter(|word| *word != "self") {
        if let Some((from, to)) = word.split_once('>') {
            mappings.push(sequence(&[&policy(from), &policy(to)]));
        } else if let Some((counter, limit)) = word.split_once(':') {
            let limit: u8 = limit.parse().expect("a number");
            match counter {
                "explicit" => constraints.insert(0, tlv(0x80, &[limit])),
                "no-mapping" => constraints.push(tlv(0x81, &[limit])),
                _ => no_any = Some(extension(0x36, true, &tlv(2, &[limit]))),
            }
        } else {
            policies.push(sequence(&[&policy(word)]));
        }
    }
    for (arc, list) in [(0x20, policies), (0x21, mappings), (0x24, constraints)] {
        if !list.is_empty() {
            extensions.push(extension(arc, true, &sequence(&[&list.concat()])));
        }
    }
    extensions.extend(no_any);
    signed_certificate(serial, issuer, subject, &extensions, &[1])
}

/// What is found of a path, given from the top CA down to the end entity.
fn judge(path: &[&str], inputs: &str) -> Vec<Reason> {
    let mut issuer = "anchor".to_owned();
    let mut chain = Vec::new();
    for (index, words) in path.iter().enumerate() {
        let serial = u8::try_from(index + 2).expect("a short path");
        let subject = if words.contains("self") {
            issuer.clone()
        } else {
            format!("subject {index}")
        };
        let is_ca = index + 1 < path.len();
        chain.insert(0, certificate(words, serial, &issuer, &subject, is_ca));
        issuer = subject;
    }
    let words: Vec<&str> = inputs.split_whitespace().collect();
    let policies = PolicyInputs {
        initial: words
            .iter()
            .filter_map(|word| Some(format!("1.2.3.{}", word.strip_prefix('P')?)))
            .collect(),
        require_explicit: words.contains(&"explicit"),
        inhibit_mapping: words.contains(&"no-mapping"),
        inhibit_any: words.contains(&"no-any"),
    };
    let profile = Profile {
        policies,
        ..Profile::rfc5280()
    };
    let anchors = [Anchor::from_parts(&name("anchor"), &key(1), None).expect("an anchor")];
    let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
    let report = Validator::new(profile)
        .with_signatures(Good)
        .validate(&Inputs {
            chain: &chain,
            anchors: &anchors,
            purpose: Purpose::Client,
            name: None,
            time: "2026-07-01T00:00:00Z".parse::<Time>().expect("a time"),
            revocation: Revocation::Off,
        });
    report.violations.iter().map(|found| found.reason).collect()
}

fn check(table: &[(&[&str], &str, bool)], refusal: Reason) {
    for (path, inputs, accepted) in table {
        let wanted: &[Reason] = if *accepted { &[] } else { &[refusal] };
        assert_eq!(judge(path, inputs), wanted, "{path:?} asked for {inputs:?}");
    }
}

#[test]
fn policies_must_hold_along_the_whole_path_once_they_are_required() {
    let table: &[(&[&str], &str, bool)] = &[
        // PKITS 4.8: what every certificate says in common
        (&["P1", "P1"], "explicit", true),
        (&["P1", "P1"], "explicit P1", true),
        (&["P1", "P1"], "explicit P2", false),
        (&["P1", "P1"], "explicit P1 P2", true),
        (&["", ""], "", true),
        (&["", ""], "explicit", false),
        (&["P1", "P2", "P2"], "", true),
        (&["P1", "P2", "P2"], "explicit", false),
        (&["P1", "P2", "P2"], "explicit P1 P2", false),
        (&["P1", "P1 explicit:0", "P2"], "", false),
        (&["P1", "P2 explicit:0", "P1"], "", false),
        (
            &["P1 P2 P3 P4", "P1 P2 P3", "P1 P2", "P1"],
            "explicit",
            true,
        ),
        (
            &["P1 P2 P3 P4", "P1 P2 P3", "P1 P2", "P1"],
            "explicit P1",
            true,
        ),
        (
            &["P1 P2 P3 P4", "P1 P2 P3", "P1 P2", "P1"],
            "explicit P2",
            false,
        ),
        (&["P1 P2 P3 explicit:0", "P1 P2", "P1", "P2"], "", false),
        (&["P1 P2 explicit:0", "P1", "P2", "P1"], "", false),
        (&["P1 P2", "P1 P2"], "explicit P2", true),
        (&["any", "any"], "explicit", true),
        (&["any", "any"], "explicit P1", true),
        (&["P3 explicit:0", "P1"], "", false),
        (&["any", "P1"], "explicit P1", true),
        (&["any", "P1"], "explicit P2", false),
        (&["P1", "any"], "explicit P1", true),
        (&["P1", "any"], "explicit P2", false),
        // A user's policies ask for nothing unless a policy is required.
        (&["P1", "P1"], "P2", true),
    ];
    check(table, Reason::NoValidPolicy);
}

#[test]
fn the_requirement_of_a_policy_comes_into_force_after_its_count() {
    let table: &[(&[&str], &str, bool)] = &[
        // PKITS 4.9: the count falls with every certificate that is not self-issued
        (&["P1 explicit:10", "P1", "P1", "P1", ""], "", true),
        (&["P1 explicit:5", "P1", "P1", "P1", ""], "", true),
        (&["P1 explicit:4", "P1", "P1", "P1", ""], "", false),
        (&["P1 explicit:0", "P1", "P1", "P1", "P1"], "", true),
        (
            &["P1 explicit:7", "P1 explicit:2", "P1 explicit:4", "P1", ""],
            "",
            false,
        ),
        (&["P1 explicit:2", "P1 self", ""], "", true),
        (&["P1 explicit:2", "P1 self", "P1", ""], "", false),
        (
            &["P1 explicit:2", "P1 self", "P1", "P1 self", ""],
            "",
            false,
        ),
        // 6.1.5 (b): the end entity may ask for it itself, at once and not later
        (&["P1", "P1 explicit:0"], "P2", false),
        (&["P1", "P1 explicit:1"], "P2", true),
    ];
    check(table, Reason::NoValidPolicy);
}

#[test]
fn mappings_translate_and_can_be_inhibited() {
    let table: &[(&[&str], &str, bool)] = &[
        // PKITS 4.10: the user's policies are those of the first domain
        (&["P1 P1>P2", "P2"], "explicit P1", true),
        (&["P1 P1>P2", "P2"], "explicit P2", false),
        (&["P1 P1>P2", "P2"], "explicit no-mapping", false),
        (&["P1 P1>P2", "P1"], "explicit", false),
        (
            &["P1 P2 P1>P3 explicit:0", "P2 P3 P2>P4 P3>P4", "P4"],
            "P1",
            true,
        ),
        (
            &["P1 P2 P1>P3 explicit:0", "P2 P3 P2>P4 P3>P4", "P4"],
            "P2",
            true,
        ),
        (
            &["P1 P2 P1>P3 explicit:0", "P2 P3 P2>P4 P3>P4", "P3"],
            "",
            false,
        ),
        (&["P1 P1>P2 P1>P3 explicit:0", "P3"], "P1", true),
        (&["any P1>P2 explicit:0", "P2"], "P1", true),
        (&["P1", "any P1>P2 explicit:0", "P1"], "", false),
        (&["P1", "any P1>P2 explicit:0", "P2"], "", true),
        (&["P1 P1>P2 explicit:0", "any"], "P1", true),
        (&["P1 P2 P1>P2 explicit:0", "P2"], "P2", true),
        // PKITS 4.11: inhibitPolicyMapping counts as requireExplicitPolicy does
        (&["P1 explicit:0 no-mapping:0", "P1 P1>P2", "P2"], "", false),
        (&["P1 explicit:0 no-mapping:1", "P1 P1>P2", "P2"], "", true),
        (
            &["P1 explicit:0 no-mapping:1", "P1 P1>P2", "P2 P2>P3", "P3"],
            "",
            false,
        ),
        (
            &["P1 explicit:0 no-mapping:2", "P1 P1>P2", "P2 P2>P3", "P3"],
            "",
            true,
        ),
        (
            &[
                "P1 explicit:0 no-mapping:5",
                "P1 no-mapping:1",
                "P1 P1>P2",
                "P2",
            ],
            "",
            true,
        ),
        (
            &[
                "P1 explicit:0 no-mapping:1",
                "P1 no-mapping:5",
                "P1 P1>P2",
                "P2",
            ],
            "",
            false,
        ),
        (
            &["P1 explicit:0 no-mapping:1", "P1 self", "P1 P1>P2", "P2"],
            "",
            true,
        ),
        (
            &[
                "P1 explicit:0 no-mapping:1",
                "P1 self",
                "P1 P1>P2",
                "P2 P2>P3",
                "P3",
            ],
            "",
            false,
        ),
    ];
    check(table, Reason::NoValidPolicy);
    for mapped in ["any P1>any", "any any>P1"] {
        assert_eq!(judge(&[mapped, "P1"], ""), [Reason::BadPolicy], "{mapped}");
    }
}

#[test]
fn any_policy_stands_for_every_policy_until_it_is_inhibited() {
    let table: &[(&[&str], &str, bool)] = &[
        // PKITS 4.12
        (&["P1 explicit:0 no-any:0", "any"], "", false),
        (&["P1 explicit:0 no-any:0", "any P1"], "", true),
        (&["P1 explicit:0 no-any:1", "any", "P1"], "", true),
        (&["P1 explicit:0 no-any:1", "any", "any"], "", false),
        (
            &[
                "P1 explicit:0 no-any:5",
                "P1 no-any:5",
                "any no-any:1",
                "any",
                "any",
            ],
            "",
            false,
        ),
        (
            &["P1 explicit:0 no-any:1", "any no-any:5", "any", "P1"],
            "",
            false,
        ),
        // Self-issued certificates may say anyPolicy all the same, unless they end the path.
        (
            &["P1 explicit:0 no-any:1", "any self", "any", "P1"],
            "",
            true,
        ),
        (
            &["P1 explicit:0 no-any:1", "any self", "any", "any"],
            "",
            false,
        ),
        (&["P1 explicit:0 no-any:0", "any self", "P1"], "", true),
        (
            &["P1 explicit:0 no-any:1", "P1", "any self", "any"],
            "",
            false,
        ),
        (&["P1", "any"], "explicit no-any", false),
        (&["any", "P1"], "explicit no-any", false),
    ];
    check(table, Reason::NoValidPolicy);
}
