//! Parameters of a read, from the query string and from a tunnelled body, to a query.

use std::collections::HashSet;

use serde_json::Value;

use crate::api::error::ApiError;
use crate::api::rest::clauses::{fields, filter, key_fields, order};
use crate::api::rest::options::{Options, ReadInput, check_known, placeholders, scalar_text};
use crate::api::rest::related::{Tree, is_expand};
use crate::api::rest::values::{self, boolean, identifiers};
use crate::catalog::Table;
use crate::query::{Count, FieldQuery, Ids, Read, Selection};

/// A read, and how its answer is dressed.
#[derive(Debug)]
pub struct ReadRequest {
    /// What is read.
    pub read: Read,
    /// One bare record, by the identifier in the path.
    pub single: bool,
    /// Scalars instead of objects: of these columns.
    pub as_list: Option<Vec<String>>,
    /// The list stands under `resource`.
    pub wrap: bool,
    /// The table's definition goes along.
    pub include_schema: bool,
    /// Missing identifiers do not stop the others.
    pub go_on: bool,
    /// What fails undoes the others, in a write.
    pub rollback: bool,
    /// Name of an attachment.
    pub file: Option<String>,
    /// Not the rows, but how they are found.
    pub explain: Option<Explain>,
}

/// The same dress for another read: of the rows that were written.
pub fn bare(request: &ReadRequest) -> ReadRequest {
    ReadRequest {
        read: request.read.clone(),
        single: request.single,
        as_list: None,
        wrap: request.wrap,
        include_schema: false,
        go_on: false,
        rollback: false,
        file: None,
        explain: None,
    }
}

/// How a read is explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Explain {
    /// As it is planned.
    Plan,
    /// Run, with what it really cost.
    Analyze,
}

fn explain(text: &str) -> Result<Option<Explain>, ApiError> {
    if text.eq_ignore_ascii_case("analyze") {
        return Ok(Some(Explain::Analyze));
    }
    match boolean("explain", text) {
        Ok(wanted) => Ok(wanted.then_some(Explain::Plan)),
        Err(error) => Err(error.hint("use `true`, or `analyze` to run it as well")),
    }
}

/// Reads all of it.
pub fn read(input: &ReadInput<'_>) -> Result<ReadRequest, ApiError> {
    let table = &input.catalog.entry(input.table).table;
    let options = Options::collect(input)?;
    let placeholders = placeholders(input)?;
    let mut selection = Selection {
        filter: match options.text("filter") {
            Some(text) => filter(&text, &placeholders, "filter")?,
            None => None,
        },
        order: match options.text("order") {
            Some(text) => order(&text)?,
            None => Vec::new(),
        },
        limit: options.number("limit")?,
        offset: options.number("offset")?.unwrap_or(0),
        ..Selection::default()
    };
    let mut id_columns = options.text("id_field").map(|text| values::list(&text)).unwrap_or_default();
    let mut seen = HashSet::new();
    id_columns.retain(|name| seen.insert(name.to_lowercase()));
    selection.fields = match options.text("fields") {
        None => None,
        Some(text) => match fields(&text)? {
            Some(fields) if fields.is_empty() && id_columns.is_empty() => Some(key_fields(table)),
            Some(fields) if fields.is_empty() => Some(id_columns.iter().cloned().map(FieldQuery::Column).collect()),
            fields => fields,
        },
    };
    let as_list = as_list(&options, table, &id_columns, &mut selection)?;
    let mut tree = match options.query("related") {
        Some(text) => Tree::parse(input.catalog, input.table, text, input.depth)?,
        None => Tree::default(),
    };
    if let Some(text) = options.query("expand") {
        tree.expand(input.catalog, input.table, text)?;
    }
    // What is expanded may have options of its own, wherever these stand.
    let (expanding, others): (Vec<_>, Vec<_>) = input.params.iter().partition(|(name, _)| is_expand(name));
    for (name, value) in expanding.into_iter().chain(others) {
        if !tree.option(input.catalog, input.table, name, value, &placeholders)? {
            check_known(name, value)?;
        }
    }
    selection.embeds = tree.embeds();
    if as_list.is_some() && !selection.embeds.is_empty() {
        return Err(ApiError::invalid("as_list lists plain values, which have no related rows")
            .hint("leave out `related`, or `as_list`"));
    }

    let go_on = options.flag("continue")?;
    if go_on && options.flag("rollback")? {
        return Err(ApiError::invalid("Rollback and continue operations can not be requested at the same time."));
    }
    if let Some(name) = id_columns.iter().find(|name| table.column(name).is_none()) {
        return Err(ApiError::invalid("Identifying field(s) could not be determined.")
            .hint(format!("{} has no field `{name}`", table.name)));
    }
    let ids = ids(input, &options, table, id_columns, go_on)?;
    let count = match (options.flag("count_only")?, options.flag("include_count")?) {
        (true, _) => Count::Only,
        (false, true) => Count::Include,
        _ => Count::AsNeeded,
    };
    Ok(ReadRequest {
        single: input.id.is_some(),
        as_list,
        wrap: options.query("wrap").map_or(Ok(true), |text| boolean("wrap", text))?,
        explain: options.query("explain").map_or(Ok(None), explain)?,
        include_schema: options.flag("include_schema")?,
        go_on,
        rollback: options.flag("rollback")?,
        file: options.query("file").filter(|file| boolean("file", file).unwrap_or(true)).map(str::to_owned),
        read: Read {
            source: input.source.to_owned(),
            table: table.name.table.printed(),
            ids,
            selection,
            group: options.text("group").map(|text| values::list(&text)).unwrap_or_default(),
            count,
            stream: false,
            bypass_cache: options.flag("refresh")?,
        },
    })
}

/// How many parts an identifier has.
fn parts_of_id(table: &Table, columns: &[String]) -> usize {
    if columns.is_empty() { table.primary_key.len() } else { columns.len() }
}

/// The identifier in a path.
pub fn one_id(table: &Table, columns: Vec<String>, id: &str) -> Ids {
    let wanted = parts_of_id(table, &columns);
    let parts = if wanted > 1 { id.splitn(wanted, ',').map(str::to_owned).collect() } else { vec![id.to_owned()] };
    Ids { ids: vec![parts], columns, table_order: false }
}

fn ids(
    input: &ReadInput<'_>,
    options: &Options<'_>,
    table: &Table,
    columns: Vec<String>,
    go_on: bool,
) -> Result<Option<Ids>, ApiError> {
    if let Some(id) = input.id {
        return Ok(Some(one_id(table, columns, id)));
    }
    if let Some(body) = input.body {
        if body.get("resource").is_some_and(|records| !records.is_array()) {
            return Err(ApiError::invalid("No record(s) detected in request.")
                .hint("`resource` is an array of records, as in {\"resource\": [{\"id\": 1}]}"));
        }
        if body.get("ids").and_then(Value::as_array).is_some_and(|ids| ids.iter().any(Value::is_null)) {
            return Err(ApiError::invalid("`ids` holds null, which identifies no record"));
        }
    }
    let listed = input
        .body
        .and_then(|body| body.get("ids"))
        .and_then(Value::as_array)
        .filter(|_| options.query("ids").is_none());
    if let Some(items) = listed {
        if items.is_empty() {
            return Err(no_identifier());
        }
        let ids = items.iter().map(|item| match item {
            Value::Array(parts) => parts.iter().map(scalar_text).collect(),
            item => vec![scalar_text(item)],
        });
        return Ok(Some(Ids { ids: ids.collect(), columns, table_order: go_on }));
    }
    if let Some(text) = options.text("ids") {
        let ids = identifiers(&text);
        if ids.is_empty() {
            return Err(no_identifier());
        }
        return Ok(Some(Ids { ids, columns, table_order: go_on }));
    }
    let Some(body) = input.body else {
        return Ok(None);
    };
    let records = body.get("resource").unwrap_or(body);
    let Value::Array(records) = records else {
        return Ok(None);
    };
    let names: Vec<String> = match columns.is_empty() {
        true => table.primary_key.iter().map(|at| table.columns[*at].name.to_string()).collect(),
        false => columns.clone(),
    };
    let mut ids = Vec::new();
    for (at, record) in records.iter().enumerate() {
        let part = |name: &String| {
            record
                .as_object()
                .and_then(|record| record.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)))
                .filter(|(_, value)| !value.is_null())
                .map(|(_, value)| scalar_text(value))
        };
        let id: Option<Vec<String>> = names.iter().map(part).collect();
        ids.push(id.filter(|id| !id.is_empty()).ok_or_else(|| {
            ApiError::invalid(format!("Required id field(s) not found in record {at}: {}", names.join(", ")))
        })?);
    }
    if ids.is_empty() {
        return Err(ApiError::invalid("No record(s) detected in request.")
            .hint("send {\"resource\": [{\"id\": 1}]}, ids, or a filter"));
    }
    Ok(Some(Ids { ids, columns, table_order: go_on }))
}

fn no_identifier() -> ApiError {
    ApiError::invalid("`ids` names no identifier").hint("leave it out to read all rows")
}

/// `as_list`: the columns whose values are listed; they become the only fields.
fn as_list(
    options: &Options<'_>,
    table: &Table,
    id_columns: &[String],
    selection: &mut Selection,
) -> Result<Option<Vec<String>>, ApiError> {
    if !options.flag("as_list")? {
        return Ok(None);
    }
    let columns: Vec<String> = if !id_columns.is_empty() {
        id_columns.to_vec()
    } else if table.column("name").is_some() {
        vec!["name".to_owned()]
    } else {
        table.primary_key.iter().map(|at| table.columns[*at].name.to_string()).collect()
    };
    if columns.is_empty() {
        return Err(ApiError::invalid(
            "as_list needs id_field: the table has neither a primary key nor a column `name`",
        ));
    }
    selection.fields = Some(columns.iter().cloned().map(FieldQuery::Column).collect());
    Ok(Some(columns))
}
