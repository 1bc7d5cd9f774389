//! What a script amounts to, as far as its steps tell: honest, one that proves who it is, or neither.

use std::time::Duration;

use super::{
    Awaited, Chain, Context, HandshakeKind, Hello, Message, Proof, Script, Second, Sending, Signer,
    Start, Step, Transcript,
};

impl Script {
    /// Whether whoever knows the certificate must let it in: everything is as an honest peer does
    /// it, whatever its time, its records, and which of the usual parameters it has.
    pub fn is_honest(&self) -> bool {
        let mut honest: Vec<Self> = Start::ALL.map(Start::script).into();
        honest.push(Self::anonymous_client());
        let plain: Vec<Step> = self.steps.iter().filter_map(plain).collect();
        honest.iter().any(|honest| {
            self.side == honest.side
                && plain == honest.steps
                && chooses_from(&self.hello, &honest.hello)
        })
    }

    /// Whether it shows its chain, proves that it holds the key, and finishes. That is the least
    /// of what an honest peer does, in whatever order and form.
    pub fn proves(&self) -> bool {
        let sends = |wanted: &dyn Fn(&Message) -> bool| {
            self.steps
                .iter()
                .any(|step| matches!(step, Step::Send(sending) if wanted(&sending.message)))
        };
        // TLS 1.2 signs the transcript alone (RFC 5246 section 7.4.8), whatever context is named.
        let has_context = !self.goes_on_with_tls_1_2();
        // Bits can be flipped twice, and a signature may say so; the schemes of toys are one.
        let true_proof = |proof: &Proof| {
            proof.signer == Signer::Own
                && proof.transcript == Transcript::SoFar
                && (proof.context == Context::Own || !has_context)
        };
        sends(&|message| {
            matches!(
                message,
                Message::Certificate {
                    chain: Chain::Own | Chain::Repeating(_),
                    ..
                } | Message::CompressedCertificate { .. }
            )
        }) && sends(
            &|message| matches!(message, Message::CertificateVerify(proof) if true_proof(proof)),
        ) && sends(&|message| message.kind() == Some(HandshakeKind::FINISHED))
    }

    /// Whether it shows no certificate at all, and offers no session in the place of one.
    pub fn shows_nobody(&self) -> bool {
        let shows = |step: &Step| {
            let Step::Send(sending) = step else {
                return false;
            };
            match &sending.message {
                Message::Certificate { chain, .. } => *chain != Chain::Empty,
                Message::CompressedCertificate { .. } => true,
                _ => false,
            }
        };
        self.hello.psk.is_none() && !self.steps.iter().any(shows)
    }

    /// Whether it shows its chain in the compressed form that the other side may have asked for.
    pub fn compresses_certificates(&self) -> bool {
        let compressed = |step: &Step| {
            let Step::Send(sending) = step else {
                return false;
            };
            matches!(
                sending.message,
                Message::CompressedCertificate { algorithm: 1, .. }
            )
        };
        self.steps.iter().any(compressed)
    }

    /// Whether it waits for so long itself that the other side may rightly end the connection.
    pub fn tries_patience(&self) -> bool {
        const PATIENCE: Duration = Duration::from_secs(2);
        self.own_waits().is_none_or(|waits| waits > PATIENCE)
    }

    /// No delay is waited for longer than this.
    pub const LONGEST_DELAY: Duration = Duration::from_secs(60);

    /// Whether a delay is longer than any is waited for.
    pub fn has_endless_delay(&self) -> bool {
        let is_endless = |step: &Step| match step {
            Step::Delay { milliseconds } => {
                Duration::from_millis((*milliseconds).into()) > Self::LONGEST_DELAY
            }
            _ => false,
        };
        self.steps.iter().any(is_endless)
    }

    /// How long it waits itself; `None` where it leaves the other side waiting for more.
    pub fn own_waits(&self) -> Option<Duration> {
        let asks = |step: &Step| matches!(step, Step::Send(sending) if matches!(sending.message, Message::ApplicationData { .. }));
        let wait = |step: &Step| match step {
            Step::Delay { milliseconds } => Duration::from_millis((*milliseconds).into()),
            _ => Duration::ZERO,
        };
        let is_whole = self.steps.iter().any(asks);
        is_whole.then(|| self.steps.iter().map(wait).sum())
    }

    /// Whether it needs the certificate and the key of another client of the same CA.
    pub fn has_another_client(&self) -> bool {
        let needs = |step: &Step| {
            let Step::Send(sending) = step else {
                return false;
            };
            match &sending.message {
                Message::Certificate { chain, .. } => *chain == Chain::OtherClient,
                Message::CertificateVerify(proof) => proof.signer == Signer::OtherClient,
                _ => false,
            }
        };
        self.steps.iter().any(needs)
    }

    /// Whether it means nothing to a server that gives no cookie with its HelloRetryRequest.
    pub fn needs_a_cookie(&self) -> bool {
        let second = self.hello.second;
        matches!(second, Some(Second::WithoutCookie | Second::OtherCookie))
    }

    /// Whether it goes on with TLS 1.2 after the server's choice, as it does where it awaits
    /// the end of the server's first flight.
    pub fn goes_on_with_tls_1_2(&self) -> bool {
        let end = Awaited::Message(HandshakeKind::SERVER_HELLO_DONE);
        self.steps.contains(&Step::Expect(end))
    }
}

/// A step without what is the sender's own choice: when it is taken, and how it is cut into records.
fn plain(step: &Step) -> Option<Step> {
    match step {
        Step::Delay { .. } => None,
        Step::Send(sending) => Some(Step::Send(Sending {
            fragment: None,
            joined: false,
            ..sending.clone()
        })),
        other => Some(other.clone()),
    }
}

/// Whether a hello has parameters of another, of each kind at least one, and nothing else.
fn chooses_from(hello: &Hello, usual: &Hello) -> bool {
    let chosen = Hello {
        suites: usual.suites.clone(),
        groups: usual.groups.clone(),
        shares: usual.shares.clone(),
        session_id_octets: usual.session_id_octets,
        server_name: usual.server_name.clone(),
        ..hello.clone()
    };
    let of_tls_1_3 = !hello.versions.is_empty();
    chosen == *usual
        && hello.session_id_octets <= 32
        && some_of(&hello.groups, &usual.groups)
        // Which suites of TLS 1.2 are of use depends on the server's key.
        && some_of(&hello.suites, &usual.suites)
        && (of_tls_1_3 || hello.suites.len() == usual.suites.len())
        && of_tls_1_3 != hello.shares.is_empty()
        && hello.shares.iter().all(|share| {
            share.octets.is_none() && usual.groups.contains(&share.group)
        })
}

fn some_of<T: PartialEq>(chosen: &[T], usual: &[T]) -> bool {
    !chosen.is_empty() && chosen.iter().all(|one| usual.contains(one))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Side;
    use crate::{
        der::HexBytes,
        script::{Edit, NamedGroup, Share},
    };

    #[test]
    fn records_time_and_choice_leave_a_script_honest_and_nothing_else_does() {
        type Change = fn(&mut Script);
        let table: [(Change, bool, bool); 11] = [
            (|_| {}, true, true),
            (
                |script| {
                    script.insert_before(HandshakeKind::FINISHED, Step::Delay { milliseconds: 100 })
                },
                true,
                true,
            ),
            (
                |script| {
                    if let Some(sending) = script.sending_mut(HandshakeKind::CLIENT_HELLO) {
                        sending.fragment = Some(1);
                    }
                },
                true,
                true,
            ),
            (
                |script| {
                    script.hello.groups = vec![NamedGroup::SECP256R1];
                    script.hello.shares = vec![Share::of(NamedGroup::SECP256R1)];
                },
                true,
                true,
            ),
            (|script| script.hello.session_id_octets = 0, true, true),
            (|script| script.hello.session_id_octets = 255, false, true),
            (
                |script| script.hello.compression = HexBytes(vec![0; 300]),
                false,
                true,
            ),
            (|script| script.hello.suites.clear(), false, true),
            (
                |script| script.edit(HandshakeKind::FINISHED, Edit::FlipBit(1)),
                false,
                true,
            ),
            (
                |script| script.insert_after(HandshakeKind::FINISHED, Message::Finished),
                false,
                true,
            ),
            (
                |script| script.omit(HandshakeKind::CERTIFICATE_VERIFY),
                false,
                false,
            ),
        ];
        for (change, honest, proves) in table {
            let mut script = Script::client();
            change(&mut script);
            assert_eq!(
                (script.is_honest(), script.proves()),
                (honest, proves),
                "{script:?}"
            );
        }
        for start in Start::ALL {
            assert!(
                start.script().is_honest() && start.script().proves(),
                "{start:?}"
            );
        }
        assert!(Script::honest(Side::Server).is_honest());
    }

    #[test]
    fn a_proof_of_tls_1_2_has_no_context_to_be_wrong_about() {
        for start in Start::ALL {
            let mut script = start.script();
            if script.side != Side::Client {
                continue;
            }
            for step in &mut script.steps {
                if let Step::Send(sending) = step
                    && let Message::CertificateVerify(proof) = &mut sending.message
                {
                    proof.context = Context::Absent;
                }
            }
            assert_eq!(script.proves(), script.goes_on_with_tls_1_2(), "{start:?}");
        }
    }
}
