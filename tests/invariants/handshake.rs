//! Whatever a script does, nobody is let in who has proven nothing.

use std::{
    io,
    sync::{Arc, LazyLock},
};

use gatecrash::{
    handshake::{Broken, Play, Rival, ToyWorld, Transport, broken, play},
    script::{ProtocolVersion, Script, Start},
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};

use crate::config;

static WORLD: LazyLock<ToyWorld> = LazyLock::new(ToyWorld::new);

fn script() -> impl Strategy<Value = Script> {
    let change = (0..Script::KINDS_OF_CHANGE, any::<[u8; 3]>())
        .prop_map(|(kind, [step, one, other])| [kind, step, one, other]);
    (
        prop::sample::select(&Start::ALL),
        prop::collection::vec(change, 1..=8),
    )
        .prop_map(|(start, changes)| Script::from_bytes(&Script::seed(start, &changes)))
}

fn check(script: &Script, allowed: impl Fn(Broken) -> bool) -> Result<(), TestCaseError> {
    for rival in Rival::of(script.side) {
        let outcome = WORLD.play(script, *rival);
        let broken =
            broken(script, &outcome, WORLD.identity(*rival)).filter(|broken| !allowed(*broken));
        let text = script.to_toml().unwrap_or_default();
        prop_assert_eq!(broken, None, "{:?}: {}\n{}", rival, outcome, text);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn no_script_gets_an_answer_under_an_identity_that_it_has_not_proven(script in script()) {
        check(&script, |_| false)?;
    }

    #[test]
    fn no_protocol_below_the_floor_is_negotiated(mut script in script(), version in 0x0300_u16..=0x0303) {
        // Old versions alone, by the old field.
        script.hello.versions.clear();
        script.hello.legacy_version = ProtocolVersion(version);
        check(&script, |_| false)?;
    }
}

/// A judge of clients with one fault.
#[derive(Debug)]
struct Faulty {
    sound: Arc<dyn ClientCertVerifier>,
    fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// Whoever shows no certificate may come in, and no proof is asked for then.
    NobodyIsFine,
    /// Any signature is a proof.
    AnyProof,
}

impl Faulty {
    fn proof(
        &self,
        sound: impl FnOnce() -> Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self.fault {
            Fault::AnyProof => Ok(HandshakeSignatureValid::assertion()),
            Fault::NobodyIsFine => sound(),
        }
    }
}

impl ClientCertVerifier for Faulty {
    fn client_auth_mandatory(&self) -> bool {
        self.fault != Fault::NobodyIsFine
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.sound.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.sound
            .verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        proof: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.proof(|| {
            self.sound
                .verify_tls12_signature(message, certificate, proof)
        })
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        proof: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.proof(|| {
            self.sound
                .verify_tls13_signature(message, certificate, proof)
        })
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.sound.supported_verify_schemes()
    }
}

/// The scripts that the properties draw, always the same.
fn drawn(number: usize) -> impl Iterator<Item = Script> {
    let mut runner = TestRunner::deterministic();
    let tree = move |_| script().new_tree(&mut runner).expect("draws").current();
    (0..number).map(tree)
}

#[test]
fn a_server_that_asks_for_no_proof_is_found_by_the_scripts_that_are_drawn() {
    for fault in [Fault::NobodyIsFine, Fault::AnyProof] {
        let world = ToyWorld::with_judges(|sound| Arc::new(Faulty { sound, fault }));
        for rival in Rival::of(gatecrash::script::Side::Client) {
            let found = drawn(3000).filter(|script| {
                let is_client = script.side == gatecrash::script::Side::Client;
                let outcome = is_client.then(|| world.play(script, *rival));
                outcome.is_some_and(|outcome| {
                    broken(script, &outcome, world.identity(*rival)) == Some(Broken::Unproven)
                })
            });
            let found = found.count();
            assert!(found > 0, "{fault:?}, {rival:?}: found by {found}");
            println!("{fault:?}, {rival:?}: found by {found} of 3000");
        }
    }
}

/// A server that answers any hello with TLS 1.1.
#[derive(Default)]
struct Outdated(Vec<u8>);

impl Transport for Outdated {
    fn send(&mut self, _: &[u8]) -> io::Result<()> {
        let body = [&[3, 2][..], &[7; 32], &[0, 0xc0, 0x13, 0]].concat();
        let message = [&[2, 0, 0, body.len() as u8][..], &body].concat();
        self.0 = [&[22, 3, 2, 0, message.len() as u8][..], &message].concat();
        Ok(())
    }

    fn receive(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        into.extend_from_slice(&self.0);
        Ok(std::mem::take(&mut self.0).len())
    }
}

#[test]
fn a_server_below_the_floor_is_found_by_the_scripts_that_are_drawn() {
    let clients = drawn(300).filter(|script| script.side == gatecrash::script::Side::Client);
    let found = clients.filter(|script| {
        let outcome = play(script, &Play::default(), &mut Outdated::default());
        broken(script, &outcome, None) == Some(Broken::BelowFloor(ProtocolVersion::TLS_1_1))
    });
    assert!(found.count() > 100);
}
