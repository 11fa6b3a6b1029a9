//! Runs reads on PostgreSQL and writes their rows into chunks.

use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type as PgType;
use tokio_postgres::{Client, RowStream, Statement};

use crate::catalog::table::Table;
use crate::config::Source;
use crate::name::{SourceName, TableName};
use crate::source::adapter::{
    Adapter, INTROSPECTION_TIME, PATIENCE, PoolState, STREAMED_TIME, Session, SourceError, Taker, within_bounds,
};
use crate::source::postgres::connect::{Connections, Lease, describe};
use crate::source::postgres::convert::{Bound, Decode, Raw, decode_of, decode_of_wire, stored_text, text_of, write};
use crate::source::postgres::dialect;
use crate::source::postgres::introspect;
use crate::source::postgres::session::{Write, Writers};
use crate::source::sql::{self, Described, Dialect, KeptSql, Param, Sql};
use crate::statement::{Fetch, Groups, Output};
use crate::value::{Chunk, ChunkBuilder, Column};

/// Rows of a stream that are taken first.
const FIRST_ROWS: usize = 100;

/// An open PostgreSQL database.
pub struct Postgres {
    source: Source,
    connections: Connections,
    writers: Writers,
    verifiers: Writers,
    dialect: dialect::Postgres,
}

impl Postgres {
    /// Reads the url; connects when first asked.
    pub fn new(source: &Source) -> Result<Self, String> {
        let dialect = dialect::Postgres { schema: source.schemas[0].clone() };
        Ok(Self {
            connections: Connections::new(source)?,
            writers: Writers::new(source),
            verifiers: Writers::new(source),
            source: source.clone(),
            dialect,
        })
    }

    async fn run(&self, lease: &Lease, fetch: &Fetch, sql: &Sql) -> Result<Chunk, Failure> {
        let (params, types) = bound(fetch, sql);
        let statement = lease.prepare(&sql.text, &types).await?;
        let rows = lease.client.query_raw(&statement, &params).await?;
        gather(&self.source.name, rows, fetch, &decodes(&statement, fetch)).await
    }

    /// A portal in a transaction of its own: the server goes on with the statement each time rows are taken.
    async fn give(&self, client: &mut Client, fetch: &Fetch, sql: &Sql, taker: &Taker) -> Result<(), Failure> {
        let (params, types) = bound(fetch, sql);
        let transaction = client.transaction().await?;
        let statement = transaction.prepare_typed(&sql.text, &types).await?;
        let decodes = decodes(&statement, fetch);
        let portal = transaction.bind_raw(&statement, &params).await?;
        // How large rows are is not known before some have come.
        let mut size = taker.rows.min(FIRST_ROWS);
        loop {
            let rows = async {
                let rows = transaction.query_portal_raw(&portal, size as i32).await?;
                gather(&self.source.name, rows, fetch, &decodes).await
            };
            let chunk = tokio::time::timeout(STREAMED_TIME + PATIENCE, rows).await;
            let timeout = || SourceError::Timeout { source_name: self.source.name.clone(), cause: "no answer".into() };
            let chunk = chunk.map_err(|_| timeout())??;
            let last = chunk.rows() < size;
            size = taker.rows_like(&chunk);
            if !taker.take(chunk).await || last {
                return Ok(());
            }
        }
    }

    fn translate(&self, fetch: &Fetch, error: &tokio_postgres::Error) -> SourceError {
        translate(&self.source.name, &fetch.table, error)
    }

    async fn attempt(&self, lease: &Lease, fetch: &Fetch, sql: &Sql) -> Result<Chunk, Failure> {
        // The server ends a slow statement itself; this ends the wait for a server that is gone without a word.
        let patience = self.source.statement_timeout + PATIENCE;
        let mut running = pin!(self.run(lease, fetch, sql));
        let mut turn = Instant::now();
        loop {
            match tokio::time::timeout_at((turn + patience).into(), &mut running).await {
                Ok(result) => {
                    lease.heard();
                    return result;
                }
                // Others on this connection were answered meanwhile: our turn came later.
                Err(_) if lease.heard_at() > turn => turn = lease.heard_at(),
                Err(_) => return Err(self.no_answer(lease, turn).await.into()),
            }
        }
    }

    /// Whether the server is gone, or only slow: it is asked for a new connection in place of this one.
    async fn no_answer(&self, lease: &Lease, sent: Instant) -> SourceError {
        match self.connections.lease_anew(lease, sent).await {
            Err(error) => error,
            Ok(_) => SourceError::Timeout { source_name: self.source.name.clone(), cause: "no answer".into() },
        }
    }

    /// The second and last try of a read, where a second one may fare better.
    async fn again(&self, lease: Lease, fetch: &Fetch, sql: &Sql, error: SourceError) -> Result<Chunk, SourceError> {
        let lease = match error {
            // The connection may have been lost while it was idle.
            SourceError::Unavailable { .. } => self.connections.lease_fresh(&lease).await?,
            // A table was altered under the prepared statements.
            SourceError::Changed { .. } => {
                lease.forget_statements();
                lease
            }
            error => return Err(error),
        };
        self.attempt(&lease, fetch, sql).await.map_err(|failure| match failure {
            Failure::Source(error) => error,
            Failure::Driver(error) => self.translate(fetch, &error),
        })
    }
}

#[async_trait]
impl Adapter for Postgres {
    async fn introspect(&self) -> Result<Vec<Table>, SourceError> {
        let client = self.connections.dedicated(INTROSPECTION_TIME).await?;
        let tables = introspect::tables(&client, &self.source).await;
        tables.map_err(|error| SourceError::unavailable(&self.source.name, describe(&error)))
    }

    async fn fetch(&self, fetch: &Fetch, kept: Option<&KeptSql>) -> Result<Chunk, SourceError> {
        let sql = sql::rendered(fetch, kept, &self.dialect);
        let lease = self.connections.lease().await?;
        match self.attempt(&lease, fetch, &sql).await {
            Ok(chunk) => Ok(chunk),
            Err(Failure::Source(error @ SourceError::Changed { .. })) => {
                Box::pin(self.again(lease, fetch, &sql, error)).await
            }
            Err(Failure::Source(error)) => Err(error),
            Err(Failure::Driver(error)) => {
                Box::pin(self.again(lease, fetch, &sql, self.translate(fetch, &error))).await
            }
        }
    }

    fn describe(&self, fetch: &Fetch) -> Described {
        sql::describe(fetch, &self.dialect)
    }

    fn create_index(&self, table: &TableName, columns: &[Arc<Column>]) -> String {
        sql::create_index(table, columns, None, &self.dialect)
    }

    async fn stream(&self, fetch: &Fetch, taker: &Taker) -> Result<(), SourceError> {
        let sql = sql::render(fetch, &self.dialect);
        let mut client = self.connections.dedicated(STREAMED_TIME).await?;
        let token = client.cancel_token();
        let given = tokio::select! {
            given = self.give(&mut client, fetch, &sql, taker) => given,
            () = taker.left() => {
                // Hung up on, the server would go on until it has rows to send.
                self.connections.cancel(&token).await;
                return Ok(());
            }
        };
        given.map_err(|failure| match failure {
            Failure::Source(error) => error,
            Failure::Driver(error) => self.translate(fetch, &error),
        })
    }

    /// A request is with its connection's own task once it is sent; what nobody waits for is read and passed over.
    fn may_be_left(&self) -> bool {
        true
    }

    async fn begin(&self) -> Result<Box<dyn Session>, SourceError> {
        Ok(Box::new(Write::begin(&self.connections, &self.writers, &self.source, &self.dialect).await?))
    }

    async fn begin_verify(&self) -> Result<Box<dyn Session>, SourceError> {
        Ok(Box::new(Write::begin(&self.connections, &self.verifiers, &self.source, &self.dialect).await?))
    }

    fn journal_tables(&self) -> Vec<String> {
        let table = |name: &str| {
            let mut text = String::new();
            self.dialect.table(&mut text, &TableName::new(name));
            text
        };
        vec![
            format!(
                "CREATE TABLE IF NOT EXISTS {} (txid text PRIMARY KEY, state text NOT NULL, plan text NOT NULL, decided_at bigint NOT NULL, next_at bigint NOT NULL, attempts bigint NOT NULL, last_error text, renames text)",
                table("crosskey_journal")
            ),
            format!(
                "CREATE TABLE IF NOT EXISTS {} (txid text NOT NULL, part text NOT NULL, outcome text NOT NULL, request_hash text, result text, applied_at bigint NOT NULL, PRIMARY KEY (txid, part))",
                table("crosskey_applied")
            ),
        ]
    }

    async fn build_journal(&self) -> Result<(), SourceError> {
        let work = Write::begin(&self.connections, &self.writers, &self.source, &self.dialect).await?;
        let mut statements = self.journal_tables();
        // Two that make them at the same time would be in each other's way.
        statements.insert(0, "SELECT pg_advisory_xact_lock(hashtext('crosskey_journal'))".into());
        Box::new(work).alter(&TableName::new("crosskey_journal"), &statements).await
    }

    async fn rename(&self, table: &TableName, column: Option<&str>, to: &str) -> Result<(), SourceError> {
        let work = Write::begin(&self.connections, &self.writers, &self.source, &self.dialect).await?;
        Box::new(work).alter(table, &[sql::rename(table, column, to, &self.dialect)]).await
    }

    async fn has_journal(&self) -> Result<bool, SourceError> {
        let work = Write::begin(&self.connections, &self.verifiers, &self.source, &self.dialect).await?;
        let mut name = String::new();
        self.dialect.table(&mut name, &TableName::new("crosskey_applied"));
        Box::new(work).has_table(&name).await
    }

    fn pool(&self) -> Option<PoolState> {
        Some(self.connections.state())
    }

    async fn ping(&self) -> Result<(), SourceError> {
        let lease = self.connections.lease().await?;
        let sent = Instant::now();
        let asked = tokio::time::timeout(self.source.connect_timeout, lease.client.simple_query("SELECT 1")).await;
        match asked {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(SourceError::unavailable(&self.source.name, describe(&error))),
            Err(_) => self.connections.lease_anew(&lease, sent).await.map(drop),
        }
    }
}

/// Writes rows into a chunk.
pub async fn gather(source: &SourceName, rows: RowStream, fetch: &Fetch, decodes: &[Decode]) -> Result<Chunk, Failure> {
    futures_util::pin_mut!(rows);
    let keyed = usize::from(fetch.keys.is_some());
    let mut chunk = ChunkBuilder::new(fetch.layout());
    let mut count = 0;
    while let Some(row) = rows.try_next().await? {
        count += 1;
        within_bounds(fetch, source, count, &chunk)?;
        if keyed == 1 {
            let ordinal: i64 = row.try_get(0)?;
            chunk.ordinal((ordinal - 1) as u32);
        }
        for (at, decode) in decodes.iter().enumerate() {
            let raw: Raw<'_> = row.try_get(at + keyed)?;
            match raw.0 {
                None => chunk.out().extend_from_slice(b"null"),
                Some(raw) => write(chunk.out(), *decode, raw)
                    .ok_or_else(|| changed(source, fetch, "a value has another form than its column's type"))?,
            }
            chunk.end_cell();
        }
        if decodes.is_empty() && keyed == 0 {
            chunk.ordinal(0);
        }
    }
    within_bounds(fetch, source, count, &chunk)?;
    Ok(chunk.finish())
}

/// A database's error in our words.
pub fn translate(source: &SourceName, table: &TableName, error: &tokio_postgres::Error) -> SourceError {
    let (source_name, cause) = (source.clone(), describe(error));
    match error.code() {
        // On a standby, a read that stands in the way of what the primary did is ended as well.
        Some(&SqlState::QUERY_CANCELED | &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED) => {
            SourceError::Timeout { source_name, cause }
        }
        Some(&SqlState::UNDEFINED_COLUMN | &SqlState::UNDEFINED_TABLE | &SqlState::FEATURE_NOT_SUPPORTED) => {
            SourceError::Changed { table: format!("{source}.{table}"), cause }
        }
        // No such operator or function for this type, in its several spellings.
        Some(code) if matches!(code.code(), "42883" | "42804" | "42725" | "42846" | "42P18") => {
            SourceError::Unsupported { source_name, cause }
        }
        Some(code) if code.code().starts_with("22") => SourceError::InvalidValue { source_name, cause },
        Some(code)
            if code.code().starts_with("57") || code.code().starts_with("53") || code.code().starts_with("08") =>
        {
            SourceError::Unavailable { source_name, cause }
        }
        Some(_) => SourceError::Refused { source_name, cause },
        None => SourceError::Unavailable { source_name, cause },
    }
}

fn changed(source: &SourceName, fetch: &Fetch, cause: &str) -> SourceError {
    SourceError::Changed { table: format!("{source}.{}", fetch.table), cause: cause.to_owned() }
}

/// Why a statement failed: by the driver's word, or by ours.
pub enum Failure {
    /// The driver's.
    Driver(tokio_postgres::Error),
    /// Ours.
    Source(SourceError),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Failure::Driver(error)
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Failure::Source(error)
    }
}

/// The parameters of a statement, and their types.
pub fn bound<'a>(fetch: &'a Fetch, sql: &'a Sql) -> (Vec<Bound<'a>>, Vec<PgType>) {
    let params: Vec<Bound<'_>> = sql.params.iter().map(|param| bind(param, fetch)).collect();
    let types = params
        .iter()
        .map(|param| if matches!(param, Bound::One(_)) { PgType::TEXT } else { PgType::TEXT_ARRAY })
        .collect();
    (params, types)
}

/// How each output is read.
pub fn decodes(statement: &Statement, fetch: &Fetch) -> Vec<Decode> {
    let keyed = usize::from(fetch.keys.is_some());
    fetch
        .outputs
        .iter()
        .enumerate()
        .map(|(at, output)| match output {
            Output::Column(column) => decode_of(column),
            Output::Aggregate(..) | Output::Total | Output::Test(_) | Output::Rank(_) | Output::Via(_) => {
                decode_of_wire(statement.columns()[at + keyed].type_())
            }
        })
        .collect()
}

fn bind<'a>(param: &'a Param, fetch: &'a Fetch) -> Bound<'a> {
    match param {
        Param::Value(value, _) => Bound::One(text_of(value)),
        Param::Stored(value, column) => Bound::One(stored_text(value, column)),
        Param::Values(values) => Bound::Many(values.iter().map(text_of).collect()),
        Param::KeyColumn(column) => {
            let keys = fetch.keys.as_ref().map(|keys| keys.keys.as_slice()).unwrap_or_default();
            Bound::Many(keys.iter().map(|key| text_of(&key[*column])).collect())
        }
        Param::AmongColumn(keys, column) => Bound::Many(keys.keys.iter().map(|key| text_of(&key[*column])).collect()),
        Param::GroupNumbers => match fetch.keys.as_ref().and_then(|keys| keys.groups.as_ref()) {
            Some(Groups::Numbered(numbers)) => {
                Bound::Many(numbers.iter().map(|number| Some((i64::from(*number) + 1).to_string().into())).collect())
            }
            _ => Bound::Many(Vec::new()),
        },
        Param::Keys | Param::Among(_) => Bound::One(None),
    }
}
