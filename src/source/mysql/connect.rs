//! The pool of one source. Sessions run in UTC and read only; the server ends slow statements itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, Pool, PoolConstraints, PoolOpts};

use parking_lot::{Mutex, RwLock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Source;
use crate::source::adapter::{PoolState, SourceError};

/// Prepared statements kept per connection.
const STATEMENTS: usize = 256;
/// How long a connection that nobody uses stays open. Without it the pool would close each one as it comes back.
const IDLE: Duration = Duration::from_secs(300);

fn options(source: &Source, statement_timeout: Duration, writes: bool) -> Result<Opts, String> {
    let opts = Opts::from_url(&source.url).map_err(|error| error.to_string())?;
    if opts.db_name().is_none_or(str::is_empty) {
        return Err("the url names no database: write mysql://user@host/database".into());
    }
    let constraints = PoolConstraints::new(0, source.connections as usize).ok_or("pool.max must be at least 1")?;
    // The state of a session never changes, so returning it to the pool needs no reset, which would be a round trip.
    let pool_opts = PoolOpts::default()
        .with_constraints(constraints)
        .with_inactive_connection_ttl(IDLE)
        .with_reset_connection(false);
    let milliseconds = statement_timeout.as_millis();
    let wait = source.lock_timeout().as_secs().max(1);
    let builder = OptsBuilder::from_opts(opts)
        .pool_opts(pool_opts)
        .stmt_cache_size(STATEMENTS)
        .prefer_socket(false)
        .tcp_nodelay(true)
        // Rows that are given the values that they have count as well.
        .client_found_rows(writes)
        .after_connect(move |conn: &mut Conn| {
            Box::pin(async move {
                let timeout = time_limit(conn, milliseconds);
                let cache = without_subquery_cache(conn);
                conn.query_drop(format!("SET SESSION time_zone = '+00:00', {timeout}{cache}")).await?;
                if !writes {
                    return conn.query_drop("SET SESSION TRANSACTION READ ONLY").await;
                }
                // What does not fit is refused, not cut; 0 is a value; a gap that nobody fills is not locked.
                conn.query_drop(format!(
                    "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO'), innodb_lock_wait_timeout = {wait}"
                ))
                .await?;
                conn.query_drop("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await
            })
        });
    Ok(builder.into())
}

/// MariaDB remembers what a subquery gave for a row, and finds it again by the column's collation: a text then gets the
/// answer of another one that only the collation holds equal to it. MySQL has no such cache.
fn without_subquery_cache(conn: &Conn) -> &'static str {
    match conn.server_version().0 {
        10.. => ", optimizer_switch = 'subquery_cache=off'",
        _ => "",
    }
}

/// The session variable that ends slow statements.
fn time_limit(conn: &Conn, milliseconds: u128) -> String {
    // MariaDB counts its versions from 10.
    match conn.server_version().0 {
        10.. => format!("max_statement_time = {}", milliseconds as f64 / 1000.0),
        _ => format!("max_execution_time = {milliseconds}"),
    }
}

/// A connection whose transactions may write; it ends when it is dropped.
pub async fn writer(source: &Source) -> Result<Conn, SourceError> {
    let unavailable = |cause: String| SourceError::unavailable(&source.name, cause);
    let options = options(source, source.statement_timeout, true).map_err(unavailable)?;
    match tokio::time::timeout(source.connect_timeout, Conn::new(options)).await {
        Ok(conn) => conn.map_err(|error| unavailable(error.to_string())),
        Err(_) => Err(unavailable("connecting took too long".into())),
    }
}

/// The connections of one source. Their number is bounded here, so that waiting for a free one and waiting for a server
/// that does not answer are told apart.
pub struct Connections {
    pool: RwLock<Pool>,
    idle: Mutex<Idle>,
    free: Arc<Semaphore>,
    source: Source,
}

/// Connections that nobody uses, and since when; the last one goes first. The pool takes a connection back by way of a task of its
/// own, which would have to be woken for every statement.
#[derive(Default)]
struct Idle {
    conns: Vec<(Instant, Conn)>,
    /// How often they were given up: a connection that was in use then, perhaps of a pool that is gone, does not come here again.
    distrusted: u64,
}

/// A connection in use. One that is dropped goes back to the pool, which looks whether something is left to be read.
pub struct Lease {
    /// The driver's connection.
    pub conn: Conn,
    distrusted: u64,
    permit: OwnedSemaphorePermit,
}

impl Connections {
    /// Reads the url; connects when first asked.
    pub fn new(source: &Source) -> Result<Self, String> {
        let free = Arc::new(Semaphore::new(source.connections as usize));
        let pool = Pool::new(options(source, source.statement_timeout, false)?);
        Ok(Self { pool: RwLock::new(pool), idle: Mutex::default(), free, source: source.clone() })
    }

    /// One of the connections never answered: the others that are idle are not trusted either. Gives whether the server
    /// takes a new one.
    pub async fn start_afresh(&self) -> Result<(), SourceError> {
        if let Ok(options) = options(&self.source, self.source.statement_timeout, false) {
            let old = std::mem::replace(&mut *self.pool.write(), Pool::new(options));
            tokio::spawn(old.disconnect());
        }
        self.distrust();
        let conn = self.dedicated(self.source.statement_timeout).await?;
        tokio::spawn(conn.disconnect());
        Ok(())
    }

    /// A connection was lost while it was idle: so were the others, most likely. They go back to the pool, which looks at each one's
    /// socket before it gives it out again.
    pub fn distrust(&self) {
        let mut idle = self.idle.lock();
        idle.distrusted += 1;
        idle.conns.clear();
    }

    /// A connection beside the pool, with more time for its statements; it ends when it is dropped.
    pub async fn dedicated(&self, time: Duration) -> Result<Conn, SourceError> {
        let unavailable = |cause: String| SourceError::unavailable(&self.source.name, cause);
        let options = options(&self.source, time, false).map_err(unavailable)?;
        match tokio::time::timeout(self.source.connect_timeout, Conn::new(options)).await {
            Ok(conn) => conn.map_err(|error| unavailable(error.to_string())),
            Err(_) => Err(unavailable("connecting took too long".into())),
        }
    }

    /// What is open.
    pub fn state(&self) -> PoolState {
        use std::sync::atomic::Ordering::Relaxed;
        let metrics = self.pool.read().metrics();
        let count = |gauge: &std::sync::atomic::AtomicUsize| gauge.load(Relaxed);
        let idle = self.idle.lock().conns.len();
        PoolState {
            open: count(&metrics.connection_count),
            busy: count(&metrics.connections_in_use).saturating_sub(idle),
        }
    }

    /// Takes a connection back whose answer was read to its end.
    pub fn take_back(&self, lease: Lease) {
        let Lease { conn, distrusted, permit } = lease;
        let mut idle = self.idle.lock();
        if idle.distrusted == distrusted {
            idle.conns.push((Instant::now(), conn));
        }
        // Whoever waits for a place finds it there.
        drop(idle);
        drop(permit);
    }

    /// One that nobody uses. Those that nobody has used for long go back to the pool, which closes them in time.
    fn at_hand(&self) -> (Option<Conn>, u64) {
        let mut idle = self.idle.lock();
        let old = idle.conns.iter().take_while(|(since, _)| since.elapsed() >= IDLE).count();
        idle.conns.drain(..old);
        (idle.conns.pop().map(|(_, conn)| conn), idle.distrusted)
    }

    /// A connection, within the source's time.
    pub async fn lease(&self) -> Result<Lease, SourceError> {
        let source = &self.source;
        let permit = match self.free.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => match tokio::time::timeout(source.acquire_timeout, self.free.clone().acquire_owned()).await {
                Ok(permit) => permit.map_err(|error| SourceError::unavailable(&source.name, error))?,
                Err(_) => return Err(SourceError::Busy { source_name: source.name.clone() }),
            },
        };
        let (conn, distrusted) = self.at_hand();
        if let Some(conn) = conn {
            return Ok(Lease { conn, distrusted, permit });
        }
        let opening = self.pool.read().get_conn();
        match tokio::time::timeout(source.connect_timeout, opening).await {
            Ok(Ok(conn)) => Ok(Lease { conn, distrusted, permit }),
            Ok(Err(error)) => Err(SourceError::unavailable(&source.name, error)),
            Err(_) => Err(SourceError::unavailable(&source.name, "connecting took too long")),
        }
    }
}
