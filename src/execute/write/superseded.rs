//! Rows of a decided write that are not added any more, for what they refer to was added by the same write and has been
//! removed since: nobody could have seen that they were still to come.

use std::collections::{HashMap, HashSet};

use crate::catalog::{Catalog, Relationship, TableId};
use crate::execute::error::ExecuteError;
use crate::execute::join;
use crate::execute::rows::RowRef;
use crate::execute::write::error::{MissingReference, WriteError};
use crate::execute::write::operation::{hex, id_text, renamed};
use crate::execute::write::promised::{along, given};
use crate::execute::write::references::{as_given, occurrences};
use crate::execute::write::sessions::Sessions;
use crate::execute::write::work::Failure;
use crate::plan::record::Values;
use crate::plan::write::WritePlan;
use crate::statement::SmallKey;
use crate::value::Key;

/// Notes the values by which rows of other sources may refer to rows that were added.
pub fn note_created(sessions: &mut Sessions<'_>, plan: &WritePlan, stored: &[RowRef]) {
    if !sessions.several {
        return;
    }
    for incoming in plan.incoming.iter().filter(|incoming| incoming.named.key.is_virtual) {
        let source = &incoming.named.referring.source;
        let keys = join::gather(stored, &incoming.hop).keys;
        let names = keys.iter().map(|key| (source.clone(), renamed(&id_text(&incoming.named), &hex(key))));
        sessions.created.extend(names);
    }
}

/// The rows that are passed over when a part is done again, by operation and place.
#[derive(Default)]
pub struct Superseded {
    rows: HashSet<(usize, usize)>,
    /// By the number of a key, the referenced values of such rows.
    values: HashMap<u64, HashSet<SmallKey>>,
}

impl Superseded {
    /// The places of the rows of an operation that are still to be added: neither they nor what they refer to is passed over.
    pub fn kept(&mut self, catalog: &Catalog, id: TableId, operation: usize, rows: &[Values]) -> Vec<usize> {
        let mut kept = Vec::with_capacity(rows.len());
        for (at, values) in rows.iter().enumerate() {
            let follows = |relationship: &Relationship| {
                let known = self.values.get(&relationship.key.id);
                known.is_some_and(|known| given(relationship, values).is_some_and(|key| known.contains(&key)))
            };
            if !self.rows.contains(&(operation, at)) && !along(catalog, id, true).any(follows) {
                kept.push(at);
                continue;
            }
            self.rows.insert((operation, at));
            for relationship in along(catalog, id, false) {
                if let Some(key) = given(relationship, values) {
                    self.values.entry(relationship.key.id).or_default().insert(key);
                }
            }
        }
        kept
    }

    /// Notes the rows that failed because what they refer to is gone again; gives whether these are all that failed.
    pub fn note(
        &mut self,
        plan: &WritePlan,
        operation: usize,
        places: &[usize],
        rows: &[Values],
        failure: &Failure,
        created: &HashSet<&str>,
    ) -> bool {
        let is_gone = |(at, error): &(usize, ExecuteError)| match error {
            ExecuteError::Write(WriteError::Missing(missing)) => is_gone(plan, &rows[*at], missing, created),
            _ => false,
        };
        if failure.records.is_empty() || !failure.records.iter().all(is_gone) {
            return false;
        }
        self.rows.extend(failure.records.iter().map(|(at, _)| (operation, places[*at])));
        true
    }

    /// Whether a row is passed over.
    pub fn has(&self, operation: usize, row: usize) -> bool {
        self.rows.contains(&(operation, row))
    }

    /// How many rows are passed over.
    pub fn count(&self) -> usize {
        self.rows.len()
    }
}

/// Whether all that a row misses was added by its own write.
fn is_gone(plan: &WritePlan, values: &Values, missing: &[MissingReference], created: &HashSet<&str>) -> bool {
    let row = as_given(plan, std::slice::from_ref(values));
    missing.iter().all(|one| {
        let of_key = plan.outgoing.iter().filter(|outgoing| outgoing.named.key.id == one.key.key.id);
        of_key.into_iter().any(|outgoing| {
            let keys = join::gather(&row, &outgoing.hop).keys;
            let name = |key: &Key| renamed(&id_text(&outgoing.named), &hex(key));
            let others: HashSet<&Key> = keys.iter().filter(|key| !created.contains(name(key).as_str())).collect();
            let stays = || occurrences(&row[0], outgoing, &others).iter().any(|other| other.pointer == one.pointer);
            !keys.is_empty() && (others.is_empty() || !stays())
        })
    })
}
