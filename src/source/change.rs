//! Changes as SQL text with bound parameters.

use std::sync::Arc;

use crate::source::sql::{Dialect, Param, Sql, condition, outputs};
use crate::statement::write::{Delete, Insert, Update};
use crate::value::{Column, Scalar};

/// Rows of one statement at most, where each value is a parameter of its own.
pub fn rows_per_statement(columns: usize, parameters: usize) -> usize {
    (parameters / columns.max(1)).clamp(1, 1000)
}

/// `INSERT INTO … (…)`, up to the values.
pub fn insert_head(insert: &Insert, alias: &str, dialect: &dyn Dialect) -> Sql {
    let mut sql = Sql { text: "INSERT INTO ".to_owned(), params: Vec::new() };
    dialect.table(&mut sql.text, &insert.table);
    sql.text.push_str(alias);
    if !insert.columns.is_empty() {
        sql.text.push_str(" (");
        for (at, column) in insert.columns.iter().enumerate() {
            sql.text.push_str(if at > 0 { ", " } else { "" });
            dialect.quote(&mut sql.text, &column.name);
        }
        sql.text.push(')');
    }
    sql
}

/// ` VALUES (…), (…)`: each value a parameter.
pub fn insert_values(sql: &mut Sql, columns: &[Arc<Column>], rows: &[Vec<Scalar>], dialect: &dyn Dialect) {
    sql.text.push_str(" VALUES ");
    for (at, row) in rows.iter().enumerate() {
        sql.text.push_str(if at > 0 { ", (" } else { "(" });
        for (at, (column, value)) in columns.iter().zip(row).enumerate() {
            sql.text.push_str(if at > 0 { ", " } else { "" });
            dialect.stored(sql, value, column);
        }
        sql.text.push(')');
    }
}

/// ` RETURNING …`
pub fn returning(sql: &mut Sql, insert: &Insert, dialect: &dyn Dialect) {
    sql.text.push_str(" RETURNING ");
    outputs(sql, &insert.stored, dialect);
}

/// `UPDATE … SET … WHERE …`
pub fn update(update: &Update, dialect: &dyn Dialect) -> Sql {
    let mut sql = Sql { text: "UPDATE ".to_owned(), params: Vec::new() };
    dialect.table(&mut sql.text, &update.table);
    sql.text.push_str(dialect.alias());
    sql.text.push_str(" SET ");
    for (at, (column, value)) in update.set.iter().enumerate() {
        sql.text.push_str(if at > 0 { ", " } else { "" });
        dialect.quote(&mut sql.text, &column.name);
        sql.text.push_str(" = ");
        dialect.stored(&mut sql, value, column);
    }
    sql.text.push_str(" WHERE ");
    condition(&mut sql, &update.condition, dialect);
    sql
}

/// `DELETE … WHERE …`
pub fn delete(delete: &Delete, dialect: &dyn Dialect) -> Sql {
    let mut sql = Sql { text: dialect.delete_from().to_owned(), params: Vec::new() };
    dialect.table(&mut sql.text, &delete.table);
    sql.text.push_str(dialect.alias());
    sql.text.push_str(" WHERE ");
    condition(&mut sql, &delete.condition, dialect);
    sql
}

/// Binds a value that is written.
pub fn bind(sql: &mut Sql, value: &Scalar, column: &Arc<Column>) {
    sql.params.push(Param::Stored(value.clone(), column.clone()));
}
