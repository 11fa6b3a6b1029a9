//! A request and an answer of the REST frontend, and what all its paths ask of a request.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

use crate::api::error::ApiError;
use crate::api::rest::lines::Lines;
use crate::api::rest::options::{COMMON, refuse_repeats};
use crate::api::rest::prepared::Prepared;
use crate::api::rest::values::boolean;
use crate::engine::Snapshot;
use crate::error::Code;
use crate::name::closest;

/// A request as the frontend needs it.
pub struct Request<'a> {
    /// The verb on the wire.
    pub method: &'a Method,
    /// The path behind `/api/`, still percent-encoded.
    pub path: &'a str,
    /// The query string, still percent-encoded.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The request's id, for errors.
    pub request_id: Option<&'a str>,
    /// Reads that were parsed and planned already.
    pub prepared: &'a Prepared,
    /// The client may see what is for operators: statements.
    pub operator: bool,
    /// A body that breaks off shows that it does, as over HTTP/1.0 it would not.
    pub cut_shows: bool,
}

/// An answer.
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: Answer,
    /// The name of an attachment.
    pub file: Option<String>,
    /// What was done although a rule that only warns says otherwise.
    pub warnings: Vec<String>,
    /// Where the rest is told.
    pub location: Option<String>,
}

/// The body of an answer.
pub enum Answer {
    /// JSON.
    Whole(Vec<u8>),
    /// Row by row, in another form.
    Lines(Box<Lines>),
}

impl Response {
    /// A JSON value.
    pub fn json(value: &Value) -> Self {
        Self::whole(value.to_string().into_bytes())
    }

    /// JSON that is written already.
    pub fn whole(body: Vec<u8>) -> Self {
        Self { status: StatusCode::OK, body: Answer::Whole(body), file: None, warnings: Vec::new(), location: None }
    }
}

pub fn is_write(verb: &Method) -> bool {
    matches!(*verb, Method::POST | Method::PUT | Method::PATCH | Method::DELETE)
}

pub fn reading(verb: &Method) -> Result<(), ApiError> {
    match *verb {
        Method::GET | Method::HEAD => Ok(()),
        _ if is_write(verb) => Err(read_only()),
        _ => Err(ApiError::method_not_allowed(verb)),
    }
}

pub fn read_only() -> ApiError {
    ApiError::new(Code::ReadOnly, "this version does not write here").hint("send GET, or POST with X-HTTP-Method: GET")
}

pub fn find_source<'s>(snapshot: &'s Snapshot, name: &str) -> Result<&'s crate::config::Source, ApiError> {
    snapshot.catalog.source(name).ok_or_else(|| {
        let error = ApiError::new(Code::UnknownSource, format!("Could not find a service for {name}."));
        error.closest(closest(name, snapshot.catalog.source_names()))
    })
}

pub fn known(snapshot: &Snapshot, source: &str) -> Result<(), ApiError> {
    if snapshot.catalog.is_known(source) {
        return Ok(());
    }
    let error = ApiError::new(Code::SourceUnavailable, format!("source `{source}` is not available"));
    Err(error.hint("try again; /readyz tells when the source is back"))
}

pub fn flag(params: &[(String, String)], name: &str) -> Result<bool, ApiError> {
    params.iter().find(|(param, _)| param == name).map_or(Ok(false), |(_, value)| boolean(name, value))
}

/// Lists take few parameters; a misspelled one is told.
pub fn only(params: &[(String, String)], known: &[&str]) -> Result<(), ApiError> {
    refuse_repeats(params)?;
    match params.iter().find(|(name, _)| !known.contains(&name.as_str()) && !COMMON.contains(&name.as_str())) {
        None => Ok(()),
        Some((name, _)) => {
            Err(ApiError::invalid(format!("unknown parameter `{name}`")).closest(closest(name, known.iter().copied())))
        }
    }
}

pub fn json_body(request: &Request<'_>) -> Result<Option<Value>, ApiError> {
    if request.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let value: Value = serde_json::from_slice(&request.body)
        .map_err(|error| ApiError::invalid(format!("the body is not JSON: {error}")))?;
    match value {
        Value::Object(_) | Value::Array(_) => Ok(Some(value)),
        _ => Err(ApiError::invalid("the body must be an object or an array of records")),
    }
}
