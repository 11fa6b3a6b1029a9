//! Lanes: equal lookups of all requests share statements.
//!
//! A lane is one form of lookup (source, table, key columns, condition, order, outputs). While fewer than [`CREWS`] of
//! its statements run, what waits is sent at once; while that many run, it waits and goes together as soon as one of
//! them is done. No timer is involved. A key that is already being asked is not asked again. A flight is a task of its
//! own, so a request that leaves cancels nothing.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use scopeguard::{ScopeGuard, guard};
use tokio::sync::watch;

use crate::execute::rows::RowRef;
use crate::plan::HopPlan;
use crate::source::{OpenSource, SourceError};
use crate::statement::{Fetch, KeySet, SmallKey};
use crate::value::key::{KeyBuilder, fit};
use crate::value::{Chunk, Key};

/// Statements of one lane at a time.
const CREWS: usize = 4;
/// Bytes of keys in one statement.
const BATCH_BYTES: usize = 1 << 20;

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

type Outcome = Option<Result<Arc<Landed>, SourceError>>;

/// All lanes of one version.
#[derive(Default)]
pub struct Lanes {
    lanes: Mutex<HashMap<u128, Arc<Lane>>>,
}

/// What a lane asks.
pub struct LaneSpec {
    /// Where.
    pub source: Arc<OpenSource>,
    /// What, without keys.
    pub fetch: Arc<Fetch>,
    /// By which columns.
    pub hop: HopPlan,
    /// Keys of one statement at most.
    pub batch: usize,
}

/// One form of lookup.
pub struct Lane {
    id: u128,
    spec: LaneSpec,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Filling up; the first one leaves next.
    boarding: VecDeque<Boarding>,
    /// Under way.
    flying: Vec<Arc<Flight>>,
    crews: usize,
}

struct Boarding {
    keys: Vec<Key>,
    bytes: usize,
    positions: HashMap<Key, u32>,
    outcome: watch::Sender<Outcome>,
}

struct Flight {
    positions: HashMap<Key, u32>,
    filled: u64,
    outcome: watch::Receiver<Outcome>,
}

/// Where one asked key is: which flight, and its position there.
pub type Seat = (usize, u32);

/// A request's hold on the flights that carry its keys.
pub struct Tickets {
    outcomes: Vec<watch::Receiver<Outcome>>,
    /// Per asked key.
    pub seats: Vec<Seat>,
}

impl Lanes {
    /// The lane of an identity, made from `spec` when there is none.
    pub fn lane(self: &Arc<Self>, id: u128, spec: impl FnOnce() -> LaneSpec) -> Arc<Lane> {
        self.lanes
            .lock()
            .entry(id)
            .or_insert_with(|| Arc::new(Lane { id, spec: spec(), state: Mutex::default() }))
            .clone()
    }

    /// Forgets an idle lane. Whoever still holds it may go on using it; only sharing is lost.
    fn leave(&self, lane: &Arc<Lane>) {
        let mut lanes = self.lanes.lock();
        let state = lane.state.lock();
        let idle = state.crews == 0 && state.boarding.is_empty();
        if idle && lanes.get(&lane.id).is_some_and(|known| Arc::ptr_eq(known, lane)) {
            lanes.remove(&lane.id);
        }
    }

    /// Number of lanes in use.
    pub fn count(&self) -> usize {
        self.lanes.lock().len()
    }
}

impl Lane {
    /// Books the keys: onto flights under way that are still `fresh`, else onto the next one.
    pub fn ask(
        self: &Arc<Self>,
        lanes: &Arc<Lanes>,
        keys: &[Key],
        fresh: impl Fn(u64, &Key) -> bool,
        sequence: impl Fn() -> u64 + Send + Sync + Clone + 'static,
    ) -> Tickets {
        let mut tickets = Tickets { outcomes: Vec::new(), seats: Vec::with_capacity(keys.len()) };
        let mut state = self.state.lock();
        let state = &mut *state;
        // Which of this request's outcomes stands for which flight.
        let mut flying: Vec<Option<usize>> = vec![None; state.flying.len()];
        let mut boarding: Vec<Option<usize>> = vec![None; state.boarding.len()];
        for key in keys {
            let under_way = state.flying.iter().enumerate().find_map(|(at, flight)| {
                let position = *flight.positions.get(key)?;
                fresh(flight.filled, key).then_some((at, position))
            });
            if let Some((at, position)) = under_way {
                let flight = &state.flying[at];
                let outcome = *flying[at].get_or_insert_with(|| {
                    tickets.outcomes.push(flight.outcome.clone());
                    tickets.outcomes.len() - 1
                });
                tickets.seats.push((outcome, position));
                continue;
            }
            let found = state.boarding.iter().position(|next| next.positions.contains_key(key));
            let at = match found {
                Some(at) => at,
                None => {
                    let full = |next: &Boarding| next.keys.len() >= self.spec.batch || next.bytes >= BATCH_BYTES;
                    if state.boarding.back().is_none_or(full) {
                        let (outcome, _) = watch::channel(None);
                        state.boarding.push_back(Boarding {
                            keys: Vec::new(),
                            bytes: 0,
                            positions: HashMap::new(),
                            outcome,
                        });
                        boarding.push(None);
                    }
                    state.boarding.len() - 1
                }
            };
            let next = &mut state.boarding[at];
            let position = *next.positions.entry(key.clone()).or_insert_with(|| {
                next.bytes += key.as_bytes().len();
                next.keys.push(key.clone());
                next.keys.len() as u32 - 1
            });
            let outcome = *boarding[at].get_or_insert_with(|| {
                tickets.outcomes.push(next.outcome.subscribe());
                tickets.outcomes.len() - 1
            });
            tickets.seats.push((outcome, position));
        }
        let wanted = state.boarding.len().min(CREWS);
        while state.crews < wanted {
            state.crews += 1;
            tokio::spawn(crew(self.clone(), lanes.clone(), sequence.clone()));
        }
        tickets
    }

    /// The statement for these keys alone, beside the lane.
    pub async fn alone(&self, keys: &[Key], filled: u64) -> Result<Landed, SourceError> {
        fly(&self.spec, keys, filled).await
    }
}

impl Tickets {
    /// Waits for all flights.
    pub async fn land(mut self) -> (Vec<Seat>, Vec<Result<Arc<Landed>, SourceError>>) {
        let mut landed = Vec::with_capacity(self.outcomes.len());
        for outcome in &mut self.outcomes {
            let result = match outcome.wait_for(Option::is_some).await {
                Ok(outcome) => outcome.clone().expect("waited for an outcome"),
                Err(_) => Err(SourceError::Refused {
                    source_name: crate::name::SourceName::new("?"),
                    cause: "a flight was lost".into(),
                }),
            };
            landed.push(result);
        }
        (self.seats, landed)
    }
}

/// Sends what waits until nothing waits.
async fn crew(lane: Arc<Lane>, lanes: Arc<Lanes>, sequence: impl Fn() -> u64) {
    // Ends the crew should it panic, so that its lane is not left with a crew that does nothing.
    let on_panic = guard(&lane.state, |state| state.lock().crews -= 1);
    loop {
        // Requests that are about to ask get the chance to come along.
        tokio::task::yield_now().await;
        let (boarding, flight) = {
            let mut state = lane.state.lock();
            let Some(mut boarding) = state.boarding.pop_front() else {
                // Under the same lock as the look: whoever boards next finds this crew gone and calls another.
                state.crews -= 1;
                ScopeGuard::into_inner(on_panic);
                break;
            };
            let flight = Arc::new(Flight {
                positions: std::mem::take(&mut boarding.positions),
                filled: sequence(),
                outcome: boarding.outcome.subscribe(),
            });
            state.flying.push(flight.clone());
            (boarding, flight)
        };
        let _landed = guard((), |()| lane.state.lock().flying.retain(|other| !Arc::ptr_eq(other, &flight)));
        let result = fly(&lane.spec, &boarding.keys, flight.filled).await.map(Arc::new);
        boarding.outcome.send_replace(Some(result));
    }
    lanes.leave(&lane);
}

async fn fly(spec: &LaneSpec, keys: &[Key], filled: u64) -> Result<Landed, SourceError> {
    let chunk = fetch_by(&spec.source, &spec.fetch, &spec.hop, keys, false).await?;
    let (chunk, ranges) = group(chunk, keys, &spec.hop);
    Ok(Landed { chunk: Arc::new(chunk), ranges, filled })
}

/// Runs a fetch by keys. Keys that the far columns cannot hold must have been left out before.
pub async fn fetch_by(
    source: &Arc<OpenSource>,
    fetch: &Fetch,
    hop: &HopPlan,
    keys: &[Key],
    ranked: bool,
) -> Result<Chunk, SourceError> {
    let mut fetch = fetch.clone();
    fetch.keys = Some(KeySet {
        columns: hop.to.clone(),
        keys: keys.iter().map(|key| scalars(hop, key).unwrap_or_default()).collect(),
        unique: hop.unique,
        ranked,
        when: hop.when_to.clone(),
    });
    source.fetch(Arc::new(fetch)).await
}

/// The key's values for the far columns; `None` where one of them cannot hold its part, so that no row matches.
pub fn scalars(hop: &HopPlan, key: &Key) -> Option<SmallKey> {
    let parts = key.parts(hop.to.len());
    hop.to
        .iter()
        .zip(&hop.classes)
        .zip(parts)
        .map(|((to, class), part)| {
            // A leaf of a JSON document takes any text.
            if to.path.is_empty() { fit(*class, part, &to.column) } else { leaf_scalar(*class, part) }
        })
        .collect()
}

fn leaf_scalar(class: crate::value::KeyClass, part: &[u8]) -> Option<crate::value::Scalar> {
    use crate::value::{Column, KeyClass, Type};
    let text = Column::new(
        "",
        if class == KeyClass::Date { Type::Date } else { Type::Text { length: None, fixed: false } },
        "",
    );
    fit(class, part, &text)
}

/// Brings the rows of each key together, and drops what a coarser equality found beside them.
fn group(chunk: Chunk, keys: &[Key], hop: &HopPlan) -> (Chunk, Vec<(u32, u32)>) {
    let chunk = if hop.recheck { recheck(chunk, keys, hop) } else { chunk };
    // A unique key's rows need not stand together: there is one, or the first one counts.
    let sorted = hop.unique || chunk.ordinals().is_sorted();
    let chunk = if sorted { chunk } else { by_ordinal(&chunk) };
    let mut ranges = vec![(0u32, 0u32); keys.len()];
    for (row, ordinal) in chunk.ordinals().iter().enumerate() {
        let range = &mut ranges[*ordinal as usize];
        if range.1 == 0 {
            range.0 = row as u32;
        }
        if !hop.unique || range.1 == 0 {
            range.1 += 1;
        }
    }
    (chunk, ranges)
}

fn by_ordinal(chunk: &Chunk) -> Chunk {
    let mut order: Vec<usize> = (0..chunk.rows()).collect();
    order.sort_by_key(|row| chunk.ordinals()[*row]);
    chunk.reordered(&order)
}

/// Keeps the rows whose canonical key is the asked one, each once per key.
pub fn recheck(chunk: Chunk, keys: &[Key], hop: &HopPlan) -> Chunk {
    let shared = Arc::new(chunk);
    let mut builder = KeyBuilder::default();
    let mut last: Option<usize> = None;
    let leaf = !hop.to[0].path.is_empty();
    let kept: Vec<bool> = (0..shared.rows())
        .map(|row| {
            let ordinal = shared.ordinals()[row];
            let reference = RowRef { chunk: shared.clone(), row: row as u32 };
            let keep = super::join::holds(&mut builder, &reference, hop, &keys[ordinal as usize])
                && !(leaf && last.is_some_and(|last| shared.ordinals()[last] == ordinal && shared.same_row(last, row)));
            if keep {
                last = Some(row);
            }
            keep
        })
        .collect();
    shared.retain(|row| kept[row])
}
