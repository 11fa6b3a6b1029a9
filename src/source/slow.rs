//! The slowest statements of late, for operators.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;

use crate::statement::Fetch;

/// How many are kept of a source.
const MOST: usize = 20;
/// For how long.
const KEPT: Duration = Duration::from_secs(3600);

/// A statement that took long.
#[derive(Clone, Debug)]
pub struct Slow {
    /// When it ended.
    pub at: SystemTime,
    /// Its table.
    pub table: String,
    /// How long it took.
    pub took: Duration,
    /// Rows that it gave.
    pub rows: usize,
    /// Keys that it asked for; 0 where it lists.
    pub keys: usize,
}

/// The slowest statements of a source.
#[derive(Default)]
pub struct Slowest {
    /// Microseconds that a statement must take to be among them; 0 while there is room.
    bar: AtomicU64,
    kept: Mutex<Vec<(Instant, Slow)>>,
}

impl Slowest {
    /// Notes a statement that began at `started`. Most are not slow, and cost one comparison.
    pub fn note(&self, fetch: &Fetch, started: Instant, rows: usize) {
        let took = started.elapsed();
        if micros(took) <= self.bar.load(Ordering::Relaxed) {
            return;
        }
        let slow = Slow {
            at: SystemTime::now(),
            table: fetch.table.to_string(),
            took,
            rows,
            keys: fetch.keys.as_ref().map_or(0, |keys| keys.keys.len()),
        };
        let mut kept = self.kept.lock();
        kept.retain(|(at, _)| at.elapsed() < KEPT);
        kept.push((Instant::now(), slow));
        kept.sort_by_key(|(_, slow)| std::cmp::Reverse(slow.took));
        kept.truncate(MOST);
        let full = kept.len() == MOST;
        let bar = kept.last().filter(|_| full).map_or(0, |(_, slow)| micros(slow.took));
        self.bar.store(bar, Ordering::Relaxed);
    }

    /// Those of the last hour, the slowest first.
    pub fn list(&self) -> Vec<Slow> {
        let mut kept = self.kept.lock();
        kept.retain(|(at, _)| at.elapsed() < KEPT);
        if kept.len() < MOST {
            self.bar.store(0, Ordering::Relaxed);
        }
        kept.iter().map(|(_, slow)| slow.clone()).collect()
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::TableName;

    #[test]
    fn the_slowest_are_kept() {
        let slowest = Slowest::default();
        let fetch = Fetch::all(TableName::new("t"), Vec::new(), 1, 1);
        let now = Instant::now();
        for second in 1..=30_u64 {
            let started = now.checked_sub(Duration::from_secs(second)).expect("the clock runs for long");
            slowest.note(&fetch, started, 1);
        }
        let kept: Vec<u64> = slowest.list().iter().map(|slow| slow.took.as_secs()).collect();
        assert_eq!(kept, (11..=30).rev().collect::<Vec<_>>());
    }
}
