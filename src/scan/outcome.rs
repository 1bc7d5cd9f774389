//! What an answer means: refused in one of three ways, let in, or let in as nobody.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::answer::{Answer, End, Response, alert_name};

/// What came of showing something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The server sent this alert.
    RefusedByAlert(u8),
    /// The server closed the connection without a word.
    RefusedByClose,
    /// The handshake was finished, and the application refused with this status.
    RefusedByStatus(u16),
    /// The application answered with this status, and as it answers those who show nothing.
    AcceptedUnverified(u16),
    /// The application answered with this status.
    Accepted(u16),
    /// The server chose what it should not have, where no certificate and no request belong to it.
    WentAlong(String),
    /// The server did not go along, in these words, where no certificate and no request belong to it.
    Held(String),
    /// No answer came in time: it may yet let in whoever waits longer.
    Silent,
    /// Nobody can tell, and why.
    Inconclusive(String),
}

/// The word of the JSON contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// Application data came back.
    Accepted,
    /// It did not.
    Rejected,
    /// Nobody can tell.
    Inconclusive,
}

impl Word {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Inconclusive => "inconclusive",
        }
    }
}

impl Outcome {
    /// The word of the JSON contract.
    pub fn word(&self) -> Word {
        match self {
            Self::RefusedByAlert(_)
            | Self::RefusedByClose
            | Self::RefusedByStatus(_)
            | Self::Held(_) => Word::Rejected,
            Self::AcceptedUnverified(_) | Self::Accepted(_) | Self::WentAlong(_) => Word::Accepted,
            Self::Silent | Self::Inconclusive(_) => Word::Inconclusive,
        }
    }

    /// Whether application data came back, verified or not.
    pub fn is_accepted(&self) -> bool {
        self.word() == Word::Accepted
    }

    /// Whether it was refused in any way.
    pub fn is_refused(&self) -> bool {
        self.word() == Word::Rejected
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RefusedByAlert(number) => write!(f, "alert {number} ({})", alert_name(*number)),
            Self::RefusedByClose => f.write_str("closed without an alert"),
            Self::RefusedByStatus(status) => write!(f, "HTTP {status} after the handshake"),
            Self::AcceptedUnverified(status) => {
                write!(f, "HTTP {status}, as for those who show no certificate")
            }
            Self::Accepted(status) => write!(f, "HTTP {status}"),
            Self::WentAlong(choice) | Self::Held(choice) => f.write_str(choice),
            Self::Silent => f.write_str("no answer in time"),
            Self::Inconclusive(why) => f.write_str(why),
        }
    }
}

/// What a request is answered with when the certificate is good, and when there is none.
#[derive(Clone, Debug)]
pub struct Yardstick {
    /// The answer to a good certificate.
    pub good: Answer,
    /// The answer to no certificate.
    pub none: Answer,
}

impl Yardstick {
    /// One for a scene in which nothing was shown yet.
    pub(super) fn unseen() -> Self {
        let answer = Answer {
            end: End::OutOfBounds,
            greeting: super::answer::Greeting::default(),
            response: None,
        };
        Self {
            good: answer.clone(),
            none: answer,
        }
    }

    /// What an answer to the same request means.
    pub fn measure(&self, answer: &Answer) -> Outcome {
        match &answer.end {
            End::Alert(number) => Outcome::RefusedByAlert(*number),
            End::Closed => Outcome::RefusedByClose,
            End::Status(status) if !self.admits(*status) => Outcome::RefusedByStatus(*status),
            End::Status(status) if self.is_anonymous(answer) => {
                Outcome::AcceptedUnverified(*status)
            }
            End::Status(status) => Outcome::Accepted(*status),
            End::TimedOut => Outcome::Silent,
            end => Outcome::Inconclusive(end.to_string()),
        }
    }

    /// Whether a status is that of somebody who was let in: any success, or what a good certificate gets.
    pub fn admits(&self, status: u16) -> bool {
        is_success(status) || self.good.end == End::Status(status) && !is_refusal(status)
    }

    /// Whether those who show nothing are answered like those who are let in.
    pub fn is_open(&self) -> bool {
        matches!(self.none.end, End::Status(status) if self.admits(status))
    }

    /// Whether the application saw no identity: it says so itself, or answers as it answers
    /// those who show nothing.
    fn is_anonymous(&self, answer: &Answer) -> bool {
        let Some(response) = &answer.response else {
            return false;
        };
        let none = self.none.response.as_ref();
        says_unverified(response) || none.is_some_and(|none| response.looks() == none.looks())
    }
}

/// A status that lets nobody in.
pub(super) fn is_refusal(status: u16) -> bool {
    matches!(status, 400 | 401 | 403 | 407 | 421 | 495 | 496) || status >= 500
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// How applications and proxies tell that a certificate was not verified.
const UNVERIFIED: &[&str] = &[
    "\"authorized\":false",
    "\"authorized\": false",
    "\"verified\":false",
    "\"verified\": false",
    "\"authenticated\":false",
    "\"authenticated\": false",
    "FAILED:",
];

fn says_unverified(response: &Response) -> bool {
    let text = response.text();
    UNVERIFIED.iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::answer::Greeting;

    fn answer(end: End, body: &str) -> Answer {
        let response = match end {
            End::Status(status) => Some(Response {
                status,
                headers: Vec::new(),
                body: body.into(),
            }),
            _ => None,
        };
        Answer {
            end,
            greeting: Greeting::default(),
            response,
        }
    }

    fn yardstick(none: Answer) -> Yardstick {
        Yardstick {
            good: answer(End::Status(200), "hello device"),
            none,
        }
    }

    #[test]
    fn ways_of_refusing_are_told_apart() {
        let strict = yardstick(answer(End::Alert(116), ""));
        let table = [
            (End::Alert(48), Outcome::RefusedByAlert(48)),
            (End::Closed, Outcome::RefusedByClose),
            (End::Status(400), Outcome::RefusedByStatus(400)),
            (End::Status(200), Outcome::Accepted(200)),
            (End::Status(302), Outcome::RefusedByStatus(302)),
            (End::TimedOut, Outcome::Silent),
        ];
        for (end, outcome) in table {
            assert_eq!(strict.measure(&answer(end, "x")), outcome);
        }
        assert_eq!(Outcome::Silent.word(), Word::Inconclusive);
        assert!(!strict.is_open());
    }

    #[test]
    fn whoever_is_answered_as_nobody_was_not_verified() {
        let optional = yardstick(answer(End::Status(200), "hello nobody"));
        assert!(optional.is_open());
        let table = [
            ("hello nobody", Outcome::AcceptedUnverified(200)),
            ("hello stranger", Outcome::Accepted(200)),
            ("{\"authorized\":false}", Outcome::AcceptedUnverified(200)),
        ];
        for (body, outcome) in table {
            assert_eq!(
                optional.measure(&answer(End::Status(200), body)),
                outcome,
                "{body}"
            );
        }
    }

    #[test]
    fn a_status_that_the_good_get_admits_unless_it_refuses() {
        for (status, admits) in [(302, true), (404, true), (403, false), (502, false)] {
            let yardstick = Yardstick {
                good: answer(End::Status(status), ""),
                none: answer(End::Closed, ""),
            };
            assert_eq!(yardstick.admits(status), admits, "{status}");
        }
    }
}
