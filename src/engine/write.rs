//! A whole write: records → values → transactions. It runs in a task of its own, so that a client who leaves does not end
//! it half way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tracing::Instrument;

use crate::catalog::{Entry, ForeignKey, Kind};
use crate::engine::audit::Repaired;
use crate::engine::error::Error;
use crate::engine::pipeline::Engine;
use crate::engine::snapshot::Snapshot;
use crate::error::{Code, Coded};
use crate::execute::{self, Changed, Done, ExecuteError, Failure, MissingReference, Repair, Target, Work};
use crate::plan::nested::{Node, Reading, has_related};
use crate::plan::read::find_table;
use crate::plan::record::{self, Values};
use crate::plan::write::WritePlan;
use crate::plan::{self, PlanError};
use crate::query::{Change, Mode, Named, Record, Rows, Upsert, Write};
use crate::source::SourceError;
use crate::statement::{Condition, KeySet, SmallKey};
use crate::telemetry::{METRICS, source_label};

/// What became of a write.
pub struct Written {
    /// The version that did it.
    pub snapshot: Arc<Snapshot>,
    /// Names of the primary key's columns.
    pub key: Vec<String>,
    /// Per record that was tried, in order: its row's primary key, each value as JSON, or why it was not written. None where a
    /// row did not meet the filter any more.
    pub outcomes: Vec<Result<Option<Vec<String>>, Error>>,
    /// What changed, or would.
    pub changes: Vec<Changed>,
    /// References that lead nowhere, of keys that only warn.
    pub unkept: Vec<MissingReference>,
    /// A write that is decided, and parts of which are still being finished.
    pub pending: Option<String>,
}

/// What became of the records.
#[derive(Default)]
struct Outcomes {
    of: Vec<Result<Option<Vec<String>>, Error>>,
    changes: Vec<Changed>,
    unkept: Vec<MissingReference>,
    pending: Option<String>,
}

impl Outcomes {
    fn add(&mut self, done: Done) {
        self.of.extend(done.keys.into_iter().map(Ok));
        self.unkept.extend(done.unkept);
        self.pending = done.pending.or(self.pending.take());
    }
}

/// The records of one write, ready to be run.
struct Prepared {
    plan: WritePlan,
    /// Of inserts and updates.
    values: Vec<Values>,
    /// Of updates and deletes.
    keys: Vec<SmallKey>,
    texts: Vec<String>,
    form: Option<KeySet>,
    condition: Option<Condition>,
    /// Rows that are not there are added.
    upsert: bool,
    /// Then rows that are there get values in these columns alone.
    updates: Option<Vec<usize>>,
    /// The client's name for the write.
    named: Option<Named>,
    /// In place of the values, where related records stand in the records.
    nodes: Vec<Node>,
    /// Records that cannot be written whatever the databases hold.
    faults: BTreeMap<usize, PlanError>,
    deletes: bool,
}

impl Engine {
    /// Answers a write; the request's id is for the log.
    pub async fn write(self: &Arc<Self>, write: Write, request_id: Option<&str>) -> Result<Written, Error> {
        let engine = self.clone();
        let id = request_id.unwrap_or_default().to_owned();
        let task = tokio::spawn(async move { engine.write_here(&write, &id).await }.in_current_span());
        task.await.unwrap_or_else(|panic| {
            tracing::error!(%panic, "a write's task ended badly");
            Err(PlanError::Record { code: Code::Internal, message: "the write ended badly".into(), hint: None }.into())
        })
    }

    async fn write_here(&self, write: &Write, request_id: &str) -> Result<Written, Error> {
        let _writing = self.writing.read().await;
        let live = self.snapshot();
        let id = find_table(&live.catalog, &write.source, &write.table)?;
        if live.faults.has_errors() {
            // A key that no longer fits its tables is left out: what it says would not be kept.
            let message = "the key file no longer fits the databases, so nothing is written".into();
            let hint = Some("`crosskey check` tells what is wrong; mend it, and it is loaded anew".into());
            return Err(PlanError::Record { code: Code::SourceUnavailable, message, hint }.into());
        }
        let entry = live.catalog.entry(id);
        let plan = plan::write(&live.catalog, &live.config.limits, id)?;
        let key = entry.table.primary_key.iter().map(|at| entry.table.columns[*at].name.to_string()).collect();
        let reading = Reading { catalog: &live.catalog, limits: &live.config.limits, removes: write.removes_related };
        let mut prepared = prepare(reading, entry, plan, &write.change)?;
        let source = live.catalog.source(&write.source);
        let upserts = match write.upsert {
            Upsert::Never => false,
            Upsert::AsSet => source.is_some_and(|source| source.allow_upsert),
            Upsert::Only(_) => true,
        };
        prepared.upsert = upserts && !prepared.deletes && !by_filter(&write.change);
        if let Upsert::Only(columns) = &write.upsert {
            let table = &entry.table;
            let column = |name: &String| table.column(name).ok_or_else(|| plan::read::unknown_field(table, name));
            prepared.updates = Some(columns.iter().map(column).collect::<Result<_, _>>()?);
        }
        prepared.named = write.named.clone();
        let filter = match &write.change {
            Change::Update { rows, .. } | Change::Delete(rows) => rows.filter.as_ref(),
            Change::Insert(_) => None,
        };
        if let Some(filter) = filter {
            prepared.condition = plan::write::still(&live.catalog, &live.config.limits, id, filter)?;
        }
        let ran = self.run_all(&live, &prepared, write.mode, write.dry_run).await;
        let Outcomes { of: outcomes, changes, unkept, pending } =
            ran.inspect_err(|error| self.told(error, request_id))?;
        outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).for_each(|error| self.told(error, request_id));
        Ok(Written { snapshot: live, key, outcomes, changes, unkept, pending })
    }

    /// Logs what a database said, and heeds it.
    fn told(&self, error: &Error, request_id: &str) {
        if let Error::Execute(error) = error {
            self.heed(error);
            if let ExecuteError::Source(source) = error {
                let cause = source.cause().unwrap_or_default();
                // What values break is their writer's business; under load it would fill the log.
                match source {
                    SourceError::Violation { .. } | SourceError::InvalidValue { .. } => {
                        tracing::debug!(request_id, cause, "{source}");
                    }
                    _ => tracing::warn!(request_id, cause, "{source}"),
                }
            }
        }
    }

    /// Runs records in as few transactions as their mode allows: all of them in one, and where one fails those before it.
    async fn run_all(
        &self,
        live: &Snapshot,
        prepared: &Prepared,
        mode: Mode,
        dry_run: bool,
    ) -> Result<Outcomes, Error> {
        let records = prepared.values.len().max(prepared.nodes.len());
        let count = if prepared.form.is_some() { prepared.keys.len() } else { records };
        let mut outcomes = Outcomes::default();
        let mut goes_on = mode == Mode::Continue;
        let (began, patience) = (Instant::now(), live.config.limits.request_time);
        while outcomes.of.len() < count {
            // Nobody waits for the answer any more.
            if began.elapsed() > patience {
                outcomes.of.push(Err(ExecuteError::TooSlow.into()));
                break;
            }
            let start = outcomes.of.len();
            let end = prepared.faults.range(start..).next().map_or(count, |(at, _)| *at);
            // By its name a part is known again only if it has the same records, whatever became of others.
            let alone = prepared.named.is_some() && mode == Mode::Continue;
            let end = if alone { end.min(start + 1) } else { end };
            // Of what is undone in the end nothing is kept before it is known that nothing fails.
            let keep = !dry_run && (mode != Mode::Rollback || start == 0 && end == count);
            let failed = if start < end {
                match self.run_some(live, prepared, start, end, keep).await {
                    Ok(mut done) => {
                        outcomes.changes = std::mem::take(&mut done.changes);
                        outcomes.add(done);
                        None
                    }
                    Err(failure) => {
                        let (before, error) = self
                            .up_to_the_first(live, prepared, start, end, failure, keep && mode != Mode::Rollback)
                            .await;
                        outcomes.add(before);
                        // Where nothing was written it is the whole write's error.
                        if outcomes.of.is_empty() && !is_of_a_record(error.code()) {
                            return Err(error);
                        }
                        goes_on &= is_of_a_record(error.code());
                        Some(error)
                    }
                }
            } else {
                None
            };
            let fault = || prepared.faults.get(&outcomes.of.len()).map(|fault| Error::from(fault.clone()));
            if let Some(error) = failed.or_else(fault) {
                outcomes.of.push(Err(error));
                if !goes_on {
                    break;
                }
            }
        }
        let unkept = &outcomes.unkept;
        if !dry_run && !unkept.is_empty() {
            let source = source_label(prepared.plan.table.name.source.as_str());
            METRICS.unkept_references.get_or_create(&source).inc_by(unkept.len() as u64);
            for one in unkept {
                let (key, values) = (&one.key.name, one.values.join(", "));
                tracing::warn!(foreign_key = %key, %values, "written, though it refers to nothing");
            }
        }
        Ok(outcomes)
    }

    /// What became of a write of a table that its client has named, where it was answered before.
    pub async fn answered_before(&self, source: &str, table: &str, named: &Named) -> Result<Option<Written>, Error> {
        let live = self.snapshot();
        let id = find_table(&live.catalog, source, table)?;
        let plan = plan::write(&live.catalog, &live.config.limits, id)?;
        let context = self.context(&live, false, false);
        let named = Named { key: format!("{}:0", named.key), ..named.clone() };
        let answered = execute::answered(&context, &live.catalog, &plan, &named).await;
        drop(context);
        let done = answered.map_err(|failure| failure.error.map_or_else(conflict, Error::from))?;
        Ok(done.map(|done| {
            let key = plan.table.primary_key.iter().map(|at| plan.table.columns[*at].name.to_string()).collect();
            let Done { keys, changes, unkept, pending } = done;
            Written { snapshot: live, key, outcomes: keys.into_iter().map(Ok).collect(), changes, unkept, pending }
        }))
    }

    /// Writes the records of a part that stand before the first one that cannot be written; gives their keys, and why that one
    /// cannot.
    async fn up_to_the_first(
        &self,
        live: &Snapshot,
        prepared: &Prepared,
        start: usize,
        end: usize,
        failure: Failure,
        keep: bool,
    ) -> (Done, Error) {
        let (mut end, mut failure) = (end, failure);
        loop {
            let (at, error) = match self.at_fault(live, prepared, start, end, failure).await {
                Ok(found) => found,
                Err(error) => return (Done::default(), error),
            };
            if at == start {
                return (Done::default(), error);
            }
            // What is known of one record first need not be the first record's: those before it are tried.
            match self.run_some(live, prepared, start, at, keep).await {
                Ok(done) => return (done, error),
                Err(earlier) => (end, failure) = (at, earlier),
            }
        }
    }

    /// A record of a part that cannot be written, and why. What is no record's fault ends the whole write.
    async fn at_fault(
        &self,
        live: &Snapshot,
        prepared: &Prepared,
        start: usize,
        end: usize,
        failure: Failure,
    ) -> Result<(usize, Error), Error> {
        // All before `good` can be written; all before `bad` cannot, as `failure` tells.
        let (mut good, mut bad, mut failure) = (start, end, failure);
        loop {
            if let Some((at, error)) = failure.records.into_iter().next() {
                return if is_of_a_record(error.code()) { Ok((start + at, error.into())) } else { Err(error.into()) };
            }
            let Some(error) = failure.error else { return Err(conflict()) };
            if !is_of_a_record(error.code()) {
                return Err(error.into());
            }
            if bad - good == 1 {
                return Ok((good, error.into()));
            }
            let middle = good + (bad - good) / 2;
            failure = match self.run_some(live, prepared, start, middle, false).await {
                Ok(_) => {
                    good = middle;
                    Failure { records: Vec::new(), error: Some(error) }
                }
                Err(earlier) => {
                    bad = middle;
                    earlier
                }
            };
        }
    }

    /// Repairs rows of a key, as many at a time as one statement takes; a batch with one that cannot be is done row by row.
    pub(super) async fn repair_rows(
        &self,
        live: &Snapshot,
        key: &Arc<ForeignKey>,
        faulty: &[Vec<String>],
        how: Repair,
        told: &mut Repaired,
    ) -> Result<(), Error> {
        let plan = plan::write::repair(&live.catalog, &live.config.limits, key)?;
        for batch in faulty.chunks(live.config.limits.keys_per_batch) {
            let mut parts = vec![batch];
            while let Some(part) = parts.pop() {
                let rows = Rows { ids: part.to_vec(), columns: Vec::new(), filter: None };
                let (form, keys) = plan::write::target(&plan.table, &rows)?;
                let texts: Vec<String> = part.iter().map(|id| id.join(",")).collect();
                let target =
                    Target { form: &form, keys: &keys, texts: &texts, condition: None, upsert: false, updates: None };
                let context = self.context(live, false, false);
                let work = Work::Repair(&target, key, how);
                match execute::write(&context, &live.catalog, &plan, work, true, None).await {
                    Ok(done) => told.repaired += done.keys.iter().flatten().count() as u64,
                    Err(failure) => {
                        let error = failure.records.into_iter().next().map(|(_, error)| error).or(failure.error);
                        let error = error.map_or_else(conflict, Error::from);
                        if !is_of_a_record(error.code()) {
                            return Err(error);
                        }
                        if part.len() > 1 {
                            let (first, second) = part.split_at(part.len() / 2);
                            parts.extend([second, first]);
                        } else {
                            told.failed += 1;
                            told.cause.get_or_insert_with(|| format!("{}: {error}", texts[0]));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    async fn run_some(
        &self,
        live: &Snapshot,
        prepared: &Prepared,
        start: usize,
        end: usize,
        keep: bool,
    ) -> Result<Done, Failure> {
        let context = self.context(live, false, false);
        let values = prepared.values.get(start..end).unwrap_or_default();
        let target = prepared.form.as_ref().map(|form| Target {
            form,
            keys: &prepared.keys[start..end],
            texts: &prepared.texts[start..end],
            condition: prepared.condition.as_ref(),
            upsert: prepared.upsert,
            updates: prepared.updates.as_deref(),
        });
        let work = match &target {
            _ if !prepared.nodes.is_empty() => Work::Nested(&prepared.nodes[start..end], target.as_ref()),
            None => Work::Insert(values),
            Some(target) if prepared.deletes => Work::Delete(target),
            Some(target) => Work::Update(target, values),
        };
        let named =
            prepared.named.as_ref().map(|named| Named { key: format!("{}:{start}", named.key), ..named.clone() });
        execute::write(&context, &live.catalog, &prepared.plan, work, keep, named.as_ref()).await
    }
}

/// Whether rows were found by a filter: one that is gone meanwhile is not brought back.
fn by_filter(change: &Change) -> bool {
    matches!(change, Change::Update { rows, .. } if rows.filter.is_some())
}

fn conflict() -> Error {
    let message = "others change the same rows at the same time".into();
    PlanError::Record { code: Code::Conflict, message, hint: Some("try again".into()) }.into()
}

/// Whether an error is one record's fault, as opposed to a source's.
fn is_of_a_record(code: Code) -> bool {
    !matches!(
        code,
        Code::SourceUnavailable
            | Code::Timeout
            | Code::Overloaded
            | Code::Conflict
            | Code::Internal
            | Code::ReadOnly
            | Code::BudgetExceeded
    )
}

fn prepare(reading: Reading<'_>, entry: &Entry, plan: WritePlan, change: &Change) -> Result<Prepared, PlanError> {
    let id = plan.id;
    let bare = |table| Node { table, values: Values::new(), key: None, branches: Vec::new() };
    let mut prepared = Prepared {
        plan,
        values: Vec::new(),
        keys: Vec::new(),
        texts: Vec::new(),
        form: None,
        condition: None,
        upsert: false,
        updates: None,
        named: None,
        nodes: Vec::new(),
        faults: BTreeMap::new(),
        deletes: matches!(change, Change::Delete(_)),
    };
    let records: &[Record] = match change {
        Change::Insert(records) | Change::Update { records, .. } => records,
        Change::Delete(_) => &[],
    };
    let nests = records.iter().any(|record| has_related(entry, record));
    match change {
        Change::Insert(records) if nests => {
            let nodes = records.iter().map(|record| reading.root(id, record, true));
            prepared.nodes = kept(nodes, || bare(id), &mut prepared.faults);
        }
        Change::Update { rows, records, own } if nests => {
            prepared.target(entry, rows)?;
            let identifying = if *own { plan::write::identifying(&entry.table, rows)? } else { Vec::new() };
            let nodes: Vec<_> = records
                .iter()
                .map(|record| {
                    let mut node = reading.root(id, record, false)?;
                    node.values.retain(|(at, _)| !identifying.contains(at));
                    match node.branches.iter().find(|branch| branch.relationship.kind == Kind::BelongsTo) {
                        Some(branch) if rows.filter.is_some() => Err(PlanError::Record {
                            code: Code::InvalidRequest,
                            message: format!("`{}` does not go with a filter", branch.relationship.name),
                            hint: Some("what rows belong to is written by itself, or with rows by identifier".into()),
                        }),
                        _ => Ok(node),
                    }
                })
                .collect();
            let nodes = if let [one] = &nodes[..] { vec![one.clone(); rows.ids.len()] } else { nodes };
            prepared.nodes = kept(nodes.into_iter(), || bare(id), &mut prepared.faults);
        }
        Change::Insert(records) => {
            let values = records.iter().map(|record| record::added(entry, record));
            prepared.values = kept(values, Values::new, &mut prepared.faults);
        }
        Change::Update { rows, records, own } => {
            prepared.target(entry, rows)?;
            let identifying = if *own { plan::write::identifying(&entry.table, rows)? } else { Vec::new() };
            let values: Vec<_> = records
                .iter()
                .map(|record| {
                    let mut values = record::changed(entry, record)?;
                    // They say which row it is, not what it becomes.
                    values.retain(|(at, _)| !identifying.contains(at));
                    Ok(values)
                })
                .collect();
            prepared.values = match &values[..] {
                // One record for all of the rows.
                [one] => kept(vec![one.clone(); rows.ids.len()].into_iter(), Values::new, &mut prepared.faults),
                _ => kept(values.into_iter(), Values::new, &mut prepared.faults),
            };
        }
        Change::Delete(rows) => prepared.target(entry, rows)?,
    }
    Ok(prepared)
}

/// The values that could be read; those that could not are noted.
fn kept<T>(
    values: impl Iterator<Item = Result<T, PlanError>>,
    none: impl Fn() -> T,
    faults: &mut BTreeMap<usize, PlanError>,
) -> Vec<T> {
    let read = values.enumerate().map(|(at, values)| {
        values.unwrap_or_else(|fault| {
            faults.insert(at, fault);
            none()
        })
    });
    read.collect()
}

impl Prepared {
    fn target(&mut self, entry: &Entry, rows: &Rows) -> Result<(), PlanError> {
        let (form, keys) = plan::write::target(&entry.table, rows)?;
        self.keys = keys;
        self.form = Some(form);
        self.texts = rows.ids.iter().map(|id| id.join(",")).collect();
        Ok(())
    }
}
