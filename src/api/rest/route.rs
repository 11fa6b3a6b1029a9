//! DreamFactory's paths: which verb on which path does what.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};
use smallvec::SmallVec;
use tokio::sync::Semaphore;

use crate::api::error::ApiError;
use crate::api::rest::format::Format;
use crate::api::rest::lines::Lines;
use crate::api::rest::options::{COMMON, ReadInput, refuse_repeats};
use crate::api::rest::parse::{self, Explain, ReadRequest};
use crate::api::rest::prepared::{Prepared, PreparedRead};
use crate::api::rest::related_keys::{self, Asked};
use crate::api::rest::values::boolean;
use crate::api::rest::write::{self, WriteInput};
use crate::api::rest::{encode, openapi, schema};
use crate::catalog::TableId;
use crate::catalog::lookup::Found;
use crate::engine::{Engine, Snapshot, planned_for};
use crate::error::Code;
use crate::name::closest;
use crate::plan::read::find_table;

/// A request as the frontend needs it.
pub struct Request<'a> {
    /// The verb on the wire.
    pub method: &'a Method,
    /// The path behind `/api/`, still percent-encoded.
    pub path: &'a str,
    /// The query string, still percent-encoded.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The request's id, for errors.
    pub request_id: Option<&'a str>,
    /// Reads that were parsed and planned already.
    pub prepared: &'a Prepared,
    /// The client may see what is for operators: statements.
    pub operator: bool,
    /// A body that breaks off shows that it does, as over HTTP/1.0 it would not.
    pub cut_shows: bool,
}

/// An answer.
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: Answer,
    /// The name of an attachment.
    pub file: Option<String>,
    /// What was done although a rule that only warns says otherwise.
    pub warnings: Vec<String>,
    /// Where the rest is told.
    pub location: Option<String>,
}

/// The body of an answer.
pub enum Answer {
    /// JSON.
    Whole(Vec<u8>),
    /// Row by row, in another form.
    Lines(Box<Lines>),
}

impl Response {
    /// A JSON value.
    pub fn json(value: &Value) -> Self {
        Self::whole(value.to_string().into_bytes())
    }

    /// JSON that is written already.
    pub fn whole(body: Vec<u8>) -> Self {
        Self { status: StatusCode::OK, body: Answer::Whole(body), file: None, warnings: Vec::new(), location: None }
    }
}

/// Answers a request under `/api`. All but plain reads is in boxes: the future of each request would have room for it.
pub async fn handle(engine: &Arc<Engine>, request: Request<'_>) -> Result<Response, ApiError> {
    let params = query_pairs(request.query)?;
    let verb = verb(&request, &params)?;
    let segments = segments(request.path)?;
    let parts: SmallVec<[&str; 5]> = segments.iter().map(|segment| &**segment).collect();
    let snapshot = engine.snapshot();
    match &parts[..] {
        [] => {
            reading(&verb)?;
            only(&params, &["fields", "as_list"])?;
            Ok(Response::json(&services(&snapshot)))
        }
        ["api_docs", rest @ ..] if rest.len() <= 1 && snapshot.catalog.source("api_docs").is_none() => {
            reading(&verb)?;
            only(&params, &["expand_schema"])?;
            let source = rest.first().map(|name| name.to_lowercase());
            Ok(Response::json(&openapi::document(&snapshot, source.as_deref())?))
        }
        ["_transactions", id] => {
            reading(&verb)?;
            only(&params, &[])?;
            match engine.transaction(id).await? {
                Some(state) => Ok(Response::json(&json!({"id": id, "state": state}))),
                None => Err(ApiError::new(Code::NotFound, format!("there is no write `{id}`"))
                    .hint("a write is known for 7 days, and only where it changed several databases or had a name")),
            }
        }
        [source] => {
            find_source(&snapshot, &source.to_lowercase())?;
            reading(&verb)?;
            resources(&params)
        }
        [source, "_table"] => {
            if is_write(&verb) {
                return Err(ApiError::invalid(format!("{verb} is not supported on a table list.")).hint("name a table"));
            }
            reading(&verb)?;
            Box::pin(table_list(engine, &source.to_lowercase(), &params, false)).await
        }
        [source, "_table", table] => {
            read_table(engine, &snapshot, &request, &verb, &source.to_lowercase(), table, None, &params).await
        }
        [source, "_table", table, id @ ..] => {
            let id = if let [id] = id { Cow::from(*id) } else { id.join("/").into() };
            read_table(engine, &snapshot, &request, &verb, &source.to_lowercase(), table, Some(&id), &params).await
        }
        [source, "_schema", rest @ ..] => {
            let source = source.to_lowercase();
            find_source(&snapshot, &source)?;
            if is_write(&verb) {
                return Box::pin(define(engine, &snapshot, &request, &verb, &source, rest, &params)).await;
            }
            reading(&verb)?;
            if rest.is_empty() {
                return Box::pin(table_list(engine, &source, &params, true)).await;
            }
            only(&params, &["refresh", "fields", "as_list"])?;
            refresh(engine, &source, &params).await?;
            describe(&engine.snapshot(), &source, rest)
        }
        [source, resource, ..] => {
            find_source(&snapshot, &source.to_lowercase())?;
            let error =
                ApiError::new(Code::NotFound, format!("Resource '{resource}' not found for service '{source}'."));
            Err(match closest(resource, ["_table", "_schema"]) {
                Some(close) => error.closest(Some(close)),
                None => error.hint(format!("tables are under /api/v2/{source}/_table/")),
            })
        }
    }
}

/// The verb that is meant: a POST may carry another one.
fn verb(request: &Request<'_>, params: &[(String, String)]) -> Result<Method, ApiError> {
    if request.method != Method::POST {
        return Ok(request.method.clone());
    }
    let header = ["x-http-method", "x-http-method-override", "x-method-override"]
        .iter()
        .find_map(|name| request.headers.get(*name).and_then(|value| value.to_str().ok()));
    let param = params.iter().find(|(name, _)| name == "method" || name == "_method").map(|(_, value)| value.as_str());
    match header.or(param).map(str::to_ascii_uppercase).as_deref() {
        None | Some("POST") => Ok(Method::POST),
        Some("GET") => Ok(Method::GET),
        Some("PUT") => Ok(Method::PUT),
        Some("PATCH" | "MERGE") => Ok(Method::PATCH),
        Some("DELETE") => Ok(Method::DELETE),
        Some(other) => Err(ApiError::invalid(format!("`{other}` is no verb that a POST can stand for"))
            .hint("use GET, PUT, PATCH, MERGE or DELETE")),
    }
}

/// Decoded parameters; what is not UTF-8 is refused, since a replaced character would be another value.
fn query_pairs(query: &str) -> Result<Vec<(String, String)>, ApiError> {
    if query.is_empty() {
        return Ok(Vec::new());
    }
    let spaced = query.replace('+', " ");
    if percent_encoding::percent_decode_str(&spaced).decode_utf8().is_err() {
        return Err(ApiError::invalid("the query string is not UTF-8").hint("percent-encode UTF-8, as in %C3%A9 for é"));
    }
    Ok(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
}

/// Decoded path segments behind the optional version.
fn segments(path: &str) -> Result<SmallVec<[Cow<'_, str>; 5]>, ApiError> {
    let mut segments = SmallVec::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let decoded = percent_encoding::percent_decode_str(segment).decode_utf8();
        segments.push(decoded.map_err(|_| ApiError::invalid("the path is not UTF-8"))?);
    }
    let is_version = |text: &Cow<'_, str>| {
        text.len() > 1 && text.starts_with('v') && text[1..].chars().all(|c| c.is_ascii_digit() || c == '.')
    };
    if segments.first().is_some_and(is_version) {
        segments.remove(0);
    }
    Ok(segments)
}

fn is_write(verb: &Method) -> bool {
    matches!(*verb, Method::POST | Method::PUT | Method::PATCH | Method::DELETE)
}

fn reading(verb: &Method) -> Result<(), ApiError> {
    match *verb {
        Method::GET | Method::HEAD => Ok(()),
        _ if is_write(verb) => Err(read_only()),
        _ => Err(ApiError::method_not_allowed(verb)),
    }
}

fn read_only() -> ApiError {
    ApiError::new(Code::ReadOnly, "this version does not write here").hint("send GET, or POST with X-HTTP-Method: GET")
}

fn find_source<'s>(snapshot: &'s Snapshot, name: &str) -> Result<&'s crate::config::Source, ApiError> {
    snapshot.catalog.source(name).ok_or_else(|| {
        let error = ApiError::new(Code::UnknownSource, format!("Could not find a service for {name}."));
        error.closest(closest(name, snapshot.catalog.source_names()))
    })
}

fn services(snapshot: &Snapshot) -> Value {
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

fn resources(params: &[(String, String)]) -> Result<Response, ApiError> {
    only(params, &["as_list", "as_access_list", "fields", "refresh"])?;
    let names = ["_schema", "_table"];
    Ok(Response::json(&if flag(params, "as_list")? || flag(params, "as_access_list")? {
        json!({"resource": names})
    } else {
        json!({"resource": names.map(|name| json!({"name": name}))})
    }))
}

fn flag(params: &[(String, String)], name: &str) -> Result<bool, ApiError> {
    params.iter().find(|(param, _)| param == name).map_or(Ok(false), |(_, value)| boolean(name, value))
}

async fn refresh(engine: &Engine, source: &str, params: &[(String, String)]) -> Result<(), ApiError> {
    if flag(params, "refresh")? {
        engine.refresh(Some(source)).await;
    }
    Ok(())
}

/// Lists take few parameters; a misspelled one is told.
fn only(params: &[(String, String)], known: &[&str]) -> Result<(), ApiError> {
    refuse_repeats(params)?;
    match params.iter().find(|(name, _)| !known.contains(&name.as_str()) && !COMMON.contains(&name.as_str())) {
        None => Ok(()),
        Some((name, _)) => {
            Err(ApiError::invalid(format!("unknown parameter `{name}`")).closest(closest(name, known.iter().copied())))
        }
    }
}

async fn table_list(
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

fn known(snapshot: &Snapshot, source: &str) -> Result<(), ApiError> {
    if snapshot.catalog.is_known(source) {
        return Ok(());
    }
    let error = ApiError::new(Code::SourceUnavailable, format!("source `{source}` is not available"));
    Err(error.hint("try again; /readyz tells when the source is back"))
}

/// Writes of definitions: those of relationships stand in the key file.
async fn define(
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

fn describe(snapshot: &Snapshot, source: &str, rest: &[&str]) -> Result<Response, ApiError> {
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

#[allow(clippy::too_many_arguments)]
async fn read_table(
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

fn json_body(request: &Request<'_>) -> Result<Option<Value>, ApiError> {
    if request.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let value: Value = serde_json::from_slice(&request.body)
        .map_err(|error| ApiError::invalid(format!("the body is not JSON: {error}")))?;
    match value {
        Value::Object(_) | Value::Array(_) => Ok(Some(value)),
        _ => Err(ApiError::invalid("the body must be an object or an array of records")),
    }
}

fn wants_fresh(headers: &HeaderMap) -> bool {
    headers.get_all(http::header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value.split(',').any(|word| matches!(word.trim().to_ascii_lowercase().as_str(), "no-cache" | "no-store"))
    })
}
