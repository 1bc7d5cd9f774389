//! Answers to a HelloRetryRequest that are not what was asked for.
//!
//! The twin gets one too: its only share is of a group that nobody has, and it answers as it must.

use super::{
    Defect, UNPROVEN, Unfit, change, critical, defect, of_clients, policy, possession::signed_by,
};
use crate::{
    defect::Position,
    question::Purpose,
    recipe::Recipe,
    script::{NamedGroup, Script, Second, Share, Signer},
    verdict::{Clause, Reason},
};

/// What was asked for is not there, or it is of a version that has no such question.
const UNANSWERED: &[Reason] = &[Reason::HandshakeViolation, Reason::ProtocolTooOld];

const SECOND: Clause = "RFC 8446 section 4.1.2";
const SHARE: Clause = "RFC 8446 sections 4.1.2 and 4.2.8";
const COOKIE: Clause = "RFC 8446 section 4.2.2";

macro_rules! second {
    ($id:literal, $summary:literal, $page:literal, $clause:expr, $second:expr $(,)?) => {
        second($id, $summary, $page, $clause, |recipe, _| {
            answer(recipe, $second)
        })
    };
}

/// What the second hello says.
pub(super) const SECONDS: &[Defect] = &[
    second!(
        "handshake/retry-with-same-shares",
        "the answer to a HelloRetryRequest has the shares of the first hello again",
        "The server has asked for another group and does not get it. A second HelloRetryRequest is not allowed, so it must end \
         here: who asks again can be kept asking.",
        SHARE,
        Second::SameShares,
    ),
    second!(
        "handshake/retry-with-other-group",
        "the answer to a HelloRetryRequest has a share of another group than was asked for",
        "A server that takes it has forgotten what it asked for, and a state machine that forgets that may forget \
         more. The group that was asked for may be the one that its operator demands, and the other one that he has \
         ruled out.",
        SHARE,
        Second::OtherGroup,
    ),
    policy(second!(
        "handshake/retry-with-further-share",
        "the answer to a HelloRetryRequest has a share beside the one that was asked for",
        "It must hold one share alone. A server that has what it wants may not look at the other. The second hello \
         is where state of the first is replaced: GnuTLS's client wrote its own over memory that had moved meanwhile \
         (CVE-2021-20231).",
        SHARE,
        Second::FurtherShare,
    )),
    second!(
        "handshake/retry-with-other-suites",
        "the answer to a HelloRetryRequest does not offer the suite that was chosen",
        "The suite of a HelloRetryRequest is the one of the handshake, and its hash runs already. A server that chooses once \
         more has two transcripts.",
        "RFC 8446 sections 4.1.2 and 4.1.4",
        Second::OtherSuites,
    ),
    second!(
        "handshake/retry-without-versions",
        "the answer to a HelloRetryRequest does not offer TLS 1.3 any more",
        "A HelloRetryRequest is of TLS 1.3. Going on with TLS 1.2 after it is a downgrade inside one connection, and \
         no sentinel tells of it. NSS let the version fall after a HelloRetryRequest and lost its own state over it \
         (CVE-2019-17023).",
        SECOND,
        Second::WithoutVersions,
    ),
    second!(
        "handshake/retry-without-cookie",
        "the cookie of a HelloRetryRequest is not given back",
        "A server that keeps no state has it in the cookie: without one it does not know what the first hello was. A server \
         that gives no cookie is not asked.",
        COOKIE,
        Second::WithoutCookie,
    ),
    second!(
        "handshake/retry-with-other-cookie",
        "one bit of the cookie of a HelloRetryRequest comes back changed",
        "The hash of the first hello stands in it. Without a check of its integrity the client says what it said before. A \
         server that gives no cookie is not asked.",
        COOKIE,
        Second::OtherCookie,
    ),
    policy(second!(
        "handshake/retry-with-invented-cookie",
        "the answer to a HelloRetryRequest has a cookie that the server never gave",
        "A server that gives none need not look. One that reads it has state from a stranger: a cookie that is \
         decrypted, parsed and believed before anything says that it is the server's own is a parser open to \
         everybody.",
        COOKIE,
        Second::InventedCookie,
    )),
    policy(second!(
        "handshake/retry-with-other-random",
        "the answer to a HelloRetryRequest has another random",
        "The second hello is the first but for what was asked. Both are hashed, so nothing is hidden by it; a strict server \
         compares.",
        SECOND,
        Second::OtherRandom,
    )),
    policy(second!(
        "handshake/retry-with-other-session-id",
        "the answer to a HelloRetryRequest has another session id",
        "The second hello is the first but for what was asked. A server that keeps the first id and one that takes the second \
         echo different ones.",
        SECOND,
        Second::OtherSessionId,
    )),
    policy(second!(
        "handshake/retry-with-other-server-name",
        "the answer to a HelloRetryRequest asks for another host",
        "A proxy that routes by the first name, and a server that chooses its rules for clients by the second, speak of two \
         hosts.",
        SECOND,
        Second::OtherServerName,
    )),
    policy(second!(
        "handshake/retry-with-further-extension",
        "the answer to a HelloRetryRequest has an extension that the first hello did not have",
        "The second hello is the first but for what was asked. What is checked at the first alone comes in by the \
         second: a server name, a protocol or a ticket that the first hello did not have was never held against the \
         rules.",
        SECOND,
        Second::FurtherExtension,
    )),
    critical(Defect {
        reasons: UNPROVEN,
        purposes: &Purpose::ALL,
        prepare: retried,
        ..second(
            "handshake/stolen-certificate-after-retry",
            "after a HelloRetryRequest the CertificateVerify is made with another key than the certificate's",
            "The transcript is another then, and some code takes another way. A proof that is checked on the usual way alone is \
             none: who asks for the long way enters as anybody.",
            "RFC 8446 sections 4.4.1 and 4.4.3",
            |recipe, _| signed_by(recipe, Signer::Another),
        )
    }),
];

const fn second(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    clause: Clause,
    spoil: super::Step,
) -> Defect {
    Defect {
        prepare: honest,
        ..of_clients(defect(id, summary, page, clause, UNANSWERED, spoil))
    }
}

fn honest(recipe: &mut Recipe, _: Position) -> Result<(), Unfit> {
    let mut script = Script::client();
    script.hello.ask_for_retry();
    recipe.handshake = Some(script);
    Ok(())
}

/// An honest handshake of either side with a HelloRetryRequest in it.
fn retried(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    if recipe.purpose == Purpose::Client {
        return honest(recipe, position);
    }
    let group = NamedGroup::SECP256R1;
    let mut script = Script::server();
    script.hello.shares = vec![Share::of(group)];
    script.ask_again(group);
    recipe.handshake = Some(script);
    Ok(())
}

fn answer(recipe: &mut Recipe, second: Second) -> Result<(), Unfit> {
    change(recipe, |script| script.hello.second = Some(second))
}
