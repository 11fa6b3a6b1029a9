//! Rows of one write that refer to each other before they are there. What a row refers to may be added later in the same
//! write: its reference is looked at again in the end; where the database itself would refuse it, it is set then.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use crate::catalog::{Catalog, Kind, Relationship, SideColumn, TableId};
use crate::config::Enforce;
use crate::execute::context::Context;
use crate::execute::error::ExecuteError;
use crate::execute::fetch::scalars;
use crate::execute::join;
use crate::execute::write::error::{MissingReference, WriteError};
use crate::execute::write::journal::{keys_of_texts, planned_table};
use crate::execute::write::keyed::rows_by_key;
use crate::execute::write::linked::set;
use crate::execute::write::operation::{self, KeyTexts, Operation, printed};
use crate::execute::write::references::{self, as_given, occurrences};
use crate::execute::write::sessions::Sessions;
use crate::execute::write::whole;
use crate::execute::write::work::{Failure, Work};
use crate::plan::nested::{Branch, Node};
use crate::plan::read::ALL;
use crate::plan::record::{self, Values};
use crate::plan::write::{Outgoing, WritePlan};
use crate::statement::write::Lock;
use crate::statement::{Fetch, KeyColumn, KeySet, Matching, Output, SmallKey};
use crate::value::{Key, Scalar};

/// The values that rows of a write will have, and what waits for those that are not there yet.
#[derive(Default)]
pub struct Promised {
    /// By the number of a key, the referenced values that its rows will have.
    values: HashMap<u64, HashSet<SmallKey>>,
    /// References that are verified in the end.
    verified_later: Vec<Dangling>,
    /// Values that rows get in the end.
    set_later: Vec<(TableId, KeyTexts, Values)>,
}

/// A reference whose row is still to come, or does not come at all.
pub struct Dangling {
    outgoing: Outgoing,
    key: Key,
}

/// The relationships by which others refer to rows of a table, or by which these refer to others.
pub fn along(catalog: &Catalog, id: TableId, belongs: bool) -> impl Iterator<Item = &Relationship> {
    let all = catalog.entry(id).relationships.iter().map(|relationship| &**relationship);
    all.filter(move |relationship| relationship.through.is_none() && (relationship.kind == Kind::BelongsTo) == belongs)
}

/// The values that a record gives to the near columns of a relationship.
pub fn given(relationship: &Relationship, values: &Values) -> Option<SmallKey> {
    let value = |at: usize| values.iter().find(|(given, _)| *given == at).map(|(_, value)| value.clone());
    let plain = relationship.hop.from.iter().filter(|side| side.path.is_empty());
    let key: SmallKey = plain.filter_map(|side| value(side.column)).filter(|value| *value != Scalar::Null).collect();
    (key.len() == relationship.hop.from.len()).then_some(key)
}

impl Promised {
    /// Rows with these values will be added.
    pub fn promise(&mut self, catalog: &Catalog, id: TableId, values: &Values) {
        for relationship in along(catalog, id, false) {
            if let Some(key) = given(relationship, values) {
                self.values.entry(relationship.key.id).or_default().insert(key);
            }
        }
    }

    /// The same of all rows of a tree of records.
    pub fn promise_all(&mut self, catalog: &Catalog, nodes: &[Node]) {
        let mut left: Vec<&Node> = nodes.iter().collect();
        while let Some(node) = left.pop() {
            self.promise(catalog, node.table, &node.values);
            left.extend(node.branches.iter().flat_map(|branch| branch.items.iter().map(|(_, item)| item.node())));
        }
    }

    /// A row was added.
    fn keep(&mut self, catalog: &Catalog, id: TableId, values: &Values) {
        for relationship in along(catalog, id, false) {
            if let (Some(key), Some(known)) = (given(relationship, values), self.values.get_mut(&relationship.key.id)) {
                known.remove(&key);
            }
        }
    }

    /// Whether the row that a key refers to is still to come; then it is looked for in the end.
    pub fn is_promised(&mut self, outgoing: &Outgoing, key: &Key) -> bool {
        let Some(known) = self.values.get(&outgoing.named.key.id) else { return false };
        let promised = scalars(&outgoing.hop, key).is_some_and(|values| known.contains(&values));
        if promised {
            self.verified_later.push(Dangling { outgoing: outgoing.clone(), key: key.clone() });
        }
        promised
    }
}

/// Promises the rows of records whose table refers to itself by a key that its database keeps.
pub fn promise_own(sessions: &mut Sessions<'_>, catalog: &Catalog, plan: &WritePlan, records: &[Values]) {
    let own = |relationship: &Relationship| !relationship.key.is_virtual && relationship.target == plan.id;
    if records.len() > 1 && along(catalog, plan.id, true).any(own) {
        records.iter().for_each(|values| sessions.promised.promise(catalog, plan.id, values));
    }
}

/// Of records that are written, one after the other, the values that their own database would refuse, because the rows that
/// they refer to come later: they are taken out, or made NULL where rows are `added`. Per record, what it gets in the end.
pub async fn postponed(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    plan: &WritePlan,
    records: &mut Cow<'_, [Values]>,
    added: bool,
) -> Result<Vec<(usize, Values)>, ExecuteError> {
    if sessions.promised.values.is_empty() {
        return Ok(Vec::new());
    }
    let natives: Vec<&Relationship> =
        along(catalog, plan.id, true).filter(|relationship| !relationship.key.is_virtual).collect();
    let mut later = Vec::new();
    for at in 0..records.len() {
        let own = records[at].clone();
        for relationship in &natives {
            let Some(key) = given(relationship, &own) else { continue };
            let is_own = along(catalog, plan.id, false)
                .any(|other| other.key.id == relationship.key.id && given(other, &own).as_ref() == Some(&key));
            let promised = sessions.promised.values.get(&relationship.key.id);
            if is_own || !promised.is_some_and(|known| known.contains(&key)) {
                continue;
            }
            let columns = relationship.hop.from.iter().map(|side| side.column);
            let columns: Vec<usize> = columns.filter(|at| plan.table.columns[*at].nullable).collect();
            // Who refers to these columns would have to follow them a second time.
            let is_referenced = plan.incoming.iter().any(|of| of.columns.iter().any(|at| columns.contains(at)));
            if columns.is_empty() || is_referenced || is_there(sessions, catalog, relationship, key).await? {
                continue;
            }
            let record = &mut records.to_mut()[at];
            let (mut kept, mut set) = (Values::new(), Values::new());
            for (column, value) in record.drain(..) {
                if !columns.contains(&column) {
                    kept.push((column, value));
                    continue;
                }
                if added {
                    kept.push((column, Scalar::Null));
                }
                set.push((column, value));
            }
            *record = kept;
            if !set.is_empty() {
                later.push((at, set));
            }
        }
        if added {
            sessions.promised.keep(catalog, plan.id, &own);
        }
    }
    Ok(later)
}

/// Whether the row that a key of the database refers to is there already.
async fn is_there(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    relationship: &Relationship,
    key: SmallKey,
) -> Result<bool, ExecuteError> {
    let table = &catalog.entry(relationship.target).table;
    let column = |at: usize| table.columns[at].clone();
    let of = |side: &SideColumn| KeyColumn { column: column(side.column), path: Vec::new(), matching: Matching::Own };
    let columns: Vec<KeyColumn> = relationship.hop.to.iter().map(of).collect();
    let outputs = relationship.hop.to.iter().map(|side| Output::Column(column(side.column))).collect();
    let set = KeySet { columns, keys: vec![key], unique: false, ranked: false, when: Vec::new(), groups: None };
    let fetch =
        Fetch { keys: Some(set), ..Fetch::all(table.name.table.clone(), outputs, ALL, sessions.context.limits.bytes) };
    Ok(sessions.of(&table.name.source).await?.fetch(&fetch, Lock::None).await?.rows() > 0)
}

/// Notes what rows get in the end.
pub fn set_later(sessions: &mut Sessions<'_>, id: TableId, rows: Vec<(KeyTexts, Values)>) {
    sessions.promised.set_later.extend(rows.into_iter().map(|(key, values)| (id, key, values)));
}

/// All rows are there: those that waited for others get their values, and what was promised is looked for. Gives the
/// references that lead nowhere all the same.
pub async fn fulfil(sessions: &mut Sessions<'_>, catalog: &Catalog) -> Result<Vec<Dangling>, ExecuteError> {
    // Of a row that was named twice, what it got last.
    let mut rows: BTreeMap<(TableId, KeyTexts), Values> = BTreeMap::new();
    for (id, key, values) in std::mem::take(&mut sessions.promised.set_later) {
        set(rows.entry((id, key)).or_default(), &values);
    }
    let mut waiting: Vec<(TableId, KeyTexts, Values)> =
        rows.into_iter().map(|((id, key), values)| (id, key, values)).collect();
    waiting.sort_by(|a, b| (a.0, &a.2).cmp(&(b.0, &b.2)));
    for alike in waiting.chunk_by(|a, b| (a.0, &a.2) == (b.0, &b.2)) {
        let (id, _, values) = &alike[0];
        let plan = planned_table(sessions.context, catalog, *id)?;
        let texts: Vec<KeyTexts> = alike.iter().map(|(_, key, _)| key.clone()).collect();
        let keys = keys_of_texts(&plan, &texts)?;
        let old = if sessions.several { whole::rows(sessions, catalog, &plan, &keys).await? } else { Vec::new() };
        let columns = record::columns(&plan.table, values);
        let updated: Vec<_> = columns.into_iter().zip(values.iter().map(|(_, value)| value.clone())).collect();
        sessions.update(&plan, &updated, &keys).await?;
        let rows = rows_by_key(sessions, &plan, &keys, Lock::None).await?;
        let columns = values.iter().map(|(at, _)| *at).collect();
        let missing = references::missing(sessions, &plan, &rows, Some(&columns)).await?;
        let missing: Vec<MissingReference> = missing.into_iter().flatten().collect();
        if !missing.is_empty() {
            return Err(WriteError::Missing(missing).into());
        }
        if sessions.several {
            let names: Vec<&str> = columns.iter().map(|at| &*plan.table.columns[*at].name).collect();
            let new = whole::rows(sessions, catalog, &plan, &keys).await?;
            let rows = texts.into_iter().zip(whole::only(old, &names)).zip(whole::only(new, &names));
            let rows = rows.map(|((key, before), after)| operation::Changed { key, before, after }).collect();
            let table = printed(&plan);
            sessions.operation(&plan.table.name.source, || Operation::Update { table, rows });
        }
    }
    let mut dangling = Vec::new();
    for one in std::mem::take(&mut sessions.promised.verified_later) {
        if references::found(sessions, &one.outgoing, std::slice::from_ref(&one.key)).await? != [true] {
            match one.outgoing.named.key.enforce {
                Enforce::Always => dangling.push(one),
                _ => sessions.unkept.push(one.missing()),
            }
        }
    }
    Ok(dangling)
}

impl Dangling {
    /// What is missing, wherever it was given.
    pub fn missing(&self) -> MissingReference {
        let named = &self.outgoing.named;
        let parts = self.key.parts(self.outgoing.hop.from.len());
        let values = parts.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect();
        MissingReference { key: named.clone(), pointer: named.pointers[0].clone(), values }
    }
}

/// The records of a call that give these values, and where.
pub fn located(
    context: &Context<'_>,
    catalog: &Catalog,
    plan: &WritePlan,
    work: Work<'_>,
    dangling: &[Dangling],
) -> Result<Failure, ExecuteError> {
    let mut left: Vec<(usize, String, TableId, &Values, &[Branch])> = match work {
        Work::Insert(records) => {
            records.iter().enumerate().map(|(at, values)| (at, String::new(), plan.id, values, &[][..])).collect()
        }
        Work::Nested(nodes, _) => {
            let nodes = nodes.iter().enumerate();
            nodes.map(|(at, node)| (at, String::new(), node.table, &node.values, &node.branches[..])).collect()
        }
        _ => Vec::new(),
    };
    let (mut records, mut places) = (Vec::new(), Vec::new());
    while let Some((root, pointer, table, values, branches)) = left.pop() {
        let name = &catalog.entry(table).table.name;
        let of_table: Vec<&Dangling> = dangling.iter().filter(|one| one.outgoing.named.referring == *name).collect();
        if !of_table.is_empty() {
            let rows = as_given(&planned_table(context, catalog, table)?, std::slice::from_ref(values));
            let told = |one: &&Dangling| occurrences(&rows[0], &one.outgoing, &HashSet::from([&one.key]));
            let gives = |one: &&&Dangling| join::gather(&rows, &one.outgoing.hop).keys.contains(&one.key);
            let missing: Vec<MissingReference> = of_table.iter().filter(gives).flat_map(told).collect();
            if !missing.is_empty() {
                records.push((places.len(), WriteError::Missing(missing).into()));
                places.push((root, pointer.clone()));
            }
        }
        for (below, item) in branches.iter().flat_map(|branch| &branch.items) {
            let node = item.node();
            left.push((root, format!("{pointer}{below}"), node.table, &node.values, &node.branches));
        }
    }
    let error =
        records.is_empty().then(|| WriteError::Missing(dangling.iter().map(Dangling::missing).collect()).into());
    Ok(Failure { records, error }.within(&places))
}
