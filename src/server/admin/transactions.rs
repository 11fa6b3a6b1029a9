//! `/admin/transactions`: writes of several databases that are not finished.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::HeaderMap;
use serde_json::{Value, json};

use crate::api::error::ApiError;
use crate::error::Code;
use crate::execute::Transaction;
use crate::server::admin::answered;
use crate::server::shared::Shared;
use crate::value::time;

/// The paths.
pub fn routes() -> Router<Shared> {
    Router::new().route("/admin/transactions", get(list)).route("/admin/transactions/{id}", post(act))
}

async fn list(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    answered(&headers, Ok(listed(&shared).await))
}

async fn listed(shared: &Shared) -> Value {
    let (transactions, unknown) = shared.engine.transactions().await;
    let unknown: Vec<&str> = unknown.iter().map(|name| name.as_str()).collect();
    json!({"resource": transactions.iter().map(shown).collect::<Vec<_>>(), "unknown": unknown})
}

fn shown(transaction: &Transaction) -> Value {
    let decision = &transaction.decision;
    let parts: Vec<Value> =
        transaction.parts.iter().map(|part| json!({"source": part.source, "operations": part.operations})).collect();
    json!({
        "id": decision.txid,
        "state": if decision.state == "decided" { "pending" } else { &*decision.state },
        "source": transaction.source.as_str(),
        "decided_at": time::instant(decision.decided_at),
        "attempts": decision.attempts,
        "last_error": decision.last_error,
        "parts": parts,
    })
}

async fn act(State(shared): State<Shared>, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    answered(&headers, acted(&shared, &id, &body).await)
}

async fn acted(shared: &Shared, id: &str, body: &[u8]) -> Result<Value, ApiError> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let there = match body.get("action").and_then(Value::as_str) {
        Some("retry") => shared.engine.retry_transaction(id).await?,
        Some("discard") => shared.engine.discard_transaction(id).await?,
        _ => {
            return Err(ApiError::invalid("the body says what to do: {\"action\": \"retry\"} or \"discard\"")
                .hint("`discard` leaves what is done as it is, and gives up the rest"));
        }
    };
    if !there {
        return Err(ApiError::new(Code::NotFound, format!("no write `{id}` waits"))
            .hint("GET /admin/transactions lists those that do"));
    }
    let state = shared.engine.transaction(id).await?;
    Ok(json!({"id": id, "state": state}))
}
