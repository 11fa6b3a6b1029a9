//! `/livez`, `/readyz`, `/metrics`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Map, Value, json};

use crate::config::OnUnavailable;
use crate::engine::{Engine, Snapshot};
use crate::server::shared::Shared;
use crate::telemetry::METRICS;

/// The process runs.
pub async fn livez() -> &'static str {
    "ok\n"
}

/// Each source's state. Ready while every source answers whose outage the file does not allow for.
pub async fn readyz(State(shared): State<Shared>) -> Response {
    let (ready, body) = readiness(&shared.engine);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn readiness(engine: &Engine) -> (bool, Value) {
    let live = engine.snapshot();
    let mut ready = true;
    let mut sources = Map::new();
    for source in live.sources.values() {
        let name = &source.config.name;
        let state = live.standing(name);
        ready &= state == "up" || source.config.on_unavailable != OnUnavailable::Fail;
        sources.insert(name.to_string(), json!({"state": state}));
    }
    let config = config(engine, &live);
    (ready, json!({"status": if ready { "ready" } else { "not ready" }, "sources": sources, "config": config}))
}

/// How the key file stands.
pub fn config(engine: &Engine, live: &Snapshot) -> Value {
    match engine.refused() {
        Some(_) => {
            json!({"state": "refused", "message": "the last load of the file was refused, the version before it goes on; the log tells why"})
        }
        None if live.faults.has_errors() => {
            json!({"state": "incomplete", "message": "some keys do not fit the databases and are left out; the log tells which"})
        }
        None => json!({"state": "ok"}),
    }
}

/// Prometheus's text.
pub async fn metrics(State(shared): State<Shared>) -> Response {
    if let Some(cache) = &shared.engine.snapshot().cache {
        METRICS.cache_bytes.set(i64::try_from(cache.bytes()).unwrap_or(i64::MAX));
    }
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], METRICS.encode())
        .into_response()
}
