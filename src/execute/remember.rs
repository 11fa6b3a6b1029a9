//! The cache, as one lookup uses it: what is recalled and what is remembered, per key.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cache::{Cache, CacheEntry, Dependency, Served};
use crate::config::checked::SourceKind;
use crate::execute::context::Context;
use crate::execute::rows::Found;
use crate::name::TableRef;
use crate::plan::{HopPlan, Step};
use crate::source::OpenSource;
use crate::value::Chunk;
use crate::value::Key;

/// Lists longer than this are not remembered.
const MAX_REMEMBERED: usize = 1000;

/// What is done about keys that are remembered to have no rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// They have none.
    Stays,
    /// They are asked again.
    AskedAgain,
}

/// The cache, as one lookup uses it.
pub struct Remembering<'a> {
    cache: &'a Arc<Cache>,
    /// The lookup's identity, whatever it outputs.
    lookup: u128,
    table: TableRef,
    names: Vec<&'a str>,
    ttl: Duration,
    absent: Absent,
}

impl<'a> Remembering<'a> {
    /// How this lookup is remembered, if it is.
    pub fn of(
        context: &Context<'a>,
        source: &OpenSource,
        step: &Step,
        hop: &'a HopPlan,
        lookup: u128,
        absent: Absent,
    ) -> Option<Self> {
        let (cache, ttl) = (context.cache?, source.config.cache_ttl?);
        // A list that starts further on depends on rows that it does not hold. What is remembered are columns of one table.
        if step.fetch.offset > 0
            || step.fetch.depends_on_others()
            || step.key_cells.is_empty()
            || step.columns.contains(&None)
        {
            return None;
        }
        let table = TableRef { source: step.source.clone(), table: step.fetch.table.clone() };
        Some(Self { cache, lookup, table, names: hop.to.iter().map(|to| &*to.column.name).collect(), ttl, absent })
    }

    /// Looks whether other processes wrote, once a request and source, where the engine can tell. All of the request's
    /// lookups wait for that look.
    pub async fn freshen(&self, context: &Context<'_>, source: &Arc<OpenSource>) {
        let name = &source.config.name;
        if source.config.kind != SourceKind::Sqlite {
            return;
        }
        let looked = context.freshened.lock().entry(name.clone()).or_default().clone();
        let look = async {
            match source.adapter().data_version().await {
                Ok(Some(version)) => self.cache.note_version(name, version),
                Ok(None) => {}
                Err(error) => {
                    // Its rows may not be served as fresh; the statement itself will tell what is wrong.
                    tracing::warn!(source = %name, cause = error.cause().unwrap_or_default(), "no data version");
                    self.cache.forget_version(name);
                }
            }
        };
        looked.get_or_init(|| look).await;
    }

    /// What is remembered of these keys and may be served; the positions of the others.
    pub fn recall(
        &self,
        source: &OpenSource,
        step: &Step,
        keys: &[Key],
        found: &mut [Option<Found>],
        missing: &mut Vec<u32>,
        expired: &mut Vec<(u32, Arc<CacheEntry>)>,
    ) {
        let now = Instant::now();
        let (mut hits, mut refused) = (0, 0);
        let remembered = self.cache.of(&source.config.name);
        for (at, key) in keys.iter().enumerate() {
            match remembered.get(self.lookup, key, now) {
                Served::Hit(entry) if entry.rows.rows() == 0 && self.absent == Absent::AskedAgain => {}
                Served::Hit(entry) => {
                    if let Some(rows) = project(&entry, step) {
                        found[at] = Some(rows);
                        hits += 1;
                        continue;
                    }
                }
                Served::Expired(entry) if project(&entry, step).is_some() => expired.push((at as u32, entry)),
                Served::Expired(_) | Served::Miss => {}
                Served::Stale => refused += 1,
            }
            missing.push(at as u32);
        }
        source.count_recalled(hits, missing.len() as u64, refused);
    }

    fn value_dependency(&self, key: &Key) -> Dependency {
        Dependency::value(&self.table, self.names.iter().copied(), key.as_bytes())
    }

    /// Whether a statement that was sent at `filled` still tells the truth about a key.
    pub fn stands(&self, filled: u64, key: &Key) -> bool {
        let dependencies = [self.value_dependency(key), Dependency::table(&self.table)];
        self.cache.of(&self.table.source).stands(filled, &dependencies)
    }

    /// Remembers the rows of a key.
    pub fn remember(&self, step: &Step, key: &Key, rows: &Found, filled: u64) {
        if rows.len as usize > MAX_REMEMBERED {
            return;
        }
        let mut dependencies = smallvec::smallvec![self.value_dependency(key), Dependency::table(&self.table)];
        for row in rows.start..rows.start + rows.len {
            let cells = step.key_cells.iter().map(|cell| rows.chunk.cell(row as usize, *cell));
            dependencies.push(Dependency::row(&self.table, cells));
        }
        let entry = CacheEntry {
            rows: rows.chunk.slice(rows.start as usize, rows.len as usize),
            columns: step.columns.clone(),
            filled,
            expires: Cache::expiry(self.ttl),
            dependencies,
        };
        self.cache.insert(self.lookup, key.clone(), entry);
    }
}

/// The remembered rows in the step's layout; `None` where a wanted column is not remembered.
pub fn project(entry: &CacheEntry, step: &Step) -> Option<Found> {
    let whole = |chunk: Arc<Chunk>| Found { len: chunk.rows() as u32, chunk, start: 0 };
    if Arc::ptr_eq(&entry.columns, &step.columns) || entry.columns == step.columns {
        return Some(whole(entry.rows.clone()));
    }
    let cells: Option<Vec<usize>> =
        step.columns.iter().map(|column| entry.columns.iter().position(|known| known == column)).collect();
    Some(whole(Arc::new(entry.rows.projected(&cells?))))
}
