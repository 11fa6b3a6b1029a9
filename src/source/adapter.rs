//! The contract of an adapter: introspect a database, fetch rows, write in transactions, say whether it is there.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::catalog::table::Table;
use crate::error::{Code, Coded};
use crate::name::{SourceName, TableName};
use crate::source::sql::{Described, KeptSql};
use crate::statement::Fetch;
use crate::statement::write::{Delete, Fence, Insert, Lock, Update};
use crate::value::{Chunk, ChunkBuilder, Column};

/// Reading a catalog of thousands of tables takes longer than a statement may.
pub const INTROSPECTION_TIME: std::time::Duration = std::time::Duration::from_secs(30);

/// How long a stream may last in all: it holds a connection, and a snapshot or a lock of its table.
pub const LONGEST_STREAM: std::time::Duration = std::time::Duration::from_secs(3600);

/// How long a stream may take for its next rows.
pub const STREAMED_TIME: std::time::Duration = std::time::Duration::from_secs(30);

/// How much longer than its `statement_timeout` a statement is waited for: the server ends it first, if it is there.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);

/// Connections that are open.
#[derive(Clone, Copy, Debug)]
pub struct PoolState {
    /// All of them.
    pub open: usize,
    /// Those in use.
    pub busy: usize,
}

/// One open database.
#[async_trait]
pub trait Adapter: Send + Sync {
    /// All tables and views that the configuration includes; within [`INTROSPECTION_TIME`] rather than a statement's.
    async fn introspect(&self) -> Result<Vec<Table>, SourceError>;

    /// Runs one read. Rows of a lookup carry their key's position; those of a lookup that is not unique come
    /// grouped by position. Who asks by the same lookup again and again keeps its text.
    async fn fetch(&self, fetch: &Fetch, kept: Option<&KeptSql>) -> Result<Chunk, SourceError>;

    /// Runs one read on a connection of its own, and gives its rows chunk by chunk to whoever takes them. It waits for
    /// that, without a time limit of its own, and ends the statement when nobody takes them any more.
    async fn stream(&self, fetch: &Fetch, taker: &Taker) -> Result<(), SourceError>;

    /// The statement's text and the shapes of its parameters, for people to read.
    fn describe(&self, fetch: &Fetch) -> Described;

    /// What would make an index that starts with these columns, in the engine's own words.
    fn create_index(&self, table: &TableName, columns: &[Arc<Column>]) -> String;

    /// A transaction of its own, for a write; READ COMMITTED, or the engine's stricter one.
    async fn begin(&self) -> Result<Box<dyn Session>, SourceError>;

    /// Reads with a lock that is given back at once: rows that are being removed by others are waited for.
    async fn verify(&self, fetch: &Fetch, lock: Lock) -> Result<Chunk, SourceError> {
        let mut session = self.begin_verify().await?;
        let found = session.fetch(fetch, lock).await;
        session.rollback().await;
        found
    }

    /// A transaction for one verify. Its connection is none of those that writes hold while they wait for verifies.
    async fn begin_verify(&self) -> Result<Box<dyn Session>, SourceError> {
        self.begin().await
    }

    /// Makes what the fences of these keys need, where the engine needs anything.
    async fn build_fences(&self, _keys: &[i32]) -> Result<(), SourceError> {
        Ok(())
    }

    /// What makes the tables in which writes of several databases are kept, statement by statement.
    fn journal_tables(&self) -> Vec<String> {
        Vec::new()
    }

    /// Makes these tables, where they are not there yet.
    async fn build_journal(&self) -> Result<(), SourceError>;

    /// Gives a table, or one of its columns, another name.
    async fn rename(&self, table: &TableName, column: Option<&str>, to: &str) -> Result<(), SourceError>;

    /// Whether they are there.
    async fn has_journal(&self) -> Result<bool, SourceError>;

    /// One cheap round trip.
    async fn ping(&self) -> Result<(), SourceError>;

    /// The connections that reads share, where that is known.
    fn pool(&self) -> Option<PoolState> {
        None
    }

    /// Whether a read may be dropped half way: its connection stays usable, and so does the pool.
    fn may_be_left(&self) -> bool {
        false
    }

    /// A number that differs after another process wrote, where the engine has one that is cheap (SQLite).
    async fn data_version(&self) -> Result<Option<i64>, SourceError> {
        Ok(None)
    }

    /// The most keys that one statement of this form takes: a lookup with a limit per key, still without keys.
    fn keys_per_statement(&self, _form: &Fetch) -> usize {
        usize::MAX
    }
}

/// A transaction. Dropped without an end it is undone, and its connection closed.
#[async_trait]
pub trait Session: Send {
    /// Runs a read within it.
    async fn fetch(&mut self, fetch: &Fetch, lock: Lock) -> Result<Chunk, SourceError>;

    /// Adds rows; gives them as they are stored, in their order.
    async fn insert(&mut self, insert: &Insert) -> Result<Chunk, SourceError>;

    /// Changes rows; gives how many there were, changed or not.
    async fn update(&mut self, update: &Update) -> Result<u64, SourceError>;

    /// Removes rows; gives how many.
    async fn delete(&mut self, delete: &Delete) -> Result<u64, SourceError>;

    /// Waits for these fences, which are held until the end; in ascending order.
    async fn fence(&mut self, fences: &[Fence], exclusive: bool) -> Result<(), SourceError>;

    /// Says that it goes on, while other databases are spoken to.
    async fn stay(&mut self) -> Result<(), SourceError> {
        Ok(())
    }

    /// Makes sure that nothing but a lost connection can keep it from being committed.
    async fn settle(&mut self) -> Result<(), SourceError> {
        Ok(())
    }

    /// Ends it, and keeps what it did. An error of a lost connection leaves open whether it did.
    async fn commit(self: Box<Self>) -> Result<(), SourceError>;

    /// Ends it, and undoes what it did.
    async fn rollback(self: Box<Self>);
}

/// What a stream gives: chunks, then their end. Without an end it was cut.
pub type Piece = Result<Option<Chunk>, SourceError>;

/// Bytes of a stream's chunk, about.
const CHUNK_BYTES: u64 = 1 << 20;

/// Who takes a stream's rows.
pub struct Taker {
    /// Rows of one chunk at most.
    pub rows: usize,
    /// Has room for few chunks, so that a slow client slows the database.
    pub to: mpsc::Sender<Piece>,
}

impl Taker {
    /// Gives a chunk, when there is room; false when nobody takes it any more.
    pub async fn take(&self, chunk: Chunk) -> bool {
        self.to.send(Ok(Some(chunk))).await.is_ok()
    }

    /// Whether a chunk of so many rows is to be given.
    pub fn is_enough(&self, rows: u64, chunk: &ChunkBuilder) -> bool {
        rows >= self.rows as u64 || chunk.size() >= CHUNK_BYTES
    }

    /// How many rows of the size that these had make a chunk.
    pub fn rows_like(&self, chunk: &Chunk) -> usize {
        let each = chunk.size() as u64 / (chunk.rows() as u64).max(1);
        usize::try_from(CHUNK_BYTES / each.max(1)).unwrap_or(self.rows).clamp(1, self.rows)
    }

    /// Done when nobody takes any more.
    pub async fn left(&self) {
        self.to.closed().await;
    }
}

/// Whether the rows read so far, the current one included, keep within the statement's bounds.
pub fn within_bounds(fetch: &Fetch, source: &SourceName, rows: u64, chunk: &ChunkBuilder) -> Result<(), SourceError> {
    let table = || format!("{source}.{}", fetch.table);
    if rows > fetch.max_rows {
        return Err(SourceError::TooManyRows { table: table(), limit: fetch.max_rows });
    }
    if chunk.size() > fetch.max_bytes {
        return Err(SourceError::TooManyBytes { table: table(), limit: fetch.max_bytes });
    }
    Ok(())
}

/// A kind of rule that a database keeps by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// Unique columns.
    Unique,
    /// A column that must have a value.
    NotNull,
    /// A check.
    Check,
    /// One of its foreign keys, from the referencing side.
    NoReference,
    /// One of its foreign keys, from the referenced side.
    Referenced,
}

impl Violation {
    fn words(self) -> &'static str {
        match self {
            Violation::Unique => "another row has the same values in unique columns",
            Violation::NotNull => "a column that must have a value has none",
            Violation::Check => "a check of the table does not hold",
            Violation::NoReference => "a foreign key's value has no referenced row",
            Violation::Referenced => "other rows refer to the row",
        }
    }
}

/// A shared open database.
pub type SharedAdapter = Arc<dyn Adapter>;

/// Why a source could not do what it was told.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SourceError {
    /// No connection, or it was lost.
    #[error("source `{source_name}` is not available")]
    Unavailable {
        /// Which source.
        source_name: SourceName,
        /// For the log only.
        cause: String,
    },
    /// A statement or the wait for a connection took too long.
    #[error("source `{source_name}` did not answer in time")]
    Timeout {
        /// Which source.
        source_name: SourceName,
        /// For the log only.
        cause: String,
    },
    /// All connections are in use.
    #[error("source `{source_name}` has no free connection")]
    Busy {
        /// Which source.
        source_name: SourceName,
    },
    /// More rows than allowed.
    #[error("{table} gives more than {limit} rows")]
    TooManyRows {
        /// The table.
        table: String,
        /// The limit that was passed.
        limit: u64,
    },
    /// More bytes than allowed.
    #[error("{table} gives more than {limit} bytes")]
    TooManyBytes {
        /// The table.
        table: String,
        /// The limit that was passed.
        limit: u64,
    },
    /// The catalog we know is older than the database.
    #[error("{table} has changed in the database since it was read")]
    Changed {
        /// The table.
        table: String,
        /// For the log only.
        cause: String,
    },
    /// A value that the database refused.
    #[error("source `{source_name}` refused a value of this request")]
    InvalidValue {
        /// Which source.
        source_name: SourceName,
        /// For the log only.
        cause: String,
    },
    /// The type of a column does not allow what was asked of it: an order of JSON documents, a sum of texts.
    #[error("source `{source_name}` cannot do this with a column of this type")]
    Unsupported {
        /// Which source.
        source_name: SourceName,
        /// For the log only.
        cause: String,
    },
    /// A rule of the database that the written values break.
    #[error("source `{source_name}` refused the values: {}", violation.words())]
    Violation {
        /// Which source.
        source_name: SourceName,
        /// Which kind of rule.
        violation: Violation,
        /// For the log only.
        cause: String,
    },
    /// Others hold what this write needs, or changed it meanwhile.
    #[error("source `{source_name}`: others change the same rows at the same time")]
    Conflict {
        /// Which source.
        source_name: SourceName,
        /// For the log only.
        cause: String,
    },
    /// The source takes no writes.
    #[error("source `{source_name}` takes no writes")]
    ReadOnly {
        /// Which source.
        source_name: SourceName,
        /// For the log only.
        cause: String,
    },
    /// The database refused the statement; the fault is ours.
    #[error("source `{source_name}` could not answer")]
    Refused {
        /// Which source.
        source_name: SourceName,
        /// For the log only.
        cause: String,
    },
}

impl SourceError {
    /// A source that cannot be reached.
    pub fn unavailable(source: &SourceName, cause: impl ToString) -> Self {
        SourceError::Unavailable { source_name: source.clone(), cause: cause.to_string() }
    }

    /// The driver's own words, for the log.
    pub fn cause(&self) -> Option<&str> {
        match self {
            SourceError::Unavailable { cause, .. }
            | SourceError::Timeout { cause, .. }
            | SourceError::Changed { cause, .. }
            | SourceError::InvalidValue { cause, .. }
            | SourceError::Unsupported { cause, .. }
            | SourceError::Violation { cause, .. }
            | SourceError::Conflict { cause, .. }
            | SourceError::ReadOnly { cause, .. }
            | SourceError::Refused { cause, .. } => Some(cause),
            SourceError::TooManyRows { .. } | SourceError::TooManyBytes { .. } | SourceError::Busy { .. } => None,
        }
    }

    /// Whether the answer was over a limit.
    pub fn is_too_much(&self) -> bool {
        matches!(self, SourceError::TooManyRows { .. } | SourceError::TooManyBytes { .. })
    }

    /// Whether the source itself failed, as opposed to this one request.
    pub fn is_outage(&self) -> bool {
        matches!(self, SourceError::Unavailable { .. })
    }

    /// Whether the source has shown by this error that it is there: it looked at the statement.
    pub fn is_an_answer(&self) -> bool {
        !matches!(self, SourceError::Unavailable { .. } | SourceError::Timeout { .. } | SourceError::Busy { .. })
    }
}

impl Coded for SourceError {
    fn code(&self) -> Code {
        match self {
            SourceError::Unavailable { .. } => Code::SourceUnavailable,
            SourceError::Timeout { .. } => Code::Timeout,
            SourceError::Busy { .. } => Code::Overloaded,
            SourceError::TooManyRows { .. } | SourceError::TooManyBytes { .. } => Code::BudgetExceeded,
            SourceError::InvalidValue { .. } => Code::InvalidValue,
            SourceError::Unsupported { .. } => Code::InvalidRequest,
            SourceError::Violation { violation, .. } => match violation {
                Violation::Unique => Code::UniqueViolation,
                Violation::NotNull => Code::NotNullViolation,
                Violation::Check => Code::CheckViolation,
                Violation::NoReference => Code::ReferenceNotFound,
                Violation::Referenced => Code::Referenced,
            },
            SourceError::Conflict { .. } => Code::Conflict,
            SourceError::ReadOnly { .. } => Code::ReadOnly,
            SourceError::Changed { .. } | SourceError::Refused { .. } => Code::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            SourceError::Unavailable { .. } => "try again; /readyz tells when the source is back".into(),
            SourceError::Timeout { .. } => "ask for less, or raise the source's statement_timeout".into(),
            SourceError::Busy { .. } => "try again in a moment, or raise the source's pool.max".into(),
            SourceError::TooManyRows { .. } => "narrow it by a filter or a limit, or raise limits.rows".into(),
            SourceError::TooManyBytes { .. } => {
                "ask for fewer rows or fields by a filter, a limit or `fields`, or raise limits.bytes".into()
            }
            SourceError::Unsupported { .. } => "filter, order, group or aggregate by another column".into(),
            SourceError::InvalidValue { .. } => "check the values against the columns' types".into(),
            SourceError::Changed { .. } => "the catalog is being read again; repeat the request".into(),
            SourceError::Violation { violation: Violation::Referenced, .. } => {
                "remove the rows that refer to it first, or make them refer to another row".into()
            }
            SourceError::Violation { .. } => "check the values against the table's rules".into(),
            SourceError::Conflict { .. } => "try again".into(),
            SourceError::ReadOnly { .. } => {
                "its user needs the right to write, and its file or server must take writes".into()
            }
            SourceError::Refused { .. } => return None,
        })
    }
}
