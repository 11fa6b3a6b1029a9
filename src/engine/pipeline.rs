//! A whole request on one page: query → plan → rows. The live version may change between two requests, never within one.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use crate::catalog::TableId;
use crate::config::Faults;
use crate::engine::error::Error;
use crate::engine::explain::{Explained, Explainer};
use crate::engine::snapshot::Snapshot;
use crate::execute::{self, Answer, Budget, Context, ExecuteError, Level, RowStream, Trace};
use crate::name::SourceName;
use crate::plan::{self, PlanError, ReadPlan};
use crate::query::{Ids, Read};
use crate::source::SourceError;
use crate::telemetry::SPANS;

/// The proxy without its frontends.
pub struct Engine {
    live: ArcSwap<Snapshot>,
    /// The key file.
    pub path: PathBuf,
    /// Why the last load was refused, if it was.
    pub(super) refused: Mutex<Option<Arc<Faults>>>,
    /// Only one load of the file at a time.
    pub(super) loading: tokio::sync::Mutex<()>,
    /// Held by each write; the keys change only while there is none.
    pub(super) writing: tokio::sync::RwLock<()>,
    /// Only one change of version at a time; nobody waits for a database meanwhile.
    pub(super) changing: tokio::sync::Mutex<()>,
    /// Someone found the catalog out of date.
    pub(super) outdated: tokio::sync::Notify,
    /// Requests so far.
    pub(super) requests: AtomicU64,
    /// When the last reading of each source's catalog began; locked while one is under way.
    pub(super) read_at: Mutex<HashMap<SourceName, Arc<tokio::sync::Mutex<Option<Instant>>>>>,
    /// Statements that each source had been sent when its state was last looked at.
    pub(super) sent: Mutex<HashMap<SourceName, u64>>,
}

/// A read's rows with the plan that tells how to show them.
pub struct ReadAnswer {
    /// The version that answered.
    pub snapshot: Arc<Snapshot>,
    /// The plan.
    pub plan: ReadPlan,
    /// The rows.
    pub answer: Answer,
}

impl Engine {
    /// An engine over a first version.
    pub fn new(path: PathBuf, snapshot: Snapshot) -> Self {
        Self {
            live: ArcSwap::from_pointee(snapshot),
            path,
            refused: Mutex::new(None),
            loading: tokio::sync::Mutex::new(()),
            changing: tokio::sync::Mutex::new(()),
            writing: tokio::sync::RwLock::new(()),
            outdated: tokio::sync::Notify::new(),
            requests: AtomicU64::new(0),
            read_at: Mutex::default(),
            sent: Mutex::default(),
        }
    }

    /// The live version.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.live.load_full()
    }

    /// Makes a version the live one.
    pub(super) fn swap(&self, snapshot: Snapshot) {
        self.live.store(Arc::new(snapshot));
    }

    /// Why the last load of the file was refused; `None` after a good one.
    pub fn refused(&self) -> Option<Arc<Faults>> {
        self.refused.lock().clone()
    }

    /// Answers a read.
    pub async fn read(&self, query: &Read) -> Result<ReadAnswer, Error> {
        let live = self.snapshot();
        let plan = planned(&live, query)?;
        self.run(live, plan, query.bypass_cache).await
    }

    /// Whether a read can be planned.
    pub fn can_read(&self, query: &Read) -> Result<(), Error> {
        planned(&self.snapshot(), query)?;
        Ok(())
    }

    /// Answers a read that was planned by this version.
    pub async fn run(&self, live: Arc<Snapshot>, plan: ReadPlan, bypass_cache: bool) -> Result<ReadAnswer, Error> {
        let budget = Arc::new(Budget::new(&live.config.limits));
        self.run_within(live, plan, bypass_cache, budget).await
    }

    /// The same of one of several reads that share a budget.
    pub async fn run_within(
        &self,
        live: Arc<Snapshot>,
        plan: ReadPlan,
        bypass_cache: bool,
        budget: Arc<Budget>,
    ) -> Result<ReadAnswer, Error> {
        let context = self.context_within(&live, bypass_cache, true, budget);
        let answer = execute::read(&context, &plan).await.inspect_err(|error| self.heed(error))?;
        drop(context);
        Ok(ReadAnswer { snapshot: live, plan, answer })
    }

    /// Tells how a read is answered; with `analyze` it is run, and what each step costs is told too.
    pub async fn explain(&self, query: &Read, analyze: bool, statements: bool) -> Result<Vec<Explained>, Error> {
        let live = self.snapshot();
        let plan = planned(&live, query)?;
        self.explain_plan(&live, &plan, query.bypass_cache, (analyze, statements)).await
    }

    /// The same of a plan that this version has made.
    pub async fn explain_plan(
        &self,
        live: &Snapshot,
        plan: &ReadPlan,
        bypass_cache: bool,
        (analyze, statements): (bool, bool),
    ) -> Result<Vec<Explained>, Error> {
        let trace = Trace::default();
        if analyze {
            let context = Context { trace: Some(&trace), ..self.context(live, bypass_cache, true) };
            execute::read(&context, plan).await.inspect_err(|error| self.heed(error))?;
        }
        let trace = analyze.then_some(&trace);
        Ok(Explainer { snapshot: live, trace, statements }.plan(plan))
    }

    /// Answers a read row by row.
    pub async fn stream(self: &Arc<Self>, query: &Read) -> Result<Stream, Error> {
        let live = self.snapshot();
        let plan = planned(&live, query)?;
        let context = self.context(&live, query.bypass_cache, false);
        let rows = RowStream::begin(&context, &plan).await.inspect_err(|error| self.heed(error))?;
        drop(context);
        Ok(Stream { engine: self.clone(), bypass_cache: query.bypass_cache, snapshot: live, plan, rows })
    }

    pub(super) fn context<'a>(&self, live: &'a Snapshot, bypass_cache: bool, may_be_partial: bool) -> Context<'a> {
        self.context_within(live, bypass_cache, may_be_partial, Arc::new(Budget::new(&live.config.limits)))
    }

    fn context_within<'a>(
        &self,
        live: &'a Snapshot,
        bypass_cache: bool,
        may_be_partial: bool,
        budget: Arc<Budget>,
    ) -> Context<'a> {
        Context {
            sources: &live.sources,
            cache: live.cache.as_ref(),
            lanes: &live.lanes,
            present: live.lanes.enter(),
            limits: &live.config.limits,
            bypass_cache,
            may_be_partial,
            remembers: may_be_partial,
            number: self.requests.fetch_add(1, Ordering::Relaxed),
            budget,
            freshened: Mutex::default(),
            partial: Mutex::default(),
            trace: None,
        }
    }

    /// A statement that the database no longer understands tells that its catalog must be read anew.
    pub(super) fn heed(&self, error: &ExecuteError) {
        if matches!(error, ExecuteError::Source(SourceError::Changed { .. })) {
            self.outdated.notify_one();
        }
    }
}

/// Plans a read by this version.
pub fn planned(live: &Snapshot, query: &Read) -> Result<ReadPlan, PlanError> {
    let span =
        tracing::trace_span!(target: SPANS, "plan", crosskey.source = query.source, crosskey.table = query.table);
    span.in_scope(|| plan::read(&live.catalog, &live.config.limits, query))
}

/// The plan of the same read for other identifiers.
pub fn planned_for(live: &Snapshot, table: TableId, plan: &ReadPlan, ids: &Ids) -> Result<ReadPlan, PlanError> {
    let source = plan.root.source.as_str();
    let span =
        tracing::trace_span!(target: SPANS, "plan", crosskey.source = source, crosskey.table = %plan.root.fetch.table);
    span.in_scope(|| plan::read::for_ids(&live.catalog, table, plan, ids))
}

/// A read that is answered row by row, by the version that it began with.
pub struct Stream {
    engine: Arc<Engine>,
    bypass_cache: bool,
    /// The version that answers.
    pub snapshot: Arc<Snapshot>,
    /// The plan.
    pub plan: ReadPlan,
    rows: RowStream,
}

impl Stream {
    /// The next rows; none at the end. Each call has the budget and the time of one request.
    pub async fn next(&mut self) -> Result<Option<Level>, Error> {
        let context = self.engine.context(&self.snapshot, self.bypass_cache, false);
        let next = tokio::time::timeout(self.snapshot.config.limits.request_time, self.rows.next(&context, &self.plan));
        match next.await {
            Ok(next) => Ok(next.inspect_err(|error| self.engine.heed(error))?),
            Err(_) => Err(ExecuteError::TooSlow.into()),
        }
    }
}
