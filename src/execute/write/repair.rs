//! Rows whose references lead nowhere: they refer to nothing from then on, or go. Whether they still lead nowhere is looked at
//! once more when the rows are locked.

use std::collections::HashSet;
use std::sync::Arc;

use crate::catalog::{Catalog, ForeignKey};
use crate::execute::error::ExecuteError;
use crate::execute::join;
use crate::execute::rows::RowRef;
use crate::execute::write::change::{locked, rows_of};
use crate::execute::write::error::WriteError;
use crate::execute::write::keyed::{Removed, keys_of};
use crate::execute::write::leaves::replace;
use crate::execute::write::operation::{KeyTexts, key_texts};
use crate::execute::write::references::found;
use crate::execute::write::referrers::removing;
use crate::execute::write::sessions::Sessions;
use crate::execute::write::work::{Failure, Repair, Target};
use crate::plan::write::{Outgoing, WritePlan};
use crate::statement::Condition;
use crate::statement::write::Lock;
use crate::value::key::KeyBuilder;
use crate::value::{Column, Key, Scalar};

/// Repairs rows; gives the keys of those that were repaired.
pub async fn repair(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    plan: &WritePlan,
    target: &Target<'_>,
    key: &Arc<ForeignKey>,
    how: Repair,
) -> Result<Vec<Option<KeyTexts>>, Failure> {
    let gone = || WriteError::NotYet { what: "repairing a key that the plan does not have".into() };
    let outgoing = plan.outgoing.iter().find(|outgoing| outgoing.named.key.id == key.id).ok_or_else(gone)?;
    let any = Condition::All(Vec::new());
    let passing = Target { condition: Some(&any), ..target.clone() };
    let (places, rows) = match how {
        Repair::Null => rows_of(sessions, plan, &passing, Lock::Row).await?,
        // What refers to rows that go is fenced before they are locked.
        Repair::Delete => locked(sessions, plan, &passing, || Box::new(plan.incoming.iter()), Lock::Change).await?,
    };
    let gathered = join::gather(&rows, &outgoing.hop);
    let there = found(sessions, outgoing, &gathered.keys).await?;
    let missing: HashSet<&Key> =
        gathered.keys.iter().zip(&there).filter(|(_, there)| !**there).map(|(key, _)| key).collect();
    let dangles = |at: usize| {
        gathered.links.of(at).iter().any(|key| !there[*key as usize])
            || !join::unreadable(&rows[at], &outgoing.hop).is_empty()
    };
    let at_fault: Vec<usize> = (0..rows.len()).filter(|at| dangles(*at)).collect();
    let mut repaired = vec![None; target.keys.len()];
    if at_fault.is_empty() {
        return Ok(repaired);
    }
    let chosen: Vec<RowRef> = at_fault.iter().map(|at| rows[*at].clone()).collect();
    let keys = key_texts(plan, &chosen);
    match how {
        Repair::Null => clear(sessions, plan, outgoing, &chosen, &missing).await?,
        Repair::Delete => {
            let mut removed = Removed::default();
            let chosen = removed.add(plan, chosen);
            removing(sessions, catalog, plan, &chosen, &mut removed, None).await?;
        }
    }
    at_fault.iter().zip(keys).for_each(|(at, key)| repaired[places[*at]] = Some(key));
    Ok(repaired)
}

/// Makes rows refer to nothing by a key: its columns become NULL, or its leaves are taken from the documents.
async fn clear(
    sessions: &mut Sessions<'_>,
    plan: &WritePlan,
    outgoing: &Outgoing,
    rows: &[RowRef],
    missing: &HashSet<&Key>,
) -> Result<(), ExecuteError> {
    let table = &plan.table;
    let keys = keys_of(rows, plan)?;
    let first = &outgoing.hop.from[0];
    // A column that goes may itself be referred to.
    if plan.incoming.iter().any(|of| of.columns.iter().any(|column| outgoing.columns.contains(column))) {
        let what = format!("clearing a key whose columns are referenced themselves ({})", outgoing.named.name);
        return Err(WriteError::NotYet { what }.into());
    }
    if first.path.is_empty() {
        let from = outgoing.hop.from.iter().map(|cell| cell.column.clone());
        let set: Vec<(Arc<Column>, Scalar)> =
            from.filter(|column| column.nullable).map(|column| (column, Scalar::Null)).collect();
        if set.is_empty() {
            return Err(WriteError::Fixed { column: first.column.name.to_string() }.into());
        }
        sessions.update(plan, &set, &keys).await?;
    } else {
        for (row, key) in rows.iter().zip(&keys) {
            let Some(mut document) = join::document(&first.column, row.cell(first.cell)) else { continue };
            let mut builder = KeyBuilder::default();
            let mut dangles = |leaf: &serde_json::Value| {
                !leaf.is_null()
                    && !leaf.is_object()
                    && !leaf.is_array()
                    && join::leaf_key(&mut builder, outgoing.hop.classes[0], &first.column, leaf)
                        .is_none_or(|key| missing.contains(&key))
            };
            replace(&mut document, &first.path, &mut dangles, None);
            let set = [(first.column.clone(), Scalar::text(document.to_string()))];
            sessions.update(plan, &set, std::slice::from_ref(key)).await?;
        }
    }
    sessions.note(&table.name, Some(&outgoing.named), "set_null", rows.len());
    Ok(())
}
