//! Filters through relationships: a related row must exist.
//!
//! Where both tables are in one database, and its own equality is the key's, the database decides. Else the plan can be
//! followed from either side: from the near rows to whether they have related ones, or from the related rows that meet
//! the condition back to the near rows that refer to them.

use std::sync::{Arc, OnceLock};

use crate::catalog::{Entry, Hop, Relationship, SideColumn, Table, TableId};
use crate::plan::cells::Cells;
use crate::plan::embed::{far_cells, hop_plan};
use crate::plan::error::PlanError;
use crate::plan::filter::{Filtered, Part, filtered, followed};
use crate::plan::read::{StepPlan, identity};
use crate::plan::tree::{Back, Existence, First, HopPlan, Predicate, Step};
use crate::query::filter::{Filter, Name};
use crate::statement::{Comparison, Condition, Fetch, Within};
use crate::value::{Column, Compare, KeyClass, Type, class};

/// Near tables of at most so many rows are read whole rather than found from the related side.
const SMALL: u64 = 1000;

/// There is a row of this relationship for which the filter holds.
pub fn part(
    plan: &StepPlan<'_>,
    entry: &Entry,
    name: &Name,
    inner: &Filter,
    cells: &mut Cells<'_>,
) -> Result<Part, PlanError> {
    let relationship = followed(entry, name)?;
    through(plan, entry, relationship, cells, &mut |plan, far, far_cells| filtered(plan, far, inner, far_cells))
}

type Inner<'f> = &'f mut dyn FnMut(&StepPlan<'_>, &Entry, &mut Cells<'_>) -> Result<Filtered, PlanError>;

/// Over the junction, where there is one: a junction's row must exist, for which a related row exists.
fn through(
    plan: &StepPlan<'_>,
    entry: &Entry,
    relationship: &Relationship,
    cells: &mut Cells<'_>,
    inner: Inner<'_>,
) -> Result<Part, PlanError> {
    let plan = &plan.below()?;
    let label = &relationship.name;
    match &relationship.through {
        None => over(plan, &entry.table, &relationship.hop, label, cells, inner),
        Some(through) => over(plan, &entry.table, &relationship.hop, label, cells, &mut |plan, junction, cells| {
            Ok(match over(plan, &junction.table, &through.hop, label, cells, inner)? {
                Part::Own(condition) => Filtered { condition, rest: None },
                Part::Beyond(rest) => Filtered { condition: Condition::All(Vec::new()), rest: Some(rest) },
            })
        }),
    }
}

fn over(
    plan: &StepPlan<'_>,
    near: &Arc<Table>,
    hop: &Hop,
    label: &Arc<str>,
    cells: &mut Cells<'_>,
    inner: Inner<'_>,
) -> Result<Part, PlanError> {
    let far = plan.catalog.entry(hop.table);
    let mut related = Cells::new(&far.table);
    let back = hop_plan(&far.table, near, &reversed(hop, plan.id_of(near)), &mut related);
    let Filtered { condition, rest } = inner(plan, far, &mut related)?;
    if rest.is_none() && is_decided_by_database(near, &far.table, hop) {
        let [near, columns] = [(near, &hop.from), (&far.table, &hop.to)]
            .map(|(table, sides)| sides.iter().map(|side| table.columns[side.column].clone()).collect());
        let table = far.table.name.table.clone();
        return Ok(Part::Own(Condition::Within(near, Within { table, columns, condition, having: None }.into())));
    }
    let mut hop_there = hop_plan(near, &far.table, hop, cells);
    let mut step = bare_step(plan, &far.table, also_when(condition, &hop_there.when_to), related);
    step.filter = rest;
    hop_there.to_cells = far_cells(plan, hop.table, hop, hop_there.recheck, &mut step)?;
    let back = way_back(plan, near, hop, back)?;
    let first = first(near, &far.table);
    let label = label.clone();
    Ok(Part::Beyond(Predicate::Exists(Existence { label, hop: hop_there, step, back, first }.into())))
}

/// Which side is asked first. Rows are counted by the databases' own estimates; of how many rows a condition leaves
/// nothing is known before it is tried.
pub fn first(near: &Table, far: &Table) -> First {
    match (near.rows.0, far.rows.0) {
        (Some(near), Some(far)) if near <= SMALL && far > near => First::Near("the table has few rows"),
        _ => First::Far("few related rows may meet the condition; whether they do is tried first"),
    }
}

/// The condition, and the fixed values of a polymorphic key. They may let too many rows pass; the cells are compared again.
fn also_when(condition: Condition, when: &[(Arc<Column>, crate::value::Scalar)]) -> Condition {
    if when.is_empty() {
        return condition;
    }
    let fixed = when.iter().map(|(column, value)| Condition::Compare(column.clone(), Comparison::Eq, value.clone()));
    Condition::All(fixed.chain([condition]).collect())
}

/// A step that shows nothing.
pub fn bare_step(plan: &StepPlan<'_>, table: &Table, condition: Condition, cells: Cells<'_>) -> Step {
    let (rows, bytes) = (plan.limits.filter_rows, plan.limits.bytes);
    let condition = Some(condition).filter(|condition| *condition != Condition::All(Vec::new()));
    Step {
        source: table.name.source.clone(),
        columns: cells.columns.into(),
        fetch: Arc::new(Fetch {
            condition,
            identity: identity(table),
            ..Fetch::all(table.name.table.clone(), cells.outputs, rows, bytes)
        }),
        filter: None,
        sort: None,
        fields: Vec::new(),
        members: None,
        embeds: Vec::new(),
        aggregates: Vec::new(),
        expansions: Vec::new(),
        missing: Vec::new(),
        key_cells: Vec::new(),
        lookup: OnceLock::new(),
    }
}

/// The hop in the other direction.
pub fn reversed(hop: &Hop, near: TableId) -> Hop {
    Hop {
        from: hop.to.clone(),
        table: near,
        to: hop.from.clone(),
        classes: hop.classes.clone(),
        unique: false,
        when_from: hop.when_to.clone(),
        when_to: hop.when_from.clone(),
    }
}

/// From related rows to the near ones: by their columns where these tell keys exactly apart, else by their identity.
pub fn way_back(plan: &StepPlan<'_>, near: &Arc<Table>, hop: &Hop, mut back: HopPlan) -> Result<Back, PlanError> {
    let complete = back.to.iter().zip(&back.classes).all(|(key, class)| match class {
        // Texts spell identifiers in several ways, of which a lookup knows one.
        KeyClass::Uuid | KeyClass::UuidSwapped => {
            key.path.is_empty() && matches!(key.column.ty, Type::Uuid | Type::Bytes { .. })
        }
        // What two databases hold equal may differ.
        KeyClass::Database => false,
        _ => true,
    });
    let exact = !back.recheck && back.to.iter().all(|key| key.path.is_empty()) && back.when_to.is_empty();
    let mut rows = bare_step(plan, near, Condition::All(Vec::new()), Cells::new(near));
    let mut identity = None;
    if !exact && !self::identity(near).is_empty() {
        let id = plan.id_of(near);
        back.to_cells = far_cells(plan, id, &reversed(hop, id), back.recheck, &mut rows)?;
        identity = to_itself(near, &mut rows);
    }
    Ok(Back { hop: back, complete, exact, rows, identity })
}

/// From a step's rows to themselves, by the primary key; none where that does not tell them apart, or is no key.
pub fn to_itself(table: &Table, step: &mut Step) -> Option<HopPlan> {
    let columns = identity(table);
    let classes: Option<Vec<KeyClass>> =
        columns.iter().map(|column| class::derive(column, false, column, Compare::Exact).ok()).collect();
    let classes = classes.filter(|classes| !classes.is_empty())?;
    let mut cells = Cells::resume(table, step);
    let planned = by_primary_key(table, classes, &mut cells);
    cells.finish(step);
    (!planned.recheck).then_some(planned)
}

/// From rows to themselves, by the primary key in these classes.
pub fn by_primary_key(table: &Table, classes: Vec<KeyClass>, cells: &mut Cells<'_>) -> HopPlan {
    let sides = || table.primary_key.iter().map(|at| SideColumn { column: *at, path: Vec::new() }).collect();
    let hop = Hop {
        from: sides(),
        // Not looked at: the hop stays within the table.
        table: TableId(0),
        to: sides(),
        classes,
        unique: true,
        when_from: Vec::new(),
        when_to: Vec::new(),
    };
    hop_plan(table, table, &hop, cells)
}

/// Whether the database may compare the columns itself: both tables are its own, and its equality is the key's.
pub fn is_decided_by_database(near: &Table, far: &Table, hop: &Hop) -> bool {
    let plain = hop.when_from.is_empty()
        && hop.when_to.is_empty()
        && hop.from.iter().chain(&hop.to).all(|side| side.path.is_empty());
    plain
        && near.name.source == far.name.source
        && hop
            .from
            .iter()
            .zip(&hop.to)
            .zip(&hop.classes)
            .all(|((from, to), class)| same_equality(*class, &near.columns[from.column], &far.columns[to.column]))
}

fn same_equality(class: KeyClass, a: &Column, b: &Column) -> bool {
    let number = |column: &Column| matches!(column.ty, Type::Int { .. } | Type::Decimal { .. });
    match class {
        KeyClass::Database => a.collation == b.collation,
        KeyClass::Int | KeyClass::Decimal => number(a) && number(b),
        KeyClass::Text => {
            let text = |column: &Column| matches!(column.ty, Type::Text { fixed: false, .. }) && column.exact;
            text(a) && text(b) && a.collation == b.collation
        }
        KeyClass::Uuid => a.ty == Type::Uuid && b.ty == Type::Uuid,
        KeyClass::Bytes => a.ty == b.ty,
        KeyClass::Date | KeyClass::Local | KeyClass::Instant => a.ty == b.ty && a.exact && b.exact,
        KeyClass::Numeric | KeyClass::IgnoreCase | KeyClass::UuidSwapped => false,
    }
}
