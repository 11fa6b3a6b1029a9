//! A write of several databases is decided at one moment, by the commit of one of them, and then finished in the others:
//! after a crash by whoever reads the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::catalog::{Catalog, Kind, TableId};
use crate::execute::context::Context;
use crate::execute::error::ExecuteError;
use crate::execute::rows::RowRef;
use crate::execute::write::decisions::{decision, text};
use crate::execute::write::error::WriteError;
use crate::execute::write::keyed::row_keys;
use crate::execute::write::operation::{Operation, Part, parts};
use crate::execute::write::sessions::{Changed, Sessions};
use crate::execute::write::superseded::{added_for, created_for};
use crate::execute::write::whole;
use crate::name::SourceName;
use crate::plan;
use crate::plan::write::WritePlan;
use crate::query::Named;
use crate::source::{Session, SourceError, Violation};
use crate::statement::journal::{self, DECIDED, Decision, Marker, Outcome, Which};
use crate::value::{ChunkBuilder, Key};

/// How long nobody else takes up a write.
const LEASE: Duration = Duration::from_secs(10);

/// The same in milliseconds.
pub fn lease() -> i64 {
    #[cfg(feature = "failpoints")]
    fail::fail_point!("lease", |_| 0);
    LEASE.as_millis() as i64
}

/// Most bytes of what a write leaves in the journal, well below what is read of it at a time.
const PLAN: usize = 48 << 20;

/// Tries to find out how a commit ended whose answer was lost, and the pause between them.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// What is known of a request that a client named.
pub enum Known {
    /// It was done: the keys of its rows, and the write where parts of it are still being finished.
    Done(Vec<Option<Vec<String>>>, Option<String>),
    /// It will never be done under this name.
    Aborted,
    /// Nothing.
    Nothing,
}

/// Milliseconds since 1970.
pub fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

/// The name of a write that its client did not name: in the order of time, and hard to guess.
pub fn fresh() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    format!("{:012x}-{:016x}", now(), SEED.hash_one(NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// A marker of a part that is done.
pub fn marker(txid: &str, part: &SourceName, hash: Option<&str>, result: Option<&str>) -> Marker {
    Marker {
        txid: txid.to_owned(),
        part: part.to_string(),
        outcome: Outcome::Applied,
        request_hash: hash.map(str::to_owned),
        result: result.map(str::to_owned),
        applied_at: now(),
    }
}

/// Adds a marker. Another one of the same write and part tells that somebody else does it, or did.
pub async fn mark(session: &mut Box<dyn Session>, marker: &Marker) -> Result<(), ExecuteError> {
    match session.insert(&journal::mark(marker)).await {
        Ok(_) => Ok(()),
        Err(SourceError::Violation { violation: Violation::Unique, .. }) => Err(WriteError::Repeated.into()),
        Err(error) => Err(error.into()),
    }
}

/// What these sources know of a request.
pub async fn known(
    context: &Context<'_>,
    sources: &BTreeSet<SourceName>,
    txid: &str,
    named: &Named,
) -> Result<Known, ExecuteError> {
    let mut known = Known::Nothing;
    let (mut marked, mut parts): (BTreeSet<String>, Vec<Part>) = Default::default();
    for name in sources {
        let source = context.source(name)?;
        if source.config.read_only || !source.has_journal_now().await? {
            continue;
        }
        for row in RowRef::of(source.fetch(Arc::new(journal::markers(txid))).await?) {
            let [part, outcome, hash, result] = [0, 1, 2, 3].map(|cell| text(&row, cell));
            marked.extend(part);
            if hash.is_some_and(|hash| hash != named.hash) {
                return Err(WriteError::OtherRequest.into());
            }
            match (outcome.and_then(|word| Outcome::from_word(&word)), result) {
                // Of a write that a person has given up, a part is done all the same.
                (Some(Outcome::Aborted), _) if !matches!(known, Known::Done(..)) => known = Known::Aborted,
                (_, Some(result)) => known = Known::Done(serde_json::from_str(&result).unwrap_or_default(), None),
                _ => {}
            }
        }
        let decisions = RowRef::of(source.fetch(Arc::new(journal::decisions(Which::One(txid)))).await?);
        for decision in decisions.iter().map(decision) {
            parts.extend(serde_json::from_str::<Vec<Part>>(&decision.plan).unwrap_or_default());
        }
    }
    for part in &parts {
        let name = SourceName::new(&part.source);
        if !sources.contains(&name) {
            let found = context.source(&name)?.fetch(Arc::new(journal::markers(txid))).await?;
            marked.extend(RowRef::of(found).iter().filter_map(|row| text(row, 0)));
        }
    }
    let pending = parts.iter().any(|part| !marked.contains(&part.source));
    Ok(match known {
        Known::Done(keys, _) => Known::Done(keys, pending.then(|| txid.to_owned())),
        other => other,
    })
}

/// Whether a write only removes rows, and references to them.
fn only_goes(changed: &[Changed]) -> bool {
    changed.iter().all(|changed| matches!(changed.action, "delete" | "set_null"))
}

/// The order in which sources commit: the referenced side first, so that what refers to a row finds it; where rows only go,
/// the referring side first. Among equals the client's own rows come
/// first, and then SQLite, whose row numbers are not kept for who has not committed.
pub fn order(context: &Context<'_>, catalog: &Catalog, root: TableId, changed: &[Changed]) -> Vec<SourceName> {
    let own = &catalog.entry(root).table.name.source;
    let only_goes = only_goes(changed);
    let tables: Vec<_> = changed
        .iter()
        .filter_map(|changed| catalog.table(changed.table.source.as_str(), &changed.table.table.printed()))
        .collect();
    // Per source those that come before it.
    let mut before: BTreeMap<SourceName, BTreeSet<SourceName>> =
        changed.iter().map(|changed| (changed.table.source.clone(), BTreeSet::new())).collect();
    for id in &tables {
        let near = &catalog.entry(*id).table.name.source;
        for relationship in &catalog.entry(*id).relationships {
            let far = &catalog.entry(relationship.target).table.name.source;
            let refers = relationship.kind == Kind::BelongsTo && relationship.through.is_none();
            if refers && tables.contains(&relationship.target) && near != far {
                let (first, second) = if only_goes { (near, far) } else { (far, near) };
                if let Some(before) = before.get_mut(second) {
                    before.insert(first.clone());
                }
            }
        }
    }
    let mut order = Vec::new();
    while let Some(next) = before
        .iter()
        .min_by_key(|(name, before)| (before.len(), *name != own, !context.is_sqlite(name), (*name).clone()))
        .map(|(name, _)| name.clone())
    {
        before.remove(&next);
        before.values_mut().for_each(|before| {
            before.remove(&next);
        });
        order.push(next);
    }
    order
}

/// A decision that these parts are done after it.
fn decided(txid: &str, parts: &[Part], renames: Vec<String>) -> Result<Decision, ExecuteError> {
    let plan = serde_json::to_string(parts).unwrap_or_default();
    if plan.len() > PLAN {
        return Err(WriteError::TooMuch { bytes: plan.len(), most: PLAN }.into());
    }
    Ok(Decision {
        txid: txid.to_owned(),
        state: DECIDED.into(),
        plan,
        decided_at: now(),
        next_at: now() + lease(),
        attempts: 0,
        last_error: None,
        renames: Some(renames.join(" ")).filter(|renames| !renames.is_empty()),
    })
}

/// What the source of the first of these parts must know of the others, which come after it: whoever would bring back a value of
/// it that others are still to leave, or change one that they are still to refer to, finds that in the journal beside the value.
/// None where there is no such value.
pub fn handed_on(txid: &str, parts: &[Part]) -> Result<Option<Decision>, ExecuteError> {
    let Some((part, later)) = parts.split_first() else { return Ok(None) };
    let follows =
        |operation: &&Operation| matches!(operation, Operation::Follow { source, .. } if *source == part.source);
    let followers = later.iter().flat_map(|part| &part.operations).filter(follows);
    let renames: Vec<String> = followers.flat_map(Operation::renames).chain(part.added.iter().cloned()).collect();
    if renames.is_empty() { Ok(None) } else { decided(txid, later, renames).map(Some) }
}

/// What [`commit`] refuses because sources refer to each other in a circle.
pub fn refuse_circles(sessions: &Sessions<'_>, catalog: &Catalog, root: TableId) -> Result<(), WriteError> {
    let changes = sessions.changes();
    let order = order(sessions.context, catalog, root, &changes);
    refuse_circle(&order, &sessions.operations, only_goes(&changes))
}

/// Refuses that rows follow a value before it has changed: sources that refer to each other in a circle have no other order.
/// Where rows only go, the value stays until all have left it; what the decider itself does is done at once.
fn refuse_circle(order: &[SourceName], operations: &[(SourceName, Operation)], goes: bool) -> Result<(), WriteError> {
    let place = |name: &str| order.iter().position(|of| of.as_str() == name);
    for (part, operation) in operations {
        if let Operation::Follow { source, new, .. } = operation
            && (new.is_some() || !goes)
            && place(part.as_str()).is_some_and(|part| part > 0 && place(source).is_some_and(|source| source > part))
        {
            let what = format!("changing a value of `{source}` that `{part}` follows, where they refer to each other");
            return Err(WriteError::NotYet { what });
        }
    }
    Ok(())
}

/// Commits the transactions of several sources as one write. Gives its name where some parts are still to be finished.
pub async fn commit(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    root: TableId,
    named: Option<(&str, &str)>,
    result: &str,
) -> Result<Option<String>, ExecuteError> {
    let mut order = order(sessions.context, catalog, root, &sessions.changes());
    // The client's name for the request stands there, whatever else does.
    let named_in = sessions.named_in.iter().filter(|source| !order.contains(source)).cloned().collect::<Vec<_>>();
    order.extend(named_in);
    let (decider, others) = order.split_first().ok_or(WriteError::Overtaken)?;
    if let Some(name) = order.iter().find(|name| sessions.without_journal.contains(*name)) {
        return Err(WriteError::NoJournal { source_name: name.to_string() }.into());
    }
    let txid = named.map_or_else(fresh, |(txid, _)| txid.to_owned());
    let hash = named.map(|(_, hash)| hash);
    let operations = std::mem::take(&mut sessions.operations);
    let operations = completed(sessions, catalog, root, others, operations).await?;
    refuse_circle(&order, &operations, only_goes(&sessions.changes()))?;
    let mut parts = parts(others, operations);
    for (at, part) in parts.iter_mut().enumerate() {
        let earlier: Vec<&SourceName> = order[..=at].iter().collect();
        part.created = created_for(&sessions.created, &others[at], &earlier);
        part.added = added_for(&sessions.created, &others[at], &others[at + 1..]);
    }
    for name in &order {
        let told = (name == decider).then_some(result);
        let session = sessions.of(name).await?;
        session.settle().await?;
        if sessions.marked.as_ref() == Some(name) {
            sessions.of(name).await?.update(&journal::tell(&txid, name.as_str(), result)).await?;
        } else {
            mark(sessions.of(name).await?, &marker(&txid, name, hash, told)).await?;
        }
    }
    point!("write::marked");
    let mut deciders = vec![decider];
    for (at, name) in others.iter().enumerate() {
        if let Some(handed_on) = handed_on(&txid, &parts[at..])? {
            sessions.of(name).await?.insert(&journal::decide(&handed_on)).await?;
            deciders.push(name);
        }
    }
    // What was added there, and others are still to refer to, keeps its value until they do.
    let added = added_for(&sessions.created, decider, others);
    let renames = parts.iter().flat_map(|part| &part.operations).flat_map(Operation::renames).chain(added).collect();
    sessions.of(decider).await?.insert(&journal::decide(&decided(&txid, &parts, renames)?)).await?;
    point!("write::noted");
    let committed = match sessions.take(decider) {
        Some(session) => session.commit().await,
        None => return Err(WriteError::Overtaken.into()),
    };
    if let Err(error) = committed
        && (!is_lost(&error) || !was_decided(sessions.context, decider, &txid).await?)
    {
        return Err(error.into());
    }
    let mut all_done = true;
    for name in others {
        point!("write::decided");
        if let Some(session) = sessions.take(name)
            && let Err(error) = session.commit().await
        {
            tracing::warn!(%txid, source = %name, cause = error.cause().unwrap_or_default(), "decided, and to be finished");
            all_done = false;
            // What comes later may refer to what was lost: it is done in its turn.
            break;
        }
    }
    point!("write::committed");
    if all_done {
        for decider in deciders {
            sessions.context.source(decider)?.is_finished(txid.clone());
        }
        return Ok(None);
    }
    Ok(Some(txid))
}

/// Whether the answer to a commit was lost, so that it may stand or not.
pub fn is_lost(error: &SourceError) -> bool {
    matches!(error, SourceError::Unavailable { .. } | SourceError::Timeout { .. })
}

/// Whether a decision stands whose commit was not answered: its marker is in the way of the one that says it never will. To
/// find none would say nothing, for the commit may still be under way.
pub async fn was_decided(context: &Context<'_>, decider: &SourceName, txid: &str) -> Result<bool, ExecuteError> {
    let source = context.source(decider)?;
    let aborted = Marker { outcome: Outcome::Aborted, ..marker(txid, decider, None, None) };
    for attempt in 0..TRIES {
        if attempt > 0 {
            tokio::time::sleep(PAUSE * attempt).await;
        }
        let Ok(mut session) = source.begin().await else { continue };
        match mark(&mut session, &aborted).await {
            Ok(()) => {
                if session.commit().await.is_ok() {
                    return Ok(false);
                }
            }
            Err(ExecuteError::Write(WriteError::Repeated)) => {
                session.rollback().await;
                let Ok(found) = source.fetch(Arc::new(journal::markers(txid))).await else { continue };
                let of_decider =
                    RowRef::of(found).into_iter().find(|row| text(row, 0).as_deref() == Some(decider.as_str()));
                let outcome = of_decider.and_then(|row| text(&row, 1)).and_then(|word| Outcome::from_word(&word));
                return Ok(outcome == Some(Outcome::Applied));
            }
            Err(_) => session.rollback().await,
        }
    }
    Err(WriteError::Undecided { txid: Some(txid.to_owned()) }.into())
}

/// The operations of these sources, with the rows that they added as they were stored.
async fn completed(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    root: TableId,
    of: &[SourceName],
    operations: Vec<(SourceName, Operation)>,
) -> Result<Vec<(SourceName, Operation)>, ExecuteError> {
    let tables: BTreeSet<TableId> = sessions
        .changed_tables()
        .filter_map(|table| catalog.table(table.source.as_str(), &table.table.printed()))
        .collect();
    let of_update = |(source, operation): &(SourceName, Operation)| match operation {
        Operation::Update { table, .. } => Some((source.clone(), table.clone())),
        _ => None,
    };
    let updated: BTreeSet<(SourceName, String)> = operations.iter().filter_map(of_update).collect();
    let mut completed = Vec::with_capacity(operations.len());
    for (source, mut operation) in operations.into_iter().filter(|(source, _)| of.contains(source)) {
        if let Operation::Insert { table, keys, rows, unnumbered } = &mut operation {
            let plan = planned(sessions.context, catalog, &source, table)?;
            let wanted = keys_of_texts(&plan, keys)?;
            *rows = whole::rows(sessions, catalog, &plan, &wanted).await?;
            // The client is told the numbers of its own rows, and other rows of the write may have those of this table.
            let relationships = &catalog.entry(plan.id).relationships;
            let known = relationships.iter().any(|of| of.kind != Kind::BelongsTo && tables.contains(&of.target));
            *unnumbered &= sessions.context.is_sqlite(&source) && plan.id != root && !known;
            *unnumbered &= !updated.contains(&(source.clone(), table.clone()));
        }
        completed.push((source, operation));
    }
    Ok(completed)
}

/// Primary keys as they are compared.
pub fn keys_of_texts(plan: &WritePlan, keys: &[Vec<String>]) -> Result<Vec<Key>, WriteError> {
    let mut builder = ChunkBuilder::new(plan.step.fetch.layout());
    for key in keys {
        for cell in 0..plan.step.columns.len() {
            let at = plan.key_cells.iter().position(|of| *of == cell);
            let text = at.and_then(|at| key.get(at)).map_or("null", String::as_str);
            builder.out().extend_from_slice(text.as_bytes());
            builder.end_cell();
        }
    }
    let found = row_keys(&RowRef::of(builder.finish()), &plan.identity);
    let id = |at: usize| keys[at].join(",");
    found.into_iter().enumerate().map(|(at, key)| key.ok_or_else(|| WriteError::NotFound { id: id(at) })).collect()
}

/// The plan of a table.
pub fn planned_table(context: &Context<'_>, catalog: &Catalog, id: TableId) -> Result<WritePlan, ExecuteError> {
    Ok(plan::write(catalog, context.limits, id).map_err(|error| WriteError::Record(Box::new(error)))?)
}

/// The plan of a table that the journal names.
pub fn planned(
    context: &Context<'_>,
    catalog: &Catalog,
    source: &SourceName,
    table: &str,
) -> Result<WritePlan, ExecuteError> {
    let gone = |why: String| WriteError::NotYet { what: format!("writing {source}.{table} ({why})") };
    let Some(id) = catalog.table(source.as_str(), table) else {
        // A source that was not read since the start has no tables yet.
        return Err(match catalog.is_known(source.as_str()) {
            true => gone("there is no such table".into()).into(),
            false => SourceError::unavailable(source, "its tables are not known yet").into(),
        });
    };
    planned_table(context, catalog, id)
}
