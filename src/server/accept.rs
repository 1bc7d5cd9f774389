//! From a TCP connection to its end: the places it takes, and who is turned away at the door.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Instant};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{Duration, sleep, timeout},
};

use super::{
    admit::{admit, report},
    answer::answer,
    board::Decision,
    client_gate::ClientPlace,
    gate::{Place, network},
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

/// Accepts until told to stop, then waits for what is open, for as long as the limits say.
pub(crate) async fn run(shared: Arc<Shared>, listener: TcpListener) {
    let mut stopped = pin!(shared.stopped());
    let mut open = JoinSet::new();
    let router = routes::router(Arc::clone(&shared));
    loop {
        let accepted = tokio::select! {
            () = stopped.as_mut() => break,
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
                    () = stopped.as_mut() => break,
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
