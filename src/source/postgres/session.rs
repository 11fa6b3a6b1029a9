//! Transactions that write to PostgreSQL. Each has a connection to itself; a connection goes back only from a transaction
//! that is over.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type as PgType};

use crate::config::Source;
use crate::name::TableName;
use crate::source::adapter::{PATIENCE, Session, SourceError, Violation};
use crate::source::change;
use crate::source::postgres::connect::{Connection, Connections, describe};
use crate::source::postgres::convert::{Bound, stored_text};
use crate::source::postgres::dialect::{self, stored_as};
use crate::source::postgres::read::{Failure, bound, decodes, gather, translate};
use crate::source::sql::{self, Sql};
use crate::statement::Fetch;
use crate::statement::write::{Delete, Fence, Insert, Lock, Update};
use crate::value::{Chunk, Scalar, Type};

/// Rows of one statement: each column's values are one parameter.
const ROWS: usize = 10_000;

/// Connections for writes.
pub struct Writers {
    idle: Arc<Mutex<Vec<Connection>>>,
    places: Arc<Semaphore>,
}

impl Writers {
    /// As many as the source may have for reads.
    pub fn new(source: &Source) -> Self {
        Self { idle: Arc::default(), places: Arc::new(Semaphore::new(source.connections as usize)) }
    }
}

/// A transaction.
pub struct Write {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
    source: Source,
    dialect: dialect::Postgres,
    /// A statement failed: nothing can be kept any more.
    failed: bool,
    _place: OwnedSemaphorePermit,
}

impl Write {
    /// Begins one.
    pub async fn begin(
        connections: &Connections,
        writers: &Writers,
        source: &Source,
        dialect: &dialect::Postgres,
    ) -> Result<Self, SourceError> {
        let busy = || SourceError::Busy { source_name: source.name.clone() };
        let place = tokio::time::timeout(source.acquire_timeout, writers.places.clone().acquire_owned());
        let place = place.await.map_err(|_| busy())?.map_err(|_| busy())?;
        let mut write = Self {
            connection: None,
            idle: writers.idle.clone(),
            source: source.clone(),
            dialect: dialect.clone(),
            failed: false,
            _place: place,
        };
        loop {
            let idle = writers.idle.lock().pop();
            let kept = idle.is_some();
            write.connection = Some(match idle {
                Some(connection) => connection,
                None => connections.writer().await?,
            });
            match write.run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await {
                Ok(()) => return Ok(write),
                // It was lost while it was idle.
                Err(SourceError::Unavailable { .. }) if kept => write.failed = false,
                Err(error) => return Err(error),
            }
        }
    }

    /// Runs statements that define, all of them or none.
    pub async fn alter(mut self: Box<Self>, table: &TableName, statements: &[String]) -> Result<(), SourceError> {
        for statement in statements {
            let run = self.timed(table, async |connection| Ok(connection.client.batch_execute(statement).await?)).await;
            if let Err(error) = run {
                self.rollback().await;
                return Err(error);
            }
        }
        self.commit().await
    }

    /// Whether a table is there.
    pub async fn has_table(mut self: Box<Self>, name: &str) -> Result<bool, SourceError> {
        let found = self
            .timed(&TableName::new(name), async |connection| {
                let row = connection.client.query_one("SELECT to_regclass($1::text) IS NOT NULL", &[&name]).await?;
                Ok(row.try_get::<_, bool>(0)?)
            })
            .await;
        self.rollback().await;
        found
    }

    fn connection(&self) -> Result<&Connection, SourceError> {
        self.connection.as_ref().ok_or_else(|| SourceError::unavailable(&self.source.name, "the connection is gone"))
    }

    /// What a statement gives, within its time. One that is silent has its connection closed.
    async fn timed<T>(
        &mut self,
        table: &TableName,
        work: impl AsyncFnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, SourceError> {
        let patience: Duration = self.source.statement_timeout + PATIENCE;
        let outcome = tokio::time::timeout(patience, work(self.connection()?)).await;
        // An answer over a limit was none of the database's faults.
        let is_over = |failure: &Failure| matches!(failure, Failure::Source(error) if error.is_too_much());
        self.failed |= outcome.as_ref().map_or(true, |done| done.as_ref().is_err_and(|failure| !is_over(failure)));
        match outcome {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(failure)) => {
                let error = match failure {
                    Failure::Source(error) => error,
                    Failure::Driver(error) => refused(&self.source, table, &error),
                };
                // A table was altered under the prepared statements: the next connection prepares its own.
                if matches!(error, SourceError::Changed { .. }) {
                    self.connection = None;
                }
                Err(error)
            }
            Err(_) => {
                self.connection = None;
                Err(SourceError::Timeout { source_name: self.source.name.clone(), cause: "no answer".into() })
            }
        }
    }

    async fn run(&mut self, text: &str) -> Result<(), SourceError> {
        let none = TableName::new("");
        self.timed(&none, async |connection| Ok(connection.client.batch_execute(text).await?)).await
    }

    async fn change(&mut self, table: &TableName, sql: &Sql) -> Result<u64, SourceError> {
        self.refuse_nul(
            table,
            sql.params.iter().filter_map(|param| match param {
                sql::Param::Stored(value, column) => Some((value, &column.ty)),
                _ => None,
            }),
        )?;
        let none = Fetch::all(table.clone(), Vec::new(), 0, 0);
        let (params, types) = bound(&none, sql);
        self.timed(table, async |connection| {
            let statement = connection.prepare(&sql.text, &types).await?;
            let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| param as _).collect();
            Ok(connection.client.execute(&statement, &params).await?)
        })
        .await
    }

    /// PostgreSQL's texts have no NUL; bound, such a text would be a NULL.
    fn refuse_nul<'a>(
        &self,
        table: &TableName,
        mut values: impl Iterator<Item = (&'a Scalar, &'a Type)>,
    ) -> Result<(), SourceError> {
        if values.any(|(value, _)| matches!(value, Scalar::Text(text) if text.contains('\0'))) {
            let cause = format!("{table}: a text has the character NUL");
            return Err(SourceError::InvalidValue { source_name: self.source.name.clone(), cause });
        }
        Ok(())
    }

    async fn insert_part(&mut self, insert: &Insert, rows: &[Vec<Scalar>]) -> Result<Chunk, SourceError> {
        let values = rows.iter().flat_map(|row| row.iter().zip(insert.columns.iter().map(|column| &column.ty)));
        self.refuse_nul(&insert.table, values)?;
        let mut sql = change::insert_head(insert, " AS t", &self.dialect);
        let mut params = Vec::new();
        if insert.columns.is_empty() {
            sql.text.push_str(" DEFAULT VALUES");
        } else {
            let numbered =
                |form: &dyn Fn(usize) -> String| (0..insert.columns.len()).map(form).collect::<Vec<_>>().join(", ");
            let casts = numbered(&|at| stored_as(&insert.columns[at], &format!("k.c{at}")));
            let arrays = numbered(&|at| format!("${}::text[]", at + 1));
            let names = numbered(&|at| format!("c{at}"));
            if insert.exact {
                sql.text.push_str(" OVERRIDING SYSTEM VALUE");
            }
            sql.text.push_str(&format!(
                " SELECT {casts} FROM unnest({arrays}) WITH ORDINALITY AS k({names}, o) ORDER BY k.o"
            ));
            for (at, column) in insert.columns.iter().enumerate() {
                params.push(Bound::Many(rows.iter().map(|row| stored_text(&row[at], column)).collect()));
            }
        }
        change::returning(&mut sql, insert, &self.dialect);
        let types = vec![PgType::TEXT_ARRAY; params.len()];
        let name = self.source.name.clone();
        self.timed(&insert.table, async |connection| {
            let statement = connection.prepare(&sql.text, &types).await?;
            let given = connection.client.query_raw(&statement, &params).await?;
            gather(&name, given, &insert.stored, &decodes(&statement, &insert.stored)).await
        })
        .await
    }
}

#[async_trait]
impl Session for Write {
    async fn fetch(&mut self, fetch: &Fetch, lock: Lock) -> Result<Chunk, SourceError> {
        let mut sql = sql::render(fetch, &self.dialect);
        sql.text.push_str(match lock {
            Lock::None => "",
            Lock::Key => " FOR KEY SHARE OF t",
            Lock::Share => " FOR SHARE OF t",
            Lock::Row => " FOR NO KEY UPDATE OF t",
            Lock::Change => " FOR UPDATE OF t",
        });
        let (params, types) = bound(fetch, &sql);
        let name = self.source.name.clone();
        self.timed(&fetch.table, async |connection| {
            let statement = connection.prepare(&sql.text, &types).await?;
            let rows = connection.client.query_raw(&statement, &params).await?;
            gather(&name, rows, fetch, &decodes(&statement, fetch)).await
        })
        .await
    }

    async fn insert(&mut self, insert: &Insert) -> Result<Chunk, SourceError> {
        let rows = if insert.columns.is_empty() { 1 } else { ROWS };
        let mut parts = Vec::new();
        for part in insert.rows.chunks(rows) {
            parts.push(self.insert_part(insert, part).await?);
        }
        Ok(Chunk::joined(insert.stored.layout(), parts))
    }

    async fn update(&mut self, update: &Update) -> Result<u64, SourceError> {
        self.change(&update.table, &change::update(update, &self.dialect)).await
    }

    async fn delete(&mut self, delete: &Delete) -> Result<u64, SourceError> {
        self.change(&delete.table, &change::delete(delete, &self.dialect)).await
    }

    async fn fence(&mut self, fences: &[Fence], exclusive: bool) -> Result<(), SourceError> {
        let lock = if exclusive { "pg_advisory_xact_lock" } else { "pg_advisory_xact_lock_shared" };
        let text = format!(
            "SELECT {lock}(k.key, k.bucket) FROM (SELECT * FROM unnest($1::int4[], $2::int4[]) WITH ORDINALITY AS k(key, bucket, o) ORDER BY o) k"
        );
        let keys: Vec<i32> = fences.iter().map(|fence| fence.key).collect();
        let buckets: Vec<i32> = fences.iter().map(|fence| i32::from(fence.bucket)).collect();
        let none = TableName::new("");
        self.timed(&none, async |connection| {
            let statement = connection.prepare(&text, &[PgType::INT4_ARRAY, PgType::INT4_ARRAY]).await?;
            connection.client.execute(&statement, &[&keys, &buckets]).await?;
            Ok(())
        })
        .await
    }

    async fn stay(&mut self) -> Result<(), SourceError> {
        self.run("SELECT 1").await
    }

    async fn settle(&mut self) -> Result<(), SourceError> {
        // What is deferred to the end would fail there.
        self.run("SET CONSTRAINTS ALL IMMEDIATE").await
    }

    async fn commit(mut self: Box<Self>) -> Result<(), SourceError> {
        if self.failed {
            // The server would answer COMMIT, and roll back.
            let cause = "a statement had failed".into();
            return Err(SourceError::Refused { source_name: self.source.name.clone(), cause });
        }
        self.run("COMMIT").await?;
        self.idle.lock().extend(self.connection.take());
        Ok(())
    }

    async fn rollback(mut self: Box<Self>) {
        if self.connection.is_some() && self.run("ROLLBACK").await.is_ok() {
            self.idle.lock().extend(self.connection.take());
        }
    }
}

/// What the server says of a statement of a write.
fn refused(source: &Source, table: &TableName, error: &tokio_postgres::Error) -> SourceError {
    let (source_name, cause) = (source.name.clone(), describe(error));
    let violation =
        |violation| SourceError::Violation { source_name: source_name.clone(), violation, cause: cause.clone() };
    match error.code() {
        Some(&SqlState::UNIQUE_VIOLATION) => violation(Violation::Unique),
        Some(&SqlState::NOT_NULL_VIOLATION) => violation(Violation::NotNull),
        Some(&SqlState::CHECK_VIOLATION | &SqlState::EXCLUSION_VIOLATION) => violation(Violation::Check),
        Some(&SqlState::FOREIGN_KEY_VIOLATION | &SqlState::RESTRICT_VIOLATION) => {
            // The words of both sides have one code.
            let detail = error.as_db_error().and_then(|error| error.detail()).unwrap_or_default();
            violation(if detail.contains("is not present") { Violation::NoReference } else { Violation::Referenced })
        }
        Some(
            &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED | &SqlState::LOCK_NOT_AVAILABLE,
        ) => SourceError::Conflict { source_name, cause },
        Some(&SqlState::READ_ONLY_SQL_TRANSACTION | &SqlState::INSUFFICIENT_PRIVILEGE) => {
            SourceError::ReadOnly { source_name, cause }
        }
        Some(&SqlState::GENERATED_ALWAYS) => SourceError::InvalidValue { source_name, cause },
        _ => translate(&source.name, table, error),
    }
}
