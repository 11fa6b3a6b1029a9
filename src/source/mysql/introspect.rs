//! Reads the catalog of MySQL or MariaDB: tables, views, columns, keys, indexes.

use std::collections::HashMap;
use std::sync::Arc;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error};

use crate::catalog::table::{Estimate, Index, NativeKey, Table};
use crate::config::Source;
use crate::name::{TableName, TableRef};
use crate::value::{Column, Type};

const TABLES: &str = "
SELECT TABLE_NAME, TABLE_TYPE, TABLE_ROWS FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED') ORDER BY TABLE_NAME";

const COLUMNS: &str = "
SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, DATA_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, COLLATION_NAME,
       CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION
FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION";

// MariaDB stores JSON as text with a check; MySQL has no such table column, so the question may fail there.
const JSON_CHECKS: &str = "
SELECT TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS
WHERE CONSTRAINT_SCHEMA = DATABASE() AND CHECK_CLAUSE LIKE '%json_valid(%'";

const INDEXES: &str = "
SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX";

const FOREIGN_KEYS: &str = "
SELECT k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME,
       r.DELETE_RULE, r.UPDATE_RULE
FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
  ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
WHERE k.TABLE_SCHEMA = DATABASE() AND k.REFERENCED_TABLE_SCHEMA = DATABASE()
ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION";

/// Table, index, whether it allows repeats, column, length of a prefix.
type IndexRow = (String, String, u64, Option<String>, Option<u64>);

/// Table, constraint, column, referenced table and column, rules of delete and update.
type KeyRow = (String, String, String, String, String, String, String);

type ColumnRow = (
    String,
    String,
    String,
    String,
    String,
    Option<String>,
    String,
    Option<String>,
    Option<u64>,
    Option<u64>,
    Option<u64>,
    Option<u64>,
);

/// All served tables and views of the url's database.
pub async fn tables(conn: &mut Conn, source: &Source) -> Result<Vec<Table>, Error> {
    let relations: Vec<(String, String, Option<u64>)> = conn.query(TABLES).await?;
    let column_rows: Vec<mysql_async::Row> = conn.query(COLUMNS).await?;
    let checks: Vec<(String, String)> = conn.query(JSON_CHECKS).await.unwrap_or_default();
    let mut indexes: Vec<IndexRow> = conn.query(INDEXES).await?;
    let mut keys: Vec<KeyRow> = conn.query(FOREIGN_KEYS).await?;
    // The server sorts by its own collation, by which two names may be one.
    indexes.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    keys.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));

    let mut columns: HashMap<String, Vec<Column>> = HashMap::new();
    for row in column_rows {
        let row = column_row(row);
        let is_json = checks
            .iter()
            .any(|(table, clause)| *table == row.0 && clause.contains(&format!("json_valid(`{}`)", row.1)));
        columns.entry(row.0.clone()).or_default().push(column(&row, is_json));
    }
    let mut tables = Vec::new();
    for (name, kind, rows) in relations {
        if !source.serves(&name) {
            continue;
        }
        let reference = TableRef { source: source.name.clone(), table: TableName::new(&name) };
        let mut table = Table::new(reference, kind == "VIEW", columns.remove(&name).unwrap_or_default());
        table.rows = Estimate(rows);
        if table.columns.is_empty() {
            // What a view was made of has gone; the server tells no column of it.
            tracing::warn!(source = %source.name, table = %name, "the view cannot be read and is left out");
            continue;
        }
        for rows in by_table(&indexes, &name, |row| &row.0).chunk_by(|a, b| a.1 == b.1) {
            add_index(&mut table, rows);
        }
        for rows in by_table(&keys, &name, |row| &row.0).chunk_by(|a, b| a.1 == b.1) {
            add_native_key(&mut table, source, rows);
        }
        tables.push(table);
    }
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(tables)
}

/// The rows of one table, of rows sorted by table.
fn by_table<'a, T>(rows: &'a [T], table: &str, name: impl Fn(&T) -> &String) -> &'a [T] {
    let start = rows.partition_point(|row| name(row).as_str() < table);
    let end = rows.partition_point(|row| name(row).as_str() <= table);
    &rows[start..end]
}

/// One index, from the rows of its parts in their order.
fn add_index(table: &mut Table, parts: &[IndexRow]) {
    let (_, name, non_unique, ..) = &parts[0];
    let mut index = Index { name: name.clone(), columns: Vec::new(), partial: false, expression: None };
    for (_, _, _, column, prefix) in parts {
        match column.as_deref().and_then(|column| table.column(column)) {
            Some(at) if index.expression.is_none() => index.columns.push(at),
            _ => index.expression = Some("expression".into()),
        }
        if prefix.is_some() {
            // The first characters of a column tell nothing of the whole value.
            index.expression.get_or_insert_with(|| "prefix".into());
        }
    }
    if *non_unique == 0 && index.expression.is_none() {
        if name == "PRIMARY" {
            table.primary_key = index.columns.clone();
        }
        table.uniques.push(index.columns.clone());
    }
    table.indexes.push(index);
}

/// One native key, from the rows of its columns in their order.
fn add_native_key(table: &mut Table, source: &Source, columns: &[KeyRow]) {
    let (_, name, _, referenced, _, on_delete, on_update) = &columns[0];
    let positions: Option<Vec<usize>> = columns.iter().map(|row| table.column(&row.2)).collect();
    let Some(positions) = positions else { return };
    let action = |text: &str| text.to_lowercase().replace(' ', "_");
    table.native_keys.push(NativeKey {
        name: name.clone(),
        columns: positions,
        references: TableRef { source: source.name.clone(), table: TableName::new(referenced) },
        referenced_columns: columns.iter().map(|row| row.4.clone()).collect(),
        on_delete: action(on_delete),
        on_update: action(on_update),
    });
}

fn column_row(mut row: mysql_async::Row) -> ColumnRow {
    fn take<T: mysql_async::prelude::FromValue>(row: &mut mysql_async::Row, at: usize) -> Option<T> {
        row.take_opt::<Option<T>, _>(at).and_then(Result::ok).flatten()
    }
    let r = &mut row;
    (
        take(r, 0).unwrap_or_default(),
        take(r, 1).unwrap_or_default(),
        take(r, 2).unwrap_or_default(),
        take(r, 3).unwrap_or_default(),
        take(r, 4).unwrap_or_default(),
        take(r, 5),
        take(r, 6).unwrap_or_default(),
        take(r, 7),
        take(r, 8),
        take(r, 9),
        take(r, 10),
        take(r, 11),
    )
}

fn column(row: &ColumnRow, is_json: bool) -> Column {
    let (_, name, column_type, data_type, nullable, default, extra, collation, length, precision, scale, fraction) =
        row;
    let lower = column_type.to_lowercase();
    let unsigned = lower.contains("unsigned");
    let int = |bits| Type::Int { bits, signed: !unsigned };
    let length = length.and_then(|length| u32::try_from(length).ok());
    let fraction = fraction.unwrap_or(0) as u8;
    let ty = match data_type.to_lowercase().as_str() {
        "json" => Type::Json,
        "longtext" if is_json => Type::Json,
        "tinyint" if lower.starts_with("tinyint(1)") && !unsigned => Type::Bool,
        "tinyint" => int(8),
        "smallint" => int(16),
        "mediumint" => int(24),
        "int" | "integer" => int(32),
        "bigint" => int(64),
        "decimal" | "numeric" => {
            Type::Decimal { precision: precision.map(|p| p as u16), scale: scale.map(|s| s as u16) }
        }
        "float" => Type::Float { bits: 32 },
        "double" | "real" => Type::Float { bits: 64 },
        "bit" if precision == &Some(1) => Type::Bool,
        "bit" => Type::Bit { length: precision.unwrap_or(1) as u32 },
        "char" => Type::Text { length, fixed: true },
        "varchar" => Type::Text { length, fixed: false },
        "tinytext" | "text" | "mediumtext" | "longtext" => Type::Text { length: None, fixed: false },
        "binary" => Type::Bytes { fixed: length },
        "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => Type::Bytes { fixed: None },
        "enum" => Type::Enum(Arc::from(labels(column_type))),
        "set" => Type::Set,
        "date" => Type::Date,
        "time" => Type::Time,
        "datetime" => Type::Local { fraction },
        "timestamp" => Type::Instant { fraction },
        "year" => Type::Year,
        "uuid" => Type::Uuid,
        _ => Type::Other,
    };
    let mut column = Column::new(name, ty, column_type);
    let extra = extra.to_lowercase();
    column.nullable = nullable == "YES";
    column.auto_increment = extra.contains("auto_increment");
    column.generated =
        extra.contains("virtual generated") || extra.contains("stored generated") || extra.contains("persistent");
    // MariaDB prints `NULL` where there is no default.
    column.default = default.as_deref().filter(|text| *text != "NULL" && !column.generated).map(Into::into);
    if let Some(collation) = collation {
        // Only binary collations without padding tell all texts apart.
        let nopad = collation.contains("nopad") || collation.contains("0900");
        column.exact = collation == "binary" || collation.ends_with("_bin") && nopad;
        column.case_insensitive = collation.ends_with("_ci");
        column.collation = Some(collation.as_str().into());
    }
    column
}

/// The labels of `enum('a','b''c')`.
fn labels(column_type: &str) -> Vec<String> {
    let inner = column_type.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')).map_or("", |(inner, _)| inner);
    let mut labels = Vec::new();
    let mut rest = inner;
    while let Some(start) = rest.find('\'') {
        let mut label = String::new();
        rest = &rest[start + 1..];
        while let Some(end) = rest.find('\'') {
            label.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.strip_prefix('\'') {
                Some(tail) => {
                    label.push('\'');
                    rest = tail;
                }
                None => break,
            }
        }
        labels.push(label);
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::labels;

    #[test]
    fn enum_labels_are_read() {
        assert_eq!(labels("enum('a','b''c','d,e')"), ["a", "b'c", "d,e"]);
    }
}
