//! A list that is given out as it comes: the listed rows a thousand at a time, each time with all that hangs on them. What
//! has been given is not held, so the memory does not depend on how many there are.

use std::sync::Arc;

use crate::execute::check::kept;
use crate::execute::choose::begin_list;
use crate::execute::context::Context;
use crate::execute::error::ExecuteError;
use crate::execute::read::{allowed, level, ordered, with};
use crate::execute::rows::{Level, RowRef};
use crate::plan::{Predicate, ReadPlan};
use crate::source::Chunks;
use crate::statement::{Condition, Fetch};

/// Listed rows at a time.
const ROWS: usize = 1000;

/// The listed rows that are still to come.
pub struct RowStream {
    feed: Feed,
    /// What the rows must still be checked for; then rows are skipped and counted here.
    open: Option<Predicate>,
    skip: u64,
    left: u64,
}

enum Feed {
    /// As the database gives them.
    Source(Chunks),
    /// All of them, in an order that was put together here.
    Rows(std::vec::IntoIter<RowRef>),
}

impl RowStream {
    /// Sends the statement. Each call of [`RowStream::next`] has a budget of its own, and so has this.
    pub async fn begin(context: &Context<'_>, plan: &ReadPlan) -> Result<Self, ExecuteError> {
        let (skip, left) = (plan.offset, plan.limit);
        if let Some(sort) = &plan.root.sort {
            let feed = Feed::Rows(ordered(context, plan, sort).await?.into_iter());
            return Ok(Self { feed, open: None, skip, left });
        }
        let (mut fetch, mut open) = (plan.root.fetch.clone(), None);
        if let Some(filter) = &plan.root.filter {
            let (known, left_open) = begin_list(context, filter).await?;
            fetch = with(&fetch, Some(&Condition::All(known)));
            if !left_open.is_empty() {
                open = Some(Predicate::All(left_open.into_iter().cloned().collect()));
            }
        }
        let by_us = open.is_some();
        if by_us {
            fetch = Arc::new(Fetch { limit: None, offset: 0, ..(*fetch).clone() });
        }
        let chunks = context.source(&plan.root.source)?.stream(fetch, ROWS).await?;
        let (skip, left) = if by_us { (skip, left) } else { (0, u64::MAX) };
        Ok(Self { feed: Feed::Source(chunks), open, skip, left })
    }

    /// The next rows with all below them, perhaps none that the filter keeps; none at the end. Each call reads at most one
    /// chunk of listed rows.
    pub async fn next(&mut self, context: &Context<'_>, plan: &ReadPlan) -> Result<Option<Level>, ExecuteError> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut rows: Vec<RowRef> = match &mut self.feed {
            Feed::Rows(rows) => rows.take(ROWS).collect(),
            Feed::Source(chunks) => match chunks.next().await? {
                None => return Ok(None),
                Some(chunk) => {
                    let chunk = Arc::new(chunk);
                    RowRef::all(&chunk).collect()
                }
            },
        };
        if rows.is_empty() && matches!(self.feed, Feed::Rows(_)) {
            return Ok(None);
        }
        if let Some(open) = &self.open {
            rows = kept(context, open, rows).await?;
        }
        let skipped = rows.len().min(usize::try_from(self.skip).unwrap_or(usize::MAX));
        rows.drain(..skipped);
        self.skip -= skipped as u64;
        rows.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= rows.len() as u64;
        let level = level(context, &plan.root, rows).await?;
        allowed(context, &level)?;
        Ok(Some(level))
    }
}
