//! A whole write: its transactions begin, it is tried, and it is kept or undone.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::catalog::{Catalog, Kind, TableId};
use crate::config::Enforce;
use crate::execute::context::Context;
use crate::execute::error::ExecuteError;
use crate::execute::write::change::{delete, insert, rekeyed, update, written_columns};
use crate::execute::write::error::WriteError;
use crate::execute::write::journal::{self, Known};
use crate::execute::write::nested::nested;
use crate::execute::write::promised::{self, promise_own};
use crate::execute::write::repair::repair;
use crate::execute::write::replay;
use crate::execute::write::sessions::Sessions;
use crate::execute::write::work::{Done, Failure, Repair, Work};
use crate::name::SourceName;
use crate::plan;
use crate::plan::write::{WritePlan, changed_by_delete, changed_by_rekey, reached};
use crate::query::Named;
use crate::statement;
use crate::telemetry::{METRICS, source_label};

/// Tries of a write that others stand in the way of.
const TRIES: u32 = 4;

/// Finished writes that are removed from a journal at once, rather than when it is looked at.
const CROWD: usize = 32;

/// Does all of it in one transaction, or nothing. Without `keep` it is undone in the end: it only tells whether it could be
/// done, and what it would change.
///
/// A write that its client has named is done once: later its outcome is told.
pub async fn run(
    context: &Context<'_>,
    catalog: &Catalog,
    plan: &WritePlan,
    work: Work<'_>,
    keep: bool,
    named: Option<&Named>,
) -> Result<Done, Failure> {
    let Some(named) = named.filter(|_| keep) else { return repeat(context, catalog, plan, work, keep, None).await };
    let (_, changing) = sources(context, catalog, plan, work);
    let mut key = named.key.clone();
    let mut tries = 1;
    loop {
        let known = journal::known(context, &changing, &key, named).await?;
        match known {
            Known::Done(keys, pending) => return Ok(Done { keys, pending, ..Done::default() }),
            Known::Aborted => {
                tries += 1;
                key = format!("{}#{tries}", named.key);
                continue;
            }
            Known::Nothing => {}
        }
        let outcome = repeat(context, catalog, plan, work, keep, Some((&key, &named.hash))).await;
        let Err(failure) = outcome else { return outcome };
        // Meanwhile it may have been done by another request of the same name, whose rows are then in the way.
        match journal::known(context, &changing, &key, named).await? {
            Known::Nothing => return Err(failure),
            Known::Done(..) | Known::Aborted => {}
        }
    }
}

/// Tries again what others were in the way of.
async fn repeat(
    context: &Context<'_>,
    catalog: &Catalog,
    plan: &WritePlan,
    work: Work<'_>,
    keep: bool,
    named: Option<(&str, &str)>,
) -> Result<Done, Failure> {
    let (started, deadline) = (Instant::now(), context.limits.request_time / 2);
    let mut tries = 1;
    loop {
        match attempt(context, catalog, plan, work, keep, named).await {
            Err(failure) if failure.may_pass() && tries < TRIES && started.elapsed() < deadline => {
                METRICS.write_retries.get_or_create(&source_label(plan.table.name.source.as_str())).inc();
                // What is in the way may be a write whose process is gone.
                if let Some(source) = failure.unfinished() {
                    replay::replay_all(context, catalog, &source).await?;
                }
                // Those who were in each other's way do not meet again at once.
                let jitter = u64::from(std::time::UNIX_EPOCH.elapsed().map_or(0, |now| now.subsec_micros() % 20));
                tokio::time::sleep(Duration::from_millis(u64::from(tries) * 10 + jitter)).await;
                tries += 1;
            }
            outcome => return outcome,
        }
    }
}

async fn attempt(
    context: &Context<'_>,
    catalog: &Catalog,
    plan: &WritePlan,
    work: Work<'_>,
    keep: bool,
    named: Option<(&str, &str)>,
) -> Result<Done, Failure> {
    let (sources, changing) = sources(context, catalog, plan, work);
    let several = changing.len() > 1;
    let journaled = if keep && (several || named.is_some()) { changing } else { BTreeSet::new() };
    let mut sessions = Sessions::begin(context, &sources, &journaled).await?;
    sessions.several = several;
    if named.is_some() {
        sessions.named_in = journaled.into_iter().filter(|source| !sessions.is_read_only(source)).collect();
    }
    let outcome = attempted(&mut sessions, catalog, plan, work, keep, named).await;
    // Also where the outcome is not known.
    if keep {
        sessions.invalidate(catalog);
    }
    // What is held beside what is kept, or all of it.
    sessions.rollback().await;
    outcome
}

async fn attempted(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    plan: &WritePlan,
    work: Work<'_>,
    keep: bool,
    named: Option<(&str, &str)>,
) -> Result<Done, Failure> {
    let own = &plan.table.name.source;
    if let Some((txid, hash)) = named {
        if sessions.without_journal.contains(own) {
            return Err(WriteError::NoJournal { source_name: own.to_string() }.into());
        }
        journal::mark(sessions.of(own).await?, &journal::marker(txid, own, Some(hash), None)).await?;
        sessions.marked = Some(own.clone());
    }
    let keys = match work {
        Work::Insert(records) => {
            promise_own(sessions, catalog, plan, records);
            insert(sessions, catalog, plan, records).await
        }
        Work::Update(target, records) => update(sessions, catalog, plan, target, records).await,
        Work::Delete(target) => delete(sessions, catalog, plan, target).await,
        Work::Repair(target, key, how) => repair(sessions, catalog, plan, target, key, how).await,
        Work::Nested(nodes, target) => nested(sessions, catalog, nodes, target).await,
    }?;
    let dangling = promised::fulfil(sessions, catalog).await?;
    if !dangling.is_empty() {
        return Err(promised::located(sessions.context, catalog, plan, work, &dangling)?);
    }
    point!("write::done");
    let (changes, unkept) = (sessions.changes(), std::mem::take(&mut sessions.unkept));
    let mut done = Done { keys, changes, unkept, pending: None };
    if !keep {
        journal::refuse_circles(sessions, catalog, plan.id)?;
        return Ok(done);
    }
    let mut changed = sessions.changed_sources();
    // Whatever another request of the same name finds to do: they meet in each source that one of them may decide in.
    changed.extend(&sessions.named_in);
    if changed.len() > 1 {
        let result = serde_json::to_string(&done.keys).unwrap_or_default();
        let changed: Vec<SourceName> = changed.into_iter().cloned().collect();
        done.pending = journal::commit(sessions, catalog, plan.id, named, &result).await?;
        // Whoever changes values of these sources reads what stands in their journals. What is not done may still hold locks.
        if done.pending.is_none() {
            for source in &changed {
                replay::tidy(sessions.context, source, CROWD).await;
            }
        }
        return Ok(done);
    }
    let only = changed.first().map_or_else(|| own.clone(), |source| (*source).clone());
    if let Some((txid, _)) = named {
        let result = serde_json::to_string(&done.keys).unwrap_or_default();
        sessions.of(own).await?.update(&statement::journal::tell(txid, own.as_str(), &result)).await?;
    }
    point!("write::ready");
    match sessions.commit_one(&only).await {
        Err(ExecuteError::Source(error)) if journal::is_lost(&error) => match named {
            Some((txid, _)) if journal::was_decided(sessions.context, own, txid).await? => Ok(done),
            Some(_) => Err(error.into()),
            None => Err(WriteError::Undecided { txid: None }.into()),
        },
        Err(error) => Err(error.into()),
        Ok(()) => Ok(done),
    }
}

/// The sources in which the write needs a transaction: its own; those that refer to what goes; and every SQLite file that
/// is looked at, since looking at it takes its one lock. Beside these, those of them whose rows may change.
fn sources(
    context: &Context<'_>,
    catalog: &Catalog,
    plan: &WritePlan,
    work: Work<'_>,
) -> (BTreeSet<SourceName>, BTreeSet<SourceName>) {
    if let Work::Nested(nodes, _) = work {
        return sources_of(context, catalog, &plan::nested::tables(nodes));
    }
    let own = BTreeSet::from([plan.table.name.source.clone()]);
    let (mut sources, mut changing) = (own.clone(), own);
    let written = written_columns(work);
    let removes = matches!(work, Work::Delete(_) | Work::Repair(_, _, Repair::Delete));
    if removes {
        sources.extend(reached(catalog, plan.id));
        changing.extend(changed_by_delete(catalog, plan.id));
    } else if rekeyed(plan, written.as_ref()).next().is_some() {
        sources.extend(reached(catalog, plan.id));
        let columns = rekeyed(plan, written.as_ref()).flat_map(|of| of.columns.iter().copied()).collect();
        changing.extend(changed_by_rekey(catalog, plan.id, columns));
        sources.extend(changing.iter().cloned());
    }
    if !matches!(work, Work::Delete(_)) {
        let looked_at = plan.outgoing.iter().filter(|outgoing| outgoing.named.key.enforce == Enforce::Always);
        let names = looked_at.map(|outgoing| &outgoing.far.source);
        sources.extend(names.filter(|name| context.is_sqlite(name)).cloned());
    }
    (sources, changing)
}

/// The same of a write that may do anything to rows of these tables.
fn sources_of(
    context: &Context<'_>,
    catalog: &Catalog,
    tables: &BTreeSet<TableId>,
) -> (BTreeSet<SourceName>, BTreeSet<SourceName>) {
    let (mut sources, mut changing) = (BTreeSet::new(), BTreeSet::new());
    for id in tables {
        let entry = catalog.entry(*id);
        changing.insert(entry.table.name.source.clone());
        changing.extend(changed_by_delete(catalog, *id));
        sources.extend(reached(catalog, *id));
        for relationship in entry.relationships.iter().filter(|of| of.key.is_virtual && of.through.is_none()) {
            let far = &catalog.entry(relationship.target).table.name.source;
            if relationship.kind == Kind::BelongsTo && context.is_sqlite(far) {
                sources.insert(far.clone());
            }
        }
        changing.extend(changed_by_rekey(catalog, *id, (0..entry.table.columns.len()).collect()));
    }
    sources.extend(changing.iter().cloned());
    (sources, changing)
}

/// What is known of a write that its client has named, before anything is done for it.
pub async fn answered(
    context: &Context<'_>,
    catalog: &Catalog,
    plan: &WritePlan,
    named: &Named,
) -> Result<Option<Done>, Failure> {
    let mut sources = changed_by_delete(catalog, plan.id);
    sources.insert(plan.table.name.source.clone());
    sources.extend(plan.incoming.iter().map(|incoming| incoming.named.referring.source.clone()));
    match journal::known(context, &sources, &named.key, named).await? {
        Known::Done(keys, pending) => Ok(Some(Done { keys, pending, ..Done::default() })),
        Known::Aborted | Known::Nothing => Ok(None),
    }
}
