//! Which rows of the listed table a filter keeps, where it reaches beyond the table.
//!
//! The related side is asked first, for few rows: when no more meet their condition, the near rows that refer to them are
//! a condition of the listed table's own statement, which then counts, orders and pages as always. Else the near rows are
//! read in pages, in the answer's order, and checked until the page is full. Where that takes too many rows the related
//! side is asked once more, for as many as the limit allows. No way over the limit gives a part of the answer.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::execute::check::{self, kept};
use crate::execute::context::Context;
use crate::execute::error::ExecuteError;
use crate::execute::fetch::{by_keys, key_set, recheck, scalars};
use crate::execute::join;
use crate::execute::rows::RowRef;
use crate::plan::{Back, First, Predicate, ReadPlan, Step};
use crate::statement::{Condition, Fetch};
use crate::value::Key;

/// Rows of the related side that are asked for at first.
const FEW: u64 = 1000;
/// Rows of the first page of near rows, at least.
const FIRST_PAGE: u64 = 200;
/// Rows of the largest one.
const LARGEST_PAGE: u64 = 4000;

/// What a filter comes to.
pub enum Chosen {
    /// A condition that the listed table's statement decides.
    Condition(Condition),
    /// The rows of the page themselves.
    Rows {
        /// The rows.
        rows: Vec<RowRef>,
        /// How many there are in all, where that is known.
        count: Option<u64>,
        /// There are more beyond the page.
        more: bool,
    },
}

/// Decides the filter.
pub async fn choose(context: &Context<'_>, plan: &ReadPlan, filter: &Predicate) -> Result<Chosen, ExecuteError> {
    let (mut known, mut open) = (Vec::new(), Vec::new());
    for part in conjuncts(filter) {
        match condition(context, part, FEW, false).await? {
            Some(condition) => known.push(condition),
            None => open.push(part),
        }
    }
    if !open.is_empty() {
        if plan.root.fetch.group.is_empty()
            && let Some(chosen) = scan(context, plan, Condition::All(known.clone()), &open).await?
        {
            return Ok(chosen);
        }
        for part in open {
            let limit = context.budget.left_to_decide() / 2;
            let Some(condition) = condition(context, part, limit, true).await? else {
                return Err(context.budget.undecided(&table_of(&plan.root)));
            };
            known.push(condition);
        }
    }
    Ok(Chosen::Condition(Condition::All(known)))
}

fn conjuncts(predicate: &Predicate) -> &[Predicate] {
    match predicate {
        Predicate::All(parts) => parts,
        one => std::slice::from_ref(one),
    }
}

fn table_of(step: &Step) -> String {
    format!("{}.{}", step.source, step.fetch.table)
}

/// The predicate as a condition on its own table's columns, asked from the related side; none where more than `limit`
/// related rows meet theirs, or where the near side is to be asked first and nothing else is demanded.
fn condition<'a>(
    context: &'a Context<'_>,
    predicate: &'a Predicate,
    limit: u64,
    demanded: bool,
) -> BoxFuture<'a, Result<Option<Condition>, ExecuteError>> {
    Box::pin(async move {
        Ok(match predicate {
            Predicate::Test(_, condition) => Some(condition.clone()),
            Predicate::All(parts) => conditions(context, parts, limit, demanded).await?.map(Condition::All),
            Predicate::Any(parts) => conditions(context, parts, limit, demanded).await?.map(Condition::Any),
            Predicate::Not(part) => {
                condition(context, part, limit, demanded).await?.map(|condition| Condition::Not(condition.into()))
            }
            Predicate::Xor(a, b) => {
                let a = condition(context, a, limit, demanded).await?;
                match (a, condition(context, b, limit, demanded).await?) {
                    (Some(a), Some(b)) => Some(Condition::Xor(a.into(), b.into())),
                    _ => None,
                }
            }
            Predicate::Exists(existence) => match existence.first {
                First::Near(_) if !demanded => None,
                _ => match select(context, &existence.step, limit, demanded).await? {
                    Some(rows) => refers(context, &existence.back, &rows, limit).await?,
                    None => None,
                },
            },
            Predicate::Aggregated(aggregated) => match (&aggregated.back, aggregated.first) {
                (None, _) => None,
                (_, First::Near(_)) if !demanded => None,
                (Some((fetch, back)), _) => {
                    let step = &aggregated.plan.step;
                    let fetch = at_most(fetch, limit);
                    let groups = rows_of(context, step, fetch, limit).await?;
                    let condition = match groups {
                        Some(rows) => refers(context, back, &rows, limit).await?,
                        None => None,
                    };
                    let none = aggregated.holds_for_none;
                    condition.map(|found| if none { Condition::Not(found.into()) } else { found })
                }
            },
        })
    })
}

async fn conditions(
    context: &Context<'_>,
    parts: &[Predicate],
    limit: u64,
    demanded: bool,
) -> Result<Option<Vec<Condition>>, ExecuteError> {
    let mut conditions = Vec::with_capacity(parts.len());
    for part in parts {
        match condition(context, part, limit, demanded).await? {
            Some(condition) => conditions.push(condition),
            None => return Ok(None),
        }
    }
    Ok(Some(conditions))
}

/// All rows that a step's condition and filter keep; none where there are more than `limit`.
async fn select(
    context: &Context<'_>,
    step: &Step,
    limit: u64,
    demanded: bool,
) -> Result<Option<Vec<RowRef>>, ExecuteError> {
    let (mut known, mut open) = (Vec::new(), Vec::new());
    for part in step.filter.iter().flat_map(conjuncts) {
        match condition(context, part, limit, demanded).await? {
            Some(condition) => known.push(condition),
            None => open.push(part),
        }
    }
    let fetch = at_most(&and(&step.fetch, known), limit);
    let Some(mut rows) = rows_of(context, step, fetch, limit).await? else { return Ok(None) };
    for part in open {
        rows = kept(context, part, rows).await?;
    }
    Ok(Some(rows))
}

/// The fetch with further conditions.
fn and(fetch: &Fetch, further: Vec<Condition>) -> Fetch {
    let condition = Condition::All(fetch.condition.iter().cloned().chain(further).collect());
    Fetch { condition: Some(condition), ..fetch.clone() }
}

/// The fetch of one row more than may come, by which too many are told.
fn at_most(fetch: &Fetch, limit: u64) -> Fetch {
    Fetch { limit: Some(limit + 1), max_rows: limit + 1, ..fetch.clone() }
}

async fn rows_of(
    context: &Context<'_>,
    step: &Step,
    fetch: Fetch,
    limit: u64,
) -> Result<Option<Vec<RowRef>>, ExecuteError> {
    let chunk = Arc::new(check::fetch(context, step, fetch).await?);
    if chunk.rows() as u64 > limit {
        return Ok(None);
    }
    Ok(Some((0..chunk.rows() as u32).map(|row| RowRef { chunk: chunk.clone(), row }).collect()))
}

/// The near rows that are related to these, as a condition on the near columns; none where there is no such condition.
async fn refers(
    context: &Context<'_>,
    back: &Back,
    related: &[RowRef],
    limit: u64,
) -> Result<Option<Condition>, ExecuteError> {
    let keys = join::gather(related, &back.hop).keys;
    if back.exact {
        return Ok(Some(among(&back.hop, keys)));
    }
    let Some(identity) = &back.identity else { return Ok(None) };
    let asked: Vec<Key> = keys.into_iter().filter(|key| scalars(&back.hop, key).is_some()).collect();
    let mut found: Vec<RowRef> = Vec::new();
    for batch in asked.chunks(context.limits.keys_per_batch) {
        let fetch = by_keys(&back.rows.fetch, &back.hop, batch, false);
        let chunk = check::fetch(context, &back.rows, fetch).await?;
        let chunk = Arc::new(if back.hop.recheck { recheck(chunk, batch, &back.hop) } else { chunk });
        found.extend((0..chunk.rows() as u32).map(|row| RowRef { chunk: chunk.clone(), row }));
        if found.len() as u64 > limit {
            return Ok(None);
        }
    }
    Ok(Some(among(identity, join::gather(&found, identity).keys)))
}

/// The hop's far columns hold one of these keys.
fn among(hop: &crate::plan::HopPlan, keys: Vec<Key>) -> Condition {
    let fitting: Vec<Key> = keys.into_iter().filter(|key| scalars(hop, key).is_some()).collect();
    Condition::Among(Arc::new(key_set(hop, &fitting, false)))
}

/// Reads the near rows page by page and checks them, until the answer's page is full; none where that takes more rows
/// than half of what may still be read.
async fn scan(
    context: &Context<'_>,
    plan: &ReadPlan,
    known: Condition,
    open: &[&Predicate],
) -> Result<Option<Chosen>, ExecuteError> {
    let step = &plan.root;
    let (offset, limit) = (plan.offset, plan.limit);
    // One more tells whether there is a next page; a count takes them all.
    let wanted =
        if plan.want_count || !plan.want_rows { u64::MAX } else { offset.saturating_add(limit).saturating_add(1) };
    let allowance = context.budget.left_to_decide() / 2;
    let all = and(&step.fetch, vec![known]);
    let (mut found, mut seen): (Vec<RowRef>, HashSet<Key>) = (Vec::new(), HashSet::new());
    let mut page = wanted.saturating_mul(4).clamp(FIRST_PAGE, LARGEST_PAGE);
    let mut read = 0;
    loop {
        let size = page.min(allowance.saturating_sub(read));
        if size == 0 {
            return Ok(None);
        }
        let fetch = Fetch { limit: Some(size), offset: read, max_rows: size, ..all.clone() };
        let chunk = Arc::new(check::fetch(context, step, fetch).await?);
        let mut rows: Vec<RowRef> = (0..chunk.rows() as u32).map(|row| RowRef { chunk: chunk.clone(), row }).collect();
        let last = (rows.len() as u64) < size;
        read += rows.len() as u64;
        if let Some(identity) = &plan.identity {
            // Rows that moved between two pages are not taken twice.
            let keys = join::gather(&rows, identity);
            let fresh: Vec<bool> = (0..rows.len())
                .map(|row| keys.links.of(row).iter().all(|at| seen.insert(keys.keys[*at as usize].clone())))
                .collect();
            let mut fresh = fresh.into_iter();
            rows.retain(|_| fresh.next().unwrap_or(true));
        }
        for part in open {
            rows = kept(context, part, rows).await?;
        }
        found.extend(rows);
        if last || found.len() as u64 >= wanted {
            let total = found.len() as u64;
            let skip = usize::try_from(offset).unwrap_or(usize::MAX);
            let take = usize::try_from(limit).unwrap_or(usize::MAX);
            let rows = found.into_iter().skip(skip).take(take).collect();
            let more = total > offset.saturating_add(limit);
            return Ok(Some(Chosen::Rows { rows, count: last.then_some(total), more }));
        }
        page = (page * 2).min(LARGEST_PAGE);
    }
}
