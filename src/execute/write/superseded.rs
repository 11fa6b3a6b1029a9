//! Rows of a decided write that are not added any more, for what they refer to was added by the same write and has been
//! removed since: nobody could have seen that they were still to come.

use std::collections::{HashMap, HashSet};

use crate::catalog::{Catalog, Relationship, TableId};
use crate::config::Action;
use crate::execute::error::ExecuteError;
use crate::execute::join;
use crate::execute::rows::RowRef;
use crate::execute::write::error::{MissingReference, WriteError};
use crate::execute::write::operation::{KeyTexts, hex, id_text, renamed};
use crate::execute::write::promised::{along, given};
use crate::execute::write::references::as_given;
use crate::execute::write::sessions::Sessions;
use crate::execute::write::work::Failure;
use crate::name::SourceName;
use crate::plan::record::Values;
use crate::plan::write::{Outgoing, WritePlan};
use crate::statement::SmallKey;
use crate::value::Key;

/// A value that a write has added, and to which rows of a source may refer.
pub struct Created {
    /// The source of the added row.
    pub source: SourceName,
    /// The source of the rows that may refer to it.
    pub referring: SourceName,
    /// The value, as the journal calls it.
    pub name: String,
}

/// Notes the values by which others may refer to rows that were added.
pub fn note_created(sessions: &mut Sessions<'_>, plan: &WritePlan, stored: &[RowRef]) {
    if !sessions.several {
        return;
    }
    for incoming in plan.incoming.iter().filter(|incoming| incoming.named.key.is_virtual) {
        let keys = join::gather(stored, &incoming.hop).keys;
        sessions.created.extend(keys.iter().map(|key| Created {
            source: plan.table.name.source.clone(),
            referring: incoming.named.referring.source.clone(),
            name: renamed(&id_text(&incoming.named), &hex(key)),
        }));
    }
}

/// The values that were added before a part, or with it, and to which its rows may refer; `earlier` are the sources that come
/// before it, the decider among them. None where their rows may refer to those of the part in turn: what is passed over there
/// would leave references to nothing here.
pub fn created_for(created: &[Created], part: &SourceName, earlier: &[&SourceName]) -> Vec<String> {
    let is_earlier = |source: &SourceName| earlier.contains(&source);
    if created.iter().any(|one| one.source == *part && is_earlier(&one.referring)) {
        return Vec::new();
    }
    let fits = |one: &&Created| one.referring == *part && (one.source == *part || is_earlier(&one.source));
    created.iter().filter(fits).map(|one| one.name.clone()).collect()
}

/// The values that were added in a source, and to which rows of later sources may refer.
pub fn added_for(created: &[Created], source: &SourceName, later: &[SourceName]) -> Vec<String> {
    let fits = |one: &&Created| one.source == *source && later.contains(&one.referring);
    created.iter().filter(fits).map(|one| one.name.clone()).collect()
}

/// The rows that are passed over when a part is done again, by operation and place.
#[derive(Default)]
pub struct Superseded {
    rows: HashSet<(usize, usize)>,
    /// By the number of a key, the referenced values of such rows.
    values: HashMap<u64, HashSet<SmallKey>>,
    /// The tables and primary keys of such rows.
    keys: HashSet<(String, KeyTexts)>,
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

    /// Notes the primary keys of rows that are not added.
    pub fn without(&mut self, table: &str, keys: &[KeyTexts], kept: &[usize]) {
        let gone = keys.iter().enumerate().filter(|(at, _)| !kept.contains(at));
        self.keys.extend(gone.map(|(_, key)| (table.to_owned(), key.clone())));
    }

    /// Whether a row is one of these.
    pub fn has_key(&self, table: &str, key: &KeyTexts) -> bool {
        !self.keys.is_empty() && self.keys.contains(&(table.to_owned(), key.clone()))
    }

    /// Notes the rows, told by operation and place, that failed because what they refer to is gone again, if these are all that failed. A row that gets values
    /// is passed over only where it gets no others.
    pub fn note(
        &mut self,
        plan: &WritePlan,
        places: &[(usize, usize)],
        rows: &[Values],
        failure: &Failure,
        created: &HashSet<&str>,
        added: bool,
    ) {
        let is_gone = |(at, error): &(usize, ExecuteError)| match error {
            ExecuteError::Write(WriteError::Missing(missing)) => {
                is_gone(plan, &rows[*at], missing, created) && (added || refers_alone(plan, &rows[*at], missing))
            }
            _ => false,
        };
        if failure.records.iter().all(is_gone) {
            self.rows.extend(failure.records.iter().map(|(at, _)| places[*at]));
        }
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

/// Whether the values are those of the missing references and no others.
fn refers_alone(plan: &WritePlan, values: &Values, missing: &[MissingReference]) -> bool {
    let of_missing = |outgoing: &&Outgoing| missing.iter().any(|one| one.key.key.id == outgoing.named.key.id);
    let columns: HashSet<usize> =
        plan.outgoing.iter().filter(of_missing).flat_map(|outgoing| outgoing.columns.iter().copied()).collect();
    values.iter().all(|(at, _)| columns.contains(at))
}

/// Whether all that a row misses was added by its own write. Of what a key sets to NULL, or of a key within a document, more is
/// left than nothing: a person decides.
fn is_gone(plan: &WritePlan, values: &Values, missing: &[MissingReference], created: &HashSet<&str>) -> bool {
    let row = as_given(plan, std::slice::from_ref(values));
    missing.iter().all(|one| {
        let key = &one.key.key;
        if key.on_delete == Action::SetNull || key.referencing.columns.iter().any(|side| !side.path.is_empty()) {
            return false;
        }
        let of_key = plan.outgoing.iter().filter(|outgoing| outgoing.named.key.id == one.key.key.id);
        of_key.into_iter().any(|outgoing| {
            let keys = join::gather(&row, &outgoing.hop).keys;
            let name = |key: &Key| renamed(&id_text(&outgoing.named), &hex(key));
            !keys.is_empty() && keys.iter().all(|key| created.contains(name(key).as_str()))
        })
    })
}
