//! Changes of the rows of one table, within the transactions of a write.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::config::Action;
use crate::execute::error::ExecuteError;
use crate::execute::rows::RowRef;
use crate::execute::write::decisions::refuse_unfinished;
use crate::execute::write::error::{MissingReference, WriteError};
use crate::execute::write::keyed::{Removed, keys_of, stored};
use crate::execute::write::operation::{self, KeyTexts, Operation, key_texts, printed};
use crate::execute::write::promised::{postponed, set_later};
use crate::execute::write::sessions::Sessions;
use crate::execute::write::superseded::note_created;
use crate::execute::write::work::{Failure, Target, Work};
use crate::execute::write::{references, referrers, rewrite, values, whole};
use crate::plan::read::ALL;
use crate::plan::record::{Values, columns};
use crate::plan::write::{Incoming, WritePlan};
use crate::source::{SourceError, Violation};
use crate::statement::write::{Insert, Lock};
use crate::statement::{Condition, Fetch, KeySet, SmallKey};
use crate::value::{Column, Key, Scalar};

/// The columns that a write of rows gives values to; none where it is all of them.
pub fn written_columns(work: Work<'_>) -> Option<HashSet<usize>> {
    match work {
        Work::Update(_, records) => Some(records.iter().flatten().map(|(at, _)| *at).collect()),
        _ => None,
    }
}

/// The keys by which others refer to columns that are written.
pub fn rekeyed<'p>(plan: &'p WritePlan, columns: Option<&HashSet<usize>>) -> impl Iterator<Item = &'p Incoming> {
    let columns = columns.cloned().unwrap_or_default();
    let changes = !columns.is_empty();
    let ours = |incoming: &&Incoming| incoming.named.key.is_virtual;
    plan.incoming.iter().filter(ours).filter(move |incoming| {
        // What the database computes may change with anything.
        changes && incoming.columns.iter().any(|at| columns.contains(at) || plan.table.columns[*at].generated)
    })
}

/// Adds rows; gives their keys.
pub async fn insert(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    plan: &WritePlan,
    records: &[Values],
) -> Result<Vec<Option<Vec<String>>>, Failure> {
    let mut records = Cow::Borrowed(records);
    let later = postponed(sessions, catalog, plan, &mut records, true).await?;
    let given = references::as_given(plan, &records);
    references::fence(sessions, plan, &given, None).await?;
    let table = &plan.table;
    let mut stored: Vec<RowRef> = Vec::with_capacity(records.len());
    // Records with the same columns go together.
    for alike in records.chunk_by(|a, b| a.iter().map(|(at, _)| at).eq(b.iter().map(|(at, _)| at))) {
        let insert = Insert {
            table: table.name.table.clone(),
            columns: columns(table, &alike[0]),
            rows: alike.iter().map(|values| values.iter().map(|(_, value)| value.clone()).collect()).collect(),
            key: table.primary_key.iter().map(|at| table.columns[*at].clone()).collect(),
            exact: sessions.redoing,
            stored: Fetch { max_rows: ALL, ..(*plan.step.fetch).clone() },
        };
        let chunk = sessions.of(&table.name.source).await?.insert(&insert).await?;
        if chunk.rows() != alike.len() {
            let cause = format!("{}: {} of {} rows were added", table.name, chunk.rows(), alike.len());
            return Err(SourceError::Refused { source_name: table.name.source.clone(), cause }.into());
        }
        stored.extend(RowRef::all(&Arc::new(chunk)));
    }
    sessions.note(&table.name, None, "insert", stored.len());
    sessions.operation(&table.name.source, || Operation::Insert {
        table: printed(plan),
        keys: key_texts(plan, &stored),
        rows: Vec::new(),
        unnumbered: is_counted(plan, &records),
    });
    note_created(sessions, plan, &stored);
    refuse_unfinished(sessions, plan, &stored).await?;
    let missing = references::missing(sessions, plan, &stored, None).await?;
    refuse_missing(missing)?;
    let keys = key_texts(plan, &stored);
    set_later(sessions, plan.id, later.into_iter().map(|(at, values)| (keys[at].clone(), values)).collect());
    Ok(keys.into_iter().map(Some).collect())
}

/// Whether the database itself numbers the rows.
fn is_counted(plan: &WritePlan, records: &[Values]) -> bool {
    let [key] = &plan.table.primary_key[..] else { return false };
    let given = |values: &Values| values.iter().any(|(at, _)| at == key);
    plan.table.columns[*key].auto_increment && !records.iter().any(given)
}

fn refuse_missing(missing: Vec<Vec<MissingReference>>) -> Result<(), Failure> {
    let faulty = missing.into_iter().enumerate().filter(|(_, missing)| !missing.is_empty());
    let records: Vec<(usize, ExecuteError)> =
        faulty.map(|(at, missing)| (at, WriteError::Missing(missing).into())).collect();
    if records.is_empty() { Ok(()) } else { Err(Failure { records, error: None }) }
}

/// Keys at the places of their records.
fn placed(count: usize, places: Vec<usize>, keys: Vec<Vec<String>>) -> Vec<Option<Vec<String>>> {
    let mut placed = vec![None; count];
    places.into_iter().zip(keys).for_each(|(at, key)| placed[at] = Some(key));
    placed
}

/// The rows of a target, and their places in it. Those that are not there are at fault, except where they may have ceased to
/// meet a condition.
pub async fn rows_of(
    sessions: &mut Sessions<'_>,
    plan: &WritePlan,
    target: &Target<'_>,
    lock: Lock,
) -> Result<(Vec<usize>, Vec<RowRef>), Failure> {
    let mut rows: Vec<Option<RowRef>> = vec![None; target.keys.len()];
    for (part, keys) in target.keys.chunks(sessions.context.limits.keys_per_batch).enumerate() {
        let first = part * sessions.context.limits.keys_per_batch;
        let asks = |key: &SmallKey| !key.is_empty() && !key.contains(&Scalar::Null);
        let asked: Vec<usize> = (0..keys.len()).filter(|at| asks(&keys[*at])).collect();
        let sent = asked.iter().map(|at| keys[*at].clone()).collect();
        let fetch = Fetch {
            keys: Some(KeySet { keys: sent, unique: false, ..target.form.clone() }),
            max_rows: ALL,
            condition: target.condition.cloned(),
            ..(*plan.step.fetch).clone()
        };
        let chunk = Arc::new(sessions.of(&plan.table.name.source).await?.fetch(&fetch, lock).await?);
        for (row, ordinal) in chunk.ordinals().iter().enumerate() {
            let at = first + asked[*ordinal as usize];
            if rows[at].is_some() {
                let error = WriteError::Ambiguous { id: target.texts[at].clone() };
                return Err(Failure { records: vec![(at, error.into())], error: None });
            }
            rows[at] = Some(RowRef { chunk: chunk.clone(), row: row as u32 });
        }
    }
    let needed = target.condition.is_none() && !target.upsert;
    let absent = rows.iter().enumerate().filter(|(_, row)| row.is_none() && needed);
    let records: Vec<(usize, ExecuteError)> =
        absent.map(|(at, _)| (at, WriteError::NotFound { id: target.texts[at].clone() }.into())).collect();
    if !records.is_empty() {
        return Err(Failure { records, error: None });
    }
    Ok(rows.into_iter().enumerate().filter_map(|(at, row)| Some((at, row?))).unzip())
}

/// Which rows of a target are there: their keys.
pub async fn existing(
    sessions: &mut Sessions<'_>,
    plan: &WritePlan,
    target: &Target<'_>,
) -> Result<Vec<Option<KeyTexts>>, Failure> {
    let any = Condition::All(Vec::new());
    let target = Target { condition: Some(&any), ..target.clone() };
    let (places, rows) = rows_of(sessions, plan, &target, Lock::None).await?;
    Ok(placed(target.keys.len(), places, key_texts(plan, &rows)))
}

/// The rows of a target, locked, after the fences of the values by which others refer to them.
pub async fn locked<'p>(
    sessions: &mut Sessions<'_>,
    plan: &WritePlan,
    target: &Target<'_>,
    incoming: impl Fn() -> Box<dyn Iterator<Item = &'p Incoming> + Send + 'p>,
    least: Lock,
) -> Result<(Vec<usize>, Vec<RowRef>), Failure> {
    if incoming().next().is_none() {
        return rows_of(sessions, plan, target, least).await;
    }
    let (_, seen) = rows_of(sessions, plan, target, Lock::None).await?;
    let concerned: Vec<&Incoming> = incoming().collect();
    values::fence(sessions, concerned.iter().copied(), &seen).await?;
    let rows = rows_of(sessions, plan, target, Lock::Change).await?;
    if values::same_values(concerned.into_iter(), &seen, &rows.1) {
        Ok(rows)
    } else {
        Err(WriteError::Overtaken.into())
    }
}

/// Removes rows; gives their keys.
pub async fn delete(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    plan: &WritePlan,
    target: &Target<'_>,
) -> Result<Vec<Option<Vec<String>>>, Failure> {
    let (places, rows) = locked(sessions, plan, target, || Box::new(plan.incoming.iter()), Lock::Change).await?;
    let keys = placed(target.keys.len(), places, key_texts(plan, &rows));
    let mut removed = Removed::default();
    let rows = removed.add(plan, rows);
    referrers::removing(sessions, catalog, plan, &rows, &mut removed, None).await?;
    Ok(keys)
}

/// Gives rows values; gives their keys.
pub async fn update(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    plan: &WritePlan,
    target: &Target<'_>,
    records: &[Values],
) -> Result<Vec<Option<Vec<String>>>, Failure> {
    let written = written_columns(Work::Update(target, records));
    references::fence(sessions, plan, &references::as_given(plan, records), written.as_ref()).await?;
    let (places, before) =
        locked(sessions, plan, target, || Box::new(rekeyed(plan, written.as_ref())), Lock::Row).await?;
    let mut added = Vec::new();
    if target.upsert {
        let there: HashSet<usize> = places.iter().copied().collect();
        let absent: Vec<usize> = (0..target.keys.len()).filter(|at| !there.contains(at)).collect();
        // What the column cannot hold identifies nothing, and is nothing that could be added.
        if let Some(at) = absent.iter().find(|at| target.keys[**at].contains(&Scalar::Null)) {
            let error = WriteError::NotFound { id: target.texts[*at].clone() };
            return Err(Failure { records: vec![(*at, error.into())], error: None });
        }
        let values: Vec<Values> = absent.iter().map(|at| with_key(plan, target, *at, &records[*at])).collect();
        if !values.is_empty() {
            let keys = insert(sessions, catalog, plan, &values).await.map_err(|failure| failure.at(&absent))?;
            added = absent.into_iter().zip(keys).collect();
        }
        if places.is_empty() {
            return Ok(added.into_iter().map(|(_, key)| key).collect());
        }
    }
    let mut records: Cow<'_, [Values]> = places.iter().map(|at| records[*at].clone()).collect();
    if let Some(updates) = target.updates {
        records.to_mut().iter_mut().for_each(|values| values.retain(|(at, _)| updates.contains(at)));
    }
    // A record without values only says which row is meant.
    let written_rows = records.iter().filter(|values| !values.is_empty()).count();
    let later = postponed(sessions, catalog, plan, &mut records, false).await?;
    let records = &records[..];
    let keys = keys_of(&before, plan)?;
    let writes = |incoming: &&Incoming| {
        let columns = written.as_ref();
        matches!(incoming.named.key.on_update, Action::Cascade | Action::SetNull)
            && incoming.columns.iter().any(|at| columns.is_some_and(|columns| columns.contains(at)))
    };
    values::guard(sessions, plan.guarded.iter().filter(writes), &before).await?;
    let table = &plan.table;
    let old = if sessions.several { whole::rows(sessions, catalog, plan, &keys).await? } else { Vec::new() };
    let mut at = 0;
    for alike in records.chunk_by(|a, b| a == b) {
        let rows = &keys[at..at + alike.len()];
        at += alike.len();
        if !alike[0].is_empty() {
            let values = alike[0].iter().map(|(_, value)| value.clone());
            let set: Vec<_> = columns(table, &alike[0]).into_iter().zip(values).collect();
            // A row may be named twice.
            let mut seen = HashSet::new();
            let rows: Vec<Key> = rows.iter().filter(|key| seen.insert(*key)).cloned().collect();
            sessions.update(plan, &set, &rows).await.map_err(|error| from_which_side(plan, &set, error))?;
        }
    }
    sessions.note(&table.name, None, "update", written_rows);
    let after = stored(sessions, plan, &keys, |at| &records[at]).await?;
    if sessions.several && written.as_ref().is_some_and(|written| !written.is_empty()) {
        let wanted: Vec<&str> = written.iter().flatten().map(|at| &*table.columns[*at].name).collect();
        let new = whole::rows(sessions, catalog, plan, &keys_of(&after, plan)?).await?;
        let rows = key_texts(plan, &before).into_iter().zip(whole::only(old, &wanted)).zip(whole::only(new, &wanted));
        let rows = rows.map(|((key, before), after)| operation::Changed { key, before, after }).collect();
        sessions.operation(&table.name.source, || Operation::Update { table: printed(plan), rows });
    }
    if rekeyed(plan, written.as_ref()).next().is_some() {
        // A value that comes, and one that goes, may be half way to or from another one.
        refuse_unfinished(sessions, plan, &before).await?;
        refuse_unfinished(sessions, plan, &after).await?;
    }
    let missing = references::missing(sessions, plan, &after, written.as_ref()).await?;
    refuse_missing(missing).map_err(|failure| failure.at(&places))?;
    for incoming in rekeyed(plan, written.as_ref()) {
        rewrite::followed(sessions, catalog, plan, incoming, &before, &after).await?;
    }
    let keys = key_texts(plan, &after);
    set_later(sessions, plan.id, later.into_iter().map(|(at, values)| (keys[at].clone(), values)).collect());
    let mut keys = placed(target.keys.len(), places, keys);
    added.into_iter().for_each(|(at, key)| keys[at] = key);
    Ok(keys)
}

/// The values of a record that is not there yet, with those that identify it.
fn with_key(plan: &WritePlan, target: &Target<'_>, at: usize, record: &Values) -> Values {
    let mut values = record.clone();
    for (column, value) in target.form.columns.iter().zip(&target.keys[at]) {
        if let Some(at) = plan.table.columns.iter().position(|known| known.name == column.column.name)
            && !values.iter().any(|(given, _)| *given == at)
        {
            values.push((at, value.clone()));
        }
    }
    values.sort_by_key(|(at, _)| *at);
    values
}

/// SQLite has one word for both sides of its keys; a change of the primary key is at the referenced one, as a rule.
fn from_which_side(plan: &WritePlan, set: &[(Arc<Column>, Scalar)], error: ExecuteError) -> ExecuteError {
    let keyed =
        plan.table.primary_key.iter().any(|at| set.iter().any(|(column, _)| *column == plan.table.columns[*at]));
    match error {
        ExecuteError::Source(SourceError::Violation { source_name, violation: Violation::NoReference, cause })
            if keyed && cause.contains("787") =>
        {
            SourceError::Violation { source_name, violation: Violation::Referenced, cause }.into()
        }
        error => error,
    }
}
