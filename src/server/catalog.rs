//! `/catalog`: the map of tables and keys.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::api::catalog;
use crate::server::conditional;
use crate::server::shared::Shared;

/// The map of the live version.
pub async fn map(State(shared): State<Shared>, method: Method, headers: HeaderMap) -> Response {
    let live = shared.engine.snapshot();
    // Without a schema GraphQL is not served, and all else is.
    let schema = shared.graphql.schema(&live).ok();
    let body = catalog::catalog(&live, schema.as_deref()).to_string();
    let tag = conditional::tag(body.as_bytes());
    let asked_again = (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if conditional::is_known(&method, &headers, &tag) {
        return (StatusCode::NOT_MODIFIED, [asked_again, (header::ETAG, tag)]).into_response();
    }
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    ([kind, asked_again, (header::ETAG, tag)], body).into_response()
}
