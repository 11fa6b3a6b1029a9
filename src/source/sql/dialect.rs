//! A statement's text and parameters, and what differs between the engines.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use crate::name::TableName;
use crate::statement::{Aggregate, Case, Comparison, Condition, Fetch, KeySet, Order, Pattern};
use crate::value::{Column, Scalar};

/// A statement's text and what to bind, in order.
#[derive(Debug, Default, PartialEq)]
pub struct Sql {
    /// The text.
    pub text: String,
    /// The parameters.
    pub params: Vec<Param>,
}

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
