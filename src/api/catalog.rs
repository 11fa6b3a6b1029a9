//! The map: every table, key and relationship as JSON, with the names that each frontend has for them. For the console, and for
//! whoever draws a picture or writes a client.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::api::graphql::{Schema, TableNames};
use crate::catalog::{ForeignKey, Kind, Relationship, Side, SideColumn, Table, TableId};
use crate::config::SourceKind;
use crate::engine::Snapshot;
use crate::engine::declared::{declared_at, declared_many, entry_of, side_name};
use crate::value::{Column, Type};

/// Columns that tell people which row it is, the best first.
const LABELS: [&str; 12] = [
    "label",
    "name",
    "title",
    "full_name",
    "display_name",
    "username",
    "last_name",
    "email",
    "subject",
    "code",
    "sku",
    "description",
];

/// The whole map of a version. `schema` is GraphQL's, where one could be made.
pub fn catalog(live: &Snapshot, schema: Option<&Schema>) -> Value {
    let sources: Vec<Value> = live.config.sources.values().map(|source| self::source(live, source)).collect();
    let tables = live.catalog.source_names().flat_map(|source| live.catalog.tables_of(source));
    let entries: HashSet<String> = live.entries().iter().map(|entry| entry_of(entry.kind, entry.number)).collect();
    let tables: Vec<Value> = tables.map(|id| table(live, id, schema)).collect();
    let keys = live.catalog.keys.iter().filter_map(|of| {
        let mut key = key(live, of)?;
        // One that is written in another form than entries have is changed in the file alone.
        if key["entry"].as_str().is_some_and(|entry| !entries.contains(entry)) {
            key["entry"] = Value::Null;
        }
        Some(key)
    });
    let keys: Vec<Value> = keys.collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"), "revision": live.number.to_string(),
        "sources": sources, "tables": tables, "keys": keys,
    })
}

/// A source and whether it answers.
pub fn source(live: &Snapshot, source: &crate::config::Source) -> Value {
    let state = live.standing(&source.name);
    json!({"name": source.name.as_str(), "kind": kind(source.kind), "state": state, "read_only": source.read_only})
}

fn kind(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Postgres => "postgres",
        SourceKind::Mysql => "mysql",
        SourceKind::Sqlite => "sqlite",
    }
}

fn table(live: &Snapshot, id: TableId, schema: Option<&Schema>) -> Value {
    let entry = live.catalog.entry(id);
    let table = &entry.table;
    let names = schema.and_then(|schema| schema.names(id, table));
    let columns: Vec<Value> = (0..table.columns.len()).map(|at| column(table, at, names.as_ref())).collect();
    let relationships: Vec<Value> =
        entry.relationships.iter().map(|of| relationship(live, table, of, names.as_ref())).collect();
    let column_names = |columns: &[usize]| columns.iter().map(|at| &*table.columns[*at].name).collect::<Vec<_>>();
    let read_only = table.is_view || live.catalog.source(table.name.source.as_str()).is_none_or(|of| of.read_only);
    let unique: Vec<_> = table.uniques.iter().map(|columns| column_names(columns)).collect();
    json!({
        "id": table.name.to_string(), "source": table.name.source.as_str(), "name": table.name.table.printed(),
        "view": table.is_view, "read_only": read_only, "rows": table.rows.0,
        "primary_key": column_names(&table.primary_key), "unique": unique,
        "label": label(table).map(|at| &*table.columns[at].name),
        "columns": columns, "relationships": relationships,
        "graphql": names.map(|names| json!({
            "type": names.type_name, "list": names.list, "by_pk": names.by_key, "connection": names.connection,
            "aggregate": names.aggregate,
        })),
    })
}

/// The column by which people know a row: one that is called so, else the first text that is no key.
fn label(table: &Table) -> Option<usize> {
    let text = |at: &usize| matches!(table.columns[*at].ty, Type::Text { .. });
    let called = LABELS.iter().find_map(|name| table.column(name).filter(text));
    let plain = || (0..table.columns.len()).find(|at| text(at) && !table.primary_key.contains(at));
    called.or_else(plain)
}

fn column(table: &Table, at: usize, names: Option<&TableNames>) -> Value {
    let column = &table.columns[at];
    let values = if let Type::Enum(labels) = &column.ty { json!(labels) } else { Value::Null };
    json!({
        "name": &*column.name, "type": type_of(column), "db_type": &*column.native, "values": values,
        "nullable": column.nullable, "has_default": column.default.is_some() || column.auto_increment,
        "generated": column.generated, "indexed": table.is_indexed(&[at]),
        "graphql": names.and_then(|names| names.columns.get(&at)).map(|of| json!({"field": of.field, "documents": of.documents})),
    })
}

fn type_of(column: &Column) -> &'static str {
    match &column.ty {
        Type::Bool => "boolean",
        Type::Int { bits: 64, .. } => "bigint",
        Type::Int { .. } | Type::Year => "integer",
        Type::Decimal { .. } => "decimal",
        // SQLite keeps what it is given; the declaration tells what is meant.
        Type::Loose if is_decimal(&column.native) => "decimal",
        Type::Float { .. } => "float",
        Type::Text { .. } | Type::Set => "text",
        Type::Uuid => "uuid",
        Type::Bytes { .. } => "bytes",
        Type::Date => "date",
        Type::Time => "time",
        Type::Local { .. } => "datetime",
        Type::Instant { .. } => "timestamp",
        Type::Json | Type::Structured => "json",
        Type::Enum(_) => "enum",
        Type::Bit { .. } | Type::Loose | Type::Other => "other",
    }
}

fn is_decimal(native: &str) -> bool {
    ["decimal", "numeric"]
        .iter()
        .any(|name| native.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
}

fn relationship(live: &Snapshot, table: &Table, of: &Relationship, names: Option<&TableNames>) -> Value {
    let target = &live.catalog.entry(of.target).table;
    let far = of.through.as_ref().map_or(&of.hop.to, |through| &through.hop.to);
    let through = of.through.as_ref().map(|through| {
        let entry = declared_many(live, table, of).and_then(|(many, _)| many_entry(live, many));
        let junction = &live.catalog.entry(through.table).table.name;
        json!({"table": junction.to_string(), "key": key_id(&through.key), "entry": entry})
    });
    let called = names.and_then(|names| names.related.get(&of.name));
    json!({
        "name": &*of.name, "kind": of.kind.as_str(), "many": of.many, "target": target.name.to_string(),
        "columns": sides(table, &of.hop.from), "target_columns": sides(target, far),
        "key": key_id(&of.key), "through": through,
        "graphql": called.map(|of| json!({"field": of.field, "connection": of.connection, "aggregate": of.aggregate})),
    })
}

fn many_entry(live: &Snapshot, many: &crate::config::ManyMany) -> Option<String> {
    let at = live.config.many_many.iter().position(|of| std::ptr::eq(of, many))?;
    Some(entry_of("many_many", at))
}

/// A key; none of one that no relationship follows.
pub fn key(live: &Snapshot, key: &Arc<ForeignKey>) -> Option<Value> {
    let own = |id: TableId, wanted: bool| {
        let follows = |of: &&Arc<Relationship>| {
            Arc::ptr_eq(&of.key, key) && of.through.is_none() && (of.kind == Kind::BelongsTo) == wanted
        };
        live.catalog.entry(id).relationships.iter().find(follows).map(|of| of.name.clone())
    };
    let name = own(key.referencing.table, true)?;
    let inverse = own(key.referenced.table, false);
    let table = &live.catalog.entry(key.referencing.table).table;
    let when: Map<String, Value> = key
        .when
        .iter()
        .map(|when| {
            let value = serde_json::from_slice(&when.json).unwrap_or(Value::Null);
            (table.columns[when.column].name.to_string(), value)
        })
        .collect();
    let entry = declared_at(live, key);
    let classes: Vec<&str> = key.classes.iter().map(|class| class.as_str()).collect();
    Some(json!({
        "id": key_id(key), "name": &*name, "inverse": inverse.as_deref(), "virtual": key.is_virtual,
        "referencing": side(live, &key.referencing), "referenced": side(live, &key.referenced),
        "class": classes, "when": when, "unique": if key.unique_assumed { "assumed" } else { "declared" },
        "on_delete": key.on_delete, "on_update": key.on_update, "enforce": key.enforce,
        "entry": entry.filter(|_| key.is_virtual).map(|at| entry_of("foreign_key", at)),
    }))
}

/// How a key is called from outside.
pub fn key_id(key: &ForeignKey) -> String {
    format!("{:016x}", key.id)
}

fn side(live: &Snapshot, side: &Side) -> Value {
    let table = &live.catalog.entry(side.table).table;
    json!({"table": table.name.to_string(), "columns": sides(table, &side.columns)})
}

fn sides(table: &Table, sides: &[SideColumn]) -> Vec<String> {
    sides.iter().map(|side| side_name(table, side)).collect()
}
