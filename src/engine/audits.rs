//! An audit that runs beside the requests: one at a time, its progress and its results for whoever asks.

use std::sync::Arc;
use std::time::SystemTime;

use indexmap::IndexMap;
use parking_lot::Mutex;

use crate::engine::audit::{KeyReport, Progress, key_name};
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
    state: State,
    started: Option<SystemTime>,
    finished: Option<SystemTime>,
    /// Keys that are done, and all.
    done: usize,
    total: usize,
    current: Option<Current>,
    /// By the keys' ids; those of earlier audits stay until they are looked at again.
    reports: IndexMap<u64, Arc<KeyReport>>,
    task: Option<tokio::task::AbortHandle>,
    /// Which audit it is: one that was stopped says no more of itself.
    number: u64,
}

impl Inner {
    fn end(&mut self, state: State) {
        self.state = state;
        self.finished = Some(SystemTime::now());
        self.current = None;
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
    /// What was found, by the keys' ids.
    pub reports: Vec<(u64, Arc<KeyReport>)>,
}

impl Audits {
    /// How it stands.
    pub fn standing(&self) -> Standing {
        let inner = self.inner.lock();
        Standing {
            state: inner.state,
            started: inner.started,
            finished: inner.finished,
            done: inner.done,
            total: inner.total,
            current: inner.current.clone(),
            reports: inner.reports.iter().map(|(id, report)| (*id, report.clone())).collect(),
        }
    }

    /// Begins an audit of all keys, or of one by its id. False: one runs already, or there is no such key.
    pub fn begin(&self, engine: &Arc<Engine>, only: Option<u64>) -> bool {
        let live = engine.snapshot();
        let keys: Vec<_> =
            live.catalog.keys.iter().filter(|key| only.is_none_or(|only| key.id == only)).cloned().collect();
        let mut inner = self.inner.lock();
        if inner.state == State::Running || (keys.is_empty() && only.is_some()) {
            return false;
        }
        // Keys that are no more have no results.
        inner.reports.retain(|id, _| live.catalog.keys.iter().any(|key| key.id == *id));
        inner.state = State::Running;
        (inner.started, inner.finished) = (Some(SystemTime::now()), None);
        (inner.done, inner.total, inner.current) = (0, keys.len(), None);
        inner.number += 1;
        let engine = engine.clone();
        let mut watch = Watch { inner: self.inner.clone(), number: inner.number };
        let task = tokio::spawn(async move {
            for key in keys {
                watch.begin(&key_name(&live, &key), None);
                let report = engine.audit_key(&live, &key, None, &mut watch).await;
                watch.tell(|inner| {
                    inner.reports.insert(key.id, Arc::new(report));
                    inner.done += 1;
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
        if inner.state == State::Running {
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
        if inner.number == self.number && inner.state == State::Running {
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
        self.tell(|inner| inner.current = Some(current));
    }

    fn advance(&mut self, rows: u64) {
        self.tell(|inner| {
            if let Some(current) = &mut inner.current {
                current.rows += rows;
            }
        });
    }
}
