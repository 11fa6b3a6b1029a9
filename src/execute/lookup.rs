//! Cached, batched lookups: keys in, the rows of each key out.
//!
//! What is remembered and still valid needs no database. The rest goes over the lookup's lane, at most half of the
//! lane's statements for one request, so that a huge request leaves room for small ones. Keys that the far columns
//! cannot hold match nothing and are not sent.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Instant;

use futures_util::stream::{FuturesUnordered, StreamExt};
use xxhash_rust::xxh3::Xxh3;

use crate::cache::{Cache, CacheEntry, Dependency, Served};
use crate::config::OnUnavailable;
use crate::execute::context::Context;
use crate::execute::lane::{self, Landed, LaneSpec};
use crate::execute::rows::{Links, RowRef};
use crate::name::TableRef;
use crate::plan::{HopPlan, Step};
use crate::source::{OpenSource, SourceError};
use crate::telemetry::METRICS;
use crate::value::{Chunk, Key};

/// Flights that one request has under way on one lane.
const FLIGHTS_PER_REQUEST: usize = 2;
/// Lists longer than this are not remembered.
const MAX_REMEMBERED: usize = 1000;

/// The rows of a lookup: every far row once per key, and which rows each key has.
#[derive(Debug, Default)]
pub struct Looked {
    /// The rows.
    pub rows: Vec<RowRef>,
    /// Per key, positions in `rows`.
    pub links: Links,
    /// Some rows were served beyond their time, because the source is down.
    pub stale: bool,
}

/// Rows found for one key.
#[derive(Clone)]
struct Found {
    chunk: Arc<Chunk>,
    start: u32,
    len: u32,
}

/// Looks up the rows of each key.
pub async fn lookup(context: &Context<'_>, step: &Step, hop: &HopPlan, keys: &[Key]) -> Result<Looked, SourceError> {
    let source = context.source(&step.source)?;
    if hop.ranked {
        return ranked(source, step, hop, keys).await;
    }
    let mut found: Vec<Option<Found>> = vec![None; keys.len()];
    let mut missing: Vec<u32> = Vec::new();
    let mut expired: Vec<(u32, Arc<CacheEntry>)> = Vec::new();
    let remembering = Remembering::of(context, source, step, hop);
    match &remembering {
        Some(remembering) if !context.bypass_cache => {
            remembering.freshen(context, source).await?;
            remembering.recall(source, step, keys, &mut found, &mut missing, &mut expired);
        }
        _ => missing.extend(0..keys.len() as u32),
    }
    missing.retain(|at| lane::scalars(hop, &keys[*at as usize]).is_some());
    let mut stale = false;
    if !missing.is_empty() {
        match fly(context, source, step, hop, keys, &missing, remembering.as_ref(), &mut found).await {
            Ok(()) => {}
            Err(error)
                if error.is_outage()
                    && source.config.on_unavailable == OnUnavailable::Stale
                    && expired.len() == missing.len() =>
            {
                stale = true;
                for (at, entry) in expired {
                    found[at as usize] = project(&entry, step);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(flatten(found, hop, stale))
}

/// All keys in one statement, so that the rows' places are comparable across keys. Neither shared nor remembered.
async fn ranked(source: &Arc<OpenSource>, step: &Step, hop: &HopPlan, keys: &[Key]) -> Result<Looked, SourceError> {
    let asked: Vec<usize> = (0..keys.len()).filter(|at| lane::scalars(hop, &keys[*at]).is_some()).collect();
    if asked.is_empty() {
        return Ok(Looked { links: Links::empty(keys.len()), ..Looked::default() });
    }
    let sent: Vec<Key> = asked.iter().map(|at| keys[*at].clone()).collect();
    let chunk = lane::fetch_by(source, &step.fetch, hop, &sent, true).await?;
    let chunk = Arc::new(if hop.recheck { lane::recheck(chunk, &sent, hop) } else { chunk });
    let mut per_key: Vec<Vec<u32>> = vec![Vec::new(); keys.len()];
    for (row, ordinal) in chunk.ordinals().iter().enumerate() {
        per_key[asked[*ordinal as usize]].push(row as u32);
    }
    let mut links = Links::with_capacity(keys.len(), chunk.rows());
    for rows in per_key {
        let kept = if hop.unique || hop.first_only { rows.len().min(1) } else { rows.len() };
        rows[..kept].iter().for_each(|row| links.push(*row));
        links.end_row();
    }
    let rows = (0..chunk.rows() as u32).map(|row| RowRef { chunk: chunk.clone(), row }).collect();
    Ok(Looked { rows, links, stale: false })
}

#[allow(clippy::too_many_arguments)]
async fn fly(
    context: &Context<'_>,
    source: &Arc<OpenSource>,
    step: &Step,
    hop: &HopPlan,
    keys: &[Key],
    missing: &[u32],
    remembering: Option<&Remembering<'_>>,
    found: &mut [Option<Found>],
) -> Result<(), SourceError> {
    let batch = context.limits.keys_per_batch.min(source.adapter().keys_per_statement(&step.fetch));
    let lane = context.lanes.lane(lane_id(step, hop, true), || LaneSpec {
        source: source.clone(),
        fetch: step.fetch.clone(),
        hop: hop.clone(),
        batch,
    });
    let cache = context.cache.cloned();
    let sequence = move || cache.as_ref().map_or(0, |cache| cache.stamps().now());
    // A statement under way may be older than a write that this client has just seen done. Where rows are remembered
    // that is allowed within the ttl, and stamps tell of what we know; elsewhere only what is not sent yet is shared.
    let fresh = |filled: u64, key: &Key| {
        !context.bypass_cache && remembering.is_some_and(|remembering| remembering.stands(filled, key))
    };
    let mut chunks = missing.chunks(batch);
    let mut flying = FuturesUnordered::new();
    loop {
        while flying.len() < FLIGHTS_PER_REQUEST
            && let Some(part) = chunks.next()
        {
            let wanted: Vec<Key> = part.iter().map(|at| keys[*at as usize].clone()).collect();
            let tickets = lane.ask(context.lanes, &wanted, fresh, sequence.clone());
            let lane = lane.clone();
            let sequence = sequence.clone();
            flying.push(async move {
                let (seats, landed) = tickets.land().await;
                if landed.iter().any(|result| matches!(result, Err(SourceError::TooManyRows { .. }))) {
                    // Others' keys may be to blame: ask for ours alone.
                    let own = Arc::new(lane.alone(&wanted, sequence()).await?);
                    let seats = (0..wanted.len()).map(|at| (0, at as u32)).collect();
                    return Ok((part, seats, vec![own]));
                }
                let landed = landed.into_iter().collect::<Result<Vec<_>, _>>()?;
                Ok::<_, SourceError>((part, seats, landed))
            });
        }
        let Some(outcome) = flying.next().await else {
            return Ok(());
        };
        let (part, seats, landed): (&[u32], Vec<lane::Seat>, Vec<Arc<Landed>>) = outcome?;
        for (at, (flight, position)) in part.iter().zip(seats) {
            let landed = &landed[flight];
            let (start, len) = landed.ranges[position as usize];
            let rows = Found { chunk: landed.chunk.clone(), start, len };
            if let Some(remembering) = remembering {
                remembering.remember(step, &keys[*at as usize], &rows, landed.filled);
            }
            found[*at as usize] = Some(rows);
        }
    }
}

fn flatten(found: Vec<Option<Found>>, hop: &HopPlan, stale: bool) -> Looked {
    let total = found.iter().flatten().map(|rows| rows.len as usize).sum();
    let mut looked = Looked { rows: Vec::with_capacity(total), links: Links::with_capacity(found.len(), total), stale };
    for rows in found {
        if let Some(rows) = rows {
            let len = if hop.first_only { rows.len.min(1) } else { rows.len };
            for row in rows.start..rows.start + len {
                looked.links.push(looked.rows.len() as u32);
                looked.rows.push(RowRef { chunk: rows.chunk.clone(), row });
            }
        }
        looked.links.end_row();
    }
    looked
}

/// The identity of a lookup, with or without what it outputs. Never leaves this process.
fn lane_id(step: &Step, hop: &HopPlan, with_outputs: bool) -> u128 {
    let mut hasher = Xxh3::new();
    let fetch = &step.fetch;
    step.source.hash(&mut hasher);
    fetch.table.hash(&mut hasher);
    fetch.condition.hash(&mut hasher);
    fetch.order.hash(&mut hasher);
    (fetch.limit, fetch.offset).hash(&mut hasher);
    for (to, class) in hop.to.iter().zip(&hop.classes) {
        to.column.name.hash(&mut hasher);
        (&to.path, to.matching, class).hash(&mut hasher);
    }
    for (column, value) in &hop.when_to {
        (&column.name, value).hash(&mut hasher);
    }
    (hop.unique, hop.recheck, with_outputs).hash(&mut hasher);
    if with_outputs {
        step.columns.hash(&mut hasher);
    }
    hasher.digest128()
}

/// The cache, as one lookup uses it.
struct Remembering<'a> {
    cache: &'a Arc<Cache>,
    lane: u128,
    table: TableRef,
    names: Vec<&'a str>,
    ttl: std::time::Duration,
}

impl<'a> Remembering<'a> {
    fn of(context: &Context<'a>, source: &OpenSource, step: &Step, hop: &'a HopPlan) -> Option<Self> {
        let (cache, ttl) = (context.cache?, source.config.cache_ttl?);
        // A list that starts further on depends on rows that it does not hold.
        if step.fetch.offset > 0 || step.key_cells.is_empty() {
            return None;
        }
        let table = TableRef { source: step.source.clone(), table: step.fetch.table.clone() };
        Some(Self {
            cache,
            lane: lane_id(step, hop, false),
            table,
            names: hop.to.iter().map(|to| &*to.column.name).collect(),
            ttl,
        })
    }

    /// Looks whether other processes wrote, once a request and source, where the engine can tell.
    async fn freshen(&self, context: &Context<'_>, source: &Arc<OpenSource>) -> Result<(), SourceError> {
        let name = &source.config.name;
        if source.config.kind != crate::config::checked::SourceKind::Sqlite
            || !context.freshened.lock().insert(name.clone())
        {
            return Ok(());
        }
        match source.adapter().data_version().await {
            Ok(Some(version)) => self.cache.note_version(name, version),
            Ok(None) => {}
            // Its rows may not be served as fresh; the statement itself will tell what is wrong.
            Err(_) => self.cache.raise_floor(name),
        }
        Ok(())
    }

    fn recall(
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
        for (at, key) in keys.iter().enumerate() {
            match self.cache.get(&source.config.name, self.lane, key, now) {
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
        let label = source.label();
        METRICS.cache_hits.get_or_create(label).inc_by(hits);
        METRICS.cache_misses.get_or_create(label).inc_by(missing.len() as u64);
        METRICS.cache_refused_stale.get_or_create(label).inc_by(refused);
    }

    fn value_dependency(&self, key: &Key) -> Dependency {
        Dependency::value(&self.table, self.names.iter().copied(), key.as_bytes())
    }

    /// Whether a statement that was sent at `filled` still tells the truth about a key.
    fn stands(&self, filled: u64, key: &Key) -> bool {
        self.cache.stamps().stand(filled, &[self.value_dependency(key), Dependency::table(&self.table)])
    }

    fn remember(&self, step: &Step, key: &Key, rows: &Found, filled: u64) {
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
        self.cache.insert(self.lane, key.clone(), entry);
    }
}

/// The remembered rows in the step's layout; `None` where a wanted column is not remembered.
fn project(entry: &CacheEntry, step: &Step) -> Option<Found> {
    let whole = |chunk: Arc<Chunk>| Found { len: chunk.rows() as u32, chunk, start: 0 };
    if Arc::ptr_eq(&entry.columns, &step.columns) || entry.columns == step.columns {
        return Some(whole(entry.rows.clone()));
    }
    let cells: Option<Vec<usize>> =
        step.columns.iter().map(|column| entry.columns.iter().position(|known| known == column)).collect();
    Some(whole(Arc::new(entry.rows.projected(&cells?))))
}
