//! Reads PostgreSQL's catalog: tables, views, columns, keys, indexes, enums.

use std::collections::HashMap;
use std::sync::Arc;

use tokio_postgres::{Client, Error, Row};

use crate::catalog::table::{Estimate, Index, NativeKey, Table};
use crate::config::Source;
use crate::name::{TableName, TableRef};
use crate::value::{Column, Type};

const RELATIONS: &str = "
SELECT c.oid::int8, n.nspname::text, c.relname::text, c.relkind::text,
       CASE WHEN c.relkind IN ('r', 'p', 'm') AND (c.reltuples > 0 OR c.relpages > 0) THEN c.reltuples::int8 END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND has_table_privilege(c.oid, 'SELECT')
ORDER BY n.nspname, c.relname";

// A domain may be of a domain, so its type is looked for to the end.
const COLUMNS: &str = "
WITH RECURSIVE base(oid, target, typmod) AS (
  SELECT oid, oid, -1 FROM pg_type WHERE typtype <> 'd'
  UNION ALL
  SELECT d.oid, b.target, CASE WHEN d.typtypmod >= 0 THEN d.typtypmod ELSE b.typmod END
  FROM pg_type d JOIN base b ON d.typbasetype = b.oid WHERE d.typtype = 'd')
SELECT a.attrelid::int8, a.attname::text, format_type(a.atttypid, a.atttypmod)::text, a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid)::text, a.attgenerated::text, a.attidentity::text,
       CASE WHEN l.collname = 'default' THEN 'default' ELSE quote_ident(ln.nspname) || '.' || quote_ident(l.collname) END,
       coalesce(l.collisdeterministic, true),
       b.typname::text, b.typtype::text, b.typcategory::text,
       CASE WHEN t.typtype = 'd' THEN base.typmod ELSE a.atttypmod END, b.oid::int8, a.attnum::int4,
       format_type(b.oid, NULL)::text
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
JOIN base ON base.oid = t.oid JOIN pg_type b ON b.oid = base.target
LEFT JOIN pg_collation l ON l.oid = a.attcollation LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum";

const LABELS: &str = "SELECT enumtypid::int8, enumlabel::text FROM pg_enum ORDER BY enumtypid, enumsortorder";

const INDEXES: &str = "
SELECT i.indrelid::int8, x.relname::text, i.indisunique AND i.indimmediate, i.indisprimary, i.indpred IS NOT NULL,
       pg_get_expr(i.indexprs, i.indrelid)::text, i.indkey::int2[]::int4[], i.indnkeyatts::int4
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY($1) AND i.indisvalid ORDER BY i.indrelid, x.relname";

const FOREIGN_KEYS: &str = "
SELECT k.conrelid::int8, k.conname::text, k.conkey::int2[]::int4[], n.nspname::text, c.relname::text,
       (SELECT array_agg(a.attname::text ORDER BY p.o) FROM unnest(k.confkey) WITH ORDINALITY p(n, o)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = p.n),
       k.confdeltype::text, k.confupdtype::text
FROM pg_constraint k JOIN pg_class c ON c.oid = k.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class r ON r.oid = k.conrelid JOIN pg_namespace m ON m.oid = r.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0 AND n.nspname = ANY($1) AND m.nspname = ANY($1) ORDER BY k.conrelid, k.conname";

/// All served tables and views of the source's schemas.
pub async fn tables(client: &Client, source: &Source) -> Result<Vec<Table>, Error> {
    let schemas = &source.schemas;
    let relations = client.query(RELATIONS, &[schemas]).await?;
    let columns = client.query(COLUMNS, &[schemas]).await?;
    let labels = client.query(LABELS, &[]).await?;
    let indexes = client.query(INDEXES, &[schemas]).await?;
    let keys = client.query(FOREIGN_KEYS, &[schemas]).await?;

    let mut enums: HashMap<i64, Vec<String>> = HashMap::new();
    for row in &labels {
        enums.entry(row.get(0)).or_default().push(row.get(1));
    }
    let columns = by_relation(&columns);
    let indexes = by_relation(&indexes);
    let keys = by_relation(&keys);
    let none = Vec::new();

    let mut tables = Vec::new();
    for relation in &relations {
        let oid: i64 = relation.get(0);
        let table_name = name(source, relation.get(1), relation.get(2));
        if !source.serves(&table_name.name) {
            continue;
        }
        let rows = columns.get(&oid).unwrap_or(&none);
        // Column numbers skip dropped columns, so they are looked up.
        let numbers: HashMap<i32, usize> = rows.iter().enumerate().map(|(at, row)| (row.get(14), at)).collect();
        let kind: &str = relation.get(3);
        let reference = TableRef { source: source.name.clone(), table: table_name };
        let mut table =
            Table::new(reference, matches!(kind, "v" | "m"), rows.iter().map(|row| column(row, &enums)).collect());
        // Before the first ANALYZE nothing is known.
        table.rows = Estimate(relation.get::<_, Option<i64>>(4).and_then(|rows| u64::try_from(rows).ok()));
        for row in indexes.get(&oid).unwrap_or(&none) {
            add_index(&mut table, row, &numbers);
        }
        for row in keys.get(&oid).unwrap_or(&none) {
            let positions: Vec<i32> = row.get(2);
            table.native_keys.push(NativeKey {
                name: row.get(1),
                columns: positions.iter().filter_map(|number| numbers.get(number).copied()).collect(),
                references: TableRef { source: source.name.clone(), table: name(source, row.get(3), row.get(4)) },
                referenced_columns: row.get(5),
                on_delete: action(row.get(6)),
                on_update: action(row.get(7)),
            });
        }
        tables.push(table);
    }
    Ok(tables)
}

fn by_relation(rows: &[Row]) -> HashMap<i64, Vec<&Row>> {
    let mut groups: HashMap<i64, Vec<&Row>> = HashMap::new();
    for row in rows {
        groups.entry(row.get(0)).or_default().push(row);
    }
    groups
}

fn name(source: &Source, schema: &str, table: &str) -> TableName {
    if schema == source.schemas[0] { TableName::new(table) } else { TableName::in_schema(schema, table) }
}

fn column(row: &Row, enums: &HashMap<i64, Vec<String>>) -> Column {
    let (base, kind, category): (&str, &str, &str) = (row.get(9), row.get(10), row.get(11));
    let modifier: i32 = row.get(12);
    let ty = match (kind, category) {
        ("e", _) => Type::Enum(Arc::from(enums.get(&row.get(13)).cloned().unwrap_or_default())),
        ("c", _) | (_, "A") => Type::Structured,
        _ => base_type(base, modifier),
    };
    // Values are cast to the base type: a domain's own checks are no matter of a lookup.
    let native: &str = if matches!(ty, Type::Text { .. } | Type::Json | Type::Int { .. })
        && (base == "citext" || base == "jsonb" || base == "oid")
    {
        base
    } else {
        row.get(15)
    };
    let shown: &str = row.get(2);
    let deterministic: bool = row.get(8);
    let default: Option<&str> = row.get(4);
    let (generated, identity): (&str, &str) = (row.get(5), row.get(6));
    let not_null: bool = row.get(3);
    let mut column =
        Column::new(row.get(1), ty, if matches!(native, "citext" | "jsonb" | "oid") { native } else { shown });
    if matches!(column.ty, Type::Enum(_) | Type::Other) {
        column.native = native.into();
    }
    column.nullable = !not_null;
    column.auto_increment = !identity.is_empty() || default.is_some_and(|text| text.starts_with("nextval("));
    column.default = default.filter(|_| generated.is_empty()).map(Into::into);
    column.generated = !generated.is_empty();
    column.collation = row.get::<_, Option<&str>>(7).map(Into::into);
    column.exact = deterministic && base != "citext";
    column.case_insensitive = base == "citext";
    column
}

fn base_type(name: &str, modifier: i32) -> Type {
    let fraction = if (0..=6).contains(&modifier) { modifier as u8 } else { 6 };
    let length = u32::try_from(modifier - 4).ok();
    match name {
        "bool" => Type::Bool,
        "int2" => Type::Int { bits: 16, signed: true },
        "int4" => Type::Int { bits: 32, signed: true },
        "int8" => Type::Int { bits: 64, signed: true },
        "oid" => Type::Int { bits: 32, signed: false },
        "float4" => Type::Float { bits: 32 },
        "float8" => Type::Float { bits: 64 },
        "numeric" if modifier >= 4 => {
            let packed = (modifier - 4) as u32;
            // Scale has 11 bits with sign since PostgreSQL 15.
            let scale = ((packed & 0x7ff) as i32 ^ 1024) - 1024;
            match u16::try_from(scale) {
                Ok(scale) => Type::Decimal { precision: Some((packed >> 16) as u16), scale: Some(scale) },
                // A negative scale rounds to tens: more digits than the precision says.
                Err(_) => Type::Decimal { precision: None, scale: None },
            }
        }
        "numeric" => Type::Decimal { precision: None, scale: None },
        "text" | "name" | "citext" => Type::Text { length: None, fixed: false },
        "varchar" => Type::Text { length, fixed: false },
        "bpchar" => Type::Text { length, fixed: true },
        "uuid" => Type::Uuid,
        "bytea" => Type::Bytes { fixed: None },
        "date" => Type::Date,
        "time" => Type::Time,
        "timestamp" => Type::Local { fraction },
        "timestamptz" => Type::Instant { fraction },
        "json" | "jsonb" => Type::Json,
        "bit" | "varbit" => Type::Bit { length: u32::try_from(modifier).unwrap_or(1) },
        _ => Type::Other,
    }
}

fn add_index(table: &mut Table, row: &Row, numbers: &HashMap<i32, usize>) {
    let (unique, primary, partial): (bool, bool, bool) = (row.get(2), row.get(3), row.get(4));
    let expression: Option<String> = row.get(5);
    let keys: Vec<i32> = row.get(6);
    let key_columns: i32 = row.get(7);
    let columns: Vec<usize> =
        keys.iter().take(key_columns as usize).map_while(|number| numbers.get(number).copied()).collect();
    if primary {
        table.primary_key = columns.clone();
    }
    if unique && !partial && expression.is_none() {
        table.uniques.push(columns.clone());
    }
    table.indexes.push(Index { name: row.get(1), columns, partial, expression });
}

fn action(code: &str) -> String {
    match code {
        "c" => "cascade",
        "n" => "set_null",
        "d" => "set_default",
        "r" => "restrict",
        _ => "no_action",
    }
    .to_owned()
}
