//! `/admin`: what only operators may see and do.

mod audit;
mod keys;
mod sources;
mod transactions;

use std::sync::LazyLock;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use crate::api::error::ApiError;
use crate::server::shared::{Shared, request_id, respond_error};

/// The OpenAPI document of what is served beside the tables.
pub const DESCRIPTION: &str = "/admin/api_docs";

/// The paths. Who may ask them is looked at before (`server/service.rs`).
pub fn routes() -> Router<Shared> {
    Router::new()
        .route(DESCRIPTION, get(description))
        .merge(transactions::routes())
        .merge(keys::routes())
        .merge(audit::routes())
        .merge(sources::routes())
}

/// The OpenAPI document of what is served beside the tables; a client may read it wherever it is.
async fn description() -> Response {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
        let mut document: Value = serde_json::from_str(include_str!("operations.json")).expect("the file is JSON");
        document["info"]["version"] = env!("CARGO_PKG_VERSION").into();
        document
    });
    with_status(StatusCode::OK, &DOCUMENT)
}

fn answered(headers: &HeaderMap, answer: Result<Value, ApiError>) -> Response {
    match answer {
        Ok(body) => with_status(StatusCode::OK, &body),
        Err(error) => respond_error(&error, request_id(headers)),
    }
}

fn with_status(status: StatusCode, body: &Value) -> Response {
    // What operators see is of the moment.
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}
