//! A part of a decided write is done again, by what stands there: what others have changed meanwhile is not overwritten.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::execute::context::Context;
use crate::execute::error::ExecuteError;
use crate::execute::write::change::{delete, existing, insert, update};
use crate::execute::write::error::WriteError;
use crate::execute::write::journal::{self, keys_of_texts, planned, planned_table};
use crate::execute::write::keyed::Removed;
use crate::execute::write::linked::keyed;
use crate::execute::write::operation::{Changed, KeyTexts, Operation, Part, Record, id_text, unhex};
use crate::execute::write::promised::Dangling;
use crate::execute::write::sessions::Sessions;
use crate::execute::write::superseded::Superseded;
use crate::execute::write::work::{Failure, Target};
use crate::execute::write::{promised, references, rewrite, sessions, whole};
use crate::name::SourceName;
use crate::plan::record::{self, Values};
use crate::plan::write::{Incoming, Outgoing, WritePlan, reached};
use crate::statement;
use crate::statement::{Condition, KeySet, SmallKey};
use crate::value::{Key, json};

/// Does the first of these parts of a write, unless it is done already. The others come after it.
pub async fn redo(context: &Context<'_>, catalog: &Catalog, txid: &str, parts: &[Part]) -> Result<(), ExecuteError> {
    let Some(part) = parts.first() else { return Ok(()) };
    let name = SourceName::new(&part.source);
    let mut sources = BTreeSet::from([name.clone()]);
    for operation in &part.operations {
        let plan = match operation {
            Operation::Insert { table, .. } | Operation::Update { table, .. } | Operation::Delete { table, .. } => {
                planned(context, catalog, &name, table)?
            }
            Operation::Follow { table, source, .. } => planned(context, catalog, &SourceName::new(source), table)?,
        };
        sources.extend(match operation {
            Operation::Delete { .. } => reached(catalog, plan.id),
            // Looking at a file of SQLite takes its one lock.
            Operation::Follow { .. } => {
                [plan.table.name.source.clone()].into_iter().filter(|of| context.is_sqlite(of)).collect()
            }
            Operation::Insert { .. } | Operation::Update { .. } => {
                let far = plan.outgoing.iter().map(|outgoing| outgoing.far.source.clone());
                far.filter(|of| context.is_sqlite(of)).collect()
            }
        });
    }
    let mut superseded = Superseded::default();
    let done = loop {
        let known = superseded.count();
        let mut sessions = Sessions::begin(context, &sources, &BTreeSet::from([name.clone()])).await?;
        sessions.redoing = true;
        let done = redone(&mut sessions, catalog, txid, &name, parts, &mut superseded).await;
        sessions.invalidate(catalog);
        sessions.rollback().await;
        if done.is_ok() || superseded.count() == known {
            break done;
        }
    };
    if superseded.count() > 0 {
        let rows = superseded.count();
        tracing::warn!(txid, source = %name, rows, "rows of a decided write are not there: what they refer to was removed first");
    }
    match done {
        // An open original, or another process, has the marker: it is done, or will be.
        Err(ExecuteError::Write(WriteError::Repeated)) => Ok(()),
        done => done,
    }
}

async fn redone(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    txid: &str,
    name: &SourceName,
    parts: &[Part],
    superseded: &mut Superseded,
) -> Result<(), ExecuteError> {
    let Some((part, later)) = parts.split_first() else { return Ok(()) };
    // Whoever has the marker of this part has done it; an open original is waited for.
    journal::mark(sessions.of(name).await?, &journal::marker(txid, name, None, None)).await?;
    if let Some(handed_on) = journal::handed_on(txid, parts)? {
        sessions.of(name).await?.insert(&statement::journal::decide(&handed_on)).await?;
    }
    point!("replay::marked");
    for (at, operation) in part.operations.iter().enumerate() {
        if let Operation::Insert { table, rows, .. } = operation {
            let plan = planned(sessions.context, catalog, name, table)?;
            let values = values(catalog, &plan, rows)?;
            for row in superseded.kept(catalog, plan.id, at, &values) {
                sessions.promised.promise(catalog, plan.id, &values[row]);
            }
        }
    }
    let created: HashSet<&str> = part.created.iter().map(String::as_str).collect();
    for at in 0..part.operations.len() {
        operate(sessions, catalog, name, part, at, &created, superseded).await?;
    }
    let dangling = promised::fulfil(sessions, catalog).await?;
    if !dangling.is_empty() {
        return Err(WriteError::Missing(dangling.iter().map(Dangling::missing).collect()).into());
    }
    // What only goes commits first where it refers to what goes here; all of it is done again if the rest is lost. What follows a
    // value of this one, and has a part of its own, comes after it.
    let changes = sessions.changes();
    let follows = |source: &SourceName| {
        let gets = |changed: &sessions::Changed| changed.table.source == *source && changed.action == "update";
        later.iter().any(|part| source.as_str() == part.source) && changes.iter().any(gets)
    };
    let others = sessions.changed_sources().into_iter().filter(|source| *source != name).cloned();
    let (after, before): (Vec<SourceName>, Vec<SourceName>) = others.partition(follows);
    for other in before {
        sessions.commit_one(&other).await?;
    }
    point!("replay::done");
    sessions.commit_one(name).await?;
    point!("replay::committed");
    for other in after {
        sessions.commit_one(&other).await?;
    }
    Ok(())
}

async fn operate(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    name: &SourceName,
    part: &Part,
    at: usize,
    created: &HashSet<&str>,
    superseded: &mut Superseded,
) -> Result<(), ExecuteError> {
    let context = sessions.context;
    match &part.operations[at] {
        Operation::Insert { table, keys, rows, unnumbered } => {
            let plan = planned(context, catalog, name, table)?;
            let mut values = values(catalog, &plan, rows)?;
            let places = superseded.kept(catalog, plan.id, at, &values);
            superseded.without(table, keys, &places);
            values = places.iter().map(|at| std::mem::take(&mut values[*at])).collect();
            let keys: Vec<KeyTexts> = places.iter().map(|at| keys[*at].clone()).collect();
            if *unnumbered {
                // SQLite gives the numbers of rows that were never committed to others.
                let (form, keys, texts) = target(&plan, &keys)?;
                let target =
                    Target { form: &form, keys: &keys, texts: &texts, condition: None, upsert: false, updates: None };
                // Where one of them is taken, a new one may be the next one's.
                if existing(sessions, &plan, &target).await.map_err(first)?.iter().any(Option::is_some) {
                    let keyless = |values: &mut Values| values.retain(|(at, _)| !plan.table.primary_key.contains(at));
                    values.iter_mut().for_each(keyless);
                }
            }
            if let Err(failure) = insert(sessions, catalog, &plan, &values).await {
                let places: Vec<_> = places.iter().map(|place| (at, *place)).collect();
                superseded.note(&plan, &places, &values, &failure, created, true);
                return Err(first(failure));
            }
        }
        Operation::Update { table, rows } => {
            let plan = planned(context, catalog, name, table)?;
            let is_there = |(_, row): &(usize, &Changed)| !superseded.has_key(table, &row.key);
            let there: Vec<(usize, &Changed)> = rows.iter().enumerate().filter(is_there).collect();
            let mut due = still_due(sessions, catalog, &plan, &there).await?;
            due.retain(|(place, _)| !superseded.has(at, *place));
            let places: Vec<_> = due.iter().map(|(place, _)| (at, *place)).collect();
            let keys: Vec<Vec<String>> = due.iter().map(|(_, row)| row.key.clone()).collect();
            let records: Vec<Record> = due.iter().map(|(_, row)| row.after.clone()).collect();
            let values = values(catalog, &plan, &records)?;
            if !values.is_empty() {
                let (form, keys, texts) = target(&plan, &keys)?;
                let target =
                    Target { form: &form, keys: &keys, texts: &texts, condition: None, upsert: false, updates: None };
                if let Err(failure) = update(sessions, catalog, &plan, &target, &values).await {
                    superseded.note(&plan, &places, &values, &failure, created, false);
                    return Err(first(failure));
                }
            }
        }
        Operation::Delete { table, keys } => {
            let plan = planned(context, catalog, name, table)?;
            let (form, keys, texts) = target(&plan, keys)?;
            // Rows that are gone already are passed over.
            let any = Condition::All(Vec::new());
            let target =
                Target { form: &form, keys: &keys, texts: &texts, condition: Some(&any), upsert: false, updates: None };
            delete(sessions, catalog, &plan, &target).await.map_err(first)?;
        }
        Operation::Follow { table, source, foreign_key, old, new } => {
            let plan = planned(context, catalog, &SourceName::new(source), table)?;
            let known = |incoming: &&Incoming| id_text(&incoming.named) == *foreign_key;
            let gone = || WriteError::NotYet { what: "following a key that is not in the key file any more".into() };
            let incoming = plan.incoming.iter().find(known).ok_or_else(gone)?;
            let old = unhex(old).ok_or_else(gone)?;
            match new {
                Some(new) => {
                    let new = unhex(new).ok_or_else(gone)?;
                    must_stand(sessions, catalog, incoming, &new).await?;
                    rewrite::follow(sessions, catalog, incoming, &old, &new).await?;
                }
                None => {
                    let removed = Removed::default();
                    rewrite::set_null(sessions, catalog, incoming, std::slice::from_ref(&old), &removed).await?;
                }
            }
        }
    }
    Ok(())
}

/// Others are to refer to a value from now on: its row must be there, and stay until they do.
async fn must_stand(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    incoming: &Incoming,
    value: &Key,
) -> Result<(), ExecuteError> {
    let value = std::slice::from_ref(value);
    sessions.fence(&incoming.named, value, false).await?;
    let referring = planned_table(sessions.context, catalog, incoming.far)?;
    let own = |outgoing: &&Outgoing| Arc::ptr_eq(&outgoing.named.key, &incoming.named.key);
    let Some(outgoing) = referring.outgoing.iter().find(own) else { return Ok(()) };
    match references::found(sessions, outgoing, value).await?[..] {
        [true] => Ok(()),
        _ => Err(WriteError::NotYet { what: "following a value that is gone again".into() }.into()),
    }
}

/// The rows that still have the values that they had before. One that has neither these nor the written ones was changed by
/// somebody else, which is not undone.
async fn still_due<'r>(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    plan: &WritePlan,
    rows: &[(usize, &'r Changed)],
) -> Result<Vec<(usize, &'r Changed)>, ExecuteError> {
    let texts: Vec<Vec<String>> = rows.iter().map(|(_, row)| row.key.clone()).collect();
    let keys = keys_of_texts(plan, &texts)?;
    let changed = || WriteError::Ambiguous { id: "a row that was changed meanwhile".into() };
    let stand = whole::rows(sessions, catalog, plan, &keys).await.map_err(|error| match error {
        ExecuteError::Write(WriteError::Overtaken) => changed().into(),
        error => error,
    })?;
    let mut due = Vec::new();
    for ((place, row), stands) in rows.iter().copied().zip(stand) {
        let has = |wanted: &Record| wanted.iter().all(|(name, value)| stands.get(name) == Some(value));
        if has(&row.after) {
            continue;
        }
        if !has(&row.before) {
            return Err(changed().into());
        }
        due.push((place, row));
    }
    Ok(due)
}

fn values(catalog: &Catalog, plan: &WritePlan, rows: &[Record]) -> Result<Vec<Values>, ExecuteError> {
    let entry = catalog.entry(plan.id);
    let read = |record: &Record| {
        if let Some(name) = record.keys().find(|name| entry.table.column(name).is_none()) {
            let what = format!("writing what the journal has: {} has no column {name} any more", plan.table.name);
            return Err(WriteError::NotYet { what }.into());
        }
        record::changed(entry, record)
            .map_err(|error| WriteError::NotYet { what: format!("writing what the journal has ({error})") }.into())
    };
    rows.iter().map(read).collect()
}

type Keyed = (KeySet, Vec<SmallKey>, Vec<String>);

fn target(plan: &WritePlan, keys: &[Vec<String>]) -> Result<Keyed, ExecuteError> {
    let spelled = |value: &String| json::read_str(value.as_bytes()).map_or_else(|| value.clone(), Into::into);
    keyed(plan, keys.iter().map(|key| key.iter().map(spelled).collect()).collect())
}

fn first(failure: Failure) -> ExecuteError {
    let record = failure.records.into_iter().next().map(|(_, error)| error);
    record.or(failure.error).unwrap_or_else(|| WriteError::Overtaken.into())
}
