//! From a TCP connection to a client that is known, and the requests after that.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Instant};

use axum::Router;
use hyper::{
    Request,
    body::Incoming,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use rustls::HandshakeKind;
use rustls_pki_types::CertificateDer;
use tokio::{
    io::{self, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{Duration, sleep, timeout},
};
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

use crate::verdict::Reason;

use super::{
    activity::{Activity, Watched},
    allowance::BodyAllowance,
    attempt::{Attempt, Refusal, refusal_of},
    board::{Decision, Outcome},
    client_gate::ClientPlace,
    gate::{Place, network},
    generation::Generation,
    guard::{GuardedStream, Known, TooMuch},
    limit::Limits,
    metrics::Shed,
    routes,
    session::Session,
    shared::Shared,
    silence::Silence,
    turn::{Claim, Turn},
};

/// How long to wait after the system refused to accept, such as for want of descriptors.
const BREATH: Duration = Duration::from_millis(50);

/// How long a refused client may take to hear why, and how much it may say meanwhile.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_OCTETS: u64 = 64 * 1024;

/// Octets of request bodies that HTTP/2 holds unread: of one request, and of a connection.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;

/// Accepts until told to stop, then waits for what is open, for as long as the limits say.
pub(crate) async fn run(shared: Arc<Shared>, listener: TcpListener) {
    let mut stopping = shared.stopping.subscribe();
    let mut open = JoinSet::new();
    let router = routes::router(Arc::clone(&shared));
    loop {
        let accepted = tokio::select! {
            _ = stopped(&mut stopping) => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let limits = shared.current().config.limits.clone();
                let Some(of_address) = enter(&shared, peer, &limits) else {
                    continue;
                };
                let silence = Silence::new();
                let claim = Claim {
                    address: network(peer.ip()),
                    most: usize::MAX,
                    patience: limits.patience(),
                    silence: Arc::clone(&silence),
                };
                // Who is over the limit waits in the system's backlog, but for this one.
                let place = tokio::select! {
                    _ = stopped(&mut stopping) => break,
                    place = shared.connections.take(&claim) => place,
                };
                let Some(place) = place else { break };
                let places = (of_address, place);
                open.spawn(serve(
                    Arc::clone(&shared),
                    router.clone(),
                    stream,
                    peer,
                    places,
                    silence,
                ));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(BREATH).await;
            }
        }
        while open.try_join_next().is_some() {}
    }
    drop(listener);
    let drain = shared.current().config.limits.drain();
    let drained = timeout(drain, async { while open.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::warn!(
            connections = open.len(),
            "connections cut off at the end of the drain time"
        );
        open.shutdown().await;
    }
}

/// Ends when the server is told to stop, or is gone altogether.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// A place among the connections of its address.
fn enter(shared: &Shared, peer: SocketAddr, limits: &Limits) -> Option<Place> {
    let make_way = || {
        let address = network(peer.ip());
        shared.connections.make_way(address, limits.patience())
    };
    let entered = shared
        .addresses
        .enter(peer.ip(), limits, Instant::now(), make_way);
    match entered {
        Ok(place) => Some(place),
        Err(shed) => {
            shared.metrics.opened();
            shared.metrics.shed(shed);
            shared.metrics.closed();
            None
        }
    }
}

async fn serve(
    shared: Arc<Shared>,
    router: Router,
    stream: TcpStream,
    peer: SocketAddr,
    (of_address, place): (Place, Turn),
    silence: Arc<Silence>,
) {
    shared.metrics.opened();
    let most = shared.current().config.limits.handshakes_per_address;
    let admitted = tokio::select! {
        admitted = admit(&shared, stream, peer, most, silence) => admitted,
        () = place.told_to_leave() => {
            shared.metrics.shed(Shed::Crowded);
            report(&shared, peer, shared.current().number, Decision::Abandoned);
            None
        }
    };
    if let Some((stream, session)) = admitted {
        place.finished();
        match of_client(&shared, &session) {
            Ok(_place) => answer(&shared, router, stream, peer, session).await,
            Err(fingerprint) => {
                tracing::info!(%peer, fingerprint, "closed: too many connections of one client");
                shared.metrics.shed(Shed::PerClient);
            }
        }
    }
    shared.metrics.closed();
    drop((of_address, place));
}

/// A place among the connections of its certificate, if it showed one; or whose has none left.
fn of_client<'s>(shared: &Shared, session: &'s Session) -> Result<Option<ClientPlace>, &'s str> {
    let Some(identity) = session.identity() else {
        return Ok(None);
    };
    let most = shared.current().config.limits.connections_per_client;
    let fingerprint = identity.fingerprint_sha256.as_str();
    match shared.connected.enter(fingerprint, most) {
        Some(place) => Ok(Some(place)),
        None => Err(fingerprint),
    }
}

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

fn report(shared: &Shared, peer: SocketAddr, generation: u64, decision: Decision) {
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

async fn answer(
    shared: &Shared,
    router: Router,
    stream: TlsStream<GuardedStream>,
    peer: SocketAddr,
    session: Session,
) {
    let limits = shared.current().config.limits.clone();
    let session = Arc::new(session);
    let from = routes::From(network(peer.ip()));
    let allowance = BodyAllowance::new(limits.connection_body_octets, Arc::clone(&shared.bodies));
    let activity = Activity::new();
    let router = TowerToHyperService::new(router);
    let watched = Arc::clone(&activity);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Arc::clone(&session));
        request.extensions_mut().insert(allowance.clone());
        request.extensions_mut().insert(from);
        let in_progress = watched.request();
        let (answer, activity) = (router.call(request), Arc::clone(&watched));
        async move {
            let answer = answer.await;
            drop(in_progress);
            answer.map(|answer| answer.map(|body| Watched { body, activity }))
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_deadline())
        .max_buf_size(limits.header_octets);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(STREAM_WINDOW as usize)
        .max_header_list_size(u32::try_from(limits.header_octets).unwrap_or(u32::MAX));
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut stopping = shared.stopping.subscribe();
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stopped(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.as_mut().await
        }
        () = activity.stood_still(limits.idle()) => {
            connection.as_mut().graceful_shutdown();
            // An answer that nobody takes is no reason to wait any longer.
            match timeout(limits.header_deadline(), connection.as_mut()).await {
                Ok(ended) => ended,
                Err(_) => Ok(()),
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}
