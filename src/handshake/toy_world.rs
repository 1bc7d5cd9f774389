//! A small world with toy cryptography: a PKI, two servers and a client under test,
//! and the peer that plays scripts to them. One play is some tens of microseconds.

use std::{sync::Arc, time::Duration};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection,
    client::{Resumption, WebPkiServerVerifier},
    crypto::CryptoProvider,
    server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
    time_provider::TimeProvider,
    version::{TLS12, TLS13},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::{Credentials, Memory, Outcome, Play, Restore, ToySignatures, play, toy};
use crate::{
    mint::{Minted, Minter},
    question::{PeerName, Purpose},
    recipe::{Key, Recipe, generate::Setting},
    script::{NamedGroup, Script, Share, Side},
    validator::{Anchor, Profile, ReferenceClientVerifier, VerifierConfig},
};

/// Who is under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rival {
    /// A rustls server with its own verifier of clients.
    PlainServer,
    /// A rustls server with the verifier of the reference server.
    ReferenceServer,
    /// A rustls client with its own verifier of servers.
    PlainClient,
}

impl Rival {
    /// Those that a script of this side can be played to.
    pub const fn of(side: Side) -> &'static [Self] {
        match side {
            Side::Client => &[Self::PlainServer, Self::ReferenceServer],
            Side::Server => &[Self::PlainClient],
        }
    }
}

/// The world.
#[derive(Debug)]
pub struct ToyWorld {
    client: Credentials,
    server: Credentials,
    plain: Arc<ServerConfig>,
    reference: Arc<ServerConfig>,
    judging_client: Arc<ClientConfig>,
    name: ServerName<'static>,
    /// What servers under test call the client: the SHA-256 of its certificate, in hexadecimal.
    identity: Vec<u8>,
}

#[derive(Debug)]
struct Standing(UnixTime);

impl TimeProvider for Standing {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.0)
    }
}

impl Default for ToyWorld {
    fn default() -> Self {
        Self::new()
    }
}

impl ToyWorld {
    /// The plainest PKI, the same each time.
    ///
    /// # Panics
    /// Never: everything that it is made of is fixed.
    pub fn new() -> Self {
        Self::with_judges(|sound| sound)
    }

    /// The same, with something around the verifiers of its servers: to put a fault there, and see
    /// that it is found.
    ///
    /// # Panics
    /// Never: everything else that it is made of is fixed.
    pub fn with_judges(
        around: impl Fn(Arc<dyn ClientCertVerifier>) -> Arc<dyn ClientCertVerifier>,
    ) -> Self {
        let clients = Setting::default().recipe();
        let servers = Setting {
            purpose: Purpose::Server,
            ..Setting::default()
        }
        .recipe();
        let (of_client, client_key) = minted(&clients);
        let (of_server, server_key) = minted(&servers);
        let seconds = Setting::BASE_TIME.unix_seconds().unsigned_abs();
        let clock = Arc::new(Standing(UnixTime::since_unix_epoch(Duration::from_secs(
            seconds,
        ))));
        let provider = Arc::new(toy::provider());
        let chain: Vec<_> = of_server
            .chain
            .iter()
            .map(|der| CertificateDer::from(der.clone()))
            .collect();
        let shows = Arc::new(toy::resolver(chain, server_key.clone()));
        let server = |verifier: Arc<dyn ClientCertVerifier>| {
            let mut config = ServerConfig::builder_with_details(
                Arc::clone(&provider),
                Arc::clone(&clock) as Arc<dyn TimeProvider>,
            )
            .with_protocol_versions(&[&TLS13, &TLS12])
            .expect("both versions are compiled in")
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::clone(&shows) as Arc<_>);
            config.send_tls13_tickets = 0;
            config.cert_decompressors = vec![&Restore];
            config.session_storage = Arc::new(NoServerSessionStorage {});
            Arc::new(config)
        };
        let plain =
            WebPkiClientVerifier::builder_with_provider(roots(&of_client), Arc::clone(&provider))
                .build()
                .expect("one anchor");
        let anchors = of_client
            .anchors
            .iter()
            .map(|der| Anchor::from_certificate(der).expect("the plainest anchor is good"));
        let config = VerifierConfig::new(anchors, Profile::strict_mtls())
            .algorithms(provider.signature_verification_algorithms);
        let reference = Arc::new(ReferenceClientVerifier::with_signatures(
            config,
            ToySignatures,
        ));
        Self {
            plain: server(around(plain)),
            reference: server(around(reference)),
            judging_client: client(&of_server, &provider, clock),
            name: name(&servers),
            identity: hex(&of_client.chain[0]),
            client: Credentials::toy(of_client.chain, client_key),
            server: Credentials::toy(of_server.chain, server_key),
        }
    }

    /// Plays a script to a rival. Where it uses X25519, the toy takes its place.
    pub fn play(&self, script: &Script, rival: Rival) -> Outcome {
        let mut memory = self.memory(rival);
        let credentials = match script.side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        };
        play(&with_toys(script), &Play::with(credentials), &mut memory)
    }

    /// A rival that waits for octets.
    ///
    /// # Panics
    /// Never: the configurations are fixed.
    pub fn memory(&self, rival: Rival) -> Memory {
        let server = |config: &Arc<ServerConfig>| {
            ServerConnection::new(Arc::clone(config)).expect("the configuration is good")
        };
        match rival {
            Rival::PlainServer => server(&self.plain).into(),
            Rival::ReferenceServer => server(&self.reference).into(),
            Rival::PlainClient => {
                let config = Arc::clone(&self.judging_client);
                let name = self.name.clone();
                ClientConnection::new(config, name)
                    .expect("the configuration is good")
                    .into()
            }
        }
    }

    /// What a rival calls the script's peer once it is let in. A client calls nobody.
    pub fn identity(&self, rival: Rival) -> Option<&[u8]> {
        (rival != Rival::PlainClient).then_some(&self.identity)
    }
}

/// A chain with toy signatures, and the public key of its end entity.
fn minted(recipe: &Recipe) -> (Minted, Vec<u8>) {
    let minted = Minter::toy()
        .mint(recipe)
        .expect("the plainest setting mints");
    let end_entity = recipe
        .end_entity()
        .ok()
        .and_then(|label| recipe.certificate(label));
    let key = end_entity
        .map(|certificate| &certificate.key)
        .expect("it has an end entity");
    (minted, public_key(key))
}

fn public_key(key: &Key) -> Vec<u8> {
    crate::mint::KeyPair::of(key)
        .expect("the plainest key is P-256")
        .public_key
}

fn roots(minted: &Minted) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for anchor in &minted.anchors {
        roots
            .add(anchor.clone().into())
            .expect("the plainest anchor is good");
    }
    Arc::new(roots)
}

fn client(
    servers: &Minted,
    provider: &Arc<CryptoProvider>,
    clock: Arc<dyn TimeProvider>,
) -> Arc<ClientConfig> {
    let verifier =
        WebPkiServerVerifier::builder_with_provider(roots(servers), Arc::clone(provider))
            .build()
            .expect("one anchor");
    let mut config = ClientConfig::builder_with_details(Arc::clone(provider), clock)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .expect("both versions are compiled in")
        .with_webpki_verifier(verifier)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    config.cert_decompressors = vec![&Restore];
    Arc::new(config)
}

fn name(servers: &Recipe) -> ServerName<'static> {
    let Some(PeerName::Dns(name)) = &servers.name else {
        panic!("the plainest server has a DNS name");
    };
    ServerName::try_from(name.clone()).expect("a DNS name")
}

fn hex(der: &[u8]) -> Vec<u8> {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
    digest
        .as_ref()
        .iter()
        .flat_map(|octet| format!("{octet:02x}").into_bytes())
        .collect()
}

/// The script with the toy in the place of X25519.
fn with_toys(script: &Script) -> Script {
    let toy = |group: &mut NamedGroup| {
        if *group == NamedGroup::X25519 {
            *group = NamedGroup::TOY;
        }
    };
    let mut script = script.clone();
    script.hello.groups.iter_mut().for_each(toy);
    let shares: &mut Vec<Share> = &mut script.hello.shares;
    shares.iter_mut().for_each(|share| toy(&mut share.group));
    script
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        handshake::{Broken, broken},
        script::{HandshakeKind, Message, Proof, Signer, Start, Step},
    };

    #[test]
    fn honest_scripts_are_let_in_everywhere_and_thieves_nowhere() {
        let world = ToyWorld::new();
        for start in Start::ALL {
            let honest = start.script();
            for rival in Rival::of(honest.side) {
                let outcome = world.play(&honest, *rival);
                assert!(
                    !outcome.application_data.is_empty(),
                    "{rival:?}: {outcome:?}"
                );
                assert_eq!(broken(&honest, &outcome, world.identity(*rival)), None);
                let mut thief = honest.clone();
                let proof = Proof {
                    signer: Signer::Another,
                    ..Proof::default()
                };
                thief.replace(
                    HandshakeKind::CERTIFICATE_VERIFY,
                    Message::CertificateVerify(proof),
                );
                let outcome = world.play(&thief, *rival);
                assert!(
                    outcome.application_data.is_empty(),
                    "{rival:?}: {outcome:?}"
                );
            }
        }
    }

    #[test]
    fn every_request_of_one_connection_is_answered_under_the_same_identity() {
        let world = ToyWorld::new();
        let mut insistent = Script::client();
        for step in &mut insistent.steps {
            if let Step::Send(sending) = step
                && matches!(sending.message, Message::ApplicationData { .. })
            {
                sending.times = 37;
            }
        }
        for rival in Rival::of(Side::Client) {
            let outcome = world.play(&insistent, *rival);
            let once = world.play(&Script::client(), *rival);
            assert!(outcome.application_data.len() > once.application_data.len());
            assert_eq!(broken(&insistent, &outcome, world.identity(*rival)), None);
        }
    }

    #[test]
    fn an_answer_to_a_script_that_proves_nothing_is_seen() {
        let world = ToyWorld::new();
        let honest = world.play(&Script::client(), Rival::PlainServer);
        let identity = world.identity(Rival::PlainServer);
        let mut unproven = Script::client();
        unproven.omit(HandshakeKind::CERTIFICATE_VERIFY);
        assert_eq!(broken(&unproven, &honest, identity), Some(Broken::Unproven));
        let other = Some(&b"somebody else"[..]);
        assert_eq!(
            broken(&Script::client(), &honest, other),
            Some(Broken::OtherIdentity)
        );
    }
}
