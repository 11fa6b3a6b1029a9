//! `/admin`: what only operators may see and do.

mod audit;
mod keys;
mod sources;
mod transactions;

use axum::Router;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use crate::api::error::ApiError;
use crate::error::Code;
use crate::server::shared::{Shared, request_id, respond_error};

/// The paths.
pub fn routes() -> Router<Shared> {
    Router::new().merge(transactions::routes()).merge(keys::routes()).merge(audit::routes()).merge(sources::routes())
}

/// Without credentials only who is on the same machine is an operator.
fn allowed(shared: &Shared) -> Result<(), ApiError> {
    if shared.operators {
        return Ok(());
    }
    Err(ApiError::new(Code::Forbidden, "operators' pages are open on a loopback address alone")
        .hint("listen on 127.0.0.1 for them"))
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
