//! One version: the configuration, the catalog built from it, and the open sources. Requests in flight keep theirs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use futures_util::future::join_all;
use indexmap::IndexMap;

use crate::cache::Cache;
use crate::catalog::{self, Catalog, Table};
use crate::config::{Config, Fault, Faults, Severity};
use crate::execute::Lanes;
use crate::name::SourceName;
use crate::source::adapter::{INTROSPECTION_TIME, SourceError};
use crate::source::{OpenSource, State, registry};

/// Per source, its tables.
pub type Tables = IndexMap<SourceName, Vec<Table>>;

/// One version.
pub struct Snapshot {
    /// No two versions of this process have the same number.
    pub number: u64,
    /// The configuration.
    pub config: Config,
    /// Tables and relationships.
    pub catalog: Catalog,
    /// The open sources.
    pub sources: IndexMap<SourceName, Arc<OpenSource>>,
    /// Remembered rows; `None` where the cache is off.
    pub cache: Option<Arc<Cache>>,
    /// Lookups under way.
    pub lanes: Arc<Lanes>,
    /// What the databases told of their tables; a source that could not be read is absent.
    pub introspected: Tables,
    /// Warnings, and faults of keys that had to be left out.
    pub faults: Faults,
    /// Which entries of the key files declare which keys (`engine/declared.rs`); made when it is first asked for.
    pub(super) declared: OnceLock<HashMap<u64, usize>>,
}

/// Opens a source's adapter for every entry of the configuration, keeping those of `previous` that did not change. Gives
/// the faults of those that cannot be opened.
fn open_sources(config: &Config, previous: Option<&Snapshot>) -> (IndexMap<SourceName, Arc<OpenSource>>, Vec<Fault>) {
    let mut sources = IndexMap::new();
    let mut faults = Vec::new();
    for (name, source) in &config.sources {
        if let Some(open) =
            previous.and_then(|previous| previous.sources.get(name)).filter(|open| open.config == *source)
        {
            sources.insert(name.clone(), open.clone());
            continue;
        }
        match registry::open(source) {
            Ok(adapter) => {
                sources.insert(name.clone(), Arc::new(OpenSource::new(source.clone(), adapter)));
            }
            Err(reason) => faults.push(Fault {
                severity: Severity::Error,
                place: config.url_places.get(name).cloned(),
                message: format!("the url of `{name}` cannot be used: {reason}"),
                hint: None,
            }),
        }
    }
    (sources, faults)
}

/// Reads the catalogs of these sources at the same time. Gives what was read, and who did not answer, with the cause.
pub async fn introspect<'a>(sources: impl Iterator<Item = &'a Arc<OpenSource>>) -> (Tables, Vec<(SourceName, String)>) {
    let reads = sources.map(|source| async move {
        let patience = INTROSPECTION_TIME + source.config.connect_timeout;
        // In a task of its own: whoever asked may leave, and a driver is never left half way.
        let reading = source.clone();
        let read = tokio::spawn(async move { reading.adapter().introspect().await });
        let read = tokio::time::timeout(patience, read).await;
        let read =
            read.map(|joined| joined.unwrap_or_else(|panic| Err(SourceError::unavailable(&source.config.name, panic))));
        let result = match read {
            Ok(Ok(tables)) => {
                source.record(None);
                Ok(tables)
            }
            Ok(Err(error)) => {
                source.record(Some(&error));
                Err(error.cause().unwrap_or_default().to_owned())
            }
            Err(_) => Err("reading the catalog took too long".to_owned()),
        };
        (source.config.name.clone(), result)
    });
    let (mut tables, mut down) = (IndexMap::new(), Vec::new());
    for (name, result) in join_all(reads).await {
        match result {
            Ok(found) => {
                tables.insert(name, found);
            }
            Err(cause) => down.push((name, cause)),
        }
    }
    (tables, down)
}

impl Snapshot {
    /// Opens everything. Sources that do not answer are left for later, and told with the cause; faults of the file are
    /// in `faults`.
    pub async fn open(config: Config, previous: Option<&Snapshot>) -> (Snapshot, Vec<(SourceName, String)>) {
        let (sources, faulty) = open_sources(&config, previous);
        let (mut introspected, mut down) = introspect(sources.values()).await;
        // What a source told before still holds while it is down.
        down.retain(|(name, _)| {
            let unchanged = previous
                .filter(|previous| previous.sources.get(name).is_some_and(|open| open.config == config.sources[name]));
            match unchanged.and_then(|previous| previous.introspected.get(name)) {
                Some(tables) => {
                    introspected.insert(name.clone(), tables.clone());
                    false
                }
                None => true,
            }
        });
        let mut snapshot = Snapshot::build(config, sources, introspected, previous);
        snapshot.faults.list.extend(faulty);
        (snapshot, down)
    }

    /// Builds the catalog over open sources. What is remembered and under way is kept from `previous` where neither the
    /// sources nor their tables have changed; it does not depend on the keys.
    pub fn build(
        config: Config,
        sources: IndexMap<SourceName, Arc<OpenSource>>,
        introspected: Tables,
        previous: Option<&Snapshot>,
    ) -> Snapshot {
        let (catalog, faults) = catalog::build(&config, &introspected);
        let same = |previous: &&Snapshot| {
            previous.introspected == introspected
                && previous.config.cache_bytes == config.cache_bytes
                && previous.sources.len() == sources.len()
                && previous.sources.iter().all(|(name, old)| sources.get(name).is_some_and(|new| Arc::ptr_eq(old, new)))
        };
        let (cache, lanes) = match previous.filter(same) {
            Some(previous) => (previous.cache.clone(), previous.lanes.clone()),
            None => {
                let cache = || Arc::new(Cache::new(config.cache_bytes, config.sources.keys().cloned()));
                ((config.cache_bytes > 0).then(cache), Arc::default())
            }
        };
        let faults = Faults { files: config.files.clone(), list: faults };
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let declared = OnceLock::new();
        Snapshot { number, config, catalog, sources, cache, lanes, introspected, faults, declared }
    }

    /// Whether both versions have the same open source of this name.
    pub fn shares(&self, other: &Snapshot, name: &SourceName) -> bool {
        let both = self.sources.get(name).zip(other.sources.get(name));
        both.is_some_and(|(ours, theirs)| Arc::ptr_eq(ours, theirs))
    }

    /// Whether a source answers: `up`, `down`, or `unknown` while its tables could not be read.
    pub fn standing(&self, name: &SourceName) -> &'static str {
        let state = self.sources.get(name).map(|source| source.state());
        match (self.introspected.contains_key(name), state) {
            (false, _) => "unknown",
            (true, Some(State::Up)) => "up",
            (true, _) => "down",
        }
    }

    /// Sources whose tables are not known yet.
    pub fn unknown_sources(&self) -> impl Iterator<Item = &Arc<OpenSource>> {
        self.sources.values().filter(|source| !self.introspected.contains_key(&source.config.name))
    }
}
