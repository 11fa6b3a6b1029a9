//! Routes and the layers around them.

use std::any::Any;
use std::convert::Infallible;
use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::error_handling::HandleErrorLayer;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, get};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::LengthLimitError;
use tokio::sync::Semaphore;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tracing::{Instrument, Span};

use crate::api::error::ApiError;
use crate::api::rest::{self, Answer};
use crate::engine::Engine;
use crate::error::Code;
use crate::server::answer;
use crate::server::conditional;
use crate::server::guard::guard;
use crate::server::health;
use crate::server::shared::{Shared, request_id, respond_error};
use crate::telemetry::{METRICS, RequestLabel, SPANS, continue_trace};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// No browser shall take data for a page or a script.
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
/// What the form of an answer depends on.
const FORMS: HeaderValue = HeaderValue::from_static("accept, accept-encoding");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Answers up to this size, in bytes, are not compressed: they fit into one packet anyway.
const UNCOMPRESSED: u16 = 1024;

/// The whole service.
pub fn router(engine: Arc<Engine>) -> Router {
    let requests = engine.snapshot().config.limits.requests as usize;
    let operators = engine.snapshot().config.server.listen.ip().is_loopback();
    let shared = Shared { engine, operators, bodies: Arc::new(Semaphore::new(requests)) };
    let limited = ServiceBuilder::new()
        // The body is read first, so that a client who sends slowly takes no one's place.
        .layer(from_fn_with_state(shared.clone(), read_body))
        .layer(HandleErrorLayer::new(overloaded))
        .layer(LoadShedLayer::new())
        .layer(GlobalConcurrencyLimitLayer::new(requests));
    let api =
        Router::new().route("/api", any(api)).route("/api/", any(api)).route("/api/{*path}", any(api)).layer(limited);
    Router::new()
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .merge(api)
        .fallback(not_found)
        .method_not_allowed_fallback(not_allowed)
        .with_state(shared.clone())
        .layer(
            ServiceBuilder::new()
                .layer(from_fn(sane_request_id))
                .layer(SetRequestIdLayer::new(REQUEST_ID, Ids))
                .layer(PropagateRequestIdLayer::new(REQUEST_ID))
                .layer(SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF))
                .layer(from_fn(observe))
                .layer(from_fn(compress))
                .layer(CatchPanicLayer::custom(|cause: Box<dyn Any + Send>| respond_error(&panicked(&*cause, ""), "")))
                .layer(from_fn_with_state(shared, guard)),
        )
}

async fn api(State(shared): State<Shared>, request: Request) -> Response {
    let id = request_id(&request);
    let limits = shared.engine.snapshot().config.limits;
    let (mut parts, _) = request.into_parts();
    let ReadBody(body) = parts.extensions.remove().unwrap_or_default();
    let answered = async {
        let path = parts.uri.path().strip_prefix("/api").unwrap_or_default();
        rest::handle(
            &shared.engine,
            rest::Request {
                method: &parts.method,
                path,
                query: parts.uri.query().unwrap_or_default(),
                headers: &parts.headers,
                body,
                request_id: Some(&id),
                operator: shared.operators,
                cut_shows: parts.version > http::Version::HTTP_10,
            },
        )
        .await
    };
    // A fault of ours is one request's, and is told under its id.
    let answered = AssertUnwindSafe(answered).catch_unwind();
    let result = match tokio::time::timeout(limits.request_time, answered).await {
        Ok(Ok(result)) => result,
        Ok(Err(cause)) => Err(panicked(&*cause, &id)),
        Err(_) => Err(ApiError::new(Code::Timeout, "the request took too long")
            .hint("ask for less, or raise limits.request_time")),
    };
    match result {
        Ok(answer) => {
            let mut response = match answer.body {
                Answer::Lines(lines) => lines_response(*lines),
                Answer::Whole(body) => {
                    let tag = conditional::tag(&body);
                    if conditional::is_known(&parts.method, &parts.headers, &tag) {
                        return not_modified(tag);
                    }
                    let mut response = Response::new(answer::body(body));
                    response.headers_mut().insert(header::ETAG, tag);
                    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
                    response
                }
            };
            *response.status_mut() = answer.status;
            // One address has several forms.
            response.headers_mut().insert(header::VARY, FORMS);
            if let Some(file) = answer.file {
                let name: String =
                    file.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')).collect();
                let name = if name.is_empty() || name == "true" { "data.json".to_owned() } else { name };
                if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
                    response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
                }
            }
            response
        }
        Err(error) => respond_error(&error, &id),
    }
}

fn not_modified(tag: HeaderValue) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().insert(header::ETAG, tag);
    response.headers_mut().insert(header::VARY, FORMS);
    response
}

fn lines_response(lines: rest::Lines) -> Response {
    let content_type = HeaderValue::from_static(lines.content_type());
    let mut response = Response::new(answer::lines(lines));
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

/// A body that was read already.
#[derive(Clone, Default)]
struct ReadBody(Bytes);

/// Reads the body within its size and time.
async fn read_body(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let limits = shared.engine.snapshot().config.limits;
    let id = request_id(&request);
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let reading = async {
        // Only so many bodies are held in part at once.
        let _place = shared.bodies.acquire().await;
        axum::body::to_bytes(body, usize::try_from(limits.body).unwrap_or(usize::MAX)).await
    };
    let error = match tokio::time::timeout(limits.request_time, reading).await {
        Ok(Ok(body)) => {
            parts.extensions.insert(ReadBody(body));
            return next.run(Request::from_parts(parts, Body::empty())).await;
        }
        Ok(Err(error)) if !error.source().is_some_and(|cause| cause.is::<LengthLimitError>()) => {
            ApiError::new(Code::InvalidRequest, "the body cannot be read")
        }
        Ok(Err(_)) => ApiError::new(Code::TooLarge, format!("the body has more than {} bytes", limits.body))
            .hint("send less at once, or raise limits.body"),
        Err(_) => ApiError::new(Code::Timeout, "the request's body took too long"),
    };
    respond_error(&error, &id)
}

async fn not_found(request: Request) -> Response {
    let error = ApiError::new(Code::NotFound, "there is nothing under this path").hint("the API starts at /api/v2");
    respond_error(&error, &request_id(&request))
}

async fn not_allowed(request: Request) -> Response {
    respond_error(&ApiError::method_not_allowed(request.method()), &request_id(&request))
}

async fn overloaded(headers: HeaderMap, error: tower::BoxError) -> Response {
    let shown = if error.is::<tower::load_shed::error::Overloaded>() {
        ApiError::new(Code::Overloaded, "too many requests at once").hint("try again in a moment")
    } else {
        tracing::error!(%error, "a layer failed");
        ApiError::new(Code::Internal, "the request could not be answered")
    };
    let id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    respond_error(&shown, id)
}

fn panicked(cause: &(dyn Any + Send), id: &str) -> ApiError {
    let text = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    tracing::error!(request_id = id, cause = text.unwrap_or("unknown"), "a request panicked");
    ApiError::new(Code::Internal, "the request could not be answered")
}

/// Takes a client's request id only where it is short and printable.
async fn sane_request_id(mut request: Request, next: Next) -> Response {
    let sane = |value: &HeaderValue| value.len() <= 128 && value.as_bytes().iter().all(u8::is_ascii_graphic);
    if request.headers().get(REQUEST_ID).is_some_and(|value| !sane(value)) {
        request.headers_mut().remove(REQUEST_ID);
    }
    next.run(request).await
}

/// Compresses for clients that take it; others do not pay for it.
async fn compress(request: Request, next: Next) -> Response {
    if !request.headers().contains_key(header::ACCEPT_ENCODING) {
        return next.run(request).await;
    }
    let mut next = Some(next);
    let inner = service_fn(move |request| {
        let next = next.take();
        async move {
            match next {
                Some(next) => next.run(request).await,
                // It is called once.
                None => Response::default(),
            }
        }
        .map(Ok::<_, Infallible>)
    });
    // What an encoder holds back is lost when a list is cut, and with it the line that tells why.
    let whole = SizeAbove::new(UNCOMPRESSED).and(NotForContentType::const_new("application/x-ndjson"));
    let layer = CompressionLayer::new().compress_when(whole);
    let Ok(response) = layer.layer(inner).oneshot(request).await;
    response.map(Body::new)
}

async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path =
        tracing::enabled!(tracing::Level::DEBUG).then(|| (request.uri().path().to_owned(), request_id(&request)));
    let span = span(&request);
    let response = next.run(request).instrument(span.clone()).await;
    let seconds = started.elapsed().as_secs_f64();
    let status = response.status();
    span.record("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    METRICS.requests.get_or_create(&RequestLabel { method: label(&method), status: status.as_u16() }).inc();
    METRICS.request_seconds.observe(seconds);
    if let Some((path, id)) = path {
        tracing::debug!(request_id = %id, %method, %path, status = status.as_u16(), seconds, "answered");
    }
    response
}

/// The span of a request, in the words of OpenTelemetry's conventions for HTTP servers.
fn span(request: &Request) -> Span {
    let span = tracing::trace_span!(
        target: SPANS,
        "request",
        otel.name = %format_args!("{} {}", label(request.method()), route(request.uri().path())),
        otel.kind = "server",
        otel.status_code = tracing::field::Empty,
        http.request.method = %label(request.method()),
        http.route = %route(request.uri().path()),
        http.response.status_code = tracing::field::Empty,
        url.path = request.uri().path(),
        crosskey.request_id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()),
    );
    continue_trace(&span, request.headers());
    span
}

/// A path without what differs from row to row.
fn route(path: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    if let Some(at) = parts.iter().position(|part| matches!(*part, "_table" | "_schema"))
        && parts.len() > at + 2
        && parts[at] == "_table"
    {
        parts.truncate(at + 2);
        parts.push("{id}");
    }
    parts.join("/")
}

/// Methods are free text, so unknown ones share a label.
fn label(method: &http::Method) -> String {
    match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known.to_owned(),
        _ => "OTHER".to_owned(),
    }
}

/// Request ids: unique in this process, hard to guess, 16 hexadecimal digits.
#[derive(Clone, Copy)]
struct Ids;

impl MakeRequestId for Ids {
    fn make_request_id<B>(&mut self, _: &http::Request<B>) -> Option<RequestId> {
        use std::hash::BuildHasher;
        static NEXT: AtomicU64 = AtomicU64::new(0);
        static SEED: std::sync::LazyLock<std::hash::RandomState> =
            std::sync::LazyLock::new(std::hash::RandomState::new);
        let id = format!("{:016x}", SEED.hash_one(NEXT.fetch_add(1, Ordering::Relaxed)));
        HeaderValue::from_str(&id).ok().map(RequestId::new)
    }
}
