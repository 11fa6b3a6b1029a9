//! Reading the journal, and what a write has to heed in it.

use std::collections::HashSet;
use std::sync::Arc;

use crate::execute::error::ExecuteError;
use crate::execute::join;
use crate::execute::rows::RowRef;
use crate::execute::write::error::WriteError;
use crate::execute::write::operation::{Part, hex, id_text, renamed};
use crate::execute::write::sessions::Sessions;
use crate::name::SourceName;
use crate::plan::write::WritePlan;
use crate::statement::journal::{self, DECIDED, Decision, Which};
use crate::statement::write::Lock;
use crate::value::json;

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
        renames: text(row, 7),
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
    let pending = RowRef::of(sessions.of(source_name).await?.fetch(&journal::renames(), Lock::None).await?);
    if pending.is_empty() {
        return Ok(());
    }
    let mut values: HashSet<String> = HashSet::new();
    for incoming in &elsewhere {
        values.extend(
            join::gather(written, &incoming.hop).keys.iter().map(|key| renamed(&id_text(&incoming.named), &hex(key))),
        );
    }
    for row in pending {
        let [txid, state, renames] = [0, 1, 2].map(|cell| text(&row, cell).unwrap_or_default());
        if renames.split(' ').any(|name| values.contains(name)) && !is_done(sessions, source_name, &txid).await? {
            let conflicted = state != DECIDED;
            return Err(WriteError::Unfinished { source_name: source_name.clone(), conflicted }.into());
        }
    }
    Ok(())
}

/// Whether all parts of a decision are done, and it only waits to be removed.
async fn is_done(sessions: &mut Sessions<'_>, decider: &SourceName, txid: &str) -> Result<bool, ExecuteError> {
    if sessions.context.source(decider)?.finished().iter().any(|finished| finished == txid) {
        return Ok(true);
    }
    let found = RowRef::of(sessions.of(decider).await?.fetch(&journal::decisions(Which::One(txid)), Lock::None).await?);
    let Some(decision) = found.first().map(decision) else { return Ok(true) };
    for part in serde_json::from_str::<Vec<Part>>(&decision.plan).unwrap_or_default() {
        let source = sessions.context.source(&SourceName::new(&part.source))?;
        let markers = RowRef::of(source.fetch(Arc::new(journal::markers(txid))).await?);
        if !markers.iter().any(|marker| text(marker, 0).as_deref() == Some(part.source.as_str())) {
            return Ok(false);
        }
    }
    Ok(true)
}
