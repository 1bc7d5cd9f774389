//! The plain listener for health and metrics: few connections, short ones.
//!
//! Whoever asks here is a monitor on the same machine. There is no secret to give away, and
//! still nothing that anybody could hold on to. On the loopback only requests to the loopback are
//! answered, so that no page in a browser asks under a name of its own.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::TcpListener,
    sync::Semaphore,
    time::{sleep, timeout},
};

use super::{form, shared::Shared};

/// Connections at once; more wait in the system's backlog.
const CONNECTIONS: usize = 32;
/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(2);
/// How long one connection may last, which is one request.
const WHOLE: Duration = Duration::from_secs(5);
/// The size of a request's head.
const OCTETS: usize = 8 * 1024;
/// How long to wait after the system refused to accept.
const BREATH: Duration = Duration::from_millis(50);

/// Answers until the server stops.
pub(crate) async fn run(shared: Arc<Shared>, listener: TcpListener) {
    let mut stopping = shared.stopping.subscribe();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let is_loopback = listener
        .local_addr()
        .is_ok_and(|address| address.ip().is_loopback());
    let router = match is_loopback {
        true => router(Arc::clone(&shared)).layer(middleware::from_fn(for_loopback)),
        false => router(Arc::clone(&shared)),
    };
    loop {
        let accepted = async {
            // The semaphore is never closed.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            // An error means that the server is gone altogether.
            _ = stopping.wait_for(|stop| *stop) => return,
            accepted = accepted => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection for health and metrics");
                sleep(BREATH).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD)
                .max_buf_size(OCTETS)
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), service);
            // However it ends, it ends.
            let _ = timeout(WHOLE, connection).await;
            drop(place);
        });
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/metrics", get(metrics))
        .with_state(shared)
}

async fn for_loopback(request: Request, next: Next) -> Response {
    match form::is_for_loopback(&request) {
        true => next.run(request).await,
        false => (StatusCode::MISDIRECTED_REQUEST, "ask for localhost\n").into_response(),
    }
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let text = shared.snapshot().to_prometheus();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
