//! Statements whose rows are not shown: they decide which rows an answer has, and in which order.

use std::sync::Arc;
use std::time::Instant;

use crate::execute::context::Context;
use crate::execute::error::ExecuteError;
use crate::execute::fetch::{by_keys, fits, recheck};
use crate::execute::rows::{Links, RowRef};
use crate::plan::{HopPlan, Step};
use crate::statement::Fetch;
use crate::value::{Chunk, Key};

/// One statement; its rows count against `limits.filter_rows`.
pub async fn fetch(context: &Context<'_>, step: &Step, fetch: Fetch) -> Result<Chunk, ExecuteError> {
    fetch_for(context, step, step, fetch).await
}

/// The same, with its costs noted at `account`.
pub async fn fetch_for<T>(
    context: &Context<'_>,
    step: &Step,
    account: &T,
    fetch: Fetch,
) -> Result<Chunk, ExecuteError> {
    let table = format!("{}.{}", step.source, fetch.table);
    let started = Instant::now();
    let chunk = match context.source(&step.source)?.fetch(Arc::new(fetch)).await {
        Err(error) if error.is_too_much() => return Err(context.budget.undecided(&table)),
        chunk => chunk?,
    };
    context.note_rows(account, started, chunk.rows());
    context.budget.decide(chunk.rows(), chunk.size(), &table)?;
    Ok(chunk)
}

/// The rows of each key.
pub async fn rows_of(
    context: &Context<'_>,
    step: &Step,
    hop: &HopPlan,
    keys: &[Key],
) -> Result<(Links, Vec<RowRef>), ExecuteError> {
    in_batches(context, step, hop, keys, context.limits.keys_per_batch).await
}

/// The rows of each key, asked in one statement.
pub async fn rows_at_once(
    context: &Context<'_>,
    step: &Step,
    hop: &HopPlan,
    keys: &[Key],
) -> Result<(Links, Vec<RowRef>), ExecuteError> {
    in_batches(context, step, hop, keys, usize::MAX).await
}

async fn in_batches(
    context: &Context<'_>,
    step: &Step,
    hop: &HopPlan,
    keys: &[Key],
    batch: usize,
) -> Result<(Links, Vec<RowRef>), ExecuteError> {
    let asked: Vec<usize> = (0..keys.len()).filter(|at| fits(hop, &keys[*at])).collect();
    let (mut rows, mut near) = (Vec::new(), Vec::new());
    for batch in asked.chunks(batch) {
        let part: Vec<Key> = batch.iter().map(|at| keys[*at].clone()).collect();
        let chunk = fetch(context, step, by_keys(&step.fetch, hop, &part, false)).await?;
        let chunk = recheck(Arc::new(chunk), &part, hop);
        near.extend(chunk.ordinals().iter().map(|ordinal| batch[*ordinal as usize]));
        rows.extend(RowRef::all(&chunk));
    }
    let most = if hop.unique || hop.first_only { 1 } else { usize::MAX };
    Ok((Links::grouped(keys.len(), near.into_iter(), most), rows))
}
