//! Reads SQLite's schema: tables, views, columns, keys, indexes.

use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use crate::catalog::table::{Estimate, Index, NativeKey, Table};
use crate::config::Source;
use crate::name::{TableName, TableRef};
use crate::value::{Column, Type};

const TABLES: &str = "
SELECT name, type FROM pragma_table_list
WHERE schema = 'main' AND type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
const SQL_TEXT: &str = "SELECT sql FROM sqlite_schema WHERE name = ?1 AND type IN ('table', 'view')";
const COLUMNS: &str =
    "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid";
const INDEXES: &str = "SELECT name, \"unique\", partial, origin FROM pragma_index_list(?1) ORDER BY seq";
const INDEX_COLUMNS: &str = "SELECT name, cid, coll FROM pragma_index_xinfo(?1) WHERE key = 1 ORDER BY seqno";
const FOREIGN_KEYS: &str = "
SELECT id, \"table\", \"from\", \"to\", on_update, on_delete FROM pragma_foreign_key_list(?1) ORDER BY id, seq";

/// All served tables and views of the file.
pub async fn tables(conn: &mut SqliteConnection, source: &Source) -> Result<Vec<Table>, sqlx::Error> {
    let mut tables = Vec::new();
    for row in sqlx::query(TABLES).fetch_all(&mut *conn).await? {
        let (name, kind): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        if !source.serves(&name) {
            continue;
        }
        match table(conn, source, &name, kind == "view").await {
            Ok(table) => tables.push(table),
            Err(sqlx::Error::Database(error)) if kind == "view" => {
                // What it was made of has gone, or its function is not here.
                tracing::warn!(source = %source.name, table = %name, cause = %error, "the view cannot be read and is left out");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(tables)
}

async fn table(conn: &mut SqliteConnection, source: &Source, name: &str, is_view: bool) -> Result<Table, sqlx::Error> {
    let reference = |name: &str| TableRef { source: source.name.clone(), table: TableName::new(name) };
    let definition: Option<String> =
        sqlx::query_scalar(SQL_TEXT).bind(name).fetch_optional(&mut *conn).await?.flatten();
    let definition = definition.unwrap_or_default().to_lowercase();
    let mut columns = Vec::new();
    let mut primary = Vec::new();
    for (at, row) in sqlx::query(COLUMNS).bind(name).fetch_all(&mut *conn).await?.iter().enumerate() {
        let pk: i64 = row.try_get(4)?;
        if pk > 0 {
            primary.push((pk, at));
        }
        columns.push(column(row, &definition)?);
    }
    primary.sort_unstable();
    if let [(_, at)] = primary[..] {
        // A lone INTEGER primary key is the row id, which SQLite fills. Other keys of SQLite may hold NULL.
        columns[at].auto_increment = columns[at].native.eq_ignore_ascii_case("integer");
        columns[at].nullable &= !columns[at].auto_increment;
    }
    if definition.contains("without rowid") {
        primary.iter().for_each(|(_, at)| columns[*at].nullable = false);
    }
    let mut table = Table::new(reference(name), is_view, columns);
    table.primary_key = primary.into_iter().map(|(_, at)| at).collect();
    for row in sqlx::query(INDEXES).bind(name).fetch_all(&mut *conn).await? {
        let (index, unique, partial): (String, bool, bool) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let mut positions = Vec::new();
        let mut expression = None;
        let mut coarse = false;
        for part in sqlx::query(INDEX_COLUMNS).bind(&index).fetch_all(&mut *conn).await? {
            let column: Option<String> = part.try_get(0)?;
            coarse |= part.try_get::<Option<String>, _>(2)?.is_some_and(|collation| collation != "BINARY");
            match column.and_then(|column| table.column(&column)) {
                Some(at) if expression.is_none() => positions.push(at),
                _ => expression = Some("expression".to_owned()),
            }
        }
        if unique && !partial && expression.is_none() {
            table.uniques.push(positions.clone());
        }
        if coarse {
            for at in &positions {
                let mut column = (*table.columns[*at]).clone();
                column.case_insensitive = true;
                table.columns[*at] = column.into();
            }
        }
        table.indexes.push(Index { name: index, columns: positions, partial, expression });
    }
    if !is_view && !definition.contains("without rowid") {
        // The largest row id is found at once; it is about the number of rows, where few have been deleted.
        let sql = format!("SELECT max(_rowid_) FROM \"{}\"", name.replace('"', "\"\""));
        let largest: Option<i64> =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *conn).await.unwrap_or_default();
        table.rows = Estimate(Some(largest.and_then(|rows| u64::try_from(rows).ok()).unwrap_or(0)));
    }
    let mut last = None;
    for row in sqlx::query(FOREIGN_KEYS).bind(name).fetch_all(&mut *conn).await? {
        let id: i64 = row.try_get(0)?;
        let (referenced, from, to): (String, String, Option<String>) =
            (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        let Some(at) = table.column(&from) else {
            continue;
        };
        if last != Some(id) {
            last = Some(id);
            let action = |text: String| text.to_lowercase().replace(' ', "_");
            table.native_keys.push(NativeKey {
                name: String::new(),
                columns: Vec::new(),
                references: reference(&referenced),
                referenced_columns: Vec::new(),
                on_update: action(row.try_get(4)?),
                on_delete: action(row.try_get(5)?),
            });
        }
        let key = table.native_keys.last_mut().expect("one was just pushed");
        key.columns.push(at);
        key.referenced_columns.extend(to);
    }
    Ok(table)
}

fn column(row: &sqlx::sqlite::SqliteRow, definition: &str) -> Result<Column, sqlx::Error> {
    let (name, declared): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    let not_null: bool = row.try_get(2)?;
    let hidden: i64 = row.try_get(5)?;
    let mut column = Column::new(&name, type_of(&declared), &declared);
    column.nullable = !not_null;
    column.default = row.try_get::<Option<String>, _>(3)?.map(Into::into);
    column.generated = matches!(hidden, 2 | 3);
    // No catalog tells a column's collation, and a view's definition even less, so keys always say `COLLATE BINARY` too.
    column.exact = !matches!(column.ty, Type::Text { .. } | Type::Local { .. } | Type::Date);
    column.case_insensitive = declares_nocase(&name, definition);
    Ok(column)
}

/// Whether the table's definition seems to give the column a folding collation; only advice depends on it.
fn declares_nocase(name: &str, definition: &str) -> bool {
    let lower = name.to_lowercase();
    definition.split(',').any(|part| {
        let mut words = part
            .split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | '[' | ']' | '`'))
            .filter(|word| !word.is_empty());
        words.any(|word| word == lower) && part.contains("collate") && part.contains("nocase")
    })
}

/// The type by the declared name: SQLite's affinity rules (sqlite.org/datatype3.html §3.1), and common names before them.
fn type_of(declared: &str) -> Type {
    let upper = declared.to_uppercase();
    let length = upper
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
        .and_then(|(inner, _)| inner.trim().parse().ok());
    let has = |part: &str| upper.contains(part);
    match () {
        () if has("BOOL") => Type::Bool,
        () if has("JSON") => Type::Json,
        () if has("INT") => Type::Int { bits: 64, signed: true },
        // SQLite does not hold a text to its declared length.
        () if has("CHAR") || has("CLOB") || has("TEXT") => Type::Text { length: None, fixed: false },
        () if has("BLOB") => Type::Bytes { fixed: None },
        () if has("REAL") || has("FLOA") || has("DOUB") => Type::Float { bits: 64 },
        () if has("UUID") => Type::Uuid,
        () if has("DATETIME") || has("TIMESTAMP") => Type::Local { fraction: 6 },
        () if upper == "DATE" => Type::Date,
        () if upper == "TIME" => Type::Time,
        () if has("BINARY") => Type::Bytes { fixed: length },
        () => Type::Loose,
    }
}
