//! `_schema` and `_table`: tables, fields and relationships as DreamFactory's clients know them.

use serde_json::{Value, json};

use crate::api::error::ApiError;
use crate::catalog::{ForeignKey, Relationship, SideColumn, Table, TableId};
use crate::engine::Snapshot;
use crate::error::Code;
use crate::name::closest;
use crate::value::{Column, Type};

/// A table's definition.
pub fn table(snapshot: &Snapshot, id: TableId) -> Value {
    let entry = snapshot.catalog.entry(id);
    let table = &entry.table;
    let fields: Vec<Value> = (0..table.columns.len()).map(|at| field(snapshot, id, at)).collect();
    let related: Vec<Value> =
        entry.relationships.iter().map(|relationship| relation(snapshot, table, relationship)).collect();
    let names: Vec<&str> = table.primary_key.iter().map(|at| &*table.columns[*at].name).collect();
    json!({
        "alias": null, "name": table.name.table.printed(), "label": label(&table.name.table.name), "description": null, "native": [],
        "plural": label(&table.name.table.name), "is_view": table.is_view, "primary_key": names,
        "name_field": name_field(table), "field": fields, "related": related, "constraints": constraints(snapshot, id), "access": 1
    })
}

/// A field's definition.
pub fn field(snapshot: &Snapshot, id: TableId, at: usize) -> Value {
    let table = &snapshot.catalog.entry(id).table;
    let column = &table.columns[at];
    let native_key = table.native_keys.iter().find(|key| key.columns == [at]);
    let (length, precision, scale) = sizes(column);
    json!({
        "alias": null, "name": &*column.name, "label": label(&column.name), "description": null, "native": [],
        "type": simple_type(table, at), "db_type": &*column.native, "length": length, "precision": precision, "scale": scale,
        "default": column.default.as_deref(), "required": !column.nullable && column.default.is_none() && !column.auto_increment && !column.generated,
        "allow_null": column.nullable, "fixed_length": matches!(column.ty, Type::Text { fixed: true, .. }),
        "supports_multibyte": matches!(column.ty, Type::Text { .. }), "auto_increment": column.auto_increment,
        "is_primary_key": table.primary_key.contains(&at), "is_unique": table.is_unique(&[at]), "is_index": table.is_indexed(&[at]),
        "is_foreign_key": native_key.is_some(),
        "ref_table": native_key.map(|key| key.references.table.name.to_string()),
        "ref_field": native_key.and_then(|key| key.referenced_columns.first()),
        "ref_on_update": native_key.map(|key| key.on_update.to_uppercase().replace('_', " ")),
        "ref_on_delete": native_key.map(|key| key.on_delete.to_uppercase().replace('_', " ")),
        "picklist": match &column.ty { Type::Enum(labels) => json!(labels), _ => Value::Null },
        "validation": null, "db_function": [], "is_virtual": false, "is_aggregate": false
    })
}

/// A relationship's definition.
pub fn relation(snapshot: &Snapshot, table: &Table, relationship: &Relationship) -> Value {
    let target = &snapshot.catalog.entry(relationship.target).table;
    let source_id = |name: &str| snapshot.config.sources.get_index_of(name).map(|at| at + 1);
    let columns =
        |of: &Table, sides: &[SideColumn]| sides.iter().map(|side| shown(of, side)).collect::<Vec<_>>().join(",");
    let alias = (relationship.name != relationship.default_name).then(|| relationship.name.to_string());
    let is_virtual =
        relationship.key.is_virtual || relationship.through.as_ref().is_some_and(|through| through.key.is_virtual);
    let mut object = json!({
        "alias": alias, "name": &*relationship.default_name, "label": label(&relationship.default_name), "description": null, "native": [],
        "type": relationship.kind.as_str(), "field": columns(table, &relationship.hop.from), "is_virtual": is_virtual,
        "ref_service_id": source_id(target.name.source.as_str()), "ref_service": target.name.source.as_str(), "ref_table": target.name.table.printed(),
        "ref_field": columns(target, relationship.through.as_ref().map_or(&relationship.hop.to, |through| &through.hop.to)),
        "ref_on_update": action(&relationship.key, false), "ref_on_delete": action(&relationship.key, true),
        "junction_service_id": null, "junction_table": null, "junction_field": null, "junction_ref_field": null,
        "always_fetch": false, "flatten": false, "flatten_drop_prefix": false
    });
    if let Some(through) = &relationship.through {
        let junction = &snapshot.catalog.entry(through.table).table;
        object["junction_service_id"] = source_id(junction.name.source.as_str()).into();
        object["junction_table"] = junction.name.table.printed().into();
        object["junction_field"] = columns(junction, &relationship.hop.to).into();
        object["junction_ref_field"] = columns(junction, &through.hop.from).into();
    }
    object
}

/// A field by name.
pub fn find_field(table: &Table, name: &str) -> Result<usize, ApiError> {
    table.column(name).ok_or_else(|| {
        ApiError::new(Code::NotFound, format!("Field '{name}' not found in table '{}'.", table.name.table.printed()))
            .closest(closest(name, table.column_names()))
    })
}

fn action(key: &ForeignKey, delete: bool) -> Value {
    let action = if delete { key.on_delete } else { key.on_update };
    serde_json::to_value(action).unwrap_or(Value::Null)
}

/// A side of a key as the key file writes it.
pub fn shown(table: &Table, side: &SideColumn) -> String {
    let mut text = table.columns[side.column].name.to_string();
    let _ = crate::name::write_path(&mut text, &side.path);
    text
}

fn name_field(table: &Table) -> Value {
    let text = |column: &Column| matches!(column.ty, Type::Text { .. });
    let named = ["name", "label", "title"].iter().find_map(|name| table.column(name));
    named.filter(|at| text(&table.columns[*at])).map_or(Value::Null, |at| (&*table.columns[at].name).into())
}

fn constraints(snapshot: &Snapshot, id: TableId) -> Value {
    let table = &snapshot.catalog.entry(id).table;
    let names = |columns: &[usize]| columns.iter().map(|at| table.columns[*at].name.to_string()).collect::<Vec<_>>();
    let keys = table.native_keys.iter().map(|key| {
        json!({"name": key.name, "type": "FOREIGN KEY", "columns": names(&key.columns), "ref_table": key.references.table.name.to_string(), "ref_columns": key.referenced_columns})
    });
    let uniques = table.uniques.iter().map(|columns| json!({"type": "UNIQUE", "columns": names(columns)}));
    keys.chain(uniques).collect()
}

fn sizes(column: &Column) -> (Option<u32>, Option<u16>, Option<u16>) {
    match &column.ty {
        Type::Text { length, .. } => (*length, None, None),
        Type::Bytes { fixed } => (*fixed, None, None),
        Type::Decimal { precision, scale } => (None, *precision, *scale),
        _ => (None, None, None),
    }
}

/// DreamFactory's simple type names.
fn simple_type(table: &Table, at: usize) -> &'static str {
    let column = &table.columns[at];
    match &column.ty {
        Type::Int { .. } if column.auto_increment && table.primary_key == [at] => "id",
        Type::Int { .. } if table.native_keys.iter().any(|key| key.columns == [at]) => "reference",
        Type::Int { bits: 64, .. } if !column.native.eq_ignore_ascii_case("integer") => "bigint",
        Type::Int { .. } | Type::Year => "integer",
        Type::Bool => "boolean",
        Type::Decimal { .. } | Type::Loose => "decimal",
        Type::Float { bits: 32 } => "float",
        Type::Float { .. } => "double",
        Type::Text { length: None, fixed: false } => "text",
        Type::Text { .. } | Type::Uuid | Type::Enum(_) | Type::Set | Type::Bit { .. } | Type::Other => "string",
        Type::Bytes { .. } => "binary",
        Type::Date => "date",
        Type::Time => "time",
        Type::Local { .. } => "datetime",
        Type::Instant { .. } => "timestamp",
        Type::Json | Type::Structured => "json",
    }
}

/// `first_name` → `First Name`.
fn label(name: &str) -> String {
    name.split(['_', '.', ' '])
        .filter(|word| !word.is_empty())
        .map(|word| {
            let mut chars = word.chars();
            chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
        })
        .collect::<Vec<_>>()
        .join(" ")
}
