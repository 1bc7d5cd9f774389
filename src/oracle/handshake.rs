//! The oracle of handshakes: what must not happen in one, whatever the verdict.
//!
//! Whether a peer is let in without proof is for the twins to tell. This one looks
//! at how a handshake went: under whose identity, with which version, at what
//! cost, and with which last word.

use std::fmt;

use super::{Answer, Finding, Kind};
use crate::{
    case::{Case, Expected},
    engine::{Observation, Seen},
    question::Purpose,
    script::{Alert, End, ProtocolVersion, Side, is_lavish},
    verdict::{Reason, Verdict},
};

/// Something that must not happen in a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// The peer was let in under an identity whose key it has not proven.
    OtherIdentity,
    /// An old version was agreed on (RFC 8996, RFC 9325 section 3.1.1).
    BelowFloor(ProtocolVersion),
    /// Data was answered after an alert.
    AfterAlert,
    /// The engine neither went on, nor refused, nor closed.
    Hang,
    /// Far more came back than was sent, before anybody was known.
    Amplification {
        /// Octets sent.
        sent: u64,
        /// Octets that came back.
        received: u64,
    },
    /// The connection was closed without an alert (RFC 8446 section 6.2).
    AlertMissing,
    /// The alert says something else (RFC 8446 section 6.2).
    AlertUnfit(Alert),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherIdentity => f.write_str("let in under an identity that was not proven"),
            Self::BelowFloor(version) => write!(f, "agreed on {version}, which is too old"),
            Self::AfterAlert => f.write_str("answered data after an alert"),
            Self::Hang => f.write_str("neither went on nor refused in time"),
            Self::Amplification { sent, received } => {
                write!(f, "answered {sent} octets of a stranger with {received}")
            }
            Self::AlertMissing => f.write_str("closed without an alert"),
            Self::AlertUnfit(alert) => write!(f, "refused with alert {} ({alert})", alert.0),
        }
    }
}

impl Violation {
    /// The kind of finding that it is. A wrong last word is of the lowest.
    const fn kind(self) -> Kind {
        match self {
            Self::OtherIdentity | Self::BelowFloor(_) | Self::AfterAlert => Kind::FalseAccept,
            Self::Hang | Self::Amplification { .. } => Kind::Resource,
            Self::AlertMissing | Self::AlertUnfit(_) => Kind::WrongReason,
        }
    }
}

/// The oldest version that may be agreed on.
pub const FLOOR: ProtocolVersion = ProtocolVersion::TLS_1_2;

/// What must not happen and did. `is_meant` tells whether a refusal can be for what is wrong: where
/// the twin is refused as well, its last word is about something else.
pub fn violations(
    case: &Case,
    observation: &Observation,
    seen: &Seen,
    is_meant: bool,
) -> Vec<Violation> {
    let accepted = observation.verdict == Verdict::Accept;
    let refused = matches!(observation.verdict, Verdict::Reject(_));
    let lavish = is_lavish(seen.sent, seen.received);
    let candidates = [
        (seen.own_identity == Some(false)).then_some(Violation::OtherIdentity),
        // A script's own server chooses what it likes: only a client that goes along has agreed.
        seen.version
            .filter(|version| *version < FLOOR && (accepted || case.purpose == Purpose::Client))
            .map(Violation::BelowFloor),
        seen.after_alert.then_some(Violation::AfterAlert),
        // A script that stops half way leaves the engine waiting, and not the other way round.
        (seen.end == End::TimedOut && !leaves_waiting(case)).then_some(Violation::Hang),
        (lavish && !accepted).then_some(Violation::Amplification {
            sent: seen.sent,
            received: seen.received,
        }),
        match (&case.expected, seen.end) {
            (Expected::Reject(reasons), end)
                if refused && is_meant && !seen.cut_off && !seen.answered =>
            {
                last_word(reasons, end)
            }
            _ => None,
        },
    ];
    candidates.into_iter().flatten().collect()
}

/// Whether the script of a case ends before it has asked for anything.
fn leaves_waiting(case: &Case) -> bool {
    let script = case.handshake.as_ref();
    script.is_some_and(|script| script.side == Side::Client && script.own_waits().is_none())
}

/// The same as findings, of an answer to a case. `to_twin` is the one to its twin, where it has one.
pub fn check(
    engine: &str,
    case: &Case,
    answer: Option<&Answer>,
    to_twin: Option<&Answer>,
) -> Vec<Finding> {
    let Some(Answer::Observed(observation)) = answer else {
        return Vec::new();
    };
    let Some(seen) = &observation.handshake else {
        return Vec::new();
    };
    let is_let_in = |answer: &Answer| {
        answer
            .conclusive()
            .is_some_and(|observation| observation.verdict == Verdict::Accept)
    };
    let is_meant = to_twin.is_none_or(is_let_in);
    let found = violations(case, observation, seen, is_meant).into_iter();
    found
        .map(|violation| Finding::new(violation.kind(), engine, case, violation.to_string()))
        .collect()
}

/// Whether a refusal for one of these reasons ended with another alert than fits, or with none.
// RFC 8446 section 6.2
pub fn last_word(expected: &[Reason], end: End) -> Option<Violation> {
    let fitting: Vec<Alert> = expected
        .iter()
        .flat_map(|reason| alerts(*reason))
        .copied()
        .collect();
    match end {
        _ if fitting.is_empty() => None,
        End::Closed => Some(Violation::AlertMissing),
        End::Alert(alert) if !fitting.contains(&alert) => Some(Violation::AlertUnfit(alert)),
        _ => None,
    }
}

/// The alerts that a refusal for a reason may end with. None where any will do.
const fn alerts(reason: Reason) -> &'static [Alert] {
    match reason {
        // RFC 8446 section 4.4.2.4
        Reason::NoCertificate => &[Alert::CERTIFICATE_REQUIRED, Alert::DECODE_ERROR],
        // RFC 8446 sections 4.4.3 and 4.4.4
        Reason::NoProofOfPossession => &[Alert::DECRYPT_ERROR],
        Reason::UnsupportedSignatureAlgorithm => &[Alert::ILLEGAL_PARAMETER],
        Reason::MalformedDer => &[Alert::BAD_CERTIFICATE, Alert::DECODE_ERROR],
        // RFC 8446 section 6.2: another certificate than the sender's is judged
        Reason::CaAsEndEntity => &[
            Alert::BAD_CERTIFICATE,
            Alert::UNSUPPORTED_CERTIFICATE,
            Alert::CERTIFICATE_UNKNOWN,
        ],
        // RFC 8446 section 4.1.1
        Reason::NoCommonCipherSuite => &[Alert::HANDSHAKE_FAILURE, Alert::INSUFFICIENT_SECURITY],
        // RFC 8446 section 4.2.1; RFC 7507
        Reason::ProtocolTooOld => &[
            Alert::PROTOCOL_VERSION,
            Alert::HANDSHAKE_FAILURE,
            Alert::INSUFFICIENT_SECURITY,
            Alert::INAPPROPRIATE_FALLBACK,
        ],
        Reason::HandshakeViolation => &[
            Alert::UNEXPECTED_MESSAGE,
            Alert::BAD_RECORD_MAC,
            Alert::RECORD_OVERFLOW,
            Alert::HANDSHAKE_FAILURE,
            Alert::ILLEGAL_PARAMETER,
            Alert::DECODE_ERROR,
            Alert::DECRYPT_ERROR,
            Alert::MISSING_EXTENSION,
            Alert::UNSUPPORTED_EXTENSION,
            // RFC 5246 section 7.2.2
            Alert::NO_RENEGOTIATION,
        ],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{case::Role, oracle::sample};

    #[test]
    fn each_way_to_go_wrong_is_seen_and_the_right_ways_are_not() {
        let good = Seen {
            end: End::Alert(Alert::DECRYPT_ERROR),
            version: Some(ProtocolVersion::TLS_1_3),
            own_identity: None,
            after_alert: false,
            cut_off: false,
            answered: false,
            sent: 1000,
            received: 2000,
        };
        let table: [(Seen, &[Violation]); 10] = [
            (good.clone(), &[]),
            (
                Seen {
                    own_identity: Some(false),
                    ..good.clone()
                },
                &[Violation::OtherIdentity],
            ),
            (
                Seen {
                    version: Some(ProtocolVersion::TLS_1_1),
                    ..good.clone()
                },
                &[Violation::BelowFloor(ProtocolVersion::TLS_1_1)],
            ),
            (
                Seen {
                    after_alert: true,
                    ..good.clone()
                },
                &[Violation::AfterAlert],
            ),
            (
                Seen {
                    end: End::TimedOut,
                    ..good.clone()
                },
                &[Violation::Hang],
            ),
            (
                Seen {
                    received: 90_000,
                    ..good.clone()
                },
                &[Violation::Amplification {
                    sent: 1000,
                    received: 90_000,
                }],
            ),
            (
                Seen {
                    end: End::Closed,
                    ..good.clone()
                },
                &[Violation::AlertMissing],
            ),
            (
                Seen {
                    end: End::Closed,
                    cut_off: true,
                    ..good.clone()
                },
                &[],
            ),
            (
                Seen {
                    end: End::Closed,
                    answered: true,
                    ..good.clone()
                },
                &[],
            ),
            (
                Seen {
                    end: End::Alert(Alert::INTERNAL_ERROR),
                    ..good
                },
                &[Violation::AlertUnfit(Alert::INTERNAL_ERROR)],
            ),
        ];
        let case = Case {
            expected: Expected::Reject(vec![Reason::NoProofOfPossession]),
            ..sample::case("validity/expired@end-entity#0", Role::Hostile)
        };
        let refusal = Observation::rejected(Reason::NoProofOfPossession, "");
        for (seen, expected) in table {
            assert_eq!(
                violations(&case, &refusal, &seen, true),
                expected,
                "{seen:?}"
            );
            let said = |seen: Option<Seen>| {
                Answer::Observed(Observation {
                    handshake: seen,
                    ..refusal.clone()
                })
            };
            let answer = said(Some(seen));
            let found = |to_twin| check("fake", &case, Some(&answer), to_twin);
            assert_eq!(found(None).len(), expected.len());
            let accepted = Answer::Observed(Verdict::Accept.into());
            assert_eq!(found(Some(&accepted)).len(), expected.len());
            // Where the twin is refused too, nobody knows what the last word is about.
            let others = expected.iter().filter(|violation| {
                !matches!(
                    violation,
                    Violation::AlertMissing | Violation::AlertUnfit(_)
                )
            });
            assert_eq!(found(Some(&said(None))).len(), others.count());
        }
    }
}
