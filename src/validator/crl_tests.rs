use super::*;

use crate::validator::assemble::{
    ALGORITHM, CrlParts, V2, entry, extension, name, number, reason, sequence, tlv,
};

fn crl(version: &[u8], entries: &[Vec<u8>], extensions: &[Vec<u8>]) -> Vec<u8> {
    CrlParts {
        version,
        entries: entries.to_vec(),
        extensions: extensions.to_vec(),
        ..CrlParts::default()
    }
    .der()
}

#[test]
fn fields_are_where_they_should_be() {
    let parsed = ParsedCrl::from_der(crl(
        V2,
        &[entry(&[5], &[reason(1)]), entry(&[0, 0x80], &[])],
        &[number(9), extension(35, false, b"\x30\x04\x80\x02\x01\x02")],
    ))
    .expect("a CRL");
    assert_eq!(parsed.issuer(), name("CA"));
    assert_eq!(parsed.algorithm(), ALGORITHM);
    assert_eq!(parsed.signature(), [0xaa, 0xbb]);
    assert_eq!(parsed.number(), Some(&[9][..]));
    assert_eq!(parsed.authority_key_identifier(), Some(&[1, 2][..]));
    assert_eq!(parsed.this_update().to_string(), "2026-01-01T00:00:00Z");
    assert_eq!(
        parsed.next_update().expect("a time").to_string(),
        "2027-01-01T00:00:00Z"
    );
    assert_eq!(parsed.entry_count(), 2);
    assert_eq!(
        parsed.find(&[5]).expect("listed").reason,
        RevocationReason::KeyCompromise
    );
    assert!(parsed.find(&[0, 0x80]).is_some());
    assert!(
        parsed.find(&[0x80]).is_none(),
        "minus 128 is another serial"
    );
    assert!(
        parsed.find(&[0, 5]).is_some(),
        "a lax encoding of a listed serial"
    );
    assert!(parsed.find(&[6]).is_none());
    assert!(parsed.find(&[]).is_none());
}

#[test]
fn what_is_not_a_crl_is_refused_with_field_and_problem() {
    let twice = [number(1), number(2)];
    let user = extension(28, true, &tlv(0x30, &[0x81, 1, 0xff]));
    let foreign = extension(29, true, &sequence(&[&tlv(0xa4, &name("Other"))]));
    let mut trailing = crl(V2, &[], &[number(1)]);
    trailing.push(0);
    let mut other_algorithm = crl(V2, &[], &[number(1)]);
    let position = other_algorithm.len() - 6;
    other_algorithm[position] ^= 1;
    let table = [
        ("empty", Vec::new(), "CertificateList", Problem::Truncated),
        (
            "trailing",
            trailing,
            "CertificateList",
            Problem::TrailingData,
        ),
        (
            "version 3",
            crl(b"\x02\x01\x02", &[], &[]),
            "version",
            Problem::BadInteger,
        ),
        (
            "extensions in v1",
            crl(b"", &[], &[number(1)]),
            "crlExtensions",
            Problem::NotAllowedHere,
        ),
        (
            "entry extensions in v1",
            crl(b"", &[entry(&[1], &[reason(1)])], &[]),
            "crlEntryExtensions",
            Problem::NotAllowedHere,
        ),
        (
            "a number twice",
            crl(V2, &[], &twice),
            "Extension",
            Problem::Duplicate,
        ),
        (
            "negative number",
            crl(V2, &[], &[extension(20, false, &[2, 1, 0x80])]),
            "cRLNumber",
            Problem::BadInteger,
        ),
        (
            "reason 7",
            crl(V2, &[entry(&[1], &[reason(7)])], &[number(1)]),
            "reasonCode",
            Problem::BadInteger,
        ),
        (
            "another issuer in a direct CRL",
            crl(V2, &[entry(&[1], &[foreign])], &[number(1), user]),
            "certificateIssuer",
            Problem::NotAllowedHere,
        ),
        (
            "a key identifier and more",
            crl(
                V2,
                &[],
                &[extension(35, false, b"\x30\x06\x80\x02\x01\x02\x05\x00")],
            ),
            "authorityKeyIdentifier",
            Problem::TrailingData,
        ),
        (
            "the number of a certificate of nobody",
            crl(V2, &[], &[extension(35, false, b"\x30\x03\x82\x01\x07")]),
            "authorityKeyIdentifier",
            Problem::NotAllowedHere,
        ),
        (
            "algorithms differ",
            other_algorithm,
            "tbsCertList.signature",
            Problem::Differs,
        ),
        (
            "serial not minimal",
            crl(V2, &[entry(&[0, 1], &[])], &[]),
            "userCertificate",
            Problem::BadInteger,
        ),
    ];
    for (case, der, what, problem) in table {
        let error = ParsedCrl::from_der(der).expect_err(case);
        assert_eq!(
            (error.what, error.problem),
            (what, problem),
            "{case}: {error}"
        );
    }
}

#[test]
fn unknown_critical_extensions_are_remembered_with_their_place() {
    let unknown = extension(99, true, &[5, 0]);
    let in_crl = ParsedCrl::from_der(crl(V2, &[], &[number(1), unknown.clone()])).expect("a CRL");
    let found = in_crl.unknown_critical().expect("unknown");
    assert_eq!((found.oid.as_str(), found.in_entry), ("2.5.29.99", false));
    let in_entry =
        ParsedCrl::from_der(crl(V2, &[entry(&[1], &[unknown])], &[number(1)])).expect("a CRL");
    assert!(in_entry.unknown_critical().expect("unknown").in_entry);
    let harmless =
        ParsedCrl::from_der(crl(V2, &[], &[extension(99, false, &[5, 0])])).expect("a CRL");
    assert!(harmless.unknown_critical().is_none());
}

#[test]
fn entries_of_an_indirect_crl_follow_the_issuer_named_before_them() {
    let indirect = extension(28, true, &tlv(0x30, &[0x84, 1, 0xff]));
    let issuer = |who: &str| extension(29, true, &sequence(&[&tlv(0xa4, &name(who))]));
    let parsed = ParsedCrl::from_der(crl(
        V2,
        &[
            entry(&[1], &[]),
            entry(&[2], &[issuer("B")]),
            entry(&[3], &[]),
            entry(&[1], &[issuer("C")]),
            entry(&[4], &[issuer("B")]),
            entry(&[5], &[issuer("CA")]),
        ],
        &[number(1), indirect],
    ))
    .expect("a CRL");
    let listed =
        |who: &str, serial: u8| parsed.find_for(&[serial], |der| der == name(who)).is_some();
    let table = [
        ("CA", [true, false, false, false, true]),
        ("B", [false, true, true, true, false]),
        ("C", [true, false, false, false, false]),
        ("D", [false; 5]),
    ];
    for (who, expected) in table {
        let found: Vec<bool> = (1..=5).map(|serial| listed(who, serial)).collect();
        assert_eq!(found, expected, "{who}");
    }
}

#[test]
fn of_two_entries_for_one_serial_the_graver_counts() {
    let [removal, hold, compromise] = [8, 6, 1].map(|code| entry(&[7], &[reason(code)]));
    let table = [
        (&removal, &hold, RevocationReason::CertificateHold),
        (&hold, &compromise, RevocationReason::KeyCompromise),
        (&removal, &compromise, RevocationReason::KeyCompromise),
    ];
    for (lighter, graver, expected) in table {
        for entries in [
            [lighter.clone(), graver.clone()],
            [graver.clone(), lighter.clone()],
        ] {
            let parsed = ParsedCrl::from_der(crl(V2, &entries, &[number(1)])).expect("a CRL");
            assert_eq!(parsed.find(&[7]).expect("listed").reason, expected);
        }
    }
}

#[test]
fn a_long_load_reports_progress_that_rises_to_the_end() {
    let entries: Vec<_> = (0..70_000_u32)
        .map(|n| entry(&[&[1], &n.to_be_bytes()[..]].concat(), &[]))
        .collect();
    let mut seen = Vec::new();
    let der = crl(V2, &entries, &[number(1)]);
    let total = der.len();
    let parsed = ParsedCrl::from_der_with_progress(der, &mut |progress| seen.push(progress.done))
        .expect("a CRL");
    assert!(seen.len() >= 3 && seen.is_sorted());
    assert_eq!(seen.last(), Some(&total));
    assert!((0..70_000_u32).all(|n| {
        parsed
            .find(&[&[1], &n.to_be_bytes()[..]].concat())
            .is_some()
    }));
    assert!((0..70_000_u32).all(|n| {
        parsed
            .find(&[&[2], &n.to_be_bytes()[..]].concat())
            .is_none()
    }));
}

#[test]
fn the_same_serial_a_thousand_times_takes_one_slot() {
    let entries = vec![entry(&[9], &[]); 1_000];
    let parsed = ParsedCrl::from_der(crl(V2, &entries, &[number(1)])).expect("a CRL");
    assert!(parsed.find(&[9]).is_some());
    assert_eq!(parsed.entry_count(), 1_000);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        let _ = ParsedCrl::from_der(bytes);
    }

    #[test]
    fn a_crl_with_any_byte_changed_is_read_or_refused(
        position in 0_usize..400, value in proptest::num::u8::ANY,
    ) {
        let indirect = extension(28, true, &tlv(0x30, &[0x84, 1, 0xff]));
        let issuer = extension(29, true, &sequence(&[&tlv(0xa4, &name("B"))]));
        let mut der = crl(V2, &[entry(&[1], &[]), entry(&[2], &[issuer])], &[number(1), indirect]);
        let position = position % der.len();
        der[position] = value;
        if let Ok(parsed) = ParsedCrl::from_der(der) {
            parsed.find(&[1]);
            parsed.find_for(&[2], |_| true);
        }
    }
}
