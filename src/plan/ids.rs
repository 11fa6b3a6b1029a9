//! Plans rows by identifier: the keys of the root's fetch, and the same as a lookup whose rows can be remembered.

use std::collections::HashSet;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::catalog::Table;
use crate::plan::coerce;
use crate::plan::error::PlanError;
use crate::plan::read::unknown_field;
use crate::plan::tree::{HopPlan, IdentifiedBy, IdsPlan};
use crate::query::Ids;
use crate::statement::{KeyColumn, Matching, SmallKey};
use crate::value::key::KeyBuilder;
use crate::value::{Column, Key, KeyClass, Scalar, Type};

/// Plans these rows.
pub fn by_ids(table: &Table, ids: &Ids) -> Result<IdsPlan, PlanError> {
    by(table, Arc::new(identified_by(table, ids)?), &ids.ids)
}

fn identified_by(table: &Table, ids: &Ids) -> Result<IdentifiedBy, PlanError> {
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
    let to = |at: &usize| KeyColumn { column: table.columns[*at].clone(), path: Vec::new(), matching: Matching::Own };
    let can_be_remembered = are_keys(table, ids) && columns == table.primary_key;
    let columns: Vec<KeyColumn> = columns.iter().map(to).collect();
    let lookup = || HopPlan::to_columns(vec![KeyClass::Int; columns.len()], columns.clone());
    Ok(IdentifiedBy { lookup: can_be_remembered.then(lookup), columns, table_order: ids.table_order })
}

/// Plans the rows of these identifiers.
pub fn by(table: &Table, identified: Arc<IdentifiedBy>, ids: &[Vec<String>]) -> Result<IdsPlan, PlanError> {
    let IdentifiedBy { columns, lookup, table_order } = &*identified;
    let mut texts: Vec<String> = Vec::with_capacity(ids.len());
    let mut keys: Vec<SmallKey> = Vec::with_capacity(ids.len());
    let mut seen = HashSet::new();
    for id in ids {
        if id.len() != columns.len() {
            return Err(PlanError::IdentifierParts {
                found: id.len(),
                wanted: columns.len(),
                table: table.name.clone(),
            });
        }
        let values = columns.iter().zip(id.iter()).map(|(to, text)| {
            coerce::identifier(&to.column, text)
                .map_err(|wanted| PlanError::IdentifierValue { field: to.column.name.to_string(), wanted })
        });
        let key = values.collect::<Result<SmallKey, _>>()?;
        // In the table's order each record stands once, so asking twice for it is asking once.
        if !table_order || seen.insert(if key.contains(&Scalar::Null) { Err(id) } else { Ok(key.clone()) }) {
            texts.push(id.join(","));
            keys.push(key);
        }
    }
    let lookup = if lookup.is_some() { lookup_keys(columns, &keys) } else { None };
    Ok(IdsPlan { by: identified, texts, keys, lookup })
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

/// The identifiers as a lookup's keys; none where one of them is no integer.
fn lookup_keys(columns: &[KeyColumn], ids: &[SmallKey]) -> Option<Vec<Key>> {
    let mut builder = KeyBuilder::default();
    let mut key = |id: &SmallKey| {
        let texts = id.iter().map(|part| match part {
            Scalar::Int(number) => Some(number.to_string()),
            _ => None,
        });
        let texts = texts.collect::<Option<SmallVec<[String; 1]>>>()?;
        let cells = columns.iter().zip(&texts).map(|(to, text)| (KeyClass::Int, &*to.column, text.as_bytes()));
        match &texts[..] {
            [text] => builder.single(KeyClass::Int, &columns[0].column, text.as_bytes()),
            _ => builder.composite(cells),
        }
    };
    ids.iter().map(&mut key).collect()
}
