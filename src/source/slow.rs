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
pub struct Slowest {
    /// Microseconds that a statement must take to be among them; 0 while there is room.
    bar: AtomicU64,
    /// When the oldest of them goes, in seconds since `began`: the bar holds until then.
    holds: AtomicU64,
    began: Instant,
    kept: Mutex<Vec<(Instant, Slow)>>,
}

impl Default for Slowest {
    fn default() -> Self {
        let (bar, holds) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { bar, holds, began: Instant::now(), kept: Mutex::default() }
    }
}

impl Slowest {
    /// Notes a statement that began at `started`. Most are not slow, and cost one comparison.
    pub fn note(&self, fetch: &Fetch, started: Instant, rows: usize) {
        let now = Instant::now();
        let took = now.duration_since(started);
        let holds = now.duration_since(self.began).as_secs() < self.holds.load(Ordering::Relaxed);
        if holds && micros(took) <= self.bar.load(Ordering::Relaxed) {
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
        kept.retain(|(at, _)| now.duration_since(*at) < KEPT);
        kept.push((now, slow));
        kept.sort_by_key(|(_, slow)| std::cmp::Reverse(slow.took));
        kept.truncate(MOST);
        let bar = kept.last().filter(|_| kept.len() == MOST).map_or(0, |(_, slow)| micros(slow.took));
        let oldest = kept.iter().map(|(at, _)| *at).min().unwrap_or(now);
        self.bar.store(bar, Ordering::Relaxed);
        self.holds.store((oldest + KEPT).duration_since(self.began).as_secs(), Ordering::Relaxed);
    }

    /// Those of the last hour, the slowest first.
    pub fn list(&self) -> Vec<Slow> {
        let mut kept = self.kept.lock();
        kept.retain(|(at, _)| at.elapsed() < KEPT);
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

    /// After an hour without anybody who looks, the bar of then means nothing.
    #[test]
    fn an_old_bar_holds_nobody_back() {
        let slowest = Slowest::default();
        let fetch = Fetch::all(TableName::new("t"), Vec::new(), 1, 1);
        let ago =
            |seconds: u64| Instant::now().checked_sub(Duration::from_secs(seconds)).expect("the clock runs for long");
        for _ in 0..MOST {
            slowest.note(&fetch, ago(50), 1);
        }
        slowest.note(&fetch, ago(3), 1);
        assert_eq!(slowest.list().len(), MOST);
        assert!(slowest.list().iter().all(|slow| slow.took.as_secs() == 50));
        // As if they had been noted long ago.
        slowest.kept.lock().iter_mut().for_each(|(at, _)| *at = ago(KEPT.as_secs() + 1));
        slowest.holds.store(0, Ordering::Relaxed);
        slowest.note(&fetch, ago(3), 1);
        let kept: Vec<u64> = slowest.list().iter().map(|slow| slow.took.as_secs()).collect();
        assert_eq!(kept, [3]);
    }

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
