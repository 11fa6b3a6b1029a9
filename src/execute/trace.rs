//! What each step of a plan has really cost, for those who ask.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// One step's account.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// Statements, or shares in the statements of several requests.
    pub statements: u64,
    /// Rows that came.
    pub rows: u64,
    /// Keys that were looked up.
    pub keys: u64,
    /// Keys that were answered from memory.
    pub remembered: u64,
    /// Time until the rows were there, all statements together.
    pub time: Duration,
}

/// The accounts of a request's steps; a step is known by its place in memory, where the plan keeps it.
#[derive(Debug, Default)]
pub struct Trace {
    steps: Mutex<HashMap<usize, Seen>>,
}

impl Trace {
    fn place<T>(step: &T) -> usize {
        std::ptr::from_ref(step) as usize
    }

    /// Adds to a step's account.
    pub fn add<T>(&self, step: &T, started: Instant, seen: Seen) {
        let mut steps = self.steps.lock();
        let account = steps.entry(Self::place(step)).or_default();
        account.statements += seen.statements;
        account.rows += seen.rows;
        account.keys += seen.keys;
        account.remembered += seen.remembered;
        account.time += started.elapsed();
    }

    /// A step's account.
    pub fn of<T>(&self, step: &T) -> Seen {
        self.steps.lock().get(&Self::place(step)).copied().unwrap_or_default()
    }
}
