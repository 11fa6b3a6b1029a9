//! Finishes decided writes whose parts are not all done: after a crash, or a lost connection. Every process does it for
//! every source; a part's marker keeps it from being done twice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::catalog::Catalog;
use crate::error::Coded;
use crate::execute::context::Context;
use crate::execute::error::ExecuteError;
use crate::execute::write::change::{delete, existing, insert, update};
use crate::execute::write::decisions::{decision, rows, text};
use crate::execute::write::error::WriteError;
use crate::execute::write::journal::{self, keys_of_texts, lease, now, planned, planned_table};
use crate::execute::write::keyed::Removed;
use crate::execute::write::linked::keyed;
use crate::execute::write::operation::{Changed, Operation, Part, Record, id_text, unhex};
use crate::execute::write::sessions::Sessions;
use crate::execute::write::work::{Failure, Target};
use crate::execute::write::{promised, references, rewrite, whole};
use crate::name::SourceName;
use crate::plan::record::{self, Values};
use crate::plan::write::{Incoming, Outgoing, WritePlan, reached};
use crate::source::SourceError;
use crate::statement::journal::{CONFLICTED, DECIDED, Decision, Marker, Outcome, Which};
use crate::statement::write::Lock;
use crate::statement::{self, Condition};
use crate::value::{Key, json};

/// After this time a person has to look: what stands in the databases may have nothing to do with the write any more.
const OLDEST: Duration = Duration::from_secs(24 * 3600);
/// How long it is remembered that a part is done. Longer than [`OLDEST`], so that nobody who was held up does it again.
const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 3600);

/// A write of several sources that is not finished.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// The source whose commit decided it.
    pub source: SourceName,
    /// The journal's row.
    pub decision: Decision,
    /// What is left to be done.
    pub parts: Vec<Part>,
}

/// The writes that are not finished, the oldest first.
pub async fn transactions(context: &Context<'_>) -> Result<Vec<Transaction>, ExecuteError> {
    Ok(listed(context, Which::All).await.0)
}

/// The same, or one of them; and the first source that did not answer, if any.
async fn listed(context: &Context<'_>, which: Which<'_>) -> (Vec<Transaction>, Option<ExecuteError>) {
    let (mut all, mut failed) = (Vec::new(), None);
    for (name, source) in context.sources {
        let found = async {
            if source.config.read_only || !source.has_journal().await? {
                return Ok(Vec::new());
            }
            Ok::<_, SourceError>(rows(source.fetch(Arc::new(statement::journal::decisions(which))).await?))
        };
        match found.await {
            Ok(found) => {
                // Those that are done only wait to be removed.
                let finished = source.finished();
                let waiting = found.iter().map(decision).filter(|decision| !finished.contains(&decision.txid));
                all.extend(waiting.map(|decision| Transaction {
                    source: name.clone(),
                    parts: serde_json::from_str(&decision.plan).unwrap_or_default(),
                    decision,
                }));
            }
            Err(error) => {
                tracing::warn!(source = %name, %error, "the journal cannot be read");
                failed = Some(error.into());
            }
        }
    }
    all.sort_by_key(|transaction: &Transaction| transaction.decision.decided_at);
    (all, failed)
}

/// What is known of a write: its state, or `committed` where all of its parts are done; none of one that nobody knows.
pub async fn transaction(context: &Context<'_>, txid: &str) -> Result<Option<&'static str>, ExecuteError> {
    let (found, failed) = listed(context, Which::One(txid)).await;
    if let Some(transaction) = found.first() {
        return Ok(Some(if transaction.decision.state == DECIDED { "pending" } else { CONFLICTED }));
    }
    if let Some(failed) = failed {
        return Err(failed);
    }
    let mut outcomes = Vec::new();
    for source in context.sources.values().filter(|source| !source.config.read_only) {
        if source.has_journal().await? {
            let found = rows(source.fetch(Arc::new(statement::journal::markers(txid))).await?);
            outcomes.extend(found.iter().filter_map(|marker| Outcome::from_word(&text(marker, 1)?)));
        }
    }
    let has = |outcome| outcomes.contains(&outcome);
    Ok(match (has(Outcome::Applied), has(Outcome::Aborted)) {
        (true, true) => Some("discarded"),
        (true, false) => Some("committed"),
        (false, true) => Some("aborted"),
        (false, false) => None,
    })
}

/// Takes up a write again that waits for a person. Gives whether it was there.
pub async fn retry(context: &Context<'_>, catalog: &Catalog, txid: &str) -> Result<bool, ExecuteError> {
    let Some(transaction) = found(context, txid).await? else { return Ok(false) };
    if now() - transaction.decision.decided_at > (REMEMBERED / 7 * 6).as_millis() as i64 {
        let what = "doing again what was decided so long ago that nobody knows any more which parts are done".into();
        return Err(WriteError::NotYet { what }.into());
    }
    // It is as old as it is: a person says that it is to be done all the same.
    let decision = Decision { state: DECIDED.into(), decided_at: now(), ..transaction.decision };
    finish(context, catalog, &transaction.source, decision).await?;
    Ok(true)
}

/// Gives up what is left of a write that waits for a person. Gives whether it was there.
pub async fn discard(context: &Context<'_>, txid: &str) -> Result<bool, ExecuteError> {
    let Some(transaction) = found(context, txid).await? else { return Ok(false) };
    if transaction.decision.state != CONFLICTED {
        return Err(WriteError::Unfinished { source_name: transaction.source, conflicted: false }.into());
    }
    for part in &transaction.parts {
        // Nobody who was held up does it later.
        let name = SourceName::new(&part.source);
        let mut session = context.source(&name)?.begin().await?;
        let aborted = Marker { outcome: Outcome::Aborted, ..journal::marker(txid, &name, None, None) };
        match journal::mark(&mut session, &aborted).await {
            Ok(()) => session.commit().await?,
            Err(error) => {
                session.rollback().await;
                if !matches!(error, ExecuteError::Write(WriteError::Repeated)) {
                    return Err(error);
                }
            }
        }
    }
    remove(context, &transaction.source, &[txid.to_owned()]).await?;
    Ok(true)
}

async fn found(context: &Context<'_>, txid: &str) -> Result<Option<Transaction>, ExecuteError> {
    let (found, failed) = listed(context, Which::One(txid)).await;
    match (found.into_iter().next(), failed) {
        (Some(found), _) => Ok(Some(found)),
        (None, Some(failed)) => Err(failed),
        (None, None) => Ok(None),
    }
}

/// Finishes the writes of a source's journal whose time has come; gives how many wait, how many of them for a person, and
/// the age of the oldest in seconds.
pub async fn replay_all(
    context: &Context<'_>,
    catalog: &Catalog,
    name: &SourceName,
) -> Result<(u64, u64, f64), ExecuteError> {
    let source = context.source(name)?;
    if source.config.read_only || !source.has_journal().await? {
        return Ok((0, 0, 0.0));
    }
    let finished = source.take_finished();
    if !finished.is_empty()
        && let Err(error) = remove(context, name, &finished).await
    {
        // Then replay finds that they are done, and removes them.
        tracing::debug!(source = %name, %error, "finished writes are still in the journal");
    }
    let (mut waiting, mut conflicted, mut oldest) = (0, 0, 0.0f64);
    let due = Arc::new(statement::journal::decisions(Which::Due(now())));
    for due in rows(source.fetch(due).await?).iter().map(decision) {
        take_up(context, catalog, name, &due.txid).await;
    }
    for row in rows(source.fetch(Arc::new(statement::journal::states())).await?) {
        let decided_at: i64 =
            std::str::from_utf8(row.cell(2)).ok().and_then(|text| text.parse().ok()).unwrap_or_default();
        waiting += 1;
        conflicted += u64::from(text(&row, 1).as_deref() == Some(CONFLICTED));
        oldest = oldest.max((now() - decided_at) as f64 / 1000.0);
    }
    Ok((waiting, conflicted, oldest))
}

/// Takes up a write and finishes it.
async fn take_up(context: &Context<'_>, catalog: &Catalog, name: &SourceName, txid: &str) {
    let finished = async {
        if let Some(decision) = claimed(context, name, txid).await? {
            finish(context, catalog, name, decision).await?;
        }
        Ok::<_, ExecuteError>(())
    };
    if let Err(error) = finished.await {
        tracing::warn!(txid, source = %name, %error, "a decided write is not finished yet");
    }
}

/// Takes up a write, so that nobody else does for a while. None where somebody else has, or it is done.
async fn claimed(context: &Context<'_>, name: &SourceName, txid: &str) -> Result<Option<Decision>, ExecuteError> {
    let mut session = context.source(name)?.begin().await?;
    let claim = async {
        let found = session.fetch(&statement::journal::decisions(Which::One(txid)), Lock::Change).await?;
        let found = rows(found).first().map(decision).filter(|found| found.state == DECIDED && found.next_at <= now());
        if let Some(found) = &found {
            session.update(&statement::journal::take_up(txid, now() + lease(), found.attempts + 1)).await?;
        }
        Ok::<_, SourceError>(found)
    };
    match claim.await {
        Ok(found) => {
            session.commit().await?;
            Ok(found)
        }
        Err(error) => {
            session.rollback().await;
            Err(error.into())
        }
    }
}

/// Does what is left of a write, or leaves it to a person.
async fn finish(
    context: &Context<'_>,
    catalog: &Catalog,
    name: &SourceName,
    decision: Decision,
) -> Result<(), ExecuteError> {
    let txid = &decision.txid;
    let parts: Result<Vec<Part>, _> = serde_json::from_str(&decision.plan);
    let outcome = match parts {
        Err(error) => Err(format!("the journal's row cannot be read: {error}")),
        Ok(_) if now() - decision.decided_at > OLDEST.as_millis() as i64 => Err("it is older than a day".to_owned()),
        Ok(parts) => {
            let mut outcome = Ok(());
            for part in &parts {
                match redo(context, catalog, txid, part).await {
                    Ok(()) => {}
                    Err(error) if may_pass(&error) => {
                        let told = error.to_string();
                        set_state(context, name, txid, DECIDED, &told).await?;
                        return Err(error);
                    }
                    Err(error) => {
                        outcome = Err(format!("{}: {error}", part.source));
                        break;
                    }
                }
            }
            outcome
        }
    };
    match outcome {
        Ok(()) => {
            remove(context, name, std::slice::from_ref(txid)).await?;
            tracing::info!(%txid, source = %name, "a decided write is finished");
            Ok(())
        }
        Err(why) => {
            tracing::error!(%txid, source = %name, why, "a decided write waits for a person");
            set_state(context, name, txid, CONFLICTED, &why).await
        }
    }
}

/// Whether a later try may fare better.
fn may_pass(error: &ExecuteError) -> bool {
    use crate::error::Code;
    matches!(
        error.code(),
        Code::SourceUnavailable
            | Code::Timeout
            | Code::Overloaded
            | Code::Conflict
            | Code::Internal
            | Code::BudgetExceeded
            | Code::ReadOnly
    )
}

async fn set_state(
    context: &Context<'_>,
    name: &SourceName,
    txid: &str,
    state: &str,
    error: &str,
) -> Result<(), ExecuteError> {
    let mut session = context.source(name)?.begin().await?;
    match session.update(&statement::journal::note(txid, state, error)).await {
        Ok(_) => Ok(session.commit().await?),
        Err(error) => {
            session.rollback().await;
            Err(error.into())
        }
    }
}

async fn remove(context: &Context<'_>, name: &SourceName, txids: &[String]) -> Result<(), ExecuteError> {
    let mut session = context.source(name)?.begin().await?;
    for part in txids.chunks(100) {
        if let Err(error) = session.delete(&statement::journal::done(part)).await {
            session.rollback().await;
            return Err(error.into());
        }
    }
    Ok(session.commit().await?)
}

/// Forgets parts that were done long ago.
pub async fn forget(context: &Context<'_>, name: &SourceName) -> Result<(), ExecuteError> {
    let source = context.source(name)?;
    if source.config.read_only || !source.has_journal().await? {
        return Ok(());
    }
    let mut session = source.begin().await?;
    match session.delete(&statement::journal::forget(now() - REMEMBERED.as_millis() as i64)).await {
        Ok(_) => Ok(session.commit().await?),
        Err(error) => {
            session.rollback().await;
            Err(error.into())
        }
    }
}

/// Does one part of a write, unless it is done already.
async fn redo(context: &Context<'_>, catalog: &Catalog, txid: &str, part: &Part) -> Result<(), ExecuteError> {
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
    let mut sessions = Sessions::begin(context, &sources, &BTreeSet::from([name.clone()])).await?;
    sessions.redoing = true;
    let done = redone(&mut sessions, catalog, txid, &name, part).await;
    sessions.invalidate(catalog);
    sessions.rollback().await;
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
    part: &Part,
) -> Result<(), ExecuteError> {
    // Whoever has the marker of this part has done it; an open original is waited for.
    journal::mark(sessions.of(name).await?, &journal::marker(txid, name, None, None)).await?;
    point!("replay::marked");
    for operation in &part.operations {
        if let Operation::Insert { table, rows, .. } = operation {
            let plan = planned(sessions.context, catalog, name, table)?;
            let values = values(catalog, &plan, rows)?;
            values.iter().for_each(|values| sessions.promised.promise(catalog, plan.id, values));
        }
    }
    for operation in &part.operations {
        operate(sessions, catalog, name, operation).await?;
    }
    promised::fulfil(sessions, catalog).await?;
    // What only goes commits first where it refers to what goes here; all of it is done again if the rest is lost.
    let others: Vec<SourceName> =
        sessions.changed_sources().into_iter().filter(|source| *source != name).cloned().collect();
    for other in others {
        sessions.commit_one(&other).await?;
    }
    point!("replay::done");
    sessions.commit_one(name).await?;
    point!("replay::committed");
    Ok(())
}

async fn operate(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    name: &SourceName,
    operation: &Operation,
) -> Result<(), ExecuteError> {
    let context = sessions.context;
    match operation {
        Operation::Insert { table, keys, rows, unnumbered } => {
            let plan = planned(context, catalog, name, table)?;
            let mut values = values(catalog, &plan, rows)?;
            if *unnumbered {
                // SQLite gives the numbers of rows that were never committed to others.
                let (form, keys, texts) = target(&plan, keys)?;
                let target = Target { form: &form, keys: &keys, texts: &texts, condition: None, upsert: false };
                let taken = existing(sessions, &plan, &target).await.map_err(first)?;
                let taken = values.iter_mut().zip(taken).filter(|(_, taken)| taken.is_some());
                taken.for_each(|(values, _)| values.retain(|(at, _)| !plan.table.primary_key.contains(at)));
            }
            insert(sessions, catalog, &plan, &values).await.map_err(first)?;
        }
        Operation::Update { table, rows } => {
            let plan = planned(context, catalog, name, table)?;
            let due = still_due(sessions, catalog, &plan, rows).await?;
            let keys: Vec<Vec<String>> = due.iter().map(|row| row.key.clone()).collect();
            let records: Vec<Record> = due.iter().map(|row| row.after.clone()).collect();
            let values = values(catalog, &plan, &records)?;
            if !values.is_empty() {
                let (form, keys, texts) = target(&plan, &keys)?;
                let target = Target { form: &form, keys: &keys, texts: &texts, condition: None, upsert: false };
                update(sessions, catalog, &plan, &target, &values).await.map_err(first)?;
            }
        }
        Operation::Delete { table, keys } => {
            let plan = planned(context, catalog, name, table)?;
            let (form, keys, texts) = target(&plan, keys)?;
            // Rows that are gone already are passed over.
            let any = Condition::All(Vec::new());
            let target = Target { form: &form, keys: &keys, texts: &texts, condition: Some(&any), upsert: false };
            delete(sessions, catalog, &plan, &target).await.map_err(first)?;
        }
        Operation::Follow { table, source, foreign_key, old, new } => {
            let plan = planned(context, catalog, &SourceName::new(source), table)?;
            let known = |incoming: &&Incoming| id_text(incoming) == *foreign_key;
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
    rows: &'r [Changed],
) -> Result<Vec<&'r Changed>, ExecuteError> {
    let texts: Vec<Vec<String>> = rows.iter().map(|row| row.key.clone()).collect();
    let keys = keys_of_texts(plan, &texts)?;
    let changed = || WriteError::Ambiguous { id: "a row that was changed meanwhile".into() };
    let stand = whole::rows(sessions, catalog, plan, &keys).await.map_err(|error| match error {
        ExecuteError::Write(WriteError::Overtaken) => changed().into(),
        error => error,
    })?;
    let mut due = Vec::new();
    for (row, stands) in rows.iter().zip(stand) {
        let has = |wanted: &Record| wanted.iter().all(|(name, value)| stands.get(name) == Some(value));
        if has(&row.after) {
            continue;
        }
        if !has(&row.before) {
            return Err(changed().into());
        }
        due.push(row);
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

type Keyed = (statement::KeySet, Vec<statement::SmallKey>, Vec<String>);

fn target(plan: &WritePlan, keys: &[Vec<String>]) -> Result<Keyed, ExecuteError> {
    let spelled = |value: &String| json::read_str(value.as_bytes()).map_or_else(|| value.clone(), Into::into);
    keyed(plan, keys.iter().map(|key| key.iter().map(spelled).collect()).collect())
}

fn first(failure: Failure) -> ExecuteError {
    let record = failure.records.into_iter().next().map(|(_, error)| error);
    record.or(failure.error).unwrap_or_else(|| WriteError::Overtaken.into())
}
