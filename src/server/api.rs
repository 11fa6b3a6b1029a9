//! `/api`: the body within its size and time, a place among the requests at once, the answer within its time, and its form
//! on the wire.

use std::error::Error;
use std::pin::pin;

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, StatusCode, header};
use http_body_util::LengthLimitError;

use crate::api::error::ApiError;
use crate::api::rest::{self, Answer};
use crate::config::Limits;
use crate::error::Code;
use crate::server::shared::{Shared, request_id, respond_error, within};
use crate::server::{body, conditional};

/// What the form of an answer depends on.
const FORMS: HeaderValue = HeaderValue::from_static("accept, accept-encoding");
/// What was written although a key that only warns says otherwise.
const WARNING: HeaderName = HeaderName::from_static("crosskey-warning");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// What the paths of records and of tables take, as the OpenAPI document has it: PUT does as PATCH.
const OF_RECORDS: HeaderValue = HeaderValue::from_static("GET, HEAD, PATCH, DELETE");
const OF_TABLES: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PATCH, DELETE");

/// Answers a request whose path begins with `/api`.
pub async fn answer(shared: &Shared, request: Request<Body>) -> Response {
    let limits = shared.engine.snapshot().config.limits;
    let (parts, body) = request.into_parts();
    match answered(shared, &limits, &parts, body).await {
        Ok(answer) => respond(answer, &parts),
        Err(error) => {
            let mut response = respond_error(&error, request_id(&parts.headers));
            let of_table = parts.uri.path().split_once("/_table/").map(|(_, of)| of.trim_end_matches('/'));
            if let Some((of, allow)) = of_table.zip(response.headers_mut().get_mut(header::ALLOW)) {
                *allow = if of.contains('/') { OF_RECORDS } else { OF_TABLES };
            }
            response
        }
    }
}

async fn answered(shared: &Shared, limits: &Limits, parts: &Parts, body: Body) -> Result<rest::Response, ApiError> {
    // The body is read first, so that a client who sends slowly takes no one's place.
    let body = if body.is_end_stream() { Bytes::new() } else { read_body(shared, limits, body).await? };
    let _place = shared.place()?;
    let id = request_id(&parts.headers);
    let handling = rest::handle(
        &shared.engine,
        rest::Request {
            method: &parts.method,
            path: parts.uri.path().strip_prefix("/api").unwrap_or_default(),
            query: parts.uri.query().unwrap_or_default(),
            headers: &parts.headers,
            body,
            request_id: Some(id),
            prepared: &shared.prepared,
            operator: shared.operators,
            cut_shows: parts.version > http::Version::HTTP_10,
        },
    );
    within(limits.request_time, id, pin!(handling)).await
}

/// Reads the body within its size and time.
pub async fn read_body(shared: &Shared, limits: &Limits, body: Body) -> Result<Bytes, ApiError> {
    let reading = async {
        // Only so many bodies are held in part at once.
        let _place = shared.bodies.acquire().await;
        axum::body::to_bytes(body, usize::try_from(limits.body).unwrap_or(usize::MAX)).await
    };
    match tokio::time::timeout(limits.request_time, reading).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error)) if !error.source().is_some_and(|cause| cause.is::<LengthLimitError>()) => {
            Err(ApiError::new(Code::InvalidRequest, "the body cannot be read"))
        }
        Ok(Err(_)) => Err(ApiError::new(Code::TooLarge, format!("the body has more than {} bytes", limits.body))
            .hint("send less at once, or raise limits.body")),
        Err(_) => Err(ApiError::new(Code::Timeout, "the request's body took too long")),
    }
}

fn respond(answer: rest::Response, parts: &Parts) -> Response {
    let mut response = match answer.body {
        Answer::Lines(lines) => {
            let content_type = HeaderValue::from_static(lines.content_type());
            let mut response = Response::new(body::lines(*lines));
            response.headers_mut().insert(header::CONTENT_TYPE, content_type);
            response
        }
        Answer::Whole(bytes) => {
            let tag = conditional::tag(&bytes);
            if conditional::is_known(&parts.method, &parts.headers, &tag) {
                return not_modified(tag);
            }
            let mut response = Response::new(body::body(bytes));
            response.headers_mut().insert(header::ETAG, tag);
            response.headers_mut().insert(header::CONTENT_TYPE, JSON);
            response
        }
    };
    *response.status_mut() = answer.status;
    for warning in answer.warnings {
        if let Ok(value) = HeaderValue::from_str(&warning) {
            response.headers_mut().append(WARNING, value);
        }
    }
    if let Some(location) = answer.location.and_then(|location| HeaderValue::from_str(&location).ok()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    // One address has several forms.
    response.headers_mut().insert(header::VARY, FORMS);
    if let Some(file) = answer.file {
        let name: String = file.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')).collect();
        let name = if name.is_empty() || name == "true" { "data.json".to_owned() } else { name };
        if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
        }
    }
    response
}

fn not_modified(tag: HeaderValue) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().insert(header::ETAG, tag);
    response.headers_mut().insert(header::VARY, FORMS);
    response
}
