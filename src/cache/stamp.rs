//! Validity of remembered rows, by one counter and a table of stamps.
//!
//! ```text
//! invalidate(d)   s = sequence + 1;  stamps[d] = max(stamps[d], s)
//! fill            r = sequence, read before the statement is sent;  the entry keeps r and its dependencies
//! serve           r >= floor of its source  and  r >= stamps[d] for every dependency d
//! ```
//! No step takes a lock and their order does not matter: a slow fill may be stored after an invalidation, but it is
//! never served. Two dependencies may share a stamp; that only costs a miss.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use xxhash_rust::xxh3::Xxh3;

use crate::name::TableRef;

const STAMPS: usize = 1 << 20;

/// What an entry depends on: a hash, which leads to a stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dependency(u64);

impl Dependency {
    /// One row, by its primary key's cells.
    pub fn row<'a>(table: &TableRef, key: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut hasher = start(table, 1);
        key.for_each(|cell| cell.hash(&mut hasher));
        Self::of(&hasher)
    }

    /// All rows that hold a value in these columns.
    pub fn value<'a>(table: &TableRef, columns: impl Iterator<Item = &'a str>, value: &[u8]) -> Self {
        let mut hasher = start(table, 2);
        columns.for_each(|column| column.hash(&mut hasher));
        value.hash(&mut hasher);
        Self::of(&hasher)
    }

    /// The table as a whole.
    pub fn table(table: &TableRef) -> Self {
        Self::of(&start(table, 3))
    }

    fn of(hasher: &Xxh3) -> Self {
        Self(hasher.finish())
    }
}

fn start(table: &TableRef, kind: u8) -> Xxh3 {
    let mut hasher = Xxh3::new();
    kind.hash(&mut hasher);
    table.hash(&mut hasher);
    hasher
}

/// The counter and the stamps of one process.
pub struct Stamps {
    sequence: AtomicU64,
    stamps: Box<[AtomicU64]>,
}

impl Default for Stamps {
    fn default() -> Self {
        Self::with_stamps(STAMPS)
    }
}

impl Stamps {
    /// A table of this many stamps.
    pub fn with_stamps(stamps: usize) -> Self {
        Self { sequence: AtomicU64::new(1), stamps: (0..stamps).map(|_| AtomicU64::new(0)).collect() }
    }

    fn stamp(&self, dependency: Dependency) -> &AtomicU64 {
        &self.stamps[(dependency.0 % self.stamps.len() as u64) as usize]
    }

    /// The counter, to be read before a statement is sent.
    pub fn now(&self) -> u64 {
        self.sequence.load(Ordering::SeqCst)
    }

    /// A number above every earlier fill's.
    pub fn advance(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Nothing that depends on this and was filled before now is served any more.
    pub fn invalidate(&self, dependency: Dependency) {
        let stamp = self.advance();
        self.stamp(dependency).fetch_max(stamp, Ordering::SeqCst);
    }

    /// Whether all dependencies still stand as they were at `filled`.
    pub fn stand(&self, filled: u64, dependencies: &[Dependency]) -> bool {
        dependencies.iter().all(|dependency| filled >= self.stamp(*dependency).load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{SourceName, TableName};
    use proptest::prelude::*;

    fn table() -> TableRef {
        TableRef { source: SourceName::new("crm"), table: TableName::new("contact") }
    }

    proptest! {
        /// Fills and invalidations in any order: an entry is served exactly when nothing that it depends on was
        /// invalidated after its number was drawn.
        #[test]
        fn nothing_invalidated_is_served(events in proptest::collection::vec((0u8..2, 0u8..4), 1..60)) {
            let stamps = Stamps::with_stamps(1 << 16);
            let of = |value: u8| Dependency::value(&table(), ["email"].into_iter(), &[value]);
            let mut fills: Vec<(u64, u8, bool)> = Vec::new();
            for (kind, value) in events {
                if kind == 0 {
                    fills.push((stamps.now(), value, true));
                } else {
                    stamps.invalidate(of(value));
                    fills.iter_mut().filter(|fill| fill.1 == value).for_each(|fill| fill.2 = false);
                }
                for (filled, value, expected) in &fills {
                    prop_assert_eq!(stamps.stand(*filled, &[of(*value)]), *expected);
                }
            }
        }
    }
}
