//! Shared, pipelined connections: many requests speak over a few connections at once. One that is lost is replaced.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::types::Type;
use tokio_postgres::{CancelToken, Client, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::Source;
use crate::source::adapter::{PATIENCE, PoolState, SourceError};
use crate::source::postgres::tls;
use crate::source::sql::LONGEST_KEPT;

/// Prepared statements kept per connection; beyond it the connection starts afresh with none.
const STATEMENTS: usize = 512;

/// Statements of one connection at a time; the server works on them one after the other.
const PIPELINE: usize = 8;
/// How long a connection is idle before the kernel asks whether the server is still there.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// A transaction that is forgotten ends by itself, and with it what it holds.
const WRITING: &str = "-c idle_in_transaction_session_timeout=15000";

/// The connections of one source.
pub struct Connections {
    source: Source,
    config: tokio_postgres::Config,
    writing: tokio_postgres::Config,
    tls: MakeRustlsConnect,
    open: Mutex<Vec<Option<Arc<Connection>>>>,
    /// One opens a connection, the others who want the same one wait.
    opening: Vec<tokio::sync::Mutex<()>>,
    /// Places for statements.
    free: Arc<Semaphore>,
}

/// One shared connection.
pub struct Connection {
    /// The driver's client.
    pub client: Client,
    statements: Mutex<HashMap<String, Statement>>,
    running: AtomicUsize,
    heard: Mutex<Instant>,
}

/// A connection in use; it counts as busy until this is dropped.
pub struct Lease {
    connection: Arc<Connection>,
    place: Arc<OwnedSemaphorePermit>,
}

impl Lease {
    fn of(connection: Arc<Connection>, place: Arc<OwnedSemaphorePermit>) -> Self {
        connection.running.fetch_add(1, Ordering::Relaxed);
        Self { connection, place }
    }
}

impl std::ops::Deref for Lease {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.connection.running.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Connections {
    /// Reads the url; connects only when first asked.
    pub fn new(source: &Source) -> Result<Self, String> {
        let choice = tls::choose(&source.url);
        let mut config: tokio_postgres::Config =
            choice.url.parse().map_err(|error: tokio_postgres::Error| error.to_string())?;
        let timeout = source.statement_timeout.as_millis();
        let options = format!(
            "{} -c statement_timeout={timeout} -c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c bytea_output=hex",
            config.get_options().unwrap_or_default()
        );
        // A connection that the network lost without a word is ended by the kernel, and replaced.
        config
            .connect_timeout(source.connect_timeout)
            .keepalives_idle(KEEPALIVE)
            .keepalives_interval(Duration::from_secs(10))
            .keepalives_retries(3)
            .tcp_user_timeout(source.statement_timeout + PATIENCE);
        if config.get_application_name().is_none() {
            config.application_name("crosskey");
        }
        let mut writing = config.clone();
        writing.options(format!("{options} -c lock_timeout={} {WRITING}", source.lock_timeout().as_millis()).trim());
        config.options(format!("{options} -c default_transaction_read_only=on").trim());
        let count = source.connections as usize;
        Ok(Self {
            config,
            writing,
            tls: tls::connector(&choice)?,
            open: Mutex::new(vec![None; count]),
            free: Arc::new(Semaphore::new(count * PIPELINE)),
            opening: (0..count).map(|_| tokio::sync::Mutex::default()).collect(),
            source: source.clone(),
        })
    }

    /// A connection of its own, with more time for its statements; it ends with the client.
    pub async fn dedicated(&self, time: Duration) -> Result<Client, SourceError> {
        let client = self.connect(&self.config).await?;
        let set = format!("SET statement_timeout = {}", time.as_millis());
        client
            .batch_execute(&set)
            .await
            .map_err(|error| SourceError::unavailable(&self.source.name, describe(&error)))?;
        Ok(client)
    }

    /// Ends what runs on a connection that is nobody else's.
    pub async fn cancel(&self, token: &CancelToken) {
        let cancelling = tokio::time::timeout(self.source.connect_timeout, token.cancel_query(self.tls.clone()));
        let cause = match cancelling.await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => describe(&error),
            Err(_) => "no answer".to_owned(),
        };
        tracing::warn!(source = %self.source.name, %cause, "a list that was left runs on");
    }

    /// A connection whose transactions may write.
    pub async fn writer(&self) -> Result<Connection, SourceError> {
        Ok(Connection::of(self.connect(&self.writing).await?))
    }

    async fn connect(&self, config: &tokio_postgres::Config) -> Result<Client, SourceError> {
        // In a box: it is large and rare, and the future of each statement would have room for it.
        let connecting = Box::pin(config.connect(self.tls.clone()));
        let connecting = tokio::time::timeout(self.source.connect_timeout, connecting);
        let (client, driver) = connecting
            .await
            .map_err(|_| SourceError::unavailable(&self.source.name, "connecting took too long"))?
            .map_err(|error| SourceError::unavailable(&self.source.name, describe(&error)))?;
        let source = self.source.name.clone();
        tokio::spawn(async move {
            if let Err(error) = driver.await {
                tracing::debug!(%source, cause = %describe(&error), "a connection ended");
            }
        });
        Ok(client)
    }

    /// What is open.
    pub fn state(&self) -> PoolState {
        let open = self.open.lock();
        let alive = || open.iter().flatten().filter(|connection| !connection.client.is_closed());
        let busy = alive().filter(|connection| connection.running.load(Ordering::Relaxed) > 0).count();
        PoolState { open: alive().count(), busy }
    }

    /// The least busy connection; opens another one while all are busy and fewer than allowed are open.
    pub async fn lease(&self) -> Result<Lease, SourceError> {
        let source_name = &self.source.name;
        let place = tokio::time::timeout(self.source.acquire_timeout, self.free.clone().acquire_owned()).await;
        let place = place.map_err(|_| SourceError::Busy { source_name: source_name.clone() })?;
        self.least_busy(Arc::new(place.map_err(|closed| SourceError::unavailable(source_name, closed))?)).await
    }

    async fn least_busy(&self, place: Arc<OwnedSemaphorePermit>) -> Result<Lease, SourceError> {
        let slot = {
            let open = self.open.lock();
            let busy = |connection: &Option<Arc<Connection>>| match connection {
                Some(connection) if !connection.client.is_closed() => connection.running.load(Ordering::Relaxed) * 2,
                // Opening costs more than an idle connection, less than a busy one.
                _ => 1,
            };
            let (slot, least) = open
                .iter()
                .enumerate()
                .min_by_key(|(_, connection)| busy(connection))
                .expect("a pool has a connection");
            if let Some(connection) = least.as_ref().filter(|connection| !connection.client.is_closed()) {
                return Ok(Lease::of(connection.clone(), place));
            }
            slot
        };
        let opening = tokio::time::timeout(self.source.acquire_timeout, self.open_slot(slot, place));
        opening.await.unwrap_or_else(|_| Err(SourceError::unavailable(&self.source.name, "no connection in time")))
    }

    /// A statement sent at `sent` got no answer: connections that have said nothing since are not trusted any more. What
    /// runs on them may still end. Gives a new one.
    pub async fn lease_anew(&self, silent: &Lease, sent: Instant) -> Result<Lease, SourceError> {
        for open in self.open.lock().iter_mut() {
            if open.as_ref().is_some_and(|other| other.heard_at() < sent && !Arc::ptr_eq(other, &silent.connection)) {
                *open = None;
            }
        }
        self.lease_fresh(silent).await
    }

    /// A connection that was opened just now, in place of the one that failed.
    pub async fn lease_fresh(&self, failed: &Lease) -> Result<Lease, SourceError> {
        let same =
            |open: &Option<Arc<Connection>>| open.as_ref().is_some_and(|open| Arc::ptr_eq(open, &failed.connection));
        let slot = {
            let mut open = self.open.lock();
            let slot = open.iter().position(same);
            if let Some(slot) = slot {
                open[slot] = None;
            }
            slot
        };
        match slot {
            Some(slot) => self.open_slot(slot, failed.place.clone()).await,
            // Another request has replaced it already.
            None => self.least_busy(failed.place.clone()).await,
        }
    }

    async fn open_slot(&self, slot: usize, place: Arc<OwnedSemaphorePermit>) -> Result<Lease, SourceError> {
        let _alone = self.opening[slot].lock().await;
        let open = self.open.lock()[slot].clone();
        let connection = match open.filter(|connection| !connection.client.is_closed()) {
            Some(connection) => connection,
            None => {
                let connection = Arc::new(Connection::of(self.connect(&self.config).await?));
                self.open.lock()[slot] = Some(connection.clone());
                connection
            }
        };
        Ok(Lease::of(connection, place))
    }
}

impl Connection {
    fn of(client: Client) -> Self {
        Self { client, statements: Mutex::default(), running: AtomicUsize::new(0), heard: Mutex::new(Instant::now()) }
    }

    /// The server has answered on it.
    pub fn heard(&self) {
        *self.heard.lock() = Instant::now();
    }

    /// When the server answered on it last.
    pub fn heard_at(&self) -> Instant {
        *self.heard.lock()
    }

    /// The prepared statement of a text, prepared on first use.
    pub async fn prepare(&self, text: &str, types: &[Type]) -> Result<Statement, tokio_postgres::Error> {
        if let Some(statement) = self.statements.lock().get(text) {
            return Ok(statement.clone());
        }
        let statement = Box::pin(self.client.prepare_typed(text, types)).await?;
        if text.len() > LONGEST_KEPT {
            return Ok(statement);
        }
        let mut statements = self.statements.lock();
        if statements.len() >= STATEMENTS {
            statements.clear();
        }
        statements.insert(text.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Forgets all prepared statements: the tables changed under them.
    pub fn forget_statements(&self) {
        self.statements.lock().clear();
    }
}

/// The driver's message with the server's, for the log.
pub fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{}: {}", db.code().code(), db.message()),
        None => {
            let mut text = error.to_string();
            let mut source = std::error::Error::source(error);
            while let Some(inner) = source {
                text = format!("{text}: {inner}");
                source = inner.source();
            }
            text
        }
    }
}
