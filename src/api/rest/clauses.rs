//! The clauses of a read: fields, filter and order, of the listed table and of related ones.

use std::collections::HashMap;

use crate::api::error::ApiError;
use crate::api::rest::filter as grammar;
use crate::api::rest::values;
use crate::catalog::Table;
use crate::error::Code;
use crate::query::{FieldQuery, Filter, OrderBy};
use crate::statement::{Aggregate, Nulls};

/// `fields`: a comma list of columns and aggregates; `None` means all.
pub fn fields(text: &str) -> Result<Option<Vec<FieldQuery>>, ApiError> {
    let mut fields = Vec::new();
    let parts = values::list(text);
    if parts.iter().any(|part| part == "*") {
        return match parts.iter().find(|part| *part != "*") {
            None => Ok(None),
            Some(other) => {
                Err(ApiError::invalid(format!("`fields` names `*` and `{other}`")).hint("`*` means all fields"))
            }
        };
    }
    at_most(&parts, "fields")?;
    for part in parts {
        fields.push(field(&part));
    }
    Ok(Some(fields))
}

/// More terms than any table has columns are a mistake, and more than an engine takes.
fn at_most(parts: &[String], name: &str) -> Result<(), ApiError> {
    const MOST: usize = 500;
    if parts.len() > MOST {
        return Err(ApiError::invalid(format!("`{name}` names {} fields, but at most {MOST} are read", parts.len())));
    }
    Ok(())
}

/// The primary key, or all columns of a table without one.
pub fn key_fields(table: &Table) -> Vec<FieldQuery> {
    let columns: Vec<usize> =
        if table.primary_key.is_empty() { (0..table.columns.len()).collect() } else { table.primary_key.clone() };
    columns.into_iter().map(|at| FieldQuery::Column(table.columns[at].name.to_string())).collect()
}

/// A column, or an aggregate such as `SUM(amount)`; any other text is a column's name, odd as it may be.
fn field(text: &str) -> FieldQuery {
    let call = text.strip_suffix(')').and_then(|text| text.split_once('('));
    let aggregate = call.and_then(|(name, inner)| {
        let aggregate = Aggregate::from_word(name)?;
        let inner = inner.trim();
        Some(FieldQuery::Aggregate(aggregate, (inner != "*").then(|| inner.to_owned())))
    });
    aggregate.unwrap_or_else(|| FieldQuery::Column(text.to_owned()))
}

/// A filter's text, with the fault's place in it.
pub fn filter(text: &str, params: &HashMap<String, String>, parameter: &str) -> Result<Option<Filter>, ApiError> {
    grammar::parse(text, params).map_err(|error| {
        let mut shown = ApiError::new(Code::InvalidFilter, error.message).fact("position", error.position);
        if parameter != "filter" {
            shown = shown.fact("parameter", parameter);
        }
        match error.hint {
            Some(hint) => shown.hint(hint),
            None => shown,
        }
    })
}

/// `order`: a comma list of `field [asc|desc] [nulls first|last]`.
pub fn order(text: &str) -> Result<Vec<OrderBy>, ApiError> {
    let invalid = || {
        ApiError::invalid("Invalid order by clause in request.").hint("write it as last_name asc, id desc nulls last")
    };
    if text.contains(';') {
        return Err(invalid());
    }
    let mut terms = Vec::new();
    let parts = values::list(text);
    at_most(&parts, "order")?;
    for part in parts {
        // Directions stand at the end; what is before them is the name, which may hold blanks.
        let words: Vec<&str> = part.split_whitespace().collect();
        let lower: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
        let mut end = words.len();
        let mut term = OrderBy { field: FieldQuery::Column(String::new()), descending: false, nulls: None };
        let ends_with = |end: usize, wanted: &[&str]| end > wanted.len() && lower[end - wanted.len()..end] == *wanted;
        if ends_with(end, &["nulls", "first"]) || ends_with(end, &["nulls", "last"]) {
            term.nulls = Some(if lower[end - 1] == "first" { Nulls::First } else { Nulls::Last });
            end -= 2;
        }
        if ends_with(end, &["asc"]) || ends_with(end, &["desc"]) {
            term.descending = lower[end - 1] == "desc";
            end -= 1;
        }
        let name = words[..end].join(" ");
        let quoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
        term.field = match quoted {
            Some(name) => FieldQuery::Column(name.replace("\"\"", "\"")),
            None => field(&name),
        };
        terms.push(term);
    }
    Ok(terms)
}
