//! Rows with all their columns, as the journal keeps them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::execute::error::ExecuteError;
use crate::execute::rows::RowRef;
use crate::execute::write::error::WriteError;
use crate::execute::write::keyed::row_keys;
use crate::execute::write::operation::Record;
use crate::execute::write::sessions::Sessions;
use crate::plan::write::{WritePlan, whole};
use crate::statement::write::Lock;
use crate::statement::{Fetch, KeySet};
use crate::value::Key;

/// The rows of these keys, in their order, as records of all columns that can be written.
pub async fn rows(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    plan: &WritePlan,
    keys: &[Key],
) -> Result<Vec<Record>, ExecuteError> {
    let told = |error| WriteError::NotYet { what: format!("reading whole rows of {} ({error})", plan.table.name) };
    let (step, identity) = whole(catalog, sessions.context.limits, plan.id).map_err(told)?;
    let mut found: HashMap<Key, Record> = HashMap::with_capacity(keys.len());
    for part in keys.chunks(sessions.context.limits.keys_per_batch) {
        let set = KeySet { unique: false, ..crate::execute::fetch::key_set(&identity, part, false) };
        let fetch = Fetch { keys: Some(set), ..(*step.fetch).clone() };
        let chunk = Arc::new(sessions.of(&plan.table.name.source).await?.fetch(&fetch, Lock::None).await?);
        let rows: Vec<RowRef> = RowRef::all(&chunk).collect();
        for (row, key) in rows.iter().zip(row_keys(&rows, &identity)) {
            let value = |cell: usize| {
                serde_json::from_slice(row.cell(cell))
                    .unwrap_or_else(|_| String::from_utf8_lossy(row.cell(cell)).into())
            };
            let column = |cell: usize| step.columns[cell].map(|at| &plan.table.columns[at as usize]);
            let members = (0..step.columns.len()).filter_map(|cell| Some((column(cell)?, cell)));
            let written = members.filter(|(column, _)| !column.generated);
            let record = written.map(|(column, cell)| (column.name.to_string(), value(cell))).collect();
            found.extend(key.map(|key| (key, record)));
        }
    }
    let record = |key: &Key| found.get(key).cloned();
    keys.iter().map(record).collect::<Option<Vec<_>>>().ok_or_else(|| WriteError::Overtaken.into())
}

/// Of records these columns.
pub fn only(records: Vec<Record>, wanted: &[&str]) -> Vec<Record> {
    let keep = |record: Record| record.into_iter().filter(|(name, _)| wanted.contains(&name.as_str())).collect();
    records.into_iter().map(keep).collect()
}
