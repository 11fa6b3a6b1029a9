//! Finishes decided writes whose parts are not all done: after a crash, or a lost connection. Every process does it for
//! every source; a part's marker keeps it from being done twice.

use std::sync::Arc;
use std::time::Duration;

use crate::catalog::Catalog;
use crate::error::Coded;
use crate::execute::context::Context;
use crate::execute::error::ExecuteError;
use crate::execute::rows::RowRef;
use crate::execute::write::decisions::{decision, text};
use crate::execute::write::error::WriteError;
use crate::execute::write::journal::{self, lease, now};
use crate::execute::write::operation::Part;
use crate::execute::write::redo::redo;
use crate::name::SourceName;
use crate::source::{Session, SourceError};
use crate::statement;
use crate::statement::journal::{CONFLICTED, DECIDED, Decision, Marker, Outcome, Which};
use crate::statement::write::Lock;

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

/// The writes that are not finished, the oldest first; and the sources that did not answer, of whose journals nothing is known.
pub async fn transactions(context: &Context<'_>) -> (Vec<Transaction>, Vec<SourceName>) {
    let (all, failed) = listed(context, Which::All).await;
    (all, failed.into_iter().map(|(name, _)| name).collect())
}

/// The same, or one of them.
async fn listed(context: &Context<'_>, which: Which<'_>) -> (Vec<Transaction>, Vec<(SourceName, ExecuteError)>) {
    let (mut all, mut failed) = (Vec::new(), Vec::new());
    for (name, source) in context.sources {
        let found = async {
            if source.config.read_only || !source.has_journal().await? {
                return Ok(Vec::new());
            }
            Ok::<_, SourceError>(RowRef::of(source.fetch(Arc::new(statement::journal::decisions(which))).await?))
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
                failed.push((name.clone(), error.into()));
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
    if let Some((_, failed)) = failed.into_iter().next() {
        return Err(failed);
    }
    let mut outcomes = Vec::new();
    for source in context.sources.values().filter(|source| !source.config.read_only) {
        if source.has_journal().await? {
            let found = RowRef::of(source.fetch(Arc::new(statement::journal::markers(txid))).await?);
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
    let all = found(context, txid).await?;
    for transaction in &all {
        if now() - transaction.decision.decided_at > (REMEMBERED / 7 * 6).as_millis() as i64 {
            let what =
                "doing again what was decided so long ago that nobody knows any more which parts are done".into();
            return Err(WriteError::NotYet { what }.into());
        }
        // It is as old as it is: a person says that it is to be done all the same.
        let decision = Decision { state: DECIDED.into(), decided_at: now(), ..transaction.decision.clone() };
        finish(context, catalog, &transaction.source, decision).await?;
    }
    Ok(!all.is_empty())
}

/// Gives up what is left of a write that waits for a person. Gives whether it was there.
pub async fn discard(context: &Context<'_>, txid: &str) -> Result<bool, ExecuteError> {
    let all = found(context, txid).await?;
    let Some(first) = all.first() else { return Ok(false) };
    if all.iter().all(|transaction| transaction.decision.state != CONFLICTED) {
        return Err(WriteError::Unfinished { source_name: first.source.clone(), conflicted: false }.into());
    }
    for part in all.iter().flat_map(|transaction| &transaction.parts) {
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
    for transaction in &all {
        remove(context, &transaction.source, &[txid.to_owned()]).await?;
    }
    Ok(true)
}

/// What is left of a write: in the source that decided it, and in those whose values the rest follows.
async fn found(context: &Context<'_>, txid: &str) -> Result<Vec<Transaction>, ExecuteError> {
    let (found, failed) = listed(context, Which::One(txid)).await;
    match failed.into_iter().next() {
        Some((_, failed)) if found.is_empty() => Err(failed),
        _ => Ok(found),
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
    tidy(context, name, 1).await;
    let (mut waiting, mut conflicted, mut oldest) = (0, 0, 0.0f64);
    let due = Arc::new(statement::journal::due(now()));
    for txid in RowRef::of(source.fetch(due).await?).iter().filter_map(|row| text(row, 0)) {
        take_up(context, catalog, name, &txid).await;
    }
    for row in RowRef::of(source.fetch(Arc::new(statement::journal::states())).await?) {
        let decided_at: i64 =
            std::str::from_utf8(row.cell(2)).ok().and_then(|text| text.parse().ok()).unwrap_or_default();
        waiting += 1;
        conflicted += u64::from(text(&row, 1).as_deref() == Some(CONFLICTED));
        oldest = oldest.max((now() - decided_at) as f64 / 1000.0);
    }
    Ok((waiting, conflicted, oldest))
}

/// Removes finished writes from a source's journal, if there are so many.
pub async fn tidy(context: &Context<'_>, name: &SourceName, least: usize) {
    let Ok(source) = context.source(name) else { return };
    if source.finished_count() < least {
        return;
    }
    let finished = source.take_finished();
    if !finished.is_empty()
        && let Err(error) = remove(context, name, &finished).await
    {
        // Then replay finds that they are done, and removes them.
        tracing::debug!(source = %name, %error, "finished writes are still in the journal");
    }
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

/// Keeps what was done in a transaction of its own, or undoes it.
async fn ended<T>(session: Box<dyn Session>, done: Result<T, SourceError>) -> Result<T, ExecuteError> {
    match done {
        Ok(done) => {
            session.commit().await?;
            Ok(done)
        }
        Err(error) => {
            session.rollback().await;
            Err(error.into())
        }
    }
}

/// Takes up a write, so that nobody else does for a while. None where somebody else has, or it is done.
async fn claimed(context: &Context<'_>, name: &SourceName, txid: &str) -> Result<Option<Decision>, ExecuteError> {
    let mut session = context.source(name)?.begin().await?;
    let claim = async {
        let found = session.fetch(&statement::journal::decisions(Which::One(txid)), Lock::Change).await?;
        let due = |found: &Decision| found.state == DECIDED && found.next_at <= now();
        let found = RowRef::of(found).first().map(decision).filter(due);
        if let Some(found) = &found {
            session.update(&statement::journal::take_up(txid, now() + lease(), found.attempts + 1)).await?;
        }
        Ok(found)
    };
    let claim = claim.await;
    ended(session, claim).await
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
    let mut deciders = vec![name.clone()];
    let outcome = match parts {
        Err(error) => Err(format!("the journal's row cannot be read: {error}")),
        Ok(_) if now() - decision.decided_at > OLDEST.as_millis() as i64 => Err("it is older than a day".to_owned()),
        Ok(parts) => {
            let mut outcome = Ok(());
            for at in 0..parts.len() {
                match redo(context, catalog, txid, &parts[at..]).await {
                    Ok(()) => {
                        if journal::handed_on(txid, &parts[at..])?.is_some() {
                            deciders.push(SourceName::new(&parts[at].source));
                        }
                    }
                    Err(error) if may_pass(&error) => {
                        let told = error.to_string();
                        set_state(context, name, txid, DECIDED, &told).await?;
                        return Err(error);
                    }
                    Err(error) => {
                        outcome = Err(format!("{}: {error}", parts[at].source));
                        break;
                    }
                }
            }
            outcome
        }
    };
    match outcome {
        Ok(()) => {
            for decider in &deciders {
                remove(context, decider, std::slice::from_ref(txid)).await?;
            }
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
    let noted = session.update(&statement::journal::note(txid, state, error)).await;
    ended(session, noted).await.map(drop)
}

async fn remove(context: &Context<'_>, name: &SourceName, txids: &[String]) -> Result<(), ExecuteError> {
    let mut session = context.source(name)?.begin().await?;
    let mut removed = Ok(0);
    for part in txids.chunks(100) {
        if removed.is_ok() {
            removed = session.delete(&statement::journal::done(part)).await;
        }
    }
    ended(session, removed).await.map(drop)
}

/// Forgets parts that were done long ago.
pub async fn forget(context: &Context<'_>, name: &SourceName) -> Result<(), ExecuteError> {
    let source = context.source(name)?;
    if source.config.read_only || !source.has_journal().await? {
        return Ok(());
    }
    let mut session = source.begin().await?;
    let forgotten = session.delete(&statement::journal::forget(now() - REMEMBERED.as_millis() as i64)).await;
    ended(session, forgotten).await.map(drop)
}
