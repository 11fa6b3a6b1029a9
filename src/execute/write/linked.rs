//! Values by which rows refer to others, in both directions, and rows that have such values.

use std::collections::HashMap;

use crate::catalog::{Catalog, TableId};
use crate::execute::error::ExecuteError;
use crate::execute::fetch::{key_set, scalars};
use crate::execute::join;
use crate::execute::rows::RowRef;
use crate::execute::write::change::{self, delete};
use crate::execute::write::error::WriteError;
use crate::execute::write::journal::keys_of_texts;
use crate::execute::write::keyed::row_keys;
use crate::execute::write::operation::KeyTexts;
use crate::execute::write::sessions::Sessions;
use crate::execute::write::work::{Failure, Target};
use crate::plan::nested::Link;
use crate::plan::read::ALL;
use crate::plan::record::Values;
use crate::plan::write::{WritePlan, target};
use crate::plan::{self, PlanError};
use crate::query::Rows;
use crate::statement::write::Lock;
use crate::statement::{Fetch, KeyColumn, KeySet, Matching, Output, SmallKey};
use crate::value::{Key, Scalar, json};

/// A value as it stands in an identifier.
pub fn spelled(value: &Scalar) -> Option<String> {
    match value {
        Scalar::Int(number) => Some(number.to_string()),
        Scalar::Bool(flag) => Some(flag.to_string()),
        Scalar::Text(text) => Some(text.to_string()),
        Scalar::Null | Scalar::Bytes(_) => None,
    }
}

/// A table that cannot be planned is its record's error.
pub fn unplanned(error: PlanError) -> ExecuteError {
    WriteError::Record(Box::new(error)).into()
}

/// How rows of these identifiers are looked up, their keys, and how the client spells them.
pub fn keyed(plan: &WritePlan, ids: Vec<Vec<String>>) -> Result<(KeySet, Vec<SmallKey>, Vec<String>), ExecuteError> {
    let texts = ids.iter().map(|id| id.join(",")).collect();
    let asked = Rows { ids, columns: Vec::new(), filter: None };
    let (form, keys) = target(&plan.table, &asked).map_err(unplanned)?;
    Ok((form, keys, texts))
}

/// Removes rows by their identifiers.
pub async fn remove_by_id(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    plan: &WritePlan,
    ids: Vec<Vec<String>>,
) -> Result<(), Failure> {
    let (form, keys, texts) = keyed(plan, ids)?;
    let target = Target { form: &form, keys: &keys, texts: &texts, condition: None, upsert: false, updates: None };
    delete(sessions, catalog, plan, &target).await?;
    Ok(())
}

/// Lets rows go that refer to a value: by NULL, or where their columns take none and that is allowed, by removing them.
pub async fn release(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    plan: &WritePlan,
    link: &Link,
    ids: &[Vec<String>],
    removes: bool,
) -> Result<(), Failure> {
    if ids.is_empty() {
        return Ok(());
    }
    match link.columns.iter().find(|at| !plan.table.columns[**at].nullable) {
        Some(_) if removes => remove_by_id(sessions, catalog, plan, ids.to_vec()).await,
        Some(at) => Err(WriteError::Fixed { column: plan.table.columns[*at].name.to_string() }.into()),
        None => {
            let (form, keys, texts) = keyed(plan, ids.to_vec())?;
            let target =
                Target { form: &form, keys: &keys, texts: &texts, condition: None, upsert: false, updates: None };
            let nulls: Values = link.columns.iter().map(|at| (*at, Scalar::Null)).collect();
            change::update(sessions, catalog, plan, &target, &vec![nulls; ids.len()]).await?;
            Ok(())
        }
    }
}

/// The rows that have the values of one of these lists, which all are of the same columns: the list, and the identifier.
pub async fn having(
    sessions: &mut Sessions<'_>,
    plan: &WritePlan,
    links: &[&Link],
    lists: &[Values],
) -> Result<Vec<(usize, Vec<String>)>, ExecuteError> {
    let Some(first) = lists.first() else { return Ok(Vec::new()) };
    let table = &plan.table;
    let column = |at: &usize| {
        // Values meet as the key says, not as the column's collation does.
        let of_key = |link: &&Link| Some(link.hop.to[link.columns.iter().position(|column| column == at)?].clone());
        let own = || KeyColumn { column: table.columns[*at].clone(), path: Vec::new(), matching: Matching::Own };
        links.iter().find_map(of_key).unwrap_or_else(own)
    };
    let columns: Vec<KeyColumn> = first.iter().map(|(at, _)| column(at)).collect();
    let mut found = Vec::new();
    let batch = sessions.context.limits.keys_per_batch;
    for (part, lists) in lists.chunks(batch).enumerate() {
        let keys = lists.iter().map(|values| values.iter().map(|(_, value)| value.clone()).collect()).collect();
        let set =
            KeySet { columns: columns.clone(), keys, unique: false, ranked: false, when: Vec::new(), groups: None };
        let outputs = table.primary_key.iter().map(|at| Output::Column(table.columns[*at].clone())).collect();
        let bytes = plan.step.fetch.max_bytes;
        let fetch = Fetch { keys: Some(set), ..Fetch::all(table.name.table.clone(), outputs, ALL, bytes) };
        let chunk = sessions.of(&table.name.source).await?.fetch(&fetch, Lock::Row).await?;
        let ordinals: Vec<u32> = chunk.ordinals().to_vec();
        for (row, ordinal) in RowRef::of(chunk).iter().zip(ordinals) {
            let id = (0..table.primary_key.len()).map(|cell| json::plain_text(row.cell(cell))).collect();
            found.push((part * batch + ordinal as usize, id));
        }
    }
    Ok(found)
}

/// Identifiers as they stand in paths, as primary keys whose values are JSON.
pub fn ids_as_keys(plan: &WritePlan, ids: &[Vec<String>]) -> Vec<KeyTexts> {
    let number = |at: usize| {
        use crate::value::Type;
        matches!(plan.table.columns[at].ty, Type::Int { .. } | Type::Decimal { .. } | Type::Float { .. } | Type::Bool)
    };
    let part = |(text, at): (&String, &usize)| {
        if number(*at) { text.clone() } else { serde_json::Value::from(text.as_str()).to_string() }
    };
    ids.iter().map(|id| id.iter().zip(&plan.table.primary_key).map(part).collect()).collect()
}

/// By primary keys of referenced rows, the values of columns that refer to them; none of a row whose value is none.
pub async fn linked(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    table: TableId,
    link: &Link,
    keys: &[KeyTexts],
) -> Result<Vec<Option<Values>>, ExecuteError> {
    let plan = plan::write::looked_at(catalog, sessions.context.limits, table).map_err(unplanned)?;
    let wanted = keys_of_texts(&plan, keys)?;
    let mut found: HashMap<Key, Option<Values>> = HashMap::new();
    let mut distinct: Vec<Key> = Vec::new();
    for key in &wanted {
        if found.insert(key.clone(), None).is_none() {
            distinct.push(key.clone());
        }
    }
    for part in distinct.chunks(sessions.context.limits.keys_per_batch) {
        let lookup = KeySet { unique: false, ..key_set(&link.identity, part, false) };
        let fetch = Fetch { keys: Some(lookup), max_rows: ALL, ..(*link.step.fetch).clone() };
        let chunk = sessions.of(&plan.table.name.source).await?.fetch(&fetch, Lock::None).await?;
        let read: Vec<RowRef> = RowRef::of(chunk);
        let own = row_keys(&read, &link.identity);
        let values = join::gather(&read, &link.hop);
        for (row, key) in own.into_iter().enumerate() {
            let value = values.links.of(row).first().and_then(|at| scalars(&link.hop, &values.keys[*at as usize]));
            let value = value.map(|scalars| {
                let mut values: Values = link.columns.iter().copied().zip(scalars).collect();
                set(&mut values, &link.when);
                values
            });
            if let Some(key) = key {
                found.insert(key, value);
            }
        }
    }
    Ok(wanted.iter().map(|key| found.get(key).cloned().flatten()).collect())
}

/// Gives a row values beside those that it has.
pub fn set(values: &mut Values, others: &[(usize, Scalar)]) {
    for (at, value) in others {
        match values.iter_mut().find(|(given, _)| given == at) {
            Some(given) => given.1 = value.clone(),
            None => values.push((*at, value.clone())),
        }
    }
    values.sort_by_key(|(at, _)| *at);
}
