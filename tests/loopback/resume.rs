//! Resumption probes: the known bugs of real servers are found, and the reference server has none.

use std::{
    io::{self, Write},
    sync::Arc,
};

use gatecrash::{
    engine::loopback::{Fault, Files, Prepared, Running, StartError},
    handshake::{
        downgrade::Verdict,
        resume::{Change, Endpoint, Operator, PROBES, is_success},
    },
    server::pki::DevelopmentPki,
};
use rcgen::{
    CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, SerialNumber,
};
use rustls::{crypto::aws_lc_rs::sign::any_supported_type, sign::CertifiedKey};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};

use crate::{VERIFY_NOTHING, files, pki, present::present};

/// Whoever runs a server on the loopback: its files are replaced the way its operators do it.
struct Owner {
    server: Running,
    own: Files,
    /// The files with which the client is let in no longer.
    revoked: Files,
    other_ca: Files,
    /// Another process of the same server, with the files of another CA.
    neighbour: Option<Running>,
}

impl Owner {
    fn new(prepared: &Prepared, pki: &DevelopmentPki) -> Self {
        let own = files(pki);
        // The CRL of the PKI names the certificate `revoked`. Before that there was another.
        let before = Files {
            crls: Some(crl_before(pki)),
            ..own.clone()
        };
        let other_ca = files(&crate::pki());
        let server = prepared
            .start(&before)
            .unwrap_or_else(|error| panic!("{error}"));
        Self {
            server,
            own: before,
            revoked: own,
            other_ca,
            neighbour: None,
        }
    }
}

impl Operator for Owner {
    fn make(&mut self, change: Change) -> Result<Option<Endpoint>, String> {
        let told = |error: StartError| error.to_string();
        match change {
            Change::Revoke => self.server.replace(&self.revoked).map_err(told)?,
            Change::ReplaceAnchors => self.server.replace(&self.other_ca).map_err(told)?,
            Change::OtherPlace => {
                let neighbour = self.server.prepared().start(&self.other_ca).map_err(told)?;
                let endpoint = endpoint(&neighbour, "localhost");
                self.neighbour = Some(neighbour);
                return Ok(Some(endpoint));
            }
            Change::OtherName => return Ok(Some(endpoint(&self.server, "inside.example"))),
            other => return Err(format!("{other:?} cannot be made here")),
        }
        Ok(None)
    }

    fn undo(&mut self, change: Change) -> Result<(), String> {
        self.neighbour = None;
        match change {
            Change::Revoke | Change::ReplaceAnchors => self
                .server
                .replace(&self.own)
                .map_err(|error| error.to_string()),
            _ => Ok(()),
        }
    }
}

/// The CRLs of the PKI before anybody was revoked: the root's own, and an empty one of the intermediate.
fn crl_before(pki: &DevelopmentPki) -> String {
    let both = pki.file("crl.pem").expect("CRLs");
    let end =
        both.find("-----END X509 CRL-----").expect("a CRL") + "-----END X509 CRL-----\n".len();
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "gatecrash development intermediate");
    params.key_usages = vec![KeyUsagePurpose::CrlSign];
    let key = KeyPair::from_pem(pki.file("intermediate.key").expect("a key")).expect("a key");
    let now = time::OffsetDateTime::now_utc();
    let list = CertificateRevocationListParams {
        this_update: now - time::Duration::hours(1),
        next_update: now + time::Duration::days(1),
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let list = list.signed_by(&Issuer::new(params, key)).expect("a CRL");
    both[..end].to_owned() + &list.pem().expect("PEM")
}

fn endpoint(server: &Running, name: &'static str) -> Endpoint {
    let name = ServerName::try_from(name).expect("a name");
    Endpoint::new(server.address(), name, "/whoami")
}

fn certificate(pki: &DevelopmentPki) -> Arc<CertifiedKey> {
    let file = |name: &str| pki.file(name).expect("a file").as_bytes();
    let chain = CertificateDer::pem_slice_iter(file("revoked.pem"))
        .collect::<Result<_, _>>()
        .expect("a chain");
    let key = PrivateKeyDer::from_pem_slice(file("revoked.key")).expect("a key");
    Arc::new(CertifiedKey::new(
        chain,
        any_supported_type(&key).expect("a usable key"),
    ))
}

#[test]
fn sessions_that_outlive_their_configuration_are_found_where_they_are_and_nowhere_else() {
    let own = pki();
    let certificate = certificate(&own);
    for prepared in present(|_| true) {
        let configuration = prepared.configuration();
        let name = configuration.name();
        let mut owner = Owner::new(&prepared, &own);
        let mut broken = Vec::new();
        // An answer alone is not enough: some let in anybody and say who it is.
        let authenticates = |response: &[u8]| {
            is_success(response)
                && (VERIFY_NOTHING.contains(&name) || configuration.authenticates(response))
        };
        for probe in PROBES {
            let endpoint = endpoint(&owner.server, "localhost");
            let seen = probe
                .run(&endpoint, &certificate, &mut owner, &authenticates)
                .expect("a server");
            if seen.verdict == Verdict::Broken {
                broken.push(probe.id);
            }
            let line = format!("{name}: {:?} {}: {}", seen.verdict, probe.id, seen.evidence);
            let _ = writeln!(io::stdout(), "{line}");
        }
        let has = |fault| configuration.faults().contains(&fault);
        assert_eq!(
            broken.contains(&"resumption/without-certificate"),
            has(Fault::ResumptionAuthenticates),
            "{name}"
        );
        assert_eq!(
            broken.contains(&"resumption/after-revocation"),
            has(Fault::TicketOutlivesRevocation),
            "{name}"
        );
        if name == configuration.kind() {
            assert_eq!(broken, [""; 0], "{name}");
        }
    }
}
