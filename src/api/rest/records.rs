//! The records of a table: reads, and the way to writes.

use std::sync::Arc;

use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use crate::api::error::ApiError;
use crate::api::rest::encode;
use crate::api::rest::format::Format;
use crate::api::rest::lines::Lines;
use crate::api::rest::options::ReadInput;
use crate::api::rest::parse::{self, Explain, ReadRequest};
use crate::api::rest::prepared::{Prepared, PreparedRead};
use crate::api::rest::request::{Answer, Request, Response, find_source, flag, is_write, json_body, reading};
use crate::api::rest::write::{self, WriteInput};
use crate::catalog::TableId;
use crate::engine::{Engine, Snapshot, planned_for};
use crate::plan::read::find_table;

#[allow(clippy::too_many_arguments)]
pub async fn read_table(
    engine: &Arc<Engine>,
    snapshot: &Arc<Snapshot>,
    request: &Request<'_>,
    verb: &Method,
    source: &str,
    table: &str,
    id: Option<&str>,
    params: &[(String, String)],
) -> Result<Response, ApiError> {
    find_source(snapshot, source)?;
    let table = find_table(&snapshot.catalog, source, table).map_err(crate::engine::Error::from)?;
    if is_write(verb) {
        let body = json_body(request)?;
        let input = WriteInput { verb, snapshot, source, table, id, params, body };
        return Box::pin(write::answer(engine, request, &input)).await;
    }
    reading(verb)?;
    if flag(params, "dry_run")? {
        return Err(ApiError::invalid("`dry_run` is for writes; a read changes nothing").hint("leave it out"));
    }
    let name = match id {
        Some(_) if *request.method != Method::POST => Prepared::name(table, request.query, params),
        _ => None,
    };
    if let (Some(id), Some(name)) = (id, &name)
        && let Some(prepared) = request.prepared.get(snapshot, name)
    {
        return read_again(engine, snapshot, request, &prepared, table, id).await;
    }
    let body = tunnelled_body(request)?;
    let mut read = parse::read(&ReadInput {
        catalog: &snapshot.catalog,
        source,
        table,
        id,
        params,
        body: body.as_ref(),
        depth: snapshot.config.limits.depth,
    })?;
    let asked_to_bypass = read.read.bypass_cache;
    read.read.bypass_cache |= wants_fresh(request.headers);
    let format = format_of(request, &read)?;
    read.read.stream = format != Format::Json;
    if let Some(explain) = read.explain {
        let steps = Box::pin(engine.explain(&read.read, explain == Explain::Analyze, request.operator)).await?;
        return Ok(Response::json(&json!({"explain": steps})));
    }
    if format != Format::Json {
        if !request.cut_shows {
            return Err(ApiError::invalid(
                "a list row by row needs HTTP/1.1, by which a client sees where it breaks off",
            )
            .hint("ask for application/json"));
        }
        let lines = Box::pin(Lines::begin(engine, &read, format, request.request_id.unwrap_or_default())).await?;
        return Ok(Response {
            status: StatusCode::OK,
            body: Answer::Lines(lines.into()),
            file: read.file,
            warnings: Vec::new(),
            location: None,
        });
    }
    let found = engine.read(&read.read).await?;
    let body = encode::read(&read, &found, request.request_id)?;
    let response = Response { file: read.file.clone(), ..Response::whole(body) };
    // Parsed and planned by one version.
    if let Some(name) = name.filter(|_| found.snapshot.number == snapshot.number) {
        // What a header asked for is this one request's.
        read.read.bypass_cache = asked_to_bypass;
        request.prepared.keep(snapshot, name, read, found.plan);
    }
    Ok(response)
}

/// A record that is read as another one was.
async fn read_again(
    engine: &Engine,
    live: &Arc<Snapshot>,
    request: &Request<'_>,
    prepared: &PreparedRead,
    table: TableId,
    id: &str,
) -> Result<Response, ApiError> {
    let read = &prepared.request;
    format_of(request, read)?;
    let columns = read.read.ids.as_ref().map(|ids| ids.columns.clone()).unwrap_or_default();
    let ids = parse::one_id(&live.catalog.entry(table).table, columns, id);
    let plan = planned_for(live, table, &prepared.plan, &ids).map_err(crate::engine::Error::from)?;
    let bypass_cache = read.read.bypass_cache || wants_fresh(request.headers);
    let found = engine.run(live.clone(), plan, bypass_cache).await?;
    let body = encode::read(read, &found, request.request_id)?;
    Ok(Response { file: read.file.clone(), ..Response::whole(body) })
}

fn format_of(request: &Request<'_>, read: &ReadRequest) -> Result<Format, ApiError> {
    let format = Format::of(request.headers, read.file.as_deref())?;
    if read.single && format != Format::Json && read.file.as_deref().is_some_and(|file| file.contains('.')) {
        return Err(ApiError::invalid("a record by its identifier is JSON").hint("name a file that ends in .json"));
    }
    Ok(if read.single { Format::Json } else { format })
}

/// The JSON body of a POST that stands for a GET.
fn tunnelled_body(request: &Request<'_>) -> Result<Option<Value>, ApiError> {
    if request.method == Method::POST { json_body(request) } else { Ok(None) }
}

fn wants_fresh(headers: &HeaderMap) -> bool {
    headers.get_all(http::header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value.split(',').any(|word| matches!(word.trim().to_ascii_lowercase().as_str(), "no-cache" | "no-store"))
    })
}
