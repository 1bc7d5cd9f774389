//! Plays a script: the state of one connection, and what each step does to it.

use std::{io, time::Duration};

use aws_lc_rs::digest;

use super::{
    credential::Credentials,
    exchange::Exchange,
    keys::{Schedule, Secret, Traffic},
    message::ClientHello,
    offer::{self, Retry},
    outcome::{Outcome, Session, Ticket},
    record::{Incoming, Protection},
    tls12::Connection,
    transport::Transport,
};
use crate::script::{Alert, Awaited, End, Epoch, Message, Script, Side, Step};

/// How a script is played.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Play<'a> {
    /// What is shown and proved; nothing when absent.
    pub credentials: Option<&'a Credentials>,
    /// The ticket that a hello with a pre-shared key offers; one that was never given when absent.
    pub ticket: Option<&'a Ticket>,
    /// The session of TLS 1.2 that a hello offers to resume; none when absent.
    pub session: Option<&'a Session>,
    /// Randoms and key shares follow from it.
    pub seed: u64,
}

impl<'a> Play<'a> {
    /// With this chain and key.
    pub fn with(credentials: &'a Credentials) -> Self {
        Self {
            credentials: Some(credentials),
            ..Self::default()
        }
    }

    /// With this ticket to resume by.
    #[must_use]
    pub fn ticket(mut self, ticket: &'a Ticket) -> Self {
        self.ticket = Some(ticket);
        self
    }

    /// With this session of TLS 1.2 to resume.
    #[must_use]
    pub fn session(mut self, session: &'a Session) -> Self {
        self.session = Some(session);
        self
    }

    /// With randoms and key shares of their own.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
}

/// Plays a script to its end, or to that of the connection.
pub fn play(script: &Script, with: &Play<'_>, transport: &mut dyn Transport) -> Outcome {
    let mut peer = Peer::new(script, with, transport);
    let end = peer.run().err();
    match (end, script.side) {
        // It ends no connection (RFC 5246 section 7.2.2).
        (Some(End::Alert(Alert::NO_RENEGOTIATION)), _) => {}
        (Some(End::Alert(_)), Side::Client) => peer.ask_once_more(),
        _ => {}
    }
    peer.outcome.end = end.unwrap_or_default();
    peer.outcome
}

/// The connection as one side sees it.
pub(super) struct Peer<'a> {
    pub(super) script: &'a Script,
    pub(super) with: Play<'a>,
    transport: &'a mut dyn Transport,
    pub(super) outcome: Outcome,
    /// Octets of records that came.
    pub(super) incoming: Incoming,
    /// Octets of handshake messages that came.
    pub(super) messages: Vec<u8>,
    /// Octets of records that are to be sent.
    pub(super) outgoing: Vec<u8>,
    /// Content that waits for the next message to share its record.
    pub(super) joined: Vec<u8>,
    /// All handshake messages so far.
    pub(super) transcript: Vec<u8>,
    /// Where in the transcript the own Certificate begins.
    pub(super) own_certificate: usize,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) client_hello: Option<ClientHello>,
    pub(super) retry: Option<Retry>,
    pub(super) schedule: Option<Schedule>,
    pub(super) handshake: Option<Traffic>,
    pub(super) application: Option<Traffic>,
    /// The current secrets of application data, own and other, after key updates.
    pub(super) secrets: Option<(Secret, Secret)>,
    pub(super) request_context: Vec<u8>,
    /// What a client knows once a server has chosen TLS 1.2.
    pub(super) tls12: Option<Connection>,
    /// Keys for what is sent, by epoch.
    pub(super) seal: [Option<Protection>; 4],
    /// Keys for what comes, by epoch.
    pub(super) open: [Option<Protection>; 4],
    /// Keys that a second hello has replaced. The other side may have stopped at the first.
    pub(super) former: Option<Protection>,
    /// The epoch of an honest peer's next message.
    pub(super) epoch: Epoch,
    /// The epoch of the other side's next message.
    pub(super) other_epoch: Epoch,
    /// How many of the messages that came have been awaited, or passed over.
    noticed_messages: usize,
    /// How much of the application data has been awaited.
    noticed_data: usize,
    /// Whether the other side takes no more octets.
    pub(super) gone: bool,
}

/// The most octets that are collected before they are sent.
const FULL: usize = 256 * 1024;

/// The most octets of the other side that are listened to.
const MAX_OCTETS: u64 = 4 << 20;

impl<'a> Peer<'a> {
    fn new(script: &'a Script, with: &Play<'a>, transport: &'a mut dyn Transport) -> Self {
        Self {
            script,
            with: *with,
            transport,
            outcome: Outcome::default(),
            incoming: Incoming::default(),
            messages: Vec::new(),
            outgoing: Vec::with_capacity(4096),
            joined: Vec::new(),
            transcript: Vec::with_capacity(4096),
            own_certificate: 0,
            exchanges: Vec::new(),
            client_hello: None,
            retry: None,
            schedule: None,
            handshake: None,
            application: None,
            secrets: None,
            request_context: Vec::new(),
            tls12: None,
            seal: [const { None }; 4],
            open: [const { None }; 4],
            former: None,
            epoch: Epoch::Plain,
            other_epoch: Epoch::Plain,
            noticed_messages: 0,
            noticed_data: 0,
            gone: false,
        }
    }

    /// The hash of these octets; nothing before there is a suite.
    pub(super) fn hash(&self, octets: &[u8]) -> Vec<u8> {
        let hash = |schedule: &Schedule| digest::digest(schedule.suite.hash(), octets);
        self.schedule
            .as_ref()
            .map(hash)
            .map_or_else(Vec::new, |hash| hash.as_ref().to_vec())
    }

    /// The ticket that is offered.
    pub(super) fn ticket(&self) -> Ticket {
        self.with
            .ticket
            .cloned()
            .unwrap_or_else(offer::invented_ticket)
    }

    /// Takes every step. The `Err` is how the connection ended before.
    fn run(&mut self) -> Result<(), End> {
        for step in &self.script.steps {
            match step {
                Step::Send(sending) => self.send(sending),
                Step::Expect(awaited) => self.expect(*awaited)?,
                Step::Delay { milliseconds } => {
                    self.flush();
                    self.transport
                        .pause(Duration::from_millis((*milliseconds).into()));
                }
                Step::Close {} => {
                    self.flush();
                    self.transport.close();
                }
            }
        }
        self.flush();
        // Who has had an answer knows; everybody else listens for one.
        if self.script.side == Side::Server && !self.outcome.application_data.is_empty() {
            return Ok(());
        }
        while self.outcome.application_data.is_empty() || !self.outcome.is_whole() {
            match self.listen() {
                Ok(()) => {}
                // The answer counts, not how long the connection stays open after it.
                Err(_) if !self.outcome.application_data.is_empty() => return Ok(()),
                Err(end) => return Err(end),
            }
        }
        Ok(())
    }

    /// Reads until what is awaited has come. What came with something else awaited counts.
    fn expect(&mut self, awaited: Awaited) -> Result<(), End> {
        self.flush();
        while !self.notices(awaited) {
            self.listen()?;
        }
        Ok(())
    }

    /// Whether something awaited has come that was not noticed before.
    fn notices(&mut self, awaited: Awaited) -> bool {
        match awaited {
            Awaited::Message(kind) => {
                let unnoticed = &self.outcome.received[self.noticed_messages..];
                let place = unnoticed.iter().position(|received| *received == kind);
                self.noticed_messages += place.map_or(0, |place| place + 1);
                place.is_some()
            }
            Awaited::ApplicationData => {
                let noticed =
                    std::mem::replace(&mut self.noticed_data, self.outcome.application_data.len());
                noticed < self.noticed_data
            }
        }
    }

    /// Waits for octets once and takes in what is whole.
    fn listen(&mut self) -> Result<(), End> {
        self.flush();
        let tail = self.incoming.tail();
        let received = match self.transport.receive(tail) {
            Ok(0) => return Err(End::Closed),
            Ok(received) => received as u64,
            Err(error) => {
                return Err(match error.kind() {
                    io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => End::TimedOut,
                    _ => {
                        self.outcome.cut_off = true;
                        End::Closed
                    }
                });
            }
        };
        self.outcome.octets += received;
        if self.outcome.octets > MAX_OCTETS {
            return Err(End::TooMuch);
        }
        self.take_in()
    }

    /// Sends what has been collected where that is much.
    pub(super) fn flush_if_full(&mut self) {
        if self.outgoing.len() >= FULL {
            self.flush();
        }
    }

    /// Sends what has been collected. An answer may wait even when no more is taken.
    fn flush(&mut self) {
        self.release_joined();
        if self.outgoing.is_empty() {
            return;
        }
        let octets = std::mem::take(&mut self.outgoing);
        if !self.gone {
            self.outcome.sent += octets.len() as u64;
            self.gone = self.transport.send(&octets).is_err();
            self.outcome.cut_off |= self.gone;
        }
    }

    /// Makes the request after an alert. Who has refused must not answer any more.
    fn ask_once_more(&mut self) {
        let before = self.outcome.application_data.len();
        let cut_off = self.outcome.cut_off;
        self.send(&Message::request().into());
        // Whatever comes of it, the alert stands.
        let _ = self.listen();
        self.outcome.after_alert = self.outcome.application_data.len() > before;
        self.outcome.cut_off = cut_off;
    }
}
