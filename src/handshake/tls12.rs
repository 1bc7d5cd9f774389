//! TLS 1.2, from the client's side and as far as it is sound: ephemeral key exchange over a
//! curve, authenticated encryption, and one handshake after another in a connection.
//!
//! It stands apart from TLS 1.3 since its keys, its messages and its order are others. The
//! server's signature is read and not verified: a script takes any server for good.

use super::{
    exchange::Exchange,
    keys_tls12::{Keys, Master, Randoms, Suite},
    message::{ServerHello, certificates_tls_1_2, handshake, share_of_key_exchange},
    offer,
    outcome::Session,
    peer::Peer,
    record::Protection,
    wire::{Malformed, put_number, put_vector},
};
use crate::{
    der::HexBytes,
    script::{
        Binding, Chain, Epoch, Extension, ExtensionKind, HandshakeKind, Message, NamedGroup, Proof,
        RecordKind, Sending, Side, Transcript,
    },
};

/// What a client knows of a connection of TLS 1.2.
pub(super) struct Connection {
    suite: Suite,
    randoms: Randoms,
    /// The id that the server gave the session; none where it gives none.
    session_id: Vec<u8>,
    /// Whether the master secret is bound to the handshake.
    extended: bool,
    /// Whether the server has asked for a certificate in this handshake.
    asked: bool,
    /// The server's share.
    share: Option<(NamedGroup, Vec<u8>)>,
    master: Option<Master>,
    /// Keys that each side's ChangeCipherSpec brings into force.
    pending: Pending,
    /// Whether what comes is under keys.
    reads_under_keys: bool,
    /// What the own Finished of the handshake before this said.
    finished: Vec<u8>,
}

#[derive(Default)]
struct Pending {
    seal: Option<Protection>,
    open: Option<Protection>,
}

impl Pending {
    fn of(keys: Keys) -> Self {
        Self {
            seal: Some(keys.client),
            open: Some(keys.server),
        }
    }
}

impl Peer<'_> {
    /// Takes a server's choice of TLS 1.2, for the first time or once more.
    pub(super) fn take_choice_of_tls_1_2(&mut self, hello: &ServerHello) {
        let Some(suite) = Suite::of(hello.suite) else {
            return;
        };
        let before = self.tls12.take();
        let extended = ExtensionKind::EXTENDED_MASTER_SECRET;
        let offered = &self.script.hello.extensions;
        let offered = offered.iter().any(|offered| offered.kind == extended);
        let randoms = Randoms {
            client: offer::octets(self.with.seed, "random"),
            server: hello.random,
        };
        // A server that gives the id back resumes, with the secret of then (RFC 5246 section 7.4.1.3).
        let resumed = self
            .with
            .session
            .filter(|session| session.id == hello.session_id);
        let master = resumed.map(|session| session.master);
        let pending = master.map_or_else(Pending::default, |master| {
            Pending::of(master.keys(&randoms))
        });
        self.tls12 = Some(Connection {
            suite,
            randoms,
            session_id: hello.session_id.clone(),
            extended: offered && hello.extension(extended).is_some(),
            asked: false,
            share: None,
            master,
            pending,
            reads_under_keys: before.as_ref().is_some_and(|old| old.reads_under_keys),
            finished: before.map_or_else(Vec::new, |old| old.finished),
        });
    }

    /// Takes any other message of a server that has chosen TLS 1.2.
    pub(super) fn take_message_of_tls_1_2(
        &mut self,
        kind: HandshakeKind,
        message: &[u8],
    ) -> Result<(), Malformed> {
        let body = &message[4..];
        match kind {
            // RFC 5246 section 7.4.1.1: it is of no transcript.
            HandshakeKind::HELLO_REQUEST => return Ok(()),
            HandshakeKind::CERTIFICATE => {
                let chain = certificates_tls_1_2(body)?.into_iter();
                self.outcome.chain = chain.map(<[u8]>::to_vec).collect();
            }
            HandshakeKind::SERVER_KEY_EXCHANGE => {
                let (group, share) = share_of_key_exchange(body)?;
                if let Some(negotiated) = &mut self.outcome.negotiated {
                    negotiated.group = Some(group);
                }
                if let Some(connection) = &mut self.tls12 {
                    connection.share = Some((group, share.to_vec()));
                }
            }
            HandshakeKind::CERTIFICATE_REQUEST => {
                self.outcome.certificate_requested = true;
                if let Some(connection) = &mut self.tls12 {
                    connection.asked = true;
                }
            }
            HandshakeKind::FINISHED => {
                let master = self.tls12.as_ref().and_then(|connection| connection.master);
                let said = master.map(|master| master.finished(Side::Server, &self.transcript));
                self.outcome.finished = said.map(|said| said[..] == *body);
            }
            _ => {}
        }
        self.transcript.extend_from_slice(message);
        Ok(())
    }

    /// Whether records that come are under keys of TLS 1.2.
    pub(super) fn reads_under_keys_of_tls_1_2(&self) -> bool {
        let connection = self.tls12.as_ref();
        connection.is_some_and(|connection| connection.reads_under_keys)
    }

    /// The server's next record is under its new keys.
    pub(super) fn take_change_of_keys(&mut self) {
        if let Some(connection) = &mut self.tls12
            && let Some(keys) = connection.pending.open.take()
        {
            self.open[Epoch::Application as usize] = Some(keys);
            connection.reads_under_keys = true;
        }
    }

    /// Sends a ChangeCipherSpec. Whoever has no secret yet changes to keys of none.
    pub(super) fn change_keys(&mut self, sending: &Sending) {
        self.put(sending, RecordKind::CHANGE_CIPHER_SPEC, &[1], 0);
        let Some(connection) = &mut self.tls12 else {
            return;
        };
        if connection.master.is_none() && connection.pending.open.is_none() {
            let keys = Keys::new(connection.suite, &[], &connection.randoms);
            connection.pending = Pending::of(keys);
        }
        if let Some(keys) = connection.pending.seal.take() {
            self.seal[Epoch::Application as usize] = Some(keys);
            self.epoch = Epoch::Application;
        }
    }

    /// A message whose form differs from that of TLS 1.3, or that is of TLS 1.2 alone. `None`
    /// where there is nothing to make it from.
    pub(super) fn message_of_tls_1_2(&mut self, message: &Message) -> Option<Vec<u8>> {
        let kind = message.kind()?;
        let connection = self.tls12.as_ref();
        let is_asked = connection.is_none_or(|connection| connection.asked);
        let is_honest = *message == Message::certificate() || *message == Message::proof();
        if is_honest && !is_asked {
            // RFC 5246 section 7.4.6: only who is asked answers.
            return None;
        }
        Some(match message {
            Message::Renegotiation { binding } => self.renegotiation(*binding),
            Message::Certificate { chain, .. } => self.certificate_of_tls_1_2(*chain),
            Message::ClientKeyExchange { share } => {
                let share = match share {
                    Some(share) => share.0.clone(),
                    None => self.own_exchange()?.share().to_vec(),
                };
                handshake(kind, |out| {
                    put_vector(out, 1, |out| out.extend_from_slice(&share));
                })
            }
            Message::CertificateVerify(proof) => self.proof_of_tls_1_2(proof),
            Message::Finished => {
                let connection = self.tls12.as_mut()?;
                let data = connection.master?.finished(Side::Client, &self.transcript);
                connection.finished = data.to_vec();
                handshake(kind, |out| out.extend_from_slice(&data))
            }
            _ => return None,
        })
    }

    /// RFC 5246 section 7.4.2
    fn certificate_of_tls_1_2(&self, chain: Chain) -> Vec<u8> {
        handshake(HandshakeKind::CERTIFICATE, |out| {
            put_vector(out, 3, |out| {
                for der in self.shown(chain) {
                    put_vector(out, 3, |out| out.extend_from_slice(der));
                }
            });
        })
    }

    /// RFC 5246 section 7.4.8: what is signed are the messages themselves.
    fn proof_of_tls_1_2(&self, proof: &Proof) -> Vec<u8> {
        let transcript = match proof.transcript {
            Transcript::SoFar => &self.transcript[..],
            Transcript::Empty => &[],
            Transcript::WithoutCertificate => self.before_certificate(),
            Transcript::AnotherConnection => b"another connection",
        };
        match self.with.credentials {
            Some(credentials) => credentials.sign_as(proof, transcript),
            None => handshake(HandshakeKind::CERTIFICATE_VERIFY, |out| {
                put_number(out, 4, 0);
            }),
        }
    }

    /// The hello of another handshake in this connection (RFC 5746 section 3.5). Its transcript
    /// is a new one.
    fn renegotiation(&mut self, binding: Binding) -> Vec<u8> {
        let connection = self.tls12.as_ref();
        let mut finished = connection.map_or_else(Vec::new, |old| old.finished.clone());
        if let (Binding::Wrong, Some(last)) = (binding, finished.last_mut()) {
            *last ^= 1;
        }
        let mut hello = self.script.hello.clone();
        let kind = ExtensionKind::RENEGOTIATION_INFO;
        hello.extensions.retain(|extension| extension.kind != kind);
        let mut bound = |octets: &[u8]| {
            let mut body = Vec::new();
            put_vector(&mut body, 1, |out| out.extend_from_slice(octets));
            hello.extensions.push(Extension {
                kind,
                body: HexBytes(body),
            });
        };
        match binding {
            Binding::True | Binding::Wrong => bound(&finished),
            Binding::Empty => bound(&[]),
            Binding::Absent => {}
        }
        self.transcript.clear();
        self.own_certificate = 0;
        offer::client_hello(&hello, &[], None, &self.ticket(), self.with.seed).write()
    }

    /// The own part of the exchange that the server has begun.
    fn own_exchange(&self) -> Option<Exchange> {
        let (group, _) = self.tls12.as_ref()?.share.as_ref()?;
        Exchange::new(*group, &offer::octets(self.with.seed, "key exchange"))
    }

    /// The secrets, once the ClientKeyExchange is of the transcript.
    pub(super) fn derive_keys_of_tls_1_2(&mut self) {
        let exchange = self.own_exchange();
        let Some(connection) = &mut self.tls12 else {
            return;
        };
        let shared = exchange
            .zip(connection.share.as_ref())
            .and_then(|(own, (_, share))| own.complete(share));
        let Some(shared) = shared else {
            return;
        };
        let transcript = connection.extended.then_some(&self.transcript[..]);
        let (suite, randoms) = (connection.suite, &connection.randoms);
        let master = Master::new(suite, &shared, randoms, transcript);
        // Who has changed keys too early keeps them, as the server does that let it happen.
        if connection.master.is_none() && connection.pending.open.is_none() {
            connection.pending = Pending::of(master.keys(randoms));
        }
        connection.master = Some(master);
        if !connection.session_id.is_empty() {
            let id = connection.session_id.clone();
            self.outcome.session = Some(Session { id, master });
        }
    }
}
