//! `_schema/{table}/_related`: relationships are made, changed and removed, as definitions in the key file. One definition gives
//! both directions.

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value, json};

use crate::api::error::ApiError;
use crate::api::refused::refused;
use crate::api::rest::request::Response;
use crate::api::rest::schema;
use crate::catalog::lookup::Found;
use crate::catalog::{Kind, Relationship, Table, TableId};
use crate::config::edit::{Edit, Members, Said};
use crate::engine::declared::{declared, declared_many};
use crate::engine::edit::{Rename, renamed};
use crate::engine::keys::{FOREIGN_KEY as KEY, MANY_MANY as MANY};
use crate::engine::{Engine, Snapshot};
use crate::error::Code;
use crate::name::{closest, quoted};

type Object = Map<String, Value>;

/// What is asked of `_related`.
pub struct Asked<'a> {
    /// The verb that is meant.
    pub verb: &'a Method,
    /// The version that answers.
    pub snapshot: &'a Arc<Snapshot>,
    /// The table.
    pub table: TableId,
    /// The relationship in the path.
    pub name: Option<&'a str>,
    /// The decoded query string.
    pub params: &'a [(String, String)],
    /// The body.
    pub body: Option<Value>,
}

/// Answers a write of definitions.
pub async fn answer(engine: &Arc<Engine>, asked: &Asked<'_>) -> Result<Response, ApiError> {
    let live = asked.snapshot;
    let entry = live.catalog.entry(asked.table);
    let before: Vec<Arc<str>> = entry.relationships.iter().map(|of| of.default_name.clone()).collect();
    let objects = objects(asked)?;
    let mut edits = Vec::new();
    for object in &objects {
        let name = asked.name.or_else(|| text(object, "name")).or_else(|| text(object, "alias"));
        let known = name.and_then(|name| entry.relationship(name));
        match (asked.verb, known) {
            (&Method::DELETE, _) => edits.push(removed(live, &entry.table, name.unwrap_or_default())?),
            (&Method::POST, _) | (_, None) if asked.name.is_none() || *asked.verb == Method::POST => {
                edits.extend(added(live, &entry.table, asked.name, object)?);
            }
            (_, Some(Found::Relationship(relationship))) => {
                edits.push(changed(live, &entry.table, relationship, object)?);
            }
            _ => return Err(unknown(live, asked.table, name.unwrap_or_default())),
        }
    }
    let names: Vec<String> = objects
        .iter()
        .filter_map(|object| asked.name.or_else(|| text(object, "name")).or_else(|| text(object, "alias")))
        .map(str::to_owned)
        .collect();
    engine.edit(live, edits, None).await.map_err(refused)?;
    if *asked.verb == Method::DELETE {
        return Ok(Response::json(&json!({"success": true})));
    }
    // What is there now and was not before, or what was named.
    let live = engine.snapshot();
    let table = &entry.table.name;
    let Some(id) = live.catalog.table(table.source.as_str(), &table.table.printed()) else {
        return Ok(Response::json(&json!({"success": true})));
    };
    let entry = live.catalog.entry(id);
    let is_meant = |of: &&Arc<Relationship>| {
        let named = |name: &String| name.eq_ignore_ascii_case(&of.name) || name.eq_ignore_ascii_case(&of.default_name);
        !before.contains(&of.default_name) || names.iter().any(named)
    };
    let shown = entry.relationships.iter().filter(is_meant).map(|of| schema::relation(&live, &entry.table, of));
    let shown: Vec<Value> = shown.collect();
    Ok(Response::json(&match (asked.name, shown.first()) {
        (Some(_), Some(one)) => one.clone(),
        _ => json!({"resource": shown}),
    }))
}

/// Gives a table, or one of its fields, another name: in the database, and in every key that names it.
pub async fn rename(engine: &Arc<Engine>, asked: &Asked<'_>, field: Option<&str>) -> Result<Response, ApiError> {
    let live = asked.snapshot;
    let table = live.catalog.entry(asked.table).table.clone();
    let to = asked.body.as_ref().and_then(|body| body.get("to")).and_then(Value::as_str).unwrap_or_default().trim();
    if to.is_empty() || to.len() > LONGEST_NAME || to.contains('\0') {
        return Err(ApiError::invalid(format!("the new name has 1 to {LONGEST_NAME} bytes"))
            .hint("send {\"to\": \"new_name\"}"));
    }
    let column = field.map(|field| schema::find_field(&table, field)).transpose()?;
    let column = column.map(|at| table.columns[at].name.to_string());
    let taken = match &column {
        Some(column) => table.column(to).is_some() && !column.eq_ignore_ascii_case(to),
        None => live.catalog.table(table.name.source.as_str(), to).is_some(),
    };
    if taken {
        return Err(
            ApiError::new(Code::UniqueViolation, format!("there is a `{to}` already")).hint("choose another name")
        );
    }
    let open = live.sources.get(&table.name.source);
    let Some(source) = open.filter(|source| !source.config.read_only) else {
        return Err(ApiError::new(Code::ReadOnly, format!("source `{}` is read-only", table.name.source)));
    };
    if column.is_none() && !source.config.serves(to) {
        return Err(ApiError::invalid(format!("a table `{to}` would not be served"))
            .hint(format!("`tables` of source `{}` leaves it out", table.name.source)));
    }
    let edits = renamed(live, &table.name, column.as_deref(), to)
        .map_err(|why| ApiError::invalid(why).hint("rename it by hand, in the database and in the file"))?;
    let rename =
        Rename { source: source.clone(), table: table.name.table.clone(), column: column.clone(), to: to.to_owned() };
    engine.edit(live, edits, Some(rename)).await.map_err(refused)?;
    let live = engine.snapshot();
    let mut name = table.name.table.clone();
    if column.is_none() {
        name.name = to.into();
    }
    let id = live.catalog.table(table.name.source.as_str(), &name.printed());
    Ok(Response::json(&match (id, column) {
        (Some(id), None) => schema::table(&live, id),
        (Some(id), Some(_)) => schema::field(&live, id, schema::find_field(&live.catalog.entry(id).table, to)?),
        (None, _) => json!({"success": true}),
    }))
}

/// The longest name that all databases take, in bytes.
const LONGEST_NAME: usize = 63;

/// The definitions of the body, or those that `ids` names.
fn objects(asked: &Asked<'_>) -> Result<Vec<Object>, ApiError> {
    let none = || {
        ApiError::invalid("No data in schema create request.")
            .hint("send {\"resource\": [{\"type\": \"belongs_to\", \"field\": …, \"ref_table\": …, \"ref_field\": …}]}")
    };
    let object = |value: &Value| value.as_object().cloned().ok_or_else(none);
    if *asked.verb == Method::DELETE {
        if asked.name.is_some() {
            return Ok(vec![Object::new()]);
        }
        if let Some((_, ids)) = asked.params.iter().find(|(name, _)| name == "ids") {
            let named = |name: &str| Object::from_iter([("name".to_owned(), Value::from(name.trim()))]);
            return Ok(ids.split(',').map(named).collect());
        }
    }
    let body = asked.body.as_ref().ok_or_else(none)?;
    let listed = body.get("resource").or_else(|| body.get("related"));
    match listed.unwrap_or(body) {
        Value::Array(items) if !items.is_empty() => items.iter().map(object).collect(),
        Value::Object(one) if listed.is_none() && asked.name.is_some() => Ok(vec![one.clone()]),
        _ => Err(none()),
    }
}

fn text<'o>(object: &'o Object, name: &str) -> Option<&'o str> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn unknown(live: &Snapshot, table: TableId, name: &str) -> ApiError {
    ApiError::new(Code::UnknownRelationship, format!("Invalid relationship '{name}' requested."))
        .closest(closest(name, live.catalog.entry(table).relationship_names()))
}

/// The source that a definition names, or the table's own.
fn source_of(live: &Snapshot, object: &Object, table: &Table, prefix: &str) -> Result<String, ApiError> {
    if let Some(name) = text(object, &format!("{prefix}service")) {
        let name = name.to_lowercase();
        return match live.catalog.source(&name) {
            Some(_) => Ok(name),
            None => Err(ApiError::new(Code::UnknownSource, format!("Could not find a service for {name}."))
                .closest(closest(&name, live.catalog.source_names()))),
        };
    }
    let number = match object.get(&format!("{prefix}service_id")) {
        None | Some(Value::Null) => return Ok(table.name.source.to_string()),
        Some(Value::String(text)) => text.parse::<usize>().ok(),
        Some(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
    };
    let name = number.and_then(|number| live.config.sources.get_index(number.checked_sub(1)?)).map(|(name, _)| name);
    name.map(ToString::to_string).ok_or_else(|| {
        ApiError::new(Code::UnknownSource, format!("`{prefix}service_id` is the number of no service"))
            .hint(format!("/api/v2 lists them; `{prefix}service` takes a name"))
    })
}

/// Columns as the key file writes them: the names of a composite key are joined by commas.
fn paths(table: &str, fields: &str) -> Vec<String> {
    let quote = |field: &str| match field.split_once(['.', '[']) {
        // A path into a document stands as it is.
        Some(_) => field.to_owned(),
        None => quoted(field).to_string(),
    };
    fields.split(',').map(|field| format!("{table}.{}", quote(field.trim()))).collect()
}

/// A table as the key file writes it.
fn table_path(live: &Snapshot, source: &str, name: &str) -> String {
    let known = live.catalog.table(source, name).map(|id| live.catalog.entry(id).table.name.to_string());
    known.unwrap_or_else(|| format!("{source}.{}", quoted(name)))
}

fn given<'o>(object: &'o Object, name: &str) -> Result<&'o str, ApiError> {
    text(object, name).ok_or_else(|| {
        ApiError::invalid(format!("Invalid schema detected - invalid or missing {name} element."))
            .hint("a definition has type, field, ref_table and ref_field; ref_service where that is another source")
    })
}

/// The action that a word names, in DreamFactory's spelling or the key file's.
fn action(object: &Object, name: &str) -> Result<Option<String>, ApiError> {
    let Some(word) = text(object, name) else { return Ok(None) };
    let plain = word.trim().to_lowercase().replace(' ', "_");
    match plain.as_str() {
        "restrict" | "cascade" | "set_null" | "no_action" => Ok(Some(plain)),
        _ => Err(ApiError::invalid(format!("`{word}` is no action of `{name}`"))
            .hint("restrict, cascade, set_null or no_action")),
    }
}

fn one(text: impl Into<String>) -> Option<Said> {
    Some(Said::One(text.into()))
}

fn actions(object: &Object, members: &mut Members) -> Result<(), ApiError> {
    for (given, member) in [("ref_on_delete", "on_delete"), ("ref_on_update", "on_update")] {
        if let Some(action) = action(object, given)? {
            members.push((member, one(action)));
        }
    }
    Ok(())
}

/// The entries of a new relationship.
fn added(live: &Snapshot, table: &Table, name: Option<&str>, object: &Object) -> Result<Vec<(usize, Edit)>, ApiError> {
    if object.get("is_virtual") == Some(&Value::Bool(false)) {
        return Err(ApiError::invalid("relationships that the database itself declares are made there")
            .hint("is_virtual: true makes one in the key file"));
    }
    let alias = text(object, "alias").or(name);
    let source = source_of(live, object, table, "ref_")?;
    let own = paths(&table.name.to_string(), given(object, "field")?);
    let far_table = table_path(live, &source, given(object, "ref_table")?);
    let far = paths(&far_table, given(object, "ref_field")?);
    let kind = given(object, "type")?;
    let (column, references, member) = match kind {
        "belongs_to" => (own, far, "name"),
        "has_many" | "has_one" => (far, own, "inverse"),
        "many_many" => return added_many(live, table, alias, object, (own, far)),
        _ => {
            return Err(ApiError::invalid("Invalid schema detected - invalid or missing type element.")
                .hint("belongs_to, has_many, has_one or many_many"));
        }
    };
    let mut members: Members = vec![("column", Some(column.into())), ("references", Some(references.into()))];
    members.extend(alias.map(|alias| (member, one(alias))));
    actions(object, &mut members)?;
    Ok(vec![(0, Edit::Add { kind: KEY, members })])
}

/// The entries of a relationship over a junction: its two keys, where they are not there yet, and its name.
fn added_many(
    live: &Snapshot,
    table: &Table,
    alias: Option<&str>,
    object: &Object,
    (own, far): (Vec<String>, Vec<String>),
) -> Result<Vec<(usize, Edit)>, ApiError> {
    let source = source_of(live, object, table, "junction_")?;
    let junction = table_path(live, &source, given(object, "junction_table")?);
    let near = paths(&junction, given(object, "junction_field")?);
    let other = paths(&junction, given(object, "junction_ref_field")?);
    let mut edits = Vec::new();
    for (column, references) in [(near, own), (other, far)] {
        let declared = live.catalog.keys.iter().any(|key| {
            let sides = [&key.referencing, &key.referenced];
            let sides = sides.map(|side| crate::engine::declared::side_paths(live, side));
            sides[0] == column && sides[1] == references
        });
        if !declared {
            let members = vec![("column", Some(column.into())), ("references", Some(references.into()))];
            edits.push((0, Edit::Add { kind: KEY, members }));
        }
    }
    let mut members: Members = vec![("table", one(table.name.to_string())), ("through", one(junction))];
    members.extend(alias.map(|alias| ("name", one(alias))));
    edits.push((0, Edit::Add { kind: MANY, members }));
    Ok(edits)
}

/// What changes of an entry.
fn changed(
    live: &Snapshot,
    table: &Table,
    relationship: &Relationship,
    object: &Object,
) -> Result<(usize, Edit), ApiError> {
    let alias = |member: &'static str, members: &mut Members| {
        if let Some(alias) = object.get("alias") {
            members.push((member, alias.as_str().filter(|alias| !alias.is_empty()).and_then(one)));
        }
    };
    let mut members = Members::new();
    if relationship.through.is_some() {
        let (many, turned) = declared_many(live, table, relationship).ok_or_else(|| not_ours(relationship))?;
        alias(if turned { "inverse" } else { "name" }, &mut members);
        return Ok((many.table_place.file, Edit::Change { kind: MANY, at: many.table_place.span.start, members }));
    }
    let key = declared(live, &relationship.key).ok_or_else(|| not_ours(relationship))?;
    let belongs = relationship.kind == Kind::BelongsTo;
    alias(if belongs { "name" } else { "inverse" }, &mut members);
    actions(object, &mut members)?;
    let (near, far) = if belongs { ("column", "references") } else { ("references", "column") };
    if let Some(field) = text(object, "field") {
        members.push((near, Some(paths(&table.name.to_string(), field).into())));
    }
    if let Some(field) = text(object, "ref_field") {
        let target = &live.catalog.entry(relationship.target).table;
        let far_table = match text(object, "ref_table") {
            Some(name) => {
                let named = object.contains_key("ref_service") || object.contains_key("ref_service_id");
                let source =
                    if named { source_of(live, object, table, "ref_")? } else { target.name.source.to_string() };
                table_path(live, &source, name)
            }
            None => target.name.to_string(),
        };
        members.push((far, Some(paths(&far_table, field).into())));
    }
    Ok((key.column_place.file, Edit::Change { kind: KEY, at: key.column_place.span.start, members }))
}

/// The entry that goes.
fn removed(live: &Snapshot, table: &Table, name: &str) -> Result<(usize, Edit), ApiError> {
    let id = live.catalog.table(table.name.source.as_str(), &table.name.table.printed());
    let found = id.and_then(|id| live.catalog.entry(id).relationship(name));
    let Some(Found::Relationship(relationship)) = found else {
        return Err(id.map_or_else(|| ApiError::invalid("no such table"), |id| unknown(live, id, name)));
    };
    if relationship.through.is_some() {
        let (many, _) = declared_many(live, table, relationship).ok_or_else(|| not_ours(relationship))?;
        return Ok((many.table_place.file, Edit::Remove { kind: MANY, at: many.table_place.span.start }));
    }
    let key = declared(live, &relationship.key).ok_or_else(|| not_ours(relationship))?;
    Ok((key.column_place.file, Edit::Remove { kind: KEY, at: key.column_place.span.start }))
}

fn not_ours(relationship: &Relationship) -> ApiError {
    let error = ApiError::invalid(format!("`{}` is not declared in the key file", relationship.name));
    match relationship.through {
        Some(_) => error.hint("it follows from the keys of its junction; a many_many entry names it"),
        None => error.hint("the database declares it; change it there"),
    }
}
