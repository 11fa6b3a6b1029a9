//! A client's record as values of columns: what fits is bound, what does not is named.

use std::sync::Arc;

use serde_json::Value;

use crate::catalog::{Entry, Table};
use crate::error::Code;
use crate::plan::coerce;
use crate::plan::error::PlanError;
use crate::query::Record;
use crate::value::{Column, Scalar, Type, time};

/// The values of one record, by position of their columns, ascending.
pub type Values = Vec<(usize, Scalar)>;

/// The values of a record that becomes a row; every column that must have one has it.
pub fn added(entry: &Entry, record: &Record) -> Result<Values, PlanError> {
    let table = &entry.table;
    let mut found = values(entry, record, true)?;
    found.retain(|(at, value)| !(*value == Scalar::Null && table.columns[*at].auto_increment));
    if found.is_empty() && !record.is_empty() {
        return Err(fault(Code::InvalidRequest, "No valid fields were found in record.".into()).with_hint(format!(
            "{} has {}",
            table.name,
            table.column_names().collect::<Vec<_>>().join(", ")
        )));
    }
    filled(entry, &found, &[])?;
    Ok(found)
}

/// Whether every column that must have a value has one, or will: these do.
pub fn filled(entry: &Entry, values: &Values, others: &[usize]) -> Result<(), PlanError> {
    for (at, column) in entry.table.columns.iter().enumerate() {
        let filled = column.nullable || column.default.is_some() || column.auto_increment || column.generated;
        if !filled && !others.contains(&at) && !values.iter().any(|(given, _)| *given == at) {
            let message = format!("Required field '{}' can not be NULL.", column.name);
            return Err(fault(Code::NotNullViolation, message));
        }
    }
    Ok(())
}

/// An identifier's part as it stands in a path.
pub fn id_text(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// The values of a record that a row gets.
pub fn changed(entry: &Entry, record: &Record) -> Result<Values, PlanError> {
    values(entry, record, false)
}

fn values(entry: &Entry, record: &Record, adding: bool) -> Result<Values, PlanError> {
    let table = &entry.table;
    let mut found: Values = Vec::new();
    for (name, value) in record {
        let Some(at) = table.column(name) else {
            // What is no column is passed over, as DreamFactory's clients know it.
            continue;
        };
        let column = &table.columns[at];
        if column.generated {
            continue;
        }
        let scalar = stored(column, value)
            .map_err(|wanted| fault(Code::InvalidValue, format!("Field '{}' takes {wanted}.", column.name)))?;
        if scalar == Scalar::Null && !column.nullable && !(adding && column.auto_increment) {
            return Err(fault(Code::NotNullViolation, format!("Field '{}' can not be NULL.", column.name)));
        }
        match found.iter_mut().find(|(given, _)| *given == at) {
            Some(given) => given.1 = scalar,
            None => found.push((at, scalar)),
        }
    }
    found.sort_by_key(|(at, _)| *at);
    Ok(found)
}

fn fault(code: Code, message: String) -> PlanError {
    PlanError::Record { code, message, hint: None }
}

/// A JSON value as the column stores it, or what the column takes instead.
pub fn stored(column: &Column, value: &Value) -> Result<Scalar, String> {
    if let Value::Object(members) = value
        && column.ty != Type::Json
        && let Some(expression) = members.get("expression")
    {
        // Without parameters it may stand in an object too.
        let bare =
            expression.as_object().filter(|of| of.get("params").is_none_or(|params| *params == serde_json::json!([])));
        let text = expression.as_str().or_else(|| bare?.get("value")?.as_str());
        return match text.and_then(|text| expressed(column, text)) {
            Some(value) => Ok(value),
            None => Err(format!("a value; the SQL expression {expression} is not permitted")),
        };
    }
    let text = |text: &str| match &column.ty {
        Type::Int { .. } | Type::Year => integer(column, text),
        Type::Bool => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "on" | "yes" | "y" | "t" => Ok(Scalar::Bool(true)),
            "false" | "0" | "off" | "no" | "n" | "f" => Ok(Scalar::Bool(false)),
            _ => Err("true or false".into()),
        },
        // PostgreSQL's numerics know these as well.
        Type::Decimal { .. } if matches!(text, "NaN" | "Infinity" | "-Infinity") => Ok(Scalar::text(text)),
        Type::Decimal { .. } | Type::Float { .. } if text.trim().is_empty() => Err("a number".into()),
        // An empty text is no date, and a text stays as it is, blanks included.
        Type::Text { .. } | Type::Other | Type::Set | Type::Structured => Ok(Scalar::text(text)),
        Type::Loose => Ok(Scalar::text(text)),
        _ => coerce::value(column, text),
    };
    match value {
        Value::Null => Ok(Scalar::Null),
        value if column.ty == Type::Json => Ok(Scalar::text(value.to_string())),
        Value::String(string) => text(string),
        Value::Bool(flag) => match &column.ty {
            Type::Bool => Ok(Scalar::Bool(*flag)),
            Type::Int { .. } | Type::Loose => Ok(Scalar::Int(i64::from(*flag))),
            Type::Bit { length: 1 } => Ok(Scalar::text(if *flag { "1" } else { "0" })),
            Type::Text { .. } => Ok(Scalar::text(flag.to_string())),
            _ => Err(kind(column)),
        },
        Value::Number(number) => match &column.ty {
            Type::Loose => Ok(number.as_i64().map_or_else(|| Scalar::text(number.to_string()), Scalar::Int)),
            Type::Date | Type::Time | Type::Local { .. } | Type::Instant { .. } | Type::Uuid | Type::Bytes { .. } => {
                Err(kind(column))
            }
            _ => text(&number.to_string()),
        },
        Value::Array(items) if column.ty == Type::Structured => {
            let mut literal = String::new();
            array(&mut literal, items);
            Ok(Scalar::text(literal))
        }
        Value::Object(_) if column.ty == Type::Structured => Ok(Scalar::text(value.to_string())),
        document if matches!(column.ty, Type::Text { .. } | Type::Loose) => Ok(Scalar::text(document.to_string())),
        _ => Err(kind(column)),
    }
}

/// What the permitted SQL expressions give, in UTC; each is evaluated here and bound as a value.
fn expressed(column: &Column, text: &str) -> Option<Scalar> {
    let function = text.trim().to_ascii_lowercase();
    let moment = || {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
        time::instant(i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
    };
    match function.as_str() {
        "null" => Some(Scalar::Null),
        "now()" | "current_timestamp" | "current_timestamp()" | "utc_timestamp()" => {
            let moment = moment();
            match &column.ty {
                Type::Instant { .. } => coerce::value(column, &moment).ok(),
                Type::Date => coerce::value(column, &moment[..10]).ok(),
                Type::Time => coerce::value(column, &moment[11..19]).ok(),
                Type::Local { .. } => coerce::value(column, &moment[..19]).ok(),
                Type::Text { .. } | Type::Loose => Some(Scalar::text(&moment[..19])),
                _ => None,
            }
        }
        "current_date" | "current_date()" | "curdate()" => match &column.ty {
            Type::Date | Type::Local { .. } => coerce::value(column, &moment()[..10]).ok(),
            Type::Text { .. } | Type::Loose => Some(Scalar::text(&moment()[..10])),
            _ => None,
        },
        "uuid()" | "gen_random_uuid()" => match &column.ty {
            Type::Uuid | Type::Text { .. } | Type::Loose => Some(Scalar::text(uuid::Uuid::new_v4().to_string())),
            _ => None,
        },
        _ => None,
    }
}

fn kind(column: &Column) -> String {
    format!("a value of type {}", column.native)
}

/// A whole number that the column can hold; a fraction is not cut.
fn integer(column: &Column, text: &str) -> Result<Scalar, String> {
    match (coerce::identifier(column, text), &column.ty) {
        (Err(_), _) => Err("an integer".into()),
        (Ok(Scalar::Null), Type::Int { bits, signed }) if !text.trim().is_empty() => {
            let (low, high) = coerce::range(*bits, *signed);
            Err(format!("an integer from {low} to {high}"))
        }
        (Ok(Scalar::Null), _) => Err("an integer".into()),
        // Two digits would be another century's year.
        (Ok(Scalar::Int(year)), Type::Year) if year != 0 && !(1901..=2155).contains(&year) => {
            Err("a year from 1901 to 2155".into())
        }
        (Ok(value), _) => Ok(value),
    }
}

/// PostgreSQL's text of an array.
fn array(out: &mut String, items: &[Value]) {
    out.push('{');
    for (at, item) in items.iter().enumerate() {
        out.push_str(if at > 0 { "," } else { "" });
        match item {
            Value::Null => out.push_str("NULL"),
            Value::Array(items) => array(out, items),
            item => {
                let text = item.as_str().map_or_else(|| item.to_string(), str::to_owned);
                out.push('"');
                for c in text.chars() {
                    if matches!(c, '"' | '\\') {
                        out.push('\\');
                    }
                    out.push(c);
                }
                out.push('"');
            }
        }
    }
    out.push('}');
}

/// The table's columns at these positions.
pub fn columns(table: &Table, values: &Values) -> Vec<Arc<Column>> {
    values.iter().map(|(at, _)| table.columns[*at].clone()).collect()
}
