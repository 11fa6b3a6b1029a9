//! The pool of one source. Sessions run in UTC and read only; the server ends slow statements itself.

use std::sync::Arc;
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, Pool, PoolConstraints, PoolOpts};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Source;
use crate::source::adapter::SourceError;

/// Prepared statements kept per connection.
const STATEMENTS: usize = 256;

fn pool(source: &Source) -> Result<Pool, String> {
    let opts = Opts::from_url(&source.url).map_err(|error| error.to_string())?;
    if opts.db_name().is_none_or(str::is_empty) {
        return Err("the url names no database: write mysql://user@host/database".into());
    }
    let constraints = PoolConstraints::new(0, source.connections as usize).ok_or("pool.max must be at least 1")?;
    // The state of a session never changes, so returning it to the pool needs no reset, which would be a round trip.
    let pool_opts = PoolOpts::default().with_constraints(constraints).with_reset_connection(false);
    let milliseconds = source.statement_timeout.as_millis();
    let builder = OptsBuilder::from_opts(opts)
        .pool_opts(pool_opts)
        .stmt_cache_size(STATEMENTS)
        .prefer_socket(false)
        .tcp_nodelay(true)
        .after_connect(move |conn: &mut Conn| {
            Box::pin(async move {
                let timeout = time_limit(conn, milliseconds);
                conn.query_drop(format!("SET SESSION time_zone = '+00:00', {timeout}")).await?;
                conn.query_drop("SET SESSION TRANSACTION READ ONLY").await
            })
        });
    Ok(Pool::new(builder))
}

/// The session variable that ends slow statements.
fn time_limit(conn: &Conn, milliseconds: u128) -> String {
    // MariaDB counts its versions from 10.
    match conn.server_version().0 {
        10.. => format!("max_statement_time = {}", milliseconds as f64 / 1000.0),
        _ => format!("max_execution_time = {milliseconds}"),
    }
}

/// The connections of one source. Their number is bounded here, so that waiting for a free one and waiting for a server
/// that does not answer are told apart.
pub struct Connections {
    pool: Pool,
    free: Arc<Semaphore>,
    source: Source,
}

/// A connection in use.
pub struct Lease {
    /// The driver's connection.
    pub conn: Conn,
    _permit: OwnedSemaphorePermit,
}

impl Connections {
    /// Reads the url; connects when first asked.
    pub fn new(source: &Source) -> Result<Self, String> {
        let free = Arc::new(Semaphore::new(source.connections as usize));
        Ok(Self { pool: pool(source)?, free, source: source.clone() })
    }

    /// A connection with more time for its statements; it is to be closed, not given back.
    pub async fn dedicated(&self, time: Duration) -> Result<Lease, SourceError> {
        let mut lease = self.lease().await?;
        let set = format!("SET SESSION {}", time_limit(&lease.conn, time.as_millis()));
        lease.conn.query_drop(set).await.map_err(|error| SourceError::unavailable(&self.source.name, error))?;
        Ok(lease)
    }

    /// A connection, within the source's time.
    pub async fn lease(&self) -> Result<Lease, SourceError> {
        let source = &self.source;
        let permit = match tokio::time::timeout(source.acquire_timeout, self.free.clone().acquire_owned()).await {
            Ok(permit) => permit.map_err(|error| SourceError::unavailable(&source.name, error))?,
            Err(_) => return Err(SourceError::Busy { source_name: source.name.clone() }),
        };
        match tokio::time::timeout(source.connect_timeout, self.pool.get_conn()).await {
            Ok(Ok(conn)) => Ok(Lease { conn, _permit: permit }),
            Ok(Err(error)) => Err(SourceError::unavailable(&source.name, error)),
            Err(_) => Err(SourceError::unavailable(&source.name, "connecting took too long")),
        }
    }
}
