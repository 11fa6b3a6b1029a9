//! Dangling references of a key: the referencing rows a thousand at a time, and per thousand one look at the referenced
//! table. No two databases' orders are compared, and nothing is held but the thousand.

use std::sync::Arc;

use crate::execute::check::have_rows;
use crate::execute::context::Context;
use crate::execute::decide;
use crate::execute::error::ExecuteError;
use crate::execute::join;
use crate::execute::rows::RowRef;
use crate::plan::audit::AuditPlan;
use crate::plan::{HopPlan, Step};
use crate::source::Chunks;
use crate::value::Key;

/// Referencing rows at a time.
const ROWS: usize = 1000;
/// References that lead to a row and are told.
const MATCHING: usize = 5;

/// The referencing rows that are still to come.
pub struct AuditStream {
    chunks: Chunks,
}

/// What some rows came to.
#[derive(Debug, Default)]
pub struct Audited {
    /// Rows that were read.
    pub rows: u64,
    /// References that they hold.
    pub references: u64,
    /// References that lead nowhere, with their rows.
    pub orphans: Vec<Orphan>,
    /// Some that lead to a row.
    pub matching: Vec<Orphan>,
}

/// A reference that was looked up: most often one that leads nowhere.
#[derive(Debug)]
pub struct Orphan {
    /// The row that holds it.
    pub row: RowRef,
    /// The reference, one text a column, in the form in which keys meet; as it is stored where it can be no key.
    pub values: Vec<String>,
}

impl AuditStream {
    /// Sends the statement.
    pub async fn begin(context: &Context<'_>, plan: &AuditPlan) -> Result<Self, ExecuteError> {
        let chunks = context.source(&plan.rows.source)?.stream(plan.rows.fetch.clone(), ROWS).await?;
        Ok(Self { chunks })
    }

    /// The next rows; none at the end. Each call has a budget of its own.
    pub async fn next(&mut self, context: &Context<'_>, plan: &AuditPlan) -> Result<Option<Audited>, ExecuteError> {
        let Some(chunk) = self.chunks.next().await? else { return Ok(None) };
        let chunk = Arc::new(chunk);
        let rows: Vec<RowRef> = RowRef::all(&chunk).collect();
        let gathered = join::gather(&rows, &plan.hop);
        let found = have_rows(context, &plan.referenced, &plan.hop, &gathered.keys).await?;
        let mut audited = Audited { rows: rows.len() as u64, ..Audited::default() };
        for (at, row) in rows.iter().enumerate() {
            let links = gathered.links.of(at);
            audited.references += links.len() as u64;
            for values in join::unreadable(row, &plan.hop) {
                audited.references += 1;
                audited.orphans.push(Orphan { row: row.clone(), values });
            }
            for key in links.iter().map(|key| *key as usize) {
                let list = if found[key] { &mut audited.matching } else { &mut audited.orphans };
                if found[key] && list.len() >= MATCHING {
                    continue;
                }
                let parts = gathered.keys[key].parts(plan.hop.to.len());
                let values = parts.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect();
                list.push(Orphan { row: row.clone(), values });
            }
        }
        Ok(Some(audited))
    }
}

/// The rows of a step.
pub async fn sampled(context: &Context<'_>, step: &Step) -> Result<Vec<RowRef>, ExecuteError> {
    let chunk = Arc::new(decide::fetch(context, step, (*step.fetch).clone()).await?);
    Ok(RowRef::all(&chunk).collect())
}

/// How many different references these rows hold; and of at most `most` of these, how many lead to a row.
pub async fn contained(
    context: &Context<'_>,
    rows: &[RowRef],
    hop: &HopPlan,
    referenced: &Step,
    most: usize,
) -> Result<Contained, ExecuteError> {
    let keys = join::gather(rows, hop).keys;
    let every = keys.len().div_ceil(most.max(1)).max(1);
    let asked: Vec<Key> = keys.iter().step_by(every).cloned().collect();
    let found = have_rows(context, referenced, hop, &asked).await?.into_iter().filter(|found| *found).count();
    Ok(Contained { distinct: keys.len(), asked: asked.len(), found })
}

/// How far the references of some rows lead to rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Contained {
    /// Different references.
    pub distinct: usize,
    /// How many of them were looked for.
    pub asked: usize,
    /// How many of these were found.
    pub found: usize,
}
