//! One handshake: from the first octet to a client that is known, or to why it is not.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Instant};

use rustls::HandshakeKind;
use rustls_pki_types::CertificateDer;
use tokio::{
    io::{self, AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Duration, timeout},
};
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

use super::{
    attempt::Attempt,
    board::{Decision, Outcome},
    gate::network,
    generation::Generation,
    guard::{GuardedStream, Known, TooMuch},
    metrics::Shed,
    refusal::{Refusal, refusal_of},
    session::Session,
    shared::Shared,
    silence::Silence,
    turn::Claim,
};
use crate::verdict::Reason;

/// How long a refused client may take to hear why, and how much it may say meanwhile.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_OCTETS: u64 = 64 * 1024;

/// Shakes hands within the deadline, and says on the board what came of it. At most so many of
/// one address do so at once.
pub(crate) async fn admit(
    shared: &Arc<Shared>,
    stream: TcpStream,
    peer: SocketAddr,
    most: usize,
    silence: Arc<Silence>,
) -> Option<(TlsStream<GuardedStream>, Session)> {
    let limits = shared.current().config.limits.clone();
    let claim = Claim {
        address: network(peer.ip()),
        most,
        patience: limits.patience(),
        silence: Arc::clone(&silence),
    };
    let deadline = limits.handshake_deadline();
    let started = Instant::now();
    // Small records must not wait for more of them.
    let _ = stream.set_nodelay(true);
    let (stream, known) =
        GuardedStream::new(stream, limits.handshake_octets, limits.idle(), silence);
    let attempt = Attempt::new();
    let mut left_over = None;
    let (decision, generation, admitted) =
        match timeout(deadline, shake_hands(shared, stream, &attempt, &claim)).await {
            Err(_) => {
                shared.metrics.shed(Shed::Deadline);
                (Decision::Abandoned, shared.current(), None)
            }
            Ok(Err(Failure::Crowded)) => {
                shared.metrics.shed(Shed::Crowded);
                (Decision::Abandoned, shared.current(), None)
            }
            Ok(Err(Failure::Broken(error, stream))) => {
                left_over = stream;
                match refusal_in(&attempt, &error) {
                    Some(refusal) => (Decision::Refused(refusal), shared.current(), None),
                    None => {
                        shared.metrics.shed(Shed::Abandoned);
                        (Decision::Abandoned, shared.current(), None)
                    }
                }
            }
            Ok(Ok((stream, generation))) => {
                match settle(shared, &stream, &attempt, generation, &known) {
                    Ok((session, resumed, generation)) => {
                        shared.metrics.admitted(resumed, started.elapsed());
                        let fingerprint = session
                            .identity()
                            .map(|identity| identity.fingerprint_sha256.clone());
                        (
                            Decision::Admitted {
                                fingerprint,
                                resumed,
                            },
                            generation,
                            Some((stream, session)),
                        )
                    }
                    Err(refusal) => (Decision::Refused(refusal), shared.current(), None),
                }
            }
        };
    report(shared, peer, generation.number, decision);
    if let Some(stream) = left_over {
        linger(stream).await;
    }
    admitted
}

/// Lets the alert arrive. A socket that is closed with octets unread resets the
/// connection, and the reset overtakes the alert.
async fn linger(mut stream: GuardedStream) {
    let drain = async {
        stream.shutdown().await?;
        io::copy(&mut stream.take(LINGER_OCTETS), &mut io::sink()).await
    };
    // Whatever comes of it, the connection ends here.
    let _ = timeout(LINGER, drain).await;
}

/// Why a handshake failed.
enum Failure {
    /// Its place was needed.
    Crowded,
    /// It broke; the connection too, unless it is given.
    Broken(io::Error, Option<GuardedStream>),
}

async fn shake_hands(
    shared: &Arc<Shared>,
    stream: GuardedStream,
    attempt: &Arc<Attempt>,
    claim: &Claim,
) -> Result<(TlsStream<GuardedStream>, Arc<Generation>), Failure> {
    let mut hello = pin!(LazyConfigAcceptor::new(
        rustls::server::Acceptor::default(),
        stream
    ));
    let start = match hello.as_mut().await {
        Ok(start) => start,
        Err(error) => return Err(Failure::Broken(error, hello.take_io())),
    };
    // A turn is for who has spoken: the silent hold none. Waiting counts against the deadline.
    // Among connections, who waits here is as silent as any other: it may be in a crowd of its own.
    claim.silence.waits();
    let Some(turn) = shared.handshakes.take(claim).await else {
        return Err(Failure::Crowded);
    };
    // Chosen only now: a connection that was opened early and kept silent gets no older rules.
    let generation = shared.current();
    let config = generation
        .connection_config(attempt)
        .map_err(|error| Failure::Broken(io::Error::other(error), None))?;
    tokio::select! {
        finished = start.into_stream(config).into_fallible() => match finished {
            Ok(stream) => Ok((stream, generation)),
            Err((error, stream)) => Err(Failure::Broken(error, Some(stream))),
        },
        () = turn.told_to_leave() => Err(Failure::Crowded),
    }
}

/// The last look before a client is let in: the rules may have changed during its handshake.
fn settle(
    shared: &Shared,
    stream: &TlsStream<GuardedStream>,
    attempt: &Attempt,
    generation: Arc<Generation>,
    known: &Known,
) -> Result<(Session, bool, Arc<Generation>), Refusal> {
    let (_, connection) = stream.get_ref();
    let chain: Vec<CertificateDer<'static>> =
        connection.peer_certificates().unwrap_or_default().to_vec();
    let resumed = connection.handshake_kind() == Some(HandshakeKind::Resumed);
    let session = Session::new(chain, &generation, attempt)?;
    let current = shared.current();
    session.check(&current)?;
    known.set();
    Ok((session, resumed, current))
}

/// The refusal behind a failed handshake; `None` when the peer merely went away.
fn refusal_in(attempt: &Attempt, error: &io::Error) -> Option<Refusal> {
    if let Some(refusal) = attempt.refusal() {
        return Some(refusal);
    }
    let inner = error.get_ref()?;
    if inner.is::<TooMuch>() {
        return Some(Refusal::new(
            Reason::BudgetExceeded,
            "too much before the handshake was done",
        ));
    }
    match inner.downcast_ref::<rustls::Error>()? {
        rustls::Error::AlertReceived(_) => None,
        error => Some(refusal_of(error)),
    }
}

pub(crate) fn report(shared: &Shared, peer: SocketAddr, generation: u64, decision: Decision) {
    match &decision {
        Decision::Refused(refusal) => {
            shared.metrics.refused(refusal.reason());
            tracing::info!(%peer, generation, reason = %refusal.reason(), detail = %refusal.detail, fingerprint = refusal.fingerprint.as_deref(), "refused");
        }
        Decision::Admitted {
            fingerprint,
            resumed,
        } => {
            tracing::debug!(%peer, generation, fingerprint = fingerprint.as_deref(), resumed, "admitted");
        }
        Decision::Abandoned => tracing::debug!(%peer, generation, "abandoned"),
    }
    shared.board.post(Outcome {
        peer,
        generation,
        decision,
    });
}
