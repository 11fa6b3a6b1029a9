//! Which rows of the listed table a filter keeps, where it reaches beyond the table.
//!
//! Two ways lead there. From the related side: the related rows that meet their condition are read, and the near rows that
//! refer to them are a condition of the listed table's own statement, which then counts, orders and pages as always. From
//! the near side: the first listed rows are read and checked, then twice as many, until enough are kept. Which is shorter
//! depends on how many rows meet which condition, and nobody knows that before. So both are tried in turn, each time for
//! more rows: what was read for nothing stays a fraction of what the shorter way reads. `limits.filter_rows` bounds all of
//! it, and no way over the limit gives a part of the answer.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::execute::check::{self, kept};
use crate::execute::context::Context;
use crate::execute::decide;
use crate::execute::error::ExecuteError;
use crate::execute::fetch::{by_keys, fits, key_set, recheck};
use crate::execute::join;
use crate::execute::rows::RowRef;
use crate::plan::{Back, First, Predicate, ReadPlan, Step};
use crate::statement::{Condition, Fetch};
use crate::value::Key;

/// Rows of the related side that are asked for at first, and once more when the first near rows have not filled the
/// answer: one row of so many that may be read.
const FAR: [u64; 2] = [50, 5];
/// Near rows that are read in between, likewise.
const NEAR: u64 = 50;
/// Near rows that are read at first, at least and at most, likewise.
const FIRST: [u64; 2] = [250, 12];

/// What a filter comes to.
pub enum Chosen {
    /// A condition that the listed table's statement decides.
    Condition(Condition),
    /// The first rows themselves, as many as the page needs.
    Rows {
        /// The rows, from the first one on.
        rows: Vec<RowRef>,
        /// They are all that there are.
        whole: bool,
    },
}

/// Decides the filter.
pub async fn choose(context: &Context<'_>, plan: &ReadPlan, filter: &Predicate) -> Result<Chosen, ExecuteError> {
    let whole = context.limits.filter_rows;
    let (mut known, mut open) = begin(context, filter).await?;
    let mut scan = Scan::new(context, plan);
    for (turn, near) in [whole / NEAR, u64::MAX].into_iter().enumerate() {
        if open.is_empty() {
            break;
        }
        // Grouped rows have nothing by which they could be checked.
        if !plan.root.fetch.is_grouped()
            && let Some(chosen) = scan.on(&known, &open, near).await?
        {
            return Ok(chosen);
        }
        let left = context.budget.left_to_decide() / 2;
        let last = turn == 1;
        ask(context, &mut known, &mut open, if last { left } else { left.min(whole / FAR[1]) }, last).await?;
    }
    if !open.is_empty() {
        return Err(context.budget.undecided(&table_of(&plan.root)));
    }
    Ok(Chosen::Condition(Condition::All(known)))
}

/// What the related sides decide with few rows: the conditions, and the parts of the filter that are left open.
async fn begin<'p>(
    context: &Context<'_>,
    filter: &'p Predicate,
) -> Result<(Vec<Condition>, Vec<&'p Predicate>), ExecuteError> {
    let mut known = Vec::new();
    let mut open: Vec<&Predicate> = conjuncts(filter).iter().collect();
    ask(context, &mut known, &mut open, context.limits.filter_rows / FAR[0], false).await?;
    Ok((known, open))
}

/// As much as the related sides decide, for a list whose rows are all checked anyway.
pub async fn begin_list<'p>(
    context: &Context<'_>,
    filter: &'p Predicate,
) -> Result<(Vec<Condition>, Vec<&'p Predicate>), ExecuteError> {
    let (mut known, mut open) = begin(context, filter).await?;
    ask(context, &mut known, &mut open, context.limits.filter_rows / FAR[1], false).await?;
    Ok((known, open))
}

/// Asks the related sides, and moves what that decides from `open` to `known`.
async fn ask(
    context: &Context<'_>,
    known: &mut Vec<Condition>,
    open: &mut Vec<&Predicate>,
    limit: u64,
    demanded: bool,
) -> Result<(), ExecuteError> {
    let mut left = Vec::with_capacity(open.len());
    for part in open.drain(..) {
        match condition(context, part, limit, demanded).await? {
            Some(condition) => known.push(condition),
            None => left.push(part),
        }
    }
    *open = left;
    Ok(())
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
                _ if !existence.back.complete => None,
                _ => match select(context, &existence.step, limit, demanded).await? {
                    Some(rows) => refers(context, &existence.back, &rows, limit).await?,
                    None => None,
                },
            },
            Predicate::Aggregated(aggregated) => match (&aggregated.back, aggregated.first) {
                (None, _) => None,
                (_, First::Near(_)) if !demanded => None,
                (Some((_, back)), _) if !back.complete => None,
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
    let chunk = Arc::new(decide::fetch(context, step, fetch).await?);
    if chunk.rows() as u64 > limit {
        return Ok(None);
    }
    Ok(Some(RowRef::all(&chunk).collect()))
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
    let asked: Vec<Key> = keys.into_iter().filter(|key| fits(&back.hop, key)).collect();
    let mut found: Vec<RowRef> = Vec::new();
    for batch in asked.chunks(context.limits.keys_per_batch) {
        let fetch = by_keys(&back.rows.fetch, &back.hop, batch, false);
        let chunk = decide::fetch(context, &back.rows, fetch).await?;
        let chunk = recheck(Arc::new(chunk), batch, &back.hop);
        found.extend(RowRef::all(&chunk));
        if found.len() as u64 > limit {
            return Ok(None);
        }
    }
    Ok(Some(among(identity, join::gather(&found, identity).keys)))
}

/// The hop's far columns hold one of these keys.
fn among(hop: &crate::plan::HopPlan, keys: Vec<Key>) -> Condition {
    let fitting: Vec<Key> = keys.into_iter().filter(|key| fits(hop, key)).collect();
    Condition::Among(Arc::new(key_set(hop, &fitting, false)))
}

/// The first near rows, in the answer's order. Each time all are read from the start, twice as many as before: so one
/// statement alone tells which rows there are and in which order, whatever is written meanwhile.
struct Scan<'a> {
    context: &'a Context<'a>,
    plan: &'a ReadPlan,
    /// Rows that the answer needs; one more than shown tells whether there is a next page; a count, and an order by other
    /// databases' rows, take them all.
    wanted: u64,
    /// Rows to be read next.
    size: u64,
    /// What a row costs of the budget, with all that was read to check it.
    cost: u64,
    /// Rows that were checked, and whether they are kept.
    checked: HashMap<Key, (RowRef, bool)>,
}

impl<'a> Scan<'a> {
    fn new(context: &'a Context<'a>, plan: &'a ReadPlan) -> Self {
        let shown = plan.offset.saturating_add(plan.limit).saturating_add(1);
        let all = plan.want_count || !plan.want_rows || plan.root.sort.is_some();
        let wanted = if all { u64::MAX } else { shown };
        let [least, most] = FIRST.map(|part| context.limits.filter_rows / part);
        let size = wanted.saturating_mul(4).clamp(least, most);
        Self { context, plan, wanted, size, cost: 1, checked: HashMap::new() }
    }

    /// Goes on up to `most` rows, and while half of what may be read is left; none where that does not fill the answer.
    async fn on(
        &mut self,
        known: &[Condition],
        open: &[&Predicate],
        most: u64,
    ) -> Result<Option<Chosen>, ExecuteError> {
        let budget = &self.context.budget;
        let reserve = budget.left_to_decide() / 2;
        let all = and(&self.plan.root.fetch, known.to_vec());
        let mut read = 0;
        loop {
            let before = budget.left_to_decide();
            let size = self.size.min(before.saturating_sub(reserve) / (self.cost + 1));
            if size <= read || size > most {
                return Ok(None);
            }
            let fetch = Fetch { limit: Some(size), offset: 0, max_rows: size, ..all.clone() };
            let chunk = Arc::new(decide::fetch(self.context, &self.plan.root, fetch).await?);
            read = chunk.rows() as u64;
            let rows = RowRef::all(&chunk).collect();
            let kept = self.kept(rows, open).await?;
            self.cost = (before.saturating_sub(budget.left_to_decide()) / read.max(1)).max(1);
            let whole = read < size;
            if whole || kept.len() as u64 >= self.wanted {
                return Ok(Some(Chosen::Rows { rows: kept, whole }));
            }
            self.size = self.size.saturating_mul(2);
        }
    }

    /// The rows for which all parts hold; those are asked of that were not checked before, or have changed since.
    async fn kept(&mut self, rows: Vec<RowRef>, open: &[&Predicate]) -> Result<Vec<RowRef>, ExecuteError> {
        let Some(identity) = &self.plan.identity else { return self.held(rows, open).await };
        let keys = join::gather(&rows, identity);
        let key = |row: usize| keys.links.of(row).first().map(|at| &keys.keys[*at as usize]);
        let known = |row: usize| {
            let (before, held) = self.checked.get(key(row)?)?;
            before.same_cells(&rows[row]).then_some(*held)
        };
        let mut outcomes: Vec<Option<bool>> = (0..rows.len()).map(known).collect();
        let fresh: Vec<usize> = (0..rows.len()).filter(|row| outcomes[*row].is_none()).collect();
        let mut asked: Vec<usize> = fresh.clone();
        for part in open {
            let part_rows: Vec<RowRef> = asked.iter().map(|row| rows[*row].clone()).collect();
            let held = check::check(self.context, part, &part_rows).await?;
            asked = asked.into_iter().zip(held).filter_map(|(row, held)| (held == Some(true)).then_some(row)).collect();
        }
        asked.iter().for_each(|row| outcomes[*row] = Some(true));
        for row in fresh {
            if let Some(key) = key(row) {
                self.checked.insert(key.clone(), (rows[row].clone(), outcomes[row] == Some(true)));
            }
        }
        Ok(rows.into_iter().zip(outcomes).filter_map(|(row, held)| (held == Some(true)).then_some(row)).collect())
    }

    async fn held(&self, mut rows: Vec<RowRef>, open: &[&Predicate]) -> Result<Vec<RowRef>, ExecuteError> {
        for part in open {
            rows = kept(self.context, part, rows).await?;
        }
        Ok(rows)
    }
}
