//! Runs reads on SQLite and writes their rows into chunks.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Row, SqliteConnection};

use crate::catalog::table::Table;
use crate::config::Source;
use crate::name::TableName;
use crate::source::adapter::{
    Adapter, INTROSPECTION_TIME, PoolState, STREAMED_TIME, Session, SourceError, Taker, within_bounds,
};
use crate::source::sql::{self, Described, KeptSql, LONGEST_KEPT, Param, Sql};
use crate::source::sqlite::connect::{Connections, Lease, Pulse};
use crate::source::sqlite::convert::{Shape, shape_of, write};
use crate::source::sqlite::dialect;
use crate::source::sqlite::introspect;
use crate::source::sqlite::session::{self, Write, Writer};
use crate::statement::{Aggregate, Fetch, Output};
use crate::value::{Chunk, ChunkBuilder, Column, Scalar};

/// An open SQLite file.
pub struct Sqlite {
    source: Source,
    connections: Connections,
    /// Stays open, as `PRAGMA data_version` tells only what changed since its own last call.
    watcher: tokio::sync::Mutex<Watcher>,
    writer: Writer,
}

/// The connection that watches for writes of others.
#[derive(Default)]
struct Watcher {
    lease: Option<Lease>,
    /// Which of the files that had the path it watches.
    file: u64,
    /// How many there were: numbers of one say nothing about those of another.
    generation: i64,
}

impl Sqlite {
    /// Opens the file when first asked.
    pub fn new(source: &Source) -> Self {
        Self {
            connections: Connections::new(source),
            source: source.clone(),
            watcher: tokio::sync::Mutex::default(),
            writer: Writer::default(),
        }
    }

    fn table(&self, fetch: &Fetch) -> String {
        format!("{}.{}", self.source.name, fetch.table)
    }

    fn translate(&self, table: String, error: &sqlx::Error) -> SourceError {
        translate(&self.source, table, error)
    }
}

#[async_trait]
impl Adapter for Sqlite {
    async fn introspect(&self) -> Result<Vec<Table>, SourceError> {
        let mut lease = self.connections.lease_for(INTROSPECTION_TIME).await?;
        let tables = introspect::tables(&mut lease.conn, &self.source).await;
        tables.map_err(|error| SourceError::unavailable(&self.source.name, error))
    }

    async fn fetch(&self, fetch: &Fetch, kept: Option<&KeptSql>) -> Result<Chunk, SourceError> {
        let sql = sql::rendered(fetch, kept, &dialect::Sqlite);
        let mut lease = self.connections.lease().await?;
        match run(&self.source, &mut lease.conn, fetch, &sql, None).await {
            Ok(chunk) => Ok(chunk),
            Err(Failure::Source(error)) => Err(error),
            Err(Failure::Driver(error)) => Err(self.translate(self.table(fetch), &error)),
        }
    }

    fn describe(&self, fetch: &Fetch) -> Described {
        sql::describe(fetch, &dialect::Sqlite)
    }

    fn create_index(&self, table: &TableName, columns: &[Arc<Column>]) -> String {
        sql::create_index(table, columns, None, &dialect::Sqlite)
    }

    async fn stream(&self, fetch: &Fetch, taker: &Taker) -> Result<(), SourceError> {
        let sql = sql::render(fetch, &dialect::Sqlite);
        let (mut lease, pulse) = self.connections.lease_with_pulse(STREAMED_TIME).await?;
        let running = run(&self.source, &mut lease.conn, fetch, &sql, Some((taker, &pulse)));
        futures_util::pin_mut!(running);
        let outcome = tokio::select! {
            outcome = &mut running => outcome,
            () = taker.left() => {
                // The statement ends at its next step; its thread must not be left before.
                pulse.stop();
                running.await
            }
        };
        match outcome {
            Ok(rest) => {
                taker.take(rest).await;
                Ok(())
            }
            Err(Failure::Source(error)) => Err(error),
            Err(Failure::Driver(error)) => Err(self.translate(self.table(fetch), &error)),
        }
    }

    async fn begin(&self) -> Result<Box<dyn Session>, SourceError> {
        let generation = self.connections.generation()?;
        Ok(Box::new(Write::begin(&self.writer, generation, &self.source).await?))
    }

    fn journal_tables(&self) -> Vec<String> {
        session::JOURNAL_TABLES.iter().map(|text| (*text).to_owned()).collect()
    }

    async fn build_journal(&self) -> Result<(), SourceError> {
        let generation = self.connections.generation()?;
        let work = Write::begin(&self.writer, generation, &self.source).await?;
        Box::new(work).alter(&TableName::new("crosskey_journal"), &self.journal_tables()).await
    }

    async fn rename(&self, table: &TableName, column: Option<&str>, to: &str) -> Result<(), SourceError> {
        let generation = self.connections.generation()?;
        let statement = sql::rename(table, column, to, &dialect::Sqlite);
        Box::new(Write::begin(&self.writer, generation, &self.source).await?).alter(table, &[statement]).await
    }

    async fn has_journal(&self) -> Result<bool, SourceError> {
        let mut lease = self.connections.lease().await?;
        let text = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'crosskey_applied'";
        let found: Result<i64, _> = sqlx::query_scalar(text).fetch_one(&mut *lease.conn).await;
        found.map(|found| found > 0).map_err(|error| self.translate(String::new(), &error))
    }

    fn pool(&self) -> Option<PoolState> {
        Some(self.connections.state())
    }

    async fn ping(&self) -> Result<(), SourceError> {
        let mut lease = self.connections.lease().await?;
        let asked = sqlx::query("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *lease.conn).await;
        asked.map(|_| ()).map_err(|error| self.translate(String::new(), &error))
    }

    async fn data_version(&self) -> Result<Option<i64>, SourceError> {
        let mut watcher = self.watcher.lock().await;
        let file = self.connections.generation()?;
        if watcher.file != file {
            watcher.lease = None;
        }
        let Watcher { lease, generation, file: watched } = &mut *watcher;
        *watched = file;
        let lease = match lease {
            Some(lease) => lease,
            None => {
                *generation += 1;
                lease.insert(self.connections.watcher().await?)
            }
        };
        match sqlx::query_scalar::<_, i64>("PRAGMA data_version").fetch_one(&mut *lease.conn).await {
            // The number has 32 bits.
            Ok(version) => Ok(Some(*generation << 32 | version & 0xffff_ffff)),
            Err(error) => {
                watcher.lease = None;
                Err(self.translate(String::new(), &error))
            }
        }
    }
}

/// Runs a statement; gives all of its rows, or what is left when a taker has got the others.
pub async fn run(
    source: &Source,
    conn: &mut SqliteConnection,
    fetch: &Fetch,
    sql: &Sql,
    taker: Option<(&Taker, &Pulse)>,
) -> Result<Chunk, Failure> {
    let mut arguments = SqliteArguments::default();
    for param in &sql.params {
        bind(&mut arguments, param, fetch).map_err(sqlx::Error::Encode)?;
    }
    let keyed = usize::from(fetch.keys.is_some());
    let shapes: Vec<Shape> = fetch
        .outputs
        .iter()
        .map(|output| match output {
            Output::Column(column) | Output::Aggregate(Aggregate::Min | Aggregate::Max, Some(column)) => {
                shape_of(column)
            }
            Output::Aggregate(..) | Output::Total | Output::Test(_) | Output::Rank(_) | Output::Via(_) => Shape::Stored,
        })
        .collect();
    // The text is made by `source::sql`, which binds every value.
    let kept = sql.text.len() <= LONGEST_KEPT;
    let query = sqlx::query_with(AssertSqlSafe(&*sql.text), arguments).persistent(kept);
    let mut rows = query.fetch(&mut *conn);
    let layout = fetch.layout();
    let mut chunk = ChunkBuilder::new(layout.clone());
    let (mut count, mut given) = (0, 0);
    while let Some(row) = rows.try_next().await? {
        count += 1;
        within_bounds(fetch, &source.name, count, &chunk)?;
        if keyed == 1 {
            let ordinal: i64 = row.try_get(0)?;
            chunk.ordinal(ordinal as u32);
        }
        for (at, shape) in shapes.iter().enumerate() {
            write(chunk.out(), *shape, &row, at + keyed)?;
            chunk.end_cell();
        }
        if shapes.is_empty() && keyed == 0 {
            chunk.ordinal(0);
        }
        if let Some((taker, pulse)) = taker
            && taker.is_enough(count - given, &chunk)
        {
            given = count;
            let full = std::mem::replace(&mut chunk, ChunkBuilder::new(layout.clone())).finish();
            if !taker.take(full).await {
                break;
            }
            // The time that the client took is not the statement's.
            pulse.beat();
        }
    }
    within_bounds(fetch, &source.name, count, &chunk)?;
    Ok(chunk.finish())
}

/// The database's error in our words.
pub fn translate(source: &Source, table: String, error: &sqlx::Error) -> SourceError {
    let (source_name, cause) = (source.name.clone(), error.to_string());
    if cause.contains("no such column") || cause.contains("no such table") || cause.contains("schema has changed") {
        return SourceError::Changed { table, cause };
    }
    match error {
        sqlx::Error::Database(db) if db.message().contains("interrupted") => {
            SourceError::Timeout { source_name, cause }
        }
        sqlx::Error::Database(db) if db.message().contains("malformed JSON") => {
            SourceError::InvalidValue { source_name, cause }
        }
        sqlx::Error::Database(db)
            if db.code().is_some_and(|code| matches!(&*code, "5" | "6" | "10" | "14" | "26" | "11")) =>
        {
            SourceError::Unavailable { source_name, cause }
        }
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            SourceError::Unavailable { source_name, cause }
        }
        _ => SourceError::Refused { source_name, cause },
    }
}

/// Why a statement failed: by the driver's word, or by ours.
pub enum Failure {
    /// The driver's.
    Driver(sqlx::Error),
    /// Ours.
    Source(SourceError),
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Failure::Source(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Failure::Driver(error)
    }
}

/// Binds a parameter.
pub fn bind(arguments: &mut SqliteArguments, param: &Param, fetch: &Fetch) -> Result<(), sqlx::error::BoxDynError> {
    match param {
        Param::Stored(value, _) => bind(arguments, &Param::Value(value.clone(), None), fetch),
        Param::Keys => arguments.add(fetch.keys.as_ref().map(|keys| sql::keys_as_json(keys, 0))),
        Param::Among(keys) => arguments.add(sql::keys_as_json(keys, 0)),
        Param::Value(Scalar::Null, _)
        | Param::KeyColumn(_)
        | Param::Values(_)
        | Param::GroupNumbers
        | Param::AmongColumn(..) => arguments.add(None::<i64>),
        Param::Value(Scalar::Bool(value), _) => arguments.add(i64::from(*value)),
        Param::Value(Scalar::Int(value), _) => arguments.add(*value),
        Param::Value(Scalar::Text(text), _) => arguments.add(text.to_string()),
        Param::Value(Scalar::Bytes(bytes), _) => arguments.add(bytes.to_vec()),
    }
}
