//! What is answered once a client is known.

use std::sync::{Arc, LazyLock};

use axum::{
    Extension, Json, Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use serde_json::json;
use tokio::time::timeout;

use crate::openapi::{Document, Operation};

use super::{
    generation::Generation,
    operations::{Gate, gate},
    session::Session,
    shared::Shared,
};

/// Headers by which proxies pass an identity on. From a client they are a lie.
const FORWARDED_IDENTITY: [&str; 14] = [
    "forwarded",
    "x-forwarded-client-cert",
    "x-forwarded-user",
    "x-forwarded-email",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-client-cert",
    "x-client-dn",
    "x-client-verify",
    "x-remote-user",
    "x-real-ip",
    "client-cert",
    "client-cert-chain",
];

/// Prefixes of such headers.
const FORWARDED_PREFIXES: [&str; 2] = ["x-ssl-", "x-tls-client-"];

/// The routes of every connection. Each request carries its connection's [`Session`].
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
    mut request: Request,
    next: Next,
) -> Response {
    strip_forwarded_identity(request.headers_mut());
    if let Some(identity) = session.identity() {
        request.extensions_mut().insert(identity.clone());
    }
    let current = shared.current();
    let limits = &current.config.limits;
    let response = if let Err(refusal) = session.check(&current) {
        shared.metrics.refused(refusal.reason());
        tracing::info!(reason = %refusal.reason(), generation = current.number, "open connection refused");
        let mut response = problem(
            StatusCode::UNAUTHORIZED,
            "the certificate is not accepted any more",
        );
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
        response
    } else {
        match timeout(
            limits.request_deadline(),
            bounded(request, &current, &session, next),
        )
        .await
        {
            Ok(response) => response,
            Err(_) => problem(StatusCode::REQUEST_TIMEOUT, "the request took too long"),
        }
    };
    shared.metrics.request(response.status().as_u16());
    response
}

/// Reads the body and asks the document, then the routes.
async fn bounded(
    request: Request,
    current: &Generation,
    session: &Session,
    next: Next,
) -> Response {
    let (head, body) = request.into_parts();
    match to_bytes(body, current.config.limits.body_octets).await {
        Ok(body) => {
            guarded(
                Request::from_parts(head, Body::from(body)),
                current,
                session,
                next,
            )
            .await
        }
        Err(_) => problem(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is too large or broke off",
        ),
    }
}

/// Lets a request reach its route if a document declares the operation and the client may do it.
/// An application without a document guards itself.
async fn guarded(
    mut request: Request,
    current: &Generation,
    session: &Session,
    next: Next,
) -> Response {
    let Some(gate) = declared_gate(&request, current, session) else {
        return next.run(request).await;
    };
    match gate {
        Gate::Open(operation) => {
            request.extensions_mut().insert(operation);
            next.run(request).await
        }
        Gate::NeedsCertificate => {
            problem(StatusCode::UNAUTHORIZED, "a client certificate is needed")
        }
        Gate::NeedsRole => problem(StatusCode::FORBIDDEN, "the identity lacks the role"),
        Gate::Unknown => problem(StatusCode::NOT_FOUND, "nothing is here"),
        Gate::OtherMethods(methods) => {
            let mut response = problem(
                StatusCode::METHOD_NOT_ALLOWED,
                "the method is not declared here",
            );
            let names: Vec<&str> = methods.iter().map(|method| method.name()).collect();
            if let Ok(allow) = HeaderValue::from_str(&names.join(", ")) {
                response.headers_mut().insert(header::ALLOW, allow);
            }
            response
        }
    }
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

pub(crate) fn strip_forwarded_identity(headers: &mut HeaderMap) {
    let lies: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            let name = name.as_str();
            FORWARDED_IDENTITY.contains(&name)
                || FORWARDED_PREFIXES
                    .iter()
                    .any(|prefix| name.starts_with(prefix))
        })
        .cloned()
        .collect();
    for name in lies {
        headers.remove(name);
    }
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

/// The routes of the plain status listener.
pub(crate) fn status_router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/metrics", get(metrics))
        .with_state(shared)
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let text = shared.snapshot().to_prometheus();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
