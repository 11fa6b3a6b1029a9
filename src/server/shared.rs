//! What all handlers share, and how an error is answered.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use crate::api::error::ApiError;
use crate::engine::Engine;

/// What all handlers share.
#[derive(Clone)]
pub struct Shared {
    /// The proxy.
    pub engine: Arc<Engine>,
    /// Clients may see what is for operators: only a loopback address is listened on.
    pub operators: bool,
    /// Places for bodies that are being read.
    pub bodies: Arc<tokio::sync::Semaphore>,
}

/// The id that the request-id layer has set.
pub fn request_id(request: &Request) -> String {
    let header = request.headers().get("x-request-id").and_then(|value| value.to_str().ok());
    header.unwrap_or_default().to_owned()
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
