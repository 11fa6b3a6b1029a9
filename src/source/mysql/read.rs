//! Runs reads on MySQL or MariaDB and writes their rows into chunks.

use async_trait::async_trait;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, DriverError, Params, Row, Value};
use std::sync::Arc;

use crate::catalog::table::Table;
use crate::config::Source;
use crate::name::TableName;
use crate::source::adapter::{
    Adapter, INTROSPECTION_TIME, LONGEST_STREAM, PATIENCE, PoolState, STREAMED_TIME, Session, SourceError, Taker,
    within_bounds,
};
use crate::source::mysql::connect::{Connections, Lease};
use crate::source::mysql::convert::{Decode, decode_of, value_of, write};
use crate::source::mysql::dialect;
use crate::source::mysql::introspect;
use crate::source::mysql::session::{self, Write, Writers};
use crate::source::sql::{self, Described, KeptSql, LONGEST_KEPT, Param, Sql};
use crate::statement::{Fetch, Output};
use crate::value::{Chunk, ChunkBuilder, Column};

/// Tries of one read whose connection is lost.
const TRIES: usize = 3;

/// An open MySQL or MariaDB database.
pub struct Mysql {
    source: Source,
    connections: Connections,
    writers: Writers,
    verifiers: Writers,
}

impl Mysql {
    /// Reads the url; connects when first asked.
    pub fn new(source: &Source) -> Result<Self, String> {
        Ok(Self {
            connections: Connections::new(source)?,
            writers: Writers::new(source),
            verifiers: Writers::new(source),
            source: source.clone(),
        })
    }

    fn translate(&self, fetch: &Fetch, error: &mysql_async::Error) -> SourceError {
        translate(&self.source, &fetch.table, error)
    }

    async fn attempt(&self, mut lease: Lease, fetch: &Fetch, sql: &Sql) -> Result<Chunk, Failure> {
        // The server ends a slow statement itself; this ends the wait for a server that is gone without a word.
        let patience = self.source.statement_timeout + PATIENCE;
        let outcome = tokio::time::timeout(patience, run(&self.source, &mut lease.conn, fetch, sql, None)).await;
        match outcome {
            Ok(Ok(chunk)) => {
                self.connections.take_back(lease);
                Ok(chunk)
            }
            Ok(Err(Failure::Source(error))) => {
                // The rest of a long answer is not worth reading.
                drop(lease.conn.disconnect().await);
                Err(error.into())
            }
            Ok(failed) => failed,
            Err(_) => {
                tokio::spawn(lease.conn.disconnect());
                Err(self.no_answer().await.into())
            }
        }
    }

    /// Whether the server is gone, or only slow: it is asked for a new connection.
    async fn no_answer(&self) -> SourceError {
        match self.connections.start_afresh().await {
            Err(error) => error,
            Ok(()) => SourceError::Timeout { source_name: self.source.name.clone(), cause: "no answer".into() },
        }
    }
}

#[async_trait]
impl Adapter for Mysql {
    async fn introspect(&self) -> Result<Vec<Table>, SourceError> {
        let mut conn = self.connections.dedicated(INTROSPECTION_TIME).await?;
        let tables = introspect::tables(&mut conn, &self.source).await;
        drop(conn.disconnect().await);
        tables.map_err(|error| SourceError::unavailable(&self.source.name, error))
    }

    async fn fetch(&self, fetch: &Fetch, kept: Option<&KeptSql>) -> Result<Chunk, SourceError> {
        let fetch = &*dialect::within_range(fetch);
        let sql = sql::rendered(fetch, kept, &dialect::Mysql);
        // A read may be asked again: the connection may have been lost while it was idle, and so may the next one. A
        // server that is gone fails when a new connection is opened, which ends the loop.
        let mut tries = TRIES;
        loop {
            let lease = self.connections.lease().await?;
            tries -= 1;
            match self.attempt(lease, fetch, &sql).await {
                Ok(chunk) => return Ok(chunk),
                Err(Failure::Source(error)) => return Err(error),
                Err(Failure::Driver(error)) => match self.translate(fetch, &error) {
                    SourceError::Unavailable { .. } if tries > 0 => self.connections.distrust(),
                    error => return Err(error),
                },
            }
        }
    }

    fn describe(&self, fetch: &Fetch) -> Described {
        sql::describe(fetch, &dialect::Mysql)
    }

    fn create_index(&self, table: &TableName, columns: &[Arc<Column>]) -> String {
        sql::create_index(table, columns, Some(191), &dialect::Mysql)
    }

    async fn stream(&self, fetch: &Fetch, taker: &Taker) -> Result<(), SourceError> {
        let fetch = &*dialect::within_range(fetch);
        let sql = sql::render(fetch, &dialect::Mysql);
        // A client may take its time, and the server's limit counts that.
        let mut conn = self.connections.dedicated(LONGEST_STREAM).await?;
        let number = conn.id();
        let outcome = tokio::select! {
            outcome = run(&self.source, &mut conn, fetch, &sql, Some(taker)) => outcome,
            () = taker.left() => Err(silent(&self.source).into()),
        };
        match outcome {
            Ok(rest) => {
                taker.take(rest).await;
                drop(conn.disconnect().await);
                Ok(())
            }
            Err(failure) => {
                // To hang up, the driver reads all that is still to come; so that has to end first.
                match self.connections.dedicated(self.source.statement_timeout).await {
                    Ok(mut other) => {
                        if let Err(error) = other.query_drop(format!("KILL QUERY {number}")).await {
                            tracing::warn!(source = %self.source.name, %error, "a list that was left runs on");
                        }
                        drop(other.disconnect().await);
                    }
                    Err(error) => tracing::warn!(source = %self.source.name, %error, "a list that was left runs on"),
                }
                tokio::spawn(conn.disconnect());
                Err(match failure {
                    Failure::Source(error) => error,
                    Failure::Driver(error) => self.translate(fetch, &error),
                })
            }
        }
    }

    async fn begin(&self) -> Result<Box<dyn Session>, SourceError> {
        Ok(Box::new(Write::begin(&self.writers, &self.source).await?))
    }

    async fn begin_verify(&self) -> Result<Box<dyn Session>, SourceError> {
        Ok(Box::new(Write::begin(&self.verifiers, &self.source).await?))
    }

    async fn build_fences(&self, keys: &[i32]) -> Result<(), SourceError> {
        session::build_fences(&self.verifiers, &self.source, keys).await
    }

    fn journal_tables(&self) -> Vec<String> {
        let text = "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";
        vec![
            session::FENCE_TABLE.to_owned(),
            format!(
                "CREATE TABLE IF NOT EXISTS crosskey_journal (txid {text} PRIMARY KEY, state VARCHAR(16) NOT NULL, plan LONGTEXT CHARACTER SET utf8mb4 NOT NULL, decided_at BIGINT NOT NULL, next_at BIGINT NOT NULL, attempts BIGINT NOT NULL, last_error LONGTEXT CHARACTER SET utf8mb4, renames LONGTEXT CHARACTER SET utf8mb4) ENGINE=InnoDB"
            ),
            format!(
                "CREATE TABLE IF NOT EXISTS crosskey_applied (txid {text} NOT NULL, part {text} NOT NULL, outcome VARCHAR(16) NOT NULL, request_hash VARCHAR(64), result LONGTEXT CHARACTER SET utf8mb4, applied_at BIGINT NOT NULL, PRIMARY KEY (txid, part)) ENGINE=InnoDB"
            ),
        ]
    }

    async fn build_journal(&self) -> Result<(), SourceError> {
        session::alter(&self.verifiers, &self.source, &TableName::new("crosskey_journal"), &self.journal_tables()).await
    }

    async fn rename(&self, table: &TableName, column: Option<&str>, to: &str) -> Result<(), SourceError> {
        let statement = sql::rename(table, column, to, &dialect::Mysql);
        session::alter(&self.verifiers, &self.source, table, &[statement]).await
    }

    async fn has_journal(&self) -> Result<bool, SourceError> {
        session::has_table(&self.verifiers, &self.source, "crosskey_applied").await
    }

    fn pool(&self) -> Option<PoolState> {
        Some(self.connections.state())
    }

    async fn ping(&self) -> Result<(), SourceError> {
        let mut tries = TRIES;
        loop {
            let mut lease = self.connections.lease().await?;
            tries -= 1;
            match tokio::time::timeout(self.source.connect_timeout, lease.conn.ping()).await {
                Ok(Ok(())) => {
                    self.connections.take_back(lease);
                    return Ok(());
                }
                // It may have been lost while it was idle.
                Ok(Err(_)) if tries > 0 => self.connections.distrust(),
                Ok(Err(error)) => return Err(SourceError::unavailable(&self.source.name, error)),
                Err(_) => {
                    tokio::spawn(lease.conn.disconnect());
                    return self.connections.start_afresh().await;
                }
            }
        }
    }

    fn keys_per_statement(&self, form: &Fetch) -> usize {
        dialect::limited_keys(form)
    }
}

/// Runs a statement; gives all of its rows, or what is left when a taker has got the others.
pub async fn run(
    source: &Source,
    conn: &mut Conn,
    fetch: &Fetch,
    sql: &Sql,
    taker: Option<&Taker>,
) -> Result<Chunk, Failure> {
    let params: Vec<Value> = sql.params.iter().map(|param| bind(param, fetch)).collect();
    let params = if params.is_empty() { Params::Empty } else { Params::Positional(params) };
    let passing = match sql.text.len() > LONGEST_KEPT {
        true => Some(conn.prep(&sql.text).await?),
        false => None,
    };
    let sending = async {
        match &passing {
            Some(statement) => conn.exec_iter(statement, params).await,
            None => conn.exec_iter(&sql.text, params).await,
        }
    };
    let mut result = match taker {
        None => sending.await?,
        Some(_) => tokio::time::timeout(STREAMED_TIME, sending).await.map_err(|_| silent(source))??,
    };
    let mut given = 0;
    let keyed = usize::from(fetch.keys.is_some());
    let decodes: Vec<Decode> = fetch
        .outputs
        .iter()
        .map(|output| match output {
            Output::Column(column) => decode_of(column),
            Output::Aggregate(crate::statement::Aggregate::Min | crate::statement::Aggregate::Max, Some(column)) => {
                decode_of(column)
            }
            Output::Aggregate(..) | Output::Total | Output::Test(_) | Output::Rank(_) | Output::Via(_) => {
                Decode::Number
            }
        })
        .collect();
    let layout = fetch.layout();
    let mut chunk = ChunkBuilder::new(layout.clone());
    let mut count = 0;
    loop {
        let row = match taker {
            None => result.next().await?,
            Some(_) => tokio::time::timeout(STREAMED_TIME, result.next()).await.map_err(|_| silent(source))??,
        };
        let Some(row): Option<Row> = row else { break };
        count += 1;
        within_bounds(fetch, &source.name, count, &chunk)?;
        if keyed == 1 {
            let ordinal = match row.as_ref(0) {
                Some(Value::Int(ordinal)) => u32::try_from(*ordinal - 1).ok(),
                Some(Value::UInt(ordinal)) => u32::try_from(*ordinal - 1).ok(),
                _ => None,
            };
            let lost = || SourceError::Refused {
                source_name: source.name.clone(),
                cause: "a row came without its key's position".into(),
            };
            chunk.ordinal(ordinal.ok_or_else(lost)?);
        }
        for (at, decode) in decodes.iter().enumerate() {
            write(chunk.out(), *decode, row.as_ref(at + keyed).unwrap_or(&Value::NULL));
            chunk.end_cell();
        }
        if decodes.is_empty() && keyed == 0 {
            chunk.ordinal(0);
        }
        if let Some(taker) = taker
            && taker.is_enough(count - given, &chunk)
        {
            given = count;
            let full = std::mem::replace(&mut chunk, ChunkBuilder::new(layout.clone())).finish();
            if !taker.take(full).await {
                return Err(silent(source).into());
            }
        }
    }
    drop(result);
    if let Some(statement) = passing {
        conn.close(statement).await?;
    }
    within_bounds(fetch, &source.name, count, &chunk)?;
    Ok(chunk.finish())
}

fn silent(source: &Source) -> SourceError {
    SourceError::Timeout { source_name: source.name.clone(), cause: "no further rows".into() }
}

/// The database's error in our words.
pub fn translate(source: &Source, table: &TableName, error: &mysql_async::Error) -> SourceError {
    let (source_name, cause) = (source.name.clone(), error.to_string());
    let server = match error {
        mysql_async::Error::Server(server) => server,
        // What the driver itself refuses to send, it would refuse again.
        mysql_async::Error::Driver(
            DriverError::Params(_)
            | DriverError::MixedParams
            | DriverError::StmtParamsMismatch { .. }
            | DriverError::StmtParamsNumberExceedsLimit { .. }
            | DriverError::PacketTooLarge
            | DriverError::FromRow { .. }
            | DriverError::FromValue { .. },
        )
        | mysql_async::Error::Url(_) => return SourceError::Refused { source_name, cause },
        _ => return SourceError::Unavailable { source_name, cause },
    };
    match server.code {
        // Statement timeouts of MySQL and of MariaDB, an interrupted query, and a lock that was not granted in time.
        3024 | 1969 | 1317 | 1205 | 1213 => SourceError::Timeout { source_name, cause },
        // Unknown column, unknown table, and a view over one of these.
        1054 | 1146 | 1356 => SourceError::Changed { table: format!("{}.{table}", source.name), cause },
        // Values out of range or of a wrong form.
        1264 | 1265 | 1292 | 1366 | 1411 | 1525 | 3140..=3160 => SourceError::InvalidValue { source_name, cause },
        // Too many connections, access, shutdown, lost connections; 4031 is MySQL's word for one that was idle for too long.
        1040 | 1044 | 1045 | 1049 | 1053 | 1129 | 1130 | 1152 | 1158..=1161 | 1203 | 1927 | 4031 => {
            SourceError::Unavailable { source_name, cause }
        }
        _ => SourceError::Refused { source_name, cause },
    }
}

/// Why a statement failed: by the driver's word, or by ours.
pub enum Failure {
    /// The driver's.
    Driver(mysql_async::Error),
    /// Ours.
    Source(SourceError),
}

impl From<mysql_async::Error> for Failure {
    fn from(error: mysql_async::Error) -> Self {
        Failure::Driver(error)
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Failure::Source(error)
    }
}

/// A parameter's value.
pub fn bind(param: &Param, fetch: &Fetch) -> Value {
    match param {
        Param::Value(value, _) | Param::Stored(value, _) => value_of(value),
        Param::Keys => {
            fetch.keys.as_ref().map_or(Value::NULL, |keys| Value::Bytes(sql::keys_as_json(keys, 1).into_bytes()))
        }
        Param::Among(keys) => Value::Bytes(sql::keys_as_json(keys, 1).into_bytes()),
        Param::KeyColumn(_) | Param::Values(_) | Param::GroupNumbers | Param::AmongColumn(..) => Value::NULL,
    }
}
