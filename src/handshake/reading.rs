//! The way in: records become messages, and messages change what is known.

use aws_lc_rs::digest;

use super::{
    keys::{self, Schedule, Suite},
    message::{
        CertificateRequest, ClientHello, ServerHello, certificates, compressions, handshake,
    },
    offer::{self, Retry},
    outcome::{Negotiated, Ticket},
    peer::Peer,
    record::{Protection, Record},
    wire::{Malformed, Reader},
};
use crate::script::{
    Alert, CipherSuite, End, Epoch, ExtensionKind, HandshakeKind, ProtocolVersion, RecordKind, Side,
};

/// The most octets of application data that are kept.
const MAX_DATA: usize = 64 * 1024;

/// The most protected records that nobody can read.
const MAX_UNREADABLE: u32 = 1000;

/// The most octets of one handshake message that are waited for.
const MAX_MESSAGE: usize = 1 << 20;

impl Peer<'_> {
    /// Takes in every record that is whole.
    pub(super) fn take_in(&mut self) -> Result<(), End> {
        while self.incoming.is_plausible() {
            match self.incoming.record() {
                Some(record) => self.record(record)?,
                None => return Ok(()),
            }
        }
        Err(End::Malformed)
    }

    fn record(&mut self, record: Record) -> Result<(), End> {
        let has_keys = self.handshake.is_some() || self.outcome.negotiated.is_some();
        let is_protected = record.kind == RecordKind::APPLICATION_DATA && has_keys;
        if !is_protected && !self.reads_under_keys_of_tls_1_2() {
            return self.content(record.kind, &record.body);
        }
        match self.open(&record) {
            Some((kind, content)) => self.content(kind, &content),
            None => {
                self.outcome.unreadable += 1;
                match self.outcome.unreadable > MAX_UNREADABLE {
                    true => Err(End::TooMuch),
                    false => Ok(()),
                }
            }
        }
    }

    /// Tries the keys of the expected epoch first: a peer that a script confuses may use others.
    fn open(&mut self, record: &Record) -> Option<(RecordKind, Vec<u8>)> {
        let expected = self.other_epoch;
        let others = [Epoch::Application, Epoch::Handshake].into_iter();
        let all = [expected]
            .into_iter()
            .chain(others.filter(|epoch| *epoch != expected));
        for epoch in all {
            if let Some(keys) = &mut self.open[epoch as usize]
                && let Some(opened) = keys.open(record)
            {
                return Some(opened);
            }
        }
        self.former.as_mut()?.open(record)
    }

    fn content(&mut self, kind: RecordKind, content: &[u8]) -> Result<(), End> {
        match kind {
            RecordKind::CHANGE_CIPHER_SPEC => {
                self.take_change_of_keys();
                Ok(())
            }
            RecordKind::ALERT => match content {
                [_, alert] if Alert(*alert) == Alert::CLOSE_NOTIFY => Err(End::Closed),
                [_, alert] if Alert(*alert) == Alert::USER_CANCELED => Ok(()),
                [_, alert] => Err(End::Alert(Alert(*alert))),
                _ => Err(End::Malformed),
            },
            RecordKind::APPLICATION_DATA => {
                let room = MAX_DATA - self.outcome.application_data.len();
                let kept = &content[..content.len().min(room)];
                self.outcome.application_data.extend_from_slice(kept);
                Ok(())
            }
            RecordKind::HANDSHAKE => {
                self.messages.extend_from_slice(content);
                self.take_messages()
            }
            _ => Err(End::Malformed),
        }
    }

    fn take_messages(&mut self) -> Result<(), End> {
        loop {
            let mut reader = Reader::new(&self.messages);
            let header = reader
                .u8()
                .and_then(|kind| Ok((kind, reader.number(3)? as usize)));
            let Ok((kind, length)) = header else {
                return Ok(());
            };
            if length > MAX_MESSAGE {
                return Err(End::TooMuch);
            }
            let Some(_) = self.messages.get(4..4 + length) else {
                return Ok(());
            };
            let rest = self.messages.split_off(4 + length);
            let message = std::mem::replace(&mut self.messages, rest);
            self.message(HandshakeKind(kind), &message)?;
        }
    }

    fn message(&mut self, kind: HandshakeKind, message: &[u8]) -> Result<(), End> {
        self.outcome.received.push(kind);
        let taken = self.take_message(kind, message);
        taken.map_err(|Malformed| End::Malformed)?;
        match (kind, &self.outcome.negotiated) {
            // What follows is of an old version, or under keys that nobody has here.
            (HandshakeKind::SERVER_HELLO_DONE, _) if !self.goes_on_with_tls_1_2() => Err(End::Done),
            (HandshakeKind::SERVER_HELLO, Some(chosen)) if chosen.is_beyond_us() => Err(End::Done),
            _ => Ok(()),
        }
    }

    /// Whether the script goes on with what a server of TLS 1.2 has chosen. A choice among things of
    /// which none is sound is all that there is to see.
    fn goes_on_with_tls_1_2(&self) -> bool {
        let hello = &self.script.hello;
        self.script.goes_on_with_tls_1_2() && self.tls12.is_some() && !hello.offers_nothing_sound()
    }

    fn take_message(&mut self, kind: HandshakeKind, message: &[u8]) -> Result<(), Malformed> {
        let body = &message[4..];
        match (self.script.side, kind) {
            (Side::Client, HandshakeKind::SERVER_HELLO) => {
                let hello = ServerHello::read(body)?;
                if hello.is_retry() {
                    self.take_retry(&hello, message);
                } else {
                    self.transcript.extend_from_slice(message);
                    self.note_choice(&hello);
                    self.take_choice(&hello);
                }
                return Ok(());
            }
            (Side::Client, kind) if self.tls12.is_some() => {
                return self.take_message_of_tls_1_2(kind, message);
            }
            (Side::Server, HandshakeKind::CLIENT_HELLO) => {
                let hello = ClientHello::read(body)?;
                self.outcome.compressions =
                    compressions(hello.extension(ExtensionKind::COMPRESS_CERTIFICATE));
                self.client_hello = Some(hello);
            }
            (Side::Client, HandshakeKind::CERTIFICATE_REQUEST) => {
                self.outcome.certificate_requested = true;
                let request = CertificateRequest::read(body)?;
                self.outcome.compressions =
                    compressions(request.extension(ExtensionKind::COMPRESS_CERTIFICATE));
                self.request_context = request.context;
            }
            // Certificates of old versions have no contexts.
            (_, HandshakeKind::CERTIFICATE) if self.schedule.is_some() => {
                let chain = certificates(body)?.into_iter();
                self.outcome.chain = chain.map(<[u8]>::to_vec).collect();
            }
            (_, HandshakeKind::FINISHED) => self.check_finished(body),
            (Side::Client, HandshakeKind::NEW_SESSION_TICKET) if self.application.is_some() => {
                self.take_ticket(body)?;
                return Ok(());
            }
            (_, HandshakeKind::KEY_UPDATE) => {
                if let (Some(schedule), Some((_, other))) = (self.schedule, &mut self.secrets) {
                    *other = keys::next_secret(schedule.suite, other);
                    let keys = Protection::of(schedule.suite, other.as_ref());
                    self.open[Epoch::Application as usize] = Some(keys);
                }
                return Ok(());
            }
            _ => {}
        }
        if self.other_epoch != Epoch::Application {
            self.transcript.extend_from_slice(message);
        }
        if kind == HandshakeKind::FINISHED {
            if self.script.side == Side::Client && self.application.is_none() {
                self.derive_application();
            }
            self.other_epoch = Epoch::Application;
        }
        Ok(())
    }

    /// Remembers what a server chose.
    pub(super) fn note_choice(&mut self, hello: &ServerHello) {
        let mut random_end = [0; 8];
        random_end.copy_from_slice(&hello.random[24..]);
        self.outcome.negotiated = Some(Negotiated {
            version: hello.version(),
            suite: hello.suite,
            group: hello.share().map(|(group, _)| group),
            random_end,
            compression: hello.compression,
        });
    }

    /// The client's keys after a ServerHello, where its choice can be spoken.
    fn take_choice(&mut self, hello: &ServerHello) {
        match hello.version() {
            ProtocolVersion::TLS_1_3 => {}
            ProtocolVersion::TLS_1_2 => return self.take_choice_of_tls_1_2(hello),
            _ => return,
        }
        let Some(suite) = Suite::of(hello.suite) else {
            return;
        };
        let shared = hello.share().and_then(|(group, share)| {
            let own = self.exchanges.iter().find(|own| own.group() == group)?;
            own.complete(share)
        });
        let ticket = self.ticket();
        let resumed = hello.extension(ExtensionKind::PRE_SHARED_KEY).is_some();
        let psk = resumed.then_some(&ticket.key[..]);
        // Without a share the pre-shared key is alone (RFC 8446 section 7.1).
        let none = vec![0; suite.hash().output_len()];
        if psk.is_some() || shared.is_some() {
            let schedule = Schedule::new(suite, psk, shared.as_ref().unwrap_or(&none));
            self.begin_handshake(schedule);
        }
    }

    /// The server's keys after its own ServerHello.
    pub(super) fn answer_keys(&mut self, suite: Option<CipherSuite>) {
        let Some(client) = &self.client_hello else {
            return;
        };
        let choice = offer::choice(&self.script.hello, client);
        let Some(suite) = Suite::of(suite.unwrap_or(choice.suite)) else {
            return;
        };
        let shared = self.exchanges.first().and_then(|own| {
            let shares = client.shares();
            let (_, share) = shares.iter().find(|(group, _)| *group == own.group())?;
            own.complete(share)
        });
        let none = vec![0; suite.hash().output_len()];
        let schedule = Schedule::new(suite, None, shared.as_ref().unwrap_or(&none));
        self.begin_handshake(schedule);
    }

    fn begin_handshake(&mut self, schedule: Schedule) {
        self.schedule = Some(schedule);
        let traffic = schedule.handshake(&self.hash(&self.transcript));
        let (own, other) = (self.script.side, self.script.side.other());
        let keys = |side| Protection::of(schedule.suite, traffic.of(side).as_ref());
        self.seal[Epoch::Handshake as usize] = Some(keys(own));
        self.former = self.open[Epoch::Handshake as usize].replace(keys(other));
        self.handshake = Some(traffic);
        self.epoch = Epoch::Handshake;
        self.other_epoch = Epoch::Handshake;
    }

    /// The keys of application data, over the transcript as it is now.
    pub(super) fn derive_application(&mut self) {
        let Some(schedule) = self.schedule else {
            return;
        };
        let traffic = schedule.application(&self.hash(&self.transcript));
        let (own, other) = (self.script.side, self.script.side.other());
        let keys = |side| Protection::of(schedule.suite, traffic.of(side).as_ref());
        self.seal[Epoch::Application as usize] = Some(keys(own));
        self.open[Epoch::Application as usize] = Some(keys(other));
        self.secrets = Some((*traffic.of(own), *traffic.of(other)));
        self.application = Some(traffic);
    }

    /// RFC 8446 section 4.1.4
    fn take_retry(&mut self, hello: &ServerHello, message: &[u8]) {
        self.outcome.retries += 1;
        let cookie = hello.extension(ExtensionKind::COOKIE).map(<[u8]>::to_vec);
        let group = hello.share().map(|(group, _)| group);
        self.hash_first_hello_for(hello.suite);
        self.transcript.extend_from_slice(message);
        let asked_before = self.retry.is_some();
        self.outcome.cookie |= cookie.is_some();
        self.retry = Some(Retry {
            group,
            cookie,
            suite: hello.suite,
        });
        // An honest client answers once.
        if !asked_before {
            self.send(&crate::script::Message::ClientHello.into());
        }
    }

    /// Puts a hash in the place of the first ClientHello (RFC 8446 section 4.4.1).
    fn hash_first_hello_for(&mut self, suite: CipherSuite) {
        let Some(suite) = Suite::of(suite) else {
            return;
        };
        let hash = digest::digest(suite.hash(), &self.transcript);
        self.transcript = handshake(HandshakeKind::MESSAGE_HASH, |out| {
            out.extend_from_slice(hash.as_ref());
        });
    }

    /// The same as a server, whose own HelloRetryRequest ends the transcript already.
    pub(super) fn hash_first_hello(&mut self) {
        let Some(client) = &self.client_hello else {
            return;
        };
        let suite = offer::choice(&self.script.hello, client).suite;
        // The retry is the last message: its length is in its header.
        let mut start = 0;
        let mut last = 0;
        while let Some(header) = self.transcript.get(start..start + 4) {
            last = start;
            start += 4 + u32::from_be_bytes([0, header[1], header[2], header[3]]) as usize;
        }
        let retry = self.transcript.split_off(last);
        self.hash_first_hello_for(suite);
        self.transcript.extend_from_slice(&retry);
    }

    fn check_finished(&mut self, body: &[u8]) {
        if let (Some(schedule), Some(traffic)) = (self.schedule, self.handshake) {
            let secret = traffic.of(self.script.side.other());
            let hash = self.hash(&self.transcript);
            let data = keys::verify_data(schedule.suite, secret, &hash);
            self.outcome.finished = Some(data == body);
        }
    }

    /// RFC 8446 section 4.6.1
    fn take_ticket(&mut self, body: &[u8]) -> Result<(), Malformed> {
        let mut body = Reader::new(body);
        let (lifetime, age_add) = (body.number(4)?, body.number(4)?);
        let nonce = body.vector(1)?;
        let ticket = body.vector(2)?.to_vec();
        if let Some(schedule) = self.schedule {
            let key = schedule.resumption(&self.hash(&self.transcript), nonce);
            let suite = schedule.suite;
            self.outcome.tickets.push(Ticket {
                suite,
                ticket,
                key,
                age_add,
                lifetime,
            });
        }
        Ok(())
    }
}
