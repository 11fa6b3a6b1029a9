//! The store (moka): bounded by bytes, evicting what is used least. Entries hold the rows of one key of one lane.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hashbrown::DefaultHashBuilder;
use smallvec::SmallVec;

use crate::cache::stamp::{Dependency, Stamps};
use crate::name::SourceName;
use crate::value::{Chunk, Key};

/// No version of a source's data.
const UNKNOWN: i64 = i64::MIN;
/// Fixed cost of an entry beside its rows, in bytes: the store's nodes, the lists of the chunk and of what it depends on.
/// Measured with 300,000 entries of one row, by the process's memory.
const OVERHEAD: usize = 560;

/// The rows of one key; no rows means that none exist.
#[derive(Debug)]
pub struct CacheEntry {
    /// The rows, in a chunk of their own.
    pub rows: Arc<Chunk>,
    /// The table's columns that the cells are.
    pub columns: Arc<[Option<u32>]>,
    /// The counter before the statement was sent.
    pub filled: u64,
    /// Beyond this moment it is not served.
    pub expires: Instant,
    /// What it depends on.
    pub dependencies: SmallVec<[Dependency; 4]>,
}

/// An answer of the cache.
pub enum Served {
    /// Valid.
    Hit(Arc<CacheEntry>),
    /// Remembered, but beyond its time; a source that is down may let it pass.
    Expired(Arc<CacheEntry>),
    /// Remembered, but something that it depends on has changed.
    Stale,
    /// Not remembered.
    Miss,
}

/// Remembered rows of all sources.
pub struct Cache {
    store: moka::sync::Cache<(u128, Key), Arc<CacheEntry>, DefaultHashBuilder>,
    stamps: Stamps,
    sources: HashMap<SourceName, SourceState>,
}

struct SourceState {
    floor: AtomicU64,
    data_version: AtomicI64,
}

/// What is remembered of one source.
pub struct Remembered<'a> {
    cache: &'a Cache,
    /// None of one that the cache does not know, of which nothing is served.
    source: Option<&'a SourceState>,
}

impl Remembered<'_> {
    /// What is remembered of a key, and whether it may be served.
    pub fn get(&self, lane: u128, key: &Key, now: Instant) -> Served {
        let Some(entry) = self.cache.store.get(&(lane, key.clone())) else {
            return Served::Miss;
        };
        if !self.stands(entry.filled, &entry.dependencies) {
            Served::Stale
        } else if now >= entry.expires {
            Served::Expired(entry)
        } else {
            Served::Hit(entry)
        }
    }

    /// Whether what was read at `filled` is still true, as far as is known.
    pub fn stands(&self, filled: u64, dependencies: &[Dependency]) -> bool {
        let Some(source) = self.source else { return false };
        let stamps = &self.cache.stamps;
        // No floor and no stamp is above the counter. As long as nothing is invalidated, the stamps, which are all over the
        // memory, are not looked at.
        filled >= stamps.now() || filled >= source.floor.load(Ordering::SeqCst) && stamps.stand(filled, dependencies)
    }
}

impl Cache {
    /// A cache of at most `max_bytes` for these sources.
    pub fn new(max_bytes: u64, sources: impl Iterator<Item = SourceName>) -> Self {
        let store = moka::sync::Cache::builder()
            .max_capacity(max_bytes)
            .weigher(|(_, key): &(u128, Key), entry: &Arc<CacheEntry>| {
                let size = key.as_bytes().len() + entry.rows.size() + OVERHEAD;
                u32::try_from(size).unwrap_or(u32::MAX)
            })
            .build_with_hasher(DefaultHashBuilder::default());
        let state = || SourceState { floor: AtomicU64::new(0), data_version: AtomicI64::new(UNKNOWN) };
        Self { store, stamps: Stamps::default(), sources: sources.map(|name| (name, state())).collect() }
    }

    /// The stamps, for fills and invalidations.
    pub fn stamps(&self) -> &Stamps {
        &self.stamps
    }

    /// What is remembered of a source.
    pub fn of(&self, source: &SourceName) -> Remembered<'_> {
        Remembered { cache: self, source: self.sources.get(source) }
    }

    /// Remembers the rows of a key.
    pub fn insert(&self, lane: u128, key: Key, entry: CacheEntry) {
        self.store.insert((lane, key), Arc::new(entry));
    }

    /// Nothing of this source that was filled before now is served any more.
    pub fn raise_floor(&self, source: &SourceName) {
        if let Some(state) = self.sources.get(source) {
            state.floor.fetch_max(self.stamps.advance(), Ordering::SeqCst);
        }
    }

    /// Notes the version number of a source's data; a new one raises the floor.
    pub fn note_version(&self, source: &SourceName, version: i64) {
        if let Some(state) = self.sources.get(source)
            && state.data_version.load(Ordering::SeqCst) != version
        {
            // The floor first: whoever sees the new version must not find old rows valid.
            self.raise_floor(source);
            state.data_version.store(version, Ordering::SeqCst);
        }
    }

    /// The version number of a source's data is not known: nothing of it is served until the next one is noted.
    pub fn forget_version(&self, source: &SourceName) {
        self.raise_floor(source);
        if let Some(state) = self.sources.get(source) {
            state.data_version.store(UNKNOWN, Ordering::SeqCst);
        }
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> u64 {
        self.store.weighted_size()
    }

    /// How long rows of a `ttl` from now may be served.
    pub fn expiry(ttl: Duration) -> Instant {
        Instant::now() + ttl
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{TableName, TableRef};
    use crate::value::ChunkBuilder;

    fn entry(cache: &Cache, dependency: Dependency, ttl: Duration) -> CacheEntry {
        CacheEntry {
            rows: Arc::new(ChunkBuilder::new(Arc::from([])).finish()),
            columns: Arc::from([]),
            filled: cache.stamps().now(),
            expires: Cache::expiry(ttl),
            dependencies: [dependency].into_iter().collect(),
        }
    }

    #[test]
    fn served_only_while_valid() {
        let source = SourceName::new("crm");
        let cache = Cache::new(1 << 20, std::iter::once(source.clone()));
        let table = TableRef { source: source.clone(), table: TableName::new("contact") };
        let (key, dependency) = (Key::single(b"a"), Dependency::table(&table));
        let get = |now| cache.of(&source).get(1, &key, now);
        let now = Instant::now();
        assert!(matches!(get(now), Served::Miss));
        cache.insert(1, key.clone(), entry(&cache, dependency, Duration::from_secs(60)));
        assert!(matches!(get(now), Served::Hit(_)));
        assert!(matches!(get(now + Duration::from_secs(61)), Served::Expired(_)));
        cache.stamps().invalidate(dependency);
        assert!(matches!(get(now), Served::Stale));
        cache.insert(1, key.clone(), entry(&cache, dependency, Duration::from_secs(60)));
        assert!(matches!(get(now), Served::Hit(_)));
        cache.note_version(&source, 1);
        assert!(matches!(get(now), Served::Stale));
        cache.insert(1, key.clone(), entry(&cache, dependency, Duration::from_secs(60)));
        cache.note_version(&source, 1);
        assert!(matches!(get(now), Served::Hit(_)));
        let before = cache.stamps().now();
        assert!(cache.of(&source).stands(before, &[dependency]));
        cache.forget_version(&source);
        assert!(!cache.of(&source).stands(before, &[dependency]), "a flight older than the floor is not joined");
    }

    /// A fill that was sent before an invalidation but stored after it is never served.
    #[test]
    fn a_slow_fill_is_refused() {
        let source = SourceName::new("crm");
        let cache = Cache::new(1 << 20, std::iter::once(source.clone()));
        let table = TableRef { source: source.clone(), table: TableName::new("contact") };
        let (key, dependency) = (Key::single(b"a"), Dependency::table(&table));
        let slow = entry(&cache, dependency, Duration::from_secs(60));
        cache.stamps().invalidate(dependency);
        cache.insert(1, key.clone(), slow);
        assert!(matches!(cache.of(&source).get(1, &key, Instant::now()), Served::Stale));
    }
}
