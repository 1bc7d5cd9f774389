//! What is answered once a client is known.

use std::{
    net::IpAddr,
    sync::{Arc, LazyLock},
    time::Instant,
};

use axum::{
    Extension, Json, Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::any,
};
use serde_json::json;
use tokio::time::timeout;

use crate::openapi::{Document, Operation};

use super::{
    allowance::{BodyAllowance, NoBody},
    form, forwarded,
    generation::Generation,
    operations::{Gate, gate},
    rate::Client,
    session::Session,
    shared::Shared,
    unread::leave_unread,
};

/// Where a connection comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct From(pub(crate) IpAddr);

/// The routes of every connection. Each request carries its connection's [`Session`],
/// [`BodyAllowance`] and [`From`].
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let routes = match shared.current().config.application.clone() {
        Some(application) => application,
        None => Router::new()
            .route("/whoami", any(whoami))
            .route("/healthz", any(async || "ok\n"))
            .route("/openapi.json", any(openapi))
            .fallback(declared)
            .with_state(Arc::clone(&shared)),
    };
    routes.layer(middleware::from_fn_with_state(shared, admit))
}

/// Strips what clients may not say, bounds the request, and asks whether its sender may still be here.
async fn admit(
    State(shared): State<Arc<Shared>>,
    Extension(session): Extension<Arc<Session>>,
    Extension(allowance): Extension<BodyAllowance>,
    Extension(from): Extension<From>,
    mut request: Request,
    next: Next,
) -> Response {
    forwarded::strip(request.headers_mut());
    if let Some(identity) = session.identity() {
        request.extensions_mut().insert(identity.clone());
    }
    let current = shared.current();
    let response = match refusal(&shared, &current, &session, from, &request) {
        Some(refusal) => leave_unread(refusal, request.into_body()),
        None => {
            form::settle_host(&mut request);
            let guarded = guarded(request, &current, &session, &allowance, next);
            match timeout(current.config.limits.request_deadline(), guarded).await {
                Ok(response) => response,
                Err(_) => problem(StatusCode::REQUEST_TIMEOUT, "the request took too long"),
            }
        }
    };
    shared.metrics.request(response.status().as_u16());
    response
}

/// Why a request is not even looked at: its form, its sender, or how often that one asks.
fn refusal(
    shared: &Shared,
    current: &Generation,
    session: &Session,
    From(address): From,
    request: &Request,
) -> Option<Response> {
    if let Err(complaint) = form::check(request) {
        // What follows a malformed request may be a part of it.
        return Some(last(problem(StatusCode::BAD_REQUEST, complaint)));
    }
    if let Err(refusal) = session.check(current) {
        shared.metrics.refused(refusal.reason());
        tracing::info!(reason = %refusal.reason(), generation = current.number, "open connection refused");
        return Some(last(problem(
            StatusCode::UNAUTHORIZED,
            "the certificate is not accepted any more",
        )));
    }
    let client = || match session.identity() {
        Some(identity) => Client::Certificate(identity.fingerprint_sha256.clone()),
        None => Client::Address(address),
    };
    let rate = current.config.limits.requests_per_client;
    let admitted = shared.clients.admit(client, rate, Instant::now());
    (!admitted).then(|| {
        later(
            StatusCode::TOO_MANY_REQUESTS,
            "this client asks too often; see limits.requests-per-client",
        )
    })
}

/// Lets a request reach its route if a document declares the operation and the client may do it.
/// An application without a document guards itself. Nothing of the body is read before.
async fn guarded(
    mut request: Request,
    current: &Generation,
    session: &Session,
    allowance: &BodyAllowance,
    next: Next,
) -> Response {
    if let Some(gate) = declared_gate(&request, current, session) {
        match answer_of(gate) {
            Ok(operation) => request.extensions_mut().insert(operation),
            Err(refusal) => return leave_unread(*refusal, request.into_body()),
        };
    }
    match allowance.read(request, &current.config.limits).await {
        Ok((request, _held)) => next.run(request).await,
        Err(NoBody::TooLarge(rest)) => {
            let refusal = problem(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
            leave_unread(refusal, rest)
        }
        Err(NoBody::Broken) => problem(
            StatusCode::BAD_REQUEST,
            "the body broke off, or is not written as a body",
        ),
        Err(NoBody::GaveWay(rest)) => {
            let refusal = later(
                StatusCode::SERVICE_UNAVAILABLE,
                "the body took too long while others waited for its place",
            );
            leave_unread(refusal, rest)
        }
    }
}

/// The operation that a gate opens to, or what is answered instead.
fn answer_of(gate: Gate) -> Result<Operation, Box<Response>> {
    let (status, title) = match &gate {
        Gate::Open(operation) => return Ok(operation.clone()),
        Gate::NeedsCertificate => (StatusCode::UNAUTHORIZED, "a client certificate is needed"),
        Gate::NeedsRole => (StatusCode::FORBIDDEN, "the identity lacks the role"),
        Gate::Unknown => (StatusCode::NOT_FOUND, "nothing is here"),
        Gate::OtherMethods(_) => (
            StatusCode::METHOD_NOT_ALLOWED,
            "the method is not declared here",
        ),
    };
    let mut response = problem(status, title);
    if let Gate::OtherMethods(methods) = gate {
        let names: Vec<&str> = methods.iter().map(|method| method.name()).collect();
        if let Ok(allow) = HeaderValue::from_str(&names.join(", ")) {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    Err(Box::new(response))
}

/// What the documents say of a request; `None` when there is no document.
fn declared_gate(request: &Request, current: &Generation, session: &Session) -> Option<Gate> {
    let ask = |document: &Document| {
        gate(
            document,
            &current.config.roles,
            session.identity(),
            request.method().as_str(),
            request.uri().path(),
        )
    };
    let given = current.config.document.as_deref().map(ask);
    match given {
        None | Some(Gate::Unknown) if current.config.application.is_none() => {
            Some(ask(own_document()))
        }
        given => given,
    }
}

/// What the server declares of itself.
pub(crate) fn own_document() -> &'static Document {
    static OWN: LazyLock<Document> = LazyLock::new(|| {
        Document::parse(include_str!("openapi.json"))
            .unwrap_or_else(|error| unreachable!("the server's own document is tested: {error}"))
    });
    &OWN
}

async fn whoami(
    State(shared): State<Arc<Shared>>,
    Extension(session): Extension<Arc<Session>>,
) -> Response {
    match session.identity() {
        Some(identity) => {
            let roles: Vec<String> = shared
                .current()
                .config
                .roles
                .of(identity)
                .map(str::to_owned)
                .collect();
            Json(json!({ "identity": identity, "roles": roles })).into_response()
        }
        None => problem(StatusCode::UNAUTHORIZED, "no certificate was shown"),
    }
}

/// The document that is enforced.
async fn openapi(State(shared): State<Arc<Shared>>) -> Response {
    let current = shared.current();
    let document = current.config.document.as_deref();
    Json(&document.unwrap_or_else(|| own_document()).json).into_response()
}

/// An operation of the given document, which has no code of its own: what was asked, and by whom.
async fn declared(
    Extension(session): Extension<Arc<Session>>,
    Extension(operation): Extension<Operation>,
) -> Response {
    Json(json!({
        "operation": operation.id,
        "method": operation.method,
        "path": operation.path.as_str(),
        "identity": session.identity(),
    }))
    .into_response()
}

/// An answer after which the connection ends.
fn last(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A problem that may be none in a second.
fn later(status: StatusCode, title: &str) -> Response {
    let mut response = problem(status, title);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

fn problem(status: StatusCode, title: &str) -> Response {
    let mut response = (
        status,
        Json(json!({ "status": status.as_u16(), "title": title })),
    )
        .into_response();
    // RFC 9457 section 3
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    response
}
