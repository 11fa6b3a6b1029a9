//! POST, PUT, PATCH and DELETE of records, in DreamFactory's forms: which rows are meant, and how the outcome is told.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::api::error::ApiError;
use crate::api::named;
use crate::api::rest::encode;
use crate::api::rest::options::{ReadInput, scalar_text};
use crate::api::rest::parse::{self, ReadRequest};
use crate::api::rest::request::{Request, Response};
use crate::api::rest::values::boolean;
use crate::catalog::{Table, TableId};
use crate::engine::{Engine, Snapshot, Written};
use crate::error::Code;
use crate::plan::write::NamedKey;
use crate::query::{Change, Count, FieldQuery, Ids, Mode, Named, Read, Record, Rows, Selection, Upsert, Write};
use crate::value::json;

/// Everything that a write is made of.
pub struct WriteInput<'a> {
    /// The verb that is meant.
    pub verb: &'a Method,
    /// The version that answers.
    pub snapshot: &'a Arc<Snapshot>,
    /// The source's name.
    pub source: &'a str,
    /// The table.
    pub table: TableId,
    /// The identifier in the path.
    pub id: Option<&'a str>,
    /// The decoded query string.
    pub params: &'a [(String, String)],
    /// The body.
    pub body: Option<Value>,
}

impl WriteInput<'_> {
    /// A switch of the query string, which was read before.
    fn flag(&self, wanted: &str) -> bool {
        self.params.iter().any(|(name, value)| name == wanted && boolean(name, value).unwrap_or(false))
    }

    /// Whether a body that is not the record itself has this member.
    fn in_body(&self, name: &str) -> bool {
        self.id.is_none() && self.body.as_ref().is_some_and(|body| body.get(name).is_some())
    }

    /// The first of these that is given, in the query string or in the body.
    fn given(&self, names: &[&'static str]) -> Option<&'static str> {
        let given = |name: &&&str| self.params.iter().any(|(given, _)| given == **name) || self.in_body(name);
        names.iter().find(given).copied()
    }
}

/// Answers a write.
pub async fn answer(engine: &Arc<Engine>, request: &Request<'_>, input: &WriteInput<'_>) -> Result<Response, ApiError> {
    let named = named(request)?;
    if input.id.is_some() && *input.verb == Method::POST {
        return Err(
            ApiError::invalid("POST takes no identifier in the path").hint("POST to the table, or PATCH the record")
        );
    }
    let table = &input.snapshot.catalog.entry(input.table).table;
    let records = records(input, table)?;
    refuse_what_chooses_nothing(input)?;
    let (shape, by_records) = shape(input)?;
    if shape.explain.is_some() {
        return Err(ApiError::invalid("`explain` is for reads").hint("`dry_run=true` tells what a write would change"));
    }
    let mode = match (shape.go_on, shape.rollback) {
        (true, _) => Mode::Continue,
        (false, true) => Mode::Rollback,
        (false, false) => Mode::Stop,
    };
    let (forced, dry_run) = (input.flag("force"), input.flag("dry_run"));
    // Which rows a filter finds is not known again, so that all of them are written in one, or none.
    let by_filter = shape.read.ids.is_none() && *input.verb != Method::POST && !by_records;
    let mode = if named.is_some() && by_filter { Mode::Rollback } else { mode };
    let write = |change: Change| Write {
        source: input.source.to_owned(),
        table: shape.read.table.clone(),
        change,
        mode,
        dry_run,
        named: named.clone(),
        removes_related: input.flag("allow_related_delete"),
        upsert: Upsert::AsSet,
    };
    if is_shown(input) && !dry_run {
        // What cannot be shown afterwards is refused before anything is written.
        engine.can_read(&shown(
            &shape,
            &Rows { ids: Vec::new(), columns: Vec::new(), filter: None },
            asks_for_all(input),
        ))?;
    }
    if *input.verb == Method::POST {
        let written = engine.write(write(Change::Insert(records)), request.request_id).await?;
        return respond(engine, request, input, &shape, written, None).await;
    }
    if forced && *input.verb == Method::DELETE {
        refuse_beside_force(input)?;
        if named.is_some() {
            return Err(ApiError::invalid("`force` removes page by page, and does not go with `Idempotency-Key`")
                .hint("leave it out: what is gone already is not missed"));
        }
        if dry_run {
            return Err(ApiError::invalid("`force` removes page by page, so that no `dry_run` can tell of all")
                .hint("give a filter that all rows meet"));
        }
        return delete_all(engine, request, input, &shape, &write).await;
    }
    // What was written is found by its name: the rows may be gone, or meet the filter no more.
    let before = async || match &named {
        Some(named) if by_filter => engine.answered_before(input.source, &shape.read.table, named).await,
        _ => Ok(None),
    };
    if let Some(written) = before().await? {
        return respond(engine, request, input, &shape, written, None).await;
    }
    let rows = rows(engine, input, &shape).await?;
    if rows.ids.is_empty() {
        return match before().await? {
            Some(written) => respond(engine, request, input, &shape, written, None).await,
            None => Ok(Response::json(&json!({"resource": []}))),
        };
    }
    if *input.verb == Method::DELETE {
        // What the rows were is read before they go.
        let before = match is_shown(input) && !dry_run {
            // A row that is not there is told by the write itself.
            true => match read_back(engine, request, &shape, &rows, asks_for_all(input)).await {
                Err(error) if error.code == Code::NotFound => None,
                before => Some(before?),
            },
            false => None,
        };
        let written = engine.write(write(Change::Delete(rows)), request.request_id).await?;
        return respond(engine, request, input, &shape, written, before).await;
    }
    if records.is_empty() {
        return Err(no_records());
    }
    // With identifiers or a filter the first record is for all of the rows.
    let records = if by_records { records } else { records[..1].to_vec() };
    let written = engine.write(write(Change::Update { rows, records, own: by_records }), request.request_id).await?;
    respond(engine, request, input, &shape, written, None).await
}

/// The client's name for the request, and what tells the request from others.
fn named(request: &Request<'_>) -> Result<Option<Named>, ApiError> {
    let Some(key) = named::named(request.headers)? else { return Ok(None) };
    let mut whole = format!("{} {}?{}\n", request.method, request.path, request.query).into_bytes();
    whole.extend_from_slice(&request.body);
    Ok(Some(Named { key: key.to_owned(), hash: format!("{:032x}", xxhash_rust::xxh3::xxh3_128(&whole)) }))
}

fn no_records() -> ApiError {
    ApiError::invalid("No record(s) detected in request.")
        .hint("send {\"resource\": [{…}]}; to /{id} send the record itself")
}

/// The records of the body.
fn records(input: &WriteInput<'_>, table: &Table) -> Result<Vec<Record>, ApiError> {
    let object = |value: &Value| match value {
        Value::Object(record) => Ok(record.clone()),
        _ => Err(ApiError::invalid("each record is an object, as in {\"resource\": [{\"id\": 1}]}")),
    };
    let body = match &input.body {
        Some(body) => body,
        None if *input.verb == Method::DELETE => return Ok(Vec::new()),
        None => return Err(no_records()),
    };
    let listed = body.get("resource").filter(|_| table.column("resource").is_none());
    match (listed, body) {
        (Some(Value::Array(items)), _) | (None, Value::Array(items)) => {
            let records = items.iter().map(object).collect::<Result<Vec<_>, _>>()?;
            if records.is_empty() && *input.verb != Method::DELETE { Err(no_records()) } else { Ok(records) }
        }
        (Some(_), _) => Err(no_records()),
        (None, body) if input.id.is_some() => Ok(vec![object(body)?]),
        (None, _) if *input.verb == Method::DELETE => Ok(Vec::new()),
        (None, _) => Err(no_records()),
    }
}

/// What a write has in common with a read: rows, fields and related rows of the answer; and whether each record names its
/// own row.
fn shape(input: &WriteInput<'_>) -> Result<(ReadRequest, bool), ApiError> {
    let mut body = input.body.clone().filter(|_| input.id.is_none());
    let by_records = *input.verb != Method::POST
        && input.id.is_none()
        && input.given(&["ids"]).is_none()
        && (*input.verb == Method::DELETE || input.given(&["filter", "where"]).is_none());
    if !by_records {
        match &mut body {
            Some(Value::Object(object)) => {
                object.remove("resource");
            }
            other => *other = None,
        }
    }
    let read = parse::read(&ReadInput {
        catalog: &input.snapshot.catalog,
        source: input.source,
        table: input.table,
        id: input.id,
        params: input.params,
        body: body.as_ref(),
        depth: input.snapshot.config.limits.depth,
    })?;
    Ok((read, by_records))
}

/// Parameters that say which rows are meant, where others say it already, or nothing does: passed over, they would change
/// other rows than were meant.
fn refuse_what_chooses_nothing(input: &WriteInput<'_>) -> Result<(), ApiError> {
    if input.params.iter().any(|(name, value)| name == "ids" && value.trim().is_empty()) {
        return Err(ApiError::invalid("`ids` names no identifier").hint("name the rows that are meant, as in ids=1,2"));
    }
    let forms = ["count_only", "include_count", "include_schema", "as_list", "group", "group_by", "file"];
    let (beside, names): (&str, Vec<&'static str>) = if *input.verb == Method::POST {
        let rows = ["ids", "filter", "where", "limit", "top", "offset", "skip", "order", "sort", "order_by"];
        ("POST, which adds rows", rows.into_iter().chain(forms).collect())
    } else if input.id.is_some() {
        ("an identifier in the path", ["ids", "filter", "where", "limit", "offset"].into_iter().chain(forms).collect())
    } else if input.given(&["ids"]).is_some() {
        ("`ids`", ["filter", "where", "limit", "offset"].into_iter().chain(forms).collect())
    } else {
        ("a write", forms.to_vec())
    };
    match input.given(&names) {
        None => Ok(()),
        Some(name) => {
            Err(ApiError::invalid(format!("`{name}` does not go with {beside}")).hint("leave one of them out"))
        }
    }
}

/// `force` is for all rows; what would choose among them beside it, even when it is blank, was meant otherwise.
fn refuse_beside_force(input: &WriteInput<'_>) -> Result<(), ApiError> {
    let names =
        ["filter", "where", "ids", "limit", "top", "offset", "skip", "order", "sort", "group", "rollback", "continue"];
    let in_query = input.params.iter().map(|(name, _)| name.as_str()).find(|name| names.contains(name));
    let in_body = |name: &&str| input.body.as_ref().is_some_and(|body| body.get(*name).is_some());
    let found = in_query.or_else(|| names.into_iter().find(in_body));
    match found {
        None if input.id.is_none() && input.body.is_none() => Ok(()),
        None => Err(ApiError::invalid("`force` removes all rows of the table, so that nothing names one")
            .hint("leave out `force`, or the rest")),
        Some(name) => {
            Err(ApiError::invalid(format!("`force` removes all rows of the table, and does not go with `{name}`"))
                .hint(format!("leave out `force`, or `{name}`")))
        }
    }
}

/// The rows that are meant: by identifier, or those that the filter keeps.
async fn rows(engine: &Engine, input: &WriteInput<'_>, shape: &ReadRequest) -> Result<Rows, ApiError> {
    if let Some(ids) = &shape.read.ids {
        return Ok(Rows { ids: ids.ids.clone(), columns: ids.columns.clone(), filter: None });
    }
    if shape.read.selection.filter.is_none() {
        return Err(match *input.verb {
            Method::DELETE => no_records().hint("send ids, records or a filter; force=true removes all rows"),
            _ => no_records().hint("send records with their identifiers, or ids or a filter and one record"),
        });
    }
    if shape.read.selection.limit == Some(0) {
        return Err(ApiError::invalid("`limit` must be at least 1 in a write").hint("leave it out to reach all rows"));
    }
    let selection = Selection { embeds: Vec::new(), ..shape.read.selection.clone() };
    // All of them, or as many as the client says: a page of them would leave the others unchanged without a word.
    let filter = selection.filter.clone();
    Ok(Rows { filter, ..keys(engine, input, shape, selection, true).await? })
}

/// The primary keys of the rows that a selection finds.
async fn keys(
    engine: &Engine,
    input: &WriteInput<'_>,
    shape: &ReadRequest,
    selection: Selection,
    all: bool,
) -> Result<Rows, ApiError> {
    let table = &input.snapshot.catalog.entry(input.table).table;
    let columns: Vec<String> = table.primary_key.iter().map(|at| table.columns[*at].name.to_string()).collect();
    if columns.is_empty() {
        return Err(ApiError::invalid(format!("{} has no primary key, by which written rows are told", table.name)));
    }
    let fields = Some(columns.iter().cloned().map(FieldQuery::Column).collect());
    let read = Read {
        selection: Selection { fields, ..selection },
        ids: None,
        count: Count::AsNeeded,
        bypass_cache: true,
        stream: all,
        ..shape.read.clone()
    };
    let found = engine.read(&read).await?;
    let (plan, level) = (&found.plan, &found.answer.level);
    let id = |row: &crate::execute::RowRef| {
        plan.root.fields.iter().map(|field| json::plain_text(row.cell(field.cell))).collect()
    };
    Ok(Rows { ids: level.rows.iter().map(id).collect(), columns: Vec::new(), filter: None })
}

/// All rows, page by page: each page is a write of its own.
async fn delete_all(
    engine: &Arc<Engine>,
    request: &Request<'_>,
    input: &WriteInput<'_>,
    shape: &ReadRequest,
    write: &(impl Fn(Change) -> Write + Sync),
) -> Result<Response, ApiError> {
    let mut deleted = Vec::new();
    loop {
        let rows = keys(engine, input, shape, Selection::default(), false).await?;
        if rows.ids.is_empty() {
            return Ok(Response::json(&json!({"resource": deleted})));
        }
        let written = engine.write(write(Change::Delete(rows)), request.request_id).await?;
        if let Some(error) = batch_error(request, input, &written, shape) {
            return Err(error);
        }
        deleted.extend(written.outcomes.iter().flatten().flatten().map(|key| key_object(&written.key, key)));
    }
}

/// Whether more than the keys is wanted of the written rows.
fn is_shown(input: &WriteInput<'_>) -> bool {
    let asks = |name: &str| matches!(name, "fields" | "select" | "related" | "expand" | "id_field");
    input.params.iter().any(|(name, value)| asks(name) && !value.is_empty())
        || input.in_body("fields")
        || input.in_body("select")
}

/// What a write would change, per table and key.
fn changes(written: &Written) -> Vec<Value> {
    let told = written.changes.iter().filter(|changed| changed.rows > 0);
    told.map(|changed| {
        json!({
            "table": changed.table.to_string(),
            "foreign_key": changed.foreign_key,
            "action": changed.action,
            "rows": changed.rows,
        })
    })
    .collect()
}

/// Whether `fields` says so.
fn asks_for_all(input: &WriteInput<'_>) -> bool {
    input.params.iter().any(|(name, value)| matches!(name.as_str(), "fields" | "select") && value == "*")
}

/// What the answer warns of: per key, how many references lead nowhere.
fn warnings(written: &Written) -> Vec<String> {
    let mut counts: Vec<(&NamedKey, usize)> = Vec::new();
    for one in &written.unkept {
        match counts.iter_mut().find(|(key, _)| key.key.id == one.key.key.id) {
            Some((_, count)) => *count += 1,
            None => counts.push((&one.key, 1)),
        }
    }
    let told = |(key, count): (&NamedKey, usize)| format!("REFERENCE_NOT_FOUND {}={count}", key.column.join(","));
    counts.into_iter().map(told).collect()
}

async fn respond(
    engine: &Engine,
    request: &Request<'_>,
    input: &WriteInput<'_>,
    shape: &ReadRequest,
    written: Written,
    before: Option<Vec<u8>>,
) -> Result<Response, ApiError> {
    if let Some(error) = batch_error(request, input, &written, shape) {
        return Err(error);
    }
    let answered = |response: Response| Response {
        warnings: warnings(&written),
        status: if written.pending.is_some() { StatusCode::ACCEPTED } else { response.status },
        location: written.pending.as_ref().map(|txid| {
            let txid = percent_encoding::utf8_percent_encode(txid, percent_encoding::NON_ALPHANUMERIC);
            format!("/api/v2/_transactions/{txid}")
        }),
        ..response
    };
    if input.flag("dry_run") {
        return Ok(answered(Response::json(&json!({"changes": changes(&written)}))));
    }
    if let Some(before) = before {
        return Ok(answered(Response::whole(before)));
    }
    let keys = || written.outcomes.iter().flatten().flatten();
    if *input.verb != Method::DELETE && is_shown(input) {
        let part = |text: &String| {
            serde_json::from_str::<Value>(text).map_or_else(|_| text.clone(), |value| scalar_text(&value))
        };
        let ids = keys().map(|key| key.iter().map(part).collect()).collect();
        let rows = Rows { ids, columns: Vec::new(), filter: None };
        match read_back(engine, request, shape, &rows, asks_for_all(input)).await {
            Ok(body) => return Ok(answered(Response::whole(body))),
            // It is written: an error would say that it is not.
            Err(error) => tracing::warn!(%error.message, "written, but not read back"),
        }
    }
    let mut objects: Vec<Value> = keys().map(|key| key_object(&written.key, key)).collect();
    Ok(answered(match (shape.single, shape.wrap) {
        (true, _) => Response::json(&objects.pop().unwrap_or_default()),
        (false, true) => Response::json(&json!({"resource": objects})),
        (false, false) => Response::json(&Value::Array(objects)),
    }))
}

/// Rows by identifier, as a read would show them; `all` their fields where none are named.
async fn read_back(
    engine: &Engine,
    request: &Request<'_>,
    shape: &ReadRequest,
    rows: &Rows,
    all: bool,
) -> Result<Vec<u8>, ApiError> {
    let read = shown(shape, rows, all);
    let found = engine.read(&read).await?;
    encode::read(&ReadRequest { read, ..parse::bare(shape) }, &found, request.request_id)
}

/// The read that shows rows by identifier.
fn shown(shape: &ReadRequest, rows: &Rows, all: bool) -> Read {
    let columns = shape.read.ids.iter().flat_map(|ids| &ids.columns).cloned();
    let columns: Vec<FieldQuery> = columns.map(FieldQuery::Column).collect();
    let fields = match &shape.read.selection.fields {
        // Identified by other columns, a row is answered by these.
        None if !columns.is_empty() && shape.read.selection.embeds.is_empty() && !all => Some(columns),
        fields => fields.clone(),
    };
    let selection =
        Selection { fields, filter: None, order: Vec::new(), limit: None, offset: 0, ..shape.read.selection.clone() };
    let ids = Ids { ids: rows.ids.clone(), columns: rows.columns.clone(), table_order: false };
    Read { selection, ids: Some(ids), count: Count::AsNeeded, ..shape.read.clone() }
}

fn key_object(names: &[String], key: &[String]) -> Value {
    let value = |text: &String| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str()));
    Value::Object(names.iter().cloned().zip(key.iter().map(value)).collect::<Map<_, _>>())
}

/// A record that failed: its own error by path, else DreamFactory's batch error.
fn batch_error(
    request: &Request<'_>,
    input: &WriteInput<'_>,
    written: &Written,
    shape: &ReadRequest,
) -> Option<ApiError> {
    let mut failed: Vec<usize> = Vec::new();
    let mut entries: Vec<Value> = Vec::new();
    for (at, outcome) in written.outcomes.iter().enumerate() {
        match outcome {
            Ok(Some(key)) => entries.push(key_object(&written.key, key)),
            Ok(None) => entries.push(Value::Null),
            Err(error) => {
                if shape.single {
                    return Some(error.clone().into());
                }
                failed.push(at);
                entries.push(ApiError::of_record(error.clone(), at).object(request.request_id));
            }
        }
    }
    if failed.is_empty() {
        return None;
    }
    let done = match *input.verb {
        Method::POST => "created",
        Method::DELETE => "deleted",
        _ => "updated",
    };
    let undone = match (input.flag("dry_run"), shape.rollback) {
        (true, _) => " Nothing was changed.",
        (false, true) => " All changes rolled back.",
        (false, false) => "",
    };
    let code = failed
        .first()
        .and_then(|at| written.outcomes[*at].as_ref().err())
        .map_or(Code::InvalidRequest, crate::error::Coded::code);
    let mut error = ApiError::new(code, format!("Batch Error: Not all requested records could be {done}.{undone}"))
        .fact("error", failed)
        .fact("resource", entries);
    error.status = Some(StatusCode::BAD_REQUEST);
    error.batch = true;
    Some(error)
}
