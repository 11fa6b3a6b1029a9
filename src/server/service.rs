//! The way of every request: its id, its span, the guard, the answer or a fault of ours, compression, common headers,
//! metrics. One function instead of a stack of layers: each layer would box and copy what passes it, and for a small read
//! their sum was more than all else that we do.

use std::convert::Infallible;
use std::future::ready;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::response::Response;
use axum::routing::get;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use tokio::sync::Semaphore;
use tower::{Layer, ServiceExt, service_fn};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tracing::{Instrument, Span};

use crate::api::error::ApiError;
use crate::api::graphql;
use crate::api::rest::Prepared;
use crate::engine::Engine;
use crate::error::Code;
use crate::server::admin::DESCRIPTION;
use crate::server::guard::{guard, is_on_this_machine};
use crate::server::request_id::{self, REQUEST_ID};
use crate::server::shared::{Shared, panicked, request_id, respond_error};
use crate::server::{admin, api, catalog, docs, graphql as graphql_over_http, health, pages};
use crate::telemetry::{METRICS, RequestLabel, SPANS, continue_trace};

/// No browser shall take data for a page or a script.
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
/// Answers up to this size, in bytes, are not compressed: they fit into one packet anyway.
const UNCOMPRESSED: u16 = 1024;

/// The whole service, without its sockets.
#[derive(Clone)]
pub struct Service {
    shared: Shared,
    /// All but the API.
    pages: Router,
}

impl Service {
    /// The service over an engine.
    pub fn new(engine: Arc<Engine>) -> Self {
        let snapshot = engine.snapshot();
        let places = || Arc::new(Semaphore::new(snapshot.config.limits.requests as usize));
        let operators = snapshot.config.server.listen.ip().is_loopback();
        let shared = Shared {
            prepared: Prepared::default(),
            graphql: graphql::Prepared::default(),
            audits: Arc::default(),
            previews: Arc::new(Semaphore::new(2)),
            catalog: Arc::default(),
            started: Instant::now(),
            operators,
            requests: places(),
            bodies: places(),
            engine: engine.clone(),
        };
        let pages = Router::new()
            .route("/livez", get(health::livez))
            .route("/readyz", get(health::readyz))
            .route("/metrics", get(health::metrics))
            .merge(admin::routes())
            .route("/catalog", get(catalog::map))
            .merge(docs::routes())
            .merge(pages::routes())
            .fallback(not_found)
            .method_not_allowed_fallback(not_allowed)
            .with_state(shared.clone());
        Self { shared, pages }
    }

    /// Answers a request of a connection that came in on this address.
    pub async fn answer(&self, mut request: Request<Body>, local: Option<SocketAddr>) -> Response {
        let started = Instant::now();
        let id = request_id::settle(request.headers_mut());
        let method = request.method().clone();
        let path = tracing::enabled!(tracing::Level::DEBUG).then(|| request.uri().path().to_owned());
        let accepted: Vec<HeaderValue> = request.headers().get_all(header::ACCEPT_ENCODING).iter().cloned().collect();
        let span = span(&request);
        let answered = {
            // Pinned before it is wrapped: it is large, and each wrapper would copy it.
            let answering = pin!(self.guarded(request, local));
            AssertUnwindSafe(answering).catch_unwind().instrument(span.clone()).await
        };
        let mut response = answered.unwrap_or_else(|cause| {
            let id = id.to_str().unwrap_or_default();
            respond_error(&panicked(&*cause, id), id)
        });
        if !accepted.is_empty() {
            response = compressed(accepted, response).await;
        }
        if method == Method::HEAD {
            response = without_body(response);
        }
        response.headers_mut().insert(REQUEST_ID, id.clone());
        response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        let (seconds, status) = (started.elapsed().as_secs_f64(), response.status());
        span.record("http.response.status_code", i64::from(status.as_u16()));
        if status.is_server_error() {
            span.record("otel.status_code", "ERROR");
        }
        METRICS.requests.get_or_create(&RequestLabel { method: label(&method), status: status.as_u16() }).inc();
        METRICS.request_seconds.observe(seconds);
        if let Some(path) = path {
            let id = id.to_str().unwrap_or_default();
            tracing::debug!(request_id = id, %method, %path, status = status.as_u16(), seconds, "answered");
        }
        response
    }

    async fn guarded(&self, request: Request<Body>, local: Option<SocketAddr>) -> Response {
        if let Err(error) = guard(&self.shared, &request, local) {
            return respond_error(&error, request_id(request.headers()));
        }
        let path = request.uri().path();
        if path.strip_prefix("/api").is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            return api::answer(&self.shared, request).await;
        }
        if let Some(error) = refused_to_others(&self.shared, &request) {
            return respond_error(&error, request_id(request.headers()));
        }
        if path == "/graphql" {
            // In a box, so that other requests need no room for it.
            return Box::pin(graphql_over_http::answer(&self.shared, request)).await;
        }
        self.pages.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
    }
}

/// What is below `/admin` is for operators.
fn refused_to_others(shared: &Shared, request: &Request<Body>) -> Option<ApiError> {
    let path = request.uri().path();
    let is_theirs = path.strip_prefix("/admin").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let is_open = !is_theirs || path == DESCRIPTION || shared.operators && is_on_this_machine(request);
    let error = || {
        ApiError::new(Code::Forbidden, "operators' pages are open to this machine alone, by a loopback address")
            .hint("ask 127.0.0.1, without a proxy between, and let the listener be there")
    };
    (!is_open).then(error)
}

async fn not_found(headers: HeaderMap) -> Response {
    let error = ApiError::new(Code::NotFound, "there is nothing under this path")
        .hint("the API starts at /api/v2, its description is at /docs, the console at /console");
    respond_error(&error, request_id(&headers))
}

async fn not_allowed(method: Method, headers: HeaderMap) -> Response {
    let mut response = respond_error(&ApiError::method_not_allowed(&method), request_id(&headers));
    // The router knows which methods its paths take.
    response.headers_mut().remove(header::ALLOW);
    response
}

/// The answer in an encoding that the client takes; others do not pay for it.
async fn compressed(accepted: Vec<HeaderValue>, response: Response) -> Response {
    // What an encoder holds back is lost when a list is cut, and with it the line that tells why.
    let whole = SizeAbove::new(UNCOMPRESSED).and(NotForContentType::const_new("application/x-ndjson"));
    let layer = CompressionLayer::new().compress_when(whole);
    let mut response = Some(response);
    let answered = service_fn(move |_: Request<Body>| ready(Ok::<_, Infallible>(response.take().unwrap_or_default())));
    let mut request = Request::new(Body::empty());
    request.headers_mut().extend(accepted.into_iter().map(|value| (header::ACCEPT_ENCODING, value)));
    let Ok(response) = layer.layer(answered).oneshot(request).await;
    response.map(Body::new)
}

/// What HEAD gives: all but the body.
fn without_body(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    // What a 304 leaves out has a length that is not known here.
    if let Some(length) = body.size_hint().exact().filter(|_| parts.status != StatusCode::NOT_MODIFIED) {
        parts.headers.entry(header::CONTENT_LENGTH).or_insert(HeaderValue::from(length));
    }
    Response::from_parts(parts, Body::empty())
}

/// The span of a request, in the words of OpenTelemetry's conventions for HTTP servers.
fn span(request: &Request<Body>) -> Span {
    let span = tracing::trace_span!(
        target: SPANS,
        "request",
        otel.name = %format_args!("{} {}", label(request.method()), route(request.uri().path())),
        otel.kind = "server",
        otel.status_code = tracing::field::Empty,
        http.request.method = label(request.method()),
        http.route = %route(request.uri().path()),
        http.response.status_code = tracing::field::Empty,
        url.path = request.uri().path(),
        crosskey.request_id = request_id(request.headers()),
    );
    continue_trace(&span, request.headers());
    span
}

/// A path without what differs from row to row.
fn route(path: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    if let Some(at) = parts.iter().position(|part| matches!(*part, "_table" | "_schema"))
        && parts[at] == "_table"
        && parts.len() > at + 2
    {
        parts.truncate(at + 2);
        parts.push("{id}");
    }
    parts.join("/")
}

/// Methods are free text, so unknown ones share a label.
fn label(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("OTHER")
}
