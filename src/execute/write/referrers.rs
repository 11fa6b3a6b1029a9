//! Removing referenced values: the fences of the values, and what happens to the rows that refer to them.
//!
//! A value is fenced before its row is locked, and looked for in the referring tables after that: who adds a reference
//! holds the same fence until it is committed, and then looks whether the row is still there.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::catalog::{Catalog, SideColumn, TableId};
use crate::config::Action;
use crate::execute::error::ExecuteError;
use crate::execute::fetch::{fits, key_set, recheck};
use crate::execute::join;
use crate::execute::rows::RowRef;
use crate::execute::write::decisions::refuse_unfinished;
use crate::execute::write::error::{MissingReference, Referrers, WriteError};
use crate::execute::write::operation::{Operation, key_texts, printed};
use crate::execute::write::references;
use crate::execute::write::sessions::Sessions;
use crate::name::PathStep;
use crate::plan::write::{Incoming, NamedKey, WritePlan};
use crate::plan::{self, HopPlan};
use crate::source::SourceError;
use crate::statement::write::Lock;
use crate::statement::{Fetch, KeySet};
use crate::value::key::KeyBuilder;
use crate::value::{Chunk, Column, Key, Scalar};

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

/// The key of each row; a row without one cannot be told from others.
pub fn keys_of(rows: &[RowRef], plan: &WritePlan) -> Result<Vec<Key>, ExecuteError> {
    let keys: Option<Vec<Key>> = row_keys(rows, &plan.identity).into_iter().collect();
    let what = || format!("a write of rows of {} whose key is none that can be compared", plan.table.name);
    keys.ok_or_else(|| WriteError::NotYet { what: what() }.into())
}

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
        let rows: Vec<RowRef> = RowRef::all(&Arc::new(chunk)).collect();
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

/// Rows that refer to these values and are not removed by the same write.
pub async fn referrers(
    sessions: &mut Sessions<'_>,
    incoming: &Incoming,
    keys: &[Key],
    removed: &Removed,
) -> Result<Option<Referrers>, ExecuteError> {
    let limit = sessions.context.limits.rows;
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
                let own = match &incoming.identity {
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
    let source = &incoming.step.source;
    let chunk = match sessions.is_read_only(source) {
        true => sessions.context.source(source)?.fetch(Arc::new(fetch.clone())).await?,
        false => sessions.of(source).await?.fetch(fetch, lock).await?,
    };
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
        let seen = referring(sessions, incoming, &far, &part, Lock::None).await?;
        fence(sessions, far.incoming.iter(), &seen).await?;
        let rows = referring(sessions, incoming, &far, &part, Lock::Change).await?;
        if !same_values(far.incoming.iter(), &seen, &rows) {
            return Err(WriteError::Overtaken.into());
        }
        let rows = removed.add(&far, rows);
        if !rows.is_empty() {
            removing(sessions, catalog, &far, &rows, removed, Some(&incoming.named)).await?;
        }
    }
    Ok(())
}

/// The rows that refer to these values, with all that their own table's plan needs of them.
async fn referring(
    sessions: &mut Sessions<'_>,
    incoming: &Incoming,
    far: &WritePlan,
    values: &[Key],
    lock: Lock,
) -> Result<Vec<RowRef>, ExecuteError> {
    let fetch = by_keys(&incoming.step.fetch, &incoming.hop, values);
    let found = look(sessions, incoming, &fetch, values, lock).await?;
    let found: Vec<RowRef> = RowRef::all(&Arc::new(found)).collect();
    // The primary key stands first in both layouts.
    let mut seen = HashSet::new();
    let mut keys = keys_of(&found, far)?;
    keys.retain(|key| seen.insert(key.clone()));
    let rows = rows_by_key(sessions, far, &keys, lock).await?;
    // Two statements: what changed between them is looked at again.
    if rows.len() == keys.len() { Ok(rows) } else { Err(WriteError::Overtaken.into()) }
}

/// Rows by their primary key, with all that their table's plan needs of them.
async fn rows_by_key(
    sessions: &mut Sessions<'_>,
    plan: &WritePlan,
    keys: &[Key],
    lock: Lock,
) -> Result<Vec<RowRef>, ExecuteError> {
    let mut rows = Vec::with_capacity(keys.len());
    for part in parts(sessions, &plan.identity, keys) {
        let fetch = by_keys(&plan.step.fetch, &plan.identity, &part);
        let chunk = sessions.of(&plan.table.name.source).await?.fetch(&fetch, lock).await?;
        rows.extend(RowRef::all(&Arc::new(chunk)));
    }
    Ok(rows)
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
        let referrers = referrers(sessions, incoming, std::slice::from_ref(old), &Removed::default()).await?;
        // Its column has no room for the new value.
        return referrers.map_or(Ok(()), |referrers| Err(WriteError::Referenced(vec![referrers]).into()));
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

async fn write_to_referrers(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    incoming: &Incoming,
    keys: &[Key],
    removed: &Removed,
    set: &Set,
    action: &'static str,
) -> Result<(), ExecuteError> {
    let Some(found) = referrers(sessions, incoming, keys, removed).await? else {
        return Ok(());
    };
    let mut far = plan::write(catalog, sessions.context.limits, incoming.far).map_err(|error| WriteError::NotYet {
        what: format!("changing the rows of {} ({error})", incoming.named.referring),
    })?;
    // A referring column may itself be referred to: then those rows would have to change as well.
    let touched = &incoming.named.key.referencing.columns;
    if touched.iter().any(|side| far.incoming.iter().any(|of| of.columns.contains(&side.column))) {
        let what = format!("{action} of a key whose columns are referenced themselves ({})", found.key.name);
        return Err(WriteError::NotYet { what }.into());
    }
    if let Set::Columns(set) = set
        && set.iter().any(|(column, value)| *value == Scalar::Null && !column.nullable)
    {
        return Err(WriteError::Referenced(vec![found]).into());
    }
    // The same columns, or leaves, may belong to other keys, which must find their rows as well.
    far.outgoing.retain(|other| {
        let same = |side: &SideColumn| {
            other.columns.contains(&side.column) && other.hop.from.iter().any(|cell| *cell.path == side.path[..])
        };
        !Arc::ptr_eq(&other.named.key, &incoming.named.key) && touched.iter().any(same)
    });
    let table = far.table.name.clone();
    let mut changed = 0;
    for part in parts(sessions, &incoming.hop, keys) {
        let fetch = by_keys(&incoming.step.fetch, &incoming.hop, &part);
        let chunk = look(sessions, incoming, &fetch, &part, Lock::Change).await?;
        let rows: Vec<RowRef> = RowRef::all(&Arc::new(chunk)).collect();
        // The primary key stands first in both layouts. A row that several values lead to is changed once.
        let mut seen = HashSet::new();
        let own: Vec<(RowRef, Key)> = keys_of(&rows, &far)?
            .into_iter()
            .zip(rows)
            .map(|(key, row)| (row, key))
            .filter(|(_, key)| !removed.has(incoming.far, Some(key)) && seen.insert(key.clone()))
            .collect();
        changed += own.len();
        let keys: Vec<Key> = own.iter().map(|(_, key)| key.clone()).collect();
        match set {
            Set::Columns(set) => sessions.update(&far, set, &keys).await?,
            Set::Leaves(value) => {
                for (row, key) in own {
                    let to = &incoming.hop.to[0];
                    let cell = row.cell(incoming.hop.to_cells[0]);
                    let Some(document) = leaves_replaced(&incoming.hop, cell, &part, value.as_ref()) else { continue };
                    sessions.update(&far, &[(to.column.clone(), document)], std::slice::from_ref(&key)).await?;
                }
            }
        }
        let rows = rows_by_key(sessions, &far, &keys, Lock::None).await?;
        let missing = references::missing(sessions, &far, &rows, None).await?;
        let missing: Vec<MissingReference> = missing.into_iter().flatten().collect();
        if !missing.is_empty() {
            return Err(WriteError::Missing(missing).into());
        }
    }
    sessions.note(&table, Some(&incoming.named), action, changed);
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

/// Gives leaves another value; without one an array loses the element, and a member becomes null.
pub fn replace(node: &mut Value, path: &[PathStep], is_one: &mut dyn FnMut(&Value) -> bool, value: Option<&Scalar>) {
    match (path.split_first(), node) {
        (None, leaf) => {
            if is_one(leaf) {
                *leaf = value.map_or(Value::Null, |value| spelled_like(leaf, value));
            }
        }
        (Some((PathStep::Member(name), rest)), node) => {
            if let Some(member) = node.get_mut(&**name) {
                replace(member, rest, is_one, value);
            }
        }
        (Some((PathStep::Each, [])), Value::Array(elements)) if value.is_none() => {
            elements.retain(|element| !is_one(element));
        }
        (Some((PathStep::Each, rest)), Value::Array(elements)) => {
            elements.iter_mut().for_each(|element| replace(element, rest, is_one, value));
        }
        (Some((PathStep::Each, _)), _) => {}
    }
}

/// A value as JSON: a number where a number was, if it is one.
fn spelled_like(leaf: &Value, value: &Scalar) -> Value {
    let text = match value {
        Scalar::Int(number) => number.to_string(),
        Scalar::Bool(flag) => return Value::Bool(*flag),
        Scalar::Text(text) => text.to_string(),
        Scalar::Null | Scalar::Bytes(_) => return Value::Null,
    };
    match serde_json::from_str(&text) {
        Ok(number @ Value::Number(_)) if leaf.is_number() => number,
        _ => Value::String(text),
    }
}
