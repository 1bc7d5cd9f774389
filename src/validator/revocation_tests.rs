use std::cell::Cell;

use proptest::{prelude::*, sample::subsequence};

use super::*;
use crate::validator::assemble::{
    CrlParts, certificate, entry, extension, name, number, reason, sequence, tlv, uri_point,
};

const ISSUER_KEY: &[u8] = b"issuer key";
const OTHER_KEY: &[u8] = b"other key of the issuer";
const STRANGER: &[u8] = b"stranger";
const DELEGATE_KEY: &[u8] = b"delegate key";
const LAST_YEAR: &[u8] = b"\x17\x0d250101000000Z\x17\x0d260101000000Z";
const NEXT_YEAR: &[u8] = b"\x17\x0d270101000000Z\x17\x0d280101000000Z";
const NO_END: &[u8] = b"\x17\x0d260101000000Z";

/// A signature is good when it is the key itself.
#[derive(Default)]
struct Source {
    issuer_may_not_sign: bool,
    /// How many signatures were verified.
    verified: Cell<usize>,
}

impl Source {
    fn usage(bits: u8) -> Option<KeyUsageBits> {
        let usage = extension(15, true, &[0x03, 0x02, 0x01, bits]);
        let der = certificate(1, "x", "y", &[usage]);
        Certificate::parse(&der)
            .expect("a certificate")
            .extensions()
            .key_usage()
    }
}

impl SignerSource for Source {
    fn signers(&self, wanted: &[u8]) -> Vec<CrlSigner<'_>> {
        let table: &[(&str, &'static [u8])] = &[("CA", OTHER_KEY), ("Delegate", DELEGATE_KEY)];
        let fitting = table.iter().filter(|(who, _)| name(who) == wanted);
        fitting
            .map(|(_, key_info)| CrlSigner {
                key_info,
                key_usage: None,
            })
            .collect()
    }

    fn admit(&self, _: &[u8]) -> Result<(), Reason> {
        Ok(())
    }

    fn admit_key(&self, _: &[u8]) -> Result<(), Reason> {
        Ok(())
    }

    fn verify(&self, key_info: &[u8], _: &[u8], _: &[u8], signature: &[u8]) -> Result<(), Reason> {
        self.verified.set(self.verified.get() + 1);
        if key_info == signature {
            Ok(())
        } else {
            Err(Reason::BadSignature)
        }
    }

    fn is_in_good_standing(&self, _: &Certificate, _: CrlSigner<'_>) -> bool {
        true
    }
}

fn judge_with(
    der: &[u8],
    crls: &[Vec<u8>],
    options: &RevocationOptions,
    source: &Source,
) -> Status {
    let parsed = Certificate::parse(der).expect("a certificate");
    let key_usage = if source.issuer_may_not_sign {
        Source::usage(0x04)
    } else {
        None
    };
    let subject = Subject {
        certificate: &parsed,
        issuer: CrlSigner {
            key_info: ISSUER_KEY,
            key_usage,
        },
    };
    let store = CrlStore::from_der_lossy(crls.iter().cloned());
    check(
        subject,
        &store,
        options,
        "2026-07-01T00:00:00Z".parse().expect("a time"),
        source,
    )
}

fn judge(der: &[u8], crls: &[Vec<u8>]) -> Status {
    judge_with(der, crls, &RevocationOptions::default(), &Source::default())
}

/// `good`, `revoked`, or the reason why it is unknown.
fn word(status: &Status) -> &'static str {
    match status {
        Status::Good { .. } => "good",
        Status::Revoked { .. } => "revoked",
        Status::Unknown(obstacle) => obstacle.reason().name(),
    }
}

fn plain() -> Vec<u8> {
    certificate(7, "CA", "device", &[])
}

/// A certificate with one distribution point of these fields.
fn pointing(fields: &[&[u8]]) -> Vec<u8> {
    certificate(
        7,
        "CA",
        "device",
        &[extension(31, false, &sequence(&[&sequence(fields)]))],
    )
}

fn signed<'a>() -> CrlParts<'a> {
    CrlParts {
        signature: ISSUER_KEY,
        ..CrlParts::default()
    }
}

fn scope(fields: &[&[u8]]) -> Vec<u8> {
    extension(28, true, &sequence(fields))
}

fn base(value: u8) -> Vec<u8> {
    extension(27, true, &[2, 1, value])
}

#[test]
fn one_complete_crl_is_judged_by_signature_dates_and_entries() {
    let listed = || vec![entry(&[7], &[reason(1)])];
    let table = [
        ("not listed", signed(), "good"),
        (
            "listed",
            CrlParts {
                entries: listed(),
                ..signed()
            },
            "revoked",
        ),
        (
            "another serial",
            CrlParts {
                entries: vec![entry(&[8], &[])],
                ..signed()
            },
            "good",
        ),
        (
            "another issuer",
            CrlParts {
                issuer: "Other",
                ..signed()
            },
            "revocation-unknown",
        ),
        (
            "a stranger's signature",
            CrlParts {
                signature: STRANGER,
                ..signed()
            },
            "crl-bad-signature",
        ),
        (
            "listed by a stranger",
            CrlParts {
                signature: STRANGER,
                entries: listed(),
                ..signed()
            },
            "crl-bad-signature",
        ),
        (
            "another key of the issuer",
            CrlParts {
                signature: OTHER_KEY,
                ..signed()
            },
            "good",
        ),
        (
            "stale",
            CrlParts {
                times: LAST_YEAR,
                ..signed()
            },
            "crl-expired",
        ),
        (
            "stale, but listed",
            CrlParts {
                times: LAST_YEAR,
                entries: listed(),
                ..signed()
            },
            "revoked",
        ),
        (
            "not yet valid",
            CrlParts {
                times: NEXT_YEAR,
                ..signed()
            },
            "crl-not-yet-valid",
        ),
        (
            "without an end",
            CrlParts {
                times: NO_END,
                ..signed()
            },
            "crl-expired",
        ),
        (
            "without a number",
            CrlParts {
                extensions: Vec::new(),
                ..signed()
            },
            "crl-malformed",
        ),
        (
            "version 1",
            CrlParts {
                version: b"",
                extensions: Vec::new(),
                ..signed()
            },
            "good",
        ),
        (
            "a critical number",
            CrlParts {
                extensions: vec![extension(20, true, &[2, 1, 1])],
                ..signed()
            },
            "crl-malformed",
        ),
        (
            "an unknown critical extension",
            CrlParts {
                extensions: vec![number(1), extension(99, true, &[5, 0])],
                ..signed()
            },
            "crl-unknown-critical-extension",
        ),
        (
            "an unknown critical extension of an entry",
            CrlParts {
                entries: vec![entry(&[8], &[extension(99, true, &[5, 0])])],
                ..signed()
            },
            "crl-unknown-critical-extension",
        ),
    ];
    for (case, parts, expected) in table {
        assert_eq!(word(&judge(&plain(), &[parts.der()])), expected, "{case}");
    }
    assert_eq!(word(&judge(&plain(), &[])), "revocation-unknown");
    assert_eq!(word(&judge(&plain(), &[vec![0x30]])), "crl-malformed");
    let source = Source {
        issuer_may_not_sign: true,
        ..Source::default()
    };
    let status = judge_with(
        &plain(),
        &[signed().der()],
        &RevocationOptions::default(),
        &source,
    );
    assert_eq!(word(&status), "crl-key-usage");
}

#[test]
fn what_cannot_be_read_leaves_the_status_of_its_issuers_certificates_unknown() {
    let trailing = |parts: CrlParts<'_>| [parts.der(), vec![0; 160]].concat();
    let listed = || vec![entry(&[7], &[reason(1)])];
    let without_identifier = || CrlParts {
        entries: listed(),
        extensions: vec![number(8), sequence(&[&[4, 2, 5, 0]])],
        ..signed()
    };
    let by_another = |name: &'static str| CrlParts {
        issuer: name,
        ..without_identifier()
    };
    let of_nobody = || {
        let listed = CrlParts {
            entries: listed(),
            ..signed()
        };
        let (mut der, name) = (listed.der(), name("CA"));
        let mut places = der.windows(name.len());
        let at = places.position(|part| part == name).expect("the issuer");
        // A SEQUENCE where the SET of a relative name must stand.
        der[at + 2] = 0x30;
        der
    };
    let indirectly = || {
        let directory = tlv(0xa4, &name("Elsewhere"));
        pointing(&[&tlv(0xa2, &directory)])
    };
    let table = [
        ("bytes follow", plain(), trailing(signed()), "crl-malformed"),
        (
            "bytes follow what lists it",
            plain(),
            trailing(CrlParts {
                entries: listed(),
                ..signed()
            }),
            "crl-malformed",
        ),
        (
            "an extension without an identifier",
            plain(),
            without_identifier().der(),
            "crl-malformed",
        ),
        ("no list at all", plain(), vec![0x30], "crl-malformed"),
        (
            "an issuer that is no name",
            plain(),
            of_nobody(),
            "crl-malformed",
        ),
        (
            "of another issuer",
            plain(),
            by_another("Elsewhere").der(),
            "good",
        ),
        (
            "of another issuer that a point names",
            indirectly(),
            by_another("Elsewhere").der(),
            "crl-malformed",
        ),
        (
            "of another issuer, and bytes follow",
            plain(),
            trailing(by_another("Elsewhere")),
            "crl-malformed",
        ),
        (
            "it lists the certificate, and holds what nobody knows",
            plain(),
            CrlParts {
                entries: listed(),
                extensions: vec![number(8), extension(99, true, &[5, 0])],
                ..signed()
            }
            .der(),
            "crl-unknown-critical-extension",
        ),
        (
            "it lists another, and holds what nobody knows",
            plain(),
            CrlParts {
                entries: vec![entry(&[8], &[])],
                extensions: vec![number(8), extension(99, true, &[5, 0])],
                ..signed()
            }
            .der(),
            "good",
        ),
    ];
    for (case, certificate, unusable, expected) in table {
        let complete = signed().der();
        for crls in [
            [complete.clone(), unusable.clone()],
            [unusable.clone(), complete.clone()],
        ] {
            assert_eq!(word(&judge(&certificate, &crls)), expected, "{case}");
        }
        let revoked = CrlParts {
            entries: listed(),
            ..signed()
        };
        let crls = [revoked.der(), unusable];
        assert_eq!(word(&judge(&certificate, &crls)), "revoked", "{case}");
        let allowing = RevocationOptions {
            allow_unknown: true,
            ..RevocationOptions::default()
        };
        let status = judge_with(&certificate, &crls[1..], &allowing, &Source::default());
        assert_ne!(word(&status), "good", "{case}");
    }
}

#[test]
fn a_greatest_age_bounds_a_crl_with_or_without_an_end() {
    let day = 86_400;
    let table = [
        (NO_END, 200 * day, "good"),
        (NO_END, 100 * day, "crl-expired"),
        (
            b"\x17\x0d260101000000Z\x17\x0d270101000000Z",
            100 * day,
            "crl-expired",
        ),
    ];
    for (times, age, expected) in table {
        let options = RevocationOptions {
            maximum_age: Some(age),
            ..RevocationOptions::default()
        };
        let crl = CrlParts { times, ..signed() }.der();
        assert_eq!(
            word(&judge_with(&plain(), &[crl], &options, &Source::default())),
            expected,
            "{age}"
        );
    }
}

#[test]
fn a_partition_counts_only_for_certificates_that_point_to_it() {
    let a = || uri_point("http://crl.example/a");
    let b = || uri_point("http://crl.example/b");
    let partition = |fields: &[&[u8]]| {
        CrlParts {
            extensions: vec![number(1), scope(fields)],
            ..signed()
        }
        .der()
    };
    let authority = |der: Vec<u8>| der;
    let ca = extension(19, true, &sequence(&[b"\x01\x01\xff"]));
    let table = [
        (
            "the point's own",
            pointing(&[&a()]),
            partition(&[&a()]),
            "good",
        ),
        (
            "another partition",
            pointing(&[&a()]),
            partition(&[&b()]),
            "revocation-unknown",
        ),
        (
            "no point, but a partition",
            plain(),
            partition(&[&a()]),
            "revocation-unknown",
        ),
        (
            "no point, and the issuer's name as partition",
            plain(),
            partition(&[&tlv(0xa0, &tlv(0xa0, &tlv(0xa4, &name("ca"))))]),
            "good",
        ),
        (
            "a scope without a name",
            plain(),
            partition(&[&[0x81, 1, 0xff]]),
            "good",
        ),
        (
            "CA certificates only",
            plain(),
            partition(&[&[0x82, 1, 0xff]]),
            "revocation-unknown",
        ),
        (
            "attribute certificates only",
            plain(),
            partition(&[&[0x85, 1, 0xff]]),
            "revocation-unknown",
        ),
        (
            "end entities only, for a CA",
            authority(certificate(7, "CA", "sub", std::slice::from_ref(&ca))),
            partition(&[&[0x81, 1, 0xff]]),
            "revocation-unknown",
        ),
        (
            "CA certificates only, for a CA",
            authority(certificate(7, "CA", "sub", &[ca])),
            partition(&[&[0x82, 1, 0xff]]),
            "good",
        ),
        (
            "some reasons",
            plain(),
            partition(&[&[0x83, 2, 6, 0x40]]),
            "revocation-unknown",
        ),
    ];
    for (case, der, crl, expected) in table {
        assert_eq!(word(&judge(&der, &[crl])), expected, "{case}");
    }
}

#[test]
fn reasons_add_up_to_a_whole() {
    let crl = |flags: &[u8]| {
        CrlParts {
            extensions: vec![number(1), scope(&[flags])],
            ..signed()
        }
        .der()
    };
    let compromise = crl(&[0x83, 2, 5, 0x60]);
    let rest = crl(&[0x83, 3, 7, 0x1f, 0x80]);
    assert_eq!(
        word(&judge(&plain(), std::slice::from_ref(&compromise))),
        "revocation-unknown"
    );
    assert_eq!(
        word(&judge(&plain(), std::slice::from_ref(&rest))),
        "revocation-unknown"
    );
    assert_eq!(word(&judge(&plain(), &[compromise, rest])), "good");
}

#[test]
fn an_indirect_crl_counts_when_the_certificate_names_its_issuer() {
    let delegated = |entries: Vec<Vec<u8>>, fields: &[&[u8]]| CrlParts {
        issuer: "Delegate",
        signature: DELEGATE_KEY,
        entries,
        extensions: vec![number(1), scope(fields)],
        ..CrlParts::default()
    };
    const INDIRECT: &[u8] = &[0x84, 1, 0xff];
    let named = || pointing(&[&tlv(0xa2, &tlv(0xa4, &name("Delegate")))]);
    let ours = |serial: u8| {
        entry(
            &[serial],
            &[extension(29, true, &sequence(&[&tlv(0xa4, &name("CA"))]))],
        )
    };
    let table = [
        ("empty", named(), delegated(Vec::new(), &[INDIRECT]), "good"),
        (
            "listed under our issuer",
            named(),
            delegated(vec![ours(7)], &[INDIRECT]),
            "revoked",
        ),
        (
            "our serial under the delegate",
            named(),
            delegated(vec![entry(&[7], &[])], &[INDIRECT]),
            "good",
        ),
        (
            "not named by the certificate",
            plain(),
            delegated(Vec::new(), &[INDIRECT]),
            "revocation-unknown",
        ),
        (
            "not marked indirect",
            named(),
            delegated(Vec::new(), &[&[0x81, 1, 0xff]]),
            "revocation-unknown",
        ),
        (
            "signed by our issuer instead",
            named(),
            CrlParts {
                signature: ISSUER_KEY,
                ..delegated(Vec::new(), &[INDIRECT])
            },
            "crl-bad-signature",
        ),
    ];
    for (case, der, parts, expected) in table {
        assert_eq!(word(&judge(&der, &[parts.der()])), expected, "{case}");
    }
}

#[test]
fn a_delta_lifts_a_hold_and_nothing_else() {
    let complete = |code: u8, value: u8| CrlParts {
        entries: vec![entry(&[7], &[reason(code)])],
        extensions: vec![number(value)],
        ..signed()
    };
    let delta = |entries: Vec<Vec<u8>>, from: u8, value: u8| CrlParts {
        entries,
        extensions: vec![number(value), base(from)],
        ..signed()
    };
    let removal = || vec![entry(&[7], &[reason(8)])];
    let hold = 6;
    let table = [
        ("hold", vec![complete(hold, 3)], "revoked"),
        (
            "hold lifted",
            vec![complete(hold, 3), delta(removal(), 3, 5)],
            "good",
        ),
        (
            "hold, delta for a later base",
            vec![complete(hold, 3), delta(removal(), 4, 5)],
            "revoked",
        ),
        (
            "hold, delta not later",
            vec![complete(hold, 5), delta(removal(), 3, 5)],
            "revoked",
        ),
        (
            "hold, a delta that does not call itself one critically",
            vec![
                complete(hold, 3),
                CrlParts {
                    entries: removal(),
                    extensions: vec![number(5), extension(27, false, &[2, 1, 3])],
                    ..signed()
                },
            ],
            "revoked",
        ),
        (
            "hold, stale delta",
            vec![
                complete(hold, 3),
                CrlParts {
                    times: LAST_YEAR,
                    ..delta(removal(), 3, 5)
                },
            ],
            "revoked",
        ),
        (
            "hold, delta of another key",
            vec![
                complete(hold, 3),
                CrlParts {
                    signature: OTHER_KEY,
                    ..delta(removal(), 3, 5)
                },
            ],
            "revoked",
        ),
        (
            "hold again in a later delta",
            vec![
                complete(hold, 3),
                delta(removal(), 3, 5),
                delta(vec![entry(&[7], &[reason(hold)])], 3, 6),
            ],
            "revoked",
        ),
        (
            "hold again in an earlier delta",
            vec![
                complete(hold, 3),
                delta(removal(), 3, 6),
                delta(vec![entry(&[7], &[reason(hold)])], 3, 5),
            ],
            "good",
        ),
        (
            "compromise is not lifted",
            vec![complete(1, 3), delta(removal(), 3, 5)],
            "revoked",
        ),
        (
            "newly revoked",
            vec![signed(), delta(vec![entry(&[7], &[])], 1, 5)],
            "revoked",
        ),
        (
            "a delta alone",
            vec![delta(Vec::new(), 1, 5)],
            "revocation-unknown",
        ),
        (
            "a stale complete CRL made current",
            vec![
                CrlParts {
                    times: LAST_YEAR,
                    ..signed()
                },
                delta(Vec::new(), 1, 5),
            ],
            "good",
        ),
        (
            "a stale complete CRL, delta for a later base",
            vec![
                CrlParts {
                    times: LAST_YEAR,
                    ..signed()
                },
                delta(Vec::new(), 2, 5),
            ],
            "crl-expired",
        ),
    ];
    for (case, parts, expected) in table {
        let crls: Vec<_> = parts.iter().map(CrlParts::der).collect();
        assert_eq!(word(&judge(&plain(), &crls)), expected, "{case}");
    }
}

#[test]
fn many_crls_of_one_issuer_cost_one_signature() {
    let history = (1..=98).map(|value| CrlParts {
        extensions: vec![number(value)],
        ..signed()
    });
    let partitions = (0..98).map(|part| {
        let point = uri_point(&format!("http://crl.example/{part}"));
        CrlParts {
            extensions: vec![number(1), scope(&[&point])],
            ..signed()
        }
    });
    let own = pointing(&[&uri_point("http://crl.example/7")]);
    let table = [
        (
            "a history",
            plain(),
            history.map(|parts| parts.der()).collect(),
        ),
        (
            "partitions",
            own,
            partitions.map(|parts| parts.der()).collect::<Vec<_>>(),
        ),
    ];
    for (case, certificate, crls) in table {
        let source = Source::default();
        let status = judge_with(&certificate, &crls, &RevocationOptions::default(), &source);
        assert_eq!(
            (word(&status), source.verified.get()),
            ("good", 1),
            "{case}"
        );
    }
}

/// Every kind of CRL that the rules tell apart, for a certificate that points to partition `a`.
fn universe() -> Vec<Vec<u8>> {
    let a = uri_point("http://crl.example/a");
    let b = uri_point("http://crl.example/b");
    let some: &[u8] = &[0x83, 2, 5, 0x60];
    let rest: &[u8] = &[0x83, 3, 7, 0x1f, 0x80];
    let scopes: Vec<Vec<Vec<u8>>> = [
        vec![],
        vec![&a[..]],
        vec![&b[..]],
        vec![some],
        vec![rest],
        vec![&[0x82, 1, 0xff][..]],
        vec![&[0x84, 1, 0xff][..]],
    ]
    .into_iter()
    .map(|fields| {
        if fields.is_empty() {
            vec![]
        } else {
            vec![scope(&fields)]
        }
    })
    .collect();
    let entries = [
        vec![],
        vec![entry(&[7], &[reason(1)])],
        vec![entry(&[7], &[reason(6)])],
        vec![entry(&[7], &[reason(8)])],
    ];
    let mut crls = Vec::new();
    for scope in &scopes {
        for entries in &entries {
            for (times, signature) in [
                (LAST_YEAR, ISSUER_KEY),
                (crate::validator::assemble::YEAR_2026, ISSUER_KEY),
                (NEXT_YEAR, OTHER_KEY),
                (crate::validator::assemble::YEAR_2026, STRANGER),
            ] {
                for kind in [
                    vec![number(3)],
                    vec![number(5), base(3)],
                    vec![number(6), base(4)],
                    vec![number(3), extension(99, true, &[5, 0])],
                ] {
                    let extensions = [kind, scope.clone()].concat();
                    crls.push(
                        CrlParts {
                            times,
                            signature,
                            entries: entries.clone(),
                            extensions,
                            ..CrlParts::default()
                        }
                        .der(),
                    );
                }
            }
        }
    }
    crls
}

/// Whether a CRL is a delta that says `removeFromCRL` of serial 7.
fn lifts(der: &[u8]) -> bool {
    let crl = ParsedCrl::from_der(der.to_vec()).expect("a CRL");
    crl.base_number().is_some()
        && crl
            .find(&[7])
            .is_some_and(|entry| entry.reason == RevocationReason::RemoveFromCrl)
}

/// Whether a CRL lists serial 7, and holds what nobody knows.
fn lists_and_cannot_be_used(der: &[u8]) -> bool {
    let crl = ParsedCrl::from_der(der.to_vec()).expect("a CRL");
    crl.unknown_critical().is_some() && crl.find(&[7]).is_some()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_crls_means_nothing(
        (ordered, shuffled) in subsequence(universe(), 0..6).prop_flat_map(|some| (Just(some.clone()), Just(some).prop_shuffle())),
    ) {
        let der = pointing(&[&uri_point("http://crl.example/a")]);
        prop_assert_eq!(judge(&der, &ordered), judge(&der, &shuffled));
    }

    #[test]
    fn another_crl_revokes_or_informs_but_never_absolves(
        some in subsequence(universe(), 0..5), another in proptest::sample::select(universe()),
    ) {
        let der = pointing(&[&uri_point("http://crl.example/a")]);
        let before = judge(&der, &some);
        let after = judge(&der, &[vec![another.clone()], some].concat());
        match (word(&before), word(&after)) {
            ("revoked", "revoked") => {}
            ("revoked", verdict) => prop_assert!(lifts(&another), "revoked became {}", verdict),
            ("good", "crl-unknown-critical-extension") => prop_assert!(lists_and_cannot_be_used(&another)),
            ("good", verdict) => prop_assert!(["good", "revoked"].contains(&verdict), "good became {}", verdict),
            _ => {}
        }
    }
}
