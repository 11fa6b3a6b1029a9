//! What all handlers share, and how an error is answered.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::Response;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::api::error::ApiError;
use crate::api::graphql;
use crate::api::rest::Prepared;
use crate::engine::Engine;
use crate::engine::audits::Audits;
use crate::error::Code;
use crate::server::catalog::Kept;
use crate::server::request_id::REQUEST_ID;

/// What all handlers share.
#[derive(Clone)]
pub struct Shared {
    /// The proxy.
    pub engine: Arc<Engine>,
    /// Reads that were parsed and planned already.
    pub prepared: Prepared,
    /// The GraphQL schema, documents and plans.
    pub graphql: graphql::Prepared,
    /// The audit that runs beside the requests.
    pub audits: Arc<Audits>,
    /// The map, as it was answered last.
    pub catalog: Kept,
    /// Places for changes of keys that are tried.
    pub previews: Arc<Semaphore>,
    /// When the service began.
    pub started: Instant,
    /// Clients may see what is for operators: only a loopback address is listened on.
    pub operators: bool,
    /// Places for requests that are being answered.
    pub requests: Arc<Semaphore>,
    /// Places for bodies that are being read.
    pub bodies: Arc<Semaphore>,
}

impl Shared {
    /// A place among the requests at once.
    pub fn place(&self) -> Result<SemaphorePermit<'_>, ApiError> {
        self.requests
            .try_acquire()
            .map_err(|_| ApiError::new(Code::Overloaded, "too many requests at once").hint("try again in a moment"))
    }
}

/// A header's text of a number: so many hexadecimal digits.
pub fn hexadecimal(digits: &mut [u8], mut number: u128) {
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
}

/// The id that the request's headers have by now.
pub fn request_id(headers: &HeaderMap) -> &str {
    headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A fault of ours: the cause is for the log, the client is told that there was one.
pub fn panicked(cause: &(dyn Any + Send), id: &str) -> ApiError {
    let text = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    tracing::error!(request_id = id, cause = text.unwrap_or("unknown"), "a request panicked");
    ApiError::new(Code::Internal, "the request could not be answered")
}

/// Does a request's work within its time. A fault of ours is one request's, and is told under its id. The work is pinned by the
/// caller: it is large, and each wrapper would copy it.
pub async fn within<T>(
    limit: Duration,
    id: &str,
    work: Pin<&mut impl Future<Output = Result<T, ApiError>>>,
) -> Result<T, ApiError> {
    match tokio::time::timeout(limit, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(result)) => result,
        Ok(Err(cause)) => Err(panicked(&*cause, id)),
        Err(_) => Err(ApiError::new(Code::Timeout, "the request took too long")
            .hint("ask for less, or raise limits.request_time")),
    }
}

/// An error in its envelope.
pub fn respond_error(error: &ApiError, id: &str) -> Response {
    let id = (!id.is_empty()).then_some(id);
    let mut response = Response::new(Body::from(error.body(id).to_string()));
    *response.status_mut() = error.status();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if error.status() == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    if let Some(seconds) = error.retry_after() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if error.status().is_server_error() {
        tracing::warn!(request_id = id.unwrap_or_default(), reason = error.code.as_str(), "{}", error.message);
    }
    response
}
