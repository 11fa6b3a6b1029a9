//! `filter` and `order_by`: inputs by type, to conditions and orders in the query's names.

use serde_json::{Map, Value};

use crate::api::error::ApiError;
use crate::api::graphql::arguments::{listed, text_of};
use crate::api::graphql::error::Fault;
use crate::api::graphql::schema::{Member, Schema, TableType};
use crate::api::graphql::sdl::{is_word, scalar};
use crate::catalog::Catalog;
use crate::error::Code;
use crate::query::filter::{LONGEST_VALUE, MOST_COMPARISONS, MOST_VALUES, Name, Test};
use crate::query::{FieldQuery, Filter, Literal, Operator, OrderBy};
use crate::statement::{Comparison, Nulls};
use crate::value::Column;

/// Most terms of an order, as in REST.
const MOST_TERMS: usize = 500;

/// What inputs are read with.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// The catalog that it was made of.
    pub catalog: &'a Catalog,
}

impl Inputs<'_> {
    /// A condition on rows of a table; none where everything is let through.
    pub fn filter(self, of: &TableType, value: &Value) -> Result<Option<Filter>, Fault> {
        let filter = self.within(of, value)?;
        filter.iter().try_for_each(bounded)?;
        Ok(filter)
    }

    fn within(self, of: &TableType, value: &Value) -> Result<Option<Filter>, Fault> {
        let Value::Object(members) = value else { return Ok(None) };
        let mut parts = Vec::new();
        for (name, value) in members {
            parts.extend(self.part(of, name, value)?);
        }
        Ok(match parts.len() {
            0 => None,
            1 => parts.pop(),
            _ => Some(Filter::And(parts)),
        })
    }

    fn part(self, of: &TableType, name: &str, value: &Value) -> Result<Option<Filter>, Fault> {
        if value.is_null() {
            return Err(null(name));
        }
        // What lets everything through.
        let all = || Filter::And(Vec::new());
        let each = |value: &Value| -> Result<Vec<Filter>, Fault> {
            let parts = listed(value.clone());
            parts.iter().map(|part| Ok(self.within(of, part)?.unwrap_or_else(all))).collect()
        };
        match name {
            "and" => return Ok(Some(Filter::And(each(value)?))),
            "or" => return Ok(Some(Filter::Or(each(value)?))),
            "not" => return Ok(Some(Filter::Not(self.within(of, value)?.unwrap_or_else(all).into()))),
            _ => {}
        }
        match of.members.get(name).filter(|_| !is_word(name)) {
            Some(Member::Column(at) | Member::Document(at, _)) => {
                tests(&self.catalog.entry(of.id).table.columns[*at], value).map(Some)
            }
            Some(Member::Related(related)) => {
                let far = self.schema.table(related.target);
                let path = Name { text: related.name.to_string(), position: 0 };
                let exists = |filter: Option<Filter>| Filter::Related {
                    path: path.clone(),
                    filter: filter.unwrap_or_else(all).into(),
                };
                if !related.many {
                    return Ok(Some(exists(self.within(far, value)?)));
                }
                let Value::Object(words) = value else { return Ok(None) };
                if words.is_empty() {
                    return Err(Fault::invalid(format!(
                        "`{name}` of the filter says neither `some`, `none` nor `every`"
                    )));
                }
                let mut parts = Vec::new();
                for (word, value) in words {
                    if value.is_null() {
                        return Err(null(&format!("{name}.{word}")));
                    }
                    let filter = self.within(far, value)?;
                    parts.push(match word.as_str() {
                        "some" => exists(filter),
                        "none" => Filter::Not(exists(filter).into()),
                        _ => Filter::Not(exists(Some(Filter::Not(filter.unwrap_or_else(all).into()))).into()),
                    });
                }
                Ok(Some(Filter::And(parts)))
            }
            Some(Member::Aggregate(_) | Member::Connection(_)) | None => {
                Err(Fault::invalid(format!("`{name}` cannot be filtered by")))
            }
        }
    }

    /// The order of rows of a table.
    pub fn order(self, of: &TableType, value: &Value) -> Result<Vec<OrderBy>, Fault> {
        let mut order = Vec::new();
        for term in listed(value.clone()) {
            if let Value::Object(term) = &term {
                self.term(of, "", term, &mut order)?;
            }
        }
        if order.len() > MOST_TERMS {
            return Err(Fault::budget(format!("an order has at most {MOST_TERMS} terms")));
        }
        Ok(order)
    }

    fn term(
        self,
        of: &TableType,
        path: &str,
        term: &Map<String, Value>,
        order: &mut Vec<OrderBy>,
    ) -> Result<(), Fault> {
        if term.len() > 1 {
            // A client may not rely on the order of an object's members.
            let message = "each object of `order_by` orders by one field";
            return Err(Fault::invalid(format!("{message}: [{{ a: asc }}, {{ b: desc }}]")));
        }
        for (name, value) in term {
            match (of.members.get(name), value) {
                (Some(Member::Column(at) | Member::Document(at, _)), Value::String(word)) => {
                    let column = &self.catalog.entry(of.id).table.columns[*at].name;
                    let nulls = match word.split_once("_nulls_") {
                        Some((_, "first")) => Some(Nulls::First),
                        Some(_) => Some(Nulls::Last),
                        None => None,
                    };
                    let field = FieldQuery::Column(format!("{path}{column}"));
                    order.push(OrderBy { field, descending: word.starts_with("desc"), nulls });
                }
                (Some(Member::Related(related)), Value::Object(below)) => {
                    let path = format!("{path}{}.", related.name);
                    self.term(self.schema.table(related.target), &path, below, order)?;
                }
                (_, Value::Null) => return Err(Fault::invalid(format!("`{name}` of `order_by` is null"))),
                _ => return Err(Fault::invalid(format!("`{name}` cannot be ordered by"))),
            }
        }
        Ok(())
    }
}

/// Whether a text spells an integer, as a `BigInt` may be given.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Refuses a filter that is larger than those of REST may be.
fn bounded(filter: &Filter) -> Result<(), Fault> {
    let (mut comparisons, mut values, mut left) = (0, 0, vec![filter]);
    while let Some(part) = left.pop() {
        match part {
            Filter::And(parts) | Filter::Or(parts) => left.extend(parts),
            Filter::Xor(a, b) => left.extend([&**a, &**b]),
            Filter::Not(part) | Filter::Related { filter: part, .. } => left.push(part),
            Filter::Compare { test, .. } => {
                comparisons += 1;
                values += test.values.len();
                if values > MOST_VALUES {
                    return Err(Fault::budget(format!("a filter has at most {MOST_VALUES} values")));
                }
                if test.values.iter().any(|value| value.text.len() > LONGEST_VALUE) {
                    return Err(Fault::budget(format!("a value of the filter has more than {LONGEST_VALUE} bytes")));
                }
            }
            _ => comparisons += 1,
        }
    }
    match comparisons > MOST_COMPARISONS {
        true => Err(Fault::budget(format!("a filter has at most {MOST_COMPARISONS} tests; `in` takes many values"))),
        false => Ok(()),
    }
}

/// A NULL where a condition stands: it must not let everything through without a word.
fn null(name: &str) -> Fault {
    let mut fault = Fault::invalid(format!("`{name}` of the filter is null"));
    let hint = "leave it out of the document, or give its variable a value; `is_null: true` finds rows without one";
    fault.error.hint = Some(hint.into());
    fault
}

/// The tests of one column, all of which must hold.
fn tests(of: &Column, value: &Value) -> Result<Filter, Fault> {
    let column = &*of.name;
    let field = || Name { text: column.to_owned(), position: 0 };
    let literal = |value: &Value| Literal { text: text_of(value), position: 0 };
    let Value::Object(words) = value else { return Err(null(column)) };
    if words.is_empty() {
        return Err(Fault::invalid(format!("`{column}` of the filter has no test")));
    }
    let mut parts = Vec::with_capacity(words.len());
    for (word, value) in words {
        if value.is_null() {
            return Err(null(&format!("{column}.{word}")));
        }
        let compare = |comparison| (Operator::Compare(comparison), false);
        let (operator, negated) = match word.as_str() {
            "eq" => compare(Comparison::Eq),
            "ne" => compare(Comparison::Ne),
            "gt" => compare(Comparison::Gt),
            "gte" => compare(Comparison::Ge),
            "lt" => compare(Comparison::Lt),
            "lte" => compare(Comparison::Le),
            "in" => (Operator::In, false),
            "not_in" => (Operator::In, true),
            "like" => (Operator::Like, false),
            "ilike" => (Operator::ILike, false),
            "contains" | "starts_with" | "ends_with" => (Operator::EscapedLike, false),
            "between" => (Operator::Between, false),
            _ => (Operator::IsNull, value == &Value::Bool(false)),
        };
        let values = match operator {
            Operator::IsNull => Vec::new(),
            Operator::In | Operator::Between => {
                let values = listed(value.clone());
                if operator == Operator::Between && values.len() != 2 {
                    return Err(Fault::invalid(format!("`{column}.between` takes two values, the lower one first")));
                }
                values.iter().map(literal).collect()
            }
            Operator::EscapedLike => {
                let text = text_of(value).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
                let before = if word == "starts_with" { "" } else { "%" };
                let after = if word == "ends_with" { "" } else { "%" };
                vec![Literal { text: format!("{before}{text}{after}"), position: 0 }]
            }
            _ => vec![literal(value)],
        };
        // REST cuts fractions, as DreamFactory's clients know it; here the type says what is a value.
        if scalar(of) == "BigInt"
            && let Some(wrong) = values.iter().find(|value| !is_integer(&value.text))
        {
            let message = format!("`{column}.{word}` of the filter is {}, which is no integer", wrong.text);
            return Err(ApiError::new(Code::InvalidValue, message).into());
        }
        // One of no values is none of them, and every value is not among none.
        parts.push(match (operator, values.is_empty(), negated) {
            (Operator::In, true, false) => Filter::Or(Vec::new()),
            (Operator::In, true, true) => Filter::And(Vec::new()),
            _ => Filter::Compare { field: field(), test: Test { operator, negated, values } },
        });
    }
    Ok(Filter::And(parts))
}
