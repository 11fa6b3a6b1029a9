//! Statements as SQL text with bound parameters. What differs between engines is asked of a [`Dialect`].
//!
//! A lookup joins the table with its keys, which travel as one parameter and keep their positions: one text serves
//! every number of keys, and no value is compared outside the database.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use crate::name::TableName;
use crate::statement::{
    Aggregate, Case, Comparison, Condition, Fetch, Groups, Having, KeySet, Nulls, Order, Output, Pattern, Via, Within,
};
use crate::value::{Column, Scalar, Type};

/// A statement's text and what to bind, in order.
#[derive(Debug, Default)]
pub struct Sql {
    /// The text.
    pub text: String,
    /// The parameters.
    pub params: Vec<Param>,
}

/// A statement as people read it.
pub struct Described {
    /// The text, with placeholders.
    pub text: String,
    /// What each placeholder stands for, never a value.
    pub parameters: Vec<String>,
}

/// The text of a lookup that is sent again and again with other keys.
#[derive(Debug, Default)]
pub struct Kept(OnceLock<Arc<Sql>>);

/// One bound parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Param {
    /// A value that is written to a column.
    Stored(Scalar, Arc<Column>),
    /// A value, and the column that it is compared with.
    Value(Scalar, Option<Arc<Column>>),
    /// Several values that a column is compared with, as an array.
    Values(Vec<Scalar>),
    /// All values of one column of the keys, as an array.
    KeyColumn(usize),
    /// All keys, as one JSON document.
    Keys,
    /// The numbers of the keys' groups, as an array.
    GroupNumbers,
    /// All values of one column of a condition's keys, as an array.
    AmongColumn(Arc<KeySet>, usize),
    /// All keys of a condition, as one JSON document.
    Among(Arc<KeySet>),
}

/// What differs between the engines.
pub trait Dialect: Sync {
    /// Appends a quoted identifier.
    fn quote(&self, text: &mut String, name: &str);
    /// Appends a table with its schema.
    fn table(&self, text: &mut String, table: &TableName);
    /// Appends the expression of an output column, in a form that the adapter decodes.
    fn output(&self, text: &mut String, column: &Column);
    /// Appends an aggregate, in a form that the adapter decodes.
    fn aggregate(&self, text: &mut String, aggregate: Aggregate, column: &Column);
    /// Appends a placeholder for a value that is compared with `column`, and binds it.
    fn value(&self, sql: &mut Sql, value: &Scalar, column: &Arc<Column>);
    /// Appends a placeholder for a value that is written to `column`, and binds it.
    fn stored(&self, sql: &mut Sql, value: &Scalar, column: &Arc<Column>);
    /// What stands between a changed table and its alias, with both blanks.
    fn alias(&self) -> &'static str {
        " AS t"
    }
    /// The start of a `DELETE`.
    fn delete_from(&self) -> &'static str {
        "DELETE FROM "
    }
    /// Appends a column as it is compared with values.
    fn compared(&self, text: &mut String, column: &Column);
    /// Appends a comparison of a column with a value.
    fn compare(&self, sql: &mut Sql, column: &Arc<Column>, comparison: Comparison, value: &Scalar) {
        self.compared(&mut sql.text, column);
        let _ = write!(sql.text, " {} ", comparison.as_sql());
        self.value(sql, value, column);
    }
    /// Appends what says that the column is one of these values, of which there is at least one.
    fn one_of(&self, sql: &mut Sql, values: &[Scalar], column: &Arc<Column>);
    /// Appends ` AND …`: the column's text is this value bytewise, whatever its collation folds.
    fn exactly(&self, sql: &mut Sql, column: &Arc<Column>, value: &Scalar);
    /// Appends a placeholder for a count (limit or offset), and binds it.
    fn number(&self, sql: &mut Sql, value: u64);
    /// Appends `LIKE` with a placeholder for the pattern.
    fn like(&self, sql: &mut Sql, column: &Arc<Column>, pattern: &Pattern, case: Case);
    /// Appends a placeholder for a value that an aggregate is compared with, and binds it.
    fn aggregated_value(&self, sql: &mut Sql, value: &Scalar, ty: &Arc<Column>) {
        self.value(sql, value, ty);
    }
    /// Appends what says that the key columns hold one of these keys: false, never unknown, where one of them is NULL.
    fn among(&self, sql: &mut Sql, keys: &Arc<KeySet>);
    /// Appends a condition as an output: 1, 0 or NULL.
    fn test(&self, sql: &mut Sql, wanted: &Condition);
    /// Whether the engine knows XOR between conditions.
    fn xor(&self) -> &'static str;
    /// Appends one order term.
    fn order(&self, text: &mut String, expression: &str, order: &Order);
    /// Appends `FROM` with the keys joined to the table, and the predicate that matches them.
    fn lookup(&self, sql: &mut Sql, fetch: &Fetch, keys: &KeySet);
    /// Renders a lookup with a limit per key; the outputs stand behind the position.
    fn limited_lookup(&self, sql: &mut Sql, fetch: &Fetch, keys: &KeySet);
    /// The expression of a key's position, or of its group; the adapter knows whether it counts from 0 or 1.
    fn ordinal(&self, keys: &KeySet) -> Cow<'static, str>;
}

/// Renders any read.
pub fn render(fetch: &Fetch, dialect: &dyn Dialect) -> Sql {
    let mut sql = Sql { text: String::with_capacity(256), params: Vec::new() };
    match &fetch.keys {
        None if fetch.outputs == [Output::Total] && !fetch.group.is_empty() => {
            sql.text.push_str("SELECT COUNT(*) FROM (SELECT 1 FROM ");
            dialect.table(&mut sql.text, &fetch.table);
            sql.text.push_str(" t");
            where_condition(&mut sql, fetch.condition.as_ref(), dialect);
            group_by(&mut sql, fetch, dialect);
            sql.text.push_str(") g");
        }
        None => {
            sql.text.push_str("SELECT ");
            outputs(&mut sql, fetch, dialect);
            sql.text.push_str(" FROM ");
            dialect.table(&mut sql.text, &fetch.table);
            sql.text.push_str(" t");
            where_condition(&mut sql, fetch.condition.as_ref(), dialect);
            group_by(&mut sql, fetch, dialect);
            order_by(&mut sql.text, fetch, dialect, "");
            page(&mut sql, fetch, dialect);
        }
        Some(keys) if (fetch.limit.is_some() || fetch.offset > 0) && json_path(keys).is_none() => {
            dialect.limited_lookup(&mut sql, fetch, keys);
        }
        Some(keys) => {
            sql.text.push_str("SELECT ");
            let ordinal = dialect.ordinal(keys);
            sql.text.push_str(&ordinal);
            outputs_after(&mut sql, fetch, dialect);
            dialect.lookup(&mut sql, fetch, keys);
            also(&mut sql, fetch, keys, dialect);
            if keys.groups.is_some() {
                let _ = write!(sql.text, " GROUP BY {ordinal}");
                having(&mut sql, fetch.having.as_ref(), dialect);
            } else if keys.ranked {
                // The position comes last, so that a row that one key finds twice stands beside itself.
                order_by(&mut sql.text, fetch, dialect, "");
                sql.text.push_str(if fetch.order.is_empty() { " ORDER BY " } else { ", " });
                sql.text.push_str(&ordinal);
            } else if !keys.unique {
                order_by(&mut sql.text, fetch, dialect, &ordinal);
            }
            // Leaves of documents are asked for by one key at a time where there is a limit.
            if fetch.limit.is_some() {
                page(&mut sql, fetch, dialect);
            } else {
                sql.text.push_str(" LIMIT ");
                digits(&mut sql.text, fetch.max_rows + 1);
            }
        }
    }
    sql
}

/// The same, kept where it is the same for all keys: those of a lookup are parameters, unless it has a limit per key.
pub fn rendered(fetch: &Fetch, kept: Option<&Kept>, dialect: &dyn Dialect) -> Arc<Sql> {
    let render = || Arc::new(render(fetch, dialect));
    match kept.filter(|_| fetch.keys.is_some() && fetch.limit.is_none() && fetch.offset == 0) {
        Some(kept) => kept.0.get_or_init(render).clone(),
        None => render(),
    }
}

/// The text, and what each parameter stands for.
pub fn describe(fetch: &Fetch, dialect: &dyn Dialect) -> Described {
    let sql = render(fetch, dialect);
    let typed = |column: &Column| format!("{} as {}", column.name, column.native);
    let keys = |keys: Option<&KeySet>| {
        let columns = keys.iter().flat_map(|keys| &keys.columns).map(|key| typed(&key.column)).collect::<Vec<_>>();
        format!("keys ({}), as JSON", columns.join(", "))
    };
    let key = |keys: Option<&KeySet>, at: usize| {
        let column = keys.and_then(|keys| keys.columns.get(at)).map(|key| typed(&key.column)).unwrap_or_default();
        format!("keys: array of {column}")
    };
    let shape = |param: &Param| match param {
        Param::Value(_, Some(column)) | Param::Stored(_, column) => typed(column),
        Param::Value(Scalar::Text(_), None) => "text".to_owned(),
        Param::Value(_, None) => "number".to_owned(),
        Param::Values(values) => format!("array of {}", values.len()),
        Param::KeyColumn(at) => key(fetch.keys.as_ref(), *at),
        Param::Keys => keys(fetch.keys.as_ref()),
        Param::GroupNumbers => "numbers of the keys' groups".to_owned(),
        Param::AmongColumn(among, at) => key(Some(among), *at),
        Param::Among(among) => keys(Some(among)),
    };
    Described { parameters: sql.params.iter().map(shape).collect(), text: sql.text }
}

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

/// Texts longer than this are not kept as prepared statements: few requests repeat them, and they take much memory.
pub const LONGEST_KEPT: usize = 8 * 1024;

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

/// `t.name`, quoted.
pub fn column(text: &mut String, column: &Column, dialect: &dyn Dialect) {
    text.push_str("t.");
    dialect.quote(text, &column.name);
}

/// Appends a number.
pub fn digits(text: &mut String, number: u64) {
    text.push_str(itoa::Buffer::new().format(number));
}

/// Appends a name between two marks; a mark within it is doubled.
pub fn quoted(text: &mut String, name: &str, mark: char) {
    text.push(mark);
    for c in name.chars() {
        if c == mark {
            text.push(mark);
        }
        text.push(c);
    }
    text.push(mark);
}

/// The text of `t.name`.
pub fn column_text(of: &Column, dialect: &dyn Dialect) -> String {
    let mut text = String::new();
    column(&mut text, of, dialect);
    text
}

fn where_condition(sql: &mut Sql, wanted: Option<&Condition>, dialect: &dyn Dialect) {
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

fn having(sql: &mut Sql, wanted: Option<&Having>, dialect: &dyn Dialect) {
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

/// Appends what is the same for every value of the column, and unknown for NULL.
pub fn whatever(text: &mut String, of: &Column, outcome: bool, dialect: &dyn Dialect) {
    column(text, of, dialect);
    text.push_str(if outcome { " = " } else { " <> " });
    column(text, of, dialect);
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

fn group_by(sql: &mut Sql, fetch: &Fetch, dialect: &dyn Dialect) {
    for (at, of) in fetch.group.iter().enumerate() {
        sql.text.push_str(if at == 0 { " GROUP BY " } else { ", " });
        column(&mut sql.text, of, dialect);
    }
    having(sql, fetch.having.as_ref(), dialect);
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

fn page(sql: &mut Sql, fetch: &Fetch, dialect: &dyn Dialect) {
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

/// All keys as one JSON document: `[1,2]`, or `[[1,"a"],[2,"b"]]` for several columns. Binary data is hexadecimal. The
/// number of a key's group, counted from `first`, stands behind its values.
pub fn keys_as_json(keys: &KeySet, first: u32) -> String {
    let nested = keys.columns.len() > 1 || is_numbered(keys);
    let mut text = Vec::with_capacity(keys.keys.len() * 8 + 2);
    text.push(b'[');
    for (at, key) in keys.keys.iter().enumerate() {
        if at > 0 {
            text.push(b',');
        }
        if nested {
            text.push(b'[');
        }
        for (part, value) in key.iter().enumerate() {
            if part > 0 {
                text.push(b',');
            }
            write_json(&mut text, value, &keys.columns[part].column);
        }
        if let Some(Groups::Numbered(numbers)) = &keys.groups {
            text.push(b',');
            crate::value::json::write_int(&mut text, i64::from(numbers[at]) + i64::from(first));
        }
        if nested {
            text.push(b']');
        }
    }
    text.push(b']');
    String::from_utf8(text).expect("every part is written as UTF-8")
}

fn write_json(out: &mut Vec<u8>, value: &Scalar, column: &Column) {
    use crate::value::json;
    match value {
        Scalar::Null => out.extend_from_slice(b"null"),
        Scalar::Bool(value) => out.push(if *value { b'1' } else { b'0' }),
        Scalar::Int(value) => json::write_int(out, *value),
        // Digits of a decimal or of a large integer are a number only where the column is one.
        Scalar::Text(text) if matches!(column.ty, Type::Int { .. }) => out.extend_from_slice(text.as_bytes()),
        Scalar::Text(text) => json::write_str(out, text),
        Scalar::Bytes(bytes) => {
            out.push(b'"');
            for byte in bytes.iter() {
                for digit in [byte >> 4, byte & 15] {
                    out.push(b"0123456789ABCDEF"[digit as usize]);
                }
            }
            out.push(b'"');
        }
    }
}

/// Whether each key comes with the number of its group.
pub fn is_numbered(keys: &KeySet) -> bool {
    matches!(keys.groups, Some(Groups::Numbered(_)))
}

/// Whether the lookup steps into JSON documents; then it has one key column.
pub fn json_path(keys: &KeySet) -> Option<&crate::statement::KeyColumn> {
    keys.columns.first().filter(|column| !column.path.is_empty())
}

/// A fetch that each dialect's tests print: by `id IN (1, …)`, with a limit, and perhaps by keys, none of which is there.
#[cfg(test)]
pub fn listed(values: i64, limit_per_key: bool) -> Fetch {
    use crate::statement::{KeyColumn, Matching};
    let column = Arc::new(Column::new("id", Type::Int { bits: 64, signed: true }, ""));
    Fetch {
        keys: limit_per_key.then(|| KeySet {
            columns: vec![KeyColumn { column: column.clone(), path: Vec::new(), matching: Matching::Own }],
            keys: Vec::new(),
            unique: false,
            ranked: false,
            when: Vec::new(),
            groups: None,
        }),
        condition: Some(Condition::In(column.clone(), (1..=values).map(Scalar::Int).collect())),
        limit: Some(5),
        ..Fetch::all(TableName::new("contact"), vec![Output::Column(column)], 5, 1)
    }
}
