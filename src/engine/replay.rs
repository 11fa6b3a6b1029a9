//! Writes of several databases that were decided and not finished: who looks for them, and what operators are told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::engine::error::Error;
use crate::engine::pipeline::Engine;
use crate::execute::{self, Transaction};
use crate::name::SourceName;
use crate::source::State;
use crate::telemetry::{METRICS, source_label};

/// How often the journals are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often it is forgotten what was done long ago.
const FORGET: Duration = Duration::from_secs(3600);

impl Engine {
    /// Finishes what other processes left, and this one, until the process ends.
    pub async fn finish_writes(self: Arc<Self>) {
        let mut forgot = Instant::now();
        // At once: where processes are ended again and again, none may live until it looks for the second time.
        loop {
            let forgets = forgot.elapsed() > FORGET;
            if forgets {
                forgot = Instant::now();
            }
            // In a task of its own, which is not dropped half way.
            let this = self.clone();
            drop(tokio::spawn(async move { this.look_at_journals(forgets).await }).await);
            // Several processes do not look at the same moment for ever.
            let jitter = std::time::UNIX_EPOCH.elapsed().map_or(0, |now| now.subsec_nanos() % 200);
            tokio::time::sleep(LOOK + Duration::from_millis(u64::from(jitter))).await;
        }
    }

    /// Finishes in each source what its journal has, where its time has come.
    pub async fn look_at_journals(&self, forgets: bool) {
        let live = self.snapshot();
        let up = live
            .sources
            .values()
            .filter(|source| source.state() == State::Up && live.introspected.contains_key(&source.config.name));
        let looks = up.map(|source| async {
            let name = &source.config.name;
            let context = self.context(&live, false, false);
            match execute::replay_all(&context, &live.catalog, name).await {
                Ok((waiting, conflicted, oldest)) => {
                    let label = source_label(name.as_str());
                    METRICS.journal_pending.get_or_create(&label).set(waiting as i64 - conflicted as i64);
                    METRICS.journal_conflicted.get_or_create(&label).set(conflicted as i64);
                    METRICS.journal_oldest_seconds.get_or_create(&label).set(oldest);
                }
                Err(error) => tracing::warn!(source = %name, %error, "the journal cannot be read"),
            }
            if forgets && let Err(error) = execute::forget(&context, name).await {
                tracing::warn!(source = %name, %error, "old markers cannot be removed");
            }
        });
        join_all(looks).await;
    }

    /// The writes that are not finished; and the sources of whose journals nothing is known, for they do not answer.
    pub async fn transactions(&self) -> (Vec<Transaction>, Vec<SourceName>) {
        let live = self.snapshot();
        execute::transactions(&self.context(&live, false, false)).await
    }

    /// The state of a write of several databases, or of one that its client had named.
    pub async fn transaction(&self, txid: &str) -> Result<Option<&'static str>, Error> {
        let live = self.snapshot();
        Ok(execute::transaction(&self.context(&live, false, false), txid).await?)
    }

    /// Takes up a write again that waits for a person.
    pub async fn retry_transaction(self: &Arc<Self>, txid: &str) -> Result<bool, Error> {
        let (engine, txid) = (self.clone(), txid.to_owned());
        let retrying = async move {
            let live = engine.snapshot();
            Ok(execute::retry(&engine.context(&live, false, false), &live.catalog, &txid).await?)
        };
        tokio::spawn(retrying).await.unwrap_or_else(|panic| {
            tracing::error!(%panic, "finishing a write ended badly");
            Ok(true)
        })
    }

    /// Gives up what is left of a write that waits for a person.
    pub async fn discard_transaction(&self, txid: &str) -> Result<bool, Error> {
        let live = self.snapshot();
        Ok(execute::discard(&self.context(&live, false, false), txid).await?)
    }
}
