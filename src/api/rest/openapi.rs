//! The OpenAPI 3.1 document of all tables, or of one source's.

use serde_json::{Map, Value, json};

use crate::api::error::ApiError;
use crate::api::rest::{openapi_writes, schema};
use crate::catalog::{Entry, Relationship, TableId};
use crate::engine::Snapshot;
use crate::error::Code;
use crate::name::closest;
use crate::value::{Column, Type};

/// The document; of one source where one is named.
pub fn document(snapshot: &Snapshot, source: Option<&str>) -> Result<Value, ApiError> {
    if let Some(name) = source.filter(|name| snapshot.catalog.source(name).is_none()) {
        let error = ApiError::new(Code::UnknownSource, format!("Could not find a service for {name}."));
        return Err(error.closest(closest(name, snapshot.catalog.source_names())));
    }
    let sources: Vec<&str> = match source {
        Some(name) => vec![name],
        None => snapshot.catalog.source_names().collect(),
    };
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for source in &sources {
        for id in snapshot.catalog.tables_of(source) {
            add_table(snapshot, source, id, &mut paths);
        }
    }
    // Related rows may be of any source.
    for id in snapshot.catalog.source_names().flat_map(|source| snapshot.catalog.tables_of(source)) {
        schemas.insert(name_of(snapshot, id), table_schema(snapshot, id));
    }
    schemas.insert("Meta".into(), meta());
    schemas.insert("Error".into(), error());
    paths.insert("/".into(), json!({"get": operation("sources", "The sources", &[], json!({"type": "object"}), None)}));
    for source in &sources {
        let tables = json!({"type": "object", "properties": {"resource": {"type": "array"}}});
        let summary = format!("The tables of {source}");
        let operation = operation(&format!("{source}.tables"), &summary, &[source], tables, None);
        paths.insert(format!("/{source}/_table"), json!({"get": operation}));
    }
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Crosskey",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Tables of several databases, related by foreign keys that reach from one to another.",
        },
        "servers": [{"url": "/api/v2"}],
        "tags": sources.iter().map(|source| json!({"name": source})).collect::<Vec<_>>(),
        "paths": paths,
        "components": {"schemas": schemas, "responses": responses()},
    }))
}

/// `source.table`, in the characters that names of components may have.
fn name_of(snapshot: &Snapshot, id: TableId) -> String {
    let name = snapshot.catalog.entry(id).table.name.to_string();
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
    // Two names that differ in other characters alone are told apart by their place.
    if plain == name { plain } else { format!("{plain}.{}", id.0) }
}

fn reference(snapshot: &Snapshot, id: TableId) -> Value {
    json!({"$ref": format!("#/components/schemas/{}", name_of(snapshot, id))})
}

fn segment(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
        .to_string()
        .replace("%5F", "_")
        .replace("%2D", "-")
        .replace("%2E", ".")
}

fn add_table(snapshot: &Snapshot, source: &str, id: TableId, paths: &mut Map<String, Value>) {
    let entry = snapshot.catalog.entry(id);
    let printed = entry.table.name.table.printed();
    let path = format!("/{}/_table/{}", segment(source), segment(&printed));
    let name = format!("{source}.{printed}");
    let row = reference(snapshot, id);
    let list = json!({
        "type": "object",
        "properties": {"resource": {"type": "array", "items": row}, "meta": {"$ref": "#/components/schemas/Meta"}},
    });
    let lines = json!({
        "application/x-ndjson": {"schema": {"type": "string"}},
        "text/csv": {"schema": {"type": "string"}},
    });
    let mut listed = operation(&format!("{name}.list"), &format!("Records of {name}"), &[source], list, Some(lines));
    listed["parameters"] = Value::Array(list_parameters(entry));
    paths.insert(path.clone(), json!({"get": listed}));
    if entry.table.primary_key.is_empty() {
        return;
    }
    let mut one =
        operation(&format!("{name}.get"), &format!("A record of {name} by its identifier"), &[source], row, None);
    let columns: Vec<&str> = entry.table.primary_key.iter().map(|at| &*entry.table.columns[*at].name).collect();
    let mut parameters = vec![json!({
        "name": "id", "in": "path", "required": true, "schema": {"type": "string", "minLength": 1},
        "description": format!("The value of {}; several are joined by commas.", columns.join(", ")),
    })];
    parameters.extend(row_parameters(entry));
    one["parameters"] = Value::Array(parameters);
    paths.insert(format!("{path}/{{id}}"), json!({"get": one}));
    let takes_writes = snapshot.catalog.source(source).is_some_and(|source| !source.read_only);
    if takes_writes && !entry.table.is_view {
        openapi_writes::add(entry, source, &name, &path, &reference(snapshot, id), paths);
    }
}

pub(super) fn operation(id: &str, summary: &str, tags: &[&str], schema: Value, others: Option<Value>) -> Value {
    let mut content = json!({"application/json": {"schema": schema}});
    if let (Some(content), Some(Value::Object(others))) = (content.as_object_mut(), others) {
        content.extend(others);
    }
    let mut responses = Map::from_iter([
        (
            "200".to_owned(),
            json!({"description": "What was found.", "headers": {"ETag": {"schema": {"type": "string"}}}, "content": content}),
        ),
        ("304".to_owned(), json!({"description": "The client has it already, as its If-None-Match says."})),
    ]);
    for status in ["400", "403", "404", "413", "429", "500", "503", "504"] {
        responses.insert(status.to_owned(), json!({"$ref": "#/components/responses/Error"}));
    }
    json!({"operationId": id, "summary": summary, "tags": tags, "responses": responses})
}

fn responses() -> Value {
    json!({"Error": {
        "description": "What is wrong, and how to mend it.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }})
}

pub(super) fn query(name: &str, schema: Value, description: &str, example: Option<Value>) -> Value {
    let mut parameter = json!({"name": name, "in": "query", "schema": schema, "description": description});
    if let Some(example) = example {
        parameter["example"] = example;
    }
    parameter
}

/// What a list and a single record both take.
fn row_parameters(entry: &Entry) -> Vec<Value> {
    let text = || json!({"type": "string"});
    let names: Vec<&str> = entry.table.column_names().collect();
    let mut relationships: Vec<&str> = entry.relationships.iter().map(|relationship| &*relationship.name).collect();
    relationships.sort_unstable();
    relationships.dedup();
    let mut parameters = vec![query(
        "fields",
        text(),
        &format!("A comma list of fields: {}.", names.join(", ")),
        plain(&names).map(Value::from),
    )];
    if !relationships.is_empty() {
        let described = format!(
            "Related records to nest, a comma list of paths as in a.b; a.count() and the like give aggregates. Relationships: {}.",
            relationships.join(", ")
        );
        parameters.push(query("related", text(), &described, plain(&relationships).map(Value::from)));
    }
    let expandable: Vec<String> = entry
        .relationships
        .iter()
        .filter(|relationship| relationship.kind == crate::catalog::Kind::BelongsTo && relationship.hop.from.len() == 1)
        .map(|relationship| schema::shown(&entry.table, &relationship.hop.from[0]))
        .collect();
    if !expandable.is_empty() {
        let described = format!("Keys whose values become the records they refer to: {}.", expandable.join(", "));
        parameters.push(query("expand", text(), &described, None));
    }
    parameters
}

/// The first name that needs no quotes.
fn plain(names: &[&str]) -> Option<String> {
    let fits = |name: &&&str| name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
    names.iter().find(fits).map(|name| (*name).to_owned())
}

fn list_parameters(entry: &Entry) -> Vec<Value> {
    let names: Vec<&str> = entry.table.column_names().collect();
    let first = plain(&names);
    let flag = || json!({"type": "boolean"});
    let mut parameters = row_parameters(entry);
    parameters.push(query(
        "filter",
        json!({"type": "string"}),
        "Which records, as in (country = 'DE') and (customers.amount > 100).",
        first.as_ref().map(|name| format!("{name} is not null").into()),
    ));
    parameters.push(query(
        "order",
        json!({"type": "string"}),
        "A comma list of field [asc|desc] [nulls first|last].",
        first.map(|name| format!("{name} desc").into()),
    ));
    parameters.push(query("limit", json!({"type": "integer"}), "How many records at most.", Some(2.into())));
    parameters.push(query("offset", json!({"type": "integer"}), "How many records to skip.", None));
    parameters.push(query("include_count", flag(), "The number of records in meta.count.", None));
    if !entry.table.primary_key.is_empty() {
        parameters.push(query(
            "ids",
            json!({"type": "string"}),
            "A comma list of identifiers, instead of a filter.",
            None,
        ));
    }
    parameters
}

fn table_schema(snapshot: &Snapshot, id: TableId) -> Value {
    let entry = snapshot.catalog.entry(id);
    let mut properties = Map::new();
    for column in &entry.table.columns {
        properties.insert(column.name.to_string(), column_schema(column));
    }
    for relationship in &entry.relationships {
        for name in [&relationship.name, &relationship.default_name] {
            add_relationship(snapshot, relationship, name, &mut properties);
        }
    }
    json!({"type": "object", "title": entry.table.name.to_string(), "properties": properties})
}

/// A relationship's records, beside the column whose name it may have; only where `related` asks for them.
fn add_relationship(snapshot: &Snapshot, relationship: &Relationship, name: &str, properties: &mut Map<String, Value>) {
    let target = reference(snapshot, relationship.target);
    let related = match relationship.many {
        true => json!({"type": "array", "items": target}),
        false => json!({"anyOf": [target, {"type": "null"}]}),
    };
    match properties.get_mut(name) {
        None => {
            properties.insert(name.to_owned(), related);
        }
        Some(column) if column.get("anyOf").is_none() && column.get("items").is_none() => {
            *column = json!({"anyOf": [column.take(), related]});
        }
        Some(_) => {}
    }
}

fn column_schema(column: &Column) -> Value {
    let with = |ty: &str, more: Value| {
        let mut schema = json!({"type": if column.nullable { json!([ty, "null"]) } else { json!(ty) }});
        if let (Some(schema), Value::Object(more)) = (schema.as_object_mut(), more) {
            schema.extend(more);
        }
        schema
    };
    let mut schema = match &column.ty {
        Type::Int { bits, .. } => with("integer", json!({"format": if *bits > 32 { "int64" } else { "int32" }})),
        Type::Year => with("integer", json!({})),
        Type::Date => with("string", json!({})),
        Type::Text { .. } | Type::Uuid | Type::Bytes { .. } | Type::Instant { .. } | Type::Local { .. } => {
            with("string", json!({}))
        }
        // Numbers that JSON lacks are texts; a SQLite column may hold what it likes; documents are documents.
        _ => json!({}),
    };
    if let Some(object) = schema.as_object_mut() {
        object.insert("description".into(), (&*column.native).into());
    }
    schema
}

fn meta() -> Value {
    json!({"type": "object", "properties": {
        "count": {"type": "integer", "description": "Records that the filter keeps."},
        "next": {"type": "integer", "description": "The offset of the next page."},
        "partial": {"type": "array", "items": {"type": "object"}, "description": "Relationships that were answered without their database."},
        "schema": {"type": "object"},
    }})
}

fn error() -> Value {
    json!({"type": "object", "required": ["error"], "properties": {"error": {
        "type": "object",
        "required": ["code", "status_code", "message", "context"],
        "properties": {
            "code": {"type": "integer"},
            "status_code": {"type": "integer"},
            "message": {"type": "string"},
            "context": {"type": "object", "properties": {
                "reason": {"type": "string"},
                "hint": {"type": "string"},
                "position": {"type": "integer"},
                "request_id": {"type": "string"},
            }},
        },
    }}})
}
