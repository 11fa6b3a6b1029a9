//! Statements that change a table's definition.

use std::fmt::Write;
use std::sync::Arc;

use crate::name::TableName;
use crate::source::sql::dialect::Dialect;
use crate::value::{Column, Type};

/// The statement that gives a table, or a column of it, another name.
pub fn rename(table: &TableName, column: Option<&str>, to: &str, dialect: &dyn Dialect) -> String {
    let mut text = "ALTER TABLE ".to_owned();
    dialect.table(&mut text, table);
    text.push_str(" RENAME ");
    if let Some(column) = column {
        text.push_str("COLUMN ");
        dialect.quote(&mut text, column);
        text.push(' ');
    }
    text.push_str("TO ");
    dialect.quote(&mut text, to);
    text
}

/// `CREATE INDEX …`; where long texts are indexed by their start alone, by so many characters of it.
pub fn create_index(table: &TableName, columns: &[Arc<Column>], start: Option<u32>, dialect: &dyn Dialect) -> String {
    let quoted = |name: &str| {
        let mut text = String::new();
        dialect.quote(&mut text, name);
        text
    };
    let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
    let mut text = format!("CREATE INDEX {} ON ", quoted(&format!("{}_{}", table.name, names.join("_"))));
    dialect.table(&mut text, table);
    let part = |column: &Arc<Column>| match (start, &column.ty) {
        (Some(start), Type::Text { length: None, .. } | Type::Bytes { fixed: None }) => {
            format!("{} ({start})", quoted(&column.name))
        }
        _ => quoted(&column.name),
    };
    let _ = write!(text, " ({})", columns.iter().map(part).collect::<Vec<_>>().join(", "));
    text
}
