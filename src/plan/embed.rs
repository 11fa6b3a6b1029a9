//! Plans a relationship: the hop to its table, what is read there, and who cuts a limited list.

use std::sync::Arc;

use crate::catalog::{Entry, Hop, Kind, Relationship, Table, TableId};
use crate::plan::cells::Cells;
use crate::plan::error::PlanError;
use crate::plan::read::StepPlan;
use crate::plan::tree::{Cell, Embed, Expansion, Field, HopPlan, Step, ThroughPlan};
use crate::query::Selection;
use crate::statement::{Fetch, KeyColumn, Matching, Order, Output};
use crate::value::json::member;
use crate::value::{Column, KeyClass, Type};

/// Plans one relationship of `entry`; the cells that it needs of the near rows are added to `cells`.
pub fn embed(
    plan: &StepPlan<'_>,
    entry: &Entry,
    relationship: &Relationship,
    selection: &Selection,
    cells: &mut Cells<'_>,
    fields: &mut Vec<Field>,
) -> Result<Embed, PlanError> {
    let below = plan.below()?;
    let mut hop =
        hop_plan(&entry.table, plan.catalog.entry(relationship.hop.table).table.as_ref(), &relationship.hop, cells);
    show_joining_columns(&entry.table, relationship, cells, fields);

    let mut step = below.step(relationship.target, selection, &[])?;
    let mut cut = None;
    let through = match &relationship.through {
        None => {
            hop.to_cells = far_cells(plan, relationship.target, &relationship.hop, hop.recheck, &mut step)?;
            // The database can cut each parent's list only where it alone decides which rows are in it, and where a
            // parent has one key.
            let by_us = hop.recheck
                || step.filter.is_some()
                || step.sort.is_some()
                || relationship.many && relationship.kind == Kind::BelongsTo;
            if relationship.many && by_us {
                cut = take_limit(&mut step, &mut hop, !selection.order.is_empty());
            }
            None
        }
        Some(through) => {
            let junction_table = plan.catalog.entry(through.table).table.clone();
            let mut junction =
                below.step(through.table, &Selection { fields: Some(Vec::new()), ..Selection::default() }, &[])?;
            let mut junction_cells = Cells::resume(&junction_table, &junction);
            let mut second = hop_plan(
                &junction_table,
                &plan.catalog.entry(through.hop.table).table,
                &through.hop,
                &mut junction_cells,
            );
            junction_cells.finish(&mut junction);
            hop.to_cells = far_cells(plan, through.table, &relationship.hop, hop.recheck, &mut junction)?;
            second.to_cells = far_cells(plan, relationship.target, &through.hop, second.recheck, &mut step)?;
            cut = take_limit(&mut step, &mut second, !selection.order.is_empty());
            Some(ThroughPlan { junction, hop: second })
        }
    };
    if !relationship.many {
        // Of several rows for an assumed key the first one counts; a limit changes nothing, and an offset leaves nothing.
        let fetch = Arc::make_mut(&mut step.fetch);
        (fetch.limit, fetch.offset) = (None, 0);
        step.sort = None;
        hop.first_only = true;
        cut = (selection.offset > 0).then_some((selection.offset, None));
    }
    Ok(Embed {
        label: relationship.name.clone(),
        name: member(&relationship.name),
        many: relationship.many,
        hop,
        through,
        step,
        cut,
    })
}

/// Plans the rows in place of a key's values; the key's column is shown even when `fields` leaves it out.
pub fn expansion(
    plan: &StepPlan<'_>,
    entry: &Entry,
    relationship: &Relationship,
    selection: &Selection,
    cells: &mut Cells<'_>,
    fields: &mut Vec<Field>,
) -> Result<Expansion, PlanError> {
    let below = plan.below()?;
    let far = &plan.catalog.entry(relationship.target).table;
    let mut hop = hop_plan(&entry.table, far, &relationship.hop, cells);
    for side in &relationship.hop.from {
        let cell = cells.of_column(side.column);
        if !fields.iter().any(|field| field.cell == cell) {
            fields.push(Field { name: entry.table.columns[side.column].member.clone(), cell });
        }
    }
    let mut step = below.step(relationship.target, selection, &[])?;
    hop.to_cells = far_cells(plan, relationship.target, &relationship.hop, hop.recheck, &mut step)?;
    hop.first_only = true;
    Ok(Expansion { label: relationship.name.clone(), hop, step })
}

/// The near columns that join are shown even when `fields` leaves them out, as DreamFactory's clients know it; a
/// relationship named like its column takes that column's place.
fn show_joining_columns(table: &Table, relationship: &Relationship, cells: &mut Cells<'_>, fields: &mut Vec<Field>) {
    for side in &relationship.hop.from {
        let column = &table.columns[side.column];
        let cell = cells.of_column(side.column);
        if relationship.name.eq_ignore_ascii_case(&column.name) {
            fields.retain(|field| field.cell != cell);
        } else if !fields.iter().any(|field| field.cell == cell) {
            fields.push(Field { name: column.member.clone(), cell });
        }
    }
}

/// Plans one step along a key; the cells that it needs of the near rows are added to `cells`.
pub fn hop_plan(near: &Table, far: &Table, hop: &Hop, cells: &mut Cells<'_>) -> HopPlan {
    let mut recheck = false;
    let mut to = Vec::new();
    for (side, class) in hop.to.iter().zip(&hop.classes) {
        let column = &far.columns[side.column];
        let matching = matching(*class, column, !side.path.is_empty());
        recheck |= matches!(class, KeyClass::Local | KeyClass::Date) && is_spelled_freely(column);
        recheck |= !matches!(matching, Matching::Own | Matching::Exact)
            || *class == KeyClass::Uuid && !matches!(column.ty, Type::Uuid | Type::Bytes { .. });
        to.push(KeyColumn { column: column.clone(), path: side.path.clone(), matching });
    }
    HopPlan {
        from: hop
            .from
            .iter()
            .map(|side| Cell {
                cell: cells.of_column(side.column),
                column: near.columns[side.column].clone(),
                path: side.path.as_slice().into(),
            })
            .collect(),
        when_from: hop
            .when_from
            .iter()
            .map(|when| {
                let padded = matches!(near.columns[when.column].ty, Type::Text { fixed: true, .. });
                (cells.of_column(when.column), when.json.as_slice().into(), padded)
            })
            .collect(),
        classes: hop.classes.clone(),
        to,
        to_cells: Vec::new(),
        when_to: hop.when_to.iter().map(|when| (far.columns[when.column].clone(), when.value.clone())).collect(),
        unique: hop.unique,
        recheck,
        ranked: false,
        first_only: false,
    }
}

fn matching(class: KeyClass, column: &Column, leaf: bool) -> Matching {
    match class {
        KeyClass::Numeric | KeyClass::Int | KeyClass::Decimal if leaf => Matching::LeafNumber,
        KeyClass::IgnoreCase | KeyClass::Uuid | KeyClass::UuidSwapped if leaf => Matching::LeafIgnoreCase,
        _ if leaf => Matching::LeafText,
        KeyClass::IgnoreCase => Matching::IgnoreCase,
        KeyClass::Local | KeyClass::Date if is_spelled_freely(column) => Matching::Exact,
        KeyClass::Text | KeyClass::Numeric if is_text(column) && !column.exact => Matching::Exact,
        _ => Matching::Own,
    }
}

/// SQLite's days and date-times are texts, in several spellings.
fn is_spelled_freely(column: &Column) -> bool {
    matches!(column.ty, Type::Local { .. } | Type::Date) && !column.exact
}

fn is_text(column: &Column) -> bool {
    matches!(column.ty, Type::Text { .. } | Type::Enum(_))
}

/// The far cells that hold the key, where canonical forms are compared again; and the primary key, by which a row that
/// is found twice is told.
pub fn far_cells(
    plan: &StepPlan<'_>,
    far: TableId,
    hop: &Hop,
    recheck: bool,
    step: &mut Step,
) -> Result<Vec<usize>, PlanError> {
    if !recheck {
        return Ok(Vec::new());
    }
    let table = plan.catalog.entry(far).table.clone();
    let into_json = hop.to.iter().any(|side| !side.path.is_empty());
    if into_json && table.primary_key.is_empty() {
        return Err(PlanError::Invalid {
            message: format!(
                "{} has no primary key, so a row found twice by its document cannot be told from another",
                table.name
            ),
            hint: Some("give the table a primary key".into()),
        });
    }
    let mut cells = Cells::resume(&table, step);
    let found = hop.to.iter().map(|side| cells.of_column(side.column)).collect();
    table.primary_key.iter().for_each(|at| {
        cells.of_column(*at);
    });
    cells.finish(step);
    let fetch = Arc::make_mut(&mut step.fetch);
    if into_json && fetch.order.is_empty() {
        // A row that one key finds twice must stand beside itself, by which it is told.
        fetch.order = by_primary_key(&table);
    }
    Ok(found)
}

/// The order of the primary key.
pub fn by_primary_key(table: &Table) -> Vec<Order> {
    let by = |at: &usize| Output::Column(table.columns[*at].clone());
    table.primary_key.iter().map(|at| Order { by: by(at), descending: false, nulls: None }).collect()
}

/// Takes limit, offset and order from the database: rows are cut per parent afterwards.
fn take_limit(step: &mut Step, hop: &mut HopPlan, ordered: bool) -> Option<(u64, Option<u64>)> {
    let fetch: &mut Fetch = Arc::make_mut(&mut step.fetch);
    let cut = (fetch.offset, fetch.limit);
    (fetch.limit, fetch.offset) = (None, 0);
    // A given order must hold across the keys of one parent; without one, the order of the keys themselves stands.
    hop.ranked = ordered;
    (cut != (0, None)).then_some(cut)
}
