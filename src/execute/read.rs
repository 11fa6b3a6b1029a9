//! Runs a read plan, level by level: one statement per edge and batch, sibling edges at the same time.

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::{BoxFuture, try_join_all, try_join3};

use crate::execute::aggregate::{Grouped, Purpose, grouped};
use crate::execute::check::check;
use crate::execute::choose::{Chosen, choose};
use crate::execute::context::{Context, Partial};
use crate::execute::decide;
use crate::execute::error::ExecuteError;
use crate::execute::join;
use crate::execute::lookup::{Looked, lookup};
use crate::execute::remember::Absent;
use crate::execute::rows::{Level, Links, NONE, Nested, RowRef};
use crate::execute::sort::sorted;
use crate::name::SourceName;
use crate::plan::{AggregateEmbed, Embed, Expansion, IdsPlan, ReadPlan, Sort, Step};
use crate::source::SourceError;
use crate::statement::{Condition, Fetch};
use crate::value::Key;

/// What a plan brought.
#[derive(Debug)]
pub struct Answer {
    /// The listed rows with all below them.
    pub level: Level,
    /// For a read by identifiers, per identifier the positions of its rows.
    pub by_id: Option<Links>,
    /// Rows that the filter keeps, where they were counted.
    pub count: Option<u64>,
    /// There are rows beyond the page, where that is known without counting them.
    pub more: bool,
    /// Rows that are shown, related ones included.
    pub shown: u64,
    /// Relationships that were answered without their source.
    pub partial: Vec<Partial>,
}

/// Runs the plan. What few reads need is in boxes: the future of each would have room for it.
pub async fn read(context: &Context<'_>, plan: &ReadPlan) -> Result<Answer, ExecuteError> {
    let chosen = match &plan.root.filter {
        Some(filter) => Some(Box::pin(choose(context, plan, filter)).await?),
        None => None,
    };
    let (further, chosen) = match chosen {
        None => (None, None),
        Some(Chosen::Condition(condition)) => (Some(condition), None),
        Some(Chosen::Rows { rows, whole }) => (None, Some((rows, whole))),
    };
    let chosen = match (chosen, &plan.root.sort) {
        (None, Some(_)) if plan.want_rows => Some((Box::pin(candidates(context, plan, further.as_ref())).await?, true)),
        (chosen, _) => chosen,
    };
    if let Some((mut rows, whole)) = chosen {
        if let Some(sort) = plan.root.sort.as_ref().filter(|_| plan.want_rows) {
            rows = Box::pin(in_order(context, sort, rows)).await?;
        }
        return page(context, plan, rows, whole).await;
    }
    let (level, by_id) = if plan.want_rows {
        let (rows, by_id) = listed(context, plan, further.as_ref()).await?;
        (level(context, &plan.root, rows).await?, by_id)
    } else {
        (Level::default(), None)
    };
    let shown = allowed(context, &level)?;
    let count = match (plan.count_known(level.rows.len() as u64), &plan.count) {
        (Some(count), _) => Some(count),
        (None, Some(fetch)) if plan.needs_count(level.rows.len() as u64) => {
            let fetch = with(fetch, further.as_ref());
            let started = Instant::now();
            let chunk = context.source(&plan.root.source)?.fetch(fetch).await?;
            context.note_rows(&plan.count, started, chunk.rows());
            std::str::from_utf8(chunk.cell(0, 0)).ok().and_then(|text| text.parse().ok())
        }
        _ => None,
    };
    let partial = std::mem::take(&mut *context.partial.lock());
    Ok(Answer { level, by_id, count, more: false, shown, partial })
}

/// The listed rows; and for a read by identifiers, which rows each of them has.
async fn listed(
    context: &Context<'_>,
    plan: &ReadPlan,
    further: Option<&Condition>,
) -> Result<(Vec<RowRef>, Option<Links>), ExecuteError> {
    let source = context.source(&plan.root.source)?;
    if let Some((hop, keys)) = plan.ids.as_ref().and_then(IdsPlan::as_lookup) {
        let looked = lookup(context, &plan.root, hop, keys, Absent::AskedAgain).await?;
        // Only related rows may be older than their time.
        if !looked.stale {
            return Ok((looked.rows, Some(looked.links)));
        }
    }
    let fetch = with(&plan.fetch(), further);
    let started = Instant::now();
    let chunk = Arc::new(source.fetch(fetch).await?);
    context.note_rows(&*plan.root, started, chunk.rows());
    context.budget.spend(chunk.rows(), chunk.size())?;
    let rows = RowRef::all(&chunk).collect();
    let by_id = plan.ids.as_ref().map(|ids| {
        let near = chunk.ordinals().iter().map(|ordinal| *ordinal as usize);
        Links::grouped(ids.texts.len(), near, usize::MAX)
    });
    Ok((rows, by_id))
}

/// All rows that the filter keeps, in an order that is put together here.
pub async fn ordered(context: &Context<'_>, plan: &ReadPlan, sort: &Sort) -> Result<Vec<RowRef>, ExecuteError> {
    let rows = match &plan.root.filter {
        None => candidates(context, plan, None).await?,
        Some(filter) => match choose(context, plan, filter).await? {
            Chosen::Condition(condition) => candidates(context, plan, Some(&condition)).await?,
            Chosen::Rows { rows, .. } => rows,
        },
    };
    in_order(context, sort, rows).await
}

async fn in_order(context: &Context<'_>, sort: &Sort, rows: Vec<RowRef>) -> Result<Vec<RowRef>, ExecuteError> {
    let order = sorted(context, sort, &rows).await?;
    Ok(order.into_iter().map(|row| rows[row as usize].clone()).collect())
}

/// All rows that the filter keeps, to be ordered here.
async fn candidates(
    context: &Context<'_>,
    plan: &ReadPlan,
    further: Option<&Condition>,
) -> Result<Vec<RowRef>, ExecuteError> {
    let left = context.budget.left_to_decide();
    let all = with(&plan.root.fetch, further);
    let fetch = Fetch { limit: Some(left + 1), offset: 0, max_rows: left + 1, ..(*all).clone() };
    let chunk = Arc::new(decide::fetch(context, &plan.root, fetch).await?);
    Ok(RowRef::all(&chunk).collect())
}

/// The page of rows that were read from the first one on, and all that hangs on it.
async fn page(context: &Context<'_>, plan: &ReadPlan, rows: Vec<RowRef>, whole: bool) -> Result<Answer, ExecuteError> {
    let total = rows.len() as u64;
    let [skip, take] = [plan.offset, plan.limit].map(|number| usize::try_from(number).unwrap_or(usize::MAX));
    let rows = if plan.want_rows { rows.into_iter().skip(skip).take(take).collect() } else { Vec::new() };
    let level = level(context, &plan.root, rows).await?;
    let shown = allowed(context, &level)?;
    let partial = std::mem::take(&mut *context.partial.lock());
    let more = total > plan.offset.saturating_add(plan.limit);
    Ok(Answer { level, by_id: None, count: whole.then_some(total), more, shown, partial })
}

/// How many rows an answer shows; more than allowed are refused.
pub fn allowed(context: &Context<'_>, level: &Level) -> Result<u64, ExecuteError> {
    let shown = level.shown();
    if shown > context.limits.rows {
        return Err(ExecuteError::TooManyRows { limit: context.limits.rows });
    }
    Ok(shown)
}

/// The fetch with a further condition.
pub fn with(fetch: &Arc<Fetch>, further: Option<&Condition>) -> Arc<Fetch> {
    let Some(further) = further else { return fetch.clone() };
    let condition = Condition::All(fetch.condition.iter().cloned().chain([further.clone()]).collect());
    Arc::new(Fetch { condition: Some(condition), ..(**fetch).clone() })
}

/// Adds to rows all that hangs on them.
pub fn level<'a>(
    context: &'a Context<'_>,
    step: &'a Step,
    rows: Vec<RowRef>,
) -> BoxFuture<'a, Result<Level, ExecuteError>> {
    Box::pin(async move {
        for missing in &step.missing {
            if !context.may_be_partial {
                return Err(SourceError::unavailable(&missing.source, "not reached yet").into());
            }
            note(context, &missing.label, &missing.source, "null");
        }
        if step.embeds.is_empty() && step.aggregates.is_empty() && step.expansions.is_empty() {
            return Ok(Level { rows, ..Level::default() });
        }
        if let ([embed], [], []) = (&step.embeds[..], &step.aggregates[..], &step.expansions[..]) {
            // The usual case, without what waiting for several costs.
            let nested = vec![nested(context, embed, &rows).await?];
            return Ok(Level { rows, nested, ..Level::default() });
        }
        let nested = try_join_all(step.embeds.iter().map(|embed| nested(context, embed, &rows)));
        let aggregates = try_join_all(step.aggregates.iter().map(|embed| aggregates(context, embed, &rows)));
        let expanded = try_join_all(step.expansions.iter().map(|expansion| expanded(context, expansion, &rows)));
        let (nested, aggregates, expanded) = try_join3(nested, aggregates, expanded).await?;
        Ok(Level { rows, nested, aggregates, expanded })
    })
}

async fn nested(context: &Context<'_>, embed: &Embed, rows: &[RowRef]) -> Result<Nested, ExecuteError> {
    match follow(context, embed, rows).await {
        Ok((mut links, mut looked)) => {
            if looked.stale {
                note(context, &embed.label, &embed.step.source, "stale");
            }
            if let Some(filter) = &embed.step.filter {
                let held = check(context, filter, &looked.rows).await?;
                (links, looked.rows) = join::without(&links, looked.rows, |row| held[row] == Some(true));
            }
            if let Some(sort) = &embed.step.sort {
                let order = sorted(context, sort, &looked.rows).await?;
                (links, looked.rows) = join::arranged(&links, &looked.rows, &order);
            }
            let links = if embed.hop.ranked
                || embed.cut.is_some()
                || embed.through.as_ref().is_some_and(|through| through.hop.ranked)
            {
                let ranked = embed.hop.ranked || embed.through.as_ref().is_some_and(|through| through.hop.ranked);
                join::cut(&links, ranked, embed.cut)
            } else {
                links
            };
            let level = level(context, &embed.step, looked.rows).await?;
            Ok(Nested { links, level })
        }
        Err(ExecuteError::Source(SourceError::Unavailable { source_name, .. }))
            if context.may_be_missing(&source_name) =>
        {
            note(context, &embed.label, &source_name, "null");
            Ok(Nested { links: Links::empty(rows.len()), level: empty_level(&embed.step) })
        }
        Err(error) => Err(error),
    }
}

/// Follows a relationship from its near rows to its far rows, over the junction where there is one.
async fn follow(context: &Context<'_>, embed: &Embed, rows: &[RowRef]) -> Result<(Links, Looked), ExecuteError> {
    let (links, looked) =
        hop(context, rows, &embed.hop, embed.through.as_ref().map_or(&embed.step, |through| &through.junction)).await?;
    match &embed.through {
        None => Ok((links, looked)),
        Some(through) => {
            let (second, mut far) = hop(context, &looked.rows, &through.hop, &embed.step).await?;
            far.stale |= looked.stale;
            Ok((compose(context, &links, &second)?, far))
        }
    }
}

async fn hop(
    context: &Context<'_>,
    rows: &[RowRef],
    hop: &crate::plan::HopPlan,
    step: &Step,
) -> Result<(Links, Looked), ExecuteError> {
    let gathered = join::gather(rows, hop);
    if gathered.keys.is_empty() {
        return Ok((Links::empty(rows.len()), Looked::default()));
    }
    let looked = lookup(context, step, hop, &gathered.keys, Absent::Stays).await?;
    Ok((compose(context, &gathered.links, &looked.links)?, looked))
}

/// Joins links, as long as they are not more than the request may have.
fn compose(context: &Context<'_>, near: &Links, far: &Links) -> Result<Links, ExecuteError> {
    context.budget.allows_links(join::composed(near, far))?;
    Ok(join::compose(near, far))
}

fn note(context: &Context<'_>, relationship: &str, source: &SourceName, answered: &'static str) {
    let partial = Partial { relationship: relationship.to_owned(), source: source.to_string(), answered };
    let mut partials = context.partial.lock();
    if !partials.contains(&partial) {
        partials.push(partial);
    }
}

fn empty_level(step: &Step) -> Level {
    let nested =
        step.embeds.iter().map(|embed| Nested { links: Links::empty(0), level: empty_level(&embed.step) }).collect();
    let expanded = step
        .expansions
        .iter()
        .map(|expansion| Nested { links: Links::empty(0), level: empty_level(&expansion.step) })
        .collect();
    let aggregates = step.aggregates.iter().map(|_| Grouped::none(0)).collect();
    Level { rows: Vec::new(), nested, aggregates, expanded }
}

/// The rows that stand in place of key values. A source that is down may leave nulls there, where the file allows for it.
async fn expanded(context: &Context<'_>, expansion: &Expansion, rows: &[RowRef]) -> Result<Nested, ExecuteError> {
    let gathered = join::gather_leaves(rows, &expansion.hop);
    // A document may have any number of them, and be expanded in several ways.
    context.budget.spend(0, gathered.links.total() * 8)?;
    let (first, level) = match referenced(context, expansion, &gathered.keys).await {
        Err(ExecuteError::Source(SourceError::Unavailable { source_name, .. }))
            if context.may_be_missing(&source_name) =>
        {
            note(context, &expansion.label, &source_name, "null");
            (vec![NONE; gathered.keys.len()], empty_level(&expansion.step))
        }
        found => found?,
    };
    let mut links = Links::with_capacity(rows.len(), rows.len());
    for row in 0..rows.len() {
        let of_key = |key: &u32| first.get(*key as usize).copied().unwrap_or(NONE);
        links.current().extend(gathered.links.of(row).iter().map(of_key));
        links.end_row();
    }
    Ok(Nested { links, level })
}

/// Per key its row, and the rows with all below them.
async fn referenced(
    context: &Context<'_>,
    expansion: &Expansion,
    keys: &[Key],
) -> Result<(Vec<u32>, Level), ExecuteError> {
    let mut looked = match keys.is_empty() {
        true => Looked::default(),
        false => lookup(context, &expansion.step, &expansion.hop, keys, Absent::Stays).await?,
    };
    if looked.stale {
        note(context, &expansion.label, &expansion.step.source, "stale");
    }
    if let Some(filter) = &expansion.step.filter {
        let held = check(context, filter, &looked.rows).await?;
        (looked.links, looked.rows) = join::without(&looked.links, looked.rows, |row| held[row] == Some(true));
    }
    let first = (0..keys.len()).map(|key| looked.links.of(key).first().copied().unwrap_or(NONE)).collect();
    Ok((first, level(context, &expansion.step, looked.rows).await?))
}

/// Aggregates of related rows; without their source they read as those of no rows, where the file allows for it.
async fn aggregates(context: &Context<'_>, embed: &AggregateEmbed, rows: &[RowRef]) -> Result<Grouped, ExecuteError> {
    match grouped(context, &embed.plan, rows, Purpose::Show).await {
        Err(ExecuteError::Source(SourceError::Unavailable { source_name, .. }))
            if context.may_be_missing(&source_name) =>
        {
            note(context, &format!("{}_aggregate", embed.plan.label), &source_name, "null");
            Ok(Grouped::missing(rows.len()))
        }
        result => result,
    }
}
