//! Defects below a CA of somebody's own, and in a certificate of somebody's own.
//! CA and certificate come from another library than the one under test.
#![cfg(feature = "cli")]

use gatecrash::{
    Case,
    case::{PairError, pair_of, pairs_of},
    defect::{self, Defect, Position},
    engine::{Engine, reference::Reference},
    mint::{GivenKey, Template, TemplateError},
    question::Time,
    recipe::generate::Setting,
    verdict::Verdict,
};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
    date_time_ymd,
};
use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate};

const KINDS: [&rcgen::SignatureAlgorithm; 4] = [
    &rcgen::PKCS_ECDSA_P256_SHA256,
    &rcgen::PKCS_ECDSA_P384_SHA384,
    &rcgen::PKCS_ED25519,
    &rcgen::PKCS_RSA_SHA256,
];

fn now() -> Time {
    "2026-06-01T12:00:00Z".parse().expect("a time")
}

fn key(kind: &'static rcgen::SignatureAlgorithm) -> KeyPair {
    if *kind == rcgen::PKCS_RSA_SHA256 {
        KeyPair::generate_rsa_for(kind, rcgen::RsaKeySize::_2048).expect("a key")
    } else {
        KeyPair::generate_for(kind).expect("a key")
    }
}

/// A certificate authority as an operator may have one.
struct Operator {
    ca: Issuer<'static, KeyPair>,
    ca_der: Vec<u8>,
    client: Vec<u8>,
    client_key: KeyPair,
}

impl Operator {
    fn new(kind: &'static rcgen::SignatureAlgorithm) -> Self {
        Self::with(kind, |_| {}, |_| {})
    }

    fn with(
        kind: &'static rcgen::SignatureAlgorithm,
        change_ca: impl FnOnce(&mut CertificateParams),
        change_client: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(2024, 1, 1);
        params.not_after = date_time_ymd(2034, 1, 1);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Prüfwerk AG");
        params
            .distinguished_name
            .push(DnType::CommonName, "Staging");
        change_ca(&mut params);
        let ca_key = key(kind);
        let ca_der = params.self_signed(&ca_key).expect("signs").der().to_vec();
        let ca = Issuer::new(params, ca_key);

        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2027, 1, 1);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params
            .distinguished_name
            .push(DnType::CommonName, "billing-7");
        params.subject_alt_names = vec![
            SanType::DnsName("billing.internal.example".try_into().expect("a name")),
            SanType::URI(
                "spiffe://internal.example/billing"
                    .try_into()
                    .expect("a URI"),
            ),
        ];
        params.custom_extensions = vec![CustomExtension::from_oid_content(
            &[1, 3, 6, 1, 4, 1, 99999, 7],
            vec![0x0c, 2, b'o', b'k'],
        )];
        change_client(&mut params);
        let client_key = key(&rcgen::PKCS_ECDSA_P256_SHA256);
        let client = params.signed_by(&client_key, &ca).expect("signs");
        Self {
            client: client.der().to_vec(),
            ca,
            ca_der,
            client_key,
        }
    }

    fn below_ca(&self) -> Result<Template, TemplateError> {
        Template::new().with_authority(
            std::slice::from_ref(&self.ca_der),
            given(self.ca.key()),
            now(),
        )
    }

    fn template(&self) -> Result<Template, TemplateError> {
        self.below_ca()?
            .with_end_entity(&self.client, Some(given(&self.client_key)), now())
    }
}

fn given(key: &KeyPair) -> GivenKey {
    GivenKey::read(key.serialize_pem().as_bytes()).expect("a key")
}

fn judge(case: &Case) -> Verdict {
    Reference::default().judge(case).expect("answers")
}

#[test]
fn the_twin_is_the_operators_certificate_signed_anew() {
    for kind in KINDS {
        let operator = Operator::new(kind);
        let template = operator.template().expect("a template");
        let expired = defect::find("validity/expired").expect("exists");
        let setting = Setting {
            time: now(),
            intermediates: 0,
            ..Setting::default()
        };
        let pair = pair_of(&template, expired, Position::EndEntity, &setting, 0).expect("fits");
        assert_eq!(pair.twin.anchors[0], operator.ca_der);
        let signed_part = |der: &[u8]| {
            let (_, certificate) = X509Certificate::from_der(der).expect("parses");
            certificate.tbs_certificate.as_ref().to_vec()
        };
        assert_eq!(
            signed_part(&pair.twin.chain[0]),
            signed_part(&operator.client)
        );
        assert_eq!(judge(&pair.twin), Verdict::Accept);
        assert!(judge(&pair.hostile).reason().is_some());
    }
}

#[test]
fn most_of_the_catalogue_fits_and_what_fits_leaves_the_twin_good() {
    let operator = Operator::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let table = [
        ("a CA", operator.below_ca().expect("a CA"), 80),
        (
            "a CA and a template",
            operator.template().expect("a template"),
            50,
        ),
    ];
    for (what, template, least) in table {
        let (mut fits, mut all, mut refused) = (0, 0, Vec::new());
        // A CA that is given stays as it is.
        let below_it = |defect: &&Defect| defect.positions != [Position::Anchor];
        for defect in defect::all().filter(below_it) {
            for outcome in pairs_of(&template, defect, now(), 1, 7) {
                all += 1;
                let pair = match outcome {
                    Ok(pair) => pair,
                    Err(PairError::Unfit { .. }) => continue,
                    Err(error) => panic!("{what}: {error}"),
                };
                fits += 1;
                let anchored = pair.hostile.anchors.contains(&operator.ca_der);
                assert!(anchored, "{what}: {}", pair.hostile.id);
                let twin = judge(&pair.twin);
                let lets_in = judge(&pair.hostile) == Verdict::Accept
                    && pair.hostile.handshake.is_none()
                    && !KNOWN_HOSTILE.contains(&defect.id.0)
                    && !defect.id.0.ends_with("-dns-common-name");
                if lets_in {
                    refused.push(format!("{}: accepted", pair.hostile.id));
                }
                if twin != Verdict::Accept && !KNOWN_TWINS.contains(&defect.id.0) {
                    refused.push(format!("{}: {twin}", pair.twin.id));
                }
            }
        }
        assert!(refused.is_empty(), "{what}: {refused:#?}");
        assert!(
            fits * 100 >= all * least,
            "{what}: {fits} of {all} placements fit"
        );
    }
}

/// A service that knows its peers would refuse the twin as well, if that bore another's names.
#[test]
fn defects_of_names_are_about_whom_the_template_names() {
    let operator = Operator::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let template = operator.template().expect("a template");
    let names = |der: &[u8]| {
        let (_, certificate) = X509Certificate::from_der(der).expect("a certificate");
        let names = certificate.subject_alternative_name().ok().flatten();
        let names = names.map(|found| format!("{:?}", found.value.general_names));
        (certificate.subject().to_string(), names)
    };
    let own = names(&operator.client);
    let (mut kept, mut all) = (0, 0);
    for defect in defect::matching("identity/*").chain(defect::matching("name-constraints/*")) {
        let setting = Setting {
            time: now(),
            intermediates: 1,
            ..Setting::default()
        };
        let position = defect.positions[0];
        let Ok(pair) = pair_of(&template, defect, position, &setting, 0) else {
            continue;
        };
        let stated = names(&pair.twin.chain[0]);
        if defect.id.family() == "identity" {
            all += 1;
            kept += usize::from(stated == own);
        }
        let words = format!("{} {:?}", stated.0, stated.1);
        assert!(
            !words.contains("gatecrash.example"),
            "{}: {words}",
            pair.twin.id
        );
        assert_eq!(judge(&pair.twin), Verdict::Accept, "{}", pair.twin.id);
    }
    // Others are about a kind of name that the template has not.
    assert!(kept * 2 > all && all > 20, "{kept} of {all}");
}

/// A CA may be for its operator's domain alone. The second organization of which some defects
/// speak lies in that domain then, or the twin would be refused for the CA's own constraint.
#[test]
fn below_a_ca_for_one_domain_the_second_organization_is_in_it() {
    let operator = Operator::with(
        &rcgen::PKCS_ECDSA_P256_SHA256,
        |params| {
            let permitted_subtrees = vec![
                GeneralSubtree::DnsName("internal.example".into()),
                GeneralSubtree::Rfc822Name("internal.example".into()),
            ];
            params.name_constraints = Some(NameConstraints {
                permitted_subtrees,
                excluded_subtrees: Vec::new(),
            });
        },
        |params| {
            let mailbox = "ops@internal.example".try_into().expect("a mailbox");
            params.subject_alt_names.push(SanType::Rfc822Name(mailbox));
        },
    );
    let template = operator.template().expect("a template");
    for name in [
        "permitted-dns-parent",
        "permitted-dns-sibling",
        "permitted-dns-wildcard-wider",
        "permitted-dns-of-several",
        "permitted-dns-name-case-of-several",
        "permitted-dns-constraint-case-of-several",
        "permitted-dns-wildcard-of-several",
        "excluded-dns-inside-permitted",
        "excluded-dns-wildcard-covers",
        "excluded-dns-wildcard-case",
        "permitted-email-of-several",
        "permitted-email-name-case-of-several",
        "permitted-email-constraint-case-of-several",
        "permitted-email-in-subject-of-several",
        "upper-permitted-dns-of-several",
        "upper-permitted-email-of-several",
        "permitted-uri-of-several",
    ] {
        let id = format!("name-constraints/{name}");
        let defect = defect::find(&id).expect("in the catalogue");
        for outcome in pairs_of(&template, defect, now(), 1, 7) {
            let pair = outcome.expect("fits");
            assert_eq!(judge(&pair.twin), Verdict::Accept, "{id}");
            assert_ne!(judge(&pair.hostile), Verdict::Accept, "{id}");
        }
    }
}

/// The CA's certificate may be named as well as its key, as some CAs' tools do it.
#[test]
fn a_template_that_names_the_certificate_of_its_issuer_goes_on_to_name_it() {
    // keyIdentifier 01, authorityCertIssuer `CN=x`, authorityCertSerialNumber 7.
    let named = [
        &[0x30, 0x18, 0x80, 1, 1, 0xa1, 0x10, 0xa4, 0x0e, 0x30, 0x0c][..],
        &[0x31, 0x0a, 0x30, 0x08, 6, 3, 0x55, 4, 3, 0x0c, 1, b'x'],
        &[0x82, 1, 7],
    ];
    let operator = Operator::with(
        &rcgen::PKCS_ECDSA_P256_SHA256,
        |_| {},
        |params| {
            params.use_authority_key_identifier_extension = false;
            let identifier = CustomExtension::from_oid_content(&[2, 5, 29, 35], named.concat());
            params.custom_extensions.push(identifier);
        },
    );
    let template = operator.template().expect("a template");
    let defect = defect::find("validity/expired").expect("in the catalogue");
    for intermediates in [0, 1] {
        let setting = Setting {
            time: now(),
            intermediates,
            ..Setting::default()
        };
        let pair = pair_of(&template, defect, Position::EndEntity, &setting, 0).expect("fits");
        let issuer = pair.twin.chain.get(1).unwrap_or(&pair.twin.anchors[0]);
        let (_, issuer) = X509Certificate::from_der(issuer).expect("a certificate");
        let (_, end_entity) = X509Certificate::from_der(&pair.twin.chain[0]).expect("parses");
        let named = end_entity
            .extensions()
            .iter()
            .find_map(|one| match one.parsed_extension() {
                ParsedExtension::AuthorityKeyIdentifier(named) => Some(named.clone()),
                _ => None,
            });
        let named = named.expect("an authorityKeyIdentifier");
        assert!(named.key_identifier.is_some());
        assert_eq!(named.authority_cert_serial, Some(issuer.raw_serial()));
        let names = named.authority_cert_issuer.expect("a name");
        assert_eq!(
            format!("{names:?}"),
            format!(
                "{:?}",
                [GeneralName::DirectoryName(issuer.issuer().clone())]
            )
        );
        assert_eq!(judge(&pair.twin), Verdict::Accept);
    }
}

/// Whoever has many names keeps them beside a defect that is about one of them.
#[test]
fn names_that_no_constraint_is_about_stay() {
    for usage in [
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::ServerAuth,
    ] {
        let operator = Operator::with(
            &rcgen::PKCS_ECDSA_P256_SHA256,
            |_| {},
            |params| {
                params.extended_key_usages = vec![usage.clone()];
                params
                    .distinguished_name
                    .push(DnType::OrganizationName, "Prüfwerk AG");
                params.subject_alt_names.extend([
                    SanType::IpAddress([10, 1, 2, 3].into()),
                    SanType::Rfc822Name("ops@internal.example".try_into().expect("a mailbox")),
                ]);
            },
        );
        keeps_its_names(&operator);
    }
}

fn keeps_its_names(operator: &Operator) {
    let template = operator.template().expect("a template");
    let names = |der: &[u8]| -> Vec<String> {
        let (_, certificate) = X509Certificate::from_der(der).expect("a certificate");
        let names = certificate.subject_alternative_name().ok().flatten();
        let names = names.iter().flat_map(|found| &found.value.general_names);
        names.map(|name| format!("{name:?}")).collect()
    };
    let own = names(&operator.client);
    assert_eq!(own.len(), 4);
    let (mut kept, mut all) = (0, 0);
    for defect in defect::matching("name-constraints/*") {
        for outcome in pairs_of(&template, defect, now(), 1, 7) {
            let Ok(pair) = outcome else { continue };
            all += 1;
            assert_eq!(judge(&pair.twin), Verdict::Accept, "{}", pair.twin.id);
            if !defect.id.0.ends_with("-dns-common-name") {
                assert_ne!(judge(&pair.hostile), Verdict::Accept, "{}", pair.hostile.id);
            }
            let stated = names(&pair.twin.chain[0]);
            kept += usize::from(own.iter().all(|name| stated.contains(name)));
        }
    }
    // Others are about a name in the subject alone, or exclude every name of a form.
    assert!(kept * 10 > all * 7 && all > 150, "{kept} of {all}");
}

/// Defects that no rule of the profile asks for.
const KNOWN_HOSTILE: &[&str] = &[
    "validity/lifetime-of-a-century",
    "names/wildcard-of-top-level",
    "extensions/huge",
    "extensions/thousand",
    "encoding/large-certificate",
    "encoding/thousand-relative-names",
];

/// Defects whose twin a strict profile refuses in any setting.
const KNOWN_TWINS: &[&str] = &["signature/rsa-cube-root"];

#[test]
fn a_ca_without_a_template_signs_made_up_chains_of_any_depth() {
    for (path_length, expected) in [(None, 3), (Some(0), 0), (Some(1), 1)] {
        let operator = Operator::with(
            &rcgen::PKCS_ECDSA_P384_SHA384,
            |ca| {
                if let Some(length) = path_length {
                    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(length));
                }
            },
            |_| {},
        );
        let setting = Setting {
            time: now(),
            intermediates: 3,
            crls: true,
            ..Setting::default()
        };
        let template = operator.below_ca().expect("a CA");
        let recipe = template.recipe(&setting);
        assert_eq!(recipe.presented.len(), 1 + expected);
        let case = Case::from_recipe(
            template.minter(),
            recipe,
            "benign".into(),
            gatecrash::case::Expected::Accept,
        );
        assert_eq!(judge(&case.expect("mints")), Verdict::Accept);
    }
}

#[test]
fn a_template_without_a_ca_is_signed_by_a_stand_in() {
    let operator = Operator::new(&rcgen::PKCS_ED25519);
    let template = Template::new()
        .with_end_entity(&operator.client, None, now())
        .expect("a template");
    let defect = defect::find("usage/no-digital-signature").expect("exists");
    let pairs = pairs_of(&template, defect, now(), 1, 7);
    let pair = pairs[0].as_ref().expect("fits");
    assert_eq!(judge(&pair.twin), Verdict::Accept);
    let (_, theirs) = X509Certificate::from_der(&operator.client).expect("parses");
    let (_, ours) = X509Certificate::from_der(&pair.twin.chain[0]).expect("parses");
    assert_eq!(ours.subject(), theirs.subject());
    assert_eq!(ours.raw_serial(), theirs.raw_serial());
}

#[test]
fn a_ca_below_another_is_presented_with_what_stands_above_it() {
    let root = Operator::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let mut params = CertificateParams::default();
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2034, 1, 1);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(DnType::CommonName, "Issuing");
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let issuing_key = key(&rcgen::PKCS_ECDSA_P384_SHA384);
    let issuing = params.signed_by(&issuing_key, &root.ca).expect("signs");
    let chain = [issuing.der().to_vec(), root.ca_der.clone()];
    let template = Template::new()
        .with_authority(&chain, given(&issuing_key), now())
        .expect("a CA");
    let defect = defect::find("validity/expired").expect("exists");
    let pairs = pairs_of(&template, defect, now(), 1, 7);
    let pair = pairs[0].as_ref().expect("fits");
    assert!(pair.twin.chain.ends_with(&chain));
    for anchor in &chain {
        let mut twin = pair.twin.clone();
        twin.anchors = vec![anchor.clone()];
        assert_eq!(judge(&twin), Verdict::Accept);
    }
}

/// A CA may sign what another one of the operator issued: the CA's key identifier takes the
/// place of the issuer's, or nobody finds the way up (RFC 5280 section 4.2.1.1).
#[test]
fn a_template_of_another_issuer_names_the_key_that_signs_it_now() {
    let (upper, lower) = (Operator::new(KINDS[0]), Operator::new(KINDS[0]));
    let template = upper
        .below_ca()
        .and_then(|template| template.with_end_entity(&lower.client, None, now()))
        .expect("a template");
    let defect = defect::find("validity/expired").expect("in the catalogue");
    let setting = Setting {
        time: now(),
        intermediates: 0,
        ..Setting::default()
    };
    let pair = pair_of(&template, defect, Position::EndEntity, &setting, 0).expect("fits");
    let identifiers = |der: &[u8]| {
        let (_, certificate) = X509Certificate::from_der(der).expect("a certificate");
        let (mut own, mut issuers) = (None, None);
        for extension in certificate.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::SubjectKeyIdentifier(key) => own = Some(key.0.to_vec()),
                ParsedExtension::AuthorityKeyIdentifier(authority) => {
                    issuers = authority.key_identifier.as_ref().map(|key| key.0.to_vec());
                }
                _ => {}
            }
        }
        (own, issuers)
    };
    for case in [&pair.twin, &pair.hostile] {
        let issuer = case.chain.get(1).unwrap_or(&case.anchors[0]);
        assert_eq!(identifiers(&case.chain[0]).1, identifiers(issuer).0);
    }
}

#[test]
fn what_no_case_can_be_made_of_is_refused() {
    let p256 = &rcgen::PKCS_ECDSA_P256_SHA256;
    let good = Operator::new(p256);
    let other = Operator::new(p256);
    let changed =
        |change: fn(&mut CertificateParams)| Operator::with(p256, change, |_| {}).below_ca();
    let client =
        |change: fn(&mut CertificateParams)| Operator::with(p256, |_| {}, change).template();
    let table = [
        (
            "there is none",
            Template::new().with_authority(&[], given(good.ca.key()), now()),
        ),
        (
            "not a certificate",
            Template::new().with_authority(&[vec![0x30, 0]], given(good.ca.key()), now()),
        ),
        (
            "bytes follow it",
            good.below_ca().and_then(|t| {
                t.with_end_entity(&[good.client.clone(), vec![0]].concat(), None, now())
            }),
        ),
        (
            "the CA: the private key is not the key",
            Template::new().with_authority(
                std::slice::from_ref(&good.ca_der),
                given(other.ca.key()),
                now(),
            ),
        ),
        (
            "the template: the private key is not the key",
            good.below_ca().and_then(|t| {
                t.with_end_entity(&good.client, Some(given(&other.client_key)), now())
            }),
        ),
        (
            "the CA: it expired at 2025-",
            changed(|ca| ca.not_after = date_time_ymd(2025, 1, 1)),
        ),
        (
            "not valid before 2030-",
            changed(|ca| ca.not_before = date_time_ymd(2030, 1, 1)),
        ),
        (
            "do not say that it is one",
            changed(|ca| ca.is_ca = IsCa::ExplicitNoCa),
        ),
        (
            "no keyCertSign",
            changed(|ca| ca.key_usages = vec![KeyUsagePurpose::CrlSign]),
        ),
        (
            "the template: it expired",
            client(|c| c.not_after = date_time_ymd(2026, 2, 1)),
        ),
        (
            "the certificate of a CA",
            client(|c| c.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
        ),
        (
            "neither TLS clients nor TLS servers",
            client(|c| c.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning]),
        ),
    ];
    for (expected, outcome) in table {
        let error = outcome.map(|_| ()).expect_err(expected).to_string();
        assert!(error.contains(expected), "{expected}: {error}");
        assert!(!error.contains('\n'));
    }
}

#[test]
fn a_ca_that_may_not_sign_crls_gets_no_case_with_one() {
    let operator = Operator::with(
        &rcgen::PKCS_ECDSA_P256_SHA256,
        |ca| ca.key_usages = vec![KeyUsagePurpose::KeyCertSign],
        |_| {},
    );
    let template = operator.below_ca().expect("a CA");
    let revoked = defect::find("revocation/end-entity-revoked").expect("exists");
    for outcome in pairs_of(&template, revoked, now(), 2, 7) {
        assert!(matches!(outcome, Err(PairError::Unfit { .. })));
    }
}

#[test]
fn any_change_of_a_template_is_read_or_refused() {
    let operator = Operator::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    for at in 0..operator.client.len() {
        for value in [0, 0x30, 0x80, 0xff] {
            let mut wrong = operator.client.clone();
            wrong[at] = value;
            if let Ok(template) = Template::new().with_end_entity(&wrong, None, now()) {
                let purpose = template.purposes()[0];
                let recipe = template.recipe(&Setting {
                    time: now(),
                    purpose,
                    ..Setting::default()
                });
                let _ = template.minter().mint(&recipe);
            }
        }
        let _ = Template::new().with_end_entity(&operator.client[..at], None, now());
    }
}
