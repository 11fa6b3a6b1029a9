//! `/catalog`: the map of tables and keys.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use parking_lot::Mutex;

use crate::api::catalog;
use crate::engine::Snapshot;
use crate::server::conditional;
use crate::server::shared::Shared;

/// The map as it was answered last, until a version or the state of a source is another one.
pub type Kept = Arc<Mutex<Option<(Standing, HeaderValue, Bytes)>>>;

/// What the map depends on: the version, and which sources answer.
type Standing = (u64, Vec<&'static str>);

/// The map of the live version.
pub async fn map(State(shared): State<Shared>, method: Method, headers: HeaderMap) -> Response {
    let live = shared.engine.snapshot();
    let (tag, body) = current(&shared, &live);
    let asked_again = (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if conditional::is_known(&method, &headers, &tag) {
        return (StatusCode::NOT_MODIFIED, [asked_again, (header::ETAG, tag)]).into_response();
    }
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    ([kind, asked_again, (header::ETAG, tag)], body).into_response()
}

fn current(shared: &Shared, live: &Snapshot) -> (HeaderValue, Bytes) {
    let standing: Standing = (live.number, live.sources.keys().map(|name| live.standing(name)).collect());
    let kept = shared
        .catalog
        .lock()
        .as_ref()
        .filter(|(of, ..)| *of == standing)
        .map(|(_, tag, body)| (tag.clone(), body.clone()));
    kept.unwrap_or_else(|| {
        // Without a schema GraphQL is not served, and all else is.
        let schema = shared.graphql.schema(live).ok();
        let body = Bytes::from(catalog::catalog(live, schema.as_deref()).to_string());
        let tag = conditional::tag(&body);
        *shared.catalog.lock() = Some((standing, tag.clone(), body.clone()));
        (tag, body)
    })
}
