//! Removing referenced values: the fences of the values, and what happens to the rows that refer to them.
//!
//! A value is fenced before its row is locked, and looked for in the referring tables after that: who adds a reference
//! holds the same fence until it is committed, and then looks whether the row is still there.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::catalog::{Catalog, TableId};
use crate::config::Action;
use crate::execute::error::ExecuteError;
use crate::execute::fetch::{fits, key_set, recheck};
use crate::execute::join;
use crate::execute::rows::RowRef;
use crate::execute::write::error::{Referrers, WriteError};
use crate::execute::write::sessions::Sessions;
use crate::plan::write::{Incoming, WritePlan};
use crate::plan::{self, HopPlan};
use crate::source::SourceError;
use crate::statement::write::{Delete, Lock, Update};
use crate::statement::{Condition, Fetch, KeySet};
use crate::value::{Chunk, Key, Scalar};

/// Referring rows that are named in an error.
const EXAMPLES: usize = 3;

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

    fn has(&self, table: TableId, key: Option<&Key>) -> bool {
        key.is_some_and(|key| self.rows.get(&table).is_some_and(|rows| rows.contains(key)))
    }
}

/// The key of each row.
pub fn row_keys(rows: &[RowRef], identity: &HopPlan) -> Vec<Option<Key>> {
    let gathered = join::gather(rows, identity);
    let key = |row| gathered.links.of(row).first().map(|key| gathered.keys[*key as usize].clone());
    (0..rows.len()).map(key).collect()
}

/// The condition that says: these rows.
pub fn these(identity: &HopPlan, keys: &[Key]) -> Condition {
    Condition::Among(Arc::new(key_set(identity, keys, false)))
}

/// What removing rows comes to: those that refer to them are looked at, and removed or changed as their keys say. The
/// rows are locked already, and their values fenced; `removed` holds all of them.
pub fn removing<'s>(
    sessions: &'s mut Sessions<'_>,
    catalog: &'s Catalog,
    plan: &'s WritePlan,
    rows: &'s [RowRef],
    removed: &'s mut Removed,
) -> BoxFuture<'s, Result<(), ExecuteError>> {
    Box::pin(async move {
        let mut refused = Vec::new();
        for incoming in &plan.incoming {
            let keys = join::gather(rows, &incoming.hop).keys;
            match incoming.named.key.on_delete {
                Action::Restrict | Action::NoAction => {
                    refused.extend(referrers(sessions, catalog, incoming, &keys, removed).await?);
                }
                Action::Cascade => cascade(sessions, catalog, incoming, &keys, removed).await?,
                Action::SetNull => set_null(sessions, catalog, incoming, &keys, removed).await?,
            }
        }
        if !refused.is_empty() {
            return Err(WriteError::Referenced(refused).into());
        }
        let table = &plan.table.name;
        let keys: Vec<Key> = row_keys(rows, &plan.identity).into_iter().flatten().collect();
        for part in keys.chunks(sessions.context.limits.keys_per_batch) {
            let delete = Delete { table: table.table.clone(), condition: these(&plan.identity, part) };
            sessions.of(&table.source).await?.delete(&delete).await?;
        }
        sessions.note(table);
        Ok(())
    })
}

/// Fences the values of rows by which others refer to them.
pub async fn fence(
    sessions: &mut Sessions<'_>,
    incoming: impl Iterator<Item = &Incoming>,
    rows: &[RowRef],
) -> Result<(), ExecuteError> {
    for incoming in incoming {
        sessions.fence(&incoming.named, &join::gather(rows, &incoming.hop).keys, true).await?;
    }
    Ok(())
}

/// Whether each row has the values that it had, by those that others refer to.
pub fn same_values<'p>(mut incoming: impl Iterator<Item = &'p Incoming>, before: &[RowRef], now: &[RowRef]) -> bool {
    incoming.all(|incoming| {
        let known: HashSet<Key> = join::gather(before, &incoming.hop).keys.into_iter().collect();
        join::gather(now, &incoming.hop).keys.iter().all(|key| known.contains(key))
    })
}

/// Rows that refer to these values and are not removed by the same write.
pub async fn referrers(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    incoming: &Incoming,
    keys: &[Key],
    removed: &Removed,
) -> Result<Option<Referrers>, ExecuteError> {
    let limit = sessions.context.limits.rows;
    let identity = plan::write(catalog, sessions.context.limits, incoming.far).ok().map(|plan| plan.identity);
    let (mut count, mut examples, mut more) = (0u64, Vec::new(), false);
    for part in parts(sessions, &incoming.hop, keys) {
        let fetch = Fetch { max_rows: limit, ..by_keys(&incoming.step.fetch, &incoming.hop, &part) };
        match look(sessions, incoming, &fetch, &part, Lock::Share).await {
            Err(ExecuteError::Source(SourceError::TooManyRows { .. })) => {
                (count, more) = (limit, true);
                break;
            }
            chunk => {
                let rows: Vec<RowRef> = RowRef::all(&Arc::new(chunk?)).collect();
                let own = match &identity {
                    Some(identity) => row_keys(&rows, identity),
                    None => vec![None; rows.len()],
                };
                for (row, key) in rows.iter().zip(&own) {
                    if removed.has(incoming.far, key.as_ref()) {
                        continue;
                    }
                    count += 1;
                    if examples.len() < EXAMPLES {
                        let text = |cell: &usize| String::from_utf8_lossy(row.cell(*cell)).into_owned();
                        examples.push(incoming.key_cells.iter().map(text).collect());
                    }
                }
            }
        }
    }
    Ok((count > 0).then(|| Referrers { key: incoming.named.clone(), count, more, examples }))
}

fn by_keys(fetch: &Fetch, hop: &HopPlan, keys: &[Key]) -> Fetch {
    Fetch { keys: Some(KeySet { unique: false, ..key_set(hop, keys, false) }), ..fetch.clone() }
}

/// The values that the referring columns can hold, as many as one statement takes.
fn parts(sessions: &Sessions<'_>, hop: &HopPlan, keys: &[Key]) -> Vec<Vec<Key>> {
    let asked: Vec<Key> = keys.iter().filter(|key| fits(hop, key)).cloned().collect();
    asked.chunks(sessions.context.limits.keys_per_batch).map(<[Key]>::to_vec).collect()
}

/// Looks for referring rows in the transaction that holds their fence.
async fn look(
    sessions: &mut Sessions<'_>,
    incoming: &Incoming,
    fetch: &Fetch,
    keys: &[Key],
    lock: Lock,
) -> Result<Chunk, ExecuteError> {
    // Without an index a lock would be one of the whole table; what is committed is seen without it.
    let lock = if incoming.indexed || lock == Lock::Change { lock } else { Lock::None };
    let chunk = sessions.of(&incoming.step.source).await?.fetch(fetch, lock).await?;
    Ok(if incoming.hop.recheck { recheck(chunk, keys, &incoming.hop) } else { chunk })
}

/// Removes the referring rows, and before them those that refer to them.
async fn cascade(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    incoming: &Incoming,
    keys: &[Key],
    removed: &mut Removed,
) -> Result<(), ExecuteError> {
    if keys.is_empty() {
        return Ok(());
    }
    let far = plan::write(catalog, sessions.context.limits, incoming.far).map_err(|error| WriteError::NotYet {
        what: format!("removing the rows of {} ({error})", incoming.named.referring),
    })?;
    for part in parts(sessions, &incoming.hop, keys) {
        // What refers to them is fenced before they are locked.
        let fetch = by_keys(&far.step.fetch, &incoming.hop, &part);
        let seen: Vec<RowRef> =
            RowRef::all(&Arc::new(look(sessions, incoming, &fetch, &part, Lock::None).await?)).collect();
        fence(sessions, far.incoming.iter(), &seen).await?;
        let chunk = look(sessions, incoming, &fetch, &part, Lock::Change).await?;
        let rows: Vec<RowRef> = RowRef::all(&Arc::new(chunk)).collect();
        if !same_values(far.incoming.iter(), &seen, &rows) {
            return Err(WriteError::Overtaken.into());
        }
        let rows = removed.add(&far, rows);
        if !rows.is_empty() {
            removing(sessions, catalog, &far, &rows, removed).await?;
        }
    }
    Ok(())
}

/// Makes the referring rows refer to nothing.
async fn set_null(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    incoming: &Incoming,
    keys: &[Key],
    removed: &Removed,
) -> Result<(), ExecuteError> {
    let far = &catalog.entry(incoming.far).table;
    let columns = incoming.referring.as_ref().map(|columns| columns.iter().map(|at| far.columns[*at].clone()));
    let set: Option<Vec<_>> = columns.map(|columns| columns.map(|column| (column, Scalar::Null)).collect());
    write_to_referrers(sessions, catalog, incoming, keys, removed, set.as_deref(), "set_null").await
}

/// Gives the referring rows another value.
pub async fn follow(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    incoming: &Incoming,
    old: &Key,
    new: &Key,
) -> Result<(), ExecuteError> {
    let Some(values) = crate::execute::fetch::scalars(&incoming.hop, new) else {
        let referrers = referrers(sessions, catalog, incoming, std::slice::from_ref(old), &Removed::default()).await?;
        // Its column has no room for the new value.
        return referrers.map_or(Ok(()), |referrers| Err(WriteError::Referenced(vec![referrers]).into()));
    };
    let far = &catalog.entry(incoming.far).table;
    let columns = incoming.referring.as_ref().map(|columns| columns.iter().map(|at| far.columns[*at].clone()));
    let set: Option<Vec<_>> = columns.map(|columns| columns.zip(values).collect());
    let old = std::slice::from_ref(old);
    write_to_referrers(sessions, catalog, incoming, old, &Removed::default(), set.as_deref(), "cascade").await
}

async fn write_to_referrers(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    incoming: &Incoming,
    keys: &[Key],
    removed: &Removed,
    set: Option<&[(Arc<crate::value::Column>, Scalar)]>,
    action: &str,
) -> Result<(), ExecuteError> {
    let Some(found) = referrers(sessions, catalog, incoming, keys, removed).await? else {
        return Ok(());
    };
    let far = plan::write(catalog, sessions.context.limits, incoming.far);
    let (Some(set), Ok(far)) = (set, far) else {
        let what = format!("{action} of values within a document ({} of {})", found.key.name, found.key.referring);
        return Err(WriteError::NotYet { what }.into());
    };
    // A referring column may itself be referred to: then those rows would have to change as well.
    let touched = incoming.referring.iter().flatten();
    let chained = touched.into_iter().any(|column| far.incoming.iter().any(|of| of.columns.contains(column)));
    if chained {
        let what = format!("{action} of a key whose columns are referenced themselves ({})", found.key.name);
        return Err(WriteError::NotYet { what }.into());
    }
    if set.iter().any(|(column, value)| *value == Scalar::Null && !column.nullable) {
        return Err(WriteError::Referenced(vec![found]).into());
    }
    for part in parts(sessions, &incoming.hop, keys) {
        let fetch = by_keys(&far.step.fetch, &incoming.hop, &part);
        let chunk = look(sessions, incoming, &fetch, &part, Lock::Change).await?;
        let rows: Vec<RowRef> = RowRef::all(&Arc::new(chunk)).collect();
        let own: Vec<Key> = row_keys(&rows, &far.identity).into_iter().flatten().collect();
        let own: Vec<Key> = own.into_iter().filter(|key| !removed.has(incoming.far, Some(key))).collect();
        for part in own.chunks(sessions.context.limits.keys_per_batch) {
            let update = Update {
                table: far.table.name.table.clone(),
                set: set.to_vec(),
                condition: these(&far.identity, part),
            };
            sessions.of(&incoming.step.source).await?.update(&update).await?;
        }
    }
    sessions.note(&far.table.name);
    Ok(())
}
