//! `/graphql`: GraphQL over HTTP, by GET and POST.

use std::pin::pin;

use axum::body::{Body, HttpBody};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode, header};

use crate::api::error::ApiError;
use crate::api::graphql::{self, Answer, Asked, How};
use crate::api::named::named;
use crate::server::api::read_body;
use crate::server::shared::{Shared, request_id, within};
use crate::server::{body, pages};

/// The media type of this protocol, and plain JSON.
const RESPONSE: HeaderValue = HeaderValue::from_static("application/graphql-response+json; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// Answers a request.
pub async fn answer(shared: &Shared, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let id = request_id(&parts.headers).to_owned();
    // What the client could not read is not done.
    let wish = takes_response(&parts);
    if wish == Some(Form::Page) {
        return pages::graphiql();
    }
    if wish.is_none() {
        let error = ApiError::invalid("no form of an answer is acceptable").hint("accept application/json");
        return respond(wish, Err(error), &id);
    }
    let limit = shared.engine.snapshot().config.limits.request_time;
    let answer = within(limit, &id, pin!(answered(shared, &parts, body, &id))).await;
    respond(wish, answer, &id)
}

async fn answered(shared: &Shared, parts: &Parts, body: Body, id: &str) -> Result<Answer, ApiError> {
    let limits = shared.engine.snapshot().config.limits;
    let asked = match parts.method {
        Method::GET | Method::HEAD => graphql::of_query(parts.uri.query().unwrap_or_default())?,
        Method::POST => {
            is_json(parts)?;
            let body = if body.is_end_stream() { Default::default() } else { read_body(shared, &limits, body).await? };
            Asked::of_body(&body)?
        }
        _ => return Err(ApiError::method_not_allowed(&parts.method)),
    };
    let _place = shared.place()?;
    let named = named(&parts.headers)?;
    let no_cache = parts.headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let bypass = no_cache.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case("no-cache"));
    let reads = parts.method != Method::POST;
    let how = How { reads, bypass_cache: bypass, named, request_id: Some(id) };
    Ok(graphql::answer(&shared.engine, &shared.graphql, &asked, &how).await)
}

/// A form of a foreign page cannot send JSON.
fn is_json(parts: &Parts) -> Result<(), ApiError> {
    let given = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut words = given.split(';').map(str::trim);
    let media = words.next().unwrap_or_default().to_ascii_lowercase();
    let charset = words.find_map(|word| word.to_ascii_lowercase().strip_prefix("charset=").map(str::to_owned));
    let is_utf8 = charset.is_none_or(|charset| charset.trim_matches('"') == "utf-8");
    if media == "application/json" && is_utf8 {
        return Ok(());
    }
    let error = ApiError::invalid("the body is not declared as JSON").hint("send `Content-Type: application/json`");
    Err(ApiError { status: Some(StatusCode::UNSUPPORTED_MEDIA_TYPE), ..error })
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `application/graphql-response+json`
    Response,
    /// Plain JSON, which clients took before it.
    Json,
    /// A page for a person with a browser.
    Page,
}

/// Which form the client prefers: the first that it names with the highest weight. Without a wish it gets plain JSON.
fn takes_response(parts: &Parts) -> Option<Form> {
    let wishes: Vec<&str> =
        parts.headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    if wishes.is_empty() {
        return Some(Form::Json);
    }
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    let mut best: Option<(f32, Form)> = None;
    for wish in wishes.iter().flat_map(|value| value.split(',')) {
        let mut words = wish.split(';').map(str::trim);
        let form = match words.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "application/graphql-response+json" => Form::Response,
            "application/json" | "*/*" | "application/*" => Form::Json,
            "text/html" if reads => Form::Page,
            _ => continue,
        };
        let weight = words.find_map(|word| word.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
        if weight > 0.0 && best.is_none_or(|(most, _)| weight > most) {
            best = Some((weight, form));
        }
    }
    best.map(|(_, form)| form)
}

/// Statuses that say more than that there was an answer.
fn kept(status: StatusCode) -> bool {
    matches!(status, StatusCode::METHOD_NOT_ALLOWED | StatusCode::ACCEPTED)
}

fn respond(wish: Option<Form>, answer: Result<Answer, ApiError>, id: &str) -> Response {
    let id = (!id.is_empty()).then_some(id);
    // Whatever the form, a request that is none has the status of its fault.
    let (answer, is_request) = match answer {
        Ok(answer) => (answer, true),
        Err(error) => (graphql::refused(&[error.into()], id), false),
    };
    let (form, status) = match wish {
        Some(Form::Response) => (RESPONSE, answer.status),
        Some(_) if is_request && !kept(answer.status) => (JSON, StatusCode::OK),
        Some(_) => (JSON, answer.status),
        None => (JSON, StatusCode::NOT_ACCEPTABLE),
    };
    if status.is_server_error() {
        tracing::warn!(request_id = id.unwrap_or_default(), "a GraphQL operation failed");
    }
    let mut response = Response::new(body::body(answer.body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, form);
    headers.insert(header::VARY, HeaderValue::from_static("accept, accept-encoding"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
    }
    response
}
