//! Plans rows by identifier: the keys of the root's fetch, and the same as a lookup whose rows can be remembered.

use std::collections::HashSet;
use std::sync::Arc;

use crate::catalog::Table;
use crate::plan::coerce;
use crate::plan::error::PlanError;
use crate::plan::read::unknown_field;
use crate::plan::tree::{HopPlan, IdsLookup, IdsPlan};
use crate::query::Ids;
use crate::statement::{Fetch, KeyColumn, KeySet, Matching, SmallKey};
use crate::value::key::KeyBuilder;
use crate::value::{Column, Key, KeyClass, Scalar, Type};

/// Plans these rows; `fetch` is the root's, without keys.
pub fn by_ids(table: &Table, ids: &Ids, fetch: &Fetch) -> Result<IdsPlan, PlanError> {
    let mut columns = Vec::new();
    for name in &ids.columns {
        columns.push(table.column(name).ok_or_else(|| unknown_field(table, name))?);
    }
    if columns.is_empty() {
        columns = table.primary_key.clone();
    }
    if columns.is_empty() {
        return Err(PlanError::NoIdentifier { table: table.name.clone() });
    }
    let mut wanted: Vec<&Vec<String>> = Vec::with_capacity(ids.ids.len());
    let mut keys: Vec<SmallKey> = Vec::with_capacity(ids.ids.len());
    let mut seen = HashSet::new();
    for id in &ids.ids {
        if id.len() != columns.len() {
            return Err(PlanError::IdentifierParts {
                found: id.len(),
                wanted: columns.len(),
                table: table.name.clone(),
            });
        }
        let values = columns.iter().zip(id.iter()).map(|(at, text)| {
            let column = &table.columns[*at];
            coerce::identifier(column, text)
                .map_err(|wanted| PlanError::IdentifierValue { field: column.name.to_string(), wanted })
        });
        let key = values.collect::<Result<SmallKey, _>>()?;
        // In the table's order each record stands once, so asking twice for it is asking once.
        if !ids.table_order || seen.insert(if key.contains(&Scalar::Null) { Err(id) } else { Ok(key.clone()) }) {
            wanted.push(id);
            keys.push(key);
        }
    }
    let to: Vec<KeyColumn> = columns
        .iter()
        .map(|at| KeyColumn { column: table.columns[*at].clone(), path: Vec::new(), matching: Matching::Own })
        .collect();
    let lookup = match are_keys(table, ids) && columns == table.primary_key {
        true => ids_lookup(table, &columns, &to, &keys),
        false => None,
    };
    let keys =
        KeySet { columns: to, keys, unique: lookup.is_some(), ranked: ids.table_order, when: Vec::new(), groups: None };
    Ok(IdsPlan {
        fetch: Arc::new(Fetch { keys: Some(keys), ..fetch.clone() }),
        texts: wanted.iter().map(|id| id.join(",")).collect(),
        columns: columns.iter().map(|at| table.columns[*at].name.clone()).collect(),
        table_order: ids.table_order,
        lookup,
    })
}

/// Whether these are keys by which rows can be looked up and remembered: integers alone, since of other values several may
/// name one row.
pub fn are_keys(table: &Table, ids: &Ids) -> bool {
    let key = || table.primary_key.iter().map(|at| &table.columns[*at]);
    let named = ids.columns.is_empty()
        || ids.columns.len() == table.primary_key.len()
            && key().zip(&ids.columns).all(|(column, name)| column.name.eq_ignore_ascii_case(name));
    let whole = |column: &Arc<Column>| matches!(column.ty, Type::Int { .. }) && !column.nullable;
    named && !ids.table_order && !table.primary_key.is_empty() && key().all(whole)
}

fn ids_lookup(table: &Table, columns: &[usize], to: &[KeyColumn], ids: &[SmallKey]) -> Option<IdsLookup> {
    let mut builder = KeyBuilder::default();
    let mut key = |id: &SmallKey| {
        let texts = id.iter().map(|part| match part {
            Scalar::Int(number) => Some(number.to_string()),
            _ => None,
        });
        let texts = texts.collect::<Option<Vec<String>>>()?;
        let cells = columns.iter().zip(&texts).map(|(at, text)| (KeyClass::Int, &*table.columns[*at], text.as_bytes()));
        match &texts[..] {
            [text] => builder.single(KeyClass::Int, &table.columns[columns[0]], text.as_bytes()),
            _ => builder.composite(cells),
        }
    };
    let keys = ids.iter().map(&mut key).collect::<Option<Vec<Key>>>()?;
    let hop = HopPlan::to_columns(vec![KeyClass::Int; columns.len()], to.to_vec());
    Some(IdsLookup { hop, keys })
}
