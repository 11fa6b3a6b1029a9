//! Rows and the keys by which they are told.

use std::collections::{HashMap, HashSet};

use crate::catalog::TableId;
use crate::execute::error::ExecuteError;
use crate::execute::fetch::{fits, key_set, scalars};
use crate::execute::join;
use crate::execute::rows::RowRef;
use crate::execute::write::error::WriteError;
use crate::execute::write::sessions::Sessions;
use crate::plan::HopPlan;
use crate::plan::record::Values;
use crate::plan::write::WritePlan;
use crate::statement::write::Lock;
use crate::statement::{Fetch, KeySet, SmallKey};
use crate::value::Key;

/// Rows that are removed by one write, so that they do not stand in each other's way.
#[derive(Default)]
pub struct Removed {
    rows: HashMap<TableId, HashSet<Key>>,
}

impl Removed {
    /// Notes rows; gives those that were not noted before.
    pub fn add(&mut self, plan: &WritePlan, rows: Vec<RowRef>) -> Vec<RowRef> {
        let known = self.rows.entry(plan.id).or_default();
        let keys = row_keys(&rows, &plan.identity);
        rows.into_iter()
            .zip(keys)
            .filter(|(_, key)| key.as_ref().is_none_or(|key| known.insert(key.clone())))
            .map(|(row, _)| row)
            .collect()
    }

    /// Whether a row is one of them.
    pub fn has(&self, table: TableId, key: Option<&Key>) -> bool {
        key.is_some_and(|key| self.rows.get(&table).is_some_and(|rows| rows.contains(key)))
    }
}

/// The key of each row.
pub fn row_keys(rows: &[RowRef], identity: &HopPlan) -> Vec<Option<Key>> {
    let gathered = join::gather(rows, identity);
    let key = |row| gathered.links.of(row).first().map(|key| gathered.keys[*key as usize].clone());
    (0..rows.len()).map(key).collect()
}

/// The key of each row; a row without one cannot be told from others.
pub fn keys_of(rows: &[RowRef], plan: &WritePlan) -> Result<Vec<Key>, ExecuteError> {
    let keys: Option<Vec<Key>> = row_keys(rows, &plan.identity).into_iter().collect();
    let what = || format!("a write of rows of {} whose key is none that can be compared", plan.table.name);
    keys.ok_or_else(|| WriteError::NotYet { what: what() }.into())
}

/// A lookup of rows by these values.
pub fn by_keys(fetch: &Fetch, hop: &HopPlan, keys: &[Key]) -> Fetch {
    Fetch { keys: Some(KeySet { unique: false, ..key_set(hop, keys, false) }), ..fetch.clone() }
}

/// The values that the referring columns can hold, as many as one statement takes.
pub fn parts(sessions: &Sessions<'_>, hop: &HopPlan, keys: &[Key]) -> Vec<Vec<Key>> {
    let asked: Vec<Key> = keys.iter().filter(|key| fits(hop, key)).cloned().collect();
    asked.chunks(sessions.context.limits.keys_per_batch).map(<[Key]>::to_vec).collect()
}

/// Rows by their primary key, in the order of the keys, with all that their table's plan needs of them.
pub async fn rows_by_key(
    sessions: &mut Sessions<'_>,
    plan: &WritePlan,
    keys: &[Key],
    lock: Lock,
) -> Result<Vec<RowRef>, ExecuteError> {
    let keys: Option<Vec<SmallKey>> = keys.iter().map(|key| scalars(&plan.identity, key)).collect();
    rows_at(sessions, plan, keys.ok_or(WriteError::Overtaken)?, lock).await
}

/// Rows as they are stored after they got values, which may have changed their keys.
pub async fn stored<'v>(
    sessions: &mut Sessions<'_>,
    plan: &WritePlan,
    keys: &[Key],
    values: impl Fn(usize) -> &'v Values,
) -> Result<Vec<RowRef>, ExecuteError> {
    let now = |(at, key): (usize, &Key)| {
        let mut now = scalars(&plan.identity, key)?;
        for (part, column) in now.iter_mut().zip(&plan.table.primary_key) {
            if let Some((_, value)) = values(at).iter().find(|(given, _)| given == column) {
                *part = value.clone();
            }
        }
        Some(now)
    };
    let keys: Option<Vec<SmallKey>> = keys.iter().enumerate().map(now).collect();
    rows_at(sessions, plan, keys.ok_or(WriteError::Overtaken)?, Lock::None).await
}

async fn rows_at(
    sessions: &mut Sessions<'_>,
    plan: &WritePlan,
    keys: Vec<SmallKey>,
    lock: Lock,
) -> Result<Vec<RowRef>, ExecuteError> {
    let mut rows = Vec::with_capacity(keys.len());
    let form = key_set(&plan.identity, &[], false);
    for part in keys.chunks(sessions.context.limits.keys_per_batch) {
        let set = KeySet { keys: part.to_vec(), unique: false, ..form.clone() };
        let fetch = Fetch { keys: Some(set), max_rows: part.len() as u64, ..(*plan.step.fetch).clone() };
        let chunk = sessions.of(&plan.table.name.source).await?.fetch(&fetch, lock).await?;
        let mut found: Vec<Option<RowRef>> = vec![None; part.len()];
        let ordinals = chunk.ordinals().to_vec();
        RowRef::of(chunk).into_iter().zip(ordinals).for_each(|(row, at)| found[at as usize] = Some(row));
        rows.extend(found.into_iter().flatten());
    }
    // What went between two statements is looked at again.
    if rows.len() == keys.len() { Ok(rows) } else { Err(WriteError::Overtaken.into()) }
}
