//! An audit that runs beside the requests: one at a time, its progress and its results for whoever asks.

use std::sync::Arc;
use std::time::SystemTime;

use indexmap::IndexMap;
use parking_lot::Mutex;

use crate::engine::audit::{KeyReport, Progress};
use crate::engine::pipeline::Engine;

/// How far an audit is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// There was none yet.
    #[default]
    Never,
    /// It runs.
    Running,
    /// All keys were looked at.
    Done,
    /// It was stopped.
    Stopped,
}

/// The audit that runs, or the last one.
#[derive(Default)]
pub struct Audits {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    standing: Standing,
    task: Option<tokio::task::AbortHandle>,
    /// Which audit it is: one that was stopped says no more of itself.
    number: u64,
}

impl Inner {
    fn end(&mut self, state: State) {
        self.standing.state = state;
        self.standing.finished = Some(SystemTime::now());
        self.standing.current = None;
    }
}

/// The key under way.
#[derive(Clone, Debug)]
pub struct Current {
    /// Its name.
    pub key: String,
    /// Rows that were read.
    pub rows: u64,
    /// How many there are, about.
    pub expected: Option<u64>,
}

/// How it stands at a moment.
#[derive(Clone, Default)]
pub struct Standing {
    /// How far it is.
    pub state: State,
    /// When it began.
    pub started: Option<SystemTime>,
    /// When it ended.
    pub finished: Option<SystemTime>,
    /// Keys that are done.
    pub done: usize,
    /// Keys in all.
    pub total: usize,
    /// The key under way.
    pub current: Option<Current>,
    /// What was found, by the keys' ids; what earlier audits found stays until it is looked at again.
    pub reports: IndexMap<u64, Arc<KeyReport>>,
}

impl Audits {
    /// How it stands.
    pub fn standing(&self) -> Standing {
        self.inner.lock().standing.clone()
    }

    /// Begins an audit of all keys, or of one by its id. False: one runs already, or there is no such key.
    pub fn begin(&self, engine: &Arc<Engine>, only: Option<u64>) -> bool {
        let live = engine.snapshot();
        let keys: Vec<_> =
            live.catalog.keys.iter().filter(|key| only.is_none_or(|only| key.id == only)).cloned().collect();
        let mut inner = self.inner.lock();
        if inner.standing.state == State::Running || (keys.is_empty() && only.is_some()) {
            return false;
        }
        // Keys that are no more have no results.
        let mut reports = std::mem::take(&mut inner.standing.reports);
        reports.retain(|id, _| live.catalog.keys.iter().any(|key| key.id == *id));
        let (state, started, total) = (State::Running, Some(SystemTime::now()), keys.len());
        inner.standing = Standing { state, started, total, reports, ..Standing::default() };
        inner.number += 1;
        let engine = engine.clone();
        let mut watch = Watch { inner: self.inner.clone(), number: inner.number };
        let task = tokio::spawn(async move {
            for key in keys {
                let report = engine.audit_key(&live, &key, None, &mut watch).await;
                watch.tell(|inner| {
                    inner.standing.reports.insert(key.id, Arc::new(report));
                    inner.standing.done += 1;
                });
            }
            watch.tell(|inner| inner.end(State::Done));
        });
        inner.task = Some(task.abort_handle());
        true
    }

    /// Stops it, where one runs.
    pub fn stop(&self) {
        let mut inner = self.inner.lock();
        if inner.standing.state == State::Running {
            inner.number += 1;
            inner.end(State::Stopped);
            if let Some(task) = &inner.task {
                task.abort();
            }
        }
    }
}

/// One audit's hold on what is told of it.
struct Watch {
    inner: Arc<Mutex<Inner>>,
    number: u64,
}

impl Watch {
    fn tell(&self, what: impl FnOnce(&mut Inner)) {
        let mut inner = self.inner.lock();
        if inner.number == self.number && inner.standing.state == State::Running {
            what(&mut inner);
        }
    }
}

/// However it ends, a panic too, it does not run any more.
impl Drop for Watch {
    fn drop(&mut self) {
        self.tell(|inner| inner.end(State::Stopped));
    }
}

impl Progress for Watch {
    fn begin(&mut self, key: &str, rows: Option<u64>) {
        let current = Current { key: key.to_owned(), rows: 0, expected: rows };
        self.tell(|inner| inner.standing.current = Some(current));
    }

    fn advance(&mut self, rows: u64) {
        self.tell(|inner| {
            if let Some(current) = &mut inner.standing.current {
                current.rows += rows;
            }
        });
    }
}
