//! Transactions that write to MySQL or MariaDB. Each has a connection to itself; a connection goes back only from a
//! transaction that is over.

use std::sync::Arc;

use async_trait::async_trait;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params, Value};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Source;
use crate::name::TableName;
use crate::source::adapter::{PATIENCE, Session, SourceError, Violation};
use crate::source::change;
use crate::source::mysql::connect::writer;
use crate::source::mysql::dialect::{self, Mysql};
use crate::source::mysql::read::{Failure, bind, run, translate};
use crate::source::sql::{self, Sql};
use crate::statement::write::{BUCKETS, Delete, Fence, Insert, Lock, Update};
use crate::statement::{Fetch, KeyColumn, KeySet, Matching, SmallKey};
use crate::value::{Chunk, Scalar};

/// Values of one `INSERT`; the protocol counts them in 16 bits.
const PARAMETERS: usize = 65_000;

/// The rows that are locked as fences.
pub const FENCE_TABLE: &str = "CREATE TABLE IF NOT EXISTS crosskey_fence (fk INT NOT NULL, bucket SMALLINT NOT NULL, PRIMARY KEY (fk, bucket)) ENGINE=InnoDB";

/// Connections for writes.
pub struct Writers {
    idle: Arc<Mutex<Vec<Conn>>>,
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
    conn: Option<Conn>,
    idle: Arc<Mutex<Vec<Conn>>>,
    source: Source,
    _place: OwnedSemaphorePermit,
}

impl Write {
    /// Begins one.
    pub async fn begin(writers: &Writers, source: &Source) -> Result<Self, SourceError> {
        Self::open(writers, source, "START TRANSACTION").await
    }

    /// A connection on which a first statement, which may be sent twice, has been run.
    async fn open(writers: &Writers, source: &Source, first: &str) -> Result<Self, SourceError> {
        let busy = || SourceError::Busy { source_name: source.name.clone() };
        let place = tokio::time::timeout(source.acquire_timeout, writers.places.clone().acquire_owned());
        let place = place.await.map_err(|_| busy())?.map_err(|_| busy())?;
        let idle = writers.idle.lock().pop();
        let conn = match idle {
            Some(conn) => conn,
            None => writer(source).await?,
        };
        let mut write = Self { conn: Some(conn), idle: writers.idle.clone(), source: source.clone(), _place: place };
        match write.run(first).await {
            // It was lost while it was idle, and so may the others.
            Err(SourceError::Unavailable { .. }) => {
                writers.idle.lock().clear();
                write.conn = Some(writer(source).await?);
                write.run(first).await?;
            }
            begun => begun?,
        }
        Ok(write)
    }

    /// What a statement gives, within its time. One that is silent has its connection closed.
    async fn timed<T>(
        &mut self,
        table: &TableName,
        work: impl AsyncFnOnce(&mut Conn) -> Result<T, Failure>,
    ) -> Result<T, SourceError> {
        let gone = || SourceError::unavailable(&self.source.name, "the connection is gone");
        let conn = self.conn.as_mut().ok_or_else(gone)?;
        match tokio::time::timeout(self.source.statement_timeout + PATIENCE, work(conn)).await {
            Ok(Ok(done)) => Ok(done),
            // The rest of an answer over a limit is passed over before the next statement.
            Ok(Err(Failure::Source(error))) if error.is_too_much() => Err(error),
            Ok(Err(Failure::Source(error))) => {
                self.conn = None;
                Err(error)
            }
            Ok(Err(Failure::Driver(error))) => {
                let error = refused(&self.source, table, &error);
                if error.is_outage() {
                    self.conn = None;
                }
                Err(error)
            }
            Err(_) => {
                self.conn = None;
                Err(SourceError::Timeout { source_name: self.source.name.clone(), cause: "no answer".into() })
            }
        }
    }

    async fn run(&mut self, text: &str) -> Result<(), SourceError> {
        self.timed(&TableName::new(""), async |conn| Ok(conn.query_drop(text).await?)).await
    }

    async fn change(&mut self, table: &TableName, sql: &Sql) -> Result<u64, SourceError> {
        let form = Fetch::all(table.clone(), Vec::new(), 0, 0);
        let params: Vec<Value> = sql.params.iter().map(|param| bind(param, &form)).collect();
        self.timed(table, async |conn| {
            conn.exec_drop(&sql.text, positional(params)).await?;
            Ok(conn.affected_rows())
        })
        .await
    }

    /// Adds rows by one statement; gives their keys.
    async fn insert_part(&mut self, insert: &Insert, rows: &[Vec<Scalar>]) -> Result<Vec<SmallKey>, SourceError> {
        let mut sql = change::insert_head(insert, "", &Mysql);
        if insert.columns.is_empty() {
            sql.text.push_str(" ()");
        }
        change::insert_values(&mut sql, &insert.columns, rows, &Mysql);
        self.change(&insert.table, &sql).await?;
        let given: Vec<Option<usize>> =
            insert.key.iter().map(|key| insert.columns.iter().position(|column| column == key)).collect();
        if given.iter().all(Option::is_some) {
            return Ok(rows.iter().map(|row| given.iter().flatten().map(|at| row[*at].clone()).collect()).collect());
        }
        let counted = insert.key.iter().zip(&given).all(|(key, given)| given.is_some() || key.auto_increment);
        if !counted {
            let cause = format!("{}: the database makes the key, and MySQL does not tell it", insert.table);
            return Err(SourceError::Unsupported { source_name: self.source.name.clone(), cause });
        }
        // Numbers of one statement whose rows are counted beforehand follow each other.
        let told = async |conn: &mut Conn| {
            // What the answer to the insert said, before anything else is asked.
            let first = conn.last_insert_id().filter(|first| *first > 0);
            Ok((first, conn.query_first::<u64, _>("SELECT @@auto_increment_increment").await?))
        };
        let (Some(first), Some(step)) = self.timed(&insert.table, told).await? else {
            let cause = format!("{}: the number of the row is not told", insert.table);
            return Err(SourceError::Refused { source_name: self.source.name.clone(), cause });
        };
        let number = |at: usize| first + at as u64 * step;
        let part = |row: usize, given: Option<usize>| match given {
            Some(at) => rows[row][at].clone(),
            None => i64::try_from(number(row)).map_or_else(|_| Scalar::text(number(row).to_string()), Scalar::Int),
        };
        Ok((0..rows.len()).map(|row| given.iter().map(|given| part(row, *given)).collect()).collect())
    }
}

/// Makes the rows that are locked as fences, for keys that have none yet.
pub async fn build_fences(writers: &Writers, source: &Source, keys: &[i32]) -> Result<(), SourceError> {
    let mut work = Write::open(writers, source, "DO 1").await?;
    let made = async {
        work.run(FENCE_TABLE).await?;
        for key in keys {
            let rows: Vec<String> = (0..BUCKETS).map(|bucket| format!("({key},{bucket})")).collect();
            work.run(&format!("INSERT IGNORE INTO crosskey_fence VALUES {}", rows.join(","))).await?;
        }
        Ok(())
    };
    let made: Result<(), SourceError> = made.await;
    work.idle.lock().extend(work.conn.take().filter(|_| made.is_ok()));
    made.map_err(|error| match error {
        SourceError::Refused { source_name, cause } => SourceError::ReadOnly { source_name, cause },
        error => error,
    })
}

/// Runs statements that define; each is kept by itself, as MySQL does it.
pub async fn alter(
    writers: &Writers,
    source: &Source,
    table: &TableName,
    statements: &[String],
) -> Result<(), SourceError> {
    // Else the server would go on waiting for who uses the table when nobody waits for the server any more.
    let mut work = Write::open(writers, source, "SET SESSION lock_wait_timeout = 2").await?;
    for statement in statements {
        work.timed(table, async |conn| Ok(conn.query_drop(statement).await?)).await?;
    }
    work.idle.lock().extend(work.conn.take());
    Ok(())
}

/// Whether a table is there.
pub async fn has_table(writers: &Writers, source: &Source, name: &str) -> Result<bool, SourceError> {
    let mut work = Write::open(writers, source, "DO 1").await?;
    let text = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?";
    let found: Option<u64> =
        work.timed(&TableName::new(name), async |conn| Ok(conn.exec_first(text, (name,)).await?)).await?;
    work.idle.lock().extend(work.conn.take());
    Ok(found.is_some_and(|found| found > 0))
}

fn positional(params: Vec<Value>) -> Params {
    if params.is_empty() { Params::Empty } else { Params::Positional(params) }
}

#[async_trait]
impl Session for Write {
    async fn fetch(&mut self, fetch: &Fetch, lock: Lock) -> Result<Chunk, SourceError> {
        let fetch = &*dialect::within_range(fetch);
        let mut sql = sql::render(fetch, &Mysql);
        sql.text.push_str(match lock {
            Lock::None => "",
            Lock::Key | Lock::Share => " LOCK IN SHARE MODE",
            Lock::Row | Lock::Change => " FOR UPDATE",
        });
        let source = self.source.clone();
        self.timed(&fetch.table, async |conn| run(&source, conn, fetch, &sql, None).await).await
    }

    async fn insert(&mut self, insert: &Insert) -> Result<Chunk, SourceError> {
        let mut keys = Vec::with_capacity(insert.rows.len());
        let rows = change::rows_per_statement(insert.columns.len(), PARAMETERS);
        for part in insert.rows.chunks(rows) {
            keys.extend(self.insert_part(insert, part).await?);
        }
        let column =
            |column: &Arc<_>| KeyColumn { column: Arc::clone(column), path: Vec::new(), matching: Matching::Own };
        let columns: Vec<KeyColumn> = insert.key.iter().map(column).collect();
        let count = keys.len();
        let keys = KeySet { columns, keys, unique: true, ranked: false, when: Vec::new(), groups: None };
        let stored = self.fetch(&Fetch { keys: Some(keys), ..insert.stored.clone() }, Lock::None).await?;
        if stored.rows() != count {
            let cause = format!("{}: rows that were written are not found by their keys", insert.table);
            return Err(SourceError::Refused { source_name: self.source.name.clone(), cause });
        }
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|row| stored.ordinals()[*row]);
        Ok(stored.reordered(&order))
    }

    async fn update(&mut self, update: &Update) -> Result<u64, SourceError> {
        self.change(&update.table, &change::update(update, &Mysql)).await
    }

    async fn delete(&mut self, delete: &Delete) -> Result<u64, SourceError> {
        self.change(&delete.table, &change::delete(delete, &Mysql)).await
    }

    async fn fence(&mut self, fences: &[Fence], exclusive: bool) -> Result<(), SourceError> {
        let lock = if exclusive { "FOR UPDATE" } else { "LOCK IN SHARE MODE" };
        for part in fences.chunk_by(|a, b| a.key == b.key) {
            let buckets: Vec<String> = part.iter().map(|fence| fence.bucket.to_string()).collect();
            let text = format!(
                "SELECT bucket FROM crosskey_fence WHERE fk = {} AND bucket IN ({}) ORDER BY bucket {lock}",
                part[0].key,
                buckets.join(",")
            );
            let locked: Vec<u16> =
                self.timed(&TableName::new("crosskey_fence"), async |conn| Ok(conn.query(&text).await?)).await?;
            if locked.len() != part.len() {
                let cause = "crosskey_fence lacks rows".into();
                return Err(SourceError::Refused { source_name: self.source.name.clone(), cause });
            }
        }
        Ok(())
    }

    async fn stay(&mut self) -> Result<(), SourceError> {
        self.run("DO 1").await
    }

    async fn commit(mut self: Box<Self>) -> Result<(), SourceError> {
        self.run("COMMIT").await?;
        self.idle.lock().extend(self.conn.take());
        Ok(())
    }

    async fn rollback(mut self: Box<Self>) {
        if self.conn.is_some() && self.run("ROLLBACK").await.is_ok() {
            self.idle.lock().extend(self.conn.take());
        }
    }
}

/// What the server says of a statement of a write.
fn refused(source: &Source, table: &TableName, error: &mysql_async::Error) -> SourceError {
    let (source_name, cause) = (source.name.clone(), error.to_string());
    let mysql_async::Error::Server(server) = error else { return translate(source, table, error) };
    let violation =
        |violation| SourceError::Violation { source_name: source_name.clone(), violation, cause: cause.clone() };
    match server.code {
        1062 | 1586 => violation(Violation::Unique),
        1048 | 1364 => violation(Violation::NotNull),
        3819 | 4025 => violation(Violation::Check),
        1216 | 1452 => violation(Violation::NoReference),
        1217 | 1451 => violation(Violation::Referenced),
        1205 | 1213 | 1020 => SourceError::Conflict { source_name, cause },
        // Too long, too large, or of a wrong form.
        1406 | 1416 | 3037 | 1264 | 1265 | 1292 | 1366 | 1367 | 3140..=3160 | 1906 | 3105 => {
            SourceError::InvalidValue { source_name, cause }
        }
        1142 | 1143 | 1290 | 1792 | 1836 => SourceError::ReadOnly { source_name, cause },
        _ => translate(source, table, error),
    }
}
