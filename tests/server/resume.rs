//! The probes of resumption that only a server's operator can bring about: a stricter policy,
//! certificates that are demanded from now on, and a second server with other rules. The reference
//! server holds; a careless one, whose ticket keys outlive its rules, is found out.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use gatecrash::{
    handshake::{
        downgrade::Verdict,
        resume::{Change, Endpoint, Operator, PROBES, Probe, Shows, Version, is_success},
    },
    server::{ClientAuth, Clock, Handle, MinimumVersion, ServerConfig},
};
use rustls::{
    RootCertStore,
    crypto::aws_lc_rs::{self, Ticketer, sign::any_supported_type},
    server::{ProducesTickets, WebPkiClientVerifier},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use rustls_pki_types::ServerName;

use crate::world::{NOW, World, certificates, start};

/// Those of the probes that are for operators alone.
fn probes() -> impl Iterator<Item = &'static Probe> {
    let changes = [Change::Tighten, Change::Demand, Change::OtherPlace];
    let probes = PROBES
        .iter()
        .filter(move |probe| changes.contains(&probe.change));
    assert!(probes.clone().count() >= 3);
    probes
}

fn certificate(world: &World) -> Arc<CertifiedKey> {
    let key = any_supported_type(&world.key("client.key")).expect("a usable key");
    Arc::new(CertifiedKey::new(
        certificates(world.text("client.pem")),
        key,
    ))
}

fn endpoint(address: SocketAddr) -> Endpoint {
    let name = ServerName::try_from("localhost").expect("a name");
    Endpoint::new(address, name, "/whoami")
}

/// The operator of a reference server, and of another with another CA.
struct Owner {
    handle: Handle,
    config: ServerConfig,
    neighbour: SocketAddr,
}

impl Operator for Owner {
    fn make(&mut self, change: Change) -> Result<Option<Endpoint>, String> {
        let mut config = self.config.clone();
        match change {
            // Those of this PKI live for 90 days.
            Change::Tighten => config.policy.profile.maximum_lifetime_days = Some(1),
            Change::Demand => config.policy.client_auth = ClientAuth::Required,
            _ => return Ok(Some(endpoint(self.neighbour))),
        }
        let replaced = self.handle.replace(config);
        replaced.map(|_| None).map_err(|error| error.to_string())
    }

    fn undo(&mut self, _: Change) -> Result<(), String> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_session_of_the_reference_server_outlives_what_its_operator_changes() {
    let (world, other) = (World::new(), World::new());
    let neighbour = start(other.server()).await;
    let certificate = certificate(&world);
    for probe in probes() {
        let mut config = world.server();
        if probe.version == Version::Tls12 {
            config.minimum_version = MinimumVersion::Tls12;
        }
        if probe.shows == Shows::Nothing {
            config.policy.client_auth = ClientAuth::Optional;
        }
        let running = start(config.clone()).await;
        let mut owner = Owner {
            handle: running.handle(),
            config,
            neighbour: neighbour.local_addr(),
        };
        let (place, certificate) = (endpoint(running.local_addr()), Arc::clone(&certificate));
        let seen = tokio::task::spawn_blocking(move || {
            probe.run(&place, &certificate, &mut owner, &is_success)
        });
        let seen = seen.await.expect("no panic").expect("it listens");
        assert_eq!(
            seen.verdict,
            Verdict::Held,
            "{}: {}",
            probe.id,
            seen.evidence
        );
        // It gives sessions only to those whom it knows.
        let told = match probe.shows {
            Shows::Certificate => "afresh",
            Shows::Nothing => "no session was given",
        };
        assert!(
            seen.evidence.contains(told),
            "{}: {}",
            probe.id,
            seen.evidence
        );
    }
}

/// A rustls server with ticket keys that stay when its configuration goes.
struct Careless {
    address: SocketAddr,
    config: Arc<Mutex<Arc<rustls::ServerConfig>>>,
}

impl Careless {
    fn start(config: rustls::ServerConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let config = Arc::new(Mutex::new(Arc::new(config)));
        let current = Arc::clone(&config);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let config = current.lock().unwrap_or_else(PoisonError::into_inner);
                // Whoever is refused has been told by an alert.
                let _ = serve(stream, Arc::clone(&config));
            }
        });
        Self { address, config }
    }
}

fn serve(stream: TcpStream, config: Arc<rustls::ServerConfig>) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let connection = rustls::ServerConnection::new(config).map_err(io::Error::other)?;
    let mut stream = rustls::StreamOwned::new(connection, stream);
    let _ = stream.read(&mut [0; 1024])?;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// A configuration that trusts the CA of one world.
fn careless(
    world: &World,
    trusted: &World,
    demands: bool,
    tickets: &Arc<dyn ProducesTickets>,
) -> rustls::ServerConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    let anchor = certificates(trusted.text("ca.pem")).remove(0);
    roots.add(anchor).expect("an anchor");
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
    let verifier = match demands {
        true => verifier,
        false => verifier.allow_unauthenticated(),
    };
    let mut config =
        rustls::ServerConfig::builder_with_details(provider, Arc::new(Clock::Fixed(NOW)))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .expect("versions")
            .with_client_cert_verifier(verifier.build().expect("a verifier"))
            .with_single_cert(
                certificates(world.text("server.pem")),
                world.key("server.key"),
            )
            .expect("a certificate");
    config.ticketer = Arc::clone(tickets);
    config
}

/// Its operator: the rules change, the ticket keys do not.
struct CarelessOwner<'w> {
    server: &'w Careless,
    stricter: Arc<rustls::ServerConfig>,
    neighbour: &'w Careless,
}

impl Operator for CarelessOwner<'_> {
    fn make(&mut self, change: Change) -> Result<Option<Endpoint>, String> {
        if change == Change::OtherPlace {
            return Ok(Some(endpoint(self.neighbour.address)));
        }
        let mut config = self
            .server
            .config
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *config = Arc::clone(&self.stricter);
        Ok(None)
    }

    fn undo(&mut self, _: Change) -> Result<(), String> {
        Ok(())
    }
}

#[test]
fn a_server_whose_ticket_keys_outlive_its_rules_is_found_out() {
    let (world, other) = (World::new(), World::new());
    let certificate = certificate(&world);
    for probe in probes() {
        let tickets = Ticketer::new().expect("a key");
        let demands = probe.shows == Shows::Certificate;
        let server = Careless::start(careless(&world, &world, demands, &tickets));
        let neighbour = Careless::start(careless(&other, &other, true, &tickets));
        let mut owner = CarelessOwner {
            server: &server,
            stricter: Arc::new(careless(&world, &other, true, &tickets)),
            neighbour: &neighbour,
        };
        let seen = probe
            .run(
                &endpoint(server.address),
                &certificate,
                &mut owner,
                &is_success,
            )
            .expect("it listens");
        assert_eq!(
            seen.verdict,
            Verdict::Broken,
            "{}: {}",
            probe.id,
            seen.evidence
        );
    }
}
