//! The pool of one SQLite file. Connections only read; a statement that takes too long interrupts itself.

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
            // The one that watches for writes of others is beside those that read.
            .max_connections(source.connections + u32::from(source.cache_ttl.is_some()))
            .acquire_timeout(source.acquire_timeout)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(options);
        Self { pool, source: source.clone() }
    }

    /// A connection whose next statement ends within the source's time.
    pub async fn lease(&self) -> Result<Lease, SourceError> {
        self.lease_for(self.source.statement_timeout).await
    }

    /// A connection whose next statements end within `time`.
    pub async fn lease_for(&self, time: Duration) -> Result<Lease, SourceError> {
        self.acquire(Some(time)).await
    }

    /// A connection to keep, whose statements nothing interrupts.
    pub async fn watcher(&self) -> Result<Lease, SourceError> {
        self.acquire(None).await
    }

    async fn acquire(&self, time: Option<Duration>) -> Result<Lease, SourceError> {
        let mut conn = self.pool.acquire().await.map_err(|error| match error {
            // Opening a file does not wait, so all connections are in use.
            sqlx::Error::PoolTimedOut => SourceError::Busy { source_name: self.source.name.clone() },
            error => SourceError::unavailable(&self.source.name, error),
        })?;
        let mut handle =
            conn.lock_handle().await.map_err(|error| SourceError::unavailable(&self.source.name, error))?;
        match time {
            Some(time) => {
                let start = Instant::now();
                handle.set_progress_handler(STEPS, move || start.elapsed() < time);
            }
            None => handle.remove_progress_handler(),
        }
        drop(handle);
        Ok(Lease { conn })
    }
}
