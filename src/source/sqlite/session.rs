//! Transactions that write to an SQLite file: one at a time, in the order in which they come.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::config::Source;
use crate::name::TableName;
use crate::source::adapter::{PATIENCE, Session, SourceError, Violation};
use crate::source::change;
use crate::source::sql::{self, Dialect, LONGEST_KEPT, Sql};
use crate::source::sqlite::connect::Pulse;
use crate::source::sqlite::dialect::Sqlite;
use crate::source::sqlite::read::{Failure, bind, run, translate};
use crate::statement::write::{Delete, Fence, Insert, Lock, Update};
use crate::statement::{Fetch, Output};
use crate::value::{Chunk, Column, Scalar, Type};

/// Values of one statement.
const PARAMETERS: usize = 30_000;

/// How often a file that another process writes is tried.
const TURN: Duration = Duration::from_millis(2);

/// The tables in which writes of several databases are kept.
pub const JOURNAL_TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS crosskey_journal (txid TEXT NOT NULL PRIMARY KEY, state TEXT NOT NULL, plan TEXT NOT NULL, decided_at INTEGER NOT NULL, next_at INTEGER NOT NULL, attempts INTEGER NOT NULL, last_error TEXT, renames TEXT)",
    "CREATE TABLE IF NOT EXISTS crosskey_applied (txid TEXT NOT NULL, part TEXT NOT NULL, outcome TEXT NOT NULL, request_hash TEXT, result TEXT, applied_at INTEGER NOT NULL, PRIMARY KEY (txid, part))",
];

/// The one connection that writes. Whoever waits for it comes in turn, which the file's own lock does not give.
#[derive(Default)]
pub struct Writer {
    open: Arc<Mutex<Option<Open>>>,
}

struct Open {
    conn: SqliteConnection,
    /// Beats when a statement begins.
    pulse: Pulse,
    /// Which of the files that had the path it is.
    generation: u64,
}

/// A transaction.
pub struct Write {
    /// Without a connection once that was lost.
    open: OwnedMutexGuard<Option<Open>>,
    source: Source,
    /// It is over: the connection may stay.
    over: bool,
}

impl Write {
    /// Begins one: takes the lock of the file.
    pub async fn begin(writer: &Writer, generation: u64, source: &Source) -> Result<Self, SourceError> {
        let waiting = tokio::time::timeout(source.acquire_timeout, writer.open.clone().lock_owned());
        let conflict = |cause: &str| SourceError::Conflict { source_name: source.name.clone(), cause: cause.into() };
        let mut open = waiting.await.map_err(|_| conflict("other writes hold the file"))?;
        if open.as_ref().is_none_or(|open| open.generation != generation) {
            let options = SqliteConnectOptions::new()
                .filename(&source.url)
                .create_if_missing(false)
                .foreign_keys(true)
                .optimize_on_close(false, None);
            let opened = async {
                let mut conn = options.connect().await?;
                let pulse = Pulse::default();
                pulse.watch(&mut conn, source.statement_timeout).await?;
                Ok::<_, sqlx::Error>(Open { conn, pulse, generation })
            };
            *open = Some(opened.await.map_err(|error| SourceError::unavailable(&source.name, error))?);
        }
        let mut write = Self { open, source: source.clone(), over: false };
        let begun = write.take_lock().await;
        write.over = begun.is_err();
        begun.map(|()| write)
    }

    /// Takes the file's lock. SQLite's own wait sleeps longer each time, so that whoever comes later is served first.
    async fn take_lock(&mut self) -> Result<(), SourceError> {
        let started = Instant::now();
        self.run("PRAGMA busy_timeout = 0").await?;
        loop {
            match self.run("BEGIN IMMEDIATE").await {
                Err(SourceError::Conflict { .. }) if started.elapsed() < self.source.lock_timeout() => {
                    tokio::time::sleep(TURN).await;
                }
                begun => {
                    begun?;
                    break;
                }
            }
        }
        // Readers may be in the way of the end; they are soon done.
        self.run("PRAGMA busy_timeout = 2000").await
    }

    /// Runs statements that define, all of them or none.
    pub async fn alter(mut self: Box<Self>, table: &TableName, statements: &[String]) -> Result<(), SourceError> {
        for statement in statements {
            // The text is made by `source::sql`, which quotes every name.
            let text = AssertSqlSafe(statement.clone());
            self.timed(table, async |conn| {
                sqlx::raw_sql(text).execute(conn).await?;
                Ok(())
            })
            .await?;
        }
        self.commit().await
    }

    async fn timed<T>(
        &mut self,
        table: &TableName,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Failure>,
    ) -> Result<T, SourceError> {
        let gone = || SourceError::unavailable(&self.source.name, "the connection is gone");
        let Open { conn, pulse, .. } = self.open.as_mut().ok_or_else(gone)?;
        pulse.beat();
        let patience = self.source.statement_timeout + self.source.lock_timeout() + PATIENCE;
        match tokio::time::timeout(patience, work(conn)).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(Failure::Source(error))) => Err(error),
            Ok(Err(Failure::Driver(error))) => Err(refused(&self.source, table, &error)),
            Err(_) => {
                *self.open = None;
                Err(SourceError::Timeout { source_name: self.source.name.clone(), cause: "no answer".into() })
            }
        }
    }

    async fn run(&mut self, text: &'static str) -> Result<(), SourceError> {
        self.timed(&TableName::new(""), async |conn| {
            sqlx::raw_sql(text).execute(conn).await?;
            Ok(())
        })
        .await
    }

    async fn change(&mut self, table: &TableName, sql: Sql) -> Result<u64, SourceError> {
        let stored = sql.params.iter().filter_map(|param| match param {
            sql::Param::Stored(value, column) => Some((value, column)),
            _ => None,
        });
        refuse_lost_digits(&self.source, table, stored)?;
        let form = Fetch::all(table.clone(), Vec::new(), 0, 0);
        let mut arguments = SqliteArguments::default();
        for param in &sql.params {
            bind(&mut arguments, param, &form)
                .map_err(|error| refused(&self.source, table, &sqlx::Error::Encode(error)))?;
        }
        let kept = sql.text.len() <= LONGEST_KEPT;
        self.timed(table, async |conn| {
            // The text is made by `source::change`, which binds every value.
            let done = sqlx::query_with(AssertSqlSafe(sql.text), arguments).persistent(kept).execute(conn).await?;
            Ok(done.rows_affected())
        })
        .await
    }

    async fn insert_part(&mut self, insert: &Insert, rows: &[Vec<Scalar>]) -> Result<Chunk, SourceError> {
        let values = rows.iter().flat_map(|row| row.iter().zip(&insert.columns));
        refuse_lost_digits(&self.source, &insert.table, values)?;
        let mut sql = change::insert_head(insert, "", &Sqlite);
        if insert.columns.is_empty() {
            sql.text.push_str(" DEFAULT VALUES");
        } else {
            change::insert_values(&mut sql, &insert.columns, rows, &Sqlite);
        }
        // It knows no alias.
        let names: Vec<String> = insert.stored.outputs.iter().map(bare).collect();
        sql.text.push_str(&format!(" RETURNING {}", names.join(", ")));
        let source = self.source.clone();
        let inserted = self.timed(&insert.table, async |conn| run(&source, conn, &insert.stored, &sql, None).await);
        inserted.await.map_err(referring)
    }
}

#[async_trait]
impl Session for Write {
    async fn fetch(&mut self, fetch: &Fetch, _: Lock) -> Result<Chunk, SourceError> {
        let sql = sql::render(fetch, &Sqlite);
        let source = self.source.clone();
        self.timed(&fetch.table, async |conn| run(&source, conn, fetch, &sql, None).await).await
    }

    async fn insert(&mut self, insert: &Insert) -> Result<Chunk, SourceError> {
        let rows = match insert.columns.len() {
            0 => 1,
            columns => change::rows_per_statement(columns, PARAMETERS),
        };
        let mut parts = Vec::new();
        for part in insert.rows.chunks(rows) {
            parts.push(self.insert_part(insert, part).await?);
        }
        Ok(Chunk::joined(insert.stored.layout(), parts))
    }

    async fn update(&mut self, update: &Update) -> Result<u64, SourceError> {
        self.change(&update.table, change::update(update, &Sqlite)).await.map_err(referring)
    }

    async fn delete(&mut self, delete: &Delete) -> Result<u64, SourceError> {
        self.change(&delete.table, change::delete(delete, &Sqlite)).await
    }

    /// The file's own lock is held: nobody else writes.
    async fn fence(&mut self, _: &[Fence], _: bool) -> Result<(), SourceError> {
        Ok(())
    }

    /// Keys that are looked at when the transaction ends would make that fail.
    async fn settle(&mut self) -> Result<(), SourceError> {
        let source = self.source.clone();
        self.timed(&TableName::new(""), async |conn| {
            let deferred =
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND upper(sql) LIKE '%INITIALLY DEFERRED%'";
            let tables: Vec<String> = sqlx::query_scalar(deferred).fetch_all(&mut *conn).await?;
            for table in tables {
                let check = "SELECT count(*) FROM pragma_foreign_key_check(?)";
                let broken: i64 = sqlx::query_scalar(check).bind(&table).fetch_one(&mut *conn).await?;
                if broken > 0 {
                    let cause = format!("{broken} rows of {table} refer to nothing");
                    let violation = Violation::NoReference;
                    return Err(Failure::Source(SourceError::Violation { source_name: source.name, violation, cause }));
                }
            }
            Ok(())
        })
        .await
    }

    async fn commit(mut self: Box<Self>) -> Result<(), SourceError> {
        self.run("COMMIT").await?;
        self.over = true;
        Ok(())
    }

    async fn rollback(mut self: Box<Self>) {
        self.over = self.run("ROLLBACK").await.is_ok();
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        if !self.over {
            *self.open = None;
        }
    }
}

/// SQLite has one word for both sides of a foreign key; who writes values is at its referring side, as a rule.
fn referring(error: SourceError) -> SourceError {
    match error {
        SourceError::Violation { source_name, violation: Violation::Referenced, cause } => {
            SourceError::Violation { source_name, violation: Violation::NoReference, cause }
        }
        error => error,
    }
}

/// A bare number in a column declared JSON becomes one of SQLite's own, which have 64 bits: others would be changed.
fn refuse_lost_digits<'a>(
    source: &Source,
    table: &TableName,
    mut values: impl Iterator<Item = (&'a Scalar, &'a Arc<Column>)>,
) -> Result<(), SourceError> {
    let lost = |(value, column): (&Scalar, &Arc<Column>)| match (value, &column.ty) {
        (Scalar::Text(text), Type::Json) if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
            text.parse::<i64>().is_err() && !text.parse::<f64>().is_ok_and(|number| number.to_string() == **text)
        }
        _ => false,
    };
    if values.any(lost) {
        let cause = format!("{table}: a bare number in a JSON column has more digits than SQLite keeps");
        return Err(SourceError::InvalidValue { source_name: source.name.clone(), cause });
    }
    Ok(())
}

/// A column's name, quoted.
fn bare(output: &Output) -> String {
    let mut text = String::new();
    match output {
        Output::Column(column) => Sqlite.quote(&mut text, &column.name),
        _ => text.push_str("NULL"),
    }
    text
}

/// What SQLite says of a statement of a write.
fn refused(source: &Source, table: &TableName, error: &sqlx::Error) -> SourceError {
    let (source_name, cause) = (source.name.clone(), error.to_string());
    let violation =
        |violation| SourceError::Violation { source_name: source_name.clone(), violation, cause: cause.clone() };
    let code = error.as_database_error().and_then(|db| db.code()).and_then(|code| code.parse::<u32>().ok());
    // Extended result codes: the kind of constraint stands above the first eight bits.
    match code {
        Some(2067 | 1555 | 2579) => violation(Violation::Unique),
        Some(1299) => violation(Violation::NotNull),
        Some(275) => violation(Violation::Check),
        Some(787) => violation(Violation::Referenced),
        Some(code) if matches!(code & 255, 5 | 6) => SourceError::Conflict { source_name, cause },
        Some(code) if code & 255 == 8 => SourceError::ReadOnly { source_name, cause },
        // A datatype mismatch, or one in a strict table.
        Some(20 | 3091) => SourceError::InvalidValue { source_name, cause },
        _ => translate(source, format!("{}.{table}", source.name), error),
    }
}
