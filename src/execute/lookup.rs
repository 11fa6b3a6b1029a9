//! Cached, batched lookups: keys in, the rows of each key out.
//!
//! What is remembered and still valid needs no database. The rest goes over the lookup's lane, at most half of the
//! lane's statements for one request. Keys that the far columns cannot hold match nothing and are not sent. Rows count
//! against the request's budget as they come.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::cache::CacheEntry;
use crate::config::OnUnavailable;
use crate::execute::context::Context;
use crate::execute::error::ExecuteError;
use crate::execute::fetch::{by_keys, fits, recheck};
use crate::execute::lane::{Asked, Asker, Landed, Lane, Place};
use crate::execute::remember::{Absent, Remembering, project};
use crate::execute::rows::{Found, Links, RowRef};
use crate::execute::trace::Seen;
use crate::plan::{HopPlan, Step};
use crate::source::{OpenSource, SourceError};
use crate::value::Key;

/// Statements of one lane that one request waits for at a time.
const FLIGHTS_PER_REQUEST: usize = 2;

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

/// Looks up the rows of each key.
pub async fn lookup(
    context: &Context<'_>,
    step: &Step,
    hop: &HopPlan,
    keys: &[Key],
    absent: Absent,
) -> Result<Looked, ExecuteError> {
    let source = context.source(&step.source)?;
    let started = Instant::now();
    if hop.ranked {
        return ranked(context, source, step, hop, keys).await;
    }
    let [lane, identity] = *step.lookup.get_or_init(|| identities(step, hop));
    let mut found: Vec<Option<Found>> = vec![None; keys.len()];
    let mut missing: Vec<u32> = Vec::new();
    let mut expired: Vec<(u32, Arc<CacheEntry>)> = Vec::new();
    let remembering = Remembering::of(context, source, step, hop, identity, absent);
    match &remembering {
        Some(remembering) if !context.bypass_cache => {
            remembering.freshen(context, source).await;
            remembering.recall(source, step, keys, &mut found, &mut missing, &mut expired);
            for rows in found.iter().flatten() {
                context.budget.spend(rows.len as usize, 0)?;
            }
        }
        _ => missing.extend(0..keys.len() as u32),
    }
    let remembered = found.iter().flatten().count() as u64;
    missing.retain(|at| fits(hop, &keys[*at as usize]));
    let mut stale = false;
    if !missing.is_empty() {
        let asking = Asking { context, source, step, hop, lane, remembering: remembering.as_ref() };
        match asking.fly(keys, &missing, &mut found).await {
            Ok(()) => {}
            Err(ExecuteError::Source(error))
                if error.is_outage()
                    && context.may_be_partial
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
    let looked = flatten(found, hop, stale);
    if let Some(trace) = context.trace {
        let (rows, keys) = (looked.rows.len() as u64, keys.len() as u64);
        let statements =
            if missing.is_empty() { 0 } else { (missing.len() as u64).div_ceil(batch_of(context, source, step, hop)) };
        trace.add(step, started, Seen { statements, rows, keys, remembered, time: Duration::ZERO });
    }
    Ok(looked)
}

/// All keys in one statement, so that the rows' places are comparable across keys. Neither shared nor remembered.
async fn ranked(
    context: &Context<'_>,
    source: &Arc<OpenSource>,
    step: &Step,
    hop: &HopPlan,
    keys: &[Key],
) -> Result<Looked, ExecuteError> {
    let asked: Vec<usize> = (0..keys.len()).filter(|at| fits(hop, &keys[*at])).collect();
    if asked.is_empty() {
        return Ok(Looked { links: Links::empty(keys.len()), ..Looked::default() });
    }
    let sent: Vec<Key> = asked.iter().map(|at| keys[*at].clone()).collect();
    let started = Instant::now();
    let chunk = source.fetch(Arc::new(by_keys(&step.fetch, hop, &sent, true))).await?;
    context.note_rows(step, started, chunk.rows());
    context.budget.spend(chunk.rows(), chunk.size())?;
    let chunk = recheck(Arc::new(chunk), &sent, hop);
    let most = if hop.unique || hop.first_only { 1 } else { usize::MAX };
    let links = Links::grouped(keys.len(), chunk.ordinals().iter().map(|ordinal| asked[*ordinal as usize]), most);
    let rows = RowRef::all(&chunk).collect();
    Ok(Looked { rows, links, stale: false })
}

/// What one lookup asks, of what is not remembered.
struct Asking<'a> {
    context: &'a Context<'a>,
    source: &'a Arc<OpenSource>,
    step: &'a Step,
    hop: &'a HopPlan,
    lane: u128,
    remembering: Option<&'a Remembering<'a>>,
}

impl Asking<'_> {
    async fn fly(&self, keys: &[Key], missing: &[u32], found: &mut [Option<Found>]) -> Result<(), ExecuteError> {
        let Asking { context, source, step, hop, remembering, .. } = *self;
        let batch = batch_of(context, source, step, hop) as usize;
        let lane = context.lanes.lane(self.lane, source, &step.fetch, hop, batch);
        let cache = context.cache.cloned();
        let sequence = move || cache.as_ref().map_or(0, |cache| cache.stamps().now());
        // A statement under way may be older than a write that this client has just seen done. Where rows are
        // remembered that is allowed within the ttl, and stamps tell of what we know; elsewhere only what is not sent
        // yet is shared.
        let fresh = remembering
            .filter(|_| !context.bypass_cache)
            .map(|remembering| move |filled: u64, key: &Key| remembering.stands(filled, key));
        let mut left = missing;
        let mut ask = || {
            let next = &left[..left.len().min(batch)];
            let mut wanted: Vec<Key> = next.iter().map(|at| keys[*at as usize].clone()).collect();
            let asker = Asker { request: context.number, fresh, sequence: sequence.clone() };
            let asked = lane.ask(context.lanes, &wanted, asker);
            let part = &next[..asked.places.len()];
            wanted.truncate(part.len());
            left = &left[part.len()..];
            (arrived(&lane, asked, part, wanted, sequence.clone()), left.is_empty())
        };
        let (first, is_all) = ask();
        if is_all {
            return self.take(keys, first.await?, found);
        }
        let mut flying = FuturesUnordered::from_iter([first]);
        let mut is_all = false;
        loop {
            while flying.len() < FLIGHTS_PER_REQUEST && !is_all {
                let next;
                (next, is_all) = ask();
                flying.push(next);
            }
            match flying.next().await {
                Some(arrived) => self.take(keys, arrived?, found)?,
                None => return Ok(()),
            }
        }
    }

    /// Notes the rows of the keys that have arrived.
    fn take(&self, keys: &[Key], arrived: Arrived<'_>, found: &mut [Option<Found>]) -> Result<(), ExecuteError> {
        let (part, places, landed) = arrived;
        for (at, (flight, position)) in part.iter().zip(places) {
            let landed = &landed[flight];
            let (start, len) = landed.ranges[position as usize];
            self.context.budget.spend(len as usize, landed.chunk.bytes_of(start, len))?;
            let rows = Found { chunk: landed.chunk.clone(), start, len };
            if let Some(remembering) = self.remembering.filter(|_| self.context.remembers) {
                remembering.remember(self.step, &keys[*at as usize], &rows, landed.filled);
            }
            found[*at as usize] = Some(rows);
        }
        Ok(())
    }
}

/// Some of a lookup's keys, by position, where each one's rows are, and the statements that brought them.
type Arrived<'a> = (&'a [u32], Vec<Place>, Vec<Arc<Landed>>);

/// Waits for what was asked.
async fn arrived<'a>(
    lane: &Lane,
    asked: Asked,
    part: &'a [u32],
    wanted: Vec<Key>,
    sequence: impl Fn() -> u64,
) -> Result<Arrived<'a>, SourceError> {
    let (places, landed) = asked.land().await;
    if landed.iter().any(|result| matches!(result, Err(error) if error.is_too_much())) {
        // Others' keys may be to blame: ask for ours alone.
        let own = Arc::new(lane.alone(&wanted, sequence()).await?);
        return Ok((part, (0..wanted.len()).map(|at| (0, at as u32)).collect(), vec![own]));
    }
    Ok((part, places, landed.into_iter().collect::<Result<Vec<_>, _>>()?))
}

/// Keys of one statement.
fn batch_of(context: &Context<'_>, source: &OpenSource, step: &Step, hop: &HopPlan) -> u64 {
    let limit = context.limits.keys_per_batch;
    if step.fetch.limit.is_none() && step.fetch.offset == 0 {
        return limit as u64;
    }
    let form = by_keys(&step.fetch, hop, &[], false);
    limit.min(source.adapter().keys_per_statement(&form)) as u64
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

/// The identities of a lookup: those who ask the same, outputs included, share statements; those who look up the same share
/// what is remembered. They never leave this process, and nobody outside can build two that are equal.
fn identities(step: &Step, hop: &HopPlan) -> [u128; 2] {
    static SEEDS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::new(), RandomState::new()]);
    let [mut a, mut b] = [SEEDS[0].build_hasher(), SEEDS[1].build_hasher()];
    both(&mut a, &mut b, |hasher| hash_lookup(hasher, step, hop));
    let lookup = joined(&a, &b);
    both(&mut a, &mut b, |hasher| {
        step.columns.hash(hasher);
        // What is no column is told apart by what it is.
        let others = step.fetch.outputs.iter().zip(&*step.columns).filter(|(_, column)| column.is_none());
        others.for_each(|(output, _)| output.hash(hasher));
    });
    [joined(&a, &b), lookup]
}

type Sip = <RandomState as BuildHasher>::Hasher;

fn both(a: &mut Sip, b: &mut Sip, feed: impl Fn(&mut Sip)) {
    feed(a);
    feed(b);
}

fn joined(a: &Sip, b: &Sip) -> u128 {
    u128::from(a.finish()) << 64 | u128::from(b.finish())
}

fn hash_lookup(hasher: &mut Sip, step: &Step, hop: &HopPlan) {
    let fetch = &step.fetch;
    step.source.hash(hasher);
    fetch.table.hash(hasher);
    fetch.condition.hash(hasher);
    fetch.order.hash(hasher);
    (fetch.limit, fetch.offset).hash(hasher);
    for (to, class) in hop.to.iter().zip(&hop.classes) {
        to.column.name.hash(hasher);
        (&to.path, to.matching, class).hash(hasher);
    }
    for (column, value) in &hop.when_to {
        (&column.name, value).hash(hasher);
    }
    (hop.unique, hop.recheck).hash(hasher);
}
