//! Referring rows, however many there are: as many at a time as one statement gives.

use std::collections::HashSet;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::execute::error::ExecuteError;
use crate::execute::fetch::recheck;
use crate::execute::rows::RowRef;
use crate::execute::write::error::{Referrers, WriteError};
use crate::execute::write::keyed::{Removed, by_keys, keys_of, parts, row_keys};
use crate::execute::write::sessions::Sessions;
use crate::plan::write::{Incoming, WritePlan};
use crate::plan::{self, HopPlan};
use crate::source::SourceError;
use crate::statement::Fetch;
use crate::statement::write::Lock;
use crate::value::{Chunk, Key};

/// Referring rows that are named in an error.
const EXAMPLES: usize = 3;

/// Looks for referring rows in the transaction that holds their fence.
async fn look(
    sessions: &mut Sessions<'_>,
    incoming: &Incoming,
    fetch: &Fetch,
    lock: Lock,
) -> Result<Chunk, ExecuteError> {
    // Without an index a lock would be one of the whole table; what is committed is seen without it.
    let lock = if incoming.indexed || lock == Lock::Change { lock } else { Lock::None };
    let source = &incoming.step.source;
    Ok(match sessions.is_read_only(source) {
        true => sessions.context.source(source)?.fetch(Arc::new(fetch.clone())).await?,
        false => sessions.of(source).await?.fetch(fetch, lock).await?,
    })
}

/// Of rows that were found by values those that do have them.
fn checked(chunk: Arc<Chunk>, incoming: &Incoming, values: &[Key]) -> Vec<RowRef> {
    RowRef::all(&recheck(chunk, values, &incoming.hop)).collect()
}

/// Values whose referring rows are dealt with together.
pub struct Batch {
    /// The values.
    pub values: Vec<Key>,
    /// Where one value has more rows than a statement gives.
    paged: Option<Paged>,
    /// Rows of earlier pages that were dealt with.
    done: HashSet<Key>,
}

/// Rows of one value that come a page at a time, in the order of their primary key.
#[derive(Clone, Copy)]
struct Paged {
    /// Rows of one page.
    size: u64,
    /// Rows that stand before the next page: those that were dealt with do not refer to the value any more.
    passed: u64,
    /// Rows were dealt with since the first page.
    advanced: bool,
}

/// The batches of values; the last one is the next.
pub fn batches(sessions: &Sessions<'_>, hop: &HopPlan, keys: &[Key]) -> Vec<Batch> {
    parts(sessions, hop, keys).into_iter().rev().map(Batch::of).collect()
}

impl Batch {
    fn of(values: Vec<Key>) -> Self {
        Self { values, paged: None, done: HashSet::new() }
    }

    /// Whether its rows come a page at a time.
    pub fn is_paged(&self) -> bool {
        self.paged.is_some()
    }

    /// What takes its place where its rows are too many for one statement; the last one is the next.
    pub fn smaller(mut self, incoming: &Incoming) -> Vec<Batch> {
        if self.values.len() > 1 {
            let second = self.values.split_off(self.values.len() / 2);
            return vec![Batch::of(second), self];
        }
        let most = incoming.step.fetch.max_rows;
        let paged = self
            .paged
            .map_or(Paged { size: most, passed: 0, advanced: false }, |paged| Paged { size: paged.size / 2, ..paged });
        vec![Batch { paged: Some(paged), ..self }]
    }

    /// Of the rows of a page, those that are not dealt with yet.
    pub fn is_fresh(&self, key: &Key) -> bool {
        !self.done.contains(key)
    }

    /// What comes after a page of which these rows were dealt with.
    pub fn next(mut self, page: &Page, done: Vec<Key>) -> Option<Batch> {
        let paged = self.paged.as_mut()?;
        let gone: HashSet<&Key> = done.iter().collect();
        let stay = page.all.iter().filter(|key| !key.as_ref().is_some_and(|key| gone.contains(key))).count();
        paged.advanced |= !done.is_empty();
        if page.is_full {
            paged.passed += stay as u64;
        } else if paged.passed > 0 && paged.advanced {
            // What only seems to refer is held by no lock: where such rows went meanwhile, others were passed over.
            (paged.passed, paged.advanced) = (0, false);
        } else {
            return None;
        }
        self.done.extend(done);
        Some(self)
    }
}

/// Referring rows, as far as one statement gave them.
pub struct Page {
    /// The rows.
    pub rows: Vec<RowRef>,
    /// Their primary keys, each once.
    pub keys: Vec<Key>,
    /// The primary keys of all that stood there: rows that only seem to refer among them, and repeats.
    all: Vec<Option<Key>>,
    /// There may be more.
    is_full: bool,
}

impl Page {
    /// Those of its rows, which are locked now, that still refer to the values.
    pub async fn still(
        &self,
        sessions: &mut Sessions<'_>,
        incoming: &Incoming,
        far: &WritePlan,
        batch: &Batch,
    ) -> Result<HashSet<Key>, ExecuteError> {
        let now = page(sessions, incoming, far, batch, Lock::None).await?.ok_or(WriteError::Overtaken)?;
        let seen: HashSet<&Key> = self.keys.iter().collect();
        // Only keys that a database keeps by itself let rows come while their values are fenced. Where a row has left a page,
        // the pages are others.
        let fewer = batch.is_paged() && now.keys.len() < seen.len();
        if fewer || now.keys.iter().any(|key| !seen.contains(key)) {
            return Err(WriteError::Overtaken.into());
        }
        Ok(now.keys.into_iter().collect())
    }
}

/// The rows of a batch; none where they are too many for one statement.
pub async fn page(
    sessions: &mut Sessions<'_>,
    incoming: &Incoming,
    far: &WritePlan,
    batch: &Batch,
    lock: Lock,
) -> Result<Option<Page>, ExecuteError> {
    let mut fetch = by_keys(&incoming.step.fetch, &incoming.hop, &batch.values);
    if let Some(Paged { size, passed, .. }) = batch.paged {
        (fetch.limit, fetch.offset) = (Some(size), passed);
    }
    let chunk = match look(sessions, incoming, &fetch, lock).await {
        Err(ExecuteError::Source(error)) if error.is_too_much() && batch.paged.is_none_or(|paged| paged.size > 1) => {
            return Ok(None);
        }
        chunk => Arc::new(chunk?),
    };
    let is_full = fetch.limit.is_some_and(|limit| chunk.rows() as u64 >= limit);
    // The primary key stands first in both layouts.
    let all = row_keys(&RowRef::all(&chunk).collect::<Vec<_>>(), &far.identity);
    let rows = checked(chunk, incoming, &batch.values);
    let mut seen = HashSet::new();
    let mut keys = keys_of(&rows, far)?;
    keys.retain(|key| seen.insert(key.clone()));
    Ok(Some(Page { rows, keys, all, is_full }))
}

/// Rows that refer to these values and are not removed by the same write.
pub async fn referrers(
    sessions: &mut Sessions<'_>,
    incoming: &Incoming,
    keys: &[Key],
    removed: &Removed,
) -> Result<Option<Referrers>, ExecuteError> {
    let limit = sessions.context.limits.rows;
    let (mut count, mut examples, mut more) = (0u64, Vec::new(), false);
    for part in parts(sessions, &incoming.hop, keys) {
        let fetch = Fetch { max_rows: limit, ..by_keys(&incoming.step.fetch, &incoming.hop, &part) };
        match look(sessions, incoming, &fetch, Lock::Share).await {
            Err(ExecuteError::Source(SourceError::TooManyRows { .. })) => {
                (count, more) = (limit, true);
                break;
            }
            chunk => {
                let rows = checked(Arc::new(chunk?), incoming, &part);
                let own = match &incoming.identity {
                    Some(identity) => row_keys(&rows, identity),
                    None => vec![None; rows.len()],
                };
                for (row, key) in rows.iter().zip(&own) {
                    if removed.has(incoming.far, key.as_ref()) {
                        continue;
                    }
                    count += 1;
                    if examples.len() < EXAMPLES {
                        let text = |cell: &usize| String::from_utf8_lossy(row.cell(*cell)).into_owned();
                        examples.push(incoming.key_cells.iter().map(text).collect());
                    }
                }
            }
        }
    }
    Ok((count > 0).then(|| Referrers { key: incoming.named.clone(), count, more, examples }))
}

/// How the rows that refer to these values are written; none where there are no such rows.
pub async fn referring(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    incoming: &Incoming,
    keys: &[Key],
    removed: &Removed,
    action: &str,
) -> Result<Option<WritePlan>, ExecuteError> {
    if keys.is_empty() {
        return Ok(None);
    }
    match plan::write(catalog, sessions.context.limits, incoming.far) {
        Ok(plan) => Ok(Some(plan)),
        // What cannot be written does no harm where nothing is to be written.
        Err(_) if referrers(sessions, incoming, keys, removed).await?.is_none() => Ok(None),
        Err(error) => {
            let what = format!("{action} the rows of {} ({error})", incoming.named.referring);
            Err(WriteError::NotYet { what }.into())
        }
    }
}
