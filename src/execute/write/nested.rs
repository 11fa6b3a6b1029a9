//! Records with related records in them: first what a row belongs to, then the row, then what belongs to it, level by level. All
//! rows of a level that have the same table go together.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::catalog::{Catalog, Kind, Relationship, TableId};
use crate::execute::write::change::{self, insert};
use crate::execute::write::document::{self, Edit};
use crate::execute::write::error::WriteError;
use crate::execute::write::journal::planned_table;
use crate::execute::write::linked::{
    having, ids_as_keys, keyed, linked, release, remove_by_id, set, spelled, unplanned,
};
use crate::execute::write::operation::KeyTexts;
use crate::execute::write::sessions::Sessions;
use crate::execute::write::work::{Failure, Target};
use crate::plan;
use crate::plan::nested::{Branch, Item, Link, Node, is_in_document, link_of, link_through, words};
use crate::plan::record::{self, Values};
use crate::plan::write::WritePlan;
use crate::statement::SmallKey;
use crate::value::Scalar;

/// A row to be written, and where it stands in the call.
#[derive(Clone)]
struct Placed<'n> {
    node: &'n Node,
    values: Values,
    /// The client's record.
    root: usize,
    /// Where in it.
    pointer: String,
    /// What the row has from the one that it belongs to.
    linked: Values,
    /// Keys that come into its documents, or go.
    edits: Vec<Edit>,
}

impl<'n> Placed<'n> {
    fn new(node: &'n Node, root: usize, pointer: String) -> Self {
        Self { node, values: node.values.clone(), root, pointer, linked: Values::new(), edits: Vec::new() }
    }

    /// Makes the row refer to one that it belongs to, whose related records it is among.
    fn refer(&mut self, catalog: &Catalog, relationship: &Relationship, values: &Values) {
        self.owe(catalog, relationship, values, false);
        if !is_in_document(relationship) {
            self.linked.clone_from(values);
        }
    }

    /// Makes the row refer to another one by these values, or no more.
    fn owe(&mut self, catalog: &Catalog, relationship: &Relationship, values: &Values, takes: bool) {
        match Edit::new(catalog, &relationship.key, values, takes) {
            None => set(&mut self.values, values),
            Some(edit) => {
                self.edits.push(edit);
                if !takes {
                    let others = |(at, _): &&(usize, Scalar)| {
                        relationship.key.referencing.columns.iter().all(|side| side.column != *at)
                    };
                    set(&mut self.values, &values.iter().filter(others).cloned().collect::<Values>());
                }
            }
        }
    }

    /// The row's identifier; what it has from another row counts, whatever the client says.
    fn id(&self, plan: &WritePlan) -> Vec<String> {
        let given = self.node.key.iter().flatten();
        let columns = plan.table.primary_key.iter();
        let part = |(text, at): (&String, &usize)| {
            let linked = self.linked.iter().find(|(column, _)| column == at);
            linked.and_then(|(_, value)| spelled(value)).unwrap_or_else(|| text.clone())
        };
        given.zip(columns).map(part).collect()
    }
}

/// What is done to the rows of a level.
#[derive(Clone, Copy)]
enum How<'t> {
    /// They are added.
    Add,
    /// They are found as the client says.
    Find(&'t Target<'t>),
    /// They are found by their keys; some are added where they are not there.
    Save(Absent),
}

/// What becomes of rows with a key that are not there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Absent {
    /// They are added.
    Add,
    /// The same, unless the database counts their keys.
    AddUncounted,
    /// They are missed.
    Miss,
}

/// Writes records with all that hangs on them; gives the records' own keys. Without a target they are added.
pub async fn nested(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    nodes: &[Node],
    target: Option<&Target<'_>>,
) -> Result<Vec<Option<KeyTexts>>, Failure> {
    sessions.promised.promise_all(catalog, nodes);
    let placed = nodes.iter().enumerate().map(|(at, node)| Placed::new(node, at, String::new())).collect();
    level(sessions, catalog, placed, target.map_or(How::Add, How::Find)).await
}

fn level<'f>(
    sessions: &'f mut Sessions<'_>,
    catalog: &'f Catalog,
    mut placed: Vec<Placed<'f>>,
    how: How<'f>,
) -> BoxFuture<'f, Result<Vec<Option<KeyTexts>>, Failure>> {
    Box::pin(async move {
        let Some(table) = placed.first().map(|placed| placed.node.table) else { return Ok(Vec::new()) };
        for relationship in relationships(&placed, true) {
            belong(sessions, catalog, table, &relationship, &mut placed).await?;
        }
        let of: Vec<(usize, String)> = placed.iter().map(|one| (one.root, one.pointer.clone())).collect();
        let keys = own(sessions, catalog, table, &placed, how).await.map_err(|failure| failure.within(&of))?;
        for relationship in relationships(&placed, false) {
            related(sessions, catalog, table, &relationship, &placed, &keys).await?;
        }
        Ok(keys)
    })
}

/// The relationships by which rows of a level have others, each once; those by which they belong to others, or the rest.
fn relationships(placed: &[Placed<'_>], belongs: bool) -> Vec<Arc<Relationship>> {
    let mut found: Vec<Arc<Relationship>> = Vec::new();
    for branch in placed.iter().flat_map(|placed| &placed.node.branches) {
        let relationship = &branch.relationship;
        if (relationship.kind == Kind::BelongsTo) == belongs
            && !found.iter().any(|known| Arc::ptr_eq(known, relationship))
        {
            found.push(relationship.clone());
        }
    }
    found
}

fn branches<'p, 'n>(
    placed: &'p [Placed<'n>],
    relationship: &'p Arc<Relationship>,
) -> impl Iterator<Item = (usize, &'p Placed<'n>, &'n Branch)> {
    placed.iter().enumerate().flat_map(move |(at, placed)| {
        let of = placed.node.branches.iter().filter(move |branch| Arc::ptr_eq(&branch.relationship, relationship));
        of.map(move |branch| (at, placed, branch))
    })
}

/// Writes what rows belong to, and makes them refer to it.
async fn belong<'n>(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    table: TableId,
    relationship: &Arc<Relationship>,
    placed: &mut [Placed<'n>],
) -> Result<(), Failure> {
    let (mut owners, mut added, mut saved, mut let_go) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (at, owner, branch) in branches(placed, relationship) {
        for (pointer, item) in &branch.items {
            let one = Placed::new(item.node(), owner.root, format!("{}{pointer}", owner.pointer));
            let to = match item {
                Item::Add(_) => &mut added,
                Item::Unlink(_) => &mut let_go,
                _ => &mut saved,
            };
            owners.push((at, item, to.len()));
            to.push(one);
        }
    }
    let words = words(relationship.kind);
    let limits = sessions.context.limits;
    let far = plan::write::looked_at(catalog, limits, relationship.target).map_err(unplanned)?;
    // Of a row that is let go nothing is written.
    let ids = let_go.iter().map(|placed| placed.node.key.clone().unwrap_or_default()).collect::<Vec<_>>();
    let let_go = ids_as_keys(&far, &ids);
    let [added, saved] =
        written(sessions, catalog, added, saved, Absent::Add).await.map_err(|failure| failure.related(words))?;
    let key = |(_, item, place): &(usize, &Item, usize)| match item {
        Item::Add(_) => added[*place].clone(),
        Item::Unlink(_) => let_go[*place].clone(),
        _ => saved[*place].clone(),
    };
    let keys: Vec<KeyTexts> = owners.iter().map(key).collect();
    let link = link_of(catalog, limits, table, relationship).map_err(unplanned)?;
    let values = linked(sessions, catalog, relationship.target, &link, &keys).await?;
    for ((at, item, _), values) in owners.into_iter().zip(values) {
        let takes = matches!(item, Item::Unlink(_));
        match values {
            Some(values) => placed[at].owe(catalog, relationship, &values, takes),
            // A row that is not there is in no document.
            None if takes => {}
            None => return Err(without_value(relationship, placed[at].root)),
        }
    }
    Ok(())
}

/// Writes rows that are added, and rows that have keys; gives the keys of both.
async fn written(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    added: Vec<Placed<'_>>,
    saved: Vec<Placed<'_>>,
    absent: Absent,
) -> Result<[Vec<KeyTexts>; 2], Failure> {
    let mut keys = [Vec::new(), Vec::new()];
    for (at, (placed, how)) in [(added, How::Add), (saved, How::Save(absent))].into_iter().enumerate() {
        let count = placed.len();
        let written = level(sessions, catalog, placed, how).await?;
        keys[at] = written.into_iter().flatten().collect();
        if keys[at].len() != count {
            return Err(WriteError::Overtaken.into());
        }
    }
    Ok(keys)
}

/// The rows themselves.
async fn own(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    table: TableId,
    placed: &[Placed<'_>],
    how: How<'_>,
) -> Result<Vec<Option<KeyTexts>>, Failure> {
    let mut values: Vec<Values> = placed.iter().map(|placed| placed.values.clone()).collect();
    let absent = match how {
        How::Add => {
            let plan = planned_table(sessions.context, catalog, table)?;
            for (at, (placed, values)) in placed.iter().zip(&mut values).enumerate() {
                document::fill(&plan.table, values, &placed.edits).map_err(|error| of_record(at, error))?;
            }
            return insert(sessions, catalog, &plan, &values).await;
        }
        How::Find(target) => {
            let plan = planned_table(sessions.context, catalog, table)?;
            let edits: Vec<&[Edit]> = placed.iter().map(|placed| &placed.edits[..]).collect();
            document::change(sessions, catalog, &plan, target, &mut values, &edits).await?;
            return change::update(sessions, catalog, &plan, target, &values).await;
        }
        How::Save(absent) => absent,
    };
    let limits = sessions.context.limits;
    // Rows that are only referred to may be where nothing is written.
    let plan = plan::write::looked_at(catalog, limits, table).map_err(unplanned)?;
    let ids: Vec<Vec<String>> = placed.iter().map(|placed| placed.id(&plan)).collect();
    let (form, keys, texts) = keyed(&plan, ids)?;
    let all = Target { form: &form, keys: &keys, texts: &texts, condition: None, upsert: false, updates: None };
    let mut found = change::existing(sessions, &plan, &all).await?;
    let mut added: Vec<usize> = Vec::new();
    for at in (0..placed.len()).filter(|at| found[*at].is_none()) {
        // The same key may stand there twice: then the row is added, and changed.
        if !added.iter().any(|other| keys[*other] == keys[at]) {
            added.push(at);
        }
    }
    let counted = plan.table.primary_key.iter().any(|at| plan.table.columns[*at].auto_increment);
    let misses = absent == Absent::Miss || absent == Absent::AddUncounted && counted;
    if let Some(at) = added.first().filter(|_| misses) {
        return Err(of_record(*at, WriteError::NotFound { id: texts[*at].clone() }));
    }
    if !added.is_empty() {
        let entry = catalog.entry(table);
        let with_key = |at: &usize| {
            let mut values = values[*at].clone();
            let key = plan.table.primary_key.iter().copied().zip(keys[*at].iter().cloned());
            set(&mut values, &key.collect::<Values>());
            values
        };
        let mut values: Vec<Values> = added.iter().map(with_key).collect();
        for (at, values) in added.iter().zip(&mut values) {
            document::fill(&plan.table, values, &placed[*at].edits).map_err(|error| of_record(*at, error))?;
            let filled = record::filled(entry, values, &[]);
            filled.map_err(|error| of_record(*at, WriteError::Record(Box::new(error))))?;
        }
        let plan = planned_table(sessions.context, catalog, table)?;
        let keyed = insert(sessions, catalog, &plan, &values).await.map_err(|failure| failure.at(&added))?;
        added.iter().zip(keyed).for_each(|(at, key)| found[*at] = key);
    }
    let without_key = |at: usize| {
        let mut values = values[at].clone();
        values.retain(|(column, _)| !plan.table.primary_key.contains(column));
        values
    };
    let changed: Vec<(usize, Values)> = (0..placed.len())
        .filter(|at| !added.contains(at))
        .map(|at| (at, without_key(at)))
        .filter(|(at, values)| !values.is_empty() || !placed[*at].edits.is_empty())
        .collect();
    if !changed.is_empty() {
        let places: Vec<usize> = changed.iter().map(|(at, _)| *at).collect();
        let pick = |at: &usize| (keys[*at].clone(), texts[*at].clone());
        let (keys, texts): (Vec<SmallKey>, Vec<String>) = places.iter().map(pick).unzip();
        let target = Target { form: &form, keys: &keys, texts: &texts, condition: None, upsert: false, updates: None };
        let mut values: Vec<Values> = changed.into_iter().map(|(_, values)| values).collect();
        let plan = planned_table(sessions.context, catalog, table)?;
        let edits: Vec<&[Edit]> = places.iter().map(|at| &placed[*at].edits[..]).collect();
        let documents = document::change(sessions, catalog, &plan, &target, &mut values, &edits).await;
        documents.map_err(|failure| failure.at(&places))?;
        let updated = change::update(sessions, catalog, &plan, &target, &values).await;
        let updated = updated.map_err(|failure| failure.at(&places))?;
        places.into_iter().zip(updated).for_each(|(at, key)| found[at] = key);
    }
    // Those that stand there twice.
    for at in 0..placed.len() {
        if found[at].is_none() {
            found[at] = added.iter().find(|other| keys[**other] == keys[at]).and_then(|other| found[*other].clone());
        }
    }
    Ok(found)
}

/// Writes what belongs to rows, or stands at the other side of a junction.
async fn related<'n>(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    table: TableId,
    relationship: &Arc<Relationship>,
    placed: &[Placed<'n>],
    keys: &[Option<KeyTexts>],
) -> Result<(), Failure> {
    let limits = sessions.context.limits;
    let link = link_of(catalog, limits, table, relationship).map_err(unplanned)?;
    // A row that did not meet the client's filter any more is passed over, with all that hangs on it.
    let owners: Vec<_> = branches(placed, relationship).filter(|(at, ..)| keys[*at].is_some()).collect();
    let owner_keys: Vec<KeyTexts> = owners.iter().filter_map(|(at, ..)| keys[*at].clone()).collect();
    let values = linked(sessions, catalog, table, &link, &owner_keys).await?;
    let words = words(relationship.kind);
    if relationship.through.is_some() {
        return joined(sessions, catalog, relationship, &link, &owners, &values)
            .await
            .map_err(|failure| failure.related(words));
    }
    let (mut added, mut saved, mut let_go, mut removed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for ((_, owner, branch), values) in owners.iter().zip(&values) {
        let Some(values) = values else {
            // Nothing can refer to a row that has no value; a list without changes asks for nothing.
            if branch.items.is_empty() {
                continue;
            }
            return Err(without_value(relationship, owner.root).related(words));
        };
        if branch.lets_go {
            let child = planned_table(sessions.context, catalog, relationship.target)?;
            let found = having(sessions, &child, &[&link], std::slice::from_ref(values)).await?;
            let found: Vec<Vec<String>> = found.into_iter().map(|(_, id)| id).collect();
            release(sessions, catalog, &child, &link, &found, branch.removes).await.map_err(|failure| {
                failure.within(&vec![(owner.root, owner.pointer.clone()); found.len()]).related(words)
            })?;
        }
        for (pointer, item) in &branch.items {
            let mut one = Placed::new(item.node(), owner.root, format!("{}{pointer}", owner.pointer));
            match item {
                Item::Add(_) | Item::Save(_) => {
                    one.refer(catalog, relationship, values);
                    if matches!(item, Item::Add(_)) { added.push(one) } else { saved.push(one) }
                }
                Item::LetGo(_) if is_in_document(relationship) => {
                    one.owe(catalog, relationship, values, true);
                    let_go.push(one);
                }
                Item::LetGo(_) => {
                    one.linked.clone_from(values);
                    let_go.push(one);
                }
                Item::Remove(_) | Item::Unlink(_) => {
                    one.linked.clone_from(values);
                    removed.push(one);
                }
            }
        }
    }
    written(sessions, catalog, added, saved, Absent::AddUncounted).await.map_err(|failure| failure.related(words))?;
    // Those who are let go have their NULLs among their own values.
    written(sessions, catalog, Vec::new(), let_go, Absent::Miss).await.map_err(|failure| failure.related(words))?;
    remove(sessions, catalog, relationship.target, &removed).await.map_err(|failure| failure.related(words))
}

/// Removes rows by their keys.
async fn remove(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    table: TableId,
    placed: &[Placed<'_>],
) -> Result<(), Failure> {
    if placed.is_empty() {
        return Ok(());
    }
    let plan = planned_table(sessions.context, catalog, table)?;
    let ids: Vec<Vec<String>> = placed.iter().map(|placed| placed.id(&plan)).collect();
    let of: Vec<(usize, String)> = placed.iter().map(|one| (one.root, one.pointer.clone())).collect();
    remove_by_id(sessions, catalog, &plan, ids).await.map_err(|failure| failure.within(&of))
}

/// Writes rows at the other side of a junction, and adds or removes the junction's rows.
async fn joined(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    relationship: &Arc<Relationship>,
    near_link: &Link,
    owners: &[(usize, &Placed<'_>, &Branch)],
    near: &[Option<Values>],
) -> Result<(), Failure> {
    let Some((junction, far_link)) = link_through(catalog, sessions.context.limits, relationship).map_err(unplanned)?
    else {
        return Ok(());
    };
    let (mut added, mut saved, mut unlinked) = (Vec::new(), Vec::new(), Vec::new());
    let mut places = Vec::new();
    for ((_, owner, branch), near) in owners.iter().zip(near) {
        for (pointer, item) in &branch.items {
            let Some(near) = near else { return Err(without_value(relationship, owner.root)) };
            let one = Placed::new(item.node(), owner.root, format!("{}{pointer}", owner.pointer));
            let to = match item {
                Item::Add(_) => &mut added,
                Item::Unlink(_) | Item::Remove(_) | Item::LetGo(_) => &mut unlinked,
                Item::Save(_) => &mut saved,
            };
            places.push((near, item, to.len(), (one.root, one.pointer.clone())));
            to.push(one);
        }
    }
    let far = relationship.target;
    let plan = plan::write::looked_at(catalog, sessions.context.limits, far).map_err(unplanned)?;
    // Of a row that is let go nothing is written.
    let ids = unlinked.iter().map(|placed| placed.node.key.clone().unwrap_or_default()).collect::<Vec<_>>();
    let unlinked = ids_as_keys(&plan, &ids);
    let [added, saved] = written(sessions, catalog, added, saved, Absent::AddUncounted).await?;
    let keys: Vec<KeyTexts> = places
        .iter()
        .map(|(_, item, place, _)| match item {
            Item::Add(_) => added[*place].clone(),
            Item::Save(_) => saved[*place].clone(),
            _ => unlinked[*place].clone(),
        })
        .collect();
    let values = linked(sessions, catalog, far, &far_link, &keys).await?;
    let junction_plan = planned_table(sessions.context, catalog, junction)?;
    let (mut wanted, mut gone) = (Vec::new(), Vec::new());
    for ((near, item, _, origin), values) in places.into_iter().zip(values) {
        let unlinks = matches!(item, Item::Unlink(_));
        let Some(values) = values else {
            if unlinks {
                continue;
            }
            return Err(without_value(relationship, origin.0));
        };
        let mut row = near.clone();
        set(&mut row, &values);
        if unlinks { gone.push(row) } else { wanted.push((row, origin)) }
    }
    let lists: Vec<Values> = wanted.iter().map(|(values, _)| values.clone()).collect();
    let there: HashSet<usize> = having(sessions, &junction_plan, &[near_link, &far_link], &lists)
        .await?
        .into_iter()
        .map(|(at, _)| at)
        .collect();
    let mut seen: Vec<&Values> = Vec::new();
    let (mut rows, mut of) = (Vec::new(), Vec::new());
    for (at, (values, origin)) in wanted.iter().enumerate() {
        if there.contains(&at) || seen.contains(&values) {
            continue;
        }
        seen.push(values);
        rows.push(values.clone());
        of.push(origin.clone());
    }
    if !rows.is_empty() {
        let entry = catalog.entry(junction);
        if let Err(error) = record::filled(entry, &rows[0], &[]) {
            return Err(WriteError::Record(Box::new(error)).into());
        }
        insert(sessions, catalog, &junction_plan, &rows).await.map_err(|failure| failure.within(&of))?;
    }
    let mut ids: Vec<Vec<String>> =
        having(sessions, &junction_plan, &[near_link, &far_link], &gone).await?.into_iter().map(|(_, id)| id).collect();
    ids.dedup();
    if !ids.is_empty() {
        remove_by_id(sessions, catalog, &junction_plan, ids).await?;
    }
    Ok(())
}

fn of_record(at: usize, error: WriteError) -> Failure {
    Failure { records: vec![(at, error.into())], error: None }
}

fn without_value(relationship: &Relationship, root: usize) -> Failure {
    of_record(root, WriteError::NoValue { relationship: relationship.name.to_string() })
}
