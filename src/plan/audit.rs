//! The plan by which dangling references of a key are found: its referencing rows, all of them, and a look at each value.

use std::sync::Arc;

use crate::catalog::{Catalog, ForeignKey, Hop, Kind, SideColumn, TableId};
use crate::config::Limits;
use crate::plan::cells::Cells;
use crate::plan::embed::{far_cells, hop_plan};
use crate::plan::error::PlanError;
use crate::plan::exists::bare_step;
use crate::plan::read::{ALL, StepPlan};
use crate::plan::tree::{HopPlan, Step};
use crate::statement::Condition;
use crate::value::{Compare, class};

/// What is read to audit one key.
#[derive(Clone, Debug)]
pub struct AuditPlan {
    /// The referencing rows: their primary key and the key's columns.
    pub rows: Step,
    /// The primary key's columns, and their cells.
    pub identity: Vec<(Arc<str>, usize)>,
    /// To the referenced table.
    pub hop: HopPlan,
    /// The referenced rows.
    pub referenced: Step,
    /// How many referencing rows there are, about.
    pub expected: Option<u64>,
}

/// Plans the audit of a key; none of a key that no relationship follows.
pub fn audit(catalog: &Catalog, limits: &Limits, key: &Arc<ForeignKey>) -> Result<Option<AuditPlan>, PlanError> {
    let plan = &StepPlan { catalog, limits, depth: 0, remembered: false };
    let entry = catalog.entry(key.referencing.table);
    let relationship = entry
        .relationships
        .iter()
        .find(|relationship| relationship.kind == Kind::BelongsTo && Arc::ptr_eq(&relationship.key, key));
    let Some(relationship) = relationship else { return Ok(None) };
    let (near, far) = (&entry.table, &catalog.entry(relationship.target).table);
    let mut cells = Cells::new(near);
    let identity = near.primary_key.iter().map(|at| (near.columns[*at].name.clone(), cells.of_column(*at))).collect();
    let mut hop = hop_plan(near, far, &relationship.hop, &mut cells);
    let mut rows = bare_step(plan, near, Condition::All(Vec::new()), cells);
    Arc::make_mut(&mut rows.fetch).max_rows = ALL;
    let mut referenced = bare_step(plan, far, Condition::All(Vec::new()), Cells::new(far));
    hop.to_cells = far_cells(plan, relationship.target, &relationship.hop, hop.recheck, &mut referenced)?;
    Ok(Some(AuditPlan { rows, identity, hop, referenced, expected: near.rows.0 }))
}

/// Rows of a table, one column of each, none without a value.
pub fn sample(catalog: &Catalog, limits: &Limits, table: TableId, column: usize, rows: u64) -> Step {
    let table = &catalog.entry(table).table;
    let mut cells = Cells::new(table);
    cells.of_column(column);
    let has_value = Condition::Not(Condition::IsNull(table.columns[column].clone()).into());
    let mut step = bare_step(&StepPlan { catalog, limits, depth: 0, remembered: false }, table, has_value, cells);
    Arc::make_mut(&mut step.fetch).limit = Some(rows);
    step
}

/// From the only cell of sampled rows to a column of another table, as a key of one column would lead; none where values
/// of these types never meet.
pub fn candidate(
    catalog: &Catalog,
    limits: &Limits,
    near: (TableId, &SideColumn),
    far: (TableId, usize),
) -> Option<(HopPlan, Step)> {
    let plan = &StepPlan { catalog, limits, depth: 0, remembered: false };
    let (near_table, far_table) = (&catalog.entry(near.0).table, &catalog.entry(far.0).table);
    let (from, to) = (&near_table.columns[near.1.column], &far_table.columns[far.1]);
    let hop = Hop {
        from: vec![near.1.clone()],
        table: far.0,
        to: vec![SideColumn { column: far.1, path: Vec::new() }],
        classes: vec![class::derive(from, !near.1.path.is_empty(), to, Compare::Exact).ok()?],
        unique: true,
        when_from: Vec::new(),
        when_to: Vec::new(),
    };
    let mut cells = Cells::new(near_table);
    cells.of_column(near.1.column);
    let mut planned = hop_plan(near_table, far_table, &hop, &mut cells);
    let mut referenced = bare_step(plan, far_table, Condition::All(Vec::new()), Cells::new(far_table));
    planned.to_cells = far_cells(plan, far.0, &hop, planned.recheck, &mut referenced).ok()?;
    Some((planned, referenced))
}
