//! OCSP responses are looked at as CRLs are: at the start, and beside those in force.

use std::{fs, path::Path, sync::Arc};

use gatecrash::{
    case::{Case, pairs},
    defect,
    der::pem,
    mint::Minter,
    question::Purpose,
    recipe::{OcspStatus, TimeField},
    server::{Clock, Running, Server, Settings},
    validator::Profile,
};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::world::{World, knock, takes_any_server};

/// A case of this defect, or its twin, with a response about the client.
fn case(id: &str, hostile: bool) -> Case {
    let found = defect::find(id).expect(id);
    let pair = pairs(&Minter::new(), found, 12, 7)
        .into_iter()
        .map(|pair| pair.expect("a pair"))
        .find(|pair| pair.hostile.purpose == Purpose::Client && pair.hostile.ocsp.is_some())
        .expect("a client's");
    if hostile { pair.hostile } else { pair.twin }
}

/// The same case's response with other times, in seconds after its own, and as a revocation.
fn reissued(case: &Case, seconds: i64, revoked: bool) -> Vec<u8> {
    let mut recipe = case.recipe.clone().expect("a recipe");
    let response = recipe.ocsp.as_mut().expect("a response");
    for answer in &mut response.answers {
        let time = answer.this_update.moment().expect("a time");
        answer.this_update = TimeField::Moment(time.plus_seconds(seconds));
        if revoked {
            answer.status = OcspStatus::Revoked {
                since: TimeField::Moment(time.plus_seconds(-3_600)),
                reason: None,
            };
        }
    }
    let minted = Minter::new().mint(&recipe).expect("minted");
    minted.ocsp.expect("a response")
}

/// A server whose clients are those of the case, on files.
struct Place {
    folder: tempfile::TempDir,
    world: World,
    case: Case,
}

impl Place {
    fn new(case: Case) -> Self {
        let place = Self {
            folder: tempfile::tempdir().expect("a folder"),
            world: World::at(case.time),
            case,
        };
        let folder = place.folder.path();
        place.world.pki.write_to(folder).expect("written");
        let written = |name: &str, label: &str, ders: &[Vec<u8>]| {
            let text: String = ders.iter().map(|der| pem::write(label, der)).collect();
            fs::write(folder.join(name), text).expect("written");
        };
        written("clients.pem", pem::CERTIFICATE, &place.case.anchors);
        written("issuing.pem", pem::CERTIFICATE, &place.case.chain[1..]);
        written("crl.pem", pem::CRL, &place.case.crls);
        let response = place.case.ocsp.clone().expect("a response");
        place.put(&response);
        place
    }

    fn put(&self, response: &[u8]) {
        fs::write(self.folder.path().join("client.ocsp"), response).expect("written");
    }

    async fn serve(&self) -> Result<Running, String> {
        let file = |name: &str| self.folder.path().join(name);
        let anchors = vec![file("clients.pem")];
        let mut settings = Settings::new(file("server.pem"), file("server.key"), anchors);
        if self.case.chain.len() > 1 {
            settings.client_intermediate = vec![file("issuing.pem")];
        }
        if !self.case.crls.is_empty() {
            settings.crl = vec![file("crl.pem")];
        }
        settings.ocsp = vec![file("client.ocsp")];
        settings.listen.set_port(0);
        let mut config = Arc::new(settings)
            .load(Clock::Fixed(self.case.time))
            .map_err(|error| error.to_string())?;
        config.policy.profile.identity = Profile::rfc5280().identity;
        Server::bind(config)
            .await
            .map_err(|error| error.to_string())
    }

    fn client(&self) -> Arc<rustls::ClientConfig> {
        let key = self.case.end_entity_key.as_ref().expect("a key");
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.secret_pkcs8_der().to_vec()));
        let chain = self.case.chain.iter().map(|der| der.clone().into());
        let client = rustls::ClientConfig::builder_with_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("a version")
        .dangerous()
        .with_custom_certificate_verifier(takes_any_server())
        .with_client_auth_cert(chain.collect(), key)
        .expect("a client");
        Arc::new(client)
    }

    fn file(&self) -> String {
        let path: &Path = &self.folder.path().join("client.ocsp");
        path.display().to_string()
    }
}

#[tokio::test]
async fn a_response_that_proves_nothing_keeps_the_server_from_starting_and_is_named() {
    let table = [
        ("revocation/ocsp-garbage", "OCSP response"),
        ("revocation/ocsp-try-later", "error status 3"),
        ("revocation/ocsp-trailing-data", "no usable OCSP response"),
        (
            "revocation/ocsp-forged",
            "neither the certificate's issuer signed",
        ),
        (
            "revocation/ocsp-signature-flipped",
            "neither the certificate's issuer signed",
        ),
        (
            "revocation/ocsp-delegate-without-purpose",
            "neither the certificate's issuer signed",
        ),
        (
            "revocation/ocsp-delegate-expired",
            "neither the certificate's issuer signed",
        ),
        ("revocation/ocsp-without-next-update", "without nextUpdate"),
    ];
    for (id, says) in table {
        let place = Place::new(case(id, true));
        let error = place.serve().await.err().expect(id);
        assert!(error.contains(says), "{id}: {error}");
        assert!(error.contains(&place.file()), "{id}: {error}");
        assert_eq!(error.lines().count(), 1, "{id}: {error}");
        let twin = Place::new(case(id, false));
        let running = twin
            .serve()
            .await
            .unwrap_or_else(|error| panic!("{id}: {error}"));
        assert!(knock(&running, &twin.client()).await.0.is_ok(), "{id}");
    }
}

#[tokio::test]
async fn no_response_gives_way_to_an_older_or_worse_one() {
    let place = Place::new(case("revocation/ocsp-expired", false));
    let expired = case("revocation/ocsp-expired", true)
        .ocsp
        .expect("a response");
    let forged = case("revocation/ocsp-signature-flipped", true)
        .ocsp
        .expect("a response");
    let good = place.case.ocsp.clone().expect("a response");
    let other = case("revocation/ocsp-for-another-certificate", true)
        .ocsp
        .expect("a response");
    let revoked = reissued(&place.case, 60, true);
    let running = place.serve().await.expect("a server");
    let handle = running.handle();
    let client = place.client();
    let reload = |response: &[u8]| {
        place.put(response);
        handle.reload().map_err(|error| error.to_string())
    };
    let refused = |response: &[u8], says: &str| {
        let error = reload(response).expect_err(says);
        assert!(error.contains(says), "{says}: {error}");
        assert!(error.contains(&place.file()), "{says}: {error}");
    };
    refused(&expired, "should have been replaced by");
    refused(
        &reissued(&place.case, -60, false),
        "older than the one in force",
    );
    refused(&good[..good.len() - 9], "no usable OCSP response");
    assert!(
        knock(&running, &client).await.0.is_ok(),
        "the old state stays"
    );
    assert_eq!(reload(&good), Ok(1), "the same again");
    assert_eq!(reload(&revoked), Ok(2));
    assert!(knock(&running, &client).await.0.is_err(), "it is revoked");
    refused(&good, "older than the one in force");
    refused(&other, "no longer holds the OCSP response");
    refused(&forged, "neither the certificate's issuer signed");
    assert!(
        knock(&running, &client).await.0.is_err(),
        "it stays revoked"
    );
}

/// A server starts with what it can come to while it runs, and then its log says whose fault it is.
#[tokio::test]
async fn a_refusal_for_a_response_names_the_file_and_the_cause() {
    let place = Place::new(case("revocation/ocsp-expired", true));
    let running = place.serve().await.expect("a server");
    let (_, outcome) = knock(&running, &place.client()).await;
    let gatecrash::server::Decision::Refused(refusal) = outcome.decision else {
        panic!("{outcome:?}");
    };
    let detail = refusal.detail;
    for part in ["RFC 6960", "ran out at", &place.file()] {
        assert!(detail.contains(part), "{part}: {detail}");
    }
}
