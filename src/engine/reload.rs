//! Changes of version: the file changed, a source came back, a catalog is out of date. A bad file changes nothing.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{self, Faults};
use crate::engine::pipeline::Engine;
use crate::engine::snapshot::{Snapshot, introspect};
use crate::source::State;
use crate::telemetry::METRICS;

/// First wait between two tries to reach a source that is down; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

impl Engine {
    /// Loads the file anew and makes it the live version, or says why not.
    pub async fn reload(&self) -> Result<(), Faults> {
        let _guard = self.changing.lock().await;
        let result = self.load_and_swap().await;
        match &result {
            Ok(()) => {
                *self.refused.lock() = None;
                tracing::info!(file = %self.path.display(), "the configuration was loaded anew");
            }
            Err(faults) => {
                let text = faults.render(false);
                METRICS.config_refused.inc();
                tracing::error!(file = %self.path.display(), "the configuration was refused, the old one goes on:\n{text}");
                *self.refused.lock() = Some(text);
            }
        }
        result
    }

    async fn load_and_swap(&self) -> Result<(), Faults> {
        let (config, _) = config::load(&self.path)?;
        let old = self.snapshot();
        let (snapshot, down) = Snapshot::open(config, Some(&old)).await?;
        for (source, cause) in down {
            tracing::warn!(%source, %cause, "the source does not answer yet");
        }
        if snapshot.faults.has_errors() {
            return Err(snapshot.faults);
        }
        self.swap(snapshot);
        Ok(())
    }

    /// Reads the catalogs of all sources anew.
    pub async fn refresh(&self) {
        let _guard = self.changing.lock().await;
        let live = self.snapshot();
        let (mut introspected, _) = introspect(live.sources.values()).await;
        for (name, tables) in &live.introspected {
            introspected.entry(name.clone()).or_insert_with(|| tables.clone());
        }
        self.rebuild(&live, introspected);
    }

    /// Tries the sources that could not be read yet. Gives whether any are left.
    async fn try_unknown(&self) -> bool {
        let _guard = self.changing.lock().await;
        let live = self.snapshot();
        let (found, down) = introspect(live.unknown_sources()).await;
        if !found.is_empty() {
            for source in found.keys() {
                tracing::info!(%source, "the source answers now");
            }
            let mut introspected = live.introspected.clone();
            introspected.extend(found);
            self.rebuild(&live, introspected);
        }
        !down.is_empty()
    }

    fn rebuild(
        &self,
        live: &Arc<Snapshot>,
        introspected: indexmap::IndexMap<crate::name::SourceName, Vec<crate::catalog::Table>>,
    ) {
        let snapshot = Snapshot::build(live.config.clone(), live.sources.clone(), introspected);
        if snapshot.faults.has_errors() {
            // The file was accepted before, so what can be served is; the faulty keys are left out and reported.
            tracing::error!("some keys do not fit the databases and are left out:\n{}", snapshot.faults.render(false));
        }
        self.swap(snapshot);
    }

    /// Keeps the version up to date until the process ends.
    pub async fn keep_up(self: Arc<Self>) {
        let mut wait = FIRST_WAIT;
        loop {
            tokio::select! {
                () = self.outdated.notified() => {
                    tracing::info!("a statement met a changed table; the catalogs are read anew");
                    self.refresh().await;
                    // One change makes many statements fail; one refresh serves them all.
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                () = tokio::time::sleep(wait) => {
                    let some_unknown = self.snapshot().unknown_sources().next().is_some();
                    let left = some_unknown && self.try_unknown().await;
                    let down = self.ping_down().await;
                    wait = if left || down { (wait * 2).min(LONGEST_WAIT) } else { FIRST_WAIT * 2 };
                }
            }
        }
    }

    /// Asks the sources that failed last time whether they are back.
    async fn ping_down(&self) -> bool {
        let live = self.snapshot();
        let mut any = false;
        for source in live.sources.values().filter(|source| source.state() == State::Down) {
            if !live.introspected.contains_key(&source.config.name) {
                continue;
            }
            let answer = source.adapter().ping().await;
            any |= answer.is_err();
            source.record(answer.err().as_ref());
        }
        any
    }
}
