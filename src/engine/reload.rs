//! Changes of version: the file changed, a source came back, a catalog is out of date. A bad file changes nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::config::{self, Config, Faults};
use crate::engine::pipeline::Engine;
use crate::engine::snapshot::{Snapshot, Tables, introspect};
use crate::source::{OpenSource, State};
use crate::telemetry::METRICS;

/// First wait between two tries to reach a source that is down; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(15);
/// How often a source that nobody asks is asked whether it is still there.
const IDLE: Duration = Duration::from_secs(10);

impl Engine {
    /// Loads the file anew and makes it the live version, or says why not.
    pub async fn reload(&self) -> Result<(), Faults> {
        let _guard = self.loading.lock().await;
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
                *self.refused.lock() = Some(Arc::new(faults.clone()));
            }
        }
        result
    }

    async fn load_and_swap(&self) -> Result<(), Faults> {
        let (config, _) = config::load(&self.path)?;
        let old = self.snapshot();
        for setting in needs_restart(&old.config, &config) {
            tracing::warn!("{setting} has changed; that takes effect when the process is started again");
        }
        let began = Instant::now();
        let (mut snapshot, down) = Snapshot::open(config, Some(&old)).await;
        for (source, cause) in down {
            tracing::warn!(%source, %cause, "the source does not answer yet");
        }
        if snapshot.faults.has_errors() {
            return Err(snapshot.faults);
        }
        let _guard = self.changing.lock().await;
        let newer = self.read_since(began, &snapshot);
        if !newer.is_empty() {
            snapshot.introspected.extend(newer);
            snapshot =
                Snapshot::build(snapshot.config, snapshot.sources, snapshot.introspected, Some(&self.snapshot()));
        }
        self.swap(snapshot);
        Ok(())
    }

    /// Tables that a refresh has read since a moment, of sources that both versions have.
    fn read_since(&self, began: Instant, next: &Snapshot) -> Tables {
        let live = self.snapshot();
        let read_at = self.read_at.lock();
        let since = |name| {
            let at = read_at.get(name).and_then(|at| at.try_lock().ok().and_then(|at| *at));
            at.is_some_and(|at| at >= began)
        };
        live.introspected
            .iter()
            .filter(|(name, _)| since(*name) && live.shares(next, name))
            .map(|(name, tables)| (name.clone(), tables.clone()))
            .collect()
    }

    /// Reads the catalog of one source anew, or of all. Who asks while that is under way shares what the next reading
    /// finds; a source that does not answer keeps nobody else waiting.
    pub async fn refresh(&self, only: Option<&str>) {
        let asked = Instant::now();
        let live = self.snapshot();
        let chosen = live.sources.values().filter(|source| only.is_none_or(|only| source.config.name.as_str() == only));
        join_all(chosen.map(|source| self.refresh_one(&live, source, asked))).await;
    }

    async fn refresh_one(&self, seen: &Snapshot, source: &Arc<OpenSource>, asked: Instant) {
        let read_at = self.read_at.lock().entry(source.config.name.clone()).or_default().clone();
        let mut read_at = read_at.lock().await;
        if read_at.is_some_and(|began| began >= asked) {
            return;
        }
        let began = Instant::now();
        let (found, _) = introspect(std::iter::once(source)).await;
        self.take_over(seen, found).await;
        *read_at = Some(began);
    }

    /// Makes what was read of the databases part of the live version, where it differs. A source that another version
    /// has opened anew since was not the one that was read.
    async fn take_over(&self, seen: &Snapshot, mut found: Tables) {
        let _guard = self.changing.lock().await;
        let live = self.snapshot();
        found.retain(|name, _| live.shares(seen, name));
        if found.iter().any(|(name, tables)| live.introspected.get(name) != Some(tables)) {
            let mut introspected = live.introspected.clone();
            introspected.extend(found);
            self.rebuild(&live, introspected);
        }
    }

    /// Tries the sources that could not be read yet. Gives whether any are left.
    async fn try_unknown(&self) -> bool {
        let live = self.snapshot();
        let (found, down) = introspect(live.unknown_sources()).await;
        for source in found.keys() {
            tracing::info!(%source, "the source answers now");
        }
        self.take_over(&live, found).await;
        !down.is_empty()
    }

    fn rebuild(&self, live: &Arc<Snapshot>, introspected: Tables) {
        let snapshot = Snapshot::build(live.config.clone(), live.sources.clone(), introspected, Some(live));
        if snapshot.faults.has_errors() {
            // The file was accepted before, so what can be served is; the faulty keys are left out and reported.
            tracing::error!("some keys do not fit the databases and are left out:\n{}", snapshot.faults.render(false));
        }
        self.swap(snapshot);
    }

    /// Keeps the version up to date until the process ends.
    pub async fn keep_up(self: Arc<Self>) {
        let mut wait = FIRST_WAIT;
        let mut looked = Instant::now();
        loop {
            tokio::select! {
                () = self.outdated.notified() => {
                    tracing::info!("a statement met a changed table; the catalogs are read anew");
                    self.refresh(None).await;
                    // One change makes many statements fail; one refresh serves them all.
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                () = tokio::time::sleep(wait) => {
                    let some_unknown = self.snapshot().unknown_sources().next().is_some();
                    let left = some_unknown && self.try_unknown().await;
                    let down = if looked.elapsed() < IDLE {
                        self.ping(|source| source.state() == State::Down).await
                    } else {
                        looked = Instant::now();
                        self.look_after_sources().await
                    };
                    wait = if left || down { (wait * 2).min(LONGEST_WAIT) } else { FIRST_WAIT * 2 };
                }
            }
        }
    }

    /// Asks the sources that failed last time whether they are back, and those that nobody has asked since the last
    /// look whether they are still there. Gives whether any of them is not.
    pub async fn look_after_sources(&self) -> bool {
        let idle = |source: &OpenSource| {
            let sent = source.statements();
            self.sent.lock().insert(source.config.name.clone(), sent).is_none_or(|before| before == sent)
        };
        self.ping(|source| idle(source) || source.state() == State::Down).await
    }

    async fn ping(&self, wanted: impl Fn(&OpenSource) -> bool) -> bool {
        let live = self.snapshot();
        let known = live.sources.values().filter(|source| live.introspected.contains_key(&source.config.name));
        let pings = known.filter(|source| wanted(source)).map(|source| async move {
            let answer = source.adapter().ping().await;
            source.record(answer.as_ref().err());
            answer.is_err_and(|error| error.is_outage())
        });
        join_all(pings).await.contains(&true)
    }
}

/// Settings that differ and are only read at start.
fn needs_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    let mut settings = Vec::new();
    if old.server.listen != new.server.listen {
        settings.push("server.listen");
    }
    if old.limits.requests != new.limits.requests {
        settings.push("limits.requests");
    }
    settings
}
