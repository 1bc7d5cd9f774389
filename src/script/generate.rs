//! Scripts from bytes: an honest script and changes of it.
//!
//! Any bytes are a script. The first octet is the honest script, and each change reads
//! four octets of its own: what is done, to which step, and two that say how. A
//! kind of change that is added later takes a new number and changes no stored input.

use super::{
    Alert, Binder, Binding, Chain, CipherSuite, Context, Edit, Epoch, Extension, ExtensionKind,
    HandshakeKind, Message, NamedGroup, Proof, ProtocolVersion, PskOffer, RecordKind, Script,
    Second, Share, SignatureScheme, Signer, Step, Transcript,
};
use crate::der::HexBytes;

/// Octets of one change.
const CHANGE_OCTETS: usize = 4;

/// The most changes of one script.
pub const MAX_CHANGES: usize = 8;

/// The honest script that changes are made to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// A client of TLS 1.3.
    Client = 0,
    /// A server of TLS 1.3.
    Server = 1,
    /// A client of TLS 1.2.
    ClientOfTls12 = 2,
}

impl Start {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Client, Self::Server, Self::ClientOfTls12];

    fn of(octet: u8) -> Self {
        match octet {
            2 => Self::ClientOfTls12,
            octet if octet & 1 == 0 => Self::Client,
            _ => Self::Server,
        }
    }

    /// The script.
    pub fn script(self) -> Script {
        match self {
            Self::Client => Script::client(),
            Self::Server => Script::server(),
            Self::ClientOfTls12 => Script::client_of_tls_1_2(),
        }
    }
}

/// A change of a script. Its number is its place in [`Script::CHANGES`].
type Change = fn(&mut Script, usize, u8, u8);

impl Script {
    /// The script that these bytes say.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let (first, changes) = bytes.split_first().unwrap_or((&0, &[]));
        let mut script = Start::of(*first).script();
        for change in changes.chunks_exact(CHANGE_OCTETS).take(MAX_CHANGES) {
            let [kind, step, one, other] = [change[0], change[1], change[2], change[3]];
            if script.steps.is_empty() {
                break;
            }
            let step = usize::from(step) % script.steps.len();
            // A number beyond the table is no change, so that a longer table keeps old inputs.
            if let Some(change) = Self::CHANGES.get(usize::from(kind)) {
                change(&mut script, step, one, other);
            }
        }
        script
    }

    /// The bytes of changes of an honest script, for a seed.
    pub fn seed(start: Start, changes: &[[u8; CHANGE_OCTETS]]) -> Vec<u8> {
        let mut bytes = vec![start as u8];
        bytes.extend(changes.iter().flatten());
        bytes
    }

    /// How many kinds of change there are.
    pub const KINDS_OF_CHANGE: u8 = Self::CHANGES.len() as u8;

    const CHANGES: &'static [Change] = &[
        |script, step, _, _| drop(script.steps.remove(step)),
        |script, step, times, _| {
            if let Some(sending) = script.sent(step) {
                sending.times = u16::from(times % 40) + 1;
            }
        },
        |script, step, other, _| {
            let other = usize::from(other) % script.steps.len();
            script.steps.swap(step, other);
        },
        |script, step, to, _| {
            let moved = script.steps.remove(step);
            let to = usize::from(to) % (script.steps.len() + 1);
            script.steps.insert(to, moved);
        },
        |script, step, high, low| script.edited(step, Edit::FlipBit(pair(high, low))),
        |script, step, at, octet| {
            let octets = HexBytes(vec![octet]);
            script.edited(
                step,
                Edit::Overwrite {
                    at: at.into(),
                    octets,
                },
            );
        },
        |script, step, octets, _| script.edited(step, Edit::Cut(octets.into())),
        |script, step, octets, octet| {
            script.edited(step, Edit::Append(HexBytes(vec![octet; octets.into()])));
        },
        |script, step, high, low| script.edited(step, Edit::Pad(4 * pair(high, low))),
        |script, step, high, low| script.edited(step, Edit::ClaimLength(0x10 * pair(high, low))),
        |script, step, kind, _| script.edited(step, Edit::ClaimKind(kind)),
        |script, step, epoch, _| {
            if let Some(sending) = script.sent(step) {
                let epochs = [
                    Epoch::Plain,
                    Epoch::Early,
                    Epoch::Handshake,
                    Epoch::Application,
                ];
                sending.epoch = Some(epochs[usize::from(epoch) % epochs.len()]);
            }
        },
        |script, step, octets, _| {
            if let Some(sending) = script.sent(step) {
                sending.fragment = Some(u16::from(octets) + 1);
            }
        },
        |script, step, _, _| {
            if let Some(sending) = script.sent(step) {
                sending.joined = true;
            }
        },
        |script, step, which, how| {
            let message = message(which, how);
            script.steps.insert(step, message.into());
        },
        |script, step, which, how| {
            if let Some(sending) = script.sent(step) {
                sending.message = message(which, how);
            }
        },
        |script, _, which, how| {
            let chain = chain(which, how);
            script.replace(HandshakeKind::CERTIFICATE, Message::certificate_of(chain));
        },
        |script, _, which, how| {
            script.replace(
                HandshakeKind::CERTIFICATE_VERIFY,
                Message::CertificateVerify(proof(which, how)),
            );
        },
        |script, _, which, _| script.hello.suites = vec![pick(CipherSuite::NAMED, which)],
        |script, _, which, how| {
            let group = pick(NamedGroup::NAMED, which);
            script.hello.groups = vec![group];
            script.hello.shares = match how % 4 {
                0 => Vec::new(),
                1 => vec![Share {
                    group,
                    octets: Some(HexBytes(vec![0; 32])),
                }],
                _ => vec![Share::of(group)],
            };
        },
        |script, _, which, how| {
            let version = pick(ProtocolVersion::NAMED, which);
            match how % 4 {
                0 => script.hello.versions = vec![version],
                1 => script.hello.versions.insert(0, version),
                2 => script.hello.versions.clear(),
                _ => script.hello.legacy_version = version,
            }
        },
        |script, _, which, how| script.hello.extensions.push(extension(which, how)),
        |script, _, which, how| script.hello.last_extensions.push(extension(which, how)),
        |script, _, which, _| script.hello.schemes = vec![pick(SignatureScheme::NAMED, which)],
        |script, _, octets, method| {
            script.hello.session_id_octets = octets % 40;
            script.hello.compression = HexBytes(vec![method % 3; usize::from(method % 5)]);
        },
        |script, step, _, _| script.steps.insert(step, Step::Close {}),
        |script, _, modes, how| {
            script.hello.psk = Some(PskOffer {
                binder: pick(&[Binder::True, Binder::Wrong, Binder::Absent], how),
                modes: HexBytes(vec![modes % 2; usize::from(modes % 3)]),
                early_data: how >= 0x80,
            });
        },
        |script, _, _, _| {
            let nobody = Message::certificate_of(Chain::Empty);
            script.replace(HandshakeKind::CERTIFICATE, nobody);
            script.omit(HandshakeKind::CERTIFICATE_VERIFY);
        },
        |script, _, zeros, lie| {
            // Alone it is an honest one.
            let message = Message::CompressedCertificate {
                algorithm: 1,
                claims: (lie >= 0x80).then_some(u32::from(lie) << 4),
                zeros: (zeros >= 0x80).then_some(u32::from(zeros) << 8),
                octets: HexBytes::default(),
            };
            script.replace(HandshakeKind::CERTIFICATE, message);
        },
        |script, step, share, octets| {
            let share = (share >= 0x80).then(|| HexBytes(vec![share; octets.into()]));
            let message = Message::ClientKeyExchange { share };
            script.steps.insert(step, message.into());
        },
        |script, step, how, again| {
            let bindings = [
                Binding::True,
                Binding::Wrong,
                Binding::Empty,
                Binding::Absent,
            ];
            let binding = pick(&bindings, how);
            if again >= 0x80 {
                let flight = Script::flight_of_tls_1_2();
                script.steps.splice(step..step, flight);
            }
            let message = Message::Renegotiation { binding };
            script.steps.insert(step, message.into());
        },
        |script, _, how, _| {
            script.hello.ask_for_retry();
            let second = usize::from(how) % (Second::ALL.len() + 1);
            script.hello.second = Second::ALL.get(second).copied();
        },
        |script, step, how, _| {
            let message = match how % 2 {
                0 => Message::certificate_of(Chain::OtherClient),
                _ => Message::CertificateVerify(Proof {
                    signer: Signer::OtherClient,
                    ..Proof::default()
                }),
            };
            match how & 4 {
                0 => script.steps.insert(step, message.into()),
                _ => {
                    if let Some(kind) = message.kind() {
                        script.replace(kind, message);
                    }
                }
            }
        },
    ];

    fn sent(&mut self, step: usize) -> Option<&mut super::Sending> {
        match self.steps.get_mut(step) {
            Some(Step::Send(sending)) => Some(sending),
            _ => None,
        }
    }

    fn edited(&mut self, step: usize, edit: Edit) {
        if let Some(sending) = self.sent(step) {
            sending.edits.push(edit);
        }
    }
}

fn pair(high: u8, low: u8) -> u32 {
    u16::from_be_bytes([high, low]).into()
}

fn pick<T: Copy>(table: &[T], which: u8) -> T {
    table[usize::from(which) % table.len()]
}

fn extension(which: u8, how: u8) -> Extension {
    Extension {
        kind: pick(ExtensionKind::NAMED, which),
        body: HexBytes(vec![how & 0x0f; usize::from(how >> 4)]),
    }
}

fn chain(which: u8, how: u8) -> Chain {
    [
        Chain::Own,
        Chain::Empty,
        Chain::Repeating(how.into()),
        Chain::EmptyEntryFirst,
        Chain::SenderLast,
        Chain::Truncated,
    ][usize::from(which) % 5]
}

fn proof(which: u8, how: u8) -> Proof {
    let scheme = pick(SignatureScheme::NAMED, how >> 3);
    Proof {
        signer: pick(
            &[Signer::Own, Signer::Another, Signer::Nobody, Signer::Zeros],
            which,
        ),
        scheme: (how & 4 != 0).then_some(scheme),
        transcript: pick(
            &[
                Transcript::SoFar,
                Transcript::Empty,
                Transcript::WithoutCertificate,
                Transcript::AnotherConnection,
            ],
            which >> 2,
        ),
        context: pick(
            &[Context::Own, Context::OtherSide, Context::Absent],
            which >> 4,
        ),
    }
}

fn message(which: u8, how: u8) -> Message {
    match which % 20 {
        0 => Message::ClientHello,
        1 => Message::server_hello(),
        2 => Message::HelloRetryRequest {
            group: pick(NamedGroup::NAMED, how),
            cookie: (how >= 0x80).then(|| HexBytes(vec![how; 8])),
        },
        3 => Message::EncryptedExtensions {
            extensions: vec![extension(how, how)],
        },
        4 => Message::CertificateRequest {
            context: HexBytes(vec![how; usize::from(how % 3)]),
            extensions: Vec::new(),
        },
        5 => Message::certificate_of(chain(how, how)),
        6 => Message::CompressedCertificate {
            algorithm: u16::from(how % 4),
            claims: Some(u32::from(how) << 16),
            zeros: None,
            octets: HexBytes::default(),
        },
        7 => Message::CertificateVerify(proof(how, how)),
        8 => Message::Finished,
        9 => Message::EndOfEarlyData,
        10 => Message::KeyUpdate { request: how % 3 },
        11 => Message::NewSessionTicket {
            lifetime: how.into(),
            ticket: HexBytes(vec![how; 16]),
        },
        12 => Message::ChangeCipherSpec,
        13 => Message::Alert {
            level: how % 3,
            description: pick(Alert::NAMED, how),
        },
        14 => Message::request(),
        15 => Message::Handshake {
            kind: HandshakeKind(how),
            body: HexBytes(vec![0; usize::from(how % 9)]),
        },
        16 => Message::Record {
            kind: pick(RecordKind::NAMED, how),
            version: pick(ProtocolVersion::NAMED, how >> 3),
            claims: (how >= 0x80).then_some(u16::from(how) << 8),
            body: HexBytes(vec![how; usize::from(how % 7)]),
        },
        17 => Message::Protected {
            kind: pick(RecordKind::NAMED, how),
            body: HexBytes(vec![how; usize::from(how % 5)]),
            padding: u16::from(how),
        },
        18 => Message::Octets(HexBytes(vec![how; usize::from(how % 32)])),
        _ => Message::Certificate {
            chain: Chain::Own,
            context: Some(HexBytes(vec![how; usize::from(how % 3)])),
            extensions: vec![extension(how, how)],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_keep_their_numbers() {
        // Written down once. A failure means that stored inputs changed their meaning.
        for (kind, expected) in [
            (1, "times: 8"),
            (4, "FlipBit(1794)"),
            (5, "Overwrite { at: 7"),
            (6, "Cut(7)"),
            (7, "Append("),
            (8, "Pad(7176)"),
            (9, "ClaimLength(28704)"),
            (10, "ClaimKind(7)"),
        ] {
            for start in Start::ALL {
                let script = Script::from_bytes(&[start as u8, kind, 0, 7, 2]);
                let changed = format!("{:?}", script.steps);
                let honest = format!("{:?}", start.script().steps);
                // A server's first step waits, and nothing is changed there.
                let sends = matches!(start.script().steps[0], Step::Send(_));
                assert_eq!(changed.contains(expected), sends, "{kind} of {start:?}");
                assert_eq!(changed != honest, sends, "{kind} of {start:?}");
            }
        }
        let steps =
            |change: [u8; 4]| Script::from_bytes(&Script::seed(Start::Client, &[change])).steps;
        let honest = Start::Client.script().steps;
        assert_eq!(steps([0, 0, 0, 0]), honest[1..]);
        assert_eq!(
            steps([2, 0, 1, 0])[..2],
            [honest[1].clone(), honest[0].clone()]
        );
        assert_eq!(steps([3, 0, 2, 0])[2], honest[0]);
        assert_eq!(steps([255, 0, 0, 0]), honest);
    }
}
