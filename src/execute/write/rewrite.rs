//! Referring rows get another value, or none, in columns or within documents.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::catalog::{Catalog, SideColumn};
use crate::config::Action;
use crate::execute::error::ExecuteError;
use crate::execute::join;
use crate::execute::rows::RowRef;
use crate::execute::write::decisions::refuse_unfinished;
use crate::execute::write::error::{MissingReference, WriteError};
use crate::execute::write::keyed::{Removed, keys_of, row_keys, rows_by_key, stored};
use crate::execute::write::leaves::replace;
use crate::execute::write::operation::Operation;
use crate::execute::write::pages::{self, batches, referrers};
use crate::execute::write::references;
use crate::execute::write::sessions::Sessions;
use crate::execute::write::values::{fence, gone, guard, same_values};
use crate::plan::HopPlan;
use crate::plan::record::Values;
use crate::plan::write::{Incoming, WritePlan};
use crate::statement::write::Lock;
use crate::value::key::KeyBuilder;
use crate::value::{Column, Key, Scalar};

/// What becomes of those who refer to values that changed.
pub async fn followed(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    plan: &WritePlan,
    incoming: &Incoming,
    before: &[RowRef],
    after: &[RowRef],
) -> Result<(), ExecuteError> {
    let [old, new] = [before, after].map(|rows| row_keys(rows, &incoming.hop));
    let stays: HashSet<&Key> = new.iter().flatten().collect();
    if old.iter().zip(&new).any(|(old, new)| old != new && old.as_ref().is_some_and(|old| stays.contains(old))) {
        let what = format!("exchanging values that others refer to ({})", incoming.named.name);
        return Err(WriteError::NotYet { what }.into());
    }
    let changed: Vec<(Key, Option<Key>)> = old
        .iter()
        .zip(&new)
        .filter_map(|(old, new)| Some((old.clone()?, new.clone())))
        .filter(|(old, _)| !stays.contains(old))
        .collect();
    let keys: Vec<Key> = changed.iter().map(|(old, _)| old.clone()).collect();
    let keys = gone(sessions, plan, incoming, keys, &Removed::default()).await?;
    // When it was decided nobody was in the way; who came since then refers to rows that follow now.
    if incoming.named.key.on_update != Action::Cascade && !sessions.redoing {
        return refuse(sessions, incoming, &keys, &Removed::default()).await;
    }
    for (old, new) in changed.into_iter().filter(|(old, _)| keys.contains(old)) {
        let Some(new) = new else {
            refuse(sessions, incoming, std::slice::from_ref(&old), &Removed::default()).await?;
            continue;
        };
        let operation = || Operation::follow(&plan.table.name, incoming, &old, Some(&new));
        sessions.operation(&incoming.named.referring.source, operation);
        follow(sessions, catalog, incoming, &old, &new).await?;
    }
    Ok(())
}

/// Refuses to change values to which rows refer, unless they go in the same write.
async fn refuse(
    sessions: &mut Sessions<'_>,
    incoming: &Incoming,
    keys: &[Key],
    removed: &Removed,
) -> Result<(), ExecuteError> {
    match referrers(sessions, incoming, keys, removed).await? {
        Some(found) => Err(WriteError::Referenced(vec![found]).into()),
        None => Ok(()),
    }
}

/// Makes the referring rows refer to nothing.
pub async fn set_null(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    incoming: &Incoming,
    keys: &[Key],
    removed: &Removed,
) -> Result<(), ExecuteError> {
    let far = &catalog.entry(incoming.far).table;
    let columns = incoming.referring.as_ref().map(|columns| columns.iter().map(|at| far.columns[*at].clone()));
    let set = match columns {
        Some(columns) => Set::Columns(columns.map(|column| (column, Scalar::Null)).collect()),
        None => Set::Leaves(None),
    };
    write_to_referrers(sessions, catalog, incoming, keys, removed, &set, "set_null").await
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
        // Its column has no room for the new value.
        return refuse(sessions, incoming, std::slice::from_ref(old), &Removed::default()).await;
    };
    let far = &catalog.entry(incoming.far).table;
    let columns = incoming.referring.as_ref().map(|columns| columns.iter().map(|at| far.columns[*at].clone()));
    let set = match columns {
        Some(columns) => Set::Columns(columns.zip(values).collect()),
        None => Set::Leaves(values.into_iter().next()),
    };
    let old = std::slice::from_ref(old);
    write_to_referrers(sessions, catalog, incoming, old, &Removed::default(), &set, "update").await
}

/// What referring rows get.
enum Set {
    /// Columns, and their values.
    Columns(Vec<(Arc<Column>, Scalar)>),
    /// Leaves of a document: this value in place of them; without one an array loses the element, a member becomes null.
    Leaves(Option<Scalar>),
}

fn write_to_referrers<'s>(
    sessions: &'s mut Sessions<'_>,
    catalog: &'s Catalog,
    incoming: &'s Incoming,
    keys: &'s [Key],
    removed: &'s Removed,
    set: &'s Set,
    action: &'static str,
) -> BoxFuture<'s, Result<(), ExecuteError>> {
    Box::pin(written_to_referrers(sessions, catalog, incoming, keys, removed, set, action))
}

async fn written_to_referrers(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    incoming: &Incoming,
    keys: &[Key],
    removed: &Removed,
    set: &Set,
    action: &'static str,
) -> Result<(), ExecuteError> {
    let far = pages::referring(sessions, catalog, incoming, keys, removed, "changing").await?;
    let Some(mut far) = far else { return Ok(()) };
    let nulls = |(column, value): &(Arc<Column>, Scalar)| *value == Scalar::Null && !column.nullable;
    if matches!(set, Set::Columns(set) if set.iter().any(nulls)) {
        return refuse(sessions, incoming, keys, removed).await;
    }
    // The same columns, or leaves, may belong to other keys, which must find their rows as well.
    let touched = &incoming.named.key.referencing.columns;
    far.outgoing.retain(|other| {
        let same = |side: &SideColumn| {
            other.columns.contains(&side.column) && other.hop.from.iter().any(|cell| *cell.path == side.path[..])
        };
        !Arc::ptr_eq(&other.named.key, &incoming.named.key) && touched.iter().any(same)
    });
    // They may be referred to themselves.
    let touches = |of: &Incoming| touched.iter().any(|side| of.columns.contains(&side.column));
    far.incoming.retain(|of| of.named.key.is_virtual && touches(of));
    far.guarded.retain(|of| of.named.key.on_update != Action::Restrict && touches(of));
    let mut left = batches(sessions, &incoming.hop, keys);
    let mut changed = 0;
    let chain = !far.incoming.is_empty() || !far.guarded.is_empty();
    while let Some(batch) = left.pop() {
        let lock = if batch.is_paged() || chain { Lock::None } else { Lock::Change };
        let Some(mut page) = pages::page(sessions, incoming, &far, &batch, lock).await? else {
            left.extend(batch.smaller(incoming));
            continue;
        };
        let mut before = Vec::new();
        if chain {
            before = rows_by_key(sessions, &far, &page.keys, Lock::None).await?;
            fence(sessions, far.incoming.iter(), &before).await?;
        }
        // By their keys, as they were before: read for who refers to them.
        let mut known: HashMap<Key, RowRef> = HashMap::new();
        if lock == Lock::None {
            let locked = rows_by_key(sessions, &far, &page.keys, Lock::Change).await?;
            let seen = std::mem::take(&mut page.keys);
            page = pages::page(sessions, incoming, &far, &batch, Lock::None).await?.ok_or(WriteError::Overtaken)?;
            if !same_values(far.incoming.iter(), &before, &locked) || page.keys != seen {
                return Err(WriteError::Overtaken.into());
            }
            guard(sessions, far.guarded.iter(), &locked).await?;
            known.extend(seen.into_iter().zip(locked));
        }
        // A row that several values lead to is changed once.
        let mut seen = HashSet::new();
        let own: Vec<(&RowRef, Key)> = page
            .rows
            .iter()
            .zip(keys_of(&page.rows, &far)?)
            .filter(|(_, key)| batch.is_fresh(key) && !removed.has(incoming.far, Some(key)) && seen.insert(key.clone()))
            .collect();
        changed += own.len();
        let keys: Vec<Key> = own.iter().map(|(_, key)| key.clone()).collect();
        let before: Vec<RowRef> = keys.iter().filter_map(|key| known.remove(key)).collect();
        let mut values = Values::new();
        match set {
            Set::Columns(set) => {
                sessions.update(&far, set, &keys).await?;
                let place = |(column, value): &(Arc<Column>, Scalar)| {
                    far.table.columns.iter().position(|of| of == column).map(|at| (at, value.clone()))
                };
                values = set.iter().filter_map(place).collect();
            }
            Set::Leaves(value) => {
                for (row, key) in own {
                    let to = &incoming.hop.to[0];
                    let cell = row.cell(incoming.hop.to_cells[0]);
                    let document = leaves_replaced(&incoming.hop, cell, &batch.values, value.as_ref());
                    let Some(document) = document else { continue };
                    sessions.update(&far, &[(to.column.clone(), document)], std::slice::from_ref(&key)).await?;
                }
            }
        }
        let after = stored(sessions, &far, &keys, |_| &values).await?;
        let missing = references::missing(sessions, &far, &after, None).await?;
        let missing: Vec<MissingReference> = missing.into_iter().flatten().collect();
        if !missing.is_empty() {
            return Err(WriteError::Missing(missing).into());
        }
        if !far.incoming.is_empty() {
            refuse_unfinished(sessions, &far, &before).await?;
            refuse_unfinished(sessions, &far, &after).await?;
        }
        for of in &far.incoming {
            followed(sessions, catalog, &far, of, &before, &after).await?;
        }
        left.extend(batch.next(&page, keys));
    }
    sessions.note(&far.table.name, Some(&incoming.named), action, changed);
    Ok(())
}

/// A document in which the leaves that are these keys have another value, or are gone.
fn leaves_replaced(hop: &HopPlan, cell: &[u8], keys: &[Key], value: Option<&Scalar>) -> Option<Scalar> {
    let to = &hop.to[0];
    let mut document = join::document(&to.column, cell)?;
    let mut builder = KeyBuilder::default();
    let mut is_one = |leaf: &Value| {
        join::leaf_key(&mut builder, hop.classes[0], &to.column, leaf).is_some_and(|key| keys.contains(&key))
    };
    replace(&mut document, &to.path, &mut is_one, value);
    Some(Scalar::text(document.to_string()))
}
