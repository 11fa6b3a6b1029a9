//! Aggregates of related rows, per near row: grouped statements, each group whole in one of them.

use std::sync::Arc;
use std::time::Instant;

use crate::execute::check;
use crate::execute::context::Context;
use crate::execute::decide;
use crate::execute::error::ExecuteError;
use crate::execute::fetch::{by_keys, fits};
use crate::execute::join;
use crate::execute::rows::{Links, RowRef};
use crate::plan::{AggregatePlan, HopPlan};
use crate::statement::{Fetch, Groups};
use crate::value::{Chunk, Key};

/// Per near row, one row of aggregates; none where no group came back.
#[derive(Debug, Default)]
pub struct Grouped {
    chunks: Vec<Arc<Chunk>>,
    rows: Vec<Option<(u32, u32)>>,
    /// Their source is down.
    pub missing: bool,
}

impl Grouped {
    /// No aggregates for any of these near rows.
    pub fn none(rows: usize) -> Self {
        Self { chunks: Vec::new(), rows: vec![None; rows], missing: false }
    }

    /// The aggregates of these near rows cannot be told, as their source is down.
    pub fn missing(rows: usize) -> Self {
        Self { missing: true, ..Self::none(rows) }
    }

    /// The aggregates of a near row.
    pub fn of(&self, row: usize) -> Option<RowRef> {
        let (chunk, row) = self.rows[row]?;
        Some(RowRef { chunk: self.chunks[chunk as usize].clone(), row })
    }
}

/// What aggregates are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The answer shows them.
    Show,
    /// They decide a filter.
    Decide,
}

/// Aggregates the related rows of each near row.
pub async fn grouped(
    context: &Context<'_>,
    plan: &AggregatePlan,
    rows: &[RowRef],
    purpose: Purpose,
) -> Result<Grouped, ExecuteError> {
    let (keys, links, by) = match (&plan.identity, &plan.through) {
        (Some(identity), _) => {
            let (links, related) = related(context, plan, rows).await?;
            let gathered = join::gather(&related, identity);
            (gathered.keys, join::compose(&links, &gathered.links), identity)
        }
        (None, Some(through)) => {
            let gathered = join::gather(rows, &plan.hop);
            let (links, junction) = decide::rows_of(context, &through.junction, &plan.hop, &gathered.keys).await?;
            let links = join::compose(&gathered.links, &links);
            let gathered = join::gather(&junction, &through.hop);
            (gathered.keys, join::compose(&links, &gathered.links), &through.hop)
        }
        (None, None) => {
            let gathered = join::gather(rows, &plan.hop);
            (gathered.keys, gathered.links, &plan.hop)
        }
    };
    let fits: Vec<bool> = keys.iter().map(|key| fits(by, key)).collect();
    let alone = |row: usize| matches!(links.of(row), [key] if fits[*key as usize]);
    let mut grouped = Grouped::none(rows.len());
    if (0..rows.len()).all(|row| links.of(row).is_empty() || alone(row)) {
        // Each near row has one key: near rows of the same key share its group.
        for batch in (0..keys.len()).collect::<Vec<_>>().chunks(context.limits.keys_per_batch) {
            let part: Vec<Key> = batch.iter().map(|at| keys[*at].clone()).collect();
            let chunk = statement(context, plan, by, &part, Groups::Keys, purpose).await?;
            let mut of_key: Vec<Option<u32>> = vec![None; part.len()];
            chunk.ordinals().iter().enumerate().for_each(|(row, key)| of_key[*key as usize] = Some(row as u32));
            let number = grouped.chunks.len() as u32;
            for row in 0..rows.len() {
                if let [key] = links.of(row)
                    && let Some(at) = (*key as usize).checked_sub(batch[0]).filter(|at| *at < part.len())
                {
                    grouped.rows[row] = of_key[at].map(|at| (number, at));
                }
            }
            grouped.chunks.push(chunk);
        }
        return Ok(grouped);
    }
    let (mut part, mut numbers) = (Vec::new(), Vec::new());
    for row in 0..rows.len() {
        for key in links.of(row).iter().filter(|key| fits[**key as usize]) {
            part.push(keys[*key as usize].clone());
            numbers.push(row as u32);
        }
        // A group is never divided.
        if !part.is_empty() && (part.len() >= context.limits.keys_per_batch || row + 1 == rows.len()) {
            let groups = Groups::Numbered(std::mem::take(&mut numbers));
            let chunk = statement(context, plan, by, &std::mem::take(&mut part), groups, purpose).await?;
            let number = grouped.chunks.len() as u32;
            for (at, row) in chunk.ordinals().iter().enumerate() {
                grouped.rows[*row as usize] = Some((number, at as u32));
            }
            grouped.chunks.push(chunk);
        }
    }
    Ok(grouped)
}

async fn statement(
    context: &Context<'_>,
    plan: &AggregatePlan,
    by: &HopPlan,
    keys: &[Key],
    groups: Groups,
    purpose: Purpose,
) -> Result<Arc<Chunk>, ExecuteError> {
    let mut fetch = by_keys(&plan.fetch, by, keys, false);
    if let Some(keys) = &mut fetch.keys {
        keys.groups = Some(groups);
    }
    if purpose == Purpose::Decide {
        let most = context.budget.left_to_decide();
        let fetch = Fetch { max_rows: fetch.max_rows.min(most), ..fetch };
        return Ok(Arc::new(decide::fetch_for(context, &plan.step, &plan.fetch, fetch).await?));
    }
    let started = Instant::now();
    let chunk = context.source(&plan.step.source)?.fetch(Arc::new(fetch)).await?;
    context.note_rows(&plan.fetch, started, chunk.rows());
    context.budget.spend(chunk.rows(), chunk.size())?;
    Ok(Arc::new(chunk))
}

/// The related rows themselves, and which near row has which.
async fn related(
    context: &Context<'_>,
    plan: &AggregatePlan,
    rows: &[RowRef],
) -> Result<(Links, Vec<RowRef>), ExecuteError> {
    let near = join::gather(rows, &plan.hop);
    let (mut links, mut found) = match &plan.through {
        None => {
            let (links, found) = decide::rows_of(context, &plan.step, &plan.hop, &near.keys).await?;
            (join::compose(&near.links, &links), found)
        }
        Some(through) => {
            let (links, junction) = decide::rows_of(context, &through.junction, &plan.hop, &near.keys).await?;
            let links = join::compose(&near.links, &links);
            let second = join::gather(&junction, &through.hop);
            let (far, found) = decide::rows_of(context, &plan.step, &through.hop, &second.keys).await?;
            (join::compose(&join::compose(&links, &second.links), &far), found)
        }
    };
    if let Some(filter) = &plan.step.filter {
        let held = check::check(context, filter, &found).await?;
        (links, found) = join::without(&links, found, |row| held[row] == Some(true));
    }
    if plan.first_only {
        links = join::cut(&links, false, Some((0, Some(1))));
    }
    Ok((links, found))
}
