//! Lists of sources and tables, and their definitions.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::api::error::ApiError;
use crate::api::rest::related_keys::{self, Asked};
use crate::api::rest::request::{Request, Response, find_source, flag, json_body, known, only, read_only};
use crate::api::rest::schema;
use crate::catalog::TableId;
use crate::catalog::lookup::Found;
use crate::engine::{Engine, Snapshot};
use crate::error::Code;
use crate::name::closest;
use crate::plan::read::find_table;

pub fn services(snapshot: &Snapshot) -> Value {
    let services: Vec<Value> = snapshot
        .config
        .sources
        .values()
        .enumerate()
        .map(|(at, source)| {
            let kind = match source.kind {
                crate::config::checked::SourceKind::Postgres => "pgsql",
                crate::config::checked::SourceKind::Mysql => "mysql",
                crate::config::checked::SourceKind::Sqlite => "sqlite",
            };
            json!({"id": at + 1, "name": source.name.as_str(), "label": source.name.as_str(), "description": "", "type": kind})
        })
        .collect();
    json!({"services": services, "service_types": []})
}

pub fn resources(params: &[(String, String)]) -> Result<Response, ApiError> {
    only(params, &["as_list", "as_access_list", "fields", "refresh"])?;
    let names = ["_schema", "_table"];
    Ok(Response::json(&if flag(params, "as_list")? || flag(params, "as_access_list")? {
        json!({"resource": names})
    } else {
        json!({"resource": names.map(|name| json!({"name": name}))})
    }))
}

pub async fn refresh(engine: &Engine, source: &str, params: &[(String, String)]) -> Result<(), ApiError> {
    if flag(params, "refresh")? {
        engine.refresh(Some(source)).await;
    }
    Ok(())
}

pub async fn table_list(
    engine: &Engine,
    source: &str,
    params: &[(String, String)],
    definitions: bool,
) -> Result<Response, ApiError> {
    only(params, &["fields", "as_list", "refresh"])?;
    refresh(engine, source, params).await?;
    let snapshot = engine.snapshot();
    find_source(&snapshot, source)?;
    known(&snapshot, source)?;
    let ids: Vec<TableId> = snapshot.catalog.tables_of(source).collect();
    let names = ids.iter().map(|id| snapshot.catalog.entry(*id).table.name.table.printed());
    let all = params.iter().any(|(name, value)| name == "fields" && value == "*");
    if all && definitions && !flag(params, "as_list")? {
        let body = all_definitions(snapshot.clone(), ids).await?;
        return Ok(Response::whole(body));
    }
    let list: Vec<Value> = if flag(params, "as_list")? {
        names.map(Value::from).collect()
    } else if all {
        names.map(|name| json!({"name": name, "label": name, "description": null, "access": 1})).collect()
    } else {
        names.map(|name| json!({"name": name})).collect()
    };
    Ok(Response::json(&json!({"resource": list})))
}

/// The definitions of all these tables. A large database has many megabytes of them, so they are written by a thread that
/// may take its time, one request at a time, each definition by itself.
async fn all_definitions(snapshot: Arc<Snapshot>, ids: Vec<TableId>) -> Result<Vec<u8>, ApiError> {
    static ONE: Semaphore = Semaphore::const_new(1);
    let _alone = ONE.acquire().await;
    let limit = snapshot.config.limits.bytes;
    let writing = tokio::task::spawn_blocking(move || {
        let mut out = b"{\"resource\":[".to_vec();
        for (at, id) in ids.into_iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            out.extend_from_slice(schema::table(&snapshot, id).to_string().as_bytes());
            if out.len() as u64 > limit {
                return None;
            }
        }
        out.extend_from_slice(b"]}");
        Some(out)
    });
    let written = writing.await.map_err(|_| ApiError::new(Code::Internal, "the definitions could not be written"))?;
    written.ok_or_else(|| {
        ApiError::new(Code::BudgetExceeded, format!("the definitions have more than {limit} bytes"))
            .hint("ask for one table at a time, or raise limits.bytes")
    })
}

/// Writes of definitions: those of relationships stand in the key file.
pub async fn define(
    engine: &Arc<Engine>,
    snapshot: &Arc<Snapshot>,
    request: &Request<'_>,
    verb: &Method,
    source: &str,
    rest: &[&str],
    params: &[(String, String)],
) -> Result<Response, ApiError> {
    let renames = match rest {
        [table, "_rename"] if *verb == Method::POST => Some((table, None)),
        [table, "_field", field, "_rename"] if *verb == Method::POST => Some((table, Some(*field))),
        _ => None,
    };
    let related = match rest {
        [table, "_related"] => Some((table, None)),
        [table, "_related", name] => Some((table, Some(*name))),
        [table] if matches!(*verb, Method::PUT | Method::PATCH) => Some((table, None)),
        _ => None,
    };
    let Some((table, name)) = related.or(renames) else { return Err(read_only()) };
    if !request.operator {
        return Err(ApiError::new(Code::Forbidden, "the key file is changed by operators")
            .hint("without credentials these are who reaches a loopback address; or edit the file"));
    }
    only(params, &["ids", "fields", "as_list", "method", "_method"])?;
    let table = find_table(&snapshot.catalog, source, table).map_err(crate::engine::Error::from)?;
    let body = json_body(request)?;
    let asked = Asked { verb, snapshot, table, name: name.filter(|_| renames.is_none()), params, body };
    match renames {
        Some((_, field)) => related_keys::rename(engine, &asked, field).await,
        None => related_keys::answer(engine, &asked).await,
    }
}

pub fn describe(snapshot: &Snapshot, source: &str, rest: &[&str]) -> Result<Response, ApiError> {
    find_source(snapshot, source)?;
    known(snapshot, source)?;
    let id = find_table(&snapshot.catalog, source, rest[0]).map_err(crate::engine::Error::from)?;
    let entry = snapshot.catalog.entry(id);
    let field =
        |name: &str| schema::find_field(&entry.table, name).map(|at| Response::json(&schema::field(snapshot, id, at)));
    match &rest[1..] {
        [] => Ok(Response::json(&schema::table(snapshot, id))),
        ["_field"] => {
            let fields: Vec<Value> = (0..entry.table.columns.len()).map(|at| schema::field(snapshot, id, at)).collect();
            Ok(Response::json(&json!({"resource": fields})))
        }
        ["_field", name] => field(name),
        ["_related"] => {
            let related: Vec<Value> = entry
                .relationships
                .iter()
                .map(|relationship| schema::relation(snapshot, &entry.table, relationship))
                .collect();
            Ok(Response::json(&json!({"resource": related})))
        }
        ["_related", name] => match entry.relationship(name) {
            Some(Found::Relationship(relationship)) => {
                Ok(Response::json(&schema::relation(snapshot, &entry.table, relationship)))
            }
            Some(Found::Waiting(waiting)) => {
                known(snapshot, waiting.source.as_str()).map(|()| Response::json(&Value::Null))
            }
            None => Err(ApiError::new(Code::UnknownRelationship, format!("Invalid relationship '{name}' requested."))
                .closest(closest(name, entry.relationship_names()))),
        },
        [name] => field(name),
        _ => Err(ApiError::new(Code::NotFound, "there is nothing under this path of a table's definition")
            .hint("a definition has _field/{field} and _related/{relationship}")),
    }
}
