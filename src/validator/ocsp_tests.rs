use aws_lc_rs::digest;
use proptest::prelude::*;

use super::*;
use crate::{
    validator::assemble::{
        ALGORITHM, certificate, extension, key, name, sequence, signed_certificate, tlv,
    },
    verdict::Reason,
};

const RESPONDER: u8 = 40;
const STRANGER: u8 = 41;
const ISSUER: u8 = 42;
const SHA1: &[u8] = b"\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a";
const SHA256: &[u8] = b"\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01";
const GOOD: &[u8] = b"\x80\x00";
const UNKNOWN: &[u8] = b"\x82\x00";
const REVOKED: &[u8] = b"\xa1\x16\x18\x0f20260501000000Z\xa0\x03\x0a\x01\x01";

/// A signature is good when it is the key itself.
struct Source {
    standing: bool,
}

impl SignerSource for Source {
    fn signers(&self, _: &[u8]) -> Vec<CrlSigner<'_>> {
        Vec::new()
    }

    fn admit(&self, _: &[u8]) -> Result<(), Reason> {
        Ok(())
    }

    fn admit_key(&self, _: &[u8]) -> Result<(), Reason> {
        Ok(())
    }

    fn verify(&self, key_info: &[u8], _: &[u8], _: &[u8], signature: &[u8]) -> Result<(), Reason> {
        if key_info == signature {
            Ok(())
        } else {
            Err(Reason::BadSignature)
        }
    }

    fn is_in_good_standing(&self, _: &Certificate, _: CrlSigner<'_>) -> bool {
        self.standing
    }
}

fn time(text: &str) -> Vec<u8> {
    tlv(0x18, text.as_bytes())
}

/// One part about a serial of the issuer "CA" whose key is `key(ISSUER)`.
fn single(hash: &[u8], serial: u8, status: &[u8], this: &str, next: Option<&str>) -> Vec<u8> {
    let algorithm = if hash == SHA1 {
        &digest::SHA1_FOR_LEGACY_USE_ONLY
    } else {
        &digest::SHA256
    };
    let point = [&[4][..], &[ISSUER; 64]].concat();
    let certificate_id = sequence(&[
        hash,
        &tlv(4, digest::digest(algorithm, &name("CA")).as_ref()),
        &tlv(4, digest::digest(algorithm, &point).as_ref()),
        &[2, 1, serial],
    ]);
    let next = next.map(|next| tlv(0xa0, &time(next))).unwrap_or_default();
    sequence(&[&certificate_id, status, &time(this), &next])
}

fn current(serial: u8, status: &[u8]) -> Vec<u8> {
    single(
        SHA1,
        serial,
        status,
        "20260630000000Z",
        Some("20260702000000Z"),
    )
}

struct Parts {
    responder: Vec<u8>,
    singles: Vec<Vec<u8>>,
    extensions: Vec<Vec<u8>>,
    signer: u8,
    certificates: Vec<Vec<u8>>,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            responder: tlv(0xa1, &name("CA")),
            singles: vec![current(7, GOOD)],
            extensions: Vec::new(),
            signer: ISSUER,
            certificates: Vec::new(),
        }
    }
}

impl Parts {
    fn der(&self) -> Vec<u8> {
        let optional = |number: u8, list: &[Vec<u8>]| match list {
            [] => Vec::new(),
            some => tlv(0xa0 | number, &sequence(&[&some.concat()])),
        };
        let data = sequence(&[
            &self.responder,
            &time("20260630000000Z"),
            &sequence(&[&self.singles.concat()]),
            &optional(1, &self.extensions),
        ]);
        let signature = [&[0][..], &key(self.signer)].concat();
        let basic = sequence(&[
            &data,
            ALGORITHM,
            &tlv(3, &signature),
            &optional(0, &self.certificates),
        ]);
        let bytes = sequence(&[
            b"\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01",
            &tlv(4, &basic),
        ]);
        sequence(&[b"\x0a\x01\x00", &tlv(0xa0, &bytes)])
    }
}

fn delegate(issuer: &str, purpose: &[u8], signer: u8, no_check: bool) -> Vec<u8> {
    let purposes = extension(37, false, &sequence(&[&tlv(6, purpose)]));
    let no_check = if no_check {
        sequence(&[&tlv(6, NO_CHECK), &tlv(4, &[5, 0])])
    } else {
        Vec::new()
    };
    signed_certificate(
        RESPONDER,
        issuer,
        "Responder",
        &[purposes, no_check],
        &key(signer),
    )
}

fn ask_with(
    parts: &Parts,
    options: &RevocationOptions,
    nonce: Option<&[u8]>,
    standing: bool,
) -> Result<Option<CertificateStatus>, String> {
    let der = certificate(7, "CA", "device", &[]);
    let parsed = Certificate::parse(&der).expect("a certificate");
    let response = OcspResponse::from_der(parts.der()).map_err(|error| error.to_string())?;
    let issuer_key = key(ISSUER);
    OcspInquiry {
        certificate: &parsed,
        issuer_name: &name("CA"),
        issuer: CrlSigner {
            key_info: &issuer_key,
            key_usage: None,
        },
        pool: &[],
        options,
        nonce,
        time: "2026-07-01T00:00:00Z".parse().expect("a time"),
        source: &Source { standing },
    }
    .ask(&response)
    .map(|proof| proof.map(|(status, _)| status))
}

fn word(answer: &Result<Option<CertificateStatus>, String>) -> &str {
    match answer {
        Ok(None) => "about others",
        Ok(Some(CertificateStatus::Good)) => "good",
        Ok(Some(CertificateStatus::Revoked { .. })) => "revoked",
        Ok(Some(CertificateStatus::Unknown)) => "unknown",
        Err(error) => error,
    }
}

#[test]
fn a_response_counts_when_it_is_about_us_signed_by_the_issuer_and_current() {
    let part = |status| Parts {
        singles: vec![current(7, status)],
        ..Parts::default()
    };
    let dated = |this, next| Parts {
        singles: vec![single(SHA256, 7, GOOD, this, next)],
        ..Parts::default()
    };
    let by_hash = tlv(
        0xa2,
        &tlv(
            4,
            digest::digest(
                &digest::SHA1_FOR_LEGACY_USE_ONLY,
                &[&[4][..], &[ISSUER; 64]].concat(),
            )
            .as_ref(),
        ),
    );
    let table = [
        ("good", part(GOOD), "good"),
        ("revoked", part(REVOKED), "revoked"),
        (
            "unknown",
            part(UNKNOWN),
            "the responder does not know the certificate",
        ),
        (
            "another serial",
            Parts {
                singles: vec![current(8, REVOKED)],
                ..Parts::default()
            },
            "about others",
        ),
        (
            "several, one is ours",
            Parts {
                singles: vec![current(8, REVOKED), current(7, GOOD)],
                ..Parts::default()
            },
            "good",
        ),
        (
            "good and revoked",
            Parts {
                singles: vec![current(7, GOOD), current(7, REVOKED)],
                ..Parts::default()
            },
            "revoked",
        ),
        (
            "by key hash",
            Parts {
                responder: by_hash,
                ..Parts::default()
            },
            "good",
        ),
        (
            "SHA-256",
            dated("20260630000000Z", Some("20260702000000Z")),
            "good",
        ),
        (
            "stale",
            dated("20260601000000Z", Some("20260630000000Z")),
            "it ran out at 2026-06-30T00:00:00Z",
        ),
        (
            "early",
            dated("20260702000000Z", Some("20260703000000Z")),
            "it is not valid before 2026-07-02T00:00:00Z",
        ),
        (
            "no end",
            dated("20260630000000Z", None),
            "it has no nextUpdate, so nobody can tell whether it is current",
        ),
        (
            "forged",
            Parts {
                signer: STRANGER,
                ..Parts::default()
            },
            "its signature does not verify (bad-signature)",
        ),
        (
            "a stranger",
            Parts {
                responder: tlv(0xa1, &name("X")),
                ..Parts::default()
            },
            "its responder is not known",
        ),
    ];
    for (case, parts, expected) in table {
        assert_eq!(
            word(&ask_with(
                &parts,
                &RevocationOptions::default(),
                None,
                false
            )),
            expected,
            "{case}"
        );
    }
}

#[test]
fn a_delegated_responder_must_be_appointed_by_the_issuer() {
    const SERVER_AUTH: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x01";
    const ANY: &[u8] = b"\x55\x1d\x25\x00";
    let table = [
        (
            "appointed",
            delegate("CA", OCSP_SIGNING, ISSUER, true),
            false,
            "good",
        ),
        (
            "without nocheck, not revoked",
            delegate("CA", OCSP_SIGNING, ISSUER, false),
            true,
            "good",
        ),
        (
            "without nocheck, of unknown status",
            delegate("CA", OCSP_SIGNING, ISSUER, false),
            false,
            "its responder's own status is not known to be good",
        ),
        (
            "server certificate",
            delegate("CA", SERVER_AUTH, ISSUER, true),
            true,
            "its responder's certificate lacks OCSPSigning",
        ),
        (
            "any purpose",
            delegate("CA", ANY, ISSUER, true),
            true,
            "its responder's certificate lacks OCSPSigning",
        ),
        (
            "of another issuer",
            delegate("Other", OCSP_SIGNING, ISSUER, true),
            true,
            "its responder's certificate is of another issuer",
        ),
        (
            "of another key under the issuer's name",
            delegate("CA", OCSP_SIGNING, STRANGER, true),
            true,
            "its responder was not appointed by the certificate's issuer",
        ),
    ];
    for (case, certificate, standing, expected) in table {
        let parts = Parts {
            responder: tlv(0xa1, &name("Responder")),
            signer: RESPONDER,
            certificates: vec![certificate],
            ..Parts::default()
        };
        assert_eq!(
            word(&ask_with(
                &parts,
                &RevocationOptions::default(),
                None,
                standing
            )),
            expected,
            "{case}"
        );
    }
}

#[test]
fn a_nonce_that_was_sent_must_come_back() {
    const OID: &[u8] = b"\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x02";
    let with = |nonce: &[u8]| Parts {
        extensions: vec![sequence(&[OID, &tlv(4, &tlv(4, nonce))])],
        ..Parts::default()
    };
    let table = [
        (with(b"12345678"), Some(&b"12345678"[..]), "good"),
        (with(b"12345678"), None, "good"),
        (
            with(b"other"),
            Some(b"12345678"),
            "the nonce is not the one that was sent",
        ),
        (
            Parts::default(),
            Some(b"12345678"),
            "the nonce is not the one that was sent",
        ),
    ];
    for (parts, nonce, expected) in table {
        assert_eq!(
            word(&ask_with(
                &parts,
                &RevocationOptions::default(),
                nonce,
                false
            )),
            expected,
            "{nonce:?}"
        );
    }
}

#[test]
fn a_response_that_tells_nothing_is_refused_as_such() {
    let critical = sequence(&[b"\x06\x03\x55\x1d\x63", b"\x01\x01\xff", &tlv(4, &[5, 0])]);
    let table = [
        (
            b"\x30\x03\x0a\x01\x06".to_vec(),
            "the responder answered with the error status 6",
        ),
        (
            Parts {
                extensions: vec![critical],
                ..Parts::default()
            }
            .der(),
            "it holds the unknown critical extension 2.5.29.99",
        ),
        (
            Vec::new(),
            "OCSPResponse at byte 0: the data ends too early",
        ),
    ];
    for (der, expected) in table {
        assert_eq!(
            OcspResponse::from_der(der).expect_err(expected).to_string(),
            expected
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = OcspResponse::from_der(bytes);
    }

    #[test]
    fn a_response_with_any_byte_changed_is_read_or_refused(position in 0_usize..1_000, value in any::<u8>()) {
        let parts = Parts { certificates: vec![delegate("CA", OCSP_SIGNING, ISSUER, true)], ..Parts::default() };
        let mut der = parts.der();
        let position = position % der.len();
        der[position] = value;
        if let Ok(response) = OcspResponse::from_der(der) {
            prop_assert!(response.certificates().count() <= 1);
        }
    }
}
