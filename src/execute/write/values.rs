//! Values by which rows are referred to: their fences, and which of them go with the rows.

use std::collections::HashSet;

use crate::execute::error::ExecuteError;
use crate::execute::join;
use crate::execute::rows::RowRef;
use crate::execute::write::error::WriteError;
use crate::execute::write::keyed::{Removed, by_keys, parts, row_keys};
use crate::execute::write::pages::referrers;
use crate::execute::write::sessions::Sessions;
use crate::plan::write::{Incoming, WritePlan};
use crate::statement::write::Lock;
use crate::value::Key;

/// Refuses what makes the database itself change rows in columns that keys of the file look at.
pub async fn guard(
    sessions: &mut Sessions<'_>,
    guarded: impl Iterator<Item = &Incoming>,
    rows: &[RowRef],
) -> Result<(), ExecuteError> {
    for incoming in guarded {
        let keys = join::gather(rows, &incoming.hop).keys;
        if referrers(sessions, incoming, &keys, &Removed::default()).await?.is_some() {
            let what = format!("following what the database changes in {} with it", incoming.named.referring);
            return Err(WriteError::NotYet { what }.into());
        }
    }
    Ok(())
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

/// Of the values of rows that go those that no other row has. Where the database does not keep them unique, several may have
/// one.
pub async fn gone(
    sessions: &mut Sessions<'_>,
    plan: &WritePlan,
    incoming: &Incoming,
    keys: Vec<Key>,
    removed: &Removed,
) -> Result<Vec<Key>, ExecuteError> {
    let Some(same) = &incoming.same else { return Ok(keys) };
    let mut stay = HashSet::new();
    for part in parts(sessions, same, &keys) {
        let fetch = by_keys(&plan.step.fetch, same, &part);
        let chunk = sessions.of(&plan.table.name.source).await?.fetch(&fetch, Lock::Change).await?;
        let rows = RowRef::of(chunk);
        let own = row_keys(&rows, &plan.identity);
        let others = rows.into_iter().zip(&own).filter(|(_, key)| !removed.has(plan.id, key.as_ref()));
        let others: Vec<RowRef> = others.map(|(row, _)| row).collect();
        stay.extend(join::gather(&others, &incoming.hop).keys);
    }
    Ok(keys.into_iter().filter(|key| !stay.contains(key)).collect())
}

/// Whether each row has the values that it had, by those that others refer to.
pub fn same_values<'p>(mut incoming: impl Iterator<Item = &'p Incoming>, before: &[RowRef], now: &[RowRef]) -> bool {
    incoming.all(|incoming| {
        let known: HashSet<Key> = join::gather(before, &incoming.hop).keys.into_iter().collect();
        join::gather(now, &incoming.hop).keys.iter().all(|key| known.contains(key))
    })
}
