//! `/admin/audit`: dangling references, looked for while requests go on.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::api::error::ApiError;
use crate::engine::audits::{Standing, State as Audit};
use crate::error::Code;
use crate::server::admin::{answered, with_status};
use crate::server::shared::{Shared, request_id, respond_error};
use crate::value::time;

/// The paths.
pub fn routes() -> Router<Shared> {
    Router::new().route("/admin/audit", get(show).post(begin).delete(stop))
}

async fn show(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    answered(&headers, Ok(shown(&shared.audits.standing())))
}

fn shown(standing: &Standing) -> Value {
    let state = match standing.state {
        Audit::Never => "never",
        Audit::Running => "running",
        Audit::Done => "done",
        Audit::Stopped => "stopped",
    };
    let reports: Vec<Value> = standing
        .reports
        .iter()
        .map(|(id, report)| {
            let mut shown = json!({"id": format!("{id:016x}"), "error": null});
            if let (Some(shown), Ok(Value::Object(report))) = (shown.as_object_mut(), serde_json::to_value(&**report)) {
                shown.extend(report);
            }
            shown
        })
        .collect();
    let current = standing.current.as_ref();
    json!({
        "state": state, "started_at": standing.started.map(time::instant_of), "finished_at": standing.finished.map(time::instant_of),
        "done": standing.done, "total": standing.total,
        "current": current.map(|of| json!({"key": of.key, "rows": of.rows, "expected": of.expected})),
        "reports": reports,
    })
}

async fn begin(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    match begun(&shared, &body) {
        Ok(body) => with_status(StatusCode::ACCEPTED, &body),
        Err(error) => respond_error(&error, request_id(&headers)),
    }
}

fn begun(shared: &Shared, body: &[u8]) -> Result<Value, ApiError> {
    let body: Value =
        if body.is_empty() { Value::Null } else { serde_json::from_slice(body).unwrap_or(Value::Bool(false)) };
    let only = match (&body, body.get("key")) {
        (Value::Null | Value::Object(_), None | Some(Value::Null)) => None,
        (_, Some(Value::String(id))) => Some(id),
        _ => return Err(ApiError::invalid("the body is {\"key\": id}, or none for all keys")),
    };
    let id = only.map(|id| known(shared, id)).transpose()?;
    match shared.audits.begin(&shared.engine, id) {
        true => Ok(shown(&shared.audits.standing())),
        false => Err(ApiError::new(Code::Conflict, "an audit runs already").hint("DELETE /admin/audit stops it")),
    }
}

fn known(shared: &Shared, id: &str) -> Result<u64, ApiError> {
    let live = shared.engine.snapshot();
    let found = u64::from_str_radix(id, 16).ok().filter(|id| live.catalog.keys.iter().any(|key| key.id == *id));
    found.ok_or_else(|| {
        ApiError::new(Code::NotFound, format!("there is no key `{id}`")).hint("/catalog has the ids of all keys")
    })
}

async fn stop(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    shared.audits.stop();
    answered(&headers, Ok(shown(&shared.audits.standing())))
}
