//! PostgreSQL's SQL. Keys travel as text arrays and are cast to the column's own type, so its index serves them.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use crate::name::{PathStep, TableName};
use crate::source::change;
use crate::source::sql::{self, Dialect, Param, Sql};
use crate::statement::{Aggregate, Case, Condition, Fetch, KeySet, Matching, Order, Pattern};
use crate::value::{Column, Scalar, Type};

/// The dialect; `schema` is the one that bare table names are in.
#[derive(Clone)]
pub struct Postgres {
    /// The source's first schema.
    pub schema: String,
}

impl Dialect for Postgres {
    fn quote(&self, text: &mut String, name: &str) {
        sql::quoted(text, name, '"');
    }

    fn table(&self, text: &mut String, table: &TableName) {
        self.quote(text, table.schema.as_deref().unwrap_or(&self.schema));
        text.push('.');
        self.quote(text, &table.name);
    }

    fn output(&self, text: &mut String, column: &Column) {
        match &column.ty {
            // The adapter decodes these in binary; all else comes as the database's own text.
            Type::Structured => {
                text.push_str("to_json(");
                sql::column(text, column, self);
                text.push_str(")::text");
            }
            Type::Other | Type::Bit { .. } | Type::Set => text.push_str(&self.as_text(column)),
            Type::Text { .. } if &*column.native == "citext" => {
                sql::column(text, column, self);
                text.push_str("::text");
            }
            _ => sql::column(text, column, self),
        }
    }

    fn aggregate(&self, text: &mut String, aggregate: Aggregate, column: &Column) {
        let name = sql::column_text(column, self);
        let _ = match (aggregate, &column.ty) {
            (Aggregate::Count, _) => write!(text, "COUNT({name})"),
            (Aggregate::Sum | Aggregate::Avg, Type::Float { .. }) => {
                write!(text, "{}({name})::float8", aggregate.as_str())
            }
            (Aggregate::Sum | Aggregate::Avg, _) => {
                write!(text, "{}({name})::numeric", aggregate.as_str())
            }
            (_, Type::Bool) => write!(text, "{}({name}::int)::bool", aggregate.as_str()),
            (_, Type::Uuid | Type::Other | Type::Structured | Type::Json) => {
                write!(text, "{}({})", aggregate.as_str(), self.as_text(column))
            }
            _ => write!(text, "{}({name})", aggregate.as_str()),
        };
    }

    fn value(&self, sql: &mut Sql, value: &Scalar, column: &Arc<Column>) {
        sql.params.push(Param::Value(value.clone(), Some(column.clone())));
        let _ = write!(sql.text, "CAST(${}::text AS {})", sql.params.len(), cast_type(column));
    }

    fn stored(&self, sql: &mut Sql, value: &Scalar, column: &Arc<Column>) {
        change::bind(sql, value, column);
        sql.text.push_str(&stored_as(column, &format!("${}::text", sql.params.len())));
    }

    fn compared(&self, text: &mut String, column: &Column) {
        text.push_str(&self.comparable(column));
    }

    fn one_of(&self, sql: &mut Sql, values: &[Scalar], column: &Arc<Column>) {
        self.compared(&mut sql.text, column);
        sql.params.push(Param::Values(values.to_vec()));
        let _ = write!(sql.text, " = ANY (CAST(${}::text[] AS {}[]))", sql.params.len(), cast_type(column));
    }

    fn exactly(&self, sql: &mut Sql, column: &Arc<Column>, value: &Scalar) {
        sql.params.push(Param::Value(value.clone(), None));
        let name = sql::column_text(column, self);
        let at = sql.params.len();
        let _ = match &*column.native {
            "citext" => write!(sql.text, " AND {name}::text = ${at}::text"),
            _ => write!(sql.text, " AND {name} COLLATE \"C\" = ${at}::text"),
        };
    }

    fn number(&self, sql: &mut Sql, value: u64) {
        sql.params.push(Param::Value(Scalar::Int(i64::try_from(value).unwrap_or(i64::MAX)), None));
        let _ = write!(sql.text, "${}::text::int8", sql.params.len());
    }

    fn like(&self, sql: &mut Sql, column: &Arc<Column>, pattern: &Pattern, case: Case) {
        sql::column(&mut sql.text, column, self);
        if &*column.native != "citext" {
            // Before version 18, nondeterministic collations have no LIKE.
            sql.text.push_str(match (case == Case::Ignored, column.exact) {
                // "C" knows no case beyond ASCII.
                (true, _) => "::text COLLATE \"default\"",
                (false, true) => "::text",
                (false, false) => "::text COLLATE \"C\"",
            });
        }
        // A backslash is itself, as in SQLite.
        sql.params.push(Param::Value(Scalar::text(pattern.escaped()), None));
        let word = if case == Case::Ignored { "ILIKE" } else { "LIKE" };
        let _ = write!(sql.text, " {word} ${}::text", sql.params.len());
    }

    fn xor(&self) -> &'static str {
        ") <> ("
    }

    fn order(&self, text: &mut String, expression: &str, order: &Order) {
        sql::standard_order(text, expression, order);
    }

    fn lookup(&self, sql: &mut Sql, fetch: &Fetch, keys: &KeySet) {
        sql.text.push_str(" FROM ");
        if let Some(leaf) = self.leaf(sql, fetch, keys) {
            let _ = write!(sql.text, " WHERE {leaf}");
            return;
        }
        self.keys(sql, keys);
        sql.text.push_str(" JOIN ");
        self.table(&mut sql.text, &fetch.table);
        sql.text.push_str(" t ON ");
        self.matches(&mut sql.text, keys);
    }

    fn limited_lookup(&self, sql: &mut Sql, fetch: &Fetch, keys: &KeySet) {
        sql.text.push_str("SELECT k.o");
        sql::outputs_after(sql, fetch, self);
        sql.text.push_str(" FROM ");
        self.keys(sql, keys);
        sql.text.push_str(" CROSS JOIN LATERAL (SELECT t.* FROM ");
        self.table(&mut sql.text, &fetch.table);
        sql.text.push_str(" t WHERE ");
        self.matches(&mut sql.text, keys);
        sql::also(sql, fetch, keys, self);
        sql::order_by(&mut sql.text, fetch, self, "");
        if let Some(limit) = fetch.limit {
            sql.text.push_str(" LIMIT ");
            self.number(sql, limit);
        }
        if fetch.offset > 0 {
            sql.text.push_str(" OFFSET ");
            self.number(sql, fetch.offset);
        }
        sql.text.push_str(") t");
        sql::order_by(&mut sql.text, fetch, self, "k.o");
        let _ = write!(sql.text, " LIMIT {}", fetch.max_rows + 1);
    }

    fn ordinal(&self, _: &KeySet) -> Cow<'static, str> {
        "k.o".into()
    }

    fn among(&self, sql: &mut Sql, keys: &Arc<KeySet>) {
        if let [key] = &keys.columns[..]
            && matches!(key.matching, Matching::Own | Matching::Exact)
        {
            let column = self.comparable(&key.column);
            sql.params.push(Param::AmongColumn(keys.clone(), 0));
            let at = sql.params.len();
            let ty = cast_type(&key.column);
            let _ = write!(sql.text, "({column} IS NOT NULL AND {column} = ANY (CAST(${at}::text[] AS {ty}[]))");
            if key.matching == Matching::Exact {
                // Bytewise as well, where the collation folds.
                let exact = if ty == "citext" { "::text" } else { " COLLATE \"C\"" };
                let _ = write!(sql.text, " AND {column}{exact} = ANY (${at}::text[])");
            }
            sql.text.push(')');
            return;
        }
        sql.text.push_str("EXISTS (SELECT 1 FROM ");
        self.key_rows(sql, keys, |at| Param::AmongColumn(keys.clone(), at));
        sql.text.push_str(" WHERE ");
        self.matches(&mut sql.text, keys);
        sql.text.push(')');
    }

    fn test(&self, sql: &mut Sql, wanted: &Condition) {
        sql.text.push('(');
        sql::condition(sql, wanted, self);
        sql.text.push_str(")::int");
    }
}

impl Postgres {
    /// A column as it is compared: a domain over an enum has no operators of its own.
    fn comparable(&self, column: &Column) -> String {
        let name = sql::column_text(column, self);
        if matches!(column.ty, Type::Enum(_)) { format!("{name}::{}", column.native) } else { name }
    }

    /// The database's own text of a value.
    fn as_text(&self, column: &Column) -> String {
        let name = sql::column_text(column, self);
        match &*column.native {
            // The cast would add the mask of a single address, which the database does not print.
            "inet" => format!("CASE WHEN {name} IS NOT NULL THEN format('%s', {name}) END"),
            _ => format!("{name}::text"),
        }
    }

    fn keys(&self, sql: &mut Sql, keys: &KeySet) {
        self.key_rows(sql, keys, Param::KeyColumn);
    }

    /// Appends the keys as a table `k`, each with its position or with the number of its group.
    fn key_rows(&self, sql: &mut Sql, keys: &KeySet, param: impl Fn(usize) -> Param) {
        sql.text.push_str("unnest(");
        for (at, key) in keys.columns.iter().enumerate() {
            sql.params.push(param(at));
            sql.text.push_str(if at > 0 { ", CAST($" } else { "CAST($" });
            sql::digits(&mut sql.text, sql.params.len() as u64);
            sql.text.push_str("::text[] AS ");
            sql.text.push_str(cast_type(&key.column));
            sql.text.push_str("[])");
        }
        if sql::is_numbered(keys) {
            sql.params.push(Param::GroupNumbers);
            let _ = write!(sql.text, ", CAST(${}::text[] AS int8[])) k(", sql.params.len());
        } else {
            sql.text.push_str(") WITH ORDINALITY k(");
        }
        for at in 0..keys.columns.len() {
            sql.text.push('v');
            sql::digits(&mut sql.text, at as u64);
            sql.text.push_str(", ");
        }
        sql.text.push_str("o)");
    }

    fn matches(&self, text: &mut String, keys: &KeySet) {
        for (at, key) in keys.columns.iter().enumerate() {
            let column = self.comparable(&key.column);
            let lead = if at > 0 { " AND " } else { "" };
            let citext = &*key.column.native == "citext";
            let _ = match key.matching {
                Matching::Exact if citext => {
                    write!(text, "{lead}{column} = k.v{at} AND {column}::text = k.v{at}::text")
                }
                Matching::Exact => write!(text, "{lead}{column} = k.v{at} AND {column} COLLATE \"C\" = k.v{at}"),
                Matching::IgnoreCase if !citext && !key.column.case_insensitive => {
                    // Both sides by the column's own rules of case, which are those of its index.
                    let collation = match key.column.collation.as_deref() {
                        // The catalog gives it quoted, with its schema.
                        Some(name) if name != "default" => format!(" COLLATE {name}"),
                        _ => String::new(),
                    };
                    write!(text, "{lead}lower({column}) = lower(k.v{at}{collation})")
                }
                _ => {
                    text.extend([lead, &column, " = k.v"]);
                    sql::digits(text, at as u64);
                    Ok(())
                }
            };
        }
    }

    /// Joins the elements that a JSON path leads to with the keys; gives the predicate on its leaves.
    fn leaf(&self, sql: &mut Sql, fetch: &Fetch, keys: &KeySet) -> Option<String> {
        let key = sql::json_path(keys)?;
        self.table(&mut sql.text, &fetch.table);
        sql.text.push_str(" t");
        let kind = if &*key.column.native == "jsonb" { "jsonb" } else { "json" };
        let column = sql::column_text(&key.column, self);
        let mut node = match kind {
            "jsonb" => column,
            _ => {
                let _ = write!(sql.text, " CROSS JOIN LATERAL (SELECT {} AS d) j0", readable(&column));
                "j0.d".to_owned()
            }
        };
        let mut depth = 0;
        for step in &key.path {
            match step {
                PathStep::Member(name) => {
                    let _ = write!(node, " -> '{}'", name.replace('\'', "''"));
                }
                PathStep::Each => {
                    depth += 1;
                    let _ = write!(
                        sql.text,
                        " CROSS JOIN LATERAL {kind}_array_elements(CASE WHEN {kind}_typeof({node}) = 'array' THEN {node} ELSE '[]' END) j{depth}(e)"
                    );
                    node = format!("j{depth}.e");
                }
            }
        }
        sql.params.push(Param::KeyColumn(0));
        let _ = write!(sql.text, " CROSS JOIN unnest(${}::text[]) WITH ORDINALITY k(v0, o)", sql.params.len());
        let leaf = format!("(({node}) #>> '{{}}')");
        Some(match key.matching {
            Matching::LeafIgnoreCase => format!("lower({leaf}) = lower(k.v0)"),
            // JSON keeps a number's zeros (5.0); a key has none.
            Matching::LeafNumber => format!(
                "CASE {kind}_typeof({node}) WHEN 'number' THEN \
                 CASE WHEN {leaf} ~ '[eE]' AND {leaf} !~ '[eE][+-]?0*[0-9]{{1,3}}$' THEN {leaf} ELSE trim_scale(({leaf})::numeric)::text END \
                 WHEN 'boolean' THEN CASE {leaf} WHEN 'true' THEN '1' ELSE '0' END ELSE {leaf} END = k.v0"
            ),
            _ => format!("{leaf} = k.v0"),
        })
    }
}

/// A document of a `json` or text column without the escapes that no text of PostgreSQL holds: `\u0000`, and half of a
/// surrogate pair. A leaf that had one is another text then, which the comparison of canonical forms finds out. Doubled
/// backslashes and whole pairs stay.
fn readable(column: &str) -> String {
    let kept = r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}";
    let lost = r"\\u0000|\\u[dD][89a-fA-F][0-9a-fA-F]{2}";
    format!(
        r"CASE WHEN strpos({column}::text, '\u') = 0 THEN {column}::json ELSE regexp_replace({column}::text, '({kept})|{lost}', '\1', 'g')::json END"
    )
}

/// The type that values are cast to before they meet the column; without lengths, which would cut or round them.
/// A text as a value that is written. An explicit cast to a type with a length would cut it; assigning it does not.
pub fn stored_as(column: &Column, text: &str) -> String {
    match &column.ty {
        Type::Bit { .. } => format!("CAST({text} AS varbit)"),
        // Composite values are given as objects.
        Type::Structured if !column.native.ends_with(']') => {
            format!("json_populate_record(NULL::{}, CAST({text} AS json))", column.native)
        }
        _ => format!("CAST({text} AS {})", cast_type(column)),
    }
}

fn cast_type(column: &Column) -> &str {
    match &column.ty {
        Type::Bool => "bool",
        Type::Int { .. } if &*column.native == "oid" => "oid",
        Type::Int { bits: 16, .. } => "int2",
        Type::Int { bits: 32, .. } => "int4",
        Type::Int { .. } => "int8",
        Type::Decimal { .. } => "numeric",
        Type::Float { bits: 32 } => "float4",
        Type::Float { .. } => "float8",
        Type::Text { .. } if &*column.native == "citext" => "citext",
        Type::Text { fixed: true, .. } => "bpchar",
        Type::Text { .. } => "text",
        Type::Uuid => "uuid",
        Type::Bytes { .. } => "bytea",
        Type::Date => "date",
        Type::Time => "time",
        Type::Local { .. } => "timestamp",
        Type::Instant { .. } => "timestamptz",
        _ => &column.native,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(values: i64, limit_per_key: bool) -> Sql {
        sql::render(&sql::listed(values, limit_per_key), &Postgres { schema: "public".to_owned() })
    }

    #[test]
    fn keys_are_parameters() {
        sql::keys_are_parameters(&Postgres { schema: "public".to_owned() });
    }

    #[test]
    fn lists_of_any_length_are_one_text() {
        assert_eq!(
            text_of(3, false).text,
            "SELECT t.\"id\" FROM \"public\".\"contact\" t WHERE t.\"id\" = ANY (CAST($1::text[] AS int8[])) LIMIT $2::text::int8"
        );
        assert_eq!(text_of(3, false).text, text_of(1000, false).text);
        assert_eq!(text_of(3, true).text, text_of(1000, true).text);
    }
}
