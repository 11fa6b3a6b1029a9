//! The pool of one SQLite file. Connections only read; a statement that takes too long interrupts itself. A file that has
//! taken the place of the open one is opened in its stead.

use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};

use crate::config::Source;
use crate::source::adapter::{PoolState, SourceError};

/// Virtual-machine steps between two looks at the clock.
const STEPS: i32 = 10_000;

/// The open file.
pub struct Connections {
    open: Mutex<Open>,
    source: Source,
}

struct Open {
    pool: SqlitePool,
    /// Which file it is: device and number; unknown until it is first asked for.
    file: Option<(u64, u64)>,
    /// How many files have had this path.
    generation: u64,
}

/// A connection, and the moment at which its statement must be done.
pub struct Lease {
    /// The driver's connection.
    pub conn: PoolConnection<sqlx::Sqlite>,
}

/// Asked every so many steps whether a statement goes on.
type GoesOn = Box<dyn FnMut() -> bool + Send>;

/// Keeps a statement alive, beat by beat.
#[derive(Clone)]
pub struct Pulse {
    /// When it beat last; never again once it was stopped.
    last: Arc<Mutex<Option<Instant>>>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { last: Arc::new(Mutex::new(Some(Instant::now()))) }
    }
}

impl Pulse {
    /// The statement has brought something, or waits for us.
    pub fn beat(&self) {
        if let Some(last) = &mut *self.last.lock() {
            *last = Instant::now();
        }
    }

    /// The statement is to end.
    pub fn stop(&self) {
        *self.last.lock() = None;
    }

    /// Interrupts the statements of a connection of one's own that last longer than this since the last beat.
    pub async fn watch(&self, conn: &mut sqlx::SqliteConnection, time: Duration) -> Result<(), sqlx::Error> {
        let watched = self.clone();
        conn.lock_handle().await?.set_progress_handler(STEPS, move || watched.goes_on(time));
        Ok(())
    }

    fn goes_on(&self, time: Duration) -> bool {
        self.last.lock().is_some_and(|last| last.elapsed() < time)
    }
}

impl Connections {
    /// Opens the file when first asked; it must exist.
    pub fn new(source: &Source) -> Self {
        let open = Open { pool: Self::pool(source), file: None, generation: 0 };
        Self { open: Mutex::new(open), source: source.clone() }
    }

    fn pool(source: &Source) -> SqlitePool {
        let options = SqliteConnectOptions::new()
            .filename(&source.url)
            .create_if_missing(false)
            .busy_timeout(source.acquire_timeout)
            .statement_cache_capacity(256)
            .pragma("query_only", "on")
            .optimize_on_close(false, None);
        SqlitePoolOptions::new()
            // The one that watches for writes of others is beside those that read.
            .max_connections(source.connections + u32::from(source.cache_ttl.is_some()))
            .acquire_timeout(source.acquire_timeout)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(options)
    }

    /// The pool of the file that has the path now, and how many had it before.
    fn current(&self) -> Result<(SqlitePool, u64), SourceError> {
        let found = std::fs::metadata(&self.source.url)
            .map_err(|error| SourceError::unavailable(&self.source.name, format!("`{}`: {error}", self.source.url)))?;
        let file = (found.dev(), found.ino());
        let mut open = self.open.lock();
        if open.file.is_some_and(|before| before != file) {
            tracing::info!(source = %self.source.name, "another file has taken the place of the open one");
            let old = std::mem::replace(&mut open.pool, Self::pool(&self.source));
            tokio::spawn(async move { old.close().await });
            open.generation += 1;
        }
        open.file = Some(file);
        Ok((open.pool.clone(), open.generation))
    }

    /// How many files have had the path.
    pub fn generation(&self) -> Result<u64, SourceError> {
        self.current().map(|(_, generation)| generation)
    }

    /// What is open.
    pub fn state(&self) -> PoolState {
        let pool = self.open.lock().pool.clone();
        let open = pool.size() as usize;
        PoolState { open, busy: open.saturating_sub(pool.num_idle()) }
    }

    /// A connection whose next statement ends within the source's time.
    pub async fn lease(&self) -> Result<Lease, SourceError> {
        self.lease_for(self.source.statement_timeout).await
    }

    /// A connection whose next statements end within `time`.
    pub async fn lease_for(&self, time: Duration) -> Result<Lease, SourceError> {
        let start = Instant::now();
        self.acquire(Some(Box::new(move || start.elapsed() < time))).await
    }

    /// A connection to keep, whose statements nothing interrupts.
    pub async fn watcher(&self) -> Result<Lease, SourceError> {
        self.acquire(None).await
    }

    /// A connection whose statement ends when `time` has passed since the last beat.
    pub async fn lease_with_pulse(&self, time: Duration) -> Result<(Lease, Pulse), SourceError> {
        let pulse = Pulse::default();
        let watched = pulse.clone();
        let lease = self.acquire(Some(Box::new(move || watched.goes_on(time)))).await?;
        Ok((lease, pulse))
    }

    async fn acquire(&self, goes_on: Option<GoesOn>) -> Result<Lease, SourceError> {
        let mut conn = self.current()?.0.acquire().await.map_err(|error| match error {
            // Opening a file does not wait, so all connections are in use.
            sqlx::Error::PoolTimedOut => SourceError::Busy { source_name: self.source.name.clone() },
            error => SourceError::unavailable(&self.source.name, error),
        })?;
        let mut handle =
            conn.lock_handle().await.map_err(|error| SourceError::unavailable(&self.source.name, error))?;
        match goes_on {
            Some(goes_on) => handle.set_progress_handler(STEPS, goes_on),
            None => handle.remove_progress_handler(),
        }
        drop(handle);
        Ok(Lease { conn })
    }
}
