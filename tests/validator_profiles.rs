//! Each rule of a profile, turned on over a chain that is good without it.
#![cfg(feature = "reference")]

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use gatecrash::{
    question::{Purpose, Time},
    validator::{
        Anchor, IdentityRule, Inputs, Profile, Report, Revocation, SignatureName, Validator,
    },
    verdict::Reason,
};

fn judge(id: &str, profile: Profile) -> Report {
    let file = if id.starts_with("pkits") {
        "pkits-public"
    } else {
        "limbo-public-core"
    };
    let text = fs::read(format!("corpus/limbo/{file}.json")).expect("the suite");
    let suite: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    let case = suite["testcases"]
        .as_array()
        .expect("cases")
        .iter()
        .find(|case| case["id"] == id)
        .expect(id);
    let pem = |value: &serde_json::Value| {
        let lines = value
            .as_str()
            .expect("PEM")
            .lines()
            .filter(|line| !line.starts_with("-----"));
        STANDARD
            .decode(lines.map(str::trim).collect::<String>())
            .expect("base64")
    };
    let list = |key: &str| {
        case[key]
            .as_array()
            .into_iter()
            .flatten()
            .map(pem)
            .collect::<Vec<_>>()
    };
    let anchors: Vec<Anchor> = list("trusted_certs")
        .iter()
        .map(|der| Anchor::from_certificate(der).expect("an anchor"))
        .collect();
    let mut chain = vec![pem(&case["peer_certificate"])];
    chain.extend(list("untrusted_intermediates"));
    let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
    Validator::new(profile).validate(&Inputs {
        chain: &chain,
        anchors: &anchors,
        purpose: Purpose::Server,
        name: None,
        time: case["validation_time"]
            .as_str()
            .unwrap_or("2024-01-01T00:00:00Z")
            .parse::<Time>()
            .expect("a time"),
        revocation: Revocation::Off,
    })
}

const PLAIN: &str = "pathlen::ee-with-intermediate-pathlen-0";

#[test]
fn a_rule_that_a_profile_asks_for_is_the_one_violation() {
    type Change = fn(&mut Profile);
    let table: [(&str, &str, Change, &[Reason]); 16] = [
        ("nothing asked", PLAIN, |_| (), &[]),
        (
            "maximum lifetime",
            PLAIN,
            |profile| profile.maximum_lifetime_days = Some(398),
            &[Reason::LifetimeTooLong],
        ),
        (
            "maximum depth",
            PLAIN,
            |profile| profile.maximum_depth = Some(0),
            &[Reason::PathTooDeep],
        ),
        (
            "curves",
            PLAIN,
            |profile| profile.keys.curves.clear(),
            &[Reason::WeakKey; 2],
        ),
        (
            "signature algorithms",
            PLAIN,
            |profile| profile.signatures = vec![SignatureName::Ed25519],
            &[Reason::WeakSignatureAlgorithm; 2],
        ),
        (
            "pins",
            PLAIN,
            |profile| {
                profile.keys.pins = vec!["00".repeat(32)];
                profile.keys.backup_pins = vec!["11".repeat(32)];
            },
            &[Reason::IdentityNotAllowed],
        ),
        (
            "an identity that is not let in",
            PLAIN,
            |profile| {
                profile.identity.allow = vec![IdentityRule::Uri("spiffe://example.org/a".into())]
            },
            &[Reason::IdentityNotAllowed],
        ),
        (
            "an identity that is let in",
            PLAIN,
            |profile| profile.identity.allow = vec![IdentityRule::Dns("EXAMPLE.com".into())],
            &[],
        ),
        (
            "an identity that is denied",
            PLAIN,
            |profile| profile.identity.deny = vec![IdentityRule::Subject("CN=example.com".into())],
            &[Reason::IdentityNotAllowed],
        ),
        (
            "another issuer",
            PLAIN,
            |profile| profile.identity.issuers = vec!["CN=Other".into()],
            &[Reason::IdentityNotAllowed],
        ),
        (
            "a policy",
            PLAIN,
            |profile| profile.policies.require_explicit = true,
            &[Reason::NoValidPolicy],
        ),
        (
            "the policy of the path",
            "pkits::s4-9-1",
            |profile| profile.policies.initial = vec!["2.16.840.1.101.3.2.1.48.1".into()],
            &[],
        ),
        (
            "another policy",
            "pkits::s4-9-4",
            |profile| {
                profile.policies.initial = vec!["1.2.3".into()];
                profile.policies.require_explicit = true;
            },
            &[Reason::NoValidPolicy],
        ),
        (
            "no DSA",
            "pkits::s4-1-4",
            |profile| profile.keys.dsa = false,
            &[Reason::UnsupportedKey; 2],
        ),
        (
            "RSA size",
            "pkits::s4-1-1",
            |profile| profile.keys.minimum_rsa_bits = 3072,
            &[Reason::WeakKey; 2],
        ),
        (
            "RSA exponent",
            "pkits::s4-1-1",
            |profile| profile.keys.forbidden_rsa_exponents = vec![65_537],
            &[Reason::WeakKey; 2],
        ),
    ];
    for (what, id, change, wanted) in table {
        let mut profile = Profile::rfc5280();
        change(&mut profile);
        profile.check().expect(what);
        let found: Vec<_> = judge(id, profile)
            .violations
            .iter()
            .map(|found| found.reason)
            .collect();
        assert_eq!(found, wanted, "{what}");
    }
}

#[test]
fn strict_profiles_ask_more_than_the_standard() {
    let table = [
        (
            "rfc5280::nc::permitted-dns-match-noncritical",
            Reason::WrongCriticality,
        ),
        ("rfc5280::serial::zero", Reason::BadSerial),
        ("rfc5280::ca-as-leaf", Reason::CaAsEndEntity),
        ("rfc5280::eku::ee-without-eku", Reason::ExtendedKeyUsage),
        ("webpki::eku::ee-anyeku", Reason::ExtendedKeyUsage),
        ("rfc5280::ee-critical-aia-invalid", Reason::WrongCriticality),
        ("rfc5280::san::underscore-dns", Reason::MalformedName),
        (
            "rfc5280::nc::not-allowed-in-ee-critical",
            Reason::MalformedExtension,
        ),
        (
            "webpki::forbidden-rsa-not-divisible-by-8-in-root",
            Reason::WeakKey,
        ),
    ];
    for (id, reason) in table {
        assert!(judge(id, Profile::rfc5280()).is_accepted(), "{id}");
        let found: Vec<_> = judge(id, Profile::strict_mtls())
            .violations
            .iter()
            .map(|found| found.reason)
            .collect();
        assert!(found.contains(&reason), "{id}: {found:?}");
    }
}
