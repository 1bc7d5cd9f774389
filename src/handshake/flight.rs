//! The way out: a described message becomes octets.

use super::{
    credential::Credentials,
    deflate,
    exchange::Exchange,
    keys::{self, Schedule},
    message::{certificate, extension, handshake, number_list, put_extensions},
    offer,
    peer::Peer,
    record::{Protection, put_record},
    wire::{put_number, put_vector},
};
use crate::{
    der::HexBytes,
    script::{
        Chain, CipherSuite, Epoch, ExtensionKind, Message, NamedGroup, Proof, ProtocolVersion,
        RecordKind, Sending, Side, Transcript,
    },
};

/// The most zeros of a compressed certificate: as many as its length can say.
const MAX_ZEROS: u32 = 0x00ff_ffff;

impl Peer<'_> {
    /// Makes a message and puts its records among what is to be sent.
    pub(super) fn send(&mut self, sending: &Sending) {
        for _ in 0..sending.times {
            match &sending.message {
                Message::Octets(octets) => {
                    self.release_joined();
                    self.outgoing.extend_from_slice(&octets.0);
                }
                Message::ChangeCipherSpec if self.tls12.is_some() => {
                    self.release_joined();
                    self.change_keys(sending);
                }
                Message::ChangeCipherSpec => {
                    self.release_joined();
                    let version = ProtocolVersion::TLS_1_2;
                    put_record(
                        &mut self.outgoing,
                        RecordKind::CHANGE_CIPHER_SPEC,
                        version,
                        &[1],
                    );
                }
                Message::Record {
                    kind,
                    version,
                    claims,
                    body,
                } => {
                    self.release_joined();
                    let start = self.outgoing.len();
                    put_record(&mut self.outgoing, *kind, *version, &body.0);
                    if let Some(claims) = claims {
                        self.outgoing[start + 3..start + 5].copy_from_slice(&claims.to_be_bytes());
                    }
                }
                Message::Protected {
                    kind,
                    body,
                    padding,
                } => {
                    self.release_joined();
                    self.put(sending, *kind, &body.0, usize::from(*padding));
                }
                Message::Alert { level, description } => {
                    self.put(sending, RecordKind::ALERT, &[*level, description.0], 0);
                }
                Message::ApplicationData { text } => {
                    self.put(sending, RecordKind::APPLICATION_DATA, text.as_bytes(), 0);
                }
                message => self.send_handshake(sending, message),
            }
            self.flush_if_full();
            if self.gone {
                return;
            }
        }
    }

    fn send_handshake(&mut self, sending: &Sending, message: &Message) {
        let Some(mut octets) = self.handshake_message(message) else {
            return;
        };
        for edit in &sending.edits {
            edit.apply(&mut octets);
        }
        if let Message::ClientHello = message
            && let Some(psk) = &self.script.hello.psk
            && sending.edits.is_empty()
        {
            let ticket = self.ticket();
            offer::bind(&mut octets, psk, &ticket, &self.transcript);
            let transcript = [&self.transcript[..], &octets].concat();
            let hash = aws_lc_rs::digest::digest(ticket.suite.hash(), &transcript);
            let secret = Schedule::early(ticket.suite, &ticket.key, hash.as_ref());
            let keys = Protection::of(ticket.suite, secret.as_ref());
            self.seal[Epoch::Early as usize] = Some(keys);
        }
        // A message after the handshake is not of its transcript (RFC 8446 section 4.4.1).
        let is_late_hello =
            matches!(message, Message::ClientHello) && self.outcome.negotiated.is_some();
        let is_of_transcript = self.epoch != Epoch::Application && !is_late_hello;
        if is_of_transcript || self.tls12.is_some() {
            if let Message::Certificate { .. } | Message::CompressedCertificate { .. } = message {
                self.own_certificate = self.transcript.len();
            }
            self.transcript.extend_from_slice(&octets);
        }
        self.put(sending, RecordKind::HANDSHAKE, &octets, 0);
        self.advance(message);
    }

    /// What an honest peer changes once it has sent a message.
    fn advance(&mut self, message: &Message) {
        match (self.script.side, message) {
            (Side::Server, Message::ServerHello { suite, .. }) => self.answer_keys(*suite),
            (Side::Server, Message::HelloRetryRequest { .. }) => self.hash_first_hello(),
            (Side::Server, Message::Finished) if self.epoch == Epoch::Handshake => {
                self.release_joined();
                self.derive_application();
                self.epoch = Epoch::Application;
            }
            (Side::Client, Message::Finished) if self.epoch == Epoch::Handshake => {
                self.release_joined();
                self.epoch = Epoch::Application;
            }
            (_, Message::ClientKeyExchange { .. }) => self.derive_keys_of_tls_1_2(),
            (_, Message::KeyUpdate { .. }) if self.epoch == Epoch::Application => {
                self.release_joined();
                if let (Some(schedule), Some((own, _))) = (self.schedule, &mut self.secrets) {
                    *own = keys::next_secret(schedule.suite, own);
                    let keys = Protection::of(schedule.suite, own.as_ref());
                    self.seal[Epoch::Application as usize] = Some(keys);
                }
            }
            _ => {}
        }
    }

    /// The message, header and body. `None` where there is nothing to make it from.
    fn handshake_message(&mut self, message: &Message) -> Option<Vec<u8>> {
        let is_of_tls_1_2 = match message {
            Message::Renegotiation { .. } | Message::ClientKeyExchange { .. } => true,
            Message::Certificate { .. } | Message::CertificateVerify(_) | Message::Finished => {
                self.tls12.is_some()
            }
            _ => false,
        };
        if is_of_tls_1_2 {
            return self.message_of_tls_1_2(message);
        }
        let hello = &self.script.hello;
        Some(match message {
            Message::ClientHello => {
                self.exchanges = offer::exchanges(hello, self.retry.as_ref(), self.with.seed);
                let ticket = self.ticket();
                let retry = self.retry.as_ref();
                let mut hello =
                    offer::client_hello(hello, &self.exchanges, retry, &ticket, self.with.seed);
                if let Some(session) = self.with.session {
                    hello.session_id.clone_from(&session.id);
                }
                hello.write()
            }
            Message::ServerHello {
                suite,
                other_session_id,
                random_ends_with,
            } => self.server_hello(*suite, *other_session_id, random_ends_with.as_ref())?,
            Message::HelloRetryRequest { group, cookie } => {
                self.hello_retry_request(*group, cookie.as_ref())?
            }
            Message::EncryptedExtensions { extensions } => {
                handshake(message.kind()?, |out| put_extensions(out, extensions))
            }
            Message::CertificateRequest {
                context,
                extensions,
            } => {
                let schemes = hello.schemes.iter().map(|scheme| scheme.0);
                let schemes = number_list(ExtensionKind::SIGNATURE_ALGORITHMS, 2, schemes);
                handshake(message.kind()?, |out| {
                    put_vector(out, 1, |out| out.extend_from_slice(&context.0));
                    let all: Vec<_> = [schemes]
                        .into_iter()
                        .chain(extensions.iter().cloned())
                        .collect();
                    put_extensions(out, &all);
                })
            }
            Message::Certificate {
                chain,
                context,
                extensions,
            } => {
                let context = context
                    .as_ref()
                    .map_or(&self.request_context, |context| &context.0);
                certificate(context, &self.shown(*chain), extensions)
            }
            Message::CompressedCertificate {
                algorithm,
                claims,
                zeros,
                octets,
            } => {
                let plain = certificate(&self.request_context, &self.shown(Chain::Own), &[]);
                let (stream, length) = match zeros {
                    _ if !octets.0.is_empty() => (octets.0.clone(), octets.0.len() as u32),
                    Some(zeros) => {
                        let zeros = *zeros.min(&MAX_ZEROS);
                        (deflate::zeros(zeros), zeros)
                    }
                    None => (deflate::stored(&plain[4..]), plain.len() as u32 - 4),
                };
                handshake(message.kind()?, |out| {
                    put_number(out, 2, (*algorithm).into());
                    put_number(out, 3, claims.unwrap_or(length) as usize);
                    put_vector(out, 3, |out| out.extend_from_slice(&stream));
                })
            }
            Message::CertificateVerify(proof) => self.proof(proof),
            Message::Finished => {
                let (schedule, handshake_keys) = (self.schedule?, self.handshake?);
                let hash = self.hash(&self.transcript);
                let secret = handshake_keys.of(self.script.side);
                let data = keys::verify_data(schedule.suite, secret, &hash);
                handshake(message.kind()?, |out| out.extend_from_slice(&data))
            }
            Message::EndOfEarlyData => handshake(message.kind()?, |_| {}),
            Message::KeyUpdate { request } => handshake(message.kind()?, |out| out.push(*request)),
            Message::NewSessionTicket { lifetime, ticket } => handshake(message.kind()?, |out| {
                put_number(out, 4, *lifetime as usize);
                put_number(out, 4, 0);
                put_vector(out, 1, |out| out.push(0));
                put_vector(out, 2, |out| out.extend_from_slice(&ticket.0));
                put_extensions(out, &[]);
            }),
            Message::Handshake { kind, body } => {
                handshake(*kind, |out| out.extend_from_slice(&body.0))
            }
            Message::Renegotiation { .. }
            | Message::ClientKeyExchange { .. }
            | Message::ChangeCipherSpec
            | Message::Alert { .. }
            | Message::ApplicationData { .. }
            | Message::Record { .. }
            | Message::Protected { .. }
            | Message::Octets(_) => return None,
        })
    }

    /// The certificates of a chain that is shown.
    pub(super) fn shown(&self, chain: Chain) -> Vec<&[u8]> {
        let own = self
            .with
            .credentials
            .map_or(&[][..], |credentials| &credentials.chain);
        let mut shown: Vec<&[u8]> = own.iter().map(|der| &der[..]).collect();
        match chain {
            Chain::Own => {}
            Chain::Empty => shown.clear(),
            Chain::Repeating(times) => {
                let last = shown.last().copied();
                shown.extend(last.into_iter().cycle().take(times.into()));
            }
            Chain::EmptyEntryFirst => shown.insert(0, &[]),
            Chain::SenderLast if shown.is_empty() => {}
            Chain::SenderLast => shown.rotate_left(1),
            Chain::OtherClient => {
                // Where there is none, nobody is shown: the own chain would be another script.
                let other = self.with.credentials.and_then(Credentials::other_client);
                let chain = other.map_or(&[][..], |other| &other.chain);
                shown = chain.iter().map(|der| &der[..]).collect();
            }
            Chain::Truncated => {
                for der in &mut shown {
                    *der = &der[..der.len().saturating_sub(1)];
                }
            }
        }
        shown
    }

    /// The transcript before the own Certificate; all of it where another has begun since.
    pub(super) fn before_certificate(&self) -> &[u8] {
        self.transcript
            .get(..self.own_certificate)
            .unwrap_or(&self.transcript)
    }

    fn proof(&self, proof: &Proof) -> Vec<u8> {
        let hash = match proof.transcript {
            Transcript::SoFar => self.hash(&self.transcript),
            Transcript::Empty => self.hash(&[]),
            Transcript::WithoutCertificate => self.hash(self.before_certificate()),
            Transcript::AnotherConnection => self.hash(b"another connection"),
        };
        match self.with.credentials {
            Some(credentials) => credentials.prove(proof, self.script.side, &hash),
            None => handshake(crate::script::HandshakeKind::CERTIFICATE_VERIFY, |out| {
                put_number(out, 4, 0);
            }),
        }
    }

    fn server_hello(
        &mut self,
        suite: Option<CipherSuite>,
        other_session_id: bool,
        random_ends_with: Option<&HexBytes>,
    ) -> Option<Vec<u8>> {
        let hello = &self.script.hello;
        let client = self.client_hello.as_ref()?;
        let choice = offer::choice(hello, client);
        let group = choice.group;
        let seed = offer::octets(self.with.seed, "key exchange");
        self.exchanges = group
            .and_then(|group| Exchange::new(group, &seed))
            .into_iter()
            .collect();
        let told = hello.shares.iter().find(|share| Some(share.group) == group);
        let octets = match (
            told.and_then(|share| share.octets.as_ref()),
            self.exchanges.first(),
        ) {
            (Some(octets), _) => octets.0.clone(),
            (None, Some(own)) => own.share().to_vec(),
            (None, None) => vec![4; 65],
        };
        let share = group.map(|group| (group, &octets[..]));
        let mut random = offer::octets(self.with.seed, "random");
        if let Some(end) = random_ends_with {
            let start = random.len().saturating_sub(end.0.len());
            for (place, octet) in random[start..].iter_mut().zip(&end.0) {
                *place = *octet;
            }
        }
        let suite = suite.unwrap_or(choice.suite);
        let mut message = offer::server_hello(hello, client, suite, share, random);
        if other_session_id {
            message.session_id = vec![0x6f; 32];
        }
        self.note_choice(&message);
        Some(message.write())
    }

    fn hello_retry_request(&self, group: NamedGroup, cookie: Option<&HexBytes>) -> Option<Vec<u8>> {
        let hello = &self.script.hello;
        let client = self.client_hello.as_ref()?;
        let suite = offer::choice(hello, client).suite;
        let random = super::message::RETRY_RANDOM;
        let mut message = offer::server_hello(hello, client, suite, None, random);
        let wish = extension(ExtensionKind::KEY_SHARE, |out| {
            put_number(out, 2, group.0.into())
        });
        let cookie = cookie.map(|cookie| {
            extension(ExtensionKind::COOKIE, |out| {
                put_vector(out, 2, |out| out.extend_from_slice(&cookie.0));
            })
        });
        message
            .extensions
            .get_or_insert_default()
            .extend([wish].into_iter().chain(cookie));
        Some(message.write())
    }
}
