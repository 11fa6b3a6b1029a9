//! An open source: its adapter behind a circuit breaker, with counters. A client who leaves never drops a driver's future
//! half way, unless the driver is made for that.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use tokio::sync::{Semaphore, mpsc};
use tracing::{Instrument, Span};

use crate::config::Source;
use crate::config::checked::SourceKind;
use crate::error::Coded;
use crate::name::{SourceName, TableName};
use crate::source::adapter::{LONGEST_STREAM, Piece, Session, SharedAdapter, SourceError, Taker};
use crate::source::slow::{Slow, Slowest};
use crate::source::sql::KeptSql;
use crate::source::watched::Watched;
use crate::statement::Fetch;
use crate::statement::write::Lock;
use crate::telemetry::{METRICS, SPANS, source_label};
use crate::value::Chunk;

/// Failures in a row after which the source is left alone for a while.
const TOLERANCE: u32 = 5;
/// How long; then one statement tries again.
const REST: Duration = Duration::from_secs(1);
/// How often it is asked whether a source has a journal by now.
const JOURNAL_ASKED: Duration = Duration::from_secs(10);

/// Whether a source answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It answered last time.
    Up,
    /// It did not; the driver's words are for the log.
    Down,
}

/// One source of a snapshot.
pub struct OpenSource {
    /// Its configuration.
    pub config: Source,
    adapter: SharedAdapter,
    breaker: Mutex<Breaker>,
    sent: AtomicU64,
    /// Places for streams, each of which holds a connection for as long as its client takes.
    streams: Arc<Semaphore>,
    counters: Counters,
    /// Keys whose fences are there.
    fences: Mutex<HashSet<i32>>,
    /// Whether the tables are there in which writes of several databases are kept, and when that was asked.
    journal: Mutex<Option<(bool, Instant)>>,
    /// Why they could not be made, and when that was tried.
    journal_refused: Mutex<Option<(Instant, SourceError)>>,
    /// Writes of several databases whose parts are all done, and which the journal still has.
    finished: Mutex<Vec<String>>,
    /// Microseconds of all statements.
    spent: AtomicU64,
    slowest: Slowest,
}

/// What has been counted of a source since the process began.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    /// Statements that failed.
    pub errors: u64,
    /// Time of all statements.
    pub seconds: f64,
    /// Keys that were asked for.
    pub lookup_keys: u64,
    /// Lookups that were answered from memory.
    pub cache_hits: u64,
    /// Lookups that were not.
    pub cache_misses: u64,
    /// Of these, those that were remembered and no longer valid.
    pub cache_refused_stale: u64,
}

/// The rows of a stream.
pub struct Chunks {
    source_name: SourceName,
    from: mpsc::Receiver<Piece>,
}

impl Chunks {
    /// The next rows; none at the end.
    pub async fn next(&mut self) -> Result<Option<Chunk>, SourceError> {
        let cut =
            || SourceError::Refused { source_name: self.source_name.clone(), cause: "a stream ended badly".into() };
        self.from.recv().await.unwrap_or_else(|| Err(cut()))
    }
}

/// This source's metrics, looked up once.
struct Counters {
    statements: Counter,
    errors: Counter,
    seconds: Histogram,
    lookup_keys: Counter,
    up: Gauge,
    cache_hits: Counter,
    cache_misses: Counter,
    cache_refused_stale: Counter,
}

#[derive(Default)]
struct Breaker {
    failures: u32,
    last_failure: Option<Instant>,
}

impl OpenSource {
    /// Wraps an adapter.
    pub fn new(config: Source, adapter: SharedAdapter) -> Self {
        let label = source_label(config.name.as_str());
        let counters = Counters {
            statements: METRICS.statements.get_or_create(&label).clone(),
            errors: METRICS.statement_errors.get_or_create(&label).clone(),
            seconds: METRICS.statement_seconds.get_or_create(&label).clone(),
            lookup_keys: METRICS.lookup_keys.get_or_create(&label).clone(),
            up: METRICS.source_up.get_or_create(&label).clone(),
            cache_hits: METRICS.cache_hits.get_or_create(&label).clone(),
            cache_misses: METRICS.cache_misses.get_or_create(&label).clone(),
            cache_refused_stale: METRICS.cache_refused_stale.get_or_create(&label).clone(),
        };
        let streams = Arc::new(Semaphore::new((config.connections as usize / 2).max(1)));
        Self {
            config,
            adapter,
            breaker: Mutex::default(),
            sent: AtomicU64::new(0),
            streams,
            counters,
            fences: Mutex::default(),
            journal: Mutex::default(),
            journal_refused: Mutex::default(),
            finished: Mutex::default(),
            spent: AtomicU64::new(0),
            slowest: Slowest::default(),
        }
    }

    /// The adapter, for introspection and pings.
    pub fn adapter(&self) -> &SharedAdapter {
        &self.adapter
    }

    /// Statements sent so far.
    pub fn statements(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// What has been counted.
    pub fn counts(&self) -> Counts {
        let counters = &self.counters;
        Counts {
            errors: counters.errors.get(),
            seconds: Duration::from_micros(self.spent.load(Ordering::Relaxed)).as_secs_f64(),
            lookup_keys: counters.lookup_keys.get(),
            cache_hits: counters.cache_hits.get(),
            cache_misses: counters.cache_misses.get(),
            cache_refused_stale: counters.cache_refused_stale.get(),
        }
    }

    /// The slowest reads of late.
    pub fn slowest(&self) -> Vec<Slow> {
        self.slowest.list()
    }

    /// Counts the time of a statement.
    fn took(&self, started: Instant) {
        let took = started.elapsed();
        self.counters.seconds.observe(took.as_secs_f64());
        self.spent.fetch_add(u64::try_from(took.as_micros()).unwrap_or(0), Ordering::Relaxed);
    }

    /// Counts lookups that were answered from memory, that were not, and of these the ones whose rows were no longer valid.
    pub fn count_recalled(&self, hits: u64, misses: u64, refused_stale: u64) {
        self.counters.cache_hits.inc_by(hits);
        self.counters.cache_misses.inc_by(misses);
        self.counters.cache_refused_stale.inc_by(refused_stale);
    }

    /// Whether it answered last time.
    pub fn state(&self) -> State {
        if self.breaker.lock().failures == 0 { State::Up } else { State::Down }
    }

    /// Runs one read; where the driver must not be left half way, in a task of its own and so to its end, even when
    /// nobody waits for it any more.
    pub async fn fetch(self: &Arc<Self>, fetch: Arc<Fetch>) -> Result<Chunk, SourceError> {
        if self.adapter.may_be_left() {
            return self.fetch_here(&fetch, None).await;
        }
        let this = self.clone();
        let task = tokio::spawn(async move { this.fetch_here(&fetch, None).await }.in_current_span());
        task.await.unwrap_or_else(|panic| {
            tracing::error!(source = %self.config.name, %panic, "a statement's task ended badly");
            Err(SourceError::Refused { source_name: self.config.name.clone(), cause: "panic".into() })
        })
    }

    /// Runs one read within the caller's task, which goes on to the end whoever leaves. Its text may be kept.
    pub async fn fetch_here(&self, fetch: &Fetch, kept: Option<&KeptSql>) -> Result<Chunk, SourceError> {
        self.let_through()?;
        let started = Instant::now();
        self.count();
        if let Some(keys) = &fetch.keys {
            self.counters.lookup_keys.inc_by(keys.keys.len() as u64);
        }
        let span = self.span_of(fetch);
        let fetching = self.adapter.fetch(fetch, kept);
        let result = match span.is_none() {
            true => fetching.await,
            false => fetching.instrument(span.clone()).await,
        };
        match &result {
            Ok(chunk) => span.record("db.response.returned_rows", chunk.rows() as i64),
            Err(error) => span.record("otel.status_code", "ERROR").record("error.type", error.code().as_str()),
        };
        self.took(started);
        // Our own tables are nobody's reads.
        if !fetch.table.name.starts_with("crosskey_") {
            self.slowest.note(fetch, started, result.as_ref().map_or(0, Chunk::rows));
        }
        self.note(fetch, result.as_ref().err());
        result
    }

    fn span_of(&self, fetch: &Fetch) -> Span {
        self.span("SELECT", &fetch.table, fetch.keys.as_ref().map_or(0, |keys| keys.keys.len()))
    }

    /// The span of a statement, in the words of OpenTelemetry's conventions for databases.
    pub(super) fn span(&self, operation: &'static str, table: &TableName, keys: usize) -> Span {
        let system = match self.config.kind {
            SourceKind::Postgres => "postgresql",
            SourceKind::Mysql => "mysql",
            SourceKind::Sqlite => "sqlite",
        };
        tracing::trace_span!(
            target: SPANS,
            "statement",
            otel.name = %format_args!("{operation} {}.{table}", self.config.name),
            otel.kind = "client",
            otel.status_code = tracing::field::Empty,
            error.type = tracing::field::Empty,
            db.system.name = system,
            db.namespace = %self.config.name,
            db.operation.name = operation,
            db.collection.name = %table,
            db.operation.batch.size = keys as i64,
            db.response.returned_rows = tracing::field::Empty,
        )
    }

    /// Notes how a statement ended.
    fn note(&self, fetch: &Fetch, error: Option<&SourceError>) {
        self.record(error);
        if let Some(error) = error {
            self.counters.errors.inc();
            // A busy pool is told to the client and counted; under load it would fill the log.
            if matches!(error, SourceError::Busy { .. }) {
                tracing::debug!(source = %self.config.name, table = %fetch.table, "{error}");
            } else {
                tracing::warn!(source = %self.config.name, table = %fetch.table, cause = error.cause().unwrap_or_default(), "{error}");
            }
        }
    }

    /// Runs one read and gives its rows chunk by chunk. At most half of the source's connections are for this at a time.
    pub async fn stream(self: &Arc<Self>, fetch: Arc<Fetch>, rows: usize) -> Result<Chunks, SourceError> {
        let busy = || SourceError::Busy { source_name: self.config.name.clone() };
        let waiting = tokio::time::timeout(self.config.acquire_timeout, self.streams.clone().acquire_owned());
        let place = waiting.await.map_err(|_| busy())?.map_err(|_| busy())?;
        self.let_through()?;
        self.count();
        let (to, from) = mpsc::channel(1);
        let this = self.clone();
        let giving = async move {
            let _place = place;
            let taker = Taker { rows, to };
            let span = this.span_of(&fetch);
            let giving = this.adapter.stream(&fetch, &taker).instrument(span);
            let ended = tokio::time::timeout(LONGEST_STREAM, giving).await.unwrap_or_else(|_| {
                let cause = "a list lasted too long".to_owned();
                Err(SourceError::Timeout { source_name: this.config.name.clone(), cause })
            });
            // Who has left is no failure of the source.
            if taker.to.is_closed() {
                return tracing::debug!(source = %this.config.name, table = %fetch.table, "a stream was left");
            }
            this.note(&fetch, ended.as_ref().err());
            drop(taker.to.send(ended.map(|()| None)).await);
        };
        tokio::spawn(giving.in_current_span());
        Ok(Chunks { source_name: self.config.name.clone(), from })
    }

    /// Begins a transaction for a write.
    pub async fn begin(self: &Arc<Self>) -> Result<Box<dyn Session>, SourceError> {
        self.let_through()?;
        let begun = self.adapter.begin().await;
        self.record(begun.as_ref().err());
        Ok(Box::new(Watched::new(begun?, self.clone())))
    }

    /// Counts a statement.
    pub(super) fn count(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.counters.statements.inc();
    }

    /// Notes how a statement of a transaction ended.
    pub(super) fn ended(&self, started: Instant, error: Option<&SourceError>) {
        self.took(started);
        self.record(error);
        if error.is_some() {
            self.counters.errors.inc();
        }
    }

    /// Reads with a lock that is given back at once.
    pub async fn verify(&self, fetch: &Fetch, lock: Lock) -> Result<Chunk, SourceError> {
        self.let_through()?;
        #[cfg(feature = "failpoints")]
        fail::fail_point!("statement", |word| crate::source::watched::faulted(word, self));
        self.count();
        let found = self.adapter.verify(fetch, lock).instrument(self.span_of(fetch)).await;
        self.note(fetch, found.as_ref().err());
        found
    }

    /// Makes what a key's fences need, once.
    pub async fn build_fences(&self, key: i32) -> Result<(), SourceError> {
        if self.fences.lock().contains(&key) {
            return Ok(());
        }
        self.adapter.build_fences(&[key]).await?;
        self.fences.lock().insert(key);
        Ok(())
    }

    /// Makes the tables in which writes of several databases are kept, once.
    pub async fn build_journal(&self) -> Result<(), SourceError> {
        if self.may_have_journal() == Some(true) {
            return Ok(());
        }
        self.let_through()?;
        if !self.has_journal().await? {
            if let Some(refused) = self.journal_refused.lock().clone().filter(|(at, _)| at.elapsed() < JOURNAL_ASKED) {
                return Err(refused.1);
            }
            if let Err(error) = self.adapter.build_journal().await {
                if !error.is_outage() {
                    *self.journal_refused.lock() = Some((Instant::now(), error.clone()));
                }
                return Err(error);
            }
        }
        *self.journal.lock() = Some((true, Instant::now()));
        Ok(())
    }

    /// Whether these tables are there; another process may make them, so that it is asked again after a while.
    pub async fn has_journal(&self) -> Result<bool, SourceError> {
        if let Some(known) = self.may_have_journal() {
            return Ok(known);
        }
        self.let_through()?;
        let there = self.adapter.has_journal().await;
        self.record(there.as_ref().err());
        let there = there?;
        *self.journal.lock() = Some((there, Instant::now()));
        Ok(there)
    }

    /// Whether they are there at this moment.
    pub async fn has_journal_now(&self) -> Result<bool, SourceError> {
        if self.may_have_journal() == Some(false) {
            *self.journal.lock() = None;
        }
        self.has_journal().await
    }

    /// The same, as far as it is known.
    fn may_have_journal(&self) -> Option<bool> {
        let known = *self.journal.lock();
        known.filter(|(there, asked)| *there || asked.elapsed() < JOURNAL_ASKED).map(|(there, _)| there)
    }

    /// Notes a write whose parts are all done.
    pub fn is_finished(&self, txid: String) {
        self.finished.lock().push(txid);
    }

    /// The same, as long as they are noted.
    pub fn finished(&self) -> Vec<String> {
        self.finished.lock().clone()
    }

    /// How many are noted.
    pub fn finished_count(&self) -> usize {
        self.finished.lock().len()
    }

    /// The writes that were noted since.
    pub fn take_finished(&self) -> Vec<String> {
        std::mem::take(&mut self.finished.lock())
    }

    fn let_through(&self) -> Result<(), SourceError> {
        let mut breaker = self.breaker.lock();
        let resting = breaker.failures >= TOLERANCE && breaker.last_failure.is_some_and(|at| at.elapsed() < REST);
        if resting {
            return Err(SourceError::unavailable(&self.config.name, "the source failed repeatedly and rests"));
        }
        if breaker.failures >= TOLERANCE {
            // One statement goes through; the others keep waiting for its outcome.
            breaker.last_failure = Some(Instant::now());
        }
        Ok(())
    }

    /// Notes how a statement or a ping went.
    pub fn record(&self, error: Option<&SourceError>) {
        let mut breaker = self.breaker.lock();
        match error {
            Some(error) if error.is_outage() => {
                breaker.failures = breaker.failures.saturating_add(1);
                breaker.last_failure = Some(Instant::now());
            }
            Some(error) if !error.is_an_answer() => {}
            _ => breaker.failures = 0,
        }
        self.counters.up.set(i64::from(breaker.failures == 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::table::Table;
    use crate::name::TableName;
    use crate::source::sql::Described;
    use crate::value::Column;

    /// An adapter that only fails, and counts how often it was asked.
    struct Failing(AtomicU64);

    #[async_trait::async_trait]
    impl crate::source::adapter::Adapter for Failing {
        async fn introspect(&self) -> Result<Vec<Table>, SourceError> {
            Ok(Vec::new())
        }
        async fn fetch(&self, _: &Fetch, _: Option<&KeptSql>) -> Result<Chunk, SourceError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Err(SourceError::unavailable(&SourceName::new("crm"), "down"))
        }
        fn describe(&self, _: &Fetch) -> Described {
            Described { text: String::new(), parameters: Vec::new() }
        }
        fn create_index(&self, _: &TableName, _: &[Arc<Column>]) -> String {
            String::new()
        }
        async fn stream(&self, _: &Fetch, _: &Taker) -> Result<(), SourceError> {
            Ok(())
        }
        async fn begin(&self) -> Result<Box<dyn Session>, SourceError> {
            Err(SourceError::unavailable(&SourceName::new("crm"), "down"))
        }
        async fn build_journal(&self) -> Result<(), SourceError> {
            Ok(())
        }
        async fn has_journal(&self) -> Result<bool, SourceError> {
            Ok(false)
        }
        async fn rename(&self, _: &TableName, _: Option<&str>, _: &str) -> Result<(), SourceError> {
            Ok(())
        }
        async fn ping(&self) -> Result<(), SourceError> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_source_that_keeps_failing_rests() {
        let config = Source::for_tests();
        let adapter = Arc::new(Failing(AtomicU64::new(0)));
        let source = Arc::new(OpenSource::new(config, adapter.clone()));
        let fetch = Arc::new(Fetch::all(crate::name::TableName::new("t"), Vec::new(), 1, 1));
        for _ in 0..20 {
            assert!(source.fetch(fetch.clone()).await.is_err_and(|error| error.is_outage()));
        }
        assert_eq!(adapter.0.load(Ordering::Relaxed), u64::from(TOLERANCE));
        assert_eq!(source.state(), State::Down);
        source.record(None);
        assert_eq!(source.state(), State::Up);
        assert!(source.fetch(fetch).await.is_err());
        assert_eq!(adapter.0.load(Ordering::Relaxed), u64::from(TOLERANCE) + 1);
    }
}
