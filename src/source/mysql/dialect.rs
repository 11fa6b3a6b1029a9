//! The SQL of MySQL and MariaDB. Keys travel as one JSON document that JSON_TABLE turns into rows of the column's own
//! type, character set and collation, so that its index serves them.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use crate::name::{PathStep, TableName};
use crate::source::change;
use crate::source::sql::{self, Dialect, Param, Sql};
use crate::statement::{
    Aggregate, Case, Comparison, Condition, Fetch, KeySet, Matching, Nulls, Order, Pattern, SmallKey,
};
use crate::value::{Column, Scalar, Type};

/// The dialect.
pub struct Mysql;

/// Types whose binary form is no text.
const GEOMETRY: [&str; 8] = [
    "geometry",
    "point",
    "linestring",
    "polygon",
    "multipoint",
    "multilinestring",
    "multipolygon",
    "geometrycollection",
];

/// Keys of one statement with a limit per key, each of which is a branch of its own.
const LIMITED_KEYS: usize = 128;
/// Parameters of one statement; the protocol counts them in 16 bits.
const PARAMETERS: usize = u16::MAX as usize;

/// The fetch without key values that no day or moment of MySQL is: it would take them for its zero date.
pub fn within_range(fetch: &Fetch) -> Cow<'_, Fetch> {
    let is_beyond = |keys: &KeySet, key: &SmallKey| {
        keys.columns.iter().zip(key).any(|(of, value)| beyond(&of.column, value).is_some())
    };
    match &fetch.keys {
        Some(keys) if keys.keys.iter().any(|key| is_beyond(keys, key)) => {
            let mut keys = keys.clone();
            let nothing: SmallKey = keys.columns.iter().map(|_| Scalar::Null).collect();
            for at in 0..keys.keys.len() {
                if is_beyond(&keys, &keys.keys[at]) {
                    keys.keys[at] = nothing.clone();
                }
            }
            Cow::Owned(Fetch { keys: Some(keys), ..fetch.clone() })
        }
        _ => Cow::Borrowed(fetch),
    }
}

/// The most keys of one limited lookup: a power of two, since that many branches are sent.
pub fn limited_keys(form: &Fetch) -> usize {
    // A form without keys has one branch.
    let parameters = sql::render(form, &Mysql).params.len().max(1);
    let fitting = (PARAMETERS / parameters).clamp(1, LIMITED_KEYS);
    1 << fitting.ilog2()
}

impl Dialect for Mysql {
    fn quote(&self, text: &mut String, name: &str) {
        sql::quoted(text, name, '`');
    }

    fn table(&self, text: &mut String, table: &TableName) {
        self.quote(text, &table.name);
    }

    fn output(&self, text: &mut String, column: &Column) {
        match is_geometry(column) {
            true => {
                let _ = write!(text, "CAST(ST_AsText({}) AS CHAR)", sql::column_text(column, self));
            }
            false => sql::column(text, column, self),
        }
    }

    fn aggregate(&self, text: &mut String, aggregate: Aggregate, column: &Column) {
        let call = format!("{}({})", aggregate.as_str(), sql::column_text(column, self));
        match aggregate {
            Aggregate::Min | Aggregate::Max if is_geometry(column) => {
                let _ = write!(text, "CAST(ST_AsText({call}) AS CHAR)");
            }
            _ => text.push_str(&call),
        }
    }

    fn value(&self, sql: &mut Sql, value: &Scalar, column: &Arc<Column>) {
        if let (Type::Bit { .. }, Scalar::Text(digits)) = (&column.ty, value) {
            // Bits are compared as the number that they make; text that is none was refused before.
            let number = u64::from_str_radix(digits, 2).map_or(Scalar::Null, |number| Scalar::text(number.to_string()));
            sql.params.push(Param::Value(number, Some(column.clone())));
            sql.text.push_str("CAST(? AS UNSIGNED)");
            return;
        }
        sql.params.push(Param::Value(value.clone(), Some(column.clone())));
        // Compared with plain text, a decimal would be compared as a floating-point number.
        let exact = matches!(column.ty, Type::Decimal { .. })
            || matches!(column.ty, Type::Int { .. }) && matches!(value, Scalar::Text(_));
        sql.text.push_str(&if exact { decimal(value) } else { "?".to_owned() });
    }

    fn stored(&self, sql: &mut Sql, value: &Scalar, column: &Arc<Column>) {
        change::bind(sql, value, column);
        sql.text.push_str(match column.ty {
            Type::Bit { .. } => "CAST(CONV(?, 2, 10) AS UNSIGNED)",
            _ if is_geometry(column) => "ST_GeomFromText(?)",
            _ => "?",
        });
    }

    fn alias(&self) -> &'static str {
        " t"
    }

    fn delete_from(&self) -> &'static str {
        "DELETE t FROM "
    }

    fn compared(&self, text: &mut String, column: &Column) {
        match column.ty {
            // Compared as a year, 24 would be 2024.
            Type::Year => {
                let _ = write!(text, "CAST({} AS UNSIGNED)", sql::column_text(column, self));
            }
            _ => sql::column(text, column, self),
        }
    }

    fn compare(&self, sql: &mut Sql, column: &Arc<Column>, comparison: Comparison, value: &Scalar) {
        let name = sql::column_text(column, self);
        let operator = comparison.as_sql();
        if is_foreign(column, value) {
            // By the column's own rules where its character set has the text, else by its characters.
            let own = converted("?", column);
            let _ = write!(
                sql.text,
                "CASE WHEN {} THEN {name} {operator} {own} ELSE CONVERT({name} USING utf8mb4) {operator} ? END",
                holds("?", column)
            );
            sql.params.extend((0..4).map(|_| Param::Value(value.clone(), Some(column.clone()))));
        } else if let Some(above) = beyond(column, value) {
            let below = matches!(comparison, Comparison::Lt | Comparison::Le);
            let outcome = match comparison {
                Comparison::Eq => false,
                Comparison::Ne => true,
                _ => below == above,
            };
            sql::whatever(&mut sql.text, column, outcome, self);
        } else {
            self.compared(&mut sql.text, column);
            let _ = write!(sql.text, " {operator} ");
            self.value(sql, value, column);
        }
    }

    fn one_of(&self, sql: &mut Sql, values: &[Scalar], column: &Arc<Column>) {
        if !values.iter().any(|value| is_foreign(column, value) || beyond(column, value).is_some()) {
            return sql::padded_list(sql, values, column, self);
        }
        sql.text.push('(');
        for (at, value) in values.iter().enumerate() {
            sql.text.push_str(if at > 0 { " OR " } else { "" });
            self.compare(sql, column, Comparison::Eq, value);
        }
        sql.text.push(')');
    }

    fn exactly(&self, sql: &mut Sql, column: &Arc<Column>, value: &Scalar) {
        let converted = as_utf8mb4(column, sql::column_text(column, self));
        sql.params.push(Param::Value(value.clone(), Some(column.clone())));
        let _ = write!(sql.text, " AND CAST({converted} AS BINARY) = CAST(? AS BINARY)");
    }

    fn number(&self, sql: &mut Sql, value: u64) {
        sql.params.push(Param::Value(Scalar::Int(i64::try_from(value).unwrap_or(i64::MAX)), None));
        sql.text.push('?');
    }

    fn like(&self, sql: &mut Sql, column: &Arc<Column>, pattern: &Pattern, case: Case) {
        // A backslash is itself, as in SQLite.
        let pattern = Scalar::text(pattern.escaped());
        let name = sql::column_text(column, self);
        let times = if case == Case::Ignored {
            // The column's own rules may tell case apart; general ones would pass over accents too.
            let _ = write!(sql.text, "LOWER(CONVERT({name} USING utf8mb4)) COLLATE utf8mb4_bin LIKE LOWER(?)");
            1
        } else if is_foreign(column, &pattern) {
            let (own, holds) = (converted("?", column), holds("?", column));
            let _ = write!(
                sql.text,
                "CASE WHEN {holds} THEN {name} LIKE {own} ELSE CONVERT({name} USING utf8mb4) LIKE ? END"
            );
            4
        } else {
            let _ = write!(sql.text, "{name} LIKE ?");
            1
        };
        sql.params.extend((0..times).map(|_| Param::Value(pattern.clone(), None)));
    }

    fn xor(&self) -> &'static str {
        ") XOR ("
    }

    fn order(&self, text: &mut String, expression: &str, order: &Order) {
        match order.nulls {
            Some(Nulls::First) => {
                let _ = write!(text, "{expression} IS NOT NULL, ");
            }
            Some(Nulls::Last) => {
                let _ = write!(text, "{expression} IS NULL, ");
            }
            None => {}
        }
        text.push_str(expression);
        if order.descending {
            text.push_str(" DESC");
        }
    }

    fn lookup(&self, sql: &mut Sql, fetch: &Fetch, keys: &KeySet) {
        sql.text.push_str(" FROM ");
        sql.params.push(Param::Keys);
        if let Some(key) = sql::json_path(keys) {
            self.table(&mut sql.text, &fetch.table);
            let column = sql::column_text(&key.column, self);
            let _ = write!(
                sql.text,
                " t JOIN JSON_TABLE(CASE WHEN JSON_VALID({column}) THEN {column} END, '{}' COLUMNS(v VARCHAR(1024) CHARACTER SET utf8mb4 PATH '$')) j \
                 JOIN JSON_TABLE(?, '$[*]' COLUMNS(o FOR ORDINALITY, v VARCHAR(1024) CHARACTER SET utf8mb4 PATH '$')) k ON ",
                json_path_text(&key.path)
            );
            sql.text.push_str(match key.matching {
                Matching::LeafNumber => "CASE j.v WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE CAST(j.v AS DECIMAL(65,30)) END = CAST(k.v AS DECIMAL(65,30))",
                _ => "j.v = k.v",
            });
            return;
        }
        self.key_table(&mut sql.text, keys);
        sql.text.push_str(" STRAIGHT_JOIN ");
        self.table(&mut sql.text, &fetch.table);
        sql.text.push_str(" t ON ");
        self.all_match(&mut sql.text, keys);
    }

    fn limited_lookup(&self, sql: &mut Sql, fetch: &Fetch, keys: &KeySet) {
        // A power of two of branches, so that few texts exist; the branches beyond the keys look for NULL.
        let branches = keys.keys.len().max(1).next_power_of_two();
        let nothing = keys.columns.iter().map(|_| Scalar::Null).collect();
        for branch in 0..branches {
            if branch > 0 {
                sql.text.push_str(" UNION ALL ");
            }
            let key = keys.keys.get(branch).unwrap_or(&nothing);
            let _ = write!(sql.text, "(SELECT {}", branch + 1);
            sql::outputs_after(sql, fetch, self);
            sql.text.push_str(" FROM ");
            self.table(&mut sql.text, &fetch.table);
            sql.text.push_str(" t WHERE ");
            for (at, (part, value)) in keys.columns.iter().zip(key).enumerate() {
                if at > 0 {
                    sql.text.push_str(" AND ");
                }
                let column = sql::column_text(&part.column, self);
                let placeholder = match part.column.ty {
                    Type::Decimal { .. } => decimal(value),
                    _ => "?".to_owned(),
                };
                // A mark that no name holds stands for the placeholder while its uses are counted.
                let mut predicate = String::new();
                let own = match needs_raw(&part.column, part.matching) {
                    true => converted("\u{1}", &part.column),
                    false => "\u{1}".to_owned(),
                };
                self.matches(&mut predicate, &part.column, part.matching, &column, &own, "\u{1}");
                for _ in 0..predicate.matches('\u{1}').count() {
                    sql.params.push(Param::Value(value.clone(), Some(part.column.clone())));
                }
                sql.text.push_str(&predicate.replace('\u{1}', &placeholder));
            }
            sql::also(sql, fetch, keys, self);
            sql::order_by(&mut sql.text, fetch, self, "");
            sql.text.push_str(" LIMIT ");
            self.number(sql, fetch.limit.unwrap_or(fetch.max_rows + 1));
            if fetch.offset > 0 {
                sql.text.push_str(" OFFSET ");
                self.number(sql, fetch.offset);
            }
            sql.text.push(')');
        }
    }

    fn ordinal(&self, _: &KeySet) -> Cow<'static, str> {
        "k.o".into()
    }

    /// Few values of one column are a list, for which the server may use an index. Many keys are a subquery that it hashes
    /// once: at the top of a WHERE it would take it for a join and read all keys anew for each row, so IS TRUE keeps it in
    /// its place. Texts meet by their digests as well, which tell apart what collations do not.
    fn among(&self, sql: &mut Sql, keys: &Arc<KeySet>) {
        sql.text.push('(');
        if let [key] = &keys.columns[..]
            && keys.keys.len() <= LISTED
        {
            let values: Vec<Scalar> = keys.keys.iter().filter_map(|key| key.first().cloned()).collect();
            let column = sql::column_text(&key.column, self);
            let _ = write!(sql.text, "{column} IS NOT NULL AND ");
            self.one_of(sql, &values, &key.column);
            if !matches!(key.column.ty, Type::Text { .. }) {
                return sql.text.push(')');
            }
            sql.text.push_str(" AND ");
        }
        sql.params.push(Param::Among(keys.clone()));
        self.among_all(&mut sql.text, keys);
        sql.text.push_str(" IS TRUE)");
    }

    fn test(&self, sql: &mut Sql, wanted: &Condition) {
        sql.text.push('(');
        sql::condition(sql, wanted, self);
        sql.text.push(')');
    }
}

/// A key's value in the keys' own table.
fn key_value(column: &Column, at: usize) -> String {
    match column.ty {
        Type::Bytes { .. } => format!("UNHEX(k.v{at})"),
        _ => format!("k.v{at}"),
    }
}

fn is_geometry(column: &Column) -> bool {
    column.ty == Type::Other && GEOMETRY.contains(&&*column.native)
}

/// Values of a column that are listed one by one.
const LISTED: usize = 1000;

impl Mysql {
    /// Appends the keys of the next parameter as a table `k`.
    fn key_table(&self, text: &mut String, keys: &KeySet) {
        let numbered = sql::is_numbered(keys);
        text.push_str("JSON_TABLE(?, '$[*]' COLUMNS(");
        let _ = match numbered {
            true => write!(text, "o INT PATH '$[{}]'", keys.columns.len()),
            false => write!(text, "o FOR ORDINALITY"),
        };
        for (at, key) in keys.columns.iter().enumerate() {
            let path = if keys.columns.len() == 1 && !numbered { "$".to_owned() } else { format!("$[{at}]") };
            let _ = write!(text, ", v{at} {} PATH '{path}'", key_type(&key.column));
            if needs_raw(&key.column, key.matching) {
                let _ = write!(text, ", r{at} VARCHAR(1024) CHARACTER SET utf8mb4 PATH '{path}'");
            }
        }
        text.push_str(")) k");
    }

    /// Appends what says that the columns hold one of the keys of the next parameter, as a subquery.
    fn among_all(&self, text: &mut String, keys: &KeySet) {
        let (mut near, mut values) = (Vec::new(), Vec::new());
        text.push('(');
        for (at, key) in keys.columns.iter().enumerate() {
            let column = sql::column_text(&key.column, self);
            let _ = write!(text, "{column} IS NOT NULL AND ");
            if matches!(key.column.ty, Type::Text { .. }) {
                let raw = if needs_raw(&key.column, key.matching) { format!("k.r{at}") } else { format!("k.v{at}") };
                near.push(format!("SHA2({}, 256)", as_utf8mb4(&key.column, column)));
                values.push(format!("SHA2({raw}, 256)"));
            } else {
                near.push(column);
                values.push(key_value(&key.column, at));
            }
        }
        let near = if near.len() > 1 { format!("({})", near.join(", ")) } else { near.join(", ") };
        let _ = write!(text, "{near} IN (SELECT {} FROM ", values.join(", "));
        self.key_table(text, keys);
        text.push_str("))");
    }

    /// Appends what says that all columns of a key match.
    fn all_match(&self, text: &mut String, keys: &KeySet) {
        for (at, key) in keys.columns.iter().enumerate() {
            text.push_str(if at > 0 { " AND " } else { "" });
            let column = sql::column_text(&key.column, self);
            let value = key_value(&key.column, at);
            let raw = if needs_raw(&key.column, key.matching) { format!("k.r{at}") } else { value.clone() };
            self.matches(text, &key.column, key.matching, &column, &value, &raw);
        }
    }

    fn matches(&self, text: &mut String, of: &Column, matching: Matching, column: &str, value: &str, raw: &str) {
        let _ = match matching {
            Matching::Exact => {
                let converted = as_utf8mb4(of, column.to_owned());
                write!(text, "{column} = {value} AND CAST({converted} AS BINARY) = CAST({raw} AS BINARY)")
            }
            Matching::IgnoreCase if !of.case_insensitive => {
                write!(text, "LOWER({column}) = LOWER({value})")
            }
            // What the column's character set cannot hold becomes a question mark there, which it does not equal.
            Matching::Own if value != raw => {
                write!(
                    text,
                    "{column} = {value} AND CAST(CONVERT({value} USING utf8mb4) AS BINARY) = CAST({raw} AS BINARY)"
                )
            }
            _ => write!(text, "{column} = {value}"),
        };
    }
}

/// The key as it was sent is needed where the column's character set may not hold it.
fn needs_raw(column: &Column, matching: Matching) -> bool {
    let text = matches!(column.ty, Type::Text { .. });
    matches!(matching, Matching::Exact | Matching::Own) && text && charset(column) != "utf8mb4"
}

/// Whether a text may have characters that the column's character set does not.
fn is_foreign(column: &Column, value: &Scalar) -> bool {
    let Scalar::Text(text) = value else { return false };
    column.collation.is_some()
        && match charset(column) {
            "utf8mb4" => false,
            // Three bytes a character, as many as the first 65,536 take.
            "utf8" | "utf8mb3" => text.chars().any(|c| c.len_utf8() > 3),
            _ => !text.is_ascii(),
        }
}

/// A text in the column's character set and collation; what it does not have becomes a question mark.
fn converted(value: &str, column: &Column) -> String {
    let collation = column.collation.as_deref().unwrap_or("utf8mb4_general_ci");
    format!("CONVERT({value} USING {}) COLLATE {collation}", charset(column))
}

/// Whether the column's character set has the whole text.
fn holds(value: &str, column: &Column) -> String {
    format!(
        "CAST(CONVERT(CONVERT({value} USING {}) USING utf8mb4) AS BINARY) = CAST({value} AS BINARY)",
        charset(column)
    )
}

/// Whether a day or moment is above, or below, all that MySQL knows.
fn beyond(column: &Column, value: &Scalar) -> Option<bool> {
    let (Type::Date | Type::Local { .. } | Type::Instant { .. }, Scalar::Text(text)) = (&column.ty, value) else {
        return None;
    };
    let year = text.split('-').next().unwrap_or_default();
    match &**text {
        "infinity" => Some(true),
        text if text.starts_with('-') => Some(false),
        _ => (year.len() > 4).then_some(true),
    }
}

/// A placeholder for an exact number, with as many digits before the point as its own fraction leaves room for.
fn decimal(value: &Scalar) -> String {
    let fraction = match value {
        Scalar::Text(text) if !text.contains(['e', 'E']) => {
            text.split_once('.').map_or(0, |(_, fraction)| fraction.len())
        }
        Scalar::Text(_) => 30,
        _ => 0,
    };
    format!("CAST(? AS DECIMAL(65,{}))", fraction.min(30))
}

/// A text column in the connection's character set, so that its bytes are those of what is bound.
fn as_utf8mb4(column: &Column, expression: String) -> String {
    if charset(column) == "utf8mb4" { expression } else { format!("CONVERT({expression} USING utf8mb4)") }
}

fn charset(column: &Column) -> &str {
    column.collation.as_deref().and_then(|collation| collation.split('_').next()).unwrap_or("utf8mb4")
}

/// The JSON_TABLE type by which a key meets the column without converting the column.
fn key_type(column: &Column) -> String {
    match &column.ty {
        Type::Bool | Type::Int { signed: true, .. } => "BIGINT".into(),
        Type::Int { signed: false, .. } => "BIGINT UNSIGNED".into(),
        Type::Year => "SMALLINT".into(),
        Type::Decimal { precision, scale } => format!("DECIMAL({},{})", precision.unwrap_or(65), scale.unwrap_or(0)),
        Type::Bytes { .. } => "VARCHAR(2048) CHARACTER SET ascii".into(),
        Type::Date => "DATE".into(),
        Type::Local { .. } | Type::Instant { .. } => "DATETIME(6)".into(),
        _ => {
            let collation = match &column.collation {
                Some(collation) => {
                    format!(" CHARACTER SET {} COLLATE {collation}", charset(column))
                }
                None => " CHARACTER SET utf8mb4".into(),
            };
            format!("VARCHAR(1024){collation}")
        }
    }
}

fn json_path_text(path: &[PathStep]) -> String {
    let mut text = String::from("$");
    for step in path {
        match step {
            PathStep::Each => text.push_str("[*]"),
            PathStep::Member(name) => {
                let escaped = name.replace('\\', "\\\\\\\\").replace('"', "\\\\\"").replace('\'', "''");
                let _ = write!(text, ".\"{escaped}\"");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(values: i64, limit_per_key: bool) -> Sql {
        sql::render(&sql::listed(values, limit_per_key), &Mysql)
    }

    #[test]
    fn keys_are_parameters() {
        sql::keys_are_parameters(&Mysql);
    }

    #[test]
    fn lists_have_few_texts() {
        let expected = "SELECT t.`id` FROM `contact` t WHERE t.`id` IN (?, ?, ?, ?) LIMIT ?";
        assert_eq!(text_of(3, false).text, expected);
        assert_eq!(text_of(4, false).text, expected);
        assert_eq!(text_of(900, true).text, text_of(1000, true).text);
    }

    #[test]
    fn limited_lookups_stay_within_the_parameters_of_the_protocol() {
        for (values, expected) in [(1, 128), (250, 128), (300, 64), (10_000, 2)] {
            assert!(text_of(values, true).params.len() * expected <= PARAMETERS, "{values}");
            assert_eq!(limited_keys(&sql::listed(values, true)), expected, "{values}");
        }
    }
}
