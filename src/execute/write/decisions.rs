//! Reading the journal, and what a write has to heed in it.

use std::sync::Arc;

use crate::execute::error::ExecuteError;
use crate::execute::join;
use crate::execute::rows::RowRef;
use crate::execute::write::error::WriteError;
use crate::execute::write::operation::{Operation, Part, hex};
use crate::execute::write::sessions::Sessions;
use crate::plan::write::WritePlan;
use crate::statement::journal::{self, DECIDED, Decision, Which};
use crate::statement::write::Lock;
use crate::value::{Chunk, json};

/// The rows of a chunk.
pub fn rows(chunk: Chunk) -> Vec<RowRef> {
    RowRef::all(&Arc::new(chunk)).collect()
}

/// The text of a cell, where it has one.
pub fn text(row: &RowRef, cell: usize) -> Option<String> {
    json::read_str(row.cell(cell)).map(Into::into)
}

/// A decision, as it was read.
pub fn decision(row: &RowRef) -> Decision {
    let number = |cell| std::str::from_utf8(row.cell(cell)).ok().and_then(|text| text.parse().ok()).unwrap_or_default();
    Decision {
        txid: text(row, 0).unwrap_or_default(),
        state: text(row, 1).unwrap_or_default(),
        plan: text(row, 2).unwrap_or_default(),
        decided_at: number(3),
        next_at: number(4),
        attempts: number(5),
        last_error: text(row, 6),
    }
}

/// Refuses values that another write, which is not finished, renames or takes away: it would find them come back.
pub async fn refuse_unfinished(
    sessions: &mut Sessions<'_>,
    plan: &WritePlan,
    written: &[RowRef],
) -> Result<(), ExecuteError> {
    let source_name = &plan.table.name.source;
    let elsewhere: Vec<_> = plan
        .incoming
        .iter()
        .filter(|incoming| incoming.named.key.is_virtual && incoming.named.referring.source != *source_name)
        .collect();
    if elsewhere.is_empty() || sessions.redoing || !sessions.context.source(source_name)?.has_journal_now().await? {
        return Ok(());
    }
    let pending = sessions.of(source_name).await?.fetch(&journal::decisions(Which::All), Lock::None).await?;
    for decision in rows(pending).iter().map(decision) {
        let left: Vec<Part> = serde_json::from_str(&decision.plan).unwrap_or_default();
        for incoming in &elsewhere {
            let values = join::gather(written, &incoming.hop).keys;
            let values: Vec<String> = values.iter().map(hex).collect();
            let named = |operation: &Operation| values.iter().any(|value| operation.names(incoming, value));
            if left.iter().flat_map(|part| &part.operations).any(named) {
                let conflicted = decision.state != DECIDED;
                return Err(WriteError::Unfinished { source_name: source_name.clone(), conflicted }.into());
            }
        }
    }
    Ok(())
}
