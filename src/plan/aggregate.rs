//! Aggregates of related rows: shown beside each row, or compared in a filter. One grouped statement brings them.

use std::sync::Arc;

use crate::catalog::{Entry, Kind, Relationship, Table};
use crate::plan::cells::Cells;
use crate::plan::coerce::{self, Compared};
use crate::plan::embed::{by_primary_key, far_cells, hop_plan};
use crate::plan::error::PlanError;
use crate::plan::exists::{bare_step, first, is_decided_by_database, reversed, to_itself, way_back};
use crate::plan::filter::{Part, filtered, followed, wrong};
use crate::plan::read::StepPlan;
use crate::plan::tree::{
    AggregateEmbed, AggregateFields, AggregateFunction, AggregatePlan, Aggregated, Field, Predicate, ThroughPlan,
};
use crate::query::filter::{Filter, Literal, Name};
use crate::statement::{Aggregate, Comparison, Condition, Fetch, Having, Matching, Output, Within};
use crate::value::json::member;
use crate::value::{Column, Scalar, Type};

/// An aggregate as a client asks for it.
pub struct Asked<'a> {
    /// The function.
    pub aggregate: Aggregate,
    /// Its field; none for all rows.
    pub field: Option<&'a str>,
}

impl Asked<'_> {
    /// As a client writes it.
    pub fn shown(&self) -> String {
        format!("{}({})", self.aggregate.as_str().to_lowercase(), self.field.unwrap_or_default())
    }
}

/// The aggregates that a client wants to see of one relationship.
pub fn embed(
    plan: &StepPlan<'_>,
    entry: &Entry,
    relationship: &Relationship,
    asked: &[(Aggregate, Option<String>)],
    filter: Option<&Filter>,
    cells: &mut Cells<'_>,
) -> Result<AggregateEmbed, PlanError> {
    let far = &plan.catalog.entry(relationship.target).table;
    let mut outputs: Vec<Output> = Vec::new();
    let mut functions: Vec<AggregateFunction> = Vec::new();
    for (aggregate, field) in asked {
        let output = plan.aggregate(far, *aggregate, field.as_deref())?;
        let cell = match outputs.iter().position(|known| *known == output) {
            Some(cell) => cell,
            None => {
                outputs.push(output.clone());
                outputs.len() - 1
            }
        };
        let Output::Aggregate(_, column) = output else { continue };
        let name = member(&aggregate.as_str().to_lowercase());
        let of_none = if *aggregate == Aggregate::Count { "0" } else { "null" };
        let known = functions.iter_mut().find(|known| known.name == name).map(|known| &mut known.fields);
        match (known, column) {
            (None, None) => functions.push(AggregateFunction { name, of_none, fields: AggregateFields::Rows(cell) }),
            (None, Some(column)) => {
                let fields = AggregateFields::Columns(vec![Field { name: column.member.clone(), cell }]);
                functions.push(AggregateFunction { name, of_none, fields });
            }
            (Some(AggregateFields::Rows(_)), None) => {}
            (Some(AggregateFields::Columns(fields)), Some(column)) => {
                if !fields.iter().any(|known| known.cell == cell) {
                    fields.push(Field { name: column.member.clone(), cell });
                }
            }
            _ => {
                return Err(PlanError::Invalid {
                    message: format!(
                        "count() and count(field) of `{}` have the same place in the answer",
                        relationship.name
                    ),
                    hint: Some("ask for one of them".into()),
                });
            }
        }
    }
    let planned = planned(plan, entry, relationship, outputs, filter, cells)?;
    Ok(AggregateEmbed { name: member(&format!("{}_aggregate", relationship.name)), plan: planned, functions })
}

/// An aggregate of related rows compares so with a value.
pub fn part(
    plan: &StepPlan<'_>,
    entry: &Entry,
    name: &Name,
    asked: &Asked<'_>,
    comparison: Comparison,
    value: &Literal,
    cells: &mut Cells<'_>,
) -> Result<Part, PlanError> {
    let relationship = followed(entry, name)?;
    let far = &plan.catalog.entry(relationship.target).table;
    let Output::Aggregate(aggregate, column) = plan.aggregate(far, asked.aggregate, asked.field)? else {
        return Ok(Part::Own(Condition::All(Vec::new())));
    };
    let shown = format!("{}.{}", name.text, asked.shown());
    let ty = compared_type(aggregate, column.as_deref()).ok_or_else(|| PlanError::FilterValue {
        field: shown.clone(),
        wanted: "of another type to be compared".into(),
        position: name.position,
    })?;
    let compared = coerce::compare(&ty, &value.text, comparison).map_err(|wanted| wrong(&shown, value, wanted))?;
    let value = match compared {
        Compared::Value(value) => value,
        // No number of rows is so large, or so small.
        Compared::Never => return Ok(Part::Own(Condition::Any(Vec::new()))),
        Compared::AnyValue => return Ok(Part::Own(Condition::All(Vec::new()))),
    };
    let holds_for_none = aggregate == Aggregate::Count && zero_compares(comparison, &value);
    let having = Having { aggregate: (aggregate, column), comparison, value, ty: ty.into(), negated: holds_for_none };
    let mut planned = planned(plan, entry, relationship, Vec::new(), None, cells)?;
    let hop = &relationship.hop;
    let grouped_by_key = relationship.through.is_none() && !planned.one_by_one && relationship.kind != Kind::BelongsTo;
    let exact = planned.hop.to.iter().all(|key| key.path.is_empty() && key.matching == Matching::Own);
    let mut back = None;
    if grouped_by_key && exact && hop.when_from.is_empty() && hop.when_to.is_empty() {
        let columns: Vec<Arc<Column>> = planned.hop.to.iter().map(|key| key.column.clone()).collect();
        if is_decided_by_database(&entry.table, far, hop) {
            let near = hop.from.iter().map(|side| entry.table.columns[side.column].clone()).collect();
            let condition = Condition::All(Vec::new());
            let rows = Within { table: far.name.table.clone(), columns, condition, having: Some(having) };
            let within = Condition::Within(near, rows.into());
            return Ok(Part::Own(if holds_for_none { Condition::Not(within.into()) } else { within }));
        }
        let mut keys = Cells::new(far);
        let hop_back = hop_plan(far, &entry.table, &reversed(hop, plan.id_of(&entry.table)), &mut keys);
        let not_null = columns.iter().map(|column| Condition::Not(Condition::IsNull(column.clone()).into()));
        let fetch = Fetch {
            condition: Some(Condition::All(not_null.collect())),
            group: columns,
            having: Some(having.clone()),
            ..Fetch::all(far.name.table.clone(), keys.outputs, plan.limits.filter_rows, plan.limits.bytes)
        };
        back = Some((Arc::new(fetch), way_back(plan, &entry.table, hop, hop_back)?));
    }
    Arc::make_mut(&mut planned.fetch).having = Some(having);
    let first = first(&entry.table, far);
    Ok(Part::Beyond(Predicate::Aggregated(Aggregated { plan: planned, holds_for_none, back, first }.into())))
}

fn planned(
    plan: &StepPlan<'_>,
    entry: &Entry,
    relationship: &Relationship,
    outputs: Vec<Output>,
    filter: Option<&Filter>,
    cells: &mut Cells<'_>,
) -> Result<AggregatePlan, PlanError> {
    let plan = &plan.below()?;
    let far = plan.catalog.entry(relationship.target);
    let table: &Arc<Table> = &far.table;
    let mut far_rows = Cells::new(table);
    let mut step = bare_step(plan, table, Condition::All(Vec::new()), Cells::new(table));
    if let Some(filter) = filter {
        let chosen = filtered(plan, far, filter, &mut far_rows)?;
        step = bare_step(plan, table, chosen.condition, far_rows);
        step.filter = chosen.rest;
    }
    let near_far = &plan.catalog.entry(relationship.hop.table).table;
    let mut hop = hop_plan(&entry.table, near_far, &relationship.hop, cells);
    let through = match &relationship.through {
        None => None,
        Some(through) => {
            let junction_table = &plan.catalog.entry(through.table).table;
            let mut junction_cells = Cells::new(junction_table);
            let second = hop_plan(junction_table, table, &through.hop, &mut junction_cells);
            let mut junction = bare_step(plan, junction_table, Condition::All(Vec::new()), junction_cells);
            hop.to_cells = far_cells(plan, through.table, &relationship.hop, hop.recheck, &mut junction)?;
            Some((junction, second, &through.hop))
        }
    };
    let last = through.as_ref().map_or((&hop, &relationship.hop), |(_, second, hop)| (second, *hop));
    // A belongs_to has one row even where its assumed key has more.
    let first_only = !(relationship.many || last.0.unique && through.is_none());
    let one_by_one = last.0.recheck || step.filter.is_some() || first_only;
    let far_key =
        if one_by_one { far_cells(plan, relationship.target, last.1, last.0.recheck, &mut step)? } else { Vec::new() };
    if first_only {
        // Of several rows for an assumed key the first one counts, as everywhere.
        Arc::make_mut(&mut step.fetch).order = by_primary_key(table);
    }
    let mut told_apart = None;
    if one_by_one {
        told_apart = to_itself(table, &mut step);
        if told_apart.is_none() {
            return Err(PlanError::Invalid {
                message: format!(
                    "{} has no primary key, by which the rows of `{}` would be told apart to be aggregated",
                    table.name, relationship.name
                ),
                hint: Some("give the table a primary key".into()),
            });
        }
    }
    let through = match through {
        None => {
            hop.to_cells = far_key;
            None
        }
        Some((junction, mut second, _)) => {
            second.to_cells = far_key;
            Some(ThroughPlan { junction, hop: second })
        }
    };
    let fetch = Fetch {
        outputs,
        condition: if one_by_one { None } else { step.fetch.condition.clone() },
        ..Fetch::all(table.name.table.clone(), Vec::new(), plan.limits.rows, plan.limits.bytes)
    };
    let label = relationship.name.clone();
    Ok(AggregatePlan { label, hop, through, step, one_by_one, first_only, identity: told_apart, fetch: fetch.into() })
}

/// The type of an aggregate; none where its values are not compared as the client's text would be.
fn compared_type(aggregate: Aggregate, column: Option<&Column>) -> Option<Column> {
    let column = match (aggregate, column) {
        (Aggregate::Count, _) | (_, None) => {
            return Some(Column::new("count", Type::Int { bits: 64, signed: true }, "bigint"));
        }
        (_, Some(column)) => column,
    };
    let float = matches!(column.ty, Type::Float { .. });
    let ty = match (&column.ty, aggregate) {
        (Type::Int { .. } | Type::Decimal { .. } | Type::Year | Type::Loose, _) => {
            Type::Decimal { precision: None, scale: None }
        }
        (Type::Float { .. }, _) => Type::Float { bits: 64 },
        (_, Aggregate::Sum | Aggregate::Avg) => return None,
        (Type::Local { .. } | Type::Date, _) if !column.exact => return None,
        (
            Type::Uuid | Type::Other | Type::Structured | Type::Json | Type::Set | Type::Bit { .. } | Type::Enum(_),
            _,
        ) => return None,
        _ => return Some(column.clone()),
    };
    Some(Column::new("aggregate", ty, if float { "double precision" } else { "numeric" }))
}

/// Whether no rows at all are so many.
fn zero_compares(comparison: Comparison, value: &Scalar) -> bool {
    let order = match value {
        Scalar::Int(value) => 0.cmp(value),
        Scalar::Text(digits) if digits.starts_with('-') => std::cmp::Ordering::Greater,
        _ => std::cmp::Ordering::Less,
    };
    match comparison {
        Comparison::Eq => order.is_eq(),
        Comparison::Ne => order.is_ne(),
        Comparison::Lt => order.is_lt(),
        Comparison::Le => order.is_le(),
        Comparison::Gt => order.is_gt(),
        Comparison::Ge => order.is_ge(),
    }
}
