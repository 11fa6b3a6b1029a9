//! A client's filter as a condition on columns.

use std::sync::Arc;

use crate::catalog::{Entry, Table};
use crate::name::closest;
use crate::plan::coerce::{self, Compared};
use crate::plan::error::PlanError;
use crate::query::filter::{Filter, Literal, Name, Operator};
use crate::statement::{Comparison, Condition};
use crate::value::Column;

/// Resolves names and values.
pub fn condition(entry: &Entry, filter: &Filter) -> Result<Condition, PlanError> {
    let table = &entry.table;
    let all = |parts: &[Filter]| parts.iter().map(|part| condition(entry, part)).collect::<Result<Vec<_>, _>>();
    Ok(match filter {
        Filter::And(parts) => Condition::All(all(parts)?),
        Filter::Or(parts) => Condition::Any(all(parts)?),
        Filter::Xor(a, b) => Condition::Xor(condition(entry, a)?.into(), condition(entry, b)?.into()),
        Filter::Not(part) => Condition::Not(condition(entry, part)?.into()),
        Filter::Compare { field, operator, values } => comparison(column(entry, table, field)?, *operator, values)?,
    })
}

fn column<'a>(entry: &Entry, table: &'a Table, field: &Name) -> Result<&'a Arc<Column>, PlanError> {
    table.column(&field.text).map(|at| &table.columns[at]).ok_or_else(|| {
        let first = field.text.split('.').next().unwrap_or_default();
        let hint = match closest(&field.text, table.column_names()) {
            _ if first != field.text && entry.relationship(first).is_some() => Some(format!(
                "filters through relationships are not in this version; `{first}.filter` chooses among the related rows"
            )),
            Some(close) => Some(format!("did you mean `{close}`?")),
            None => Some(format!("fields of {}: {}", table.name, table.column_names().collect::<Vec<_>>().join(", "))),
        };
        PlanError::UnknownFilterField { name: field.text.clone(), position: field.position, hint }
    })
}

fn comparison(column: &Arc<Column>, operator: Operator, values: &[Literal]) -> Result<Condition, PlanError> {
    let wrong = |literal: &Literal, wanted| PlanError::FilterValue {
        field: column.name.to_string(),
        wanted,
        position: literal.position,
    };
    let compared = |literal: &Literal, comparison| {
        coerce::compare(column, &literal.text, comparison).map_err(|wanted| {
            let null = literal.text.eq_ignore_ascii_case("null");
            wrong(literal, if null { format!("{wanted}; rows without a value are found by IS NULL") } else { wanted })
        })
    };
    let pattern = |before: &str, after: &str| {
        Condition::Like(column.clone(), format!("{before}{}{after}", values[0].text).into())
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
        Operator::Like => pattern("", ""),
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
