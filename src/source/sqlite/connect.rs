//! The pool of one SQLite file. Connections only read; a statement that takes too long interrupts itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};

use crate::config::Source;
use crate::source::adapter::SourceError;

/// Virtual-machine steps between two looks at the clock.
const STEPS: i32 = 10_000;

/// The open file.
pub struct Connections {
    pool: SqlitePool,
    start: Instant,
    source: Source,
}

/// A connection, and the moment at which its statement must be done.
pub struct Lease {
    /// The driver's connection.
    pub conn: PoolConnection<sqlx::Sqlite>,
}

impl Connections {
    /// Opens the file when first asked; it must exist.
    pub fn new(source: &Source) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(&source.url)
            .create_if_missing(false)
            .busy_timeout(source.acquire_timeout)
            .statement_cache_capacity(256)
            .pragma("query_only", "on")
            .optimize_on_close(false, None);
        let pool = SqlitePoolOptions::new()
            .max_connections(source.connections)
            .acquire_timeout(source.acquire_timeout)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(options);
        Self { pool, start: Instant::now(), source: source.clone() }
    }

    /// A connection whose next statement ends within the source's time.
    pub async fn lease(&self) -> Result<Lease, SourceError> {
        let mut conn = self.pool.acquire().await.map_err(|error| match error {
            // Opening a file does not wait, so all connections are in use.
            sqlx::Error::PoolTimedOut => SourceError::Busy { source_name: self.source.name.clone() },
            error => self.unavailable(&error.to_string()),
        })?;
        let deadline = Arc::new(AtomicU64::new(self.millis() + self.source.statement_timeout.as_millis() as u64));
        let (start, until) = (self.start, deadline);
        let mut handle = conn.lock_handle().await.map_err(|error| self.unavailable(&error.to_string()))?;
        handle.set_progress_handler(STEPS, move || {
            start.elapsed() < Duration::from_millis(until.load(Ordering::Relaxed))
        });
        drop(handle);
        Ok(Lease { conn })
    }

    fn millis(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }

    fn unavailable(&self, cause: &str) -> SourceError {
        SourceError::Unavailable { source_name: self.source.name.clone(), cause: cause.to_owned() }
    }
}
