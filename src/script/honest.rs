//! Honest scripts, and the ways to change one.

use super::{
    Awaited, Edit, HandshakeKind, Hello, Message, NamedGroup, Script, Sending, Side, Step,
};

impl Script {
    /// The honest peer of this side, which shows a certificate and proves that it holds the key.
    pub fn honest(side: Side) -> Self {
        match side {
            Side::Client => Self::client(),
            Side::Server => Self::server(),
        }
    }

    /// The honest client of a mutual handshake: it authenticates itself, asks, and reads the answer.
    pub fn client() -> Self {
        Self {
            side: Side::Client,
            hello: Hello {
                record_version: super::ProtocolVersion::TLS_1_0,
                ..Hello::default()
            },
            steps: vec![
                Message::ClientHello.into(),
                Step::Expect(Awaited::Message(HandshakeKind::FINISHED)),
                Message::certificate().into(),
                Message::proof().into(),
                Message::Finished.into(),
                Message::request().into(),
                Step::Expect(Awaited::ApplicationData),
            ],
        }
    }

    /// The honest client of a server that asks for no certificate.
    pub fn anonymous_client() -> Self {
        let mut script = Self::client();
        script.omit(HandshakeKind::CERTIFICATE);
        script.omit(HandshakeKind::CERTIFICATE_VERIFY);
        script
    }

    /// The honest client of a mutual handshake of TLS 1.2 (RFC 5246 section 7.3).
    pub fn client_of_tls_1_2() -> Self {
        let mut steps = vec![Message::ClientHello.into()];
        steps.extend(Self::flight_of_tls_1_2());
        steps.extend([
            Message::request().into(),
            Step::Expect(Awaited::ApplicationData),
        ]);
        Self {
            side: Side::Client,
            hello: Hello::of_tls_1_2(),
            steps,
        }
    }

    /// The honest client that resumes a session of TLS 1.2 by its id (RFC 5246 section 7.3).
    pub fn resumption_of_tls_1_2() -> Self {
        Self {
            side: Side::Client,
            hello: Hello::of_tls_1_2(),
            steps: vec![
                Message::ClientHello.into(),
                Step::Expect(Awaited::Message(HandshakeKind::FINISHED)),
                Message::ChangeCipherSpec.into(),
                Message::Finished.into(),
                Message::request().into(),
                Step::Expect(Awaited::ApplicationData),
            ],
        }
    }

    /// What follows a client's hello in TLS 1.2, up to the server's Finished.
    pub fn flight_of_tls_1_2() -> [Step; 7] {
        [
            Step::Expect(Awaited::Message(HandshakeKind::SERVER_HELLO_DONE)),
            Message::certificate().into(),
            Message::ClientKeyExchange { share: None }.into(),
            Message::proof().into(),
            Message::ChangeCipherSpec.into(),
            Message::Finished.into(),
            Step::Expect(Awaited::Message(HandshakeKind::FINISHED)),
        ]
    }

    /// The honest server, which asks for no certificate.
    pub fn server() -> Self {
        Self {
            side: Side::Server,
            hello: Hello::default(),
            steps: vec![
                Step::Expect(Awaited::Message(HandshakeKind::CLIENT_HELLO)),
                Message::server_hello().into(),
                Message::EncryptedExtensions {
                    extensions: Vec::new(),
                }
                .into(),
                Message::certificate().into(),
                Message::proof().into(),
                Message::Finished.into(),
                Step::Expect(Awaited::Message(HandshakeKind::FINISHED)),
                Step::Expect(Awaited::ApplicationData),
                Message::response().into(),
            ],
        }
    }

    /// The first place where a message of this kind is sent.
    pub fn place_of(&self, kind: HandshakeKind) -> Option<usize> {
        self.steps.iter().position(
            |step| matches!(step, Step::Send(sending) if sending.message.kind() == Some(kind)),
        )
    }

    /// The first sending of a message of this kind, to change.
    pub fn sending_mut(&mut self, kind: HandshakeKind) -> Option<&mut Sending> {
        self.steps.iter_mut().find_map(|step| match step {
            Step::Send(sending) if sending.message.kind() == Some(kind) => Some(sending),
            _ => None,
        })
    }

    /// Leaves out the first message of this kind.
    pub fn omit(&mut self, kind: HandshakeKind) {
        if let Some(place) = self.place_of(kind) {
            self.steps.remove(place);
        }
    }

    /// Puts another message in the place of the first of this kind.
    pub fn replace(&mut self, kind: HandshakeKind, message: Message) {
        if let Some(sending) = self.sending_mut(kind) {
            sending.message = message;
        }
    }

    /// Puts a step before the first message of this kind; at the end when there is none.
    pub fn insert_before(&mut self, kind: HandshakeKind, step: impl Into<Step>) {
        let place = self.place_of(kind).unwrap_or(self.steps.len());
        self.steps.insert(place, step.into());
    }

    /// Puts a step after the first message of this kind; at the end when there is none.
    pub fn insert_after(&mut self, kind: HandshakeKind, step: impl Into<Step>) {
        let place = self
            .place_of(kind)
            .map_or(self.steps.len(), |place| place + 1);
        self.steps.insert(place, step.into());
    }

    /// Has a server ask for a share of this group before its choice, and wait for the second hello.
    pub fn ask_again(&mut self, group: NamedGroup) {
        let retry = Message::HelloRetryRequest {
            group,
            cookie: None,
        };
        let second = Step::Expect(Awaited::Message(HandshakeKind::CLIENT_HELLO));
        let place = self.place_of(HandshakeKind::SERVER_HELLO);
        let place = place.unwrap_or(self.steps.len());
        self.steps.splice(place..place, [retry.into(), second]);
    }

    /// Trades the places of the first messages of two kinds.
    pub fn swap(&mut self, one: HandshakeKind, other: HandshakeKind) {
        if let (Some(one), Some(other)) = (self.place_of(one), self.place_of(other)) {
            self.steps.swap(one, other);
        }
    }

    /// Changes the octets of the first message of this kind.
    pub fn edit(&mut self, kind: HandshakeKind, edit: Edit) {
        if let Some(sending) = self.sending_mut(kind) {
            sending.edits.push(edit);
        }
    }
}

impl Script {
    /// The same with one of its messages repeated half as often. None where that is sent once.
    pub fn halved(&self, step: usize) -> Option<Self> {
        let mut halved = self.clone();
        match halved.steps.get_mut(step)? {
            Step::Send(sending) if sending.times > 1 => sending.times /= 2,
            _ => return None,
        }
        Some(halved)
    }
}
