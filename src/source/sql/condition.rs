//! Which rows: conditions as text with bound values.

use std::fmt::Write;
use std::sync::Arc;

use crate::source::sql::dialect::{Dialect, Sql};
use crate::source::sql::output::having;
use crate::source::sql::text::{column, column_text, whatever};
use crate::statement::{Comparison, Condition, Fetch, KeySet, Within};
use crate::value::{Column, Scalar, Type};

pub fn where_condition(sql: &mut Sql, wanted: Option<&Condition>, dialect: &dyn Dialect) {
    if let Some(wanted) = wanted {
        sql.text.push_str(" WHERE ");
        condition(sql, wanted, dialect);
    }
}

/// Appends ` AND …` for the fixed values of a polymorphic key and for the fetch's own condition.
pub fn also(sql: &mut Sql, fetch: &Fetch, keys: &KeySet, dialect: &dyn Dialect) {
    for (of, value) in &keys.when {
        sql.text.push_str(" AND ");
        column(&mut sql.text, of, dialect);
        sql.text.push_str(" = ");
        dialect.value(sql, value, of);
        if matches!(of.ty, Type::Text { .. }) && !of.exact {
            dialect.exactly(sql, of, value);
        }
    }
    if let Some(wanted) = &fetch.condition {
        sql.text.push_str(" AND ");
        condition(sql, wanted, dialect);
    }
}

/// Appends a condition, in parentheses where it has parts.
pub fn condition(sql: &mut Sql, wanted: &Condition, dialect: &dyn Dialect) {
    match wanted {
        Condition::All(parts) => joined(sql, parts, " AND ", "1 = 1", dialect),
        Condition::Any(parts) => joined(sql, parts, " OR ", "1 = 0", dialect),
        Condition::Not(part) => {
            sql.text.push_str("NOT (");
            condition(sql, part, dialect);
            sql.text.push(')');
        }
        Condition::Xor(a, b) => {
            sql.text.push_str("((");
            condition(sql, a, dialect);
            sql.text.push_str(dialect.xor());
            condition(sql, b, dialect);
            sql.text.push_str("))");
        }
        Condition::Compare(of, comparison, value) => dialect.compare(sql, of, *comparison, value),
        Condition::In(of, values) => {
            dialect.one_of(sql, values, of);
        }
        Condition::Whatever(of, outcome) => whatever(&mut sql.text, of, *outcome, dialect),
        Condition::Like(of, pattern, case) => dialect.like(sql, of, pattern, *case),
        Condition::IsNull(of) => {
            column(&mut sql.text, of, dialect);
            sql.text.push_str(" IS NULL");
        }
        Condition::Between(of, low, high) => {
            sql.text.push('(');
            condition(sql, &Condition::Compare(of.clone(), Comparison::Ge, low.clone()), dialect);
            sql.text.push_str(" AND ");
            condition(sql, &Condition::Compare(of.clone(), Comparison::Le, high.clone()), dialect);
            sql.text.push(')');
        }
        Condition::Among(keys) if keys.keys.is_empty() => sql.text.push_str("1 = 0"),
        Condition::Among(keys) => dialect.among(sql, keys),
        Condition::Within(columns, rows) => within(sql, columns, rows, dialect),
    }
}

/// Appends `(… IS NOT NULL AND … IN (SELECT …))`. The inner `t` hides the outer one, which nothing in it refers to.
fn within(sql: &mut Sql, near: &[Arc<Column>], rows: &Within, dialect: &dyn Dialect) {
    let list =
        |columns: &[Arc<Column>]| columns.iter().map(|of| column_text(of, dialect)).collect::<Vec<_>>().join(", ");
    sql.text.push('(');
    for of in near {
        let _ = write!(sql.text, "{} IS NOT NULL AND ", column_text(of, dialect));
    }
    let (open, close) = if near.len() > 1 { ("(", ")") } else { ("", "") };
    let _ = write!(sql.text, "{open}{}{close} IN (SELECT {} FROM ", list(near), list(&rows.columns));
    dialect.table(&mut sql.text, &rows.table);
    sql.text.push_str(" t WHERE ");
    for of in &rows.columns {
        let _ = write!(sql.text, "{} IS NOT NULL AND ", column_text(of, dialect));
    }
    condition(sql, &rows.condition, dialect);
    if rows.having.is_some() {
        let _ = write!(sql.text, " GROUP BY {}", list(&rows.columns));
        having(sql, rows.having.as_ref(), dialect);
    }
    sql.text.push_str("))");
}

fn joined(sql: &mut Sql, parts: &[Condition], word: &str, empty: &str, dialect: &dyn Dialect) {
    if parts.is_empty() {
        return sql.text.push_str(empty);
    }
    sql.text.push('(');
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            sql.text.push_str(word);
        }
        condition(sql, part, dialect);
    }
    sql.text.push(')');
}

/// Appends `column IN (…)`. The last value is repeated until there are as many as a power of two, so that few texts exist.
pub fn padded_list(sql: &mut Sql, values: &[Scalar], column: &Arc<Column>, dialect: &dyn Dialect) {
    dialect.compared(&mut sql.text, column);
    sql.text.push_str(" IN (");
    for at in 0..values.len().next_power_of_two() {
        if at > 0 {
            sql.text.push_str(", ");
        }
        dialect.value(sql, &values[at.min(values.len() - 1)], column);
    }
    sql.text.push(')');
}
