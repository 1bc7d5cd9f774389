//! The requests of a client that was let in, until its connection ends.

use std::{net::SocketAddr, sync::Arc};

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
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use super::{
    activity::{Activity, Watched},
    allowance::BodyAllowance,
    gate::network,
    guard::GuardedStream,
    prompt::Prompt,
    routes,
    session::Session,
    shared::Shared,
};

/// Octets of request bodies that HTTP/2 holds unread: of one request, and of a connection.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;

pub(crate) async fn answer(
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
    let connection = builder.serve_connection(TokioIo::new(Prompt(stream)), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shared.stopped() => {
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
