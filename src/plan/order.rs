//! The order of rows: by their own columns, and by columns of the rows that they refer to.
//!
//! Where a reference stays within the database, the database orders by it. Else all rows that the filter keeps are read,
//! each with its place by the terms of its own table; the rows that they refer to are read with theirs; and the places,
//! which are numbers, are compared here. So each text is ordered by its own database's collation.

use std::sync::Arc;

use crate::catalog::{Entry, Relationship, Table};
use crate::config::checked::SourceKind;
use crate::name::closest;
use crate::plan::cells::Cells;
use crate::plan::embed::{by_primary_key, far_cells, hop_plan};
use crate::plan::error::PlanError;
use crate::plan::exists::{bare_step, is_decided_by_database};
use crate::plan::filter::followed;
use crate::plan::read::{StepPlan, not_grouped};
use crate::plan::tree::{FarTerm, HopPlan, Sort, SortTerm, Step};
use crate::query::filter::Name;
use crate::query::{FieldQuery, OrderBy};
use crate::statement::{Condition, Nulls, Order, Output, Via, ViaStep};
use crate::value::Column;

/// An order as the database can follow it, or as it must be put together here; then the database's is empty.
#[derive(Default)]
pub struct Ordered {
    /// By the database.
    pub order: Vec<Order>,
    /// By us.
    pub sort: Option<Sort>,
}

enum Term {
    Own(Order),
    Far(Box<FarTerm>),
}

/// The client's order, made total by the primary key. `cells` gets what a sort needs of the rows.
pub fn ordered(
    plan: &StepPlan<'_>,
    entry: &Entry,
    order: &[OrderBy],
    grouped: &[usize],
    cells: &mut Cells<'_>,
) -> Result<Ordered, PlanError> {
    let table = &entry.table;
    let mut terms =
        order.iter().map(|term| self::term(plan, entry, term, grouped, cells)).collect::<Result<Vec<_>, _>>()?;
    let last: &[usize] = if grouped.is_empty() { &table.primary_key } else { grouped };
    for at in last {
        let by = Output::Column(table.columns[*at].clone());
        if !terms.iter().any(|term| matches!(term, Term::Own(known) if known.by == by)) {
            terms.push(Term::Own(Order { by, descending: false, nulls: None }));
        }
    }
    let mut ordered = Ordered::default();
    if terms.iter().all(|term| matches!(term, Term::Own(_))) {
        ordered.order = terms
            .into_iter()
            .filter_map(|term| match term {
                Term::Own(order) => Some(order),
                Term::Far(_) => None,
            })
            .collect();
        return Ok(ordered);
    }
    let mut sort = Sort { terms: Vec::new() };
    let mut own = Vec::new();
    for term in terms {
        match term {
            Term::Own(order) => own.push(order),
            Term::Far(far) => {
                place(&mut own, &mut sort, cells);
                sort.terms.push(SortTerm::Far(far));
            }
        }
    }
    place(&mut own, &mut sort, cells);
    ordered.sort = Some(sort);
    Ok(ordered)
}

/// Terms of the row's own that follow each other are one place.
fn place(own: &mut Vec<Order>, sort: &mut Sort, cells: &mut Cells<'_>) {
    if !own.is_empty() {
        sort.terms.push(SortTerm::Own(cells.of_output(Output::Rank(std::mem::take(own)))));
    }
}

fn term(
    plan: &StepPlan<'_>,
    entry: &Entry,
    term: &OrderBy,
    grouped: &[usize],
    cells: &mut Cells<'_>,
) -> Result<Term, PlanError> {
    let table = &entry.table;
    let by = match &term.field {
        FieldQuery::Column(name) => match table.column(name) {
            Some(at) => Output::Column(table.columns[at].clone()),
            None => return referenced(plan, entry, name, term, grouped, cells),
        },
        FieldQuery::Aggregate(aggregate, column) if !grouped.is_empty() => {
            plan.aggregate(table, *aggregate, column.as_deref())?
        }
        FieldQuery::Aggregate(aggregate, column) => {
            return Err(PlanError::Invalid {
                message: format!(
                    "Invalid field '{}({})' in order by clause.",
                    aggregate.as_str(),
                    column.as_deref().unwrap_or("*")
                ),
                hint: Some("aggregates need `group`".into()),
            });
        }
    };
    if !grouped.is_empty()
        && let Output::Column(column) = &by
        && !grouped.iter().any(|at| table.columns[*at] == *column)
    {
        return Err(not_grouped(&column.name));
    }
    Ok(Term::Own(Order { by, descending: term.descending, nulls: term.nulls }))
}

/// A column behind one relationship or several, each of which leads to one row at most.
fn referenced(
    plan: &StepPlan<'_>,
    entry: &Entry,
    name: &str,
    term: &OrderBy,
    grouped: &[usize],
    cells: &mut Cells<'_>,
) -> Result<Term, PlanError> {
    let mut path: Vec<(&Entry, &Arc<Relationship>)> = Vec::new();
    let (mut near, mut rest) = (entry, name);
    let (far, column) = loop {
        if let Some(at) = near.table.column(rest).filter(|_| !path.is_empty()) {
            break (near, near.table.columns[at].clone());
        }
        let unknown = || PlanError::UnknownOrderField {
            name: name.to_owned(),
            clause: "order",
            closest: closest_path(entry, near, &path, rest),
        };
        let (_, first, behind) = near.relationship_at_start(rest).ok_or_else(unknown)?;
        let relationship = followed(near, &Name { text: first.to_owned(), position: 0 })?;
        if relationship.many || relationship.through.is_some() {
            return Err(PlanError::Invalid {
                message: format!("Invalid field '{name}' in order by clause."),
                hint: Some(format!("`{first}` may be several rows; order by a relationship that is one row at most")),
            });
        }
        let Some(behind) = behind else {
            return Err(PlanError::Invalid {
                message: format!("Invalid field '{name}' in order by clause."),
                hint: Some(format!("`{first}` is a relationship; order by one of its fields, as in {first}.field")),
            });
        };
        path.push((near, relationship));
        if plan.depth + path.len() as u32 > plan.limits.depth {
            return Err(PlanError::TooDeep { limit: plan.limits.depth });
        }
        (near, rest) = (plan.catalog.entry(relationship.target), behind);
    };
    if !grouped.is_empty() {
        return Err(not_grouped(name));
    }
    if let Some(steps) = within_database(plan, &path) {
        let by = Output::Via(Arc::new(Via { steps, column }));
        return Ok(Term::Own(Order { by, descending: term.descending, nulls: term.nulls }));
    }
    let hops = way(plan, &path, far, &column, cells)?;
    // NULLs, and references that lead nowhere, stand where the listed table's engine puts NULLs.
    let source = plan.catalog.source(entry.table.name.source.as_str());
    let greatest = source.is_some_and(|source| source.kind == SourceKind::Postgres);
    let nulls_first = match term.nulls {
        Some(nulls) => nulls == Nulls::First,
        None => greatest == term.descending,
    };
    Ok(Term::Far(Box::new(FarTerm { name: name.into(), hops, descending: term.descending, nulls_first })))
}

fn closest_path(entry: &Entry, near: &Entry, path: &[(&Entry, &Arc<Relationship>)], rest: &str) -> Option<String> {
    if path.is_empty() {
        let own = closest(rest, entry.table.column_names()).map(str::to_owned);
        return own.or_else(|| {
            let (first, behind) = rest.split_once('.')?;
            Some(format!("{}.{behind}", closest(first, entry.relationship_names())?))
        });
    }
    let before: Vec<&str> = path.iter().map(|(_, relationship)| &*relationship.name).collect();
    closest(rest, near.table.column_names()).map(|close| format!("{}.{close}", before.join(".")))
}

/// The steps, where all of them stay in one database, which can tell the one row itself.
fn within_database(plan: &StepPlan<'_>, path: &[(&Entry, &Arc<Relationship>)]) -> Option<Vec<ViaStep>> {
    path.iter()
        .map(|(near, relationship)| {
            let (hop, far) = (&relationship.hop, &plan.catalog.entry(relationship.target).table);
            let to: Vec<usize> = hop.to.iter().map(|side| side.column).collect();
            let decided = is_decided_by_database(&near.table, far, hop) && far.is_unique(&to);
            let columns = |table: &Table, sides: &[crate::catalog::SideColumn]| -> Vec<Arc<Column>> {
                sides.iter().map(|side| table.columns[side.column].clone()).collect()
            };
            decided.then(|| ViaStep {
                near: columns(&near.table, &hop.from),
                table: far.name.table.clone(),
                columns: columns(far, &hop.to),
            })
        })
        .collect()
}

/// The hops to the last table, whose step gives each row's place by the column, and whether it has a value.
fn way(
    plan: &StepPlan<'_>,
    path: &[(&Entry, &Arc<Relationship>)],
    last: &Entry,
    column: &Arc<Column>,
    cells: &mut Cells<'_>,
) -> Result<Vec<(HopPlan, Step)>, PlanError> {
    let mut hops: Vec<(HopPlan, Step)> = Vec::with_capacity(path.len());
    for (at, (near, relationship)) in path.iter().enumerate() {
        let far = if at + 1 < path.len() { path[at + 1].0 } else { last };
        let mut hop = match hops.last_mut() {
            None => hop_plan(&near.table, &far.table, &relationship.hop, cells),
            Some((_, step)) => {
                let mut cells = Cells::resume(&near.table, step);
                let hop = hop_plan(&near.table, &far.table, &relationship.hop, &mut cells);
                cells.finish(step);
                hop
            }
        };
        hop.first_only = true;
        let mut far_outputs = Cells::new(&far.table);
        if at + 1 == path.len() {
            let by = Output::Column(column.clone());
            far_outputs.of_output(Output::Rank(vec![Order { by, descending: false, nulls: None }]));
            far_outputs.of_output(Output::Test(Condition::IsNull(column.clone())));
        }
        let mut step = bare_step(plan, &far.table, Condition::All(Vec::new()), far_outputs);
        // Of several rows for an assumed key the first one counts, as everywhere.
        Arc::make_mut(&mut step.fetch).order = by_primary_key(&far.table);
        hop.to_cells = far_cells(plan, relationship.target, &relationship.hop, hop.recheck, &mut step)?;
        hops.push((hop, step));
    }
    Ok(hops)
}
