//! Lanes: equal lookups of all requests share statements.
//!
//! A lane is one form of lookup (source, table, key columns, condition, order, outputs). While fewer than [`FLIGHTS`] of
//! its statements are under way, what waits is sent at once; while that many are, it waits and goes together as soon as
//! one of them is done. No timer is involved. A key that is already being asked is not asked again. While keys of others
//! wait, one request gets at most half a batch at a time, so that a huge request leaves room for small ones. A flight is
//! a task of its own, so a request that leaves cancels nothing. Lanes that nobody uses stay for the next requests, unless
//! they have a condition: of those there are as many as there are values.

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use futures_util::FutureExt;
use parking_lot::Mutex;
use smallvec::{SmallVec, smallvec};
use tokio::sync::Notify;
use tracing::{Instrument, Span};

use crate::execute::distinct::{Distinct, Sought};
use crate::execute::fetch::{by_keys, group, values};
use crate::plan::HopPlan;
use crate::source::{KeptSql, OpenSource, SourceError};
use crate::statement::Fetch;
use crate::value::{Chunk, Key};

/// Statements of one lane under way at a time.
const FLIGHTS: usize = 4;
/// Bytes of keys in one statement.
const BATCH_BYTES: usize = 1 << 20;
/// Lanes beyond which those that nobody uses are forgotten.
const LANES: usize = 256;

/// What a statement brought: its rows, and which of them belong to each of its keys.
#[derive(Debug)]
pub struct Landed {
    /// The rows.
    pub chunk: Arc<Chunk>,
    /// Per key: first row, number of rows.
    pub ranges: Vec<(u32, u32)>,
    /// The cache's counter before the statement was sent.
    pub filled: u64,
}

/// The outcome of one statement, for all who wait for it.
#[derive(Default)]
struct Arrival {
    outcome: OnceLock<Result<Arc<Landed>, SourceError>>,
    arrived: Notify,
}

impl Arrival {
    fn arrive(&self, outcome: Result<Arc<Landed>, SourceError>) {
        // Each statement is sent once.
        drop(self.outcome.set(outcome));
        self.arrived.notify_waiters();
    }

    async fn outcome(&self) -> Result<Arc<Landed>, SourceError> {
        loop {
            // Counts as waiting from here on, before the look.
            let arrived = self.arrived.notified();
            if let Some(outcome) = self.outcome.get() {
                return outcome.clone();
            }
            arrived.await;
        }
    }
}

/// All lanes of one version.
#[derive(Default)]
pub struct Lanes {
    lanes: Mutex<HashMap<u128, Arc<Lane>>>,
    /// Requests that are being answered, and may ask.
    requests: AtomicUsize,
}

/// A request that is being answered.
pub struct Present<'a>(&'a Lanes);

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a lane asks.
struct LaneSpec {
    source: Arc<OpenSource>,
    /// Without keys.
    fetch: Arc<Fetch>,
    /// By which columns.
    hop: HopPlan,
    /// Keys of one statement at most.
    batch: usize,
    /// The statement without its keys' values.
    kept: KeptSql,
}

/// One form of lookup.
pub struct Lane {
    id: u128,
    spec: LaneSpec,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Not sent yet; the first one goes next.
    waiting: VecDeque<Batch>,
    /// Under way.
    flying: Vec<Arc<Flight>>,
    /// Tasks that send what waits, each one statement at a time.
    senders: usize,
    /// Fetches of statements that are done, without their keys: the next ones need not be put together again.
    spare: Vec<Fetch>,
}

/// Keys that go together.
#[derive(Default)]
struct Batch {
    keys: Distinct,
    bytes: usize,
    /// The requests that wait for it, by number.
    requests: SmallVec<[u64; 4]>,
    arrival: Arc<Arrival>,
}

/// A statement under way.
struct Flight {
    keys: Distinct,
    filled: u64,
    arrival: Arc<Arrival>,
}

/// Where one asked key is: which statement of this request's, and its position there.
pub type Place = (usize, u32);

/// A request's hold on the statements that carry its keys.
pub struct Asked {
    arrivals: SmallVec<[Arc<Arrival>; 2]>,
    /// Per asked key; fewer than were to be asked where others wait too.
    pub places: Vec<Place>,
}

/// Who asks a lane, and what it may share.
pub struct Asker<F, S> {
    /// The request's number.
    pub request: u64,
    /// Whether a statement sent at this count of the cache may answer a key; none may where this is `None`.
    pub fresh: Option<F>,
    /// The cache's counter.
    pub sequence: S,
}

impl Lanes {
    /// Counts a request for as long as it is being answered.
    pub fn enter(&self) -> Present<'_> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        Present(self)
    }

    /// The lane of an identity, made anew when there is none.
    pub fn lane(
        &self,
        id: u128,
        source: &Arc<OpenSource>,
        fetch: &Arc<Fetch>,
        hop: &HopPlan,
        batch: usize,
    ) -> Arc<Lane> {
        let mut lanes = self.lanes.lock();
        // The limits are no part of the identity, and may have been edited since.
        let limits = |fetch: &Fetch| [fetch.max_rows, fetch.max_bytes];
        let holds = |spec: &LaneSpec| spec.batch == batch && limits(&spec.fetch) == limits(fetch);
        if let Some(lane) = lanes.get(&id).filter(|lane| holds(&lane.spec)) {
            return lane.clone();
        }
        if lanes.len() >= LANES {
            // Whoever still holds one of them may go on using it; only sharing is lost.
            lanes.retain(|_, lane| lane.is_busy());
        }
        let spec = LaneSpec {
            source: source.clone(),
            fetch: fetch.clone(),
            hop: hop.clone(),
            batch,
            kept: KeptSql::default(),
        };
        let lane = Arc::new(Lane { id, spec, state: Mutex::default() });
        lanes.insert(id, lane.clone());
        lane
    }

    /// Forgets a lane with a condition that nobody uses. Whoever still holds it may go on using it.
    fn leave(&self, lane: &Arc<Lane>) {
        if lane.spec.fetch.condition.is_none() {
            return;
        }
        let mut lanes = self.lanes.lock();
        if !lane.is_busy() && lanes.get(&lane.id).is_some_and(|known| Arc::ptr_eq(known, lane)) {
            lanes.remove(&lane.id);
        }
    }

    /// Number of keys whose rows are awaited of these sources: asked for already, or to be asked.
    pub fn keys(&self, of: impl Fn(&OpenSource) -> bool) -> usize {
        let keys = |lane: &Arc<Lane>| {
            let state = lane.state.lock();
            let waiting: usize = state.waiting.iter().map(|batch| batch.keys.keys().len()).sum();
            waiting + state.flying.iter().map(|flight| flight.keys.keys().len()).sum::<usize>()
        };
        self.lanes.lock().values().filter(|lane| of(&lane.spec.source)).map(keys).sum()
    }

    /// Number of lanes that are kept, in use or not.
    pub fn kept(&self) -> usize {
        self.lanes.lock().len()
    }

    /// Number of lanes in use.
    pub fn count(&self) -> usize {
        self.lanes.lock().values().filter(|lane| lane.is_busy()).count()
    }
}

impl Lane {
    fn is_busy(&self) -> bool {
        self.state.lock().senders > 0
    }

    /// Asks for the first of these keys, as many as this request may now: with statements under way that are still
    /// fresh, else with the next one.
    pub fn ask<F, S>(self: &Arc<Self>, lanes: &Arc<Lanes>, keys: &[Key], asker: Asker<F, S>) -> Asked
    where
        F: Fn(u64, &Key) -> bool,
        S: Fn() -> u64 + Send + Sync + Clone + 'static,
    {
        let mut state = self.state.lock();
        let state = &mut *state;
        let others_wait =
            state.waiting.iter().any(|batch| batch.requests.iter().any(|request| *request != asker.request));
        let share = if others_wait { (self.spec.batch / 2).max(1) } else { self.spec.batch };
        let keys = &keys[..keys.len().min(share)];
        let mut asked = Asked { arrivals: SmallVec::new(), places: Vec::with_capacity(keys.len()) };
        let bytes = keys.iter().map(|key| key.as_bytes().len()).sum();
        if state.waiting.is_empty() && (asker.fresh.is_none() || state.flying.is_empty()) && bytes <= BATCH_BYTES {
            // There is nothing to share.
            let arrival = Arc::<Arrival>::default();
            asked.places.extend((0..keys.len() as u32).map(|at| (0, at)));
            asked.arrivals.push(arrival.clone());
            let requests = smallvec![asker.request];
            state.waiting.push_back(Batch { keys: Distinct::of(keys.to_vec()), bytes, requests, arrival });
            self.call_senders(lanes, state, &asker.sequence);
            return asked;
        }
        // Which of this request's outcomes stands for which statement.
        let mut flying: SmallVec<[Option<usize>; FLIGHTS]> = smallvec![None; state.flying.len()];
        let mut waiting: SmallVec<[Option<usize>; FLIGHTS]> = smallvec![None; state.waiting.len()];
        for key in keys {
            let sought = Sought::new(key);
            let under_way = asker.fresh.as_ref().and_then(|fresh| {
                state.flying.iter().enumerate().find_map(|(at, flight)| {
                    let position = flight.keys.find(&sought)?;
                    fresh(flight.filled, key).then_some((at, position))
                })
            });
            if let Some((at, position)) = under_way {
                let flight = &state.flying[at];
                let outcome = *flying[at].get_or_insert_with(|| {
                    asked.arrivals.push(flight.arrival.clone());
                    asked.arrivals.len() - 1
                });
                asked.places.push((outcome, position));
                continue;
            }
            let (at, position) = self.place(&mut state.waiting, &sought);
            waiting.resize(state.waiting.len(), None);
            let batch = &mut state.waiting[at];
            let outcome = *waiting[at].get_or_insert_with(|| {
                if !batch.requests.contains(&asker.request) {
                    batch.requests.push(asker.request);
                }
                asked.arrivals.push(batch.arrival.clone());
                asked.arrivals.len() - 1
            });
            asked.places.push((outcome, position));
        }
        self.call_senders(lanes, state, &asker.sequence);
        asked
    }

    /// Calls as many senders as there are statements to be sent, within bounds.
    fn call_senders<S>(self: &Arc<Self>, lanes: &Arc<Lanes>, state: &mut State, sequence: &S)
    where
        S: Fn() -> u64 + Send + Sync + Clone + 'static,
    {
        let wanted = (state.flying.len() + state.waiting.len()).min(FLIGHTS);
        while state.senders < wanted {
            state.senders += 1;
            let sending = send(self.clone(), lanes.clone(), sequence.clone());
            // In a trace, the statement belongs to the request that had it sent.
            let span = Span::current();
            match span.is_none() {
                true => tokio::spawn(sending),
                false => tokio::spawn(sending.instrument(span)),
            };
        }
    }

    /// The key's batch and its position there: the batch that has it already, else the last one with room, else a new one.
    fn place(&self, waiting: &mut VecDeque<Batch>, sought: &Sought<'_>) -> (usize, u32) {
        let known = waiting.iter().enumerate().find_map(|(at, batch)| Some((at, batch.keys.find(sought)?)));
        if let Some(known) = known {
            return known;
        }
        let full = |batch: &Batch| batch.keys.keys().len() >= self.spec.batch || batch.bytes >= BATCH_BYTES;
        if waiting.back().is_none_or(full) {
            waiting.push_back(Batch::default());
        }
        let at = waiting.len() - 1;
        waiting[at].bytes += sought.key.as_bytes().len();
        (at, waiting[at].keys.position(sought.key.clone()))
    }

    /// The statement for these keys alone, beside the lane.
    pub async fn alone(&self, keys: &[Key], filled: u64) -> Result<Landed, SourceError> {
        let fetch = by_keys(&self.spec.fetch, &self.spec.hop, keys, false);
        let chunk = self.spec.source.fetch(Arc::new(fetch)).await?;
        Ok(landed(&self.spec, keys, chunk, filled))
    }
}

impl Asked {
    /// Waits for all of its statements.
    pub async fn land(self) -> (Vec<Place>, Vec<Result<Arc<Landed>, SourceError>>) {
        let mut landed = Vec::with_capacity(self.arrivals.len());
        for arrival in &self.arrivals {
            landed.push(arrival.outcome().await);
        }
        (self.places, landed)
    }
}

/// Sends what waits until nothing waits.
async fn send(lane: Arc<Lane>, lanes: Arc<Lanes>, sequence: impl Fn() -> u64) {
    loop {
        // Requests that are about to ask get the chance to come along.
        if lanes.requests.load(Ordering::Relaxed) > 1 {
            tokio::task::yield_now().await;
        }
        let (batch, flight) = {
            let mut state = lane.state.lock();
            let Some(mut batch) = state.waiting.pop_front() else {
                // Under the same lock as the look: whoever asks next finds this sender gone and calls another.
                state.senders -= 1;
                break;
            };
            let flight = Arc::new(Flight {
                keys: std::mem::take(&mut batch.keys),
                filled: sequence(),
                arrival: batch.arrival.clone(),
            });
            state.flying.push(flight.clone());
            (batch, flight)
        };
        // A panic must not end the sender: others wait for it.
        let flown = AssertUnwindSafe(fly(&lane, flight.keys.keys(), flight.filled)).catch_unwind().await;
        let result = flown.unwrap_or_else(|_| Err(lost(&lane.spec))).map(Arc::new);
        lane.state.lock().flying.retain(|other| !Arc::ptr_eq(other, &flight));
        batch.arrival.arrive(result);
    }
    lanes.leave(&lane);
}

fn lost(spec: &LaneSpec) -> SourceError {
    SourceError::Refused { source_name: spec.source.config.name.clone(), cause: "a lookup ended badly".into() }
}

async fn fly(lane: &Lane, keys: &[Key], filled: u64) -> Result<Landed, SourceError> {
    let spec = &lane.spec;
    let spare = lane.state.lock().spare.pop();
    let mut fetch = spare.unwrap_or_else(|| by_keys(&spec.fetch, &spec.hop, &[], false));
    if let Some(set) = &mut fetch.keys {
        set.keys = values(&spec.hop, keys).collect();
    }
    let chunk = spec.source.fetch_here(&fetch, Some(&spec.kept)).await?;
    if let Some(set) = &mut fetch.keys {
        set.keys = Vec::new();
    }
    lane.state.lock().spare.push(fetch);
    Ok(landed(spec, keys, chunk, filled))
}

fn landed(spec: &LaneSpec, keys: &[Key], chunk: Chunk, filled: u64) -> Landed {
    let (chunk, ranges) = group(chunk, keys, &spec.hop);
    Landed { chunk, ranges, filled }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Source;
    use crate::name::TableName;
    use crate::source::registry;
    use crate::statement::{KeyColumn, Matching};
    use crate::value::{Column, KeyClass, Type};

    fn lane(lanes: &Lanes, batch: usize) -> Arc<Lane> {
        let config = Source::for_tests();
        let adapter = registry::open(&config).expect("an adapter");
        let column = Arc::new(Column::new("id", Type::Int { bits: 64, signed: true }, ""));
        let fetch = Fetch::all(TableName::new("contact"), Vec::new(), 1, 1);
        let to = vec![KeyColumn { column, path: Vec::new(), matching: Matching::Own }];
        let hop = HopPlan::to_columns(vec![KeyClass::Int], to);
        lanes.lane(1, &Arc::new(OpenSource::new(config, adapter)), &Arc::new(fetch), &hop, batch)
    }

    /// While keys of others wait, a request gets half a batch; a key that waits already is not added again.
    #[tokio::test]
    async fn a_huge_request_leaves_room() {
        let lanes = Arc::new(Lanes::default());
        let lane = lane(&lanes, 10);
        let keys =
            |from: usize| (from..from + 10).map(|key| Key::single(key.to_string().as_bytes())).collect::<Vec<_>>();
        // Nothing is sent before this test waits, so all that is asked waits too.
        let ask = |request: u64, keys: &[Key]| {
            let asker = Asker { request, fresh: None::<fn(u64, &Key) -> bool>, sequence: || 0 };
            lane.ask(&lanes, keys, asker).places.len()
        };
        assert_eq!(ask(1, &keys(0)), 10, "nobody else waits");
        assert_eq!(ask(1, &keys(10)), 10, "only its own keys wait");
        assert_eq!(ask(2, &keys(20)), 5);
        assert_eq!(ask(1, &keys(30)), 5);
        assert_eq!(ask(3, &keys(0)[..3]), 3);
        let state = lane.state.lock();
        let waiting: Vec<usize> = state.waiting.iter().map(|batch| batch.keys.keys().len()).collect();
        assert_eq!((waiting, state.senders), (vec![10, 10, 10], 3));
    }

    /// A lane is kept for the next request, unless other limits hold by then, or many others have come.
    #[tokio::test]
    async fn lanes_are_kept_within_bounds() {
        let lanes = Lanes::default();
        let first = lane(&lanes, 10);
        assert!(Arc::ptr_eq(&first, &lane(&lanes, 10)));
        assert_eq!(lanes.count(), 0, "nothing is asked");
        let edited = lane(&lanes, 20);
        assert!(!Arc::ptr_eq(&first, &edited));
        let spec = &edited.spec;
        for id in 2..2 + LANES as u128 {
            lanes.lane(id, &spec.source, &spec.fetch, &spec.hop, 20);
        }
        assert!(!Arc::ptr_eq(&edited, &lane(&lanes, 20)));
        assert!(lanes.kept() <= LANES);
    }
}
