//! SQLite's SQL.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use crate::name::{PathStep, TableName};
use crate::source::change;
use crate::source::sql::{self, Dialect, Param, Sql};
use crate::statement::{Aggregate, Case, Condition, Fetch, KeySet, Matching, Order, Pattern};
use crate::value::{Column, Scalar, Type};

/// The dialect.
pub struct Sqlite;

impl Dialect for Sqlite {
    fn quote(&self, text: &mut String, name: &str) {
        sql::quoted(text, name, '"');
    }

    fn table(&self, text: &mut String, table: &TableName) {
        self.quote(text, &table.name);
    }

    fn output(&self, text: &mut String, column: &Column) {
        sql::column(text, column, self);
    }

    fn aggregate(&self, text: &mut String, aggregate: Aggregate, column: &Column) {
        let _ = write!(text, "{}(", aggregate.as_str());
        sql::column(text, column, self);
        text.push(')');
    }

    fn value(&self, sql: &mut Sql, value: &Scalar, column: &Arc<Column>) {
        sql.params.push(Param::Value(value.clone(), Some(column.clone())));
        let _ = write!(sql.text, "?{}", sql.params.len());
    }

    fn stored(&self, sql: &mut Sql, value: &Scalar, column: &Arc<Column>) {
        let beyond = match (value, &column.ty) {
            // What no number can be is spelled as one that is too large.
            (Scalar::Text(text), Type::Float { .. }) => match &**text {
                "Infinity" => Some(Scalar::text("9e999")),
                "-Infinity" => Some(Scalar::text("-9e999")),
                _ => None,
            },
            _ => None,
        };
        change::bind(sql, beyond.as_ref().unwrap_or(value), column);
        let _ = write!(sql.text, "?{}", sql.params.len());
    }

    fn compared(&self, text: &mut String, column: &Column) {
        let name = sql::column_text(column, self);
        if matches!(column.ty, Type::Local { .. }) && !column.exact {
            // Date-times are texts in several spellings; values are bound in the one without T, Z and needless zeros.
            let spaced = format!("rtrim(replace({name}, 'T', ' '), 'Z')");
            let _ = write!(
                text,
                "CASE WHEN instr({name}, '.') > 0 THEN rtrim(rtrim({spaced}, '0'), '.') ELSE \
                 CASE length({spaced}) WHEN 10 THEN {spaced} || ' 00:00:00' WHEN 16 THEN {spaced} || ':00' ELSE {spaced} END END"
            );
        } else {
            text.push_str(&name);
        }
    }

    fn one_of(&self, sql: &mut Sql, values: &[Scalar], column: &Arc<Column>) {
        sql::padded_list(sql, values, column, self);
    }

    fn exactly(&self, sql: &mut Sql, column: &Arc<Column>, value: &Scalar) {
        sql.text.push_str(" AND ");
        sql::column(&mut sql.text, column, self);
        sql.text.push_str(" = ");
        self.value(sql, value, column);
        sql.text.push_str(" COLLATE BINARY");
    }

    fn number(&self, sql: &mut Sql, value: u64) {
        sql.params.push(Param::Value(Scalar::Int(i64::try_from(value).unwrap_or(i64::MAX)), None));
        let _ = write!(sql.text, "?{}", sql.params.len());
    }

    fn like(&self, sql: &mut Sql, column: &Arc<Column>, pattern: &Pattern, _: Case) {
        if pattern.text.contains('\0') {
            // The pattern would end there, and find what begins like it.
            return sql::whatever(&mut sql.text, column, false, self);
        }
        sql::column(&mut sql.text, column, self);
        // It ignores the case of ASCII letters anyway.
        sql.text.push_str(" LIKE ");
        self.value(sql, &Scalar::Text(pattern.text.clone()), column);
        if pattern.escapes {
            sql.text.push_str(" ESCAPE '\\'");
        }
    }

    fn xor(&self) -> &'static str {
        ") <> ("
    }

    fn order(&self, text: &mut String, expression: &str, order: &Order) {
        sql::standard_order(text, expression, order);
    }

    fn lookup(&self, sql: &mut Sql, fetch: &Fetch, keys: &KeySet) {
        sql.params.push(Param::Keys);
        let _ = write!(sql.text, " FROM json_each(?{}) k CROSS JOIN ", sql.params.len());
        self.table(&mut sql.text, &fetch.table);
        sql.text.push_str(" t");
        if let Some(leaf) = self.leaf(&mut sql.text, keys) {
            let _ = write!(sql.text, " WHERE {leaf}");
        } else {
            sql.text.push_str(" WHERE ");
            self.matches(&mut sql.text, keys);
        }
    }

    fn limited_lookup(&self, sql: &mut Sql, fetch: &Fetch, keys: &KeySet) {
        if !fetch.identity.is_empty() {
            return self.first_by_identity(sql, fetch, keys);
        }
        // A view has no identity, so rows are ranked within each key, which reads all of them.
        sql.params.push(Param::Keys);
        let at = sql.params.len();
        let mut order = String::new();
        sql::order_by(&mut order, fetch, self, "");
        sql.text.push_str("SELECT * FROM (SELECT k.key");
        for (at, output) in fetch.outputs.iter().enumerate() {
            sql.text.push_str(", ");
            match output {
                crate::statement::Output::Column(column) => self.output(&mut sql.text, column),
                crate::statement::Output::Test(wanted) => self.test(sql, wanted),
                _ => sql.text.push_str("NULL"),
            }
            let _ = write!(sql.text, " AS c{at}");
        }
        let _ = write!(
            sql.text,
            ", row_number() OVER (PARTITION BY k.key{order}) AS n FROM json_each(?{at}) k CROSS JOIN "
        );
        self.table(&mut sql.text, &fetch.table);
        sql.text.push_str(" t WHERE ");
        self.matches(&mut sql.text, keys);
        sql::also(sql, fetch, keys, self);
        sql.text.push_str(") WHERE n > ");
        self.number(sql, fetch.offset);
        if let Some(limit) = fetch.limit {
            sql.text.push_str(" AND n <= ");
            self.number(sql, fetch.offset.saturating_add(limit));
        }
        let _ = write!(sql.text, " ORDER BY 1, n LIMIT {}", fetch.max_rows + 1);
    }

    fn ordinal(&self, keys: &KeySet) -> Cow<'static, str> {
        match sql::is_numbered(keys) {
            true => format!("json_extract(k.value, '$[{}]')", keys.columns.len()).into(),
            false => "k.key".into(),
        }
    }

    fn aggregated_value(&self, sql: &mut Sql, value: &Scalar, ty: &Arc<Column>) {
        // An aggregate has no affinity, so a number must be one.
        let number = matches!(ty.ty, Type::Int { .. } | Type::Decimal { .. } | Type::Float { .. } | Type::Loose);
        sql.text.push_str(if number { "CAST(" } else { "" });
        self.value(sql, value, ty);
        sql.text.push_str(if number { " AS NUMERIC)" } else { "" });
    }

    fn among(&self, sql: &mut Sql, keys: &Arc<KeySet>) {
        sql.params.push(Param::Among(keys.clone()));
        let at = sql.params.len();
        let (mut near, mut values) = (Vec::new(), Vec::new());
        sql.text.push('(');
        for (part, key) in keys.columns.iter().enumerate() {
            let column = sql::column_text(&key.column, self);
            let _ = write!(sql.text, "{column} IS NOT NULL AND ");
            let value = match keys.columns.len() {
                1 => "k.value".to_owned(),
                _ => format!("json_extract(k.value, '$[{part}]')"),
            };
            let bytes = matches!(key.column.ty, Type::Bytes { .. });
            values.push(if bytes { format!("unhex({value})") } else { value });
            // Bytewise, whatever the column's own collation.
            near.push(if key.matching == Matching::Exact { format!("{column} COLLATE BINARY") } else { column });
        }
        let near = if near.len() > 1 { format!("({})", near.join(", ")) } else { near.join(", ") };
        let _ = write!(sql.text, "{near} IN (SELECT {} FROM json_each(?{at}) k))", values.join(", "));
    }

    fn test(&self, sql: &mut Sql, wanted: &Condition) {
        sql.text.push('(');
        sql::condition(sql, wanted, self);
        sql.text.push(')');
    }
}

impl Sqlite {
    /// The rows of each key whose identity is among its first ones: an index in the right order gives these and no more.
    fn first_by_identity(&self, sql: &mut Sql, fetch: &Fetch, keys: &KeySet) {
        sql.params.push(Param::Keys);
        let at = sql.params.len();
        let columns: Vec<String> = fetch.identity.iter().map(|column| sql::column_text(column, self)).collect();
        let columns = columns.join(", ");
        // Bytewise, as the primary key's index is, whatever the columns' own collations.
        let outer: Vec<String> = fetch
            .identity
            .iter()
            .map(|column| match column.ty {
                Type::Int { .. } | Type::Bool | Type::Bytes { .. } | Type::Float { .. } => {
                    sql::column_text(column, self)
                }
                _ => format!("{} COLLATE BINARY", sql::column_text(column, self)),
            })
            .collect();
        let outer = outer.join(", ");
        sql.text.push_str("SELECT k.key");
        sql::outputs_after(sql, fetch, self);
        let _ = write!(sql.text, " FROM json_each(?{at}) k CROSS JOIN ");
        self.table(&mut sql.text, &fetch.table);
        // The inner `t` hides the outer one.
        let _ = write!(sql.text, " t ON ({outer}) IN (SELECT {columns} FROM ");
        self.table(&mut sql.text, &fetch.table);
        sql.text.push_str(" t WHERE ");
        self.matches(&mut sql.text, keys);
        sql::also(sql, fetch, keys, self);
        sql::order_by(&mut sql.text, fetch, self, "");
        sql.text.push_str(" LIMIT ");
        match fetch.limit {
            Some(limit) => self.number(sql, limit),
            None => sql.text.push_str("-1"),
        }
        if fetch.offset > 0 {
            sql.text.push_str(" OFFSET ");
            self.number(sql, fetch.offset);
        }
        sql.text.push(')');
        sql::order_by(&mut sql.text, fetch, self, "k.key");
        let _ = write!(sql.text, " LIMIT {}", fetch.max_rows + 1);
    }

    fn matches(&self, text: &mut String, keys: &KeySet) {
        for (at, key) in keys.columns.iter().enumerate() {
            let mut value = match keys.columns.len() {
                1 if !sql::is_numbered(keys) => "k.value".to_owned(),
                _ => format!("json_extract(k.value, '$[{at}]')"),
            };
            if matches!(key.column.ty, Type::Bytes { .. }) {
                value = format!("unhex({value})");
            }
            let column = sql::column_text(&key.column, self);
            let lead = if at > 0 { " AND " } else { "" };
            let _ = match key.matching {
                // Date-times are texts in several spellings; the moment itself is compared, and then the canonical form.
                Matching::Exact if matches!(key.column.ty, Type::Local { .. }) => {
                    write!(text, "{lead}strftime('%s', {column}) = strftime('%s', {value})")
                }
                Matching::Exact if key.column.ty == Type::Date => {
                    write!(text, "{lead}date({column}) = date({value})")
                }
                Matching::Exact => write!(text, "{lead}{column} = {value} AND {column} = {value} COLLATE BINARY"),
                Matching::IgnoreCase => write!(text, "{lead}{column} = {value} COLLATE NOCASE"),
                _ => {
                    text.push_str(lead);
                    self.compared(text, &key.column);
                    write!(text, " = {value}")
                }
            };
        }
    }

    /// Joins the elements that a JSON path leads to; gives the predicate on its leaves.
    fn leaf(&self, text: &mut String, keys: &KeySet) -> Option<String> {
        let key = sql::json_path(keys)?;
        let column = sql::column_text(&key.column, self);
        // `node` is an expression of valid JSON or NULL; `members` are the steps not yet taken from it.
        let mut node = format!("CASE WHEN json_valid({column}) THEN {column} END");
        let mut members = String::from("$");
        let mut depth = 0;
        let mut scalar = None;
        for step in &key.path {
            match step {
                PathStep::Member(name) => {
                    let _ = write!(members, ".\"{}\"", name.replace('\'', "''").replace('"', "\\\""));
                    scalar = None;
                }
                PathStep::Each => {
                    depth += 1;
                    let _ = write!(text, ", json_each({node}, '{members}') j{depth}");
                    node = format!("CASE WHEN j{depth}.type IN ('object', 'array') THEN j{depth}.value END");
                    scalar = Some(format!("j{depth}.value"));
                    members = String::from("$");
                }
            }
        }
        let leaf = scalar.unwrap_or_else(|| format!("json_extract({node}, '{members}')"));
        Some(match key.matching {
            Matching::LeafIgnoreCase => format!("CAST({leaf} AS TEXT) = k.value COLLATE NOCASE"),
            Matching::LeafNumber => format!("CAST({leaf} AS NUMERIC) = CAST(k.value AS NUMERIC)"),
            _ => format!("CAST({leaf} AS TEXT) = CAST(k.value AS TEXT)"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(values: i64, limit_per_key: bool) -> Sql {
        sql::render(&sql::listed(values, limit_per_key), &Sqlite)
    }

    #[test]
    fn keys_are_parameters() {
        sql::keys_are_parameters(&Sqlite);
    }

    #[test]
    fn lists_have_few_texts() {
        let expected = "SELECT t.\"id\" FROM \"contact\" t WHERE t.\"id\" IN (?1, ?2, ?3, ?4) LIMIT ?5";
        assert_eq!(text_of(3, false).text, expected);
        assert_eq!(text_of(4, false).text, expected);
        assert_eq!(text_of(900, true).text, text_of(1000, true).text);
    }

    #[test]
    fn a_limit_per_key_goes_by_identity_where_there_is_one() {
        let column = Arc::new(Column::new("id", Type::Int { bits: 64, signed: true }, ""));
        let mut fetch = sql::listed(1, true);
        fetch.condition = None;
        assert!(sql::render(&fetch, &Sqlite).text.contains("row_number()"));
        fetch.identity = vec![column];
        assert_eq!(
            sql::render(&fetch, &Sqlite).text,
            "SELECT k.key, t.\"id\" FROM json_each(?1) k CROSS JOIN \"contact\" t ON (t.\"id\") IN (SELECT t.\"id\" FROM \"contact\" t \
             WHERE t.\"id\" = k.value LIMIT ?2) ORDER BY k.key LIMIT 6"
        );
    }
}
