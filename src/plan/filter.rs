//! A client's filter: what is about the table's own columns becomes a condition of its statement, the rest a predicate.

use std::sync::Arc;

use crate::catalog::Entry;
use crate::catalog::lookup::Found;
use crate::name::closest;
use crate::plan::aggregate::{self, Asked};
use crate::plan::cells::Cells;
use crate::plan::coerce::{self, Compared};
use crate::plan::error::PlanError;
use crate::plan::exists;
use crate::plan::read::StepPlan;
use crate::plan::tree::{First, Predicate};
use crate::query::filter::{Filter, Literal, Name, Operator, Test};
use crate::statement::{Case, Comparison, Condition, Output, Pattern};
use crate::value::Column;

/// A filter in two parts, both of which must hold.
#[derive(Debug)]
pub struct Filtered {
    /// What the table's own statement decides.
    pub condition: Condition,
    /// What reaches beyond it.
    pub rest: Option<Predicate>,
}

/// A part of a filter.
pub enum Part {
    /// The table's own statement decides it.
    Own(Condition),
    /// It reaches beyond the table.
    Beyond(Predicate),
}

/// Resolves names and values; `cells` gets what the predicate needs of the table's rows.
pub fn filtered(
    plan: &StepPlan<'_>,
    entry: &Entry,
    filter: &Filter,
    cells: &mut Cells<'_>,
) -> Result<Filtered, PlanError> {
    if planned_comparisons(filter) > MOST_PLANNED {
        return Err(PlanError::Invalid {
            message: "the filter compares aggregates in too many combinations".into(),
            hint: Some("use fewer XORs over aggregates, or several requests".into()),
        });
    }
    let mut own = Vec::new();
    let mut rest = Vec::new();
    conjuncts(plan, entry, filter, cells, &mut own, &mut rest)?;
    if own.iter().any(|condition| pins(entry, condition)) {
        rest.iter_mut().for_each(near_first);
    }
    let condition = if own.len() == 1 { own.swap_remove(0) } else { Condition::All(own) };
    let rest = match rest.len() {
        0 => None,
        1 => Some(rest.swap_remove(0)),
        _ => Some(Predicate::All(rest)),
    };
    Ok(Filtered { condition, rest })
}

/// Comparisons after XORs over aggregates were written out.
const MOST_PLANNED: u64 = 1_000;
/// Values of one aggregate: each is a statement.
const MOST_VALUES: usize = 20;

/// How many comparisons a filter has when XORs over aggregates are written out, each of which has both of its sides twice.
fn planned_comparisons(filter: &Filter) -> u64 {
    let all = |parts: &[Filter]| parts.iter().map(planned_comparisons).fold(0, u64::saturating_add);
    match filter {
        Filter::And(parts) | Filter::Or(parts) => all(parts),
        Filter::Xor(a, b) => {
            let both = planned_comparisons(a).saturating_add(planned_comparisons(b));
            if has_aggregate(filter) { both.saturating_mul(2) } else { both }
        }
        Filter::Not(part) => planned_comparisons(part),
        Filter::Related { filter, .. } => planned_comparisons(filter),
        Filter::Compare { .. } | Filter::Aggregated { .. } => 1,
    }
}

/// Whether a condition leaves few rows: those with given values of a unique column.
fn pins(entry: &Entry, condition: &Condition) -> bool {
    let column = match condition {
        Condition::Compare(column, Comparison::Eq, _) | Condition::In(column, _) => column,
        _ => return false,
    };
    entry.table.column(&column.name).is_some_and(|at| entry.table.is_unique(&[at]))
}

fn near_first(predicate: &mut Predicate) {
    const WHY: First = First::Near("the filter names the listed rows by a unique column");
    match predicate {
        Predicate::Test(..) => {}
        Predicate::All(parts) | Predicate::Any(parts) => parts.iter_mut().for_each(near_first),
        Predicate::Not(part) => near_first(part),
        Predicate::Xor(a, b) => [a, b].into_iter().for_each(|part| near_first(part)),
        Predicate::Exists(existence) => existence.first = WHY,
        Predicate::Aggregated(aggregated) => aggregated.first = WHY,
    }
}

fn conjuncts(
    plan: &StepPlan<'_>,
    entry: &Entry,
    filter: &Filter,
    cells: &mut Cells<'_>,
    own: &mut Vec<Condition>,
    rest: &mut Vec<Predicate>,
) -> Result<(), PlanError> {
    if let Filter::And(parts) = filter {
        return parts.iter().try_for_each(|part| conjuncts(plan, entry, part, cells, own, rest));
    }
    match part(plan, entry, filter, false, cells)? {
        Part::Own(condition) => own.push(condition),
        Part::Beyond(predicate) => rest.push(predicate),
    }
    Ok(())
}

/// A part of a filter, or what it is not. Aggregates are never under a NOT: it is moved inwards until it has become
/// another comparison, so that an aggregate without value, for which either is unknown, may count as one that fails.
fn part(
    plan: &StepPlan<'_>,
    entry: &Entry,
    filter: &Filter,
    negated: bool,
    cells: &mut Cells<'_>,
) -> Result<Part, PlanError> {
    let within = has_aggregate(filter);
    let not = |part| if negated { opposite(part) } else { part };
    Ok(match filter {
        Filter::And(parts) if within && negated => any(each(plan, entry, parts, true, cells)?, cells),
        Filter::And(parts) => not(all(each(plan, entry, parts, false, cells)?, cells)),
        Filter::Or(parts) if within && negated => all(each(plan, entry, parts, true, cells)?, cells),
        Filter::Or(parts) => not(any(each(plan, entry, parts, false, cells)?, cells)),
        Filter::Not(inner) => part(plan, entry, inner, !negated, cells)?,
        Filter::Xor(a, b) if within => {
            let and = |a: &Filter, b: &Filter| Filter::And(vec![a.clone(), b.clone()]);
            let not = |part: &Filter| Filter::Not(part.clone().into());
            let parts = if negated { [and(a, b), and(&not(a), &not(b))] } else { [and(a, &not(b)), and(&not(a), b)] };
            any(each(plan, entry, &parts, false, cells)?, cells)
        }
        Filter::Xor(a, b) => not(match (part(plan, entry, a, false, cells)?, part(plan, entry, b, false, cells)?) {
            (Part::Own(a), Part::Own(b)) => Part::Own(Condition::Xor(a.into(), b.into())),
            (a, b) => Part::Beyond(Predicate::Xor(tested(a, cells).into(), tested(b, cells).into())),
        }),
        Filter::Compare { field, test } => not(match what(entry, field)? {
            What::Column(column) => Part::Own(tested_column(column, test)?),
            What::Related(name, rest) => {
                let inner = Filter::Compare { field: rest, test: test.clone() };
                exists::part(plan, entry, &name, &inner, cells)?
            }
        }),
        Filter::Related { path, filter } => not(match first(entry, path)? {
            (name, None) => exists::part(plan, entry, &name, filter, cells)?,
            (name, Some(rest)) => {
                let inner = Filter::Related { path: rest, filter: filter.clone() };
                exists::part(plan, entry, &name, &inner, cells)?
            }
        }),
        Filter::Aggregated { path, aggregate, field, test } => match first(entry, path)? {
            (name, None) => {
                let asked = Asked { aggregate: *aggregate, field: field.as_deref() };
                let test = Test { negated: test.negated != negated, ..test.clone() };
                compared_aggregate(plan, entry, &name, &asked, &test, cells)?
            }
            (name, Some(rest)) => {
                let (aggregate, field) = (*aggregate, field.clone());
                let inner = Filter::Aggregated { path: rest, aggregate, field, test: test.clone() };
                not(exists::part(plan, entry, &name, &inner, cells)?)
            }
        },
    })
}

fn has_aggregate(filter: &Filter) -> bool {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().any(has_aggregate),
        Filter::Xor(a, b) => has_aggregate(a) || has_aggregate(b),
        Filter::Not(part) => has_aggregate(part),
        Filter::Aggregated { .. } => true,
        Filter::Compare { .. } | Filter::Related { .. } => false,
    }
}

fn opposite(part: Part) -> Part {
    match part {
        Part::Own(condition) => Part::Own(Condition::Not(condition.into())),
        Part::Beyond(predicate) => Part::Beyond(Predicate::Not(predicate.into())),
    }
}

fn each(
    plan: &StepPlan<'_>,
    entry: &Entry,
    parts: &[Filter],
    negated: bool,
    cells: &mut Cells<'_>,
) -> Result<Vec<Part>, PlanError> {
    parts.iter().map(|inner| part(plan, entry, inner, negated, cells)).collect()
}

fn all(parts: Vec<Part>, cells: &mut Cells<'_>) -> Part {
    match owned(parts) {
        Ok(conditions) => Part::Own(Condition::All(conditions)),
        Err(parts) => Part::Beyond(Predicate::All(parts.into_iter().map(|part| tested(part, cells)).collect())),
    }
}

fn any(parts: Vec<Part>, cells: &mut Cells<'_>) -> Part {
    match owned(parts) {
        Ok(conditions) => Part::Own(Condition::Any(conditions)),
        Err(parts) => Part::Beyond(Predicate::Any(parts.into_iter().map(|part| tested(part, cells)).collect())),
    }
}

/// The conditions, where all parts are about the row's own columns.
fn owned(parts: Vec<Part>) -> Result<Vec<Condition>, Vec<Part>> {
    if !parts.iter().all(|part| matches!(part, Part::Own(_))) {
        return Err(parts);
    }
    let conditions = parts.into_iter().filter_map(|part| match part {
        Part::Own(condition) => Some(condition),
        Part::Beyond(_) => None,
    });
    Ok(conditions.collect())
}

/// A part as a predicate: whether a condition on the row's own columns holds is one of its cells.
fn tested(part: Part, cells: &mut Cells<'_>) -> Predicate {
    match part {
        Part::Own(condition) => Predicate::Test(cells.of_output(Output::Test(condition.clone())), condition),
        Part::Beyond(predicate) => predicate,
    }
}

/// IN and BETWEEN of an aggregate are several comparisons of the same value.
fn compared_aggregate(
    plan: &StepPlan<'_>,
    entry: &Entry,
    name: &Name,
    asked: &Asked<'_>,
    test: &Test,
    cells: &mut Cells<'_>,
) -> Result<Part, PlanError> {
    let Test { operator, negated, values } = test;
    if values.len() > MOST_VALUES {
        return Err(PlanError::Invalid {
            message: format!(
                "an aggregate is compared with {} values, but at most {MOST_VALUES} are looked for",
                values.len()
            ),
            hint: Some("use BETWEEN, or < and >".into()),
        });
    }
    let comparisons: Vec<(Comparison, &Literal)> = match operator {
        Operator::Compare(comparison) => vec![(*comparison, &values[0])],
        Operator::Between => vec![(Comparison::Ge, &values[0]), (Comparison::Le, &values[1])],
        Operator::In => values.iter().map(|value| (Comparison::Eq, value)).collect(),
        _ => {
            return Err(PlanError::FilterValue {
                field: format!("{}.{}", name.text, asked.shown()),
                wanted: "compared by = <> < <= > >=, IN or BETWEEN".into(),
                position: name.position,
            });
        }
    };
    let mut parts = Vec::with_capacity(comparisons.len());
    for (comparison, value) in comparisons {
        let comparison = if *negated { comparison.opposite() } else { comparison };
        parts.push(aggregate::part(plan, entry, name, asked, comparison, value, cells)?);
    }
    Ok(match parts.len() {
        1 => parts.swap_remove(0),
        _ if (*operator == Operator::In) == *negated => all(parts, cells),
        _ => any(parts, cells),
    })
}

/// What a comparison is about.
enum What<'a> {
    Column(&'a Arc<Column>),
    /// A relationship, and what stands behind it.
    Related(Name, Name),
}

fn what<'a>(entry: &'a Entry, field: &Name) -> Result<What<'a>, PlanError> {
    let table = &entry.table;
    if let Some(at) = table.column(&field.text) {
        return Ok(What::Column(&table.columns[at]));
    }
    if let Some((_, name, rest)) = entry.relationship_at_start(&field.text) {
        let Some(rest) = rest else {
            return Err(PlanError::UnknownFilterField {
                name: field.text.clone(),
                position: field.position,
                hint: Some(format!("`{name}` is a relationship; compare one of its fields, as in {name}.field = 1")),
            });
        };
        let behind = Name { text: rest.to_owned(), position: field.position + name.chars().count() + 1 };
        return Ok(What::Related(Name { text: name.to_owned(), position: field.position }, behind));
    }
    let hint = match closest(&field.text, table.column_names()) {
        Some(close) => format!("did you mean `{close}`?"),
        None => match field.text.split_once('.') {
            Some((first, rest)) if closest(first, entry.relationship_names()).is_some() => {
                let close = closest(first, entry.relationship_names()).unwrap_or_default();
                format!("did you mean `{close}.{rest}`?")
            }
            _ => format!("fields of {}: {}", table.name, table.column_names().collect::<Vec<_>>().join(", ")),
        },
    };
    Err(PlanError::UnknownFilterField { name: field.text.clone(), position: field.position, hint: Some(hint) })
}

/// The relationship that a path starts with, and the path behind it.
fn first(entry: &Entry, path: &Name) -> Result<(Name, Option<Name>), PlanError> {
    match entry.relationship_at_start(&path.text) {
        Some((_, name, rest)) => {
            let behind = path.position + name.chars().count() + 1;
            let rest = rest.map(|rest| Name { text: rest.to_owned(), position: behind });
            Ok((Name { text: name.to_owned(), position: path.position }, rest))
        }
        None => Err(PlanError::UnknownFilterField {
            name: path.text.clone(),
            position: path.position,
            hint: Some(match closest(&path.text, entry.relationship_names()) {
                Some(close) => format!("did you mean `{close}`?"),
                None => {
                    let mut names: Vec<&str> = entry.relationships.iter().map(|known| &*known.name).collect();
                    names.sort_unstable();
                    format!("relationships of {}: {}", entry.table.name, names.join(", "))
                }
            }),
        }),
    }
}

/// The relationship of this name; one of a source that was never read cannot be followed.
pub fn followed<'a>(entry: &'a Entry, name: &Name) -> Result<&'a Arc<crate::catalog::Relationship>, PlanError> {
    match entry.relationship(&name.text) {
        Some(Found::Relationship(relationship)) => Ok(relationship),
        Some(Found::Waiting(waiting)) => {
            Err(PlanError::SourceUnavailable { source_name: waiting.source.as_str().to_owned() })
        }
        None => Err(PlanError::UnknownRelationship {
            name: name.text.clone(),
            table: entry.table.name.clone(),
            closest: closest(&name.text, entry.relationship_names()).map(str::to_owned),
        }),
    }
}

fn tested_column(column: &Arc<Column>, test: &Test) -> Result<Condition, PlanError> {
    let condition = comparison(column, test.operator, &test.values)?;
    Ok(if test.negated { Condition::Not(condition.into()) } else { condition })
}

fn comparison(column: &Arc<Column>, operator: Operator, values: &[Literal]) -> Result<Condition, PlanError> {
    let compared = |literal: &Literal, comparison| {
        coerce::compare(column, &literal.text, comparison).map_err(|wanted| wrong(&column.name, literal, wanted))
    };
    let pattern = |before: &str, after: &str| {
        let case = if operator == Operator::ILike { Case::Ignored } else { Case::AsTheDatabase };
        let text = format!("{before}{}{after}", values[0].text).into();
        Condition::Like(column.clone(), Pattern { text, escapes: operator == Operator::EscapedLike }, case)
    };
    let condition = |comparison, outcome| match outcome {
        Compared::Value(value) => Condition::Compare(column.clone(), comparison, value),
        // Under NOT, and beside NULL, these must be what SQL makes of a comparison.
        Compared::Never => Condition::Whatever(column.clone(), false),
        Compared::AnyValue => Condition::Whatever(column.clone(), true),
    };
    Ok(match operator {
        Operator::Compare(comparison) => condition(comparison, compared(&values[0], comparison)?),
        Operator::In => {
            let mut wanted = Vec::with_capacity(values.len());
            for literal in values {
                if let Compared::Value(value) = compared(literal, Comparison::Eq)? {
                    wanted.push(value);
                }
            }
            match wanted.is_empty() {
                true => Condition::Whatever(column.clone(), false),
                false => Condition::In(column.clone(), wanted),
            }
        }
        Operator::Like | Operator::ILike | Operator::EscapedLike => pattern("", ""),
        Operator::Contains => pattern("%", "%"),
        Operator::StartsWith => pattern("", "%"),
        Operator::EndsWith => pattern("%", ""),
        Operator::IsNull => Condition::IsNull(column.clone()),
        Operator::Between => match (compared(&values[0], Comparison::Ge)?, compared(&values[1], Comparison::Le)?) {
            (Compared::Value(low), Compared::Value(high)) => Condition::Between(column.clone(), low, high),
            (low, high) => Condition::All(vec![condition(Comparison::Ge, low), condition(Comparison::Le, high)]),
        },
    })
}

/// A value that a field does not take.
pub fn wrong(field: &str, literal: &Literal, wanted: String) -> PlanError {
    let null = literal.text.eq_ignore_ascii_case("null");
    PlanError::FilterValue {
        field: field.to_owned(),
        wanted: if null { format!("{wanted}; rows without a value are found by IS NULL") } else { wanted },
        position: literal.position,
    }
}
