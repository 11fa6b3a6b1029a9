//! `/admin/keys`: the entries of the key files, listed, tried and written.

use std::pin::pin;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::{get, patch};
use http::{HeaderMap, header};
use serde_json::Value;

use crate::api::drafts::{self, Change};
use crate::api::error::ApiError;
use crate::api::keys;
use crate::api::rest::boolean;
use crate::server::admin::answered;
use crate::server::shared::{Shared, request_id, within};

/// The paths.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/admin/keys", get(list).post(add))
        .route("/admin/keys/suggestions", get(suggest))
        .route("/admin/keys/{kind}/{number}", patch(edit).delete(remove))
}

async fn list(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let listed = keys::file(&shared.engine, &shared.engine.snapshot());
    let tag = listed["revision"].as_str().map(|of| format!("\"{of}\""));
    let mut response = answered(&headers, Ok(listed));
    if let Some(tag) = tag.and_then(|tag| tag.parse().ok()) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

async fn suggest(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let limit = shared.engine.snapshot().config.limits.request_time;
    let suggested = within(limit, request_id(&headers), pin!(keys::suggestions(&shared.engine))).await;
    answered(&headers, suggested)
}

type Asked = (State<Shared>, RawQuery, HeaderMap, Bytes);

async fn add((State(shared), RawQuery(query), headers, body): Asked) -> Response {
    answered(&headers, changed(&shared, &Change::Add, query.as_deref(), &headers, &body).await)
}

async fn edit(
    Path((kind, number)): Path<(String, String)>,
    (State(shared), RawQuery(query), headers, body): Asked,
) -> Response {
    let change = Change::Edit(format!("{kind}/{number}"));
    answered(&headers, changed(&shared, &change, query.as_deref(), &headers, &body).await)
}

async fn remove(
    Path((kind, number)): Path<(String, String)>,
    (State(shared), RawQuery(query), headers, body): Asked,
) -> Response {
    let change = Change::Remove(format!("{kind}/{number}"));
    answered(&headers, changed(&shared, &change, query.as_deref(), &headers, &body).await)
}

async fn changed(
    shared: &Shared,
    change: &Change,
    query: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Value, ApiError> {
    let live = shared.engine.snapshot();
    let dry_run = dry_run(query.unwrap_or_default())?;
    let edit = drafts::edit(&live, change, body)?;
    let (limit, id) = (live.config.limits.request_time, request_id(headers));
    if dry_run {
        // Each looks at rows: those of a person who types fast wait for each other.
        let Ok(_place) = shared.previews.acquire().await else { return Err(ApiError::invalid("no more previews")) };
        return within(limit, id, pin!(keys::preview(&shared.engine, &live, edit))).await;
    }
    let of = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()).map(|of| of.trim().trim_matches('"'));
    within(limit, id, pin!(keys::save(&shared.engine, &live, change, edit, of))).await
}

/// Whether the change is only tried.
fn dry_run(query: &str) -> Result<bool, ApiError> {
    let mut dry_run = false;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "dry_run" {
            return Err(ApiError::invalid(format!("`{name}` is no parameter of this path")).closest(Some("dry_run")));
        }
        dry_run = boolean(&name, &value)?;
    }
    Ok(dry_run)
}
