//! Which entry of the key files declares which key, and how the files write a key's sides.

use std::collections::HashMap;

use crate::catalog::{ForeignKey, Relationship, Side, SideColumn, Table};
use crate::config::file::WhenValue;
use crate::config::{ColumnPath, ManyMany, VirtualKey};
use crate::engine::snapshot::Snapshot;
use crate::name::quoted;

/// How an entry of the key files is called: its kind, and its number among those of its kind.
pub fn entry_of(kind: &str, at: usize) -> String {
    format!("{kind}/{at}")
}

/// A side of a key as the key file writes it.
pub fn side_paths(live: &Snapshot, side: &Side) -> Vec<String> {
    let table = &live.catalog.entry(side.table).table;
    side.columns.iter().map(|column| path(table, column)).collect()
}

/// A column as the key file writes it.
pub fn path(table: &Table, side: &SideColumn) -> String {
    format!("{}.{}", table.name, side_name(table, side))
}

/// The same without its table.
pub fn side_name(table: &Table, side: &SideColumn) -> String {
    let mut text = quoted(&table.columns[side.column].name).to_string();
    // Writing to a text does not fail.
    let _ = crate::name::write_path(&mut text, &side.path);
    text
}

/// The entry of the key file that declares a key.
pub fn declared<'l>(live: &'l Snapshot, key: &ForeignKey) -> Option<&'l VirtualKey> {
    live.config.keys.get(declared_at(live, key)?)
}

/// Its number among the entries.
pub fn declared_at(live: &Snapshot, key: &ForeignKey) -> Option<usize> {
    live.declared.get_or_init(|| all_declared(live)).get(&key.id).copied()
}

/// For each key that the files declare, by its id, the number of its entry.
fn all_declared(live: &Snapshot) -> HashMap<u64, usize> {
    let sides = |columns: &[String], references: &[String]| {
        format!("{}\n\n{}", columns.join("\n"), references.join("\n")).to_ascii_lowercase()
    };
    let mut by_sides: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, key) in live.config.keys.iter().enumerate() {
        let printed = |paths: &[ColumnPath]| paths.iter().map(ToString::to_string).collect::<Vec<_>>();
        by_sides.entry(sides(&printed(&key.columns), &printed(&key.references))).or_default().push(at);
    }
    let found = live.catalog.keys.iter().filter(|key| key.is_virtual).filter_map(|key| {
        let written = sides(&side_paths(live, &key.referencing), &side_paths(live, &key.referenced));
        let at = by_sides.get(&written)?.iter().find(|at| has_conditions(live, key, &live.config.keys[**at]))?;
        Some((key.id, *at))
    });
    found.collect()
}

/// Whether a key has the conditions of an entry.
fn has_conditions(live: &Snapshot, key: &ForeignKey, declared: &VirtualKey) -> bool {
    let table = &live.catalog.entry(key.referencing.table).table;
    declared.when.len() == key.when.len()
        && declared.when.iter().all(|(name, value)| {
            let column = table.column(name);
            key.when.iter().any(|when| Some(when.column) == column && is_value(&when.json, value))
        })
}

/// Whether a cell's JSON is a fixed value of the key file.
fn is_value(json: &[u8], value: &WhenValue) -> bool {
    let text = crate::value::json::read_str(json).unwrap_or_else(|| String::from_utf8_lossy(json));
    match value {
        WhenValue::Bool(flag) => *text == flag.to_string() || *text == u8::from(*flag).to_string(),
        WhenValue::Int(number) => *text == number.to_string(),
        WhenValue::Text(wanted) => *text == **wanted,
    }
}

/// The entry that names a relationship over a junction, and whether the relationship is its other direction.
pub fn declared_many<'l>(
    live: &'l Snapshot,
    table: &Table,
    relationship: &Relationship,
) -> Option<(&'l ManyMany, bool)> {
    let junction = &live.catalog.entry(relationship.through.as_ref()?.table).table.name;
    let target = &live.catalog.entry(relationship.target).table.name;
    let through = || live.config.many_many.iter().filter(|many| many.through == *junction);
    let own = through().find(|many| many.table == table.name).map(|many| (many, false));
    own.or_else(|| through().find(|many| many.table == *target).map(|many| (many, true)))
}
