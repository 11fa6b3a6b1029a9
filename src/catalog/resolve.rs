//! Resolves the file's keys against the tables: columns exist, types can meet, the referenced side is unique.

use std::sync::Arc;

use crate::catalog::building::Building;
use crate::catalog::relationship::{ForeignKey, Side, SideColumn, When};
use crate::catalog::table::{Table, TableId};
use crate::config::file::WhenValue;
use crate::config::{Action, ColumnPath, Enforce, Fault, Place, VirtualKey};
use crate::name::{TableRef, closest};
use crate::value::class::derive;
use crate::value::{Column, Compare, KeyClass, Scalar, Type, json};

/// What became of a key of the file.
pub enum Resolved {
    /// Both sides are known.
    Key(Arc<ForeignKey>),
    /// A side's source could not be read; the other side, if known, is given with the missing source.
    Waiting,
    /// A fault was reported.
    Faulty,
}

/// Resolves one key; reports all that is wrong with it.
pub fn key(building: &mut Building, key: &VirtualKey) -> Resolved {
    let referencing = side(building, &key.columns, &key.column_place);
    let referenced = side(building, &key.references, &key.references_place);
    let (referencing, referenced) = match (referencing, referenced) {
        (Ok(Some(referencing)), Ok(Some(referenced))) => (referencing, referenced),
        (Err(()), _) | (_, Err(())) => return Resolved::Faulty,
        _ => return Resolved::Waiting,
    };
    let from = building.table(referencing.table).clone();
    let to = building.table(referenced.table).clone();
    let mut classes = Vec::new();
    for (a, b) in referencing.columns.iter().zip(&referenced.columns) {
        let (near, far) = (&from.columns[a.column], &to.columns[b.column]);
        if !a.path.is_empty() && near.ty != Type::Json && !matches!(near.ty, Type::Text { .. }) {
            let message = format!("{}.{} is of type {}, so no path leads into it", from.name, near.name, near.native);
            building.fault(Fault::error(key.column_place.clone(), message).hint("JSON paths need a JSON column"));
            return Resolved::Faulty;
        }
        match derive(near, !a.path.is_empty(), far, key.compare) {
            Ok(class) => {
                if key.compare == Compare::Exact {
                    note_coarse(building, key, &from, near, class);
                }
                classes.push(class);
            }
            Err(reason) => {
                let message = format!(
                    "{}.{} ({}) cannot refer to {}.{} ({}): {reason}",
                    from.name, near.name, near.native, to.name, far.name, far.native
                );
                building.fault(Fault::error(key.column_place.clone(), message));
                return Resolved::Faulty;
            }
        }
    }
    let unique_columns: Vec<usize> = referenced.columns.iter().map(|side| side.column).collect();
    if !to.is_unique(&unique_columns) && !key.unique_assumed {
        let names: Vec<String> = key.references.iter().map(ToString::to_string).collect();
        building.fault(
            Fault::error(
                key.references_place.clone(),
                format!("{} is neither the primary key nor unique", names.join(", ")),
            )
            .hint("make it unique in the database, or say `unique = \"assumed\"`"),
        );
        return Resolved::Faulty;
    }
    let kept = |side: &&SideColumn| side.path.is_empty() && !from.columns[side.column].nullable;
    let sets_null = key.on_delete == Action::SetNull || key.on_update == Action::SetNull;
    if let Some(side) = referencing.columns.iter().find(kept).filter(|_| sets_null) {
        let column = &from.columns[side.column];
        let message = format!("{}.{} takes no NULL, so the key cannot be `set_null`", from.name, column.name);
        building.fault(
            Fault::error(key.column_place.clone(), message)
                .hint("use \"restrict\" or \"cascade\", or make the column nullable"),
        );
        return Resolved::Faulty;
    }
    let Some(when) = conditions(building, key, &from) else {
        return Resolved::Faulty;
    };
    warn_without_index(building, key, &from, &referencing);
    let id = stable_id(&from, &referencing, &to, &referenced, &when, &classes);
    Resolved::Key(Arc::new(ForeignKey {
        id,
        is_virtual: true,
        referencing,
        referenced,
        classes,
        when,
        unique_assumed: key.unique_assumed,
        on_delete: key.on_delete,
        on_update: key.on_update,
        enforce: key.enforce,
    }))
}

/// A native key of the database.
pub fn native(building: &Building, id: TableId, at: usize) -> Option<Arc<ForeignKey>> {
    let from = building.table(id);
    let key = &from.native_keys[at];
    let referenced_id = building.id(&key.references)?;
    let to = building.table(referenced_id);
    let mut columns: Vec<usize> = key.referenced_columns.iter().map(|name| to.column(name)).collect::<Option<_>>()?;
    if columns.is_empty() {
        columns = to.primary_key.clone();
    }
    if columns.len() != key.columns.len() || columns.is_empty() {
        return None;
    }
    let classes: Option<Vec<KeyClass>> = key
        .columns
        .iter()
        .zip(&columns)
        .map(|(a, b)| {
            let (near, far) = (&from.columns[*a], &to.columns[*b]);
            // Within one database its own equality rules, also where folding collations hold texts equal.
            match derive(near, false, far, Compare::Exact) {
                Ok(KeyClass::Text) if !near.exact || !far.exact => Some(KeyClass::Database),
                other => other.ok(),
            }
        })
        .collect();
    let plain = |table, columns: &[usize]| Side {
        table,
        columns: columns.iter().map(|column| SideColumn { column: *column, path: Vec::new() }).collect(),
    };
    let (referencing, referenced) = (plain(id, &key.columns), plain(referenced_id, &columns));
    let classes = classes?;
    Some(Arc::new(ForeignKey {
        id: stable_id(from, &referencing, to, &referenced, &[], &classes),
        is_virtual: false,
        referencing,
        referenced,
        classes,
        when: Vec::new(),
        unique_assumed: false,
        on_delete: native_action(&key.on_delete),
        on_update: native_action(&key.on_update),
        enforce: Enforce::Always,
    }))
}

fn native_action(text: &str) -> Action {
    match text {
        "cascade" => Action::Cascade,
        "set_null" => Action::SetNull,
        "restrict" => Action::Restrict,
        _ => Action::NoAction,
    }
}

/// `Ok(None)`: the source could not be read, so nothing can be said.
fn side(building: &mut Building, paths: &[ColumnPath], place: &Place) -> Result<Option<Side>, ()> {
    let reference: &TableRef = &paths[0].table;
    if !building.is_known(&reference.source) {
        return Ok(None);
    }
    let Some(id) = building.id(reference) else {
        let known: Vec<String> = building.table_names(&reference.source);
        let fault =
            Fault::error(place.clone(), format!("source `{}` has no table `{}`", reference.source, reference.table));
        building.fault(fault.closest(closest(&reference.table.to_string(), known.iter().map(String::as_str))));
        return Err(());
    };
    let table = building.table(id).clone();
    let mut columns = Vec::new();
    let mut faulty = false;
    for path in paths {
        match table.column(&path.column) {
            Some(column) => columns.push(SideColumn { column, path: path.path.clone() }),
            None => {
                faulty = true;
                let fault = Fault::error(place.clone(), format!("{} has no column `{}`", table.name, path.column));
                building.fault(fault.closest(closest(&path.column, table.column_names())));
            }
        }
    }
    if faulty { Err(()) } else { Ok(Some(Side { table: id, columns })) }
}

fn conditions(building: &mut Building, key: &VirtualKey, from: &Table) -> Option<Vec<When>> {
    let mut when = Vec::new();
    for (name, value) in &key.when {
        let Some(at) = from.column(name) else {
            let fault = Fault::error(key.when_place.clone(), format!("{} has no column `{name}`", from.name));
            building.fault(fault.closest(closest(name, from.column_names())));
            return None;
        };
        match when_value(&from.columns[at], value) {
            Some((value, json)) => when.push(When { column: at, value, json }),
            None => {
                let message = format!("{}.{name} ({}) cannot have this value", from.name, from.columns[at].native);
                building.fault(Fault::error(key.when_place.clone(), message));
                return None;
            }
        }
    }
    when.sort_by_key(|when| when.column);
    Some(when)
}

fn when_value(column: &Column, value: &WhenValue) -> Option<(Scalar, Vec<u8>)> {
    let mut text = Vec::new();
    let scalar = match (&column.ty, value) {
        (Type::Bool, WhenValue::Bool(value)) => {
            text.extend_from_slice(if *value { b"true" } else { b"false" });
            Scalar::Bool(*value)
        }
        (Type::Int { .. } | Type::Year, WhenValue::Int(value)) => {
            json::write_int(&mut text, *value);
            Scalar::Int(*value)
        }
        (Type::Text { .. } | Type::Set | Type::Uuid | Type::Other, WhenValue::Text(value)) => {
            json::write_str(&mut text, value);
            Scalar::text(value.as_str())
        }
        (Type::Enum(labels), WhenValue::Text(value)) if labels.contains(value) => {
            json::write_str(&mut text, value);
            Scalar::text(value.as_str())
        }
        _ => return None,
    };
    Some((scalar, text))
}

/// Values that a folding collation holds equal do not meet by an exact key; whoever relies on it should know.
fn note_coarse(building: &mut Building, key: &VirtualKey, from: &Table, column: &Column, class: KeyClass) {
    if class == KeyClass::Text && column.case_insensitive {
        let message =
            format!("{}.{} ignores case in its database, but the key compares exactly", from.name, column.name);
        building.fault(
            Fault::warning(key.column_place.clone(), message)
                .hint("say `compare = \"ignore_case\"` if case should not matter"),
        );
    }
}

fn warn_without_index(building: &mut Building, key: &VirtualKey, from: &Table, referencing: &Side) {
    let columns: Vec<usize> = referencing.columns.iter().map(|side| side.column).collect();
    let into_json = referencing.columns.iter().any(|side| !side.path.is_empty());
    if !into_json && !from.is_view && !from.is_indexed(&columns) {
        let names: Vec<&str> = columns.iter().map(|at| &*from.columns[*at].name).collect();
        let message = format!(
            "{} has no index that starts with {}, so the way back reads the whole table",
            from.name,
            names.join(", ")
        );
        // Letters and digits only, so that every engine takes the index's name as it stands.
        let plain = |text: &str| text.replace(|c: char| !c.is_alphanumeric(), "_");
        let name = plain(&format!("{}_{}", from.name.table.name, names.join("_")));
        let index = format!("CREATE INDEX {name} ON {} ({})", from.name.table, names.join(", "));
        building.fault(Fault::warning(key.column_place.clone(), message).hint(index));
    }
}

/// A hash of the key's meaning (xxh3 over the names of both sides, `when` and class).
fn stable_id(
    from: &Table,
    referencing: &Side,
    to: &Table,
    referenced: &Side,
    when: &[When],
    classes: &[KeyClass],
) -> u64 {
    use std::fmt::Write;
    let mut text = String::new();
    for (table, side) in [(from, referencing), (to, referenced)] {
        let _ = write!(text, "{}(", table.name);
        for column in &side.columns {
            let _ = write!(text, "{}", table.columns[column.column].name);
            let _ = crate::name::write_path(&mut text, &column.path);
            text.push(',');
        }
        text.push(')');
    }
    for when in when {
        let _ = write!(text, "{}={}", from.columns[when.column].name, String::from_utf8_lossy(&when.json));
    }
    for class in classes {
        text.push_str(class.as_str());
    }
    xxhash_rust::xxh3::xxh3_64(text.as_bytes())
}
