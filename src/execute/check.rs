//! Whether a predicate that reaches beyond a table holds for each of some rows: asked from their side, in batches of keys.
//! Three-valued, as SQL's conditions are.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::execute::aggregate;
use crate::execute::context::Context;
use crate::execute::decide;
use crate::execute::error::ExecuteError;
use crate::execute::fetch::{by_keys, fits, recheck};
use crate::execute::join;
use crate::execute::rows::RowRef;
use crate::plan::{Existence, HopPlan, Predicate, Step};
use crate::statement::{Fetch, Groups};
use crate::value::Key;

/// True, false or unknown, per row.
pub type Outcomes = Vec<Option<bool>>;

/// Whether the predicate holds, per row.
pub fn check<'a>(
    context: &'a Context<'_>,
    predicate: &'a Predicate,
    rows: &'a [RowRef],
) -> BoxFuture<'a, Result<Outcomes, ExecuteError>> {
    Box::pin(async move {
        Ok(match predicate {
            Predicate::Test(cell, _) => rows.iter().map(|row| told(row.cell(*cell))).collect(),
            Predicate::All(parts) => joined(context, parts, rows, true).await?,
            Predicate::Any(parts) => joined(context, parts, rows, false).await?,
            Predicate::Not(part) => {
                check(context, part, rows).await?.into_iter().map(|held| held.map(|held| !held)).collect()
            }
            Predicate::Xor(a, b) => {
                let (a, b) = (check(context, a, rows).await?, check(context, b, rows).await?);
                a.into_iter().zip(b).map(|(a, b)| Some(a? != b?)).collect()
            }
            Predicate::Exists(existence) => exist(context, existence, rows).await?.into_iter().map(Some).collect(),
            Predicate::Aggregated(aggregated) => {
                let grouped = aggregate::grouped(context, &aggregated.plan, rows, aggregate::Purpose::Decide).await?;
                let none = aggregated.holds_for_none;
                (0..rows.len()).map(|row| Some(grouped.of(row).is_some() != none)).collect()
            }
        })
    })
}

/// The rows for which the predicate holds.
pub async fn kept(
    context: &Context<'_>,
    predicate: &Predicate,
    rows: Vec<RowRef>,
) -> Result<Vec<RowRef>, ExecuteError> {
    let held = check(context, predicate, &rows).await?;
    Ok(rows.into_iter().zip(held).filter_map(|(row, held)| (held == Some(true)).then_some(row)).collect())
}

/// All parts, or any of them: a part is asked only for the rows that the parts before leave open.
async fn joined(
    context: &Context<'_>,
    parts: &[Predicate],
    rows: &[RowRef],
    all: bool,
) -> Result<Outcomes, ExecuteError> {
    let mut outcomes: Outcomes = vec![Some(all); rows.len()];
    for part in parts {
        let open: Vec<usize> = (0..rows.len()).filter(|row| outcomes[*row] != Some(!all)).collect();
        let asked: Vec<RowRef> = open.iter().map(|row| rows[*row].clone()).collect();
        for (row, held) in open.into_iter().zip(check(context, part, &asked).await?) {
            outcomes[row] = match (outcomes[row], held) {
                (_, Some(held)) if held != all => Some(held),
                (Some(before), Some(_)) => Some(before),
                _ => None,
            };
        }
    }
    Ok(outcomes)
}

/// A condition's outcome as the databases print it.
fn told(cell: &[u8]) -> Option<bool> {
    match cell {
        b"null" => None,
        b"0" | b"false" => Some(false),
        _ => Some(true),
    }
}

/// Whether each row has a related one that meets the condition.
async fn exist(context: &Context<'_>, existence: &Existence, rows: &[RowRef]) -> Result<Vec<bool>, ExecuteError> {
    let Existence { hop, step, .. } = existence;
    let gathered = join::gather(rows, hop);
    let found = have_rows(context, step, hop, &gathered.keys).await?;
    Ok((0..rows.len()).map(|row| gathered.links.of(row).iter().any(|key| found[*key as usize])).collect())
}

/// Whether each key has a row for which the step's condition and filter hold.
pub async fn have_rows(
    context: &Context<'_>,
    step: &Step,
    hop: &HopPlan,
    all: &[Key],
) -> Result<Vec<bool>, ExecuteError> {
    let mut found = vec![false; all.len()];
    let asked: Vec<usize> = (0..all.len()).filter(|at| fits(hop, &all[*at])).collect();
    for batch in asked.chunks(context.limits.keys_per_batch) {
        let keys: Vec<Key> = batch.iter().map(|at| all[*at].clone()).collect();
        if step.filter.is_none() && !hop.recheck {
            let chunk = decide::fetch(context, step, existing(step, hop, &keys)).await?;
            chunk.ordinals().iter().for_each(|ordinal| found[batch[*ordinal as usize]] = true);
            continue;
        }
        let chunk = decide::fetch(context, step, by_keys(&step.fetch, hop, &keys, false)).await?;
        let chunk = recheck(Arc::new(chunk), &keys, hop);
        let related: Vec<RowRef> = RowRef::all(&chunk).collect();
        let held = match &step.filter {
            Some(filter) => check(context, filter, &related).await?,
            None => vec![Some(true); related.len()],
        };
        for (ordinal, _) in chunk.ordinals().iter().zip(held).filter(|(_, held)| *held == Some(true)) {
            found[batch[*ordinal as usize]] = true;
        }
    }
    Ok(found)
}

/// The positions of the keys that rows have; each once.
fn existing(step: &Step, hop: &HopPlan, keys: &[Key]) -> Fetch {
    let mut fetch = Fetch { outputs: Vec::new(), ..by_keys(&step.fetch, hop, keys, false) };
    if let Some(keys) = fetch.keys.as_mut().filter(|keys| !keys.unique) {
        keys.groups = Some(Groups::Keys);
    }
    fetch
}
