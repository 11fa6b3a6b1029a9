//! A transaction whose statements are counted, timed and traced, as those of reads are.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use tracing::Instrument;

use crate::error::Coded;
use crate::name::TableName;
use crate::source::adapter::{Session, SourceError};
use crate::source::open::OpenSource;
use crate::statement::Fetch;
use crate::statement::write::{Delete, Fence, Insert, Lock, Update};
use crate::value::Chunk;

/// The transaction.
pub struct Watched {
    session: Box<dyn Session>,
    source: Arc<OpenSource>,
}

impl Watched {
    /// Watches a transaction of a source.
    pub fn new(session: Box<dyn Session>, source: Arc<OpenSource>) -> Self {
        Self { session, source }
    }
}

/// What tests make of a statement of a write: the process ends before it is sent, or it fails.
#[cfg(feature = "failpoints")]
pub fn faulted<T>(word: Option<String>, source: &OpenSource) -> Result<T, SourceError> {
    let (source_name, cause) = (source.config.name.clone(), "a test's".to_owned());
    match word.as_deref() {
        Some("timeout") => Err(SourceError::Timeout { source_name, cause }),
        Some("deadlock") => Err(SourceError::Conflict { source_name, cause }),
        _ => std::process::abort(),
    }
}

async fn watch<T>(
    source: &OpenSource,
    operation: &'static str,
    table: &TableName,
    work: impl Future<Output = Result<T, SourceError>>,
) -> Result<T, SourceError> {
    #[cfg(feature = "failpoints")]
    fail::fail_point!("statement", |word| faulted(word, source));
    let (started, span) = (Instant::now(), source.span(operation, table, 0));
    source.count();
    let outcome = work.instrument(span.clone()).await;
    if let Err(error) = &outcome {
        span.record("otel.status_code", "ERROR").record("error.type", error.code().as_str());
    }
    source.ended(started, outcome.as_ref().err());
    outcome
}

#[async_trait]
impl Session for Watched {
    async fn fetch(&mut self, fetch: &Fetch, lock: Lock) -> Result<Chunk, SourceError> {
        watch(&self.source, "SELECT", &fetch.table, self.session.fetch(fetch, lock)).await
    }

    async fn insert(&mut self, insert: &Insert) -> Result<Chunk, SourceError> {
        watch(&self.source, "INSERT", &insert.table, self.session.insert(insert)).await
    }

    async fn update(&mut self, update: &Update) -> Result<u64, SourceError> {
        watch(&self.source, "UPDATE", &update.table, self.session.update(update)).await
    }

    async fn delete(&mut self, delete: &Delete) -> Result<u64, SourceError> {
        watch(&self.source, "DELETE", &delete.table, self.session.delete(delete)).await
    }

    async fn fence(&mut self, fences: &[Fence], exclusive: bool) -> Result<(), SourceError> {
        let fence = TableName::new("crosskey_fence");
        watch(&self.source, "LOCK", &fence, self.session.fence(fences, exclusive)).await
    }

    async fn stay(&mut self) -> Result<(), SourceError> {
        self.session.stay().await
    }

    async fn settle(&mut self) -> Result<(), SourceError> {
        self.session.settle().await
    }

    async fn commit(self: Box<Self>) -> Result<(), SourceError> {
        #[cfg(feature = "failpoints")]
        fail::fail_point!("statement", |word| faulted(word, &self.source));
        let (span, source) = (self.source.span("COMMIT", &TableName::new(""), 0), self.source);
        let started = Instant::now();
        let outcome = self.session.commit().instrument(span).await;
        source.ended(started, outcome.as_ref().err());
        outcome
    }

    async fn rollback(self: Box<Self>) {
        self.session.rollback().await;
    }
}
