//! The pool of one source. Sessions run in UTC and read only; the server ends slow statements itself.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, Pool, PoolConstraints, PoolOpts};

use crate::config::Source;
use crate::source::adapter::SourceError;

/// Prepared statements kept per connection.
const STATEMENTS: usize = 256;

/// Opens the pool; connects only when first asked.
pub fn pool(source: &Source) -> Result<Pool, String> {
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
                // MariaDB counts its versions from 10.
                let timeout = match conn.server_version().0 {
                    10.. => format!("max_statement_time = {}", milliseconds as f64 / 1000.0),
                    _ => format!("max_execution_time = {milliseconds}"),
                };
                conn.query_drop(format!("SET SESSION time_zone = '+00:00', {timeout}")).await?;
                conn.query_drop("SET SESSION TRANSACTION READ ONLY").await
            })
        });
    Ok(Pool::new(builder))
}

/// A connection of the pool, within the source's time.
pub async fn lease(pool: &Pool, source: &Source) -> Result<Conn, SourceError> {
    let unavailable = |cause: String| SourceError::Unavailable { source_name: source.name.clone(), cause };
    match tokio::time::timeout(source.acquire_timeout, pool.get_conn()).await {
        Ok(Ok(conn)) => Ok(conn),
        Ok(Err(error)) => Err(unavailable(error.to_string())),
        Err(_) => Err(unavailable("no connection in time".into())),
    }
}
