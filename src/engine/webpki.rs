//! rustls-webpki, called as rustls calls it, with CRL expiry enforced.

use std::time::Duration;

use ::webpki::{
    CertRevocationList, EndEntityCert, Error, ExpirationPolicy, ExtendedKeyUsageValidator,
    KeyPurposeId, KeyPurposeIdIter, KeyUsage, OwnedCertRevocationList, RequiredEkuNotFoundContext,
    RevocationCheckDepth, RevocationOptionsBuilder, UnknownStatusPolicy, anchor_from_trusted_cert,
};
use rustls_pki_types::{
    CertificateDer, DnsName, ServerName, SignatureVerificationAlgorithm, UnixTime,
};

use super::{
    Capability, Engine, EngineError, Observation,
    demand::{Demand, accepted, unsupported},
    toy::TOY_ALGORITHMS,
    webpki_reason::{crl_reasons, name, reasons},
};
use crate::{
    case::Case,
    der::{Oid, oid},
    question::{PeerName, Time},
    verdict::{Reason, Verdict},
};

/// The version that this crate is locked to.
const VERSION: &str = "0.103.17";

/// rustls-webpki.
#[derive(Clone, Copy)]
pub struct Webpki {
    algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
}

impl Default for Webpki {
    /// With every algorithm that webpki has.
    fn default() -> Self {
        Self {
            algorithms: ::webpki::ALL_VERIFICATION_ALGS,
        }
    }
}

impl Webpki {
    /// Takes toy signatures and no others.
    #[must_use]
    pub fn toy() -> Self {
        Self {
            algorithms: TOY_ALGORITHMS,
        }
    }
}

impl Engine for Webpki {
    fn name(&self) -> &str {
        "webpki"
    }

    fn version(&self) -> String {
        VERSION.to_owned()
    }

    fn capabilities(&self) -> &[Capability] {
        &[
            Capability::Client,
            Capability::Server,
            Capability::Crl,
            Capability::Name,
            Capability::Reason,
        ]
    }

    fn judge(&self, case: &Case) -> Result<Verdict, EngineError> {
        self.observe(case).map(|observation| observation.verdict)
    }

    fn observe(&self, case: &Case) -> Result<Observation, EngineError> {
        Ok(judge(case, self.algorithms).unwrap_or_else(|refused| refused))
    }
}

/// The early way out is any observation that is not an acceptance.
fn judge(
    case: &Case,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Result<Observation, Observation> {
    let Some((end_entity, intermediates)) = case.chain.split_first() else {
        return Err(Observation::rejected(Reason::NoCertificate, ""));
    };
    let time = unix_time(case.time).ok_or_else(|| unsupported("a time before 1970"))?;
    let usages = Usages::of(case).ok_or_else(|| unsupported(Demand::ExtendedKeyUsage))?;

    let anchors: Vec<CertificateDer<'_>> = case
        .anchors
        .iter()
        .map(|der| der.as_slice().into())
        .collect();
    // An anchor that cannot be read is passed over, as trust stores do, unless nothing is left.
    let (read, unread): (Vec<_>, Vec<_>) = anchors
        .iter()
        .map(anchor_from_trusted_cert)
        .partition(Result::is_ok);
    let anchors: Vec<_> = read.into_iter().flatten().collect();
    if let (true, Some(Err(error))) = (anchors.is_empty(), unread.into_iter().next()) {
        return Err(refused(
            &error,
            &[reasons(&error), &[Reason::BadAnchor]].concat(),
        ));
    }

    let crls = case
        .crls
        .iter()
        .map(|der| OwnedCertRevocationList::from_der(der).map(CertRevocationList::from))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| refused(&error, crl_reasons(&error)))?;
    let crls: Vec<_> = crls.iter().collect();
    // None without CRLs: revocation is then not checked.
    let revocation = RevocationOptionsBuilder::new(&crls).ok().map(|options| {
        options
            .with_depth(RevocationCheckDepth::Chain)
            .with_status_policy(UnknownStatusPolicy::Deny)
            .with_expiration_policy(ExpirationPolicy::Enforce)
            .build()
    });

    let intermediates: Vec<CertificateDer<'_>> = intermediates
        .iter()
        .map(|der| der.as_slice().into())
        .collect();
    let end_entity = CertificateDer::from(end_entity.as_slice());
    let end_entity =
        EndEntityCert::try_from(&end_entity).map_err(|error| refused(&error, reasons(&error)))?;
    end_entity
        .verify_for_usage(
            algorithms,
            &anchors,
            &intermediates,
            time,
            usages,
            revocation,
            None,
        )
        .map_err(|error| refused(&error, reasons(&error)))?;

    let mut checked = vec![Demand::ExtendedKeyUsage];
    if let Some(name) = case.name.as_ref().and_then(server_name) {
        end_entity
            .verify_is_valid_for_subject_name(&name)
            .map_err(|error| refused(&error, reasons(&error)))?;
        checked.extend([Demand::DnsName, Demand::IpName]);
    }
    Ok(accepted(case, &checked))
}

fn refused(error: &Error, reasons: &[Reason]) -> Observation {
    Observation::rejected_for(reasons, name(error))
}

/// `None` before 1970, which the type cannot say.
pub(super) fn unix_time(time: Time) -> Option<UnixTime> {
    u64::try_from(time.unix_seconds())
        .ok()
        .map(|seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}

/// `None` for names that rustls has no type for: mailboxes, and what it does not take as a DNS name.
pub(super) fn server_name(name: &PeerName) -> Option<ServerName<'static>> {
    match name {
        PeerName::Dns(name) => DnsName::try_from(name.clone())
            .ok()
            .map(ServerName::DnsName),
        PeerName::Ip(address) => Some(ServerName::IpAddress((*address).into())),
        PeerName::Email(_) => None,
    }
}

/// Purposes that must all be there, in a certificate that names any.
struct Usages(Vec<&'static [u8]>);

impl Usages {
    /// webpki wants purposes that live forever, so only well-known ones can be asked for.
    const KNOWN: [Oid; 7] = [
        oid::SERVER_AUTH,
        oid::CLIENT_AUTH,
        oid::CODE_SIGNING,
        oid::EMAIL_PROTECTION,
        oid::TIME_STAMPING,
        oid::OCSP_SIGNING,
        oid::ANY_EXTENDED_KEY_USAGE,
    ];

    fn of(case: &Case) -> Option<Self> {
        static KNOWN: [Oid; 7] = Usages::KNOWN;
        let known = |usage: &Oid| {
            KNOWN
                .iter()
                .find(|known| *known == usage)
                .map(Oid::as_bytes)
        };
        case.usages()
            .iter()
            .map(known)
            .collect::<Option<_>>()
            .map(Self)
    }
}

impl ExtendedKeyUsageValidator for Usages {
    fn validate(&self, present: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        let present: Vec<KeyPurposeId<'_>> = present.collect::<Result<_, _>>()?;
        let missing = self
            .0
            .iter()
            .find(|required| !present.contains(&KeyPurposeId::new(required)));
        match missing {
            Some(required) if !present.is_empty() => Err(Error::RequiredEkuNotFoundContext(
                RequiredEkuNotFoundContext {
                    required: KeyUsage::required_if_present(required),
                    present: present.iter().map(KeyPurposeId::to_decoded_oid).collect(),
                },
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::{Limbo, Testcase, ValidationKind},
        der::pem,
    };

    const SUITES: [&[u8]; 2] = [
        include_bytes!("../../corpus/limbo/limbo-public-core.json"),
        include_bytes!("../../corpus/limbo/pkits-public.json"),
    ];
    const NOW: u64 = 1_750_000_000;

    /// webpki called straight from the fields of a testcase, without any of the adapter.
    fn call_webpki(testcase: &Testcase) -> Result<(), Error> {
        let read = |text: &String, label| pem::read_labelled(text, label).expect("PEM").remove(0);
        let ders = |texts: &[String]| -> Vec<CertificateDer<'static>> {
            texts
                .iter()
                .map(|text| read(text, pem::CERTIFICATE).into())
                .collect()
        };
        let (roots, intermediates) = (
            ders(&testcase.trusted_certs),
            ders(&testcase.untrusted_intermediates),
        );
        let anchors: Vec<_> = roots
            .iter()
            .map(|root| anchor_from_trusted_cert(root))
            .collect::<Result<_, _>>()?;
        let crls: Vec<CertRevocationList<'_>> = testcase
            .crls
            .iter()
            .map(|text| OwnedCertRevocationList::from_der(&read(text, pem::CRL)).map(Into::into))
            .collect::<Result<_, _>>()?;
        let crls: Vec<_> = crls.iter().collect();
        let revocation = (!crls.is_empty()).then(|| {
            let options = RevocationOptionsBuilder::new(&crls).expect("there are CRLs");
            options
                .with_expiration_policy(ExpirationPolicy::Enforce)
                .build()
        });
        let time = testcase.validation_time.as_ref().map_or(NOW, |text| {
            text.parse::<Time>()
                .expect("a time")
                .unix_seconds()
                .try_into()
                .expect("after 1970")
        });
        let usage = match testcase.validation_kind {
            ValidationKind::Client => KeyUsage::client_auth(),
            ValidationKind::Server => KeyUsage::server_auth(),
        };
        let der = CertificateDer::from(read(&testcase.peer_certificate, pem::CERTIFICATE));
        let end_entity = EndEntityCert::try_from(&der)?;
        end_entity.verify_for_usage(
            ::webpki::ALL_VERIFICATION_ALGS,
            &anchors,
            &intermediates,
            UnixTime::since_unix_epoch(Duration::from_secs(time)),
            usage,
            revocation,
            None,
        )?;
        match &testcase.expected_peer_name {
            Some(name) => {
                let name = ServerName::try_from(name.value.as_str())
                    .expect("a name")
                    .to_owned();
                end_entity.verify_is_valid_for_subject_name(&name)
            }
            None => Ok(()),
        }
    }

    #[test]
    fn every_case_of_the_suites_gets_the_answer_of_a_direct_call() {
        let mut inconclusive = Vec::new();
        for testcase in SUITES
            .iter()
            .flat_map(|json| Limbo::read(json).expect("a suite").testcases)
        {
            let case = Case::from_limbo(&testcase, Time::from_unix_seconds(NOW as i64))
                .expect(&testcase.id);
            let seen = Webpki::default().observe(&case).expect(&testcase.id);
            match (call_webpki(&testcase), &seen.verdict) {
                (Ok(()), Verdict::Accept) => {}
                (Ok(()), Verdict::Inconclusive(_)) => inconclusive.push(testcase.id),
                (Err(error), Verdict::Reject(_)) => {
                    assert_eq!(seen.detail, name(&error), "{}", testcase.id)
                }
                (direct, _) => panic!("{}: direct {direct:?}, adapter {seen:?}", testcase.id),
            }
        }
        // Accepted, and something was asked for that webpki cannot check.
        assert_eq!(
            inconclusive,
            [
                "pathlen::max-chain-depth-0",
                "pathlen::max-chain-depth-0-exhausted",
                "pathlen::max-chain-depth-1",
            ]
        );
    }

    #[test]
    fn the_version_is_the_locked_one() {
        assert!(include_str!("../../Cargo.lock").contains(&format!(
            "name = \"rustls-webpki\"\nversion = \"{VERSION}\""
        )));
    }

    #[test]
    fn bytes_that_are_nothing_are_refused_and_not_feared() {
        let json = Limbo::read(SUITES[0]).expect("a suite");
        let good = Case::from_limbo(&json.testcases[0], Time::from_unix_seconds(NOW as i64))
            .expect("a case");
        type Spoil = fn(&mut Case);
        let table: [(Spoil, Reason); 5] = [
            (|case| case.chain.clear(), Reason::NoCertificate),
            (|case| case.chain[0].truncate(9), Reason::MalformedDer),
            (|case| case.chain[0].push(0), Reason::TrailingData),
            (
                |case| case.anchors = vec![vec![2, 1, 0]],
                Reason::MalformedDer,
            ),
            (|case| case.crls = vec![vec![0x30]], Reason::CrlMalformed),
        ];
        for (spoil, reason) in table {
            let mut case = good.clone();
            spoil(&mut case);
            let seen = Webpki::default().observe(&case).expect("an observation");
            // webpki says TrailingData of anything that is not the element it expects.
            assert!(seen.reasons.contains(&reason), "{seen:?}");
        }
    }
}
