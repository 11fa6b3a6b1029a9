//! What each row gives, and in which order: outputs, groups, terms of an order, pages.

use std::fmt::Write;

use crate::source::sql::dialect::{Dialect, Sql};
use crate::source::sql::text::column;
use crate::statement::{Aggregate, Fetch, Having, Nulls, Order, Output, Via};
use crate::value::Column;

/// Appends the outputs, separated by commas.
pub fn outputs(sql: &mut Sql, fetch: &Fetch, dialect: &dyn Dialect) {
    for (at, output) in fetch.outputs.iter().enumerate() {
        if at > 0 {
            sql.text.push_str(", ");
        }
        shown(sql, output, dialect);
    }
    if fetch.outputs.is_empty() {
        sql.text.push('1');
    }
}

/// Appends the outputs, each behind a comma.
pub fn outputs_after(sql: &mut Sql, fetch: &Fetch, dialect: &dyn Dialect) {
    for output in &fetch.outputs {
        sql.text.push_str(", ");
        shown(sql, output, dialect);
    }
}

fn shown(sql: &mut Sql, output: &Output, dialect: &dyn Dialect) {
    match output {
        Output::Test(wanted) => dialect.test(sql, wanted),
        Output::Rank(order) => {
            sql.text.push_str("DENSE_RANK() OVER (");
            order_terms(&mut sql.text, order, dialect, "ORDER BY ");
            sql.text.push(')');
        }
        output => expression(&mut sql.text, output, dialect),
    }
}

fn expression(text: &mut String, output: &Output, dialect: &dyn Dialect) {
    match output {
        Output::Column(column) => dialect.output(text, column),
        Output::Total | Output::Aggregate(Aggregate::Count, None) => text.push_str("COUNT(*)"),
        // A condition binds values, so it is no plain expression; the others are for orders alone.
        Output::Aggregate(_, None) | Output::Test(_) | Output::Rank(_) | Output::Via(_) => text.push_str("NULL"),
        Output::Aggregate(aggregate, Some(column)) => dialect.aggregate(text, *aggregate, column),
    }
}

/// Appends the column at the end of a way along keys: subqueries within each other, each of at most one row.
fn via(text: &mut String, way: &Via, dialect: &dyn Dialect) {
    let qualified = |text: &mut String, at: usize, of: &Column| {
        match at {
            0 => text.push_str("t."),
            at => {
                let _ = write!(text, "r{at}.");
            }
        }
        dialect.quote(text, &of.name);
    };
    text.push_str(&"(SELECT ".repeat(way.steps.len()));
    qualified(text, way.steps.len(), &way.column);
    for (at, step) in way.steps.iter().enumerate().rev() {
        text.push_str(" FROM ");
        dialect.table(text, &step.table);
        let _ = write!(text, " r{}", at + 1);
        for (part, (near, far)) in step.near.iter().zip(&step.columns).enumerate() {
            text.push_str(if part == 0 { " WHERE " } else { " AND " });
            qualified(text, at + 1, far);
            text.push_str(" = ");
            qualified(text, at, near);
        }
        text.push(')');
    }
}

/// Appends `ORDER BY`, first by `first` where that is not empty.
pub fn order_by(text: &mut String, fetch: &Fetch, dialect: &dyn Dialect, first: &str) {
    let mut lead = " ORDER BY ";
    if !first.is_empty() {
        text.push_str(lead);
        text.push_str(first);
        lead = ", ";
    }
    order_terms(text, &fetch.order, dialect, lead);
}

fn order_terms(text: &mut String, terms: &[Order], dialect: &dyn Dialect, first: &str) {
    for (at, order) in terms.iter().enumerate() {
        text.push_str(if at == 0 { first } else { ", " });
        let mut by = String::new();
        match &order.by {
            Output::Column(of) => column(&mut by, of, dialect),
            Output::Via(way) => via(&mut by, way, dialect),
            aggregate => expression(&mut by, aggregate, dialect),
        }
        dialect.order(text, &by, order);
    }
}

/// One order term in the standard's words, as PostgreSQL and SQLite know them.
pub fn standard_order(text: &mut String, expression: &str, order: &Order) {
    text.push_str(expression);
    if order.descending {
        text.push_str(" DESC");
    }
    match order.nulls {
        Some(Nulls::First) => text.push_str(" NULLS FIRST"),
        Some(Nulls::Last) => text.push_str(" NULLS LAST"),
        None => {}
    }
}

pub fn group_by(sql: &mut Sql, fetch: &Fetch, dialect: &dyn Dialect) {
    for (at, of) in fetch.group.iter().enumerate() {
        sql.text.push_str(if at == 0 { " GROUP BY " } else { ", " });
        column(&mut sql.text, of, dialect);
    }
    having(sql, fetch.having.as_ref(), dialect);
}

pub fn having(sql: &mut Sql, wanted: Option<&Having>, dialect: &dyn Dialect) {
    let Some(wanted) = wanted else { return };
    sql.text.push_str(" HAVING ");
    if wanted.negated {
        sql.text.push_str("CASE WHEN ");
    }
    let (aggregate, of) = &wanted.aggregate;
    expression(&mut sql.text, &Output::Aggregate(*aggregate, of.clone()), dialect);
    let _ = write!(sql.text, " {} ", wanted.comparison.as_sql());
    dialect.aggregated_value(sql, &wanted.value, &wanted.ty);
    if wanted.negated {
        sql.text.push_str(" THEN 0 ELSE 1 END = 1");
    }
}

pub fn page(sql: &mut Sql, fetch: &Fetch, dialect: &dyn Dialect) {
    sql.text.push_str(" LIMIT ");
    match fetch.limit {
        Some(limit) => dialect.number(sql, limit),
        None => {
            let _ = write!(sql.text, "{}", fetch.max_rows + 1);
        }
    }
    if fetch.offset > 0 {
        sql.text.push_str(" OFFSET ");
        dialect.number(sql, fetch.offset);
    }
}
