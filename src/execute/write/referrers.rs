//! Removing referenced values: the fences of the values, and what happens to the rows that refer to them.
//!
//! A value is fenced before its row is locked, and looked for in the referring tables after that: who adds a reference
//! holds the same fence until it is committed, and then looks whether the row is still there.

use futures_util::future::BoxFuture;

use crate::catalog::Catalog;
use crate::config::Action;
use crate::execute::error::ExecuteError;
use crate::execute::join;
use crate::execute::rows::RowRef;
use crate::execute::write::decisions::refuse_unfinished;
use crate::execute::write::error::{Referrers, WriteError};
use crate::execute::write::keyed::{Removed, keys_of, rows_by_key};
use crate::execute::write::operation::{Operation, key_texts, printed};
use crate::execute::write::pages::{batches, page, referrers, referring};
use crate::execute::write::rewrite::set_null;
use crate::execute::write::sessions::Sessions;
use crate::execute::write::values::{fence, gone, guard, same_values};
use crate::plan::write::{Incoming, NamedKey, WritePlan};
use crate::statement::write::Lock;
use crate::value::Key;

/// What removing rows comes to: those that refer to them are looked at, and removed or changed as their keys say. The
/// rows are locked already, and their values fenced; `removed` holds all of them.
pub fn removing<'s>(
    sessions: &'s mut Sessions<'_>,
    catalog: &'s Catalog,
    plan: &'s WritePlan,
    rows: &'s [RowRef],
    removed: &'s mut Removed,
    by: Option<&'s NamedKey>,
) -> BoxFuture<'s, Result<(), ExecuteError>> {
    Box::pin(async move {
        let guarded = plan.guarded.iter().filter(|incoming| incoming.named.key.on_delete == Action::SetNull);
        guard(sessions, guarded, rows).await?;
        let mut refused = Vec::new();
        for incoming in &plan.incoming {
            let keys = join::gather(rows, &incoming.hop).keys;
            let keys = gone(sessions, plan, incoming, keys, removed).await?;
            match incoming.named.key.on_delete {
                Action::Restrict | Action::NoAction => {
                    refused.extend(referrers(sessions, incoming, &keys, removed).await?);
                    if refused.last().is_some_and(|of: &Referrers| of.more) {
                        break;
                    }
                }
                Action::Cascade => cascade(sessions, catalog, incoming, &keys, removed).await?,
                Action::SetNull => {
                    for key in &keys {
                        sessions.operation(&incoming.named.referring.source, || {
                            Operation::follow(&plan.table.name, incoming, key, None)
                        });
                    }
                    set_null(sessions, catalog, incoming, &keys, removed).await?;
                }
            }
        }
        if !refused.is_empty() {
            return Err(WriteError::Referenced(refused).into());
        }
        let table = &plan.table.name;
        sessions.delete(plan, &keys_of(rows, plan)?).await?;
        sessions.note(table, by, "delete", rows.len());
        sessions.operation(&table.source, || Operation::Delete { table: printed(plan), keys: key_texts(plan, rows) });
        refuse_unfinished(sessions, plan, rows).await
    })
}

/// Removes the referring rows, and before them those that refer to them.
async fn cascade(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    incoming: &Incoming,
    keys: &[Key],
    removed: &mut Removed,
) -> Result<(), ExecuteError> {
    let Some(far) = referring(sessions, catalog, incoming, keys, removed, "removing").await? else { return Ok(()) };
    let mut left = batches(sessions, &incoming.hop, keys);
    while let Some(batch) = left.pop() {
        let Some(seen) = page(sessions, incoming, &far, &batch, Lock::None).await? else {
            left.extend(batch.smaller(incoming));
            continue;
        };
        // What refers to them is fenced before they are locked.
        let mut before = Vec::new();
        if !far.incoming.is_empty() {
            before = rows_by_key(sessions, &far, &seen.keys, Lock::None).await?;
            fence(sessions, far.incoming.iter(), &before).await?;
        }
        let locked = rows_by_key(sessions, &far, &seen.keys, Lock::Change).await?;
        if !same_values(far.incoming.iter(), &before, &locked) {
            return Err(WriteError::Overtaken.into());
        }
        let still = seen.still(sessions, incoming, &far, &batch).await?;
        let referring = locked.into_iter().zip(&seen.keys).filter(|(_, key)| still.contains(key));
        let rows = removed.add(&far, referring.map(|(row, _)| row).collect());
        let done = keys_of(&rows, &far)?;
        if !rows.is_empty() {
            removing(sessions, catalog, &far, &rows, removed, Some(&incoming.named)).await?;
        }
        left.extend(batch.next(&seen, done));
    }
    Ok(())
}
